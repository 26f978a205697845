//! One try at bringing a file: ask for all of it, for the rest of it, or whether it changed; write
//! what comes; verify it; then only give it its name.

use reqwest::StatusCode;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use std::cell::Cell;
use std::fs::File;

use crate::download::checksum::{self, Digests, Sums, sums_of};
use crate::download::files::{Announced, Files, Pin, Receipt};
use crate::download::http::{self, Answer};
use crate::download::retry::{Again, Failure};
use crate::download::{RawFile, shape, space};
use crate::error::IngestError;
use crate::origin::Resource;
use crate::progress::{Context, Silent};

/// The free space is looked at again each time this much came of a file of unknown length.
const UNANNOUNCED: u64 = 64 << 20;
/// What counts as progress between two failures: this much, or a hundredth of a small file.
const STEP: u64 = 1 << 20;

/// A file to bring, through as many tries as it takes.
pub struct Transfer<'a> {
    resource: &'a Resource,
    url: &'a str,
    files: Files,
    announced: Announced,
    /// Grows with the furthest byte reached.
    pub progress: Cell<u64>,
    /// The server said our file is the one it has, and it is not the one announced.
    unconditional: Cell<bool>,
}

impl<'a> Transfer<'a> {
    /// Of `resource`, at `url`.
    pub fn new(resource: &'a Resource, url: &'a str, files: Files) -> Self {
        Self {
            resource,
            url,
            files,
            announced: Announced::from(resource),
            progress: Cell::new(0),
            unconditional: Cell::new(false),
        }
    }

    /// The file here, when the publisher announces nothing new since it was verified.
    pub fn unchanged(&self) -> Option<RawFile> {
        let receipt = self.files.receipt()?;
        let same = receipt.pin.requested == self.url && receipt.pin.announced == self.announced;
        (same && self.announced.identifies()).then(|| self.raw(receipt))
    }

    /// How many bytes are still to come, when the publisher says.
    pub fn missing(&self) -> Option<u64> {
        let size = self.resource.size?;
        let kept = self.files.unfinished(self.url, &self.announced);
        Some(size.saturating_sub(kept.map_or(0, |(_pin, length)| length)))
    }

    /// One try.
    pub fn attempt(&self, context: &Context) -> Result<RawFile, Failure> {
        let kept = self.files.unfinished(self.url, &self.announced);
        if let Some((pin, length)) = &kept
            && pin.total == Some(*length)
        {
            let sums = self.sums(context)?;
            return self.finish(pin.clone(), *length, &sums);
        }
        let ours = self.files.receipt().filter(|receipt| {
            kept.is_none() && !self.unconditional.get() && receipt.pin.requested == self.url
        });
        let headers = conditions(kept.as_ref(), ours.as_ref());
        let answer = http::get(&self.resource.source.name, self.url, headers, context)?;
        match (answer.status, kept, ours) {
            (StatusCode::NOT_MODIFIED, _, Some(receipt)) => {
                self.not_modified(&answer, receipt, context)
            }
            (StatusCode::PARTIAL_CONTENT, Some((mut pin, length)), _) => {
                if let Err(wrong) = continues(&answer, &pin, length) {
                    return Err(self.restart(&answer, &wrong));
                }
                tracing::info!(
                    source.name = %self.resource.source.name,
                    "{}: resumed after {}",
                    self.resource.source.name,
                    space::readable(length)
                );
                // The bytes are the same; what is said of them may have changed since.
                pin.announced = self.announced.clone();
                self.receive(&answer, pin, length, context)
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(_), _) => {
                Err(self.restart(&answer, "the part kept is longer than the file"))
            }
            (StatusCode::OK, kept, _) => {
                if kept.is_some() {
                    tracing::info!(
                        source.name = %self.resource.source.name,
                        "{}: cannot be resumed, the server sends all of it",
                        self.resource.source.name
                    );
                }
                let pin = self.pin(&answer);
                self.receive(&answer, pin, 0, context)
            }
            (status, ..) if status.is_success() || status.is_redirection() => {
                Err(answer.failure(&format!("unexpected answer {status}"), Again::Later))
            }
            _ => Err(answer.refusal()),
        }
    }

    /// What was kept cannot be continued.
    fn restart(&self, answer: &Answer, why: &str) -> Failure {
        match self.files.discard() {
            Ok(()) => answer.failure(&format!("{why}: from the start"), Again::AtOnce),
            Err(error) => error.into(),
        }
    }

