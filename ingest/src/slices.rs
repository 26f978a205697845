//! A table of a snapshot, read some columns and some rows at a time: memory does not grow with it.

use polars::prelude::{
    DataFrame, FileMetadataRef, ParallelStrategy, ParquetReader, PolarsError, SerReader,
};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::IngestError;

/// A Parquet file and where to cut it.
pub(crate) struct Slices {
    path: PathBuf,
    /// The footer, reduced to the row groups of each slice.
    footers: Vec<FileMetadataRef>,
    /// Every column of the file, in its order.
    pub(crate) columns: Vec<String>,
    /// Rows in all.
    pub(crate) rows: u64,
}

impl Slices {
    /// Reads the footer of a table's file. A slice holds that many row groups, of some hundred
    /// thousand rows each: few when many columns are read at once.
    pub(crate) fn of_table(
        folder: &Path,
        table: &str,
        row_groups: usize,
    ) -> Result<Self, IngestError> {
        Self::open(folder.join(format!("{table}.parquet")), row_groups)
    }

    /// The same, of any file.
    pub(crate) fn open(path: PathBuf, row_groups: usize) -> Result<Self, IngestError> {
        let mut reader = ParquetReader::new(open(&path)?);
        let mut footer = reader
            .get_metadata()
            .map(|footer| (**footer).clone())
            .map_err(|error| unreadable(&path, &error))?;
        let schema = reader.schema().map_err(|error| unreadable(&path, &error))?;
        let columns = schema.iter_names().map(ToString::to_string).collect();
        let rows = footer.num_rows as u64;
        let groups = std::mem::take(&mut footer.row_groups);
        // A table without rows is one slice of none, which has its columns.
        let slices = if groups.is_empty() {
            vec![groups.as_slice()]
        } else {
            groups.chunks(row_groups).collect()
        };
        let footers = slices.into_iter().map(|groups| {
            let mut slice = footer.clone();
            slice.row_groups = groups.to_vec();
            slice.num_rows = 0;
            for group in groups {
                slice.num_rows += group.num_rows();
            }
            Arc::new(slice)
        });
        Ok(Self {
            footers: footers.collect(),
            path,
            columns,
            rows,
        })
    }

    /// How many slices there are.
    pub(crate) fn len(&self) -> usize {
        self.footers.len()
    }

    /// Reads some columns of a slice, on the calling thread.
    pub(crate) fn read(&self, slice: usize, columns: &[&str]) -> Result<DataFrame, IngestError> {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut reader = ParquetReader::new(open(&self.path)?)
            .with_columns(Some(columns))
            .read_parallel(ParallelStrategy::None);
        reader.set_metadata(Arc::clone(&self.footers[slice]));
        reader.finish().map_err(|error| self.unreadable(&error))
    }

    /// Names the file.
    pub(crate) fn unreadable(&self, error: &PolarsError) -> IngestError {
        unreadable(&self.path, error)
    }
}

fn open(path: &Path) -> Result<File, IngestError> {
    File::open(path).map_err(IngestError::io("open", path))
}

fn unreadable(path: &Path, error: &PolarsError) -> IngestError {
    IngestError::File {
        path: path.to_path_buf(),
        detail: format!("read with polars: {error}"),
    }
}
