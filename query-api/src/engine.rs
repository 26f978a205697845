//! What can be asked of a snapshot, in domain words. Neither SQL nor Arrow leaves this module, and
//! nothing here knows about HTTP.

mod ahead;
mod dossier;
mod functions;
mod pool;
mod rows;
mod sql;

use arrow::array::RecordBatch;
use duckdb::{Connection, Params};
use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{RnaId, Siren, Siret};
use registre_schemas::manifest::Manifest;
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use registre_schemas::{TABLES, Table};
use std::path::Path;

pub(crate) use pool::{Limits, PoolError};
pub(crate) use sql::can_be_named;

use crate::record::Record;
use pool::Pool;

/// DuckDB over the files of one snapshot.
pub(crate) struct Engine {
    pool: Pool,
}

/// An établissement and its unité légale.
pub(crate) struct EtablissementFound {
    pub(crate) etablissement: Record,
    pub(crate) unite_legale: Option<Record>,
}

/// An unité légale and what hangs on it.
pub(crate) struct UniteLegaleFound {
    pub(crate) unite_legale: Record,
    pub(crate) siege: Option<Record>,
    pub(crate) etablissements: Count,
    pub(crate) association: Option<Record>,
    pub(crate) doublons: Vec<Record>,
    /// The SIREN that replaces this one, when it is itself a doublon.
    pub(crate) doublon_de: Option<String>,
}

/// An association and its unité légale.
pub(crate) struct AssociationFound {
    pub(crate) association: Record,
    pub(crate) unite_legale: Option<Record>,
}

/// How many établissements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Count {
    /// All of them.
    pub(crate) total: i64,
    /// Those open.
    pub(crate) actifs: i64,
}

/// Which établissements of a unit, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many at most.
    pub(crate) limite: u16,
    /// Those after that SIRET.
    pub(crate) apres: Option<Siret>,
    /// Only those in that état, `A` or `F`.
    pub(crate) etat: Option<&'static str>,
}

/// A page of établissements, by SIRET.
pub(crate) struct EtablissementsFound {
    /// All those that match, over all pages.
    pub(crate) total: i64,
    pub(crate) etablissements: Vec<Record>,
    /// Whether another page follows.
    pub(crate) more: bool,
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

    /// The établissement of that SIRET.
    pub(crate) async fn etablissement(
        &self,
        siret: Siret,
    ) -> Result<Option<EtablissementFound>, PoolError> {
        self.pool
            .run(move |connection| {
                let Some(etablissement) = etablissement(connection, siret.as_str())? else {
                    return Ok(None);
                };
                let unite_legale = unite_legale(connection, siret.siren().as_str())?;
                Ok(Some(EtablissementFound {
                    etablissement,
                    unite_legale,
                }))
            })
            .await
    }

    /// The unité légale of that SIREN.
    pub(crate) async fn unite_legale(
        &self,
        siren: Siren,
    ) -> Result<Option<UniteLegaleFound>, PoolError> {
        self.pool
            .run(move |connection| {
                let Some(unite_legale) = unite_legale(connection, siren.as_str())? else {
                    return Ok(None);
                };
                Ok(Some(UniteLegaleFound {
                    siege: siege(connection, Some(&unite_legale), siren)?,
                    etablissements: count(connection, siren)?,
                    association: association_of(connection, &unite_legale, siren)?,
                    doublons: records(connection, &DOUBLON, &sql::DOUBLONS_OF, [siren.as_str()])?,
                    doublon_de: reference_of(connection, siren)?,
                    unite_legale,
                }))
            })
            .await
    }

    /// The établissements of a unit, a page at a time; `None` when the SIREN is in no table.
    pub(crate) async fn etablissements(
        &self,
        siren: Siren,
        page: Page,
    ) -> Result<Option<EtablissementsFound>, PoolError> {
        self.pool
            .run(move |connection| {
                let count = count(connection, siren)?;
                if count.total == 0 && unite_legale(connection, siren.as_str())?.is_none() {
                    return Ok(None);
                }
                // One more than asked tells whether another page follows.
                let limit = i64::from(page.limite) + 1;
                let mut etablissements = page_of(connection, siren, &page, limit)?;
                let more = etablissements.len() > usize::from(page.limite);
                etablissements.truncate(usize::from(page.limite));
                let total = match page.etat {
                    None => count.total,
                    Some("A") => count.actifs,
                    Some(_) => count.total - count.actifs,
                };
                Ok(Some(EtablissementsFound {
                    total,
                    etablissements,
                    more,
                }))
            })
            .await
    }

