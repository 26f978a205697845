//! The routes of the jobs.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use chrono::{TimeDelta, Utc};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use super::depot::{
    Etat, Fiche, Refus, TUS_RESUMABLE, Travail, UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_LIMIT,
    UPLOAD_OFFSET,
};
use super::{Travaux, il_reste, plage};
use crate::enrichir::Compris;
use crate::enrichir::http::{entetes, options};
use crate::error::ApiError;

const ADRESSE: &str = "/v1/enrichir/travaux";

/// Bytes written at once.
const MORCEAU: usize = 1 << 20;

/// Who sends nothing for that long is gone; what came stays.
const STALLED: Duration = Duration::from_mins(1);

/// The routes.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(travaux: Arc<Travaux>) -> Router<S> {
    Router::new()
        .route("/v1/enrichir/travaux", post(creer))
        .route(
            "/v1/enrichir/travaux/{id}",
            get(etat).patch(envoyer).delete(supprimer),
        )
        .route("/v1/enrichir/travaux/{id}/resultat", get(resultat))
        .with_state(travaux)
}

/// Runs what touches the disk where waiting is allowed.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ApiError::Interne(Box::new(error)))?
        .map_err(disk)
}

fn disk(error: io::Error) -> ApiError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ApiError::EspaceInsuffisant,
        _ => ApiError::Interne(Box::new(error)),
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A number of bytes, when there is one: what is none is refused.
fn octets(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| ApiError::Parametre {
        nom: name.to_string(),
        valeur: String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(40)
            .collect(),
        attendu: "un nombre d'octets est attendu".to_owned(),
    })
}

/// `?1` or `?0`.
fn complet(headers: &HeaderMap) -> Option<bool> {
    match headers.get(UPLOAD_COMPLETE)?.as_bytes() {
        b"?1" => Some(true),
        b"?0" => Some(false),
        _ => None,
    }
}

/// `POST /v1/enrichir/travaux`: a new job, with the whole of its file, its beginning, or nothing yet.
async fn creer(
    State(travaux): State<Arc<Travaux>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let demande = parts.uri.query().map(str::to_owned);
    // What it will be asked is read now, so that it is refused now.
    options(demande.as_deref(), &headers)?;
    let longueur = octets(&headers, &UPLOAD_LENGTH)?;
    if longueur.is_some_and(|length| length > travaux.limites.octets) {
        return Err(ApiError::RequeteTropVolumineuse);
    }
    let now = Utc::now();
    let fiche = Fiche {
        etat: Etat::Depot,
        cree_le: now,
        modifie_le: now,
        demande,
        content_type: text(&headers, &header::CONTENT_TYPE),
        accept: text(&headers, &header::ACCEPT),
        longueur,
        recus: None,
        erreur: None,
        resultat: None,
    };
    let own = Arc::clone(&travaux);
    let made = tokio::task::spawn_blocking(move || own.depot.creer(&fiche, own.limites.nombre));
    let made = made
        .await
        .map_err(|error| ApiError::Interne(Box::new(error)))?;
    let travail = made.map_err(|refus| match refus {
        Refus::Complet => ApiError::TropDeTravaux,
        Refus::Disque(error) => disk(error),
    })?;
    // A plain POST of a file is the file.
    let nothing = hyper::body::Body::size_hint(&body).exact() == Some(0);
    let whole = complet(&headers).unwrap_or(longueur.is_none() && !nothing);
    let mut unknown = Unknown {
        travaux: &travaux,
        id: Some(travail.id.clone()),
    };
    let mut response = match recevoir(&travaux, &travail, body, 0, whole).await {
        Ok(()) => reponse(&travaux, &travail, StatusCode::CREATED, &headers).await?,
        Err(error @ ApiError::EspaceInsuffisant) => a_reprendre(error, &travail).await?,
        Err(error) => return Err(error),
    };
    let location = format!("{ADRESSE}/{}", travail.id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
        unknown.id = None;
    }
    Ok(response)
}

/// A job whose address nobody was told, by a refusal or a client that left: what came of its file would
/// take its place until it expires. Deleted when dropped.
struct Unknown<'a> {
    travaux: &'a Arc<Travaux>,
    id: Option<String>,
}

impl Drop for Unknown<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let travaux = Arc::clone(self.travaux);
            tokio::task::spawn_blocking(move || {
                if let Err(error) = travaux.depot.supprimer(&id) {
                    tracing::error!("delete an enrichment that was refused: {error}");
                }
            });
        }
    }
}

