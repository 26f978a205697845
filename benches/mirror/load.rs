//! The load: `wrk`, and what it saw.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::Result;

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

/// Says how to get `wrk` where it is not.
pub fn must_be_there() -> Result<()> {
    match Command::new("wrk").arg("-v").output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err("wrk is not there, and makes the load: `apt-get install wrk`".into())
        }
        Err(error) => Err(error.into()),
        Ok(_version) => Ok(()),
    }
}

impl Load<'_> {
    /// Asks for that long.
    pub fn run(&self, base: &str) -> Result<Seen> {
        let threads = self.connections.min(2);
        let output = Command::new("wrk")
            .args([
                "-t",
                &threads.to_string(),
                "-c",
                &self.connections.to_string(),
            ])
            .args(["-d", &self.seconds.to_string(), "--timeout", "30"])
            .args(["-s", SCRIPT, base, "--", self.path])
            .arg(self.ranges)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("seen "));
        let Some(line) = line.filter(|_| output.status.success()) else {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("wrk: {text}{error}").into());
        };
        let numbers: Vec<u64> = line
            .split(' ')
            .map(str::parse)
            .collect::<std::result::Result<_, _>>()?;
        let &[requests, micros, bytes, p50, p99, errors] = &numbers[..] else {
            return Err(format!("wrk: {line}").into());
        };
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
