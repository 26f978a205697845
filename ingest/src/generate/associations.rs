//! The associations that do not exist, and the two ways between them and their unités légales. What they say
//! they are for: sentences nobody wrote, in the register's own manner, with its accents, its doubled
//! quotes and its semicolons.

use std::ops::Range;

use crate::generate::addresses::Communes;
use crate::generate::buffer::digits;
use crate::generate::random::{Domain, Random};

/// The RNA's own codes of the overseas départements: letters, where a number would not fit.
const OVERSEAS: &[(&str, &str)] = &[
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
const STEP: u32 = 3;

/// A département's file.
#[derive(Debug)]
pub struct Departement {
    /// Its code, as in the name of the file.
    pub code: String,
    /// Its code inside RNA numbers.
    pub prefix: String,
    /// Its communes.
    pub slots: Range<u32>,
    /// Its associations of the waldec file.
    pub ranks: Range<u64>,
}

/// How many associations there are, and where.
#[derive(Debug)]
pub struct Associations {
    /// One file each, in order.
    pub departements: Vec<Departement>,
    total: u64,
    linked: u64,
    unites: u64,
}

impl Associations {
    /// One waldec row for nineteen établissements, as in the registers of 2026, shared among
    /// départements by population. A bit more than a third have their unité légale.
    #[must_use]
    pub fn new(etablissements: u64, unites: u64, communes: &Communes) -> Self {
        let kept: Vec<_> = communes
            .departements()
            .iter()
            .filter_map(|(code, slots)| {
                let overseas = OVERSEAS.iter().find(|(departement, _)| departement == code);
                let prefix = overseas.map_or(code.as_str(), |(_, prefix)| prefix);
                let known = prefix.len() == 2 && !DROIT_LOCAL.contains(&code.as_str());
                known.then(|| (code.clone(), prefix.to_owned(), slots.clone()))
            })
            .collect();
        let total_slots: u64 = kept
            .iter()
            .map(|(_, _, slots)| slots.len() as u64)
            .sum::<u64>()
            .max(1);
        let mut total = 0;
        let mut departements = Vec::new();
        for (code, prefix, slots) in kept {
            let count = (etablissements / 19 * slots.len() as u64 / total_slots).max(3);
            departements.push(Departement {
                code,
                prefix,
                slots,
                ranks: total..total + count,
            });
            total += count;
        }
        Self {
            departements,
            total,
            linked: (total * 35 / 100).min(unites / 2),
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
        let rank = self
            .departements
            .partition_point(|departement| departement.ranks.end <= association);
        &self.departements[rank.min(self.departements.len() - 1)]
    }

    /// The association of a unit, when it has one: linked pairs are evenly spread over both.
    #[must_use]
    pub fn of_unite(&self, unite: u64) -> Option<u64> {
        let pair = preimage(unite, self.linked, self.unites)?;
        Some(pair * self.total / self.linked)
    }

    /// The unit of an association, when it has one.
    #[must_use]
    pub fn unite_of(&self, association: u64) -> Option<u64> {
        let pair = preimage(association, self.linked, self.total)?;
        Some(pair * self.unites / self.linked)
    }

    /// Where an association is.
    #[must_use]
    pub fn commune_of(&self, association: u64, seed: u64, communes: &Communes) -> u16 {
        let mut random = Random::new(seed, Domain::Association, association);
        communes.draw_in(&self.departement(association).slots, &mut random)
    }

    /// Its RNA number: `W`, the site, and a number that grows with the rank. `taken` tells the
    /// numbers of real associations.
    pub fn id(&self, association: u64, seed: u64, taken: impl Fn(&str) -> bool) -> String {
        let departement = self.departement(association);
        let count = departement.ranks.end - departement.ranks.start;
        let rank = association - departement.ranks.start;
        let site = rank * SITES / count;
        let first = (site * count).div_ceil(SITES);
        let order = u32::try_from(rank - first).unwrap_or(0) * STEP + 1;
        let jump = Random::new(seed, Domain::Siren, association).below(STEP);
        let format_id = |attempt: u32| {
            let number = digits::<6>(order + (jump + attempt) % STEP);
            format!(
                "W{}{}{}",
                departement.prefix,
                site + 1,
                crate::generate::buffer::ascii(&number)
            )
        };
        (0..STEP)
            .map(format_id)
            .find(|id| !taken(id))
            .unwrap_or_else(|| format_id(0))
    }
}

/// `j` below `count` such that `j × total ÷ count`, rounded down, is `image`.
fn preimage(image: u64, count: u64, total: u64) -> Option<u64> {
    let candidate = (image * count).div_ceil(total.max(1));
    (candidate < count && candidate * total / count == image).then_some(candidate)
}

/// A theme of the RNA, and what its associations declare.
const OBJETS: &[(&str, &str)] = &[
    (
        "006000",
        "développer la pratique culturelle et l'éveil artistique auprès de tous les publics",
    ),
    (
        "006030",
        "promouvoir la scène indépendante \"imaginaire\" à travers l'organisation d'évènements de type concert ou festival",
    ),
    (
        "006070",
        "favoriser la création et la diffusion de spectacles, l'élargissement du dialogue avec le public",
    ),
    (
        "007000",
        "organiser des rencontres amicales, des jeux de société et des sorties pour ses adhérents",
    ),
    (
        "010000",
        "sauvegarder, restaurer et mettre en valeur le patrimoine bâti de la commune",
    ),
    (
        "011000",
        "pratique de l'éducation physique et des sports, organisation de compétitions",
    ),
    (
        "011080",
        "enseignement et pratique du football, du rugby et de l'athlétisme en compétition comme en loisir",
    ),
    (
        "013000",
        "gestion de la chasse sur le territoire communal, protection du gibier et de ses habitats",
    ),
    (
        "014000",
        "resserrer les liens d'amitié entre ses membres et leur venir en aide en cas de nécessité",
    ),
    (
        "015000",
        "soutien scolaire, aide aux devoirs et accompagnement à la parentalité",
    ),
    (
        "015005",
        "représenter les parents d'élèves auprès de l'administration, coopérer à l'éducation des élèves",
    ),
    (
        "016000",
        "encourager la recherche, en publier les résultats et en débattre avec les citoyens",
    ),
    (
        "017000",
        "informer sur la prévention et soutenir les personnes malades ainsi que leurs proches",
    ),
    (
        "019000",
        "accueillir, écouter et orienter les personnes en difficulté sociale",
    ),
    (
        "020000",
        "collecter et distribuer gratuitement des vêtements, des denrées et du matériel de première nécessité",
    ),
    (
        "021000",
        "rompre l'isolement des personnes âgées par des visites et des activités régulières",
    ),
    (
        "024000",
        "défendre le cadre de vie, protéger la nature et sensibiliser à l'écologie",
    ),
    (
        "024026",
        "protéger les espèces animales, veiller à leur bien-être et subvenir à leurs besoins",
    ),
    (
        "030000",
        "contribuer au développement local et à l'insertion par l'activité économique",
    ),
    (
        "034000",
        "animer la vie touristique et faire connaître la région",
    ),
    (
        "040000",
        "étudier les textes et organiser des conférences ouvertes à tous",
    ),
];

/// Ends that make an objet longer.
const ENDINGS: &[&str] = &[
    "valoriser et diffuser les connaissances acquises",
    "accueillir chacun sans distinction d'âge, d'origine ni de revenu",
    "éditer un bulletin, animer un site internet et toute action utile à ses buts",
    "favoriser, développer, encadrer et gérer les activités proposées aux adhérents",
    "financer ses actions par des cotisations, des dons, des subventions et toute recette autorisée par la loi",
    "coopérer avec les collectivités, les écoles et les autres associations",
];

/// Writes an objet and gives its two themes.
pub fn push_objet(text: &mut String, random: &mut Random) -> [&'static str; 2] {
    let (theme, objet) = random.choose(OBJETS);
    text.push_str(objet);
    for _ in 0..random.below(4) {
        // Declared lists have a semicolon, or what is left of it.
        text.push_str(if random.chance(2500) { " ; " } else { " ,  " });
        text.push_str(random.choose(ENDINGS));
    }
    let second = if random.chance(3000) {
        random.choose(OBJETS).0
    } else {
        "000000"
    };
    [theme, second]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_between_units_and_associations_go_both_ways() {
        let associations = Associations::new(30_000, 20_000, &Communes::load().unwrap());
        let linked: Vec<_> = (0..20_000)
            .filter_map(|unite| Some((unite, associations.of_unite(unite)?)))
            .collect();
        assert_eq!(linked.len() as u64, associations.linked);
        assert!(
            linked
                .iter()
                .all(|(unite, association)| associations.unite_of(*association) == Some(*unite))
        );
    }

    #[test]
    fn numbers_are_valid_ordered_and_leave_real_ones_alone() {
        let associations = Associations::new(200_000, 130_000, &Communes::load().unwrap());
        for departement in &associations.departements {
            let ids: Vec<_> = departement
                .ranks
                .clone()
                .map(|rank| associations.id(rank, 1, |id| id.ends_with('4')))
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

    #[test]
    fn objets_fit_the_old_encoding() {
        let texts = OBJETS.iter().map(|(_, objet)| objet).chain(ENDINGS);
        for text in texts {
            assert!(
                text.chars().all(|letter| u8::try_from(letter).is_ok()),
                "{text}"
            );
        }
    }

    #[test]
    fn themes_exist() {
        use registre_schemas::nomenclature::Nomenclature;
        for (theme, _) in OBJETS {
            assert!(Nomenclature::ObjetSocial.label(theme).is_some(), "{theme}");
        }
    }
}
