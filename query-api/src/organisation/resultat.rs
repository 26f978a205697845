//! The verdict on what was asked, in words a form can act on. No two situations share a message, and
//! each says what to do next.
//!
//! What a form must act on first wins: a number replaced by another, then something closed, then
//! something hidden. The others are told by `est_ferme` and `diffusion_partielle`.

use axum::http::StatusCode;
use chrono::NaiveDate;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::identifiers::{Identifier, Siren, Verdict};
use serde::Serialize;
use std::borrow::Cow;

use super::{est_ferme, est_masquee, known, siret_siege};
use crate::dossier::{Dossier, is_ceased};
use crate::error::{Code, inconnu};
use crate::record::{Record, at};
use crate::text::long_date;

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resultat {
    Trouve,
    Ferme,
    Doublon,
    DiffusionPartielle,
    Inconnu,
    Invalide,
}

impl Resultat {
    /// As they are written, for the documentation.
    pub(crate) const ALL: [&'static str; 6] = [
        "trouve",
        "ferme",
        "doublon",
        "diffusion_partielle",
        "inconnu",
        "invalide",
    ];

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize]
    }

    /// The HTTP status of an answer that says this.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Inconnu => StatusCode::NOT_FOUND,
            Self::Invalide => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }
}

/// The finer codes, each with the verdict it details and what it means.
#[rustfmt::skip]
pub(crate) const CODES: [(&str, Resultat, &str); 20] = [
    ("etablissement_actif", Resultat::Trouve, "L'établissement est actif"),
    ("unite_active", Resultat::Trouve, "L'unité légale est active"),
    ("association_active", Resultat::Trouve, "L'association est active"),
    ("etablissement_ferme", Resultat::Ferme, "L'établissement est fermé, son unité légale demeure"),
    ("etablissement_ferme_unite_cessee", Resultat::Ferme, "L'établissement est fermé et son unité légale a cessé"),
    ("unite_cessee", Resultat::Ferme, "L'unité légale a cessé"),
    ("association_dissoute", Resultat::Ferme, "L'association est dissoute"),
    ("association_supprimee", Resultat::Ferme, "L'association est supprimée du RNA"),
    ("association_reprise", Resultat::Ferme, "L'association a été reprise sous un numéro que le RNA ne donne pas"),
    ("siren_doublon", Resultat::Doublon, "Le SIREN est remplacé par un autre"),
    ("siret_doublon", Resultat::Doublon, "Le SIREN de ce SIRET est remplacé par un autre"),
    ("rna_repris", Resultat::Doublon, "Le numéro RNA est remplacé par un autre"),
    ("etablissement_diffusion_partielle", Resultat::DiffusionPartielle, "L'établissement est actif, son identité ou son adresse est masquée"),
    ("unite_diffusion_partielle", Resultat::DiffusionPartielle, "L'unité légale est active, son identité ou son adresse est masquée"),
    ("siret_inconnu", Resultat::Inconnu, "Ni le SIRET ni son SIREN ne figurent dans les données"),
    ("siret_inconnu_siren_connu", Resultat::Inconnu, "Le SIRET ne figure pas dans les données, son SIREN y figure"),
    ("siren_inconnu", Resultat::Inconnu, "Le SIREN, ou celui du numéro de TVA, ne figure pas dans les données"),
    ("rna_inconnu", Resultat::Inconnu, "Le numéro RNA ne figure pas dans les données"),
    ("format_invalide", Resultat::Invalide, "Le numéro est mal formé ; le message dit en quoi"),
    ("cle_invalide", Resultat::Invalide, "La clé de contrôle est fausse"),
];

/// What is said of what was asked.
#[derive(Debug)]
pub(crate) struct Constat<'dossier> {
    pub(crate) resultat: Resultat,
    /// One of [`CODES`].
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'dossier, str>,
    pub(crate) que_faire: Cow<'dossier, str>,
    /// The SIREN that replaces the one asked.
    pub(crate) siren_reference: Option<Siren>,
    /// The siège to propose in place of a SIRET that is not usable.
    pub(crate) siret_siege: Option<Cow<'dossier, str>>,
}

/// Dates of the registers, for what is not in them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AuxDates {
    pub(crate) sirene: Option<NaiveDate>,
    pub(crate) rna: Option<NaiveDate>,
}

