//! One snapshot, brought here: into staging, file by file, what is here already under another
//! snapshot linked rather than received. It leaves staging whole or not at all.

use registre_ingest::IngestError;
use registre_ingest::download::require_space;
use registre_ingest::progress::Progress;
use registre_ingest::publish::{DataFolder, write_atomic};
use registre_schemas::manifest::{Current, FILE_NAME, Manifest, VERSION, is_plain_name};
use registre_schemas::profile;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::download::{already_here, receive};
use super::remote::{Remote, Small};
use super::{Expected, StoreError};

/// The id a pointer names, if it can be one.
pub fn named(pointer: &[u8]) -> Result<String, String> {
    let current: Current =
        serde_json::from_slice(pointer).map_err(|error| format!("not a pointer ({error})"))?;
    if is_plain_name(&current.snapshot) && !current.snapshot.starts_with('.') {
        Ok(current.snapshot)
    } else {
        Err(format!(
            "{:?} is not the name of a snapshot",
            current.snapshot
        ))
    }
}

/// The manifest of `id`, if it can be believed.
pub fn believed(id: &str, manifest: &[u8]) -> Result<Manifest, String> {
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|error| format!("not a manifest ({error})"))?;
    if manifest.version > VERSION {
        return Err(format!(
            "version {}, this program reads versions up to {VERSION}: update it",
            manifest.version
        ));
    }
    if manifest.id != id {
        return Err(format!("of snapshot {:?}", manifest.id));
    }
    let mut names = HashSet::from([FILE_NAME, profile::FILE_NAME]);
    for (file, _, _) in manifest.files() {
        if !is_plain_name(file) || file.starts_with('.') || !names.insert(file) {
            return Err(format!("{file:?} is not the name of one of its files"));
        }
    }
    Ok(manifest)
}

/// Reads the manifest of `id` there.
pub async fn manifest(remote: &Remote, id: &str) -> Result<(Manifest, Small), StoreError> {
    let path = remote.file(id, FILE_NAME);
    let small = remote.small(&path, None).await?;
    let small = small.ok_or_else(|| remote.refused(&path, "not there".to_owned()))?;
    let manifest = believed(id, &small.bytes).map_err(|detail| remote.refused(&path, detail))?;
    Ok((manifest, small))
}

/// Brings snapshot `id` here and puts it in service.
pub async fn fetch(
    remote: &Remote,
    id: &str,
    data: &DataFolder,
    progress: &dyn Progress,
) -> Result<Manifest, StoreError> {
    let (manifest, small) = manifest(remote, id).await?;
    let (folder, described, bytes) = (data.clone(), manifest.clone(), small.bytes.clone());
    let prepared = tokio::task::spawn_blocking(move || prepare(&folder, &described, &bytes));
    let Some(staged) = prepared.await.map_err(StoreError::bug)?? else {
        return Ok(manifest);
    };
    let total = manifest.files().map(|(_, bytes, _)| bytes).sum();
    let task = progress.begin(&format!("snapshot {id}: from the store"), Some(total));
    for file in manifest.files() {
        receive(remote, id, file.into(), &staged, &*task).await?;
    }
    // It says what the data is, and is no part of it: without it the data is served all the same.
    let path = remote.file(id, profile::FILE_NAME);
    if let Some(held) = remote.head(&path).await?
        && let Some(sha256) = &held.sha256
    {
        let expected = Expected {
            file: profile::FILE_NAME,
            bytes: held.meta.size,
            sha256,
        };
        receive(remote, id, expected, &staged, &*task).await?;
    }
    let (data, described) = (data.clone(), manifest.clone());
    let adopted = tokio::task::spawn_blocking(move || {
        write_atomic(&staged.join(FILE_NAME), &small.bytes)?;
        data.adopt(&staged, &described.id)
    });
    adopted.await.map_err(StoreError::bug)??;
    task.finish(&format!(
        "snapshot {id}: {total} bytes, sha256 as published"
    ));
    Ok(manifest)
}

