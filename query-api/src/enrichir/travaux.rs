//! Enrichments too large for one request: a file sent piece by piece, a job that goes on by itself, a
//! result taken piece by piece. What is cut goes on from where it was; what was killed starts again.
//!
//! Pieces are sent as the IETF's draft-ietf-httpbis-resumable-upload has them: `POST` makes the job,
//! `HEAD` (or `GET`) says how much came (`Upload-Offset`), `PATCH` sends what follows, and
//! `Upload-Complete: ?1` says that nothing more does. It is plain HTTP, that curl can speak. tus 1.0, which
//! it comes from, differs by how the end is told, by the announced `Upload-Length`: both are heard, so that
//! the libraries of either serve.
//!
//! | module | holds |
//! |---|---|
//! | `depot` | the folder: one of its own per job, its state in a file that is replaced whole |
//! | `http` | the routes |
//! | `plage` | parts of a file in an answer |
//!
//! One job runs at a time, on one thread, so that lookups do not wait. A job has a name nobody guesses, and
//! is deleted some hours after it was last touched: it holds what someone knows of others.

mod depot;
pub(crate) mod http;
mod plage;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::http::options;
use super::texte::encodage_de;
use super::{Ampleur, Bilan, Compris, EnrichirError, Suivi, enrichir_avec};
use crate::catalog::{Catalog, Snapshot};
use crate::config;
use depot::{Depot, Resultat, Travail};

/// Between two looks for jobs that are too old, or that could not be run.
const ROUND: Duration = Duration::from_mins(5);

/// Bytes written at once.
const BUFFER: usize = 1 << 20;

/// Bytes of the disk that jobs leave to others: snapshots are made there too.
const RESERVE: u64 = 512 << 20;

/// Bytes written between two looks at what the disk has left.
const LOOK: u64 = 16 << 20;

/// The jobs of a server.
pub(crate) struct Travaux {
    depot: Depot,
    catalog: Arc<Catalog>,
    reveil: Notify,
    limites: config::Travaux,
}

impl Travaux {
    /// As configured, with what must run beside it. Blocking, of a few small files.
    pub(crate) fn of(
        limites: &config::Travaux,
        data: &Path,
        catalog: Arc<Catalog>,
        beside: &mut JoinSet<()>,
    ) -> Arc<Self> {
        let dossier = limites
            .dossier
            .clone()
            .unwrap_or_else(|| data.join("enrichissements"));
        let travaux = Arc::new(Self {
            depot: Depot::ouvrir(dossier),
            catalog,
            reveil: Notify::new(),
            limites: limites.clone(),
        });
        beside.spawn(Arc::clone(&travaux).tourner());
        travaux
    }

    /// Runs what waits, oldest first, and deletes what is too old, for ever.
    async fn tourner(self: Arc<Self>) {
        let stop = Stop(Arc::default());
        loop {
            let own = Arc::clone(&self);
            let purge = tokio::task::spawn_blocking(move || own.depot.purger(own.limites.heures));
            if let Ok(gone) = purge.await
                && gone > 0
            {
                tracing::info!(
                    "{gone} enrichments past their {} hours deleted",
                    self.limites.heures
                );
            }
            while let Some(travail) = self.depot.suivant() {
                let Some(snapshot) = self.catalog.current() else {
                    break;
                };
                let (own, stop) = (Arc::clone(&travail), Arc::clone(&stop.0));
                let handle = Handle::current();
                let done = tokio::task::spawn_blocking(move || {
                    derouler(&own, snapshot, &handle, &stop);
                });
                if let Err(panic) = done.await {
                    tracing::error!("an enrichment ended by a bug: {panic}");
                    travail.echouer("Erreur interne : le travail s'est arrêté.");
                }
            }
            let _elapsed = tokio::time::timeout(ROUND, self.reveil.notified()).await;
        }
    }
}

/// Tells the job under way, when the server stops, that it is to stop too: it starts again with it.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Enriches the file of a job. Blocking.
fn derouler(travail: &Arc<Travail>, snapshot: Arc<Snapshot>, handle: &Handle, stop: &AtomicBool) {
    travail.commencer();
    let outcome = enrichi(travail, snapshot, handle, stop);
    match outcome {
        Ok(resultat) => travail.finir(resultat),
        // Deleted, or the server stops: nobody waits for a word.
        Err(EnrichirError::Interrompu) => {}
        Err(error) => {
            tracing::error!("enrichment not made: {error}");
            let full = matches!(&error, EnrichirError::Ecriture(why) if why.kind() == io::ErrorKind::StorageFull);
            let message = if full {
                "Le serveur n'a plus assez de place pour le résultat : réessayez plus tard, en un nouveau travail, ou avec moins de colonnes.".to_owned()
            } else {
                error.en_francais().to_string()
            };
            travail.echouer(&message);
        }
    }
}