/// A refusal, and where to go on from.
async fn a_reprendre(error: ApiError, travail: &Arc<Travail>) -> Result<Response, ApiError> {
    let mut response = error.into_response();
    let own = Arc::clone(travail);
    let recus = aside(move || own.recus()).await?;
    response
        .headers_mut()
        .insert(UPLOAD_OFFSET, HeaderValue::from(recus));
    Ok(response)
}

/// `GET /v1/enrichir/travaux/{id}`
async fn etat(
    State(travaux): State<Arc<Travaux>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let travail = travaux.depot.trouver(&id).ok_or(ApiError::TravailInconnu)?;
    reponse(&travaux, &travail, StatusCode::OK, &headers).await
}

/// `PATCH /v1/enrichir/travaux/{id}`: what follows what came.
async fn envoyer(
    State(travaux): State<Arc<Travaux>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let travail = travaux.depot.trouver(&id).ok_or(ApiError::TravailInconnu)?;
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let Some(from) = octets(&headers, &UPLOAD_OFFSET)? else {
        return Err(ApiError::Parametre {
            nom: UPLOAD_OFFSET.to_string(),
            valeur: String::new(),
            attendu: "l'en-tête Upload-Offset dit où commence ce morceau".to_owned(),
        });
    };
    let whole = complet(&headers).unwrap_or(false);
    match recevoir(&travaux, &travail, body, from, whole).await {
        Ok(()) => {}
        Err(error @ (ApiError::TravailConflit(_) | ApiError::EspaceInsuffisant)) => {
            return a_reprendre(error, &travail).await;
        }
        Err(error) => return Err(error),
    }
    reponse(&travaux, &travail, StatusCode::OK, &headers).await
}

/// Writes a piece after what came, and has the job run when it was the last.
async fn recevoir(
    travaux: &Arc<Travaux>,
    travail: &Arc<Travail>,
    mut body: Body,
    from: u64,
    whole: bool,
) -> Result<(), ApiError> {
    let Ok(_sending) = Arc::clone(&travail.envoi).try_lock_owned() else {
        return Err(ApiError::TravailConflit(
            "Un autre envoi est en cours pour ce travail.".to_owned(),
        ));
    };
    let fiche = travail.fiche();
    if fiche.etat != Etat::Depot {
        return Err(ApiError::TravailConflit(format!(
            "Le fichier de ce travail est déjà complet (état : {}).",
            fiche.etat.nom()
        )));
    }
    let own = Arc::clone(travail);
    let recus = aside(move || own.recus()).await?;
    if from != recus {
        return Err(ApiError::TravailConflit(format!(
            "Ce morceau commence à l'octet {from} : {recus} sont arrivés."
        )));
    }
    let own = Arc::clone(travail);
    let opened = aside(move || OpenOptions::new().append(true).open(own.entree())).await?;
    let file = Arc::new(opened);
    let mut length = recus;
    let most = fiche.longueur.unwrap_or(travaux.limites.octets);
    let mut waiting: Vec<u8> = Vec::new();
    loop {
        let frame = match tokio::time::timeout(STALLED, body.frame()).await {
            Ok(None) => None,
            Ok(Some(Ok(frame))) => Some(frame),
            // What came before the cut is kept, and the client goes on from there.
            Ok(Some(Err(error))) => {
                ecrire(travail, &file, &mut length, waiting).await?;
                return Err(ApiError::of_body(&error));
            }
            Err(_elapsed) => {
                ecrire(travail, &file, &mut length, waiting).await?;
                return Err(ApiError::of_status(StatusCode::REQUEST_TIMEOUT));
            }
        };
        let ended = frame.is_none();
        if let Some(Ok(bytes)) = frame.map(hyper::body::Frame::into_data) {
            if length + (waiting.len() + bytes.len()) as u64 > most {
                return Err(ApiError::RequeteTropVolumineuse);
            }
            waiting.extend_from_slice(&bytes);
        }
        if ended || waiting.len() >= MORCEAU {
            let piece = std::mem::take(&mut waiting);
            ecrire(travail, &file, &mut length, piece).await?;
        }
        if ended {
            break;
        }
    }
    let whole = whole || fiche.longueur == Some(length);
    let own = Arc::clone(travail);
    aside(move || {
        if whole {
            file.sync_all()?;
        }
        own.changer(|fiche| {
            if whole {
                fiche.etat = Etat::Attente;
            }
        })
    })
    .await?;
    if whole {
        travaux.reveil.notify_one();
    }
    Ok(())
}

