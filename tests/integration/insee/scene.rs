//! A published stock, and INSEE's API beside it.

use chrono::{Duration, NaiveDate, Utc};
use registre_schemas::Table;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::api::{Api, KEY};
use super::records::{Record, collection, periods_of};
use crate::harness::{Ran, copy_folder, generate, ingest, manifest, registre, snapshot};
use crate::oracle::{Row, parquet_rows};

/// A stock, generated and ingested once.
fn stock() -> &'static (PathBuf, PathBuf) {
    static STOCK: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    STOCK.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("insee");
        let _none_yet = std::fs::remove_dir_all(&folder);
        let (source, data) = (folder.join("source"), folder.join("data"));
        generate(3000, 5, &source);
        let ran = ingest(&source, &data);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        (source, data)
    })
}

/// That many days ago, at a time.
pub fn days_ago(days: i64, time: &str) -> String {
    format!("{} {time}", day(days))
}

pub fn day(days_ago: i64) -> NaiveDate {
    (Utc::now() - Duration::days(days_ago)).date_naive()
}

pub struct Scene {
    pub api: Api,
    pub source: PathBuf,
    folder: tempfile::TempDir,
}

impl Scene {
    /// The stock is in service, nothing was asked yet.
    pub fn new() -> Self {
        let (source, data) = stock();
        let folder = tempfile::tempdir().unwrap();
        copy_folder(data, folder.path());
        Self {
            api: Api::start(),
            source: source.clone(),
            folder,
        }
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// `registre ingest` with the API's key.
    pub fn command(&self) -> Command {
        let mut command = registre();
        command
            .args(["ingest", "--source"])
            .arg(&self.source)
            .arg("--data")
            .arg(self.data())
            .env("REGISTRE_INSEE_KEY", KEY)
            .env("REGISTRE_INSEE_URL", &self.api.url)
            .env("NO_PROXY", "127.0.0.1");
        command
    }

    pub fn run(&self) -> Ran {
        let ran: Ran = self.command().output().unwrap().into();
        assert!(
            !ran.stderr.contains(KEY),
            "the key is printed: {}",
            ran.stderr
        );
        ran
    }

    /// A run that publishes.
    pub fn update(&self) -> Ran {
        let before = snapshot(self.data());
        let ran = self.run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_ne!(snapshot(self.data()), before, "{}", ran.stderr);
        ran
    }

    /// A run that has nothing to publish, and says these words.
    pub fn stays(&self, words: &[&str]) -> Ran {
        let before = snapshot(self.data());
        let ran = self.run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(snapshot(self.data()), before, "{}", ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} in {}", ran.stderr);
        }
        let staged = std::fs::read_dir(self.data().join("staging")).unwrap();
        assert_eq!(staged.count(), 0);
        ran
    }

