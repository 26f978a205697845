//! The RNA's two files as one table, and its links with SIRENE ([`links`]). polars reads the keys
//! alone, which tell the row of an association that stands: its latest update, and waldec's when both
//! files were updated at the same time. The rows themselves then stream through, so memory does not
//! grow with their text.

mod links;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use polars::prelude::{DataFrame, PlSmallStr, PolarsError};
use registre_schemas::association::ASSOCIATION;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::IngestError;
use crate::progress::Context;
use crate::slices::Slices;
use crate::snapshot::{TableWriter, WrittenTable};

pub use links::link;

/// Row groups of a few columns read at once: some three hundred thousand rows.
const ROW_GROUPS: usize = 1;

fn failed(error: impl std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: ASSOCIATION.name.to_owned(),
        detail: format!("union of waldec and import: {error}"),
    }
}

/// Unites the staged files, in order of increasing preference when two rows of an association have
/// the same update time. The staged files are removed.
pub fn unite(
    staged: &[PathBuf],
    schema: &SchemaRef,
    folder: &Path,
    context: &Context,
) -> Result<WrittenTable, IngestError> {
    let standing = standing_rows(staged, context)?;
    let mut standing = standing.into_iter();
    let mut writer = TableWriter::create(folder, &ASSOCIATION, Arc::clone(schema))?;
    let mut superseded = 0;
    for path in staged {
        let file = File::open(path).map_err(IngestError::io("open", path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(failed)?;
        for batch in reader {
            context.cancel.check()?;
            let batch = batch.map_err(failed)?;
            let mask: BooleanArray = (&mut standing).take(batch.num_rows()).map(Some).collect();
            let kept = filter_record_batch(&align(&batch, schema).map_err(failed)?, &mask)
                .map_err(failed)?;
            superseded += (batch.num_rows() - kept.num_rows()) as u64;
            writer.write(kept)?;
        }
    }
    let mut written = writer.finish(context)?;
    written.superseded = superseded;
    for path in staged {
        fs::remove_file(path).map_err(IngestError::io("remove", path))?;
    }
    Ok(written)
}

/// A row of the staged files, as it takes precedence: by update, then by its place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Update {
    /// Kept in place as long as it has no more than 24 bytes: no number is that long.
    id: PlSmallStr,
    /// Microseconds; a row without one is older than any.
    maj_time: Option<i64>,
    /// Its place in all the files.
    row: usize,
}

/// Whether each row of each staged file stands, one file after the other.
fn standing_rows(staged: &[PathBuf], context: &Context) -> Result<Vec<bool>, IngestError> {
    let mut files = Vec::new();
    for path in staged {
        files.push(Slices::open(path.clone(), ROW_GROUPS)?);
    }
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    let mut updates = Vec::with_capacity(usize::try_from(rows).unwrap_or(0));
    for file in &files {
        for slice in 0..file.len() {
            context.cancel.check()?;
            let keys = file.read(slice, &["id", "maj_time"])?;
            read_updates(&keys, &mut updates).map_err(|error| file.unreadable(&error))?;
        }
    }
    updates.sort_unstable();
    let mut standing = vec![false; updates.len()];
    for of_one in updates.chunk_by(|one, other| one.id == other.id) {
        if let Some(latest) = of_one.last() {
            standing[latest.row] = true;
        }
    }
    Ok(standing)
}

fn read_updates(keys: &DataFrame, updates: &mut Vec<Update>) -> Result<(), PolarsError> {
    let ids = keys.column("id")?.str()?.iter();
    let times = keys.column("maj_time")?.datetime()?.physical().iter();
    for (id, maj_time) in ids.zip(times) {
        updates.push(Update {
            id: id.unwrap_or_default().into(),
            maj_time,
            row: updates.len(),
        });
    }
    Ok(())
}

/// The batch with the columns of `schema`: those it lacks are null.
fn align(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, arrow::error::ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => cast(column, field.data_type()),
            None => Ok(arrow::array::new_null_array(
                field.data_type(),
                batch.num_rows(),
            )),
        })
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}
