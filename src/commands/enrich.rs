//! `registre enrich`: someone's file, with what the registers know of each row. Written aside, then
//! renamed: nothing half made is ever under the name of the result.

use registre_ingest::progress::{Cancel, Task};
use registre_ingest::publish::DataFolder;
use registre_query_api::{
    Bilan, Code, Compris, Config, Encodage, EnrichirError, FormatSortie, Options, Suivi,
};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Handle;

use super::{blocking_as, context};
use crate::cli::Enrich;
use crate::failure::Failure;
use crate::signals::Stop;

/// How long the work may take to hear that it is to stop: it may be waiting for someone to type.
const LAST_LOT: Duration = Duration::from_millis(500);

/// Bytes written at once.
const BUFFER: usize = 1 << 20;

/// DuckDB's part, which only files without fiches, or searches by name, need much of.
const MEMORY: &str = "1GB";

/// Enriches a file.
pub async fn enrich(arguments: Enrich, stop: Stop) -> Result<(), Failure> {
    DataFolder::at(&arguments.data.data).current()?;
    let part = part_of(&arguments)?;
    let task = context(&stop)
        .progress
        .begin("enrich", size(&arguments.file));
    let cancel = stop.cancel();
    let handle = Handle::current();
    let own = part.clone();
    let mut work = tokio::task::spawn_blocking(move || {
        let done = run(&arguments, own.as_deref(), &handle, task.as_ref(), &cancel);
        if let (Ok(bilan), false) = (&done, cancel.check().is_err()) {
            task.finish(&summary(bilan));
        }
        done
    });
    let done = tokio::select! {
        done = &mut work => blocking_as(done).and_then(|outcome| outcome),
        () = async { stop.stopped().await; tokio::time::sleep(LAST_LOT).await } => Err(interrupted()),
    };
    if done.is_err()
        && let Some(part) = part
    {
        // Absent when the work took it away itself, or never made it.
        let _gone = fs::remove_file(part);
    }
    done.map(|_bilan| ())
}

fn interrupted() -> Failure {
    Failure::new(130, "interrupted; no result was written")
}

/// Bytes of the file, when someone knows.
fn size(file: &Path) -> Option<u64> {
    let metadata = fs::metadata(file).ok()?;
    Some(metadata.len()).filter(|bytes| metadata.is_file() && *bytes > 0)
}

/// Where the result is written until it is whole; none on standard output.
fn part_of(arguments: &Enrich) -> Result<Option<PathBuf>, Failure> {
    let output = &arguments.output;
    if output == Path::new("-") {
        return Ok(None);
    }
    let input: &Path = if arguments.file == Path::new("-") {
        Path::new("/dev/stdin")
    } else {
        &arguments.file
    };
    // By what they are: the same file has many names.
    let of = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    if let (Ok(read), Ok(written)) = (of(input), of(output))
        && read == written
    {
        return Err(Failure::new(
            2,
            format!(
                "{} is the file to enrich: give the result another name",
                output.display()
            ),
        ));
    }
    let Some(name) = output.file_name() else {
        return Err(Failure::new(
            2,
            format!("{} is not the name of a file", output.display()),
        ));
    };
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    Ok(Some(output.with_file_name(part)))
}

fn run(
    arguments: &Enrich,
    part: Option<&Path>,
    handle: &Handle,
    task: &dyn Task,
    cancel: &Cancel,
) -> Result<Bilan, Failure> {
    let options = options(arguments)?;
    let config = Config {
        data: arguments.data.data.clone(),
        memory_limit: MEMORY.to_owned(),
        ..Config::default()
    };
    let suivi = Watched { task, cancel };
    let input: Box<dyn Read + Send> = if arguments.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&arguments.file).map_err(|error| unreadable(arguments, &error))?)
    };
    let told = |error| failed(arguments, error);
    let Some(part) = part else {
        let output = BufWriter::with_capacity(BUFFER, io::stdout());
        let done = registre_query_api::enrichir(&config, handle, &options, input, output, &suivi);
        return match done {
            Ok((bilan, _flushed)) => Ok(bilan),
            // A closed pipe (`| head`) is not our failure.
            Err(EnrichirError::Ecriture(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(Bilan::default())
            }
            Err(error) => Err(told(error)),
        };
    };
    let written = (|| {
        let file = File::create_new(part).map_err(EnrichirError::Ecriture)?;
        let output = BufWriter::with_capacity(BUFFER, file);
        let (bilan, output) =
            registre_query_api::enrichir(&config, handle, &options, input, output, &suivi)?;
        let file = output
            .into_inner()
            .map_err(|error| EnrichirError::Ecriture(error.into_error()))?;
        file.sync_all().map_err(EnrichirError::Ecriture)?;
        fs::rename(part, &arguments.output).map_err(EnrichirError::Ecriture)?;
        Ok(bilan)
    })();
    written.map_err(|error| {
        let _never_made = fs::remove_file(part);
        told(error)
    })
}

