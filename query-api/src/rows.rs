//! What a store of rows must answer, one key at a time: the fiches and DuckDB both do, and give the same.

use chrono::NaiveDate;
use registre_schemas::identifiers::{Siren, Siret};

use crate::lookup::{Count, Page};
use crate::record::Record;

/// Associations of one unit that are gathered, and units of one association: the surest ones.
pub(crate) const LINKS: u8 = 10;

/// Links of succession of one établissement that are looked at, each way: far more than most have, and
/// an answer stays bounded.
pub(crate) const SUCCESSIONS: u16 = 1000;

/// A store of rows, by key.
pub(crate) trait Rows {
    /// Why it could not be read.
    type Error;

    /// The unité légale of that SIREN.
    fn unite_legale(&self, siren: Siren) -> Result<Option<Record>, Self::Error>;
    /// The établissement of that SIRET.
    fn etablissement(&self, siret: Siret) -> Result<Option<Record>, Self::Error>;
    /// The siège of a unit, by its `nicSiege`, else by the flag of its établissements.
    fn siege(&self, siren: Siren, unite: Option<&Record>) -> Result<Option<Record>, Self::Error>;
    /// How many établissements a unit has.
    fn count(&self, siren: Siren) -> Result<Count, Self::Error>;
    /// Rows of `lien_siren_rna` of a unit, by `rang_association`, at most [`LINKS`].
    fn links_of_unit(&self, siren: Siren) -> Result<Vec<Record>, Self::Error>;
    /// Rows of `lien_siren_rna` of an association, by `rang_unite_legale`, at most [`LINKS`].
    fn links_of_association(&self, id: &str) -> Result<Vec<Record>, Self::Error>;
    /// The association of that number, as the RNA writes it.
    fn association(&self, id: &str) -> Result<Option<Record>, Self::Error>;
    /// Rows of the list of associations reconnues d'utilité publique that give that RNA number.
    fn utilite_publique(&self, id: &str) -> Result<Vec<Record>, Self::Error>;
    /// Rows of `doublon` of the SIREN that a unit replaces.
    fn doublons_of(&self, siren: Siren) -> Result<Vec<Record>, Self::Error>;
    /// The SIREN that replaces that one.
    fn reference_of(&self, siren: Siren) -> Result<Option<Siren>, Self::Error>;
    /// Rows of `lien_succession` whose predecessor is that SIRET, the latest first, at most [`SUCCESSIONS`].
    fn successors(&self, siret: Siret) -> Result<Vec<Record>, Self::Error>;
    /// Since when an établissement is closed: its most recent period that changed its état for `F`.
    fn closed_since(&self, siret: Siret) -> Result<Option<NaiveDate>, Self::Error>;
    /// Since when a unit is ceased: its most recent period that changed its état for `C`.
    fn ceased_since(&self, siren: Siren) -> Result<Option<NaiveDate>, Self::Error>;
    /// Rows of `lien_succession` whose successor is that SIRET, the latest first, at most [`SUCCESSIONS`].
    fn predecessors(&self, siret: Siret) -> Result<Vec<Record>, Self::Error>;
    /// Some établissements of a unit, in the order of SIRET.
    fn etablissements(
        &self,
        siren: Siren,
        page: &Page,
        at_most: usize,
    ) -> Result<Vec<Record>, Self::Error>;
    /// Periods of a unit, the latest first.
    fn periods_of_unit(&self, siren: Siren) -> Result<Vec<Record>, Self::Error>;
    /// Periods of an établissement, the latest first.
    fn periods(&self, siret: Siret) -> Result<Vec<Record>, Self::Error>;
}
