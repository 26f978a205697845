//! `/recherche`: who has that name, as a list of links. A number leads to its page at once; filters are
//! a plain form; pages are links. Whatever answers is behind `recherche::chercher`.

mod criteres;
mod filtres;
mod resultats;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use registre_schemas::identifiers::Identifier;
use std::sync::Arc;

use super::fiche::{self, failure, path, snapshot};
use super::template::{escape, fill};
use super::{Menu, chercher, extraits, html_page, notice, pied};
use crate::cache::{InService, asset};
use crate::catalog::{Catalog, Snapshot};
use crate::error::{ApiError, is_a_name};
use crate::organisation::demande::Demande;
use crate::recherche;
use criteres::Criteres;

const TEMPLATE: &str = include_str!("../../ui/recherche.html");
const SUGGESTIONS: &str = include_str!("../../ui/recherche/suggestions.js");

/// Digits from which a text without letters is a number that someone mistyped rather than a name.
const DIGITS: usize = 8;

/// A text as a value of a query.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// `GET /recherche?q=…`
pub(crate) async fn page(
    State(catalog): State<Arc<Catalog>>,
    Query(pairs): Query<Vec<(String, String)>>,
    pinned: Option<Extension<InService>>,
    headers: HeaderMap,
) -> Response {
    let criteres = Criteres::of(&pairs);
    if let Ok(identifier) = criteres.texte.parse::<Identifier>() {
        return Redirect::to(&path(&identifier)).into_response();
    }
    let snapshot = snapshot(&catalog, pinned);
    if is_a_number(&criteres.texte) {
        let demande = Demande::of(&criteres.texte);
        let origine = extraits::origine(&headers);
        let rendu = fiche::rendu(snapshot.as_deref(), &demande, None, &origine).await;
        return fiche::page(
            catalog.menu,
            snapshot.as_deref(),
            &rendu,
            &criteres.texte,
            "",
        );
    }
    let Some(snapshot) = snapshot else {
        return fiche::page(
            catalog.menu,
            None,
            &failure(&ApiError::AucuneDonnee),
            &criteres.texte,
            "",
        );
    };
    let found = if criteres.is_empty() {
        Ok(resultats::nothing_asked())
    } else {
        answer(&snapshot, &criteres, &headers).await
    };
    match found {
        Ok(html) => document(catalog.menu, &snapshot, &criteres, &html),
        Err(error) => fiche::page(
            catalog.menu,
            Some(&snapshot),
            &failure(&error),
            &criteres.texte,
            "",
        ),
    }
}

/// Whether a text was meant as a number, which it is not.
fn is_a_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= DIGITS && !is_a_name(text)
}

/// Keys first, then the rows of the page's organisations: never those of the pages before.
async fn answer(
    snapshot: &Arc<Snapshot>,
    criteres: &Criteres,
    headers: &HeaderMap,
) -> Result<String, ApiError> {
    let (found, dossiers) = match recherche::trouve(snapshot, criteres.requete()).await {
        Ok(found) => found,
        Err(ApiError::SansIndex) => return Ok(resultats::without_index()),
        Err(error) => return Err(error),
    };
    let html = resultats::html(criteres, &found, &dossiers);
    if found.trouves.is_empty() {
        return Ok(html);
    }
    let origine = extraits::origine(headers);
    Ok(html + &extraits::de_recherche(&criteres.parameters(), &origine))
}

fn document(menu: Menu, snapshot: &Snapshot, criteres: &Criteres, found: &str) -> Response {
    let body = fill(TEMPLATE, |name| match name {
        "titre" if criteres.texte.is_empty() => "Recherche".to_owned(),
        "titre" => format!("{} : recherche", escape(&criteres.texte)),
        "bandeau" => menu.bandeau("/recherche", &[]),
        "avis" => notice(Some(snapshot)).to_owned(),
        "recherche" => chercher(&criteres.texte, &filtres::html(criteres)),
        "resultat" => found.to_owned(),
        "pied" => pied(Some(snapshot)),
        _ => String::new(),
    });
    html_page(StatusCode::OK, body)
}

/// `GET /recherche/{file}`
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name != "suggestions.js" {
        return ApiError::RouteInconnue.into_response();
    }
    asset(
        &headers,
        "text/javascript; charset=utf-8",
        SUGGESTIONS.as_bytes(),
    )
}

#[cfg(test)]
mod tests;
