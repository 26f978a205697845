//! Whether a finished file looks like what it should be. Servers answer 200 with a page of apology,
//! and a body without a length can end anywhere.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The record that ends a zip archive, and the longest comment that may follow it.
const END_OF_ZIP: &[u8] = b"PK\x05\x06";
const END_OF_ZIP_AT_MOST: u64 = 22 + 65_535;
const PARQUET: &[u8] = b"PAR1";
/// A Parquet file whose footer is encrypted: its decoding says why it cannot be read.
const ENCRYPTED: &[u8] = b"PARE";

/// What is wrong with it, if it is neither a whole zip archive nor a whole Parquet file. A spreadsheet
/// is a zip archive; where one is expected, `sheet`, a plain CSV will do as well.
pub fn wrong(path: &Path, content_type: Option<&str>, sheet: bool) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = read(&mut file, 0, 512)?;
    let end = read(&mut file, length.saturating_sub(END_OF_ZIP_AT_MOST), length)?;
    let whole = if start.starts_with(b"PK") {
        end.windows(END_OF_ZIP.len())
            .any(|bytes| bytes == END_OF_ZIP)
    } else if start.starts_with(PARQUET) {
        end.ends_with(PARQUET) && length > 8
    } else if start.starts_with(ENCRYPTED) {
        end.ends_with(ENCRYPTED)
    } else if sheet && is_csv(&start) {
        true
    } else {
        let said = content_type.map_or_else(
            || "the server did not say what it is".to_owned(),
            |kind| format!("the server calls it {kind:?}"),
        );
        return Ok(Some(format!(
            "neither a zip archive nor a Parquet file: {said}, and it begins with {:?}",
            beginning(&start)
        )));
    };
    Ok((!whole).then(|| format!("its end is missing after {length} bytes: truncated; run again")))
}

/// Whether it begins as a table of text: no markup, and a first line of several fields.
fn is_csv(start: &[u8]) -> bool {
    let first = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\r' | b'\n' | b'\t');
    first.iter().any(|byte| matches!(byte, b';' | b','))
        && !start.iter().any(control)
        && !matches!(start.trim_ascii_start().first(), Some(b'<' | b'{' | b'['))
}

fn read(file: &mut File, from: u64, at_most: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(at_most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Enough of it to recognise a page, on one line.
fn beginning(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn of(bytes: &[u8], content_type: Option<&str>) -> Option<String> {
        of_kind(bytes, content_type, false)
    }

    fn of_kind(bytes: &[u8], content_type: Option<&str>, sheet: bool) -> Option<String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        wrong(file.path(), content_type, sheet).unwrap()
    }

    #[test]
    fn a_csv_will_do_only_where_a_spreadsheet_is_expected() {
        let csv = b"Code;Nom de l'association;Cat\xe9gorie\r\n1;UNION EXEMPLE;Social\r\n";
        assert_eq!(of_kind(csv, None, true), None);
        assert!(of_kind(csv, None, false).is_some());
        for other in [
            &b"<!doctype html>;<p>En maintenance"[..],
            b"{\"message\": \"introuvable\", \"code\": 404}",
            b"Service indisponible",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1;;",
            b"",
        ] {
            assert!(of_kind(other, None, true).is_some(), "{other:?}");
        }
    }

    #[test]
    fn a_page_a_cut_archive_and_an_empty_file_are_told_from_whole_files() {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("a.csv", zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"siren\n").unwrap();
        let zip = zip.finish().unwrap().into_inner();
        assert_eq!(of(&zip, None), None);
        assert_eq!(of(b"PAR1 some pages PAR1", None), None);
        let cut = of(&zip[..zip.len() - 30], None).unwrap();
        assert!(cut.contains("truncated"), "{cut}");
        assert!(of(b"PAR1 some pages", None).is_some());
        let page = of(b"<!doctype html>\n<p>En maintenance", Some("text/html")).unwrap();
        assert!(
            page.contains("text/html") && page.contains("<!doctype html>"),
            "{page}"
        );
        assert!(of(b"", None).is_some());
    }
}
