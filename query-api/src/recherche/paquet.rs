//! The file of the index, as the folders it was made from: see [`Sommaire`].

use registre_schemas::recherche::{FICHIER, Sommaire};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    DirectoryLock, FileHandle, FileSlice, Lock, MmapDirectory, WatchCallback, WatchHandle,
};
use tantivy::{Directory, HasLen};

/// The files of a floor, inside the one of the snapshot. Nothing is ever written.
#[derive(Debug, Clone)]
pub(super) struct Paquet {
    files: Arc<BTreeMap<PathBuf, FileSlice>>,
}

/// The floors of the index of a snapshot.
pub(super) fn etages(folder: &Path) -> Result<Vec<Paquet>, String> {
    let directory = MmapDirectory::open(folder).map_err(|error| error.to_string())?;
    let file = directory
        .open_read(Path::new(FICHIER))
        .map_err(|error| error.to_string())?;
    let fin = Sommaire::FIN.len() + 8;
    if file.len() < fin {
        return Err("truncated".to_owned());
    }
    let (rest, fin) = file.split_from_end(fin);
    let fin = fin.read_bytes().map_err(|error| error.to_string())?;
    let (longueur, signature) = fin.split_at(8);
    if signature != Sommaire::FIN {
        let of_another = signature[..7] == Sommaire::FIN[..7];
        return Err(if of_another {
            "made by another version of the program".to_owned()
        } else {
            "truncated, or no index".to_owned()
        });
    }
    let longueur = longueur.try_into().map_or(0, u64::from_le_bytes);
    let longueur = usize::try_from(longueur)
        .ok()
        .filter(|longueur| *longueur <= rest.len())
        .ok_or("its table of contents is longer than itself")?;
    let (rest, sommaire) = rest.split_from_end(longueur);
    let sommaire = sommaire.read_bytes().map_err(|error| error.to_string())?;
    let sommaire: Sommaire =
        serde_json::from_slice(&sommaire).map_err(|error| format!("table of contents: {error}"))?;
    let etages = sommaire.etages.into_iter().map(|files| {
        let files = files.into_iter().map(|(nom, debut, octets)| {
            let debut = usize::try_from(debut).map_err(|error| error.to_string())?;
            let octets = usize::try_from(octets).map_err(|error| error.to_string())?;
            let end = debut.checked_add(octets).filter(|end| *end <= rest.len());
            let end = end.ok_or_else(|| format!("{nom} ends after the file"))?;
            Ok((PathBuf::from(nom), rest.slice(debut..end)))
        });
        Ok(Paquet {
            files: Arc::new(files.collect::<Result<_, String>>()?),
        })
    });
    etages.collect()
}

impl Paquet {
    /// The files of a floor that are elsewhere.
    #[cfg(test)]
    pub(super) fn of(files: BTreeMap<PathBuf, FileSlice>) -> Self {
        Self {
            files: Arc::new(files),
        }
    }

    fn slice(&self, path: &Path) -> Result<&FileSlice, OpenReadError> {
        self.files
            .get(path)
            .ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }
}

fn nothing_is_written() -> io::Error {
    io::Error::new(
        io::ErrorKind::ReadOnlyFilesystem,
        "a snapshot is never modified",
    )
}

impl Directory for Paquet {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.slice(path)?.clone()))
    }

    fn open_read(&self, path: &Path) -> Result<FileSlice, OpenReadError> {
        self.slice(path).cloned()
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError {
            io_error: Arc::new(nothing_is_written()),
            filepath: path.to_owned(),
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.files.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<tantivy::directory::WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(
            nothing_is_written(),
            path.to_owned(),
        ))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let bytes = self.slice(path)?.read_bytes();
        let bytes = bytes.map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        Ok(bytes.to_vec())
    }

    fn atomic_write(&self, _path: &Path, _data: &[u8]) -> io::Result<()> {
        Err(nothing_is_written())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
