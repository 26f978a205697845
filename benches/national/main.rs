//! The whole country, from its zips to a published snapshot, beside two others given the easiest
//! part of the work, on the same machine in the same run.
//!
//! `make bench-national` makes the files once, in `target/tmp`, runs everything and writes the dated
//! table of `benches/README.md`. `make bench` does the same with a hundredth of it (`--scale 0.01`),
//! printed only.
//!
//! | file | what |
//! |---|---|
//! | `measure.rs` | what a process, or a stage of `registre ingest`, cost |
//! | `baselines.rs` | DuckDB alone and PostgreSQL, given the unzipped `StockEtablissement` |
//! | `report.rs` | the tables, and their place in the README |

#[path = "../common/baseline.rs"]
mod baseline;
mod baselines;
mod measure;
#[path = "../common/readme.rs"]
mod readme;
mod report;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{Ingested, cost_of, ingested};
use registre_ingest::publish::DataFolder;
use report::{Growth, Published, Report};

/// Établissements of the country; the unités légales, their histories and the associations follow.
const COUNTRY: f64 = 44e6;

/// Smaller scales, to see whether the time of a row grows with their number.
const GROWTH: [f64; 2] = [0.01, 0.1];

/// The other files beside one that is measured alone.
const SMALL: f64 = 0.0001;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, csv, parquet] = arguments.as_slice()
        && first == baselines::DUCKDB
    {
        return baseline::duckdb(csv.as_ref(), parquet.as_ref());
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let scale: f64 = value("--scale").map_or(Ok(0.01), |scale| scale.parse())?;
    let report = measure_all(scale)?;
    writeln!(io::stdout(), "{report}")?;
    if arguments.iter().any(|argument| argument == "--write") {
        report.write()?;
    }
    Ok(())
}

fn measure_all(scale: f64) -> Result<Report, Box<dyn Error>> {
    let bench = Bench::at(scale)?;
    let sources = bench.sources(scale)?;
    let zip = sources.join("files/StockEtablissement_utf8.zip");

    say("unzipping StockEtablissement, for the others");
    let csv = bench.folder.join("StockEtablissement.csv");
    baseline::unzip(&zip, &csv)?;
    let csv_bytes = fs::metadata(&csv)?.len();
    say("DuckDB alone");
    let parquet = bench.folder.join("duckdb.parquet");
    let duckdb = baselines::duckdb(&csv, &parquet)?;
    let duckdb_bytes = fs::metadata(&parquet)?.len();
    fs::remove_file(&parquet)?;
    say("PostgreSQL");
    let postgresql = baselines::postgresql(&csv, &bench.folder, &[])?;
    say("PostgreSQL, set for it");
    let helped = baselines::postgresql(&csv, &bench.folder, &baselines::HELP)?;
    fs::remove_file(&csv)?;

    say("registre: StockEtablissement alone");
    let alone = bench.alone(&zip)?;
    say("registre: everything");
    let input = bench.linked("input", &sources)?;
    let data = bench.empty("data")?;
    let whole = ingest(&input, &data)?;
    let published = published(&data)?;
    say("registre: again, one small source changed");
    without_its_last_row(&input.join("StockDoublons_utf8.zip"))?;
    let refresh = ingest(&input, &data)?;
    let mut growth = Vec::new();
    for part in GROWTH {
        if part < scale {
            say(&format!("registre: {} of everything", part / scale));
            growth.push(bench.growth(part)?);
        }
    }
    growth.push(Growth {
        scale,
        rows: published.rows,
        cost: whole.cost,
    });
    Ok(Report {
        scale,
        csv_bytes,
        zip_bytes: fs::metadata(&zip)?.len(),
        duckdb,
        duckdb_bytes,
        postgresql,
        helped,
        alone,
        whole,
        published,
        refresh,
        growth,
    })
}

/// On standard error: the tables alone are on standard output.
fn say(what: &str) {
    eprintln!("{what}…");
}

/// Where the bench keeps its files.
struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn at(scale: f64) -> Result<Self, Box<dyn Error>> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("national-{scale}"));
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// The official files at a scale, made once.
    fn sources(&self, scale: f64) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.folder.join(format!("sources-{scale}"));
        if folder.join("api").exists() {
            return Ok(folder);
        }
        say(&format!("making the files at {scale} of the country"));
        let etablissements = format!("{:.0}", COUNTRY * scale);
        let cost = cost_of(
            registre()
                .args(["generate", "--etablissements", &etablissements, "--out"])
                .arg(&folder),
        )?;
        say(&format!("made in {:.0} s", cost.wall));
        Ok(folder)
    }

    fn empty(&self, name: &str) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A folder of the same files under their own names, as someone downloads them.
    fn linked(&self, name: &str, sources: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.empty(name)?;
        for file in fs::read_dir(sources.join("files"))? {
            let file = file?;
            fs::hard_link(file.path(), folder.join(file.file_name()))?;
        }
        Ok(folder)
    }

    /// `StockEtablissement` of the country from its zip to a snapshot in service, the other files
    /// being there but next to nothing.
    fn alone(&self, zip: &Path) -> Result<Ingested, Box<dyn Error>> {
        let input = self.linked("alone", &self.sources(SMALL)?)?;
        let file = input.join("StockEtablissement_utf8.zip");
        fs::remove_file(&file)?;
        fs::hard_link(zip, &file)?;
        let data = self.empty("alone-data")?;
        let ingested = ingest(&input, &data)?;
        fs::remove_dir_all(data)?;
        Ok(ingested)
    }

    fn growth(&self, scale: f64) -> Result<Growth, Box<dyn Error>> {
        let input = self.linked("growth", &self.sources(scale)?)?;
        let data = self.empty("growth-data")?;
        let Ingested { cost, .. } = ingest(&input, &data)?;
        let rows = published(&data)?.rows;
        fs::remove_dir_all(data)?;
        Ok(Growth { scale, rows, cost })
    }
}

/// What the snapshot in service is made of.
fn published(data: &Path) -> Result<Published, Box<dyn Error>> {
    let manifest = DataFolder::at(data).current()?;
    let manifest = manifest.ok_or("nothing is published")?;
    Ok(Published {
        rows: manifest
            .sources
            .iter()
            .map(|file| file.report.rows_read)
            .sum(),
        read: manifest.sources.iter().map(|file| file.size).sum(),
        written: manifest.tables.iter().map(|table| table.bytes).sum(),
    })
}

/// Writes a zip of one CSV again, a row shorter: another file, of the same size or so.
fn without_its_last_row(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut archive = zip::ZipArchive::new(File::open(path)?)?;
    let mut entry = archive.by_index(0)?;
    let (name, mut csv) = (entry.name()?.into_owned(), String::new());
    entry.read_to_string(&mut csv)?;
    drop(entry);
    let last = csv.trim_end().rfind('\n').ok_or("a CSV without rows")?;
    // It is another name of a file to be kept: removed, not written over.
    fs::remove_file(path)?;
    let mut shorter = zip::ZipWriter::new(File::create(path)?);
    shorter.start_file(name, zip::write::SimpleFileOptions::default())?;
    shorter.write_all(&csv.as_bytes()[..=last])?;
    shorter.finish()?;
    Ok(())
}

fn ingest(sources: &Path, data: &Path) -> Result<Ingested, Box<dyn Error>> {
    ingested(
        registre()
            .args(["ingest", "--source"])
            .arg(sources)
            .arg("--data")
            .arg(data),
    )
}

fn registre() -> Command {
    Command::new(env!("CARGO_BIN_EXE_registre"))
}
