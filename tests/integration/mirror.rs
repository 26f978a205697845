//! The tables as Parquet files, read over HTTP by a reader that asks for ranges, as DuckDB and pyarrow
//! do: what it asks is counted.

use arrow::array::AsArray;
use axum::body::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use registre_ingest::download::hex;
use registre_schemas::TABLES;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::harness::{Server, install_crypto, manifest, sample, sample_server, snapshot};
use crate::http::wire::{Wire, ask};

/// A file behind an address, and the bytes asked of it.
#[derive(Clone)]
struct Remote {
    client: reqwest::blocking::Client,
    url: String,
    length: u64,
    etag: String,
    asked: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
}

impl Remote {
    fn open(url: &str) -> Self {
        install_crypto();
        let client = reqwest::blocking::Client::new();
        let head = client.head(url).send().unwrap();
        assert_eq!(head.status(), 200, "{url}");
        let header = |name: &str| head.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("accept-ranges"), "bytes");
        Self {
            url: url.to_owned(),
            length: header("content-length").parse().unwrap(),
            etag: header("etag"),
            client,
            asked: Arc::default(),
            requests: Arc::default(),
        }
    }
}

impl Length for Remote {
    fn len(&self) -> u64 {
        self.length
    }
}

/// The file from a place on, a little at a time: the head of a page is short.
struct Stream {
    remote: Remote,
    at: u64,
    ahead: Bytes,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.ahead.is_empty() {
            let length = (self.remote.length - self.at).min(1024);
            if length == 0 {
                return Ok(0);
            }
            let asked = self
                .remote
                .get_bytes(self.at, usize::try_from(length).unwrap());
            self.ahead = asked.map_err(std::io::Error::other)?;
            self.at += length;
        }
        let length = into.len().min(self.ahead.len());
        into[..length].copy_from_slice(&self.ahead.split_to(length));
        Ok(length)
    }
}

impl ChunkReader for Remote {
    type T = Stream;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(Stream {
            remote: self.clone(),
            at: start,
            ahead: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let last = start + length as u64 - 1;
        let request = self
            .client
            .get(&self.url)
            .header("range", format!("bytes={start}-{last}"))
            .header("if-match", &self.etag);
        let failed = |error: reqwest::Error| ParquetError::External(Box::new(error));
        let response = request.send().map_err(failed)?;
        assert_eq!(response.status(), 206);
        assert_eq!(
            response.headers()["content-range"],
            format!("bytes {start}-{last}/{}", self.length)
        );
        let bytes = response.bytes().map_err(failed)?;
        assert_eq!(bytes.len(), length);
        self.asked.fetch_add(length as u64, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        Ok(bytes)
    }
}

fn url(server: &Server, table: &str) -> String {
    format!("{}/parquet/{table}.parquet", server.base)
}

fn footer(path: &std::path::Path) -> ParquetMetaData {
    ParquetMetaDataReader::new()
        .parse_and_finish(&File::open(path).unwrap())
        .unwrap()
}

#[test]
fn a_reader_of_one_column_asks_for_little_more_than_that_column() {
    let server = sample_server();
    let remote = Remote::open(&url(&server, "etablissement"));
    let builder = ParquetRecordBatchReaderBuilder::try_new(remote.clone()).unwrap();
    let before = remote.asked.load(Ordering::Relaxed);
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["codeCommuneEtablissement"]);
    let column = builder
        .parquet_schema()
        .columns()
        .iter()
        .position(|column| column.name() == "codeCommuneEtablissement")
        .unwrap();
    let groups = builder.metadata().row_groups().iter();
    let held: i64 = groups
        .map(|group| group.column(column).compressed_size())
        .sum();
    let (mut rows, mut clamart) = (0, 0);
    for batch in builder.with_projection(mask).build().unwrap() {
        let batch = batch.unwrap();
        rows += batch.num_rows();
        let codes = batch.column(0).as_string::<i32>();
        clamart += codes.iter().filter(|code| *code == Some("92023")).count();
    }
    let expected = manifest(sample());
    let tables = expected["tables"].as_array().unwrap();
    let table = tables
        .iter()
        .find(|table| table["name"] == "etablissement")
        .unwrap();
    assert_eq!(rows as u64, table["rows"].as_u64().unwrap());
    assert!(clamart > 0);
    let (all, asked) = (remote.length, remote.asked.load(Ordering::Relaxed));
    let column = u64::try_from(held).unwrap();
    // Each page is asked with what the reader guesses of its header.
    assert!(
        asked - before < column + 16 * 1024,
        "{} asked for a column of {column}",
        asked - before
    );
    assert!(asked * 3 < all, "{asked} of {all} bytes");
    eprintln!(
        "observed: {asked} of {all} bytes in {} requests, {before} of them for the footer",
        remote.requests.load(Ordering::Relaxed)
    );
}

#[test]
fn each_file_is_the_one_of_the_snapshot_to_the_byte() {
    let server = sample_server();
    let listed = server.get("/parquet/manifest.json").json();
    let sums = server.get("/parquet/SHA256SUMS").text;
    let in_service = manifest(sample());
    assert_eq!(listed["snapshot"], in_service["id"]);
    for table in listed["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        for address in ["url", "url_snapshot"] {
            let answer = ask(&server, "GET", table[address].as_str().unwrap(), "");
            let found = fs::read(snapshot(sample()).join(format!("{name}.parquet"))).unwrap();
            assert!(answer.body == found, "{name}");
            let sum = hex(&Sha256::digest(&found));
            assert_eq!(table["sha256"], sum);
            assert_eq!(answer.headers["etag"], format!("\"{sum}\""));
            assert!(sums.contains(&format!("{sum}  {name}.parquet\n")));
        }
        let file = footer(&snapshot(sample()).join(format!("{name}.parquet")));
        assert_eq!(table["groupes_de_lignes"], file.num_row_groups());
        let columns = file.file_metadata().schema_descr().columns().len();
        assert_eq!(
            table["colonnes"].as_array().unwrap().len(),
            columns,
            "{name}"
        );
    }
}

