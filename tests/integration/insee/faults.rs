//! The API does not answer, or not the truth.

use serde_json::json;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::api::{Api, Asked, error, page_of, refusal};
use super::scene::{Scene, days_ago, treated};
use crate::harness::{ingest, snapshot};
use crate::lying_server::site::Reply;

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
    let elsewhere = Api::start();
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
            page_of(asked, 900, &format!("page{page}"), &records)
        })
    });
    scene.stays(&["2700 received of 900, and no end to it"]);
    assert_eq!(scene.api.asked_of("/siret").len(), 3);
    assert_eq!(scene.pages(), 0, "none of it is believed");

    scene
        .api
        .lie(|asked| Some(page_of(asked, 3, &format!("{}x", asked.cursor()), &[])));
    scene.stays(&["an empty page that is not the last"]);
    assert_eq!(scene.api.asked().len(), 1);
}

#[test]
fn pages_that_are_missing_at_the_end_are_noticed() {
    let scene = Scene::new();
    let record = treated(scene.register().etablissement(1), &days_ago(1, "05:00:00"));
    scene.api.lie(move |asked| {
        (asked.path == "/siret").then(|| page_of(asked, 12, asked.cursor(), &[record.json()]))
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
        (asked.path == "/siret")
            .then(|| page_of(asked, 1, asked.cursor(), std::slice::from_ref(&record)))
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
        (asked.path == "/siret")
            .then(|| page_of(asked, 2, asked.cursor(), &[good.clone(), odd.clone()]))
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
        (asked.path == "/siret").then(|| page_of(asked, 4_000_000, "x", &records))
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

/// They name people, and nobody will finish the pull.
#[test]
fn pages_of_a_pull_that_was_cut_do_not_outlive_the_key() {
    let scene = Scene::new();
    let register = scene.register();
    for nth in 0..30 {
        let record = register.etablissement(nth);
        scene.api.hold(&treated(record, &days_ago(1, "05:00:00")));
    }
    scene.api.pages_of(10);
    scene
        .api
        .lie(fails_from(2, || refusal(401, "Unauthorized")));
    scene.stays(&["the key is refused"]);
    assert_eq!(scene.pages(), 2);
    assert_eq!(ingest(&scene.source, scene.data()).code, Some(0));
    assert_eq!(scene.pages(), 0);
}
