//! Which association is which unité légale, by either register's word: the RNA's `siret`, SIRENE's
//! `identifiantAssociationUniteLegale`.
//!
//! Both tables are read in slices, in the order of their key, and only the rows concerned are kept:
//! memory follows the number of links, not of units.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::error::ArrowError;
use polars::prelude::{
    BooleanChunked, DataFrame, DataFrameJoinOps, IdxCa, IdxSize, IntoColumn, IntoSeries, NamedFrom,
    PolarsResult, Series, SortMultipleOptions, StringChunked,
};
use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::identifiers::RnaId;
use registre_schemas::lien_siren_rna::{LIEN_SIREN_RNA, provenance};
use std::path::Path;
use std::sync::Arc;

use super::ROW_GROUPS;
use crate::error::IngestError;
use crate::progress::Context;
use crate::slices::Slices;
use crate::snapshot::{TableWriter, WrittenTable};

fn failed(error: impl std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: LIEN_SIREN_RNA.name.to_owned(),
        detail: error.to_string(),
    }
}

/// Makes the table from `unite_legale` and `association`, staged in `folder`.
pub fn link(folder: &Path, context: &Context) -> Result<WrittenTable, IngestError> {
    let task = context.progress.begin("lien_siren_rna", None);
    let associations = Slices::of_table(folder, "association", ROW_GROUPS)?;
    let units = Slices::of_table(folder, "unite_legale", ROW_GROUPS)?;
    let given = gather(&associations, &["id", "siret"], context, given_sirens)?;
    let given = given.sort(["siren"], SortMultipleOptions::default());
    let given = given.map_err(failed)?;
    let mut concerned = Sorted::new(&given, "siren").map_err(failed)?;
    let units = gather(&units, &UNIT_COLUMNS, context, |rows| {
        task.rows(rows.height() as u64);
        concerned_units(rows, &mut concerned)
    })?;
    let words = words(&units, &given).map_err(failed)?;
    drop((units, given));
    let ids = words.select(["id"]);
    let ids = ids.and_then(|ids| ids.sort(["id"], SortMultipleOptions::default()));
    let ids = ids.map_err(failed)?;
    let mut concerned = Sorted::new(&ids, "id").map_err(failed)?;
    let columns = ["id", "position", "maj_time"];
    let known = gather(&associations, &columns, context, |rows| {
        known_associations(rows, &mut concerned)
    })?;
    drop(ids);
    let links = links(words, &known).map_err(failed)?;
    let mut writer = TableWriter::create(folder, &LIEN_SIREN_RNA, LIEN_SIREN_RNA.schema(&[]))?;
    writer.write(batch(&links).map_err(failed)?)?;
    drop(links);
    let written = writer.finish(context)?;
    task.finish(&format!(
        "lien_siren_rna: {} links between SIREN and RNA",
        written.file.rows
    ));
    Ok(written)
}

/// What `keep` keeps of each slice of a table, of which it has these columns.
fn gather(
    table: &Slices,
    columns: &[&str],
    context: &Context,
    mut keep: impl FnMut(&DataFrame) -> PolarsResult<DataFrame>,
) -> Result<DataFrame, IngestError> {
    let mut kept: Option<DataFrame> = None;
    for slice in 0..table.len() {
        context.cancel.check()?;
        let rows = keep(&table.read(slice, columns)?).and_then(without_pages);
        let rows = rows.map_err(failed)?;
        match &mut kept {
            None => kept = Some(rows),
            Some(kept) => {
                kept.vstack_mut(&rows).map_err(failed)?;
            }
        }
    }
    let mut kept = kept.unwrap_or_default();
    kept.rechunk_mut();
    Ok(kept)
}

/// The same rows, copied: those polars filtered still hold every page they were read from.
fn without_pages(mut rows: DataFrame) -> PolarsResult<DataFrame> {
    let texts = rows.columns().iter().filter_map(|column| {
        let values: StringChunked = column.str().ok()?.iter().collect();
        Some(values.with_name(column.name().clone()).into_column())
    });
    for copied in texts.collect::<Vec<_>>() {
        rows.with_column(copied)?;
    }
    Ok(rows)
}

