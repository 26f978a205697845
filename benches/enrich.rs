//! `registre enrich`, beside the same left join written by the DuckDB engine to CSV: the same SIRETs, the
//! same columns, each a process of its own, in turn, whose memory is watched.
//!
//! `REGISTRE_BENCH_DATA=DIR cargo bench --bench enrich` takes the snapshot in service in that data folder;
//! without the variable, one of `REGISTRE_BENCH_ETABLISSEMENTS` établissements is made first. The keys are
//! a million, or `REGISTRE_BENCH_KEYS`. It prints the tables of `benches/README.md`.

#[path = "common/mod.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod common;

use registre_ingest::publish::DataFolder;
use std::collections::HashSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Each is run so many times; the median is kept.
const RUNS: usize = 3;

/// Says to this program that it is the child that joins.
const JOIN: &str = "REGISTRE_BENCH_JOIN";

/// Columns of both: ours, and the register's.
const COLUMNS: [(&str, &str); 16] = [
    ("etablissement.siren", "e.siren"),
    (
        "etablissement.etat_administratif",
        "e.etatAdministratifEtablissement",
    ),
    ("etablissement.date_creation", "e.dateCreationEtablissement"),
    ("etablissement.date_debut", "e.dateDebut"),
    ("etablissement.numero_voie", "e.numeroVoieEtablissement"),
    ("etablissement.type_voie", "e.typeVoieEtablissement"),
    ("etablissement.libelle_voie", "e.libelleVoieEtablissement"),
    ("etablissement.code_postal", "e.codePostalEtablissement"),
    (
        "etablissement.libelle_commune",
        "e.libelleCommuneEtablissement",
    ),
    (
        "etablissement.activite_principale",
        "e.activitePrincipaleEtablissement",
    ),
    (
        "etablissement.activite_principale_naf25",
        "e.activitePrincipaleNAF25Etablissement",
    ),
    (
        "etablissement.tranche_effectifs",
        "e.trancheEffectifsEtablissement",
    ),
    ("unite_legale.denomination", "u.denominationUniteLegale"),
    ("unite_legale.nom", "u.nomUniteLegale"),
    (
        "unite_legale.categorie_juridique",
        "u.categorieJuridiqueUniteLegale",
    ),
    (
        "unite_legale.etat_administratif",
        "u.etatAdministratifUniteLegale",
    ),
];

fn main() -> Result<()> {
    if let Ok(snapshot) = std::env::var(JOIN) {
        return join(Path::new(&snapshot));
    }
    let data = common::data("bench-enrich")?;
    let folder = DataFolder::at(&data);
    let manifest = folder.current()?.ok_or("nothing is published there")?;
    let snapshot = folder.snapshots().join(&manifest.id);
    let rows = manifest
        .table("etablissement")
        .map_or(0, |table| table.rows);
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-enrich-files");
    fs::create_dir_all(&work)?;
    let keys = draw(&snapshot, rows, &work)?;
    let lines = BufReader::new(File::open(&keys)?).lines().count() - 1;
    let named = COLUMNS.map(|(ours, _)| ours).join(",");
    let ours = |columns: &str, out: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_registre"));
        command
            .arg("enrich")
            .arg(&keys)
            .arg("--data")
            .arg(&data)
            .arg("-o")
            .arg(work.join(out));
        if !columns.is_empty() {
            command.args(["--colonnes", columns]);
        }
        command
    };
    let mut theirs = Command::new(std::env::current_exe()?);
    theirs
        .env(JOIN, &snapshot)
        .arg(&keys)
        .arg(work.join("duckdb.csv"));
    let runs: [(&str, Command); 5] = [
        ("DuckDB alone, the left join", theirs),
        ("registre, the same columns", ours(&named, "same.csv")),
        (
            "registre, the same columns and the verdict",
            ours(
                &format!("resultat,code,message,suggestion,successeur,{named}"),
                "verdict.csv",
            ),
        ),
        ("registre, its own columns", ours("", "own.csv")),
        (
            "registre, its own columns, in Parquet",
            ours("", "own.parquet"),
        ),
    ];
    let mut measured: Vec<Vec<Run>> = runs.iter().map(|_| Vec::new()).collect();
    let mut runs = runs;
    for _ in 0..RUNS {
        // In turn: what else the machine does falls on all.
        for ((_, command), measured) in runs.iter_mut().zip(&mut measured) {
            measured.push(run(command)?);
        }
    }
    let mut out = io::stdout();
    writeln!(
        out,
        "| {lines} SIRETs among {rows} établissements | wall | ratio | CPU | resident at most | out |\n|---|---|---|---|---|---|"
    )?;
    let outputs = [
        "duckdb.csv",
        "same.csv",
        "verdict.csv",
        "own.csv",
        "own.parquet",
    ];
    let mut first = None;
    for (((name, _), mut measured), output) in runs.into_iter().zip(measured).zip(outputs) {
        measured.sort_unstable_by_key(|run| run.wall);
        let median = measured[measured.len() / 2];
        let wall = median.wall.as_secs_f64();
        let base = *first.get_or_insert(wall);
        let memory = measured.iter().map(|run| run.memory).max().unwrap_or(0);
        writeln!(
            out,
            "| {name} | {wall:.2} s | {:.2} | {:.1} s | {} MB | {} MB |",
            wall / base,
            median.cpu,
            memory / 1000,
            fs::metadata(work.join(output))?.len() / 1_000_000
        )?;
    }
    same(&work, &snapshot)
}

