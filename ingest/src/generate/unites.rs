//! The unités légales that do not exist: everything about the n-th one follows from the seed and
//! from n, in constant time. Files are written by replaying it, links and associations point at it.

use crate::generate::adresses::ETRANGER;
use crate::generate::ecriture::Jour;
use crate::generate::formes::{self, Forme};
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::modele::Modele;

/// First eight digits of the SIREN given out: old numbers, then 300 to 999. Numbers in 1 and 2 are
/// those of the State and the collectivités: only real bodies carry them here.
const PREFIXES: [(u64, u64); 2] = [(500_000, 5_000_000), (30_000_000, 70_000_000)];

/// What a unit has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etat {
    /// At work.
    Active,
    /// Ceased, its history kept.
    Cessee,
    /// Ceased before 2002-12-31, and its history dropped.
    Purgee,
}

/// Who a unit is.
#[derive(Debug, Clone, Copy)]
pub enum Personne {
    /// A person, `true` for a man.
    Physique(bool),
    /// A body of that form.
    Morale(Forme),
}

/// A legal unit.
#[derive(Debug, Clone, Copy)]
pub struct Unite {
    /// Its place among the generated ones.
    pub rang: u64,
    /// Nine digits.
    pub siren: u32,
    /// What it has become.
    pub etat: Etat,
    /// Who it is.
    pub personne: Personne,
    /// Whether it asked to be hidden.
    pub partielle: bool,
    /// Its activity.
    pub activite: u16,
    /// When it was created.
    pub creation: Jour,
    /// When it ceased; null while active.
    pub fin: Jour,
    /// How many établissements it has had.
    pub etablissements: u32,
    /// Which of them is the siège.
    pub siege: u32,
    /// Commune of the siège.
    pub commune: u16,
    /// Abroad instead, in [`ETRANGER`].
    pub etranger: Option<u8>,
    /// Its association, when the RNA knows it.
    pub association: Option<u64>,
    /// Seed of its names: a doublon has its twin's.
    pub noms: u64,
}

impl Unite {
    /// Whether it is a person.
    #[must_use]
    pub fn physique(&self) -> bool {
        matches!(self.personne, Personne::Physique(_))
    }
}

#[rustfmt::skip]
/// By first digit of the SIREN: years of creation, then how many out of ten thousand are active, or
/// ceased and purged. Numbers are given out in order, so age goes with the number.
const EPOQUES: [(u32, u32, u32, u32); 10] = [
    (1950, 1972, 900, 6000), (0, 0, 0, 0), (0, 0, 0, 0), (1973, 1985, 2500, 3600), (1985, 2000, 3900, 1600),
    (2000, 2012, 5200, 0), (1955, 1990, 4100, 2700), (1990, 2010, 5200, 900), (2011, 2019, 7300, 0), (2019, 2026, 9000, 0),
];

