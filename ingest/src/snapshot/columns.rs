//! A Parquet file being written, its columns encoded side by side: encoding and compressing them is
//! most of the work of a conversion, and columns need nothing of one another.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;
use std::fs::File;
use std::sync::Arc;

use super::hashed::Hashed;
use super::layout::ROW_GROUP;

/// A file, and the row group being filled.
pub(super) struct ColumnsWriter {
    schema: SchemaRef,
    file: SerializedFileWriter<Hashed>,
    encoders: ArrowRowGroupWriterFactory,
    /// One for each column of the row group being filled; none between two groups.
    group: Vec<ArrowColumnWriter>,
    /// Rows in it.
    rows: usize,
}

impl ColumnsWriter {
    /// Starts an empty file. Every column is one leaf, as in all our tables.
    pub(super) fn new(
        file: File,
        schema: &SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, ParquetError> {
        let file = Hashed::new(file);
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties))?;
        let (file, encoders) = writer.into_serialized_writer()?;
        Ok(Self {
            schema: Arc::clone(schema),
            file,
            encoders,
            group: Vec::new(),
            rows: 0,
        })
    }

    /// Adds rows; a row group ends when it is full.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        let mut written = 0;
        while written < batch.num_rows() {
            let room = (ROW_GROUP - self.rows).min(batch.num_rows() - written);
            self.encode(&batch.slice(written, room))?;
            written += room;
            if self.rows == ROW_GROUP {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Writes rows as one row group, whatever their number.
    pub(super) fn write_group(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        self.encode(rows)?;
        self.end_group()
    }

    fn encode(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            let group = self.file.flushed_row_groups().len();
            self.group = self.encoders.create_column_writers(group)?;
        }
        let fields = self.schema.fields();
        self.group
            .par_iter_mut()
            .enumerate()
            .try_for_each(|(position, column)| {
                for leaf in compute_leaves(&fields[position], rows.column(position))? {
                    column.write(&leaf)?;
                }
                Ok::<_, ParquetError>(())
            })?;
        self.rows += rows.num_rows();
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            return Ok(());
        }
        self.rows = 0;
        let columns = std::mem::take(&mut self.group).into_par_iter();
        let chunks: Vec<_> = columns
            .map(ArrowColumnWriter::close)
            .collect::<Result<_, _>>()?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// The file under it, between two row groups.
    pub(super) fn file(&mut self) -> &mut SerializedFileWriter<Hashed> {
        &mut self.file
    }

    /// Ends the last row group, and the file.
    pub(super) fn close(mut self) -> Result<Closed, ParquetError> {
        self.end_group()?;
        let (_file, bytes, sha256) = self.file.into_inner()?.finish();
        Ok(Closed { bytes, sha256 })
    }
}

/// A file that is whole.
pub(super) struct Closed {
    /// Its bytes.
    pub(super) bytes: u64,
    /// Of all of them, in hexadecimal: as they were meant to be written, whatever the disk did.
    pub(super) sha256: String,
}
