//! Public SQL, asked as clients do.

mod escapes;
mod opening;
mod priority;
mod shell;

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::harness::{Answer, Server, sample, sample_server};

/// `GET /v1/sql?q=…`
fn get(server: &Server, query: &str, rest: &str) -> Answer {
    let mut address = "/v1/sql?q=".to_owned();
    for byte in query.bytes() {
        if byte.is_ascii_alphanumeric() {
            address.push(char::from(byte));
        } else {
            address.extend(format!("%{byte:02X}").chars());
        }
    }
    server.get(&format!("{address}{rest}"))
}

/// `POST /v1/sql` of a JSON body.
fn post(server: &Server, query: &str, parameters: &Value) -> Answer {
    let body = json!({ "q": query, "parametres": parameters });
    server.post("/v1/sql", body.to_string())
}

/// A request on a socket of its own, read to its end.
fn raw(server: &Server, request: &str) -> Vec<u8> {
    let mut stream = open(server, request);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn open(server: &Server, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn asking(query: &str, format: &str) -> String {
    format!(
        "POST /v1/sql?format={format} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/sql\r\nContent-Length: {}\r\n\r\n{query}",
        query.len()
    )
}

const ENDLESS: &str =
    "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range <> b.range";

#[test]
fn a_query_is_answered_by_its_address_or_its_body_in_each_format() {
    let server = sample_server();
    let query =
        "SELECT siren, denominationUniteLegale AS nom FROM unite_legale WHERE siren = '356000000'";
    let json = get(&server, query, "").json();
    assert_eq!(
        json["colonnes"],
        json!([{ "nom": "siren", "type": "VARCHAR" }, { "nom": "nom", "type": "VARCHAR" }])
    );
    assert_eq!(json["lignes"], json!([["356000000", "LA POSTE"]]));
    assert_eq!(json["nombre"], 1);
    assert!(json["donnees"]["licence"].is_string());
    let csv = get(&server, query, "&format=csv");
    assert_eq!(csv.text, "siren,nom\r\n356000000,LA POSTE\r\n");
    assert!(csv.content_type.starts_with("text/csv"));
    let ndjson = get(&server, query, "&format=ndjson").text;
    let lines: Vec<Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0], json!({ "siren": "356000000", "nom": "LA POSTE" }));
    assert_eq!(
        (&lines[1]["fin"], &lines[1]["nombre"]),
        (&json!(true), &json!(1))
    );
    let bound = post(
        &server,
        "SELECT count(*) AS n FROM unite_legale WHERE siren = $siren",
        &json!({ "siren": "356000000" }),
    );
    assert_eq!(bound.json()["lignes"], json!([[1]]));
    let sent = raw(&server, &asking(query, "parquet"));
    let head = String::from_utf8_lossy(&sent[..400]).to_lowercase();
    assert!(
        head.contains("application/vnd.apache.parquet") && head.contains("x-snapshot: "),
        "{head}"
    );
    assert!(sent.ends_with(b"PAR1"));
    assert!(raw(&server, &asking(query, "arrow")).ends_with(&[255, 255, 255, 255, 0, 0, 0, 0]));
}

#[test]
fn the_answer_belongs_to_a_snapshot_and_is_kept_by_what_was_accepted() {
    let server = sample_server();
    let ask = |headers: &str| {
        let sent = format!(
            "GET /v1/sql?q=SELECT+1+AS+a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
        );
        String::from_utf8(raw(&server, &sent)).unwrap()
    };
    let etag = |answer: &str| {
        let line = answer
            .lines()
            .find(|line| line.to_lowercase().starts_with("etag:"));
        line.unwrap().split_once(": ").unwrap().1.to_owned()
    };
    let json = ask("");
    let csv = ask("Accept: text/csv\r\n");
    assert!(
        csv.contains("text/csv") && csv.ends_with("a\r\n1\r\n"),
        "{csv}"
    );
    assert!(csv.to_lowercase().contains("vary: accept\r\n"), "{csv}");
    assert_ne!(etag(&json), etag(&csv));
    let again = ask(&format!(
        "Accept: text/csv\r\nIf-None-Match: {}\r\n",
        etag(&csv)
    ));
    assert!(again.starts_with("HTTP/1.1 304"), "{again}");
    let other = ask(&format!("If-None-Match: {}\r\n", etag(&csv)));
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
}

