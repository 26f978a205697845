//! Makes the files that lookups and searches read, from the tables of a snapshot: see
//! [`registre_schemas::fiche`] for the format of the fiches, `recherche` for the index of names.
//!
//! | module | holds |
//! |---|---|
//! | `learn` | what the rows are like, from some of them |
//! | `rows` | the rows of a table as cells |
//! | `links` | the small tables, held whole |
//! | `sirene`, `rna` | the tables merged into entries |
//! | `store` | entries into blocks, blocks into a file |
//!
//! The tables are cut in slices of SIREN, each read, merged and compressed by one thread; slices are
//! written in their order, so that the same tables always make the same file.

mod learn;
mod links;
mod rna;
mod rows;
mod sirene;
mod store;

use registre_schemas::fiche::body::{self, SireneCoding};
use registre_schemas::fiche::file::MAGIC;
use registre_schemas::manifest::{FichesFile, Manifest, TableFile};
use registre_schemas::recherche::{FICHIER, Sommaire};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::download::sha256_of;
use crate::download::space::readable;
use crate::error::IngestError;
use crate::progress::{Context, Stage};
use crate::publish::{DataFolder, remove_if_there};
use crate::recherche;
use crate::tables::Previous;
use rna::Rna;
use sirene::{Coder, Sirene};
use store::Blocks;

/// Makes the files of the tables in `folder`, beside them; those of a snapshot that has the same tables
/// are the same files.
pub(crate) fn make(
    folder: &Path,
    tables: &[TableFile],
    previous: Option<Previous<'_>>,
    context: &Context,
) -> Result<Vec<FichesFile>, IngestError> {
    let same = |previous: &Previous<'_>| {
        let known = &previous.manifest.tables;
        tables.iter().all(|table| known.contains(table))
    };
    let previous = previous.filter(same);
    let taken = |made: &[Made]| match &previous {
        Some(previous) => taken(folder, previous, made, context),
        None => Ok(None),
    };
    let mut files = match taken(&FICHES)? {
        Some(files) => files,
        None => write_fiches(folder, context)?,
    };
    match taken(&[INDEX])? {
        Some(index) => files.extend(index),
        None => files.push(recherche::write(folder, context)?),
    }
    Ok(files)
}

/// A file that this version makes, and how it ends: the last byte is the version of its format.
type Made = (&'static str, &'static [u8; 8]);

const FICHES: [Made; 2] = [(body::SIRENE_FILE, MAGIC), (body::RNA_FILE, MAGIC)];
const INDEX: Made = (FICHIER, Sommaire::FIN);

/// Whether a snapshot has all the files that this version makes, none of them by another version.
pub(crate) fn are_all_there(data: &DataFolder, manifest: &Manifest) -> bool {
    let folder = data.snapshots().join(&manifest.id);
    FICHES.into_iter().chain([INDEX]).all(|made| {
        let (name, _) = made;
        manifest.fiches.iter().any(|file| file.file == name) && !is_of_another(&folder, made)
    })
}

/// Whether a file was made by a version of the program whose format is another. One that is damaged is not.
fn is_of_another(folder: &Path, (name, own): Made) -> bool {
    let mut end = [0; 8];
    let read = File::open(folder.join(name)).and_then(|mut file| {
        file.seek(SeekFrom::End(-8))?;
        file.read_exact(&mut end)
    });
    read.is_ok() && end[..7] == own[..7] && end[7] != own[7]
}

