//! Sending requests on to the system that handles them: signed, retried for days, one at a time.
//!
//! What is to be sent is written in the same transaction as the request, so that neither a crash nor
//! a restart loses it. A sending is held by a lease longer than its time limit: no two processes send
//! the same one at the same moment. One whose answer was lost is sent again, under the same
//! `Idempotency-Key` and with the same body: the receiver tells it by that.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

use super::acces::{self, SecretError};
use super::numero::hmac;
use super::reponse;
use super::store::{APartir, Envoi, Store, StoreError};
use crate::text::hexadecimal;

/// The whole of a sending.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A process that is killed leaves what it was sending to others after that long.
const LEASE: Duration = Duration::from_mins(1);
/// Before the second try; doubled from one to the next.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(2);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);
/// Given up after that: a receiver may be down for a long weekend.
const GIVE_UP: TimeDelta = TimeDelta::days(5);
/// Looked at even when nobody says that there is something: another process may have written it.
const LOOK: Duration = Duration::from_mins(1);
/// Bytes of a secret: half of the block of SHA-256.
const LEAST_SECRET: usize = 32;

/// Why a webhook is refused.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No address of a server.
    #[error("--signup-webhook {0:?} is no http:// or https:// address")]
    Address(String),
    /// Its secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No client could be made.
    #[error("make the HTTP client of the webhook: {0}")]
    Client(reqwest::Error),
}

/// Where requests are sent, and how they are signed.
pub(super) struct Webhook {
    url: Url,
    secret: Vec<u8>,
    client: Client,
}

impl Webhook {
    pub(super) fn new(url: &str, secret: &Path) -> Result<Self, WebhookError> {
        let parsed = Url::parse(url).ok().filter(|parsed| {
            matches!(parsed.scheme(), "http" | "https") && parsed.host_str().is_some()
        });
        let parsed = parsed.ok_or_else(|| WebhookError::Address(url.to_owned()))?;
        let secret = acces::secret("the secret of the webhook", secret, LEAST_SECRET)?;
        // The only failure is that a provider is already installed, which is as good.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("registre/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            // What applicants wrote goes where the operator said, not further.
            .redirect(Policy::none())
            .build()
            .map_err(WebhookError::Client)?;
        Ok(Self {
            url: parsed,
            secret,
            client,
        })
    }

    /// Sends what is to be sent, for ever. `wake` is told of each request kept.
    pub(super) async fn run(self, store: Arc<Store>, wake: Arc<Notify>) {
        loop {
            let pause = match self.send_due(&store).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!("webhook: {error}; {}", error.advice());
                    LOOK
                }
            };
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sends all that are due, one after the other; how long until the next.
    async fn send_due(&self, store: &Arc<Store>) -> Result<Duration, StoreError> {
        if !store.exists() {
            return Ok(LOOK);
        }
        while let Some(next) = store.prendre(LEASE).await? {
            let outcome = self.send(&next).await;
            let numero = next.demande.numero.clone();
            let envoi = after(&next, outcome, Utc::now());
            // Told once it is written: what a crash leaves is what the log says.
            store.rendre(numero.clone(), envoi.clone()).await?;
            tell(&numero, &envoi);
        }
        let due = store.prochain_envoi().await?;
        let seconds = due.map(|due| (due - Utc::now().timestamp()).max(1));
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Ok(seconds.map_or(LOOK, Duration::from_secs).min(LOOK))
    }

    /// What the receiver answered, or why nothing came, without anything of the request.
    async fn send(&self, next: &APartir) -> Result<u16, String> {
        let body = reponse::evenement(&next.demande, &next.idempotence).to_string();
        let timestamp = Utc::now().timestamp().to_string();
        let answer = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &next.idempotence)
            .header("X-Registre-Timestamp", &timestamp)
            .header(
                "X-Registre-Signature",
                signature(&self.secret, &timestamp, &body),
            )
            .body(body)
            .send()
            .await;
        answer
            .map(|answer| answer.status().as_u16())
            // The address may hold a secret of its own.
            .map_err(|error| causes(&error.without_url()))
    }
}

