//! Servers lie: each lie gives one clear error and its documented exit code, or is seen through;
//! what is served stays as it was, and the next honest run goes through.

mod archives;
mod columns;
mod full_disk;
mod killed;
mod scene;
pub mod site;
mod slow;
mod tls;

use std::time::{Duration, Instant};

use scene::{DATASETS, FILE, RNA, SIRENE, Scene, cut_then, edited, editions, file};
use site::{Reply, Request};

#[test]
fn a_length_that_is_not_the_one_announced() {
    let scene = Scene::new();
    scene.lie(|_, mut honest| {
        honest.length = Some(honest.body.len() + 1000);
        honest
    });
    scene.refused(4, &["StockEtablissement", "announced by the publisher"]);

    let scene = Scene::new();
    scene.lie(|_, mut honest| {
        honest.body.truncate(honest.body.len() - 1000);
        honest
    });
    scene.refused(4, &["StockEtablissement", "announced by the publisher"]);
}

#[test]
fn a_body_shorter_than_the_file_with_nothing_announced() {
    let scene = Scene::new();
    scene.lie_unannounced(|_, mut honest| {
        honest.body.truncate(honest.body.len() - 1000);
        honest
    });
    scene.refused(4, &["StockEtablissement", "its end is missing"]);
}

#[test]
fn a_range_ignored_starts_again_from_the_first_byte() {
    let scene = Scene::new();
    scene.lie(cut_then(|request, honest| {
        assert!(request.range().is_some());
        Reply::new(200, file()).with("etag", honest.headers[1].1.clone())
    }));
    scene.seen_through();
    assert_eq!(scene.asked().len(), 2);
}

#[test]
fn a_range_off_by_one_is_thrown_away() {
    let scene = Scene::new();
    scene.lie(cut_then(|request, honest| match request.range() {
        None => honest,
        Some(start) => {
            let (from, total) = (start + 1, file().len());
            let range = format!("bytes {from}-{}/{total}", total - 1);
            let etag = honest.headers.iter().find(|(name, _)| *name == "etag");
            Reply::new(206, &file()[from..])
                .with("content-range", range)
                .with("etag", &*etag.unwrap().1)
        }
    }));
    let ran = scene.seen_through();
    assert!(ran.stderr.contains("from the start"), "{}", ran.stderr);
    let ranges: Vec<bool> = scene
        .asked()
        .iter()
        .map(|asked| asked.range().is_some())
        .collect();
    assert_eq!(ranges, [false, true, false]);
}

#[test]
fn a_file_replaced_under_way_starts_again() {
    let first = || std::fs::read(editions().0.join(&FILE[1..])).unwrap();
    let scene = Scene::new();
    // What comes first is half of the other edition; the truth honours If-Range.
    scene.lie_unannounced(move |request, honest| match request.nth {
        0 => Reply::new(200, first()).with("etag", "\"old\"").cut(5000),
        _ => honest,
    });
    scene.seen_through();
    assert_eq!(scene.asked()[1].header("if-range"), Some("\"old\""));

    // A server that does not honour it gives itself away by its ETag.
    let scene = Scene::new();
    scene.lie_unannounced(
        move |request, honest| match (request.nth, request.range()) {
            (0, _) => {
                let mut old = first();
                old.resize(file().len(), 0);
                Reply::new(200, old).with("etag", "\"old\"").cut(5000)
            }
            (_, Some(start)) => {
                let total = file().len();
                let range = format!("bytes {start}-{}/{total}", total - 1);
                Reply::new(206, &file()[start..])
                    .with("content-range", range)
                    .with("etag", "\"new\"")
            }
            _ => honest,
        },
    );
    let ran = scene.seen_through();
    assert!(ran.stderr.contains("replaced under way"), "{}", ran.stderr);
}

