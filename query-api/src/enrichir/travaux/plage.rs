//! A file in an answer, whole or in part (RFC 9110 §14): a download that was cut goes on.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Sender, channel};

use crate::error::ApiError;
use crate::export::{Lines, Pages};
use crate::ranges::{self, Unreadable};

/// Bytes read and sent at once.
const MORCEAU: u64 = 256 << 10;

/// Who takes nothing for that long is gone.
const STALLED: Duration = Duration::from_mins(1);

/// What is asked of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plage {
    Entier,
    /// Those bytes.
    Partie(Range<u64>),
    /// There is no such part.
    Hors,
}

/// The part asked: one, of a file whose tag is still that.
fn plage(headers: &HeaderMap, etag: &HeaderValue, length: u64) -> Plage {
    let Some(range) = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
    else {
        return Plage::Entier;
    };
    if headers.get(header::IF_RANGE).is_some_and(|tag| tag != etag) {
        return Plage::Entier;
    }
    let Some(range) = range.trim().strip_prefix("bytes=") else {
        return Plage::Entier;
    };
    match ranges::range(range.trim(), length) {
        // Several parts, or what is none: the whole is an answer to it.
        Err(Unreadable) => Plage::Entier,
        Ok(None) => Plage::Hors,
        Ok(Some(range)) => Plage::Partie(range),
    }
}

/// The answer: 200 or 206.
pub(super) fn reponse(
    headers: &HeaderMap,
    file: File,
    length: u64,
    etag: HeaderValue,
) -> Result<Response, ApiError> {
    let mut response = match plage(headers, &etag, length) {
        Plage::Hors => return Err(ApiError::Plage { taille: length }),
        Plage::Entier => corps(file, 0..length),
        Plage::Partie(range) => {
            let shown = ranges::content_range(&range, length);
            let mut response = corps(file, range);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            if let Ok(value) = HeaderValue::from_str(&shown) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, etag);
    Ok(response)
}

fn corps(file: File, range: Range<u64>) -> Response {
    let many = range.end - range.start;
    let (sender, receiver) = channel(1);
    tokio::spawn(envoyer(Arc::new(file), range, sender));
    let mut response = Response::new(Body::new(Pages::of(receiver)));
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(many));
    response
}

/// Reads a piece each time the one before is taken.
async fn envoyer(file: Arc<File>, range: Range<u64>, sender: Sender<Lines>) {
    let Range {
        start: mut from,
        end: to,
    } = range;
    loop {
        let many = usize::try_from(MORCEAU.min(to - from)).unwrap_or(0);
        let own = Arc::clone(&file);
        let read = tokio::task::spawn_blocking(move || -> io::Result<Bytes> {
            let mut bytes = vec![0; many];
            own.read_exact_at(&mut bytes, from)?;
            Ok(bytes.into())
        });
        let bytes = match read.await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => return tracing::error!("read a result: {error}"),
            Err(_stopping) => return,
        };
        from += many as u64;
        let last = from >= to;
        let sending = sender.send(Lines { bytes, last });
        let sent = tokio::time::timeout(STALLED, sending).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_given_what_is_past_the_end_refused_and_the_rest_is_the_whole() {
        let etag = HeaderValue::from_static("\"a\"");
        let asked = |range: &str, tag: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
            if let Some(tag) = tag {
                headers.insert(header::IF_RANGE, HeaderValue::from_str(tag).unwrap());
            }
            plage(&headers, &etag, 100)
        };
        for (range, expected) in [
            ("bytes=0-9", Plage::Partie(0..10)),
            ("bytes=90-", Plage::Partie(90..100)),
            ("bytes=90-1000", Plage::Partie(90..100)),
            ("bytes=-10", Plage::Partie(90..100)),
            ("bytes=-1000", Plage::Partie(0..100)),
            ("bytes=100-", Plage::Hors),
            ("bytes=-0", Plage::Hors),
            ("bytes=9-0", Plage::Entier),
            ("bytes=0-1,3-4", Plage::Entier),
            ("bytes=a-b", Plage::Entier),
            ("lines=0-1", Plage::Entier),
        ] {
            assert_eq!(asked(range, None), expected, "{range}");
        }
        assert_eq!(asked("bytes=0-9", Some("\"a\"")), Plage::Partie(0..10));
        assert_eq!(asked("bytes=0-9", Some("\"b\"")), Plage::Entier);
    }
}
