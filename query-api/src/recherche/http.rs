//! `GET /v1/suggestions` and `GET /v1/recherche`.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use registre_schemas::identifiers::Siren;
use registre_schemas::nomenclature::{self, Nomenclature};
use registre_schemas::recherche::mots::Mots;
use serde::Serialize;
use std::collections::HashMap;

use super::correspondance::Noms;
use super::resume::Resume;
use super::{Autour, Cle, Comptes, Filtre, Page, Requete, Tri, trouve};
use crate::cache::InService;
use crate::catalog::Snapshot;
use crate::dossier::Dossier;
use crate::error::{ApiError, SHOWN};
use crate::handlers::json;
use crate::lookup::PeriodesOfSiren;
use crate::organisation::nom;
use crate::record::Record;

/// Suggestions, unless told, and at most.
const SUGGESTIONS: (usize, usize) = (8, 20);
/// Results of a page, unless told, and at most.
const LIMITE: (usize, usize) = (20, 100);
/// Kilometres around a point, unless told.
const RAYON: f64 = 5.0;
/// Results that can be reached by pages.
const ATTEINTS: usize = 10_000;
/// Characters of a text that are read.
const TEXTE: usize = 300;

#[derive(Serialize)]
struct Suggestions<'row> {
    suggestions: Vec<Resume<'row>>,
    donnees: crate::catalog::Donnees,
}

/// `GET /v1/suggestions?q=…&nombre=8`
pub(crate) async fn suggestions(
    Query(pairs): Query<Vec<(String, String)>>,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    let mut requete = Requete {
        en_cours: true,
        nombre: SUGGESTIONS.0,
        ..Requete::default()
    };
    for (place, (nom, valeur)) in pairs.iter().enumerate() {
        une_fois(&pairs[..place], nom, valeur)?;
        match nom.as_str() {
            "q" => requete.texte = Some(valeur.chars().take(TEXTE).collect()),
            "nombre" => requete.nombre = entier(nom, valeur, 1, SUGGESTIONS.1)?,
            _ => {
                return Err(invalide(
                    nom,
                    valeur,
                    "paramètre inconnu ; q et nombre sont admis",
                ));
            }
        }
    }
    let tapes = Mots::de(requete.texte.as_deref().unwrap_or_default());
    let (page, dossiers) = trouve(&snapshot, requete).await?;
    let anciens = anciens(&snapshot, &page, &dossiers, &tapes).await?;
    let answer = Suggestions {
        suggestions: resumes(&page, &dossiers, &anciens, &tapes),
        donnees: snapshot.donnees(),
    };
    json(StatusCode::OK, &answer)
}

#[derive(Serialize)]
struct Reponse<'row> {
    /// How many match, over all pages.
    total: u64,
    /// `false`: there are more than that.
    total_exact: bool,
    resultats: Vec<Resume<'row>>,
    /// Where the next page begins: the parameter `apres`.
    suivant: Option<usize>,
    facettes: Facettes,
    /// `false`: they count the first results, the largest, and not all.
    facettes_exactes: bool,
    donnees: crate::catalog::Donnees,
}

/// How many of each, the most frequent first, among those that were counted.
#[derive(Serialize)]
struct Facettes {
    sections: Vec<Facette>,
    activites: Vec<Facette>,
    categories_juridiques: Vec<Facette>,
    effectifs: Vec<Facette>,
    departements: Vec<Facette>,
}

#[derive(Serialize)]
struct Facette {
    code: String,
    libelle: Option<&'static str>,
    nombre: u64,
}

/// Values of a facet that are given.
const VALEURS: usize = 20;

impl Facettes {
    fn of(comptes: &Comptes) -> Self {
        let facette = |valeurs: Vec<(String, u64)>, libelle: fn(&str) -> Option<&'static str>| {
            let valeurs = valeurs.into_iter().take(VALEURS);
            let facettes = valeurs.map(|(code, nombre)| Facette {
                libelle: libelle(&code),
                code,
                nombre,
            });
            facettes.collect()
        };
        Self {
            sections: facette(comptes.sections(), nomenclature::naf_section_label),
            activites: facette(comptes.activites(), |code| Nomenclature::Naf.label(code)),
            categories_juridiques: facette(
                comptes.categories(),
                nomenclature::categorie_juridique_niveau_2,
            ),
            effectifs: facette(comptes.effectifs(), |code| {
                Nomenclature::TrancheEffectifs.label(code)
            }),
            departements: facette(comptes.departements(), nomenclature::departement_label),
        }
    }
}

