//! The gates a staged snapshot goes through before it is published. A tripped gate stops the run,
//! says by how much, and can be overridden by name (`--allow <gate>`).

use arrow::array::{Array, AsArray};
use chrono::NaiveDate;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use registre_schemas::manifest::{Gate, Manifest, Verdict};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::WrittenTable;

/// Every table can be reopened and holds the rows written.
pub const RELU: &str = "relecture";
/// No key is there twice.
pub const CLE_UNIQUE: &str = "cle-unique";
/// Every établissement has its unité légale.
pub const ORPHELINS: &str = "orphelins";
/// The data is not older than what is in service.
pub const FRAICHEUR: &str = "fraicheur";
/// A table that the snapshot in service fills is not empty.
pub const TABLE_VIDE: &str = "table-vide";

/// Names of the gates, for `--help`.
pub const GATES: &[&str] = &[RELU, CLE_UNIQUE, ORPHELINS, FRAICHEUR, TABLE_VIDE];

/// Orphans named in the report.
const NAMED: usize = 5;

/// Verdicts being gathered.
struct Gates<'a> {
    allowed: &'a [String],
    gates: Vec<Gate>,
}

impl Gates<'_> {
    fn passed(&mut self, name: &str, detail: String) {
        self.gates.push(Gate { name: name.to_owned(), verdict: Verdict::Passed, detail });
    }

    fn reported(&mut self, name: &str, detail: String) {
        tracing::warn!(gate = name, "{name}: {detail}");
        self.gates.push(Gate { name: name.to_owned(), verdict: Verdict::Reported, detail });
    }

    fn tripped(&mut self, name: &str, detail: String) -> Result<(), IngestError> {
        if self.allowed.iter().any(|allowed| allowed == name) {
            tracing::warn!(gate = name, "{name}: {detail}; let through by --allow {name}");
            self.gates.push(Gate { name: name.to_owned(), verdict: Verdict::Overridden, detail });
            return Ok(());
        }
        Err(IngestError::Gate {
            gate: name.to_owned(),
            detail: format!("{detail}. The snapshot in service is unchanged; to publish all the same: --allow {name}"),
        })
    }
}

/// Checks the staged tables, and their date against the snapshot in service.
pub fn verify(
    folder: &Path,
    tables: &[WrittenTable],
    as_of: &BTreeMap<String, NaiveDate>,
    in_service: Option<&Manifest>,
    allowed: &[String],
    context: &Context,
) -> Result<Vec<Gate>, IngestError> {
    let mut gates = Gates { allowed, gates: Vec::new() };
    reread(folder, tables, &mut gates)?;
    unique_keys(tables, &mut gates)?;
    orphans(folder, context, &mut gates)?;
    fresh(as_of, in_service, &mut gates)?;
    not_emptied(tables, in_service, &mut gates)?;
    Ok(gates.gates)
}

fn open(folder: &Path, table: &str) -> Result<ParquetRecordBatchReaderBuilder<File>, IngestError> {
    let path = folder.join(format!("{table}.parquet"));
    let file = File::open(&path).map_err(IngestError::io("open", &path))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| IngestError::File { path, detail: error.to_string() })
}

fn reread(folder: &Path, tables: &[WrittenTable], gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for table in tables {
        let rows = open(folder, &table.file.name)?.metadata().file_metadata().num_rows();
        if u64::try_from(rows).ok() != Some(table.file.rows) {
            gates.tripped(RELU, format!("{}: {rows} rows in the file, {} written", table.file.name, table.file.rows))?;
        }
    }
    let rows: Vec<String> = tables.iter().map(|table| format!("{} {}", table.file.rows, table.file.name)).collect();
    gates.passed(RELU, format!("rows: {}", rows.join(", ")));
    Ok(())
}