impl Modele {
    /// The unit of that rank, before what [`Self::unite`] adds.
    #[must_use]
    pub fn brute(&self, rang: u64) -> Unite {
        let siren = self.siren(rang);
        let mut hasard = Hasard::new(self.graine, Domaine::Unite, rang);
        let (premiere, derniere, actives, purgees) = EPOQUES[(siren / 100_000_000) as usize];
        let association = self.associations.de_l_unite(rang);

        let annee = hasard.entre(premiere, derniere.min(self.edition.annee()));
        let creation = Jour::dans(annee, &mut hasard).passe(self.edition);
        let annee = creation.annee();
        let tirage = hasard.sous(10_000);
        let etat = match () {
            () if annee >= self.edition.annee() => Etat::Active,
            () if association.is_some() => {
                if tirage < 7500 {
                    Etat::Active
                } else {
                    Etat::Cessee
                }
            }
            () if tirage < actives => Etat::Active,
            () if tirage >= 10_000 - purgees && annee < 2001 => Etat::Purgee,
            () => Etat::Cessee,
        };
        let fin = self.fin(etat, creation, &mut hasard);

        let physique = association.is_none() && hasard.chance(5760);
        let mut personne = if physique {
            Personne::Physique(hasard.chance(6000))
        } else {
            Personne::Morale(formes::forme_de(hasard.sous(1000)))
        };
        if association.is_some() {
            personne = Personne::Morale(formes::ASSOCIATION);
        }
        let partielle = etat != Etat::Purgee && hasard.chance(if physique { 1500 } else { 60 });
        let (droit_local, etrangere, activite_imposee) = match personne {
            Personne::Morale(forme) => (
                forme.categorie == "9260",
                forme.categorie == "3120",
                forme.activite,
            ),
            Personne::Physique(_) => (false, false, None),
        };
        let activite = match activite_imposee {
            Some(code) if hasard.chance(8500) => self.activites.rang(code),
            _ => self.activites.tirer(&mut hasard),
        };
        let abroad = association.is_none() && !droit_local && (etrangere || hasard.chance(40));
        let etranger = abroad.then(|| {
            u8::try_from(hasard.sous(ETRANGER.len().try_into().unwrap_or(1))).unwrap_or(0)
        });
        let commune = match association {
            Some(association) => {
                self.associations
                    .commune(association, self.graine, &self.adresses)
            }
            None if droit_local => {
                let cases: Vec<_> = self.adresses.cases_de(&["57", "67", "68"]).collect();
                self.adresses.tirer_dans(hasard.choix(&cases), &mut hasard)
            }
            None => self.adresses.tirer(&mut hasard),
        };
        let etablissements = if etranger.is_some() {
            1
        } else {
            nombre_d_etablissements(rang, etat, physique, &mut hasard)
        };
        let siege = match etablissements {
            0..=4 => etablissements - 1,
            _ if hasard.chance(5000) => etablissements - 1,
            _ => hasard.sous(etablissements),
        };
        Unite {
            rang,
            siren,
            etat,
            personne,
            partielle,
            activite,
            creation,
            fin,
            etablissements,
            siege,
            commune,
            etranger,
            association,
            noms: hasard.suivant(),
        }
    }

    /// When a unit created on that day ceased; null while active.
    fn fin(&self, etat: Etat, creation: Jour, hasard: &mut Hasard) -> Jour {
        let annee = creation.annee();
        match etat {
            Etat::Active => Jour::NUL,
            Etat::Purgee => fin_ancienne(annee, hasard),
            // Closures grow more frequent with the years: the later of two draws.
            Etat::Cessee => {
                let borne = (annee + 1).max(2003).min(self.edition.annee());
                let derniere = (self.edition.annee() - 1).max(borne);
                let fin = hasard
                    .entre(borne, derniere)
                    .max(hasard.entre(borne, derniere));
                Jour::dans(fin, hasard).passe(self.edition).max(creation)
            }
        }
    }

    /// A SIREN of the unit's own slot: numbers grow with the rank, and none is a real body's.
    #[expect(clippy::cast_possible_truncation, reason = "eight digits")]
    fn siren(&self, rang: u64) -> u32 {
        let total: u64 = PREFIXES.iter().map(|(_, nombre)| nombre).sum();
        let (debut, fin) = (rang * total / self.unites, (rang + 1) * total / self.unites);
        let largeur = (fin - debut).max(1);
        let saut = Hasard::new(self.graine, Domaine::Siren, rang).suivant() % largeur;
        let candidats = (0..largeur).map(|essai| {
            let place = debut + (saut + essai) % largeur;
            let (premier, deuxieme) = (PREFIXES[0], PREFIXES[1]);
            if place < premier.1 {
                premier.0 + place
            } else {
                deuxieme.0 + place - premier.1
            }
        });
        let mut prefixe = 0;
        for candidat in candidats {
            prefixe = candidat as u32;
            if !self.reels.porte_le_prefixe(prefixe) {
                break;
            }
        }
        prefixe * 10 + cle(somme_luhn(prefixe, 8, true))
    }
}

