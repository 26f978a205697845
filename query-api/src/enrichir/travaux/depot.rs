//! The folder of the jobs. Each has its own, under its name:
//!
//! | file | is |
//! |---|---|
//! | `travail.json` | what is asked and how far it is; replaced whole, by a rename |
//! | `entree` | what was sent so far: its length is how much; gone once the job has ended |
//! | `resultat.part`, `resultat` | what is being made, what was |
//!
//! What a process that was killed left is read again when the next one starts.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::{Encodage, Format};
use crate::jeton::{is_jeton, jeton};

const FICHE: &str = "travail.json";

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Etat {
    /// Its file is being sent.
    Depot,
    /// It will run.
    Attente,
    /// It runs.
    EnCours,
    /// Its result is there.
    Termine,
    /// It has none, and why is said.
    Echec,
}

impl Etat {
    /// As it is written.
    pub(super) fn nom(self) -> &'static str {
        match self {
            Self::Depot => "depot",
            Self::Attente => "attente",
            Self::EnCours => "en_cours",
            Self::Termine => "termine",
            Self::Echec => "echec",
        }
    }
}

/// A format, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatGarde {
    Csv,
    Ndjson,
    Parquet,
}

impl From<Format> for FormatGarde {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Ndjson => Self::Ndjson,
            Format::Parquet => Self::Parquet,
        }
    }
}

impl From<FormatGarde> for Format {
    fn from(format: FormatGarde) -> Self {
        match format {
            FormatGarde::Csv => Self::Csv,
            FormatGarde::Ndjson => Self::Ndjson,
            FormatGarde::Parquet => Self::Parquet,
        }
    }
}

/// What a job made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resultat {
    pub(super) octets: u64,
    pub(super) lignes: u64,
    /// Rows of each verdict.
    pub(super) resultats: BTreeMap<String, u64>,
    /// The snapshot that answered: the same for all rows.
    pub(super) snapshot: String,
    pub(super) format: FormatGarde,
    pub(super) windows_1252: bool,
    /// Names that the file had already, and those given instead.
    pub(super) renommees: Vec<(String, String)>,
}

impl Resultat {
    pub(super) fn encodage(&self) -> Encodage {
        if self.windows_1252 {
            Encodage::Windows1252
        } else {
            Encodage::Utf8
        }
    }
}

/// What is kept of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fiche {
    pub(super) etat: Etat,
    pub(super) cree_le: DateTime<Utc>,
    pub(super) modifie_le: DateTime<Utc>,
    /// The parameters, as they were sent.
    pub(super) demande: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) accept: Option<String>,
    /// Bytes of the file, when they were announced.
    pub(super) longueur: Option<u64>,
    /// Bytes of the file, once it is gone.
    pub(super) recus: Option<u64>,
    pub(super) erreur: Option<String>,
    pub(super) resultat: Option<Resultat>,
}