fn enrichi(
    travail: &Arc<Travail>,
    snapshot: Arc<Snapshot>,
    handle: &Handle,
    stop: &AtomicBool,
) -> Result<Resultat, EnrichirError> {
    let fiche = travail.fiche();
    let mut options =
        options(fiche.demande.as_deref(), &fiche.entetes()).map_err(EnrichirError::Donnees)?;
    let open = || File::open(travail.entree()).map_err(EnrichirError::Lecture);
    if options.encodage.is_none() {
        options.encodage = encodage_de(open()?).map_err(EnrichirError::Lecture)?;
    }
    let part = travail.partiel();
    let file = File::create(&part).map_err(EnrichirError::Ecriture)?;
    let sortie = BufWriter::with_capacity(BUFFER, Mesure::new(file, travail.dossier()));
    let suivi = Suivie {
        travail,
        stop,
        compris: std::sync::Mutex::new(None),
    };
    let entree = BufReader::with_capacity(BUFFER, open()?);
    let done = enrichir_avec(
        snapshot,
        handle,
        &options,
        entree,
        sortie,
        &suivi,
        Ampleur::Discrete,
    );
    let made = done.and_then(|(bilan, sortie)| {
        let file = sortie
            .into_inner()
            .map_err(|error| EnrichirError::Ecriture(error.into_error()))?
            .file;
        file.sync_all().map_err(EnrichirError::Ecriture)?;
        let octets = file.metadata().map_err(EnrichirError::Ecriture)?.len();
        std::fs::rename(&part, travail.resultat()).map_err(EnrichirError::Ecriture)?;
        Ok((bilan, octets))
    });
    let (bilan, octets) = match made {
        Ok(made) => made,
        Err(error) => {
            let _never_made = std::fs::remove_file(&part);
            return Err(error);
        }
    };
    let compris = suivi.compris.into_inner();
    let compris = compris
        .unwrap_or_else(PoisonError::into_inner)
        .ok_or(EnrichirError::Panique)?;
    Ok(resultat(&bilan, &compris, octets))
}

fn resultat(bilan: &Bilan, compris: &Compris, octets: u64) -> Resultat {
    let counted = bilan.resultats.iter();
    Resultat {
        octets,
        lignes: bilan.lignes,
        resultats: counted
            .map(|(resultat, rows)| ((*resultat).to_owned(), *rows))
            .collect(),
        snapshot: compris.snapshot.clone(),
        format: compris.format.into(),
        windows_1252: compris.encodage == super::Encodage::Windows1252,
        renommees: compris.renommees.clone(),
    }
}

/// Follows a job.
struct Suivie<'a> {
    travail: &'a Arc<Travail>,
    stop: &'a AtomicBool,
    compris: std::sync::Mutex<Option<Compris>>,
}

impl Suivi for Suivie<'_> {
    fn compris(&self, comment: &Compris) {
        *self.compris.lock().unwrap_or_else(PoisonError::into_inner) = Some(comment.clone());
    }

    fn avance(&self, octets: u64, lignes: u64) {
        self.travail.avancer(octets, lignes);
    }

    fn arrete(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.travail.est_supprime()
    }
}

/// A file that leaves some room on its disk.
struct Mesure {
    file: File,
    folder: PathBuf,
    since: u64,
}

impl Mesure {
    fn new(file: File, folder: &Path) -> Self {
        Self {
            file,
            folder: folder.to_owned(),
            since: LOOK,
        }
    }
}

impl Write for Mesure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.since += bytes.len() as u64;
        if self.since >= LOOK {
            self.since = 0;
            il_reste(&self.folder, bytes.len() as u64)?;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Refuses to write that much more when the disk would have too little left.
fn il_reste(folder: &Path, bytes: u64) -> io::Result<()> {
    let disk = rustix::fs::statvfs(folder)?;
    if disk.f_bavail.saturating_mul(disk.f_frsize) < bytes.saturating_add(RESERVE) {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    Ok(())
}