const CONFIRM: &str = "Montrez à la personne le nom et l'adresse, pour qu'elle confirme que c'est bien son organisation.";
const CONFIRM_TVA: &str = "Montrez à la personne le nom et l'adresse, pour qu'elle confirme. Le numéro ne prouve pas l'assujettissement à la TVA : interrogez VIES si vous devez le savoir.";
const ASK_PROOF: &str = "Demandez à la personne son nom et son adresse, avec un justificatif à jour (extrait Kbis, avis de situation SIRENE) : les données ouvertes ne les donnent pas.";
const NOTHING_LEFT: &str =
    "Demandez le numéro d'une organisation en activité : celle-ci ne peut plus en fournir.";

/// The text is no identifier.
pub(crate) fn invalide(verdict: &Verdict) -> Constat<'_> {
    Constat {
        code: if verdict.code == Some("cle_invalide") {
            "cle_invalide"
        } else {
            "format_invalide"
        },
        ..constat(
            Resultat::Invalide,
            "format_invalide",
            verdict.message.as_str(),
            verdict.que_faire.as_str(),
        )
    }
}

/// What the rows say of an identifier.
pub(crate) fn of<'dossier>(
    identifier: &Identifier,
    dossier: &'dossier Dossier,
    au: AuxDates,
) -> Constat<'dossier> {
    if let Some(replaced) = replaced(identifier, dossier) {
        return replaced;
    }
    if let Some(unknown) = unknown(identifier, dossier, au) {
        return unknown;
    }
    if est_ferme(dossier) {
        return closed(identifier, dossier);
    }
    if est_masquee(dossier) && !matches!(identifier, Identifier::Rna(_)) {
        return hidden(identifier);
    }
    found(identifier)
}

fn constat<'dossier>(
    resultat: Resultat,
    code: &'static str,
    message: impl Into<Cow<'dossier, str>>,
    que_faire: impl Into<Cow<'dossier, str>>,
) -> Constat<'dossier> {
    Constat {
        resultat,
        code,
        message: message.into(),
        que_faire: que_faire.into(),
        siren_reference: None,
        siret_siege: None,
    }
}

fn replaced<'dossier>(
    identifier: &Identifier,
    dossier: &'dossier Dossier,
) -> Option<Constat<'dossier>> {
    if let Some(new) = &dossier.repris_sous {
        return Some(constat(
            Resultat::Doublon,
            "rna_repris",
            format!(
                "L'association {} a été reprise au RNA sous le numéro {new}.",
                identifier.as_str()
            ),
            format!("Utilisez le numéro RNA {new}."),
        ));
    }
    let reference = dossier.doublon_de?;
    let siege = siret_siege(dossier);
    let (code, message, que_faire) = match identifier {
        Identifier::Siret(siret) => (
            "siret_doublon",
            format!(
                "Le SIRET {siret} est celui d'un doublon : la même personne est immatriculée sous le SIREN {reference}, qui fait référence à la place de {}.",
                siret.siren()
            ),
            match &siege {
                Some(siege) => format!(
                    "Utilisez le SIRET {siege}, siège du SIREN {reference}, ou demandez celui de l'établissement concerné."
                ),
                None => format!("Demandez le SIRET de l'établissement sous le SIREN {reference}."),
            },
        ),
        other => {
            let asked = match other {
                Identifier::Tva(tva) => format!(
                    "Le numéro de TVA {tva} est fait sur un doublon, le SIREN {}",
                    tva.siren()
                ),
                other => format!("Le SIREN {} est un doublon", other.as_str()),
            };
            (
                "siren_doublon",
                format!(
                    "{asked} : la même personne est immatriculée sous le SIREN {reference}, qui fait référence."
                ),
                format!("Utilisez le SIREN {reference}."),
            )
        }
    };
    Some(Constat {
        siren_reference: Some(reference),
        siret_siege: siege,
        ..constat(Resultat::Doublon, code, message, que_faire)
    })
}

