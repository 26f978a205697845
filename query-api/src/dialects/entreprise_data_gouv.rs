//! `entreprise.data.gouv.fr`, shut down by Etalab: SIRENE v3 and v1 (`etalab/sirene_as_api`) and RNA
//! v1 (`etalab/rna_as_api`), field for field and type for type, so that what was written for it
//! works again by changing its base URL.
//!
//! What differs, on purpose:
//! - The statut de diffusion `P` was not of that time. Whatever is not `O` is answered as `N` was:
//!   numbers, statut, dates of treatment and links, every other column null; and a filter on a
//!   column that is hidden finds nobody hidden.
//! - Of words that half the country has, SIRENE v1 gives the établissements of the best two thousand
//!   units, and counts those.
//! - A page after the last one is a 404 like any empty answer, where the service failed (500).
//! - `id` and `unite_legale_id` were row numbers of its database: here the number of the SIRET, of the
//!   SIREN, and the RNA number read in base 36, which stay the same from one snapshot to the next.
//! - The Base Adresse Nationale gave the `geo_*` columns: here the position is INSEE's, the address is
//!   the register's own, and what only the geocoder knew is null.
//!
//! Every value is a text or null, counts and booleans too.

pub(crate) mod champs;
mod erreur;
pub(crate) mod params;
pub(crate) mod rna;
mod texte;
pub(crate) mod v1;
pub(crate) mod v3;

pub(crate) use erreur::failure;

/// Where it answers. SIRENE v3 also answered without the prefix; v1 there would be our own routes.
const PREFIXES: [&str; 3] = ["/api/sirene/", "/api/rna/", "/v3/"];

/// Whether a path is one of this service.
pub(crate) fn answers_at(path: &str) -> bool {
    PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}
