//! Records of the API, as JSON, to rows of a table. Fields go to the column of their name, wherever
//! in the record they are.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use registre_schemas::column::{Column, Kind, Presence};
use registre_schemas::manifest::Update;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::collection::{Collection, Target};
use crate::decode::builder::Builder;
use crate::decode::layout::is_key;
use crate::decode::rejects::{KEY, UNREADABLE};
use crate::decode::values;
use crate::error::IngestError;

type Object = Map<String, Value>;

/// A record whose periods all ended, or that has none.
const NO_PERIOD: &str = "sans période courante";
/// The only field the API leaves out instead of writing null.
const ONLY_WHEN_TRUE: &str = "unitePurgeeUniteLegale";

/// Rows of one table, filled record after record.
pub struct Reader<'a> {
    collection: &'a Collection,
    target: &'a Target,
    schema: SchemaRef,
    /// For each column of the file: its description, unless a stock brought it and we do not know it.
    known: Vec<Option<&'static Column>>,
    builders: Vec<Builder>,
    rejects: BTreeMap<String, u64>,
    unknown: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// `schema` is that of the table's file.
    pub fn new(collection: &'a Collection, target: &'a Target, schema: SchemaRef) -> Self {
        let known: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| target.table.column(field.name()))
            .collect();
        let builders = known
            .iter()
            .map(|column| {
                Builder::new(
                    column.map_or(Kind::Text, |column| column.kind),
                    0,
                    values::date,
                )
            })
            .collect();
        Self {
            collection,
            target,
            schema,
            known,
            builders,
            rejects: BTreeMap::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// Adds the rows of a record.
    pub fn read(&mut self, record: &Value) {
        let Some(record) = record.as_object() else {
            return self.refuse(KEY.to_owned());
        };
        let periods = periods(self.collection, record);
        if self.target.per_period {
            for period in periods {
                self.note_unknown(&[period]);
                self.row(&[period, record]);
            }
            return;
        }
        let mut parts = vec![record];
        let inner = self.collection.flattened.iter();
        parts.extend(inner.filter_map(|name| record.get(*name)?.as_object()));
        if self.collection.periods.is_some() {
            let is_current = |period: &&Object| period.get("dateFin").is_none_or(Value::is_null);
            let Some(current) = periods.into_iter().find(is_current) else {
                return self.refuse(NO_PERIOD.to_owned());
            };
            parts.push(current);
        }
        self.note_unknown(&parts);
        self.row(&parts);
    }

    /// One row, each of its values from the first of `parts` that has it.
    fn row(&mut self, parts: &[&Object]) {
        let value = |name: &str| parts.iter().find_map(|part| part.get(name));
        for column in self.known.iter().flatten() {
            if let Presence::Key(digits) = column.presence
                && !value(column.name).is_some_and(|key| is_key(&text(key), digits))
            {
                return self.refuse(format!("{KEY} : {}", column.name));
            }
        }
        let fields = self.schema.fields().iter();
        let columns = self.builders.iter_mut().zip(&self.known).zip(fields);
        for ((builder, known), field) in columns {
            let derived = known.is_some_and(|column| column.presence == Presence::Derived);
            match value(field.name()).filter(|_| !derived) {
                None => builder.append_nulls(1),
                Some(value) => {
                    if !builder.append(&text(value)) {
                        let reason = format!("{UNREADABLE} : {}", field.name());
                        *self.rejects.entry(reason).or_default() += 1;
                    }
                }
            }
        }
    }

    fn refuse(&mut self, reason: String) {
        *self.rejects.entry(reason).or_default() += 1;
    }

    /// Fields that no column keeps, neither of this table nor of the collection's others.
    fn note_unknown(&mut self, parts: &[&Object]) {
        let collection = self.collection;
        for name in parts.iter().flat_map(|part| part.keys()) {
            let name = name.as_str();
            let is_structure = collection.ignored.contains(&name)
                || collection.flattened.contains(&name)
                || collection.periods == Some(name);
            let is_column = self.schema.index_of(name).is_ok()
                || collection
                    .targets
                    .iter()
                    .any(|target| target.table.column(name).is_some());
            if !is_structure && !is_column && !self.unknown.contains(name) {
                self.unknown.insert(name.to_owned());
            }
        }
    }

    /// The rows; what could not be read of them goes to `update`.
    pub fn finish(self, update: &mut Update) -> Result<RecordBatch, IngestError> {
        for (reason, count) in self.rejects {
            let known = update.rejects.entry(reason).or_default();
            // The two tables of a collection refuse the same records.
            *known = count.max(*known);
        }
        for name in self.unknown {
            if !update.unknown_fields.contains(&name) {
                update.unknown_fields.push(name);
            }
        }
        let columns = self.builders.into_iter().map(Builder::finish).collect();
        RecordBatch::try_new(self.schema, columns).map_err(|error| IngestError::Write {
            table: self.target.table.name.to_owned(),
            detail: format!("rows of INSEE's API: {error}"),
        })
    }
}

fn periods<'r>(collection: &Collection, record: &'r Object) -> Vec<&'r Object> {
    let periods = collection
        .periods
        .and_then(|name| record.get(name)?.as_array());
    periods
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect()
}

