//! The processes that answer SQL: so many at most, one query in each, started when one is needed and
//! kept for the next query of the same snapshot.
//!
//! A query that is over its time, or whose client left, is told to stop; a process that does not within
//! a moment is ended, and another one takes its place; so does one that was refused memory, or keeps most
//! of what it may take. Nothing that a query does outlives it.
//!
//! A process that is slow to open the snapshot, as on a machine that has no time left, is not waited
//! for for ever: who asked is told to come back, and meanwhile another process is tried.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::process::{NotOpen, Worker, broken};
use super::protocol::{Asked, Kind, Opening, Said};
use super::under_way::{GRACE, UnderWay};
use super::{Sql, SqlError};

/// Pieces of an answer that wait for its reader.
const AHEAD: usize = 4;

/// How many times longer the second process may take: where the first was only slow, and not stuck, one
/// ended as early would never be ready.
const LONGER: u32 = 3;

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

/// What keeps others waiting while a query runs, or a process opens.
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
        let (worker, turn) = self.told(folder, &asked).await?;
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
            if let Some(worker) = under_way.run().await
                && !worker.is_spent().await
            {
                lock(&idle).push(worker);
            }
            drop(turn);
        });
        Ok(receiver)
    }

    /// A process that was told what is asked.
    async fn told(&self, folder: &Path, asked: &Asked) -> Result<(Worker, Turn), SqlError> {
        let turn = self.turn().await?;
        if let Some(mut worker) = self.idle(folder)
            // It may end between two looks: another one is then started.
            && worker.send(Kind::Ask, asked).await.is_ok()
        {
            return Ok((worker, turn));
        }
        let (mut worker, turn) = self.started(folder, turn).await?;
        worker.send(Kind::Ask, asked).await.map_err(broken)?;
        Ok((worker, turn))
    }

    async fn turn(&self) -> Result<Turn, SqlError> {
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
        Ok(Turn {
            _permit: permit,
            _place: place,
        })
    }

    /// A process that waits, with that snapshot open.
    fn idle(&self, folder: &Path) -> Option<Worker> {
        let mut idle = lock(&self.idle);
        // Those of another snapshot are of no use any more.
        idle.retain_mut(|worker| worker.folder == folder && worker.is_alive());
        idle.pop()
    }

    /// A new process. Who asked waits for it no longer than `opening`; it then keeps its turn until it
    /// is open, for the next one who asks, or given up.
    async fn started(&self, folder: &Path, turn: Turn) -> Result<(Worker, Turn), SqlError> {
        let program = match &self.settings.program {
            Some(program) => program.clone(),
            None => this_program().map_err(broken)?,
        };
        let opening = Opening {
            folder: folder.to_owned(),
            memory: self.settings.memory.bytes(),
            memory_shown: self.settings.memory.to_string(),
            threads: self.settings.threads,
            text: self.settings.text,
            aside: self.aside,
        };
        let patience = self.settings.opening;
        let idle = Arc::clone(&self.idle);
        let (give, given) = oneshot::channel();
        tokio::spawn(async move {
            let opened = open(program, opening, patience).await;
            let opened = opened.map(|worker| (worker, turn));
            if let Err(Ok((worker, turn))) = give.send(opened) {
                lock(&idle).push(worker);
                drop(turn);
            }
        });
        match timeout(patience, given).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(_dropped)) => Err(broken("whoever opened it is gone")),
            Err(_elapsed) => Err(slow(patience)),
        }
    }
}

/// The program that runs now: not another that an update put under its name meanwhile, nor nothing when its
/// file is gone.
fn this_program() -> std::io::Result<PathBuf> {
    /// It leads to the file itself, and a child sees there the program of whoever starts it.
    const RUNNING: &str = "/proc/self/exe";
    if Path::new(RUNNING).exists() {
        return Ok(RUNNING.into());
    }
    std::env::current_exe()
}

/// A process with its snapshot open. One that ends on the way, or takes too long, is replaced once.
async fn open(program: PathBuf, opening: Opening, patience: Duration) -> Result<Worker, SqlError> {
    let first = match Worker::open(&program, &opening, patience).await {
        Ok(worker) => return Ok(worker),
        Err(NotOpen::Fault(error)) => return Err(error),
        Err(other) => other,
    };
    tracing::warn!(error = %first, "{first}; another one is started");
    match Worker::open(&program, &opening, patience.saturating_mul(LONGER)).await {
        Ok(worker) => Ok(worker),
        Err(NotOpen::Fault(error)) => Err(error),
        Err(second @ NotOpen::Slow(_)) => {
            tracing::warn!(error = %second, "{second}; the next query starts another");
            Err(slow(patience))
        }
        Err(ended @ NotOpen::Ended(_)) => Err(SqlError::Panne(ended.to_string())),
    }
}

fn slow(patience: Duration) -> SqlError {
    SqlError::Demarrage {
        limite: patience.as_secs(),
    }
}

/// A list of processes stays right whatever panicked while it was locked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
