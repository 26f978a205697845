//! Code → libellé. The lists are the project's own CSV files in `data/nomenclatures`, compiled in:
//! an answer never waits for a table, and a label can never be missing from a snapshot.

mod intercommunalite;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use intercommunalite::{arrondissements_of, commune_of, communes_of_epci, epci_label, epci_of};

/// Which list a column's codes belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nomenclature {
    /// NAF rév. 2, or for closed units rév. 1 or 1993: told apart by the nomenclature column beside it.
    Naf,
    /// NAF 2025.
    Naf2025,
    /// Catégories juridiques, niveau 3.
    CategorieJuridique,
    /// Tranches d'effectifs salariés.
    TrancheEffectifs,
    /// Communes, arrondissements municipaux and COM, code officiel géographique 2026.
    Commune,
    /// Thèmes of the RNA.
    ObjetSocial,
    /// O, P.
    StatutDiffusion,
    /// A, C.
    EtatUniteLegale,
    /// A, F.
    EtatEtablissement,
    /// PME, ETI, GE.
    CategorieEntreprise,
    /// O, N.
    OuiNon,
    /// A, D, S, R.
    PositionAssociation,
    /// S, U, F.
    Groupement,
}

/// The keys are ours: nobody can choose them to collide.
type Labels = HashMap<&'static str, &'static str, foldhash::fast::FixedState>;

/// First column to second, from a CSV file compiled in.
fn labels(text: &'static str) -> Labels {
    text.lines().skip(1).filter_map(code_and_label).collect()
}

/// The first two fields of a line: `code,libelle` or `code,"libelle, with a comma"`. No label holds
/// a double quote, which a test checks, so fields are borrowed from the text as they stand.
fn code_and_label(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (code, rest) = line.split_once(',')?;
    let label = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => rest.split_once(',').map_or(rest, |(label, _)| label),
    };
    Some((code, label))
}

macro_rules! lists {
    ($($name:ident = $file:literal;)*) => {$(
        static $name: LazyLock<Labels> =
            LazyLock::new(|| labels(include_str!(concat!("../../data/nomenclatures/", $file))));
    )*};
}

lists! {
    NAF_REV2 = "naf_rev2.csv";
    NAF_REV1 = "naf_rev1.csv";
    NAF_1993 = "naf_1993.csv";
    NAF_2025 = "naf_2025.csv";
    CATEGORIE_JURIDIQUE = "categorie_juridique.csv";
    CATEGORIE_JURIDIQUE_2 = "categorie_juridique_niveau_2.csv";
    TRANCHE_EFFECTIFS = "tranche_effectifs.csv";
    COMMUNE = "commune.csv";
    DEPARTEMENT = "departement.csv";
    OBJET_SOCIAL = "objet_social.csv";
}

/// The lists that have a file, by name: each code with its label.
pub fn lists() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lists: [(&str, &Labels); 11] = [
        ("naf_rev2", &NAF_REV2),
        ("naf_2025", &NAF_2025),
        ("naf_rev1", &NAF_REV1),
        ("naf_1993", &NAF_1993),
        ("categorie_juridique", &CATEGORIE_JURIDIQUE),
        ("categorie_juridique_niveau_2", &CATEGORIE_JURIDIQUE_2),
        ("epci", &intercommunalite::EPCI.libelles),
        ("tranche_effectifs", &TRANCHE_EFFECTIFS),
        ("commune", &COMMUNE),
        ("departement", &DEPARTEMENT),
        ("objet_social", &OBJET_SOCIAL),
    ];
    let rows = |(name, labels): (&'static str, &'static Labels)| {
        labels
            .iter()
            .map(move |(code, label)| (name, *code, *label))
    };
    lists.into_iter().flat_map(rows)
}

