//! `data/sources.toml`: which open data, where, how often, under which licence.

use registre_schemas::Table;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::error::IngestError;

/// The catalogue shipped with the program.
pub(crate) const SOURCES: &str = include_str!("../../data/sources.toml");

/// In which of the two formats of the publishers a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A zip of CSV: every source has one.
    #[default]
    Csv,
    /// Parquet: those of INSEE have one.
    Parquet,
}

impl Format {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Csv => Self::Parquet,
            Self::Parquet => Self::Csv,
        }
    }

    /// The one that a file's path or address ends like.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.to_ascii_lowercase();
        [Self::Csv, Self::Parquet]
            .into_iter()
            .find(|format| path.ends_with(format.extension()))
    }

    /// Of the names of its files, with the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => ".zip",
            Self::Parquet => ".parquet",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Csv => "zip of CSV",
            Self::Parquet => "Parquet file",
        })
    }
}

/// How the Parquet file of a source is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Parquet {
    /// By this resource id, or else by its title.
    Id(String),
    /// It exists, and its id is documented nowhere: by its title.
    Titled(bool),
}

/// A dataset of data.gouv.fr.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Id on data.gouv.fr.
    pub id: String,
    /// Its title there.
    pub title: String,
    /// Who to attribute it to.
    pub producer: String,
    /// Under which licence.
    pub licence: String,
    /// How often it is published.
    pub cadence: String,
}

/// One file of a dataset, and the table its rows go to.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name in messages and in the manifest.
    pub name: String,
    /// Name of its dataset in the catalogue, which is also the register: `sirene`, `rna`.
    pub register: String,
    /// Its dataset.
    pub dataset: Dataset,
    /// Where its rows go.
    pub table: &'static Table,
    /// Resource id; without one the newest resource of that title is taken.
    pub resource: Option<String>,
    /// The same data in Parquet, when the publisher offers it.
    pub parquet: Option<Parquet>,
    /// Which of its formats is looked for first.
    pub format: Format,
    /// The word its title or file name holds.
    pub title: String,
    /// File name in a plain folder, `{date}` standing for eight digits, `*` for anything.
    pub file: String,
    /// Field delimiter of the CSV.
    pub delimiter: u8,
    /// Whether its archive holds several CSV files, one per département, instead of one.
    pub several_files: bool,
    /// Whether a snapshot cannot be made without it.
    pub required: bool,
    /// Whether it is a spreadsheet, or a plain CSV as older editions were, rather than a zip.
    pub spreadsheet: bool,
    /// How many rows per million may be refused before the run fails.
    pub refused_per_million: u64,
}

impl Source {
    /// The same, looked for in that format first.
    #[must_use]
    pub fn preferring(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Whether the publisher offers it in that format.
    #[must_use]
    pub fn offers(&self, format: Format) -> bool {
        match format {
            Format::Csv => true,
            Format::Parquet => !matches!(self.parquet, None | Some(Parquet::Titled(false))),
        }
    }

    /// Its resource id in that format, when it is known.
    #[must_use]
    pub fn id(&self, format: Format) -> Option<&str> {
        match (format, &self.parquet) {
            (Format::Csv, _) => self.resource.as_deref(),
            (Format::Parquet, Some(Parquet::Id(id))) => Some(id),
            (Format::Parquet, _) => None,
        }
    }

    /// Its file name in a plain folder, in that format.
    #[must_use]
    pub fn file_name(&self, format: Format) -> String {
        match (format, self.file.strip_suffix(Format::Csv.extension())) {
            (Format::Parquet, Some(name)) => format!("{name}{}", format.extension()),
            _ => self.file.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    dataset: BTreeMap<String, Dataset>,
    source: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    dataset: String,
    table: String,
    resource: Option<String>,
    parquet: Option<Parquet>,
    title: String,
    file: String,
    delimiter: char,
    #[serde(default)]
    several_files: bool,
    #[serde(default = "required_by_default")]
    required: bool,
    #[serde(default)]
    spreadsheet: bool,
    #[serde(default)]
    refused_per_million: u64,
}

fn required_by_default() -> bool {
    true
}

/// The sources of the catalogue, in its order: a table's sources follow each other.
pub fn sources() -> Result<Vec<Source>, IngestError> {
    parse(SOURCES)
}

fn parse(text: &str) -> Result<Vec<Source>, IngestError> {
    let file: File =
        toml::from_str(text).map_err(|error| IngestError::Catalogue(error.to_string()))?;
    file.source
        .into_iter()
        .map(|entry| {
            let dataset = file.dataset.get(&entry.dataset).ok_or_else(|| {
                IngestError::Catalogue(format!(
                    "source {}: no dataset named {:?}",
                    entry.name, entry.dataset
                ))
            })?;
            let table = registre_schemas::table(&entry.table).ok_or_else(|| {
                IngestError::Catalogue(format!(
                    "source {}: no table named {:?}",
                    entry.name, entry.table
                ))
            })?;
            let delimiter = u8::try_from(entry.delimiter).map_err(|_not_ascii| {
                IngestError::Catalogue(format!(
                    "source {}: delimiter {:?} is not one byte",
                    entry.name, entry.delimiter
                ))
            })?;
            Ok(Source {
                name: entry.name,
                register: entry.dataset,
                dataset: dataset.clone(),
                table,
                resource: entry.resource,
                parquet: entry.parquet,
                format: Format::default(),
                title: entry.title,
                file: entry.file,
                delimiter,
                several_files: entry.several_files,
                required: entry.required,
                spreadsheet: entry.spreadsheet,
                refused_per_million: entry.refused_per_million,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;

    #[test]
    fn every_table_but_the_links_has_a_source() {
        let sources = sources().unwrap();
        let tables = registre_schemas::TABLES
            .iter()
            .chain(registre_schemas::JOINED);
        for table in tables.filter(|table| table.name != LIEN_SIREN_RNA.name) {
            assert!(
                sources.iter().any(|source| source.table.name == table.name),
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn the_files_of_insee_are_offered_in_parquet_and_no_others() {
        for source in sources().unwrap() {
            let insee = ["sirene", "geolocalisation"].contains(&source.register.as_str());
            assert_eq!(source.offers(Format::Parquet), insee, "{}", source.name);
            assert_eq!(source.file_name(Format::Csv), source.file);
            let name = source.file_name(Format::Parquet);
            assert!(
                !insee || Format::of_path(&name) == Some(Format::Parquet),
                "{name}"
            );
        }
    }

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        let error = parse("[dataset]\n[[source]]\nnom = \"x\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("nom"), "{error}");
    }
}
