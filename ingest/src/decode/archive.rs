//! What a zip archive holds, looked at before a byte of it is inflated: which files are the CSV,
//! under names fit to be shown, and whether they may be inflated at all.
//!
//! Nothing of an archive is ever written to the disk under a name it gives: a path in it can do no
//! harm. The names still reach messages and the manifest, so they are cleaned here, once.

use std::io::{Read, Seek};
use std::path::Path;
use zip::{CompressionMethod, ZipArchive};

use super::layout::few;
use crate::catalogue::Source;
use crate::download::readable;
use crate::error::IngestError;

/// `StockEtablissement` inflates to 3.1 times its zip, `StockUniteLegale` to 4.0, the links to 4.7;
/// the histories, by their rows, to some 6 and 9. Deflate goes up to 1032: past this it is something else.
const TIMES: u64 = 40;
/// Less than this costs a second, whatever its zip: small files of like rows do compress well.
const HARMLESS: u64 = 256 << 20;
/// The RNA has one file per département, about a hundred and ten.
const MOST_ENTRIES: usize = 1000;
/// Characters kept of a name.
const LONGEST_NAME: usize = 100;

/// A CSV file of an archive.
#[derive(Debug, PartialEq, Eq)]
pub struct CsvFile {
    /// Its place in the archive.
    pub index: usize,
    /// Its name, without its folders.
    pub name: String,
}

/// The CSV files of an archive of `length` bytes. Refuses one that holds none, one that holds
/// several where the source has one, and one that would inflate to more than can be believed.
pub fn csv_files<R: Read + Seek>(
    archive: &ZipArchive<R>,
    source: &Source,
    path: &Path,
    length: u64,
) -> Result<Vec<CsvFile>, IngestError> {
    let wrong = |detail: String| IngestError::File {
        path: path.to_path_buf(),
        detail: format!("{detail}; wait for the publisher's next file, or give a good one"),
    };
    if archive.len() > MOST_ENTRIES || archive.has_duplicate_names() {
        return Err(wrong(format!(
            "an archive of {} files, {MOST_ENTRIES} at most and no two of the same name expected",
            archive.len()
        )));
    }
    let (mut found, mut others, mut inflated) = (Vec::new(), Vec::new(), 0_u64);
    for index in 0..archive.len() {
        let entry = archive
            .by_index_data(index)
            .map_err(|error| super::zip_error(path, &error))?;
        let raw = String::from_utf8_lossy(entry.name_raw());
        let name = shown(&raw);
        if !entry.is_file() {
            let kind = if entry.is_dir() { "folder" } else { "link" };
            others.push(format!("{name} ({kind})"));
        } else if is_csv(&name) && entry.size() == 0 {
            tracing::warn!(source.name = %source.name, "{}: {name} is empty, skipped", source.name);
            others.push(format!("{name} (empty)"));
        } else if is_csv(&name) {
            let method = entry.compression();
            let readable = [CompressionMethod::Stored, CompressionMethod::Deflated];
            if entry.encrypted() || !readable.contains(&method) {
                let how = if entry.encrypted() {
                    "encrypted"
                } else {
                    "compressed otherwise than by deflate"
                };
                return Err(wrong(format!("{name} is {how}, and cannot be read")));
            }
            if raw != name {
                tracing::warn!(
                    source.name = %source.name,
                    "{}: the archive calls a file {raw:?}, read as {name}",
                    source.name
                );
            }
            // As the archive says; reading more than that fails.
            inflated = inflated.saturating_add(entry.size());
            found.push(CsvFile { index, name });
        } else {
            others.push(name);
        }
    }
    if found.is_empty() {
        return Err(wrong(match others.as_slice() {
            [] => "an empty archive, where a CSV file is expected".to_owned(),
            others => format!("no CSV file in this archive, which holds {}", few(others)),
        }));
    }
    if found.len() > 1 && !source.several_files {
        let names: Vec<String> = found.into_iter().map(|file| file.name).collect();
        return Err(wrong(format!(
            "{} CSV files in this archive where {} is one: {}; which one is the register cannot be told",
            names.len(),
            source.name,
            few(&names)
        )));
    }
    if inflated > HARMLESS.max(length.saturating_mul(TIMES)) {
        return Err(wrong(format!(
            "{} that would inflate to {}, {} times as much, where registers do 3 to 12 times and {TIMES} is the limit: a zip bomb? not inflated",
            readable(length),
            readable(inflated),
            inflated / length.max(1)
        )));
    }
    Ok(found)
}

