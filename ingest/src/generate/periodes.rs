//! The periods of a unit: what changed, when, and how long each state lasted. A period ends the day
//! before the next begins; each but the oldest starts with a change.
//!
//! The days are drawn first, from the unit alone, so that its current row, its history and their
//! count agree; former values are drawn afterwards, from the newest period back to the oldest.

use crate::generate::buffer::Day;
use crate::generate::model::Model;
use crate::generate::nomenclatures::Code;
use crate::generate::random::Random;

/// NAF rév. 2 came into force that day: what was open then was recoded.
pub const NAF_REV2: Day = Day::new(2008, 1, 1);

/// How many of those INSEE recoded that very day, out of ten thousand.
const RECODED: u32 = 7000;

/// No unit has more changes than this; the column holds two digits.
const MOST_CHANGES: usize = 12;

/// A variable the register keeps the history of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Variable {
    EtatAdministratif,
    Nom,
    NomUsage,
    Denomination,
    DenominationUsuelle,
    CategorieJuridique,
    ActivitePrincipale,
    NicSiege,
    EconomieSociale,
    SocieteMission,
    Enseigne,
    CaractereEmployeur,
}

/// What changed at the start of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes(u16);

impl Changes {
    /// Whether that variable did.
    #[must_use]
    pub fn has(self, variable: Variable) -> bool {
        self.0 >> (variable as u8) & 1 == 1
    }
}

/// A period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periode {
    /// Its last day; null while it lasts.
    pub date_fin: Day,
    /// Its first day.
    pub date_debut: Day,
    /// What changed then.
    pub changes: Changes,
}

/// The periods of a unit or of an établissement.
#[derive(Debug, Clone, Copy)]
pub struct History {
    first: Day,
    changes: [(Day, Changes); MOST_CHANGES],
    count: usize,
}

impl History {
    /// A single period, from that day.
    #[must_use]
    pub fn new(first: Day) -> Self {
        Self {
            first,
            changes: [(Day::NULL, Changes(0)); MOST_CHANGES],
            count: 0,
        }
    }

    /// Adds a change. What changes on a same day starts one period; what changed on the first day
    /// or before is no change.
    pub fn change(&mut self, day: Day, variable: Variable) {
        if day <= self.first {
            return;
        }
        let bit = 1 << (variable as u8);
        let place = self.changes[..self.count].partition_point(|(other, _)| *other < day);
        if place < self.count && self.changes[place].0 == day {
            self.changes[place].1.0 |= bit;
        } else if self.count < MOST_CHANGES {
            self.changes[place..=self.count].rotate_right(1);
            self.changes[place] = (day, Changes(bit));
            self.count += 1;
        }
    }

    /// The first period begins on an unknown day.
    pub fn forget_first_day(&mut self) {
        self.first = Day::UNKNOWN;
    }

    /// First day of the current period.
    #[must_use]
    pub fn date_debut(&self) -> Day {
        self.changes[..self.count]
            .last()
            .map_or(self.first, |(day, _)| *day)
    }

    /// How many periods there are.
    #[must_use]
    pub fn periodes(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(0) + 1
    }

    /// The newest first, as in the official files.
    pub fn iter(&self) -> impl Iterator<Item = Periode> {
        let starts = self.changes[..self.count].iter().rev().copied();
        let starts = starts.chain([(self.first, Changes(0))]);
        let mut date_fin = Day::NULL;
        starts.map(move |(date_debut, changes)| {
            let periode = Periode {
                date_fin,
                date_debut,
                changes,
            };
            date_fin = date_debut.previous();
            periode
        })
    }
}

/// From when to when something lived.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Its creation.
    pub creation: Day,
    /// Its closure; null while active.
    pub end: Day,
    /// The day of the edition.
    pub edition: Day,
}

impl Life {
    fn last_day(&self) -> Day {
        if self.end == Day::NULL {
            self.edition
        } else {
            self.end
        }
    }

