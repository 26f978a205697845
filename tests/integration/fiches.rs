//! Lookups answered from the fiches, and from the tables when there are none or they are damaged, are
//! the same; the same tables make the same fiches.

use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::fiche::body::{RNA_FILE, SIRENE_FILE, WITHIN};
use registre_schemas::identifiers::{Siren, Tva};
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::harness::{
    Server, forget_the_catalogue, generate, ingest, manifest, run, sample, sample_server, snapshot,
    wait_until, write_file,
};
use crate::hidden_since::change_rows;
use crate::oracle::{assert_same_rows, csv_rows, parquet_rows};

/// What a server says, once, of fiches that it does not ask.
pub const GIVEN_UP: &str = "lookups are answered from the tables";

/// A data folder whose snapshot has the tables of another, under second names, and copies of its fiches.
fn twin(data: &Path, to: &Path) -> PathBuf {
    let (from, id) = (snapshot(data), snapshot(data));
    let id = id.file_name().unwrap();
    let folder = to.join("snapshots").join(id);
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        let here = folder.join(path.file_name().unwrap());
        let is_table = path
            .extension()
            .is_some_and(|extension| extension == "parquet");
        if !is_table || fs::hard_link(&path, &here).is_err() {
            fs::copy(&path, &here).unwrap();
        }
    }
    fs::copy(data.join("current.json"), to.join("current.json")).unwrap();
    folder
}

/// As the first versions made it: no fiches, and none in the manifest.
pub fn without_fiches(data: &Path, to: &Path) -> PathBuf {
    let folder = twin(data, to);
    let mut without = manifest(to);
    assert!(without.as_object_mut().unwrap().remove("fiches").is_some());
    write_file(
        &folder.join("manifest.json"),
        without.to_string().as_bytes(),
    );
    for name in [SIRENE_FILE, RNA_FILE] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    folder
}

fn column(table: &'static Table, name: &str) -> Vec<String> {
    let at = table.index_of(name).unwrap();
    let rows = parquet_rows(sample(), table).into_iter();
    rows.map(|mut row| std::mem::take(&mut row[at])).collect()
}

/// Each address gives the same from both, asked by four clients at a time.
fn assert_same(one: &Server, other: &Server, paths: &[String]) {
    std::thread::scope(|scope| {
        for client in 0..4 {
            scope.spawn(move || {
                for path in paths.iter().skip(client).step_by(4) {
                    let (got, expected) = (one.get(path), other.get(path));
                    assert!(expected.status < 500, "{path}: {}", expected.text);
                    assert_eq!(got.status, expected.status, "{path}: {}", got.text);
                    assert_eq!(got.content_type, expected.content_type, "{path}");
                    assert_eq!(got.text, expected.text, "{path}");
                }
            });
        }
    });
}

/// So many of them, spread over all.
fn some(all: &[String], count: usize) -> impl Iterator<Item = &String> {
    all.iter().step_by((all.len() / count).max(1))
}

/// The pages of a list, followed by their links, until there are no more or enough.
fn pages(server: &Server, first: String, at_most: usize) -> Vec<String> {
    let mut paths = vec![first];
    while paths.len() < at_most {
        let answer = server.get(paths.last().unwrap()).json();
        match answer["suivant"].as_str() {
            Some(next) => paths.push(next.to_owned()),
            None => break,
        }
    }
    paths
}

/// Units by their number of établissements, the largest last.
fn by_size() -> Vec<(usize, String)> {
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for siren in column(&ETABLISSEMENT, "siren") {
        *sizes.entry(siren).or_default() += 1;
    }
    let mut sizes: Vec<_> = sizes
        .into_iter()
        .map(|(siren, size)| (size, siren))
        .collect();
    sizes.sort();
    sizes
}

