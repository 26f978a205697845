//! What the system counts of the memory of a process.

use std::fs;

/// Bytes in memory, of this process.
pub(crate) fn resident() -> Option<u64> {
    counted("self", "VmRSS:")
}

/// Bytes of data, which `RLIMIT_DATA` bounds: in memory or not, given back by the allocator or not.
pub(crate) fn data(process: &str) -> Option<u64> {
    counted(process, "VmData:")
}

/// None where the system does not say, or once the process is gone.
fn counted(process: &str, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"))?;
    kilobytes.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_a_process_has() {
        let own = std::process::id().to_string();
        assert!(resident().unwrap() > 1 << 20);
        assert!(data(&own).unwrap() > 1 << 20);
        assert_eq!(data("0"), None);
    }
}
