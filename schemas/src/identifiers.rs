//! SIREN, SIRET and RNA numbers: parsed once, at the door. From there on no function checks a
//! length or a key again.
//!
//! Sources: décret 2007-750 (SIREN and SIRET), INSEE « Numéro SIRET » (Luhn key, and La Poste's
//! exception), arrêté du 14 octobre 2009 (RNA).

use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// La Poste: its établissements outnumber what the Luhn key allows, so its SIRET follow another rule.
pub const LA_POSTE: &str = "356000000";

/// What a person types between the digits: spaces of every width, dots, dashes.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '.' | '-' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
        )
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !is_separator(*c)).collect()
}

/// Luhn sum of ASCII digits, from the right, every second digit doubled: a valid number gives a
/// multiple of ten.
fn luhn_sum(digits: &[u8]) -> u32 {
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(rank, byte)| {
            let digit = u32::from(byte - b'0') << (rank % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum()
}

fn luhn(digits: &[u8]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

/// The digit that makes `digits` followed by it pass the Luhn key.
#[must_use]
pub fn luhn_check_digit(digits: &[u8]) -> u8 {
    let mut with_zero = digits.to_vec();
    with_zero.push(b'0');
    let sum = luhn_sum(&with_zero) % 10;
    b'0' + u8::try_from((10 - sum) % 10).unwrap_or(0)
}

/// Which identifier a text was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// An unité légale.
    Siren,
    /// An établissement.
    Siret,
    /// An association.
    Rna,
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Siren => "SIREN",
            Self::Siret => "SIRET",
            Self::Rna => "RNA",
        })
    }
}

/// Why a text is not the identifier it should be. The message is French: applicants read it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing but separators.
    #[error("aucun caractère saisi là où un numéro {0} est attendu")]
    Empty(IdentifierKind),
    /// A character that no identifier of this kind has.
    #[error("un numéro {kind} ne comporte que des chiffres : « {found} » n'en est pas un")]
    NotDigits {
        /// The kind expected.
        kind: IdentifierKind,
        /// The first offending character.
        found: char,
    },
    /// Not the right number of digits.
    #[error("un numéro {kind} comporte {expected} chiffres : {found} saisis")]
    Length {
        /// The kind expected.
        kind: IdentifierKind,
        /// How many digits it has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The check digit disagrees: a digit is wrong or two are swapped.
    #[error(
        "la clé de contrôle du numéro {0} est fausse : un chiffre est erroné ou deux chiffres sont intervertis"
    )]
    Key(IdentifierKind),
    /// The SIRET as a whole passes, its SIREN does not.
    #[error("les neuf premiers chiffres ({siren}) ne forment pas un numéro SIREN valide")]
    SirenInSiret {
        /// The first nine digits.
        siren: String,
    },
    /// A number a spreadsheet rewrote, such as `8,03E+13`: the digits are lost.
    #[error("« {0} » est l'écriture scientifique d'un tableur : les chiffres sont perdus")]
    Scientific(String),
    /// Not `W` and nine characters.
    #[error(
        "un numéro RNA comporte dix caractères : W, un chiffre, une lettre ou un chiffre, puis sept chiffres"
    )]
    RnaFormat,
}

impl IdentifierError {
    /// The stable code of the API's errors: `cle_invalide` or `format_invalide`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(_) | Self::SirenInSiret { .. } => "cle_invalide",
            _ => "format_invalide",
        }
    }

    /// What the person who typed it should do next.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Empty(kind) => format!("Saisissez le numéro {kind}."),
            Self::NotDigits { .. } => "Retirez les lettres et les signes : seuls les espaces, points et tirets sont ignorés.".to_owned(),
            Self::Length { kind: IdentifierKind::Siret, found: 13, .. } | Self::Length { kind: IdentifierKind::Siren, found: 8, .. } => {
                "Il manque un chiffre : un tableur a sans doute effacé un zéro en tête. Reprenez le numéro à sa source, en format texte.".to_owned()
            }
            Self::Length { kind: IdentifierKind::Siret, found: 9, .. } => {
                "Neuf chiffres forment un SIREN : cherchez l'unité légale, puis choisissez son établissement.".to_owned()
            }
            Self::Length { kind: IdentifierKind::Siren, found: 14, .. } => {
                "Quatorze chiffres forment un SIRET : cherchez l'établissement.".to_owned()
            }
            Self::Length { kind, expected, .. } => format!("Vérifiez le numéro {kind} : il en faut {expected} chiffres."),
            Self::Key(_) | Self::SirenInSiret { .. } => {
                "Recopiez le numéro depuis un document officiel (avis de situation SIRENE, extrait Kbis).".to_owned()
            }
            Self::Scientific(_) => "Mettez la colonne du tableur en format texte, puis recopiez le numéro depuis sa source.".to_owned(),
            Self::RnaFormat => "Le numéro RNA figure sur le récépissé de déclaration, par exemple W751004076.".to_owned(),
        }
    }
}

