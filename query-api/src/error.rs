//! Every error a client can receive, as RFC 9457 `application/problem+json`.
//!
//! A handler returns [`ApiError`]; a [`Code`] is what clients may rely on. An inner cause is logged
//! where the answer is made and never sent: it may name files of this machine. The command line,
//! whose user is at home, asks for it by [`ApiError::cause`].

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use http_body_util::LengthLimitError;
use registre_schemas::identifiers::{Identifier, IdentifierError, IdentifierKind, Siren};
use std::error::Error;
use std::iter::successors;
use std::sync::Arc;

use crate::engine::PoolError;
use crate::sql::SqlError;
use crate::text::long_date;

mod code;
mod problem;

pub use code::Code;
pub use problem::Problem;

/// Media type of an error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Characters shown of a value that is not an identifier: the longest of those has 16.
pub(crate) const SHOWN: usize = 64;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// Not the identifier the route expects.
    #[error("« {valeur} » : {cause}.")]
    Identifiant {
        /// As it was given.
        valeur: String,
        /// Why it is not one.
        cause: IdentifierError,
        /// The one certainly meant, of the kind the route expects.
        suggestion: Option<String>,
    },
    /// Well formed, and in no table.
    #[error("{}", inconnu(*kind, valeur, *au))]
    Inconnu {
        /// What was looked for.
        kind: IdentifierKind,
        /// As it was given.
        valeur: String,
        /// Date of the data it was looked for in.
        au: Option<NaiveDate>,
    },
    /// A SIREN attributed twice to the same person, replaced by another.
    #[error(
        "Le SIREN {valeur} est un doublon : la même personne est immatriculée sous le SIREN {reference}, qui fait référence."
    )]
    Doublon {
        /// The SIREN asked.
        valeur: Siren,
        /// The one that replaces it.
        reference: Siren,
    },
    /// A parameter out of its bounds.
    #[error("Le paramètre « {nom} » vaut « {valeur} » : {attendu}.")]
    Parametre {
        /// Its name.
        nom: String,
        /// As it was given.
        valeur: String,
        /// What it may be.
        attendu: String,
    },
    /// The request could not be read.
    #[error("La requête n'a pas pu être lue (statut {}).", .0.as_u16())]
    Requete(StatusCode),
    /// No such route.
    #[error("Aucune ressource à cette adresse.")]
    RouteInconnue,
    /// The route exists, not with that method.
    #[error(
        "Cette adresse ne répond pas à cette méthode ; l'en-tête Allow donne celles qui sont admises."
    )]
    MethodeNonPermise,
    /// A body larger than any that is expected.
    #[error("Le corps de la requête dépasse la taille admise.")]
    RequeteTropVolumineuse,
    /// More identifiers than a request may hold.
    #[error("La requête porte {nombre} identifiants : {limite} au plus sont admis.")]
    TropDIdentifiants {
        /// How many it holds.
        nombre: usize,
        /// How many it may hold.
        limite: usize,
    },
    /// An address of kilobytes.
    #[error("L'adresse demandée est trop longue.")]
    AdresseTropLongue,
    /// More requests than this client may make.
    #[error("Ce client a fait plus de requêtes que sa limite n'en admet.")]
    TropDeRequetes,
    /// A key that was not given out.
    #[error("La clé d'accès envoyée n'est pas connue de ce serveur.")]
    CleApiInconnue,
    /// No such file of the mirror, or no such snapshot any more.
    #[error("Aucun fichier « {nom} » : le jeu de données en service est {snapshot}.")]
    Fichier {
        /// What was asked.
        nom: String,
        /// The snapshot in service.
        snapshot: String,
    },
    /// Bytes that a file does not have.
    #[error(
        "Les octets demandés (en-tête Range) ne sont pas lisibles, ou pas dans ce fichier, qui en a {taille}."
    )]
    Plage {
        /// Bytes of the file.
        taille: u64,
    },
    /// The file is no longer the one the request is about.
    #[error(
        "Le fichier n'est plus celui dont parle la requête (en-tête If-Match ou If-Unmodified-Since)."
    )]
    Precondition,
    /// No such job.
    #[error("Aucun travail à cette adresse.")]
    TravailInconnu,
    /// Not where the job is.
    #[error("{0}")]
    TravailConflit(String),
    /// As many jobs as allowed.
    #[error("Ce serveur garde déjà autant de travaux qu'il peut.")]
    TropDeTravaux,
    /// No room on the disk.
    #[error("Ce serveur n'a plus assez de place pour la suite du fichier.")]
    EspaceInsuffisant,
    /// The snapshot in service was made without a profile.
    #[error("Le jeu de données en service n'a pas de profil.")]
    ProfilAbsent,
    /// The snapshot in service was made without an index of names, or it cannot be read.
    #[error("La recherche par nom n'est pas disponible dans le jeu de données en service.")]
    SansIndex,
    /// Nothing published yet.
    #[error("Aucun jeu de données n'est encore publié sur ce serveur.")]
    AucuneDonnee,
    /// Too many requests at the same time.
    #[error("Le serveur traite trop de requêtes en ce moment.")]
    Surcharge,
    /// The query lasted too long.
    #[error("La recherche a dépassé le temps imparti.")]
    DelaiDepasse,
    /// SQL that has no answer.
    #[error(transparent)]
    Sql(SqlError),
    /// A fault of ours.
    #[error("Le serveur a rencontré une erreur.")]
    Interne(#[source] Box<dyn Error + Send + Sync>),
}

