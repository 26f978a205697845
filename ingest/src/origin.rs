//! Where to look for the sources: data.gouv.fr, any site with the same API, a folder laid out the
//! same way, a plain folder of downloaded files, or the sample the project makes.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::catalogue::Source;
use crate::error::IngestError;

/// The address of the real thing.
pub const DATA_GOUV: &str = "https://www.data.gouv.fr";

/// What `--source` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A site serving data.gouv.fr's API, without its final slash.
    Site(String),
    /// A folder: laid out like the site, or holding the files under their official names.
    Folder(PathBuf),
    /// The sample, generated when first needed.
    Sample,
}

impl FromStr for Origin {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "sample" {
            Self::Sample
        } else if text.starts_with("http://") || text.starts_with("https://") {
            Self::Site(text.trim_end_matches('/').to_owned())
        } else {
            Self::Folder(PathBuf::from(text))
        })
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Site(base) => f.write_str(base),
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Sample => f.write_str("sample"),
        }
    }
}

/// Where a resource's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// To be downloaded.
    Url(String),
    /// Already here: read in place, never copied.
    Path(PathBuf),
}

/// A source found: what the publisher says of the file.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Which source it is.
    pub source: Source,
    /// Its id on data.gouv.fr, when there is an API to tell.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// Where its bytes are.
    pub location: Location,
    /// When it was last changed.
    pub last_modified: Option<DateTime<Utc>>,
    /// Announced size in bytes.
    pub size: Option<u64>,
    /// Announced checksum: algorithm, value.
    pub checksum: Option<(String, String)>,
}

impl Resource {
    /// Date of its data: the one in its title or file name, else that of its last change.
    #[must_use]
    pub fn as_of(&self) -> Option<NaiveDate> {
        let file = match &self.location {
            Location::Url(url) => url.rsplit('/').next().unwrap_or_default().to_owned(),
            Location::Path(path) => path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        date_in(&self.title)
            .or_else(|| date_in(&file))
            .or_else(|| self.last_modified.map(|at| at.date_naive()))
    }
}

/// The dataset document of data.gouv.fr's API v1, the fields we use.
#[derive(Debug, Deserialize)]
struct DatasetDocument {
    resources: Vec<ResourceDocument>,
}

#[derive(Debug, Clone, Deserialize)]
struct ResourceDocument {
    id: String,
    title: String,
    url: String,
    #[serde(default)]
    checksum: Option<Checksum>,
    #[serde(default)]
    filesize: Option<u64>,
    #[serde(default)]
    last_modified: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Checksum {
    #[serde(rename = "type")]
    algorithm: String,
    value: String,
}

/// Finds each source; the missing ones that are not required are left out.
pub fn resolve(
    origin: &Origin,
    sources: Vec<Source>,
    sample: &Path,
) -> Result<Vec<Resource>, IngestError> {
    let folder = match origin {
        Origin::Folder(folder) => folder.as_path(),
        Origin::Sample => sample,
        Origin::Site(base) => {
            return resolve_all(sources, |source| {
                find(source, &fetch(base, source)?, &Base::Site(base))
            });
        }
    };
    if !folder.is_dir() {
        return Err(IngestError::Source {
            name: origin.to_string(),
            detail: "no such folder; --source takes a URL, a folder or `sample`".to_owned(),
        });
    }
    if folder.join("api").is_dir() {
        resolve_all(sources, |source| {
            find(source, &read(folder, source)?, &Base::Folder(folder))
        })
    } else {
        resolve_all(sources, |source| find_file(source, folder))
    }
}

fn resolve_all(
    sources: Vec<Source>,
    find: impl Fn(&Source) -> Result<Option<Resource>, IngestError>,
) -> Result<Vec<Resource>, IngestError> {
    let mut found = Vec::new();
    for source in sources {
        match find(&source)? {
            Some(resource) => found.push(resource),
            None if source.required => {
                return Err(IngestError::Source {
                    detail: format!(
                        "not found: no resource {} and no title with the word {:?} in dataset {}",
                        source.resource.as_deref().unwrap_or("id known"),
                        source.title,
                        source.dataset.id
                    ),
                    name: source.name,
                });
            }
            None => {
                tracing::warn!(source.name = %source.name, "{}: not found, its table will be empty", source.name);
            }
        }
    }
    Ok(found)
}

/// What relative addresses are relative to.
enum Base<'a> {
    Site(&'a str),
    Folder(&'a Path),
}

impl Base<'_> {
    fn locate(&self, url: &str) -> Location {
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

fn fetch(base: &str, source: &Source) -> Result<DatasetDocument, IngestError> {
    let url = format!("{base}/api/1/datasets/{}/", source.dataset.id);
    let fail = |detail: String| IngestError::Source {
        name: source.name.clone(),
        detail,
    };
    let body = crate::download::client()?
        .get(&url)
        .send()
        .and_then(reqwest::blocking::Response::error_for_status)
        .and_then(reqwest::blocking::Response::text)
        .map_err(|error| fail(format!("GET {url}: {}", crate::download::causes(&error))))?;
    serde_json::from_str(&body)
        .map_err(|error| fail(format!("GET {url}: not a dataset document: {error}")))
}

fn read(folder: &Path, source: &Source) -> Result<DatasetDocument, IngestError> {
    let path = folder.join(format!("api/1/datasets/{}/index.json", source.dataset.id));
    let fail = |detail: String| IngestError::Source {
        name: source.name.clone(),
        detail,
    };
    let text =
        fs::read_to_string(&path).map_err(|error| fail(format!("{}: {error}", path.display())))?;
    serde_json::from_str(&text).map_err(|error| {
        fail(format!(
            "{}: not a dataset document: {error}",
            path.display()
        ))
    })
}

/// By resource id, else the newest of that title. The title's word must stand alone:
/// `StockEtablissement` is not `StockEtablissementHistorique`.
fn find(
    source: &Source,
    document: &DatasetDocument,
    base: &Base<'_>,
) -> Result<Option<Resource>, IngestError> {
    let by_id = source.resource.as_ref().and_then(|id| {
        document
            .resources
            .iter()
            .find(|resource| resource.id == *id)
    });
    let by_title = || {
        document
            .resources
            .iter()
            .filter(|resource| {
                is_titled(&resource.title, &source.title) || is_titled(&resource.url, &source.title)
            })
            .filter(|resource| resource.url.to_ascii_lowercase().ends_with(".zip"))
            .max_by_key(|resource| {
                (
                    date_in(&resource.title).or_else(|| date_in(&resource.url)),
                    resource.last_modified.clone(),
                )
            })
    };
    let Some(found) = by_id.or_else(by_title) else {
        return Ok(None);
    };
    let location = base.locate(&found.url);
    if let Location::Path(path) = &location
        && !path.is_file()
    {
        return Err(IngestError::Source {
            name: source.name.clone(),
            detail: format!(
                "{}: no such file, named by the dataset document as {:?}",
                path.display(),
                found.url
            ),
        });
    }
    Ok(Some(Resource {
        source: source.clone(),
        id: Some(found.id.clone()),
        title: found.title.clone(),
        location,
        last_modified: found.last_modified.as_deref().and_then(instant),
        size: found.filesize,
        checksum: found
            .checksum
            .as_ref()
            .map(|sum| (sum.algorithm.clone(), sum.value.clone())),
    }))
}

/// In a folder of downloaded files, by file name; the newest date when the name carries one.
fn find_file(source: &Source, folder: &Path) -> Result<Option<Resource>, IngestError> {
    let mut found: Option<PathBuf> = None;
    for entry in fs::read_dir(folder).map_err(IngestError::io("list folder", folder))? {
        let path = entry
            .map_err(IngestError::io("list folder", folder))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if matches_pattern(&name, &source.file) && found.as_ref().is_none_or(|best| path > *best) {
            found = Some(path);
        }
    }
    let Some(path) = found else { return Ok(None) };
    let metadata = fs::metadata(&path).map_err(IngestError::io("read", &path))?;
    Ok(Some(Resource {
        source: source.clone(),
        id: None,
        title: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        last_modified: metadata.modified().ok().map(DateTime::<Utc>::from),
        size: Some(metadata.len()),
        checksum: None,
        location: Location::Path(path),
    }))
}

/// Whether `word` stands alone in `text`: not inside a longer name.
fn is_titled(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let letter = |c: char| c.is_ascii_alphabetic();
        !text[..start].ends_with(letter) && !text[start + word.len()..].starts_with(letter)
    })
}

fn matches_pattern(name: &str, pattern: &str) -> bool {
    match pattern.split_once("{date}") {
        None => name == pattern,
        Some((before, after)) => name
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|date| date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit())),
    }
}

