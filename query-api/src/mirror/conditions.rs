//! What a request says of the copy it has: RFC 9110 §13, in its order.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{DateTime, NaiveDateTime, Utc};

/// What tells one content of an address from another.
pub(super) struct Validators {
    /// Strong for a file: the sha256 of its bytes. Weak for a text, which may be compressed.
    pub(super) etag: HeaderValue,
    /// To the second.
    pub(super) modified: Option<DateTime<Utc>>,
}

/// What is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The content is not the one the request is about: 412.
    Failed,
    /// The copy is still good: 304.
    Fresh,
    /// Everything.
    Whole,
    /// What `Range` says, if it is there.
    Ranges,
}

/// How dates are written in headers.
const FORMAT: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// A date as headers write it.
pub(super) fn date(of: DateTime<Utc>) -> HeaderValue {
    HeaderValue::try_from(of.format(FORMAT).to_string())
        .unwrap_or_else(|_never| HeaderValue::from_static(""))
}

/// Reads the conditions.
pub(super) fn asked(headers: &HeaderMap, validators: &Validators) -> Asked {
    if let Some(found) = names(headers, &header::IF_MATCH, &validators.etag, is_strongly) {
        if !found {
            return Asked::Failed;
        }
    } else if let (Some(since), Some(modified)) = (
        date_of(headers, &header::IF_UNMODIFIED_SINCE),
        validators.modified,
    ) && modified > since
    {
        return Asked::Failed;
    }
    if let Some(found) = names(headers, &header::IF_NONE_MATCH, &validators.etag, is_weakly) {
        if found {
            return Asked::Fresh;
        }
    } else if let (Some(since), Some(modified)) = (
        date_of(headers, &header::IF_MODIFIED_SINCE),
        validators.modified,
    ) && modified <= since
    {
        return Asked::Fresh;
    }
    match headers.get(header::IF_RANGE) {
        None => Asked::Ranges,
        Some(tag) if is_strongly(tag.as_bytes().trim_ascii(), validators.etag.as_bytes()) => {
            Asked::Ranges
        }
        // The very date that was given: files are not modified, a newer one is another file.
        Some(_)
            if validators.modified.is_some()
                && date_of(headers, &header::IF_RANGE) == validators.modified =>
        {
            Asked::Ranges
        }
        Some(_other) => Asked::Whole,
    }
}

/// Whether a list of tags names this one; `None` when the header is not there.
fn names(
    headers: &HeaderMap,
    name: &HeaderName,
    etag: &HeaderValue,
    same: fn(&[u8], &[u8]) -> bool,
) -> Option<bool> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let mut tags = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    Some(tags.any(|tag| {
        let tag = tag.trim_ascii();
        tag == b"*" || same(tag, etag.as_bytes())
    }))
}

fn is_strongly(tag: &[u8], etag: &[u8]) -> bool {
    tag == etag && !tag.starts_with(b"W/")
}

fn is_weakly(tag: &[u8], etag: &[u8]) -> bool {
    tag.strip_prefix(b"W/").unwrap_or(tag) == etag.strip_prefix(b"W/").unwrap_or(etag)
}

fn date_of(headers: &HeaderMap, name: &HeaderName) -> Option<DateTime<Utc>> {
    let text = headers.get(name)?.to_str().ok()?;
    let date = NaiveDateTime::parse_from_str(text.trim(), FORMAT).ok()?;
    Some(date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(conditions: &[(HeaderName, &str)]) -> Asked {
        let validators = Validators {
            etag: HeaderValue::from_static("\"abc\""),
            modified: Some("2026-11-24T10:00:00Z".parse().unwrap()),
        };
        let headers = conditions
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        asked(&headers.collect(), &validators)
    }

    #[test]
    fn each_condition_is_read_in_the_order_of_the_rfc() {
        use header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};
        let (before, same, after) = (
            "Tue, 24 Nov 2026 09:59:59 GMT",
            "Tue, 24 Nov 2026 10:00:00 GMT",
            "Tue, 24 Nov 2026 10:00:01 GMT",
        );
        for (conditions, expected) in [
            (&[][..], Asked::Ranges),
            (&[(IF_MATCH, "\"abc\"")], Asked::Ranges),
            (&[(IF_MATCH, "\"x\", \"abc\"")], Asked::Ranges),
            (&[(IF_MATCH, "*")], Asked::Ranges),
            (&[(IF_MATCH, "\"x\"")], Asked::Failed),
            (&[(IF_MATCH, "W/\"abc\"")], Asked::Failed),
            (&[(IF_UNMODIFIED_SINCE, before)], Asked::Failed),
            (&[(IF_UNMODIFIED_SINCE, same)], Asked::Ranges),
            (
                &[(IF_MATCH, "\"abc\""), (IF_UNMODIFIED_SINCE, before)],
                Asked::Ranges,
            ),
            (&[(IF_NONE_MATCH, "\"abc\"")], Asked::Fresh),
            (&[(IF_NONE_MATCH, "W/\"abc\"")], Asked::Fresh),
            (&[(IF_NONE_MATCH, "*")], Asked::Fresh),
            (&[(IF_NONE_MATCH, "\"x\"")], Asked::Ranges),
            (
                &[(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, after)],
                Asked::Ranges,
            ),
            (&[(IF_MODIFIED_SINCE, before)], Asked::Ranges),
            (&[(IF_MODIFIED_SINCE, same)], Asked::Fresh),
            (&[(IF_MODIFIED_SINCE, "yesterday")], Asked::Ranges),
            (&[(IF_RANGE, "\"abc\"")], Asked::Ranges),
            (&[(IF_RANGE, "W/\"abc\"")], Asked::Whole),
            (&[(IF_RANGE, "\"x\"")], Asked::Whole),
            (&[(IF_RANGE, same)], Asked::Ranges),
            (&[(IF_RANGE, after)], Asked::Whole),
            (&[(IF_RANGE, "x")], Asked::Whole),
        ] {
            assert_eq!(said(conditions), expected, "{conditions:?}");
        }
    }

    #[test]
    fn a_date_is_written_as_headers_do() {
        let of = "2026-11-04T09:05:07Z".parse().unwrap();
        assert_eq!(date(of), "Wed, 04 Nov 2026 09:05:07 GMT");
    }
}
