//! A client that asks for odd things gets a refusal, in the shape of all where HTTP lets us.

use super::SIRET;
use super::wire::{Wire, ask};
use crate::harness::sample_server;

/// The status of the answer to these bytes, and its code when it is one of ours.
fn refused(bytes: &[u8]) -> (u16, String) {
    let server = sample_server();
    let mut wire = Wire::to(&server);
    wire.send(bytes);
    let answer = wire.answer(false);
    let answer =
        answer.unwrap_or_else(|| panic!("no answer to {:?}", String::from_utf8_lossy(bytes)));
    let is_ours = answer
        .headers
        .get("content-type")
        .is_some_and(|kind| kind == "application/problem+json");
    let code = if is_ours {
        answer.json()["code"].as_str().unwrap().to_owned()
    } else {
        String::new()
    };
    (answer.status, code)
}

fn request(line: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

#[test]
fn an_odd_request_is_refused_and_never_a_fault_of_ours() {
    let long = "a".repeat(9000);
    for (line, status, code) in [
        ("GET /v1/etablissements/%FF", 400, "parametre_invalide"),
        ("GET /v1/etablissements/%00", 400, "format_invalide"),
        ("GET /v1/etablissements/%", 400, "format_invalide"),
        ("GET /v1/etablissements/%zz", 400, "format_invalide"),
        ("GET /v1/etablissements/%E2%80%AE", 400, "format_invalide"),
        ("GET /v1/etablissements/", 404, "route_inconnue"),
        ("GET //v1//etablissements", 404, "route_inconnue"),
        (
            "GET /v1/etablissements/../../etc/passwd",
            404,
            "route_inconnue",
        ),
        (
            &format!("GET /v1/etablissements/{long}"),
            414,
            "adresse_trop_longue",
        ),
        (
            &format!("GET /v1/unites-legales/356000000/etablissements?{long}"),
            414,
            "adresse_trop_longue",
        ),
        (&format!("GET /?id={}", &long[..8000]), 400, ""),
        (
            "GET /v1/unites-legales/356000000/etablissements?%FF=%FF&=&&",
            400,
            "parametre_invalide",
        ),
        ("GET http://autre.example/v1/x", 404, "route_inconnue"),
        ("OPTIONS *", 404, "route_inconnue"),
        ("OPTIONS /v1/profil", 405, "methode_non_permise"),
        ("TRACE /v1/profil", 405, "methode_non_permise"),
        ("BREW /v1/profil", 405, "methode_non_permise"),
        ("CONNECT autre.example:443", 404, "route_inconnue"),
        ("DELETE /v1/profil", 405, "methode_non_permise"),
        // Not HTTP: nobody to answer in a shape.
        ("GET /v1/\0", 400, ""),
        ("GET /v1/é", 400, ""),
        ("G\u{1}T /", 400, ""),
    ] {
        let shown = &line[..line.len().min(60)];
        let (found, found_code) = refused(&request(line));
        // The page explains an error in its own shape; hyper lets UTF-8 through, or not.
        assert!((400..500).contains(&found), "{shown}: {found}");
        if !code.is_empty() {
            assert_eq!((found, found_code.as_str()), (status, code), "{shown}");
        }
    }
}

#[test]
fn headers_and_bodies_are_bounded() {
    let headers = |number: usize| {
        let lines: Vec<String> = (0..number).map(|n| format!("X-{n}: 1\r\n")).collect();
        let lines = lines.concat();
        format!("GET {SIRET} HTTP/1.1\r\n{lines}\r\n")
    };
    assert_eq!(refused(headers(90).as_bytes()).0, 200);
    assert_eq!(refused(headers(200).as_bytes()).0, 431);
    let large = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "x".repeat(60_000));
    assert_eq!(refused(large.as_bytes()).0, 431);
    let said = "POST /v1/profil HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(
        refused(said.as_bytes()),
        (413, "requete_trop_volumineuse".to_owned())
    );
    // Sent whole, it is refused all the same, and the refusal arrives.
    let sent = format!(
        "POST /v1/profil HTTP/1.1\r\nContent-Length: 500000\r\n\r\n{}",
        "x".repeat(500_000)
    );
    assert_eq!(
        refused(sent.as_bytes()),
        (413, "requete_trop_volumineuse".to_owned())
    );
    let absurd = "POST /v1/profil HTTP/1.1\r\nContent-Length: -1\r\n\r\n";
    assert_eq!(refused(absurd.as_bytes()).0, 400);
    let both = "POST /v1/profil HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let (status, _) = refused(both.as_bytes());
    assert!((400..500).contains(&status), "{status}");
}

/// The whole address is legitimate, from a proxy: RFC 9112 §3.2.2.
#[test]
fn the_absolute_form_of_an_address_is_answered_like_the_other() {
    let answer = ask(
        &sample_server(),
        "GET",
        &format!("http://localhost{SIRET}"),
        "",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["etablissement"]["siret"], "13002526500013");
}
