//! The component that the forms of other sites embed: a module and those it imports, compiled in.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::cache::asset;
use crate::error::ApiError;

/// `registre-organisation.js` is the one that a form names; it imports the others.
pub(crate) const FILES: [(&str, &str); 7] = [
    (
        "registre-organisation.js",
        include_str!("../../ui/widget/registre-organisation.js"),
    ),
    ("champs.js", include_str!("../../ui/widget/champs.js")),
    ("fiche.js", include_str!("../../ui/widget/fiche.js")),
    (
        "identifiants.js",
        include_str!("../../ui/widget/identifiants.js"),
    ),
    ("liste.js", include_str!("../../ui/widget/liste.js")),
    ("service.js", include_str!("../../ui/widget/service.js")),
    ("style.js", include_str!("../../ui/widget/style.js")),
];

/// `GET /widget/{file}`
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match FILES.iter().find(|(file, _)| *file == name) {
        Some((_, script)) => asset(
            &headers,
            "text/javascript; charset=utf-8",
            script.as_bytes(),
        ),
        None => ApiError::RouteInconnue.into_response(),
    }
}
