//! The body of an error: RFC 9457, with our own members after the standard ones.

use serde::Serialize;

use super::ApiError;
use crate::sql::SqlError;

/// An error as it is sent.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Where the error is explained, relative to the server.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    que_faire: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valeur: Option<String>,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    parametre: Option<String>,
    /// Where a query is wrong: its line, and the place in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    ligne: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    colonne: Option<usize>,
    /// The identifier certainly meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
    /// The SIREN to use instead of a doublon.
    #[serde(skip_serializing_if = "Option::is_none")]
    siren_reference: Option<String>,
}

impl Problem {
    /// The body of `error`, for a request to the path `instance`.
    #[must_use]
    pub fn new(error: &ApiError, instance: Option<&str>) -> Self {
        let code = error.code();
        Self {
            kind: format!("/docs#erreur-{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: error.to_string(),
            code: code.as_str(),
            que_faire: error.que_faire(),
            instance: instance.map(str::to_owned),
            valeur: error.valeur(),
            parametre: match error {
                ApiError::Parametre { nom, .. } => Some(nom.clone()),
                _ => None,
            },
            ligne: place(error).0,
            colonne: place(error).1,
            suggestion: error.suggestion().map(str::to_owned),
            siren_reference: match error {
                ApiError::Doublon { reference, .. } => Some(reference.to_string()),
                _ => None,
            },
        }
    }
}

/// Where a query is wrong.
fn place(error: &ApiError) -> (Option<usize>, Option<usize>) {
    match error {
        ApiError::Sql(SqlError::Invalide { ligne, colonne, .. }) => (*ligne, *colonne),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_and_none_is_forgotten() {
        let codes: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(
            Code::ALL
                .iter()
                .all(|code| code.status().is_client_error() || code.status().is_server_error())
        );
    }

    #[test]
    fn an_inner_cause_is_never_shown() {
        let error = ApiError::Interne("duckdb: secret path".into());
        let body = serde_json::to_string(&Problem::new(&error, Some("/x"))).unwrap();
        assert!(!body.contains("secret"), "{body}");
    }

    #[test]
    fn the_number_certainly_meant_is_suggested_of_the_kind_expected() {
        use registre_schemas::identifiers::{IdentifierKind, Siren};
        let body = |valeur: &str| {
            let cause = valeur.parse::<Siren>().unwrap_err();
            let error = ApiError::identifiant(valeur, cause, Some(IdentifierKind::Siren));
            serde_json::to_value(Problem::new(&error, None)).unwrap()
        };
        assert_eq!(body("FR07130025265")["suggestion"], "130025265");
        assert_eq!(body("l30025265")["suggestion"], "130025265");
        assert!(body("130025266").get("suggestion").is_none());
    }

    #[test]
    fn letters_are_taken_away_from_a_number_not_from_a_name() {
        let advice = |valeur: &str| {
            let cause = valeur
                .parse::<registre_schemas::identifiers::Siret>()
                .unwrap_err();
            ApiError::identifiant(valeur, cause, None).que_faire()
        };
        assert_eq!(
            advice("bonjour"),
            "Un numéro SIRET est attendu ici, pas un nom."
        );
        assert!(advice("(13002526500013)").starts_with("Retirez les lettres"));
    }

    #[test]
    fn an_identifier_given_in_the_wrong_place_is_told_where_to_go() {
        let cause = "130025265"
            .parse::<registre_schemas::identifiers::Siret>()
            .unwrap_err();
        let error = ApiError::identifiant("130025265", cause, None);
        assert!(
            error.que_faire().contains("/v1/unites-legales/130025265"),
            "{}",
            error.que_faire()
        );
    }
}
