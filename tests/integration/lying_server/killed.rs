//! Killed at each stage, for certain: what the run is about to open is made a FIFO that nobody
//! reads, so that it waits there until it is killed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use super::scene::{FILE, SIRENE, Scene};
use super::site::Reply;
use crate::harness::{Served, Server, run, snapshot, staged, wait_until};

fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// The folder of the snapshot being made.
fn staging(data: &Path) -> PathBuf {
    wait_until("nothing is being made", || !staged(data).is_empty());
    staged(data).remove(0)
}

/// Clock ticks a process has used; `None` when one of its threads runs, wants to, or waits for the
/// disk.
fn used(child: &Child) -> Option<u64> {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let mut ticks = 0;
    for task in tasks {
        let stat = fs::read_to_string(task.unwrap().path().join("stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        if fields[0] != "S" {
            return None;
        }
        ticks += fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    }
    Some(ticks)
}

/// Waits until it has nothing to do but wait, then kills it.
fn kill_where_it_waits(child: &mut Child) {
    let mut before = None;
    let mut quiet = 0;
    while quiet < 6 {
        std::thread::sleep(Duration::from_millis(25));
        assert!(child.try_wait().unwrap().is_none(), "it did not wait");
        let now = used(child);
        quiet = if now.is_some() && now == before {
            quiet + 1
        } else {
            0
        };
        before = now;
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
}

/// What the run waits on, in the folder it makes, and what that stops.
const STAGES: [&str; 5] = [
    // Decoding, and writing the first table.
    "unite_legale.parquet",
    // The second: another is written already.
    "etablissement.parquet",
    // The files of the RNA, set aside.
    "rna_import.staged",
    // Their union.
    "association.parquet",
    // All verified, the manifest being written.
    "manifest.tmp",
];

#[test]
fn killed_while_resolving_or_making_a_snapshot() {
    let mut scene = Scene::new();
    let data = scene.data();
    let server = Server::start(&data);
    let answered = server.get("/v1/etablissements/13002526500013").text;

    scene.site.lie(|request, honest| match &*request.path {
        SIRENE => Reply::new(200, honest.body).stalling(100),
        _ => honest,
    });
    let mut child = scene.command().spawn().unwrap();
    wait_until("nothing is asked", || !scene.site.asked(SIRENE).is_empty());
    kill_where_it_waits(&mut child);
    scene.served.assert_unchanged(&data);

    let half = scene.truth().len() / 2;
    scene.lie(move |_, honest| honest.stalling(half));
    scene.killed_with(half);
    scene.site.tell_the_truth();

    for (nth, file) in STAGES.into_iter().enumerate() {
        // Ready beforehand, so that putting it there takes no time.
        let fifo = data.join("fifo");
        make_fifo(&fifo);
        let mut child = scene.command().spawn().unwrap();
        let folder = staging(&data);
        fs::rename(&fifo, folder.join(file)).unwrap();
        kill_where_it_waits(&mut child);
        // What is in service is whole; what was being made is still there.
        assert_eq!(snapshot(&data), scene.served.snapshot, "{file}");
        assert_eq!(staged(&data), [folder]);
        assert!(Served::of(&data) == scene.served, "{file}");
        if nth == 0 {
            assert_eq!(
                server.get("/v1/etablissements/13002526500013").text,
                answered
            );
            assert_eq!(scene.asked()[0].range(), Some(half));
        }
        // All was downloaded: nothing is asked again.
        scene.recovers();
        assert_eq!(scene.site.sent(FILE), 0);
        scene.next_edition();
    }
}

/// Verified, then read again by whoever looks for its date: the last table made is opened once more.
#[test]
fn killed_while_verifying() {
    let mut scene = Scene::new();
    let data = scene.data();
    // The run may be faster than the one who puts the FIFO there.
    for _ in 0..20 {
        let fifo = data.join("fifo");
        make_fifo(&fifo);
        let mut child = scene.command().spawn().unwrap();
        let folder = staging(&data);
        let table = folder.join("doublon.parquet");
        // Its own writer is done with it once the next table is there.
        wait_until("the next table is not made", || {
            folder.join("rna_import.staged").exists() || !folder.exists()
        });
        if fs::rename(&fifo, &table).is_err() {
            fs::remove_file(&fifo).unwrap();
            child.wait().unwrap();
            scene.next_edition();
            continue;
        }
        kill_where_it_waits(&mut child);
        scene.kept_through();
        assert!(
            folder.join("association.parquet").exists(),
            "all tables were made"
        );
        assert!(!folder.join("manifest.json").exists());
        scene.recovers();
        assert_eq!(scene.site.sent(FILE), 0);
        return;
    }
    panic!("never killed while verifying");
}

#[test]
fn killed_between_the_two_renames_that_publish() {
    let mut scene = Scene::new();
    let data = scene.data();
    let aside = data.join("current.tmp");
    make_fifo(&aside);
    let mut child = scene.command().spawn().unwrap();
    // The new snapshot is at its place, whole, and not in service.
    wait_until("nothing is made", || {
        fs::read_dir(data.join("snapshots")).unwrap().count() == 2
    });
    kill_where_it_waits(&mut child);
    scene.kept_through();
    fs::remove_file(&aside).unwrap();
    // What a kill a moment later leaves: half a name.
    File::create(&aside).unwrap();
    scene.recovers();
    assert_eq!(scene.site.sent(FILE), 0);
    assert!(!aside.exists());
    // The one before can be gone back to.
    let went_back = run(&["rollback", "--data", data.to_str().unwrap()]);
    assert_eq!(went_back.code, Some(0), "{}", went_back.stderr);
    assert_eq!(snapshot(&data), scene.served.snapshot);
    scene.next_edition();
    scene.recovers();
}

/// Once published; an old snapshot large enough to be found half removed.
#[test]
fn killed_while_removing_an_old_snapshot() {
    let mut scene = Scene::new();
    let data = scene.data();
    let mut tries = 0;
    loop {
        scene.recovers();
        scene.next_edition();
        let old = fs::read_dir(data.join("snapshots")).unwrap();
        let old: Vec<PathBuf> = old.map(|entry| entry.unwrap().path()).collect();
        for snapshot in &old {
            let manifest = File::options()
                .write(true)
                .open(snapshot.join("manifest.json"));
            let long_ago = SystemTime::now() - Duration::from_hours(1);
            manifest.unwrap().set_modified(long_ago).unwrap();
        }
        let removed = old.iter().min().unwrap();
        for number in 0..5000 << tries {
            File::create(removed.join(format!("{number}.parquet"))).unwrap();
        }
        let mut child = scene.command().args(["--keep", "2"]).spawn().unwrap();
        let aside = data.join("staging").join(removed.file_name().unwrap());
        wait_until("not removed", || aside.exists() || !removed.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        if aside.exists() {
            assert!(!removed.exists());
            break;
        }
        tries += 1;
        assert!(tries < 5, "never killed while removing");
        fs::remove_dir_all(&data).unwrap();
        scene = Scene::new();
    }
    // The new one is in service, whole.
    assert_ne!(snapshot(&data), scene.served.snapshot);
    let verified = run(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
    scene.next_edition();
    scene.recovers();
}

impl Scene {
    /// As [`Served::assert_unchanged`], with what a killed run leaves to the next one.
    fn kept_through(&self) {
        let data = self.data();
        assert_eq!(snapshot(&data), self.served.snapshot);
        assert!(Served::of(&data) == self.served);
    }
}
