//! The tables of a run, as Markdown, and their place in `benches/README.md`.

use std::fmt;
use std::time::Duration;

use crate::wrk::{CONNECTIONS, Seen};
use crate::{Result, readme};

/// What stands around the tables in the README.
const BEGIN: &str = "<!-- make bench-sql writes from here -->";
const END: &str = "<!-- to here, for sql -->";

/// A question asked of both.
pub struct Line {
    pub title: &'static str,
    pub answers: usize,
    /// Every row held before the first is given.
    pub direct: Duration,
    /// Each row given as soon as it is there.
    pub stream: Duration,
    pub http: Duration,
}

impl Line {
    /// How many times as long as DuckDB.
    fn to(&self, duckdb: Duration) -> f64 {
        self.http.as_secs_f64() / duckdb.as_secs_f64()
    }
}

/// Lookups alone and under the pressure of SQL, by many connections and by few.
pub struct Pressure {
    pub idle: [Seen; 2],
    pub under: [Seen; 2],
    /// Cores that SQL had meanwhile.
    pub cores: f64,
}

/// Everything that was measured in one run.
pub struct Report {
    /// Établissements of the snapshot.
    pub rows: u64,
    pub lines: Vec<Line>,
    pub pressure: Pressure,
}

impl Report {
    /// Puts the tables in place of the last ones.
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
            "{}, {cores} cores: {} établissements.\n",
            chrono::Local::now().date_naive(),
            self.rows
        )?;
        writeln!(
            f,
            "| question | answers | DuckDB directly | the same, as a stream | `/v1/sql` | ratio to the first | to the stream |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        for line in &self.lines {
            writeln!(
                f,
                "| {} | {} | {:.1} ms | {:.1} ms | {:.1} ms | {:.2} | {:.2} |",
                line.title,
                line.answers,
                ms(line.direct),
                ms(line.stream),
                ms(line.http),
                line.to(line.direct),
                line.to(line.stream),
            )?;
        }
        let ratios = |of: fn(&Line) -> Duration| {
            let ratios: Vec<f64> = self.lines.iter().map(|line| line.to(of(line))).collect();
            let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
            let mean = (logarithms / ratios.len() as f64).exp();
            (mean, ratios.into_iter().fold(0.0, f64::max))
        };
        let (mean, worst) = ratios(|line| line.direct);
        let (mean_of_stream, worst_of_stream) = ratios(|line| line.stream);
        writeln!(
            f,
            "| geometric mean (target: 1.1 at most) | | | | | {mean:.2} | {mean_of_stream:.2} |"
        )?;
        writeln!(f, "| slowest | | | | | {worst:.2} | {worst_of_stream:.2} |")?;
        writeln!(
            f,
            "\n| lookups, connections | requests/s alone | with SQL | p50 alone | with SQL | p99 alone | with SQL | p99, ratio (target: 3 at most) | errors |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|")?;
        let Pressure { idle, under, cores } = &self.pressure;
        for ((idle, under), connections) in idle.iter().zip(under).zip([CONNECTIONS, 2]) {
            let millis = |micros: u64| micros as f64 / 1e3;
            writeln!(
                f,
                "| {connections} | {:.0} | {:.0} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} | {} |",
                idle.per_second(),
                under.per_second(),
                millis(idle.p50),
                millis(under.p50),
                millis(idle.p99),
                millis(under.p99),
                under.p99 as f64 / idle.p99 as f64,
                idle.errors + under.errors,
            )?;
        }
        writeln!(f, "\nMeanwhile SQL had {cores:.2} cores.")
    }
}
