//! The process that answers queries, one at a time, for the one that started it and talks to it by its
//! standard input. It ends when that one does.
//!
//! What it may cost is decided once, before it opens anything: the memory the system gives it, its
//! priority, and that it is the first to end when the machine lacks memory.

use duckdb::InterruptHandle;
use registre_schemas::manifest::{self, Manifest};
use rustix::process::{Resource, Rlimit, getrlimit, setpriority_process, setrlimit};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::SqlError;
use super::protocol::{self, Asked, End, Kind, Opening};
use crate::engine::sandbox::{self, Column, Query, Sandbox};
use crate::memory;

/// The least a process may ask of the processor: lookups go first.
const LAST: i32 = 19;

/// Bytes the system gives beside DuckDB's own limit: its threads' stacks, the library, what is being
/// written.
const BESIDE: u64 = 512 << 20;

/// How often an interrupt is repeated: DuckDB forgets one that arrives before a query starts.
const REPEAT: Duration = Duration::from_millis(20);

/// Nothing to look at until something changes.
const IDLE: Duration = Duration::from_hours(1);

/// The stack of the thread that parses: the library recurses as deep as what it reads.
const STACK: usize = 64 << 20;

/// Answers until the one who started it is gone. For the hidden command only.
#[must_use]
pub fn run() -> ExitCode {
    let worked = thread::Builder::new()
        .name("sql".to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map(thread::JoinHandle::join);
    match worked {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            tracing::error!(error = %error, "a process of SQL ended: {error}");
            ExitCode::FAILURE
        }
        Ok(Err(_panic)) => ExitCode::FAILURE,
        Err(error) => {
            tracing::error!(error = %error, "a process of SQL has no thread: {error}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> io::Result<()> {
    let mut from = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut to = from.try_clone()?;
    let Some((Kind::Open, bytes)) = protocol::receive(&mut from)? else {
        return Err(io::Error::other("its first frame opens nothing"));
    };
    let opening: Opening = protocol::read(&bytes)?;
    step_aside(&opening);
    let sandbox = match open(&opening) {
        Ok(sandbox) => sandbox,
        Err(why) => {
            let fault = protocol::json_frame(Kind::Fault, &SqlError::Panne(why))?;
            return protocol::send(&mut to, &fault);
        }
    };
    protocol::send(&mut to, &protocol::frame(Kind::Open, &[])?)?;
    let clock = Arc::new(Clock::new(sandbox.interrupter()));
    // One at a time: the next one is sent once this one has its answer.
    let (asked, asks) = sync_channel(1);
    let (heard, ticking) = (Arc::clone(&clock), Arc::clone(&clock));
    thread::Builder::new()
        .name("sql-ask".to_owned())
        .spawn(move || listen(from, &asked, &heard))?;
    thread::Builder::new()
        .name("sql-time".to_owned())
        .spawn(move || ticking.watch())?;
    answer_all(&sandbox, &opening, &asks, &clock, to)
}

fn open(opening: &Opening) -> Result<Sandbox, String> {
    let path = opening.folder.join(manifest::FILE_NAME);
    let said = |error: &dyn std::fmt::Display| format!("open {}: {error}", path.display());
    let bytes = fs::read(&path).map_err(|error| said(&error))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| said(&error))?;
    Sandbox::open(opening.memory, opening.threads, &opening.folder, &manifest)
        .map_err(|error| said(&error))
}

/// A system that refuses any of it still answers, less well protected: it is said.
fn step_aside(opening: &Opening) {
    // Neither code nor address of this process is worth a file of its memory.
    limit(Resource::Core, 0);
    limit(Resource::Data, opening.half_again().saturating_add(BESIDE));
    if !opening.aside {
        return;
    }
    if let Err(error) = setpriority_process(None, LAST) {
        tracing::warn!(error = %error, "SQL has the priority of lookups: {error}");
    }
    let first_to_end = OpenOptions::new()
        .write(true)
        .open("/proc/self/oom_score_adj")
        .and_then(|mut file: File| file.write_all(b"1000"));
    if let Err(error) = first_to_end {
        tracing::debug!(error = %error, "oom_score_adj: {error}");
    }
}

fn limit(resource: Resource, bytes: u64) {
    // Never more than it has.
    let had = getrlimit(resource).maximum;
    let most = had.map_or(bytes, |had| had.min(bytes));
    let new = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    if let Err(error) = setrlimit(resource, new) {
        tracing::warn!(error = %error, "a process of SQL has no limit of the system: {error}");
    }
}

/// Whether the system gives this process no more memory, or hardly any.
fn is_full() -> bool {
    let most = getrlimit(Resource::Data).current;
    let taken = memory::data("self");
    let left = most
        .zip(taken)
        .map(|(most, taken)| most.saturating_sub(taken));
    left.is_some_and(|left| left < BESIDE / 8)
}

/// Hears what is asked while a query runs. The one who asks being gone, there is nothing left to do.
fn listen(mut from: UnixStream, asked: &SyncSender<Asked>, clock: &Clock) {
    loop {
        match protocol::receive(&mut from) {
            Ok(Some((Kind::Stop, _))) => clock.stop(),
            Ok(Some((Kind::Ask, bytes))) => {
                let Ok(ask) = protocol::read(&bytes) else {
                    std::process::exit(1);
                };
                if asked.send(ask).is_err() {
                    std::process::exit(1);
                }
            }
            _gone => std::process::exit(0),
        }
    }
}

fn answer_all(
    sandbox: &Sandbox,
    opening: &Opening,
    asks: &Receiver<Asked>,
    clock: &Clock,
    mut to: UnixStream,
) -> io::Result<()> {
    while let Ok(asked) = asks.recv() {
        clock.start(Duration::from_secs(asked.secondes));
        let answered = answer(sandbox, opening, &asked, clock, &mut to);
        let why = clock.end();
        let said = match answered {
            Ok(rows) => protocol::json_frame(Kind::End, &End { rows })?,
            Err(error) => {
                let error = match (error, why) {
                    (SqlError::Interrompue, Some(Why::Time)) => SqlError::Temps {
                        limite: asked.secondes,
                    },
                    (SqlError::Memoire { .. }, _) => SqlError::Memoire {
                        limite: opening.memory_shown.clone(),
                    },
                    // What fails then has many words for it.
                    (SqlError::Panne(_), _) if is_full() => SqlError::Memoire {
                        limite: opening.memory_shown.clone(),
                    },
                    (error, _) => error,
                };
                // A database that said that it is broken stays so: another process takes over.
                let broken = matches!(error, SqlError::Panne(_));
                let fault = protocol::json_frame(Kind::Fault, &error)?;
                if broken {
                    return protocol::send(&mut to, &fault);
                }
                fault
            }
        };
        protocol::send(&mut to, &said)?;
    }
    Ok(())
}

fn answer(
    sandbox: &Sandbox,
    opening: &Opening,
    asked: &Asked,
    clock: &Clock,
    to: &mut UnixStream,
) -> Result<u64, SqlError> {
    let bytes = asked.q.len();
    if bytes > opening.text {
        return Err(SqlError::TropLongue {
            octets: bytes,
            limite: opening.text,
        });
    }
    let query = Query {
        text: &asked.q,
        parameters: &asked.parametres,
        format: asked.format,
        rows: asked.lignes,
        donnees: &asked.donnees,
    };
    sandbox.answer(&query, &mut Sending { to, clock })
}

/// Sends an answer as it is made. While its reader takes its time, the query's does not pass.
struct Sending<'a> {
    to: &'a mut UnixStream,
    clock: &'a Clock,
}

impl Sending<'_> {
    fn send(&mut self, frame: io::Result<Vec<u8>>) -> Result<(), SqlError> {
        self.clock.pause();
        let sent = frame.and_then(|frame| protocol::send(self.to, &frame));
        self.clock.resume();
        sent.map_err(|_gone| SqlError::Interrompue)?;
        if self.clock.is_over() {
            return Err(SqlError::Interrompue);
        }
        Ok(())
    }
}

