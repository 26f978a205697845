//! Gathering what is known of an organisation: which rows, in which order, whoever holds them.
//!
//! [`gather`] asks [`Rows`] and nothing else, so that the same dossier comes out of the fiches, of DuckDB
//! or of a batch read ahead.
//! What is said of a dossier is in `organisation`.

mod succession;

use chrono::NaiveDate;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::StatutDiffusion;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Identifier, RnaId, Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::unite_legale::UNITE_LEGALE;

use crate::lookup::Count;
use crate::record::{Record, at};
use crate::rows::Rows;

pub(crate) use succession::{Chaine, Maillon};

/// Doublons of doublons that are followed.
const DOUBLONS: usize = 8;

/// An association and the link that leads to it.
#[derive(Debug)]
pub(crate) struct Linked {
    /// Row of `lien_siren_rna`: none for an association asked by its number that no unit has.
    pub(crate) lien: Option<Record>,
    /// Row of `association`.
    pub(crate) association: Record,
}

/// All that is known of an organisation. Empty when nothing is.
#[derive(Debug, Default)]
pub(crate) struct Dossier {
    pub(crate) unite_legale: Option<Record>,
    /// The établissement asked by its SIRET.
    pub(crate) etablissement: Option<Record>,
    /// The siège, unless it is the établissement asked: see [`Dossier::siege`].
    pub(crate) autre_siege: Option<Record>,
    /// Of the unit.
    pub(crate) count: Option<Count>,
    /// By rank.
    pub(crate) associations: Vec<Linked>,
    /// Which of them was asked by its number.
    pub(crate) asked: Option<usize>,
    /// Rows of the list of associations reconnues d'utilité publique, of any of them.
    pub(crate) utilite_publique: Vec<Record>,
    /// Rows of the SIREN that the unit replaces.
    pub(crate) doublons: Vec<Record>,
    /// The SIREN asked is a doublon of this one: the rest of the dossier is that of this one.
    pub(crate) doublon_de: Option<Siren>,
    /// The association asked was taken up under this number: the rest is that of this one.
    pub(crate) repris_sous: Option<RnaId>,
    /// Since when the établissement asked is closed.
    pub(crate) closed_since: Option<NaiveDate>,
    /// Since when the unit is ceased.
    pub(crate) ceased_since: Option<NaiveDate>,
    /// What took over from the établissement asked, or from the siège of a ceased unit.
    pub(crate) successions: Option<Chaine>,
}

impl Dossier {
    /// The siège of the unit.
    pub(crate) fn siege(&self) -> Option<&Record> {
        let asked = self.etablissement.as_ref().filter(|row| is_siege(row));
        self.autre_siege.as_ref().or(asked)
    }

    /// The établissement an answer shows: the one asked, else the siège.
    pub(crate) fn shown(&self) -> Option<&Record> {
        self.etablissement.as_ref().or(self.autre_siege.as_ref())
    }

    /// The association asked by its number.
    pub(crate) fn asked_association(&self) -> Option<&Record> {
        let linked = self.associations.get(self.asked?)?;
        Some(&linked.association)
    }
}

/// Whether an établissement is closed.
pub(crate) fn is_closed(etablissement: &Record) -> bool {
    etablissement.text_at(at!(ETABLISSEMENT, "etatAdministratifEtablissement")) == Some("F")
}

/// Whether a unit is ceased.
pub(crate) fn is_ceased(unite: &Record) -> bool {
    unite.text_at(at!(UNITE_LEGALE, "etatAdministratifUniteLegale")) == Some("C")
}

/// Whether a unit may not be shown whole. A statut that is missing counts as hidden.
pub(crate) fn is_hidden_unit(unite: &Record) -> bool {
    is_hidden(unite.text_at(at!(UNITE_LEGALE, "statutDiffusionUniteLegale")))
}

/// Whether an établissement may not be shown whole.
pub(crate) fn is_hidden_etablissement(etablissement: &Record) -> bool {
    is_hidden(etablissement.text_at(at!(ETABLISSEMENT, "statutDiffusionEtablissement")))
}

fn is_hidden(statut: Option<&str>) -> bool {
    StatutDiffusion::from_code(statut.unwrap_or_default()) != StatutDiffusion::Diffusible
}

fn is_siege(etablissement: &Record) -> bool {
    etablissement.flag_at(at!(ETABLISSEMENT, "etablissementSiege")) == Some(true)
}

