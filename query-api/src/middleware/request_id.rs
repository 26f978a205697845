//! The name of a request: given by the client, or by us; echoed and logged.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// `X-Request-Id`
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of a name that a client may give.
const LONGEST: usize = 64;

/// Names requests, each once. The system is asked for randomness once, not at each request.
pub(super) struct RequestIds {
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        Self {
            next: AtomicU64::new(RandomState::new().hash_one("first request")),
        }
    }

    /// What the client calls it, in a few plain characters, else a name of ours.
    pub(super) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        match headers.get(REQUEST_ID) {
            Some(given)
                if !given.is_empty()
                    && given.len() <= LONGEST
                    && given.as_bytes().iter().all(plain) =>
            {
                given.clone()
            }
            _ => hexadecimal(mixed(self.next.fetch_add(1, Ordering::Relaxed))),
        }
    }
}

/// The end of `SplitMix64`: each number goes to another one, and two that follow each other have
/// nothing in common. So names are never given twice and do not tell how many requests there were.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn hexadecimal(number: u64) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 16];
    for (pair, byte) in text.chunks_mut(2).zip(number.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    HeaderValue::from_bytes(&text).unwrap_or_else(|_never| HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_requests_have_the_same_name() {
        let ids = RequestIds::new();
        let names: HashSet<_> = (0..100_000).map(|_| ids.of(&HeaderMap::new())).collect();
        assert_eq!(names.len(), 100_000);
        assert!(names.iter().all(|name| name.len() == 16));
    }

    #[test]
    fn a_name_is_its_number_in_hexadecimal() {
        assert_eq!(hexadecimal(0x0123_4567_89ab_cdef), "0123456789abcdef");
    }
}
