//! Publishers, and servers that follow.

use registre_ingest::download::hex;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::depot::{Depot, URL};
use crate::harness::{Ran, Server, registre, write_file};

/// `registre publish`, to be run.
pub fn publisher(depot: &Depot, data: &Path, arguments: &[&str]) -> Command {
    let mut command = registre();
    command.args(["publish", URL, "--data"]).arg(data);
    command.args(arguments);
    depot.settings(&mut command);
    command
}

/// `registre publish`, to its end. One at a time: many publish the sample, which each one locks.
pub fn publish(depot: &Depot, data: &Path, arguments: &[&str]) -> Ran {
    in_turn(&mut publisher(depot, data, arguments))
}

/// A publisher to its end, when no other of these tests publishes.
pub fn in_turn(publisher: &mut Command) -> Ran {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    publisher.output().unwrap().into()
}

/// A server that follows the store, every second.
pub struct Follower {
    pub server: Server,
    cache: PathBuf,
}

impl Follower {
    pub fn start(depot: &Depot, cache: &Path) -> Self {
        let mut command = registre();
        command
            .args(["serve", "--follow", "1", "--cache"])
            .arg(cache);
        depot.settings(&mut command);
        Self {
            server: Server::run(&mut command, Path::new(URL)),
            cache: cache.to_path_buf(),
        }
    }

    /// The folder it serves, one for each store.
    pub fn folder(&self) -> PathBuf {
        let mut folders = fs::read_dir(&self.cache).unwrap();
        let folder = folders.next().unwrap().unwrap().path();
        assert!(folders.next().is_none());
        folder
    }

    /// The snapshot it serves.
    pub fn serves(&self) -> Option<String> {
        let health = self.server.get("/health");
        (health.status == 200).then(|| health.json()["snapshot"].as_str().unwrap().to_owned())
    }

    /// Until it serves that snapshot.
    pub fn waits_for(&self, id: &str) {
        let served = || self.serves().is_some_and(|served| served == id);
        self.until(&format!("{id} is not served"), served);
    }

    /// Until its log says so.
    pub fn says(&self, words: &str) {
        self.until(words, || !self.server.said(words).is_empty());
    }

    /// Until `/health` says that of the store.
    pub fn sees(&self, state: &str) {
        let seen = || {
            let health = self.server.get("/health");
            health.status == 200 && health.json()["depot"]["statut"] == state
        };
        self.until(&format!("the store is not {state}"), seen);
    }

    fn until(&self, otherwise: &str, done: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(40);
        while !done() {
            let log = self.server.said("").join("\n");
            assert!(Instant::now() < deadline, "{otherwise}\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The only file of [`fake`].
pub const FILE: &str = "etablissement.parquet";

/// A data folder with a snapshot that cannot be served, only sent and received: one file, of those
/// bytes.
pub fn fake(data: &Path, id: &str, bytes: &[u8]) {
    let sha256 = hex(&Sha256::digest(bytes));
    let table = json!({
        "name": "etablissement", "file": FILE, "rows": 1, "bytes": bytes.len(), "sha256": sha256,
        "key_range": null, "schema_fingerprint": "",
    });
    let manifest = json!({
        "version": 1, "id": id, "parent": null, "created_at": "2026-11-01T00:00:00Z",
        "producer": "", "origin": "essai", "as_of": {"sirene": "2026-11-01"}, "sources": [],
        "tables": [table], "gates": [],
    });
    let folder = data.join("snapshots").join(id);
    write_file(&folder.join(FILE), bytes);
    write_file(
        &folder.join("manifest.json"),
        manifest.to_string().as_bytes(),
    );
    let pointer = json!({ "snapshot": id }).to_string();
    write_file(&data.join("current.json"), pointer.as_bytes());
}

/// Bytes that nothing compresses and no two offsets share.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
