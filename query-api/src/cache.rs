//! Who may keep an answer, for how long, and how it is revalidated.
//!
//! A data answer depends only on the snapshot, the address and this program (the sources it was built
//! from, which any two servers of the same build agree on), so its `ETag` is known before anything is
//! looked up: a revalidation costs no query. Whoever sends that tag was given it with a 200, and the
//! answer is still the same; `*` names whatever is there, so it is looked up first. The tag changes with
//! each snapshot, even for a record that did not: a snapshot is daily at most, and the date of the data
//! is in the answer. A request keeps the snapshot its `ETag` names until it is answered. Errors, a 404
//! first, are kept by nobody: the next answer may be another.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::ready;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tower::{Layer, Service};

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

/// Pins the snapshot in service to each request of a route, and owns the cache headers of its answer:
/// no handler behind it sets any.
#[derive(Clone)]
pub(crate) struct FromSnapshot<S = ()> {
    catalog: Arc<Catalog>,
    keep: Keep,
    /// Whether the answer is in a format that the client accepts.
    by_accept: bool,
    inner: S,
}

impl FromSnapshot {
    /// The layer.
    pub(crate) fn new(catalog: Arc<Catalog>, keep: Keep) -> Self {
        Self {
            catalog,
            keep,
            by_accept: false,
            inner: (),
        }
    }

    /// For routes whose format depends on what is accepted: so does the tag.
    pub(crate) fn by_accept(self) -> Self {
        Self {
            by_accept: true,
            ..self
        }
    }
}

impl<S> Layer<S> for FromSnapshot {
    type Service = FromSnapshot<S>;

    fn layer(&self, inner: S) -> FromSnapshot<S> {
        FromSnapshot {
            catalog: Arc::clone(&self.catalog),
            keep: self.keep,
            by_accept: self.by_accept,
            inner,
        }
    }
}

impl<S> Service<Request> for FromSnapshot<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let keep = self.keep;
        // Only what is read is revalidated: the answer to a POST depends on its body.
        let safe = [Method::GET, Method::HEAD].contains(request.method());
        let Some(snapshot) = self.catalog.current() else {
            let answer = self.inner.call(request);
            return Box::pin(async { answer.await.map(kept_by_nobody) });
        };
        let address = request
            .uri()
            .path_and_query()
            .map_or("/", axum::http::uri::PathAndQuery::as_str);
        let accept = request.headers().get(header::ACCEPT);
        let accept = accept.filter(|_| self.by_accept).map(HeaderValue::as_bytes);
        let subject = (address, accept, self.catalog.menu);
        let etag = etag(&snapshot.manifest.id, subject);
        let asked = if safe {
            matches(request.headers(), &etag)
        } else {
            Matches::Nothing
        };
        if asked == Matches::This {
            return Box::pin(ready(Ok(not_modified(keep, etag))));
        }
        request.extensions_mut().insert(InService(snapshot));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            Ok(match response.status() {
                StatusCode::OK if asked == Matches::Anything => not_modified(keep, etag),
                StatusCode::OK if safe => fresh(response, keep, etag),
                _ => kept_by_nobody(response),
            })
        })
    }
}

/// The answer for a file compiled in: revalidated by its content.
pub(crate) fn asset(
    headers: &HeaderMap,
    content_type: &'static str,
    bytes: &'static [u8],
) -> Response {
    let etag = tag_of_file(bytes);
    match matches(headers, &etag) {
        Matches::Nothing => fresh(
            ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
            Keep::Shared,
            etag,
        ),
        // It is there.
        Matches::This | Matches::Anything => not_modified(Keep::Shared, etag),
    }
}

/// Of a file compiled in, whose place in memory is its name: the largest would take a millisecond to
/// hash each time.
fn tag_of_file(bytes: &'static [u8]) -> HeaderValue {
    static TAGS: Mutex<BTreeMap<(usize, usize), HeaderValue>> = Mutex::new(BTreeMap::new());
    let name = (bytes.as_ptr().addr(), bytes.len());
    let mut tags = TAGS.lock().unwrap_or_else(PoisonError::into_inner);
    tags.entry(name).or_insert_with(|| etag("f", bytes)).clone()
}

fn not_modified(keep: Keep, etag: HeaderValue) -> Response {
    fresh(StatusCode::NOT_MODIFIED.into_response(), keep, etag)
}

fn kept_by_nobody(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, NOBODY);
    response
}

fn fresh(mut response: Response, keep: Keep, etag: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, keep.header());
    headers.insert(header::ETAG, etag);
    response
}

/// Weak: the bytes also depend on the compression.
pub(crate) fn etag(scope: &str, subject: impl Hash) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    // Labels and pages change with the program, whether its version does or not.
    env!("REGISTRE_SOURCES").hash(&mut hasher);
    subject.hash(&mut hasher);
    HeaderValue::try_from(format!("W/\"{scope}-{:016x}\"", hasher.finish()))
        .unwrap_or_else(|_not_a_folder_name| HeaderValue::from_static("W/\"\""))
}

/// What `If-None-Match` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matches {
    /// Not what would be answered, or nothing.
    Nothing,
    /// What would be answered.
    This,
    /// Whatever is there, if something is.
    Anything,
}

/// Weak comparison, RFC 9110 §13.1.2.
fn matches(headers: &HeaderMap, etag: &HeaderValue) -> Matches {
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_owned();
    let this = opaque(etag.as_bytes());
    let mut found = Matches::Nothing;
    for tag in headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    {
        match tag.trim_ascii() {
            b"*" => found = Matches::Anything,
            tag if opaque(tag) == this => return Matches::This,
            _other => {}
        }
    }
    found
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
        let text = tag.to_str().unwrap();
        for (value, expected) in [
            (format!("\"other\", {text}"), Matches::This),
            (text.trim_start_matches("W/").to_owned(), Matches::This),
            (format!("*,{text} ,"), Matches::This),
            (" * ".to_owned(), Matches::Anything),
            ("\"other\"".to_owned(), Matches::Nothing),
            (format!("W/{text}"), Matches::Nothing),
            (String::new(), Matches::Nothing),
        ] {
            assert_eq!(matches(&headers(&value), &tag), expected, "{value}");
        }
        assert_eq!(matches(&HeaderMap::new(), &tag), Matches::Nothing);
        assert_ne!(etag("s", "/v1/x"), etag("s", "/v1/y"));
        assert_ne!(etag("s", "/v1/x"), etag("t", "/v1/x"));
    }
}
