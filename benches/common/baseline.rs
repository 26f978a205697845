//! What the conversion benches compare with: the DuckDB engine alone, given the unzipped CSV.

use std::error::Error;
use std::fs::File;
use std::io;
use std::path::Path;

/// The only file of a zip, as a file.
pub fn unzip(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let mut archive = zip::ZipArchive::new(File::open(from)?)?;
    io::copy(&mut archive.by_index(0)?, &mut File::create(to)?)?;
    Ok(())
}

/// A CSV to zstd Parquet, every column as text.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine alone is what we compare with"
)]
pub fn duckdb(csv: &Path, parquet: &Path) -> Result<(), Box<dyn Error>> {
    let connection = duckdb::Connection::open_in_memory()?;
    connection.execute_batch(&format!(
        "COPY (SELECT * FROM read_csv('{}', all_varchar = true)) TO '{}' (FORMAT parquet, COMPRESSION zstd)",
        csv.display(),
        parquet.display()
    ))?;
    Ok(())
}
