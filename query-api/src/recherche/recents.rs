//! The newest first, of more than can be looked at: month after month, from the last.
//!
//! What is looked at first is the largest ([`super::parcours`]): sorted by day, it would leave out the
//! small ones of this morning. The index says who was created in each month.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::io;

use super::Tri;
use super::dates::{cree_en, mois_de_creation};
use super::etage::Etage;
use super::listes::REGARDE;
use super::parcours::{self, Question, Trouves};

/// Months looked at together, at most: a document costs a look at the list of each.
const ENSEMBLE: usize = 12;

/// Steps of all the months, or of all that match when they are few enough, in searches of the usual length.
const LONGUEUR: u64 = 4;

/// Looks for documents, floor after floor; by day, until as many of the newest as are wanted.
pub(super) fn parcourt(etages: &[(usize, Etage)], question: &Question<'_>) -> io::Result<Trouves> {
    let mut trouves = parcours::parcourt(etages, question)?;
    if question.tri != Tri::Creation || trouves.tous_vus || question.voulus == 0 {
        return Ok(trouves);
    }
    let pas = LONGUEUR * question.pas;
    if trouves.candidats * REGARDE < pas {
        trouves = parcours::parcourt(etages, &Question { pas, ..*question })?;
        if trouves.tous_vus {
            return Ok(trouves);
        }
    }
    let recents = mois_par_mois(etages, question, pas)?;
    Ok(jointes(trouves, recents, question.voulus))
}

/// The newest, until as many as are wanted, or so many steps.
fn mois_par_mois(
    etages: &[(usize, Etage)],
    question: &Question<'_>,
    pas: u64,
) -> io::Result<Trouves> {
    let mut recents = Trouves::default();
    let mois = mois_de_creation(etages, question.conditions);
    let mut suivants = mois.as_slice();
    let mut nombre = 1;
    while !suivants.is_empty() && recents.documents.len() < question.voulus {
        let (groupe, reste) = suivants.split_at(nombre.min(suivants.len()));
        let mut conditions = question.conditions.to_vec();
        conditions.push(cree_en(groupe));
        let trouves = parcours::parcourt(
            etages,
            &Question {
                conditions: &conditions,
                compte: false,
                premier: false,
                pas: pas.saturating_sub(recents.pas),
                ..*question
            },
        )?;
        recents.pas += trouves.pas;
        recents.documents.extend(trouves.documents);
        // Of months that were not seen whole, nobody knows who is the newest.
        if !trouves.tous_vus {
            break;
        }
        (suivants, nombre) = (reste, ENSEMBLE.min(2 * nombre));
    }
    Ok(recents)
}

/// What was counted of all of them, and the newest that were met.
fn jointes(mut trouves: Trouves, recents: Trouves, voulus: usize) -> Trouves {
    let mut connus: HashSet<u64> = HashSet::new();
    let anciens = std::mem::take(&mut trouves.documents);
    let mut tous: Vec<_> = recents.documents.into_iter().chain(anciens).collect();
    tous.retain(|trouve| connus.insert(trouve.numero));
    // Of months that were not seen whole, both may have some.
    tous.sort_by_key(|trouve| Reverse(trouve.note));
    tous.truncate(voulus);
    trouves.total = trouves.total.max(tous.len() as u64);
    trouves.documents = tous;
    trouves
}

#[cfg(test)]
mod tests {
    use registre_schemas::recherche::{champ, code, mois};

    use super::super::dates::Jour;
    use super::super::parcours::Condition;

    use super::*;
    use crate::recherche::etage::Champ;
    use crate::recherche::parcours::Lecture;
    use crate::recherche::testing::{Dit, etage};

