//! The rows of many keys, in one question.

use registre_schemas::identifiers::{Identifier, RnaId, Siren, Siret};

use super::{Page, Question};
use crate::record::Record;
use crate::rows::Rows;

/// A question about many keys, which says which: the tables are read once for all of them.
pub(crate) trait Many: Question {
    /// What it asks about.
    fn identifiers(&self) -> Vec<Identifier>;
}

/// Établissements by SIRET, each with its unité légale and the siège of it.
#[derive(Debug, Clone)]
pub(crate) struct OfSirets(pub(crate) Vec<Siret>);

impl Many for OfSirets {
    fn identifiers(&self) -> Vec<Identifier> {
        self.0.iter().copied().map(Identifier::Siret).collect()
    }
}

/// An établissement, its unité légale, and the siège of it.
pub(crate) struct SiretFound {
    pub(crate) etablissement: Record,
    pub(crate) unite_legale: Option<Record>,
    pub(crate) siege: Option<Record>,
}

impl Question for OfSirets {
    /// In the order of the SIRET asked, without those that are in no table.
    type Answer = Vec<SiretFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let mut found = Vec::with_capacity(self.0.len());
        for siret in &self.0 {
            if let Some(etablissement) = rows.etablissement(*siret)? {
                let unite_legale = rows.unite_legale(siret.siren())?;
                found.push(SiretFound {
                    etablissement,
                    siege: rows.siege(siret.siren(), unite_legale.as_ref())?,
                    unite_legale,
                });
            }
        }
        Ok(found)
    }
}

/// Unités légales by SIREN, each with its siège and some of its établissements.
#[derive(Debug, Clone)]
pub(crate) struct OfSirens {
    pub(crate) sirens: Vec<Siren>,
    /// Établissements of each, at most.
    pub(crate) etablissements: u16,
}

impl Many for OfSirens {
    fn identifiers(&self) -> Vec<Identifier> {
        self.sirens.iter().copied().map(Identifier::Siren).collect()
    }
}

/// What hangs on a SIREN.
pub(crate) struct SirenFound {
    /// Absent of a SIREN that only établissements have.
    pub(crate) unite_legale: Option<Record>,
    pub(crate) siege: Option<Record>,
    /// In the order of SIRET.
    pub(crate) etablissements: Vec<Record>,
}

impl Question for OfSirens {
    /// In the order of the SIREN asked, without those that are in no table.
    type Answer = Vec<SirenFound>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let page = Page {
            limite: self.etablissements,
            apres: None,
            etat: None,
        };
        let mut found = Vec::with_capacity(self.sirens.len());
        for siren in &self.sirens {
            let unite_legale = rows.unite_legale(*siren)?;
            let etablissements = rows.etablissements(*siren, &page, page.limite.into())?;
            if unite_legale.is_some() || !etablissements.is_empty() {
                found.push(SirenFound {
                    siege: rows.siege(*siren, unite_legale.as_ref())?,
                    unite_legale,
                    etablissements,
                });
            }
        }
        Ok(found)
    }
}

/// Associations by RNA number.
#[derive(Debug, Clone)]
pub(crate) struct OfAssociations(pub(crate) Vec<RnaId>);

impl Many for OfAssociations {
    fn identifiers(&self) -> Vec<Identifier> {
        self.0.iter().cloned().map(Identifier::Rna).collect()
    }
}

impl Question for OfAssociations {
    /// In the order of the numbers asked, without those that are in no table.
    type Answer = Vec<Record>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let mut found = Vec::with_capacity(self.0.len());
        for id in &self.0 {
            found.extend(rows.association(id.as_str())?);
        }
        Ok(found)
    }
}
