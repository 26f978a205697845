//! Rows of `StockEtablissement`.

use crate::generate::adresses::{ETRANGER, Ligne, coordonnees};
use crate::generate::ecriture::{Jour, Tampon, ajouter_nombre, ascii, chiffres};
use crate::generate::etablissements::Etablissement;
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::lignes::{LigneAdresse, LigneEtablissement};
use crate::generate::modele::Modele;
use crate::generate::noms;
use crate::generate::sirene::{activite, debut, effectifs, periodes, traitement};
use crate::generate::unites::{Etat, Unite};

/// Texts of an address, reused from one row to the next.
#[derive(Debug, Default)]
struct TextesAdresse {
    complement: String,
    numero: String,
    identifiant: String,
    abscisse: String,
    ordonnee: String,
}

/// Texts of a row, reused from one to the next.
#[derive(Debug, Default)]
pub struct Textes {
    adresse: TextesAdresse,
    enseigne: String,
    seconde: String,
    usuelle: String,
    metiers: String,
}

/// The address of an établissement; nothing but country and town abroad. Purged units lost theirs
/// one time in three.
fn adresse<'a>(
    unite: &Unite,
    etablissement: &Etablissement,
    modele: &'a Modele,
    hasard: &mut Hasard,
    textes: &'a mut TextesAdresse,
) -> LigneAdresse<'a> {
    let ligne = Ligne::tirer(hasard);
    for texte in [
        &mut textes.complement,
        &mut textes.numero,
        &mut textes.identifiant,
        &mut textes.abscisse,
        &mut textes.ordonnee,
    ] {
        texte.clear();
    }
    if let Some(pays) = unite.etranger {
        let (code, pays, ville, code_postal) = ETRANGER[usize::from(pays)];
        ajouter_nombre(&mut textes.numero, ligne.numero.max(1));
        return LigneAdresse {
            numero: &textes.numero,
            libelle_voie: "EXEMPLE STREET",
            code_postal,
            etranger: (code, pays, ville),
            ..LigneAdresse::default()
        };
    }
    let commune = modele.adresses.commune(etablissement.commune);
    let lieu = LigneAdresse {
        code_postal: &commune.code_postal,
        commune: &commune.libelle_insee,
        code_commune: &commune.code,
        ..LigneAdresse::default()
    };
    if unite.etat == Etat::Purgee && hasard.chance(3300) {
        return lieu;
    }
    if let Some((mot, nombre)) = ligne.complement {
        textes.complement.push_str(mot);
        ajouter_nombre(&mut textes.complement, nombre);
    }
    if ligne.numero > 0 {
        ajouter_nombre(&mut textes.numero, ligne.numero);
    }
    // INSEE matches addresses with the BAN: most of the active ones by now, few of the old. Then
    // the street has its full type, and the town no longer its arrondissement.
    let (mut type_voie, mut ville) = (ligne.type_voie.0, commune.libelle_insee.as_str());
    if hasard.chance(if etablissement.actif { 8200 } else { 2400 })
        && let Some((x, y)) = coordonnees(&commune.code, hasard)
    {
        textes.identifiant.push_str(&commune.code);
        textes
            .identifiant
            .push_str(ascii(&chiffres::<4>(hasard.entre(1, 9999))));
        textes.identifiant.push_str("_B");
        for (texte, valeur) in [(&mut textes.abscisse, x), (&mut textes.ordonnee, y)] {
            ajouter_nombre(texte, u32::try_from(valeur / 100).unwrap_or(0));
            texte.push('.');
            texte.push_str(ascii(&chiffres::<2>(
                u32::try_from(valeur % 100).unwrap_or(0),
            )));
        }
        (type_voie, ville) = (ligne.type_voie.1, &commune.libelle_poste);
    }
    LigneAdresse {
        complement: &textes.complement,
        numero: &textes.numero,
        indice: ligne.indice,
        dernier_numero: ligne.dernier_numero,
        type_voie,
        libelle_voie: ligne.voie.0,
        commune: ville,
        identifiant: &textes.identifiant,
        abscisse: &textes.abscisse,
        ordonnee: &textes.ordonnee,
        ..lieu
    }
}

/// Writes the row of an établissement.
pub fn ecrire_etablissement(
    unite: &Unite,
    etablissement: &Etablissement,
    modele: &Modele,
    textes: &mut Textes,
    tampon: &mut Tampon,
) {
    let mut hasard = unite.sequence(modele.graine, Domaine::Adresse, etablissement.rang);
    let adresse = adresse(
        unite,
        etablissement,
        modele,
        &mut hasard,
        &mut textes.adresse,
    );
    let annee = modele.edition.annee();
    textes.metiers.clear();
    let rang = if hasard.chance(9200) {
        unite.activite
    } else {
        modele.activites.tirer(&mut hasard)
    };
    let activite = activite(rang, etablissement.fin, modele, &mut hasard);
    if unite.physique() && activite.1 == "NAFRev2" && hasard.chance(900) {
        let code = activite.0.as_str();
        textes
            .metiers
            .extend(code.chars().filter(|lettre| *lettre != '.'));
        textes.metiers.push(char::from(hasard.choix(b"ABDPZ")));
    }
    textes.enseigne.clear();
    textes.seconde.clear();
    textes.usuelle.clear();
    if hasard.chance(if etablissement.actif { 1500 } else { 1900 }) {
        noms::enseigne(&mut textes.enseigne, &mut hasard);
        if hasard.chance(900) {
            noms::enseigne(&mut textes.seconde, &mut hasard);
        }
    }
    if etablissement.creation.annee() >= 2008 && hasard.chance(2200) {
        noms::enseigne(&mut textes.usuelle, &mut hasard);
    }
    let effectifs = if !etablissement.actif {
        ("", 0)
    } else if etablissement.siege {
        effectifs(unite, annee)
    } else {
        (["NN", "", "01", "02", "11"][hasard.sous(5) as usize], 0)
    };
    let salaries = !matches!(effectifs.0, "" | "NN" | "00");
    let inconnue = unite.creation.annee() < 1990
        && etablissement.rang == 0
        && hasard.chance(if etablissement.actif { 500 } else { 4000 });
    LigneEtablissement {
        siren: unite.siren,
        nic: unite.nic(etablissement.rang),
        partielle: unite.partielle,
        physique: unite.physique(),
        creation: if inconnue {
            Jour::INCONNU
        } else {
            etablissement.creation
        },
        effectifs: (
            effectifs.0,
            if salaries {
                effectifs.1.max(annee - 3)
            } else {
                0
            },
        ),
        registre_metiers: &textes.metiers,
        traitement: traitement(modele.edition, &mut hasard),
        siege: etablissement.siege,
        periodes: if unite.etat == Etat::Purgee {
            1
        } else {
            periodes(etablissement.creation, &mut hasard)
        },
        adresse,
        debut: debut(etablissement.creation, etablissement.fin, &mut hasard),
        actif: etablissement.actif,
        enseignes: [&textes.enseigne, &textes.seconde],
        denomination_usuelle: &textes.usuelle,
        activite: (activite.0.as_str(), activite.1, activite.2),
        employeur: if salaries { "O" } else { "N" },
    }
    .ecrire(tampon);
}
