//! The documentation for people: Swagger UI, compiled in, and the explanation each error points to.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use crate::cache::asset;
use crate::catalog::Catalog;
use crate::error::{ApiError, Code};
use crate::ui::Menu;
use crate::ui::template::{escape, fill};

const TEMPLATE: &str = include_str!("../ui/docs.html");
const SCRIPT: &str = include_str!("../ui/docs.js");

/// Swagger UI styles its elements in place and carries its icons as `data:` addresses.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The files of Swagger UI the page asks for; the others it comes with are not served.
const SWAGGER_FILES: [(&str, &str); 2] = [
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
];

/// `GET /docs`
pub(crate) async fn page(State(catalog): State<Arc<Catalog>>, headers: HeaderMap) -> Response {
    static PAGES: LazyLock<[String; 2]> = LazyLock::new(|| {
        Menu::ALL.map(|menu| {
            fill(TEMPLATE, |name| match name {
                "bandeau" => menu.bandeau("/docs", &[]),
                "erreurs" => errors(),
                _ => String::new(),
            })
        })
    });
    let page = catalog.menu.among(&PAGES).as_bytes();
    let mut response = asset(&headers, "text/html; charset=utf-8", page);
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        axum::http::HeaderValue::from_static(CSP),
    );
    response
}

/// `GET /docs/{file}`
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name == "docs.js" {
        return asset(
            &headers,
            "text/javascript; charset=utf-8",
            SCRIPT.as_bytes(),
        );
    }
    let Some((_, content_type)) = SWAGGER_FILES.iter().find(|(file, _)| *file == name) else {
        return ApiError::RouteInconnue.into_response();
    };
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    match utoipa_swagger_ui::serve(&name, config) {
        Ok(Some(file)) => match file.bytes {
            Cow::Borrowed(bytes) => asset(&headers, content_type, bytes),
            Cow::Owned(bytes) => ([(header::CONTENT_TYPE, *content_type)], bytes).into_response(),
        },
        Ok(None) => ApiError::RouteInconnue.into_response(),
        Err(error) => ApiError::Interne(error.to_string().into()).into_response(),
    }
}

/// One paragraph per code, at the address its `type` gives.
fn errors() -> String {
    let mut html = String::new();
    for code in Code::ALL {
        let _ = write!(
            html,
            "<dt id=\"erreur-{code}\"><code>{code}</code> ({status}) : {title}</dt><dd>{advice}</dd>",
            code = code.as_str(),
            status = code.status().as_u16(),
            title = escape(code.title()),
            advice = escape(code.que_faire()),
        );
    }
    html
}
