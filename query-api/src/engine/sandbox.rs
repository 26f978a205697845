//! Public SQL: a database that holds the published tables and nothing else, and the way a query takes
//! through it. Runs in a process of its own: see `crate::sql`.
//!
//! A text is read by DuckDB's own parser into a tree (`json_serialize_sql`, which knows SELECT only);
//! the tree is walked whole (`check`); then that very text is run, by the same parser, rather than a
//! text made again from the tree: nothing stands between what was checked and what runs but the bytes
//! themselves. A byte 0, where a C string would end before the text does, is refused first.

use arrow::array::{Array as _, RecordBatch, make_array};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use duckdb::{Connection, InterruptHandle, Statement};
use registre_schemas::TABLES;
use registre_schemas::manifest::Manifest;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::pool::{self, PoolError};
use super::sql;
use crate::sql::{Format, SqlError};
use parameters::Parameters;
use write::Writer;

mod check;
mod faults;
mod parameters;
mod types;
pub(crate) mod vues;
mod write;

pub(crate) use check::functions;

/// Rows written together: a filter leaves two or three of each of DuckDB's vectors, and what is written
/// of each would cost more than them.
const TOGETHER: usize = 2048;

/// Bytes of rows that wait to be written together: some have long texts.
const WAITING: usize = 1 << 20;

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
        let memory = format!("{memory}B");
        let connection = pool::alone(&memory, threads, &setup)?;
        vues::add_to(&connection)?;
        published.extend(vues::names());
        for statement in sql::lockdown(folder) {
            connection.execute_batch(&statement)?;
        }
        Ok(Self {
            connection,
            published,
            faults: faults::Faults::new(folder, &memory),
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
        let mut statement = self
            .connection
            .prepare(query.text)
            .map_err(|error| self.faults.of(&error, query.text))?;
        let parameters = Parameters::of(&statement, query.parameters)?;
        self.run(&mut statement, &parameters, query, receiver)
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

    fn run(
        &self,
        statement: &mut Statement<'_>,
        parameters: &Parameters,
        query: &Query<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<u64, SqlError> {
        let fault = |error: duckdb::Error| self.faults.of(&error, query.text);
        // Not its iterator, which panics on what goes wrong on the way.
        drop(statement.stream_arrow(parameters.values()).map_err(fault)?);
        let mut batch = next(statement).map_err(fault)?;
        let schema = named_once(&statement.schema());
        let mut writer = Writer::new(query.format, Arc::clone(&schema), query.donnees)?;
        let mut together = BatchCoalescer::new(Arc::clone(&schema), TOGETHER);
        // Nested values are written as they come: put together, dictionaries among them may overflow.
        let flat = |field: &Arc<Field>| !field.data_type().is_nested();
        let at_once = !schema.fields().iter().all(flat);
        receiver.start(&columns(&schema))?;
        let (mut rows, mut waiting): (u64, usize) = (0, 0);
        while let Some(found) = batch {
            rows += found.num_rows() as u64;
            if rows > query.rows {
                return Err(SqlError::Lignes { limite: query.rows });
            }
            let found = labelled(&schema, &found).map_err(|error| broken(&error))?;
            waiting += found.get_array_memory_size();
            together.push_batch(found).map_err(|error| broken(&error))?;
            if at_once || waiting >= WAITING {
                together
                    .finish_buffered_batch()
                    .map_err(|error| broken(&error))?;
            }
            while let Some(found) = together.next_completed_batch() {
                writer.write(&found)?;
                waiting = 0;
            }
            let bytes = writer.written(PIECE);
            if !bytes.is_empty() {
                receiver.piece(bytes)?;
            }
            batch = next(statement).map_err(fault)?;
        }
        together
            .finish_buffered_batch()
            .map_err(|error| broken(&error))?;
        while let Some(found) = together.next_completed_batch() {
            writer.write(&found)?;
        }
        let bytes = writer.finish(rows)?;
        receiver.piece(bytes)?;
        Ok(rows)
    }
}

fn broken(error: &ArrowError) -> SqlError {
    SqlError::Panne(error.to_string())
}

fn next(statement: &Statement<'_>) -> Result<Option<RecordBatch>, duckdb::Error> {
    Ok(statement.step()?.map(|rows| RecordBatch::from(&rows)))
}

/// The same rows, under the names and the zone of [`named_once`].
fn labelled(schema: &SchemaRef, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().zip(rows.columns());
    let columns = columns.map(|(field, array)| {
        if field.data_type() == array.data_type() {
            return Ok(Arc::clone(array));
        }
        let data = array.to_data().into_builder();
        Ok(make_array(
            data.data_type(field.data_type().clone()).build()?,
        ))
    });
    RecordBatch::try_new(
        Arc::clone(schema),
        columns.collect::<Result<Vec<_>, ArrowError>>()?,
    )
}

/// The zone that the process runs in, as arrow reads it without the table of all zones.
fn zone(kind: &DataType) -> DataType {
    match kind {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
        other => other.clone(),
    }
}

/// A column named as another gets a number: most formats have no room for two.
fn named_once(schema: &SchemaRef) -> SchemaRef {
    let mut seen = HashSet::new();
    let fields = schema.fields().iter().map(|field| {
        let mut name = field.name().clone();
        let mut number = 1;
        while !seen.insert(name.clone()) {
            name = format!("{}_{number}", field.name());
            number += 1;
        }
        let kind = zone(field.data_type());
        Field::clone(field).with_name(name).with_data_type(kind)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
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
