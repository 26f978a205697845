//! A zip written as a stream, entry after entry, under a name aside: only a whole one gets its
//! final name. The same rows give the same bytes: dates are the edition's.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::IngestError;
use crate::generate::ecriture::{Jour, Tampon};
use crate::progress::{Cancel, Context, Task};

/// Level 1 takes a sixth less time and makes zips 38 % larger; with this one they come out near
/// the official ones (2.91 GB for 2.87), and reading them back is a fair measure.
const NIVEAU: i64 = 2;

/// A generated file.
#[derive(Debug, Clone)]
pub struct GeneratedFile {
    /// Name, without folder.
    pub name: String,
    /// Rows of all its entries, headers left out.
    pub rows: u64,
    /// Bytes of CSV.
    pub csv_bytes: u64,
    /// Bytes of the zip.
    pub bytes: u64,
    /// SHA-256 of the zip, in hexadecimal.
    pub sha256: String,
}

/// An archive being written; dropped before [`Self::publier`], it leaves nothing.
pub struct Archive {
    zip: Option<ZipWriter<BufWriter<File>>>,
    options: SimpleFileOptions,
    definitif: PathBuf,
    partiel: PathBuf,
    nom: String,
    lignes: u64,
    octets: u64,
    tache: Box<dyn Task>,
    cancel: Cancel,
}

impl Archive {
    /// Opens `dossier/nom` aside. Announced as `label` to whoever watches.
    pub fn creer(
        dossier: &Path,
        nom: &str,
        edition: Jour,
        context: &Context,
    ) -> Result<Self, IngestError> {
        let definitif = dossier.join(nom);
        let partiel = dossier.join(format!("{nom}.partial"));
        let fichier = File::create(&partiel).map_err(IngestError::io("create", &partiel))?;
        let [mois, jour] = [edition.0 / 100 % 100, edition.0 % 100]
            .map(|nombre| u8::try_from(nombre).unwrap_or(1));
        let annee = u16::try_from(edition.annee()).unwrap_or(1980);
        let date = DateTime::from_date_and_time(annee, mois, jour, 0, 0, 0).unwrap_or_default();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(NIVEAU))
            .last_modified_time(date)
            .unix_permissions(0o644);
        Ok(Self {
            zip: Some(ZipWriter::new(BufWriter::with_capacity(1 << 18, fichier))),
            options,
            definitif,
            partiel,
            nom: nom.to_owned(),
            lignes: 0,
            octets: 0,
            tache: context.progress.begin(&format!("generate {nom}"), None),
            cancel: context.cancel.clone(),
        })
    }

    /// Starts an entry. `large` for those that may pass 4 GB.
    pub fn entree(&mut self, nom: &str, large: bool) -> Result<(), IngestError> {
        let options = self.options.large_file(large);
        let commence = self.zip.as_mut().map(|zip| zip.start_file(nom, options));
        commence.transpose().map_err(|erreur| self.refus(&erreur))?;
        Ok(())
    }

    /// Writes what the buffer holds, empties it, and looks whether somebody wants to stop.
    pub fn ecrire(&mut self, tampon: &mut Tampon) -> Result<(), IngestError> {
        self.cancel.check()?;
        if let Some(zip) = self.zip.as_mut() {
            zip.write_all(&tampon.octets)
                .map_err(IngestError::io("write", &self.partiel))?;
        }
        self.octets += tampon.octets.len() as u64;
        self.lignes += tampon.lignes;
        self.tache.advance(tampon.octets.len() as u64);
        self.tache.rows(tampon.lignes);
        tampon.vider();
        Ok(())
    }

    /// Ends the archive and gives it its name.
    pub fn publier(mut self) -> Result<GeneratedFile, IngestError> {
        if let Some(zip) = self.zip.take() {
            let sortie = zip.finish().map_err(|erreur| self.refus(&erreur))?;
            let fichier = sortie
                .into_inner()
                .map_err(|erreur| IngestError::io("write", &self.partiel)(erreur.into_error()))?;
            fichier
                .sync_all()
                .map_err(IngestError::io("write", &self.partiel))?;
        }
        let (bytes, sha256) = empreinte(&self.partiel, &self.cancel)?;
        fs::rename(&self.partiel, &self.definitif)
            .map_err(IngestError::io("rename", &self.partiel))?;
        self.tache.finish(&format!(
            "{}: {} rows, {} MB of CSV in {} MB",
            self.nom,
            self.lignes,
            self.octets >> 20,
            bytes >> 20
        ));
        Ok(GeneratedFile {
            name: self.nom.clone(),
            rows: self.lignes,
            csv_bytes: self.octets,
            bytes,
            sha256,
        })
    }

    fn refus(&self, erreur: &zip::result::ZipError) -> IngestError {
        IngestError::File {
            path: self.definitif.clone(),
            detail: erreur.to_string(),
        }
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        // Gone already when the archive was published. When it was not, nobody waits for the answer.
        drop(self.zip.take());
        let _absent = fs::remove_file(&self.partiel);
    }
}

/// Size and SHA-256 of a file.
fn empreinte(chemin: &Path, cancel: &Cancel) -> Result<(u64, String), IngestError> {
    let mut fichier = File::open(chemin).map_err(IngestError::io("open", chemin))?;
    let mut bloc = vec![0; 1 << 20];
    let (mut taille, mut sha) = (0, Sha256::new());
    loop {
        cancel.check()?;
        let lus = fichier
            .read(&mut bloc)
            .map_err(IngestError::io("read", chemin))?;
        if lus == 0 {
            let hexadecimal =
                sha.finalize()
                    .iter()
                    .fold(String::with_capacity(64), |mut texte, octet| {
                        texte.extend(
                            [octet >> 4, octet & 15]
                                .map(|demi| char::from_digit(u32::from(demi), 16).unwrap_or('0')),
                        );
                        texte
                    });
            return Ok((taille, hexadecimal));
        }
        sha.update(&bloc[..lus]);
        taille += lus as u64;
    }
}
