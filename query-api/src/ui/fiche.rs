//! The page of an identifier: `/entreprise/{siren}`, `/etablissement/{siret}`, `/association/{id}`, whole
//! without JavaScript. Written otherwise, or given to the wrong one of the three, a number leads to its
//! own address; what is no number, or nobody's, is told so with what to do.

mod brut;
pub(crate) mod card;
mod carte;
mod contour;
mod etat;
mod historique;
pub(crate) mod html;
mod lecture;
mod liens;
mod metadonnees;
mod names;
mod rows;
mod sections;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use registre_schemas::identifiers::{Identifier, Siret};
use std::sync::Arc;

use super::template::{escape, fill};
use super::{Menu, alerte, chercher, extraits, html_page, notice, pied};
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::lookup::DossierOf;
use crate::organisation::demande::{Demande, decoded};
use crate::organisation::http::dates;
use crate::organisation::nom::is_person;
use crate::organisation::resultat::{self, Resultat};
use crate::organisation::{Organisation, est_masquee};
use card::href;
use lecture::{Lue, PageOf, Sujet};
pub(super) use metadonnees::Nature;

const TEMPLATE: &str = include_str!("../../ui/fiche.html");

/// The query of a page.
type Pairs = Vec<(String, String)>;

/// A page, before it is in its template.
pub(super) struct Rendu {
    status: StatusCode,
    title: String,
    description: String,
    /// Elements of the head that only this page has.
    head: String,
    body: String,
}

/// `GET /entreprise/{siren}` and `GET /etablissement/{siret}`: each leads to the other what is its own.
pub(crate) async fn numero(
    uri: Uri,
    State(catalog): State<Arc<Catalog>>,
    Query(pairs): Query<Pairs>,
    pinned: Option<Extension<InService>>,
    headers: HeaderMap,
) -> Response {
    of_address(&uri, &catalog, &pairs, pinned, &headers).await
}

/// `GET /association/{id}`: of a SIREN or a SIRET, the association that the registers link to it.
pub(crate) async fn association(
    uri: Uri,
    State(catalog): State<Arc<Catalog>>,
    Query(pairs): Query<Pairs>,
    pinned: Option<Extension<InService>>,
    headers: HeaderMap,
) -> Response {
    let snapshot = snapshot(&catalog, pinned.clone());
    let demande = Demande::of_bytes(&segment(&uri));
    if let (Some(snapshot), Ok(identifier)) = (&snapshot, &demande.identifier)
        && !matches!(identifier, Identifier::Rna(_))
        && let Ok(dossier) = snapshot.ask(DossierOf(identifier.clone())).await
        && let Some(rna) = Organisation::of(&dossier).and_then(|found| found.rna)
        && !dossier.associations.is_empty()
    {
        // What is linked today may not be tomorrow.
        return Redirect::to(&href(rna)).into_response();
    }
    of_address(&uri, &catalog, &pairs, pinned, &headers).await
}

/// The snapshot that the request was given, or the one in service.
pub(super) fn snapshot(
    catalog: &Catalog,
    pinned: Option<Extension<InService>>,
) -> Option<Arc<Snapshot>> {
    pinned
        .map(|Extension(InService(snapshot))| snapshot)
        .or_else(|| catalog.current())
}

fn segment(uri: &Uri) -> Vec<u8> {
    decoded(uri.path().rsplit('/').next().unwrap_or_default(), false)
}

async fn of_address(
    uri: &Uri,
    catalog: &Catalog,
    pairs: &[(String, String)],
    pinned: Option<Extension<InService>>,
    headers: &HeaderMap,
) -> Response {
    let demande = Demande::of_bytes(&segment(uri));
    if let Ok(identifier) = &demande.identifier {
        let own = path(identifier);
        if own != uri.path() {
            let query = uri.query().map(|query| format!("?{query}"));
            return Redirect::permanent(&(own + query.as_deref().unwrap_or_default()))
                .into_response();
        }
    }
    let snapshot = snapshot(catalog, pinned);
    let origine = extraits::origine(headers);
    let rendu = rendu(snapshot.as_deref(), &demande, apres(pairs), &origine).await;
    // The box is for another search: what this page is about is its title.
    page(catalog.menu, snapshot.as_deref(), &rendu, "", "")
}

/// The first `apres` counts; what is no SIRET is none.
pub(super) fn apres(pairs: &[(String, String)]) -> Option<Siret> {
    let found = pairs.iter().find(|(name, _)| name == "apres");
    found.and_then(|(_, value)| value.trim().parse().ok())
}

/// Where the page of an identifier is.
pub(super) fn path(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Tva(tva) => href(tva.siren().as_str()),
        other => href(other.as_str()),
    }
}

/// The whole document. `q` is what the search box holds.
pub(super) fn page(
    menu: Menu,
    snapshot: Option<&Snapshot>,
    rendu: &Rendu,
    q: &str,
    current: &str,
) -> Response {
    let body = fill(TEMPLATE, |name| match name {
        "titre" => escape(&rendu.title),
        "description" => escape(&rendu.description),
        "tete" => rendu.head.clone(),
        "bandeau" => menu.bandeau(current, &[]),
        "avis" => notice(snapshot).to_owned(),
        "recherche" => chercher(q, ""),
        "resultat" => rendu.body.clone(),
        "pied" => pied(snapshot),
        _ => String::new(),
    });
    html_page(rendu.status, body)
}

