//! What the documentation says of a column besides its meaning: where it comes from, what its codes
//! are, what may be hidden in it. The page `/donnees`, the Table Schema documents and the metadata of
//! the Parquet files all say the same, from here.

use std::collections::HashMap;

use crate::association::{self, ASSOCIATION};
use crate::column::{Column, Presence, Table, TableSource};
use crate::diffusion::{masked_columns, values_are_public};
use crate::etablissement::{ETABLISSEMENT, GEOLOCALISATION};

/// Where the values of a column come from, in French: an official file and its column, or what they
/// are computed from.
#[must_use]
pub fn source(table: &Table, column: &Column) -> String {
    let name = column.name;
    if column.presence == Presence::Derived {
        return match GEOLOCALISATION.column(name) {
            Some(_) if table.name == ETABLISSEMENT.name => {
                format!(
                    "{}, colonne {name}, rapprochée par siret",
                    file(GEOLOCALISATION.source)
                )
            }
            _ => "calculée par registre, comme la description le dit".to_owned(),
        };
    }
    if table.name == ASSOCIATION.name {
        let file = match (
            association::WALDEC_ONLY.contains(&name),
            association::IMPORT_ONLY.contains(&name),
        ) {
            (true, _) => "rna_waldec",
            (_, true) => "rna_import",
            _ => return format!("{}, colonne {name}", file(table.source)),
        };
        return format!("{file} ({}), colonne {name}", crate::column::INTERIEUR);
    }
    match table.source {
        TableSource::Computed(from) => format!("calculée par registre à partir de {from}"),
        TableSource::Official { .. } => format!("{}, colonne {name}", file(table.source)),
    }
}

fn file(source: TableSource) -> String {
    match source {
        TableSource::Official { file, producer } => format!("{file} ({producer})"),
        TableSource::Computed(from) => format!("registre, à partir de {from}"),
    }
}

/// How far a column speaks of people, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Neither names nor reaches anyone.
    Public,
    /// May name or locate someone, and is public for who did not ask to be hidden.
    Naming,
    /// Masked for whoever is in partial diffusion.
    Masked,
    /// Masked for the personnes physiques in partial diffusion.
    MaskedForPersons,
    /// A position: null for whoever is in partial diffusion.
    Withdrawn,
    /// Published when the association allows it only.
    OnConsent,
}

impl Sensitivity {
    /// That of a column.
    #[must_use]
    pub fn of(table: &Table, column: &Column) -> Self {
        let name = column.name;
        if masked_columns(table.name, false).contains(&name) {
            Self::Masked
        } else if masked_columns(table.name, true).contains(&name) {
            Self::MaskedForPersons
        } else if table.name == ETABLISSEMENT.name && column.presence == Presence::Derived {
            Self::Withdrawn
        } else if table.name == ASSOCIATION.name && association::PERSONAL.contains(&name) {
            Self::OnConsent
        } else if values_are_public(table, column) {
            Self::Public
        } else {
            Self::Naming
        }
    }

    /// In French, for the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "publique",
            Self::Naming => {
                "publique ; peut désigner ou localiser quelqu'un : ses valeurs ne sont pas montrées hors de leur ligne"
            }
            Self::Masked => "[ND] en diffusion partielle (statut P)",
            Self::MaskedForPersons => {
                "[ND] en diffusion partielle (statut P), pour les personnes physiques"
            }
            Self::Withdrawn => "vide en diffusion partielle (statut P)",
            Self::OnConsent => "vide, sauf si l'association autorise la publication (publiweb à 1)",
        }
    }
}

