//! A row of SIRENE v1.

use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

use super::colonnes::{COLONNES, Colonne, De};
use crate::dossier::{is_hidden_etablissement, is_hidden_unit};
use crate::lookup::SiretFound;
use crate::organisation::{adresse, nom};
use crate::record::{Record, at};
use crate::view::as_text;

/// An établissement that is open, of a unit that may be shown: no other was in those files.
pub(super) struct Vu<'row> {
    etablissement: &'row Record,
    unite: &'row Record,
    siege: Option<&'row Record>,
    lignes: [Option<String>; 5],
    moment: &'row str,
}

/// Whether an établissement, of a unit that may be shown, was in those files.
pub(super) fn is_there(etablissement: &Record) -> bool {
    let etat = etablissement.text_at(at!(ETABLISSEMENT, "etatAdministratifEtablissement"));
    etat == Some("A") && !is_hidden_etablissement(etablissement)
}

impl<'row> Vu<'row> {
    pub(super) fn of(found: &'row SiretFound, moment: &'row str) -> Option<Self> {
        let (unite, siege) = (found.unite_legale.as_ref()?, found.siege.as_ref());
        Self::new(&found.etablissement, unite, siege, moment)
    }

    /// `None` of who is closed or hidden.
    pub(super) fn new(
        etablissement: &'row Record,
        unite: &'row Record,
        siege: Option<&'row Record>,
        moment: &'row str,
    ) -> Option<Self> {
        (is_there(etablissement) && !is_hidden_unit(unite)).then(|| Self {
            etablissement,
            unite,
            siege,
            lignes: adresse::lines_of_etablissement(etablissement, false),
            moment,
        })
    }

    fn record(&self, de: De) -> &'row Record {
        match de {
            De::Etablissement => self.etablissement,
            De::Unite => self.unite,
        }
    }

    fn ligne(&self, number: usize) -> Option<&str> {
        self.lignes.get(number.checked_sub(3)?)?.as_deref()
    }

    /// The code of a commune, in two parts.
    fn commune(&self) -> Option<(&'row str, &'row str)> {
        let index = at!(ETABLISSEMENT, "codeCommuneEtablissement");
        shown(self.etablissement, index)?.split_at_checked(2)
    }

    fn value(&self, colonne: Colonne) -> Option<Cow<'_, str>> {
        match colonne {
            Colonne::Id | Colonne::Absente => None,
            Colonne::Etablissement(index) => text(self.etablissement, index),
            Colonne::Unite(index) => text(self.unite, index),
            Colonne::Jour(de, index) => {
                let date = self.record(de).date_at(index)?;
                Some(Cow::Owned(date.format("%Y%m%d").to_string()))
            }
            Colonne::Naf(de, index) => {
                Some(Cow::Owned(shown(self.record(de), index)?.replace('.', "")))
            }
            Colonne::Libelle(de, name) => self.record(de).label(name).map(Cow::Borrowed),
            Colonne::Ligne(number) => self.ligne(number).map(Cow::Borrowed),
            Colonne::Nom => nom::of_unit(self.unite, Some(self.etablissement)).nom,
            Colonne::RaisonSociale => self.raison_sociale(),
            Colonne::Departement => self
                .commune()
                .map(|(departement, _)| Cow::Borrowed(departement)),
            Colonne::Commune => self.commune().map(|(_, commune)| Cow::Borrowed(commune)),
            Colonne::CommuneDuSiege => {
                let siege = self.siege.filter(|siege| !is_hidden_etablissement(siege))?;
                text(siege, at!(ETABLISSEMENT, "codeCommuneEtablissement"))
            }
            Colonne::Siege => {
                let flag = self
                    .etablissement
                    .flag_at(at!(ETABLISSEMENT, "etablissementSiege"));
                Some(Cow::Borrowed(if flag == Some(true) { "1" } else { "0" }))
            }
            Colonne::Adresse => match (self.ligne(4), self.ligne(6)) {
                (Some(street), Some(town)) => Some(Cow::Owned(format!("{street} {town}"))),
                (one, other) => one.or(other).map(Cow::Borrowed),
            },
            Colonne::Moment => Some(Cow::Borrowed(self.moment)),
        }
    }

    /// `NOM*PRENOM/` of a person, as the files wrote it.
    fn raison_sociale(&self) -> Option<Cow<'_, str>> {
        let denomination = text(self.unite, at!(UNITE_LEGALE, "denominationUniteLegale"));
        if denomination.is_some() {
            return denomination;
        }
        let nom = shown(self.unite, at!(UNITE_LEGALE, "nomUniteLegale"))?;
        let prenom = shown(self.unite, at!(UNITE_LEGALE, "prenomUsuelUniteLegale"));
        Some(Cow::Owned(format!("{nom}*{}/", prenom.unwrap_or_default())))
    }
}

/// Never a mask.
fn shown(record: &Record, index: usize) -> Option<&str> {
    record.text_at(index).filter(|text| !is_masked(text))
}

fn text(record: &Record, index: usize) -> Option<Cow<'_, str>> {
    as_text(record.at(index)).filter(|text| !is_masked(text))
}

impl Serialize for Vu<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLONNES.len()))?;
        for (name, colonne) in &COLONNES {
            if let Colonne::Id = colonne {
                let siret = self.etablissement.text_at(at!(ETABLISSEMENT, "siret"));
                let id: Option<i64> = siret.and_then(|siret| siret.parse().ok());
                map.serialize_entry(name, &id)?;
            } else {
                map.serialize_entry(name, &self.value(*colonne))?;
            }
        }
        map.end()
    }
}
