//! Search by name over everyone: what is asked, and what is found.
//!
//! Whoever asks (`/v1/recherche`, the suggestions, a dialect, a page) makes a [`Requete`]; [`cherche`]
//! answers with keys, in order. Rows are then read by key ([`mod@crate::dossier`], [`mod@crate::lookup`]).
//!
//! | module | holds |
//! |---|---|
//! | `paquet`, `etage` | the index of a snapshot, open: floors, the largest first |
//! | `lectures`, `lieux` | the ways to read what was typed; the places it names |
//! | `termes` | the terms that a word may mean |
//! | `ensemble` | documents, a bit each |
//! | `listes` | documents in order: of a term, of several, in common |
//! | `parcours` | going down the floors; the order of results; when to stop |
//! | `filtres` | what the terms of a filter are |
//! | `pres` | around a point |
//! | `dates` | ranges of days |
//! | `recents` | the newest of more than can be looked at |
//! | `comptes` | how many there are of each |
//! | `resume`, `correspondance` | a result in a few words; which of its names led to it |
//! | `http` | `/v1/suggestions` and `/v1/recherche` |
//! | `etablissements` | which établissements of a result were meant |

mod comptes;
mod correspondance;
mod dates;
mod ensemble;
mod etablissements;
mod etage;
mod filtres;
pub(crate) mod http;
mod lectures;
mod lieux;
mod listes;
mod paquet;
mod parcours;
mod pres;
mod recents;
pub(crate) mod resume;
mod termes;
#[cfg(test)]
mod testing;

use registre_schemas::identifiers::{Identifier, RnaId, Siren, Siret};
use registre_schemas::recherche::numero::{Qui, qui};
use std::cmp::Ordering;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::catalog::Snapshot;
use crate::dossier::Dossier;
use crate::error::ApiError;
pub(crate) use comptes::Comptes;
use etage::Etage;
use lectures::{Rigueur, Tape};
use parcours::{Question, Trouves};

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
    /// It is still being typed: the last word may be the beginning of one, and nothing is counted.
    pub(crate) en_cours: bool,
    /// Only who has all the words, as they are: nothing is forgiven.
    pub(crate) stricte: bool,
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
    /// Of an établissement, open or not: code of a commune, or of an arrondissement.
    Commune(Vec<String>),
    /// Of an établissement, open or not: SIREN of the EPCI à fiscalité propre of its commune.
    Epci(Vec<String>),
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
    /// It has a SIREN: an association may have none.
    AvecSiren,
    /// Of the unit: created between these days, included.
    Creation(Option<chrono::NaiveDate>, Option<chrono::NaiveDate>),
    /// Of the unit: ceased, or dissolved, between these days, included.
    Cessation(Option<chrono::NaiveDate>, Option<chrono::NaiveDate>),
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
    /// The newest first, by its date of creation.
    Creation,
    /// The nearest first, around a point.
    Distance,
}

/// A page of results.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    /// Over all pages.
    pub(crate) total: u64,
    /// Whether there are just as many; otherwise, more than that.
    pub(crate) total_exact: bool,
    pub(crate) trouves: Vec<Trouve>,
    /// How many there are of each, among those that were counted.
    pub(crate) comptes: Comptes,
}

impl Page {
    /// Where the next page begins, when there may be one: this one began there and has so many at most.
    pub(crate) fn suivante(&self, debut: usize, nombre: usize) -> Option<usize> {
        let fin = debut + self.trouves.len();
        let encore = !self.total_exact || u64::try_from(fin).is_ok_and(|fin| fin < self.total);
        (encore && self.trouves.len() == nombre).then_some(fin)
    }
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
struct SansIndex;

/// Steps of a search while it is typed: some milliseconds.
const PAS_EN_COURS: u64 = 150_000;
/// Steps of a search whose results are counted: a little longer.
const PAS: u64 = 200_000;
/// Results before which a stricter reading is enough.
const ASSEZ: usize = 5;

/// Results looked at beside those of a page, around a point: some are in a square and not in the circle.
const DE_PLUS: usize = 20;

/// The index of a snapshot, open.
pub(crate) struct Index {
    /// Those that have documents, with their rank.
    etages: Vec<(usize, Etage)>,
}

impl Index {
    /// Opens the index of a snapshot; its files are mapped, not read.
    pub(crate) fn open(folder: &Path) -> Result<Self, String> {
        let mut etages = Vec::new();
        for (rang, paquet) in paquet::etages(folder)?.into_iter().enumerate() {
            if let Some(etage) = Etage::open(paquet).map_err(|error| error.to_string())? {
                etages.push((rang, etage));
            }
        }
        Ok(Self { etages })
    }