#[test]
fn every_key_is_answered_as_the_tables_have_it() {
    let folder = tempfile::tempdir().unwrap();
    without_fiches(sample(), folder.path());
    let (tables, fiches) = (Server::start(folder.path()), sample_server());
    let sirens = column(&UNITE_LEGALE, "siren");
    let sirets = column(&ETABLISSEMENT, "siret");
    let ids = column(&ASSOCIATION, "id");
    let mut replaced = column(&DOUBLON, "siren");
    replaced.extend(column(&DOUBLON, "sirenDoublon"));
    let of_siren = |siren: &String| Tva::from(siren.parse::<Siren>().unwrap());
    let tva = sirens
        .iter()
        .step_by(20)
        .map(|siren| of_siren(siren).as_str().to_owned());
    let unknown = [
        "100000017",
        "10000001700010",
        "W000000000",
        "FR14100000017",
        "1234",
    ];
    let all: Vec<String> = sirens
        .iter()
        .chain(&sirets)
        .chain(&ids)
        .chain(&replaced)
        .cloned()
        .chain(tva)
        .chain(unknown.map(str::to_owned))
        .collect();
    assert!(all.len() > 50_000, "{}", all.len());
    // Every key: all that is gathered of its organisation.
    let lots: Vec<String> = all
        .chunks(1000)
        .map(|keys| serde_json::to_string(keys).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for client in 0..2 {
            let (tables, fiches, lots) = (&tables, &fiches, &lots);
            scope.spawn(move || {
                for lot in lots.iter().skip(client).step_by(2) {
                    let got = fiches.post("/v1/organisations", lot.clone());
                    let expected = tables.post("/v1/organisations", lot.clone());
                    assert_eq!(
                        (got.status, expected.status),
                        (200, 200),
                        "{}",
                        expected.text
                    );
                    assert!(
                        got.text == expected.text,
                        "{}",
                        first_difference(&got.text, &expected.text)
                    );
                }
            });
        }
    });
    // Each route, one by one: DuckDB answers some fifty a second.
    let mut paths = Vec::new();
    for siret in some(&sirets, 150) {
        paths.push(format!("/v1/etablissements/{siret}"));
    }
    for siren in some(&sirens, 80).chain(some(&replaced, 40)) {
        paths.push(format!("/v1/unites-legales/{siren}"));
    }
    for siren in some(&sirens, 20).chain(some(&replaced, 10)) {
        paths.push(format!("/v1/unites-legales/{siren}/etablissements"));
        paths.push(format!(
            "/v1/unites-legales/{siren}/etablissements?format=ndjson&etat=F"
        ));
    }
    for id in some(&ids, 60) {
        paths.push(format!("/v1/associations/{id}"));
    }
    for key in some(&all, 80).map(String::as_str).chain(unknown) {
        paths.push(format!("/v1/organisations/{key}"));
    }
    for key in unknown {
        for route in ["etablissements", "unites-legales", "associations"] {
            paths.push(format!("/v1/{route}/{key}"));
        }
    }
    assert_same(&fiches, &tables, &paths);
    assert_eq!(tables.said("ERROR"), Vec::<String>::new());
}

/// Keys that several rows of a table have, those of most rows first; there must be some.
fn often(table: &'static Table, name: &str, at_most: usize) -> Vec<String> {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for key in column(table, name) {
        *rows.entry(key).or_default() += 1;
    }
    let mut keys: Vec<_> = rows.into_iter().filter(|(_, rows)| *rows > 1).collect();
    keys.sort_by_key(|(_, rows)| Reverse(*rows));
    assert!(!keys.is_empty(), "{name}");
    keys.into_iter().take(at_most).map(|(key, _)| key).collect()
}

/// A row of a list is written after the one before it or after none, by the list: reading follows.
#[test]
fn lists_of_several_rows_are_answered_as_the_tables_have_them() {
    let folder = tempfile::tempdir().unwrap();
    without_fiches(sample(), folder.path());
    let (tables, fiches) = (Server::start(folder.path()), sample_server());
    let mut paths = Vec::new();
    for end in [
        "siretEtablissementPredecesseur",
        "siretEtablissementSuccesseur",
    ] {
        for siret in often(&LIEN_SUCCESSION, end, 20) {
            paths.push(format!("/v1/etablissements/{siret}/successions"));
            paths.push(format!("/v1/organisations/{siret}"));
        }
    }
    for siret in often(&ETABLISSEMENT_PERIODE, "siret", 25) {
        paths.push(format!("/v1/etablissements/{siret}/periodes"));
    }
    for siren in often(&UNITE_LEGALE_PERIODE, "siren", 25) {
        paths.push(format!("/v1/unites-legales/{siren}/periodes"));
    }
    assert_same(&fiches, &tables, &paths);
    assert_eq!(tables.said("ERROR"), Vec::<String>::new());
}

