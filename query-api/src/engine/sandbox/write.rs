//! Rows in each format, in memory until they are taken away.

use arrow::array::{Array, AsArray as _, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, FieldRef, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::sql::{Format, SqlError};
use crate::text::csv_text;

/// Rows of a row group of the Parquet made here: what is in memory before it is sent.
const ROW_GROUP: usize = 122_880;

/// Bytes written and not yet taken. Shared with the writers that want to own what they write to.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|buffer| buffer.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A format, and how far it is.
pub(super) struct Writer {
    buffer: Buffer,
    kind: Kind,
    schema: SchemaRef,
    options: EncoderOptions,
    /// What JSON says at its end.
    donnees: Value,
    begun: bool,
}

enum Kind {
    Json,
    Ndjson,
    Csv,
    Parquet(Box<ArrowWriter<Buffer>>),
    Arrow(Box<StreamWriter<Buffer>>),
}

impl Writer {
    /// Writes what comes before the rows. Some types have no room in some formats.
    pub(super) fn new(
        format: Format,
        schema: SchemaRef,
        donnees: &Value,
    ) -> Result<Self, SqlError> {
        let buffer = Buffer::default();
        let kind = match format {
            Format::Json => Kind::Json,
            Format::Ndjson => Kind::Ndjson,
            Format::Csv => Kind::Csv,
            Format::Parquet => {
                if let Some(field) = schema.fields().iter().find(|f| !in_parquet(f.data_type())) {
                    return Err(SqlError::Format(format!(
                        "la colonne « {} » est de type {}",
                        field.name(),
                        sql_type(field.data_type())
                    )));
                }
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(ROW_GROUP))
                    .build();
                let writer =
                    ArrowWriter::try_new(buffer.clone(), Arc::clone(&schema), Some(properties));
                Kind::Parquet(Box::new(writer.map_err(no_room)?))
            }
            Format::Arrow => {
                let writer = StreamWriter::try_new(buffer.clone(), &schema);
                Kind::Arrow(Box::new(writer.map_err(no_room)?))
            }
        };
        let mut writer = Self {
            buffer,
            kind,
            schema,
            options: EncoderOptions::default()
                .with_explicit_nulls(true)
                .with_encoder_factory(Arc::new(Huge)),
            donnees: donnees.clone(),
            begun: false,
        };
        writer.head();
        Ok(writer)
    }

    fn head(&mut self) {
        let schema = Arc::clone(&self.schema);
        let fields = schema.fields().iter();
        self.buffer.with(|buffer| match self.kind {
            Kind::Json => {
                let columns: Vec<Value> = fields
                    .map(|field| {
                        serde_json::json!({ "nom": field.name(), "type": sql_type(field.data_type()) })
                    })
                    .collect();
                buffer.extend_from_slice(b"{\"colonnes\":");
                json(buffer, &Value::Array(columns));
                buffer.extend_from_slice(b",\"lignes\":[");
            }
            Kind::Csv => {
                for (index, field) in fields.enumerate() {
                    if index > 0 {
                        buffer.push(b',');
                    }
                    csv_text(buffer, field.name());
                }
                buffer.extend_from_slice(b"\r\n");
            }
            _ => {}
        });
    }

    /// Rows that follow those before.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), SqlError> {
        match &mut self.kind {
            Kind::Parquet(writer) => writer.write(rows).map_err(no_room),
            Kind::Arrow(writer) => writer.write(rows).map_err(no_room),
            Kind::Json | Kind::Ndjson | Kind::Csv => self.write_text(rows),
        }
    }

    fn write_text(&mut self, rows: &RecordBatch) -> Result<(), SqlError> {
        let fields = self.schema.fields();
        let columns = fields.iter().zip(rows.columns());
        let columns = columns.map(|(field, array)| Cells::of(field, array, &self.options));
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = fields
            .iter()
            .map(|field| Value::from(field.name().as_str()).to_string())
            .collect();
        let (kind, begun) = (&self.kind, &mut self.begun);
        self.buffer.with(|buffer| {
            for row in 0..rows.num_rows() {
                match kind {
                    Kind::Json => {
                        buffer.extend_from_slice(if *begun { b",\n[" } else { b"\n[" });
                        for (index, cells) in columns.iter_mut().enumerate() {
                            if index > 0 {
                                buffer.push(b',');
                            }
                            cells.json(row, buffer);
                        }
                        buffer.push(b']');
                    }
                    Kind::Ndjson => {
                        buffer.push(b'{');
                        for (index, (cells, name)) in columns.iter_mut().zip(&names).enumerate() {
                            if index > 0 {
                                buffer.push(b',');
                            }
                            buffer.extend_from_slice(name.as_bytes());
                            buffer.push(b':');
                            cells.json(row, buffer);
                        }
                        buffer.extend_from_slice(b"}\n");
                    }
                    _ => {
                        for (index, cells) in columns.iter_mut().enumerate() {
                            if index > 0 {
                                buffer.push(b',');
                            }
                            cells.csv(row, buffer);
                        }
                        buffer.extend_from_slice(b"\r\n");
                    }
                }
                *begun = true;
            }
        });
        Ok(())
    }

    /// What was written, when there are at least so many bytes of it.
    pub(super) fn written(&mut self, at_least: usize) -> Vec<u8> {
        self.buffer.with(|buffer| {
            if buffer.len() < at_least {
                return Vec::new();
            }
            std::mem::take(buffer)
        })
    }

    /// What comes after the rows, with what was not yet taken.
    pub(super) fn finish(self, rows: u64) -> Result<Vec<u8>, SqlError> {
        match self.kind {
            Kind::Parquet(writer) => drop(writer.close().map_err(no_room)?),
            Kind::Arrow(mut writer) => writer.finish().map_err(no_room)?,
            Kind::Json => self.buffer.with(|buffer| {
                let _infallible = io::Write::write_fmt(
                    buffer,
                    format_args!("\n],\"nombre\":{rows},\"donnees\":"),
                );
                json(buffer, &self.donnees);
                buffer.push(b'}');
            }),
            Kind::Ndjson => self.buffer.with(|buffer| {
                let snapshot = &self.donnees["snapshot"];
                let last = serde_json::json!({ "fin": true, "nombre": rows, "snapshot": snapshot });
                json(buffer, &last);
                buffer.push(b'\n');
            }),
            Kind::Csv => {}
        }
        Ok(self.buffer.with(std::mem::take))
    }
}

