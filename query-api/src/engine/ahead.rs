//! The rows of many dossiers, read ahead: each table is read once for all their keys, and what was
//! not read ahead is asked one statement at a time.

use duckdb::Connection;
use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Identifier, Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use std::collections::{BTreeSet, HashMap};

use super::dossier::Statements;
use super::{Count, PoolError, records, sql};
use crate::dossier::{ASSOCIATIONS, Rows};
use crate::record::{Record, at};

/// The keys that were asked for, and the rows that were found, by key.
#[derive(Default)]
struct Read {
    keys: BTreeSet<String>,
    rows: HashMap<String, Vec<Record>>,
}

impl Read {
    /// Reads the rows of `table` whose `column` is one of `keys`.
    fn of(
        connection: &Connection,
        table: &'static Table,
        column: &str,
        keys: BTreeSet<String>,
    ) -> Result<Self, PoolError> {
        let mut read = Self::default();
        if keys.is_empty() {
            return Ok(read);
        }
        let list = keys
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(",");
        for row in records(connection, table, &sql::among(table, column), [list])? {
            if let Some(key) = row.text(column) {
                read.rows.entry(key.to_owned()).or_default().push(row);
            }
        }
        read.keys = keys;
        Ok(read)
    }

    /// The rows of a key, unless it was not asked for.
    fn get(&self, key: &str) -> Option<&[Record]> {
        let rows = || self.rows.get(key).map_or(&[] as &[_], Vec::as_slice);
        self.keys.contains(key).then(rows)
    }

    /// The texts of a column of all rows.
    fn texts(&self, index: usize) -> impl Iterator<Item = String> {
        let rows = self.rows.values().flatten();
        rows.filter_map(move |row| row.text_at(index).map(str::to_owned))
    }
}

/// What was read ahead, then the connection for the rest.
pub(super) struct Ahead<'connection> {
    then: Statements<'connection>,
    units: Read,
    etablissements: Read,
    links_of_unit: Read,
    links_of_association: Read,
    associations: Read,
    doublons: Read,
    references: Read,
    counts: HashMap<String, Count>,
}

impl<'connection> Ahead<'connection> {
    /// Reads what the dossiers of these identifiers will most surely ask for.
    pub(super) fn read(
        connection: &'connection Connection,
        identifiers: &[Identifier],
    ) -> Result<Self, PoolError> {
        let (mut sirens, mut sirets, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for identifier in identifiers {
            match identifier {
                Identifier::Siret(siret) => {
                    sirets.insert(siret.as_str().to_owned());
                    sirens.insert(siret.siren().as_str().to_owned());
                }
                Identifier::Siren(siren) => drop(sirens.insert(siren.as_str().to_owned())),
                Identifier::Tva(tva) => drop(sirens.insert(tva.siren().as_str().to_owned())),
                Identifier::Rna(id) => drop(ids.insert(id.as_str().to_owned())),
            }
        }
        let read = |table, column, keys| Read::of(connection, table, column, keys);
        let links_of_association = read(&LIEN_SIREN_RNA, "id", ids.clone())?;
        sirens.extend(links_of_association.texts(at!(LIEN_SIREN_RNA, "siren")));
        let references = read(&DOUBLON, "sirenDoublon", sirens.clone())?;
        sirens.extend(references.texts(at!(DOUBLON, "siren")));
        let units = read(&UNITE_LEGALE, "siren", sirens.clone())?;
        for unit in units.rows.values().flatten() {
            let siren = unit.text_at(at!(UNITE_LEGALE, "siren"));
            let nic = unit.text_at(at!(UNITE_LEGALE, "nicSiegeUniteLegale"));
            if let (Some(siren), Some(nic)) = (siren, nic) {
                sirets.insert(format!("{siren}{nic}"));
            }
        }
        let links_of_unit = read(&LIEN_SIREN_RNA, "siren", sirens.clone())?;
        ids.extend(links_of_unit.texts(at!(LIEN_SIREN_RNA, "id")));
        Ok(Self {
            then: Statements(connection),
            etablissements: read(&ETABLISSEMENT, "siret", sirets)?,
            associations: read(&ASSOCIATION, "id", ids)?,
            counts: counts(connection, &sirens)?,
            doublons: read(&DOUBLON, "siren", sirens)?,
            units,
            links_of_unit,
            links_of_association,
            references,
        })
    }
}

fn counts(
    connection: &Connection,
    sirens: &BTreeSet<String>,
) -> Result<HashMap<String, Count>, PoolError> {
    if sirens.is_empty() {
        return Ok(HashMap::new());
    }
    let list = sirens
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(",");
    let select = || -> Result<_, duckdb::Error> {
        let mut statement = connection.prepare_cached(sql::COUNTS_AMONG)?;
        let rows = statement.query_map([list], |row| {
            let count = Count {
                total: row.get(1)?,
                actifs: row.get(2)?,
            };
            Ok((row.get(0)?, count))
        })?;
        let mut counts: HashMap<String, Count> = rows.collect::<Result<_, _>>()?;
        let none = Count {
            total: 0,
            actifs: 0,
        };
        for siren in sirens {
            counts.entry(siren.clone()).or_insert(none);
        }
        Ok(counts)
    };
    select().map_err(|source| PoolError::reading(ETABLISSEMENT.name, source))
}

fn first(rows: &[Record]) -> Option<Record> {
    rows.first().cloned()
}

/// The surest of rows that were read in any order.
fn surest(rows: &[Record], rank: usize, then: usize) -> Vec<Record> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| {
        let key = |row: &Record| row.integer_at(rank).unwrap_or(i64::MAX);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.text_at(then).cmp(&b.text_at(then)))
    });
    rows.truncate(usize::from(ASSOCIATIONS));
    rows
}

