//! The end of a file: what was learned, the dictionary of its blocks, and where each block is.

use super::varint::{Cursor, put};

/// First and last bytes of a file. The last one is the version of the format.
pub const MAGIC: &[u8; 8] = b"RFICHES1";

/// Bytes after the footer: its length, and [`MAGIC`].
pub const TRAILER: usize = 16;

/// Bytes of a key, at most: a SIRET has fourteen.
const KEY: usize = 64;

/// Blocks between two [`Index::landmarks`]: those of the country fit in a processor's own cache.
const STRIDE: usize = 64;

/// Bytes of a block in a footer, at least: two lengths and a size.
const LEAST: usize = 3;

/// The first key of each block, and where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// The beginning of each key, as a number: what a search compares, side by side in memory.
    beginnings: Vec<u64>,
    /// One of them out of [`STRIDE`], from the first.
    landmarks: Vec<u64>,
    keys: Vec<u8>,
    key_ends: Vec<u32>,
    /// Where each block ends in the file; the first begins after [`MAGIC`].
    ends: Vec<u64>,
}

impl Index {
    /// Adds a block of that many bytes, after all others.
    pub fn push(&mut self, first_key: &[u8], length: u64) {
        let beginning = beginning(first_key);
        if self.beginnings.len().is_multiple_of(STRIDE) {
            self.landmarks.push(beginning);
        }
        self.beginnings.push(beginning);
        self.keys.extend_from_slice(first_key);
        self.key_ends
            .push(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
        self.ends.push(self.end() + length);
    }

    /// Where the last block ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(MAGIC.len() as u64)
    }

    /// Bytes of the largest block, as it is in the file.
    #[must_use]
    pub fn largest(&self) -> u64 {
        let blocks = (0..self.len()).map(|block| self.place(block).1);
        blocks.max().unwrap_or(0)
    }

    /// How many blocks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The first key of a block.
    #[must_use]
    pub fn key(&self, block: usize) -> &[u8] {
        let start = block
            .checked_sub(1)
            .map_or(0, |before| self.key_ends[before] as usize);
        &self.keys[start..self.key_ends[block] as usize]
    }

    /// Where a block is: its first byte, and how many.
    #[must_use]
    pub fn place(&self, block: usize) -> (u64, u64) {
        let start = block
            .checked_sub(1)
            .map_or(MAGIC.len() as u64, |before| self.ends[before]);
        (start, self.ends[block] - start)
    }

    /// The block that a key is in, if it is anywhere: the last one that does not begin after it.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let own = beginning(key);
        let mut to = self.first_beginnings(|known| known <= own);
        let mut from = to;
        // Those of one large unit begin alike.
        if to > 0 && self.beginnings[to - 1] == own {
            from = self.first_beginnings(|known| known < own);
        }
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.key(middle) <= key {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from.checked_sub(1)
    }

    /// How many of the beginnings, from the first, are so; after them, none is.
    fn first_beginnings(&self, are: impl Fn(u64) -> bool) -> usize {
        let strides = self.landmarks.partition_point(|known| are(*known));
        let from = strides.saturating_sub(1) * STRIDE;
        let to = self.len().min(strides * STRIDE);
        from + self.beginnings[from..to].partition_point(|known| are(*known))
    }

