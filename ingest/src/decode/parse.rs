//! One chunk of records into one Arrow batch. Runs on rayon's threads, one task per chunk.

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::record_batch::RecordBatch;
use registre_schemas::column::Kind;
use registre_schemas::manifest::{Counted, Reject};
use std::sync::Arc;

use super::fields::Record;
use super::layout::Layout;
use super::rejects::{self, Noted};
use super::split::Chunk;
use super::values;

/// What a chunk gave.
#[derive(Debug)]
pub struct Parsed {
    /// The rows that could be read.
    pub batch: RecordBatch,
    /// Records in the chunk, refused ones included; blank lines are not records.
    pub rows_read: u64,
    /// Refused rows and unreadable values: how many of each reason.
    pub counts: Vec<(String, u64)>,
    /// Rows among them that are not in the batch.
    pub refused: u64,
    /// The first of them.
    pub samples: Vec<Reject>,
}

/// A column being filled.
pub(crate) enum Builder {
    Text(StringBuilder),
    /// With the function that reads its text.
    Date(Date32Builder, fn(&str) -> Option<i32>),
    Timestamp(TimestampMicrosecondBuilder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Real(Float64Builder),
}

impl Builder {
    /// `date` reads the text of a date.
    pub(crate) fn new(kind: Kind, rows: usize, date: fn(&str) -> Option<i32>) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::with_capacity(rows, rows * 4)),
            Kind::Date => Self::Date(Date32Builder::with_capacity(rows), date),
            Kind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows)),
            Kind::Integer => Self::Integer(Int64Builder::with_capacity(rows)),
            Kind::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            Kind::Real => Self::Real(Float64Builder::with_capacity(rows)),
        }
    }

    /// Appends a field, empty meaning null. False when it cannot be read: null is appended then.
    pub(crate) fn append(&mut self, field: &str) -> bool {
        if field.is_empty() {
            self.append_null();
            return true;
        }
        match self {
            Self::Text(builder) => {
                builder.append_value(field);
                true
            }
            Self::Date(builder, date) => {
                let value = date(field);
                builder.append_option(value);
                value.is_some() || values::is_no_date(field)
            }
            Self::Timestamp(builder) => {
                let value = values::timestamp(field);
                builder.append_option(value);
                value.is_some()
            }
            Self::Integer(builder) => {
                let value = values::integer(field);
                builder.append_option(value);
                value.is_some()
            }
            Self::Boolean(builder) => {
                let value = values::boolean(field);
                builder.append_option(value);
                value.is_some()
            }
            Self::Real(builder) => {
                let value = values::real(field);
                builder.append_option(value);
                value.is_some()
            }
        }
    }

    pub(crate) fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Date(builder, _) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
            Self::Real(builder) => builder.append_null(),
        }
    }

    pub(crate) fn finish(mut self) -> ArrayRef {
        match &mut self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Date(builder, _) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Real(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Why a record is not a row: the reason, the column at fault, and what to show of it. Of a row
/// that cannot be read only the first field is shown: the others may hold anyone's name.
fn refusal(
    record: &Record<'_>,
    layout: &Layout,
) -> Option<(&'static str, Option<&'static str>, String)> {
    let fields = record.fields();
    let first = fields.first().map(AsRef::as_ref).unwrap_or_default();
    if record.is_broken() {
        return Some((
            rejects::UNCLOSED,
            None,
            format!("ligne commençant par {first}"),
        ));
    }
    if fields.len() != layout.shape.width {
        let (found, expected) = (fields.len(), layout.shape.width);
        let shown = format!("{found} champs au lieu de {expected}, ligne commençant par {first}");
        return Some((rejects::FIELD_COUNT, None, shown));
    }
    layout
        .wrong_key(|field| fields[field].as_ref())
        .map(|(column, value)| (rejects::KEY, Some(column), value.to_owned()))
}

/// Parses every record of a chunk. A record that cannot be a row is refused; a value that cannot be
/// read is null; both are counted, and the first are kept with their line.
#[must_use]
pub fn parse(chunk: &Chunk, layout: &Layout) -> Parsed {
    let estimate = chunk.text.len() / (layout.shape.width * 4).max(1);
    let kinds = layout
        .table
        .columns
        .iter()
        .map(|column| column.kind)
        .chain(layout.unknown.iter().map(|_| Kind::Text));
    let mut builders: Vec<Builder> = kinds
        .map(|kind| Builder::new(kind, estimate, layout.date))
        .collect();
    let mut record = Record::default();
    let mut rows_read = 0;
    let mut noted = Noted::new(&layout.file, Counted::Line);
    let place = |offset: usize| {
        let before = &chunk.text.as_bytes()[..offset];
        chunk.first_line + memchr::memchr_iter(b'\n', before).count() as u64
    };
    let mut next = 0;
    while next < chunk.text.len() {
        let offset = next;
        next = record.read(&chunk.text, offset, layout.shape);
        if record.is_blank() {
            continue;
        }
        rows_read += 1;
        if chunk.replaced && chunk.text[offset..next].contains(char::REPLACEMENT_CHARACTER) {
            let key = record
                .fields()
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            noted.note(rejects::ENCODING, None, &key, || place(offset));
        }
        if let Some((reason, column, value)) = refusal(&record, layout) {
            noted.refused += 1;
            noted.note(reason, column, &value, || place(offset));
            continue;
        }
        for (position, (builder, field)) in builders.iter_mut().zip(&layout.fields).enumerate() {
            match field {
                None => builder.append_null(),
                Some(field) => {
                    let field = record.fields()[*field].as_ref();
                    if !builder.append(field) {
                        let column = layout.table.columns.get(position).map(|column| column.name);
                        noted.note(rejects::UNREADABLE, column, field, || place(offset));
                    }
                }
            }
        }
    }
    let columns: Vec<ArrayRef> = builders.into_iter().map(Builder::finish).collect();
    let batch = RecordBatch::try_new(Arc::clone(&layout.schema), columns).unwrap_or_else(|error| {
        unreachable!("builders follow the schema they were made from: {error}")
    });
    noted.with(batch, rows_read)
}
