//! One row of each SIRENE file, column by column in INSEE's order, and INSEE's masking rules.

use registre_schemas::diffusion::MASK;

use crate::generate::ecriture::{Horodatage, Jour, Tampon, ascii, chiffres};

/// What the activity columns hold: code, nomenclature, NAF 2025.
pub type Activite<'a> = (&'a str, &'a str, &'a str);

/// A row of `StockUniteLegale`; empty texts are null.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the register"
)]
pub struct LigneUnite<'a> {
    pub siren: u32,
    pub partielle: bool,
    pub physique: bool,
    pub purgee: bool,
    pub creation: Jour,
    pub sigle: &'a str,
    pub sexe: &'a str,
    pub prenoms: [&'a str; 4],
    pub pseudonyme: &'a str,
    pub identifiant_association: &'a str,
    /// Code and year.
    pub effectifs: (&'a str, u32),
    pub traitement: Horodatage,
    pub periodes: u32,
    /// Code and year.
    pub categorie_entreprise: (&'a str, u32),
    pub debut: Jour,
    pub active: bool,
    pub nom: &'a str,
    pub nom_usage: &'a str,
    pub denomination: &'a str,
    pub denomination_usuelle: &'a str,
    pub categorie_juridique: &'a str,
    pub activite: Activite<'a>,
    pub nic_siege: u32,
    pub economie_sociale: &'a str,
    pub mission: &'a str,
}

impl LigneUnite<'_> {
    /// Writes it. A `P` person shows none of its names; a `P` body keeps its denominations.
    pub fn ecrire(&self, tampon: &mut Tampon) {
        tampon.code(ascii(&chiffres::<9>(self.siren)));
        tampon.code(statut(self.partielle));
        tampon.code(if self.purgee { "true" } else { "" });
        tampon.jour(self.creation);
        if self.partielle {
            tampon.repete(MASK, 8);
        } else {
            tampon.texte(self.sigle);
            tampon.code(self.sexe);
            self.prenoms.iter().for_each(|prenom| tampon.code(prenom));
            tampon.code(self.prenoms[0]);
            tampon.texte(self.pseudonyme);
        }
        tampon.code(self.identifiant_association);
        tampon.code(self.effectifs.0);
        tampon.nombre(self.effectifs.1);
        tampon.horodatage(self.traitement, b'T');
        tampon.nombre(self.periodes);
        tampon.code(self.categorie_entreprise.0);
        tampon.nombre(self.categorie_entreprise.1);
        tampon.jour(self.debut);
        tampon.code(if self.active { "A" } else { "C" });
        if self.partielle {
            tampon.repete(MASK, 2);
        } else {
            tampon.texte(self.nom);
            tampon.texte(self.nom_usage);
        }
        if self.partielle && self.physique {
            tampon.repete(MASK, 4);
        } else {
            tampon.texte(self.denomination);
            tampon.texte(self.denomination_usuelle);
            tampon.vides(2);
        }
        tampon.code(self.categorie_juridique);
        tampon.code(self.activite.0);
        tampon.code(self.activite.1);
        tampon.code(ascii(&chiffres::<5>(self.nic_siege)));
        tampon.code(self.economie_sociale);
        tampon.code(self.mission);
        tampon.vides(1);
        tampon.code(self.activite.2);
        tampon.finir();
    }
}

/// Where an établissement is.
#[derive(Debug, Clone, Copy, Default)]
pub struct LigneAdresse<'a> {
    pub complement: &'a str,
    pub numero: &'a str,
    pub indice: &'a str,
    pub dernier_numero: u32,
    pub type_voie: &'a str,
    pub libelle_voie: &'a str,
    pub code_postal: &'a str,
    pub commune: &'a str,
    pub code_commune: &'a str,
    /// Code, country, town.
    pub etranger: (&'a str, &'a str, &'a str),
    pub identifiant: &'a str,
    pub abscisse: &'a str,
    pub ordonnee: &'a str,
}

/// A row of `StockEtablissement`; empty texts are null.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the register"
)]
pub struct LigneEtablissement<'a> {
    pub siren: u32,
    pub nic: u32,
    pub partielle: bool,
    pub physique: bool,
    pub creation: Jour,
    /// Code and year.
    pub effectifs: (&'a str, u32),
    pub registre_metiers: &'a str,
    pub traitement: Horodatage,
    pub siege: bool,
    pub periodes: u32,
    pub adresse: LigneAdresse<'a>,
    pub debut: Jour,
    pub actif: bool,
    pub enseignes: [&'a str; 2],
    pub denomination_usuelle: &'a str,
    pub activite: Activite<'a>,
    pub employeur: &'a str,
}

impl LigneEtablissement<'_> {
    /// Writes it. A `P` établissement shows its commune and its country, nothing finer.
    pub fn ecrire(&self, tampon: &mut Tampon) {
        let (siren, nic) = (chiffres::<9>(self.siren), chiffres::<5>(self.nic));
        tampon.code(ascii(&siren));
        tampon.code(ascii(&nic));
        tampon.octets.extend_from_slice(&siren);
        tampon.code(ascii(&nic));
        tampon.code(statut(self.partielle));
        tampon.jour(self.creation);
        tampon.code(self.effectifs.0);
        tampon.nombre(self.effectifs.1);
        tampon.code(self.registre_metiers);
        tampon.horodatage(self.traitement, b'T');
        tampon.code(if self.siege { "true" } else { "false" });
        tampon.nombre(self.periodes);
        if self.partielle {
            self.adresse.ecrire_masquee(tampon);
        } else {
            self.adresse.ecrire(tampon);
        }
        tampon.jour(self.debut);
        tampon.code(if self.actif { "A" } else { "F" });
        if self.partielle && self.physique {
            tampon.repete(MASK, 4);
        } else {
            tampon.texte(self.enseignes[0]);
            tampon.texte(self.enseignes[1]);
            tampon.vides(1);
            tampon.texte(self.denomination_usuelle);
        }
        tampon.code(self.activite.0);
        tampon.code(self.activite.1);
        tampon.code(self.employeur);
        tampon.code(self.activite.2);
        tampon.finir();
    }
}

impl LigneAdresse<'_> {
    fn ecrire(&self, tampon: &mut Tampon) {
        tampon.texte(self.complement);
        tampon.texte(self.numero);
        tampon.code(self.indice);
        tampon.nombre(self.dernier_numero);
        tampon.vides(1);
        tampon.code(self.type_voie);
        tampon.texte(self.libelle_voie);
        tampon.code(self.code_postal);
        tampon.code(self.commune);
        tampon.code(self.etranger.2);
        tampon.vides(1);
        tampon.code(self.code_commune);
        tampon.vides(2);
        tampon.code(self.etranger.0);
        tampon.code(self.etranger.1);
        tampon.code(self.identifiant);
        tampon.code(self.abscisse);
        tampon.code(self.ordonnee);
        tampon.vides(14);
    }

    fn ecrire_masquee(&self, tampon: &mut Tampon) {
        tampon.repete(MASK, 8);
        tampon.code(self.commune);
        tampon.code(self.etranger.2);
        tampon.code(MASK);
        tampon.code(self.code_commune);
        tampon.repete(MASK, 2);
        tampon.code(self.etranger.0);
        tampon.code(self.etranger.1);
        // Identifier, coordinates, then the second address up to its postcode.
        tampon.repete(MASK, 3 + 6);
        tampon.vides(2);
        tampon.code(MASK);
        tampon.vides(1);
        tampon.repete(MASK, 2);
        tampon.vides(2);
    }
}

fn statut(partielle: bool) -> &'static str {
    if partielle { "P" } else { "O" }
}
