//! Snapshots that take each other's place under load.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::SIRET;
use super::wire::Wire;
use crate::harness::{
    Server, csv_entries, forget_the_catalogue, generate, ingest, snapshot, write_file, write_zip,
};

const CONNECTIONS: usize = 50;

/// Replaces a text in the CSV of a zip.
fn replace(zip: &Path, from: &str, to: &str) {
    let (name, text) = csv_entries(zip).remove(0);
    assert!(text.contains(from), "{from} in {name}");
    write_zip(zip, &name, text.replace(from, to).as_bytes());
}

/// The name of the snapshot in service.
fn id(data: &Path) -> String {
    snapshot(data)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// As a publication does.
pub fn publish(data: &Path, id: &str) {
    let aside = data.join("current.json.tmp");
    write_file(&aside, json!({ "snapshot": id }).to_string().as_bytes());
    fs::rename(aside, data.join("current.json")).unwrap();
}

/// Two snapshots in one data folder, the second made after texts of its source were replaced.
pub struct Two {
    pub folder: tempfile::TempDir,
    pub data: PathBuf,
    pub first: String,
    pub second: String,
}

impl Two {
    /// So many établissements; each change is a file, a text of it and what takes its place.
    pub fn made(etablissements: u32, changes: &[(&str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (source, data) = (folder.path().join("source"), folder.path().join("data"));
        generate(etablissements, 1, &source);
        forget_the_catalogue(&source);
        assert_eq!(ingest(&source, &data).code, Some(0));
        let first = id(&data);
        for (file, from, to) in changes {
            replace(&source.join(file), from, to);
        }
        let ran = ingest(&source, &data);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let second = id(&data);
        Self {
            folder,
            data,
            first,
            second,
        }
    }
}

/// What an answer says that differs between the two snapshots.
fn said(body: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&body["donnees"]["snapshot"]),
        text(&body["etablissement"]["libelle_voie"]),
        text(&body["unite_legale"]["denomination"]),
    )
}

#[test]
fn fifty_clients_see_one_snapshot_or_the_other_never_both_and_no_failure() {
    let changes = [
        (
            "StockUniteLegale_utf8.zip",
            "DIRECTION INTERMINISTERIELLE DU NUMERIQUE",
            "DIRECTION D'EXEMPLE",
        ),
        ("StockEtablissement_utf8.zip", "DE SEGUR", "D'EXEMPLE"),
    ];
    let Two {
        folder: _folder,
        data,
        first,
        second,
    } = Two::made(1500, &changes);
    let server = Server::start(&data);
    let running = AtomicBool::new(true);
    let seen = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut wire = Wire::to(&server);
                    let mut seen = BTreeSet::new();
                    while running.load(Ordering::Relaxed) {
                        let answer = wire.ask("GET", SIRET, "");
                        assert_eq!(answer.status, 200);
                        let said = said(&answer.json());
                        let etag = &answer.headers["etag"];
                        assert!(etag.contains(&said.0), "{etag} of {said:?}");
                        seen.insert(said);
                    }
                    seen
                })
            })
            .collect();
        for id in [&first, &second, &first] {
            publish(&data, id);
            std::thread::sleep(Duration::from_millis(1800));
        }
        running.store(false, Ordering::Relaxed);
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect::<BTreeSet<_>>()
    });
    let tuple = |id: &str, voie: &str, nom: &str| (id.to_owned(), voie.to_owned(), nom.to_owned());
    let expected = BTreeSet::from([
        tuple(
            &first,
            "DE SEGUR",
            "DIRECTION INTERMINISTERIELLE DU NUMERIQUE",
        ),
        tuple(&second, "D'EXEMPLE", "DIRECTION D'EXEMPLE"),
    ]);
    assert_eq!(seen, expected);
}
