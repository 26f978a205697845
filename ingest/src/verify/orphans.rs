//! Établissements without unité légale, and the reverse. Both tables are sorted by SIREN: one pass
//! over two columns.

use arrow::array::{Array, AsArray, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::cmp::Ordering;
use std::path::Path;

use super::open;
use crate::error::IngestError;
use crate::progress::Context;

/// SIREN named in the report.
const NAMED: usize = 5;

/// Rows of one table that the other does not know.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// Rows of the table.
    pub(super) rows: u64,
    /// Those without their counterpart.
    pub(super) count: u64,
    /// SIREN of the first of them.
    pub(super) first: Vec<String>,
}

impl Orphans {
    fn add(&mut self, group: &Group) {
        self.count += group.rows;
        if self.first.len() < NAMED {
            self.first.push(group.siren.clone());
        }
    }
}

/// What the two tables lack of each other.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) etablissements: Orphans,
    pub(super) unites_legales: Orphans,
}

/// Merges the `siren` columns of the two staged tables.
pub(super) fn find(folder: &Path, context: &Context) -> Result<Found, IngestError> {
    let mut units = Sirens::open(folder, "unite_legale")?;
    let mut establishments = Sirens::open(folder, "etablissement")?;
    let mut found = Found::default();
    let (mut unit, mut establishment) = (units.next()?, establishments.next()?);
    let mut groups: u64 = 0;
    loop {
        groups += 1;
        if groups.is_multiple_of(1 << 16) {
            context.cancel.check()?;
        }
        let order = match (&unit, &establishment) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(unit), Some(establishment)) => unit.siren.cmp(&establishment.siren),
        };
        if order != Ordering::Greater
            && let Some(group) = &unit
        {
            found.unites_legales.rows += group.rows;
            if order == Ordering::Less {
                found.unites_legales.add(group);
            }
            unit = units.next()?;
        }
        if order != Ordering::Less
            && let Some(group) = &establishment
        {
            found.etablissements.rows += group.rows;
            if order == Ordering::Greater {
                found.etablissements.add(group);
            }
            establishment = establishments.next()?;
        }
    }
    Ok(found)
}

/// Rows of one SIREN.
#[derive(Debug)]
struct Group {
    siren: String,
    rows: u64,
}

/// The `siren` column of a table, streamed in key order, one group per SIREN.
struct Sirens {
    reader: ParquetRecordBatchReader,
    batch: StringArray,
    position: usize,
}

impl Sirens {
    fn open(folder: &Path, table: &str) -> Result<Self, IngestError> {
        let builder = open(folder, table)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["siren"]);
        let reader = builder
            .with_projection(mask)
            .build()
            .map_err(|error| IngestError::Write {
                table: table.to_owned(),
                detail: error.to_string(),
            })?;
        Ok(Self {
            reader,
            batch: StringArray::new_null(0),
            position: 0,
        })
    }

    /// False at the end of the table.
    fn fill(&mut self) -> Result<bool, IngestError> {
        while self.position >= self.batch.len() {
            let Some(batch) = self.reader.next() else {
                return Ok(false);
            };
            let batch = batch.map_err(|error| IngestError::Write {
                table: "siren column".to_owned(),
                detail: error.to_string(),
            })?;
            self.batch = batch.column(0).as_string::<i32>().clone();
            self.position = 0;
        }
        Ok(true)
    }

    fn next(&mut self) -> Result<Option<Group>, IngestError> {
        if !self.fill()? {
            return Ok(None);
        }
        let siren = self.batch.value(self.position).to_owned();
        let mut rows = 0;
        while self.fill()? && self.batch.value(self.position) == siren {
            rows += 1;
            self.position += 1;
        }
        Ok(Some(Group { siren, rows }))
    }
}
