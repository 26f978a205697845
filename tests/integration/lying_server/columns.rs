//! The same register in other columns, in another encoding, or with rows missing.

use super::scene::{DATASETS, FILE, Scene, edited, editions, file, site_path};
use super::site::Reply;
use crate::harness::{Ran, csv_entries, csv_of, zip_of};

/// The rows of the honest file, field by field.
fn rows() -> Vec<Vec<String>> {
    rows_of(&csv_of(&file()))
}

fn rows_of(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let records = reader.records().map(Result::unwrap);
    let rows = records.map(|record| record.iter().map(str::to_owned).collect());
    rows.collect()
}

fn zipped(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    zip_of(&[("StockEtablissement_utf8.csv", &writer.into_inner().unwrap())])
}

/// The place of a column.
fn at(rows: &[Vec<String>], name: &str) -> usize {
    rows[0].iter().position(|column| column == name).unwrap()
}

/// Changes a row, given the place of a column and the number of its line.
type Fault = fn(&mut Vec<String>, usize, usize);

impl Scene {
    fn gives(&self, archive: Vec<u8>) {
        self.lie_unannounced(move |_, _| Reply::new(200, archive.clone()).with("etag", "\"c\""));
    }
}

#[test]
fn columns_in_another_order_or_another_encoding_are_the_same_table() {
    let mut scene = Scene::new();
    let text = csv_of(&file()).replace("PARIS", "PÂRÏS");
    assert!(!text.is_ascii());
    let name = "StockEtablissement_utf8.csv";
    scene.gives(zip_of(&[(name, text.as_bytes())]));
    scene.accepted(&scene.ingest());
    let honest = scene.manifest_of("tables", "etablissement")["sha256"].clone();
    let reordered: Vec<Vec<String>> = rows_of(&text)
        .into_iter()
        .map(|row| row.into_iter().rev().collect())
        .collect();
    let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    for archive in [zipped(&reordered), zip_of(&[(name, &latin1)])] {
        scene.next_edition();
        scene.gives(archive);
        scene.accepted(&scene.ingest());
        let table = scene.manifest_of("tables", "etablissement");
        assert_eq!(table["sha256"], honest);
    }
    scene.next_edition();
    scene.recovers();
}

#[test]
fn columns_added_are_kept_and_those_renamed_or_missing_are_said_or_refused() {
    let mut scene = Scene::new();
    let columns = ["codeInconnuEtablissement", "SIREN", "libellé\u{7}"];
    let mut added = rows();
    for (index, row) in added.iter_mut().enumerate() {
        for column in columns {
            row.push(if index == 0 {
                column.to_owned()
            } else {
                index.to_string()
            });
        }
    }
    scene.gives(zipped(&added));
    let ran = scene.ingest();
    scene.accepted(&ran);
    let report = scene.manifest_of("sources", "StockEtablissement")["report"].clone();
    let kept = serde_json::json!(["codeInconnuEtablissement", "SIREN", "libellé"]);
    assert_eq!(report["unknown_columns"], kept);
    assert!(
        ran.stderr
            .contains("unknown columns kept as text: codeInconnu"),
        "{}",
        ran.stderr
    );
    // Answers are those of the honest file, whatever stands beside.
    let with_more = etablissement(&scene);
    scene.next_edition();
    scene.recovers();
    assert_eq!(with_more, etablissement(&scene));

    // A column that some editions do not have, and the one in service has: said, refused by its gate,
    // null when let through.
    scene.next_edition();
    let mut renamed = rows();
    let column = at(&renamed, "activitePrincipaleNAF25Etablissement");
    renamed[0][column] = "activiteNAF2025Etablissement".to_owned();
    scene.gives(zipped(&renamed));
    let words = [
        "valeurs-absentes",
        "activitePrincipaleNAF25Etablissement",
        "100.0 %",
    ];
    let ran = scene.ingest();
    scene.assert_refused(&ran, 5, &words);
    let mut command = scene.command();
    let ran = Ran::from(
        command
            .args(["--allow", "valeurs-absentes"])
            .output()
            .unwrap(),
    );
    scene.accepted(&ran);
    for said in [
        "columns not in this edition, null: activitePrincipaleNAF25Etablissement",
        "unknown columns kept as text: activiteNAF2025Etablissement",
    ] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }

    // One that every edition has: renamed, missing, or there twice.
    let missing = [
        "required column missing: codeCommuneEtablissement",
        "newer registre",
    ];
    let twice = [
        "\"codeCommuneEtablissement\" appears twice",
        "newer registre",
    ];
    let name = "codeCommuneEtablissement";
    let faults: [(Fault, _); 3] = [
        (
            |row, at, line| {
                if line == 0 {
                    "commune".clone_into(&mut row[at])
                }
            },
            missing,
        ),
        (|row, at, _| drop(row.remove(at)), missing),
        (|row, at, _| row.push(row[at].clone()), twice),
    ];
    for (fault, words) in faults {
        scene.next_edition();
        let mut faulty = rows();
        let column = at(&faulty, name);
        for (line, row) in faulty.iter_mut().enumerate() {
            fault(row, column, line);
        }
        scene.gives(zipped(&faulty));
        let ran = scene.ingest();
        let line = "StockEtablissement_utf8.csv, line 1";
        scene.assert_refused(&ran, 4, &[line, words[0], words[1]]);
        scene.recovers();
    }
}

fn etablissement(scene: &Scene) -> serde_json::Value {
    let data = scene.data();
    let ran = crate::harness::run(&["lookup", "13002526500013", "--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    answer["etablissement"].clone()
}

/// As `rna_import_20220401.zip` was; and so for each file that is more than a few rows.
#[test]
fn a_file_a_quarter_of_its_usual_size_trips_its_gate() {
    let mut scene = Scene::new();
    let import = site_path("rna_import");
    for path in [import.as_str(), FILE] {
        let entries = csv_entries(&editions().1.join(&path[1..]));
        // Of the départements, or of the rows of the only file.
        let quarter: Vec<(&str, String)> = match entries.as_slice() {
            [(name, text)] => {
                let lines: Vec<&str> = text.lines().collect();
                vec![(name, lines[..lines.len() / 4].join("\n"))]
            }
            several => several[..several.len() / 4]
                .iter()
                .map(|(name, text)| (name.as_str(), text.clone()))
                .collect(),
        };
        let quarter: Vec<(&str, &[u8])> = quarter
            .iter()
            .map(|(name, text)| (*name, text.as_bytes()))
            .collect();
        let archive = zip_of(&quarter);
        let source = if path == FILE {
            "StockEtablissement"
        } else {
            "rna_import"
        };
        let path = path.to_owned();
        scene.site.lie(move |request, honest| match &*request.path {
            asked if asked == path => Reply::new(200, archive.clone()),
            path if DATASETS.contains(&path) => edited(&honest, |resource| {
                resource["filesize"] = serde_json::Value::Null;
                resource["checksum"] = serde_json::Value::Null;
            }),
            _ => honest,
        });
        let ran = scene.ingest();
        scene.assert_refused(&ran, 5, &["volume", source, "% fewer", "--allow volume"]);
        scene.recovers();
        scene.next_edition();
    }
}
