use super::*;
use crate::testing::{Fixture, get, record};

#[tokio::test]
async fn all_etablissements_come_line_by_line_and_the_last_says_so() {
    let fixture = Fixture::published("20261101T000000Z");
    let app = fixture.app().await;
    let list = "/v1/unites-legales/356000000/etablissements";
    let answer = get(&app, &format!("{list}?format=ndjson")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(answer.header("x-total"), "2");
    let lines: Vec<serde_json::Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    let page = get(&app, list).await.json();
    assert_eq!(lines[..2], *page["etablissements"].as_array().unwrap());
    assert_eq!(
        lines[2],
        serde_json::json!({"fin": true, "nombre": 2, "snapshot": "20261101T000000Z"})
    );
    let closed = get(&app, &format!("{list}?format=ndjson&etat=F")).await;
    assert_eq!(closed.text().lines().count(), 2);
    let csv = get(&app, &format!("{list}?format=csv&apres=35600000000048")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<_> = csv.text().split("\r\n").collect();
    assert!(lines[0].starts_with("siren,nic,siret,statutDiffusionEtablissement,"));
    assert!(
        lines[1].starts_with("356000000,09075,35600000009075,O,"),
        "{}",
        lines[1]
    );
    assert_eq!(lines.len(), 3);
    let unknown = get(
        &app,
        "/v1/unites-legales/732829320/etablissements?format=csv",
    )
    .await;
    assert_eq!(
        (unknown.status, unknown.json()["code"].as_str()),
        (404, Some("inconnu"))
    );
}

#[test]
fn a_csv_value_is_quoted_when_it_must_be() {
    let mut bytes = Vec::new();
    csv_row(
        &mut bytes,
        &record(
            "doublon",
            &[
                ("siren", "a,\"b\""),
                ("dateDernierTraitementDoublon", "2024-03-22T14:03:55.500"),
            ],
        ),
    );
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text, "\"a,\"\"b\"\"\",,2024-03-22T14:03:55.500\r\n");
}

#[tokio::test]
async fn nothing_is_asked_for_a_client_that_left() {
    let fixture = Fixture::published("20261101T000000Z");
    let catalog = crate::catalog::Catalog::new(&fixture.config());
    catalog.refresh().unwrap();
    let snapshot = catalog.current().unwrap();
    let (sender, receiver) = channel(1);
    drop(receiver);
    let export = Export {
        snapshot,
        siren: "356000000".parse().unwrap(),
        page: Page {
            limite: ROWS,
            apres: None,
            etat: None,
        },
        format: Format::Ndjson,
        sender,
    };
    // A first page that says that more follow: without the client, it is the last.
    let row = record("etablissement", &[("siret", "35600000000048")]);
    tokio::time::timeout(Duration::from_secs(5), export.run(vec![row], true))
        .await
        .unwrap();
}

/// Another snapshot goes into service between two pages: the list is that of the first.
#[tokio::test]
async fn a_list_is_of_one_snapshot() {
    let fixture = Fixture::published("20261101T000000Z");
    let catalog = crate::catalog::Catalog::new(&fixture.config());
    catalog.refresh().unwrap();
    let (sender, receiver) = channel(1);
    let page = Page {
        limite: 1,
        apres: None,
        etat: None,
    };
    let snapshot = catalog.current().unwrap();
    let siren = "356000000".parse().unwrap();
    let first = snapshot
        .ask(NextEtablissements(siren, page.clone()))
        .await
        .unwrap();
    let export = Export {
        snapshot,
        siren,
        page,
        format: Format::Ndjson,
        sender,
    };
    let running = tokio::spawn(export.run(first, true));
    fixture.publish("20261201T000000Z");
    catalog.refresh().unwrap();
    assert_eq!(catalog.current().unwrap().manifest.id, "20261201T000000Z");
    let pages = Pages {
        receiver,
        whole: false,
    };
    let all = axum::body::to_bytes(Body::new(pages), usize::MAX)
        .await
        .unwrap();
    running.await.unwrap();
    let lines: Vec<serde_json::Value> = all
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines[0]["siret"], "35600000000048");
    assert_eq!(lines[1]["siret"], "35600000009075");
    assert_eq!(
        lines[2],
        serde_json::json!({"fin": true, "nombre": 2, "snapshot": "20261101T000000Z"})
    );
}

#[tokio::test]
async fn a_list_that_is_not_whole_is_an_error_and_not_an_end() {
    let body = |last: Option<bool>| {
        let (sender, receiver) = channel(1);
        if let Some(last) = last {
            let bytes = Bytes::from_static(b"line\n");
            sender.try_send(Lines { bytes, last }).unwrap();
        }
        let pages = Pages {
            receiver,
            whole: false,
        };
        axum::body::to_bytes(Body::new(pages), usize::MAX)
    };
    assert_eq!(body(Some(true)).await.unwrap(), "line\n");
    assert!(body(Some(false)).await.is_err());
    assert!(body(None).await.is_err());
}