/// The folder to bring a snapshot to, with what need not be received. `None` when it is here already,
/// to the letter, and is in service now.
fn prepare(
    data: &DataFolder,
    manifest: &Manifest,
    bytes: &[u8],
) -> Result<Option<PathBuf>, IngestError> {
    let here = data.snapshots().join(&manifest.id).join(FILE_NAME);
    if fs::read(here).is_ok_and(|here| here == bytes) && data.is_whole(manifest) {
        data.put_in_service(&manifest.id)?;
        return Ok(None);
    }
    let staged = data.staging().join(&manifest.id);
    for other in entries(&data.staging())? {
        // What was being brought, and was replaced there meanwhile.
        if other != staged && other.is_dir() {
            fs::remove_dir_all(&other).map_err(IngestError::io("remove", &other))?;
        }
    }
    fs::create_dir_all(&staged).map_err(IngestError::io("create folder", &staged))?;
    link_what_is_here(data, manifest, &staged);
    let missing = manifest
        .files()
        .map(|(file, bytes, _)| bytes.saturating_sub(already_here(&staged, file)));
    let missing = missing.sum();
    let free = require_space(&staged, missing)?;
    tracing::info!(
        needed_bytes = missing,
        free_bytes = free,
        "snapshot {}: {} to receive, {} free",
        manifest.id,
        registre_ingest::download::readable(missing),
        registre_ingest::download::readable(free)
    );
    Ok(Some(staged))
}

/// A table that did not change is the same file under two names. It is read again like what was
/// received: a damaged one is replaced.
fn link_what_is_here(data: &DataFolder, manifest: &Manifest, staged: &Path) {
    let mut here = HashMap::new();
    for old in data.published().unwrap_or_default() {
        for (file, bytes, sha256) in old.files() {
            let path = data.snapshots().join(&old.id).join(file);
            here.insert((sha256.to_owned(), bytes), path);
        }
    }
    for (file, bytes, sha256) in manifest.files() {
        let to = staged.join(file);
        if let Some(from) = here.get(&(sha256.to_owned(), bytes))
            && already_here(staged, file) == 0
        {
            // Received, if it cannot be.
            let _not_linked = fs::hard_link(from, to);
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let entries = fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect()
    });
    entries.map_err(IngestError::io("list folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(id: &str, file: &str) -> Vec<u8> {
        let table = serde_json::json!({
            "name": "unite_legale", "file": file, "rows": 1, "bytes": 1, "sha256": "0",
            "key_range": null, "schema_fingerprint": "",
        });
        let manifest = serde_json::json!({
            "version": VERSION, "id": id, "parent": null, "created_at": "2026-11-01T00:00:00Z",
            "producer": "", "as_of": {}, "sources": [], "tables": [table], "gates": [],
        });
        manifest.to_string().into_bytes()
    }

    #[test]
    fn a_pointer_cannot_lead_out_of_the_folder() {
        assert_eq!(
            named(br#"{"snapshot":"20261101T000000Z"}"#).unwrap(),
            "20261101T000000Z"
        );
        for lie in [
            &br#"{"snapshot":"../../etc"}"#[..],
            br#"{"snapshot":"/etc"}"#,
            br#"{"snapshot":""}"#,
            br#"{"snapshot":".."}"#,
            br#"{"snapshot":"a/b"}"#,
            b"",
            b"<html>",
        ] {
            assert!(named(lie).is_err(), "{}", String::from_utf8_lossy(lie));
        }
    }

    #[test]
    fn a_manifest_of_another_snapshot_or_with_files_elsewhere_is_refused() {
        assert!(believed("a", &manifest("a", "unite_legale.parquet")).is_ok());
        assert!(believed("b", &manifest("a", "unite_legale.parquet")).is_err());
        for file in [
            "../current.json",
            "/etc/passwd",
            "manifest.json",
            "profil.json",
            ".x",
            "",
        ] {
            assert!(believed("a", &manifest("a", file)).is_err(), "{file}");
        }
        let newer = String::from_utf8(manifest("a", "unite_legale.parquet")).unwrap();
        let newer = newer.replace(&format!("\"version\":{VERSION}"), "\"version\":99");
        assert!(
            believed("a", newer.as_bytes())
                .unwrap_err()
                .contains("update")
        );
    }
}
