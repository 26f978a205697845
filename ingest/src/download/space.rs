//! Room on the disk: said before it is used, and refused in words when there is not enough, not
//! after an hour by a failed write.

use std::path::Path;

use crate::error::IngestError;

/// Refuses when `folder`'s disk has no room for `needed` more bytes; gives what is free.
pub fn require(folder: &Path, needed: u64) -> Result<u64, IngestError> {
    let free = fs4::available_space(folder)
        .map_err(IngestError::io("measure the free space of", folder))?;
    if needed > free {
        return Err(IngestError::Space {
            path: folder.to_path_buf(),
            needed: readable(needed),
            free: readable(free),
        });
    }
    Ok(free)
}

/// A number of bytes for people: `2.9 GB`.
#[must_use]
pub fn readable(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in units {
        if bytes >= unit {
            return format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_disk_has_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        assert!(require(folder.path(), 1).unwrap() > 0);
        let error = require(folder.path(), u64::MAX).unwrap_err();
        assert_eq!(error.exit_code(), 6);
        let said = error.to_string();
        assert!(said.contains("free") && said.contains("GB"), "{said}");
    }

    #[test]
    fn sizes_are_readable() {
        assert_eq!(readable(2_970_000_000), "2.9 GB");
        assert_eq!(readable(1_000_000), "1.0 MB");
        assert_eq!(readable(999), "999 bytes");
    }
}
