//! What is said of a row: of the number it holds, as `/v1/organisations` says it, or of what keeps it from
//! being looked up.

use chrono::NaiveDate;
use registre_schemas::identifiers::Identifier;
use std::borrow::Cow;

use super::noms::Trouves;
use crate::dossier::Dossier;
use crate::organisation::Organisation;
use crate::organisation::demande::Demande;
use crate::organisation::reponse::nothing;
use crate::organisation::resultat::{self, AuxDates, Constat, Resultat};

/// A verdict that only a search by name gives.
pub(super) const AMBIGU: &str = "ambigu";

/// The finer codes that are not those of `/v1/organisations`, each with its verdict and what it means.
pub(crate) const CODES: [(&str, &str, &str); 7] = [
    ("ligne_vide", "invalide", "La ligne est vide"),
    (
        "nombre_de_cellules",
        "invalide",
        "La ligne n'a pas autant de cellules que l'en-tête, et aucun numéro valide à sa place",
    ),
    (
        "json_invalide",
        "invalide",
        "La ligne n'est pas un objet JSON",
    ),
    ("nom_absent", "invalide", "Le nom ou le code postal manque"),
    (
        "nom_inconnu",
        "inconnu",
        "Aucune organisation de ce nom exact à ce code postal",
    ),
    (
        "nom_ambigu",
        AMBIGU,
        "Plusieurs organisations de ce nom à ce code postal",
    ),
    (
        "nom_trop_long",
        "invalide",
        "Le nom dépasse la longueur de tout nom de registre",
    ),
];

/// What a row asks.
#[derive(Debug)]
pub(super) enum Question {
    /// A number, or a text that is none.
    Numero(Demande),
    /// A name and a postcode, and who they were found to be.
    Nom(Trouves),
    /// Nothing that can be looked up, one of [`CODES`] and why.
    Faute(&'static str, String),
}

impl Question {
    /// The number to look up.
    pub(super) fn identifiant(&self) -> Option<&Identifier> {
        match self {
            Self::Numero(demande) => demande.identifier.as_ref().ok(),
            Self::Nom(trouves) => trouves.identifiant(),
            Self::Faute(..) => None,
        }
    }
}

/// All that can be read of a row's organisation.
#[derive(Debug)]
pub(super) struct Fiche<'lot> {
    pub(super) identifiant: Option<&'lot Identifier>,
    pub(super) resultat: &'static str,
    pub(super) code: &'static str,
    pub(super) message: Cow<'lot, str>,
    pub(super) que_faire: Cow<'lot, str>,
    pub(super) suggestion: Option<Cow<'lot, str>>,
    pub(super) successeur: Option<Cow<'lot, str>>,
    pub(super) candidats: Option<Cow<'lot, str>>,
    pub(super) siret_siege: Option<Cow<'lot, str>>,
    /// Absent of what is unknown or invalid.
    pub(super) organisation: Option<Organisation<'lot>>,
    /// The rows of the organisation, when it may be told.
    pub(super) dossier: Option<&'lot Dossier>,
}

impl<'lot> Fiche<'lot> {
    /// Of what a row asks, and of the dossier of its number.
    pub(super) fn de(
        question: &'lot Question,
        dossier: Option<&'lot Dossier>,
        au: AuxDates,
        organisation: bool,
    ) -> Self {
        let mut fiche = Self::verdict(question, dossier, au);
        if organisation {
            fiche.organisation = fiche.dossier.and_then(Organisation::of);
        }
        fiche
    }

    fn verdict(question: &'lot Question, dossier: Option<&'lot Dossier>, au: AuxDates) -> Self {
        match question {
            Question::Faute(code, message) => Self::faute(code, Cow::Borrowed(message)),
            Question::Numero(demande) => match &demande.identifier {
                Err(verdict) => Self {
                    suggestion: verdict.suggestion.as_deref().map(Cow::Borrowed),
                    ..Self::constat(resultat::invalide(verdict))
                },
                Ok(identifiant) => Self::numero(identifiant, dossier, au),
            },
            Question::Nom(trouves) => match trouves.identifiant() {
                Some(identifiant) => Self::numero(identifiant, dossier, au),
                None => Self {
                    candidats: trouves.candidats().map(Cow::Owned),
                    ..Self::faute(trouves.code(), Cow::Owned(trouves.message()))
                },
            },
        }
    }

    fn numero(identifiant: &'lot Identifier, dossier: Option<&'lot Dossier>, au: AuxDates) -> Self {
        let dossier: &'lot Dossier = match dossier {
            Some(dossier) => dossier,
            None => nothing(),
        };
        let constat = resultat::of(identifiant, dossier, au);
        let told = !matches!(constat.resultat, Resultat::Inconnu | Resultat::Invalide);
        let reference = constat.siren_reference.map(|siren| siren.to_string());
        let successeur = match (&dossier.repris_sous, constat.resultat) {
            (Some(new), _) => Some(Cow::Borrowed(new.as_str())),
            (None, Resultat::Doublon) => match identifiant {
                Identifier::Siret(_) => constat.siret_siege.clone().or(reference.map(Cow::Owned)),
                _ => reference.map(Cow::Owned),
            },
            (None, Resultat::Ferme) => dossier
                .successions
                .as_ref()
                .and_then(|chain| chain.open_end())
                .map(|last| Cow::Borrowed(last.siret.as_str())),
            _ => None,
        };
        Self {
            identifiant: Some(identifiant),
            successeur,
            dossier: told.then_some(dossier),
            ..Self::constat(constat)
        }
    }

    fn constat(constat: Constat<'lot>) -> Self {
        Self {
            identifiant: None,
            resultat: constat.resultat.name(),
            code: constat.code,
            message: constat.message,
            que_faire: constat.que_faire,
            suggestion: None,
            successeur: None,
            candidats: None,
            siret_siege: constat.siret_siege,
            organisation: None,
            dossier: None,
        }
    }

    fn faute(code: &'static str, message: Cow<'lot, str>) -> Self {
        let sheet = CODES.iter().find(|(known, ..)| *known == code);
        Self {
            identifiant: None,
            resultat: sheet.map_or("invalide", |(_, resultat, _)| resultat),
            code,
            message,
            que_faire: Cow::Borrowed(match code {
                "nom_inconnu" => {
                    "Vérifiez le nom et le code postal, ou demandez le numéro SIREN ou SIRET."
                }
                "nom_ambigu" => "Choisissez parmi les candidats, ou demandez le numéro SIREN.",
                _ => "Corrigez la ligne, puis enrichissez-la de nouveau.",
            }),
            suggestion: None,
            successeur: None,
            candidats: None,
            siret_siege: None,
            organisation: None,
            dossier: None,
        }
    }

    /// Why, unless the organisation is found.
    pub(super) fn explication(&self) -> Option<&str> {
        (self.resultat != Resultat::Trouve.name()).then_some(&*self.message)
    }

    /// When what was asked closed.
    pub(super) fn date_fermeture(&self) -> Option<NaiveDate> {
        let organisation = self.organisation.as_ref()?;
        if !organisation.est_ferme {
            return None;
        }
        match self.identifiant? {
            Identifier::Siret(_) => organisation.etablissement.as_ref()?.date_fermeture,
            Identifier::Rna(_) => {
                let asked = self.dossier?.asked.unwrap_or(0);
                organisation.associations.get(asked)?.date_dissolution
            }
            Identifier::Siren(_) | Identifier::Tva(_) => {
                organisation.unite_legale.as_ref()?.date_cessation
            }
        }
    }
}
