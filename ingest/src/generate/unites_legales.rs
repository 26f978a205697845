//! The unités légales that do not exist: everything about the n-th one follows from the seed and
//! from n, in constant time. Files are written by replaying it, links and associations point at it.

use crate::generate::addresses::FOREIGN_TOWNS;
use crate::generate::buffer::Day;
use crate::generate::model::Model;
use crate::generate::nomenclatures::{self, CategorieJuridique};
use crate::generate::random::{Domain, Random};

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
    Morale(CategorieJuridique),
}

/// A legal unit.
#[derive(Debug, Clone, Copy)]
pub struct UniteLegale {
    /// Its place among the generated ones.
    pub rank: u64,
    /// Nine digits.
    pub siren: u32,
    /// What it has become.
    pub etat: Etat,
    /// Who it is.
    pub personne: Personne,
    /// Whether it asked to be hidden.
    pub partial: bool,
    /// Its activity.
    pub activite: u16,
    /// When it was created.
    pub creation: Day,
    /// When it ceased; null while active.
    pub end: Day,
    /// How many établissements it has had.
    pub etablissements: u32,
    /// Which of them is the siège.
    pub siege: u32,
    /// Commune of the siège.
    pub commune: u16,
    /// Abroad instead, in [`FOREIGN_TOWNS`].
    pub foreign_town: Option<u8>,
    /// Its association, when the RNA knows it.
    pub association: Option<u64>,
    /// Seed of its names: a doublon has its twin's.
    pub name_seed: u64,
}

impl UniteLegale {
    /// Whether it is a person.
    #[must_use]
    pub fn is_physique(&self) -> bool {
        matches!(self.personne, Personne::Physique(_))
    }
}

#[rustfmt::skip]
/// By first digit of the SIREN: years of creation, then how many out of ten thousand are active, or
/// ceased and purged. Numbers are given out in order, so age goes with the number.
const ERAS: [(u32, u32, u32, u32); 10] = [
    (1950, 1972, 900, 6000), (0, 0, 0, 0), (0, 0, 0, 0), (1973, 1985, 2500, 3600), (1985, 2000, 3900, 1600),
    (2000, 2012, 5200, 0), (1955, 1990, 4100, 2700), (1990, 2010, 5200, 900), (2011, 2019, 7300, 0), (2019, 2026, 9000, 0),
];

impl Model {
    /// The unit of that rank, before what [`Self::unite`] adds.
    #[must_use]
    pub fn draft(&self, rank: u64) -> UniteLegale {
        let siren = self.give_siren(rank);
        let mut random = Random::new(self.seed, Domain::UniteLegale, rank);
        let (first, last, active_share, purgees) = ERAS[(siren / 100_000_000) as usize];
        let association = self.associations.of_unite(rank);

        let year = random.between(first, last.min(self.edition.year()));
        let creation = Day::in_year(year, &mut random).not_after(self.edition);
        let year = creation.year();
        let draw = random.below(10_000);
        let etat = match () {
            () if year >= self.edition.year() => Etat::Active,
            () if association.is_some() => {
                if draw < 7500 {
                    Etat::Active
                } else {
                    Etat::Cessee
                }
            }
            () if draw < active_share => Etat::Active,
            () if draw >= 10_000 - purgees && year < 2001 => Etat::Purgee,
            () => Etat::Cessee,
        };
        let end = self.draw_end(etat, creation, &mut random);

        let physique = association.is_none() && random.chance(5760);
        let mut personne = if physique {
            Personne::Physique(random.chance(6000))
        } else {
            Personne::Morale(nomenclatures::categorie_at(random.below(1000)))
        };
        if association.is_some() {
            personne = Personne::Morale(nomenclatures::ASSOCIATION);
        }
        let partial = etat != Etat::Purgee && random.chance(if physique { 1500 } else { 60 });
        let (droit_local, foreign, imposed) = match personne {
            Personne::Morale(categorie) => (
                categorie.code == "9260",
                categorie.code == "3120",
                categorie.activite,
            ),
            Personne::Physique(_) => (false, false, None),
        };
        let activite = match imposed {
            Some(code) if random.chance(8500) => self.activites.rank(code),
            _ => self.activites.draw(&mut random),
        };
        let abroad = association.is_none() && !droit_local && (foreign || random.chance(40));
        let foreign_town = abroad.then(|| {
            u8::try_from(random.below(FOREIGN_TOWNS.len().try_into().unwrap_or(1))).unwrap_or(0)
        });
        let commune = match association {
            Some(association) => {
                self.associations
                    .commune_of(association, self.seed, &self.communes)
            }
            None if droit_local => {
                let slots: Vec<_> = self.communes.slots_of(&["57", "67", "68"]).collect();
                self.communes.draw_in(random.choose(&slots), &mut random)
            }
            None => self.communes.draw(&mut random),
        };
        let etablissements = if foreign_town.is_some() {
            1
        } else {
            draw_etablissement_count(rank, etat, physique, &mut random)
        };
        let siege = match etablissements {
            0..=4 => etablissements - 1,
            _ if random.chance(5000) => etablissements - 1,
            _ => random.below(etablissements),
        };
        UniteLegale {
            rank,
            siren,
            etat,
            personne,
            partial,
            activite,
            creation,
            end,
            etablissements,
            siege,
            commune,
            foreign_town,
            association,
            name_seed: random.next_u64(),
        }
    }

