//! The vocabulary of the registers, shared by everyone and importing nobody.
//!
//! | module | holds |
//! |---|---|
//! | [`identifiers`] | SIREN, SIRET, NIC, RNA: parse, check, diagnose, display |
//! | [`mod@column`] | what a column and a table are |
//! | [`unite_legale`], [`etablissement`], [`association`] | the columns of each register, current state |
//! | [`association_utilite_publique`] | those of the list of associations reconnues d'utilité publique |
//! | [`periode`] | the columns of SIRENE's history |
//! | [`lien_siren_rna`] | which association is which unité légale |
//! | [`nomenclature`] | code → libellé: NAF, catégorie juridique, effectifs, communes… |
//! | [`diffusion`] | statut de diffusion, the `[ND]` marker, what is masked, what may be shown |
//! | [`fiche`] | the format of the fiches: all that is known of one unit, in one read |
//! | [`dictionary`], [`table_schema`] | what the documentation says of a column, for people and as Table Schema |
//! | [`manifest`] | the contract between ingestion and query: what a snapshot holds |
//! | [`recherche`] | the words, places and numbers of the index of names |
//! | [`profile`] | what its columns hold, and what changed since the one before |
//!
//! Architecture invariant: this crate opens no file, no socket and no database.

pub mod association;
pub mod association_utilite_publique;
pub mod column;
pub mod dictionary;
pub mod diffusion;
pub mod etablissement;
pub mod fiche;
pub mod identifiers;
pub mod lien_siren_rna;
pub mod manifest;
pub mod nomenclature;
pub mod periode;
pub mod profile;
pub mod recherche;
pub mod table_schema;
pub mod unite_legale;

pub use column::{Column, Kind, Table};

/// Every table of a snapshot, in the order a snapshot is written.
pub const TABLES: &[&Table] = &[
    &unite_legale::UNITE_LEGALE,
    &etablissement::ETABLISSEMENT,
    &periode::UNITE_LEGALE_PERIODE,
    &periode::ETABLISSEMENT_PERIODE,
    &etablissement::LIEN_SUCCESSION,
    &unite_legale::DOUBLON,
    &association::ASSOCIATION,
    &association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE,
    &lien_siren_rna::LIEN_SIREN_RNA,
];

/// Tables that exist only while a snapshot is made: their columns join another's.
pub const JOINED: &[&Table] = &[&etablissement::GEOLOCALISATION];

/// The months as titles of resources and pages write them.
#[rustfmt::skip]
pub const MONTHS: [&str; 12] = [
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
];

/// The table of that name, as the catalogue, the manifest and the SQL views spell it.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    let mut all = TABLES.iter().chain(JOINED).copied();
    all.find(|table| table.name == name)
}
