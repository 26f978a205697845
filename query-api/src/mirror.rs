//! The tables as files: `/parquet/{table}.parquet`, for those who read Parquet over HTTP.
//!
//! Such readers ask for the end of a file, then for the columns they need: everything here is about
//! ranges. A file has the sha256 of the manifest for its `ETag`, so that two servers of the same
//! snapshot agree, and one whose table did not change keeps it from a snapshot to the next. There are
//! two addresses: that of the table, whose content follows the snapshot in service, and one that names
//! its snapshot, which answers as long as that one is on disk.
//!
//! Own code rather than `tower_http::services::ServeFile`, which revalidates by date alone, answers one
//! range at most, opens the path at each request (what is there may change between two) and sends each
//! 64 kB through the blocking pool; `axum-range` has neither conditions nor several ranges.
//!
//! | file | what |
//! |---|---|
//! | `files.rs` | which file an address names: the tables of a snapshot, held open |
//! | `conditions.rs` | `If-Match`, `If-None-Match`, `If-Range` and their dates |
//! | `body.rs` | the bytes asked, read as they are taken |
//! | `manifest.rs` | what the files are, for machines |

mod body;
mod conditions;
mod files;
mod manifest;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use registre_schemas::manifest::TableFile;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::error::ApiError;
use crate::jeton::jeton;
use crate::ranges::{self, Wanted};
use body::{Desk, Slices};
use conditions::{Asked, Validators};
pub(crate) use files::OpenTables;
use files::{Held, Older};

/// Media type of Parquet files.
pub(crate) const PARQUET: &str = "application/vnd.apache.parquet";

/// Of an address whose content changes with the snapshot: kept, and asked about each time, which costs
/// a 304. A reader that had some ranges from a cache and others from a newer file would read nonsense.
const FOLLOWING: HeaderValue = HeaderValue::from_static("public, no-cache");

/// Of an address that names its snapshot. A day rather than a year: who asks to be hidden is masked in
/// the older snapshots too, and what is kept elsewhere must not outlive that for long.
const PINNED: HeaderValue = HeaderValue::from_static("public, max-age=86400, immutable");

/// What the routes of the mirror share.
pub(crate) struct Mirror {
    catalog: Arc<Catalog>,
    older: Older,
    desk: Arc<Desk>,
}

/// How an address names a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    /// Whichever is in service.
    Following,
    /// By its id.
    Pinned,
}

/// The routes.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(catalog: Arc<Catalog>) -> Router<S> {
    let mirror = Arc::new(Mirror {
        catalog,
        older: Older::default(),
        desk: Arc::new(Desk::new()),
    });
    Router::new()
        .route("/parquet/{file}", get(following))
        .route("/parquet/{snapshot}/{file}", get(pinned))
        .with_state(mirror)
}

type Answer = Result<Response, ApiError>;

async fn following(
    State(mirror): State<Arc<Mirror>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let held = mirror.in_service()?;
    mirror
        .answer(&held, &file, &headers, Address::Following)
        .await
}

