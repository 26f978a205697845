//! The rows of a query, as DuckDB makes them.
//!
//! A filter may leave two or three rows of each vector of 2 048. Streamed, DuckDB hands these over a vector
//! at a time, each in pages of memory of its own, which costs up to half as much as to find them; gathered,
//! they are put together as they are found. So an answer is gathered, and streamed only when that would be
//! too much: see [`super::gauge`].

use arrow::array::{Array as _, RecordBatch, make_array};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use duckdb::Statement;
use std::collections::HashSet;
use std::sync::Arc;

use super::super::sql;
use super::parameters::Parameters;
use super::{Query, Sandbox};
use crate::sql::SqlError;

/// Rows read together: what is written of each vector would cost more than its rows.
const TOGETHER: usize = 2048;

/// Bytes of rows that wait to be read together: some have long texts.
const WAITING: usize = 1 << 20;

/// What is left to read of an answer.
pub(super) struct Rows<'a> {
    sandbox: &'a Sandbox,
    text: &'a str,
    statement: Statement<'a>,
    schema: SchemaRef,
    together: BatchCoalescer,
    /// Bytes in it.
    waiting: usize,
}

impl<'a> Rows<'a> {
    /// Runs a query that was checked.
    pub(super) fn of(sandbox: &'a Sandbox, query: &Query<'a>) -> Result<Self, SqlError> {
        match Self::gathered(sandbox, query)? {
            Some(rows) => Ok(rows),
            None => Self::streamed(sandbox, query),
        }
    }

    /// All of them, unless they are too many.
    fn gathered(sandbox: &'a Sandbox, query: &Query<'a>) -> Result<Option<Self>, SqlError> {
        let text = sql::gathered(query.text);
        let Ok(mut statement) = sandbox.connection.prepare(&text) else {
            // What is wrong is said of the query itself.
            return Ok(None);
        };
        let parameters = Parameters::of(&statement, query.parameters)?;
        sandbox.gauge.start();
        let ran = statement.query_arrow(parameters.values()).map(drop);
        let error = match ran {
            Ok(()) => return Ok(Some(Self::ran(sandbox, query.text, statement, 1))),
            Err(_) if sandbox.gauge.is_full() => return Ok(None),
            Err(error) => sandbox.faults.of(&error, &text),
        };
        match error {
            SqlError::Memoire { .. } => Ok(None),
            // The query begins on the second line.
            SqlError::Invalide {
                message,
                ligne,
                colonne,
            } => Err(SqlError::Invalide {
                message,
                ligne: ligne.map(|ligne| ligne.saturating_sub(1)),
                colonne,
            }),
            error => Err(error),
        }
    }

    /// As they are made.
    fn streamed(sandbox: &'a Sandbox, query: &Query<'a>) -> Result<Self, SqlError> {
        let fault = |error| sandbox.faults.of(&error, query.text);
        let mut statement = sandbox.connection.prepare(query.text).map_err(fault)?;
        let parameters = Parameters::of(&statement, query.parameters)?;
        let begun = statement.stream_arrow(parameters.values()).map(drop);
        begun.map_err(fault)?;
        Ok(Self::ran(sandbox, query.text, statement, 0))
    }

    /// What a statement gives, but for its last columns.
    fn ran(sandbox: &'a Sandbox, text: &'a str, statement: Statement<'a>, but: usize) -> Self {
        let given = statement.schema();
        let columns = given.fields().len().saturating_sub(but);
        let schema = named_once(&given.fields()[..columns]);
        Self {
            sandbox,
            text,
            statement,
            together: BatchCoalescer::new(Arc::clone(&schema), TOGETHER),
            schema,
            waiting: 0,
        }
    }

    /// Of all of them. Each column has its own name.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next ones, if any are left.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        loop {
            if let Some(batch) = self.together.next_completed_batch() {
                self.waiting = 0;
                return Ok(Some(batch));
            }
            let batch = self.step()?;
            let ended = batch.is_none();
            let put = self.put(batch);
            put.map_err(|error| SqlError::Panne(error.to_string()))?;
            if ended {
                return Ok(self.together.next_completed_batch());
            }
        }
    }

    /// Puts rows with those that wait, or tells them that there are no more.
    fn put(&mut self, batch: Option<RecordBatch>) -> Result<(), ArrowError> {
        let Some(batch) = batch else {
            return self.together.finish_buffered_batch();
        };
        let batch = labelled(&self.schema, &batch)?;
        self.waiting += batch.get_array_memory_size();
        self.together.push_batch(batch)?;
        // Put together, dictionaries among nested values may overflow.
        let nested = |field: &Arc<Field>| field.data_type().is_nested();
        if self.waiting >= WAITING || self.schema.fields().iter().any(nested) {
            self.together.finish_buffered_batch()?;
        }
        Ok(())
    }

    /// Its iterator would panic on what goes wrong on the way.
    fn step(&self) -> Result<Option<RecordBatch>, SqlError> {
        let found = self.statement.step();
        let found = found.map_err(|error| self.sandbox.faults.of(&error, self.text))?;
        Ok(found.map(|rows| RecordBatch::from(&rows)))
    }
}

