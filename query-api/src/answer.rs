//! The answers, assembled once for HTTP, the page and the command line.

use registre_schemas::identifiers::{Identifier, IdentifierKind, RnaId, Siren, Siret};
use serde::Serialize;

use crate::catalog::{Donnees, Snapshot};
use crate::error::ApiError;
use crate::lookup::{
    Count, EtablissementsOf, OfRna, OfSiren, OfSiret, Page, PeriodesOfSiren, PeriodesOfSiret,
    ReferenceOf, SuccessionsOf,
};
use crate::record::Record;

/// `GET /v1/etablissements/{siret}`.
#[derive(Serialize)]
pub(crate) struct EtablissementAnswer {
    pub(crate) etablissement: Record,
    pub(crate) unite_legale: Option<Record>,
    donnees: Donnees,
}

/// `GET /v1/unites-legales/{siren}`.
#[derive(Serialize)]
pub(crate) struct UniteLegaleAnswer {
    pub(crate) unite_legale: Record,
    pub(crate) siege: Option<Record>,
    pub(crate) nombre_etablissements: Count,
    pub(crate) association: Option<Record>,
    pub(crate) doublons: Vec<Record>,
    pub(crate) doublon_de: Option<Siren>,
    donnees: Donnees,
}

/// `GET /v1/unites-legales/{siren}/etablissements`.
#[derive(Serialize)]
pub(crate) struct EtablissementsAnswer {
    siren: Siren,
    pub(crate) total: i64,
    pub(crate) etablissements: Vec<Record>,
    /// The path of the next page.
    pub(crate) suivant: Option<String>,
    donnees: Donnees,
}

/// `GET /v1/unites-legales/{siren}/periodes`.
#[derive(Serialize)]
pub(crate) struct PeriodesUniteLegaleAnswer {
    siren: Siren,
    periodes: Vec<Record>,
    donnees: Donnees,
}

/// `GET /v1/etablissements/{siret}/periodes`.
#[derive(Serialize)]
pub(crate) struct PeriodesEtablissementAnswer {
    siret: Siret,
    periodes: Vec<Record>,
    donnees: Donnees,
}

/// `GET /v1/etablissements/{siret}/successions`.
#[derive(Serialize)]
pub(crate) struct SuccessionsAnswer {
    siret: Siret,
    predecesseurs: Vec<Record>,
    successeurs: Vec<Record>,
    donnees: Donnees,
}

/// `GET /v1/associations/{id}`.
#[derive(Serialize)]
pub(crate) struct AssociationAnswer {
    pub(crate) association: Record,
    pub(crate) unite_legale: Option<Record>,
    donnees: Donnees,
}

/// The établissement of that SIRET.
pub(crate) async fn etablissement(
    snapshot: &Snapshot,
    siret: Siret,
) -> Result<EtablissementAnswer, ApiError> {
    let found = snapshot
        .ask(OfSiret(siret))
        .await?
        .ok_or_else(|| missing_siret(snapshot, siret))?;
    Ok(EtablissementAnswer {
        etablissement: found.etablissement,
        unite_legale: found.unite_legale,
        donnees: snapshot.donnees(),
    })
}

/// The unité légale of that SIREN.
pub(crate) async fn unite_legale(
    snapshot: &Snapshot,
    siren: Siren,
) -> Result<UniteLegaleAnswer, ApiError> {
    let Some(found) = snapshot.ask(OfSiren(siren)).await? else {
        return Err(missing_siren(snapshot, siren).await);
    };
    Ok(UniteLegaleAnswer {
        unite_legale: found.unite_legale,
        siege: found.siege,
        nombre_etablissements: found.etablissements,
        association: found.association,
        doublons: found.doublons,
        doublon_de: found.doublon_de,
        donnees: snapshot.donnees(),
    })
}

/// A page of the établissements of that SIREN.
pub(crate) async fn etablissements(
    snapshot: &Snapshot,
    siren: Siren,
    page: Page,
) -> Result<EtablissementsAnswer, ApiError> {
    let Some(found) = snapshot
        .ask_much(EtablissementsOf(siren, page.clone()))
        .await?
    else {
        return Err(missing_siren(snapshot, siren).await);
    };
    let last = found
        .etablissements
        .last()
        .and_then(|record| record.text("siret"));
    let suivant = last
        .filter(|_| found.more)
        .map(|last| next_page(siren, &page, last));
    Ok(EtablissementsAnswer {
        siren,
        total: found.total,
        suivant,
        etablissements: found.etablissements,
        donnees: snapshot.donnees(),
    })
}

