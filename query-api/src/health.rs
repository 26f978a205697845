//! What a monitor or a person wants to know first: is it serving, what, and since when.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::catalog::Snapshot;
use crate::feed::{Feed, State};

/// `GET /health`, when a snapshot is in service.
#[derive(Serialize)]
pub(crate) struct Health {
    statut: &'static str,
    snapshot: String,
    /// Where the data came from: `sample` is made up.
    origine: String,
    donnees_du: DonneesDu,
    /// Rows per table.
    tables: BTreeMap<String, u64>,
    version: &'static str,
    /// Since when that snapshot is served.
    depuis: String,
    /// Of a server whose snapshots come from a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    depot: Option<Depot>,
}

/// Whether the next snapshot can come.
#[derive(Serialize)]
struct Depot {
    statut: &'static str,
    depuis: String,
    message: &'static str,
}

impl From<(State, DateTime<Utc>)> for Depot {
    fn from((state, since): (State, DateTime<Utc>)) -> Self {
        let (statut, message) = match state {
            State::Followed => ("suivi", "Le jeu de données en service est celui du dépôt."),
            State::Away => (
                "injoignable",
                "Le dépôt ne répond pas : le dernier jeu de données reçu reste en service.",
            ),
            State::Refused => (
                "refuse",
                "Ce que contient le dépôt a été refusé : le jeu de données précédent reste en service.",
            ),
        };
        Self {
            statut,
            depuis: instant(since),
            message,
        }
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[derive(Serialize)]
struct DonneesDu {
    sirene: Option<NaiveDate>,
    rna: Option<NaiveDate>,
}

impl Health {
    /// From the manifest alone: asking costs no query.
    pub(crate) fn of(snapshot: &Snapshot, feed: Option<&Feed>) -> Self {
        let tables = &snapshot.manifest.tables;
        Self {
            statut: "ok",
            snapshot: snapshot.manifest.id.clone(),
            origine: snapshot.manifest.origin.clone(),
            donnees_du: DonneesDu {
                sirene: snapshot.as_of("sirene"),
                rna: snapshot.as_of("rna"),
            },
            tables: tables
                .iter()
                .map(|table| (table.name.clone(), table.rows))
                .collect(),
            version: env!("CARGO_PKG_VERSION"),
            depuis: instant(snapshot.since),
            depot: feed.map(|feed| feed.state().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn each_state_of_the_store_is_as_the_documentation_says() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let described = &document["components"]["schemas"]["Sante"]["properties"]["depot"];
        let states = described["properties"]["statut"]["enum"]
            .as_array()
            .unwrap();
        let all = [State::Followed, State::Away, State::Refused];
        assert_eq!(states.len(), all.len());
        for state in all {
            let said = serde_json::to_value(Depot::from((state, Utc::now()))).unwrap();
            assert!(states.contains(&said["statut"]), "{said}");
            let names: Vec<Value> = said
                .as_object()
                .unwrap()
                .keys()
                .map(|name| name.as_str().into())
                .collect();
            assert_eq!(described["required"], Value::from(names));
        }
    }
}
