//! What helps to type: completion of tables, columns, functions and words of SQL, and lines that go on
//! until a semicolon.

use registre_query_api::Description;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};

#[rustfmt::skip]
const WORDS: [&str; 62] = [
    "ALL", "AND", "AS", "ASC", "ASOF", "BETWEEN", "BY", "CASE", "CAST", "CROSS", "CURRENT", "DATE", "DESC",
    "DISTINCT", "ELSE", "END", "EXCEPT", "EXCLUDE", "EXISTS", "FILTER", "FOLLOWING", "FROM", "FULL", "GROUP",
    "HAVING", "ILIKE", "IN", "INNER", "INTERSECT", "INTERVAL", "IS", "JOIN", "LAST", "LATERAL", "LEFT", "LIKE",
    "LIMIT", "NOT", "NULL", "NULLS", "OFFSET", "ON", "OR", "ORDER", "OVER", "PARTITION", "PRECEDING", "QUALIFY",
    "REPLACE", "RIGHT", "ROLLUP", "ROWS", "SELECT", "THEN", "UNBOUNDED", "UNION", "USING", "VALUES", "WHEN",
    "WHERE", "WINDOW", "WITH",
];

/// What is known of the snapshot.
pub struct Typing {
    /// Names, in the order in which they are proposed.
    names: Vec<String>,
    /// Tables and their columns.
    tables: Vec<(String, Vec<String>)>,
}

impl Typing {
    pub fn of(description: &Description) -> Self {
        let tables: Vec<(String, Vec<String>)> = description
            .tables
            .iter()
            .map(|table| {
                let columns = table.colonnes.iter().map(|column| column.nom.to_owned());
                (table.nom.to_owned(), columns.collect())
            })
            .collect();
        let mut columns: Vec<String> = tables
            .iter()
            .flat_map(|(_, columns)| columns.clone())
            .collect();
        columns.sort_unstable();
        columns.dedup();
        let mut names: Vec<String> = tables.iter().map(|(name, _)| name.clone()).collect();
        names.append(&mut columns);
        names.extend(WORDS.iter().map(|word| (*word).to_owned()));
        let functions = description.fonctions.iter();
        names.extend(functions.map(|name| format!("{name}(")));
        Self { names, tables }
    }

    /// Where the word under the cursor begins, and what it may become. After a table and a dot, its
    /// columns only.
    pub fn proposed(&self, line: &str, position: usize) -> (usize, Vec<String>) {
        let before = &line[..position];
        let of_word = |c: char| c.is_alphanumeric() || c == '_';
        let begin = before.rfind(|c: char| !of_word(c)).map_or(0, |at| {
            at + before[at..].chars().next().map_or(1, char::len_utf8)
        });
        let word = &before[begin..];
        let starts = |name: &&String| {
            name.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if let Some(table) = before[..begin].strip_suffix('.') {
            let table = table
                .rsplit(|c: char| !of_word(c))
                .next()
                .unwrap_or_default();
            let columns = self.tables.iter().find(|(name, _)| name == table);
            let columns = columns.map_or(&self.names, |(_, columns)| columns);
            return (begin, columns.iter().filter(starts).cloned().collect());
        }
        if word.is_empty() {
            return (begin, Vec::new());
        }
        (begin, self.names.iter().filter(starts).cloned().collect())
    }
}

/// Whether what was typed is a command, or a query that ends with a semicolon.
pub fn is_whole(text: &str) -> bool {
    if text.trim_start().starts_with('\\') || text.trim().is_empty() {
        return true;
    }
    let mut last = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' | '"' => {
                if !characters.any(|next| next == c) {
                    return false;
                }
                last = c;
            }
            '-' if characters.peek() == Some(&'-') => {
                characters.by_ref().find(|next| *next == '\n');
            }
            '/' if characters.peek() == Some(&'*') => {
                let mut before = ' ';
                let ended = characters.any(|next| {
                    let ends = before == '*' && next == '/';
                    before = next;
                    ends
                });
                if !ended {
                    return false;
                }
            }
            c if c.is_whitespace() => {}
            c => last = c,
        }
    }
    last == ';'
}

impl Helper for Typing {}

impl Highlighter for Typing {}

impl Hinter for Typing {
    type Hint = String;
}

impl Completer for Typing {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<String>)> {
        Ok(self.proposed(line, pos))
    }
}

impl Validator for Typing {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if is_whole(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_on_until_a_semicolon_of_its_own() {
        for whole in [
            "SELECT 1;",
            "\\d",
            "",
            "SELECT ';';",
            "SELECT 1; -- fin",
            "SELECT 1 /* ; */;",
        ] {
            assert!(is_whole(whole), "{whole}");
        }
        for part in [
            "SELECT 1",
            "SELECT ';",
            "SELECT 1 -- ;",
            "SELECT 1 /* ;",
            "SELECT \";",
        ] {
            assert!(!is_whole(part), "{part}");
        }
    }

    #[test]
    fn tables_columns_words_and_functions_are_proposed() {
        let typing = Typing {
            names: vec![
                "etablissement".into(),
                "siret".into(),
                "SELECT".into(),
                "siret_valide(".into(),
            ],
            tables: vec![("etablissement".into(), vec!["siret".into(), "siren".into()])],
        };
        assert_eq!(
            typing.proposed("FROM Eta", 8),
            (5, vec!["etablissement".to_owned()])
        );
        assert_eq!(typing.proposed("sel", 3).1, ["SELECT"]);
        assert_eq!(
            typing.proposed("SELECT sir", 10).1,
            ["siret", "siret_valide("]
        );
        assert_eq!(
            typing.proposed("SELECT etablissement.", 21).1,
            ["siret", "siren"]
        );
        assert_eq!(typing.proposed("é ", 3), (3, Vec::<String>::new()));
    }
}
