//! The unités légales, with their établissements, their former names and their associations.

use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::nomenclature;
use registre_schemas::periode::UNITE_LEGALE_PERIODE;
use registre_schemas::recherche::taille::{Faits, taille};
use registre_schemas::recherche::{code, numero};
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::ops::Range;
use std::path::Path;

use super::associations::Titres;
use super::document::Document;
use super::etages::Etages;
use super::lignes::Lignes;
use crate::error::IngestError;
use crate::progress::{Context, Task};
use crate::sorted::Parquet;

/// After the last SIREN.
const END: u64 = 1_000_000_000;

/// Signs of a unit that are read; a chain has thousands, most of which are its name and a town.
const ENSEIGNES: usize = 4000;

/// Columns that are read, and their places.
macro_rules! colonnes {
    ($liste:ident: $($nom:ident = $colonne:literal),* $(,)?) => {
        pub(super) const $liste: &[&str] = &[$($colonne),*];
        colonnes!(@places 0usize; $($nom)*);
    };
    (@places $place:expr; $nom:ident $($reste:ident)*) => {
        pub(super) const $nom: usize = $place;
        colonnes!(@places $place + 1; $($reste)*);
    };
    (@places $place:expr;) => {};
}

mod ul {
    colonnes! { LUES:
        SIREN = "siren",
        DIFFUSION = "statutDiffusionUniteLegale",
        CREATION = "dateCreationUniteLegale",
        DEBUT = "dateDebut",
        SIGLE = "sigleUniteLegale",
        PRENOM_1 = "prenom1UniteLegale",
        PRENOM_USUEL = "prenomUsuelUniteLegale",
        PSEUDONYME = "pseudonymeUniteLegale",
        RNA = "identifiantAssociationUniteLegale",
        EFFECTIFS = "trancheEffectifsUniteLegale",
        CATEGORIE = "categorieEntreprise",
        ETAT = "etatAdministratifUniteLegale",
        NOM = "nomUniteLegale",
        NOM_USAGE = "nomUsageUniteLegale",
        DENOMINATION = "denominationUniteLegale",
        USUELLE_1 = "denominationUsuelle1UniteLegale",
        USUELLE_2 = "denominationUsuelle2UniteLegale",
        USUELLE_3 = "denominationUsuelle3UniteLegale",
        JURIDIQUE = "categorieJuridiqueUniteLegale",
        ACTIVITE = "activitePrincipaleUniteLegale",
        NIC_SIEGE = "nicSiegeUniteLegale",
        ESS = "economieSocialeSolidaireUniteLegale",
        MISSION = "societeMissionUniteLegale",
        ACTIVITE_2025 = "activitePrincipaleNAF25UniteLegale",
    }
}

mod periode {
    colonnes! { LUES:
        SIREN = "siren",
        NOM = "nomUniteLegale",
        NOM_USAGE = "nomUsageUniteLegale",
        DENOMINATION = "denominationUniteLegale",
        DEBUT = "dateDebut",
        ETAT = "etatAdministratifUniteLegale",
        CHANGEMENT = "changementEtatAdministratifUniteLegale",
    }
}

mod etab {
    colonnes! { LUES:
        SIRET = "siret",
        VOIE = "libelleVoieEtablissement",
        CODE_POSTAL = "codePostalEtablissement",
        COMMUNE = "codeCommuneEtablissement",
        ETAT = "etatAdministratifEtablissement",
        ENSEIGNE_1 = "enseigne1Etablissement",
        ENSEIGNE_2 = "enseigne2Etablissement",
        ENSEIGNE_3 = "enseigne3Etablissement",
        USUELLE = "denominationUsuelleEtablissement",
        LATITUDE = "y_latitude",
        LONGITUDE = "x_longitude",
    }
}

/// The tables, open, and the titles of the associations that have a SIREN.
pub(super) struct Unites<'a> {
    unite_legale: Parquet,
    periodes: Parquet,
    etablissements: Parquet,
    titres: &'a Titres,
}

impl<'a> Unites<'a> {
    pub(super) fn open(folder: &Path, titres: &'a Titres) -> Result<Self, IngestError> {
        Ok(Self {
            unite_legale: Parquet::open(folder, &UNITE_LEGALE)?,
            periodes: Parquet::open(folder, &UNITE_LEGALE_PERIODE)?,
            etablissements: Parquet::open(folder, &ETABLISSEMENT)?,
            titres,
        })
    }

