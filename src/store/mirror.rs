//! A local folder that follows the store: what `registre serve` then serves as any other. The store
//! may go away, lie or be slow; what is here stays in service until something better is here whole.

use registre_ingest::IngestError;
use registre_ingest::download::random;
use registre_ingest::progress::Progress;
use registre_ingest::publish::{DataFolder, Lock};
use registre_query_api::{Feed, FeedState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::fetch::{fetch, named};
use super::remote::{Patience, Remote, place};
use super::{StoreError, StoreUrl};
use crate::signals::Stop;

/// Snapshots kept here, besides those that requests under way may still read. An older one would
/// only hold what the store has masked since.
const KEEP: usize = 1;

/// Follows one store.
pub struct Mirror {
    /// To ask whether there is something new.
    ask: Remote,
    /// To bring it.
    bring: Remote,
    data: DataFolder,
    folder: PathBuf,
    every: Duration,
    feed: Feed,
    progress: Arc<dyn Progress>,
    /// `ETag` of the pointer that was followed to its end.
    followed: Option<String>,
    /// Held by the process that keeps this folder; another only reads it.
    lock: Option<Lock>,
    /// The last trouble told, so that it is told once.
    told: Option<String>,
}

impl Mirror {
    /// Ready to follow `url` into a folder of `cache` of its own. Nothing is asked yet.
    pub fn new(
        url: &StoreUrl,
        cache: &Path,
        every: Duration,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, StoreError> {
        let folder = cache.join(name_of(url));
        Ok(Self {
            ask: Remote::open(url, Patience::Little)?,
            bring: Remote::open(url, Patience::Much)?,
            data: DataFolder::open(&folder)?,
            folder,
            every,
            feed: Feed::default(),
            progress,
            followed: None,
            lock: None,
            told: None,
        })
    }

    /// The local folder, to be served.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it has to say of the store, to be repeated.
    pub fn feed(&self) -> Feed {
        self.feed.clone()
    }

    /// Follows until stopped.
    pub async fn follow(mut self, stop: Stop) {
        tracing::info!(
            "following {} into {}, every {} s",
            self.ask.url(),
            self.folder.display(),
            self.every.as_secs()
        );
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.clone().stopped() => return,
            };
            self.tell(looked);
            // Many servers that started together do not stay together.
            let wait = self.every.mul_f64(0.75 + random() / 2.0);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.clone().stopped() => return,
            }
        }
    }

    /// One look: what the store has in service is here and in service, or an error says why not.
    async fn look(&mut self) -> Result<(), StoreError> {
        if self.lock.is_none() {
            let data = self.data.clone();
            let locked = tokio::task::spawn_blocking(move || data.lock()).await;
            match locked.map_err(StoreError::bug)? {
                Ok(lock) => self.lock = Some(lock),
                // It brings what this one serves.
                Err(IngestError::Busy { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        let pointer = self.ask.current();
        let Some(found) = self.ask.small(&pointer, self.followed.as_deref()).await? else {
            if self.followed.is_some() {
                self.prune().await;
                return Ok(());
            }
            let detail = "not there: nothing is published yet, run `registre publish`".to_owned();
            return Err(self.ask.refused(&pointer, detail));
        };
        let etag = found.held.meta.e_tag;
        if etag.is_some() && etag == self.followed {
            self.prune().await;
            return Ok(());
        }
        let id = named(&found.bytes).map_err(|detail| self.ask.refused(&pointer, detail))?;
        if !self.is_in_service(&id).await? {
            fetch(&self.bring, &id, &self.data, &*self.progress).await?;
            tracing::info!(snapshot.id = %id, "snapshot {id} received from {}", self.ask.url());
        }
        self.followed = etag;
        self.prune().await;
        Ok(())
    }

    /// Whether that snapshot is in service here already, and whole.
    async fn is_in_service(&self, id: &str) -> Result<bool, StoreError> {
        let (data, id) = (self.data.clone(), id.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            // A folder that cannot be read is made again.
            let current = data.current().ok().flatten();
            current.is_some_and(|manifest| manifest.id == id && data.is_whole(&manifest))
        });
        looked.await.map_err(StoreError::bug)
    }

    /// Removes what nobody reads any more.
    async fn prune(&self) {
        let data = self.data.clone();
        let pruned = tokio::task::spawn_blocking(move || match data.current()? {
            Some(in_service) => data.prune(&in_service.id, KEEP),
            None => Ok(()),
        });
        match pruned.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("remove old snapshots: {error}"),
            Err(panic) => tracing::error!("remove old snapshots: {panic}"),
        }
    }

    /// Each trouble is told once, and its end.
    fn tell(&mut self, looked: Result<(), StoreError>) {
        let Err(error) = looked else {
            if self.feed.say(FeedState::Followed) || self.told.is_some() {
                tracing::info!("{} is followed", self.ask.url());
            }
            self.told = None;
            return;
        };
        self.feed.say(match error {
            StoreError::Away { .. } | StoreError::Settings { .. } => FeedState::Away,
            StoreError::Refused { .. } | StoreError::Here(_) => FeedState::Refused,
        });
        // The text of a failure holds how long it took: what it is about does not change.
        let kind = match &error {
            StoreError::Away { action, .. } => action.clone(),
            other => other.to_string(),
        };
        if self.told.as_ref() == Some(&kind) {
            tracing::debug!("{error}");
            return;
        }
        tracing::error!(
            "{error}; {}; asked again every {} s",
            self.consequence(),
            self.every.as_secs()
        );
        self.told = Some(kind);
    }

    /// What a trouble means for those who ask.
    fn consequence(&self) -> String {
        match self.data.current() {
            Ok(Some(manifest)) => {
                format!(
                    "snapshot {}, received before, stays in service",
                    manifest.id
                )
            }
            _ => "there is nothing to serve until then: /health answers 503".to_owned(),
        }
    }
}

/// The name of the folder of a store: one for each, whatever the bucket is called elsewhere.
fn name_of(url: &StoreUrl) -> String {
    let mut parts = vec![place(), url.bucket.clone()];
    parts.extend(url.prefix.iter().cloned());
    // No part holds one.
    parts.join("+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_store_has_its_folder() {
        let name = |url: &str| name_of(&url.parse().unwrap());
        assert!(name("s3://a/b/c").ends_with("+a+b+c"));
        assert_ne!(name("s3://a/b/c"), name("s3://a/b_c"));
        assert_ne!(name("s3://a/b"), name("s3://a-b"));
    }
}
