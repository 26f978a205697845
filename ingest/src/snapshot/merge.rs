//! Merges changed rows into a table already written. Row groups that nothing touches are copied byte
//! for byte; the others are read, merged and encoded again.

mod groups;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, interleave_record_batch, lexsort_to_indices, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, Rows, SortField};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use registre_schemas::Table;
use registre_schemas::manifest::{TableFile, UpdatedTable};
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::columns::ColumnsWriter;
use super::layout::ROW_GROUP;
use super::{KeyOrder, WrittenTable, open, sort_options, sync};
use crate::download::space;
use crate::error::IngestError;
use crate::progress::Context;
use groups::{bounds, copy_group, key_range};

/// Rows of a row group that grew: an eighth more than one newly written. Without that slack every
/// group of a full table would split in two at its first new row, and readers would have twice as
/// many to open.
const GROWN: usize = ROW_GROUP + ROW_GROUP / 8;

/// Rows that replace those of the same keys.
#[derive(Debug)]
pub struct Changes {
    /// With the columns of the table's file, sorted by its key: see [`Changes::new`].
    rows: RecordBatch,
    /// How many of the key's columns, from the first, say which rows are replaced.
    by: usize,
}

/// Completes rows with what only the old ones know: given the old rows, the new ones, and for each
/// new one the old row it replaces.
pub type Carry = fn(
    old: &RecordBatch,
    new: &RecordBatch,
    replaces: &[Option<usize>],
) -> Result<RecordBatch, arrow::error::ArrowError>;

/// What a merge gave.
#[derive(Debug)]
pub struct Merged {
    /// The table as it is now.
    pub table: WrittenTable,
    /// What was done to it.
    pub done: UpdatedTable,
}

impl Changes {
    /// `rows` replace every row of the table whose first `by` key columns are theirs. They come in
    /// any order.
    pub fn new(table: &Table, rows: &RecordBatch, by: usize) -> Result<Self, IngestError> {
        let sorted = sorted(table, rows).map_err(|error| failed(table, error))?;
        Ok(Self { rows: sorted, by })
    }
}

fn sorted(table: &Table, rows: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    if rows.num_rows() == 0 {
        return Ok(rows.clone());
    }
    let columns = key_columns(table, rows.schema_ref(), table.key.len())
        .into_iter()
        .map(|(column, _)| SortColumn {
            values: Arc::clone(rows.column(column)),
            options: Some(sort_options(table, rows.schema_ref().field(column).name())),
        });
    let order = lexsort_to_indices(&columns.collect::<Vec<_>>(), None)?;
    take_record_batch(rows, &order)
}

fn key_columns(table: &Table, schema: &SchemaRef, count: usize) -> Vec<(usize, SortField)> {
    let columns = table.key.iter().take(count);
    let columns = columns.filter_map(|name| Some((schema.index_of(name).ok()?, *name)));
    columns
        .map(|(position, name)| {
            let kind = schema.field(position).data_type().clone();
            let field = SortField::new_with_options(kind, sort_options(table, name));
            (position, field)
        })
        .collect()
}

fn failed(table: &Table, error: impl std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: table.name.to_owned(),
        detail: format!("merge: {error}"),
    }
}

/// The columns of a table's file.
pub fn schema_of(path: &Path) -> Result<SchemaRef, IngestError> {
    let file = File::open(path).map_err(IngestError::io("open", path))?;
    let metadata =
        ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| {
            IngestError::File {
                path: path.to_path_buf(),
                detail: error.to_string(),
            }
        })?;
    Ok(Arc::clone(metadata.schema()))
}

/// Merges `changes` into `<folder>/<table>.parquet`, described by `written`. The file is replaced by
/// a rename: another name it has, in a published snapshot, keeps the old one. When every row is
/// already there nothing is replaced, and `table` is as it was.
pub fn merge(
    table: &'static Table,
    written: &WrittenTable,
    folder: &Path,
    changes: &Changes,
    carry: Option<Carry>,
    context: &Context,
) -> Result<Merged, IngestError> {
    let path = folder.join(&written.file.file);
    let aside = path.with_extension("merged");
    space::require(folder, written.file.bytes)?;
    let mut merge = Merge::open(table, &path, &aside, changes, carry)?;
    let task = context
        .progress
        .begin(&format!("{}: update", table.name), Some(written.file.bytes));
    for group in 0..merge.groups.len() {
        context.cancel.check()?;
        merge.group(group)?;
        task.advance(
            merge
                .metadata
                .row_group(group)
                .compressed_size()
                .unsigned_abs(),
        );
        task.rows(merge.metadata.row_group(group).num_rows().unsigned_abs());
    }
    let merged = merge.finish(written)?;
    let UpdatedTable {
        added,
        changed,
        groups_copied,
        groups_rewritten,
        ..
    } = merged.done;
    if added + changed > 0 {
        fs::rename(&aside, &path).map_err(IngestError::io("rename", &path))?;
    } else {
        fs::remove_file(&aside).map_err(IngestError::io("remove", &aside))?;
    }
    task.finish(&format!(
        "{}: {added} rows added, {changed} changed; {groups_rewritten} row groups written again, {groups_copied} copied",
        table.name
    ));
    Ok(merged)
}

