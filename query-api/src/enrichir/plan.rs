//! What is done to each row: decided once, from the first rows and what was asked.

use registre_schemas::identifiers::{Identifier, IdentifierError};

use super::colonnes::{Colonne, choisies};
use super::forme::{FormatEntree, Forme, libre};
use super::rendu::Format;
use super::{EnrichirError, Options};
use crate::dossier::Besoins;
use crate::organisation::resultat::AuxDates;

/// Which columns say who.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cles {
    /// The one that holds a number.
    pub(super) identifiant: Option<usize>,
    /// Those that hold a name and a postcode, for the rows that have no number.
    pub(super) nom: Option<(usize, usize)>,
}

/// What is done to each row.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) forme: Forme,
    pub(super) cles: Cles,
    pub(super) format: Format,
    pub(super) colonnes: Vec<Colonne>,
    /// The names under which they are added.
    pub(super) noms: Vec<String>,
    /// The name of the column of rows that the others do not hold whole.
    pub(super) ligne_brute: String,
    /// Whether a column reads what is said of the organisation.
    pub(super) organisation: bool,
    /// The rows that the columns are read from.
    pub(super) besoins: Besoins,
    /// Cells that begin as a formula are left so.
    pub(super) brutes: bool,
    pub(super) au: AuxDates,
}

/// Words of a header, in the order in which they are preferred.
const NUMEROS: [&str; 5] = ["siret", "siren", "rna", "tva", "identifiant"];
const NOMS: [&str; 8] = [
    "raison sociale",
    "raison_sociale",
    "denomination",
    "dénomination",
    "nom",
    "organisme",
    "entreprise",
    "association",
];
const CODES_POSTAUX: [&str; 5] = ["code postal", "code_postal", "codepostal", "cp", "postcode"];

impl Plan {
    pub(super) fn de(forme: Forme, options: &Options, au: AuxDates) -> Result<Self, EnrichirError> {
        let cles = cles(&forme, options)?;
        let format = options.format.unwrap_or(match forme.format {
            FormatEntree::Csv => Format::Csv,
            FormatEntree::Ndjson => Format::Ndjson,
        });
        let colonnes = choisies(&options.colonnes, cles.nom.is_some())?;
        let mut pris = forme.noms.clone();
        let mut prendre = |nom: String| {
            let nom = libre(&nom, |nom| pris.iter().any(|known| known == nom));
            pris.push(nom.clone());
            nom
        };
        let noms = colonnes
            .iter()
            .map(|colonne| prendre(colonne.ajoutee(&options.prefixe)))
            .collect::<Vec<_>>();
        let ligne_brute = prendre(format!("{}ligne_brute", options.prefixe));
        Ok(Self {
            forme,
            cles,
            format,
            organisation: colonnes.iter().any(Colonne::veut_organisation),
            besoins: colonnes
                .iter()
                .map(Colonne::besoins)
                .fold(Besoins::default(), Besoins::et),
            colonnes,
            noms,
            ligne_brute,
            brutes: options.brutes,
            au,
        })
    }

    /// Names that the file had already, and under which ours are added instead.
    pub(super) fn renommees(&self, prefixe: &str) -> Vec<(String, String)> {
        let asked = self.colonnes.iter().map(|colonne| colonne.ajoutee(prefixe));
        asked
            .zip(self.noms.iter().cloned())
            .filter(|(asked, given)| asked != given)
            .collect()
    }

    /// What the columns that say who are called.
    pub(super) fn lues(&self) -> Vec<String> {
        let indices = self.cles.identifiant.into_iter().chain(
            self.cles
                .nom
                .into_iter()
                .flat_map(|(nom, code)| [nom, code]),
        );
        indices
            .map(|index| self.forme.noms[index].clone())
            .collect()
    }
}

