//! Why a text is not the identifier it should be. Messages are French: applicants read them. No two
//! variants say the same thing, and none repeats more of the text than a few characters.

use std::fmt;

use super::text::shown;
use super::{IdentifierKind, Siren};

/// Why a text is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentifierError {
    /// Nothing but separators, where this kind is expected.
    Empty(IdentifierKind),
    /// Nothing but separators, where any identifier is expected.
    Nothing,
    /// A name, a sentence: no identifier looks like it.
    Unrecognised,
    /// Longer than anything that may hold an identifier.
    TooLong,
    /// Bytes that are not text.
    NotUtf8,
    /// A character that no identifier of this kind has.
    NotDigits {
        /// The kind expected.
        kind: IdentifierKind,
        /// The first offending character.
        found: char,
    },
    /// Not the right number of digits.
    Length {
        /// The kind expected.
        kind: IdentifierKind,
        /// How many digits it has; for a VAT number, those after `FR`.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The check digit disagrees: a digit is wrong or two are swapped.
    Key(IdentifierKind),
    /// A SIRET of La Poste that neither of its two rules accepts.
    LaPosteKey,
    /// The SIRET as a whole passes, its SIREN does not.
    SirenInSiret {
        /// The first nine digits.
        siren: String,
    },
    /// A number a spreadsheet rewrote, such as `8,03E+13`: the digits are lost.
    Scientific(String),
    /// A number a spreadsheet rewrote with all its digits.
    ScientificWhole(String),
    /// Five digits: a NIC without its SIREN.
    NicAlone,
    /// Not `W` and nine characters.
    RnaFormat,
    /// A number of a register of associations of Alsace-Moselle.
    VolumeFolio,
    /// A VAT number without its `FR`.
    TvaPrefix,
    /// A VAT number whose key has a letter.
    TvaKeyLetters {
        /// The key as it was given.
        key: String,
    },
    /// The nine digits of a VAT number are no SIREN.
    SirenInTva {
        /// Those digits.
        siren: String,
    },
    /// The key of a VAT number is not that of its SIREN.
    TvaKey {
        /// The key of that SIREN.
        expected: String,
        /// The one given.
        found: String,
        /// The SIREN.
        siren: Siren,
    },
}

impl std::error::Error for IdentifierError {}

impl fmt::Display for IdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(kind) => {
                write!(f, "aucun caractère saisi là où un numéro {kind} est attendu")
            }
            Self::Nothing => f.write_str("aucun numéro n'est saisi"),
            Self::Unrecognised => {
                f.write_str("ce texte n'a la forme d'aucun numéro connu (SIRET, SIREN, RNA, TVA)")
            }
            Self::TooLong => {
                f.write_str("ce texte est trop long pour être un numéro : plus de 200 caractères")
            }
            Self::NotUtf8 => f.write_str("ces octets ne sont pas du texte en UTF-8"),
            Self::NotDigits { kind: IdentifierKind::Tva, found } => write!(
                f,
                "un numéro de TVA comporte FR, une clé de deux chiffres et un SIREN : « {} » n'y a pas sa place",
                shown(*found)
            ),
            Self::NotDigits { kind, found } => write!(
                f,
                "un numéro {kind} ne comporte que des chiffres : « {} » n'en est pas un",
                shown(*found)
            ),
            Self::Length { kind: IdentifierKind::Tva, expected, found } => write!(
                f,
                "un numéro de TVA comporte {expected} chiffres après FR : {found} saisis"
            ),
            Self::Length { kind, expected, found } => {
                write!(f, "un numéro {kind} comporte {expected} chiffres : {found} saisis")
            }
            Self::Key(kind) => write!(
                f,
                "la clé de contrôle du numéro {kind} est fausse : un chiffre est erroné ou deux chiffres sont intervertis"
            ),
            Self::LaPosteKey => f.write_str(
                "ce numéro commence par le SIREN de La Poste, mais ne suit aucune de ses deux règles : clé de Luhn, ou somme des chiffres multiple de cinq",
            ),
            Self::SirenInSiret { siren } => write!(
                f,
                "les neuf premiers chiffres ({siren}) ne forment pas un numéro SIREN valide"
            ),
            Self::Scientific(text) => write!(
                f,
                "« {text} » est l'écriture scientifique d'un tableur : les chiffres sont perdus"
            ),
            Self::ScientificWhole(text) => write!(
                f,
                "« {text} » est l'écriture scientifique d'un tableur, non un numéro"
            ),
            Self::NicAlone => f.write_str(
                "cinq chiffres forment un NIC, qui ne désigne un établissement qu'à la suite d'un SIREN",
            ),
            Self::RnaFormat => f.write_str(
                "un numéro RNA comporte dix caractères : W, un chiffre, une lettre ou un chiffre, puis sept chiffres",
            ),
            Self::VolumeFolio => f.write_str(
                "c'est un volume et un folio du registre des associations d'un tribunal d'Alsace-Moselle, non un numéro RNA : chaque tribunal a les siens",
            ),
            Self::TvaPrefix => f.write_str("un numéro de TVA français commence par FR"),
            Self::TvaKeyLetters { key } => write!(
                f,
                "la clé « {key} » comporte une lettre : le format européen l'admet, mais celle d'un numéro fondé sur un SIREN est faite de deux chiffres"
            ),
            Self::SirenInTva { siren } => write!(
                f,
                "les neuf derniers chiffres du numéro de TVA ({siren}) ne forment pas un numéro SIREN valide"
            ),
            Self::TvaKey { expected, found, siren } => write!(
                f,
                "la clé du numéro de TVA est fausse : {expected} est celle du SIREN {siren}, {found} est saisi"
            ),
        }
    }
}

