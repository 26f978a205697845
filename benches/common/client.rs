//! `wrk`: whether it is there, and the numbers that its script says at the end of a run.

use std::error::Error;
use std::io::ErrorKind;
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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

/// Runs it; its script ends with one line, `seen` and so many numbers.
pub fn seen<const N: usize>(wrk: &mut Command) -> Result<[u64; N]> {
    let output = wrk.output()?;
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
    numbers
        .try_into()
        .map_err(|_other_number| format!("wrk: {line}").into())
}
