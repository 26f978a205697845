//! The characters of what was typed.

use std::fmt::Write as _;

/// Characters of a text that may be an identifier: the longest has 16, without its separators and
/// whatever label stands before it. Past that, nothing is read: any text takes a bounded time.
const LONGEST: usize = 200;

/// Whether a text is too long to be looked at.
pub(super) fn is_too_long(text: &str) -> bool {
    text.len() > LONGEST && text.chars().nth(LONGEST).is_some()
}

/// What a person types between the digits: spaces of every width, dots, dashes.
pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '.' | '-' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
        )
}

/// The text without its separators, its ASCII letters upper case. Other letters are left: folding
/// them would make an S of a `ſ`.
pub(super) fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !is_separator(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// The text without the separators around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_separator)
}

/// A character as a message may show it: those that a French keyboard types, any other by its
/// number, for it may be invisible or turn the line around.
pub(super) fn shown(c: char) -> String {
    if matches!(c, '!'..='~' | '¡'..='\u{ac}' | '®'..='ſ' | '€') {
        c.to_string()
    } else {
        format!("U+{:04X}", u32::from(c))
    }
}

/// What a spreadsheet makes of a long number: `8,03E+13`. One digit, decimals, an exponent.
pub(super) struct Scientific<'a> {
    first: &'a str,
    decimals: &'a str,
    exponent: usize,
}

impl<'a> Scientific<'a> {
    /// Reads such a number.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = trimmed(text).split_once(['E', 'e'])?;
        let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
        let (first, decimals) = mantissa.split_once([',', '.']).unwrap_or((mantissa, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if first.len() != 1
            || !(1..=2).contains(&exponent.len())
            || ![first, decimals, exponent].into_iter().all(all_digits)
        {
            return None;
        }
        Some(Self {
            first,
            decimals,
            exponent: exponent.parse().ok()?,
        })
    }

    /// Its digits, when there are as many as the exponent says: fewer were rounded.
    pub(super) fn digits(&self) -> Option<String> {
        (self.decimals.len() == self.exponent).then(|| format!("{}{}", self.first, self.decimals))
    }
}

/// How an identifier is written for a person, with no-break spaces: `130 025 265`,
/// `130 025 265 00013`, `FR 07 130025265`. A text that is none of these is given back as it is.
#[must_use]
pub fn display_form(identifier: &str) -> String {
    if let Some(digits) = identifier.strip_prefix("FR")
        && digits.len() == 11
        && digits.is_ascii()
    {
        return format!("FR\u{a0}{}\u{a0}{}", &digits[..2], &digits[2..]);
    }
    if !identifier.bytes().all(|byte| byte.is_ascii_digit()) {
        return identifier.to_owned();
    }
    let mut spaced = String::with_capacity(identifier.len() + 6);
    for (index, digit) in identifier.chars().enumerate() {
        let space = if matches!(index, 3 | 6 | 9) {
            "\u{a0}"
        } else {
            ""
        };
        let _infallible = write!(spaced, "{space}{digit}");
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_spaced_as_they_are_printed() {
        let plain = |id| display_form(id).replace('\u{a0}', " ");
        assert_eq!(plain("130025265"), "130 025 265");
        assert_eq!(plain("13002526500013"), "130 025 265 00013");
        assert_eq!(plain("FR07130025265"), "FR 07 130025265");
        assert_eq!(plain("W751004076"), "W751004076");
        assert_eq!(plain("FRé213002526"), "FRé213002526");
    }

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_number() {
        let characters = ['A', 'é', '\u{202e}', '\0', '\n', '\u{1f600}', '\u{ad}'];
        assert_eq!(
            characters.map(shown),
            ["A", "é", "U+202E", "U+0000", "U+000A", "U+1F600", "U+00AD"]
        );
    }

    #[test]
    fn the_digits_of_a_spreadsheet_are_there_or_rounded_away() {
        let digits = |text: &str| Scientific::read(text).map(|number| number.digits());
        assert_eq!(digits("8,03E+13"), Some(None));
        assert_eq!(digits(" 1.30025265e8 "), Some(Some("130025265".to_owned())));
        for other in ["13E+8", "1E", "E+13", "1E-5", "1,2,3E4", "1E+100", "W1E5"] {
            assert!(digits(other).is_none(), "{other}");
        }
    }
}
