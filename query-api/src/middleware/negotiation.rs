//! Which coding an answer is sent in: RFC 9110 §12.5.3.
//!
//! Among what a client accepts, what it prefers, and of two it likes alike the one that costs us
//! least for its size: zstd, brotli, gzip. Small answers are sent as they are: coding them makes them
//! longer, or saves less than a packet. A client that refuses even that (`identity;q=0`) gets a coding
//! it accepts whatever the size, and if there is none the plain answer all the same: an answer that
//! it may not read is worth more than a refusal that it could not read either.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use std::convert::Infallible;
use std::future::ready;
use tower::{ServiceExt as _, service_fn};
use tower_http::compression::Compression;

/// Bytes under which an answer is sent as it is: with its headers it fits in a packet.
const SMALL: u64 = 1024;

/// A coding that an answer can be sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// In that one when it is worth it.
    Of(&'static str),
    /// In that one whatever the size: the client refuses it plain.
    Only(&'static str),
}

/// Ours, the one that costs least for its size first.
const CODINGS: [&str; 3] = ["zstd", "br", "gzip"];

/// What a client asks for.
pub(super) fn coding(headers: &HeaderMap) -> Coding {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return Coding::Identity;
    }
    // Per coding of ours, then for `identity` and for `*`: thousandths of preference, when it is named.
    let mut named = [None; CODINGS.len()];
    let (mut identity, mut any) = (None, None);
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    for item in values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let (name, quality) = item.split_once(';').unwrap_or((item, "q=1"));
        let (name, quality) = (name.trim(), thousandths(quality));
        let is = |coding: &str| name.eq_ignore_ascii_case(coding);
        if is("identity") {
            identity = quality;
        } else if is("*") {
            any = quality;
        } else if let Some(at) = CODINGS.iter().position(|coding| is(coding)) {
            named[at] = quality;
        } else if is("x-gzip") {
            named[2] = quality;
        }
    }
    let mut best = (0, None);
    for (at, coding) in CODINGS.into_iter().enumerate() {
        let quality = named[at].or(any).unwrap_or(0);
        if quality > best.0 {
            best = (quality, Some(coding));
        }
    }
    match (best, identity.or(any)) {
        ((_, None), _) => Coding::Identity,
        ((_, Some(coding)), Some(0)) => Coding::Only(coding),
        // Named, and preferred to any coding.
        ((quality, Some(_)), Some(plain)) if identity.is_some() && plain > quality => {
            Coding::Identity
        }
        ((_, Some(coding)), _) => Coding::Of(coding),
    }
}

/// `q=0.5` is 500; what is not a quality is none.
fn thousandths(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let quality: f32 = value.trim().parse().ok()?;
    if !(0.0..=1.0).contains(&quality) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 1000"
    )]
    let thousandths = (quality * 1000.0).round() as u16;
    Some(thousandths)
}

/// The answer in that coding, if it has something to gain. Says that it depends on what was accepted
/// even when it is sent as it is. Of an answer to HEAD, the headers only.
pub(super) async fn encoded(mut response: Response, coding: Coding, head: bool) -> Response {
    let size = response.body().size_hint();
    let empty = size.exact() == Some(0);
    if empty && response.status() != StatusCode::NOT_MODIFIED {
        return response;
    }
    if response.headers().contains_key(header::ACCEPT_RANGES) {
        // Its ranges are of the bytes it has: coded, it would have others.
        return response;
    }
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().insert(header::VARY, vary);
    let name = match coding {
        _ if empty || is_encoded(&response) => return response,
        Coding::Identity => return response,
        Coding::Of(_) if size.exact().is_some_and(|size| size < SMALL) => return response,
        Coding::Of(name) | Coding::Only(name) => HeaderValue::from_static(name),
    };
    if head {
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_ENCODING, name);
        return response;
    }
    // The library compresses what a service answers: this one has its answer ready.
    let mut answer = Some(response);
    let service = service_fn(move |_request: Request| {
        ready(Ok::<_, Infallible>(answer.take().unwrap_or_default()))
    });
    let mut request = Request::default();
    request.headers_mut().insert(header::ACCEPT_ENCODING, name);
    let always = |_, _, _: &HeaderMap, _: &axum::http::Extensions| true;
    let compression = Compression::new(service).compress_when(always);
    match compression.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

fn is_encoded(response: &Response) -> bool {
    response.headers().contains_key(header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    static LONG: &str = include_str!("negotiation.rs");

    fn asked(accept: &[&str]) -> Coding {
        let values = accept.iter().map(|value| {
            let value = HeaderValue::from_str(value).unwrap();
            (header::ACCEPT_ENCODING, value)
        });
        coding(&values.collect())
    }

    #[test]
    fn the_coding_preferred_among_ours_is_chosen() {
        for (accept, expected) in [
            (&[][..], Coding::Identity),
            (&[""], Coding::Identity),
            (&["gzip"], Coding::Of("gzip")),
            (&["x-gzip"], Coding::Of("gzip")),
            (&["gzip, deflate, br, zstd"], Coding::Of("zstd")),
            (&["GZIP;q=1.0, br;Q=0.9"], Coding::Of("gzip")),
            (&["gzip;q=0.1", "br;q=0.2"], Coding::Of("br")),
            (&["zstd;q=0, *"], Coding::Of("br")),
            (&["*;q=0"], Coding::Identity),
            (&["deflate, compress"], Coding::Identity),
            (&["gzip;q=0"], Coding::Identity),
            (&["identity;q=0"], Coding::Identity),
            (&["identity;q=0, gzip;q=0.001"], Coding::Only("gzip")),
            (&["gzip, *;q=0"], Coding::Only("gzip")),
            (&["identity, gzip;q=0.5"], Coding::Identity),
            (&["identity;q=0.5, gzip"], Coding::Of("gzip")),
            (&["br;q=2, gzip;q=x, zstd;q=-1"], Coding::Identity),
            (&[",,;;,gzip;"], Coding::Identity),
        ] {
            assert_eq!(asked(accept), expected, "{accept:?}");
        }
    }

    async fn sent(body: &'static str, coding: Coding, head: bool) -> (HeaderMap, usize) {
        let response = encoded(Response::new(Body::from(body)), coding, head).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.headers, bytes.len())
    }

    #[tokio::test]
    async fn a_small_answer_is_sent_as_it_is_unless_refused_so() {
        let (headers, length) = sent("petit", Coding::Of("gzip"), false).await;
        assert_eq!((headers.get(header::CONTENT_ENCODING), length), (None, 5));
        assert_eq!(headers[header::VARY], "accept-encoding");
        let (headers, _) = sent("petit", Coding::Only("gzip"), false).await;
        assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
        for coding in CODINGS {
            let (headers, length) = sent(LONG, Coding::Of(coding), false).await;
            assert_eq!(headers[header::CONTENT_ENCODING], coding);
            assert!(length < LONG.len() / 2, "{coding}: {length}");
            let (headers, _) = sent(LONG, Coding::Of(coding), true).await;
            assert_eq!(headers[header::CONTENT_ENCODING], coding);
        }
    }
}
