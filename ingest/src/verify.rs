//! The gates a staged snapshot goes through before it is published. A tripped gate stops the run,
//! says by how much, and can be overridden by name (`--allow <gate>`).

mod orphans;

use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
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
/// Every unité légale has an établissement.
pub const SANS_ETABLISSEMENT: &str = "sans-etablissement";
/// The data is not older than what is in service.
pub const FRAICHEUR: &str = "fraicheur";
/// A table that the snapshot in service fills is not empty.
pub const TABLE_VIDE: &str = "table-vide";

/// Names of the gates, for `--help`.
pub const GATES: &[&str] = &[
    RELU,
    CLE_UNIQUE,
    ORPHELINS,
    SANS_ETABLISSEMENT,
    FRAICHEUR,
    TABLE_VIDE,
];

/// Verdicts being gathered.
struct Gates<'a> {
    allowed: &'a [String],
    gates: Vec<Gate>,
}

impl Gates<'_> {
    fn passed(&mut self, name: &str, detail: String) {
        self.gates.push(Gate {
            name: name.to_owned(),
            verdict: Verdict::Passed,
            detail,
        });
    }

    fn reported(&mut self, name: &str, detail: String) {
        tracing::warn!(gate = name, "{name}: {detail}");
        self.gates.push(Gate {
            name: name.to_owned(),
            verdict: Verdict::Reported,
            detail,
        });
    }

    fn tripped(&mut self, name: &str, detail: String) -> Result<(), IngestError> {
        if self.allowed.iter().any(|allowed| allowed == name) {
            tracing::warn!(
                gate = name,
                "{name}: {detail}; let through by --allow {name}"
            );
            self.gates.push(Gate {
                name: name.to_owned(),
                verdict: Verdict::Overridden,
                detail,
            });
            return Ok(());
        }
        Err(IngestError::Gate {
            gate: name.to_owned(),
            detail: format!(
                "{detail}. The snapshot in service is unchanged; to publish all the same: --allow {name}"
            ),
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
    let mut gates = Gates {
        allowed,
        gates: Vec::new(),
    };
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
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| IngestError::File {
        path,
        detail: error.to_string(),
    })
}

fn reread(
    folder: &Path,
    tables: &[WrittenTable],
    gates: &mut Gates<'_>,
) -> Result<(), IngestError> {
    for table in tables {
        let rows = open(folder, &table.file.name)?
            .metadata()
            .file_metadata()
            .num_rows();
        if u64::try_from(rows).ok() != Some(table.file.rows) {
            gates.tripped(
                RELU,
                format!(
                    "{}: {rows} rows in the file, {} written",
                    table.file.name, table.file.rows
                ),
            )?;
        }
    }
    let rows: Vec<String> = tables
        .iter()
        .map(|table| format!("{} {}", table.file.rows, table.file.name))
        .collect();
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

/// Reported, never refused: INSEE's own files hold a few, taken at different hours of one night.
fn orphans(folder: &Path, context: &Context, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let found = orphans::find(folder, context)?;
    let verdicts = [
        (
            ORPHELINS,
            &found.etablissements,
            "établissements have no unité légale",
            "établissement has its unité légale",
        ),
        (
            SANS_ETABLISSEMENT,
            &found.unites_legales,
            "unités légales have no établissement",
            "unité légale has an établissement",
        ),
    ];
    for (name, found, lacking, complete) in verdicts {
        if found.count == 0 {
            gates.passed(name, format!("each {complete}, {} in all", found.rows));
        } else {
            let from = found.first.join(", ");
            gates.reported(
                name,
                format!(
                    "{} of {} {lacking}, from SIREN {from}",
                    found.count, found.rows
                ),
            );
        }
    }
    Ok(())
}

fn fresh(
    as_of: &BTreeMap<String, NaiveDate>,
    in_service: Option<&Manifest>,
    gates: &mut Gates<'_>,
) -> Result<(), IngestError> {
    let dates: Vec<String> = as_of
        .iter()
        .map(|(register, date)| format!("{register} {date}"))
        .collect();
    for (register, date) in as_of {
        let served = in_service.and_then(|manifest| manifest.as_of.get(register));
        if let Some(served) = served.filter(|served| *served > date) {
            gates.tripped(
                FRAICHEUR,
                format!("{register}: data of {date}, older than {served} in service"),
            )?;
        }
    }
    gates.passed(FRAICHEUR, dates.join(", "));
    Ok(())
}

fn not_emptied(
    tables: &[WrittenTable],
    in_service: Option<&Manifest>,
    gates: &mut Gates<'_>,
) -> Result<(), IngestError> {
    for table in tables.iter().filter(|table| table.file.rows == 0) {
        let served = in_service
            .and_then(|manifest| manifest.table(&table.file.name))
            .map_or(0, |table| table.rows);
        if served > 0 {
            gates.tripped(
                TABLE_VIDE,
                format!("{}: no row, {served} in service", table.file.name),
            )?;
        } else {
            gates.reported(TABLE_VIDE, format!("{}: no row", table.file.name));
        }
    }
    Ok(())
}