/// Which rows of a dossier are wanted, beside the unit and the établissement that is shown: each costs
/// some microseconds, and of a million rows nobody may want it.
#[expect(clippy::struct_excessive_bools, reason = "each is a part of a dossier")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Besoins {
    /// The siège of the unit, of an établissement asked by its SIRET.
    pub(crate) siege: bool,
    /// How many établissements.
    pub(crate) comptes: bool,
    /// The SIREN that the unit replaces.
    pub(crate) doublons: bool,
    /// The associations of the unit.
    pub(crate) associations: bool,
    /// Their rows in the list of those reconnues d'utilité publique.
    pub(crate) utilite_publique: bool,
    /// Since when what is closed is closed.
    pub(crate) fermeture: bool,
    /// What took over from what is closed.
    pub(crate) succession: bool,
}

impl Besoins {
    /// All of it.
    pub(crate) const TOUT: Self = Self {
        siege: true,
        comptes: true,
        doublons: true,
        associations: true,
        utilite_publique: true,
        fermeture: true,
        succession: true,
    };

    /// What either wants.
    pub(crate) fn et(self, other: Self) -> Self {
        Self {
            siege: self.siege || other.siege,
            comptes: self.comptes || other.comptes,
            doublons: self.doublons || other.doublons,
            associations: self.associations || other.associations,
            utilite_publique: self.utilite_publique || other.utilite_publique,
            fermeture: self.fermeture || other.fermeture,
            succession: self.succession || other.succession,
        }
    }
}

/// The dossier of an identifier.
pub(crate) fn gather<R: Rows>(rows: &R, identifier: &Identifier) -> Result<Dossier, R::Error> {
    gather_for(rows, identifier, Besoins::TOUT)
}

/// The same, with the rows that are wanted only: the verdict and what is shown do not depend on them.
pub(crate) fn gather_for<R: Rows>(
    rows: &R,
    identifier: &Identifier,
    besoins: Besoins,
) -> Result<Dossier, R::Error> {
    match identifier {
        Identifier::Siret(siret) => of_unit(rows, siret.siren(), Some(*siret), besoins),
        Identifier::Siren(siren) => of_unit(rows, *siren, None, besoins),
        Identifier::Tva(tva) => of_unit(rows, tva.siren(), None, besoins),
        Identifier::Rna(id) => of_association(rows, id, besoins),
    }
}

/// A doublon first: what is asked of it is asked of the unit that replaces it.
fn of_unit<R: Rows>(
    rows: &R,
    siren: Siren,
    siret: Option<Siret>,
    besoins: Besoins,
) -> Result<Dossier, R::Error> {
    if let Some(reference) = reference(rows, siren)? {
        let mut dossier = unit(rows, reference, None, besoins)?;
        dossier.doublon_de = Some(reference);
        return Ok(dossier);
    }
    unit(rows, siren, siret, besoins)
}

/// The end of the chain of doublons that starts at that SIREN, if it is one.
fn reference<R: Rows>(rows: &R, siren: Siren) -> Result<Option<Siren>, R::Error> {
    let mut seen = vec![siren];
    while seen.len() <= DOUBLONS {
        let last = seen[seen.len() - 1];
        match rows.reference_of(last)? {
            Some(next) if !seen.contains(&next) => seen.push(next),
            _ => break,
        }
    }
    Ok(seen.pop().filter(|last| *last != siren))
}

fn unit<R: Rows>(
    rows: &R,
    siren: Siren,
    siret: Option<Siret>,
    besoins: Besoins,
) -> Result<Dossier, R::Error> {
    let etablissement = match siret {
        Some(siret) => rows.etablissement(siret)?,
        None => None,
    };
    let unite_legale = rows.unite_legale(siren)?;
    if etablissement.is_none() && unite_legale.is_none() {
        return Ok(Dossier::default());
    }
    let found = etablissement.as_ref();
    let autre_siege = if found.is_some_and(is_siege) || (found.is_some() && !besoins.siege) {
        None
    } else {
        rows.siege(siren, unite_legale.as_ref())?
    };
    let diffusible = |unite: &&Record| besoins.associations && !is_hidden_unit(unite);
    let associations = match unite_legale.as_ref().filter(diffusible) {
        Some(_diffusible) => linked(rows, rows.links_of_unit(siren)?)?,
        None => Vec::new(),
    };
    let mut dossier = Dossier {
        count: if besoins.comptes {
            Some(rows.count(siren)?)
        } else {
            None
        },
        doublons: if besoins.doublons {
            rows.doublons_of(siren)?
        } else {
            Vec::new()
        },
        utilite_publique: if besoins.utilite_publique {
            utilite_publique(rows, &associations)?
        } else {
            Vec::new()
        },
        unite_legale,
        etablissement,
        autre_siege,
        associations,
        ..Dossier::default()
    };
    close(rows, &mut dossier, siren, siret, besoins)?;
    Ok(dossier)
}

