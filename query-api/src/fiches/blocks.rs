//! One file of fiches: where its blocks are, and the bytes of one.

use registre_schemas::fiche::Coding;
use registre_schemas::fiche::body::Part;
use registre_schemas::fiche::file::{Footer, Index, MAGIC, TRAILER, footer_length};
use registre_schemas::manifest::FichesFile;
use rustix::io::{Errno, ReadWriteFlags};
use std::fs::File;
use std::io::IoSliceMut;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use zstd::bulk::Decompressor;

use super::FichesError;

/// A footer no larger than that: the whole country's takes 30 MB.
const FOOTER: u64 = 1 << 30;
/// A block no larger than that: one of the country takes 2 kB, or what one organisation does.
const BLOCK: u64 = 1 << 26;

/// A buffer no larger than that is kept for the next block: few blocks are larger.
const KEPT: usize = 1 << 16;

/// A file and what its footer says.
pub(super) struct Blocks {
    name: &'static str,
    sha256: String,
    file: File,
    index: Index,
    dictionary: Vec<u8>,
    largest: usize,
    /// As many as threads read at the same time.
    unpackers: Mutex<Vec<Unpacker>>,
    /// Whether the file system can say that something is not in memory.
    can_tell: AtomicBool,
}

/// What it takes to read a block.
struct Unpacker {
    /// It holds the dictionary, ready.
    decompressor: Decompressor<'static>,
    /// The bytes of a block, as they are in the file.
    packed: Vec<u8>,
}

impl Blocks {
    pub(super) fn open(
        folder: &Path,
        name: &'static str,
        parts: &[Part],
        published: &FichesFile,
    ) -> Result<(Self, Coding), FichesError> {
        let damaged = |detail: String| FichesError::Damaged { file: name, detail };
        let read = |error: std::io::Error| damaged(error.to_string());
        let file = File::open(folder.join(name)).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        if length != published.bytes {
            return Err(damaged(format!(
                "{length} bytes, {} in the manifest",
                published.bytes
            )));
        }
        let cut = || {
            damaged(format!(
                "its end is missing or is not one, after {length} bytes"
            ))
        };
        let mut end = [0; TRAILER];
        let trailer = length.checked_sub(TRAILER as u64).ok_or_else(cut)?;
        file.read_exact_at(&mut end, trailer).map_err(read)?;
        let mut start = [0; MAGIC.len()];
        file.read_exact_at(&mut start, 0).map_err(read)?;
        let footer = footer_length(&end)
            .filter(|_| start == *MAGIC)
            .ok_or_else(cut)?;
        let place = trailer
            .checked_sub(footer)
            .filter(|_| footer <= FOOTER)
            .ok_or_else(cut)?;
        let mut packed = vec![0; usize::try_from(footer).unwrap_or(0)];
        file.read_exact_at(&mut packed, place).map_err(read)?;
        let (size, packed) = packed.split_first_chunk::<8>().ok_or_else(cut)?;
        let size = Some(u64::from_le_bytes(*size))
            .filter(|size| *size <= FOOTER)
            .ok_or_else(cut)?;
        let unpacked = zstd::bulk::decompress(packed, usize::try_from(size).unwrap_or(0));
        let unpacked = unpacked.map_err(|error| damaged(format!("its end: {error}")))?;
        let footer = Footer::from_bytes(&unpacked).ok_or_else(cut)?;
        let blocks = footer.largest.max(footer.index.largest());
        if footer.index.end() != place || blocks > BLOCK {
            return Err(damaged("its index does not lead to its end".to_owned()));
        }
        if footer.entries != published.entries {
            return Err(damaged(format!(
                "{} entries, {} in the manifest: it is that of another snapshot",
                footer.entries, published.entries
            )));
        }
        let coding = Coding::from_bytes(&footer.coding, parts)
            .map_err(|detail| damaged(detail.to_owned()))?;
        let blocks = Self {
            name,
            sha256: published.sha256.clone(),
            file,
            index: footer.index,
            dictionary: footer.dictionary,
            largest: usize::try_from(footer.largest).unwrap_or(0),
            unpackers: Mutex::default(),
            can_tell: AtomicBool::new(true),
        };
        Ok((blocks, coding))
    }

    /// The file, as it was opened.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Its checksum, by the manifest.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Its name in the snapshot.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The block that a key is in, if it is anywhere.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        self.index.find(key)
    }

    /// The first key of a block, if there is such a block.
    pub(super) fn first_key(&self, block: usize) -> Option<&[u8]> {
        (block < self.index.len()).then(|| self.index.key(block))
    }

    pub(super) fn damaged(&self, detail: impl Into<String>) -> FichesError {
        FichesError::Damaged {
            file: self.name,
            detail: detail.into(),
        }
    }

    /// The bytes of a block, decompressed and checked.
    pub(super) fn read(&self, block: usize, may_wait: bool) -> Result<Vec<u8>, FichesError> {
        let mut unpacker = self.unpacker()?;
        let unpacked = self.unpack(block, may_wait, &mut unpacker);
        if unpacker.packed.capacity() > KEPT {
            unpacker.packed = Vec::new();
        }
        self.lock().push(unpacker);
        unpacked
    }

    fn unpack(
        &self,
        block: usize,
        may_wait: bool,
        unpacker: &mut Unpacker,
    ) -> Result<Vec<u8>, FichesError> {
        let (place, length) = self.index.place(block);
        let packed = &mut unpacker.packed;
        packed.resize(usize::try_from(length).unwrap_or(0), 0);
        if may_wait {
            self.file
                .read_exact_at(packed, place)
                .map_err(|error| self.damaged(format!("block {block}: {error}")))?;
        } else {
            self.read_from_memory(packed, place)?;
        }
        // The frame says what it holds: one large block somewhere must not make all buffers large.
        let size = zstd::zstd_safe::get_frame_content_size(packed);
        let size = size
            .ok()
            .flatten()
            .and_then(|size| usize::try_from(size).ok());
        unpacker
            .decompressor
            .decompress(packed, size.unwrap_or(self.largest).min(self.largest))
            .map_err(|error| self.damaged(format!("block {block}, at byte {place}: {error}")))
    }

    fn read_from_memory(&self, packed: &mut [u8], place: u64) -> Result<(), FichesError> {
        if !self.can_tell.load(Ordering::Relaxed) {
            return Err(FichesError::NotInMemory);
        }
        let length = packed.len();
        let mut parts = [IoSliceMut::new(packed)];
        match rustix::io::preadv2(&self.file, &mut parts, place, ReadWriteFlags::NOWAIT) {
            Ok(read) if read == length => Ok(()),
            Ok(_) | Err(Errno::AGAIN) => Err(FichesError::NotInMemory),
            Err(_) => {
                // Not every file system, nor every kernel, can; reading aside finds any other trouble.
                self.can_tell.store(false, Ordering::Relaxed);
                Err(FichesError::NotInMemory)
            }
        }
    }

    fn unpacker(&self) -> Result<Unpacker, FichesError> {
        if let Some(ready) = self.lock().pop() {
            return Ok(ready);
        }
        let decompressor = Decompressor::with_dictionary(&self.dictionary)
            .map_err(|error| self.damaged(format!("its dictionary: {error}")))?;
        Ok(Unpacker {
            decompressor,
            packed: Vec::new(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Unpacker>> {
        self.unpackers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
