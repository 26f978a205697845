//! « Dans votre code »: the examples of the pages, taken from them as a reader would, and run.

use duckdb::Connection;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Ran, Server, sample, sample_server, snapshot, write_file};

/// Pages that show data, what their examples must speak of and curl must print, and what Python prints.
const PAGES: [(&str, &str, &str); 5] = [
    ("/entreprise/356000000", "356000000", "trouve : "),
    (
        "/etablissement/13002526500013",
        "13002526500013",
        "trouve : ",
    ),
    ("/association/W759000011", "W759000011", "trouve : "),
    (
        "/recherche?q=DINUM&etat=A&nature=administration",
        "DINUM",
        "130025265 ",
    ),
    ("/donnees", "etablissement", "etablissement : "),
];

/// An example, as it is copied.
#[derive(Debug)]
struct Example {
    title: String,
    text: String,
}

/// Those of a page.
fn examples(server: &Server, path: &str) -> Vec<Example> {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{path}");
    let parts = answer.text.split("<h3 id=\"").skip(1);
    let found = parts.filter_map(|part| {
        let (head, rest) = part.split_once("</h3><pre")?;
        let (_, title) = head.split_once('>')?;
        let (_, code) = rest.split_once("<code>")?;
        let (code, _) = code.split_once("</code>")?;
        Some(Example {
            title: title.to_owned(),
            text: plain(code),
        })
    });
    found.collect()
}

/// Text of HTML.
fn plain(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn titled<'a>(examples: &'a [Example], title: &str) -> &'a str {
    let found = examples.iter().find(|example| example.title == title);
    &found
        .unwrap_or_else(|| panic!("no {title}: {examples:?}"))
        .text
}

/// The addresses of the server in a text.
fn addresses<'a>(base: &str, text: &'a str) -> Vec<&'a str> {
    let ends = |c: char| c.is_whitespace() || "'\"\\)".contains(c);
    let found = text.match_indices(base).map(|(at, _)| {
        let rest = &text[at + base.len()..];
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    });
    found.collect()
}

/// What a program printed, given a text to run; none where there is no such program.
fn ran(program: &str, text: &str, folder: &Path) -> Option<Ran> {
    let is_there = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("{program} is not here: its examples are not run");
        return None;
    }
    let shell = if program == "python3" { program } else { "sh" };
    let option = if program == "python3" { "-c" } else { "-ec" };
    let output = Command::new(shell)
        .args([option, text])
        .current_dir(folder)
        .output();
    Some(output.unwrap().into())
}

#[test]
fn every_address_of_an_example_answers() {
    let server = sample_server();
    for (path, subject, _) in PAGES.into_iter().chain([("/parquet", "", "")]) {
        let examples = examples(&server, path);
        assert!(examples.len() >= 3, "{path}: {examples:?}");
        assert!(
            examples
                .iter()
                .any(|example| example.text.contains(subject)),
            "{path}: {examples:?}"
        );
        for Example { title, text } in &examples {
            assert!(!text.contains("registre.example"), "{path}: {text}");
            let asked = addresses(&server.base, text);
            assert!(!asked.is_empty(), "{path}, {title}: {text}");
            for address in asked {
                assert_eq!(
                    server.get(address).status,
                    200,
                    "{path}, {title}: {address}"
                );
            }
        }
    }
    // What is no number has nothing to be copied.
    let wrong = server.get("/etablissement/13002526500014");
    assert_eq!(wrong.status, 400);
    assert!(!wrong.text.contains("code-curl"), "{}", wrong.text);
}

#[test]
fn the_examples_in_curl_and_in_python_run_as_they_are() {
    let server = sample_server();
    for (path, subject, printed) in PAGES {
        let folder = tempfile::tempdir().unwrap();
        let examples = examples(&server, path);
        for (program, title) in [("curl", "curl"), ("python3", "Python")] {
            let text = titled(&examples, title);
            let Some(ran) = ran(program, text, folder.path()) else {
                continue;
            };
            assert_eq!(ran.code, Some(0), "{path}: {}", ran.stderr);
            let words = if program == "curl" { subject } else { printed };
            assert!(ran.stdout.contains(words), "{path}: {}", ran.stdout);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let examples = examples(&server, "/parquet");
    if let Some(ran) = ran("curl", titled(&examples, "curl"), folder.path()) {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        // What sha256sum says of the file that was downloaded, in any language.
        assert!(
            ran.stdout.starts_with("unite_legale.parquet: "),
            "{}",
            ran.stdout
        );
    }
}

/// DuckDB reads over HTTP with an extension, which no test may download: the same files are read where
/// they are.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the engine of who copies the example, with none of ours around it"
)]
fn the_examples_in_duckdb_find_rows() {
    let server = sample_server();
    let files = snapshot(sample());
    let folder = tempfile::tempdir().unwrap();
    for (path, ..) in PAGES.into_iter().chain([("/parquet", "", "")]) {
        let examples = examples(&server, path);
        let text = titled(&examples, "DuckDB");
        let (_, sql) = text.split_once("-c \"").unwrap();
        let mut sql = sql.trim_end().strip_suffix('"').unwrap().to_owned();
        for (rank, address) in addresses(&server.base, text).into_iter().enumerate() {
            let file = if let Some(name) = address.strip_prefix("/parquet/") {
                files.join(name)
            } else {
                let copy = folder.path().join(format!("{rank}.json"));
                write_file(&copy, server.get(address).text.as_bytes());
                copy
            };
            let asked = format!("{}{address}", server.base);
            sql = sql.replace(&asked, file.to_str().unwrap());
        }
        assert!(!sql.contains("http"), "{path}: {sql}");
        let connection = Connection::open_in_memory().unwrap();
        let mut query = connection.prepare(&sql).unwrap();
        let rows = query.query_map([], |_row| Ok(())).unwrap().count();
        assert!(rows > 0, "{path}: {sql}");
    }
}
