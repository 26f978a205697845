//! `POST /v1/enrichir`: a file streamed in, its rows streamed out as they are enriched.
//!
//! The client that reads slowly slows what is read of it: some megabytes of its file wait in memory, no
//! more. Those megabytes are also what a client may send that reads nothing before it has sent all, as
//! most libraries do; a larger file is for one that does both, as curl, or for a job (`travaux`).

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::texte::Encodage;
use super::{Ampleur, Compris, EnrichirError, Format, FormatEntree, Options, Suivi, enrichir_avec};
use crate::catalog::Catalog;
use crate::error::ApiError;
use crate::export::{Lines, Pages};

/// Bytes of a file that is streamed, at most: what a slow line carries, both ways, within the age that a
/// connection may have.
pub(crate) const LARGEST: usize = 32 << 20;

/// Bytes of a file that wait to be read.
const WAITING: usize = 4 << 20;

/// Bytes sent at once.
const SENT: usize = 64 << 10;

/// Files that are streamed at the same time: each takes a thread.
const AT_ONCE: usize = 4;

/// Who sends or takes nothing for that long is gone.
const STALLED: Duration = Duration::from_mins(1);

/// Which snapshot a result is of.
pub(super) const SNAPSHOT: HeaderName = HeaderName::from_static("x-snapshot");

/// What the route needs.
#[derive(Clone)]
pub(crate) struct Atelier {
    catalog: Arc<Catalog>,
    places: Arc<Semaphore>,
}

impl Atelier {
    pub(crate) fn new(catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// `POST /v1/enrichir`
pub(crate) async fn enrichir(
    State(atelier): State<Atelier>,
    request: Request,
) -> Result<Response, ApiError> {
    let snapshot = atelier.catalog.current().ok_or(ApiError::AucuneDonnee)?;
    let (parts, body) = request.into_parts();
    let options = options(parts.uri.query(), &parts.headers)?;
    let place = Arc::clone(&atelier.places)
        .try_acquire_owned()
        .map_err(|_full| ApiError::Surcharge)?;
    let corps = Corps::of(body);
    // One sent, one being made.
    let (sender, receiver) = channel(1);
    let (told, understood) = oneshot::channel();
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let suivi = Entame(Mutex::new(Some(told)), AtomicBool::new(false));
        let sortie = Flux {
            sender,
            handle: handle.clone(),
            tampon: Vec::with_capacity(SENT),
        };
        let done = enrichir_avec(
            snapshot,
            &handle,
            &options,
            corps,
            sortie,
            &suivi,
            Ampleur::Discrete,
        );
        let cut = match done {
            Ok((_bilan, sortie)) => sortie.finir().err().map(EnrichirError::Ecriture),
            Err(error) => suivi.dire(error),
        };
        // What was sent ends without its last chunk, which every client reports.
        if let Some(error) = cut {
            tracing::info!("an enrichment was cut: {error}");
        }
    });
    let understood = understood.await;
    let compris = understood.map_err(|lost| ApiError::Interne(Box::new(lost)))??;
    let mut response = Response::new(Body::new(Pages::of(receiver)));
    entetes(response.headers_mut(), &compris);
    Ok(response)
}

/// The headers of what is enriched.
pub(super) fn entetes(headers: &mut HeaderMap, compris: &Compris) {
    let (content_type, name) = match (compris.format, compris.encodage) {
        (Format::Csv, Encodage::Utf8) => ("text/csv; charset=utf-8", "csv"),
        (Format::Csv, Encodage::Windows1252) => ("text/csv; charset=windows-1252", "csv"),
        (Format::Ndjson, _) => ("application/x-ndjson", "ndjson"),
        (Format::Parquet, _) => ("application/vnd.apache.parquet", "parquet"),
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!("attachment; filename=\"enrichi.{name}\"");
    for (name, value) in [
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (SNAPSHOT, compris.snapshot.as_str()),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// Tells the request once the file is understood, or why it is not.
struct Entame(
    Mutex<Option<oneshot::Sender<Result<Compris, ApiError>>>>,
    AtomicBool,
);

impl Entame {
    fn told(&self) -> Option<oneshot::Sender<Result<Compris, ApiError>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells the error, unless the answer has begun: then gives it back.
    fn dire(&self, error: EnrichirError) -> Option<EnrichirError> {
        match self.told() {
            None => Some(error),
            Some(told) => {
                let error = match error {
                    EnrichirError::Lecture(why) if why.kind() == io::ErrorKind::TimedOut => {
                        ApiError::DelaiDepasse
                    }
                    EnrichirError::Lecture(why) => ApiError::of_body(&why),
                    error => error.en_francais(),
                };
                let _gone = told.send(Err(error));
                None
            }
        }
    }
}

impl Suivi for Entame {
    fn compris(&self, comment: &Compris) {
        if let Some(told) = self.told()
            && told.send(Ok(comment.clone())).is_err()
        {
            self.1.store(true, Ordering::Relaxed);
        }
    }

    fn avance(&self, _octets: u64, _lignes: u64) {}

    fn arrete(&self) -> bool {
        self.1.load(Ordering::Relaxed)
    }
}

/// The body of a request, read by a thread that may wait.
struct Corps {
    receiver: Receiver<io::Result<(Bytes, OwnedSemaphorePermit)>>,
    current: Option<(Bytes, OwnedSemaphorePermit)>,
}

impl Corps {
    fn of(body: Body) -> Self {
        // As many as there may be of one byte: bytes are what is counted.
        let (sender, receiver) = channel(1024);
        tokio::spawn(pomper(body, sender));
        Self {
            receiver,
            current: None,
        }
    }
}

/// Gives the frames of a body to the thread that reads them, as many bytes ahead as may wait.
async fn pomper(mut body: Body, sender: Sender<io::Result<(Bytes, OwnedSemaphorePermit)>>) {
    let room = Arc::new(Semaphore::new(WAITING));
    loop {
        let frame = match tokio::time::timeout(STALLED, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => Ok(frame),
            Ok(Some(Err(error))) => Err(io::Error::other(error)),
            Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        let part = match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(bytes)) => {
                let length = u32::try_from(bytes.len().min(WAITING)).unwrap_or(u32::MAX);
                match Arc::clone(&room).acquire_many_owned(length).await {
                    Ok(permit) => Ok((bytes, permit)),
                    Err(_closed) => return,
                }
            }
            // Trailers.
            Ok(Err(_no_data)) => continue,
            Err(error) => Err(error),
        };
        let failed = part.is_err();
        if sender.send(part).await.is_err() || failed {
            return;
        }
    }
}

impl Read for Corps {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((bytes, _permit)) = &mut self.current
                && !bytes.is_empty()
            {
                let part = bytes.split_to(to.len().min(bytes.len()));
                to[..part.len()].copy_from_slice(&part);
                return Ok(part.len());
            }
            self.current = None;
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(part) => self.current = Some(part?),
            }
        }
    }
}

