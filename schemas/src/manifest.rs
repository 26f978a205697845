//! The manifest: what a snapshot holds and where it comes from. It is the only contract between
//! ingestion and query, so it is versioned and older versions stay readable.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// Bumped when a reader of the previous version could misread the new one.
pub const VERSION: u32 = 1;

/// File name inside a snapshot.
pub const FILE_NAME: &str = "manifest.json";

/// One immutable snapshot: `data/snapshots/<id>/manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`] when written.
    pub version: u32,
    /// Sortable name of the snapshot and of its folder: `20261124T061500Z`.
    pub id: String,
    /// The snapshot in service when this one was made.
    pub parent: Option<String>,
    /// End of the run that made it.
    pub created_at: DateTime<Utc>,
    /// Program version that made it.
    pub producer: String,
    /// What `--source` named: a site, a folder, or `sample`, whose people do not exist.
    #[serde(default)]
    pub origin: String,
    /// Date of the data of each register: `sirene`, `rna`.
    pub as_of: BTreeMap<String, NaiveDate>,
    /// The files it was made from.
    pub sources: Vec<SourceFile>,
    /// The tables it holds.
    pub tables: Vec<TableFile>,
    /// The files lookups read; snapshots made by the first versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fiches: Vec<FichesFile>,
    /// What was checked before publishing.
    pub gates: Vec<Gate>,
    /// Of a snapshot kept behind another: the one whose hidden units are hidden here too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_as_of: Option<String>,
    /// What INSEE's API brought since those files, one per collection; none without a key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<Update>,
}

/// What was pulled of one collection of INSEE's API, and merged into the tables made from its files.
/// Dates of treatment are INSEE's: French time, no zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The collection's path in the API: `siren`, `siret`, `siret/liensSuccession`.
    pub collection: String,
    /// The latest treatment in the files, before any update.
    pub stock: NaiveDateTime,
    /// Start of the interval asked for, of dates of last treatment.
    pub from: NaiveDateTime,
    /// Its end: the moment of the pull.
    pub to: NaiveDateTime,
    /// The latest treatment in the tables once updated.
    pub latest: NaiveDateTime,
    /// Requests answered.
    pub requests: u64,
    /// Units, établissements or links received.
    pub received: u64,
    /// Of those, how many could not be used, per reason.
    #[serde(default)]
    pub rejects: BTreeMap<String, u64>,
    /// Fields received that no column keeps.
    #[serde(default)]
    pub unknown_fields: Vec<String>,
    /// The tables that were updated.
    pub tables: Vec<UpdatedTable>,
}

/// What an update did to one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatedTable {
    /// The table.
    pub name: String,
    /// Rows of keys it did not have.
    pub added: u64,
    /// Rows of keys it had, and whose rows are not the same.
    pub changed: u64,
    /// Rows received that it already had, to the letter.
    pub same: u64,
    /// Row groups copied as they were.
    pub groups_copied: u64,
    /// Row groups written again.
    pub groups_rewritten: u64,
}

/// A file as it was received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Name in `data/sources.toml`.
    pub name: String,
    /// The table its rows go to.
    #[serde(default)]
    pub table: String,
    /// Resource id on data.gouv.fr, when resolved by id.
    pub resource_id: Option<String>,
    /// Title of the resource when it was resolved.
    pub title: String,
    /// Where the bytes came from, after redirects.
    pub url: String,
    /// HTTP validator, when the server gave one.
    pub etag: Option<String>,
    /// Date of the data, as the publisher states it.
    pub last_modified: Option<DateTime<Utc>>,
    /// Bytes of the file.
    pub size: u64,
    /// Checksum the publisher announced, as `algorithm:value`.
    pub published_checksum: Option<String>,
    /// Ours.
    pub sha256: String,
    /// Licence and attribution, from the catalogue.
    pub licence: String,
    /// Rows read, kept and refused.
    pub report: DecodeReport,
}

