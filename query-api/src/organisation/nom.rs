//! What to call an organisation, by which rule, and the parts the name was made from.
//!
//! Architecture invariant: nothing is composed from a value that holds `[ND]`. A name with one
//! masked part is masked whole, and a person who is not diffusible has no name at all, whatever the
//! row still holds.
//!
//! API Recherche d'entreprises shows `PRENOM NOM_USAGE (NOM)`, then the enseigne and the sigle in
//! brackets. Here the name is the name: who goes by a nom d'usage is not called by both, and what
//! else is known stands in the parts.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;
use std::borrow::Cow;

use crate::dossier::{Dossier, is_hidden_etablissement, is_hidden_unit};
use crate::record::{Record, at};

/// Which rule made a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Regle {
    /// The dénomination of a personne morale.
    Denomination,
    /// Its sigle: it has no dénomination.
    Sigle,
    /// A dénomination usuelle, of the unit or of the établissement.
    DenominationUsuelle,
    /// The enseigne of the établissement.
    Enseigne,
    /// Prénom usuel, then nom d'usage or nom.
    PersonnePhysique,
    /// The pseudonyme of a person who has no name.
    Pseudonyme,
    /// The title of an association that the RNA alone knows.
    TitreAssociation,
    /// Hidden at the request of the person: there is no name.
    Masque,
    /// No register has a name.
    Absent,
}

impl Regle {
    /// As they are written, for the documentation.
    pub(crate) const ALL: [&'static str; 9] = [
        "denomination",
        "sigle",
        "denomination_usuelle",
        "enseigne",
        "personne_physique",
        "pseudonyme",
        "titre_association",
        "masque",
        "absent",
    ];
}

/// A name and its rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nom<'row> {
    /// None when it is masked, or when there is none.
    pub(crate) nom: Option<Cow<'row, str>>,
    pub(crate) regle: Regle,
}

impl<'row> Nom<'row> {
    fn of(nom: &'row str, regle: Regle) -> Self {
        Self {
            nom: Some(Cow::Borrowed(nom)),
            regle,
        }
    }

    fn without(regle: Regle) -> Self {
        Self { nom: None, regle }
    }
}

/// What a name may be made from. Masked values are not there.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Parts<'row> {
    denomination: Option<&'row str>,
    sigle: Option<&'row str>,
    denominations_usuelles: Vec<&'row str>,
    denomination_usuelle_etablissement: Option<&'row str>,
    enseignes: Vec<&'row str>,
    nom: Option<&'row str>,
    nom_usage: Option<&'row str>,
    /// The usual one first.
    prenoms: Vec<&'row str>,
    pseudonyme: Option<&'row str>,
    titre_association: Option<&'row str>,
    titre_court_association: Option<&'row str>,
}

const DENOMINATION: usize = at!(UNITE_LEGALE, "denominationUniteLegale");
const SIGLE: usize = at!(UNITE_LEGALE, "sigleUniteLegale");
const USUELLES: [usize; 3] = [
    at!(UNITE_LEGALE, "denominationUsuelle1UniteLegale"),
    at!(UNITE_LEGALE, "denominationUsuelle2UniteLegale"),
    at!(UNITE_LEGALE, "denominationUsuelle3UniteLegale"),
];
const NOM: usize = at!(UNITE_LEGALE, "nomUniteLegale");
const NOM_USAGE: usize = at!(UNITE_LEGALE, "nomUsageUniteLegale");
const PRENOM_USUEL: usize = at!(UNITE_LEGALE, "prenomUsuelUniteLegale");
const PRENOMS: [usize; 4] = [
    at!(UNITE_LEGALE, "prenom1UniteLegale"),
    at!(UNITE_LEGALE, "prenom2UniteLegale"),
    at!(UNITE_LEGALE, "prenom3UniteLegale"),
    at!(UNITE_LEGALE, "prenom4UniteLegale"),
];
const PSEUDONYME: usize = at!(UNITE_LEGALE, "pseudonymeUniteLegale");
const USUELLE: usize = at!(ETABLISSEMENT, "denominationUsuelleEtablissement");
const ENSEIGNES: [usize; 3] = [
    at!(ETABLISSEMENT, "enseigne1Etablissement"),
    at!(ETABLISSEMENT, "enseigne2Etablissement"),
    at!(ETABLISSEMENT, "enseigne3Etablissement"),
];
const TITRE: usize = at!(ASSOCIATION, "titre");
const TITRE_COURT: usize = at!(ASSOCIATION, "titre_court");

