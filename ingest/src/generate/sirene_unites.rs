//! Rows of `StockUniteLegale`.

use crate::generate::ecriture::{Jour, Tampon, ajouter_nombre};
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::lignes::LigneUnite;
use crate::generate::modele::Modele;
use crate::generate::noms;
use crate::generate::sirene::{activite, debut, effectifs, nommer, periodes, traitement};
use crate::generate::unites::{Etat, Personne, Unite};

/// Texts of a row, reused from one to the next.
#[derive(Debug, Default)]
pub struct Textes {
    nom: String,
    usage: String,
    sigle: String,
    usuelle: String,
    association: String,
}

/// Writes the row of a unit.
pub fn ecrire_unite(unite: &Unite, modele: &Modele, textes: &mut Textes, tampon: &mut Tampon) {
    let mut hasard = Hasard::new(unite.noms, Domaine::Nom, 1);
    let annee = modele.edition.annee();
    nommer(unite, modele, &mut textes.nom);
    textes.usage.clear();
    textes.sigle.clear();
    textes.usuelle.clear();
    textes.association.clear();
    let mut ligne = LigneUnite {
        siren: unite.siren,
        partielle: unite.partielle,
        physique: unite.physique(),
        purgee: unite.etat == Etat::Purgee,
        active: unite.etat == Etat::Active,
        nic_siege: unite.nic(unite.siege),
        ..LigneUnite::default()
    };
    match unite.personne {
        Personne::Physique(homme) => {
            ligne.categorie_juridique = "1000";
            ligne.sexe = if homme { "M" } else { "F" };
            for (rang, chance) in [10_000, 3500, 1800, 200].into_iter().enumerate() {
                if !hasard.chance(chance) {
                    break;
                }
                ligne.prenoms[rang] = noms::prenom(homme, &mut hasard);
            }
            if hasard.chance(if homme { 150 } else { 1600 }) {
                noms::nom(&mut textes.usage, &mut hasard);
            }
            if hasard.chance(60) {
                ligne.pseudonyme = "LE PSEUDONYME FICTIF";
            }
            ligne.nom = &textes.nom;
            ligne.nom_usage = &textes.usage;
        }
        Personne::Morale(forme) => {
            ligne.categorie_juridique = forme.categorie;
            if hasard.chance(1500) {
                noms::sigle(&mut textes.sigle, &textes.nom);
            }
            if unite.creation.annee() < 2008 && hasard.chance(500) {
                noms::enseigne(&mut textes.usuelle, &mut hasard);
            }
            identifiant_association(unite, modele, &mut textes.association, &mut hasard);
            ligne.denomination = &textes.nom;
            ligne.denomination_usuelle = &textes.usuelle;
            ligne.sigle = &textes.sigle;
            ligne.identifiant_association = &textes.association;
            ligne.economie_sociale = match forme.categorie {
                "9220" | "9260" | "9300" | "5458" => {
                    if hasard.chance(8000) {
                        "O"
                    } else {
                        ""
                    }
                }
                _ => match hasard.sous(1000) {
                    0..=3 => "O",
                    4..=30 => "N",
                    _ => "",
                },
            };
            ligne.mission = match hasard.sous(2000) {
                0..=1 if forme.categorie.starts_with('5') => "O",
                2..=60 if forme.categorie.starts_with('5') => "N",
                _ => "",
            };
        }
    }
    let activite = activite(unite.activite, unite.fin, modele, &mut hasard);
    ligne.activite = (activite.0.as_str(), activite.1, activite.2);

    ligne.creation = creation_connue(unite, &mut hasard);
    if let Some((_, date)) = modele
        .dates_impossibles
        .iter()
        .find(|(rang, _)| *rang == unite.rang)
    {
        ligne.creation = *date;
    }
    ligne.debut = debut(unite.creation, unite.fin, &mut hasard);
    if unite.etat == Etat::Purgee {
        ligne.periodes = 1;
        if hasard.chance(200) {
            ligne.debut = Jour::NUL;
        }
    } else {
        ligne.periodes = periodes(unite.creation, &mut hasard);
        ligne.traitement = traitement(modele.edition, &mut hasard);
        ligne.effectifs = effectifs(unite, annee);
        if unite.etat == Etat::Active && hasard.chance(if unite.physique() { 2600 } else { 5200 }) {
            let categorie = match ligne.effectifs.0 {
                "52" | "53" => "GE",
                "32" | "41" | "42" | "51" => "ETI",
                _ => "PME",
            };
            ligne.categorie_entreprise = (categorie, annee - 3);
        }
    }
    ligne.ecrire(tampon);
}

/// RNA number, or in Alsace-Moselle the court's volume and folio.
fn identifiant_association(
    unite: &Unite,
    modele: &Modele,
    texte: &mut String,
    hasard: &mut Hasard,
) {
    if let Some(association) = unite.association {
        texte.push_str(
            &modele
                .associations
                .id(association, modele.graine, |id| modele.reels.porte_l_id(id)),
        );
    } else if matches!(unite.personne, Personne::Morale(forme) if forme.categorie == "9260")
        && hasard.chance(6000)
    {
        ajouter_nombre(texte, hasard.entre(1, 399));
        texte.push('-');
        ajouter_nombre(texte, hasard.entre(1, 999));
    }
}

/// Unknown for one old unit in twelve; INSEE writes that as null once a unit is purged.
fn creation_connue(unite: &Unite, hasard: &mut Hasard) -> Jour {
    match unite.etat {
        Etat::Purgee if hasard.chance(2700) => Jour::NUL,
        Etat::Active | Etat::Cessee if unite.creation.annee() < 1990 && hasard.chance(800) => {
            Jour::INCONNU
        }
        _ => unite.creation,
    }
}
