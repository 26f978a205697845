//! A spreadsheet, as the batches and the report a CSV gives: its first sheet, the row number in place
//! of the line.
//!
//! Its header is the first row, among the first few, that has a column of the table's key: some
//! editions have a title above. What a workbook may hold is bounded before anything is kept of it.

use arrow::record_batch::RecordBatch;
use calamine::{DataRef, Reader, Xlsx, XlsxError, open_workbook};
use registre_schemas::Kind;
use registre_schemas::manifest::DecodeReport;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::layout::{self, Layout};
use super::rejects::Rejects;
use super::split::{CHUNK, Chunk};
use super::{Entry, open_archive, parse, zip_error};
use crate::download::RawFile;
use crate::error::IngestError;
use crate::progress::Context;

/// Bytes a workbook may inflate to, all its parts together: the official one is under 3 MB.
const MOST_BYTES: u64 = 64 << 20;
/// Parts it may have.
const MOST_PARTS: usize = 500;
/// Columns it may have.
const MOST_COLUMNS: u32 = 200;
/// Rows among which the header is looked for.
const HEADER_WITHIN: usize = 20;
/// What every workbook has inside.
const WORKBOOK: &str = "xl/workbook.xml";
/// Between the fields of the text a row is turned into.
const DELIMITER: u8 = b';';

/// Whether a file is a workbook. False for what is not even an archive.
pub fn is_workbook(path: &Path) -> Result<bool, IngestError> {
    Ok(super::is_zip(path)? && open_archive(path, None)?.index_for_name(WORKBOOK).is_some())
}

/// Decodes the first sheet of `raw`, giving each batch to `sink` in its order.
pub fn decode(
    raw: &RawFile,
    context: &Context,
    mut sink: impl FnMut(RecordBatch) -> Result<(), IngestError>,
) -> Result<DecodeReport, IngestError> {
    let source = &raw.resource.source;
    let task = context
        .progress
        .begin(&format!("{}: decode", source.name), None);
    refuse_too_large(&raw.path)?;
    let unreadable = |error: XlsxError| IngestError::File {
        path: raw.path.clone(),
        detail: format!("unreadable spreadsheet ({error}): damaged? run again"),
    };
    let mut book: Xlsx<BufReader<File>> = open_workbook(&raw.path).map_err(unreadable)?;
    let sheet = book.sheet_names().into_iter().next().unwrap_or_default();
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(unreadable)?;
    let mut reading = Reading {
        raw,
        sheet: &sheet,
        above: Vec::new(),
        found: None,
        rejects: Rejects::new(source.refused_per_million),
        sink: &mut sink,
    };
    let mut row = Row::default();
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (number, column) = cell.get_position();
        if number != row.number {
            context.cancel.check()?;
            reading.row(&row)?;
            row = Row::numbered(number);
        }
        if column >= MOST_COLUMNS {
            return Err(reading.fault(number, format!("more than {MOST_COLUMNS} columns")));
        }
        row.cells.push((column, Cell::new(cell.get_value())));
    }
    reading.row(&row)?;
    let report = reading.finish()?;
    task.finish(&format!(
        "{}: {} rows read, {} kept",
        source.name, report.rows_read, report.rows_kept
    ));
    Ok(report)
}

/// Inflates every part once, keeping nothing: announced sizes may lie. Checksums are verified on the
/// way.
fn refuse_too_large(path: &Path) -> Result<(), IngestError> {
    let mut archive = open_archive(path, None)?;
    let too_large = |what: String| IngestError::File {
        path: path.to_path_buf(),
        detail: format!("{what}: this is no list of associations"),
    };
    if archive.len() > MOST_PARTS {
        return Err(too_large(format!("{} parts", archive.len())));
    }
    let mut inflated = 0;
    for index in 0..archive.len() {
        let part = archive
            .by_index(index)
            .map_err(|error| zip_error(path, &error))?;
        inflated += io::copy(&mut part.take(MOST_BYTES + 1 - inflated), &mut io::sink())
            .map_err(|error| zip_error(path, &format!("{error}: damaged? run again")))?;
        if inflated > MOST_BYTES {
            return Err(too_large(format!("more than {} MB", MOST_BYTES >> 20)));
        }
    }
    Ok(())
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
    /// A date, as `AAAA-MM-JJ`.
    Date(String),
}

