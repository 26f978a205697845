//! The forms: asking for access to an API, asking for data that is missing.
//!
//! | module | holds |
//! |---|---|
//! | `apis`, `champs` | the kinds of API, every question: tables |
//! | `formulaire` | what was typed, whether it will do, the JSON made of it |
//! | `organisation` | what the registers say of the applicant's, asked when the form is sent |
//! | `store` | where requests are kept: SQLite |
//! | `numero` | receipt numbers, secrets, signatures |
//! | `envoi` | sending them on, signed and retried |
//! | `acces` | the operator's key, forms of other sites |
//! | `http`, `operateur` | the routes |
//! | `pages`, `recu`, `reponse` | the HTML, the JSON |
//!
//! Architecture invariants: nothing that an applicant typed is logged, or kept anywhere but in the
//! store and what is sent to the webhook. What goes wrong here does not touch lookups.

mod acces;
mod apis;
mod champs;
mod csv;
mod envoi;
mod formulaire;
mod http;
mod numero;
mod operateur;
mod organisation;
mod pages;
mod recu;
mod reponse;
mod store;

use axum::Router;
use axum::routing::{get, post};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub use acces::SecretError;
pub use apis::ApisError;
pub use envoi::WebhookError;

use crate::catalog::Catalog;
use crate::config;
use acces::Cle;
use apis::Api;
use envoi::Webhook;
use store::Store;

/// Between two looks for requests that are too old.
const PURGE: Duration = Duration::from_hours(1);

/// Why the forms cannot be set up as asked.
#[derive(Debug, thiserror::Error)]
pub enum SignupError {
    /// The file of kinds of API is refused.
    #[error(transparent)]
    Apis(#[from] ApisError),
    /// The operator's key is refused.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// The webhook is refused.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
}

/// The forms, as configured.
pub(crate) struct Signup {
    apis: Vec<Api>,
    store: Arc<Store>,
    /// None: the operator's pages do not exist.
    cle: Option<Cle>,
    retention_days: u32,
    /// None: nothing is sent on.
    wake: Option<Arc<Notify>>,
}

/// What every route of the forms knows.
#[derive(Clone)]
struct Guichet {
    signup: Arc<Signup>,
    catalog: Arc<Catalog>,
}

impl Signup {
    /// As configured, with what must run beside it. Blocking, of a few small files.
    pub(crate) fn of(
        config: &config::Signup,
        data: &std::path::Path,
        beside: &mut JoinSet<()>,
    ) -> Result<Arc<Self>, SignupError> {
        let path = config
            .db
            .clone()
            .unwrap_or_else(|| data.join(PathBuf::from_iter(["signup", "demandes.sqlite"])));
        let store = Store::at(path);
        let apis = apis::read(config.apis.as_deref())?;
        let cle = config.key_file.as_deref().map(Cle::read).transpose()?;
        let wake = match &config.webhook {
            None => None,
            Some(webhook) => {
                let wake = Arc::new(Notify::new());
                let webhook = Webhook::new(&webhook.url, &webhook.secret_file)?;
                beside.spawn(webhook.run(Arc::clone(&store), Arc::clone(&wake)));
                Some(wake)
            }
        };
        beside.spawn(purge(Arc::clone(&store), config.retention_days));
        Ok(Arc::new(Self {
            apis,
            store,
            cle,
            retention_days: config.retention_days,
            wake,
        }))
    }
}

/// Deletes what is too old, for ever.
async fn purge(store: Arc<Store>, days: u32) {
    loop {
        if store.exists() {
            match store.purger(days).await {
                Ok(0) => {}
                Ok(gone) => {
                    tracing::info!("{gone} requests kept for more than {days} days were deleted")
                }
                Err(error) => tracing::error!(
                    "delete the requests kept for more than {days} days: {error}; {}",
                    error.advice()
                ),
            }
        }
        tokio::time::sleep(PURGE).await;
    }
}

/// The routes of the forms.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    signup: Arc<Signup>,
    catalog: Arc<Catalog>,
) -> Router<S> {
    Router::new()
        .route("/signup", get(http::choix))
        .route("/signup/{api}", get(http::formulaire).post(http::envoyer))
        .route(
            "/demander-une-donnee",
            get(http::formulaire_donnee).post(http::envoyer_donnee),
        )
        .route("/signup/demandes/{numero}", get(http::recu))
        .route("/signup/demandes/{numero}/supprimer", post(http::supprimer))
        .route("/signup/operateur", get(operateur::liste))
        .route("/signup/operateur/{export}", get(operateur::export))
        .route(
            "/signup/operateur/demandes/{numero}",
            get(operateur::demande),
        )
        .route(
            "/signup/operateur/demandes/{numero}/supprimer",
            post(operateur::supprimer),
        )
        .route(
            "/signup/operateur/demandes/{numero}/renvoyer",
            post(operateur::renvoyer),
        )
        .with_state(Guichet { signup, catalog })
}
