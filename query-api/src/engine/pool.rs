//! The only door to DuckDB. Whether a request can block the runtime, outlive its time or pile up
//! is answered by this file alone.
//!
//! A query runs on the blocking pool, on a connection nobody else uses meanwhile. It is interrupted
//! when its time is over and also when its client leaves.

use duckdb::{Connection, InterruptHandle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::functions;

/// How often an interrupt is repeated.
const REPEAT: Duration = Duration::from_millis(20);

/// How much DuckDB may take, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Connections, hence queries at the same time.
    pub(crate) connections: usize,
    /// Requests waiting for a connection.
    pub(crate) waiting: usize,
    /// Longest wait for a connection.
    pub(crate) wait: Duration,
    /// Longest query.
    pub(crate) query: Duration,
    /// DuckDB's `memory_limit`.
    pub(crate) memory: String,
    /// DuckDB's `threads`.
    pub(crate) threads: usize,
}

/// Why a query gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    /// No connection within the allowed wait, or too many already waiting.
    #[error("no connection free")]
    Busy,
    /// Interrupted because its time was over.
    #[error("query interrupted after its time limit")]
    TimedOut,
    /// DuckDB refused or failed.
    #[error("duckdb: {0}")]
    Query(#[from] duckdb::Error),
    /// A table's file could not be read. DuckDB does not always say which one.
    #[error("read {table}.parquet: {source}")]
    Read {
        /// The table.
        table: &'static str,
        /// Why.
        source: duckdb::Error,
    },
    /// The closure panicked, or the runtime is shutting down.
    #[error("query task lost: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

impl PoolError {
    /// Reading that table failed.
    pub(crate) fn reading(table: &'static str, source: duckdb::Error) -> Self {
        Self::Read { table, source }
    }
}

/// An in-memory database of one connection, with our functions, on which `setup` was run.
pub(super) fn alone(
    memory: &str,
    threads: usize,
    setup: &[String],
) -> Result<Connection, PoolError> {
    let threads = i64::try_from(threads.max(1)).unwrap_or(i64::MAX);
    let config = duckdb::Config::default()
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .max_memory(memory)?
        .threads(threads)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door the lint points to"
    )]
    let connection = Connection::open_in_memory_with_flags(config)?;
    functions::register(&connection)?;
    for statement in setup {
        connection.execute_batch(statement)?;
    }
    Ok(connection)
}

/// An in-memory database and its connections.
pub(crate) struct Pool {
    /// Connections nobody uses. A permit is held for each one taken, so it is never empty then.
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One per connection.
    permits: Arc<Semaphore>,
    /// One per connection and one per place in the queue.
    places: Arc<Semaphore>,
    wait: Duration,
    query: Duration,
}

impl Pool {
    /// Opens an in-memory database, adds our functions to it, runs `setup`, then clones its connections.
    pub(crate) fn open(limits: &Limits, setup: &[String]) -> Result<Self, PoolError> {
        let first = alone(&limits.memory, limits.threads, setup)?;
        let connections = limits.connections.max(1);
        let mut idle = Vec::with_capacity(connections);
        for _ in 1..connections {
            idle.push(first.try_clone()?);
        }
        idle.push(first);
        Ok(Self {
            idle: Arc::new(Mutex::new(idle)),
            permits: Arc::new(Semaphore::new(connections)),
            places: Arc::new(Semaphore::new(connections + limits.waiting)),
            wait: limits.wait,
            query: limits.query,
        })
    }

    /// Runs `work` on a connection, within the limits.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, PoolError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, PoolError> + Send + 'static,
    {
        self.run_for(self.query, work).await
    }

    /// The same, of what may take another time than a request's queries: nobody waits for it.
    pub(crate) async fn run_for<T, F>(&self, at_most: Duration, work: F) -> Result<T, PoolError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, PoolError> + Send + 'static,
    {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(PoolError::Busy);
        };
        let permit = tokio::time::timeout(self.wait, Arc::clone(&self.permits).acquire_owned());
        let Ok(Ok(permit)) = permit.await else {
            return Err(PoolError::Busy);
        };
        let lease = Lease::take(&self.idle, permit, place)?;
        // Dropped with this future, whatever ends it: the time limit or the client leaving.
        let _interrupter = lease.interrupter();
        let task = tokio::task::spawn_blocking(move || {
            lease.connection.as_ref().map_or(Err(PoolError::Busy), work)
        });
        match tokio::time::timeout(at_most, task).await {
            Ok(outcome) => outcome?,
            Err(_elapsed) => Err(PoolError::TimedOut),
        }
    }
}

