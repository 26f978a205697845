//! A file on disk, decoded to its end.

use super::*;
use crate::catalogue;
use crate::origin::{Location, Resource};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use std::io::Write;

fn raw(name: &str, files: &[(&str, &[u8])], folder: &Path) -> RawFile {
    let source = catalogue::sources()
        .unwrap()
        .into_iter()
        .find(|source| source.name == name)
        .unwrap();
    let path = folder.join("source.zip");
    let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    RawFile {
        resource: Resource {
            source,
            id: None,
            title: String::new(),
            location: Location::Path(path.clone()),
            last_modified: None,
            size: None,
            checksum: None,
        },
        url: String::new(),
        etag: None,
        size: std::fs::metadata(&path).unwrap().len(),
        path,
        sha256: String::new(),
    }
}

fn decoded(raw: &RawFile) -> Result<(Vec<RecordBatch>, DecodeReport), IngestError> {
    let mut batches = Vec::new();
    let report = decode(raw, &Context::silent(), |batch| {
        batches.push(batch);
        Ok(())
    })?;
    Ok((batches, report))
}

const DOUBLONS: &str = "siren,sirenDoublon,dateDernierTraitementDoublon\n";

#[test]
fn a_row_with_too_few_fields_stops_the_run_and_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{DOUBLONS}130025265,356000000,\n130025265\n");
    let error = decoded(&raw(
        "StockDoublons",
        &[("d.csv", text.as_bytes())],
        folder.path(),
    ))
    .unwrap_err();
    assert!(matches!(error, IngestError::Budget { .. }));
    assert!(error.to_string().contains("line 3"), "{error}");
    assert_eq!(error.exit_code(), 4);
}

#[test]
fn an_unreadable_value_is_null_and_reported_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{DOUBLONS}130025265,356000000,2024-13-01T00:00:00\n");
    let (batches, report) = decoded(&raw(
        "StockDoublons",
        &[("d.csv", text.as_bytes())],
        folder.path(),
    ))
    .unwrap();
    assert!(batches[0].column(2).is_null(0));
    assert_eq!(report.rows_kept, 1);
    assert_eq!(report.rejects.values().sum::<u64>(), 1);
    assert_eq!(
        (report.samples[0].line, report.samples[0].value.as_str()),
        (2, "2024-13-01T00:00:00")
    );
}

#[test]
fn a_missing_required_column_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = decoded(&raw(
        "StockDoublons",
        &[("d.csv", b"siren,dateDernierTraitementDoublon\n")],
        folder.path(),
    ))
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("required column missing: sirenDoublon"),
        "{error}"
    );
}

#[test]
fn columns_are_matched_by_name_and_an_unknown_one_is_kept_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let text = "nouveau,sirenDoublon,siren,dateDernierTraitementDoublon\nx,356000000,130025265,\n";
    let (batches, report) = decoded(&raw(
        "StockDoublons",
        &[("d.csv", text.as_bytes())],
        folder.path(),
    ))
    .unwrap();
    assert_eq!(
        batches[0]
            .column_by_name("siren")
            .unwrap()
            .as_string::<i32>()
            .value(0),
        "130025265"
    );
    assert_eq!(
        batches[0]
            .column_by_name("nouveau")
            .unwrap()
            .as_string::<i32>()
            .value(0),
        "x"
    );
    assert_eq!(report.unknown_columns, ["nouveau"]);
}

#[test]
fn entries_of_one_archive_may_have_different_encodings_and_headers() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<&str> = registre_schemas::association::ASSOCIATION
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|name| {
            ![
                "source",
                "adr1",
                "adr2",
                "adr3",
                "libcom",
                "telephone",
                "email",
            ]
            .contains(name)
        })
        .collect();
    let row = |id: &str, title: &str| {
        let fields: Vec<String> = names
            .iter()
            .map(|name| match *name {
                "id" => id.to_owned(),
                "titre" => title.to_owned(),
                "date_creat" => "0001-01-01".to_owned(),
                _ => String::new(),
            })
            .collect();
        fields.join(";")
    };
    let header = names.join(";");
    let utf8 = format!("\u{feff}{header}\n{}\n", row("W011000001", "Été"));
    let latin1: Vec<u8> = format!("{header}\r\n{}\r\n", row("W2A1000001", "Été"))
        .chars()
        .map(|c| c as u8)
        .collect();
    let raw = raw(
        "rna_waldec",
        &[("a_dpt_01.csv", utf8.as_bytes()), ("a_dpt_2A.csv", &latin1)],
        folder.path(),
    );
    let (batches, report) = decoded(&raw).unwrap();
    assert_eq!(report.rows_kept, 2);
    for batch in &batches {
        assert_eq!(
            batch
                .column_by_name("titre")
                .unwrap()
                .as_string::<i32>()
                .value(0),
            "Été"
        );
        assert_eq!(
            batch
                .column_by_name("date_creat")
                .unwrap()
                .as_primitive::<Date32Type>()
                .value(0),
            -719_162
        );
    }
}

#[test]
fn a_truncated_or_damaged_archive_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{DOUBLONS}{}", "130025265,356000000,\n".repeat(50_000));
    let mut raw = raw(
        "StockDoublons",
        &[("d.csv", text.as_bytes())],
        folder.path(),
    );
    let bytes = std::fs::read(&raw.path).unwrap();
    let damaged = folder.path().join("damaged.zip");
    raw.path.clone_from(&damaged);

    File::create(&damaged)
        .unwrap()
        .write_all(&bytes[..bytes.len() / 2])
        .unwrap();
    let error = decoded(&raw).unwrap_err();
    assert!(
        error.to_string().contains("damaged.zip") && error.to_string().contains("truncated"),
        "{error}"
    );

    let mut flipped = bytes;
    let middle = flipped.len() / 3;
    flipped[middle] ^= 0xff;
    File::create(&damaged).unwrap().write_all(&flipped).unwrap();
    let error = decoded(&raw).unwrap_err();
    assert!(
        matches!(error, IngestError::File { .. } | IngestError::Budget { .. }),
        "{error}"
    );
}