    /// Organisations in it.
    pub(crate) fn documents(&self) -> u64 {
        let documents = self
            .etages
            .iter()
            .map(|(_, etage)| u64::from(etage.documents()));
        documents.sum()
    }

    fn cherche(&self, requete: &Requete) -> std::io::Result<Trouves> {
        let mut conditions = filtres::conditions(&requete.filtres);
        conditions.extend(requete.autour.as_ref().map(pres::condition));
        let mut voulus = requete.debut.saturating_add(requete.nombre);
        if requete.autour.is_some() {
            // Squares are larger than their circle.
            voulus = 3 * voulus + DE_PLUS;
        }
        let question = Question {
            lectures: &[],
            conditions: &conditions,
            tri: requete.tri,
            voulus,
            compte: !requete.en_cours,
            premier: false,
            pas: if requete.en_cours { PAS_EN_COURS } else { PAS },
        };
        let tape = Tape::de(
            requete.texte.as_deref().unwrap_or_default(),
            requete.en_cours,
        );
        if tape.est_vide() {
            // What is not a word matches nobody; without a text, the filters choose.
            let rien = requete
                .texte
                .as_deref()
                .is_some_and(|texte| !texte.trim().is_empty());
            if rien || conditions.is_empty() {
                return Ok(Trouves {
                    complet: true,
                    ..Trouves::default()
                });
            }
            let lectures = [parcours::Lecture::default()];
            let question = Question {
                lectures: &lectures,
                ..question
            };
            return recents::parcourt(&self.etages, &question);
        }
        let mut trouves = Trouves::default();
        let assez = ASSEZ.min(voulus);
        for rigueur in [Rigueur::Stricte, Rigueur::Fautes, Rigueur::Oubli] {
            let lectures = tape.lectures(rigueur);
            let question = Question {
                lectures: &lectures,
                // Of what only looks like it, the largest are enough.
                premier: rigueur != Rigueur::Stricte,
                ..question
            };
            let avant = trouves;
            trouves = recents::parcourt(&self.etages, &question)?;
            trouves.suit(avant, voulus);
            let trouve = !trouves.documents.is_empty() && rigueur != Rigueur::Stricte;
            if requete.stricte
                || trouve
                || trouves.documents.len() >= assez
                || trouves.pas > question.pas
            {
                break;
            }
        }
        Ok(trouves)
    }
}

/// Searches that run at once: each takes a core, and lookups need some.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    Semaphore::new(cores.max(2))
});
/// How long one waits for a place.
const ATTENTE: Duration = Duration::from_secs(2);

/// Looks for organisations, when its turn has come.
pub(crate) async fn cherche(snapshot: &Arc<Snapshot>, requete: Requete) -> Result<Page, ApiError> {
    let place = tokio::time::timeout(ATTENTE, PLACES.acquire()).await;
    let place = place.map_err(|_elapsed| ApiError::Surcharge)?;
    let _place = place.map_err(|error| ApiError::Interne(Box::new(error)))?;
    let own = Arc::clone(snapshot);
    tokio::task::spawn_blocking(move || chercher(&own, &requete))
        .await
        .map_err(|error| ApiError::Interne(Box::new(error)))?
        .map_err(|SansIndex| ApiError::SansIndex)
}

/// A page of results, and all that is known of each of them, in the same order.
pub(crate) async fn trouve(
    snapshot: &Arc<Snapshot>,
    requete: Requete,
) -> Result<(Page, Vec<Dossier>), ApiError> {
    let page = cherche(snapshot, requete).await?;
    let identifiers = page.trouves.iter().map(|trouve| match &trouve.cle {
        Cle::Siren(siren) => Identifier::Siren(*siren),
        Cle::Rna(id) => Identifier::Rna(id.clone()),
    });
    let dossiers = snapshot.dossiers(identifiers.collect()).await?;
    Ok((page, dossiers))
}