    /// When a unit created on that day ceased; null while active.
    fn draw_end(&self, etat: Etat, creation: Day, random: &mut Random) -> Day {
        let year = creation.year();
        match etat {
            Etat::Active => Day::NULL,
            Etat::Purgee => draw_early_end(year, random),
            // Closures grow more frequent with the years: the later of two draws.
            Etat::Cessee => {
                let bound = (year + 1).max(2003).min(self.edition.year());
                let last = (self.edition.year() - 1).max(bound);
                let end = random.between(bound, last).max(random.between(bound, last));
                Day::in_year(end, random)
                    .not_after(self.edition)
                    .max(creation)
            }
        }
    }

    /// A SIREN of the unit's own slot: numbers grow with the rank, and none is a real body's.
    #[expect(clippy::cast_possible_truncation, reason = "eight digits")]
    fn give_siren(&self, rank: u64) -> u32 {
        let total: u64 = PREFIXES.iter().map(|(_, count)| count).sum();
        let (start, end) = (rank * total / self.unites, (rank + 1) * total / self.unites);
        let width = (end - start).max(1);
        let jump = Random::new(self.seed, Domain::Siren, rank).next_u64() % width;
        let candidates = (0..width).map(|attempt| {
            let place = start + (jump + attempt) % width;
            let (first, second) = (PREFIXES[0], PREFIXES[1]);
            if place < first.1 {
                first.0 + place
            } else {
                second.0 + place - first.1
            }
        });
        let mut prefix = 0;
        for candidate in candidates {
            prefix = candidate as u32;
            if !self.real.has_prefix(prefix) {
                break;
            }
        }
        prefix * 10 + luhn_key(luhn_sum(prefix, 8, true))
    }
}

/// Units purged of their history ceased between 1973 and 2002, often on the day INSEE cleaned up.
fn draw_early_end(year: u32, random: &mut Random) -> Day {
    let end = random.between((year + 1).max(1975), 2001);
    if random.chance(2500) {
        Day::new(end, 12, 25)
    } else {
        Day::in_year(end, random)
    }
}

/// Most units have one établissement, a few have hundreds. The rank itself is spread over the
/// distribution (a golden-ratio sequence), so that any register comes out near its average.
fn draw_etablissement_count(rank: u64, etat: Etat, physique: bool, random: &mut Random) -> u32 {
    let share = rank.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let draw = ((share * 1_000_000) >> 32) as u32;
    if etat == Etat::Purgee {
        return if draw < 300 { 2 } else { 1 };
    }
    let count = match draw {
        0..=759_999 => 1,
        760_000..=898_999 => 2,
        899_000..=949_999 => 3,
        950_000..=971_999 => 4,
        972_000..=992_999 => random.between(5, 9),
        993_000..=998_399 => random.between(10, 29),
        998_400..=999_849 => random.between(30, 99),
        _ => {
            let high = 120 + random.below(780);
            random.between(100, high)
        }
    };
    if physique && count > 9 {
        count % 9 + 1
    } else {
        count
    }
}

/// Luhn sum of the last `digits` digits of a number; `double` tells whether the last is doubled.
pub fn luhn_sum(mut number: u32, digits: u32, mut double: bool) -> u32 {
    let mut sum = 0;
    for _ in 0..digits {
        let digit = (number % 10) << u32::from(double);
        sum += if digit > 9 { digit - 9 } else { digit };
        number /= 10;
        double = !double;
    }
    sum
}

/// The digit that completes a Luhn sum.
pub const fn luhn_key(sum: u32) -> u32 {
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::identifiers::Siren;

    fn model(etablissements: u64) -> Model {
        Model::new(42, etablissements, Day::new(2026, 11, 1)).unwrap()
    }

    #[test]
    fn sirens_grow_are_valid_and_none_is_real() {
        let model = model(30_000);
        let real: Vec<u32> = model
            .real
            .unites
            .iter()
            .map(|unite| unite.siren.parse().unwrap())
            .collect();
        let mut previous = 0;
        for rank in 0..model.unites {
            let siren = model.unite(rank).siren;
            assert!(siren > previous && !real.contains(&siren));
            assert!(format!("{siren:09}").parse::<Siren>().is_ok(), "{siren}");
            previous = siren;
        }
    }

    #[test]
    fn a_national_register_still_leaves_room_between_sirens() {
        let model = model(44_000_000);
        let middle = model.unites / 2;
        assert!(
            (middle..middle + 5000).all(|rank| model.give_siren(rank) < model.give_siren(rank + 1))
        );
    }

    #[test]
    fn shares_are_those_of_the_register() {
        let model = model(60_000);
        let unites: Vec<UniteLegale> = (0..model.unites).map(|rank| model.unite(rank)).collect();
        let share = |wanted: &dyn Fn(&UniteLegale) -> bool| {
            unites.iter().filter(|u| wanted(u)).count() * 1000 / unites.len()
        };
        assert!((540..590).contains(&share(&|u| u.is_physique())));
        assert!(
            (110..150).contains(&share(&|u| u.etat == Etat::Purgee)),
            "{}",
            share(&|u| u.etat == Etat::Purgee)
        );
        assert!(
            (470..540).contains(&share(&|u| u.etat == Etat::Active)),
            "{}",
            share(&|u| u.etat == Etat::Active)
        );
    }
}
