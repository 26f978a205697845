//! The gates a staged snapshot goes through before it is published. A tripped gate stops the run,
//! says by how much, and can be overridden by name (`--allow <gate>`).

mod columns;
mod footer;
mod orphans;

use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use registre_schemas::manifest::{Gate, Manifest, SourceFile, Verdict};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use crate::decode::rejects::UNREADABLE;
use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::WrittenTable;
use footer::Footer;

/// No key is there twice.
pub const CLE_UNIQUE: &str = "cle-unique";
/// The data is not older than what is in service.
pub const FRAICHEUR: &str = "fraicheur";
/// No source that is required gives an empty table, and none empties one in service.
pub const TABLE_VIDE: &str = "table-vide";
/// No source or table lost more than a tenth of its rows.
pub const VOLUME: &str = "volume";
/// No column has more than a hundredth of its values unreadable.
pub const VALEURS_ILLISIBLES: &str = "valeurs-illisibles";
/// Every row kept of a source is in its table.
pub const COMPTES: &str = "comptes";
/// Every table is in the order of its keys.
pub const ORDRE_DES_CLES: &str = "ordre-des-cles";
/// No table lost a column, nor changed the type of one.
pub const SCHEMA: &str = "schema";
/// No column lost more than a tenth of its table's values.
pub const VALEURS_ABSENTES: &str = "valeurs-absentes";

/// The files are not those of a snapshot the operator went back from.
pub const RETOUR_ARRIERE: &str = "retour-arriere";

/// The gates that can stop a run, for `--allow` and its help.
pub const GATES: &[&str] = &[
    RETOUR_ARRIERE,
    CLE_UNIQUE,
    FRAICHEUR,
    TABLE_VIDE,
    VOLUME,
    VALEURS_ILLISIBLES,
    COMPTES,
    ORDRE_DES_CLES,
    SCHEMA,
    VALEURS_ABSENTES,
];

/// Reported only: what was reopened, and the rows without their counterpart.
const RELU: &str = "relecture";
const ORPHELINS: &str = "orphelins";
const SANS_ETABLISSEMENT: &str = "sans-etablissement";

/// Of the rows in service, how many hundredths may be missing: registers grow, and the largest
/// accident seen (`rna_import_20220401.zip`) left a quarter.
const KEPT_AT_LEAST: u64 = 90;
/// Of the rows of a source, how many hundredths may have an unreadable value in one column.
const UNREADABLE_AT_MOST: u64 = 1;
/// Below this many, a share means nothing.
const FEW: u64 = 10;

/// A snapshot about to be published.
#[derive(Debug, Clone, Copy)]
pub struct Staged<'a> {
    /// Where its tables are.
    pub folder: &'a Path,
    /// Its tables.
    pub tables: &'a [WrittenTable],
    /// The files it was made from.
    pub sources: &'a [SourceFile],
    /// Tables that a required source fills.
    pub required: &'a [&'static str],
    /// Date of each register.
    pub as_of: &'a BTreeMap<String, NaiveDate>,
    /// Those of them that the publisher announced; the others were read in the data.
    pub announced: &'a BTreeMap<String, NaiveDate>,
    /// The snapshot in service, when it comes from the same origin.
    pub in_service: Option<&'a Manifest>,
    /// Its folder.
    pub served_folder: &'a Path,
}

/// Verdicts being gathered.
struct Gates<'a> {
    allowed: &'a [String],
    gates: Vec<Gate>,
}

