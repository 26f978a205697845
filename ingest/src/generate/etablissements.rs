//! The établissements of a unit, one by one: a siège that moved leaves closed ones behind.

use crate::generate::ecriture::Jour;
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::modele::Modele;
use crate::generate::unites::{Etat, Unite, cle, somme_luhn};

/// An établissement.
#[derive(Debug, Clone, Copy)]
pub struct Etablissement {
    /// Its place among its unit's.
    pub rang: u32,
    /// Whether it is the siège.
    pub siege: bool,
    /// Whether it is at work.
    pub actif: bool,
    /// When it was created.
    pub creation: Jour,
    /// When it closed; null while active.
    pub fin: Jour,
    /// Where it is.
    pub commune: u16,
}

impl Unite {
    /// The NIC of an établissement of that rank: four digits in order of creation and a Luhn key.
    #[must_use]
    pub fn nic(&self, rang: u32) -> u32 {
        let ordre = rang + 1;
        ordre * 10 + cle(somme_luhn(ordre, 4, true) + somme_luhn(self.siren, 9, true))
    }

    /// Where the draws of one of its établissements start.
    #[must_use]
    pub fn sequence(&self, graine: u64, domaine: Domaine, rang: u32) -> Hasard {
        Hasard::new(graine, domaine, (self.rang << 16) + u64::from(rang))
    }

    /// When an établissement was created: evenly spread over the unit's life.
    fn creation_de(&self, rang: u32, edition: Jour) -> Jour {
        if rang == 0 {
            return self.creation;
        }
        let fin = if self.fin == Jour::NUL {
            edition
        } else {
            self.fin
        };
        let (debut, duree) = (
            self.creation.mois(),
            fin.mois().saturating_sub(self.creation.mois()),
        );
        let place = u64::from(duree) * u64::from(rang) / u64::from(self.etablissements);
        Jour::du_mois(
            debut + u32::try_from(place).unwrap_or(0),
            1 + (self.siren / 10 + rang) % 28,
        )
        .clamp(self.creation, fin.max(self.creation))
    }

    /// The établissement of that rank.
    #[must_use]
    pub fn etablissement(&self, rang: u32, modele: &Modele) -> Etablissement {
        let siege = rang == self.siege;
        let creation = self.creation_de(rang, modele.edition);
        let mut hasard = self.sequence(modele.graine, Domaine::Etablissement, rang);
        // A large unit keeps several doors open, a small one has moved.
        let secondaire = if self.etablissements > 4 { 3200 } else { 800 };
        let actif = self.etat == Etat::Active && (siege || hasard.chance(secondaire));
        let fin = match () {
            () if actif => Jour::NUL,
            () if !siege && rang + 1 < self.etablissements => {
                self.creation_de(rang + 1, modele.edition).max(creation)
            }
            () if self.fin != Jour::NUL => self.fin,
            // The last one of an active unit whose siège is elsewhere.
            () => Jour::du_mois(creation.mois().midpoint(modele.edition.mois()), 15).max(creation),
        };
        let commune = match hasard.sous(10) {
            _ if siege => self.commune,
            0..=5 => self.commune,
            6..=7 => modele.adresses.voisine(self.commune, &mut hasard),
            _ => modele.adresses.tirer(&mut hasard),
        };
        Etablissement {
            rang,
            siege,
            actif,
            creation,
            fin,
            commune,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::identifiers::Siret;

    #[test]
    fn sirets_are_valid_one_is_the_siege_and_nothing_closes_before_it_opens() {
        let modele = Modele::new(7, 30_000, Jour::new(2026, 11, 1)).unwrap();
        let (mut total, mut actifs) = (0, 0);
        for unite in (0..modele.unites).map(|rang| modele.unite(rang)) {
            let tous: Vec<_> = (0..unite.etablissements)
                .map(|rang| unite.etablissement(rang, &modele))
                .collect();
            assert_eq!(
                tous.iter()
                    .filter(|etablissement| etablissement.siege)
                    .count(),
                1
            );
            for etablissement in &tous {
                let siret = format!("{:09}{:05}", unite.siren, unite.nic(etablissement.rang));
                assert!(siret.parse::<Siret>().is_ok(), "{siret}");
                assert!(
                    etablissement.actif || etablissement.fin >= etablissement.creation,
                    "{unite:?} {etablissement:?}"
                );
                assert!(unite.etat == Etat::Active || !etablissement.actif);
            }
            total += tous.len();
            actifs += tous
                .iter()
                .filter(|etablissement| etablissement.actif)
                .count();
        }
        assert!((28_000..31_000).contains(&total), "{total}");
        assert!(
            (360..400).contains(&(actifs * 1000 / total)),
            "{actifs} of {total}"
        );
    }
}