/// By its name; the files macOS adds to an archive are not ours.
fn is_csv(name: &str) -> bool {
    let extension = Path::new(name).extension();
    !name.starts_with('.')
        && extension.is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

/// A name fit for a message: without its folders, and without what a terminal or a page could take
/// for something else than a name.
fn shown(raw: &str) -> String {
    let name = raw.trim_end_matches(['/', '\\']);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let fit = |c: char| c.is_alphanumeric() || " ._-+,()'".contains(c);
    let clean = name.chars().map(|c| if fit(c) { c } else { '_' });
    // The end is what tells a CSV.
    let skipped = name.chars().count().saturating_sub(LONGEST_NAME);
    clean.skip(skipped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn source(name: &str) -> Source {
        let sources = catalogue::sources().unwrap();
        let mut named = sources.into_iter().filter(|source| source.name == name);
        named.next().unwrap()
    }

    fn of(names: &[&str], source: &Source) -> Result<Vec<String>, String> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(b"siren\n").unwrap();
        }
        let archive = ZipArchive::new(zip.finish().unwrap()).unwrap();
        csv_files(&archive, source, Path::new("a.zip"), 1000)
            .map(|files| files.into_iter().map(|file| file.name).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_one_csv_of_sirene_and_the_many_of_the_rna() {
        let (stock, rna) = (source("StockUniteLegale"), source("rna_waldec"));
        let beside = ["LISEZMOI.txt", "a.csv", "__MACOSX/._a.csv"];
        assert_eq!(of(&beside, &stock).unwrap(), ["a.csv"]);
        assert_eq!(of(&["a.csv", "B.CSV"], &rna).unwrap(), ["a.csv", "B.CSV"]);
        let two = of(&["a.csv", "b.csv"], &stock).unwrap_err();
        assert!(two.contains("2 CSV files") && two.contains("a.csv, b.csv"));
        let none = of(&["a.txt", "b.xml"], &rna).unwrap_err();
        assert!(none.contains("which holds a.txt, b.xml"), "{none}");
        assert!(of(&[], &stock).unwrap_err().contains("an empty archive"));
    }

    #[test]
    fn names_are_shown_without_folders_nor_anything_a_terminal_obeys() {
        let cases = [
            ("../../etc/cron.d/a.csv", "a.csv"),
            ("/absolu/a.csv", "a.csv"),
            ("C:\\a\\b.csv", "b.csv"),
            ("folder/", "folder"),
            ("\u{1b}[2J\u{202e}é\n.csv", "__2J_é_.csv"),
            (
                "rna_waldec_20261101_dpt_2A.csv",
                "rna_waldec_20261101_dpt_2A.csv",
            ),
        ];
        for (raw, expected) in cases {
            assert_eq!(shown(raw), expected, "{raw:?}");
        }
        let long = format!("{}.csv", "a".repeat(500));
        assert_eq!(shown(&long).len(), LONGEST_NAME);
        assert!(is_csv(&shown(&long)));
    }

    #[test]
    fn what_would_inflate_beyond_belief_is_refused_and_small_files_never() {
        let source = source("StockUniteLegale");
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file("a.csv", options).unwrap();
        for _ in 0..=HARMLESS >> 20 {
            zip.write_all(&vec![b'0'; 1 << 20]).unwrap();
        }
        let archive = ZipArchive::new(zip.finish().unwrap()).unwrap();
        let of = |length| csv_files(&archive, &source, Path::new("a.zip"), length);
        let refused = of(1 << 20).unwrap_err().to_string();
        assert!(refused.contains("257 times as much"), "{refused}");
        assert!(
            refused.contains("1.0 MB") && refused.contains("269.4 MB"),
            "{refused}"
        );
        assert_eq!(of(HARMLESS / TIMES * 2).unwrap().len(), 1);
    }
}
