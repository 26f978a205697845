//! What the index of names and the questions asked of it have in common: the words of a text, the terms
//! of a place, the number of a document. Both sides must agree to the letter.
//!
//! A document is an organisation: a unité légale with the signs of its établissements and the names of
//! its associations, or an association without SIREN. Documents are in [`ETAGES`], the first of which holds
//! the largest; inside one, units are in the order of their SIREN, then come associations without one. A
//! search goes down from floor to floor and stops when it has seen enough, so that what is large and open
//! is found first, and what matches half the country costs no more than the rest.
//!
//! | module | holds |
//! |---|---|
//! | [`mots`] | words: accents, case, elisions, acronyms, what counts for little |
//! | [`lieu`] | communes, postcodes, départements, régions, squares of the map |
//! | [`numero`] | the number of a document: a SIREN or an RNA number |
//! | [`taille`] | how large an organisation is, hence its floor |

pub mod lieu;
pub mod mots;
pub mod numero;
pub mod taille;

use chrono::{Datelike, Days, NaiveDate};

/// The file of a snapshot that holds the index: see [`Sommaire`].
pub const FICHIER: &str = "recherche.index";

/// Floors of documents.
pub const ETAGES: usize = 5;

/// The fields of a document that hold words or codes, separated by spaces.
pub mod champ {
    /// Words of its name.
    pub const NOM: &str = "nom";
    /// The words of its name as one word: « fit lab » is found by « fitlab ».
    pub const SOUDE: &str = "soude";
    /// Words of its other names: acronym, signs, usual and former names.
    pub const AUTRE: &str = "autre";
    /// Words of its streets.
    pub const ADRESSE: &str = "adresse";
    /// Where its établissements are, open or not: see [`super::lieu`].
    pub const LIEU: &str = "lieu";
    /// What it is: see [`super::code`].
    pub const CODE: &str = "code";

    /// All of them.
    pub const TEXTES: [&str; 6] = [NOM, SOUDE, AUTRE, ADRESSE, LIEU, CODE];

    /// Its number: see [`super::numero`].
    pub const NUMERO: &str = "numero";
    /// Its size: see [`super::taille`].
    pub const TAILLE: &str = "taille";
    /// Day of its creation, in days since 1600-01-01; 0 when unknown.
    pub const CREATION: &str = "creation";
    /// Day of its cessation or of its dissolution, counted in the same way; 0 when it is active, or unknown.
    pub const CESSATION: &str = "cessation";
    /// Its activity, as a place in the list of the NAF rév. 2, from 1; 0 when there is none.
    pub const ACTIVITE: &str = "activite";
    /// Its catégorie juridique, as a number; 0 when there is none.
    pub const CATEGORIE: &str = "categorie";
    /// Its workforce, as a number of two digits; 99 when unknown.
    pub const EFFECTIFS: &str = "effectifs";
    /// The département of its siège, as a place in the list, from 1; 0 when there is none.
    pub const DEPARTEMENT: &str = "departement";

    /// Those that hold a number.
    pub const NOMBRES: [&str; 8] = [
        NUMERO,
        TAILLE,
        CREATION,
        CESSATION,
        ACTIVITE,
        CATEGORIE,
        EFFECTIFS,
        DEPARTEMENT,
    ];
}

/// A day as [`champ::CREATION`] has it, from days since 1970-01-01; 0, as if unknown, before 1600.
#[must_use]
pub fn jour(depuis_1970: i64) -> u64 {
    /// Days between 1600-01-01 and 1970-01-01.
    const DEPUIS_1600: i64 = 135_140;
    u64::try_from(depuis_1970 + DEPUIS_1600).unwrap_or_default()
}

/// Terms of the field [`champ::CODE`]: a letter that says of what, then the code of the register.
pub mod code {
    /// NAF rév. 2, with its dot.
    pub const NAF: char = 'n';
    /// NAF 2025, with its dot.
    pub const NAF_2025: char = 'm';
    /// Section of the NAF rév. 2.
    pub const SECTION: char = 's';
    /// Catégorie juridique: four digits, and the first two, and the first.
    pub const CATEGORIE_JURIDIQUE: char = 'j';
    /// Tranche d'effectifs.
    pub const EFFECTIFS: char = 't';
    /// `GE`, `ETI`, `PME`.
    pub const CATEGORIE_ENTREPRISE: char = 'k';
    /// `A`, `C`.
    pub const ETAT: char = 'e';
    /// Economie sociale et solidaire, société à mission: `O`, `N`.
    pub const ESS: char = 'x';
    /// Société à mission: `O`, `N`.
    pub const MISSION: char = 'y';
    /// An association: has an RNA number, or its catégorie juridique says so.
    pub const ASSOCIATION: &str = "za";
    /// Its legal category begins by 7 or is that of a public body.
    pub const ADMINISTRATION: &str = "zp";
    /// Reconnue d'utilité publique.
    pub const UTILITE_PUBLIQUE: &str = "zu";
    /// A natural person.
    pub const PERSONNE: &str = "zi";
    /// When it was created: [`du_mois`] and [`de_l_annee`].
    pub const CREATION: char = 'd';
    /// When it ceased or was dissolved, in the same way.
    pub const CESSATION: char = 'f';

    /// The term of those created, or ceased, in a month: see [`super::mois`].
    #[must_use]
    pub fn du_mois(lettre: char, mois: u32) -> String {
        format!("{lettre}{mois}")
    }

    /// The same of a year, counted from 1600.
    #[must_use]
    pub fn de_l_annee(lettre: char, annee: u32) -> String {
        format!("{lettre}a{annee}")
    }
}

/// A day that the register knows, as [`champ::CREATION`] has it: INSEE writes 1900-01-01 for one it does not.
#[must_use]
pub fn jour_connu(depuis_1970: i64) -> u64 {
    /// 1900-01-01.
    const INCONNU: i64 = -25_567;
    if depuis_1970 == INCONNU {
        0
    } else {
        jour(depuis_1970)
    }
}

/// The month of a day of [`champ::CREATION`], by the number of months since January 1600.
#[must_use]
pub fn mois(jour: u64) -> Option<u32> {
    let jour = NaiveDate::from_ymd_opt(1600, 1, 1)?.checked_add_days(Days::new(jour))?;
    let annee = u32::try_from(jour.year() - 1600).ok()?;
    Some(annee * 12 + jour.month0())
}

/// Where each file of each floor is in [`FICHIER`]: the last bytes of it are this table as JSON, its
/// length in eight bytes (little endian), then [`Sommaire::FIN`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sommaire {
    /// Files of each floor: name, first byte, bytes.
    pub etages: Vec<Vec<(String, u64, u64)>>,
}

impl Sommaire {
    /// How the file ends. The last byte is the version of the format and of the rules of words; another is
    /// not read.
    pub const FIN: &'static [u8; 8] = b"RECHERC2";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_counted_from_1600() {
        assert_eq!((jour(-135_140), mois(0)), (0, Some(0)));
        assert_eq!(mois(jour(0)), Some(370 * 12));
        // 1999-12-31 and the day after.
        assert_eq!(mois(jour(10_956)), Some(400 * 12 - 1));
        assert_eq!(mois(jour(10_957)), Some(400 * 12));
        assert_eq!(
            (jour_connu(-25_567), jour_connu(-25_566)),
            (0, jour(-25_566))
        );
        assert_eq!(jour(-200_000), 0);
        assert_eq!(mois(u64::MAX), None);
    }
}
