//! The official Parquet files, made from the zips of CSV already written: the same rows, read by our
//! own decoder, in INSEE's own types. A source added to the catalogue needs nothing here.
//!
//! What is known of INSEE's Parquet files: every column is optional, dates are days, instants are
//! microseconds without zone, years and counts 64-bit integers, and so is the catégorie juridique,
//! which loses the leading zeros of `0000`.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::FormatOptions;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use registre_schemas::column::{Column, Presence};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use crate::catalogue::{self, Format, Source};
use crate::decode::{decode, missing_columns};
use crate::download::{RawFile, sha256_of};
use crate::error::IngestError;
use crate::generate::Formats;
use crate::generate::archive::GeneratedFile;
use crate::origin::{Location, Resource};
use crate::progress::Context;
use crate::publish::remove_if_there;

/// Typed as an integer by INSEE.
const CATEGORIE_JURIDIQUE: &str = "categorieJuridiqueUniteLegale";

/// Writes in Parquet those of the files that their publisher has so; gives the files that stay. One
/// after the other: each has all the threads.
pub fn convert_all(
    zips: Vec<GeneratedFile>,
    folder: &Path,
    formats: Formats,
    context: &Context,
) -> Result<Vec<GeneratedFile>, IngestError> {
    let sources = catalogue::sources()?;
    let mut files = Vec::new();
    for zip in zips {
        let source = sources
            .iter()
            .find(|source| source.file == zip.name && source.offers(Format::Parquet));
        let Some(source) = source else {
            files.push(zip);
            continue;
        };
        let name = source.file_name(Format::Parquet);
        if formats == Formats::Csv {
            // Of an earlier edition, written in another format.
            remove_if_there(&folder.join(name))?;
        } else {
            files.push(convert(&zip, source, &name, folder, context)?);
        }
        if formats == Formats::Parquet {
            remove_if_there(&folder.join(&zip.name))?;
        } else {
            files.push(zip);
        }
    }
    Ok(files)
}

/// Makes what `index.json` says of a zip what it says of the Parquet file, when it is one.
pub fn describe(
    described: &mut Value,
    file: &GeneratedFile,
    prefix: &str,
    date: NaiveDate,
) -> Option<()> {
    if Format::of_path(&file.name) != Some(Format::Parquet) {
        return Some(());
    }
    let sources = catalogue::sources().ok()?;
    let position = sources
        .iter()
        .position(|source| source.file_name(Format::Parquet) == file.name)?;
    // The ids that are documented nowhere are ours.
    let id = sources[position].id(Format::Parquet).map_or_else(
        || format!("d0b10000-5126-4e0e-8000-0000000001{position:02}"),
        str::to_owned,
    );
    described["latest"] = json!(format!("/api/1/datasets/r/{id}"));
    described["id"] = json!(id);
    described["title"] = json!(format!(
        "Sirene : Fichier {prefix} du {} (format parquet)",
        date.format("%d %m %Y")
    ));
    described["format"] = json!("parquet");
    described["mime"] = json!("application/vnd.apache.parquet");
    Some(())
}

fn convert(
    zip: &GeneratedFile,
    source: &Source,
    name: &str,
    folder: &Path,
    context: &Context,
) -> Result<GeneratedFile, IngestError> {
    let path = folder.join(name);
    let partial = folder.join(format!("{name}.partial"));
    let raw = raw_file(zip, source, folder);
    let task = context.progress.begin(&format!("generate {name}"), None);
    let written = write(&raw, &partial, context).and_then(|rows| {
        let bytes = fs::metadata(&partial)
            .map_err(IngestError::io("read", &partial))?
            .len();
        let sha256 = sha256_of(&partial, context)?;
        fs::rename(&partial, &path).map_err(IngestError::io("rename", &partial))?;
        task.finish(&format!("{name}: {rows} rows, {} MB", bytes >> 20));
        Ok(GeneratedFile {
            name: name.to_owned(),
            rows,
            csv_bytes: zip.csv_bytes,
            bytes,
            sha256,
        })
    });
    if written.is_err() {
        // The cause is what matters.
        let _left = fs::remove_file(&partial);
    }
    written
}

fn raw_file(zip: &GeneratedFile, source: &Source, folder: &Path) -> RawFile {
    let path = folder.join(&zip.name);
    RawFile {
        resource: Resource {
            source: source.clone(),
            id: None,
            title: zip.name.clone(),
            location: Location::Path(path.clone()),
            last_modified: None,
            size: Some(zip.bytes),
            checksum: None,
        },
        url: path.display().to_string(),
        path,
        etag: None,
        size: zip.bytes,
        sha256: zip.sha256.clone(),
    }
}

/// Gives the number of rows written: a row group at a time is in memory, a million rows compressed.
fn write(raw: &RawFile, path: &Path, context: &Context) -> Result<u64, IngestError> {
    let source = &raw.resource.source;
    let failed = |error: &dyn std::fmt::Display| IngestError::Write {
        table: source.name.clone(),
        detail: error.to_string(),
    };
    let missing = missing_columns(raw)?;
    let columns: Vec<(usize, &Column)> = source
        .table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.presence != Presence::Derived)
        .filter(|(_, column)| !missing.iter().any(|missing| missing == column.name))
        .collect();
    let schema = official_schema(&columns);
    let file = File::create(path).map_err(IngestError::io("create", path))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_schema_root("schema".to_owned())
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)
        .map_err(|error| failed(&error))?;
    let strict = CastOptions {
        safe: false,
        format_options: FormatOptions::default(),
    };
    let report = decode(raw, context, |batch| {
        let arrays = columns.iter().zip(schema.fields());
        let arrays = arrays.map(|((place, _), field)| {
            cast_with_options(batch.column(*place), field.data_type(), &strict)
        });
        let arrays: Vec<ArrayRef> = arrays
            .collect::<Result<_, _>>()
            .map_err(|error| failed(&error))?;
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays);
        let batch = batch.map_err(|error| failed(&error))?;
        writer.write(&batch).map_err(|error| failed(&error))
    })?;
    let file = writer.into_inner().map_err(|error| failed(&error))?;
    file.sync_all().map_err(IngestError::io("write", path))?;
    Ok(report.rows_kept)
}

fn official_schema(columns: &[(usize, &Column)]) -> SchemaRef {
    let fields = columns.iter().map(|(_, column)| {
        let data_type = if column.name == CATEGORIE_JURIDIQUE {
            DataType::Int64
        } else {
            column.kind.data_type()
        };
        Field::new(column.name, data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
