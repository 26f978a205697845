//! The body of an answer, the same whatever the verdict.

use registre_schemas::identifiers::{Identifier, IdentifierKind, Siren, display_form};
use serde::Serialize;
use std::borrow::Cow;

use super::Organisation;
use super::demande::Demande;
use super::resultat::{self, AuxDates, Constat, Resultat};
use crate::catalog::Donnees;
use crate::dossier::Dossier;

/// What was asked, read.
#[derive(Debug, Serialize)]
struct Identifiant<'demande> {
    #[serde(rename = "type")]
    kind: IdentifierKind,
    valeur: &'demande str,
    affichage: String,
}

impl<'demande> Identifiant<'demande> {
    fn of(identifier: &'demande Identifier) -> Self {
        Self {
            kind: identifier.kind(),
            valeur: identifier.as_str(),
            affichage: display_form(identifier.as_str()),
        }
    }
}

/// The answer to one identifier.
#[derive(Debug, Serialize)]
pub(crate) struct Reponse<'dossier> {
    demande: &'dossier str,
    identifiant: Option<Identifiant<'dossier>>,
    pub(crate) resultat: Resultat,
    code: &'static str,
    message: Cow<'dossier, str>,
    que_faire: Cow<'dossier, str>,
    suggestion: Option<&'dossier str>,
    siren_reference: Option<Siren>,
    siret_siege: Option<Cow<'dossier, str>>,
    organisation: Option<Organisation<'dossier>>,
    /// Said once for a whole batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    donnees: Option<Donnees>,
}

impl<'dossier> Reponse<'dossier> {
    /// Of what was asked and its dossier: none when it is no identifier.
    pub(crate) fn of(
        demande: &'dossier Demande,
        dossier: Option<&'dossier Dossier>,
        au: AuxDates,
        donnees: Option<Donnees>,
    ) -> Self {
        let (identifiant, constat, suggestion) = match (&demande.identifier, dossier) {
            (Ok(identifier), Some(dossier)) => (
                Some(Identifiant::of(identifier)),
                resultat::of(identifier, dossier, au),
                None,
            ),
            (Ok(identifier), None) => (
                Some(Identifiant::of(identifier)),
                resultat::of(identifier, nothing(), au),
                None,
            ),
            (Err(verdict), _) => (
                None,
                resultat::invalide(verdict),
                verdict.suggestion.as_deref(),
            ),
        };
        let Constat {
            resultat,
            code,
            message,
            que_faire,
            siren_reference,
            siret_siege,
        } = constat;
        let told = !matches!(resultat, Resultat::Inconnu | Resultat::Invalide);
        Self {
            demande: &demande.text,
            identifiant,
            resultat,
            code,
            message,
            que_faire,
            suggestion,
            siren_reference,
            siret_siege,
            organisation: dossier.filter(|_| told).and_then(Organisation::of),
            donnees,
        }
    }
}

/// A dossier that holds nothing.
pub(crate) fn nothing() -> &'static Dossier {
    static NOTHING: std::sync::LazyLock<Dossier> = std::sync::LazyLock::new(Dossier::default);
    &NOTHING
}

/// The answers to a batch, in the order asked.
#[derive(Serialize)]
pub(crate) struct ReponseLot<'dossier> {
    pub(crate) nombre: usize,
    pub(crate) reponses: Vec<Reponse<'dossier>>,
    pub(crate) donnees: Donnees,
}
