//! Makes the index of names, from the tables of a snapshot: see [`registre_schemas::recherche`] for what
//! it holds and why in floors.
//!
//! | module | holds |
//! |---|---|
//! | `lignes` | the rows of a sorted table, one after the other, by a few columns |
//! | `unites`, `associations` | what is read of an organisation |
//! | `document` | what is written of it, and what never is |
//! | `etages` | documents into the segments of each floor |
//! | `paquet` | all of it as one file |
//!
//! The tables are cut in as many parts as there are threads, each part in segments of its own: nothing is
//! sorted, and the segments of a floor follow one another in the order of SIREN.

mod associations;
mod document;
mod etages;
mod lignes;
mod paquet;
mod unites;

use rayon::prelude::*;
use registre_schemas::manifest::FichesFile;
use registre_schemas::recherche::{ETAGES, FICHIER};
use std::fs;
use std::path::Path;

use crate::download::space::readable;
use crate::error::IngestError;
use crate::progress::{Context, Stage};
use crate::publish::remove_if_there;
use associations::Associations;
use etages::{Etages, schema};
use unites::Unites;

/// Segments are made in this folder, beside the tables, then removed.
const ATELIER: &str = "recherche.part";

/// Makes the index of the tables in `folder`, beside them.
pub(crate) fn write(folder: &Path, context: &Context) -> Result<FichesFile, IngestError> {
    let stage = Stage::begin("recherche");
    // It may be that of another snapshot, under a second name.
    remove_if_there(&folder.join(FICHIER))?;
    let atelier = folder.join(ATELIER);
    let _left_by_a_run_that_was_cut = fs::remove_dir_all(&atelier);
    let made = make(folder, &atelier, context);
    let _removed_with_the_staging_folder = fs::remove_dir_all(&atelier);
    let made = made?;
    stage.end(0, made.bytes);
    Ok(made)
}

fn make(folder: &Path, atelier: &Path, context: &Context) -> Result<FichesFile, IngestError> {
    let schema = schema();
    let associations = Associations::open(folder)?;
    let titres = associations.des_unites()?;
    let unites = Unites::open(folder, &titres)?;
    let parts = unites.parts(rayon::current_num_threads());
    let task = context.progress.begin("recherche: names", None);
    let last = parts.len();
    let segments = (0..=last)
        .into_par_iter()
        .map(|part| {
            let mut etages = Etages::new(atelier.join(part.to_string()), &schema, last + 1)?;
            match parts.get(part) {
                Some(sirens) => unites.write(sirens, &mut etages, task.as_ref(), context)?,
                None => associations.write(&titres, &mut etages, task.as_ref(), context)?,
            }
            etages.finit()
        })
        .collect::<Result<Vec<_>, IngestError>>()?;
    drop(unites);
    let etages = (0..ETAGES)
        .into_par_iter()
        .map(|etage| {
            context.cancel.check()?;
            let of_floor = segments.iter().flat_map(|part| &part[etage]);
            etages::reunis(of_floor, &atelier.join(format!("etage-{etage}")), &schema)
        })
        .collect::<Result<Vec<_>, IngestError>>()?;
    drop(segments);
    let file = paquet::write(folder, &etages, context)?;
    task.finish(&format!(
        "{}: {} organisations, {}",
        file.file,
        file.entries,
        readable(file.bytes)
    ));
    Ok(file)
}

/// What went wrong with the index.
fn failed(error: &dyn std::fmt::Display) -> IngestError {
    IngestError::Write {
        table: "recherche".to_owned(),
        detail: error.to_string(),
    }
}
