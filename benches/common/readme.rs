//! The tables of `benches/README.md`: each bench has a place of its own there, between two marks.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

/// Puts tables between two marks, in place of those of the last run.
pub fn put(begin: &str, end: &str, tables: &str) -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let text = fs::read_to_string(&path)?;
    let no_mark = |mark| format!("{}: no {mark}", path.display());
    let (before, rest) = text.split_once(begin).ok_or_else(|| no_mark(begin))?;
    let (_last, after) = rest.split_once(end).ok_or_else(|| no_mark(end))?;
    let whole = format!("{before}{begin}\n\n{}\n\n{end}{after}", tables.trim_end());
    Ok(File::create(&path)?.write_all(whole.as_bytes())?)
}
