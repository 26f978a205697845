//! What took over from a closed établissement, one hop at a time. Links may form cycles (SIREN
//! 381194299): no établissement is passed through twice.

use registre_schemas::etablissement::LIEN_SUCCESSION;
use registre_schemas::identifiers::Siret;
use std::cmp::Reverse;

use super::is_closed;
use crate::record::{Record, at};
use crate::rows::Rows;

/// Hops that are followed: the longest real chains seen have fewer.
const HOPS: usize = 20;

/// From a closed établissement to the one that carries on today, if any.
#[derive(Debug, Default)]
pub(crate) struct Chaine {
    pub(crate) maillons: Vec<Maillon>,
    /// Followed to its end: an open établissement, or a closed one that nothing took over from.
    pub(crate) complete: bool,
    /// Stopped because what comes next was already met.
    pub(crate) cycle: bool,
}

/// One hop.
#[derive(Debug)]
pub(crate) struct Maillon {
    pub(crate) siret: Siret,
    /// Row of `lien_succession`.
    pub(crate) lien: Record,
    /// The successor, when the register still has it.
    pub(crate) etablissement: Option<Record>,
    /// Its unit.
    pub(crate) unite_legale: Option<Record>,
    /// Others that took over from the same établissement, and are not followed.
    pub(crate) autres: Vec<Siret>,
}

impl Chaine {
    /// The open établissement it ends at.
    pub(crate) fn open_end(&self) -> Option<&Maillon> {
        self.maillons.last().filter(|last| {
            last.etablissement
                .as_ref()
                .is_some_and(|row| !is_closed(row))
        })
    }
}

/// The chain from an établissement. Where several took over, the most recent link is followed, and
/// among those of the same day one that says that the activity goes on.
pub(super) fn follow<R: Rows>(rows: &R, from: Siret) -> Result<Chaine, R::Error> {
    let mut chain = Chaine::default();
    let mut seen = vec![from];
    while chain.maillons.len() < HOPS {
        let links = sorted(rows.successors(seen[seen.len() - 1])?);
        if links.is_empty() {
            chain.complete = true;
            return Ok(chain);
        }
        let Some(place) = links.iter().position(|(siret, _)| !seen.contains(siret)) else {
            chain.cycle = true;
            return Ok(chain);
        };
        let mut autres: Vec<Siret> = links.iter().map(|(siret, _)| *siret).collect();
        let siret = autres[place];
        autres.retain(|other| *other != siret && !seen.contains(other));
        autres.dedup();
        let Some((_, lien)) = links.into_iter().nth(place) else {
            return Ok(chain);
        };
        let etablissement = rows.etablissement(siret)?;
        let goes_on = etablissement.as_ref().is_some_and(is_closed);
        chain.maillons.push(Maillon {
            siret,
            lien,
            unite_legale: rows.unite_legale(siret.siren())?,
            etablissement,
            autres,
        });
        if !goes_on {
            chain.complete = true;
            return Ok(chain);
        }
        seen.push(siret);
    }
    Ok(chain)
}

/// The successors of rows of `lien_succession`, those to follow first.
fn sorted(links: Vec<Record>) -> Vec<(Siret, Record)> {
    let successor = |row: Record| {
        let siret = row.text_at(at!(LIEN_SUCCESSION, "siretEtablissementSuccesseur"))?;
        Some((siret.parse().ok()?, row))
    };
    let mut links: Vec<(Siret, Record)> = links.into_iter().filter_map(successor).collect();
    links.sort_by_key(|(siret, row)| {
        (
            Reverse(row.date_at(at!(LIEN_SUCCESSION, "dateLienSuccession"))),
            Reverse(row.flag_at(at!(LIEN_SUCCESSION, "continuiteEconomique"))),
            *siret,
        )
    });
    links
}

#[cfg(test)]
mod tests;
