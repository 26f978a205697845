//! Which of a dataset's resources is the one wanted.

use std::io::ErrorKind;
use std::path::Path;

use crate::catalogue::{Format, Source};
use crate::error::IngestError;
use crate::origin::dates::date_in;
use crate::origin::document::ResourceDocument;
use crate::origin::{Location, NOT_A_FILE, Resource, is_regular};

/// What relative addresses are relative to.
#[derive(Clone, Copy)]
pub enum Base<'a> {
    Site(&'a str),
    Folder(&'a Path),
}

impl Base<'_> {
    fn locate(self, url: &str) -> Location {
        let absolute = url.split_once("://").map(|(_scheme, rest)| rest);
        match (self, absolute) {
            (Self::Site(_), Some(_)) => Location::Url(url.to_owned()),
            (Self::Site(base), None) => {
                Location::Url(format!("{base}/{}", url.trim_start_matches('/')))
            }
            // A mirror made by wget keeps other hosts under their own name.
            (Self::Folder(root), Some(host_and_path)) => Location::Path(root.join(host_and_path)),
            (Self::Folder(root), None) => Location::Path(root.join(url.trim_start_matches('/'))),
        }
    }
}

/// The resource of the source's id, in that format.
pub fn by_id<'a>(
    source: &Source,
    format: Format,
    resources: &'a [ResourceDocument],
) -> Option<&'a ResourceDocument> {
    let id = source.id(format)?;
    resources.iter().find(|resource| resource.id == id)
}

/// The newest of that title, in that format. The title's word must stand alone: `StockEtablissement` is not
/// `StockEtablissementHistorique`.
pub fn by_title<'a>(
    source: &Source,
    format: Format,
    resources: &'a [ResourceDocument],
) -> Option<&'a ResourceDocument> {
    resources
        .iter()
        .filter(|resource| {
            is_titled(&resource.title, &source.title) || is_titled(&resource.url, &source.title)
        })
        .filter(|resource| {
            let sheet = source.spreadsheet && format == Format::Csv && is_sheet(resource);
            sheet || format_of(resource) == Some(format)
        })
        .max_by_key(|resource| {
            let date = date_in(&resource.title).or_else(|| date_in(&resource.url));
            (date, resource.last_modified)
        })
}

/// The same file is published as zip and as Parquet. Its address tells which, else what the
/// publisher calls it: the address of a zip may not end like one.
fn format_of(resource: &ResourceDocument) -> Option<Format> {
    let called = resource.format.as_deref().unwrap_or_default();
    Format::of_path(&resource.url).or_else(|| {
        [Format::Csv, Format::Parquet]
            .into_iter()
            .find(|format| called.eq_ignore_ascii_case(&format.extension()[1..]))
    })
}

/// A spreadsheet, or the plain CSV that older editions were.
fn is_sheet(resource: &ResourceDocument) -> bool {
    let path = resource.url.split(['?', '#']).next().unwrap_or_default();
    let format = resource.format.as_deref().unwrap_or_default();
    ["xlsx", "csv"].iter().any(|kind| {
        let path = path.to_ascii_lowercase();
        path.ends_with(&format!(".{kind}")) || format.eq_ignore_ascii_case(kind)
    })
}

/// Whether `word` stands alone in `text`: not inside a longer name.
fn is_titled(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let letter = |c: char| c.is_ascii_alphabetic();
        !text[..start].ends_with(letter) && !text[start + word.len()..].starts_with(letter)
    })
}

