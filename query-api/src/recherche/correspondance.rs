//! Which of its names led to a result.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::periode::UNITE_LEGALE_PERIODE;
use registre_schemas::recherche::mots::Mots;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;

use crate::dossier::{Dossier, is_hidden_etablissement};
use crate::record::{Record, at};

/// What a name is of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Nature {
    /// The one that is shown.
    Nom,
    Sigle,
    /// Usual names of a unit.
    NomUsuel,
    /// Signs and usual name of its siège.
    Enseigne,
    /// Title of its association, or the short one.
    TitreAssociation,
    AncienNom,
    /// Street of its siège.
    Adresse,
}

/// The columns of each.
const UNITE: [(Nature, usize); 4] = [
    (Nature::Sigle, at!(UNITE_LEGALE, "sigleUniteLegale")),
    (
        Nature::NomUsuel,
        at!(UNITE_LEGALE, "denominationUsuelle1UniteLegale"),
    ),
    (
        Nature::NomUsuel,
        at!(UNITE_LEGALE, "denominationUsuelle2UniteLegale"),
    ),
    (
        Nature::NomUsuel,
        at!(UNITE_LEGALE, "denominationUsuelle3UniteLegale"),
    ),
];
const SIEGE: [(Nature, usize); 5] = [
    (
        Nature::Enseigne,
        at!(ETABLISSEMENT, "denominationUsuelleEtablissement"),
    ),
    (
        Nature::Enseigne,
        at!(ETABLISSEMENT, "enseigne1Etablissement"),
    ),
    (
        Nature::Enseigne,
        at!(ETABLISSEMENT, "enseigne2Etablissement"),
    ),
    (
        Nature::Enseigne,
        at!(ETABLISSEMENT, "enseigne3Etablissement"),
    ),
    (
        Nature::Adresse,
        at!(ETABLISSEMENT, "libelleVoieEtablissement"),
    ),
];
const TITRES: [(Nature, usize); 3] = [
    (Nature::TitreAssociation, at!(ASSOCIATION, "titre")),
    (Nature::TitreAssociation, at!(ASSOCIATION, "titre_court")),
    (Nature::Adresse, at!(ASSOCIATION, "adrs_libvoie")),
];
const PERIODE: [(Nature, usize); 3] = [
    (
        Nature::AncienNom,
        at!(UNITE_LEGALE_PERIODE, "denominationUniteLegale"),
    ),
    (
        Nature::AncienNom,
        at!(UNITE_LEGALE_PERIODE, "nomUniteLegale"),
    ),
    (
        Nature::AncienNom,
        at!(UNITE_LEGALE_PERIODE, "nomUsageUniteLegale"),
    ),
];

/// Where a result is: words that were typed to say so are in no name.
const LIEUX: [usize; 2] = [
    at!(ETABLISSEMENT, "libelleCommuneEtablissement"),
    at!(ETABLISSEMENT, "codePostalEtablissement"),
];

/// The names of an organisation, but for the one that is shown.
pub(super) struct Noms<'row> {
    noms: Vec<(Nature, &'row str)>,
    lieux: Vec<Mots>,
}

/// What led to a result.
pub(super) struct Correspondance<'row> {
    pub(super) nature: Option<Nature>,
    /// Another of its names: the one that was typed, or its acronym.
    pub(super) complement: Option<&'row str>,
}

impl<'row> Noms<'row> {
    pub(super) fn of(dossier: &'row Dossier, periodes: &'row [Record]) -> Self {
        let siege = dossier
            .siege()
            .filter(|siege| !is_hidden_etablissement(siege));
        let mut noms = Vec::new();
        let mut lit = |row: Option<&'row Record>, colonnes: &[(Nature, usize)]| {
            let textes = colonnes
                .iter()
                .filter_map(|(nature, index)| Some((*nature, said(row?, *index)?)));
            noms.extend(textes);
        };
        lit(dossier.unite_legale.as_ref(), &UNITE);
        lit(siege, &SIEGE);
        for linked in &dossier.associations {
            lit(Some(&linked.association), &TITRES);
        }
        for periode in periodes {
            lit(Some(periode), &PERIODE);
        }
        let lieux = LIEUX.iter().filter_map(|index| said(siege?, *index));
        Self {
            noms,
            lieux: lieux.map(Mots::de).collect(),
        }
    }

    /// Whether all that was typed is explained, by the name that is shown or another.
    pub(super) fn suffisent(&self, nom: &str, tapes: &Mots) -> bool {
        self.correspondance(nom, tapes).nature.is_some()
    }

    /// The name that has most of the words which were typed and that the one which is shown has not.
    pub(super) fn correspondance(&self, nom: &str, tapes: &Mots) -> Correspondance<'row> {
        let du_nom = Mots::de(nom);
        let manquent: Vec<&str> = tapes
            .forts()
            .filter(|mot| !a(&du_nom, mot) && !self.lieux.iter().any(|lieu| a(lieu, mot)))
            .collect();
        let sigle = self
            .noms
            .iter()
            .find(|(nature, _)| *nature == Nature::Sigle);
        let sigle = sigle.map(|(_, texte)| *texte);
        if manquent.is_empty() {
            return Correspondance {
                nature: (tapes.nombre() > 0).then_some(Nature::Nom),
                complement: sigle,
            };
        }
        let ont = |(nature, texte): &(Nature, &'row str)| {
            let mots = Mots::de(texte);
            let combien = manquent.iter().filter(|mot| a(&mots, mot)).count();
            (combien, *nature, *texte)
        };
        let meilleur = self
            .noms
            .iter()
            .map(ont)
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        match meilleur.filter(|(combien, ..)| *combien > 0) {
            // A street is no name.
            Some((_, nature, texte)) if nature != Nature::Adresse => Correspondance {
                nature: Some(nature),
                complement: Some(texte),
            },
            autre => Correspondance {
                nature: autre.map(|(_, nature, _)| nature),
                complement: sigle,
            },
        }
    }
}

/// Whether a word, or the beginning of one, is there.
fn a(mots: &Mots, mot: &str) -> bool {
    mots.tous().any(|autre| autre.starts_with(mot))
}

/// A text that is there and is no mask.
pub(super) fn said(record: &Record, index: usize) -> Option<&str> {
    record.text_at(index).filter(|text| !is_masked(text))
}