/// Digits only, exactly `N` of them, or the reason why not.
fn digits<const N: usize>(text: &str, kind: IdentifierKind) -> Result<[u8; N], IdentifierError> {
    let compact = compact(text);
    if compact.is_empty() {
        return Err(IdentifierError::Empty(kind));
    }
    if let Some(found) = compact.chars().find(|c| !c.is_ascii_digit()) {
        let scientific = compact
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'E' | b'e' | b'+'))
            && compact.contains(['E', 'e']);
        return Err(if scientific {
            IdentifierError::Scientific(text.trim().to_owned())
        } else {
            IdentifierError::NotDigits { kind, found }
        });
    }
    let found = compact.len();
    compact
        .as_bytes()
        .try_into()
        .map_err(|_wrong_length| IdentifierError::Length {
            kind,
            expected: N,
            found,
        })
}

/// Nine digits with a valid Luhn key: an unité légale.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Siren([u8; 9]);

/// Fourteen digits, SIREN then NIC, with a valid key: an établissement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Siret([u8; 14]);

impl Siren {
    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Siret {
    /// The fourteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The unité légale it belongs to.
    #[must_use]
    pub fn siren(&self) -> Siren {
        let mut siren = [0; 9];
        siren.copy_from_slice(&self.0[..9]);
        Siren(siren)
    }

    /// The numéro interne de classement: the last five digits.
    #[must_use]
    pub fn nic(&self) -> &str {
        &self.as_str()[9..]
    }
}

impl FromStr for Siren {
    type Err = IdentifierError;

    /// Accepts spaces of every width, dots and dashes between the digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = digits::<9>(text, IdentifierKind::Siren)?;
        if luhn(&digits) {
            Ok(Self(digits))
        } else {
            Err(IdentifierError::Key(IdentifierKind::Siren))
        }
    }
}

impl FromStr for Siret {
    type Err = IdentifierError;

    /// Luhn over the fourteen digits *and* over the first nine; La Poste's are valid when either
    /// the Luhn key passes or the plain sum of the fourteen digits is a multiple of five.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = digits::<14>(text, IdentifierKind::Siret)?;
        let siret = Self(digits);
        let siren = &digits[..9];
        if siren == LA_POSTE.as_bytes() {
            let sum: u32 = digits.iter().map(|byte| u32::from(byte - b'0')).sum();
            return if luhn(&digits) || sum.is_multiple_of(5) {
                Ok(siret)
            } else {
                Err(IdentifierError::Key(IdentifierKind::Siret))
            };
        }
        if !luhn(&digits) {
            return Err(IdentifierError::Key(IdentifierKind::Siret));
        }
        if !luhn(siren) {
            return Err(IdentifierError::SirenInSiret {
                siren: siret.as_str()[..9].to_owned(),
            });
        }
        Ok(siret)
    }
}

/// The number of an association: `W` and nine characters for those declared since 2009, or the
/// préfecture's own number (`751P00085568`) for a file not yet taken up again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RnaId(String);

impl RnaId {
    /// The number, upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RnaId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = compact(text).to_uppercase();
        if id.is_empty() {
            return Err(IdentifierError::Empty(IdentifierKind::Rna));
        }
        let bytes = id.as_bytes();
        let alphanumeric = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let waldec = bytes.len() == 10
            && bytes[0] == b'W'
            && bytes[1].is_ascii_digit()
            && bytes[2..3].iter().all(alphanumeric)
            && bytes[3..].iter().all(u8::is_ascii_digit);
        // Three or four characters of site, `P` or `S`, then the old number.
        let import = (5..=16).contains(&bytes.len())
            && bytes[0].is_ascii_digit()
            && bytes.iter().all(alphanumeric)
            && bytes.iter().any(u8::is_ascii_uppercase);
        if waldec || import {
            Ok(Self(id))
        } else {
            Err(IdentifierError::RnaFormat)
        }
    }
}

