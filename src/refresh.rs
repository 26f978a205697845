//! The scheduled refresh. The scheduler has no guard against overlap: the ingestion's own lock on
//! the data folder is that guard, and a run that finds it taken is skipped.

use chrono_tz::Europe::Paris;
use registre_ingest::{IngestError, Options, Outcome, progress::Context};
use std::sync::Arc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

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

/// Starts refreshing at each time of `schedule`, on French clocks: that is when the sources are
/// published.
pub async fn start(
    schedule: &Schedule,
    options: Arc<Options>,
    context: Context,
) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new_async_tz(schedule.0.as_str(), Paris, move |_id, _scheduler| {
        Box::pin(refresh(Arc::clone(&options), context.clone()))
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// One run, reported in the log whatever happens.
pub async fn refresh(options: Arc<Options>, context: Context) {
    let run = tokio::task::spawn_blocking(move || registre_ingest::run(&options, &context));
    match run.await {
        Ok(outcome) => report(&outcome),
        Err(panic) => tracing::error!("refresh: {panic}; the snapshot in service is unchanged"),
    }
}

fn report(outcome: &Result<Outcome, IngestError>) {
    match outcome {
        Ok(Outcome::Published(manifest)) => {
            tracing::info!("refresh: snapshot {} published", manifest.id)
        }
        Ok(Outcome::Unchanged(_)) => tracing::info!("refresh: the sources did not change"),
        Err(IngestError::Busy { .. }) => {
            tracing::warn!("refresh: skipped, an ingestion is already running")
        }
        Err(error) => tracing::error!("refresh: {error}; the snapshot in service is unchanged"),
    }
}
