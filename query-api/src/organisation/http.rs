//! `/v1/organisations`, by one identifier or by many.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use registre_schemas::identifiers::Identifier;
use std::collections::HashMap;
use std::sync::Arc;

use super::demande::{Demande, decoded};
use super::lot;
use super::reponse::{Reponse, ReponseLot};
use super::resultat::AuxDates;
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::handlers::{aside, json};
use crate::lookup::DossierOf;

/// The dates of what is served, which a verdict says.
pub(crate) fn dates(snapshot: &Snapshot) -> AuxDates {
    AuxDates {
        sirene: snapshot.as_of("sirene"),
        rna: snapshot.as_of("rna"),
    }
}

/// `GET /v1/organisations/{id}`. The identifier is taken from the address as it came: bytes that are
/// no text are answered like anything else that is no identifier.
pub(crate) async fn organisation(
    uri: Uri,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    let segment = uri.path().rsplit('/').next().unwrap_or_default();
    let demande = Demande::of_bytes(&decoded(segment, false));
    let dossier = match &demande.identifier {
        Ok(identifier) => Some(snapshot.ask(DossierOf(identifier.clone())).await?),
        Err(_verdict) => None,
    };
    let reponse = Reponse::of(
        &demande,
        dossier.as_ref(),
        dates(&snapshot),
        Some(snapshot.donnees()),
    );
    json(reponse.resultat.status(), &reponse)
}

/// `GET /v1/organisations?ids=a,b,c`
pub(crate) async fn par_adresse(
    uri: Uri,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    answer(snapshot, lot::of_query(uri.query().unwrap_or_default())?).await
}

/// `POST /v1/organisations`: kept by nobody, it has no address of its own.
pub(crate) async fn par_corps(
    State(catalog): State<Arc<Catalog>>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, ApiError> {
    let snapshot = catalog.current().ok_or(ApiError::AucuneDonnee)?;
    let body = body.map_err(|rejection| ApiError::of_status(rejection.status()))?;
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let mut response = answer(snapshot, lot::of_body(content_type, &body)?).await?;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

/// One dossier per identifier, however many times it is asked.
async fn answer(snapshot: Arc<Snapshot>, demandes: Vec<Demande>) -> Result<Response, ApiError> {
    let mut places: HashMap<Identifier, usize> = HashMap::new();
    let mut identifiers = Vec::new();
    for identifier in demandes
        .iter()
        .filter_map(|demande| demande.identifier.as_ref().ok())
    {
        places.entry(identifier.clone()).or_insert_with(|| {
            identifiers.push(identifier.clone());
            identifiers.len() - 1
        });
    }
    let dossiers = if identifiers.is_empty() {
        Vec::new()
    } else {
        snapshot.dossiers(identifiers).await?
    };
    aside(move || {
        let au = dates(&snapshot);
        let reponses = demandes.iter().map(|demande| {
            let place = demande
                .identifier
                .as_ref()
                .ok()
                .and_then(|id| places.get(id));
            let dossier = place.and_then(|place| dossiers.get(*place));
            Reponse::of(demande, dossier, au, None)
        });
        let lot = ReponseLot {
            nombre: demandes.len(),
            reponses: reponses.collect(),
            donnees: snapshot.donnees(),
        };
        json(StatusCode::OK, &lot)
    })
    .await
}

#[cfg(test)]
mod tests;
