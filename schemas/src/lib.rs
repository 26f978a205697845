//! The vocabulary of the registers, shared by everyone and importing nobody.
//!
//! | module | holds |
//! |---|---|
//! | [`identifiers`] | SIREN, SIRET, NIC, RNA: parse, check, diagnose, display |
//! | [`mod@column`] | what a column and a table are |
//! | [`unite_legale`], [`etablissement`], [`association`] | the columns of each register |
//! | [`nomenclature`] | code → libellé: NAF, catégorie juridique, effectifs, communes… |
//! | [`diffusion`] | statut de diffusion and the `[ND]` marker |
//! | [`manifest`] | the contract between ingestion and query: what a snapshot holds |
//!
//! Architecture invariant: this crate opens no file, no socket and no database.

pub mod association;
pub mod column;
pub mod diffusion;
pub mod etablissement;
pub mod identifiers;
pub mod manifest;
pub mod nomenclature;
pub mod unite_legale;

pub use column::{Column, Kind, Table};

/// Every table of a snapshot, in the order a snapshot is written.
pub const TABLES: &[&Table] = &[
    &unite_legale::UNITE_LEGALE,
    &etablissement::ETABLISSEMENT,
    &etablissement::LIEN_SUCCESSION,
    &unite_legale::DOUBLON,
    &association::ASSOCIATION,
];

/// The months as titles of resources and pages write them.
#[rustfmt::skip]
pub const MONTHS: [&str; 12] = [
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
];

/// The table of that name, as the manifest and the SQL views spell it.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}
