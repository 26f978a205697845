//! Cells → [`Record`]. The one place that knows both.

use chrono::{DateTime, NaiveDate};
use registre_schemas::Kind;
use registre_schemas::fiche::row::decimal_text;
use registre_schemas::fiche::{Cell, Coding, Row, TableCoding};

use crate::record::{Record, Value};

/// Days from 0001-01-01 to 1970-01-01, plus one: chrono counts days of the common era.
const EPOCH: i64 = 719_163;

/// A row; `implied` are the values of columns that the entry tells, by their name.
pub(super) fn record(
    coding: &Coding,
    table: &TableCoding,
    row: &Row<'_>,
    implied: &[(&str, &str)],
) -> Record {
    let columns = table.table().columns.iter().enumerate();
    let values = columns.map(|(position, column)| {
        if let Some((_, text)) = implied.iter().find(|(name, _)| *name == column.name) {
            return Value::Text((*text).to_owned());
        }
        value(coding, table, row, position)
    });
    Record::new(table.table(), values.collect())
}

/// A value that cannot be is absent rather than wrong.
fn value(coding: &Coding, table: &TableCoding, row: &Row<'_>, position: usize) -> Value {
    let column = &table.table().columns[position];
    let value = match (row.cell(position), column.kind) {
        (Cell::Null, _) => None,
        (Cell::Code(code), _) => coding
            .text(table, position, code)
            .map(|text| Value::Text(text.to_owned())),
        (Cell::Text(start, length), _) => std::str::from_utf8(row.text(start, length))
            .ok()
            .map(|text| Value::Text(text.to_owned())),
        (Cell::Number(number), Kind::Text) => Some(Value::Text(match table.digits(position) {
            Some(digits) => format!("{number:0digits$}"),
            None => decimal_text(number),
        })),
        (Cell::Number(number), Kind::Date) => number
            .checked_add(EPOCH)
            .and_then(|days| i32::try_from(days).ok())
            .and_then(NaiveDate::from_num_days_from_ce_opt)
            .map(Value::Date),
        (Cell::Number(number), Kind::Timestamp) => DateTime::from_timestamp_micros(number)
            .map(|moment| Value::Timestamp(moment.naive_utc())),
        (Cell::Number(number), Kind::Integer) => Some(Value::Integer(number)),
        (Cell::Number(number), Kind::Boolean) => Some(Value::Boolean(number != 0)),
        (Cell::Number(number), Kind::Real) => {
            Some(Value::Real(f64::from_bits(number.cast_unsigned())))
        }
    };
    value.unwrap_or(Value::Null)
}
