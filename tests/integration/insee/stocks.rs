//! New files, and updates that are older or more recent than they are.

use registre_schemas::etablissement::ETABLISSEMENT;
use std::path::Path;

use super::api::{Asked, refusal};
use super::records::Record;
use super::scene::{Register, Scene, day, days_ago, treated};
use crate::harness::{copy_folder, csv_entries, ingest, manifest, run, snapshot, write_zip};
use crate::hidden_since::change_rows;

/// The stock, in a folder of its own, its files found by name: the catalogue says the checksums of
/// others.
fn own_stock(scene: &mut Scene, to: &Path) {
    copy_folder(&scene.source.join("files"), to);
    scene.source = to.to_path_buf();
}

/// Both tables say that they were treated then.
fn date_stock(scene: &Scene, register: &Register, days: i64) {
    let at = days_ago(days, "04:00:00").replace(' ', "T");
    let etablissement = register.etablissement(20);
    for (file, key, column) in [
        (
            "StockUniteLegale_utf8.zip",
            "siren",
            "dateDernierTraitementUniteLegale",
        ),
        (
            "StockEtablissement_utf8.zip",
            "siret",
            "dateDernierTraitementEtablissement",
        ),
    ] {
        let mut found = 0;
        change_rows(&scene.source.join(file), |set, get| {
            if get(key) == etablissement.get(key) {
                found += 1;
                set(column, &at);
            }
        });
        assert_eq!(found, 1);
    }
}

#[test]
fn a_newer_stock_supersedes_the_updates_until_its_own_date() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    own_stock(&mut scene, folder.path());
    scene.update();
    let register = scene.register();
    let changed = |nth: usize, days: i64, name: &str| {
        let mut record = treated(register.etablissement(nth), &days_ago(days, "05:00:00"));
        record.set("denominationUsuelleEtablissement", name);
        record
    };
    let (old, new) = (
        changed(2, 20, "ANCIEN SPECIMEN"),
        changed(4, 1, "NOUVEAU SPECIMEN"),
    );
    let mut unit = treated(
        register.unite_legale(new.get("siren")),
        &days_ago(1, "05:00:00"),
    );
    unit.set("sigleUniteLegale", "SPEC");
    for record in [&old, &new, &unit] {
        scene.api.hold(record);
    }
    scene.update();
    assert_eq!(scene.as_of(), day(1).to_string());

    // The files of ten days ago do not have what the API said of twenty days ago: INSEE corrected it.
    date_stock(&scene, &register, 10);
    scene.api.tell_the_truth();
    scene.update();
    let asked = scene.api.asked_of("/siret");
    assert_eq!(
        asked[0].interval().0,
        days_ago(10, "02:00:00").replace(' ', "T")
    );
    assert_eq!(scene.as_of(), day(1).to_string(), "as recent as before");
    let after = scene.register();
    let name = |record: &Record| after.find(&ETABLISSEMENT, 0, |get| get("siret") == record.id());
    assert_eq!(
        name(&old).get("denominationUsuelleEtablissement"),
        register
            .etablissement(2)
            .get("denominationUsuelleEtablissement")
    );
    assert_eq!(
        name(&new).get("denominationUsuelleEtablissement"),
        "NOUVEAU SPECIMEN"
    );
    let update = scene.updated("/siret");
    assert_eq!(update["stock"], days_ago(10, "04:00:00").replace(' ', "T"));
}

/// Files that are older than the updates in service wait for the API; files that are not do not.
#[test]
fn with_the_api_down_a_new_stock_is_published_only_if_it_is_not_older() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    own_stock(&mut scene, folder.path());
    scene.update();
    let register = scene.register();
    let down = |_: &Asked| Some(refusal(403, "Forbidden"));

    // Nothing was updated yet: the files go on as without the API.
    scene.api.lie(down);
    date_stock(&scene, &register, 12);
    let ran = scene.update();
    assert!(
        ran.stderr.contains("today's changes are not in the data"),
        "{}",
        ran.stderr
    );
    assert_eq!(scene.as_of(), day(12).to_string());

    scene.api.tell_the_truth();
    let record = treated(register.etablissement(4), &days_ago(1, "05:00:00"));
    let unit = treated(
        register.unite_legale(record.get("siren")),
        &days_ago(1, "05:00:00"),
    );
    scene.api.hold(&record);
    scene.api.hold(&unit);
    scene.update();
    assert_eq!(scene.as_of(), day(1).to_string());

    scene.api.lie(down);
    date_stock(&scene, &register, 10);
    scene.stays(&[
        "older than snapshot",
        "stays in service until the API answers",
    ]);
    scene.api.tell_the_truth();
    scene.update();
    assert_eq!(scene.as_of(), day(1).to_string());

    // Down again, without new files; then with files as recent as what is in service.
    scene.api.lie(down);
    scene.stays(&["the key is refused", "the sources did not change"]);
    date_stock(&scene, &register, 1);
    scene.update();
    assert_eq!(scene.as_of(), day(1).to_string());
    let manifest = manifest(scene.data());
    let updates = manifest["updates"].as_array().unwrap().iter();
    let left: Vec<&str> = updates
        .map(|update| update["collection"].as_str().unwrap())
        .collect();
    assert_eq!(left, ["siret/liensSuccession"], "whose file did not change");
}

#[test]
fn without_a_key_updates_in_service_stay_when_other_files_change() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    own_stock(&mut scene, folder.path());
    scene.update();
    let mut register = scene.register();
    let mut record = treated(register.etablissement(4), &days_ago(1, "05:00:00"));
    record.set("enseigne1Etablissement", "SPECIMEN");
    let mut unit = treated(
        register.unite_legale(record.get("siren")),
        &days_ago(1, "05:00:00"),
    );
    unit.set("sigleUniteLegale", "SPEC");
    for record in [&record, &unit] {
        scene.api.hold(record);
        register.put(record);
    }
    scene.update();
    let doublons = scene.source.join("StockDoublons_utf8.zip");
    let (name, text) = csv_entries(&doublons).remove(0);
    write_zip(&doublons, &name, text.replace("T0", "T1").as_bytes());
    let before = snapshot(scene.data());
    let ran = ingest(&scene.source, scene.data());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_ne!(snapshot(scene.data()), before);
    register.tables.remove("doublon");
    register.assert_is(scene.data());
    assert_eq!(scene.as_of(), day(1).to_string());
    assert_eq!(scene.updated("/siret")["received"], 1);
}

#[test]
fn what_was_rolled_back_is_not_updated_behind_the_operator_s_back() {
    let scene = Scene::new();
    scene.api.hold(&treated(
        scene.register().etablissement(1),
        &days_ago(1, "05:00:00"),
    ));
    scene.update();
    let data = scene.data().to_str().unwrap();
    let ran = run(&["rollback", "--data", data]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    scene.api.tell_the_truth();
    scene.stays(&["not updated", "rolled back", "--allow retour-arriere"]);
    assert!(scene.api.asked().is_empty());
    let before = snapshot(scene.data());
    let ran = scene
        .command()
        .args(["--allow", "retour-arriere"])
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert_ne!(snapshot(scene.data()), before);
}
