//! The shapes of SIRENE v3.

use registre_schemas::identifiers::{Siren, Tva};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::champs::{Filtre, Ligne};
use super::super::params::Feuille;
use super::{ETABLISSEMENTS, UNITES_LEGALES};
use crate::catalog::Snapshot;
use crate::dossier::{is_hidden_etablissement, is_hidden_unit};
use crate::lookup::{SirenFound, SiretFound};
use crate::record::{Record, at};

/// When a snapshot was made, as `created_at` was written.
pub(in super::super) fn moment(snapshot: &Snapshot) -> String {
    let made = snapshot.manifest.created_at;
    made.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Where a page is among all of them.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Meta {
    total_results: i64,
    per_page: usize,
    total_pages: u64,
    page: u32,
}

impl Meta {
    /// On the last page, `per_page` is how many there are.
    pub(super) fn of(feuille: Feuille, total: i64, on_page: usize) -> Self {
        let total_pages = feuille.pages(total);
        let is_last = u64::from(feuille.page) == total_pages;
        Self {
            total_results: total,
            per_page: if is_last {
                on_page
            } else {
                feuille.per_page.into()
            },
            total_pages,
            page: feuille.page,
        }
    }
}

/// The columns of an établissement, alone.
fn ligne<'row>(record: &'row Record, unit_hidden: bool, moment: &'row str) -> Ligne<'row> {
    Ligne {
        champs: &ETABLISSEMENTS,
        record,
        hidden: unit_hidden || is_hidden_etablissement(record),
        moment,
    }
}

impl Serialize for Ligne<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.champs.len()))?;
        self.write(&mut map)?;
        map.end()
    }
}

/// An établissement with its unité légale.
pub(super) struct EtablissementVu<'row> {
    ligne: Ligne<'row>,
    unite_legale: Option<UniteVue<'row>>,
}

impl<'row> EtablissementVu<'row> {
    pub(super) fn of(found: &'row SiretFound, moment: &'row str) -> Self {
        let (unite, siege) = (found.unite_legale.as_ref(), found.siege.as_ref());
        Self::new(&found.etablissement, unite, siege, moment)
    }

    /// Those of one unité légale.
    pub(super) fn all_of(found: &'row SirenFound, moment: &'row str) -> impl Iterator<Item = Self> {
        let (unite, siege) = (found.unite_legale.as_ref(), found.siege.as_ref());
        let etablissements = found.etablissements.iter();
        etablissements.map(move |record| Self::new(record, unite, siege, moment))
    }

    fn new(
        record: &'row Record,
        unite: Option<&'row Record>,
        siege: Option<&'row Record>,
        moment: &'row str,
    ) -> Self {
        Self {
            ligne: ligne(record, unite.is_some_and(is_hidden_unit), moment),
            unite_legale: unite.map(|unite| UniteVue::new(unite, siege, None, moment)),
        }
    }

    pub(super) fn passes(&self, filters: &[Filtre]) -> bool {
        self.ligne.passes(filters)
    }
}

impl Serialize for EtablissementVu<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.ligne.write(&mut map)?;
        map.serialize_entry("unite_legale", &self.unite_legale)?;
        map.end()
    }
}

/// An unité légale with its siège, and with its établissements when they are asked.
pub(super) struct UniteVue<'row> {
    ligne: Ligne<'row>,
    siege: Option<Ligne<'row>>,
    etablissements: Option<Vec<Ligne<'row>>>,
}

impl<'row> UniteVue<'row> {
    /// `None` of a SIREN that only établissements have.
    pub(super) fn of(found: &'row SirenFound, moment: &'row str) -> Option<Self> {
        let unite = found.unite_legale.as_ref()?;
        let etablissements = Some(found.etablissements.as_slice());
        Some(Self::new(
            unite,
            found.siege.as_ref(),
            etablissements,
            moment,
        ))
    }

    fn new(
        unite: &'row Record,
        siege: Option<&'row Record>,
        etablissements: Option<&'row [Record]>,
        moment: &'row str,
    ) -> Self {
        let hidden = is_hidden_unit(unite);
        let line = |record: &'row Record| ligne(record, hidden, moment);
        Self {
            ligne: Ligne {
                champs: &UNITES_LEGALES,
                record: unite,
                hidden,
                moment,
            },
            siege: siege.map(line),
            etablissements: etablissements.map(|all| all.iter().map(line).collect()),
        }
    }

    pub(super) fn passes(&self, filters: &[Filtre]) -> bool {
        self.ligne.passes(filters)
    }

    /// `FR`, a key of two digits, the SIREN.
    fn tva(&self) -> Option<String> {
        let siren = self.ligne.record.text_at(at!(UNITE_LEGALE, "siren"))?;
        Some(Tva::from(siren.parse::<Siren>().ok()?).to_string())
    }
}

impl Serialize for UniteVue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.ligne.write(&mut map)?;
        map.serialize_entry("etablissement_siege", &self.siege)?;
        map.serialize_entry("numero_tva_intra", &self.tva())?;
        if let Some(etablissements) = &self.etablissements {
            map.serialize_entry("etablissements", etablissements)?;
        }
        map.end()
    }
}
