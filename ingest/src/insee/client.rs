//! One request to the API, within its quota.

use reqwest::StatusCode;
use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Api;
use crate::download::http::{Answer, get_with_secret};
use crate::download::retry::{Again, Failure, pause};
use crate::error::IngestError;
use crate::progress::Context;

/// The official address.
pub const API_SIRENE: &str = "https://api.insee.fr/api-sirene/3.11";

/// Its name in messages.
pub const NAME: &str = "INSEE's API";
/// Requests of the public plan, and the window they are counted over, with a second for the way.
const QUOTA: usize = 30;
const WINDOW: Duration = Duration::from_secs(61);
/// A page of a thousand records is about 5 MB.
const LARGEST_PAGE: usize = 64 << 20;
/// Of a message of the API, in an error.
const SHOWN: usize = 200;

const KEY: HeaderName = HeaderName::from_static("x-insee-api-key-integration");

/// Asks the API.
pub struct Client {
    base: Url,
    key: HeaderValue,
    pace: Pace,
}

/// What came of a request.
pub enum Got {
    /// A body.
    Body(Vec<u8>),
    /// No record matches, which the API calls 404.
    Nothing,
    /// The request itself is refused: it would be again.
    Refused(Failure),
}

#[derive(Deserialize)]
struct Refused {
    header: RefusedHeader,
}

#[derive(Deserialize)]
struct RefusedHeader {
    message: String,
}

impl Client {
    pub fn new(api: &Api) -> Result<Self, IngestError> {
        let wrong = |detail: String| IngestError::Source {
            name: NAME.to_owned(),
            detail,
        };
        let base: Url =
            api.url.trim_end_matches('/').parse().map_err(|error| {
                wrong(format!("address {:?}: {error}; see --insee-url", api.url))
            })?;
        // Neither the key nor what is wrong with it is printed.
        let mut key = HeaderValue::from_str(api.key.0.trim()).map_err(|_characters| {
            wrong("the key has characters no key has; see --insee-key".to_owned())
        })?;
        key.set_sensitive(true);
        Ok(Self {
            base,
            key,
            pace: Pace::default(),
        })
    }

    /// The address of a request.
    pub fn url(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url.query_pairs_mut().extend_pairs(query);
        // A plus is a space to some servers and a plus to others; a real one is already escaped.
        let query = url.query().unwrap_or_default().replace('+', "%20");
        url.set_query(Some(&query));
        url.to_string()
    }

    /// Asks for an address of [`Self::url`], when the quota allows.
    pub fn get(&mut self, url: &str, context: &Context) -> Result<Got, Failure> {
        pause(self.pace.wait(Instant::now()), context)?;
        self.pace.sent(Instant::now());
        let mut headers = HeaderMap::new();
        headers.insert(KEY, self.key.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = get_with_secret(NAME, url, headers, context)?;
        match answer.status {
            StatusCode::OK => answer.body(LARGEST_PAGE, context).map(Got::Body),
            StatusCode::NOT_FOUND => Ok(Got::Nothing),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Failure {
                error: IngestError::Source {
                    name: NAME.to_owned(),
                    detail: format!(
                        "the key is refused ({}): check --insee-key or REGISTRE_INSEE_KEY; portail-api.insee.fr gives one, and shows whether it is still subscribed to the API Sirene",
                        answer.status
                    ),
                },
                again: Again::Never,
            }),
            _ => match refusal(&answer, context) {
                failure if failure.again == Again::Never && answer.status.is_client_error() => {
                    Ok(Got::Refused(failure))
                }
                failure => Err(failure),
            },
        }
    }
}

/// With what the API says of it.
fn refusal(answer: &Answer, context: &Context) -> Failure {
    let mut failure = answer.refusal();
    if answer.status == StatusCode::TOO_MANY_REQUESTS && failure.again == Again::Later {
        // It does not say when: a window of its quota is enough.
        failure.again = Again::After(WINDOW);
    }
    let body = answer.body(LARGEST_PAGE, context).unwrap_or_default();
    if let Ok(Refused { header }) = serde_json::from_slice(&body)
        && let IngestError::Source { detail, .. } = &mut failure.error
    {
        let message: String = header.message.chars().take(SHOWN).collect();
        detail.extend([": ", &message]);
    }
    failure
}

/// When the latest requests were sent, to keep under the quota over any window.
#[derive(Debug, Default)]
struct Pace {
    sent: VecDeque<Instant>,
}

impl Pace {
    /// How long to wait before the next request.
    fn wait(&self, now: Instant) -> Duration {
        match self.sent.front() {
            Some(first) if self.sent.len() >= QUOTA => {
                WINDOW.saturating_sub(now.duration_since(*first))
            }
            _ => Duration::ZERO,
        }
    }

    fn sent(&mut self, now: Instant) {
        if self.sent.len() >= QUOTA {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str, key: &str) -> Result<Client, IngestError> {
        Client::new(&Api {
            url: url.to_owned(),
            key: key.to_owned().into(),
        })
    }

    #[test]
    fn never_more_than_the_quota_in_any_minute() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        let mut sent = Vec::new();
        for step in 0..200_u64 {
            now += pace.wait(now) + Duration::from_millis(step % 7 * 300);
            pace.sent(now);
            sent.push(now);
        }
        let minute = Duration::from_mins(1);
        for (index, first) in sent.iter().enumerate() {
            let within = sent[index..]
                .iter()
                .take_while(|at| **at - *first <= minute);
            assert!(within.count() <= QUOTA);
        }
        let busy = Duration::from_secs(61 * (200 / QUOTA as u64 + 1));
        assert!(now - sent[0] < busy, "no slower than it must");
    }

    #[test]
    fn a_query_is_escaped_whole() {
        let client = client("http://localhost:1/api-sirene/3.11/", "key").unwrap();
        let url = client.url(
            "siret/liensSuccession",
            &[
                ("q", "date:[2026-11-01T00:00:00 TO *]"),
                ("curseur", "A+b/c="),
            ],
        );
        assert_eq!(
            url,
            "http://localhost:1/api-sirene/3.11/siret/liensSuccession?q=date%3A%5B2026-11-01T00%3A00%3A00%20TO%20*%5D&curseur=A%2Bb%2Fc%3D"
        );
    }

    #[test]
    fn a_key_is_never_printed() {
        let api = Api {
            url: API_SIRENE.to_owned(),
            key: "s3cret".to_owned().into(),
        };
        assert!(!format!("{api:?}").contains("s3cret"));
        let error = client(API_SIRENE, "s3cret\n.").err().unwrap().to_string();
        assert!(
            error.contains("--insee-key") && !error.contains("s3cret"),
            "{error}"
        );
        let error = client("nulle part", "s3cret").err().unwrap().to_string();
        assert!(
            error.contains("--insee-url") && !error.contains("s3cret"),
            "{error}"
        );
    }
}
