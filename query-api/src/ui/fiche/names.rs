//! What to call someone and where they are, or the words that say it is masked.
//!
//! Architecture invariant: nothing here is composed from a value that holds `[ND]`. A name with one
//! masked part is masked whole; a line of an address with one masked part is not shown at all.

use registre_schemas::diffusion::is_masked;

use crate::record::Record;

/// Shown instead of a name that a person asked to hide.
pub(super) const MASKED_NAME: &str = "Identité masquée (diffusion partielle)";
/// Shown instead of any other masked value.
pub(super) const MASKED_VALUE: &str = "Masqué (diffusion partielle)";
/// Shown instead of the street of a masked address.
pub(super) const MASKED_STREET: &str = "Voie masquée (diffusion partielle)";

/// A text or a composition of texts, unless one part is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Composed {
    /// No part has a value.
    Absent,
    /// One part at least is masked.
    Masked,
    /// The parts that have a value, in order.
    Text(String),
}

impl Composed {
    /// The text, with words for the two other cases.
    pub(super) fn or(self, absent: &str, masked: &str) -> String {
        match self {
            Self::Absent => absent.to_owned(),
            Self::Masked => masked.to_owned(),
            Self::Text(text) => text,
        }
    }
}

/// The columns `names` that have a value, separated by spaces.
pub(super) fn compose(record: &Record, names: &[&str]) -> Composed {
    let parts: Vec<&str> = names
        .iter()
        .filter_map(|name| record.text(name))
        .filter(|text| !text.trim().is_empty())
        .collect();
    if parts.iter().any(|part| is_masked(part)) {
        Composed::Masked
    } else if parts.is_empty() {
        Composed::Absent
    } else {
        Composed::Text(parts.join(" "))
    }
}

/// The first of `names` that has a value.
fn first_of<'name>(record: &Record, names: &[&'name str]) -> Option<&'name str> {
    names
        .iter()
        .copied()
        .find(|name| record.text(name).is_some())
}

/// Personne morale: its dénomination. Personne physique: prénom usuel, then nom d'usage or nom.
pub(super) fn unite_legale(record: &Record) -> String {
    let composed = if record.text("denominationUniteLegale").is_some() {
        compose(record, &["denominationUniteLegale"])
    } else {
        let prenom = first_of(record, &["prenomUsuelUniteLegale", "prenom1UniteLegale"]);
        let nom = first_of(record, &["nomUsageUniteLegale", "nomUniteLegale"]);
        let names: Vec<&str> = prenom.into_iter().chain(nom).collect();
        // The name behind a nom d'usage is not shown, but its mask speaks for the whole person.
        match compose(record, &["nomUniteLegale"]) {
            Composed::Masked => Composed::Masked,
            _ => compose(record, &names),
        }
    };
    composed.or("Dénomination non renseignée", MASKED_NAME)
}

/// What the public knows an établissement by, when it has such a name.
pub(super) fn enseigne(record: &Record) -> Composed {
    match compose(record, &["denominationUsuelleEtablissement"]) {
        Composed::Absent => compose(
            record,
            &[
                "enseigne1Etablissement",
                "enseigne2Etablissement",
                "enseigne3Etablissement",
            ],
        ),
        found => found,
    }
}

/// A postcode and a commune. INSEE masks the first alone: the second is public, and is not made from it.
pub(super) fn town(record: &Record, names: [&str; 2]) -> Composed {
    match compose(record, &names) {
        Composed::Masked => compose(record, &names[1..]),
        found => found,
    }
}

/// The lines of an établissement's address, as on an envelope.
pub(super) fn address(record: &Record) -> Vec<String> {
    let column = |name: &str| format!("{name}Etablissement");
    let line = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| column(name)).collect();
        compose(
            record,
            &names.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    let last = if record.text("libelleCedexEtablissement").is_some() {
        line(&["codeCedex", "libelleCedex"])
    } else {
        town(
            record,
            ["codePostalEtablissement", "libelleCommuneEtablissement"],
        )
    };
    lines([
        line(&["complementAdresse"]),
        line(&["numeroVoie", "indiceRepetition", "typeVoie", "libelleVoie"]),
        line(&["distributionSpeciale"]),
        last,
        line(&["libelleCommuneEtranger"]),
        line(&["libellePaysEtranger"]),
    ])
}

