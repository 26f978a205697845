//! Statut de diffusion: what a person asked to hide.
//!
//! Since 2023-03-21 INSEE publishes `P` (partially diffusible) units with their masked values
//! written `[ND]` (art. A123-96 code de commerce). Nothing may be derived from such a value.

use crate::column::{Column, Kind, Presence, Table};

/// What INSEE writes in place of a masked value.
pub const MASK: &str = "[ND]";

/// Whether a value is masked. Text that merely contains the marker (an address line built from
/// masked parts) counts too: it must not be shown as a real value.
#[must_use]
pub fn is_masked(value: &str) -> bool {
    value.contains(MASK)
}

/// Whether a person may be shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatutDiffusion {
    /// `O`: every value is public.
    Diffusible,
    /// `P`, or `N` in files from before 2023-03-21: masked values are `[ND]`.
    Partielle,
}

impl StatutDiffusion {
    /// Reads INSEE's code. Anything that is not exactly `O` is treated as hidden: when in doubt,
    /// a person stays hidden.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        if code == "O" {
            Self::Diffusible
        } else {
            Self::Partielle
        }
    }
}

/// The columns of a table that INSEE masks by `[ND]` when the statut is `P`: fewer for a personne
/// morale, whose names stay public. Empty for a table that has none, or that nobody knows.
///
/// Source: INSEE, API Sirene 3.11, « diffusion partielle »: for a personne physique its names, sex,
/// sigle and dénominations, its enseignes and all of the address but commune and country; for a
/// personne morale the same, but its dénominations and enseignes. Whether a unit is a personne
/// physique is told by its catégorie juridique, 1000.
#[must_use]
pub fn masked_columns(table: &str, personne_physique: bool) -> &'static [&'static str] {
    let list = match table {
        "unite_legale" => UNITE_LEGALE,
        "etablissement" => ETABLISSEMENT,
        "unite_legale_periode" => UNITE_LEGALE_PERIODE,
        "etablissement_periode" => ETABLISSEMENT_PERIODE,
        _ => return &[],
    };
    let end = if personne_physique {
        list.columns.len()
    } else {
        list.always
    };
    &list.columns[..end]
}

/// Columns masked: the first `always` of them for everyone, the others for personnes physiques only.
struct Masked {
    always: usize,
    columns: &'static [&'static str],
}

const UNITE_LEGALE: Masked = Masked {
    always: 10,
    columns: &[
        "sigleUniteLegale",
        "sexeUniteLegale",
        "prenom1UniteLegale",
        "prenom2UniteLegale",
        "prenom3UniteLegale",
        "prenom4UniteLegale",
        "prenomUsuelUniteLegale",
        "pseudonymeUniteLegale",
        "nomUniteLegale",
        "nomUsageUniteLegale",
        "denominationUniteLegale",
        "denominationUsuelle1UniteLegale",
        "denominationUsuelle2UniteLegale",
        "denominationUsuelle3UniteLegale",
    ],
};

const ETABLISSEMENT: Masked = Masked {
    always: 23,
    columns: &[
        "complementAdresseEtablissement",
        "numeroVoieEtablissement",
        "indiceRepetitionEtablissement",
        "dernierNumeroVoieEtablissement",
        "indiceRepetitionDernierNumeroVoieEtablissement",
        "typeVoieEtablissement",
        "libelleVoieEtablissement",
        "codePostalEtablissement",
        "distributionSpecialeEtablissement",
        "codeCedexEtablissement",
        "libelleCedexEtablissement",
        "identifiantAdresseEtablissement",
        "coordonneeLambertAbscisseEtablissement",
        "coordonneeLambertOrdonneeEtablissement",
        "complementAdresse2Etablissement",
        "numeroVoie2Etablissement",
        "indiceRepetition2Etablissement",
        "typeVoie2Etablissement",
        "libelleVoie2Etablissement",
        "codePostal2Etablissement",
        "distributionSpeciale2Etablissement",
        "codeCedex2Etablissement",
        "libelleCedex2Etablissement",
        "enseigne1Etablissement",
        "enseigne2Etablissement",
        "enseigne3Etablissement",
        "denominationUsuelleEtablissement",
    ],
};

