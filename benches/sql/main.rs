//! Public SQL over HTTP, in one run: what it adds to DuckDB used directly on the same files, and what
//! it takes from lookups when it is asked as much as it admits.
//!
//! The questions are those of `benches/queries`, asked of `POST /v1/sql` over loopback, in Arrow, and of
//! an engine of this process, in turn; answers are checked equal. Then `wrk` asks for random
//! établissements, alone, and while queries that never end fill every place of SQL and its queue.
//!
//! `make bench-sql` asks the national snapshot left by `make bench-national` and writes the dated table
//! of `benches/README.md`; `cargo bench --bench sql` does it on a small one, or on that of
//! `REGISTRE_BENCH_DATA`, printed only.

#[path = "../common/client.rs"]
mod client;
#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod common;
#[path = "../queries/engine.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod engine;
mod http;
#[path = "../common/proc.rs"]
mod proc;
#[path = "../lookups/process.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod process;
#[path = "../queries/questions.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod questions;
#[path = "../common/readme.rs"]
mod readme;
mod report;
#[path = "../lookups/wrk.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod wrk;

use engine::Engine;
use process::Server;
use questions::{QUESTIONS, TABLES};
use registre_ingest::publish::DataFolder;
use report::{Line, Pressure, Report};
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wrk::Load;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Each question is asked at least three times of each, then until this much time is spent or it was
/// asked [`RUNS`] times.
const PATIENCE: Duration = Duration::from_secs(4);
const RUNS: usize = 25;

/// SIRETs drawn for `wrk`.
const KEYS: usize = 200_000;

/// What `wrk` asks, before a key.
const PATH: &str = "/v1/etablissements/";

/// Queries asked at the same time of SQL under pressure: more than run and wait together.
const PRESSING: usize = 24;

/// What they ask: every core, all its time, then again.
const HEAVY: &str = "SELECT count(*), max(a.siret) FROM etablissement a, etablissement b WHERE hash(a.siret || b.siret) % 1000003 = 7";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    client::must_be_there()?;
    let data = common::data("bench-sql")?;
    let folder = DataFolder::at(&data);
    let manifest = folder.current()?.ok_or("nothing is published there")?;
    let snapshot = folder.snapshots().join(&manifest.id);
    let spill = data.join("bench-sql-spill");
    let engine = Engine::open(&[("registre", &*snapshot)], &TABLES, &spill)?;
    let server = served(&data)?;
    let list = list(&engine)?;
    let mut lines = Vec::new();
    for question in QUESTIONS.iter() {
        say(question.title);
        let text = with_list(&engine.text(question.sql), &list);
        lines.push(compared(&engine, &server, question.title, &text)?);
    }
    say("lookups");
    let pressure = pressed(&engine, &server, &data)?;
    let report = Report {
        rows: manifest
            .table("etablissement")
            .map_or(0, |table| table.rows),
        lines,
        pressure,
    };
    writeln!(io::stdout(), "{report}")?;
    if arguments.iter().any(|argument| argument == "--write") {
        report.write()?;
    }
    let _empty_or_absent = std::fs::remove_dir_all(&spill);
    Ok(())
}

/// On standard error: the tables alone are on standard output.
fn say(what: &str) {
    eprintln!("{what}…");
}

fn served(data: &Path) -> Result<Server> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_registre"));
    // As much memory as the engine beside it.
    command.args([
        "serve",
        "--sql-memory",
        "2GB",
        "--listen",
        "127.0.0.1:0",
        "--data",
    ]);
    command.arg(data);
    Ok(Server::started(command, "/health")?.0)
}

/// The list of the questions, as a text: public SQL has no table of one's own.
fn list(engine: &Engine) -> Result<String> {
    let sirets = engine.rows("SELECT siret FROM memory.main.liste")?;
    Ok(format!(
        "liste AS (SELECT unnest(string_split('{}', ',')) AS siret)",
        sirets.join(",")
    ))
}

fn with_list(text: &str, list: &str) -> String {
    if !text.contains(" liste ") {
        return text.to_owned();
    }
    match text.strip_prefix("WITH ") {
        Some(rest) => format!("WITH {list}, {rest}"),
        None => format!("WITH {list} {text}"),
    }
}

/// Both asked in turn: what else the machine does falls on both.
fn compared(engine: &Engine, server: &Server, title: &'static str, text: &str) -> Result<Line> {
    let direct = engine.rows(text)?;
    let answered = engine::texts(&http::rows(server, text)?)?;
    if direct != answered {
        return Err(format!("« {title} » has two answers: {text}").into());
    }
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let started = Instant::now();
    while times[0].len() < 3 || (times[0].len() < RUNS && started.elapsed() < PATIENCE) {
        times[0].push(engine.time(text)?);
        times[1].push(engine.time_of_stream(text)?);
        let asked = Instant::now();
        http::rows(server, text)?;
        times[2].push(asked.elapsed());
    }
    let [direct, stream, http] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    Ok(Line {
        title,
        answers: answered.len(),
        direct,
        stream,
        http,
    })
}

/// Lookups alone, then under the pressure of SQL, twice: with as many connections as keep both cores
/// busy, and with few.
fn pressed(engine: &Engine, server: &Server, data: &Path) -> Result<Pressure> {
    let keys = data.join("bench-sql-keys.txt");
    let drawn = format!("SELECT siret FROM etablissement ORDER BY hash(siret || 'x') LIMIT {KEYS}");
    let mut file = io::BufWriter::new(File::create(&keys)?);
    for siret in engine.rows(&drawn)? {
        writeln!(file, "{siret}")?;
    }
    file.flush()?;
    let load = Load::of(PATH, &keys);
    let seconds = Duration::from_secs(8);
    load.run(server, Duration::from_secs(2))?;
    let idle = [
        load.run(server, seconds)?,
        Load::of(PATH, &keys).with(2).run(server, seconds)?,
    ];
    let pressing = Arc::new(AtomicBool::new(true));
    let address = server.base();
    let threads: Vec<_> = (0..PRESSING)
        .map(|_| {
            let (pressing, address) = (Arc::clone(&pressing), address.clone());
            std::thread::spawn(move || {
                while pressing.load(Ordering::Relaxed) {
                    let _over_a_limit = http::post(&address, HEAVY, Duration::from_mins(1));
                    std::thread::sleep(Duration::from_millis(200));
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let before = server.cpu_of_children()?;
    let started = Instant::now();
    let under = [
        load.run(server, seconds)?,
        Load::of(PATH, &keys).with(2).run(server, seconds)?,
    ];
    let cores = (server.cpu_of_children()? - before) / started.elapsed().as_secs_f64();
    pressing.store(false, Ordering::Relaxed);
    drop(threads);
    let _kept_otherwise = std::fs::remove_file(&keys);
    Ok(Pressure { idle, under, cores })
}
