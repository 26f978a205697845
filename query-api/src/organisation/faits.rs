//! What the registers say of an organisation, field by field, under the names of the answer.

use chrono::{NaiveDate, NaiveDateTime};
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::identifiers::Siret;
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::nomenclature::{Nomenclature, naf_label};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;
use std::borrow::Cow;

use super::nom::{self, said};
use super::{is_closed, known};
use crate::dossier::{Chaine, Linked, Maillon};
use crate::record::{Record, at};

/// A code and its label, null when the nomenclature does not know the code.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Code<'row> {
    pub(crate) code: &'row str,
    pub(crate) libelle: Option<&'static str>,
}

impl<'row> Code<'row> {
    pub(crate) fn of(code: &'row str, nomenclature: Nomenclature) -> Self {
        Self {
            code,
            libelle: nomenclature.label(code),
        }
    }

    fn at(record: &'row Record, index: usize, nomenclature: Nomenclature) -> Option<Self> {
        Some(Self::of(record.text_at(index)?, nomenclature))
    }
}

/// An activity in the older NAF, with the version it is read in.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Naf<'row> {
    pub(crate) code: &'row str,
    pub(crate) libelle: Option<&'static str>,
    pub(crate) nomenclature: Option<&'row str>,
}

impl<'row> Naf<'row> {
    fn at(record: &'row Record, code: usize, nomenclature: usize) -> Option<Self> {
        let code = record.text_at(code)?;
        let nomenclature = record.text_at(nomenclature);
        Some(Self {
            code,
            libelle: nomenclature.and_then(|version| naf_label(version, code)),
            nomenclature,
        })
    }
}

/// A workforce band and the year it is of.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Effectifs<'row> {
    pub(crate) code: &'row str,
    pub(crate) libelle: Option<&'static str>,
    pub(crate) annee: Option<i64>,
}

impl<'row> Effectifs<'row> {
    fn at(record: &'row Record, tranche: usize, annee: usize) -> Option<Self> {
        let code = record.text_at(tranche)?;
        Some(Self {
            code,
            libelle: Nomenclature::TrancheEffectifs.label(code),
            annee: record.integer_at(annee),
        })
    }
}

/// The unit.
#[derive(Debug, Serialize)]
pub(crate) struct Unite<'row> {
    pub(crate) etat: Option<Code<'row>>,
    pub(crate) date_creation: Option<NaiveDate>,
    pub(crate) date_creation_inconnue: bool,
    pub(crate) date_debut: Option<NaiveDate>,
    pub(crate) date_cessation: Option<NaiveDate>,
    pub(crate) date_dernier_traitement: Option<NaiveDateTime>,
    pub(crate) purgee: bool,
    pub(crate) statut_diffusion: Option<Code<'row>>,
    pub(crate) activite_principale: Option<Naf<'row>>,
    pub(crate) activite_principale_naf25: Option<Code<'row>>,
    pub(crate) tranche_effectifs: Option<Effectifs<'row>>,
}

impl<'row> Unite<'row> {
    pub(crate) fn of(unite: &'row Record, ceased_since: Option<NaiveDate>) -> Self {
        let created = known(unite.date_at(at!(UNITE_LEGALE, "dateCreationUniteLegale")));
        Self {
            etat: Code::at(
                unite,
                at!(UNITE_LEGALE, "etatAdministratifUniteLegale"),
                Nomenclature::EtatUniteLegale,
            ),
            date_creation: created,
            date_creation_inconnue: created.is_none(),
            date_debut: known(unite.date_at(at!(UNITE_LEGALE, "dateDebut"))),
            date_cessation: known(ceased_since),
            date_dernier_traitement: unite
                .timestamp_at(at!(UNITE_LEGALE, "dateDernierTraitementUniteLegale")),
            purgee: unite.flag_at(at!(UNITE_LEGALE, "unitePurgeeUniteLegale")) == Some(true),
            statut_diffusion: Code::at(
                unite,
                at!(UNITE_LEGALE, "statutDiffusionUniteLegale"),
                Nomenclature::StatutDiffusion,
            ),
            activite_principale: Naf::at(
                unite,
                at!(UNITE_LEGALE, "activitePrincipaleUniteLegale"),
                at!(UNITE_LEGALE, "nomenclatureActivitePrincipaleUniteLegale"),
            ),
            activite_principale_naf25: Code::at(
                unite,
                at!(UNITE_LEGALE, "activitePrincipaleNAF25UniteLegale"),
                Nomenclature::Naf2025,
            ),
            tranche_effectifs: Effectifs::at(
                unite,
                at!(UNITE_LEGALE, "trancheEffectifsUniteLegale"),
                at!(UNITE_LEGALE, "anneeEffectifsUniteLegale"),
            ),
        }
    }
}