/// A merge under way.
struct Merge<'a> {
    table: &'static Table,
    aside: PathBuf,
    old: File,
    reader: ArrowReaderMetadata,
    metadata: ParquetMetaData,
    /// First and last value of the leading key column, of each row group.
    groups: Vec<(String, String)>,
    writer: ColumnsWriter,
    changes: &'a Changes,
    carry: Option<Carry>,
    keys: Keys,
    whole: RowConverter,
    /// Changed rows written so far; those before it are.
    next: usize,
    /// The first changed row whose key is not before the old row reached.
    reached: usize,
    order: KeyOrder,
    rows: u64,
    added: u64,
    changed: u64,
    same: u64,
    copied: u64,
    rewritten: u64,
}

/// Keys, in a form that compares as the table is sorted.
struct Keys {
    by: Vec<usize>,
    by_converter: RowConverter,
    full: Vec<usize>,
    full_converter: RowConverter,
    new_by: Rows,
    new: Rows,
}

fn converter(
    table: &Table,
    schema: &SchemaRef,
    count: usize,
) -> Result<(Vec<usize>, RowConverter), arrow::error::ArrowError> {
    let (positions, fields): (Vec<usize>, Vec<SortField>) =
        key_columns(table, schema, count).into_iter().unzip();
    Ok((positions, RowConverter::new(fields)?))
}

fn convert(
    converter: &RowConverter,
    columns: &[usize],
    batch: &RecordBatch,
) -> Result<Rows, arrow::error::ArrowError> {
    let columns: Vec<_> = columns
        .iter()
        .map(|column| Arc::clone(batch.column(*column)))
        .collect();
    converter.convert_columns(&columns)
}

impl Keys {
    fn new(table: &Table, changes: &Changes) -> Result<Self, arrow::error::ArrowError> {
        let schema = changes.rows.schema();
        let (by, by_converter) = converter(table, &schema, changes.by)?;
        let (full, full_converter) = converter(table, &schema, table.key.len())?;
        Ok(Self {
            new_by: convert(&by_converter, &by, &changes.rows)?,
            new: convert(&full_converter, &full, &changes.rows)?,
            by,
            by_converter,
            full,
            full_converter,
        })
    }
}

/// What becomes of one row group.
struct Plan {
    /// For each row written: from the old rows (0) or the new ones (1), and which.
    picks: Vec<(usize, usize)>,
    /// Old rows replaced.
    dropped: Vec<u32>,
    /// New rows written here.
    inserted: Range<usize>,
}

impl<'a> Merge<'a> {
    fn open(
        table: &'static Table,
        path: &Path,
        aside: &Path,
        changes: &'a Changes,
        carry: Option<Carry>,
    ) -> Result<Self, IngestError> {
        let fail = |error: ParquetError| failed(table, error);
        let old = File::open(path).map_err(IngestError::io("open", path))?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let reader = ArrowReaderMetadata::load(&old, options).map_err(fail)?;
        let metadata = reader.metadata().as_ref().clone();
        let schema = Arc::clone(reader.schema());
        if schema.fields() != changes.rows.schema_ref().fields() {
            return Err(failed(table, "a bug: the changed rows have other columns"));
        }
        let writer = open(aside, &schema, Some(table))?;
        let arrow = |error: arrow::error::ArrowError| failed(table, error);
        let all = schema.fields().iter();
        let all = all.map(|field| SortField::new(field.data_type().clone()));
        Ok(Self {
            groups: bounds(table, &metadata)?,
            keys: Keys::new(table, changes).map_err(arrow)?,
            whole: RowConverter::new(all.collect()).map_err(arrow)?,
            order: KeyOrder::new(table, &schema).map_err(arrow)?,
            table,
            aside: aside.to_path_buf(),
            old,
            reader,
            metadata,
            writer,
            changes,
            carry,
            next: 0,
            reached: 0,
            rows: 0,
            added: 0,
            changed: 0,
            same: 0,
            copied: 0,
            rewritten: 0,
        })
    }

