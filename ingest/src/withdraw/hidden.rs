//! Who is public in an older snapshot, and hidden in a newer one.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use registre_schemas::Table;
use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::manifest::Manifest;
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use crate::error::IngestError;
use crate::progress::Context;

/// How much of a row INSEE masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hiding {
    /// All that names or locates.
    PersonnePhysique,
    /// The address, and not the names.
    PersonneMorale,
}

/// Those hidden since.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    units: HashMap<String, Hiding>,
    /// Of units that are public, or hidden already.
    etablissements: HashSet<String>,
}

impl Hidden {
    /// Compares two snapshots, each a folder and its manifest.
    pub(super) fn find(
        old: (&Path, &Manifest),
        new: (&Path, &Manifest),
        context: &Context,
    ) -> Result<Self, IngestError> {
        let mut hidden = Self::default();
        let same = |table: &Table| {
            let sha256 = |manifest: &Manifest| Some(manifest.table(table.name)?.sha256.clone());
            sha256(old.1).is_none() || sha256(old.1) == sha256(new.1)
        };
        if !same(&UNITE_LEGALE) {
            let columns = [
                "siren",
                "statutDiffusionUniteLegale",
                "categorieJuridiqueUniteLegale",
            ];
            newly_hidden(
                old.0,
                new.0,
                &UNITE_LEGALE,
                &columns,
                context,
                |siren, categorie| {
                    // 1000, entrepreneur individuel; one that is not told is hidden whole.
                    let hiding = match categorie {
                        None | Some("1000" | "[ND]") => Hiding::PersonnePhysique,
                        Some(_) => Hiding::PersonneMorale,
                    };
                    hidden.units.insert(siren.to_owned(), hiding);
                },
            )?;
        }
        if !same(&ETABLISSEMENT) {
            let columns = ["siret", "statutDiffusionEtablissement"];
            newly_hidden(
                old.0,
                new.0,
                &ETABLISSEMENT,
                &columns,
                context,
                |siret, _| {
                    if siret
                        .get(..9)
                        .is_none_or(|siren| !hidden.units.contains_key(siren))
                    {
                        hidden.etablissements.insert(siret.to_owned());
                    }
                },
            )?;
        }
        Ok(hidden)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty() && self.etablissements.is_empty()
    }

    pub(super) fn unites_legales(&self) -> usize {
        self.units.len()
    }

    pub(super) fn etablissements(&self) -> usize {
        self.etablissements.len()
    }

    /// How a row of that SIREN, and of that SIRET when it has one, is hidden. An établissement hidden
    /// alone is hidden whole: whose it is, is not known here.
    pub(super) fn of(&self, siren: &str, siret: Option<&str>) -> Option<Hiding> {
        let alone = siret.is_some_and(|siret| self.etablissements.contains(siret));
        let unit = self.units.get(siren).copied();
        unit.or(alone.then_some(Hiding::PersonnePhysique))
    }
}

/// Merges two versions of a table by key: gives each key that is diffusible in the first and not in
/// the second, with the third column of the second.
fn newly_hidden(
    old: &Path,
    new: &Path,
    table: &Table,
    columns: &[&str],
    context: &Context,
    mut found: impl FnMut(&str, Option<&str>),
) -> Result<(), IngestError> {
    let mut old = Keys::open(old, table, columns)?;
    let mut new = Keys::open(new, table, columns)?;
    let mut steps: u64 = 0;
    while old.fill()? && new.fill()? {
        steps += 1;
        if steps.is_multiple_of(1 << 20) {
            context.cancel.check()?;
        }
        match old.text(0).cmp(&new.text(0)) {
            Ordering::Less => old.row += 1,
            Ordering::Greater => new.row += 1,
            Ordering::Equal => {
                if old.is_public() && !new.is_public() {
                    found(new.text(0).unwrap_or_default(), new.text(2));
                }
                old.row += 1;
                new.row += 1;
            }
        }
    }
    Ok(())
}

/// A few columns of a table, streamed in key order: the key, the statut, perhaps a third.
struct Keys {
    reader: ParquetRecordBatchReader,
    columns: Vec<String>,
    batch: Vec<StringArray>,
    row: usize,
    path: std::path::PathBuf,
}

impl Keys {
    fn open(folder: &Path, table: &Table, columns: &[&str]) -> Result<Self, IngestError> {
        let path = folder.join(format!("{}.parquet", table.name));
        let file = File::open(&path).map_err(IngestError::io("open", &path))?;
        let unreadable = |error: parquet::errors::ParquetError| IngestError::File {
            path: path.clone(),
            detail: error.to_string(),
        };
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        Ok(Self {
            reader: builder
                .with_projection(mask)
                .with_batch_size(1 << 14)
                .build()
                .map_err(unreadable)?,
            columns: columns.iter().map(ToString::to_string).collect(),
            batch: Vec::new(),
            row: 0,
            path: path.clone(),
        })
    }

    /// False at the end of the table.
    fn fill(&mut self) -> Result<bool, IngestError> {
        while self.batch.first().is_none_or(|keys| self.row >= keys.len()) {
            let Some(batch) = self.reader.next() else {
                return Ok(false);
            };
            let batch: RecordBatch = batch.map_err(|error| IngestError::File {
                path: self.path.clone(),
                detail: error.to_string(),
            })?;
            // By name: the file has its own order.
            let texts = self.columns.iter().filter_map(|name| {
                let column = batch.column_by_name(name)?;
                column.as_string_opt::<i32>().cloned()
            });
            self.batch = texts.collect();
            self.row = 0;
        }
        Ok(true)
    }

    fn text(&self, column: usize) -> Option<&str> {
        let column = self.batch.get(column)?;
        (!column.is_null(self.row)).then(|| column.value(self.row))
    }

    fn is_public(&self) -> bool {
        let statut = self.text(1).map(StatutDiffusion::from_code);
        statut == Some(StatutDiffusion::Diffusible)
    }
}
