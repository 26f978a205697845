//! `registre sql`: one query, or a shell, on the published snapshot.

mod complete;
mod shell;
mod table;

use registre_ingest::publish::DataFolder;
use registre_query_api::{Session, SessionError, SqlError};
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

use crate::cli::{OutputFormat, SqlCommand};
use crate::failure::Failure;

/// Rows of a table for people.
const SHOWN: usize = 100;

/// The query of the command line, that of standard input, or those typed.
pub fn sql(arguments: &SqlCommand) -> Result<(), Failure> {
    let folder = DataFolder::at(&arguments.data.data);
    let Some(manifest) = folder.current()? else {
        return Err(Failure::new(
            3,
            format!(
                "nothing is published in {}; run `registre ingest` first, or name another folder with --data",
                arguments.data.data.display()
            ),
        ));
    };
    let snapshot = folder.snapshots().join(&manifest.id);
    let session = Session::open(&snapshot, manifest, arguments.settings())
        .map_err(|error| Failure::new(6, format!("open {}: {error}", snapshot.display())))?;
    let query = match &arguments.query {
        Some(query) => query.clone(),
        None if io::stdin().is_terminal() && arguments.output.is_none() => {
            return shell::run(&session, arguments.format);
        }
        None => {
            let mut query = String::new();
            io::stdin()
                .read_to_string(&mut query)
                .map_err(|error| Failure::new(3, format!("read standard input: {error}")))?;
            query
        }
    };
    one(&session, &query, arguments)
}

/// What a server, or a shell, starts for itself.
pub fn worker() -> Result<(), Failure> {
    if registre_query_api::run_worker() == std::process::ExitCode::SUCCESS {
        return Ok(());
    }
    Err(Failure::new(1, "a process of SQL ended"))
}

fn one(session: &Session, query: &str, arguments: &SqlCommand) -> Result<(), Failure> {
    let on_terminal = arguments.output.is_none() && io::stdout().is_terminal();
    let format = arguments.format.unwrap_or(if on_terminal {
        OutputFormat::Table
    } else {
        OutputFormat::Csv
    });
    let written = match (&arguments.output, format.written()) {
        (None, None) => shown(session, query),
        (None, Some(format)) => {
            let mut out = BufWriter::new(io::stdout().lock());
            session.write(query, format, &mut out).map(drop)
        }
        (Some(path), None) => in_file(path, |file| {
            let answer = session.rows(query, SHOWN)?;
            Ok(file.write_all(table::drawn(&answer, usize::MAX, SHOWN).as_bytes())?)
        }),
        (Some(path), Some(format)) => {
            in_file(path, |file| session.write(query, format, file).map(drop))
        }
    };
    match written {
        Ok(()) => Ok(()),
        // `| head` has what it wanted.
        Err(SessionError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(failure(&error)),
    }
}

fn shown(session: &Session, query: &str) -> Result<(), SessionError> {
    let answer = session.rows(query, SHOWN)?;
    let text = table::drawn(&answer, table::width(), SHOWN);
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}

/// Written aside, then renamed: a file under its name is whole.
fn in_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), SessionError>,
) -> Result<(), SessionError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".partial");
    let aside = PathBuf::from(aside);
    let written = File::create(&aside)
        .map_err(SessionError::from)
        .and_then(|file| {
            let mut file = BufWriter::new(file);
            write(&mut file)?;
            Ok(file.flush()?)
        })
        .and_then(|()| Ok(fs::rename(&aside, path)?));
    if written.is_err() {
        let _never_made = fs::remove_file(&aside);
    }
    written
}

fn failure(error: &SessionError) -> Failure {
    let code = match error {
        SessionError::Sql(SqlError::Interrompue) => 130,
        SessionError::Sql(SqlError::Panne(_)) | SessionError::Write(_) => 6,
        SessionError::Sql(_) => 9,
    };
    Failure::new(code, said(error))
}

/// The error, its cause when it is a fault of ours, and what to do.
fn said(error: &SessionError) -> String {
    match error {
        SessionError::Sql(SqlError::Panne(cause)) => format!("{error} ({cause})"),
        SessionError::Sql(error) => format!("{error} {}", error.que_faire()),
        SessionError::Write(_) => error.to_string(),
    }
}
