//! Questions analysts ask, by the DuckDB engine, on the published tables and on the same tables as
//! INSEE ships them: the same engine and settings, in turn, answers checked equal.
//!
//! `REGISTRE_BENCH_DATA=DIR cargo bench --bench queries` asks the snapshot in service in that data
//! folder, and keeps INSEE's layout in `DIR/bench-insee` for the next time; without the variable, a
//! snapshot of `REGISTRE_BENCH_ETABLISSEMENTS` établissements is made first. The last measures are in
//! `benches/README.md`.

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "several benches share it")]
mod engine;
mod insee;
mod questions;

use engine::Engine;
use questions::{QUESTIONS, TABLES};
use registre_ingest::publish::DataFolder;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The layouts compared: each is a schema of the database.
const LAYOUTS: [&str; 2] = ["registre", "insee"];

/// Each question is asked at least three times of each layout, then until this much time is spent or
/// it was asked [`RUNS`] times.
const PATIENCE: Duration = Duration::from_secs(4);
const RUNS: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let data = common::data("bench-queries")?;
    let folder = DataFolder::at(&data);
    let manifest = folder.current()?.ok_or("nothing is published there")?;
    let ours = folder.snapshots().join(&manifest.id);
    let theirs = shipped(&data, &manifest.id, &ours)?;
    let spill = data.join("bench-insee/spill");
    let layouts = [(LAYOUTS[0], &*ours), (LAYOUTS[1], &*theirs)];
    let engine = Engine::open(&layouts, &TABLES, &spill)?;

    let mut out = io::stdout();
    let rows = manifest
        .table("etablissement")
        .map_or(0, |table| table.rows);
    writeln!(
        out,
        "| question, {rows} établissements | answers | ours | INSEE's layout | ratio |"
    )?;
    writeln!(out, "|---|---|---|---|---|")?;
    let mut ratios = Vec::new();
    for question in QUESTIONS.iter() {
        let mut answers = Vec::new();
        for layout in LAYOUTS {
            engine.on(layout)?;
            answers.push(engine.rows(question.sql)?);
        }
        if answers[0] != answers[1] {
            let title = question.title;
            return Err(format!("the two layouts answer « {title} » differently").into());
        }
        if answers[0].is_empty() {
            return Err(format!("« {} » has no answer", question.title).into());
        }
        let [ours, theirs] = medians(&engine, question.sql)?;
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        writeln!(
            out,
            "| {} | {} | {:.1} ms | {:.1} ms | {ratio:.2} |",
            question.title,
            answers[0].len(),
            ours.as_secs_f64() * 1e3,
            theirs.as_secs_f64() * 1e3,
        )?;
        ratios.push(ratio);
    }
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    let questions = u32::try_from(ratios.len())?;
    let mean = (logarithms / f64::from(questions)).exp();
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    writeln!(out, "| geometric mean | | | | {mean:.2} |")?;
    writeln!(out, "| slowest | | | | {worst:.2} |")?;
    for (layout, folder) in layouts {
        let mut bytes = 0;
        for table in TABLES {
            bytes += fs::metadata(folder.join(format!("{table}.parquet")))?.len();
        }
        writeln!(out, "\n{layout}: {} MB", bytes / 1_000_000)?;
    }
    writeln!(
        out,
        "resident at most: {}",
        common::resident().unwrap_or_default()
    )?;
    let _empty_or_absent = fs::remove_dir_all(&spill);
    Ok(())
}

/// The median times of both layouts, asked in turn: what else the machine does falls on both.
fn medians(engine: &Engine, sql: &str) -> Result<[Duration; 2], Box<dyn Error>> {
    let mut times = [Vec::new(), Vec::new()];
    let started = Instant::now();
    while times[0].len() < 3 || (times[0].len() < RUNS && started.elapsed() < PATIENCE) {
        for (times, layout) in times.iter_mut().zip(LAYOUTS) {
            engine.on(layout)?;
            times.push(engine.time(sql)?);
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    }))
}

/// The folder of the tables in INSEE's layout, made of a snapshot the first time.
fn shipped(data: &Path, id: &str, ours: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let all = data.join("bench-insee");
    let folder = all.join(id);
    if !folder.is_dir() {
        // Those of an earlier snapshot are as large, and of no use.
        let _none_yet = fs::remove_dir_all(&all);
    }
    fs::create_dir_all(&folder)?;
    let mut err = io::stderr();
    for table in TABLES {
        let to = folder.join(format!("{table}.parquet"));
        if to.is_file() {
            continue;
        }
        let started = Instant::now();
        let shipped = insee::ship(&ours.join(format!("{table}.parquet")), &to, |column| {
            let seconds = started.elapsed().as_secs();
            let _not_a_terminal = write!(
                io::stderr(),
                "\r{table} in INSEE's layout: {column}, {seconds} s\x1b[K"
            );
        });
        shipped.map_err(|error| -> Box<dyn Error> { error })?;
        writeln!(err)?;
    }
    Ok(folder)
}
