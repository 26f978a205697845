//! What the system says of a process that is measured.

use std::error::Error;
use std::fs;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Clock ticks in a second, as `/proc` counts processor time: fixed by Linux for its users.
pub const TICKS: f64 = 100.0;

/// Ticks of a process, its threads together, and its parent.
pub fn ticks(id: u32) -> Result<(f64, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc: stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let (user, system) = (fields[11].parse::<f64>()?, fields[12].parse::<f64>()?);
    Ok((user + system, fields[1].parse()?))
}

/// Bytes of memory of its own: neither mapped files nor the system's cache.
pub fn anonymous_memory(id: u32) -> Result<u64> {
    status(id, "RssAnon:")
}

/// Bytes of files that it has mapped and that are in memory.
pub fn mapped_memory(id: u32) -> Result<u64> {
    status(id, "RssFile:")
}

/// A line of what the system says of a process, in bytes.
fn status(id: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or_else(|| format!("no {name} in /proc"))?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}
