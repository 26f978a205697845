//! Writes a table of the snapshot: Parquet, sorted by key, zstd.
//!
//! Sources are expected in key order, and then rows stream straight through. When one is not, what
//! was written so far becomes the first of several sorted runs, merged at the end ([`sort`]):
//! memory stays bounded either way.

mod columns;
pub(crate) mod hashed;
mod layout;
mod merge;
mod sort;

use arrow::compute::SortOptions;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use registre_schemas::Table;
use registre_schemas::manifest::TableFile;
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::download::hex;
use crate::error::IngestError;
use crate::progress::Context;
use columns::ColumnsWriter;
use layout::published_properties;
use sort::Runs;

pub(crate) use hashed::Hashed;
pub(crate) use merge::{Carry, Changes, Merged, merge, schema_of};

/// Fills columns of rows from another table in the same order, just before they are written.
pub type Join = Box<dyn FnMut(RecordBatch) -> Result<RecordBatch, IngestError>>;
/// Starts such a join from its beginning.
pub type StartJoin<'a> = Box<dyn Fn() -> Result<Join, IngestError> + 'a>;

/// Rows go as they come.
fn no_join<'a>() -> StartJoin<'a> {
    Box::new(|| Ok(Box::new(Ok)))
}

/// A table being written.
pub struct TableWriter<'a> {
    table: &'static Table,
    /// The table again when the file is to be published.
    published: Option<&'static Table>,
    schema: SchemaRef,
    path: PathBuf,
    writer: Option<ColumnsWriter>,
    start_join: StartJoin<'a>,
    join: Join,
    keys: KeyOrder,
    rows: u64,
    /// Sorted runs, once a row came out of order.
    runs: Option<Runs>,
}

/// Checks that keys come in order, and remembers the first and the last.
struct KeyOrder {
    converter: RowConverter,
    columns: Vec<usize>,
    first: Option<OwnedRow>,
    last: Option<OwnedRow>,
    duplicates: u64,
    first_duplicate: Option<String>,
}

impl KeyOrder {
    fn new(table: &Table, schema: &Schema) -> Result<Self, arrow::error::ArrowError> {
        let columns = table.key_indices();
        let fields = columns
            .iter()
            .map(|column| {
                let field = schema.field(*column);
                let options = sort_options(table, field.name());
                SortField::new_with_options(field.data_type().clone(), options)
            })
            .collect();
        Ok(Self {
            converter: RowConverter::new(fields)?,
            columns,
            first: None,
            last: None,
            duplicates: 0,
            first_duplicate: None,
        })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Rows, arrow::error::ArrowError> {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|column| Arc::clone(batch.column(*column)))
            .collect();
        self.converter.convert_columns(&columns)
    }

    /// False when a key is smaller than the one before it; nothing is remembered then.
    fn accept(&mut self, batch: &RecordBatch) -> Result<bool, arrow::error::ArrowError> {
        let rows = self.rows(batch)?;
        let mut duplicates: Vec<usize> = Vec::new();
        for index in 0..rows.num_rows() {
            let row = rows.row(index);
            let order = match (index, &self.last) {
                (0, None) => Ordering::Less,
                (0, Some(last)) => last.row().cmp(&row),
                _ => rows.row(index - 1).cmp(&row),
            };
            match order {
                Ordering::Greater => return Ok(false),
                Ordering::Equal => duplicates.push(index),
                Ordering::Less => {}
            }
        }
        if rows.num_rows() > 0 {
            self.first.get_or_insert_with(|| rows.row(0).owned());
            self.last = Some(rows.row(rows.num_rows() - 1).owned());
        }
        self.duplicates += duplicates.len() as u64;
        if let (None, Some(index)) = (&self.first_duplicate, duplicates.first()) {
            self.first_duplicate = Some(self.text(&rows.row(*index).owned()));
        }
        Ok(true)
    }

    /// A key as the manifest writes it: its values separated by a space.
    fn text(&self, row: &OwnedRow) -> String {
        let Ok(columns) = self.converter.convert_rows([row.row()]) else {
            return String::new();
        };
        let values = columns
            .iter()
            .filter_map(|column| arrow::util::display::array_value_to_string(column, 0).ok());
        values.collect::<Vec<_>>().join(" ")
    }
}

