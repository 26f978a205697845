use axum::body::Body;
use axum::extract::Request;

use super::*;
use crate::testing::{Fixture, get, send};

const ID: &str = "20261101T000000Z";

#[test]
fn each_example_is_named_once_and_is_of_a_category_that_is_shown() {
    for one in &EXEMPLES {
        let named = Exemple::named(one.id).map(|found| found.titre);
        assert_eq!(named, Some(one.titre));
        assert!(CATEGORIES.contains(&one.categorie), "{}", one.id);
        assert!(
            one.sql.starts_with("-- ") && !one.sql.trim_end().ends_with(';'),
            "{}",
            one.id
        );
    }
}

#[test]
fn a_size_is_written_in_french() {
    let sizes = ["1GB", "512MB", "64KB", "1000"].map(in_french);
    assert_eq!(
        sizes,
        ["1\u{a0}Go", "512\u{a0}Mo", "64\u{a0}ko", "1000\u{a0}octets"]
    );
}

#[test]
fn a_script_imports_nothing_that_is_not_served() {
    for (file, _, script) in FILES {
        let imports = script
            .lines()
            .filter_map(|line| line.split_once(" from \"./")?.1.strip_suffix("\";"));
        for import in imports {
            assert!(
                FILES.iter().any(|(name, ..)| *name == import),
                "{file} imports {import}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_shows_its_query_and_the_policy_allows_no_inline_code() {
    let app = Fixture::published(ID).app().await;
    let page = get(&app, "/sql?q=SELECT+%3C%2Ftextarea%3E%3Cscript%3E").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text()
            .contains("\nSELECT &lt;/textarea&gt;&lt;script&gt;</textarea>")
    );
    assert!(page.text().contains("content=\"noindex\"") && !page.text().contains("{{"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("style-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let example = get(&app, "/sql?exemple=tailles").await;
    assert!(
        example
            .text()
            .contains("GROUP BY ALL\nORDER BY unites_legales DESC</textarea>")
    );
    assert!(
        example
            .text()
            .contains("<a href=\"/sql\" aria-current=\"page\">")
    );
    for file in [
        "page.js",
        "codemirror.js",
        "codemirror.licences.txt",
        "codes.json",
        "page.css",
    ] {
        assert_eq!(
            get(&app, &format!("/sql/{file}")).await.status,
            200,
            "{file}"
        );
    }
    assert_eq!(get(&app, "/sql/entree.js").await.status, 404);
}

#[tokio::test]
async fn a_link_of_another_site_runs_nothing() {
    let app = Fixture::published(ID).app().await;
    let request =
        Request::get("/sql?q=SELECT+1%2B1&executer=oui").header("sec-fetch-site", "cross-site");
    let answer = send(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/sql?q=SELECT+1%2B1")
    );
}

#[tokio::test]
async fn without_data_or_without_sql_the_page_says_so() {
    let fixture = Fixture::empty();
    let answer = get(&fixture.app().await, "/sql?q=SELECT+1&executer=oui").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("SELECT 1</textarea>"));
}
