//! What the store holds is not what it says: refused, and the one before stays in service.

use std::fs;

use super::depot::{Depot, URL};
use super::scene::{FILE, Follower, fake, publish};
use crate::harness::{Server, assert_one_error, registre, sample, snapshot, write_file};

#[test]
fn each_lie_is_refused_and_what_was_served_still_is() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    assert_eq!(publish(&depot, sample(), &[]).code, Some(0));
    let served = depot.current();
    let follower = Follower::start(&depot, &folder.path().join("cache"));
    follower.waits_for(&served);
    let answer = follower.server.get("/v1/unites-legales/356000000").text;

    let there = folder.path().join("there");
    let id = "29991101T000000000Z";
    fake(&there, id, b"the bytes that were published");
    let manifest = fs::read_to_string(there.join("snapshots").join(id).join("manifest.json"));
    let manifest = manifest.unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = depot.object(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        depot.change(name, bytes);
    };
    let file = format!("snapshots/{id}/{FILE}");
    let described = format!("snapshots/{id}/manifest.json");
    let pointer = format!(r#"{{"snapshot":"{id}"}}"#);
    let lies: &[(&str, &dyn Fn())] = &[
        ("not a pointer", &|| put("current.json", b"<html>")),
        ("is not the name of a snapshot", &|| {
            put("current.json", br#"{"snapshot":"../../essai"}"#);
        }),
        (&described, &|| put("current.json", pointer.as_bytes())),
        ("of snapshot", &|| {
            put(
                &described,
                manifest.replace(id, "29991101T000000001Z").as_bytes(),
            );
        }),
        ("is not the name of one of its files", &|| {
            put(
                &described,
                manifest.replace(FILE, "../../current.json").as_bytes(),
            );
        }),
        ("truncated", &|| {
            put(&described, manifest.as_bytes());
            put(&file, b"the bytes that were publ");
        }),
        ("damaged, or of another snapshot", &|| {
            put(&file, b"the bytes that were forged...");
        }),
    ];
    for (words, lie) in lies {
        lie();
        follower.says(words);
        follower.sees("refuse");
        assert_eq!(follower.serves(), Some(served.clone()), "{words}");
    }
    assert_eq!(
        follower.server.get("/v1/unites-legales/356000000").text,
        answer
    );
    let here = follower.folder();
    assert_eq!(fs::read_dir(here.join("snapshots")).unwrap().count(), 1);

    // The truth again.
    depot.change(
        "current.json",
        format!(r#"{{"snapshot":"{served}"}}"#).as_bytes(),
    );
    follower.sees("suivi");
}

#[test]
fn a_damaged_folder_is_received_again_and_a_damaged_snapshot_is_not_sent() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    assert_eq!(publish(&depot, sample(), &[]).code, Some(0));
    let id = depot.current();
    let cache = folder.path().join("cache");
    let follower = Follower::start(&depot, &cache);
    follower.waits_for(&id);
    let table = follower.folder().join("snapshots").join(&id).join(FILE);
    drop(follower);
    write_file(&table, b"short");
    let follower = Follower::start(&depot, &cache);
    follower.waits_for(&id);
    let published = fs::read(snapshot(sample()).join(FILE)).unwrap();
    assert!(fs::read(&table).unwrap() == published);

    let data = folder.path().join("data");
    fake(&data, "29991101T000000000Z", b"what was verified");
    write_file(
        &data.join("snapshots/29991101T000000000Z").join(FILE),
        b"what was damaged.",
    );
    let ran = publish(&depot, &data, &["--allow", "retour-arriere"]);
    assert_one_error(&ran, 4, &["sha256", "registre verify"]);
    assert_eq!(depot.current(), id);
}

#[test]
fn forms_are_not_kept_in_a_folder_that_can_be_removed() {
    let (depot, cache) = (Depot::new(), tempfile::tempdir().unwrap());
    assert_eq!(publish(&depot, sample(), &[]).code, Some(0));
    let follower = Follower::start(&depot, cache.path());
    follower.waits_for(&depot.current());
    assert_eq!(follower.server.get("/signup").status, 404);
    follower.says("--signup-db");
    let mut command = registre();
    let kept = cache.path().join("demandes.sqlite");
    command.args(["serve", "--signup-db"]).arg(&kept);
    command.arg("--cache").arg(cache.path().join("autre"));
    depot.settings(&mut command);
    let server = Server::run(&mut command, std::path::Path::new(URL));
    assert_eq!(server.get("/signup").status, 200);
}
