//! All there is to draw from, and the few units that have something no draw gives.

use crate::error::IngestError;
use crate::generate::addresses::Communes;
use crate::generate::associations::Associations;
use crate::generate::buffer::Day;
use crate::generate::nomenclatures::Activites;
use crate::generate::real_bodies::{RealBodies, la_poste_nics};
use crate::generate::unites_legales::{Etat, UniteLegale};

/// Établissements per unité légale of a generated register, on average, measured.
const ETABLISSEMENTS_PER_UNITE: f64 = 1.47;

/// All there is to draw from.
#[derive(Debug)]
pub struct Model {
    /// The seed.
    pub seed: u64,
    /// How many units are made up.
    pub unites: u64,
    /// The day of the edition.
    pub edition: Day,
    /// What is real.
    pub real: RealBodies,
    /// La Poste's NIC.
    pub la_poste_nics: Vec<u32>,
    /// Where things are.
    pub communes: Communes,
    /// What units do.
    pub activites: Activites,
    /// The RNA.
    pub associations: Associations,
    /// Pairs (doublon, unit of reference), in order of the first.
    pub doublons: Vec<(u64, u64)>,
    /// Three ceased units that succeed one another in a circle.
    pub cycle: Option<[u64; 3]>,
    /// The two units with an impossible date of creation.
    pub impossible_dates: [(u64, Day); 2],
}

impl Model {
    /// Everything that is needed to write `etablissements` rows, about.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of units, far below 2^52"
    )]
    pub fn new(seed: u64, etablissements: u64, edition: Day) -> Result<Self, IngestError> {
        let real = RealBodies::load()?;
        let la_poste_nics = la_poste_nics(etablissements);
        let made_up =
            etablissements.saturating_sub((real.unites.len() + la_poste_nics.len()) as u64);
        let unites = ((made_up as f64 / ETABLISSEMENTS_PER_UNITE) as u64).max(200);
        let communes = Communes::load()?;
        let associations = Associations::new(etablissements, unites, &communes);
        let mut model = Self {
            seed,
            unites,
            edition,
            real,
            la_poste_nics,
            communes,
            activites: Activites::load(),
            associations,
            doublons: Vec::new(),
            cycle: None,
            impossible_dates: [(u64::MAX, Day::NULL); 2],
        };
        model.mark_special_unites();
        Ok(model)
    }

    /// Picks the units that have something no draw gives.
    fn mark_special_unites(&mut self) {
        let after = |start: u64, wanted: &dyn Fn(&UniteLegale) -> bool| {
            (start..self.unites)
                .map(|rank| self.draft(rank))
                .find(wanted)
                .map(|unite| unite.rank)
        };
        let free = |unite: &UniteLegale| {
            unite.association.is_none() && unite.etat == Etat::Active && !unite.partial
        };
        let ancient = after(self.unites / 3, &free).unwrap_or(u64::MAX);
        let future = after(self.unites / 3 * 2, &free).unwrap_or(u64::MAX);
        let ceased =
            |unite: &UniteLegale| unite.etat == Etat::Cessee && unite.foreign_town.is_none();
        let mut cycle = Vec::new();
        while cycle.len() < 3 {
            let Some(rank) = after(
                cycle.last().map_or(self.unites / 2, |rank| rank + 1),
                &ceased,
            ) else {
                break;
            };
            cycle.push(rank);
        }
        let cycle: Option<[u64; 3]> = cycle.try_into().ok();
        let count = (self.unites / 10_000).max(12);
        let mut doublons: Vec<(u64, u64)> = (0..count)
            .filter_map(|rank| {
                let reference = after(rank * self.unites / count, &free)?;
                let physique = self.draft(reference).is_physique();
                let double = |unite: &UniteLegale| {
                    let in_cycle = cycle.is_some_and(|cycle| cycle.contains(&unite.rank));
                    ceased(unite)
                        && unite.is_physique() == physique
                        && unite.association.is_none()
                        && !in_cycle
                };
                Some((after(reference + 1, &double)?, reference))
            })
            .collect();
        doublons.sort_unstable();
        doublons.dedup_by_key(|(double, _)| *double);
        self.doublons = doublons;
        self.cycle = cycle;
        self.impossible_dates = [
            (ancient, Day::new(4, 12, 1)),
            (future, Day::new(2218, 1, 1)),
        ];
    }

    /// The RNA number of an association.
    #[must_use]
    pub fn association_id(&self, rank: u64) -> String {
        self.associations
            .id(rank, self.seed, |id| self.real.has_id(id))
    }

    /// The unit of that rank, below [`Self::unites`].
    #[must_use]
    pub fn unite(&self, rank: u64) -> UniteLegale {
        let mut unite = self.draft(rank);
        // The same person registered twice has the same name.
        if let Ok(place) = self
            .doublons
            .binary_search_by_key(&rank, |(double, _)| *double)
        {
            let reference = self.draft(self.doublons[place].1);
            unite.personne = reference.personne;
            unite.name_seed = reference.name_seed;
            unite.partial = reference.partial;
        }
        unite
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doublon_is_ceased_and_has_its_twins_name() {
        let model = Model::new(42, 30_000, Day::new(2026, 11, 1)).unwrap();
        assert!(model.doublons.len() >= 12);
        for (double, reference) in &model.doublons {
            let (double, reference) = (model.unite(*double), model.unite(*reference));
            assert_eq!((double.etat, reference.etat), (Etat::Cessee, Etat::Active));
            assert_eq!(double.name_seed, reference.name_seed);
        }
    }
}
