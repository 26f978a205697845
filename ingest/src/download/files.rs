//! What `data/raw` holds for a source, and what is believed of it:
//!
//! ```text
//! <source>.zip         the file, whole and verified; <source>.parquet when it is one
//! <source>.json        its receipt: what was announced of it, what the server said, our sha256
//! <source>.part        what is here of the next one
//! <source>.part.json   its pin: which bytes these are, so that no others are ever added to them
//! ```

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::catalogue::Format;
use crate::download::checksum;
use crate::error::IngestError;
use crate::origin::Resource;
use crate::publish::{remove_if_there, write_atomic};

/// Of the receipt: those of another version are not believed.
const VERSION: u32 = 2;

/// The paths of one source.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    /// The whole file.
    pub whole: PathBuf,
    /// The same data in the other format, from before it was asked for in this one.
    other: PathBuf,
    /// The unfinished one.
    pub part: PathBuf,
    receipt: PathBuf,
    pin: PathBuf,
}

/// What the publisher says of a file, beside its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    size: Option<u64>,
    checksum: Option<checksum::Announced>,
    last_modified: Option<DateTime<Utc>>,
}

impl From<&Resource> for Announced {
    fn from(resource: &Resource) -> Self {
        Self {
            size: resource.size,
            checksum: resource.checksum.clone(),
            last_modified: resource.last_modified,
        }
    }
}

impl Announced {
    /// Whether two equal announcements are of the same bytes.
    pub fn identifies(&self) -> bool {
        self.last_modified.is_some() || self.checksum.is_some()
    }

    /// The checksum announced.
    pub fn checksum(&self) -> Option<&checksum::Announced> {
        self.checksum.as_ref()
    }
}

/// What a server says of the bytes it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Address asked for.
    pub requested: String,
    /// Address that answered, after redirects.
    pub url: String,
    /// Validator.
    pub etag: Option<String>,
    /// Validator, as the server wrote it.
    pub last_modified: Option<String>,
    /// Length of the whole file.
    pub total: Option<u64>,
    /// What the server calls it.
    pub content_type: Option<String>,
    /// What the publisher announced at the time.
    pub announced: Announced,
}

impl Pin {
    /// What makes sure that a range is of the same bytes: a strong `ETag`, else the date.
    pub fn validator(&self) -> Option<&str> {
        self.etag
            .as_deref()
            .filter(|etag| !etag.starts_with("W/"))
            .or(self.last_modified.as_deref())
    }
}

/// What is kept beside a whole file, so that an unchanged one is not fetched again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipt {
    version: u32,
    /// What the server said.
    pub pin: Pin,
    /// Bytes.
    pub size: u64,
    /// Ours.
    pub sha256: String,
}

impl Receipt {
    /// For a file just verified.
    pub fn new(pin: Pin, size: u64, sha256: String) -> Self {
        Self {
            version: VERSION,
            pin,
            size,
            sha256,
        }
    }
}

impl Files {
    /// Of that resource.
    pub fn of(folder: &Path, resource: &Resource) -> Self {
        Self::named(folder, &resource.source.name, resource.format())
    }

    fn named(folder: &Path, source: &str, format: Format) -> Self {
        let named = |end: &str| folder.join(format!("{source}{end}"));
        Self {
            folder: folder.to_path_buf(),
            whole: named(format.extension()),
            other: named(format.other().extension()),
            part: named(".part"),
            receipt: named(".json"),
            pin: named(".part.json"),
        }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The receipt of the whole file, if both are here.
    pub fn receipt(&self) -> Option<Receipt> {
        let receipt: Receipt = read(&self.receipt)?;
        let here = fs::metadata(&self.whole).ok()?.len();
        (receipt.version == VERSION && here == receipt.size).then_some(receipt)
    }

    /// Writes the receipt of the whole file.
    pub fn keep(&self, receipt: &Receipt) -> Result<(), IngestError> {
        write(&self.receipt, receipt)
    }

    /// Forgets the whole file: it will be fetched again.
    pub fn forget(&self) -> Result<(), IngestError> {
        remove_if_there(&self.receipt)?;
        remove_if_there(&self.whole)
    }

    /// What is here of an unfinished file, if the rest of the same can be asked for: the server
    /// then says whether it is still the same, whatever is announced of it meanwhile. One that is
    /// all here is taken on the announcement alone.
    pub fn unfinished(&self, url: &str, announced: &Announced) -> Option<(Pin, u64)> {
        let pin: Pin = read(&self.pin)?;
        // Killed between the two steps of `finish`: the file has its final name and no receipt.
        if !self.part.exists() && !self.receipt.exists() && self.whole.exists() {
            fs::rename(&self.whole, &self.part).ok()?;
        }
        let length = fs::metadata(&self.part).ok()?.len();
        let same = pin.requested == url
            && (pin.total.is_none() || announced.size.is_none() || pin.total == announced.size);
        let resumable = if pin.total == Some(length) {
            pin.announced == *announced
        } else {
            pin.validator().is_some()
        };
        let possible = length > 0 && pin.total.is_none_or(|total| length <= total);
        (same && resumable && possible).then_some((pin, length))
    }

    /// An empty unfinished file. It is empty on the disk before its pin is: a pin must never be
    /// found beside the bytes of another file.
    pub fn begin(&self, pin: &Pin) -> Result<File, IngestError> {
        let file = File::create(&self.part).map_err(IngestError::io("create", &self.part))?;
        file.sync_all()
            .map_err(IngestError::io("write", &self.part))?;
        write(&self.pin, pin)?;
        Ok(file)
    }

    /// The unfinished file, to add to.
    pub fn resume(&self, length: u64) -> Result<File, IngestError> {
        OpenOptions::new()
            .write(true)
            .open(&self.part)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(length))?;
                Ok(file)
            })
            .map_err(IngestError::io("open", &self.part))
    }

    /// Throws the unfinished file away.
    pub fn discard(&self) -> Result<(), IngestError> {
        remove_if_there(&self.pin)?;
        remove_if_there(&self.part)
    }

    /// Gives the unfinished file, verified, its final name. The old receipt goes first: it must
    /// never be found beside the new file.
    pub fn finish(&self, receipt: &Receipt) -> Result<(), IngestError> {
        remove_if_there(&self.receipt)?;
        fs::rename(&self.part, &self.whole).map_err(IngestError::io("rename", &self.whole))?;
        self.keep(receipt)?;
        remove_if_there(&self.other)?;
        remove_if_there(&self.pin)
    }
}

