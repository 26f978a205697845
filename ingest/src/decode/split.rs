//! Cuts a CSV stream into chunks of whole records, so that they can be parsed side by side, and
//! decides the file's encoding on the way.
//!
//! A newline ends a record unless it stands inside quotes; a quote opens only at the start of a
//! field. The cut is exact, not a guess: fields with embedded newlines and stray quotes both occur
//! in the RNA.

use encoding_rs::WINDOWS_1252;
use std::io::{self, Read};

/// Bytes per chunk: enough rows for a good batch (about 10 000 établissements), small enough that
/// a few of them in flight cost little memory.
pub const CHUNK: usize = 2 << 20;

/// No record is this long: past it a quote was opened and never closed, and the line is cut there.
const LONGEST_RECORD: usize = 1 << 20;

/// Whole records of one file, as UTF-8.
#[derive(Debug)]
pub struct Chunk {
    /// The records, each ended by a newline except perhaps the last of the file.
    pub text: String,
    /// Line of its first record, from 1.
    pub first_line: u64,
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
    delimiter: u8,
    buffer: Vec<u8>,
    /// Bytes of `buffer` already known to be whole records.
    whole: usize,
    at_end: bool,
    next_line: u64,
    encoding: Encoding,
}

impl<R: Read> Splitter<R> {
    /// Over a stream whose fields are separated by `delimiter`.
    pub fn new(reader: R, delimiter: u8) -> Self {
        Self {
            reader,
            delimiter,
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
            if let Some(end) = record_end(&self.buffer, 0, self.delimiter, self.at_end) {
                return Ok(self.buffer.drain(..end).collect());
            }
            if self.at_end {
                return Ok(std::mem::take(&mut self.buffer));
            }
            self.fill(1 << 16)?;
        }
    }

    /// The next whole records, or `None` at the end.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            while let Some(end) = record_end(&self.buffer, self.whole, self.delimiter, self.at_end)
            {
                self.whole = end;
                if self.whole >= CHUNK {
                    break;
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

    fn chunk(&mut self, bytes: Vec<u8>) -> Chunk {
        let first_line = self.next_line;
        self.next_line += lines_in(&bytes);
        let (text, replaced) = self.decode(bytes);
        Chunk {
            text,
            first_line,
            replaced,
        }
    }

    /// The first bytes past ASCII decide for the whole file.
    fn decode(&mut self, bytes: Vec<u8>) -> (String, bool) {
        if self.encoding != Encoding::Latin1 {
            match String::from_utf8(bytes) {
                Ok(text) => {
                    if self.encoding == Encoding::Undecided && !text.is_ascii() {
                        self.encoding = Encoding::Utf8;
                    }
                    return (text, false);
                }
                Err(error) if self.encoding == Encoding::Utf8 => {
                    return (String::from_utf8_lossy(error.as_bytes()).into_owned(), true);
                }
                Err(error) => {
                    self.encoding = Encoding::Latin1;
                    return (
                        WINDOWS_1252
                            .decode_without_bom_handling(error.as_bytes())
                            .0
                            .into_owned(),
                        false,
                    );
                }
            }
        }
        (
            WINDOWS_1252
                .decode_without_bom_handling(&bytes)
                .0
                .into_owned(),
            false,
        )
    }
}

/// What a UTF-8 file may start with.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Where the record that starts at `start` ends, newline included, or `None` when the buffer does
/// not hold it whole.
fn record_end(buffer: &[u8], start: usize, delimiter: u8, at_end: bool) -> Option<usize> {
    if start >= buffer.len() {
        return None;
    }
    let mut position = start;
    while let Some(found) = memchr::memchr2(b'"', b'\n', &buffer[position..]) {
        let at = position + found;
        if buffer[at] == b'\n' {
            return Some(at + 1);
        }
        let opens = at == start || buffer[at - 1] == delimiter;
        position = at + 1;
        if opens {
            match closing_quote(buffer, position) {
                Some(after) => position = after,
                None => break,
            }
        }
    }
    if buffer.len() - start > LONGEST_RECORD {
        // A quote never closed: give up on it and cut at the end of its first line.
        return memchr::memchr(b'\n', &buffer[start..])
            .map(|length| start + length + 1)
            .or(at_end.then_some(buffer.len()));
    }
    if !at_end {
        return None;
    }
    Some(buffer.len())
}

/// Position after the quote that closes a field whose content starts at `position`. A quote that is
/// the last byte read so far is not yet known to close.
fn closing_quote(buffer: &[u8], mut position: usize) -> Option<usize> {
    loop {
        let at = position + memchr::memchr(b'"', &buffer[position..])?;
        match buffer.get(at + 1) {
            Some(b'"') => position = at + 2,
            Some(_) => return Some(at + 1),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every record of `text`, whatever the size of the reads.
    fn records(text: &[u8], delimiter: u8) -> Vec<String> {
        let mut records = Vec::new();
        let mut start = 0;
        while let Some(end) = record_end(text, start, delimiter, true) {
            records.push(String::from_utf8_lossy(&text[start..end]).into_owned());
            start = end;
        }
        records
    }

    #[test]
    fn a_newline_inside_quotes_does_not_end_a_record() {
        assert_eq!(
            records(b"1;\"a\nb\";2\n3;4;5\n", b';'),
            ["1;\"a\nb\";2\n", "3;4;5\n"]
        );
        assert_eq!(
            records(b"\"a\"\"\n\"\"b\";2\r\n3;4\n", b';'),
            ["\"a\"\"\n\"\"b\";2\r\n", "3;4\n"]
        );
    }

    #[test]
    fn a_quote_inside_a_field_opens_nothing() {
        assert_eq!(
            records(b"1;LE \"BON\" COIN\n2;5\" x\n", b';'),
            ["1;LE \"BON\" COIN\n", "2;5\" x\n"]
        );
    }

    #[test]
    fn the_last_record_needs_no_newline() {
        assert_eq!(records(b"1,2\n3,4", b','), ["1,2\n", "3,4"]);
    }

    #[test]
    fn a_quote_never_closed_costs_one_line() {
        let mut text = b"1;\"open\n".to_vec();
        text.extend(b"2;b\n".repeat(LONGEST_RECORD / 4 + 10));
        assert_eq!(records(&text, b';')[0], "1;\"open\n");
    }

    #[test]
    fn the_first_bytes_past_ascii_decide_the_encoding() {
        let mut latin1 = Splitter::new(&b"a\n\xe9t\xe9\n"[..], b';');
        latin1.skip_header().unwrap();
        assert_eq!(latin1.next_chunk().unwrap().unwrap().text, "été\n");
        let mut utf8 = Splitter::new("\u{feff}a\nété\n".as_bytes(), b';');
        utf8.skip_header().unwrap();
        let chunk = utf8.next_chunk().unwrap().unwrap();
        assert_eq!((chunk.text.as_str(), chunk.first_line), ("été\n", 2));
    }

    #[test]
    fn chunks_put_end_to_end_are_the_file() {
        let line = "1,\"a\nb\",c\n";
        let text = format!("h\n{}", line.repeat(3 * CHUNK / line.len()));
        let mut splitter = Splitter::new(text.as_bytes(), b',');
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
