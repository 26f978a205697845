//! Ranges of days: the months and the years that the index says of each organisation.

use registre_schemas::recherche::{code, mois};
use std::collections::BTreeSet;
use std::io;

use super::etage::{Champ, Etage};
use super::listes::{REGARDE, Union};
use super::parcours::Condition;
use super::termes::Termes;

/// A day of the life of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jour {
    Creation,
    /// Its cessation, or its dissolution.
    Cessation,
}

impl Jour {
    /// What begins the terms of its months and years.
    pub(super) fn lettre(self) -> char {
        match self {
            Self::Creation => code::CREATION,
            Self::Cessation => code::CESSATION,
        }
    }
}

/// Months of a range that is read by month; a longer one is by year.
const MOIS: u32 = 24;
/// Lists that are worth reading at once.
const LISTES: usize = 40;

/// The lists of the months or years of a range, when they lead to it sooner than looking at the day of
/// everybody in the other lists, the shortest of which has so many documents; or when nobody can look at
/// that many: units are in the order of their SIREN, and those of a year are far from the first.
pub(super) fn entre(
    termes: &Termes<'_>,
    jour: Jour,
    (apres, avant): (u64, u64),
    autres: usize,
    pas: u64,
) -> io::Result<Option<Union>> {
    let mois = admis(termes.etage.mois(jour), apres, avant);
    let (Some(premier), Some(dernier)) = (mois.first(), mois.last()) else {
        return Ok(Some(Union::new(Vec::new())));
    };
    let par_mois = dernier - premier < MOIS;
    let termes_de_jour: BTreeSet<String> = mois
        .iter()
        .map(|mois| match mois / 12 {
            _ if par_mois => code::du_mois(jour.lettre(), *mois),
            annee => code::de_l_annee(jour.lettre(), annee),
        })
        .collect();
    let la = termes.parmi(Champ::Code, termes_de_jour.iter().map(String::as_str))?;
    let listes = (la.nombre() as u64 + REGARDE) * la.longueur().min(autres) as u64;
    let tous = REGARDE * autres as u64;
    Ok((listes < tous || (tous > pas && la.nombre() <= LISTES)).then_some(la))
}

/// Of months in order, those of a range of days.
fn admis(mois_connus: &[u32], apres: u64, avant: u64) -> &[u32] {
    let debut = mois(apres).unwrap_or(u32::MAX);
    let fin = mois(avant).unwrap_or(u32::MAX);
    let debut = mois_connus.partition_point(|mois| *mois < debut);
    let fin = mois_connus.partition_point(|mois| *mois <= fin);
    mois_connus.get(debut..fin).unwrap_or_default()
}

/// Created in one of these months.
pub(super) fn cree_en(mois: &[u32]) -> Condition {
    let termes = mois
        .iter()
        .map(|mois| code::du_mois(code::CREATION, *mois))
        .collect();
    Condition::Parmi(Champ::Code, termes)
}

/// The months in which anybody was created, of those that the conditions admit, the last first.
pub(super) fn mois_de_creation(etages: &[(usize, Etage)], conditions: &[Condition]) -> Vec<u32> {
    let (mut premier, mut dernier) = (0, u64::MAX);
    for condition in conditions {
        if let Condition::Entre(Jour::Creation, apres, avant) = condition {
            (premier, dernier) = (premier.max(*apres), dernier.min(*avant));
        }
    }
    let tous = etages
        .iter()
        .flat_map(|(_, etage)| admis(etage.mois(Jour::Creation), premier, dernier));
    let tous: BTreeSet<u32> = tous.copied().collect();
    tous.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_of_a_range_are_those_of_its_ends_and_between() {
        let connus = [4_440, 4_441, 4_452, 5_000];
        // 1970-01-01 is the first day of the month 4440.
        let jour = registre_schemas::recherche::jour;
        assert_eq!(admis(&connus, jour(0), jour(30)), [4_440]);
        assert_eq!(admis(&connus, jour(30), jour(31)), [4_440, 4_441]);
        assert_eq!(admis(&connus, jour(59), jour(364)), [0_u32; 0]);
        assert_eq!(admis(&connus, 1, u64::MAX), connus);
        assert_eq!(admis(&connus, u64::MAX, 1), [0_u32; 0]);
    }
}
