//! The routes of the operator, behind a key. Without a key configured they do not exist.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::sync::mpsc::{Sender, channel};

use super::acces::meme_origine;
use super::csv;
use super::http::{Pairs, dit, first, illisible, json_seul, see_other, told, without_json};
use super::pages::{self, Place};
use super::store::{Demande, Envoi, Store, StoreError};
use super::{Guichet, numero, recu, reponse};
use crate::error::ApiError;
use crate::export::{Lines, Pages};
use crate::text::thousands;
use crate::ui::template::escape;

/// Requests on a page of the list.
const PER_PAGE: u32 = 50;
/// Requests read at a time for an export: a few megabytes at the very most.
const PER_READ: u32 = 100;

impl Guichet {
    /// None when the key is there; else the answer.
    fn ferme(&self, headers: &HeaderMap) -> Option<Response> {
        let Some(cle) = &self.signup.cle else {
            return Some(ApiError::RouteInconnue.into_response());
        };
        if cle.ouvre(headers) {
            return None;
        }
        let mut response = ApiError::CleApiInconnue.into_response();
        // What makes a browser ask for a password.
        let challenge = HeaderValue::from_static("Basic realm=\"registre\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
        Some(response)
    }
}

fn unreadable(guichet: &Guichet, error: &StoreError) -> Response {
    told(error, "read the requests");
    illisible(guichet, Place::Exploitant)
}

/// `GET /signup/operateur?avant=…` and `?numero=…`
pub(super) async fn liste(
    State(guichet): State<Guichet>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Response {
    if let Some(refused) = guichet.ferme(&headers) {
        return refused;
    }
    let asked = first(&pairs, "numero");
    let mut unknown = false;
    if !asked.is_empty() {
        let found = match numero::relu(asked) {
            Some(numero) => guichet.signup.store.demande(numero).await,
            None => Ok(None),
        };
        match found {
            Ok(Some(kept)) => {
                return see_other(&format!("/signup/operateur/demandes/{}", kept.numero));
            }
            Ok(None) => unknown = true,
            Err(error) => return unreadable(&guichet, &error),
        }
    }
    let before = first(&pairs, "avant").parse().ok();
    let (rows, total) = match guichet.signup.store.page(before, PER_PAGE).await {
        Ok(page) => page,
        Err(error) => return unreadable(&guichet, &error),
    };
    let mut html = format!(
        "<h1>Demandes reçues</h1><p>{} en tout. <a href=\"/signup/operateur/export.json\">Tout en JSON</a>, <a href=\"/signup/operateur/export.csv\">tout en CSV</a>.</p>",
        thousands(total)
    );
    let _written = write!(
        html,
        "<form action=\"/signup/operateur\" method=\"get\" role=\"search\"><p class=\"question\"><label for=\"numero\">Numéro de récépissé</label><input id=\"numero\" name=\"numero\" type=\"text\" maxlength=\"40\" autocomplete=\"off\" spellcheck=\"false\" value=\"{}\"></p><p><button type=\"submit\">Chercher</button></p></form>",
        escape(asked)
    );
    if unknown {
        html.push_str("<p class=\"faute\" role=\"status\">Aucune demande n'a ce numéro : il est mal recopié, ou la demande a été supprimée.</p>");
    }
    table(&mut html, &rows);
    if let Some((last, _)) = rows.last().filter(|_| rows.len() == PER_PAGE as usize) {
        let _written = write!(
            html,
            "<nav class=\"pages\" aria-label=\"Pages\"><a href=\"/signup/operateur\">Les plus récentes</a> <a rel=\"next\" href=\"/signup/operateur?avant={last}\">Plus anciennes</a></nav>"
        );
    }
    guichet.page(StatusCode::OK, Place::Exploitant, "Demandes reçues", &html)
}

fn table(html: &mut String, rows: &[(i64, Demande)]) {
    html.push_str("<div class=\"defile\" tabindex=\"0\" role=\"region\" aria-label=\"Demandes\"><table><thead><tr><th scope=\"col\">Numéro</th><th scope=\"col\">Déposée le</th><th scope=\"col\">Objet</th><th scope=\"col\">Organisation</th><th scope=\"col\">Vérification</th><th scope=\"col\">Transmission</th></tr></thead><tbody>");
    for (_, kept) in rows {
        let request = reponse::demande(kept);
        let organisation = &request["organisation"];
        let nom = organisation["nom"]
            .as_str()
            .or(organisation["siret"].as_str())
            .or(organisation["identifiant"]["valeur"].as_str())
            .unwrap_or_default();
        let _written = write!(
            html,
            "<tr><td><a href=\"/signup/operateur/demandes/{numero}\">{numero}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&recu::quand(&kept.deposee_le)),
            escape(&recu::objet(&request)),
            escape(nom),
            verification(kept.verification.as_deref()),
            escape(&transmission(kept.envoi.as_ref())),
            numero = escape(&kept.numero),
        );
    }
    html.push_str("</tbody></table></div>");
}

fn verification(result: Option<&str>) -> &'static str {
    match result {
        Some("trouve") => "vérifiée",
        Some("diffusion_partielle") => "vérifiée, diffusion partielle",
        Some(_) => "non vérifiée",
        None => "sans organisation",
    }
}

/// What became of sending a request on.
fn transmission(envoi: Option<&Envoi>) -> String {
    let Some(envoi) = envoi else {
        return "pas de webhook".to_owned();
    };
    let last = envoi
        .dernier
        .as_deref()
        .map(|last| format!(" ({last})"))
        .unwrap_or_default();
    match envoi.etat.as_str() {
        "envoyee" => format!("transmise{last}"),
        "abandonnee" => format!("abandonnée, essais : {}{last}", envoi.essais),
        _ if envoi.essais == 0 => "en attente".to_owned(),
        _ => format!("en attente, essais : {}{last}", envoi.essais),
    }
}

/// `GET /signup/operateur/demandes/{numero}`, and the same with `.json`
pub(super) async fn demande(
    State(guichet): State<Guichet>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    if let Some(refused) = guichet.ferme(&headers) {
        return refused;
    }
    let (asked, as_json) = without_json(&name);
    let Some(numero) = numero::relu(asked) else {
        return ApiError::RouteInconnue.into_response();
    };
    let kept = match guichet.signup.store.demande(numero).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return ApiError::RouteInconnue.into_response(),
        Err(error) => return unreadable(&guichet, &error),
    };
    let request = reponse::pour_exploitant(&kept);
    if as_json {
        return json_seul(&request);
    }
    let numero = escape(&kept.numero);
    let mut html = format!(
        "<h1>Demande {numero}</h1><p><a href=\"/signup/operateur\">Toutes les demandes</a>. <a href=\"/signup/operateur/demandes/{numero}.json\">En JSON</a>.</p>"
    );
    html.push_str("<dl class=\"reponses\">");
    pages::row(
        &mut html,
        "Transmission",
        &transmission(kept.envoi.as_ref()),
    );
    html.push_str("</dl>");
    if kept
        .envoi
        .as_ref()
        .is_some_and(|envoi| envoi.etat == "abandonnee")
    {
        let _written = write!(
            html,
            "<form action=\"/signup/operateur/demandes/{numero}/renvoyer\" method=\"post\"><p><button type=\"submit\">Transmettre de nouveau</button></p></form>"
        );
    }
    recu::reponses(&mut html, &kept, &request);
    let _written = write!(
        html,
        "<form action=\"/signup/operateur/demandes/{numero}/supprimer\" method=\"post\"><h2>Supprimer</h2><p>La demande est effacée de ce serveur, et ne peut pas être retrouvée.</p><button class=\"supprimer\" type=\"submit\">Supprimer la demande {numero}</button></form>"
    );
    let titre = format!("Demande {}", kept.numero);
    guichet.page(StatusCode::OK, Place::Exploitant, &titre, &html)
}

