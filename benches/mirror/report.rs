//! The table of a run, as Markdown, and its place in `benches/README.md`.

use std::fmt;

use crate::load::Seen;
use crate::{Result, TABLE, TURNS, readme};

/// What stands around the table in the README.
const BEGIN: &str = "<!-- make bench-mirror writes from here -->";
const END: &str = "<!-- to here, for the mirror -->";

pub const NGINX: &str = "nginx";
pub const REGISTRE: &str = "registre";

/// One server, one number of connections: its median turn.
#[derive(Debug)]
pub struct Line {
    pub name: &'static str,
    pub connections: u32,
    pub seen: Seen,
    /// Seconds of processor of the server while it was asked.
    pub cpu: f64,
    /// Bytes of anonymous memory at the end.
    pub memory: u64,
}

/// Everything that was measured in one run.
#[derive(Debug)]
pub struct Report {
    /// Bytes of a row group.
    pub group: u64,
    /// Bytes of the file.
    pub file: u64,
    /// Of each turn.
    pub seconds: u64,
    pub lines: Vec<Line>,
}

#[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b.max(1) as f64
}

impl Line {
    /// Megabytes a second.
    fn speed(&self) -> f64 {
        ratio(self.seen.bytes, self.seen.micros)
    }
}

impl Report {
    /// Puts the table in place of the last one.
    pub fn write(&self) -> Result<()> {
        readme::put(BEGIN, END, &self.to_string())
    }
}

impl fmt::Display for Report {
    #[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        writeln!(
            f,
            "{}, {cores} cores, shared with `wrk`: row groups of {:.1} MB on average, of `{TABLE}`, {:.0} MB; the median of {TURNS} turns of {} s.\n",
            chrono::Local::now().date_naive(),
            ratio(self.group, 1_000_000),
            ratio(self.file, 1_000_000),
            self.seconds,
        )?;
        writeln!(
            f,
            "| connections | server | MB/s | to nginx (0.8 wanted) | row groups/s | p50 | p99 | errors | CPU, cores | CPU a MB | memory |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|---|")?;
        for line in &self.lines {
            let nginx = self
                .lines
                .iter()
                .find(|other| other.name == NGINX && other.connections == line.connections);
            let against = nginx.map_or(0.0, |nginx| line.speed() / nginx.speed());
            let seen = &line.seen;
            writeln!(
                f,
                "| {} | {} | {:.0} | {against:.2} | {:.0} | {:.1} ms | {:.1} ms | {} | {:.2} | {:.0} µs | {:.0} MB |",
                line.connections,
                line.name,
                line.speed(),
                ratio(seen.requests * 1_000_000, seen.micros),
                ratio(seen.p50, 1000),
                ratio(seen.p99, 1000),
                seen.errors,
                line.cpu * 1e6 / seen.micros as f64,
                line.cpu * 1e12 / seen.bytes as f64,
                ratio(line.memory, 1_000_000),
            )?;
        }
        Ok(())
    }
}
