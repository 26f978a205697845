//! What is said of a text, as one record: the same words on the command line, in SQL and in a
//! browser.

use serde::{Serialize, Serializer};

use super::{Identifier, IdentifierError, IdentifierKind, suggestion};

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Well formed, and its key, if it has one, is right. It may still be unknown.
    Valide,
    /// Not shaped like an identifier, and why.
    Format,
    /// Shaped like one, and its key is wrong.
    CleInvalide,
}

impl Word {
    /// As it is written: `valide`, `format`, `cle_invalide`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valide => "valide",
            Self::Format => "format",
            Self::CleInvalide => "cle_invalide",
        }
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What is said of a text. Serialised under its French names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The identifier it is, or the one the person most likely meant.
    #[serde(rename = "type")]
    pub kind: Option<IdentifierKind>,
    /// The identifier without its separators, when it is valid.
    pub valeur: Option<String>,
    /// In a word.
    pub verdict: Word,
    /// The code of the API's errors, unless it is valid.
    pub code: Option<&'static str>,
    /// Why, as a sentence.
    pub message: String,
    /// What to do next, as a sentence.
    pub que_faire: String,
    /// The one identifier certainly meant, without separators: to be shown, never to be used unasked.
    pub suggestion: Option<String>,
}

impl Verdict {
    /// Of a text, where `expected` is asked, or any identifier.
    #[must_use]
    pub fn of(text: &str, expected: Option<IdentifierKind>) -> Self {
        match Identifier::read(text, expected) {
            Ok(identifier) => Self::valid(&identifier),
            Err(error) => Self::invalid(&error, suggestion(text, expected)),
        }
    }

    /// Of bytes that may not be text.
    #[must_use]
    pub fn of_bytes(bytes: &[u8], expected: Option<IdentifierKind>) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self::of(text, expected);
        }
        // Cut first: a few characters decide, however many bytes there are.
        let start = &bytes[..bytes.len().min(LONGEST_BYTES)];
        let repaired = suggestion(&String::from_utf8_lossy(start), expected);
        let whole = start.len() == bytes.len();
        Self::invalid(&IdentifierError::NotUtf8, repaired.filter(|_| whole))
    }

    /// Whether it is a valid identifier.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.verdict == Word::Valide
    }

    fn valid(identifier: &Identifier) -> Self {
        let kind = identifier.kind();
        let (message, que_faire) = match kind {
            IdentifierKind::Rna => (
                "Numéro RNA bien formé ; il n'a pas de clé de contrôle.".to_owned(),
                "Cherchez-le dans le répertoire : la forme ne dit pas qu'il est attribué.",
            ),
            IdentifierKind::Tva => (
                "Numéro de TVA bien formé : la clé est celle de son SIREN.".to_owned(),
                "Vérifiez qu'il est attribué : toute unité légale n'a pas de numéro de TVA.",
            ),
            _ => (
                format!("Numéro {kind} bien formé, clé de contrôle juste."),
                "Cherchez-le dans le répertoire : une clé juste ne dit pas qu'il est attribué.",
            ),
        };
        Self {
            kind: Some(kind),
            valeur: Some(identifier.as_str().to_owned()),
            verdict: Word::Valide,
            code: None,
            message,
            que_faire: que_faire.to_owned(),
            suggestion: None,
        }
    }

    fn invalid(error: &IdentifierError, suggestion: Option<Identifier>) -> Self {
        let code = error.code();
        Self {
            kind: error.kind(),
            valeur: None,
            verdict: if code == "cle_invalide" {
                Word::CleInvalide
            } else {
                Word::Format
            },
            code: Some(code),
            message: sentence(&error.to_string()),
            que_faire: error.advice(),
            suggestion: suggestion.map(|identifier| identifier.as_str().to_owned()),
        }
    }
}

/// More bytes than any text that is looked at has.
const LONGEST_BYTES: usize = 1024;

/// Upper case first, a full stop last.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    let mut sentence: String = first.into_iter().flatten().collect();
    sentence.push_str(characters.as_str());
    sentence.push('.');
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_explained_and_read_when_that_is_certain() {
        let latin1 = Verdict::of_bytes(b"130\xa0025\xa0265\xa000013", None);
        assert_eq!(latin1.code, Some("format_invalide"));
        assert!(latin1.message.contains("UTF-8"), "{}", latin1.message);
        assert_eq!(latin1.suggestion.as_deref(), Some("13002526500013"));
        let mut long = b"130025265\xff".to_vec();
        long.resize(5000, b' ');
        assert_eq!(Verdict::of_bytes(&long, None).suggestion, None);
    }

    #[test]
    fn a_message_is_a_sentence() {
        let verdict = Verdict::of("123", Some(IdentifierKind::Siret));
        assert_eq!(
            verdict.message,
            "Un numéro SIRET comporte 14 chiffres : 3 saisis."
        );
        assert_eq!(verdict.kind, Some(IdentifierKind::Siret));
    }
}
