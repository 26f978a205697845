//! What surrounds every route: one service, so that a request pays for one.
//!
//! In the order a request meets them: its name (`X-Request-Id`), how often its client asks
//! (`limits`), CORS, the time and the body it may take, panics; then, on the way back, the shape of
//! errors, the headers of every answer, compression (`negotiation`), HEAD, and the log (`watch`).

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tower::Service;

use crate::config::Config;
use crate::dialects;
use crate::enrichir;
use crate::error::{ApiError, problem_response};
use crate::limits::{Limits, UnknownKey};

mod negotiation;
mod request_id;
mod watch;

use request_id::{REQUEST_ID, RequestIds};
use watch::Watch;

/// Bytes of an address: what one asks of a register is far shorter, and a list of identifiers goes
/// in the body of a POST.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// How far a file that is sent piece by piece is: an error says it too.
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Where files are sent.
const ENRICHIR: &str = "/v1/enrichir";

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,POST,PATCH,DELETE");

/// What a page of another site may send.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept,authorization,content-type,if-match,if-modified-since,if-none-match,if-range,if-unmodified-since,range,tus-resumable,upload-complete,upload-length,upload-offset,x-api-key,x-request-id",
);

/// What a page of another site may read.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept-ranges,content-disposition,content-length,content-location,content-range,etag,link,location,ratelimit,ratelimit-policy,retry-after,tus-resumable,upload-complete,upload-limit,upload-offset,x-request-id,x-snapshot,x-total",
);

/// How long a browser may remember the answer of a preflight: a day.
const PREFLIGHT_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The routes and what surrounds them. Cloned for each connection: two counters of references.
#[derive(Clone)]
pub(crate) struct App {
    routes: Router,
    around: Arc<Around>,
}

/// What all requests share.
struct Around {
    ids: RequestIds,
    limits: Option<Arc<Limits>>,
    time: Duration,
    max_body: usize,
    /// Of what is sent to be enriched later, and how long sending it may take.
    upload: Option<(usize, Duration)>,
    watch: Watch,
}

/// Puts what surrounds every route around these.
pub(crate) fn around(routes: Router, config: &Config, limits: Option<Arc<Limits>>) -> App {
    let around = Arc::new(Around {
        ids: RequestIds::new(),
        limits,
        time: request_timeout(config),
        max_body: config.max_body,
        upload: config.travaux.as_ref().map(|travaux| {
            let most = usize::try_from(travaux.octets).unwrap_or(usize::MAX);
            (most, config.max_age)
        }),
        watch: Watch::default(),
    });
    App { routes, around }
}

/// A whole request: a wait for a connection and two queries, with some margin.
fn request_timeout(config: &Config) -> Duration {
    let lookup = config.wait_timeout + config.query_timeout * 2;
    // Until the first piece of an answer.
    let sql = config.sql.as_ref();
    let sql = sql.map(|sql| sql.wait + sql.opening + sql.timeout);
    lookup.max(sql.unwrap_or_default()) + Duration::from_secs(5)
}

impl App {
    /// Answers a request that came from `peer`.
    pub(crate) fn answer(
        &self,
        request: Request,
        peer: Option<IpAddr>,
    ) -> impl Future<Output = Response> + Send + use<> {
        let Self { routes, around } = self.clone();
        async move { around.answer(routes, request, peer).await }
    }

    /// Tells the log once a minute how much was answered, for ever.
    pub(crate) async fn tell(self) {
        self.around.watch.tell().await;
    }
}

/// As a tower service: how tests ask.
impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = self.answer(request, None);
        Box::pin(async { Ok(answer.await) })
    }
}

