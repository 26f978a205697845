//! A file of fiches being written: blocks compressed as they fill, on the thread that fills them, and
//! put in the file in their order.

use rayon::prelude::*;
use registre_schemas::fiche::block::Block;
use registre_schemas::fiche::file::{Footer, MAGIC, trailer};
use registre_schemas::manifest::FichesFile;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use zstd::bulk::Compressor;

use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::Hashed;

/// Bytes in a block before it is compressed: a lookup decompresses one. Twice as many make the files of the
/// country 3 % smaller, and the enrichment of a million numbers a fifth longer.
const BLOCK: usize = 2 * 1024;
/// Level of zstd: what is left to it is mostly numbers and names. Level 3 makes the file 4 % smaller, and
/// takes three times as long.
const LEVEL: i32 = 1;
/// Blocks given to the training of the dictionary, and its size.
const SAMPLES: usize = 3000;
const DICTIONARY: usize = 64 * 1024;

/// Blocks made by one thread, of some keys in order.
pub(super) struct Blocks<'a> {
    compressor: Option<Compressor<'a>>,
    block: Block,
    made: Made,
    entries: u64,
    largest: u64,
    /// No more than that many, when only a sample is wanted.
    at_most: usize,
}

/// Compressed blocks, one after the other, and for each its first key and its length.
#[derive(Default)]
pub(super) struct Made {
    bytes: Vec<u8>,
    places: Vec<(Vec<u8>, usize)>,
}

impl<'a> Blocks<'a> {
    fn compressed(dictionary: &'a [u8]) -> std::io::Result<Self> {
        let mut compressor = Compressor::with_dictionary(LEVEL, dictionary)?;
        compressor.include_checksum(true)?;
        compressor.include_dictid(false)?;
        Ok(Self::new(Some(compressor), usize::MAX))
    }

    /// As they are, to learn from.
    fn sample(at_most: usize) -> Self {
        Self::new(None, at_most)
    }

    fn new(compressor: Option<Compressor<'a>>, at_most: usize) -> Self {
        Self {
            compressor,
            block: Block::default(),
            made: Made::default(),
            entries: 0,
            largest: 0,
            at_most,
        }
    }

    /// Whether the sample is made.
    pub(super) fn are_enough(&self) -> bool {
        self.made.places.len() >= self.at_most
    }

    /// Adds an entry, in a block of its own when it does not fit in the one being filled.
    pub(super) fn push(&mut self, key: &[u8], body: &[u8]) -> Result<(), IngestError> {
        if self.block.bytes().len() + body.len() > BLOCK {
            self.end()?;
        }
        self.add(key, body);
        Ok(())
    }

    /// Adds an entry to the block being filled.
    pub(super) fn add(&mut self, key: &[u8], body: &[u8]) {
        self.block.push(key, body);
        self.entries += 1;
    }

    /// Ends the block being filled.
    pub(super) fn end(&mut self) -> Result<(), IngestError> {
        let raw = self.block.bytes();
        if raw.is_empty() {
            return Ok(());
        }
        self.largest = self.largest.max(raw.len() as u64);
        let start = self.made.bytes.len();
        match &mut self.compressor {
            Some(compressor) => {
                let packed = compressor.compress(raw).map_err(|error| failed(&error))?;
                self.made.bytes.extend_from_slice(&packed);
            }
            None => self.made.bytes.extend_from_slice(raw),
        }
        let key = self.block.first_key().to_vec();
        self.made.places.push((key, self.made.bytes.len() - start));
        self.block.clear();
        Ok(())
    }
}

pub(super) fn failed(error: &dyn std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: "fiches".to_owned(),
        detail: error.to_string(),
    }
}

/// What makes the blocks of a slice.
pub(super) type Fill<'a> = dyn Fn(usize, &mut Blocks<'_>) -> Result<(), IngestError> + Sync + 'a;

/// Blocks as they are before they are compressed, of slices spread over the file.
pub(super) fn sample(slices: usize, fill: &Fill<'_>) -> Result<Vec<Vec<u8>>, IngestError> {
    let looked = slices.min(12);
    let samples: Vec<Vec<Vec<u8>>> = (0..looked)
        .into_par_iter()
        .map(|position| {
            let mut blocks = Blocks::sample(SAMPLES / looked);
            fill(position * slices / looked, &mut blocks)?;
            let mut rest = blocks.made.bytes.as_slice();
            let lengths = blocks.made.places.iter().map(|(_, length)| *length);
            let cut = lengths.map(|length| {
                let (block, after) = rest.split_at(length);
                rest = after;
                block.to_vec()
            });
            Ok(cut.collect())
        })
        .collect::<Result<_, IngestError>>()?;
    Ok(samples.into_iter().flatten().collect())
}

