//! Errors, as `{"message": …}`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::PoolError;
use crate::error::{ApiError, of_code};

/// What the service said of an empty answer, whatever was asked.
pub(super) const NO_RESULT: &str = "no results found";

const JSON: &str = "application/json";

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refus {
    /// Nothing matches: the service said no more, of an unknown number or of a malformed one.
    AucunResultat,
    /// The request lacks something.
    Demande(&'static str),
    /// As anywhere else; [`failure`] gives it its shape, on its way out.
    Autre(ApiError),
}

impl From<ApiError> for Refus {
    fn from(error: ApiError) -> Self {
        Self::Autre(error)
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
            Self::AucunResultat => message(StatusCode::NOT_FOUND, NO_RESULT),
            Self::Demande(text) => message(StatusCode::BAD_REQUEST, text),
            Self::Autre(error) => error.into_response(),
        }
    }
}

#[derive(Serialize)]
struct Message<'text> {
    message: &'text str,
}

fn body(message: &str) -> Vec<u8> {
    serde_json::to_vec(&Message { message }).unwrap_or_default()
}

fn message(status: StatusCode, message: &str) -> Response {
    let json = [(header::CONTENT_TYPE, JSON)];
    (status, json, body(message)).into_response()
}

/// An error of ours, in this shape: what happened and what to do, in French.
pub(crate) fn failure(error: &ApiError) -> Response {
    let text = format!("{error} {}", error.que_faire());
    of_code(error.code(), JSON, body(&text))
}
