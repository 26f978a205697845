//! The codes that lists are made of, in the order that messages give them.

use registre_schemas::nomenclature::{Nomenclature, departements};
use std::sync::LazyLock;

/// A list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// NAF rév. 2, with the dot.
    Activites,
    Categories,
    Departements,
    Regions,
    Sections,
    Tranches,
    NaturesJuridiques,
}

type Liste = Vec<&'static str>;

fn of(nomenclature: Nomenclature) -> Liste {
    nomenclature
        .codes()
        .into_iter()
        .map(|(code, _)| code)
        .collect()
}

static ACTIVITES: LazyLock<Liste> = LazyLock::new(|| of(Nomenclature::Naf));
static NATURES: LazyLock<Liste> = LazyLock::new(|| of(Nomenclature::CategorieJuridique));
static DEPARTEMENTS: LazyLock<Liste> =
    LazyLock::new(|| departements().map(|(code, _)| code).collect());
/// Those of a département: an overseas collectivity, of three digits, is none.
static REGIONS: LazyLock<Liste> = LazyLock::new(|| {
    let mut regions: Liste = departements().map(|(_, region)| region).collect();
    regions.retain(|code| code.len() == 2);
    regions.sort_unstable();
    regions.dedup();
    regions
});
/// `NN` first.
static TRANCHES: LazyLock<Liste> = LazyLock::new(|| {
    let mut tranches = of(Nomenclature::TrancheEffectifs);
    tranches.rotate_right(1);
    tranches
});

const CATEGORIES: [&str; 3] = ["GE", "PME", "ETI"];
const SECTIONS: [&str; 21] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S",
    "T", "U",
];

impl Codes {
    /// All of them.
    pub(crate) fn liste(self) -> &'static [&'static str] {
        match self {
            Self::Activites => &ACTIVITES,
            Self::Categories => &CATEGORIES,
            Self::Departements => &DEPARTEMENTS,
            Self::Regions => &REGIONS,
            Self::Sections => &SECTIONS,
            Self::Tranches => &TRANCHES,
            Self::NaturesJuridiques => &NATURES,
        }
    }

    /// Whether it has that code.
    pub(super) fn has(self, code: &str) -> bool {
        self.liste().contains(&code)
    }
}

/// As Python writes a list of texts.
pub(super) fn en_python<'text>(texts: impl IntoIterator<Item = &'text str>) -> String {
    let quoted: Vec<_> = texts.into_iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_the_codes_of_the_messages_in_their_order() {
        for (codes, count, first, last) in [
            (Codes::Activites, 732, "01.11Z", "99.00Z"),
            (Codes::Categories, 3, "GE", "ETI"),
            (Codes::Departements, 109, "01", "989"),
            (Codes::Regions, 18, "01", "94"),
            (Codes::Sections, 21, "A", "U"),
            (Codes::Tranches, 16, "NN", "53"),
            (Codes::NaturesJuridiques, 260, "0000", "9970"),
        ] {
            let liste = codes.liste();
            let found = (liste.len(), liste[0], liste[liste.len() - 1]);
            assert_eq!(found, (count, first, last), "{codes:?}");
        }
        assert_eq!(
            Codes::Departements.liste()[18..22],
            ["19", "21", "22", "23"]
        );
        assert_eq!(Codes::Tranches.liste()[..3], ["NN", "00", "01"]);
    }
}
