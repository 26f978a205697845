//! Where things are: real communes, weighted by population, generic streets, foreign towns, and a
//! plausible point on the map. No address here is anybody's.

use std::ops::Range;

use crate::error::IngestError;
use crate::generate::random::{Domain, Random};

const COMMUNES: &str = include_str!("../../../data/nomenclatures/commune.csv");

/// How finely population weighs: each commune takes its share of so many slots, at least one.
const SLOTS: u64 = 1 << 18;

/// Communes whose arrondissements are in the list beside them: INSEE never uses the whole.
const SPLIT_COMMUNES: [&str; 3] = ["13055", "69123", "75056"];

/// A commune.
#[derive(Debug)]
pub struct Commune {
    /// Code officiel géographique.
    pub code: String,
    /// As a person does, without the arrondissement.
    pub libelle: String,
    /// As INSEE does: upper case, no accent, `PARIS 4` for an arrondissement.
    pub libelle_insee: String,
    /// As INSEE does for addresses it matched with the BAN, and the post: `PARIS`.
    pub libelle_poste: String,
    /// Postcode.
    pub code_postal: String,
    /// How many people live there.
    pub population: u32,
}

/// Every commune, and the slots a draw falls on.
#[derive(Debug)]
pub struct Communes {
    all: Vec<Commune>,
    slots: Vec<u16>,
    departements: Vec<(String, Range<u32>)>,
}

impl Communes {
    /// Reads the nomenclature compiled in.
    pub fn load() -> Result<Self, IngestError> {
        let mut reader = csv::Reader::from_reader(COMMUNES.as_bytes());
        let mut read = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|error| IngestError::Decode {
                file: "nomenclatures/commune.csv".to_owned(),
                line: error.position().map(csv::Position::line),
                detail: error.to_string(),
            })?;
            let population: u32 = row[6].parse().unwrap_or(0);
            if population == 0 || row[5].is_empty() || SPLIT_COMMUNES.contains(&&row[0]) {
                continue;
            }
            let town = row[1]
                .strip_suffix(" Arrondissement")
                .and_then(|start| start.rsplit_once(' '));
            let town = town.map_or(&row[1], |(town, _)| town);
            let commune = Commune {
                code: row[0].to_owned(),
                libelle: town.to_owned(),
                libelle_insee: to_libelle_insee(&row[1]),
                libelle_poste: to_libelle_insee(town),
                code_postal: row[5].to_owned(),
                population,
            };
            read.push((commune, row[2].to_owned()));
        }
        let total: u64 = read
            .iter()
            .map(|(commune, _)| u64::from(commune.population))
            .sum::<u64>()
            .max(1);
        let mut communes = Self {
            all: Vec::new(),
            slots: Vec::new(),
            departements: Vec::new(),
        };
        for (commune, departement) in read {
            let rank = u16::try_from(communes.all.len()).unwrap_or(u16::MAX);
            let start = u32::try_from(communes.slots.len()).unwrap_or(u32::MAX);
            let weight = usize::try_from(u64::from(commune.population) * SLOTS / total)
                .unwrap_or(1)
                .max(1);
            communes.slots.resize(communes.slots.len() + weight, rank);
            let end = u32::try_from(communes.slots.len()).unwrap_or(u32::MAX);
            match communes.departements.last_mut() {
                Some((code, slots)) if *code == departement => slots.end = end,
                _ => communes.departements.push((departement, start..end)),
            }
            communes.all.push(commune);
        }
        Ok(communes)
    }

    /// That commune.
    #[must_use]
    pub fn commune(&self, rank: u16) -> &Commune {
        &self.all[usize::from(rank)]
    }

    /// The commune of that code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&Commune> {
        let place = self
            .all
            .binary_search_by(|other| other.code.as_str().cmp(code));
        place.ok().map(|place| &self.all[place])
    }

    /// Départements in the order of their codes, with the slots of their communes.
    #[must_use]
    pub fn departements(&self) -> &[(String, Range<u32>)] {
        &self.departements
    }

    /// Any commune, the more inhabitants the likelier.
    pub fn draw(&self, random: &mut Random) -> u16 {
        random.choose(&self.slots)
    }

    /// A commune of those slots.
    pub fn draw_in(&self, slots: &Range<u32>, random: &mut Random) -> u16 {
        let slot = slots.start + random.below(slots.len().try_into().unwrap_or(1));
        self.slots[slot as usize]
    }

    /// Another commune of the same département.
    pub fn neighbour(&self, rank: u16, random: &mut Random) -> u16 {
        let slot = self.slots.partition_point(|other| *other < rank);
        let departement = self
            .departements
            .partition_point(|(_, slots)| slots.end as usize <= slot);
        self.draw_in(&self.departements[departement].1, random)
    }

    /// The slots of the départements of that list.
    pub fn slots_of(&self, codes: &[&str]) -> impl Iterator<Item = &Range<u32>> {
        self.departements
            .iter()
            .filter(|(code, _)| codes.contains(&code.as_str()))
            .map(|(_, slots)| slots)
    }
}

