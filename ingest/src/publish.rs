//! The data folder, and the one rename that publishes.
//!
//! ```text
//! data/raw/                    downloaded files, whole
//! data/staging/<id>/           a snapshot being made
//! data/snapshots/<id>/         a snapshot, never modified but by `withdraw`
//! data/current.json            which one is in service
//! data/ingest.lock             held by the ingestion under way
//! data/rolled-back.json        what a rollback left, and does not want again
//! ```

use registre_schemas::manifest::{Current, FILE_NAME, Manifest, VERSION};
use rustix::fs::{CWD, RenameFlags};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::IngestError;

/// How long a snapshot is kept after another took its place, whatever `--keep` says: a server looks
/// for a new one every second, and a long answer may still be reading the old one.
const GRACE: Duration = Duration::from_mins(10);

/// Ends the name of a file until it is whole.
const ASIDE: &str = "tmp";

/// The data folder.
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

/// Held while an ingestion runs; released when dropped, or by the system when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl DataFolder {
    /// To read what is published there; nothing is created.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
        }
    }

    /// To write in, creating what is missing.
    pub fn open(root: &Path) -> Result<Self, IngestError> {
        let folder = Self::at(root);
        for path in [folder.raw(), folder.staging(), folder.snapshots()] {
            fs::create_dir_all(&path).map_err(IngestError::io("create folder", &path))?;
        }
        Ok(folder)
    }

    /// Downloaded files.
    #[must_use]
    pub fn raw(&self) -> PathBuf {
        self.root.join("raw")
    }

    /// Snapshots being made.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.root.join("staging")
    }

    /// Published snapshots.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// Left by a rollback; see [`crate::history`].
    pub(crate) fn rolled_back_path(&self) -> PathBuf {
        self.root.join("rolled-back.json")
    }

    fn current_path(&self) -> PathBuf {
        self.root.join("current.json")
    }

    /// Takes the folder for one ingestion, or says who has it.
    pub fn lock(&self) -> Result<Lock, IngestError> {
        let path = self.root.join("ingest.lock");
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(IngestError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _unreadable = file.read_to_string(&mut holder);
                return Err(IngestError::Busy {
                    path: self.root.clone(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(IngestError::io("lock", &path)(error)),
        }
        let holder = format!(
            "process {} since {}\n",
            std::process::id(),
            chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ")
        );
        file.rewind()
            .and_then(|()| file.set_len(0))
            .and_then(|()| file.write_all(holder.as_bytes()))
            .map_err(IngestError::io("write", &path))?;
        Ok(Lock { _file: file })
    }

    /// The manifest in service, if anything is published.
    pub fn current(&self) -> Result<Option<Manifest>, IngestError> {
        let path = self.current_path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IngestError::io("read", &path)(error)),
        };
        let current: Current = serde_json::from_slice(&bytes).map_err(|error| IngestError::Manifest {
            path: path.clone(),
            detail: format!("not readable ({error}); write {{\"snapshot\":\"<id>\"}} with a folder of snapshots/, or delete it to start over"),
        })?;
        self.manifest(&current.snapshot).map(Some)
    }

    /// The manifest of a snapshot.
    pub fn manifest(&self, id: &str) -> Result<Manifest, IngestError> {
        let path = self.snapshots().join(id).join(FILE_NAME);
        let bad = |detail: String| IngestError::Manifest {
            path: path.clone(),
            detail,
        };
        let bytes = fs::read(&path).map_err(|error| {
            bad(format!(
                "{error}; point current.json to another folder of snapshots/, or delete it to start over"
            ))
        })?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| {
            bad(format!(
                "not a manifest ({error}); point current.json to another folder of snapshots/"
            ))
        })?;
        if manifest.version > VERSION {
            return Err(bad(format!(
                "version {}, this program reads versions up to {VERSION}",
                manifest.version
            )));
        }
        Ok(manifest)
    }

    /// Whether every file of a snapshot is there, with its size.
    #[must_use]
    pub fn is_whole(&self, manifest: &Manifest) -> bool {
        let folder = self.snapshots().join(&manifest.id);
        manifest.files().all(|(file, bytes, _sha256)| {
            fs::metadata(folder.join(file)).is_ok_and(|found| found.len() == bytes)
        })
    }

    /// Empties the staging folder of what a killed run left.
    pub fn clean_staging(&self) -> Result<(), IngestError> {
        for path in folders(&self.staging())? {
            fs::remove_dir_all(&path).map_err(IngestError::io("remove", &path))?;
        }
        Ok(())
    }

    /// Publishes a staged and verified folder: its manifest, its place, then `current.json`. When
    /// that fails nothing of it stays: the disk may be full.
    pub fn publish(&self, staged: &Path, manifest: &Manifest) -> Result<(), IngestError> {
        let place = self.snapshots().join(&manifest.id);
        let published = self.place(staged, &place, manifest);
        if published.is_err() {
            // The cause is what matters if this fails too: it is tried again before the next run.
            let _left_for_the_next_run = self.take_back(&place, &manifest.id);
        }
        published
    }

    fn place(&self, staged: &Path, place: &Path, manifest: &Manifest) -> Result<(), IngestError> {
        write_manifest(staged, manifest)?;
        fs::rename(staged, place).map_err(IngestError::io("rename", place))?;
        sync_folder(&self.snapshots())?;
        self.put_in_service(&manifest.id)
    }

    /// Puts a staged folder in the place of a published one, which is then in its place: at no instant
    /// is there none. Where the file system cannot, there is one for an instant.
    pub(crate) fn exchange(&self, staged: &Path, published: &Path) -> Result<(), IngestError> {
        let exchanged =
            rustix::fs::renameat_with(CWD, staged, CWD, published, RenameFlags::EXCHANGE);
        if exchanged.is_err() {
            let aside = staged.with_extension("aside");
            fs::rename(published, &aside)
                .and_then(|()| fs::rename(staged, published))
                .map_err(IngestError::io("rename", published))?;
        }
        sync_folder(&self.snapshots())
    }

    /// Puts in service a folder made elsewhere: whole, its manifest in it, in [`Self::staging`].
    pub fn adopt(&self, staged: &Path, id: &str) -> Result<(), IngestError> {
        let place = self.snapshots().join(id);
        if place.exists() {
            // The same snapshot, as it was before it was damaged, or before someone was hidden in it.
            self.exchange(staged, &place)?;
            fs::remove_dir_all(staged).map_err(IngestError::io("remove", staged))?;
        } else {
            fs::rename(staged, &place).map_err(IngestError::io("rename", &place))?;
            sync_folder(&self.snapshots())?;
        }
        self.put_in_service(id)
    }

    /// Takes back what [`Self::place`] did, unless `current.json` names it by now.
    fn take_back(&self, place: &Path, id: &str) -> Result<(), IngestError> {
        let in_service = self.current()?.is_some_and(|manifest| manifest.id == id);
        if !in_service && place.exists() {
            self.remove(place)?;
        }
        remove_if_there(&self.current_path().with_extension(ASIDE))?;
        self.clean_staging()
    }

    /// Removes a snapshot. It goes back to staging first, whole: were the run killed meanwhile, the
    /// next one finds what is left of it there.
    fn remove(&self, snapshot: &Path) -> Result<(), IngestError> {
        let aside = self
            .staging()
            .join(snapshot.file_name().unwrap_or_default());
        fs::rename(snapshot, &aside).map_err(IngestError::io("rename", snapshot))?;
        fs::remove_dir_all(&aside).map_err(IngestError::io("remove", &aside))
    }

    /// The one rename that publishes.
    pub fn put_in_service(&self, id: &str) -> Result<(), IngestError> {
        let current = serde_json::json!(Current {
            snapshot: id.to_owned()
        });
        write_atomic(&self.current_path(), current.to_string().as_bytes())
    }

    /// The snapshots made here; an operator's copy beside them has another name than its manifest's.
    pub fn published(&self) -> Result<Vec<Manifest>, IngestError> {
        let folders = folders(&self.snapshots())?;
        let names = folders.iter().filter_map(|path| path.file_name());
        let manifests = names.filter_map(|name| {
            let name = name.to_string_lossy();
            self.manifest(&name)
                .ok()
                .filter(|manifest| manifest.id == name)
        });
        Ok(manifests.collect())
    }

    /// Keeps the snapshot in service, the `keep - 1` newest others, and those that left service
    /// less than [`GRACE`] ago: a server may not have seen the new one yet.
    pub fn prune(&self, in_service: &str, keep: usize) -> Result<(), IngestError> {
        let ours = self.published()?;
        let mut snapshots: Vec<PathBuf> = ours
            .iter()
            .map(|manifest| self.snapshots().join(&manifest.id))
            .collect();
        snapshots.sort();
        snapshots.reverse();
        let parent = ours
            .iter()
            .find(|manifest| manifest.id == in_service)
            .and_then(|manifest| manifest.parent.as_ref());
        let mut others: Vec<(usize, &PathBuf)> = snapshots
            .iter()
            .enumerate()
            .filter(|(_, path)| !path.ends_with(in_service))
            .collect();
        // First the one a rollback goes to: a run killed while publishing may have left a newer one,
        // which never was in service.
        others.sort_by_key(|(_, path)| !parent.is_some_and(|parent| path.ends_with(parent)));
        let superseded = |rank: usize| age(&snapshots[rank.checked_sub(1)?].join(FILE_NAME));
        let old: Vec<&PathBuf> = others
            .into_iter()
            .skip(keep.saturating_sub(1))
            .filter(|(rank, _)| superseded(*rank).is_some_and(|age| age >= GRACE))
            .map(|(_, path)| path)
            .collect();
        for path in old {
            self.remove(path)?;
            tracing::info!("removed old snapshot {}", path.display());
        }
        Ok(())
    }
}

