//! Public bodies and large associations that really exist, with their real identifiers: they are
//! woven into the generated files at their place, whatever the size asked for.

use std::collections::HashSet;
use std::fmt;

use registre_schemas::identifiers::LA_POSTE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::IngestError;

const ORGANISMES: &str = include_str!("../../../data/sample/organismes.csv");
const ASSOCIATIONS: &str = include_str!("../../../data/sample/associations.csv");

/// La Poste's établissements at national scale.
const POSTES_NATIONALES: u64 = 17_000;
/// And in a sample.
const POSTES_MINIMUM: u64 = 300;
/// Établissements at national scale.
const NATIONAL: u64 = 44_000_000;
/// La Poste's siège, and one whose SIRET passes by La Poste's own rule only.
const NIC_REMARQUABLES: [u32; 2] = [48, 9075];

/// A legal unit of the real world: the columns of `organismes.csv`.
#[derive(Debug, Deserialize)]
pub struct Organisme {
    pub siren: String,
    pub nic_siege: String,
    pub denomination: String,
    pub sigle: String,
    pub categorie_juridique: String,
    pub activite_principale: String,
    pub activite_principale_naf25: String,
    pub date_creation: String,
    pub tranche_effectifs: String,
    pub categorie_entreprise: String,
    pub numero_voie: String,
    pub type_voie: String,
    pub libelle_voie: String,
    pub complement_adresse: String,
    pub code_postal: String,
    pub libelle_commune: String,
    pub code_commune: String,
    pub identifiant_association: String,
    pub enseigne: String,
}

impl Organisme {
    /// Whether its SIRET follow another rule.
    #[must_use]
    pub fn est_la_poste(&self) -> bool {
        self.siren == LA_POSTE
    }
}

/// An association of the real world: the columns of `associations.csv`.
#[derive(Debug, Deserialize)]
pub struct AssociationReelle {
    pub id: String,
    pub siret: String,
    pub titre: String,
    pub titre_court: String,
    pub objet: String,
    pub objet_social1: String,
    pub date_creation: String,
    pub code_commune: String,
    pub code_postal: String,
    pub libelle_commune: String,
    pub numero_voie: String,
    pub type_voie: String,
    pub libelle_voie: String,
    pub siteweb: String,
}

/// All that is real.
pub struct Organismes {
    /// In SIREN order.
    pub unites: Vec<Organisme>,
    /// In id order.
    pub associations: Vec<AssociationReelle>,
    prefixes: HashSet<u32>,
    ids: HashSet<String>,
}

impl fmt::Debug for Organismes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} organismes, {} associations",
            self.unites.len(),
            self.associations.len()
        )
    }
}

fn lignes<T: DeserializeOwned>(nom: &str, texte: &str) -> Result<Vec<T>, IngestError> {
    let refus = |erreur: csv::Error| IngestError::Decode {
        file: format!("sample/{nom}"),
        line: erreur.position().map(csv::Position::line),
        detail: erreur.to_string(),
    };
    csv::Reader::from_reader(texte.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(refus)
}

impl Organismes {
    /// Reads the lists compiled in.
    pub fn lire() -> Result<Self, IngestError> {
        let mut unites: Vec<Organisme> = lignes("organismes.csv", ORGANISMES)?;
        let mut associations: Vec<AssociationReelle> = lignes("associations.csv", ASSOCIATIONS)?;
        unites.sort_by(|a, b| a.siren.cmp(&b.siren));
        associations.sort_by(|a, b| a.id.cmp(&b.id));
        let prefixes = unites
            .iter()
            .filter_map(|unite| unite.siren.get(..8)?.parse().ok())
            .collect();
        let ids = associations
            .iter()
            .map(|association| association.id.clone())
            .collect();
        Ok(Self {
            unites,
            associations,
            prefixes,
            ids,
        })
    }

    /// Whether the first eight digits of a SIREN are those of a real body.
    #[must_use]
    pub fn porte_le_prefixe(&self, prefixe: u32) -> bool {
        self.prefixes.contains(&prefixe)
    }

    /// Whether an RNA number is that of a real association.
    #[must_use]
    pub fn porte_l_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// La Poste's NIC for a register of that many établissements: some pass the Luhn key, some only the
/// sum of their digits.
#[must_use]
pub fn nics_de_la_poste(etablissements: u64) -> Vec<u32> {
    let voulus = (POSTES_NATIONALES * etablissements / NATIONAL)
        .max(POSTES_MINIMUM)
        .min(etablissements / 10);
    let valides: Vec<u32> = (NIC_REMARQUABLES[0]..100_000)
        .filter(|nic| {
            format!("{LA_POSTE}{nic:05}")
                .parse::<registre_schemas::identifiers::Siret>()
                .is_ok()
        })
        .collect();
    let voulus = usize::try_from(voulus)
        .unwrap_or(valides.len())
        .clamp(1, valides.len());
    let choisis = (0..voulus).map(|rang| valides[rang * valides.len() / voulus]);
    let mut nics: Vec<u32> = choisis.chain(NIC_REMARQUABLES).collect();
    nics.sort_unstable();
    nics.dedup();
    nics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_bodies_are_read_in_order_and_their_keys_are_right() {
        let organismes = Organismes::lire().unwrap();
        assert!(organismes.unites.is_sorted_by_key(|unite| &unite.siren));
        for unite in &organismes.unites {
            let siret = format!("{}{}", unite.siren, unite.nic_siege);
            assert!(
                siret
                    .parse::<registre_schemas::identifiers::Siret>()
                    .is_ok(),
                "{siret}"
            );
        }
    }

    #[test]
    fn la_poste_has_both_kinds_of_siret() {
        let nics = nics_de_la_poste(30_000);
        assert!((290..330).contains(&nics.len()), "{}", nics.len());
        assert!(NIC_REMARQUABLES.iter().all(|nic| nics.contains(nic)));
        let national = nics_de_la_poste(NATIONAL).len();
        assert!((17_000..17_003).contains(&national), "{national}");
    }
}
