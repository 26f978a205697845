//! Files in the official formats, made up: a sample to try the program with, or as many rows as the
//! country has, to measure it. Deterministic: the same options give the same bytes.
//!
//! | module | job |
//! |---|---|
//! | `hasard` | chance that repeats itself |
//! | `ecriture`, `lignes`, `archive` | CSV text, rows and their masks, zips |
//! | `noms`, `objets`, `formes`, `activites`, `adresses` | what rows are made of |
//! | `organismes`, `reels` | the bodies that exist, and their rows |
//! | `modele` | all there is to draw from |
//! | `unites`, `etablissements`, `associations` | the n-th of each, from the seed alone |
//! | `sirene`, `sirene_unites`, `sirene_etablissements`, `liens` | the rows of the SIRENE files |
//! | `rna`, `rna_lignes` | the files of the RNA, and their rows |
//! | `catalogue` | `index.json`, as data.gouv.fr's API gives it |
//!
//! Every file is written by its own thread, which replays the same units: nothing is kept in
//! memory, whatever the size, and the files still agree with one another.

mod activites;
mod adresses;
mod archive;
mod associations;
mod catalogue;
mod ecriture;
mod etablissements;
mod formes;
mod hasard;
mod liens;
mod lignes;
mod modele;
mod noms;
mod objets;
mod organismes;
mod reels;
mod rna;
mod rna_lignes;
mod sirene;
mod sirene_etablissements;
mod sirene_unites;
mod unites;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_rna;

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use rayon::prelude::*;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};

pub use archive::GeneratedFile;

use crate::error::IngestError;
use crate::progress::Context;
use archive::Archive;
use ecriture::{Jour, Tampon};
use modele::Modele;
use organismes::Organisme;
use rna::Fichier;
use unites::Unite;

/// Past this, SIREN would leave no room for those of the real bodies.
const MAXIMUM: u64 = 50_000_000;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// About how many établissements; unités légales and associations follow. The country has
    /// 44 million of them.
    pub etablissements: u64,
    /// Another seed makes another country.
    pub seed: u64,
    /// The day of the edition.
    pub date: NaiveDate,
}

impl Options {
    /// What the program starts with when it has nothing else: a few seconds to ingest.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            etablissements: 30_000,
            seed: 20_261_101,
            date: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap_or_default(),
        }
    }
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Every file.
    pub files: Vec<GeneratedFile>,
}

impl Generated {
    /// Rows of the file whose name starts so.
    #[must_use]
    pub fn rows(&self, prefix: &str) -> u64 {
        self.files
            .iter()
            .filter(|file| file.name.starts_with(prefix))
            .map(|file| file.rows)
            .sum()
    }
}

/// A file to write: the largest first, so that the threads end together.
#[derive(Debug, Clone, Copy)]
enum Sortie {
    Etablissements,
    Unites,
    Liens,
    Doublons,
    Rna(Fichier),
}

const SORTIES: [Sortie; 6] = [
    Sortie::Etablissements,
    Sortie::Unites,
    Sortie::Rna(Fichier::Waldec),
    Sortie::Liens,
    Sortie::Rna(Fichier::Import),
    Sortie::Doublons,
];

/// Writes all the files under `out`, laid out as data.gouv.fr serves them: `files/*.zip`, and last
/// `api/1/datasets/<id>/index.json`. A file has its final name only once it is whole.
pub fn generate(
    options: &Options,
    out: &Path,
    context: &Context,
) -> Result<Generated, IngestError> {
    if options.etablissements > MAXIMUM {
        let detail = format!(
            "{} établissements asked for, {MAXIMUM} at most",
            options.etablissements
        );
        return Err(IngestError::Source {
            name: "generate".to_owned(),
            detail,
        });
    }
    let edition = Jour::lu(&options.date.to_string());
    let modele = Modele::new(options.seed, options.etablissements, edition)?;
    let dossier = out.join("files");
    fs::create_dir_all(&dossier).map_err(IngestError::io("create", &dossier))?;
    catalogue::retirer(out)?;
    let files = SORTIES
        .into_par_iter()
        .with_max_len(1)
        .map(|sortie| sortie.ecrire(&modele, &dossier, context))
        .collect::<Result<Vec<_>, _>>()?;
    catalogue::ecrire(out, &files, options.date)?;
    Ok(Generated { files })
}