/// How long ago a file was written; `None` when that cannot be told.
fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// The folders in a folder; a stray file there is not ours to judge.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(IngestError::io("list folder", folder))?;
    Ok(entries.into_iter().filter(|path| path.is_dir()).collect())
}

/// Writes the manifest of a folder.
pub(crate) fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), IngestError> {
    let path = folder.join(FILE_NAME);
    let json = serde_json::to_vec_pretty(manifest).map_err(|error| IngestError::Manifest {
        path: path.clone(),
        detail: error.to_string(),
    })?;
    write_atomic(&path, &json)
}

/// Writes aside, then renames: a reader sees the old content or the new, never a part.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), IngestError> {
    let aside = path.with_extension(ASIDE);
    let mut file = File::create(&aside).map_err(IngestError::io("create", &aside))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(IngestError::io("write", &aside))?;
    fs::rename(&aside, path).map_err(IngestError::io("rename", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Removes a file; one that is not there is as good as removed.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), IngestError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(IngestError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// A rename is durable once its folder is.
fn sync_folder(folder: &Path) -> Result<(), IngestError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(IngestError::io("write", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data folder with a snapshot of each id, superseded that long ago.
    fn folder(root: &Path, snapshots: &[(&str, Duration)]) -> DataFolder {
        let data = DataFolder::open(root).unwrap();
        for (id, written) in snapshots {
            let folder = data.snapshots().join(id);
            fs::create_dir(&folder).unwrap();
            let file = File::create(folder.join(FILE_NAME)).unwrap();
            serde_json::to_writer(&file, &manifest(id)).unwrap();
            file.set_modified(std::time::SystemTime::now() - *written)
                .unwrap();
        }
        data
    }

    fn manifest(id: &str) -> Manifest {
        Manifest {
            version: VERSION,
            id: id.to_owned(),
            parent: None,
            created_at: chrono::Utc::now(),
            producer: String::new(),
            origin: String::new(),
            as_of: std::collections::BTreeMap::new(),
            sources: Vec::new(),
            tables: Vec::new(),
            fiches: Vec::new(),
            gates: Vec::new(),
            hidden_as_of: None,
            updates: Vec::new(),
        }
    }

    fn kept(data: &DataFolder) -> Vec<String> {
        let mut names: Vec<String> = folders(&data.snapshots())
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn old_snapshots_go_but_not_the_one_in_service_nor_one_just_superseded() {
        let (long_ago, just_now) = (GRACE * 2, Duration::from_secs(1));
        let root = tempfile::tempdir().unwrap();
        let data = folder(
            root.path(),
            &[
                ("1", long_ago),
                ("2", long_ago),
                ("3", long_ago),
                ("4", just_now),
            ],
        );
        data.prune("4", 2).unwrap();
        assert_eq!(kept(&data), ["3", "4"]);

        let root = tempfile::tempdir().unwrap();
        let data = folder(
            root.path(),
            &[("1", long_ago), ("2", just_now), ("3", just_now)],
        );
        data.prune("3", 2).unwrap();
        assert_eq!(kept(&data), ["1", "2", "3"], "1 left service a second ago");

        // Killed while publishing, 3 never was in service: the one before is still gone back to.
        let root = tempfile::tempdir().unwrap();
        let data = folder(
            root.path(),
            &[("2", long_ago), ("3", long_ago), ("4", long_ago)],
        );
        let child = Manifest {
            parent: Some("2".to_owned()),
            ..manifest("4")
        };
        let path = data.snapshots().join("4").join(FILE_NAME);
        serde_json::to_writer(File::create(path).unwrap(), &child).unwrap();
        data.prune("4", 2).unwrap();
        assert_eq!(kept(&data), ["2", "3", "4"], "3 left service a second ago");
        let path = data.snapshots().join("4").join(FILE_NAME);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(std::time::SystemTime::now() - long_ago)
            .unwrap();
        data.prune("4", 2).unwrap();
        assert_eq!(kept(&data), ["2", "4"]);

        let root = tempfile::tempdir().unwrap();
        let data = folder(
            root.path(),
            &[
                ("1", long_ago),
                ("2", long_ago),
                ("3", long_ago),
                ("4", long_ago),
            ],
        );
        fs::create_dir(data.snapshots().join("0copie")).unwrap();
        data.prune("1", 2).unwrap();
        assert_eq!(kept(&data), ["0copie", "1", "4"], "after going back to 1");
    }
}