/// Sorted values, looked up in their order.
struct Sorted<'a> {
    values: &'a StringChunked,
    position: usize,
}

impl<'a> Sorted<'a> {
    fn new(frame: &'a DataFrame, column: &str) -> PolarsResult<Self> {
        let values = frame.column(column)?.str()?;
        Ok(Self {
            values,
            position: 0,
        })
    }

    /// Whether the value is one of them; those asked for come in order.
    fn has(&mut self, value: Option<&str>) -> bool {
        while self.position < self.values.len() && self.values.get(self.position) < value {
            self.position += 1;
        }
        self.position < self.values.len() && self.values.get(self.position) == value
    }
}

/// The associations that give a SIRET: `id`, `siren`.
fn given_sirens(rows: &DataFrame) -> PolarsResult<DataFrame> {
    let siren: StringChunked = rows
        .column("siret")?
        .str()?
        .iter()
        .map(|siret| siret.filter(|siret| siret.len() == 14)?.get(..9))
        .collect();
    let given = siren.is_not_null();
    let mut rows = rows.select(["id"])?;
    rows.with_column(siren.into_series().with_name("siren".into()).into_column())?;
    rows.filter(&given)
}

const STATUT: &str = "statutDiffusionUniteLegale";
const ETAT: &str = "etatAdministratifUniteLegale";
const IDENTIFIANT: &str = "identifiantAssociationUniteLegale";
const TRAITEMENT: &str = "dateDernierTraitementUniteLegale";
const UNIT_COLUMNS: [&str; 5] = ["siren", STATUT, ETAT, IDENTIFIANT, TRAITEMENT];

/// The diffusible units that give an RNA number, or are given by the RNA: `siren`, `said` (the RNA
/// number SIRENE gives), `open`, `treated`.
fn concerned_units(rows: &DataFrame, given: &mut Sorted<'_>) -> PolarsResult<DataFrame> {
    let sirens = rows.column("siren")?.str()?.iter();
    let statuts = rows.column(STATUT)?.str()?.iter();
    let said = rows.column(IDENTIFIANT)?.str()?.iter();
    let concerned: BooleanChunked = sirens
        .zip(statuts.zip(said))
        .map(|(siren, (statut, said))| {
            let named = given.has(siren) || said.is_some();
            let statut = statut.map(StatutDiffusion::from_code);
            Some(named && statut == Some(StatutDiffusion::Diffusible))
        })
        .collect();
    let mut rows = rows.filter(&concerned)?;
    let open = is_active(&rows, ETAT)?;
    rows.with_column(open.into_series().with_name("open".into()).into_column())?;
    rows.rename(IDENTIFIANT, "said".into())?;
    rows.rename(TRAITEMENT, "treated".into())?;
    rows.select(["siren", "said", "open", "treated"])
}

/// The associations that someone links: `id`, `active`, `w` (a number still in use), `maj_time`.
fn known_associations(rows: &DataFrame, linked: &mut Sorted<'_>) -> PolarsResult<DataFrame> {
    let ids = rows.column("id")?.str()?.iter();
    let concerned: BooleanChunked = ids.map(|id| Some(linked.has(id))).collect();
    let mut rows = rows.filter(&concerned)?;
    let active = is_active(&rows, "position")?;
    let ids = rows.column("id")?.str()?.iter();
    let w: BooleanChunked = ids.map(|id| id.map(|id| id.starts_with('W'))).collect();
    for (name, column) in [("active", active), ("w", w)] {
        rows.with_column(column.into_series().with_name(name.into()).into_column())?;
    }
    rows.select(["id", "active", "w", "maj_time"])
}

/// Both registers write `A` for active.
fn is_active(rows: &DataFrame, column: &str) -> PolarsResult<BooleanChunked> {
    let states = rows.column(column)?.str()?.iter();
    Ok(states.map(|state| Some(state == Some("A"))).collect())
}

