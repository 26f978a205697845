//! What units do: NAF rév. 2 with its NAF 2025 counterpart, and the older nomenclatures that units
//! closed long ago still carry.

use std::collections::HashMap;

use crate::generate::ecriture::{Jour, chiffres};
use crate::generate::hasard::Hasard;

const REV2: &str = include_str!("../../../data/nomenclatures/naf_rev2.csv");
const REV1: &str = include_str!("../../../data/nomenclatures/naf_rev1.csv");
const NAF1993: &str = include_str!("../../../data/nomenclatures/naf_1993.csv");
const NAF25: &str = include_str!("../../../data/nomenclatures/naf_2025.csv");

#[rustfmt::skip]
/// How many draws out of a thousand the commonest activities take; the rest goes to all the others.
const COURANTES: &[(&str, u32)] = &[
    ("68.20B", 60), ("47.91B", 30), ("53.20Z", 30), ("70.22Z", 32), ("96.09Z", 24), ("43.39Z", 12), ("43.21A", 16),
    ("43.22A", 12), ("43.34Z", 14), ("56.10A", 22), ("56.10C", 20), ("55.20Z", 22), ("96.02A", 16), ("96.02B", 12),
    ("62.01Z", 14), ("62.02A", 18), ("81.21Z", 18), ("85.59A", 16), ("85.59B", 14), ("86.21Z", 12), ("86.90D", 12),
    ("86.90E", 12), ("86.90F", 14), ("49.41A", 10), ("49.32Z", 12), ("01.11Z", 14), ("01.50Z", 14), ("01.21Z", 8),
    ("90.01Z", 12), ("90.03B", 10), ("41.20A", 12), ("66.22Z", 10), ("69.10Z", 8), ("71.12B", 14), ("74.10Z", 10),
    ("47.11B", 8), ("47.89Z", 8), ("45.20A", 10), ("10.71C", 8), ("82.99Z", 20), ("64.20Z", 14), ("70.10Z", 6),
];

#[rustfmt::skip]
/// Counterparts that a code's first characters do not give: NAF 2025 moved these activities.
const DEPLACEES: &[(&str, &str)] = &[
    ("45.11Z", "47.81Y"), ("45.19Z", "47.81Y"), ("45.20A", "95.31G"), ("45.20B", "95.31H"), ("45.31Z", "46.72Y"),
    ("45.32Z", "47.82Y"), ("45.40Z", "47.83Y"), ("62.01Z", "62.10Y"), ("62.02A", "62.20G"), ("62.02B", "62.20H"),
    ("62.03Z", "62.20H"), ("62.09Z", "62.90Y"), ("96.02A", "96.21G"), ("96.02B", "96.22Y"), ("96.09Z", "96.99H"),
    ("41.20A", "41.00G"), ("41.20B", "41.00H"), ("90.01Z", "90.20Y"), ("90.03A", "90.12Y"), ("90.03B", "90.13Y"),
    ("86.90A", "86.92Y"), ("86.90B", "86.91Y"), ("86.90D", "86.94G"), ("86.90E", "86.95Y"), ("86.90F", "86.99Y"),
    ("70.22Z", "70.20Y"), ("56.10C", "56.11J"), ("47.81Z", "47.27H"),
    ("47.82Z", "47.71Y"), ("47.89Z", "47.78H"), ("47.91A", "47.12H"), ("47.91B", "47.69Y"),
];

/// An activity in both current nomenclatures.
#[derive(Debug, Clone, Copy)]
pub struct Activite {
    /// NAF rév. 2.
    pub rev2: &'static str,
    /// NAF 2025.
    pub naf25: &'static str,
}

/// Every activity, and the slots a draw falls on.
#[derive(Debug)]
pub struct Activites {
    toutes: Vec<Activite>,
    par_code: HashMap<&'static str, u16>,
    cases: Vec<u16>,
    rev1: Vec<&'static str>,
    naf1993: Vec<&'static str>,
}

