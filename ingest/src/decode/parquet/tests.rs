//! Parquet files as INSEE writes them, as tools write them again, and as they should not be.

use super::*;
use crate::catalogue;
use crate::decode::decode;
use crate::origin::{Location, Resource};
use arrow::array::{
    BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, Float32Array,
    Float64Array, Int32Array, Int64Array, LargeStringArray, NullArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt16Array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::WriterProperties;
use registre_schemas::manifest::DecodeReport;
use std::io::Write;

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn dictionary(values: &[&str]) -> ArrayRef {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    cast(&text(values), &dictionary).unwrap()
}

/// What a column becomes, each value as text, `∅` for none; and the rows that could not be read.
fn converted(source: &ArrayRef, kind: Kind, digits: Option<usize>) -> (String, Vec<usize>) {
    let converted = convert(source, kind, digits).unwrap();
    assert_eq!(*converted.array.data_type(), kind.data_type());
    let values = (0..source.len()).map(|row| {
        if converted.array.is_null(row) {
            "∅".to_owned()
        } else {
            shown(&converted.array, row)
        }
    });
    (values.collect::<Vec<_>>().join(" "), converted.unreadable)
}

/// A column, what it is to become, and what that is; the rows that cannot be read.
type Case = (
    ArrayRef,
    Kind,
    Option<usize>,
    &'static str,
    &'static [usize],
);

#[test]
fn every_drift_of_types_gives_the_value_the_csv_has() {
    let micros = 1_711_122_057_000_000_i64;
    let instant = "2024-03-22T15:40:57";
    let instant_then_none = "2024-03-22T15:40:57 ∅";
    let twice_then_none = "2024-03-22T15:40:57 2024-03-22T15:40:57 ∅";
    let decimals = Decimal128Array::from(vec![202_250, 202_200])
        .with_precision_and_scale(10, 2)
        .unwrap();
    #[rustfmt::skip] // one line per case reads as a table
    let cases: Vec<Case> = vec![
        // Codes: text in all its forms, and numbers that lost their zeros.
        (text(&["5499", "", "[ND]"]), Kind::Text, Some(4), "5499 ∅ [ND]", &[]),
        (text(&["99"]), Kind::Text, Some(4), "99", &[]),
        (Arc::new(LargeStringArray::from(vec![Some("A"), Some(""), None])), Kind::Text, None, "A ∅ ∅", &[]),
        (Arc::new(StringViewArray::from(vec![Some("une enseigne assez longue"), None])), Kind::Text, None, "une enseigne assez longue ∅", &[]),
        (dictionary(&["NN", "", "NN"]), Kind::Text, Some(2), "NN ∅ NN", &[]),
        (Arc::new(BinaryArray::from(vec![b"A".as_slice(), b"\xff"])), Kind::Text, None, "A ∅", &[1]),
        (Arc::new(Int64Array::from(vec![Some(5499), Some(0), None])), Kind::Text, Some(4), "5499 0000 ∅", &[]),
        (Arc::new(Int32Array::from(vec![1001, -5, 123_456])), Kind::Text, Some(5), "01001 -5 123456", &[]),
        (Arc::new(UInt16Array::from(vec![2154])), Kind::Text, None, "2154", &[]),
        (Arc::new(Float64Array::from(vec![1001.0, f64::NAN, 652_345.12])), Kind::Text, Some(5), "01001 ∅ 652345.12", &[]),
        (Arc::new(Float64Array::from(vec![35_600_000_000_048.0, 1e16])), Kind::Text, Some(14), "35600000000048 ∅", &[1]),
        // A float of four bytes has seven digits: a SIREN in one is not a SIREN any more.
        (Arc::new(Float32Array::from(vec![2154.0, 356_000_000.0])), Kind::Text, Some(9), "000002154 ∅", &[1]),
        (Arc::new(decimals.clone()), Kind::Text, Some(5), "2022.5 02022", &[]),
        (Arc::new(BooleanArray::from(vec![true, false])), Kind::Text, None, "true false", &[]),
        (Arc::new(NullArray::new(2)), Kind::Text, None, "∅ ∅", &[]),
        // Years and counts.
        (Arc::new(Int32Array::from(vec![Some(2022), None])), Kind::Integer, None, "2022 ∅", &[]),
        (Arc::new(Float64Array::from(vec![2022.0, f64::NAN, 2022.5])), Kind::Integer, None, "2022 ∅ ∅", &[2]),
        (text(&["2022", "2022.0", "", "NN"]), Kind::Integer, None, "2022 2022 ∅ ∅", &[3]),
        (Arc::new(decimals), Kind::Integer, None, "∅ 2022", &[0]),
        (Arc::new(NullArray::new(1)), Kind::Integer, None, "∅", &[]),
        // Days.
        (Arc::new(Date32Array::from(vec![Some(-25_567), None])), Kind::Date, None, "1900-01-01 ∅", &[]),
        (Arc::new(Date64Array::from(vec![86_400_000])), Kind::Date, None, "1970-01-02", &[]),
        (Arc::new(TimestampMillisecondArray::from(vec![86_400_000, 1])), Kind::Date, None, "1970-01-02 ∅", &[1]),
        (Arc::new(TimestampNanosecondArray::from(vec![-86_400_000_000_000]).with_timezone("UTC")), Kind::Date, None, "1969-12-31", &[]),
        (text(&["2020-05-12", "12/05/2020", ""]), Kind::Date, None, "2020-05-12 ∅ ∅", &[1]),
        (dictionary(&["2020-05-12"]), Kind::Date, None, "2020-05-12", &[]),
        (Arc::new(Int32Array::from(vec![20_200_512])), Kind::Date, None, "∅", &[0]),
        // Instants.
        (Arc::new(TimestampMicrosecondArray::from(vec![micros])), Kind::Timestamp, None, instant, &[]),
        (Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("Europe/Paris")), Kind::Timestamp, None, instant, &[]),
        (Arc::new(TimestampSecondArray::from(vec![micros / 1_000_000, i64::MAX])), Kind::Timestamp, None, instant_then_none, &[1]),
        (Arc::new(TimestampMillisecondArray::from(vec![micros / 1000])), Kind::Timestamp, None, instant, &[]),
        (Arc::new(TimestampNanosecondArray::from(vec![micros * 1000])), Kind::Timestamp, None, instant, &[]),
        (Arc::new(Date32Array::from(vec![1])), Kind::Timestamp, None, "1970-01-02T00:00:00", &[]),
        (text(&[instant, "2024-03-22 15:40:57.000", "hier"]), Kind::Timestamp, None, twice_then_none, &[2]),
        // Booleans.
        (Arc::new(BooleanArray::from(vec![Some(true), None])), Kind::Boolean, None, "true ∅", &[]),
        (text(&["true", "f", "False", "1", "oui", ""]), Kind::Boolean, None, "true false false true ∅ ∅", &[4]),
        (Arc::new(Int32Array::from(vec![0, 1, 2])), Kind::Boolean, None, "false true ∅", &[2]),
        // Positions.
        (Arc::new(Float64Array::from(vec![2.35, f64::NAN, f64::INFINITY])), Kind::Real, None, "2.35 ∅ ∅", &[2]),
        (Arc::new(Float32Array::from(vec![2.35, -61.5])), Kind::Real, None, "2.35 -61.5", &[]),
        (text(&["652345.12", "2,35", "[ND]"]), Kind::Real, None, "652345.12 2.35 ∅", &[2]),
        (Arc::new(Int64Array::from(vec![652_345])), Kind::Real, None, "652345.0", &[]),
    ];
    for (source, kind, digits, values, unreadable) in cases {
        let name = format!("{} as {kind:?}", source.data_type());
        let expected = (values.to_owned(), unreadable.to_vec());
        assert_eq!(converted(&source, kind, digits), expected, "{name}");
    }
}