/// How rows are sorted by a column of the key.
fn sort_options(table: &Table, column: &str) -> SortOptions {
    let descending = table.descending.contains(&column);
    SortOptions::new(descending, !descending)
}

/// What was written, and what the order of its keys told.
#[derive(Debug, Clone)]
pub struct WrittenTable {
    /// For the manifest.
    pub file: TableFile,
    /// Rows whose key is that of the row before.
    pub duplicates: u64,
    /// The first of them.
    pub first_duplicate: Option<String>,
    /// Whether its rows came in another order, and were sorted here.
    pub sorted_here: bool,
    /// Rows of its files that others of the same key supersede.
    pub superseded: u64,
    /// Rows that updates added since its files; negative when they removed some.
    pub updated: i64,
}

impl<'a> TableWriter<'a> {
    /// Starts `<folder>/<table>.parquet`. `schema` is the table's, perhaps with unknown columns.
    pub fn create(
        folder: &Path,
        table: &'static Table,
        schema: SchemaRef,
    ) -> Result<Self, IngestError> {
        Self::create_joined(folder, table, schema, no_join())
    }

    /// The same, to be read back once by a later hop and then removed: written fast.
    pub fn create_staged(
        folder: &Path,
        table: &'static Table,
        schema: SchemaRef,
    ) -> Result<Self, IngestError> {
        Self::start(folder, table, schema, no_join(), None)
    }

    /// The same as [`Self::create`], with columns filled by a join, which must not touch the keys.
    pub fn create_joined(
        folder: &Path,
        table: &'static Table,
        schema: SchemaRef,
        start_join: StartJoin<'a>,
    ) -> Result<Self, IngestError> {
        Self::start(folder, table, schema, start_join, Some(table))
    }

    fn start(
        folder: &Path,
        table: &'static Table,
        schema: SchemaRef,
        start_join: StartJoin<'a>,
        published: Option<&'static Table>,
    ) -> Result<Self, IngestError> {
        let path = folder.join(format!("{}.parquet", table.name));
        let writer = open(&path, &schema, published)?;
        let keys = KeyOrder::new(table, &schema).map_err(failed(table))?;
        Ok(Self {
            table,
            published,
            schema,
            path,
            writer: Some(writer),
            join: start_join()?,
            start_join,
            keys,
            rows: 0,
            runs: None,
        })
    }

    /// Adds rows, in key order or not.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), IngestError> {
        let failed = failed(self.table);
        self.rows += batch.num_rows() as u64;
        if self.runs.is_none() {
            if self.keys.accept(&batch).map_err(&failed)? {
                return match &mut self.writer {
                    Some(writer) => writer
                        .write(&(self.join)(batch)?)
                        .map_err(|error| parquet_failed(self.table, &error)),
                    None => Ok(()),
                };
            }
            tracing::info!(
                table = self.table.name,
                "{}: rows are not in key order, sorting",
                self.table.name
            );
            let mut runs = Runs::new(&self.path, self.table, &self.schema);
            if let Some(writer) = self.writer.take() {
                writer
                    .close()
                    .map_err(|error| parquet_failed(self.table, &error))?;
                runs.adopt(&self.path)?;
            }
            self.runs = Some(runs);
        }
        match &mut self.runs {
            Some(runs) => runs.push(batch, &self.keys),
            None => Ok(()),
        }
    }

    /// Closes the file, merging the runs when there are any, and describes it.
    pub fn finish(mut self, context: &Context) -> Result<WrittenTable, IngestError> {
        let sorted_here = self.runs.is_some();
        if let Some(runs) = self.runs.take() {
            let mut writer = open(&self.path, &self.schema, self.published)?;
            let mut keys = KeyOrder::new(self.table, &self.schema).map_err(failed(self.table))?;
            // Rows written before the first one out of order were joined once: they get the same again.
            let mut join = (self.start_join)()?;
            runs.merge(&self.keys, context, |batch| {
                if !keys.accept(&batch).map_err(failed(self.table))? {
                    return Err(bug(self.table, "the merge of sorted runs is not sorted"));
                }
                writer
                    .write(&join(batch)?)
                    .map_err(|error| parquet_failed(self.table, &error))
            })?;
            self.keys = keys;
            self.writer = Some(writer);
        }
        let Some(writer) = self.writer.take() else {
            return Err(bug(self.table, "no file is open"));
        };
        let closed = writer
            .close()
            .map_err(|error| parquet_failed(self.table, &error))?;
        sync(&self.path)?;
        let key_range = self.keys.first.as_ref().zip(self.keys.last.as_ref());
        Ok(WrittenTable {
            file: TableFile {
                name: self.table.name.to_owned(),
                file: format!("{}.parquet", self.table.name),
                rows: self.rows,
                bytes: closed.bytes,
                sha256: closed.sha256,
                key_range: key_range
                    .map(|(first, last)| (self.keys.text(first), self.keys.text(last))),
                schema_fingerprint: fingerprint(&self.schema),
            },
            duplicates: self.keys.duplicates,
            first_duplicate: self.keys.first_duplicate,
            sorted_here,
            superseded: 0,
            updated: 0,
        })
    }
}