/// An instant of data.gouv.fr: RFC 3339, or the older form without zone, which is UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .ok()
        .or_else(|| {
            text.parse::<chrono::NaiveDateTime>()
                .ok()
                .map(|at| at.and_utc())
        })
}

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// The date in a title or file name: `01 Novembre 2026`, `01 11 2026` or `20261101`.
fn date_in(text: &str) -> Option<NaiveDate> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let in_words = words.windows(3).find_map(|window| {
        let month = MONTHS
            .iter()
            .position(|month| *month == window[1])
            .map_or_else(
                || window[1].parse().ok(),
                |index| u32::try_from(index + 1).ok(),
            )?;
        let year: i32 = window[2]
            .parse()
            .ok()
            .filter(|year| (1900..2200).contains(year))?;
        NaiveDate::from_ymd_opt(year, month, window[0].parse().ok()?)
    });
    in_words.or_else(|| {
        words
            .iter()
            .filter(|word| word.len() == 8)
            .find_map(|word| NaiveDate::parse_from_str(word, "%Y%m%d").ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_from_every_form_of_title_seen() {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1);
        assert_eq!(
            date_in("Sirene : Fichier StockUniteLegale du 01 Novembre 2026"),
            first
        );
        assert_eq!(
            date_in("Sirene : Fichier StockEtablissement du 01 11 2026 (format parquet) -"),
            first
        );
        assert_eq!(
            date_in("https://media.interieur.gouv.fr/rna/rna_waldec_20261101.zip"),
            first
        );
        assert_eq!(date_in("StockUniteLegale_utf8.zip"), None);
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
    fn the_word_sample_a_url_and_a_folder_are_told_apart() {
        assert_eq!("sample".parse(), Ok(Origin::Sample));
        assert_eq!(
            "https://www.data.gouv.fr/".parse(),
            Ok(Origin::Site(DATA_GOUV.into()))
        );
        assert_eq!("./miroir".parse(), Ok(Origin::Folder("./miroir".into())));
    }
}
