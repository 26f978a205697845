//! What DuckDB says when it does not answer, as our own errors. Its words are shown, for they say
//! what is wrong with a query; a path of this machine is not.

use serde_json::Value;
use std::path::Path;

use crate::sql::SqlError;

/// Characters of DuckDB's words that are shown.
const MESSAGE: usize = 600;

/// What reads them.
pub(super) struct Faults {
    folder: String,
    memory: String,
}

impl Faults {
    pub(super) fn new(folder: &Path, memory: &str) -> Self {
        Self {
            folder: folder.display().to_string(),
            memory: memory.to_owned(),
        }
    }

    /// What went wrong when `text` was prepared or run.
    pub(super) fn of(&self, error: &duckdb::Error, text: &str) -> SqlError {
        let said = error.to_string();
        let kind = said.split(':').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "interrupt error" => SqlError::Interrompue,
            "out of memory error" => SqlError::Memoire {
                limite: self.memory.clone(),
            },
            // bad_alloc, when the system's limit came before DuckDB's own.
            _ if said.contains("bad_alloc") || said.contains("failed to allocate") => {
                SqlError::Memoire {
                    limite: self.memory.clone(),
                }
            }
            // Of a file of ours: damaged, or no memory was left to read it.
            _ if said.contains("Failed to read file") => SqlError::Panne(said),
            "io error"
            | "internal error"
            | "fatal error"
            | "permission error"
            | "transactioncontext error"
            | "connection error"
            | "serialization error" => SqlError::Panne(said),
            _ => {
                let (said, shown) = match said.split_once("\n\nLINE ") {
                    Some((said, shown)) => (said.to_owned(), Some(shown)),
                    None => (said.clone(), None),
                };
                let (ligne, colonne) = shown.map_or((None, None), |shown| marked(shown, text));
                invalid(&said.replace(&self.folder, "…"), ligne, colonne)
            }
        }
    }
}

/// What the parser says, in its own JSON.
pub(super) fn of_parser(tree: &Value, text: &str) -> SqlError {
    let said = tree["error_message"].as_str().unwrap_or_default();
    if tree["error_type"] == "not implemented" {
        return match said {
            said if said.starts_with("Only SELECT") => {
                SqlError::refused("seule une requête SELECT l'est")
            }
            said => invalid(said, None, None),
        };
    }
    let position = tree["position"].as_str().and_then(|at| at.parse().ok());
    let (ligne, colonne) = position.map_or((None, None), |at: usize| {
        let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
        let before = String::from_utf8_lossy(before);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let lines = before.matches('\n').count();
        (Some(lines + 1), Some(line.chars().count() + 1))
    });
    invalid(said, ligne, colonne)
}

fn invalid(said: &str, ligne: Option<usize>, colonne: Option<usize>) -> SqlError {
    SqlError::Invalide {
        message: said.trim().chars().take(MESSAGE).collect(),
        ligne,
        colonne,
    }
}

/// The place that DuckDB marks: `2: the line` and, under it, a caret. A long line is cut before what
/// is wrong, and then its place in it is not known.
fn marked(shown: &str, text: &str) -> (Option<usize>, Option<usize>) {
    let Some((number, rest)) = shown.split_once(": ") else {
        return (None, None);
    };
    let Some(line) = number.parse().ok() else {
        return (None, None);
    };
    let whole = text.lines().nth(usize::saturating_sub(line, 1));
    let excerpt = rest.lines().next().unwrap_or_default();
    let caret = rest.lines().nth(1).and_then(|under| under.find('^'));
    let begin = "LINE : ".len() + number.len();
    let colonne = caret
        .and_then(|caret| caret.checked_sub(begin))
        .filter(|_| {
            whole.is_some_and(|whole| {
                !excerpt.is_empty() && whole.starts_with(excerpt.trim_end_matches('.'))
            })
        })
        .map(|caret| caret + 1);
    (Some(line), colonne)
}