    /// The leading key of a changed row.
    fn leading(&self, row: usize) -> &str {
        let column = self.changes.rows.column(self.keys.full[0]);
        column.as_string::<i32>().value(row)
    }

    /// Where the next row group begins: rows before it belong to this one, whatever it holds.
    fn end_of(&self, group: usize) -> Option<&str> {
        self.groups.get(group + 1).map(|(first, _)| first.as_str())
    }

    /// Whether a changed row replaces rows of this group, or goes there.
    fn touches(&self, group: usize) -> bool {
        let count = self.changes.rows.num_rows();
        let (first, last) = &self.groups[group];
        let from = first_where(count, |row| self.leading(row) >= first.as_str());
        let replaces = from < count && self.leading(from) <= last.as_str();
        let goes_there = self.next < count
            && self
                .end_of(group)
                .is_none_or(|end| self.leading(self.next) < end);
        replaces || goes_there
    }

    fn group(&mut self, group: usize) -> Result<(), IngestError> {
        if !self.touches(group) {
            return self.copy(group);
        }
        let table = self.table;
        let old = self.read(group)?;
        let plan = self
            .plan(group, &old)
            .map_err(|error| failed(table, error))?;
        let new = self
            .compare(&old, &plan)
            .map_err(|error| failed(table, error))?;
        self.next = plan.inserted.end;
        match new {
            None => self.copy(group),
            Some(new) => {
                let merged = interleave_record_batch(&[&old, &new], &plan.picks);
                self.write(&merged.map_err(|error| failed(table, error))?)
            }
        }
    }

