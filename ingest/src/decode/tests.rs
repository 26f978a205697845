//! A file on disk, decoded to its end.

use super::*;
use crate::catalogue;
use crate::origin::{Location, Resource};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use std::io::Write;
use std::sync::LazyLock;

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

/// The header of waldec since 2020.
static WALDEC: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let others = [
        "source",
        "adr1",
        "adr2",
        "adr3",
        "libcom",
        "telephone",
        "email",
    ];
    let columns = registre_schemas::association::ASSOCIATION.columns.iter();
    columns
        .map(|column| column.name)
        .filter(|name| !others.contains(name))
        .collect()
});

fn waldec_row(id: &str, title: &str) -> String {
    let fields = WALDEC.iter().map(|name| match *name {
        "id" => id,
        "titre" => title,
        "date_creat" => "0001-01-01",
        _ => "",
    });
    fields.collect::<Vec<_>>().join(";")
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
    let header = WALDEC.join(";");
    let utf8 = format!("\u{feff}{header}\n{}\n", waldec_row("W011000001", "Été"));
    let latin1: Vec<u8> = format!("{header}\r\n{}\r\n", waldec_row("W2A1000001", "Été"))
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

#[test]
fn a_quote_never_closed_stops_a_machine_made_file_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let row = "130025265,356000000,\n";
    let text = format!(
        "{DOUBLONS}{}130025265,\"356000001,\n{}",
        row.repeat(9),
        row.repeat(50_000)
    );
    let error = decoded(&raw(
        "StockDoublons",
        &[("d.csv", text.as_bytes())],
        folder.path(),
    ))
    .unwrap_err();
    assert!(
        error.to_string().contains("line 11") && error.to_string().contains("guillemet non fermé"),
        "{error}"
    );
}

#[test]
fn a_quote_never_closed_costs_a_hand_typed_file_its_own_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<String> = vec![WALDEC.join(";")];
    lines.extend((0..20_000).map(|n| waldec_row(&format!("W0{n:08}"), "AMIS")));
    lines[51] = waldec_row("W000000050", "\"LES AMIS");
    lines[3051] = waldec_row("W000003050", "\"LES AUTRES\"");
    let text = lines.join("\n");
    let (_, report) = decoded(&raw(
        "rna_waldec",
        &[("w.csv", text.as_bytes())],
        folder.path(),
    ))
    .unwrap();
    assert_eq!((report.rows_read, report.rows_kept), (20_000, 19_999));
    assert_eq!(
        (report.samples[0].line, report.samples[0].reason.as_str()),
        (52, rejects::UNCLOSED)
    );
}

#[test]
fn one_damaged_byte_costs_one_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = format!(
        "{}\n{}\n",
        WALDEC.join(";"),
        waldec_row("W000000001", "SOCIÉTÉ ÉLECTRIQUE")
    )
    .into_bytes();
    let damaged = waldec_row("W000000002", "CAF?");
    bytes.extend(
        damaged
            .bytes()
            .map(|byte| if byte == b'?' { 0xe9 } else { byte }),
    );
    let (batches, report) =
        decoded(&raw("rna_waldec", &[("w.csv", &bytes)], folder.path())).unwrap();
    let titles = batches[0]
        .column_by_name("titre")
        .unwrap()
        .as_string::<i32>();
    assert_eq!(
        (titles.value(0), titles.value(1)),
        ("SOCIÉTÉ ÉLECTRIQUE", "CAF\u{fffd}")
    );
    assert_eq!(
        (report.samples[0].line, report.samples[0].reason.as_str()),
        (3, rejects::ENCODING)
    );
}

#[test]
fn a_siret_that_is_not_its_siren_and_nic_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<&str> = registre_schemas::etablissement::ETABLISSEMENT
        .columns
        .iter()
        .map(|column| column.name)
        .collect();
    let rest = ",".repeat(names.len() - 3);
    let text = format!(
        "{}\n999999999,00013,13002526500013{rest}\n",
        names.join(",")
    );
    let error = decoded(&raw(
        "StockEtablissement",
        &[("e.csv", text.as_bytes())],
        folder.path(),
    ))
    .unwrap_err();
    assert!(
        error.to_string().contains("clé illisible : siret"),
        "{error}"
    );
}

#[test]
fn what_macos_adds_and_empty_entries_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{DOUBLONS}130025265,356000000,\n");
    let files: [(&str, &[u8]); 3] = [
        ("__MACOSX/._d.csv", b"\0\x05"),
        ("vide.csv", b""),
        ("d.csv", text.as_bytes()),
    ];
    let (_, report) = decoded(&raw("StockDoublons", &files, folder.path())).unwrap();
    assert_eq!(report.rows_kept, 1);
}

#[test]
fn a_line_without_end_is_refused_before_memory_grows() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = DOUBLONS.as_bytes().to_vec();
    bytes.extend(vec![0; 64 << 20]);
    let error = decoded(&raw("StockDoublons", &[("d.csv", &bytes)], folder.path())).unwrap_err();
    assert!(error.to_string().contains("line 2 is longer"), "{error}");
}