/// A value that may be shown.
pub(super) fn said(record: &Record, index: usize) -> Option<&str> {
    record.text_at(index).filter(|text| !is_masked(text))
}

fn all<'row>(record: &'row Record, indices: &[usize]) -> Vec<&'row str> {
    let said = indices.iter().filter_map(|index| said(record, *index));
    let mut values: Vec<&str> = Vec::new();
    for value in said {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Whether a unit is a person: by its catégorie juridique, else by what it has for a name.
pub(crate) fn is_person(unite: &Record) -> bool {
    match unite.text_at(at!(UNITE_LEGALE, "categorieJuridiqueUniteLegale")) {
        Some(categorie) => categorie == "1000",
        None => {
            unite.text_at(DENOMINATION).is_none()
                && [NOM, NOM_USAGE, PRENOM_USUEL, PRENOMS[0], PSEUDONYME]
                    .iter()
                    .any(|index| unite.text_at(*index).is_some())
        }
    }
}

/// Whether a unit is a person who asked to be hidden.
fn is_hidden_person(unite: &Record) -> bool {
    is_hidden_unit(unite) && is_person(unite)
}

/// The name of a unit, with that of one of its établissements when the unit has none.
pub(crate) fn of_unit<'row>(unite: &'row Record, etablissement: Option<&'row Record>) -> Nom<'row> {
    if is_hidden_person(unite) {
        return Nom::without(Regle::Masque);
    }
    let person = person(unite);
    if is_person(unite) && person.regle != Regle::Absent {
        return person;
    }
    let mut candidates = vec![
        (unite, DENOMINATION, Regle::Denomination),
        (unite, SIGLE, Regle::Sigle),
    ];
    candidates.extend(USUELLES.map(|index| (unite, index, Regle::DenominationUsuelle)));
    // A person may have hidden one établissement and not the others.
    let shown = |place: &&Record| !(is_person(unite) && is_hidden_etablissement(place));
    if let Some(etablissement) = etablissement.filter(shown) {
        candidates.extend(of_etablissement(etablissement));
    }
    match first(&candidates) {
        Nom {
            regle: Regle::Absent,
            ..
        } => person,
        found => found,
    }
}

/// What the public calls an établissement, when no unit is there to be named.
fn of_etablissement(etablissement: &Record) -> [(&Record, usize, Regle); 4] {
    let [one, two, three] = ENSEIGNES.map(|index| (etablissement, index, Regle::Enseigne));
    [
        (etablissement, USUELLE, Regle::DenominationUsuelle),
        one,
        two,
        three,
    ]
}

/// The first that has a value. A masked one stops: what stands behind it would name who it hides.
fn first<'row>(candidates: &[(&'row Record, usize, Regle)]) -> Nom<'row> {
    for (record, index, regle) in candidates {
        match record.text_at(*index) {
            None => {}
            Some(text) if is_masked(text) => return Nom::without(Regle::Masque),
            Some(text) => return Nom::of(text, *regle),
        }
    }
    Nom::without(Regle::Absent)
}

/// Prénom usuel, then nom d'usage or nom.
fn person(unite: &Record) -> Nom<'_> {
    let prenom = unite
        .text_at(PRENOM_USUEL)
        .or_else(|| unite.text_at(PRENOMS[0]));
    let naissance = unite.text_at(NOM);
    let nom = unite.text_at(NOM_USAGE).or(naissance);
    let pseudonyme = unite.text_at(PSEUDONYME);
    let parts = [prenom, naissance, nom, pseudonyme];
    if parts.into_iter().flatten().any(is_masked) {
        return Nom::without(Regle::Masque);
    }
    match (prenom, nom) {
        (Some(prenom), Some(nom)) => {
            let mut whole = String::with_capacity(prenom.len() + 1 + nom.len());
            whole.push_str(prenom);
            whole.push(' ');
            whole.push_str(nom);
            Nom {
                nom: Some(Cow::Owned(whole)),
                regle: Regle::PersonnePhysique,
            }
        }
        (Some(only), None) | (None, Some(only)) => Nom::of(only, Regle::PersonnePhysique),
        (None, None) => pseudonyme.map_or_else(
            || Nom::without(Regle::Absent),
            |pseudonyme| Nom::of(pseudonyme, Regle::Pseudonyme),
        ),
    }
}