impl Gates<'_> {
    fn add(&mut self, name: &str, verdict: Verdict, detail: String) {
        self.gates.push(Gate {
            name: name.to_owned(),
            verdict,
            detail,
        });
    }

    /// Unless something was already found.
    fn passed(&mut self, name: &str, detail: String) {
        if !self.gates.iter().any(|gate| gate.name == name) {
            self.add(name, Verdict::Passed, detail);
        }
    }

    fn reported(&mut self, name: &str, detail: String) {
        tracing::warn!(gate = name, "{name}: {detail}");
        self.add(name, Verdict::Reported, detail);
    }

    fn tripped(&mut self, name: &str, detail: String) -> Result<(), IngestError> {
        if self.allowed.iter().any(|allowed| allowed == name) {
            tracing::warn!(
                gate = name,
                "{name}: {detail}; let through by --allow {name}"
            );
            self.add(name, Verdict::Overridden, detail);
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

/// Passes the staged snapshot through every gate.
pub fn verify(
    staged: Staged<'_>,
    allowed: &[String],
    context: &Context,
) -> Result<Vec<Gate>, IngestError> {
    let mut gates = Gates {
        allowed,
        gates: Vec::new(),
    };
    reread(staged, &mut gates)?;
    counted(staged, &mut gates)?;
    ordered(staged, &mut gates)?;
    unique_keys(staged, &mut gates)?;
    orphans(staged.folder, context, &mut gates)?;
    fresh(staged, &mut gates)?;
    not_empty(staged, &mut gates)?;
    not_shrunk(staged, &mut gates)?;
    readable(staged, &mut gates)?;
    columns::same_schema(staged, &mut gates)?;
    columns::values_present(staged, &mut gates)?;
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

/// Never overridden: a table that does not hold what was written is of no use.
fn reread(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let mut rows = Vec::new();
    for WrittenTable { file, .. } in staged.tables {
        let found = open(staged.folder, &file.name)?
            .metadata()
            .file_metadata()
            .num_rows();
        if u64::try_from(found).ok() != Some(file.rows) {
            let detail = format!("{found} rows in the file, {} written", file.rows);
            return Err(IngestError::Write {
                table: file.name.clone(),
                detail,
            });
        }
        rows.push(format!("{} {}", file.rows, file.name));
    }
    gates.passed(RELU, format!("rows: {}", rows.join(", ")));
    Ok(())
}

/// The rows of a table are those kept of its files: no more but those updates added, and no fewer
/// but those of an association that another row of the RNA supersedes.
fn counted(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for table in staged.tables {
        let files = staged.sources.iter();
        let kept: Vec<u64> = files
            .filter(|source| source.table == table.file.name)
            .map(|source| source.report.rows_kept)
            .collect();
        let expected = kept.iter().sum::<u64>() - table.superseded;
        let expected = expected.saturating_add_signed(table.updated);
        if !kept.is_empty() && table.file.rows != expected {
            let detail = format!(
                "{}: {} rows, {expected} expected from its files",
                table.file.name, table.file.rows
            );
            gates.tripped(COMPTES, detail)?;
        }
    }
    let sums = |count: fn(&SourceFile) -> u64| staged.sources.iter().map(count).sum::<u64>();
    let (read, kept) = (
        sums(|source| source.report.rows_read),
        sums(|source| source.report.rows_kept),
    );
    let refused = read - kept;
    let superseded: u64 = staged.tables.iter().map(|table| table.superseded).sum();
    gates.passed(
        COMPTES,
        format!(
            "{read} rows read, {refused} refused, {superseded} superseded, all others published"
        ),
    );
    Ok(())
}

/// Read back from the files, not remembered from the writing.
fn ordered(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for WrittenTable { file, .. } in staged.tables {
        let Some(key) = registre_schemas::table(&file.name).and_then(|table| table.key.first())
        else {
            continue;
        };
        let footer = Footer::read(&staged.folder.join(&file.file))?;
        if let Some((end, begins)) = footer.out_of_order(key) {
            let detail = format!("{}: {key} {begins} comes after {end}", file.name);
            gates.tripped(ORDRE_DES_CLES, detail)?;
        }
    }
    let sorted: Vec<&str> = staged
        .tables
        .iter()
        .filter(|table| table.sorted_here)
        .map(|table| table.file.name.as_str())
        .collect();
    gates.passed(
        ORDRE_DES_CLES,
        if sorted.is_empty() {
            "every table came in the order of its keys".to_owned()
        } else {
            format!("in order; sorted here: {}", sorted.join(", "))
        },
    );
    Ok(())
}

fn unique_keys(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for table in staged.tables.iter().filter(|table| table.duplicates > 0) {
        let detail = format!(
            "{}: {} rows repeat a key, the first being {}",
            table.file.name,
            table.duplicates,
            table.first_duplicate.as_deref().unwrap_or_default()
        );
        if registre_schemas::table(&table.file.name).is_some_and(|table| table.unique) {
            gates.tripped(CLE_UNIQUE, detail)?;
        } else {
            gates.reported(CLE_UNIQUE, detail);
        }
    }
    gates.passed(CLE_UNIQUE, "no key is there twice".to_owned());
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

/// A date announced by the publisher and one read in the data, always a little older, are not
/// compared.
fn fresh(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let was_announced = |manifest: &Manifest| {
        manifest
            .sources
            .iter()
            .any(|source| source.resource_id.is_some())
    };
    for (register, date) in staged.as_of {
        let is_announced = staged.announced.contains_key(register);
        let served = staged
            .in_service
            .filter(|manifest| was_announced(manifest) == is_announced)
            .and_then(|manifest| manifest.as_of.get(register));
        if let Some(served) = served.filter(|served| *served > date) {
            let detail = format!("{register}: data of {date}, older than {served} in service");
            gates.tripped(FRAICHEUR, detail)?;
        }
    }
    let dates = staged
        .as_of
        .iter()
        .map(|(register, date)| format!("{register} {date}"));
    gates.passed(FRAICHEUR, dates.collect::<Vec<_>>().join(", "));
    Ok(())
}

fn not_empty(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for WrittenTable { file, .. } in staged.tables.iter().filter(|table| table.file.rows == 0) {
        let served = staged
            .in_service
            .and_then(|manifest| manifest.table(&file.name));
        let served = served.map_or(0, |table| table.rows);
        if served > 0 || staged.required.contains(&file.name.as_str()) {
            gates.tripped(
                TABLE_VIDE,
                format!("{}: no row, {served} in service", file.name),
            )?;
        } else {
            gates.reported(TABLE_VIDE, format!("{}: no row", file.name));
        }
    }
    gates.passed(TABLE_VIDE, "every table has rows".to_owned());
    Ok(())
}

/// Sources are compared too: the two files of the RNA make one table.
fn not_shrunk(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    let Some(served) = staged.in_service else {
        gates.passed(VOLUME, "nothing in service to compare with".to_owned());
        return Ok(());
    };
    let sources = staged.sources.iter().filter_map(|new| {
        let old = served.sources.iter().find(|old| old.name == new.name)?;
        Some((&new.name, new.report.rows_read, old.report.rows_read))
    });
    let tables = staged.tables.iter().filter_map(|new| {
        Some((
            &new.file.name,
            new.file.rows,
            served.table(&new.file.name)?.rows,
        ))
    });
    for (name, new, old) in sources.chain(tables) {
        if old > FEW && new * 100 < old * KEPT_AT_LEAST {
            let lost = 100 - new * 100 / old;
            let detail = format!(
                "{name}: {new} rows, {old} in service: {lost} % fewer, {} % allowed",
                100 - KEPT_AT_LEAST
            );
            gates.tripped(VOLUME, detail)?;
        }
    }
    gates.passed(
        VOLUME,
        format!(
            "no source or table lost more than {} % of its rows",
            100 - KEPT_AT_LEAST
        ),
    );
    Ok(())
}

fn readable(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for SourceFile { name, report, .. } in staged.sources {
        for (reason, count) in report
            .rejects
            .iter()
            .filter(|(reason, _)| reason.starts_with(UNREADABLE))
        {
            if *count > FEW && count * 100 > report.rows_read * UNREADABLE_AT_MOST {
                let first = report
                    .samples
                    .iter()
                    .find(|sample| sample.reason == *reason);
                let first =
                    first.map(|first| format!(", the first {} {:?}", first.place(), first.value));
                let detail = format!(
                    "{name}: {count} of {} rows, {reason}{}",
                    report.rows_read,
                    first.unwrap_or_default()
                );
                gates.tripped(VALEURS_ILLISIBLES, detail)?;
            }
        }
    }
    gates.passed(
        VALEURS_ILLISIBLES,
        format!("no column above {UNREADABLE_AT_MOST} %"),
    );
    Ok(())
}
