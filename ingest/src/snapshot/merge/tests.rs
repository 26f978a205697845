//! Merges compared with the same done row by row, over many random files and changes.

use super::*;
use crate::download::sha256_of;
use crate::snapshot::{fingerprint, published_properties};
use arrow::array::{ArrayRef, BooleanArray, Date32Array, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::bloom_filter::Sbbf;
use parquet::file::reader::{FileReader, SerializedFileReader};
use registre_schemas::column::Kind;
use registre_schemas::etablissement::LIEN_SUCCESSION;
use registre_schemas::periode::UNITE_LEGALE_PERIODE;
use registre_schemas::unite_legale::DOUBLON;
use std::collections::BTreeSet;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A row reduced to numbers: its key, and what it says.
type Row = (u32, u32, i32, i64);

fn batch(table: &Table, rows: &[Row]) -> RecordBatch {
    let mut texts = 0;
    let columns = table.columns.iter().map(|column| -> ArrayRef {
        match column.kind {
            Kind::Text => {
                let width = if column.name.starts_with("siret") {
                    14
                } else {
                    9
                };
                texts += 1;
                let of = |row: &Row| match texts {
                    1 => Some(format!("{:0width$}", row.0)),
                    2 => Some(format!("{:0width$}", row.1)),
                    _ => None,
                };
                Arc::new(rows.iter().map(of).collect::<StringArray>())
            }
            Kind::Date if table.key.contains(&column.name) => {
                Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Date32Array>())
            }
            Kind::Date => Arc::new(
                rows.iter()
                    .map(|row| i32::try_from(row.3).ok())
                    .collect::<Date32Array>(),
            ),
            Kind::Timestamp => Arc::new(
                rows.iter()
                    .map(|row| Some(row.3))
                    .collect::<TimestampMicrosecondArray>(),
            ),
            Kind::Boolean => Arc::new(
                rows.iter()
                    .map(|row| Some(row.3 % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
            Kind::Integer | Kind::Real => unreachable!("no such column in these tables"),
        }
    });
    RecordBatch::try_new(table.schema(&[]), columns.collect()).unwrap()
}

/// Sorted as the table is.
fn in_order(table: &Table, rows: &mut [Row]) {
    let date = if table.descending.is_empty() { 1 } else { -1 };
    rows.sort_by_key(|row| match table.key.len() {
        _ if table.name == UNITE_LEGALE_PERIODE.name => (row.0, 0, row.2 * date),
        2 => (row.0, row.1, 0),
        _ => (row.0, row.1, row.2 * date),
    });
}

/// `rows` in groups of `group` rows, with Bloom filters.
fn write(folder: &Path, table: &'static Table, rows: &[Row], group: usize) -> WrittenTable {
    let path = folder.join(format!("{}.parquet", table.name));
    let batch = batch(table, rows);
    let properties = published_properties(table)
        .into_builder()
        .set_max_row_group_row_count(Some(group))
        .set_bloom_filter_enabled(true)
        .build();
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    WrittenTable {
        file: TableFile {
            name: table.name.to_owned(),
            file: format!("{}.parquet", table.name),
            rows: rows.len() as u64,
            bytes: fs::metadata(&path).unwrap().len(),
            sha256: sha256_of(&path, &Context::silent()).unwrap(),
            key_range: None,
            schema_fingerprint: fingerprint(&batch.schema()),
        },
        duplicates: 0,
        first_duplicate: None,
        sorted_here: false,
        superseded: 0,
        updated: 0,
    }
}

fn read(path: &Path) -> Vec<RecordBatch> {
    ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Row by row: those whose key is replaced go, the new ones come.
fn expected(table: &Table, old: &[Row], new: &[Row], by: usize) -> Vec<Row> {
    let key = |row: &Row| (row.0, if by > 1 { (row.1, row.2) } else { (0, 0) });
    let replaced: BTreeSet<_> = new.iter().map(key).collect();
    let kept = old.iter().filter(|row| !replaced.contains(&key(row)));
    let mut rows: Vec<Row> = kept.chain(new).copied().collect();
    in_order(table, &mut rows);
    rows
}

struct Random(u32);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % limit
    }
}

fn merged(
    folder: &Path,
    table: &'static Table,
    written: &WrittenTable,
    new: &[Row],
    by: usize,
) -> Merged {
    let changes = Changes::new(table, &batch(table, new), by).unwrap();
    merge(table, written, folder, &changes, None, &Context::silent()).unwrap()
}

#[test]
fn a_merge_is_what_it_would_be_row_by_row() {
    let mut random = Random(7);
    for round in 0..150 {
        for (table, by) in [
            (&DOUBLON, 1),
            (&UNITE_LEGALE_PERIODE, 1),
            (&LIEN_SUCCESSION, 3),
        ] {
            let mut rows = |count: u32, values: i64| -> Vec<Row> {
                let mut rows: Vec<Row> = (0..count)
                    .map(|_| {
                        let key = (
                            random.below(60),
                            random.below(4),
                            random.below(3).cast_signed(),
                        );
                        (key.0, key.1, key.2, i64::from(random.below(9)) + values)
                    })
                    .collect();
                in_order(table, &mut rows);
                rows.dedup_by_key(|row| (row.0, row.1, row.2));
                if by == 1 {
                    rows.dedup_by_key(|row| match table.key.len() {
                        _ if table.name == DOUBLON.name => (row.0, row.1, 0),
                        _ => (row.0, 0, row.2),
                    });
                }
                rows
            };
            let (old, new) = (rows(1 + round % 90, 0), rows(round % 13, 100));
            let folder = tempfile::tempdir().unwrap();
            let written = write(folder.path(), table, &old, 1 + round as usize % 17);
            let merged = merged(folder.path(), table, &written, &new, by);
            let path = folder.path().join(&written.file.file);
            let expected = expected(table, &old, &new, by);
            let found = arrow::compute::concat_batches(&table.schema(&[]), &read(&path)).unwrap();
            assert_eq!(
                found,
                batch(table, &expected),
                "{} round {round}",
                table.name
            );
            let file = &merged.table.file;
            assert_eq!(file.rows, expected.len() as u64);
            assert_eq!(file.sha256, sha256_of(&path, &Context::silent()).unwrap());
            assert_eq!(file.bytes, fs::metadata(&path).unwrap().len());
            assert_eq!(
                merged.table.updated,
                i64::try_from(expected.len()).unwrap() - i64::try_from(old.len()).unwrap()
            );
            assert_eq!(merged.done.added + merged.done.changed > 0, !new.is_empty());
            if !new.is_empty() {
                let (first, last) = file.key_range.clone().unwrap();
                let leading = |row: &Row| {
                    batch(table, &[*row])
                        .column(0)
                        .as_string::<i32>()
                        .value(0)
                        .to_owned()
                };
                assert!(first.starts_with(&leading(&expected[0])), "{first}");
                assert!(
                    last.starts_with(&leading(expected.last().unwrap())),
                    "{last}"
                );
            }
            let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
            assert_eq!(names.len(), 1, "nothing is left aside");
        }
    }
}

/// The encoded bytes of each column of a group.
fn bytes_of(path: &Path, group: usize) -> Vec<Vec<u8>> {
    let file = File::open(path).unwrap();
    let reader = SerializedFileReader::new(file.try_clone().unwrap()).unwrap();
    let columns = reader.metadata().row_group(group).columns().iter();
    columns
        .map(|column| {
            let (start, length) = column.byte_range();
            let mut bytes = vec![0; usize::try_from(length).unwrap()];
            file.read_exact_at(&mut bytes, start).unwrap();
            bytes
        })
        .collect()
}

#[test]
fn untouched_row_groups_are_copied_to_the_byte_with_their_indexes_and_filters() {
    let folder = tempfile::tempdir().unwrap();
    let old: Vec<Row> = (0..100).map(|n| (n * 10, n, 0, i64::from(n))).collect();
    let written = write(folder.path(), &DOUBLON, &old, 10);
    let path = folder.path().join("doublon.parquet");
    let before: Vec<_> = (0..10).map(|group| bytes_of(&path, group)).collect();
    // The second of the third group changes, one is new in the sixth; one of the eighth is the same.
    let new = [(210, 21, 0, 1000), (555, 1, 0, 0), old[73]];
    let merged = merged(folder.path(), &DOUBLON, &written, &new, 1);
    let done = &merged.done;
    assert_eq!((done.added, done.changed, done.same), (1, 1, 1));
    assert_eq!((done.groups_copied, done.groups_rewritten), (8, 2));
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let read = ArrowReaderMetadata::load(&File::open(&path).unwrap(), options).unwrap();
    let indexes = read.metadata().offset_index().unwrap();
    for group in 0..10 {
        let copied = group != 2 && group != 5;
        assert_eq!(
            bytes_of(&path, group) == before[group],
            copied,
            "group {group}"
        );
        let metadata = reader.metadata().row_group(group);
        let column = metadata.column(0);
        // A page is where its index says.
        let pages = &indexes[group][0].page_locations;
        assert_eq!(pages[0].offset, column.data_page_offset());
        if copied {
            let filter = Sbbf::read_from_column_chunk(column, &File::open(&path).unwrap());
            let filter = filter.unwrap().unwrap();
            let siren = format!("{:09}", group * 100);
            assert!(filter.check(siren.as_str()));
            assert!(!filter.check("999999999"));
        }
    }
}

#[test]
fn a_table_that_already_has_every_row_stays_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let old: Vec<Row> = (0..50).map(|n| (n / 3, n, 0, 1)).collect();
    let written = write(folder.path(), &DOUBLON, &old, 7);
    let merged = merged(folder.path(), &DOUBLON, &written, &old[6..9], 1);
    assert_eq!(merged.done.same, 3);
    assert_eq!(merged.table.file, written.file);
    let path = folder.path().join("doublon.parquet");
    assert_eq!(
        written.file.sha256,
        sha256_of(&path, &Context::silent()).unwrap()
    );
}

#[test]
fn the_file_of_a_published_snapshot_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let written = write(folder.path(), &DOUBLON, &[(1, 1, 0, 0)], 7);
    let published = folder.path().join("published");
    fs::hard_link(folder.path().join("doublon.parquet"), &published).unwrap();
    merged(folder.path(), &DOUBLON, &written, &[(2, 2, 0, 0)], 1);
    assert_eq!(
        sha256_of(&published, &Context::silent()).unwrap(),
        written.file.sha256
    );
}

#[test]
fn a_group_splits_when_it_grew_past_its_slack_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let count = u32::try_from(ROW_GROUP).unwrap();
    let old: Vec<Row> = (0..count + 10).map(|n| (n * 2, n, 0, 0)).collect();
    let written = write(folder.path(), &DOUBLON, &old, ROW_GROUP);
    let rows = |file: &Path| -> Vec<i64> {
        let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
        let groups = reader.metadata().row_groups().iter();
        groups
            .map(parquet::file::metadata::RowGroupMetaData::num_rows)
            .collect()
    };
    let path = folder.path().join("doublon.parquet");
    let few: Vec<Row> = (0..100).map(|n| (n * 2 + 1, n, 0, 0)).collect();
    let once = merged(folder.path(), &DOUBLON, &written, &few, 1);
    assert_eq!(rows(&path), [i64::from(count) + 100, 10]);
    let many: Vec<Row> = (1000..1000 + count / 8)
        .map(|n| (n * 2 + 1, n, 0, 0))
        .collect();
    merged(folder.path(), &DOUBLON, &once.table, &many, 1);
    let half = i64::from(count + 100 + count / 8) / 2;
    assert_eq!(rows(&path), [half, half, 10]);
}
