//! The position of each établissement, joined to its row by SIRET while the table is written: both
//! come in that order, so one pass over each is enough ([`stream`]).
//!
//! A unit in partial diffusion has no position, whatever the file says: its address is masked, and a
//! point would give it back.

pub mod stream;

use arrow::array::{Array, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::interleave;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use registre_schemas::column::Presence;
use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::etablissement::{ETABLISSEMENT, GEOLOCALISATION};
use std::cmp::Ordering;
use std::fs::File;
use std::path::Path;

use crate::error::IngestError;
use crate::snapshot::Join;

pub use stream::{Outcome, Stream};

fn failed(error: impl std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: ETABLISSEMENT.name.to_owned(),
        detail: format!("positions: {error}"),
    }
}

/// The place of a row without position: the null that comes before the batches read.
const NOWHERE: (usize, usize) = (0, 0);

/// Joins the positions of a staged table, sorted by SIRET.
pub fn join(path: &Path) -> Result<Join, IngestError> {
    let file = File::open(path).map_err(IngestError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
    let mut reader = builder.build().map_err(failed)?;
    Ok(join_batches(move || {
        reader.next().transpose().map_err(failed)
    }))
}

/// Joins positions that come in order of SIRET, a batch each time `next` is called.
pub fn join_batches(
    next: impl FnMut() -> Result<Option<RecordBatch>, IngestError> + 'static,
) -> Join {
    let mut positions = Positions {
        read: Box::new(next),
        batch: RecordBatch::new_empty(GEOLOCALISATION.schema(&[])),
        next: 0,
    };
    Box::new(move |batch| positions.fill(&batch))
}

/// Positions, read once from the first to the last.
struct Positions {
    read: Box<dyn FnMut() -> Result<Option<RecordBatch>, IngestError>>,
    /// Rows read and not passed yet, from `next` on.
    batch: RecordBatch,
    next: usize,
}

impl Positions {
    /// Passes over the positions before `siret`; whether the next one is its own.
    fn is_at(&mut self, siret: &str, read: &mut Vec<RecordBatch>) -> Result<bool, IngestError> {
        loop {
            let sirets = self.batch.column(0).as_string::<i32>();
            while self.next < sirets.len() {
                match sirets.value(self.next).cmp(siret) {
                    Ordering::Less => self.next += 1,
                    Ordering::Equal => return Ok(true),
                    Ordering::Greater => return Ok(false),
                }
            }
            let Some(batch) = (self.read)()? else {
                return Ok(false);
            };
            self.batch = batch;
            self.next = 0;
            read.push(self.batch.clone());
        }
    }

    fn fill(&mut self, batch: &RecordBatch) -> Result<RecordBatch, IngestError> {
        let sirets = text(batch, "siret")?;
        let statuts = text(batch, "statutDiffusionEtablissement")?;
        let mut read = vec![self.batch.clone()];
        // Where each row's position is: in which of the batches read, counted from 1, at which row.
        let mut places = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let found = self.is_at(sirets.value(row), &mut read)?;
            let public = !statuts.is_null(row)
                && StatutDiffusion::from_code(statuts.value(row)) == StatutDiffusion::Diffusible;
            places.push(if found && public {
                (read.len(), self.next)
            } else {
                NOWHERE
            });
        }
        if places.iter().all(|place| *place == NOWHERE) {
            return Ok(batch.clone());
        }
        with_positions(batch, &read, &places).map_err(failed)
    }
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray, IngestError> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or_else(|| failed(format!("no column {name}")))
}

fn with_positions(
    batch: &RecordBatch,
    read: &[RecordBatch],
    places: &[(usize, usize)],
) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let mut columns = batch.columns().to_vec();
    for column in GEOLOCALISATION.columns {
        let places_of = (
            ETABLISSEMENT.index_of(column.name),
            GEOLOCALISATION.index_of(column.name),
        );
        if let (Some(target), Some(source)) = places_of
            && column.name != "siret"
        {
            let nothing = new_null_array(columns[target].data_type(), 1);
            let mut values: Vec<&dyn Array> = vec![nothing.as_ref()];
            values.extend(read.iter().map(|read| read.column(source).as_ref()));
            columns[target] = interleave(&values, places)?;
        }
    }
    RecordBatch::try_new(schema, columns)
}

/// What says where an établissement is. INSEE's own coordinates follow from these.
const ADDRESS: [&str; 16] = [
    "complementAdresseEtablissement",
    "numeroVoieEtablissement",
    "indiceRepetitionEtablissement",
    "dernierNumeroVoieEtablissement",
    "indiceRepetitionDernierNumeroVoieEtablissement",
    "typeVoieEtablissement",
    "libelleVoieEtablissement",
    "codePostalEtablissement",
    "libelleCommuneEtablissement",
    "libelleCommuneEtrangerEtablissement",
    "distributionSpecialeEtablissement",
    "codeCommuneEtablissement",
    "codeCedexEtablissement",
    "libelleCedexEtablissement",
    "codePaysEtrangerEtablissement",
    "libellePaysEtrangerEtablissement",
];

