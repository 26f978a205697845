use super::*;
use crate::middleware::{App, around};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use std::io::Write as _;

fn config(rate_limit: &str, proxies: &[&str]) -> Config {
    Config {
        rate_limit: Some(rate_limit.parse().unwrap()),
        trusted_proxies: proxies.iter().map(|text| text.parse().unwrap()).collect(),
        ..Config::default()
    }
}

fn app(config: &Config) -> App {
    let routes = Router::new()
        .route("/v1/x", get(|| async { "x" }))
        .route("/health", get(|| async { "ok" }));
    around(routes, config, Limits::of(config).unwrap())
}

/// Status and headers of an answer to `peer`, with these headers sent.
async fn ask(app: &App, path: &str, peer: &str, sent: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = Request::get(path);
    for (name, value) in sent {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.answer(request, Some(peer.parse().unwrap())).await;
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    (parts.status.as_u16(), parts.headers, text)
}

#[tokio::test]
async fn a_client_is_told_what_is_left_then_when_to_come_back() {
    let app = app(&config("2/min", &[]));
    let (status, headers, _) = ask(&app, "/v1/x", "192.0.2.1", &[]).await;
    assert_eq!(status, 200);
    assert_eq!(headers["ratelimit-policy"], "\"adresse\";q=2;w=60");
    assert_eq!(headers["ratelimit"], "\"adresse\";r=1;t=30");
    assert!(!headers.contains_key("retry-after"));
    ask(&app, "/v1/x", "192.0.2.1", &[]).await;
    let (status, headers, body) = ask(&app, "/v1/x", "192.0.2.1", &[]).await;
    assert_eq!(status, 429);
    assert_eq!(headers["ratelimit"], "\"adresse\";r=0;t=60");
    assert_eq!(headers["retry-after"], "30");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(body.contains("\"trop_de_requetes\""), "{body}");
    assert_eq!(ask(&app, "/v1/x", "192.0.2.2", &[]).await.0, 200);
    for _ in 0..5 {
        let (status, headers, _) = ask(&app, "/health", "192.0.2.1", &[]).await;
        assert_eq!((status, headers.get("ratelimit")), (200, None));
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_said() {
    let config = Config::default();
    assert!(Limits::of(&config).unwrap().is_none());
    let (status, headers, _) = ask(&app(&config), "/v1/x", "192.0.2.1", &[]).await;
    assert_eq!((status, headers.get("ratelimit")), (200, None));
}

#[test]
fn an_ipv6_client_is_its_network_and_a_mapped_one_its_ipv4_address() {
    let limits = Limits::of(&config("1/h", &[])).unwrap().unwrap();
    let allowed = |peer: &str| {
        let request = Request::get("/v1/x").body(Body::empty()).unwrap();
        let taken = limits.take(&request, Some(peer.parse().unwrap()));
        taken.unwrap().is_ok_and(|taken| taken.allowed())
    };
    assert!(allowed("2001:db8:1:2::1"));
    assert!(!allowed("2001:db8:1:2:ffff::2"), "the same /64");
    assert!(allowed("2001:db8:1:3::1"));
    assert!(allowed("192.0.2.1"));
    assert!(!allowed("::ffff:192.0.2.1"));
}

#[test]
fn only_a_declared_proxy_is_believed_and_only_for_its_own_neighbour() {
    let limits = Limits::of(&config("1/s", &["10.0.0.0/8", "::1"]))
        .unwrap()
        .unwrap();
    for (peer, forwarded, client) in [
        ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
        ("10.1.2.3", &[], "10.1.2.3"),
        ("10.1.2.3", &["203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.1.2.3", &["203.0.113.9:4711"], "203.0.113.9"),
        ("::1", &["[2001:db8::1]:4711"], "2001:db8::1"),
        // What the client wrote itself is left of what the proxy added.
        ("10.1.2.3", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (
            "10.1.2.3",
            &["198.51.100.1", "203.0.113.9, 10.9.9.9"],
            "203.0.113.9",
        ),
        ("10.1.2.3", &["unknown"], "10.1.2.3"),
        ("10.1.2.3", &["203.0.113.9, "], "10.1.2.3"),
    ] {
        let headers = forwarded
            .iter()
            .map(|value| (FORWARDED_FOR, HeaderValue::from_str(value).unwrap()))
            .collect();
        let found = limits.client(&headers, peer.parse().unwrap());
        assert_eq!(
            found,
            client.parse::<IpAddr>().unwrap(),
            "{peer} {forwarded:?}"
        );
    }
}

#[tokio::test]
async fn a_key_has_its_own_limit_an_unknown_one_is_refused_and_the_file_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cles.toml");
    let write = |text: &str| {
        let mut file = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.persist(&path).unwrap();
    };
    let sha = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    write(&format!(
        "[exemple]\nsha256 = \"{sha}\"\nlimit = \"100/min\""
    ));
    let config = Config {
        keys: Some(path.clone()),
        ..config("1/h", &[])
    };
    let limits = Limits::of(&config).unwrap().unwrap();
    let routes = Router::new().route("/v1/x", get(|| async { "x" }));
    let app = around(routes, &config, Some(Arc::clone(&limits)));
    let watching = tokio::spawn(limits.watch(Duration::from_millis(5)));
    for sent in [
        ("authorization", "Bearer secret"),
        ("authorization", "bearer  secret"),
        ("x-api-key", "secret"),
    ] {
        let (status, headers, _) = ask(&app, "/v1/x", "192.0.2.1", &[sent]).await;
        assert_eq!(status, 200);
        assert_eq!(headers["ratelimit-policy"], "\"cle\";q=100;w=60");
    }
    let (status, headers, body) = ask(&app, "/v1/x", "192.0.2.1", &[("x-api-key", "autre")]).await;
    assert_eq!(
        (status, &headers["www-authenticate"]),
        (401, &HeaderValue::from_static("Bearer"))
    );
    assert!(
        body.contains("cle_api_inconnue") && !body.contains("autre"),
        "{body}"
    );
    let basic = [("authorization", "Basic c2VjcmV0")];
    assert_eq!(
        ask(&app, "/v1/x", "192.0.2.1", &basic).await.0,
        200,
        "not a key"
    );
    // A file that cannot be read takes no key away; one without it does.
    write("[exemple");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let key = [("x-api-key", "secret")];
    assert_eq!(ask(&app, "/v1/x", "192.0.2.1", &key).await.0, 200);
    write("");
    for _ in 0..200 {
        if ask(&app, "/v1/x", "192.0.2.1", &key).await.0 == 401 {
            watching.abort();
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the key was never taken away");
}
