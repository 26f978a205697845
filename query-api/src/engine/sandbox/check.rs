//! Whether a query may run: its tree, as DuckDB itself parsed it, is walked whole, and what is not
//! known to be harmless is refused.
//!
//! The tree is that of `json_serialize_sql`, which knows SELECT only. Tables are the published ones and
//! those the query names itself (`WITH`), where it names them; functions are those of a list. What the
//! list admits cannot reach a file, the network, a setting or the catalogue; how much it computes is
//! bounded by the process that runs it.

use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::LazyLock;

use crate::sql::SqlError;

/// Functions that a query may call.
static ADMITTED: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| words(include_str!("fonctions_admises.txt")).collect());

/// Ours: `engine/functions.rs`.
const OURS: [&str; 4] = [
    "siren_valide",
    "siret_valide",
    "tva_de",
    "identifiant_verdict",
];

/// Functions that stand for a table.
const TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "range", "unnest"];

/// Types made by name, that a value may be cast to; the others are in [`TYPES`].
const NAMED_TYPES: [&str; 2] = ["enum", "json"];

#[rustfmt::skip]
const TYPES: [&str; 36] = [
    "ARRAY", "BIGINT", "BIT", "BLOB", "BOOLEAN", "CHAR", "DATE", "DECIMAL", "DOUBLE", "ENUM", "FLOAT",
    "HUGEINT", "INTEGER", "INTERVAL", "LIST", "MAP", "NULL", "SMALLINT", "STRUCT", "TIME", "TIME_NS",
    "TIME WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP_S",
    "TIMESTAMP WITH TIME ZONE", "TINYINT", "UBIGINT", "UHUGEINT", "UINTEGER", "UNION", "USMALLINT",
    "UTINYINT", "UUID", "VARCHAR",
];

/// Classes of expressions.
const EXPRESSIONS: [&str; 16] = [
    "BETWEEN",
    "CASE",
    "CAST",
    "COLLATE",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "FUNCTION",
    "LAMBDA",
    "LAMBDA_REF",
    "OPERATOR",
    "PARAMETER",
    "POSITIONAL_REFERENCE",
    "STAR",
    "SUBQUERY",
];

/// What has a type and no class, besides queries and tables.
const PARTS: [&str; 7] = [
    "ORDER_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "DISTINCT_MODIFIER",
    "ORDER_DEFAULT",
    "ASCENDING",
    "DESCENDING",
];

/// The functions a query may call, ours first.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    let named = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    let mut admitted: Vec<&str> = ADMITTED.iter().copied().filter(named).collect();
    admitted.sort_unstable();
    OURS.into_iter().chain(admitted)
}

/// The words of a list, without its comments.
fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = text.lines().filter(|line| !line.starts_with("# "));
    lines.flat_map(str::split_whitespace)
}

/// Whether what DuckDB parsed is one query that may run. `published` knows the tables by name.
pub(super) fn check(parsed: &Value, published: &dyn Fn(&str) -> bool) -> Result<(), SqlError> {
    let statements = parsed["statements"].as_array();
    let [statement] = statements.map_or(&[][..], Vec::as_slice) else {
        return Err(SqlError::refused(
            "une requête, et une seule, est attendue : envoyez-les l'une après l'autre",
        ));
    };
    let mut walk = Walk {
        published,
        named: Vec::new(),
    };
    walk.query(&statement["node"])
}

struct Walk<'a> {
    published: &'a dyn Fn(&str) -> bool,
    /// What `WITH` names, where we are; in lower case.
    named: Vec<String>,
}

type Checked = Result<(), SqlError>;

