//! A result in a few words: who, where, which name was typed.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::recherche::mots::Mots;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;
use std::borrow::Cow;

use super::Cle;
use crate::dossier::{Dossier, is_ceased, is_hidden_etablissement};
use crate::organisation::adresse;
use crate::organisation::nom;
use crate::record::{Record, at};

/// What is shown of a result.
#[derive(Debug, Serialize)]
pub(crate) struct Resume<'row> {
    /// `unite_legale` or `association`.
    #[serde(rename = "type")]
    pub(crate) genre: &'static str,
    pub(crate) siren: Option<String>,
    pub(crate) rna: Option<String>,
    /// Of the siège.
    pub(crate) siret: Option<&'row str>,
    pub(crate) nom: Option<Cow<'row, str>>,
    /// Another of its names: the one that was typed, or its acronym.
    pub(crate) complement: Option<Cow<'row, str>>,
    /// Of the siège.
    pub(crate) commune: Option<&'row str>,
    pub(crate) code_postal: Option<&'row str>,
    /// Its activity in words.
    pub(crate) activite: Option<&'static str>,
    pub(crate) actif: bool,
    /// Its page.
    pub(crate) url: String,
}

impl<'row> Resume<'row> {
    /// Of a result, from its dossier. `None` when the index tells of someone who is not there.
    pub(crate) fn of(cle: &Cle, dossier: &'row Dossier, tapes: &Mots) -> Option<Self> {
        match cle {
            Cle::Siren(siren) => {
                let unite = dossier.unite_legale.as_ref()?;
                let siege = dossier.siege();
                let nom = nom::of_unit(unite, siege).nom;
                let adresse = siege.and_then(|siege| {
                    adresse::of_etablissement(siege, is_hidden_etablissement(siege))
                });
                let association = dossier.associations.first();
                let associe = association.map(|linked| &linked.association);
                let complement = complement(nom.as_deref(), unite, siege, associe, tapes);
                Some(Self {
                    genre: "unite_legale",
                    siren: Some(siren.to_string()),
                    rna: associe
                        .and_then(|row| said(row, at!(ASSOCIATION, "id")))
                        .map(str::to_owned),
                    siret: siege.and_then(|row| row.text_at(at!(ETABLISSEMENT, "siret"))),
                    complement,
                    nom,
                    commune: adresse.as_ref().and_then(|adresse| adresse.libelle_commune),
                    code_postal: adresse.as_ref().and_then(|adresse| adresse.code_postal),
                    activite: unite.label("activitePrincipaleUniteLegale"),
                    actif: !is_ceased(unite),
                    url: format!("/entreprise/{siren}"),
                })
            }
            Cle::Rna(id) => {
                let row = dossier.asked_association()?;
                let adresse = adresse::of_association(row);
                let titre = said(row, at!(ASSOCIATION, "titre"));
                let court = said(row, at!(ASSOCIATION, "titre_court"));
                Some(Self {
                    genre: "association",
                    siren: None,
                    rna: Some(id.to_string()),
                    siret: None,
                    nom: titre.map(Cow::Borrowed),
                    complement: court
                        .filter(|court| Some(*court) != titre)
                        .map(Cow::Borrowed),
                    commune: adresse.as_ref().and_then(|adresse| adresse.libelle_commune),
                    code_postal: adresse.as_ref().and_then(|adresse| adresse.code_postal),
                    activite: row.label("objet_social1"),
                    actif: !matches!(row.text_at(at!(ASSOCIATION, "position")), Some("D" | "S")),
                    url: format!("/association/{id}"),
                })
            }
        }
    }
}

fn said(record: &Record, index: usize) -> Option<&str> {
    record
        .text_at(index)
        .filter(|text| !is_masked(text) && !text.trim().is_empty())
}

/// The other name that has most of the words that were typed and that the name has not; else the acronym.
fn complement<'row>(
    nom: Option<&str>,
    unite: &'row Record,
    siege: Option<&'row Record>,
    association: Option<&'row Record>,
    tapes: &Mots,
) -> Option<Cow<'row, str>> {
    const AUTRES: [usize; 4] = [
        at!(UNITE_LEGALE, "sigleUniteLegale"),
        at!(UNITE_LEGALE, "denominationUsuelle1UniteLegale"),
        at!(UNITE_LEGALE, "denominationUsuelle2UniteLegale"),
        at!(UNITE_LEGALE, "denominationUsuelle3UniteLegale"),
    ];
    const ENSEIGNES: [usize; 4] = [
        at!(ETABLISSEMENT, "denominationUsuelleEtablissement"),
        at!(ETABLISSEMENT, "enseigne1Etablissement"),
        at!(ETABLISSEMENT, "enseigne2Etablissement"),
        at!(ETABLISSEMENT, "enseigne3Etablissement"),
    ];
    nom?;
    let autres = AUTRES.iter().filter_map(|index| said(unite, *index));
    let enseignes = ENSEIGNES.iter().filter_map(|index| said(siege?, *index));
    let titre = association.and_then(|row| said(row, at!(ASSOCIATION, "titre")));
    let du_nom = Mots::de(nom.unwrap_or_default());
    let manquent: Vec<&str> = tapes
        .forts()
        .filter(|mot| !du_nom.tous().any(|du_nom| du_nom.starts_with(mot)))
        .collect();
    let ont = |autre: &str| {
        let mots = Mots::de(autre);
        let ont = |mot: &&&str| mots.tous().any(|autre| autre.starts_with(**mot));
        manquent.iter().filter(ont).count()
    };
    let candidats = autres.chain(enseignes).chain(titre);
    let (combien, meilleur) = candidats
        .map(|autre| (ont(autre), autre))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let sigle = said(unite, AUTRES[0]);
    let choisi = if combien > 0 { Some(meilleur) } else { sigle };
    choisi
        .filter(|autre| Some(*autre) != nom)
        .map(Cow::Borrowed)
}
