//! Which of a dataset's resources is the one wanted.

use std::io::ErrorKind;
use std::path::Path;

use crate::catalogue::Source;
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

/// The resource of the source's id.
pub fn by_id<'a>(
    source: &Source,
    resources: &'a [ResourceDocument],
) -> Option<&'a ResourceDocument> {
    let id = source.resource.as_ref()?;
    resources.iter().find(|resource| resource.id == *id)
}

/// The newest of that title. The title's word must stand alone: `StockEtablissement` is not
/// `StockEtablissementHistorique`.
pub fn by_title<'a>(
    source: &Source,
    resources: &'a [ResourceDocument],
) -> Option<&'a ResourceDocument> {
    resources
        .iter()
        .filter(|resource| {
            is_titled(&resource.title, &source.title) || is_titled(&resource.url, &source.title)
        })
        .filter(|resource| is_zip(resource) || (source.spreadsheet && is_sheet(resource)))
        .max_by_key(|resource| {
            let date = date_in(&resource.title).or_else(|| date_in(&resource.url));
            (date, resource.last_modified)
        })
}

/// The same file is published as zip and as Parquet; the address of a zip may not end like one.
fn is_zip(resource: &ResourceDocument) -> bool {
    let path = resource.url.split(['?', '#']).next().unwrap_or_default();
    let ends = |end: &str| path.to_ascii_lowercase().ends_with(end);
    let format = resource.format.as_deref().unwrap_or_default();
    ends(".zip") || (format.eq_ignore_ascii_case("zip") && !ends(".parquet"))
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
        assert_eq!(by_title(&source("rna_waldec"), &list).unwrap().id, "3");
        assert_eq!(by_title(&source("rna_import"), &list).unwrap().id, "4");
        assert_eq!(by_title(&source("StockDoublons"), &list), None);
    }

    #[test]
    fn an_id_wins_over_any_title() {
        let source = source("StockUniteLegale");
        let id = source.resource.clone().unwrap();
        let list = [
            resource("new", "StockUniteLegale du 01 Decembre 2026", "/a.zip", ""),
            resource(&id, "renamed", "https://localhost/b", ""),
        ];
        assert_eq!(by_id(&source, &list).unwrap().id, id);
        let site = Base::Site("http://localhost");
        let found = describe(&source, &list[1], site).unwrap();
        assert_eq!(found.location, Location::Url("https://localhost/b".into()));
        assert_eq!(
            site.locate("/files/a.zip"),
            Location::Url("http://localhost/files/a.zip".into())
        );
    }
}
