//! The snapshot in service here, put in service there: its files, its manifest, then the pointer by
//! one put. Killed at any instant, what the store had in service is still in service, and what was
//! sent is not sent again.

use registre_ingest::IngestError;
use registre_ingest::download::{hex, readable};
use registre_ingest::origin::SAMPLE;
use registre_ingest::progress::{Progress, Task};
use registre_ingest::publish::DataFolder;
use registre_ingest::verify::RETOUR_ARRIERE;
use registre_schemas::manifest::{Current, FILE_NAME, Manifest};
use registre_schemas::profile;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::fetch::{self, named};
use super::prune::prune;
use super::remote::{Patience, Put, Remote, Small};
use super::upload::send;
use super::{Expected, StoreError, StoreUrl};
use crate::signals::Stop;

/// The largest object that stores copy by one request.
const LARGEST_COPY: u64 = 5 << 30;

/// How often the pointer is tried again when another publisher has just changed it.
const TRIES: usize = 5;

/// Publishes to one store.
#[derive(Clone)]
pub struct Publisher {
    remote: Remote,
    keep: usize,
    /// Whether an older snapshot may take the place of a newer one.
    backwards: bool,
    progress: Arc<dyn Progress>,
    stop: Stop,
}

/// What a publication came to.
#[derive(Debug)]
pub enum Sent {
    /// A new snapshot is in service there.
    Published(Manifest),
    /// It was already; what was missing of it was sent again.
    Unchanged(Manifest),
}

