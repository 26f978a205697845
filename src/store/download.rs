//! One file, received in pieces, a few at a time, written in order beside its sha256. What was
//! received before a cut is kept, and read again rather than asked again.

use registre_ingest::IngestError;
use registre_ingest::download::hex;
use registre_ingest::progress::Task;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::remote::Remote;
use super::{AT_ONCE, Expected, PIECE, StoreError};

/// Ends the name of a file until it is whole.
const PART: &str = "part";

/// Bytes read at once of what is already here.
const BUFFER: usize = 1 << 20;

/// What is here of a file, under its name or under that of its beginning.
pub fn already_here(folder: &Path, file: &str) -> u64 {
    let whole = folder.join(file);
    let length = |path: &Path| fs::metadata(path).map(|found| found.len()).ok();
    length(&whole)
        .or_else(|| length(&part_of(&whole)))
        .unwrap_or(0)
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(PART);
    PathBuf::from(name)
}

/// Brings a file of snapshot `id` into `folder`.
pub async fn receive(
    remote: &Remote,
    id: &str,
    expected: Expected<'_>,
    folder: &Path,
    task: &dyn Task,
) -> Result<(), StoreError> {
    let path = folder.join(expected.file);
    let resumed = already_here(folder, expected.file) > 0;
    match attempt(remote, id, expected, &path, task).await {
        // What was here may be what is wrong: once more, from nothing.
        Err(StoreError::Refused { .. }) if resumed => {
            attempt(remote, id, expected, &path, task).await
        }
        outcome => outcome,
    }
}

async fn attempt(
    remote: &Remote,
    id: &str,
    expected: Expected<'_>,
    path: &Path,
    task: &dyn Task,
) -> Result<(), StoreError> {
    let from = remote.file(id, expected.file);
    let held = remote.head(&from).await?;
    let held = held.ok_or_else(|| remote.refused(&from, "not there".to_owned()))?;
    if held.meta.size != expected.bytes {
        let detail = format!(
            "{} bytes, {} in the manifest: truncated, or of another snapshot",
            held.meta.size, expected.bytes
        );
        return Err(remote.refused(&from, detail));
    }
    let (started, start) = oneshot::channel();
    let (pieces, to_write) = mpsc::channel(1);
    let part = part_of(path);
    let (writing, whole, bytes) = (part.clone(), path.to_path_buf(), expected.bytes);
    let writing =
        tokio::task::spawn_blocking(move || write(&writing, &whole, bytes, started, to_write));
    // Without a start there is an error of the disk, which the writer has.
    if let Ok(start) = start.await {
        task.advance(start);
        let etag = held.meta.e_tag.clone();
        let mut wanted = (start..expected.bytes)
            .step_by(usize::try_from(PIECE).unwrap_or(usize::MAX))
            .map(|at| at..expected.bytes.min(at + PIECE));
        let mut under_way = JoinSet::new();
        let mut received = BTreeMap::new();
        let mut next = start;
        loop {
            while under_way.len() + received.len() < AT_ONCE
                && let Some(range) = wanted.next()
            {
                let (remote, from, etag) = (remote.clone(), from.clone(), etag.clone());
                under_way.spawn(async move {
                    let at = range.start;
                    remote
                        .range(&from, range, etag)
                        .await
                        .map(|bytes| (at, bytes))
                });
            }
            let Some(done) = under_way.join_next().await else {
                break;
            };
            let (at, bytes) = done.map_err(StoreError::bug)??;
            received.insert(at, bytes);
            while let Some(bytes) = received.remove(&next) {
                let length = bytes.len() as u64;
                if pieces.send(bytes).await.is_err() {
                    break;
                }
                next += length;
                task.advance(length);
            }
        }
    }
    drop(pieces);
    let written = writing.await.map_err(StoreError::bug)?;
    let sha256 = written.map_err(IngestError::io("write", &part))?;
    if sha256 != expected.sha256 {
        remove(&part, path)?;
        let detail = format!(
            "sha256 {sha256}, {} in the manifest: damaged, or of another snapshot",
            expected.sha256
        );
        return Err(remote.refused(&from, detail));
    }
    if part.exists() {
        fs::rename(&part, path).map_err(IngestError::io("rename", path))?;
    }
    Ok(())
}

/// Says how much is here, appends the pieces to it, and gives the sha256 of all of it.
fn write(
    part: &Path,
    whole: &Path,
    bytes: u64,
    started: oneshot::Sender<u64>,
    mut pieces: mpsc::Receiver<Vec<u8>>,
) -> io::Result<String> {
    let mut digest = Sha256::new();
    if let Ok(mut file) = File::open(whole) {
        let here = read_again(&mut file, &mut digest)?;
        let _nobody_waits = started.send(here.max(bytes));
        return Ok(hex(&digest.finalize()));
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .open(part)?;
    let mut here = file.metadata()?.len();
    if here > bytes {
        // Longer than it may be: of something else.
        file.set_len(0)?;
        here = 0;
    }
    if here > 0 {
        read_again(&mut file, &mut digest)?;
    }
    let _nobody_waits = started.send(here);
    while let Some(piece) = pieces.blocking_recv() {
        digest.update(&piece);
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    Ok(hex(&digest.finalize()))
}

fn read_again(file: &mut File, digest: &mut Sha256) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let mut buffer = vec![0; BUFFER];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(total),
            length => {
                digest.update(&buffer[..length]);
                total += length as u64;
            }
        }
    }
}

/// What is wrong is not kept to be resumed.
fn remove(part: &Path, whole: &Path) -> Result<(), StoreError> {
    for path in [part, whole] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(IngestError::io("remove", path)(error).into());
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `write` makes of those pieces, after what is in the folder: where it starts, the sha256.
    fn written(folder: &Path, bytes: u64, pieces: &[&[u8]]) -> (u64, String) {
        let (started, start) = oneshot::channel();
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.try_send(piece.to_vec()).unwrap();
        }
        drop(sender);
        let whole = folder.join("a.parquet");
        let sha256 = write(&part_of(&whole), &whole, bytes, started, receiver).unwrap();
        (start.blocking_recv().unwrap(), sha256)
    }

    #[test]
    fn what_was_received_before_a_cut_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (_, all) = written(folder.path(), 6, &[b"abc", b"def"]);
        fs::remove_file(folder.path().join("a.parquet.part")).unwrap();
        assert_eq!(written(folder.path(), 6, &[b"abc"]).0, 0);
        assert_eq!(already_here(folder.path(), "a.parquet"), 3);
        assert_eq!(written(folder.path(), 6, &[b"def"]), (3, all.clone()));
        fs::rename(
            folder.path().join("a.parquet.part"),
            folder.path().join("a.parquet"),
        )
        .unwrap();
        assert_eq!(written(folder.path(), 6, &[]), (6, all));
    }

    #[test]
    fn a_beginning_longer_than_the_whole_is_of_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let (_, right) = written(folder.path(), 3, &[b"abc"]);
        File::create(folder.path().join("a.parquet.part"))
            .and_then(|mut file| file.write_all(b"something else"))
            .unwrap();
        assert_eq!(written(folder.path(), 3, &[b"abc"]), (0, right));
    }
}
