//! What a monitor or a person wants to know first: is it serving, what, and since when.

use chrono::{NaiveDate, SecondsFormat};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::catalog::Snapshot;

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
}

#[derive(Serialize)]
struct DonneesDu {
    sirene: Option<NaiveDate>,
    rna: Option<NaiveDate>,
}

impl Health {
    /// From the manifest alone: asking costs no query.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
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
            depuis: snapshot.since.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }
}
