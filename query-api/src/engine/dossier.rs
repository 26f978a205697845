//! The rows of a dossier, asked of DuckDB one statement at a time.

use chrono::NaiveDate;
use duckdb::Connection;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::etablissement::LIEN_SUCCESSION;
use registre_schemas::identifiers::{Identifier, Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::DOUBLON;
use std::time::Duration;

use super::ahead::Ahead;
use super::{Engine, PoolError, records, sql};
use crate::dossier::{self, Besoins, Dossier};
use crate::lookup::{Count, Page};
use crate::record::Record;
use crate::rows::{LINKS, Rows, SUCCESSIONS};

impl Engine {
    /// As many dossiers as identifiers, in their order: one connection, and one reading of each table
    /// for most of their rows.
    pub(crate) async fn dossiers(
        &self,
        identifiers: Vec<Identifier>,
    ) -> Result<Vec<Dossier>, PoolError> {
        self.pool
            .run(move |connection| gathered(connection, &identifiers, Besoins::TOUT))
            .await
    }

    /// The same, of many more than a request has, in the time that takes.
    pub(crate) async fn dossiers_within(
        &self,
        identifiers: Vec<Identifier>,
        besoins: Besoins,
        at_most: Duration,
    ) -> Result<Vec<Dossier>, PoolError> {
        self.pool
            .run_for(at_most, move |connection| {
                gathered(connection, &identifiers, besoins)
            })
            .await
    }
}

fn gathered(
    connection: &Connection,
    identifiers: &[Identifier],
    besoins: Besoins,
) -> Result<Vec<Dossier>, PoolError> {
    let rows = Ahead::read(connection, identifiers)?;
    identifiers
        .iter()
        .map(|identifier| dossier::gather_for(&rows, identifier, besoins))
        .collect()
}

/// A connection, asked one statement at a time.
pub(super) struct Statements<'connection>(pub(super) &'connection Connection);

impl Statements<'_> {
    /// A date that DuckDB writes as text, `AAAA-MM-JJ`.
    fn date(&self, sql: &str, key: &str) -> Result<Option<NaiveDate>, PoolError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let date: Option<String> = statement.query_row([key], |row| row.get(0))?;
        Ok(date.and_then(|date| date.parse().ok()))
    }
}

impl Rows for Statements<'_> {
    type Error = PoolError;

    fn unite_legale(&self, siren: Siren) -> Result<Option<Record>, PoolError> {
        super::unite_legale(self.0, siren.as_str())
    }

    fn etablissement(&self, siret: Siret) -> Result<Option<Record>, PoolError> {
        super::etablissement(self.0, siret.as_str())
    }

    fn siege(&self, siren: Siren, unite: Option<&Record>) -> Result<Option<Record>, PoolError> {
        super::siege(self.0, unite, siren)
    }

    fn count(&self, siren: Siren) -> Result<Count, PoolError> {
        super::count(self.0, siren)
    }

    fn links_of_unit(&self, siren: Siren) -> Result<Vec<Record>, PoolError> {
        let params = duckdb::params![siren.as_str(), LINKS];
        records(self.0, &LIEN_SIREN_RNA, &sql::LINKS_OF_UNIT, params)
    }

    fn links_of_association(&self, id: &str) -> Result<Vec<Record>, PoolError> {
        let params = duckdb::params![id, LINKS];
        records(self.0, &LIEN_SIREN_RNA, &sql::LINKS_OF_ASSOCIATION, params)
    }

    fn association(&self, id: &str) -> Result<Option<Record>, PoolError> {
        super::association(self.0, id)
    }

    fn utilite_publique(&self, id: &str) -> Result<Vec<Record>, PoolError> {
        records(
            self.0,
            &ASSOCIATION_UTILITE_PUBLIQUE,
            &sql::UTILITE_PUBLIQUE_BY_ID,
            [id],
        )
    }

    fn doublons_of(&self, siren: Siren) -> Result<Vec<Record>, PoolError> {
        records(self.0, &DOUBLON, &sql::DOUBLONS_OF, [siren.as_str()])
    }

    fn reference_of(&self, siren: Siren) -> Result<Option<Siren>, PoolError> {
        let reference = super::reference_of(self.0, siren)?;
        Ok(reference.and_then(|siren| siren.parse().ok()))
    }

    fn successors(&self, siret: Siret) -> Result<Vec<Record>, PoolError> {
        let params = duckdb::params![siret.as_str(), SUCCESSIONS];
        records(self.0, &LIEN_SUCCESSION, &sql::SUCCESSORS_OF, params)
    }

    fn closed_since(&self, siret: Siret) -> Result<Option<NaiveDate>, PoolError> {
        self.date(sql::CLOSED_SINCE, siret.as_str())
    }

    fn ceased_since(&self, siren: Siren) -> Result<Option<NaiveDate>, PoolError> {
        self.date(sql::CEASED_SINCE, siren.as_str())
    }

    fn predecessors(&self, siret: Siret) -> Result<Vec<Record>, PoolError> {
        let params = duckdb::params![siret.as_str(), SUCCESSIONS];
        records(self.0, &LIEN_SUCCESSION, &sql::PREDECESSORS_OF, params)
    }

    fn etablissements(
        &self,
        siren: Siren,
        page: &Page,
        at_most: usize,
    ) -> Result<Vec<Record>, PoolError> {
        super::page_of(self.0, siren, page, at_most)
    }

    fn periods_of_unit(&self, siren: Siren) -> Result<Vec<Record>, PoolError> {
        let key = [siren.as_str()];
        records(self.0, &UNITE_LEGALE_PERIODE, &sql::PERIODS_OF_UNIT, key)
    }

    fn periods(&self, siret: Siret) -> Result<Vec<Record>, PoolError> {
        let key = [siret.as_str()];
        records(
            self.0,
            &ETABLISSEMENT_PERIODE,
            &sql::PERIODS_OF_ETABLISSEMENT,
            key,
        )
    }
}
