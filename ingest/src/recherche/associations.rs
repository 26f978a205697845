//! The associations: their titles for those that have a SIREN, documents for the others.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::identifiers::RnaId;
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::nomenclature;
use registre_schemas::recherche::taille::{Faits, taille};
use registre_schemas::recherche::{code, numero};
use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::document::Document;
use super::etages::Etages;
use super::lignes::Lignes;
use crate::error::IngestError;
use crate::progress::{Context, Task};
use crate::sorted::Parquet;

const ID: usize = 0;
const TITRE: usize = 1;
const TITRE_COURT: usize = 2;
const RUP: usize = 3;
const POSITION: usize = 4;
const CREATION: usize = 5;
const COMMUNE: usize = 6;
const CODE_POSTAL: usize = 7;
const VOIE: usize = 8;
const DISSOLUTION: usize = 9;
const COLONNES: &[&str] = &[
    "id",
    "titre",
    "titre_court",
    "rup_mi",
    "position",
    "date_creat",
    "adrs_codeinsee",
    "adrs_codepostal",
    "adrs_libvoie",
    "date_disso",
];

/// `0001-01-01`, by which the RNA says that there is no date, and days before which none is true.
const SANS_DATE: i32 = -500_000;

/// What an association brings to its unit.
#[derive(Debug, Default, Clone)]
pub(super) struct Titre {
    /// Its title, then its short one.
    pub(super) titre: String,
    pub(super) utilite_publique: bool,
}

/// Titles of associations that have a SIREN.
pub(super) struct Titres {
    par_siren: HashMap<u64, Titre>,
    /// Their RNA numbers.
    liees: HashSet<String>,
    /// RNA numbers of those reconnues d'utilité publique.
    utiles: HashSet<String>,
}

impl Titres {
    pub(super) fn de(&self, siren: u64) -> Option<&Titre> {
        self.par_siren.get(&siren)
    }
}

/// The tables, open.
pub(super) struct Associations {
    table: Parquet,
    utilite_publique: Parquet,
    liens: Parquet,
}

impl Associations {
    pub(super) fn open(folder: &Path) -> Result<Self, IngestError> {
        Ok(Self {
            table: Parquet::open(folder, &ASSOCIATION)?,
            utilite_publique: Parquet::open(folder, &ASSOCIATION_UTILITE_PUBLIQUE)?,
            liens: Parquet::open(folder, &LIEN_SIREN_RNA)?,
        })
    }

    /// The titles of those that have a SIREN.
    pub(super) fn des_unites(&self) -> Result<Titres, IngestError> {
        let mut sirens: HashMap<String, Vec<u64>> = HashMap::new();
        let [siren, id] = LIEN_SIREN_RNA.key else {
            return Err(self.liens.bug("its key is not two columns"));
        };
        let mut liens = Lignes::read(&self.liens, 0..self.liens.rows(), &[siren, id])?;
        while liens.est_la() {
            let of = sirens.entry(liens.texte(1).to_owned()).or_default();
            of.push(liens.siren(0));
            liens.avance()?;
        }
        let mut utiles = HashSet::new();
        let table = &self.utilite_publique;
        let mut lignes = Lignes::read(table, 0..table.rows(), &["id"])?;
        while lignes.est_la() {
            utiles.insert(lignes.texte(0).to_owned());
            lignes.avance()?;
        }
        let mut par_siren: HashMap<u64, Titre> = HashMap::new();
        let mut lignes = self.lignes()?;
        while lignes.est_la() {
            let id = lignes.texte(ID);
            for siren in sirens.get(id).into_iter().flatten() {
                let titre = par_siren.entry(*siren).or_default();
                for colonne in [TITRE, TITRE_COURT] {
                    titre.titre.push_str(lignes.texte(colonne));
                    titre.titre.push(' ');
                }
                titre.utilite_publique |= !lignes.texte(RUP).is_empty() || utiles.contains(id);
            }
            lignes.avance()?;
        }
        Ok(Titres {
            par_siren,
            liees: sirens.into_keys().collect(),
            utiles,
        })
    }

    fn lignes(&self) -> Result<Lignes<'_>, IngestError> {
        Lignes::read(&self.table, 0..self.table.rows(), COLONNES)
    }

    /// Writes those that have no SIREN.
    pub(super) fn write(
        &self,
        titres: &Titres,
        etages: &mut Etages,
        task: &dyn Task,
        context: &Context,
    ) -> Result<(), IngestError> {
        let mut lignes = self.lignes()?;
        let mut document = Document::default();
        let mut lues = 0;
        while lignes.est_la() {
            lues += 1;
            if lues == 4096 {
                context.cancel.check()?;
                task.rows(lues);
                lues = 0;
            }
            let id = lignes.texte(ID);
            // Nothing is asked by a number that is none of the RNA's; a préfecture's has no room that is
            // longer than twelve characters and does not end by digits alone.
            if let Ok(rna) = id.parse::<RnaId>()
                && !titres.liees.contains(id)
                && let Some(numero) = numero::de_rna(rna.as_str())
            {
                document.vide();
                document.numero = numero;
                decrit(&lignes, titres.utiles.contains(id), &mut document);
                document.date();
                etages.add(&document)?;
            }
            lignes.avance()?;
        }
        task.rows(lues);
        Ok(())
    }
}

fn decrit(lignes: &Lignes<'_>, utile: bool, document: &mut Document) {
    document.nomme_et_soude(lignes.texte(TITRE));
    document.surnomme(lignes.texte(TITRE_COURT));
    document.habite(lignes.texte(VOIE));
    let commune = lignes.texte(COMMUNE);
    document.se_trouve(commune, lignes.texte(CODE_POSTAL), None);
    let departement = nomenclature::departement_of(commune).unwrap_or_default();
    document.departement = nomenclature::departement_place(departement).unwrap_or_default();
    let dissolution = lignes.jour(DISSOLUTION).filter(|jour| *jour > SANS_DATE);
    let actif = dissolution.is_none() && !matches!(lignes.texte(POSITION), "D" | "S");
    let utilite_publique = utile || !lignes.texte(RUP).is_empty();
    document.est(code::ETAT, if actif { "A" } else { "C" });
    document.est_aussi(code::ASSOCIATION);
    if utilite_publique {
        document.est_aussi(code::UTILITE_PUBLIQUE);
    }
    document.nait(lignes.jour(CREATION).filter(|jour| *jour > SANS_DATE));
    document.cesse(dissolution);
    let (taille, etage) = taille(Faits {
        actif,
        utilite_publique,
        ..Faits::default()
    });
    document.taille = taille;
    document.etage = etage;
}