impl Rows for Ahead<'_> {
    type Error = PoolError;

    fn unite_legale(&self, siren: Siren) -> Result<Option<Record>, PoolError> {
        match self.units.get(siren.as_str()) {
            Some(rows) => Ok(first(rows)),
            None => self.then.unite_legale(siren),
        }
    }

    fn etablissement(&self, siret: Siret) -> Result<Option<Record>, PoolError> {
        match self.etablissements.get(siret.as_str()) {
            Some(rows) => Ok(first(rows)),
            None => self.then.etablissement(siret),
        }
    }

    fn siege(&self, siren: Siren, unite: Option<&Record>) -> Result<Option<Record>, PoolError> {
        let nic = unite.and_then(|unit| unit.text_at(at!(UNITE_LEGALE, "nicSiegeUniteLegale")));
        let read = nic.and_then(|nic| self.etablissements.get(&format!("{siren}{nic}")));
        match read.and_then(first) {
            Some(siege) => Ok(Some(siege)),
            None => self.then.siege(siren, unite),
        }
    }

    fn count(&self, siren: Siren) -> Result<Count, PoolError> {
        match self.counts.get(siren.as_str()) {
            Some(count) => Ok(*count),
            None => self.then.count(siren),
        }
    }

    fn links_of_unit(&self, siren: Siren) -> Result<Vec<Record>, PoolError> {
        match self.links_of_unit.get(siren.as_str()) {
            Some(rows) => Ok(surest(
                rows,
                at!(LIEN_SIREN_RNA, "rang_association"),
                at!(LIEN_SIREN_RNA, "id"),
            )),
            None => self.then.links_of_unit(siren),
        }
    }

    fn links_of_association(&self, id: &str) -> Result<Vec<Record>, PoolError> {
        match self.links_of_association.get(id) {
            Some(rows) => Ok(surest(
                rows,
                at!(LIEN_SIREN_RNA, "rang_unite_legale"),
                at!(LIEN_SIREN_RNA, "siren"),
            )),
            None => self.then.links_of_association(id),
        }
    }

    fn association(&self, id: &str) -> Result<Option<Record>, PoolError> {
        match self.associations.get(id) {
            Some(rows) => Ok(first(rows)),
            None => self.then.association(id),
        }
    }

    fn utilite_publique(&self, id: &str) -> Result<Vec<Record>, PoolError> {
        self.then.utilite_publique(id)
    }

    fn doublons_of(&self, siren: Siren) -> Result<Vec<Record>, PoolError> {
        match self.doublons.get(siren.as_str()) {
            Some(rows) => {
                let mut rows = rows.to_vec();
                let doublon = at!(DOUBLON, "sirenDoublon");
                rows.sort_by(|a, b| a.text_at(doublon).cmp(&b.text_at(doublon)));
                Ok(rows)
            }
            None => self.then.doublons_of(siren),
        }
    }

    fn reference_of(&self, siren: Siren) -> Result<Option<Siren>, PoolError> {
        match self.references.get(siren.as_str()) {
            Some(rows) => {
                let sirens = rows
                    .iter()
                    .filter_map(|row| row.text_at(at!(DOUBLON, "siren")));
                Ok(sirens.min().and_then(|siren| siren.parse().ok()))
            }
            None => self.then.reference_of(siren),
        }
    }

    fn successors(&self, siret: Siret) -> Result<Vec<Record>, PoolError> {
        self.then.successors(siret)
    }

    fn closed_since(&self, siret: Siret) -> Result<Option<chrono::NaiveDate>, PoolError> {
        self.then.closed_since(siret)
    }

    fn ceased_since(&self, siren: Siren) -> Result<Option<chrono::NaiveDate>, PoolError> {
        self.then.ceased_since(siren)
    }
}
