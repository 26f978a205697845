//! The statements of a selection: conditions on columns, then a count and a page of keys.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::unite_legale::UNITE_LEGALE;
use registre_schemas::{Kind, Table};

use super::{name, sql_type};
use crate::selection::{Condition, Selection};

/// A statement, and what is bound to it: `$1`, `$2`…
pub(in crate::engine) struct Statement {
    pub(in crate::engine) sql: String,
    pub(in crate::engine) bound: Vec<String>,
}

/// How many rows a selection has.
pub(in crate::engine) fn count(selection: &Selection) -> Statement {
    let mut bound = Vec::new();
    let sql = format!("SELECT count(*) FROM {}", rows(selection, &mut bound));
    Statement { sql, bound }
}

/// The keys of a page of it: keys alone, since a row has seventy columns and most rows that are
/// looked at are not answered.
///
/// The files are sorted by key and DuckDB reads them in their order, so the order of the key is not
/// asked for: sorting forty million keys to skip most of them takes more memory than there is.
pub(in crate::engine) fn page(selection: &Selection) -> Statement {
    let table = selection.table;
    let mut bound = Vec::new();
    let key = name(table.key[0]);
    let rows = rows(selection, &mut bound);
    let mut order: Vec<String> = Vec::new();
    for condition in &selection.preferred {
        let clause = clause(table, condition, &mut bound);
        order.push(format!("coalesce({clause}, false) DESC"));
    }
    // Of titles that hold all the words, the shortest is the nearest to what was typed.
    for condition in &selection.conditions {
        if let Condition::Words {
            columns: [only], ..
        } = condition
        {
            order.push(format!("length({})", column(table, *only)));
        }
    }
    let order = if order.is_empty() {
        String::new()
    } else {
        format!(" ORDER BY {}, {key}", order.join(", "))
    };
    let sql = format!(
        "SELECT {key} FROM {rows}{order} LIMIT {} OFFSET {}",
        selection.limit, selection.offset
    );
    Statement { sql, bound }
}

fn rows(selection: &Selection, bound: &mut Vec<String>) -> String {
    let table = selection.table;
    let conditions = selection.conditions.iter();
    let clauses: Vec<String> = conditions
        .map(|condition| clause(table, condition, bound))
        .collect();
    if clauses.is_empty() {
        return name(table.name);
    }
    format!("{} WHERE {}", name(table.name), clauses.join(" AND "))
}

/// Rows whose unité légale is such.
fn of_units(condition: &str) -> String {
    let unit = name(UNITE_LEGALE.name);
    format!("siren IN (SELECT siren FROM {unit} WHERE {condition})")
}

fn column(table: &Table, index: usize) -> String {
    name(table.columns[index].name)
}

fn columns(table: &Table, indexes: &[usize]) -> String {
    let names: Vec<String> = indexes.iter().map(|index| column(table, *index)).collect();
    // An absent part is skipped; so is an empty one, as everywhere else.
    format!("concat_ws(' ', {})", names.join(", "))
}

/// Whether one of the columns has that word. SIRENE is in capitals without accents: its texts are
/// looked at as they are, in half the time that folding them takes.
fn contains(table: &Table, indexes: &[usize], word: &str) -> String {
    if std::ptr::eq(table, &raw const ASSOCIATION) {
        let text = columns(table, indexes);
        return format!("contains(strip_accents(lower({text})), strip_accents(lower({word})))");
    }
    let each = indexes.iter().map(|index| {
        let column = column(table, *index);
        format!("contains({column}, upper(strip_accents({word})))")
    });
    format!("({})", each.collect::<Vec<_>>().join(" OR "))
}

fn clause(table: &Table, condition: &Condition, bound: &mut Vec<String>) -> String {
    let mut bind = |text: &str| {
        bound.push(text.to_owned());
        format!("${}", bound.len())
    };
    match condition {
        Condition::Equals(index, text) => {
            let column = column(table, *index);
            let bound = bind(text);
            match table.columns[*index].kind {
                // As it is, so that a key prunes.
                Kind::Text => format!("{column} = {bound}"),
                kind => format!("{column} = CAST({bound} AS {})", sql_type(kind)),
            }
        }
        Condition::Joined(indexes, text) => {
            format!("{} = {}", columns(table, indexes), bind(text))
        }
        Condition::Words {
            columns: own,
            of_unit,
            words,
        } => {
            let each: Vec<String> = words
                .iter()
                .map(|word| {
                    let word = bind(word);
                    let own = contains(table, own, &word);
                    if of_unit.is_empty() {
                        return own;
                    }
                    let named = format!(
                        "statutDiffusionUniteLegale = 'O' AND {}",
                        contains(&UNITE_LEGALE, of_unit, &word)
                    );
                    format!("({own} OR {})", of_units(&named))
                })
                .collect();
            if each.is_empty() {
                "true".to_owned()
            } else {
                each.join(" AND ")
            }
        }
        Condition::Starts(index, text) => {
            format!("starts_with({}, {})", column(table, *index), bind(text))
        }
        Condition::Between(index, least, most) => format!(
            "{} BETWEEN CAST({} AS DOUBLE) AND CAST({} AS DOUBLE)",
            column(table, *index),
            bind(&least.to_string()),
            bind(&most.to_string())
        ),
        Condition::Unit(condition) => of_units(&clause(&UNITE_LEGALE, condition, bound)),
        Condition::Not(condition) => {
            format!("NOT coalesce({}, false)", clause(table, condition, bound))
        }
        Condition::Never => "false".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::etablissement::ETABLISSEMENT;

    #[test]
    fn what_is_asked_is_bound_and_a_key_stays_bare() {
        let at = |name| ETABLISSEMENT.index_of(name).unwrap();
        let selection = Selection {
            table: &ETABLISSEMENT,
            conditions: vec![
                Condition::equals(&ETABLISSEMENT, at("siret"), "x' OR true --"),
                Condition::equals(&ETABLISSEMENT, at("dateDebut"), "2015-03-01"),
                Condition::Words {
                    columns: &[2],
                    of_unit: &[],
                    words: vec!["é".to_owned()],
                },
            ],
            preferred: vec![Condition::equals(
                &ETABLISSEMENT,
                at("etablissementSiege"),
                "true",
            )],
            offset: 40,
            limit: 20,
        };
        let made = page(&selection);
        assert_eq!(
            made.sql,
            "SELECT \"siret\" FROM \"etablissement\" WHERE \"siret\" = $1 AND \"dateDebut\" = CAST($2 AS DATE) \
             AND (contains(\"siret\", upper(strip_accents($3)))) \
             ORDER BY coalesce(\"etablissementSiege\" = CAST($4 AS BOOLEAN), false) DESC, length(\"siret\"), \"siret\" LIMIT 20 OFFSET 40"
        );
        assert_eq!(made.bound, ["x' OR true --", "2015-03-01", "é", "true"]);
        let counted = count(&selection);
        assert!(
            counted
                .sql
                .starts_with("SELECT count(*) FROM \"etablissement\" WHERE")
        );
        assert_eq!(counted.bound.len(), 3, "{}", counted.sql);
    }

    #[test]
    fn the_order_of_the_files_is_not_sorted_again() {
        let made = page(&Selection {
            table: &ETABLISSEMENT,
            conditions: Vec::new(),
            preferred: Vec::new(),
            offset: 40_000_000,
            limit: 20,
        });
        assert_eq!(
            made.sql,
            "SELECT \"siret\" FROM \"etablissement\" LIMIT 20 OFFSET 40000000"
        );
    }
}