/// Any identifier a person may type into one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// Nine digits.
    Siren(Siren),
    /// Fourteen digits.
    Siret(Siret),
    /// `W` and nine characters, or a préfecture's number.
    Rna(RnaId),
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    /// Letters make an RNA number, nine digits or fewer a SIREN, more a SIRET: the error then
    /// speaks of the identifier the person most likely meant.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let compact = compact(text);
        let first_is_w = compact.starts_with(['W', 'w']);
        if first_is_w {
            return text.parse().map(Self::Rna);
        }
        if compact.chars().all(|c| c.is_ascii_digit()) && compact.len() <= 10 {
            return text.parse().map(Self::Siren);
        }
        match text.parse() {
            Ok(siret) => Ok(Self::Siret(siret)),
            Err(error @ IdentifierError::NotDigits { .. }) => {
                text.parse().map(Self::Rna).map_err(|_not_rna| error)
            }
            Err(error) => Err(error),
        }
    }
}

macro_rules! textual {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}
textual!(Siren, Siret, RnaId);

#[cfg(test)]
mod tests {
    use super::*;

    fn siret(text: &str) -> Result<String, &'static str> {
        text.parse::<Siret>()
            .map(|s| s.to_string())
            .map_err(|e| e.code())
    }

    #[test]
    fn a_siret_is_valid_when_its_fourteen_digits_and_its_siren_pass_luhn() {
        assert_eq!(siret("13002526500013"), Ok("13002526500013".into()));
        assert_eq!(siret("21920023500014"), Ok("21920023500014".into()));
        assert_eq!(
            siret("11122233344455"),
            Err("cle_invalide"),
            "Luhn passes on 14, not on its SIREN"
        );
        assert_eq!(siret("13002526500014"), Err("cle_invalide"));
    }

    #[test]
    fn la_poste_passes_by_luhn_or_by_a_sum_divisible_by_five() {
        assert!(siret("35600000000048").is_ok(), "Luhn only");
        assert!(siret("35600000009075").is_ok(), "sum only");
        assert_eq!(siret("35600000009076"), Err("cle_invalide"));
    }

    #[test]
    fn separators_of_every_width_are_ignored() {
        assert_eq!(siret("130 025 265 00013"), siret("13002526500013"));
        assert_eq!(
            siret("130\u{a0}025\u{202f}265-00013."),
            siret("13002526500013")
        );
    }

    #[test]
    fn a_wrong_length_says_how_many_digits_were_typed() {
        assert_eq!(
            "1300252650001".parse::<Siret>(),
            Err(IdentifierError::Length {
                kind: IdentifierKind::Siret,
                expected: 14,
                found: 13
            })
        );
        assert_eq!(
            "".parse::<Siren>(),
            Err(IdentifierError::Empty(IdentifierKind::Siren))
        );
        assert_eq!(
            "8,03E+13".parse::<Siret>(),
            Err(IdentifierError::Scientific("8,03E+13".into()))
        );
        assert_eq!(
            "13002526A".parse::<Siren>(),
            Err(IdentifierError::NotDigits {
                kind: IdentifierKind::Siren,
                found: 'A'
            })
        );
    }

    #[test]
    fn an_rna_number_is_w_and_nine_characters_or_an_old_number() {
        assert_eq!(
            "w751004076".parse::<RnaId>().unwrap().as_str(),
            "W751004076"
        );
        assert!("W9T1000001".parse::<RnaId>().is_ok());
        assert!("751P00085568".parse::<RnaId>().is_ok());
        assert_eq!(
            "W75100407".parse::<RnaId>(),
            Err(IdentifierError::RnaFormat)
        );
        assert!(
            "178-236".parse::<RnaId>().is_err(),
            "Alsace-Moselle numbers are not RNA"
        );
    }

    #[test]
    fn any_identifier_is_read_as_what_it_most_looks_like() {
        assert!(matches!("130025265".parse(), Ok(Identifier::Siren(_))));
        assert!(matches!("13002526500013".parse(), Ok(Identifier::Siret(_))));
        assert!(matches!("W751004076".parse(), Ok(Identifier::Rna(_))));
        assert!(matches!(
            "1300252650001".parse::<Identifier>(),
            Err(IdentifierError::Length { expected: 14, .. })
        ));
        assert!("bonjour".parse::<Identifier>().is_err());
    }

    #[test]
    fn the_check_digit_completes_any_prefix() {
        for prefix in ["13002526", "1300252650001", "35600000"] {
            let mut digits = prefix.as_bytes().to_vec();
            digits.push(luhn_check_digit(&digits));
            assert!(luhn(&digits), "{prefix}");
        }
    }
}
