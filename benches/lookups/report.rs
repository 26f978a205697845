//! The tables of a run, as Markdown, and their place in `benches/README.md`.

use std::fmt;
use std::fs;
use std::time::Duration;

use crate::wrk::{CONNECTIONS, Seen};
use crate::{Result, readme};

/// What stands around the tables in the README.
const BEGIN: &str = "<!-- make bench-lookups writes from here -->";
const END: &str = "<!-- to here, for lookups -->";

pub const FIXED: &str = "(a) axum, a fixed body";
pub const POSTGRESQL: &str = "(b) axum and PostgreSQL 15";
pub const LAYERS: &str = "registre, what surrounds a handler: a fixed body";
pub const HIT: &str = "registre `/v1/etablissements/{siret}`";
pub const ORGANISATION: &str = "registre `/v1/organisations/{siret}`";
pub const UNIT: &str = "registre `/v1/unites-legales/{siren}`";
pub const MISS: &str = "registre, a SIRET that does not exist";

/// Whether a line looks rows up in ours.
pub fn is_a_lookup(name: &str) -> bool {
    [HIT, ORGANISATION, UNIT, MISS].contains(&name)
}

/// One server, one route.
#[derive(Debug)]
pub struct Line {
    pub name: String,
    pub seen: Seen,
    /// Seconds of processor of the server while it was asked.
    pub cpu: f64,
    /// Bytes of anonymous memory at the end.
    pub memory: u64,
}

/// The load with, and without, a snapshot published in its middle.
#[derive(Debug)]
pub struct Swap {
    pub steady: Seen,
    pub during: Seen,
}

/// Everything that was measured in one run.
#[derive(Debug)]
pub struct Report {
    /// Établissements of the snapshot.
    pub rows: u64,
    /// Bytes of the fixed body: the median of our answers.
    pub body: usize,
    /// Of each line.
    pub seconds: u64,
    pub lines: Vec<Line>,
    pub postgresql_rows: u64,
    /// From the start of the process to its first answer.
    pub started: Duration,
    /// Bytes of anonymous memory after `lookups`.
    pub memory: u64,
    pub lookups: u64,
    pub swap: Swap,
}

#[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

impl Report {
    fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    fn against(&self, line: &Line, name: &str) -> String {
        self.line(name).map_or_else(String::new, |other| {
            format!("{:.2}", line.seen.per_second() / other.seen.per_second())
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
    fn rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| server | requests/s | to (a) | to (b) | p50 | p99 | p99.9 | errors | CPU, cores | CPU a request | memory |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|---|")?;
        for line in &self.lines {
            let seen = &line.seen;
            writeln!(
                f,
                "| {} | {:.0} | {} | {} | {:.2} ms | {:.2} ms | {:.2} ms | {} | {:.2} | {:.1} µs | {:.0} MB |",
                line.name,
                seen.per_second(),
                self.against(line, FIXED),
                self.against(line, POSTGRESQL),
                millis(seen.p50),
                millis(seen.p99),
                millis(seen.p999),
                seen.errors,
                line.cpu * 1e6 / seen.micros as f64,
                line.cpu * 1e6 / seen.requests.max(1) as f64,
                ratio(line.memory, 1_000_000),
            )?;
        }
        Ok(())
    }

    fn targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| target | measured | wanted |\n|---|---|---|")?;
        for name in [HIT, ORGANISATION] {
            let (Some(line), Some(fixed)) = (self.line(name), self.line(FIXED)) else {
                continue;
            };
            let rate = self.against(line, FIXED);
            writeln!(f, "| {name}: requests/s, to (a) | {rate} | 0.6 |")?;
            let p99 = ratio(line.seen.p99, fixed.seen.p99);
            writeln!(f, "| its p99, to that of (a) | {p99:.2} | 3 at most |")?;
            let rate = self.against(line, POSTGRESQL);
            writeln!(f, "| requests/s, to (b) | {rate} | 2 |")?;
        }
        if let (Some(hit), Some(miss)) = (self.line(HIT), self.line(MISS)) {
            let cost = hit.seen.per_second() / miss.seen.per_second();
            writeln!(f, "| a miss, to a hit, in time | {cost:.2} | 1 at most |")?;
        }
        let memory = ratio(self.memory, 1_000_000);
        writeln!(
            f,
            "| memory after {} lookups, page cache aside | {memory:.0} MB | 600 MB at most |",
            self.lookups
        )?;
        writeln!(
            f,
            "| from start to the first answer | {:.2} s | 1 s at most |",
            self.started.as_secs_f64()
        )?;
        let Swap { steady, during } = &self.swap;
        writeln!(
            f,
            "| requests failed while another snapshot is put in service, of {} ({} without) | {} | 0 |",
            during.requests, steady.errors, during.errors
        )?;
        writeln!(
            f,
            "| p99 of that time, to the steady one ({:.2} ms, longest {:.0} ms against {:.0}) | {:.2} | 5 at most |",
            millis(steady.p99),
            millis(during.max),
            millis(steady.max),
            ratio(during.p99, steady.p99),
        )
    }

    /// Puts the tables in place of the last ones.
    pub fn write(&self) -> Result<()> {
        readme::put(BEGIN, END, &self.to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {}: {} établissements, a body of {} bytes, {CONNECTIONS} connections, {} s a line; (b) holds {} of them.\n",
            chrono::Local::now().date_naive(),
            machine(),
            self.rows,
            self.body,
            self.seconds,
            self.postgresql_rows,
        )?;
        self.rates(f)?;
        self.targets(f)
    }
}

/// Its cores, their maker, its memory.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    format!("{cores} cores ({model})")
}
