//! An answer, written from the tables of fields.

use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeSet;

use super::champs::{
    COMPLEMENTS, Cache, ChampLieu, Choix, Complement, LIEU, Ou, Partie, Place, UNITE, Unite,
};
use super::lecture::{Lieu, Resultat};
use super::masque::{Diffusion, MASQUE, shown};
use crate::record::{Record, at};
use crate::view::as_text;

/// A page of results.
#[derive(serde::Serialize)]
pub(super) struct Reponse<'row> {
    pub(super) results: Vec<ResultatVu<'row>>,
    pub(super) total_results: u64,
    pub(super) page: usize,
    pub(super) per_page: usize,
    pub(super) total_pages: u64,
}

/// A result as it is answered.
pub(super) struct ResultatVu<'row> {
    pub(super) found: &'row Resultat,
    pub(super) choix: &'row Choix,
    /// When the snapshot was made.
    pub(super) moment: &'row str,
    pub(super) score: f32,
}

impl Serialize for ResultatVu<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let unite = &self.found.unite;
        let diffusion = Diffusion::of(unite);
        let mut map = serializer.serialize_map(None)?;
        for (nom, champ) in &UNITE {
            match champ {
                Unite::Nom(_) if diffusion.masque_les_noms() => {
                    map.serialize_entry(nom, MASQUE)?;
                }
                Unite::Sigle(_) if diffusion.unite_masquee => map.serialize_entry(nom, MASQUE)?,
                Unite::Colonne(index) | Unite::Sigle(index) => {
                    map.serialize_entry(nom, &column(unite, *index))?;
                }
                Unite::Nom(made) | Unite::Texte(made) => {
                    map.serialize_entry(nom, &made(self.found))?;
                }
                Unite::Nombre(count) => map.serialize_entry(nom, &count(self.found))?,
                Unite::Moment => map.serialize_entry(nom, self.moment)?,
                Unite::Nul => map.serialize_entry(nom, &())?,
                Unite::Partie(partie) if self.choix.has(nom) => {
                    self.part(&mut map, nom, *partie, diffusion)?;
                }
                Unite::Partie(_) => {}
            }
        }
        map.end()
    }
}

impl ResultatVu<'_> {
    fn part<M: SerializeMap>(
        &self,
        map: &mut M,
        nom: &str,
        partie: Partie,
        diffusion: Diffusion,
    ) -> Result<(), M::Error> {
        let vu = |lieu, objet| LieuVu {
            lieu,
            objet,
            diffusion,
            sieges: &self.found.sieges,
        };
        let all = |objet| {
            let lieux = match objet {
                Objet::Liste => &self.found.liste,
                Objet::Siege | Objet::Cite => &self.found.cites,
            };
            lieux.iter().map(|lieu| vu(lieu, objet)).collect::<Vec<_>>()
        };
        match partie {
            Partie::Siege => {
                let siege = self.found.siege.as_ref();
                match siege.map(|siege| vu(siege, Objet::Siege)) {
                    Some(siege) => map.serialize_entry(nom, &siege),
                    None => map.serialize_entry(nom, &SansChamp {}),
                }
            }
            Partie::Dirigeants => map.serialize_entry(nom, &[(); 0]),
            Partie::Cites => map.serialize_entry(nom, &all(Objet::Cite)),
            Partie::Liste => map.serialize_entry(nom, &all(Objet::Liste)),
            Partie::Complements => map.serialize_entry(nom, &Complements(&self.found.unite)),
            Partie::Score => map.serialize_entry(nom, &self.score),
            Partie::Vide => map.serialize_entry(nom, &()),
        }
    }
}

/// An object without a field.
#[derive(serde::Serialize)]
struct SansChamp {}

/// A column as it is answered: a text, or null.
fn column(record: &Record, index: usize) -> Option<String> {
    let text = as_text(record.at(index))?;
    let text = shown(text.trim());
    (!text.is_empty()).then(|| text.to_owned())
}

/// Which object describes an établissement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Objet {
    Siege,
    Cite,
    Liste,
}

impl Objet {
    fn has(self, champ: &ChampLieu) -> bool {
        match champ.ou {
            Ou::Partout => true,
            Ou::Siege => self == Self::Siege,
            Ou::Listes => self != Self::Siege,
            Ou::Liste => self == Self::Liste,
        }
    }
}

