//! `/v1/sql`: a query in, its rows out as they are found.
//!
//! Nothing is sent before the first quarter of a megabyte, or the end, is there: until then, whatever
//! stops a query has a status and a reason. Later on an answer that stops is never taken for a whole
//! one: its last chunk is missing, which every HTTP client reports, and NDJSON says why in its last
//! line.

use axum::body::{Body, Bytes};
use axum::extract::Extension;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::ask::{Request, accepted};
use super::protocol::{Asked, Said};
use super::schema::{Description, Limites};
use super::{Format, SqlError, Workers};
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::export::{Lines, Pages};

/// Bytes held before an answer begins.
const FIRST: usize = 256 << 10;

/// A client that takes nothing for that long is gone, or keeps a process for nothing.
const STALLED: Duration = Duration::from_mins(1);

/// What a last line is given to leave, before the answer is cut.
const LAST_WORD: Duration = Duration::from_millis(300);

/// The snapshot an answer is of.
pub(crate) const SNAPSHOT: HeaderName = HeaderName::from_static("x-snapshot");

/// Rows of an answer, when it was whole before it began.
const TOTAL: HeaderName = HeaderName::from_static("x-total");

/// The routes, answered by these processes.
pub(crate) fn routes(workers: Arc<Workers>) -> Router<Arc<Catalog>> {
    Router::new()
        .route("/v1/sql", get(par_adresse).post(par_corps))
        .route("/v1/sql/schema", get(schema))
        .layer(Extension(workers))
}

/// `GET /v1/sql?q=…`
async fn par_adresse(
    Extension(workers): Extension<Arc<Workers>>,
    InService(snapshot): InService,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let request = Request::of_query(uri.query().unwrap_or_default())?;
    answer(&workers, &snapshot, request, &headers).await
}

/// `POST /v1/sql`
async fn par_corps(
    Extension(workers): Extension<Arc<Workers>>,
    InService(snapshot): InService,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body.map_err(|rejection| ApiError::of_status(rejection.status()))?;
    let request = Request::of_body(uri.query().unwrap_or_default(), &headers, &body)?;
    answer(&workers, &snapshot, request, &headers).await
}

/// `GET /v1/sql/schema`: what can be asked, and within which limits.
async fn schema(
    Extension(workers): Extension<Arc<Workers>>,
    InService(snapshot): InService,
) -> Json<Description> {
    let limits = Limites::of(workers.settings());
    Json(Description::of(&snapshot.manifest, limits))
}

async fn answer(
    workers: &Workers,
    snapshot: &Snapshot,
    request: Request,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let format = request.format.unwrap_or_else(|| accepted(headers));
    let settings = workers.settings();
    let donnees = serde_json::to_value(snapshot.donnees())
        .map_err(|error| ApiError::Interne(Box::new(error)))?;
    let asked = Asked {
        q: request.q,
        parametres: request.parametres,
        format,
        lignes: settings.rows,
        secondes: settings.timeout.as_secs().max(1),
        donnees,
    };
    let mut said = workers.ask(&snapshot.folder, asked).await?;
    let mut first = Vec::new();
    let mut response = loop {
        match said.recv().await {
            Some(Said::Piece(bytes)) => {
                first.extend_from_slice(&bytes);
                if first.len() >= FIRST {
                    break streamed(first, said, format);
                }
            }
            Some(Said::End(end)) => {
                let mut response = Body::from(first).into_response();
                response
                    .headers_mut()
                    .insert(TOTAL, HeaderValue::from(end.rows));
                break response;
            }
            Some(Said::Fault(error)) => return Err(error.into()),
            Some(Said::Start | Said::Open) => {}
            None => return Err(cut().into()),
        }
    };
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(format.media_type());
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if let Ok(id) = HeaderValue::from_str(&snapshot.manifest.id) {
        headers.insert(SNAPSHOT, id);
    }
    if format != Format::Json || request.fichier {
        let disposition = format!("attachment; filename=\"resultat.{}\"", format.name());
        if let Ok(disposition) = HeaderValue::from_str(&disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
    }
    Ok(response)
}

fn cut() -> SqlError {
    SqlError::Panne("SQL process: its answer has no end".to_owned())
}

fn streamed(first: Vec<u8>, said: Receiver<Said>, format: Format) -> Response {
    // One piece written, one being read.
    let (sender, receiver) = channel(1);
    tokio::spawn(pass_on(first, said, sender, format));
    Body::new(Pages::of(receiver)).into_response()
}

/// Until the end; the client that leaves, or stalls, stops the query, whose receiver is dropped here.
async fn pass_on(first: Vec<u8>, mut said: Receiver<Said>, sender: Sender<Lines>, format: Format) {
    let mut next = Some((first, false));
    while let Some((bytes, last)) = next {
        let lines = Lines {
            bytes: bytes.into(),
            last,
        };
        let sent = tokio::time::timeout(STALLED, sender.send(lines)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
        let received = tokio::select! {
            received = said.recv() => received,
            () = sender.closed() => return,
        };
        next = match received {
            Some(Said::Piece(bytes)) => Some((bytes, false)),
            Some(Said::End(_)) => Some((Vec::new(), true)),
            Some(Said::Fault(error)) => {
                tracing::info!(
                    code = error.code().as_str(),
                    "an answer of SQL stops: {error}"
                );
                if format == Format::Ndjson {
                    let line = Lines {
                        bytes: last_line(&error).into(),
                        last: false,
                    };
                    let _left = tokio::time::timeout(STALLED, sender.send(line)).await;
                    // Cut at once, what was just sent would not leave.
                    tokio::time::sleep(LAST_WORD).await;
                }
                None
            }
            Some(Said::Start | Said::Open) => Some((Vec::new(), false)),
            None => None,
        };
    }
}

fn last_line(error: &SqlError) -> Vec<u8> {
    let line = serde_json::json!({
        "fin": false,
        "code": error.code().as_str(),
        "detail": error.to_string(),
        "que_faire": error.que_faire(),
    });
    format!("{line}\n").into_bytes()
}
