//! The load: `wrk`, and what it saw.

use std::path::Path;
use std::process::Command;

use crate::{Result, client};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/mirror/ranges.lua");

/// What is asked.
pub struct Load<'a> {
    pub path: &'a str,
    pub ranges: &'a Path,
    pub connections: u32,
    pub seconds: u64,
}

/// What a run saw; durations in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub requests: u64,
    pub micros: u64,
    pub bytes: u64,
    pub p50: u64,
    pub p99: u64,
    pub errors: u64,
}

impl Load<'_> {
    /// Asks for that long.
    pub fn run(&self, base: &str) -> Result<Seen> {
        let threads = self.connections.min(2);
        let mut wrk = Command::new("wrk");
        wrk.args([
            "-t",
            &threads.to_string(),
            "-c",
            &self.connections.to_string(),
        ])
        .args(["-d", &self.seconds.to_string(), "--timeout", "30"])
        .args(["-s", SCRIPT, base, "--", self.path])
        .arg(self.ranges);
        let [requests, micros, bytes, p50, p99, errors] = client::seen(&mut wrk)?;
        Ok(Seen {
            requests,
            micros,
            bytes,
            p50,
            p99,
            errors,
        })
    }
}