/// Removes the unfinished files of sources other than these, whose time will not come, and what a
/// killed run was writing aside.
pub fn tidy(folder: &Path, sources: &[&str]) -> Result<(), IngestError> {
    let list = IngestError::io("list folder", folder);
    let entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(list)?;
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = name
            .strip_suffix(".part")
            .or_else(|| name.strip_suffix(".part.json"));
        if unfinished.is_some_and(|source| !sources.contains(&source)) {
            tracing::info!("removed {}: of a source no longer found", path.display());
            remove_if_there(&path)?;
        } else if name.ends_with(".tmp") {
            remove_if_there(&path)?;
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    // One that cannot be read is one that is not there: the file is fetched again.
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), IngestError> {
    let json = serde_json::to_vec_pretty(value)
        .map_err(|error| IngestError::io("write", path)(error.into()))?;
    write_atomic(path, &json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const URL: &str = "http://localhost/a.zip";

    fn announced(size: u64) -> Announced {
        Announced {
            size: Some(size),
            checksum: None,
            last_modified: None,
        }
    }

    fn pin() -> Pin {
        Pin {
            requested: URL.to_owned(),
            url: URL.to_owned(),
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
            total: Some(10),
            content_type: None,
            announced: announced(10),
        }
    }

    #[test]
    fn what_is_unfinished_is_resumed_only_if_it_is_still_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::named(folder.path(), "a", Format::Csv);
        assert_eq!(files.unfinished(URL, &announced(10)), None);
        files.begin(&pin()).unwrap().write_all(b"abc").unwrap();
        assert_eq!(files.unfinished(URL, &announced(10)), Some((pin(), 3)));
        assert_eq!(files.unfinished(URL, &announced(11)), None);
        let said_again = Announced {
            last_modified: Some(Utc::now()),
            ..announced(10)
        };
        assert_eq!(files.unfinished(URL, &said_again), Some((pin(), 3)));
        assert_eq!(files.unfinished("http://localhost/b", &announced(10)), None);
        files.resume(3).unwrap().write_all(b"defghij!").unwrap();
        assert_eq!(
            files.unfinished(URL, &announced(10)),
            None,
            "longer than it can be"
        );
        let weak = Pin {
            etag: Some("W/\"1\"".to_owned()),
            ..pin()
        };
        files.begin(&weak).unwrap().write_all(b"abc").unwrap();
        assert_eq!(
            files.unfinished(URL, &announced(10)),
            None,
            "a weak validator does not name bytes"
        );
    }

    #[test]
    fn killed_while_finishing_it_is_finished_again() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::named(folder.path(), "a", Format::Csv);
        files
            .begin(&pin())
            .unwrap()
            .write_all(b"abcdefghij")
            .unwrap();
        fs::rename(&files.part, &files.whole).unwrap();
        assert_eq!(files.unfinished(URL, &announced(10)), Some((pin(), 10)));
        let said_again = Announced {
            last_modified: Some(Utc::now()),
            ..announced(10)
        };
        assert_eq!(files.unfinished(URL, &said_again), None, "not asked again");
        files
            .finish(&Receipt::new(pin(), 10, "sum".to_owned()))
            .unwrap();
        assert_eq!(files.receipt().unwrap().pin, pin());
        assert_eq!(files.unfinished(URL, &announced(10)), None);
        files.forget().unwrap();
        assert!(files.receipt().is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_other_format_makes_room_once_this_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let zip = Files::named(folder.path(), "a", Format::Csv);
        let parquet = Files::named(folder.path(), "a", Format::Parquet);
        for files in [&zip, &parquet] {
            files
                .begin(&pin())
                .unwrap()
                .write_all(b"abcdefghij")
                .unwrap();
            let receipt = Receipt::new(pin(), 10, "sum".to_owned());
            files.finish(&receipt).unwrap();
        }
        assert!(zip.receipt().is_none() && !zip.whole.exists());
        assert_eq!(parquet.receipt().unwrap().size, 10);
    }

    #[test]
    fn what_is_unfinished_of_a_source_no_longer_found_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            Files::named(folder.path(), name, Format::Csv)
                .begin(&pin())
                .unwrap();
        }
        for name in ["b.zip", "a.part.tmp"] {
            File::create(folder.path().join(name)).unwrap();
        }
        tidy(folder.path(), &["a"]).unwrap();
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["a.part", "a.part.json", "b.zip"]);
    }
}
