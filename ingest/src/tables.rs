//! Makes the tables of a snapshot, one after the other, each from its own files. A table whose files
//! are those of the snapshot in service is not made again: it is the same file.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::{ETABLISSEMENT, GEOLOCALISATION};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::manifest::{DecodeReport, Manifest, SourceFile};
use registre_schemas::recherche::FICHIER;
use registre_schemas::{TABLES, Table};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::decode::decode;
use crate::download::{RawFile, sha256_of, space};
use crate::error::IngestError;
use crate::geolocalisation::{self, Outcome, Stream};
use crate::normalise::normalise;
use crate::progress::{Context, Stage};
use crate::rna;
use crate::snapshot::{StagedWriter, TableWriter, WrittenTable, fingerprint};

/// The tables of a snapshot, and what each of their files gave.
#[derive(Debug, Default)]
pub struct Made {
    /// Every table, in the order of [`TABLES`].
    pub tables: Vec<WrittenTable>,
    /// Every file they come from.
    pub sources: Vec<SourceFile>,
}

/// A snapshot whose tables may serve again: made by this version of the program, from this origin.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// What it holds.
    pub manifest: &'a Manifest,
}

/// Makes every table in `folder`.
pub fn make_tables(
    raw: &[RawFile],
    previous: Option<Previous<'_>>,
    folder: &Path,
    context: &Context,
) -> Result<Made, IngestError> {
    require_room(raw, previous, folder)?;
    let mut made = Made::default();
    let mut remade: Vec<&str> = Vec::new();
    for table in TABLES.iter().copied() {
        let files = raw.iter();
        let files: Vec<&RawFile> = files
            .filter(|file| feeds(file.resource.source.table.name, table))
            .collect();
        // The links have no file of their own: they follow the two tables they are made from.
        let same_inputs =
            table.name != LIEN_SIREN_RNA.name || !LINKED.iter().any(|input| remade.contains(input));
        if same_inputs
            && let Some(previous) = previous
            && let Some(reports) = unchanged(previous, table, &files, context)?
            && let Some(mut taken) = take(previous, table, folder)?
        {
            let own = files.iter().zip(&reports);
            let own = own.filter(|(file, _)| file.resource.source.table.name == table.name);
            let kept: u64 = own.map(|(_, report)| report.rows_kept).sum();
            taken.superseded = kept.saturating_sub(taken.file.rows);
            let updated = taken.file.rows.saturating_sub(kept);
            taken.updated = i64::try_from(updated).unwrap_or(i64::MAX);
            made.add(taken, &files, reports);
            continue;
        }
        remade.push(table.name);
        let stage = Stage::begin(table.name);
        let (written, reports) = if table.name == ASSOCIATION.name {
            write_association(&files, folder, context)?
        } else if table.name == ETABLISSEMENT.name {
            write_etablissement(&files, folder, context)?
        } else if table.name == LIEN_SIREN_RNA.name {
            (rna::link(folder, context)?, Vec::new())
        } else {
            write_table(table, &files, folder, context)?
        };
        stage.end(files.iter().map(|file| file.size).sum(), written.file.bytes);
        made.add(written, &files, reports);
    }
    Ok(made)
}