/// What travels with a column in the Parquet files, where pyarrow shows it as `field.metadata`.
#[must_use]
pub fn metadata(table: &Table, column: &Column) -> HashMap<String, String> {
    let said = [
        ("description", Some(column.description.to_owned())),
        ("source", Some(source(table, column))),
        ("example", Some(column.example.to_owned())),
        (
            "nomenclature",
            column.nomenclature.map(|list| list.title().to_owned()),
        ),
        (
            "diffusion",
            Some(Sensitivity::of(table, column).as_str().to_owned()),
        ),
    ];
    said.into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TABLES;

    fn said(table: &str, column: &str) -> HashMap<String, String> {
        let table = crate::table(table).unwrap();
        metadata(table, table.column(column).unwrap())
    }

    #[test]
    fn a_column_says_its_file_or_what_it_is_computed_from() {
        for (table, column, expected) in [
            (
                "unite_legale",
                "sigleUniteLegale",
                "StockUniteLegale (Insee), colonne sigleUniteLegale",
            ),
            (
                "etablissement",
                "x_longitude",
                "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques (Insee), colonne x_longitude, rapprochée par siret",
            ),
            (
                "association",
                "titre",
                "rna_waldec et rna_import (ministère de l'Intérieur), colonne titre",
            ),
            (
                "association",
                "titre_court",
                "rna_waldec (ministère de l'Intérieur), colonne titre_court",
            ),
            (
                "association",
                "libcom",
                "rna_import (ministère de l'Intérieur), colonne libcom",
            ),
            (
                "association",
                "source",
                "calculée par registre, comme la description le dit",
            ),
            (
                "lien_siren_rna",
                "siren",
                "calculée par registre à partir de unite_legale.identifiantAssociationUniteLegale et association.siret",
            ),
        ] {
            assert_eq!(said(table, column)["source"], expected, "{table}.{column}");
        }
    }

    #[test]
    fn what_is_masked_or_withdrawn_is_said() {
        for (table, column, expected) in [
            ("unite_legale", "siren", Sensitivity::Public),
            ("unite_legale", "nomUniteLegale", Sensitivity::Masked),
            (
                "unite_legale",
                "denominationUniteLegale",
                Sensitivity::MaskedForPersons,
            ),
            (
                "etablissement",
                "libelleVoieEtablissement",
                Sensitivity::Masked,
            ),
            ("etablissement", "y_latitude", Sensitivity::Withdrawn),
            (
                "etablissement",
                "codeCommuneEtablissement",
                Sensitivity::Public,
            ),
            ("association", "email", Sensitivity::OnConsent),
            ("association", "titre", Sensitivity::Naming),
        ] {
            let table = crate::table(table).unwrap();
            let found = Sensitivity::of(table, table.column(column).unwrap());
            assert_eq!(found, expected, "{column}");
            assert_eq!(said(table.name, column)["diffusion"], expected.as_str());
        }
    }

    #[test]
    fn an_example_is_of_its_type_has_a_label_and_is_shaped_as_a_key() {
        for table in TABLES {
            for column in table.columns {
                let (name, example) = (column.name, column.example);
                let is_right = match column.kind {
                    crate::Kind::Text => !example.trim().is_empty(),
                    crate::Kind::Date => example.parse::<chrono::NaiveDate>().is_ok(),
                    crate::Kind::Timestamp => example.parse::<chrono::NaiveDateTime>().is_ok(),
                    crate::Kind::Integer => example.parse::<i64>().is_ok(),
                    crate::Kind::Boolean => example.parse::<bool>().is_ok(),
                    crate::Kind::Real => example.parse::<f64>().is_ok(),
                };
                assert!(is_right, "{}.{name}: {example}", table.name);
                if let Some(list) = column.nomenclature {
                    assert!(list.label(example).is_some(), "{name}: {example}");
                }
                if let Some(digits) = column.digits() {
                    assert_eq!(example.len(), digits, "{name}: {example}");
                }
            }
        }
    }

    #[test]
    fn identifiers_given_as_examples_are_valid() {
        for column in TABLES.iter().flat_map(|table| table.columns) {
            let example = column.example;
            match column.digits() {
                Some(9) if column.field.starts_with("siren") => {
                    assert!(
                        example.parse::<crate::identifiers::Siren>().is_ok(),
                        "{example}"
                    );
                }
                Some(14) => {
                    assert!(
                        example.parse::<crate::identifiers::Siret>().is_ok(),
                        "{example}"
                    );
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_columns_of_one_file_of_the_rna_exist_and_are_optional() {
        for name in association::WALDEC_ONLY
            .iter()
            .chain(association::IMPORT_ONLY)
        {
            let column = ASSOCIATION.column(name).unwrap();
            assert_eq!(column.presence, Presence::Sometimes, "{name}");
        }
    }
}
