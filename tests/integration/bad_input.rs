//! Bad input gives one clear error, its documented exit code, and leaves what is served as it was.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{
    Ran, Served, assert_refused, copy_folder, generate, ingest, registre, run, snapshot,
    write_file, write_zip,
};

/// A folder of official files, and a data folder that serves them.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder };
        generate(1000, 1, &scene.source());
        let ran = ingest(scene.source(), &scene.data());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        scene
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.source().join("files").join(name)
    }

    /// The catalogue announces sizes and checksums; without it the files are found by their names.
    fn forget_the_catalogue(&self) {
        crate::harness::forget_the_catalogue(&self.source());
    }

    /// Ingests, expecting this exit code and these words, and nothing else changed.
    fn refused(&self, code: i32, words: &[&str]) -> Ran {
        let served = Served::of(&self.data());
        let ran = ingest(self.source(), &self.data());
        assert_refused(&ran, code, words, &self.data(), &served);
        ran
    }
}

fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    File::create(path).unwrap().write_all(&bytes).unwrap();
}

/// The CSV of a zip, changed and zipped again.
fn rewrite_csv(zip: &Path, change: impl FnOnce(String) -> String) {
    let (name, text) = crate::harness::csv_entries(zip).remove(0);
    write_zip(zip, &name, change(text).as_bytes());
}

#[test]
fn a_truncated_zip() {
    let scene = Scene::new();
    rewrite(&scene.file("StockEtablissement_utf8.zip"), |bytes| {
        bytes.truncate(bytes.len() / 2)
    });
    scene.refused(
        4,
        &[
            "StockEtablissement_utf8.zip",
            "announced by the publisher",
            "run again",
        ],
    );
    scene.forget_the_catalogue();
    scene.refused(
        4,
        &["StockEtablissement_utf8.zip", "not a whole zip archive"],
    );
}

#[test]
fn a_damaged_zip_of_the_right_size() {
    let scene = Scene::new();
    rewrite(&scene.file("StockUniteLegale_utf8.zip"), |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
    });
    scene.refused(4, &["StockUniteLegale_utf8.zip", "sha256"]);
    scene.forget_the_catalogue();
    scene.refused(4, &["StockUniteLegale_utf8"]);
}

#[test]
fn a_row_with_too_few_fields() {
    let scene = Scene::new();
    scene.forget_the_catalogue();
    rewrite_csv(&scene.source().join("StockUniteLegale_utf8.zip"), |text| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[41] = "130025265,O,,";
        lines.join("\n")
    });
    scene.refused(
        4,
        &[
            "StockUniteLegale_utf8.csv",
            "line 42",
            "4 champs au lieu de 35",
        ],
    );
}

#[test]
fn a_missing_required_column() {
    let scene = Scene::new();
    scene.forget_the_catalogue();
    rewrite_csv(
        &scene.source().join("StockEtablissement_utf8.zip"),
        |text| text.replacen(",codeCommuneEtablissement", ",autre", 1),
    );
    scene.refused(
        4,
        &[
            "StockEtablissement_utf8.csv",
            "required column missing: codeCommuneEtablissement",
        ],
    );
}

