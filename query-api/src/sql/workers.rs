//! The processes that answer SQL: so many at most, one query in each, started when one is needed and
//! kept for the next query of the same snapshot.
//!
//! A query that is over its time, or whose client left, is told to stop; a process that does not within
//! a moment is ended, and another one takes its place. Nothing that a query does outlives it.

use std::fmt;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::protocol::{self, Asked, Kind, Opening, Said};
use super::{Sql, SqlError, WORKER_COMMAND};

/// How long a process may take to open a snapshot: reading a manifest and making views.
const OPENING: Duration = Duration::from_secs(20);

/// How long after its time, or after it was told to stop, a process may still compute.
const GRACE: Duration = Duration::from_secs(1);

/// Pieces of an answer that wait for its reader.
const AHEAD: usize = 4;

/// Bytes read from a process at a time.
const READ: usize = 64 << 10;

/// A few processes, and who waits for one.
pub(crate) struct Workers {
    settings: Sql,
    aside: bool,
    idle: Arc<Mutex<Vec<Worker>>>,
    /// One per process.
    permits: Arc<Semaphore>,
    /// One per process and one per place in the queue.
    places: Arc<Semaphore>,
}

/// What keeps others waiting while a query runs.
struct Turn {
    _permit: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Workers {
    /// None is started yet. `aside`: lookups go first.
    pub(crate) fn new(settings: Sql, aside: bool) -> Self {
        let processes = settings.concurrency.max(1);
        Self {
            aside,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(processes)),
            places: Arc::new(Semaphore::new(processes + settings.waiting)),
            settings,
        }
    }

    /// What is allowed.
    pub(crate) fn settings(&self) -> &Sql {
        &self.settings
    }

    /// Asks a query of the snapshot of a folder. What comes back is read from the receiver; dropping
    /// it stops the query.
    pub(crate) async fn ask(
        &self,
        folder: &Path,
        asked: Asked,
    ) -> Result<Receiver<Said>, SqlError> {
        let octets = asked.q.len();
        if octets > self.settings.text {
            return Err(SqlError::TropLongue {
                octets,
                limite: self.settings.text,
            });
        }
        let busy = || SqlError::Occupe {
            limite: self.settings.concurrency,
        };
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_full| busy())?;
        let permit = timeout(
            self.settings.wait,
            Arc::clone(&self.permits).acquire_owned(),
        );
        let Ok(Ok(permit)) = permit.await else {
            return Err(busy());
        };
        let turn = Turn {
            _permit: permit,
            _place: place,
        };
        let mut worker = self.worker(folder).await?;
        worker.send(Kind::Ask, &asked).await.map_err(broken)?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let under_way = UnderWay {
            worker,
            sender,
            compute: Duration::from_secs(asked.secondes) + GRACE,
            asked_seconds: asked.secondes,
            reading: self.settings.reading,
            memory: self.settings.memory.to_string(),
        };
        let idle = Arc::clone(&self.idle);
        tokio::spawn(async move {
            if let Some(worker) = under_way.run().await {
                lock(&idle).push(worker);
            }
            drop(turn);
        });
        Ok(receiver)
    }

    /// A process that has that snapshot open.
    async fn worker(&self, folder: &Path) -> Result<Worker, SqlError> {
        {
            let mut idle = lock(&self.idle);
            // Those of another snapshot are of no use any more.
            idle.retain_mut(|worker| worker.folder == folder && worker.is_alive());
            if let Some(worker) = idle.pop() {
                return Ok(worker);
            }
        }
        let program = match &self.settings.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(broken)?,
        };
        let folder = folder.to_owned();
        let opening = Opening {
            folder: folder.clone(),
            memory: self.settings.memory.bytes(),
            memory_shown: self.settings.memory.to_string(),
            threads: self.settings.threads,
            text: self.settings.text,
            aside: self.aside,
        };
        let started = tokio::task::spawn_blocking(move || start(&program)).await;
        let (child, stream) = started.map_err(broken)?.map_err(broken)?;
        let mut worker = Worker {
            child: Process(Some(child)),
            stream: UnixStream::from_std(stream).map_err(broken)?,
            folder,
            received: Vec::new(),
        };
        worker.send(Kind::Open, &opening).await.map_err(broken)?;
        match timeout(OPENING, worker.next()).await {
            Ok(Ok(Said::Open)) => Ok(worker),
            Ok(Ok(Said::Fault(error))) => Err(error),
            Ok(Ok(_)) => Err(broken("a process of SQL says something else")),
            Ok(Err(error)) => Err(broken(error)),
            Err(_elapsed) => Err(broken(
                "a process of SQL does not open the snapshot in time",
            )),
        }
    }
}

fn broken(why: impl fmt::Display) -> SqlError {
    SqlError::Panne(format!("SQL process: {why}"))
}

/// Starts a process that talks by its standard input. It gets neither the environment of this one nor
/// the keys pressed at its terminal. Blocking.
fn start(program: &Path) -> io::Result<(Child, StdStream)> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new(program);
    command
        .arg(WORKER_COMMAND)
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .process_group(0)
        .env_clear()
        .env("TZ", "UTC")
        // What the allocator keeps for later would count as taken.
        .env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
    // Where the loader finds DuckDB, in a build that does not hold it.
    if let Some(path) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", path);
    }
    Ok((command.spawn()?, ours))
}

