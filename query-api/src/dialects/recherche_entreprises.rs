//! API Recherche d'entreprises (`recherche-entreprises.api.gouv.fr`, `annuaire-entreprises/search-api`), so
//! that a client written for it asks here by changing its base URL.
//!
//! What differs, on purpose:
//! - What comes from other data sets than SIRENE and the RNA is null, false or empty, and a filter on it
//!   finds nobody: the page `/integration/recherche-entreprises` says which.
//! - The order of results is that of our own search. Which ones match is what is compared.
//! - `nom_complet` of who is hidden is never made from what else the register still holds.
//! - `/health`, `/docs` and `/openapi.json` are ours.
//!
//! | module | holds |
//! |---|---|
//! | `parametres`, `python`, `codes` | the parameters, one by one |
//! | `controles` | the parameters, together |
//! | `requete` | from parameters to the neutral search |
//! | `lecture` | the rows of a page of results |
//! | `champs`, `derive`, `masque`, `reponse` | from rows to the answer |
//! | `erreur` | what is said when there is no answer |

pub(crate) mod champs;
mod codes;
mod controles;
mod derive;
mod erreur;
mod lecture;
mod masque;
pub(crate) mod parametres;
mod python;
mod reponse;
mod requete;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use registre_schemas::identifiers::{Siren, Siret};
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::handlers::{aside, json};
use crate::recherche::{self, Cle, Filtre};
use champs::Choix;
use erreur::Refus;
use lecture::{Demande, OfResultats, PAR_PAGE};
use masque::Diffusion;
use parametres::{Paires, Valeurs};
use reponse::{Reponse, ResultatVu};
use requete::Feuille;

pub(crate) use controles::TOTAL_MAX;
pub(crate) use erreur::failure;

/// Where it answers: those, and all that is below the others.
const ROUTES: [&str; 2] = ["/search", "/near_point"];
const PREFIXES: [&str; 2] = ["/sources/", "/idcc/"];

/// Whether a path is one of this service.
pub(crate) fn answers_at(path: &str) -> bool {
    let path_alone = path.trim_end_matches('/');
    ROUTES.contains(&path_alone) || PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

/// The routes of what is searched, which is what a person typed.
pub(crate) fn routes() -> Router<Arc<Catalog>> {
    Router::new()
        .route("/search", get(search))
        .route("/near_point", get(near_point))
        .route("/idcc/metadata", get(idcc_metadata))
        .route("/idcc/{siren}", get(idcc))
        .route("/sources/last_modified", get(last_modified))
}

/// Which of the two searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recherche {
    Texte,
    Point,
}

/// `GET /search`
async fn search(pairs: Paires, InService(snapshot): InService) -> Result<Response, Refus> {
    let valeurs = read(Recherche::Texte, &pairs)?;
    match valeurs.texte("terms").and_then(numero) {
        Some(numero) => by_number(snapshot, &valeurs, &numero).await,
        None => by_index(snapshot, Recherche::Texte, &valeurs).await,
    }
}

/// `GET /near_point`
async fn near_point(pairs: Paires, InService(snapshot): InService) -> Result<Response, Refus> {
    let valeurs = read(Recherche::Point, &pairs)?;
    by_index(snapshot, Recherche::Point, &valeurs).await
}

fn read(recherche: Recherche, pairs: &Paires) -> Result<Valeurs, Refus> {
    let valeurs = Valeurs::of(pairs).map_err(Refus::Parametre)?;
    controles::check(recherche, &valeurs).map_err(Refus::Parametre)?;
    Ok(valeurs)
}

/// Nine or fourteen digits, whatever blanks they have between them.
fn numero(terms: &str) -> Option<String> {
    let digits: String = terms.chars().filter(|c| !c.is_whitespace()).collect();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && [9, 14].contains(&digits.len())).then_some(digits)
}

/// The parts of the answer.
fn choix(valeurs: &Valeurs) -> Choix {
    let lists = ["include", "include_admin"].map(|nom| valeurs.liste(nom).unwrap_or_default());
    Choix::new(valeurs.vrai("minimal"), lists.concat())
}

