//! Brings a resource's bytes here. Written aside, verified, then renamed: a file under its final
//! name in `data/raw` is whole.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::error::IngestError;
use crate::origin::{Location, Resource};
use crate::progress::{Context, Task};
use crate::publish::write_atomic;

/// How many times a download is tried before the run gives up, waiting twice as long each time.
const ATTEMPTS: u32 = 4;
const BUFFER: usize = 1 << 18;

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

/// What is kept beside a downloaded file, so that an unchanged one is not fetched again.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Receipt {
    requested: String,
    url: String,
    etag: Option<String>,
    announced_size: Option<u64>,
    announced_checksum: Option<(String, String)>,
    announced_last_modified: Option<DateTime<Utc>>,
    size: u64,
    sha256: String,
}

/// The one HTTP client: rustls, redirects followed, no overall limit but one on silence.
pub(crate) fn client() -> Result<reqwest::blocking::Client, IngestError> {
    static CLIENT: OnceLock<reqwest::blocking::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // The only failure is that a provider is already installed, which is as good.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::blocking::Client::builder()
        .user_agent(concat!("registre/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(20))
        .timeout(None)
        .build()
        .map_err(|error| IngestError::Source {
            name: "http".to_owned(),
            detail: causes(&error),
        })?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// An error and what caused it, on one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Downloads `resource` into `folder`, or reads it where it is; either way its size and checksums
/// are verified against what was announced.
pub fn download(
    resource: Resource,
    folder: &Path,
    context: &Context,
) -> Result<RawFile, IngestError> {
    let raw = match resource.location.clone() {
        Location::Path(path) => in_place(resource, path, context)?,
        Location::Url(url) => fetch(resource, &url, folder, context)?,
    };
    verify(&raw)?;
    Ok(raw)
}

/// A file already here is read where it is.
fn in_place(resource: Resource, path: PathBuf, context: &Context) -> Result<RawFile, IngestError> {
    let mut file = File::open(&path).map_err(IngestError::io("open", &path))?;
    let size = file
        .metadata()
        .map_err(IngestError::io("read", &path))?
        .len();
    let task = context
        .progress
        .begin(&format!("{}: read", resource.source.name), Some(size));
    let sha256 = copy(&mut file, &mut std::io::sink(), &path, context, &*task)?;
    task.finish(&format!(
        "{}: {size} bytes, sha256 {}",
        resource.source.name,
        &sha256[..16]
    ));
    Ok(RawFile {
        url: path.display().to_string(),
        resource,
        path,
        etag: None,
        size,
        sha256,
    })
}

/// What `resource` must still match for a downloaded file to be reused.
fn announced(resource: &Resource, requested: &str, receipt: &Receipt) -> bool {
    receipt.requested == requested
        && receipt.announced_size == resource.size
        && receipt.announced_checksum == resource.checksum
        && receipt.announced_last_modified == resource.last_modified
}

fn fetch(
    resource: Resource,
    url: &str,
    folder: &Path,
    context: &Context,
) -> Result<RawFile, IngestError> {
    let path = folder.join(format!("{}.zip", resource.source.name));
    let receipt_path = folder.join(format!("{}.json", resource.source.name));
    let kept: Option<Receipt> = fs::read(&receipt_path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(receipt) = kept
        && announced(&resource, url, &receipt)
        && (resource.last_modified.is_some() || resource.checksum.is_some())
        && fs::metadata(&path).is_ok_and(|file| file.len() == receipt.size)
    {
        tracing::info!(source.name = %resource.source.name, "{}: unchanged, not downloaded again", resource.source.name);
        return Ok(RawFile {
            resource,
            path,
            url: receipt.url,
            etag: receipt.etag,
            size: receipt.size,
            sha256: receipt.sha256,
        });
    }
    let mut attempt = 1;
    let raw = loop {
        match try_fetch(&resource, url, &path, context) {
            Ok(raw) => break raw,
            Err(IngestError::Interrupted) => return Err(IngestError::Interrupted),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => {
                let wait = Duration::from_secs(1 << attempt);
                tracing::warn!(source.name = %resource.source.name, attempt, "{error}; trying again in {} s", wait.as_secs());
                pause(wait, context)?;
                attempt += 1;
            }
        }
    };
    let receipt = Receipt {
        requested: url.to_owned(),
        url: raw.url.clone(),
        etag: raw.etag.clone(),
        announced_size: raw.resource.size,
        announced_checksum: raw.resource.checksum.clone(),
        announced_last_modified: raw.resource.last_modified,
        size: raw.size,
        sha256: raw.sha256.clone(),
    };
    write_atomic(
        &receipt_path,
        &serde_json::to_vec_pretty(&receipt).unwrap_or_default(),
    )?;
    Ok(raw)
}

/// Waits, but not past a Ctrl-C.
fn pause(wait: Duration, context: &Context) -> Result<(), IngestError> {
    let step = Duration::from_millis(200);
    for _ in 0..wait.as_millis() / step.as_millis() {
        context.cancel.check()?;
        std::thread::sleep(step);
    }
    Ok(())
}

fn try_fetch(
    resource: &Resource,
    url: &str,
    path: &Path,
    context: &Context,
) -> Result<RawFile, IngestError> {
    let fail = |detail: String| IngestError::Source {
        name: resource.source.name.clone(),
        detail,
    };
    let mut response = client()?
        .get(url)
        .timeout(Duration::from_hours(24))
        .send()
        .and_then(reqwest::blocking::Response::error_for_status)
        .map_err(|error| fail(format!("GET {url}: {}", causes(&error))))?;
    let announced = response.content_length();
    let etag = response
        .headers()
        .get("etag")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let final_url = response.url().to_string();
    let part = path.with_extension("part");
    let mut file = File::create(&part).map_err(IngestError::io("create", &part))?;
    let task = context.progress.begin(
        &format!("{}: download", resource.source.name),
        announced.or(resource.size),
    );
    let sha256 = copy(&mut response, &mut file, &part, context, &*task)?;
    file.sync_all().map_err(IngestError::io("write", &part))?;
    let size = file
        .metadata()
        .map_err(IngestError::io("read", &part))?
        .len();
    if announced.is_some_and(|announced| announced != size) {
        return Err(fail(format!(
            "GET {url}: {size} bytes received, {} announced",
            announced.unwrap_or_default()
        )));
    }
    fs::rename(&part, path).map_err(IngestError::io("rename", path))?;
    task.finish(&format!(
        "{}: {size} bytes from {final_url}",
        resource.source.name
    ));
    Ok(RawFile {
        resource: resource.clone(),
        path: path.to_path_buf(),
        url: final_url,
        etag,
        size,
        sha256,
    })
}

/// Copies to the end, hashing on the way.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    path: &Path,
    context: &Context,
    task: &dyn Task,
) -> Result<String, IngestError> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        context.cancel.check()?;
        let length = from
            .read(&mut buffer)
            .map_err(IngestError::io("read", path))?;
        if length == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..length]);
        to.write_all(&buffer[..length])
            .map_err(IngestError::io("write", path))?;
        task.advance(length as u64);
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

/// The sha256 of a file, in hexadecimal.
pub(crate) fn sha256_of(path: &Path, context: &Context) -> Result<String, IngestError> {
    let mut file = File::open(path).map_err(IngestError::io("open", path))?;
    copy(
        &mut file,
        &mut std::io::sink(),
        path,
        context,
        &crate::progress::Silent,
    )
}

/// Size and published checksum. Publishers leave the checksum out at times, never the size wrong:
/// a file of another size is not the file announced.
fn verify(raw: &RawFile) -> Result<(), IngestError> {
    let fail = |detail: String| {
        Err(IngestError::File {
            path: raw.path.clone(),
            detail,
        })
    };
    if let Some(announced) = raw.resource.size
        && announced != raw.size
    {
        return fail(format!(
            "{} bytes, {announced} announced by the publisher: truncated or replaced under way; run again",
            raw.size
        ));
    }
    if let Some((algorithm, value)) = &raw.resource.checksum
        && algorithm == "sha256"
        && !value.eq_ignore_ascii_case(&raw.sha256)
    {
        return fail(format!(
            "sha256 {}, {value} announced by the publisher: corrupt; run again",
            raw.sha256
        ));
    }
    Ok(())
}
