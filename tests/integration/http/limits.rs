//! How often a client may ask, from the command line.

use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::SIRET;
use super::wire::{Wire, ask};
use crate::harness::{Ran, Server, assert_one_error, registre, sample, write_file};

/// Of "secret-specimen".
const SHA: &str = "2303e6d607f9f67d7af2c8b0662925dbc0adb72491c3f9128a17082011a3ed7b";

#[test]
fn a_limit_is_by_client_and_a_key_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("cles.toml");
    write_file(
        &keys,
        format!("[specimen]\nsha256 = \"{SHA}\"\nlimit = \"50/min\"\n").as_bytes(),
    );
    let arguments = [
        "serve",
        "--rate-limit",
        "2/min",
        "--trusted-proxy",
        "127.0.0.0/8",
        "--keys",
        keys.to_str().unwrap(),
    ];
    let server = Server::start_with(&arguments, sample());
    let statuses = |headers: &str| -> Vec<u16> {
        let mut wire = Wire::to(&server);
        (0..3)
            .map(|_| wire.ask("GET", SIRET, headers).status)
            .collect()
    };
    assert_eq!(statuses("X-Forwarded-For: 192.0.2.1\r\n"), [200, 200, 429]);
    assert_eq!(statuses("X-Forwarded-For: 192.0.2.2\r\n"), [200, 200, 429]);
    assert_eq!(statuses("X-Api-Key: secret-specimen\r\n"), [200, 200, 200]);
    let refused = ask(&server, "GET", SIRET, "X-Forwarded-For: 192.0.2.1\r\n");
    assert_eq!(refused.json()["code"], "trop_de_requetes");
    assert_eq!(refused.headers["ratelimit-policy"], "\"adresse\";q=2;w=60");
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let unknown = ask(&server, "GET", SIRET, "Authorization: Bearer autre\r\n");
    assert_eq!(
        (unknown.status, unknown.headers["www-authenticate"].as_str()),
        (401, "Bearer")
    );
    assert_eq!(
        ask(&server, "GET", "/health", "X-Forwarded-For: 192.0.2.1\r\n").status,
        200
    );
    // A key taken away is refused within seconds.
    write_file(&keys, b"");
    let deadline = Instant::now() + Duration::from_secs(10);
    while ask(&server, "GET", SIRET, "X-Api-Key: secret-specimen\r\n").status != 401 {
        assert!(Instant::now() < deadline, "the key is still good");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_file_of_keys_that_is_wrong_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("cles.toml");
    write_file(&keys, b"[specimen]\nsha256 = \"12\"\nlimit = \"50/min\"\n");
    let started = |arguments: &[&str]| -> Ran {
        let mut command = registre();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(sample());
        command.args(arguments).output().unwrap().into()
    };
    let path = keys.to_str().unwrap();
    let ran = started(&["--rate-limit", "7/s", "--keys", path]);
    assert_one_error(&ran, 2, &["cles.toml", "specimen", "sha256sum"]);
    let ran = started(&["--rate-limit", "7/s", "--keys", "/nulle/part"]);
    assert_one_error(&ran, 2, &["/nulle/part"]);
    for (arguments, words) in [
        (&["--rate-limit", "7"][..], "7/s, 100/min"),
        (&["--keys", path], "--rate-limit"),
        (
            &["--rate-limit", "7/s", "--trusted-proxy", "proxy"],
            "10.0.0.0/8",
        ),
    ] {
        let ran = started(arguments);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

/// By default only what an operator must see; each request when asked for, without what was typed.
#[test]
fn the_log_has_a_line_per_request_only_when_asked_and_never_a_key() {
    for (filter, expected) in [("info", 0), ("info,requests=debug", 40)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let child = registre()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--rate-limit",
                "1000/s",
                "--data",
            ])
            .arg(sample())
            .env("REGISTRE_LOG", filter)
            .stderr(Stdio::from(File::create(&path).unwrap()))
            .spawn()
            .unwrap();
        let read = || std::fs::read_to_string(&path).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let address = loop {
            let log = read();
            if let Some((_, rest)) = log.split_once("serving http://") {
                break rest.split('/').next().unwrap().to_owned();
            }
            assert!(Instant::now() < deadline, "{log}");
            std::thread::sleep(Duration::from_millis(10));
        };
        let server = Server::already(child, &address);
        let mut wire = Wire::to(&server);
        for _ in 0..40 {
            wire.ask("GET", "/v1/x?id=tape-ici", "X-Api-Key: secret-specimen\r\n");
        }
        drop(wire);
        assert_eq!(server.terminate(), Some(0));
        let log = read();
        assert_eq!(
            log.matches("GET /v1/x answered 404").count(),
            expected,
            "{log}"
        );
        for word in ["tape-ici", "secret"] {
            assert!(!log.contains(word), "{log}");
        }
    }
}
