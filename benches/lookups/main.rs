//! Lookups over HTTP on a snapshot, beside what the same machine can do at best and beside
//! PostgreSQL, all in one run: each server in a process of its own, asked by `wrk` on the same cores
//! for random keys that do not repeat.
//!
//! `make bench-lookups` asks the national snapshot left by `make bench-national` and writes the dated
//! table of `benches/README.md`. `make bench` does the same on a hundredth of it, briefly, printed
//! only. `--data DIR` names another snapshot, `--seconds N` how long each line is measured,
//! `--postgresql-rows N` how many answers PostgreSQL is given (`0`: none).
//!
//! | file | what |
//! |---|---|
//! | `bare.rs` | the two servers compared with: a fixed body, and PostgreSQL's answer |
//! | `keys.rs` | which numbers are asked |
//! | `wrk.rs`, `ask.lua` | the load, and what it saw |
//! | `process.rs` | a server under measure: its processor time and memory |
//! | `postgresql.rs` | the table that PostgreSQL is given |
//! | `snapshots.rs` | the snapshot under two names, to swap them |
//! | `report.rs` | the tables, and their place in the README |

mod bare;
#[path = "../common/client.rs"]
mod client;
#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "several benches share it")]
mod common;
#[path = "../common/postgresql.rs"]
mod database;
mod keys;
mod postgresql;
#[path = "../common/proc.rs"]
mod proc;
#[allow(dead_code, reason = "several benches share it")]
mod process;
#[path = "../common/readme.rs"]
mod readme;
mod report;
mod snapshots;
#[allow(dead_code, reason = "several benches share it")]
mod wrk;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use database::Database;
use keys::Keys;
use process::Server;
use report::{Line, Report, Swap};
use snapshots::Data;
use wrk::Load;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Lookups after which memory is read.
const MILLION: u64 = 1_000_000;

/// Real answers whose median size is that of the fixed body.
const ANSWERS: usize = 101;

/// The file of the fixed body, the median of our answers.
const BODY: &str = "body.json";

/// What the command line asked.
struct Options {
    data: PathBuf,
    seconds: u64,
    postgresql_rows: u64,
    write: bool,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [bare::FIXED, body] => return bare::fixed(Path::new(body)),
        [bare::POSTGRESQL, socket] => return bare::postgresql(Path::new(socket)),
        _ => {}
    }
    let options = Options::read(&arguments)?;
    client::must_be_there()?;
    let report = measure_all(&options)?;
    writeln!(io::stdout(), "{report}")?;
    if options.write {
        report.write()?;
    }
    Ok(())
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let value = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1)
        };
        let scale = value("--scale").map_or("0.01", String::as_str);
        let national = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("national-{scale}"))
            .join("data");
        let data = match value("--data") {
            Some(data) => PathBuf::from(data),
            None if national.join("current.json").exists() => national,
            None if scale == "0.01" => common::data("bench-lookups")?,
            None => {
                return Err(format!(
                    "{} has no snapshot: `make bench-national` leaves one, or name another with --data DIR",
                    national.display()
                )
                .into());
            }
        };
        Ok(Self {
            data,
            seconds: value("--seconds").map_or(Ok(3), |text| text.parse())?,
            postgresql_rows: value("--postgresql-rows").map_or(Ok(50_000), |text| text.parse())?,
            write: arguments.iter().any(|argument| argument == "--write"),
        })
    }
}

/// On standard error: the tables alone are on standard output.
fn say(what: &str) {
    eprintln!("{what}…");
}

fn measure_all(options: &Options) -> Result<Report> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lookups");
    say("choosing the numbers to ask");
    let data = Data::linked(&options.data, &folder)?;
    let keys = Keys::sampled(&data, &folder)?;
    let bench = Bench {
        seconds: Duration::from_secs(options.seconds),
        keys,
    };

    say("registre: start, and the size of its answers");
    let (server, started) = bench.registre(&data)?;
    let answers = bench.answers(&server)?;
    let body = folder.join(BODY);
    std::fs::File::create(&body)?.write_all(answers.median.as_bytes())?;
    data.set_profile(answers.median.len())?;
    drop(server);

    let mut lines = Vec::new();
    say("axum, a fixed body");
    lines.push(bench.fixed(&body)?);
    if options.postgresql_rows > 0 {
        say(&format!(
            "axum and PostgreSQL, {} rows",
            options.postgresql_rows
        ));
        lines.extend(bench.postgresql(&folder, &answers, options.postgresql_rows)?);
    }
    let (server, _) = bench.registre(&data)?;
    say("registre: its files read once, by it and by the system");
    std::thread::sleep(data.read_fiches()?);
    lines.extend(bench.routes(&server)?);
    say("registre: memory after a million lookups");
    let (memory, lookups) = bench.memory_after_a_million(&server, &lines)?;
    say("registre: another snapshot published under load");
    let swap = bench.swap(&server, &data)?;
    Ok(Report {
        rows: data.etablissements()?,
        body: answers.median.len(),
        seconds: options.seconds,
        lines,
        postgresql_rows: options.postgresql_rows,
        started,
        memory,
        lookups,
        swap,
    })
}

