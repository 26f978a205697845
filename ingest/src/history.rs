//! The snapshots kept on disk: list them, check them again, go back to one, remove old ones.

use parquet::file::reader::{FileReader, SerializedFileReader};
use registre_schemas::manifest::{Manifest, SourceFile};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};

use crate::download::sha256_of;
use crate::error::IngestError;
use crate::progress::Context;
use crate::publish::{DataFolder, remove_if_there, write_atomic};

/// A snapshot on disk.
#[derive(Debug)]
pub struct Kept {
    /// What it holds.
    pub manifest: Manifest,
    /// Whether `current.json` names it.
    pub in_service: bool,
    /// Whether all its files are there, with their sizes.
    pub whole: bool,
}

/// Every snapshot on disk, newest first.
pub fn list(data: &DataFolder) -> Result<Vec<Kept>, IngestError> {
    let in_service = data.current()?.map(|manifest| manifest.id);
    let mut kept: Vec<Kept> = data
        .published()?
        .into_iter()
        .map(|manifest| Kept {
            in_service: in_service.as_ref() == Some(&manifest.id),
            whole: data.is_whole(&manifest),
            manifest,
        })
        .collect();
    kept.sort_by(|a, b| b.manifest.id.cmp(&a.manifest.id));
    Ok(kept)
}

/// Which snapshot: the one of that id, or the one in service.
fn chosen(data: &DataFolder, id: Option<&str>) -> Result<Manifest, IngestError> {
    match id {
        Some(id) => data.manifest(id),
        None => data.current()?.ok_or_else(|| IngestError::Manifest {
            path: data.snapshots(),
            detail: "nothing is published yet: run `registre ingest` first".to_owned(),
        }),
    }
}

/// Reads every file of a snapshot again: sha256 and number of rows as its manifest says.
pub fn verify(
    data: &DataFolder,
    id: Option<&str>,
    context: &Context,
) -> Result<Manifest, IngestError> {
    let manifest = chosen(data, id)?;
    let folder = data.snapshots().join(&manifest.id);
    for table in &manifest.tables {
        let path = folder.join(&table.file);
        let task = context
            .progress
            .begin(&format!("{}: verify", table.name), Some(table.bytes));
        let damaged = |detail: String| IngestError::File {
            path: path.clone(),
            detail,
        };
        let sha256 = sha256_of(&path, context)?;
        if sha256 != table.sha256 {
            return Err(damaged(format!(
                "sha256 {sha256}, {} in the manifest: damaged; run `registre rollback` or `registre ingest`",
                table.sha256
            )));
        }
        let file = File::open(&path).map_err(IngestError::io("open", &path))?;
        let reader = SerializedFileReader::new(file).map_err(|error| damaged(error.to_string()))?;
        let rows = reader.metadata().file_metadata().num_rows();
        if u64::try_from(rows).ok() != Some(table.rows) {
            return Err(damaged(format!(
                "{rows} rows, {} in the manifest",
                table.rows
            )));
        }
        task.finish(&format!(
            "{}: {} rows, sha256 as published",
            table.name, table.rows
        ));
    }
    for fiches in &manifest.fiches {
        context.cancel.check()?;
        let path = folder.join(&fiches.file);
        let task = context
            .progress
            .begin(&format!("{}: verify", fiches.file), Some(fiches.bytes));
        let sha256 = sha256_of(&path, context)?;
        if sha256 != fiches.sha256 {
            return Err(IngestError::File {
                path,
                detail: format!(
                    "sha256 {sha256}, {} in the manifest: damaged; lookups are answered from the tables meanwhile; run `registre rollback` or `registre ingest`",
                    fiches.sha256
                ),
            });
        }
        task.finish(&format!(
            "{}: {} entries, sha256 as published",
            fiches.file, fiches.entries
        ));
    }
    Ok(manifest)
}

/// What a rollback leaves behind it, so that the files that made the snapshot left are not published
/// again the next night.
#[derive(Debug, Serialize, Deserialize)]
struct RolledBack {
    snapshot: String,
    sources: Vec<(String, String)>,
}

/// Puts an older snapshot back into service: that of `id`, or the parent of the one in service. It
/// is checked first; the files that made the one left are refused until they change.
pub fn rollback(
    data: &DataFolder,
    id: Option<&str>,
    context: &Context,
) -> Result<Manifest, IngestError> {
    let _lock = data.lock()?;
    let left = chosen(data, None)?;
    let to = match (id, &left.parent) {
        (Some(id), _) => id.to_owned(),
        (None, Some(parent)) => parent.clone(),
        (None, None) => {
            return Err(IngestError::Manifest {
                path: data.snapshots().join(&left.id),
                detail: "the first snapshot made here, there is none before it".to_owned(),
            });
        }
    };
    let manifest = verify(data, Some(&to), context)?;
    if manifest.id > left.id {
        forget_rollback(data)?;
    } else {
        let note = RolledBack {
            snapshot: left.id,
            sources: fingerprints(&left.sources),
        };
        write_atomic(
            &data.rolled_back_path(),
            serde_json::json!(note).to_string().as_bytes(),
        )?;
    }
    data.put_in_service(&manifest.id)?;
    Ok(manifest)
}

/// What tells the files of a snapshot from others: their source, and their bytes.
pub(crate) fn fingerprints(sources: &[SourceFile]) -> Vec<(String, String)> {
    sources
        .iter()
        .map(|source| (source.name.clone(), source.sha256.clone()))
        .collect()
}

/// The snapshot left by a rollback, if it was made of these very files.
#[must_use]
pub fn rolled_back_from(data: &DataFolder, sources: &[(String, String)]) -> Option<String> {
    let bytes = fs::read(data.rolled_back_path()).ok()?;
    let note: RolledBack = serde_json::from_slice(&bytes).ok()?;
    (note.sources == sources).then_some(note.snapshot)
}

/// Once something newer is published, or the operator went forward again.
pub fn forget_rollback(data: &DataFolder) -> Result<(), IngestError> {
    remove_if_there(&data.rolled_back_path())
}

/// Removes old snapshots; see [`DataFolder::prune`].
pub fn prune(data: &DataFolder, keep: usize) -> Result<(), IngestError> {
    let _lock = data.lock()?;
    let in_service = chosen(data, None)?;
    data.prune(&in_service.id, keep)
}