#[test]
fn a_key_there_twice_trips_its_gate_and_can_be_let_through_by_name() {
    let scene = Scene::new();
    scene.forget_the_catalogue();
    rewrite_csv(&scene.source().join("StockUniteLegale_utf8.zip"), |text| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(5, lines[4]);
        lines.join("\n")
    });
    scene.refused(5, &["cle-unique", "--allow cle-unique"]);
    let source = scene.source();
    let ran = run(&[
        "ingest",
        "--source",
        source.to_str().unwrap(),
        "--data",
        scene.data().to_str().unwrap(),
        "--allow",
        "cle-unique",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_file_a_tenth_of_its_usual_size_trips_its_gate() {
    let scene = Scene::new();
    scene.forget_the_catalogue();
    // Where the files were found without a catalogue once, that is what is in service.
    assert_eq!(ingest(scene.source(), &scene.data()).code, Some(0));
    rewrite_csv(&scene.source().join("StockUniteLegale_utf8.zip"), |text| {
        let lines: Vec<&str> = text.lines().collect();
        lines[..lines.len() / 10].join("\n")
    });
    scene.refused(
        5,
        &["volume", "StockUniteLegale", "% fewer", "--allow volume"],
    );
}

#[test]
fn a_column_of_unreadable_values_trips_its_gate() {
    let scene = Scene::new();
    scene.forget_the_catalogue();
    rewrite_csv(&scene.source().join("StockDoublons_utf8.zip"), |text| {
        let row = "130025265,356000000,22/03/2024\n";
        format!("{}\n{}", text.lines().next().unwrap(), row.repeat(40))
    });
    scene.refused(5, &["cle-unique"]);
    rewrite_csv(&scene.source().join("StockDoublons_utf8.zip"), |text| {
        let rows = (0..40).map(|n| format!("130025265,{:09},22/03/2024", 100_000_000 + n));
        let rows: Vec<String> = rows.collect();
        format!("{}\n{}", text.lines().next().unwrap(), rows.join("\n"))
    });
    scene.refused(
        5,
        &[
            "valeurs-illisibles",
            "dateDernierTraitementDoublon",
            "line 2",
        ],
    );
}

#[test]
fn an_empty_required_file_is_refused_even_the_first_time() {
    let scene = Scene::new();
    scene.forget_the_catalogue();
    rewrite_csv(
        &scene.source().join("StockEtablissement_utf8.zip"),
        |text| text.lines().next().unwrap().to_owned(),
    );
    let data = scene.folder.path().join("fresh");
    let ran = ingest(scene.source(), &data);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("table-vide") && ran.stderr.contains("etablissement"),
        "{}",
        ran.stderr
    );
}

#[test]
fn stray_files_beside_ours_are_left_alone() {
    let scene = Scene::new();
    for folder in ["staging", "snapshots"] {
        write_file(&scene.data().join(folder).join(".DS_Store"), b"");
    }
    fs::create_dir(scene.data().join("snapshots/copie")).unwrap();
    generate(1200, 1, &scene.source());
    let ran = ingest(scene.source(), &scene.data());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(scene.data().join("snapshots/copie").is_dir());
}

#[test]
fn a_damaged_snapshot_is_made_again() {
    let scene = Scene::new();
    let damaged = snapshot(&scene.data());
    File::options()
        .write(true)
        .open(damaged.join("unite_legale.parquet"))
        .unwrap()
        .set_len(1000)
        .unwrap();
    let ran = ingest(scene.source(), &scene.data());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(snapshot(&scene.data()) != damaged);
    let lookup = run(&[
        "lookup",
        "356000000",
        "--data",
        scene.data().to_str().unwrap(),
    ]);
    assert_eq!(lookup.code, Some(0), "{}", lookup.stderr);
}

#[test]
fn a_file_that_is_not_there() {
    let scene = Scene::new();
    fs::remove_file(scene.file("StockEtablissement_utf8.zip")).unwrap();
    scene.refused(3, &["StockEtablissement", "no such file"]);
    scene.forget_the_catalogue();
    scene.refused(3, &["StockEtablissement", "not found"]);
}

/// Opening a FIFO waits for whoever would write to it; reading a device never ends.
#[test]
fn a_fifo_a_device_or_a_folder_in_place_of_a_file() {
    let scene = Scene::new();
    let served = Served::of(&scene.data());
    let document = "api/1/datasets/5b7ffc618b4c4169d30727e0/index.json";
    let mirrored = "files/StockEtablissement_utf8.zip";
    let refused = |name: &str| {
        let path = scene.source().join(name);
        let aside = scene.folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let fifo = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(fifo.success());
        for next in ["a device", "a folder", "the file"] {
            let mut command = Command::new("timeout");
            command
                .args(["20", env!("CARGO_BIN_EXE_registre"), "ingest", "--source"])
                .arg(scene.source())
                .arg("--data")
                .arg(scene.data());
            let ran = Ran::from(command.output().unwrap());
            let words = [path.to_str().unwrap(), "not a regular file", "put the file"];
            assert_refused(&ran, 3, &words, &scene.data(), &served);
            let _a_folder_is_not = fs::remove_file(&path);
            match next {
                "a device" => std::os::unix::fs::symlink("/dev/zero", &path).unwrap(),
                "a folder" => fs::create_dir(&path).unwrap(),
                _ => fs::remove_dir(&path).unwrap(),
            }
        }
        fs::rename(&aside, &path).unwrap();
    };
    refused(document);
    refused(mirrored);
    scene.forget_the_catalogue();
    refused("StockEtablissement_utf8.zip");
    assert_eq!(ingest(scene.source(), &scene.data()).code, Some(0));
}

/// DuckDB takes a path for a pattern: the folder beside must not be read instead.
#[test]
fn a_data_folder_whose_name_is_a_pattern() {
    let scene = Scene::new();
    let named = |name: &str| scene.folder.path().join(name);
    for (name, beside) in [("a[1]b*?", "a1bxx"), ("[!a]", "b")] {
        copy_folder(&scene.data(), &named(name));
        copy_folder(&scene.data(), &named(beside));
        for entry in fs::read_dir(snapshot(&named(beside))).unwrap() {
            rewrite(&entry.unwrap().path(), |bytes| bytes.truncate(10));
        }
        assert_eq!(
            Served::of(&named(name)).answer,
            Served::of(&scene.data()).answer
        );
    }
    // Where even that cannot be written as a pattern, it is said.
    copy_folder(&scene.data(), &named("a\\b[1]"));
    let data = named("a\\b[1]");
    let ran = run(&["lookup", "356000000", "--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("choose another --data"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_unreachable_source() {
    let data = tempfile::tempdir().unwrap();
    // A port that was free a moment ago, where nobody listens.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ran = ingest(format!("http://127.0.0.1:{port}"), data.path());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!("127.0.0.1:{port}")),
        "{}",
        ran.stderr
    );
    let ran = ingest("/nulle/part", data.path());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("/nulle/part"), "{}", ran.stderr);
}

#[test]
fn an_older_edition_is_refused_and_can_be_let_through_by_name() {
    let scene = Scene::new();
    for dataset in ["5b7ffc618b4c4169d30727e0", "58e53811c751df03df38f42d"] {
        let path = scene
            .source()
            .join("api/1/datasets")
            .join(dataset)
            .join("index.json");
        rewrite(&path, |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replace("Novembre 2026", "Octobre 2026").into_bytes();
        });
    }
    // Another file too, or there would be nothing to do.
    rewrite_csv(&scene.file("StockDoublons_utf8.zip"), |text| {
        text.lines().take(2).collect::<Vec<_>>().join("\n")
    });
    let path = scene
        .source()
        .join("api/1/datasets/5b7ffc618b4c4169d30727e0/index.json");
    rewrite(&path, |bytes| {
        let mut document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        for resource in document["resources"].as_array_mut().unwrap() {
            resource["checksum"] = serde_json::Value::Null;
            resource["filesize"] = serde_json::Value::Null;
        }
        *bytes = document.to_string().into_bytes();
    });
    scene.refused(
        5,
        &["fraicheur", "2026-10-01", "2026-11-01", "--allow fraicheur"],
    );
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    File::create(&data).unwrap();
    let ran = ingest("sample", &data);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(data.to_str().unwrap()),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_full_disk() {
    let scene = Scene::new();
    let served = snapshot(&scene.data());
    generate(40_000, 2, &scene.source());
    // A file may not grow past this size: the system says no in the middle of a table, as a full
    // disk does. SIGXFSZ ignored, the write fails instead of killing the process.
    let script = "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\"";
    let output = Command::new("bash")
        .args([
            "-c",
            script,
            env!("CARGO_BIN_EXE_registre"),
            "ingest",
            "--source",
        ])
        .arg(scene.source())
        .arg("--data")
        .arg(scene.data())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ran = Ran::from(output);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
    assert_eq!(snapshot(&scene.data()), served);
    assert_eq!(
        fs::read_dir(scene.data().join("staging")).unwrap().count(),
        0,
        "the disk is freed"
    );
    let ran = ingest(scene.source(), &scene.data());
    assert_eq!(
        ran.code,
        Some(0),
        "and the next run goes through: {}",
        ran.stderr
    );
}

#[test]
fn a_second_ingestion_beside_a_running_one() {
    let scene = Scene::new();
    let lock = File::open(scene.data().join("ingest.lock")).unwrap();
    lock.lock().unwrap();
    scene.refused_while_locked();
    lock.unlock().unwrap();
    assert_eq!(ingest(scene.source(), &scene.data()).code, Some(0));
}

impl Scene {
    fn refused_while_locked(&self) {
        let ran = ingest(self.source(), &self.data());
        assert_eq!(ran.code, Some(7), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("another ingestion is running"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_corrupt_manifest() {
    let scene = Scene::new();
    let manifest = snapshot(&scene.data()).join("manifest.json");
    let whole = fs::read(&manifest).unwrap();
    rewrite(&manifest, |bytes| bytes.truncate(40));
    let data = scene.data();
    for command in [
        vec!["ingest", "--source", "sample"],
        vec!["lookup", "13002526500013"],
        vec!["serve", "--listen", "127.0.0.1:0"],
    ] {
        let output = registre()
            .args(&command)
            .arg("--data")
            .arg(&data)
            .output()
            .unwrap();
        let ran = Ran::from(output);
        assert_eq!(ran.code, Some(6), "{command:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("manifest.json"),
            "{command:?}: {}",
            ran.stderr
        );
    }
    File::create(&manifest).unwrap().write_all(&whole).unwrap();
    assert_eq!(ingest(scene.source(), &scene.data()).code, Some(0));
}

#[test]
fn a_folder_copied_elsewhere_still_serves() {
    let scene = Scene::new();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&scene.data(), copy.path());
    let lookup = run(&[
        "lookup",
        "356000000",
        "--data",
        copy.path().to_str().unwrap(),
    ]);
    assert_eq!(lookup.code, Some(0), "{}", lookup.stderr);
}
