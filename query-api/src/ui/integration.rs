//! `/integration`: how a form is prefilled from here, with the component at work. It depends on no data:
//! it is served with none in service.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use super::template::{escape, fill};
use super::{CSP, Menu};
use crate::cache::asset;
use crate::catalog::Catalog;
use crate::organisation::resultat::CODES;

const TEMPLATE: &str = include_str!("../../ui/integration.html");
const RECHERCHE_ENTREPRISES: &str = include_str!("../../ui/recherche-entreprises.html");
const SCRIPT: &str = include_str!("../../ui/integration.js");

/// The examples, as an author copies them. A browser test runs the first as it is.
const EXAMPLES: [(&str, &str); 5] = [
    (
        "exemple.html",
        include_str!("../../ui/integration/exemple.html"),
    ),
    (
        "exemple.jsx",
        include_str!("../../ui/integration/exemple.jsx"),
    ),
    (
        "exemple.py",
        include_str!("../../ui/integration/exemple.py"),
    ),
    (
        "exemple.rb",
        include_str!("../../ui/integration/exemple.rb"),
    ),
    (
        "exemple.sh",
        include_str!("../../ui/integration/exemple.sh"),
    ),
];

/// `GET /integration`
pub(crate) async fn page(State(catalog): State<Arc<Catalog>>, headers: HeaderMap) -> Response {
    static PAGES: LazyLock<[String; 2]> = LazyLock::new(|| {
        Menu::ALL.map(|menu| {
            fill(TEMPLATE, |name| match name {
                "bandeau" => menu.bandeau("/integration", &[]),
                "resultats" => results(),
                "version" => env!("CARGO_PKG_VERSION").to_owned(),
                example => EXAMPLES
                    .iter()
                    .find(|(file, _)| *file == example)
                    .map(|(_, text)| escape(text.trim_end()))
                    .unwrap_or_default(),
            })
        })
    });
    served(&headers, catalog.menu.among(&PAGES).as_bytes())
}

/// `GET /integration/recherche-entreprises`: moving from that API, and what it has that is not here.
pub(crate) async fn recherche_entreprises(
    State(catalog): State<Arc<Catalog>>,
    headers: HeaderMap,
) -> Response {
    static PAGES: LazyLock<[String; 2]> = LazyLock::new(|| {
        Menu::ALL.map(|menu| {
            fill(RECHERCHE_ENTREPRISES, |name| match name {
                "bandeau" => menu.bandeau("/integration/recherche-entreprises", &[]),
                "version" => env!("CARGO_PKG_VERSION").to_owned(),
                _ => String::new(),
            })
        })
    });
    served(&headers, catalog.menu.among(&PAGES).as_bytes())
}

fn served(headers: &HeaderMap, page: &'static [u8]) -> Response {
    let mut response = asset(headers, "text/html; charset=utf-8", page);
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CSP),
    );
    response
}

/// `GET /integration.js`
pub(crate) async fn script(headers: HeaderMap) -> Response {
    asset(
        &headers,
        "text/javascript; charset=utf-8",
        SCRIPT.as_bytes(),
    )
}

/// A line per code, from the list that answers are made of.
fn results() -> String {
    let mut html = String::new();
    for (code, resultat, meaning) in CODES {
        let _ = write!(
            html,
            "<tr><td><code>{}</code></td><td><code>{code}</code></td><td>{}</td></tr>",
            resultat.name(),
            escape(meaning),
        );
    }
    html
}