struct Scene {
    folder: tempfile::TempDir,
    source: &'static str,
}

impl Scene {
    fn new(source: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, source }
    }

    fn raw(&self, bytes: &[u8]) -> RawFile {
        let sources = catalogue::sources().unwrap();
        let mut sources = sources.into_iter();
        let path = self.folder.path().join("stock.parquet");
        File::create(&path).unwrap().write_all(bytes).unwrap();
        RawFile {
            resource: Resource {
                source: sources.find(|source| source.name == self.source).unwrap(),
                id: None,
                title: String::new(),
                location: Location::Path(path.clone()),
                last_modified: None,
                size: None,
                checksum: None,
            },
            url: String::new(),
            etag: None,
            size: bytes.len() as u64,
            path,
            sha256: String::new(),
        }
    }

    fn decode(&self, bytes: &[u8]) -> Result<(Vec<RecordBatch>, DecodeReport), IngestError> {
        let mut batches = Vec::new();
        let report = decode(&self.raw(bytes), &Context::silent(), |batch| {
            batches.push(batch);
            Ok(())
        })?;
        Ok((batches, report))
    }

    fn refused(&self, bytes: &[u8]) -> String {
        self.decode(bytes).unwrap_err().to_string()
    }
}

fn file(columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn plain_file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    file(columns, WriterProperties::default())
}

