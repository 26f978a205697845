//! What can stop a run: each variant says what we were doing, where, and with which value, and the
//! published snapshot is still in service.

use std::io;
use std::path::{Path, PathBuf};

/// A run that did not publish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The catalogue of sources cannot be used.
    #[error("catalogue of sources: {0}")]
    Catalogue(String),

    /// A source could not be found or reached.
    #[error("source {name}: {detail}")]
    Source {
        /// Name in the catalogue.
        name: String,
        /// What was tried, on which address, and what came back.
        detail: String,
    },

    /// A downloaded file is not what it should be.
    #[error("file {}: {detail}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },

    /// A source cannot be decoded at all.
    #[error("decode {file}{}: {detail}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Decode {
        /// File, inside its archive if any.
        file: String,
        /// Line in that file, when one is at fault.
        line: Option<u64>,
        /// What is wrong.
        detail: String,
    },

    /// Too many rows were refused.
    #[error(
        "decode {file}: {rejected} of {read} rows refused, more than the {budget} allowed; {first}"
    )]
    Budget {
        /// File, inside its archive if any.
        file: String,
        /// Rows refused.
        rejected: u64,
        /// Rows read.
        read: u64,
        /// How many were allowed.
        budget: u64,
        /// The first of them, in words.
        first: String,
    },

    /// A table could not be written.
    #[error("write table {table}: {detail}{}", advice(detail))]
    Write {
        /// The table.
        table: String,
        /// The cause.
        detail: String,
    },

    /// The new snapshot must not be published.
    #[error("gate {gate}: {detail}")]
    Gate {
        /// Stable name of the gate.
        gate: String,
        /// What was found, and how to override it.
        detail: String,
    },

    /// A folder or file of ours cannot be read or written.
    #[error("{action} {}: {source}{}", path.display(), advice(&source.to_string()))]
    Io {
        /// What we were doing.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },

    /// The disk is too small for what is to come.
    #[error("{}: {needed} more needed, {free} free: make room, or choose another --data", path.display())]
    Space {
        /// The folder to write in.
        path: PathBuf,
        /// How much is to come.
        needed: String,
        /// How much there is.
        free: String,
    },

    /// Another run holds the data folder.
    #[error("another ingestion is running on {} ({holder}): wait for it, or choose another --data", path.display())]
    Busy {
        /// The data folder.
        path: PathBuf,
        /// What the lock file says of the other one.
        holder: String,
    },

    /// A manifest or `current.json` cannot be read.
    #[error("manifest {}: {detail}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        detail: String,
    },

    /// Ctrl-C or SIGTERM.
    #[error("interrupted; nothing was published, the snapshot in service is unchanged")]
    Interrupted,
}

/// What to do about an error of the system, when that is known. Parquet's writer only passes on its
/// text, where the number is what does not depend on the language or the system.
fn advice(said: &str) -> &'static str {
    /// No space left; file too large, by a limit set on the process; quota exceeded.
    const FULL: [&str; 3] = ["(os error 28)", "(os error 27)", "(os error 122)"];
    if FULL.iter().any(|full| said.contains(full)) {
        ": the disk is full; make room and run again, or choose another --data"
    } else {
        ""
    }
}

impl IngestError {
    /// Wraps a system error with what we were doing and where.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// The exit code documented in `--help`.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Source { .. } => 3,
            Self::File { .. } | Self::Decode { .. } | Self::Budget { .. } => 4,
            Self::Gate { .. } => 5,
            Self::Io { .. } | Self::Space { .. } | Self::Write { .. } | Self::Manifest { .. } => 6,
            Self::Busy { .. } => 7,
            Self::Interrupted => 130,
            Self::Catalogue(_) => 2,
        }
    }
}
