//! A result in a few words: who, where, which name was typed.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::recherche::mots::Mots;
use serde::Serialize;
use std::borrow::Cow;

use super::Cle;
use super::correspondance::{Nature, Noms, said};
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
    pub(crate) complement: Option<&'row str>,
    /// Which of its names has what was typed; `None` when they only look like it.
    pub(crate) trouve_par: Option<Nature>,
    /// Of the siège.
    pub(crate) commune: Option<&'row str>,
    pub(crate) code_postal: Option<&'row str>,
    /// Its activity in words.
    pub(crate) activite: Option<&'static str>,
    pub(crate) actif: bool,
    /// Its page.
    pub(crate) url: String,
    /// Kilometres to the nearest of its établissements, around a point.
    pub(crate) distance_km: Option<f64>,
}

impl<'row> Resume<'row> {
    /// Of a result, from its dossier and its former names. `None` when the index tells of someone who is
    /// not there.
    pub(crate) fn of(
        cle: &Cle,
        dossier: &'row Dossier,
        periodes: &'row [Record],
        tapes: &Mots,
    ) -> Option<Self> {
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
                let noms = Noms::of(dossier, periodes);
                let correspondance = noms.correspondance(nom.as_deref()?, tapes);
                Some(Self {
                    genre: "unite_legale",
                    siren: Some(siren.to_string()),
                    rna: associe
                        .and_then(|row| said(row, at!(ASSOCIATION, "id")))
                        .map(str::to_owned),
                    siret: siege.and_then(|row| row.text_at(at!(ETABLISSEMENT, "siret"))),
                    complement: correspondance
                        .complement
                        .filter(|autre| Some(*autre) != nom.as_deref()),
                    trouve_par: correspondance.nature,
                    nom,
                    commune: adresse.as_ref().and_then(|adresse| adresse.libelle_commune),
                    code_postal: adresse.as_ref().and_then(|adresse| adresse.code_postal),
                    activite: unite.label("activitePrincipaleUniteLegale"),
                    actif: !is_ceased(unite),
                    url: format!("/entreprise/{siren}"),
                    distance_km: None,
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
                    complement: court.filter(|court| Some(*court) != titre),
                    trouve_par: Noms::of(dossier, &[]).correspondance(titre?, tapes).nature,
                    commune: adresse.as_ref().and_then(|adresse| adresse.libelle_commune),
                    code_postal: adresse.as_ref().and_then(|adresse| adresse.code_postal),
                    activite: row.label("objet_social1"),
                    actif: !matches!(row.text_at(at!(ASSOCIATION, "position")), Some("D" | "S")),
                    url: format!("/association/{id}"),
                    distance_km: None,
                })
            }
        }
    }
}
