use super::*;
use crate::catalog::{Catalog, Seen};
use crate::testing::Fixture;
use serde_json::json;

/// Keeps what it receives.
#[derive(Default)]
struct Kept {
    columns: Vec<Column>,
    bytes: Vec<u8>,
}

impl Receiver for Kept {
    fn start(&mut self, columns: &[Column]) -> Result<(), SqlError> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn piece(&mut self, bytes: Vec<u8>) -> Result<(), SqlError> {
        self.bytes.extend(bytes);
        Ok(())
    }
}

pub(super) async fn sandbox() -> (Fixture, Sandbox) {
    let fixture = Fixture::published("20261101T000000Z");
    let catalog = Arc::new(Catalog::new(&fixture.config()));
    Arc::clone(&catalog).look(Seen::default()).await;
    let snapshot = catalog.current().unwrap();
    let sandbox = Sandbox::open(200 << 20, 1, &snapshot.folder, &snapshot.manifest).unwrap();
    (fixture, sandbox)
}

fn ask(
    sandbox: &Sandbox,
    text: &str,
    parameters: &Value,
    format: Format,
) -> Result<Kept, SqlError> {
    let mut kept = Kept::default();
    let query = Query {
        text,
        parameters,
        format,
        rows: 1000,
        donnees: &json!({ "snapshot": "s" }),
    };
    sandbox.answer(&query, &mut kept)?;
    Ok(kept)
}

fn text(sandbox: &Sandbox, query: &str, format: Format) -> String {
    let kept =
        ask(sandbox, query, &Value::Null, format).unwrap_or_else(|e| panic!("{query}: {e:?}"));
    String::from_utf8(kept.bytes).unwrap()
}

const TYPES: &str = "SELECT DATE '2026-11-01' AS d, TIMESTAMP '2026-11-01 10:20:30.5' AS t, 12.30::DECIMAL(5,2) AS x, \
     9007199254740993 AS grand, sum(n) AS total, (-170141183460469231731687303715884105727)::HUGEINT AS enorme, now() = now() AS z, now() AS maintenant, [1, NULL] AS liste, {'a': 'é\"', 'b': NULL} AS s, MAP {'k': 1} AS m, \
     true AS vrai, NULL AS rien, '' AS vide, 'a,\"b' AS texte, 1.5::DOUBLE AS r, TIME '10:00:00' AS h, 'x'::ENUM('x') AS e, \
     '\\xAB'::BLOB AS o, INTERVAL 3 DAY AS i, uuid() IS NOT NULL AS u FROM range(3) q(n)";