impl Nomenclature {
    /// Its name, in French.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Naf => "NAF rév. 2 ; rév. 1 ou 1993 quand la colonne de nomenclature le dit",
            Self::Naf2025 => "NAF 2025",
            Self::CategorieJuridique => "catégories juridiques, niveau 3 (Insee)",
            Self::TrancheEffectifs => "tranches d'effectifs salariés (Insee)",
            Self::Commune => "communes et arrondissements, code officiel géographique",
            Self::ObjetSocial => "objets sociaux (RNA)",
            Self::StatutDiffusion => "O diffusible, P diffusion partielle",
            Self::EtatUniteLegale => "A active, C cessée",
            Self::EtatEtablissement => "A actif, F fermé",
            Self::CategorieEntreprise => "PME, ETI, GE",
            Self::OuiNon => "O oui, N non",
            Self::PositionAssociation => "A active, D dissoute, S supprimée, R reprise",
            Self::Groupement => "S simple, U union, F fédération",
        }
    }

    /// The label of a code, when the list has it. For [`Self::Naf`] the code is read as rév. 2;
    /// see [`naf_label`] for the older ones.
    #[must_use]
    pub fn label(self, code: &str) -> Option<&'static str> {
        if let Some(list) = self.list() {
            return list.get(code).copied();
        }
        let known = self.short_list().iter().find(|(known, _)| *known == code);
        known.map(|(_, label)| *label)
    }

    /// Every code with its label, in the order of the codes.
    #[must_use]
    pub fn codes(self) -> Vec<(&'static str, &'static str)> {
        let mut codes: Vec<_> = match self.list() {
            Some(list) => list.iter().map(|(code, label)| (*code, *label)).collect(),
            None => self.short_list().to_vec(),
        };
        codes.sort_unstable();
        codes
    }

    /// The list of those that have a file.
    fn list(self) -> Option<&'static Labels> {
        Some(match self {
            Self::Naf => &NAF_REV2,
            Self::Naf2025 => &NAF_2025,
            Self::CategorieJuridique => &CATEGORIE_JURIDIQUE,
            Self::TrancheEffectifs => &TRANCHE_EFFECTIFS,
            Self::Commune => &COMMUNE,
            Self::ObjetSocial => &OBJET_SOCIAL,
            _ => return None,
        })
    }

    /// The lists too short for a file.
    fn short_list(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::StatutDiffusion => &[
                ("O", "Diffusible"),
                ("P", "Diffusion partielle"),
                ("N", "Non diffusible"),
            ],
            Self::EtatUniteLegale => &[("A", "Active"), ("C", "Cessée")],
            Self::EtatEtablissement => &[("A", "Actif"), ("F", "Fermé")],
            Self::CategorieEntreprise => &[
                ("PME", "Petite ou moyenne entreprise"),
                ("ETI", "Entreprise de taille intermédiaire"),
                ("GE", "Grande entreprise"),
            ],
            Self::OuiNon => &[("O", "Oui"), ("N", "Non")],
            Self::PositionAssociation => &[
                ("A", "Active"),
                ("D", "Dissoute"),
                ("S", "Supprimée"),
                ("R", "Reprise sous un autre numéro"),
            ],
            Self::Groupement => &[
                ("S", "Association simple"),
                ("U", "Union"),
                ("F", "Fédération"),
            ],
            _ => &[],
        }
    }
}

/// The label of a principal activity in the nomenclature its own column names. INSEE publishes no
/// reusable list for NAP (1973), and `None` says so.
#[must_use]
pub fn naf_label(nomenclature: &str, code: &str) -> Option<&'static str> {
    let list: &Labels = match nomenclature {
        "NAFRev2" => &NAF_REV2,
        "NAFRev1" => &NAF_REV1,
        "NAF1993" => &NAF_1993,
        _ => return None,
    };
    list.get(code).copied()
}

/// The sections of the NAF rév. 2: their letter, their last division, their name.
///
/// Source: INSEE, NAF rév. 2, 2008, level 1.
#[rustfmt::skip] // one line per section reads as a table
const SECTIONS: [(u8, &str, &str); 21] = [
    (3, "A", "Agriculture, sylviculture et pêche"),
    (9, "B", "Industries extractives"),
    (33, "C", "Industrie manufacturière"),
    (35, "D", "Production et distribution d'électricité, de gaz, de vapeur et d'air conditionné"),
    (39, "E", "Production et distribution d'eau ; assainissement, gestion des déchets et dépollution"),
    (43, "F", "Construction"),
    (47, "G", "Commerce ; réparation d'automobiles et de motocycles"),
    (53, "H", "Transports et entreposage"),
    (56, "I", "Hébergement et restauration"),
    (63, "J", "Information et communication"),
    (66, "K", "Activités financières et d'assurance"),
    (68, "L", "Activités immobilières"),
    (75, "M", "Activités spécialisées, scientifiques et techniques"),
    (82, "N", "Activités de services administratifs et de soutien"),
    (84, "O", "Administration publique"),
    (85, "P", "Enseignement"),
    (88, "Q", "Santé humaine et action sociale"),
    (93, "R", "Arts, spectacles et activités récréatives"),
    (96, "S", "Autres activités de services"),
    (98, "T", "Activités des ménages en tant qu'employeurs ; activités indifférenciées des ménages en tant que producteurs de biens et services pour usage propre"),
    (99, "U", "Activités extra-territoriales"),
];

