//! The files read whole, behind the lookups: a block has its own checksum, but only the sha256 of the
//! manifest tells a file from that of another snapshot, and a lookup reads one block of many.

use sha2::{Digest as _, Sha256};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::blocks::Blocks;
use super::{Fiches, FichesError};
use crate::text::hexadecimal;

/// Read at a time.
const PIECE: usize = 1 << 20;
/// No faster than 200 MB/s: a lookup that needs the disk must not wait behind this.
const PACE: Duration = Duration::from_millis(5);

/// What ended the reading of a file.
enum Ended {
    Whole(u64),
    /// The snapshot left service, or the fiches were given up for another reason.
    Useless,
}

/// Begins, on a thread of its own. It ends by itself when the snapshot leaves service.
pub(super) fn begin(fiches: &Arc<Fiches>) {
    let fiches = Arc::downgrade(fiches);
    let thread = std::thread::Builder::new().name("fiches".to_owned());
    if let Err(error) = thread.spawn(move || all(&fiches)) {
        tracing::warn!(error = %error, "the fiches are not checked: {error}");
    }
}

fn all(fiches: &Weak<Fiches>) {
    for file in [
        (|fiches| &fiches.sirene) as fn(&Fiches) -> &Blocks,
        |fiches| &fiches.rna,
    ] {
        match check(fiches, file) {
            Ok(Ended::Whole(bytes)) => {
                if let Some(fiches) = fiches.upgrade() {
                    let name = file(&fiches).name();
                    tracing::debug!(bytes, "{name}: {bytes} bytes, sha256 as published");
                }
            }
            Ok(Ended::Useless) => return,
            Err(error) => {
                if let Some(fiches) = fiches.upgrade() {
                    fiches.give_up(&error);
                }
                return;
            }
        }
    }
}

/// Reads one file. Between two pieces nothing is held, so that a snapshot that nobody reads any more
/// goes away, with its files.
fn check(fiches: &Weak<Fiches>, file: fn(&Fiches) -> &Blocks) -> Result<Ended, FichesError> {
    let mut buffer = vec![0; PIECE];
    let mut sha256 = Sha256::new();
    let mut place = 0;
    loop {
        let begun = Instant::now();
        {
            let Some(fiches) = fiches.upgrade().filter(|fiches| fiches.are_whole()) else {
                return Ok(Ended::Useless);
            };
            let blocks = file(&fiches);
            let read = match blocks.file().read_at(&mut buffer, place) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => {
                    read.map_err(|error| blocks.damaged(format!("at byte {place}: {error}")))?
                }
            };
            if read == 0 {
                let found = hexadecimal(&sha256.finalize());
                if found != blocks.sha256() {
                    let published = blocks.sha256();
                    let detail = format!("sha256 {found}, {published} in the manifest");
                    return Err(blocks.damaged(detail));
                }
                return Ok(Ended::Whole(place));
            }
            sha256.update(&buffer[..read]);
            place += read as u64;
        }
        std::thread::sleep(PACE.saturating_sub(begun.elapsed()));
    }
}