/// A connection in use. Dropping it gives the connection back, then frees the permit, even when the
/// query panicked.
struct Lease {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    handle: Arc<InterruptHandle>,
    /// Locked to interrupt and to give back: a late interrupt must not hit the next user's query.
    running: Arc<Mutex<bool>>,
    _permit: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Lease {
    fn take(
        idle: &Arc<Mutex<Vec<Connection>>>,
        permit: OwnedSemaphorePermit,
        place: OwnedSemaphorePermit,
    ) -> Result<Self, PoolError> {
        let connection = lock(idle).pop().ok_or(PoolError::Busy)?;
        Ok(Self {
            handle: connection.interrupt_handle(),
            connection: Some(connection),
            idle: Arc::clone(idle),
            running: Arc::new(Mutex::new(true)),
            _permit: permit,
            _place: place,
        })
    }

    fn interrupter(&self) -> Interrupter {
        Interrupter {
            handle: Arc::clone(&self.handle),
            running: Arc::clone(&self.running),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        *lock(&self.running) = false;
        if let Some(connection) = self.connection.take() {
            lock(&self.idle).push(connection);
        }
    }
}

/// Interrupts the work when dropped, unless it is over.
struct Interrupter {
    handle: Arc<InterruptHandle>,
    running: Arc<Mutex<bool>>,
}

impl Drop for Interrupter {
    fn drop(&mut self) {
        if !interrupt(&self.handle, &self.running) {
            return;
        }
        let (handle, running) = (Arc::clone(&self.handle), Arc::clone(&self.running));
        // DuckDB forgets an interrupt that arrives before a query starts, or between two of them:
        // it is repeated until the work ends. Such threads are at most as many as connections.
        let spawned = std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                while interrupt(&handle, &running) {
                    std::thread::sleep(REPEAT);
                }
            });
        if let Err(error) = spawned {
            tracing::error!(error = %error, "no thread to repeat an interrupt: {error}");
        }
    }
}

/// Whether there was something to interrupt.
fn interrupt(handle: &InterruptHandle, running: &Mutex<bool>) -> bool {
    let running = lock(running);
    if *running {
        handle.interrupt();
    }
    *running
}

/// A list of connections and a flag stay right whatever panicked while they were locked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str =
        "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range <> b.range";

    fn limits() -> Limits {
        Limits {
            connections: 1,
            waiting: 1,
            wait: Duration::from_millis(100),
            query: Duration::from_millis(200),
            memory: "200MB".to_owned(),
            threads: 1,
        }
    }

    fn count(connection: &Connection, sql: &str) -> Result<i64, PoolError> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_query_past_its_time_is_interrupted_and_its_connection_serves_again() {
        let pool = Pool::open(&limits(), &[]).unwrap();
        let late = pool.run(|connection| count(connection, ENDLESS)).await;
        assert!(matches!(late, Err(PoolError::TimedOut)), "{late:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(
            pool.run(|connection| count(connection, "SELECT 7"))
                .await
                .unwrap(),
            7
        );
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once() {
        let pool = Arc::new(Pool::open(&limits(), &[]).unwrap());
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            let pool = Arc::clone(&pool);
            outcomes.push(tokio::spawn(async move {
                pool.run(|connection| count(connection, ENDLESS)).await
            }));
            tokio::task::yield_now().await;
        }
        let third = outcomes.pop().unwrap().await.unwrap();
        assert!(matches!(third, Err(PoolError::Busy)), "{third:?}");
    }

    #[tokio::test]
    async fn a_client_that_leaves_interrupts_its_query() {
        let pool = Arc::new(
            Pool::open(
                &Limits {
                    query: Duration::from_mins(1),
                    ..limits()
                },
                &[],
            )
            .unwrap(),
        );
        let running = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|connection| count(connection, ENDLESS)).await }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        running.abort();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(
            pool.run(|connection| count(connection, "SELECT 7"))
                .await
                .unwrap(),
            7
        );
    }
}
