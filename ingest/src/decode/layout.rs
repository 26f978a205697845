//! How the columns of one CSV file map to those of its table: by name, never by position.

use arrow::datatypes::SchemaRef;
use registre_schemas::Table;
use registre_schemas::column::Presence;
use std::io::Read;

use super::split::{BOM, Splitter};
use crate::error::IngestError;

/// One file's columns, matched to its table's.
#[derive(Debug)]
pub struct Layout {
    /// Where rows go.
    pub table: &'static Table,
    /// Field delimiter.
    pub delimiter: u8,
    /// File, inside its archive if any, for messages.
    pub file: String,
    /// Fields a record must have.
    pub width: usize,
    /// For each column of the schema, the field it comes from.
    pub fields: Vec<Option<usize>>,
    /// The table's schema, then the unknown columns of all files of the archive.
    pub schema: SchemaRef,
    /// Names of those unknown columns.
    pub unknown: Vec<String>,
    /// Optional columns this file lacks.
    pub missing: Vec<String>,
}

impl Layout {
    /// Fails when a required column is missing, naming it.
    pub fn new(
        table: &'static Table,
        delimiter: u8,
        file: String,
        header: &[String],
        unknown: &[String],
    ) -> Result<Self, IngestError> {
        let position = |name: &str| header.iter().position(|field| field == name);
        let absent = |presence: &[Presence]| -> Vec<String> {
            table
                .columns
                .iter()
                .filter(|column| {
                    presence.contains(&column.presence) && position(column.name).is_none()
                })
                .map(|column| column.name.to_owned())
                .collect()
        };
        let required = absent(&[Presence::Key, Presence::Always]);
        if !required.is_empty() {
            return Err(IngestError::Decode {
                file,
                line: Some(1),
                detail: format!(
                    "required column missing: {}; the header has {} columns, from {:?} to {:?}",
                    required.join(", "),
                    header.len(),
                    header.first().map(String::as_str).unwrap_or_default(),
                    header.last().map(String::as_str).unwrap_or_default(),
                ),
            });
        }
        if let Some(name) = header
            .iter()
            .enumerate()
            .find_map(|(i, name)| header[..i].contains(name).then_some(name))
        {
            return Err(IngestError::Decode {
                file,
                line: Some(1),
                detail: format!("column {name:?} appears twice"),
            });
        }
        let fields = table
            .columns
            .iter()
            .map(|column| {
                if column.presence == Presence::Derived {
                    None
                } else {
                    position(column.name)
                }
            })
            .chain(unknown.iter().map(|name| position(name)))
            .collect();
        Ok(Self {
            table,
            delimiter,
            width: header.len(),
            fields,
            schema: table.schema(unknown),
            unknown: unknown.to_vec(),
            missing: absent(&[Presence::Sometimes]),
            file,
        })
    }
}

/// The names in the first record of `reader`.
pub fn read_header(
    reader: impl Read,
    file: &str,
    delimiter: u8,
) -> Result<Vec<String>, IngestError> {
    let fail = |detail: String| IngestError::Decode {
        file: file.to_owned(),
        line: Some(1),
        detail,
    };
    let record = Splitter::new(reader, delimiter)
        .first_record()
        .map_err(|error| {
            fail(format!(
                "header unreadable: {error}: truncated or corrupt; run again"
            ))
        })?;
    let record = record.strip_prefix(BOM).unwrap_or(&record);
    let text =
        std::str::from_utf8(record).map_err(|_not_utf8| fail("header is not text".to_owned()))?;
    let names: Vec<String> = text
        .trim_end_matches(['\r', '\n'])
        .split(char::from(delimiter))
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect();
    if names.iter().all(String::is_empty) {
        return Err(fail(
            "the file is empty: a header line is expected".to_owned(),
        ));
    }
    Ok(names)
}

/// Names that no column of the table has, in order of appearance.
pub fn unknown_columns<'a>(
    table: &Table,
    headers: impl Iterator<Item = &'a [String]>,
) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    for name in headers.flatten() {
        if !name.is_empty() && table.column(name).is_none() && !unknown.contains(name) {
            unknown.push(name.clone());
        }
    }
    unknown
}
