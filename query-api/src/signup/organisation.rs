//! The organisation of an applicant, as the registers say it when the form is sent: what a page
//! showed before is not believed.

use serde_json::{Value, json};

use crate::catalog::Snapshot;
use crate::lookup::DossierOf;
use crate::organisation::demande::Demande;
use crate::organisation::http::dates;
use crate::organisation::reponse::Reponse;
use crate::organisation::resultat::{AuxDates, Resultat};

/// What the registers said.
#[derive(Debug)]
pub(super) enum Verification {
    /// It may ask: the fields of the answer that are kept.
    Acceptee { resultat: &'static str, json: Value },
    /// It may not, or is no organisation.
    Refusee(Refus),
    /// Nobody could be asked.
    NonVerifiee { json: Value },
}

/// Why an organisation is refused.
#[derive(Debug)]
pub(super) struct Refus {
    pub(super) message: String,
    pub(super) que_faire: String,
    /// Numbers to propose in its place, each with what it is.
    pub(super) propositions: Vec<(String, &'static str)>,
}

/// What is kept of an organisation: no more than what an operator needs to know who asks.
const KEPT: [&str; 15] = [
    "siren",
    "siret",
    "siret_siege",
    "rna",
    "tva",
    "nom",
    "nom_regle",
    "est_ferme",
    "diffusion_partielle",
    "categorie_juridique",
    "est_administration",
    "est_association",
    "est_siege",
    "alsace_moselle",
    "est_entrepreneur_individuel",
];

/// Asks the snapshot in service. A number that cannot be one is refused even without it.
pub(super) async fn verifier(snapshot: Option<&Snapshot>, number: &str) -> Verification {
    let demande = Demande::of(number);
    let Ok(identifier) = demande.identifier.clone() else {
        let reponse = Reponse::of(&demande, None, AuxDates::default(), None);
        return refused(&json!(reponse));
    };
    let Some(snapshot) = snapshot else {
        return unverified(identifier.as_str(), identifier.kind().as_str());
    };
    let dossier = match snapshot.ask(DossierOf(identifier.clone())).await {
        Ok(dossier) => dossier,
        Err(error) => {
            tracing::error!("verify an organisation: {error}: the request is kept unverified");
            return unverified(identifier.as_str(), identifier.kind().as_str());
        }
    };
    let reponse = Reponse::of(
        &demande,
        Some(&dossier),
        dates(snapshot),
        Some(snapshot.donnees()),
    );
    let resultat = reponse.resultat;
    let said = json!(reponse);
    match resultat {
        Resultat::Trouve => accepted("trouve", &said),
        Resultat::DiffusionPartielle => accepted("diffusion_partielle", &said),
        _ => refused(&said),
    }
}

fn accepted(resultat: &'static str, said: &Value) -> Verification {
    let mut kept = serde_json::Map::new();
    for name in ["identifiant", "resultat", "code", "message"] {
        kept.insert(name.to_owned(), said[name].clone());
    }
    let organisation = &said["organisation"];
    for name in KEPT {
        kept.insert(name.to_owned(), organisation[name].clone());
    }
    kept.insert(
        "adresse".to_owned(),
        organisation["adresse"]["lignes"].clone(),
    );
    kept.insert(
        "donnees".to_owned(),
        json!({
            "snapshot": said["donnees"]["snapshot"],
            "sirene": said["donnees"]["sirene"],
            "rna": said["donnees"]["rna"],
        }),
    );
    Verification::Acceptee {
        resultat,
        json: Value::Object(kept),
    }
}

fn unverified(number: &str, kind: &str) -> Verification {
    Verification::NonVerifiee {
        json: json!({
            "identifiant": { "type": kind, "valeur": number },
            "resultat": "non_verifie",
            "message": "Ce numéro est bien formé. Les registres n'ont pas pu être consultés quand la demande a été déposée.",
        }),
    }
}

fn refused(said: &Value) -> Verification {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let candidates = [
        (&said["suggestion"], "le numéro probablement voulu"),
        (
            &said["organisation"]["succession"]["siret_actuel"],
            "l'établissement qui en a pris la suite",
        ),
        (&said["siret_siege"], "le siège"),
        (&said["siren_reference"], "le SIREN qui fait référence"),
    ];
    let asked = &said["identifiant"]["valeur"];
    let mut propositions: Vec<(String, &'static str)> = Vec::new();
    for (value, what) in candidates {
        if let Some(number) = value.as_str().filter(|_| value != asked)
            && propositions.iter().all(|(known, _)| known != number)
        {
            propositions.push((number.to_owned(), what));
        }
    }
    Verification::Refusee(Refus {
        message: text(&said["message"]),
        que_faire: text(&said["que_faire"]),
        propositions,
    })
}
