//! The scheduled refresh. The scheduler has no guard against overlap: the ingestion's own lock on
//! the data folder is that guard, and a run that finds it taken is skipped.

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
        Job::new(cron, |_id, _scheduler| {})?;
        Ok(Self(cron.to_owned()))
    }
}

/// Starts refreshing at each time of `schedule`.
pub async fn start(
    schedule: &Schedule,
    options: Options,
    context: Context,
) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let options = Arc::new(options);
    let job = Job::new_async(schedule.0.as_str(), move |_id, _scheduler| {
        let (options, context) = (Arc::clone(&options), context.clone());
        Box::pin(async move {
            let run = tokio::task::spawn_blocking(move || registre_ingest::run(&options, &context));
            match run.await {
                Ok(outcome) => report(&outcome),
                Err(panic) => {
                    tracing::error!("refresh: {panic}; the snapshot in service is unchanged")
                }
            }
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
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
