//! The fields of one record, borrowed from the chunk unless a doubled quote had to be undone.

use std::borrow::Cow;

use super::record::{Quoted, Shape, line_end, quoted_end};

/// A record, its fields reused from one to the next.
#[derive(Debug, Default)]
pub struct Record<'a> {
    fields: Vec<Cow<'a, str>>,
    broken: bool,
}

impl<'a> Record<'a> {
    /// Reads the record at `start`; gives the position after it.
    pub fn read(&mut self, text: &'a str, start: usize, shape: Shape) -> usize {
        let bytes = text.as_bytes();
        self.fields.clear();
        self.broken = false;
        let mut from = start;
        loop {
            let (field, end) = if bytes.get(from) == Some(&b'"') {
                match quoted_end(bytes, start, from, shape, true) {
                    Quoted::Closed(quote) => quoted(text, from + 1, quote, shape.delimiter),
                    Quoted::Unclosed | Quoted::More => {
                        self.broken = true;
                        return line_end(bytes, start);
                    }
                }
            } else {
                let length = memchr::memchr2(shape.delimiter, b'\n', &bytes[from..]);
                let end = length.map_or(bytes.len(), |length| from + length);
                (Cow::Borrowed(&text[from..end]), end)
            };
            if bytes.get(end) == Some(&shape.delimiter) {
                self.fields.push(field);
                from = end + 1;
            } else {
                self.fields.push(without_return(field));
                return (end + 1).min(bytes.len());
            }
        }
    }

    /// Its fields; of a broken record, those before the quote that never closes.
    #[must_use]
    pub fn fields(&self) -> &[Cow<'a, str>] {
        &self.fields
    }

    /// Whether a quote in it never closes.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// A line with nothing on it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.broken && matches!(self.fields.as_slice(), [field] if field.is_empty())
    }
}

/// The text between two quotes, doubled quotes undone, and the position of what ends the field.
/// Text after the closing quote is kept, as every reader of these files does.
fn quoted(text: &str, start: usize, quote: usize, delimiter: u8) -> (Cow<'_, str>, usize) {
    let bytes = text.as_bytes();
    let after = quote + 1;
    let end = memchr::memchr2(delimiter, b'\n', &bytes[after..])
        .map_or(bytes.len(), |length| after + length);
    let (content, tail) = (&text[start..quote], &text[after..end]);
    let whole = if content.contains('"') {
        Cow::Owned(content.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(content)
    };
    if tail.is_empty() || tail == "\r" {
        (whole, end)
    } else {
        (Cow::Owned(whole.into_owned() + tail), end)
    }
}

/// The `\r` of a `\r\n`, seen as the end of the last field.
fn without_return(field: Cow<'_, str>) -> Cow<'_, str> {
    match field {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('\r').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.ends_with('\r') {
                text.pop();
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, width: usize) -> (Vec<String>, usize, bool) {
        let mut record = Record::default();
        let end = record.read(
            text,
            0,
            Shape {
                delimiter: b';',
                width,
            },
        );
        (
            record.fields().iter().map(ToString::to_string).collect(),
            end,
            record.is_broken(),
        )
    }

    #[test]
    fn a_record_is_read_like_the_csv_crate_reads_it() {
        let cases = [
            "a;b;c\n",
            "a;;\n",
            ";\n",
            "\"a;b\";c\n",
            "\"a\"\"b\";c\r\n",
            "a\"b\";c\n",
            "\"a\nb\";c\n",
            "\"\";\"\"\n",
            "\"a\"bc;d\n",
            "é;\"ï\"\"ö\"\n",
            "a;b",
            "\"x\"\r\n",
            "a;\"\"\"\"\n",
        ];
        for case in cases {
            let mut expected = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(b';')
                .from_reader(case.as_bytes());
            let record = expected.records().next().unwrap().unwrap();
            let expected: Vec<String> = record.iter().map(str::to_owned).collect();
            let (fields, end, broken) = read(case, expected.len());
            assert_eq!(
                (fields, end, broken),
                (expected, case.len(), false),
                "{case:?}"
            );
        }
    }

    #[test]
    fn the_next_record_starts_after_the_newline() {
        assert_eq!(
            read("a;b\nc;d\n", 2),
            (vec!["a".into(), "b".into()], 4, false)
        );
        assert_eq!(read("\r\n", 2), (vec![String::new()], 2, false));
    }

    #[test]
    fn a_quote_never_closed_breaks_its_own_line() {
        assert_eq!(read("a;\"b;c\nd;e;f\n", 3), (vec!["a".into()], 7, true));
    }
}