/// An établissement as it is answered.
#[derive(Clone, Copy)]
struct LieuVu<'row> {
    lieu: &'row Lieu,
    objet: Objet,
    diffusion: Diffusion,
    sieges: &'row BTreeSet<String>,
}

impl Serialize for LieuVu<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (place_hidden, name_hidden) = self.diffusion.of_lieu(&self.lieu.ligne);
        let mut map = serializer.serialize_map(None)?;
        for champ in LIEU.iter().filter(|champ| self.objet.has(champ)) {
            let hidden = match champ.cache {
                Cache::Jamais => false,
                Cache::Adresse => place_hidden,
                Cache::Nom => name_hidden,
            };
            self.field(&mut map, champ, hidden)?;
        }
        map.end()
    }
}

impl LieuVu<'_> {
    fn field<M: SerializeMap>(
        &self,
        map: &mut M,
        champ: &ChampLieu,
        hidden: bool,
    ) -> Result<(), M::Error> {
        let row = &self.lieu.ligne;
        match champ.source {
            Place::Enseignes(columns) => {
                map.serialize_entry(champ.nom, &enseignes(row, columns, hidden))
            }
            // Even of what was null: it would say that there is nothing to hide.
            _ if hidden => map.serialize_entry(champ.nom, MASQUE),
            Place::Colonne(index) => map.serialize_entry(champ.nom, &column(row, index)),
            Place::Texte(made) => map.serialize_entry(champ.nom, &made(self.lieu)),
            Place::EstSiege => map.serialize_entry(champ.nom, &est_siege(row)),
            Place::AncienSiege => {
                let nic = row.text_at(at!(ETABLISSEMENT, "nic"));
                let was = nic.is_some_and(|nic| self.sieges.contains(nic));
                map.serialize_entry(champ.nom, &(was && !est_siege(row)))
            }
            Place::Successions => map.serialize_entry(champ.nom, &Successions::of(self.lieu)),
            Place::Nul => map.serialize_entry(champ.nom, &()),
        }
    }
}

fn est_siege(row: &Record) -> bool {
    row.flag_at(at!(ETABLISSEMENT, "etablissementSiege")) == Some(true)
}

/// Those that are there, null when none is.
fn enseignes(row: &Record, columns: [usize; 3], hidden: bool) -> Option<Vec<&str>> {
    let there = columns.iter().filter_map(|index| row.text_at(*index));
    let shown: Vec<_> = there
        .map(|text| if hidden { MASQUE } else { shown(text) })
        .collect();
    (!shown.is_empty()).then_some(shown)
}

/// What an établissement succeeds, and what succeeds it.
#[derive(serde::Serialize)]
struct Successions {
    predecesseurs: Vec<Lien>,
    successeurs: Vec<Lien>,
}

#[derive(serde::Serialize)]
struct Lien {
    siret: Option<String>,
    date_lien_succession: Option<String>,
    transfert_siege: Option<bool>,
    continuite_economique: Option<bool>,
}

impl Successions {
    fn of(lieu: &Lieu) -> Self {
        let before = at!(LIEN_SUCCESSION, "siretEtablissementPredecesseur");
        let after = at!(LIEN_SUCCESSION, "siretEtablissementSuccesseur");
        Self {
            predecesseurs: links(&lieu.predecesseurs, before),
            successeurs: links(&lieu.successeurs, after),
        }
    }
}

fn links(rows: &[Record], siret: usize) -> Vec<Lien> {
    let link = |row: &Record| Lien {
        siret: column(row, siret),
        date_lien_succession: column(row, at!(LIEN_SUCCESSION, "dateLienSuccession")),
        transfert_siege: row.flag_at(at!(LIEN_SUCCESSION, "transfertSiege")),
        continuite_economique: row.flag_at(at!(LIEN_SUCCESSION, "continuiteEconomique")),
    };
    rows.iter().map(link).collect()
}

/// What else is known of a unit.
struct Complements<'row>(&'row Record);

impl Serialize for Complements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COMPLEMENTS.len()))?;
        for (nom, complement) in &COMPLEMENTS {
            match complement {
                Complement::Vrai(is_so) => map.serialize_entry(nom, &is_so(self.0))?,
                Complement::Texte(made) => map.serialize_entry(nom, &made(self.0))?,
                Complement::Faux => map.serialize_entry(nom, &false)?,
                Complement::Nul => map.serialize_entry(nom, &())?,
            }
        }
        map.end()
    }
}
