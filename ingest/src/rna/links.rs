//! Which association is which unité légale, by either register's word: the RNA's `siret`, SIRENE's
//! `identifiantAssociationUniteLegale`.
//!
//! The unités légales are read in slices, and only those concerned are kept: memory follows the
//! number of links, not of units.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::error::ArrowError;
use polars::prelude::{
    BooleanChunked, DataFrame, DataFrameJoinOps, IntoColumn, IntoSeries, NamedFrom, ParquetReader,
    PolarsResult, SerReader, Series, SortMultipleOptions, StringChunked, UniqueKeepStrategy,
};
use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::identifiers::RnaId;
use registre_schemas::lien_siren_rna::{LIEN_SIREN_RNA, provenance};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::{TableWriter, WrittenTable};

/// Unités légales read at once.
const SLICE: usize = 1 << 20;

fn failed(error: impl std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: LIEN_SIREN_RNA.name.to_owned(),
        detail: error.to_string(),
    }
}

/// Makes the table from `unite_legale` and `association`, staged in `folder`.
pub fn link(folder: &Path, context: &Context) -> Result<WrittenTable, IngestError> {
    let task = context.progress.begin("lien_siren_rna", None);
    let associations = associations(folder).map_err(failed)?;
    let mut said = Said::default();
    let path = folder.join("unite_legale.parquet");
    let rows = ParquetReader::new(open(&path)?)
        .num_rows()
        .map_err(failed)?;
    for first in (0..rows).step_by(SLICE) {
        context.cancel.check()?;
        let units = units(open(&path)?, first).map_err(failed)?;
        task.rows(units.height() as u64);
        said.hear(&units, &associations).map_err(failed)?;
    }
    let links = said.links(&associations).map_err(failed)?;
    let mut writer = TableWriter::create(folder, &LIEN_SIREN_RNA, LIEN_SIREN_RNA.schema(&[]))?;
    writer.write(links)?;
    let written = writer.finish(context)?;
    task.finish(&format!(
        "lien_siren_rna: {} links between SIREN and RNA",
        written.file.rows
    ));
    Ok(written)
}

fn open(path: &Path) -> Result<File, IngestError> {
    File::open(path).map_err(IngestError::io("open", path))
}

fn read(file: File, columns: &[&str], slice: Option<(usize, usize)>) -> PolarsResult<DataFrame> {
    ParquetReader::new(file)
        .with_columns(Some(columns.iter().map(ToString::to_string).collect()))
        .with_slice(slice)
        .finish()
}

/// `id`, `siren` (of its SIRET, null without one), `active`, `w` (a number still in use), `maj_time`.
fn associations(folder: &Path) -> PolarsResult<DataFrame> {
    let file = File::open(folder.join("association.parquet"))?;
    let mut rows = read(file, &["id", "siret", "position", "maj_time"], None)?;
    let siren: StringChunked = rows
        .column("siret")?
        .str()?
        .iter()
        .map(|siret| siret.filter(|siret| siret.len() == 14)?.get(..9))
        .collect();
    let active: BooleanChunked = rows
        .column("position")?
        .str()?
        .iter()
        .map(|position| Some(position == Some("A")))
        .collect();
    let w: BooleanChunked = rows
        .column("id")?
        .str()?
        .iter()
        .map(|id| id.map(|id| id.starts_with('W')))
        .collect();
    for (name, column) in [
        ("siren", siren.into_series()),
        ("active", active.into_series()),
        ("w", w.into_series()),
    ] {
        rows.with_column(column.with_name(name.into()).into_column())?;
    }
    rows.select(["id", "siren", "active", "w", "maj_time"])
}

/// The diffusible units of a slice: `siren`, `said` (the RNA number SIRENE gives), `open`,
/// `treated`.
fn units(file: File, first: usize) -> PolarsResult<DataFrame> {
    const STATUT: &str = "statutDiffusionUniteLegale";
    const ETAT: &str = "etatAdministratifUniteLegale";
    const IDENTIFIANT: &str = "identifiantAssociationUniteLegale";
    const TRAITEMENT: &str = "dateDernierTraitementUniteLegale";
    let columns = ["siren", STATUT, ETAT, IDENTIFIANT, TRAITEMENT];
    let rows = read(file, &columns, Some((first, SLICE)))?;
    let diffusible: BooleanChunked = rows
        .column(STATUT)?
        .str()?
        .iter()
        .map(|statut| statut.map(StatutDiffusion::from_code) == Some(StatutDiffusion::Diffusible))
        .collect();
    let mut rows = rows.filter(&diffusible)?;
    let open: BooleanChunked = rows
        .column(ETAT)?
        .str()?
        .iter()
        .map(|etat| Some(etat == Some("A")))
        .collect();
    rows.with_column(open.into_series().with_name("open".into()).into_column())?;
    rows.rename(IDENTIFIANT, "said".into())?;
    rows.rename(TRAITEMENT, "treated".into())?;
    rows.select(["siren", "said", "open", "treated"])
}

