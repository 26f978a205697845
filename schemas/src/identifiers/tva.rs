//! French VAT numbers (numéro de TVA intracommunautaire): `FR`, a key of two digits, the SIREN.
//!
//! The key is (12 + 3 × (SIREN mod 97)) mod 97. A key with letters exists in the European format;
//! no number that the administration makes from a SIREN has one.

use std::str::FromStr;

use super::text::{compact, is_too_long};
use super::{IdentifierError, IdentifierKind, Siren};

/// `FR`, key and SIREN: thirteen characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tva([u8; 13]);

impl Tva {
    /// The thirteen characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The unité légale it belongs to.
    #[must_use]
    pub fn siren(&self) -> Siren {
        // Only made from a SIREN, below.
        Siren::of_valid(&self.0[4..])
    }
}

impl From<Siren> for Tva {
    fn from(siren: Siren) -> Self {
        let mut tva = *b"FR00000000000";
        tva[2..4].copy_from_slice(key(siren).as_bytes());
        tva[4..].copy_from_slice(siren.as_str().as_bytes());
        Self(tva)
    }
}

/// The key of a SIREN, two digits.
fn key(siren: Siren) -> String {
    let number: u32 = siren.as_str().parse().unwrap_or_default();
    format!("{:02}", (12 + 3 * (number % 97)) % 97)
}

impl FromStr for Tva {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_too_long(text) {
            return Err(IdentifierError::TooLong);
        }
        let kind = IdentifierKind::Tva;
        let compact = compact(text);
        if compact.is_empty() {
            return Err(IdentifierError::Empty(kind));
        }
        let Some(rest) = compact.strip_prefix("FR") else {
            return Err(IdentifierError::TvaPrefix);
        };
        if let Some(found) = rest.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(IdentifierError::NotDigits { kind, found });
        }
        // ASCII from here on: a character is a byte.
        if rest.len() != 11 {
            return Err(IdentifierError::Length {
                kind,
                expected: 11,
                found: rest.len(),
            });
        }
        let (found, siren) = rest.split_at(2);
        if let Some(found) = siren.chars().find(|c| !c.is_ascii_digit()) {
            return Err(IdentifierError::NotDigits { kind, found });
        }
        if found.bytes().any(|byte| !byte.is_ascii_digit()) {
            return Err(IdentifierError::TvaKeyLetters {
                key: found.to_owned(),
            });
        }
        let Ok(valid) = siren.parse::<Siren>() else {
            return Err(IdentifierError::SirenInTva {
                siren: siren.to_owned(),
            });
        };
        let expected = key(valid);
        if found == expected {
            Ok(Self::from(valid))
        } else {
            Err(IdentifierError::TvaKey {
                expected,
                found: found.to_owned(),
                siren: valid,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tva(text: &str) -> Result<Tva, IdentifierError> {
        text.parse()
    }

    #[test]
    fn a_tva_number_is_a_country_the_right_key_and_a_siren() {
        let siren: Siren = "130025265".parse().unwrap();
        assert_eq!(Tva::from(siren).as_str(), "FR07130025265");
        assert_eq!(tva("fr 07 130 025 265").unwrap().siren(), siren);
        let small: Siren = "000000018".parse().unwrap();
        assert_eq!(tva(Tva::from(small).as_str()).unwrap().siren(), small);
    }

    #[test]
    fn each_fault_of_a_tva_number_has_its_own_reason() {
        let kind = IdentifierKind::Tva;
        assert_eq!(tva("07130025265"), Err(IdentifierError::TvaPrefix));
        assert_eq!(
            tva("FR0713002526"),
            Err(IdentifierError::Length {
                kind,
                expected: 11,
                found: 10
            })
        );
        assert_eq!(
            tva("FR0713002526A"),
            Err(IdentifierError::NotDigits { kind, found: 'A' })
        );
        assert_eq!(
            tva("FRK7130025265"),
            Err(IdentifierError::TvaKeyLetters { key: "K7".into() })
        );
        assert_eq!(
            tva("FR07130025266"),
            Err(IdentifierError::SirenInTva {
                siren: "130025266".into()
            })
        );
        assert!(matches!(
            tva("FR63130025265"),
            Err(IdentifierError::TvaKey { .. })
        ));
    }
}
