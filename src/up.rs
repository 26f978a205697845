//! `registre up`: ingest if nothing is published yet, serve, refresh on schedule.

use registre_ingest::origin::Origin;
use registre_ingest::publish::DataFolder;
use registre_query_api::Config;
use registre_schemas::manifest::Manifest;
use std::sync::Arc;
use tokio::net::TcpListener;

use crate::cli::Up;
use crate::commands::{bind, context, ingest_once, options, publisher, serve_until};
use crate::failure::Failure;
use crate::refresh::{self, Refresh, Schedule};
use crate::signals::Stop;

/// Serves from the start: while nothing is published, every answer says that data is being loaded.
pub async fn up(arguments: Up, stop: Stop) -> Result<(), Failure> {
    let listener = bind(arguments.listen.listen).await?;
    let data = arguments.data.data;
    let config = arguments
        .access
        .config(arguments.forms, arguments.sql, arguments.jobs, &data);
    let publisher = publisher(&arguments.sources, &stop)?;
    let options = options(arguments.sources, &data);
    let refresh = Arc::new(Refresh { options, publisher });
    let schedule = arguments.refresh;
    match DataFolder::open(&data)?.current()? {
        None => serve_and_load(listener, config, refresh, &schedule, stop).await,
        Some(manifest) if comes_from(&manifest, &refresh.options.origin) => {
            serve_and_refresh(listener, config, refresh, &schedule, true, stop).await
        }
        Some(_) => {
            // The sample must not pass for the real thing while that is being made: answer nothing,
            // rather than wait behind an open door.
            let address = listener.local_addr().unwrap_or(arguments.listen.listen);
            drop(listener);
            ingest_once(refresh.options.clone(), &stop).await?;
            let listener = bind(address).await?;
            let sending = Arc::clone(&refresh);
            tokio::spawn(async move { sending.publish().await });
            serve_and_refresh(listener, config, refresh, &schedule, false, stop).await
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
    refresh: Arc<Refresh>,
    schedule: &Schedule,
    stop: Stop,
) -> Result<(), Failure> {
    let first = Arc::clone(&refresh);
    let serving = serve_and_refresh(listener, config, refresh, schedule, false, stop.clone());
    let loading = async {
        let loaded = ingest_once(first.options.clone(), &stop).await;
        if loaded.is_err() {
            stop.stop();
        } else {
            first.publish().await;
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
    refresh: Arc<Refresh>,
    schedule: &Schedule,
    now: bool,
    stop: Stop,
) -> Result<(), Failure> {
    if now {
        // The times missed while the process was down; an unchanged source costs one question.
        let refresh = Arc::clone(&refresh);
        let context = context(&stop);
        tokio::spawn(async move { refresh.run(context).await });
    }
    let mut scheduler = refresh::start(schedule, refresh, context(&stop))
        .await
        .map_err(|error| Failure::new(1, format!("start the schedule: {error}")))?;
    let served = serve_until(listener, config, stop.clone()).await;
    stop.stop();
    if let Err(error) = scheduler.shutdown().await {
        tracing::warn!("stop the schedule: {error}");
    }
    served
}
