//! Where to look for the sources: data.gouv.fr, any site with the same API, a folder laid out the
//! same way, a plain folder of downloaded files, or the sample the project makes.

mod choose;
mod dates;
mod document;
mod site;

use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::catalogue::{Format, Source};
use crate::error::IngestError;
use crate::progress::Context;
use choose::{Base, by_id, by_title, describe};
use dates::date_in;
use document::ResourceDocument;
use site::Site;

/// The address of the real thing.
pub const DATA_GOUV: &str = "https://www.data.gouv.fr";

/// The origin of the snapshots made from the sample.
pub const SAMPLE: &str = "sample";

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
        Ok(if text == SAMPLE {
            Self::Sample
        } else if text.starts_with("http://") || text.starts_with("https://") {
            Self::Site(text.trim_end_matches('/').to_owned())
        } else {
            Self::Folder(PathBuf::from(text))
        })
    }
}

impl Origin {
    /// The same text for the same place, however it was written: `src`, `src/` and `../here/src`
    /// are one folder.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Site(base) => base.clone(),
            Self::Folder(path) => fs::canonicalize(path)
                .unwrap_or_else(|_not_there| path.clone())
                .display()
                .to_string(),
            Self::Sample => SAMPLE.to_owned(),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.identity())
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
    /// When it was last changed: by the publisher, or on this disk when there is no API to tell.
    pub last_modified: Option<DateTime<Utc>>,
    /// Announced size in bytes.
    pub size: Option<u64>,
    /// Announced checksum: algorithm, value.
    pub checksum: Option<(String, String)>,
}

impl Resource {
    /// Its format, as far as its address tells; the bytes decide in the end.
    #[must_use]
    pub fn format(&self) -> Format {
        let format = match &self.location {
            Location::Url(url) => Format::of_path(url),
            Location::Path(path) => Format::of_path(&path.to_string_lossy()),
        };
        format.unwrap_or_default()
    }

    /// Date of its data: the one in its title or file name, else that of its last change when the
    /// publisher says it. When a file was copied here says nothing of its data: `None`.
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
        date_in(&self.title).or_else(|| date_in(&file)).or_else(|| {
            self.id.as_ref()?;
            self.last_modified.map(|at| at.date_naive())
        })
    }
}

