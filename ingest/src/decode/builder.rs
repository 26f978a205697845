//! A column being filled from the text of its fields.

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, NullBufferBuilder,
    StringArray, TimestampMicrosecondBuilder,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use registre_schemas::column::Kind;
use std::sync::Arc;

use super::scan::Block;
use super::values;

/// A column being filled.
pub(crate) enum Builder {
    Text(TextBuilder),
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
            Kind::Text => Self::Text(TextBuilder::new(rows)),
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
            self.append_nulls(1);
            return true;
        }
        match self {
            Self::Text(builder) => {
                builder.append(field);
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

    /// Appends a field of every record of a block of `text`, as [`Self::append`] does; `unreadable`
    /// is told the row of those that cannot be read, and what they hold.
    pub(crate) fn append_all(
        &mut self,
        text: &str,
        block: &Block,
        field: usize,
        mut unreadable: impl FnMut(usize, &str),
    ) {
        if let Self::Text(builder) = self {
            return builder.append_all(text.as_bytes(), block, field);
        }
        for row in 0..block.rows() {
            let (start, end) = block.field(row, field);
            let value = &text[start as usize..end as usize];
            if !self.append(value) {
                unreadable(row, value);
            }
        }
    }

    pub(crate) fn append_nulls(&mut self, count: usize) {
        match self {
            Self::Text(builder) => builder.append_nulls(count),
            Self::Date(builder, _) => builder.append_nulls(count),
            Self::Timestamp(builder) => builder.append_nulls(count),
            Self::Integer(builder) => builder.append_nulls(count),
            Self::Boolean(builder) => builder.append_nulls(count),
            Self::Real(builder) => builder.append_nulls(count),
        }
    }

    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Date(mut builder, _) => Arc::new(builder.finish()),
            Self::Timestamp(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
            Self::Real(mut builder) => Arc::new(builder.finish()),
        }
    }
}

/// Most texts of the registers are codes: up to this many bytes are copied as a block of fixed size,
/// which is one instruction instead of a call.
const SHORT: usize = 16;

/// A column of text. Arrow's own builder copies each value by a call whatever its length.
pub(crate) struct TextBuilder {
    /// Values one after the other, then room.
    values: Vec<u8>,
    /// Where the room begins.
    end: usize,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl TextBuilder {
    fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self {
            values: vec![0; rows * 4],
            end: 0,
            offsets,
            nulls: NullBufferBuilder::new(rows),
        }
    }

    /// Makes room for a value of that many bytes, and for a block.
    fn reserve(&mut self, bytes: usize) {
        let needed = self.end + bytes.max(SHORT);
        if needed > self.values.len() {
            self.values.resize(needed * 2, 0);
        }
    }

    fn end_value(&mut self, bytes: usize) {
        self.end += bytes;
        // A chunk is a few megabytes.
        self.offsets
            .push(i32::try_from(self.end).unwrap_or(i32::MAX));
    }

    fn append(&mut self, value: &str) {
        self.reserve(value.len());
        self.values[self.end..][..value.len()].copy_from_slice(value.as_bytes());
        self.end_value(value.len());
        self.nulls.append_non_null();
    }

    fn append_all(&mut self, text: &[u8], block: &Block, field: usize) {
        for row in 0..block.rows() {
            let (start, end) = block.field(row, field);
            let (start, end) = (start as usize, end as usize);
            let bytes = end - start;
            if bytes == 0 {
                self.end_value(0);
                self.nulls.append_null();
                continue;
            }
            self.reserve(bytes);
            let room = &mut self.values[self.end..];
            match (text[start..].first_chunk(), room.first_chunk_mut::<SHORT>()) {
                (Some(block), Some(room)) if bytes <= SHORT => *room = *block,
                _ => room[..bytes].copy_from_slice(&text[start..end]),
            }
            self.end_value(bytes);
            self.nulls.append_non_null();
        }
    }

    fn append_nulls(&mut self, count: usize) {
        let end = self.offsets.last().copied().unwrap_or(0);
        self.offsets.resize(self.offsets.len() + count, end);
        self.nulls.append_n_nulls(count);
    }

    fn finish(mut self) -> StringArray {
        self.values.truncate(self.end);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let values = Buffer::from_vec(self.values);
        StringArray::try_new(offsets, values, self.nulls.finish())
            .unwrap_or_else(|error| unreachable!("fields are cut out of text: {error}"))
    }
}
