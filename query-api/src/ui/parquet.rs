//! `/parquet`: the files, and how to read them from here, for people.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::fmt::Write as _;
use std::sync::Arc;

use super::donnees::{CLOSE_TABLE, cell, number, open_table};
use super::extraits::{self, Extrait};
use super::template::{escape, fill};
use super::{alerte, html_page, notice, pied};
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::mirror::pinned_path;
use crate::text::megabytes;

const TEMPLATE: &str = include_str!("../../ui/parquet.html");
/// The examples, as they are copied.
const EXAMPLES: [Extrait; 7] = [
    Extrait {
        id: "duckdb",
        titre: "DuckDB",
        texte: include_str!("../../ui/parquet/duckdb.sh"),
    },
    Extrait {
        id: "python-duckdb",
        titre: "Python, DuckDB",
        texte: include_str!("../../ui/parquet/duckdb.py"),
    },
    Extrait {
        id: "polars",
        titre: "Python, polars",
        texte: include_str!("../../ui/parquet/polars.py"),
    },
    Extrait {
        id: "pandas",
        titre: "Python, pandas",
        texte: include_str!("../../ui/parquet/pandas.py"),
    },
    Extrait {
        id: "r-duckdb",
        titre: "R, DuckDB",
        texte: include_str!("../../ui/parquet/duckdb.R"),
    },
    Extrait {
        id: "r-arrow",
        titre: "R, arrow",
        texte: include_str!("../../ui/parquet/arrow.R"),
    },
    Extrait {
        id: "curl",
        titre: "curl",
        texte: include_str!("../../ui/parquet/curl.sh"),
    },
];

/// `GET /parquet`
pub(crate) async fn page(
    State(catalog): State<Arc<Catalog>>,
    headers: HeaderMap,
    pinned: Option<Extension<InService>>,
) -> Response {
    let snapshot = pinned
        .map(|Extension(InService(snapshot))| snapshot)
        .or_else(|| catalog.current());
    let (status, files) = if let Some(snapshot) = snapshot.as_deref() {
        (StatusCode::OK, files(snapshot))
    } else {
        let error = ApiError::AucuneDonnee;
        (error.code().status(), alerte::error(&error, 2))
    };
    let origine = extraits::origine(&headers);
    let body = fill(TEMPLATE, |name| match name {
        "bandeau" => catalog.menu.bandeau("/parquet", &[]),
        "fichiers" => files.clone(),
        "exemples" => extraits::liste(&EXAMPLES, &origine, ""),
        "origine" => escape(&origine),
        "avis" => notice(snapshot.as_deref()).to_owned(),
        "pied" => pied(snapshot.as_deref()),
        _ => String::new(),
    });
    html_page(status, body)
}

fn files(snapshot: &Snapshot) -> String {
    let manifest = &snapshot.manifest;
    let mut html = String::new();
    let headers = [
        ("Table", false),
        ("Lignes", true),
        ("Taille", true),
        ("Adresse de ce jeu de données", false),
    ];
    open_table(&mut html, "Fichiers Parquet", &headers);
    for table in &manifest.tables {
        let description =
            registre_schemas::table(&table.name).map_or("", |known| known.description);
        let _ = write!(
            html,
            "<tr><th scope=\"row\"><a href=\"/parquet/{0}.parquet\">{0}.parquet</a><br>{1} (<a href=\"/donnees#table-{0}\">dictionnaire<span class=\"invisible\"> de {0}</span></a>)</th>",
            escape(&table.name),
            escape(description),
        );
        cell(&mut html, &number(table.rows));
        cell(&mut html, &megabytes(table.bytes));
        let path = escape(&pinned_path(&manifest.id, table));
        let _ = write!(html, "<td><a href=\"{path}\">{path}</a></td></tr>");
    }
    html.push_str(CLOSE_TABLE);
    html
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, send};
    use axum::body::Body;
    use axum::extract::Request;

    async fn asked(headers: &[(&str, &str)]) -> String {
        let fixture = Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        let mut request = Request::get("/parquet");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
        answer.text().to_owned()
    }

    #[tokio::test]
    async fn the_examples_name_the_server_as_the_visitor_does() {
        let page = asked(&[("host", "donnees.exemple.fr:8080")]).await;
        assert!(page.contains("http://donnees.exemple.fr:8080/parquet/etablissement.parquet"));
        assert!(!page.contains("registre.example"));
        let page = asked(&[("host", "exemple.fr"), ("x-forwarded-proto", "https")]).await;
        assert!(page.contains("https://exemple.fr/parquet/"));
    }

    #[tokio::test]
    async fn a_host_that_is_not_one_is_not_written() {
        for host in ["\"><script>", "a b", ""] {
            let page = asked(&[("host", host)]).await;
            assert!(page.contains("https://registre.example/parquet/"), "{host}");
            assert!(!page.contains("<script>"));
        }
    }

    #[tokio::test]
    async fn each_file_is_listed_under_both_its_addresses() {
        let page = asked(&[]).await;
        for table in registre_schemas::TABLES {
            let name = table.name;
            assert!(page.contains(&format!("href=\"/parquet/{name}.parquet\"")));
            assert!(page.contains(&format!(
                "href=\"/parquet/20261101T000000Z/{name}.parquet\""
            )));
        }
    }
}
