//! Which snapshot is in service. `current.json` is looked at every second; when it changes, the new
//! snapshot is opened aside and swapped in. Requests in progress finish on the one they started on.

use axum::body::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use registre_schemas::manifest::{self, Current, Manifest, is_plain_name};
use registre_schemas::profile::{self, Profile};
use registre_schemas::recherche::FICHIER;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use crate::config::Config;
use crate::engine::{Engine, Limits, PoolError, can_be_named};
use crate::feed::Feed;
use crate::fiches::Fiches;
use crate::mirror::OpenTables;
use crate::recherche::Index;
use crate::ui::Menu;

/// A snapshot that could not be opened is tried again after that long, even unchanged: what failed
/// may be a disk or a lack of memory.
const RETRY: Duration = Duration::from_secs(30);

/// A snapshot in service.
pub(crate) struct Snapshot {
    /// What it holds.
    pub(crate) manifest: Manifest,
    /// Where its files are, as the system names it.
    pub(crate) folder: PathBuf,
    /// What answers from its tables.
    pub(crate) engine: Engine,
    /// What answers by key, when it has fiches and they can be read.
    fiches: Option<Arc<Fiches>>,
    /// What answers by name, when there is an index and it can be read.
    recherche: Option<Arc<Index>>,
    /// Its tables, as files that are sent.
    pub(crate) tables: OpenTables,
    /// What its columns hold; snapshots made by the first versions have none.
    pub(crate) profile: Option<ProfileFile>,
    /// Since when it is in service here.
    pub(crate) since: DateTime<Utc>,
}

/// `profil.json`, read once.
pub(crate) struct ProfileFile {
    /// As it is sent.
    pub(crate) json: Bytes,
    /// As the page shows it.
    pub(crate) profile: Profile,
}

/// Where an answer comes from: sent with each one.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Donnees {
    snapshot: String,
    sirene: Option<NaiveDate>,
    rna: Option<NaiveDate>,
    licence: &'static str,
    sources: &'static str,
}

/// Licence of both registers.
pub(crate) const LICENCE: &str = "Licence Ouverte 2.0";
/// Attribution of both registers.
pub(crate) const SOURCES: &str = "Insee, répertoire SIRENE ; ministère de l'Intérieur, RNA";

impl Snapshot {
    /// The index of names, if there is one.
    pub(crate) fn recherche(&self) -> Option<&Arc<Index>> {
        self.recherche.as_ref()
    }

    /// The fiches, unless there are none or they were found damaged.
    pub(crate) fn fiches(&self) -> Option<&Arc<Fiches>> {
        self.fiches.as_ref().filter(|fiches| fiches.are_whole())
    }

    /// Date of the data of a register: `sirene` or `rna`.
    pub(crate) fn as_of(&self, register: &str) -> Option<NaiveDate> {
        self.manifest.as_of.get(register).copied()
    }

    /// Where an answer comes from.
    pub(crate) fn donnees(&self) -> Donnees {
        Donnees {
            snapshot: self.manifest.id.clone(),
            sirene: self.as_of("sirene"),
            rna: self.as_of("rna"),
            licence: LICENCE,
            sources: SOURCES,
        }
    }
}

/// Why a snapshot was not put in service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// A file that should be there is not, or cannot be read.
    #[error("read {path}: {source}", path = .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not the JSON it should be.
    #[error("parse {path}: {source}", path = .path.display())]
    Parse {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Readable, and not to be trusted.
    #[error("snapshot {id}: {reason}")]
    Refused {
        /// The snapshot.
        id: String,
        /// Why.
        reason: String,
    },
    /// DuckDB could not open its files.
    #[error("open snapshot {id}: {source}")]
    Open {
        /// The snapshot.
        id: String,
        /// Why.
        source: PoolError,
    },
}

/// Tells one state of a file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// The snapshot in service, if any.
pub(crate) struct Catalog {
    data: PathBuf,
    limits: Limits,
    /// Whether the index of names is opened.
    by_name: bool,
    current: RwLock<Option<Arc<Snapshot>>>,
    /// Who brings the snapshots, when that is not on this machine.
    pub(crate) feed: Option<Feed>,
    /// The pages there are.
    pub(crate) menu: Menu,
}