/// Says how much will be written, and refuses when there is no room for it. A table in Parquet takes
/// less than the zip it comes from (0.63 of it, measured on the whole country), fiches a third; the files of the RNA
/// are written once more on the way, and the positions when they must be sorted.
fn require_room(
    raw: &[RawFile],
    previous: Option<Previous<'_>>,
    folder: &Path,
) -> Result<(), IngestError> {
    let is_new = |file: &&RawFile| {
        let mut sources = previous
            .iter()
            .flat_map(|previous| &previous.manifest.sources);
        !sources.any(|source| source.sha256 == file.sha256)
    };
    let needed = raw.iter().filter(is_new).map(|file| {
        let twice = [ASSOCIATION.name, GEOLOCALISATION.name];
        let times = 1 + u64::from(twice.contains(&file.resource.source.table.name));
        file.size * times
    });
    let needed: u64 = needed.sum();
    // Beside tables that are all made again, fiches have their place in what the zips take (0.98 of it); the
    // index is an eighth of it, once in segments and once as it is served.
    let fiches = previous
        .iter()
        .flat_map(|previous| &previous.manifest.fiches);
    let known: u64 = fiches
        .map(|file| file.bytes * if file.file == FICHIER { 2 } else { 1 })
        .sum();
    let needed = needed + if known == 0 { needed / 4 } else { known };
    let free = space::require(folder, needed)?;
    tracing::info!(
        needed_bytes = needed,
        free_bytes = free,
        "snapshot to write: {} at most; {} free",
        space::readable(needed),
        space::readable(free)
    );
    Ok(())
}

/// What the links are made from.
const LINKED: [&str; 2] = ["unite_legale", "association"];

/// Whether a file of the first table gives rows or columns of the second.
fn feeds(source: &str, table: &Table) -> bool {
    source == table.name || (source == GEOLOCALISATION.name && table.name == ETABLISSEMENT.name)
}

/// Whether a snapshot holds every table, each with the columns this program gives it.
pub fn has_every_table(manifest: &Manifest) -> bool {
    TABLES.iter().all(|table| has_table(manifest, table))
}

fn has_table(manifest: &Manifest, table: &Table) -> bool {
    let sources = manifest.sources.iter();
    let reports = sources
        .filter(|source| source.table == table.name)
        .map(|source| &source.report);
    let schema = table.schema(&unknown_columns(reports));
    manifest
        .table(table.name)
        .is_some_and(|written| written.schema_fingerprint == fingerprint(&schema))
}

impl Made {
    fn add(&mut self, table: WrittenTable, files: &[&RawFile], reports: Vec<DecodeReport>) {
        self.tables.push(table);
        let files = files.iter().zip(reports);
        self.sources
            .extend(files.map(|(file, report)| describe(file, report)));
    }
}

/// The reports of a table's files, when the previous snapshot made it from these very files, with
/// these columns, and its file is still what it was.
fn unchanged(
    previous: Previous<'_>,
    table: &Table,
    files: &[&RawFile],
    context: &Context,
) -> Result<Option<Vec<DecodeReport>>, IngestError> {
    let Some(written) = previous.manifest.table(table.name) else {
        return Ok(None);
    };
    let mut reports = Vec::new();
    for file in files {
        let source = &file.resource.source;
        let same = |old: &&SourceFile| old.name == source.name && old.sha256 == file.sha256;
        match previous.manifest.sources.iter().find(same) {
            Some(old) => reports.push(old.report.clone()),
            None => return Ok(None),
        }
    }
    let sources = previous.manifest.sources.iter();
    let fed = sources.filter(|old| feeds(&old.table, table)).count();
    if fed != files.len() || !has_table(previous.manifest, table) {
        return Ok(None);
    }
    let path = previous.folder.join(&written.file);
    let whole = path.is_file() && sha256_of(&path, context)? == written.sha256;
    if !whole {
        tracing::warn!("{} is damaged: its table is made again", path.display());
    }
    Ok(whole.then_some(reports))
}

/// Puts the previous snapshot's table in `folder`: one file under two names. Where the disk cannot,
/// it is made again.
fn take(
    previous: Previous<'_>,
    table: &Table,
    folder: &Path,
) -> Result<Option<WrittenTable>, IngestError> {
    let Some(written) = previous.manifest.table(table.name) else {
        return Ok(None);
    };
    let here = folder.join(&written.file);
    match fs::hard_link(previous.folder.join(&written.file), &here) {
        Ok(()) => {
            tracing::info!(
                table = table.name,
                "{}: its sources did not change, {} rows kept as they are",
                table.name,
                written.rows
            );
            Ok(Some(WrittenTable {
                file: written.clone(),
                duplicates: 0,
                first_duplicate: None,
                sorted_here: false,
                superseded: 0,
                updated: 0,
            }))
        }
        Err(error) => {
            tracing::debug!("link {}: {error}", here.display());
            crate::publish::remove_if_there(&here)?;
            Ok(None)
        }
    }
}

