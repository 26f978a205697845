//! Who may keep an answer, for how long, and how it is revalidated.
//!
//! A data answer depends only on the snapshot, the address and this program, so its `ETag` is known
//! before anything is looked up: a revalidation costs no query. A request keeps the snapshot its
//! `ETag` names until it is answered.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;

/// Who may keep an answer made from the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Anyone, for five minutes: a new snapshot comes once a day at most, and must not be ignored
    /// for long.
    Shared,
    /// The browser that asked, which must ask again each time: what a person looked for is nobody
    /// else's business, and who asked to be hidden is hidden at once.
    Browser,
}

impl Keep {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Shared => "public, max-age=300",
            Self::Browser => "private, max-age=0, must-revalidate",
        })
    }
}

/// For what says that there is no answer: the next one may be different.
const NOBODY: HeaderValue = HeaderValue::from_static("no-store");

/// The snapshot a request is answered from.
#[derive(Clone)]
pub(crate) struct InService(pub(crate) Arc<Snapshot>);

impl<S: Send + Sync> FromRequestParts<S> for InService {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(ApiError::AucuneDonnee)
    }
}

/// Pins the snapshot in service to the request, and owns the cache headers of its answer: no handler
/// behind it sets any.
pub(crate) async fn from_snapshot(
    State((catalog, keep)): State<(Arc<Catalog>, Keep)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(snapshot) = catalog.current() else {
        return kept_by_nobody(next.run(request).await);
    };
    let address = request
        .uri()
        .path_and_query()
        .map_or("/", axum::http::uri::PathAndQuery::as_str);
    let etag = etag(&snapshot.manifest.id, address);
    if matches(request.headers(), &etag) {
        return fresh(StatusCode::NOT_MODIFIED.into_response(), keep, &etag);
    }
    request.extensions_mut().insert(InService(snapshot));
    let response = next.run(request).await;
    if response.status() == StatusCode::OK {
        fresh(response, keep, &etag)
    } else {
        kept_by_nobody(response)
    }
}

/// The answer for a file compiled in: revalidated by its content.
pub(crate) fn asset(
    headers: &HeaderMap,
    content_type: &'static str,
    bytes: &'static [u8],
) -> Response {
    let etag = etag("f", bytes);
    if matches(headers, &etag) {
        return fresh(
            StatusCode::NOT_MODIFIED.into_response(),
            Keep::Shared,
            &etag,
        );
    }
    fresh(
        ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
        Keep::Shared,
        &etag,
    )
}

fn kept_by_nobody(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, NOBODY);
    response
}

fn fresh(mut response: Response, keep: Keep, etag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, keep.header());
    if let Ok(value) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, value);
    }
    response
}

/// Weak: the bytes also depend on the compression.
fn etag(scope: &str, subject: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    // Labels and page change with the program.
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    subject.hash(&mut hasher);
    format!("W/\"{scope}-{:016x}\"", hasher.finish())
}

/// Weak comparison, RFC 9110 §13.1.2.
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| opaque(tag) == opaque(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_matches_among_others_whatever_its_strength() {
        let tag = etag("s", "/v1/x");
        let headers = |value: &str| {
            HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap())])
        };
        assert!(matches(&headers(&format!("\"other\", {tag}")), &tag));
        assert!(matches(&headers(tag.trim_start_matches("W/")), &tag));
        assert!(!matches(&headers("\"other\""), &tag));
        assert_ne!(etag("s", "/v1/x"), etag("s", "/v1/y"));
        assert_ne!(etag("s", "/v1/x"), etag("t", "/v1/x"));
    }
}