/// The section of a NAF rév. 2 code, by its division: `84.11Z` is of section `O`. `None` for
/// `00.00Z`, which stands for no activity, and for what is not such a code.
#[must_use]
pub fn naf_section(code: &str) -> Option<&'static str> {
    let division: u8 = code
        .get(..2)?
        .parse()
        .ok()
        .filter(|division| *division > 0)?;
    let section = SECTIONS.iter().find(|(last, _, _)| division <= *last)?;
    Some(section.1)
}

/// The name of a section of the NAF rév. 2.
#[must_use]
pub fn naf_section_label(section: &str) -> Option<&'static str> {
    let found = SECTIONS.iter().find(|(_, letter, _)| *letter == section)?;
    Some(found.2)
}

/// The département of a commune code: two characters, three overseas (`97`, `98`).
#[must_use]
pub fn departement_of(code_commune: &str) -> Option<&str> {
    let length = if code_commune.starts_with("97") || code_commune.starts_with("98") {
        3
    } else {
        2
    };
    code_commune.get(..length)
}

/// Codes of a list, in its order, for places in it.
struct Places {
    codes: Vec<&'static str>,
    places: HashMap<&'static str, u64, foldhash::fast::FixedState>,
}

impl Places {
    fn of(text: &'static str) -> Self {
        let lines = text.lines().skip(1).filter_map(code_and_label);
        let codes: Vec<&'static str> = lines.map(|(code, _)| code).collect();
        let places = (1..).zip(&codes).map(|(place, code)| (*code, place));
        Self {
            places: places.collect(),
            codes,
        }
    }

    fn code(&self, place: u64) -> Option<&'static str> {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        self.codes.get(place).copied()
    }
}

static NAF_PLACES: LazyLock<Places> =
    LazyLock::new(|| Places::of(include_str!("../../data/nomenclatures/naf_rev2.csv")));
static DEPARTEMENT_PLACES: LazyLock<Places> =
    LazyLock::new(|| Places::of(include_str!("../../data/nomenclatures/departement.csv")));

/// The place of a code in the list of the NAF rév. 2, from 1.
#[must_use]
pub fn naf_place(code: &str) -> Option<u64> {
    NAF_PLACES.places.get(code).copied()
}

/// The code at that place of the list of the NAF rév. 2.
#[must_use]
pub fn naf_at(place: u64) -> Option<&'static str> {
    NAF_PLACES.code(place)
}

/// The place of a département in the list, from 1.
#[must_use]
pub fn departement_place(code: &str) -> Option<u64> {
    DEPARTEMENT_PLACES.places.get(code).copied()
}

/// The département at that place of the list.
#[must_use]
pub fn departement_at(place: u64) -> Option<&'static str> {
    DEPARTEMENT_PLACES.code(place)
}

/// Communes and their arrondissements: code, name, population.
pub fn communes() -> impl Iterator<Item = (&'static str, &'static str, u32)> {
    let lines = include_str!("../../data/nomenclatures/commune.csv").lines();
    lines.skip(1).filter_map(|line| {
        let (code, label) = code_and_label(line)?;
        let population = line.rsplit(',').next()?.parse().unwrap_or(0);
        Some((code, label, population))
    })
}

/// The départements of a région, by code.
pub fn departements_of(region: &str) -> impl Iterator<Item = &'static str> {
    let departements = departements().filter(move |(_, own)| *own == region);
    departements.map(|(code, _)| code)
}

/// The label of the first two digits of a catégorie juridique.
#[must_use]
pub fn categorie_juridique_niveau_2(code: &str) -> Option<&'static str> {
    CATEGORIE_JURIDIQUE_2.get(code).copied()
}

/// Départements and régions: code, name, whether it is a région.
pub fn territoires() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let of = |text: &'static str, region| {
        let lines = text.lines().skip(1).filter_map(code_and_label);
        lines.map(move |(code, label)| (code, label, region))
    };
    of(
        include_str!("../../data/nomenclatures/departement.csv"),
        false,
    )
    .chain(of(
        include_str!("../../data/nomenclatures/region.csv"),
        true,
    ))
}

