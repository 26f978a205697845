//! One chunk of records into one Arrow batch. Runs on rayon's threads, one task per chunk.

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::record_batch::RecordBatch;
use registre_schemas::column::{Kind, Presence};
use registre_schemas::manifest::Reject;
use std::borrow::Cow;
use std::sync::Arc;

use super::layout::Layout;
use super::rejects;
use super::split::Chunk;
use super::values;

/// Rejects kept per chunk: more would only repeat the first.
const SAMPLES_PER_CHUNK: usize = 20;

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
enum Builder {
    Text(StringBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
}

impl Builder {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::with_capacity(rows, rows * 4)),
            Kind::Date => Self::Date(Date32Builder::with_capacity(rows)),
            Kind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows)),
            Kind::Integer => Self::Integer(Int64Builder::with_capacity(rows)),
            Kind::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
        }
    }

    /// Appends a field, empty meaning null. False when it cannot be read: null is appended then.
    fn append(&mut self, field: &str) -> bool {
        if field.is_empty() {
            self.append_null();
            return true;
        }
        match self {
            Self::Text(builder) => {
                builder.append_value(field);
                true
            }
            Self::Date(builder) => {
                let value = values::date(field);
                builder.append_option(value);
                value.is_some()
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
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
        }
    }

    fn finish(mut self) -> ArrayRef {
        match &mut self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
        }
    }
}

/// The fields of one record, borrowed from the chunk unless a doubled quote had to be undone.
#[derive(Default)]
struct Record<'a> {
    fields: Vec<Cow<'a, str>>,
}

impl<'a> Record<'a> {
    /// Reads the record at the start of `text`; gives the number of bytes it took.
    ///
    /// A quote opens only at the start of a field, as in [`super::split`]: both must agree.
    fn read(&mut self, text: &'a str, delimiter: u8) -> usize {
        let bytes = text.as_bytes();
        self.fields.clear();
        let mut start = 0;
        loop {
            let (field, end) = if bytes.get(start) == Some(&b'"') {
                quoted(text, start + 1, delimiter)
            } else {
                let length = memchr::memchr2(delimiter, b'\n', &bytes[start..])
                    .unwrap_or(bytes.len() - start);
                (Cow::Borrowed(&text[start..start + length]), start + length)
            };
            match bytes.get(end) {
                Some(byte) if *byte == delimiter => {
                    self.fields.push(field);
                    start = end + 1;
                }
                _ => {
                    self.fields.push(without_return(field));
                    return (end + 1).min(bytes.len());
                }
            }
        }
    }

    /// A line with nothing on it.
    fn is_blank(&self) -> bool {
        matches!(self.fields.as_slice(), [field] if field.is_empty())
    }
}

/// The `\r` of a `\r\n`, seen as the end of the last field.
fn without_return(field: Cow<'_, str>) -> Cow<'_, str> {
    match field {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('\r').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.ends_with('\r') {
                text.pop();
            }
            Cow::Owned(text)
        }
    }
}

/// A quoted field whose content starts at `start`, and the position of what ends it. Text after the
/// closing quote is kept, as every reader of these files does.
fn quoted(text: &str, start: usize, delimiter: u8) -> (Cow<'_, str>, usize) {
    let bytes = text.as_bytes();
    let mut owned: Option<String> = None;
    let mut from = start;
    loop {
        let quote =
            memchr::memchr(b'"', &bytes[from..]).map_or(bytes.len(), |length| from + length);
        if bytes.get(quote + 1) == Some(&b'"') {
            owned.get_or_insert_default().push_str(&text[from..=quote]);
            from = quote + 2;
            continue;
        }
        let after = (quote + 1).min(bytes.len());
        let end = memchr::memchr2(delimiter, b'\n', &bytes[after..])
            .map_or(bytes.len(), |length| after + length);
        let tail = &text[after..end];
        let content = &text[from..quote];
        let tail_is_empty = tail.is_empty() || tail == "\r";
        return match owned {
            None if tail_is_empty => (Cow::Borrowed(content), end),
            owned => {
                let mut whole = owned.unwrap_or_default();
                whole.push_str(content);
                if !tail_is_empty {
                    whole.push_str(tail);
                }
                (Cow::Owned(whole), end)
            }
        };
    }
}

