//! SIREN, SIRET and NIC: digits and a Luhn key.

use std::str::FromStr;

use super::text::{Scientific, compact, is_too_long, trimmed};
use super::{IdentifierError, IdentifierKind};

/// La Poste: its établissements outnumber what the Luhn key allows, so its SIRET follow another rule.
pub const LA_POSTE: &str = "356000000";

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

/// Digits only, exactly `N` of them, or the reason why not.
fn digits<const N: usize>(text: &str, kind: IdentifierKind) -> Result<[u8; N], IdentifierError> {
    if is_too_long(text) {
        return Err(IdentifierError::TooLong);
    }
    let compact = compact(text);
    if compact.is_empty() {
        return Err(IdentifierError::Empty(kind));
    }
    if let Some(found) = compact.chars().find(|c| !c.is_ascii_digit()) {
        return Err(match Scientific::read(text) {
            Some(number) => scientific(text, &number),
            None => IdentifierError::NotDigits { kind, found },
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

pub(super) fn scientific(text: &str, number: &Scientific<'_>) -> IdentifierError {
    let text = trimmed(text).to_owned();
    if number.digits().is_some() {
        IdentifierError::ScientificWhole(text)
    } else {
        IdentifierError::Scientific(text)
    }
}

/// Nine digits with a valid Luhn key: an unité légale.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Siren([u8; 9]);

/// Fourteen digits, SIREN then NIC, with a valid key: an établissement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Siret([u8; 14]);

/// The numéro interne de classement: five digits, that mean nothing without their SIREN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nic([u8; 5]);

impl Siren {
    /// Of nine bytes that came from a SIREN.
    pub(super) fn of_valid(bytes: &[u8]) -> Self {
        let mut siren = [b'0'; 9];
        siren.copy_from_slice(bytes);
        Self(siren)
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Siret {
    /// The SIRET of that établissement of that unité légale: the key of the whole decides.
    pub fn of(siren: Siren, nic: Nic) -> Result<Self, IdentifierError> {
        format!("{siren}{nic}").parse()
    }

    /// The fourteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The unité légale it belongs to.
    #[must_use]
    pub fn siren(&self) -> Siren {
        Siren::of_valid(&self.0[..9])
    }

    /// The numéro interne de classement: the last five digits.
    #[must_use]
    pub fn nic(&self) -> &str {
        &self.as_str()[9..]
    }
}

impl Nic {
    /// The five digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
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
                Err(IdentifierError::LaPosteKey)
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

impl FromStr for Nic {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        digits::<5>(text, IdentifierKind::Nic).map(Self)
    }
}

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
    fn a_nic_makes_a_siret_with_its_siren_only() {
        let (siren, nic): (Siren, Nic) = ("130025265".parse().unwrap(), "00013".parse().unwrap());
        assert_eq!(Siret::of(siren, nic), "13002526500013".parse());
        assert_eq!(
            Siret::of(siren, "00014".parse().unwrap()),
            Err(IdentifierError::Key(IdentifierKind::Siret))
        );
        assert!("0001".parse::<Nic>().is_err());
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
