//! The statements of a selection: conditions on columns, then a count and a page of keys.

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

/// The keys of a page of a selection that has no order but that of the key: keys alone, since a row
/// has seventy columns and most rows that are looked at are not answered.
///
/// The files are sorted by key and DuckDB reads them in their order, so the order of the key is not
/// asked for: sorting forty million keys to skip most of them takes more memory than there is.
pub(in crate::engine) fn page(selection: &Selection) -> Statement {
    let mut bound = Vec::new();
    let sql = format!(
        "SELECT {} FROM {} LIMIT {} OFFSET {}",
        name(selection.table.key[0]),
        rows(selection, &mut bound),
        selection.limit,
        selection.offset
    );
    Statement { sql, bound }
}

/// How many rows a selection has and the keys of a page, joined by commas, in one reading of them
/// all: `None` when it has no order of its own, and [`page`] need not read that far.
///
/// The first rows are the least texts of what orders them followed by their key: `min` keeps as many
/// as the page needs and no more.
pub(in crate::engine) fn count_and_page(selection: &Selection) -> Option<Statement> {
    let mut bound = Vec::new();
    let rows = rows(selection, &mut bound);
    let (order, width) = order(selection, &mut bound)?;
    let last = selection.offset + u64::from(selection.limit);
    let sql = format!(
        "SELECT total, array_to_string(list_transform(premiers[{}:], lambda premier: substr(premier, {})), ',') \
         FROM (SELECT count(*) AS total, min(concat({order}, {}), {}) AS premiers FROM {rows})",
        selection.offset + 1,
        width + 1,
        name(selection.table.key[0]),
        last.max(1),
    );
    Some(Statement { sql, bound })
}

/// Texts in whose order rows come, then the key's, and how long they are together.
fn order(selection: &Selection, bound: &mut Vec<String>) -> Option<(String, usize)> {
    /// Digits of a length.
    const LENGTH: usize = 6;
    let mut order: Vec<String> = Vec::new();
    let mut width = 0;
    for condition in &selection.preferred {
        let clause = clause(selection.table, condition, bound);
        order.push(format!("if({clause}, '0', '1')"));
        width += 1;
    }
    // Of titles that hold all the words, the shortest is the nearest to what was typed.
    for condition in &selection.conditions {
        if let Condition::Words([only], _) = condition {
            let column = column(selection.table, *only);
            order.push(format!(
                "lpad(CAST(coalesce(length({column}), 0) AS VARCHAR), {LENGTH}, '0')"
            ));
            width += LENGTH;
        }
    }
    (!order.is_empty()).then(|| (order.join(", "), width))
}

fn rows(selection: &Selection, bound: &mut Vec<String>) -> String {
    let table = selection.table;
    let from = name(table.name);
    if selection.conditions.is_empty() {
        return from;
    }
    let clauses: Vec<String> = selection
        .conditions
        .iter()
        .map(|condition| clause(table, condition, bound))
        .collect();
    format!("{from} WHERE {}", clauses.join(" AND "))
}

fn bind(text: &str, bound: &mut Vec<String>) -> String {
    bound.push(text.to_owned());
    format!("${}", bound.len())
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

/// Whether one of the columns has that word.
fn contains(table: &Table, indexes: &[usize], word: &str) -> String {
    let text = columns(table, indexes);
    format!("contains(strip_accents(lower({text})), strip_accents(lower({word})))")
}

fn clause(table: &Table, condition: &Condition, bound: &mut Vec<String>) -> String {
    match condition {
        Condition::Equals(index, text) => {
            let column = column(table, *index);
            let bound = bind(text, bound);
            match table.columns[*index].kind {
                // As it is, so that a key prunes.
                Kind::Text => format!("{column} = {bound}"),
                kind => format!("{column} = CAST({bound} AS {})", sql_type(kind)),
            }
        }
        Condition::Joined(indexes, text) => {
            format!("{} = {}", columns(table, indexes), bind(text, bound))
        }
        Condition::Words(columns, words) => {
            let each: Vec<String> = words
                .iter()
                .map(|word| contains(table, columns, &bind(word, bound)))
                .collect();
            if each.is_empty() {
                "true".to_owned()
            } else {
                each.join(" AND ")
            }
        }
        Condition::Starts(index, text) => {
            format!(
                "starts_with({}, {})",
                column(table, *index),
                bind(text, bound)
            )
        }
        Condition::Between(index, least, most) => format!(
            "{} BETWEEN CAST({} AS DOUBLE) AND CAST({} AS DOUBLE)",
            column(table, *index),
            bind(&least.to_string(), bound),
            bind(&most.to_string(), bound)
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
                Condition::Words(&[2], vec!["é".to_owned()]),
            ],
            preferred: vec![Condition::equals(
                &ETABLISSEMENT,
                at("etablissementSiege"),
                "true",
            )],
            offset: 40,
            limit: 20,
        };
        let made = count_and_page(&selection).unwrap();
        assert_eq!(
            made.sql,
            "SELECT total, array_to_string(list_transform(premiers[41:], lambda premier: substr(premier, 8)), ',') \
             FROM (SELECT count(*) AS total, min(concat(if(\"etablissementSiege\" = CAST($4 AS BOOLEAN), '0', '1'), \
             lpad(CAST(coalesce(length(\"siret\"), 0) AS VARCHAR), 6, '0'), \"siret\"), 60) AS premiers \
             FROM \"etablissement\" WHERE \"siret\" = $1 AND \"dateDebut\" = CAST($2 AS DATE) \
             AND contains(strip_accents(lower(concat_ws(' ', \"siret\"))), strip_accents(lower($3))))"
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
