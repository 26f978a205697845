//! One run, from the sources to a published snapshot, the stages in order.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{NaiveDate, Utc};
use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::manifest::{DecodeReport, Manifest, SourceFile, VERSION};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::as_of;
use crate::catalogue;
use crate::decode::decode;
use crate::download::{RawFile, download_all};
use crate::error::IngestError;
use crate::generate;
use crate::history;
use crate::normalise::normalise;
use crate::origin::{Origin, resolve};
use crate::progress::Context;
use crate::publish::DataFolder;
use crate::rna;
use crate::snapshot::{StagedWriter, TableWriter, WrittenTable};
use crate::verify::{RETOUR_ARRIERE, Staged, verify};

/// What a run is asked.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the sources are.
    pub origin: Origin,
    /// The data folder.
    pub data: PathBuf,
    /// Gates let through, by name.
    pub allow: Vec<String>,
    /// Snapshots kept, the one in service included.
    pub keep: usize,
}

/// What a run did.
#[derive(Debug)]
pub enum Outcome {
    /// A new snapshot is in service.
    Published(Box<Manifest>),
    /// The sources are those of the snapshot in service: nothing to do.
    Unchanged(Box<Manifest>),
}

/// Runs once. Whatever happens, the snapshot in service is whole: it changes by one rename, at the
/// very end.
pub fn run(options: &Options, context: &Context) -> Result<Outcome, IngestError> {
    let data = DataFolder::open(&options.data)?;
    let _lock = data.lock()?;
    let in_service = data.current()?;
    data.clean_staging()?;
    let sample = data.raw().join("sample");
    if options.origin == Origin::Sample {
        make_sample(&sample, context)?;
    }
    let resources = resolve(&options.origin, catalogue::sources()?, &sample, context)?;
    let as_of = as_of::announced(&resources);
    let raw = download_all(resources, &data.raw(), context)?;
    if let Some(manifest) = in_service
        .as_ref()
        .filter(|manifest| same_sources(manifest, &raw, options))
    {
        if data.is_whole(manifest) {
            return Ok(Outcome::Unchanged(Box::new(manifest.clone())));
        }
        tracing::warn!("snapshot {} is damaged: made again", manifest.id);
    }
    refuse_what_was_rolled_back(&data, &raw, options)?;
    let id = Utc::now().format("%Y%m%dT%H%M%S%3fZ").to_string();
    let staged = data.staging().join(&id);
    let made = make(
        &raw,
        &as_of,
        in_service.as_ref(),
        &id,
        &staged,
        options,
        context,
    );
    match made {
        Ok(manifest) => {
            data.publish(&staged, &manifest)?;
            // Published: what remains is tidying, and must not pass for a failed run.
            let tidied = history::forget_rollback(&data)
                .and_then(|()| data.prune(&manifest.id, options.keep));
            if let Err(error) = tidied {
                tracing::warn!("{error}; the new snapshot is in service all the same");
            }
            Ok(Outcome::Published(Box::new(manifest)))
        }
        Err(error) => {
            // A full disk is freed at once; the cause is what matters if that fails too.
            let _left_for_the_next_run = data.clean_staging();
            Err(error)
        }
    }
}

fn make_sample(folder: &Path, context: &Context) -> Result<(), IngestError> {
    let options = generate::Options::sample();
    let stamp = folder.join("complete");
    let version = format!("{} {options:?}", env!("CARGO_PKG_VERSION"));
    if fs::read_to_string(&stamp).is_ok_and(|made| made == version) {
        return Ok(());
    }
    generate::generate(&options, folder, context)?;
    crate::publish::write_atomic(&stamp, version.as_bytes())
}

/// Whether the snapshot in service was made from these very files, by this version of the program.
fn same_sources(manifest: &Manifest, raw: &[RawFile], options: &Options) -> bool {
    history::fingerprints(&manifest.sources) == fingerprints(raw)
        && manifest.producer == producer()
        && manifest.origin == options.origin.to_string()
}

/// As [`history::fingerprints`], of the files a snapshot would be made from.
fn fingerprints(raw: &[RawFile]) -> Vec<(String, String)> {
    raw.iter()
        .map(|file| (file.resource.source.name.clone(), file.sha256.clone()))
        .collect()
}

/// The operator went back from what these files made: they are not published again every night.
fn refuse_what_was_rolled_back(
    data: &DataFolder,
    raw: &[RawFile],
    options: &Options,
) -> Result<(), IngestError> {
    let allowed = options
        .allow
        .iter()
        .any(|allowed| allowed == RETOUR_ARRIERE);
    match history::rolled_back_from(data, &fingerprints(raw)) {
        Some(snapshot) if !allowed => Err(IngestError::Gate {
            gate: RETOUR_ARRIERE.to_owned(),
            detail: format!(
                "these files made snapshot {snapshot}, which was rolled back: waiting for others; to publish them all the same: --allow {RETOUR_ARRIERE}"
            ),
        }),
        _ => Ok(()),
    }
}

fn producer() -> String {
    format!("registre {}", env!("CARGO_PKG_VERSION"))
}

