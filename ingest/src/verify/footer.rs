//! What the footer of a Parquet file says of its columns, without reading its rows.

use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use crate::error::IngestError;

/// The footer of a table.
#[derive(Debug)]
pub(super) struct Footer {
    metadata: ParquetMetaData,
}

impl Footer {
    pub(super) fn read(path: &Path) -> Result<Self, IngestError> {
        let file = File::open(path).map_err(IngestError::io("open", path))?;
        let reader = SerializedFileReader::new(file).map_err(|error| IngestError::File {
            path: path.to_path_buf(),
            detail: error.to_string(),
        })?;
        Ok(Self {
            metadata: reader.metadata().clone(),
        })
    }

    /// Its columns, each with its type.
    pub(super) fn columns(&self) -> BTreeMap<&str, String> {
        let schema = self.metadata.file_metadata().schema_descr();
        schema
            .columns()
            .iter()
            .map(|column| {
                let kind = column.logical_type_ref().map_or_else(
                    || column.physical_type().to_string(),
                    |logical| format!("{logical:?}"),
                );
                (column.name(), kind)
            })
            .collect()
    }

    /// How many values of each column are null; a column whose file does not count them is left out.
    pub(super) fn nulls(&self) -> BTreeMap<&str, u64> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        columns
            .iter()
            .enumerate()
            .filter_map(|(position, column)| {
                let groups = self.metadata.row_groups().iter();
                let nulls = groups.map(|group| {
                    group
                        .column(position)
                        .statistics()
                        .and_then(Statistics::null_count_opt)
                });
                Some((column.name(), nulls.sum::<Option<u64>>()?))
            })
            .collect()
    }

    /// The first row group that begins before the one before it ends, by its leading key, a text:
    /// `(ends, begins)`.
    pub(super) fn out_of_order(&self, key: &str) -> Option<(String, String)> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        let position = columns.iter().position(|column| column.name() == key)?;
        let mut end: Option<String> = None;
        for group in self.metadata.row_groups() {
            let Some(Statistics::ByteArray(range)) = group.column(position).statistics() else {
                continue;
            };
            let text = |bytes: Option<&parquet::data_type::ByteArray>| {
                bytes.and_then(|bytes| Some(bytes.as_utf8().ok()?.to_owned()))
            };
            let (first, last) = (text(range.min_opt()), text(range.max_opt()));
            if let (Some(end), Some(first)) = (&end, &first)
                && first < end
            {
                return Some((end.clone(), first.clone()));
            }
            end = last.or(end);
        }
        None
    }
}
