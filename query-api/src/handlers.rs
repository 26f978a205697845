//! One short function per route: a typed request in, an answer out.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registre_schemas::identifiers::{RnaId, Siren, Siret};
use serde::Serialize;
use std::sync::Arc;

use crate::answer::{
    self, AssociationAnswer, PeriodesEtablissementAnswer, PeriodesUniteLegaleAnswer,
    SuccessionsAnswer,
};
use crate::cache::{InService, asset};
use crate::catalog::Catalog;
use crate::error::ApiError;
use crate::export;
use crate::health::Health;
use crate::openapi;
use crate::params::{Id, Liste};
use crate::view::to_json;

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, answer: &impl Serialize) -> Result<Response, ApiError> {
    let content_type = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, content_type)];
    Ok((status, headers, to_json(answer)?).into_response())
}

/// Megabytes to write: not on a thread that others wait for.
pub(crate) async fn aside<E: From<ApiError> + Send + 'static>(
    write: impl FnOnce() -> Result<Response, E> + Send + 'static,
) -> Result<Response, E> {
    tokio::task::spawn_blocking(write)
        .await
        .map_err(|error| ApiError::Interne(Box::new(error)))?
}

/// `GET /v1/etablissements/{siret}`
pub(crate) async fn etablissement(
    Id(siret): Id<Siret>,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    json(
        StatusCode::OK,
        &answer::etablissement(&snapshot, siret).await?,
    )
}

/// `GET /v1/unites-legales/{siren}`
pub(crate) async fn unite_legale(
    Id(siren): Id<Siren>,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    json(
        StatusCode::OK,
        &answer::unite_legale(&snapshot, siren).await?,
    )
}

/// `GET /v1/unites-legales/{siren}/etablissements`: a page of them, or all.
pub(crate) async fn etablissements(
    Id(siren): Id<Siren>,
    Liste { page, format }: Liste,
    InService(snapshot): InService,
) -> Result<Response, ApiError> {
    if let Some(apres) = page.apres.filter(|apres| apres.siren() != siren) {
        return Err(ApiError::Parametre {
            nom: "apres".to_owned(),
            valeur: apres.to_string(),
            attendu: format!("un SIRET de l'unité légale {siren} est attendu"),
        });
    }
    if let Some(format) = format {
        return export::etablissements(snapshot, siren, page, format).await;
    }
    let answer = answer::etablissements(&snapshot, siren, page).await?;
    let link = answer
        .suivant
        .as_ref()
        .map(|path| format!("<{path}>; rel=\"next\""));
    let mut response = Json(answer).into_response();
    if let Some(Ok(link)) = link.map(|link| HeaderValue::from_str(&link)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// `GET /v1/unites-legales/{siren}/periodes`
pub(crate) async fn periodes_unite_legale(
    Id(siren): Id<Siren>,
    InService(snapshot): InService,
) -> Result<Json<PeriodesUniteLegaleAnswer>, ApiError> {
    answer::periodes_unite_legale(&snapshot, siren)
        .await
        .map(Json)
}

/// `GET /v1/etablissements/{siret}/periodes`
pub(crate) async fn periodes_etablissement(
    Id(siret): Id<Siret>,
    InService(snapshot): InService,
) -> Result<Json<PeriodesEtablissementAnswer>, ApiError> {
    answer::periodes_etablissement(&snapshot, siret)
        .await
        .map(Json)
}

/// `GET /v1/etablissements/{siret}/successions`
pub(crate) async fn successions(
    Id(siret): Id<Siret>,
    InService(snapshot): InService,
) -> Result<Json<SuccessionsAnswer>, ApiError> {
    answer::successions(&snapshot, siret).await.map(Json)
}

/// `GET /v1/associations/{id}`
pub(crate) async fn association(
    Id(id): Id<RnaId>,
    InService(snapshot): InService,
) -> Result<Json<AssociationAnswer>, ApiError> {
    answer::association(&snapshot, id).await.map(Json)
}

/// `GET /v1/profil`: the file of the snapshot, as it is.
pub(crate) async fn profil(InService(snapshot): InService) -> Result<Response, ApiError> {
    let profile = snapshot.profile.as_ref().ok_or(ApiError::ProfilAbsent)?;
    let json = Bytes::clone(&profile.json);
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// `GET /health`
pub(crate) async fn health(State(catalog): State<Arc<Catalog>>) -> Result<Response, ApiError> {
    let snapshot = catalog.current().ok_or(ApiError::AucuneDonnee)?;
    Ok((
        [(header::CACHE_CONTROL, "no-store")],
        Json(Health::of(&snapshot, catalog.feed.as_ref())),
    )
        .into_response())
}

/// `GET /openapi.json`
pub(crate) async fn openapi_json(headers: HeaderMap) -> Response {
    asset(&headers, "application/json", openapi::json().as_bytes())
}

/// Any other address.
pub(crate) async fn route_inconnue() -> ApiError {
    ApiError::RouteInconnue
}

/// A known address with another method.
pub(crate) async fn methode_non_permise() -> ApiError {
    ApiError::MethodeNonPermise
}
