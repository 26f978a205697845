//! The snapshots kept on disk: listed, checked again, gone back to, removed.

use std::fs;
use std::path::Path;

use crate::harness::{Ran, Server, generate, ingest, run, snapshot};

fn id(data: &Path) -> String {
    snapshot(data)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

fn on(data: &Path, arguments: &[&str]) -> Ran {
    run(&[arguments, &["--data", data.to_str().unwrap()]].concat())
}

fn done(ran: Ran) -> Ran {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

#[test]
fn an_operator_goes_back_and_the_night_does_not_undo_it() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(1000, 1, &source);
    done(ingest(&source, &data));
    let first = id(&data);
    generate(1100, 1, &source);
    done(ingest(&source, &data));
    let second = id(&data);
    let server = Server::start(&data);

    let listed = done(on(&data, &["snapshots"])).stdout;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines[0].starts_with(&second) && lines[0].contains("in service"),
        "{listed}"
    );
    assert!(
        lines[1].starts_with(&first) && lines[1].contains("kept"),
        "{listed}"
    );
    done(on(&data, &["verify"]));
    done(on(&data, &["verify", &first]));

    done(on(&data, &["rollback"]));
    assert_eq!(id(&data), first);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while server.get("/health").json()["snapshot"] != first.as_str() {
        assert!(
            std::time::Instant::now() < deadline,
            "the server did not go back"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(server.get("/v1/etablissements/13002526500013").status, 200);

    let again = ingest(&source, &data);
    assert_eq!(again.code, Some(5), "{}", again.stderr);
    assert!(
        again.stderr.contains("retour-arriere") && again.stderr.contains(&second),
        "{}",
        again.stderr
    );
    assert_eq!(id(&data), first);
    generate(1200, 1, &source);
    done(ingest(&source, &data));
    assert!(
        !data.join("rolled-back.json").exists(),
        "other files were published"
    );
}

#[test]
fn a_damaged_snapshot_is_told_and_not_gone_back_to() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(1000, 1, &source);
    done(ingest(&source, &data));
    let first = id(&data);
    let table = snapshot(&data).join("etablissement.parquet");
    generate(1100, 1, &source);
    done(ingest(&source, &data));
    let second = id(&data);

    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    crate::harness::write_file(&table, &bytes);
    let verify = on(&data, &["verify", &first]);
    assert_eq!(verify.code, Some(4), "{}", verify.stderr);
    assert!(
        verify.stderr.contains("etablissement.parquet") && verify.stderr.contains("damaged"),
        "{}",
        verify.stderr
    );
    assert_eq!(on(&data, &["rollback"]).code, Some(4));
    assert_eq!(id(&data), second);
    assert_eq!(on(&data, &["rollback", "inconnu"]).code, Some(6));
    done(on(&data, &["prune", "--keep", "2"]));
    assert!(table.exists(), "it left service a moment ago");
}

/// The file of each table of the snapshot in service, by its place on the disk.
fn places(data: &Path) -> std::collections::BTreeMap<String, u64> {
    use std::os::unix::fs::MetadataExt as _;
    let files = fs::read_dir(snapshot(data)).unwrap();
    let files = files.map(|entry| entry.unwrap()).filter(|entry| {
        entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "parquet")
    });
    files
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, entry.metadata().unwrap().ino())
        })
        .collect()
}

/// The tables that are other files than they were.
fn remade(before: &std::collections::BTreeMap<String, u64>, data: &Path) -> Vec<String> {
    let after = places(data);
    assert_eq!(after.len(), before.len());
    let changed = after
        .iter()
        .filter(|(name, place)| before[*name] != **place);
    changed
        .map(|(name, _)| name.trim_end_matches(".parquet").to_owned())
        .collect()
}

#[test]
fn a_source_that_did_not_change_is_not_converted_again() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(1000, 1, &source);
    done(ingest(&source, &data));
    let first = places(&data);

    // One other file, as a month brings.
    let other = folder.path().join("other");
    generate(1000, 2, &other);
    fs::copy(
        other.join("files/StockEtablissementLiensSuccession_utf8.zip"),
        source.join("files/StockEtablissementLiensSuccession_utf8.zip"),
    )
    .unwrap();
    announce_anything(&source);
    let ran = done(ingest(&source, &data));
    assert_eq!(remade(&first, &data), ["lien_succession"], "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("etablissement: its sources did not change"),
        "{}",
        ran.stderr
    );
    done(on(&data, &["verify"]));

    // A table damaged on the disk is made again, and only that one.
    let second = places(&data);
    let table = snapshot(&data).join("unite_legale.parquet");
    let length = fs::metadata(&table).unwrap().len();
    let mut bytes = fs::read(&table).unwrap();
    bytes[100] ^= 1;
    fs::remove_file(&table).unwrap();
    crate::harness::write_file(&table, &bytes);
    assert_eq!(fs::metadata(&table).unwrap().len(), length);
    generate(1000, 1, &source);
    announce_anything(&source);
    let second = {
        let mut second = second;
        second.insert("unite_legale.parquet".to_owned(), 0);
        second
    };
    let ran = done(ingest(&source, &data));
    assert_eq!(
        remade(&second, &data),
        ["lien_siren_rna", "lien_succession", "unite_legale"],
        "{}",
        ran.stderr
    );
    done(on(&data, &["verify"]));
}

/// Without sizes and checksums, the files may be any.
fn announce_anything(source: &Path) {
    for dataset in fs::read_dir(source.join("api/1/datasets")).unwrap() {
        let path = dataset.unwrap().path().join("index.json");
        let mut document: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for resource in document["resources"].as_array_mut().unwrap() {
            resource["filesize"] = serde_json::Value::Null;
            resource["checksum"] = serde_json::Value::Null;
        }
        crate::harness::write_file(&path, document.to_string().as_bytes());
    }
}