/// `GET /v1/recherche`
pub(crate) async fn recherche(
    Query(pairs): Query<Vec<(String, String)>>,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    let requete = requete(&pairs)?;
    let (debut, nombre) = (requete.debut, requete.nombre);
    let tapes = Mots::de(requete.texte.as_deref().unwrap_or_default());
    let (page, dossiers) = trouve(&snapshot, requete).await?;
    let anciens = anciens(&snapshot, &page, &dossiers, &tapes).await?;
    let answer = Reponse {
        total: page.total,
        total_exact: page.total_exact,
        resultats: resumes(&page, &dossiers, &anciens, &tapes),
        suivant: page.suivante(debut, nombre).filter(|fin| *fin < ATTEINTS),
        facettes: Facettes::of(&page.comptes),
        facettes_exactes: page.total_exact && page.comptes.nombre() == page.total,
        donnees: snapshot.donnees(),
    };
    json(StatusCode::OK, &answer)
}

/// What the parameters ask.
pub(crate) fn requete(pairs: &[(String, String)]) -> Result<Requete, ApiError> {
    let mut requete = Requete {
        nombre: LIMITE.0,
        ..Requete::default()
    };
    let (mut creation, mut cessation) = ((None, None), (None, None));
    let (mut point, mut rayon) = ((None, None), RAYON);
    for (place, (nom, valeur)) in pairs.iter().enumerate() {
        une_fois(&pairs[..place], nom, valeur)?;
        match nom.as_str() {
            "q" => requete.texte = Some(valeur.chars().take(TEXTE).collect()),
            "limite" => requete.nombre = entier(nom, valeur, 1, LIMITE.1)?,
            "apres" => requete.debut = entier(nom, valeur, 0, ATTEINTS - 1)?,
            "tri" => {
                requete.tri = match valeur.as_str() {
                    "pertinence" => Tri::Pertinence,
                    "taille" => Tri::Taille,
                    "creation" => Tri::Creation,
                    "distance" => Tri::Distance,
                    _ => {
                        return Err(invalide(
                            nom,
                            valeur,
                            "pertinence, taille, creation ou distance est attendu",
                        ));
                    }
                };
            }
            "latitude" => point.0 = Some(reel(nom, valeur, -90.0, 90.0)?),
            "longitude" => point.1 = Some(reel(nom, valeur, -180.0, 180.0)?),
            "rayon" => rayon = reel(nom, valeur, 0.001, 50.0)?,
            "creation_apres" => creation.0 = Some(jour(nom, valeur)?),
            "creation_avant" => creation.1 = Some(jour(nom, valeur)?),
            "cessation_apres" => cessation.0 = Some(jour(nom, valeur)?),
            "cessation_avant" => cessation.1 = Some(jour(nom, valeur)?),
            _ => requete.filtres.push(filtre(nom, valeur)?),
        }
    }
    for (filtre, jours) in [
        (Filtre::Creation as fn(_, _) -> _, creation),
        (Filtre::Cessation, cessation),
    ] {
        if jours != (None, None) {
            requete.filtres.push(filtre(jours.0, jours.1));
        }
    }
    requete.autour = match point {
        (Some(latitude), Some(longitude)) => Some(Autour {
            latitude,
            longitude,
            rayon,
        }),
        (None, None) => None,
        _ => {
            return Err(invalide(
                "latitude",
                "",
                "latitude et longitude vont ensemble",
            ));
        }
    };
    if requete.tri == Tri::Distance && requete.autour.is_none() {
        return Err(invalide(
            "tri",
            "distance",
            "latitude et longitude sont attendues avec lui",
        ));
    }
    let texte = requete.texte.as_deref().unwrap_or_default();
    if texte.trim().is_empty() && requete.filtres.is_empty() && requete.autour.is_none() {
        return Err(invalide("q", texte, "un texte ou un filtre est attendu"));
    }
    Ok(requete)
}

