use super::*;
use crate::engine::pool;
use crate::engine::sql::PARSE;
use duckdb::Connection;

fn database() -> Connection {
    pool::alone("200MB", 1, &[]).unwrap()
}

fn checked(connection: &Connection, text: &str) -> Result<(), String> {
    let tree: String = connection
        .query_row(PARSE, [text], |row| row.get(0))
        .unwrap();
    let tree: Value = serde_json::from_str(&tree).unwrap();
    if tree["error"] == Value::Bool(true) {
        return Err(tree["error_message"].to_string());
    }
    check(&tree, &|name| {
        ["etablissement", "unite_legale"].contains(&name)
    })
    .map_err(|error| error.to_string())
}

#[test]
fn what_analysts_write_is_admitted() {
    let connection = database();
    for text in [
        "SELECT 1",
        "FROM etablissement",
        "from ETABLISSEMENT e join main.unite_legale u using (siren) where e.siret in (select siret from etablissement)",
        "WITH a AS (SELECT 1 x), b AS (SELECT * FROM a) SELECT * FROM b, a",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 9) FROM r",
        "WITH etablissement AS (SELECT * FROM etablissement) FROM etablissement",
        "SELECT (WITH a AS (SELECT 2 x) SELECT max(x) FROM a)",
        "SELECT * EXCLUDE (siren) REPLACE (upper(nic) AS nic), COLUMNS('date.*') FROM etablissement",
        "SELECT siren, count(*) FILTER (WHERE x > 1) OVER (PARTITION BY nic ORDER BY siret ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), row_number() OVER w FROM etablissement WINDOW w AS (ORDER BY siret) QUALIFY 1 = 1",
        "SELECT [x + 1 FOR x IN [1, 2]], {'a': 1}.a, list_transform([1], lambda x: x), CASE WHEN true THEN 1 END, 1 BETWEEN 0 AND 2, '1'::INT, TRY_CAST('a' AS DECIMAL(4,2)), DATE '2026-01-01' + INTERVAL 1 MONTH, MAP {'a': 1}",
        "SELECT x::STRUCT(a INT, b VARCHAR[]), x::ENUM('a', 'b'), CAST(x AS JSON) FROM (VALUES (1), (2)) t(x)",
        "FROM range(10) t(n), unnest([1, 2]) u(m), generate_series(1, 3)",
        "SELECT e.siret.upper() FROM etablissement e",
        "SELECT a FROM etablissement GROUP BY ROLLUP (a) HAVING a > 1 ORDER BY ALL LIMIT 10 OFFSET 2",
        "SELECT DISTINCT ON (siren) * FROM etablissement UNION BY NAME SELECT * FROM unite_legale",
        "FROM etablissement e ASOF JOIN unite_legale u ON e.siren = u.siren AND e.d >= u.d",
        "UNPIVOT etablissement ON nic, siret",
        "FROM etablissement PIVOT (count(*) FOR nic IN ('00001', '00002'))",
        "FROM etablissement TABLESAMPLE reservoir(10 ROWS)",
        "SELECT siren_valide($1), count(DISTINCT siren) FROM etablissement WHERE siren = $1",
        "SELECT extract(year FROM d), substring(a FROM 1 FOR 2), a IS NOT DISTINCT FROM b, a ILIKE 'b', a ~ 'c' FROM etablissement",
        "SELECT 1;",
        "/* un commentaire */ SELECT 1 -- un autre",
    ] {
        assert_eq!(checked(&connection, text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_named_is_known_only_where_it_is_named() {
    let connection = database();
    for text in [
        "SELECT (WITH duckdb_settings AS (SELECT 1) SELECT 1), * FROM duckdb_settings",
        "WITH b AS (SELECT * FROM a), a AS (SELECT 1) FROM b",
        "WITH a AS (SELECT * FROM a) FROM a",
        "WITH RECURSIVE r AS (SELECT * FROM r UNION ALL SELECT 1) FROM r",
        "FROM (WITH \"x.parquet\" AS (SELECT 1) FROM \"x.parquet\"), 'x.parquet'",
        "WITH a AS (SELECT 1) FROM main.a",
        "WITH a AS (SELECT 1) FROM memory.main.a",
    ] {
        let error = checked(&connection, text).unwrap_err();
        assert!(
            error.contains("n'est pas une table publiée"),
            "{text}: {error}"
        );
    }
}

/// A new version of DuckDB brings functions: each is to be read about, then admitted or refused.
#[test]
fn every_function_of_duckdb_is_admitted_or_refused() {
    let connection = database();
    let refused: Vec<&str> = words(include_str!("../fonctions_refusees.txt")).collect();
    let is_refused = |name: &str| {
        refused.iter().any(|known| match known.strip_suffix('*') {
            Some(prefix) if !prefix.is_empty() => name.starts_with(prefix),
            _ => *known == name,
        })
    };
    let mut statement = connection
        .prepare(
            "SELECT DISTINCT function_name, schema_name FROM duckdb_functions() \
             WHERE function_type IN ('scalar', 'aggregate', 'macro')",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let functions: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    assert!(functions.len() > 500);
    for (name, schema) in &functions {
        let admitted = ADMITTED.contains(name.as_str()) || OURS.contains(&name.as_str());
        assert!(
            admitted != is_refused(name),
            "{name}: add it to fonctions_admises.txt or to fonctions_refusees.txt, not to both"
        );
        assert!(
            !admitted || schema == "main",
            "{schema}.{name} would be called by its name"
        );
    }
}

#[test]
fn lists_hold_no_word_of_a_comment() {
    assert!(functions().all(|name| !name.is_empty()));
    assert!(ADMITTED.contains("||") && ADMITTED.contains("count_star"));
    for name in [
        "getenv",
        "query",
        "read_text",
        "current_setting",
        "json_execute_serialized_sql",
    ] {
        assert!(!ADMITTED.contains(name), "{name}");
    }
    assert!(!ADMITTED.contains("functions"));
}
