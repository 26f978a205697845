//! One GET. A thread of its own waits on the network, so that Ctrl-C is seen at once whatever the
//! server does; nothing is read ahead of what is written but a few chunks.

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use std::cell::Cell;
use std::error::Error;
use std::io::Read;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::download::retry::{Again, Failure};
use crate::download::tls;
use crate::error::IngestError;
use crate::progress::Context;

/// A server that says nothing for this long is not going to.
const SILENCE: Duration = Duration::from_secs(30);
/// Fewer bytes than this in that time are silence too, dripped so as not to look like it.
const DRIP: u64 = 30_000;
const DRIP_IN: Duration = Duration::from_mins(5);
const CONNECT: Duration = Duration::from_secs(20);
const REDIRECTS: usize = 10;
/// A server that asks for more is obeyed by the next run.
const LONGEST_ASKED: Duration = Duration::from_mins(10);
/// How often Ctrl-C is looked at.
const LOOK: Duration = Duration::from_millis(200);
const CHUNK: usize = 1 << 17;
/// Chunks read ahead of the disk.
const AHEAD: usize = 8;

/// When the gateway of INSEE's API lets us in again, in milliseconds since 1970-01-01.
const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Redirects {
    Followed,
    /// Answered as they are.
    Kept,
}

/// The two HTTP clients: rustls, no overall limit but one on silence; one follows a bounded number
/// of redirects.
fn client(redirects: Redirects) -> Result<Client, reqwest::Error> {
    static FOLLOWING: OnceLock<Client> = OnceLock::new();
    static STAYING: OnceLock<Client> = OnceLock::new();
    let (cell, policy) = match redirects {
        Redirects::Followed => (&FOLLOWING, Policy::limited(REDIRECTS)),
        Redirects::Kept => (&STAYING, Policy::none()),
    };
    if let Some(client) = cell.get() {
        return Ok(client.clone());
    }
    // The only failure is that a provider is already installed, which is as good.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("registre/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        // Of the blocking client: until the headers, then of each read.
        .timeout(SILENCE)
        .redirect(policy)
        .build()?;
    Ok(cell.get_or_init(|| client).clone())
}

/// An answer whose body is still to be read.
#[derive(Debug)]
pub struct Answer {
    /// Of the last answer, after redirects.
    pub status: StatusCode,
    /// Of the same.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: String,
    source: String,
    requested: String,
    events: Receiver<Event>,
    pace: Pace,
}

/// What the thread that waits on the network has to tell.
#[derive(Debug)]
enum Event {
    Head(StatusCode, HeaderMap, String),
    Chunk(Vec<u8>),
    End,
    Broken { detail: String, again: Again },
}

/// Asks for `url`; every status is an answer, see [`Answer::refusal`]. `source` is for messages.
pub fn get(
    source: &str,
    url: &str,
    headers: HeaderMap,
    context: &Context,
) -> Result<Answer, Failure> {
    send(source, url, headers, Redirects::Followed, context)
}

/// The same, with a secret among the headers: a redirect is an answer, because following it would
/// give the secret to another server.
pub fn get_with_secret(
    source: &str,
    url: &str,
    headers: HeaderMap,
    context: &Context,
) -> Result<Answer, Failure> {
    send(source, url, headers, Redirects::Kept, context)
}

fn send(
    source: &str,
    url: &str,
    mut headers: HeaderMap,
    redirects: Redirects,
    context: &Context,
) -> Result<Answer, Failure> {
    // Lengths, ranges and checksums are those of the file, not of its compressed form.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let (sender, events) = sync_channel(AHEAD);
    let address = url.to_owned();
    std::thread::Builder::new()
        .name("download".to_owned())
        .spawn(move || exchange(&address, headers, redirects, &sender))
        .map_err(|error| failure(source, format!("start a thread: {error}"), Again::Never))?;
    let mut answer = Answer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        url: url.to_owned(),
        source: source.to_owned(),
        requested: url.to_owned(),
        events,
        pace: Pace::from(Instant::now()),
    };
    match answer.wait(context)? {
        Event::Head(status, headers, url) => {
            (answer.status, answer.headers, answer.url) = (status, headers, url);
            Ok(answer)
        }
        _ => Err(answer.failure("no answer", Again::Later)),
    }
}