const UNITE_LEGALE_PERIODE: Masked = Masked {
    always: 2,
    columns: &[
        "nomUniteLegale",
        "nomUsageUniteLegale",
        "denominationUniteLegale",
        "denominationUsuelle1UniteLegale",
        "denominationUsuelle2UniteLegale",
        "denominationUsuelle3UniteLegale",
    ],
};

const ETABLISSEMENT_PERIODE: Masked = Masked {
    always: 0,
    columns: &[
        "enseigne1Etablissement",
        "enseigne2Etablissement",
        "enseigne3Etablissement",
        "denominationUsuelleEtablissement",
    ],
};

/// Texts that neither name nor reach anyone, and whose codes have no nomenclature of ours.
const PUBLIC_TEXTS: &[&str] = &[
    "activitePrincipaleRegistreMetiersEtablissement",
    "libelleCommuneEtablissement",
    "codePaysEtrangerEtablissement",
    "libellePaysEtrangerEtablissement",
    "nomenclatureActivitePrincipaleEtablissement",
    "qualite_xy",
    "epsg",
    "qualite_qp24",
    "qualite_iris",
    "qualite_zus",
    "qualite_qp15",
    "qualite_qva",
    "nomenclatureActivitePrincipaleUniteLegale",
    "nicSiegeUniteLegale",
    "gestion",
    "nature",
    "adrs_libcommune",
    "adrg_pays",
    "publiweb",
    "source",
    "provenance",
];

/// Whether single values of a column may be shown out of their row: its smallest, its largest, its
/// most frequent. A text may only when it is known to be harmless, so that a column added later is
/// not shown by oversight; a position never, for it is an address.
#[must_use]
pub fn values_are_public(table: &Table, column: &Column) -> bool {
    let public = match column.kind {
        Kind::Date | Kind::Timestamp | Kind::Integer | Kind::Boolean => true,
        Kind::Real => false,
        Kind::Text => {
            // A key that is no number is a name.
            matches!(column.presence, Presence::Key(digits) if digits > 0 || column.name == "id")
                || column.nomenclature.is_some()
                || PUBLIC_TEXTS.contains(&column.name)
        }
    };
    public && !masked_columns(table.name, true).contains(&column.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TABLES;

    #[test]
    fn what_is_masked_exists_and_is_never_shown() {
        for (name, physique, morale) in [
            ("unite_legale", 14, 10),
            ("etablissement", 27, 23),
            ("unite_legale_periode", 6, 2),
            ("etablissement_periode", 4, 0),
        ] {
            let table = crate::table(name).unwrap();
            let masked = masked_columns(name, true);
            assert_eq!(masked.len(), physique, "{name}");
            assert_eq!(masked_columns(name, false), &masked[..morale], "{name}");
            for masked in masked {
                let column = table.column(masked);
                let column = column.unwrap_or_else(|| panic!("{name} has no {masked}"));
                assert_eq!(column.kind, Kind::Text, "{masked}");
                assert!(column.nullable(), "{masked}");
                assert!(!values_are_public(table, column), "{masked}");
            }
        }
        assert!(masked_columns("association", true).is_empty());
    }

    #[test]
    fn every_name_address_and_free_text_is_withheld_and_each_public_text_exists() {
        let parts = [
            "nom",
            "pseudonyme",
            "sigle",
            "sexe",
            "enseigne",
            "titre",
            "objet",
            "telephone",
            "email",
            "siteweb",
            "observation",
            "declarant",
            "complem",
            "voie",
            "repetition",
            "distrib",
            "cedex",
            "codepostal",
            "achemine",
            "adr1",
            "adr2",
            "adr3",
            "lambert",
            "identifiantadresse",
        ];
        let mut seen = 0;
        for table in TABLES {
            let texts = table.columns.iter().filter(|column| {
                column.nomenclature.is_none() && !column.name.starts_with("nomenclature")
            });
            for column in texts.filter(|column| column.kind == Kind::Text) {
                let name = column.name.to_lowercase();
                if parts.iter().any(|part| name.contains(part)) {
                    seen += 1;
                    let public = values_are_public(table, column);
                    assert!(!public, "{}.{}", table.name, column.name);
                }
            }
        }
        assert!(seen > 60, "{seen}");
        for text in PUBLIC_TEXTS {
            let known = TABLES.iter().any(|table| table.column(text).is_some());
            assert!(known, "{text}");
        }
    }
}
