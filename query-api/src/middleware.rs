//! What surrounds every route, outermost first.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any as AnyOrigin, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;
use crate::error::{ApiError, PROBLEM_JSON, problem_response};

/// Characters of a path that are logged: the longest route we have is a third of it.
const LOGGED_PATH: usize = 200;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A whole request: a wait for a connection and two queries, with some margin.
fn request_timeout(config: &Config) -> Duration {
    config.wait_timeout + config.query_timeout * 2 + Duration::from_secs(5)
}

/// Puts the layers around the routes.
pub(crate) fn around(routes: Router, config: &Config) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::ACCEPT, header::IF_NONE_MATCH, REQUEST_ID])
        .max_age(Duration::from_hours(24))
        .expose_headers([header::ETAG, header::LINK, header::RETRY_AFTER, REQUEST_ID]);
    let layers = ServiceBuilder::new()
        .layer(from_fn(plain_request_id))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(from_fn(log_request))
        .layer(cors)
        .layer(CompressionLayer::new())
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ))
        .layer(from_fn(problem))
        .layer(CatchPanicLayer::custom(caught))
        .layer(from_fn_with_state(request_timeout(config), time_limit))
        .layer(RequestBodyLimitLayer::new(config.max_body));
    routes.layer(layers)
}

/// A client may name its request, in a few plain characters: the name is echoed and logged.
async fn plain_request_id(mut request: Request, next: Next) -> Response {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let named = request.headers().get(REQUEST_ID).map(HeaderValue::as_bytes);
    if named.is_some_and(|id| id.len() > 64 || !id.iter().all(plain)) {
        request.headers_mut().remove(REQUEST_ID);
    }
    next.run(request).await
}

/// One line per request, of a bounded length. The path is logged, not the query: it may be what a person typed.
async fn log_request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(LOGGED_PATH).collect();
    let request_id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        http.method = %method,
        http.path = %path,
        http.status = status,
        duration_ms,
        request_id = %request_id,
        "{method} {path} answered {status} in {duration_ms} ms"
    );
    response
}

/// Gives every error the same shape, whichever layer made it, and adds the path that was asked.
async fn problem(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
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
        None => Arc::new(ApiError::of_status(status)),
    };
    let mut whole = problem_response(&error, Some(&path));
    debug_assert_eq!(
        whole.headers().get(header::CONTENT_TYPE),
        Some(&HeaderValue::from_static(PROBLEM_JSON))
    );
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        whole.headers_mut().insert(header::ALLOW, allow);
    }
    whole
}

/// The last resort: queries have their own, shorter limit.
async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => ApiError::DelaiDepasse.into_response(),
    }
}

/// A panic is a fault of ours: logged with its message, answered like any other.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer wants a function that takes the box"
)]
fn caught(panic: Box<dyn Any + Send>) -> Response {
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
        let answer = get(&around(routes, &Config::default()), "/p").await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (500, Some("erreur_interne"))
        );
        assert_eq!(answer.json()["instance"], "/p");
        assert!(!answer.text().contains("secret"));
    }

    #[tokio::test]
    async fn a_client_names_its_request_in_plain_characters_only() {
        let app = around(
            Router::new().route("/p", route(|| async {})),
            &Config::default(),
        );
        for (named, kept) in [
            ("form-42", true),
            ("a b", false),
            (&"x".repeat(65) as &str, false),
        ] {
            let request = Request::get("/p")
                .header(REQUEST_ID, named)
                .body(axum::body::Body::empty());
            let answer = crate::testing::send(&app, request.unwrap()).await;
            assert_eq!(answer.header("x-request-id") == named, kept, "{named}");
        }
    }

    #[tokio::test]
    async fn a_slow_route_and_a_layers_own_refusal_have_the_shape_of_all_errors() {
        let config = Config {
            wait_timeout: Duration::ZERO,
            query_timeout: Duration::ZERO,
            ..Config::default()
        };
        assert_eq!(request_timeout(&config), Duration::from_secs(5));
        let routes = Router::new().route("/b", post(|body: String| async move { body }));
        let app = around(routes, &config);
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
