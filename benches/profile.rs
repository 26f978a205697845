//! The profile of a snapshot, alone: every column counted, then every row compared with itself.
//!
//! `REGISTRE_BENCH_DATA=DIR cargo bench --bench profile` profiles the snapshot in service in that data
//! folder; without the variable, one of `REGISTRE_BENCH_ETABLISSEMENTS` établissements is made first.
//! The last measures are in `benches/README.md`.

mod common;

use registre_ingest::profile::profile;
use registre_ingest::progress::Context;
use registre_ingest::publish::DataFolder;
use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let data = common::data("bench-profile")?;
    let context = Context::silent();
    let data = DataFolder::at(&data);
    let manifest = data.current()?.ok_or("nothing is published there")?;
    let folder = data.snapshots().join(&manifest.id);

    let started = Instant::now();
    let first = profile(&folder, &manifest, None, &context)?;
    let counted = started.elapsed();

    // Known under other checksums, its tables are all compared, and counted again.
    let mut other = manifest.clone();
    for table in &mut other.tables {
        table.sha256.clear();
    }
    let started = Instant::now();
    profile(&folder, &manifest, Some((&folder, &other)), &context)?;
    let compared = started.elapsed();

    let mut out = io::stdout();
    let rows: u64 = first.tables.iter().map(|table| table.rows).sum();
    let values = first
        .tables
        .iter()
        .map(|table| table.rows * table.columns.len() as u64);
    writeln!(
        out,
        "| measure | {rows} rows, {} values |",
        values.sum::<u64>()
    )?;
    writeln!(out, "|---|---|")?;
    writeln!(out, "| columns counted | {:.1} s |", counted.as_secs_f64())?;
    writeln!(
        out,
        "| counted and compared | {:.1} s |",
        compared.as_secs_f64()
    )?;
    writeln!(
        out,
        "| resident at most | {} |",
        common::resident().unwrap_or_default()
    )?;
    Ok(())
}
