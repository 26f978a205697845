//! The questions: what analysts type, from `questions.sql`, which tests of other engines read too.

use std::sync::LazyLock;

/// The tables the questions are about.
pub const TABLES: [&str; 7] = [
    "unite_legale",
    "etablissement",
    "unite_legale_periode",
    "etablissement_periode",
    "lien_succession",
    "association",
    "lien_siren_rna",
];

/// The text of both.
const TEXT: &str = include_str!("questions.sql");

/// A value that questions use, and the query that picks it: one row, one column.
pub struct Value {
    /// `{name}` in the questions, and in the values after this one.
    pub name: &'static str,
    pub sql: &'static str,
}

/// A question, in words and in SQL.
pub struct Question {
    pub title: &'static str,
    pub sql: &'static str,
}

/// The list joined in: made once, a table of the database, as someone's own file would be.
pub static LIST: LazyLock<String> = LazyLock::new(|| {
    let rows = of("list").next().map_or("", |(_, sql)| sql);
    format!("CREATE TABLE memory.main.liste AS {rows}")
});

pub static VALUES: LazyLock<Vec<Value>> =
    LazyLock::new(|| of("value").map(|(name, sql)| Value { name, sql }).collect());

pub static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
    of("question")
        .map(|(title, sql)| Question { title, sql })
        .collect()
});

/// The statements headed by a comment that starts with that word and a colon, with the rest of it.
fn of(kind: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXT.split("\n-- ").filter_map(move |part| {
        let (head, sql) = part.split_once('\n')?;
        let head = head.strip_prefix(kind)?.strip_prefix(':')?;
        let (sql, _) = sql.split_once(';')?;
        Some((head.trim(), sql.trim()))
    })
}