/// Adds bytes to the file, all or none of them.
async fn ecrire(
    travail: &Arc<Travail>,
    file: &Arc<File>,
    length: &mut u64,
    piece: Vec<u8>,
) -> Result<(), ApiError> {
    if piece.is_empty() {
        return Ok(());
    }
    let (own, file, before) = (Arc::clone(travail), Arc::clone(file), *length);
    *length += piece.len() as u64;
    aside(move || {
        let written =
            il_reste(own.dossier(), piece.len() as u64).and_then(|()| (&*file).write_all(&piece));
        if written.is_err() {
            file.set_len(before)?;
        }
        written
    })
    .await
}

/// `GET /v1/enrichir/travaux/{id}/resultat`
async fn resultat(
    State(travaux): State<Arc<Travaux>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let travail = travaux.depot.trouver(&id).ok_or(ApiError::TravailInconnu)?;
    let fiche = travail.fiche();
    let Some(resultat) = fiche.resultat else {
        return Err(ApiError::TravailConflit(match fiche.erreur {
            Some(error) => format!("Ce travail n'a pas de résultat : {error}"),
            None => format!("Le résultat n'est pas prêt (état : {}).", fiche.etat.nom()),
        }));
    };
    let path = travail.resultat();
    let file = aside(move || File::open(path)).await?;
    let etag = format!("\"{}-{}\"", travail.id, resultat.octets);
    let etag = HeaderValue::from_str(&etag).map_err(|error| ApiError::Interne(Box::new(error)))?;
    let mut response = plage::reponse(&headers, file, resultat.octets, etag)?;
    let compris = Compris {
        lues: Vec::new(),
        renommees: Vec::new(),
        encodage: resultat.encodage(),
        format: resultat.format.into(),
        snapshot: resultat.snapshot,
    };
    entetes(response.headers_mut(), &compris);
    Ok(response)
}

/// `DELETE /v1/enrichir/travaux/{id}`
async fn supprimer(
    State(travaux): State<Arc<Travaux>>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    if aside(move || travaux.depot.supprimer(&id)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::TravailInconnu)
    }
}

/// The state of a job, in the headers that who sends reads and as JSON.
async fn reponse(
    travaux: &Arc<Travaux>,
    travail: &Arc<Travail>,
    status: StatusCode,
    asked: &HeaderMap,
) -> Result<Response, ApiError> {
    let own = Arc::clone(travail);
    let recus = aside(move || own.recus()).await.map_err(|error| {
        // Deleted meanwhile.
        if travail.est_supprime() {
            ApiError::TravailInconnu
        } else {
            error
        }
    })?;
    let fiche = travail.fiche();
    let complete = fiche.etat != Etat::Depot;
    let body = json_de(travaux, travail, &fiche, recus);
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(recus));
    headers.insert(
        UPLOAD_COMPLETE,
        HeaderValue::from_static(if complete { "?1" } else { "?0" }),
    );
    if let Some(length) = fiche.longueur {
        headers.insert(UPLOAD_LENGTH, HeaderValue::from(length));
    }
    let limit = format!("max-size={}", travaux.limites.octets);
    if let Ok(limit) = HeaderValue::from_str(&limit) {
        headers.insert(UPLOAD_LIMIT, limit);
    }
    if asked.contains_key(TUS_RESUMABLE) {
        headers.insert(TUS_RESUMABLE, HeaderValue::from_static("1.0.0"));
    }
    Ok(response)
}

fn json_de(travaux: &Travaux, travail: &Travail, fiche: &Fiche, recus: u64) -> Value {
    let (lus, lignes) = travail.avancement();
    let expire = fiche.modifie_le + TimeDelta::hours(travaux.limites.heures.into());
    let resultat = fiche.resultat.as_ref().map(|made| {
        let renommees: Vec<Value> = made
            .renommees
            .iter()
            .map(|(asked, given)| json!({ "demandee": asked, "donnee": given }))
            .collect();
        json!({
            "adresse": format!("{ADRESSE}/{}/resultat", travail.id),
            "octets": made.octets,
            "lignes": made.lignes,
            "resultats": made.resultats,
            "snapshot": made.snapshot,
            "format": made.format,
            "colonnes_renommees": renommees,
        })
    });
    let lus = if fiche.resultat.is_some() { recus } else { lus };
    json!({
        "id": travail.id,
        "etat": fiche.etat,
        "octets_recus": recus,
        "octets_annonces": fiche.longueur,
        "octets_traites": lus,
        "lignes_traitees": fiche.resultat.as_ref().map_or(lignes, |made| made.lignes),
        "cree_le": fiche.cree_le,
        "expire_le": expire,
        "erreur": fiche.erreur,
        "resultat": resultat,
    })
}