/// Finds each source; the missing ones that are not required are left out. `sample` is where the
/// sample is.
pub fn resolve(
    origin: &Origin,
    sources: Vec<Source>,
    sample: &Path,
    context: &Context,
) -> Result<Vec<Resource>, IngestError> {
    let folder = match origin {
        Origin::Folder(folder) => folder.as_path(),
        Origin::Sample => sample,
        Origin::Site(base) => {
            let mut listed = BTreeMap::new();
            let site = Site { base, context };
            return resolve_all(sources, |source| {
                either(
                    source,
                    |_error| false,
                    |format| on_site(source, format, &site, &mut listed),
                )
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
        // A mirror may hold only some of the files its documents list.
        let absent = |error: &IngestError| matches!(error, IngestError::Source { .. });
        resolve_all(sources, |source| {
            either(source, absent, |format| in_mirror(source, format, folder))
        })
    } else {
        resolve_all(sources, |source| {
            either(
                source,
                |_error| false,
                |format| find_file(source, format, folder),
            )
        })
    }
}

/// Looks for a source in the format asked for, then in the other. `absent` says of which errors the
/// file just is not there.
fn either(
    source: &Source,
    absent: impl Fn(&IngestError) -> bool,
    mut find: impl FnMut(Format) -> Result<Option<Resource>, IngestError>,
) -> Result<Option<Resource>, IngestError> {
    let (wanted, other) = (source.format, source.format.other());
    let name = &source.name;
    if !source.offers(wanted) {
        tracing::info!(source.name = %name, "{name}: not published as a {wanted}, taken as it is published");
        return find(other);
    }
    let first = find(wanted);
    let gone = match &first {
        Ok(found) => found.is_none(),
        Err(error) => absent(error),
    };
    if !gone || !source.offers(other) {
        return first;
    }
    match find(other) {
        Ok(Some(found)) => {
            let why = first.err().map(|error| format!(" ({error})"));
            tracing::warn!(
                source.name = %name,
                "{name}: its {wanted} is not there{}, its {other} is taken",
                why.unwrap_or_default()
            );
            Ok(Some(found))
        }
        Err(IngestError::Interrupted) => Err(IngestError::Interrupted),
        // What was asked for is what to speak of.
        _ => first,
    }
}

fn resolve_all(
    sources: Vec<Source>,
    mut find: impl FnMut(&Source) -> Result<Option<Resource>, IngestError>,
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

/// Datasets asked for, once each: their resources, or why there are none.
type Listed = BTreeMap<String, Result<Vec<ResourceDocument>, String>>;

/// By its id in its dataset, by its id alone, then by its title in its dataset.
fn on_site(
    source: &Source,
    format: Format,
    site: &Site<'_>,
    listed: &mut Listed,
) -> Result<Option<Resource>, IngestError> {
    let dataset = &source.dataset.id;
    if !listed.contains_key(dataset) {
        listed.insert(dataset.clone(), site.dataset(&source.register, dataset)?);
    }
    let missing = Err("not asked".to_owned());
    let list = listed.get(dataset).unwrap_or(&missing);
    let resources: &[ResourceDocument] = list.as_ref().map_or(&[], Vec::as_slice);
    let base = Base::Site(site.base);
    if let Some(found) = by_id(source, format, resources) {
        return describe(source, found, base).map(Some);
    }
    let alone = match source.id(format) {
        Some(id) => site.resource(&source.name, id),
        None => Ok(None),
    };
    match (alone, list) {
        (Ok(Some(found)), _) => return describe(source, &found, base).map(Some),
        (Err(IngestError::Interrupted), _) => return Err(IngestError::Interrupted),
        (Err(error), Err(_)) => return Err(error),
        (Ok(None), Err(missing)) if !source.required => {
            tracing::warn!("{missing}");
            return Ok(None);
        }
        (Ok(None), Err(missing)) => {
            return Err(IngestError::Source {
                name: source.name.clone(),
                detail: missing.clone(),
            });
        }
        // The dataset's own list is enough to go on.
        (Err(error), Ok(_)) => tracing::warn!("{error}; looking for its title"),
        (Ok(None), Ok(_)) => {}
    }
    by_title(source, format, resources)
        .map(|found| describe(source, found, base))
        .transpose()
}

/// In a folder laid out like the site: by id, then by title.
fn in_mirror(
    source: &Source,
    format: Format,
    folder: &Path,
) -> Result<Option<Resource>, IngestError> {
    if !source.required && !index_path(folder, source).exists() {
        return Ok(None);
    }
    let resources = read(folder, source)?;
    by_id(source, format, &resources)
        .or_else(|| by_title(source, format, &resources))
        .map(|found| describe(source, found, Base::Folder(folder)))
        .transpose()
}

/// Where a mirror keeps the document of a source's dataset.
fn index_path(folder: &Path, source: &Source) -> PathBuf {
    folder.join(format!("api/1/datasets/{}/index.json", source.dataset.id))
}

fn read(folder: &Path, source: &Source) -> Result<Vec<ResourceDocument>, IngestError> {
    let path = index_path(folder, source);
    let fail = |detail: String| IngestError::Source {
        name: source.name.clone(),
        detail: format!("{}: {detail}", path.display()),
    };
    if !is_regular(&path).map_err(|error| fail(error.to_string()))? {
        return Err(fail(NOT_A_FILE.to_owned()));
    }
    let bytes = fs::read(&path).map_err(|error| fail(error.to_string()))?;
    let document = serde_json::from_slice(&bytes)
        .map_err(|error| fail(format!("not a dataset document: {error}")))?;
    document::v1(&document)
        .ok_or_else(|| fail("not a dataset document: no list of resources".to_owned()))
}

/// Said of a FIFO, a device or a folder: opening one may wait for ever, and there is no end to read.
const NOT_A_FILE: &str =
    "not a regular file (a FIFO, a device or a folder): put the file itself there";

fn is_regular(path: &Path) -> std::io::Result<bool> {
    Ok(fs::metadata(path)?.is_file())
}

/// In a folder of downloaded files, by file name; the newest date when the name carries one.
fn find_file(
    source: &Source,
    format: Format,
    folder: &Path,
) -> Result<Option<Resource>, IngestError> {
    let pattern = source.file_name(format);
    let mut found: Option<PathBuf> = None;
    for entry in fs::read_dir(folder).map_err(IngestError::io("list folder", folder))? {
        let path = entry
            .map_err(IngestError::io("list folder", folder))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if matches_pattern(&name, &pattern) && found.as_ref().is_none_or(|best| path > *best) {
            found = Some(path);
        }
    }
    let Some(path) = found else { return Ok(None) };
    let metadata = fs::metadata(&path).map_err(IngestError::io("read", &path))?;
    if !metadata.is_file() {
        return Err(IngestError::Source {
            name: source.name.clone(),
            detail: format!("{}: {NOT_A_FILE}", path.display()),
        });
    }
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

fn matches_pattern(name: &str, pattern: &str) -> bool {
    if let Some((before, after)) = pattern.split_once('*') {
        let rest = name.strip_prefix(before);
        return rest.is_some_and(|rest| rest.ends_with(after));
    }
    match pattern.split_once("{date}") {
        None => name == pattern,
        Some((before, after)) => name
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|date| date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_sample_a_url_and_a_folder_are_told_apart() {
        assert_eq!("sample".parse(), Ok(Origin::Sample));
        assert_eq!(
            "https://www.data.gouv.fr/".parse(),
            Ok(Origin::Site(DATA_GOUV.into()))
        );
        assert_eq!("./miroir".parse(), Ok(Origin::Folder("./miroir".into())));
    }

    #[test]
    fn a_folder_is_the_same_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let plain: Origin = path.parse().unwrap();
        let slash: Origin = format!("{path}/./").parse().unwrap();
        assert_eq!(plain.identity(), slash.identity());
        assert_eq!(plain.to_string(), slash.to_string());
        let gone: Origin = "no/such/folder".parse().unwrap();
        assert_eq!(gone.to_string(), "no/such/folder");
    }

    #[test]
    fn when_a_file_was_copied_here_says_nothing_of_its_data() {
        let sources = crate::catalogue::sources().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for name in ["StockUniteLegale_utf8.zip", "rna_waldec_20261101.zip"] {
            fs::File::create(folder.path().join(name)).unwrap();
        }
        let as_of = |name: &str| {
            let source = sources.iter().find(|source| source.name == name).unwrap();
            let mut found = find_file(source, Format::Csv, folder.path())
                .unwrap()
                .unwrap();
            let here = found.as_of();
            found.id = Some("announced by an API".to_owned());
            (here, found.as_of())
        };
        let (here, announced) = as_of("StockUniteLegale");
        assert_eq!(here, None);
        assert!(announced.is_some());
        let first = NaiveDate::from_ymd_opt(2026, 11, 1);
        assert_eq!(as_of("rna_waldec"), (first, first));
    }
}
