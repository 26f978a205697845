//! Searches by words, as SIRENE v1 and RNA v1 both had them.

use serde::Serialize;

use super::erreur::Refus;
use super::params::{Feuille, Params};
use crate::selection::Condition;

/// Words that are looked for: who pastes a page looks for its beginning.
const WORDS: usize = 8;

/// Results that can be reached: to rank more of them takes more memory than a query has.
const REACHED: u64 = 100_000;

/// Refuses a page that is too far.
pub(super) fn within_reach(feuille: Feuille) -> Result<(), Refus> {
    if feuille.offset() > REACHED {
        return Err(Refus::Demande(
            "Au-delà de 100 000 résultats, la page demandée est trop lointaine : précisez la recherche.",
        ));
    }
    Ok(())
}

/// Whether a text asks for everything.
pub(super) fn is_everything(text: &str) -> bool {
    text.trim() == "*"
}

/// The words of a text, in `+` or spaces.
pub(super) fn conditions(columns: &'static [usize], text: &str) -> Vec<Condition> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .map(str::to_lowercase)
        .collect();
    if is_everything(text) {
        Vec::new()
    } else if words.is_empty() {
        vec![Condition::Never]
    } else {
        vec![Condition::Words(columns, words)]
    }
}

/// Where a page is among all of them.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct PageRendue<'text> {
    total_results: i64,
    total_pages: u64,
    per_page: u16,
    page: Page<'text>,
}

/// The first page when none was asked, else what was typed.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Page<'text> {
    First(u8),
    Asked(&'text str),
}

impl<'text> PageRendue<'text> {
    pub(super) fn of(params: &'text Params, feuille: Feuille, total: i64) -> Self {
        Self {
            total_results: total,
            total_pages: feuille.pages(total),
            per_page: feuille.per_page,
            page: params.get("page").map_or(Page::First(1), Page::Asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_anything_else_and_a_star_is_everything() {
        let words = |text| conditions(&[0], text);
        let expected = ["l", "étoile", "d", "or"].map(str::to_owned).to_vec();
        let condition = Condition::Words(&[0], expected);
        assert_eq!(words("l'Étoile+d'Or"), [condition]);
        assert_eq!(words("*"), []);
        assert_eq!(words(" - "), [Condition::Never]);
    }
}
