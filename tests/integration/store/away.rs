//! The store goes away, or is cut half-way.

use std::fs;
use std::time::Duration;

use super::depot::{Depot, SECRET};
use super::scene::{FILE, Follower, fake, in_turn, noise, publish, publisher};
use crate::harness::{assert_one_error, registre, sample, sigterm, wait_until};

#[test]
fn a_server_goes_on_without_the_store_and_starts_without_it() {
    let depot = Depot::new();
    assert_eq!(publish(&depot, sample(), &[]).code, Some(0));
    let id = depot.current();
    let cache = tempfile::tempdir().unwrap();
    let follower = Follower::start(&depot, cache.path());
    follower.waits_for(&id);
    let answer = follower.server.get("/v1/unites-legales/356000000").text;

    depot.close();
    follower.sees("injoignable");
    follower.says("stays in service");
    assert_eq!(
        follower.server.get("/v1/unites-legales/356000000").text,
        answer
    );
    // Told once, not every second.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(follower.server.said("stays in service").len(), 1);
    drop(follower);

    // From what was received, at once.
    let again = Follower::start(&depot, cache.path());
    assert_eq!(again.serves(), Some(id.clone()));
    assert_eq!(
        again.server.get("/v1/unites-legales/356000000").text,
        answer
    );
    again.sees("injoignable");

    // From nothing: it waits, and says so.
    let empty = tempfile::tempdir().unwrap();
    let waiting = Follower::start(&depot, empty.path());
    waiting.says("nothing to serve until then");
    let health = waiting.server.get("/health");
    assert_eq!(health.status, 503, "{}", health.text);

    depot.reopen();
    waiting.waits_for(&id);
    again.sees("suivi");
    assert!(
        again
            .server
            .said("")
            .iter()
            .all(|line| !line.contains(SECRET))
    );
    assert_eq!(again.server.terminate(), Some(0));
}

#[test]
fn a_reception_cut_half_way_goes_on_from_there() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
    let bytes = noise(80_000_000);
    fake(&data, "20261101T000000000Z", &bytes);
    assert_eq!(publish(&depot, &data, &[]).code, Some(0));

    // More than the pieces that are under way at once.
    depot.close_after_receiving(50_000_000);
    let follower = Follower::start(&depot, &cache);
    wait_until("it is not cut", || depot.is_closed());
    drop(follower);
    let staging = fs::read_dir(&cache).unwrap().next().unwrap().unwrap();
    let part = staging
        .path()
        .join("staging/20261101T000000000Z")
        .join(format!("{FILE}.part"));
    let here = fs::metadata(part).unwrap().len();
    assert!(here > 0 && here < 80_000_000, "{here}");

    depot.reopen();
    depot.asked();
    let follower = Follower::start(&depot, &cache);
    follower.says("received from");
    let folder = follower.folder().join("snapshots/20261101T000000000Z");
    assert!(fs::read(folder.join(FILE)).unwrap() == bytes);
    let asked = depot.asked();
    let ranges: Vec<&String> = asked
        .iter()
        .filter(|asked| asked.object.contains(FILE))
        .filter_map(|asked| asked.range.as_ref())
        .collect();
    assert!(!ranges.is_empty());
    let first = ranges
        .iter()
        .map(|range| range["bytes=".len()..].split('-').next().unwrap())
        .map(|start| start.parse::<u64>().unwrap())
        .min();
    assert_eq!(first, Some(here), "{ranges:?}");
}

#[test]
fn a_publication_cut_killed_or_interrupted_goes_on_from_there() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    let data = folder.path();
    fake(data, "20261101T000000000Z", b"before");
    assert_eq!(publish(&depot, data, &[]).code, Some(0));
    let before = depot.objects();
    fake(data, "20261102T000000000Z", &noise(50_000_000));

    for (stop, code) in [("-KILL", None), ("-TERM", Some(130))] {
        depot.close_after_sending(20_000_000);
        let mut child = publisher(&depot, data, &[]).spawn().unwrap();
        wait_until("it is not cut", || depot.is_closed());
        if stop == "-KILL" {
            child.kill().unwrap();
        } else {
            sigterm(&child);
        }
        assert_eq!(child.wait().unwrap().code(), code);
        depot.reopen();
        assert!(depot.objects() == before, "what is in service still is");
    }
    let ran = publish(&depot, data, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(depot.current(), "20261102T000000000Z");

    // Killed between the files and the pointer: the files are not sent again.
    fake(data, "20261103T000000000Z", &noise(20_000_000));
    assert_eq!(publish(&depot, data, &[]).code, Some(0));
    let pointer = r#"{"snapshot":"20261102T000000000Z"}"#;
    depot.change("current.json", pointer.as_bytes());
    depot.asked();
    let ran = publish(&depot, data, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(depot.current(), "20261103T000000000Z");
    let sent = depot.asked();
    let sent = sent
        .iter()
        .filter(|asked| asked.method != "GET" && asked.method != "HEAD");
    let sent: Vec<_> = sent.map(|asked| &asked.object).collect();
    assert!(
        sent.iter().all(|object| object.contains("current.json")),
        "{sent:?}"
    );
}

#[test]
fn settings_that_cannot_work_are_said_at_once_and_no_secret_is_written() {
    let depot = Depot::new();
    let ran = |settings: &[(&str, &str)], without: &[&str]| -> crate::harness::Ran {
        let mut command = publisher(&depot, sample(), &[]);
        command.envs(settings.iter().copied());
        for name in without {
            command.env_remove(name);
        }
        in_turn(&mut command)
    };
    let none = ran(&[], &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    assert_one_error(&none, 2, &["AWS_ACCESS_KEY_ID", "s3://registres/essai"]);
    let half = ran(&[], &["AWS_SECRET_ACCESS_KEY"]);
    assert_one_error(&half, 2, &["s3://registres/essai"]);
    let plain = ran(&[("AWS_ENDPOINT_URL", "http://s3.exemple.invalid")], &[]);
    assert_one_error(&plain, 2, &["https://", "AWS_ALLOW_HTTP"]);
    let wrong = ran(&[("AWS_SECRET_ACCESS_KEY", "unautresecret")], &[]);
    assert_one_error(
        &wrong,
        12,
        &["SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"],
    );
    for said in [&none, &half, &plain, &wrong] {
        assert!(!said.stderr.contains(SECRET) && !said.stderr.contains("unautresecret"));
        assert!(!said.stderr.contains("StringToSign"), "{}", said.stderr);
    }
    for (command, words) in [
        (["ingest", "--data"], "registre serve"),
        (["snapshots", "--data"], "registre serve"),
    ] {
        let output = registre().args(command).arg("s3://a/b").output().unwrap();
        let ran: crate::harness::Ran = output.into();
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}
