//! What changed since the files, from INSEE's API: merged, verified and published like the rest.
//! When the API does not answer, or not the truth, what is served stays.

mod api;
mod faults;
mod records;
mod scene;
mod stocks;

use duckdb::Connection;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use serde_json::json;
use std::path::Path;

use records::Record;
use scene::{Register, Scene, day, days_ago, treated};

use crate::harness::{generate, ingest, manifest, registre, run, snapshot};

/// A unit, its siège, and what links it to an association: each case of a day.
struct Day {
    created: [Record; 2],
    closed: Record,
    moved: Record,
    renamed: Record,
    hidden: [Record; 2],
    links: [Record; 2],
}

impl Day {
    /// What happens yesterday, from what is in service.
    fn of(register: &Register) -> Self {
        let at = days_ago(1, "06:30:00");
        let (today, before) = (day(1).to_string(), day(2).to_string());
        // Another SIREN for a unit that looks like one that exists.
        let siren = "999999990";
        let mut unit = treated(
            register.unite_legale(register.etablissement(3).get("siren")),
            &at,
        );
        unit.set("siren", siren)
            .set("identifiantAssociationUniteLegale", "");
        let mut siege = treated(register.etablissement(3), &at);
        siege
            .set("siren", siren)
            .set("nic", "00017")
            .set("siret", "99999999000017")
            .without_position();
        let mut closed = treated(register.etablissement(5), &at);
        closed
            .begin_period(&today, &before)
            .set("etatAdministratifEtablissement", "F");
        let mut moved = treated(register.etablissement(8), &at);
        moved
            .set("libelleVoieEtablissement", "DE L'EXEMPLE")
            .set("numeroVoieEtablissement", "128")
            .without_position();
        let mut renamed = treated(register.etablissement(11), &at);
        renamed
            .begin_period(&today, &before)
            .set("enseigne1Etablissement", "ENSEIGNE SPECIMEN");
        let hidden = Self::hidden(register, &at);
        let mut link = treated(register.find(&LIEN_SUCCESSION, 20, |_| true), &at);
        let was = link.get("transfertSiege") == "true";
        link.set("transfertSiege", if was { "false" } else { "true" });
        let mut new_link = link.clone();
        new_link.set("siretEtablissementSuccesseur", "99999999000017");
        Self {
            created: [unit, siege],
            closed,
            moved,
            renamed,
            hidden,
            links: [link, new_link],
        }
    }

    /// A unit linked to an association, whose names and address are masked from now on.
    fn hidden(register: &Register, at: &str) -> [Record; 2] {
        let linked: Vec<String> = register.tables["lien_siren_rna"]
            .iter()
            .map(|row| row[0].clone())
            .collect();
        let siege = register.find(&ETABLISSEMENT, 0, |get| {
            linked.contains(&get("siren"))
                && get("etablissementSiege") == "true"
                && get("statutDiffusionEtablissement") == "O"
                && !get("x_longitude").is_empty()
        });
        let mut unit = treated(register.unite_legale(siege.get("siren")), at);
        let mut siege = treated(siege, at);
        unit.set("statutDiffusionUniteLegale", "P");
        for name in ["denominationUniteLegale", "sigleUniteLegale"] {
            unit.set(name, "[ND]");
        }
        // In every period, as INSEE does.
        let names =
            registre_schemas::periode::UNITE_LEGALE_PERIODE.index_of("denominationUniteLegale");
        for period in &mut unit.periods {
            "[ND]".clone_into(&mut period[names.unwrap()]);
        }
        siege
            .set("statutDiffusionEtablissement", "P")
            .without_position();
        for name in [
            "numeroVoieEtablissement",
            "typeVoieEtablissement",
            "libelleVoieEtablissement",
        ] {
            siege.set(name, "[ND]");
        }
        [unit, siege]
    }

