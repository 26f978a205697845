//! What units do and what form they have, each as common as in the register: NAF rév. 2 with its
//! NAF 2025 counterpart, the older nomenclatures that units closed long ago still carry, and the
//! catégories juridiques of the personnes morales.

use std::collections::HashMap;

use crate::generate::buffer::{Day, digits};
use crate::generate::names::NameKind;
use crate::generate::random::Random;

const REV2: &str = include_str!("../../../data/nomenclatures/naf_rev2.csv");
const REV1: &str = include_str!("../../../data/nomenclatures/naf_rev1.csv");
const NAF1993: &str = include_str!("../../../data/nomenclatures/naf_1993.csv");
const NAF25: &str = include_str!("../../../data/nomenclatures/naf_2025.csv");

#[rustfmt::skip]
/// How many draws out of a thousand the commonest activities take; the rest goes to all the others.
const COMMON: &[(&str, u32)] = &[
    ("68.20B", 60), ("47.91B", 30), ("53.20Z", 30), ("70.22Z", 32), ("96.09Z", 24), ("43.39Z", 12), ("43.21A", 16),
    ("43.22A", 12), ("43.34Z", 14), ("56.10A", 22), ("56.10C", 20), ("55.20Z", 22), ("96.02A", 16), ("96.02B", 12),
    ("62.01Z", 14), ("62.02A", 18), ("81.21Z", 18), ("85.59A", 16), ("85.59B", 14), ("86.21Z", 12), ("86.90D", 12),
    ("86.90E", 12), ("86.90F", 14), ("49.41A", 10), ("49.32Z", 12), ("01.11Z", 14), ("01.50Z", 14), ("01.21Z", 8),
    ("90.01Z", 12), ("90.03B", 10), ("41.20A", 12), ("66.22Z", 10), ("69.10Z", 8), ("71.12B", 14), ("74.10Z", 10),
    ("47.11B", 8), ("47.89Z", 8), ("45.20A", 10), ("10.71C", 8), ("82.99Z", 20), ("64.20Z", 14), ("70.10Z", 6),
];

#[rustfmt::skip]
/// Counterparts that a code's first characters do not give: NAF 2025 moved these activities.
const MOVED: &[(&str, &str)] = &[
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
    all: Vec<Activite>,
    by_code: HashMap<&'static str, u16>,
    slots: Vec<u16>,
    rev1: Vec<&'static str>,
    naf1993: Vec<&'static str>,
}

fn codes(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().skip(1).filter_map(|row| row.split(',').next())
}

/// The NAF 2025 code of a rév. 2 code: listed, or the one that shares the most first characters.
fn counterpart(rev2: &str, naf25: &[&'static str]) -> &'static str {
    let listed = MOVED
        .iter()
        .find(|(old, _)| *old == rev2)
        .map(|(_, current)| *current);
    let closest = || {
        (1..=5)
            .rev()
            .find_map(|n| naf25.iter().copied().find(|code| code[..n] == rev2[..n]))
    };
    listed.or_else(closest).unwrap_or_default()
}

impl Activites {
    /// Reads the nomenclatures compiled in.
    #[must_use]
    pub fn load() -> Self {
        let naf25: Vec<_> = codes(NAF25).collect();
        let all: Vec<_> = codes(REV2)
            .map(|rev2| Activite {
                rev2,
                naf25: counterpart(rev2, &naf25),
            })
            .collect();
        let by_code: HashMap<_, _> = (0_u16..)
            .zip(&all)
            .map(|(rank, activite)| (activite.rev2, rank))
            .collect();
        // Administration, households and extraterritorial bodies are nobody's fictitious business.
        let ordinary = by_code
            .iter()
            .filter(|(code, _)| !matches!(&code[..2], "84" | "97" | "98" | "99"));
        let mut slots: Vec<u16> = ordinary.map(|(_, rank)| *rank).collect();
        slots.sort_unstable();
        for (code, weight) in COMMON {
            let rank = by_code.get(code).copied().unwrap_or_default();
            // The ordinary 700 or so make up about half of the draws.
            slots.resize(slots.len() + *weight as usize, rank);
        }
        Self {
            all,
            by_code,
            slots,
            rev1: codes(REV1).collect(),
            naf1993: codes(NAF1993).collect(),
        }
    }

    /// Any activity, the common ones more often.
    pub fn draw(&self, random: &mut Random) -> u16 {
        random.choose(&self.slots)
    }

    /// The rank of a NAF rév. 2 code, or of the first of the list.
    #[must_use]
    pub fn rank(&self, rev2: &str) -> u16 {
        self.by_code.get(rev2).copied().unwrap_or_default()
    }

    /// That activity.
    #[must_use]
    pub fn activite(&self, rank: u16) -> Activite {
        self.all[usize::from(rank)]
    }

    /// The NAF 2025 counterpart of a NAF rév. 2 code.
    #[must_use]
    pub fn naf25(&self, rev2: &str) -> &'static str {
        self.by_code
            .get(rev2)
            .map_or("", |rank| self.activite(*rank).naf25)
    }

    /// Code and nomenclature of something that closed on that day: INSEE does not recode what is
    /// closed, so each era shows its own.
    #[must_use]
    pub fn code_at_closure(
        &self,
        rank: u16,
        end: Day,
        random: &mut Random,
    ) -> (Code, &'static str) {
        match end.year() {
            2008.. => (Code::listed(self.activite(rank).rev2), "NAFRev2"),
            2003..=2007 => (Code::listed(random.choose(&self.rev1)), "NAFRev1"),
            1993..=2002 => (Code::listed(random.choose(&self.naf1993)), "NAF1993"),
            _ => (Code::nap(random), "NAP"),
        }
    }
}

/// A code of at most six characters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Code {
    text: [u8; 6],
    length: u8,
}

