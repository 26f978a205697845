//! What is bound to a query: typed as its JSON is, never part of its text.

use duckdb::types::Value as Bound;
use duckdb::{Params, Statement, params_from_iter};
use serde_json::Value;

use crate::error::SHOWN;
use crate::sql::SqlError;

/// The values, in the order of DuckDB's own numbers.
pub(super) struct Parameters(Vec<Bound>);

impl Parameters {
    /// For a statement: a list for `$1` or `?`, an object for `$name`, null for none.
    pub(super) fn of(statement: &Statement<'_>, given: &Value) -> Result<Self, SqlError> {
        let expected = statement.parameter_count();
        let count = match given {
            Value::Null => 0,
            Value::Array(values) => values.len(),
            Value::Object(values) => values.len(),
            _ => return Err(refused("une liste ou un objet est attendu")),
        };
        if count != expected {
            return Err(refused(format!(
                "la requête en attend {expected}, {count} sont donnés"
            )));
        }
        let values = (1..=expected).map(|number| {
            let name = statement
                .parameter_name(number)
                .unwrap_or_else(|_none| number.to_string());
            let value = match given {
                Value::Array(values) => name
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| values.get(number.checked_sub(1)?)),
                Value::Object(values) => values
                    .iter()
                    .find(|(given, _)| given.eq_ignore_ascii_case(&name))
                    .map(|(_, value)| value),
                _ => None,
            };
            let value = value.ok_or_else(|| {
                let name: String = name.chars().take(SHOWN).collect();
                refused(format!("il manque la valeur de ${name}"))
            })?;
            bound(value, &name)
        });
        values.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn values(&self) -> impl Params + '_ {
        params_from_iter(&self.0)
    }
}

fn bound(value: &Value, name: &str) -> Result<Bound, SqlError> {
    Ok(match value {
        Value::Null => Bound::Null,
        Value::Bool(flag) => Bound::Boolean(*flag),
        Value::String(text) => Bound::Text(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => Bound::BigInt(whole),
            (None, Some(whole), _) => Bound::UBigInt(whole),
            (None, None, Some(real)) => Bound::Double(real),
            (None, None, None) => return Err(refused(format!("{number} n'est pas un nombre"))),
        },
        Value::Array(_) | Value::Object(_) => {
            let name: String = name.chars().take(SHOWN).collect();
            return Err(refused(format!(
                "${name} est une liste ou un objet ; passez un texte et découpez-le : string_split(${name}, ',')"
            )));
        }
    })
}

fn refused(why: impl Into<String>) -> SqlError {
    SqlError::Parametres(why.into())
}
