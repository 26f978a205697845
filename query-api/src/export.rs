//! All the établissements of a unit in one answer, however many: read a page at a time, from one
//! snapshot, each page asked only once the client has taken the one before.
//!
//! A page takes a connection of the pool like any request, and gives it back before it is written:
//! La Poste slows nobody. When the client leaves, nothing more is asked. A fault on the way ends the
//! answer without its last chunk, which every HTTP client reports; in NDJSON, the last line says that
//! the list is whole.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::Siren;
use serde::Serialize;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::answer::missing_siren;
use crate::catalog::Snapshot;
use crate::engine::PoolError;
use crate::error::ApiError;
use crate::lookup::{EtablissementsOf, NextEtablissements, Page};
use crate::record::{Record, Value, at};
use crate::text::csv_text;

/// Établissements read at a time: half a megabyte or so.
const ROWS: u16 = 500;

/// Times a page is asked again when no connection is free, and how long to wait in between.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// A client that takes nothing for that long is gone, or keeps an old snapshot for nothing.
const STALLED: Duration = Duration::from_mins(1);

/// How many établissements the whole answer has.
const TOTAL: HeaderName = HeaderName::from_static("x-total");

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object per line, with the fields of the API, then a last one: see [`LastLine`].
    Ndjson,
    /// INSEE's own columns, in its order.
    Csv,
}

/// The last line of NDJSON.
#[derive(Serialize)]
struct LastLine<'snapshot> {
    fin: bool,
    nombre: usize,
    snapshot: &'snapshot str,
}

/// The answer. The first page is read before it starts, so that an unknown SIREN has its own status.
pub(crate) async fn etablissements(
    snapshot: Arc<Snapshot>,
    siren: Siren,
    page: Page,
    format: Format,
) -> Result<Response, ApiError> {
    let page = Page {
        limite: ROWS,
        ..page
    };
    let Some(first) = snapshot
        .ask_much(EtablissementsOf(siren, page.clone()))
        .await?
    else {
        return Err(missing_siren(&snapshot, siren).await);
    };
    let (content_type, extension) = match format {
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let disposition = format!("attachment; filename=\"etablissements-{siren}.{extension}\"");
    let whole = page.apres.is_none();
    let total = first.total;
    // One page written, one being read.
    let (sender, receiver) = channel(1);
    let export = Export {
        snapshot,
        siren,
        page,
        format,
        sender,
    };
    tokio::spawn(export.run(first.etablissements, first.more));
    let mut response = Response::new(Body::new(Pages::of(receiver)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if whole {
        headers.insert(TOTAL, HeaderValue::from(total));
    }
    Ok(response.into_response())
}

/// Why a list stops before its end: the fault itself is logged where it happens.
#[derive(Debug, thiserror::Error)]
#[error("list cut before its end")]
pub(crate) struct Cut;

/// Lines, and whether no more follow.
pub(crate) struct Lines {
    pub(crate) bytes: Bytes,
    pub(crate) last: bool,
}

/// The pages as they come. Only the last ends the body: whatever else stops the one who sends them,
/// the client is told that the list is cut.
pub(crate) struct Pages {
    receiver: Receiver<Lines>,
    whole: bool,
}

impl Pages {
    /// As they are sent.
    pub(crate) fn of(receiver: Receiver<Lines>) -> Self {
        Self {
            receiver,
            whole: false,
        }
    }
}

impl hyper::body::Body for Pages {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.whole {
            return Poll::Ready(None);
        }
        self.receiver.poll_recv(context).map(|lines| {
            let Some(lines) = lines else {
                self.whole = true;
                return Some(Err(Cut));
            };
            self.whole = lines.last;
            Some(Ok(Frame::data(lines.bytes)))
        })
    }
}

/// A list being sent.
struct Export {
    snapshot: Arc<Snapshot>,
    siren: Siren,
    page: Page,
    format: Format,
    sender: Sender<Lines>,
}

impl Export {
    async fn run(mut self, first: Vec<Record>, more: bool) {
        let (mut rows, mut more, mut sent) = (first, more, 0);
        let mut head = self.head();
        loop {
            let mut bytes = std::mem::take(&mut head);
            for row in &rows {
                self.write(&mut bytes, row);
            }
            sent += rows.len();
            let last = rows.last();
            let last = last.and_then(|row| row.text_at(at!(ETABLISSEMENT, "siret")));
            self.page.apres = last.and_then(|siret| siret.parse().ok());
            // Without a SIRET to go on from, the next page would be the first again.
            more = more && self.page.apres.is_some();
            if !more {
                self.tail(&mut bytes, sent);
            }
            let sending = self.sender.send(Lines {
                bytes: bytes.into(),
                last: !more,
            });
            // The client left, or stalled: nothing more is asked.
            let Ok(Ok(())) = tokio::time::timeout(STALLED, sending).await else {
                tracing::info!(siren = %self.siren, sent, "export left by its client");
                return;
            };
            if !more {
                return;
            }
            match self.next().await {
                Ok(page) => {
                    more = page.len() == usize::from(self.page.limite);
                    rows = page;
                }
                Err(error) => {
                    tracing::error!(error = %error, siren = %self.siren, "export cut: {error}");
                    return;
                }
            }
        }
    }

    /// The next page, when a connection is free for it.
    async fn next(&self) -> Result<Vec<Record>, PoolError> {
        let mut tries = 0;
        loop {
            let next = NextEtablissements(self.siren, self.page.clone());
            match self.snapshot.ask_much(next).await {
                Err(PoolError::Busy) if tries < TRIES && !self.sender.is_closed() => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        if self.format == Format::Csv {
            let names = ETABLISSEMENT.columns.iter().map(|column| column.name);
            head.extend_from_slice(names.collect::<Vec<_>>().join(",").as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head
    }

    fn write(&self, bytes: &mut Vec<u8>, row: &Record) {
        match self.format {
            Format::Ndjson => {
                // Writing to memory does not fail, and a row has only names for keys.
                let _infallible = serde_json::to_writer(&mut *bytes, row);
                bytes.push(b'\n');
            }
            Format::Csv => csv_row(bytes, row),
        }
    }

    fn tail(&self, bytes: &mut Vec<u8>, sent: usize) {
        if self.format == Format::Ndjson {
            let last = LastLine {
                fin: true,
                nombre: sent,
                snapshot: &self.snapshot.manifest.id,
            };
            let _infallible = serde_json::to_writer(&mut *bytes, &last);
            bytes.push(b'\n');
        }
    }
}

/// RFC 4180, with the values of INSEE's files.
fn csv_row(bytes: &mut Vec<u8>, row: &Record) {
    for index in 0..row.table().columns.len() {
        if index > 0 {
            bytes.push(b',');
        }
        // Writing to memory does not fail.
        let _infallible = match row.at(index) {
            Value::Null => Ok(()),
            Value::Text(text) => {
                csv_text(bytes, text);
                Ok(())
            }
            Value::Date(date) => write!(bytes, "{date:?}"),
            Value::Timestamp(time) => write!(bytes, "{time:?}"),
            Value::Integer(number) => write!(bytes, "{number}"),
            Value::Boolean(flag) => write!(bytes, "{flag}"),
            Value::Real(number) => write!(bytes, "{number}"),
        };
    }
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
