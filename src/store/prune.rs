//! What the store need not hold any more, or must not: the snapshots behind the one in service.
//!
//! One that holds people hidden since, as far as this machine can tell, goes at once: whoever is
//! receiving it looks at the pointer again. The manifest goes first, so that nobody starts.

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use registre_ingest::IngestError;
use registre_ingest::download::hex;
use registre_ingest::origin::SAMPLE;
use registre_ingest::publish::DataFolder;
use registre_schemas::manifest::{FILE_NAME, Manifest};
use sha2::{Digest, Sha256};
use std::fs;

use super::StoreError;
use super::fetch::believed;
use super::remote::Remote;

/// How long a snapshot is kept after another took its place: a server may be receiving it.
const GRACE: TimeDelta = TimeDelta::hours(1);

/// How long files without a manifest are those of a publication under way.
const ABANDONED: TimeDelta = TimeDelta::days(1);

/// A snapshot that may be kept.
struct Behind {
    id: String,
    objects: Vec<ObjectMeta>,
    /// When its manifest was sent: when the one before it left service.
    sent: DateTime<Utc>,
}

/// Keeps the snapshot in service and the `keep - 1` newest behind it.
pub async fn prune(
    remote: &Remote,
    data: &DataFolder,
    in_service: &Manifest,
    keep: usize,
) -> Result<(), StoreError> {
    let now = Utc::now();
    let pointer = remote.head(&remote.current()).await?;
    let mut ids = remote.ids().await?;
    // Newer ones are another publisher's, or those that a rollback left.
    ids.retain(|id| *id < in_service.id);
    ids.sort();
    ids.reverse();
    let mut kept = Vec::new();
    for id in ids {
        let objects = remote.objects(&id).await?;
        let manifest = objects
            .iter()
            .find(|object| object.location.filename() == Some(FILE_NAME));
        match manifest.map(|manifest| manifest.last_modified) {
            None if objects
                .iter()
                .all(|object| now - object.last_modified >= ABANDONED) =>
            {
                remove(remote, &id, &objects, "never finished").await?;
            }
            None => {}
            Some(sent) if may_stay(remote, data, &id, in_service).await? => {
                kept.push(Behind { id, objects, sent });
            }
            Some(_) => {
                let why = "it may hold who is hidden since";
                remove(remote, &id, &objects, why).await?;
            }
        }
    }
    let mut superseded = pointer.map_or(now, |held| held.meta.last_modified);
    for (rank, behind) in kept.iter().enumerate() {
        if rank + 1 >= keep && now - superseded >= GRACE {
            remove(remote, &behind.id, &behind.objects, "old").await?;
        }
        superseded = behind.sent;
    }
    Ok(())
}

/// Whether a snapshot shows nobody who is hidden in the one in service: its files are those of the
/// same snapshot here, where they are masked since. Its manifest then becomes the one here.
async fn may_stay(
    remote: &Remote,
    data: &DataFolder,
    id: &str,
    in_service: &Manifest,
) -> Result<bool, StoreError> {
    let path = remote.file(id, FILE_NAME);
    let Some(there) = remote.small(&path, None).await? else {
        return Ok(false);
    };
    let Ok(theirs) = believed(id, &there.bytes) else {
        return Ok(false);
    };
    // The sample's people do not exist.
    if theirs.origin == SAMPLE {
        return Ok(true);
    }
    let here = data.snapshots().join(id).join(FILE_NAME);
    let Ok(ours) = data.manifest(id) else {
        return Ok(false);
    };
    if ours.hidden_as_of.as_ref() != Some(&in_service.id) || !ours.files().eq(theirs.files()) {
        return Ok(false);
    }
    let bytes = tokio::task::spawn_blocking(move || {
        fs::read(&here).map_err(IngestError::io("read", &here))
    });
    let bytes = bytes.await.map_err(StoreError::bug)??;
    if bytes != there.bytes {
        let sha256 = hex(&Sha256::digest(&bytes));
        remote.put(&path, bytes, &sha256).await?;
    }
    Ok(true)
}

async fn remove(
    remote: &Remote,
    id: &str,
    objects: &[ObjectMeta],
    why: &str,
) -> Result<(), StoreError> {
    let is_manifest = |object: &&ObjectMeta| object.location.filename() == Some(FILE_NAME);
    let (first, then): (Vec<_>, Vec<_>) = objects.iter().partition(is_manifest);
    for object in first.into_iter().chain(then) {
        remote.delete(&object.location).await?;
    }
    tracing::info!("removed snapshot {id} from {}: {why}", remote.url());
    Ok(())
}
