//! Ctrl-C and SIGTERM: the first asks every command to stop cleanly, the second ends at once.

use registre_ingest::progress::Cancel;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The two signals that ask to stop.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Must be called inside the runtime, before any long work.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when one arrives.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Raises `cancel` at the first signal, ends the process at the second.
pub fn cancel_on_signal(mut signals: Signals, cancel: Cancel) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        signals.received().await;
        tracing::info!("stopping; again to stop at once");
        cancel.cancel();
        signals.received().await;
        std::process::exit(130);
    })
}
