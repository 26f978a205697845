//! Arrow rows → [`Record`]. The one place that knows Arrow.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, NaiveDate};
use registre_schemas::{Kind, Table};

use crate::record::{Own, Record, Value};

/// Days from 0001-01-01 to 1970-01-01, plus one: chrono counts days of the common era.
const EPOCH: i32 = 719_163;

/// The rows of a batch selected with the columns of `table`, in its order.
pub(crate) fn records(table: &'static Table, batch: &RecordBatch) -> Vec<Record> {
    (0..batch.num_rows())
        .map(|row| {
            let values = table
                .columns
                .iter()
                .zip(batch.columns())
                .map(|(column, array)| value(column.kind, array.as_ref(), row))
                .collect();
            Record::new(table, values)
        })
        .collect()
}

/// `sql.rs` casts each column to its kind, so another Arrow type cannot come; if it did, the value
/// would be absent rather than wrong.
fn value(kind: Kind, array: &dyn Array, row: usize) -> Own {
    if array.is_null(row) {
        return Own::Other(Value::Null);
    }
    if kind == Kind::Text {
        let text = array.as_string_opt::<i32>();
        return match text {
            Some(array) => Own::Text(array.value(row).to_owned()),
            None => Own::Other(Value::Null),
        };
    }
    let value = match kind {
        Kind::Text => None,
        Kind::Integer => array
            .as_primitive_opt::<Int64Type>()
            .map(|array| Value::Integer(array.value(row))),
        Kind::Boolean => array
            .as_boolean_opt()
            .map(|array| Value::Boolean(array.value(row))),
        Kind::Real => array
            .as_primitive_opt::<Float64Type>()
            .map(|array| Value::Real(array.value(row))),
        Kind::Date => array
            .as_primitive_opt::<Date32Type>()
            .and_then(|array| array.value(row).checked_add(EPOCH))
            .and_then(NaiveDate::from_num_days_from_ce_opt)
            .map(Value::Date),
        Kind::Timestamp => array
            .as_primitive_opt::<TimestampMicrosecondType>()
            .and_then(|array| DateTime::from_timestamp_micros(array.value(row)))
            .map(|time| Value::Timestamp(time.naive_utc())),
    };
    Own::Other(value.unwrap_or(Value::Null))
}
