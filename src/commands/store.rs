//! `registre publish`, and `registre serve` from a store.

use std::path::Path;
use std::time::Duration;

use super::{bind, rows, serve_until};
use crate::cli::{Publish, Serve};
use crate::failure::Failure;
use crate::progress::progress;
use crate::signals::Stop;
use crate::store::{Mirror, Publisher, Sent, StoreUrl};

/// Sends the snapshot in service to a store.
pub async fn publish(arguments: Publish, stop: Stop) -> Result<(), Failure> {
    let keep = arguments.keep.keep as usize;
    let publisher = Publisher::new(&arguments.store, keep, &arguments.allow, progress(), stop)?;
    send(&publisher, &arguments.data.data).await
}

/// Sends, and says so.
pub async fn send(publisher: &Publisher, data: &Path) -> Result<(), Failure> {
    match publisher.publish(data).await? {
        Sent::Published(manifest) => tracing::info!(
            "snapshot {} published to {}: {}",
            manifest.id,
            publisher.url(),
            rows(&manifest)
        ),
        Sent::Unchanged(manifest) => tracing::info!(
            "snapshot {} is in service in {} already",
            manifest.id,
            publisher.url()
        ),
    }
    Ok(())
}

/// Serves a local folder that follows the store.
pub async fn serve(url: &StoreUrl, arguments: Serve, stop: Stop) -> Result<(), Failure> {
    let every = Duration::from_secs(arguments.follow.into());
    let mirror = Mirror::new(url, &arguments.cache, every, progress())?;
    let listener = bind(arguments.listen.listen).await?;
    let mut config = arguments.access.config(arguments.forms, mirror.folder());
    config.feed = Some(mirror.feed());
    // What is received can be removed: what applicants send must not be beside it.
    if config
        .signup
        .as_ref()
        .is_some_and(|forms| forms.db.is_none())
    {
        tracing::info!(
            "no forms: with a store, say with --signup-db where their requests are kept"
        );
        config.signup = None;
    }
    let following = tokio::spawn(mirror.follow(stop.clone()));
    let served = serve_until(listener, config, stop.clone()).await;
    stop.stop();
    following
        .await
        .map_err(|panic| Failure::new(1, format!("a bug: {panic}")))?;
    served
}
