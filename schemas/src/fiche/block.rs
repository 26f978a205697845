//! The entries of a block, once decompressed. A key is written by what it shares with the one before.
//!
//! ```text
//! entry := shared suffix-length suffix body-length body
//! ```

use std::ops::Range;

use super::varint::{Cursor, put};

/// A block being filled.
#[derive(Debug, Clone, Default)]
pub struct Block {
    bytes: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Block {
    /// Adds an entry, whose key is after all those before.
    pub fn push(&mut self, key: &[u8], body: &[u8]) {
        let shared = self
            .last
            .iter()
            .zip(key)
            .take_while(|(last, own)| last == own)
            .count();
        if self.bytes.is_empty() {
            self.first = key.to_vec();
        }
        put(&mut self.bytes, shared as u64);
        put(&mut self.bytes, (key.len() - shared) as u64);
        self.bytes.extend_from_slice(&key[shared..]);
        put(&mut self.bytes, body.len() as u64);
        self.bytes.extend_from_slice(body);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
    }

    /// Its bytes so far, not compressed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key of its first entry.
    #[must_use]
    pub fn first_key(&self) -> &[u8] {
        &self.first
    }

    /// Empties it for other entries.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.first.clear();
        self.last.clear();
    }
}

/// An entry of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where its body is in the block.
    pub body: Range<usize>,
    /// Its key.
    pub key: Vec<u8>,
}

/// The entries of a block, in order; ends at the first that cannot be read.
pub fn entries(block: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    let mut cursor = Cursor::new(block);
    let mut key = Vec::new();
    std::iter::from_fn(move || {
        let body = next(&mut cursor, &mut key)?;
        Some(Entry {
            body,
            key: key.clone(),
        })
    })
}

/// Where the body of a key is. Entries are in order, so that most are told from the key by how much
/// they share with the one before, and none is copied.
#[must_use]
pub fn find(block: &[u8], key: &[u8]) -> Option<Range<usize>> {
    let mut cursor = Cursor::new(block);
    // Bytes of the entry's key, and how many of them begin the key sought.
    let (mut length, mut alike) = (0, 0);
    while let Some((shared, suffix, body)) = header(&mut cursor) {
        // Less than the one before somewhere it agreed with the key: after it, hence after the key.
        if shared > length || shared < alike {
            return None;
        }
        length = shared + suffix.len();
        if shared > alike {
            continue;
        }
        let rest = key.get(alike..)?;
        let same = suffix
            .iter()
            .zip(rest)
            .take_while(|(own, sought)| own == sought);
        let same = same.count();
        match (suffix.get(same), rest.get(same)) {
            (None, None) => return Some(body),
            (Some(_), None) => return None,
            (Some(own), Some(sought)) if own > sought => return None,
            _ => alike += same,
        }
    }
    None
}

/// What an entry's key shares with the one before, the rest of the key, where the body is.
fn header<'a>(cursor: &mut Cursor<'a>) -> Option<(usize, &'a [u8], Range<usize>)> {
    let shared = cursor.length()?;
    let suffix = cursor.length()?;
    let suffix = cursor.take(suffix)?;
    let length = cursor.length()?;
    let start = cursor.position();
    cursor.take(length)?;
    Some((shared, suffix, start..start + length))
}

fn next(cursor: &mut Cursor<'_>, key: &mut Vec<u8>) -> Option<Range<usize>> {
    let (shared, suffix, body) = header(cursor)?;
    if shared > key.len() {
        return None;
    }
    key.truncate(shared);
    key.extend_from_slice(suffix);
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_found_with_its_body_and_no_other_is() {
        let mut block = Block::default();
        let keys = ["130025265", "13002526500013", "13002526500021", "356000000"];
        for key in keys {
            block.push(key.as_bytes(), format!("corps de {key}").as_bytes());
        }
        assert_eq!(block.first_key(), b"130025265");
        for key in keys {
            let body = find(block.bytes(), key.as_bytes()).unwrap();
            assert_eq!(&block.bytes()[body], format!("corps de {key}").as_bytes());
        }
        for absent in ["", "1", "13002526500014", "356000001", "0"] {
            assert_eq!(find(block.bytes(), absent.as_bytes()), None, "{absent}");
        }
        let seen: Vec<Entry> = entries(block.bytes()).collect();
        assert!(
            seen.iter()
                .map(|entry| entry.key.as_slice())
                .eq(keys.map(str::as_bytes))
        );
    }

    #[test]
    fn a_block_cut_anywhere_gives_only_whole_entries() {
        let mut block = Block::default();
        block.push(b"130025265", b"un");
        block.push(b"356000000", b"deux");
        for end in 0..block.bytes().len() {
            for entry in entries(&block.bytes()[..end]) {
                assert!(entry.body.end <= end);
            }
        }
    }
}
