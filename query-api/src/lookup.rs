//! What can be asked by key. A question says which rows answer it, of whoever holds them ([`Rows`]): the
//! fiches of the snapshot, or DuckDB over its tables when it has no fiches or they are damaged.

mod many;

use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::identifiers::{Identifier, RnaId, Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::unite_legale::UNITE_LEGALE;

use crate::catalog::Snapshot;
use crate::dossier::{self, Dossier};
use crate::engine::PoolError;
use crate::record::{Record, at};
use crate::rows::Rows;

pub(crate) use many::{Many, OfAssociations, OfSirens, OfSirets, SirenFound, SiretFound};

/// Asked of a store of rows; asked again of another when the first fails.
pub(crate) trait Question: Clone + Send + 'static {
    /// What is found.
    type Answer: Send + 'static;

    /// Finds it.
    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error>;
}

impl Snapshot {
    /// The answer to a question: from memory as a rule, within microseconds.
    pub(crate) async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Answer, PoolError> {
        if let Some(fiches) = self.fiches() {
            let own = question.clone();
            let answer = fiches.ask(move |reader| own.answer(reader)).await;
            if let Some(answer) = fiches.read(answer) {
                return Ok(answer);
            }
        }
        self.engine.ask(question).await
    }

    /// The same, of a question that has many rows for an answer: others are not kept waiting.
    pub(crate) async fn ask_much<Q: Question>(&self, question: Q) -> Result<Q::Answer, PoolError> {
        if let Some(fiches) = self.fiches() {
            let own = question.clone();
            let answer = fiches.ask_aside(move |reader| own.answer(reader)).await;
            if let Some(answer) = fiches.read(answer) {
                return Ok(answer);
            }
        }
        self.engine.ask(question).await
    }

    /// The same, of a question about many keys: when the tables answer, each is read once for all.
    pub(crate) async fn ask_among<Q: Many>(&self, question: Q) -> Result<Q::Answer, PoolError> {
        if let Some(fiches) = self.fiches() {
            let own = question.clone();
            let answer = fiches.ask_aside(move |reader| own.answer(reader)).await;
            if let Some(answer) = fiches.read(answer) {
                return Ok(answer);
            }
        }
        self.engine.ask_among(question).await
    }

    /// As many dossiers as identifiers, in their order.
    pub(crate) async fn dossiers(
        &self,
        identifiers: Vec<Identifier>,
    ) -> Result<Vec<Dossier>, PoolError> {
        if let Some(fiches) = self.fiches() {
            let own = identifiers.clone();
            let gathered = fiches.ask_aside(move |reader| {
                let dossiers = own
                    .iter()
                    .map(|identifier| dossier::gather(reader, identifier));
                dossiers.collect()
            });
            if let Some(dossiers) = fiches.read(gathered.await) {
                return Ok(dossiers);
            }
        }
        self.engine.dossiers(identifiers).await
    }
}

/// How many établissements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Count {
    /// All of them.
    pub(crate) total: i64,
    /// Those open.
    pub(crate) actifs: i64,
}

/// Which établissements of a unit, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many at most.
    pub(crate) limite: u16,
    /// Those after that SIRET.
    pub(crate) apres: Option<Siret>,
    /// Only those in that état, `A` or `F`.
    pub(crate) etat: Option<&'static str>,
}

/// The établissement of a SIRET, and its unité légale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfSiret(pub(crate) Siret);

/// An établissement and its unité légale.
pub(crate) struct EtablissementFound {
    pub(crate) etablissement: Record,
    pub(crate) unite_legale: Option<Record>,
}

impl Question for OfSiret {
    type Answer = Option<EtablissementFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let Some(etablissement) = rows.etablissement(self.0)? else {
            return Ok(None);
        };
        Ok(Some(EtablissementFound {
            etablissement,
            unite_legale: rows.unite_legale(self.0.siren())?,
        }))
    }
}