impl Publisher {
    /// Ready to publish to `url`. Nothing is asked yet.
    pub fn new(
        url: &StoreUrl,
        keep: usize,
        allow: &[String],
        progress: Arc<dyn Progress>,
        stop: Stop,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            remote: Remote::open(url, Patience::Much)?,
            keep,
            backwards: allow.iter().any(|allowed| allowed == RETOUR_ARRIERE),
            progress,
            stop,
        })
    }

    /// Where it publishes.
    pub fn url(&self) -> &StoreUrl {
        self.remote.url()
    }

    /// Publishes what is in service in `data`. The folder is locked meanwhile: what is sent is not
    /// removed, nor masked half-way.
    pub async fn publish(&self, data: &Path) -> Result<Sent, StoreError> {
        let data = DataFolder::at(data);
        let locking = data.clone();
        let locked = tokio::task::spawn_blocking(move || {
            let current = locking.current()?.ok_or_else(|| IngestError::Manifest {
                path: locking.snapshots(),
                detail: "nothing is published yet: run `registre ingest` first".to_owned(),
            })?;
            let lock = locking.lock()?;
            Ok::<_, IngestError>((current, lock))
        });
        let (manifest, _lock) = locked.await.map_err(StoreError::bug)??;
        let publishing = self.publish_locked(&data, &manifest);
        tokio::select! {
            sent = publishing => sent.map(|changed| if changed {
                Sent::Published(manifest.clone())
            } else {
                Sent::Unchanged(manifest.clone())
            }),
            // A large file under way is told first, to forget its pieces.
            () = self.given_up() => Err(IngestError::Interrupted.into()),
        }
    }

    async fn given_up(&self) {
        self.stop.clone().stopped().await;
        tokio::time::sleep(super::upload::FORGET).await;
    }

    /// `true` when the pointer changed.
    async fn publish_locked(
        &self,
        data: &DataFolder,
        manifest: &Manifest,
    ) -> Result<bool, StoreError> {
        let there = self.in_service().await?;
        self.never_backwards(manifest, there.as_ref())?;
        self.send_files(data, manifest, there.as_ref()).await?;
        let changed = self.put_in_service(manifest).await?;
        // What is in service is: a failure to tidy must not pass for a failure to publish.
        if let Err(error) = prune(&self.remote, data, manifest, self.keep).await {
            tracing::warn!("{error}; old snapshots stay there until next time");
        }
        Ok(changed)
    }

    /// What the store has in service. A pointer to what is not there is as good as none.
    async fn in_service(&self) -> Result<Option<Manifest>, StoreError> {
        let path = self.remote.current();
        let Some(pointer) = self.remote.small(&path, None).await? else {
            return Ok(None);
        };
        let id = named(&pointer.bytes).map_err(|detail| self.remote.refused(&path, detail))?;
        match fetch::manifest(&self.remote, &id).await {
            Ok((manifest, _)) => Ok(Some(manifest)),
            Err(StoreError::Refused { detail, .. }) => {
                tracing::warn!(
                    "{}: snapshot {id}, in service there, cannot be read ({detail}): replaced",
                    self.url()
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// As for a local publication: an older snapshot takes the place of a newer one when asked to.
    fn never_backwards(
        &self,
        ours: &Manifest,
        theirs: Option<&Manifest>,
    ) -> Result<(), StoreError> {
        match theirs.and_then(|theirs| backwards(ours, theirs)) {
            Some(why) if !self.backwards => Err(StoreError::Here(IngestError::Gate {
                gate: RETOUR_ARRIERE.to_owned(),
                detail: format!(
                    "{why} in {}: not published; to publish it all the same: --allow {RETOUR_ARRIERE}",
                    self.url()
                ),
            })),
            _ => Ok(()),
        }
    }

    /// Sends what is not there yet; the manifest last.
    async fn send_files(
        &self,
        data: &DataFolder,
        manifest: &Manifest,
        there: Option<&Manifest>,
    ) -> Result<(), StoreError> {
        let folder = data.snapshots().join(&manifest.id);
        let reading = folder.clone();
        let described = tokio::task::spawn_blocking(move || {
            let read = |name: &str| {
                let path = reading.join(name);
                fs::read(&path).map_err(IngestError::io("read", &path))
            };
            // The first versions made no profile.
            let profile = reading.join(profile::FILE_NAME).exists();
            let profile = profile.then(|| read(profile::FILE_NAME)).transpose()?;
            Ok::<_, IngestError>((read(FILE_NAME)?, profile))
        });
        let (described, profile) = described.await.map_err(StoreError::bug)??;
        let total = manifest.files().map(|(_, bytes, _)| bytes).sum();
        let task = self.progress.begin(
            &format!("snapshot {}: to the store", manifest.id),
            Some(total),
        );
        let mut sent = Amounts::default();
        let copies = copies(manifest, there);
        for file in manifest.files() {
            let copy = copies.get(file.0).copied();
            self.bring(&folder, &manifest.id, file.into(), copy, &*task, &mut sent)
                .await?;
        }
        let small = [(profile::FILE_NAME, profile), (FILE_NAME, Some(described))];
        for (file, bytes) in small {
            if let Some(bytes) = bytes {
                let path = self.remote.file(&manifest.id, file);
                let sha256 = hex(&Sha256::digest(&bytes));
                let expected = Expected {
                    file,
                    bytes: bytes.len() as u64,
                    sha256: &sha256,
                };
                let held = self.remote.head(&path).await?;
                if !held.is_some_and(|held| held.is(expected)) {
                    self.remote.put(&path, bytes, &sha256).await?;
                }
            }
        }
        task.finish(&format!(
            "snapshot {}: {} sent, {} copied there, {} there already",
            manifest.id,
            readable(sent.sent),
            readable(sent.copied),
            readable(sent.there)
        ));
        Ok(())
    }

    /// One file: it is there, or it is copied from the snapshot in service there, or it is sent.
    async fn bring(
        &self,
        folder: &Path,
        id: &str,
        expected: Expected<'_>,
        copy: Option<(&str, &str)>,
        task: &dyn Task,
        amounts: &mut Amounts,
    ) -> Result<(), StoreError> {
        let to = self.remote.file(id, expected.file);
        let is_there = async || -> Result<bool, StoreError> {
            let held = self.remote.head(&to).await?;
            Ok(held.is_some_and(|held| held.is(expected)))
        };
        if is_there().await? {
            task.advance(expected.bytes);
            amounts.there += expected.bytes;
            return Ok(());
        }
        if let Some((from_id, from_file)) = copy {
            let from = self.remote.file(from_id, from_file);
            // A copy of what is not what it says, or that the store refuses, is only one not made.
            let from_held = self.remote.head(&from).await?;
            if from_held.is_some_and(|held| held.is(expected)) {
                match self.remote.copy(&from, &to).await {
                    Ok(()) if is_there().await? => {
                        task.advance(expected.bytes);
                        amounts.copied += expected.bytes;
                        return Ok(());
                    }
                    Ok(()) => tracing::debug!("{to}: not the same once copied, sent instead"),
                    Err(error) => tracing::debug!("{error}: sent instead"),
                }
            }
        }
        let local = folder.join(expected.file);
        send(&self.remote, &local, &to, expected, task, &self.stop).await?;
        amounts.sent += expected.bytes;
        Ok(())
    }

    /// The one put that publishes. `true` when the pointer changed.
    async fn put_in_service(&self, manifest: &Manifest) -> Result<bool, StoreError> {
        let path = self.remote.current();
        let pointer = serde_json::json!(Current {
            snapshot: manifest.id.clone()
        })
        .to_string();
        for _ in 0..TRIES {
            let seen = self.remote.small(&path, None).await?;
            let there = seen.as_ref().and_then(|seen| named(&seen.bytes).ok());
            if there.as_ref() == Some(&manifest.id) {
                return Ok(false);
            }
            if there.is_some() {
                // Another publisher may have been faster.
                self.never_backwards(manifest, self.in_service().await?.as_ref())?;
            }
            let held = seen.as_ref().map(|Small { held, .. }| held);
            let bytes = pointer.clone().into_bytes();
            let put = self.remote.put_in_place_of(&path, bytes, held).await?;
            match put {
                Put::Done => {}
                Put::Changed => continue,
                Put::Unconditional => {
                    tracing::warn!(
                        "{}: no put under a condition: two publishers at the same instant could go backwards",
                        self.url()
                    );
                    let bytes = pointer.clone().into_bytes();
                    let sha256 = hex(&Sha256::digest(&bytes));
                    self.remote.put(&path, bytes, &sha256).await?;
                }
            }
            // A store that ignored the condition may have let another one in between.
            let now = self.remote.small(&path, None).await?;
            if now.is_some_and(|now| now.bytes == pointer.as_bytes()) {
                return Ok(true);
            }
        }
        Err(self.remote.refused(
            &path,
            format!(
                "another publisher changed it {TRIES} times meanwhile: run again, from one machine"
            ),
        ))
    }
}

/// Bytes, by what was done with them.
#[derive(Debug, Default)]
struct Amounts {
    sent: u64,
    copied: u64,
    there: u64,
}

/// Why `ours` would be a step back from `theirs`.
fn backwards(ours: &Manifest, theirs: &Manifest) -> Option<String> {
    if ours.id == theirs.id {
        return None;
    }
    if (ours.origin == SAMPLE) != (theirs.origin == SAMPLE) {
        return Some(format!(
            "snapshot {} comes from {}, and {} from {} is in service",
            ours.id, ours.origin, theirs.id, theirs.origin
        ));
    }
    if ours.id < theirs.id {
        return Some(format!(
            "snapshot {} is older than {}, in service",
            ours.id, theirs.id
        ));
    }
    theirs.as_of.iter().find_map(|(register, served)| {
        let date = ours.as_of.get(register).filter(|date| *date < served)?;
        Some(format!(
            "snapshot {} has {register} of {date}, and {} of {served} is in service",
            ours.id, theirs.id
        ))
    })
}

/// For each file, the same one in the snapshot in service there: its id, its name.
fn copies<'a>(
    manifest: &'a Manifest,
    there: Option<&'a Manifest>,
) -> HashMap<&'a str, (&'a str, &'a str)> {
    let there = there.filter(|there| there.id != manifest.id);
    let Some(there) = there else {
        return HashMap::new();
    };
    let known: HashMap<(&str, u64), &str> = there
        .files()
        .map(|(file, bytes, sha256)| ((sha256, bytes), file))
        .collect();
    manifest
        .files()
        .filter(|(_, bytes, _)| *bytes <= LARGEST_COPY)
        .filter_map(|(file, bytes, sha256)| {
            let from = known.get(&(sha256, bytes))?;
            Some((file, (there.id.as_str(), *from)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(id: &str, origin: &str, sirene: &str, tables: &[(&str, &str)]) -> Manifest {
        let tables: Vec<_> = tables
            .iter()
            .map(|(name, sha256)| {
                serde_json::json!({
                    "name": name, "file": format!("{name}.parquet"), "rows": 1, "bytes": 1,
                    "sha256": sha256, "key_range": null, "schema_fingerprint": "",
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "version": 1, "id": id, "parent": null, "created_at": "2026-11-01T00:00:00Z",
            "producer": "", "origin": origin, "as_of": {"sirene": sirene}, "sources": [],
            "tables": tables, "gates": [],
        }))
        .unwrap()
    }

    #[test]
    fn a_step_back_is_an_older_snapshot_older_data_or_made_up_data() {
        let served = manifest("20261102", "site", "2026-11-01", &[]);
        let step = |id, origin, sirene| backwards(&manifest(id, origin, sirene, &[]), &served);
        assert_eq!(step("20261103", "site", "2026-11-01"), None);
        assert_eq!(step("20261103", "mirror", "2026-12-01"), None);
        assert_eq!(step("20261102", "site", "2026-10-01"), None, "the same one");
        assert!(
            step("20261101", "site", "2026-11-01")
                .unwrap()
                .contains("older")
        );
        assert!(
            step("20261103", "site", "2026-10-01")
                .unwrap()
                .contains("2026-10-01")
        );
        assert!(step("20261103", SAMPLE, "2026-12-01").is_some());
    }

    #[test]
    fn a_table_that_did_not_change_is_copied_there() {
        let theirs = manifest("a", "site", "2026-11-01", &[("x", "1"), ("y", "2")]);
        let ours = manifest("b", "site", "2026-11-01", &[("x", "1"), ("y", "3")]);
        let found = copies(&ours, Some(&theirs));
        assert_eq!(found.get("x.parquet"), Some(&("a", "x.parquet")));
        assert_eq!(found.len(), 1);
        assert!(copies(&ours, Some(&ours)).is_empty());
        assert!(copies(&ours, None).is_empty());
    }
}
