//! The number of a document: a SIREN, or the RNA number of an association without one.

/// Set for an association.
const RNA: u64 = 1 << 63;
/// Digits, letters, and the end.
const BASE: u64 = 37;
/// Characters that hold in 63 bits, with room left for [`PREFECTURE`].
const CARACTERES: usize = 12;
/// From this one, the number of a préfecture's file, which has up to sixteen characters: a site of three
/// characters, `P` or `S`, then digits.
const PREFECTURE: u64 = BASE.pow(12);
/// Characters of a site and of its kind.
const SITE: usize = 4;
/// Digits after them, at most: forty bits, and four to say how many.
const CHIFFRES: usize = 12;
const BITS_DES_CHIFFRES: u32 = 40;
const BITS_DU_COMPTE: u32 = 4;

/// The number of a unité légale.
#[must_use]
pub const fn de_siren(siren: u64) -> u64 {
    siren
}

/// The number of an association; `None` when its number is none of the RNA's, or a préfecture's of more
/// than twelve characters whose end is not digits.
#[must_use]
pub fn de_rna(id: &str) -> Option<u64> {
    if let Some(numero) = de_prefecture(id) {
        return Some(RNA | (PREFECTURE + numero));
    }
    if id.is_empty() || id.len() > CARACTERES {
        return None;
    }
    en_base(id).map(|numero| RNA | numero)
}

/// Characters as the digits of a number.
fn en_base(texte: &str) -> Option<u64> {
    let mut numero = 0;
    for octet in texte.bytes() {
        let chiffre = match octet {
            b'0'..=b'9' => octet - b'0' + 1,
            b'A'..=b'Z' => octet - b'A' + 11,
            _ => return None,
        };
        numero = numero * BASE + u64::from(chiffre);
    }
    Some(numero)
}

/// The characters of a number.
fn de_base(mut reste: u64) -> String {
    let mut texte = Vec::with_capacity(CARACTERES);
    while reste > 0 {
        let chiffre = u8::try_from(reste % BASE).unwrap_or_default();
        texte.push(match chiffre {
            0..=10 => b'0' + chiffre.saturating_sub(1),
            lettre => b'A' + lettre - 11,
        });
        reste /= BASE;
    }
    texte.reverse();
    texte.into_iter().map(char::from).collect()
}

/// A site, its kind, how many digits, and the digits.
fn de_prefecture(id: &str) -> Option<u64> {
    let (site, chiffres) = (id.get(..SITE)?, id.get(SITE..)?);
    let prefecture = match site.as_bytes()[SITE - 1] {
        b'P' => 0,
        b'S' => 1,
        _ => return None,
    };
    if chiffres.is_empty()
        || chiffres.len() > CHIFFRES
        || !chiffres.bytes().all(|octet| octet.is_ascii_digit())
    {
        return None;
    }
    let site = en_base(&site[..SITE - 1])? * 2 + prefecture;
    let compte = (site << BITS_DU_COMPTE) | chiffres.len() as u64;
    Some((compte << BITS_DES_CHIFFRES) | chiffres.parse::<u64>().ok()?)
}

fn vers_prefecture(numero: u64) -> String {
    let chiffres = numero & ((1 << BITS_DES_CHIFFRES) - 1);
    let compte = numero >> BITS_DES_CHIFFRES;
    let site = compte >> BITS_DU_COMPTE;
    let compte = usize::try_from(compte & ((1 << BITS_DU_COMPTE) - 1)).unwrap_or_default();
    let sorte = if site.is_multiple_of(2) { 'P' } else { 'S' };
    format!("{}{sorte}{chiffres:0compte$}", de_base(site / 2))
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
    let reste = numero & !RNA;
    Qui::Rna(match reste.checked_sub(PREFECTURE) {
        Some(reste) => vers_prefecture(reste),
        None => de_base(reste),
    })
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
            "061S0061013683",
            "2A1P0001234",
            "999S000000000000",
            "ZZZP999999999999",
            "751PA0085568",
            "751P",
            "Z",
            "0",
            "ZZZZZZZZZZZZ",
        ] {
            assert_eq!(qui(de_rna(id).unwrap()), Qui::Rna(id.to_owned()));
        }
        assert_eq!(qui(de_siren(130_025_265)), Qui::Siren(130_025_265));
        for id in [
            "",
            "w751004076",
            "751PA00855681",
            "751P0000855681234",
            "178-236",
        ] {
            assert_eq!(de_rna(id), None);
        }
    }
}
