//! Row groups of a Parquet file: which keys they hold, copied as they are.

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;
use registre_schemas::Table;
use std::fs::File;
use std::path::Path;

use super::failed;
use crate::error::IngestError;
use crate::snapshot::Hashed;
use crate::snapshot::KeyOrder;

/// The range of the leading key of each row group, from the statistics every file of ours has.
pub(super) fn bounds(
    table: &Table,
    metadata: &ParquetMetaData,
) -> Result<Vec<(String, String)>, IngestError> {
    let columns = metadata.file_metadata().schema_descr().columns();
    let leading = table.key.first().copied().unwrap_or_default();
    let position = columns.iter().position(|column| column.name() == leading);
    let position = position.ok_or_else(|| failed(table, format!("no column {leading}")))?;
    let groups = metadata.row_groups().iter().map(|group| {
        let Some(Statistics::ByteArray(range)) = group.column(position).statistics() else {
            return None;
        };
        let first = range.min_opt()?.as_utf8().ok()?.to_owned();
        Some((first, range.max_opt()?.as_utf8().ok()?.to_owned()))
    });
    let groups: Option<Vec<_>> = groups.collect();
    groups.ok_or_else(|| {
        failed(
            table,
            format!("a row group does not say its range of {leading}"),
        )
    })
}

/// Copies the encoded columns of a group; their statistics, page indexes and Bloom filters come with
/// them, at their new places.
pub(super) fn copy_group(
    old: &File,
    metadata: &ParquetMetaData,
    group: usize,
    writer: &mut SerializedFileWriter<Hashed>,
) -> Result<(), ParquetError> {
    let from = metadata.row_group(group);
    let mut to = writer.next_row_group()?;
    for (position, column) in from.columns().iter().enumerate() {
        let column_index = metadata.column_index();
        let offset_index = metadata.offset_index();
        let chunk = ColumnCloseResult {
            bytes_written: column.compressed_size().unsigned_abs(),
            rows_written: from.num_rows().unsigned_abs(),
            metadata: column.clone(),
            bloom_filter: Sbbf::read_from_column_chunk(column, old)?,
            column_index: column_index
                .and_then(|index| Some(index.get(group)?.get(position)?.clone())),
            offset_index: offset_index
                .and_then(|index| Some(index.get(group)?.get(position)?.clone())),
        };
        to.append_column(old, chunk)?;
    }
    to.close()?;
    Ok(())
}

/// The first and the last key of a file, each read in its own row group.
pub(super) fn key_range(
    path: &Path,
    table: &'static Table,
    order: &KeyOrder,
) -> Result<Option<(String, String)>, IngestError> {
    let open = || {
        let file = File::open(path).map_err(IngestError::io("open", path))?;
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(table, error))
    };
    let groups = open()?.metadata().num_row_groups();
    let key = |group: usize, last: bool| -> Result<Option<String>, IngestError> {
        let builder = open()?;
        let rows = builder.metadata().row_group(group).num_rows();
        let rows = usize::try_from(rows).unwrap_or(0);
        let reader = builder
            .with_row_groups(vec![group])
            .with_offset(if last { rows.saturating_sub(1) } else { 0 })
            .with_limit(1)
            .build();
        let mut reader = reader.map_err(|error| failed(table, error))?;
        let Some(batch) = reader
            .next()
            .transpose()
            .map_err(|error| failed(table, error))?
        else {
            return Ok(None);
        };
        let rows = order.rows(&batch).map_err(|error| failed(table, error))?;
        Ok(Some(order.text(&rows.row(0).owned())))
    };
    match groups.checked_sub(1) {
        None => Ok(None),
        Some(last) => Ok(key(0, false)?.zip(key(last, true)?)),
    }
}
