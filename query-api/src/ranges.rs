//! Which bytes a request asks: RFC 9110 §14.

use axum::http::{HeaderMap, header};
use std::ops::Range;

/// Ranges read of one request. A reader of Parquet asks for one, or for a few columns at once.
const MOST: usize = 128;

/// Bytes between two ranges under which they are sent as one: what would be saved is less than the
/// headers of a part.
const CLOSE: u64 = 80;

/// What is asked of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// At least one range, none empty, all within it.
    Ranges(Vec<Range<u64>>),
    /// Nothing that it has, or nothing that can be read.
    Nothing,
}

/// What `Range` asks of a file of that size. A range that cannot be read is refused rather than
/// ignored: whoever wanted some bytes of three gigabytes did not want all of them.
pub(crate) fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let mut values = headers.get_all(header::RANGE).iter();
    let Some(value) = values.next() else {
        return Wanted::Whole;
    };
    if values.next().is_some() {
        return Wanted::Nothing;
    }
    let Some((unit, list)) = value.to_str().ok().and_then(|text| text.split_once('=')) else {
        return Wanted::Nothing;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        // A unit that nobody here knows.
        return Wanted::Whole;
    }
    let mut ranges = Vec::new();
    for (number, item) in list.split(',').map(str::trim).enumerate() {
        if number >= MOST {
            return Wanted::Nothing;
        }
        match range(item, size) {
            Ok(Some(range)) => ranges.push(range),
            Ok(None) => {}
            Err(Unreadable) => return Wanted::Nothing,
        }
    }
    let ranges = joined(ranges);
    if ranges.is_empty() {
        Wanted::Nothing
    } else {
        Wanted::Ranges(ranges)
    }
}

/// What is not a range.
pub(crate) struct Unreadable;

/// One range; `None` when the file has none of its bytes.
pub(crate) fn range(text: &str, size: u64) -> Result<Option<Range<u64>>, Unreadable> {
    let (first, last) = text.split_once('-').ok_or(Unreadable)?;
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(last)) if first.is_empty() => size.saturating_sub(last)..size,
        _ => return Err(Unreadable),
    };
    Ok((range.start < range.end).then_some(range))
}

fn number(text: &str) -> Option<u64> {
    // `parse` would take a sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a number holds: past any end.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Those that overlap or nearly touch are made one, so that no byte is sent twice; the others are left
/// in the order they were asked.
fn joined(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut sorted = ranges.clone();
    sorted.sort_by_key(|range| range.start);
    let apart = |pair: &[Range<u64>]| pair[0].end.saturating_add(CLOSE) < pair[1].start;
    if sorted.windows(2).all(apart) {
        return ranges;
    }
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(CLOSE) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// `bytes 0-499/1234`
pub(crate) fn content_range(range: &Range<u64>, size: u64) -> String {
    format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(text: &str, size: u64) -> Wanted {
        let value = HeaderValue::from_str(text).unwrap();
        wanted(&[(header::RANGE, value)].into_iter().collect(), size)
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a list of one range")]
    fn ranges_are_read_as_the_rfc_says() {
        for (text, expected) in [
            ("bytes=0-499", Some(vec![0..500])),
            ("BYTES=0-0", Some(vec![0..1])),
            ("bytes=500-", Some(vec![500..1000])),
            ("bytes=-8", Some(vec![992..1000])),
            ("bytes=-5000", Some(vec![0..1000])),
            ("bytes=900-99999999999999999999999", Some(vec![900..1000])),
            ("bytes=0-1, 500-501", Some(vec![0..2, 500..502])),
            ("bytes=500-501,0-1", Some(vec![500..502, 0..2])),
            ("bytes=0-9,5-20", Some(vec![0..21])),
            ("bytes=50-60,0-9", Some(vec![0..61])),
            ("bytes=5000-,0-1", Some(vec![0..2])),
            ("bytes=1000-", None),
            ("bytes=-0", None),
            ("bytes=2-1", None),
            ("bytes=", None),
            ("bytes=a-b", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("bytes=0-1,x", None),
        ] {
            let expected = expected.map_or(Wanted::Nothing, Wanted::Ranges);
            assert_eq!(of(text, 1000), expected, "{text}");
        }
        assert_eq!(of("rows=0-1", 1000), Wanted::Whole);
        assert_eq!(of("bytes=0-", 0), Wanted::Nothing);
        assert_eq!(wanted(&HeaderMap::new(), 1000), Wanted::Whole);
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let list: Vec<_> = (0..=MOST).map(|at| format!("{0}-{0}", at * 1000)).collect();
        assert_eq!(
            of(&format!("bytes={}", list.join(",")), 10_000_000),
            Wanted::Nothing
        );
    }
}
