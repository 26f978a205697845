//! Options, help, exit codes and what `generate` makes.

use std::path::Path;

use crate::harness::{generate, registre, run, sample};

#[test]
fn help_teaches_every_command_and_every_exit_code() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for word in [
        "up",
        "ingest",
        "serve",
        "lookup",
        "check",
        "generate",
        "sample",
        "Exit codes",
        "130",
    ] {
        assert!(help.stdout.contains(word), "{word}");
    }
    for command in ["up", "ingest", "serve", "lookup", "check", "generate"] {
        let help = run(&[command, "--help"]);
        assert_eq!(help.code, Some(0), "{command}");
    }
    let up = run(&["up", "--help"]).stdout;
    for word in [
        "REGISTRE_SOURCE",
        "REGISTRE_DATA",
        "REGISTRE_LISTEN",
        "https://www.data.gouv.fr",
        "127.0.0.1:8080",
        "[default: data]",
    ] {
        assert!(up.contains(word), "{word}");
    }
}

#[test]
fn wrong_usage_is_two() {
    assert_eq!(run(&["inconnu"]).code, Some(2));
    assert_eq!(run(&["serve", "--listen", "partout"]).code, Some(2));
    assert_eq!(run(&["ingest", "--allow", "tout"]).code, Some(2));
}

#[test]
fn an_environment_variable_is_an_option() {
    let output = registre()
        .args(["lookup", "13002526500013"])
        .env("REGISTRE_DATA", sample())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn lookup_prints_json_and_its_exit_code_tells_why_not() {
    let data = sample().to_str().unwrap();
    let found = run(&["lookup", "130 025 265 00013", "--data", data]);
    assert_eq!(found.code, Some(0), "{}", found.stderr);
    let body: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(body["etablissement"]["siret"], "13002526500013");
    let unknown = run(&["lookup", "732829320", "--data", data]);
    assert_eq!(unknown.code, Some(10), "{}", unknown.stderr);
    let body: serde_json::Value = serde_json::from_str(&unknown.stdout).unwrap();
    assert_eq!(body["code"], "inconnu");
    let malformed = run(&["lookup", "1300252650001", "--data", data]);
    assert_eq!(malformed.code, Some(11), "{}", malformed.stderr);
}

#[test]
fn an_address_in_use_is_eight() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = run(&[
        "serve",
        "--listen",
        &address,
        "--data",
        sample().to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
    assert!(ran.stderr.contains(&address), "{}", ran.stderr);
}

fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn the_same_seed_generates_the_same_bytes_and_another_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b, c) = (
        folder.path().join("a"),
        folder.path().join("b"),
        folder.path().join("c"),
    );
    generate(2000, 7, &a);
    generate(2000, 7, &b);
    generate(2000, 8, &c);
    let a = bytes_of(&a);
    assert!(a == bytes_of(&b));
    assert!(a != bytes_of(&c));
    let names: Vec<&str> = a.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"files/StockEtablissement_utf8.zip"),
        "{names:?}"
    );
}

#[test]
fn ingesting_the_same_files_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(1000, 1, &source);
    assert_eq!(crate::harness::ingest(&source, &data).code, Some(0));
    let served = crate::harness::snapshot(&data);
    let again = crate::harness::ingest(&source, &data);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("did not change"), "{}", again.stderr);
    assert_eq!(crate::harness::snapshot(&data), served);
}

#[test]
fn a_schedule_is_read_before_anything_is_done() {
    let data = tempfile::tempdir().unwrap();
    let ran = run(&[
        "up",
        "--refresh",
        "nope",
        "--source",
        "sample",
        "--data",
        data.path().to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("--refresh") && ran.stderr.contains("nope"),
        "{}",
        ran.stderr
    );
    assert!(!data.path().join("current.json").exists());
}
