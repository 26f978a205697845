//! The page for people. It is rendered here, whole, so that it works without JavaScript and so that
//! a value is escaped and masked in one place; the script only swaps one rendering for the next.

mod card;
pub(crate) mod donnees;
mod html;
pub(crate) mod integration;
mod names;
pub(crate) mod parquet;
mod sections;
pub(crate) mod sql;
pub(crate) mod template;
pub(crate) mod widget;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registre_schemas::identifiers::{Identifier, Siren, Siret};
use std::sync::Arc;

use crate::answer;
use crate::cache::{InService, asset};
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::lookup::Page;
use crate::text::long_date;
use card::Card;
use template::{escape, fill};

const BANDEAU: &str = include_str!("../ui/bandeau.html");
const PIED: &str = include_str!("../ui/pied.html");
const TEMPLATE: &str = include_str!("../ui/index.html");
const SCRIPT: &str = include_str!("../ui/app.js");
const STYLE: &str = include_str!("../ui/style.css");
const ICON: &str = include_str!("../ui/favicon.svg");

/// Nothing but this server's own files, no inline code, no frame.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Établissements on one page of the list.
const PER_PAGE: u16 = 25;

/// What the address asks for.
#[derive(Default)]
struct Asked {
    id: String,
    apres: Option<Siret>,
}

impl Asked {
    /// The first of each name counts; the rest is not ours.
    fn from(pairs: &[(String, String)]) -> Self {
        let first = |name: &str| {
            pairs
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, value)| value.trim())
        };
        Self {
            id: first("id").unwrap_or_default().to_owned(),
            apres: first("apres").and_then(|value| value.parse().ok()),
        }
    }
}

/// `GET /` and `GET /?id=…`
pub(crate) async fn page(
    State(catalog): State<Arc<Catalog>>,
    Query(pairs): Query<Vec<(String, String)>>,
    pinned: Option<Extension<InService>>,
) -> Response {
    let asked = Asked::from(&pairs);
    let snapshot = pinned
        .map(|Extension(InService(snapshot))| snapshot)
        .or_else(|| catalog.current());
    let (status, title, result) = if asked.id.is_empty() {
        (StatusCode::OK, None, String::new())
    } else {
        match found(snapshot.as_deref(), &asked).await {
            Ok(card) => (StatusCode::OK, Some(card.name.clone()), html::card(&card)),
            Err(error) => {
                if let ApiError::Interne(cause) = &error {
                    tracing::error!(error = %cause, "page failed: {cause}");
                }
                (
                    error.code().status(),
                    Some(error.code().title().to_owned()),
                    html::error(&error),
                )
            }
        }
    };
    let body = fill(TEMPLATE, |name| match name {
        "titre" => title
            .as_deref()
            .map(|title| format!("{} : ", escape(title)))
            .unwrap_or_default(),
        "id" => escape(&asked.id),
        "resultat" => result.clone(),
        "bandeau" => bandeau("/", &[]),
        "avis" => notice(snapshot.as_deref()).to_owned(),
        "pied" => pied(snapshot.as_deref()),
        _ => String::new(),
    });
    html_page(status, body)
}

/// The pages, in the order that each of them has at its top.
const PAGES: [(&str, &str); 6] = [
    ("/", "Rechercher"),
    ("/donnees", "Données"),
    ("/sql", "SQL"),
    ("/parquet", "Télécharger"),
    ("/integration", "Intégrer"),
    ("/docs", "API"),
];

/// The top of the page at `current`: what every page of ours has, then `more` of a few.
pub(crate) fn bandeau(current: &str, more: &[(&str, &str)]) -> String {
    let links = PAGES.iter().chain(more).map(|(path, name)| {
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

async fn found(snapshot: Option<&Snapshot>, asked: &Asked) -> Result<Card, ApiError> {
    let identifier: Identifier = asked
        .id
        .parse()
        .map_err(|cause| ApiError::identifiant(&asked.id, cause, None))?;
    let snapshot = snapshot.ok_or(ApiError::AucuneDonnee)?;
    Ok(match identifier {
        Identifier::Siret(siret) => {
            sections::etablissement(&answer::etablissement(snapshot, siret).await?)
        }
        Identifier::Siren(siren) => unite_legale(snapshot, siren, asked).await?,
        Identifier::Tva(tva) => unite_legale(snapshot, tva.siren(), asked).await?,
        Identifier::Rna(id) => sections::association(&answer::association(snapshot, id).await?),
    })
}

async fn unite_legale(snapshot: &Snapshot, siren: Siren, asked: &Asked) -> Result<Card, ApiError> {
    let unite = answer::unite_legale(snapshot, siren).await?;
    let page = Page {
        limite: PER_PAGE,
        apres: asked.apres,
        etat: None,
    };
    let list = answer::etablissements(snapshot, siren, page).await?;
    Ok(sections::unite_legale(&unite, &list, asked.apres.is_some()))
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