/// What the registers said so far.
#[derive(Default)]
struct Said {
    /// `siren`, `id`, `open`, `treated`, `by_sirene`, `by_rna`: one row per register's word.
    words: Option<DataFrame>,
}

impl Said {
    fn hear(&mut self, units: &DataFrame, associations: &DataFrame) -> PolarsResult<()> {
        let given: BooleanChunked = units
            .column("said")?
            .str()?
            .iter()
            .map(|said| Some(said.is_some()))
            .collect();
        let mut by_sirene = units.filter(&given)?;
        by_sirene.rename("said", "id".into())?;
        self.add(&by_sirene, true)?;
        let by_rna =
            units.inner_join(&associations.select(["id", "siren"])?, ["siren"], ["siren"])?;
        self.add(&by_rna, false)
    }

    fn add(&mut self, words: &DataFrame, sirene: bool) -> PolarsResult<()> {
        let mut words = words.select(["siren", "id", "open", "treated"])?;
        let height = words.height();
        for (name, by) in [("by_sirene", sirene), ("by_rna", !sirene)] {
            words.with_column(Series::new(name.into(), vec![by; height]).into_column())?;
        }
        self.words = Some(match self.words.take() {
            None => words,
            Some(so_far) => so_far.vstack(&words)?,
        });
        Ok(())
    }

    /// One row per link, by SIREN and RNA number. A number that is neither in the RNA nor of its
    /// form is not one: the local law of Alsace and Moselle has others.
    fn links(self, associations: &DataFrame) -> PolarsResult<RecordBatch> {
        let Some(words) = self.words else {
            return Ok(RecordBatch::new_empty(LIEN_SIREN_RNA.schema(&[])));
        };
        let words = merge_words(&words)?;
        let known = associations.select(["id", "active", "w", "maj_time"])?;
        let links = words.left_join(&known, ["id"], ["id"])?;
        let ids = links.column("id")?.str()?;
        let actives = links.column("active")?.bool()?;
        let is_rna: BooleanChunked = ids
            .iter()
            .zip(actives.iter())
            .map(|(id, known)| known.is_some() || id.is_some_and(is_w_number))
            .collect();
        let links = links.filter(&is_rna)?;
        let links = ranked(
            &links,
            "siren",
            &["active", "w", "maj_time"],
            "id",
            "rang_association",
        )?;
        let links = ranked(
            &links,
            "id",
            &["open", "treated"],
            "siren",
            "rang_unite_legale",
        )?;
        let links = links.sort(["siren", "id"], SortMultipleOptions::default())?;
        batch(&links)
    }
}

fn is_w_number(id: &str) -> bool {
    id.starts_with('W') && id.parse::<RnaId>().is_ok()
}

/// The words of both registers on one link become one row, `force` 2; 1 for SIRENE's alone, 0 for
/// the RNA's.
fn merge_words(words: &DataFrame) -> PolarsResult<DataFrame> {
    let sirene = words.filter(words.column("by_sirene")?.bool()?)?;
    let rna = words.filter(words.column("by_rna")?.bool()?)?;
    let agreed = rna.select(["siren", "id", "by_rna"])?;
    let mut sirene = sirene
        .drop("by_rna")?
        .left_join(&agreed, ["siren", "id"], ["siren", "id"])?;
    let force: Vec<i32> = sirene
        .column("by_rna")?
        .bool()?
        .iter()
        .map(|agreed| if agreed == Some(true) { 2 } else { 1 })
        .collect();
    sirene.with_column(Series::new("force".into(), force).into_column())?;
    let mut rna = rna;
    let height = rna.height();
    rna.with_column(Series::new("force".into(), vec![0; height]).into_column())?;
    let columns = ["siren", "id", "open", "treated", "force"];
    sirene
        .select(columns)?
        .vstack(&rna.select(columns)?)?
        // SIRENE's rows come first, and know whether the RNA agrees.
        .unique_stable(
            Some(&["siren".to_owned(), "id".to_owned()]),
            UniqueKeepStrategy::First,
            None,
        )
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
