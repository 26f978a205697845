//! The search by name over HTTP, in one run: how well it finds, how fast it suggests beside PostgreSQL with
//! `pg_trgm`, and what the broadest questions cost.
//!
//! `make bench-recherche` asks the national snapshot left by `make bench-national` and writes the dated
//! table of `benches/README.md`; `cargo bench --bench recherche` does it on a small one, or on that of
//! `REGISTRE_BENCH_DATA`, printed only. `--demandes N`: ordinary questions; `--postgresql-rows N`: names that
//! PostgreSQL is given (`0`: none).
//!
//! | file | what |
//! |---|---|
//! | `jugements.csv`, `jugements.rs` | the judged set, and how it is scored: the tests ask it of the sample |
//! | `noms.rs` | names drawn from the snapshot |
//! | `demandes.rs` | ordinary questions, made of them |
//! | `larges.rs` | the hundred broadest |
//! | `client.rs`, `temps.rs` | one connection that is kept; the times of answers |
//! | `postgresql.rs` | the same names in PostgreSQL |
//! | `report.rs` | the tables, and their place in the README |

mod client;
#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod common;
#[path = "../common/postgresql.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod database;
mod demandes;
mod jugements;
mod larges;
mod noms;
mod postgresql;
#[path = "../common/proc.rs"]
mod proc;
#[path = "../lookups/process.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod process;
#[path = "../common/readme.rs"]
mod readme;
mod report;
mod temps;

use serde_json::Value;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use client::{Client, suggestions};
use demandes::{Demande, GENRES, Premiers, demandes};
use jugements::Note;
use larges::Larges;
use noms::Noms;
use process::Server;
use registre_ingest::publish::DataFolder;
use registre_schemas::manifest::Manifest;
use registre_schemas::recherche::FICHIER;
use report::{Memoire, Report, Taille};
use temps::Temps;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The tables that the index is made of.
const TABLES: [&str; 6] = [
    "unite_legale",
    "unite_legale_periode",
    "etablissement",
    "association",
    "association_utilite_publique",
    "lien_siren_rna",
];

/// Every ordinary question is asked so many times, after once.
const FOIS: usize = 5;

/// Names drawn, and given to PostgreSQL, unless told.
const ROWS: u64 = 300_000;

/// What the command line asked.
struct Options {
    demandes: usize,
    postgresql_rows: u64,
    write: bool,
}

impl Options {
    fn read() -> Result<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1)
        };
        Ok(Self {
            demandes: value("--demandes").map_or(Ok(400), |text| text.parse())?,
            postgresql_rows: value("--postgresql-rows").map_or(Ok(ROWS), |text| text.parse())?,
            write: arguments.iter().any(|argument| argument == "--write"),
        })
    }
}

fn main() -> Result<()> {
    let options = Options::read()?;
    let report = measured(&options)?;
    writeln!(io::stdout(), "{report}")?;
    report.details(&mut io::stdout())?;
    if options.write {
        report.write()?;
    }
    Ok(())
}

/// On standard error: the tables alone are on standard output.
fn say(what: &str) {
    eprintln!("{what}…");
}

fn measured(options: &Options) -> Result<Report> {
    let data = common::data("bench-recherche")?;
    let folder = DataFolder::at(&data);
    let manifest = folder.current()?.ok_or("nothing is published there")?;
    let snapshot = folder.snapshots().join(&manifest.id);
    let taille = taille(&manifest)?;
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-recherche-files");
    fs::create_dir_all(&work)?;

    say("drawing names");
    let rows = match options.postgresql_rows {
        0 => ROWS,
        rows => rows,
    };
    let noms = Noms::drawn(&snapshot, taille.organisations, rows)?;
    let demandes = demandes(noms.some(options.demandes)?);

    let (server, demarre) = served(&data)?;
    let avant = Memoire::of(&server)?;
    let mut client = Client::connected(&server)?;
    say("registre: the judged set");
    let note = jugee(&mut client)?;
    say("registre: ordinary questions");
    let (par_genre, trouves) = ordinaires(&mut client, &demandes)?;
    say("registre: the hundred broadest");
    let larges = Larges::measured(&mut client, &noms, &snapshot)?;
    let apres = Memoire::of(&server)?;
    drop((client, server));

    let essais = if options.postgresql_rows == 0 {
        None
    } else {
        say(&format!("PostgreSQL, {} names", noms.nombre));
        let essais = postgresql::measured(&work, &noms, &demandes)?;
        if essais.is_none() {
            say("PostgreSQL is not there: `apt-get install postgresql`");
        }
        essais
    };
    fs::remove_dir_all(&work)?;
    Ok(Report {
        taille,
        demarre,
        note,
        par_genre,
        trouves,
        larges,
        avant,
        apres,
        noms: noms.nombre,
        essais: essais.unwrap_or_default(),
    })
}

fn taille(manifest: &Manifest) -> Result<Taille> {
    let index = manifest.fiches.iter().find(|file| file.file == FICHIER);
    let index = index.ok_or("that snapshot has no index of names: `registre ingest` makes one")?;
    let tables = TABLES.iter().filter_map(|name| manifest.table(name));
    Ok(Taille {
        organisations: index.entries,
        index: index.bytes,
        parquet: tables.map(|table| table.bytes).sum(),
    })
}

/// The server as a user runs it, and how long after its start it suggested something.
fn served(data: &Path) -> Result<(Server, std::time::Duration)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_registre"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(data);
    Server::started(command, &suggestions("mairie"))
}

fn jugee(client: &mut Client) -> Result<Note> {
    let mut note = Note::default();
    for jugement in jugements::tous()? {
        let trouves = client.suggested(&jugement.requete)?;
        note.compte(&jugement, jugement.place(&trouves));
    }
    Ok(note)
}

/// The times of each kind, in the order of [`GENRES`], every question once before it is measured; and of the
/// names asked whole, the part that came first.
fn ordinaires(client: &mut Client, demandes: &[Demande]) -> Result<(Vec<Temps>, f64)> {
    let mut par_genre = Vec::new();
    let mut premiers = Premiers::default();
    for genre in GENRES {
        let mut paths = Vec::new();
        for demande in demandes.iter().filter(|demande| demande.genre == genre) {
            let path = suggestions(&demande.texte());
            let (_, body) = client.get(&path)?;
            let answer: Value = serde_json::from_slice(&body)?;
            let premier = &answer["suggestions"][0];
            let noms = ["nom", "complement"].map(|nom| premier[nom].as_str().unwrap_or_default());
            premiers.compte(demande, &noms.join(" "));
            paths.push(path);
        }
        let mut times = Vec::new();
        for _ in 0..FOIS {
            for path in &paths {
                times.push(client.get(path)?.0);
            }
        }
        par_genre.push(Temps::of(times));
    }
    Ok((par_genre, premiers.part()))
}
