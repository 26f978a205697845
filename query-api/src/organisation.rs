//! What is said of an organisation: from the rows of a [`Dossier`] to the answer of
//! `/v1/organisations`. Pure and synchronous: nothing here reads anything.
//!
//! | module | holds |
//! |---|---|
//! | `demande` | what was asked, read once |
//! | `resultat` | the verdict: found, closed, replaced, hidden, unknown, invalid; and what to do |
//! | `nom`, `adresse` | what to call it, where to write to it |
//! | `faits` | what the registers say, field by field |
//! | `reponse` | the body of an answer |
//! | `lot` | many identifiers in one request |
//! | `http` | the routes |

pub(crate) mod adresse;
pub(crate) mod demande;
mod faits;
pub(crate) mod http;
mod lot;
pub(crate) mod nom;
pub(crate) mod reponse;
pub(crate) mod resultat;

use chrono::NaiveDate;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{RnaId, Tva, is_volume_folio};
use registre_schemas::lien_siren_rna::{LIEN_SIREN_RNA, provenance};
use registre_schemas::nomenclature::Nomenclature;
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use serde::Serialize;
use std::borrow::Cow;

use crate::dossier::{Dossier, is_ceased, is_closed, is_hidden_etablissement, is_hidden_unit};
use crate::lookup::Count;
use crate::record::{Record, at};
use crate::text::is_unknown;
use adresse::Adresse;
use faits::{Association, Code, Coordonnees, Etablissement, Succession, Unite};
use nom::{Parts, Regle};

pub(crate) use lot::LIMITE;

/// An organisation, as an answer shows it. Every member is always there.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that a form reads under its own name"
)]
#[derive(Debug, Serialize)]
pub(crate) struct Organisation<'dossier> {
    pub(crate) siren: Option<&'dossier str>,
    pub(crate) siret: Option<&'dossier str>,
    pub(crate) siret_siege: Option<Cow<'dossier, str>>,
    pub(crate) est_siege: Option<bool>,
    pub(crate) rna: Option<&'dossier str>,
    pub(crate) alsace_moselle: Option<&'dossier str>,
    pub(crate) tva: Option<Tva>,
    pub(crate) nom: Option<Cow<'dossier, str>>,
    pub(crate) nom_regle: Regle,
    pub(crate) nom_parts: Parts<'dossier>,
    pub(crate) est_ferme: bool,
    pub(crate) diffusion_partielle: bool,
    pub(crate) adresse: Option<Adresse<'dossier>>,
    pub(crate) adresse_secondaire: Option<Adresse<'dossier>>,
    pub(crate) adresse_gestion: Option<Adresse<'dossier>>,
    pub(crate) coordonnees: Option<Coordonnees<'dossier>>,
    pub(crate) unite_legale: Option<Unite<'dossier>>,
    pub(crate) etablissement: Option<Etablissement<'dossier>>,
    pub(crate) categorie_juridique: Option<Code<'dossier>>,
    pub(crate) categorie_entreprise: Option<Code<'dossier>>,
    pub(crate) annee_categorie_entreprise: Option<i64>,
    pub(crate) nombre_etablissements: Option<Count>,
    pub(crate) associations: Vec<Association<'dossier>>,
    pub(crate) est_association: bool,
    pub(crate) est_administration: bool,
    pub(crate) est_entrepreneur_individuel: bool,
    pub(crate) est_ess: Option<bool>,
    pub(crate) est_societe_mission: Option<bool>,
    pub(crate) est_utilite_publique: Option<bool>,
    pub(crate) doublons: Vec<&'dossier str>,
    pub(crate) succession: Option<Succession<'dossier>>,
}

/// Whether what was asked is closed: the établissement asked by its SIRET, the association asked by
/// its number, else the unit.
pub(crate) fn est_ferme(dossier: &Dossier) -> bool {
    if let Some(etablissement) = &dossier.etablissement {
        return is_closed(etablissement);
    }
    if let Some(association) = dossier.asked_association() {
        let position = association.text_at(at!(ASSOCIATION, "position"));
        return matches!(position, Some("D" | "S" | "R"));
    }
    dossier.unite_legale.as_ref().is_some_and(is_ceased)
}

