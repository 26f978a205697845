//! A tiny snapshot on disk and a router over it, for the tests of this crate.

mod damage;
pub(crate) mod memory;
mod profile;
mod rows;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use chrono::{NaiveDate, NaiveDateTime, Utc};
use http_body_util::BodyExt as _;
use parquet::arrow::ArrowWriter;
use registre_schemas::manifest::{Current, FILE_NAME, Manifest, TableFile, VERSION};
use registre_schemas::{Kind, TABLES, Table};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::catalog::{Catalog, Seen};
use crate::config::Config;
use crate::middleware::App;
use crate::record::{Own, Record, Value};
use crate::router;
use crate::text::hexadecimal;
use rows::{ROWS, Row};

/// A row of a table, without a file.
pub(crate) fn record(table: &str, row: Row<'_>) -> Record {
    let table = registre_schemas::table(table).unwrap();
    let values = table
        .columns
        .iter()
        .map(|column| match (cell(row, column.name), column.kind) {
            (None, _) => Own::Other(Value::Null),
            (Some(text), Kind::Text) => Own::Text(text.to_owned()),
            (Some(text), Kind::Date) => Own::Other(Value::Date(text.parse().unwrap())),
            (Some(text), Kind::Timestamp) => Own::Other(Value::Timestamp(text.parse().unwrap())),
            (Some(text), Kind::Integer) => Own::Other(Value::Integer(text.parse().unwrap())),
            (Some(text), Kind::Boolean) => Own::Other(Value::Boolean(text == "true")),
            (Some(text), Kind::Real) => Own::Other(Value::Real(text.parse().unwrap())),
        });
    Record::new(table, values.collect())
}

fn cell<'row>(row: Row<'row>, name: &str) -> Option<&'row str> {
    row.iter()
        .find(|(column, _)| *column == name)
        .map(|(_, text)| *text)
}

fn write_table(table: &'static Table, path: &Path) -> u64 {
    let rows: Vec<Row<'_>> = ROWS
        .iter()
        .filter(|(name, _)| *name == table.name)
        .map(|(_, row)| *row)
        .collect();
    let columns = table.columns.iter().map(|column| -> ArrayRef {
        let cells = rows.iter().map(|row| cell(row, column.name));
        match column.kind {
            Kind::Text => Arc::new(cells.collect::<StringArray>()),
            Kind::Date => Arc::new(cells.map(|text| text.map(days)).collect::<Date32Array>()),
            Kind::Timestamp => Arc::new(
                cells
                    .map(|text| text.map(micros))
                    .collect::<TimestampMicrosecondArray>(),
            ),
            Kind::Integer => Arc::new(
                cells
                    .map(|text| text.map(|t| t.parse::<i64>().unwrap()))
                    .collect::<Int64Array>(),
            ),
            Kind::Boolean => Arc::new(
                cells
                    .map(|text| text.map(|t| t == "true"))
                    .collect::<BooleanArray>(),
            ),
            Kind::Real => Arc::new(
                cells
                    .map(|text| text.map(|t| t.parse::<f64>().unwrap()))
                    .collect::<Float64Array>(),
            ),
        }
    });
    let batch = RecordBatch::try_new(table.schema(&[]), columns.collect()).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    batch.num_rows() as u64
}

fn days(text: &str) -> i32 {
    let date: NaiveDate = text.parse().unwrap();
    i32::try_from((date - NaiveDate::default()).num_days()).unwrap()
}

fn micros(text: &str) -> i64 {
    text.parse::<NaiveDateTime>()
        .unwrap()
        .and_utc()
        .timestamp_micros()
}

