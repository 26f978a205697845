//! The keys that were given out, by what is kept of them: a name, a digest, a limit.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use super::quota::{Quota, QuotaError};

/// Bytes of a key: more is none of ours, and is not worth a digest.
const LONGEST: usize = 256;

/// Bytes of a digest.
type Sha = [u8; 32];

/// Why a file of keys is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It cannot be read.
    #[error("read the keys of {path}: {source}", path = .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not the TOML expected.
    #[error("parse the keys of {path}: {source}", path = .path.display())]
    Parse {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// A digest is not one.
    #[error("key {name:?} of {path}: its sha256 is not 64 hexadecimal digits; make it with `printf %s KEY | sha256sum`", path = .path.display())]
    Digest {
        /// Which file.
        path: PathBuf,
        /// Which key.
        name: String,
    },
    /// A limit is not one.
    #[error("key {name:?} of {path}: {source}", path = .path.display())]
    Limit {
        /// Which file.
        path: PathBuf,
        /// Which key.
        name: String,
        /// Why.
        source: QuotaError,
    },
    /// Two names for one key.
    #[error("keys {first:?} and {second:?} of {path} have the same sha256: give each its own key", path = .path.display())]
    Twice {
        /// Which file.
        path: PathBuf,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
}

/// A key that was given out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) limit: Quota,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Keys {
    by_digest: HashMap<Sha, Key>,
}

/// As the file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sha256: String,
    limit: String,
}

impl Keys {
    /// Reads a file. Blocking, of a few kilobytes.
    pub(super) fn read(path: &Path) -> Result<Self, KeysError> {
        let text = fs::read_to_string(path).map_err(|source| KeysError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, KeysError> {
        let entries: BTreeMap<String, Entry> =
            toml::from_str(text).map_err(|source| KeysError::Parse {
                path: path.to_owned(),
                source: Box::new(source),
            })?;
        let mut by_digest: HashMap<Sha, Key> = HashMap::new();
        for (name, entry) in entries {
            let Some(digest) = digest_of(&entry.sha256) else {
                return Err(KeysError::Digest {
                    path: path.to_owned(),
                    name,
                });
            };
            let limit = match entry.limit.parse() {
                Ok(limit) => limit,
                Err(source) => {
                    return Err(KeysError::Limit {
                        path: path.to_owned(),
                        name,
                        source,
                    });
                }
            };
            if let Some(other) = by_digest.get(&digest) {
                return Err(KeysError::Twice {
                    path: path.to_owned(),
                    first: other.name.clone(),
                    second: name,
                });
            }
            by_digest.insert(digest, Key { name, limit });
        }
        Ok(Self { by_digest })
    }

    /// The key that a client gave. It is found by its digest, so the time it takes says nothing of
    /// those that are.
    pub(super) fn find(&self, given: &[u8]) -> Option<&Key> {
        if given.len() > LONGEST {
            return None;
        }
        self.by_digest.get(&Sha::from(Sha256::digest(given)))
    }

    pub(super) fn len(&self) -> usize {
        self.by_digest.len()
    }
}

fn digest_of(text: &str) -> Option<Sha> {
    let digits = text.as_bytes();
    let mut digest = Sha::default();
    if digits.len() != 2 * digest.len() || !digits.is_ascii() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        if pair.starts_with('+') {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Of "secret".
    const SHA: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    fn parse(text: &str) -> Result<Keys, String> {
        Keys::parse(text, Path::new("cles.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_found_by_its_digest_and_has_its_own_limit() {
        let keys = parse(&format!(
            "[mairie-exemple]\nsha256 = \"{SHA}\"\nlimit = \"100/s\""
        ))
        .unwrap();
        let key = keys.find(b"secret").unwrap();
        assert_eq!(
            (key.name.as_str(), key.limit.requests()),
            ("mairie-exemple", 100)
        );
        for other in [&b"Secret"[..], b"", &[b'x'; 1000]] {
            assert!(keys.find(other).is_none());
        }
        assert_eq!(parse("").unwrap().len(), 0);
    }

    #[test]
    fn a_file_that_is_wrong_says_which_key_and_what_to_do() {
        let entry = |name: &str, sha: &str, limit: &str| {
            format!("[{name}]\nsha256 = \"{sha}\"\nlimit = \"{limit}\"\n")
        };
        for (text, words) in [
            (entry("a", "12", "7/s"), &["\"a\"", "sha256sum"][..]),
            (entry("a", &SHA.replace('2', "+"), "7/s"), &["sha256sum"]),
            (entry("a", SHA, "7"), &["\"a\"", "7/s"]),
            ("[a]\nkey = \"secret\"".to_owned(), &["cles.toml", "key"]),
            (
                entry("a", SHA, "1/s") + &entry("b", SHA, "1/s"),
                &["\"a\" and \"b\"", "its own key"],
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }
}
