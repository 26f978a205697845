//! SIRENE v3: établissements and unités légales, by number or by any of their columns.

mod colonnes;
mod reponse;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use registre_schemas::Table;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;
use std::sync::Arc;

use super::champs::{Filtre, conditions};
use super::erreur::Refus;
use super::params::{Feuille, Params, Segment, number};
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::handlers::{aside, json};
use crate::lookup::{OfSirens, OfSirets};
use crate::record::at;
use crate::selection::{Selected, Selection};
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
    segment: Segment,
    params: Params,
    InService(snapshot): InService,
) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        etablissement: EtablissementVu<'row>,
    }
    let siret: Siret = segment.number()?;
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
    segment: Segment,
    params: Params,
    InService(snapshot): InService,
) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        unite_legale: UniteVue<'row>,
    }
    let siren: Siren = segment.number()?;
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
    let feuille = params.feuille(PER_PAGE);
    let filters = params.filters(&ETABLISSEMENTS);
    if let Some(text) = key(&filters, "siret", "id", 14) {
        let found = snapshot.ask(OfSirets(vec![number(&text)?])).await?;
        return aside(move || {
            let moment = moment(&snapshot);
            let all = found
                .iter()
                .map(|found| EtablissementVu::of(found, &moment));
            liste(of_all(all.filter(|vu| vu.passes(&filters)), feuille)?)
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
            liste(of_all(all.filter(|vu| vu.passes(&filters)), feuille)?)
        })
        .await;
    }
    let statut = at!(ETABLISSEMENT, "statutDiffusionEtablissement");
    let selected = select(&snapshot, &ETABLISSEMENT, statut, &filters, feuille).await?;
    let question = OfSirets(selected.identifiers());
    let found = snapshot.ask_among(question).await?;
    aside(move || {
        let moment = moment(&snapshot);
        let all = found
            .iter()
            .map(|found| EtablissementVu::of(found, &moment));
        // One that is diffusible, of a unit that is not, is hidden too.
        let page = all.filter(|vu| vu.passes(&filters)).collect();
        liste(of_page(page, feuille, selected.total))
    })
    .await
}

fn liste((etablissements, meta): Page<EtablissementVu<'_>>) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        etablissements: Vec<EtablissementVu<'row>>,
        meta: Meta,
    }
    let reponse = Reponse {
        etablissements,
        meta,
    };
    Ok(json(StatusCode::OK, &reponse)?)
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
        let selected = select(&snapshot, &UNITE_LEGALE, statut, &filters, feuille).await?;
        (Some(selected.total), selected.identifiers())
    };
    let question = OfSirens {
        sirens,
        etablissements: PAR_UNITE,
    };
    let found = snapshot.ask_among(question).await?;
    aside(move || {
        let moment = moment(&snapshot);
        let all = found
            .iter()
            .filter_map(|found| UniteVue::of(found, &moment));
        let all = all.filter(|vue| vue.passes(&filters));
        let (unites_legales, meta) = match total {
            None => of_all(all, feuille)?,
            Some(total) => of_page(all.collect(), feuille, total),
        };
        let reponse = Reponse {
            unites_legales,
            meta,
        };
        Ok(json(StatusCode::OK, &reponse)?)
    })
    .await
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

/// What is answered of a list, and where it is among all.
type Page<T> = (Vec<T>, Meta);

/// A page of the keys of a table; an empty one is answered like anything that is not there.
async fn select(
    snapshot: &Snapshot,
    table: &'static Table,
    statut: usize,
    filters: &[Filtre],
    feuille: Feuille,
) -> Result<Selected, Refus> {
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
    Ok(selected)
}

/// A page that was selected, of so many in all.
fn of_page<T>(page: Vec<T>, feuille: Feuille, total: i64) -> Page<T> {
    let meta = Meta::of(feuille, total, page.len());
    (page, meta)
}

/// A page of all those that match.
fn of_all<T>(all: impl Iterator<Item = T>, feuille: Feuille) -> Result<Page<T>, Refus> {
    let mut all: Vec<T> = all.collect();
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let offset = usize::try_from(feuille.offset()).unwrap_or(usize::MAX);
    all.drain(..offset.min(all.len()));
    all.truncate(feuille.per_page.into());
    if all.is_empty() {
        return Err(Refus::AucunResultat);
    }
    Ok(of_page(all, feuille, total))
}