/// Why a record cannot be a row of the table.
fn refusal(
    record: &Record<'_>,
    layout: &Layout,
) -> Option<(&'static str, Option<&'static str>, String)> {
    if record.fields.len() != layout.width {
        let start: String = record
            .fields
            .join(char::from(layout.delimiter).to_string().as_str());
        return Some((
            rejects::FIELD_COUNT,
            None,
            format!(
                "{} champs au lieu de {} : {start}",
                record.fields.len(),
                layout.width
            ),
        ));
    }
    layout
        .table
        .columns
        .iter()
        .zip(&layout.fields)
        .find_map(|(column, field)| {
            let field = record.fields[(*field)?].as_ref();
            let valid = match column.name {
                _ if column.presence != Presence::Key => return None,
                "siren" | "sirenDoublon" => is_digits(field, 9),
                "nic" => is_digits(field, 5),
                "siret" | "siretEtablissementPredecesseur" | "siretEtablissementSuccesseur" => {
                    is_digits(field, 14)
                }
                _ => !field.is_empty(),
            };
            (!valid).then(|| (rejects::KEY, Some(column.name), field.to_owned()))
        })
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses every record of a chunk. A record that cannot be a row is refused; a value that cannot be
/// read is null; both are counted, and the first are kept with their line.
#[must_use]
pub fn parse(chunk: &Chunk, layout: &Layout) -> Parsed {
    let estimate = chunk.text.len() / (layout.width * 4).max(1);
    let kinds = layout
        .table
        .columns
        .iter()
        .map(|column| column.kind)
        .chain(layout.unknown.iter().map(|_| Kind::Text));
    let mut builders: Vec<Builder> = kinds.map(|kind| Builder::new(kind, estimate)).collect();
    let mut record = Record::default();
    let mut rest = chunk.text.as_str();
    let mut rows_read = 0;
    let mut noted = Noted::default();
    if chunk.replaced {
        noted.value(chunk, 0, layout, None, rejects::ENCODING, "");
    }
    while !rest.is_empty() {
        let offset = chunk.text.len() - rest.len();
        let length = record.read(rest, layout.delimiter);
        rest = &rest[length..];
        if record.is_blank() {
            continue;
        }
        rows_read += 1;
        if let Some((reason, column, value)) = refusal(&record, layout) {
            noted.refused += 1;
            noted.value(chunk, offset, layout, column, reason, &value);
            continue;
        }
        for (position, (builder, field)) in builders.iter_mut().zip(&layout.fields).enumerate() {
            match field {
                None => builder.append_null(),
                Some(field) => {
                    let field = record.fields[*field].as_ref();
                    if !builder.append(field) {
                        let column = layout.table.columns.get(position).map(|column| column.name);
                        noted.value(chunk, offset, layout, column, rejects::UNREADABLE, field);
                    }
                }
            }
        }
    }
    let columns: Vec<ArrayRef> = builders.into_iter().map(Builder::finish).collect();
    let batch = RecordBatch::try_new(Arc::clone(&layout.schema), columns).unwrap_or_else(|error| {
        unreachable!("builders follow the schema they were made from: {error}")
    });
    Parsed {
        batch,
        rows_read,
        counts: noted.counts,
        refused: noted.refused,
        samples: noted.samples,
    }
}

/// Rejects of one chunk.
#[derive(Default)]
struct Noted {
    counts: Vec<(String, u64)>,
    refused: u64,
    samples: Vec<Reject>,
}

impl Noted {
    fn value(
        &mut self,
        chunk: &Chunk,
        offset: usize,
        layout: &Layout,
        column: Option<&str>,
        reason: &str,
        value: &str,
    ) {
        let reason = column.map_or_else(
            || reason.to_owned(),
            |column| format!("{reason} : {column}"),
        );
        match self.counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((reason.clone(), 1)),
        }
        if self.samples.len() < SAMPLES_PER_CHUNK {
            let before = &chunk.text.as_bytes()[..offset];
            let lines = memchr::memchr_iter(b'\n', before).count();
            self.samples.push(Reject {
                file: layout.file.clone(),
                line: chunk.first_line + lines as u64,
                column: column.map(str::to_owned),
                reason,
                value: value.chars().take(80).collect(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, usize) {
        let mut record = Record::default();
        let length = record.read(text, b';');
        (
            record.fields.iter().map(ToString::to_string).collect(),
            length,
        )
    }

    #[test]
    fn a_record_is_read_like_the_csv_crate_reads_it() {
        let cases = [
            "a;b;c\n",
            "a;;\n",
            ";\n",
            "\"a;b\";c\n",
            "\"a\"\"b\";c\r\n",
            "a\"b\";c\n",
            "\"a\nb\";c\n",
            "\"\";\"\"\n",
            "\"a\"bc;d\n",
            "é;\"ï\"\"ö\"\n",
            "a;b",
            "\"x\"\r\n",
            "a;\"\"\"\"\n",
        ];
        for case in cases {
            let mut expected = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(b';')
                .from_reader(case.as_bytes());
            let expected: Vec<String> = expected
                .records()
                .next()
                .unwrap()
                .unwrap()
                .iter()
                .map(str::to_owned)
                .collect();
            let (fields, length) = read(case);
            assert_eq!(fields, expected, "{case:?}");
            assert_eq!(length, case.len(), "{case:?}");
        }
    }

    #[test]
    fn the_next_record_starts_after_the_newline() {
        assert_eq!(read("a;b\nc;d\n"), (vec!["a".into(), "b".into()], 4));
        assert_eq!(read("\r\n"), (vec![String::new()], 2));
    }
}
