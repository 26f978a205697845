//! Errors, as `{"message": …}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::PoolError;
use crate::error::ApiError;

/// What the service said of an empty answer, whatever was asked.
pub(super) const NO_RESULT: &str = "no results found";

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

fn message(status: StatusCode, message: &str) -> Response {
    let body = serde_json::to_vec(&Message { message }).unwrap_or_default();
    let mut response = (status, body).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// An error of ours, in this shape: what happened and what to do, in French.
pub(crate) fn failure(error: &ApiError) -> Response {
    let code = error.code();
    let text = format!("{error} {}", error.que_faire());
    let mut response = message(code.status(), &text);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = code.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