/// The unité légale of a SIREN, and what hangs on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfSiren(pub(crate) Siren);

/// An unité légale and what hangs on it.
pub(crate) struct UniteLegaleFound {
    pub(crate) unite_legale: Record,
    pub(crate) siege: Option<Record>,
    pub(crate) etablissements: Count,
    pub(crate) association: Option<Record>,
    pub(crate) doublons: Vec<Record>,
    /// The SIREN that replaces this one, when it is itself a doublon.
    pub(crate) doublon_de: Option<Siren>,
}

impl Question for OfSiren {
    type Answer = Option<UniteLegaleFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let Some(unite_legale) = rows.unite_legale(self.0)? else {
            return Ok(None);
        };
        Ok(Some(UniteLegaleFound {
            siege: rows.siege(self.0, Some(&unite_legale))?,
            etablissements: rows.count(self.0)?,
            association: association_of(rows, &unite_legale, self.0)?,
            doublons: rows.doublons_of(self.0)?,
            doublon_de: rows.reference_of(self.0)?,
            unite_legale,
        }))
    }
}

/// Whether the RNA may be put beside a unit. It publishes the name of the association, which is
/// what a unit that is not diffusible asked to hide.
fn may_be_linked(unite: &Record) -> bool {
    let statut = unite.text_at(at!(UNITE_LEGALE, "statutDiffusionUniteLegale"));
    StatutDiffusion::from_code(statut.unwrap_or_default()) == StatutDiffusion::Diffusible
}

/// By the number SIRENE gives, else by the SIRET the RNA gives.
fn association_of<R: Rows>(
    rows: &R,
    unite: &Record,
    siren: Siren,
) -> Result<Option<Record>, R::Error> {
    if !may_be_linked(unite) {
        return Ok(None);
    }
    if let Some(id) = unite.text_at(at!(UNITE_LEGALE, "identifiantAssociationUniteLegale")) {
        let found = rows.association(id)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    for lien in rows.links_of_unit(siren)? {
        let id = lien.text_at(at!(LIEN_SIREN_RNA, "id")).unwrap_or_default();
        let found = rows.association(id)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Some établissements of a SIREN.
#[derive(Debug, Clone)]
pub(crate) struct EtablissementsOf(pub(crate) Siren, pub(crate) Page);

/// A page of établissements, by SIRET.
pub(crate) struct EtablissementsFound {
    /// All those that match, over all pages.
    pub(crate) total: i64,
    pub(crate) etablissements: Vec<Record>,
    /// Whether another page follows.
    pub(crate) more: bool,
}

impl Question for EtablissementsOf {
    /// `None` when the SIREN is in no table.
    type Answer = Option<EtablissementsFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let Self(siren, page) = self;
        let count = rows.count(*siren)?;
        if count.total == 0 && rows.unite_legale(*siren)?.is_none() {
            return Ok(None);
        }
        // One more than asked tells whether another page follows.
        let limite = usize::from(page.limite);
        let mut etablissements = rows.etablissements(*siren, page, limite + 1)?;
        let more = etablissements.len() > limite;
        etablissements.truncate(limite);
        let total = match page.etat {
            None => count.total,
            Some("A") => count.actifs,
            Some(_) => count.total - count.actifs,
        };
        Ok(Some(EtablissementsFound {
            total,
            etablissements,
            more,
        }))
    }
}

/// The next établissements of a SIREN, without counting them.
#[derive(Debug, Clone)]
pub(crate) struct NextEtablissements(pub(crate) Siren, pub(crate) Page);

impl Question for NextEtablissements {
    type Answer = Vec<Record>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        rows.etablissements(self.0, &self.1, usize::from(self.1.limite))
    }
}

/// The association of an RNA number, and its unité légale.
#[derive(Debug, Clone)]
pub(crate) struct OfRna(pub(crate) RnaId);

/// An association and its unité légale.
pub(crate) struct AssociationFound {
    pub(crate) association: Record,
    pub(crate) unite_legale: Option<Record>,
}

impl Question for OfRna {
    type Answer = Option<AssociationFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let id = self.0.as_str();
        let Some(association) = rows.association(id)? else {
            return Ok(None);
        };
        let mut unite_legale = None;
        // The first unit either register links to it.
        for lien in rows.links_of_association(id)? {
            let siren = lien.text_at(at!(LIEN_SIREN_RNA, "siren"));
            if let Some(siren) = siren.and_then(|siren| siren.parse().ok()) {
                unite_legale = rows.unite_legale(siren)?.filter(may_be_linked);
            }
            if unite_legale.is_some() {
                break;
            }
        }
        Ok(Some(AssociationFound {
            association,
            unite_legale,
        }))
    }
}

