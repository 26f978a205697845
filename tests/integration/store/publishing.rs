//! From one snapshot to the next: what is sent, what is copied, what goes, and never backwards.

use std::fs;
use std::path::Path;

use super::depot::Depot;
use super::scene::{FILE, Follower, fake, publish, publisher};
use crate::harness::{
    assert_one_error, csv_entries, forget_the_catalogue, generate, registre, run, sample, snapshot,
    write_file,
};
use crate::hidden_since::change_rows;

fn id(data: &Path) -> String {
    let folder = snapshot(data);
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_refresh_is_followed_and_who_is_hidden_since_is_nowhere_in_the_store() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(2000, 1, &source);
    forget_the_catalogue(&source);
    let ingest_and_publish = || {
        let mut command = registre();
        command.args(["ingest", "--publish", super::depot::URL, "--source"]);
        command.arg(&source).arg("--data").arg(&data);
        depot.settings(&mut command);
        let ran: crate::harness::Ran = command.output().unwrap().into();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    };
    ingest_and_publish();
    let old = id(&data);
    assert_eq!(depot.current(), old);
    let follower = Follower::start(&depot, &folder.path().join("cache"));
    follower.waits_for(&old);

    // A person, by name.
    let zip = source.join("StockUniteLegale_utf8.zip");
    let mut person = None;
    change_rows(&zip, |set, get| {
        let named = get("categorieJuridiqueUniteLegale") == "1000"
            && get("statutDiffusionUniteLegale") == "O"
            && get("nomUniteLegale").len() > 4;
        if named && person.is_none() {
            person = Some((get("siren"), get("nomUniteLegale")));
            set("statutDiffusionUniteLegale", "P");
            for column in [
                "nomUniteLegale",
                "prenom1UniteLegale",
                "prenomUsuelUniteLegale",
            ] {
                set(column, "[ND]");
            }
        }
    });
    let (siren, nom) = person.unwrap();
    let path = format!("/v1/unites-legales/{siren}");
    assert!(follower.server.get(&path).text.contains(&nom));
    assert!(!csv_entries(&zip)[0].1.is_empty());

    depot.asked();
    let ran = ingest_and_publish();
    let new = id(&data);
    assert_ne!(new, old);
    assert_eq!(depot.current(), new);
    // What did not change is copied there.
    let copied: Vec<String> = depot
        .asked()
        .into_iter()
        .filter_map(|asked| asked.copied_from)
        .collect();
    assert!(
        copied
            .iter()
            .any(|from| from.contains("association.parquet")),
        "{copied:?}"
    );
    assert!(ran.stderr.contains("copied there"), "{}", ran.stderr);
    // The one behind holds that person: it goes at once.
    assert!(ran.stderr.contains("hidden since"), "{}", ran.stderr);
    let left = format!("snapshots/{old}/");
    assert!(depot.objects().keys().all(|name| !name.starts_with(&left)));
    follower.waits_for(&new);
    let answer = follower.server.get(&path);
    assert!(
        answer.text.contains("[ND]") && !answer.text.contains(&nom),
        "{}",
        answer.text
    );
    let linked = |name: &str| {
        use std::os::unix::fs::MetadataExt;
        let path = follower.folder().join("snapshots").join(&new).join(name);
        fs::metadata(path).unwrap().nlink()
    };
    assert!(linked("association.parquet") > 1, "received again");

    // Back, for those who ask: masked there too.
    let text = data.to_str().unwrap();
    assert_eq!(run(&["rollback", "--data", text]).code, Some(0));
    let refused = publish(&depot, &data, &[]);
    assert_one_error(&refused, 5, &["retour-arriere", "older than"]);
    assert_eq!(depot.current(), new);
    let back = publish(&depot, &data, &["--allow", "retour-arriere"]);
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    follower.waits_for(&old);
    let answer = follower.server.get(&path);
    assert!(
        answer.text.contains("[ND]") && !answer.text.contains(&nom),
        "{}",
        answer.text
    );
}

#[test]
fn the_ones_behind_are_kept_then_removed() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    let ids = [
        "20261101T000000000Z",
        "20261102T000000000Z",
        "20261103T000000000Z",
    ];
    for id in ids {
        fake(folder.path(), id, id.as_bytes());
        mask(folder.path(), id);
        let ran = publish(&depot, folder.path(), &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let there = |id: &str| {
        depot
            .object(&format!("snapshots/{id}"))
            .join("manifest.json")
            .exists()
    };
    // They are not an hour old: someone may be receiving them.
    assert!(ids.into_iter().all(there));
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    for id in ids {
        let path = depot
            .object(&format!("snapshots/{id}"))
            .join("manifest.json");
        fs::File::open(path)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
    }
    fake(folder.path(), "20261104T000000000Z", b"next");
    mask(folder.path(), "20261104T000000000Z");
    let ran = publish(&depot, folder.path(), &["--keep", "3"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ids.map(there), [false, true, true], "{}", ran.stderr);
    assert!(
        !depot
            .object(&format!("snapshots/{}", ids[0]))
            .join(FILE)
            .exists()
    );
}

/// As an ingestion does of those behind: they hide whom `id` hides.
fn mask(data: &Path, id: &str) {
    for entry in fs::read_dir(data.join("snapshots")).unwrap() {
        let path = entry.unwrap().path().join("manifest.json");
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if manifest["id"] != id {
            manifest["hidden_as_of"] = id.into();
            write_file(&path, manifest.to_string().as_bytes());
        }
    }
}

#[test]
fn neither_older_data_nor_the_sample_takes_the_place_of_what_is_served() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    fake(folder.path(), "20261102T000000000Z", b"newer");
    assert_eq!(publish(&depot, folder.path(), &[]).code, Some(0));
    fake(folder.path(), "20261101T000000000Z", b"older");
    let ran = publish(&depot, folder.path(), &[]);
    assert_one_error(
        &ran,
        5,
        &["20261101T000000000Z is older than 20261102T000000000Z"],
    );
    let ran = publish(&depot, sample(), &[]);
    assert_one_error(&ran, 5, &["sample", "--allow retour-arriere"]);
    assert_eq!(depot.current(), "20261102T000000000Z");
    assert!(
        depot
            .objects()
            .keys()
            .all(|name| !name.contains(&id(sample())))
    );
    let ran = publish(&depot, folder.path(), &["--allow", "retour-arriere"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(depot.current(), "20261101T000000000Z");
}

#[test]
fn of_two_publishers_at_once_the_newer_stays() {
    let depot = Depot::new();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for round in 0..5 {
        let ids = [
            format!("2026110{round}T000000001Z"),
            format!("2026110{round}T000000002Z"),
        ];
        for (folder, id) in folders.iter().zip(&ids) {
            fake(folder.path(), id, id.as_bytes());
        }
        let mut running: Vec<_> = folders
            .iter()
            .map(|folder| publisher(&depot, folder.path(), &[]).spawn().unwrap())
            .collect();
        let codes: Vec<_> = running
            .iter_mut()
            .map(|child| child.wait().unwrap().code())
            .collect();
        assert_eq!(depot.current(), ids[1], "{codes:?}");
        assert!(codes[0] == Some(0) || codes[0] == Some(5), "{codes:?}");
        assert_eq!(codes[1], Some(0));
    }
}

#[test]
fn nothing_is_published_of_a_folder_where_nothing_is() {
    let (depot, folder) = (Depot::new(), tempfile::tempdir().unwrap());
    let ran = publish(&depot, folder.path(), &[]);
    assert_one_error(&ran, 6, &["registre ingest"]);
    assert!(depot.objects().is_empty());
}