/// What is sent, from a thread that may wait for who takes it.
struct Flux {
    sender: Sender<Lines>,
    handle: Handle,
    tampon: Vec<u8>,
}

impl Flux {
    fn envoyer(&mut self, last: bool) -> io::Result<()> {
        let bytes = std::mem::replace(&mut self.tampon, Vec::with_capacity(SENT));
        let sending = self.sender.send(Lines {
            bytes: bytes.into(),
            last,
        });
        match self
            .handle
            .block_on(async { tokio::time::timeout(STALLED, sending).await })
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_left)) => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
            Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }

    fn finir(mut self) -> io::Result<()> {
        self.envoyer(true)
    }
}

impl Write for Flux {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = SENT.saturating_sub(self.tampon.len()).min(bytes.len());
        self.tampon.extend_from_slice(&bytes[..room]);
        if self.tampon.len() >= SENT {
            self.envoyer(false)?;
        }
        Ok(room)
    }

    /// What is left is sent with the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the address and the headers ask.
pub(super) fn options(query: Option<&str>, headers: &HeaderMap) -> Result<Options, ApiError> {
    let mut options = Options::default();
    let text = |name: HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_ascii_lowercase())
    };
    if let Some(kind) = text(header::CONTENT_TYPE) {
        if kind.contains("ndjson") || kind.contains("jsonl") {
            options.entree = Some(FormatEntree::Ndjson);
        } else if kind.starts_with("text/csv") {
            options.entree = Some(FormatEntree::Csv);
        }
        if kind.contains("charset=windows-1252") || kind.contains("charset=iso-8859-1") {
            options.encodage = Some(Encodage::Windows1252);
        } else if kind.contains("charset=utf-8") {
            options.encodage = Some(Encodage::Utf8);
        }
    }
    if let Some(accept) = text(header::ACCEPT) {
        options.format = if accept.contains("parquet") {
            Some(Format::Parquet)
        } else if accept.contains("ndjson") {
            Some(Format::Ndjson)
        } else if accept.contains("text/csv") {
            Some(Format::Csv)
        } else {
            None
        };
    }
    for (nom, valeur) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let refused = |attendu: &str| ApiError::Parametre {
            nom: nom.chars().take(40).collect(),
            valeur: valeur.chars().take(64).collect(),
            attendu: attendu.to_owned(),
        };
        let given = || valeur.clone().into_owned();
        match &*nom {
            "identifiant" => options.identifiant = Some(given()),
            "nom" => options.nom = Some(given()),
            "code_postal" => options.code_postal = Some(given()),
            "colonnes" => options
                .colonnes
                .extend(valeur.split(',').map(str::to_owned)),
            "prefixe" => options.prefixe = given(),
            "entete" => {
                options.entete = Some(match &*valeur {
                    "oui" => true,
                    "non" => false,
                    _ => return Err(refused("oui ou non est attendu")),
                });
            }
            "brut" => {
                options.brutes = match &*valeur {
                    "oui" => true,
                    "non" => false,
                    _ => return Err(refused("oui ou non est attendu")),
                };
            }
            "separateur" => {
                options.delimiteur = Some(match valeur.as_bytes() {
                    b"tab" => b'\t',
                    [byte] if !byte.is_ascii_alphanumeric() && !b"\"\n\r".contains(byte) => *byte,
                    _ => return Err(refused("un caractère est attendu, ou tab")),
                });
            }
            "encodage" => {
                options.encodage = Some(match &*valeur {
                    "utf-8" => Encodage::Utf8,
                    "windows-1252" | "iso-8859-1" => Encodage::Windows1252,
                    _ => return Err(refused("utf-8 ou windows-1252 est attendu")),
                });
            }
            "format" => {
                options.format = Some(match &*valeur {
                    "csv" => Format::Csv,
                    "ndjson" => Format::Ndjson,
                    "parquet" => Format::Parquet,
                    _ => return Err(refused("csv, ndjson ou parquet est attendu")),
                });
            }
            _ => {
                return Err(refused(
                    "paramètre inconnu ; identifiant, nom, code_postal, colonnes, prefixe, entete, separateur, encodage, format et brut sont admis",
                ));
            }
        }
    }
    Ok(options)
}