/// The unit of a SIREN or of a SIRET: filters do not count. A number that cannot be one is nobody's.
async fn by_number(
    snapshot: Arc<Snapshot>,
    valeurs: &Valeurs,
    numero: &str,
) -> Result<Response, Refus> {
    let choix = choix(valeurs);
    let page = valeurs.entier("page_etablissements");
    let liste = choix.has("etablissements").then(|| page.unwrap_or(1));
    let asked = if let Ok(siren) = numero.parse::<Siren>() {
        // The service looked for the page under the name that was typed, blanks and all.
        let as_typed = valeurs.texte("terms") == Some(numero);
        (page.is_none() || as_typed).then(|| Demande {
            siren,
            sirets: Vec::new(),
            liste,
        })
    } else {
        let siret = numero.parse::<Siret>().ok();
        siret.map(|siret| Demande {
            siren: siret.siren(),
            sirets: vec![siret],
            liste: liste.map(|_| 1),
        })
    };
    let is_place = asked.as_ref().is_some_and(|asked| !asked.sirets.is_empty());
    let found = match asked {
        Some(asked) => snapshot.ask_much(OfResultats(vec![asked])).await?,
        None => Vec::new(),
    };
    let feuille = Feuille::of(valeurs);
    aside(move || {
        let exists = |found: &&lecture::Resultat| {
            let page = page.filter(|_| !is_place);
            (!is_place || !found.cites.is_empty()) && page.is_none_or(|page| has_page(found, page))
        };
        let found: Vec<_> = found.iter().flatten().filter(exists).collect();
        let total = found.len() as u64;
        let found = found.into_iter().skip(feuille.debut());
        // As a lone result is scored when nothing weighs it.
        let scored = found.map(|found| (found, 1.0)).collect();
        rendered(&snapshot, &choix, scored, feuille, total)
    })
    .await
}

/// Whether a unit has that page of its établissements, a hundred on each.
fn has_page(found: &lecture::Resultat, page: usize) -> bool {
    let total = usize::try_from(found.count.total).unwrap_or_default();
    page == 1 || page <= total.div_ceil(usize::from(PAR_PAGE))
}

/// Words, filters or a point.
async fn by_index(
    snapshot: Arc<Snapshot>,
    recherche: Recherche,
    valeurs: &Valeurs,
) -> Result<Response, Refus> {
    let feuille = Feuille::of(valeurs);
    let choix = choix(valeurs);
    let Some(mut requete) = requete::requete(recherche, valeurs) else {
        return rendered(&snapshot, &choix, Vec::new(), feuille, 0);
    };
    // An association without one has no place in this format.
    requete.filtres.push(Filtre::AvecSiren);
    let page = recherche::cherche(&snapshot, requete).await?;
    let liste = choix.has("etablissements").then_some(1);
    let mut scores = Vec::with_capacity(page.trouves.len());
    let mut asked = Vec::with_capacity(page.trouves.len());
    for trouve in page.trouves {
        if let Cle::Siren(siren) = trouve.cle {
            scores.push(trouve.score);
            asked.push(Demande {
                siren,
                sirets: trouve.etablissements,
                liste,
            });
        }
    }
    let found = snapshot.ask_among(OfResultats(asked)).await?;
    aside(move || {
        let found = found.iter().zip(scores);
        let scored = found.filter_map(|(found, score)| Some((found.as_ref()?, score)));
        // A person who asked to be hidden is only found by number.
        let shown = scored.filter(|(found, _)| may_be_found(recherche, &found.unite));
        rendered(&snapshot, &choix, shown.collect(), feuille, page.total)
    })
    .await
}

fn may_be_found(recherche: Recherche, unite: &crate::record::Record) -> bool {
    let diffusion = Diffusion::of(unite);
    match recherche {
        Recherche::Texte => !diffusion.masque_les_noms(),
        Recherche::Point => !diffusion.unite_masquee,
    }
}

