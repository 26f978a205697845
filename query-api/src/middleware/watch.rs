//! What the log says of requests.
//!
//! A register is asked thousands of times a second, for numbers that are somebody's: what each one
//! asked is noise, and nobody's business. So the log has, once a minute, how many were answered,
//! refused and failed, and a line for each that failed or was slow, which an operator must see. A
//! line for every request is there for who wants it: `REGISTRE_LOG=info,requests=debug`.

use axum::http::{HeaderValue, Method, StatusCode, Uri};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Target of these lines, for filters.
const TARGET: &str = "requests";

/// Characters of a path that are logged: the longest route we have is a third of it.
const LOGGED_PATH: usize = 200;

/// The route whose last segment is words to look for, not a number.
const TYPED: &str = "/full_text/";

/// From then on an answer has a line of its own.
const SLOW: Duration = Duration::from_secs(1);

/// Between two summaries.
const EVERY: Duration = Duration::from_mins(1);

/// Counts since the last summary.
#[derive(Default)]
pub(super) struct Watch {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    slowest_us: AtomicU64,
}

/// What a summary says.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    answered: u64,
    refused: u64,
    failed: u64,
    slowest_us: u64,
}

impl Watch {
    /// One more. The path is logged, not the query: it may be what a person typed.
    pub(super) fn answered(
        &self,
        method: &Method,
        uri: &Uri,
        id: &HeaderValue,
        status: StatusCode,
        elapsed: Duration,
    ) {
        let count = match status.as_u16() {
            500.. => &self.failed,
            400.. => &self.refused,
            _ => &self.answered,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        // Most requests are not the slowest: read, as a rule, and not written.
        if micros > self.slowest_us.load(Ordering::Relaxed) {
            self.slowest_us.fetch_max(micros, Ordering::Relaxed);
        }
        macro_rules! line {
            ($level:ident) => {
                tracing::event!(
                    target: TARGET,
                    tracing::Level::$level,
                    http.method = %method,
                    http.path = %shown(uri),
                    http.status = status.as_u16(),
                    duration_us = micros,
                    request_id = id.to_str().unwrap_or_default(),
                    "{method} {} answered {} in {micros} µs",
                    shown(uri),
                    status.as_u16()
                )
            };
        }
        if status.is_server_error() {
            line!(WARN);
        } else if elapsed >= SLOW {
            line!(INFO);
        } else {
            line!(DEBUG);
        }
    }

    /// A line a minute, when there was something to count.
    pub(super) async fn tell(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            let summary = self.summary();
            if summary.answered + summary.refused + summary.failed > 0 {
                let Summary {
                    answered,
                    refused,
                    failed,
                    slowest_us,
                } = summary;
                tracing::info!(
                    answered,
                    refused,
                    failed,
                    slowest_us,
                    "in a minute: {answered} requests answered, {refused} refused, {failed} failed; the slowest took {} ms",
                    slowest_us / 1000
                );
            }
        }
    }

    fn summary(&self) -> Summary {
        let taken = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        Summary {
            answered: taken(&self.answered),
            refused: taken(&self.refused),
            failed: taken(&self.failed),
            slowest_us: taken(&self.slowest_us),
        }
    }
}

/// A path, of a bounded length.
fn shown(uri: &Uri) -> &str {
    let path = uri.path();
    // What follows is what a person typed.
    let path = match path.find(TYPED) {
        Some(place) => &path[..place + TYPED.len()],
        None => path,
    };
    path.char_indices()
        .nth(LOGGED_PATH)
        .map_or(path, |(end, _)| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_person_typed_are_not_logged() {
        let logged = |uri| shown(&Uri::from_static(uri)).to_owned();
        assert_eq!(
            logged("/api/rna/v1/full_text/quelqu%27un?page=2"),
            "/api/rna/v1/full_text/"
        );
        assert_eq!(logged("/api/rna/v1/id/W1?x=y"), "/api/rna/v1/id/W1");
    }

    #[test]
    fn a_summary_counts_what_came_since_the_last_one() {
        let watch = Watch::default();
        let uri = Uri::from_static("/v1/x?secret");
        let id = HeaderValue::from_static("1");
        for (status, millis) in [(200, 1), (304, 2), (404, 3), (500, 4)] {
            watch.answered(
                &Method::GET,
                &uri,
                &id,
                StatusCode::from_u16(status).unwrap(),
                Duration::from_millis(millis),
            );
        }
        let summary = |answered, refused, failed, slowest_us| Summary {
            answered,
            refused,
            failed,
            slowest_us,
        };
        assert_eq!(watch.summary(), summary(2, 1, 1, 4000));
        assert_eq!(watch.summary(), summary(0, 0, 0, 0));
    }

    #[test]
    fn a_path_is_cut_and_has_no_query() {
        assert_eq!(shown(&Uri::from_static("/v1/x?secret")), "/v1/x");
        let long: Uri = format!("/{}", "a".repeat(500)).parse().unwrap();
        assert_eq!(shown(&long).len(), LOGGED_PATH);
    }
}
