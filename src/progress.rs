//! Logs and progress on standard error: bars on a terminal, plain lines elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use registre_ingest::progress::{Progress, Task};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::LogFormat;
use crate::requests_log;

/// Bars under way; log lines are written above them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// The scheduler and the client of stores tell of their own inside at this level; of a refresh, and of
/// a store that is away, we tell ourselves.
const DEFAULT_FILTER: &str = "info,tokio_cron_scheduler=warn,object_store=warn";

/// Between two lines of a long piece of work, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Starts writing logs to standard error, for the whole process.
pub fn start_logs(format: LogFormat) {
    let (filter, refused) = match std::env::var("REGISTRE_LOG") {
        Ok(text) => match EnvFilter::try_new(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (
                EnvFilter::new(DEFAULT_FILTER),
                Some(format!("REGISTRE_LOG {text:?}: {error}; info used")),
            ),
        },
        Err(_unset) => (EnvFilter::new(DEFAULT_FILTER), None),
    };
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Writers)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    if let Some(refused) = refused {
        tracing::warn!("{refused}");
    }
}

/// Where each line goes.
struct Writers;

impl<'a> MakeWriter<'a> for Writers {
    type Writer = Box<dyn Write + 'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Box::new(AboveBars)
    }

    /// A line per request, when asked for, must not make requests wait for each other.
    fn make_writer_for(&'a self, metadata: &tracing::Metadata<'_>) -> Self::Writer {
        if metadata.target() == requests_log::TARGET && metadata.level() >= &tracing::Level::DEBUG {
            Box::new(requests_log::Line)
        } else {
            self.make_writer()
        }
    }
}

/// Standard error, with the bars out of the way while a line is written.
#[derive(Default)]
struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Bars on a terminal, log lines elsewhere.
pub fn progress() -> Arc<dyn Progress> {
    if io::stderr().is_terminal() {
        Arc::new(Bars)
    } else {
        Arc::new(Lines)
    }
}

struct Bars;

impl Progress for Bars {
    fn begin(&self, label: &str, total_bytes: Option<u64>) -> Box<dyn Task> {
        let bar = BARS.add(ProgressBar::new(total_bytes.unwrap_or(0)));
        let template = if total_bytes.is_some() {
            "{prefix:38} {bar:24} {bytes:>10} / {total_bytes:10} {binary_bytes_per_sec:>12} {eta:>4} left {msg}"
        } else {
            "{prefix:38} {spinner} {bytes:>10} {binary_bytes_per_sec:>12} {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Box::new(Bar {
            bar,
            rows: AtomicU64::new(0),
        })
    }
}

struct Bar {
    bar: ProgressBar,
    rows: AtomicU64,
}

impl Task for Bar {
    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn rows(&self, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar
            .set_message(format!("{rows} rows, {}/s", rate(rows, self.bar.elapsed())));
    }

    fn finish(&self, summary: &str) {
        let elapsed = self.bar.elapsed();
        self.bar.finish_and_clear();
        tracing::info!("{summary} in {:.1} s", elapsed.as_secs_f64());
    }
}

impl Drop for Bar {
    /// An error must not leave a bar behind it.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

struct Lines;

impl Progress for Lines {
    fn begin(&self, label: &str, total_bytes: Option<u64>) -> Box<dyn Task> {
        let now = Instant::now();
        Box::new(Line {
            label: label.to_owned(),
            total_bytes,
            started: now,
            bytes: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            last: Mutex::new(now),
        })
    }
}

struct Line {
    label: String,
    total_bytes: Option<u64>,
    started: Instant,
    bytes: AtomicU64,
    rows: AtomicU64,
    last: Mutex<Instant>,
}

impl Task for Line {
    fn advance(&self, bytes: u64) {
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < LINE_EVERY {
            return;
        }
        *last = Instant::now();
        let elapsed = self.started.elapsed();
        let left = self
            .total_bytes
            .and_then(|total| seconds_left(total.checked_sub(bytes)?, rate(bytes, elapsed)));
        tracing::info!(
            bytes,
            total_bytes = self.total_bytes,
            rows = self.rows.load(Ordering::Relaxed),
            bytes_per_second = rate(bytes, elapsed),
            seconds_left = left,
            "{}",
            self.label
        );
    }

    fn rows(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    fn finish(&self, summary: &str) {
        tracing::info!("{summary} in {:.1} s", self.started.elapsed().as_secs_f64());
    }
}

/// `None` at a rate of zero.
fn seconds_left(bytes: u64, per_second: u64) -> Option<u64> {
    bytes.checked_div(per_second)
}

/// Per second, rounded down.
fn rate(amount: u64, elapsed: Duration) -> u64 {
    u128::from(amount)
        .saturating_mul(1000)
        .checked_div(elapsed.as_millis())
        .and_then(|rate| u64::try_from(rate).ok())
        .unwrap_or(0)
}