/// Looks for organisations. Blocking.
fn chercher(snapshot: &Snapshot, requete: &Requete) -> Result<Page, SansIndex> {
    let index = snapshot.recherche().ok_or(SansIndex)?;
    let page = match (requete.tri, requete.autour) {
        (Tri::Distance, Some(autour)) => au_plus_pres(index, snapshot, requete, autour),
        _ => dans_l_ordre(index, snapshot, requete),
    };
    page.map_err(|error| {
        tracing::error!("search: {error}; run `registre verify`, then `registre ingest`");
        SansIndex
    })
}

/// In the order of the index.
fn dans_l_ordre(index: &Index, snapshot: &Snapshot, requete: &Requete) -> std::io::Result<Page> {
    let found = index.cherche(requete)?;
    let trouves = found.documents.iter().filter_map(nomme);
    let trouves = if requete.autour.is_some() {
        page(dans_le_cercle(snapshot, requete, trouves), requete)
    } else {
        let mut trouves = page(trouves.collect(), requete);
        if requete.etablissements > 0 {
            etablissements::complete(snapshot, requete, &mut trouves);
        }
        trouves
    };
    Ok(Page {
        total: found.total,
        total_exact: found.complet && requete.autour.is_none(),
        trouves,
        comptes: found.comptes,
    })
}

/// Those that have an établissement in the circle, which is known once it is read: as many as the page
/// needs.
fn dans_le_cercle(
    snapshot: &Snapshot,
    requete: &Requete,
    trouves: impl Iterator<Item = Trouve>,
) -> Vec<Trouve> {
    let assez = requete.debut + requete.nombre;
    let mut trouves = trouves.peekable();
    let mut dedans = Vec::new();
    while dedans.len() < assez && trouves.peek().is_some() {
        let mut lot: Vec<_> = trouves.by_ref().take(assez - dedans.len()).collect();
        etablissements::complete(snapshot, requete, &mut lot);
        dedans.extend(lot.into_iter().filter(|trouve| trouve.distance.is_some()));
    }
    dedans
}

/// The nearest first: circles are looked at from the smallest, until one holds enough. Of a circle where
/// more are than can be looked at, the largest are.
fn au_plus_pres(
    index: &Index,
    snapshot: &Snapshot,
    requete: &Requete,
    autour: Autour,
) -> std::io::Result<Page> {
    let tous = index.cherche(&Requete {
        debut: 0,
        nombre: 1,
        ..requete.clone()
    })?;
    let mut trouves = Vec::new();
    for rayon in pres::cercles(autour.rayon) {
        let cercle = Requete {
            autour: Some(Autour { rayon, ..autour }),
            debut: 0,
            nombre: pres::REGARDES,
            // What only looks like it, and is near, is not before what is it, and is farther.
            stricte: requete.stricte || rayon < autour.rayon,
            ..requete.clone()
        };
        let found = index.cherche(&cercle)?;
        trouves = found.documents.iter().filter_map(nomme).collect();
        etablissements::complete(snapshot, &cercle, &mut trouves);
        trouves.retain(|trouve| trouve.distance.is_some());
        if trouves.len() >= requete.debut + requete.nombre {
            break;
        }
    }
    trouves.sort_by(|a, b| {
        a.distance
            .partial_cmp(&b.distance)
            .unwrap_or(Ordering::Equal)
    });
    Ok(Page {
        total: tous.total,
        total_exact: false,
        trouves: page(trouves, requete),
        comptes: tous.comptes,
    })
}

fn page(trouves: Vec<Trouve>, requete: &Requete) -> Vec<Trouve> {
    let page = trouves.into_iter().skip(requete.debut);
    page.take(requete.nombre).collect()
}

/// Who a document is.
fn nomme(found: &parcours::Trouve) -> Option<Trouve> {
    let cle = match qui(found.numero) {
        Qui::Siren(siren) => Cle::Siren(format!("{siren:09}").parse().ok()?),
        Qui::Rna(id) => Cle::Rna(id.parse().ok()?),
    };
    Some(Trouve {
        cle,
        #[allow(clippy::cast_precision_loss, reason = "a note has three digits")]
        score: found.note as f32,
        etablissements: Vec::new(),
        distance: None,
    })
}