/// What the registers say: `siren`, `id`, `open`, `treated`, `force`. One row per link, even when both
/// say it: `force` is 2 then, 1 for SIRENE's word alone, 0 for the RNA's. Both tables are sorted by
/// SIREN, and name a unit or an association once.
fn words(units: &DataFrame, given: &DataFrame) -> PolarsResult<DataFrame> {
    let (sirens, said) = (units.column("siren")?.str()?, units.column("said")?.str()?);
    let (given_sirens, given_ids) = (given.column("siren")?.str()?, given.column("id")?.str()?);
    let (mut rows, mut ids, mut forces) = (Vec::new(), Vec::new(), Vec::new());
    let mut say = |unit: IdxSize, id, force| {
        rows.push(unit);
        ids.push(id);
        forces.push(force);
    };
    let mut first = 0;
    for ((unit, siren), by_sirene) in (0..).zip(sirens.iter()).zip(said.iter()) {
        while first < given.height() && given_sirens.get(first) < siren {
            first += 1;
        }
        let same = (first..given.height()).take_while(|row| given_sirens.get(*row) == siren);
        let by_rna = same.map(|row| given_ids.get(row));
        if by_sirene.is_some() {
            let agreed = by_rna.clone().any(|id| id == by_sirene);
            say(unit, by_sirene, if agreed { 2 } else { 1 });
        }
        for id in by_rna.filter(|id| *id != by_sirene) {
            say(unit, id, 0);
        }
    }
    let rows = IdxCa::from_vec("row".into(), rows);
    let mut words = units.select(["siren", "open", "treated"])?.take(&rows)?;
    words.with_column(Series::new("id".into(), ids).into_column())?;
    words.with_column(Series::new("force".into(), forces).into_column())?;
    Ok(words)
}

/// The links with their ranks, by SIREN and RNA number. A number that is neither in the RNA nor of
/// its form is not one: the local law of Alsace and Moselle has others.
fn links(words: DataFrame, known: &DataFrame) -> PolarsResult<DataFrame> {
    // Each step replaces the one before it: one copy of the links at a time, and the one being made.
    let mut links = words.left_join(known, ["id"], ["id"])?;
    drop(words);
    let ids = links.column("id")?.str()?.iter();
    let actives = links.column("active")?.bool()?.iter();
    let is_rna: BooleanChunked = ids
        .zip(actives)
        .map(|(id, known)| Some(known.is_some() || id.is_some_and(is_w_number)))
        .collect();
    links = links.filter(&is_rna)?;
    let then = ["active", "w", "maj_time"];
    links = ranked(&links, "siren", &then, "id", "rang_association")?;
    let then = ["open", "treated"];
    links = ranked(&links, "id", &then, "siren", "rang_unite_legale")?;
    links.sort(["siren", "id"], SortMultipleOptions::default())
}

fn is_w_number(id: &str) -> bool {
    id.starts_with('W') && id.parse::<RnaId>().is_ok()
}

/// Adds the rank of each row among those of the same `of`: by force, then by each of `then`, the
/// greatest first, then by `last`.
fn ranked(
    links: &DataFrame,
    of: &str,
    then: &[&str],
    last: &str,
    name: &str,
) -> PolarsResult<DataFrame> {
    let mut by = vec![of, "force"];
    by.extend(then);
    by.push(last);
    let descending: Vec<bool> = by
        .iter()
        .map(|column| *column != of && *column != last)
        .collect();
    let order = SortMultipleOptions::default()
        .with_order_descending_multi(descending)
        .with_nulls_last(true);
    let mut links = links.sort(by, order)?;
    let (mut rank, mut previous) = (0_i64, None);
    let ranks: Vec<i64> = links
        .column(of)?
        .str()?
        .iter()
        .map(|value| {
            rank = if value == previous { rank + 1 } else { 1 };
            previous = value;
            rank
        })
        .collect();
    links.with_column(Series::new(name.into(), ranks).into_column())?;
    Ok(links)
}

