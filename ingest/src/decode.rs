//! Opens a raw file (a zip of CSV files, or a CSV) and yields typed Arrow batches in file order.
//!
//! ```text
//! inflate + cut into chunks of whole records      one thread, sequential by nature
//!        |  bounded queue, in file order
//! parse each chunk into a RecordBatch             rayon, one task per chunk
//!        |  in file order
//! the caller's sink                               the calling thread
//! ```
//!
//! Memory is bounded by the queue: [`IN_FLIGHT`] chunks of about [`split::CHUNK`] bytes and the
//! batches made from them. A spreadsheet gives the same batches, by `decode/xlsx.rs`, and a Parquet
//! file by `decode/parquet.rs`.

mod archive;
pub(crate) mod builder;
pub mod fields;
pub mod layout;
mod parquet;
pub mod parse;
pub mod record;
pub mod rejects;
pub mod scan;
pub mod split;
pub mod values;
mod xlsx;

use arrow::record_batch::RecordBatch;
use registre_schemas::manifest::DecodeReport;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use zip::ZipArchive;

use crate::download::RawFile;
use crate::error::IngestError;
use crate::progress::{Context, Task};
use layout::Layout;
use parse::Parsed;
use rejects::Rejects;
use split::Splitter;

/// Chunks being parsed or waiting for the sink. Two per core keeps both cores busy on two cores.
const IN_FLIGHT: usize = 6;

/// Decodes `raw` to its end, giving each batch to `sink` in file order.
///
/// Every batch has the same schema: the table's columns, then the unknown ones of any entry.
pub fn decode(
    raw: &RawFile,
    context: &Context,
    mut sink: impl FnMut(RecordBatch) -> Result<(), IngestError>,
) -> Result<DecodeReport, IngestError> {
    let source = &raw.resource.source;
    if source.spreadsheet && xlsx::is_workbook(&raw.path)? {
        return xlsx::decode(raw, context, sink);
    }
    let is_parquet = parquet::is_parquet(raw)?;
    let layouts = if is_parquet {
        vec![parquet::read_layout(raw)?]
    } else {
        read_layouts(raw)?
    };
    let mut rejects = Rejects::new(source.refused_per_million);
    let task = context
        .progress
        .begin(&format!("{}: decode", source.name), Some(raw.size));
    let (ordered, received) = sync_channel::<Receiver<Parsed>>(IN_FLIGHT);
    let outcome = std::thread::scope(|scope| {
        let producer = scope.spawn(|| {
            // Owned here, so that the queue ends when the reading does.
            let ordered = ordered;
            if is_parquet {
                parquet::produce(raw, &layouts[0].layout, &ordered, &*task, context)
            } else {
                produce(raw, &layouts, &ordered, &*task, context)
            }
        });
        let mut consume = || {
            for parsed in &received {
                context.cancel.check()?;
                let Ok(parsed) = parsed.recv() else {
                    return Err(IngestError::Decode {
                        file: source.name.clone(),
                        line: None,
                        detail: "a parsing task died".to_owned(),
                    });
                };
                task.rows(parsed.rows_read);
                rejects.merge(&parsed)?;
                sink(parsed.batch)?;
            }
            Ok(())
        };
        let consumed = consume();
        // Dropping the receiver makes the producer's next send fail, so that it stops too.
        drop(received);
        let produced = producer.join().unwrap_or_else(|_panic| {
            Err(IngestError::Decode {
                file: source.name.clone(),
                line: None,
                detail: "the reading thread died".to_owned(),
            })
        });
        // The sink's error is the cause when both failed.
        consumed.and(produced)
    });
    outcome?;
    let report = rejects.finish(&source.name, &layouts)?;
    task.finish(&format!(
        "{}: {} rows read, {} kept",
        source.name, report.rows_read, report.rows_kept
    ));
    Ok(report)
}

/// The optional columns that `raw` does not have.
pub(crate) fn missing_columns(raw: &RawFile) -> Result<Vec<String>, IngestError> {
    let entries = read_layouts(raw)?;
    let missing = entries
        .iter()
        .flat_map(|entry| entry.layout.missing.clone());
    Ok(missing.collect())
}

/// One CSV inside a raw file, by position in its archive.
#[derive(Debug)]
struct Entry {
    index: usize,
    layout: Arc<Layout>,
}

/// A reader that tells how far it is in the file under it, whatever inflates above.
struct Counted<'a> {
    file: File,
    task: Option<&'a dyn Task>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        if let Some(task) = self.task {
            task.advance(length as u64);
        }
        Ok(length)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

