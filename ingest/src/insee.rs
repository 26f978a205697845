//! What changed since the files: INSEE's API Sirene, asked by date of last treatment.
//!
//! | file | does |
//! |---|---|
//! | `insee/collection.rs` | the three collections: their paths, fields and tables |
//! | `insee/client.rs` | one request, within the quota |
//! | `insee/pull.rs` | a collection from one date to another, by the cursor, resumable |
//! | `insee/since.rs` | from which date |
//! | `insee/rows.rs` | JSON to the rows of a table |
//! | `snapshot/merge.rs` | those rows into the table already there |
//!
//! A stock supersedes every update up to its own latest treatment: the interval asked for starts
//! where the data at hand ends, whichever file or update that came from.

mod client;
mod collection;
mod pull;
mod rows;
mod since;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Europe::Paris;
use registre_schemas::manifest::{Manifest, Update};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::{Changes, Merged, WrittenTable, latest_time, merge, schema_of};
use client::Client;
use collection::{COLLECTIONS, Collection};
use pull::{Pages, Pull, Pulled};
use rows::Reader;
use since::since;

pub use client::API_SIRENE;

/// Where to ask, and as whom.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its address, to which `/siren` is added.
    pub url: String,
    /// What the portal gave.
    pub key: Key,
}

/// A key, never printed.
#[derive(Clone)]
pub struct Key(String);

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Key(…)")
    }
}

/// The tables of a snapshot being made, before it is verified.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// Where their files are.
    pub folder: &'a Path,
    /// Their descriptions.
    pub tables: &'a [WrittenTable],
    /// The snapshot in service, when some of them may be its own, and its folder.
    pub in_service: Option<(&'a Manifest, &'a Path)>,
}

impl<'a> Base<'a> {
    fn table(&self, name: &str) -> Option<&'a WrittenTable> {
        self.tables.iter().find(|table| table.file.name == name)
    }

    /// Whether a table is the very file in service.
    fn is_served(&self, name: &str) -> bool {
        let served = self
            .in_service
            .and_then(|(manifest, _)| manifest.table(name));
        let here = self.table(name).map(|table| &table.file.sha256);
        here.is_some() && served.map(|table| &table.sha256) == here
    }

    /// The update that made the table of a collection what it is, when it is the one in service.
    fn update(&self, collection: &Collection) -> Option<&'a Update> {
        let (manifest, _) = self.in_service?;
        let update = manifest.update(collection.path)?;
        self.is_served(collection.main().name).then_some(update)
    }
}

/// The tables once updated, or as they were.
#[derive(Debug)]
pub struct Updated {
    /// All of them, in the same order.
    pub tables: Vec<WrittenTable>,
    /// What was pulled for them, now or by the snapshot whose tables they are.
    pub updates: Vec<Update>,
    /// Names of those that changed now.
    pub changed: Vec<&'static str>,
    /// Why some are not up to date, when they are not.
    pub behind: Option<String>,
}