/// `L'Abergement-Clémenciat` to `L'ABERGEMENT-CLEMENCIAT`, `Paris 4e Arrondissement` to `PARIS 4`.
fn to_libelle_insee(libelle: &str) -> String {
    let base = libelle
        .strip_suffix(" Arrondissement")
        .map_or(libelle, |start| start.trim_end_matches(['e', 'r']));
    base.chars()
        .flat_map(char::to_uppercase)
        .fold(String::new(), |mut text, letter| {
            match letter {
                'À' | 'Â' | 'Ä' | 'Á' => text.push('A'),
                'É' | 'È' | 'Ê' | 'Ë' => text.push('E'),
                'Î' | 'Ï' | 'Í' => text.push('I'),
                'Ô' | 'Ö' | 'Ó' => text.push('O'),
                'Ù' | 'Û' | 'Ü' | 'Ú' => text.push('U'),
                'Ç' => text.push('C'),
                'Ÿ' => text.push('Y'),
                'Ñ' => text.push('N'),
                'Œ' => text.push_str("OE"),
                'Æ' => text.push_str("AE"),
                '’' => text.push('\''),
                other => text.push(other),
            }
            text
        })
}

#[rustfmt::skip]
/// INSEE's abbreviation, and the label it has used for addresses matched with the BAN.
pub const TYPES_VOIE: &[(&str, &str)] = &[
    ("RUE", "RUE"), ("RUE", "RUE"), ("RUE", "RUE"), ("RUE", "RUE"), ("RUE", "RUE"), ("RUE", "RUE"), ("RUE", "RUE"),
    ("AV", "AVENUE"), ("AV", "AVENUE"), ("BD", "BOULEVARD"), ("CHE", "CHEMIN"), ("CHE", "CHEMIN"), ("RTE", "ROUTE"),
    ("RTE", "ROUTE"), ("PL", "PLACE"), ("ALL", "ALLEE"), ("IMP", "IMPASSE"), ("LOT", "LOTISSEMENT"), ("SQ", "SQUARE"),
    ("CRS", "COURS"), ("QUAI", "QUAI"), ("RES", "RESIDENCE"), ("ZA", "ZONE ARTISANALE"), ("PAS", "PASSAGE"),
];

#[rustfmt::skip]
/// A street as INSEE writes it, and as a person does.
pub const VOIES: &[(&str, &str)] = &[
    ("DE LA REPUBLIQUE", "de la République"), ("DE LA MAIRIE", "de la Mairie"), ("VICTOR HUGO", "Victor Hugo"),
    ("DE L EGLISE", "de l'Église"), ("DU GENERAL DE GAULLE", "du Général de Gaulle"), ("PASTEUR", "Pasteur"),
    ("DE LA GARE", "de la Gare"), ("JEAN JAURES", "Jean Jaurès"), ("DES ECOLES", "des Écoles"),
    ("DE LA LIBERATION", "de la Libération"), ("DE VERDUN", "de Verdun"), ("NATIONALE", "Nationale"),
    ("DU MARECHAL FOCH", "du Maréchal Foch"), ("GRANDE", "Grande"), ("DU MOULIN", "du Moulin"),
    ("DES ACACIAS", "des Acacias"), ("DES TILLEULS", "des Tilleuls"), ("DES LILAS", "des Lilas"),
    ("DU STADE", "du Stade"), ("DE LA FONTAINE", "de la Fontaine"), ("DU CHATEAU", "du Château"),
    ("MARCEL PAGNOL", "Marcel Pagnol"), ("MARIE CURIE", "Marie Curie"), ("DE BRETAGNE", "de Bretagne"),
    ("DE PARIS", "de Paris"), ("DE LYON", "de Lyon"), ("DU LAVOIR", "du Lavoir"), ("DE LA FORET", "de la Forêt"),
    ("DU COMMERCE", "du Commerce"), ("DE L INDUSTRIE", "de l'Industrie"), ("EMILE ZOLA", "Émile Zola"),
    ("LEON GAMBETTA", "Léon Gambetta"), ("JULES FERRY", "Jules Ferry"), ("GEORGES CLEMENCEAU", "Georges Clemenceau"),
    ("DE LA POSTE", "de la Poste"), ("DU PORT", "du Port"), ("DE LA PLAGE", "de la Plage"), ("DES VIGNES", "des Vignes"),
    ("DU 8 MAI 1945", "du 8 Mai 1945"), ("DU 11 NOVEMBRE 1918", "du 11 Novembre 1918"), ("SAINT MARTIN", "Saint-Martin"),
    ("DE L EUROPE", "de l'Europe"), ("DES CHAMPS", "des Champs"), ("DU BOIS", "du Bois"), ("NEUVE", "Neuve"),
    ("DE LA PAIX", "de la Paix"), ("D ALSACE", "d'Alsace"), ("DU VIEUX PONT", "du Vieux Pont"),
    ("HENRI BARBUSSE", "Henri Barbusse"), ("DE LA CROIX", "de la Croix"), ("DES ROSES", "des Roses"),
    ("ANATOLE FRANCE", "Anatole France"), ("DES PRES", "des Prés"), ("DE LA VALLEE", "de la Vallée"),
    ("LAMARTINE", "Lamartine"), ("MOLIERE", "Molière"), ("DE LA LIBERTE", "de la Liberté"), ("DU MARCHE", "du Marché"),
];