/// Decodes, normalises and writes the files of one table, one after the other.
fn write_table(
    table: &'static Table,
    files: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<(WrittenTable, Vec<DecodeReport>), IngestError> {
    write_from(files, context, table.schema(&[]), |schema| {
        TableWriter::create(folder, table, schema)
    })
}

/// The rows take their positions as they are written, both files being read side by side. Positions
/// that are not in order are sorted first, and set aside.
fn write_etablissement(
    files: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<(WrittenTable, Vec<DecodeReport>), IngestError> {
    let is_position = |file: &&RawFile| file.resource.source.table.name == GEOLOCALISATION.name;
    let (positions, rows): (Vec<&RawFile>, Vec<&RawFile>) =
        files.iter().partition(|f| is_position(f));
    if positions.is_empty() {
        return write_table(&ETABLISSEMENT, files, folder, context);
    }
    let placed = match write_beside(&positions, &rows, folder, context)? {
        Some(placed) => placed,
        None => write_after(&positions, &rows, folder, context)?,
    };
    // In the order of `files`.
    let (mut rows, mut positions) = (placed.rows.into_iter(), placed.positions.into_iter());
    let reports = files.iter().filter_map(|file| {
        if is_position(file) {
            positions.next()
        } else {
            rows.next()
        }
    });
    Ok((placed.written, reports.collect()))
}

/// Établissements with their positions, and what their files gave.
struct Placed {
    written: WrittenTable,
    rows: Vec<DecodeReport>,
    positions: Vec<DecodeReport>,
}

/// `None` when the positions are not in key order.
fn write_beside(
    positions: &[&RawFile],
    rows: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<Option<Placed>, IngestError> {
    let positions: Vec<RawFile> = positions.iter().copied().cloned().collect();
    // Started again when the rows themselves must be sorted: they are then joined from the first.
    let under_way: Rc<RefCell<Option<Stream>>> = Rc::default();
    let start = || {
        let (positions, context) = (positions.clone(), context.clone());
        let stream = Stream::start(move |sink| {
            let files = positions.iter();
            let mut decode = |file| decode_or_forget(file, &context, |batch| sink.give(batch));
            files.map(&mut decode).collect()
        });
        under_way.replace(Some(stream));
        let stream = Rc::clone(&under_way);
        geolocalisation::join_batches(move || match stream.borrow_mut().as_mut() {
            Some(stream) => stream.next(),
            None => Ok(None),
        })
    };
    let placed = write_from(rows, context, ETABLISSEMENT.schema(&[]), |schema| {
        TableWriter::create_joined(folder, &ETABLISSEMENT, schema, Box::new(|| Ok(start())))
    });
    let Some(mut stream) = under_way.take() else {
        return Err(placed.err().unwrap_or(IngestError::Interrupted));
    };
    if placed.is_ok() {
        stream.drain();
    }
    // The rows fail when the positions do: theirs is the cause.
    match (stream.end()?, placed) {
        (Some(Outcome::Whole(positions)), Ok((written, rows))) => Ok(Some(Placed {
            written,
            rows,
            positions,
        })),
        (Some(Outcome::OutOfOrder), _) => {
            tracing::info!("positions are not in key order: sorting them first");
            Ok(None)
        }
        (_, Err(error)) => Err(error),
        (None, Ok(_)) => Err(IngestError::Interrupted),
    }
}

/// The positions sorted and set aside, then the rows.
fn write_after(
    positions: &[&RawFile],
    rows: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<Placed, IngestError> {
    let (staged, positions) =
        write_from(positions, context, GEOLOCALISATION.schema(&[]), |schema| {
            TableWriter::create_staged(folder, &GEOLOCALISATION, schema)
        })?;
    let path = folder.join(&staged.file.file);
    let (written, rows) = write_from(rows, context, ETABLISSEMENT.schema(&[]), |schema| {
        let path = path.clone();
        let start = Box::new(move || geolocalisation::join(&path));
        TableWriter::create_joined(folder, &ETABLISSEMENT, schema, start)
    })?;
    fs::remove_file(&path).map_err(IngestError::io("remove", &path))?;
    Ok(Placed {
        written,
        rows,
        positions,
    })
}

/// The files one after the other into one writer, opened when the first batch tells the schema.
fn write_from<'a>(
    files: &[&RawFile],
    context: &Context,
    empty: SchemaRef,
    open: impl Fn(SchemaRef) -> Result<TableWriter<'a>, IngestError>,
) -> Result<(WrittenTable, Vec<DecodeReport>), IngestError> {
    let mut writer: Option<TableWriter<'a>> = None;
    let mut reports = Vec::new();
    for file in files {
        reports.push(decode_or_forget(file, context, |batch| {
            let open_writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(open(batch.schema())?),
            };
            open_writer.write(batch)
        })?);
    }
    let writer = match writer {
        Some(writer) => writer,
        None => open(empty)?,
    };
    Ok((writer.finish(context)?, reports))
}

/// Each batch decoded, then normalised. A file that cannot be decoded is fetched again by the next
/// run: damaged under way, it may have had no published checksum to tell.
fn decode_or_forget(
    file: &RawFile,
    context: &Context,
    mut sink: impl FnMut(RecordBatch) -> Result<(), IngestError>,
) -> Result<DecodeReport, IngestError> {
    let mut repaired = 0;
    let decoded = decode(file, context, |batch| {
        let normalised = normalise(batch, &file.resource.source)?;
        repaired += normalised.repaired;
        sink(normalised.batch)
    });
    if let Err(IngestError::File { .. } | IngestError::Decode { .. } | IngestError::Budget { .. }) =
        &decoded
    {
        file.forget()?;
    }
    let mut report = decoded?;
    report.repaired = repaired;
    if repaired > 0 {
        let name = &file.resource.source.name;
        tracing::info!(source.name = %name, "{name}: {repaired} values whose accents were damaged are repaired");
    }
    Ok(report)
}

/// Stages each file of the RNA, then unites them.
fn write_association(
    files: &[&RawFile],
    folder: &Path,
    context: &Context,
) -> Result<(WrittenTable, Vec<DecodeReport>), IngestError> {
    let mut staged: Vec<PathBuf> = Vec::new();
    let mut reports = Vec::new();
    // The last file wins between rows updated at the same time: waldec is read last.
    for file in files.iter().rev() {
        let path = folder.join(format!("{}.staged", file.resource.source.name));
        let mut writer: Option<StagedWriter> = None;
        reports.push(decode_or_forget(file, context, |batch| {
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
    let schema = ASSOCIATION.schema(&unknown_columns(reports.iter()));
    let written = rna::unite(&staged, &schema, folder, context)?;
    let (rows, superseded) = (written.file.rows, written.superseded);
    tracing::info!(
        rows,
        superseded,
        "association: {rows} rows, {superseded} superseded by a later update"
    );
    Ok((written, reports))
}

/// The unknown columns of any of the files, in order of appearance.
fn unknown_columns<'a>(reports: impl Iterator<Item = &'a DecodeReport>) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    for name in reports.flat_map(|report| &report.unknown_columns) {
        if !unknown.contains(name) {
            unknown.push(name.clone());
        }
    }
    unknown
}

fn describe(file: &RawFile, report: DecodeReport) -> SourceFile {
    SourceFile {
        name: file.resource.source.name.clone(),
        table: file.resource.source.table.name.to_owned(),
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
