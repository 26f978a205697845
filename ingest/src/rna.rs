//! The RNA's two files as one table, and its links with SIRENE ([`links`]). polars decides, over the keys alone, which row of an
//! association stands: its latest update, and waldec's when both files were updated at the same
//! time. The rows themselves then stream through, so memory does not grow with their text.

mod links;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use polars::prelude::{
    DataFrame, IntoColumn, NamedFrom, ParquetReader, PolarsError, SerReader, Series,
    SortMultipleOptions, UniqueKeepStrategy,
};
use registre_schemas::association::ASSOCIATION;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::{TableWriter, WrittenTable};

pub use links::link;

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
    let standing = standing_rows(staged).map_err(failed)?;
    let mut writer = TableWriter::create(folder, &ASSOCIATION, Arc::clone(schema))?;
    let mut superseded = 0;
    for (path, standing) in staged.iter().zip(standing) {
        let file = File::open(path).map_err(IngestError::io("open", path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(failed)?;
        let mut first = 0;
        for batch in reader {
            context.cancel.check()?;
            let batch = batch.map_err(failed)?;
            let mask: BooleanArray = standing[first..first + batch.num_rows()]
                .iter()
                .map(|stands| Some(*stands))
                .collect();
            first += batch.num_rows();
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

/// For each staged file, whether each of its rows stands.
fn standing_rows(staged: &[PathBuf]) -> Result<Vec<Vec<bool>>, PolarsError> {
    let mut heights = Vec::new();
    let mut union: Option<DataFrame> = None;
    for (rank, path) in staged.iter().enumerate() {
        let keys = ParquetReader::new(File::open(path)?)
            .with_columns(Some(vec!["id".to_owned(), "maj_time".to_owned()]))
            .finish()?;
        let height = keys.height();
        let mut keys = keys.with_row_index("row".into(), None)?;
        keys.with_column(
            Series::new(
                "rank".into(),
                vec![u32::try_from(rank).unwrap_or(u32::MAX); height],
            )
            .into_column(),
        )?;
        heights.push(height);
        union = Some(match union {
            None => keys,
            Some(union) => union.vstack(&keys)?,
        });
    }
    let mut standing: Vec<Vec<bool>> = heights.iter().map(|height| vec![false; *height]).collect();
    let Some(union) = union else {
        return Ok(standing);
    };
    let latest = union
        .sort(
            ["id", "maj_time", "rank", "row"],
            SortMultipleOptions::default(),
        )?
        .unique_stable(Some(&["id".to_owned()]), UniqueKeepStrategy::Last, None)?;
    let ranks = latest.column("rank")?.u32()?;
    let rows = latest.column("row")?.u32()?;
    for (rank, row) in ranks.iter().zip(rows.iter()) {
        if let (Some(rank), Some(row)) = (rank, row) {
            standing[rank as usize][row as usize] = true;
        }
    }
    Ok(standing)
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