/// What was pulled, to be merged.
type Changed = Vec<(&'static Collection, NaiveDateTime, Pages)>;

fn folder(raw: &Path) -> PathBuf {
    raw.join("insee")
}

/// Brings the tables of `base` up to date, in place; their pages are kept in `raw` until
/// [`forget`]. Without an API, or when it cannot be asked, they stay as they are: a register of
/// yesterday is better than none.
pub fn update(
    api: Option<&Api>,
    base: Base<'_>,
    raw: &Path,
    context: &Context,
) -> Result<Updated, IngestError> {
    let mut updated = Updated {
        tables: base.tables.to_vec(),
        updates: carried(base),
        changed: Vec::new(),
        behind: None,
    };
    let Some(api) = api else {
        return Ok(updated);
    };
    // Everything is pulled before anything is merged: what cannot be had whole is not begun.
    match pull(api, base, raw, &mut updated.behind, context) {
        Ok(changed) => {
            for (collection, stock, pages) in &changed {
                let update = apply(collection, *stock, pages, base, &mut updated, context)?;
                updated
                    .updates
                    .retain(|known| known.collection != update.collection);
                updated.updates.push(update);
            }
        }
        Err(error @ IngestError::Source { .. }) => {
            tracing::warn!("{error}; today's changes are not in the data, the next run asks again");
            updated.behind = Some(error.to_string());
        }
        Err(error) => return Err(error),
    }
    Ok(updated)
}

/// Pulls what changed since `base`, into `raw`. Pages already there from a run that was cut are not
/// asked for again.
fn pull(
    api: &Api,
    base: Base<'_>,
    raw: &Path,
    behind: &mut Option<String>,
    context: &Context,
) -> Result<Changed, IngestError> {
    let now = Utc::now().with_timezone(&Paris).naive_local();
    let now = now.with_nanosecond(0).unwrap_or(now);
    let mut client = Client::new(api)?;
    let mut changed = Vec::new();
    for collection in COLLECTIONS {
        let path = collection.path;
        let Some((from, stock)) = since(base, collection, now) else {
            tracing::info!("INSEE's API: {path}: nothing at hand to update");
            continue;
        };
        let pull = Pull {
            collection,
            folder: folder(raw).join(collection.folder),
            from,
            to: now,
        };
        match pull.run(&mut client, context)? {
            Pulled::Pages(pages) => changed.push((collection, stock, pages)),
            Pulled::TooMany(total) => {
                let why = format!(
                    "INSEE's API: {path}: {total} changed since {from}, more than the {} pulled in one run: waiting for the next monthly file, which will have them",
                    pull::MOST
                );
                tracing::warn!("{why}");
                behind.get_or_insert(why);
            }
        }
    }
    Ok(changed)
}

/// The updates of tables that are those in service.
fn carried(base: Base<'_>) -> Vec<Update> {
    let updates = COLLECTIONS.iter();
    updates
        .filter_map(|collection| base.update(collection).cloned())
        .collect()
}

/// Merges the pages of a collection into its tables, each replaced by a rename.
fn apply(
    collection: &Collection,
    stock: NaiveDateTime,
    pages: &Pages,
    base: Base<'_>,
    updated: &mut Updated,
    context: &Context,
) -> Result<Update, IngestError> {
    let mut update = Update {
        collection: collection.path.to_owned(),
        stock,
        from: pages.from,
        to: pages.to,
        latest: pages.from,
        requests: pages.requests,
        received: pages.received,
        rejects: BTreeMap::new(),
        unknown_fields: Vec::new(),
        tables: Vec::new(),
    };
    for target in collection.targets {
        let Some(written) = updated
            .tables
            .iter_mut()
            .find(|t| t.file.name == target.table.name)
        else {
            continue;
        };
        // Without its file a table would hold the history of a few units only, and look whole.
        if written.file.rows == 0 || pages.received == 0 {
            continue;
        }
        let schema = schema_of(&base.folder.join(&written.file.file))?;
        let mut reader = Reader::new(collection, target, schema);
        let mut seen = HashSet::new();
        pages.read(context, |record| {
            if seen.insert(collection.identifier(record)) {
                reader.read(record);
            }
        })?;
        let read = reader.finish(&mut update)?;
        let changes = Changes::new(target.table, &read, target.by)?;
        let Merged { table, done } = merge(
            target.table,
            written,
            base.folder,
            &changes,
            target.carry,
            context,
        )?;
        if done.added + done.changed > 0 {
            updated.changed.push(target.table.name);
        }
        *written = table;
        update.tables.push(done);
    }
    let main = base
        .folder
        .join(format!("{}.parquet", collection.main().name));
    // Nothing INSEE gives is after the moment it was asked.
    let end = pages.to + TimeDelta::seconds(1);
    update.latest = latest_time(&main, collection.date, end).unwrap_or(pages.from);
    let added: u64 = update.tables.iter().map(|table| table.added).sum();
    let changed: u64 = update.tables.iter().map(|table| table.changed).sum();
    tracing::info!(
        collection = collection.path,
        "INSEE's API: {}: {} received since {}, {added} rows added, {changed} changed",
        collection.path,
        pages.received,
        pages.from,
    );
    if !update.rejects.is_empty() {
        tracing::warn!(
            "INSEE's API: {}: refused: {:?}",
            collection.path,
            update.rejects
        );
    }
    if !update.unknown_fields.is_empty() {
        tracing::warn!(
            "INSEE's API: {}: fields no column keeps: {}",
            collection.path,
            update.unknown_fields.join(", ")
        );
    }
    Ok(update)
}

/// The day SIRENE is up to, when unités légales and établissements were both updated: that of the
/// least recent of the two.
#[must_use]
pub fn as_of(updates: &[Update]) -> Option<NaiveDate> {
    let latest = COLLECTIONS
        .iter()
        .filter(|collection| collection.dates_the_register);
    let latest = latest.map(|collection| {
        let mut updates = updates.iter();
        let update = updates.find(|update| update.collection == collection.path)?;
        Some(update.latest.date())
    });
    latest.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// Forgets the pages: what they held is published, or was already.
pub fn forget(raw: &Path) -> Result<(), IngestError> {
    pull::remove(&folder(raw))
}