impl Around {
    async fn answer(
        &self,
        mut routes: Router,
        mut request: Request,
        peer: Option<IpAddr>,
    ) -> Response {
        let started = Instant::now();
        let id = self.ids.of(request.headers());
        // Both are shared, not copied.
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let coding = negotiation::coding(request.headers());
        // HEAD is GET without its body, whatever the route and whatever stands around it.
        if method == Method::HEAD {
            *request.method_mut() = Method::GET;
            // Which speaks of the body of a GET, and of nothing else.
            request.headers_mut().remove(header::RANGE);
        }
        // What a browser asks by itself is not counted.
        let preflight = is_preflight(&request);
        let limits = self.limits.as_ref().filter(|_| !preflight);
        let taken = limits.and_then(|limits| limits.take(&request, peer));
        let mut response = match &taken {
            Some(Err(UnknownKey)) => UnknownKey::answer(),
            Some(Ok(taken)) if !taken.allowed() => ApiError::TropDeRequetes.into_response(),
            _ if preflight => answer_to_preflight(),
            _ if address_length(&uri) > LONGEST_ADDRESS => {
                ApiError::AdresseTropLongue.into_response()
            }
            _ => self.asked(&mut routes, request).await,
        };
        if response.status().is_client_error() || response.status().is_server_error() {
            response = problem(response, &uri);
        }
        if let Some(Ok(taken)) = taken {
            taken.tell(response.headers_mut());
        }
        let headers = response.headers_mut();
        of_every_answer(headers);
        headers.insert(REQUEST_ID, id.clone());
        response = negotiation::encoded(response, coding, method == Method::HEAD).await;
        if method == Method::HEAD {
            response = without_body(response);
        }
        self.watch
            .answered(&method, &uri, &id, response.status(), started.elapsed());
        response
    }

    /// Largest body read there, and longest time to answer: what is sent to be enriched is larger than
    /// what is asked anywhere else.
    fn limits_of(&self, path: &str) -> (usize, Duration) {
        match (path.strip_prefix(ENRICHIR), self.upload) {
            (Some(""), _) => (enrichir::http::LARGEST.max(self.max_body), self.time),
            (Some(rest), Some(upload)) if rest.starts_with('/') => upload,
            _ => (self.max_body, self.time),
        }
    }

    /// The answer of the routes, in time, or why there is none.
    async fn asked(&self, routes: &mut Router, request: Request) -> Response {
        let (most, time) = self.limits_of(request.uri().path());
        let request = match limited(request, most) {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        };
        let mut answer = pin!(async { routes.call(request).await });
        let unwound = poll_fn(|context| {
            match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            }
        });
        // The last resort: queries have their own, shorter limit.
        match tokio::time::timeout(time, unwound).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(panic)) => caught(&*panic),
            Err(_elapsed) => ApiError::DelaiDepasse.into_response(),
        }
    }
}

fn address_length(uri: &Uri) -> usize {
    uri.path_and_query()
        .map_or(0, |address| address.as_str().len())
}

/// A body is read up to a size: refused at once when it says that it is larger, cut there when it
/// does not say.
fn limited(request: Request, most: usize) -> Result<Request, ApiError> {
    let (least, exact) = {
        let size = request.body().size_hint();
        (size.lower(), size.exact())
    };
    if least > most as u64 {
        return Err(ApiError::RequeteTropVolumineuse);
    }
    if exact.is_some() {
        return Ok(request);
    }
    Ok(request.map(|body| Body::new(Limited::new(body, most))))
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a browser asks before it lets a page of another site ask: anyone may read, nothing here is
/// a cookie's.
fn answer_to_preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
    response
}

fn of_every_answer(headers: &mut HeaderMap) {
    const ANY: HeaderValue = HeaderValue::from_static("*");
    const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, SAME_ORIGIN);
}

/// The headers of a GET, its length included, and nothing else.
fn without_body(response: Response) -> Response {
    let length = response.body().size_hint().exact();
    let (mut parts, _body) = response.into_parts();
    if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&parts.status) {
        // The length of what is not sent is not nought.
        parts.headers.remove(header::CONTENT_LENGTH);
    } else if let Some(length) = length
        && !parts.headers.contains_key(header::CONTENT_ENCODING)
    {
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}

