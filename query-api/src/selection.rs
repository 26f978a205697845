//! Rows chosen by what their columns hold, when no key names them: asked of DuckDB over the tables,
//! which answers with their keys. Rows are then read by key ([`mod@crate::lookup`]), as any other.

use chrono::{NaiveDate, NaiveDateTime};
use registre_schemas::{Kind, Table};
use std::str::FromStr;

use crate::catalog::Snapshot;
use crate::engine::PoolError;
use crate::record::{Record, Value};
use crate::view::as_text;

/// What a row must be. Columns are positions in its table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// A column has that value, written as [`as_text`] writes it.
    Equals(usize, String),
    /// Columns that are there, joined by spaces, are that text.
    Joined(&'static [usize], String),
    /// Each word is somewhere in one of the columns of the row, whatever its case and accents.
    Words(&'static [usize], Vec<String>),
    /// A column starts with that text.
    Starts(usize, String),
    /// A number of a column is between these two, included.
    Between(usize, f64, f64),
    /// The unité légale of the row is such.
    Unit(Box<Condition>),
    /// It is not so, or not known to be.
    Not(Box<Condition>),
    /// No row is.
    Never,
}

impl Condition {
    /// That a column has that value; no row does when it cannot be one of the column's kind.
    pub(crate) fn equals(table: &Table, index: usize, text: &str) -> Self {
        let value = match table.columns[index].kind {
            Kind::Text => Some(Value::Text(text)),
            Kind::Date => text.parse::<NaiveDate>().ok().map(Value::Date),
            Kind::Timestamp => text.parse::<NaiveDateTime>().ok().map(Value::Timestamp),
            Kind::Integer => text.parse().ok().map(Value::Integer),
            Kind::Boolean => text.parse().ok().map(Value::Boolean),
            Kind::Real => text.parse().ok().map(Value::Real),
        };
        match value.and_then(as_text) {
            // `+5`, `2017-5-24`: the same value, not the same text.
            Some(written) if written == text => Self::Equals(index, written.into_owned()),
            _ => Self::Never,
        }
    }

    /// Whether it is so of a row that was read, and of its unité légale. Words are asked of DuckDB, and
    /// of nobody else.
    pub(crate) fn holds(&self, row: &Record, unite: &Record) -> bool {
        match self {
            Self::Equals(index, text) => as_text(row.at(*index)).is_some_and(|own| own == *text),
            Self::Joined(indexes, text) => {
                let parts = indexes.iter().filter_map(|index| row.text_at(*index));
                parts.collect::<Vec<_>>().join(" ") == *text
            }
            Self::Starts(index, text) => {
                let own = row.text_at(*index);
                own.is_some_and(|own| own.starts_with(text.as_str()))
            }
            Self::Between(index, least, most) => {
                let own = row.real_at(*index);
                own.is_some_and(|own| (*least..=*most).contains(&own))
            }
            Self::Unit(condition) => condition.holds(unite, unite),
            Self::Not(condition) => !condition.holds(row, unite),
            Self::Words(..) | Self::Never => false,
        }
    }
}

/// A page of the rows of a table.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) table: &'static Table,
    /// All of them hold.
    pub(crate) conditions: Vec<Condition>,
    /// Those of whom the first holds come first, then the second…; then the shortest text when words
    /// are looked for in one column; then in the order of the key.
    pub(crate) preferred: Vec<Condition>,
    /// Rows before the page.
    pub(crate) offset: u64,
    pub(crate) limit: u16,
}

/// The rows of a page, by their keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Over all pages.
    pub(crate) total: i64,
    /// Their keys, in order.
    pub(crate) keys: Vec<String>,
}

impl Selected {
    /// Its keys, as identifiers of their kind.
    pub(crate) fn identifiers<T: FromStr>(&self) -> Vec<T> {
        self.keys
            .iter()
            .filter_map(|key| key.parse().ok())
            .collect()
    }
}

impl Snapshot {
    /// The rows of a selection.
    pub(crate) async fn select(&self, selection: Selection) -> Result<Selected, PoolError> {
        if selection.conditions.contains(&Condition::Never) {
            return Ok(Selected::default());
        }
        self.engine.select(selection).await
    }
}
