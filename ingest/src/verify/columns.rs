//! Gates on the columns of each table, compared with those in service.

use registre_schemas::manifest::TableFile;

use super::footer::Footer;
use super::{FEW, Gates, SCHEMA, Staged, VALEURS_ABSENTES};
use crate::error::IngestError;

/// By how many hundredths of the rows a column may be emptier than in service. Real changes are
/// slower: INSEE emptied `caractereEmployeur` over years, and adds columns full.
const EMPTIER_AT_MOST: u64 = 10;
/// Below this many rows, shares of nulls vary by chance: only a column that lost every value counts.
const MANY: u64 = 10_000;
/// Columns named in a message.
const NAMED: usize = 5;

/// A staged table beside the same one in service.
struct Pair<'a> {
    file: &'a TableFile,
    new: Footer,
    served: &'a TableFile,
    old: Footer,
}

/// The tables that are not the very file in service.
fn pairs(staged: Staged<'_>) -> impl Iterator<Item = Result<Pair<'_>, IngestError>> {
    staged.tables.iter().filter_map(move |table| {
        let file = &table.file;
        let served = staged.in_service?.table(&file.name)?;
        let changed = served.sha256 != file.sha256 && served.rows > 0 && file.rows > 0;
        // A damaged or missing file in service must not stop the run that replaces it.
        let old = Footer::read(&staged.served_folder.join(&served.file)).ok();
        let old = old.filter(|_| changed)?;
        let new = Footer::read(&staged.folder.join(&file.file));
        Some(new.map(|new| Pair {
            file,
            new,
            served,
            old,
        }))
    })
}

/// A column that is gone, or of another type, breaks those who ask for it by name. One that is new
/// breaks nobody, nor does one that no version of this program knew: it is reported.
pub(super) fn same_schema(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for pair in pairs(staged) {
        let pair = pair?;
        if pair.file.schema_fingerprint == pair.served.schema_fingerprint {
            continue;
        }
        let (new, old) = (pair.new.columns(), pair.old.columns());
        let (mut lost, mut reported) = (Vec::new(), Vec::new());
        let known = registre_schemas::table(&pair.file.name);
        for (name, kind) in &old {
            match new.get(name) {
                None if known.is_some_and(|table| table.column(name).is_none()) => {
                    reported.push(format!("{name} is gone"));
                }
                None => lost.push(format!("{name} is gone")),
                Some(now) if now != kind => lost.push(format!("{name} was {kind}, is {now}")),
                Some(_same) => {}
            }
        }
        let added = new.keys().filter(|name| !old.contains_key(*name));
        reported.extend(added.map(|name| format!("{name} is new")));
        let name = &pair.file.name;
        if !lost.is_empty() {
            gates.tripped(SCHEMA, format!("{name}: {}", named(&lost)))?;
        }
        if !reported.is_empty() {
            gates.reported(SCHEMA, format!("{name}: {}", named(&reported)));
        }
    }
    gates.passed(
        SCHEMA,
        "no column is lost, new or of another type".to_owned(),
    );
    Ok(())
}

/// Of a column that was filled and is not any more: what a publisher's accident looks like.
pub(super) fn values_present(staged: Staged<'_>, gates: &mut Gates<'_>) -> Result<(), IngestError> {
    for pair in pairs(staged) {
        let pair = pair?;
        let (new, old) = (pair.new.nulls(), pair.old.nulls());
        let mut emptier = Vec::new();
        for (name, before) in &old {
            let Some(after) = new.get(name).filter(|_| pair.served.rows > FEW) else {
                continue;
            };
            let held = pair.served.rows.saturating_sub(*before);
            let (before, after) = (
                share(*before, pair.served.rows),
                share(*after, pair.file.rows),
            );
            // In thousandths: a column of few values that loses them all counts too.
            let emptied = after == 1000 && before < 1000 && held > FEW;
            let compared = pair.served.rows.min(pair.file.rows) >= MANY;
            if emptied || (compared && after > before + EMPTIER_AT_MOST * 10) {
                let (before, after) = (thousandths(before), thousandths(after));
                emptier.push(format!(
                    "{name} null in {after} of rows, {before} in service"
                ));
            }
        }
        if !emptier.is_empty() {
            let detail = format!("{}: {}", pair.file.name, named(&emptier));
            gates.tripped(VALEURS_ABSENTES, detail)?;
        }
    }
    gates.passed(
        VALEURS_ABSENTES,
        format!("no column emptier by more than {EMPTIER_AT_MOST} % of its rows"),
    );
    Ok(())
}

fn share(part: u64, whole: u64) -> u64 {
    part * 1000 / whole.max(1)
}

fn thousandths(share: u64) -> String {
    format!("{}.{} %", share / 10, share % 10)
}

fn named(all: &[String]) -> String {
    let first = all[..all.len().min(NAMED)].join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => first,
        others => format!("{first} and {others} others"),
    }
}
