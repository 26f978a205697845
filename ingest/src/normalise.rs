//! The rules of each table, applied to a decoded batch. A row keeps what the register says of it;
//! what may not be published is withheld here, before anything is written.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::compute::nullif;
use arrow::record_batch::RecordBatch;
use registre_schemas::association::{ASSOCIATION, PERSONAL};
use std::sync::Arc;

use crate::catalogue::Source;
use crate::error::IngestError;

/// A batch ready to be written to its table.
pub fn normalise(batch: RecordBatch, source: &Source) -> Result<RecordBatch, IngestError> {
    if source.table.name == ASSOCIATION.name {
        association(&batch, &source.name).map_err(|error| IngestError::Write {
            table: source.table.name.to_owned(),
            detail: format!("normalise: {error}"),
        })
    } else {
        Ok(batch)
    }
}

/// Says which file the row comes from, and withholds telephone and e-mail unless the association
/// allowed their publication (`publiweb` is 1).
fn association(batch: &RecordBatch, source: &str) -> Result<RecordBatch, arrow::error::ArrowError> {
    let schema = batch.schema();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let allowed = batch
        .column_by_name("publiweb")
        .map(AsArray::as_string::<i32>);
    let withheld: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            Some(allowed.is_none_or(|allowed| allowed.is_null(row) || allowed.value(row) != "1"))
        })
        .collect();
    for name in PERSONAL {
        let position = schema.index_of(name)?;
        columns[position] = nullif(&columns[position], &withheld)?;
    }
    let position = schema.index_of("source")?;
    let name = source.strip_prefix("rna_").unwrap_or(source);
    columns[position] = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
        name,
        batch.num_rows(),
    )));
    RecordBatch::try_new(schema, columns)
}
