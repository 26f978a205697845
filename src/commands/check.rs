//! `registre check`: one verdict per line, in a memory that does not depend on their number.

use registre_ingest::progress::{Progress, Silent, Task};
use registre_schemas::identifiers::{IdentifierKind, Verdict};
use serde::Serialize;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, StdoutLock, Write};
use std::path::Path;

use crate::cli::{Check, CheckFormat};
use crate::failure::Failure;
use crate::progress::progress;

/// Bytes kept of a line: no identifier is anywhere near, and a file that is not lines of text must
/// not be held whole.
const LONGEST_LINE: usize = 64 * 1024;

/// Bytes read or written at once.
const BUFFER: usize = 256 * 1024;

/// The mark some programs put at the start of a file of UTF-8: it is not part of the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Checks a file.
pub fn check(arguments: &Check) -> Result<(), Failure> {
    let (input, bytes) = open(&arguments.file)?;
    let mut lines = Lines {
        input: BufReader::with_capacity(BUFFER, input),
        line: Vec::new(),
        read: 0,
    };
    let stdout = io::stdout();
    // A bar would be drawn among the verdicts.
    let (watched, task) = if stdout.is_terminal() {
        (true, Silent.begin("", None))
    } else {
        (false, progress().begin("check", bytes))
    };
    let mut out = Out::new(arguments.format, stdout.lock());
    let expected = arguments.expect.map(IdentifierKind::from);
    match verdicts(&mut lines, &mut out, expected, watched, task.as_ref()) {
        Ok(counted) => {
            task.finish(&format!(
                "{} lines checked, {} not valid",
                counted.lines, counted.invalid
            ));
            counted.outcome()
        }
        Err(Fault::Read(error)) => Err(unreadable(&arguments.file, &error)),
        // A closed pipe (`| head`) is not our failure.
        Err(Fault::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(Fault::Write(error)) => Err(Failure::new(6, format!("write the verdicts: {error}"))),
    }
}

fn open(file: &Path) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
    // Zero for a pipe or a device, whose length nobody knows.
    let bytes = opened.metadata().ok().map(|metadata| metadata.len());
    Ok((Box::new(opened), bytes.filter(|bytes| *bytes > 0)))
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::new(
        3,
        format!(
            "read {}: {error}; give a file of identifiers, one per line, or - for standard input",
            file.display()
        ),
    )
}

/// Which side failed.
enum Fault {
    Read(io::Error),
    Write(io::Error),
}

#[derive(Default)]
struct Counted {
    lines: u64,
    invalid: u64,
}

impl Counted {
    fn outcome(&self) -> Result<(), Failure> {
        if self.invalid == 0 {
            return Ok(());
        }
        let message = format!(
            "{} of {} lines hold no valid identifier: see their column que_faire",
            self.invalid, self.lines
        );
        Err(Failure::new(11, message))
    }
}

fn verdicts(
    lines: &mut Lines<impl BufRead>,
    out: &mut Out<'_>,
    expected: Option<IdentifierKind>,
    watched: bool,
    task: &dyn Task,
) -> Result<Counted, Fault> {
    let mut counted = Counted::default();
    let (mut told_lines, mut told_bytes) = (0, 0);
    while let Some(line) = lines.next().map_err(Fault::Read)? {
        counted.lines += 1;
        let verdict = Verdict::of_bytes(line, expected);
        counted.invalid += u64::from(!verdict.is_valid());
        out.write(counted.lines, line, &verdict)
            .map_err(Fault::Write)?;
        // Someone is typing, or looking: each verdict at once.
        if watched {
            out.flush().map_err(Fault::Write)?;
        }
        if counted.lines.is_multiple_of(8192) {
            task.advance(lines.read - told_bytes);
            task.rows(counted.lines - told_lines);
            (told_lines, told_bytes) = (counted.lines, lines.read);
        }
    }
    out.flush().map_err(Fault::Write)?;
    Ok(counted)
}

/// Lines of bytes, each without its end (`\n` or `\r\n`), cut at [`LONGEST_LINE`].
struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// Bytes read so far.
    read: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let first = self.read == 0;
        self.line.clear();
        let limit = LONGEST_LINE as u64 + 2;
        let taken = self
            .input
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut self.line)?;
        self.read += taken as u64;
        if taken == 0 {
            return Ok(None);
        }
        if self.line.ends_with(b"\n") {
            self.line.pop();
            if self.line.ends_with(b"\r") {
                self.line.pop();
            }
        } else if taken as u64 == limit {
            self.read += skip_line(&mut self.input)?;
        }
        let start = if first && self.line.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        let end = self.line.len().min(start + LONGEST_LINE);
        Ok(Some(&self.line[start..end]))
    }
}