const FROM_AN_OFFICIAL_DOCUMENT: &str =
    "Recopiez le numéro depuis un document officiel (avis de situation SIRENE, extrait Kbis).";
const COLUMN_AS_TEXT: &str =
    "Mettez la colonne du tableur en format texte, puis recopiez le numéro depuis sa source.";
const FROM_AN_INVOICE: &str =
    "Recopiez le numéro depuis une facture ou l'avis de situation SIRENE.";

impl IdentifierError {
    /// The stable code of the API's errors: `cle_invalide` or `format_invalide`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(_)
            | Self::LaPosteKey
            | Self::SirenInSiret { .. }
            | Self::SirenInTva { .. }
            | Self::TvaKey { .. } => "cle_invalide",
            _ => "format_invalide",
        }
    }

    /// The identifier the person most likely meant, when the text tells.
    #[must_use]
    pub fn kind(&self) -> Option<IdentifierKind> {
        match self {
            Self::Empty(kind)
            | Self::NotDigits { kind, .. }
            | Self::Length { kind, .. }
            | Self::Key(kind) => Some(*kind),
            Self::LaPosteKey | Self::SirenInSiret { .. } => Some(IdentifierKind::Siret),
            Self::NicAlone => Some(IdentifierKind::Nic),
            Self::RnaFormat => Some(IdentifierKind::Rna),
            Self::VolumeFolio => Some(IdentifierKind::AlsaceMoselle),
            Self::TvaPrefix
            | Self::TvaKeyLetters { .. }
            | Self::SirenInTva { .. }
            | Self::TvaKey { .. } => Some(IdentifierKind::Tva),
            Self::Nothing
            | Self::Unrecognised
            | Self::TooLong
            | Self::NotUtf8
            | Self::Scientific(_)
            | Self::ScientificWhole(_) => None,
        }
    }

    /// What the person who typed it should do next.
    #[must_use]
    pub fn advice(&self) -> String {
        let advice = match self {
            Self::Empty(kind) => return format!("Saisissez le numéro {kind}."),
            Self::Nothing => "Saisissez un SIRET, un SIREN, un numéro RNA ou un numéro de TVA.",
            Self::Unrecognised => "Saisissez un numéro, non un nom ni une adresse.",
            Self::TooLong => "Saisissez un seul numéro.",
            Self::NotUtf8 => "Enregistrez le fichier en UTF-8, puis recommencez.",
            Self::SirenInTva { .. }
            | Self::TvaKey { .. }
            | Self::NotDigits {
                kind: IdentifierKind::Tva,
                ..
            } => FROM_AN_INVOICE,
            Self::NotDigits { .. } => {
                "Retirez les lettres et les signes : seuls les espaces, points et tirets sont ignorés."
            }
            Self::Length {
                kind: IdentifierKind::Siret,
                found: 13,
                ..
            }
            | Self::Length {
                kind: IdentifierKind::Siren,
                found: 8,
                ..
            } => {
                "Il manque un chiffre : un tableur a sans doute effacé un zéro en tête. Reprenez le numéro à sa source, en format texte."
            }
            Self::Length {
                kind: IdentifierKind::Siret,
                found: 9,
                ..
            } => {
                "Neuf chiffres forment un SIREN : cherchez l'unité légale, puis choisissez son établissement."
            }
            Self::Length {
                kind: IdentifierKind::Siren,
                found: 14,
                ..
            } => "Quatorze chiffres forment un SIRET : cherchez l'établissement.",
            Self::Length {
                kind: IdentifierKind::Tva,
                ..
            } => {
                "Vérifiez le numéro de TVA : FR, deux chiffres de clé, puis les neuf chiffres du SIREN."
            }
            Self::Length { kind, expected, .. } => {
                return format!("Vérifiez le numéro {kind} : il en faut {expected} chiffres.");
            }
            Self::Key(_) | Self::LaPosteKey | Self::SirenInSiret { .. } => {
                FROM_AN_OFFICIAL_DOCUMENT
            }
            Self::Scientific(_) => COLUMN_AS_TEXT,
            Self::ScientificWhole(_) => "Mettez la colonne du tableur en format texte.",
            Self::NicAlone => "Saisissez les quatorze chiffres du SIRET : le SIREN, puis ce NIC.",
            Self::RnaFormat => {
                "Le numéro RNA figure sur le récépissé de déclaration, par exemple W751004076."
            }
            Self::VolumeFolio => {
                "Saisissez le SIREN ou le SIRET de l'association : ils figurent sur son avis de situation SIRENE."
            }
            Self::TvaPrefix => "Saisissez FR, la clé de deux chiffres, puis le SIREN.",
            Self::TvaKeyLetters { .. } => {
                "Vérifiez la clé : un O ou un I y est peut-être un 0 ou un 1. À défaut, saisissez le SIREN."
            }
        };
        advice.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_reasons_share_a_message_and_each_says_what_to_do() {
        let (siret, tva) = (IdentifierKind::Siret, IdentifierKind::Tva);
        let siren: Siren = "130025265".parse().unwrap();
        let length = |kind, expected, found| IdentifierError::Length {
            kind,
            expected,
            found,
        };
        let errors = [
            IdentifierError::Empty(siret),
            IdentifierError::Nothing,
            IdentifierError::Unrecognised,
            IdentifierError::TooLong,
            IdentifierError::NotUtf8,
            IdentifierError::NotDigits {
                kind: siret,
                found: 'A',
            },
            IdentifierError::NotDigits {
                kind: tva,
                found: 'A',
            },
            length(siret, 14, 13),
            length(IdentifierKind::Siren, 9, 14),
            length(tva, 11, 13),
            IdentifierError::Key(siret),
            IdentifierError::LaPosteKey,
            IdentifierError::SirenInSiret {
                siren: "111222333".into(),
            },
            IdentifierError::Scientific("8,03E+13".into()),
            IdentifierError::ScientificWhole("1,3E+1".into()),
            IdentifierError::NicAlone,
            IdentifierError::RnaFormat,
            IdentifierError::VolumeFolio,
            IdentifierError::TvaPrefix,
            IdentifierError::TvaKeyLetters { key: "K7".into() },
            IdentifierError::SirenInTva {
                siren: "111222333".into(),
            },
            IdentifierError::TvaKey {
                expected: "07".into(),
                found: "63".into(),
                siren,
            },
        ];
        let messages: HashSet<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), errors.len(), "{messages:#?}");
        for error in &errors {
            assert!(error.advice().ends_with('.'), "{error}");
        }
    }
}