/// The words for what is well formed and in no table.
pub(crate) fn inconnu(kind: IdentifierKind, valeur: &str, au: Option<NaiveDate>) -> String {
    let au = au.map_or_else(
        || "en service".to_owned(),
        |date| format!("du {}", long_date(date)),
    );
    format!("Le numéro {kind} {valeur} est bien formé, mais ne figure pas dans les données {au}.")
}

impl ApiError {
    /// A text that is not the identifier expected, or any when none is. `valeur` may be long: what
    /// is said of it is bounded.
    pub(crate) fn identifiant(
        valeur: &str,
        cause: IdentifierError,
        expected: Option<IdentifierKind>,
    ) -> Self {
        let suggestion = registre_schemas::identifiers::suggestion(valeur, expected);
        Self::Identifiant {
            valeur: valeur.chars().take(SHOWN).collect(),
            cause,
            suggestion: suggestion.map(|identifier| identifier.as_str().to_owned()),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Identifiant { cause, .. } if cause.code() == "cle_invalide" => Code::CleInvalide,
            Self::Identifiant { .. } => Code::FormatInvalide,
            Self::Inconnu { .. } => Code::Inconnu,
            Self::Doublon { .. } => Code::Doublon,
            Self::Parametre { .. } | Self::Requete(_) => Code::ParametreInvalide,
            Self::RouteInconnue => Code::RouteInconnue,
            Self::MethodeNonPermise => Code::MethodeNonPermise,
            Self::RequeteTropVolumineuse => Code::RequeteTropVolumineuse,
            Self::TropDIdentifiants { .. } => Code::TropDIdentifiants,
            Self::AdresseTropLongue => Code::AdresseTropLongue,
            Self::TropDeRequetes => Code::TropDeRequetes,
            Self::CleApiInconnue => Code::CleApiInconnue,
            Self::Plage { .. } => Code::PlageInvalide,
            Self::TravailInconnu => Code::TravailInconnu,
            Self::TravailConflit(_) => Code::TravailConflit,
            Self::TropDeTravaux => Code::TropDeTravaux,
            Self::EspaceInsuffisant => Code::EspaceInsuffisant,
            Self::ProfilAbsent => Code::ProfilAbsent,
            Self::Fichier { .. } => Code::FichierInconnu,
            Self::Precondition => Code::PreconditionEchouee,
            Self::AucuneDonnee => Code::AucuneDonnee,
            Self::SansIndex => Code::SansIndex,
            Self::Surcharge => Code::Surcharge,
            Self::DelaiDepasse => Code::DelaiDepasse,
            Self::Sql(error) => error.code(),
            Self::Interne(_) => Code::ErreurInterne,
        }
    }

    /// What the person who asked should do next, in French.
    #[must_use]
    pub fn que_faire(&self) -> String {
        match self {
            Self::Identifiant { valeur, cause, .. } => match valeur.parse() {
                Ok(other) => format!("{} Consultez {}.", nature(&other), path_of(&other)),
                Err(_neither) => match cause {
                    IdentifierError::NotDigits { kind, .. } if is_a_name(valeur) => {
                        format!("Un numéro {kind} est attendu ici, pas un nom.")
                    }
                    other => other.advice(),
                },
            },
            Self::Doublon { reference, .. } => {
                format!("Utilisez le SIREN {reference} : /v1/unites-legales/{reference}.")
            }
            Self::Parametre { nom, .. } => format!(
                "Corrigez le paramètre « {nom} » ; la documentation (/docs) donne ses valeurs."
            ),
            Self::Sql(error) => error.que_faire(),
            other => other.code().que_faire().to_owned(),
        }
    }