/// Positions of updated rows: that of the row replaced, while it is public and its address the same;
/// else none, until the next file of positions.
pub fn carry(
    old: &RecordBatch,
    new: &RecordBatch,
    replaces: &[Option<usize>],
) -> Result<RecordBatch, ArrowError> {
    let columns = |batch: &RecordBatch, name: &str| -> Result<StringArray, ArrowError> {
        let position = batch.schema_ref().index_of(name)?;
        Ok(batch.column(position).as_string::<i32>().clone())
    };
    let statuts = columns(new, "statutDiffusionEtablissement")?;
    let mut addresses = Vec::new();
    for name in ADDRESS {
        addresses.push((columns(old, name)?, columns(new, name)?));
    }
    let value = |column: &StringArray, row: usize| {
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let places: Vec<(usize, usize)> = replaces
        .iter()
        .enumerate()
        .map(|(row, replaced)| match *replaced {
            Some(replaced)
                if value(&statuts, row).as_deref() == Some("O")
                    && addresses
                        .iter()
                        .all(|(old, new)| value(old, replaced) == value(new, row)) =>
            {
                (1, replaced)
            }
            _ => NOWHERE,
        })
        .collect();
    let mut columns = new.columns().to_vec();
    let derived = ETABLISSEMENT.columns.iter();
    for column in derived.filter(|column| column.presence == Presence::Derived) {
        let position = new.schema_ref().index_of(column.name)?;
        let nothing = new_null_array(columns[position].data_type(), 1);
        columns[position] = interleave(&[nothing.as_ref(), old.column(position)], &places)?;
    }
    RecordBatch::try_new(new.schema(), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Context;
    use crate::snapshot::TableWriter;
    use arrow::array::{ArrayRef, Float64Array};
    use arrow::datatypes::Float64Type;
    use registre_schemas::Table;
    use std::sync::Arc;

    /// Rows of a table with a SIRET, a statut when it has one, and nulls elsewhere.
    fn rows(table: &Table, rows: &[(u32, &str)]) -> RecordBatch {
        let schema = table.schema(&[]);
        let columns = table.columns.iter().map(|column| -> ArrayRef {
            let text = |value: &dyn Fn(&(u32, &str)) -> String| -> ArrayRef {
                Arc::new(rows.iter().map(value).map(Some).collect::<StringArray>())
            };
            match column.name {
                "siren" => text(&|row| format!("{:014}", row.0)[..9].to_owned()),
                "nic" => text(&|row| format!("{:014}", row.0)[9..].to_owned()),
                "siret" => text(&|row| format!("{:014}", row.0)),
                "statutDiffusionEtablissement" => text(&|row| row.1.to_owned()),
                "x_longitude" if table.name == GEOLOCALISATION.name => Arc::new(
                    rows.iter()
                        .map(|row| Some(f64::from(row.0)))
                        .collect::<Float64Array>(),
                ),
                _ => new_null_array(&column.kind.data_type(), rows.len()),
            }
        });
        RecordBatch::try_new(schema, columns.collect()).unwrap()
    }

    #[test]
    fn each_public_row_gets_its_own_position_and_a_hidden_one_none() {
        let folder = tempfile::tempdir().unwrap();
        let table = &GEOLOCALISATION;
        let mut writer = TableWriter::create(folder.path(), table, table.schema(&[])).unwrap();
        // More than a batch of the reader; even numbers only.
        let placed: Vec<(u32, &str)> = (0..5000).map(|n| (n * 2, "")).collect();
        writer.write(rows(table, &placed)).unwrap();
        writer.finish(&Context::silent()).unwrap();
        let mut join = join(&folder.path().join("geolocalisation.parquet")).unwrap();
        let mut expected = Vec::new();
        let mut joined = Vec::new();
        for first in [0, 3000, 6000, 12_000] {
            let batch: Vec<(u32, &str)> = (first..first + 3000)
                .map(|n| (n, if n % 10 == 4 { "P" } else { "O" }))
                .collect();
            expected.extend(batch.iter().map(|(n, statut)| {
                (n % 2 == 0 && *n < 10_000 && *statut == "O").then(|| f64::from(*n))
            }));
            let batch = join(rows(&ETABLISSEMENT, &batch)).unwrap();
            let longitudes = batch.column_by_name("x_longitude").unwrap();
            joined.extend(longitudes.as_primitive::<Float64Type>());
        }
        assert_eq!(joined, expected);
    }
}