fn options(arguments: &Enrich) -> Result<Options, Failure> {
    let by_name = match arguments.output.extension().and_then(|text| text.to_str()) {
        Some("csv" | "tsv" | "txt") => Some(FormatSortie::Csv),
        Some("ndjson" | "jsonl") => Some(FormatSortie::Ndjson),
        Some("parquet") => Some(FormatSortie::Parquet),
        _ => None,
    };
    let encodage = match arguments.encoding {
        Some(said) => Some(said.into()),
        None => encoding_of(&arguments.file).map_err(|error| unreadable(arguments, &error))?,
    };
    Ok(Options {
        format: arguments.format.map(FormatSortie::from).or(by_name),
        entete: arguments.no_header.then_some(false),
        delimiteur: arguments.delimiter,
        encodage,
        identifiant: arguments.id.clone(),
        nom: arguments.name.clone(),
        code_postal: arguments.postcode.clone(),
        colonnes: arguments.colonnes.clone(),
        prefixe: arguments.prefix.clone(),
        brutes: arguments.raw_cells,
        ..Options::default()
    })
}

/// The encoding of a file that can be read twice: its first accent may be far from its start, and what
/// is added from the first row on must be written as it is. None when there is none, or of a pipe.
fn encoding_of(file: &Path) -> io::Result<Option<Encodage>> {
    if size(file).is_none() {
        return Ok(None);
    }
    registre_query_api::encodage_de(File::open(file)?)
}

/// Tells the progress bar, hears Ctrl-C.
struct Watched<'a> {
    task: &'a dyn Task,
    cancel: &'a Cancel,
}

impl Suivi for Watched<'_> {
    fn compris(&self, comment: &Compris) {
        tracing::info!(
            "snapshot {}; looked up by {}; {:?} out",
            comment.snapshot,
            comment.lues.join(" and "),
            comment.format
        );
        for (asked, given) in &comment.renommees {
            tracing::warn!(
                "the file already has a column {asked}: ours is {given}; --prefix gives another name"
            );
        }
    }

    fn avance(&self, octets: u64, lignes: u64) {
        self.task.advance(octets);
        self.task.rows(lignes);
    }

    fn arrete(&self) -> bool {
        self.cancel.check().is_err()
    }
}

fn summary(bilan: &Bilan) -> String {
    let counted = bilan
        .resultats
        .iter()
        .map(|(resultat, rows)| format!("{rows} {resultat}"));
    let counted: Vec<String> = counted.collect();
    format!("{} rows enriched ({})", bilan.lignes, counted.join(", "))
}

fn unreadable(arguments: &Enrich, error: &io::Error) -> Failure {
    Failure::new(
        3,
        format!(
            "read {}: {error}; give a file of rows, or - for standard input",
            arguments.file.display()
        ),
    )
}

fn failed(arguments: &Enrich, error: EnrichirError) -> Failure {
    match error {
        EnrichirError::Interrompu => interrupted(),
        EnrichirError::Lecture(error) => unreadable(arguments, &error),
        EnrichirError::Colonne { option, .. } => {
            let flag = match option {
                "nom" => "--name",
                "code_postal" => "--postcode",
                _ => "--id",
            };
            Failure::new(2, format!("{flag}: {error}"))
        }
        EnrichirError::SansCle(_) => {
            Failure::new(2, format!("{error} with --id, or --name and --postcode"))
        }
        EnrichirError::Sortie(_) => {
            Failure::new(2, format!("{error} that `registre enrich --help` tells of"))
        }
        EnrichirError::Forme(..) => {
            Failure::new(3, format!("{}: {error}", arguments.file.display()))
        }
        EnrichirError::Ecriture(error) => {
            Failure::new(6, format!("write {}: {error}", arguments.output.display()))
        }
        EnrichirError::Donnees(error) => {
            let cause = error.cause().map(|cause| format!(" ({cause})"));
            let advice = if error.code() == Code::AucuneDonnee {
                "; run `registre ingest`"
            } else {
                ""
            };
            Failure::new(6, format!("{error}{}{advice}", cause.unwrap_or_default()))
        }
        other => Failure::new(6, other.to_string()),
    }
}