impl sandbox::Receiver for Sending<'_> {
    fn start(&mut self, _columns: &[Column]) -> Result<(), SqlError> {
        self.send(protocol::frame(Kind::Start, &[]))
    }

    fn piece(&mut self, bytes: Vec<u8>) -> Result<(), SqlError> {
        for piece in bytes.chunks(protocol::PIECE) {
            self.send(protocol::frame(Kind::Piece, piece))?;
        }
        Ok(())
    }
}

/// Why a query was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Time,
    Stopped,
}

#[derive(Default)]
struct State {
    running: bool,
    /// When the query under way is over; none while its reader is waited for.
    deadline: Option<Instant>,
    /// What it has left then.
    left: Duration,
    why: Option<Why>,
}

/// Interrupts a query past its time, or told to stop, until it ends.
struct Clock {
    handle: Arc<InterruptHandle>,
    state: Mutex<State>,
    changed: Condvar,
}

impl Clock {
    fn new(handle: Arc<InterruptHandle>) -> Self {
        Self {
            handle,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, time: Duration) {
        *self.lock() = State {
            running: true,
            deadline: Instant::now().checked_add(time),
            ..State::default()
        };
        self.changed.notify_all();
    }

    fn end(&self) -> Option<Why> {
        let state = std::mem::take(&mut *self.lock());
        state.why
    }

    /// The time that passes is its reader's.
    fn pause(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        if let Some(deadline) = state.deadline.take() {
            state.left = deadline.saturating_duration_since(now);
        }
    }

    fn resume(&self) {
        let mut state = self.lock();
        state.deadline = Instant::now().checked_add(state.left);
        self.changed.notify_all();
    }

    fn is_over(&self) -> bool {
        self.lock().why.is_some()
    }

    fn stop(&self) {
        let mut state = self.lock();
        if state.running {
            state.why = Some(Why::Stopped);
            self.handle.interrupt();
            self.changed.notify_all();
        }
    }

    fn watch(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let wait = match (state.deadline, state.why) {
                _ if !state.running => IDLE,
                (_, Some(_)) => {
                    self.handle.interrupt();
                    REPEAT
                }
                (None, None) => IDLE,
                (Some(deadline), None) if deadline <= now => {
                    state.why = Some(Why::Time);
                    continue;
                }
                (Some(deadline), None) => deadline - now,
            };
            state = match self.changed.wait_timeout(state, wait) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
