//! The scheduled refresh. The scheduler has no guard against overlap: the ingestion's own lock on
//! the data folder is that guard, and a run that finds it taken is skipped.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use registre_ingest::{IngestError, Options, Outcome, progress::Context};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::store::{Publisher, Sent};

/// When the clocks are looked at, in UTC: the French ones change at 01:00 UTC.
const EVERY_HOUR: &str = "0 1 * * * *";

/// A schedule that was understood.
#[derive(Debug, Clone)]
pub struct Schedule(String);

impl std::str::FromStr for Schedule {
    type Err = JobSchedulerError;

    /// Read by the scheduler itself, so that what it accepts is what runs.
    fn from_str(cron: &str) -> Result<Self, Self::Err> {
        Job::new_tz(cron, Paris, |_id, _scheduler| {})?;
        Ok(Self(cron.to_owned()))
    }
}

/// Seconds from UTC to French time.
fn paris_offset(at: DateTime<Utc>) -> i32 {
    Paris
        .offset_from_utc_datetime(&at.naive_utc())
        .fix()
        .local_minus_utc()
}

/// Starts refreshing at each time of `schedule`, on French clocks: that is when the sources are
/// published.
pub async fn start(
    schedule: &Schedule,
    refresh: Arc<Refresh>,
    context: Context,
) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let cron = schedule.0.clone();
    let job = move || {
        let (refresh, context) = (Arc::clone(&refresh), context.clone());
        Job::new_async_tz(cron.as_str(), Paris, move |_id, _scheduler| {
            let (refresh, context) = (Arc::clone(&refresh), context.clone());
            Box::pin(async move { refresh.run(context).await })
        })
    };
    // The scheduler keeps the offset to UTC that a job had when it was added: when the clocks change,
    // the job is added again.
    let added = scheduler.add(job()?).await?;
    let added = Arc::new(Mutex::new((added, paris_offset(Utc::now()))));
    let clocks = Job::new_async(EVERY_HOUR, move |_id, scheduler| {
        let (job, added) = (job.clone(), Arc::clone(&added));
        Box::pin(async move {
            let mut added = added.lock().await;
            let offset = paris_offset(Utc::now());
            if offset == added.1 {
                return;
            }
            let again = async {
                scheduler.remove(&added.0).await?;
                scheduler.add(job()?).await
            };
            match again.await {
                Ok(id) => {
                    *added = (id, offset);
                    tracing::info!("the clocks changed: the schedule follows them");
                }
                Err(error) => tracing::error!("follow the change of clocks: {error}"),
            }
        })
    })?;
    scheduler.add(clocks).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// What each run does.
pub struct Refresh {
    /// What the ingestion is asked.
    pub options: Options,
    /// Who sends what it made, if someone does.
    pub publisher: Option<Publisher>,
}

impl Refresh {
    /// One run, reported in the log whatever happens.
    pub async fn run(&self, context: Context) {
        let options = self.options.clone();
        let run = tokio::task::spawn_blocking(move || registre_ingest::run(&options, &context));
        match run.await {
            Ok(outcome) => {
                report(&outcome);
                if outcome.is_ok() {
                    self.publish().await;
                }
            }
            Err(panic) => tracing::error!("refresh: {panic}; the snapshot in service is unchanged"),
        }
    }

    /// Sends what is in service to the store, if there is one. A store that was away last time has it
    /// now.
    pub async fn publish(&self) {
        let Some(publisher) = &self.publisher else {
            return;
        };
        let url = publisher.url();
        match publisher.publish(&self.options.data).await {
            Ok(Sent::Published(manifest)) => {
                tracing::info!("snapshot {} published to {url}", manifest.id)
            }
            Ok(Sent::Unchanged(_)) => {}
            Err(error) => {
                tracing::error!("{error}; not published to {url}, tried again at the next refresh")
            }
        }
    }
}

fn report(outcome: &Result<Outcome, IngestError>) {
    match outcome {
        Ok(Outcome::Published(manifest)) => {
            tracing::info!("refresh: snapshot {} published", manifest.id)
        }
        Ok(Outcome::Unchanged(_)) => tracing::info!("refresh: the sources did not change"),
        Ok(Outcome::Waiting { manifest, why }) => tracing::warn!(
            "refresh: the new files are older than snapshot {}, updated by INSEE's API: it stays in service until the API answers ({why})",
            manifest.id
        ),
        Err(IngestError::Busy { .. }) => {
            tracing::warn!("refresh: skipped, an ingestion is already running")
        }
        Err(error) => tracing::error!("refresh: {error}; the snapshot in service is unchanged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_clocks_change_at_one_utc() {
        let offset = |at: &str| paris_offset(at.parse().unwrap());
        assert_eq!(offset("2026-10-25T00:59:59Z"), 7200);
        assert_eq!(offset("2026-10-25T01:00:00Z"), 3600);
        assert_eq!(offset("2027-03-28T00:59:59Z"), 3600);
        assert_eq!(offset("2027-03-28T01:00:00Z"), 7200);
    }
}