fn cles(forme: &Forme, options: &Options) -> Result<Cles, EnrichirError> {
    let named = |option: &'static str, nom: &Option<String>| match nom {
        None => Ok(None),
        Some(nom) => match forme.colonne(nom) {
            Some(index) => Ok(Some(index)),
            None => Err(EnrichirError::Colonne {
                option,
                nom: nom.clone(),
                connues: forme.noms.clone(),
            }),
        },
    };
    let identifiant = named("identifiant", &options.identifiant)?;
    let nom = named("nom", &options.nom)?;
    let code_postal = named("code_postal", &options.code_postal)?;
    let found = |words: &[&str]| {
        let index = words.iter().find_map(|word| {
            forme
                .noms
                .iter()
                .position(|nom| nom.trim().to_lowercase() == *word)
        });
        index.or_else(|| {
            words.iter().find_map(|word| {
                forme
                    .noms
                    .iter()
                    .position(|nom| nom.trim().to_lowercase().starts_with(word))
            })
        })
    };
    let pair = match (nom, code_postal) {
        (Some(nom), Some(code)) => Some((nom, code)),
        (Some(nom), None) => Some((
            nom,
            found(&CODES_POSTAUX).ok_or_else(|| EnrichirError::SansCle(forme.noms.clone()))?,
        )),
        (None, Some(code)) => Some((
            found(&NOMS).ok_or_else(|| EnrichirError::SansCle(forme.noms.clone()))?,
            code,
        )),
        (None, None) => None,
    };
    let identifiant = match (identifiant, pair) {
        (Some(index), _) => Some(index),
        // Who names a name does not want another column guessed.
        (None, Some(_)) => None,
        (None, None) => devine(forme),
    };
    if identifiant.is_some() || pair.is_some() {
        return Ok(Cles {
            identifiant,
            nom: pair,
        });
    }
    match (found(&NOMS), found(&CODES_POSTAUX)) {
        (Some(nom), Some(code)) => Ok(Cles {
            identifiant: None,
            nom: Some((nom, code)),
        }),
        _ => Err(EnrichirError::SansCle(forme.noms.clone())),
    }
}

/// The column that most surely holds a number: by what its cells are, and by its name.
fn devine(forme: &Forme) -> Option<usize> {
    let scores = (0..forme.noms.len()).map(|index| {
        let cells = forme.apercu.iter().filter_map(|row| row.get(index));
        let (mut filled, mut valid) = (0_u32, 0_u32);
        for cell in cells.filter(|cell| !cell.trim().is_empty()) {
            match cell.parse::<Identifier>() {
                Ok(_) => valid += 4,
                Err(IdentifierError::Nothing) => continue,
                Err(IdentifierError::Unrecognised | IdentifierError::TooLong) => {}
                // Shaped like a number, and wrong: a telephone is too.
                Err(_) => valid += 1,
            }
            filled += 4;
        }
        let share = if filled == 0 {
            0.0
        } else {
            f64::from(valid) / f64::from(filled)
        };
        let nom = forme.noms[index].to_lowercase();
        let word = NUMEROS.iter().position(|word| nom.contains(word));
        let rank = word.and_then(|rank| u8::try_from(rank).ok());
        let bonus = rank.map_or(0.0, |rank| 0.5 - 0.05 * f64::from(rank));
        share + bonus
    });
    let mut best: Option<(usize, f64)> = None;
    for (index, score) in scores.enumerate() {
        if score >= 0.4 && best.is_none_or(|(_, known)| score > known) {
            best = Some((index, score));
        }
    }
    best.map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str, options: &Options) -> Result<Plan, EnrichirError> {
        let forme = Forme::de(text.as_bytes(), true, options)?;
        Plan::de(forme, options, AuxDates::default())
    }

    #[test]
    fn the_column_of_the_number_is_found_by_its_cells_or_its_name() {
        for (text, index) in [
            ("a;b;c\n0102030405;13002526500013;x\n;35600000000048;\n", 1),
            ("siren;siret\n130025265;13002526500013\n", 1),
            ("siret;tel\n8,03E+13;0102030405\n1,30E+13;0142030405\n", 0),
            ("{\"n\":\"x\",\"id\":130025265}\n", 1),
            ("13002526500013\n", 0),
        ] {
            let plan = plan(text, &Options::default()).unwrap();
            assert_eq!(plan.cles.identifiant, Some(index), "{text}");
        }
    }

    #[test]
    fn a_name_and_a_postcode_serve_when_there_is_no_number() {
        let text = "Nom;CP;ville\nMairie;92140;Clamart\n";
        let cles = plan(text, &Options::default()).unwrap().cles;
        assert_eq!((cles.identifiant, cles.nom), (None, Some((0, 1))));
        let error = plan("x;y\na;b\n", &Options::default()).unwrap_err();
        assert!(error.to_string().contains("x, y"), "{error}");
        let options = Options {
            identifiant: Some("SIRET ".to_owned()),
            ..Options::default()
        };
        assert!(plan(text, &options).is_err());
        assert_eq!(
            plan("a;siret\n1;2\n", &options).unwrap().cles.identifiant,
            Some(1)
        );
    }

    #[test]
    fn a_name_already_taken_is_numbered_and_told() {
        let plan = plan(
            "siret;registre_nom\n13002526500013;x\n",
            &Options::default(),
        )
        .unwrap();
        assert_eq!(
            plan.renommees("registre_"),
            [("registre_nom".to_owned(), "registre_nom_2".to_owned())]
        );
        assert_eq!(plan.lues(), ["siret"]);
    }
}