impl Cell {
    fn new(value: &DataRef<'_>) -> Self {
        match value {
            DataRef::Int(number) => Self::Text(number.to_string()),
            DataRef::Float(number) => Self::Number(*number),
            DataRef::String(text) => Self::Text(text.trim().to_owned()),
            DataRef::SharedString(text) => Self::Text(text.trim().to_owned()),
            DataRef::Bool(value) => Self::Text(value.to_string()),
            DataRef::DateTime(date) if date.is_datetime() => {
                let (year, month, day, ..) = date.to_ymd_hms_milli();
                Self::Date(format!("{year:04}-{month:02}-{day:02}"))
            }
            DataRef::DateTime(duration) => Self::Number(duration.as_f64()),
            DataRef::DateTimeIso(text) => Self::Date(text.chars().take(10).collect()),
            DataRef::DurationIso(text) => Self::Text(text.clone()),
            DataRef::Error(error) => Self::Text(error.to_string()),
            DataRef::Empty => Self::Text(String::new()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// As a CSV of the same table would have it. A number where a date is expected is one, counted
    /// in days; a postcode typed as a number has lost its first zero.
    fn to_field(&self, column: Option<(&str, Kind)>) -> String {
        match (self, column) {
            (Self::Text(text) | Self::Date(text), _) => text.clone(),
            (Self::Number(days), Some((_, Kind::Date))) => {
                excel_day(*days).unwrap_or_else(|| days.to_string())
            }
            (Self::Number(number), Some(("code_postal", _))) => format!("{number:05}"),
            (Self::Number(number), _) => number.to_string(),
        }
    }
}

/// The day of that number, as `AAAA-MM-JJ`. Counted from 1899-12-30, which is right from
/// 1900-03-01 on: the format believes that 1900 was a leap year.
fn excel_day(days: f64) -> Option<String> {
    if !(1.0..2_958_466.0).contains(&days) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let days = days as i64;
    let origin = if days < 61 { 31 } else { 30 };
    let day = chrono::NaiveDate::from_ymd_opt(1899, 12, origin)?
        .checked_add_signed(chrono::Duration::days(days))?;
    Some(day.to_string())
}

/// A row: its number from 0, its cells by column.
#[derive(Debug, Default)]
struct Row {
    number: u32,
    cells: Vec<(u32, Cell)>,
}

impl Row {
    fn numbered(number: u32) -> Self {
        Self {
            number,
            cells: Vec::new(),
        }
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|(_, cell)| cell.is_empty())
    }
}

/// The header once found, and rows after it waiting to be parsed.
struct Found {
    entry: Entry,
    /// For each field of the layout, its column in the sheet.
    columns: Vec<u32>,
    chunk: Chunk,
    /// Line of the next row that may follow in the chunk.
    next_line: u64,
}

struct Reading<'a, S> {
    raw: &'a RawFile,
    sheet: &'a str,
    /// Beginnings of the rows seen before the header, for the message if there is none.
    above: Vec<String>,
    found: Option<Found>,
    rejects: Rejects,
    sink: &'a mut S,
}

impl<S: FnMut(RecordBatch) -> Result<(), IngestError>> Reading<'_, S> {
    fn file(&self) -> String {
        let name = self.raw.url.rsplit('/').next().unwrap_or_default();
        format!("{name}, feuille {}", self.sheet)
    }

    fn fault(&self, row: u32, detail: String) -> IngestError {
        IngestError::Decode {
            file: self.file(),
            line: Some(u64::from(row) + 1),
            detail,
        }
    }

    fn row(&mut self, row: &Row) -> Result<(), IngestError> {
        if row.is_blank() {
            return Ok(());
        }
        if self.found.is_some() {
            self.add(row)
        } else {
            self.look_for_header(row)
        }
    }

    fn look_for_header(&mut self, row: &Row) -> Result<(), IngestError> {
        let table = self.raw.resource.source.table;
        let named = row.cells.iter().filter(|(_, cell)| !cell.is_empty());
        let (columns, header): (Vec<u32>, Vec<String>) = named
            .map(|(column, cell)| (*column, cell.to_field(None)))
            .unzip();
        let header = layout::spelled(table, header);
        if !table
            .key
            .iter()
            .any(|key| header.iter().any(|name| name == key))
        {
            self.above
                .push(header.join(" | ").chars().take(80).collect());
            if self.above.len() == HEADER_WITHIN {
                return Err(self.no_header());
            }
            return Ok(());
        }
        let unknown = layout::unknown_columns(table, std::iter::once(header.as_slice()));
        let layout = Layout::new(table, DELIMITER, self.file(), &header, &unknown)?;
        let next_line = u64::from(row.number) + 2;
        self.found = Some(Found {
            entry: Entry {
                index: 0,
                layout: Arc::new(layout),
            },
            columns,
            chunk: empty_chunk(next_line),
            next_line,
        });
        Ok(())
    }