/// The name of the organisation of a dossier.
pub(crate) fn of(dossier: &Dossier) -> Nom<'_> {
    let etablissement = dossier.shown();
    if let Some(unite) = &dossier.unite_legale {
        return of_unit(unite, etablissement);
    }
    if let Some(etablissement) = etablissement {
        if is_hidden_etablissement(etablissement) {
            return Nom::without(Regle::Masque);
        }
        return first(&of_etablissement(etablissement));
    }
    match dossier.asked_association() {
        Some(association) => first(&[
            (association, TITRE, Regle::TitreAssociation),
            (association, TITRE_COURT, Regle::TitreAssociation),
        ]),
        None => Nom::without(Regle::Absent),
    }
}

/// The parts of the names of a dossier that may be shown.
pub(crate) fn parts(dossier: &Dossier) -> Parts<'_> {
    let mut parts = Parts::default();
    if let Some(association) = dossier.associations.get(dossier.asked.unwrap_or(0)) {
        parts.titre_association = said(&association.association, TITRE);
        parts.titre_court_association = said(&association.association, TITRE_COURT);
    }
    let unite = dossier.unite_legale.as_ref();
    if unite.is_some_and(is_hidden_person) {
        return parts;
    }
    if let Some(unite) = unite {
        parts.denomination = said(unite, DENOMINATION);
        parts.sigle = said(unite, SIGLE);
        parts.denominations_usuelles = all(unite, &USUELLES);
        parts.nom = said(unite, NOM);
        parts.nom_usage = said(unite, NOM_USAGE);
        let [one, two, three, four] = PRENOMS;
        parts.prenoms = all(unite, &[PRENOM_USUEL, one, two, three, four]);
        parts.pseudonyme = said(unite, PSEUDONYME);
    }
    // A personne morale in partial diffusion keeps its names, those of its établissements too.
    let morale = unite.is_some_and(|unite| !is_person(unite));
    if let Some(etablissement) = dossier.shown()
        && (morale || !is_hidden_etablissement(etablissement))
    {
        parts.denomination_usuelle_etablissement = said(etablissement, USUELLE);
        parts.enseignes = all(etablissement, &ENSEIGNES);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn unit(row: &[(&str, &str)]) -> Record {
        let mut row = row.to_vec();
        if !row.iter().any(|(name, _)| name.starts_with("statut")) {
            row.push(("statutDiffusionUniteLegale", "O"));
        }
        record("unite_legale", &row)
    }

    fn name(row: &[(&str, &str)]) -> (Option<String>, Regle) {
        let unit = unit(row);
        let nom = of_unit(&unit, None);
        (nom.nom.map(Cow::into_owned), nom.regle)
    }

    fn called(name: &str, regle: Regle) -> (Option<String>, Regle) {
        (Some(name.to_owned()), regle)
    }

    #[test]
    fn a_person_is_called_by_prenom_usuel_and_nom_d_usage() {
        let row = [
            ("categorieJuridiqueUniteLegale", "1000"),
            ("prenom1UniteLegale", "JEANNE"),
            ("nomUniteLegale", "EXEMPLE"),
            ("prenomUsuelUniteLegale", "ANNE"),
            ("nomUsageUniteLegale", "SPECIMEN"),
        ];
        assert_eq!(name(&row), called("ANNE SPECIMEN", Regle::PersonnePhysique));
        assert_eq!(
            name(&row[..4]),
            called("ANNE EXEMPLE", Regle::PersonnePhysique)
        );
        assert_eq!(
            name(&row[..3]),
            called("JEANNE EXEMPLE", Regle::PersonnePhysique)
        );
        assert_eq!(name(&row[..2]), called("JEANNE", Regle::PersonnePhysique));
        let pseudonyme = [row[0], ("pseudonymeUniteLegale", "FICTIF")];
        assert_eq!(name(&pseudonyme), called("FICTIF", Regle::Pseudonyme));
        assert_eq!(name(&row[..1]), (None, Regle::Absent));
    }

    #[test]
    fn a_personne_morale_is_called_by_the_first_name_it_has() {
        let row = [
            ("categorieJuridiqueUniteLegale", "5499"),
            ("denominationUsuelle2UniteLegale", "USUELLE"),
            ("sigleUniteLegale", "SGL"),
            ("denominationUniteLegale", "FICTIF SARL"),
        ];
        assert_eq!(name(&row), called("FICTIF SARL", Regle::Denomination));
        assert_eq!(name(&row[..3]), called("SGL", Regle::Sigle));
        assert_eq!(
            name(&row[..2]),
            called("USUELLE", Regle::DenominationUsuelle)
        );
        let nameless = unit(&row[..1]);
        let place = record(
            "etablissement",
            &[("enseigne2Etablissement", "AU SPECIMEN")],
        );
        let nom = of_unit(&nameless, Some(&place));
        assert_eq!(
            (nom.nom.as_deref(), nom.regle),
            (Some("AU SPECIMEN"), Regle::Enseigne)
        );
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
                ("nomUniteLegale", "EXEMPLE"),
            ],
            &[
                ("nomUniteLegale", "[ND]"),
                ("nomUsageUniteLegale", "EXEMPLE"),
            ],
            &[
                ("denominationUniteLegale", "[ND]"),
                ("sigleUniteLegale", "SGL"),
            ],
        ] {
            assert_eq!(name(row), (None, Regle::Masque), "{row:?}");
        }
    }

    #[test]
    fn a_hidden_person_has_no_name_even_when_the_row_still_does() {
        for statut in ["P", "N", ""] {
            let row = [
                ("statutDiffusionUniteLegale", statut),
                ("categorieJuridiqueUniteLegale", "1000"),
                ("prenom1UniteLegale", "CAMILLE"),
                ("nomUniteLegale", "EXEMPLE"),
                ("sigleUniteLegale", "CE"),
            ];
            assert_eq!(name(&row), (None, Regle::Masque));
            let dossier = Dossier {
                unite_legale: Some(unit(&row)),
                autre_siege: Some(record(
                    "etablissement",
                    &[("enseigne1Etablissement", "CHEZ CAMILLE")],
                )),
                ..Dossier::default()
            };
            let parts = serde_json::to_string(&parts(&dossier)).unwrap();
            assert!(
                !parts.contains("CAMILLE") && !parts.contains("CE\""),
                "{parts}"
            );
        }
    }

    #[test]
    fn a_personne_morale_in_partial_diffusion_keeps_its_denomination() {
        let row = [
            ("statutDiffusionUniteLegale", "P"),
            ("categorieJuridiqueUniteLegale", "5499"),
            ("denominationUniteLegale", "FICTIF SARL"),
            ("sigleUniteLegale", "[ND]"),
        ];
        assert_eq!(name(&row), called("FICTIF SARL", Regle::Denomination));
        let dossier = Dossier {
            unite_legale: Some(unit(&row)),
            ..Dossier::default()
        };
        assert_eq!(parts(&dossier).sigle, None);
    }

    #[test]
    fn given_names_come_usual_first_and_once() {
        let dossier = Dossier {
            unite_legale: Some(unit(&[
                ("categorieJuridiqueUniteLegale", "1000"),
                ("prenom1UniteLegale", "JEANNE"),
                ("prenom2UniteLegale", "ANNE"),
                ("prenomUsuelUniteLegale", "ANNE"),
            ])),
            ..Dossier::default()
        };
        assert_eq!(parts(&dossier).prenoms, ["ANNE", "JEANNE"]);
    }

    #[test]
    fn the_rules_are_documented_as_they_are_written() {
        for (index, regle) in [
            Regle::Denomination,
            Regle::Sigle,
            Regle::DenominationUsuelle,
            Regle::Enseigne,
            Regle::PersonnePhysique,
            Regle::Pseudonyme,
            Regle::TitreAssociation,
            Regle::Masque,
            Regle::Absent,
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(serde_json::to_value(regle).unwrap(), Regle::ALL[index]);
        }
    }
}
