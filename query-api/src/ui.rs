//! The pages for people. They are rendered here, whole, so that they work without JavaScript and so that
//! a value is escaped and masked in one place; the scripts only add suggestions and copying.

mod alerte;
pub(crate) mod donnees;
pub(crate) mod extraits;
pub(crate) mod fiche;
pub(crate) mod integration;
pub(crate) mod parquet;
pub(crate) mod recherche;
pub(crate) mod sql;
pub(crate) mod template;
pub(crate) mod widget;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

use crate::cache::{InService, asset};
use crate::catalog::{Catalog, Snapshot};
use crate::config::Config;
use crate::organisation::demande::Demande;
use crate::text::long_date;
use template::{escape, fill};

const BANDEAU: &str = include_str!("../ui/bandeau.html");
const PIED: &str = include_str!("../ui/pied.html");
const TEMPLATE: &str = include_str!("../ui/index.html");
const CHERCHER: &str = include_str!("../ui/chercher.html");
const SCRIPT: &str = include_str!("../ui/app.js");
const STYLE: &str = include_str!("../ui/style.css");
const ICON: &str = include_str!("../ui/favicon.svg");

/// Nothing but this server's own files, no inline code, no frame.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /`, and `GET /?id=…`: the page of that number, where forms and older links send people.
pub(crate) async fn page(
    State(catalog): State<Arc<Catalog>>,
    Query(pairs): Query<Vec<(String, String)>>,
    pinned: Option<Extension<InService>>,
    headers: HeaderMap,
) -> Response {
    let snapshot = fiche::snapshot(&catalog, pinned);
    let snapshot = snapshot.as_deref();
    let id = pairs.iter().find(|(name, _)| name == "id");
    let id = id.map_or("", |(_, value)| value.trim());
    if !id.is_empty() {
        let origine = extraits::origine(&headers);
        let rendu = fiche::rendu(snapshot, &Demande::of(id), fiche::apres(&pairs), &origine).await;
        return fiche::page(catalog.menu, snapshot, &rendu, id, "/");
    }
    let body = fill(TEMPLATE, |name| match name {
        "bandeau" => catalog.menu.bandeau("/", &[]),
        "avis" => notice(snapshot).to_owned(),
        "recherche" => chercher("", ""),
        "pied" => pied(snapshot),
        _ => String::new(),
    });
    html_page(StatusCode::OK, body)
}

/// The search box of every page, with `more` of a few.
fn chercher(q: &str, more: &str) -> String {
    fill(CHERCHER, |name| match name {
        "q" => escape(q),
        "filtres" => more.to_owned(),
        _ => String::new(),
    })
}

/// The pages, in the order that each of them has at its top.
const PAGES: [(&str, &str); 6] = [
    ("/", "Rechercher"),
    ("/donnees", "Données"),
    (SQL, "SQL"),
    ("/parquet", "Télécharger"),
    ("/integration", "Intégrer"),
    ("/docs", "API"),
];
const SQL: &str = "/sql";

/// Those that a server has: one that answers no SQL leads nobody to its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Menu {
    sql: bool,
}

impl Menu {
    /// Every one that a server may have.
    pub(crate) const ALL: [Self; 2] = [Self { sql: false }, Self { sql: true }];

    pub(crate) fn of(config: &Config) -> Self {
        Self {
            sql: config.sql.is_some(),
        }
    }

    /// Its own, of what was made for each of [`Self::ALL`].
    pub(crate) fn among<T>(self, each: &[T; 2]) -> &T {
        &each[usize::from(self.sql)]
    }

    /// The top of the page at `current`: what every page of ours has, then `more` of a few.
    pub(crate) fn bandeau(self, current: &str, more: &[(&str, &str)]) -> String {
        let pages = PAGES.iter().filter(|(path, _)| self.sql || *path != SQL);
        let links = pages.chain(more).map(|(path, name)| {
            let here = if *path == current {
                " aria-current=\"page\""
            } else {
                ""
            };
            format!("<a href=\"{path}\"{here}>{name}</a>")
        });
        let links = links.collect::<Vec<_>>().join(" ");
        fill(BANDEAU, |_pages| links.clone())
    }
}

/// The foot of the pages that show data: of when it is, whose, and that it may have changed.
fn pied(snapshot: Option<&Snapshot>) -> String {
    fill(PIED, |name| match name {
        "date" => escape(&dates(snapshot)),
        "version" => env!("CARGO_PKG_VERSION").to_owned(),
        _ => String::new(),
    })
}

/// A page of ours.
pub(crate) fn html_page(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CSP),
    );
    response
}

/// Said above everything when the data is made up: nobody must take it for the registers.
pub(crate) fn notice(snapshot: Option<&Snapshot>) -> &'static str {
    if snapshot.is_some_and(|snapshot| snapshot.manifest.origin == "sample") {
        "<p class=\"avis\"><strong>Données d'exemple.</strong> Ce serveur montre un petit jeu d'essai : quelques organismes publics et des personnes inventées, pas les registres complets.</p>"
    } else {
        ""
    }
}

/// How old what is shown is.
pub(crate) fn dates(snapshot: Option<&Snapshot>) -> String {
    let Some(snapshot) = snapshot else {
        return "Aucun jeu de données n'est encore en service.".to_owned();
    };
    let of = |register: &str| {
        snapshot
            .as_of(register)
            .map_or_else(|| "date inconnue".to_owned(), long_date)
    };
    format!(
        "Données SIRENE du {}, données RNA du {}.",
        of("sirene"),
        of("rna")
    )
}

/// `GET /app.js`
pub(crate) async fn script(headers: HeaderMap) -> Response {
    asset(
        &headers,
        "text/javascript; charset=utf-8",
        SCRIPT.as_bytes(),
    )
}

/// `GET /style.css`
pub(crate) async fn style(headers: HeaderMap) -> Response {
    asset(&headers, "text/css; charset=utf-8", STYLE.as_bytes())
}

/// `GET /favicon.svg`
pub(crate) async fn icon(headers: HeaderMap) -> Response {
    asset(&headers, "image/svg+xml", ICON.as_bytes())
}