#[test]
fn what_can_be_asked_is_described_and_answers() {
    let server = sample_server();
    let schema = server.get("/v1/sql/schema").json();
    let tables = schema["tables"].as_array().unwrap();
    assert!(tables.len() >= 13, "{}", tables.len());
    for table in tables {
        let names: Vec<&str> = table["colonnes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["nom"].as_str().unwrap())
            .collect();
        let query = format!("SELECT * FROM {} LIMIT 1", table["nom"].as_str().unwrap());
        let found = get(&server, &query, "").json();
        let columns = found["colonnes"].as_array().unwrap();
        for (column, described) in columns.iter().zip(table["colonnes"].as_array().unwrap()) {
            assert_eq!(column["nom"], described["nom"], "{query}");
            // Parquet's own width of a whole number is not what is promised.
            if described["type"] != "BIGINT" {
                assert_eq!(
                    column["type"], described["type"],
                    "{query} {}",
                    column["nom"]
                );
            }
        }
        assert_eq!(columns.len(), names.len(), "{query}");
        if table["lignes"].is_number() {
            let count = format!("SELECT count(*) FROM {}", table["nom"].as_str().unwrap());
            assert_eq!(
                get(&server, &count, "").json()["lignes"][0][0],
                table["lignes"],
                "{count}"
            );
        }
    }
    for name in ["count", "siren_valide", "regexp_matches"] {
        assert!(
            schema["fonctions"]
                .as_array()
                .unwrap()
                .contains(&json!(name)),
            "{name}"
        );
    }
    assert_eq!(schema["limites"]["lignes"], 1_000_000);
}

/// A server of few means.
fn small() -> Server {
    let limits = [
        "serve",
        "--sql-timeout",
        "1",
        "--sql-memory",
        "128MB",
        "--sql-rows",
        "50000",
        "--sql-text",
        "8KB",
        "--sql-concurrency",
        "1",
        "--sql-waiting",
        "1",
        "--sql-wait",
        "1",
        "--sql-reading",
        "4",
    ];
    Server::start_with(&limits, sample())
}

/// Its answer once the machine, which other tests share, lets it be computed.
fn computed(server: &Server, query: &str) -> Answer {
    let started = Instant::now();
    loop {
        let answer = post(server, query, &Value::Null);
        let busy = answer.text.contains("\"sql_occupe\"");
        if !busy || started.elapsed() > Duration::from_secs(20) {
            return answer;
        }
    }
}

#[test]
fn each_limit_is_named_with_its_value() {
    let server = small();
    for (query, status, code, words) in [
        (ENDLESS, 504, "sql_temps", "1 secondes"),
        (
            "SELECT repeat('x', 1000000000) || n FROM range(2048) t(n)",
            422,
            "sql_memoire",
            "128MB",
        ),
        (
            "SELECT 1 FROM range(20001), range(3)",
            422,
            "sql_lignes",
            "50000",
        ),
        (
            "SELECT * FROM etablissement WHERE sirett = '1'",
            400,
            "sql_invalide",
            "sirett",
        ),
        ("DROP VIEW etablissement", 403, "sql_refusee", "SELECT"),
    ] {
        let answer = computed(&server, query);
        let body = answer.json();
        assert_eq!(
            (answer.status, body["code"].as_str()),
            (status, Some(code)),
            "{query}: {body}"
        );
        assert!(
            body["detail"].as_str().unwrap().contains(words),
            "{query}: {body}"
        );
        assert!(body["que_faire"].as_str().unwrap().len() > 30, "{body}");
        assert_eq!(
            computed(&server, "SELECT 1 AS a").json()["lignes"],
            json!([[1]]),
            "after {query}"
        );
    }
    let long = format!("SELECT '{}'", "x".repeat(9000));
    assert_eq!(
        post(&server, &long, &Value::Null).json()["code"],
        "sql_trop_longue"
    );
}

/// What its process keeps of it is not taken from the next query.
#[test]
fn a_query_that_took_all_the_memory_leaves_it_to_the_next() {
    let one = ["serve", "--sql-memory", "128MB", "--sql-concurrency", "1"];
    let server = Server::start_with(&one, sample());
    for _ in 0..2 {
        let all = "SELECT repeat('x', 100000) AS t FROM range(20000)";
        assert_eq!(computed(&server, all).json()["code"], "sql_memoire");
        let next = computed(&server, "SELECT * FROM etablissement LIMIT 20000");
        assert_eq!(next.status, 200, "{}", next.text);
    }
}

#[test]
fn as_many_queries_as_allowed_run_and_the_others_are_told_to_come_back() {
    let server = Arc::new(small());
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let server = Arc::clone(&server);
            std::thread::spawn(move || {
                let body = post(&server, ENDLESS, &Value::Null).json();
                (
                    body["code"].as_str().unwrap().to_owned(),
                    body["detail"].as_str().unwrap().to_owned(),
                )
            })
        })
        .collect();
    // Lookups do not wait for SQL.
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    assert_eq!(server.get("/v1/etablissements/13002526500013").status, 200);
    assert!(
        started.elapsed() < Duration::from_millis(500),
        "{:?}",
        started.elapsed()
    );
    let answers: Vec<_> = asked
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let busy = answers
        .iter()
        .filter(|(code, detail)| code == "sql_occupe" && detail.contains("à la fois"))
        .count();
    assert!(busy >= 2, "{answers:?}");
    assert!(
        answers
            .iter()
            .any(|(code, detail)| { code == "sql_temps" || detail.contains("s de processeur") }),
        "{answers:?}"
    );
}