/// As a CSV would write it: empty for null.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Columns that every stock has and that none of these records carries, not even as null: the API
/// changed, and their rows would lose what the tables know.
pub fn missing(collection: &Collection, records: &[Value]) -> Vec<&'static str> {
    let mut present: BTreeSet<&str> = BTreeSet::new();
    for record in records.iter().filter_map(Value::as_object) {
        present.extend(record.keys().map(String::as_str));
        let inner = collection.flattened.iter();
        for part in inner.filter_map(|name| record.get(*name)?.as_object()) {
            present.extend(part.keys().map(String::as_str));
        }
        for period in periods(collection, record) {
            present.extend(period.keys().map(String::as_str));
        }
    }
    let columns = collection
        .targets
        .iter()
        .flat_map(|target| target.table.columns);
    let expected = columns.filter(|column| {
        matches!(column.presence, Presence::Key(_) | Presence::Always)
            && column.name != ONLY_WHEN_TRUE
    });
    let mut missing: Vec<&str> = expected
        .map(|column| column.name)
        .filter(|name| !present.contains(name))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insee::collection::COLLECTIONS;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Date32Type, Int64Type};
    use chrono::NaiveDateTime;
    use serde_json::json;

    fn update() -> Update {
        Update {
            collection: String::new(),
            stock: NaiveDateTime::default(),
            from: NaiveDateTime::default(),
            to: NaiveDateTime::default(),
            latest: NaiveDateTime::default(),
            requests: 0,
            received: 0,
            rejects: BTreeMap::new(),
            unknown_fields: Vec::new(),
            tables: Vec::new(),
        }
    }

    fn read(target: usize, records: &[Value], extra: &[String]) -> (RecordBatch, Update) {
        let collection = &COLLECTIONS[1];
        let target = &collection.targets[target];
        let mut reader = Reader::new(collection, target, target.table.schema(extra));
        for record in records {
            reader.read(record);
        }
        let mut update = update();
        let batch = reader.finish(&mut update).unwrap();
        (batch, update)
    }

    fn record() -> Value {
        json!({
            "score": 1.0,
            "siren": "130025265", "nic": "00013", "siret": "13002526500013",
            "anneeEffectifsEtablissement": "2023", "nombrePeriodesEtablissement": 2,
            "etablissementSiege": true, "nouveauChamp": "x", "statutDiffusionEtablissement": "O",
            "uniteLegale": { "denominationUniteLegale": "EXEMPLE" },
            "adresseEtablissement": { "codePostalEtablissement": "75007", "x": "1" },
            "periodesEtablissement": [
                { "dateFin": null, "dateDebut": "2020-01-01", "enseigne1Etablissement": "" },
                { "dateFin": "2019-12-31", "dateDebut": "2017-05-24", "enseigne1Etablissement": "ANCIENNE" },
            ],
        })
    }

    #[test]
    fn a_record_is_a_row_of_its_fields_wherever_they_are() {
        let (batch, update) = read(0, &[record()], &["nouveauChamp".to_owned()]);
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>();
        assert_eq!(batch.num_rows(), 1);
        assert_eq!(text("codePostalEtablissement").value(0), "75007");
        assert_eq!(text("nouveauChamp").value(0), "x");
        assert!(text("enseigne1Etablissement").is_null(0), "empty is null");
        let years = batch.column_by_name("anneeEffectifsEtablissement").unwrap();
        assert_eq!(years.as_primitive::<Int64Type>().value(0), 2023);
        let begun = batch.column_by_name("dateDebut").unwrap();
        assert_eq!(begun.as_primitive::<Date32Type>().value(0), 18_262);
        // A field named as one of our own columns is not that column.
        assert!(batch.column_by_name("x").unwrap().is_null(0));
        assert!(update.unknown_fields.is_empty(), "{update:?}");
        let (_, update) = read(0, &[record()], &[]);
        assert_eq!(update.unknown_fields, ["nouveauChamp"]);
    }

    #[test]
    fn each_period_is_a_row_with_the_identifier_of_its_record() {
        let (batch, _) = read(1, &[record()], &[]);
        assert_eq!(batch.num_rows(), 2);
        let sirets = batch.column_by_name("siret").unwrap().as_string::<i32>();
        assert_eq!(sirets.value(1), "13002526500013");
        let names = batch.column_by_name("enseigne1Etablissement").unwrap();
        assert_eq!(names.as_string::<i32>().value(1), "ANCIENNE");
    }

    #[test]
    fn what_cannot_be_a_row_is_refused_and_counted() {
        let mut closed = record();
        closed["periodesEtablissement"]
            .as_array_mut()
            .unwrap()
            .remove(0);
        let mut short = record();
        short["siret"] = json!("1300252650001");
        let mut odd = record();
        odd["dateCreationEtablissement"] = json!("2023-02-30");
        let (batch, update) = read(0, &[closed, short, json!(3), odd], &[]);
        assert_eq!(batch.num_rows(), 1);
        let reasons: Vec<_> = update.rejects.into_iter().collect();
        let expected = [
            ("clé illisible", 1),
            ("clé illisible : siret", 1),
            ("sans période courante", 1),
            ("valeur illisible : dateCreationEtablissement", 1),
        ];
        assert_eq!(
            reasons,
            expected.map(|(reason, count)| (reason.to_owned(), count))
        );
    }

    #[test]
    fn columns_the_api_does_not_give_any_more_are_named() {
        let missing = missing(&COLLECTIONS[1], &[record()]);
        assert!(missing.contains(&"libelleVoieEtablissement"));
        assert!(!missing.contains(&"codePostalEtablissement"));
        assert!(!missing.contains(&"enseigne1Etablissement"));
    }
}
