//! The listening socket: what a client may hold, and for how long.
//!
//! A connection is one of a bounded number. The headers of a request, the first or the next one,
//! come within a time, and a connection asks nothing more after a longer one. The answer under way
//! then goes on as long as its client takes it at some pace: three gigabytes last an hour on a slow
//! line, and clients that send, or read, a byte now and then cannot keep all the places for themselves.

use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::middleware::App;

mod socket;

use socket::Socket;

/// Files this process opens besides its clients' sockets: tables, logs, the listening socket.
const RESERVE: usize = 128;

/// Places there are in any case.
const FEWEST: usize = 16;

/// After a failure that is not one client's, such as no file left to open.
const PAUSE: Duration = Duration::from_secs(1);

/// Bytes that a client must take, in each tenth of the age of a connection (a minute), for an answer
/// to outlast that age. The system's own buffers empty in larger steps than this.
const PACE: u64 = 64 * 1024;

/// A full house is said no more often than this.
const SAY_FULL: Duration = Duration::from_mins(1);

/// Answers with `app` until `shutdown` completes, then lets the requests in progress finish, for a
/// bounded time.
pub(crate) async fn run(
    listener: TcpListener,
    app: App,
    config: &Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let mut door = Door::new(listener, places(config.max_clients, open_files()));
    let client = Client::new(app, config);
    let (stop, stopping) = watch::channel(false);
    let mut clients = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = shutdown.as_mut() => break,
            entered = door.enter() => entered?,
        };
        // An answer is written whole: waiting to fill a packet only delays it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "TCP_NODELAY: {error}");
        }
        let (client, stopping) = (client.clone(), stopping.clone());
        clients.spawn(async move {
            client
                .serve(Socket::new(stream, place), peer, stopping)
                .await;
        });
        // Only to forget those that left.
        while clients.try_join_next().is_some() {}
    }
    drop(door);
    stop.send_replace(true);
    let drained = async { while clients.join_next().await.is_some() {} };
    if tokio::time::timeout(config.drain_timeout, drained)
        .await
        .is_err()
    {
        tracing::warn!("requests still in progress were cut off");
    }
    // Dropping the set ends what is left.
    Ok(())
}

/// How many clients at the same time: as configured, as far as the system's limit on open files goes.
fn places(configured: usize, files: Option<usize>) -> usize {
    let possible = files.map_or(configured, |files| files.saturating_sub(RESERVE));
    if possible < configured {
        tracing::info!(
            "{possible} connections at most, for the limit on open files; `ulimit -n` raises it"
        );
    }
    // Tokio's own limit is far above, and it would panic past it.
    configured
        .min(possible)
        .clamp(FEWEST, Semaphore::MAX_PERMITS)
}

/// How many files this process may have open, where the system says so.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Where clients come in, one place each.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    said_full: Option<Instant>,
}

impl Door {
    fn new(listener: TcpListener, places: usize) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(places)),
            said_full: None,
        }
    }

    /// The next client, once there is a place: until then it waits in the system's own queue.
    async fn enter(&mut self) -> Result<(TcpStream, IpAddr, OwnedSemaphorePermit), Error> {
        if self.places.available_permits() == 0 {
            self.say_full();
        }
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(Error::other)?;
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => return Ok((stream, address.ip(), place)),
                // Not a socket that listens: it never will be.
                Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(error),
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    tracing::error!(error = %error, "no connection can be accepted: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn say_full(&mut self) {
        if self.said_full.is_none_or(|at| at.elapsed() > SAY_FULL) {
            self.said_full = Some(Instant::now());
            tracing::warn!("as many connections as allowed are open: new ones wait");
        }
    }
}

/// It left before it was accepted.
fn is_of_one_client(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

/// What serves one connection.
#[derive(Clone)]
struct Client {
    http: Builder,
    app: App,
    age: Duration,
    drain: Duration,
}

impl Client {
    fn new(app: App, config: &Config) -> Self {
        let mut http = Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_header_size(config.max_header);
        Self {
            http,
            app,
            age: config.max_age,
            drain: config.drain_timeout,
        }
    }

    /// Until the client leaves, the server stops or the connection is too old: in the last two
    /// cases the request in progress is answered first, for a bounded time when the server stops, as
    /// long as its client takes the answer when the connection is old.
    async fn serve(self, socket: Socket, peer: IpAddr, mut stopping: watch::Receiver<bool>) {
        let app = self.app;
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = app.answer(request.map(Body::new), Some(peer));
            async { Ok::<_, Infallible>(answer.await) }
        });
        let taken = socket.taken();
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(socket), service));
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = over(&mut stopping, self.age) => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    outcome = connection.as_mut() => outcome,
                    () = left(&mut stopping, &taken, self.age / 10, self.drain) => return,
                }
            }
        };
        if let Err(error) = outcome {
            // What a client did wrong, or did not do in time: not news for the operator.
            tracing::debug!(error = %error, "connection ended: {error}");
        }
    }
}

/// Completes when the answer under way is to be cut: `drain` after the server stops, or once its client
/// takes nothing much any more.
async fn left(
    stopping: &mut watch::Receiver<bool>,
    taken: &AtomicU64,
    every: Duration,
    drain: Duration,
) {
    let idle = async {
        let mut before = taken.load(Ordering::Relaxed);
        // What ends soon has the time of any last answer; what lasts is watched.
        tokio::time::sleep(drain.max(every)).await;
        loop {
            let now = taken.load(Ordering::Relaxed);
            if now - before < PACE {
                return;
            }
            before = now;
            tokio::time::sleep(every).await;
        }
    };
    tokio::select! {
        () = idle => {}
        () = async {
            // An error would mean that the server is gone: stopping all the same.
            drop(stopping.wait_for(|stopped| *stopped).await);
            tokio::time::sleep(drain).await;
        } => {}
    }
}

/// Completes when the server stops, or after `age`.
async fn over(stopping: &mut watch::Receiver<bool>, age: Duration) {
    tokio::select! {
        // An error would mean that the server is gone: stopping all the same.
        _stopped = stopping.wait_for(|stopped| *stopped) => {}
        () = tokio::time::sleep(age) => {}
    }
}

#[cfg(test)]
mod tests;