/// Passes the rest of a line; gives the number of bytes passed.
fn skip_line(input: &mut impl BufRead) -> io::Result<u64> {
    let mut passed = 0;
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |index| index + 1);
        input.consume(length);
        passed += length as u64;
        if end.is_some() || length == 0 {
            return Ok(passed);
        }
    }
}

const HEADER: [&str; 9] = [
    "ligne",
    "saisi",
    "type",
    "valeur",
    "verdict",
    "code",
    "message",
    "que_faire",
    "suggestion",
];

/// A line of NDJSON.
#[derive(Serialize)]
struct Record<'a> {
    ligne: u64,
    saisi: Cow<'a, str>,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// Where verdicts go.
enum Out<'a> {
    Csv {
        writer: Box<csv::Writer<StdoutLock<'a>>>,
        headed: bool,
    },
    Ndjson(BufWriter<StdoutLock<'a>>),
}

impl<'a> Out<'a> {
    fn new(format: CheckFormat, stdout: StdoutLock<'a>) -> Self {
        match format {
            CheckFormat::Csv => Self::Csv {
                writer: Box::new(
                    csv::WriterBuilder::new()
                        .buffer_capacity(BUFFER)
                        .from_writer(stdout),
                ),
                headed: false,
            },
            CheckFormat::Ndjson => Self::Ndjson(BufWriter::with_capacity(BUFFER, stdout)),
        }
    }

    fn write(&mut self, number: u64, line: &[u8], verdict: &Verdict) -> io::Result<()> {
        match self {
            Self::Csv { writer, headed } => {
                head(writer, headed)?;
                let number = number.to_string();
                let record: [&[u8]; 9] = [
                    number.as_bytes(),
                    line,
                    verdict.kind.map_or("", IdentifierKind::as_str).as_bytes(),
                    verdict.valeur.as_deref().unwrap_or_default().as_bytes(),
                    verdict.verdict.as_str().as_bytes(),
                    verdict.code.unwrap_or_default().as_bytes(),
                    verdict.message.as_bytes(),
                    verdict.que_faire.as_bytes(),
                    verdict.suggestion.as_deref().unwrap_or_default().as_bytes(),
                ];
                writer.write_record(record).map_err(io_error)
            }
            Self::Ndjson(writer) => {
                let record = Record {
                    ligne: number,
                    saisi: String::from_utf8_lossy(line),
                    verdict,
                };
                serde_json::to_writer(&mut *writer, &record)?;
                writer.write_all(b"\n")
            }
        }
    }

    /// A file without lines still has its header.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Csv { writer, headed } => {
                head(writer, headed)?;
                writer.flush()
            }
            Self::Ndjson(writer) => writer.flush(),
        }
    }
}

fn head(writer: &mut csv::Writer<StdoutLock<'_>>, headed: &mut bool) -> io::Result<()> {
    if *headed {
        return Ok(());
    }
    *headed = true;
    writer.write_record(HEADER).map_err(io_error)
}

/// Writing fails only as the output does.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], capacity: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines {
            input: BufReader::with_capacity(capacity, bytes),
            line: Vec::new(),
            read: 0,
        };
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(line.to_vec());
        }
        assert_eq!(lines.read, bytes.len() as u64);
        all
    }

    #[test]
    fn every_line_is_given_back_as_it_is_without_its_end() {
        let text = b"\xef\xbb\xbfa\r\n\r\n b\rc \n\xff\n\xef\xbb\xbf";
        let expected: [&[u8]; 5] = [b"a", b"", b" b\rc ", b"\xff", b"\xef\xbb\xbf"];
        for capacity in [1, 7, 100] {
            assert_eq!(lines(text, capacity), expected);
        }
        assert!(lines(b"", 8).is_empty());
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_read() {
        let mut bytes = vec![b'1'; 3 * LONGEST_LINE];
        bytes.extend(b"\n130025265\n");
        let read = lines(&bytes, 1000);
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].len(), LONGEST_LINE);
        assert_eq!(read[1], b"130025265");
        // At the edge, neither the end of the line nor what follows is lost.
        for length in [
            LONGEST_LINE - 1,
            LONGEST_LINE,
            LONGEST_LINE + 1,
            LONGEST_LINE + 2,
        ] {
            let mut bytes = vec![b'1'; length];
            bytes.extend(b"\r\n2");
            let read = lines(&bytes, 4096);
            assert_eq!(read.len(), 2, "{length}");
            assert_eq!(read[0].len(), length.min(LONGEST_LINE), "{length}");
            assert_eq!(read[1], b"2", "{length}");
        }
    }
}