impl Walk<'_> {
    /// A query: what it names is known in it, and nowhere else.
    fn query(&mut self, node: &Value) -> Checked {
        let Some(map) = node.as_object() else {
            return Err(unknown("requête", ""));
        };
        let kind = text(map, "type");
        let known = self.named.len();
        self.common_tables(map)?;
        match kind {
            "SELECT_NODE" | "SET_OPERATION_NODE" => self.children(map, &["cte_map"])?,
            "RECURSIVE_CTE_NODE" => {
                self.children(map, &["cte_map", "right"])?;
                // It is what it names itself, in its second half only.
                self.named.push(text(map, "cte_name").to_ascii_lowercase());
                self.query(&map["right"])?;
            }
            other => return Err(unknown("requête", other)),
        }
        self.named.truncate(known);
        Ok(())
    }

    /// What `WITH` names: each knows those before it.
    fn common_tables(&mut self, query: &Map<String, Value>) -> Checked {
        let entries = query.get("cte_map").and_then(|map| map["map"].as_array());
        for entry in entries.into_iter().flatten() {
            let Some(value) = entry["value"].as_object() else {
                return Err(unknown("WITH", ""));
            };
            self.query(&value["query"]["node"])?;
            self.children(value, &["query"])?;
            let name = entry["key"].as_str().unwrap_or_default();
            self.named.push(name.to_ascii_lowercase());
        }
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Checked {
        match value {
            Value::Array(values) => values.iter().try_for_each(|value| self.value(value)),
            Value::Object(map) => self.object(map),
            _ => Ok(()),
        }
    }

    fn children(&mut self, map: &Map<String, Value>, except: &[&str]) -> Checked {
        let mut rest = map
            .iter()
            .filter(|(name, _)| !except.contains(&name.as_str()));
        rest.try_for_each(|(name, value)| match name.as_str() {
            "cast_type" | "expected_types" => types(value),
            // A query in another: an object with a node, or the node itself.
            "subquery" => self.query(value.get("node").unwrap_or(value)),
            "sample" | "unpivot_names" => Ok(()),
            _ => self.value(value),
        })
    }

    fn object(&mut self, map: &Map<String, Value>) -> Checked {
        if let Some(class) = map.get("class").and_then(Value::as_str) {
            return self.expression(class, map);
        }
        match map.get("type") {
            Some(Value::String(kind)) if kind.ends_with("_NODE") => {
                self.query(&Value::Object(map.clone()))
            }
            Some(Value::String(kind)) if PARTS.contains(&kind.as_str()) => self.children(map, &[]),
            Some(Value::String(kind)) => self.table(kind, map),
            // A value: what it holds is no part of the query.
            Some(Value::Object(_)) if map.contains_key("is_null") => Ok(()),
            Some(_) => Err(unknown("élément", "")),
            None => self.children(map, &[]),
        }
    }

    fn expression(&mut self, class: &str, map: &Map<String, Value>) -> Checked {
        match class {
            "CONSTANT" => Ok(()),
            "FUNCTION" | "WINDOW" => {
                function(map)?;
                self.children(map, &[])
            }
            known if EXPRESSIONS.contains(&known) => self.children(map, &[]),
            other => Err(unknown("expression", other)),
        }
    }

    fn table(&mut self, kind: &str, map: &Map<String, Value>) -> Checked {
        match kind {
            "BASE_TABLE" => self.base_table(map),
            "TABLE_FUNCTION" => {
                let called = map["function"].as_object();
                let name = called.map_or("", |function| text(function, "function_name"));
                if !TABLE_FUNCTIONS.contains(&name.to_ascii_lowercase().as_str()) {
                    return Err(SqlError::refused(format!(
                        "la fonction de table « {} » n'est pas admise ; range, generate_series et unnest le sont, et les données sont dans les tables que liste /v1/sql/schema",
                        shown(name)
                    )));
                }
                self.children(map, &[])
            }
            "PIVOT" => {
                let entries = map.get("pivots").and_then(Value::as_array);
                let by_type = |pivot: &Value| pivot["pivot_enum"].as_str() != Some("");
                if entries.is_some_and(|entries| entries.iter().any(by_type)) {
                    return Err(SqlError::refused("PIVOT sur un type n'est pas admis"));
                }
                self.children(map, &[])
            }
            "SUBQUERY" | "JOIN" | "EXPRESSION_LIST" | "EMPTY" => self.children(map, &[]),
            "SHOW_REF" => Err(SqlError::refused(
                "SHOW, DESCRIBE et SUMMARIZE ne sont pas admis : /v1/sql/schema décrit les tables et leurs colonnes (\\d dans « registre sql »)",
            )),
            other => Err(unknown("table", other)),
        }
    }

    fn base_table(&mut self, map: &Map<String, Value>) -> Checked {
        let name = text(map, "table_name").to_ascii_lowercase();
        let schema = text(map, "schema_name").to_ascii_lowercase();
        let plain = text(map, "catalog_name").is_empty() && map["at_clause"].is_null();
        let own = schema.is_empty() && self.named.contains(&name);
        let published = ["", "main"].contains(&schema.as_str()) && (self.published)(&name);
        if plain && (own || published) {
            return Ok(());
        }
        Err(SqlError::refused(format!(
            "« {} » n'est pas une table publiée ; /v1/sql/schema en donne la liste",
            shown(text(map, "table_name"))
        )))
    }
}

/// `a.f()` calls `f` of `a`, and `a.b.f()` of a column of `a`: whatever is before the name, only names
/// count, and those admitted are in no other schema (a test says so).
fn function(map: &Map<String, Value>) -> Checked {
    let name = text(map, "function_name").to_ascii_lowercase();
    let admitted = ADMITTED.contains(name.as_str()) || OURS.contains(&name.as_str());
    let aside = TABLE_FUNCTIONS.contains(&name.as_str());
    if admitted || aside {
        return Ok(());
    }
    Err(SqlError::refused(format!(
        "la fonction « {} » n'est pas admise ; /v1/sql/schema donne celles qui le sont",
        shown(text(map, "function_name"))
    )))
}

/// A type, and those it is made of.
fn types(value: &Value) -> Checked {
    match value {
        Value::Array(values) => values.iter().try_for_each(types),
        Value::Object(map) => {
            // The values of an enumeration.
            if map.contains_key("is_null") {
                return Ok(());
            }
            match map.get("id").and_then(Value::as_str) {
                None => {}
                Some("UNBOUND") => named_type(&map["type_info"])?,
                Some(id) if TYPES.contains(&id) => {}
                Some(other) => return Err(unknown("type", other)),
            }
            map.values().try_for_each(types)
        }
        _ => Ok(()),
    }
}

fn named_type(info: &Value) -> Checked {
    let name = info["name"].as_str().unwrap_or_default();
    let plain = ["catalog", "schema"].map(|part| info[part].as_str() == Some(""));
    if plain == [true, true] && NAMED_TYPES.contains(&name.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(unknown("type", name))
}

fn text<'map>(map: &'map Map<String, Value>, name: &str) -> &'map str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn shown(name: &str) -> String {
    name.chars().take(crate::error::SHOWN).collect()
}

fn unknown(what: &str, name: &str) -> SqlError {
    SqlError::refused(format!(
        "{what} d'une sorte qui n'est pas admise : « {} »",
        shown(name)
    ))
}

#[cfg(test)]
mod tests;
