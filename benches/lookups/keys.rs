//! Which numbers are asked: drawn from the whole of the snapshot, each once, in no order.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::snapshots::Data;
use registre_schemas::identifiers::Siret;

/// More than a run asks at 60 000 requests a second.
const NUMBER: u64 = 1_000_000;

/// Files of numbers, one a line.
pub struct Keys {
    sirets: PathBuf,
    sirens: PathBuf,
    misses: PathBuf,
    some: Vec<String>,
}

impl Keys {
    /// Draws them. A SIRET that exists nowhere is one that exists with another NIC, so that it falls
    /// anywhere among the others, and its key is right.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench reads the table by the engine alone"
    )]
    pub fn sampled(data: &Data, folder: &Path) -> Result<Self> {
        let keys = Self {
            sirets: folder.join("sirets.txt"),
            sirens: folder.join("sirens.txt"),
            misses: folder.join("misses.txt"),
            some: Vec::new(),
        };
        let every = (data.etablissements()? / NUMBER).max(1);
        let connection = duckdb::Connection::open_in_memory()?;
        connection.execute_batch(&format!(
            "COPY (SELECT siret FROM '{table}' WHERE hash(siret) % {every} = 0 ORDER BY hash(siret || 'x'))
             TO '{sirets}' (FORMAT csv, HEADER false);
             COPY (SELECT DISTINCT siren FROM '{table}' WHERE hash(siren) % {every} = 0 ORDER BY hash(siren || 'x'))
             TO '{sirens}' (FORMAT csv, HEADER false);",
            table = data.file("etablissement.parquet").display(),
            sirets = keys.sirets.display(),
            sirens = keys.sirens.display(),
        ))?;
        keys.make_misses()?;
        let some = BufReader::new(File::open(&keys.sirets)?).lines().take(1000);
        let some = some.collect::<std::io::Result<_>>()?;
        Ok(Self { some, ..keys })
    }

    /// An établissement numbered 98 760 of its unité légale exists nowhere.
    fn make_misses(&self) -> Result<()> {
        let sirens = BufReader::new(File::open(&self.sirens)?).lines();
        let mut file = BufWriter::new(File::create(&self.misses)?);
        for siren in sirens {
            let siren = siren?;
            let made = (0..10).map(|digit| format!("{siren}9876{digit}"));
            // La Poste's rule gives more than one.
            if let Some(siret) = made.into_iter().find(|text| text.parse::<Siret>().is_ok()) {
                writeln!(file, "{siret}")?;
            }
        }
        file.flush()?;
        if fs::metadata(&self.misses)?.len() == 0 {
            return Err("no SIRET that does not exist could be made".into());
        }
        Ok(())
    }

    /// A SIRET that exists.
    pub fn first(&self) -> &str {
        &self.some[0]
    }

    /// SIRETs that exist.
    pub fn some(&self, number: usize) -> Vec<String> {
        self.some.iter().take(number).cloned().collect()
    }

    /// SIRETs that exist.
    pub fn sirets(&self) -> &Path {
        &self.sirets
    }

    /// SIRENs that exist.
    pub fn sirens(&self) -> &Path {
        &self.sirens
    }

    /// SIRETs well formed that do not.
    pub fn misses(&self) -> &Path {
        &self.misses
    }
}
