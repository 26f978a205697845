use super::*;
use crate::middleware::App;
use crate::testing::{self, Fixture, send};
use axum::extract::Request;

const ID: &str = "20261101T000000Z";
const PATH: &str = "/parquet/etablissement.parquet";

async fn ask(app: &App, method: &str, path: &str, said: &[(HeaderName, &str)]) -> testing::Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in said {
        request = request.header(name, *value);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

/// The service, the whole file and its tag.
async fn served() -> (Fixture, App, testing::Answer) {
    let fixture = Fixture::published(ID);
    let app = fixture.app().await;
    let whole = ask(&app, "GET", PATH, &[]).await;
    assert_eq!(whole.status, 200);
    (fixture, app, whole)
}

#[tokio::test]
async fn a_file_is_sent_whole_with_all_that_a_reader_needs() {
    let (_fixture, app, whole) = served().await;
    let size = whole.bytes().len();
    assert!(whole.bytes().starts_with(b"PAR1") && whole.bytes().ends_with(b"PAR1"));
    let sum = whole.sha256();
    for (header, expected) in [
        ("etag", format!("\"{sum}\"")),
        ("content-type", PARQUET.to_owned()),
        ("accept-ranges", "bytes".to_owned()),
        ("cache-control", "public, no-cache".to_owned()),
        (
            "content-location",
            format!("/parquet/{ID}/etablissement.parquet"),
        ),
        (
            "content-disposition",
            "attachment; filename=\"etablissement.parquet\"".to_owned(),
        ),
    ] {
        assert_eq!(whole.header(header), expected, "{header}");
    }
    assert!(whole.header("repr-digest").starts_with("sha-256=:"));
    assert!(whole.header("last-modified").ends_with(" GMT"));
    let head = ask(&app, "HEAD", PATH, &[(header::RANGE, "bytes=0-3")]).await;
    assert_eq!((head.status, head.bytes().len()), (200, 0));
    assert_eq!(head.header("content-length"), size.to_string());
    let exposed = head.header("access-control-expose-headers");
    for name in ["content-range", "etag", "accept-ranges", "content-length"] {
        assert!(exposed.split(',').any(|one| one == name), "{name}");
    }
}

#[tokio::test]
async fn a_file_is_never_compressed_nor_told_to_vary() {
    let (_fixture, app, whole) = served().await;
    for accept in ["gzip", "zstd, br", "gzip, identity;q=0"] {
        let answer = ask(&app, "GET", PATH, &[(header::ACCEPT_ENCODING, accept)]).await;
        assert_eq!(answer.header("content-encoding"), "", "{accept}");
        assert_eq!(answer.header("vary"), "");
        assert!(answer.bytes() == whole.bytes());
    }
    let text = ask(
        &app,
        "GET",
        "/parquet/manifest.json",
        &[(header::ACCEPT_ENCODING, "gzip")],
    )
    .await;
    assert_eq!(text.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn one_range_is_206_and_what_is_not_there_416() {
    let (_fixture, app, whole) = served().await;
    let size = whole.bytes().len();
    let ranged = |range: &'static str| {
        let app = &app;
        async move { ask(app, "GET", PATH, &[(header::RANGE, range)]).await }
    };
    let tail = ranged("bytes=-8").await;
    assert_eq!(tail.status, 206);
    assert_eq!(tail.bytes(), &whole.bytes()[size - 8..]);
    let content = format!("bytes {}-{}/{size}", size - 8, size - 1);
    assert_eq!(tail.header("content-range"), content);
    assert_eq!(tail.header("content-length"), "8");
    assert_eq!(tail.header("etag"), whole.header("etag"));
    assert_eq!(ranged("bytes=0-3").await.bytes(), b"PAR1");
    assert!(ranged("bytes=10-").await.bytes() == &whole.bytes()[10..]);
    for range in ["bytes=99999999-", "bytes=x", "bytes=-0"] {
        let none = ranged(range).await;
        assert_eq!(
            (none.status, none.json()["code"].as_str()),
            (416, Some("plage_invalide"))
        );
        assert_eq!(none.header("content-range"), format!("bytes */{size}"));
    }
    assert_eq!(ranged("lignes=0-3").await.status, 200);
}

#[tokio::test]
async fn several_ranges_come_in_parts() {
    let (_fixture, app, whole) = served().await;
    let size = whole.bytes().len();
    let answer = ask(
        &app,
        "GET",
        PATH,
        &[(header::RANGE, "bytes=0-3,200-299,-4")],
    )
    .await;
    assert_eq!(answer.status, 206);
    assert_eq!(answer.header("content-range"), "");
    assert_eq!(
        answer.header("content-length"),
        answer.bytes().len().to_string()
    );
    let content_type = answer.header("content-type");
    let boundary = content_type
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let mut rest = answer.bytes();
    for range in [0..4, 200..300, size - 4..size] {
        let head = format!(
            "--{boundary}\r\nContent-Type: {PARQUET}\r\nContent-Range: bytes {}-{}/{size}\r\n\r\n",
            range.start,
            range.end - 1
        );
        rest = rest.strip_prefix(head.as_bytes()).unwrap();
        rest = rest.strip_prefix(&whole.bytes()[range]).unwrap();
        rest = rest.strip_prefix(b"\r\n").unwrap();
    }
    assert_eq!(rest, format!("--{boundary}--\r\n").as_bytes());
    // Those that touch are one, and one needs no parts.
    let one = ask(&app, "GET", PATH, &[(header::RANGE, "bytes=0-3,4-9")]).await;
    assert_eq!(one.header("content-range"), format!("bytes 0-9/{size}"));
}

#[tokio::test]
async fn conditions_are_answered_with_304_412_or_the_whole() {
    let (_fixture, app, whole) = served().await;
    let (tag, date) = (whole.header("etag"), whole.header("last-modified"));
    let fresh = ask(&app, "GET", PATH, &[(header::IF_NONE_MATCH, tag)]).await;
    assert_eq!((fresh.status, fresh.bytes().len()), (304, 0));
    assert_eq!(fresh.header("etag"), tag);
    assert_eq!(fresh.header("vary"), "");
    assert_eq!(fresh.header("cache-control"), "public, no-cache");
    let fresh = ask(&app, "GET", PATH, &[(header::IF_MODIFIED_SINCE, date)]).await;
    assert_eq!(fresh.status, 304);
    let range = (header::RANGE, "bytes=0-3");
    for (condition, status) in [
        ((header::IF_RANGE, tag), 206),
        ((header::IF_RANGE, "\"another\""), 200),
        ((header::IF_MATCH, tag), 206),
        ((header::IF_MATCH, "\"another\""), 412),
    ] {
        let answer = ask(&app, "GET", PATH, &[range.clone(), condition.clone()]).await;
        assert_eq!(answer.status, status, "{condition:?}");
    }
    let json = ask(&app, "GET", "/parquet/manifest.json", &[]).await;
    let again = [(header::IF_NONE_MATCH, json.header("etag"))];
    assert_eq!(
        ask(&app, "GET", "/parquet/manifest.json", &again)
            .await
            .status,
        304
    );
}

#[tokio::test]
async fn what_is_not_a_file_of_a_snapshot_is_404() {
    let (_fixture, app, _) = served().await;
    for path in [
        "/parquet/nulle.parquet",
        "/parquet/etablissement",
        "/parquet/etablissement.csv",
        "/parquet/20200101T000000Z/etablissement.parquet",
        "/parquet/20991231T000000Z/etablissement.parquet",
        "/parquet/../etablissement.parquet",
        "/parquet/%2e%2e/etablissement.parquet",
        "/parquet/..%2f..%2fcurrent.json/etablissement.parquet",
        "/parquet/20261101T000000Z/current.json",
    ] {
        let answer = ask(&app, "GET", path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["code"], "fichier_inconnu", "{path}");
    }
    let refused = ask(&app, "POST", PATH, &[]).await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET,HEAD"));
    let empty = Fixture::empty().app().await;
    assert_eq!(ask(&empty, "GET", PATH, &[]).await.status, 503);
}

#[tokio::test]
async fn an_older_snapshot_answers_by_its_name_as_long_as_it_is_there() {
    let fixture = Fixture::published(ID);
    fixture.publish("20261201T000000Z");
    let app = fixture.app().await;
    let path = format!("/parquet/{ID}/etablissement.parquet");
    for _again in 0..2 {
        let answer = ask(&app, "GET", &path, &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("etag"), format!("\"{}\"", answer.sha256()));
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=86400, immutable"
        );
        assert_eq!(answer.header("content-location"), path);
    }
    let json = ask(&app, "GET", &format!("/parquet/{ID}/manifest.json"), &[]).await;
    assert_eq!(json.json()["snapshot"], ID);
    fixture.remove(ID);
    assert_eq!(ask(&app, "GET", &path, &[]).await.status, 404);
}

#[tokio::test]
async fn an_older_snapshot_that_was_replaced_by_one_where_someone_is_hidden_is_read_again() {
    let fixture = Fixture::published(ID);
    fixture.publish("20261201T000000Z");
    let app = fixture.app().await;
    let path = format!("/parquet/{ID}/etablissement.parquet");
    let before = ask(&app, "GET", &path, &[]).await;
    fixture.exchange_table(ID, "etablissement", b"PAR1 someone is hidden PAR1");
    let after = ask(&app, "GET", &path, &[]).await;
    assert_eq!(after.bytes(), b"PAR1 someone is hidden PAR1");
    assert_ne!(after.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn a_download_under_way_ends_with_the_bytes_it_began_with() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let (fixture, app, whole) = served().await;
    let request = Request::get(PATH)
        .header(header::RANGE, "bytes=0-3,1000-")
        .body(Body::empty());
    let response = app.clone().oneshot(request.unwrap()).await.unwrap();
    let mut body = response.into_body();
    let mut bytes = body
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap()
        .to_vec();
    fixture.publish("20261201T000000Z");
    fixture.remove(ID);
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    let tail = &whole.bytes()[1000..];
    assert!(bytes.windows(tail.len()).any(|window| window == tail));
}

#[tokio::test]
async fn each_table_is_described_as_table_schema() {
    let (_fixture, app, _) = served().await;
    for table in registre_schemas::TABLES {
        let path = format!("/donnees/{}.schema.json", table.name);
        let answer = ask(&app, "GET", &path, &[]).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(
            answer.json()["fields"].as_array().unwrap().len(),
            table.columns.len()
        );
    }
    assert_eq!(
        ask(&app, "GET", "/donnees/nulle.schema.json", &[])
            .await
            .status,
        404
    );
}
