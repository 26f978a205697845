//! Where requests are kept: one SQLite file, opened when it is first needed, one connection, off the
//! asynchronous threads.
//!
//! Nothing of a request that was deleted is left in the file (`secure_delete`) or in its journal (cut
//! to nothing after each deletion).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

use super::formulaire::Nature;

/// The schema, a step per version: `user_version` says how many were taken.
const MIGRATIONS: [&str; KNOWN as usize] = [include_str!("schema.sql")];
const KNOWN: u32 = 1;

/// How long another process that writes is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// Questions that may wait for the connection; the next one is told to come back.
const WAITING: usize = 64;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// It cannot be made, or its folder.
    #[error("make {path}: {source}", path = .path.display())]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    /// SQLite says why.
    #[error("{path}: {source}", path = .path.display())]
    Sqlite {
        path: PathBuf,
        source: rusqlite::Error,
    },
    /// Made by a later version of the program.
    #[error("{path} has version {found} of its schema, this program knows up to {known}: use the program that made it", path = .path.display(), known = KNOWN)]
    Newer { path: PathBuf, found: u32 },
    /// Too many wait.
    #[error("too many questions wait for the store of requests")]
    Busy,
    /// A fault of ours.
    #[error("the store of requests failed: {0}")]
    Panicked(tokio::task::JoinError),
}

impl StoreError {
    /// What to tell the operator to do, after the cause.
    pub(super) fn advice(&self) -> &'static str {
        match self.code() {
            Some(ErrorCode::DiskFull) => "free some space on its disk",
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                "give the user that runs the server the right to write this file and its folder, or choose another with --signup-db"
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                "put a backup in its place, or move it away to start with none"
            }
            _ => "lookups are answered as before; forms say that they cannot be kept",
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite { source, .. } => source.sqlite_error_code(),
            Self::Folder { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Some(ErrorCode::DiskFull)
            }
            Self::Folder { .. } => Some(ErrorCode::CannotOpen),
            _ => None,
        }
    }
}

/// A request to keep.
#[derive(Debug, Clone)]
pub(super) struct Nouvelle {
    pub(super) numero: String,
    /// Digest of the secret of the receipt: two submissions of one form have the same.
    pub(super) empreinte: Vec<u8>,
    pub(super) nature: Nature,
    pub(super) api: Option<String>,
    /// `trouve`, `diffusion_partielle`, `non_verifie`; none when no organisation was given.
    pub(super) verification: Option<String>,
    /// JSON of the answers.
    pub(super) contenu: String,
    /// Whether it must be sent on.
    pub(super) a_envoyer: bool,
}

/// A request as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demande {
    pub(super) numero: String,
    pub(super) empreinte: Vec<u8>,
    pub(super) nature: String,
    pub(super) api: Option<String>,
    pub(super) deposee_le: String,
    pub(super) verification: Option<String>,
    pub(super) contenu: String,
    pub(super) envoi: Option<Envoi>,
}

/// What became of sending it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envoi {
    /// `en_attente`, `envoyee`, `abandonnee`.
    pub(super) etat: String,
    pub(super) essais: u32,
    /// Of the last one.
    pub(super) dernier: Option<String>,
    /// Seconds since 1970-01-01.
    pub(super) prochain: i64,
}

/// A request that is sent now, by whoever holds it until its lease ends.
#[derive(Debug)]
pub(super) struct APartir {
    pub(super) demande: Demande,
    pub(super) idempotence: String,
    pub(super) essais: u32,
    pub(super) depuis: DateTime<Utc>,
}

const COLUMNS: &str = "d.numero, d.empreinte, d.nature, d.api, d.deposee_le, d.verification, d.contenu, e.etat, e.essais, e.dernier, e.prochain";

/// The store.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    /// None until it is needed, and again after a fault of the file itself.
    connection: Mutex<Option<Connection>>,
    waiting: Semaphore,
}

