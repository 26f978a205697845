//! A sorted Parquet table, cut where a SIREN begins.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use registre_schemas::Table;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codes::{self, is_coded};
use crate::error::IngestError;

/// Rows decoded at a time.
const BATCH: usize = 8192;

/// A table's file and its footer.
pub(crate) struct Parquet {
    pub(crate) table: &'static Table,
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// First row of each row group, then how many rows there are.
    starts: Vec<usize>,
}

impl Parquet {
    pub(crate) fn open(folder: &Path, table: &'static Table) -> Result<Self, IngestError> {
        let path = folder.join(format!("{}.parquet", table.name));
        let file = File::open(&path).map_err(IngestError::io("open", &path))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = metadata.map_err(|error| unreadable(&path, &error))?;
        let mut starts = vec![0];
        for group in metadata.metadata().row_groups() {
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            starts.push(starts[starts.len() - 1] + rows);
        }
        Ok(Self {
            table,
            path,
            metadata,
            starts,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    pub(crate) fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows of a row group.
    pub(crate) fn group(&self, group: usize) -> Range<usize> {
        self.starts[group]..self.starts[group + 1]
    }

    fn chunk(&self, group: usize, column: usize) -> &ColumnChunkMetaData {
        self.metadata.metadata().row_group(group).column(column)
    }

    /// The first key of a row group, as its statistics have it.
    pub(crate) fn first_key(&self, group: usize, column: &str) -> Option<String> {
        let column = self.position(column)?;
        match self.chunk(group, column).statistics()? {
            Statistics::ByteArray(texts) => {
                let text = texts.min_bytes_opt()?;
                String::from_utf8(text.to_vec()).ok()
            }
            _ => None,
        }
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.metadata.schema().index_of(column).ok()
    }

    /// The first row whose key is not before `key`. Statistics say in which row group to look.
    pub(crate) fn row_of(&self, column: &str, key: &str) -> Result<usize, IngestError> {
        let first = |group: usize| self.first_key(group, column).unwrap_or_default();
        let groups: Vec<usize> = (0..self.groups()).collect();
        // The last row group that begins before the key.
        let after = groups.partition_point(|group| first(*group).as_str() < key);
        let Some(group) = after.checked_sub(1) else {
            return Ok(0);
        };
        let mut row = self.starts[group];
        for batch in self.read(self.group(group), &[column])? {
            let batch = batch.map_err(|error| self.unreadable(&error))?;
            let keys = batch.column(0);
            let keys = keys
                .as_string_opt::<i32>()
                .ok_or_else(|| self.bug("its key is no text"))?;
            let before = keys
                .iter()
                .take_while(|own| own.is_some_and(|own| own < key))
                .count();
            row += before;
            if before < keys.len() {
                break;
            }
        }
        Ok(row)
    }

    /// Some rows of some columns, in the table's order.
    pub(crate) fn read(
        &self,
        rows: Range<usize>,
        columns: &[&str],
    ) -> Result<ParquetRecordBatchReader, IngestError> {
        self.open_at(rows, columns, false)
    }

    /// The same; texts that are codes in a dictionary in every row group concerned stay so, but for
    /// those of keys.
    pub(crate) fn read_coded(
        &self,
        rows: Range<usize>,
        columns: &[&str],
    ) -> Result<ParquetRecordBatchReader, IngestError> {
        self.open_at(rows, columns, true)
    }

    fn open_at(
        &self,
        rows: Range<usize>,
        columns: &[&str],
        coded: bool,
    ) -> Result<ParquetRecordBatchReader, IngestError> {
        let open = || {
            let end = |row: usize| self.starts.partition_point(|start| *start < row);
            let first = end(rows.start + 1).saturating_sub(1);
            let groups: Vec<usize> = (first..end(rows.end)).collect();
            let schema = if coded {
                self.coded(&groups)
            } else {
                Arc::clone(self.metadata.schema())
            };
            let options = ArrowReaderOptions::new().with_schema(schema);
            let metadata =
                ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options)?;
            let file = File::open(&self.path)?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
            let positions = columns.iter().filter_map(|column| self.position(column));
            let only = ProjectionMask::leaves(builder.parquet_schema(), positions);
            let origin = groups.first().map_or(0, |group| self.starts[*group]);
            let total = groups.last().map_or(0, |group| self.starts[*group + 1]) - origin;
            let selected = rows.start.saturating_sub(origin)..rows.end.saturating_sub(origin);
            builder
                .with_projection(only)
                .with_row_groups(groups)
                .with_row_selection(RowSelection::from_consecutive_ranges(
                    std::iter::once(selected).filter(|rows| !rows.is_empty()),
                    total,
                ))
                .with_batch_size(BATCH)
                .build()
        };
        open().map_err(|error| unreadable(&self.path, &error))
    }

    /// The columns of a table that hold something in those rows.
    pub(crate) fn with_values(&self, rows: &Range<usize>, column: &str) -> bool {
        let Some(position) = self.position(column) else {
            return false;
        };
        let concerned = (0..self.groups()).filter(|group| {
            let own = self.group(*group);
            own.start < rows.end && rows.start < own.end
        });
        let empty = |group: usize| {
            let chunk = self.chunk(group, position);
            let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
            nulls.is_some() && nulls == u64::try_from(chunk.num_values()).ok()
        };
        !concerned.into_iter().all(empty)
    }

    /// The schema, texts by their codes where they have some.
    fn coded(&self, groups: &[usize]) -> SchemaRef {
        let keys = self.table.key;
        let schema = self.metadata.schema();
        let fields = schema.fields().iter().enumerate().map(|(column, field)| {
            let coded = !keys.contains(&field.name().as_str())
                && groups
                    .iter()
                    .all(|group| is_coded(self.chunk(*group, column)));
            if coded {
                codes::coded(field)
            } else {
                Arc::clone(field)
            }
        });
        Arc::new(Schema::new_with_metadata(
            fields.collect::<Vec<_>>(),
            schema.metadata().clone(),
        ))
    }

    pub(crate) fn unreadable(&self, error: &dyn std::fmt::Display) -> IngestError {
        IngestError::File {
            path: self.path.clone(),
            detail: error.to_string(),
        }
    }

    pub(crate) fn bug(&self, detail: &str) -> IngestError {
        self.unreadable(&detail)
    }
}

fn unreadable(path: &Path, error: &ParquetError) -> IngestError {
    IngestError::File {
        path: path.to_path_buf(),
        detail: error.to_string(),
    }
}
