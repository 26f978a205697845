//! Files in the official formats, made up: a sample to try the program with, or as many rows as the
//! country has, to measure it. Deterministic: the same options give the same bytes.
//!
//! | to | files |
//! |---|---|
//! | repeat chance | `random` |
//! | write CSV, zips and the API's index | `buffer`, `archive`, `catalogue` |
//! | know what rows are made of | `names`, `addresses`, `projection`, `nomenclatures`, `real_bodies` |
//! | hold all of it, and what is exceptional | `model` |
//! | draw the n-th of each, from the seed alone | `unites_legales`, `etablissements`, `periodes`, `associations` |
//! | write the files of SIRENE | `sirene`, then `sirene_unite_legale` and `sirene_etablissement`, each with its `_periode`, and `geolocalisation` |
//! | write the same in Parquet | `parquet` |
//! | write the files of the RNA | `rna`, `rna_rows` |
//! | write the list of associations reconnues d'utilité publique | `utilite_publique` |
//!
//! What exists is woven among what does not: `real_bodies` also writes its own rows of SIRENE, and
//! `rna_rows` those of the real associations.
//!
//! Every file is written by its own thread, which replays the same units: nothing is kept in
//! memory, whatever the size, and the files still agree with one another.

mod addresses;
mod archive;
mod associations;
mod buffer;
mod catalogue;
mod etablissements;
mod geolocalisation;
mod model;
mod names;
mod nomenclatures;
mod parquet;
mod periodes;
mod projection;
mod random;
mod real_bodies;
mod rna;
mod rna_rows;
mod sirene;
mod sirene_etablissement;
mod sirene_etablissement_periode;
mod sirene_unite_legale;
mod sirene_unite_legale_periode;
mod unites_legales;
mod utilite_publique;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_geolocalisation;
#[cfg(test)]
mod tests_periodes;
#[cfg(test)]
mod tests_rna;

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use rayon::prelude::*;

pub use archive::GeneratedFile;

use crate::catalogue::Format;
use crate::error::IngestError;
use crate::progress::Context;
use archive::Archive;
use buffer::Day;
use model::Model;
use rna::RnaFile;
use sirene::SireneFile;

/// Past this, SIREN would leave no room for those of the real bodies.
const MAX_ETABLISSEMENTS: u64 = 50_000_000;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// About how many établissements; unités légales and associations follow. The country has
    /// 44 million of them.
    pub etablissements: u64,
    /// Another seed makes another country.
    pub seed: u64,
    /// The day of the edition.
    pub date: NaiveDate,
    /// In which formats.
    pub formats: Formats,
}

/// In which formats to write the files that their publisher has in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Formats {
    /// Zips of CSV.
    #[default]
    Csv,
    /// Parquet; those that have no Parquet are still zips.
    Parquet,
    /// Each beside the other, as on data.gouv.fr.
    Both,
}

impl From<Format> for Formats {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Parquet => Self::Parquet,
        }
    }
}

impl Options {
    /// What the program starts with when it has nothing else: a few seconds to ingest.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            etablissements: 30_000,
            seed: 20_261_101,
            date: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap_or_default(),
            formats: Formats::Csv,
        }
    }
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Every file.
    pub files: Vec<GeneratedFile>,
}

impl Generated {
    /// Rows of the file whose name starts so.
    #[must_use]
    pub fn rows(&self, prefix: &str) -> u64 {
        self.files
            .iter()
            .filter(|file| file.name.starts_with(prefix))
            .map(|file| file.rows)
            .sum()
    }
}

/// A file to write.
#[derive(Debug, Clone, Copy)]
enum Output {
    Sirene(SireneFile),
    Rna(RnaFile),
    UtilitePublique,
}

/// The largest first, so that the threads end together.
const OUTPUTS: [Output; 10] = [
    Output::Sirene(SireneFile::EtablissementPeriodes),
    Output::Sirene(SireneFile::UnitePeriodes),
    Output::Sirene(SireneFile::Etablissements),
    Output::Sirene(SireneFile::Positions),
    Output::Sirene(SireneFile::Unites),
    Output::Rna(RnaFile::Waldec),
    Output::Sirene(SireneFile::Liens),
    Output::Rna(RnaFile::Import),
    Output::Sirene(SireneFile::Doublons),
    Output::UtilitePublique,
];

/// Writes all the files under `out`, laid out as data.gouv.fr serves them: `files/*`, and last
/// `api/1/datasets/<id>/index.json`. A file has its final name only once it is whole.
pub fn generate(
    options: &Options,
    out: &Path,
    context: &Context,
) -> Result<Generated, IngestError> {
    if options.etablissements > MAX_ETABLISSEMENTS {
        let detail = format!(
            "{} établissements asked for, {MAX_ETABLISSEMENTS} at most",
            options.etablissements
        );
        return Err(IngestError::Source {
            name: "generate".to_owned(),
            detail,
        });
    }
    // A folder that cannot be written is known before an hour of work, not after.
    let folder = out.join("files");
    fs::create_dir_all(&folder).map_err(IngestError::io("create", &folder))?;
    catalogue::prepare(out)?;
    let edition = Day::parse(&options.date.to_string());
    let model = Model::new(options.seed, options.etablissements, edition)?;
    let files = OUTPUTS
        .into_par_iter()
        .with_max_len(1)
        .map(|output| output.write(&model, &folder, context))
        .collect::<Result<Vec<_>, _>>()?;
    let files = parquet::convert_all(files, &folder, options.formats, context)?;
    catalogue::write(out, &files, options.date)?;
    Ok(Generated { files })
}

impl Output {
    fn write(
        self,
        model: &Model,
        folder: &Path,
        context: &Context,
    ) -> Result<GeneratedFile, IngestError> {
        let name = match self {
            Self::Sirene(file) => format!("{}.zip", file.name()),
            Self::Rna(file) => format!("{}.zip", file.name(model.edition)),
            Self::UtilitePublique => format!("{}.xlsx", utilite_publique::name(model.edition)),
        };
        let mut archive = Archive::create(folder, &name, model.edition, context)?;
        match self {
            Self::Sirene(file) => file.write(model, &mut archive)?,
            Self::Rna(file) => file.write(model, &mut archive)?,
            Self::UtilitePublique => utilite_publique::write(model, &mut archive)?,
        }
        archive.publish()
    }
}