    fn pin(&self, answer: &Answer) -> Pin {
        let text = |name| answer.header(name).map(str::to_owned);
        Pin {
            requested: self.url.to_owned(),
            url: answer.url.clone(),
            etag: text(&ETAG),
            last_modified: text(&LAST_MODIFIED),
            total: answer
                .header(&CONTENT_LENGTH)
                .and_then(|length| length.parse().ok()),
            content_type: text(&CONTENT_TYPE),
            announced: self.announced.clone(),
        }
    }

    /// The server has what we have.
    fn not_modified(
        &self,
        answer: &Answer,
        mut receipt: Receipt,
        context: &Context,
    ) -> Result<RawFile, Failure> {
        let name = &self.resource.source.name;
        let announced = self.announced.checksum();
        let wrong = if self.resource.size.is_some_and(|size| size != receipt.size) {
            Some("its size is not the one announced".to_owned())
        } else if announced == receipt.pin.announced.checksum() {
            None
        } else {
            sums_of(&self.files.whole, announced, context, &Silent)?.contradict(announced, name)
        };
        if let Some(wrong) = wrong {
            self.unconditional.set(true);
            let detail = format!("the server says it did not change, but {wrong}");
            return Err(answer.failure(&detail, Again::AtOnce));
        }
        tracing::info!(source.name = %name, "{name}: not modified, not downloaded again");
        receipt.pin.announced = self.announced.clone();
        self.files.keep(&receipt)?;
        Ok(self.raw(receipt))
    }

    /// Writes what comes after the `start` bytes already here, then finishes.
    fn receive(
        &self,
        answer: &Answer,
        pin: Pin,
        start: u64,
        context: &Context,
    ) -> Result<RawFile, Failure> {
        // Known before the first byte: not worth gigabytes.
        if let (Some(total), Some(size)) = (pin.total, self.resource.size)
            && total != size
        {
            return Err(self.wrong(format!(
                "GET {}: the server sends {total} bytes of {:?}, {size} announced by the publisher: replaced under way? run again",
                self.url,
                pin.content_type.as_deref().unwrap_or("it does not say what")
            )));
        }
        let total = pin.total.or(self.resource.size);
        self.make_room(total, start)?;
        let path = &self.files.part;
        let mut digests = Digests::to_verify(self.announced.checksum());
        let task = context
            .progress
            .begin(&format!("{}: download", self.resource.source.name), total);
        let mut file = if start == 0 {
            self.files.begin(&pin)?
        } else {
            // The sums are of all the file, and so are the bytes on the disk what they are said.
            let mut kept = File::open(path).map_err(IngestError::io("open", path))?;
            digests.read(&mut kept, path, context, &*task)?;
            self.files.resume(start)?
        };
        let mut length = start;
        while let Some(chunk) = answer.next(context)? {
            checksum::write(&mut digests, &mut file, &chunk, path)?;
            length = self.grown(length, &chunk, total)?;
            task.advance(chunk.len() as u64);
        }
        file.sync_all().map_err(IngestError::io("write", path))?;
        if pin.total.is_some_and(|total| total != length) {
            let detail = format!(
                "ended after {length} of {} bytes",
                total.unwrap_or_default()
            );
            return Err(answer.failure(&detail, Again::Later));
        }
        let raw = self.finish(pin, length, &digests.finish())?;
        task.finish(&format!(
            "{}: {length} bytes from {}",
            self.resource.source.name, raw.url
        ));
        Ok(raw)
    }

    /// The length with this chunk, unless there must be an end to it.
    fn grown(&self, length: u64, chunk: &[u8], total: Option<u64>) -> Result<u64, Failure> {
        let grown = length + chunk.len() as u64;
        let step = total.map_or(STEP, |total| STEP.min(total / 100)).max(1);
        self.progress.set(self.progress.get().max(grown / step));
        match total {
            Some(total) if grown > total => Err(self.wrong(format!(
                "more than the {total} bytes announced by the publisher: replaced under way? run again"
            ))),
            None if grown / UNANNOUNCED > length / UNANNOUNCED => {
                space::require(self.files.folder(), UNANNOUNCED)?;
                Ok(grown)
            }
            _ => Ok(grown),
        }
    }

