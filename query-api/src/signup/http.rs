//! The routes of applicants.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::acces::meme_origine;
use super::formulaire::{Erreur, Formulaire, Saisie};
use super::organisation::{Verification, verifier};
use super::pages::{self, JETON, LEURRE, Place, Vue};
use super::store::{Demande, Nouvelle, StoreError};
use super::{Guichet, numero, recu, reponse};
use crate::error::ApiError;

/// Names and values, in the order sent.
pub(super) type Pairs = Vec<(String, String)>;

/// What is told to who sends a form, or a deletion, that cannot be kept.
const STORE_FAILED: &str = "Le serveur ne peut rien enregistrer en ce moment (disque plein, ou base de données protégée ou occupée). Vos réponses sont encore dans cette page : réessayez dans quelques minutes avec le bouton du bas et, si cela dure, prévenez l'exploitant du service.";

const FOREIGN: &str = "Ce formulaire a été envoyé par la page d'un autre site. Ouvrez-le ici et envoyez-le de nouveau.";

/// `GET /signup`
pub(super) async fn choix(State(guichet): State<Guichet>) -> Response {
    let html = pages::choix(&guichet.signup.apis);
    guichet.page(
        StatusCode::OK,
        Place::Signup,
        "Demander l'accès à une API",
        &html,
    )
}

