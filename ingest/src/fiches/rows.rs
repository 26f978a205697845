//! The rows of a table as [`Cell`]s, a window at a time: a column is turned into cells for some
//! hundred rows at once, then rows are taken one after the other.

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use foldhash::fast::FixedState;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use registre_schemas::Kind;
use registre_schemas::fiche::{Cell, Coding, Dictionary, Row, TableCoding};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::error::IngestError;
use crate::sorted::Parquet;

/// Rows turned into cells at once: few enough for them to stay in the processor's cache.
const WINDOW: usize = 256;

/// The code of each text of the dictionaries.
pub(super) struct Codes<'a> {
    of: Vec<HashMap<&'a str, u32, FixedState>>,
}

impl<'a> Codes<'a> {
    pub(super) fn new(dictionaries: &'a [Dictionary]) -> Self {
        let of = dictionaries.iter().map(|dictionary| {
            let codes = 0..u32::try_from(dictionary.len()).unwrap_or(u32::MAX);
            codes
                .filter_map(|code| Some((dictionary.get(code)?, code)))
                .collect()
        });
        Self { of: of.collect() }
    }

    pub(super) fn of(coding: &'a Coding) -> Self {
        Self::new(&coding.dictionaries)
    }

    pub(super) fn get(&self, domain: Option<usize>, text: &str) -> Option<u32> {
        let codes = self.of.get(domain?)?;
        if codes.is_empty() {
            return None;
        }
        codes.get(text).copied()
    }
}

/// What was found of a text of a row group's dictionary: its code here plus one, or zero.
struct Translated {
    values: ArrayRef,
    codes: Vec<u32>,
}

/// Rows being read in order.
pub(super) struct Rows<'a> {
    parquet: &'a Parquet,
    coding: &'a TableCoding,
    codes: &'a Codes<'a>,
    reader: ParquetRecordBatchReader,
    /// Position in the table of each column read, and whether it is the key.
    columns: Vec<usize>,
    key: Option<usize>,
    batch: RecordBatch,
    translated: Vec<Option<Translated>>,
    next: usize,
    /// The row before the window, then the window.
    cells: Vec<Cell>,
    bytes: Vec<u8>,
    keys: Vec<u64>,
    length: usize,
    at: usize,
}

impl<'a> Rows<'a> {
    /// Rows of a table. `key` is its identifier of digits, which tells rows apart.
    pub(super) fn read(
        parquet: &'a Parquet,
        rows: Range<usize>,
        coding: &'a TableCoding,
        implied: &[&str],
        key: Option<&str>,
        codes: &'a Codes<'a>,
    ) -> Result<Self, IngestError> {
        let table = parquet.table;
        let wanted = |name: &str| {
            key == Some(name) || (!implied.contains(&name) && parquet.with_values(&rows, name))
        };
        let names: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name)
            .filter(|name| wanted(name))
            .collect();
        let columns: Vec<usize> = names
            .iter()
            .filter_map(|name| table.index_of(name))
            .collect();
        let mut read = Self {
            reader: parquet.read_coded(rows, &names)?,
            key: names.iter().position(|name| key == Some(name)),
            translated: names.iter().map(|_| None).collect(),
            batch: RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty())),
            columns,
            parquet,
            coding,
            codes,
            next: 0,
            cells: Vec::new(),
            bytes: Vec::new(),
            keys: Vec::new(),
            length: 0,
            at: 0,
        };
        read.fill()?;
        Ok(read)
    }

    /// The identifier of the row, as a number; none at the end.
    #[inline]
    pub(super) fn key(&self) -> Option<u64> {
        self.keys.get(self.at).copied()
    }

    /// The row.
    #[inline]
    pub(super) fn row(&self) -> Row<'_> {
        self.row_at(self.at + 1)
    }

    /// The row before it.
    #[inline]
    pub(super) fn previous(&self) -> Row<'_> {
        self.row_at(self.at)
    }

    /// Whether there is a row.
    pub(super) fn is_there(&self) -> bool {
        self.at < self.length
    }

    fn row_at(&self, position: usize) -> Row<'_> {
        let width = self.parquet.table.columns.len();
        Row {
            cells: &self.cells[position * width..(position + 1) * width],
            bytes: &self.bytes,
        }
    }

    /// Goes to the next row.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<(), IngestError> {
        self.at += 1;
        if self.at < self.length {
            return Ok(());
        }
        self.fill()
    }

    fn fill(&mut self) -> Result<(), IngestError> {
        let width = self.parquet.table.columns.len();
        // The last row stays, with its texts.
        let mut last = vec![Cell::Null; width];
        let mut bytes = Vec::new();
        if self.length > 0 {
            copy(&self.row_at(self.length), &mut last, &mut bytes);
        }
        self.bytes.clear();
        self.bytes.append(&mut bytes);
        self.cells.clear();
        self.cells.append(&mut last);
        self.keys.clear();
        (self.at, self.length) = (0, 0);
        if self.next == self.batch.num_rows() {
            self.next = 0;
            let Some(batch) = self.reader.next() else {
                self.batch = self.batch.slice(0, 0);
                return Ok(());
            };
            self.batch = batch.map_err(|error| self.parquet.unreadable(&error))?;
        }
        let rows = self.next..(self.next + WINDOW).min(self.batch.num_rows());
        self.length = rows.len();
        self.cells.resize((1 + rows.len()) * width, Cell::Null);
        for position in 0..self.columns.len() {
            self.column(position, &rows)?;
        }
        if self.key.is_none() {
            self.keys.resize(rows.len(), 0);
        }
        self.next = rows.end;
        Ok(())
    }

    /// Turns a column of the window into cells.
    fn column(&mut self, position: usize, rows: &Range<usize>) -> Result<(), IngestError> {
        let array = Arc::clone(self.batch.column(position));
        let column = self.columns[position];
        if self.key == Some(position) {
            let texts = array.as_string_opt::<i32>();
            let texts = texts.ok_or_else(|| self.parquet.bug("its key is no text"))?;
            for row in rows.clone() {
                let key = number(texts.value(row));
                self.keys
                    .push(key.ok_or_else(|| self.parquet.bug("its key is not made of digits"))?);
            }
            return Ok(());
        }
        let width = self.parquet.table.columns.len();
        let (cells, bytes) = (&mut self.cells[width + column..], &mut self.bytes);
        let mut put = |row: usize, cell: Cell| cells[(row - rows.start) * width] = cell;
        let domain = self.coding.domains()[column];
        match self.parquet.table.columns[column].kind {
            Kind::Text => {
                if let Some(coded) = array.as_dictionary_opt::<Int32Type>() {
                    let values = coded.values();
                    let slot = &mut self.translated[position];
                    if !slot
                        .as_ref()
                        .is_some_and(|slot| is_same(&slot.values, values))
                    {
                        *slot = Some(translate(values, domain, self.codes));
                    }
                    let codes = slot.as_ref().map_or(&[][..], |slot| slot.codes.as_slice());
                    let texts = values.as_string::<i32>();
                    let keys: &Int32Array = coded.keys();
                    for row in rows.clone().filter(|row| keys.is_valid(*row)) {
                        let key = usize::try_from(keys.value(row)).unwrap_or(0);
                        put(
                            row,
                            match codes.get(key) {
                                Some(0) | None => text(bytes, texts.value(key)),
                                Some(code) => Cell::Code(code - 1),
                            },
                        );
                    }
                } else {
                    let texts = array.as_string_opt::<i32>();
                    let texts = texts.ok_or_else(|| self.parquet.bug("a text is none"))?;
                    for row in rows.clone().filter(|row| texts.is_valid(*row)) {
                        let value = texts.value(row);
                        put(
                            row,
                            match self.codes.get(domain, value) {
                                Some(code) => Cell::Code(code),
                                None => text(bytes, value),
                            },
                        );
                    }
                }
            }
            Kind::Date => each(array.as_primitive::<Date32Type>(), rows, |array, row| {
                put(row, Cell::Number(array.value(row).into()));
            }),
            Kind::Timestamp => each(
                array.as_primitive::<TimestampMicrosecondType>(),
                rows,
                |array, row| {
                    put(row, Cell::Number(array.value(row)));
                },
            ),
            Kind::Integer => each(array.as_primitive::<Int64Type>(), rows, |array, row| {
                put(row, Cell::Number(array.value(row)));
            }),
            Kind::Boolean => each(array.as_boolean(), rows, |array, row| {
                put(row, Cell::Number(array.value(row).into()));
            }),
            Kind::Real => each(array.as_primitive::<Float64Type>(), rows, |array, row| {
                put(row, Cell::Number(array.value(row).to_bits().cast_signed()));
            }),
        }
        Ok(())
    }
}

