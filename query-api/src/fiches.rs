//! The fiches of a snapshot, read where they are: an index in memory, then one read of the file for one
//! organisation. Their format is in [`registre_schemas::fiche`].
//!
//! What is in the system's cache is read at once, on the calling thread: it takes microseconds. What is
//! not is read on the blocking pool: a disk takes milliseconds, and must not keep others waiting.

mod answers;
mod blocks;
mod check;
#[cfg(test)]
mod oracle;
mod reader;
mod rows;

use registre_schemas::fiche::Coding;
use registre_schemas::fiche::body::{self, SireneCoding};
use registre_schemas::manifest::Manifest;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blocks::Blocks;
pub(crate) use reader::Reader;
pub(crate) use rows::FicheRow;

/// The two files, open.
pub(crate) struct Fiches {
    sirene: Blocks,
    sirene_coding: SireneCoding,
    rna: Blocks,
    rna_coding: Coding,
    /// Something in them could not be read: they are not asked again.
    damaged: AtomicBool,
}

/// Why a fiche was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FichesError {
    /// It is on the disk: to be read where waiting is allowed.
    #[error("not in memory")]
    NotInMemory,
    /// The file is not what it should be.
    #[error("{file}: {detail}")]
    Damaged {
        /// Which one.
        file: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The reading was cut short.
    #[error("reading a fiche was cut short: {0}")]
    Cut(#[from] tokio::task::JoinError),
}

impl Fiches {
    /// Opens the files of a snapshot: `None` when it has none. Their ends, and their sizes by the manifest,
    /// are checked; each block has its own checksum, verified when it is read. A server reads them whole
    /// once they are in service ([`Self::check_aside`]).
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> Result<Option<Self>, FichesError> {
        let published = |name: &str| manifest.fiches.iter().find(|fiches| fiches.file == name);
        let (Some(sirene), Some(rna)) = (published(body::SIRENE_FILE), published(body::RNA_FILE))
        else {
            return Ok(None);
        };
        let (sirene, sirene_coding) =
            Blocks::open(folder, body::SIRENE_FILE, body::SIRENE, sirene)?;
        let (rna, rna_coding) = Blocks::open(folder, body::RNA_FILE, body::RNA, rna)?;
        Ok(Some(Self {
            sirene,
            sirene_coding: SireneCoding::new(sirene_coding),
            rna,
            rna_coding,
            damaged: AtomicBool::new(false),
        }))
    }

    /// Whether they are asked: not once one of them was found damaged.
    pub(crate) fn are_whole(&self) -> bool {
        !self.damaged.load(Ordering::Relaxed)
    }

    /// Asks them no more, and says why, once.
    pub(crate) fn give_up(&self, why: &dyn std::fmt::Display) {
        if !self.damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "{why}; lookups are answered from the tables, more slowly; run `registre verify`, then `registre ingest`"
            );
        }
    }

    /// Reads the files whole, on a thread of their own, and gives them up if they are not those published.
    pub(crate) fn check_aside(self: &Arc<Self>) {
        check::begin(self);
    }

    /// An answer that was read; after one that was not, they are asked no more.
    pub(crate) fn read<T>(&self, answer: Result<T, FichesError>) -> Option<T> {
        answer.map_err(|error| self.give_up(&error)).ok()
    }

    /// The answer to a question, read at once when it is in memory, else on the blocking pool.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl Fn(&Reader<'_>) -> Result<T, FichesError> + Send + 'static,
    ) -> Result<T, FichesError> {
        let answer = question(&Reader::of_memory(self));
        match answer {
            Err(FichesError::NotInMemory) => self.ask_aside(question).await,
            answer => answer,
        }
    }

    /// The answer to a question, read on the calling thread, which may wait.
    pub(crate) fn ask_here<T>(
        self: &Arc<Self>,
        question: impl FnOnce(&Reader<'_>) -> Result<T, FichesError>,
    ) -> Result<T, FichesError> {
        question(&Reader::of_disk(self))
    }

    /// The answer to a question that takes a while.
    pub(crate) async fn ask_aside<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl Fn(&Reader<'_>) -> Result<T, FichesError> + Send + 'static,
    ) -> Result<T, FichesError> {
        let fiches = Arc::clone(self);
        tokio::task::spawn_blocking(move || question(&Reader::of_disk(&fiches))).await?
    }
}
