//! What the fiches answer to the questions of [`Rows`], with the same choices and the same order as SQL.

use chrono::NaiveDate;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::fiche::body::Of;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use std::cmp::Reverse;

use super::{FichesError, Reader};
use crate::lookup::{Count, Page};
use crate::record::{Record, at};
use crate::rows::{LINKS, Rows, SUCCESSIONS};

impl Rows for Reader<'_> {
    type Error = FichesError;

    fn unite_legale(&self, siren: Siren) -> Result<Option<Record>, FichesError> {
        self.unite(siren)
    }

    fn etablissement(&self, siret: Siret) -> Result<Option<Record>, FichesError> {
        self.of_siret(siret)
    }

    fn siege(&self, siren: Siren, unite: Option<&Record>) -> Result<Option<Record>, FichesError> {
        let nic = unite.and_then(|unite| unite.text_at(at!(UNITE_LEGALE, "nicSiegeUniteLegale")));
        if let Some(nic) = nic
            && let Ok(siret) = format!("{siren}{nic}").parse()
            && let Some(siege) = self.of_siret(siret)?
        {
            return Ok(Some(siege));
        }
        let flagged =
            |row: &Record| row.flag_at(at!(ETABLISSEMENT, "etablissementSiege")) == Some(true);
        Ok(self.of_siren(siren, None, 1, flagged)?.pop())
    }

    fn count(&self, siren: Siren) -> Result<Count, FichesError> {
        let (total, actifs) = self.counts(siren)?;
        let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(Count {
            total: count(total),
            actifs: count(actifs),
        })
    }

    fn links_of_unit(&self, siren: Siren) -> Result<Vec<Record>, FichesError> {
        let links = self.list(siren, Of::Liens)?;
        Ok(surest(links, at!(LIEN_SIREN_RNA, "rang_association")))
    }

    fn links_of_association(&self, id: &str) -> Result<Vec<Record>, FichesError> {
        let links = self.of_id(id)?.map(|found| found.liens);
        let links = links.unwrap_or_default();
        Ok(surest(links, at!(LIEN_SIREN_RNA, "rang_unite_legale")))
    }

    fn association(&self, id: &str) -> Result<Option<Record>, FichesError> {
        Ok(self.of_id(id)?.and_then(|found| found.association))
    }

    fn utilite_publique(&self, id: &str) -> Result<Vec<Record>, FichesError> {
        let rows = self.of_id(id)?.map(|found| found.utilite_publique);
        let mut rows = rows.unwrap_or_default();
        rows.truncate(LINKS.into());
        Ok(rows)
    }

    fn doublons_of(&self, siren: Siren) -> Result<Vec<Record>, FichesError> {
        self.list(siren, Of::Doublons)
    }

    fn reference_of(&self, siren: Siren) -> Result<Option<Siren>, FichesError> {
        let references = self.list(siren, Of::DoublonDe)?;
        let sirens = references
            .iter()
            .filter_map(|row| row.text_at(at!(DOUBLON, "siren")));
        Ok(sirens.min().and_then(|siren| siren.parse().ok()))
    }

    fn successors(&self, siret: Siret) -> Result<Vec<Record>, FichesError> {
        Ok(latest(self.successions(siret, Of::Successeurs)?))
    }

    fn closed_since(&self, siret: Siret) -> Result<Option<NaiveDate>, FichesError> {
        let closed = self.periodes_of_siret(siret)?.into_iter().filter(|row| {
            row.text_at(at!(ETABLISSEMENT_PERIODE, "etatAdministratifEtablissement")) == Some("F")
                && row.flag_at(at!(
                    ETABLISSEMENT_PERIODE,
                    "changementEtatAdministratifEtablissement"
                )) == Some(true)
        });
        Ok(closed
            .filter_map(|row| row.date_at(at!(ETABLISSEMENT_PERIODE, "dateDebut")))
            .max())
    }

    fn ceased_since(&self, siren: Siren) -> Result<Option<NaiveDate>, FichesError> {
        let ceased = self.periodes_of_siren(siren)?.into_iter().filter(|row| {
            row.text_at(at!(UNITE_LEGALE_PERIODE, "etatAdministratifUniteLegale")) == Some("C")
                && row.flag_at(at!(
                    UNITE_LEGALE_PERIODE,
                    "changementEtatAdministratifUniteLegale"
                )) == Some(true)
        });
        Ok(ceased
            .filter_map(|row| row.date_at(at!(UNITE_LEGALE_PERIODE, "dateDebut")))
            .max())
    }

    fn predecessors(&self, siret: Siret) -> Result<Vec<Record>, FichesError> {
        Ok(latest(self.successions(siret, Of::Predecesseurs)?))
    }

    fn etablissements(
        &self,
        siren: Siren,
        page: &Page,
        at_most: usize,
    ) -> Result<Vec<Record>, FichesError> {
        let etat = at!(ETABLISSEMENT, "etatAdministratifEtablissement");
        self.of_siren(siren, page.apres, at_most, |row| {
            page.etat
                .is_none_or(|asked| row.text_at(etat) == Some(asked))
        })
    }

    fn periods_of_unit(&self, siren: Siren) -> Result<Vec<Record>, FichesError> {
        self.periodes_of_siren(siren)
    }

    fn periods(&self, siret: Siret) -> Result<Vec<Record>, FichesError> {
        self.periodes_of_siret(siret)
    }
}

/// By rank; links of one rank stay in the order of their keys, and one without a rank comes last.
fn surest(mut links: Vec<Record>, rank: usize) -> Vec<Record> {
    links.sort_by_key(|link| link.integer_at(rank).unwrap_or(i64::MAX));
    links.truncate(LINKS.into());
    links
}

/// The latest first; those of one day stay in the order of their keys, and one without a date comes
/// last, as DuckDB has it.
fn latest(mut links: Vec<Record>) -> Vec<Record> {
    use registre_schemas::etablissement::LIEN_SUCCESSION;
    links.sort_by_key(|link| Reverse(link.date_at(at!(LIEN_SUCCESSION, "dateLienSuccession"))));
    links.truncate(SUCCESSIONS.into());
    links
}
