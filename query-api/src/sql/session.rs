//! Queries of the command line, on the snapshot of a folder: the same process and the same rules as the
//! server's, with the limits of one's own machine.

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamDecoder;
use registre_schemas::manifest::Manifest;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Receiver;

use super::protocol::{Asked, Said};
use super::schema::{Description, Limites};
use super::{Format, Sql, SqlError, Workers};

/// Queries of a snapshot, one after the other. Blocking: not for use inside an asynchronous runtime.
pub struct Session {
    runtime: Runtime,
    workers: Workers,
    folder: PathBuf,
    manifest: Manifest,
}

/// Why a query of the command line has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The query.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// Where the answer was to go: a closed pipe, a full disk.
    #[error("write the answer: {0}")]
    Write(#[from] io::Error),
}

/// Rows to show.
#[derive(Debug)]
pub struct Answer {
    /// Their columns.
    pub schema: Option<SchemaRef>,
    /// The first rows.
    pub batches: Vec<RecordBatch>,
    /// Whether there are others.
    pub more: bool,
}

impl Session {
    /// On the snapshot of `folder`.
    pub fn open(folder: &Path, manifest: Manifest, settings: Sql) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        // From now on Ctrl-C ends a query and never the process, not even between two of them.
        let _handled = runtime.block_on(async { signal(SignalKind::interrupt()) })?;
        Ok(Self {
            runtime,
            workers: Workers::new(settings, false),
            // DuckDB compares whole paths when it decides what it may open.
            folder: folder.canonicalize()?,
            manifest,
        })
    }

    /// What can be asked.
    #[must_use]
    pub fn description(&self) -> Description {
        Description::of(&self.manifest, Limites::of(self.workers.settings()))
    }

    /// Writes the answer of a query, and gives its number of rows. Ctrl-C interrupts it.
    pub fn write(
        &self,
        query: &str,
        format: Format,
        to: &mut dyn Write,
    ) -> Result<u64, SessionError> {
        self.until_interrupted(async {
            let mut said = self.ask(query, format).await?;
            loop {
                match next(&mut said).await? {
                    Said::Piece(bytes) => to.write_all(&bytes)?,
                    Said::End(end) => {
                        to.flush()?;
                        return Ok(end.rows);
                    }
                    _ => {}
                }
            }
        })
    }

    /// The first rows of the answer of a query, `most` or a few more. Ctrl-C interrupts it.
    pub fn rows(&self, query: &str, most: usize) -> Result<Answer, SessionError> {
        self.until_interrupted(async {
            let mut said = self.ask(query, Format::Arrow).await?;
            let mut decoder = StreamDecoder::new();
            let mut answer = Answer {
                schema: None,
                batches: Vec::new(),
                more: false,
            };
            let mut rows = 0;
            loop {
                match next(&mut said).await? {
                    Said::Piece(bytes) => {
                        let mut buffer = Buffer::from_vec(bytes);
                        while let Some(batch) = decoder.decode(&mut buffer).map_err(unreadable)? {
                            rows += batch.num_rows();
                            answer.batches.push(batch);
                            if rows > most {
                                answer.schema = decoder.schema();
                                answer.more = true;
                                // Dropping what receives stops the query.
                                return Ok(answer);
                            }
                        }
                    }
                    Said::End(_) => {
                        answer.schema = decoder.schema();
                        return Ok(answer);
                    }
                    _ => {}
                }
            }
        })
    }

    /// The end of a query, unless Ctrl-C comes first: what is dropped then stops it.
    fn until_interrupted<T>(
        &self,
        query: impl Future<Output = Result<T, SessionError>>,
    ) -> Result<T, SessionError> {
        self.runtime.block_on(async {
            tokio::select! {
                ended = query => ended,
                _pressed = tokio::signal::ctrl_c() => Err(SqlError::Interrompue.into()),
            }
        })
    }

    async fn ask(&self, query: &str, format: Format) -> Result<Receiver<Said>, SqlError> {
        let settings = self.workers.settings();
        let asked = Asked {
            q: query.to_owned(),
            parametres: serde_json::Value::Null,
            format,
            lignes: settings.rows,
            secondes: settings.timeout.as_secs().max(1),
            donnees: serde_json::json!({ "snapshot": self.manifest.id }),
        };
        self.workers.ask(&self.folder, asked).await
    }
}

/// What comes next of an answer.
async fn next(said: &mut Receiver<Said>) -> Result<Said, SqlError> {
    match said.recv().await {
        Some(Said::Fault(error)) => Err(error),
        Some(said) => Ok(said),
        None => Err(SqlError::Panne("its answer has no end".to_owned())),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn unreadable(error: impl std::fmt::Display) -> SqlError {
    SqlError::Panne(format!("read the answer: {error}"))
}