/// Rows set aside as they come, to be read back once by a later hop.
pub struct StagedWriter {
    table: &'static Table,
    path: PathBuf,
    writer: ColumnsWriter,
}

impl StagedWriter {
    /// Starts the file.
    pub fn create(
        path: &Path,
        table: &'static Table,
        schema: &SchemaRef,
    ) -> Result<Self, IngestError> {
        Ok(Self {
            table,
            path: path.to_path_buf(),
            writer: open(path, schema, None)?,
        })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), IngestError> {
        self.writer
            .write(batch)
            .map_err(|error| parquet_failed(self.table, &error))
    }

    /// Closes the file and gives its path.
    pub fn finish(self) -> Result<PathBuf, IngestError> {
        self.writer
            .close()
            .map_err(|error| parquet_failed(self.table, &error))?;
        Ok(self.path)
    }
}

/// Changes when the name, type or nullability of a column does.
pub(crate) fn fingerprint(schema: &Schema) -> String {
    let mut hasher = Sha256::new();
    for field in schema.fields() {
        hasher.update(format!(
            "{} {} {}\n",
            field.name(),
            field.data_type(),
            field.is_nullable()
        ));
    }
    hex(&hasher.finalize())[..16].to_owned()
}

fn failed(table: &'static Table) -> impl Fn(arrow::error::ArrowError) -> IngestError {
    move |error| IngestError::Write {
        table: table.name.to_owned(),
        detail: error.to_string(),
    }
}

fn bug(table: &Table, what: &str) -> IngestError {
    IngestError::Write {
        table: table.name.to_owned(),
        detail: format!("a bug: {what}"),
    }
}

fn parquet_failed(table: &Table, error: &ParquetError) -> IngestError {
    IngestError::Write {
        table: table.name.to_owned(),
        detail: error.to_string(),
    }
}

/// Opens a Parquet file for writing. With a table it is the published layout; without, a run to be
/// read back once, written as fast as possible.
fn open(
    path: &Path,
    schema: &SchemaRef,
    published: Option<&Table>,
) -> Result<ColumnsWriter, IngestError> {
    let file = File::create(path).map_err(IngestError::io("create", path))?;
    let properties = match published {
        Some(table) => published_properties(table),
        None => WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_dictionary_enabled(false)
            .build(),
    };
    ColumnsWriter::new(file, schema, properties).map_err(|error| IngestError::Write {
        table: path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        detail: error.to_string(),
    })
}

/// The latest day of a timestamp column; a day still to come is a typing error, and not counted.
pub(crate) fn latest_date(path: &Path, column: &str) -> Option<NaiveDate> {
    let tomorrow = Utc::now().date_naive().succ_opt()?.and_hms_opt(0, 0, 0)?;
    latest_time(path, column, tomorrow).map(|at| at.date())
}

