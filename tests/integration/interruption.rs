//! Killed at any moment, an ingestion never breaks what is served, and the next one goes through.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::{
    Ran, Served, Server, generate, ingest, manifest, registre, run, sample, sigterm, snapshot,
    staged, wait_until,
};

/// A different moment each time, the same ones at every run.
fn moments(count: u32, longest: Duration) -> Vec<Duration> {
    let mut state: u32 = 0x9e37_79b9;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            longest.mul_f64(f64::from(state >> 8) / f64::from(1 << 24))
        })
        .collect()
}

#[test]
fn killed_at_twenty_moments_the_ingestion_never_breaks_what_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, data) = (
        folder.path().join("first"),
        folder.path().join("second"),
        folder.path().join("data"),
    );
    generate(3000, 1, &first);
    generate(30_000, 2, &second);
    assert_eq!(ingest(&first, &data).code, Some(0));
    let server = Server::start(&data);

    // How long a whole run takes here, so that the moments spread over all of it.
    let rehearsal = folder.path().join("rehearsal");
    let started = Instant::now();
    assert_eq!(ingest(&second, &rehearsal).code, Some(0));
    let whole_run = started.elapsed();

    let mut served = snapshot(&data);
    let mut killed = 0;
    for moment in moments(20, whole_run) {
        let mut child = registre()
            .args(["ingest", "--source"])
            .arg(&second)
            .arg("--data")
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(moment);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.code().is_none() {
            killed += 1;
        }
        let now = snapshot(&data);
        assert!(!manifest(&data)["tables"].as_array().unwrap().is_empty());
        let answer = server.get("/v1/etablissements/13002526500013");
        assert_eq!(answer.status, 200, "{}", answer.text);
        if now != served {
            // Published just before the kill: go back, to be killed again.
            assert_eq!(ingest(&first, &data).code, Some(0));
            served = snapshot(&data);
        }
    }
    assert!(killed >= 10, "{killed} of 20 were killed under way");
    let ran = ingest(&second, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(manifest(&data)["tables"][1]["rows"].as_u64().unwrap() > 29_000);
    assert_eq!(std::fs::read_dir(data.join("staging")).unwrap().count(), 0);
}

#[test]
fn killed_while_it_writes_fiches_it_leaves_what_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, data] = ["first", "second", "data"].map(|name| folder.path().join(name));
    generate(1000, 1, &first);
    generate(30_000, 2, &second);
    assert_eq!(ingest(&first, &data).code, Some(0));
    let served = Served::of(&data);
    let server = Server::start(&data);
    for name in ["sirene.fiches", "rna.fiches"] {
        let mut child = registre()
            .args(["ingest", "--source"])
            .arg(&second)
            .arg("--data")
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("no fiches are written", || {
            staged(&data)
                .iter()
                .any(|staged| staged.join(name).exists())
        });
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "killed under way");
        // What is half made stays in the staging folder, and is nobody's.
        assert!(Served::of(&data) == served, "{name}");
        let answer = server.get("/v1/etablissements/13002526500013");
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let ran = ingest(&second, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(staged(&data), Vec::<std::path::PathBuf>::new());
    let verified = run(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}

#[test]
fn sigterm_stops_an_ingestion_cleanly_and_publishes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(200_000, 3, &source);
    let child = registre()
        .args(["ingest", "--source"])
        .arg(&source)
        .arg("--data")
        .arg(&data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(400));
    sigterm(&child);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("nothing was published"),
        "{}",
        ran.stderr
    );
    assert!(!data.join("current.json").exists());
    assert_eq!(std::fs::read_dir(data.join("staging")).unwrap().count(), 0);
}

#[test]
fn sigterm_stops_a_server_cleanly() {
    assert_eq!(Server::start(sample()).terminate(), Some(0));
}

#[test]
fn a_new_snapshot_goes_into_service_without_a_failed_request() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, data) = (
        folder.path().join("first"),
        folder.path().join("second"),
        folder.path().join("data"),
    );
    generate(2000, 1, &first);
    generate(2000, 2, &second);
    assert_eq!(ingest(&first, &data).code, Some(0));
    let server = Server::start(&data);
    let before = wait_for_snapshot(&server, |_| true);
    let running = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered: u32 = 0;
                    while running.load(std::sync::atomic::Ordering::Relaxed) {
                        let answer = server.get("/v1/etablissements/13002526500013");
                        assert_eq!(answer.status, 200, "{}", answer.text);
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        let ran = ingest(&second, &data);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        wait_for_snapshot(&server, |snapshot| snapshot != before);
        std::thread::sleep(Duration::from_millis(300));
        running.store(false, std::sync::atomic::Ordering::Relaxed);
        for client in clients {
            assert!(client.join().unwrap() > 10);
        }
    });
}

/// Waits until the server is of that opinion on its snapshot; gives its name.
fn wait_for_snapshot(server: &Server, wanted: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let snapshot = server.get("/health").json()["snapshot"]
            .as_str()
            .map(str::to_owned);
        if let Some(snapshot) = snapshot.filter(|snapshot| wanted(snapshot)) {
            return snapshot;
        }
        assert!(Instant::now() < deadline, "no such snapshot is served");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn up_ingests_serves_and_refreshes_on_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(2000, 1, &source);
    let arguments = [
        "up",
        "--source",
        source.to_str().unwrap(),
        "--refresh",
        "* * * * * *",
    ];
    let server = Server::start_with(&arguments, &data);
    let first = wait_for_snapshot(&server, |_| true);
    generate(2500, 1, &source);
    wait_for_snapshot(&server, |snapshot| snapshot != first);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn up_ends_when_its_first_snapshot_cannot_be_made() {
    let data = tempfile::tempdir().unwrap();
    let ran = run(&[
        "up",
        "--source",
        "/nulle/part",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.path().to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
}

#[test]
fn up_leaves_the_sample_for_another_source() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(1000, 1, &source);
    assert_eq!(ingest("sample", &data).code, Some(0));
    let server = Server::start_with(&["up", "--source", source.to_str().unwrap()], &data);
    let health = server.get("/health").json();
    assert!(
        health["origine"].as_str().unwrap().ends_with("source"),
        "{health}"
    );
}
