//! How many results there are of each kind.

use registre_schemas::nomenclature;
use tantivy::DocId;
use tantivy::columnar::Column;

use super::etage::Etage;

/// How many of each, among those that were counted: the first [`AU_PLUS`], which are the largest. A value
/// nobody has is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comptes {
    /// Results that were counted.
    nombre: u64,
    activites: Vec<u64>,
    categories: Vec<u64>,
    effectifs: Vec<u64>,
    departements: Vec<u64>,
}

/// Catégories juridiques are numbers of four digits; their first two are counted.
const NIVEAU_2: u64 = 100;

/// Results that are counted: four columns are read for each.
const AU_PLUS: u64 = 50_000;

impl Comptes {
    /// How many results were counted.
    pub(crate) fn nombre(&self) -> u64 {
        self.nombre
    }

    /// Whether no more of them are.
    pub(super) fn sont_pleins(&self) -> bool {
        self.nombre >= AU_PLUS
    }

    pub(super) fn compte(&mut self, etage: &Etage, document: DocId) {
        if self.sont_pleins() {
            return;
        }
        self.nombre += 1;
        let un = |comptes: &mut Vec<u64>, colonne: &Column<u64>, diviseur: u64| {
            let valeur = colonne.first(document).unwrap_or_default() / diviseur;
            let place = usize::try_from(valeur).unwrap_or_default();
            if place >= comptes.len() {
                comptes.resize(place + 1, 0);
            }
            comptes[place] += 1;
        };
        un(&mut self.activites, &etage.activite, 1);
        un(&mut self.categories, &etage.categorie, NIVEAU_2);
        un(&mut self.effectifs, &etage.effectifs, 1);
        un(&mut self.departements, &etage.departement, 1);
    }

    /// By section of the NAF rév. 2, the most frequent first.
    pub(crate) fn sections(&self) -> Vec<(String, u64)> {
        let mut sections: std::collections::BTreeMap<String, u64> =
            std::collections::BTreeMap::new();
        for (code, compte) in nombreux(&self.activites, nomenclature::naf_at) {
            if let Some(section) = nomenclature::naf_section(&code) {
                *sections.entry(section.to_owned()).or_default() += compte;
            }
        }
        tries(sections.into_iter().collect())
    }

    /// By activity of the NAF rév. 2, the most frequent first.
    pub(crate) fn activites(&self) -> Vec<(String, u64)> {
        tries(nombreux(&self.activites, nomenclature::naf_at))
    }

    /// By the first two digits of the catégorie juridique, the most frequent first.
    pub(crate) fn categories(&self) -> Vec<(String, u64)> {
        tries(nombreux(&self.categories, |place| {
            (place > 0).then(|| format!("{place:02}"))
        }))
    }

    /// By tranche d'effectifs, the most frequent first.
    pub(crate) fn effectifs(&self) -> Vec<(String, u64)> {
        tries(nombreux(&self.effectifs, |place| {
            (place < 99).then(|| format!("{place:02}"))
        }))
    }

    /// By département of the siège, the most frequent first.
    pub(crate) fn departements(&self) -> Vec<(String, u64)> {
        tries(nombreux(&self.departements, nomenclature::departement_at))
    }
}

fn nombreux<T: Into<String>>(
    comptes: &[u64],
    code: impl Fn(u64) -> Option<T>,
) -> Vec<(String, u64)> {
    let places = (0..).zip(comptes).filter(|(_, compte)| **compte > 0);
    places
        .filter_map(|(place, compte)| Some((code(place)?.into(), *compte)))
        .collect()
}

fn tries(mut comptes: Vec<(String, u64)>) -> Vec<(String, u64)> {
    comptes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    comptes
}
