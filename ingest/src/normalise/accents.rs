//! Accents damaged before the file reached us: text that was UTF-8, read as Windows-1252 by someone,
//! and written as UTF-8 again (`crÃ©ation`), or bytes of Windows-1252 taken for ISO-8859-1 (an
//! apostrophe that became the control character U+0092). Decades of greffes and two successive
//! applications left both in the RNA.

use arrow::array::{Array, StringArray, StringBuilder};
use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;

/// The column repaired and how many of its values were damaged; `None` when none is.
pub fn repair_all(column: &StringArray) -> Option<(StringArray, u64)> {
    // Nearly every batch is sound: one look at its bytes.
    if !column.values().windows(2).any(may_be_damaged) {
        return None;
    }
    let mut repaired = 0;
    let mut mended = StringBuilder::with_capacity(column.len(), column.values().len());
    for value in column {
        match value.map(repair) {
            None => mended.append_null(),
            Some(Cow::Borrowed(sound)) => mended.append_value(sound),
            Some(Cow::Owned(value)) => {
                mended.append_value(value);
                repaired += 1;
            }
        }
    }
    (repaired > 0).then(|| (mended.finish(), repaired))
}

/// Two bytes of UTF-8 that damage shows itself by: a control character, or one of the `Â`, `Ã`, `Å`,
/// `â` followed by `€` that a misread sequence begins with.
fn may_be_damaged(pair: &[u8]) -> bool {
    matches!(
        pair,
        [0xC2, 0x80..=0x9F] | [0xC3, 0x82 | 0x83 | 0x85] | [0xA2, 0xE2]
    )
}

/// The text as it was written. Only what cannot be meant is touched: a sequence that is UTF-8 once
/// read back as Windows-1252, or a control character that no French text has.
fn repair(text: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let mut rest = text;
    let mut untouched = 0;
    while let Some(first) = rest.chars().next() {
        let Some((meant, length)) = misread(rest) else {
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let start = text.len() - rest.len();
        repaired.push_str(&text[untouched..start]);
        repaired.push(meant);
        rest = &rest[length..];
        untouched = start + length;
    }
    if untouched == 0 {
        return Cow::Borrowed(text);
    }
    repaired.push_str(&text[untouched..]);
    Cow::Owned(repaired)
}

/// The character meant at the beginning of `text` when it is damaged there, and how many bytes stand
/// for it.
fn misread(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    // The first bytes of what French is written with; any other may be meant (`É»`, `É’`).
    let expected = match byte(first)? {
        0xC2 | 0xC3 | 0xC5 => 2,
        0xE2 => 3,
        _ => return control(first),
    };
    let mut bytes = [0; 3];
    let mut length = 0;
    for (place, character) in bytes.iter_mut().zip(text.chars()).take(expected) {
        *place = byte(character)?;
        length += character.len_utf8();
    }
    let meant = std::str::from_utf8(&bytes[..expected]).ok()?;
    let mut meant = meant.chars();
    let character = meant.next()?;
    (meant.next().is_none() && !character.is_control()).then_some((character, length))
}

/// The byte of Windows-1252 that reads as this character; controls stand for themselves.
fn byte(character: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(character)) {
        return (byte >= 0x80).then_some(byte);
    }
    let mut utf8 = [0; 4];
    let (encoded, _, unmappable) = WINDOWS_1252.encode(character.encode_utf8(&mut utf8));
    match (&*encoded, unmappable) {
        ([byte], false) => Some(*byte),
        _ => None,
    }
}

/// What a control of ISO-8859-1 is in Windows-1252: `’`, `œ`, `€`…
fn control(character: char) -> Option<(char, usize)> {
    let byte = u8::try_from(u32::from(character)).ok()?;
    if !(0x80..0xA0).contains(&byte) {
        return None;
    }
    let bytes = [byte];
    let (decoded, _, _) = WINDOWS_1252.decode(&bytes);
    let meant = decoded.chars().next()?;
    (meant != character && !meant.is_control()).then_some((meant, character.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_converted_twice_is_read_back() {
        for (damaged, meant) in [
            (
                "crÃ©ation d\u{e2}\u{20ac}\u{2122}un cafÃ©",
                "création d’un café",
            ),
            ("lÃ\u{a0}, lÃ .", "là, lÃ ."),
            (
                "l\u{92}amicale du c\u{9c}ur, 5 \u{80}",
                "l’amicale du cœur, 5 €",
            ),
            ("Ã‰COLE", "ÉCOLE"),
            ("NoÃ«l Â« Ã\u{a0} part Â»", "Noël « à part »"),
        ] {
            assert_eq!(repair(damaged), meant, "{damaged}");
        }
    }

    #[test]
    fn sound_text_is_left_alone() {
        for sound in [
            "Création d'un café à Noël « ça »",
            "SÃO PAULO",
            "Ångström, Øresund, ÂGE",
            "naïve façade",
            "« LE CAFÉ» L’ÉTÉ’",
            "",
            "5 € l’œuvre",
            "日本",
        ] {
            assert!(matches!(repair(sound), Cow::Borrowed(_)), "{sound}");
        }
    }

    #[test]
    fn a_column_is_rebuilt_only_when_something_was_damaged() {
        let sound = StringArray::from(vec![Some("été"), None]);
        assert!(repair_all(&sound).is_none());
        let damaged = StringArray::from(vec![Some("Ã©tÃ©"), None, Some("été")]);
        let (mended, count) = repair_all(&damaged).unwrap();
        assert_eq!(
            (mended.value(0), mended.is_null(1), count),
            ("été", true, 1)
        );
    }
}
