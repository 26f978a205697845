//! The rows of someone's file, with what the registers know of each: one row out per row in, in the same
//! order, what came in left as it came.
//!
//! | module | holds |
//! |---|---|
//! | `texte`, `decoupe`, `forme`, `lot` | the file: its characters, its rows, what it is, its rows by lots |
//! | `plan` | which column says who, which are added and under which names |
//! | `verdict`, `noms` | what is said of a row, by its number or by a name at a postcode |
//! | `colonnes` | what can be added |
//! | `rendu` | a row as it is written |
//! | `fil` | lots read, looked up and written side by side, in order |
//! | `http`, `travaux` | the routes: streamed, or as a job that can be resumed |
//!
//! Memory does not depend on the number of rows: some lots are held, and no more are read until the one
//! who takes them has.

pub(crate) mod colonnes;
mod decoupe;
mod fil;
mod forme;
pub(crate) mod http;
mod lot;
pub(crate) mod noms;
mod plan;
mod rendu;
mod source;
mod texte;
pub(crate) mod travaux;
pub(crate) mod verdict;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;
use tokio::runtime::Handle;

use crate::catalog::{Catalog, Snapshot};
use crate::config::Config;
use crate::engine::PoolError;
use crate::error::ApiError;
use lot::Lecteur;
use source::Source;

pub use forme::FormatEntree;
pub use rendu::Format;
pub use texte::{Encodage, encodage_de};

/// What is put before the names of what is added.
pub const PREFIXE: &str = "registre_";

/// What is asked of an enrichment. `Options::default()` finds everything by itself.
#[derive(Debug, Clone)]
pub struct Options {
    /// How the file is written; found by its first character.
    pub entree: Option<FormatEntree>,
    /// How it is written out; as it came.
    pub format: Option<Format>,
    /// Whether its first row names the columns; found by whether it holds a number.
    pub entete: Option<bool>,
    /// Between two cells; found by which cuts the rows alike.
    pub delimiteur: Option<u8>,
    /// How its characters are written; found by its accents.
    pub encodage: Option<Encodage>,
    /// Name or rank of the column that holds a number.
    pub identifiant: Option<String>,
    /// Name or rank of the column that holds a name, for the rows without a number.
    pub nom: Option<String>,
    /// Name or rank of the column that holds its postcode.
    pub code_postal: Option<String>,
    /// What is added; empty for the default.
    pub colonnes: Vec<String>,
    /// What is put before the names of what is added.
    pub prefixe: String,
    /// Whether what begins as a formula is left so in CSV.
    pub brutes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            entree: None,
            format: None,
            entete: None,
            delimiteur: None,
            encodage: None,
            identifiant: None,
            nom: None,
            code_postal: None,
            colonnes: Vec::new(),
            prefixe: PREFIXE.to_owned(),
            brutes: false,
        }
    }
}

/// Who watches an enrichment, and may stop it. Called once per lot.
pub trait Suivi: Sync {
    /// The file was understood so.
    fn compris(&self, _comment: &Compris) {}
    /// That many bytes were read and rows written since the last time.
    fn avance(&self, octets: u64, lignes: u64);
    /// Whether to stop.
    fn arrete(&self) -> bool;
}

/// How a file was understood.
#[derive(Debug, Clone)]
pub struct Compris {
    /// The columns that say who.
    pub lues: Vec<String>,
    /// Names that the file had already, and those given instead.
    pub renommees: Vec<(String, String)>,
    /// The snapshot that answers.
    pub snapshot: String,
    /// How it is written out.
    pub format: Format,
    /// How its characters are written.
    pub encodage: Encodage,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bilan {
    /// Rows.
    pub lignes: u64,
    /// Rows of each verdict.
    pub resultats: BTreeMap<&'static str, u64>,
}

/// Why a file is not enriched. Of a row, nothing is a reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrichirError {
    /// It cannot be read.
    #[error("read: {0}")]
    Lecture(std::io::Error),
    /// What is made of it cannot be written.
    #[error("write: {0}")]
    Ecriture(std::io::Error),
    /// Parquet cannot be made of it.
    #[error("write Parquet: {0}")]
    Parquet(String),
    /// Stopped by who watches.
    #[error("interrupted")]
    Interrompu,
    /// Not rows: why, in English then in French.
    #[error("the file cannot be read as rows: {0}")]
    Forme(&'static str, &'static str),
    /// A column that was named is not in it.
    #[error("no column {nom:?} for {option}: it has {}", .connues.join(", "))]
    Colonne {
        /// What it was named for.
        option: &'static str,
        /// As it was named.
        nom: String,
        /// Those there are.
        connues: Vec<String>,
    },
    /// No column says who.
    #[error("no column holds a SIREN, SIRET, RNA or VAT number, nor a name with a postcode: it has {}; name one", .0.join(", "))]
    SansCle(Vec<String>),
    /// What is asked to be added does not exist.
    #[error("no such thing to add: {0:?}; see the list of columns")]
    Sortie(String),
    /// The registers cannot be asked.
    #[error("{0}")]
    Donnees(ApiError),
    /// A fault of ours.
    #[error("a thread ended by a panic")]
    Panique,
}

