//! The établissements of a unit, one by one: a siège that moved leaves closed ones behind.

use crate::generate::buffer::Day;
use crate::generate::model::Model;
use crate::generate::random::{Domain, Random};
use crate::generate::unites_legales::{Etat, UniteLegale, luhn_key, luhn_sum};

/// A unit of that many établissements or fewer is taken for one that moved from each to the next.
const MOVES_EACH_TIME: u32 = 4;

/// An établissement.
#[derive(Debug, Clone, Copy)]
pub struct Etablissement {
    /// Its place among its unit's.
    pub rank: u32,
    /// Whether it is the siège.
    pub siege: bool,
    /// Whether it is at work.
    pub active: bool,
    /// When it was created.
    pub creation: Day,
    /// When it closed; null while active.
    pub end: Day,
    /// Where it is.
    pub commune: u16,
}

impl UniteLegale {
    /// The NIC of an établissement of that rank: four digits in order of creation and a Luhn key.
    #[must_use]
    pub fn nic(&self, rank: u32) -> u32 {
        let order = rank + 1;
        order * 10 + luhn_key(luhn_sum(order, 4, true) + luhn_sum(self.siren, 9, true))
    }

    /// Where the draws of one of its établissements start.
    #[must_use]
    pub fn sequence(&self, seed: u64, domain: Domain, rank: u32) -> Random {
        Random::new(seed, domain, (self.rank << 16) + u64::from(rank))
    }

    /// When an établissement was created: evenly spread over the unit's life.
    #[must_use]
    pub fn creation_of(&self, rank: u32, edition: Day) -> Day {
        if rank == 0 {
            return self.creation;
        }
        let end = if self.end == Day::NULL {
            edition
        } else {
            self.end
        };
        let (start, duration) = (
            self.creation.months(),
            end.months().saturating_sub(self.creation.months()),
        );
        let place = u64::from(duration) * u64::from(rank) / u64::from(self.etablissements);
        Day::in_month(
            start + u32::try_from(place).unwrap_or(0),
            1 + (self.siren / 10 + rank) % 28,
        )
        .clamp(self.creation, end.max(self.creation))
    }

    /// The établissements that were the siège after the first, in order: a small unit moves from
    /// each to the next, a large one once.
    pub fn siege_ranks(&self) -> impl Iterator<Item = u32> {
        let first = if self.etablissements > MOVES_EACH_TIME {
            self.siege.max(1)
        } else {
            1
        };
        first..=self.siege
    }

    /// Which établissement was the siège before that one.
    #[must_use]
    pub fn siege_before(&self, rank: u32) -> u32 {
        if self.etablissements > MOVES_EACH_TIME {
            0
        } else {
            rank.saturating_sub(1)
        }
    }

    /// The établissement of that rank.
    #[must_use]
    pub fn etablissement(&self, rank: u32, model: &Model) -> Etablissement {
        let siege = rank == self.siege;
        let creation = self.creation_of(rank, model.edition);
        let mut random = self.sequence(model.seed, Domain::Etablissement, rank);
        // A large unit keeps several doors open, a small one has moved.
        let stays_open = if self.etablissements > MOVES_EACH_TIME {
            3200
        } else {
            800
        };
        let active = self.etat == Etat::Active && (siege || random.chance(stays_open));
        let end = match () {
            () if active => Day::NULL,
            () if !siege && rank + 1 < self.etablissements => {
                self.creation_of(rank + 1, model.edition).max(creation)
            }
            () if self.end != Day::NULL => self.end,
            // The last one of an active unit whose siège is elsewhere.
            () => {
                Day::in_month(creation.months().midpoint(model.edition.months()), 15).max(creation)
            }
        };
        let commune = match random.below(10) {
            _ if siege => self.commune,
            0..=5 => self.commune,
            6..=7 => model.communes.neighbour(self.commune, &mut random),
            _ => model.communes.draw(&mut random),
        };
        Etablissement {
            rank,
            siege,
            active,
            creation,
            end,
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
        let model = Model::new(7, 30_000, Day::new(2026, 11, 1)).unwrap();
        let (mut total, mut active) = (0, 0);
        for unite in (0..model.unites).map(|rank| model.unite(rank)) {
            let all: Vec<_> = (0..unite.etablissements)
                .map(|rank| unite.etablissement(rank, &model))
                .collect();
            assert_eq!(
                all.iter()
                    .filter(|etablissement| etablissement.siege)
                    .count(),
                1
            );
            for etablissement in &all {
                let siret = format!("{:09}{:05}", unite.siren, unite.nic(etablissement.rank));
                assert!(siret.parse::<Siret>().is_ok(), "{siret}");
                assert!(
                    etablissement.active || etablissement.end >= etablissement.creation,
                    "{unite:?} {etablissement:?}"
                );
                assert!(unite.etat == Etat::Active || !etablissement.active);
            }
            total += all.len();
            active += all
                .iter()
                .filter(|etablissement| etablissement.active)
                .count();
        }
        assert!((28_000..31_000).contains(&total), "{total}");
        assert!(
            (360..400).contains(&(active * 1000 / total)),
            "{active} of {total}"
        );
    }
}