    fn make_room(&self, total: Option<u64>, start: u64) -> Result<(), IngestError> {
        let needed = total.map(|total| total.saturating_sub(start));
        let free = space::require(self.files.folder(), needed.unwrap_or(UNANNOUNCED))?;
        let needed = needed.map_or_else(|| "an unknown size".to_owned(), space::readable);
        let name = &self.resource.source.name;
        tracing::info!(source.name = %name, "{name}: {needed} to download, {} free", space::readable(free));
        Ok(())
    }

    fn sums(&self, context: &Context) -> Result<Sums, IngestError> {
        sums_of(
            &self.files.part,
            self.announced.checksum(),
            context,
            &Silent,
        )
    }

    /// Verifies before anything can take the file for a good one.
    fn finish(&self, pin: Pin, size: u64, sums: &Sums) -> Result<RawFile, Failure> {
        let sheet = self.resource.source.spreadsheet;
        let shape = shape::wrong(&self.files.part, pin.content_type.as_deref(), sheet)
            .map_err(IngestError::io("read", &self.files.part))?;
        let wrong = shape
            .map(|wrong| format!("GET {}: {wrong}", self.url))
            .or_else(|| super::contradict(self.resource, size, sums));
        if let Some(wrong) = wrong {
            return Err(self.wrong(wrong));
        }
        let receipt = Receipt::new(pin, size, sums.sha256.clone());
        self.files.finish(&receipt)?;
        Ok(self.raw(receipt))
    }

    /// A file that came and is not the one announced: nothing of it is worth keeping.
    fn wrong(&self, detail: String) -> Failure {
        match self.files.discard() {
            Ok(()) => Failure {
                error: IngestError::File {
                    path: self.files.whole.clone(),
                    detail,
                },
                again: Again::WrongFile,
            },
            Err(error) => error.into(),
        }
    }

    fn raw(&self, receipt: Receipt) -> RawFile {
        RawFile {
            resource: self.resource.clone(),
            path: self.files.whole.clone(),
            url: receipt.pin.url,
            etag: receipt.pin.etag,
            size: receipt.size,
            sha256: receipt.sha256,
        }
    }
}

/// Only the rest, if it is still the same file; or only if it changed.
fn conditions(kept: Option<&(Pin, u64)>, ours: Option<&Receipt>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: Option<&str>| {
        // A validator that cannot be sent back is one less condition.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    };
    if let Some((pin, length)) = kept {
        set(RANGE, Some(&format!("bytes={length}-")));
        set(IF_RANGE, pin.validator());
    } else if let Some(receipt) = ours {
        set(IF_NONE_MATCH, receipt.pin.etag.as_deref());
        set(IF_MODIFIED_SINCE, receipt.pin.last_modified.as_deref());
    }
    headers
}

/// Whether the bytes of a 206 are those that follow the ones kept, of the same file.
fn continues(answer: &Answer, pin: &Pin, length: u64) -> Result<(), String> {
    let range = answer.header(&CONTENT_RANGE).unwrap_or_default();
    let (start, total) = content_range(range)
        .ok_or_else(|| format!("part of the file asked for, answered with {range:?}"))?;
    if start != length {
        return Err(format!("bytes from {length} asked for, from {start} sent"));
    }
    if let (Some(pinned), Some(total)) = (pin.total, total)
        && pinned != total
    {
        return Err(format!("was {pinned} bytes long, is now {total}"));
    }
    let validators = [(&ETAG, &pin.etag), (&LAST_MODIFIED, &pin.last_modified)];
    for (name, pinned) in validators {
        if let (Some(now), Some(pinned)) = (answer.header(name), pinned)
            && now != pinned
        {
            return Err(format!(
                "replaced under way: its {name} was {pinned}, is {now}"
            ));
        }
    }
    Ok(())
}

/// First byte and whole length of a `Content-Range`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _end) = range.split_once('-')?;
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    Some((start.trim().parse().ok()?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_says_where_it_starts_and_of_how_many() {
        assert_eq!(content_range("bytes 10-19/20"), Some((10, Some(20))));
        assert_eq!(content_range("bytes 10-19/*"), Some((10, None)));
        for text in [
            "",
            "bytes */20",
            "bytes 10/20",
            "items 1-2/3",
            "bytes a-b/c",
        ] {
            assert_eq!(content_range(text), None, "{text:?}");
        }
    }
}