impl Answer {
    /// The next bytes; `None` at the end.
    pub fn next(&self, context: &Context) -> Result<Option<Vec<u8>>, Failure> {
        match self.wait(context)? {
            Event::Chunk(bytes) if self.pace.drips(bytes.len() as u64, Instant::now()) => {
                let detail = format!("less than {DRIP} bytes received in {} s", DRIP_IN.as_secs());
                Err(self.failure(&detail, Again::Later))
            }
            Event::Chunk(bytes) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    /// The whole body, when it is at most that long.
    pub fn body(&self, at_most: usize, context: &Context) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next(context)? {
            if body.len() + chunk.len() > at_most {
                return Err(self.failure(&format!("more than {at_most} bytes"), Again::Never));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// A header, as text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A failure of this exchange, naming the source and the address.
    pub fn failure(&self, detail: &str, again: Again) -> Failure {
        failure(
            &self.source,
            format!("GET {}: {detail}", self.requested),
            again,
        )
    }

    /// What a status that is not a success means for the next try.
    pub fn refusal(&self) -> Failure {
        let status = self.status;
        let detail = format!("the server answers {status}");
        let passing = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
            );
        if !passing {
            let detail = format!("{detail}: moved or closed; run again later, or see --source");
            return self.failure(&detail, Again::Never);
        }
        match self.asked_wait() {
            None => self.failure(&detail, Again::Later),
            Some(wait) if wait <= LONGEST_ASKED => self.failure(&detail, Again::After(wait)),
            Some(wait) => self.failure(
                &format!("{detail}, and asks to come back in {} s", wait.as_secs()),
                Again::Never,
            ),
        }
    }

    /// How long the server asks us to wait.
    fn asked_wait(&self) -> Option<Duration> {
        let now = Utc::now();
        let retry_after = self.header(&RETRY_AFTER).and_then(|text| asked(text, now));
        retry_after.or_else(|| reset(self.header(&RATE_LIMIT_RESET)?, now))
    }

    fn wait(&self, context: &Context) -> Result<Event, Failure> {
        loop {
            context.cancel.check()?;
            match self.events.recv_timeout(LOOK) {
                Ok(Event::Broken { detail, again }) => return Err(self.failure(&detail, again)),
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.failure("the connection was lost", Again::Later));
                }
            }
        }
    }
}

/// How fast a body comes, over windows of [`DRIP_IN`].
#[derive(Debug)]
struct Pace {
    since: Cell<Instant>,
    bytes: Cell<u64>,
}

impl From<Instant> for Pace {
    fn from(start: Instant) -> Self {
        Self {
            since: Cell::new(start),
            bytes: Cell::new(0),
        }
    }
}

impl Pace {
    /// Counts bytes received now; whether a window ended with too few.
    fn drips(&self, bytes: u64, now: Instant) -> bool {
        let received = self.bytes.get() + bytes;
        self.bytes.set(received);
        if now.duration_since(self.since.get()) < DRIP_IN {
            return false;
        }
        self.since.set(now);
        self.bytes.set(0);
        received < DRIP
    }
}

fn failure(source: &str, detail: String, again: Again) -> Failure {
    Failure {
        error: IngestError::Source {
            name: source.to_owned(),
            detail,
        },
        again,
    }
}

/// The thread: ends when the answer does, or when nobody listens any more.
fn exchange(url: &str, headers: HeaderMap, redirects: Redirects, to: &SyncSender<Event>) {
    let sent = client(redirects).and_then(|client| client.get(url).headers(headers).send());
    let _nobody_listens = match sent {
        Ok(response) => relay(response, to),
        Err(error) => to.send(unsent(error)).ok(),
    };
}

/// `None` when nobody listens any more.
fn relay(mut response: Response, to: &SyncSender<Event>) -> Option<()> {
    let (status, url) = (response.status(), response.url().to_string());
    to.send(Event::Head(status, response.headers().clone(), url))
        .ok()?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let event = match response.read(&mut buffer) {
            Ok(0) => Event::End,
            Ok(length) => Event::Chunk(buffer[..length].to_vec()),
            Err(error) => Event::Broken {
                detail: cut(&error),
                again: Again::Later,
            },
        };
        let last = !matches!(event, Event::Chunk(_));
        to.send(event).ok()?;
        if last {
            return Some(());
        }
    }
}

/// Why no answer came.
fn unsent(error: reqwest::Error) -> Event {
    let error = error.without_url();
    let (detail, again) = if error.is_redirect() {
        let detail = format!(
            "redirected more than {REDIRECTS} times: the site is at fault, run again later ({})",
            causes(&error)
        );
        (detail, Again::Never)
    } else if let Some(detail) = tls::explain(&error) {
        // Neither a certificate nor a protocol changes between two tries.
        (detail, Again::Never)
    } else if error.is_builder() {
        (causes(&error), Again::Never)
    } else if error.is_timeout() {
        let detail = format!("no answer in {} s", SILENCE.as_secs());
        (detail, Again::Later)
    } else {
        (causes(&error), Again::Later)
    };
    Event::Broken { detail, again }
}

/// Why a body ended before its end.
fn cut(error: &std::io::Error) -> String {
    let silent = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_timeout);
    if silent {
        format!("nothing received for {} s", SILENCE.as_secs())
    } else {
        format!("the connection was cut: {}", causes(error))
    }
}

/// An error and what caused it, on one line.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// `Retry-After`: seconds, or a date.
fn asked(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    // A date already past means now.
    Some(
        (date.with_timezone(&Utc) - now)
            .to_std()
            .unwrap_or_default(),
    )
}

/// `X-Rate-Limit-Reset`; one already past says nothing of what to do now.
fn reset(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let at = DateTime::from_timestamp_millis(text.trim().parse().ok()?)?;
    (at - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_drips_is_told_from_a_slow_one() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let slow = Pace::from(start);
        for second in 0..1000 {
            assert!(!slow.drips(200, after(second)));
        }
        let dripping = Pace::from(start);
        assert!(!dripping.drips(1, after(1)));
        assert!(!dripping.drips(1, after(299)));
        assert!(dripping.drips(1, after(301)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-11-24T07:00:00Z")
            .unwrap()
            .with_timezone(&Utc);
        assert_eq!(asked("120", now), Some(Duration::from_mins(2)));
        assert_eq!(
            asked("Tue, 24 Nov 2026 07:00:30 GMT", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            asked("Tue, 24 Nov 2026 06:00:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(asked("soon", now), None);
        let at = |seconds: i64| (now.timestamp_millis() + seconds * 1000).to_string();
        assert_eq!(reset(&at(42), now), Some(Duration::from_secs(42)));
        assert_eq!(reset(&at(-1), now), None);
        assert_eq!(reset("soon", now), None);
    }
}
