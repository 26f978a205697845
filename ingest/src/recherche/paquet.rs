//! The floors as one file: see [`Sommaire`].

use registre_schemas::manifest::FichesFile;
use registre_schemas::recherche::{FICHIER, Sommaire};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::etages::Etage;
use super::failed;
use crate::error::IngestError;
use crate::progress::Context;
use crate::snapshot::hashed::Hashed;

/// Files of a floor that nobody reads: locks, and the list of what may be removed.
fn est_lu(nom: &str) -> bool {
    !nom.starts_with('.') && Path::new(nom).extension().is_none_or(|kind| kind != "lock")
}

/// Writes the file, each file of a floor removed once it is in.
pub(super) fn write(
    folder: &Path,
    etages: &[Etage],
    context: &Context,
) -> Result<FichesFile, IngestError> {
    let path = folder.join(FICHIER);
    let file = File::create(&path).map_err(IngestError::io("create", &path))?;
    let mut out = BufWriter::with_capacity(1 << 20, Hashed::new(file));
    let io = || IngestError::io("write", &path);
    let mut sommaire = Sommaire::default();
    let mut debut: u64 = 0;
    for etage in etages {
        let mut files = Vec::new();
        for (nom, path) in files_of(&etage.folder)? {
            context.cancel.check()?;
            let file = File::open(&path).map_err(IngestError::io("open", &path))?;
            let octets = if nom == META {
                let meta = meta(file).ok_or_else(|| failed(&"its meta.json has no segment"))?;
                out.write_all(&meta).map_err(io())?;
                meta.len() as u64
            } else {
                io::copy(&mut { file }, &mut out).map_err(io())?
            };
            files.push((of_no_run(&nom), debut, octets));
            debut += octets;
            fs::remove_file(&path).map_err(IngestError::io("remove", &path))?;
        }
        sommaire.etages.push(files);
    }
    let sommaire = serde_json::to_vec(&sommaire).map_err(|error| failed(&error))?;
    out.write_all(&sommaire).map_err(io())?;
    out.write_all(&(sommaire.len() as u64).to_le_bytes())
        .map_err(io())?;
    out.write_all(Sommaire::FIN).map_err(io())?;
    let out = out
        .into_inner()
        .map_err(|error| IngestError::io("write", &path)(error.into_error()))?;
    let (file, bytes, sha256) = out.finish();
    file.sync_all().map_err(io())?;
    Ok(FichesFile {
        file: FICHIER.to_owned(),
        entries: etages.iter().map(|etage| etage.documents).sum(),
        bytes,
        sha256,
    })
}

/// What tantivy says of the segments of a floor.
const META: &str = "meta.json";
/// The name of the one segment of a floor, as it is in [`META`] and as it begins its files.
const SEGMENT: (&str, &str) = (
    "00000000-0000-0000-0000-000000000001",
    "00000000000000000000000000000001",
);

/// The segment is given a name drawn at random, and what it was merged from is told: neither would be the
/// same for the same tables.
fn meta(file: File) -> Option<Vec<u8>> {
    let mut meta: serde_json::Value = serde_json::from_reader(file).ok()?;
    for segment in meta["segments"].as_array_mut()? {
        segment["segment_id"] = SEGMENT.0.into();
    }
    meta.as_object_mut()?.remove("payload");
    serde_json::to_vec(&meta).ok()
}

/// The name of a file of the segment: `….term`.
fn of_no_run(nom: &str) -> String {
    match nom.split_once('.') {
        Some((drawn, kind)) if drawn.len() == SEGMENT.1.len() => format!("{}.{kind}", SEGMENT.1),
        _ => nom.to_owned(),
    }
}

/// By name, for the file to be the same each time.
fn files_of(folder: &Path) -> Result<Vec<(String, PathBuf)>, IngestError> {
    let entries = fs::read_dir(folder).map_err(IngestError::io("read", folder))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(IngestError::io("read", folder))?;
        let nom = entry.file_name().to_string_lossy().into_owned();
        if est_lu(&nom) {
            files.push((nom, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}