#[test]
fn a_file_that_is_not_there_is_asked_for_once() {
    for status in [404, 410, 403] {
        let scene = Scene::new();
        scene.lie(move |_, _| Reply::new(status, "gone"));
        let started = Instant::now();
        let ran = scene.ingest();
        scene.assert_refused(&ran, 3, &["StockEtablissement", &status.to_string(), FILE]);
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(scene.asked().len(), 1);
        scene.recovers();
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again_when_it_says() {
    let scene = Scene::new();
    scene.lie(|request, honest| match request.nth {
        0 => Reply::new(429, "later").with("retry-after", "3"),
        1 => Reply::new(500, "oops"),
        2 => Reply::new(503, "busy"),
        _ => honest,
    });
    scene.seen_through();
    let asked = scene.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(3));

    // For a day is for another run.
    let scene = Scene::new();
    scene.lie(|_, _| Reply::new(503, "later").with("retry-after", "86400"));
    scene.refused(3, &["503", "come back in 86400 s"]);
}

#[test]
fn the_api_is_asked_once_per_dataset_and_again_when_it_fails() {
    let scene = Scene::new();
    scene
        .site
        .lie(|request, honest| match (&*request.path, request.nth) {
            (SIRENE, 0) => Reply::new(503, "<html>maintenance</html>"),
            (SIRENE, 1) => honest.cut(100),
            _ => honest,
        });
    scene.seen_through();
    assert_eq!(scene.site.asked(SIRENE).len(), 3);
    assert_eq!(scene.site.asked(RNA).len(), 1);
}

#[test]
fn without_version_1_of_the_api_version_2_is_asked() {
    let v1 = |path: &str| {
        let text = std::fs::read(editions().1.join(&path[1..]).join("index.json")).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
        document["resources"].as_array().unwrap().clone()
    };
    let scene = Scene::new();
    scene.site.lie(move |request, honest| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match path {
            SIRENE => Reply::new(200, r#"{"resources": {"href": "/elsewhere", "total": 4}}"#),
            RNA => Reply::new(410, "gone"),
            _ if path.starts_with("/api/2/") => {
                let of = path.replace("/api/2/", "/api/1/");
                let all = v1(of.trim_end_matches("resources/"));
                let page = usize::from(query.starts_with("page=2"));
                let next = (page == 0).then_some("http://localhost/?page=2");
                let data = if page == 0 { &all[..1] } else { &all[1..] };
                Reply::new(
                    200,
                    serde_json::json!({"data": data, "next_page": next}).to_string(),
                )
            }
            _ => honest,
        }
    });
    scene.seen_through();
}

#[test]
fn a_redirect_that_goes_round_in_circles() {
    let scene = Scene::new();
    scene.lie(|_, _| Reply::new(302, "").with("location", FILE));
    let ran = scene.ingest();
    scene.assert_refused(&ran, 3, &["StockEtablissement", "redirected more than 10"]);
    assert!(scene.asked().len() < 15, "not tried again");
    scene.recovers();
}

#[test]
fn a_checksum_that_is_wrong_once_or_always() {
    let damaged = |mut honest: Reply| {
        let middle = honest.body.len() / 2;
        honest.body[middle] ^= 0x55;
        honest
    };
    let scene = Scene::new();
    scene.lie(move |request, honest| match request.nth {
        0 => damaged(honest),
        _ => honest,
    });
    scene.seen_through();

    let scene = Scene::new();
    scene.lie(move |_, honest| damaged(honest));
    let ran = scene.ingest();
    scene.assert_refused(&ran, 4, &["StockEtablissement", "sha256", "announced"]);
    assert_eq!(
        scene.asked().len(),
        2,
        "a whole file is not fetched for ever"
    );
    scene.recovers();
}

#[test]
fn a_page_instead_of_a_file() {
    let page = "<!doctype html><title>Maintenance</title>";
    let lie = move |_: &Request, _| Reply::new(200, page).with("content-type", "text/html");
    let scene = Scene::new();
    scene.lie(lie);
    scene.refused(4, &["StockEtablissement", "text/html"]);
    let scene = Scene::new();
    scene.lie_unannounced(lie);
    scene.refused(4, &["text/html", "neither a zip", "<!doctype html>"]);
}

#[test]
fn an_edition_older_than_the_one_in_service() {
    let scene = Scene::new();
    scene.site.lie(|request, honest| match &*request.path {
        SIRENE => edited(&honest, |resource| {
            let title = resource["title"].as_str().unwrap();
            resource["title"] = title.replace(" 2026", " 2025").into();
        }),
        _ => honest,
    });
    scene.refused(5, &["fraicheur", "sirene", "2025"]);
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let scene = Scene::new();
    scene.recovers();
    scene.site.tell_the_truth();
    let ran = scene.ingest();
    assert!(ran.stderr.contains("did not change"), "{}", ran.stderr);
    assert_eq!(scene.site.paths(), DATASETS);

    // Nothing announced: the server is asked, and says so in a few bytes.
    scene.lie_unannounced(|_, honest| honest);
    let ran = scene.ingest();
    assert!(ran.stderr.contains("did not change"), "{}", ran.stderr);
    assert!(scene.asked()[0].header("if-none-match").is_some());
    assert_eq!(scene.site.sent(FILE), 0);
}

#[test]
fn a_disk_that_cannot_be_written_is_not_the_servers_fault() {
    let scene = Scene::new();
    let part = scene.data().join("raw/StockEtablissement.part");
    std::fs::create_dir(&part).unwrap();
    let ran = scene.ingest();
    scene.assert_refused(&ran, 6, &["StockEtablissement.part"]);
    assert_eq!(ran.stderr.matches("trying again").count(), 0);
    std::fs::remove_dir(&part).unwrap();
    scene.recovers();
}