impl EnrichirError {
    /// The error of a request that asked for it.
    pub(crate) fn en_francais(self) -> ApiError {
        let parametre = |nom: &str, valeur: String, attendu: String| ApiError::Parametre {
            nom: nom.to_owned(),
            valeur: valeur.chars().take(64).collect(),
            attendu,
        };
        let listed = |noms: &[String]| {
            let noms: Vec<String> = noms
                .iter()
                .take(30)
                .map(|nom| nom.chars().take(40).collect())
                .collect();
            noms.join(", ")
        };
        match self {
            Self::Forme(_, why) => parametre("corps", String::new(), why.to_owned()),
            Self::Colonne {
                option,
                nom,
                connues,
            } => parametre(
                option,
                nom,
                format!(
                    "une colonne du fichier est attendue, parmi {}",
                    listed(&connues)
                ),
            ),
            Self::SansCle(connues) => parametre(
                "identifiant",
                String::new(),
                format!(
                    "aucune colonne ne porte de numéro SIRET, SIREN, RNA ou de TVA, ni un nom et un code postal : nommez-la, parmi {}",
                    listed(&connues)
                ),
            ),
            Self::Sortie(nom) => parametre(
                "colonnes",
                nom,
                "une colonne de la documentation est attendue".to_owned(),
            ),
            Self::Donnees(error) => error,
            other => ApiError::Interne(Box::new(other)),
        }
    }
}

impl From<PoolError> for EnrichirError {
    fn from(error: PoolError) -> Self {
        Self::Donnees(error.into())
    }
}

impl From<arrow::error::ArrowError> for EnrichirError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Parquet(error.to_string())
    }
}

impl From<parquet::errors::ParquetError> for EnrichirError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet(error.to_string())
    }
}

/// How much of the machine an enrichment takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ampleur {
    /// One thread, so that lookups do not wait.
    Discrete,
    /// All that there is.
    Entiere,
}

/// Enriches a file with the snapshot in service in `config.data`. Blocking; `handle` is a runtime's with
/// several threads, for what is asked of DuckDB.
pub fn enrichir<W: Write + Send>(
    config: &Config,
    handle: &Handle,
    options: &Options,
    entree: impl Read + Send,
    sortie: W,
    suivi: &dyn Suivi,
) -> Result<(Bilan, W), EnrichirError> {
    // Names are looked for in the tables: a reading of them finds all those of a lot.
    let catalog = Catalog::new(config).by_number_only();
    let refreshed = catalog.refresh();
    refreshed.map_err(|error| EnrichirError::Donnees(ApiError::Interne(Box::new(error))))?;
    let snapshot = catalog
        .current()
        .ok_or(EnrichirError::Donnees(ApiError::AucuneDonnee))?;
    enrichir_avec(
        snapshot,
        handle,
        options,
        entree,
        sortie,
        suivi,
        Ampleur::Entiere,
    )
}

/// The same, with a snapshot at hand.
pub(crate) fn enrichir_avec<W: Write + Send>(
    snapshot: Arc<Snapshot>,
    handle: &Handle,
    options: &Options,
    entree: impl Read + Send,
    sortie: W,
    suivi: &dyn Suivi,
    ampleur: Ampleur,
) -> Result<(Bilan, W), EnrichirError> {
    let mut lecteur = Lecteur::ouvrir(entree).map_err(EnrichirError::Lecture)?;
    let source = Source::new(snapshot, handle.clone());
    let plan = source.plan(&mut lecteur, options)?;
    suivi.compris(&source.compris(&plan, options));
    fil::derouler(&plan, &source, lecteur, sortie, suivi, ampleur)
}

#[cfg(test)]
mod tests;
