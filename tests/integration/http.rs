//! What HTTP asks of a server, seen on the wire: the built binary, raw sockets.

mod limits;
mod odd;
pub mod swap;
pub mod wire;

use wire::{Wire, ask};

use crate::harness::sample_server;

const SIRET: &str = "/v1/etablissements/13002526500013";

/// An address of each route, and of each kind of miss.
const ADDRESSES: [&str; 29] = [
    SIRET,
    "/v1/unites-legales/356000000",
    "/v1/unites-legales/356000000/etablissements?limite=3",
    "/v1/associations/W759000011",
    "/v1/profil",
    "/donnees",
    "/parquet",
    "/parquet/manifest.json",
    "/",
    "/?id=356000000",
    "/entreprise/356000000",
    "/etablissement/13002526500013",
    "/association/W759000011",
    "/recherche?q=mairie",
    "/recherche/suggestions.js",
    "/health",
    "/openapi.json",
    "/docs",
    "/docs/swagger-ui.css",
    "/app.js",
    "/widget/identifiants.js",
    "/widget/registre-organisation.js",
    "/integration",
    "/sql?q=SELECT+1",
    "/sql/codes.json",
    "/style.css",
    "/favicon.svg",
    "/v1/unites-legales/732829320",
    "/v1/nulle-part",
];

#[test]
fn head_has_the_headers_of_get_and_no_body_on_every_route() {
    let server = sample_server();
    let mut wire = Wire::to(&server);
    for address in ADDRESSES {
        for accept in [
            "",
            "Accept-Encoding: gzip\r\n",
            "Accept-Encoding: br, zstd;q=0.1\r\n",
        ] {
            let sent = format!("X-Request-Id: same\r\n{accept}");
            let get = wire.ask("GET", address, &sent);
            let head = wire.ask("HEAD", address, &sent);
            // How the body is sent is of the body.
            let headers = |answer: &wire::Answer| {
                let headers = answer.headers.iter();
                let kept =
                    headers.filter(|(name, _)| *name != "transfer-encoding" && *name != "date");
                kept.map(|(name, value)| format!("{name}: {value}"))
                    .collect::<Vec<_>>()
            };
            assert_eq!(headers(&head), headers(&get), "{address} {accept}");
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{address}");
            assert!(!get.body.is_empty(), "{address}");
        }
    }
}

#[test]
fn what_is_unchanged_is_not_sent_and_what_is_not_there_is_never_unchanged() {
    let server = sample_server();
    let mut wire = Wire::to(&server);
    for address in [SIRET, "/v1/profil", "/", "/style.css", "/openapi.json"] {
        let first = wire.ask("GET", address, "");
        let etag = &first.headers["etag"];
        let strong = etag.trim_start_matches("W/");
        for method in ["GET", "HEAD"] {
            for tags in [
                etag.clone(),
                format!("\"a\", {strong} , \"b\""),
                "*".to_owned(),
            ] {
                let again = wire.ask(method, address, &format!("If-None-Match: {tags}\r\n"));
                assert_eq!(
                    (again.status, again.body.len()),
                    (304, 0),
                    "{address} {tags}"
                );
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(again.headers[name], first.headers[name], "{address} {name}");
                }
                assert!(!again.headers.contains_key("content-length"), "{address}");
            }
            let other = wire.ask(method, address, "If-None-Match: \"a\"\r\n");
            assert_eq!(other.status, 200, "{address}");
        }
    }
    for address in [
        "/v1/unites-legales/732829320",
        "/v1/etablissements/12",
        "/v1/x",
    ] {
        let miss = wire.ask("GET", address, "If-None-Match: *\r\n");
        assert!(
            (400..=404).contains(&miss.status),
            "{address}: {}",
            miss.status
        );
        assert_eq!(miss.headers["cache-control"], "no-store", "{address}");
        assert!(!miss.headers.contains_key("etag"), "{address}");
    }
}

#[test]
fn a_coding_is_negotiated_and_small_answers_are_sent_as_they_are() {
    let server = sample_server();
    let mut wire = Wire::to(&server);
    let plain = wire.ask("GET", SIRET, "");
    for (accept, expected) in [
        ("gzip", Some("gzip")),
        ("gzip;q=0.5, br;q=0.8", Some("br")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("identity;q=0", None),
        ("deflate", None),
    ] {
        let answer = wire.ask("GET", SIRET, &format!("Accept-Encoding: {accept}\r\n"));
        let coding = answer.headers.get("content-encoding").map(String::as_str);
        assert_eq!((answer.status, coding), (200, expected), "{accept}");
        assert_eq!(answer.headers["vary"], "accept-encoding");
        assert_eq!(answer.headers["etag"], plain.headers["etag"]);
        match expected {
            Some(_) => assert!(answer.body.len() * 2 < plain.body.len(), "{accept}"),
            None => assert_eq!(answer.body, plain.body, "{accept}"),
        }
    }
    let health = wire.ask("GET", "/health", "Accept-Encoding: gzip\r\n");
    assert!(
        !health.headers.contains_key("content-encoding"),
        "{:?}",
        health.headers
    );
}

#[test]
fn a_page_of_another_site_may_ask_and_read() {
    let server = sample_server();
    let mut wire = Wire::to(&server);
    for method in ["GET", "HEAD", "POST"] {
        let asked = format!(
            "Origin: https://site.example\r\nAccess-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: content-type,x-api-key\r\n"
        );
        let preflight = wire.ask("OPTIONS", SIRET, &asked);
        assert_eq!((preflight.status, preflight.body.len()), (204, 0));
        let list = |name: &str| preflight.headers[name].to_lowercase();
        assert_eq!(list("access-control-allow-origin"), "*");
        assert!(list("access-control-allow-methods").contains(&method.to_lowercase()));
        for header in [
            "content-type",
            "x-api-key",
            "authorization",
            "if-none-match",
        ] {
            assert!(
                list("access-control-allow-headers").contains(header),
                "{header}"
            );
        }
    }
    for address in [SIRET, "/v1/unites-legales/732829320"] {
        let answer = wire.ask("GET", address, "Origin: https://site.example\r\n");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let exposed = &answer.headers["access-control-expose-headers"];
        for header in ["etag", "link", "ratelimit", "retry-after", "x-request-id"] {
            assert!(exposed.contains(header), "{header} in {exposed}");
        }
    }
    assert!(
        ask(&server, "GET", SIRET, "")
            .headers
            .contains_key("x-request-id")
    );
}