/// Whether Parquet has room for a type: its writer panics on some of the others.
fn in_parquet(kind: &DataType) -> bool {
    match kind {
        DataType::Interval(_) | DataType::Duration(_) | DataType::Union(..) => false,
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            in_parquet(field.data_type())
        }
        DataType::Map(field, _) => in_parquet(field.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| in_parquet(field.data_type())),
        _ => true,
    }
}

/// Writing to memory does not fail.
fn json(buffer: &mut Vec<u8>, value: &Value) {
    let _infallible = serde_json::to_writer(buffer, value);
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn no_room(error: impl ToString) -> SqlError {
    SqlError::Format(error.to_string())
}

/// A column of some rows, one cell at a time.
struct Cells<'a> {
    encoder: NullableEncoder<'a>,
    kind: CellKind<'a>,
    array: &'a dyn Array,
    scratch: Vec<u8>,
}

/// How a cell of CSV is made.
enum CellKind<'a> {
    /// As JSON has it.
    Plain,
    /// As it is.
    Text(&'a StringArray),
    /// From its JSON: the text it is, or the list or struct it holds.
    Quoted,
}

impl<'a> Cells<'a> {
    fn of(
        field: &'a FieldRef,
        array: &'a Arc<dyn Array>,
        options: &'a EncoderOptions,
    ) -> Result<Self, SqlError> {
        let kind = match (array.as_string_opt(), field.data_type()) {
            (Some(texts), _) => CellKind::Text(texts),
            (None, DataType::Boolean) => CellKind::Plain,
            (None, kind) if kind.is_numeric() => CellKind::Plain,
            _ => CellKind::Quoted,
        };
        Ok(Self {
            encoder: make_encoder(field, array.as_ref(), options).map_err(no_room)?,
            kind,
            array: array.as_ref(),
            scratch: Vec::new(),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        self.encoder.is_null(row) || matches!(self.array.data_type(), DataType::Null)
    }

    fn json(&mut self, row: usize, buffer: &mut Vec<u8>) {
        if self.is_null(row) {
            return buffer.extend_from_slice(b"null");
        }
        self.encoder.encode(row, buffer);
    }

    /// Nothing is null, `""` an empty text; a list or a struct is its JSON.
    fn csv(&mut self, row: usize, buffer: &mut Vec<u8>) {
        if self.is_null(row) {
            return;
        }
        let text = match self.kind {
            CellKind::Plain => return self.encoder.encode(row, buffer),
            CellKind::Text(texts) => Cow::Borrowed(texts.value(row)),
            CellKind::Quoted => {
                self.scratch.clear();
                self.encoder.encode(row, &mut self.scratch);
                match serde_json::from_slice::<String>(&self.scratch) {
                    Ok(text) => Cow::Owned(text),
                    Err(_not_a_text) => String::from_utf8_lossy(&self.scratch),
                }
            }
        };
        if text.is_empty() {
            return buffer.extend_from_slice(b"\"\"");
        }
        csv_text(buffer, &text);
    }
}

/// Whole numbers of 128 bits, which arrow writes with 38 digits at most: some have 39.
#[derive(Debug)]
struct Huge;

struct HugeCells<'a>(&'a Decimal128Array);

impl Encoder for HugeCells<'_> {
    fn encode(&mut self, row: usize, buffer: &mut Vec<u8>) {
        // Writing to memory does not fail.
        let _infallible = io::Write::write_fmt(buffer, format_args!("{}", self.0.value(row)));
    }
}

impl EncoderFactory for Huge {
    fn make_default_encoder<'a>(
        &self,
        _field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let huge = array.as_any().downcast_ref::<Decimal128Array>();
        let huge = huge.filter(|array| array.scale() == 0);
        Ok(huge
            .map(|array| NullableEncoder::new(Box::new(HugeCells(array)), array.nulls().cloned())))
    }
}

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