/// The latest moment before `end` of a timestamp column, from the file's statistics: a row group
/// whose latest is not before it is passed over.
pub(crate) fn latest_time(path: &Path, column: &str, end: NaiveDateTime) -> Option<NaiveDateTime> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    let metadata = reader.metadata();
    let position = metadata
        .file_metadata()
        .schema()
        .get_fields()
        .iter()
        .position(|field| field.name() == column)?;
    let latest = metadata.row_groups().iter().filter_map(|group| {
        match group.column(position).statistics()? {
            Statistics::Int64(statistics) => {
                DateTime::from_timestamp_micros(*statistics.max_opt()?)
            }
            _ => None,
        }
    });
    latest.map(|at| at.naive_utc()).filter(|at| *at < end).max()
}

/// Makes sure a file survives a power cut before it is named in a manifest.
fn sync(path: &Path) -> Result<(), IngestError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(IngestError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray, StringArray, TimestampMicrosecondArray};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use registre_schemas::unite_legale::DOUBLON;
    use std::sync::Arc;

    fn batch(rows: &[(u32, u32)]) -> RecordBatch {
        let text = |values: Vec<u32>| {
            Arc::new(
                values
                    .iter()
                    .map(|v| Some(format!("{v:09}")))
                    .collect::<StringArray>(),
            )
        };
        RecordBatch::try_new(
            DOUBLON.schema(&[]),
            vec![
                text(rows.iter().map(|row| row.0).collect()),
                text(rows.iter().map(|row| row.1).collect()),
                Arc::new(TimestampMicrosecondArray::from(vec![None; rows.len()])),
            ],
        )
        .unwrap()
    }

    /// An upgrade that only says more of its columns makes no table again: the one in service keeps its
    /// file, and its words, until its sources change.
    #[test]
    fn what_is_said_of_columns_is_no_part_of_the_fingerprint() {
        let schema = DOUBLON.schema(&[]);
        assert!(schema.field(0).metadata().contains_key("source"));
        let bare = schema.fields().iter().map(|field| {
            let bare = field.as_ref().clone();
            bare.with_metadata(std::collections::HashMap::new())
        });
        let bare = Schema::new(bare.collect::<Vec<_>>());
        assert_eq!(fingerprint(&schema), fingerprint(&bare));
    }

    fn read_back(path: &Path) -> Vec<(String, String)> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
            .unwrap()
            .build()
            .unwrap();
        let mut rows = Vec::new();
        for batch in reader.map(Result::unwrap) {
            let (a, b) = (
                batch.column(0).as_string::<i32>(),
                batch.column(1).as_string::<i32>(),
            );
            rows.extend((0..a.len()).map(|row| (a.value(row).to_owned(), b.value(row).to_owned())));
        }
        rows
    }

    #[test]
    fn rows_out_of_order_are_merged_into_one_sorted_table() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = TableWriter::create(folder.path(), &DOUBLON, DOUBLON.schema(&[])).unwrap();
        let mut expected = Vec::new();
        let mut value: u32 = 12_345;
        for size in [1, 700, 3, 5000, 5000] {
            let rows: Vec<(u32, u32)> = (0..size)
                .map(|_| {
                    value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (value % 1000, value / 1000 % 1_000_000)
                })
                .collect();
            expected.extend(
                rows.iter()
                    .map(|(a, b)| (format!("{a:09}"), format!("{b:09}"))),
            );
            writer.write(batch(&rows)).unwrap();
        }
        let written = writer.finish(&Context::silent()).unwrap();
        expected.sort();
        assert_eq!(read_back(&folder.path().join("doublon.parquet")), expected);
        assert_eq!(written.file.rows, expected.len() as u64);
        assert_eq!(
            written.file.key_range.unwrap().0,
            format!("{} {}", expected[0].0, expected[0].1)
        );
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["doublon.parquet"], "runs are cleaned up");
    }

    #[test]
    fn a_key_seen_twice_is_counted_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = TableWriter::create(folder.path(), &DOUBLON, DOUBLON.schema(&[])).unwrap();
        writer.write(batch(&[(1, 2), (3, 4)])).unwrap();
        writer.write(batch(&[(3, 4), (5, 6)])).unwrap();
        let written = writer.finish(&Context::silent()).unwrap();
        assert_eq!(
            (written.duplicates, written.first_duplicate.as_deref()),
            (1, Some("000000003 000000004"))
        );
    }
}
