//! Errors, as `{"erreur": …}`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::PoolError;
use crate::error::{ApiError, of_code};

const JSON: &str = "application/json";

/// What the service said of any other address or method.
const NON_TROUVEE: &str = "Ressource non trouvée.";

/// What it said when it failed.
const INATTENDUE: &str = "Une erreur inattendue s'est produite. Veuillez réessayer plus tard.";

const SANS_INDEX: &str = "Le jeu de données en service n'a pas d'index de recherche : seules les recherches par SIREN et par SIRET répondent. \
L'exploitant de ce serveur en fait un par `registre ingest`.";

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refus {
    /// A parameter, or what they make together.
    Parametre(String),
    /// The snapshot has no index.
    SansIndex,
    /// As anywhere else; [`failure`] gives it its shape, on its way out.
    Autre(ApiError),
}

impl From<ApiError> for Refus {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::SansIndex => Self::SansIndex,
            other => Self::Autre(other),
        }
    }
}

impl From<PoolError> for Refus {
    fn from(error: PoolError) -> Self {
        Self::Autre(error.into())
    }
}

impl IntoResponse for Refus {
    fn into_response(self) -> Response {
        match self {
            Self::Parametre(text) => erreur(StatusCode::BAD_REQUEST, &text),
            Self::SansIndex => erreur(StatusCode::SERVICE_UNAVAILABLE, SANS_INDEX),
            Self::Autre(error) => error.into_response(),
        }
    }
}

#[derive(Serialize)]
struct Erreur<'text> {
    erreur: &'text str,
}

fn body(text: &str) -> Vec<u8> {
    serde_json::to_vec(&Erreur { erreur: text }).unwrap_or_default()
}

fn erreur(status: StatusCode, text: &str) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], body(text)).into_response()
}

/// An error of ours, in this shape. The service had no 405.
pub(crate) fn failure(error: &ApiError) -> Response {
    match error {
        ApiError::RouteInconnue | ApiError::MethodeNonPermise => {
            erreur(StatusCode::NOT_FOUND, NON_TROUVEE)
        }
        ApiError::Interne(_) => of_code(error.code(), JSON, body(INATTENDUE)),
        other => {
            let text = format!("{other} {}", other.que_faire());
            of_code(other.code(), JSON, body(&text))
        }
    }
}