fn codes(liste: &'static str) -> impl Iterator<Item = &'static str> {
    liste
        .lines()
        .skip(1)
        .filter_map(|ligne| ligne.split(',').next())
}

/// The NAF 2025 code of a rév. 2 code: listed, or the one that shares the most first characters.
fn correspondante(rev2: &str, naf25: &[&'static str]) -> &'static str {
    let listee = DEPLACEES
        .iter()
        .find(|(ancien, _)| *ancien == rev2)
        .map(|(_, nouveau)| *nouveau);
    let proche = || {
        (1..=5)
            .rev()
            .find_map(|n| naf25.iter().copied().find(|code| code[..n] == rev2[..n]))
    };
    listee.or_else(proche).unwrap_or_default()
}

impl Activites {
    /// Reads the nomenclatures compiled in.
    #[must_use]
    pub fn lire() -> Self {
        let naf25: Vec<_> = codes(NAF25).collect();
        let toutes: Vec<_> = codes(REV2)
            .map(|rev2| Activite {
                rev2,
                naf25: correspondante(rev2, &naf25),
            })
            .collect();
        let par_code: HashMap<_, _> = (0_u16..)
            .zip(&toutes)
            .map(|(rang, activite)| (activite.rev2, rang))
            .collect();
        // Administration, households and extraterritorial bodies are nobody's fictitious business.
        let ordinaires = par_code
            .iter()
            .filter(|(code, _)| !matches!(&code[..2], "84" | "97" | "98" | "99"));
        let mut cases: Vec<u16> = ordinaires.map(|(_, rang)| *rang).collect();
        cases.sort_unstable();
        for (code, poids) in COURANTES {
            let rang = par_code.get(code).copied().unwrap_or_default();
            // The ordinary 700 or so make up about half of the draws.
            cases.resize(cases.len() + *poids as usize, rang);
        }
        Self {
            toutes,
            par_code,
            cases,
            rev1: codes(REV1).collect(),
            naf1993: codes(NAF1993).collect(),
        }
    }

    /// Any activity, the common ones more often.
    pub fn tirer(&self, hasard: &mut Hasard) -> u16 {
        hasard.choix(&self.cases)
    }

    /// The rank of a NAF rév. 2 code, or of the first of the list.
    #[must_use]
    pub fn rang(&self, rev2: &str) -> u16 {
        self.par_code.get(rev2).copied().unwrap_or_default()
    }

    /// That activity.
    #[must_use]
    pub fn activite(&self, rang: u16) -> Activite {
        self.toutes[usize::from(rang)]
    }

    /// The NAF 2025 counterpart of a NAF rév. 2 code.
    #[must_use]
    pub fn naf25(&self, rev2: &str) -> &'static str {
        self.par_code
            .get(rev2)
            .map_or("", |rang| self.activite(*rang).naf25)
    }

    /// Code and nomenclature of something that closed on that day: INSEE does not recode what is
    /// closed, so each era shows its own.
    #[must_use]
    pub fn a_la_fermeture(
        &self,
        rang: u16,
        fin: Jour,
        hasard: &mut Hasard,
    ) -> (Code, &'static str) {
        match fin.annee() {
            2008.. => (Code::liste(self.activite(rang).rev2), "NAFRev2"),
            2003..=2007 => (Code::liste(hasard.choix(&self.rev1)), "NAFRev1"),
            1993..=2002 => (Code::liste(hasard.choix(&self.naf1993)), "NAF1993"),
            _ => (Code::nap(hasard), "NAP"),
        }
    }
}

/// A code of at most six characters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Code {
    texte: [u8; 6],
    longueur: u8,
}

impl Code {
    /// A code of a list.
    #[must_use]
    pub fn liste(code: &str) -> Self {
        let mut texte = [0; 6];
        let longueur = code.len().min(6);
        texte[..longueur].copy_from_slice(&code.as_bytes()[..longueur]);
        Self {
            texte,
            longueur: u8::try_from(longueur).unwrap_or(6),
        }
    }

    /// NAP (1973): two digits, a dot, two digits. No reusable list of them is published.
    fn nap(hasard: &mut Hasard) -> Self {
        let [d, u] = chiffres::<2>(hasard.entre(1, 89));
        let [dizaine, unite] = chiffres::<2>(hasard.entre(1, 48));
        Self {
            texte: [d, u, b'.', dizaine, unite, 0],
            longueur: 5,
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        crate::generate::ecriture::ascii(&self.texte[..usize::from(self.longueur)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_code_exists_and_every_rev2_has_a_counterpart() {
        let activites = Activites::lire();
        let naf25: Vec<_> = codes(NAF25).collect();
        for code in COURANTES
            .iter()
            .map(|(code, _)| code)
            .chain(DEPLACEES.iter().map(|(ancien, _)| ancien))
        {
            assert!(activites.par_code.contains_key(code), "{code}");
        }
        for activite in &activites.toutes {
            assert!(naf25.contains(&activite.naf25), "{activite:?}");
        }
        assert_eq!(activites.naf25("84.11Z"), "84.11Y");
    }
}
