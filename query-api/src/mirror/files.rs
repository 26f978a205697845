//! Which file an address names: the tables of a snapshot, opened once and held, so that a download
//! ends with the bytes it began with whatever is published or removed meanwhile, and so that ten
//! thousand downloads hold as many sockets and no more files.

use axum::body::Bytes;
use chrono::{DateTime, SubsecRound as _, Utc};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use registre_schemas::manifest::{FILE_NAME, Manifest};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::{Catalog, Fingerprint, Snapshot, fingerprint, is_plain_name};

/// Older snapshots held at the same time: those that a job begun before the last publication still
/// reads.
const HELD: usize = 2;

/// A table's file.
#[derive(Debug, Clone)]
pub(crate) struct OpenTable {
    /// Read at places, by anyone.
    pub(super) file: Arc<File>,
    /// Its size.
    pub(super) bytes: u64,
    /// When it was written, to the second.
    pub(super) modified: DateTime<Utc>,
}

impl OpenTable {
    /// What the end of the file says of it. Blocking; one at a time, for it moves the file's cursor.
    pub(super) fn footer(&self) -> io::Result<ParquetMetaData> {
        ParquetMetaDataReader::new()
            .with_page_index_policy(PageIndexPolicy::Skip)
            .parse_and_finish(&*self.file)
            .map_err(io::Error::other)
    }
}

/// The files of a snapshot, by table.
#[derive(Debug)]
pub(crate) struct OpenTables {
    tables: BTreeMap<String, OpenTable>,
    /// What describes them, once it was asked: their footers are megabytes on the whole country.
    described: Mutex<Option<Bytes>>,
}

impl OpenTables {
    /// Opens them. Blocking.
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> io::Result<Self> {
        let tables = manifest.tables.iter().map(|table| -> io::Result<_> {
            let file = File::open(folder.join(&table.file))?;
            let metadata = file.metadata()?;
            let modified = DateTime::<Utc>::from(metadata.modified()?).trunc_subsecs(0);
            let open = OpenTable {
                bytes: metadata.len(),
                file: Arc::new(file),
                modified,
            };
            Ok((table.name.clone(), open))
        });
        Ok(Self {
            tables: tables.collect::<io::Result<_>>()?,
            described: Mutex::default(),
        })
    }

    pub(super) fn get(&self, table: &str) -> Option<&OpenTable> {
        self.tables.get(table)
    }

    /// `manifest.json`. Blocking.
    pub(super) fn described(&self, manifest: &Manifest) -> io::Result<Bytes> {
        let mut described = self
            .described
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(json) = &*described {
            return Ok(json.clone());
        }
        let json = Bytes::from(super::manifest::json(manifest, self)?);
        Ok(described.insert(json).clone())
    }
}

/// A snapshot whose files can be asked.
#[derive(Clone)]
pub(super) enum Held {
    /// The one in service, or that was when the request came.
    InService(Arc<Snapshot>),
    /// One that is behind it.
    Older(Arc<OlderSnapshot>),
}

/// A snapshot that is still on disk.
pub(super) struct OlderSnapshot {
    manifest: Manifest,
    tables: OpenTables,
    /// Of its manifest: who asks to be hidden is masked in it too, in a folder that takes its place.
    stamp: Option<Fingerprint>,
}

impl Held {
    pub(super) fn manifest(&self) -> &Manifest {
        match self {
            Self::InService(snapshot) => &snapshot.manifest,
            Self::Older(snapshot) => &snapshot.manifest,
        }
    }

    pub(super) fn tables(&self) -> &OpenTables {
        match self {
            Self::InService(snapshot) => &snapshot.tables,
            Self::Older(snapshot) => &snapshot.tables,
        }
    }
}

/// The last ones asked, the latest at the end.
#[derive(Default)]
pub(super) struct Older(Mutex<Vec<Arc<OlderSnapshot>>>);

impl Older {
    /// The snapshot of that id, as it is on disk now.
    pub(super) async fn find(&self, catalog: &Catalog, id: &str) -> Option<Arc<OlderSnapshot>> {
        if !is_plain_name(id) {
            return None;
        }
        let folder = catalog.folder_of(id);
        // One `stat` of a local file: shorter than handing it to another thread.
        let stamp = fingerprint(&folder.join(FILE_NAME));
        {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.retain(|older| older.manifest.id != id || older.stamp == stamp);
            if let Some(found) = held.iter().find(|older| older.manifest.id == id) {
                return Some(Arc::clone(found));
            }
        }
        stamp?;
        let opened = tokio::task::spawn_blocking(move || open(&folder, stamp)).await;
        let older = match opened.ok()? {
            Ok(older) if older.manifest.id == id => Arc::new(older),
            Ok(_other) => return None,
            Err(error) => {
                tracing::warn!("snapshot {id} was asked and cannot be read: {error}");
                return None;
            }
        };
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|other| other.manifest.id != id);
        if held.len() >= HELD {
            held.remove(0);
        }
        held.push(Arc::clone(&older));
        Some(older)
    }
}

fn open(folder: &Path, stamp: Option<Fingerprint>) -> io::Result<OlderSnapshot> {
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(folder.join(FILE_NAME))?)?;
    if !manifest
        .tables
        .iter()
        .all(|table| is_plain_name(&table.file))
    {
        return Err(io::Error::other(
            "its manifest names files that are not its own",
        ));
    }
    Ok(OlderSnapshot {
        tables: OpenTables::open(folder, &manifest)?,
        manifest,
        stamp,
    })
}