/// A data folder that disappears with the test.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// Nothing published.
    pub(crate) fn empty() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    /// One snapshot published.
    pub(crate) fn published(id: &str) -> Self {
        let fixture = Self::empty();
        fixture.publish(id);
        fixture
    }

    /// Writes a snapshot and points `current.json` to it.
    pub(crate) fn publish(&self, id: &str) {
        self.write_snapshot(id);
        self.point(
            &serde_json::to_string(&Current {
                snapshot: id.to_owned(),
            })
            .unwrap(),
        );
    }

    fn write_snapshot(&self, id: &str) {
        let folder = self.folder.path().join("snapshots").join(id);
        fs::create_dir_all(&folder).unwrap();
        let tables = TABLES.iter().map(|table| {
            let file = format!("{}.parquet", table.name);
            let rows = write_table(table, &folder.join(&file));
            let content = fs::read(folder.join(&file)).unwrap();
            TableFile {
                name: table.name.to_owned(),
                file,
                rows,
                bytes: content.len() as u64,
                sha256: hexadecimal(&Sha256::digest(&content)),
                key_range: None,
                schema_fingerprint: String::new(),
            }
        });
        let as_of = BTreeMap::from([
            (
                "sirene".to_owned(),
                NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
            ),
            (
                "rna".to_owned(),
                NaiveDate::from_ymd_opt(2026, 10, 1).unwrap(),
            ),
        ]);
        let manifest = Manifest {
            version: VERSION,
            id: id.to_owned(),
            parent: None,
            created_at: Utc::now(),
            producer: "test".to_owned(),
            origin: "sample".to_owned(),
            as_of,
            sources: profile::sources(),
            tables: tables.collect(),
            fiches: Vec::new(),
            gates: profile::gates(),
            hidden_as_of: None,
            updates: Vec::new(),
        };
        write(
            &folder.join(FILE_NAME),
            &serde_json::to_string(&manifest).unwrap(),
        );
        write(
            &folder.join(registre_schemas::profile::FILE_NAME),
            &serde_json::to_string_pretty(&profile::profile(id)).unwrap(),
        );
    }

    /// Removes a snapshot, as `prune` does.
    pub(crate) fn remove(&self, id: &str) {
        fs::remove_dir_all(self.folder.path().join("snapshots").join(id)).unwrap();
    }

    /// Puts another file in the place of a table, in a folder that takes the place of the snapshot's.
    pub(crate) fn exchange_table(&self, id: &str, table: &str, content: &[u8]) {
        let folder = self.folder.path().join("snapshots").join(id);
        let aside = self.folder.path().join("aside");
        fs::rename(&folder, &aside).unwrap();
        fs::create_dir(&folder).unwrap();
        for entry in fs::read_dir(&aside).unwrap() {
            let name = entry.unwrap().file_name();
            fs::copy(aside.join(&name), folder.join(&name)).unwrap();
        }
        File::create(folder.join(format!("{table}.parquet")))
            .unwrap()
            .write_all(content)
            .unwrap();
        let path = folder.join(FILE_NAME);
        let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for file in &mut manifest.tables {
            if file.name == table {
                file.sha256 = hexadecimal(&Sha256::digest(content));
                file.bytes = content.len() as u64;
            }
        }
        write(&path, &serde_json::to_string(&manifest).unwrap());
    }

    fn point(&self, json: &str) {
        let mut file = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap();
        file.write_all(json.as_bytes()).unwrap();
        file.persist(self.folder.path().join("current.json"))
            .unwrap();
    }

    /// Small, over this folder.
    pub(crate) fn config(&self) -> Config {
        Config {
            data: self.folder.path().to_owned(),
            max_connections: 2,
            threads: 1,
            memory_limit: "200MB".to_owned(),
            ..Config::default()
        }
    }

    /// The whole service over what is published now.
    pub(crate) async fn app(&self) -> App {
        let catalog = Arc::new(Catalog::new(&self.config()));
        Arc::clone(&catalog).look(Seen::default()).await;
        router::router(&self.config(), catalog, None, None)
    }
}

fn write(path: &Path, text: &str) {
    File::create(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn sha256(&self) -> String {
        hexadecimal(&Sha256::digest(&self.body))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(app: &App, request: Request) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, mut body) = response.into_parts();
    // Each piece is given back before the next is asked, as a connection does.
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: bytes,
    }
}

pub(crate) async fn get(app: &App, path: &str) -> Answer {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}