    /// SIREN by which to cut the tables in so many parts, of about as many établissements.
    pub(super) fn parts(&self, nombre: usize) -> Vec<Range<u64>> {
        let groups = self.etablissements.groups();
        let mut cuts: Vec<u64> = (1..nombre)
            .map(|part| part * groups / nombre)
            .filter(|group| *group > 0)
            .filter_map(|group| self.etablissements.first_key(group, "siret"))
            .filter_map(|siret| siret.get(..9)?.parse().ok())
            .collect();
        cuts.dedup();
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([END]);
        starts.zip(ends).map(|(start, end)| start..end).collect()
    }

    fn lignes<'p>(
        parquet: &'p Parquet,
        sirens: &Range<u64>,
        cle: &'static str,
        nic: &str,
        colonnes: &[&str],
    ) -> Result<Lignes<'p>, IngestError> {
        let row = |siren: u64| match siren {
            0 => Ok(0),
            END => Ok(parquet.rows()),
            siren => parquet.row_of(cle, &format!("{siren:09}{nic}")),
        };
        Lignes::read(parquet, row(sirens.start)?..row(sirens.end)?, colonnes)
    }

    /// Writes the units of a part.
    pub(super) fn write(
        &self,
        sirens: &Range<u64>,
        etages: &mut Etages,
        task: &dyn Task,
        context: &Context,
    ) -> Result<(), IngestError> {
        let mut unites = Self::lignes(&self.unite_legale, sirens, "siren", "", ul::LUES)?;
        let mut periodes = Self::lignes(&self.periodes, sirens, "siren", "", periode::LUES)?;
        let mut etablissements =
            Self::lignes(&self.etablissements, sirens, "siret", "00000", etab::LUES)?;
        let mut document = Document::default();
        let mut lues = 0;
        while unites.est_la() {
            lues += 1;
            if lues == 4096 {
                context.cancel.check()?;
                task.rows(lues);
                lues = 0;
            }
            let siren = unites.siren(ul::SIREN);
            document.vide();
            let titre = self.titres.de(siren);
            let publie = decrit(&unites, siren, titre, &mut document);
            let cessee = unites.texte(ul::ETAT) == "C";
            while periodes.est_la() && periodes.siren(periode::SIREN) <= siren {
                if publie && periodes.siren(periode::SIREN) == siren {
                    anciens_noms(&periodes, &mut document);
                    if cessee && cesse(&periodes) {
                        document.cesse(periodes.jour(periode::DEBUT));
                    }
                }
                periodes.avance()?;
            }
            let mut siens = Etablissements::default();
            while etablissements.est_la() && etablissements.siren(etab::SIRET) <= siren {
                if publie && etablissements.siren(etab::SIRET) == siren {
                    siens.ajoute(&etablissements, unites.texte(ul::NIC_SIEGE), &mut document);
                }
                etablissements.avance()?;
            }
            if publie {
                if cessee && document.cessation == 0 {
                    document.cesse(unites.jour(ul::DEBUT));
                }
                mesure(
                    &unites,
                    &siens,
                    titre.is_some_and(|titre| titre.utilite_publique),
                    &mut document,
                );
                document.date();
                etages.add(&document)?;
            }
            unites.avance()?;
        }
        task.rows(lues);
        Ok(())
    }
}

/// A natural person, by its catégorie juridique.
fn est_personne(unites: &Lignes<'_>) -> bool {
    unites.texte(ul::JURIDIQUE).starts_with('1')
}

