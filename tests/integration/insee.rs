//! What changed since the files, from INSEE's API: merged, verified and published like the rest;
//! and when the API does not answer, or not the truth, what is served stays.

mod api;
mod records;
mod scene;

use duckdb::Connection;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use api::{Asked, error, refusal};
use records::Record;
use scene::{Register, Scene, day, days_ago, treated};

use crate::harness::{
    copy_folder, csv_entries, generate, ingest, manifest, run, snapshot, write_zip,
};
use crate::lying_server::site::Reply;

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
            register.unite_legale(&register.etablissement(3).get("siren").to_owned()),
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
        let mut unit = treated(register.unite_legale(&siege.get("siren").to_owned()), at);
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
    let count = |table: &str, condition: &str| -> u64 {
        let path = snapshot(scene.data()).join(format!("{table}.parquet"));
        let sql = format!(
            "SELECT count(*) FROM '{}' WHERE {condition}",
            path.display()
        );
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
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
    generate(300_000, 8, &source);
    assert_eq!(ingest(&source, &data).code, Some(0));
    let api = api::Api::start();
    let register = Register::read(&data);
    let record = register.find(&ETABLISSEMENT, 150_000, |_| true);
    let mut record = treated(record, &days_ago(1, "05:00:00"));
    record.set("enseigne1Etablissement", "SPECIMEN");
    api.hold(&record);
    let groups = || row_groups(&snapshot(&data).join("etablissement.parquet"));
    let before = groups();
    assert_eq!(before.len(), 3);
    let ran = crate::harness::registre()
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
    assert_eq!(same, [true, false, true]);
    let manifest = manifest(&data);
    let updates = manifest["updates"].as_array().unwrap();
    let update = updates
        .iter()
        .find(|update| update["collection"] == "siret")
        .unwrap();
    let table = &update["tables"][0];
    assert_eq!(
        (&table["groups_rewritten"], &table["groups_copied"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn too_many_requests_are_waited_for_as_long_as_the_server_says() {
    let scene = Scene::new();
    scene.api.hold(&treated(
        scene.register().etablissement(1),
        &days_ago(1, "05:00:00"),
    ));
    let mut refused = false;
    scene.api.lie(move |_| {
        let first = !std::mem::replace(&mut refused, true);
        let reset = chrono::Utc::now().timestamp_millis() + 2500;
        first.then(|| {
            refusal(
                429,
                "Rate limit exceeded ! You reach the limit of 30 requests per 1 minutes",
            )
            .with("X-Rate-Limit-Reset", reset.to_string())
        })
    });
    let ran = scene.update();
    assert!(ran.stderr.contains("429"), "{}", ran.stderr);
    let asked = scene.api.asked();
    let waited = asked[1].at - asked[0].at;
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(6)).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(asked[0].parameters, asked[1].parameters);
}

#[test]
fn a_key_that_is_refused_is_said_once_and_never_printed() {
    let scene = Scene::new();
    scene.api.lie(|_| Some(refusal(401, "Unauthorized")));
    scene.stays(&[
        "the key is refused (401",
        "REGISTRE_INSEE_KEY",
        "portail-api.insee.fr",
    ]);
    assert_eq!(
        scene.api.asked().len(),
        1,
        "asked once: it would be refused again"
    );
}

#[test]
fn a_request_that_is_refused_says_why() {
    let scene = Scene::new();
    scene
        .api
        .lie(|_| Some(error(400, "Erreur de syntaxe dans le paramètre q")));
    scene.stays(&["400", "Erreur de syntaxe dans le paramètre q"]);
}

/// Following it would give the key to another server.
#[test]
fn a_redirect_is_not_followed() {
    let scene = Scene::new();
    let elsewhere = api::Api::start();
    let url = elsewhere.url.clone();
    scene
        .api
        .lie(move |_| Some(Reply::new(302, "").with("location", format!("{url}/siren"))));
    scene.stays(&["302"]);
    assert!(elsewhere.asked().is_empty());
}

fn fails_from(page: usize, reply: fn() -> Reply) -> impl FnMut(&Asked) -> Option<Reply> + Send {
    let mut answered = 0;
    move |asked| {
        answered += usize::from(asked.path == "/siret");
        (answered > page).then(reply)
    }
}

#[test]
fn an_error_in_the_middle_is_tried_again_and_the_next_run_goes_on_from_there() {
    let scene = Scene::new();
    let mut register = scene.register();
    for nth in 0..45 {
        let mut record = treated(register.etablissement(nth), &days_ago(1, "05:00:00"));
        record.set("enseigne1Etablissement", "SPECIMEN");
        scene.api.hold(&record);
        register.put(&record);
    }
    scene.api.pages_of(10);
    scene
        .api
        .lie(fails_from(2, || error(500, "Erreur interne")));
    scene.stays(&[
        "500",
        "Erreur interne",
        "trying again",
        "the next run asks again",
    ]);
    assert_eq!(
        scene.api.asked_of("/siret").len(),
        2 + 5,
        "five times in all, then no more"
    );
    assert_eq!(scene.pages(), 2);

    // Once is nothing: the same run goes on.
    let mut failed = false;
    scene.api.lie(move |_| {
        let first = !std::mem::replace(&mut failed, true);
        first.then(|| error(503, "En maintenance"))
    });
    let ran = scene.update();
    assert!(
        ran.stderr.contains("2 pages are here already"),
        "{}",
        ran.stderr
    );
    let asked = scene.api.asked_of("/siret");
    assert!(asked[0].cursor() != "*" && asked[0].cursor() == asked[1].cursor());
    assert_eq!(
        asked.len(),
        1 + 3 + 1,
        "one again, three pages that were missing, and the end"
    );
    assert_eq!(
        scene.api.asked_of("/siren").len(),
        0,
        "it was known to have nothing"
    );
    register.assert_is(scene.data());
    let update = scene.updated("/siret");
    assert_eq!(
        (&update["received"], &update["requests"]),
        (&json!(45), &json!(6))
    );
}

#[test]
fn a_cursor_without_end_is_left() {
    let scene = Scene::new();
    let record = treated(scene.register().etablissement(1), &days_ago(1, "05:00:00"));
    let records = vec![record.json(); 900];
    let mut page = 0;
    scene.api.lie(move |asked| {
        (asked.path == "/siret").then(|| {
            page += 1;
            let header = json!({
                "statut": 200, "message": "OK", "total": 900, "debut": 0, "nombre": 900,
                "curseur": asked.cursor(), "curseurSuivant": format!("page{page}"),
            });
            Reply::new(
                200,
                json!({ "header": header, "etablissements": records }).to_string(),
            )
        })
    });
    scene.stays(&["2700 received of 900, and no end to it"]);
    assert_eq!(scene.api.asked_of("/siret").len(), 3);
    assert_eq!(scene.pages(), 0, "none of it is believed");

    scene.api.lie(|asked| {
        let header = json!({
            "statut": 200, "message": "OK", "total": 3, "debut": 0, "nombre": 0,
            "curseur": asked.cursor(), "curseurSuivant": format!("{}x", asked.cursor()),
        });
        Some(Reply::new(
            200,
            json!({ "header": header, "unitesLegales": [] }).to_string(),
        ))
    });
    scene.stays(&["an empty page that is not the last"]);
    assert_eq!(scene.api.asked().len(), 1);
}

#[test]
fn pages_that_are_missing_at_the_end_are_noticed() {
    let scene = Scene::new();
    let record = treated(scene.register().etablissement(1), &days_ago(1, "05:00:00"));
    scene.api.lie(move |asked| {
        (asked.path == "/siret").then(|| {
            let header = json!({
                "statut": 200, "message": "OK", "total": 12, "debut": 0, "nombre": 1,
                "curseur": asked.cursor(), "curseurSuivant": asked.cursor(),
            });
            Reply::new(
                200,
                json!({ "header": header, "etablissements": [record.json()] }).to_string(),
            )
        })
    });
    scene.stays(&["1 received of 12 at the end"]);
}

#[test]
fn fields_that_are_gone_are_not_emptied() {
    let scene = Scene::new();
    let record = treated(scene.register().etablissement(1), &days_ago(1, "05:00:00"));
    let mut record = record.json();
    record["adresseEtablissement"]
        .as_object_mut()
        .unwrap()
        .remove("codePostalEtablissement");
    scene.api.lie(move |asked| {
        (asked.path == "/siret").then(|| {
            let header = json!({
                "statut": 200, "message": "OK", "total": 1, "debut": 0, "nombre": 1,
                "curseur": asked.cursor(), "curseurSuivant": asked.cursor(),
            });
            Reply::new(
                200,
                json!({ "header": header, "etablissements": [record] }).to_string(),
            )
        })
    });
    scene.stays(&["fields not given any more: codePostalEtablissement"]);
}

#[test]
fn fields_nobody_knows_are_reported_and_odd_records_too() {
    let scene = Scene::new();
    let register = scene.register();
    let mut good = treated(register.etablissement(1), &days_ago(1, "05:00:00")).json();
    good["nouveauChampEtablissement"] = json!("SPECIMEN");
    let mut odd = treated(register.etablissement(2), &days_ago(1, "05:00:00")).json();
    odd["periodesEtablissement"] = json!([]);
    scene.api.lie(move |asked| {
        (asked.path == "/siret").then(|| {
            let header = json!({
                "statut": 200, "message": "OK", "total": 2, "debut": 0, "nombre": 2,
                "curseur": asked.cursor(), "curseurSuivant": asked.cursor(),
            });
            Reply::new(
                200,
                json!({ "header": header, "etablissements": [good, odd] }).to_string(),
            )
        })
    });
    let ran = scene.update();
    assert!(
        ran.stderr.contains("nouveauChampEtablissement"),
        "{}",
        ran.stderr
    );
    let update = scene.updated("/siret");
    assert_eq!(
        update["unknown_fields"],
        json!(["nouveauChampEtablissement"])
    );
    assert_eq!(update["rejects"], json!({ "sans période courante": 1 }));
}

/// Once a year INSEE treats millions of units in a night.
#[test]
fn a_mass_treatment_waits_for_the_stock() {
    let scene = Scene::new();
    let records = vec![treated(scene.register().etablissement(1), &days_ago(1, "05:00:00")).json()];
    scene.api.lie(move |asked| {
        (asked.path == "/siret").then(|| {
            let header = json!({
                "statut": 200, "message": "OK", "total": 4_000_000, "debut": 0, "nombre": 1,
                "curseur": "*", "curseurSuivant": "x",
            });
            Reply::new(
                200,
                json!({ "header": header, "etablissements": records }).to_string(),
            )
        })
    });
    scene.stays(&["4000000 changed since", "waiting for the next monthly file"]);
    assert_eq!(scene.api.asked_of("/siret").len(), 1);
    assert_eq!(scene.pages(), 0);
}

#[test]
fn killed_in_the_middle_of_a_pull_it_goes_on_from_there() {
    let scene = Scene::new();
    let mut register = scene.register();
    for nth in 0..30 {
        let mut record = treated(register.etablissement(nth), &days_ago(1, "05:00:00"));
        record.set("enseigne1Etablissement", "SPECIMEN");
        scene.api.hold(&record);
        register.put(&record);
    }
    scene.api.pages_of(10);
    scene
        .api
        .lie(fails_from(2, || Reply::new(200, "{}").stalling(0)));
    let served = snapshot(scene.data());
    let mut child = scene.command().stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while scene.api.asked_of("/siret").len() < 3 {
        assert!(Instant::now() < deadline, "it does not ask");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(snapshot(scene.data()), served);
    assert_eq!(scene.pages(), 2);

    scene.api.tell_the_truth();
    scene.update();
    let asked = scene.api.asked_of("/siret");
    assert_eq!(asked.len(), 2, "the third page, and the end");
    register.assert_is(scene.data());
}

/// The stock, in a folder of its own, its files found by name: the catalogue says the checksums of
/// others.
fn own_stock(scene: &mut Scene, to: &Path) {
    copy_folder(&scene.source.join("files"), to);
    scene.source = to.to_path_buf();
}

/// Changes a row of a CSV, and dates its treatment.
fn change_stock(scene: &Scene, file: &str, id: &str, changes: &[(&str, &str)]) {
    let zip = scene.source.join(file);
    let (name, text) = csv_entries(&zip).remove(0);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    let mut found = 0;
    for record in reader.records() {
        let mut fields: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        if fields.iter().take(3).any(|field| field == id) {
            found += 1;
            for (column, value) in changes {
                let at = header.iter().position(|name| name == *column).unwrap();
                (*value).clone_into(&mut fields[at]);
            }
        }
        writer.write_record(&fields).unwrap();
    }
    assert_eq!(found, 1);
    write_zip(&zip, &name, &writer.into_inner().unwrap());
}

/// Both tables say that they were treated then.
fn date_stock(scene: &Scene, register: &Register, days: i64) -> String {
    let at = days_ago(days, "04:00:00").replace(' ', "T");
    let siren = register.etablissement(20).get("siren").to_owned();
    change_stock(
        scene,
        "StockUniteLegale_utf8.zip",
        &siren,
        &[("dateDernierTraitementUniteLegale", &at)],
    );
    let siret = register.etablissement(20).id();
    change_stock(
        scene,
        "StockEtablissement_utf8.zip",
        &siret,
        &[("dateDernierTraitementEtablissement", &at)],
    );
    siret
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
        register.unite_legale(&new.get("siren").to_owned()),
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
        register.unite_legale(&record.get("siren").to_owned()),
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
        register.unite_legale(&record.get("siren").to_owned()),
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

#[test]
fn made_up_people_are_not_updated() {
    let data = tempfile::tempdir().unwrap();
    let api = api::Api::start();
    let ran = crate::harness::registre()
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
    let output = crate::harness::registre()
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
