//! One row group of a table by `Range`, from registre and from nginx serving the same file: same run,
//! same machine, same client (`wrk`), several numbers of connections, in turns.
//!
//! `make bench-mirror` asks the national snapshot left by `make bench-national` and writes the dated
//! table of `benches/README.md`. `make bench` does the same on a generated one, briefly, printed only.
//! `--data DIR` names another snapshot, `--seconds N` how long each turn lasts.
//!
//! | file | what |
//! |---|---|
//! | `servers.rs` | registre and nginx as their users run them, and what they cost |
//! | `load.rs`, `ranges.lua` | the load, and what it saw |
//! | `report.rs` | the table, and its place in the README |

#[path = "../common/client.rs"]
mod client;
#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod common;
mod load;
#[path = "../common/proc.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod proc;
#[path = "../common/readme.rs"]
mod readme;
mod report;
mod servers;

use parquet::file::metadata::ParquetMetaDataReader;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use load::Load;
use report::{Line, Report};
use servers::Server;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Connections, each with one request under way.
const CONNECTIONS: [u32; 4] = [1, 4, 16, 64];

/// Turns of each server; the median is kept.
const TURNS: usize = 3;

/// The table asked.
const TABLE: &str = "etablissement.parquet";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    client::must_be_there()?;
    let data = data(value("--data"), value("--scale"))?;
    let seconds = value("--seconds").map_or(Ok(2), str::parse)?;
    let Some(report) = measure(&data, seconds)? else {
        return Ok(());
    };
    writeln!(io::stdout(), "{report}")?;
    if arguments.iter().any(|argument| argument == "--write") {
        report.write()?;
    }
    Ok(())
}

fn data(given: Option<&str>, scale: Option<&str>) -> Result<PathBuf> {
    let of_scale = |scale| {
        let folder = format!("national-{scale}");
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(folder)
            .join("data")
    };
    match (given, scale) {
        (Some(data), _) => Ok(PathBuf::from(data)),
        (None, Some(scale)) if of_scale(scale).join("current.json").exists() => Ok(of_scale(scale)),
        (None, Some(scale)) => Err(format!(
            "{} has no snapshot: `make bench-national` leaves one, or name another with --data DIR",
            of_scale(scale).display()
        )
        .into()),
        (None, None) => common::data("bench-mirror"),
    }
}

/// `None` where nginx is not installed.
fn measure(data: &Path, seconds: u64) -> Result<Option<Report>> {
    let data = fs::canonicalize(data)?;
    let current: serde_json::Value = serde_json::from_slice(&fs::read(data.join("current.json"))?)?;
    let id = current["snapshot"].as_str().ok_or("current.json")?;
    let folder = data.join("snapshots").join(id);
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mirror");
    fs::create_dir_all(&work)?;
    let (ranges, mean) = row_groups(&folder.join(TABLE), &work)?;
    let Some(nginx) = Server::nginx(&folder, &work)? else {
        eprintln!("nginx is not there: `apt-get install nginx-light`");
        return Ok(None);
    };
    let registre = Server::registre(&data)?;
    // The system has the file in memory: a disk is not what is measured.
    io::copy(&mut File::open(folder.join(TABLE))?, &mut io::sink())?;
    let servers = [
        (report::NGINX, &nginx, format!("/{TABLE}")),
        (report::REGISTRE, &registre, format!("/parquet/{TABLE}")),
    ];
    let mut lines = Vec::new();
    for connections in CONNECTIONS {
        let mut turns: [Vec<Line>; 2] = Default::default();
        for _turn in 0..TURNS {
            for (turns, (name, server, path)) in turns.iter_mut().zip(&servers) {
                eprintln!("{name}, {connections} connections…");
                let load = Load {
                    path,
                    ranges: &ranges,
                    connections,
                    seconds,
                };
                let before = server.cpu()?;
                let seen = load.run(&server.base())?;
                let cpu = server.cpu()? - before;
                // Headers aside, all that was asked came.
                if seen.bytes < seen.requests * mean / 2 {
                    return Err(format!("{name}: {seen:?} for row groups of {mean} bytes").into());
                }
                turns.push(Line {
                    name,
                    connections,
                    cpu,
                    memory: server.memory()?,
                    seen,
                });
            }
        }
        for mut of_one in turns {
            of_one.sort_by_key(|line| line.seen.bytes * 1000 / line.seen.micros.max(1));
            lines.push(of_one.swap_remove(TURNS / 2));
        }
    }
    Ok(Some(Report {
        group: mean,
        file: fs::metadata(folder.join(TABLE))?.len(),
        seconds,
        lines,
    }))
}

/// The bytes of each row group, in a file for `wrk`, and how many one has.
fn row_groups(table: &Path, work: &Path) -> Result<(PathBuf, u64)> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(table)?)?;
    let path = work.join("ranges");
    let mut file = File::create(&path)?;
    let (mut all, mut groups) = (0, 0);
    for group in metadata.row_groups() {
        let columns = group
            .columns()
            .iter()
            .map(parquet::file::metadata::ColumnChunkMetaData::byte_range);
        let first = columns
            .clone()
            .map(|(start, _)| start)
            .min()
            .ok_or("no column")?;
        let end = columns
            .map(|(start, length)| start + length)
            .max()
            .ok_or("no column")?;
        writeln!(file, "{first}-{}", end - 1)?;
        all += end - first;
        groups += 1;
    }
    Ok((path, all / std::cmp::max(groups, 1)))
}