fn first_difference(one: &str, other: &str) -> String {
    let at = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let around = |text: &str| {
        let from = text.floor_char_boundary(at.saturating_sub(200));
        let to = text.floor_char_boundary(at + 200);
        text[from..to].to_owned()
    };
    format!("fiches: {}\n tables: {}", around(one), around(other))
}

/// Every établissement with all its columns, by the export of its unit.
#[test]
fn every_etablissement_comes_out_of_the_fiches_whole() {
    let server = sample_server();
    let sizes = by_size();
    let rows: Vec<Vec<String>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (server, sizes) = (&server, &sizes);
                scope.spawn(move || {
                    let mut rows = Vec::new();
                    for (size, siren) in sizes.iter().skip(client).step_by(4) {
                        let path = format!("/v1/unites-legales/{siren}/etablissements?format=csv");
                        let text = server.get(&path).text;
                        let text = text.trim_start_matches('\u{feff}');
                        let own = csv_rows(text, b',', &ETABLISSEMENT);
                        assert_eq!(own.len(), *size, "{siren}");
                        rows.extend(own);
                    }
                    rows
                })
            })
            .collect();
        let made = clients
            .into_iter()
            .flat_map(|client| client.join().unwrap());
        made.collect()
    });
    assert_same_rows(
        &ETABLISSEMENT,
        rows,
        &parquet_rows(sample(), &ETABLISSEMENT),
    );
}

#[test]
fn large_units_are_paged_through_alike() {
    let folder = tempfile::tempdir().unwrap();
    without_fiches(sample(), folder.path());
    let (tables, fiches) = (Server::start(folder.path()), sample_server());
    let sizes = by_size();
    let large: Vec<_> = sizes.iter().filter(|(size, _)| *size > WITHIN).collect();
    assert!(
        large.len() >= 2,
        "{} units have entries of their own",
        large.len()
    );
    let around = sizes.iter().rev().find(|(size, _)| *size <= WITHIN);
    let mut chosen = vec![large[0], large[large.len() / 2], large[large.len() - 1]];
    chosen.extend(around);
    let mut paths = Vec::new();
    for (size, siren) in chosen {
        let list = format!("/v1/unites-legales/{siren}/etablissements");
        paths.extend(pages(&fiches, format!("{list}?limite=7"), 20));
        for etat in ["A", "F"] {
            let first = format!("{list}?limite={}&etat={etat}", (size / 6).clamp(1, 1000));
            paths.extend(pages(&fiches, first, 8));
        }
        paths.push(format!("{list}?limite=1000"));
        paths.push(format!("{list}?format=ndjson"));
        let all = fiches.get(&format!("{list}?limite=1000")).json();
        let all = all["etablissements"].as_array().unwrap().clone();
        let siret = |position: usize| {
            let etablissement: &Value = &all[position.min(all.len() - 1)];
            etablissement["siret"].as_str().unwrap().to_owned()
        };
        // On either side of those that the entry of the unit holds itself.
        for siret in [0, WITHIN - 1, WITHIN, WITHIN + 1, all.len() - 1].map(siret) {
            paths.push(format!("{list}?limite=3&apres={siret}"));
            paths.push(format!("{list}?format=ndjson&etat=A&apres={siret}"));
            paths.push(format!("/v1/etablissements/{siret}"));
            paths.push(format!("/v1/organisations/{siret}"));
        }
        paths.push(format!("{list}?apres={siren}00000"));
        paths.push(format!("/v1/etablissements/{siren}99999"));
    }
    assert_same(&fiches, &tables, &paths);
}

/// What is asked of a server whose fiches are damaged.
const ASKED: &[&str] = &[
    "/v1/etablissements/35600000000048",
    "/v1/unites-legales/356000000",
    "/v1/unites-legales/356000000/etablissements?limite=5",
    "/v1/organisations/356000000",
    "/v1/organisations/13002526500013",
    "/v1/etablissements/99999999900019",
];

