//! The tables of a run, as Markdown, and their place in `benches/README.md`.

use std::error::Error;
use std::fmt;
use std::fs;

use crate::measure::{Cost, Ingested};
use crate::readme;

/// What stands around the tables in the README.
const BEGIN: &str = "<!-- make bench-national writes from here -->";
const END: &str = "<!-- to here -->";

/// Everything that was measured in one run.
#[derive(Debug)]
pub struct Report {
    /// Of the country.
    pub scale: f64,
    /// Bytes of `StockEtablissement` unzipped, which the others are given.
    pub csv_bytes: u64,
    /// Bytes of its zip, which we are given.
    pub zip_bytes: u64,
    /// DuckDB alone, to Parquet.
    pub duckdb: Cost,
    /// Bytes of its file.
    pub duckdb_bytes: u64,
    /// PostgreSQL, with the bytes of its table and indexes; none where it is not installed.
    pub postgresql: Option<(Cost, u64)>,
    /// The same server, set for that work.
    pub helped: Option<(Cost, u64)>,
    /// `StockEtablissement` to a snapshot in service.
    pub alone: Ingested,
    /// All the files to a snapshot in service.
    pub whole: Ingested,
    /// What that snapshot is.
    pub published: Published,
    /// The same again, one small source changed.
    pub refresh: Ingested,
    /// Smaller scales, then this one.
    pub growth: Vec<Growth>,
}

/// A snapshot in service.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Rows of its sources.
    pub rows: u64,
    /// Bytes of its sources.
    pub read: u64,
    /// Bytes of its tables.
    pub written: u64,
}

/// Everything, at a scale.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// Of the country.
    pub scale: f64,
    /// Rows of all the sources.
    pub rows: u64,
    /// From zips to a snapshot in service.
    pub cost: Cost,
}

#[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

fn size(bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        bytes if bytes >= 1_000_000_000 => format!("{:.2} GB", ratio(bytes, 1_000_000_000)),
        bytes if bytes >= 1_000_000 => format!("{:.0} MB", ratio(bytes, 1_000_000)),
        bytes => format!("{:.0} kB", ratio(bytes, 1_000)),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {}, {} of the country: {} rows in {} of zips.\n",
            chrono::Local::now().date_naive(),
            machine(),
            self.scale,
            self.published.rows,
            size(self.published.read)
        )?;
        self.costs(f)?;
        self.targets(f)?;
        stages(f, "Everything, stage by stage", &self.whole)?;
        stages(f, "Once more, a row less in StockDoublons", &self.refresh)?;
        self.growth(f)
    }
}

impl Report {
    fn costs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| run | wall | CPU | memory at most | in | out |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cost: &Cost, read, written| {
            writeln!(
                f,
                "| {name} | {:.1} s | {:.1} s | {} | {} | {} |",
                cost.wall,
                cost.cpu,
                size(cost.memory),
                size(read),
                size(written)
            )
        };
        let (csv, duckdb) = (self.csv_bytes, self.duckdb_bytes);
        line(
            f,
            "(a) DuckDB alone, StockEtablissement unzipped, all text, to zstd Parquet",
            &self.duckdb,
            csv,
            duckdb,
        )?;
        let postgresql = [
            (
                "(b) PostgreSQL 15 as installed, the same: `COPY`, indexes on siret and siren",
                &self.postgresql,
            ),
            ("(b) set for bulk loads, as its manual says", &self.helped),
        ];
        for (name, measured) in postgresql {
            match measured {
                Some((cost, bytes)) => {
                    let cost = Cost { memory: 0, ..*cost };
                    line(f, name, &cost, csv, *bytes)?;
                }
                None => writeln!(
                    f,
                    "| {name}: not there, `apt-get install postgresql` | | | | | |"
                )?,
            }
        }
        let table = self
            .alone
            .stages
            .iter()
            .find(|stage| stage.name == "etablissement");
        let written = table.map_or(0, |stage| stage.written);
        line(
            f,
            "registre, StockEtablissement: zip to snapshot in service",
            &self.alone.cost,
            self.zip_bytes,
            written,
        )?;
        line(
            f,
            "registre, everything: zips to snapshot in service",
            &self.whole.cost,
            self.published.read,
            self.published.written,
        )?;
        line(
            f,
            "registre, again, one small source changed",
            &self.refresh.cost,
            0,
            0,
        )?;
        writeln!(f)
    }

    fn targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| ratio | measured | target |")?;
        writeln!(f, "|---|---|---|")?;
        let (alone, whole) = (self.alone.cost, self.whole.cost);
        writeln!(
            f,
            "| StockEtablissement, to (a) | {:.2} | 1.0, aiming at 0.6 |",
            alone.wall / self.duckdb.wall
        )?;
        let postgresql = [
            ("(b)", "0.5", &self.postgresql),
            ("(b) set for bulk loads", "", &self.helped),
        ];
        for (name, target, measured) in postgresql {
            if let Some((postgresql, _)) = measured {
                let ratio = alone.wall / postgresql.wall;
                writeln!(
                    f,
                    "| StockEtablissement, to {name} | {ratio:.2} | {target} |"
                )?;
            }
        }
        writeln!(
            f,
            "| everything, to (a) | {:.2} | 3.5 |",
            whole.wall / self.duckdb.wall
        )?;
        writeln!(
            f,
            "| memory at most | {} | 1.5 GB |",
            size(whole.memory.max(alone.memory))
        )?;
        writeln!(
            f,
            "| snapshot to zips | {:.2} | 1.0 |",
            ratio(self.published.written, self.published.read)
        )?;
        writeln!(f)
    }

    fn growth(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.growth.len() < 2 {
            return Ok(());
        }
        writeln!(
            f,
            "| of the country | rows | wall | a million rows | CPU of a million rows | memory at most |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for Growth { scale, rows, cost } in &self.growth {
            let millions = ratio(*rows, 1_000_000);
            writeln!(
                f,
                "| {scale} | {rows} | {:.1} s | {:.2} s | {:.2} s | {} |",
                cost.wall,
                cost.wall / millions,
                cost.cpu / millions,
                size(cost.memory)
            )?;
        }
        writeln!(f)
    }

    /// Puts the tables in `benches/README.md`, in place of those of the last run.
    pub fn write(&self) -> Result<(), Box<dyn Error>> {
        readme::put(BEGIN, END, &self.to_string())
    }
}

fn stages(f: &mut fmt::Formatter<'_>, title: &str, run: &Ingested) -> fmt::Result {
    writeln!(f, "| {title} | wall | CPU | memory at most | in | out |")?;
    writeln!(f, "|---|---|---|---|---|---|")?;
    for stage in &run.stages {
        writeln!(
            f,
            "| {} | {:.1} s | {:.1} s | {} | {} | {} |",
            stage.name,
            stage.cost.wall,
            stage.cost.cpu,
            size(stage.cost.memory),
            size(stage.read),
            size(stage.written)
        )?;
    }
    writeln!(f)
}

/// Cores, processor and memory.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = read("/proc/cpuinfo");
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let processor = processor.map_or("", |name| name.trim_start_matches([' ', '\t', ':']));
    let memory = read("/proc/meminfo");
    let memory = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let memory = memory.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    format!(
        "{cores} cores ({processor}), {} of memory",
        size(memory.unwrap_or(0) * 1024)
    )
}
