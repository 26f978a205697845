//! SIRENE v3: établissements and unités légales, by number or by any of their columns.

mod colonnes;
mod reponse;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use registre_schemas::Table;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Identifier, Siren, Siret};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;
use std::str::FromStr;
use std::sync::Arc;

use super::champs::{Filtre, conditions};
use super::erreur::Refus;
use super::params::{Feuille, Params, Segment};
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::handlers::json;
use crate::lookup::{OfSirens, OfSirets};
use crate::record::at;
use crate::selection::Selection;
use reponse::{EtablissementVu, Meta, UniteVue};

pub(crate) use colonnes::{ETABLISSEMENTS, UNITES_LEGALES};
pub(super) use reponse::moment;

/// Results on a page, unless told.
pub(crate) const PER_PAGE: u16 = 20;

/// Établissements of an unité légale that are answered: the largest has 17 000 or so.
const TOUS: u16 = u16::MAX;

/// Établissements of each unité légale of a list: a hundred La Poste would be an answer of gigabytes.
pub(crate) const PAR_UNITE: u16 = 100;

/// The routes, below their prefix. Rails also answered with `.json` at the end.
pub(crate) fn routes() -> Router<Arc<Catalog>> {
    Router::new()
        .route("/etablissements", get(etablissements))
        .route("/etablissements.json", get(etablissements))
        .route("/etablissements/{siret}", get(etablissement))
        .route("/unites_legales", get(unites_legales))
        .route("/unites_legales.json", get(unites_legales))
        .route("/unites_legales/{siren}", get(unite_legale))
}

/// `GET etablissements/{siret}`
async fn etablissement(
    Segment(text): Segment,
    params: Params,
    InService(snapshot): InService,
) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        etablissement: EtablissementVu<'row>,
    }
    let siret: Siret = number(&text)?;
    let moment = moment(&snapshot);
    let found = snapshot.ask(OfSirets(vec![siret])).await?;
    let found = found.first().ok_or(Refus::AucunResultat)?;
    let etablissement = EtablissementVu::of(found, &moment);
    if !etablissement.passes(&params.filters(&ETABLISSEMENTS)) {
        return Err(Refus::AucunResultat);
    }
    Ok(json(StatusCode::OK, &Reponse { etablissement })?)
}

/// `GET unites_legales/{siren}`
async fn unite_legale(
    Segment(text): Segment,
    params: Params,
    InService(snapshot): InService,
) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        unite_legale: UniteVue<'row>,
    }
    let siren: Siren = number(&text)?;
    let filters = params.filters(&UNITES_LEGALES);
    let question = OfSirens {
        sirens: vec![siren],
        etablissements: TOUS,
    };
    let found = snapshot.ask_much(question).await?;
    aside(move || {
        let moment = moment(&snapshot);
        let vue = found.first().and_then(|found| UniteVue::of(found, &moment));
        let unite_legale = vue
            .filter(|vue| vue.passes(&filters))
            .ok_or(Refus::AucunResultat)?;
        Ok(json(StatusCode::OK, &Reponse { unite_legale })?)
    })
    .await
}

/// `GET etablissements`: every column is a filter. A number among them is a lookup.
async fn etablissements(params: Params, InService(snapshot): InService) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        etablissements: Vec<EtablissementVu<'row>>,
        meta: Meta,
    }
    let feuille = params.feuille(PER_PAGE);
    let filters = params.filters(&ETABLISSEMENTS);
    if let Some(text) = key(&filters, "siret", "id", 14) {
        let sirets = vec![number(&text)?];
        let found = snapshot.ask(OfSirets(sirets)).await?;
        return aside(move || {
            let moment = moment(&snapshot);
            let all = found
                .iter()
                .map(|found| EtablissementVu::of(found, &moment));
            let (etablissements, meta) = of_all(all.filter(|vu| vu.passes(&filters)), feuille)?;
            Ok(json(
                StatusCode::OK,
                &Reponse {
                    etablissements,
                    meta,
                },
            )?)
        })
        .await;
    }
    if let Some(text) = key(&filters, "siren", "unite_legale_id", 9) {
        let question = OfSirens {
            sirens: vec![number(&text)?],
            etablissements: TOUS,
        };
        let found = snapshot.ask_much(question).await?;
        return aside(move || {
            let moment = moment(&snapshot);
            let of_unit = found
                .first()
                .map(|found| EtablissementVu::all_of(found, &moment));
            let all = of_unit.into_iter().flatten();
            let (etablissements, meta) = of_all(all.filter(|vu| vu.passes(&filters)), feuille)?;
            Ok(json(
                StatusCode::OK,
                &Reponse {
                    etablissements,
                    meta,
                },
            )?)
        })
        .await;
    }
    let statut = at!(ETABLISSEMENT, "statutDiffusionEtablissement");
    let (total, keys) = select(&snapshot, &ETABLISSEMENT, statut, &filters, feuille).await?;
    let sirets: Vec<Siret> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    let identifiers = sirets
        .iter()
        .map(|siret| Identifier::Siret(*siret))
        .collect();
    let found = snapshot.ask_among(identifiers, OfSirets(sirets)).await?;
    aside(move || {
        let moment = moment(&snapshot);
        let all = found
            .iter()
            .map(|found| EtablissementVu::of(found, &moment));
        // One that is diffusible, of a unit that is not, is hidden too.
        let etablissements: Vec<_> = all.filter(|vu| vu.passes(&filters)).collect();
        let meta = Meta::of(feuille, total, etablissements.len());
        Ok(json(
            StatusCode::OK,
            &Reponse {
                etablissements,
                meta,
            },
        )?)
    })
    .await
}

