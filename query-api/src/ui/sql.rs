//! `/sql`: queries over the published tables, for people. The page is an editor and what it shows, whose scripts
//! ask `/v1/sql`; without JavaScript its form asks here, and the first rows are in the page.
//!
//! An address is followed by crawlers, and sent to someone by someone else: one that holds a query shows it and runs
//! nothing. What runs is the form of the page, which says `executer`, or a hand on a key.

mod codes;
mod exemples;
mod resultat;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use std::fmt::Write as _;
use std::sync::Arc;

use super::template::{escape, fill};
use super::{dates, html_page, notice};
use crate::cache::{InService, asset};
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::sql::{Sql, Workers};
use crate::text::thousands;
use exemples::{CATEGORIES, EXEMPLES, Exemple};

const TEMPLATE: &str = include_str!("../../ui/sql.html");

/// What the page loads besides. `page.js` is the module that it names; it imports the others.
const FILES: [(&str, &str, &str); 13] = [
    ("page.js", JS, include_str!("../../ui/sql/page.js")),
    (
        "codemirror.js",
        JS,
        include_str!("../../ui/sql/codemirror.js"),
    ),
    (
        "completion.js",
        JS,
        include_str!("../../ui/sql/completion.js"),
    ),
    ("contexte.js", JS, include_str!("../../ui/sql/contexte.js")),
    ("editeur.js", JS, include_str!("../../ui/sql/editeur.js")),
    ("extraits.js", JS, include_str!("../../ui/sql/extraits.js")),
    (
        "graphique.js",
        JS,
        include_str!("../../ui/sql/graphique.js"),
    ),
    (
        "historique.js",
        JS,
        include_str!("../../ui/sql/historique.js"),
    ),
    ("lien.js", JS, include_str!("../../ui/sql/lien.js")),
    ("nombres.js", JS, include_str!("../../ui/sql/nombres.js")),
    ("service.js", JS, include_str!("../../ui/sql/service.js")),
    ("tableau.js", JS, include_str!("../../ui/sql/tableau.js")),
    (
        "page.css",
        "text/css; charset=utf-8",
        include_str!("../../ui/sql/page.css"),
    ),
];
const JS: &str = "text/javascript; charset=utf-8";

const LICENCES: &str = include_str!("../../ui/sql/codemirror.licences.txt");

/// What the address asks for.
#[derive(Default)]
struct Asked {
    q: String,
    executer: bool,
}

impl Asked {
    /// The first of each name counts; the rest is not ours.
    fn from(pairs: &[(String, String)]) -> Self {
        let first = |name: &str| {
            let found = pairs.iter().find(|(other, _)| other == name);
            found.map(|(_, value)| value.as_str())
        };
        let example = || {
            first("exemple")
                .and_then(Exemple::named)
                .map(|one| one.sql.trim_end())
        };
        Self {
            q: first("q").or_else(example).unwrap_or_default().to_owned(),
            executer: first("executer").is_some(),
        }
    }
}

/// `GET /sql`, `GET /sql?q=…`, `GET /sql?exemple=…`, and from its form `GET /sql?q=…&executer=oui`
pub(crate) async fn page(
    State(catalog): State<Arc<Catalog>>,
    Query(pairs): Query<Vec<(String, String)>>,
    Extension(workers): Extension<Option<Arc<Workers>>>,
    pinned: Option<Extension<InService>>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::from(&pairs);
    if asked.executer && from_elsewhere(&headers) {
        return Redirect::to(&format!("/sql?{}", address(&asked.q))).into_response();
    }
    let snapshot = pinned
        .map(|Extension(InService(snapshot))| snapshot)
        .or_else(|| catalog.current());
    let (status, shown) = match (&workers, asked.executer && !asked.q.trim().is_empty()) {
        (None, _) => (StatusCode::OK, resultat::none_here()),
        (_, false) => (StatusCode::OK, String::new()),
        (Some(workers), true) => match run(workers, snapshot.as_deref(), &asked.q).await {
            Ok(shown) => (StatusCode::OK, shown),
            Err(error) => {
                if let ApiError::Interne(cause) = &error {
                    tracing::error!(error = %cause, "SQL page failed: {cause}");
                }
                (error.code().status(), super::alerte::error(&error, 2))
            }
        },
    };
    let limits = workers.as_ref().map(|workers| limits(workers.settings()));
    let body = fill(TEMPLATE, |name| match name {
        "robots" if !pairs.is_empty() => "<meta name=\"robots\" content=\"noindex\">".to_owned(),
        "bandeau" => catalog.menu.bandeau("/sql", &[]),
        "avis" => notice(snapshot.as_deref()).to_owned(),
        // A line that begins the text of an area is not part of it.
        "q" => format!("\n{}", escape(&asked.q)),
        "limites" => limits.clone().unwrap_or_default(),
        "exemples" => examples(),
        "resultat" => shown.clone(),
        "date" => escape(&dates(snapshot.as_deref())),
        "version" => env!("CARGO_PKG_VERSION").to_owned(),
        _ => String::new(),
    });
    html_page(status, body)
}

/// `GET /sql/{file}`
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name == "codes.json" {
        return asset(&headers, "application/json", codes::json());
    }
    if name == "codemirror.licences.txt" {
        return asset(&headers, "text/plain; charset=utf-8", LICENCES.as_bytes());
    }
    match FILES.iter().find(|(file, ..)| *file == name) {
        Some((_, kind, text)) => asset(&headers, kind, text.as_bytes()),
        None => ApiError::RouteInconnue.into_response(),
    }
}

/// Whether a browser says that the address was followed from another site.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, Some(b"cross-site" | b"same-site"))
}

fn address(q: &str) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("q", q);
    pairs.finish()
}

async fn run(workers: &Workers, snapshot: Option<&Snapshot>, q: &str) -> Result<String, ApiError> {
    let snapshot = snapshot.ok_or(ApiError::AucuneDonnee)?;
    let found = resultat::first_rows(workers, snapshot, q).await?;
    let mut download = String::new();
    for format in ["csv", "json", "parquet"] {
        let _ = write!(
            download,
            " <a href=\"/v1/sql?format={format}&amp;{}\" rel=\"nofollow\">{format}</a>",
            escape(&address(q)),
        );
    }
    Ok(found.html(&download))
}

fn limits(settings: &Sql) -> String {
    format!(
        "Au plus {} secondes de calcul, {} de mémoire et {} lignes.",
        settings.timeout.as_secs(),
        escape(&in_french(&settings.memory.to_string())),
        thousands(i64::try_from(settings.rows).unwrap_or(i64::MAX)),
    )
}

/// `1GB`, as settings write it, is `1 Go`.
fn in_french(size: &str) -> String {
    let digits = size.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &size[digits.len()..] {
        "" => "octets".to_owned(),
        unit => unit.replace('B', "o").replace('K', "k"),
    };
    format!("{digits}\u{a0}{unit}")
}

/// The list of examples. Each address shows its query; the script also runs it.
fn examples() -> String {
    let mut html = String::new();
    for category in CATEGORIES {
        let _ = write!(html, "<h3>{}</h3><ul>", escape(category));
        for one in EXEMPLES.iter().filter(|one| one.categorie == category) {
            let _ = write!(
                html,
                "<li><a href=\"/sql?exemple={}\" rel=\"nofollow\" data-requete=\"{}\">{}</a></li>",
                one.id,
                escape(one.sql.trim_end()),
                escape(one.titre),
            );
        }
        html.push_str("</ul>");
    }
    html
}

#[cfg(test)]
mod tests;