    fn read(&self, group: usize) -> Result<RecordBatch, IngestError> {
        let fail = |error: ParquetError| failed(self.table, error);
        let file = self
            .old
            .try_clone()
            .map_err(|error| failed(self.table, error))?;
        let rows = self.metadata.row_group(group).num_rows();
        // In one batch, so that rows are merged by their place in it.
        let mut reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.reader.clone())
                .with_row_groups(vec![group])
                .with_batch_size(usize::try_from(rows).unwrap_or(usize::MAX).max(1))
                .build()
                .map_err(fail)?;
        let batch = reader
            .next()
            .transpose()
            .map_err(|error| failed(self.table, error))?;
        Ok(batch.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(self.reader.schema()))))
    }

    /// The order of the rows of a group once merged.
    fn plan(&mut self, group: usize, old: &RecordBatch) -> Result<Plan, arrow::error::ArrowError> {
        let keys = &self.keys;
        let old_by = convert(&keys.by_converter, &keys.by, old)?;
        let old_keys = convert(&keys.full_converter, &keys.full, old)?;
        let count = self.changes.rows.num_rows();
        let (start, mut next, mut reached) = (self.next, self.next, self.reached);
        let mut picks = Vec::with_capacity(old.num_rows());
        let mut dropped: Vec<u32> = Vec::new();
        for row in 0..old.num_rows() {
            while next < count && keys.new.row(next) <= old_keys.row(row) {
                picks.push((1, next - start));
                next += 1;
            }
            while reached < count && keys.new_by.row(reached) < old_by.row(row) {
                reached += 1;
            }
            if reached < count && keys.new_by.row(reached) == old_by.row(row) {
                dropped.push(u32::try_from(row).unwrap_or(u32::MAX));
            } else {
                picks.push((0, row));
            }
        }
        while next < count
            && self
                .end_of(group)
                .is_none_or(|end| self.leading(next) < end)
        {
            picks.push((1, next - start));
            next += 1;
        }
        self.reached = reached;
        Ok(Plan {
            picks,
            dropped,
            inserted: start..next,
        })
    }

    /// The new rows of a group, completed; `None` when they are those they replace.
    fn compare(
        &mut self,
        old: &RecordBatch,
        plan: &Plan,
    ) -> Result<Option<RecordBatch>, arrow::error::ArrowError> {
        let keys = &self.keys;
        let dropped = take_record_batch(old, &UInt32Array::from(plan.dropped.clone()))?;
        let mut new = self
            .changes
            .rows
            .slice(plan.inserted.start, plan.inserted.len());
        let old_by = convert(&keys.by_converter, &keys.by, &dropped)?;
        let new_by = convert(&keys.by_converter, &keys.by, &new)?;
        // Both are sorted: runs of one key in each, side by side.
        let mut pairs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        let (mut a, mut b) = (0, 0);
        while a < old_by.num_rows() || b < new_by.num_rows() {
            let key = match (a < old_by.num_rows(), b < new_by.num_rows()) {
                (true, true) => old_by.row(a).min(new_by.row(b)),
                (true, false) => old_by.row(a),
                _ => new_by.row(b),
            };
            let (mut a_end, mut b_end) = (a, b);
            while a_end < old_by.num_rows() && old_by.row(a_end) == key {
                a_end += 1;
            }
            while b_end < new_by.num_rows() && new_by.row(b_end) == key {
                b_end += 1;
            }
            pairs.push((a..a_end, b..b_end));
            (a, b) = (a_end, b_end);
        }
        if let Some(carry) = self.carry {
            let mut replaces = vec![None; new.num_rows()];
            for (a, b) in &pairs {
                let place = (!a.is_empty()).then_some(a.start);
                replaces[b.clone()].fill(place);
            }
            new = carry(&dropped, &new, &replaces)?;
        }
        let old_rows = self.whole.convert_columns(dropped.columns())?;
        let new_rows = self.whole.convert_columns(new.columns())?;
        let mut differs = false;
        for (a, b) in pairs {
            let equal = a.len() == b.len()
                && a.clone()
                    .zip(b.clone())
                    .all(|(a, b)| old_rows.row(a) == new_rows.row(b));
            let rows = b.len() as u64;
            if equal {
                self.same += rows;
                continue;
            }
            differs = true;
            if a.is_empty() {
                self.added += rows;
            } else {
                // Rows that went are a change too: a period that INSEE withdrew.
                self.changed += rows.max(a.len() as u64);
            }
        }
        Ok(differs.then_some(new))
    }

    /// Copies a group as it is.
    fn copy(&mut self, group: usize) -> Result<(), IngestError> {
        let rows = self.metadata.row_group(group).num_rows().unsigned_abs();
        copy_group(&self.old, &self.metadata, group, self.writer.file())
            .map_err(|error| failed(self.table, error))?;
        self.rows += rows;
        self.copied += 1;
        Ok(())
    }

    /// Encodes merged rows, in as many groups as they need.
    fn write(&mut self, merged: &RecordBatch) -> Result<(), IngestError> {
        let table = self.table;
        let rows = merged.num_rows();
        if rows == 0 {
            return Ok(());
        }
        if !self
            .order
            .accept(merged)
            .map_err(|error| failed(table, error))?
        {
            return Err(failed(table, "a bug: the merged rows are not in order"));
        }
        let parts = if rows > GROWN {
            rows.div_ceil(ROW_GROUP)
        } else {
            1
        };
        let size = rows.div_ceil(parts);
        for start in (0..rows).step_by(size) {
            let part = merged.slice(start, size.min(rows - start));
            self.writer
                .write_group(&part)
                .map_err(|error| failed(table, error))?;
            self.rewritten += 1;
        }
        self.rows += rows as u64;
        Ok(())
    }

    fn finish(mut self, written: &WrittenTable) -> Result<Merged, IngestError> {
        let table = self.table;
        if self.groups.is_empty() {
            let all = self.changes.rows.clone();
            self.added = all.num_rows() as u64;
            self.write(&all)?;
        }
        let done = UpdatedTable {
            name: table.name.to_owned(),
            added: self.added,
            changed: self.changed,
            same: self.same,
            groups_copied: self.copied,
            groups_rewritten: self.rewritten,
        };
        let closed = self.writer.close().map_err(|error| failed(table, error))?;
        if done.added + done.changed == 0 {
            let table = written.clone();
            return Ok(Merged { table, done });
        }
        sync(&self.aside)?;
        let net = i64::try_from(self.rows).unwrap_or(i64::MAX)
            - i64::try_from(written.file.rows).unwrap_or(i64::MAX);
        Ok(Merged {
            table: WrittenTable {
                file: TableFile {
                    rows: self.rows,
                    bytes: closed.bytes,
                    sha256: closed.sha256,
                    key_range: key_range(&self.aside, table, &self.order)?,
                    ..written.file.clone()
                },
                duplicates: written.duplicates.max(self.order.duplicates),
                first_duplicate: written
                    .first_duplicate
                    .clone()
                    .or(self.order.first_duplicate),
                updated: written.updated + net,
                ..written.clone()
            },
            done,
        })
    }
}

/// The first of `count` ordered places where `holds` becomes true.
fn first_where(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests;
