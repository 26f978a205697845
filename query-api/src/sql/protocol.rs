//! What a server and its SQL processes say to each other, over a pair of sockets: frames of a kind, a
//! length and so many bytes. Requests and reports are JSON; the pieces of an answer are its own bytes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::{Format, SqlError};

/// Bytes before those of a frame.
pub(super) const HEAD: usize = 5;

/// Bytes of a frame, at most: what a batch of rows makes at once may be large, what is larger than
/// this is no answer.
pub(super) const MOST: usize = 256 << 20;

/// Bytes of a piece, at most: the pieces of an answer are cut to this.
pub(super) const PIECE: usize = 256 << 10;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To a process: open this ([`Opening`]). Back: it is open.
    Open,
    /// To a process: answer this ([`Asked`]).
    Ask,
    /// To a process: stop answering.
    Stop,
    /// Back: the first rows are there.
    Start,
    /// Back: bytes of the answer.
    Piece,
    /// Back: the answer is whole ([`End`]).
    End,
    /// Back: there is no answer, or no more of it (a [`SqlError`]).
    Fault,
}

const KINDS: [Kind; 7] = [
    Kind::Open,
    Kind::Ask,
    Kind::Stop,
    Kind::Start,
    Kind::Piece,
    Kind::End,
    Kind::Fault,
];

/// What a process opens, once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opening {
    pub(super) folder: PathBuf,
    /// Bytes.
    pub(super) memory: u64,
    /// As people write it.
    pub(super) memory_shown: String,
    pub(super) threads: usize,
    /// Bytes of the text of a query.
    pub(super) text: usize,
    /// Whether it steps aside for others: lowest priority, first to end when memory lacks.
    pub(super) aside: bool,
}

impl Opening {
    /// Bytes of its queries, of which DuckDB does not count all: half as much again.
    pub(super) fn half_again(&self) -> u64 {
        self.memory.saturating_add(self.memory / 2)
    }
}

/// A query.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) q: String,
    pub(crate) parametres: Value,
    pub(crate) format: Format,
    /// Rows it may have.
    pub(crate) lignes: u64,
    /// Seconds it may compute.
    pub(crate) secondes: u64,
    /// Where the answer comes from.
    pub(crate) donnees: Value,
}

/// The end of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) rows: u64,
}

/// What comes back.
#[derive(Debug)]
pub(crate) enum Said {
    Open,
    Start,
    Piece(Vec<u8>),
    End(End),
    Fault(SqlError),
}

impl Said {
    /// Of a frame.
    pub(super) fn of(kind: Kind, bytes: Vec<u8>) -> io::Result<Self> {
        Ok(match kind {
            Kind::Open => Self::Open,
            Kind::Start => Self::Start,
            Kind::Piece => Self::Piece(bytes),
            Kind::End => Self::End(read(&bytes)?),
            Kind::Fault => Self::Fault(read(&bytes)?),
            Kind::Ask | Kind::Stop => return Err(wrong("a frame that a process does not send")),
        })
    }
}

/// The kind and length that a head says.
pub(super) fn head(bytes: [u8; HEAD]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = bytes;
    let kind = KINDS.iter().find(|known| **known as u8 == kind).copied();
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    match kind {
        Some(kind) if length <= MOST => Ok((kind, length)),
        _ => Err(wrong("a frame that is none")),
    }
}

/// A frame, whole.
pub(super) fn frame(kind: Kind, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    let mut frame = Vec::with_capacity(HEAD + bytes.len());
    frame.push(kind as u8);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(bytes);
    Ok(frame)
}

/// A frame of JSON.
pub(super) fn json_frame(kind: Kind, value: &impl Serialize) -> io::Result<Vec<u8>> {
    frame(kind, &serde_json::to_vec(value)?)
}

/// Sends a frame. Blocking.
pub(super) fn send(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    to.write_all(frame)
}

/// The next frame; none when the other side is gone. Blocking.
pub(super) fn receive(from: &mut impl Read) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut first = [0; HEAD];
    match from.read_exact(&mut first) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        outcome => outcome?,
    }
    let (kind, length) = head(first)?;
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(Some((kind, bytes)))
}

/// What a frame of JSON holds.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(bytes)?)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received_and_noise_is_refused() {
        let mut sent = json_frame(Kind::End, &End { rows: 7 }).unwrap();
        sent.extend(frame(Kind::Piece, b"abc").unwrap());
        let mut from = sent.as_slice();
        let (kind, bytes) = receive(&mut from).unwrap().unwrap();
        assert!(matches!(
            Said::of(kind, bytes).unwrap(),
            Said::End(End { rows: 7 })
        ));
        let (kind, bytes) = receive(&mut from).unwrap().unwrap();
        assert!(matches!(Said::of(kind, bytes).unwrap(), Said::Piece(bytes) if bytes == b"abc"));
        assert!(receive(&mut from).unwrap().is_none());
        assert!(receive(&mut &b"\xff\0\0\0\0"[..]).is_err());
        assert!(receive(&mut &b"\0\xff\xff\xff\xff"[..]).is_err());
        let mut cut = &frame(Kind::Piece, b"abc").unwrap()[..6];
        assert!(receive(&mut cut).is_err());
    }
}