    /// The identifier or value at fault, as it was given.
    #[must_use]
    pub fn valeur(&self) -> Option<String> {
        match self {
            Self::Identifiant { valeur, .. }
            | Self::Inconnu { valeur, .. }
            | Self::Parametre { valeur, .. } => Some(valeur.clone()),
            Self::Doublon { valeur, .. } => Some(valeur.to_string()),
            _ => None,
        }
    }

    /// The identifier certainly meant by one that is not valid, without separators.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::Identifiant { suggestion, .. } => suggestion.as_deref(),
            _ => None,
        }
    }

    /// What went wrong inside, for who operates the program: never for a client.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Interne(cause) => Some(cause.to_string()),
            _ => None,
        }
    }

    /// Why a body stopped coming: it is larger than is read there, or it was cut.
    pub(crate) fn of_body(error: &(dyn Error + 'static)) -> Self {
        let mut causes = successors(Some(error), |&error| error.source());
        if causes.any(<dyn Error>::is::<LengthLimitError>) {
            Self::RequeteTropVolumineuse
        } else {
            Self::Requete(StatusCode::BAD_REQUEST)
        }
    }

    /// The error of a status some layer answered by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::RouteInconnue,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodeNonPermise,
            StatusCode::PAYLOAD_TOO_LARGE => Self::RequeteTropVolumineuse,
            StatusCode::URI_TOO_LONG => Self::AdresseTropLongue,
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Self::DelaiDepasse,
            StatusCode::SERVICE_UNAVAILABLE => Self::Surcharge,
            other if other.is_client_error() => Self::Requete(other),
            other => Self::Interne(format!("a layer answered {other}").into()),
        }
    }
}

/// Whether a person typed a name where a number goes: telling them to take its letters away would
/// leave nothing.
pub(crate) fn is_a_name(valeur: &str) -> bool {
    valeur.chars().filter(|c| c.is_alphabetic()).count() > 2
}

/// What an identifier given in the wrong place is.
fn nature(identifier: &Identifier) -> &'static str {
    match identifier {
        Identifier::Siren(_) => "C'est un numéro SIREN, d'une unité légale.",
        Identifier::Siret(_) => "C'est un numéro SIRET, d'un établissement.",
        Identifier::Rna(_) => "C'est un numéro RNA, d'une association.",
        Identifier::Tva(_) => "C'est un numéro de TVA, d'une unité légale.",
    }
}

/// Where an identifier is answered.
pub(crate) fn path_of(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Siren(siren) => format!("/v1/unites-legales/{siren}"),
        Identifier::Siret(siret) => format!("/v1/etablissements/{siret}"),
        Identifier::Rna(id) => format!("/v1/associations/{id}"),
        Identifier::Tva(tva) => format!("/v1/unites-legales/{}", tva.siren()),
    }
}

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy => Self::Surcharge,
            PoolError::TimedOut => Self::DelaiDepasse,
            inner => Self::Interne(Box::new(inner)),
        }
    }
}

impl From<SqlError> for ApiError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Panne(cause) => Self::Interne(cause.into()),
            other => Self::Sql(other),
        }
    }
}

impl IntoResponse for ApiError {
    /// The cause is logged here, once. `instance` is added by the middleware that knows the path.
    fn into_response(self) -> Response {
        if let Self::Interne(cause) = &self {
            tracing::error!(error = %cause, "request failed: {cause}");
        }
        let error = Arc::new(self);
        let mut response = problem_response(&error, None);
        if let Self::Plage { taille } = *error
            && let Ok(content) = HeaderValue::try_from(format!("bytes */{taille}"))
        {
            response
                .headers_mut()
                .insert(header::CONTENT_RANGE, content);
        }
        response.extensions_mut().insert(error);
        response
    }
}

/// The answer of an error to a request for that path.
pub(crate) fn problem_response(error: &ApiError, instance: Option<&str>) -> Response {
    let code = error.code();
    let body = serde_json::to_vec(&Problem::new(error, instance)).unwrap_or_default();
    of_code(code, PROBLEM_JSON, body)
}

/// The response of an error, whatever shape its body has: kept by nobody, and when to come back.
pub(crate) fn of_code(code: Code, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = (code.status(), body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = code.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