fn assert_answers_right(server: &Server, damage: &str) {
    for path in ASKED {
        let (got, expected) = (server.get(path), sample_server().get(path));
        assert_eq!(
            got.status, expected.status,
            "{damage}: {path}: {}",
            got.text
        );
        assert_eq!(got.text, expected.text, "{damage}: {path}");
    }
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 0x10;
    bytes
}

/// Where the footer is.
fn footer(bytes: &[u8]) -> std::ops::Range<usize> {
    let end = bytes.len() - 16;
    let length = u64::from_le_bytes(bytes[end..end + 8].try_into().unwrap());
    end - usize::try_from(length).unwrap()..end
}

#[test]
fn damaged_fiches_are_told_and_every_lookup_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let snapshot = twin(sample(), &data);
    let (source, other) = (folder.path().join("source"), folder.path().join("other"));
    generate(1000, 4, &source);
    assert_eq!(ingest(&source, &other).code, Some(0));
    let another = |name: &str| fs::read(crate::harness::snapshot(&other).join(name)).unwrap();
    let sirene = fs::read(snapshot.join(SIRENE_FILE)).unwrap();
    let rna = fs::read(snapshot.join(RNA_FILE)).unwrap();
    let end = footer(&sirene);
    let cut = |length: usize| Some(sirene[..length].to_vec());
    let damages: Vec<(&str, &str, Option<Vec<u8>>)> = vec![
        ("empty", SIRENE_FILE, cut(0)),
        ("seven bytes", SIRENE_FILE, cut(7)),
        ("half", SIRENE_FILE, cut(sirene.len() / 2)),
        ("one byte short", SIRENE_FILE, cut(sirene.len() - 1)),
        ("missing", SIRENE_FILE, None),
        (
            "of another snapshot",
            SIRENE_FILE,
            Some(another(SIRENE_FILE)),
        ),
        ("first byte", SIRENE_FILE, Some(flipped(&sirene, 0))),
        (
            "size of the footer",
            SIRENE_FILE,
            Some(flipped(&sirene, end.start + 2)),
        ),
        (
            "middle of the footer",
            SIRENE_FILE,
            Some(flipped(&sirene, usize::midpoint(end.start, end.end))),
        ),
        (
            "checksum of the footer",
            SIRENE_FILE,
            Some(flipped(&sirene, end.end - 1)),
        ),
        (
            "length of the footer",
            SIRENE_FILE,
            Some(flipped(&sirene, end.end)),
        ),
        (
            "trailer",
            SIRENE_FILE,
            Some(flipped(&sirene, sirene.len() - 1)),
        ),
        ("first block", SIRENE_FILE, Some(flipped(&sirene, 100))),
        (
            "a block",
            SIRENE_FILE,
            Some(flipped(&sirene, end.start / 3)),
        ),
        (
            "last block",
            SIRENE_FILE,
            Some(flipped(&sirene, end.start - 5)),
        ),
        (
            "a block of the RNA",
            RNA_FILE,
            Some(flipped(&rna, rna.len() / 3)),
        ),
        ("missing", RNA_FILE, None),
    ];
    for (damage, name, bytes) in damages {
        let path = snapshot.join(name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        if let Some(bytes) = &bytes {
            write_file(&path, bytes);
        }
        let verified = run(&["verify", "--data", data.to_str().unwrap()]);
        let code = if bytes.is_some() { 4 } else { 6 };
        assert_eq!(verified.code, Some(code), "{damage}: {}", verified.stderr);
        assert!(
            verified.stderr.contains(name),
            "{damage}: {}",
            verified.stderr
        );
        let server = Server::start(&data);
        wait_until(damage, || !server.said(GIVEN_UP).is_empty());
        assert_answers_right(&server, damage);
        let said = server.said(GIVEN_UP);
        assert_eq!(said.len(), 1, "{damage}: {said:?}");
        assert!(said[0].contains(name), "{damage}: {said:?}");
        assert_eq!(server.said("panicked"), Vec::<String>::new(), "{damage}");
        eprintln!("observed: {damage}: {}", said[0]);
        drop(server);
        write_file(&path, &whole);
    }
    let verified = run(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}

/// Found by the lookup that reads it: this very one is answered right.
#[test]
fn a_block_damaged_under_a_server_is_found_by_the_lookup_that_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = twin(sample(), folder.path());
    let server = Server::start_saying("info,registre_query_api=debug", folder.path());
    let checked = || server.said("sha256 as published").len() == 2;
    wait_until("both files are read whole", checked);
    let path = snapshot.join(SIRENE_FILE);
    let bytes = fs::read(&path).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    // All blocks, so that the one that is read is among them.
    let blocks = bytes[8..footer(&bytes).start]
        .iter()
        .map(|byte| byte ^ 0x55);
    file.write_all_at(&blocks.collect::<Vec<u8>>(), 8).unwrap();
    assert_eq!(server.said(GIVEN_UP), Vec::<String>::new());
    assert_answers_right(&server, "under a server");
    wait_until("said", || !server.said(GIVEN_UP).is_empty());
    assert_eq!(server.said(GIVEN_UP).len(), 1);
    // Shorter than it was.
    let other = folder.path().join("other");
    let snapshot = twin(sample(), &other);
    let server = Server::start(&other);
    let file = fs::File::options()
        .write(true)
        .open(snapshot.join(SIRENE_FILE))
        .unwrap();
    file.set_len(100).unwrap();
    assert_answers_right(&server, "cut under a server");
}

