//! Archives that are whole, and hold what they should not.

use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::scene::{FILE, Scene, file};
use super::site::Reply;
use crate::harness::{Server, csv_of, zip_of};

const CSV: &str = "StockEtablissement_utf8.csv";

/// The CSV the site has.
fn csv() -> String {
    csv_of(&file())
}

/// Changes a field of the one entry's headers, where the archive is read and where its entry is: at
/// that many bytes from the start of the one in the directory, and of the local one.
fn forge(mut zip: Vec<u8>, central: usize, local: usize, value: &[u8]) -> Vec<u8> {
    let directory = zip.windows(4).rposition(|at| at == b"PK\x01\x02").unwrap();
    for at in [directory + central, local] {
        zip[at..at + value.len()].copy_from_slice(value);
    }
    zip
}

/// Well-formed rows, a third of a gigabyte of them, in a zip of 1 MB.
fn bomb() -> Vec<u8> {
    let text = csv();
    let mut lines = text.lines();
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let rows = format!("{row}\n").repeat((1 << 20) / row.len());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(CSV, SimpleFileOptions::default().compression_level(Some(1)))
        .unwrap();
    writeln!(zip, "{header}").unwrap();
    for _ in 0..320 {
        zip.write_all(rows.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn link() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink(CSV, "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    zip.finish().unwrap().into_inner()
}

/// Each with its exit code, and what is said of it.
fn hostile() -> Vec<(Vec<u8>, i32, Vec<&'static str>)> {
    let text = csv();
    let csv = text.as_bytes();
    let whole = || zip_of(&[(CSV, csv)]);
    let says_less = u32::try_from(csv.len() / 2).unwrap().to_le_bytes();
    let says_gigabytes = 0xFFFF_FF00_u32.to_le_bytes();
    let wait = "wait for the publisher's next file";
    vec![
        (bomb(), 4, vec!["zip bomb", "times as much", "MB", wait]),
        (
            forge(whole(), 24, 22, &says_gigabytes),
            4,
            vec!["4.2 GB", "zip bomb", wait],
        ),
        // The headers say half: what comes out is counted.
        (
            forge(whole(), 24, 22, &says_less),
            4,
            vec![CSV, "larger than its declared uncompressed size"],
        ),
        (
            zip_of(&[(CSV, csv), ("StockEtablissement_v2.csv", csv)]),
            4,
            vec!["2 CSV files", "StockEtablissement_v2.csv", wait],
        ),
        (
            zip_of(&[("LISEZMOI.txt", b"bonjour")]),
            4,
            vec!["no CSV file", "LISEZMOI.txt", wait],
        ),
        (zip_of(&[]), 4, vec!["an empty archive", wait]),
        (
            zip_of(&[(CSV, b"")]),
            4,
            vec!["no CSV file", "(empty)", wait],
        ),
        (link(), 4, vec!["no CSV file", "(link)", wait]),
        // Encrypted; then a compression nobody here knows.
        (
            forge(whole(), 8, 6, &[1, 0]),
            4,
            vec![CSV, "is encrypted", wait],
        ),
        (
            forge(whole(), 10, 8, &[97, 0]),
            4,
            vec![CSV, "compressed otherwise", wait],
        ),
        (
            zip_of(&[(CSV, b"<!doctype html>\n<title>Maintenance</title>\n")]),
            4,
            vec![
                CSV,
                "required column missing: siren",
                "and 43 more",
                "newer registre",
            ],
        ),
    ]
}

#[test]
fn archives_that_hold_what_they_should_not_are_refused() {
    let mut scene = Scene::new();
    let server = Server::start(&scene.data());
    let ask = || server.get("/v1/unites-legales/356000000").text;
    let mut answered = Some(ask());
    for (archive, code, mut words) in hostile() {
        words.push("StockEtablissement");
        scene.lie_unannounced(move |_, _| Reply::new(200, archive.clone()).with("etag", "\"l\""));
        let ran = scene.ingest();
        scene.assert_refused(&ran, code, &words);
        // Over HTTP too, as long as nothing newer was published.
        if let Some(answered) = answered.take() {
            assert_eq!(ask(), answered);
        }
        scene.recovers();
        // What was refused is not kept: all of the honest file was asked for.
        assert_eq!(scene.asked()[0].range(), None);
        assert_eq!(scene.site.sent(FILE), scene.truth().len());
        scene.next_edition();
    }
}

/// Names of entries are shown, never obeyed: the table is the same whatever its file was called.
#[test]
fn names_of_entries_lead_nowhere() {
    let mut scene = Scene::new();
    let outside = scene.data().join("../evade.csv");
    let absolute = format!("{}/absolu.csv", scene.data().display());
    // A value that cannot be read is reported with the name of its file.
    let text = csv();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    let date = rows[1].find("-0").unwrap();
    rows[1].replace_range(date..=date, "x");
    let rows = rows.join("\n");
    let cases = [
        (CSV, CSV),
        ("../../../evade.csv", "evade.csv"),
        (&*absolute, "absolu.csv"),
        ("C:\\Windows\\a.csv", "a.csv"),
        ("a\u{1b}[2J\n\u{202e}.csv", "a__2J__.csv"),
    ];
    let mut tables = Vec::new();
    for (name, shown) in cases {
        let archive = zip_of(&[("LISEZMOI.txt", b"bonjour"), (name, rows.as_bytes())]);
        scene.lie_unannounced(move |_, _| Reply::new(200, archive.clone()).with("etag", "\"n\""));
        let ran = scene.ingest();
        scene.accepted(&ran);
        assert!(
            !ran.stderr.contains(['\u{1b}', '\u{202e}']),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.contains("the archive calls"), name != shown);
        let report = &scene.manifest_of("sources", "StockEtablissement")["report"];
        assert_eq!(report["samples"][0]["file"], shown, "{report}");
        assert!(!outside.exists());
        tables.push(scene.manifest_of("tables", "etablissement")["sha256"].clone());
        scene.next_edition();
    }
    assert!(tables.iter().all(|table| *table == tables[0]), "{tables:?}");
    scene.recovers();
}