fn unknown<'dossier>(
    identifier: &Identifier,
    dossier: &'dossier Dossier,
    au: AuxDates,
) -> Option<Constat<'dossier>> {
    let (code, date) = match identifier {
        Identifier::Rna(_) if dossier.associations.is_empty() => ("rna_inconnu", au.rna),
        Identifier::Siret(siret) if dossier.etablissement.is_none() => {
            match &dossier.unite_legale {
                Some(unite) => return Some(unknown_siret(*siret, unite, dossier, au)),
                None => ("siret_inconnu", au.sirene),
            }
        }
        Identifier::Siren(_) | Identifier::Tva(_) if dossier.unite_legale.is_none() => {
            ("siren_inconnu", au.sirene)
        }
        _ => return None,
    };
    Some(constat(
        Resultat::Inconnu,
        code,
        inconnu(identifier.kind(), identifier.as_str(), date),
        Code::Inconnu.que_faire(),
    ))
}

fn unknown_siret<'dossier>(
    siret: registre_schemas::identifiers::Siret,
    unite: &Record,
    dossier: &'dossier Dossier,
    au: AuxDates,
) -> Constat<'dossier> {
    let etat = if is_ceased(unite) {
        "cessée"
    } else {
        "active"
    };
    let data = match au.sirene {
        Some(date) => format!("les données du {}", long_date(date)),
        None => "les données en service".to_owned(),
    };
    let siege = siret_siege(dossier);
    let (which, advice) = match &siege {
        Some(siege) => (
            format!(", dont le siège est {siege}"),
            format!("Vérifiez les cinq derniers chiffres : le siège est {siege}. Un établissement ouvert depuis peu peut ne pas figurer encore dans ces données : demandez un avis de situation SIRENE."),
        ),
        None => (
            String::new(),
            "Vérifiez les cinq derniers chiffres. Un établissement ouvert depuis peu peut ne pas figurer encore dans ces données : demandez un avis de situation SIRENE.".to_owned(),
        ),
    };
    let message = format!(
        "Le SIRET {siret} ne figure pas dans {data}, mais son SIREN {} y figure : une unité légale {etat}{which}.",
        siret.siren()
    );
    Constat {
        siret_siege: siege,
        ..constat(
            Resultat::Inconnu,
            "siret_inconnu_siren_connu",
            message,
            advice,
        )
    }
}

/// ` depuis le 1er mars 2015`, or that nobody knows.
fn since(date: Option<NaiveDate>) -> String {
    known(date).map_or_else(
        || ", à une date inconnue".to_owned(),
        |date| format!(" depuis le {}", long_date(date)),
    )
}

fn closed<'dossier>(identifier: &Identifier, dossier: &'dossier Dossier) -> Constat<'dossier> {
    if let Some(association) = dossier.asked_association() {
        return closed_association(identifier, association);
    }
    let successor = dossier
        .successions
        .as_ref()
        .and_then(|chain| chain.open_end());
    let taken_over = match successor {
        Some(last) => format!(" L'établissement {} en a pris la suite.", last.siret),
        None => String::new(),
    };
    let Identifier::Siret(siret) = identifier else {
        let siren = match identifier {
            Identifier::Tva(tva) => tva.siren().to_string(),
            other => other.as_str().to_owned(),
        };
        let asked = match identifier {
            Identifier::Tva(tva) => {
                format!("Le numéro de TVA {tva} n'a plus cours : l'unité légale {siren} est cessée")
            }
            _ => format!("L'unité légale {siren} est cessée"),
        };
        return constat(
            Resultat::Ferme,
            "unite_cessee",
            format!("{asked}{}.{taken_over}", since(dossier.ceased_since)),
            match successor {
                Some(last) => Cow::Owned(format!(
                    "Demandez à la personne si son organisation est maintenant celle du SIRET {}.",
                    last.siret
                )),
                None => Cow::Borrowed(NOTHING_LEFT),
            },
        );
    };
    let closed = format!(
        "L'établissement {siret} est fermé{}.",
        since(dossier.closed_since)
    );
    let siren = siret.siren();
    if dossier.unite_legale.as_ref().is_some_and(is_ceased) {
        return constat(
            Resultat::Ferme,
            "etablissement_ferme_unite_cessee",
            format!(
                "{closed} Son unité légale {siren} est cessée{}.{taken_over}",
                since(dossier.ceased_since)
            ),
            match successor {
                Some(last) => Cow::Owned(format!(
                    "Demandez à la personne si son établissement est maintenant le SIRET {}.",
                    last.siret
                )),
                None => Cow::Borrowed(NOTHING_LEFT),
            },
        );
    }
    let siege = siret_siege(dossier).filter(|siege| *siege != siret.as_str());
    let lives = match &siege {
        Some(siege) => format!(" Son unité légale {siren} demeure active : son siège est {siege}."),
        None => format!(" Son unité légale {siren} demeure active."),
    };
    let que_faire = match (successor, &siege) {
        (Some(last), _) => format!(
            "Proposez à la personne le SIRET {}, qui a pris la suite, ou demandez celui d'un autre établissement ouvert.",
            last.siret
        ),
        (None, Some(siege)) => format!(
            "Demandez le SIRET d'un établissement ouvert de la même unité légale, par exemple son siège, {siege}."
        ),
        (None, None) => format!("Demandez le SIRET d'un établissement ouvert du SIREN {siren}."),
    };
    Constat {
        siret_siege: siege,
        ..constat(
            Resultat::Ferme,
            "etablissement_ferme",
            format!("{closed}{lives}{taken_over}"),
            que_faire,
        )
    }
}

