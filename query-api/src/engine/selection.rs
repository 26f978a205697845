//! Rows chosen by what their columns hold: their count, and the keys of a page.

use duckdb::{Connection, params_from_iter};

use super::ahead::Ahead;
use super::sql::selection::Statement;
use super::{Engine, PoolError, sql};
use crate::lookup::Many;
use crate::selection::{Selected, Selection};

impl Engine {
    /// The keys of a page of a selection, and how many rows it has.
    pub(crate) async fn select(&self, selection: Selection) -> Result<Selected, PoolError> {
        self.pool
            .run(move |connection| {
                selected(connection, &selection)
                    .map_err(|source| PoolError::reading(selection.table.name, source))
            })
            .await
    }

    /// The answer to a question about many keys: one reading of each table for most of its rows.
    pub(crate) async fn ask_among<Q: Many>(&self, question: Q) -> Result<Q::Answer, PoolError> {
        self.pool
            .run(move |connection| {
                question.answer(&Ahead::read(connection, &question.identifiers())?)
            })
            .await
    }
}

fn selected(connection: &Connection, selection: &Selection) -> duckdb::Result<Selected> {
    if let Some(both) = sql::selection::count_and_page(selection) {
        return counted_and_paged(connection, both);
    }
    let count = sql::selection::count(selection);
    let total: i64 = connection
        .prepare(&count.sql)?
        .query_row(params_from_iter(count.bound), |row| row.get(0))?;
    // Nothing there, or nothing that far: what follows would read all of it again.
    if u64::try_from(total).unwrap_or_default() <= selection.offset {
        return Ok(Selected {
            total,
            keys: Vec::new(),
        });
    }
    let page = sql::selection::page(selection);
    let mut statement = connection.prepare(&page.sql)?;
    let keys = statement.query_map(params_from_iter(page.bound), |row| row.get(0))?;
    Ok(Selected {
        total,
        keys: keys.collect::<Result<_, _>>()?,
    })
}

/// One row: the total, and the keys joined by commas.
fn counted_and_paged(connection: &Connection, both: Statement) -> duckdb::Result<Selected> {
    let mut statement = connection.prepare(&both.sql)?;
    statement.query_row(params_from_iter(both.bound), |row| {
        let keys: Option<String> = row.get(1)?;
        let keys = keys.unwrap_or_default();
        Ok(Selected {
            total: row.get(0)?,
            keys: keys.split_terminator(',').map(str::to_owned).collect(),
        })
    })
}
