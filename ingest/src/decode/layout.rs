//! How the columns of one CSV file map to those of its table: by name, never by position.

use arrow::datatypes::SchemaRef;
use registre_schemas::association_utilite_publique::{
    ASSOCIATION_UTILITE_PUBLIQUE, column_spelled,
};
use registre_schemas::column::Presence;
use registre_schemas::{Column, Table};
use std::borrow::Cow;
use std::io::Read;

use super::record::Shape;
use super::split::{BOM, Splitter, from_latin1};
use super::values;
use crate::error::IngestError;

/// No register has as many: past it the file is something else, and each column costs memory.
pub(super) const MOST_COLUMNS: usize = 1000;

const FORMAT_CHANGED: &str = "the publisher changed its format: look for a newer registre";

/// One file's columns, matched to its table's.
#[derive(Debug)]
pub struct Layout {
    /// Where rows go.
    pub table: &'static Table,
    /// Its delimiter, and the fields a record must have.
    pub shape: Shape,
    /// File, inside its archive if any, for messages.
    pub file: String,
    /// For each column of the schema, the field it comes from.
    pub fields: Vec<Option<usize>>,
    /// What a row cannot do without.
    pub keys: Vec<KeyField>,
    /// Places of SIREN, NIC and SIRET when a row has the three: the last is the first two.
    pub siret_parts: Option<[usize; 3]>,
    /// How its dates are read: a list kept by hand has its own.
    pub date: fn(&str) -> Option<i32>,
    /// The table's schema, then the unknown columns of all files of the archive.
    pub schema: SchemaRef,
    /// Names of those unknown columns.
    pub unknown: Vec<String>,
    /// Optional columns this file lacks.
    pub missing: Vec<String>,
}

/// A field every row must have.
#[derive(Debug, Clone, Copy)]
pub struct KeyField {
    /// Its column.
    pub name: &'static str,
    /// Its place in a record.
    pub field: usize,
    /// How many digits it has; zero for any text.
    pub digits: usize,
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
        let absent = |which: fn(Presence) -> bool| -> Vec<String> {
            let lacking = table
                .columns
                .iter()
                .filter(|column| which(column.presence) && position(column.name).is_none());
            lacking.map(|column| column.name.to_owned()).collect()
        };
        let required = absent(|presence| matches!(presence, Presence::Key(_) | Presence::Always));
        if !required.is_empty() {
            return Err(IngestError::Decode {
                file,
                line: Some(1),
                detail: format!(
                    "required column missing: {}; the header has {} columns, from {:?} to {:?}; {FORMAT_CHANGED}",
                    few(&hint_at_case(&required, header)),
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
                detail: format!("column {name:?} appears twice; {FORMAT_CHANGED}"),
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
        let keys = table
            .columns
            .iter()
            .filter_map(|column| match column.presence {
                Presence::Key(digits) => Some(KeyField {
                    name: column.name,
                    field: position(column.name)?,
                    digits,
                }),
                _ => None,
            });
        let keys: Vec<KeyField> = keys.collect();
        let part = |name: &str| {
            keys.iter()
                .find(|key| key.name == name)
                .map(|key| key.field)
        };
        let siret_parts = part("siren").zip(part("nic")).zip(part("siret"));
        Ok(Self {
            table,
            shape: Shape {
                delimiter,
                width: header.len(),
            },
            siret_parts: siret_parts.map(|((siren, nic), siret)| [siren, nic, siret]),
            keys,
            date: if is_kept_by_hand(table) {
                values::date_by_hand
            } else {
                values::date
            },
            fields,
            schema: table.schema(unknown),
            unknown: unknown.to_vec(),
            missing: absent(|presence| presence == Presence::Sometimes),
            file,
        })
    }
}

impl Layout {
    /// The column of the table that a field goes to.
    #[must_use]
    pub fn column_of(&self, field: usize) -> Option<&'static Column> {
        let place = self.fields.iter().position(|from| *from == Some(field))?;
        self.table.columns.get(place)
    }
}

/// The first of them, and how many more, for a message.
#[must_use]
pub fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}

impl Layout {
    /// Why a row cannot be one of its table: the column of the key that is not a key, and what it
    /// holds. `field` gives the text of a field of the row.
    pub fn wrong_key<'a>(
        &self,
        field: impl Fn(usize) -> &'a str,
    ) -> Option<(&'static str, &'a str)> {
        let wrong = self
            .keys
            .iter()
            .find(|key| !is_key(field(key.field), key.digits));
        if let Some(key) = wrong {
            return Some((key.name, field(key.field)));
        }
        self.siret_parts.and_then(|[siren, nic, siret]| {
            let agrees = field(siret).strip_prefix(field(siren)) == Some(field(nic));
            (!agrees).then(|| ("siret", field(siret)))
        })
    }
}

/// Exactly that many digits, or any text when zero.
pub(crate) fn is_key(text: &str, digits: usize) -> bool {
    match digits {
        0 => !text.is_empty(),
        _ => text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The missing names, and beside each the one of the file that only its case tells from it: the file
/// went through a tool that lower-cases.
fn hint_at_case(missing: &[String], header: &[String]) -> Vec<String> {
    let hints = missing.iter().map(|name| {
        let like = header.iter().find(|field| field.eq_ignore_ascii_case(name));
        like.map_or_else(
            || name.clone(),
            |like| format!("{name} (the file has {like:?}: case matters in names)"),
        )
    });
    hints.collect()
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
    let record = Splitter::new(
        reader,
        Shape {
            delimiter,
            width: 0,
        },
    )
    .first_record()
    .map_err(|error| {
        fail(format!(
            "header unreadable: {error}: truncated or corrupt; run again"
        ))
    })?;
    let record = record.strip_prefix(BOM).unwrap_or(&record);
    let text = header_text(record);
    let names: Vec<String> = text
        .trim_end_matches(['\r', '\n'])
        .split(char::from(delimiter))
        .map(|name| name.trim().trim_matches('"'))
        .map(|name| name.chars().filter(|c| !c.is_control()).collect())
        .collect();
    if names.len() > MOST_COLUMNS {
        return Err(fail(format!(
            "{} columns, more than {MOST_COLUMNS}: this is not a register",
            names.len()
        )));
    }
    if names.iter().all(String::is_empty) {
        return Err(fail(
            "the file is empty: a header line is expected".to_owned(),
        ));
    }
    Ok(names)
}

/// A header is too short to weigh its encoding as the rows' is: UTF-8, or else Latin-1.
fn header_text(record: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(record) {
        Ok(text) => Cow::Borrowed(text),
        Err(_not_utf8) => Cow::Owned(from_latin1(record)),
    }
}

fn is_kept_by_hand(table: &Table) -> bool {
    table.name == ASSOCIATION_UTILITE_PUBLIQUE.name
}

/// The header with the names of the table's own columns, when it is one whose headers are known by
/// their words. Of two that speak of the same column the first is taken; those without a name are
/// given one.
#[must_use]
pub fn spelled(table: &Table, header: Vec<String>) -> Vec<String> {
    if !is_kept_by_hand(table) {
        return header;
    }
    let mut taken: Vec<&str> = Vec::new();
    let mut names = Vec::with_capacity(header.len());
    for (place, name) in header.into_iter().enumerate() {
        let column = column_spelled(&name).filter(|column| !taken.contains(column));
        names.push(match column {
            Some(column) => {
                taken.push(column);
                column.to_owned()
            }
            None if name.is_empty() || table.column(&name).is_some() || names.contains(&name) => {
                format!("{name} colonne {}", place + 1).trim().to_owned()
            }
            None => name,
        });
    }
    names
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