/// Units purged of their history ceased between 1973 and 2002, often on the day INSEE cleaned up.
fn fin_ancienne(annee: u32, hasard: &mut Hasard) -> Jour {
    let fin = hasard.entre((annee + 1).max(1975), 2001);
    if hasard.chance(2500) {
        Jour::new(fin, 12, 25)
    } else {
        Jour::dans(fin, hasard)
    }
}

/// Most units have one établissement, a few have hundreds. The rank itself is spread over the
/// distribution (a golden-ratio sequence), so that any register comes out near its average.
fn nombre_d_etablissements(rang: u64, etat: Etat, physique: bool, hasard: &mut Hasard) -> u32 {
    let part = rang.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let tirage = ((part * 1_000_000) >> 32) as u32;
    if etat == Etat::Purgee {
        return if tirage < 300 { 2 } else { 1 };
    }
    let nombre = match tirage {
        0..=759_999 => 1,
        760_000..=898_999 => 2,
        899_000..=949_999 => 3,
        950_000..=971_999 => 4,
        972_000..=992_999 => hasard.entre(5, 9),
        993_000..=998_399 => hasard.entre(10, 29),
        998_400..=999_849 => hasard.entre(30, 99),
        _ => {
            let haut = 120 + hasard.sous(780);
            hasard.entre(100, haut)
        }
    };
    if physique && nombre > 9 {
        nombre % 9 + 1
    } else {
        nombre
    }
}

/// Luhn sum of the last `chiffres` digits of a number; `double` tells whether the last is doubled.
pub fn somme_luhn(mut nombre: u32, chiffres: u32, mut double: bool) -> u32 {
    let mut somme = 0;
    for _ in 0..chiffres {
        let chiffre = (nombre % 10) << u32::from(double);
        somme += if chiffre > 9 { chiffre - 9 } else { chiffre };
        nombre /= 10;
        double = !double;
    }
    somme
}

/// The digit that completes a Luhn sum.
pub const fn cle(somme: u32) -> u32 {
    (10 - somme % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::identifiers::Siren;

    fn modele(etablissements: u64) -> Modele {
        Modele::new(42, etablissements, Jour::new(2026, 11, 1)).unwrap()
    }

    #[test]
    fn sirens_grow_are_valid_and_none_is_real() {
        let modele = modele(30_000);
        let reels: Vec<u32> = modele
            .reels
            .unites
            .iter()
            .map(|unite| unite.siren.parse().unwrap())
            .collect();
        let mut precedent = 0;
        for rang in 0..modele.unites {
            let siren = modele.unite(rang).siren;
            assert!(siren > precedent && !reels.contains(&siren));
            assert!(format!("{siren:09}").parse::<Siren>().is_ok(), "{siren}");
            precedent = siren;
        }
    }

    #[test]
    fn a_national_register_still_leaves_room_between_sirens() {
        let modele = modele(44_000_000);
        let milieu = modele.unites / 2;
        assert!((milieu..milieu + 5000).all(|rang| modele.siren(rang) < modele.siren(rang + 1)));
    }

    #[test]
    fn shares_are_those_of_the_register() {
        let modele = modele(60_000);
        let unites: Vec<Unite> = (0..modele.unites).map(|rang| modele.unite(rang)).collect();
        let part = |voulue: &dyn Fn(&Unite) -> bool| {
            unites.iter().filter(|u| voulue(u)).count() * 1000 / unites.len()
        };
        assert!((540..590).contains(&part(&|u| u.physique())));
        assert!(
            (110..150).contains(&part(&|u| u.etat == Etat::Purgee)),
            "{}",
            part(&|u| u.etat == Etat::Purgee)
        );
        assert!(
            (470..540).contains(&part(&|u| u.etat == Etat::Active)),
            "{}",
            part(&|u| u.etat == Etat::Active)
        );
    }
}
