//! Arrow's types, by the names that SQL has for them.

use arrow::datatypes::{DataType, TimeUnit};
use std::fmt::Write as _;

/// The name SQL has for a type of an answer.
pub(super) fn sql_type(kind: &DataType) -> String {
    let plain = match kind {
        DataType::Null => "NULL",
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "UTINYINT",
        DataType::UInt16 => "USMALLINT",
        DataType::UInt32 => "UINTEGER",
        DataType::UInt64 => "UBIGINT",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BLOB",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP",
        DataType::Timestamp(_, None) => "TIMESTAMP_NS",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Interval(_) | DataType::Duration(_) => "INTERVAL",
        DataType::Decimal128(38, 0) => "HUGEINT",
        DataType::Dictionary(_, value) => return sql_type(value),
        DataType::Decimal128(precision, scale) => return format!("DECIMAL({precision},{scale})"),
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            return format!("{}[]", sql_type(field.data_type()));
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return "MAP".to_owned();
            };
            let kinds: Vec<String> = fields
                .iter()
                .map(|field| sql_type(field.data_type()))
                .collect();
            return format!("MAP({})", kinds.join(", "));
        }
        DataType::Struct(fields) => {
            let mut text = "STRUCT(".to_owned();
            for (index, field) in fields.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                let kind = sql_type(field.data_type());
                let _infallible = write!(text, "{comma}{} {kind}", field.name());
            }
            text.push(')');
            return text;
        }
        other => return other.to_string(),
    };
    plain.to_owned()
}
