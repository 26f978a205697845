//! Rows of published tables as the records of INSEE's API, and what is expected of them afterwards.

use registre_schemas::Table;
use registre_schemas::column::{Kind, Presence};
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::{Map, Value, json};

use crate::oracle::Row;

/// A unit, an établissement or a link: its row, and one per period, the current one first.
#[derive(Debug, Clone)]
pub struct Record {
    pub table: &'static Table,
    pub main: Row,
    pub periods: Vec<Row>,
}

/// The table of the periods of another.
pub fn periods_of(table: &Table) -> Option<&'static Table> {
    [
        (&UNITE_LEGALE, &UNITE_LEGALE_PERIODE),
        (&ETABLISSEMENT, &ETABLISSEMENT_PERIODE),
    ]
    .into_iter()
    .find_map(|(main, periods)| (main.name == table.name).then_some(periods))
}

impl Record {
    pub fn id(&self) -> String {
        self.main[self.table.key_indices()[0]].clone()
    }

    pub fn get(&self, name: &str) -> &str {
        &self.main[self.table.index_of(name).unwrap()]
    }

    /// Everywhere the column is: the row, its current period, and for an identifier all of them.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        let mut known = false;
        if let Some(position) = self.table.index_of(name) {
            value.clone_into(&mut self.main[position]);
            known = true;
        }
        let periods = periods_of(self.table);
        if let Some(position) = periods.and_then(|periods| periods.index_of(name)) {
            let everywhere = ["siren", "nic", "siret"].contains(&name);
            let count = if everywhere { usize::MAX } else { 1 };
            for period in self.periods.iter_mut().take(count) {
                value.clone_into(&mut period[position]);
            }
            known = true;
        }
        assert!(known, "{} has no {name}", self.table.name);
        self
    }

    /// Another period begins, as the current one was until the day before.
    pub fn begin_period(&mut self, day: &str, day_before: &str) -> &mut Self {
        let table = periods_of(self.table).unwrap();
        let mut next = self.periods[0].clone();
        for (column, value) in table.columns.iter().zip(&mut next) {
            if column.kind == Kind::Boolean {
                "false".clone_into(value);
            }
        }
        let end = table.index_of("dateFin").unwrap();
        day_before.clone_into(&mut self.periods[0][end]);
        self.periods.insert(0, next);
        let count = self
            .table
            .columns
            .iter()
            .find(|column| column.name.starts_with("nombrePeriodes"));
        let (count, periods) = (count.unwrap().name, self.periods.len().to_string());
        self.set("dateDebut", day).set(count, &periods)
    }

    /// Of an établissement, without the position INSEE gave it.
    pub fn without_position(&mut self) -> &mut Self {
        for (column, value) in self.table.columns.iter().zip(&mut self.main) {
            if column.presence == Presence::Derived {
                value.clear();
            }
        }
        self
    }

    /// As the API writes it.
    pub fn json(&self) -> Value {
        let mut record = Map::new();
        let periods = periods_of(self.table);
        let is_historised = |name: &str| {
            let periods = periods.and_then(|periods| periods.column(name));
            periods.is_some() && !["siren", "nic", "siret"].contains(&name)
        };
        for (column, text) in self.table.columns.iter().zip(&self.main) {
            if column.presence == Presence::Derived || is_historised(column.name) {
                continue;
            }
            // Only written when true.
            if column.name == "unitePurgeeUniteLegale" && text.is_empty() {
                continue;
            }
            let object = match address_of(column.name) {
                None => &mut record,
                Some(name) => {
                    let inner = record.entry(name).or_insert_with(|| json!({}));
                    inner.as_object_mut().unwrap()
                }
            };
            object.insert(
                column.name.to_owned(),
                value(column.name, column.kind, text),
            );
        }
        if self.table.name == ETABLISSEMENT.name {
            record.insert("score".to_owned(), json!(1.0));
            // Of another collection: nothing of it may be taken.
            record.insert(
                "uniteLegale".to_owned(),
                json!({ "denominationUniteLegale": "AUTRE EXEMPLE" }),
            );
        }
        if let Some(table) = periods {
            let name = if table.name == UNITE_LEGALE_PERIODE.name {
                "periodesUniteLegale"
            } else {
                "periodesEtablissement"
            };
            let rows = self.periods.iter().map(|row| {
                let fields = table.columns.iter().zip(row);
                let fields = fields.filter(|(column, _)| is_historised(column.name));
                fields
                    .map(|(column, text)| {
                        (
                            column.name.to_owned(),
                            value(column.name, column.kind, text),
                        )
                    })
                    .collect::<Map<_, _>>()
            });
            record.insert(name.to_owned(), rows.collect());
        }
        Value::Object(record)
    }
}

/// The object of an établissement that holds a column of its address.
fn address_of(name: &str) -> Option<&'static str> {
    let at = |name: &str| ETABLISSEMENT.index_of(name);
    let position = at(name)?;
    if !name.ends_with("Etablissement") {
        return None;
    }
    let first = at("complementAdresseEtablissement")?;
    let second = at("complementAdresse2Etablissement")?;
    let end = at("dateDebut")?;
    if (first..second).contains(&position) {
        Some("adresseEtablissement")
    } else {
        (second..end)
            .contains(&position)
            .then_some("adresse2Etablissement")
    }
}

fn value(name: &str, kind: Kind, text: &str) -> Value {
    match kind {
        _ if text.is_empty() => Value::Null,
        Kind::Boolean => json!(text == "true"),
        Kind::Integer if name.starts_with("nombrePeriodes") => json!(text.parse::<u32>().unwrap()),
        Kind::Timestamp => {
            let text = text.replace(' ', "T");
            let decimals = if text.contains('.') { "" } else { ".000" };
            json!(format!("{text}{decimals}"))
        }
        _ => json!(text),
    }
}

/// The path of a table's collection, the list it answers, and the field it is asked by.
pub fn collection(table: &Table) -> (&'static str, &'static str, &'static str) {
    match table.name {
        name if name == UNITE_LEGALE.name => (
            "/siren",
            "unitesLegales",
            "dateDernierTraitementUniteLegale",
        ),
        name if name == ETABLISSEMENT.name => (
            "/siret",
            "etablissements",
            "dateDernierTraitementEtablissement",
        ),
        name if name == LIEN_SUCCESSION.name => (
            "/siret/liensSuccession",
            "liensSuccession",
            "dateDernierTraitementLienSuccession",
        ),
        name => panic!("{name} has no collection"),
    }
}