impl Store {
    pub(super) fn at(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            connection: Mutex::new(None),
            waiting: Semaphore::new(WAITING),
        })
    }

    /// Whether there is a file: nothing is made before a request is kept.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Runs `work` on the connection, on a thread that may wait.
    pub(super) async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_full| StoreError::Busy)?;
        let store = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || store.run(work)).await;
        done.map_err(StoreError::Panicked)?
    }

    fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut held = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *held {
            Some(connection) => connection,
            none => none.insert(open(&self.path)?),
        };
        let done = work(connection);
        done.map_err(|source| {
            let broken = !matches!(
                source.sqlite_error_code(),
                None | Some(ErrorCode::ConstraintViolation | ErrorCode::DatabaseBusy)
            );
            if broken {
                // Opened again by the next question: the disk may have been mended meanwhile.
                *held = None;
            }
            StoreError::Sqlite {
                path: self.path.clone(),
                source,
            }
        })
    }

    /// Keeps a request, once: a form that was sent twice gives the number of the first time.
    pub(super) async fn garder(self: &Arc<Self>, new: Nouvelle) -> Result<String, StoreError> {
        let now = Utc::now();
        self.with(move |connection| {
            let transaction = connection.transaction()?;
            let added = transaction.execute(
                "INSERT INTO demande (numero, empreinte, nature, api, deposee_le, verification, contenu)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (empreinte) DO NOTHING",
                params![
                    new.numero,
                    new.empreinte,
                    new.nature.as_str(),
                    new.api,
                    instant(now),
                    new.verification,
                    new.contenu
                ],
            )?;
            if added == 1 && new.a_envoyer {
                transaction.execute(
                    "INSERT INTO envoi (demande, idempotence, etat, essais, depuis, prochain, bail)
                     VALUES (last_insert_rowid(), lower(hex(randomblob(16))), 'en_attente', 0, ?1, ?1, 0)",
                    [now.timestamp()],
                )?;
            }
            let numero = transaction.query_row(
                "SELECT numero FROM demande WHERE empreinte = ?1",
                [&new.empreinte],
                |row| row.get(0),
            )?;
            transaction.commit()?;
            Ok(numero)
        })
        .await
    }

    /// One request.
    pub(super) async fn demande(
        self: &Arc<Self>,
        numero: String,
    ) -> Result<Option<Demande>, StoreError> {
        if !self.exists() {
            return Ok(None);
        }
        self.with(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM demande d LEFT JOIN envoi e ON e.demande = d.id WHERE d.numero = ?1"
            );
            connection.query_row(&sql, [numero], demande).optional()
        })
        .await
    }

    /// A page of them, the newest first, and how many there are: those before `avant`, a position
    /// that the page before gave.
    pub(super) async fn page(
        self: &Arc<Self>,
        avant: Option<i64>,
        limite: u32,
    ) -> Result<(Vec<(i64, Demande)>, i64), StoreError> {
        if !self.exists() {
            return Ok((Vec::new(), 0));
        }
        self.with(move |connection| {
            let total =
                connection.query_row("SELECT count(*) FROM demande", [], |row| row.get(0))?;
            let sql = format!(
                "SELECT {COLUMNS}, d.id FROM demande d LEFT JOIN envoi e ON e.demande = d.id
                 WHERE d.id < ?1 ORDER BY d.id DESC LIMIT ?2"
            );
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map(params![avant.unwrap_or(i64::MAX), limite], |row| {
                Ok((row.get("id")?, demande(row)?))
            })?;
            Ok((rows.collect::<rusqlite::Result<_>>()?, total))
        })
        .await
    }

    /// Deletes a request and all that hangs on it; false when there was none.
    pub(super) async fn supprimer(self: &Arc<Self>, numero: String) -> Result<bool, StoreError> {
        if !self.exists() {
            return Ok(false);
        }
        self.with(move |connection| {
            let gone = connection.execute("DELETE FROM demande WHERE numero = ?1", [numero])?;
            forget(connection)?;
            Ok(gone == 1)
        })
        .await
    }

    /// Deletes those older than that many days; how many.
    pub(super) async fn purger(self: &Arc<Self>, days: u32) -> Result<usize, StoreError> {
        let before = Utc::now() - TimeDelta::days(i64::from(days));
        self.with(move |connection| {
            let gone = connection.execute(
                "DELETE FROM demande WHERE deposee_le < ?1",
                [instant(before)],
            )?;
            if gone > 0 {
                forget(connection)?;
            }
            Ok(gone)
        })
        .await
    }

    /// The next one to send, held for `lease`: neither this process nor another sends it meanwhile.
    pub(super) async fn prendre(
        self: &Arc<Self>,
        lease: Duration,
    ) -> Result<Option<APartir>, StoreError> {
        let now = Utc::now().timestamp();
        let until = now.saturating_add_unsigned(lease.as_secs());
        self.with(move |connection| {
            let taken: Option<i64> = connection
                .query_row(
                    "UPDATE envoi SET bail = ?2 WHERE demande = (
                         SELECT demande FROM envoi
                         WHERE etat = 'en_attente' AND prochain <= ?1 AND bail <= ?1
                         ORDER BY prochain LIMIT 1)
                     RETURNING demande",
                    [now, until],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(id) = taken else { return Ok(None) };
            let sql = format!(
                "SELECT {COLUMNS}, e.idempotence, e.depuis FROM demande d JOIN envoi e ON e.demande = d.id WHERE d.id = ?1"
            );
            connection
                .query_row(&sql, [id], |row| {
                    Ok(APartir {
                        demande: demande(row)?,
                        idempotence: row.get("idempotence")?,
                        essais: row.get("essais")?,
                        depuis: DateTime::from_timestamp(row.get("depuis")?, 0).unwrap_or_default(),
                    })
                })
                .map(Some)
        })
        .await
    }

    /// Writes how a sending ended, and gives the request back.
    pub(super) async fn rendre(
        self: &Arc<Self>,
        numero: String,
        envoi: Envoi,
    ) -> Result<(), StoreError> {
        self.with(move |connection| {
            connection.execute(
                "UPDATE envoi SET etat = ?2, essais = ?3, dernier = ?4, prochain = ?5, bail = 0
                 WHERE demande = (SELECT id FROM demande WHERE numero = ?1)",
                params![
                    numero,
                    envoi.etat,
                    envoi.essais,
                    envoi.dernier,
                    envoi.prochain
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Sends again what was given up; false when it was not.
    pub(super) async fn renvoyer(self: &Arc<Self>, numero: String) -> Result<bool, StoreError> {
        if !self.exists() {
            return Ok(false);
        }
        let now = Utc::now().timestamp();
        self.with(move |connection| {
            let changed = connection.execute(
                "UPDATE envoi SET etat = 'en_attente', prochain = ?2, depuis = ?2, bail = 0
                 WHERE etat = 'abandonnee' AND demande = (SELECT id FROM demande WHERE numero = ?1)",
                params![numero, now],
            )?;
            Ok(changed == 1)
        })
        .await
    }

    /// When the next one is due, in seconds since 1970-01-01.
    pub(super) async fn prochain_envoi(self: &Arc<Self>) -> Result<Option<i64>, StoreError> {
        self.with(|connection| {
            connection.query_row(
                "SELECT min(max(prochain, bail)) FROM envoi WHERE etat = 'en_attente'",
                [],
                |row| row.get(0),
            )
        })
        .await
    }
}

fn demande(row: &rusqlite::Row<'_>) -> rusqlite::Result<Demande> {
    let etat: Option<String> = row.get("etat")?;
    let envoi = match etat {
        None => None,
        Some(etat) => Some(Envoi {
            etat,
            essais: row.get("essais")?,
            dernier: row.get("dernier")?,
            prochain: row.get("prochain")?,
        }),
    };
    Ok(Demande {
        numero: row.get("numero")?,
        empreinte: row.get("empreinte")?,
        nature: row.get("nature")?,
        api: row.get("api")?,
        deposee_le: row.get("deposee_le")?,
        verification: row.get("verification")?,
        contenu: row.get("contenu")?,
        envoi,
    })
}

/// An instant as it is kept, sorted as text.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Opens the file, made with its folder when there is none, and brings its schema up to date.
fn open(path: &Path) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        // What applicants wrote is for the user that runs the server alone.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| StoreError::Folder {
                path: folder.to_owned(),
                source,
            })?;
    }
    if !path.exists() {
        // SQLite gives its journals the rights of the file.
        let made = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path);
        made.map_err(|source| StoreError::Folder {
            path: path.to_owned(),
            source,
        })?;
    }
    let failed = |source| StoreError::Sqlite {
        path: path.to_owned(),
        source,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door the lint points to"
    )]
    let mut connection = Connection::open(path).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    let taken: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    if taken > KNOWN {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: taken,
        });
    }
    for (version, sql) in (0..).zip(MIGRATIONS).skip(taken as usize) {
        let step = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let now: u32 =
                transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            // Another process may have taken it while this one waited.
            if now == version {
                transaction.execute_batch(sql)?;
                transaction.pragma_update(None, "user_version", version + 1)?;
            }
            transaction.commit()
        };
        step(&mut connection).map_err(failed)?;
    }
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_mode| Ok(()))?;
    // A receipt that was given must outlive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update_and_check(None, "secure_delete", true, |_on| Ok(()))
}

/// Cuts the journal, where deleted pages are still written.
fn forget(connection: &Connection) -> rusqlite::Result<()> {
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        tracing::warn!(
            "another process reads the store of requests: what was deleted stays in its journal until the next deletion"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