impl Catalog {
    /// Nothing in service yet.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            data: config.data.clone(),
            limits: Limits {
                connections: config.max_connections,
                waiting: config.max_waiting,
                wait: config.wait_timeout,
                query: config.query_timeout,
                memory: config.memory_limit.clone(),
                threads: config.threads,
            },
            by_name: true,
            current: RwLock::new(None),
            feed: config.feed.clone(),
            menu: Menu::of(config),
        }
    }

    /// Where nobody is looked for by name: the index of names is then not opened.
    pub(crate) fn by_number_only(mut self) -> Self {
        self.by_name = false;
        self
    }

    /// The snapshot in service. The caller keeps it for its whole request.
    pub(crate) fn current(&self) -> Option<Arc<Snapshot>> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Where the snapshot of that id is, if it is there.
    pub(crate) fn folder_of(&self, id: &str) -> PathBuf {
        self.data.join("snapshots").join(id)
    }

    /// Opens what `current.json` names and puts it in service. Blocking. `Ok(false)` when nothing
    /// is published or when it is in service already.
    pub(crate) fn refresh(&self) -> Result<bool, CatalogError> {
        let path = self.data.join("current.json");
        if !path.exists() {
            return Ok(false);
        }
        let id = read_json::<Current>(&path)?.snapshot;
        if self
            .current()
            .is_some_and(|snapshot| snapshot.manifest.id == id)
        {
            return Ok(false);
        }
        let snapshot = Arc::new(self.open(&id)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
        tracing::info!(snapshot.id = %id, "snapshot {id} in service");
        Ok(true)
    }

    fn open(&self, id: &str) -> Result<Snapshot, CatalogError> {
        let refused = |reason: String| CatalogError::Refused {
            id: id.to_owned(),
            reason,
        };
        if !is_plain_name(id) {
            return Err(refused("its id is not a folder name".to_owned()));
        }
        let folder = self.folder_of(id);
        // DuckDB compares whole paths when it decides what it may open.
        let folder = fs::canonicalize(&folder).map_err(|source| CatalogError::Read {
            path: folder,
            source,
        })?;
        if !can_be_named(&folder) {
            return Err(refused(format!(
                "its path, {}, has both a backslash and one of * ? [: DuckDB cannot open it, choose another --data",
                folder.display()
            )));
        }
        let manifest: Manifest = read_json(&folder.join(manifest::FILE_NAME))?;
        if manifest.version > manifest::VERSION {
            return Err(refused(format!(
                "manifest version {} is newer than {}, the last one this program reads",
                manifest.version,
                manifest::VERSION
            )));
        }
        if manifest.id != id {
            return Err(refused(format!("its manifest says {}", manifest.id)));
        }
        for table in &manifest.tables {
            if !is_plain_name(&table.file) {
                return Err(refused(format!("{} is not a file name", table.file)));
            }
            let path = folder.join(&table.file);
            let bytes = fs::metadata(&path)
                .map_err(|source| CatalogError::Read { path, source })?
                .len();
            if bytes != table.bytes {
                return Err(refused(format!(
                    "{} has {bytes} bytes, {} expected",
                    table.file, table.bytes
                )));
            }
        }
        // Side by side: each takes a tenth of a second on the country.
        let (engine, fiches, recherche) = std::thread::scope(|scope| {
            let fiches = scope.spawn(|| open_fiches(&folder, &manifest));
            let recherche = scope.spawn(|| {
                let wanted = self.by_name.then_some(&folder);
                wanted.and_then(|folder| open_recherche(folder, &manifest))
            });
            let engine = Engine::open(&self.limits, &folder, &manifest);
            (engine, opened(fiches), opened(recherche))
        });
        let engine = engine.map_err(|source| CatalogError::Open {
            id: id.to_owned(),
            source,
        })?;
        let tables = OpenTables::open(&folder, &manifest).map_err(|source| CatalogError::Read {
            path: folder.clone(),
            source,
        })?;
        Ok(Snapshot {
            tables,
            profile: read_profile(&folder),
            fiches,
            recherche,
            folder,
            manifest,
            engine,
            since: Utc::now(),
        })
    }

    /// Looks at `current.json` for ever. A change that cannot be put in service is logged once and
    /// tried again; the snapshot in service stays.
    pub(crate) async fn watch(self: Arc<Self>, every: Duration, mut seen: Seen) {
        loop {
            tokio::time::sleep(every).await;
            seen = Arc::clone(&self).look(seen).await;
        }
    }

    /// One look: refreshes when `current.json` changed since `seen`.
    pub(crate) async fn look(self: Arc<Self>, seen: Seen) -> Seen {
        let path = self.data.join("current.json");
        // One `stat` of a local file: shorter than handing it to another thread.
        let found = fingerprint(&path);
        if found == seen.fingerprint && seen.failed.is_none_or(|at| at.elapsed() < RETRY) {
            return seen;
        }
        let catalog = Arc::clone(&self);
        let outcome = tokio::task::spawn_blocking(move || self.refresh()).await;
        let failed = match outcome {
            Ok(Ok(swapped)) => {
                if swapped
                    && let Some(fiches) = catalog.current().and_then(|now| now.fiches.clone())
                {
                    fiches.check_aside();
                }
                None
            }
            Ok(Err(error)) => {
                tracing::error!(error = %error, "snapshot not put in service, the previous one stays: {error}");
                Some(Instant::now())
            }
            Err(error) => {
                tracing::error!(error = %error, "opening a snapshot was cut short: {error}");
                Some(Instant::now())
            }
        };
        Seen {
            fingerprint: found,
            failed,
        }
    }
}