impl Sortie {
    fn ecrire(
        self,
        modele: &Modele,
        dossier: &Path,
        context: &Context,
    ) -> Result<GeneratedFile, IngestError> {
        let nom = match self {
            Self::Etablissements => "StockEtablissement_utf8".to_owned(),
            Self::Unites => "StockUniteLegale_utf8".to_owned(),
            Self::Liens => "StockEtablissementLiensSuccession_utf8".to_owned(),
            Self::Doublons => "StockDoublons_utf8".to_owned(),
            Self::Rna(fichier) => fichier.nom(modele.edition),
        };
        let mut archive = Archive::creer(dossier, &format!("{nom}.zip"), modele.edition, context)?;
        if let Self::Rna(fichier) = self {
            fichier.ecrire(modele, &mut archive)?;
            return archive.publier();
        }
        archive.entree(&format!("{nom}.csv"), true)?;
        let mut tampon = Tampon::new(b',', b"\n");
        match self {
            Self::Etablissements => {
                sirene::entete(&ETABLISSEMENT, &mut tampon);
                let mut textes = sirene_etablissements::Textes::default();
                let reel = |organisme: &Organisme, tampon: &mut Tampon| {
                    organisme.ecrire_etablissements(modele, tampon);
                };
                let fictif = |unite: &Unite, tampon: &mut Tampon| {
                    for rang in 0..unite.etablissements {
                        let etablissement = unite.etablissement(rang, modele);
                        sirene_etablissements::ecrire_etablissement(
                            unite,
                            &etablissement,
                            modele,
                            &mut textes,
                            tampon,
                        );
                    }
                };
                derouler(modele, &mut tampon, &mut archive, reel, fictif)?;
            }
            Self::Unites => {
                sirene::entete(&UNITE_LEGALE, &mut tampon);
                let mut textes = sirene_unites::Textes::default();
                let reel = |organisme: &Organisme, tampon: &mut Tampon| {
                    organisme.ecrire_unite(modele, tampon);
                };
                let fictif = |unite: &Unite, tampon: &mut Tampon| {
                    sirene_unites::ecrire_unite(unite, modele, &mut textes, tampon);
                };
                derouler(modele, &mut tampon, &mut archive, reel, fictif)?;
            }
            Self::Liens => {
                sirene::entete(&LIEN_SUCCESSION, &mut tampon);
                derouler(
                    modele,
                    &mut tampon,
                    &mut archive,
                    |_, _| {},
                    |unite, tampon| liens::ecrire_liens(unite, modele, tampon),
                )?;
            }
            Self::Doublons | Self::Rna(_) => {
                sirene::entete(&DOUBLON, &mut tampon);
                liens::ecrire_doublons(modele, &mut tampon);
            }
        }
        archive.ecrire(&mut tampon)?;
        archive.publier()
    }
}

/// Goes through every unit in SIREN order, the real ones at their place among the others.
fn derouler(
    modele: &Modele,
    tampon: &mut Tampon,
    archive: &mut Archive,
    mut reel: impl FnMut(&Organisme, &mut Tampon),
    mut fictif: impl FnMut(&Unite, &mut Tampon),
) -> Result<(), IngestError> {
    let mut reels = modele.reels.unites.iter().peekable();
    for rang in 0..modele.unites {
        let unite = modele.unite(rang);
        while let Some(organisme) = reels.next_if(|organisme| organisme.numero() < unite.siren) {
            reel(organisme, tampon);
        }
        fictif(&unite, tampon);
        if tampon.plein() {
            archive.ecrire(tampon)?;
        }
    }
    reels.for_each(|organisme| reel(organisme, tampon));
    Ok(())
}
