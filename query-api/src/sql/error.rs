//! Why a query has no answer, or not all of it. Each limit is named with its value and how to stay
//! inside.

use serde::{Deserialize, Serialize};

use crate::error::Code;

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SqlError {
    /// DuckDB does not understand it, or cannot compute it.
    #[error("{message}{}", place(*ligne, *colonne))]
    Invalide {
        /// In DuckDB's words.
        message: String,
        /// Where in the text, from 1.
        ligne: Option<usize>,
        /// Where in that line, from 1.
        colonne: Option<usize>,
    },
    /// More than a reading of the published tables.
    #[error("Cette requête n'est pas admise : {0}.")]
    Refusee(String),
    /// Parameters that do not fit the query.
    #[error("Les paramètres ne conviennent pas : {0}.")]
    Parametres(String),
    /// A type that the format has no room for.
    #[error("Le résultat ne peut pas être écrit dans ce format : {0}.")]
    Format(String),
    /// Its text is too long.
    #[error("Le texte de la requête a {octets} octets : {limite} au plus sont admis.")]
    TropLongue {
        /// How long it is.
        octets: usize,
        /// How long it may be.
        limite: usize,
    },
    /// It computed for too long.
    #[error("La requête a calculé plus de {limite} secondes, la limite de ce serveur.")]
    Temps {
        /// Seconds.
        limite: u64,
    },
    /// Its client read too slowly.
    #[error("Le résultat n'a pas été lu en {limite} secondes, la limite de ce serveur.")]
    Lecture {
        /// Seconds.
        limite: u64,
    },
    /// It needs more memory.
    #[error("La requête demande plus de {limite} de mémoire, la limite de ce serveur.")]
    Memoire {
        /// As [`crate::Size`] writes it.
        limite: String,
    },
    /// It has more rows.
    #[error("Le résultat a plus de {limite} lignes, la limite de ce serveur.")]
    Lignes {
        /// How many it may have.
        limite: u64,
    },
    /// No process is free.
    #[error(
        "Ce serveur traite déjà {limite} requêtes SQL à la fois, sa limite, et d'autres attendent."
    )]
    Occupe {
        /// How many at a time.
        limite: usize,
    },
    /// No process was ready in time.
    #[error(
        "Aucun processus SQL n'a ouvert les données en {limite} secondes, la limite de ce serveur : sa machine est trop occupée."
    )]
    Demarrage {
        /// Seconds.
        limite: u64,
    },
    /// It reached its time without having computed: others had the processors.
    #[error(
        "En {limite} secondes, la limite de ce serveur, la requête n'a eu que {} de processeur : sa machine est occupée à d'autres demandes, qui passent avant.",
        duree(*calcul)
    )]
    SansProcesseur {
        /// Seconds.
        limite: u64,
        /// Milliseconds it had.
        calcul: u64,
    },
    /// Who asked left, or asked to stop.
    #[error("La requête a été interrompue.")]
    Interrompue,
    /// A fault of ours.
    #[error("Le serveur a rencontré une erreur.")]
    Panne(String),
}

fn place(ligne: Option<usize>, colonne: Option<usize>) -> String {
    match (ligne, colonne) {
        (Some(ligne), Some(colonne)) => format!(" (ligne {ligne}, colonne {colonne})"),
        (Some(ligne), None) => format!(" (ligne {ligne})"),
        _ => String::new(),
    }
}

/// Milliseconds as they are read: `40 ms`, `1,3 s`.
fn duree(milliseconds: u64) -> String {
    match milliseconds {
        ..1000 => format!("{milliseconds} ms"),
        _ => format!("{},{} s", milliseconds / 1000, milliseconds % 1000 / 100),
    }
}

impl SqlError {
    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self::Refusee(why.into())
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Invalide { .. } => Code::SqlInvalide,
            Self::Refusee(_) => Code::SqlRefusee,
            Self::Parametres(_) | Self::Format(_) => Code::ParametreInvalide,
            Self::TropLongue { .. } => Code::SqlTropLongue,
            Self::Temps { .. } => Code::SqlTemps,
            Self::Lecture { .. } => Code::SqlLecture,
            Self::Memoire { .. } => Code::SqlMemoire,
            Self::Lignes { .. } => Code::SqlLignes,
            Self::Occupe { .. } | Self::Demarrage { .. } | Self::SansProcesseur { .. } => {
                Code::SqlOccupe
            }
            Self::Interrompue => Code::Surcharge,
            Self::Panne(_) => Code::ErreurInterne,
        }
    }

    /// What to do.
    #[must_use]
    pub fn que_faire(&self) -> String {
        match self {
            Self::Parametres(_) => "Donnez dans « parametres » une liste, dans l'ordre des $1, $2… ou des ?, ou un objet dont les noms sont ceux des $nom ; chaque valeur est un texte, un nombre, un booléen ou null.".to_owned(),
            Self::Format(_) => "Demandez un autre format, ou convertissez la colonne : CAST(colonne AS VARCHAR).".to_owned(),
            other => other.code().que_faire().to_owned(),
        }
    }
}
