//! Public SQL: a database that holds the published tables and nothing else, and the way a query takes
//! through it. Runs in a process of its own: see `crate::sql`.
//!
//! A text is read by DuckDB's own parser into a tree (`json_serialize_sql`, which knows SELECT only);
//! the tree is walked whole (`check`); then that very text is run, alone or between parentheses (`rows`), by
//! the same parser, rather than a text made again from the tree: nothing stands between what was checked and
//! what runs but the bytes themselves. A byte 0, where a C string would end before the text does, is refused
//! first.

use arrow::datatypes::SchemaRef;
use duckdb::{Connection, InterruptHandle};
use registre_schemas::TABLES;
use registre_schemas::manifest::Manifest;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::pool::{self, PoolError};
use super::sql;
use crate::sql::{Format, SqlError};
use gauge::Gauge;
use rows::Rows;
use write::Writer;

mod check;
mod faults;
mod gauge;
mod parameters;
mod rows;
mod types;
pub(crate) mod vues;
mod write;

pub(crate) use check::functions;

/// Bytes of an answer written before they are sent on.
const PIECE: usize = 64 * 1024;

/// A query, and how its rows are to be written.
pub(crate) struct Query<'a> {
    pub(crate) text: &'a str,
    pub(crate) parameters: &'a Value,
    pub(crate) format: Format,
    /// Rows it may have.
    pub(crate) rows: u64,
    /// Where the answer comes from, which JSON says at its end.
    pub(crate) donnees: &'a Value,
}

/// Who receives an answer, piece by piece.
pub(crate) trait Receiver {
    /// The first rows are there: nothing that could be wrong with the query is left but its cost.
    fn start(&mut self, columns: &[Column]) -> Result<(), SqlError>;
    /// Bytes of the answer.
    fn piece(&mut self, bytes: Vec<u8>) -> Result<(), SqlError>;
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Column {
    pub(crate) nom: String,
    /// In Arrow's words.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// The database.
pub(crate) struct Sandbox {
    connection: Connection,
    published: HashSet<String>,
    faults: faults::Faults,
    gauge: Gauge,
}

impl Sandbox {
    /// Opens the files of a snapshot, and nothing else ever after.
    pub(crate) fn open(
        memory: u64,
        threads: usize,
        folder: &Path,
        manifest: &Manifest,
    ) -> Result<Self, PoolError> {
        let mut setup = sql::settings();
        setup.push(sql::MADE_AHEAD.to_owned());
        let mut published: HashSet<String> = HashSet::new();
        for table in TABLES {
            let entry = manifest.table(table.name);
            let file = entry.map(|entry| folder.join(&entry.file));
            setup.push(sql::view(table, file.as_deref()));
            published.insert(table.name.to_owned());
        }
        let limit = format!("{memory}B");
        let connection = pool::alone(&limit, threads, &setup)?;
        vues::add_to(&connection)?;
        published.extend(vues::names());
        let gauge = Gauge::of(&connection, memory)?;
        for statement in sql::lockdown(folder) {
            connection.execute_batch(&statement)?;
        }
        Ok(Self {
            connection,
            published,
            faults: faults::Faults::new(folder, &limit),
            gauge,
        })
    }

    /// What stops the query under way.
    pub(crate) fn interrupter(&self) -> Arc<InterruptHandle> {
        self.connection.interrupt_handle()
    }

    /// Runs a query to its end, and says how many rows it has.
    pub(crate) fn answer(
        &self,
        query: &Query<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64, SqlError> {
        self.check(query.text)?;
        let mut rows = Rows::of(self, query)?;
        let schema = Arc::clone(rows.schema());
        let mut writer = Writer::new(query.format, Arc::clone(&schema), query.donnees)?;
        receiver.start(&columns(&schema))?;
        let mut count: u64 = 0;
        while let Some(batch) = rows.next()? {
            count += batch.num_rows() as u64;
            if count > query.rows {
                return Err(SqlError::Lignes { limite: query.rows });
            }
            writer.write(&batch)?;
            let bytes = writer.written(PIECE);
            if !bytes.is_empty() {
                receiver.piece(bytes)?;
            }
        }
        let bytes = writer.finish(count)?;
        receiver.piece(bytes)?;
        Ok(count)
    }

    /// Parses a text and walks its tree.
    fn check(&self, text: &str) -> Result<(), SqlError> {
        if text.contains('\0') {
            return Err(SqlError::refused("son texte contient un caractère nul"));
        }
        let tree: String = self
            .connection
            .query_row(sql::PARSE, [text], |row| row.get(0))
            .map_err(|error| self.faults.of(&error, text))?;
        // Also the limit on nesting: the reader refuses a tree deeper than 128.
        let tree: Value = serde_json::from_str(&tree).map_err(|_too_deep| {
            SqlError::refused("ses expressions sont imbriquées trop profondément")
        })?;
        if tree["error"] == Value::Bool(true) {
            return Err(faults::of_parser(&tree, text));
        }
        check::check(&tree, &|name| self.published.contains(name))
    }
}

fn columns(schema: &SchemaRef) -> Vec<Column> {
    let fields = schema.fields().iter();
    fields
        .map(|field| Column {
            nom: field.name().clone(),
            kind: types::sql_type(field.data_type()),
        })
        .collect()
}

#[cfg(test)]
mod tests;
