//! Ways out of the sandbox, tried one after the other on a real server. None reads, writes, waits
//! beyond its limit or kills: each has the answer expected of it, and lookups go on.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::{post, small};
use crate::harness::{Server, sample};

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It is not a reading of the published tables.
    Refused,
    /// It is not SQL that DuckDB takes.
    Invalid,
    /// It is stopped by one of the limits.
    Limited,
    /// It is harmless, and answered.
    Answered,
    /// Answered, or stopped by a limit: both are right.
    Bounded,
}

use Expected::{Answered, Bounded, Invalid, Limited, Refused};

#[rustfmt::skip] // one line per escape reads as a table
const ESCAPES: &[(&str, Expected)] = &[
    // Files.
    ("SELECT * FROM read_csv('/etc/passwd')", Refused),
    ("SELECT * FROM read_text('/etc/passwd')", Refused),
    ("SELECT * FROM read_blob('/proc/self/environ')", Refused),
    ("SELECT * FROM read_parquet('/tmp/x.parquet')", Refused),
    ("SELECT * FROM read_json('/etc/hosts')", Refused),
    ("SELECT * FROM parquet_metadata('etablissement.parquet')", Refused),
    ("SELECT * FROM parquet_scan('*.parquet')", Refused),
    ("SELECT * FROM sniff_csv('/etc/passwd')", Refused),
    ("SELECT * FROM glob('/*')", Refused),
    ("SELECT * FROM '/etc/passwd'", Refused),
    ("SELECT * FROM 'etablissement.parquet'", Refused),
    ("FROM \"../etablissement.parquet\"", Refused),
    ("WITH a AS (FROM read_csv('/etc/passwd')) FROM a", Refused),
    ("SELECT (SELECT content FROM read_text('/etc/passwd'))", Refused),
    ("SELECT 1 WHERE EXISTS (FROM read_text('/etc/passwd'))", Refused),
    ("SELECT 1 UNION ALL SELECT content FROM read_text('/etc/passwd')", Refused),
    ("SELECT * FROM etablissement, LATERAL (SELECT * FROM read_text('/etc/passwd'))", Refused),
    ("SELECT [c FOR c IN (SELECT list(content) FROM read_text('/etc/passwd'))]", Refused),
    ("SELECT 1 ORDER BY (SELECT content FROM read_text('/etc/passwd'))", Refused),
    ("SELECT 1 LIMIT (SELECT length(content) FROM read_text('/etc/passwd'))", Refused),
    ("SELECT sum(1) OVER (ORDER BY (SELECT content FROM read_text('/etc/passwd')))", Refused),
    ("SELECT count(*) FILTER (WHERE (SELECT true FROM read_text('/etc/passwd')))", Refused),
    ("COPY (SELECT 1) TO '/tmp/evasion.csv'", Refused),
    ("COPY etablissement TO 'evasion.parquet'", Refused),
    ("EXPORT DATABASE '/tmp/evasion'", Refused),
    ("IMPORT DATABASE '/tmp/evasion'", Refused),
    // Network, databases, extensions.
    ("SELECT * FROM 'https://example.org/x.parquet'", Refused),
    ("SELECT * FROM read_parquet('s3://seau/x.parquet')", Refused),
    ("ATTACH '/tmp/evasion.db'", Refused),
    ("ATTACH 'https://example.org/x.db' AS x", Refused),
    ("DETACH memory", Refused),
    ("USE memory", Refused),
    ("INSTALL httpfs", Refused),
    ("LOAD httpfs", Refused),
    ("LOAD '/tmp/evasion.so'", Refused),
    ("SELECT * FROM sqlite_scan('/tmp/x', 'y')", Refused),
    ("SELECT * FROM postgres_scan('host=localhost', 'a', 'b')", Refused),
    ("CREATE SECRET s (TYPE s3)", Refused),
    ("SELECT * FROM duckdb_secrets()", Refused),
    ("SELECT * FROM which_secret('s3://a', 's3')", Refused),
    // Settings, the session, the machine.
    ("SET memory_limit = '100GB'", Refused),
    ("SET enable_external_access = true", Refused),
    ("SET VARIABLE a = 1", Refused),
    ("RESET lock_configuration", Refused),
    ("PRAGMA database_list", Refused),
    ("PRAGMA enable_profiling", Refused),
    ("CALL pragma_version()", Refused),
    ("CALL enable_logging()", Refused),
    ("SELECT current_setting('memory_limit')", Refused),
    ("SELECT getenv('HOME')", Refused),
    ("SELECT getvariable('a')", Refused),
    ("SELECT * FROM duckdb_settings()", Refused),
    ("SELECT write_log('x')", Refused),
    ("SELECT version()", Refused),
    ("SELECT current_query()", Refused),
    ("SELECT pg_catalog.pg_get_viewdef(1)", Refused),
    ("SELECT system.main.current_setting('memory_limit')", Refused),
    // The catalogue.
    ("SELECT * FROM information_schema.tables", Refused),
    ("SELECT * FROM duckdb_tables()", Refused),
    ("SELECT * FROM duckdb_views", Refused),
    ("SELECT * FROM pragma_table_info('etablissement')", Refused),
    ("SELECT * FROM sqlite_master", Refused),
    ("SELECT * FROM pg_catalog.pg_class", Refused),
    ("SELECT * FROM memory.main.etablissement", Refused),
    ("DESCRIBE etablissement", Refused),
    ("SUMMARIZE etablissement", Refused),
    ("SHOW ALL TABLES", Refused),
    ("FROM (DESCRIBE SELECT 1)", Refused),
    ("SELECT filename FROM etablissement", Invalid),
    ("SELECT file_row_number FROM etablissement", Invalid),
    // SQL again.
    ("SELECT * FROM query('SELECT 1')", Refused),
    ("SELECT * FROM query_table('duckdb_settings')", Refused),
    ("SELECT json_serialize_plan('SELECT 1')", Refused),
    ("FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", Refused),
    ("PREPARE a AS SELECT 1", Refused),
    ("EXECUTE a", Refused),
    ("EXPLAIN ANALYZE SELECT 1", Refused),
    // Writing.
    ("CREATE TABLE a AS SELECT 1", Refused),
    ("CREATE MACRO a() AS 1", Refused),
    ("CREATE OR REPLACE VIEW etablissement AS SELECT 1", Refused),
    ("DROP VIEW etablissement", Refused),
    ("INSERT INTO nomenclature VALUES ('a', 'b', 'c')", Refused),
    ("DELETE FROM nomenclature", Refused),
    ("UPDATE nomenclature SET code = 'x' RETURNING *", Refused),
    ("ALTER VIEW etablissement RENAME TO a", Refused),
    ("WITH a AS (DELETE FROM nomenclature RETURNING *) FROM a", Invalid),
    ("BEGIN TRANSACTION", Refused),
    ("CHECKPOINT", Refused),
    ("VACUUM", Refused),
    // More than one, comments, odd characters.
    ("SELECT 1; SELECT 2", Refused),
    ("SELECT 1; DROP VIEW etablissement", Refused),
    ("SELECT 1 /* */; /* */ SET threads = 99", Refused),
    ("", Invalid),
    ("-- rien", Refused),
    ("SELECT 1\u{0}; DROP VIEW etablissement", Refused),
    ("SELECT\u{a0}1", Answered),
    ("SELECT 'a''; DROP VIEW etablissement; --'", Answered),
    ("/* SELECT * FROM read_text('/etc/passwd') */ SELECT 1", Answered),
    ("SELECT \u{202e}1", Invalid),
    // Names that pass for others.
    ("WITH duckdb_settings AS (SELECT 1 AS a) FROM duckdb_settings", Answered),
    ("SELECT (WITH duckdb_settings AS (SELECT 1) SELECT 1) FROM duckdb_settings", Refused),
    ("SELECT \"read_text\"('/etc/passwd')", Refused),
    ("SELECT * FROM READ_TEXT('/etc/passwd')", Refused),
    ("SELECT main.\"getenv\"('HOME')", Refused),
    ("SELECT e.getenv() FROM etablissement e", Refused),
    ("SELECT list_aggregate([1], 'getenv')", Invalid),
    ("SELECT 1::evasion", Refused),
    ("SELECT user, current_user, session_user", Answered),
    // Waiting, computing, remembering.
    ("SELECT sleep_ms(100000)", Refused),
    ("SELECT pg_sleep(100)", Refused),
    ("SELECT count(*) FROM range(1000000000000)", Limited),
    ("SELECT range(1000000000000)", Bounded),
    ("SELECT length(repeat('x', 4000000000))", Bounded),
    ("SELECT repeat('x', 1000000000) FROM range(100)", Limited),
    ("SELECT repeat(repeat(repeat('x', 10000), 10000), 10000)", Bounded),
    ("SELECT lpad('x', 2000000000, 'y')", Bounded),
    ("SELECT printf('%2000000000d', 1)", Bounded),
    ("SELECT list_resize([1], 2000000000)", Bounded),
    ("SELECT string_agg(repeat('x', 100000), '') FROM range(100000)", Limited),
    ("SELECT list(n) FROM range(1000000000) t(n)", Limited),
    ("SELECT [x + y FOR x IN range(100000)] FROM range(100000) t(y)", Limited),
    ("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3", Limited),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r", Limited),
    ("WITH RECURSIVE r AS (SELECT 'x' AS a UNION ALL SELECT a || a FROM r) SELECT max(length(a)) FROM r", Limited),
    ("WITH a AS (SELECT repeat('x', 30000) x), b AS (SELECT replace(x, 'x', repeat('y', 30000)) x FROM a) SELECT replace(x, 'y', repeat('z', 30000)) FROM b", Bounded),
    ("SELECT regexp_matches(repeat('a', 1000000), '(a*)*(a*)*(a*)*b')", Bounded),
    ("SELECT regexp_replace(repeat('a', 1000000), 'a{1,1000}{1,1000}', 'b', 'g')", Bounded),
    ("SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))", Bounded),
    ("SELECT factorial(n::INT) FROM range(1000000000) t(n)", Bounded),
    ("SELECT 10::HUGEINT ** n FROM range(1000) t(n)", Bounded),
    ("SELECT * FROM etablissement a, etablissement b, etablissement c ORDER BY random()", Limited),
    ("SELECT count(DISTINCT a.siret || b.siret) FROM etablissement a, etablissement b", Bounded),
    ("SELECT flatten(list_transform(range(10000), lambda x: range(10000)))", Bounded),
    ("SELECT generate_series(1, 1000000000)", Bounded),
    ("SELECT bar(1, 0, 1, 1000000000)", Bounded),
    ("SELECT DISTINCT a.siret, b.siret, c.siret FROM etablissement a, etablissement b, etablissement c", Limited),
];

