//! The number most certainly meant by a text that is not one: a suggestion, shown to the person and
//! never put in place of what was typed.
//!
//! Each repair undoes one known accident. One is suggested only when exactly one number comes out
//! of all of them, and its key is right: RNA numbers, which have no key, are never suggested.

use super::text::{Scientific, compact, is_separator, is_too_long, trimmed};
use super::{Identifier, IdentifierKind, Siren, Tva};

/// What stands around a number copied from a document, and means nothing.
fn is_wrapping(c: char) -> bool {
    is_separator(c)
        || matches!(
            c,
            '(' | ')'
                | '['
                | ']'
                | '<'
                | '>'
                | '"'
                | '\''
                | '’'
                | '`'
                | '«'
                | '»'
                | ':'
                | ';'
                | '#'
                | '='
                | '°'
                | 'º'
                | '\u{fffd}'
        )
}

/// What is written before a number, upper case; the longest first.
const LABELS: [&str; 7] = ["NSIRET", "NSIREN", "SIRET", "SIREN", "TVA", "NO", "N"];

/// The digit a character is taken for, or else itself: letters drawn like a digit, and the digits of
/// a Japanese keyboard.
fn as_digit(c: char) -> char {
    match c {
        'O' => '0',
        'I' | 'L' => '1',
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10).unwrap_or(c),
        other => other,
    }
}

/// A SIREN, a SIRET or a VAT number without separators, with its key right.
fn exact(text: &str) -> Option<Identifier> {
    match text.len() {
        9 => text.parse().ok().map(Identifier::Siren),
        13 => text.parse().ok().map(Identifier::Tva),
        14 => text.parse().ok().map(Identifier::Siret),
        _ => None,
    }
}

/// How many digits a compact text has, those drawn as letters included.
pub(super) fn digits_meant(compact: &str) -> usize {
    let digits = compact.chars().map(as_digit);
    digits.filter(char::is_ascii_digit).count()
}

/// Texts that the accident may have been done to.
fn rewritings(text: &str) -> Vec<String> {
    let compact = compact(text);
    let body = compact.strip_prefix("FR");
    let digits: String = body.unwrap_or(&compact).chars().map(as_digit).collect();
    let mut texts = vec![match body {
        Some(_) => format!("FR{digits}"),
        None => digits,
    }];
    let unwrapped: String = text
        .chars()
        .filter(|c| !is_wrapping(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let label = LABELS
        .iter()
        .find_map(|label| unwrapped.strip_prefix(label));
    texts.extend(label.map(str::to_owned));
    texts.push(unwrapped);
    texts.extend(Scientific::read(text).and_then(|number| number.digits()));
    // What a program that reads a column as real numbers writes: 13002526500013.0
    if let Some((whole, tail)) = trimmed(text).split_once(['.', ','])
        && !tail.is_empty()
        && tail.bytes().all(|byte| byte == b'0')
    {
        texts.push(whole.to_owned());
    }
    texts
}

/// The numbers a rewritten text may stand for.
fn readings(text: &str) -> [Option<Identifier>; 3] {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let other = match (all_digits, text.len()) {
        // One or two zeros that a spreadsheet took away from the front.
        (true, 7 | 8) => exact(&format!("{text:0>9}")),
        (true, 12 | 13) => exact(&format!("{text:0>14}")),
        (true, 11) => exact(&format!("FR{text}")),
        _ => None,
    };
    [exact(text), other, right_key(text)]
}

/// A VAT number whose SIREN is valid, with the key of that SIREN: an error of one digit in the SIREN
/// would have broken its own key.
fn right_key(text: &str) -> Option<Identifier> {
    let rest = text.strip_prefix("FR")?;
    if rest.len() != 11 || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let siren: Siren = rest[2..].parse().ok()?;
    Some(Identifier::Tva(Tva::from(siren)))
}

/// The same unité légale by the kind expected, where a number holds another.
fn as_expected(identifier: Identifier, expected: Option<IdentifierKind>) -> Option<Identifier> {
    match (expected, identifier) {
        (Some(IdentifierKind::Siren), Identifier::Tva(tva)) => Some(Identifier::Siren(tva.siren())),
        (Some(IdentifierKind::Siren), Identifier::Siret(siret)) => {
            Some(Identifier::Siren(siret.siren()))
        }
        (Some(IdentifierKind::Tva), Identifier::Siren(siren)) => {
            Some(Identifier::Tva(siren.into()))
        }
        (Some(IdentifierKind::Tva), Identifier::Siret(siret)) => {
            Some(Identifier::Tva(siret.siren().into()))
        }
        (Some(kind), other) => (other.kind() == kind).then_some(other),
        (None, other) => Some(other),
    }
}

/// The one number that `text` certainly stands for, of the kind expected if one is; none when the
/// text is already that number, or when several are possible.
#[must_use]
pub fn suggestion(text: &str, expected: Option<IdentifierKind>) -> Option<Identifier> {
    if is_too_long(text) || Identifier::read(text, expected).is_ok() {
        return None;
    }
    let mut found: Vec<Identifier> = Vec::new();
    for text in rewritings(text) {
        for identifier in readings(&text).into_iter().flatten() {
            if let Some(identifier) = as_expected(identifier, expected)
                && !found.contains(&identifier)
            {
                found.push(identifier);
            }
        }
    }
    let only = found.pop()?;
    found.is_empty().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(text: &str, expected: Option<IdentifierKind>) -> Option<String> {
        suggestion(text, expected).map(|identifier| identifier.as_str().to_owned())
    }

    #[test]
    fn each_known_accident_is_undone_when_the_key_says_so() {
        let siret = Some("13002526500013".to_owned());
        for text in [
            "13OO2526500013",
            "l3002526500013",
            "SIRET : 130 025 265 00013",
            "(13002526500013)",
            "'13002526500013",
            "13002526500013.0",
            "1,3002526500013E+13",
            "\u{ff11}3002526500013",
            "130\u{fffd}025\u{fffd}265\u{fffd}00013",
        ] {
            assert_eq!(suggested(text, None), siret, "{text}");
        }
        assert_eq!(suggested("07130025265", None).unwrap(), "FR07130025265");
        assert_eq!(suggested("FR63130025265", None).unwrap(), "FR07130025265");
        assert_eq!(suggested("FRK7130025265", None).unwrap(), "FR07130025265");
    }

    #[test]
    fn nothing_is_suggested_that_is_not_certain() {
        for text in [
            "13002526500014",
            "1300252650001",
            "8,03E+13",
            "W75100407O",
            "12 345 678,90",
            "",
            "bonjour",
            "13002526500013",
        ] {
            assert_eq!(suggested(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_number_that_holds_the_one_expected_gives_it() {
        let (siren, siret) = (Some(IdentifierKind::Siren), Some(IdentifierKind::Siret));
        let tva = Some(IdentifierKind::Tva);
        assert_eq!(suggested("FR07130025265", siren).unwrap(), "130025265");
        assert_eq!(suggested("13002526500013", siren).unwrap(), "130025265");
        assert_eq!(suggested("130025265", tva).unwrap(), "FR07130025265");
        assert_eq!(suggested("130025265", siret), None, "a unit has many");
    }
}
