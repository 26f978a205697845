//! Every setting of the server, with a default that works.

use std::path::PathBuf;
use std::time::Duration;

use crate::feed::Feed;
use crate::limits::{Network, Quota};
use crate::sql::Sql;

/// What the server needs to know. `Config::default()` serves the folder `data`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds `current.json` and `snapshots`.
    pub data: PathBuf,
    /// A query that lasts longer is interrupted and answered 504.
    pub query_timeout: Duration,
    /// How many queries run at the same time: one DuckDB connection each.
    pub max_connections: usize,
    /// How many requests may wait for a connection; the next one is answered 503 at once.
    pub max_waiting: usize,
    /// How long a request may wait for a connection before it is answered 503.
    pub wait_timeout: Duration,
    /// DuckDB's memory limit, as DuckDB spells it.
    pub memory_limit: String,
    /// DuckDB's threads, shared by all connections.
    pub threads: usize,
    /// How often `current.json` is looked at.
    pub poll_interval: Duration,
    /// How long requests in progress may last once the server is asked to stop.
    pub drain_timeout: Duration,
    /// Clients connected at the same time, as far as the limit on open files allows; the next ones
    /// wait.
    pub max_clients: usize,
    /// How long the headers of a request may take to come, and how long a connection may stay
    /// without a request.
    pub header_timeout: Duration,
    /// Largest headers read, first line included, in bytes.
    pub max_header: usize,
    /// How long a connection lasts; its client then opens another.
    pub max_age: Duration,
    /// Largest request body read, in bytes. A thousand identifiers, with what people write around
    /// them, take a quarter of it.
    pub max_body: usize,
    /// How often a client without a key may ask; `None`: as often as it likes.
    pub rate_limit: Option<Quota>,
    /// TOML file of keys, each with its own limit; read again when it changes.
    pub keys: Option<PathBuf>,
    /// Proxies that are believed when they say, in `X-Forwarded-For`, for whom they ask.
    pub trusted_proxies: Vec<Network>,
    /// The forms that ask for an API or for missing data; `None`: there are none.
    pub signup: Option<Signup>,
    /// Whoever brings snapshots to the data folder from elsewhere; `None`: they are made there.
    pub feed: Option<Feed>,
    /// Public SQL; `None`: there is none.
    pub sql: Option<Sql>,
    /// Enrichments too large for one request; `None`: there are none.
    pub travaux: Option<Travaux>,
}

/// Settings of the enrichments that are kept while they are made.
#[derive(Debug, Clone)]
pub struct Travaux {
    /// Their folder; `None`: `enrichissements` in the data folder. Made when the first is.
    pub dossier: Option<PathBuf>,
    /// Bytes of a file, at most.
    pub octets: u64,
    /// Jobs kept at the same time, at most.
    pub nombre: usize,
    /// Hours after which one that nobody touched is deleted.
    pub heures: u32,
}

impl Default for Travaux {
    fn default() -> Self {
        Self {
            dossier: None,
            octets: 200_000_000,
            nombre: 20,
            heures: 24,
        }
    }
}

/// Settings of the forms.
#[derive(Debug, Clone)]
pub struct Signup {
    /// SQLite file of the requests; `None`: `signup/demandes.sqlite` in the data folder. Made when the
    /// first request is kept.
    pub db: Option<PathBuf>,
    /// TOML file of kinds of API, added to those compiled in.
    pub apis: Option<PathBuf>,
    /// Where each request is sent on.
    pub webhook: Option<Webhook>,
    /// File of the operator's key; without it the operator's pages do not exist.
    pub key_file: Option<PathBuf>,
    /// Days that requests are kept.
    pub retention_days: u32,
}

/// A system that handles requests.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its address, `http` or `https`.
    pub url: String,
    /// File of the secret that signs what is sent.
    pub secret_file: PathBuf,
}

impl Default for Signup {
    fn default() -> Self {
        Self {
            db: None,
            apis: None,
            webhook: None,
            key_file: None,
            retention_days: 365,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            data: PathBuf::from("data"),
            query_timeout: Duration::from_secs(10),
            max_connections: cores.clamp(2, 16),
            max_waiting: 128,
            wait_timeout: Duration::from_secs(2),
            memory_limit: "1GB".to_owned(),
            threads: cores,
            poll_interval: Duration::from_secs(1),
            drain_timeout: Duration::from_secs(10),
            max_clients: 10_000,
            header_timeout: Duration::from_secs(15),
            max_header: 16 * 1024,
            max_age: Duration::from_mins(10),
            max_body: 256 * 1024,
            rate_limit: None,
            keys: None,
            trusted_proxies: Vec::new(),
            signup: None,
            sql: Some(Sql::default()),
            travaux: None,
            feed: None,
        }
    }
}