/// Those too long to be written.
fn long() -> Vec<(String, Expected)> {
    let nested = |open: &str, close: &str, depth: usize, within: &str| {
        format!(
            "SELECT {}{within}{}",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    let joined = |text: &str, times: usize, by: &str| vec![text; times].join(by);
    vec![
        (nested("(", ")", 3000, "1"), Answered),
        (nested("[", "]", 3000, "1"), Invalid),
        (nested("- ", "", 3500, "1"), Answered),
        (nested("NOT ", "", 1900, "true"), Invalid),
        (format!("SELECT {}", joined("1", 3500, "+")), Invalid),
        (format!("SELECT {}", joined("1", 3900, ",")), Bounded),
        (nested("* FROM (SELECT ", ")", 400, "1"), Refused),
        (joined("SELECT 1", 300, " UNION ALL "), Answered),
        (format!("SELECT '{}'", "x".repeat(100_000)), Limited),
        (
            format!("FROM {}", joined("etablissement", 40, " NATURAL JOIN ")),
            Bounded,
        ),
    ]
}

fn check(server: &Server, query: &str, expected: Expected) {
    let shown: String = query.chars().take(120).collect();
    let started = Instant::now();
    let answer = post(server, query, &Value::Null);
    let took = started.elapsed();
    let code = match answer.status {
        200 => String::new(),
        _ => answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    // Beside other tests, a query may reach its time without having computed.
    let limits = [
        "sql_temps",
        "sql_memoire",
        "sql_lignes",
        "sql_trop_longue",
        "sql_occupe",
    ];
    let found = match code.as_str() {
        "" => Answered,
        "sql_refusee" => Refused,
        "sql_invalide" | "parametre_invalide" => Invalid,
        limit if limits.contains(&limit) => Limited,
        _ => panic!("{shown}: {} {}", answer.status, answer.text),
    };
    let right = match expected {
        Bounded => [Answered, Limited, Invalid].contains(&found),
        _ => found == expected,
    };
    assert!(
        right,
        "{shown}: {expected:?} expected, {found:?} found: {:.300}",
        answer.text
    );
    assert!(
        !answer.text.contains("root:") && !answer.text.contains("/tmp/"),
        "{shown}: {}",
        answer.text
    );
    // Its second, the moment given to stop, and the start of another process.
    assert!(took < Duration::from_secs(6), "{shown}: {took:?}");
    let started = Instant::now();
    assert_eq!(
        server.get("/v1/etablissements/13002526500013").status,
        200,
        "after {shown}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "after {shown}: {:?}",
        started.elapsed()
    );
}

/// The files of a folder and when they were written.
fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let described = entries.map(|entry| {
        let metadata = entry.metadata().unwrap();
        (
            entry.path().display().to_string(),
            (metadata.len(), metadata.modified().unwrap()),
        )
    });
    described.collect()
}

/// Kilobytes of its own memory.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn none_reads_writes_waits_or_kills() {
    let server = small();
    let folder = crate::harness::snapshot(sample());
    let here = std::env::current_dir().unwrap();
    let before = (files(&folder), files(&here));
    let escapes = ESCAPES
        .iter()
        .map(|(query, expected)| ((*query).to_owned(), *expected));
    let escapes: Vec<_> = escapes.chain(long()).collect();
    assert!(escapes.len() >= 60, "{}", escapes.len());
    for (query, expected) in &escapes {
        check(&server, query, *expected);
    }
    let after = (files(&folder), files(&here));
    assert!(before == after, "something was written");
    for path in ["/tmp/evasion.csv", "/tmp/evasion", "/tmp/evasion.db"] {
        assert!(!Path::new(path).exists(), "{path}");
    }
    let kilobytes = memory(server.id());
    assert!(kilobytes < 400_000, "{kilobytes} kB");
    assert_eq!(server.terminate(), Some(0));
}
