//! All there is to draw from, and the few units that have something no draw gives.

use crate::error::IngestError;
use crate::generate::activites::Activites;
use crate::generate::adresses::Adresses;
use crate::generate::associations::Associations;
use crate::generate::ecriture::Jour;
use crate::generate::organismes::{Organismes, nics_de_la_poste};
use crate::generate::unites::{Etat, Unite};

/// Établissements per unité légale of a generated register, on average, measured.
const MOYENNE: f64 = 1.47;

/// All there is to draw from.
#[derive(Debug)]
pub struct Modele {
    /// The seed.
    pub graine: u64,
    /// How many units are made up.
    pub unites: u64,
    /// The day of the edition.
    pub edition: Jour,
    /// What is real.
    pub reels: Organismes,
    /// La Poste's NIC.
    pub postes: Vec<u32>,
    /// Where things are.
    pub adresses: Adresses,
    /// What units do.
    pub activites: Activites,
    /// The RNA.
    pub associations: Associations,
    /// Pairs (doublon, unit of reference), in order of the first.
    pub doublons: Vec<(u64, u64)>,
    /// Three ceased units that succeed one another in a circle.
    pub cycle: Option<[u64; 3]>,
    /// The two units with an impossible date of creation.
    pub dates_impossibles: [(u64, Jour); 2],
}

impl Modele {
    /// Everything that is needed to write `etablissements` rows, about.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of units, far below 2^52"
    )]
    pub fn new(graine: u64, etablissements: u64, edition: Jour) -> Result<Self, IngestError> {
        let reels = Organismes::lire()?;
        let postes = nics_de_la_poste(etablissements);
        let fictifs = etablissements.saturating_sub((reels.unites.len() + postes.len()) as u64);
        let unites = ((fictifs as f64 / MOYENNE) as u64).max(200);
        let adresses = Adresses::lire()?;
        let associations = Associations::new(etablissements, unites, &adresses);
        let mut modele = Self {
            graine,
            unites,
            edition,
            reels,
            postes,
            adresses,
            activites: Activites::lire(),
            associations,
            doublons: Vec::new(),
            cycle: None,
            dates_impossibles: [(u64::MAX, Jour::NUL); 2],
        };
        modele.marquer();
        Ok(modele)
    }

    /// Picks the units that have something no draw gives.
    fn marquer(&mut self) {
        let apres = |debut: u64, voulu: &dyn Fn(&Unite) -> bool| {
            (debut..self.unites)
                .map(|rang| self.brute(rang))
                .find(voulu)
                .map(|unite| unite.rang)
        };
        let libre = |unite: &Unite| {
            unite.association.is_none() && unite.etat == Etat::Active && !unite.partielle
        };
        let ancienne = apres(self.unites / 3, &libre).unwrap_or(u64::MAX);
        let future = apres(self.unites / 3 * 2, &libre).unwrap_or(u64::MAX);
        let cessee = |unite: &Unite| unite.etat == Etat::Cessee && unite.etranger.is_none();
        let mut cycle = Vec::new();
        while cycle.len() < 3 {
            let Some(rang) = apres(
                cycle.last().map_or(self.unites / 2, |rang| rang + 1),
                &cessee,
            ) else {
                break;
            };
            cycle.push(rang);
        }
        let cycle: Option<[u64; 3]> = cycle.try_into().ok();
        let nombre = (self.unites / 10_000).max(12);
        let mut doublons: Vec<(u64, u64)> = (0..nombre)
            .filter_map(|rang| {
                let reference = apres(rang * self.unites / nombre, &libre)?;
                let physique = self.brute(reference).physique();
                let double = |unite: &Unite| {
                    let dans_le_cycle = cycle.is_some_and(|cycle| cycle.contains(&unite.rang));
                    cessee(unite)
                        && unite.physique() == physique
                        && unite.association.is_none()
                        && !dans_le_cycle
                };
                Some((apres(reference + 1, &double)?, reference))
            })
            .collect();
        doublons.sort_unstable();
        doublons.dedup_by_key(|(double, _)| *double);
        self.doublons = doublons;
        self.cycle = cycle;
        self.dates_impossibles = [
            (ancienne, Jour::new(4, 12, 1)),
            (future, Jour::new(2218, 1, 1)),
        ];
    }

    /// The unit of that rank, below [`Self::unites`].
    #[must_use]
    pub fn unite(&self, rang: u64) -> Unite {
        let mut unite = self.brute(rang);
        // The same person registered twice has the same name.
        if let Ok(place) = self
            .doublons
            .binary_search_by_key(&rang, |(double, _)| *double)
        {
            let reference = self.brute(self.doublons[place].1);
            unite.personne = reference.personne;
            unite.noms = reference.noms;
            unite.partielle = reference.partielle;
        }
        unite
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doublon_is_ceased_and_has_its_twins_name() {
        let modele = Modele::new(42, 30_000, Jour::new(2026, 11, 1)).unwrap();
        assert!(modele.doublons.len() >= 12);
        for (double, reference) in &modele.doublons {
            let (double, reference) = (modele.unite(*double), modele.unite(*reference));
            assert_eq!((double.etat, reference.etat), (Etat::Cessee, Etat::Active));
            assert_eq!(double.noms, reference.noms);
        }
    }
}