/// Whether something of it is hidden at the request of the person.
pub(crate) fn est_masquee(dossier: &Dossier) -> bool {
    dossier.unite_legale.as_ref().is_some_and(is_hidden_unit)
        || dossier.shown().is_some_and(is_hidden_etablissement)
}

/// The SIRET of the siège: its row's, else made from the `nicSiege` of the unit.
pub(crate) fn siret_siege(dossier: &Dossier) -> Option<Cow<'_, str>> {
    if let Some(siege) = dossier.siege() {
        return siege
            .text_at(at!(ETABLISSEMENT, "siret"))
            .map(Cow::Borrowed);
    }
    let unite = dossier.unite_legale.as_ref()?;
    let nic = unite.text_at(at!(UNITE_LEGALE, "nicSiegeUniteLegale"))?;
    let siren = unite.text_at(at!(UNITE_LEGALE, "siren"))?;
    Some(Cow::Owned([siren, nic].concat()))
}

/// A date that the register knows.
pub(crate) fn known(date: Option<NaiveDate>) -> Option<NaiveDate> {
    date.filter(|date| !is_unknown(*date))
}

/// `O` or `N`.
fn yes_or_no(record: &Record, index: usize) -> Option<bool> {
    match record.text_at(index)? {
        "O" => Some(true),
        "N" => Some(false),
        _ => None,
    }
}

impl<'dossier> Organisation<'dossier> {
    /// None when the dossier is empty.
    pub(crate) fn of(dossier: &'dossier Dossier) -> Option<Self> {
        let unite = dossier.unite_legale.as_ref();
        let shown = dossier.shown();
        if unite.is_none() && shown.is_none() && dossier.associations.is_empty() {
            return None;
        }
        let hidden = est_masquee(dossier);
        let nom = nom::of(dossier);
        let asked_association = dossier.asked_association();
        let categorie = unite
            .and_then(|unite| unite.text_at(at!(UNITE_LEGALE, "categorieJuridiqueUniteLegale")));
        let declared = unite
            .filter(|unite| !is_hidden_unit(unite))
            .and_then(|unite| {
                nom::said(
                    unite,
                    at!(UNITE_LEGALE, "identifiantAssociationUniteLegale"),
                )
            });
        Some(Self {
            siren: unite
                .and_then(|unite| unite.text_at(at!(UNITE_LEGALE, "siren")))
                .or_else(|| shown.and_then(|place| place.text_at(at!(ETABLISSEMENT, "siren")))),
            siret: shown.and_then(|place| place.text_at(at!(ETABLISSEMENT, "siret"))),
            siret_siege: siret_siege(dossier),
            est_siege: shown
                .and_then(|place| place.flag_at(at!(ETABLISSEMENT, "etablissementSiege"))),
            rna: rna(dossier).or_else(|| declared.filter(|id| id.parse::<RnaId>().is_ok())),
            alsace_moselle: declared.filter(|id| is_volume_folio(id)),
            tva: tva(unite),
            nom: nom.nom,
            nom_regle: nom.regle,
            nom_parts: nom::parts(dossier),
            est_ferme: est_ferme(dossier),
            diffusion_partielle: hidden,
            adresse: match shown {
                Some(place) => adresse::of_etablissement(place, hidden),
                None => asked_association.and_then(adresse::of_association),
            },
            adresse_secondaire: shown.and_then(|place| adresse::second_of(place, hidden)),
            adresse_gestion: asked_association.and_then(adresse::of_gestion),
            coordonnees: shown.filter(|_| !hidden).and_then(Coordonnees::of),
            unite_legale: unite.map(|unite| Unite::of(unite, dossier.ceased_since)),
            etablissement: shown.map(|place| Etablissement::of(place, dossier.closed_since)),
            categorie_juridique: categorie
                .map(|code| Code::of(code, Nomenclature::CategorieJuridique)),
            categorie_entreprise: unite
                .and_then(|unite| unite.text_at(at!(UNITE_LEGALE, "categorieEntreprise")))
                .map(|code| Code::of(code, Nomenclature::CategorieEntreprise)),
            annee_categorie_entreprise: unite
                .and_then(|unite| unite.integer_at(at!(UNITE_LEGALE, "anneeCategorieEntreprise"))),
            nombre_etablissements: dossier.count,
            associations: dossier.associations.iter().map(Association::of).collect(),
            est_association: est_association(dossier, categorie, declared),
            est_administration: categorie.is_some_and(|code| code.starts_with(['4', '7'])),
            est_entrepreneur_individuel: categorie == Some("1000"),
            est_ess: unite.and_then(|unite| {
                yes_or_no(
                    unite,
                    at!(UNITE_LEGALE, "economieSocialeSolidaireUniteLegale"),
                )
            }),
            est_societe_mission: unite
                .and_then(|unite| yes_or_no(unite, at!(UNITE_LEGALE, "societeMissionUniteLegale"))),
            est_utilite_publique: est_utilite_publique(dossier),
            doublons: dossier
                .doublons
                .iter()
                .filter_map(|row| row.text_at(at!(DOUBLON, "sirenDoublon")))
                .collect(),
            succession: dossier.successions.as_ref().map(Succession::of),
        })
    }
}