/// Whether two batches share the dictionary of their row group: each wraps it anew.
pub(super) fn is_same(known: &ArrayRef, values: &ArrayRef) -> bool {
    let (known, values) = (known.as_string::<i32>(), values.as_string::<i32>());
    std::ptr::eq(known.value_offsets(), values.value_offsets())
}

/// Each row that has a value.
fn each<A: Array>(array: &A, rows: &Range<usize>, mut value: impl FnMut(&A, usize)) {
    for row in rows.clone().filter(|row| array.is_valid(*row)) {
        value(array, row);
    }
}

fn translate(values: &ArrayRef, domain: Option<usize>, codes: &Codes<'_>) -> Translated {
    let texts: &StringArray = values.as_string::<i32>();
    let code = |text: Option<&str>| {
        let code = text.and_then(|text| codes.get(domain, text));
        code.map_or(0, |code| code + 1)
    };
    Translated {
        codes: texts.iter().map(code).collect(),
        values: Arc::clone(values),
    }
}

/// Copies a text beside the row.
pub(super) fn text(bytes: &mut Vec<u8>, text: &str) -> Cell {
    let start = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(text.as_bytes());
    Cell::Text(start, u32::try_from(text.len()).unwrap_or(u32::MAX))
}

/// Copies a row, with its texts.
pub(super) fn copy(row: &Row<'_>, cells: &mut [Cell], bytes: &mut Vec<u8>) {
    for (to, from) in cells.iter_mut().zip(row.cells) {
        *to = match *from {
            Cell::Text(start, length) => {
                let at = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(row.text(start, length));
                Cell::Text(at, length)
            }
            other => other,
        };
    }
}

/// A value that is no text, as a number: see [`Cell::Number`].
pub(super) fn bits(kind: Kind, array: &dyn Array, row: usize) -> i64 {
    match kind {
        Kind::Date => array.as_primitive::<Date32Type>().value(row).into(),
        Kind::Timestamp => array.as_primitive::<TimestampMicrosecondType>().value(row),
        Kind::Integer => array.as_primitive::<Int64Type>().value(row),
        Kind::Boolean => array.as_boolean().value(row).into(),
        Kind::Real => array
            .as_primitive::<Float64Type>()
            .value(row)
            .to_bits()
            .cast_signed(),
        Kind::Text => 0,
    }
}

/// An identifier of digits.
pub(super) fn number(text: &str) -> Option<u64> {
    let mut number: u64 = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.wrapping_mul(10).wrapping_add(digit.into());
    }
    Some(number)
}