/// What decoding a file met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecodeReport {
    /// Data rows in the file, headers excluded.
    pub rows_read: u64,
    /// Rows written to the table.
    pub rows_kept: u64,
    /// Rows refused, or values set to null, per reason.
    pub rejects: BTreeMap<String, u64>,
    /// The first of each reason, so that a person can open the file there.
    pub samples: Vec<Reject>,
    /// Columns the file has and we do not know: kept as text at the end of the table.
    pub unknown_columns: Vec<String>,
    /// Optional columns the file does not have: null in the table.
    pub missing_columns: Vec<String>,
    /// Values whose accents were damaged by a wrong conversion, and are repaired.
    #[serde(default)]
    pub repaired: u64,
}

/// One refused row or unreadable value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// File, inside its archive if any.
    pub file: String,
    /// Line in that file, from 1, the header being line 1; of a Parquet file, which has no lines, the
    /// row, from 1.
    pub line: u64,
    /// Which of the two it is.
    #[serde(default)]
    pub counted: Counted,
    /// Column, when one value is at fault.
    pub column: Option<String>,
    /// Same words as the key of [`DecodeReport::rejects`].
    pub reason: String,
    /// The value or the start of the line, cut to a readable length.
    pub value: String,
}

/// What the place of a reject counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Lines of a text.
    #[default]
    Line,
    /// Rows of a Parquet file.
    Row,
}

impl Reject {
    /// `line 42` or `row 42`.
    #[must_use]
    pub fn place(&self) -> String {
        match self.counted {
            Counted::Line => format!("line {}", self.line),
            Counted::Row => format!("row {}", self.line),
        }
    }
}

/// A Parquet file of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// Table name; the file is `<name>.parquet`.
    pub name: String,
    /// File name inside the snapshot.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Checksum of the file.
    pub sha256: String,
    /// First and last key, when there is a row.
    pub key_range: Option<(String, String)>,
    /// Fingerprint of the column names and types: changes when the schema does.
    pub schema_fingerprint: String,
}

/// A file of fiches: see [`crate::fiche`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FichesFile {
    /// File name inside the snapshot.
    pub file: String,
    /// Entries in it.
    pub entries: u64,
    /// Bytes.
    pub bytes: u64,
    /// Checksum of the file.
    pub sha256: String,
}

/// A check made before publishing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Stable name, by which it can be overridden.
    pub name: String,
    /// Whether it let the snapshot through.
    pub verdict: Verdict,
    /// What was found, with figures.
    pub detail: String,
}

/// Outcome of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Worth a look, published all the same.
    Reported,
    /// Would have stopped the run; the operator let it through by name.
    Overridden,
}

/// `data/current.json`: which snapshot is in service. Replaced by one rename.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The id of a folder under `data/snapshots`.
    pub snapshot: String,
}

/// A single file or folder name: nothing that would lead out of a snapshot, nor of the folder of
/// snapshots.
#[must_use]
pub fn is_plain_name(text: &str) -> bool {
    let mut components = Path::new(text).components();
    matches!(
        (components.next(), components.next()),
        (Some(Component::Normal(name)), None) if name == text
    )
}

impl Manifest {
    /// The update of a collection.
    #[must_use]
    pub fn update(&self, collection: &str) -> Option<&Update> {
        let mut updates = self.updates.iter();
        updates.find(|update| update.collection == collection)
    }

    /// The files of its tables and of its fiches: name, bytes, sha256.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        let tables = self.tables.iter();
        let tables = tables.map(|table| (table.file.as_str(), table.bytes, table.sha256.as_str()));
        let fiches = self.fiches.iter();
        tables.chain(fiches.map(|file| (file.file.as_str(), file.bytes, file.sha256.as_str())))
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&TableFile> {
        self.tables.iter().find(|table| table.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_lead_nowhere_else() {
        assert!(is_plain_name("20261101T000000Z"));
        for name in ["", ".", "..", "a/b", "a/", "/etc", "../x"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
