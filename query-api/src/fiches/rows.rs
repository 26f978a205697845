//! A row as it is in a fiche: its values are made when they are asked for.

use chrono::{DateTime, NaiveDate};
use registre_schemas::Kind;
use registre_schemas::fiche::body::{Cells, Of};
use registre_schemas::fiche::row::decimal_text;
use registre_schemas::fiche::{Cell, Coding, TableCoding};
use std::sync::Arc;

use super::Fiches;
use crate::record::{Record, Value};
use crate::text::digits;

/// Days from 0001-01-01 to 1970-01-01, plus one: chrono counts days of the common era.
const EPOCH: i64 = 719_163;

/// Whose row it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// Of `sirene.fiches`.
    Sirene(Of),
    /// Of `rna.fiches`, by its place there.
    Rna(usize),
}

impl Part {
    /// What was learned of its file, and of its table.
    fn coding(self, fiches: &Fiches) -> (&Coding, &TableCoding) {
        match self {
            Self::Sirene(of) => {
                let coding = &fiches.sirene_coding;
                (&coding.coding, coding.table(of))
            }
            Self::Rna(place) => {
                let coding = &fiches.rna_coding;
                (coding, &coding.tables[place])
            }
        }
    }
}

/// Bytes that the identifiers and the metres of a row take, as a rule.
const TEXTS: usize = 64;

/// A row, with what its values are made of.
#[derive(Clone)]
pub(crate) struct FicheRow {
    fiches: Arc<Fiches>,
    part: Part,
    cells: Box<[Cell]>,
    block: Arc<Vec<u8>>,
    /// Texts that the block does not have as such: identifiers. Their places go on from its end.
    texts: Vec<u8>,
}

impl FicheRow {
    /// A row read; `implied` are the values of columns that the entry tells, by their position.
    pub(super) fn record(
        fiches: &Arc<Fiches>,
        part: Part,
        cells: &Cells,
        block: &Arc<Vec<u8>>,
        implied: &[(usize, &str)],
    ) -> Record {
        let mut own = Self {
            fiches: Arc::clone(fiches),
            part,
            cells: cells.as_slice().into(),
            block: Arc::clone(block),
            texts: Vec::with_capacity(TEXTS),
        };
        for (column, text) in implied {
            own.put_text(*column, |texts| texts.extend_from_slice(text.as_bytes()));
        }
        let (_, table) = part.coding(fiches);
        for &(column, length) in table.numbers() {
            let Some(&Cell::Number(number)) = own.cells.get(column) else {
                continue;
            };
            own.put_text(column, |texts| match length {
                Some(length) => {
                    let start = texts.len();
                    texts.resize(start + length, b'0');
                    digits(&mut texts[start..], number.unsigned_abs());
                }
                None => texts.extend_from_slice(decimal_text(number).as_bytes()),
            });
        }
        Record::of_fiche(table.table(), own)
    }

    fn put_text(&mut self, column: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.block.len() + self.texts.len();
        write(&mut self.texts);
        let length = self.block.len() + self.texts.len() - start;
        if let Some(cell) = self.cells.get_mut(column) {
            let place = u32::try_from(start).unwrap_or(u32::MAX);
            *cell = Cell::Text(place, u32::try_from(length).unwrap_or(0));
        }
    }

    fn text(&self, start: u32, length: u32) -> Option<&str> {
        let (start, length) = (start as usize, length as usize);
        let (bytes, start) = match start.checked_sub(self.block.len()) {
            Some(start) => (&self.texts, start),
            None => (&*self.block, start),
        };
        let bytes = bytes.get(start..start.checked_add(length)?)?;
        std::str::from_utf8(bytes).ok()
    }

    /// The value of a column. One that cannot be is absent rather than wrong.
    pub(crate) fn at(&self, column: usize) -> Value<'_> {
        let (coding, table) = self.part.coding(&self.fiches);
        let value = match self.cells.get(column).copied().unwrap_or_default() {
            Cell::Null => None,
            Cell::Code(code) => coding.text(table, column, code).map(Value::Text),
            Cell::Text(start, length) => self.text(start, length).map(Value::Text),
            Cell::Number(number) => match table.table().columns[column].kind {
                Kind::Text => None,
                Kind::Date => number
                    .checked_add(EPOCH)
                    .and_then(|days| i32::try_from(days).ok())
                    .and_then(NaiveDate::from_num_days_from_ce_opt)
                    .map(Value::Date),
                Kind::Timestamp => DateTime::from_timestamp_micros(number)
                    .map(|moment| Value::Timestamp(moment.naive_utc())),
                Kind::Integer => Some(Value::Integer(number)),
                Kind::Boolean => Some(Value::Boolean(number != 0)),
                Kind::Real => Some(Value::Real(f64::from_bits(number.cast_unsigned()))),
            },
        };
        value.unwrap_or(Value::Null)
    }

    /// Shows a column as absent from now on.
    pub(crate) fn forget(&mut self, column: usize) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = Cell::Null;
        }
    }
}