    fn records(&self) -> Vec<&Record> {
        let mut records: Vec<&Record> = Vec::new();
        records.extend(&self.created);
        records.extend([&self.closed, &self.moved, &self.renamed]);
        records.extend(&self.hidden);
        records.extend(&self.links);
        records
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn a_day_of_changes_is_in_every_table_and_nothing_else_changed() {
    let scene = Scene::new();
    let mut register = scene.register();
    let day = Day::of(&register);
    let hidden = day.hidden[0].get("siren").to_owned();
    assert_ne!(
        register.tables["lien_siren_rna"]
            .iter()
            .filter(|row| row[0] == hidden)
            .count(),
        0
    );
    for record in day.records() {
        scene.api.hold(record);
        register.put(record);
    }
    let before = snapshot(scene.data());
    scene.update();
    register.assert_is(scene.data());

    let (units, establishments, links) = (
        scene.updated("/siren"),
        scene.updated("/siret"),
        scene.updated("/siret/liensSuccession"),
    );
    assert_eq!(units["received"], 2);
    assert_eq!(establishments["received"], 5);
    assert_eq!(links["received"], 2);
    // A page, and one more that says that it was the last.
    for update in [&units, &establishments, &links] {
        assert_eq!(update["requests"], 2);
    }
    let done = |update: &serde_json::Value, table: usize| {
        let table = &update["tables"][table];
        [&table["added"], &table["changed"], &table["same"]].map(|count| count.as_u64().unwrap())
    };
    assert_eq!(done(&units, 0), [1, 1, 0]);
    assert_eq!(done(&establishments, 0), [1, 4, 0]);
    assert_eq!(done(&links, 0), [1, 1, 0]);
    assert_eq!(scene.as_of(), scene::day(1).to_string());
    assert_eq!(scene.pages(), 0, "what is published is not kept twice");

    // The renamed one kept its position, and the links follow who is hidden.
    let connection = Connection::open_in_memory().unwrap();
    let count_in = |snapshot: &Path, table: &str, condition: &str| -> u64 {
        let path = snapshot.join(format!("{table}.parquet"));
        let sql = format!(
            "SELECT count(*) FROM '{}' WHERE {condition}",
            path.display()
        );
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let count = |table: &str, condition: &str| count_in(&snapshot(scene.data()), table, condition);
    let public = format!("siren = '{hidden}' AND statutDiffusionUniteLegale = 'O'");
    assert_eq!(
        count_in(&before, "unite_legale", &public),
        0,
        "nor in the snapshot before"
    );
    let renamed = day.renamed.id();
    assert_eq!(
        count(
            "etablissement",
            &format!("siret = '{renamed}' AND x_longitude IS NOT NULL")
        ),
        1
    );
    let moved = day.moved.id();
    assert_eq!(
        count(
            "etablissement",
            &format!("siret = '{moved}' AND x_longitude IS NULL")
        ),
        1
    );
    assert_eq!(count("lien_siren_rna", &format!("siren = '{hidden}'")), 0);
    assert_eq!(
        count("lien_siren_rna", "true"),
        register.tables["lien_siren_rna"].len() as u64 - {
            register.tables["lien_siren_rna"]
                .iter()
                .filter(|row| row[0] == hidden)
                .count() as u64
        }
    );

    // Answered as any other, and the files as their manifest says.
    let data = scene.data().to_str().unwrap();
    let lookup = run(&["lookup", "99999999000017", "--data", data]);
    assert!(
        lookup.stdout.contains("999999990"),
        "{}{}",
        lookup.stdout,
        lookup.stderr
    );
    let verified = run(&["verify", "--data", data]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}

#[test]
fn a_day_without_changes_is_not_an_error_nor_a_new_snapshot() {
    let scene = Scene::new();
    scene.stays(&["the sources did not change"]);
    let asked: Vec<_> = scene
        .api
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .collect();
    assert_eq!(
        asked,
        ["/siren", "/siret", "/siret/liensSuccession"],
        "each says 404"
    );

    // What was already received is received again, and changes nothing.
    let record = treated(scene.register().etablissement(1), &days_ago(1, "03:00:00"));
    scene.api.hold(&record);
    scene.update();
    scene.api.tell_the_truth();
    scene.stays(&["the sources did not change"]);
    let again = scene.api.asked_of("/siret");
    assert_eq!(
        again.len(),
        2,
        "it is in the interval: two hours before the latest treatment"
    );
    assert_eq!(
        again[0].interval().0,
        days_ago(1, "01:00:00").replace(' ', "T")
    );
    assert_eq!(scene.pages(), 0);
}

/// The service was down on Friday, nothing was treated on Sunday: the next run has it all.
#[test]
fn a_hole_of_several_days_is_filled_at_once() {
    let scene = Scene::new();
    let mut register = scene.register();
    let mut put = |record: &Record| {
        scene.api.hold(record);
        register.put(record);
    };
    let first = Scene::new().register();
    put(&treated(first.etablissement(2), &days_ago(9, "05:00:00")));
    scene.update();
    // Unités légales were not treated since the stock: an answer never claims to be newer than any
    // part of it.
    assert_eq!(scene.as_of(), "2026-11-01");
    for (nth, days) in [(4, 6), (6, 5), (9, 2)] {
        let mut record = treated(first.etablissement(nth), &days_ago(days, "05:00:00"));
        record.set("enseigne1Etablissement", "SPECIMEN");
        put(&record);
    }
    scene.update();
    register.assert_is(scene.data());
    let update = scene.updated("/siret");
    assert_eq!(update["received"], 4, "the first once more");
    assert_eq!(update["tables"][0]["same"], 1);
    assert_eq!(update["tables"][0]["changed"], 3);
}

#[test]
fn pages_follow_the_cursor_to_its_end() {
    let scene = Scene::new();
    let mut register = scene.register();
    for nth in 0..25 {
        let mut record = treated(register.etablissement(nth), &days_ago(1, "05:00:00"));
        record
            .set("complementAdresseEtablissement", "BATIMENT EXEMPLE")
            .without_position();
        scene.api.hold(&record);
        register.put(&record);
    }
    scene.api.pages_of(10);
    scene.update();
    register.assert_is(scene.data());
    let update = scene.updated("/siret");
    assert_eq!(
        (&update["received"], &update["requests"]),
        (&json!(25), &json!(4))
    );
    let cursors: Vec<String> = scene
        .api
        .asked_of("/siret")
        .iter()
        .map(|asked| asked.cursor().to_owned())
        .collect();
    assert_eq!(cursors[0], "*");
    assert!(
        cursors[1..].iter().all(|cursor| cursor.starts_with("A+/")),
        "{cursors:?}"
    );
}

/// The encoded bytes of each row group of a file, at the places DuckDB finds them.
#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn row_groups(path: &Path) -> Vec<Vec<u8>> {
    let connection = Connection::open_in_memory().unwrap();
    let sql = format!(
        "SELECT min(coalesce(dictionary_page_offset, data_page_offset)),
            sum(total_compressed_size)::BIGINT
        FROM parquet_metadata('{}') GROUP BY row_group_id ORDER BY row_group_id",
        path.display()
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let places = statement.query_map([], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, usize>(1)?))
    });
    let file = std::fs::read(path).unwrap();
    places
        .unwrap()
        .map(|place| {
            let (start, length) = place.unwrap();
            let start = usize::try_from(start).unwrap();
            file[start..start + length].to_vec()
        })
        .collect()
}

/// Only one of the row groups of a large table is written again.
#[test]
fn row_groups_that_nothing_touches_are_copied_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(400_000, 8, &source);
    assert_eq!(ingest(&source, &data).code, Some(0));
    let api = api::Api::start();
    let register = Register::read(&data);
    let record = register.find(&ETABLISSEMENT, 350_000, |_| true);
    let mut record = treated(record, &days_ago(1, "05:00:00"));
    record.set("enseigne1Etablissement", "SPECIMEN");
    api.hold(&record);
    let groups = || row_groups(&snapshot(&data).join("etablissement.parquet"));
    let before = groups();
    assert_eq!(before.len(), 2);
    let ran = registre()
        .args([
            "ingest",
            "--source",
            source.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ])
        .args(["--insee-url", &api.url])
        .env("REGISTRE_INSEE_KEY", api::KEY)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let after = groups();
    let same: Vec<bool> = before
        .iter()
        .zip(&after)
        .map(|(before, after)| before == after)
        .collect();
    assert_eq!(same, [true, false]);
    let manifest = manifest(&data);
    let updates = manifest["updates"].as_array().unwrap();
    let update = updates
        .iter()
        .find(|update| update["collection"] == "siret")
        .unwrap();
    let table = &update["tables"][0];
    assert_eq!(
        (&table["groups_rewritten"], &table["groups_copied"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn made_up_people_are_not_updated() {
    let data = tempfile::tempdir().unwrap();
    let api = api::Api::start();
    let ran = registre()
        .args(["ingest", "--source", "sample", "--data"])
        .arg(data.path())
        .args(["--insee-key", api::KEY, "--insee-url", &api.url])
        .output()
        .unwrap();
    assert!(ran.status.success());
    assert!(api.asked().is_empty());
}

#[test]
fn the_help_says_nothing_of_the_key_in_the_environment() {
    let output = registre()
        .args(["ingest", "--help"])
        .env("REGISTRE_INSEE_KEY", api::KEY)
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        help.contains("REGISTRE_INSEE_KEY") && !help.contains(api::KEY),
        "{help}"
    );
}
