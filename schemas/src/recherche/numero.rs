//! The number of a document: a SIREN, or the RNA number of an association without one.

/// Set for an association.
const RNA: u64 = 1 << 63;
/// Digits, letters, and the end.
const BASE: u64 = 37;
/// Characters of an RNA number: those of the préfectures' files have thirteen at most, of which the first
/// twelve hold in 63 bits.
const CARACTERES: usize = 12;

/// The number of a unité légale.
#[must_use]
pub const fn de_siren(siren: u64) -> u64 {
    siren
}

/// The number of an association; `None` when its number is none of the RNA's.
#[must_use]
pub fn de_rna(id: &str) -> Option<u64> {
    if id.is_empty() || id.len() > CARACTERES {
        return None;
    }
    let mut numero = 0;
    for octet in id.bytes() {
        let chiffre = match octet {
            b'0'..=b'9' => octet - b'0' + 1,
            b'A'..=b'Z' => octet - b'A' + 11,
            _ => return None,
        };
        numero = numero * BASE + u64::from(chiffre);
    }
    Some(RNA | numero)
}

/// Who has that number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Qui {
    /// A SIREN.
    Siren(u64),
    /// An RNA number.
    Rna(String),
}

/// Whether that number is a SIREN.
#[must_use]
pub const fn est_siren(numero: u64) -> bool {
    numero & RNA == 0
}

/// Who has that number.
#[must_use]
pub fn qui(numero: u64) -> Qui {
    if numero & RNA == 0 {
        return Qui::Siren(numero);
    }
    let mut reste = numero & !RNA;
    let mut id = Vec::with_capacity(CARACTERES);
    while reste > 0 {
        let chiffre = u8::try_from(reste % BASE).unwrap_or_default();
        id.push(match chiffre {
            0..=10 => b'0' + chiffre.saturating_sub(1),
            lettre => b'A' + lettre - 11,
        });
        reste /= BASE;
    }
    id.reverse();
    Qui::Rna(String::from_utf8(id).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_who() {
        for id in [
            "W751004076",
            "0751004076",
            "751P00085568",
            "Z",
            "0",
            "ZZZZZZZZZZZZ",
        ] {
            assert_eq!(qui(de_rna(id).unwrap()), Qui::Rna(id.to_owned()));
        }
        assert_eq!(qui(de_siren(130_025_265)), Qui::Siren(130_025_265));
        for id in ["", "w751004076", "751P000855681", "178-236"] {
            assert_eq!(de_rna(id), None);
        }
    }
}
