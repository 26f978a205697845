//! What was asked: any bytes, read once as an identifier or explained.

use registre_schemas::identifiers::{Identifier, Verdict};

/// Characters shown of what was asked: the longest identifier has 16.
const SHOWN: usize = 64;

/// What was asked.
#[derive(Debug)]
pub(crate) struct Demande {
    /// As it was given, of a bounded length.
    pub(crate) text: String,
    /// What it is, or why it is nothing.
    pub(crate) identifier: Result<Identifier, Box<Verdict>>,
}

impl Demande {
    /// Of a text.
    pub(crate) fn of(text: &str) -> Self {
        let identifier = text
            .parse()
            .map_err(|_why| Box::new(Verdict::of(text, None)));
        Self {
            text: shown(text),
            identifier,
        }
    }

    /// Of bytes that may not be text.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::of(text),
            Err(_not_text) => Self {
                text: shown(&String::from_utf8_lossy(
                    &bytes[..bytes.len().min(4 * SHOWN)],
                )),
                identifier: Err(Box::new(Verdict::of_bytes(bytes, None))),
            },
        }
    }
}

fn shown(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).collect()
}

/// The bytes of a segment of an address, or of a value of its query.
pub(crate) fn decoded(encoded: &str, plus_is_space: bool) -> Vec<u8> {
    let bytes = encoded.as_bytes();
    let digit = |index: usize| {
        let byte = *bytes.get(index)?;
        char::from(byte).to_digit(16)
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let byte = match (bytes[index], digit(index + 1), digit(index + 2)) {
            (b'%', Some(high), Some(low)) => {
                index += 2;
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            (b'+', ..) if plus_is_space => b' ',
            (other, ..) => other,
        };
        decoded.push(byte);
        index += 1;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_decoded_and_what_is_no_code_is_left() {
        assert_eq!(decoded("130%20025", false), b"130 025");
        assert_eq!(decoded("a+b", false), b"a+b");
        assert_eq!(decoded("a+b%2B", true), b"a b+");
        assert_eq!(decoded("%ff%F", false), b"\xff%F");
        assert_eq!(decoded("%zz%", false), b"%zz%");
    }

    #[test]
    fn what_was_asked_is_shown_within_bounds() {
        let long = Demande::of(&"é".repeat(500));
        assert_eq!(long.text.chars().count(), SHOWN);
        assert!(long.identifier.is_err());
        let bytes = Demande::of_bytes(&[0xff; 5000]);
        assert!(bytes.text.chars().count() <= SHOWN);
        assert!(bytes.identifier.unwrap_err().message.contains("UTF-8"));
        assert!(Demande::of_bytes(b"130 025 265").identifier.is_ok());
    }
}