/// The lines of an association's address: waldec's columns, or import's.
pub(super) fn association_address(record: &Record) -> Vec<String> {
    // The RNA writes `_` for an empty distribution spéciale.
    let distribution = match compose(record, &["adrs_distrib"]) {
        Composed::Text(text) if text == "_" => Composed::Absent,
        other => other,
    };
    let town = if record.text("adrs_libcommune").is_some() {
        "adrs_libcommune"
    } else {
        "libcom"
    };
    lines([
        compose(record, &["adrs_complement"]),
        compose(
            record,
            &[
                "adrs_numvoie",
                "adrs_repetition",
                "adrs_typevoie",
                "adrs_libvoie",
            ],
        ),
        compose(record, &["adr1"]),
        compose(record, &["adr2"]),
        compose(record, &["adr3"]),
        distribution,
        compose(record, &["adrs_codepostal", town]),
    ])
}

/// The lines that have something to say; those masked, as one.
fn lines(composed: impl IntoIterator<Item = Composed>) -> Vec<String> {
    let mut lines = Vec::new();
    for line in composed {
        match line {
            Composed::Absent => {}
            Composed::Masked if lines.iter().any(|line| line == MASKED_STREET) => {}
            Composed::Masked => lines.push(MASKED_STREET.to_owned()),
            Composed::Text(text) => lines.push(text),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn name(row: &[(&str, &str)]) -> String {
        unite_legale(&record("unite_legale", row))
    }

    #[test]
    fn a_personne_physique_is_called_by_prenom_usuel_and_nom_d_usage() {
        let row = [
            ("prenom1UniteLegale", "JEANNE"),
            ("prenomUsuelUniteLegale", "ANNE"),
            ("nomUniteLegale", "MARTIN"),
            ("nomUsageUniteLegale", "DUPONT"),
        ];
        assert_eq!(name(&row), "ANNE DUPONT");
        assert_eq!(name(&row[..3]), "ANNE MARTIN");
        assert_eq!(
            name(&[
                ("denominationUniteLegale", "DINUM"),
                ("nomUniteLegale", "MARTIN")
            ]),
            "DINUM"
        );
        assert_eq!(name(&[]), "Dénomination non renseignée");
    }

    #[test]
    fn one_masked_part_masks_the_whole_name() {
        for row in [
            &[
                ("prenomUsuelUniteLegale", "CAMILLE"),
                ("nomUniteLegale", "[ND]"),
            ] as &[_],
            &[
                ("prenomUsuelUniteLegale", "[ND]"),
                ("nomUniteLegale", "MARTIN"),
            ],
            &[
                ("prenomUsuelUniteLegale", "CAMILLE"),
                ("nomUniteLegale", "[ND]"),
                ("nomUsageUniteLegale", "MARTIN"),
            ],
            &[("denominationUniteLegale", "[ND]")],
        ] {
            assert_eq!(name(row), MASKED_NAME);
        }
    }

    #[test]
    fn a_masked_street_is_said_once_and_leaves_no_piece_of_itself() {
        let masked = record(
            "etablissement",
            &[
                ("complementAdresseEtablissement", "[ND]"),
                ("numeroVoieEtablissement", "12"),
                ("libelleVoieEtablissement", "[ND]"),
                ("codePostalEtablissement", "92000"),
                ("libelleCommuneEtablissement", "NANTERRE"),
            ],
        );
        assert_eq!(address(&masked), [MASKED_STREET, "92000 NANTERRE"]);
    }

    #[test]
    fn the_commune_of_a_masked_address_is_public() {
        let masked = record(
            "etablissement",
            &[
                ("libelleVoieEtablissement", "[ND]"),
                ("codePostalEtablissement", "[ND]"),
                ("libelleCommuneEtablissement", "NANTERRE"),
            ],
        );
        assert_eq!(address(&masked), [MASKED_STREET, "NANTERRE"]);
    }

    #[test]
    fn an_address_reads_as_on_an_envelope() {
        let place = record(
            "etablissement",
            &[
                ("numeroVoieEtablissement", "20"),
                ("indiceRepetitionEtablissement", "B"),
                ("typeVoieEtablissement", "AV"),
                ("libelleVoieEtablissement", "DE SEGUR"),
                ("codePostalEtablissement", "75007"),
                ("libelleCommuneEtablissement", "PARIS 7"),
                ("codeCedexEtablissement", "75334"),
                ("libelleCedexEtablissement", "PARIS CEDEX 07"),
            ],
        );
        assert_eq!(
            address(&place),
            ["20 B AV DE SEGUR", "75334 PARIS CEDEX 07"]
        );
    }
}