impl Fiche {
    /// The headers that say how the file is read and written.
    pub(super) fn entetes(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::CONTENT_TYPE, &self.content_type),
            (header::ACCEPT, &self.accept),
        ] {
            if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_str) {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// A job.
pub(super) struct Travail {
    pub(super) id: String,
    dossier: PathBuf,
    fiche: Mutex<Fiche>,
    /// Held while the state is written: who only reads it does not wait for the disk.
    ecriture: Mutex<()>,
    /// Held by who sends: one at a time.
    pub(super) envoi: Arc<tokio::sync::Mutex<()>>,
    octets: AtomicU64,
    lignes: AtomicU64,
    supprime: AtomicBool,
}

impl Travail {
    fn new(id: String, dossier: PathBuf, fiche: Fiche) -> Self {
        Self {
            id,
            dossier,
            fiche: Mutex::new(fiche),
            ecriture: Mutex::new(()),
            envoi: Arc::default(),
            octets: AtomicU64::new(0),
            lignes: AtomicU64::new(0),
            supprime: AtomicBool::new(false),
        }
    }

    pub(super) fn dossier(&self) -> &Path {
        &self.dossier
    }

    pub(super) fn entree(&self) -> PathBuf {
        self.dossier.join("entree")
    }

    pub(super) fn partiel(&self) -> PathBuf {
        self.dossier.join("resultat.part")
    }

    pub(super) fn resultat(&self) -> PathBuf {
        self.dossier.join("resultat")
    }

    fn lock(&self) -> MutexGuard<'_, Fiche> {
        self.fiche.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fiche(&self) -> Fiche {
        self.lock().clone()
    }

    /// Bytes of its file that came.
    pub(super) fn recus(&self) -> io::Result<u64> {
        match fs::metadata(self.entree()) {
            Ok(entree) => Ok(entree.len()),
            Err(error) => self.lock().recus.ok_or(error),
        }
    }

    /// The file is of no use any more, and large. How long it was is already kept.
    fn jeter_l_entree(&self) {
        // Absent of a job that was deleted meanwhile.
        let _gone = fs::remove_file(self.entree());
    }

    /// Bytes of its file and rows that were enriched.
    pub(super) fn avancement(&self) -> (u64, u64) {
        (
            self.octets.load(Ordering::Relaxed),
            self.lignes.load(Ordering::Relaxed),
        )
    }

    pub(super) fn avancer(&self, octets: u64, lignes: u64) {
        self.octets.fetch_add(octets, Ordering::Relaxed);
        self.lignes.fetch_add(lignes, Ordering::Relaxed);
    }

    pub(super) fn est_supprime(&self) -> bool {
        self.supprime.load(Ordering::Relaxed)
    }

    /// Changes what is kept, on the disk too. Blocking, of a small file.
    pub(super) fn changer(&self, change: impl FnOnce(&mut Fiche)) -> io::Result<()> {
        let _writing = seul(&self.ecriture);
        let mut new = self.fiche();
        change(&mut new);
        new.modifie_le = Utc::now();
        if !self.est_supprime() {
            garder(&self.dossier, &new)?;
        }
        *self.lock() = new;
        Ok(())
    }

    fn noter(&self, change: impl FnOnce(&mut Fiche)) {
        if let Err(error) = self.changer(change) {
            tracing::error!("keep the state of an enrichment: {error}");
        }
    }

    pub(super) fn commencer(&self) {
        self.octets.store(0, Ordering::Relaxed);
        self.lignes.store(0, Ordering::Relaxed);
        self.noter(|fiche| fiche.etat = Etat::EnCours);
    }

    pub(super) fn finir(&self, resultat: Resultat) {
        let recus = self.recus().ok();
        let kept = self.changer(|fiche| {
            fiche.etat = Etat::Termine;
            fiche.recus = recus;
            fiche.resultat = Some(resultat);
        });
        match kept {
            Ok(()) => self.jeter_l_entree(),
            // Made again from its file by the next server.
            Err(error) => tracing::error!("keep the result of an enrichment: {error}"),
        }
    }

    pub(super) fn echouer(&self, message: &str) {
        let recus = self.recus().ok();
        {
            // Not run again for ever when that cannot be kept.
            let mut fiche = self.lock();
            (fiche.etat, fiche.recus) = (Etat::Echec, recus);
        }
        // First: it may be all the room there is to say why.
        self.jeter_l_entree();
        self.noter(|fiche| fiche.erreur = Some(message.to_owned()));
    }
}

/// A lock that guards nothing but an order.
fn seul(lock: &Mutex<()>) -> MutexGuard<'_, ()> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the state on the disk: whole, or as it was.
fn garder(dossier: &Path, fiche: &Fiche) -> io::Result<()> {
    let aside = dossier.join("travail.json.part");
    let mut file = File::create(&aside)?;
    file.write_all(&serde_json::to_vec(fiche)?)?;
    file.sync_all()?;
    fs::rename(&aside, dossier.join(FICHE))
}

/// Why there is no new job.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refus {
    #[error("as many jobs as allowed")]
    Complet,
    #[error("{0}")]
    Disque(#[from] io::Error),
}

/// The jobs, and their folder: made when there is one.
pub(super) struct Depot {
    dossier: PathBuf,
    connus: Mutex<BTreeMap<String, Arc<Travail>>>,
    /// Held while a job is made: who looks for another does not wait for the disk.
    creation: Mutex<()>,
}

impl Depot {
    /// With what is there. Jobs that were under way will run again.
    pub(super) fn ouvrir(dossier: PathBuf) -> Self {
        let mut connus = BTreeMap::new();
        for entry in fs::read_dir(&dossier).into_iter().flatten().flatten() {
            let path = entry.path();
            let Some(id) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !is_jeton(id) {
                continue;
            }
            let read = fs::read(path.join(FICHE)).ok();
            let Some(mut fiche) = read.and_then(|json| serde_json::from_slice::<Fiche>(&json).ok())
            else {
                // Killed before it was told to anyone.
                let _left = fs::remove_dir_all(&path);
                continue;
            };
            if fiche.etat == Etat::EnCours {
                fiche.etat = Etat::Attente;
            }
            let id = id.to_owned();
            connus.insert(id.clone(), Arc::new(Travail::new(id, path, fiche)));
        }
        if !connus.is_empty() {
            tracing::info!(
                "{} enrichments found in {}",
                connus.len(),
                dossier.display()
            );
        }
        Self {
            dossier,
            connus: Mutex::new(connus),
            creation: Mutex::new(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Travail>>> {
        self.connus.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new job, that waits for its file. Blocking.
    pub(super) fn creer(&self, fiche: &Fiche, at_most: usize) -> Result<Arc<Travail>, Refus> {
        let _making = seul(&self.creation);
        if self.lock().len() >= at_most {
            return Err(Refus::Complet);
        }
        let id = jeton().map_err(io::Error::other)?;
        let dossier = self.dossier.join(&id);
        // What it holds is between its owner and this server.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dossier)?;
        let made = File::create(dossier.join("entree")).and_then(|_empty| garder(&dossier, fiche));
        if let Err(error) = made {
            let _half_made = fs::remove_dir_all(&dossier);
            return Err(error.into());
        }
        let travail = Arc::new(Travail::new(id.clone(), dossier, fiche.clone()));
        self.lock().insert(id, Arc::clone(&travail));
        Ok(travail)
    }

    pub(super) fn trouver(&self, id: &str) -> Option<Arc<Travail>> {
        self.lock().get(id).cloned()
    }

    /// The oldest that waits to run.
    pub(super) fn suivant(&self) -> Option<Arc<Travail>> {
        let connus = self.lock();
        let waiting = connus
            .values()
            .filter(|travail| travail.lock().etat == Etat::Attente);
        waiting
            .min_by_key(|travail| travail.lock().modifie_le)
            .cloned()
    }

    /// Forgets a job, and all that was kept of it. Blocking.
    pub(super) fn supprimer(&self, id: &str) -> io::Result<bool> {
        let removed = self.lock().remove(id);
        let Some(travail) = removed else {
            return Ok(false);
        };
        // Seen before the folder goes: what runs does not write there again.
        let _no_change = seul(&travail.ecriture);
        travail.supprime.store(true, Ordering::Relaxed);
        match fs::remove_dir_all(&travail.dossier) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(true),
        }
    }

    /// Deletes what was not touched for that many hours, and says how many.
    pub(super) fn purger(&self, heures: u32) -> usize {
        let limit = Utc::now() - TimeDelta::hours(heures.into());
        let old: Vec<String> = self
            .lock()
            .values()
            .filter(|travail| travail.lock().modifie_le < limit)
            .map(|travail| travail.id.clone())
            .collect();
        old.iter()
            .filter(|id| match self.supprimer(id) {
                Ok(gone) => gone,
                Err(error) => {
                    tracing::error!("delete an enrichment past its time: {error}");
                    false
                }
            })
            .count()
    }
}

/// `Upload-Offset` and the others.
pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const UPLOAD_LIMIT: HeaderName = HeaderName::from_static("upload-limit");
pub(super) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");

#[cfg(test)]
mod tests {
    use super::*;

    fn fiche() -> Fiche {
        Fiche {
            etat: Etat::Depot,
            cree_le: Utc::now(),
            modifie_le: Utc::now(),
            demande: None,
            content_type: None,
            accept: None,
            longueur: None,
            recus: None,
            erreur: None,
            resultat: None,
        }
    }

    #[test]
    fn a_job_that_ended_keeps_no_more_of_its_file_than_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let depot = Depot::ouvrir(folder.path().to_owned());
        let travail = depot.creer(&fiche(), 1).unwrap();
        File::create(travail.entree())
            .unwrap()
            .write_all(b"siret\n1")
            .unwrap();
        travail.echouer("pourquoi");
        assert!(!travail.entree().exists());
        assert_eq!(travail.recus().unwrap(), 7);
        let again = Depot::ouvrir(folder.path().to_owned());
        let found = again.trouver(&travail.id).unwrap();
        assert_eq!(found.recus().unwrap(), 7);
        assert_eq!(found.fiche().erreur.as_deref(), Some("pourquoi"));
        assert!(again.suivant().is_none());
    }

    #[test]
    fn what_a_killed_process_left_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let depot = Depot::ouvrir(folder.path().join("jobs"));
        let (sent, running) = (
            depot.creer(&fiche(), 10).unwrap(),
            depot.creer(&fiche(), 10).unwrap(),
        );
        File::create(sent.entree())
            .unwrap()
            .write_all(b"123")
            .unwrap();
        running.changer(|fiche| fiche.etat = Etat::Attente).unwrap();
        running.commencer();
        // Killed while one was being made.
        fs::create_dir_all(folder.path().join("jobs").join("0".repeat(32))).unwrap();
        let again = Depot::ouvrir(folder.path().join("jobs"));
        let found = again.trouver(&sent.id).unwrap();
        assert_eq!(
            (found.recus().unwrap(), found.fiche().etat),
            (3, Etat::Depot)
        );
        assert_eq!(again.suivant().unwrap().id, running.id);
        assert!(again.trouver(&"0".repeat(32)).is_none());
        assert_eq!(fs::read_dir(folder.path().join("jobs")).unwrap().count(), 2);
    }

    #[test]
    fn jobs_are_bounded_hidden_from_others_and_deleted_in_time() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let depot = Depot::ouvrir(folder.path().to_owned());
        let old = Fiche {
            modifie_le: Utc::now() - TimeDelta::hours(25),
            ..fiche()
        };
        let first = depot.creer(&old, 2).unwrap();
        let mode = fs::metadata(first.dossier()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        depot.creer(&fiche(), 2).unwrap();
        assert!(matches!(depot.creer(&fiche(), 2), Err(Refus::Complet)));
        assert_eq!((depot.purger(24), depot.purger(24)), (1, 0));
        assert!(!first.dossier().exists());
        // What runs meanwhile writes nothing there again.
        first.echouer("trop tard");
        assert!(!first.dossier().exists());
        assert!(depot.creer(&fiche(), 2).is_ok());
    }

    #[test]
    fn a_disk_without_room_is_told_before_it_is_full() {
        let folder = tempfile::tempdir().unwrap();
        super::super::il_reste(folder.path(), 1).unwrap();
        let full = super::super::il_reste(folder.path(), u64::MAX).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }
}