impl Code {
    /// A code of a list.
    #[must_use]
    pub fn listed(code: &str) -> Self {
        let mut text = [0; 6];
        let length = code.len().min(6);
        text[..length].copy_from_slice(&code.as_bytes()[..length]);
        Self {
            text,
            length: u8::try_from(length).unwrap_or(6),
        }
    }

    /// NAP (1973): two digits, a dot, two digits. No reusable list of them is published.
    fn nap(random: &mut Random) -> Self {
        let [first, second] = digits::<2>(random.between(1, 89));
        let [tens, units] = digits::<2>(random.between(1, 48));
        Self {
            text: [first, second, b'.', tens, units, 0],
            length: 5,
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        crate::generate::buffer::ascii(&self.text[..usize::from(self.length)])
    }
}

/// A legal form.
#[derive(Debug, Clone, Copy)]
pub struct CategorieJuridique {
    /// Code, niveau 3.
    pub code: &'static str,
    /// How many out of a thousand personnes morales.
    pub weight: u32,
    /// What its names are made of.
    pub name_kind: NameKind,
    /// Its activity, in NAF rév. 2, when the form decides.
    pub activite: Option<&'static str>,
}

const fn categorie(
    code: &'static str,
    weight: u32,
    name_kind: NameKind,
    activite: Option<&'static str>,
) -> CategorieJuridique {
    CategorieJuridique {
        code,
        weight,
        name_kind,
        activite,
    }
}

/// An association declared to the RNA.
pub const ASSOCIATION: CategorieJuridique =
    categorie("9220", 70, NameKind::Association, Some("94.99Z"));

/// An association of Alsace-Moselle, kept by the courts rather than the RNA.
pub const DROIT_LOCAL: CategorieJuridique =
    categorie("9260", 10, NameKind::Association, Some("94.99Z"));

/// All of them; the weights add up to a thousand.
pub const CATEGORIES_JURIDIQUES: &[CategorieJuridique] = &[
    categorie("5499", 275, NameKind::Company(" SARL"), None),
    categorie("5710", 215, NameKind::Company(" SAS"), None),
    categorie(
        "6540",
        200,
        NameKind::SocieteCivile("SCI FICTIVE"),
        Some("68.20B"),
    ),
    ASSOCIATION,
    categorie(
        "9110",
        55,
        NameKind::SocieteCivile("SYNDICAT DE COPROPRIETE EXEMPLE"),
        Some("81.10Z"),
    ),
    categorie("2110", 40, NameKind::Indivision, None),
    categorie(
        "6599",
        20,
        NameKind::SocieteCivile("SOCIETE CIVILE FICTIVE"),
        Some("64.20Z"),
    ),
    categorie("5599", 18, NameKind::Company(" SA"), None),
    categorie(
        "6598",
        16,
        NameKind::SocieteCivile("EARL FICTIVE"),
        Some("01.50Z"),
    ),
    categorie("2900", 12, NameKind::Indivision, None),
    DROIT_LOCAL,
    categorie("3120", 10, NameKind::Company(" LTD"), None),
    categorie(
        "6533",
        9,
        NameKind::SocieteCivile("GAEC FICTIF"),
        Some("01.50Z"),
    ),
    categorie("2310", 9, NameKind::Indivision, None),
    categorie("5485", 8, NameKind::Company(" SELARL"), None),
    categorie(
        "8310",
        8,
        NameKind::Other("COMITE SOCIAL ET ECONOMIQUE DE L'EXEMPLE"),
        Some("94.99Z"),
    ),
    categorie("5785", 6, NameKind::Company(" SELAS"), None),
    categorie("5699", 4, NameKind::Company(" SA"), None),
    categorie("6220", 4, NameKind::Other("GIE FICTIF"), None),
    categorie("6589", 4, NameKind::Other("SCM EXEMPLE"), Some("86.21Z")),
    categorie("5458", 3, NameKind::Company(" SCOP"), None),
    categorie(
        "9300",
        2,
        NameKind::Other("FONDATION FICTIVE"),
        Some("94.99Z"),
    ),
    categorie("9900", 2, NameKind::Other("GROUPEMENT EXEMPLE"), None),
];

/// The form a draw below a thousand falls on.
#[must_use]
pub fn categorie_at(mut draw: u32) -> CategorieJuridique {
    for categorie in CATEGORIES_JURIDIQUES {
        if draw < categorie.weight {
            return *categorie;
        }
        draw -= categorie.weight;
    }
    CATEGORIES_JURIDIQUES[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_code_exists_and_every_rev2_has_a_counterpart() {
        let activites = Activites::load();
        let naf25: Vec<_> = codes(NAF25).collect();
        for code in COMMON
            .iter()
            .map(|(code, _)| code)
            .chain(MOVED.iter().map(|(old, _)| old))
        {
            assert!(activites.by_code.contains_key(code), "{code}");
        }
        for activite in &activites.all {
            assert!(naf25.contains(&activite.naf25), "{activite:?}");
        }
        assert_eq!(activites.naf25("84.11Z"), "84.11Y");
    }

    use registre_schemas::nomenclature::Nomenclature;

    #[test]
    fn weights_add_up_and_codes_exist() {
        assert_eq!(
            CATEGORIES_JURIDIQUES
                .iter()
                .map(|categorie| categorie.weight)
                .sum::<u32>(),
            1000
        );
        for categorie in CATEGORIES_JURIDIQUES {
            assert!(
                Nomenclature::CategorieJuridique
                    .label(categorie.code)
                    .is_some(),
                "{}",
                categorie.code
            );
        }
    }
}