/// Ended when dropped: a process must not stay after its last query.
struct Process(Option<Child>);

impl Process {
    /// How it ended, once it did.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.0.as_mut()?.try_wait().ok().flatten()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else {
            return;
        };
        let mut end = move || {
            let _already_ended = child.kill();
            let _already_waited = child.wait();
        };
        // Giving a gigabyte back takes the system a moment.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(end)),
            Err(_outside) => end(),
        }
    }
}

/// A process that has a snapshot open.
struct Worker {
    child: Process,
    stream: UnixStream,
    folder: PathBuf,
    /// Received, and not yet a frame.
    received: Vec<u8>,
}

impl Worker {
    fn is_alive(&mut self) -> bool {
        self.child.ended().is_none()
    }

    async fn send(&mut self, kind: Kind, value: &impl serde::Serialize) -> io::Result<()> {
        let frame = protocol::json_frame(kind, value)?;
        self.stream.write_all(&frame).await
    }

    /// The next frame. What is received is kept when the caller stops waiting.
    async fn next(&mut self) -> io::Result<Said> {
        loop {
            if let Some(head) = self.received.first_chunk() {
                let (kind, length) = protocol::head(*head)?;
                let whole = protocol::HEAD + length;
                if self.received.len() >= whole {
                    let rest = self.received.split_off(whole);
                    let mut frame = std::mem::replace(&mut self.received, rest);
                    frame.drain(..protocol::HEAD);
                    return Said::of(kind, frame);
                }
                self.received
                    .reserve((whole - self.received.len()).min(READ));
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// A query being answered.
struct UnderWay {
    worker: Worker,
    sender: Sender<Said>,
    /// How long the process may keep us waiting, all in all.
    compute: Duration,
    asked_seconds: u64,
    /// How long the whole may last.
    reading: Duration,
    memory: String,
}

impl UnderWay {
    /// Passes the answer on, and gives the process back unless it had to be ended.
    async fn run(mut self) -> Option<Worker> {
        let until = Instant::now() + self.reading;
        let mut left = self.compute;
        loop {
            let waited = Instant::now();
            let said = tokio::select! {
                said = timeout(left, self.worker.next()) => said,
                () = self.sender.closed() => return self.stop().await,
            };
            left = left.saturating_sub(waited.elapsed());
            let said = match said {
                Ok(Ok(said)) => said,
                // It does not stop by itself: it is ended, dropped here.
                Err(_elapsed) => {
                    let limite = self.asked_seconds;
                    self.last(Said::Fault(SqlError::Temps { limite })).await;
                    return None;
                }
                Ok(Err(error)) => {
                    let fault = self.why_it_ended(&error).await;
                    self.last(Said::Fault(fault)).await;
                    return None;
                }
            };
            let over = matches!(said, Said::End(_) | Said::Fault(_));
            let broken = matches!(said, Said::Fault(SqlError::Panne(_)));
            match timeout_at(until, self.sender.send(said)).await {
                Ok(Ok(())) => {}
                Ok(Err(_left)) => {
                    return if over {
                        Some(self.worker)
                    } else {
                        self.stop().await
                    };
                }
                // The receiver sees an answer without an end.
                Err(_elapsed) => return self.stop().await,
            }
            if over {
                return (!broken).then_some(self.worker);
            }
        }
    }

    async fn last(&self, said: Said) {
        let _left = timeout(GRACE, self.sender.send(said)).await;
    }

    /// A process ends by itself when the system refuses it memory, or when it is chosen to end because
    /// the machine has none left; whatever else ends it is a fault.
    async fn why_it_ended(&mut self, error: &io::Error) -> SqlError {
        use std::os::unix::process::ExitStatusExt as _;
        const KILLED: i32 = 9;
        const ABORTED: i32 = 6;
        // It may be seen to close before it is seen to end.
        let mut tries = 50;
        let status = loop {
            let status = self.worker.child.ended();
            tries -= 1;
            if status.is_some() || tries == 0 {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        match status.and_then(|status| status.signal()) {
            Some(KILLED | ABORTED) => SqlError::Memoire {
                limite: self.memory.clone(),
            },
            signal => broken(format!("{error} (signal {signal:?})")),
        }
    }

    /// Tells the process to stop, and gives it back once it did.
    async fn stop(mut self) -> Option<Worker> {
        let stopped = async {
            let frame = protocol::frame(Kind::Stop, &[])?;
            self.worker.stream.write_all(&frame).await?;
            loop {
                match self.worker.next().await? {
                    Said::End(_) => return Ok(true),
                    Said::Fault(error) => return Ok(!matches!(error, SqlError::Panne(_))),
                    _ => {}
                }
            }
        };
        match timeout(GRACE, stopped).await {
            Ok(Ok::<bool, io::Error>(true)) => Some(self.worker),
            _ => None,
        }
    }
}

/// A list of processes stays right whatever panicked while it was locked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
