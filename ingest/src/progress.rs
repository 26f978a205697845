//! What a long run tells the person waiting, and how that person stops it. The library never
//! touches the terminal: the command line decides between bars and log lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::download::space::readable;
use crate::error::IngestError;

/// Where a run reports to.
pub trait Progress: Send + Sync {
    /// Starts a piece of work of `total` bytes, when known.
    fn begin(&self, label: &str, total_bytes: Option<u64>) -> Box<dyn Task>;
}

/// One piece of work under way. Called once per batch, never per row.
pub trait Task: Send + Sync {
    /// `bytes` more were read or written.
    fn advance(&self, bytes: u64);
    /// `rows` more were handled.
    fn rows(&self, rows: u64);
    /// It is over; `summary` is one readable line.
    fn finish(&self, summary: &str);
}

/// Says nothing: for tests and for callers that do not watch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _label: &str, _total_bytes: Option<u64>) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for Silent {
    fn advance(&self, _bytes: u64) {}
    fn rows(&self, _rows: u64) {}
    fn finish(&self, _summary: &str) {}
}

/// A stage of a run: one line when it is over, for who wonders where the time went.
#[derive(Debug)]
pub struct Stage {
    name: &'static str,
    started: Instant,
}

impl Stage {
    /// Starts now.
    #[must_use]
    pub fn begin(name: &'static str) -> Self {
        Self {
            name,
            started: Instant::now(),
        }
    }

    /// Over, with the bytes it read and wrote.
    pub fn end(self, read: u64, written: u64) {
        tracing::info!(
            stage = self.name,
            bytes_read = read,
            bytes_written = written,
            "stage {}: {} read, {} written in {:.1} s",
            self.name,
            readable(read),
            readable(written),
            self.started.elapsed().as_secs_f64()
        );
    }
}

/// Raised by Ctrl-C or SIGTERM; long loops look at it once per batch.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks every loop that holds this token to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// `Err(Interrupted)` once [`Self::cancel`] was called.
    pub fn check(&self) -> Result<(), IngestError> {
        if self.0.load(Ordering::Relaxed) {
            Err(IngestError::Interrupted)
        } else {
            Ok(())
        }
    }
}

/// What every stage receives beside its own input.
#[derive(Clone)]
pub struct Context {
    /// Where to report.
    pub progress: Arc<dyn Progress>,
    /// When to stop.
    pub cancel: Cancel,
}

impl Context {
    /// Silent, and never cancelled.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            progress: Arc::new(Silent),
            cancel: Cancel::default(),
        }
    }
}