fn doublons(siren: ArrayRef, doublon: ArrayRef) -> Vec<(&'static str, ArrayRef)> {
    let instants = TimestampMicrosecondArray::from(vec![Some(0); siren.len()]);
    vec![
        ("siren", siren),
        ("sirenDoublon", doublon),
        ("dateDernierTraitementDoublon", Arc::new(instants)),
    ]
}

#[test]
fn rows_come_in_file_order_across_batches_and_row_groups_whatever_the_codec() {
    let scene = Scene::new("StockDoublons");
    let rows: i64 = 50_000;
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    ] {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(19_999))
            .build();
        let siren: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
        let doublon = (0..rows).map(|row| Some(format!("{:09}", rows - row)));
        let doublon: ArrayRef = Arc::new(doublon.collect::<StringArray>());
        let bytes = file(doublons(siren, doublon), properties);
        let (batches, report) = scene.decode(&bytes).unwrap();
        assert_eq!((report.rows_read, report.rows_kept), (50_000, 50_000));
        let read: Vec<String> = batches
            .iter()
            .flat_map(|batch| batch.column(0).as_string::<i32>().iter())
            .map(|siren| siren.unwrap().to_owned())
            .collect();
        let expected: Vec<String> = (0..rows).map(|row| format!("{row:09}")).collect();
        assert!(read == expected);
        let last = batches.last().unwrap();
        let doublon = last.column(1).as_string::<i32>();
        assert_eq!(doublon.value(doublon.len() - 1), "000000001");
    }
}

#[test]
fn a_row_whose_key_is_wrong_is_refused_by_its_row_number() {
    let scene = Scene::new("StockDoublons");
    let siren = text(&["130025265", "13002526", "130025265"]);
    let bytes = plain_file(doublons(siren, text(&["356000000"; 3])));
    let refused = scene.refused(&bytes);
    for words in ["1 of 3 rows", "row 2", "clé illisible : siren", "13002526"] {
        assert!(refused.contains(words), "{words:?} in {refused}");
    }
    let none: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    let refused = scene.refused(&plain_file(doublons(none, text(&["356000000"]))));
    assert!(
        refused.contains("row 1, clé illisible : siren"),
        "{refused}"
    );
}

#[test]
fn a_siret_is_its_siren_and_its_nic_here_too_even_when_all_are_numbers() {
    let columns = &registre_schemas::etablissement::ETABLISSEMENT.columns;
    let file = |siret: i64| {
        let columns = columns
            .iter()
            .filter(|column| column.presence != registre_schemas::column::Presence::Derived)
            .map(|column| {
                let array: ArrayRef = match column.name {
                    "siren" => Arc::new(Int64Array::from(vec![5_420_120])),
                    "nic" => Arc::new(Int32Array::from(vec![31])),
                    "siret" => Arc::new(Int64Array::from(vec![siret])),
                    _ => Arc::new(NullArray::new(1)),
                };
                (column.name, array)
            });
        plain_file(columns.collect())
    };
    let scene = Scene::new("StockEtablissement");
    let (batches, _) = scene.decode(&file(542_012_000_031)).unwrap();
    let siret = batches[0].column_by_name("siret").unwrap();
    assert_eq!(siret.as_string::<i32>().value(0), "00542012000031");
    let refused = scene.refused(&file(542_012_000_032));
    assert!(refused.contains("clé illisible : siret"), "{refused}");
}

#[test]
fn unreadable_values_are_null_and_counted_with_their_row() {
    let scene = Scene::new("StockDoublons");
    let mut columns = doublons(text(&["130025265"; 9]), text(&["356000000"; 9]));
    let mut dates = vec!["2024-03-22T15:40:57"; 9];
    dates[6] = "22/03/2024";
    columns[2].1 = text(&dates);
    let (batches, report) = scene.decode(&plain_file(columns)).unwrap();
    assert_eq!(batches[0].column(2).null_count(), 1);
    assert_eq!((report.rows_read, report.rows_kept), (9, 9));
    let reason = "valeur illisible : dateDernierTraitementDoublon";
    assert_eq!(report.rejects[reason], 1);
    let sample = &report.samples[0];
    assert_eq!(
        (sample.place(), &*sample.value),
        ("row 7".into(), "22/03/2024")
    );
    assert_eq!(sample.file, "stock.parquet");
}

#[test]
fn an_unknown_column_is_kept_as_text_and_columns_may_be_in_any_order() {
    let scene = Scene::new("StockDoublons");
    let mut columns = doublons(text(&["130025265"]), text(&["356000000"]));
    columns.insert(0, ("nouveau", Arc::new(Int64Array::from(vec![7]))));
    columns.reverse();
    let (batches, report) = scene.decode(&plain_file(columns)).unwrap();
    assert_eq!(report.unknown_columns, ["nouveau"]);
    let names: Vec<_> = batches[0]
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    assert_eq!(names[0], "siren");
    let kept = batches[0].column_by_name("nouveau").unwrap();
    assert_eq!(kept.as_string::<i32>().value(0), "7");
}

