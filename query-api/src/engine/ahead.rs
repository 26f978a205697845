//! The rows of many dossiers, read ahead: each table is read once for all their keys, and what was
//! not read ahead is asked one statement at a time.

use chrono::NaiveDate;
use duckdb::Connection;
use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::identifiers::{Identifier, RnaId, Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use std::collections::{BTreeSet, HashMap};

use super::dossier::Statements;
use super::{PoolError, records, sql};
use crate::dossier::{is_ceased, is_closed};
use crate::lookup::{Count, Page};
use crate::record::{Record, at};
use crate::rows::{LINKS, Rows};

/// The keys of a table that were asked for, and the rows that were found, by key.
struct Read {
    table: &'static Table,
    column: &'static str,
    keys: BTreeSet<String>,
    rows: HashMap<String, Vec<Record>>,
}

impl Read {
    /// Nothing of `table` yet; its rows are told apart by `column`.
    fn nothing(table: &'static Table, column: &'static str) -> Self {
        Self {
            table,
            column,
            keys: BTreeSet::new(),
            rows: HashMap::new(),
        }
    }

    /// Reads the rows of the keys that were not asked for yet.
    fn read(&mut self, connection: &Connection, keys: &BTreeSet<String>) -> Result<(), PoolError> {
        let new: BTreeSet<String> = keys.difference(&self.keys).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        let sql = sql::among(self.table, self.column);
        for row in records(connection, self.table, &sql, [list(&new)])? {
            if let Some(key) = row.text(self.column) {
                self.rows.entry(key.to_owned()).or_default().push(row);
            }
        }
        self.keys.extend(new);
        Ok(())
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

/// Keys as one text: none holds a comma.
fn list(keys: &BTreeSet<String>) -> String {
    keys.iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

/// What was read ahead, then the connection for the rest.
pub(super) struct Ahead<'connection> {
    then: Statements<'connection>,
    units: Read,
    etablissements: Read,
    links_of_unit: Read,
    links_of_association: Read,
    associations: Read,
    utilite_publique: Read,
    doublons: Read,
    references: Read,
    successors: Read,
    counts: HashMap<String, Count>,
    closed: HashMap<String, Option<NaiveDate>>,
    ceased: HashMap<String, Option<NaiveDate>>,
}

impl<'connection> Ahead<'connection> {
    /// Reads what the dossiers of these identifiers will most surely ask for.
    pub(super) fn read(
        connection: &'connection Connection,
        identifiers: &[Identifier],
    ) -> Result<Self, PoolError> {
        let mut ahead = Self {
            then: Statements(connection),
            units: Read::nothing(&UNITE_LEGALE, "siren"),
            etablissements: Read::nothing(&ETABLISSEMENT, "siret"),
            links_of_unit: Read::nothing(&LIEN_SIREN_RNA, "siren"),
            links_of_association: Read::nothing(&LIEN_SIREN_RNA, "id"),
            associations: Read::nothing(&ASSOCIATION, "id"),
            utilite_publique: Read::nothing(&ASSOCIATION_UTILITE_PUBLIQUE, "id"),
            doublons: Read::nothing(&DOUBLON, "siren"),
            references: Read::nothing(&DOUBLON, "sirenDoublon"),
            successors: Read::nothing(&LIEN_SUCCESSION, "siretEtablissementPredecesseur"),
            counts: HashMap::new(),
            closed: HashMap::new(),
            ceased: HashMap::new(),
        };
        let (mut sirens, mut sirets, mut ids) = keys_of(identifiers);
        ahead.associations.read(connection, &ids)?;
        let taken_up = ahead.associations.texts(at!(ASSOCIATION, "observation"));
        ids.extend(taken_up.filter(|id| id.parse::<RnaId>().is_ok()));
        ahead.links_of_association.read(connection, &ids)?;
        sirens.extend(
            ahead
                .links_of_association
                .texts(at!(LIEN_SIREN_RNA, "siren")),
        );
        ahead.references.read(connection, &sirens)?;
        sirens.extend(ahead.references.texts(at!(DOUBLON, "siren")));
        ahead.references.read(connection, &sirens)?;
        ahead.doublons.read(connection, &sirens)?;
        ahead.units.read(connection, &sirens)?;
        for unit in ahead.units.rows.values().flatten() {
            let siren = unit.text_at(at!(UNITE_LEGALE, "siren"));
            let nic = unit.text_at(at!(UNITE_LEGALE, "nicSiegeUniteLegale"));
            if let (Some(siren), Some(nic)) = (siren, nic) {
                sirets.insert(format!("{siren}{nic}"));
            }
        }
        ahead.etablissements.read(connection, &sirets)?;
        ahead.links_of_unit.read(connection, &sirens)?;
        ids.extend(ahead.links_of_unit.texts(at!(LIEN_SIREN_RNA, "id")));
        ahead.associations.read(connection, &ids)?;
        ahead.utilite_publique.read(connection, &ids)?;
        ahead.counts = counts(connection, &sirens)?;
        ahead.ceased = dates(
            connection,
            sql::CEASED_AMONG,
            &which(&sirens, &ahead.units, is_ceased),
        )?;
        let closed = which(&sirets, &ahead.etablissements, is_closed);
        ahead.closed = dates(connection, sql::CLOSED_AMONG, &closed)?;
        ahead.read_successors(connection, closed)?;
        Ok(ahead)
    }

    /// Hop after hop, all chains at once.
    fn read_successors(
        &mut self,
        connection: &Connection,
        mut closed: BTreeSet<String>,
    ) -> Result<(), PoolError> {
        while !closed.is_empty() {
            self.successors.read(connection, &closed)?;
            let next: BTreeSet<String> = self
                .successors
                .texts(at!(LIEN_SUCCESSION, "siretEtablissementSuccesseur"))
                .filter(|siret| siret.is_ascii() && siret.len() == 14)
                .collect();
            self.etablissements.read(connection, &next)?;
            let sirens = next.iter().map(|siret| siret[..9].to_owned()).collect();
            self.units.read(connection, &sirens)?;
            closed = which(&next, &self.etablissements, is_closed);
            closed.retain(|siret| !self.successors.keys.contains(siret));
        }
        Ok(())
    }
}

/// Those of `keys` whose row is so.
fn which(keys: &BTreeSet<String>, read: &Read, is_so: fn(&Record) -> bool) -> BTreeSet<String> {
    let so = |key: &&String| read.get(key).is_some_and(|rows| rows.iter().any(is_so));
    keys.iter().filter(so).cloned().collect()
}

/// SIREN, SIRET and RNA numbers that identifiers name.
fn keys_of(identifiers: &[Identifier]) -> (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) {
    let (mut sirens, mut sirets, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for identifier in identifiers {
        let siren = match identifier {
            Identifier::Siret(siret) => {
                sirets.insert(siret.as_str().to_owned());
                siret.siren()
            }
            Identifier::Siren(siren) => *siren,
            Identifier::Tva(tva) => tva.siren(),
            Identifier::Rna(id) => {
                ids.insert(id.as_str().to_owned());
                continue;
            }
        };
        sirens.insert(siren.as_str().to_owned());
    }
    (sirens, sirets, ids)
}

/// How many établissements each unit has, none included.
fn counts(
    connection: &Connection,
    sirens: &BTreeSet<String>,
) -> Result<HashMap<String, Count>, PoolError> {
    let none = Count {
        total: 0,
        actifs: 0,
    };
    let mut counts: HashMap<String, Count> =
        sirens.iter().map(|siren| (siren.clone(), none)).collect();
    let select = || -> Result<Vec<(String, Count)>, duckdb::Error> {
        let mut statement = connection.prepare_cached(sql::COUNTS_AMONG)?;
        let rows = statement.query_map([list(sirens)], |row| {
            let count = Count {
                total: row.get(1)?,
                actifs: row.get(2)?,
            };
            Ok((row.get(0)?, count))
        })?;
        rows.collect()
    };
    let found = select().map_err(|source| PoolError::reading(ETABLISSEMENT.name, source))?;
    counts.extend(found);
    Ok(counts)
}

/// The date that `sql` gives each key, none included.
fn dates(
    connection: &Connection,
    sql: &str,
    keys: &BTreeSet<String>,
) -> Result<HashMap<String, Option<NaiveDate>>, PoolError> {
    let mut dates: HashMap<String, Option<NaiveDate>> =
        keys.iter().map(|key| (key.clone(), None)).collect();
    if keys.is_empty() {
        return Ok(dates);
    }
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([list(keys)], |row| {
        let date: Option<String> = row.get(1)?;
        Ok((row.get(0)?, date.and_then(|date| date.parse().ok())))
    })?;
    for row in rows {
        let (key, date): (String, Option<NaiveDate>) = row?;
        dates.insert(key, date);
    }
    Ok(dates)
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
    rows.truncate(usize::from(LINKS));
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
        match self.utilite_publique.get(id) {
            Some(rows) => Ok(rows.to_vec()),
            None => self.then.utilite_publique(id),
        }
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
        match self.successors.get(siret.as_str()) {
            Some(rows) => Ok(rows.to_vec()),
            None => self.then.successors(siret),
        }
    }

    fn closed_since(&self, siret: Siret) -> Result<Option<NaiveDate>, PoolError> {
        match self.closed.get(siret.as_str()) {
            Some(date) => Ok(*date),
            None => self.then.closed_since(siret),
        }
    }

    fn ceased_since(&self, siren: Siren) -> Result<Option<NaiveDate>, PoolError> {
        match self.ceased.get(siren.as_str()) {
            Some(date) => Ok(*date),
            None => self.then.ceased_since(siren),
        }
    }

    fn predecessors(&self, siret: Siret) -> Result<Vec<Record>, PoolError> {
        self.then.predecessors(siret)
    }

    fn etablissements(
        &self,
        siren: Siren,
        page: &Page,
        at_most: usize,
    ) -> Result<Vec<Record>, PoolError> {
        self.then.etablissements(siren, page, at_most)
    }

    fn periods_of_unit(&self, siren: Siren) -> Result<Vec<Record>, PoolError> {
        self.then.periods_of_unit(siren)
    }

    fn periods(&self, siret: Siret) -> Result<Vec<Record>, PoolError> {
        self.then.periods(siret)
    }
}