/// Those of the snapshot in service: name and sha256.
fn sums(data: &Path) -> Vec<(String, String)> {
    let manifest = manifest(data);
    let files = manifest["fiches"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    files
        .map(|file| (text(&file["file"]), text(&file["sha256"])))
        .collect()
}

fn inode(data: &Path, name: &str) -> u64 {
    fs::metadata(snapshot(data).join(name)).unwrap().ino()
}

#[test]
fn a_snapshot_without_fiches_serves_and_the_next_ingestion_makes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    without_fiches(sample(), data);
    let server = Server::start(data);
    assert_answers_right(&server, "without fiches");
    assert_eq!(server.said(GIVEN_UP), Vec::<String>::new());
    let ran = ingest("sample", data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(sums(data), sums(sample()), "made twice, in two folders");

    // Damaged within, its size as it was: what the server tells to run makes them again.
    let path = snapshot(data).join(SIRENE_FILE);
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    write_file(&path, &flipped(&bytes, bytes.len() / 2));
    let damaged = snapshot(data);
    let ran = ingest("sample", data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_ne!(snapshot(data), damaged);
    assert_eq!(sums(data), sums(sample()));
    let verified = run(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}

#[test]
fn an_index_of_another_version_is_made_again_and_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let path = twin(sample(), data).join("recherche.index");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() = b'1';
    fs::remove_file(&path).unwrap();
    write_file(&path, &bytes);
    let kept = [SIRENE_FILE, RNA_FILE, "etablissement.parquet"];
    let before = kept.map(|name| inode(data, name));
    let answer = Server::start(data).get("/v1/suggestions?q=poste");
    assert_eq!(answer.status, 503, "{}", answer.text);
    let ran = ingest("sample", data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(sums(data), sums(sample()));
    assert_eq!(kept.map(|name| inode(data, name)), before);
}

#[test]
fn another_small_table_makes_the_fiches_again_and_no_other_table() {
    let folder = tempfile::tempdir().unwrap();
    let [source, data] = ["source", "data"].map(|name| folder.path().join(name));
    generate(1000, 1, &source);
    forget_the_catalogue(&source);
    assert_eq!(ingest(&source, &data).code, Some(0));
    let places = [SIRENE_FILE, RNA_FILE].map(|name| inode(&data, name));
    let before = sums(&data);
    // One pair of doublons another way round.
    let mut turned = false;
    change_rows(&source.join("StockDoublons_utf8.zip"), |set, get| {
        if !turned {
            turned = true;
            set("siren", &get("sirenDoublon"));
            set("sirenDoublon", &get("siren"));
        }
    });
    let etablissements = inode(&data, "etablissement.parquet");
    let ran = ingest(&source, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(inode(&data, "etablissement.parquet"), etablissements);
    assert_ne!(inode(&data, SIRENE_FILE), places[0]);
    assert_ne!(sums(&data)[0], before[0]);
    let verified = run(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}
