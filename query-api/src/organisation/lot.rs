//! Many identifiers in one request: read whatever they are, answered in their order, each for itself.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Number;
use std::borrow::Cow;

use super::demande::{Demande, decoded};
use crate::error::ApiError;

/// Identifiers in one request, at most.
pub(crate) const LIMITE: usize = 1000;

/// The name of the body in an error.
const CORPS: &str = "corps";

/// One entry of a JSON list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entree<'body> {
    #[serde(borrow)]
    Texte(Cow<'body, str>),
    /// A spreadsheet's export: leading zeros are lost, the diagnosis says so.
    Nombre(Number),
    /// Answered as no identifier, so that it does not stop the others.
    Autre(IgnoredAny),
}

impl Entree<'_> {
    fn demande(&self) -> Demande {
        match self {
            Self::Texte(text) => Demande::of(text),
            Self::Nombre(number) => Demande::of(&number.to_string()),
            Self::Autre(_) => Demande::of(""),
        }
    }
}

/// A JSON body: a list, or a list under `identifiants`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Corps<'body> {
    #[serde(borrow)]
    Liste(Vec<Entree<'body>>),
    #[serde(borrow)]
    Objet(Objet<'body>),
}

#[derive(Deserialize)]
struct Objet<'body> {
    #[serde(borrow)]
    identifiants: Vec<Entree<'body>>,
}

/// The identifiers of a body: JSON, or one per line. A line that is a JSON text is read as one.
pub(crate) fn of_body(content_type: Option<&str>, body: &[u8]) -> Result<Vec<Demande>, ApiError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let essence = content_type.map(|value| {
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    });
    let json = match essence.as_deref() {
        Some("application/json") => true,
        Some("text/plain" | "text/csv" | "application/x-ndjson" | "application/ndjson") => false,
        // Nothing said, or what curl says by itself: the first character tells.
        _ => matches!(body.trim_ascii_start().first(), Some(b'[' | b'{')),
    };
    bounded(if json { of_json(body)? } else { of_lines(body) }, CORPS)
}

fn of_json(body: &[u8]) -> Result<Vec<Demande>, ApiError> {
    let corps: Corps<'_> = serde_json::from_slice(body).map_err(|error| {
        let place = if error.line() > 0 {
            format!(" (ligne {}, colonne {})", error.line(), error.column())
        } else {
            String::new()
        };
        ApiError::Parametre {
            nom: CORPS.to_owned(),
            valeur: String::from_utf8_lossy(body).chars().take(40).collect(),
            attendu: format!(
                "une liste JSON de textes, ou {{\"identifiants\": [liste]}}, est attendue{place}"
            ),
        }
    })?;
    let (Corps::Liste(entries)
    | Corps::Objet(Objet {
        identifiants: entries,
    })) = corps;
    Ok(entries.iter().map(Entree::demande).collect())
}

/// Empty lines are no entries.
fn of_lines(body: &[u8]) -> Vec<Demande> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| match serde_json::from_slice::<String>(line) {
            Ok(text) => Demande::of(&text),
            Err(_plain) => Demande::of_bytes(line),
        })
        .collect()
}

/// The identifiers of a query: `ids=a,b&ids=c`.
pub(crate) fn of_query(query: &str) -> Result<Vec<Demande>, ApiError> {
    let mut demandes = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value, true);
        if decoded(name, true) != b"ids" {
            return Err(ApiError::Parametre {
                nom: String::from_utf8_lossy(&decoded(name, true))
                    .chars()
                    .take(40)
                    .collect(),
                valeur: String::from_utf8_lossy(&value).chars().take(40).collect(),
                attendu: "paramètre inconnu ; ids est admis".to_owned(),
            });
        }
        demandes.extend(value.split(|byte| *byte == b',').map(Demande::of_bytes));
    }
    bounded(demandes, "ids")
}

fn bounded(demandes: Vec<Demande>, nom: &str) -> Result<Vec<Demande>, ApiError> {
    if demandes.is_empty() {
        return Err(ApiError::Parametre {
            nom: nom.to_owned(),
            valeur: String::new(),
            attendu: format!("de 1 à {LIMITE} identifiants sont attendus"),
        });
    }
    if demandes.len() > LIMITE {
        return Err(ApiError::TropDIdentifiants {
            nombre: demandes.len(),
            limite: LIMITE,
        });
    }
    Ok(demandes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(content_type: Option<&str>, body: &[u8]) -> Vec<String> {
        let demandes = of_body(content_type, body).unwrap();
        demandes.into_iter().map(|demande| demande.text).collect()
    }

    #[test]
    fn a_list_is_read_from_json_or_from_lines() {
        let expected = ["130025265", "a\"b", "356000000"];
        let json = br#"["130025265", "a\"b", 356000000]"#;
        let object = br#"{"identifiants": ["130025265", "a\"b", "356000000"]}"#;
        let lines = b"\xef\xbb\xbf130025265\r\n\n\"a\\\"b\"\n356000000\n";
        assert_eq!(
            texts(Some("application/json; charset=utf-8"), json),
            expected
        );
        assert_eq!(texts(None, object), expected);
        assert_eq!(
            texts(Some("application/x-www-form-urlencoded"), object),
            expected
        );
        assert_eq!(texts(Some("text/plain"), lines), expected);
        assert_eq!(texts(Some("application/x-ndjson"), lines), expected);
    }

    #[test]
    fn an_entry_that_is_no_text_stands_for_itself() {
        let demandes = of_body(None, br#"[null, {"a": 1}, ["b"], true, "130025265"]"#).unwrap();
        assert_eq!(demandes.len(), 5);
        assert!(
            demandes[..4]
                .iter()
                .all(|demande| demande.identifier.is_err())
        );
        assert!(demandes[4].identifier.is_ok());
    }

    #[test]
    fn a_query_gives_its_entries_in_order_empty_ones_included() {
        let demandes = of_query("ids=130025265,,%FF&ids=130+025+265").unwrap();
        let texts: Vec<_> = demandes
            .iter()
            .map(|demande| demande.text.as_str())
            .collect();
        assert_eq!(texts, ["130025265", "", "\u{fffd}", "130 025 265"]);
        assert!(
            of_query("ids=1&autre=2")
                .unwrap_err()
                .to_string()
                .contains("autre")
        );
    }

    #[test]
    fn too_few_and_too_many_are_told_the_bounds() {
        for refused in [of_query(""), of_body(None, b"[]"), of_body(None, b" \n ")] {
            assert!(refused.unwrap_err().to_string().contains("de 1 à 1000"));
        }
        let many = vec!["130025265"; LIMITE + 1].join("\n");
        let error = of_body(Some("text/plain"), many.as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("1001") && error.to_string().contains("1000"),
            "{error}"
        );
        assert!(of_body(Some("text/plain"), &many.as_bytes()[10..]).is_ok());
        let broken = of_body(Some("application/json"), b"[\"1\",").unwrap_err();
        assert!(broken.to_string().contains("liste JSON"), "{broken}");
    }
}
