//! The load: `wrk`, and what it saw.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::Server;
use crate::{Result, client};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/lookups/ask.lua");

/// Threads of `wrk`; as many as the servers have.
const THREADS: u32 = 2;

/// Connections held open, each with one request under way.
pub const CONNECTIONS: u32 = 64;

/// What is asked.
pub struct Load<'a> {
    path: &'a str,
    keys: &'a Path,
    most: u64,
    same: bool,
    missing: bool,
    connections: u32,
}

/// What a run saw; durations in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub requests: u64,
    pub micros: u64,
    pub p50: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
    /// Connections refused or cut, answers late or of another status than expected.
    pub errors: u64,
}

impl Seen {
    #[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
    pub fn per_second(&self) -> f64 {
        self.requests as f64 * 1e6 / self.micros as f64
    }
}

impl<'a> Load<'a> {
    /// `path` followed by each key of a file, one a line.
    pub fn of(path: &'a str, keys: &'a Path) -> Self {
        Self {
            path,
            keys,
            most: u64::MAX,
            same: false,
            missing: false,
            connections: CONNECTIONS,
        }
    }

    /// The first keys only.
    pub fn only(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// The path alone, always the same.
    pub fn same(self) -> Self {
        Self { same: true, ..self }
    }

    /// Every answer must be a 404.
    pub fn missing(self) -> Self {
        Self {
            missing: true,
            ..self
        }
    }

    /// Through that many connections.
    pub fn with(self, connections: u32) -> Self {
        Self {
            connections,
            ..self
        }
    }

    /// Asks for that long.
    pub fn run(&self, server: &Server, duration: Duration) -> Result<Seen> {
        let mut wrk = Command::new("wrk");
        wrk.args([
            "-t",
            &THREADS.to_string(),
            "-c",
            &self.connections.to_string(),
        ])
        .args(["-d", &duration.as_secs().max(1).to_string()])
        .args(["--timeout", "10", "-s", SCRIPT, &server.base(), "--"])
        .arg(self.path)
        .arg(self.keys)
        .arg(THREADS.to_string())
        // What a double holds, as Lua reads it.
        .arg(self.most.min(1 << 50).to_string())
        .arg(if self.same { "same" } else { "keys" });
        let [requests, micros, p50, p99, p999, max, cut, late, status] = client::seen(&mut wrk)?;
        let unexpected = if self.missing {
            requests.abs_diff(status)
        } else {
            status
        };
        Ok(Seen {
            requests,
            micros,
            p50,
            p99,
            p999,
            max,
            errors: cut + late + unexpected,
        })
    }
}