fn make(
    raw: &[RawFile],
    as_of: &BTreeMap<String, NaiveDate>,
    in_service: Option<&Manifest>,
    id: &str,
    staged: &Path,
    options: &Options,
    context: &Context,
) -> Result<Manifest, IngestError> {
    fs::create_dir(staged).map_err(IngestError::io("create folder", staged))?;
    let mut tables = Vec::new();
    let mut sources = Vec::new();
    for table in registre_schemas::TABLES {
        let files: Vec<&RawFile> = raw
            .iter()
            .filter(|file| file.resource.source.table.name == table.name)
            .collect();
        let (written, reports) = if table.name == ASSOCIATION.name {
            write_association(&files, staged, context)?
        } else {
            write_table(table, &files, staged, context)?
        };
        sources.extend(
            files
                .iter()
                .zip(reports)
                .map(|(file, report)| describe(file, report)),
        );
        tables.push(written);
    }
    let dates = as_of::complete(as_of, staged);
    // The sample is another world: it may be newer than the real thing, and smaller.
    let comparable = in_service.filter(|manifest| manifest.origin == options.origin.to_string());
    let required: Vec<&str> = raw
        .iter()
        .filter(|file| file.resource.source.required)
        .map(|file| file.resource.source.table.name)
        .collect();
    let staging = Staged {
        folder: staged,
        tables: &tables,
        sources: &sources,
        required: &required,
        as_of: &dates,
        announced: as_of,
        in_service: comparable,
    };
    let gates = verify(staging, &options.allow, context)?;
    Ok(Manifest {
        version: VERSION,
        id: id.to_owned(),
        parent: in_service.map(|manifest| manifest.id.clone()),
        created_at: Utc::now(),
        producer: producer(),
        origin: options.origin.to_string(),
        as_of: dates,
        sources,
        tables: tables.into_iter().map(|table| table.file).collect(),
        gates,
    })
}

/// Decodes, normalises and writes the files of one table, one after the other.
fn write_table(
    table: &'static Table,
    files: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<(WrittenTable, Vec<DecodeReport>), IngestError> {
    let mut writer: Option<TableWriter> = None;
    let mut reports = Vec::new();
    for file in files {
        reports.push(decode_or_forget(file, context, |batch| {
            let batch = normalise(batch, &file.resource.source)?;
            let open = match &mut writer {
                Some(open) => open,
                None => writer.insert(TableWriter::create(folder, table, batch.schema())?),
            };
            open.write(batch)
        })?);
    }
    let writer = match writer {
        Some(writer) => writer,
        None => TableWriter::create(folder, table, table.schema(&[]))?,
    };
    Ok((writer.finish(context)?, reports))
}

/// A file that cannot be decoded is fetched again by the next run: damaged under way, it may have
/// had no published checksum to tell.
fn decode_or_forget(
    file: &RawFile,
    context: &Context,
    sink: impl FnMut(RecordBatch) -> Result<(), IngestError>,
) -> Result<DecodeReport, IngestError> {
    let decoded = decode(file, context, sink);
    if let Err(IngestError::File { .. } | IngestError::Decode { .. } | IngestError::Budget { .. }) =
        &decoded
    {
        file.forget()?;
    }
    decoded
}

/// Stages each file of the RNA, then unites them.
fn write_association(
    files: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<(WrittenTable, Vec<DecodeReport>), IngestError> {
    let mut staged = Vec::new();
    let mut reports = Vec::new();
    // The last file wins between rows updated at the same time: waldec is read last.
    for file in files.iter().rev() {
        let path = folder.join(format!("{}.staged", file.resource.source.name));
        let mut writer: Option<StagedWriter> = None;
        reports.push(decode_or_forget(file, context, |batch| {
            let batch = normalise(batch, &file.resource.source)?;
            let open = match &mut writer {
                Some(open) => open,
                None => writer.insert(StagedWriter::create(&path, &ASSOCIATION, &batch.schema())?),
            };
            open.write(&batch)
        })?);
        if let Some(writer) = writer {
            staged.push(writer.finish()?);
        }
    }
    reports.reverse();
    let union = rna::unite(&staged, &association_schema(&reports), folder, context)?;
    tracing::info!(
        rows = union.written.file.rows,
        superseded = union.superseded,
        "association: {} rows, {} superseded by a later update",
        union.written.file.rows,
        union.superseded
    );
    Ok((union.written, reports))
}

/// The table's columns, then the unknown ones of either file.
fn association_schema(reports: &[DecodeReport]) -> SchemaRef {
    let mut unknown: Vec<String> = Vec::new();
    for name in reports.iter().flat_map(|report| &report.unknown_columns) {
        if !unknown.contains(name) {
            unknown.push(name.clone());
        }
    }
    ASSOCIATION.schema(&unknown)
}

fn describe(file: &RawFile, report: DecodeReport) -> SourceFile {
    SourceFile {
        name: file.resource.source.name.clone(),
        resource_id: file.resource.id.clone(),
        title: file.resource.title.clone(),
        url: file.url.clone(),
        etag: file.etag.clone(),
        last_modified: file.resource.last_modified,
        size: file.size,
        published_checksum: file
            .resource
            .checksum
            .as_ref()
            .map(|(algorithm, value)| format!("{algorithm}:{value}")),
        sha256: file.sha256.clone(),
        licence: format!(
            "{}, {}",
            file.resource.source.dataset.licence, file.resource.source.dataset.producer
        ),
        report,
    }
}