/// The association asked, else the surest of the unit.
fn rna(dossier: &Dossier) -> Option<&str> {
    let linked = dossier.associations.get(dossier.asked.unwrap_or(0))?;
    linked.association.text_at(at!(ASSOCIATION, "id"))
}

/// Made from the SIREN of an active unit. It does not prove that the unit is liable to VAT.
fn tva(unite: Option<&Record>) -> Option<Tva> {
    let unite = unite.filter(|unite| !is_ceased(unite))?;
    let siren = unite.text_at(at!(UNITE_LEGALE, "siren"))?;
    Some(Tva::from(
        siren.parse::<registre_schemas::identifiers::Siren>().ok()?,
    ))
}

/// Asked by its RNA number, of a catégorie juridique of associations (92, but the congrégations,
/// 9240, which are of another law; 5195, of Alsace-Moselle), or of which SIRENE gives the number in
/// a register of associations.
///
/// API Recherche d'entreprises takes any link with the RNA: but the SIRET that an association
/// declares there may be that of the town hall it lodges in, so a link by the RNA alone is not taken.
fn est_association(dossier: &Dossier, categorie: Option<&str>, declared: Option<&str>) -> bool {
    let by_sirene = |lien: &Record| {
        let provenance = lien.text_at(at!(LIEN_SIREN_RNA, "provenance"));
        provenance.is_some_and(|provenance| provenance != provenance::RNA)
    };
    dossier.asked.is_some()
        || categorie
            .is_some_and(|code| code == "5195" || (code.starts_with("92") && code != "9240"))
        || declared.is_some_and(|id| is_volume_folio(id) || id.parse::<RnaId>().is_ok())
        || dossier
            .associations
            .iter()
            .filter_map(|linked| linked.lien.as_ref())
            .any(by_sirene)
}

/// True when the ministry's list has its RNA number, or the RNA its number of recognition. Null
/// otherwise: the list does not give the RNA number of all, so that its silence proves nothing.
fn est_utilite_publique(dossier: &Dossier) -> Option<bool> {
    let by_rna =
        |number: &str| !is_masked(number) && number.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let recognised = !dossier.utilite_publique.is_empty()
        || dossier.associations.iter().any(|linked| {
            linked
                .association
                .text_at(at!(ASSOCIATION, "rup_mi"))
                .is_some_and(by_rna)
        });
    recognised.then_some(true)
}

#[cfg(test)]
mod tests;
