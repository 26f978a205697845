//! The rows of a page of results, read by key: some établissements of each unit, never all.

use chrono::NaiveDate;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Identifier, Siren, Siret};
use registre_schemas::periode::UNITE_LEGALE_PERIODE;
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::collections::BTreeSet;

use crate::dossier::{is_ceased, is_closed};
use crate::lookup::{Count, Many, Page, Question};
use crate::record::{Record, at};
use crate::rows::Rows;

/// Établissements on a page of `etablissements`.
pub(super) const PAR_PAGE: u16 = 100;

/// What is read of one result.
#[derive(Debug, Clone)]
pub(super) struct Demande {
    pub(super) siren: Siren,
    /// Its établissements that matched.
    pub(super) sirets: Vec<Siret>,
    /// The page of all its établissements that is listed, from 1.
    pub(super) liste: Option<usize>,
}

/// The units of a page, in their order.
#[derive(Debug, Clone)]
pub(super) struct OfResultats(pub(super) Vec<Demande>);

/// An établissement.
pub(crate) struct Lieu {
    pub(super) ligne: Record,
    /// Since when, if it is closed.
    pub(super) fermeture: Option<NaiveDate>,
    /// Rows of `lien_succession` whose successor it is: of a list only.
    pub(super) predecesseurs: Vec<Record>,
    /// Rows of `lien_succession` whose predecessor it is: of a list only.
    pub(super) successeurs: Vec<Record>,
}

/// A result.
pub(crate) struct Resultat {
    pub(super) unite: Record,
    pub(super) siege: Option<Lieu>,
    pub(super) count: Count,
    /// Since when, if it is ceased.
    pub(super) fermeture: Option<NaiveDate>,
    /// NIC of all that was ever its siège.
    pub(super) sieges: BTreeSet<String>,
    /// Those that matched.
    pub(super) cites: Vec<Lieu>,
    /// A page of all of them.
    pub(super) liste: Vec<Lieu>,
}

impl Many for OfResultats {
    fn identifiers(&self) -> Vec<Identifier> {
        let units = self.0.iter().map(|asked| Identifier::Siren(asked.siren));
        let places = self.0.iter().flat_map(|asked| &asked.sirets);
        units
            .chain(places.copied().map(Identifier::Siret))
            .collect()
    }
}

impl Question for OfResultats {
    /// As many as were asked: `None` for what is in no table.
    type Answer = Vec<Option<Resultat>>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        self.0.iter().map(|asked| read(rows, asked)).collect()
    }
}

fn read<R: Rows>(rows: &R, asked: &Demande) -> Result<Option<Resultat>, R::Error> {
    let siren = asked.siren;
    let Some(unite) = rows.unite_legale(siren)? else {
        return Ok(None);
    };
    let siege = match rows.siege(siren, Some(&unite))? {
        Some(ligne) => Some(place(rows, ligne)?),
        None => None,
    };
    let mut cites = Vec::with_capacity(asked.sirets.len());
    for siret in &asked.sirets {
        if let Some(ligne) = rows.etablissement(*siret)? {
            cites.push(place(rows, ligne)?);
        }
    }
    let liste = match asked.liste {
        Some(page) => listed(rows, siren, page)?,
        None => Vec::new(),
    };
    let fermeture = if is_ceased(&unite) {
        let start = unite.date_at(at!(UNITE_LEGALE, "dateDebut"));
        rows.ceased_since(siren)?.or(start)
    } else {
        None
    };
    let sieges = if cites.is_empty() && liste.is_empty() {
        BTreeSet::new()
    } else {
        let periods = rows.periods_of_unit(siren)?;
        let nics = periods
            .iter()
            .filter_map(|row| row.text_at(at!(UNITE_LEGALE_PERIODE, "nicSiegeUniteLegale")));
        nics.map(str::to_owned).collect()
    };
    Ok(Some(Resultat {
        siege,
        count: rows.count(siren)?,
        fermeture,
        sieges,
        cites,
        liste,
        unite,
    }))
}

fn siret_of(row: &Record) -> Option<Siret> {
    row.text_at(at!(ETABLISSEMENT, "siret"))?.parse().ok()
}

fn place<R: Rows>(rows: &R, ligne: Record) -> Result<Lieu, R::Error> {
    let closed = siret_of(&ligne).filter(|_| is_closed(&ligne));
    let fermeture = match closed {
        Some(siret) => {
            let start = ligne.date_at(at!(ETABLISSEMENT, "dateDebut"));
            rows.closed_since(siret)?.or(start)
        }
        None => None,
    };
    Ok(Lieu {
        ligne,
        fermeture,
        predecesseurs: Vec::new(),
        successeurs: Vec::new(),
    })
}

/// A page of the établissements of a unit, by SIRET: those before it are read and left, a page at a time.
fn listed<R: Rows>(rows: &R, siren: Siren, page: usize) -> Result<Vec<Lieu>, R::Error> {
    let mut apres = None;
    let mut found = Vec::new();
    for _ in 0..page {
        let next = Page {
            limite: PAR_PAGE,
            apres,
            etat: None,
        };
        found = rows.etablissements(siren, &next, PAR_PAGE.into())?;
        apres = found.last().and_then(siret_of);
        if apres.is_none() {
            break;
        }
    }
    let mut places = Vec::with_capacity(found.len());
    for ligne in found {
        let siret = siret_of(&ligne);
        let mut place = place(rows, ligne)?;
        if let Some(siret) = siret {
            place.predecesseurs = rows.predecessors(siret)?;
            place.successeurs = rows.successors(siret)?;
        }
        places.push(place);
    }
    Ok(places)
}
