//! One run, from the sources to a published snapshot, the stages in order.

use chrono::{NaiveDate, Utc};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::manifest::{Manifest, TableFile, Update, VERSION};
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::as_of;
use crate::catalogue::{self, Format};
use crate::download::{RawFile, download_all};
use crate::error::IngestError;
use crate::fiches;
use crate::generate;
use crate::history;
use crate::insee::{self, Base, Updated};
use crate::origin::{Origin, resolve};
use crate::profile;
use crate::progress::{Context, Stage};
use crate::publish::{DataFolder, remove_if_there};
use crate::rna;
use crate::snapshot::WrittenTable;
use crate::tables::{Made, Previous, has_every_table, make_tables};
use crate::verify::{RETOUR_ARRIERE, Staged, verify};
use crate::withdraw;

/// What a run is asked.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the sources are.
    pub origin: Origin,
    /// Which of the publishers' formats to look for first.
    pub format: Format,
    /// The data folder.
    pub data: PathBuf,
    /// Gates let through, by name.
    pub allow: Vec<String>,
    /// Snapshots kept, the one in service included.
    pub keep: usize,
    /// INSEE's API, for what changed since its files.
    pub insee: Option<insee::Api>,
}

/// What a run did.
#[derive(Debug)]
pub enum Outcome {
    /// A new snapshot is in service.
    Published(Box<Manifest>),
    /// The sources are those of the snapshot in service: nothing to do.
    Unchanged(Box<Manifest>),
    /// The snapshot in service was updated by INSEE's API, and newer files are older than that: they
    /// wait for the API to answer.
    Waiting {
        /// What stays in service.
        manifest: Box<Manifest>,
        /// What is waited for.
        why: String,
    },
}

/// Runs once. Whatever happens, the snapshot in service is whole: it changes by one rename, at the
/// very end.
pub fn run(options: &Options, context: &Context) -> Result<Outcome, IngestError> {
    let data = DataFolder::open(&options.data)?;
    let _lock = data.lock()?;
    let in_service = data.current()?;
    data.clean_staging()?;
    if api(options).is_none() {
        // Pages of a pull that was cut name people, and nobody will finish it.
        insee::forget(&data.raw())?;
    }
    let sample = data.raw().join("sample");
    if options.origin == Origin::Sample {
        make_sample(&sample, options.format, context)?;
    }
    let sources = catalogue::sources()?.into_iter();
    let sources = sources.map(|source| source.preferring(options.format));
    let resources = resolve(&options.origin, sources.collect(), &sample, context)?;
    let as_of = as_of::announced(&resources);
    let stage = Stage::begin("download");
    let raw = download_all(resources, &data.raw(), context)?;
    stage.end(raw.iter().map(|file| file.size).sum(), 0);
    let same = in_service.as_ref().filter(|manifest| {
        same_sources(manifest, &raw, options) && fiches::are_all_there(&data, manifest)
    });
    let whole = match same.filter(|manifest| data.is_whole(manifest)) {
        // A server that found them damaged tells to run this.
        Some(manifest) if !fiches::are_whole(&data, manifest, context)? => None,
        whole => whole,
    };
    if let (Some(manifest), None) = (same, whole) {
        tracing::warn!("snapshot {} is damaged: made again", manifest.id);
    }
    if let Some(manifest) = whole
        && !may_be_updated(&data, &raw, options)
    {
        tidy(&data, manifest, None, context);
        return Ok(Outcome::Unchanged(Box::new(manifest.clone())));
    }
    refuse_what_was_rolled_back(&data, &raw, options)?;
    let id = Utc::now().format("%Y%m%dT%H%M%S%3fZ").to_string();
    let staged = data.staging().join(&id);
    let making = Making {
        data: &data,
        raw: &raw,
        as_of: &as_of,
        in_service: in_service.as_ref(),
        same_files: whole.is_some(),
        options,
    };
    let made = making.make(&id, &staged, context);
    if !matches!(made, Ok(Snapshot::Made(_))) {
        // A full disk is freed at once; the cause is what matters if that fails too.
        let _left_for_the_next_run = data.clean_staging();
    }
    match made? {
        Snapshot::Made(manifest) => {
            data.publish(&staged, &manifest)?;
            tidy(&data, &manifest, Some(options.keep), context);
            Ok(Outcome::Published(manifest))
        }
        Snapshot::Unchanged(manifest) => {
            tidy(&data, manifest, None, context);
            Ok(Outcome::Unchanged(Box::new(manifest.clone())))
        }
        Snapshot::Waiting(manifest, why) => Ok(Outcome::Waiting {
            manifest: Box::new(manifest.clone()),
            why,
        }),
    }
}

