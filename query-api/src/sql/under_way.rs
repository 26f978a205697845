//! A query being answered by a process: its answer is passed on as it comes, until its end, its time, or
//! the departure of who asked.

use std::io;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::SqlError;
use super::process::{Share, Worker, broken};
use super::protocol::{self, Kind, Said};

/// How long after its time, or after it was told to stop, a process may still compute.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// A query shorter than this is not measured.
const SHORT: Duration = Duration::from_millis(250);

/// A query being answered.
pub(super) struct UnderWay {
    pub(super) worker: Worker,
    pub(super) sender: Sender<Said>,
    /// How long the process may keep us waiting, all in all.
    pub(super) compute: Duration,
    pub(super) asked_seconds: u64,
    /// How long the whole may last.
    pub(super) reading: Duration,
    pub(super) memory: String,
}

impl UnderWay {
    /// Passes the answer on, and gives the process back unless it had to be ended.
    pub(super) async fn run(mut self) -> Option<Worker> {
        let begun = Instant::now();
        let until = begun + self.reading;
        let mut left = self.compute;
        // What the process had before; none where the system does not tell.
        let (mut before, mut measured) = (None, false);
        loop {
            let waited = Instant::now();
            let said = tokio::select! {
                said = timeout(left, self.worker.next()) => Some(said),
                () = self.sender.closed() => return self.stop().await,
                () = sleep_until(begun + SHORT), if !measured => None,
            };
            left = left.saturating_sub(waited.elapsed());
            let said = match said {
                None => {
                    (before, measured) = (self.worker.share().await, true);
                    continue;
                }
                Some(Ok(Ok(Said::Fault(SqlError::Temps { .. })))) => {
                    Said::Fault(self.out_of_time(before).await)
                }
                Some(Ok(Ok(said))) => said,
                // It does not stop by itself: it is ended, dropped here.
                Some(Err(_elapsed)) => {
                    let fault = self.out_of_time(before).await;
                    self.last(Said::Fault(fault)).await;
                    return None;
                }
                Some(Ok(Err(error))) => {
                    let fault = self.why_it_ended(&error).await;
                    self.last(Said::Fault(fault)).await;
                    return None;
                }
            };
            let over = matches!(said, Said::End(_) | Said::Fault(_));
            let fit = !matches!(&said, Said::Fault(error) if is_unfit(error));
            match timeout_at(until, self.sender.send(said)).await {
                Ok(Ok(())) => {}
                Ok(Err(_left)) => {
                    return if over {
                        fit.then_some(self.worker)
                    } else {
                        self.stop().await
                    };
                }
                // The receiver sees an answer without an end.
                Err(_elapsed) => return self.stop().await,
            }
            if over {
                return fit.then_some(self.worker);
            }
        }
    }

    async fn last(&self, said: Said) {
        let _left = timeout(GRACE, self.sender.send(said)).await;
    }

    /// It is the lowest of priorities: on a machine that is busy with others, a query may reach its time
    /// without having computed, and the same one may pass later.
    async fn out_of_time(&self, before: Option<Share>) -> SqlError {
        let limite = self.asked_seconds;
        let now = self.worker.share().await;
        match before.zip(now).map(|(before, now)| now.since(before)) {
            Some(share) if share.is_starved() => SqlError::SansProcesseur {
                limite,
                calcul: u64::try_from(share.had.as_millis()).unwrap_or(u64::MAX),
            },
            _ => SqlError::Temps { limite },
        }
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
            let status = self.worker.ended();
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
            self.worker
                .send_frame(&protocol::frame(Kind::Stop, &[])?)
                .await?;
            loop {
                match self.worker.next().await? {
                    Said::End(_) => return Ok(true),
                    Said::Fault(error) => return Ok(!is_unfit(&error)),
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

/// Whether a process is not to be asked again: it is broken, or memory was refused to it, and what it keeps
/// would be refused to the next query.
fn is_unfit(error: &SqlError) -> bool {
    matches!(error, SqlError::Panne(_) | SqlError::Memoire { .. })
}
