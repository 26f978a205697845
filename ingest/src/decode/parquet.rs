//! A Parquet file, as the same batches a zip of CSV gives: typed by the table, checked, in file
//! order.
//!
//! ```text
//! decode and convert some of the columns     one thread per part of the columns
//!        |  bounded queues, the same rows in each
//! check the keys, refuse rows                one thread, in file order
//!        |
//! the caller's sink                          the calling thread
//! ```
//!
//! The columns are shared out rather than the row groups: those of a plain writer hold a million
//! rows, too many to have several in memory, and a later one decoded early would only wait. Each
//! thread reads its columns page after page: memory is a page per column and a few batches.

mod convert;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray, new_null_array};
use arrow::compute::filter;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::file::metadata::RowGroupMetaData;
use registre_schemas::column::Kind;
use registre_schemas::manifest::Counted;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::Entry;
use super::layout::{self, Layout, MOST_COLUMNS};
use super::parse::Parsed;
use super::rejects::{self, Noted};
use crate::download::RawFile;
use crate::error::IngestError;
use crate::progress::{Context, Task};
use convert::{Converted, convert, shown};

/// Rows of a batch.
const BATCH: usize = 8192;
/// Batches a part of the columns may be ahead of the others.
const AHEAD: usize = 2;
/// Parts of the columns decoded at the same time: past this the check of the keys, and whoever
/// writes, would be waited for.
const MOST_PARTS: usize = 4;

const MAGIC: &[u8] = b"PAR1";
/// Of a file whose footer is encrypted.
const ENCRYPTED: &[u8] = b"PARE";

/// Whether the file is in Parquet, by its first bytes. Refuses one that cannot be read at all, or
/// that is named a Parquet file and is something else.
pub fn is_parquet(raw: &RawFile) -> Result<bool, IngestError> {
    let mut start = Vec::new();
    File::open(&raw.path)
        .and_then(|file| file.take(40).read_to_end(&mut start))
        .map_err(IngestError::io("read", &raw.path))?;
    let named = raw
        .path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    if start.starts_with(MAGIC) {
        Ok(true)
    } else if start.starts_with(ENCRYPTED) {
        Err(refused(
            &raw.path,
            "an encrypted Parquet file, whose key is not known here: ask for one that is not, or take the zip of CSV (--format csv)",
        ))
    } else if named && !start.starts_with(b"PK") {
        Err(refused(
            &raw.path,
            &format!(
                "not a Parquet file: it begins with {:?}; fetch it again, or take the zip of CSV (--format csv)",
                String::from_utf8_lossy(&start)
            ),
        ))
    } else {
        Ok(false)
    }
}

fn refused(path: &Path, detail: &str) -> IngestError {
    IngestError::File {
        path: path.to_path_buf(),
        detail: detail.to_owned(),
    }
}

/// What is known of the file from its footer alone: a missing column, or a compression that cannot
/// be undone, stops the run before any work.
pub(super) fn read_layout(raw: &RawFile) -> Result<Entry, IngestError> {
    let metadata = read_metadata(&raw.path)?;
    let fields = metadata.schema().fields();
    let header: Vec<String> = fields.iter().map(|field| clean(field.name())).collect();
    if header.len() > MOST_COLUMNS {
        let detail = format!(
            "{} columns, more than {MOST_COLUMNS}: this is not a register",
            header.len()
        );
        return Err(refused(&raw.path, &detail));
    }
    refuse_other_compressions(&raw.path, &metadata)?;
    let source = &raw.resource.source;
    let unknown = layout::unknown_columns(source.table, std::iter::once(header.as_slice()));
    let file = raw.path.file_name().unwrap_or_default().to_string_lossy();
    Layout::new(
        source.table,
        source.delimiter,
        file.into_owned(),
        &header,
        &unknown,
    )
    .map(|layout| Entry {
        index: 0,
        layout: Arc::new(layout),
    })
    .map_err(|error| match error {
        // A Parquet file has no first line to look at.
        IngestError::Decode { file, detail, .. } => IngestError::Decode {
            file,
            line: None,
            detail,
        },
        error => error,
    })
}

/// A name fit for a message and a schema.
fn clean(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}

fn read_metadata(path: &Path) -> Result<ArrowReaderMetadata, IngestError> {
    let file = File::open(path).map_err(IngestError::io("open", path))?;
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| {
        refused(
            path,
            &format!("not a whole Parquet file ({error}): truncated download? run again"),
        )
    })
}

/// Snappy and zstd are what the writers of these files use; the others would each be one more
/// decompressor to carry and to trust.
fn refuse_other_compressions(
    path: &Path,
    metadata: &ArrowReaderMetadata,
) -> Result<(), IngestError> {
    let groups = metadata.metadata().row_groups().iter();
    let other = groups.flat_map(RowGroupMetaData::columns).find(|column| {
        !matches!(
            column.compression(),
            Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)
        )
    });
    match other {
        None => Ok(()),
        Some(column) => Err(refused(
            path,
            &format!(
                "column {:?} is compressed with {}, which is not read here (snappy, zstd or nothing are): write the file again, or take the zip of CSV (--format csv)",
                clean(&column.column_path().string()),
                column.compression()
            ),
        )),
    }
}