fn next_page(siren: Siren, page: &Page, last: &str) -> String {
    let etat = page
        .etat
        .map(|etat| format!("&etat={etat}"))
        .unwrap_or_default();
    format!(
        "/v1/unites-legales/{siren}/etablissements?limite={}&apres={last}{etat}",
        page.limite
    )
}

/// The periods of that SIREN.
pub(crate) async fn periodes_unite_legale(
    snapshot: &Snapshot,
    siren: Siren,
) -> Result<PeriodesUniteLegaleAnswer, ApiError> {
    let Some(periodes) = snapshot.ask(PeriodesOfSiren(siren)).await? else {
        return Err(missing_siren(snapshot, siren).await);
    };
    Ok(PeriodesUniteLegaleAnswer {
        siren,
        periodes,
        donnees: snapshot.donnees(),
    })
}

/// The periods of that SIRET.
pub(crate) async fn periodes_etablissement(
    snapshot: &Snapshot,
    siret: Siret,
) -> Result<PeriodesEtablissementAnswer, ApiError> {
    let periodes = snapshot
        .ask(PeriodesOfSiret(siret))
        .await?
        .ok_or_else(|| missing_siret(snapshot, siret))?;
    Ok(PeriodesEtablissementAnswer {
        siret,
        periodes,
        donnees: snapshot.donnees(),
    })
}

/// What that SIRET succeeds, and what succeeds it.
pub(crate) async fn successions(
    snapshot: &Snapshot,
    siret: Siret,
) -> Result<SuccessionsAnswer, ApiError> {
    let found = snapshot
        .ask(SuccessionsOf(siret))
        .await?
        .ok_or_else(|| missing_siret(snapshot, siret))?;
    Ok(SuccessionsAnswer {
        siret,
        predecesseurs: found.predecesseurs,
        successeurs: found.successeurs,
        donnees: snapshot.donnees(),
    })
}

/// The association of that RNA number.
pub(crate) async fn association(
    snapshot: &Snapshot,
    id: RnaId,
) -> Result<AssociationAnswer, ApiError> {
    let found = snapshot
        .ask(OfRna(id.clone()))
        .await?
        .ok_or_else(|| ApiError::Inconnu {
            kind: IdentifierKind::Rna,
            valeur: id.to_string(),
            au: snapshot.as_of("rna"),
        })?;
    Ok(AssociationAnswer {
        association: found.association,
        unite_legale: found.unite_legale,
        donnees: snapshot.donnees(),
    })
}

/// Whatever the identifier is, the answer of its own route.
pub(crate) async fn any(
    snapshot: &Snapshot,
    identifier: Identifier,
) -> Result<serde_json::Value, ApiError> {
    let json = match identifier {
        Identifier::Siret(siret) => serde_json::to_value(etablissement(snapshot, siret).await?),
        Identifier::Siren(siren) => serde_json::to_value(unite_legale(snapshot, siren).await?),
        Identifier::Tva(tva) => serde_json::to_value(unite_legale(snapshot, tva.siren()).await?),
        Identifier::Rna(id) => serde_json::to_value(association(snapshot, id).await?),
    };
    json.map_err(|error| ApiError::Interne(Box::new(error)))
}

fn missing_siret(snapshot: &Snapshot, siret: Siret) -> ApiError {
    ApiError::Inconnu {
        kind: IdentifierKind::Siret,
        valeur: siret.to_string(),
        au: snapshot.as_of("sirene"),
    }
}

/// A SIREN that is in no table is a doublon or unknown: never the same message for both.
pub(crate) async fn missing_siren(snapshot: &Snapshot, siren: Siren) -> ApiError {
    match snapshot.ask(ReferenceOf(siren)).await {
        Ok(Some(reference)) => ApiError::Doublon {
            valeur: siren,
            reference,
        },
        Ok(None) => ApiError::Inconnu {
            kind: IdentifierKind::Siren,
            valeur: siren.to_string(),
            au: snapshot.as_of("sirene"),
        },
        Err(error) => error.into(),
    }
}
