//! Answers from a published snapshot: HTTP, a page for people, and the command line.
//!
//! | module | holds |
//! |---|---|
//! | `server` | connections: how many, for how long |
//! | `router`, `middleware` | every route, and what surrounds them |
//! | `limits` | how often a client may ask, when that is limited |
//! | `handlers`, `params`, `cache` | a typed request in, an answer out; who may keep it |
//! | `answer`, `health`, `view` | what is answered, and its JSON, from the column tables |
//! | `lookup`, `rows` | what is asked by key, of whoever holds the rows |
//! | `selection` | what is asked by the columns of a table, of DuckDB |
//! | `recherche` | what is asked by name, of the index |
//! | `dossier`, `organisation` | which rows make an organisation; what is said of them |
//! | `dialects` | the wire formats of services that no longer answer |
//! | `enrichir` | the rows of someone's file, with what is known of each |
//! | `export` | a list that has no end, page by page |
//! | `mirror` | the tables as Parquet files, by ranges |
//! | `engine` | DuckDB: the only SQL, the only connections |
//! | `fiches` | lookups by key: an index in memory, one read of a file |
//! | `catalog` | which snapshot is in service; hot swap |
//! | `feed` | whether whoever brings snapshots from elsewhere can |
//! | `error` | every error, as RFC 9457 |
//! | `sql` | public SQL: the processes that answer it, HTTP, the shell's session |
//! | `signup` | the forms, where their requests are kept, how they are sent on |
//! | `openapi`, `docs` | the documentation, from the same tables |
//! | `ui` | the page, rendered here so that it works without JavaScript |
//!
//! Architecture invariant: this crate writes nothing and opens no connection to anyone, but in
//! `signup`: `store` keeps what applicants send, `envoi` sends it where the operator said; and in
//! `enrichir::travaux`, which keeps files to enrich, and what was made of them, for some hours.

mod answer;
mod cache;
mod catalog;
mod config;
mod dialects;
mod docs;
mod dossier;
mod engine;
mod enrichir;
mod error;
mod export;
mod feed;
mod fiches;
mod handlers;
mod health;
mod jeton;
mod limits;
mod lookup;
mod memory;
mod middleware;
mod mirror;
mod openapi;
mod organisation;
mod params;
mod ranges;
mod recherche;
mod record;
mod router;
mod rows;
mod selection;
mod server;
mod signup;
mod sql;
#[cfg(test)]
mod testing;
mod text;
mod ui;
mod view;

use registre_schemas::identifiers::Identifier;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use config::{Config, Signup, Travaux, Webhook};
pub use enrichir::{
    Bilan, Compris, Encodage, EnrichirError, Format as FormatSortie, FormatEntree, Options,
    PREFIXE, Suivi, encodage_de, enrichir,
};
pub use error::{ApiError, Code, Problem};
pub use feed::{Feed, State as FeedState};
pub use limits::{KeysError, Network, Quota, QuotaError};
pub use openapi::openapi;
pub use signup::{ApisError, SecretError, SignupError, WebhookError};
pub use sql::schema::{Colonne, Description, FormatName, Limites, Relation};
pub use sql::{
    Answer, Format, Session, SessionError, Size, Sql, SqlError, WORKER_COMMAND, run_worker,
};

use catalog::{Catalog, Seen};
use limits::Limits;

/// Why the server stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listening socket failed.
    #[error("serve: {0}")]
    Io(#[from] std::io::Error),
    /// The file of keys is refused.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The forms cannot be set up as asked.
    #[error(transparent)]
    Signup(#[from] SignupError),
}

/// Serves `config.data` until `shutdown` completes, then lets the requests in progress finish, for
/// a bounded time. Without a snapshot it answers that there is none, and starts as soon as one is
/// published.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let limits = Limits::of(&config)?;
    let catalog = Arc::new(Catalog::new(&config));
    let seen = Arc::clone(&catalog).look(Seen::default()).await;
    if catalog.current().is_none() {
        tracing::warn!(data = %config.data.display(), "no snapshot in service yet in {}", config.data.display());
    }
    // Ended when it is dropped.
    let mut watching = JoinSet::new();
    let forms = match &config.signup {
        None => None,
        Some(signup) => Some(signup::Signup::of(signup, &config.data, &mut watching)?),
    };
    let jobs = config.travaux.as_ref().map(|limites| {
        let catalog = Arc::clone(&catalog);
        enrichir::travaux::Travaux::of(limites, &config.data, catalog, &mut watching)
    });
    watching.spawn(Arc::clone(&catalog).watch(config.poll_interval, seen));
    if let Some(limits) = &limits {
        watching.spawn(Arc::clone(limits).watch(config.poll_interval));
    }
    let app = router::router(&config, catalog, limits, forms, jobs);
    watching.spawn(app.clone().tell());
    Ok(server::run(listener, app, &config, shutdown).await?)
}

/// The answer the server would give for a SIRET, a SIREN or an RNA number. Blocking: not for use
/// inside an asynchronous runtime.
pub fn lookup(config: &Config, identifier: &str) -> Result<serde_json::Value, ApiError> {
    let parsed: Identifier = identifier
        .parse()
        .map_err(|cause| ApiError::identifiant(identifier, cause, None))?;
    let catalog = Catalog::new(config).by_number_only();
    catalog
        .refresh()
        .map_err(|error| ApiError::Interne(Box::new(error)))?;
    let snapshot = catalog.current().ok_or(ApiError::AucuneDonnee)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| ApiError::Interne(Box::new(error)))?;
    runtime.block_on(answer::any(&snapshot, parsed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;
    use std::io::Write as _;
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn a_stalled_client_does_not_hold_the_server_past_its_drain() {
        let fixture = Fixture::published("20261101T000000Z");
        let config = Config {
            drain_timeout: Duration::from_millis(200),
            ..fixture.config()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(b"GET /health HTTP/1.1\r\nHost: ").unwrap();
        let started = Instant::now();
        serve(
            listener,
            config,
            tokio::time::sleep(Duration::from_millis(100)),
        )
        .await
        .unwrap();
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
    }

    #[test]
    fn the_command_line_gets_the_json_of_http() {
        let fixture = Fixture::published("20261101T000000Z");
        let found = lookup(&fixture.config(), "130 025 265 00013").unwrap();
        assert_eq!(found["unite_legale"]["sigle"], "DINUM");
        let missing = lookup(&Fixture::empty().config(), "130025265").unwrap_err();
        assert_eq!(missing.code(), Code::AucuneDonnee);
        assert_eq!(missing.cause(), None);
    }

    #[test]
    fn the_command_line_is_told_which_file_is_damaged() {
        let fixture = Fixture::published("20261101T000000Z");
        for (damage, expected) in [
            (
                Fixture::truncated_table as fn(&Fixture),
                "etablissement.parquet has 100 bytes",
            ),
            (Fixture::overwritten_table, "read etablissement.parquet"),
            (Fixture::missing_table, "etablissement.parquet"),
        ] {
            damage(&fixture);
            let error = lookup(&fixture.config(), "13002526500013").unwrap_err();
            let cause = error.cause().unwrap_or_default();
            assert!(cause.contains(expected), "{cause}");
            assert!(!error.to_string().contains("parquet"), "{error}");
        }
    }
}
