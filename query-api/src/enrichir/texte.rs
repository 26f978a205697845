//! The characters of a file of someone else: read as what they most surely are, written back the same.

use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;
use std::io::{self, Read};

/// What a file of UTF-8 may start with.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Bytes that are looked at together.
const PORTION: usize = 1 << 20;

/// How characters are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encodage {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-1252, which ISO-8859-1 is part of.
    Windows1252,
}

impl Encodage {
    /// Of bytes of a file that may be cut in the middle of a character; none when they are all ASCII.
    /// As INSEE's and the ministry's files are decided: nearly every accent of Windows-1252 is no
    /// UTF-8, and a few damaged bytes do not make a file of it.
    pub(super) fn devine(octets: &[u8]) -> Option<Self> {
        if octets.is_ascii() {
            return None;
        }
        let (mut valid, mut invalid) = (0_usize, 0_usize);
        let mut chunks = octets.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            let cut = chunks.peek().is_none() && chunk.invalid().len() < 4;
            let end = octets.ends_with(chunk.invalid());
            // A character cut at the end says nothing, unless there is nothing else.
            let awaited = cut && end && valid > 0;
            if !awaited && !chunk.invalid().is_empty() {
                invalid += 1;
            }
        }
        Some(if invalid > valid {
            Self::Windows1252
        } else {
            Self::Utf8
        })
    }

    /// Bytes of the file as text; what is no character of it is shown as U+FFFD.
    pub(super) fn lire(self, octets: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(octets),
            Self::Windows1252 => WINDOWS_1252.decode_without_bom_handling(octets).0,
        }
    }

    /// A text as bytes of the file; a character that it cannot have is written `?`.
    pub(super) fn ecrire(self, texte: &str, vers: &mut Vec<u8>) {
        if self == Self::Utf8 || texte.is_ascii() {
            return vers.extend_from_slice(texte.as_bytes());
        }
        let mut utf8 = [0; 4];
        for character in texte.chars() {
            let (bytes, _, lost) = WINDOWS_1252.encode(character.encode_utf8(&mut utf8));
            vers.extend_from_slice(if lost { b"?" } else { &bytes });
        }
    }
}

/// The encoding of a whole file, decided by its first accents wherever they are; none when it has none.
/// Reads no further than them.
pub fn encodage_de(mut entree: impl Read) -> io::Result<Option<Encodage>> {
    let mut octets = vec![0; PORTION];
    loop {
        let mut filled = 0;
        while filled < octets.len() {
            match entree.read(&mut octets[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if octets[..filled].starts_with(BOM) {
            return Ok(Some(Encodage::Utf8));
        }
        let found = Encodage::devine(&octets[..filled]);
        if found.is_some() || filled < octets.len() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_that_of_most_of_the_accents() {
        assert_eq!(Encodage::devine(b"abc"), None);
        assert_eq!(Encodage::devine("déjà".as_bytes()), Some(Encodage::Utf8));
        let cut = "déjà".as_bytes();
        assert_eq!(
            Encodage::devine(&cut[..cut.len() - 1]),
            Some(Encodage::Utf8)
        );
        let latin1 = b"d\xe9j\xe0 vu \xe0 l'\xe9cole";
        assert_eq!(Encodage::devine(latin1), Some(Encodage::Windows1252));
        assert_eq!(Encodage::devine(b"caf\xe9"), Some(Encodage::Windows1252));
        let damaged = "déjà vu, là\u{e9}".as_bytes().to_vec();
        let damaged = [damaged.as_slice(), b" caf\xe9 \n"].concat();
        assert_eq!(Encodage::devine(&damaged), Some(Encodage::Utf8));
    }

    #[test]
    fn a_text_is_read_and_written_back() {
        let mut bytes = Vec::new();
        Encodage::Windows1252.ecrire("société œuvre € Ω", &mut bytes);
        assert_eq!(bytes, b"soci\xe9t\xe9 \x9cuvre \x80 ?");
        assert_eq!(Encodage::Windows1252.lire(&bytes), "société œuvre € ?");
    }
}
