//! One file, sent in pieces, a few at a time. It exists there once all of it is there and its bytes
//! are those the manifest announced; each piece is signed with its own sha256, which the store checks.

use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload, PutPayload};
use registre_ingest::IngestError;
use registre_ingest::download::hex;
use registre_ingest::progress::Task;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::remote::Remote;
use super::{AT_ONCE, Expected, PIECE, StoreError};
use crate::signals::Stop;

/// How long to wait for a store to forget the pieces of what will not be finished.
pub const FORGET: Duration = Duration::from_secs(5);

/// Sends `local` to `to`, then looks at what is there.
pub async fn send(
    remote: &Remote,
    local: &Path,
    to: &ObjectPath,
    expected: Expected<'_>,
    task: &dyn Task,
    stop: &Stop,
) -> Result<(), StoreError> {
    let (mut pieces, reading) = read(local.to_path_buf());
    if expected.bytes <= PIECE {
        let bytes = pieces.recv().await.unwrap_or_default();
        let rest = pieces.recv().await;
        // A file that is longer than it should be is read no further.
        drop(pieces);
        let sent = bytes.len() as u64;
        same(
            local,
            expected,
            &finished(reading, local).await?,
            rest.is_some(),
        )?;
        remote.put(to, bytes, expected.sha256).await?;
        task.advance(sent);
    } else {
        let mut upload = remote.multipart(to, expected.sha256).await?;
        let sending = async {
            send_pieces(remote, to, &mut *upload, &mut pieces, task).await?;
            same(local, expected, &finished(reading, local).await?, false)?;
            let completed = upload.complete().await;
            completed.map_err(|error| remote.away("finish writing", to, &error))
        };
        let sent = tokio::select! {
            sent = sending => sent.map(|_| ()),
            () = stop.clone().stopped() => Err(IngestError::Interrupted.into()),
        };
        if sent.is_err() {
            // What is left is not seen by anyone, but paid for: a rule of the bucket removes it.
            let _left = tokio::time::timeout(FORGET, upload.abort()).await;
        }
        sent?;
    }
    match remote.head(to).await? {
        Some(held) if held.is(expected) => Ok(()),
        Some(held) => Err(remote.refused(
            to,
            format!(
                "{} bytes and sha256 {} once sent, {} and {} expected: does this store keep x-amz-meta-?",
                held.meta.size,
                held.sha256.as_deref().unwrap_or("absent"),
                expected.bytes,
                expected.sha256
            ),
        )),
        None => Err(remote.refused(to, "not there once sent".to_owned())),
    }
}

async fn send_pieces(
    remote: &Remote,
    to: &ObjectPath,
    upload: &mut dyn MultipartUpload,
    pieces: &mut mpsc::Receiver<Vec<u8>>,
    task: &dyn Task,
) -> Result<(), StoreError> {
    let mut under_way = JoinSet::new();
    loop {
        let piece = if under_way.len() < AT_ONCE {
            pieces.recv().await
        } else {
            None
        };
        match piece {
            Some(piece) => {
                let length = piece.len() as u64;
                let part = upload.put_part(PutPayload::from(piece));
                under_way.spawn(async move { part.await.map(|()| length) });
            }
            None => match under_way.join_next().await {
                Some(sent) => {
                    let sent = sent.map_err(StoreError::bug)?;
                    task.advance(sent.map_err(|error| remote.away("write", to, &error))?);
                }
                None => return Ok(()),
            },
        }
    }
}

/// What was read of a file.
struct Content {
    bytes: u64,
    sha256: String,
}

/// Reads a file in pieces of one size, no further ahead than what is sent.
fn read(path: PathBuf) -> (mpsc::Receiver<Vec<u8>>, JoinHandle<io::Result<Content>>) {
    let (sender, pieces) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let mut file = File::open(path)?;
        let mut digest = Sha256::new();
        let mut bytes = 0;
        loop {
            let mut piece = Vec::new();
            file.by_ref().take(PIECE).read_to_end(&mut piece)?;
            digest.update(&piece);
            bytes += piece.len() as u64;
            // Nobody listens any more: the sender has its own error.
            if piece.is_empty() || sender.blocking_send(piece).is_err() {
                let sha256 = hex(&digest.finalize());
                return Ok(Content { bytes, sha256 });
            }
        }
    });
    (pieces, reading)
}

async fn finished(
    reading: JoinHandle<io::Result<Content>>,
    local: &Path,
) -> Result<Content, StoreError> {
    let read = reading.await.map_err(StoreError::bug)?;
    read.map_err(|error| IngestError::io("read", local)(error).into())
}

/// A file that is not what its manifest says is not sent.
fn same(
    local: &Path,
    expected: Expected<'_>,
    read: &Content,
    longer: bool,
) -> Result<(), StoreError> {
    if !longer && read.bytes == expected.bytes && read.sha256 == expected.sha256 {
        return Ok(());
    }
    Err(StoreError::Here(IngestError::File {
        path: local.to_path_buf(),
        detail: format!(
            "{} bytes, sha256 {}; {} and {} in the manifest: damaged; run `registre verify`, then `registre rollback` or `registre ingest`",
            read.bytes, read.sha256, expected.bytes, expected.sha256
        ),
    }))
}
