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
use registre_schemas::manifest::{FichesFile, Manifest, TableFile};
use registre_schemas::recherche::FICHIER;
use std::fs;
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
        are_all_there(previous.manifest) && tables.iter().all(|table| known.contains(table))
    };
    match previous.filter(same) {
        Some(previous) if taken(folder, &previous, context)? => {
            Ok(previous.manifest.fiches.clone())
        }
        _ => write(folder, context),
    }
}

/// Whether a snapshot has all the files that this version makes.
pub(crate) fn are_all_there(manifest: &Manifest) -> bool {
    let named = |name| manifest.fiches.iter().any(|file| file.file == name);
    [body::SIRENE_FILE, body::RNA_FILE, FICHIER]
        .into_iter()
        .all(named)
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

/// Puts the previous files in `folder` under a second name, when they are whole and the disk can.
fn taken(folder: &Path, previous: &Previous<'_>, context: &Context) -> Result<bool, IngestError> {
    for fiches in &previous.manifest.fiches {
        let there = previous.folder.join(&fiches.file);
        if !is_whole(previous.folder, fiches, context)?
            || fs::hard_link(there, folder.join(&fiches.file)).is_err()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the files of the tables in `folder`, beside them.
pub(crate) fn write(folder: &Path, context: &Context) -> Result<Vec<FichesFile>, IngestError> {
    let stage = Stage::begin("fiches");
    for name in [body::SIRENE_FILE, body::RNA_FILE] {
        // It may be that of another snapshot, under a second name.
        remove_if_there(&folder.join(name))?;
    }
    let mut files = vec![sirene(folder, context)?, associations(folder, context)?];
    stage.end(0, files.iter().map(|file| file.bytes).sum());
    files.push(recherche::write(folder, context)?);
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