#[test]
fn a_column_declared_never_null_has_no_null_and_each_says_what_it_is() {
    for table in TABLES {
        let path = snapshot(sample()).join(format!("{}.parquet", table.name));
        let metadata = footer(&path);
        for (position, column) in table.columns.iter().enumerate() {
            let nulls = metadata.row_groups().iter().map(|group| {
                let statistics = group.column(position).statistics();
                statistics
                    .and_then(parquet::file::statistics::Statistics::null_count_opt)
                    .unwrap_or(0)
            });
            let nulls: u64 = nulls.sum();
            assert!(
                column.nullable() || nulls == 0,
                "{}.{}",
                table.name,
                column.name
            );
        }
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        for (field, column) in reader.schema().fields().iter().zip(table.columns) {
            let said = field.metadata();
            assert_eq!(said["description"], column.description);
            assert_eq!(said["example"], column.example);
            assert!(said.contains_key("source") && said.contains_key("diffusion"));
            assert_eq!(
                said.contains_key("nomenclature"),
                column.nomenclature.is_some()
            );
        }
    }
}

/// Ranges cost no lookup: a reader makes many, and they are not what `--rate-limit` counts.
#[test]
fn ranges_are_not_counted_among_lookups() {
    let server = Server::start_with(&["serve", "--rate-limit", "1/s"], sample());
    let mut wire = Wire::to(&server);
    for _ in 0..20 {
        let answer = wire.ask("GET", "/parquet/doublon.parquet", "Range: bytes=-8\r\n");
        assert_eq!(answer.status, 206);
        assert!(!answer.headers.contains_key("ratelimit"));
    }
}

fn status_of(server: &Server, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Clients that ask for everything and take nothing: each holds a small buffer at most, and no thread;
/// those who take what they ask are answered all the same.
#[test]
fn downloads_that_are_not_taken_hold_neither_memory_nor_threads() {
    const CLIENTS: u64 = 300;
    let server = Server::start(sample());
    let path = url(&server, "etablissement");
    let path = path.strip_prefix(&server.base).unwrap();
    let whole = ask(&server, "GET", path, "");
    let (memory, threads) = (
        status_of(&server, "RssAnon:"),
        status_of(&server, "Threads:"),
    );
    let address = server.base.strip_prefix("http://").unwrap();
    let stalled: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            // Several answers on one connection, so that the system's own buffers are filled.
            for _ in 0..20 {
                write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            }
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let started = Instant::now();
    let again = ask(&server, "GET", path, "");
    assert!(again.body == whole.body);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    let held = status_of(&server, "RssAnon:").saturating_sub(memory);
    // 128 large buffers, a small one for each of the others, and what a connection costs.
    assert!(held < 96 * 1024, "{held} kB for {CLIENTS} clients");
    assert!(status_of(&server, "Threads:") <= threads + 16);
    eprintln!(
        "observed: {held} kB more, {} threads",
        status_of(&server, "Threads:")
    );
    // Each goes on where it was.
    let mut stream = stalled.into_iter().next().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut taken = vec![0; whole.body.len()];
    stream.read_exact(&mut taken).unwrap();
    assert!(taken.windows(4).any(|window| window == b"PAR1"));
}
