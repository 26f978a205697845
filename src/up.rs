//! `registre up`: ingest if nothing is published yet, serve, refresh on schedule.

use registre_ingest::Options;
use registre_ingest::origin::Origin;
use registre_ingest::publish::DataFolder;
use registre_query_api::Config;
use registre_schemas::manifest::Manifest;
use std::sync::Arc;
use tokio::net::TcpListener;

use crate::cli::Up;
use crate::commands::{bind, context, ingest_once, options, serve_until};
use crate::failure::Failure;
use crate::refresh::{self, Schedule};
use crate::signals::Stop;

/// Serves from the start: while nothing is published, every answer says that data is being loaded.
pub async fn up(arguments: Up, stop: Stop) -> Result<(), Failure> {
    let listener = bind(arguments.listen.listen).await?;
    let data = arguments.data.data;
    let config = arguments
        .access
        .config(arguments.forms, arguments.jobs, &data);
    let options = options(arguments.sources, &data);
    let schedule = arguments.refresh;
    match DataFolder::open(&data)?.current()? {
        None => serve_and_load(listener, config, options, &schedule, stop).await,
        Some(manifest) if comes_from(&manifest, &options.origin) => {
            serve_and_refresh(listener, config, options, &schedule, true, stop).await
        }
        Some(_) => {
            // The sample must not pass for the real thing while that is being made: answer nothing,
            // rather than wait behind an open door.
            let address = listener.local_addr().unwrap_or(arguments.listen.listen);
            drop(listener);
            ingest_once(options.clone(), &stop).await?;
            let listener = bind(address).await?;
            serve_and_refresh(listener, config, options, &schedule, false, stop).await
        }
    }
}

fn comes_from(published: &Manifest, origin: &Origin) -> bool {
    published.origin == origin.to_string()
}

/// Without its first snapshot the service is of no use: a failure to make it ends the command.
async fn serve_and_load(
    listener: TcpListener,
    config: Config,
    options: Options,
    schedule: &Schedule,
    stop: Stop,
) -> Result<(), Failure> {
    let first = options.clone();
    let serving = serve_and_refresh(listener, config, options, schedule, false, stop.clone());
    let loading = async {
        let loaded = ingest_once(first, &stop).await;
        if loaded.is_err() {
            stop.stop();
        }
        loaded
    };
    let (served, loaded) = tokio::join!(serving, loading);
    loaded.and(served)
}

/// `now`: refresh at once too, not only at the times of the schedule.
async fn serve_and_refresh(
    listener: TcpListener,
    config: Config,
    options: Options,
    schedule: &Schedule,
    now: bool,
    stop: Stop,
) -> Result<(), Failure> {
    let options = Arc::new(options);
    if now {
        // The times missed while the process was down; an unchanged source costs one question.
        tokio::spawn(refresh::refresh(Arc::clone(&options), context(&stop)));
    }
    let mut scheduler = refresh::start(schedule, options, context(&stop))
        .await
        .map_err(|error| Failure::new(1, format!("start the schedule: {error}")))?;
    let served = serve_until(listener, config, stop.clone()).await;
    stop.stop();
    if let Err(error) = scheduler.shutdown().await {
        tracing::warn!("stop the schedule: {error}");
    }
    served
}
