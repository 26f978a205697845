//! Columns of `lien_siren_rna`: which association of the RNA is which unité légale of SIRENE.
//!
//! Neither register knows the other well, so the link is many-to-many. Only units that are
//! diffusible are linked: the RNA publishes the name that SIRENE masks, and a link would give it
//! back.

use crate::column::{Column, Table, TableSource, column};

/// One row per SIREN and RNA number that either register puts together.
pub static LIEN_SIREN_RNA: Table = Table {
    name: "lien_siren_rna",
    description: "Les liens entre unités légales (SIREN) et associations (RNA), d'après les deux répertoires",
    source: TableSource::Computed(
        "unite_legale.identifiantAssociationUniteLegale et association.siret",
    ),
    key: &["siren", "id"],
    descending: &[],
    unique: true,
    columns: COLUMNS,
};

/// What `provenance` says: who puts the two together.
pub mod provenance {
    /// SIRENE (`identifiantAssociationUniteLegale`) and the RNA (`siret`) agree.
    pub const BOTH: &str = "sirene+rna";
    /// SIRENE alone, by `identifiantAssociationUniteLegale`.
    pub const SIRENE: &str = "sirene";
    /// The RNA alone, by `siret`.
    pub const RNA: &str = "rna";
}

#[rustfmt::skip] // one line per column reads as a table
const COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "Numéro SIREN de l'unité légale, toujours diffusible", "130025265"),
    column!(Text, Key(0), "id", "id", "Numéro de l'association au RNA", "W751004076"),
    column!(Text, Derived, "provenance", "provenance", "Qui fait le lien : sirene (identifiantAssociationUniteLegale), rna (siret), ou sirene+rna quand les deux répertoires s'accordent", "sirene+rna"),
    column!(Integer, Derived, "rang_association", "rang_association", "Rang de l'association parmi celles du SIREN, 1 étant la plus sûre : accord des deux répertoires, puis SIRENE, puis association active, numéro en W, mise à jour la plus récente", "1"),
    column!(Integer, Derived, "rang_unite_legale", "rang_unite_legale", "Rang de l'unité légale parmi celles de l'association, 1 étant la plus sûre : accord des deux répertoires, puis SIRENE, puis unité active, traitement le plus récent", "1"),
];