/// How a sending ended, for the operator.
fn tell(numero: &str, envoi: &Envoi) {
    match envoi.etat.as_str() {
        "envoyee" => {
            tracing::info!(%numero, essais = envoi.essais, "request {numero} sent to the webhook")
        }
        "abandonnee" => tracing::error!(
            %numero,
            "request {numero} given up after {} tries in {} days, the last one: {}; see /signup/operateur, which can send it again",
            envoi.essais,
            GIVE_UP.num_days(),
            envoi.dernier.as_deref().unwrap_or_default()
        ),
        _ => tracing::warn!(
            %numero,
            "request {numero} not sent to the webhook: {}; try {} in {} s",
            envoi.dernier.as_deref().unwrap_or_default(),
            envoi.essais + 1,
            envoi.prochain - Utc::now().timestamp()
        ),
    }
}

/// `sha256=` and the HMAC of `timestamp.body`, in hexadecimal.
fn signature(secret: &[u8], timestamp: &str, body: &str) -> String {
    let mac = hmac(secret, &[timestamp.as_bytes(), b".", body.as_bytes()]);
    format!("sha256={}", hexadecimal(&mac))
}

/// An error and all that caused it: the outer one alone says nothing.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// What is written after a try.
fn after(next: &APartir, outcome: Result<u16, String>, now: DateTime<Utc>) -> Envoi {
    let essais = next.essais + 1;
    let (sent, dernier) = match outcome {
        Ok(status @ 200..=299) => (true, format!("HTTP {status}")),
        Ok(status) => (false, format!("HTTP {status}")),
        Err(why) => (false, why),
    };
    let etat = if sent {
        "envoyee"
    } else if now - next.depuis >= GIVE_UP {
        "abandonnee"
    } else {
        "en_attente"
    };
    let doubled = FIRST_PAUSE * (1 << next.essais.min(20));
    Envoi {
        etat: etat.to_owned(),
        essais,
        dernier: Some(dernier),
        prochain: (now + doubled.min(LONGEST_PAUSE)).timestamp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signup::store::Demande;

    fn tried(essais: u32) -> APartir {
        APartir {
            demande: Demande {
                numero: "D-00000-00000".to_owned(),
                empreinte: Vec::new(),
                nature: "acces_api".to_owned(),
                api: None,
                deposee_le: "2026-11-01T00:00:00Z".to_owned(),
                verification: None,
                contenu: "{}".to_owned(),
                envoi: None,
            },
            idempotence: "1".to_owned(),
            essais,
            depuis: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn pauses_double_up_to_six_hours_and_end_after_five_days() {
        let pause = |essais| {
            let now = DateTime::UNIX_EPOCH;
            after(&tried(essais), Ok(503), now).prochain
        };
        assert_eq!([pause(0), pause(1), pause(2)], [2, 4, 8]);
        assert_eq!([pause(14), pause(40)], [21_600, 21_600]);
        let late = DateTime::UNIX_EPOCH + GIVE_UP;
        let given_up = after(&tried(30), Err("refused".to_owned()), late);
        assert_eq!(
            (given_up.etat.as_str(), given_up.dernier.as_deref()),
            ("abandonnee", Some("refused"))
        );
        assert_eq!(after(&tried(30), Ok(204), late).etat, "envoyee");
        assert_eq!(
            after(&tried(0), Ok(302), DateTime::UNIX_EPOCH).etat,
            "en_attente",
            "a redirect is no receipt"
        );
    }

    #[test]
    fn a_webhook_has_an_address_and_a_secret_that_is_not_guessed() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("secret");
        let make = |text: &str| {
            std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), text.as_bytes())
                .unwrap()
        };
        assert!(matches!(
            Webhook::new("https://a.example/", &path),
            Err(WebhookError::Secret(SecretError::Read { .. }))
        ));
        make("court\n");
        assert!(matches!(
            Webhook::new("https://a.example/", &path),
            Err(WebhookError::Secret(SecretError::Short { found: 5, .. }))
        ));
        make(&"0".repeat(32));
        assert!(matches!(
            Webhook::new("file:///etc", &path),
            Err(WebhookError::Address(_))
        ));
        assert!(Webhook::new("https://a.example/", &path).is_ok());
    }
}
