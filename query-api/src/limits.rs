//! How often a client may ask: off unless configured, by key or by address.
//!
//! A client without a key is its address, an IPv6 one its /64, since a subscriber has all of that;
//! behind a proxy that is declared, the address it forwards. A client with a key has the limit
//! written beside it. What is left is told in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10). Only what is looked up counts: neither `/health` nor the
//! files of the pages.
//!
//! Own code rather than the `governor` crate: that one has one quota for all keys of a limiter, and
//! keeps every client it has seen until it is told to sweep.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::catalog::{Fingerprint, fingerprint};
use crate::config::Config;
use crate::dialects;
use crate::error::ApiError;

mod keys;
mod quota;
mod table;

pub use keys::KeysError;
pub use quota::{Quota, QuotaError};

use keys::Keys;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use table::{Left, Table};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A network of proxies that are believed when they say for whom they ask: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .or_else(|_not_a_network| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_neither| {
                format!("{text:?} is neither an address nor a network such as 10.0.0.0/8")
            })
    }
}

/// Who asks, and how often each may.
pub(crate) struct Limits {
    anonymous: Option<Quota>,
    proxies: Vec<Network>,
    keys: Option<KeyFile>,
    table: Table,
}

/// The keys of a file, as it was last read.
struct KeyFile {
    path: PathBuf,
    keys: RwLock<Arc<Keys>>,
}

/// A request that was counted.
pub(crate) struct Taken {
    policy: &'static str,
    quota: Quota,
    left: Left,
}

/// A key that nobody was given.
pub(crate) struct UnknownKey;

impl Limits {
    /// As configured; `None` when nothing is limited.
    pub(crate) fn of(config: &Config) -> Result<Option<Arc<Self>>, KeysError> {
        if config.rate_limit.is_none() && config.keys.is_none() {
            return Ok(None);
        }
        let keys = match &config.keys {
            None => None,
            Some(path) => Some(KeyFile {
                path: path.clone(),
                keys: RwLock::new(Arc::new(Keys::read(path)?)),
            }),
        };
        Ok(Some(Arc::new(Self {
            anonymous: config.rate_limit,
            proxies: config.trusted_proxies.clone(),
            keys,
            table: Table::new(),
        })))
    }

    /// Counts a request; `None` when it is not limited.
    pub(crate) fn take(
        &self,
        request: &Request,
        peer: Option<IpAddr>,
    ) -> Option<Result<Taken, UnknownKey>> {
        if !is_limited(request.uri().path()) {
            return None;
        }
        if let Some(file) = &self.keys
            && !is_of_operator(request.uri().path())
            && let Some(given) = key_of(request.headers())
        {
            let keys = Arc::clone(&file.keys.read().unwrap_or_else(PoisonError::into_inner));
            let Some(key) = keys.find(given) else {
                return Some(Err(UnknownKey));
            };
            return Some(Ok(self.counted("cle", ("key", &key.name), key.limit)));
        }
        let (quota, peer) = (self.anonymous?, peer?);
        let client = match self.client(request.headers(), peer) {
            IpAddr::V4(address) => u64::from(u32::from(address)),
            // The network of a subscriber.
            IpAddr::V6(address) => u64::try_from(u128::from(address) >> 64).unwrap_or(u64::MAX),
        };
        Some(Ok(self.counted("adresse", ("address", client), quota)))
    }

    fn counted(&self, policy: &'static str, client: impl Hash, quota: Quota) -> Taken {
        Taken {
            policy,
            quota,
            left: self.table.take(client, quota),
        }
    }

    /// The address a request was made from: of what proxies wrote, only that of those declared is
    /// believed, from the nearest on.
    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut client = peer.to_canonical();
        let values: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let hops = values
            .iter()
            .rev()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(','));
        for hop in hops {
            if !self
                .proxies
                .iter()
                .any(|network| network.0.contains(&client))
            {
                break;
            }
            match address_of(hop.trim()) {
                Some(address) => client = address.to_canonical(),
                None => break,
            }
        }
        client
    }

    /// Reads the keys again when their file changes, for ever. One that cannot be read leaves those
    /// that were.
    pub(crate) async fn watch(self: Arc<Self>, every: Duration) {
        let Some(file) = &self.keys else { return };
        let mut seen: Option<Fingerprint> = fingerprint(&file.path);
        loop {
            tokio::time::sleep(every).await;
            // One `stat` of a local file: shorter than handing it to another thread.
            let found = fingerprint(&file.path);
            if found != seen {
                seen = found;
                file.read_again();
            }
        }
    }
}

impl KeyFile {
    fn read_again(&self) {
        match Keys::read(&self.path) {
            Ok(keys) => {
                tracing::info!("{} keys read from {}", keys.len(), self.path.display());
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            }
            Err(error) => tracing::error!(error = %error, "keys left as they were: {error}"),
        }
    }
}

/// What costs a lookup.
pub(crate) fn is_limited(path: &str) -> bool {
    let pages = ["/entreprise/", "/etablissement/", "/association/"];
    path.starts_with("/v1/")
        || path == "/"
        || path == "/recherche"
        || pages.iter().any(|page| path.starts_with(page))
        || path == "/donnees"
        || path == "/sql"
        || dialects::envelope(path).is_some()
        || path.starts_with("/signup")
        || path == "/demander-une-donnee"
}

/// Whether a key sent there is the operator's of the forms, who is not one of those that were given a
/// key: counted by address, so that keys are not tried without end.
fn is_of_operator(path: &str) -> bool {
    path.starts_with("/signup/operateur")
}

/// `Authorization: Bearer`, else `X-Api-Key`.
fn key_of(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
    });
    let key = bearer.or_else(|| headers.get(API_KEY).map(HeaderValue::as_bytes));
    key.map(<[u8]>::trim_ascii)
}

/// An address as proxies write it, with or without a port.
fn address_of(text: &str) -> Option<IpAddr> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    inner
        .unwrap_or(text)
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

impl Taken {
    /// Whether it may be answered.
    pub(crate) fn allowed(&self) -> bool {
        self.left.wait.is_none()
    }

    /// Writes what is left.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let Self {
            policy,
            quota,
            left,
        } = self;
        let policies = [
            (
                RATE_LIMIT_POLICY,
                format!("\"{policy}\";q={};w={}", quota.requests(), quota.seconds()),
            ),
            (
                RATE_LIMIT,
                format!("\"{policy}\";r={};t={}", left.requests, left.full_in),
            ),
        ];
        for (name, value) in policies {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        if let Some(wait) = left.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
    }
}

impl UnknownKey {
    /// Refuses it.
    pub(crate) fn answer() -> Response {
        let mut response = ApiError::CleApiInconnue.into_response();
        debug_assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let challenge = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
        response
    }
}

#[cfg(test)]
mod tests;
