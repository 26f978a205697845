//! Public bodies and large associations that really exist, with their real identifiers: they are
//! woven into the generated files at their place, whatever the size asked for. Their facts are those
//! of `data/sample`; only the register's own bookkeeping (periods, dates of processing) is made up.

use std::collections::HashSet;
use std::fmt;

use registre_schemas::identifiers::{LA_POSTE, Siret};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::IngestError;
use crate::generate::buffer::{Day, Timestamp};
use crate::generate::model::Model;
use crate::generate::periodes::{History, Variable};
use crate::generate::random::{Domain, Random};
use crate::generate::sirene::REPROCESSED;
use crate::generate::sirene_etablissement::{AddressColumns, EtablissementRow};
use crate::generate::sirene_unite_legale::UniteLegaleRow;

const ORGANISMES: &str = include_str!("../../../data/sample/organismes.csv");
const ASSOCIATIONS: &str = include_str!("../../../data/sample/associations.csv");

/// La Poste's établissements at national scale.
const LA_POSTE_NATIONAL: u64 = 17_000;
/// And in a sample.
const LA_POSTE_MINIMUM: u64 = 300;
/// Établissements at national scale.
const NATIONAL: u64 = 44_000_000;
/// La Poste's siège, and one whose SIRET passes by La Poste's own rule only.
const NOTABLE_NICS: [u32; 2] = [48, 9075];

/// A legal unit of the real world: the columns of `organismes.csv`.
#[derive(Debug, Deserialize)]
pub struct RealBody {
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

/// An association of the real world: the columns of `associations.csv`.
#[derive(Debug, Deserialize)]
pub struct RealAssociation {
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
pub struct RealBodies {
    /// In SIREN order.
    pub unites: Vec<RealBody>,
    /// In id order.
    pub associations: Vec<RealAssociation>,
    prefixes: HashSet<u32>,
    ids: HashSet<String>,
}

impl fmt::Debug for RealBodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bodies, {} associations",
            self.unites.len(),
            self.associations.len()
        )
    }
}

fn read_rows<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>, IngestError> {
    let fault = |error: csv::Error| IngestError::Decode {
        file: format!("sample/{name}"),
        line: error.position().map(csv::Position::line),
        detail: error.to_string(),
    };
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(fault)
}

