//! The profile of a snapshot: what its columns hold, and what changed since the one in service.
//!
//! Each column is counted on a thread of its own, a few at once, beside the comparison with the
//! previous snapshot: polars reads for it the published tables, some columns of some rows at a time. A
//! table whose file did not change keeps its profile.

mod active;
mod changes;
mod chunks;
mod column;
mod sketch;
mod tally;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use registre_schemas::manifest::{Manifest, TableFile};
use registre_schemas::profile::{
    Changes, Compared, Comparison, FILE_NAME, Profile, TableProfile, VERSION,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::IngestError;
use crate::progress::Context;
use crate::publish::write_atomic;
use changes::COMPARED;
use chunks::Chunks;

/// Columns counted at once: each may take some 50 MB.
const AT_ONCE: usize = 4;

/// A published snapshot to compare with.
#[derive(Clone, Copy)]
struct Previous<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
}

impl Previous<'_> {
    /// Its own profile, if it has one that we can read.
    fn profile(&self) -> Option<Profile> {
        let json = fs::read(self.folder.join(FILE_NAME)).ok()?;
        let profile: Profile = serde_json::from_slice(&json).ok()?;
        (profile.version == VERSION).then_some(profile)
    }
}

/// Profiles the staged snapshot and writes `profil.json` in it. `previous` is the folder and the
/// manifest of the snapshot in service.
pub fn write(
    folder: &Path,
    manifest: &Manifest,
    previous: Option<(&Path, &Manifest)>,
    context: &Context,
) -> Result<(), IngestError> {
    let profile = profile(folder, manifest, previous, context)?;
    let path = folder.join(FILE_NAME);
    let json = serde_json::to_vec_pretty(&profile).map_err(|error| IngestError::Manifest {
        path: path.clone(),
        detail: error.to_string(),
    })?;
    write_atomic(&path, &json)
}

/// Profiles the snapshot of that manifest. A previous snapshot that cannot be read stops nothing: it
/// may be the reason why a new one is made.
pub fn profile(
    folder: &Path,
    manifest: &Manifest,
    previous: Option<(&Path, &Manifest)>,
    context: &Context,
) -> Result<Profile, IngestError> {
    let previous = previous.map(|(folder, manifest)| Previous { folder, manifest });
    let same_origin = previous.filter(|previous| previous.manifest.origin == manifest.origin);
    let known = same_origin.and_then(|previous| previous.profile());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(cores.min(AT_ONCE))
        .build()
        .map_err(|error| IngestError::Write {
            table: FILE_NAME.to_owned(),
            detail: format!("start threads: {error}"),
        })?;
    let (tables, (differences, active)) = pool.install(|| {
        rayon::join(
            || tables(folder, manifest, known.as_ref(), context),
            || {
                rayon::join(
                    || same_origin.map(|previous| compare(folder, manifest, previous, context)),
                    || active::count(folder, context),
                )
            },
        )
    });
    let mut active = active?;
    let before = same_origin.map(|previous| match known {
        Some(profile) => Ok(profile.active),
        None => active::count(previous.folder, context),
    });
    let (mut state, mut changes) = match previous {
        None => (Compared::First, BTreeMap::new()),
        Some(_) => (Compared::OtherOrigin, BTreeMap::new()),
    };
    match (differences, before) {
        (Some(Ok(found)), Some(Ok(before))) => {
            (state, changes) = (Compared::Done, found);
            active = active::compare(active, &before);
        }
        (Some(Err(IngestError::Interrupted)), _) | (_, Some(Err(IngestError::Interrupted))) => {
            return Err(IngestError::Interrupted);
        }
        (Some(Err(error)), _) | (_, Some(Err(error))) => {
            tracing::warn!("nothing is said of what changed: {error}");
            state = Compared::Unreadable;
        }
        _ => {}
    }
    Ok(Profile {
        version: VERSION,
        snapshot: manifest.id.clone(),
        comparison: Comparison {
            state,
            previous: previous.map(|previous| previous.manifest.id.clone()),
        },
        changes,
        active,
        tables: tables?,
    })
}

/// The profile of each table, or the one it had if its file is the same.
fn tables(
    folder: &Path,
    manifest: &Manifest,
    known: Option<&Profile>,
    context: &Context,
) -> Result<Vec<TableProfile>, IngestError> {
    let of_table =
        |file: &TableFile| match known.and_then(|known| known.table_of(&file.name, &file.sha256)) {
            Some(same) => Ok(same.clone()),
            None => table(folder, file, context),
        };
    manifest.tables.iter().map(of_table).collect()
}

fn table(folder: &Path, file: &TableFile, context: &Context) -> Result<TableProfile, IngestError> {
    let Some(table) = registre_schemas::table(&file.name) else {
        return Err(IngestError::Write {
            table: file.name.clone(),
            detail: "profile: no such table in the schemas".to_owned(),
        });
    };
    let chunks = Chunks::open(folder, &file.name)?;
    let label = format!("{}: profile", file.name);
    let task = context.progress.begin(&label, Some(file.bytes));
    let columns = chunks.columns();
    let columns = columns.par_iter().with_max_len(1).enumerate();
    let columns =
        columns.map(|(at, name)| column::profile(table, &chunks, (at, name), &*task, context));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    task.finish(&format!(
        "{}: {} columns of {} rows profiled",
        file.name,
        columns.len(),
        chunks.rows()
    ));
    Ok(TableProfile {
        table: file.name.clone(),
        rows: chunks.rows(),
        sha256: file.sha256.clone(),
        columns,
    })
}

/// What changed in each table both snapshots have; nothing where the file is the same.
fn compare(
    folder: &Path,
    manifest: &Manifest,
    previous: Previous<'_>,
    context: &Context,
) -> Result<BTreeMap<String, Changes>, IngestError> {
    let both = COMPARED.par_iter().with_max_len(1).filter_map(|compared| {
        let new = manifest.table(compared.table)?;
        let old = previous.manifest.table(compared.table)?;
        let changes = if old.sha256 == new.sha256 {
            Ok(compared.nothing())
        } else {
            compared.between(previous.folder, folder, context)
        };
        Some(changes.map(|changes| (compared.table.to_owned(), changes)))
    });
    both.collect()
}
