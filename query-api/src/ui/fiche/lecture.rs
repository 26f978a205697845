//! What a page reads, in one question: the dossier its verdict is made from, then the rows it shows.

use registre_schemas::identifiers::{Identifier, Siren, Siret};

use crate::dossier::Dossier;
use crate::lookup::{
    AssociationFound, DossierOf, EtablissementFound, EtablissementsFound, EtablissementsOf,
    NextEtablissements, OfRna, OfSiren, OfSiret, Page, PeriodesOfSiren, PeriodesOfSiret, Question,
    SuccessionsFound, SuccessionsOf, UniteLegaleFound,
};
use crate::record::Record;
use crate::rows::Rows;

/// Établissements on one page of the list.
const PER_PAGE: u16 = 25;

/// Établissements on the map, at most: some hundred rows are read within milliseconds, and more dots
/// would hide one another.
const ON_MAP: u16 = 500;

/// All that the page of an identifier shows.
#[derive(Debug, Clone)]
pub(super) struct PageOf {
    pub(super) identifier: Identifier,
    /// Établissements listed are those after that SIRET.
    pub(super) apres: Option<Siret>,
}

/// What was read.
pub(super) struct Lue {
    pub(super) dossier: Dossier,
    /// None when no row has that number.
    pub(super) sujet: Option<Sujet>,
}

/// Whose page it is.
pub(super) enum Sujet {
    Unite(Box<Unite>),
    Etablissement(Box<Etablissement>),
    Association(Box<AssociationFound>),
}

/// A unité légale.
pub(super) struct Unite {
    pub(super) found: UniteLegaleFound,
    pub(super) periodes: Vec<Record>,
    pub(super) liste: EtablissementsFound,
    /// Of the siège.
    pub(super) successions: Option<SuccessionsFound>,
    /// Établissements of the map; none on the later pages of the list.
    pub(super) carte: Vec<Record>,
}

/// An établissement.
pub(super) struct Etablissement {
    pub(super) found: EtablissementFound,
    pub(super) periodes: Vec<Record>,
    pub(super) successions: Option<SuccessionsFound>,
}

impl Question for PageOf {
    type Answer = Lue;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Lue, R::Error> {
        let sujet = match &self.identifier {
            Identifier::Siret(siret) => etablissement(rows, *siret)?,
            Identifier::Siren(siren) => unite(rows, *siren, self.apres)?,
            Identifier::Tva(tva) => unite(rows, tva.siren(), self.apres)?,
            Identifier::Rna(id) => OfRna(id.clone())
                .answer(rows)?
                .map(|found| Sujet::Association(Box::new(found))),
        };
        Ok(Lue {
            dossier: DossierOf(self.identifier.clone()).answer(rows)?,
            sujet,
        })
    }
}

fn etablissement<R: Rows>(rows: &R, siret: Siret) -> Result<Option<Sujet>, R::Error> {
    let Some(found) = OfSiret(siret).answer(rows)? else {
        return Ok(None);
    };
    Ok(Some(Sujet::Etablissement(Box::new(Etablissement {
        found,
        periodes: PeriodesOfSiret(siret).answer(rows)?.unwrap_or_default(),
        successions: SuccessionsOf(siret).answer(rows)?,
    }))))
}

fn unite<R: Rows>(rows: &R, siren: Siren, apres: Option<Siret>) -> Result<Option<Sujet>, R::Error> {
    let Some(found) = OfSiren(siren).answer(rows)? else {
        return Ok(None);
    };
    let page = Page {
        limite: PER_PAGE,
        apres,
        etat: None,
    };
    let liste = EtablissementsOf(siren, page)
        .answer(rows)?
        .unwrap_or(EtablissementsFound {
            total: 0,
            etablissements: Vec::new(),
            more: false,
        });
    let siege = found.siege.as_ref().and_then(|row| row.text("siret"));
    let successions = match siege.and_then(|siret| siret.parse().ok()) {
        Some(siret) => SuccessionsOf(siret).answer(rows)?,
        None => None,
    };
    let carte = if apres.is_some() {
        Vec::new()
    } else {
        on_map(rows, siren, found.siege.as_ref())?
    };
    Ok(Some(Sujet::Unite(Box::new(Unite {
        periodes: PeriodesOfSiren(siren).answer(rows)?.unwrap_or_default(),
        found,
        liste,
        successions,
        carte,
    }))))
}

/// The first établissements in the order of SIRET, open or not: to look for open ones might read all
/// those of a unit that has closed thousands. The siège is always among them.
fn on_map<R: Rows>(
    rows: &R,
    siren: Siren,
    siege: Option<&Record>,
) -> Result<Vec<Record>, R::Error> {
    let first = Page {
        limite: ON_MAP,
        apres: None,
        etat: None,
    };
    let mut places = NextEtablissements(siren, first).answer(rows)?;
    let siret = siege.and_then(|siege| siege.text("siret"));
    if let Some(siege) = siege
        && places.iter().all(|place| place.text("siret") != siret)
    {
        places.push(siege.clone());
    }
    Ok(places)
}
