//! The profile of a snapshot, alone: every column counted, then every row compared with itself.
//!
//! `REGISTRE_BENCH_DATA=DIR cargo bench --bench profile` profiles the snapshot in service in that data
//! folder; without the variable, one of `REGISTRE_BENCH_ETABLISSEMENTS` établissements is made first.
//! The last measures are in `benches/README.md`.

use registre_ingest::catalogue::Format;
use registre_ingest::generate::{self, generate};
use registre_ingest::origin::Origin;
use registre_ingest::profile::profile;
use registre_ingest::progress::Context;
use registre_ingest::publish::DataFolder;
use registre_ingest::{Options, run};
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let data = match std::env::var("REGISTRE_BENCH_DATA") {
        Ok(data) => PathBuf::from(data),
        Err(_unset) => made()?,
    };
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
        resident().unwrap_or_default()
    )?;
    Ok(())
}

/// A data folder with one snapshot.
fn made() -> Result<PathBuf, Box<dyn Error>> {
    let etablissements = match std::env::var("REGISTRE_BENCH_ETABLISSEMENTS") {
        Ok(number) => number.parse()?,
        Err(_unset) => 1_000_000,
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-profile");
    let _none_yet = fs::remove_dir_all(&folder);
    let (source, data) = (folder.join("source"), folder.join("data"));
    fs::create_dir_all(&source)?;
    let context = Context::silent();
    let options = generate::Options {
        etablissements,
        ..generate::Options::sample()
    };
    generate(&options, &source, &context)?;
    let options = Options {
        origin: Origin::Folder(source.join("files")),
        format: Format::Csv,
        insee: None,
        data: data.clone(),
        allow: Vec::new(),
        keep: 1,
    };
    run(&options, &context)?;
    Ok(data)
}

/// The most memory this process held, as the system counts it: mapped files are in it.
fn resident() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