/// The page of what was asked, of a server that is at `origine` for who asks.
pub(super) async fn rendu(
    snapshot: Option<&Snapshot>,
    demande: &Demande,
    apres: Option<Siret>,
    origine: &str,
) -> Rendu {
    let identifier = match &demande.identifier {
        Ok(identifier) => identifier,
        Err(verdict) => {
            let constat = resultat::invalide(verdict);
            let etat = etat::invalide(&demande.text, &constat, verdict.suggestion.as_deref());
            return nothing(
                StatusCode::BAD_REQUEST,
                "Ce n'est pas un numéro valide",
                &etat,
                constat.code,
            );
        }
    };
    let read = match snapshot {
        Some(snapshot) => {
            let question = PageOf {
                identifier: identifier.clone(),
                apres,
            };
            snapshot.ask_much(question).await.map_err(ApiError::from)
        }
        None => Err(ApiError::AucuneDonnee),
    };
    match (read, snapshot) {
        (Ok(read), Some(snapshot)) => {
            of_read(snapshot, identifier, &read, apres.is_some(), origine)
        }
        (Err(error), _) => failure(&error),
        (Ok(_), None) => failure(&ApiError::AucuneDonnee),
    }
}

fn of_read(
    snapshot: &Snapshot,
    identifier: &Identifier,
    read: &Lue,
    later_page: bool,
    origine: &str,
) -> Rendu {
    let constat = resultat::of(identifier, &read.dossier, dates(snapshot));
    let etat = etat::of(identifier, &read.dossier, &constat);
    let message = etat.message.clone();
    let card = match (&read.sujet, constat.resultat) {
        // It has a row, whose words are not those of another unit.
        (Some(_), _) => sections::card(read, etat, later_page),
        (None, found) => {
            let title = match found {
                Resultat::Doublon => "Ce numéro est remplacé par un autre",
                _ => "Ce numéro ne figure pas dans les données",
            };
            return nothing(StatusCode::NOT_FOUND, title, &etat, constat.code);
        }
    };
    let Some(card) = card else {
        return failure(&ApiError::RouteInconnue);
    };
    let own = path(identifier);
    let number = card.numbers.first();
    let number = number.map(|number| format!("{} {}", number.label, number.value));
    let title = format!("{} : {}", card.name, number.unwrap_or_default());
    let town = card.rows.iter().find_map(|row| match &row.value {
        card::Shown::Address(lines) => lines.last().cloned(),
        _ => None,
    });
    let description = [Some(title.clone()), town, Some(message)];
    let description = description.into_iter().flatten().collect::<Vec<_>>();
    let mut head = format!("<link rel=\"canonical\" href=\"{}\">", escape(&own));
    for (_, address) in card.json.iter().take(2) {
        head.push_str("\n  <link rel=\"alternate\" type=\"application/json\" href=\"");
        head.push_str(&escape(address));
        head.push_str("\">");
    }
    if is_private(read) {
        head.push_str("\n  <meta name=\"robots\" content=\"noindex\">");
    }
    // Of a doublon, the dossier is that of another.
    if read.dossier.doublon_de.is_none() && read.dossier.repris_sous.is_none() {
        let json = metadonnees::of(&read.dossier, nature(read), &own);
        head.push_str(&json.map(|json| format!("\n  {json}")).unwrap_or_default());
    }
    let numero = own.rsplit('/').next().unwrap_or_default();
    let extraits = extraits::de_fiche(nature(read), numero, origine);
    Rendu {
        status: StatusCode::OK,
        title,
        description: description.join(". "),
        head,
        body: html::card(&card) + &extraits,
    }
}

fn nature(read: &Lue) -> Nature {
    match read.sujet {
        Some(Sujet::Etablissement(_)) => Nature::Etablissement,
        Some(Sujet::Association(_)) => Nature::Association,
        _ => Nature::Unite,
    }
}

/// A person, or someone who asked to be hidden: anyone may read the page, no search engine is asked to
/// keep a copy that would outlive what they ask.
fn is_private(read: &Lue) -> bool {
    let unit = match &read.sujet {
        Some(Sujet::Unite(unite)) => Some(&unite.found.unite_legale),
        Some(Sujet::Etablissement(place)) => place.found.unite_legale.as_ref(),
        Some(Sujet::Association(_)) => return false,
        None => None,
    };
    est_masquee(&read.dossier) || unit.is_none_or(is_person)
}

/// A page that shows nobody.
fn nothing(status: StatusCode, title: &str, etat: &card::Etat, code: &str) -> Rendu {
    Rendu {
        status,
        title: title.to_owned(),
        description: etat.message.clone(),
        head: "<meta name=\"robots\" content=\"noindex\">".to_owned(),
        body: html::verdict(title, etat, code),
    }
}

/// A page that says that there is none.
pub(super) fn failure(error: &ApiError) -> Rendu {
    if let ApiError::Interne(cause) = error {
        tracing::error!(error = %cause, "page failed: {cause}");
    }
    Rendu {
        status: error.code().status(),
        title: error.code().title().to_owned(),
        description: error.to_string(),
        head: "<meta name=\"robots\" content=\"noindex\">".to_owned(),
        body: alerte::error(error, 1),
    }
}

#[cfg(test)]
mod tests;
