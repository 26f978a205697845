//! A process that answers SQL, as the one who starts it sees it: a child, what is said to it, and what
//! it had of the processors.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::protocol::{self, Kind, Opening, Said};
use super::{SqlError, WORKER_COMMAND};
use crate::memory;

/// Bytes read from a process at a time.
const READ: usize = 64 << 10;

/// A process that waited for a processor this many times what it had of one was kept from computing.
const STARVED: u32 = 4;

/// A process that has a snapshot open.
pub(super) struct Worker {
    child: Process,
    stream: UnixStream,
    pub(super) folder: PathBuf,
    /// Bytes of its queries, at most.
    most: u64,
    /// Received, and not yet a frame.
    received: Vec<u8>,
}

/// Why a process has not opened its snapshot.
#[derive(Debug)]
pub(super) enum NotOpen {
    /// It said so, or could not be started: another one would not do better.
    Fault(SqlError),
    /// It ended.
    Ended(io::Error),
    /// It was still at it after that long, and was ended.
    Slow(Duration),
}

impl fmt::Display for NotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(SqlError::Panne(why)) => write!(f, "{why}"),
            Self::Fault(error) => write!(f, "{error}"),
            Self::Ended(error) => write!(f, "SQL process: ended while it opened: {error}"),
            Self::Slow(patience) => {
                write!(f, "SQL process: has not opened in {patience:?}, ended")
            }
        }
    }
}

impl Worker {
    /// Starts a process, and waits until it has opened the snapshot.
    pub(super) async fn open(
        program: &Path,
        opening: &Opening,
        patience: Duration,
    ) -> Result<Self, NotOpen> {
        let fault = |why: &dyn fmt::Display| NotOpen::Fault(broken(why));
        let path = program.to_owned();
        let started = tokio::task::spawn_blocking(move || start(&path)).await;
        let (child, stream) = started
            .map_err(|error| fault(&error))?
            .map_err(|error| fault(&format!("start {}: {error}", program.display())))?;
        let mut worker = Self {
            child: Process(Some(child)),
            stream: UnixStream::from_std(stream).map_err(|error| fault(&error))?,
            folder: opening.folder.clone(),
            most: opening.half_again(),
            received: Vec::new(),
        };
        let opened = timeout(patience, async {
            worker.send(Kind::Open, opening).await?;
            worker.next().await
        });
        match opened.await {
            Ok(Ok(Said::Open)) => Ok(worker),
            Ok(Ok(Said::Fault(error))) => Err(NotOpen::Fault(error)),
            Ok(Ok(_)) => Err(fault(&"it says something else than that it is open")),
            Ok(Err(error)) => Err(NotOpen::Ended(error)),
            Err(_elapsed) => Err(NotOpen::Slow(patience)),
        }
    }

    pub(super) fn is_alive(&mut self) -> bool {
        self.ended().is_none()
    }

    /// How it ended, once it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.0.as_mut()?.try_wait().ok().flatten()
    }

    pub(super) async fn send(
        &mut self,
        kind: Kind,
        value: &impl serde::Serialize,
    ) -> io::Result<()> {
        self.send_frame(&protocol::json_frame(kind, value)?).await
    }

    pub(super) async fn send_frame(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stream.write_all(frame).await
    }

    /// The next frame. What is received is kept when the caller stops waiting.
    pub(super) async fn next(&mut self) -> io::Result<Said> {
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

    /// Whether it kept so much of its last query that the system may refuse memory to the next one.
    pub(super) async fn is_spent(&self) -> bool {
        let Some(id) = self.child.0.as_ref().map(Child::id) else {
            return true;
        };
        let read = tokio::task::spawn_blocking(move || memory::data(&id.to_string()));
        let data = read.await.ok().flatten();
        data.is_some_and(|data| data > self.most)
    }

    /// What it had of the processors since it began; none on a system that does not count it.
    pub(super) async fn share(&self) -> Option<Share> {
        let id = self.child.0.as_ref()?.id();
        let read = tokio::task::spawn_blocking(move || Share::read(&format!("/proc/{id}/task")));
        read.await.ok()?.ok()
    }
}

/// A fault of ours, told to whoever operates the server.
pub(super) fn broken(why: impl fmt::Display) -> SqlError {
    SqlError::Panne(format!("SQL process: {why}"))
}

/// Starts a process that talks by its standard input. It gets neither the environment of this one nor
/// the keys pressed at its terminal. Blocking.
fn start(program: &Path) -> io::Result<(Child, StdStream)> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new(program);
    command
        .arg0("registre")
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

/// What the threads of a process had of the processors, and how long they waited for one, ready to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) had: Duration,
    waited: Duration,
}

impl Share {
    /// Of the threads under `tasks`, as the system counts them: nanoseconds had, then waited. Blocking.
    fn read(tasks: &str) -> io::Result<Self> {
        let mut share = Self::default();
        for task in fs::read_dir(tasks)? {
            // A thread that ended meanwhile counts no more.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let mut numbers = text.split_whitespace().map(str::parse);
            if let (Some(Ok(had)), Some(Ok(waited))) = (numbers.next(), numbers.next()) {
                share.had += Duration::from_nanos(had);
                share.waited += Duration::from_nanos(waited);
            }
        }
        Ok(share)
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            had: self.had.saturating_sub(before.had),
            waited: self.waited.saturating_sub(before.waited),
        }
    }

    /// Whether others had the processors nearly all the time it wanted one.
    pub(super) fn is_starved(self) -> bool {
        self.waited > self.had.saturating_mul(STARVED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_had_is_counted_by_the_system() {
        let read = || Share::read("/proc/self/task").unwrap();
        let before = read();
        let mut sum = 0_u64;
        while read().since(before).had < Duration::from_millis(5) {
            sum = (0..10_000).fold(sum, |sum, n| sum.wrapping_mul(31) ^ n);
        }
        assert_ne!(sum, 1);
        assert!(Share::read("/proc/0/task").is_err());
    }

    #[test]
    fn who_waits_for_as_long_as_it_computes_only_shares() {
        let share = |had, waited| Share {
            had: Duration::from_secs(had),
            waited: Duration::from_secs(waited),
        };
        assert!(!share(30, 30).is_starved());
        assert!(share(1, 50).is_starved());
        // What reads a slow disk wants no processor.
        assert!(!share(0, 0).is_starved());
        assert_eq!(share(5, 9).since(share(2, 10)), share(3, 0));
    }
}
