//! The shell: queries typed one after the other, each ended by a semicolon.

use registre_query_api::{Relation, Session, SessionError, SqlError};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use super::complete::Typing;
use super::{SHOWN, said, table};
use crate::cli::OutputFormat;
use crate::failure::Failure;

/// Queries remembered.
const REMEMBERED: usize = 2000;

const HELP: &str = "\
  SELECT … ;     une requête, sur plusieurs lignes s'il le faut
  \\d             les tables et les vues
  \\d TABLE       ses colonnes
  \\x             une colonne par ligne, ou une ligne par ligne
  \\q             quitter (ou Ctrl-D)
  Tab complète ; Ctrl-C interrompt la requête, ou efface ce qui est tapé.
";

/// What a line asks of the shell.
enum Next {
    Go,
    Quit,
}

struct Shell<'session> {
    session: &'session Session,
    tables: Vec<Relation>,
    format: OutputFormat,
    /// A column under the other.
    tall: bool,
}

/// Until the end of what is typed.
pub fn run(session: &Session, format: Option<OutputFormat>) -> Result<(), Failure> {
    let fault = |error: ReadlineError| Failure::new(1, format!("read the terminal: {error}"));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(REMEMBERED)
        .map_err(fault)?
        .build();
    let mut editor: Editor<Typing, DefaultHistory> = Editor::with_config(config).map_err(fault)?;
    let description = session.description();
    editor.set_helper(Some(Typing::of(&description)));
    let history = history();
    if let Some(path) = &history {
        // There is none the first time.
        let _none_yet = editor.load_history(path);
    }
    let mut shell = Shell {
        session,
        tables: description.tables,
        format: format.unwrap_or(OutputFormat::Table),
        tall: false,
    };
    print(&format!(
        "registre sql, données {} ; \\? pour l'aide\n",
        description.snapshot
    ));
    loop {
        match editor.readline("sql> ") {
            Ok(line) => {
                if line.trim().is_empty() {
                    continue;
                }
                // A history that cannot be kept is no reason to stop.
                let _not_kept = editor.add_history_entry(line.as_str());
                if let Some(path) = &history {
                    let _not_kept = editor.save_history(path);
                }
                if matches!(shell.line(line.trim()), Next::Quit) {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            // Ctrl-C just as the terminal was given back.
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(fault(error)),
        }
    }
}

impl Shell<'_> {
    fn line(&mut self, line: &str) -> Next {
        if let Some(command) = line.strip_prefix('\\') {
            return self.command(command.trim().trim_end_matches(';'));
        }
        let started = Instant::now();
        match self.query(line) {
            Ok(()) => print(&format!(
                "{:.1} ms\n",
                started.elapsed().as_secs_f64() * 1e3
            )),
            Err(SessionError::Write(error)) => {
                tracing::error!("write to the terminal: {error}");
                return Next::Quit;
            }
            Err(error) => print(&shown(&error, line)),
        }
        Next::Go
    }

    fn query(&self, query: &str) -> Result<(), SessionError> {
        if let Some(format) = self.format.written() {
            let mut out = io::stdout().lock();
            return self.session.write(query, format, &mut out).map(drop);
        }
        let answer = self.session.rows(query, SHOWN)?;
        print(&if self.tall {
            table::records(&answer, SHOWN)
        } else {
            table::drawn(&answer, table::width(), SHOWN)
        });
        Ok(())
    }

    fn command(&mut self, command: &str) -> Next {
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        match (name, argument.trim()) {
            ("q" | "quit" | "exit", _) => return Next::Quit,
            ("?" | "h" | "help", _) => print(HELP),
            ("x", _) => {
                self.tall = !self.tall;
                print(if self.tall {
                    "une colonne par ligne\n"
                } else {
                    "une ligne par ligne\n"
                });
            }
            ("d", "") => print(&self.relations()),
            ("d", wanted) => print(&self.columns(wanted)),
            _ => print(&format!("commande inconnue : \\{name}\n{HELP}")),
        }
        Next::Go
    }

    fn relations(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            let rows = table
                .lignes
                .map_or_else(String::new, |rows| rows.to_string());
            let _infallible = writeln!(
                text,
                "{:<28} {:<6} {rows:>12}  {}",
                table.nom, table.nature, table.description
            );
        }
        text
    }

    fn columns(&self, wanted: &str) -> String {
        let found = self
            .tables
            .iter()
            .find(|table| table.nom.eq_ignore_ascii_case(wanted));
        let Some(table) = found else {
            return format!("aucune table « {wanted} » ; \\d en donne la liste\n");
        };
        let names = table.colonnes.iter().map(|column| column.nom.len());
        let widest = names.max().unwrap_or_default();
        let mut text = format!("{}\n", table.description);
        for column in &table.colonnes {
            let _infallible = writeln!(
                text,
                "{:<widest$}  {:<9}  {}",
                column.nom, column.kind, column.description
            );
        }
        text
    }
}

/// An error, under the place in the query when it is known.
fn shown(error: &SessionError, query: &str) -> String {
    let mut text = String::new();
    if let SessionError::Sql(SqlError::Invalide {
        ligne: Some(line),
        colonne: Some(column),
        ..
    }) = error
        && let Some(at_fault) = query.lines().nth(line - 1)
    {
        let _infallible = writeln!(text, "  {at_fault}\n  {}^", " ".repeat(column - 1));
    }
    let _infallible = writeln!(text, "{}", said(error));
    text
}

/// A terminal that is gone is noticed by the next reading.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Where queries are remembered: where the system keeps such things for this user.
fn history() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state"));
    let folder = state
        .filter(|path| path.is_absolute())
        .or_else(home)?
        .join("registre");
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join("historique.sql"))
}