/// Its names and what it is; `false` for a person in partial diffusion, of whom nothing is written.
fn decrit(
    unites: &Lignes<'_>,
    siren: u64,
    titre: Option<&super::associations::Titre>,
    document: &mut Document,
) -> bool {
    let personne = est_personne(unites);
    let diffusion = StatutDiffusion::from_code(unites.texte(ul::DIFFUSION));
    let sans_nom = unites.texte(ul::DENOMINATION).is_empty();
    if diffusion == StatutDiffusion::Partielle && (personne || sans_nom) {
        return false;
    }
    document.numero = numero::de_siren(siren);
    if personne || sans_nom {
        let usuel = unites.texte(ul::PRENOM_USUEL);
        document.nomme(if usuel.is_empty() {
            unites.texte(ul::PRENOM_1)
        } else {
            usuel
        });
        document.nomme(unites.texte(ul::NOM_USAGE));
        document.nomme(unites.texte(ul::NOM));
        document.surnomme(unites.texte(ul::PSEUDONYME));
    }
    document.nomme_et_soude(unites.texte(ul::DENOMINATION));
    for colonne in [ul::SIGLE, ul::USUELLE_1, ul::USUELLE_2, ul::USUELLE_3] {
        document.surnomme(unites.texte(colonne));
    }
    if let Some(titre) = titre {
        document.surnomme(&titre.titre);
    }
    let juridique = unites.texte(ul::JURIDIQUE);
    let activite = unites.texte(ul::ACTIVITE);
    document.est(code::NAF, activite);
    document.est(code::NAF_2025, unites.texte(ul::ACTIVITE_2025));
    document.est(
        code::SECTION,
        nomenclature::naf_section(activite).unwrap_or_default(),
    );
    for longueur in [1, 2, 4] {
        document.est(
            code::CATEGORIE_JURIDIQUE,
            juridique.get(..longueur).unwrap_or_default(),
        );
    }
    document.est(code::EFFECTIFS, unites.texte(ul::EFFECTIFS));
    document.est(code::CATEGORIE_ENTREPRISE, unites.texte(ul::CATEGORIE));
    document.est(code::ETAT, unites.texte(ul::ETAT));
    document.est(code::ESS, unites.texte(ul::ESS));
    document.est(code::MISSION, unites.texte(ul::MISSION));
    let association = titre.is_some()
        || !unites.texte(ul::RNA).is_empty()
        || juridique == "5195"
        || juridique.starts_with("92");
    for (vrai, terme) in [
        (association, code::ASSOCIATION),
        (
            registre_schemas::recherche::taille::est_public(juridique),
            code::ADMINISTRATION,
        ),
        (
            titre.is_some_and(|titre| titre.utilite_publique),
            code::UTILITE_PUBLIQUE,
        ),
        (personne, code::PERSONNE),
    ] {
        if vrai {
            document.est_aussi(terme);
        }
    }
    document.nait(unites.jour(ul::CREATION));
    document.activite = nomenclature::naf_place(activite).unwrap_or_default();
    document.categorie = juridique.parse().unwrap_or_default();
    document.effectifs = unites.texte(ul::EFFECTIFS).parse().unwrap_or(99);
    true
}

fn anciens_noms(periodes: &Lignes<'_>, document: &mut Document) {
    for colonne in [periode::DENOMINATION, periode::NOM, periode::NOM_USAGE] {
        document.surnomme(periodes.texte(colonne));
    }
}

/// Whether the unit ceased when that period began.
fn cesse(periodes: &Lignes<'_>) -> bool {
    periodes.texte(periode::ETAT) == "C" && periodes.vrai(periode::CHANGEMENT)
}

/// What is counted of the établissements of a unit.
#[derive(Debug, Default)]
struct Etablissements {
    lus: usize,
    ouverts: u32,
}

impl Etablissements {
    fn ajoute(&mut self, lignes: &Lignes<'_>, nic_siege: &str, document: &mut Document) {
        let ouvert = lignes.texte(etab::ETAT) == "A";
        let siege = lignes.texte(etab::SIRET).get(9..) == Some(nic_siege);
        self.ouverts += u32::from(ouvert);
        self.lus += 1;
        if self.lus <= ENSEIGNES {
            for colonne in [
                etab::ENSEIGNE_1,
                etab::ENSEIGNE_2,
                etab::ENSEIGNE_3,
                etab::USUELLE,
            ] {
                document.surnomme(lignes.texte(colonne));
            }
        }
        if (ouvert && self.lus <= ENSEIGNES) || siege {
            document.habite(lignes.texte(etab::VOIE));
        }
        let commune = lignes.texte(etab::COMMUNE);
        let position = lignes
            .reel(etab::LATITUDE)
            .zip(lignes.reel(etab::LONGITUDE));
        document.se_trouve(commune, lignes.texte(etab::CODE_POSTAL), position);
        if siege {
            let departement = nomenclature::departement_of(commune).unwrap_or_default();
            document.departement = nomenclature::departement_place(departement).unwrap_or_default();
        }
    }
}

fn mesure(
    unites: &Lignes<'_>,
    siens: &Etablissements,
    utilite_publique: bool,
    document: &mut Document,
) {
    let (taille, etage) = taille(Faits {
        actif: unites.texte(ul::ETAT) == "A",
        personne: est_personne(unites),
        tranche: unites.texte(ul::EFFECTIFS),
        categorie: unites.texte(ul::CATEGORIE),
        juridique: unites.texte(ul::JURIDIQUE),
        ouverts: siens.ouverts,
        utilite_publique,
    });
    document.taille = taille;
    document.etage = etage;
}