/// As Arrow has it: polars has its own.
fn batch(links: &DataFrame) -> PolarsResult<RecordBatch> {
    let text = |name: &str| -> PolarsResult<ArrayRef> {
        let column = links.column(name)?.str()?;
        Ok(Arc::new(column.iter().collect::<StringArray>()))
    };
    let integer = |name: &str| -> PolarsResult<ArrayRef> {
        let column = links.column(name)?.i64()?;
        Ok(Arc::new(column.iter().collect::<Int64Array>()))
    };
    let provenance: StringArray = links
        .column("force")?
        .i32()?
        .iter()
        .map(|force| {
            Some(match force {
                Some(2) => provenance::BOTH,
                Some(1) => provenance::SIRENE,
                _ => provenance::RNA,
            })
        })
        .collect();
    let columns = vec![
        text("siren")?,
        text("id")?,
        Arc::new(provenance),
        integer("rang_association")?,
        integer("rang_unite_legale")?,
    ];
    RecordBatch::try_new(LIEN_SIREN_RNA.schema(&[]), columns)
        .map_err(|error: ArrowError| polars::prelude::polars_err!(ComputeError: "{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::new_null_array;
    use arrow::compute::cast;
    use registre_schemas::Table;
    use registre_schemas::association::ASSOCIATION;
    use registre_schemas::unite_legale::UNITE_LEGALE;

    /// A table of these rows, each the values of the columns named.
    fn write(folder: &Path, table: &'static Table, columns: &[&str], rows: &[&[&str]]) {
        let schema = table.schema(&[]);
        let mut writer = TableWriter::create(folder, table, Arc::clone(&schema)).unwrap();
        let of_column = |name: &str| columns.iter().position(|column| *column == name);
        let arrays = schema.fields().iter().map(|field| -> ArrayRef {
            let Some(at) = of_column(field.name()) else {
                return new_null_array(field.data_type(), rows.len());
            };
            let texts = rows
                .iter()
                .map(|row| Some(row[at]).filter(|v| !v.is_empty()));
            cast(&texts.collect::<StringArray>(), field.data_type()).unwrap()
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).unwrap();
        if !rows.is_empty() {
            writer.write(batch).unwrap();
        }
        writer.finish(&Context::silent()).unwrap();
    }

    /// The links between these units (`siren`, statut, RNA number) and associations (`id`, `siret`).
    fn linked(units: &[&[&str]], associations: &[&[&str]]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let columns = ["siren", STATUT, IDENTIFIANT];
        write(folder.path(), &UNITE_LEGALE, &columns, units);
        write(folder.path(), &ASSOCIATION, &["id", "siret"], associations);
        link(folder.path(), &Context::silent()).unwrap();
        let links = Slices::of_table(folder.path(), "lien_siren_rna", 1).unwrap();
        let mut found = Vec::new();
        for slice in 0..links.len() {
            let rows = links.read(slice, &["siren", "id", "provenance"]).unwrap();
            let text = |name: &str| rows.column(name).unwrap().str().unwrap().clone();
            let (siren, id, by) = (text("siren"), text("id"), text("provenance"));
            for row in 0..rows.height() {
                let text = [&siren, &id, &by].map(|column| column.get(row).unwrap_or_default());
                found.push(text.join(" "));
            }
        }
        found
    }

    #[test]
    fn each_register_is_heard_even_without_the_other() {
        let units: &[&[&str]] = &[
            &["900000001", "O", "W000000001"],
            &["900000002", "O", ""],
            &["900000003", "P", "W000000003"],
            &["900000004", "O", "ALSACE 12"],
        ];
        let associations: &[&[&str]] = &[
            &["W000000001", "90000000100017"],
            &["W000000002", "90000000200017"],
            &["W000000004", "90000000200025"],
            &["W000000005", "90000000300017"],
            &["W000000006", "90000000000017"],
        ];
        assert_eq!(
            linked(units, associations),
            [
                "900000001 W000000001 sirene+rna",
                "900000002 W000000002 rna",
                "900000002 W000000004 rna",
            ]
        );
        assert_eq!(linked(units, &[]), ["900000001 W000000001 sirene"]);
        assert!(linked(&[], associations).is_empty());
    }
}
