//! Requests as CSV: one line each, a column per answer of any form.

use serde_json::Value;

use super::champs::{ACCES_API, DONNEE_MANQUANTE, Genre};

/// What comes before the answers, as pointers into the JSON.
const FIRST: [(&str, &str); 14] = [
    ("numero", "/numero"),
    ("type", "/type"),
    ("deposee_le", "/deposee_le"),
    ("api", "/api/id"),
    ("verification", "/verification"),
    ("siret", "/organisation/siret"),
    ("siren", "/organisation/siren"),
    ("rna", "/organisation/rna"),
    ("numero_donne", "/organisation/identifiant/valeur"),
    ("nom", "/organisation/nom"),
    ("adresse", "/organisation/adresse"),
    ("envoi", "/envoi/etat"),
    ("envoi_essais", "/envoi/essais"),
    ("envoi_dernier", "/envoi/dernier"),
];

/// The answers: group, then name.
fn answers() -> impl Iterator<Item = (&'static str, &'static str)> {
    let missing = DONNEE_MANQUANTE.iter().map(|(groupe, _)| groupe);
    ACCES_API
        .iter()
        // The last of one is the last of the other.
        .chain(missing.filter(|groupe| groupe.nom != "engagement"))
        .flat_map(|groupe| {
            let kept = groupe
                .champs
                .iter()
                .filter(|champ| champ.genre != Genre::Organisation);
            kept.map(|champ| (groupe.nom, champ.nom))
        })
}

/// The line of titles.
pub(super) fn titles() -> String {
    let mut text = String::new();
    let first = FIRST.iter().map(|(title, _)| (*title).to_owned());
    let rest = answers().map(|(groupe, nom)| format!("{groupe}.{nom}"));
    end(&mut text, first.chain(rest));
    text
}

/// The line of a request.
pub(super) fn line(text: &mut String, request: &Value) {
    let first = FIRST
        .iter()
        .map(|(_, pointer)| request.pointer(pointer).map(said).unwrap_or_default());
    let rest = answers().map(|(groupe, nom)| said(&request[groupe][nom]));
    end(text, first.chain(rest));
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items = items
                .iter()
                .filter_map(|item| item["code"].as_str().or(item.as_str()));
            items.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Each value in quotes. One that a spreadsheet would take for a formula is made a text, as OWASP
/// advises (CSV Injection): applicants wrote it, the operator opens it.
fn end(text: &mut String, values: impl Iterator<Item = String>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('"');
        let number =
            |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        let formula = match value.strip_prefix('+') {
            Some(rest) => !number(rest),
            None => value.starts_with(['=', '-', '@', '\t', '\r']),
        };
        if formula {
            text.push('\'');
        }
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_neither_a_formula_nor_another_column() {
        let mut text = String::new();
        let request = json!({
            "numero": "D-00000-00000",
            "service": { "titre": "=HYPERLINK(\"http://x\")", "usage": "a\"b,c\nd" },
            "contact_technique": { "telephone": "+33123456789", "nom": "+cmd" },
            "donnees": { "perimetres": [{ "code": "a" }, { "code": "b" }] },
        });
        line(&mut text, &request);
        for expected in [
            "\"D-00000-00000\",",
            "\"'=HYPERLINK(\"\"http://x\"\")\"",
            "\"a\"\"b,c\nd\"",
            "\"+33123456789\"",
            "\"'+cmd\"",
            "\"a, b\"",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        let columns = titles().matches(',').count();
        let commas_of_values = 2;
        assert_eq!(text.matches(',').count(), columns + commas_of_values);
    }
}