async fn pinned(
    State(mirror): State<Arc<Mirror>>,
    Path((snapshot, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let held = mirror.named(&snapshot).await?;
    mirror.answer(&held, &file, &headers, Address::Pinned).await
}

impl Mirror {
    fn in_service(&self) -> Result<Held, ApiError> {
        let snapshot = self.catalog.current().ok_or(ApiError::AucuneDonnee)?;
        Ok(Held::InService(snapshot))
    }

    /// The snapshot of that id: the one in service, or an older one that is still there.
    async fn named(&self, id: &str) -> Result<Held, ApiError> {
        let held = self.in_service()?;
        if held.manifest().id == id {
            return Ok(held);
        }
        // One that is newer was put in service nowhere, or was taken out of it.
        let older = if id < held.manifest().id.as_str() {
            self.older.find(&self.catalog, id).await
        } else {
            None
        };
        older.map(Held::Older).ok_or_else(|| ApiError::Fichier {
            nom: id.chars().take(crate::error::SHOWN).collect(),
            snapshot: held.manifest().id.clone(),
        })
    }

    /// A file of the snapshot, or what describes them.
    async fn answer(
        &self,
        held: &Held,
        file: &str,
        headers: &HeaderMap,
        address: Address,
    ) -> Answer {
        match file {
            "manifest.json" => {
                let from = held.clone();
                let read = move || from.tables().described(from.manifest());
                let json = tokio::task::spawn_blocking(read).await;
                let json = json
                    .map_err(std::io::Error::other)
                    .flatten()
                    .map_err(|error| ApiError::Interne(Box::new(error)))?;
                Ok(document(held, headers, address, ("application/json", json)))
            }
            "SHA256SUMS" => {
                let sums = manifest::sums(held.manifest()).into();
                Ok(document(
                    held,
                    headers,
                    address,
                    ("text/plain; charset=utf-8", sums),
                ))
            }
            _ => self.file(held, file, headers, address),
        }
    }

    fn file(&self, held: &Held, file: &str, headers: &HeaderMap, address: Address) -> Answer {
        let manifest = held.manifest();
        let table = file.strip_suffix(".parquet");
        let found = table.and_then(|name| manifest.table(name).zip(held.tables().get(name)));
        let Some((table, open)) = found else {
            return Err(ApiError::Fichier {
                nom: file.chars().take(crate::error::SHOWN).collect(),
                snapshot: manifest.id.clone(),
            });
        };
        let validators = Validators {
            etag: quoted(&table.sha256),
            modified: Some(open.modified),
        };
        let mut response = match conditions::asked(headers, &validators) {
            Asked::Failed => return Err(ApiError::Precondition),
            Asked::Fresh => StatusCode::NOT_MODIFIED.into_response(),
            Asked::Whole => self.sent(open, Wanted::Whole)?,
            Asked::Ranges => self.sent(open, ranges::wanted(headers, open.bytes))?,
        };
        let described = response.headers_mut();
        described.insert(header::ETAG, validators.etag);
        described.insert(header::LAST_MODIFIED, conditions::date(open.modified));
        described.insert(header::CACHE_CONTROL, address.kept());
        described.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if response.status() != StatusCode::NOT_MODIFIED {
            describe(response.headers_mut(), table, &manifest.id);
        }
        Ok(response)
    }

    fn sent(&self, open: &files::OpenTable, wanted: Wanted) -> Answer {
        let ranges = match wanted {
            Wanted::Whole => {
                let body = Slices::of(open, &self.desk, 0..open.bytes);
                return Ok(Response::new(Body::new(body)));
            }
            Wanted::Ranges(ranges) => ranges,
            Wanted::Nothing => return Err(ApiError::Plage { taille: open.bytes }),
        };
        let mut response;
        if let [range] = &ranges[..] {
            response = Response::new(Body::new(Slices::of(open, &self.desk, range.clone())));
            let content = ranges::content_range(range, open.bytes);
            if let Ok(content) = HeaderValue::try_from(content) {
                response
                    .headers_mut()
                    .insert(header::CONTENT_RANGE, content);
            }
        } else {
            let boundary = boundary()?;
            let body = Slices::multipart(open, &self.desk, &ranges, &boundary);
            response = Response::new(Body::new(body));
            let content = format!("multipart/byteranges; boundary={boundary}");
            if let Ok(content) = HeaderValue::try_from(content) {
                response.headers_mut().insert(header::CONTENT_TYPE, content);
            }
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        Ok(response)
    }
}

/// A text about the files.
fn document(
    held: &Held,
    headers: &HeaderMap,
    address: Address,
    (content_type, text): (&'static str, Bytes),
) -> Response {
    let validators = Validators {
        etag: crate::cache::etag(&held.manifest().id, &text),
        modified: None,
    };
    let mut response = if conditions::asked(headers, &validators) == Asked::Fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], text).into_response()
    };
    let kept = response.headers_mut();
    kept.insert(header::ETAG, validators.etag);
    kept.insert(header::CACHE_CONTROL, address.kept());
    response
}

impl Address {
    fn kept(self) -> HeaderValue {
        match self {
            Self::Following => FOLLOWING,
            Self::Pinned => PINNED,
        }
    }
}

/// What a file is besides its validators.
fn describe(headers: &mut HeaderMap, table: &TableFile, snapshot: &str) {
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set(
        header::CONTENT_DISPOSITION,
        format!("attachment; filename=\"{}.parquet\"", table.name),
    );
    // Where this very content is: what a long job should read.
    set(header::CONTENT_LOCATION, pinned_path(snapshot, table));
    if let Some(digest) = bytes_of(&table.sha256) {
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        set(
            HeaderName::from_static("repr-digest"),
            format!("sha-256=:{digest}:"),
        );
    }
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static(PARQUET));
}

/// The address of a table that names its snapshot.
pub(crate) fn pinned_path(snapshot: &str, table: &TableFile) -> String {
    format!("/parquet/{snapshot}/{}.parquet", table.name)
}

/// A strong tag.
fn quoted(sha256: &str) -> HeaderValue {
    HeaderValue::try_from(format!("\"{sha256}\""))
        .unwrap_or_else(|_not_hexadecimal| HeaderValue::from_static("\"\""))
}

/// From hexadecimal.
fn bytes_of(sha256: &str) -> Option<Vec<u8>> {
    let digits = sha256.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// What no file holds by chance.
fn boundary() -> Result<String, ApiError> {
    jeton().map_err(|error| ApiError::Interne(Box::new(error)))
}

#[cfg(test)]
mod tests;
