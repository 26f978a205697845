//! The statements of a selection: conditions on columns, then a count and a page of keys.

use registre_schemas::{Kind, Table};

use super::{name, sql_type};
use crate::selection::{Condition, Selection};

/// Statements, and what is bound to both.
pub(in crate::engine) struct Statements {
    /// How many rows.
    pub(in crate::engine) count: String,
    /// The keys of a page of them: keys alone, since a row has seventy columns and most rows that are
    /// looked at are not answered.
    pub(in crate::engine) page: String,
    /// `$1`, `$2`…
    pub(in crate::engine) bound: Vec<String>,
}

pub(in crate::engine) fn statements(selection: &Selection) -> Statements {
    let table = selection.table;
    let mut bound = Vec::new();
    let clauses: Vec<String> = selection
        .conditions
        .iter()
        .map(|condition| clause(table, condition, &mut bound))
        .collect();
    let mut rows = name(table.name);
    if !clauses.is_empty() {
        rows = format!("{rows} WHERE {}", clauses.join(" AND "));
    }
    let key = name(table.key[0]);
    // Of texts that hold all the words, the shortest is the nearest to what was typed.
    let nearest = selection
        .conditions
        .iter()
        .find_map(|condition| match condition {
            Condition::Words(columns, _) => {
                Some(format!("length({}), ", column(table, *columns.first()?)))
            }
            _ => None,
        });
    let nearest = nearest.unwrap_or_default();
    Statements {
        count: format!("SELECT count(*) FROM {rows}"),
        page: format!(
            "SELECT {key} FROM {rows} ORDER BY {nearest}{key} LIMIT {} OFFSET {}",
            selection.limit, selection.offset
        ),
        bound,
    }
}

fn column(table: &Table, index: usize) -> String {
    name(table.columns[index].name)
}

fn columns(table: &Table, indexes: &[usize]) -> String {
    let names: Vec<String> = indexes.iter().map(|index| column(table, *index)).collect();
    // An absent part is skipped; so is an empty one, as everywhere else.
    format!("concat_ws(' ', {})", names.join(", "))
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
        Condition::Words(indexes, words) => {
            let text = format!("strip_accents(lower({}))", columns(table, indexes));
            let each: Vec<String> = words
                .iter()
                .map(|word| format!("contains({text}, strip_accents(lower({})))", bind(word)))
                .collect();
            if each.is_empty() {
                "true".to_owned()
            } else {
                each.join(" AND ")
            }
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
        let made = statements(&Selection {
            table: &ETABLISSEMENT,
            conditions: vec![
                Condition::equals(&ETABLISSEMENT, at("siret"), "x' OR true --"),
                Condition::equals(&ETABLISSEMENT, at("dateDebut"), "2015-03-01"),
                Condition::Words(&[2], vec!["é".to_owned()]),
            ],
            offset: 40,
            limit: 20,
        });
        assert_eq!(
            made.page,
            "SELECT \"siret\" FROM \"etablissement\" WHERE \"siret\" = $1 AND \"dateDebut\" = CAST($2 AS DATE) \
             AND contains(strip_accents(lower(concat_ws(' ', \"siret\"))), strip_accents(lower($3))) \
             ORDER BY length(\"siret\"), \"siret\" LIMIT 20 OFFSET 40"
        );
        assert_eq!(made.bound, ["x' OR true --", "2015-03-01", "é"]);
        assert!(
            made.count
                .starts_with("SELECT count(*) FROM \"etablissement\" WHERE")
        );
    }
}
