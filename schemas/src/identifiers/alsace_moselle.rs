//! Numbers of the registers of associations of Alsace and Moselle, where the law of 1901 does not
//! apply: the tribunal writes an association on a folio of a volume. SIRENE holds them in
//! `identifiantAssociationUniteLegale`, as `178-236`. Each tribunal counts from one, so the number
//! alone designates nobody: it is recognised, never looked up.

use super::text::trimmed;

/// Whether a text is a volume and a folio: `178-236`. No SIREN has so few digits.
#[must_use]
pub fn is_volume_folio(text: &str) -> bool {
    let is_dash = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}');
    let Some((volume, folio)) = trimmed(text).split_once(is_dash) else {
        return false;
    };
    let number = |text: &str, longest| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    number(volume, 3) && number(folio, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_and_a_folio_are_two_short_numbers() {
        for id in ["178-236", " 009-015 ", "3\u{2013}12"] {
            assert!(is_volume_folio(id), "{id}");
        }
        for other in ["178", "-236", "178-", "130-025-265", "1300-25265", "A-1"] {
            assert!(!is_volume_folio(other), "{other}");
        }
    }
}
