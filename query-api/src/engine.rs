//! What can be asked of a snapshot, in domain words. Neither SQL nor Arrow leaves this module, and
//! nothing here knows about HTTP.

mod ahead;
mod dossier;
mod functions;
mod noms;
mod pool;
mod rows;
pub(crate) mod sandbox;
mod selection;
mod sql;

use arrow::array::RecordBatch;
use duckdb::{Connection, Params};
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::manifest::Manifest;
use registre_schemas::unite_legale::UNITE_LEGALE;
use registre_schemas::{TABLES, Table};
use std::path::Path;

pub(crate) use pool::{Limits, PoolError};
pub(crate) use sql::{can_be_named, sql_type};

use crate::lookup::{Count, Page, Question};
use crate::record::Record;
use dossier::Statements;
use pool::Pool;

/// DuckDB over the files of one snapshot.
pub(crate) struct Engine {
    pool: Pool,
}

impl Engine {
    /// Opens the files of a snapshot. Blocking.
    pub(crate) fn open(
        limits: &Limits,
        folder: &Path,
        manifest: &Manifest,
    ) -> Result<Self, PoolError> {
        let mut setup = sql::settings();
        setup.extend(TABLES.iter().map(|table| {
            let file = manifest
                .table(table.name)
                .map(|entry| folder.join(&entry.file));
            sql::view(table, file.as_deref())
        }));
        setup.extend(sql::lockdown(folder));
        Ok(Self {
            pool: Pool::open(limits, &setup)?,
        })
    }

    /// Texts that a query selects.
    #[cfg(test)]
    pub(crate) async fn texts(&self, sql: &str) -> Result<Vec<String>, PoolError> {
        let sql = sql.to_owned();
        self.pool
            .run(move |connection| {
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Rows of a table whose `by` is one of some keys, in an order.
    #[cfg(test)]
    pub(crate) async fn rows_of(
        &self,
        table: &'static Table,
        by: &'static str,
        keys: Vec<String>,
        order: &'static str,
    ) -> Result<Vec<Record>, PoolError> {
        self.pool
            .run(move |connection| {
                let sql = format!("{} ORDER BY {order}", sql::among_by(table, by));
                records(connection, table, &sql, [keys.join(",")])
            })
            .await
    }

    /// The answer to a question, from the tables.
    pub(crate) async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Answer, PoolError> {
        self.pool
            .run(move |connection| question.answer(&Statements(connection)))
            .await
    }
}

fn page_of(
    connection: &Connection,
    siren: Siren,
    page: &Page,
    at_most: usize,
) -> Result<Vec<Record>, PoolError> {
    let apres = page.apres.as_ref().map_or("", Siret::as_str);
    let etat = page.etat.unwrap_or_default();
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let params = duckdb::params![siren.as_str(), apres, etat, at_most];
    records(
        connection,
        &ETABLISSEMENT,
        &sql::ETABLISSEMENTS_BY_SIREN,
        params,
    )
}

fn unite_legale(connection: &Connection, siren: &str) -> Result<Option<Record>, PoolError> {
    first(
        connection,
        &UNITE_LEGALE,
        &sql::UNITE_LEGALE_BY_SIREN,
        [siren],
    )
}

fn etablissement(connection: &Connection, siret: &str) -> Result<Option<Record>, PoolError> {
    first(
        connection,
        &ETABLISSEMENT,
        &sql::ETABLISSEMENT_BY_SIRET,
        [siret],
    )
}

fn association(connection: &Connection, id: &str) -> Result<Option<Record>, PoolError> {
    first(connection, &ASSOCIATION, &sql::ASSOCIATION_BY_ID, [id])
}

/// By `nicSiege` when there is one: a key lookup. The flag is asked only then.
fn siege(
    connection: &Connection,
    unite: Option<&Record>,
    siren: Siren,
) -> Result<Option<Record>, PoolError> {
    if let Some(nic) = unite.and_then(|unite| unite.text("nicSiegeUniteLegale")) {
        let found = etablissement(connection, &format!("{siren}{nic}"))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    first(
        connection,
        &ETABLISSEMENT,
        &sql::SIEGE_BY_SIREN,
        [siren.as_str()],
    )
}

fn reference_of(connection: &Connection, siren: Siren) -> Result<Option<String>, PoolError> {
    Ok(
        texts(connection, sql::REFERENCE_OF_DOUBLON, siren.as_str())?
            .into_iter()
            .next(),
    )
}

fn count(connection: &Connection, siren: Siren) -> Result<Count, PoolError> {
    let select = || -> Result<Count, duckdb::Error> {
        connection
            .prepare_cached(sql::COUNT_ETABLISSEMENTS)?
            .query_row([siren.as_str()], |row| {
                Ok(Count {
                    total: row.get(0)?,
                    actifs: row.get(1)?,
                })
            })
    };
    select().map_err(|source| PoolError::reading(ETABLISSEMENT.name, source))
}

fn texts(connection: &Connection, sql: &str, key: &str) -> Result<Vec<String>, PoolError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([key], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn first<P: Params>(
    connection: &Connection,
    table: &'static Table,
    sql: &str,
    params: P,
) -> Result<Option<Record>, PoolError> {
    Ok(records(connection, table, sql, params)?.into_iter().next())
}

fn records<P: Params>(
    connection: &Connection,
    table: &'static Table,
    sql: &str,
    params: P,
) -> Result<Vec<Record>, PoolError> {
    let select = || -> Result<Vec<RecordBatch>, duckdb::Error> {
        let mut statement = connection.prepare_cached(sql)?;
        Ok(statement.query_arrow(params)?.collect())
    };
    let batches = select().map_err(|source| PoolError::reading(table.name, source))?;
    Ok(batches
        .iter()
        .flat_map(|batch| rows::records(table, batch))
        .collect())
}
