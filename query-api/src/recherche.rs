//! Search by name over everyone: what is asked, and what is found.
//!
//! Whoever asks (`/v1/recherche`, the suggestions, a dialect, a page) makes a [`Requete`]; [`chercher`]
//! answers with keys, in order. Rows are then read by key ([`mod@crate::dossier`], [`mod@crate::lookup`]).

use registre_schemas::identifiers::{RnaId, Siren, Siret};

use crate::catalog::Snapshot;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requete {
    /// As typed. Without one, the filters alone choose.
    pub(crate) texte: Option<String>,
    /// All of them hold.
    pub(crate) filtres: Vec<Filtre>,
    pub(crate) autour: Option<Autour>,
    pub(crate) tri: Tri,
    /// Results before the page.
    pub(crate) debut: usize,
    /// Results of the page, at most.
    pub(crate) nombre: usize,
    /// Établissements given with each result, at most.
    pub(crate) etablissements: usize,
}

/// What an organisation must be. Of the values of a list, one is enough. Codes are those of the registers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filtre {
    /// Of the unit: codes of NAF rév. 2, with their dot.
    Activite(Vec<String>),
    /// Of the unit: codes of NAF 2025, with their dot.
    Activite2025(Vec<String>),
    /// Of the unit: sections of NAF rév. 2, `A` to `U`.
    Section(Vec<String>),
    /// Of the unit: categories of one, two or four digits.
    CategorieJuridique(Vec<String>),
    /// Of the unit: `GE`, `ETI`, `PME`.
    CategorieEntreprise(Vec<String>),
    /// Of the unit: `NN`, `00`, `01`… `53`.
    TrancheEffectifs(Vec<String>),
    /// Of the unit: active (`true`) or ceased.
    Actif(bool),
    /// Of an établissement, open or not: code of commune, of an arrondissement too.
    Commune(Vec<String>),
    /// Of an établissement, open or not.
    CodePostal(Vec<String>),
    /// Of an établissement, open or not.
    Departement(Vec<String>),
    /// Of an établissement, open or not.
    Region(Vec<String>),
    /// Économie sociale et solidaire; `false`: the field says no, or nothing.
    Ess(bool),
    /// Société à mission, as the register says `O` or `N`: `false` does not match what is not said.
    Mission(bool),
    Association(bool),
    EntrepreneurIndividuel(bool),
    /// By its legal category (7 and its like).
    Administration(bool),
    /// Reconnue d'utilité publique.
    UtilitePublique(bool),
    /// Of the unit: created between these days, included.
    Creation(Option<chrono::NaiveDate>, Option<chrono::NaiveDate>),
}

/// Around a point: degrees (WGS 84) and kilometres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Autour {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) rayon: f64,
}

/// The order of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tri {
    /// The best first: exact before prefix before typo, larger and open before smaller and closed.
    #[default]
    Pertinence,
    /// The largest first.
    Taille,
    /// The nearest first, around a point.
    Distance,
    /// The newest first, by its date of creation.
    Creation,
}

/// A page of results.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    /// Over all pages.
    pub(crate) total: u64,
    /// Whether there are just as many; otherwise, more than that.
    pub(crate) total_exact: bool,
    pub(crate) trouves: Vec<Trouve>,
}

/// Which organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cle {
    Siren(Siren),
    /// An association that has no SIREN.
    Rna(RnaId),
}

/// A result.
#[derive(Debug, Clone)]
pub(crate) struct Trouve {
    pub(crate) cle: Cle,
    pub(crate) score: f32,
    /// Its établissements that the filters of place, the point or the text chose, open ones first.
    pub(crate) etablissements: Vec<Siret>,
    /// Kilometres to the nearest of them, around a point.
    pub(crate) distance: Option<f64>,
}

/// The snapshot has no index: it was made by an older version of the program, or without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this snapshot has no index of names: `registre ingest` makes one")]
pub(crate) struct SansIndex;

/// Looks for organisations. Blocking: to be called on the blocking pool.
pub(crate) fn chercher(_snapshot: &Snapshot, _requete: &Requete) -> Result<Page, SansIndex> {
    Err(SansIndex)
}