#[rustfmt::skip]
/// Country code, country, town, postcode.
pub const FOREIGN_TOWNS: &[(&str, &str, &str, &str)] = &[
    ("99131", "BELGIQUE", "BRUXELLES", "1000"), ("99137", "LUXEMBOURG", "LUXEMBOURG", "L-1855"),
    ("99109", "ALLEMAGNE", "BERLIN", "10117"), ("99140", "SUISSE", "GENEVE", "1204"), ("99134", "ESPAGNE", "MADRID", "28001"),
    ("99127", "ITALIE", "MILANO", "20121"), ("99132", "ROYAUME-UNI", "LONDON", "EC1A 1BB"),
    ("99135", "PAYS-BAS", "AMSTERDAM", "1012 AB"), ("99139", "PORTUGAL", "LISBOA", ""), ("99404", "ETATS-UNIS", "NEW YORK", "NY 10001"),
    ("99136", "IRLANDE", "DUBLIN", "D02 X285"), ("99122", "POLOGNE", "WARSZAWA", "00-001"),
];

/// The line of an address, before its commune.
#[derive(Debug, Clone, Copy)]
pub struct AddressLine {
    /// In the street; zero for none.
    pub numero: u32,
    /// B, T, or none.
    pub indice: &'static str,
    /// Last number of a grouped address; zero for none.
    pub dernier_numero: u32,
    /// Abbreviation and full label.
    pub type_voie: (&'static str, &'static str),
    /// As INSEE writes it, and as a person does.
    pub voie: (&'static str, &'static str),
    /// Word and number of a complement, when there is one.
    pub complement: Option<(&'static str, u32)>,
}

impl AddressLine {
    /// One in twelve has no number, as in villages.
    pub fn draw(random: &mut Random) -> Self {
        let numero = if random.chance(800) {
            0
        } else {
            random.between(1, 30) * random.between(1, 5)
        };
        let indice = if numero > 0 && random.chance(450) {
            random.choose(&["B", "B", "B", "T", "A", "C"])
        } else {
            ""
        };
        let dernier_numero = if numero > 0 && random.chance(120) {
            numero + 2 * random.between(1, 4)
        } else {
            0
        };
        let complement = random.chance(1400).then(|| {
            let word = random.choose(&[
                "BATIMENT ",
                "RESIDENCE DES LILAS ",
                "APPARTEMENT ",
                "CHEZ EXEMPLE ",
                "LIEU DIT LE SPECIMEN ",
                "ETAGE ",
                "LOT ",
            ]);
            (word, random.between(1, 40))
        });
        Self {
            numero,
            indice,
            dernier_numero,
            type_voie: random.choose(TYPES_VOIE),
            voie: random.choose(VOIES),
            complement,
        }
    }
}

#[rustfmt::skip]
/// Around which point a département's communes are scattered, in kilometres of its legal
/// projection (Lambert 93, or the UTM zone of an overseas département).
const LANDMARKS: &[(&str, u32, u32)] = &[
    ("01", 872, 6569), ("02", 745, 6940), ("03", 725, 6607), ("04", 959, 6338), ("05", 945, 6389), ("06", 1043, 6312),
    ("07", 827, 6406), ("08", 824, 6965), ("09", 587, 6209), ("10", 780, 6801), ("11", 647, 6235), ("12", 666, 6361),
    ("13", 893, 6270), ("14", 455, 6888), ("15", 656, 6426), ("16", 479, 6510), ("17", 410, 6540), ("18", 654, 6665),
    ("19", 604, 6464), ("21", 854, 6693), ("22", 275, 6818), ("23", 613, 6564), ("24", 521, 6456), ("25", 928, 6687),
    ("26", 849, 6427), ("27", 565, 6882), ("28", 588, 6818), ("29", 180, 6810), ("2A", 1195, 6095), ("2B", 1215, 6160),
    ("30", 809, 6305), ("31", 574, 6279), ("32", 506, 6286), ("33", 417, 6422), ("34", 755, 6285), ("35", 352, 6789),
    ("36", 600, 6635), ("37", 526, 6701), ("38", 914, 6458), ("39", 895, 6622), ("40", 419, 6316), ("41", 574, 6722),
    ("42", 809, 6483), ("43", 769, 6438), ("44", 356, 6690), ("45", 619, 6756), ("46", 576, 6374), ("47", 510, 6347),
    ("48", 740, 6380), ("49", 433, 6714), ("50", 390, 6880), ("51", 800, 6874), ("52", 859, 6781), ("53", 419, 6781),
    ("54", 934, 6848), ("55", 859, 6854), ("56", 268, 6768), ("57", 932, 6896), ("58", 712, 6654), ("59", 704, 7045),
    ("60", 633, 6926), ("61", 485, 6818), ("62", 675, 7030), ("63", 706, 6520), ("64", 426, 6250), ("65", 462, 6235),
    ("66", 670, 6178), ("67", 1040, 6842), ("68", 1015, 6770), ("69", 838, 6525), ("70", 937, 6729), ("71", 841, 6600),
    ("72", 491, 6770), ("73", 940, 6490), ("74", 955, 6540), ("75", 652, 6862), ("76", 562, 6945), ("77", 690, 6835),
    ("78", 620, 6856), ("79", 434, 6600), ("80", 640, 6977), ("81", 632, 6315), ("82", 560, 6326), ("83", 950, 6270),
    ("84", 870, 6325), ("85", 372, 6628), ("86", 496, 6612), ("87", 565, 6527), ("88", 956, 6791), ("89", 743, 6745),
    ("90", 990, 6734), ("91", 645, 6826), ("92", 643, 6864), ("93", 663, 6868), ("94", 661, 6853), ("95", 633, 6883),
    ("971", 645, 1795), ("972", 712, 1620), ("973", 345, 540), ("974", 340, 7663), ("976", 523, 8585),
];

/// Abscissa and ordinate in centimetres, for the territories that have a legal projection.
#[must_use]
pub fn coordinates(code_commune: &str, random: &mut Random) -> Option<(u32, u32)> {
    let departement = registre_schemas::nomenclature::departement_of(code_commune)?;
    let rank = LANDMARKS
        .binary_search_by(|(code, _, _)| (*code).cmp(departement))
        .ok()?;
    let (_, x, y) = LANDMARKS[rank];
    let radius = match departement {
        "75" | "92" | "93" | "94" => 4,
        "90" | "95" | "971" | "972" | "973" | "974" | "976" => 7,
        _ => 20,
    };
    let key = code_commune
        .bytes()
        .fold(0_u64, |key, byte| key * 256 + u64::from(byte));
    let mut commune = Random::new(0, Domain::Commune, key);
    let point = |landmark: u32, commune: &mut Random, random: &mut Random| {
        let metres =
            landmark * 1000 + commune.below(2 * radius * 1000) + random.below(1200) - radius * 1000;
        metres * 100 + random.below(100)
    };
    Some((
        point(x, &mut commune, random),
        point(y, &mut commune, random),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn communes_are_written_as_insee_does() {
        assert_eq!(
            to_libelle_insee("L'Abergement-Clémenciat"),
            "L'ABERGEMENT-CLEMENCIAT"
        );
        assert_eq!(to_libelle_insee("Paris 4e Arrondissement"), "PARIS 4");
        assert_eq!(to_libelle_insee("Lyon 1er Arrondissement"), "LYON 1");
        let communes = Communes::load().unwrap();
        let odd: Vec<_> = communes
            .all
            .iter()
            .filter(|c| !c.libelle_insee.is_ascii())
            .collect();
        assert!(odd.is_empty(), "{odd:?}");
    }

    #[test]
    fn a_commune_is_found_by_its_code() {
        let communes = Communes::load().unwrap();
        for commune in &communes.all {
            assert_eq!(communes.find(&commune.code).unwrap().code, commune.code);
        }
        assert!(communes.find("75056").is_none());
    }

    #[test]
    fn a_neighbour_is_in_the_same_departement() {
        let communes = Communes::load().unwrap();
        let mut random = Random::new(3, Domain::Address, 1);
        for _ in 0..500 {
            let commune = communes.draw(&mut random);
            let neighbour = communes.neighbour(commune, &mut random);
            let departement =
                |rank| registre_schemas::nomenclature::departement_of(&communes.commune(rank).code);
            assert_eq!(departement(commune), departement(neighbour));
        }
    }

    #[test]
    fn landmarks_are_sorted_for_the_search() {
        assert!(LANDMARKS.is_sorted_by_key(|(code, _, _)| code));
    }
}