/// The établissement asked, or the siège.
#[derive(Debug, Serialize)]
pub(crate) struct Etablissement<'row> {
    pub(crate) etat: Option<Code<'row>>,
    pub(crate) date_creation: Option<NaiveDate>,
    pub(crate) date_creation_inconnue: bool,
    pub(crate) date_debut: Option<NaiveDate>,
    pub(crate) date_fermeture: Option<NaiveDate>,
    pub(crate) date_dernier_traitement: Option<NaiveDateTime>,
    pub(crate) statut_diffusion: Option<Code<'row>>,
    pub(crate) activite_principale: Option<Naf<'row>>,
    pub(crate) activite_principale_naf25: Option<Code<'row>>,
    pub(crate) tranche_effectifs: Option<Effectifs<'row>>,
}

impl<'row> Etablissement<'row> {
    /// `closed_since` is that of the établissement asked by its SIRET. Of a siège that was not asked,
    /// a closed one is dated by its current period.
    pub(crate) fn of(place: &'row Record, closed_since: Option<NaiveDate>) -> Self {
        let created = known(place.date_at(at!(ETABLISSEMENT, "dateCreationEtablissement")));
        let start = known(place.date_at(at!(ETABLISSEMENT, "dateDebut")));
        Self {
            etat: Code::at(
                place,
                at!(ETABLISSEMENT, "etatAdministratifEtablissement"),
                Nomenclature::EtatEtablissement,
            ),
            date_creation: created,
            date_creation_inconnue: created.is_none(),
            date_debut: start,
            date_fermeture: known(closed_since).or(start).filter(|_| is_closed(place)),
            date_dernier_traitement: place
                .timestamp_at(at!(ETABLISSEMENT, "dateDernierTraitementEtablissement")),
            statut_diffusion: Code::at(
                place,
                at!(ETABLISSEMENT, "statutDiffusionEtablissement"),
                Nomenclature::StatutDiffusion,
            ),
            activite_principale: Naf::at(
                place,
                at!(ETABLISSEMENT, "activitePrincipaleEtablissement"),
                at!(ETABLISSEMENT, "nomenclatureActivitePrincipaleEtablissement"),
            ),
            activite_principale_naf25: Code::at(
                place,
                at!(ETABLISSEMENT, "activitePrincipaleNAF25Etablissement"),
                Nomenclature::Naf2025,
            ),
            tranche_effectifs: Effectifs::at(
                place,
                at!(ETABLISSEMENT, "trancheEffectifsEtablissement"),
                at!(ETABLISSEMENT, "anneeEffectifsEtablissement"),
            ),
        }
    }
}

/// Where an établissement is, and how surely.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Coordonnees<'row> {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) x: Option<f64>,
    pub(crate) y: Option<f64>,
    pub(crate) epsg: Option<&'row str>,
    pub(crate) qualite: Option<Code<'row>>,
    pub(crate) precision: Option<f64>,
}

/// INSEE, « Géolocalisation des établissements du répertoire Sirene », variable `qualite_xy`.
fn qualite(code: &str) -> Option<&'static str> {
    Some(match code {
        "11" => "Voie sûre, numéro trouvé",
        "12" => "Voie sûre, position au hasard dans la voie",
        "21" => "Voie probable, numéro trouvé",
        "22" => "Voie probable, position au hasard dans la voie",
        "33" => "Voie inconnue, position au hasard dans la commune",
        _ => return None,
    })
}

