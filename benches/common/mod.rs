//! What several benches need: data, and what it cost.

use registre_ingest::catalogue::Format;
use registre_ingest::generate::{self, generate};
use registre_ingest::origin::Origin;
use registre_ingest::progress::Context;
use registre_ingest::{Options, run};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The data folder of `REGISTRE_BENCH_DATA`; without it, one is made, `name` being its folder's.
pub fn data(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    match std::env::var("REGISTRE_BENCH_DATA") {
        Ok(data) => Ok(PathBuf::from(data)),
        Err(_unset) => made(name),
    }
}

/// A data folder with one snapshot.
fn made(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let etablissements = match std::env::var("REGISTRE_BENCH_ETABLISSEMENTS") {
        Ok(number) => number.parse()?,
        Err(_unset) => 1_000_000,
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _none_yet = fs::remove_dir_all(&folder);
    let (source, data) = (folder.join("source"), folder.join("data"));
    fs::create_dir_all(&source)?;
    let context = Context::silent();
    let options = generate::Options {
        etablissements,
        ..generate::Options::sample()
    };
    generate(&options, &source, &context)?;
    let options = Options {
        origin: Origin::Folder(source.join("files")),
        format: Format::Csv,
        insee: None,
        data: data.clone(),
        allow: Vec::new(),
        keep: 1,
    };
    run(&options, &context)?;
    Ok(data)
}

/// The most memory this process held, as the system counts it: mapped files are in it.
pub fn resident() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
