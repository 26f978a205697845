//! `StockEtablissement` from its zip, then from INSEE's Parquet file, to a sorted, typed table, beside
//! the DuckDB engine alone converting the already unzipped CSV to Parquet, all text: the same
//! machine, the same minute.
//!
//! `make bench`, or with another size: `REGISTRE_BENCH_ETABLISSEMENTS=3000000 make bench`. The last
//! measures are in `benches/README.md`.

#[path = "common/baseline.rs"]
mod baseline;

use registre_ingest::catalogue::Format;
use registre_ingest::generate::{self, Formats, generate};
use registre_ingest::origin::Origin;
use registre_ingest::progress::Context;
use registre_ingest::snapshot::TableWriter;
use registre_ingest::{
    catalogue, decode::decode, download::download, normalise::normalise, origin::resolve,
};
use registre_schemas::etablissement::ETABLISSEMENT;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let etablissements = match std::env::var("REGISTRE_BENCH_ETABLISSEMENTS") {
        Ok(number) => number.parse()?,
        Err(_unset) => 1_000_000,
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-ingest");
    let _none_yet = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let context = Context::silent();

    let started = Instant::now();
    generate(
        &generate::Options {
            etablissements,
            formats: Formats::Both,
            ..generate::Options::sample()
        },
        &folder,
        &context,
    )?;
    let generated = started.elapsed();

    let csv = folder.join("StockEtablissement_utf8.csv");
    baseline::unzip(&folder.join("files/StockEtablissement_utf8.zip"), &csv)?;

    let duckdb = timed(|| baseline::duckdb(&csv, &folder.join("baseline.parquet")))?;
    let mut rows = 0;
    let ours = timed(|| {
        rows = convert(&folder, Format::Csv, &context)?;
        Ok(())
    })?;
    let from_parquet = timed(|| {
        let again = convert(&folder, Format::Parquet, &context)?;
        if again == rows {
            Ok(())
        } else {
            Err(format!("{again} rows from Parquet, {rows} from the zip").into())
        }
    })?;

    let mut out = io::stdout();
    writeln!(
        out,
        "| measure | {etablissements} établissements asked, {rows} rows |"
    )?;
    writeln!(out, "|---|---|")?;
    writeln!(out, "| CSV | {:.0} MB |", megabytes(&csv)?)?;
    writeln!(
        out,
        "| zip | {:.0} MB |",
        megabytes(&folder.join("files/StockEtablissement_utf8.zip"))?
    )?;
    writeln!(
        out,
        "| Parquet, as INSEE writes it | {:.0} MB |",
        megabytes(&folder.join("files/StockEtablissement_utf8.parquet"))?
    )?;
    writeln!(
        out,
        "| our table | {:.0} MB |",
        megabytes(&folder.join("etablissement.parquet"))?
    )?;
    writeln!(
        out,
        "| DuckDB's file | {:.0} MB |",
        megabytes(&folder.join("baseline.parquet"))?
    )?;
    writeln!(
        out,
        "| generate, all files in both formats | {:.1} s |",
        generated.as_secs_f64()
    )?;
    writeln!(
        out,
        "| DuckDB alone, from the unzipped CSV | {:.2} s |",
        duckdb.as_secs_f64()
    )?;
    writeln!(
        out,
        "| registre, from the zip | {:.2} s |",
        ours.as_secs_f64()
    )?;
    writeln!(
        out,
        "| registre, from the Parquet file | {:.2} s |",
        from_parquet.as_secs_f64()
    )?;
    writeln!(
        out,
        "| ratio | {:.2} |",
        ours.as_secs_f64() / duckdb.as_secs_f64()
    )?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "megabytes, shown to the unit")]
fn megabytes(path: &Path) -> io::Result<f64> {
    Ok(fs::metadata(path)?.len() as f64 / 1e6)
}

/// The hops of the pipeline, for one source.
fn convert(folder: &Path, format: Format, context: &Context) -> Result<u64, Box<dyn Error>> {
    let sources: Vec<_> = catalogue::sources()?
        .into_iter()
        .filter(|source| source.name == "StockEtablissement")
        .map(|source| source.preferring(format))
        .collect();
    let resource = resolve(
        &Origin::Folder(folder.to_path_buf()),
        sources,
        folder,
        context,
    )?
    .remove(0);
    let raw = download(resource, folder, context)?;
    let mut writer: Option<TableWriter<'_>> = None;
    decode(&raw, context, |batch| {
        let batch = normalise(batch, &raw.resource.source)?.batch;
        let open = match &mut writer {
            Some(open) => open,
            None => writer.insert(TableWriter::create(folder, &ETABLISSEMENT, batch.schema())?),
        };
        open.write(batch)
    })?;
    Ok(writer.ok_or("no row")?.finish(context)?.file.rows)
}
