//! The columns of a table, read one row group at a time, in the shape they have on disk: a text that
//! Parquet wrote as codes in a dictionary stays so, and its codes are what is counted. polars, which
//! reads the other parts of a profile, would write out each text first.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codes::{self, is_coded};
use crate::error::IngestError;

/// A Parquet file and its footer.
pub(super) struct Chunks {
    path: PathBuf,
    /// Texts as they are.
    plain: ArrowReaderMetadata,
    /// Texts by their codes.
    coded: ArrowReaderMetadata,
}

/// What a row group holds of a column.
pub(super) enum Chunk {
    /// That many rows, none with a value: nothing was read.
    Null(u64),
    /// Its values.
    Values(ArrayRef),
}

impl Chunks {
    /// Reads the footer.
    pub(super) fn open(folder: &Path, table: &str) -> Result<Self, IngestError> {
        let path = folder.join(format!("{table}.parquet"));
        let file = File::open(&path).map_err(IngestError::io("open", &path))?;
        let read = || {
            let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
            let options = ArrowReaderOptions::new().with_schema(Arc::new(coded(plain.schema())));
            let coded = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)?;
            Ok((plain, coded))
        };
        let read: Result<_, ArrowError> = read();
        let (plain, coded) = read.map_err(|error| unreadable(&path, &error))?;
        Ok(Self { path, plain, coded })
    }

    /// The name of every column, in the file's order.
    pub(super) fn columns(&self) -> Vec<&str> {
        let fields = self.plain.schema().fields().iter();
        fields.map(|field| field.name().as_str()).collect()
    }

    /// Rows in all.
    pub(super) fn rows(&self) -> u64 {
        let rows = self.plain.metadata().file_metadata().num_rows();
        u64::try_from(rows).unwrap_or(0)
    }

    /// Row groups.
    pub(super) fn len(&self) -> usize {
        self.plain.metadata().num_row_groups()
    }

    /// Bytes of a column in a row group, as they are on disk.
    pub(super) fn bytes(&self, group: usize, column: usize) -> u64 {
        u64::try_from(self.footer(group, column).compressed_size()).unwrap_or(0)
    }

    fn footer(&self, group: usize, column: usize) -> &ColumnChunkMetaData {
        self.plain.metadata().row_group(group).column(column)
    }

    /// Reads a column of a row group, on the calling thread.
    pub(super) fn read(&self, group: usize, column: usize) -> Result<Chunk, IngestError> {
        let footer = self.footer(group, column);
        let rows = u64::try_from(footer.num_values()).unwrap_or(0);
        let nulls = footer.statistics().and_then(Statistics::null_count_opt);
        if nulls == Some(rows) {
            return Ok(Chunk::Null(rows));
        }
        let metadata = if is_coded(footer) {
            &self.coded
        } else {
            &self.plain
        };
        let values = self.values(metadata, group, column, rows);
        let values = values.map_err(|error| unreadable(&self.path, &error))?;
        Ok(Chunk::Values(values))
    }

    /// All its rows as one array.
    fn values(
        &self,
        metadata: &ArrowReaderMetadata,
        group: usize,
        column: usize,
        rows: u64,
    ) -> Result<ArrayRef, ArrowError> {
        let file = File::open(&self.path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let only = ProjectionMask::leaves(builder.parquet_schema(), [column]);
        let mut batches = builder
            .with_projection(only)
            .with_row_groups(vec![group])
            .with_batch_size(usize::try_from(rows).unwrap_or(usize::MAX))
            .build()?;
        let batch: Option<RecordBatch> = batches.next().transpose()?;
        let batch = batch.filter(|batch| batch.num_rows() as u64 == rows);
        let batch = batch.ok_or_else(|| {
            ArrowError::ParquetError(format!("row group {group} has not its {rows} rows"))
        })?;
        Ok(Arc::clone(batch.column(0)))
    }
}

/// The same columns, texts by their codes.
fn coded(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(codes::coded);
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}

fn unreadable(path: &Path, error: &ArrowError) -> IngestError {
    IngestError::File {
        path: path.to_path_buf(),
        detail: format!("profile: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray, StringArray};
    use arrow::datatypes::{DataType, Field, Int32Type};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    #[test]
    fn a_text_is_read_by_its_codes_unless_its_dictionary_was_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let few = |row: usize| (!row.is_multiple_of(3)).then(|| format!("{}", row % 7));
        let many = |row: usize| Some(format!("EXEMPLE {row}"));
        let groups: [Vec<Option<String>>; 3] = [
            vec![None; 4000],
            (0..4000).map(few).collect(),
            (0..4000).map(many).collect(),
        ];
        let schema = Schema::new(vec![Field::new("texte", DataType::Utf8, true)]);
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(4000))
            .set_dictionary_page_size_limit(1024)
            .set_write_batch_size(64)
            .set_data_page_row_count_limit(500)
            .build();
        let file = File::create(folder.path().join("essai.parquet")).unwrap();
        let schema = Arc::new(schema);
        let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).unwrap();
        for texts in &groups {
            let texts: ArrayRef = Arc::new(texts.iter().collect::<StringArray>());
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![texts]).unwrap();
            writer.write(&batch).unwrap();
        }
        writer.close().unwrap();

        let chunks = Chunks::open(folder.path(), "essai").unwrap();
        assert_eq!((chunks.len(), chunks.rows()), (3, 12_000));
        assert_eq!(chunks.columns(), ["texte"]);
        assert!(matches!(chunks.read(0, 0).unwrap(), Chunk::Null(4000)));
        let Chunk::Values(coded) = chunks.read(1, 0).unwrap() else {
            panic!("it has values");
        };
        let coded = coded.as_dictionary::<Int32Type>();
        assert_eq!(coded.values().len(), 7);
        let texts = coded.downcast_dict::<StringArray>().unwrap();
        assert!(texts.into_iter().eq(groups[1].iter().map(Option::as_deref)));
        let Chunk::Values(plain) = chunks.read(2, 0).unwrap() else {
            panic!("it has values");
        };
        let plain = plain.as_string::<i32>().iter();
        assert!(plain.eq(groups[2].iter().map(Option::as_deref)));
    }
}
