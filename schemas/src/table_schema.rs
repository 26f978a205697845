//! A table as Table Schema (Frictionless Data, specification 1), in which data.gouv.fr and its
//! validators read what the columns of a file are.

use serde::Serialize;

use crate::column::{Column, Kind, Presence, Table};
use crate::dictionary::{Sensitivity, source};

/// The document of a table.
#[derive(Debug, Serialize)]
pub struct TableSchema {
    /// Its name.
    name: &'static str,
    /// What a row is.
    description: &'static str,
    /// The columns, in the order of the file.
    fields: Vec<Field>,
    /// The columns that tell a row from any other; none where two rows may share them.
    #[serde(rename = "primaryKey", skip_serializing_if = "<[_]>::is_empty")]
    primary_key: &'static [&'static str],
    /// What stands for no value in CSV.
    #[serde(rename = "missingValues")]
    missing_values: [&'static str; 1],
}

/// A column. The last three are ours: the specification lets a descriptor have more.
#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    format: &'static str,
    description: &'static str,
    example: &'static str,
    #[serde(skip_serializing_if = "Constraints::is_empty")]
    constraints: Constraints,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nomenclature: Option<&'static str>,
    diffusion: &'static str,
}

/// What holds of every value.
#[derive(Debug, Serialize)]
struct Constraints {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unique: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
}

impl Constraints {
    fn is_empty(&self) -> bool {
        !self.required && !self.unique && self.pattern.is_none()
    }
}

impl TableSchema {
    /// That of a table.
    #[must_use]
    pub fn of(table: &'static Table) -> Self {
        Self {
            name: table.name,
            description: table.description,
            fields: table
                .columns
                .iter()
                .map(|column| field(table, column))
                .collect(),
            primary_key: if table.unique { table.key } else { &[] },
            missing_values: [""],
        }
    }
}

fn field(table: &'static Table, column: &'static Column) -> Field {
    let (kind, format) = kind(column.kind);
    let digits = match column.presence {
        Presence::Key(digits) if digits > 0 => Some(format!("[0-9]{{{digits}}}")),
        _ => None,
    };
    Field {
        name: column.name,
        kind,
        format,
        description: column.description,
        example: column.example,
        constraints: Constraints {
            required: !column.nullable(),
            unique: table.unique && table.key == [column.name],
            pattern: digits,
        },
        source: source(table, column),
        nomenclature: column
            .nomenclature
            .map(crate::nomenclature::Nomenclature::title),
        diffusion: Sensitivity::of(table, column).as_str(),
    }
}

/// The type and the format of the specification. A `datetime` without format would have to end in `Z`:
/// INSEE's have no zone.
fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Text => ("string", "default"),
        Kind::Date => ("date", "default"),
        Kind::Timestamp => ("datetime", "any"),
        Kind::Integer => ("integer", "default"),
        Kind::Boolean => ("boolean", "default"),
        Kind::Real => ("number", "default"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TABLES;
    use serde_json::Value;
    use std::collections::HashSet;

    /// The constraints that the specification allows for a type.
    fn allowed(kind: &str) -> &'static [&'static str] {
        match kind {
            "string" => &[
                "required",
                "unique",
                "enum",
                "pattern",
                "minLength",
                "maxLength",
            ],
            "boolean" => &["required", "enum"],
            _ => &["required", "unique", "enum", "minimum", "maximum"],
        }
    }

    #[test]
    fn each_document_follows_the_rules_of_table_schema() {
        for table in TABLES {
            let document = serde_json::to_value(TableSchema::of(table)).unwrap();
            let fields = document["fields"].as_array().unwrap();
            assert_eq!(fields.len(), table.columns.len());
            let mut names = HashSet::new();
            for field in fields {
                let name = field["name"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name} is there twice");
                let kind = field["type"].as_str().unwrap();
                let formats: &[&str] = match kind {
                    "string" => &["default", "email", "uri", "binary", "uuid"],
                    "date" | "datetime" => &["default", "any"],
                    "integer" | "number" | "boolean" => &["default"],
                    other => panic!("{name}: no type {other}"),
                };
                assert!(
                    formats.contains(&field["format"].as_str().unwrap()),
                    "{name}"
                );
                assert!(field["description"].is_string() && field["example"].is_string());
                let constraints = field.get("constraints").and_then(Value::as_object);
                for (constraint, value) in constraints.into_iter().flatten() {
                    assert!(
                        allowed(kind).contains(&constraint.as_str()),
                        "{name}: {constraint}"
                    );
                    assert!(
                        value.is_boolean() || value.is_string(),
                        "{name}: {constraint}"
                    );
                }
            }
            let key = document.get("primaryKey").and_then(Value::as_array);
            for column in key.into_iter().flatten() {
                assert!(
                    names.contains(column.as_str().unwrap()),
                    "{}: {column}",
                    table.name
                );
            }
            assert_eq!(key.is_some(), table.unique);
            assert_eq!(document["missingValues"], serde_json::json!([""]));
        }
    }

    #[test]
    fn a_key_is_required_unique_and_shaped() {
        let document = serde_json::to_value(TableSchema::of(TABLES[0])).unwrap();
        let siren = &document["fields"][0];
        assert_eq!(
            siren["constraints"],
            serde_json::json!({"required": true, "unique": true, "pattern": "[0-9]{9}"})
        );
        assert_eq!(document["primaryKey"], serde_json::json!(["siren"]));
        assert!(document["fields"][1].get("constraints").is_none());
    }
}