#[test]
fn a_missing_column_stops_at_once_and_one_of_another_case_is_pointed_at() {
    let scene = Scene::new("StockDoublons");
    let mut columns = doublons(text(&["130025265"]), text(&["356000000"]));
    columns[1].0 = "sirendoublon";
    let refused = scene.refused(&plain_file(columns));
    assert!(
        refused.contains("required column missing: sirenDoublon (the file has \"sirendoublon\"")
            && refused.starts_with("decode stock.parquet: "),
        "{refused}"
    );
}

#[test]
fn what_is_not_a_whole_readable_parquet_file_is_refused_in_words() {
    let scene = Scene::new("StockDoublons");
    let rows = 3000;
    let siren: ArrayRef = Arc::new(
        (0..rows)
            .map(|n| Some(format!("{n:09}")))
            .collect::<StringArray>(),
    );
    let snappy = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .build();
    let good = file(doublons(Arc::clone(&siren), siren), snappy);
    assert_eq!(scene.decode(&good).unwrap().1.rows_kept, rows);

    let cut = scene.refused(&good[..good.len() / 2]);
    assert!(
        cut.contains("not a whole Parquet file") && cut.contains("run again"),
        "{cut}"
    );
    let page = scene.refused(b"<!doctype html><p>En maintenance");
    assert!(
        page.contains("not a Parquet file: it begins with \"<!doctype"),
        "{page}"
    );
    let empty = scene.refused(b"");
    assert!(empty.contains("not a Parquet file"), "{empty}");

    let mut encrypted = good.clone();
    encrypted[..4].copy_from_slice(ENCRYPTED);
    let encrypted = scene.refused(&encrypted);
    assert!(encrypted.contains("encrypted"), "{encrypted}");

    let mut damaged = good.clone();
    damaged[2000..6000].fill(0xff);
    let damaged = scene.refused(&damaged);
    assert!(damaged.contains("corrupt; run again"), "{damaged}");

    let gzip = scene.refused(&said_compressed_with(
        &good,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
    ));
    assert!(
        gzip.contains("compressed with GZIP") && gzip.contains("--format csv"),
        "{gzip}"
    );
}

/// The same file, whose footer says that its pages are compressed with something else.
fn said_compressed_with(bytes: &[u8], compression: Compression) -> Vec<u8> {
    let mut whole = tempfile::tempfile().unwrap();
    whole.write_all(bytes).unwrap();
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&whole)
        .unwrap();
    let mut builder = metadata.into_builder();
    let groups = builder.take_row_groups();
    for group in groups {
        let mut group = group.into_builder();
        let columns = group.take_columns();
        let columns = columns.into_iter().map(|column| {
            let column = column.into_builder().set_compression(compression);
            column.build().unwrap()
        });
        let group = group
            .set_column_metadata(columns.collect())
            .build()
            .unwrap();
        builder = builder.add_row_group(group);
    }
    let footer = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap());
    let mut changed = bytes[..bytes.len() - 8 - footer as usize].to_vec();
    ParquetMetaDataWriter::new(&mut changed, &builder.build())
        .finish()
        .unwrap();
    changed
}

#[test]
fn a_run_that_is_stopped_or_whose_writer_fails_ends_at_once() {
    let scene = Scene::new("StockDoublons");
    let rows = 200_000;
    let siren: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let raw = scene.raw(&plain_file(doublons(Arc::clone(&siren), siren)));
    let context = Context::silent();
    let mut seen = 0;
    let stopped = decode(&raw, &context, |_batch| {
        seen += 1;
        context.cancel.cancel();
        Ok(())
    });
    assert!(
        matches!(stopped, Err(IngestError::Interrupted)),
        "{stopped:?}"
    );
    assert_eq!(seen, 1);
    let failed = decode(&raw, &Context::silent(), |_batch| {
        Err(IngestError::Catalogue("the writer's own".to_owned()))
    });
    assert!(failed.unwrap_err().to_string().contains("the writer's own"));
}

#[test]
fn a_file_without_rows_is_a_table_without_rows() {
    let none = || text(&[]);
    let (batches, report) = Scene::new("StockDoublons")
        .decode(&plain_file(doublons(none(), none())))
        .unwrap();
    assert!(batches.is_empty());
    assert_eq!(report.rows_read, 0);
}
