//! Finds the fields of ordinary records, a block of them at a time, by looking at 64 bytes at once.
//! What is not ordinary (a doubled quote, a missing field, a key that is not one) is left to
//! [`super::fields`], record by record: the two give the same fields, which a test holds them to.

use super::record::{Quoted, Shape, quoted_end};

/// Records of a block: their spans stay in the cache while the columns are filled from them.
const ROWS: usize = 512;

/// Bytes looked at together.
const WINDOW: usize = 64;

/// Where a field is in its chunk: its first byte, and the one after its last.
pub type Span = (u32, u32);

/// Ordinary records that follow one another.
#[derive(Debug)]
pub struct Block {
    shape: Shape,
    /// Of every field, record after record.
    spans: Vec<Span>,
    /// First byte of every record.
    starts: Vec<u32>,
}

impl Block {
    /// Empty, for records of that shape.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            spans: Vec::with_capacity(ROWS * shape.width),
            starts: Vec::with_capacity(ROWS),
        }
    }

    /// How many records it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    /// Whether it ended because it was full, and not at a record that is not ordinary.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows() == ROWS
    }

    /// First byte of a record.
    #[must_use]
    pub fn start(&self, row: usize) -> usize {
        self.starts[row] as usize
    }

    /// One field of a record.
    #[must_use]
    pub fn field(&self, row: usize, field: usize) -> Span {
        self.spans[row * self.shape.width + field]
    }

    /// Replaces its records by those that start at `start`, as long as they are ordinary and
    /// `accept` takes their fields; gives the position after them.
    pub fn read(&mut self, text: &str, start: usize, accept: impl Fn(&[Span]) -> bool) -> usize {
        let bytes = text.as_bytes();
        self.spans.clear();
        self.starts.clear();
        let (mut record, mut field) = (start, start);
        let mut window = start;
        let mut marks = marks_at(bytes, window, self.shape.delimiter);
        loop {
            if marks == 0 {
                window += WINDOW;
                if window >= bytes.len() {
                    break;
                }
                marks = marks_at(bytes, window, self.shape.delimiter);
                continue;
            }
            let at = window + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            let mut end = at;
            if bytes[at] == b'"' {
                if at != field {
                    continue;
                }
                let Some(close) = self.plain_quoted(bytes, record, at) else {
                    break;
                };
                self.spans.push(span(at + 1, close));
                end = close + 1;
                window = end + 1;
                marks = marks_at(bytes, window, self.shape.delimiter);
            } else {
                let carriage = bytes[at] == b'\n' && at > field && bytes[at - 1] == b'\r';
                self.spans.push(span(field, at - usize::from(carriage)));
            }
            field = end + 1;
            if bytes[end] == b'\n' {
                let fields = &self.spans[self.rows() * self.shape.width..];
                if fields.len() != self.shape.width || !accept(fields) {
                    break;
                }
                self.starts.push(position(record));
                record = field;
                if self.is_full() {
                    break;
                }
            }
        }
        self.spans.truncate(self.rows() * self.shape.width);
        record
    }

    /// The closing quote of a field that holds no other, and ends its field there.
    fn plain_quoted(&self, bytes: &[u8], record: usize, open: usize) -> Option<usize> {
        let Quoted::Closed(close) = quoted_end(bytes, record, open, self.shape, true) else {
            return None;
        };
        let next = *bytes.get(close + 1)?;
        let plain = memchr::memchr(b'"', &bytes[open + 1..close]).is_none();
        (plain && (next == self.shape.delimiter || next == b'\n')).then_some(close)
    }
}

fn span(start: usize, end: usize) -> Span {
    (position(start), position(end))
}

/// A position in a chunk: a few megabytes at most.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A bit for each of the 64 bytes from `start` that is a delimiter, a newline or a quote.
fn marks_at(bytes: &[u8], start: usize, delimiter: u8) -> u64 {
    let rest = bytes.get(start..).unwrap_or_default();
    if let Some(window) = rest.first_chunk() {
        return marks(window, delimiter);
    }
    let mut window = [0; WINDOW];
    window[..rest.len()].copy_from_slice(rest);
    marks(&window, delimiter)
}

/// One comparison of 64 bytes, as the compiler makes it; then the low bits of eight bytes are
/// gathered by a multiplication. Measured at 5 ns, where the crate `wide` takes 3 or 45 according to
/// what it is compiled beside, and a loop on bits 60.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, and the comparison is no longer made on many bytes at once"
)]
fn marks(window: &[u8; WINDOW], delimiter: u8) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let marked =
        window.map(|byte| u8::from((byte == delimiter) | (byte == b'\n') | (byte == b'"')));
    let (words, _none) = marked.as_chunks::<8>();
    words.iter().enumerate().fold(0, |marks, (rank, word)| {
        let gathered = u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56;
        marks | gathered << (8 * rank)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fields::Record;

    /// A small generator of chance: the same texts every time.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(self.0 >> 33).unwrap() % bound
        }
    }

    #[test]
    fn ordinary_records_have_the_fields_that_reading_one_by_one_gives() {
        let pieces = [
            "",
            "a",
            "é",
            "75001",
            ";",
            ";",
            ";",
            ";",
            "\n",
            "\n",
            "\r\n",
            "\"",
            "\"\"",
            "\"a;b\"",
            ";\"c\nd\";",
            "une longue dénomination qui dépasse soixante-quatre octets à elle seule, oui",
        ];
        let mut chance = Chance(1);
        let (mut ordinary, mut others) = (0, 0);
        for width in [1, 2, 3, 5] {
            let shape = Shape {
                delimiter: b';',
                width,
            };
            for _ in 0..3000 {
                let count = chance.below(60);
                let text: String = (0..count)
                    .map(|_| pieces[chance.below(pieces.len())])
                    .collect();
                let mut block = Block::new(shape);
                let mut record = Record::default();
                let mut next = 0;
                while next < text.len() {
                    let first = next;
                    next = block.read(&text, next, |_| true);
                    let mut expected = first;
                    for row in 0..block.rows() {
                        assert_eq!(block.start(row), expected, "{text:?}");
                        expected = record.read(&text, expected, shape);
                        let fields: Vec<&str> = (0..width)
                            .map(|field| {
                                let (start, end) = block.field(row, field);
                                &text[start as usize..end as usize]
                            })
                            .collect();
                        assert!(!record.is_broken(), "{text:?}");
                        assert_eq!(record.fields(), fields, "{text:?}");
                        ordinary += 1;
                    }
                    assert_eq!(next, expected, "{text:?}");
                    if next < text.len() && !block.is_full() {
                        next = record.read(&text, next, shape);
                        others += 1;
                    }
                }
            }
        }
        assert!(ordinary > 5000 && others > 5000, "{ordinary} and {others}");
    }

    #[test]
    fn every_mark_is_seen_wherever_it_is() {
        for at in 0..WINDOW {
            for mark in [b',', b'\n', b'"'] {
                let mut window = [b'x'; WINDOW];
                window[at] = mark;
                assert_eq!(marks(&window, b','), 1 << at, "{mark} at {at}");
            }
        }
        assert_eq!(marks(&[0xff; WINDOW], b','), 0);
        assert_eq!(marks_at(b"a,b\n", 1, b','), 0b101);
        assert_eq!(marks_at(b"a", 7, b','), 0);
    }
}