/// Whether the files of a snapshot are those that its manifest tells: read whole, for a change within
/// leaves their sizes as they were.
pub(crate) fn are_whole(
    data: &DataFolder,
    manifest: &Manifest,
    context: &Context,
) -> Result<bool, IngestError> {
    let folder = data.snapshots().join(&manifest.id);
    for fiches in &manifest.fiches {
        if !is_whole(&folder, fiches, context)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_whole(folder: &Path, fiches: &FichesFile, context: &Context) -> Result<bool, IngestError> {
    let path = folder.join(&fiches.file);
    Ok(path.is_file() && sha256_of(&path, context)? == fiches.sha256)
}

/// Puts previous files in `folder` under a second name, when they are whole, as this version makes them,
/// and the disk can.
fn taken(
    folder: &Path,
    previous: &Previous<'_>,
    made: &[Made],
    context: &Context,
) -> Result<Option<Vec<FichesFile>>, IngestError> {
    let mut files = Vec::new();
    for &made in made {
        let (name, _) = made;
        let mut known = previous.manifest.fiches.iter();
        let Some(file) = known.find(|file| file.file == name) else {
            return Ok(None);
        };
        let there = previous.folder.join(name);
        if is_of_another(previous.folder, made)
            || !is_whole(previous.folder, file, context)?
            || fs::hard_link(there, folder.join(name)).is_err()
        {
            return Ok(None);
        }
        files.push(file.clone());
    }
    Ok(Some(files))
}

/// Makes the files of the tables in `folder`, beside them.
pub(crate) fn write(folder: &Path, context: &Context) -> Result<Vec<FichesFile>, IngestError> {
    let mut files = write_fiches(folder, context)?;
    files.push(recherche::write(folder, context)?);
    Ok(files)
}

fn write_fiches(folder: &Path, context: &Context) -> Result<Vec<FichesFile>, IngestError> {
    let stage = Stage::begin("fiches");
    for (name, _) in FICHES {
        // It may be that of another snapshot, under a second name.
        remove_if_there(&folder.join(name))?;
    }
    let files = vec![sirene(folder, context)?, associations(folder, context)?];
    stage.end(0, files.iter().map(|file| file.bytes).sum());
    Ok(files)
}

fn sirene(folder: &Path, context: &Context) -> Result<FichesFile, IngestError> {
    let mut coding = SireneCoding::new(learn::learn(folder, body::SIRENE)?);
    let sirene = Sirene::open(folder)?;
    let slices = sirene.slices();
    coding.begin_learning_shapes();
    let coder = Coder::new(&coding);
    store::sample(slices.len(), &|slice, blocks| {
        sirene.write(&coder, &slices[slice], blocks, context)
    })?;
    let coding = SireneCoding::new(coding.coding.with_shapes());
    let coder = Coder::new(&coding);
    let source = Source {
        label: "fiches: SIRENE",
        file: body::SIRENE_FILE,
        learned: coding.coding.to_bytes(),
        rows: sirene.rows(),
        slices: slices.len(),
    };
    source.write(folder, context, |slice, blocks| {
        sirene.write(&coder, &slices[slice], blocks, context)
    })
}

fn associations(folder: &Path, context: &Context) -> Result<FichesFile, IngestError> {
    let mut coding = learn::learn(folder, body::RNA)?;
    let rna = Rna::open(folder)?;
    let slices = rna.slices();
    coding.begin_learning_shapes();
    let coder = rna.coder(&coding)?;
    store::sample(slices.len(), &|slice, blocks| {
        rna.write(&coder, slices[slice].clone(), blocks, context)
    })?;
    let coding = coding.with_shapes();
    let coder = rna.coder(&coding)?;
    let source = Source {
        label: "fiches: RNA",
        file: body::RNA_FILE,
        learned: coding.to_bytes(),
        rows: rna.rows(),
        slices: slices.len(),
    };
    source.write(folder, context, |slice, blocks| {
        rna.write(&coder, slices[slice].clone(), blocks, context)
    })
}

/// What a file is made from.
struct Source {
    label: &'static str,
    file: &'static str,
    learned: Vec<u8>,
    rows: u64,
    slices: usize,
}

impl Source {
    /// Writes the file, whose slices `fill` makes.
    fn write(
        self,
        folder: &Path,
        context: &Context,
        fill: impl Fn(usize, &mut Blocks<'_>) -> Result<(), IngestError> + Sync,
    ) -> Result<FichesFile, IngestError> {
        let task = context.progress.begin(self.label, None);
        let share = self.rows / self.slices.max(1) as u64;
        let fill = |slice: usize, blocks: &mut Blocks<'_>| {
            fill(slice, blocks)?;
            if !blocks.are_enough() {
                task.rows(share);
            }
            Ok(())
        };
        let file = store::write(folder, self.file, self.learned, self.slices, &fill, context)?;
        task.finish(&format!(
            "{}: {} entries, {}",
            file.file,
            file.entries,
            readable(file.bytes)
        ));
        Ok(file)
    }
}