/// The chosen one, as a resource of that source.
pub fn describe(
    source: &Source,
    found: &ResourceDocument,
    base: Base<'_>,
) -> Result<Resource, IngestError> {
    let location = base.locate(&found.url);
    if let Location::Path(path) = &location {
        let wrong = match is_regular(path) {
            Ok(true) => None,
            Ok(false) => Some(NOT_A_FILE.to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Some("no such file".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(wrong) = wrong {
            return Err(IngestError::Source {
                name: source.name.clone(),
                detail: format!(
                    "{}: {wrong}; named by the dataset document as {:?}",
                    path.display(),
                    found.url
                ),
            });
        }
    }
    Ok(Resource {
        source: source.clone(),
        id: Some(found.id.clone()),
        title: found.title.clone(),
        location,
        last_modified: found.last_modified,
        size: found.filesize,
        checksum: found.checksum.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::origin::dates::instant;

    fn source(name: &str) -> Source {
        let sources = catalogue::sources().unwrap();
        sources
            .into_iter()
            .find(|source| source.name == name)
            .unwrap()
    }

    fn resource(id: &str, title: &str, url: &str, last_modified: &str) -> ResourceDocument {
        ResourceDocument {
            id: id.to_owned(),
            title: title.to_owned(),
            url: url.to_owned(),
            format: None,
            checksum: None,
            filesize: None,
            last_modified: instant(last_modified),
        }
    }

    #[test]
    fn a_title_is_not_found_inside_a_longer_one() {
        assert!(is_titled(
            "Sirene : Fichier StockEtablissement du 01 Mars 2022",
            "StockEtablissement"
        ));
        assert!(!is_titled(
            "Sirene : Fichier StockEtablissementHistorique du 01 Mars 2022",
            "StockEtablissement"
        ));
        assert!(is_titled("rna_waldec_20261101.zip", "rna_waldec"));
    }

    #[test]
    fn the_newest_is_that_of_the_latest_date_in_its_title_then_of_the_latest_change() {
        let list = [
            resource(
                "1",
                "rna_waldec_20261001.zip",
                "/1.zip",
                "2026-11-20T00:00:00",
            ),
            resource(
                "2",
                "rna_waldec_20261101.zip",
                "/2.zip",
                "2026-11-02T00:00:00+01:00",
            ),
            // The same instant as text would sort after the one before.
            resource(
                "3",
                "rna_waldec_20261101.zip",
                "/3.zip",
                "2026-11-02T00:00:00",
            ),
            resource(
                "4",
                "rna_import_20261201.zip",
                "/4.zip",
                "2026-12-02T00:00:00",
            ),
            resource(
                "5",
                "rna_waldec_20261201",
                "/5.parquet",
                "2026-12-02T00:00:00",
            ),
        ];
        assert_eq!(
            by_title(&source("rna_waldec"), Format::Csv, &list)
                .unwrap()
                .id,
            "3"
        );
        assert_eq!(
            by_title(&source("rna_import"), Format::Csv, &list)
                .unwrap()
                .id,
            "4"
        );
        assert_eq!(by_title(&source("StockDoublons"), Format::Csv, &list), None);
    }

    #[test]
    fn a_parquet_file_is_known_by_every_title_seen_and_never_taken_for_the_zip() {
        let titled = |id: &str, title: &str, url: &str, format: &str| ResourceDocument {
            format: Some(format.to_owned()),
            ..resource(id, title, url, "2026-11-02T00:00:00")
        };
        let list = [
            titled(
                "1",
                "Sirene : Fichier StockEtablissement du 01 Juillet 2024 au format parquet",
                "/resources/20240701/stock-stocketablissement-parquet.parquet",
                "parquet",
            ),
            titled(
                "2",
                "Sirene : Fichier StockEtablissement du 01 11 2026 (format parquet) -",
                "/r/2",
                "parquet",
            ),
            titled(
                "3",
                "Sirene : Fichier StockEtablissement du 01 Novembre 2026",
                "/r/3",
                "zip",
            ),
            titled(
                "4",
                "Sirene : Fichier StockEtablissementLiensSuccession du 01 11 2026 (format parquet)",
                "/liens.parquet?v=2",
                "zip",
            ),
            titled(
                "5",
                "Dessin du fichier StockEtablissement du 01 Décembre 2026",
                "/dessin.pdf",
                "pdf",
            ),
        ];
        let found = |name: &str, format| {
            by_title(&source(name), format, &list).map(|resource| resource.id.as_str())
        };
        assert_eq!(found("StockEtablissement", Format::Parquet), Some("2"));
        assert_eq!(found("StockEtablissement", Format::Csv), Some("3"));
        let liens = "StockEtablissementLiensSuccession";
        assert_eq!(found(liens, Format::Parquet), Some("4"));
        assert_eq!(found(liens, Format::Csv), None);
        let id = source("StockUniteLegale")
            .id(Format::Parquet)
            .map(str::to_owned);
        let list = [resource(&id.unwrap(), "renamed", "/r/6", "")];
        let unites = source("StockUniteLegale");
        assert!(by_id(&unites, Format::Parquet, &list).is_some());
        assert!(by_id(&unites, Format::Csv, &list).is_none());
    }

    #[test]
    fn an_id_wins_over_any_title() {
        let source = source("StockUniteLegale");
        let id = source.resource.clone().unwrap();
        let list = [
            resource("new", "StockUniteLegale du 01 Decembre 2026", "/a.zip", ""),
            resource(&id, "renamed", "https://localhost/b", ""),
        ];
        assert_eq!(by_id(&source, Format::Csv, &list).unwrap().id, id);
        let site = Base::Site("http://localhost");
        let found = describe(&source, &list[1], site).unwrap();
        assert_eq!(found.location, Location::Url("https://localhost/b".into()));
        assert_eq!(
            site.locate("/files/a.zip"),
            Location::Url("http://localhost/files/a.zip".into())
        );
    }
}
