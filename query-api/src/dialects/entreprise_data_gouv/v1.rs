//! SIRENE v1: établissements that are open, by number, by words or around a point.

mod colonnes;
mod mots;
mod reponse;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde::Serialize;
use std::sync::Arc;

use super::erreur::{NO_RESULT, Refus};
use super::params::{Params, Segment};
use super::texte::{self, PageRendue};
use super::v3::moment;
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::handlers::json;
use crate::lookup::{OfSirens, OfSirets, SiretFound};
use crate::record::at;
use crate::selection::{Condition, Selection};
use reponse::{Vu, is_there};

pub(crate) use colonnes::{COLONNES, Colonne, De};

/// Results on a page, unless told.
pub(crate) const PER_PAGE: u16 = 10;

/// Around a point, unless told.
const RADIUS_KM: f64 = 5.0;
/// Farther, the box is a country: what is around a point no longer means anything.
const RADIUS_KM_MAX: f64 = 100.0;
/// Of a degree of latitude.
const KM: f64 = 111.045;

const ETAT: usize = at!(ETABLISSEMENT, "etatAdministratifEtablissement");
const STATUT: usize = at!(ETABLISSEMENT, "statutDiffusionEtablissement");
const NAF: usize = at!(ETABLISSEMENT, "activitePrincipaleEtablissement");

/// The routes by number, below their prefix.
pub(crate) fn routes() -> Router<Arc<Catalog>> {
    Router::new()
        .route("/siret/{siret}", get(siret))
        .route("/siren/{siren}", get(siren))
        .route("/near_point", get(near_point))
        .route("/near_point/", get(near_point))
}

/// The route of words, which are what a person typed.
pub(crate) fn text_routes() -> Router<Arc<Catalog>> {
    Router::new().route("/full_text/{text}", get(full_text))
}

/// `GET siret/{siret}`
async fn siret(segment: Segment, InService(snapshot): InService) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        etablissement: Vu<'row>,
    }
    let siret: Siret = segment.number()?;
    let found = snapshot.ask(OfSirets(vec![siret])).await?;
    let moment = moment(&snapshot);
    let vu = found.first().and_then(|found| Vu::of(found, &moment));
    let etablissement = vu.ok_or(Refus::AucunResultat)?;
    Ok(json(StatusCode::OK, &Reponse { etablissement })?)
}

/// `GET siren/{siren}`: the siège and the numbers of the others.
async fn siren(segment: Segment, InService(snapshot): InService) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        total_results: usize,
        siege_social: Vu<'row>,
        other_etablissements_sirets: Vec<&'row str>,
        numero_tva_intra: String,
    }
    const SIRET: usize = at!(ETABLISSEMENT, "siret");
    let siren: Siren = segment.number()?;
    let question = OfSirens {
        sirens: vec![siren],
        etablissements: u16::MAX,
    };
    let found = snapshot.ask_much(question).await?;
    let found = found.first().ok_or(Refus::AucunResultat)?;
    let moment = moment(&snapshot);
    let siege = found.siege.as_ref().ok_or(Refus::AucunResultat)?;
    let unite = found.unite_legale.as_ref().ok_or(Refus::AucunResultat)?;
    let siege_social = Vu::new(siege, unite, Some(siege), &moment).ok_or(Refus::AucunResultat)?;
    let of_siege = siege.text_at(SIRET);
    let open = found.etablissements.iter().filter(|row| is_there(row));
    let other_etablissements_sirets: Vec<_> = open
        .filter_map(|row| row.text_at(SIRET))
        .filter(|siret| Some(*siret) != of_siege)
        .collect();
    let reponse = Reponse {
        total_results: other_etablissements_sirets.len() + 1,
        siege_social,
        other_etablissements_sirets,
        numero_tva_intra: tva(siren),
    };
    Ok(json(StatusCode::OK, &reponse)?)
}

/// `FR`, a key without its zero, the SIREN: so it was, in v1 alone.
fn tva(siren: Siren) -> String {
    let number: u64 = siren.as_str().parse().unwrap_or_default();
    format!("FR{}{siren}", (12 + 3 * (number % 97)) % 97)
}

/// `62.01Z` of `6201Z`.
fn naf(code: &str) -> String {
    match code.split_at_checked(2) {
        Some((division, rest)) if !rest.is_empty() && !rest.starts_with('.') => {
            format!("{division}.{rest}")
        }
        _ => code.to_owned(),
    }
}

/// What is asked of the columns, besides words.
fn filters(params: &Params) -> Vec<Condition> {
    let own = |index, value: &str| Condition::equals(&ETABLISSEMENT, index, value);
    let unit = |index, value: &str| {
        Condition::Unit(Box::new(Condition::equals(&UNITE_LEGALE, index, value)))
    };
    let commune = at!(ETABLISSEMENT, "codeCommuneEtablissement");
    let person = unit(at!(UNITE_LEGALE, "categorieJuridiqueUniteLegale"), "1000");
    let asked = [
        params
            .get("activite_principale")
            .map(|code| own(NAF, &naf(code))),
        params
            .get("code_postal")
            .map(|code| own(at!(ETABLISSEMENT, "codePostalEtablissement"), code)),
        params.get("code_commune").map(|code| own(commune, code)),
        params
            .get("departement")
            .map(|code| Condition::Starts(commune, code.to_owned())),
        params.get("is_ess").map(|code| {
            unit(
                at!(UNITE_LEGALE, "economieSocialeSolidaireUniteLegale"),
                code,
            )
        }),
        params
            .get("tranche_effectif_salarie_entreprise")
            .map(|code| unit(at!(UNITE_LEGALE, "trancheEffectifsUniteLegale"), code)),
        match params.get("is_entrepreneur_individuel") {
            Some("yes") => Some(person),
            Some("no") => Some(Condition::Not(Box::new(person))),
            _ => None,
        },
    ];
    asked.into_iter().flatten().collect()
}