/// The same rows, under the names and the zone of [`named_once`], and without the columns that are not there.
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

/// A column named as another, whatever its case, gets a number, as DuckDB gives one: most formats have no
/// room for two.
fn named_once(fields: &[Arc<Field>]) -> SchemaRef {
    let mut seen = HashSet::new();
    let fields = fields.iter().map(|field| {
        let mut name = field.name().clone();
        let mut number = 1;
        while !seen.insert(name.to_lowercase()) {
            name = format!("{}_{number}", field.name());
            number += 1;
        }
        let kind = zone(field.data_type());
        Field::clone(field).with_name(name).with_data_type(kind)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sandbox::tests::sandbox;
    use crate::sql::Format;
    use serde_json::{Value, json};

    fn query<'a>(text: &'a str, parameters: &'a Value) -> Query<'a> {
        Query {
            text,
            parameters,
            format: Format::Csv,
            rows: 1_000_000,
            donnees: &Value::Null,
        }
    }

    fn all(mut rows: Rows<'_>) -> (Vec<String>, Vec<RecordBatch>) {
        let fields = rows.schema().fields().iter();
        let names = fields.map(|field| field.name().clone()).collect();
        let rows = std::iter::from_fn(|| rows.next().unwrap()).collect();
        (names, rows)
    }

    #[tokio::test]
    async fn rows_are_the_same_gathered_or_streamed() {
        let (_fixture, sandbox) = sandbox().await;
        let none = json!(null);
        for (text, parameters) in [
            (
                "SELECT n, 'rang ' || n AS N, $pas AS n FROM range(200000) q(n) WHERE n % $pas = 0; ",
                json!({ "pas": 301 }),
            ),
            (
                "SELECT siret, 1 AS a, 2 AS a_1, 3 AS a FROM etablissement ORDER BY siret DESC -- fin;",
                none.clone(),
            ),
            (
                "WITH t AS (SELECT siren FROM unite_legale) FROM t ORDER BY 1 LIMIT 2 OFFSET 1",
                none.clone(),
            ),
            ("VALUES (1, [2, NULL]), (3, NULL)", none.clone()),
            (
                "SELECT now() AT TIME ZONE 'UTC' IS NULL AS x, TIMESTAMPTZ '2026-11-01 10:00:00+00' AS z",
                none.clone(),
            ),
            ("SELECT 1 WHERE false", none.clone()),
        ] {
            let query = query(text, &parameters);
            // Other tests fill the memory of the process too.
            let gathered = (0..100).find_map(|_| Rows::gathered(&sandbox, &query).unwrap());
            let gathered = all(gathered.unwrap_or_else(|| panic!("{text}: not gathered")));
            let streamed = all(Rows::streamed(&sandbox, &query).unwrap());
            assert_eq!(gathered, streamed, "{text}");
        }
    }

    #[tokio::test]
    async fn rows_that_are_many_all_come() {
        let (_fixture, sandbox) = sandbox().await;
        // The clock decides whether a million are gathered; all of them come.
        let (_, many) =
            all(Rows::of(&sandbox, &query("FROM range(1000000)", &json!(null))).unwrap());
        assert_eq!(
            many.iter().map(RecordBatch::num_rows).sum::<usize>(),
            1_000_000
        );
    }

    #[tokio::test]
    async fn what_goes_wrong_on_the_way_is_said_of_the_query() {
        let (_fixture, sandbox) = sandbox().await;
        let text = "SELECT n,\n  ('a' || n)::INT FROM range(3) q(n)";
        let error = Rows::of(&sandbox, &query(text, &json!(null))).map(|_| ());
        let SqlError::Invalide { message, ligne, .. } = error.unwrap_err() else {
            panic!("another error");
        };
        assert!(message.contains("a0"), "{message}");
        assert_eq!(ligne, Some(2), "{message}");
    }
}
