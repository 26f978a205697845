//! SQL over the published tables, for anyone: `/v1/sql`, and the shell of the command line.
//!
//! A query runs in a process of its own kind (`worker`), one at a time in each, that reads the snapshot
//! and nothing else: whatever a query makes DuckDB do, what it costs is bounded from outside. Memory
//! is limited by the system, its priority is the lowest, and a process that does not stop when told
//! is ended. `workers` keeps a few of them and says which is free, `process` is one of them as it is
//! seen from here, `under_way` a query in one, `protocol` what both sides say; `http` and `schema` answer
//! clients, `session` the shell.
//!
//! What may be asked is decided by `engine::sandbox`, inside that process.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

mod ask;
mod error;
pub(crate) mod http;
mod process;
mod protocol;
pub(crate) mod schema;
mod session;
mod size;
mod under_way;
mod worker;
mod workers;

pub use error::SqlError;
pub(crate) use protocol::{Asked, Said};
pub use session::{Answer, Session, SessionError};
pub use size::Size;
pub use worker::run as run_worker;
pub(crate) use workers::Workers;

/// The name of the hidden command that runs [`run_worker`].
pub const WORKER_COMMAND: &str = "sql-worker";

/// Settings of public SQL.
#[derive(Debug, Clone)]
pub struct Sql {
    /// The program whose hidden command answers queries; `None`: this one.
    pub program: Option<PathBuf>,
    /// How long a query may compute; the time its client takes to read is not counted.
    pub timeout: Duration,
    /// How long a client may take to read an answer, the computation included.
    pub reading: Duration,
    /// What each process may take: DuckDB's own limit, and a little more for the system's.
    pub memory: Size,
    /// DuckDB's threads in each process.
    pub threads: usize,
    /// Rows of an answer.
    pub rows: u64,
    /// Bytes of the text of a query.
    pub text: usize,
    /// Queries at the same time: a process for each.
    pub concurrency: usize,
    /// Queries that wait for a process; the next one is refused at once.
    pub waiting: usize,
    /// How long a query may wait for a process.
    pub wait: Duration,
    /// How long a process may take to open the snapshot: reading a manifest and making views. Who asked
    /// is then told to come back, and another process is tried.
    pub opening: Duration,
}

impl Default for Sql {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            program: None,
            timeout: Duration::from_secs(30),
            reading: Duration::from_mins(5),
            memory: Size::gigabytes(1),
            threads: cores,
            rows: 1_000_000,
            text: 64 * 1024,
            concurrency: 2,
            waiting: 16,
            wait: Duration::from_secs(10),
            opening: Duration::from_secs(20),
        }
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// One JSON document: columns, then rows as lists.
    Json,
    /// A JSON object a line, then a last one that says that they are all there.
    Ndjson,
    /// A header, then a line a row.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow, as a stream.
    Arrow,
}

impl Format {
    /// Every format, the default first.
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::Ndjson,
        Self::Csv,
        Self::Parquet,
        Self::Arrow,
    ];

    /// As `?format=` names it; also what its file ends with.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}