    /// The pages kept from a run to the next, none when all they held is published.
    pub fn pages(&self) -> usize {
        let collections = std::fs::read_dir(self.data().join("raw/insee"));
        let collections = collections
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        collections
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .filter(|page| {
                page.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|e| e == "gz")
            })
            .count()
    }

    pub fn register(&self) -> Register {
        Register::read(self.data())
    }

    /// What the manifest in service says of a collection.
    pub fn updated(&self, path: &str) -> serde_json::Value {
        let manifest = manifest(self.data());
        let updates = manifest["updates"].as_array().unwrap();
        let update = updates
            .iter()
            .find(|update| update["collection"] == path[1..]);
        update
            .unwrap_or_else(|| panic!("no {path} in {updates:?}"))
            .clone()
    }

    pub fn as_of(&self) -> String {
        manifest(self.data())["as_of"]["sirene"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// Every table of SIRENE, as rows.
pub struct Register {
    pub tables: HashMap<&'static str, Vec<Row>>,
}

impl Register {
    pub fn read(data: &Path) -> Self {
        let tables = registre_schemas::TABLES.iter();
        let tables = tables
            .filter(|table| table.column("siren").is_some() || table.name == LIEN_SUCCESSION.name);
        Self {
            tables: tables
                .map(|table| (table.name, parquet_rows(data, table)))
                .collect(),
        }
    }

    /// The record of a row and its periods.
    fn record(&self, table: &'static Table, row: &Row) -> Record {
        let id = &row[table.key_indices()[0]];
        let periods = periods_of(table).map(|periods| {
            let key = periods.key_indices()[0];
            let rows = self.tables[periods.name].iter();
            rows.filter(|row| row[key] == *id)
                .cloned()
                .collect::<Vec<_>>()
        });
        Record {
            table,
            main: row.clone(),
            periods: periods.unwrap_or_default(),
        }
    }

    /// The `nth` record of a table of which this is true.
    pub fn find(
        &self,
        table: &'static Table,
        nth: usize,
        is: impl Fn(&dyn Fn(&str) -> String) -> bool,
    ) -> Record {
        let rows = self.tables[table.name].iter();
        let mut rows = rows.filter(|row| is(&|name| row[table.index_of(name).unwrap()].clone()));
        self.record(table, rows.nth(nth).unwrap())
    }

    pub fn unite_legale(&self, siren: &str) -> Record {
        self.find(&UNITE_LEGALE, 0, |get| get("siren") == siren)
    }

    /// An open one, diffusible, with a position.
    pub fn etablissement(&self, nth: usize) -> Record {
        self.find(&ETABLISSEMENT, nth, |get| {
            get("etatAdministratifEtablissement") == "A"
                && get("statutDiffusionEtablissement") == "O"
                && !get("x_longitude").is_empty()
                && !get("libelleVoieEtablissement").is_empty()
        })
    }

    /// As it is once a record took the place of its rows.
    pub fn put(&mut self, record: &Record) {
        let table = record.table;
        let mut replace = |table: &'static Table, by: usize, new: &[Row]| {
            let key = &table.key_indices()[..by];
            let same = |a: &Row, b: &Row| key.iter().all(|column| a[*column] == b[*column]);
            let rows = self.tables.get_mut(table.name).unwrap();
            rows.retain(|row| !new.iter().any(|new| same(row, new)));
            rows.extend_from_slice(new);
        };
        let by = if table.name == LIEN_SUCCESSION.name {
            3
        } else {
            1
        };
        replace(table, by, std::slice::from_ref(&record.main));
        if let Some(periods) = periods_of(table) {
            replace(periods, 1, &record.periods);
        }
    }

    /// Fails at the first row that is not the one expected, in the order of the table.
    pub fn assert_is(&mut self, data: &Path) {
        for (name, expected) in &mut self.tables {
            let table = registre_schemas::table(name).unwrap();
            if *name == "lien_siren_rna" {
                continue;
            }
            // The newest period first: an inverted date sorts so.
            let invert = |text: &str| -> String {
                text.bytes()
                    .map(|byte| char::from(b'z' - (byte - b'-')))
                    .collect()
            };
            let keys = table.key_indices();
            expected.sort_by_key(|row| {
                let value = |column: &usize| {
                    let descending = table.descending.contains(&table.columns[*column].name);
                    if descending {
                        invert(&row[*column])
                    } else {
                        row[*column].clone()
                    }
                };
                keys.iter().map(value).collect::<Vec<_>>()
            });
            let found = parquet_rows(data, table);
            assert_eq!(found.len(), expected.len(), "{name}");
            for (found, expected) in found.iter().zip(expected) {
                for (column, (found, expected)) in
                    table.columns.iter().zip(found.iter().zip(expected.iter()))
                {
                    assert_eq!(found, expected, "{name}.{} of {}", column.name, &found);
                }
            }
        }
    }
}

/// The record, treated then; what the API is to give.
pub fn treated(mut record: Record, at: &str) -> Record {
    let (_, _, date) = collection(record.table);
    record.set(date, at);
    record
}