    /// A page of the établissements of a unit, without counting them: those after `apres`.
    pub(crate) async fn etablissements_after(
        &self,
        siren: Siren,
        page: Page,
    ) -> Result<Vec<Record>, PoolError> {
        self.pool
            .run(move |connection| page_of(connection, siren, &page, i64::from(page.limite)))
            .await
    }

    /// The association of that RNA number.
    pub(crate) async fn association(
        &self,
        id: RnaId,
    ) -> Result<Option<AssociationFound>, PoolError> {
        self.pool
            .run(move |connection| {
                let Some(association) = association(connection, id.as_str())? else {
                    return Ok(None);
                };
                Ok(Some(AssociationFound {
                    unite_legale: unite_of(connection, &id)?,
                    association,
                }))
            })
            .await
    }

    /// The SIREN that replaces that one, when it is a doublon.
    pub(crate) async fn reference_of_doublon(
        &self,
        siren: Siren,
    ) -> Result<Option<Siren>, PoolError> {
        let found = self
            .pool
            .run(move |connection| reference_of(connection, siren))
            .await?;
        Ok(found.and_then(|reference| reference.parse().ok()))
    }
}

fn page_of(
    connection: &Connection,
    siren: Siren,
    page: &Page,
    limit: i64,
) -> Result<Vec<Record>, PoolError> {
    let apres = page.apres.as_ref().map_or("", Siret::as_str);
    let etat = page.etat.unwrap_or_default();
    let params = duckdb::params![siren.as_str(), apres, etat, limit];
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

/// Whether the RNA may be put beside a unit. It publishes the name of the association, which is
/// what a unit that is not diffusible asked to hide.
fn may_be_linked(unite: &Record) -> bool {
    let statut = unite.text("statutDiffusionUniteLegale").unwrap_or_default();
    StatutDiffusion::from_code(statut) == StatutDiffusion::Diffusible
}

/// By the number SIRENE gives, else by the SIRET the RNA gives.
fn association_of(
    connection: &Connection,
    unite: &Record,
    siren: Siren,
) -> Result<Option<Record>, PoolError> {
    if !may_be_linked(unite) {
        return Ok(None);
    }
    if let Some(id) = unite.text("identifiantAssociationUniteLegale") {
        let found = association(connection, id)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    for id in texts(connection, sql::ASSOCIATION_IDS_OF_SIREN, siren.as_str())? {
        let found = association(connection, &id)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The first unit either register links to that association.
fn unite_of(connection: &Connection, id: &RnaId) -> Result<Option<Record>, PoolError> {
    for siren in texts(connection, sql::SIRENS_OF_ASSOCIATION, id.as_str())? {
        let found = unite_legale(connection, &siren)?.filter(may_be_linked);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::testing::Fixture;

    /// Either register names a unit that is not diffusible: neither is put beside the other.
    #[tokio::test]
    async fn a_unit_that_is_not_diffusible_has_no_association_in_either_direction() {
        let fixture = Fixture::published("20261101T000000Z");
        let catalog = Catalog::new(&fixture.config());
        catalog.refresh().unwrap();
        let snapshot = catalog.current().unwrap();
        let engine = &snapshot.engine;
        for (siren, id) in [("900000001", "W922000001"), ("900000019", "W922000002")] {
            let unit = engine.unite_legale(siren.parse().unwrap()).await.unwrap();
            assert!(unit.unwrap().association.is_none(), "{siren}");
            let association = engine.association(id.parse().unwrap()).await.unwrap();
            assert!(association.unwrap().unite_legale.is_none(), "{id}");
        }
    }
}