#[tokio::test]
async fn each_type_is_written_in_each_format() {
    let (_fixture, sandbox) = sandbox().await;
    let json: Value = serde_json::from_str(&text(&sandbox, TYPES, Format::Json)).unwrap();
    let types = |name: &str| {
        let columns = json["colonnes"].as_array().unwrap().iter();
        let at = columns
            .clone()
            .position(|column| column["nom"] == name)
            .unwrap();
        (
            json["colonnes"][at]["type"].to_string(),
            json["lignes"][0][at].to_string(),
        )
    };
    for (name, kind, value) in [
        ("d", "DATE", "\"2026-11-01\""),
        ("t", "TIMESTAMP", "\"2026-11-01T10:20:30.500\""),
        ("x", "DECIMAL(5,2)", "12.3"), // serde_json drops the last nought; it is in the CSV below
        ("grand", "BIGINT", "9007199254740993"),
        ("total", "HUGEINT", "3"),
        ("liste", "INTEGER[]", "[1,null]"),
        (
            "s",
            "STRUCT(a VARCHAR, b INTEGER)",
            "{\"a\":\"é\\\"\",\"b\":null}",
        ),
        ("m", "MAP(VARCHAR, INTEGER)", "{\"k\":1}"),
        ("vrai", "BOOLEAN", "true"),
        ("rien", "INTEGER", "null"),
        ("vide", "VARCHAR", "\"\""),
        ("r", "DOUBLE", "1.5"),
        ("h", "TIME", "\"10:00:00\""),
        ("e", "VARCHAR", "\"x\""),
        ("o", "BLOB", "\"ab\""),
        ("i", "INTERVAL", "\"3 days\""),
        ("u", "BOOLEAN", "true"),
    ] {
        let (found, shown) = types(name);
        assert!(found.contains(kind), "{name}: {found}");
        assert_eq!(shown, value, "{name}");
    }
    assert!(
        text(&sandbox, TYPES, Format::Json).contains(",-170141183460469231731687303715884105727,")
    );
    assert!(
        types("maintenant").1.ends_with("Z\"") || types("maintenant").1.contains("+00:00"),
        "{:?}",
        types("maintenant")
    );
    assert_eq!(json["nombre"], 1);
    assert_eq!(json["donnees"]["snapshot"], "s");
    let ndjson = text(&sandbox, TYPES, Format::Ndjson);
    let lines: Vec<Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["liste"], json!([1, null]));
    assert_eq!(
        lines[1],
        json!({ "fin": true, "nombre": 1, "snapshot": "s" })
    );
    let csv = text(&sandbox, TYPES, Format::Csv);
    let (head, row) = csv.trim_end().split_once("\r\n").unwrap();
    assert!(
        head.starts_with("d,t,x,grand,total,enorme,z,maintenant,liste"),
        "{head}"
    );
    assert!(
        row.starts_with("2026-11-01,2026-11-01T10:20:30.500,12.30,9007199254740993,3,-170141183460469231731687303715884105727,true,")
            && row.contains("\"[1,null]\",\"{\"\"a\"\":\"\"é"),
        "{row}"
    );
    assert!(
        row.contains("true,,\"\",\"a,\"\"b\",1.5,10:00:00,x,ab,"),
        "{row}"
    );
    let arrow = ask(&sandbox, TYPES, &Value::Null, Format::Arrow).unwrap();
    let mut reader = arrow::ipc::reader::StreamReader::try_new(&arrow.bytes[..], None).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().num_rows(), 1);
    assert!(reader.next().is_none());
    let without = TYPES
        .replace("INTERVAL 3 DAY AS i, ", "")
        .replace("NULL AS rien, ", "");
    let parquet = ask(&sandbox, &without, &Value::Null, Format::Parquet).unwrap();
    let bytes = axum::body::Bytes::from(parquet.bytes);
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 1);
}

#[tokio::test]
async fn an_answer_without_rows_has_its_columns_and_names_are_told_apart() {
    let (_fixture, sandbox) = sandbox().await;
    for format in Format::ALL {
        let kept = ask(
            &sandbox,
            "SELECT 1 AS a, 2 AS a WHERE false",
            &Value::Null,
            format,
        )
        .unwrap();
        let names: Vec<&str> = kept
            .columns
            .iter()
            .map(|column| column.nom.as_str())
            .collect();
        assert_eq!(names, ["a", "a_1"], "{format:?}");
        assert!(!kept.bytes.is_empty(), "{format:?}");
    }
}

#[tokio::test]
async fn parameters_are_bound_by_their_place_or_their_name() {
    let (_fixture, sandbox) = sandbox().await;
    let value = |query: &str, parameters: Value| {
        ask(&sandbox, query, &parameters, Format::Csv).map(|kept| {
            String::from_utf8(kept.bytes)
                .unwrap()
                .lines()
                .last()
                .unwrap()
                .to_owned()
        })
    };
    let injection = "x' OR 1=1; DROP VIEW etablissement; --";
    assert_eq!(
        value("SELECT $1 = $2", json!([injection, injection])).unwrap(),
        "true"
    );
    assert_eq!(value("SELECT ? || ?", json!(["a", "b"])).unwrap(), "ab");
    assert_eq!(
        value("SELECT $b || $a || $b", json!({ "a": "1", "b": "2" })).unwrap(),
        "212"
    );
    assert_eq!(value("SELECT $1 + 1", json!([41])).unwrap(), "42");
    assert_eq!(
        value(
            "SELECT typeof($1), typeof($2), $3, $4",
            json!([1.5, true, null, 18_446_744_073_709_551_615_u64])
        )
        .unwrap(),
        "DOUBLE,BOOLEAN,,18446744073709551615"
    );
    for (query, parameters) in [
        ("SELECT $1", json!(null)),
        ("SELECT $1", json!([])),
        ("SELECT 1", json!([1])),
        ("SELECT $a", json!({ "b": 1 })),
        ("SELECT $a", json!([1])),
        ("SELECT $1", json!([[1]])),
        ("SELECT $1", json!("x")),
    ] {
        let error = value(query, parameters.clone()).unwrap_err();
        assert!(
            matches!(error, SqlError::Parametres(_)),
            "{query} {parameters}: {error}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place_and_without_a_path() {
    let (fixture, sandbox) = sandbox().await;
    let place = |query: &str| match ask(&sandbox, query, &Value::Null, Format::Json)
        .map(|_| ())
        .unwrap_err()
    {
        SqlError::Invalide {
            message,
            ligne,
            colonne,
        } => (message, ligne, colonne),
        other => panic!("{query}: {other:?}"),
    };
    let (message, ligne, colonne) = place("SELECT 1\nFROM etablissement WHERE (");
    assert_eq!((ligne, colonne), (Some(2), Some(27)), "{message}");
    let (message, ligne, colonne) = place("SELECT 1,\n  sirett FROM etablissement");
    assert!(message.contains("sirett"), "{message}");
    assert_eq!((ligne, colonne), (Some(2), Some(3)), "{message}");
    let (message, ..) = place("SELECT 'abc'::INT FROM etablissement");
    let folder = fixture.config().data;
    assert!(!message.contains(folder.to_str().unwrap()), "{message}");
    let many = ask(&sandbox, "FROM range(1001)", &Value::Null, Format::Csv).map(|_| ());
    assert_eq!(many, Err(SqlError::Lignes { limite: 1000 }));
    let memory = "SELECT count(*) FROM (SELECT DISTINCT hash(n) h, n, repeat('x', 100) FROM range(20000000) t(n))";
    let error = ask(&sandbox, memory, &Value::Null, Format::Csv)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, SqlError::Memoire { .. }), "{error:?}");
    let deep = format!("SELECT {}1{}", "(1+".repeat(150), ")".repeat(150));
    let error = ask(&sandbox, &deep, &Value::Null, Format::Csv)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, SqlError::Refusee(_)), "{error:?}");
    assert!(
        text(
            &sandbox,
            "SELECT count(*) AS n FROM etablissement",
            Format::Csv
        )
        .starts_with("n\r\n")
    );
}