/// Since when what is closed is closed, and what took over.
fn close<R: Rows>(
    rows: &R,
    dossier: &mut Dossier,
    siren: Siren,
    siret: Option<Siret>,
    besoins: Besoins,
) -> Result<(), R::Error> {
    if let Some(unite) = dossier
        .unite_legale
        .as_ref()
        .filter(|unite| besoins.fermeture && is_ceased(unite))
    {
        let start = unite.date_at(at!(UNITE_LEGALE, "dateDebut"));
        dossier.ceased_since = rows.ceased_since(siren)?.or(start);
    }
    let asked = dossier.etablissement.as_ref();
    if let Some(closed) = asked.filter(|row| is_closed(row))
        && let Some(siret) = siret
    {
        if besoins.fermeture {
            let start = closed.date_at(at!(ETABLISSEMENT, "dateDebut"));
            dossier.closed_since = rows.closed_since(siret)?.or(start);
        }
        if besoins.succession {
            dossier.successions = Some(succession::follow(rows, siret)?);
        }
    } else if siret.is_none()
        && besoins.succession
        && dossier.unite_legale.as_ref().is_some_and(is_ceased)
        && let Some(siege) = dossier.siege()
        && let Some(siret) = siege.text_at(at!(ETABLISSEMENT, "siret"))
        && let Ok(siret) = siret.parse()
    {
        dossier.successions = Some(succession::follow(rows, siret)?);
    }
    Ok(())
}

/// The associations that links lead to, those that the RNA has.
fn linked<R: Rows>(rows: &R, links: Vec<Record>) -> Result<Vec<Linked>, R::Error> {
    let mut associations = Vec::with_capacity(links.len());
    for lien in links {
        let Some(id) = lien.text_at(at!(LIEN_SIREN_RNA, "id")) else {
            continue;
        };
        if let Some(association) = rows.association(id)? {
            associations.push(Linked {
                lien: Some(lien),
                association,
            });
        }
    }
    Ok(associations)
}

fn utilite_publique<R: Rows>(rows: &R, associations: &[Linked]) -> Result<Vec<Record>, R::Error> {
    let mut found = Vec::new();
    for linked in associations {
        if let Some(id) = linked.association.text_at(at!(ASSOCIATION, "id")) {
            found.extend(rows.utilite_publique(id)?);
        }
    }
    Ok(found)
}

/// The association, with the first unit of its links that may be shown beside it.
fn of_association<R: Rows>(rows: &R, id: &RnaId, besoins: Besoins) -> Result<Dossier, R::Error> {
    let Some(association) = rows.association(id.as_str())? else {
        return Ok(Dossier::default());
    };
    if let Some(new) = taken_up(&association).filter(|new| new != id)
        && let Some(current) = rows.association(new.as_str())?
    {
        let mut dossier = around_association(rows, &new, current, besoins)?;
        dossier.repris_sous = Some(new);
        return Ok(dossier);
    }
    around_association(rows, id, association, besoins)
}

/// The number under which an association of the older file was taken up: its position says that it
/// was, its observation under which.
fn taken_up(association: &Record) -> Option<RnaId> {
    if association.text_at(at!(ASSOCIATION, "position")) != Some("R") {
        return None;
    }
    association
        .text_at(at!(ASSOCIATION, "observation"))?
        .parse()
        .ok()
}

fn around_association<R: Rows>(
    rows: &R,
    id: &RnaId,
    association: Record,
    besoins: Besoins,
) -> Result<Dossier, R::Error> {
    let mut own_link = None;
    let mut dossier = Dossier::default();
    for lien in rows.links_of_association(id.as_str())? {
        let siren = lien.text_at(at!(LIEN_SIREN_RNA, "siren"));
        let Some(siren) = siren.and_then(|siren| siren.parse().ok()) else {
            continue;
        };
        let found = of_unit(rows, siren, None, besoins)?;
        if found
            .unite_legale
            .as_ref()
            .is_some_and(|unite| !is_hidden_unit(unite))
        {
            // What was asked is the association: its unit is told as it is.
            dossier = Dossier {
                doublon_de: None,
                ..found
            };
            own_link = Some(lien);
            break;
        }
    }
    let same =
        |linked: &Linked| linked.association.text_at(at!(ASSOCIATION, "id")) == Some(id.as_str());
    let place = dossier.associations.iter().position(same);
    dossier.asked = Some(place.unwrap_or(0));
    if place.is_none() {
        if besoins.utilite_publique {
            dossier
                .utilite_publique
                .extend(rows.utilite_publique(id.as_str())?);
        }
        let asked = Linked {
            lien: own_link,
            association,
        };
        dossier.associations.insert(0, asked);
    }
    Ok(dossier)
}
