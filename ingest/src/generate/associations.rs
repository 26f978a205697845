//! The associations that do not exist, and the two ways between them and their unités légales.

use std::ops::Range;

use crate::generate::adresses::Adresses;
use crate::generate::ecriture::chiffres;
use crate::generate::hasard::{Domaine, Hasard};

/// The RNA's own codes of the overseas départements: letters, where a number would not fit.
const OUTRE_MER: &[(&str, &str)] = &[
    ("971", "9G"),
    ("972", "9M"),
    ("973", "9C"),
    ("974", "9R"),
    ("976", "9T"),
    ("987", "9P"),
    ("988", "9N"),
];

/// Alsace-Moselle keeps its associations at the courts: they are not in the RNA.
const DROIT_LOCAL: [&str; 3] = ["57", "67", "68"];

/// Sites (préfecture, sous-préfectures) of a département.
const SITES: u64 = 3;

/// How much room there is between two numbers of a site.
const PAS: u32 = 3;

/// A département's file.
#[derive(Debug)]
pub struct Departement {
    /// Its code, as in the name of the file.
    pub code: String,
    /// Its code inside RNA numbers.
    pub prefixe: String,
    /// Its communes.
    pub cases: Range<u32>,
    /// Its associations of the waldec file.
    pub rangs: Range<u64>,
}

/// How many associations there are, and where.
#[derive(Debug)]
pub struct Associations {
    /// One file each, in order.
    pub departements: Vec<Departement>,
    total: u64,
    liees: u64,
    unites: u64,
}

impl Associations {
    /// One waldec row for nineteen établissements, as in the registers of 2026, shared among
    /// départements by population. A bit more than a third have their unité légale.
    #[must_use]
    pub fn new(etablissements: u64, unites: u64, adresses: &Adresses) -> Self {
        let retenus: Vec<_> = adresses
            .departements()
            .iter()
            .filter_map(|(code, cases)| {
                let outre_mer = OUTRE_MER
                    .iter()
                    .find(|(departement, _)| departement == code);
                let prefixe = outre_mer.map_or(code.as_str(), |(_, prefixe)| prefixe);
                let connu = prefixe.len() == 2 && !DROIT_LOCAL.contains(&code.as_str());
                connu.then(|| (code.clone(), prefixe.to_owned(), cases.clone()))
            })
            .collect();
        let cases_totales: u64 = retenus
            .iter()
            .map(|(_, _, cases)| cases.len() as u64)
            .sum::<u64>()
            .max(1);
        let mut total = 0;
        let mut departements = Vec::new();
        for (code, prefixe, cases) in retenus {
            let nombre = (etablissements / 19 * cases.len() as u64 / cases_totales).max(3);
            departements.push(Departement {
                code,
                prefixe,
                cases,
                rangs: total..total + nombre,
            });
            total += nombre;
        }
        Self {
            departements,
            total,
            liees: (total * 35 / 100).min(unites / 2),
            unites,
        }
    }

    /// How many there are in the waldec file.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The département of an association.
    #[must_use]
    pub fn departement(&self, association: u64) -> &Departement {
        let rang = self
            .departements
            .partition_point(|departement| departement.rangs.end <= association);
        &self.departements[rang.min(self.departements.len() - 1)]
    }

    /// The association of a unit, when it has one: linked pairs are evenly spread over both.
    #[must_use]
    pub fn de_l_unite(&self, unite: u64) -> Option<u64> {
        let lien = antecedent(unite, self.liees, self.unites)?;
        Some(lien * self.total / self.liees)
    }

    /// The unit of an association, when it has one.
    #[must_use]
    pub fn unite(&self, association: u64) -> Option<u64> {
        let lien = antecedent(association, self.liees, self.total)?;
        Some(lien * self.unites / self.liees)
    }

    /// Where an association is.
    #[must_use]
    pub fn commune(&self, association: u64, graine: u64, adresses: &Adresses) -> u16 {
        let mut hasard = Hasard::new(graine, Domaine::Association, association);
        adresses.tirer_dans(&self.departement(association).cases, &mut hasard)
    }

    /// Its RNA number: `W`, the site, and a number that grows with the rank. `pris` tells the
    /// numbers of real associations.
    pub fn id(&self, association: u64, graine: u64, pris: impl Fn(&str) -> bool) -> String {
        let departement = self.departement(association);
        let nombre = departement.rangs.end - departement.rangs.start;
        let rang = association - departement.rangs.start;
        let site = rang * SITES / nombre;
        let premier = (site * nombre).div_ceil(SITES);
        let ordre = u32::try_from(rang - premier).unwrap_or(0) * PAS + 1;
        let saut = Hasard::new(graine, Domaine::Siren, association).sous(PAS);
        let ecrire = |essai: u32| {
            let numero = chiffres::<6>(ordre + (saut + essai) % PAS);
            format!(
                "W{}{}{}",
                departement.prefixe,
                site + 1,
                crate::generate::ecriture::ascii(&numero)
            )
        };
        (0..PAS)
            .map(ecrire)
            .find(|id| !pris(id))
            .unwrap_or_else(|| ecrire(0))
    }
}

/// `j` below `nombre` such that `j × total ÷ nombre`, rounded down, is `image`.
fn antecedent(image: u64, nombre: u64, total: u64) -> Option<u64> {
    let candidat = (image * nombre).div_ceil(total.max(1));
    (candidat < nombre && candidat * total / nombre == image).then_some(candidat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_between_units_and_associations_go_both_ways() {
        let associations = Associations::new(30_000, 20_000, &Adresses::lire().unwrap());
        let liees: Vec<_> = (0..20_000)
            .filter_map(|unite| Some((unite, associations.de_l_unite(unite)?)))
            .collect();
        assert_eq!(liees.len() as u64, associations.liees);
        assert!(
            liees
                .iter()
                .all(|(unite, association)| associations.unite(*association) == Some(*unite))
        );
    }

    #[test]
    fn numbers_are_valid_ordered_and_leave_real_ones_alone() {
        let associations = Associations::new(200_000, 130_000, &Adresses::lire().unwrap());
        for departement in &associations.departements {
            let ids: Vec<_> = departement
                .rangs
                .clone()
                .map(|rang| associations.id(rang, 1, |id| id.ends_with('4')))
                .collect();
            assert!(ids.is_sorted_by(|a, b| a < b), "{}", departement.code);
            for id in &ids {
                assert!(
                    id.parse::<registre_schemas::identifiers::RnaId>().is_ok()
                        && !id.ends_with('4'),
                    "{id}"
                );
            }
        }
        assert!(
            !associations
                .departements
                .iter()
                .any(|departement| DROIT_LOCAL.contains(&departement.code.as_str()))
        );
    }
}