/// INSEE's API, unless the data is made up: nothing of the register belongs there.
fn api(options: &Options) -> Option<&insee::Api> {
    let api = options.insee.as_ref();
    api.filter(|_| options.origin != Origin::Sample)
}

/// Whether the snapshot in service may become another without other files. What the operator went
/// back to is left alone: updating it would undo that, a day later.
fn may_be_updated(data: &DataFolder, raw: &[RawFile], options: &Options) -> bool {
    let refused = refuse_what_was_rolled_back(data, raw, options);
    match (api(options), refused) {
        (Some(_), Err(refused)) => {
            tracing::warn!("not updated: {refused}");
            false
        }
        (api, _) => api.is_some(),
    }
}

/// What remains once a snapshot is in service; a failure here must not pass for a failed run. Old
/// snapshots go when there is a new one, those that stay hide whom it hides.
fn tidy(data: &DataFolder, in_service: &Manifest, keep: Option<usize>, context: &Context) {
    let tidied = keep
        .map_or(Ok(()), |keep| {
            history::forget_rollback(data)
                .and_then(|()| insee::forget(&data.raw()))
                .and_then(|()| data.prune(&in_service.id, keep))
        })
        .and_then(|()| withdraw::from_older(data, in_service, context));
    if let Err(error) = tidied {
        tracing::warn!("{error}; the snapshot in service is not concerned; tried again next time");
    }
}

fn make_sample(folder: &Path, format: Format, context: &Context) -> Result<(), IngestError> {
    let options = generate::Options {
        formats: format.into(),
        ..generate::Options::sample()
    };
    let stamp = folder.join("complete");
    let version = format!(
        "{} {options:?}\n{}",
        env!("CARGO_PKG_VERSION"),
        catalogue::SOURCES
    );
    if fs::read_to_string(&stamp).is_ok_and(|made| made == version) {
        return Ok(());
    }
    generate::generate(&options, folder, context)?;
    crate::publish::write_atomic(&stamp, version.as_bytes())
}

/// Whether the snapshot in service was made from these very files, by this version of the program.
fn same_sources(manifest: &Manifest, raw: &[RawFile], options: &Options) -> bool {
    let mut made_from = history::fingerprints(&manifest.sources);
    let mut here = fingerprints(raw);
    made_from.sort();
    here.sort();
    made_from == here
        && manifest.producer == producer()
        && has_every_table(manifest)
        && manifest.origin == options.origin.to_string()
}

/// As [`history::fingerprints`], of the files a snapshot would be made from.
fn fingerprints(raw: &[RawFile]) -> Vec<(String, String)> {
    raw.iter()
        .map(|file| (file.resource.source.name.clone(), file.sha256.clone()))
        .collect()
}

/// The operator went back from what these files made: they are not published again every night.
fn refuse_what_was_rolled_back(
    data: &DataFolder,
    raw: &[RawFile],
    options: &Options,
) -> Result<(), IngestError> {
    let allowed = options
        .allow
        .iter()
        .any(|allowed| allowed == RETOUR_ARRIERE);
    match history::rolled_back_from(data, &fingerprints(raw)) {
        Some(snapshot) if !allowed => Err(IngestError::Gate {
            gate: RETOUR_ARRIERE.to_owned(),
            detail: format!(
                "these files made snapshot {snapshot}, which was rolled back: waiting for others; to publish them all the same: --allow {RETOUR_ARRIERE}"
            ),
        }),
        _ => Ok(()),
    }
}

fn producer() -> String {
    format!("registre {}", env!("CARGO_PKG_VERSION"))
}

/// What a snapshot is made from.
struct Making<'a> {
    data: &'a DataFolder,
    raw: &'a [RawFile],
    /// As announced by the publishers.
    as_of: &'a BTreeMap<String, NaiveDate>,
    in_service: Option<&'a Manifest>,
    /// Whether it was made from these very files.
    same_files: bool,
    options: &'a Options,
}