#[test]
fn a_client_that_leaves_frees_its_place_at_once() {
    let server = Server::start_with(
        &[
            "serve",
            "--sql-timeout",
            "60",
            "--sql-concurrency",
            "1",
            "--sql-wait",
            "5",
        ],
        sample(),
    );
    let gone = open(&server, &asking(ENDLESS, "json"));
    std::thread::sleep(Duration::from_millis(700));
    drop(gone);
    let started = Instant::now();
    assert_eq!(post(&server, "SELECT 1", &Value::Null).status, 200);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_answer_that_stops_on_the_way_is_never_taken_for_a_whole_one() {
    let server = small();
    // Past the first pieces, then over the limit on rows.
    let query = "SELECT n, repeat('x', 100) AS x FROM range(60000) t(n)";
    for format in ["csv", "json", "arrow", "parquet"] {
        let sent = raw(&server, &asking(query, format));
        if format == "parquet" {
            // Nothing of it was sent: it is compressed, and smaller than a first piece.
            assert!(String::from_utf8_lossy(&sent).contains("sql_lignes"));
            continue;
        }
        assert!(sent.starts_with(b"HTTP/1.1 200"), "{format}");
        assert!(
            !sent.ends_with(b"0\r\n\r\n"),
            "{format}: ends as if it were whole"
        );
    }
    let sent = String::from_utf8(raw(&server, &asking(query, "ndjson"))).unwrap();
    assert!(!sent.ends_with("0\r\n\r\n"));
    let last = sent.lines().rfind(|line| line.starts_with('{')).unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        (&last["fin"], &last["code"]),
        (&json!(false), &json!("sql_lignes"))
    );
    // A whole one ends.
    let whole = raw(
        &server,
        &asking(
            "SELECT n, repeat('x', 100) AS x FROM range(40000) t(n)",
            "csv",
        ),
    );
    assert!(whole.ends_with(b"0\r\n\r\n"));
}

#[test]
fn a_client_that_reads_nothing_does_not_keep_a_place() {
    let server = small();
    let mut stalled = open(
        &server,
        &asking(
            "SELECT n, repeat('x', 5000) AS x FROM range(49000) t(n)",
            "csv",
        ),
    );
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    while post(&server, "SELECT 1", &Value::Null).status != 200 {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the place is still taken"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut bytes = Vec::new();
    let _cut = stalled.read_to_end(&mut bytes);
    assert!(!bytes.ends_with(b"0\r\n\r\n"));
}

#[test]
fn without_sql_there_is_no_such_address() {
    let server = Server::start_with(&["serve", "--no-sql"], sample());
    assert_eq!(server.get("/v1/sql?q=SELECT+1").status, 404);
    let link = "href=\"/sql\"";
    let with = sample_server();
    for page in [
        "/",
        "/recherche",
        "/donnees",
        "/parquet",
        "/integration",
        "/integration/recherche-entreprises",
        "/docs",
        "/etablissement/13002526500013",
        "/etablissement/13002526500014",
        "/signup",
        // Whoever comes there from elsewhere is told so.
        "/sql",
    ] {
        let text = server.get(page).text;
        assert!(
            text.contains("href=\"/parquet\"") && !text.contains(link),
            "{page}: {text}"
        );
        assert!(with.get(page).text.contains(link), "{page}");
    }
}
