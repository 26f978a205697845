//! `s3://bucket/prefix`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// How addresses of stores start.
const SCHEME: &str = "s3://";

/// Where in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl {
    pub bucket: String,
    /// Folders between the bucket and `current.json`.
    pub prefix: Vec<String>,
}

/// Where snapshots are: a folder, or a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    Store(StoreUrl),
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or("not the address of a store: give s3://bucket/prefix")?;
        let mut parts = rest.trim_end_matches('/').split('/').map(str::to_owned);
        let bucket = parts.next().unwrap_or_default();
        let prefix: Vec<String> = parts.collect();
        if bucket.is_empty() {
            return Err("no bucket: give s3://bucket/prefix".to_owned());
        }
        // No more than what every store and every file system names the same way.
        for part in prefix.iter().chain([&bucket]) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=".contains(c);
            if part.is_empty() || part.starts_with('.') || !part.chars().all(plain) {
                return Err(format!(
                    "{part:?} cannot be part of it: only letters, digits and - _ . = between slashes, and no dot first"
                ));
            }
        }
        Ok(Self { bucket, prefix })
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.bucket)?;
        self.prefix.iter().try_for_each(|part| write!(f, "/{part}"))
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with(SCHEME) {
            text.parse().map(Self::Store)
        } else {
            folder(text).map(Self::Folder)
        }
    }
}

/// A folder, for the commands that need one: a store is not taken for a folder of that name.
pub fn folder(text: &str) -> Result<PathBuf, String> {
    if text.starts_with(SCHEME) {
        Err("a store, where a folder is needed: only `registre serve` reads from a store, and `registre publish` writes to one".to_owned())
    } else if text.is_empty() {
        Err("no folder".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_the_same_way() {
        let url: StoreUrl = "s3://registres/prod/v1/".parse().unwrap();
        assert_eq!(url.bucket, "registres");
        assert_eq!(url.to_string(), "s3://registres/prod/v1");
        assert_eq!(
            "s3://registres".parse::<StoreUrl>().unwrap().prefix.len(),
            0
        );
        for wrong in [
            "registres/prod",
            "s3://",
            "s3:///prod",
            "s3://registres/../autre",
            "s3://registres//prod",
            "s3://registres/a b",
            "s3://cle:secret@registres",
        ] {
            assert!(wrong.parse::<StoreUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_store_is_not_a_folder() {
        assert!(matches!("s3://a/b".parse(), Ok(Place::Store(_))));
        assert!(matches!("data".parse(), Ok(Place::Folder(_))));
        assert!("s3://a/../b".parse::<Place>().is_err());
        assert!(folder("s3://a/b").unwrap_err().contains("registre serve"));
    }
}
