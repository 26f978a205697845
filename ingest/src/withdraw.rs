//! Takes out of the older snapshots that are still kept those who have since asked to be hidden.
//!
//! A published snapshot is never modified, with this one exception: what INSEE publishes no more
//! (statut de diffusion `P`) must not be had by going back. The rows stay, with INSEE's own mask, and
//! the links of a hidden unit with the RNA go. The folder is made again aside, then takes the place of
//! the old one at once.

mod hidden;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, Scalar, StringArray};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{and, filter_record_batch, is_not_null, not, nullif};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use registre_schemas::diffusion::{MASK, masked_columns};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::manifest::Manifest;
use registre_schemas::{TABLES, Table, column::Presence};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use crate::error::IngestError;
use crate::fiches;
use crate::origin::SAMPLE;
use crate::progress::Context;
use crate::publish::{DataFolder, write_manifest};
use crate::snapshot::{TableWriter, WrittenTable};
use hidden::{Hidden, Hiding};

/// Looks at every snapshot kept but the one in service.
pub fn from_older(
    data: &DataFolder,
    in_service: &Manifest,
    context: &Context,
) -> Result<(), IngestError> {
    let new = data.snapshots().join(&in_service.id);
    for old in data.published()? {
        // The sample's people do not exist: they are nobody of the real registers.
        let same_people = (old.origin == SAMPLE) == (in_service.origin == SAMPLE);
        let done = old.hidden_as_of.as_ref() == Some(&in_service.id);
        if old.id == in_service.id || !same_people || done {
            continue;
        }
        let folder = data.snapshots().join(&old.id);
        let hidden = Hidden::find((&folder, &old), (&new, in_service), context)?;
        let mut manifest = old.clone();
        manifest.hidden_as_of = Some(in_service.id.clone());
        if hidden.is_empty() {
            write_manifest(&folder, &manifest)?;
        } else {
            withdraw(data, manifest, &folder, &hidden, context)?;
        }
    }
    Ok(())
}

/// Makes a snapshot again without what is hidden, and puts it in its place.
fn withdraw(
    data: &DataFolder,
    mut manifest: Manifest,
    folder: &Path,
    hidden: &Hidden,
    context: &Context,
) -> Result<(), IngestError> {
    let staged = data.staging().join(format!("{}.withdrawn", manifest.id));
    fs::create_dir(&staged).map_err(IngestError::io("create folder", &staged))?;
    for entry in fs::read_dir(folder).map_err(IngestError::io("list folder", folder))? {
        let path = entry
            .map_err(IngestError::io("list folder", folder))?
            .path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if manifest.fiches.iter().any(|fiches| name == *fiches.file) {
            // Made again from what is left of the tables.
            continue;
        }
        let table = manifest.tables.iter_mut().find(|table| name == *table.file);
        let holds_people =
            |name: &str| name == LIEN_SIREN_RNA.name || !masked_columns(name, true).is_empty();
        match table {
            Some(table) if holds_people(&table.name) => {
                *table = rewrite(&table.name, &path, &staged, hidden, context)?.file;
            }
            _ => {
                let here = staged.join(&name);
                fs::hard_link(&path, &here)
                    .or_else(|_other_disk| fs::copy(&path, &here).map(|_bytes| ()))
                    .map_err(IngestError::io("link", &here))?;
            }
        }
    }
    if !manifest.fiches.is_empty() {
        manifest.fiches = fiches::write(&staged, context)?;
    }
    write_manifest(&staged, &manifest)?;
    data.exchange(&staged, folder)?;
    tracing::info!(
        "snapshot {}: {} unités légales and {} établissements that are hidden since are masked there too",
        manifest.id,
        hidden.unites_legales(),
        hidden.etablissements()
    );
    data.clean_staging()
}

fn rewrite(
    name: &str,
    path: &Path,
    staged: &Path,
    hidden: &Hidden,
    context: &Context,
) -> Result<WrittenTable, IngestError> {
    let failed = |error: &dyn std::fmt::Display| IngestError::Write {
        table: name.to_owned(),
        detail: format!("mask who is hidden: {error}"),
    };
    let table: &'static Table = TABLES
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| failed(&"unknown table"))?;
    let file = File::open(path).map_err(IngestError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(&error))?;
    let mut writer = TableWriter::create(staged, table, Arc::clone(builder.schema()))?;
    let task = context
        .progress
        .begin(&format!("{name}: mask who is hidden since"), None);
    for batch in builder.build().map_err(|error| failed(&error))? {
        context.cancel.check()?;
        let batch = batch.map_err(|error| failed(&error))?;
        task.rows(batch.num_rows() as u64);
        writer.write(mask(table, &batch, hidden).map_err(|error| failed(&error))?)?;
    }
    let written = writer.finish(context)?;
    task.finish(&format!("{name}: {} rows", written.file.rows));
    Ok(written)
}

/// The batch as INSEE would publish it now.
fn mask(table: &Table, batch: &RecordBatch, hidden: &Hidden) -> Result<RecordBatch, ArrowError> {
    let Some(sirens) = batch.column_by_name("siren") else {
        return Ok(batch.clone());
    };
    let sirens = sirens.as_string::<i32>();
    let sirets = batch.column_by_name("siret").map(AsArray::as_string::<i32>);
    let hidings: Vec<Option<Hiding>> = (0..batch.num_rows())
        .map(|row| hidden.of(sirens.value(row), sirets.map(|sirets| sirets.value(row))))
        .collect();
    if hidings.iter().all(Option::is_none) {
        return Ok(batch.clone());
    }
    let rows = |is: fn(Option<Hiding>) -> bool| -> BooleanArray {
        hidings.iter().map(|hiding| Some(is(*hiding))).collect()
    };
    let anyone = rows(|hiding| hiding.is_some());
    if table.name == LIEN_SIREN_RNA.name {
        return filter_record_batch(batch, &not(&anyone)?);
    }
    let person = rows(|hiding| hiding == Some(Hiding::PersonnePhysique));
    let for_all = masked_columns(table.name, false);
    let for_persons = masked_columns(table.name, true);
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns: Result<Vec<ArrayRef>, ArrowError> = columns
        .map(|(field, column)| {
            let name = field.name().as_str();
            let derived = table
                .column(name)
                .is_none_or(|column| column.presence == Presence::Derived);
            if for_all.contains(&name) {
                replace(column, &anyone, MASK)
            } else if for_persons.contains(&name) {
                replace(column, &person, MASK)
            } else if name.starts_with("statutDiffusion") {
                replace(column, &anyone, "P")
            } else if derived {
                // A position, or a column nobody knows yet: it could be anything.
                nullif(column, &anyone)
            } else {
                Ok(Arc::clone(column))
            }
        })
        .collect();
    RecordBatch::try_new(schema, columns?)
}

/// The text in place of the values of those rows; a null stays null.
fn replace(column: &ArrayRef, rows: &BooleanArray, text: &str) -> Result<ArrayRef, ArrowError> {
    let rows = and(rows, &is_not_null(column)?)?;
    let text = Scalar::new(StringArray::from(vec![text]));
    zip(&rows, &text, column)
}