/// Reads, converts and checks every row, until the end, an error, or a consumer that went away.
pub(super) fn produce(
    raw: &RawFile,
    layout: &Layout,
    ordered: &SyncSender<Receiver<Parsed>>,
    task: &dyn Task,
    context: &Context,
) -> Result<(), IngestError> {
    let metadata = read_metadata(&raw.path)?;
    let parts = share_out(layout, &metadata);
    std::thread::scope(|scope| {
        let (mut threads, mut queues) = (Vec::new(), Vec::new());
        for part in &parts {
            let (give, take) = sync_channel(AHEAD);
            let metadata = metadata.clone();
            threads.push(scope.spawn(move || read_part(&raw.path, metadata, part, &give)));
            queues.push(take);
        }
        let joined = join(raw, layout, &metadata, &queues, ordered, task, context);
        // The readers that wait find their queue gone, and stop.
        drop(queues);
        let mut read = Ok(());
        for thread in threads {
            let ended = thread.join().unwrap_or_else(|_panic| {
                Err(refused(
                    &raw.path,
                    "its pages cannot be decoded: corrupt; run again",
                ))
            });
            read = read.and(ended);
        }
        // A reader that failed is why the others, and the rows, are not all there.
        read.and(joined)
    })
}

/// One column of the file that is of use.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// Its place among the file's columns.
    field: usize,
    kind: Kind,
    digits: Option<usize>,
}

/// Shares the columns of use out between the threads, so that each has as many bytes to decode.
fn share_out(layout: &Layout, metadata: &ArrowReaderMetadata) -> Vec<Vec<Wanted>> {
    let known = layout
        .table
        .columns
        .iter()
        .map(|column| (column.kind, column.digits()));
    let unknown = layout.unknown.iter().map(|_| (Kind::Text, None));
    let mut wanted: Vec<(i64, Wanted)> = known
        .chain(unknown)
        .zip(&layout.fields)
        .filter_map(|((kind, digits), field)| {
            let field = (*field)?;
            let bytes = bytes_of(field, metadata);
            Some((
                bytes,
                Wanted {
                    field,
                    kind,
                    digits,
                },
            ))
        })
        .collect();
    wanted.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let count = rayon::current_num_threads().min(MOST_PARTS);
    let mut parts: Vec<(i64, Vec<Wanted>)> = vec![(0, Vec::new()); count.max(1)];
    for (bytes, column) in wanted {
        if let Some((total, part)) = parts.iter_mut().min_by_key(|(total, _)| *total) {
            // One more, so that columns of no byte are shared out too.
            *total += bytes + 1;
            part.push(column);
        }
    }
    let mut parts: Vec<Vec<Wanted>> = parts.into_iter().map(|(_, part)| part).collect();
    parts.retain(|part| !part.is_empty());
    for part in &mut parts {
        // The reader gives them in the file's order.
        part.sort_by_key(|column| column.field);
    }
    parts
}

/// What a column takes once inflated, all row groups together.
fn bytes_of(field: usize, metadata: &ArrowReaderMetadata) -> i64 {
    let schema = metadata.parquet_schema();
    let leaves =
        (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == field);
    let leaves: Vec<usize> = leaves.collect();
    let groups = metadata.metadata().row_groups().iter();
    groups
        .flat_map(|group| {
            leaves
                .iter()
                .map(|leaf| group.column(*leaf).uncompressed_size())
        })
        .fold(0, i64::saturating_add)
}

/// What a part has of a batch: each column with its place in the file.
type PartBatch = Vec<(usize, Converted)>;