fn unique_keys(tables: &[WrittenTable], gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let mut clean = true;
    for table in tables.iter().filter(|table| table.duplicates > 0) {
        let detail = format!(
            "{}: {} rows repeat a key, the first being {}",
            table.file.name,
            table.duplicates,
            table.first_duplicate.as_deref().unwrap_or_default()
        );
        clean = false;
        if registre_schemas::table(&table.file.name).is_some_and(|table| table.unique) {
            gates.tripped(CLE_UNIQUE, detail)?;
        } else {
            gates.reported(CLE_UNIQUE, detail);
        }
    }
    if clean {
        gates.passed(CLE_UNIQUE, "no key is there twice".to_owned());
    }
    Ok(())
}

/// The `siren` column of a table, streamed in key order.
struct Sirens {
    reader: ParquetRecordBatchReader,
    batch: Option<arrow::array::StringArray>,
    position: usize,
}

impl Sirens {
    fn open(folder: &Path, table: &str) -> Result<Self, IngestError> {
        let builder = open(folder, table)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["siren"]);
        let reader = builder
            .with_projection(mask)
            .build()
            .map_err(|error| IngestError::Write { table: table.to_owned(), detail: error.to_string() })?;
        Ok(Self { reader, batch: None, position: 0 })
    }

    /// The next value, or `None` at the end.
    fn next(&mut self) -> Result<Option<&str>, IngestError> {
        while self.batch.as_ref().is_none_or(|batch| self.position >= batch.len()) {
            let Some(batch) = self.reader.next() else { return Ok(None) };
            let batch = batch.map_err(|error| IngestError::Write { table: "orphans".to_owned(), detail: error.to_string() })?;
            self.batch = Some(batch.column(0).as_string::<i32>().clone());
            self.position = 0;
        }
        self.position += 1;
        Ok(self.batch.as_ref().map(|batch| batch.value(self.position - 1)))
    }
}

/// Both tables are sorted by SIREN: one pass over two columns.
fn orphans(folder: &Path, context: &Context, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let mut units = Sirens::open(folder, "unite_legale")?;
    let mut establishments = Sirens::open(folder, "etablissement")?;
    let mut unit = units.next()?.map(str::to_owned);
    let mut orphans: u64 = 0;
    let mut named: Vec<String> = Vec::new();
    let mut seen: u64 = 0;
    while let Some(siren) = establishments.next()? {
        seen += 1;
        if seen.is_multiple_of(1 << 16) {
            context.cancel.check()?;
        }
        while unit.as_deref().is_some_and(|unit| unit < siren) {
            unit = units.next()?.map(str::to_owned);
        }
        if unit.as_deref() != Some(siren) {
            orphans += 1;
            if named.len() < NAMED && named.last().is_none_or(|last| last != siren) {
                named.push(siren.to_owned());
            }
        }
    }
    if orphans == 0 {
        gates.passed(ORPHELINS, format!("each of {seen} établissements has its unité légale"));
    } else {
        gates.reported(ORPHELINS, format!("{orphans} of {seen} établissements have no unité légale, from SIREN {}", named.join(", ")));
    }
    Ok(())
}

fn fresh(as_of: &BTreeMap<String, NaiveDate>, in_service: Option<&Manifest>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let dates: Vec<String> = as_of.iter().map(|(register, date)| format!("{register} {date}")).collect();
    for (register, date) in as_of {
        let served = in_service.and_then(|manifest| manifest.as_of.get(register));
        if let Some(served) = served.filter(|served| *served > date) {
            gates.tripped(FRAICHEUR, format!("{register}: data of {date}, older than {served} in service"))?;
        }
    }
    gates.passed(FRAICHEUR, dates.join(", "));
    Ok(())
}

fn not_emptied(tables: &[WrittenTable], in_service: Option<&Manifest>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for table in tables.iter().filter(|table| table.file.rows == 0) {
        let served = in_service.and_then(|manifest| manifest.table(&table.file.name)).map_or(0, |table| table.rows);
        if served > 0 {
            gates.tripped(TABLE_VIDE, format!("{}: no row, {served} in service", table.file.name))?;
        } else {
            gates.reported(TABLE_VIDE, format!("{}: no row", table.file.name));
        }
    }
    Ok(())
}