fn open_archive<'a>(
    path: &Path,
    task: Option<&'a dyn Task>,
) -> Result<ZipArchive<Counted<'a>>, IngestError> {
    let file = File::open(path).map_err(IngestError::io("open", path))?;
    ZipArchive::new(Counted { file, task }).map_err(|error| IngestError::File {
        path: path.to_path_buf(),
        detail: format!("not a whole zip archive ({error}): truncated download? run again"),
    })
}

fn is_zip(path: &Path) -> Result<bool, IngestError> {
    let mut magic = [0; 2];
    let mut file = File::open(path).map_err(IngestError::io("open", path))?;
    let length = file
        .read(&mut magic)
        .map_err(IngestError::io("read", path))?;
    Ok(&magic[..length] == b"PK")
}

/// Reads the header of every entry first: a missing column stops the run before any work, and
/// all entries share one schema.
fn read_layouts(raw: &RawFile) -> Result<Vec<Entry>, IngestError> {
    let source = &raw.resource.source;
    let mut headers: Vec<(usize, String, Vec<String>)> = Vec::new();
    if is_zip(&raw.path)? {
        let mut archive = open_archive(&raw.path, None)?;
        for file in archive::csv_files(&archive, source, &raw.path, raw.size)? {
            let entry = archive
                .by_index(file.index)
                .map_err(|error| zip_error(&raw.path, &error))?;
            let header = layout::read_header(entry, &file.name, source.delimiter)?;
            headers.push((file.index, file.name, layout::spelled(source.table, header)));
        }
    } else {
        let name = raw
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let file = File::open(&raw.path).map_err(IngestError::io("open", &raw.path))?;
        let header = layout::read_header(file, &name, source.delimiter)?;
        headers.push((0, name, layout::spelled(source.table, header)));
    }
    let unknown = layout::unknown_columns(
        source.table,
        headers.iter().map(|(_, _, header)| header.as_slice()),
    );
    headers
        .into_iter()
        .map(|(index, file, header)| {
            let layout = Layout::new(source.table, source.delimiter, file, &header, &unknown)?;
            Ok(Entry {
                index,
                layout: Arc::new(layout),
            })
        })
        .collect()
}

fn zip_error(path: &Path, detail: &dyn std::fmt::Display) -> IngestError {
    IngestError::File {
        path: path.to_path_buf(),
        detail: format!("zip archive: {detail}"),
    }
}

/// Inflates, cuts, and hands out chunks until the end, an error, or a consumer that went away.
fn produce(
    raw: &RawFile,
    entries: &[Entry],
    ordered: &SyncSender<Receiver<Parsed>>,
    task: &dyn Task,
    context: &Context,
) -> Result<(), IngestError> {
    if is_zip(&raw.path)? {
        let mut archive = open_archive(&raw.path, Some(task))?;
        for entry in entries {
            let reader = archive
                .by_index(entry.index)
                .map_err(|error| zip_error(&raw.path, &error))?;
            if !produce_entry(reader, raw, &entry.layout, ordered, context)? {
                return Ok(());
            }
        }
        Ok(())
    } else {
        let file = File::open(&raw.path).map_err(IngestError::io("open", &raw.path))?;
        produce_entry(
            Counted {
                file,
                task: Some(task),
            },
            raw,
            &entries[0].layout,
            ordered,
            context,
        )
        .map(|_consumer_alive| ())
    }
}

/// False when nobody listens any more.
fn produce_entry(
    reader: impl Read,
    raw: &RawFile,
    layout: &Arc<Layout>,
    ordered: &SyncSender<Receiver<Parsed>>,
    context: &Context,
) -> Result<bool, IngestError> {
    let mut splitter = Splitter::new(reader, layout.shape);
    let read_error = |error: io::Error| IngestError::File {
        path: raw.path.clone(),
        detail: format!("{}: {error}: truncated or corrupt; run again", layout.file),
    };
    splitter.skip_header().map_err(read_error)?;
    while let Some(chunk) = splitter.next_chunk().map_err(read_error)? {
        context.cancel.check()?;
        let (give, take) = sync_channel(1);
        if ordered.send(take).is_err() {
            return Ok(false);
        }
        let layout = Arc::clone(layout);
        rayon::spawn(move || {
            // The consumer may have gone after an error of its own: nothing is lost with it.
            let _gone = give.send(parse::parse(&chunk, &layout));
        });
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