/// Whether a form of the operator may act; else the answer.
fn may_act(guichet: &Guichet, headers: &HeaderMap) -> Option<Response> {
    guichet.ferme(headers).or_else(|| {
        // A browser sends the password by itself, whoever wrote the form.
        (!meme_origine(headers)).then(|| {
            dit(
                guichet,
                StatusCode::FORBIDDEN,
                Place::Exploitant,
                "Action refusée",
                "Cette action a été envoyée par la page d'un autre site. Faites-la depuis la liste des demandes.",
            )
        })
    })
}

/// `POST /signup/operateur/demandes/{numero}/supprimer`
pub(super) async fn supprimer(
    State(guichet): State<Guichet>,
    headers: HeaderMap,
    Path(asked): Path<String>,
) -> Response {
    if let Some(refused) = may_act(&guichet, &headers) {
        return refused;
    }
    let done = match numero::relu(&asked) {
        Some(numero) => guichet.signup.store.supprimer(numero).await,
        None => Ok(false),
    };
    match done {
        Ok(true) => see_other("/signup/operateur"),
        Ok(false) => ApiError::RouteInconnue.into_response(),
        Err(error) => unreadable(&guichet, &error),
    }
}

/// `POST /signup/operateur/demandes/{numero}/renvoyer`
pub(super) async fn renvoyer(
    State(guichet): State<Guichet>,
    headers: HeaderMap,
    Path(asked): Path<String>,
) -> Response {
    if let Some(refused) = may_act(&guichet, &headers) {
        return refused;
    }
    let Some(numero) = numero::relu(&asked) else {
        return ApiError::RouteInconnue.into_response();
    };
    match guichet.signup.store.renvoyer(numero.clone()).await {
        Ok(true) => {
            if let Some(wake) = &guichet.signup.wake {
                wake.notify_one();
            }
            see_other(&format!("/signup/operateur/demandes/{numero}"))
        }
        Ok(false) => ApiError::RouteInconnue.into_response(),
        Err(error) => unreadable(&guichet, &error),
    }
}