/// A dictionary for zstd. Too few blocks teach nothing, and none is needed then.
fn dictionary(samples: &[Vec<u8>]) -> Vec<u8> {
    zstd::dict::from_samples(samples, DICTIONARY).unwrap_or_default()
}

/// Writes a file: `slices` slices, each filled on one of the threads, one after the other in the file.
pub(super) fn write(
    folder: &Path,
    name: &str,
    coding: Vec<u8>,
    slices: usize,
    fill: &Fill<'_>,
    context: &Context,
) -> Result<FichesFile, IngestError> {
    let samples = sample(slices, fill)?;
    let dictionary = dictionary(&samples);
    drop(samples);
    let path = folder.join(name);
    let file = File::create(&path).map_err(IngestError::io("create", &path))?;
    let mut file = Hashed::new(file);
    let io = || IngestError::io("write", &path);
    file.write_all(MAGIC).map_err(io())?;
    let mut footer = Footer {
        coding,
        dictionary,
        ..Footer::default()
    };
    let threads = rayon::current_num_threads().min(slices).max(1);
    let stop = AtomicBool::new(false);
    let (stop, given) = (&stop, footer.dictionary.clone());
    let given = given.as_slice();
    // On rayon's threads, whose memory is that of what was learned before.
    rayon::in_place_scope(|scope| {
        // Thread t makes slices t, t + threads…: taken in turn, they come in order.
        let made: Vec<Receiver<_>> = (0..threads)
            .map(|thread| {
                let (sender, receiver) = sync_channel(0);
                scope.spawn(move |_scope| {
                    fill_slices(thread, threads, slices, given, fill, stop, &sender)
                });
                receiver
            })
            .collect();
        let written = (0..slices).try_for_each(|slice| {
            context.cancel.check()?;
            // A thread that stopped without a word stopped because another failed.
            let slice = made[slice % threads]
                .recv()
                .map_err(|_ended| IngestError::Interrupted)?;
            let Slice {
                made,
                entries,
                largest,
            } = slice?;
            file.write_all(&made.bytes).map_err(io())?;
            for (key, length) in made.places {
                footer.index.push(&key, length as u64);
            }
            footer.entries += entries;
            footer.largest = footer.largest.max(largest);
            Ok::<_, IngestError>(())
        });
        if written.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        // Threads that wait to give what nobody takes any more stop with their receivers.
        drop(made);
        written
    })?;
    let mut compressor = Compressor::new(LEVEL).map_err(io())?;
    compressor.include_checksum(true).map_err(io())?;
    let entries = footer.entries;
    let bytes = footer.to_bytes();
    let mut packed = (bytes.len() as u64).to_le_bytes().to_vec();
    packed.extend(compressor.compress(&bytes).map_err(io())?);
    file.write_all(&packed).map_err(io())?;
    file.write_all(&trailer(packed.len() as u64))
        .map_err(io())?;
    let (file, bytes, sha256) = file.finish();
    file.sync_all().map_err(io())?;
    Ok(FichesFile {
        file: name.to_owned(),
        entries,
        bytes,
        sha256,
    })
}

struct Slice {
    made: Made,
    entries: u64,
    largest: u64,
}

fn fill_slices(
    first: usize,
    step: usize,
    slices: usize,
    dictionary: &[u8],
    fill: &Fill<'_>,
    stop: &AtomicBool,
    sender: &SyncSender<Result<Slice, IngestError>>,
) {
    for slice in (first..slices).step_by(step) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let made = Blocks::compressed(dictionary)
            .map_err(|error| failed(&error))
            .and_then(|mut blocks| {
                fill(slice, &mut blocks)?;
                let Blocks {
                    made,
                    entries,
                    largest,
                    ..
                } = blocks;
                Ok(Slice {
                    made,
                    entries,
                    largest,
                })
            });
        let is_over = made.is_err();
        if sender.send(made).is_err() || is_over {
            return;
        }
    }
}