impl<'row> Coordonnees<'row> {
    /// None when INSEE could not place it.
    pub(crate) fn of(place: &'row Record) -> Option<Self> {
        Some(Self {
            latitude: place.real_at(at!(ETABLISSEMENT, "y_latitude"))?,
            longitude: place.real_at(at!(ETABLISSEMENT, "x_longitude"))?,
            x: place.real_at(at!(ETABLISSEMENT, "x")),
            y: place.real_at(at!(ETABLISSEMENT, "y")),
            epsg: place.text_at(at!(ETABLISSEMENT, "epsg")),
            qualite: place
                .text_at(at!(ETABLISSEMENT, "qualite_xy"))
                .map(|code| Code {
                    code,
                    libelle: qualite(code),
                }),
            precision: place.real_at(at!(ETABLISSEMENT, "distance_precision")),
        })
    }
}

/// An association, and who says that it is the unit.
#[derive(Debug, Serialize)]
pub(crate) struct Association<'row> {
    pub(crate) id: Option<&'row str>,
    pub(crate) titre: Option<&'row str>,
    pub(crate) titre_court: Option<&'row str>,
    pub(crate) position: Option<Code<'row>>,
    pub(crate) date_creation: Option<NaiveDate>,
    pub(crate) date_dissolution: Option<NaiveDate>,
    pub(crate) siteweb: Option<&'row str>,
    pub(crate) provenance: Option<&'row str>,
    pub(crate) rang: Option<i64>,
}

impl<'row> Association<'row> {
    pub(crate) fn of(linked: &'row Linked) -> Self {
        let row = &linked.association;
        let lien = linked.lien.as_ref();
        Self {
            id: row.text_at(at!(ASSOCIATION, "id")),
            titre: said(row, at!(ASSOCIATION, "titre")),
            titre_court: said(row, at!(ASSOCIATION, "titre_court")),
            position: Code::at(
                row,
                at!(ASSOCIATION, "position"),
                Nomenclature::PositionAssociation,
            ),
            date_creation: known(row.date_at(at!(ASSOCIATION, "date_creat"))),
            date_dissolution: known(row.date_at(at!(ASSOCIATION, "date_disso"))),
            siteweb: said(row, at!(ASSOCIATION, "siteweb")),
            provenance: lien.and_then(|lien| lien.text_at(at!(LIEN_SIREN_RNA, "provenance"))),
            rang: lien.and_then(|lien| lien.integer_at(at!(LIEN_SIREN_RNA, "rang_association"))),
        }
    }
}

/// What took over from what is closed.
#[derive(Debug, Serialize)]
pub(crate) struct Succession<'row> {
    /// The open établissement at the end, if there is one.
    pub(crate) siret_actuel: Option<&'row str>,
    pub(crate) complete: bool,
    pub(crate) cycle: bool,
    successeurs: Vec<Successeur<'row>>,
}

/// One of them.
#[derive(Debug, Serialize)]
struct Successeur<'row> {
    siret: &'row str,
    siren: &'row str,
    date: Option<NaiveDate>,
    transfert_siege: Option<bool>,
    continuite_economique: Option<bool>,
    etat: Option<Code<'row>>,
    nom: Option<Cow<'row, str>>,
    autres: Vec<&'row str>,
}

impl<'row> Succession<'row> {
    pub(crate) fn of(chain: &'row Chaine) -> Self {
        Self {
            siret_actuel: chain.open_end().map(|last| last.siret.as_str()),
            complete: chain.complete,
            cycle: chain.cycle,
            successeurs: chain.maillons.iter().map(Successeur::of).collect(),
        }
    }
}

impl<'row> Successeur<'row> {
    fn of(maillon: &'row Maillon) -> Self {
        let place = maillon.etablissement.as_ref();
        let siret = maillon.siret.as_str();
        Self {
            siret,
            siren: &siret[..9],
            date: known(
                maillon
                    .lien
                    .date_at(at!(LIEN_SUCCESSION, "dateLienSuccession")),
            ),
            transfert_siege: maillon.lien.flag_at(at!(LIEN_SUCCESSION, "transfertSiege")),
            continuite_economique: maillon
                .lien
                .flag_at(at!(LIEN_SUCCESSION, "continuiteEconomique")),
            etat: place.and_then(|place| {
                Code::at(
                    place,
                    at!(ETABLISSEMENT, "etatAdministratifEtablissement"),
                    Nomenclature::EtatEtablissement,
                )
            }),
            nom: maillon
                .unite_legale
                .as_ref()
                .and_then(|unite| nom::of_unit(unite, place).nom),
            autres: maillon.autres.iter().map(Siret::as_str).collect(),
        }
    }
}
