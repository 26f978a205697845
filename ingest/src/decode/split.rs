//! Cuts a CSV stream into chunks of whole records, so that they can be parsed side by side, and
//! decides the file's encoding on the way.
//!
//! The cut is exact, not a guess: it follows [`super::record`], as the parser does.

use encoding_rs::WINDOWS_1252;
use std::io::{self, Read};

use super::record::{Ending, Shape, ending};

/// Bytes per chunk: enough rows for a good batch (about 10 000 établissements), small enough that
/// a few of them in flight cost little memory.
pub const CHUNK: usize = 2 << 20;

/// No line is this long: past it the file is not a CSV, and memory would grow with it.
const LONGEST_LINE: usize = 1 << 20;

/// Whole records of one file, as UTF-8.
#[derive(Debug)]
pub struct Chunk {
    /// The records, each ended by a newline except perhaps the last of the file.
    pub text: String,
    /// Line of its first record, from 1.
    pub first_line: u64,
    /// Lines it holds: records, or more.
    pub lines: u64,
    /// Bytes that were not valid in the file's encoding and were replaced.
    pub replaced: bool,
}

/// What is known of a file's encoding so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Only ASCII, or nothing.
    Undecided,
    Utf8,
    /// ISO-8859-1 as it is met in practice: its superset Windows-1252.
    Latin1,
}

/// Reads a stream and gives chunks until its end.
pub struct Splitter<R> {
    reader: R,
    shape: Shape,
    buffer: Vec<u8>,
    /// Bytes of `buffer` already known to be whole records.
    whole: usize,
    at_end: bool,
    next_line: u64,
    encoding: Encoding,
}

impl<R: Read> Splitter<R> {
    /// Over a stream of records of that shape.
    pub fn new(reader: R, shape: Shape) -> Self {
        Self {
            reader,
            shape,
            buffer: Vec::with_capacity(CHUNK + (1 << 16)),
            whole: 0,
            at_end: false,
            next_line: 1,
            encoding: Encoding::Undecided,
        }
    }

    /// Passes over the first record, and over a byte order mark.
    pub fn skip_header(&mut self) -> io::Result<()> {
        let header = self.first_record()?;
        if header.starts_with(BOM) {
            self.encoding = Encoding::Utf8;
        }
        self.next_line += lines_in(&header);
        Ok(())
    }

    /// The first record, byte order mark included, removed from the stream.
    pub fn first_record(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match ending(&self.buffer, 0, self.shape, self.at_end) {
                Ending::At(end) | Ending::Broken(end) => {
                    return Ok(self.buffer.drain(..end).collect());
                }
                Ending::More => self.fill(1 << 16)?,
            }
        }
    }

    /// The next whole records, or `None` at the end.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            while self.whole < CHUNK.min(self.buffer.len()) {
                match ending(&self.buffer, self.whole, self.shape, self.at_end) {
                    Ending::At(end) | Ending::Broken(end) => self.whole = end,
                    Ending::More => break,
                }
            }
            if self.whole >= CHUNK || (self.at_end && self.whole > 0) {
                let rest = self.buffer.split_off(self.whole);
                let bytes = std::mem::replace(&mut self.buffer, rest);
                self.buffer.reserve(CHUNK + (1 << 16));
                self.whole = 0;
                return Ok(Some(self.chunk(bytes)));
            }
            if self.at_end {
                return Ok(None);
            }
            self.fill(CHUNK)?;
        }
    }

    fn fill(&mut self, more: usize) -> io::Result<()> {
        let before = self.buffer.len();
        if before - self.whole > LONGEST_LINE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "line {} is longer than {LONGEST_LINE} bytes, this is not a CSV",
                    self.line_of(self.whole)
                ),
            ));
        }
        self.buffer.resize(before + more, 0);
        let mut filled = before;
        while filled < self.buffer.len() {
            match self.reader.read(&mut self.buffer[filled..]) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    /// The line a position of the buffer is on.
    fn line_of(&self, position: usize) -> u64 {
        self.next_line + lines_in(&self.buffer[..position])
    }

    fn chunk(&mut self, bytes: Vec<u8>) -> Chunk {
        let first_line = self.next_line;
        let lines = lines_in(&bytes);
        self.next_line += lines;
        let (text, replaced) = self.decode(bytes);
        Chunk {
            text,
            first_line,
            lines,
            replaced,
        }
    }

    /// The first chunk past ASCII decides for the whole file.
    fn decode(&mut self, bytes: Vec<u8>) -> (String, bool) {
        if self.encoding == Encoding::Latin1 {
            return (from_latin1(&bytes), false);
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                if !text.is_ascii() {
                    self.encoding = Encoding::Utf8;
                }
                (text, false)
            }
            Err(error) if self.encoding == Encoding::Undecided && is_latin1(error.as_bytes()) => {
                self.encoding = Encoding::Latin1;
                (from_latin1(error.as_bytes()), false)
            }
            Err(error) => {
                self.encoding = Encoding::Utf8;
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), true)
            }
        }
    }
}

/// Whether bytes that are not valid UTF-8 are Latin-1 rather than UTF-8 with a few damaged bytes:
/// in French text nearly every accent of Latin-1 is an invalid sequence, while two Latin-1 letters
/// that happen to form a valid one are rare.
fn is_latin1(bytes: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    invalid > valid
}

/// ISO-8859-1, by its superset.
#[must_use]
pub fn from_latin1(bytes: &[u8]) -> String {
    WINDOWS_1252
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}

/// What a UTF-8 file may start with.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        delimiter: b',',
        width: 3,
    };

    #[test]
    fn the_first_chunk_past_ascii_decides_the_encoding() {
        let mut latin1 = Splitter::new(&b"a\n\xe9t\xe9\n"[..], SHAPE);
        latin1.skip_header().unwrap();
        assert_eq!(latin1.next_chunk().unwrap().unwrap().text, "été\n");
        let mut utf8 = Splitter::new("\u{feff}a\nété\n".as_bytes(), SHAPE);
        utf8.skip_header().unwrap();
        let chunk = utf8.next_chunk().unwrap().unwrap();
        assert_eq!((chunk.text.as_str(), chunk.first_line), ("été\n", 2));
    }

    #[test]
    fn one_damaged_byte_does_not_make_a_utf8_file_latin1() {
        let mut splitter = Splitter::new(&b"a\nCAF\xe9\nSOCI\xc3\x89T\xc3\x89\n"[..], SHAPE);
        splitter.skip_header().unwrap();
        let chunk = splitter.next_chunk().unwrap().unwrap();
        assert_eq!(
            (chunk.text.as_str(), chunk.replaced),
            ("CAF\u{fffd}\nSOCIÉTÉ\n", true)
        );
    }

    #[test]
    fn a_file_without_lines_is_refused_before_memory_grows() {
        let mut splitter = Splitter::new(io::repeat(0).take(1 << 30), SHAPE);
        assert_eq!(
            splitter.skip_header().unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn chunks_put_end_to_end_are_the_file() {
        let line = "1,\"a\nb\",c\n";
        let text = format!("h\n{}", line.repeat(3 * CHUNK / line.len()));
        let mut splitter = Splitter::new(text.as_bytes(), SHAPE);
        splitter.skip_header().unwrap();
        let mut whole = String::from("h\n");
        let mut expected_line = 2;
        while let Some(chunk) = splitter.next_chunk().unwrap() {
            assert!(chunk.text.ends_with(",c\n"));
            assert_eq!(chunk.first_line, expected_line);
            expected_line += chunk.text.matches('\n').count() as u64;
            whole.push_str(&chunk.text);
        }
        assert!(whole == text);
    }
}