    fn with_capacity(blocks: usize) -> Self {
        Self {
            beginnings: Vec::with_capacity(blocks),
            landmarks: Vec::with_capacity(blocks.div_ceil(STRIDE)),
            keys: Vec::new(),
            key_ends: Vec::with_capacity(blocks),
            ends: Vec::with_capacity(blocks),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.len() as u64);
        let mut last: &[u8] = &[];
        for block in 0..self.len() {
            let key = self.key(block);
            let shared = last
                .iter()
                .zip(key)
                .take_while(|(last, own)| last == own)
                .count();
            put(out, shared as u64);
            put(out, (key.len() - shared) as u64);
            out.extend_from_slice(&key[shared..]);
            put(out, self.place(block).1);
            last = key;
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let blocks = cursor.length()?;
        // Few bytes must not say many blocks.
        let left = cursor.bytes().len() - cursor.position();
        let mut index = Self::with_capacity(blocks.min(left / LEAST));
        let mut key: Vec<u8> = Vec::new();
        for block in 0..blocks {
            let shared = cursor.length()?;
            let suffix = cursor.length()?;
            let suffix = cursor.take(suffix)?;
            // Few bytes must not say many: a long key, shared again and again, would fill the memory.
            if shared > key.len() || shared + suffix.len() > KEY {
                return None;
            }
            // A binary search that goes astray would find nothing, and say so.
            let is_after = match key.get(shared) {
                Some(last) => suffix.first() > Some(last),
                None => block == 0 || !suffix.is_empty(),
            };
            if !is_after {
                return None;
            }
            key.truncate(shared);
            key.extend_from_slice(suffix);
            u32::try_from(index.keys.len() + key.len()).ok()?;
            let length = cursor.number()?;
            index.end().checked_add(length)?;
            index.push(&key, length);
        }
        Some(index)
    }
}

/// The first eight bytes of a key, those of shorter ones being followed by zeros: in the order of keys.
fn beginning(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(bytes.len());
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

/// The footer, not compressed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footer {
    /// [`super::Coding`], as bytes.
    pub coding: Vec<u8>,
    /// What zstd was given to compress each block with.
    pub dictionary: Vec<u8>,
    /// The largest block, once decompressed, in bytes.
    pub largest: u64,
    /// Entries in all.
    pub entries: u64,
    /// Where the blocks are.
    pub index: Index,
}

impl Footer {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for bytes in [&self.coding, &self.dictionary] {
            put(&mut out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        put(&mut out, self.largest);
        put(&mut out, self.entries);
        self.index.write(&mut out);
        out
    }

    /// From bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let mut part = || {
            let length = cursor.length()?;
            cursor.take(length).map(<[u8]>::to_vec)
        };
        Some(Self {
            coding: part()?,
            dictionary: part()?,
            largest: cursor.number()?,
            entries: cursor.number()?,
            index: Index::read(&mut cursor)?,
        })
    }
}

/// The bytes after a footer of that many.
#[must_use]
pub fn trailer(footer: u64) -> [u8; TRAILER] {
    let mut bytes = [0; TRAILER];
    bytes[..8].copy_from_slice(&footer.to_le_bytes());
    bytes[8..].copy_from_slice(MAGIC);
    bytes
}

/// How many bytes the footer has, said by the last bytes of a file.
#[must_use]
pub fn footer_length(trailer: &[u8; TRAILER]) -> Option<u64> {
    let (length, magic) = trailer.split_at(8);
    (magic == MAGIC).then(|| u64::from_le_bytes(length.try_into().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_to_the_last_block_that_does_not_begin_after_it() {
        let mut index = Index::default();
        for (key, length) in [
            ("200", 10),
            ("356000000", 20),
            ("35600000000048", 30),
            ("356000001", 5),
            ("9", 40),
        ] {
            index.push(key.as_bytes(), length);
        }
        let found = |key: &str| index.find(key.as_bytes());
        assert_eq!(found("1"), None);
        assert_eq!(found("200"), Some(0));
        assert_eq!(found("356000000"), Some(1));
        assert_eq!(found("35600000000047"), Some(1));
        assert_eq!(found("35600000009075"), Some(2));
        assert_eq!(found("35600000099999"), Some(2));
        assert_eq!(found("356000001"), Some(3));
        assert_eq!(found("356000010"), Some(3));
        assert_eq!(found("35599999999999"), Some(0));
        assert_eq!(found("999"), Some(4));
        assert_eq!(index.place(1), (18, 20));
        let footer = Footer {
            index,
            entries: 4,
            largest: 9,
            ..Footer::default()
        };
        assert_eq!(Footer::from_bytes(&footer.to_bytes()), Some(footer));
    }

    #[test]
    fn of_many_blocks_each_key_is_found_in_its_own() {
        for blocks in [STRIDE - 1, STRIDE, STRIDE + 1, 10 * STRIDE] {
            let mut index = Index::default();
            for block in 0..blocks {
                // Runs of keys that begin alike, longer than a stride.
                let key = format!("{:08}{:06}", block / (2 * STRIDE), block);
                index.push(key.as_bytes(), 1);
            }
            for block in 0..blocks {
                let key = index.key(block).to_vec();
                assert_eq!(index.find(&key), Some(block));
                assert_eq!(index.find(&[&key, &b"0"[..]].concat()), Some(block));
                let before = key[..key.len() - 1].to_vec();
                assert!(index.find(&before).is_none_or(|found| found < block));
            }
        }
    }

    #[test]
    fn a_trailer_says_how_long_the_footer_is() {
        assert_eq!(footer_length(&trailer(123)), Some(123));
        assert_eq!(footer_length(&[0; TRAILER]), None);
    }
}