/// `GET /signup/{api}?siret=…`
pub(super) async fn formulaire(
    State(guichet): State<Guichet>,
    Path(api): Path<String>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, ApiError> {
    vide(&guichet, &guichet.of_api(&api)?, &pairs)
}

/// `GET /demander-une-donnee?siret=…`
pub(super) async fn formulaire_donnee(
    State(guichet): State<Guichet>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, ApiError> {
    vide(&guichet, &Formulaire::donnee_manquante(), &pairs)
}

/// `POST /signup/{api}`
pub(super) async fn envoyer(
    State(guichet): State<Guichet>,
    Path(api): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, ApiError> {
    let pairs = sent(&headers, body)?;
    let formulaire = guichet.of_api(&api)?;
    recevoir(&guichet, &formulaire, &headers, &pairs).await
}

/// `POST /demander-une-donnee`
pub(super) async fn envoyer_donnee(
    State(guichet): State<Guichet>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, ApiError> {
    let pairs = sent(&headers, body)?;
    recevoir(&guichet, &Formulaire::donnee_manquante(), &headers, &pairs).await
}

impl Guichet {
    /// A page, with what is said of the snapshot in service.
    pub(super) fn page(
        &self,
        status: StatusCode,
        place: Place,
        titre: &str,
        html: &str,
    ) -> Response {
        pages::page(&self.catalog, status, place, titre, html)
    }

    fn of_api(&self, id: &str) -> Result<Formulaire<'_>, ApiError> {
        let api = self.signup.apis.iter().find(|api| api.id == id);
        api.map(Formulaire::of_api).ok_or(ApiError::RouteInconnue)
    }
}

/// The names and values of a form.
pub(super) fn sent(
    headers: &HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Pairs, ApiError> {
    let body = body.map_err(|rejection| ApiError::of_status(rejection.status()))?;
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_form = content_type.is_some_and(|value| {
        value
            .as_bytes()
            .to_ascii_lowercase()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err(ApiError::Requete(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(form_urlencoded::parse(&body).into_owned().collect())
}

/// The first value of a name.
pub(super) fn first<'pairs>(pairs: &'pairs Pairs, name: &str) -> &'pairs str {
    pairs
        .iter()
        .find(|(other, _)| other == name)
        .map_or("", |(_, value)| value.as_str())
}

fn no_random(error: numero::NoRandom) -> ApiError {
    ApiError::Interne(Box::new(error))
}

fn vide(
    guichet: &Guichet,
    formulaire: &Formulaire<'_>,
    pairs: &Pairs,
) -> Result<Response, ApiError> {
    let mut saisie = Saisie::default();
    let given: String = first(pairs, "siret").trim().chars().take(60).collect();
    if !given.is_empty() {
        saisie.remplacer_organisation(&given);
    }
    let vue = Vue {
        formulaire,
        saisie: &saisie,
        erreurs: &[],
        verification: None,
        alerte: None,
        jeton: &numero::jeton().map_err(no_random)?,
        conservation: guichet.signup.retention_days,
    };
    Ok(shown(guichet, &vue, StatusCode::OK))
}

fn shown(guichet: &Guichet, vue: &Vue<'_>, status: StatusCode) -> Response {
    let place = vue.formulaire.nature().into();
    guichet.page(status, place, &vue.titre(), &vue.html())
}

/// A form that was sent: shown again with what the registers say, or with what is wrong, or kept.
async fn recevoir(
    guichet: &Guichet,
    formulaire: &Formulaire<'_>,
    headers: &HeaderMap,
    pairs: &Pairs,
) -> Result<Response, ApiError> {
    let snapshot = guichet.catalog.current();
    let mut saisie = formulaire.lire(pairs);
    let replaced = first(pairs, "remplacer");
    if !replaced.is_empty() {
        saisie.remplacer_organisation(replaced);
    }
    let jeton = match first(pairs, JETON) {
        given if numero::is_jeton(given) => given.to_owned(),
        _ => numero::jeton().map_err(no_random)?,
    };
    let only_verify = !replaced.is_empty() || first(pairs, "action") == "verifier";
    let ours = meme_origine(headers);
    let verification = if ours && !saisie.organisation().is_empty() {
        Some(verifier(snapshot.as_deref(), saisie.organisation()).await)
    } else {
        None
    };
    let mut erreurs = if only_verify {
        Vec::new()
    } else {
        formulaire.erreurs(&saisie)
    };
    if let Some(Verification::Refusee(refus)) = &verification {
        // In its place among the others.
        erreurs.push(Erreur {
            entree: "siret".to_owned(),
            message: refus.message.clone(),
        });
        formulaire.ranger(&mut erreurs);
    }
    let alerte = if !ours {
        Some((StatusCode::FORBIDDEN, FOREIGN))
    } else if first(pairs, LEURRE).is_empty() {
        None
    } else {
        Some((
            StatusCode::UNPROCESSABLE_ENTITY,
            "Un champ caché, qui doit rester vide, a été rempli, sans doute par le navigateur : il est vide maintenant, envoyez de nouveau.",
        ))
    };
    let mut vue = Vue {
        formulaire,
        saisie: &saisie,
        erreurs: &erreurs,
        verification: verification.as_ref(),
        alerte: alerte.map(|(_, words)| words),
        jeton: &jeton,
        conservation: guichet.signup.retention_days,
    };
    if let Some((status, _)) = alerte {
        return Ok(shown(guichet, &vue, status));
    }
    if !erreurs.is_empty() {
        return Ok(shown(guichet, &vue, StatusCode::UNPROCESSABLE_ENTITY));
    }
    if only_verify {
        return Ok(shown(guichet, &vue, StatusCode::OK));
    }
    match garder(guichet, formulaire, &saisie, verification.as_ref(), &jeton).await? {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            told(&error, "keep a request");
            vue.alerte = Some(STORE_FAILED);
            Ok(shown(guichet, &vue, StatusCode::SERVICE_UNAVAILABLE))
        }
    }
}

/// Keeps a request; the address of its receipt.
async fn garder(
    guichet: &Guichet,
    formulaire: &Formulaire<'_>,
    saisie: &Saisie,
    verification: Option<&Verification>,
    jeton: &str,
) -> Result<Result<String, StoreError>, ApiError> {
    let mut content = formulaire.json(saisie);
    if let Some(api) = formulaire.api {
        content.insert("api".to_owned(), json!({ "id": api.id, "nom": api.nom }));
    }
    let verified = match verification {
        Some(Verification::Acceptee { resultat, json }) => {
            content.insert("organisation".to_owned(), json.clone());
            Some(*resultat)
        }
        Some(Verification::NonVerifiee { json }) => {
            content.insert("organisation".to_owned(), json.clone());
            Some("non_verifie")
        }
        Some(Verification::Refusee(_)) | None => None,
    };
    let secret = numero::secret(jeton, &(formulaire.adresse() + &saisie.canonique()));
    let new = Nouvelle {
        numero: numero::numero().map_err(no_random)?,
        empreinte: numero::empreinte(&secret),
        nature: formulaire.nature(),
        api: formulaire.api.map(|api| api.id.clone()),
        verification: verified.map(str::to_owned),
        contenu: Value::Object(content).to_string(),
        a_envoyer: guichet.signup.wake.is_some(),
    };
    Ok(guichet.signup.store.garder(new).await.map(|numero| {
        if let Some(wake) = &guichet.signup.wake {
            wake.notify_one();
        }
        format!("/signup/demandes/{numero}?jeton={secret}")
    }))
}

/// A fault of the store, for the operator.
pub(super) fn told(error: &StoreError, doing: &str) {
    tracing::error!("{doing}: {error}; {}", error.advice());
}

/// The answer to a POST that a reload must not send again.
pub(super) fn see_other(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::from_str(address) {
        headers.insert(header::LOCATION, address);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The last segment of an address, and whether it asks for JSON.
pub(super) fn without_json(name: &str) -> (&str, bool) {
    name.strip_suffix(".json")
        .map_or((name, false), |name| (name, true))
}

/// JSON that nobody keeps.
pub(super) fn json_seul(value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, value.to_string()).into_response()
}

/// A page of a few words.
pub(super) fn dit(
    guichet: &Guichet,
    status: StatusCode,
    place: Place,
    titre: &str,
    message: &str,
) -> Response {
    let html = format!(
        "<h1>{titre}</h1><p>{message}</p><p><a href=\"/signup\">Demander l'accès à une API</a></p>"
    );
    guichet.page(status, place, titre, &html)
}

/// What is told when the store cannot be read.
pub(super) fn illisible(guichet: &Guichet, place: Place) -> Response {
    dit(
        guichet,
        StatusCode::SERVICE_UNAVAILABLE,
        place,
        "Les demandes ne peuvent pas être lues",
        "Réessayez dans quelques minutes ; si cela dure, prévenez l'exploitant du service, dont le journal dit pourquoi.",
    )
}

fn introuvable(guichet: &Guichet) -> Response {
    dit(
        guichet,
        StatusCode::NOT_FOUND,
        Place::Signup,
        "Demande introuvable",
        "Aucune demande à cette adresse : elle est incomplète, ou la demande a été supprimée.",
    )
}

/// The request of a number, for who has its secret. A wrong one is told as an unknown number is.
async fn ouverte(
    guichet: &Guichet,
    numero: &str,
    secret: &str,
) -> Result<Option<Demande>, StoreError> {
    let Some(numero) = numero::relu(numero) else {
        return Ok(None);
    };
    let found = guichet.signup.store.demande(numero).await?;
    Ok(found.filter(|kept| numero::ouvre(secret, &kept.empreinte)))
}

/// `GET /signup/demandes/{numero}?jeton=…`, and the same with `.json`
pub(super) async fn recu(
    State(guichet): State<Guichet>,
    Path(name): Path<String>,
    Query(pairs): Query<Pairs>,
) -> Response {
    let secret = first(&pairs, JETON);
    let (numero, as_json) = without_json(&name);
    match ouverte(&guichet, numero, secret).await {
        Ok(Some(kept)) => {
            let request = reponse::demande(&kept);
            if as_json {
                return json_seul(&request);
            }
            let html = recu::recu(&kept, &request, secret, guichet.signup.retention_days);
            let titre = format!("Récépissé {}", kept.numero);
            guichet.page(StatusCode::OK, Place::Signup, &titre, &html)
        }
        Ok(None) if as_json => ApiError::RouteInconnue.into_response(),
        Ok(None) => introuvable(&guichet),
        Err(error) => {
            told(&error, "read a request");
            illisible(&guichet, Place::Signup)
        }
    }
}

/// `POST /signup/demandes/{numero}/supprimer`
pub(super) async fn supprimer(
    State(guichet): State<Guichet>,
    Path(numero): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, ApiError> {
    let pairs = sent(&headers, body)?;
    if !meme_origine(&headers) {
        return Ok(dit(
            &guichet,
            StatusCode::FORBIDDEN,
            Place::Signup,
            "Suppression refusée",
            FOREIGN,
        ));
    }
    let deleted = async {
        match ouverte(&guichet, &numero, first(&pairs, JETON)).await? {
            Some(kept) => guichet.signup.store.supprimer(kept.numero).await,
            None => Ok(false),
        }
    };
    Ok(match deleted.await {
        Ok(true) => dit(
            &guichet,
            StatusCode::OK,
            Place::Signup,
            "Demande supprimée",
            "Vos réponses sont effacées de ce serveur.",
        ),
        Ok(false) => introuvable(&guichet),
        Err(error) => {
            told(&error, "delete a request");
            illisible(&guichet, Place::Signup)
        }
    })
}
