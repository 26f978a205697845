//! One chunk of records into one Arrow batch. Runs on rayon's threads, one task per chunk.

use arrow::array::{ArrayRef, new_null_array};
use arrow::record_batch::RecordBatch;
use registre_schemas::column::Kind;
use registre_schemas::manifest::{Counted, Reject};
use std::sync::Arc;

use super::builder::Builder;
use super::fields::Record;
use super::layout::Layout;
use super::rejects::{self, Noted};
use super::scan::Block;
use super::split::Chunk;

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

/// A column that the file has, being filled.
struct Filled {
    /// In the schema.
    position: usize,
    /// In a record.
    field: usize,
    builder: Builder,
}

/// Parses every record of a chunk. A record that cannot be a row is refused; a value that cannot be
/// read is null; both are counted, and the first are kept with their line.
#[must_use]
pub fn parse(chunk: &Chunk, layout: &Layout) -> Parsed {
    let lines = usize::try_from(chunk.lines).unwrap_or(0);
    let kind = |position: usize| match layout.table.columns.get(position) {
        Some(column) => column.kind,
        None => Kind::Text,
    };
    // The columns that the file has; those it has not are null.
    let fields = layout.fields.iter().enumerate();
    let mut filled: Vec<Filled> = fields
        .filter_map(|(position, field)| {
            Some(Filled {
                position,
                field: (*field)?,
                builder: Builder::new(kind(position), lines, layout.date),
            })
        })
        .collect();
    let mut rows = 0;
    let mut block = Block::new(layout.shape);
    let mut record = Record::default();
    let mut rows_read = 0;
    let mut noted = Noted::new(&layout.file, Counted::Line);
    let place = |offset: usize| {
        let before = &chunk.text.as_bytes()[..offset];
        chunk.first_line + memchr::memchr_iter(b'\n', before).count() as u64
    };
    let text = chunk.text.as_str();
    let unreadable_in =
        |position: usize| layout.table.columns.get(position).map(|column| column.name);
    let mut next = 0;
    while next < text.len() {
        // Where bytes were replaced, each record is looked at for them.
        if !chunk.replaced {
            next = block.read(text, next, |spans| {
                let field = |at: usize| &text[spans[at].0 as usize..spans[at].1 as usize];
                layout.wrong_key(field).is_none()
            });
            rows_read += block.rows() as u64;
            rows += block.rows();
            for Filled {
                position,
                field,
                builder,
            } in &mut filled
            {
                builder.append_all(text, &block, *field, |row, value| {
                    let column = unreadable_in(*position);
                    noted.note(rejects::UNREADABLE, column, value, || {
                        place(block.start(row))
                    });
                });
            }
            if next == text.len() || block.is_full() {
                continue;
            }
        }
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
        rows += 1;
        for Filled {
            position,
            field,
            builder,
        } in &mut filled
        {
            let value = record.fields()[*field].as_ref();
            if !builder.append(value) {
                let column = unreadable_in(*position);
                noted.note(rejects::UNREADABLE, column, value, || place(offset));
            }
        }
    }
    let mut filled = filled.into_iter().map(|filled| filled.builder.finish());
    let fields = layout.schema.fields().iter().zip(&layout.fields);
    let columns: Vec<ArrayRef> = fields
        .map(|(field, from)| {
            let finished = from.and_then(|_field| filled.next());
            finished.unwrap_or_else(|| new_null_array(field.data_type(), rows))
        })
        .collect();
    let batch = RecordBatch::try_new(Arc::clone(&layout.schema), columns).unwrap_or_else(|error| {
        unreachable!("builders follow the schema they were made from: {error}")
    });
    noted.with(batch, rows_read)
}
