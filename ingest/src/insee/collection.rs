//! The collections of the API that have a date of last treatment, and the tables their records fill.

use registre_schemas::Table;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::Value;

use crate::geolocalisation;
use crate::snapshot::Carry;

/// One collection.
#[derive(Debug)]
pub struct Collection {
    /// Its path, and its name in messages and in the manifest.
    pub path: &'static str,
    /// The key of an answer that holds its records.
    pub records: &'static str,
    /// The field records are asked by.
    pub date: &'static str,
    /// Of its records, the list of periods, the current one among them.
    pub periods: Option<&'static str>,
    /// Of its records, objects whose fields are the record's own.
    pub flattened: &'static [&'static str],
    /// Of its records, what is another collection's, or no part of the register.
    pub ignored: &'static [&'static str],
    /// Where its pages are kept.
    pub folder: &'static str,
    /// Whether the register is as recent as it is.
    pub dates_the_register: bool,
    /// What its records fill, the first being the table its date is a column of.
    pub targets: &'static [Target],
}

/// A table filled from a collection.
#[derive(Debug)]
pub struct Target {
    /// The table.
    pub table: &'static Table,
    /// One row per period, rather than one per record.
    pub per_period: bool,
    /// How many of the key's columns say which rows a record replaces.
    pub by: usize,
    /// What is kept of the rows replaced.
    pub carry: Option<Carry>,
}

impl Collection {
    /// The table its date is a column of.
    pub fn main(&self) -> &'static Table {
        self.targets[0].table
    }

    /// What tells a record from another: the key of the main table.
    pub fn identifier(&self, record: &Value) -> String {
        let values = self.main().key.iter();
        let values = values.filter_map(|name| record.get(*name)?.as_str());
        values.collect::<Vec<_>>().join(" ")
    }
}

/// In the order they are pulled: an établissement received has its unité légale, a link its
/// établissements.
pub const COLLECTIONS: &[Collection] = &[
    Collection {
        path: "siren",
        records: "unitesLegales",
        date: "dateDernierTraitementUniteLegale",
        periods: Some("periodesUniteLegale"),
        flattened: &[],
        ignored: &["score"],
        folder: "siren",
        dates_the_register: true,
        targets: &[
            Target {
                table: &UNITE_LEGALE,
                per_period: false,
                by: 1,
                carry: None,
            },
            Target {
                table: &UNITE_LEGALE_PERIODE,
                per_period: true,
                by: 1,
                carry: None,
            },
        ],
    },
    Collection {
        path: "siret",
        records: "etablissements",
        date: "dateDernierTraitementEtablissement",
        periods: Some("periodesEtablissement"),
        flattened: &["adresseEtablissement", "adresse2Etablissement"],
        ignored: &["score", "uniteLegale"],
        folder: "siret",
        dates_the_register: true,
        targets: &[
            Target {
                table: &ETABLISSEMENT,
                per_period: false,
                by: 1,
                carry: Some(geolocalisation::carry),
            },
            Target {
                table: &ETABLISSEMENT_PERIODE,
                per_period: true,
                by: 1,
                carry: None,
            },
        ],
    },
    Collection {
        path: "siret/liensSuccession",
        records: "liensSuccession",
        date: "dateDernierTraitementLienSuccession",
        periods: None,
        flattened: &[],
        ignored: &["score"],
        folder: "liens",
        // Months may pass without one.
        dates_the_register: false,
        targets: &[Target {
            table: &LIEN_SUCCESSION,
            per_period: false,
            by: 3,
            carry: None,
        }],
    },
];
