//! One machine publishes to a store, others serve from it: what they answer is the same, whatever
//! becomes of the store.

mod away;
mod depot;
mod lies;
mod publishing;
mod scene;

use std::fs;

use crate::harness::{manifest, sample, snapshot};
use depot::Depot;
use scene::{Follower, publish};

#[test]
fn what_is_published_is_served_elsewhere_byte_for_byte() {
    let depot = Depot::new();
    let ran = publish(&depot, sample(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let id = depot.current();
    assert!(snapshot(sample()).ends_with(&id));

    // Nothing but the snapshot and its pointer, and every byte of it.
    let objects = depot.objects();
    for (name, bytes) in &objects {
        match name.strip_prefix(&format!("snapshots/{id}/")) {
            Some(file) => {
                let here = fs::read(snapshot(sample()).join(file)).unwrap();
                assert!(here == *bytes, "{file}");
            }
            None => assert_eq!(name, "current.json"),
        }
    }
    let here = fs::read_dir(snapshot(sample())).unwrap().count();
    assert_eq!(objects.len(), here + 1);
    // The pointer last, the manifest just before.
    let puts: Vec<String> = depot
        .asked()
        .into_iter()
        .filter(|asked| asked.method == "PUT" && !asked.object.contains("partNumber"))
        .map(|asked| asked.object)
        .collect();
    assert!(puts[puts.len() - 1].starts_with("/registres/essai/current.json"));
    assert!(puts[puts.len() - 2].contains("/manifest.json"));

    let cache = tempfile::tempdir().unwrap();
    let follower = Follower::start(&depot, cache.path());
    follower.waits_for(&id);
    let folder = follower.folder();
    for entry in fs::read_dir(snapshot(sample())).unwrap() {
        let path = entry.unwrap().path();
        let there = folder.join("snapshots").join(&id);
        let there = there.join(path.file_name().unwrap());
        assert!(fs::read(&path).unwrap() == fs::read(there).unwrap());
    }
    let local = crate::harness::sample_server();
    for path in [
        "/v1/etablissements/13002526500013",
        "/v1/unites-legales/356000000",
        "/v1/organisations/217500016",
        "/v1/unites-legales/356000000/etablissements?format=ndjson",
        "/v1/profil",
        "/api/sirene/v3/etablissements?per_page=5",
    ] {
        let (ours, theirs) = (local.get(path), follower.server.get(path));
        assert_eq!(ours.status, theirs.status, "{path}");
        assert_eq!(ours.text, theirs.text, "{path}");
    }
    let health = follower.server.get("/health").json();
    assert_eq!(health["depot"]["statut"], "suivi", "{health}");
    assert_eq!(
        local.get("/health").json()["depot"],
        serde_json::Value::Null
    );

    // Again: nothing is sent.
    depot.asked();
    let ran = publish(&depot, sample(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("already"), "{}", ran.stderr);
    assert!(depot.asked().iter().all(|asked| asked.method != "PUT"));
    let tables = manifest(sample())["tables"].as_array().unwrap().len();
    assert!(tables >= 8);
}

#[test]
fn two_servers_on_one_folder_and_two_on_their_own_all_follow() {
    let depot = Depot::new();
    assert_eq!(publish(&depot, sample(), &[]).code, Some(0));
    let id = depot.current();
    let (shared, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let followers = [
        Follower::start(&depot, shared.path()),
        Follower::start(&depot, shared.path()),
        Follower::start(&depot, own.path()),
    ];
    for follower in &followers {
        follower.waits_for(&id);
    }
    let heads = depot.asked();
    let read = heads
        .iter()
        .filter(|asked| asked.method == "GET" && asked.object.contains("etablissement.parquet"));
    // One reads for the two that share; in pieces of eight megabytes.
    let size = fs::metadata(snapshot(sample()).join("etablissement.parquet"))
        .unwrap()
        .len();
    let pieces = usize::try_from(size.div_ceil(8 << 20)).unwrap();
    assert_eq!(read.count(), 2 * pieces);
    let answers = followers
        .iter()
        .map(|follower| follower.server.get("/v1/unites-legales/356000000").text);
    let answers: std::collections::BTreeSet<String> = answers.collect();
    assert_eq!(answers.len(), 1);
}