/// Every département with the code of its région, in the order of the codes. An overseas collectivity is
/// its own région.
pub fn departements() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("../../data/nomenclatures/departement.csv")
        .lines()
        .skip(1);
    // No label holds a comma, which a test checks.
    lines.filter_map(|line| Some((line.split_once(',')?.0, line.rsplit_once(',')?.1)))
}

/// The région of a département.
#[must_use]
pub fn region_of(departement: &str) -> Option<&'static str> {
    static REGIONS: LazyLock<Labels> = LazyLock::new(|| departements().collect());
    REGIONS.get(departement).copied()
}

/// The name of a département.
#[must_use]
pub fn departement_label(code: &str) -> Option<&'static str> {
    DEPARTEMENT.get(code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_departement_has_its_region() {
        assert_eq!(departements().count(), 109);
        for line in include_str!("../../data/nomenclatures/departement.csv").lines() {
            assert_eq!(line.matches(',').count(), 2, "{line}");
        }
        for (departement, region) in [("75", "11"), ("2A", "94"), ("974", "04"), ("988", "988")] {
            assert_eq!(region_of(departement), Some(region));
        }
        assert_eq!(region_of("20"), None);
    }

    #[test]
    fn both_nafs_have_their_own_labels() {
        assert_eq!(
            Nomenclature::Naf.label("84.11Z"),
            Some("Administration publique générale")
        );
        assert!(Nomenclature::Naf2025.label("84.11Y").is_some());
        assert!(naf_label("NAFRev1", "70.2C").is_some());
        assert_eq!(naf_label("NAP", "22.02"), None);
    }

    #[test]
    fn a_label_with_commas_is_whole() {
        assert_eq!(
            Nomenclature::Naf.label("01.11Z"),
            Some(
                "Culture de céréales (à l’exception du riz), de légumineuses et de graines oléagineuses"
            )
        );
    }

    #[test]
    fn every_list_is_read_to_its_last_line_and_no_label_holds_a_quote() {
        let files: [(&Labels, &str); 10] = [
            (
                &NAF_REV2,
                include_str!("../../data/nomenclatures/naf_rev2.csv"),
            ),
            (
                &NAF_REV1,
                include_str!("../../data/nomenclatures/naf_rev1.csv"),
            ),
            (
                &NAF_1993,
                include_str!("../../data/nomenclatures/naf_1993.csv"),
            ),
            (
                &NAF_2025,
                include_str!("../../data/nomenclatures/naf_2025.csv"),
            ),
            (
                &CATEGORIE_JURIDIQUE,
                include_str!("../../data/nomenclatures/categorie_juridique.csv"),
            ),
            (
                &TRANCHE_EFFECTIFS,
                include_str!("../../data/nomenclatures/tranche_effectifs.csv"),
            ),
            (
                &CATEGORIE_JURIDIQUE_2,
                include_str!("../../data/nomenclatures/categorie_juridique_niveau_2.csv"),
            ),
            (
                &COMMUNE,
                include_str!("../../data/nomenclatures/commune.csv"),
            ),
            (
                &DEPARTEMENT,
                include_str!("../../data/nomenclatures/departement.csv"),
            ),
            (
                &OBJET_SOCIAL,
                include_str!("../../data/nomenclatures/objet_social.csv"),
            ),
        ];
        for (list, text) in files {
            assert_eq!(list.len(), text.lines().count() - 1);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            for record in reader.records() {
                let record = record.unwrap();
                assert!(!record[1].contains('"') && !record[1].contains('\n'));
                assert_eq!(list.get(&record[0]).copied(), Some(&record[1]));
            }
        }
    }

    #[test]
    fn every_code_of_the_naf_has_a_section() {
        for code in NAF_REV2.keys() {
            assert!(naf_section(code).is_some(), "{code}");
        }
        for (code, section) in [
            ("01.11Z", Some("A")),
            ("35.11Z", Some("D")),
            ("68.20A", Some("L")),
            ("84.11Z", Some("O")),
            ("99.00Z", Some("U")),
            ("00.00Z", None),
            ("", None),
        ] {
            assert_eq!(naf_section(code), section, "{code}");
        }
        assert_eq!(naf_section_label("O"), Some("Administration publique"));
        assert_eq!(naf_section_label("Z"), None);
    }

    #[test]
    fn overseas_departements_have_three_characters() {
        assert_eq!(departement_of("97411"), Some("974"));
        assert_eq!(departement_of("2A004"), Some("2A"));
        assert_eq!(departement_label("2A"), Some("Corse-du-Sud"));
    }
}
