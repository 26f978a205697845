//! Brings a resource's bytes here. Written aside, verified, then renamed: a file under its final
//! name in `data/raw` is whole.
//!
//! | file | decides |
//! |---|---|
//! | `download/transfer.rs` | one try: all of it, the rest of it, or nothing new |
//! | `download/retry.rs` | whether and when to try again |
//! | `download/http.rs` | one exchange with a server |
//! | `download/tls.rs` | what to say of a server that cannot be trusted |
//! | `download/files.rs` | what is on the disk, and what of it to believe |
//! | `download/checksum.rs`, `download/shape.rs` | whether a file is the one announced |
//! | `download/space.rs` | whether there is room |

mod checksum;
mod files;
pub(crate) mod http;
pub(crate) mod retry;
mod shape;
pub(crate) mod space;
mod tls;
mod transfer;

use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::IngestError;
use crate::origin::{Location, Resource};
use crate::progress::Context;
use checksum::{Sums, sums_of};
use files::Files;
use retry::{Limits, until_done};
use transfer::Transfer;

pub use checksum::{hex, sha256_of};
pub use retry::random;
pub use space::{readable, require as require_space};

/// A file that is whole, here, and whose bytes are known.
#[derive(Debug, Clone)]
pub struct RawFile {
    /// What it is.
    pub resource: Resource,
    /// Where it is.
    pub path: PathBuf,
    /// Where it came from, after redirects.
    pub url: String,
    /// Validator the server gave.
    pub etag: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Of the whole file, in hexadecimal.
    pub sha256: String,
}

impl RawFile {
    /// Forgets a downloaded file that could not be decoded, so that the next run fetches it again:
    /// without a published checksum nothing else tells a damaged copy from a good one. A file that
    /// was read where it is stays there.
    pub fn forget(&self) -> Result<(), IngestError> {
        match (&self.resource.location, self.path.parent()) {
            (Location::Url(_), Some(folder)) => Files::of(folder, &self.resource).forget(),
            _ => Ok(()),
        }
    }
}

/// Downloads what is not here yet, in order, after saying how much that is and making sure that
/// there is room for all of it; removes what other runs left unfinished of sources no longer found.
/// Files that are all on this machine are read side by side.
pub fn download_all(
    resources: Vec<Resource>,
    folder: &Path,
    context: &Context,
) -> Result<Vec<RawFile>, IngestError> {
    let names: Vec<&str> = resources
        .iter()
        .map(|resource| resource.source.name.as_str())
        .collect();
    files::tidy(folder, &names)?;
    announce(&resources, folder)?;
    let here = |resource: &Resource| matches!(resource.location, Location::Path(_));
    if resources.iter().all(here) {
        return resources
            .into_par_iter()
            .with_max_len(1)
            .map(|resource| download(resource, folder, context))
            .collect();
    }
    resources
        .into_iter()
        .map(|resource| download(resource, folder, context))
        .collect()
}

fn announce(resources: &[Resource], folder: &Path) -> Result<(), IngestError> {
    let (mut files, mut needed, mut unknown) = (0, 0_u64, 0);
    for resource in resources {
        if let Location::Url(url) = &resource.location {
            let transfer = Transfer::new(resource, url, Files::of(folder, resource));
            if transfer.unchanged().is_none() {
                files += 1;
                match transfer.missing() {
                    Some(bytes) => needed = needed.saturating_add(bytes),
                    None => unknown += 1,
                }
            }
        }
    }
    if files == 0 {
        return Ok(());
    }
    let free = space::require(folder, needed)?;
    let more = if unknown > 0 {
        format!(", and {unknown} whose size is not announced")
    } else {
        String::new()
    };
    tracing::info!(
        files,
        needed_bytes = needed,
        free_bytes = free,
        "files to download or check: {files}, {} at most{more}; {} free",
        readable(needed),
        readable(free)
    );
    Ok(())
}

/// Downloads `resource` into `folder`, or reads it where it is; either way its size and checksum
/// are verified against what was announced.
pub fn download(
    resource: Resource,
    folder: &Path,
    context: &Context,
) -> Result<RawFile, IngestError> {
    match resource.location.clone() {
        Location::Path(path) => in_place(resource, path, context),
        Location::Url(url) => fetch(&resource, &url, folder, context),
    }
}

/// A file already here is read where it is.
fn in_place(resource: Resource, path: PathBuf, context: &Context) -> Result<RawFile, IngestError> {
    let size = fs::metadata(&path)
        .map_err(IngestError::io("read", &path))?
        .len();
    let name = &resource.source.name;
    let task = context.progress.begin(&format!("{name}: read"), Some(size));
    let sums = sums_of(&path, resource.checksum.as_ref(), context, &*task)?;
    if let Some(detail) = contradict(&resource, size, &sums) {
        return Err(IngestError::File { path, detail });
    }
    task.finish(&format!(
        "{name}: {size} bytes, sha256 {}",
        &sums.sha256[..16]
    ));
    Ok(RawFile {
        url: path.display().to_string(),
        resource,
        path,
        etag: None,
        size,
        sha256: sums.sha256,
    })
}

fn fetch(
    resource: &Resource,
    url: &str,
    folder: &Path,
    context: &Context,
) -> Result<RawFile, IngestError> {
    let name = &resource.source.name;
    let transfer = Transfer::new(resource, url, Files::of(folder, resource));
    if let Some(raw) = transfer.unchanged() {
        tracing::info!(source.name = %name, "{name}: unchanged, not downloaded again");
        return Ok(raw);
    }
    until_done(&Limits::default(), context, &transfer.progress, || {
        transfer.attempt(context)
    })
}

/// What is wrong with a file of that size and these sums, if it is not the one announced.
/// Publishers leave the checksum out at times, never the size wrong: a file of another size is
/// not the file announced.
fn contradict(resource: &Resource, size: u64, sums: &Sums) -> Option<String> {
    match resource.size {
        Some(announced) if announced != size => Some(format!(
            "{size} bytes, {announced} announced by the publisher: truncated or replaced under way; run again"
        )),
        _ => sums.contradict(resource.checksum.as_ref(), &resource.source.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    fn resource(size: u64) -> Resource {
        Resource {
            source: catalogue::sources().unwrap().remove(0),
            id: None,
            title: String::new(),
            // Nobody listens there: asking would be another error.
            location: Location::Url("http://127.0.0.1:9/a.zip".to_owned()),
            last_modified: None,
            size: Some(size),
            checksum: None,
        }
    }

    #[test]
    fn more_than_the_disk_has_is_refused_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let half = u64::MAX / 2;
        let refused = download_all(
            vec![resource(half), resource(half)],
            folder.path(),
            &Context::silent(),
        );
        assert!(matches!(refused, Err(IngestError::Space { .. })));
    }

    #[test]
    fn a_file_read_where_it_is_is_never_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::File::create(&path).unwrap();
        let resource = Resource {
            location: Location::Path(path.clone()),
            ..resource(0)
        };
        let raw = download(resource, folder.path(), &Context::silent()).unwrap();
        raw.forget().unwrap();
        assert!(path.exists());
    }
}
