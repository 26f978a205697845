//! Ctrl-C and SIGTERM: the first asks everything to stop cleanly, the second ends at once.

use registre_ingest::progress::Cancel;
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Told once, heard by all: blocking work through its [`Cancel`], async work by waiting.
#[derive(Debug, Clone)]
pub struct Stop {
    cancel: Cancel,
    stopped: watch::Receiver<bool>,
    sender: watch::Sender<bool>,
}

impl Stop {
    /// Listens from now on; must be called inside the runtime, before any long work.
    pub fn on_signal() -> io::Result<Self> {
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let (sender, stopped) = watch::channel(false);
        let stop = Self {
            cancel: Cancel::default(),
            stopped,
            sender,
        };
        let told = stop.clone();
        tokio::spawn(async move {
            let mut received = async || {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            received().await;
            tracing::info!(
                "stopping: work under way is ended cleanly; a second signal ends at once"
            );
            told.stop();
            received().await;
            std::process::exit(130);
        });
        Ok(stop)
    }

    /// As a signal would.
    pub fn stop(&self) {
        self.cancel.cancel();
        // Only fails when nobody listens any more.
        let _unheard = self.sender.send(true);
    }

    /// For blocking work.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Returns once stopped.
    pub async fn stopped(mut self) {
        // The sender lives in `self`: it cannot be gone.
        let _alive = self.stopped.wait_for(|stopped| *stopped).await;
    }
}