/// Only who is open and may be shown.
fn of_the_file() -> [Condition; 2] {
    [(ETAT, "A"), (STATUT, "O")]
        .map(|(index, value)| Condition::equals(&ETABLISSEMENT, index, value))
}

/// As the service weighed them: a siège, then a mairie.
fn preferred() -> Vec<Condition> {
    let siege = at!(ETABLISSEMENT, "etablissementSiege");
    let enseigne = at!(ETABLISSEMENT, "enseigne1Etablissement");
    [(siege, "true"), (enseigne, "MAIRIE")]
        .map(|(index, value)| Condition::equals(&ETABLISSEMENT, index, value))
        .to_vec()
}

/// `GET full_text/{text}`
async fn full_text(
    Segment(text): Segment,
    params: Params,
    InService(snapshot): InService,
) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        #[serde(flatten)]
        page: PageRendue<'row>,
        etablissement: Vec<Vu<'row>>,
        spellcheck: Option<&'row str>,
        suggestions: [&'row str; 0],
    }
    #[derive(Serialize)]
    struct Aucun {
        message: &'static str,
        spellcheck: Option<&'static str>,
        suggestions: [&'static str; 0],
    }
    let feuille = params.feuille(PER_PAGE);
    texte::within_reach(feuille)?;
    let mut conditions = filters(&params);
    conditions.extend(of_the_file());
    let (total, found) = if texte::is_everything(&text) {
        let selection = Selection {
            table: &ETABLISSEMENT,
            conditions,
            preferred: preferred(),
            offset: feuille.offset(),
            limit: feuille.per_page,
        };
        select(&snapshot, selection).await?
    } else {
        mots::trouve(&snapshot, &text, &params, conditions, feuille).await?
    };
    let moment = moment(&snapshot);
    let etablissement: Vec<_> = found
        .iter()
        .filter_map(|found| Vu::of(found, &moment))
        .collect();
    if etablissement.is_empty() {
        let aucun = Aucun {
            message: NO_RESULT,
            spellcheck: None,
            suggestions: [],
        };
        return Ok(json(StatusCode::NOT_FOUND, &aucun)?.into_response());
    }
    let reponse = Reponse {
        page: PageRendue::of(&params, feuille, total),
        etablissement,
        spellcheck: None,
        suggestions: [],
    };
    Ok(json(StatusCode::OK, &reponse)?)
}

/// `GET near_point/?lat=&long=`: in a box around the point.
async fn near_point(params: Params, InService(snapshot): InService) -> Result<Response, Refus> {
    #[derive(Serialize)]
    struct Reponse<'row> {
        total_results: i64,
        total_pages: u64,
        per_page: u16,
        page: u32,
        etablissements: Vec<Vu<'row>>,
    }
    let number = |name| {
        let number = params
            .get(name)
            .and_then(|text| text.trim().parse::<f64>().ok());
        number.filter(|number| number.is_finite())
    };
    let (Some(lat), Some(long)) = (number("lat"), number("long")) else {
        return Err(Refus::Demande("bad request: missing latitude or longitude"));
    };
    let radius = number("radius")
        .unwrap_or(RADIUS_KM)
        .clamp(0.0, RADIUS_KM_MAX);
    let high = radius / KM;
    // Meridians are closer to one another away from the equator.
    let wide = high / lat.to_radians().cos().abs().max(0.01);
    let mut conditions = vec![
        Condition::Between(at!(ETABLISSEMENT, "y_latitude"), lat - high, lat + high),
        Condition::Between(at!(ETABLISSEMENT, "x_longitude"), long - wide, long + wide),
    ];
    conditions.extend(
        params
            .get("activite_principale")
            .map(|code| Condition::equals(&ETABLISSEMENT, NAF, &naf(code))),
    );
    conditions.extend(
        params
            .get("approximate_activity")
            .map(|code| Condition::Starts(NAF, code.chars().take(2).collect())),
    );
    conditions.extend(of_the_file());
    let feuille = params.feuille(PER_PAGE);
    let selection = Selection {
        table: &ETABLISSEMENT,
        conditions,
        preferred: Vec::new(),
        offset: feuille.offset(),
        limit: feuille.per_page,
    };
    let (total, found) = select(&snapshot, selection).await?;
    let moment = moment(&snapshot);
    let etablissements: Vec<_> = found
        .iter()
        .filter_map(|found| Vu::of(found, &moment))
        .collect();
    if etablissements.is_empty() {
        return Err(Refus::AucunResultat);
    }
    let reponse = Reponse {
        total_results: total,
        total_pages: feuille.pages(total),
        per_page: feuille.per_page,
        page: feuille.page,
        etablissements,
    };
    Ok(json(StatusCode::OK, &reponse)?)
}

async fn select(
    snapshot: &Snapshot,
    selection: Selection,
) -> Result<(i64, Vec<SiretFound>), Refus> {
    let selected = snapshot.select(selection).await?;
    let question = OfSirets(selected.identifiers());
    let found = snapshot.ask_among(question).await?;
    Ok((selected.total, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_tva_number_has_no_zero_in_v1() {
        assert_eq!(tva("130025265".parse().unwrap()), "FR7130025265");
        assert_eq!(tva("356000000".parse().unwrap()), "FR39356000000");
    }

    #[test]
    fn an_activity_is_typed_without_its_dot() {
        assert_eq!(
            (naf("6201Z"), naf("62.01Z")),
            ("62.01Z".to_owned(), "62.01Z".to_owned())
        );
        assert_eq!((naf("62"), naf("é")), ("62".to_owned(), "é".to_owned()));
    }
}
