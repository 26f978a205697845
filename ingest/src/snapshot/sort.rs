//! External sort: runs sorted in memory, spilled, then merged. Only for a source that is not in
//! key order; memory is about three times [`RUN`] while filling (the batches, the run made of them,
//! its sorted copy), one batch per run while merging.

use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, interleave_record_batch, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::row::Rows;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use registre_schemas::Table;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{KeyOrder, failed, open, parquet_failed};
use crate::error::IngestError;
use crate::progress::Context;

/// Bytes of Arrow data sorted at once.
const RUN: usize = 128 << 20;
/// Rows per batch of a merged table.
const BATCH: usize = 8192;

/// Sorted runs of one table, on disk.
pub(super) struct Runs {
    base: PathBuf,
    table: &'static Table,
    schema: SchemaRef,
    files: Vec<PathBuf>,
    pending: Vec<RecordBatch>,
    pending_bytes: usize,
}

impl Runs {
    pub(super) fn new(base: &Path, table: &'static Table, schema: &SchemaRef) -> Self {
        Self {
            base: base.to_path_buf(),
            table,
            schema: Arc::clone(schema),
            files: Vec::new(),
            pending: Vec::new(),
            pending_bytes: 0,
        }
    }

    fn next_file(&self) -> PathBuf {
        self.base
            .with_extension(format!("run-{}", self.files.len()))
    }

    /// A file already in key order becomes a run.
    pub(super) fn adopt(&mut self, path: &Path) -> Result<(), IngestError> {
        let run = self.next_file();
        fs::rename(path, &run).map_err(IngestError::io("rename", path))?;
        self.files.push(run);
        Ok(())
    }

    pub(super) fn push(&mut self, batch: RecordBatch, keys: &KeyOrder) -> Result<(), IngestError> {
        self.pending_bytes += batch.get_array_memory_size();
        self.pending.push(batch);
        if self.pending_bytes >= RUN {
            self.spill(keys)
        } else {
            Ok(())
        }
    }

    fn spill(&mut self, keys: &KeyOrder) -> Result<(), IngestError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let failed = failed(self.table);
        let batch = concat_batches(&self.schema, &self.pending).map_err(&failed)?;
        self.pending.clear();
        self.pending_bytes = 0;
        let rows = keys.rows(&batch).map_err(&failed)?;
        let mut order: Vec<u32> =
            (0..u32::try_from(batch.num_rows()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
        let sorted = take_record_batch(&batch, &UInt32Array::from(order)).map_err(&failed)?;
        let path = self.next_file();
        let mut writer = open(&path, &self.schema, None)?;
        writer
            .write(&sorted)
            .and_then(|()| writer.close())
            .map_err(|error| parquet_failed(self.table, &error))?;
        self.files.push(path);
        Ok(())
    }

    /// Gives every row to `sink` in key order, then removes the runs. Rows of equal keys keep the
    /// order in which they came.
    pub(super) fn merge(
        mut self,
        keys: &KeyOrder,
        context: &Context,
        mut sink: impl FnMut(RecordBatch) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        self.spill(keys)?;
        let failed = failed(self.table);
        let mut cursors: Vec<Cursor> = Vec::new();
        for path in &self.files {
            cursors.extend(Cursor::open(path, keys, self.table)?);
        }
        let mut heap: BinaryHeap<Reverse<(Vec<u8>, usize)>> = cursors
            .iter()
            .enumerate()
            .map(|(run, cursor)| Reverse((cursor.key(), run)))
            .collect();
        // Batches the rows to output are in, and their places there.
        let mut sources: Vec<RecordBatch> =
            cursors.iter().map(|cursor| cursor.batch.clone()).collect();
        let mut slot: Vec<usize> = (0..sources.len()).collect();
        let mut picked: Vec<(usize, usize)> = Vec::with_capacity(BATCH);
        while let Some(Reverse((_, run))) = heap.pop() {
            let cursor = &mut cursors[run];
            picked.push((slot[run], cursor.position));
            if cursor.advance(keys, self.table)? {
                heap.push(Reverse((cursor.key(), run)));
                if cursor.position == 0 {
                    slot[run] = sources.len();
                    sources.push(cursor.batch.clone());
                }
            }
            if picked.len() == BATCH || heap.is_empty() {
                context.cancel.check()?;
                let borrowed: Vec<&RecordBatch> = sources.iter().collect();
                sink(interleave_record_batch(&borrowed, &picked).map_err(&failed)?)?;
                picked.clear();
                sources = cursors.iter().map(|cursor| cursor.batch.clone()).collect();
                slot = (0..sources.len()).collect();
            }
        }
        for path in &self.files {
            fs::remove_file(path).map_err(IngestError::io("remove", path))?;
        }
        Ok(())
    }
}

/// Where the merge is in one run.
struct Cursor {
    reader: ParquetRecordBatchReader,
    batch: RecordBatch,
    rows: Rows,
    position: usize,
}

impl Cursor {
    /// `None` for an empty run.
    fn open(
        path: &Path,
        keys: &KeyOrder,
        table: &'static Table,
    ) -> Result<Option<Self>, IngestError> {
        let file = File::open(path).map_err(IngestError::io("open", path))?;
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.with_batch_size(BATCH).build())
            .map_err(|error| parquet_failed(table, &error))?;
        let Some(batch) = reader.next().transpose().map_err(failed(table))? else {
            return Ok(None);
        };
        let rows = keys.rows(&batch).map_err(failed(table))?;
        Ok(Some(Self {
            reader,
            batch,
            rows,
            position: 0,
        }))
    }

    fn key(&self) -> Vec<u8> {
        self.rows.row(self.position).data().to_vec()
    }

    /// False at the end of the run.
    fn advance(&mut self, keys: &KeyOrder, table: &'static Table) -> Result<bool, IngestError> {
        self.position += 1;
        while self.position >= self.batch.num_rows() {
            let Some(batch) = self.reader.next().transpose().map_err(failed(table))? else {
                return Ok(false);
            };
            self.rows = keys.rows(&batch).map_err(failed(table))?;
            self.batch = batch;
            self.position = 0;
        }
        Ok(true)
    }
}
