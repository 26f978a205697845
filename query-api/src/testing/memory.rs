//! A store of rows in memory: what a dossier asks, answered by looking at every row.

use chrono::NaiveDate;
use registre_schemas::identifiers::{Siren, Siret};
use std::convert::Infallible;

use crate::lookup::{Count, Page};
use crate::record::Record;
use crate::rows::Rows;

/// Rows of any tables.
pub(crate) struct Memory(pub(crate) Vec<Record>);

type Found<T> = Result<T, Infallible>;

impl Memory {
    fn all(&self, table: &str, column: &str, value: &str) -> Vec<Record> {
        let of_table = self.0.iter().filter(|row| row.table().name == table);
        let found = of_table.filter(|row| row.text(column) == Some(value));
        found.cloned().collect()
    }

    fn one(&self, table: &str, column: &str, value: &str) -> Option<Record> {
        self.all(table, column, value).into_iter().next()
    }

    fn since(&self, table: &str, key: (&str, &str), etat: (&str, &str)) -> Option<NaiveDate> {
        let periods = self.all(table, key.0, key.1).into_iter();
        let ended = periods.filter(|row| row.text(etat.0) == Some(etat.1));
        ended.filter_map(|row| row.date("dateDebut")).max()
    }
}

impl Rows for Memory {
    type Error = Infallible;

    fn unite_legale(&self, siren: Siren) -> Found<Option<Record>> {
        Ok(self.one("unite_legale", "siren", siren.as_str()))
    }

    fn etablissement(&self, siret: Siret) -> Found<Option<Record>> {
        Ok(self.one("etablissement", "siret", siret.as_str()))
    }

    fn siege(&self, siren: Siren, unite: Option<&Record>) -> Found<Option<Record>> {
        let nic = unite.and_then(|unite| unite.text("nicSiegeUniteLegale"));
        Ok(nic.and_then(|nic| self.one("etablissement", "siret", &format!("{siren}{nic}"))))
    }

    fn count(&self, siren: Siren) -> Found<Count> {
        let all = self.all("etablissement", "siren", siren.as_str());
        let open = all
            .iter()
            .filter(|row| row.text("etatAdministratifEtablissement") == Some("A"));
        Ok(Count {
            total: i64::try_from(all.len()).unwrap(),
            actifs: i64::try_from(open.count()).unwrap(),
        })
    }

    fn links_of_unit(&self, siren: Siren) -> Found<Vec<Record>> {
        Ok(self.all("lien_siren_rna", "siren", siren.as_str()))
    }

    fn links_of_association(&self, id: &str) -> Found<Vec<Record>> {
        Ok(self.all("lien_siren_rna", "id", id))
    }

    fn association(&self, id: &str) -> Found<Option<Record>> {
        Ok(self.one("association", "id", id))
    }

    fn utilite_publique(&self, id: &str) -> Found<Vec<Record>> {
        Ok(self.all("association_utilite_publique", "id", id))
    }

    fn doublons_of(&self, siren: Siren) -> Found<Vec<Record>> {
        Ok(self.all("doublon", "siren", siren.as_str()))
    }

    fn reference_of(&self, siren: Siren) -> Found<Option<Siren>> {
        let row = self.one("doublon", "sirenDoublon", siren.as_str());
        Ok(row.map(|row| row.text("siren").unwrap().parse().unwrap()))
    }

    fn successors(&self, siret: Siret) -> Found<Vec<Record>> {
        let column = "siretEtablissementPredecesseur";
        Ok(self.all("lien_succession", column, siret.as_str()))
    }

    fn closed_since(&self, siret: Siret) -> Found<Option<NaiveDate>> {
        let (key, etat) = (
            ("siret", siret.as_str()),
            ("etatAdministratifEtablissement", "F"),
        );
        Ok(self.since("etablissement_periode", key, etat))
    }

    fn ceased_since(&self, siren: Siren) -> Found<Option<NaiveDate>> {
        let (key, etat) = (
            ("siren", siren.as_str()),
            ("etatAdministratifUniteLegale", "C"),
        );
        Ok(self.since("unite_legale_periode", key, etat))
    }

    fn predecessors(&self, siret: Siret) -> Found<Vec<Record>> {
        let key = "siretEtablissementSuccesseur";
        Ok(self.all("lien_succession", key, siret.as_str()))
    }

    fn etablissements(&self, siren: Siren, _page: &Page, at_most: usize) -> Found<Vec<Record>> {
        let mut all = self.all("etablissement", "siren", siren.as_str());
        all.truncate(at_most);
        Ok(all)
    }

    fn periods_of_unit(&self, siren: Siren) -> Found<Vec<Record>> {
        Ok(self.all("unite_legale_periode", "siren", siren.as_str()))
    }

    fn periods(&self, siret: Siret) -> Found<Vec<Record>> {
        Ok(self.all("etablissement_periode", "siret", siret.as_str()))
    }
}