/// The filters, by the name of their parameter.
fn filtre(nom: &str, valeur: &str) -> Result<Filtre, ApiError> {
    let liste = || -> Vec<String> {
        let codes = valeur
            .split(',')
            .map(str::trim)
            .filter(|code| !code.is_empty());
        codes.map(str::to_ascii_uppercase).collect()
    };
    let oui = || match valeur {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalide(nom, valeur, "true ou false est attendu")),
    };
    Ok(match nom {
        "activite_principale" => Filtre::Activite(liste()),
        "activite_principale_naf25" => Filtre::Activite2025(liste()),
        "section_activite_principale" => Filtre::Section(liste()),
        "categorie_juridique" => Filtre::CategorieJuridique(liste()),
        "categorie_entreprise" => Filtre::CategorieEntreprise(liste()),
        "tranche_effectifs" => Filtre::TrancheEffectifs(liste()),
        "commune" => Filtre::Commune(liste()),
        "epci" => Filtre::Epci(liste()),
        "code_postal" => Filtre::CodePostal(liste()),
        "departement" => Filtre::Departement(liste()),
        "region" => Filtre::Region(liste()),
        "etat" => Filtre::Actif(match valeur {
            "A" => true,
            "C" => false,
            _ => {
                return Err(invalide(
                    nom,
                    valeur,
                    "A (active) ou C (cessée) est attendu",
                ));
            }
        }),
        "ess" => Filtre::Ess(oui()?),
        "societe_mission" => Filtre::Mission(oui()?),
        "association" => Filtre::Association(oui()?),
        "entrepreneur_individuel" => Filtre::EntrepreneurIndividuel(oui()?),
        "administration" => Filtre::Administration(oui()?),
        "utilite_publique" => Filtre::UtilitePublique(oui()?),
        _ => {
            return Err(invalide(
                nom,
                valeur,
                "paramètre inconnu ; la documentation (/docs) les donne",
            ));
        }
    })
}

fn une_fois(avant: &[(String, String)], nom: &str, valeur: &str) -> Result<(), ApiError> {
    if avant.iter().any(|(deja, _)| deja == nom) {
        return Err(invalide(nom, valeur, "ce paramètre est donné deux fois"));
    }
    Ok(())
}

fn entier(nom: &str, valeur: &str, minimum: usize, maximum: usize) -> Result<usize, ApiError> {
    let entier = valeur.parse().ok();
    entier
        .filter(|entier| (minimum..=maximum).contains(entier))
        .ok_or_else(|| {
            let attendu = format!("un entier de {minimum} à {maximum} est attendu");
            invalide(nom, valeur, &attendu)
        })
}

fn reel(nom: &str, valeur: &str, minimum: f64, maximum: f64) -> Result<f64, ApiError> {
    let reel = valeur.parse().ok();
    reel.filter(|reel| (minimum..=maximum).contains(reel))
        .ok_or_else(|| {
            let attendu = format!("un nombre de {minimum} à {maximum} est attendu");
            invalide(nom, valeur, &attendu)
        })
}

fn jour(nom: &str, valeur: &str) -> Result<NaiveDate, ApiError> {
    valeur
        .parse()
        .map_err(|_not_a_day| invalide(nom, valeur, "un jour est attendu, AAAA-MM-JJ"))
}

fn invalide(nom: &str, valeur: &str, attendu: &str) -> ApiError {
    ApiError::Parametre {
        nom: nom.chars().take(SHOWN).collect(),
        valeur: valeur.chars().take(SHOWN).collect(),
        attendu: attendu.to_owned(),
    }
}

/// Periods of the units whose other names do not say why they were found.
type Anciens = HashMap<Siren, Vec<Record>>;

async fn anciens(
    snapshot: &Snapshot,
    page: &Page,
    dossiers: &[Dossier],
    tapes: &Mots,
) -> Result<Anciens, ApiError> {
    let mut anciens = Anciens::new();
    for (trouve, dossier) in page.trouves.iter().zip(dossiers) {
        let (Cle::Siren(siren), Some(unite)) = (&trouve.cle, &dossier.unite_legale) else {
            continue;
        };
        let nom = nom::of_unit(unite, dossier.siege()).nom;
        if nom.is_none_or(|nom| Noms::of(dossier, &[]).suffisent(&nom, tapes)) {
            continue;
        }
        let periodes = snapshot.ask(PeriodesOfSiren(*siren)).await?;
        anciens.insert(*siren, periodes.unwrap_or_default());
    }
    Ok(anciens)
}

/// Positions are those of addresses: less than a metre says nothing.
fn au_metre(kilometres: f64) -> f64 {
    (kilometres * 1000.0).round() / 1000.0
}

fn resumes<'row>(
    page: &Page,
    dossiers: &'row [Dossier],
    anciens: &'row Anciens,
    tapes: &Mots,
) -> Vec<Resume<'row>> {
    page.trouves
        .iter()
        .zip(dossiers)
        .filter_map(|(trouve, dossier)| {
            let periodes = match &trouve.cle {
                Cle::Siren(siren) => anciens.get(siren).map_or(&[][..], Vec::as_slice),
                Cle::Rna(_) => &[],
            };
            let resume = Resume::of(&trouve.cle, dossier, periodes, tapes)?;
            Some(Resume {
                distance_km: trouve.distance.map(au_metre),
                ..resume
            })
        })
        .collect()
}