/// SIRETs from the whole of the table, each once, in no order.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench reads the table by the engine alone"
)]
fn draw(snapshot: &Path, rows: u64, work: &Path) -> Result<PathBuf> {
    let many = match std::env::var("REGISTRE_BENCH_KEYS") {
        Ok(number) => number.parse()?,
        Err(_unset) => 1_000_000_u64,
    };
    let every = (rows / many).max(1);
    let keys = work.join("keys.csv");
    duckdb::Connection::open_in_memory()?.execute_batch(&format!(
        "COPY (SELECT hash(siret) % 1000 AS reference, siret FROM '{}' WHERE hash(siret) % {every} = 0
         ORDER BY hash(siret || 'x') LIMIT {many}) TO '{}' (FORMAT csv, HEADER)",
        snapshot.join("etablissement.parquet").display(),
        keys.display(),
    ))?;
    Ok(keys)
}

/// The left join, to CSV: what this program does as a child.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine alone is what we compare with"
)]
fn join(snapshot: &Path) -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [keys, out, ..] = arguments.as_slice() else {
        return Err("the keys and the result".into());
    };
    let columns = COLUMNS.map(|(_, theirs)| theirs).join(", ");
    duckdb::Connection::open_in_memory()?.execute_batch(&format!(
        "COPY (SELECT k.*, {columns}
         FROM read_csv('{keys}', all_varchar = true) k
         LEFT JOIN '{}' e ON e.siret = k.siret LEFT JOIN '{}' u ON u.siren = e.siren)
         TO '{out}' (FORMAT csv, HEADER)",
        snapshot.join("etablissement.parquet").display(),
        snapshot.join("unite_legale.parquet").display(),
    ))?;
    Ok(())
}

/// What a process took.
#[derive(Debug, Clone, Copy)]
struct Run {
    wall: Duration,
    /// Seconds of processor.
    cpu: f64,
    /// Kilobytes resident at most.
    memory: u64,
}

fn run(command: &mut Command) -> Result<Run> {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let (mut memory, mut cpu) = (0, 0.0);
    let status = loop {
        // What it held at most is gone with it: asked again and again until then.
        if let Some((held, spent)) = seen(child.id()) {
            memory = held.max(memory);
            cpu = spent;
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(Run {
        wall: started.elapsed(),
        cpu,
        memory,
    })
}

/// Kilobytes resident at most and seconds of processor so far of a process.
fn seen(id: u32) -> Option<(u64, f64)> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let memory = line.split_whitespace().next()?.parse().ok()?;
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some((memory, ticks / 100.0))
}

/// The SIREN that another one replaces.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench reads the table by the engine alone"
)]
fn replaced(snapshot: &Path) -> Result<HashSet<String>> {
    let connection = duckdb::Connection::open_in_memory()?;
    let mut query = connection.prepare(&format!(
        "SELECT sirenDoublon FROM '{}'",
        snapshot.join("doublon.parquet").display()
    ))?;
    let sirens = query.query_map([], |row| row.get(0))?;
    Ok(sirens.collect::<std::result::Result<_, _>>()?)
}

/// Both say the same of each key, but of a SIREN that another one replaces, whose file has what is known
/// of that one. DuckDB gives rows in its own order: they are compared sorted.
fn same(work: &Path, snapshot: &Path) -> Result<()> {
    let replaced = replaced(snapshot)?;
    let rows = |name: &str, delimiter: u8| -> Result<Vec<csv::StringRecord>> {
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_path(work.join(name))?
            .into_records()
            .collect::<std::result::Result<Vec<_>, _>>()?;
        rows.sort_unstable_by(|one, other| one[1].cmp(&other[1]));
        Ok(rows)
    };
    let (theirs, ours) = (rows("duckdb.csv", b',')?, rows("same.csv", b',')?);
    if theirs.len() != ours.len() {
        return Err(format!("{} rows and {}", theirs.len(), ours.len()).into());
    }
    for (theirs, ours) in theirs.iter().zip(&ours) {
        // What a spreadsheet would run is guarded in ours.
        let alike =
            |(their, our): (&str, &str)| their == our || our.strip_prefix('\'') == Some(their);
        if replaced.contains(&theirs[1][..9]) {
            continue;
        }
        if theirs.len() != ours.len() || !theirs.iter().zip(ours).all(alike) {
            return Err(format!("{theirs:?}\n{ours:?}").into());
        }
    }
    Ok(())
}