/// A real answer.
struct Answers {
    /// Of the median size.
    median: String,
    /// The SIRET it is about.
    siret: String,
}

/// What a run is made with.
struct Bench {
    seconds: Duration,
    keys: Keys,
}

impl Bench {
    /// The server as a user runs it, and how long after its start it gave a first answer.
    fn registre(&self, data: &Data) -> Result<(Server, Duration)> {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_registre"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data.folder());
        Server::started(
            command,
            &format!("/v1/etablissements/{}", self.keys.first()),
        )
    }

    /// Some answers of the server, one after the other.
    fn answers(&self, server: &Server) -> Result<Answers> {
        let mut answers = Vec::new();
        for siret in self.keys.some(ANSWERS) {
            let text = server.get(&format!("/v1/etablissements/{siret}"))?;
            answers.push((text, siret));
        }
        answers.sort_by_key(|(text, _)| text.len());
        let (median, siret) = answers.swap_remove(answers.len() / 2);
        Ok(Answers { median, siret })
    }

    fn measured(&self, name: &str, server: &Server, load: &Load<'_>) -> Result<Line> {
        load.run(server, Duration::from_secs(2).min(self.seconds))?;
        let before = server.cpu()?;
        let seen = load.run(server, self.seconds)?;
        let cpu = server.cpu()? - before;
        Ok(Line {
            name: name.to_owned(),
            memory: server.anonymous_memory()?,
            cpu,
            seen,
        })
    }

    fn fixed(&self, body: &Path) -> Result<Line> {
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.arg(bare::FIXED).arg(body);
        let (server, _) = Server::started(command, "/v1/etablissements/x")?;
        let load = Load::of("/v1/etablissements/", self.keys.sirets());
        self.measured(report::FIXED, &server, &load)
    }

    /// `None` where PostgreSQL is not installed.
    fn postgresql(&self, folder: &Path, answers: &Answers, rows: u64) -> Result<Option<Line>> {
        let Some(database) = Database::started(folder, &[])? else {
            say("PostgreSQL is not there: `apt-get install postgresql`");
            return Ok(None);
        };
        let body = folder.join(BODY);
        postgresql::load(&database, self.keys.sirets(), rows, &body, &answers.siret)?;
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.arg(bare::POSTGRESQL).arg(database.socket());
        let first = format!("/v1/etablissements/{}", self.keys.first());
        let (server, _) = Server::started(command, &first)?;
        let server = server.with(database.id());
        let load = Load::of("/v1/etablissements/", self.keys.sirets()).only(rows);
        self.measured(report::POSTGRESQL, &server, &load).map(Some)
    }

    /// Ours, route by route.
    fn routes(&self, server: &Server) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        let (sirets, sirens) = (self.keys.sirets(), self.keys.sirens());
        let organisations = format!("/v1/organisations/{}", self.keys.first());
        let mut routes = vec![
            (report::LAYERS, Load::of("/v1/profil", sirets).same()),
            (report::HIT, Load::of("/v1/etablissements/", sirets)),
        ];
        // A route that may not be there yet.
        if server.get(&organisations).is_ok() {
            routes.push((report::ORGANISATION, Load::of("/v1/organisations/", sirets)));
        }
        routes.push((report::UNIT, Load::of("/v1/unites-legales/", sirens)));
        let misses = Load::of("/v1/etablissements/", self.keys.misses()).missing();
        routes.push((report::MISS, misses));
        for (name, load) in routes {
            say(name);
            lines.push(self.measured(name, server, &load)?);
        }
        Ok(lines)
    }

    /// Asks on until a million lookups were made, as far as a few minutes allow.
    fn memory_after_a_million(&self, server: &Server, lines: &[Line]) -> Result<(u64, u64)> {
        let ours = lines.iter().filter(|line| report::is_a_lookup(&line.name));
        let mut lookups: u64 = ours.map(|line| line.seen.requests).sum();
        let load = Load::of("/v1/etablissements/", self.keys.sirets());
        for _ in 0..6 {
            if lookups >= MILLION {
                break;
            }
            lookups += load.run(server, self.seconds)?.requests;
        }
        Ok((server.anonymous_memory()?, lookups))
    }

    /// The same load twice, another snapshot being published in the middle of the second.
    fn swap(&self, server: &Server, data: &Data) -> Result<Swap> {
        let load = Load::of("/v1/etablissements/", self.keys.sirets());
        let steady = load.run(server, self.seconds)?;
        let half = self.seconds / 2;
        let during = std::thread::scope(|scope| -> Result<_> {
            let publishing = scope.spawn(|| {
                std::thread::sleep(half);
                data.publish_the_other().map_err(|error| error.to_string())
            });
            let during = load.run(server, self.seconds)?;
            publishing
                .join()
                .map_err(|_panic| "publishing panicked")??;
            Ok(during)
        })?;
        if server.get("/health")?.contains(snapshots::OTHER) {
            Ok(Swap { steady, during })
        } else {
            Err("the other snapshot was not put in service".into())
        }
    }
}