/// Decodes and converts some of the columns, from the first row to the last. Each reader has a file
/// of its own: it moves about in it.
fn read_part(
    path: &Path,
    metadata: ArrowReaderMetadata,
    part: &[Wanted],
    queue: &SyncSender<PartBatch>,
) -> Result<(), IngestError> {
    let corrupt = |error: &dyn std::fmt::Display| {
        refused(path, &format!("{error}: truncated or corrupt; run again"))
    };
    let file = File::open(path).map_err(IngestError::io("open", path))?;
    let mask = ProjectionMask::roots(
        metadata.parquet_schema(),
        part.iter().map(|column| column.field),
    );
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_projection(mask)
        .with_batch_size(BATCH)
        .build()
        .map_err(|error| corrupt(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| corrupt(&error))?;
        let columns = part.iter().zip(batch.columns());
        let columns = columns.map(|(column, array)| {
            convert(array, column.kind, column.digits).map(|converted| (column.field, converted))
        });
        let columns = columns
            .collect::<Result<PartBatch, ArrowError>>()
            .map_err(|error| corrupt(&error))?;
        if queue.send(columns).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Puts the parts of each batch together again, checks it, and hands it out.
fn join(
    raw: &RawFile,
    layout: &Layout,
    metadata: &ArrowReaderMetadata,
    queues: &[Receiver<PartBatch>],
    ordered: &SyncSender<Receiver<Parsed>>,
    task: &dyn Task,
    context: &Context,
) -> Result<(), IngestError> {
    let announced = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut rows: u64 = 0;
    let mut advanced: u64 = 0;
    loop {
        context.cancel.check()?;
        let parts: Vec<PartBatch> = queues.iter().map_while(|queue| queue.recv().ok()).collect();
        if parts.len() < queues.len() {
            // The end, or a reader that failed, and then its own error counts.
            break;
        }
        let mut columns: Vec<Option<Converted>> = layout.fields.iter().map(|_| None).collect();
        for (field, converted) in parts.into_iter().flatten() {
            let place = layout.fields.iter().position(|place| *place == Some(field));
            if let Some(place) = place {
                columns[place] = Some(converted);
            }
        }
        let parsed = check(layout, columns, rows).map_err(|error| {
            refused(
                &raw.path,
                &format!("after row {rows}: {error}: corrupt; run again"),
            )
        })?;
        rows += parsed.rows_read;
        let reached = share(raw.size, rows, announced);
        task.advance(reached.saturating_sub(advanced));
        advanced = reached;
        let (give, take) = sync_channel(1);
        // The consumer may have gone after an error of its own: nothing is lost with it.
        let _received_below = give.send(parsed);
        if ordered.send(take).is_err() {
            return Ok(());
        }
    }
    if rows == announced {
        return Ok(());
    }
    let detail = format!("{rows} rows, {announced} announced by its footer: corrupt; run again");
    Err(refused(&raw.path, &detail))
}

/// That part of `whole` which `done` is of `all`.
fn share(whole: u64, done: u64, all: u64) -> u64 {
    let share = u128::from(whole) * u128::from(done.min(all)) / u128::from(all.max(1));
    u64::try_from(share).unwrap_or(whole)
}

/// Refuses the rows whose key is wrong, notes the values that could not be converted in the others.
fn check(
    layout: &Layout,
    columns: Vec<Option<Converted>>,
    rows_before: u64,
) -> Result<Parsed, ArrowError> {
    let length = columns
        .iter()
        .flatten()
        .next()
        .map_or(0, |column| column.array.len());
    let mut noted = Noted::new(&layout.file, Counted::Row);
    let kept = keep(layout, &columns, length, rows_before, &mut noted);
    let whole = noted.refused == 0;
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (place, column) in columns.into_iter().enumerate() {
        let Some(column) = column else {
            let data_type = layout.schema.field(place).data_type();
            arrays.push(new_null_array(data_type, kept.true_count()));
            continue;
        };
        let name = layout.table.columns.get(place).map(|column| column.name);
        for row in column.unreadable.iter().filter(|row| kept.value(**row)) {
            let place = || rows_before + *row as u64 + 1;
            noted.note(
                rejects::UNREADABLE,
                name,
                &shown(&column.source, *row),
                place,
            );
        }
        arrays.push(if whole {
            column.array
        } else {
            filter(&column.array, &kept)?
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(kept.true_count()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&layout.schema), arrays, &options)?;
    Ok(noted.with(batch, length as u64))
}

/// Which rows have the keys of a row.
fn keep(
    layout: &Layout,
    columns: &[Option<Converted>],
    length: usize,
    rows_before: u64,
    noted: &mut Noted<'_>,
) -> BooleanArray {
    // Keys are known by their place in the file, columns by theirs in the table.
    let keys: Vec<(usize, &StringArray)> = layout
        .fields
        .iter()
        .zip(columns)
        .filter_map(|(field, column)| Some(((*field)?, column.as_ref()?)))
        .filter(|(field, _)| layout.keys.iter().any(|key| key.field == *field))
        .filter_map(|(field, column)| Some((field, column.array.as_string_opt::<i32>()?)))
        .collect();
    let text = |wanted: usize, row: usize| {
        let key = keys.iter().find(|(field, _)| *field == wanted);
        let key = key.filter(|(_, array)| array.is_valid(row));
        key.map_or("", |(_, array)| array.value(row))
    };
    (0..length)
        .map(|row| {
            let wrong = layout.wrong_key(|field| text(field, row));
            if let Some((column, value)) = wrong {
                noted.refused += 1;
                let place = || rows_before + row as u64 + 1;
                noted.note(rejects::KEY, Some(column), value, place);
            }
            Some(wrong.is_none())
        })
        .collect()
}

#[cfg(test)]
mod tests;
