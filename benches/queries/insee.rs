//! A table as INSEE ships it: the same rows and values, in no order, snappy, row groups of a million
//! rows, no Bloom filter.
//!
//! One column at a time is in memory, and it is written in parts, one per row group; the parts are
//! then put side by side without being encoded again. A row group takes every n-th row, n being their
//! number, and shuffles them: each spans all the keys, and neighbours of the table are far apart.

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{interleave, take};
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter, ProjectionMask};
use parquet::basic::Compression;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ROW_GROUP: usize = 1_000_000;
/// Name of the root of the schema in INSEE's files.
const ROOT: &str = "schema";
/// Rows read at once.
const BATCH: usize = 131_072;

/// Writes the Parquet file `from` again, at `to`, as INSEE would; `done` hears of every column.
pub fn ship(from: &Path, to: &Path, done: impl Fn(&str)) -> Result<()> {
    let parts = to.with_extension("parts");
    let _none_yet = fs::remove_dir_all(&parts);
    fs::create_dir_all(&parts)?;
    let metadata = ParquetRecordBatchReaderBuilder::try_new(File::open(from)?)?;
    let schema = Arc::clone(metadata.schema());
    let rows = usize::try_from(metadata.metadata().file_metadata().num_rows())?;
    let groups = rows.div_ceil(ROW_GROUP).max(1);
    let shuffles = Shuffles::of(rows, groups)?;
    for (column, field) in schema.fields().iter().enumerate() {
        let (schema, pieces) = read(from, column)?;
        (0..groups).into_par_iter().try_for_each(|group| {
            let values = shuffles.rows(&pieces, group)?;
            write(&part(&parts, column, group), &schema, values)
        })?;
        done(field.name());
    }
    let partial = to.with_extension("partial");
    assemble(&schema, &parts, groups, &partial)?;
    fs::remove_dir_all(&parts)?;
    fs::rename(&partial, to)?;
    Ok(())
}

/// A column of the table, in the table's order.
fn read(from: &Path, column: usize) -> Result<(SchemaRef, Vec<ArrayRef>)> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(from)?)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
    let schema = Arc::new(builder.schema().project(&[column])?);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH)
        .build()?;
    let mut pieces = Vec::new();
    for batch in reader {
        pieces.push(Arc::clone(batch?.column(0)));
    }
    Ok((schema, pieces))
}

/// In which order the rows of a row group are. Groups have the same number of rows, or one less.
struct Shuffles {
    rows: usize,
    groups: usize,
    longer: UInt32Array,
    shorter: UInt32Array,
}

impl Shuffles {
    fn of(rows: usize, groups: usize) -> Result<Self> {
        let longest = u32::try_from(rows.div_ceil(groups))?;
        Ok(Self {
            rows,
            groups,
            longer: shuffled(longest),
            shorter: shuffled(longest.saturating_sub(1)),
        })
    }

    /// The values of a column in one group. They are first gathered in the table's order, which the
    /// processor foresees, then shuffled where its caches hold them.
    fn rows(&self, pieces: &[ArrayRef], group: usize) -> Result<ArrayRef> {
        let Some(first) = pieces.first() else {
            return Err("a table without rows cannot be measured".into());
        };
        let size = first.len();
        let from: Vec<(usize, usize)> = (group..self.rows)
            .step_by(self.groups)
            .map(|row| (row / size, row % size))
            .collect();
        let pieces: Vec<&dyn arrow::array::Array> = pieces.iter().map(AsRef::as_ref).collect();
        let gathered = interleave(&pieces, &from)?;
        let order = if from.len() == self.longer.len() {
            &self.longer
        } else {
            &self.shorter
        };
        Ok(take(&gathered, order, None)?)
    }
}

/// The numbers before `count`, in an order that is always the same.
fn shuffled(count: u32) -> UInt32Array {
    let mut order: Vec<u32> = (0..count).collect();
    let mut state: u64 = 20_261_124;
    for last in (1..order.len()).rev() {
        // Knuth's 64-bit congruential generator: its high bits are its best.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let below = usize::try_from(state >> 33).unwrap_or(0) % (last + 1);
        order.swap(last, below);
    }
    order.into()
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build()
}

fn part(parts: &Path, column: usize, group: usize) -> PathBuf {
    parts.join(format!("{column}-{group}.parquet"))
}

/// A file of one column and one row group.
fn write(path: &Path, schema: &SchemaRef, values: ArrayRef) -> Result<()> {
    let options = ArrowWriterOptions::new()
        .with_properties(properties())
        .with_schema_root(ROOT.to_owned())
        .with_skip_arrow_metadata(true);
    let file = File::create(path)?;
    let mut writer = ArrowWriter::try_new_with_options(file, Arc::clone(schema), options)?;
    writer.write(&RecordBatch::try_new(Arc::clone(schema), vec![values])?)?;
    writer.close()?;
    Ok(())
}

/// The parts side by side, as they are.
fn assemble(schema: &Schema, parts: &Path, groups: usize, to: &Path) -> Result<()> {
    let root = ArrowSchemaConverter::new()
        .schema_root(ROOT)
        .convert(schema)?
        .root_schema_ptr();
    let mut writer = SerializedFileWriter::new(File::create(to)?, root, Arc::new(properties()))?;
    for group in 0..groups {
        let mut to = writer.next_row_group()?;
        for column in 0..schema.fields().len() {
            let path = part(parts, column, group);
            let reader = SerializedFileReader::new(File::open(&path)?)?;
            let from = reader.metadata().row_group(0);
            let chunk = from.column(0);
            let encoded = ColumnCloseResult {
                bytes_written: chunk.compressed_size().unsigned_abs(),
                rows_written: from.num_rows().unsigned_abs(),
                metadata: chunk.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            to.append_column(&File::open(&path)?, encoded)?;
            fs::remove_file(&path)?;
        }
        to.close()?;
    }
    writer.close()?;
    Ok(())
}
