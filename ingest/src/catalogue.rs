//! `data/sources.toml`: which open data, where, how often, under which licence.

use registre_schemas::Table;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::error::IngestError;

/// The catalogue shipped with the program.
pub(crate) const SOURCES: &str = include_str!("../../data/sources.toml");

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
    /// Resource id of the same data in Parquet, when the publisher offers it.
    pub parquet: Option<String>,
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
    parquet: Option<String>,
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
    fn a_misspelt_setting_is_refused_by_name() {
        let error = parse("[dataset]\n[[source]]\nnom = \"x\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("nom"), "{error}");
    }
}
