//! RNA v1: associations, by number, by SIRET or by the words of their title.

mod colonnes;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::identifiers::{RnaId, Siret};
use serde::Serialize;
use std::sync::Arc;

use super::champs::Ligne;
use super::erreur::Refus;
use super::params::{Params, Segment};
use super::texte::{PageRendue, conditions, within_reach};
use super::v3::moment;
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::dossier::is_hidden_unit;
use crate::handlers::json;
use crate::lookup::{OfAssociations, OfSiret};
use crate::record::{Record, at};
use crate::selection::{Condition, Selection};

pub(crate) use colonnes::ASSOCIATIONS;

/// Associations on a page, unless told.
pub(crate) const PER_PAGE: u16 = 10;

/// The routes by number, below their prefix.
pub(crate) fn routes() -> Router<Arc<Catalog>> {
    Router::new()
        .route("/id/{id}", get(by_id))
        .route("/siret/{siret}", get(by_siret))
}

/// The route of words, which are what a person typed.
pub(crate) fn text_routes() -> Router<Arc<Catalog>> {
    Router::new().route("/full_text/{text}", get(full_text))
}

#[derive(Serialize)]
struct Reponse<'row> {
    association: Ligne<'row>,
}

/// An association is nobody's secret: what only it may publish is gone before ([`Record::new`]).
fn ligne<'row>(record: &'row Record, moment: &'row str) -> Ligne<'row> {
    Ligne {
        champs: &ASSOCIATIONS,
        record,
        hidden: false,
        moment,
    }
}

fn one(record: &Record, snapshot: &Snapshot) -> Result<Response, Refus> {
    let moment = moment(snapshot);
    let association = ligne(record, &moment);
    Ok(json(StatusCode::OK, &Reponse { association })?)
}

/// `GET id/{id}`
async fn by_id(segment: Segment, InService(snapshot): InService) -> Result<Response, Refus> {
    let id: RnaId = segment.number()?;
    let found = snapshot.ask(OfAssociations(vec![id])).await?;
    one(found.first().ok_or(Refus::AucunResultat)?, &snapshot)
}

/// `GET siret/{siret}`: the association that gave the RNA this SIRET. Of a unit that asked not to be
/// shown there is none: its name would be its unit's.
async fn by_siret(segment: Segment, InService(snapshot): InService) -> Result<Response, Refus> {
    let siret: Siret = segment.number()?;
    let unit = snapshot.ask(OfSiret(siret)).await?;
    let unit = unit.and_then(|found| found.unite_legale);
    if unit.as_ref().is_some_and(is_hidden_unit) {
        return Err(Refus::AucunResultat);
    }
    let column = at!(ASSOCIATION, "siret");
    let selection = Selection {
        table: &ASSOCIATION,
        conditions: vec![Condition::equals(&ASSOCIATION, column, siret.as_str())],
        preferred: Vec::new(),
        offset: 0,
        limit: 1,
    };
    let (_, found) = select(&snapshot, selection).await?;
    one(found.first().ok_or(Refus::AucunResultat)?, &snapshot)
}

/// `GET full_text/{text}`: the words of the title.
async fn full_text(
    Segment(text): Segment,
    params: Params,
    InService(snapshot): InService,
) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        #[serde(flatten)]
        page: PageRendue<'row>,
        association: Vec<Ligne<'row>>,
    }
    const TITRE: &[usize] = &[at!(ASSOCIATION, "titre")];
    let feuille = params.feuille(PER_PAGE);
    within_reach(feuille)?;
    let selection = Selection {
        table: &ASSOCIATION,
        conditions: conditions(TITRE, &text),
        preferred: Vec::new(),
        offset: feuille.offset(),
        limit: feuille.per_page,
    };
    let (total, found) = select(&snapshot, selection).await?;
    let moment = moment(&snapshot);
    let association: Vec<_> = found.iter().map(|record| ligne(record, &moment)).collect();
    if association.is_empty() {
        return Err(Refus::AucunResultat);
    }
    let page = PageRendue::of(&params, feuille, total);
    Ok(json(StatusCode::OK, &Reponse { page, association })?)
}

async fn select(snapshot: &Snapshot, selection: Selection) -> Result<(i64, Vec<Record>), Refus> {
    let selected = snapshot.select(selection).await?;
    let question = OfAssociations(selected.identifiers());
    let found = snapshot.ask_among(question).await?;
    Ok((selected.total, found))
}