    fn no_header(&self) -> IngestError {
        let table = self.raw.resource.source.table;
        self.fault(
            0,
            format!(
                "no header: none of the first rows has a column for {}; they are {:?}",
                table.key.join(" or "),
                self.above
            ),
        )
    }

    fn add(&mut self, row: &Row) -> Result<(), IngestError> {
        let Some(found) = &mut self.found else {
            return Ok(());
        };
        let line = u64::from(row.number) + 1;
        if line != found.next_line || found.chunk.text.len() >= CHUNK {
            flush(found, &mut self.rejects, self.sink)?;
            found.chunk.first_line = line;
        }
        let layout = &found.entry.layout;
        let text = &mut found.chunk.text;
        let start = text.len();
        for (field, column) in found.columns.iter().enumerate() {
            if field > 0 {
                text.push(char::from(DELIMITER));
            }
            let known = layout.column_of(field);
            let cell = row.cells.iter().find(|(place, _)| place == column);
            let value = cell.map(|(_, cell)| cell.to_field(known.map(|c| (c.name, c.kind))));
            push_field(text, &value.unwrap_or_default());
        }
        // A text on several lines makes those of the chunk and the rows of the sheet disagree.
        let lines = text[start..].matches('\n').count() as u64;
        text.push('\n');
        found.next_line = if lines == 0 { line + 1 } else { 0 };
        Ok(())
    }

    fn finish(mut self) -> Result<DecodeReport, IngestError> {
        let Some(mut found) = self.found.take() else {
            return Err(self.no_header());
        };
        flush(&mut found, &mut self.rejects, self.sink)?;
        self.rejects
            .finish(&self.raw.resource.source.name, &[found.entry])
    }
}

fn empty_chunk(first_line: u64) -> Chunk {
    Chunk {
        text: String::new(),
        first_line,
        lines: 0,
        replaced: false,
    }
}

fn flush(
    found: &mut Found,
    rejects: &mut Rejects,
    sink: &mut impl FnMut(RecordBatch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    if found.chunk.text.is_empty() {
        return Ok(());
    }
    let parsed = parse::parse(&found.chunk, &found.entry.layout);
    found.chunk.text.clear();
    rejects.merge(&parsed)?;
    sink(parsed.batch)
}

/// A field between quotes when it holds what separates fields or records.
fn push_field(text: &mut String, value: &str) {
    if value.contains(['"', '\n', '\r', char::from(DELIMITER)]) {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_a_spreadsheet_are_those_of_the_calendar() {
        for (days, expected) in [
            (1.0, Some("1900-01-01")),
            (59.0, Some("1900-02-28")),
            (61.0, Some("1900-03-01")),
            (45_617.0, Some("2024-11-21")),
            (45_617.75, Some("2024-11-21")),
            (0.0, None),
            (-3.0, None),
            (f64::NAN, None),
            (1e12, None),
        ] {
            assert_eq!(excel_day(days).as_deref(), expected, "{days}");
        }
    }

    #[test]
    fn a_cell_becomes_the_field_a_csv_would_have() {
        let date = Some(("date_reconnaissance", Kind::Date));
        let postcode = Some(("code_postal", Kind::Text));
        let text = Some(("code", Kind::Text));
        for (cell, column, expected) in [
            (Cell::Number(45_617.0), date, "2024-11-21"),
            (Cell::Number(45_617.0), text, "45617"),
            (Cell::Number(1000.0), postcode, "01000"),
            (Cell::Text("01000".to_owned()), postcode, "01000"),
            (Cell::Number(12.5), text, "12.5"),
            (Cell::Date("1998-07-12".to_owned()), date, "1998-07-12"),
            (Cell::Text("15/03/1898".to_owned()), date, "15/03/1898"),
        ] {
            assert_eq!(cell.to_field(column), expected, "{cell:?}");
        }
    }
}
