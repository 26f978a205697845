//! The rules of each table, applied to a decoded batch. A row keeps what the register says of it;
//! what may not be published is withheld here, before anything is written.

mod accents;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::compute::nullif;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use registre_schemas::association::{ASSOCIATION, PERSONAL};
use std::sync::Arc;

use crate::catalogue::Source;
use crate::error::IngestError;

/// A batch ready to be written to its table.
pub struct Normalised {
    /// Its rows.
    pub batch: RecordBatch,
    /// Values whose damaged accents were repaired.
    pub repaired: u64,
}

/// Applies the rules of the source's table.
pub fn normalise(batch: RecordBatch, source: &Source) -> Result<Normalised, IngestError> {
    if source.table.name == ASSOCIATION.name {
        association(&batch, &source.name).map_err(|error| IngestError::Write {
            table: source.table.name.to_owned(),
            detail: format!("normalise: {error}"),
        })
    } else {
        Ok(Normalised { batch, repaired: 0 })
    }
}

/// Says which file the row comes from, repairs its accents, and withholds what names or reaches a
/// person unless the association allowed its publication (`publiweb` is 1).
fn association(batch: &RecordBatch, source: &str) -> Result<Normalised, ArrowError> {
    let schema = batch.schema();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let mut repaired = 0;
    for column in &mut columns {
        let Some(text) = column.as_string_opt::<i32>() else {
            continue;
        };
        if let Some((mended, count)) = accents::repair_all(text) {
            *column = Arc::new(mended);
            repaired += count;
        }
    }
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
    Ok(Normalised {
        batch: RecordBatch::try_new(schema, columns)?,
        repaired,
    })
}