/// What making one came to.
enum Snapshot<'a> {
    Made(Box<Manifest>),
    Unchanged(&'a Manifest),
    Waiting(&'a Manifest, String),
}

impl<'a> Making<'a> {
    /// Makes the tables in a new folder, updates them, passes them through the gates and
    /// describes them.
    fn make(
        &self,
        id: &str,
        staged: &Path,
        context: &Context,
    ) -> Result<Snapshot<'a>, IngestError> {
        let Self {
            data,
            raw,
            as_of,
            in_service,
            options,
            ..
        } = *self;
        fs::create_dir(staged).map_err(IngestError::io("create folder", staged))?;
        // The sample is another world: it may be newer than the real thing, and smaller.
        let comparable =
            in_service.filter(|manifest| manifest.origin == options.origin.to_string());
        let previous = comparable.filter(|manifest| manifest.producer == producer());
        let folder = previous.map(|manifest| data.snapshots().join(&manifest.id));
        let previous = previous.zip(folder.as_deref());
        let tables = previous.map(|(manifest, folder)| Previous { folder, manifest });
        let Made { tables, sources } = make_tables(raw, tables, staged, context)?;
        let base = Base {
            folder: staged,
            tables: &tables,
            in_service: previous,
        };
        let Updated {
            mut tables,
            updates,
            changed,
            behind,
        } = insee::update(api(options), base, &data.raw(), context)?;
        if let Some(in_service) = in_service.filter(|_| self.same_files && changed.is_empty()) {
            if behind.is_none() {
                insee::forget(&data.raw())?;
            }
            return Ok(Snapshot::Unchanged(in_service));
        }
        if changed.contains(&UNITE_LEGALE.name) {
            relink(&mut tables, staged, context)?;
        }
        let dates = with_updates(as_of::complete(as_of, staged), &updates);
        if let (Some(why), Some(served)) = (behind, comparable)
            && is_behind(&dates, served)
        {
            return Ok(Snapshot::Waiting(served, why));
        }
        let required: Vec<&str> = raw
            .iter()
            .filter(|file| file.resource.source.required)
            .map(|file| file.resource.source.table.name)
            .collect();
        let staging = Staged {
            folder: staged,
            tables: &tables,
            sources: &sources,
            required: &required,
            as_of: &dates,
            announced: as_of,
            in_service: comparable,
            served_folder: &in_service
                .map_or_else(PathBuf::new, |manifest| data.snapshots().join(&manifest.id)),
        };
        let stage = Stage::begin("verify");
        let gates = verify(staging, &options.allow, context)?;
        stage.end(tables.iter().map(|table| table.file.bytes).sum(), 0);
        let tables: Vec<TableFile> = tables.into_iter().map(|table| table.file).collect();
        let previous = previous.map(|(manifest, folder)| Previous { folder, manifest });
        let manifest = Manifest {
            version: VERSION,
            id: id.to_owned(),
            parent: in_service.map(|manifest| manifest.id.clone()),
            created_at: Utc::now(),
            producer: producer(),
            origin: options.origin.to_string(),
            as_of: dates,
            sources,
            fiches: fiches::make(staged, &tables, previous, context)?,
            tables,
            gates,
            updates,
            hidden_as_of: None,
        };
        let served = in_service.map(|manifest| data.snapshots().join(&manifest.id));
        let stage = Stage::begin("profile");
        profile::write(
            staged,
            &manifest,
            served.as_deref().zip(in_service),
            context,
        )?;
        stage.end(manifest.tables.iter().map(|table| table.bytes).sum(), 0);
        Ok(Snapshot::Made(Box::new(manifest)))
    }
}

/// The register that INSEE's API updates, as the catalogue names it.
const SIRENE: &str = "sirene";

/// Date of each register: SIRENE's is that of its updates when they are later than its files.
fn with_updates(
    mut dates: BTreeMap<String, NaiveDate>,
    updates: &[Update],
) -> BTreeMap<String, NaiveDate> {
    if let Some(latest) = insee::as_of(updates) {
        let sirene = dates.entry(SIRENE.to_owned()).or_insert(latest);
        *sirene = latest.max(*sirene);
    }
    dates
}

/// Whether files are older than what updates made of those in service.
fn is_behind(dates: &BTreeMap<String, NaiveDate>, in_service: &Manifest) -> bool {
    let served = in_service.as_of.get(SIRENE);
    let served = served.filter(|_| !in_service.updates.is_empty());
    served.is_some_and(|served| dates.get(SIRENE).is_none_or(|date| date < served))
}

/// Makes the links between registers again, from unités légales that changed. The file may be that
/// of a published snapshot under another name: it is removed first, not written over.
fn relink(
    tables: &mut [WrittenTable],
    staged: &Path,
    context: &Context,
) -> Result<(), IngestError> {
    let mut tables = tables.iter_mut();
    if let Some(links) = tables.find(|table| table.file.name == LIEN_SIREN_RNA.name) {
        remove_if_there(&staged.join(&links.file.file))?;
        *links = rna::link(staged, context)?;
    }
    Ok(())
}