/// Gives every error the same shape, whoever made it, and adds the path that was asked; under the
/// routes of a dialect, the shape that its clients know.
fn problem(mut response: Response, uri: &Uri) -> Response {
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes);
    // A page, or an answer of `/v1/organisations`, whose shape does not depend on its status. What a
    // layer refuses by itself is neither.
    let whole = |value: &[u8]| value.starts_with(b"text/html") || value == b"application/json";
    if content_type.is_some_and(whole) {
        return response;
    }
    let error = match response.extensions_mut().remove::<Arc<ApiError>>() {
        Some(error) => error,
        None => Arc::new(ApiError::of_status(response.status())),
    };
    let mut whole = match dialects::envelope(uri.path()) {
        Some(envelope) => envelope(&error),
        None => problem_response(&error, Some(uri.path())),
    };
    for name in [
        header::ALLOW,
        header::CONTENT_RANGE,
        header::LOCATION,
        header::WWW_AUTHENTICATE,
        UPLOAD_OFFSET,
    ] {
        if let Some(value) = response.headers_mut().remove(&name) {
            whole.headers_mut().insert(name, value);
        }
    }
    whole
}

/// A panic is a fault of ours: logged with its message, answered like any other.
fn caught(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("panic without a message");
    ApiError::Interne(format!("panic: {message}").into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::get;
    use axum::routing::{get as route, post};

    async fn panics() {
        panic!("secret");
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let routes = Router::new().route("/p", route(panics));
        let answer = get(&around(routes, &Config::default(), None), "/p").await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (500, Some("erreur_interne"))
        );
        assert_eq!(answer.json()["instance"], "/p");
        assert!(!answer.text().contains("secret"));
    }

    /// An upload goes on later from there.
    #[tokio::test]
    async fn a_refusal_for_want_of_room_keeps_where_to_go_on_from() {
        async fn refused() -> Response {
            let mut response = ApiError::EspaceInsuffisant.into_response();
            for name in [header::LOCATION, UPLOAD_OFFSET] {
                let value = HeaderValue::from_static("42");
                response.headers_mut().insert(name, value);
            }
            response
        }
        let routes = Router::new().route("/p", route(refused));
        let answer = get(&around(routes, &Config::default(), None), "/p").await;
        assert_eq!(answer.status, 507);
        assert_eq!(answer.json()["code"], "espace_insuffisant");
        for name in ["location", "upload-offset"] {
            assert_eq!(answer.header(name), "42", "{name}");
        }
    }

    #[tokio::test]
    async fn a_client_names_its_request_in_plain_characters_only() {
        let app = around(
            Router::new().route("/p", route(|| async {})),
            &Config::default(),
            None,
        );
        for (named, kept) in [
            ("form-42", true),
            ("a b", false),
            (&"x".repeat(65) as &str, false),
        ] {
            let request = Request::get("/p")
                .header(REQUEST_ID, named)
                .body(Body::empty());
            let answer = crate::testing::send(&app, request.unwrap()).await;
            assert_eq!(answer.header("x-request-id") == named, kept, "{named}");
        }
    }

    #[tokio::test]
    async fn a_slow_route_and_a_layers_own_refusal_have_the_shape_of_all_errors() {
        let config = Config {
            wait_timeout: Duration::ZERO,
            query_timeout: Duration::ZERO,
            sql: None,
            ..Config::default()
        };
        assert_eq!(request_timeout(&config), Duration::from_secs(5));
        let routes = Router::new().route("/b", post(|body: String| async move { body }));
        let app = around(routes, &config, None);
        let request = Request::post("/b")
            .body("x".repeat(300_000).into())
            .unwrap();
        let answer = crate::testing::send(&app, request).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (413, Some("requete_trop_volumineuse"))
        );
    }
}