/// The SIREN that replaces one, when it is a doublon.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReferenceOf(pub(crate) Siren);

impl Question for ReferenceOf {
    type Answer = Option<Siren>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        rows.reference_of(self.0)
    }
}

/// All that makes the organisation of an identifier.
#[derive(Debug, Clone)]
pub(crate) struct DossierOf(pub(crate) Identifier);

impl Question for DossierOf {
    type Answer = Dossier;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        dossier::gather(rows, &self.0)
    }
}

/// The periods of a unit, the latest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeriodesOfSiren(pub(crate) Siren);

impl Question for PeriodesOfSiren {
    /// `None` when the SIREN is in no table.
    type Answer = Option<Vec<Record>>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let periodes = rows.periods_of_unit(self.0)?;
        let is_there = !periodes.is_empty() || rows.unite_legale(self.0)?.is_some();
        Ok(is_there.then_some(periodes))
    }
}

/// The periods of an établissement, the latest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeriodesOfSiret(pub(crate) Siret);

impl Question for PeriodesOfSiret {
    /// `None` when the SIRET is in no table.
    type Answer = Option<Vec<Record>>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let periodes = rows.periods(self.0)?;
        let is_there = !periodes.is_empty() || rows.etablissement(self.0)?.is_some();
        Ok(is_there.then_some(periodes))
    }
}

/// What an établissement succeeds and what succeeds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SuccessionsOf(pub(crate) Siret);

/// Rows of `lien_succession` on both sides of an établissement.
pub(crate) struct SuccessionsFound {
    /// The latest first, at most [`SUCCESSIONS`](crate::rows::SUCCESSIONS).
    pub(crate) predecesseurs: Vec<Record>,
    /// The latest first, at most as many.
    pub(crate) successeurs: Vec<Record>,
}

impl Question for SuccessionsOf {
    /// `None` when the SIRET is in no table.
    type Answer = Option<SuccessionsFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let found = SuccessionsFound {
            predecesseurs: rows.predecessors(self.0)?,
            successeurs: rows.successors(self.0)?,
        };
        // The links reach back to établissements that the register no longer has.
        let is_there = !found.predecesseurs.is_empty()
            || !found.successeurs.is_empty()
            || rows.etablissement(self.0)?.is_some();
        Ok(is_there.then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::testing::Fixture;

    /// Either register names a unit that is not diffusible: neither is put beside the other.
    #[tokio::test]
    async fn a_unit_that_is_not_diffusible_has_no_association_in_either_direction() {
        let fixture = Fixture::published("20261101T000000Z");
        let catalog = Catalog::new(&fixture.config());
        catalog.refresh().unwrap();
        let snapshot = catalog.current().unwrap();
        for (siren, id) in [("900000001", "W922000001"), ("900000019", "W922000002")] {
            let unit = snapshot.ask(OfSiren(siren.parse().unwrap())).await.unwrap();
            assert!(unit.unwrap().association.is_none(), "{siren}");
            let association = snapshot.ask(OfRna(id.parse().unwrap())).await.unwrap();
            assert!(association.unwrap().unite_legale.is_none(), "{id}");
        }
    }
}
