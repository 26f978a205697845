//! The wire formats of services that no longer answer, for the programs written for them. A dialect
//! asks the same questions as our own routes, and only names and shapes are its own: it sees neither
//! SQL nor Arrow, and nothing outside this folder knows one by its name but `router.rs`,
//! `limits.rs` and the documentation.

pub(crate) mod entreprise_data_gouv;
pub(crate) mod recherche_entreprises;

use axum::response::Response;

use crate::error::ApiError;

/// How the service under that path writes an error, when it has a way of its own: whoever answered
/// it, a handler, a limit or the time, its clients read the shape they know.
pub(crate) fn envelope(path: &str) -> Option<fn(&ApiError) -> Response> {
    if recherche_entreprises::answers_at(path) {
        return Some(recherche_entreprises::failure);
    }
    entreprise_data_gouv::answers_at(path).then_some(entreprise_data_gouv::failure)
}