fn closed_association<'dossier>(
    identifier: &Identifier,
    association: &Record,
) -> Constat<'dossier> {
    let id = identifier.as_str();
    let dissolved = known(association.date_at(at!(ASSOCIATION, "date_disso")));
    let (code, message, que_faire) = match association.text_at(at!(ASSOCIATION, "position")) {
        Some("S") => (
            "association_supprimee",
            format!("L'association {id} est supprimée du répertoire national des associations."),
            "Demandez à la personne un récépissé de déclaration en vigueur.",
        ),
        Some("R") => (
            "association_reprise",
            format!(
                "L'association {id} a été reprise au RNA sous un autre numéro, que le répertoire ne donne pas."
            ),
            "Demandez le nouveau numéro RNA : W et neuf caractères, sur le récépissé de déclaration.",
        ),
        _ => (
            "association_dissoute",
            match dissolved {
                Some(date) => format!(
                    "L'association {id} est dissoute depuis le {}.",
                    long_date(date)
                ),
                None => format!("L'association {id} est dissoute, à une date inconnue."),
            },
            "Demandez le numéro d'une association en activité : celle-ci ne peut plus agir que pour sa liquidation.",
        ),
    };
    constat(Resultat::Ferme, code, message, que_faire)
}

fn hidden<'dossier>(identifier: &Identifier) -> Constat<'dossier> {
    let number = identifier.as_str();
    let (code, message) = match identifier {
        Identifier::Siret(_) => (
            "etablissement_diffusion_partielle",
            format!(
                "L'établissement {number} est actif, mais son identité ou son adresse est masquée, à la demande de la personne."
            ),
        ),
        Identifier::Tva(tva) => (
            "unite_diffusion_partielle",
            format!(
                "L'unité légale {} du numéro de TVA {number} est active, mais son identité ou son adresse est masquée, à la demande de la personne.",
                tva.siren()
            ),
        ),
        _ => (
            "unite_diffusion_partielle",
            format!(
                "L'unité légale {number} est active, mais son identité ou son adresse est masquée, à la demande de la personne."
            ),
        ),
    };
    constat(Resultat::DiffusionPartielle, code, message, ASK_PROOF)
}

fn found<'dossier>(identifier: &Identifier) -> Constat<'dossier> {
    let number = identifier.as_str();
    let (code, message, que_faire) = match identifier {
        Identifier::Siret(_) => (
            "etablissement_actif",
            ["L'établissement ", number, " est actif."].concat(),
            CONFIRM,
        ),
        Identifier::Siren(_) => (
            "unite_active",
            ["L'unité légale ", number, " est active."].concat(),
            CONFIRM,
        ),
        Identifier::Tva(tva) => (
            "unite_active",
            [
                "Le numéro de TVA ",
                number,
                " est celui de l'unité légale ",
                tva.siren().as_str(),
                ", active.",
            ]
            .concat(),
            CONFIRM_TVA,
        ),
        Identifier::Rna(_) => (
            "association_active",
            ["L'association ", number, " est active."].concat(),
            CONFIRM,
        ),
    };
    constat(Resultat::Trouve, code, message, que_faire)
}