/// `GET unites_legales`: every column is a filter.
async fn unites_legales(params: Params, InService(snapshot): InService) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        unites_legales: Vec<UniteVue<'row>>,
        meta: Meta,
    }
    let feuille = params.feuille(PER_PAGE);
    let filters = params.filters(&UNITES_LEGALES);
    let (total, sirens) = if let Some(text) = key(&filters, "siren", "id", 9) {
        (None, vec![number(&text)?])
    } else {
        let statut = at!(UNITE_LEGALE, "statutDiffusionUniteLegale");
        let (total, keys) = select(&snapshot, &UNITE_LEGALE, statut, &filters, feuille).await?;
        let sirens = keys.iter().filter_map(|key| key.parse().ok());
        (Some(total), sirens.collect::<Vec<Siren>>())
    };
    let identifiers = sirens
        .iter()
        .map(|siren| Identifier::Siren(*siren))
        .collect();
    let question = OfSirens {
        sirens,
        etablissements: PAR_UNITE,
    };
    let found = snapshot.ask_among(identifiers, question).await?;
    aside(move || {
        let moment = moment(&snapshot);
        let all = found
            .iter()
            .filter_map(|found| UniteVue::of(found, &moment));
        let all = all.filter(|vue| vue.passes(&filters));
        let (unites_legales, meta) = match total {
            None => of_all(all, feuille)?,
            Some(total) => {
                let page: Vec<_> = all.collect();
                let meta = Meta::of(feuille, total, page.len());
                (page, meta)
            }
        };
        Ok(json(
            StatusCode::OK,
            &Reponse {
                unites_legales,
                meta,
            },
        )?)
    })
    .await
}

/// A number; the service refused none, and found nothing for those that are not one.
fn number<T: FromStr>(text: &str) -> Result<T, Refus> {
    text.parse().or(Err(Refus::AucunResultat))
}

/// The number that a filter gives, by its own column or by the one that is made from it.
fn key(filters: &[Filtre], name: &str, id: &str, width: usize) -> Option<String> {
    let value = |name| filters.iter().find(|filter| filter.champ.nom == name);
    if let Some(filter) = value(name) {
        return Some(filter.valeur.clone());
    }
    let number: u64 = value(id)?.valeur.parse().ok()?;
    Some(format!("{number:0width$}"))
}

/// A page of the keys of a table; an empty one is answered like anything that is not there.
async fn select(
    snapshot: &Snapshot,
    table: &'static Table,
    statut: usize,
    filters: &[Filtre],
    feuille: Feuille,
) -> Result<(i64, Vec<String>), Refus> {
    let selection = Selection {
        table,
        conditions: conditions(table, statut, filters, &moment(snapshot)),
        preferred: Vec::new(),
        offset: feuille.offset(),
        limit: feuille.per_page,
    };
    let selected = snapshot.select(selection).await?;
    if selected.keys.is_empty() {
        return Err(Refus::AucunResultat);
    }
    Ok((selected.total, selected.keys))
}

/// A page of all those that match.
fn of_all<T>(all: impl Iterator<Item = T>, feuille: Feuille) -> Result<(Vec<T>, Meta), Refus> {
    let mut all: Vec<T> = all.collect();
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let offset = usize::try_from(feuille.offset()).unwrap_or(usize::MAX);
    all.drain(..offset.min(all.len()));
    all.truncate(feuille.per_page.into());
    if all.is_empty() {
        return Err(Refus::AucunResultat);
    }
    let meta = Meta::of(feuille, total, all.len());
    Ok((all, meta))
}

/// Megabytes to write: not on a thread that others wait for.
async fn aside(
    write: impl FnOnce() -> Result<Response, Refus> + Send + 'static,
) -> Result<Response, Refus> {
    tokio::task::spawn_blocking(write)
        .await
        .map_err(|error| ApiError::Interne(Box::new(error)))?
}
