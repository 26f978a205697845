//! The rules of identifiers, as SQL functions: the same code as at the door of the API.
//!
//! | function | gives |
//! |---|---|
//! | `siren_valide(text)`, `siret_valide(text)` | whether a text is a SIREN, a SIRET; separators are ignored |
//! | `tva_de(text)` | the VAT number of a SIREN, or NULL |
//! | `nom_normalise(text)` | a name as names are compared, see [`normalise`] |
//! | `identifiant_verdict(text)` | a struct: `type`, `valeur`, `verdict`, `code`, `message`, `que_faire`, `suggestion` |
//!
//! Of NULL, each gives NULL.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, StringBuilder, StructArray,
};
use arrow::datatypes::{DataType, Field, Fields};
use duckdb::Connection;
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};
use registre_schemas::identifiers::{IdentifierKind, Siren, Siret, Tva, Verdict};
use std::error::Error;
use std::sync::Arc;

use crate::enrichir::noms::normalise;

/// Adds the functions to the database of `connection`, for all its connections.
pub(super) fn register(connection: &Connection) -> duckdb::Result<()> {
    connection.register_scalar_function::<SirenValide>("siren_valide")?;
    connection.register_scalar_function::<SiretValide>("siret_valide")?;
    connection.register_scalar_function::<TvaDe>("tva_de")?;
    connection.register_scalar_function::<NomNormalise>("nom_normalise")?;
    connection.register_scalar_function::<IdentifiantVerdict>("identifiant_verdict")
}

/// The only argument of each function.
fn texts(input: &RecordBatch) -> Result<&StringArray, Box<dyn Error>> {
    let texts = input.columns().first().and_then(|c| c.as_string_opt());
    texts.ok_or_else(|| "one text is expected".into())
}

fn of_text(returned: DataType) -> Vec<ArrowFunctionSignature> {
    vec![ArrowFunctionSignature::exact(
        vec![DataType::Utf8],
        returned,
    )]
}

struct SirenValide;

impl VArrowScalar for SirenValide {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let valid = texts(&input)?
            .iter()
            .map(|text| text.map(|text| text.parse::<Siren>().is_ok()));
        Ok(Arc::new(valid.collect::<BooleanArray>()))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        of_text(DataType::Boolean)
    }
}

struct SiretValide;

impl VArrowScalar for SiretValide {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let valid = texts(&input)?
            .iter()
            .map(|text| text.map(|text| text.parse::<Siret>().is_ok()));
        Ok(Arc::new(valid.collect::<BooleanArray>()))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        of_text(DataType::Boolean)
    }
}

struct TvaDe;

impl VArrowScalar for TvaDe {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let numbers = texts(&input)?.iter().map(|text| {
            let siren: Siren = text?.parse().ok()?;
            Some(Tva::from(siren).to_string())
        });
        Ok(Arc::new(numbers.collect::<StringArray>()))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        of_text(DataType::Utf8)
    }
}

struct NomNormalise;

impl VArrowScalar for NomNormalise {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let names = texts(&input)?.iter().map(|text| text.map(normalise));
        Ok(Arc::new(names.collect::<StringArray>()))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        of_text(DataType::Utf8)
    }
}

struct IdentifiantVerdict;

/// The fields of the struct, all texts.
const FIELDS: [&str; 7] = [
    "type",
    "valeur",
    "verdict",
    "code",
    "message",
    "que_faire",
    "suggestion",
];

fn fields() -> Fields {
    FIELDS
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, true))
        .collect()
}

impl VArrowScalar for IdentifiantVerdict {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let texts = texts(&input)?;
        let mut columns = FIELDS.map(|_name| StringBuilder::new());
        for text in texts {
            let verdict = text.map(|text| Verdict::of(text, None));
            let verdict = verdict.as_ref();
            let values = [
                verdict.and_then(|v| v.kind).map(IdentifierKind::as_str),
                verdict.and_then(|v| v.valeur.as_deref()),
                verdict.map(|v| v.verdict.as_str()),
                verdict.and_then(|v| v.code),
                verdict.map(|v| v.message.as_str()),
                verdict.map(|v| v.que_faire.as_str()),
                verdict.and_then(|v| v.suggestion.as_deref()),
            ];
            for (column, value) in columns.iter_mut().zip(values) {
                column.append_option(value);
            }
        }
        let columns: Vec<ArrayRef> = columns
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef)
            .collect();
        let nulls = texts.nulls().cloned();
        Ok(Arc::new(StructArray::try_new(fields(), columns, nulls)?))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        of_text(DataType::Struct(fields()))
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::pool::{Limits, Pool, PoolError};
    use serde_json::Value;
    use std::time::Duration;

    const VECTORS: &str = include_str!("../../../tests/vectors/identifiants.json");

    fn pool() -> Pool {
        let limits = Limits {
            connections: 2,
            waiting: 1,
            wait: Duration::from_secs(1),
            query: Duration::from_secs(20),
            memory: "200MB".to_owned(),
            threads: 2,
        };
        Pool::open(&limits, &[]).unwrap()
    }

    /// One value, as text, of an expression on `$1`.
    async fn value(pool: &Pool, expression: &str, text: Option<&str>) -> Option<String> {
        let sql = format!("SELECT CAST({expression} AS VARCHAR)");
        let text = text.map(str::to_owned);
        let value = pool.run(move |connection| {
            Ok::<_, PoolError>(connection.query_row(&sql, [text], |row| row.get(0))?)
        });
        value.await.unwrap()
    }

    #[tokio::test]
    async fn sql_gives_the_verdicts_of_the_shared_vectors() {
        let pool = pool();
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        for vector in &vectors {
            let input = vector["input"].as_str();
            for field in ["type", "valeur", "code", "suggestion"] {
                let expression = format!("identifiant_verdict($1).{field}");
                assert_eq!(
                    value(&pool, &expression, input).await.as_deref(),
                    vector[field].as_str(),
                    "{field} of {vector}"
                );
            }
            let is =
                |kind: &str| Some((vector["type"] == kind && vector["code"].is_null()).to_string());
            assert_eq!(
                value(&pool, "siren_valide($1)", input).await,
                is("siren"),
                "{vector}"
            );
            assert_eq!(
                value(&pool, "siret_valide($1)", input).await,
                is("siret"),
                "{vector}"
            );
        }
    }

    #[tokio::test]
    async fn a_tva_number_comes_from_a_valid_siren_only() {
        let pool = pool();
        for (text, expected) in [
            (Some("130 025 265"), Some("FR07130025265")),
            (Some("130025266"), None),
            (Some("13002526500013"), None),
            (None, None),
        ] {
            assert_eq!(value(&pool, "tva_de($1)", text).await.as_deref(), expected);
        }
    }

    #[tokio::test]
    async fn null_gives_null_beside_other_rows() {
        let pool = pool();
        assert_eq!(value(&pool, "siret_valide($1)", None).await, None);
        let sql = "SELECT string_agg(coalesce(CAST(siren_valide(t) AS VARCHAR), '-') || coalesce(identifiant_verdict(t).verdict, '-'), ' ' ORDER BY n) \
                   FROM (VALUES (1, '130025265'), (2, NULL), (3, '130025266'), (4, 'x')) AS v(n, t)";
        let all: String = pool
            .run(move |connection| {
                Ok::<_, PoolError>(connection.query_row(sql, [], |row| row.get(0))?)
            })
            .await
            .unwrap();
        assert_eq!(all, "truevalide -- falsecle_invalide falseformat");
    }
}