/// How all requests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

/// `GET /signup/operateur/export.json` and `export.csv`: all of them, the newest first.
pub(super) async fn export(
    State(guichet): State<Guichet>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    if let Some(refused) = guichet.ferme(&headers) {
        return refused;
    }
    let (format, content_type) = match name.as_str() {
        "export.json" => (Format::Json, "application/json"),
        "export.csv" => (Format::Csv, "text/csv; charset=utf-8"),
        _ => return ApiError::RouteInconnue.into_response(),
    };
    let store = Arc::clone(&guichet.signup.store);
    // Read before it starts, so that a fault of the store has its own status.
    let first_page = match store.page(None, PER_READ).await {
        Ok((rows, _)) => rows,
        Err(error) => return unreadable(&guichet, &error),
    };
    let (sender, receiver) = channel(1);
    tokio::spawn(async move {
        if let Err(error) = write_all(&store, first_page, format, &sender).await {
            told(&error, "export the requests");
        }
    });
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"demandes-{name}\"").replace("export", "registre"),
        ),
    ];
    (headers, Body::new(Pages::of(receiver))).into_response()
}

/// Sends them a page at a time, each read once the client has taken the one before.
async fn write_all(
    store: &Arc<Store>,
    mut rows: Vec<(i64, Demande)>,
    format: Format,
    sender: &Sender<Lines>,
) -> Result<(), StoreError> {
    let mut text = match format {
        Format::Json => "[".to_owned(),
        Format::Csv => csv::titles(),
    };
    let mut separator = "\n";
    loop {
        for (_, kept) in &rows {
            let request = reponse::pour_exploitant(kept);
            match format {
                Format::Json => {
                    let _written = write!(text, "{separator}{request}");
                    separator = ",\n";
                }
                Format::Csv => csv::line(&mut text, &request),
            }
        }
        let next = match rows.last() {
            Some((last, _)) if rows.len() == PER_READ as usize => {
                store.page(Some(*last), PER_READ).await?.0
            }
            _ => Vec::new(),
        };
        let last = next.is_empty();
        if last && format == Format::Json {
            text.push_str("\n]\n");
        }
        let bytes = Bytes::from(std::mem::take(&mut text));
        if sender.send(Lines { bytes, last }).await.is_err() || last {
            return Ok(());
        }
        rows = next;
    }
}
