//! The scheduled refresh. The scheduler has no guard against overlap: the ingestion's own lock on
//! the data folder is that guard, and a run that finds it taken is skipped.

use registre_ingest::{IngestError, Options, Outcome, progress::Context};
use std::sync::Arc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Starts refreshing at each time of `cron`.
pub async fn start(
    cron: &str,
    options: Options,
    context: Context,
) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let options = Arc::new(options);
    let job = Job::new_async(cron, move |_id, _scheduler| {
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