/// Each query is run between parentheses first.
#[tokio::test]
async fn a_text_that_closes_what_it_did_not_open_is_no_query() {
    let (_fixture, sandbox) = sandbox().await;
    for query in [
        "SELECT 1) UNION ALL (SELECT 2",
        "SELECT 1) WHERE true --",
        "SELECT 1) t; SELECT 2 FROM (SELECT 3",
        "SELECT 1 /*",
        "SELECT 1 AS x) t, (SELECT registre_gauge(1.0)",
    ] {
        let error = ask(&sandbox, query, &Value::Null, Format::Csv).map(|_| ());
        let error = error.unwrap_err();
        assert!(
            matches!(error, SqlError::Invalide { .. }),
            "{query}: {error:?}"
        );
    }
    let named = ask(
        &sandbox,
        "SELECT registre_gauge(1.0)",
        &Value::Null,
        Format::Csv,
    );
    assert!(matches!(named.map(|_| ()), Err(SqlError::Refusee(_))));
}

#[tokio::test]
async fn views_are_those_described_and_hide_what_tables_hide() {
    let (_fixture, sandbox) = sandbox().await;
    for vue in vues::all() {
        let query = format!("SELECT * FROM {}", vue.nom);
        let limited = format!("{query} LIMIT 5");
        let kept = ask(&sandbox, &limited, &Value::Null, Format::Csv).unwrap();
        let found: Vec<(&str, &str)> = kept
            .columns
            .iter()
            .map(|column| (column.nom.as_str(), column.kind.as_str()))
            .collect();
        let described: Vec<(&str, &str)> = vue
            .colonnes
            .iter()
            .map(|(nom, kind, _)| (*nom, *kind))
            .collect();
        assert_eq!(found, described, "{}", vue.nom);
        let masked =
            format!("SELECT count(*) FROM ({query}) t WHERE CAST(t AS VARCHAR) LIKE '%[ND]%'");
        assert_eq!(
            text(&sandbox, &masked, Format::Csv).lines().last(),
            Some("0"),
            "{}",
            vue.nom
        );
    }
    let named = "SELECT nom FROM unites_legales_actives WHERE siren = '130025265'";
    assert!(
        text(&sandbox, named, Format::Csv).contains("DIRECTION"),
        "{}",
        text(&sandbox, named, Format::Csv)
    );
    let hidden = "SELECT count(*) FROM unites_legales_actives v JOIN unite_legale u USING (siren) \
                  WHERE u.statutDiffusionUniteLegale <> 'O' AND v.nom IS NOT NULL";
    assert_eq!(
        text(&sandbox, hidden, Format::Csv).lines().last(),
        Some("0")
    );
}
