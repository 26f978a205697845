//! RNA numbers. They have no key: only their shape can be wrong.

use std::str::FromStr;

use super::text::{compact, is_too_long};
use super::{IdentifierError, IdentifierKind, is_volume_folio};

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

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

/// `W`, a digit, a digit or a letter, seven digits.
fn is_waldec(bytes: &[u8]) -> bool {
    bytes.len() == 10
        && bytes[0] == b'W'
        && bytes[1].is_ascii_digit()
        && is_alphanumeric(bytes[2])
        && bytes[3..].iter().all(u8::is_ascii_digit)
}

/// The site that keeps the file, three characters then `P` (préfecture) or `S` (sous-préfecture),
/// and its old number, which ends with digits: anything looser would take an address for one.
fn is_import(bytes: &[u8]) -> bool {
    (8..=16).contains(&bytes.len())
        && bytes[0].is_ascii_digit()
        && bytes.iter().copied().all(is_alphanumeric)
        && matches!(bytes[3], b'P' | b'S')
        && bytes[bytes.len() - 4..].iter().all(u8::is_ascii_digit)
}

impl FromStr for RnaId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_too_long(text) {
            return Err(IdentifierError::TooLong);
        }
        let id = compact(text);
        if id.is_empty() {
            return Err(IdentifierError::Empty(IdentifierKind::Rna));
        }
        if is_waldec(id.as_bytes()) || is_import(id.as_bytes()) {
            Ok(Self(id))
        } else if is_volume_folio(text) {
            Err(IdentifierError::VolumeFolio)
        } else {
            Err(IdentifierError::RnaFormat)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rna_number_is_w_and_nine_characters_or_an_old_number() {
        assert_eq!(
            "w751004076".parse::<RnaId>().unwrap().as_str(),
            "W751004076"
        );
        assert!("W9T1000001".parse::<RnaId>().is_ok());
        for import in ["751P00085568", "061S0061013683", "2A1P0001234"] {
            assert!(import.parse::<RnaId>().is_ok(), "{import}");
        }
        for other in ["W75100407", "12 rue de Paris", "121 SPECIMEN", "Wſ51004076"] {
            assert_eq!(
                other.parse::<RnaId>(),
                Err(IdentifierError::RnaFormat),
                "{other}"
            );
        }
    }

    #[test]
    fn an_alsace_moselle_number_is_told_from_an_rna_number() {
        assert_eq!(
            "178-236".parse::<RnaId>(),
            Err(IdentifierError::VolumeFolio)
        );
    }
}