    /// The history anything has: its closure, and the day its activity was recoded.
    #[must_use]
    pub fn history(&self, random: &mut Random) -> History {
        let mut history = History::new(self.creation);
        if self.end != Day::NULL {
            history.change(self.end, Variable::EtatAdministratif);
        }
        let recoded = random.chance(RECODED);
        if recoded && NAF_REV2 < self.last_day() {
            history.change(NAF_REV2, Variable::ActivitePrincipale);
        }
        history
    }

    /// Changes a variable some day of its life, that many times out of ten thousand.
    pub fn may_change(
        &self,
        variable: Variable,
        per_ten_thousand: u32,
        history: &mut History,
        random: &mut Random,
    ) {
        if !random.chance(per_ten_thousand) {
            return;
        }
        let last = self.last_day();
        let months = random.between(self.creation.months(), last.months());
        let day = if random.chance(3000) {
            1
        } else {
            random.between(2, 28)
        };
        let day = Day::in_month(months, day);
        if day <= last {
            history.change(day, variable);
        }
    }

    /// Closes and reopens something that is active, that many times out of ten thousand.
    pub fn may_reopen(&self, per_ten_thousand: u32, history: &mut History, random: &mut Random) {
        let (start, end) = (self.creation.months() + 6, self.edition.months());
        if self.end == Day::NULL && random.chance(per_ten_thousand) && start + 36 < end {
            let closed = random.between(start, end - 30);
            let reopened = closed + random.between(2, 24);
            history.change(Day::in_month(closed, 28), Variable::EtatAdministratif);
            history.change(Day::in_month(reopened, 1), Variable::EtatAdministratif);
        }
    }
}

/// The activity before a change that took place on `date_debut`, in the nomenclature then in
/// force; sometimes nothing, as for what was registered long ago.
pub fn draw_former_activite(
    current: Code,
    date_debut: Day,
    model: &Model,
    random: &mut Random,
) -> (Code, &'static str) {
    loop {
        let former = if random.chance(800) {
            (Code::default(), "")
        } else {
            let rank = model.activites.draw(random);
            model
                .activites
                .code_at_closure(rank, date_debut.previous(), random)
        };
        if former.0.as_str() != current.as_str() {
            return former;
        }
    }
}

/// A text where there was none, none where there was one.
pub fn toggle(text: &mut String, draw: impl FnOnce(&mut String)) {
    if text.is_empty() {
        draw(text);
    } else {
        text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::random::Domain;

    #[test]
    fn periods_touch_and_what_happens_on_one_day_starts_one() {
        let mut history = History::new(Day::new(1999, 5, 3));
        history.change(Day::new(2020, 3, 1), Variable::EtatAdministratif);
        history.change(NAF_REV2, Variable::ActivitePrincipale);
        history.change(Day::new(2020, 3, 1), Variable::NicSiege);
        history.change(Day::new(1999, 5, 3), Variable::NicSiege);
        let periodes: Vec<_> = history.iter().collect();
        let days: Vec<_> = periodes
            .iter()
            .map(|p| (p.date_debut, p.date_fin))
            .collect();
        assert_eq!(
            days,
            [
                (Day::new(2020, 3, 1), Day::NULL),
                (NAF_REV2, Day::new(2020, 2, 29)),
                (Day::new(1999, 5, 3), Day::new(2007, 12, 31)),
            ]
        );
        assert!(periodes[0].changes.has(Variable::EtatAdministratif));
        assert!(periodes[0].changes.has(Variable::NicSiege));
        assert!(!periodes[1].changes.has(Variable::NicSiege));
        assert_eq!(periodes[2].changes, Changes::default());
        assert_eq!(history.periodes(), 3);
        assert_eq!(history.date_debut(), Day::new(2020, 3, 1));
    }

    #[test]
    fn a_history_that_is_full_keeps_its_order() {
        let mut history = History::new(Day::new(1950, 1, 1));
        let mut random = Random::new(5, Domain::Periode, 0);
        for _ in 0..40 {
            let day = Day::in_year(random.between(1951, 2025), &mut random);
            history.change(day, Variable::Nom);
        }
        let days: Vec<_> = history.iter().map(|periode| periode.date_debut).collect();
        assert_eq!(days.len(), MOST_CHANGES + 1);
        assert!(days.is_sorted_by(|a, b| a > b));
    }
}
