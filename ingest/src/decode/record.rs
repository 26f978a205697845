//! Where a record ends, and where a quoted field does. The one place that knows: the cut into
//! chunks and the parsing of fields must agree, or rows are lost.
//!
//! A quote opens only at the start of a field; inside, a doubled quote is a quote. The RNA is typed
//! by hand, so a quote may open and never close: taken at its word it would swallow the rest of the
//! file. It is given up, and its line alone is refused, when
//!
//! - no quote closes it within [`LONGEST`] bytes of the record's start, or
//! - what it swallows holds a line that is a record by itself, or
//! - the quote that would close it opens another field.

/// Bytes from the start of a record within which its quoted fields must close. The longest text of
/// the RNA, an association's `objet`, is cut by the ministry at about 700 characters.
pub const LONGEST: usize = 64 << 10;

/// What records of a file look like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Between two fields.
    pub delimiter: u8,
    /// Fields of a record; zero when not known yet, for the header.
    pub width: usize,
}

/// Where a quoted field ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoted {
    /// Position of the quote that closes it.
    Closed(usize),
    /// It is not a quoted field: the quote was never meant to be closed.
    Unclosed,
    /// Not enough bytes read to tell.
    More,
}

/// Where a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Position after its newline, or the end of the file.
    At(usize),
    /// The same, for a record cut at its first newline because a quote in it never closes.
    Broken(usize),
    /// Not enough bytes read to tell.
    More,
}

/// The end of the field whose opening quote is at `open`, in the record that starts at `start`.
#[must_use]
pub fn quoted_end(bytes: &[u8], start: usize, open: usize, shape: Shape, at_end: bool) -> Quoted {
    let limit = (start + LONGEST).min(bytes.len());
    let unfinished = || {
        if at_end || limit - start == LONGEST {
            Quoted::Unclosed
        } else {
            Quoted::More
        }
    };
    let mut from = open + 1;
    loop {
        let Some(length) = memchr::memchr(b'"', &bytes[from.min(limit)..limit]) else {
            return unfinished();
        };
        let quote = from + length;
        let next = match bytes.get(quote + 1) {
            Some(byte) => Some(*byte),
            None if at_end => None,
            None => return Quoted::More,
        };
        if next == Some(b'"') {
            from = quote + 2;
            continue;
        }
        let ends_field =
            next.is_none_or(|byte| byte == shape.delimiter || byte == b'\n' || byte == b'\r');
        let starts_field =
            quote > open + 1 && (bytes[quote - 1] == shape.delimiter || bytes[quote - 1] == b'\n');
        if (starts_field && !ends_field) || holds_a_record(&bytes[open + 1..quote], shape) {
            return Quoted::Unclosed;
        }
        return Quoted::Closed(quote);
    }
}

/// Whether a whole line inside the text of a field has the fields of a record.
fn holds_a_record(text: &[u8], shape: Shape) -> bool {
    let Some(first) = memchr::memchr(b'\n', text) else {
        return false;
    };
    let Some(last) = memchr::memrchr(b'\n', text) else {
        return false;
    };
    shape.width > 1
        && first < last
        && text[first + 1..last]
            .split(|byte| *byte == b'\n')
            .any(|line| memchr::memchr_iter(shape.delimiter, line).count() == shape.width - 1)
}

/// Position after the first newline from `start`, or the end.
#[must_use]
pub fn line_end(bytes: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length + 1)
}

/// The end of the record that starts at `start`.
#[must_use]
pub fn ending(bytes: &[u8], start: usize, shape: Shape, at_end: bool) -> Ending {
    let mut position = start;
    while let Some(found) = memchr::memchr2(b'"', b'\n', &bytes[position..]) {
        let at = position + found;
        if bytes[at] == b'\n' {
            return Ending::At(at + 1);
        }
        position = at + 1;
        if at == start || bytes[at - 1] == shape.delimiter {
            match quoted_end(bytes, start, at, shape, at_end) {
                Quoted::Closed(quote) => position = quote + 1,
                Quoted::Unclosed => return Ending::Broken(line_end(bytes, start)),
                Quoted::More => return Ending::More,
            }
        }
    }
    if at_end {
        Ending::At(bytes.len())
    } else {
        Ending::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every record of `text`, those cut short marked.
    fn records(text: &str, width: usize) -> Vec<String> {
        let shape = Shape {
            delimiter: b';',
            width,
        };
        let mut records = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let (end, mark) = match ending(text.as_bytes(), start, shape, true) {
                Ending::At(end) => (end, ""),
                Ending::Broken(end) => (end, "!"),
                Ending::More => unreachable!("at the end"),
            };
            records.push(format!("{mark}{}", &text[start..end]));
            start = end;
        }
        records
    }

    #[test]
    fn a_newline_inside_quotes_does_not_end_a_record() {
        assert_eq!(
            records("1;\"a\nb\";2\n3;4;5\n", 3),
            ["1;\"a\nb\";2\n", "3;4;5\n"]
        );
        assert_eq!(
            records("\"a\"\"\n\"\"b\";2\r\n3;4\n", 2),
            ["\"a\"\"\n\"\"b\";2\r\n", "3;4\n"]
        );
    }

    #[test]
    fn a_quote_inside_a_field_opens_nothing() {
        assert_eq!(
            records("1;LE \"BON\" COIN\n2;5\" x\n", 2),
            ["1;LE \"BON\" COIN\n", "2;5\" x\n"]
        );
    }

    #[test]
    fn the_last_record_needs_no_newline() {
        assert_eq!(records("1;2\n3;4", 2), ["1;2\n", "3;4"]);
        assert_eq!(records("1;\"2\"", 2), ["1;\"2\""]);
    }

    #[test]
    fn a_quote_never_closed_costs_its_own_line() {
        let rows = "2;b;c\n".repeat(50_000);
        let read = records(&format!("1;\"open;x\n{rows}"), 3);
        assert_eq!(
            (read.len(), read[0].as_str(), read[1].as_str()),
            (50_001, "!1;\"open;x\n", "2;b;c\n")
        );
        assert_eq!(
            records("1;\"open;x\n2;b;c\n", 3),
            ["!1;\"open;x\n", "2;b;c\n"]
        );
    }

    #[test]
    fn a_quote_closed_by_another_rows_quote_costs_its_own_line() {
        let text = "1;\"LES AMIS;x\n2;b;c\n3;\"LES AUTRES\";d\n";
        assert_eq!(
            records(text, 3),
            ["!1;\"LES AMIS;x\n", "2;b;c\n", "3;\"LES AUTRES\";d\n"]
        );
        let next_line = "1;\"LES AMIS;x\n3;\"LES AUTRES\";d\n";
        assert_eq!(
            records(next_line, 3),
            ["!1;\"LES AMIS;x\n", "3;\"LES AUTRES\";d\n"]
        );
    }

    #[test]
    fn bytes_not_read_yet_are_waited_for() {
        let shape = Shape {
            delimiter: b';',
            width: 2,
        };
        for partial in ["1;2", "1;\"a", "1;\"a\"", "1;\"a\n"] {
            assert_eq!(
                ending(partial.as_bytes(), 0, shape, false),
                Ending::More,
                "{partial:?}"
            );
        }
    }
}
