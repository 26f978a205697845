use crate::middleware::App;
use crate::organisation::LIMITE;
use crate::testing::{Fixture, get, send};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use serde_json::{Value, json};

async fn app() -> (Fixture, App) {
    let fixture = Fixture::published("20261101T000000Z");
    let app = fixture.app().await;
    (fixture, app)
}

#[tokio::test]
async fn any_identifier_leads_to_the_organisation() {
    let (_fixture, app) = app().await;
    for (id, kind) in [
        ("13002526500013", "siret"),
        ("130%20025%20265", "siren"),
        ("FR07130025265", "tva"),
        ("w921000001", "rna"),
    ] {
        let answer = get(&app, &format!("/v1/organisations/{id}")).await;
        let json = answer.json();
        assert_eq!(answer.status, 200, "{json}");
        assert_eq!(json["identifiant"]["type"], kind);
        assert_eq!(
            json["organisation"]["nom"],
            "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"
        );
        assert_eq!(
            json["organisation"]["adresse"]["lignes"],
            json!(["20 AVENUE DE SEGUR", "75007 PARIS"])
        );
        assert_eq!(json["organisation"]["tva"], "FR07130025265");
        assert_eq!(json["donnees"]["sirene"], "2026-11-01");
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
    }
}

#[tokio::test]
async fn a_no_has_the_same_shape_and_its_own_status() {
    let (_fixture, app) = app().await;
    let keys = |json: &Value| {
        json.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let yes = get(&app, "/v1/organisations/13002526500013").await.json();
    for (id, status, resultat) in [
        ("100000009", 200, "doublon"),
        ("751P00085568", 200, "doublon"),
        ("35600000009075", 200, "ferme"),
        ("900000019", 200, "diffusion_partielle"),
        ("732829320", 404, "inconnu"),
        ("13002526500021", 404, "inconnu"),
        ("bonjour", 400, "invalide"),
        ("%FF%00", 400, "invalide"),
        ("%20", 400, "invalide"),
    ] {
        let answer = get(&app, &format!("/v1/organisations/{id}")).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["resultat"]),
            (status, &json!(resultat)),
            "{id}: {json}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(keys(&json), keys(&yes));
        if status != 200 {
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
    let hint = get(&app, "/v1/organisations/l3002526500013").await.json();
    assert_eq!(hint["suggestion"], "13002526500013");
}

#[tokio::test]
async fn a_succession_that_goes_round_is_told_once() {
    let (_fixture, app) = app().await;
    for id in ["381194299", "38119429900016", "38119429900024"] {
        let json = get(&app, &format!("/v1/organisations/{id}")).await.json();
        assert_eq!(json["resultat"], "ferme", "{json}");
        let succession = &json["organisation"]["succession"];
        assert_eq!(succession["cycle"], true, "{json}");
        assert_eq!(succession["complete"], false);
        assert_eq!(succession["successeurs"].as_array().unwrap().len(), 1);
        assert!(succession["siret_actuel"].is_null());
    }
}

fn post(body: &str, content_type: Option<&str>) -> Request {
    let mut request = Request::post("/v1/organisations");
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn a_batch_answers_each_as_it_would_be_alone_in_the_order_asked() {
    let (_fixture, app) = app().await;
    let ids = [
        "356000000",
        "bonjour",
        "13002526500013",
        "900000001",
        "W751004076",
        "100000009",
        "",
        "356000000",
        "90000000100017",
        "FR39356000000",
        "35600000009075",
        "732829320",
        "W921000001",
        "751P00085568",
        "13002526500021",
        "381194299",
        "38119429900024",
    ];
    let body = serde_json::to_string(&ids).unwrap();
    let answer = send(&app, post(&body, Some("application/json"))).await;
    let json = answer.json();
    assert_eq!(answer.status, 200, "{json}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(json["nombre"], ids.len());
    assert_eq!(json["donnees"]["snapshot"], "20261101T000000Z");
    for (id, reponse) in ids.iter().zip(json["reponses"].as_array().unwrap()) {
        assert_eq!(reponse["demande"], *id);
        if id.is_empty() {
            assert_eq!(reponse["resultat"], "invalide");
            continue;
        }
        let mut alone = get(&app, &format!("/v1/organisations/{id}")).await.json();
        alone.as_object_mut().unwrap().shift_remove("donnees");
        assert_eq!(*reponse, alone, "{id}");
    }
    let by_address = get(&app, &format!("/v1/organisations?ids={}", ids.join(","))).await;
    assert_eq!(by_address.json(), json);
    let lines = send(&app, post("356000000\n\"bonjour\"\r\n", None))
        .await
        .json();
    assert_eq!(lines["nombre"], 2);
    assert_eq!(lines["reponses"][1]["demande"], "bonjour");
}

#[tokio::test]
async fn a_batch_that_is_none_or_too_long_is_a_problem() {
    let (_fixture, app) = app().await;
    let many = vec!["130025265"; LIMITE + 1];
    let exact = serde_json::to_string(&many[1..]).unwrap();
    let answer = send(&app, post(&exact, None)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["reponses"].as_array().unwrap().len(), LIMITE);
    for (request, status, code) in [
        (
            post(&serde_json::to_string(&many).unwrap(), None),
            413,
            "trop_d_identifiants",
        ),
        (
            post(&"x".repeat(300_000), None),
            413,
            "requete_trop_volumineuse",
        ),
        (post("[]", None), 400, "parametre_invalide"),
        (post("", None), 400, "parametre_invalide"),
        (
            post("[\"1\"", Some("application/json")),
            400,
            "parametre_invalide",
        ),
    ] {
        let answer = send(&app, request).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, json["code"].as_str()),
            (status, Some(code)),
            "{json}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let none = get(&app, "/v1/organisations").await;
    assert_eq!(none.status, 400);
    let other = Request::delete("/v1/organisations")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&app, other).await.status, 405);
}

/// Bytes of a generator of its own: the same at each run.
fn bytes(seed: &mut u64) -> u8 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    seed.to_le_bytes()[3]
}

#[tokio::test]
async fn no_bytes_make_a_fault_in_any_route() {
    use std::fmt::Write as _;
    let (_fixture, app) = app().await;
    let mut seed = 0x5eed_u64;
    for round in 0..3000_usize {
        let length = usize::from(bytes(&mut seed)) % 24 + 1;
        let mut id = String::new();
        for _ in 0..length {
            let byte = bytes(&mut seed);
            // Half of them from what identifiers are made of, so that some go further.
            let byte = if byte < 128 {
                b"0123456789WFR -"[usize::from(byte) % 15]
            } else {
                byte
            };
            write!(id, "%{byte:02x}").unwrap();
        }
        let path = [
            format!("/v1/organisations/{id}"),
            format!("/v1/etablissements/{id}"),
            format!("/v1/unites-legales/{id}"),
            format!("/v1/unites-legales/{id}/etablissements?format=ndjson"),
            format!("/v1/associations/{id}"),
            format!("/v1/organisations?ids={id}"),
            format!("/v1/unites-legales/356000000/etablissements?apres={id}&format={id}"),
        ][round % 7]
            .clone();
        let answer = get(&app, &path).await;
        assert!(
            matches!(answer.status, 200 | 400 | 404),
            "{path}: {}",
            answer.status
        );
        if path.starts_with("/v1/organisations/") {
            assert!(answer.json()["resultat"].is_string(), "{path}");
        }
    }
}

#[tokio::test]
async fn no_body_makes_a_fault() {
    let (_fixture, app) = app().await;
    let mut seed = 0xb0d1_u64;
    let types = [
        "application/json",
        "text/plain",
        "application/x-ndjson",
        "image/png",
        "\u{7f}",
    ];
    for round in 0..1000_usize {
        let length = usize::from(bytes(&mut seed)) * 2;
        let body: Vec<u8> = (0..length)
            .map(|_| match bytes(&mut seed) {
                byte if byte < 200 => b"[]{}\",:0123456789\nWFR nulltrue"[usize::from(byte) % 30],
                byte => byte,
            })
            .collect();
        let body = [b"[" as &[u8], b"{\"identifiants\":", b""][round % 3]
            .iter()
            .copied()
            .chain(body)
            .collect::<Vec<u8>>();
        let mut request = Request::post("/v1/organisations");
        if let Ok(value) = HeaderValue::from_str(types[round % types.len()]) {
            request = request.header(header::CONTENT_TYPE, value);
        }
        let answer = send(&app, request.body(Body::from(body)).unwrap()).await;
        assert!(
            matches!(answer.status, 200 | 400),
            "{}: {}",
            answer.status,
            answer.text()
        );
    }
}