/// What the last look found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    fingerprint: Option<Fingerprint>,
    failed: Option<Instant>,
}

/// Of the file that is there now.
pub(crate) fn fingerprint(path: &Path) -> Option<Fingerprint> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path).ok()?;
    Some(Fingerprint {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        inode: metadata.ino(),
    })
}

/// What a thread opened, or its panic.
fn opened<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The index of names of a snapshot, when it can be read: without it, numbers are still answered.
fn open_recherche(folder: &Path, manifest: &Manifest) -> Option<Arc<Index>> {
    let published = manifest.fiches.iter().find(|file| file.file == FICHIER)?;
    let bytes = fs::metadata(folder.join(FICHIER)).map(|file| file.len());
    let opened = match bytes {
        Ok(bytes) if bytes == published.bytes => Index::open(folder),
        Ok(bytes) => Err(format!("{bytes} bytes, {} expected", published.bytes)),
        Err(error) => Err(error.to_string()),
    };
    match opened {
        Ok(index) => {
            tracing::debug!("{} organisations can be found by name", index.documents());
            Some(Arc::new(index))
        }
        Err(error) => {
            tracing::error!(
                "{FICHIER}: {error}; nobody is found by name; run `registre verify`, then `registre ingest`"
            );
            None
        }
    }
}

/// The fiches of a snapshot, when they can be read: without them it still answers, from its tables.
fn open_fiches(folder: &Path, manifest: &Manifest) -> Option<Arc<Fiches>> {
    match Fiches::open(folder, manifest) {
        Ok(fiches) => fiches.map(Arc::new),
        Err(error) => {
            tracing::error!(
                "snapshot {}: {error}; lookups are answered from the tables, more slowly; run `registre verify`, then `registre ingest`",
                manifest.id
            );
            None
        }
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CatalogError> {
    let bytes = fs::read(path).map_err(|source| CatalogError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|source| CatalogError::Parse {
        path: path.to_owned(),
        source,
    })
}

/// The profile of a snapshot. It says what the data is and is no part of it: one that cannot be read
/// does not keep the data from being served.
fn read_profile(folder: &Path) -> Option<ProfileFile> {
    let path = folder.join(profile::FILE_NAME);
    if !path.exists() {
        return None;
    }
    let read = fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|json| {
            let profile: Profile =
                serde_json::from_slice(&json).map_err(|error| error.to_string())?;
            let json = Bytes::from(json);
            Ok(ProfileFile { json, profile })
        });
    match read {
        Ok(file) if file.profile.version <= profile::VERSION => Some(file),
        Ok(file) => {
            let version = file.profile.version;
            tracing::warn!(
                "{}: version {version} is newer than {}, the last one this program reads: not shown",
                path.display(),
                profile::VERSION
            );
            None
        }
        Err(error) => {
            tracing::warn!("read {}: {error}: not shown", path.display());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::OfSiret;
    use crate::testing::Fixture;

    fn catalog(fixture: &Fixture) -> Arc<Catalog> {
        Arc::new(Catalog::new(&fixture.config()))
    }

    #[tokio::test]
    async fn a_new_snapshot_is_swapped_in_and_the_old_one_lives_with_its_readers() {
        let fixture = Fixture::published("20261101T000000Z");
        let catalog = catalog(&fixture);
        let seen = Arc::clone(&catalog).look(Seen::default()).await;
        let reader = catalog.current().unwrap();
        fixture.publish("20261201T000000Z");
        Arc::clone(&catalog).look(seen).await;
        assert_eq!(catalog.current().unwrap().manifest.id, "20261201T000000Z");
        let siret = "13002526500013".parse().unwrap();
        assert!(reader.ask(OfSiret(siret)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_corrupt_pointer_manifest_or_table_leaves_the_one_in_service() {
        let fixture = Fixture::published("20261101T000000Z");
        let catalog = catalog(&fixture);
        let mut seen = Arc::clone(&catalog).look(Seen::default()).await;
        for damage in [
            Fixture::corrupt_pointer as fn(&Fixture),
            Fixture::pointer_outside,
            Fixture::corrupt_manifest,
            Fixture::truncated_table,
            Fixture::missing_table,
        ] {
            damage(&fixture);
            seen = Arc::clone(&catalog).look(seen).await;
            assert!(seen.failed.is_some());
            assert_eq!(catalog.current().unwrap().manifest.id, "20261101T000000Z");
        }
        fixture.publish("20261201T000000Z");
        Arc::clone(&catalog).look(seen).await;
        assert_eq!(catalog.current().unwrap().manifest.id, "20261201T000000Z");
    }
}