    /// A floor whose documents were created on these days since 1600, every third of which has the code `x`.
    fn cree(debut: u64, jours: &[u64]) -> Etage {
        let codes: Vec<_> = jours
            .iter()
            .map(|jour| {
                let term = mois(*jour).filter(|_| *jour > 0);
                let term = term.map(|mois| {
                    let of_year = code::de_l_annee(code::CREATION, mois / 12);
                    code::du_mois(code::CREATION, mois) + " " + &of_year
                });
                let x = if jour % 3 == 0 { " x" } else { "" };
                [(champ::CODE, term.unwrap_or_default() + x)]
            })
            .collect();
        let nombres: Vec<_> = (debut..)
            .zip(jours)
            .map(|(numero, jour)| [(champ::NUMERO, numero), (champ::CREATION, *jour)])
            .collect();
        etage(
            codes
                .iter()
                .zip(&nombres)
                .map(|(textes, nombres)| Dit { textes, nombres }),
        )
    }

    fn newest(etages: &[(usize, Etage)], conditions: &[Condition], pas: u64) -> Vec<i32> {
        let lectures = [Lecture::default()];
        let question = Question {
            lectures: &lectures,
            conditions,
            tri: Tri::Creation,
            voulus: 40,
            compte: true,
            premier: false,
            pas,
        };
        let found = parcourt(etages, &question).unwrap();
        found.documents.iter().map(|found| found.note).collect()
    }

    #[test]
    fn of_more_than_can_be_looked_at_the_newest_are_found() {
        // Spread without order over four centuries, some of an unknown day.
        let day = |n: u64| {
            if n.is_multiple_of(50) {
                0
            } else {
                n * 7_919 % 150_000
            }
        };
        let days: Vec<u64> = (1..=20_000).map(day).collect();
        let etages = [
            (0, cree(1, &days[..3_000])),
            (4, cree(3_001, &days[3_000..])),
        ];
        let expected = |chosen: &dyn Fn(&u64) -> bool| {
            let mut days: Vec<_> = days.iter().filter(|day| chosen(day)).collect();
            days.sort_unstable_by(|a, b| b.cmp(a));
            let days = days.into_iter().take(40);
            days.map(|day| i32::try_from(*day).unwrap())
                .collect::<Vec<_>>()
        };
        let few = 2_000;
        assert_eq!(newest(&etages, &[], few), expected(&|_| true));
        let x = Condition::Parmi(Champ::Code, vec!["x".to_owned()]);
        let of_x = newest(&etages, std::slice::from_ref(&x), few);
        assert_eq!(of_x, expected(&|day| day % 3 == 0));
        // Before a day, a century ago.
        let old = Condition::Entre(Jour::Creation, 1, 110_000);
        let of_old = newest(&etages, &[x, old], few);
        assert_eq!(
            of_old,
            expected(&|day| day % 3 == 0 && (1..=110_000).contains(day))
        );
        // Looked at whole, they are the same.
        assert_eq!(newest(&etages, &[], 1_000_000), expected(&|_| true));
    }

    /// Looking at the day of each would stop long before.
    #[test]
    fn a_range_of_days_is_found_whole_among_many() {
        let days: Vec<u64> = (1..=20_000).map(|n| n * 7_919 % 150_000).collect();
        let etages = [(0, cree(1, &days))];
        let lectures = [Lecture::default()];
        for (apres, avant) in [(100_000, 100_900), (120_000, 120_020), (149_990, u64::MAX)] {
            let conditions = [Condition::Entre(Jour::Creation, apres, avant)];
            let question = Question {
                lectures: &lectures,
                conditions: &conditions,
                tri: Tri::Taille,
                voulus: 10,
                compte: true,
                premier: false,
                pas: 5_000,
            };
            let found = parcourt(&etages, &question).unwrap();
            let expected = days.iter().filter(|day| (apres..=avant).contains(*day));
            assert_eq!(
                (found.total, found.complet),
                (expected.count() as u64, true)
            );
        }
        // Nobody ceased.
        let conditions = [Condition::Entre(Jour::Cessation, 1, u64::MAX)];
        assert!(newest(&etages, &conditions, 100).is_empty());
    }

    #[test]
    fn without_a_known_day_the_largest_are_left() {
        let etages = [(0, cree(1, &vec![0; 5_000]))];
        assert_eq!(newest(&etages, &[], 1_000).len(), 40);
        assert!(newest(&[], &[], 1_000).is_empty());
    }
}