impl RealBodies {
    /// Reads the lists compiled in.
    pub fn load() -> Result<Self, IngestError> {
        let mut unites: Vec<RealBody> = read_rows("organismes.csv", ORGANISMES)?;
        let mut associations: Vec<RealAssociation> = read_rows("associations.csv", ASSOCIATIONS)?;
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
    pub fn has_prefix(&self, prefix: u32) -> bool {
        self.prefixes.contains(&prefix)
    }

    /// Whether an RNA number is that of a real association.
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// La Poste's NIC for a register of that many établissements: some pass the Luhn key, some only the
/// sum of their digits.
#[must_use]
pub fn la_poste_nics(etablissements: u64) -> Vec<u32> {
    let wanted = (LA_POSTE_NATIONAL * etablissements / NATIONAL)
        .max(LA_POSTE_MINIMUM)
        .min(etablissements / 10);
    let valid: Vec<u32> = (NOTABLE_NICS[0]..100_000)
        .filter(|nic| format!("{LA_POSTE}{nic:05}").parse::<Siret>().is_ok())
        .collect();
    let wanted = usize::try_from(wanted)
        .unwrap_or(valid.len())
        .clamp(1, valid.len());
    let chosen = (0..wanted).map(|rank| valid[rank * valid.len() / wanted]);
    let mut nics: Vec<u32> = chosen.chain(NOTABLE_NICS).collect();
    nics.sort_unstable();
    nics.dedup();
    nics
}

impl RealBody {
    /// Whether its SIRET follow another rule.
    #[must_use]
    pub fn is_la_poste(&self) -> bool {
        self.siren == LA_POSTE
    }

    /// Its SIREN as a number.
    #[must_use]
    pub fn siren_number(&self) -> u32 {
        self.siren.parse().unwrap_or_default()
    }

    fn date_creation(&self) -> Day {
        if self.date_creation.is_empty() {
            Day::UNKNOWN
        } else {
            Day::parse(&self.date_creation)
        }
    }

    fn activite_columns<'a>(&'a self, model: &'a Model) -> (&'a str, &'a str, &'a str) {
        let naf25 = self.activite_principale_naf25.as_str();
        let naf25 = if naf25.is_empty() {
            model.activites.naf25(&self.activite_principale)
        } else {
            naf25
        };
        (&self.activite_principale, "NAFRev2", naf25)
    }

    /// Code and year: the year is that of a counted staff only.
    fn dated_tranche_effectifs(&self, year: u32) -> (&str, u32) {
        let counted = !matches!(self.tranche_effectifs.as_str(), "" | "NN");
        (&self.tranche_effectifs, if counted { year - 2 } else { 0 })
    }

    /// Its row of `StockUniteLegale`: one period, since nothing is known here of its past.
    #[must_use]
    pub fn unite_row<'a>(&'a self, model: &'a Model) -> UniteLegaleRow<'a> {
        let year = model.edition.year();
        let mut random = Random::new(model.seed, Domain::RealBody, u64::from(self.siren_number()));
        let association = self.categorie_juridique == "9220";
        UniteLegaleRow {
            siren: self.siren_number(),
            active: true,
            creation: self.date_creation(),
            sigle: &self.sigle,
            identifiant_association: &self.identifiant_association,
            tranche_effectifs: self.dated_tranche_effectifs(year),
            date_dernier_traitement: Timestamp::draw(REPROCESSED, &mut random),
            periodes: 1,
            categorie_entreprise: (
                &self.categorie_entreprise,
                if self.categorie_entreprise.is_empty() {
                    0
                } else {
                    year - 3
                },
            ),
            date_debut: self.date_creation(),
            denomination: &self.denomination,
            categorie_juridique: &self.categorie_juridique,
            activite: self.activite_columns(model),
            nic_siege: self.nic_siege.parse().unwrap_or_default(),
            economie_sociale: if association { "O" } else { "" },
            ..UniteLegaleRow::default()
        }
    }

    /// Gives its row of `StockEtablissement`, or for La Poste its rows, each with its history.
    pub fn visit_etablissements(
        &self,
        model: &Model,
        mut visit: impl FnMut(&EtablissementRow<'_>, &History),
    ) {
        let siege: u32 = self.nic_siege.parse().unwrap_or_default();
        if self.is_la_poste() {
            for nic in &model.la_poste_nics {
                if *nic == siege {
                    self.visit_siege(model, &mut visit);
                } else {
                    self.visit_post_office(*nic, model, &mut visit);
                }
            }
        } else {
            self.visit_siege(model, &mut visit);
        }
    }

    fn visit_siege(&self, model: &Model, visit: &mut impl FnMut(&EtablissementRow<'_>, &History)) {
        let mut random = Random::new(
            model.seed,
            Domain::RealBody,
            u64::from(self.siren_number()) + 1_000_000_000,
        );
        let tranche_effectifs = self.dated_tranche_effectifs(model.edition.year());
        let history = History::new(self.date_creation());
        let row = EtablissementRow {
            siren: self.siren_number(),
            nic: self.nic_siege.parse().unwrap_or_default(),
            creation: self.date_creation(),
            tranche_effectifs,
            date_dernier_traitement: Timestamp::draw(REPROCESSED, &mut random),
            siege: true,
            periodes: history.periodes(),
            address: AddressColumns {
                complement: &self.complement_adresse,
                numero: &self.numero_voie,
                type_voie: &self.type_voie,
                libelle_voie: &self.libelle_voie,
                code_postal: &self.code_postal,
                commune: &self.libelle_commune,
                code_commune: &self.code_commune,
                ..AddressColumns::default()
            },
            date_debut: history.date_debut(),
            active: true,
            enseignes: [&self.enseigne, ""],
            activite: self.activite_columns(model),
            employeur: if tranche_effectifs.1 == 0 { "N" } else { "O" },
            ..EtablissementRow::default()
        };
        visit(&row, &history);
    }

    /// One of La Poste's many: only its SIRET is possible, the rest says that it is fictitious.
    fn visit_post_office(
        &self,
        nic: u32,
        model: &Model,
        visit: &mut impl FnMut(&EtablissementRow<'_>, &History),
    ) {
        let mut random = Random::new(model.seed, Domain::RealBody, u64::from(nic));
        let commune = model.communes.commune(model.communes.draw(&mut random));
        let creation = Day::in_year(random.between(1991, 2020), &mut random);
        let active = random.chance(6500);
        let closure = Day::in_year(model.edition.year() - random.between(1, 5), &mut random);
        let (rev2, nomenclature, naf25) = self.activite_columns(model);
        let enseigne = format!("BUREAU DE POSTE FICTIF {nic}");
        let mut history = History::new(creation);
        if !active {
            history.change(closure, Variable::EtatAdministratif);
        }
        let row = EtablissementRow {
            siren: self.siren_number(),
            nic,
            creation,
            date_dernier_traitement: Timestamp::draw(REPROCESSED, &mut random),
            periodes: history.periodes(),
            address: AddressColumns {
                type_voie: "PL",
                libelle_voie: "DE LA POSTE",
                code_postal: &commune.code_postal,
                commune: &commune.libelle_insee,
                code_commune: &commune.code,
                ..AddressColumns::default()
            },
            date_debut: history.date_debut(),
            active,
            enseignes: [&enseigne, ""],
            activite: (rev2, nomenclature, if active { naf25 } else { "" }),
            employeur: if active { "O" } else { "N" },
            ..EtablissementRow::default()
        };
        visit(&row, &history);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_bodies_are_read_in_order_and_their_keys_are_right() {
        let bodies = RealBodies::load().unwrap();
        assert!(bodies.unites.is_sorted_by_key(|unite| &unite.siren));
        for unite in &bodies.unites {
            let siret = format!("{}{}", unite.siren, unite.nic_siege);
            assert!(siret.parse::<Siret>().is_ok(), "{siret}");
        }
    }

    #[test]
    fn la_poste_has_both_kinds_of_siret() {
        let nics = la_poste_nics(30_000);
        assert!((290..330).contains(&nics.len()), "{}", nics.len());
        assert!(NOTABLE_NICS.iter().all(|nic| nics.contains(nic)));
        let national = la_poste_nics(NATIONAL).len();
        assert!((17_000..17_003).contains(&national), "{national}");
    }
}