/// A page of results, written.
fn rendered(
    snapshot: &Snapshot,
    choix: &Choix,
    found: Vec<(&lecture::Resultat, f32)>,
    feuille: Feuille,
    total: u64,
) -> Result<Response, Refus> {
    let made = snapshot.manifest.created_at;
    let moment = made.format("%Y-%m-%dT%H:%M:%S").to_string();
    let total = total.min(TOTAL_MAX as u64);
    let vu = |(found, score)| ResultatVu {
        found,
        choix,
        moment: &moment,
        score,
    };
    let reponse = Reponse {
        results: found.into_iter().map(vu).collect(),
        total_results: total,
        page: feuille.page,
        per_page: feuille.per_page,
        total_pages: total.div_ceil(feuille.per_page as u64),
    };
    Ok(json(StatusCode::OK, &reponse)?)
}

/// `GET /idcc/{siren}`: what the service said of a unit without a convention collective, as all are here.
async fn idcc(Path(siren): Path<String>) -> Result<Response, Refus> {
    if siren.len() != 9 || !siren.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refus::Parametre("Numéro Siren invalide.".to_owned()));
    }
    idcc_metadata().await
}

/// `GET /idcc/metadata`: no convention collective is known here.
async fn idcc_metadata() -> Result<Response, Refus> {
    Ok(json(StatusCode::OK, &Map::new())?)
}

/// The sources of the service, in its order.
pub(crate) const SOURCES: [&str; 14] = [
    "ess_france",
    "rge",
    "uai",
    "collectivite_territoriale",
    "collectivite_territoriale_elus",
    "sirene",
    "egapro",
    "agence_bio",
    "entrepreneur_spectacle",
    "finess",
    "bilan_financier",
    "organisme_formation",
    "convention_collective",
    "rne",
];

/// `GET /sources/last_modified`: null for what is not here.
async fn last_modified(InService(snapshot): InService) -> Result<Response, Refus> {
    let sirene = snapshot.as_of("sirene").map(|date| date.to_string());
    let date = |name: &str| {
        let date = sirene.clone().filter(|_| name == "sirene");
        (name.to_owned(), date.map_or(Value::Null, Value::String))
    };
    let dates: Map<String, Value> = SOURCES.into_iter().map(date).collect();
    Ok(json(StatusCode::OK, &dates)?)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, get};

    /// Of a snapshot without an index.
    #[tokio::test]
    async fn without_an_index_numbers_are_answered_and_the_rest_says_why_not() {
        let fixture = Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        let unit = get(&app, "/search?q=130025265&departement=2A").await;
        assert_eq!(
            (unit.status, &unit.json()["total_results"]),
            (200, &1.into())
        );
        assert_eq!(
            unit.header("cache-control"),
            "private, max-age=0, must-revalidate"
        );
        for path in ["/search?q=numerique", "/near_point?lat=48.85&long=2.31"] {
            let answer = get(&app, path).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (503, "application/json"),
                "{path}"
            );
            assert!(
                answer.json()["erreur"]
                    .as_str()
                    .unwrap()
                    .contains("registre ingest")
            );
        }
    }

    #[tokio::test]
    async fn what_was_a_siege_is_told_and_closed_since_when() {
        let fixture = Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        let body = get(&app, "/search?q=35600000009075").await.json();
        let cited = &body["results"][0]["matching_etablissements"][0];
        assert_eq!(cited["date_fermeture"], "2015-03-01");
        assert_eq!(cited["est_siege"], false);
        let unit = &body["results"][0];
        assert_eq!(
            (
                &unit["nombre_etablissements"],
                &unit["nombre_etablissements_ouverts"]
            ),
            (&2.into(), &1.into())
        );
        assert_eq!(unit["siege"]["coordonnees"], "48.85,2.31");
        assert_eq!(unit["complements"]["est_association"], true);
    }

    /// The rows of the register still hold `[ND]`, and a first name.
    #[tokio::test]
    async fn nothing_of_a_mask_of_the_register_is_let_out() {
        let fixture = Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        for siren in ["900000001", "900000019"] {
            let path = format!("/search?q={siren}&include_admin=etablissements");
            let answer = get(&app, &path).await;
            assert_eq!(answer.json()["total_results"], 1);
            assert!(!answer.text().contains("[ND]"), "{}", answer.text());
            assert!(!answer.text().contains("CAMILLE"), "{}", answer.text());
            let unit = &answer.json()["results"][0];
            assert_eq!(unit["nom_complet"], "[NON-DIFFUSIBLE]", "{siren}");
        }
    }
}
