//! Every route on one screen.

use axum::routing::{get, post};
use axum::{Extension, Router};
use std::sync::Arc;

use crate::cache::{FromSnapshot, Keep};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::dialects::{entreprise_data_gouv as edg, recherche_entreprises};
use crate::enrichir::{self, travaux::Travaux};
use crate::limits::Limits;
use crate::middleware::App;
use crate::organisation::http as organisations;
use crate::recherche::http as recherche;
use crate::signup::{self, Signup};
use crate::sql::{self, Workers};
use crate::{docs, handlers, middleware, mirror, ui};

/// The whole service. `get` answers HEAD too.
pub(crate) fn router(
    config: &Config,
    catalog: Arc<Catalog>,
    limits: Option<Arc<Limits>>,
    forms: Option<Arc<Signup>>,
    jobs: Option<Arc<Travaux>>,
) -> App {
    let from_snapshot = |keep| FromSnapshot::new(Arc::clone(&catalog), keep);
    let data = Router::new()
        .route("/v1/etablissements/{siret}", get(handlers::etablissement))
        .route(
            "/v1/etablissements/{siret}/periodes",
            get(handlers::periodes_etablissement),
        )
        .route(
            "/v1/etablissements/{siret}/successions",
            get(handlers::successions),
        )
        .route("/v1/unites-legales/{siren}", get(handlers::unite_legale))
        .route(
            "/v1/unites-legales/{siren}/etablissements",
            get(handlers::etablissements),
        )
        .route(
            "/v1/unites-legales/{siren}/periodes",
            get(handlers::periodes_unite_legale),
        )
        .route("/v1/associations/{id}", get(handlers::association))
        .route("/v1/organisations/{id}", get(organisations::organisation))
        .route("/v1/organisations", get(organisations::par_adresse))
        .route("/v1/profil", get(handlers::profil))
        .route("/donnees", get(ui::donnees::page))
        .route("/parquet", get(ui::parquet::page))
        // entreprise.data.gouv.fr, revived.
        .nest("/api/sirene/v3", edg::v3::routes())
        .nest("/v3", edg::v3::routes())
        .nest("/api/sirene/v1", edg::v1::routes())
        .nest("/api/rna/v1", edg::rna::routes())
        .route_layer(from_snapshot(Keep::Shared));

    let workers = config.sql.clone();
    let workers = workers.map(|settings| Arc::new(Workers::new(settings, true)));
    let sql = workers.clone().map(|workers| {
        sql::http::routes(workers).route_layer(from_snapshot(Keep::Shared).by_accept())
    });

    let page = Router::new()
        .route("/", get(ui::page))
        .route("/v1/suggestions", get(recherche::suggestions))
        .route("/v1/recherche", get(recherche::recherche))
        .route("/recherche", get(ui::recherche::page))
        .route("/entreprise/{id}", get(ui::fiche::numero))
        .route("/etablissement/{id}", get(ui::fiche::numero))
        .route("/association/{id}", get(ui::fiche::association))
        .route("/sql", get(ui::sql::page))
        .layer(Extension(workers))
        .nest("/api/sirene/v1", edg::v1::text_routes())
        .nest("/api/rna/v1", edg::rna::text_routes())
        // API Recherche d'entreprises.
        .merge(recherche_entreprises::routes())
        .route_layer(from_snapshot(Keep::Browser));

    let rest = Router::new()
        .route("/v1/organisations", post(organisations::par_corps))
        .route("/donnees/{file}", get(ui::donnees::schema))
        .route("/health", get(handlers::health))
        .route("/openapi.json", get(handlers::openapi_json))
        .route("/docs", get(docs::page))
        .route("/docs/{file}", get(docs::file))
        .route("/integration", get(ui::integration::page))
        .route(
            "/integration/recherche-entreprises",
            get(ui::integration::recherche_entreprises),
        )
        .route("/integration.js", get(ui::integration::script))
        .route("/sql/{file}", get(ui::sql::file))
        .route("/extraits.js", get(ui::extraits::script))
        .route("/app.js", get(ui::script))
        .route("/recherche/{file}", get(ui::recherche::file))
        .route("/widget/{file}", get(ui::widget::file))
        .route("/style.css", get(ui::style))
        .route("/favicon.svg", get(ui::icon));

    let mirror = mirror::routes(Arc::clone(&catalog));
    let enrichir = Router::new()
        .route("/v1/enrichir", post(enrichir::http::enrichir))
        .with_state(enrichir::http::Atelier::new(Arc::clone(&catalog)));
    let jobs = jobs.map(enrichir::travaux::http::routes);

    let forms = forms.map(|forms| signup::routes(forms, Arc::clone(&catalog)));

    let routes = data
        .merge(sql.unwrap_or_default())
        .merge(page)
        .merge(rest)
        .merge(mirror)
        .merge(enrichir)
        .merge(jobs.unwrap_or_default())
        .merge(forms.unwrap_or_default())
        .method_not_allowed_fallback(handlers::methode_non_permise)
        .fallback(handlers::route_inconnue)
        .with_state(catalog);
    middleware::around(routes, config, limits)
}

#[cfg(test)]
mod tests {
    use crate::middleware::App;
    use crate::testing::{Answer, Fixture, get, send};
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::{Method, header};
    use std::collections::HashSet;

    const ID: &str = "20261101T000000Z";

    async fn app() -> (Fixture, App) {
        let fixture = Fixture::published(ID);
        let app = fixture.app().await;
        (fixture, app)
    }

    /// The answer to one address.
    async fn answer(path: &str) -> Answer {
        let (_fixture, app) = app().await;
        get(&app, path).await
    }

    async fn check_problem(path: &str, status: u16, code: &str) -> Answer {
        let answer = answer(path).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, json["code"].as_str()),
            (status, Some(code)),
            "{path}: {json}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(json["instance"], path.split('?').next().unwrap());
        assert_eq!(json["type"], format!("/docs#erreur-{code}"));
        assert!(
            json["que_faire"]
                .as_str()
                .is_some_and(|advice| advice.len() > 20),
            "{json}"
        );
        answer
    }

    #[tokio::test]
    async fn a_siret_answers_with_its_unite_legale_and_where_it_comes_from() {
        let answer = answer("/v1/etablissements/130%20025%20265%2000013").await;
        let json = answer.json();
        assert_eq!(answer.status, 200, "{json}");
        assert_eq!(json["etablissement"]["siret"], "13002526500013");
        assert_eq!(
            json["etablissement"]["code_commune"]["libelle"],
            "Paris 7e Arrondissement"
        );
        assert_eq!(json["unite_legale"]["sigle"], "DINUM");
        assert_eq!(json["donnees"]["snapshot"], ID);
        assert_eq!(json["donnees"]["sirene"], "2026-11-01");
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.header("x-request-id").is_empty());
    }

    #[tokio::test]
    async fn a_siren_answers_with_all_that_hangs_on_it() {
        let json = answer("/v1/unites-legales/356000000").await.json();
        assert_eq!(json["siege"]["siret"], "35600000000048");
        assert_eq!(
            json["nombre_etablissements"],
            serde_json::json!({"total": 2, "actifs": 1})
        );
        assert_eq!(json["association"]["id"], "W751004076");
        let dinum = answer("/v1/unites-legales/130025265").await.json();
        assert_eq!(dinum["doublons"][0]["siren_doublon"], "100000009");
        assert!(dinum["doublon_de"].is_null());
        assert_eq!(
            dinum["association"]["id"], "W921000001",
            "linked by the RNA's SIRET"
        );
    }

    #[tokio::test]
    async fn an_association_answers_with_its_unite_legale_by_either_register() {
        let json = answer("/v1/associations/w751004076").await.json();
        assert_eq!(json["unite_legale"]["siren"], "356000000");
        assert_eq!(json["association"]["date_creat"], "0001-01-01");
        assert!(json["association"]["email"].is_null(), "publiweb is 0");
        assert_eq!(
            answer("/v1/associations/W921000001").await.json()["unite_legale"]["siren"],
            "130025265"
        );
    }

    #[tokio::test]
    async fn the_periods_of_either_number_are_answered_the_latest_first() {
        let unit = answer("/v1/unites-legales/356000000/periodes").await.json();
        assert_eq!(unit["siren"], "356000000");
        assert_eq!(unit["periodes"].as_array().unwrap().len(), 2);
        assert_eq!(unit["periodes"][0]["date_debut"], "2010-03-01");
        assert_eq!(unit["periodes"][0]["changement_denomination"], true);
        assert_eq!(unit["periodes"][1]["date_fin"], "2010-02-28");
        assert_eq!(
            unit["periodes"][1]["etat_administratif"]["libelle"],
            "Active"
        );
        assert_eq!(unit["donnees"]["snapshot"], ID);

        let closed = answer("/v1/etablissements/35600000009075/periodes")
            .await
            .json();
        assert_eq!(closed["siret"], "35600000009075");
        assert_eq!(closed["periodes"][0]["etat_administratif"]["code"], "F");
        assert_eq!(closed["periodes"][1]["enseigne_1"], "SPECIMEN");
        let without = answer("/v1/etablissements/13002526500013/periodes").await;
        assert_eq!(without.status, 200);
        assert_eq!(without.json()["periodes"], serde_json::json!([]));
        // Of what was purged, only the history is left.
        let left = answer("/v1/etablissements/35600000011815/periodes").await;
        assert_eq!(
            (left.status, left.json()["siret"].as_str()),
            (200, Some("35600000011815"))
        );
        check_problem("/v1/etablissements/35600000011815", 404, "inconnu").await;
    }

    #[tokio::test]
    async fn the_links_of_succession_are_answered_both_ways() {
        let before = answer("/v1/etablissements/35600000000048/successions")
            .await
            .json();
        assert_eq!(
            before["predecesseurs"][0]["siret_predecesseur"],
            "35600000009075"
        );
        assert_eq!(
            before["predecesseurs"][0]["date_lien_succession"],
            "2015-03-01"
        );
        assert_eq!(before["successeurs"], serde_json::json!([]));
        let cycle = answer("/v1/etablissements/38119429900016/successions")
            .await
            .json();
        for side in ["predecesseurs", "successeurs"] {
            assert_eq!(cycle[side].as_array().unwrap().len(), 1, "{side}");
        }
    }

    #[tokio::test]
    async fn a_list_is_followed_page_by_page() {
        let first = answer("/v1/unites-legales/356000000/etablissements?limite=1").await;
        let json = first.json();
        assert_eq!(json["etablissements"][0]["siret"], "35600000000048");
        assert_eq!(json["total"], 2);
        let next = json["suivant"].as_str().unwrap();
        assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
        let second = answer(next).await.json();
        assert_eq!(second["etablissements"][0]["siret"], "35600000009075");
        assert!(second["suivant"].is_null());
        let closed = answer("/v1/unites-legales/356000000/etablissements?etat=F")
            .await
            .json();
        assert_eq!(
            (
                closed["total"].as_i64(),
                closed["etablissements"].as_array().unwrap().len()
            ),
            (Some(1), 1)
        );
    }

    #[tokio::test]
    async fn no_two_reasons_for_a_miss_share_a_message() {
        let mut details = HashSet::new();
        for (path, status, code) in [
            ("/v1/etablissements/123", 400, "format_invalide"),
            ("/v1/etablissements/13002526500014", 400, "cle_invalide"),
            ("/v1/etablissements/21920023500014", 404, "inconnu"),
            ("/v1/unites-legales/100000009", 404, "doublon"),
            (
                "/v1/unites-legales/100000009/etablissements",
                404,
                "doublon",
            ),
            (
                "/v1/unites-legales/356000000/etablissements?limite=0",
                400,
                "parametre_invalide",
            ),
            ("/v1/unites-legales/100000009/periodes", 404, "doublon"),
            ("/v1/etablissements/21920023500014/periodes", 404, "inconnu"),
            (
                "/v1/etablissements/21920023500014/successions",
                404,
                "inconnu",
            ),
            ("/v1/associations/130025265", 400, "format_invalide"),
            ("/v1/associations/W000000000", 404, "inconnu"),
            ("/v1/nulle-part", 404, "route_inconnue"),
            ("/v1/etablissements/%FF", 400, "parametre_invalide"),
        ] {
            let json = check_problem(path, status, code).await.json();
            details.insert(json["detail"].as_str().unwrap().to_owned());
        }
        assert_eq!(
            details.len(),
            9,
            "the same number missed by several addresses is the same miss: {details:?}"
        );
    }

    #[tokio::test]
    async fn a_doublon_names_its_reference_and_a_siren_given_as_rna_its_own_address() {
        let doublon = answer("/v1/unites-legales/100000009").await.json();
        assert_eq!(doublon["siren_reference"], "130025265");
        let misplaced = answer("/v1/associations/13002526500013").await.json();
        assert!(
            misplaced["que_faire"]
                .as_str()
                .unwrap()
                .contains("/v1/etablissements/13002526500013")
        );
    }

    #[tokio::test]
    async fn head_answers_like_get_and_other_methods_say_what_is_allowed() {
        let (_fixture, app) = app().await;
        for path in [
            "/",
            "/health",
            "/openapi.json",
            "/docs",
            "/v1/etablissements/13002526500013",
            "/v1/x",
        ] {
            let head = send(&app, Request::head(path).body(Body::empty()).unwrap()).await;
            assert_eq!(
                (head.status, head.text()),
                (get(&app, path).await.status, ""),
                "{path}"
            );
        }
        for method in [Method::POST, Method::DELETE] {
            let request = Request::builder()
                .method(method)
                .uri("/v1/etablissements/13002526500013");
            let refused = send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!((refused.status, refused.header("allow")), (405, "GET,HEAD"));
            assert_eq!(refused.json()["code"], "methode_non_permise");
        }
    }

    #[tokio::test]
    async fn an_unchanged_answer_is_not_sent_again() {
        let (_fixture, app) = app().await;
        for path in [
            "/v1/etablissements/13002526500013",
            "/?id=13002526500013",
            "/style.css",
            "/widget/identifiants.js",
            "/widget/registre-organisation.js",
            "/integration",
            "/sql?exemple=tailles",
            "/sql/page.js",
            "/docs/swagger-ui.css",
        ] {
            let first = get(&app, path).await;
            let request = Request::get(path).header(header::IF_NONE_MATCH, first.header("etag"));
            let again = send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!((again.status, again.text()), (304, ""), "{path}");
            assert_eq!(again.header("etag"), first.header("etag"));
            assert_eq!(again.header("cache-control"), first.header("cache-control"));
        }
    }

    #[tokio::test]
    async fn each_answer_says_who_may_keep_it() {
        let (_fixture, app) = app().await;
        let (shared, browser) = ("public, max-age=300", "private, max-age=0, must-revalidate");
        for (path, expected) in [
            ("/v1/etablissements/13002526500013", shared),
            ("/v1/etablissements/21920023500014", "no-store"),
            ("/v1/profil", shared),
            ("/donnees", shared),
            ("/?id=13002526500013", browser),
            ("/", browser),
            ("/?id=21920023500014", "no-store"),
            ("/?id=bonjour", "no-store"),
            ("/style.css", shared),
            ("/widget/identifiants.js", shared),
            ("/widget/registre-organisation.js", shared),
            ("/integration", shared),
            ("/sql?q=SELECT+1", browser),
            ("/sql/codemirror.js", shared),
            ("/health", "no-store"),
        ] {
            let answer = get(&app, path).await;
            let headers: Vec<_> = answer.headers.get_all("cache-control").iter().collect();
            assert_eq!(headers, [expected], "{path}");
        }
        let empty = Fixture::empty().app().await;
        assert_eq!(get(&empty, "/").await.header("cache-control"), "no-store");
    }

    #[tokio::test]
    async fn answers_are_compressed_and_open_to_other_sites() {
        let (_fixture, app) = app().await;
        for encoding in ["gzip", "br", "zstd"] {
            let request = Request::get("/v1/etablissements/13002526500013")
                .header(header::ACCEPT_ENCODING, encoding)
                .header(header::ORIGIN, "https://example.org");
            let response =
                tower::ServiceExt::oneshot(app.clone(), request.body(Body::empty()).unwrap())
                    .await
                    .unwrap();
            assert_eq!(response.headers()[header::CONTENT_ENCODING], encoding);
            assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            let vary: Vec<_> = response
                .headers()
                .get_all(header::VARY)
                .iter()
                .map(|v| v.to_str().unwrap().to_lowercase())
                .collect();
            assert!(vary.join(",").contains("accept-encoding"), "{vary:?}");
        }
    }

    #[tokio::test]
    async fn the_rules_of_identifiers_are_a_small_script_that_any_site_may_import() {
        let (_fixture, app) = app().await;
        let request = Request::get("/widget/identifiants.js")
            .header(header::ACCEPT_ENCODING, "gzip")
            .header(header::ORIGIN, "https://example.org");
        let response = tower::ServiceExt::oneshot(app, request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let headers = response.headers();
        assert_eq!(
            headers[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
        let script = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        assert!(script.len() < 6 * 1024, "{} bytes", script.len());
    }

    #[tokio::test]
    async fn the_component_is_under_twenty_kilobytes_and_imports_nothing_that_is_not_served() {
        let (_fixture, app) = app().await;
        let mut bytes = 0;
        for (file, script) in crate::ui::widget::FILES {
            let request =
                Request::get(format!("/widget/{file}")).header(header::ACCEPT_ENCODING, "gzip");
            let request = request.body(Body::empty()).unwrap();
            let response = tower::ServiceExt::oneshot(app.clone(), request)
                .await
                .unwrap();
            assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
            assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
            bytes += body.unwrap().len();
            let imports = script
                .lines()
                .filter_map(|line| line.split_once(" from \"./")?.1.strip_suffix("\";"));
            for import in imports {
                assert!(
                    crate::ui::widget::FILES
                        .iter()
                        .any(|(name, _)| *name == import),
                    "{file} imports {import}"
                );
            }
        }
        assert!(bytes < 20 * 1024, "{bytes} bytes compressed");
        assert_eq!(get(&app, "/widget/absent.js").await.status, 404);
    }

    #[tokio::test]
    async fn the_guide_shows_its_examples_as_text_and_each_page_leads_to_it() {
        let (_fixture, app) = app().await;
        let guide = get(&app, "/integration").await;
        assert_eq!(guide.header("content-type"), "text/html; charset=utf-8");
        let policy = guide.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let text = guide.text();
        assert!(text.contains("&lt;registre-organisation name=&quot;organisation&quot;&gt;"));
        assert!(!text.contains("{{"), "a hole was left");
        for (code, ..) in crate::organisation::resultat::CODES {
            assert!(text.contains(&format!("<code>{code}</code>")), "{code}");
        }
        for page in ["/", "/donnees", "/sql", "/docs", "/integration"] {
            let page_text = get(&app, page).await;
            let here = format!("<a href=\"{page}\" aria-current=\"page\">");
            assert!(page_text.text().contains(&here), "{page}");
            assert!(page_text.text().contains("href=\"/integration\""), "{page}");
        }
    }

    #[tokio::test]
    async fn a_tva_number_leads_to_its_unite_legale() {
        let page = answer("/?id=FR+39+356000000").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("LA POSTE"));
        let misplaced = answer("/v1/unites-legales/FR39356000000").await.json();
        let advice = misplaced["que_faire"].as_str().unwrap();
        assert!(advice.contains("/v1/unites-legales/356000000"), "{advice}");
        let elsewhere = answer("/v1/associations/178-236").await.json();
        let detail = elsewhere["detail"].as_str().unwrap();
        assert!(detail.contains("Alsace-Moselle"), "{detail}");
    }

    #[tokio::test]
    async fn without_a_snapshot_it_says_so_then_serves_what_is_published() {
        let fixture = Fixture::empty();
        let app = fixture.app().await;
        for path in ["/health", "/v1/etablissements/13002526500013"] {
            let answer = get(&app, path).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (503, Some("aucune_donnee")),
                "{path}"
            );
            assert_eq!(answer.header("retry-after"), "30");
        }
        assert_eq!(get(&app, "/").await.status, 200);
        assert!(
            get(&app, "/?id=130025265")
                .await
                .text()
                .contains("pas encore")
        );
        fixture.publish(ID);
        let health = get(&fixture.app().await, "/health").await.json();
        assert_eq!(
            (
                health["statut"].as_str(),
                health["tables"]["etablissement"].as_u64()
            ),
            (Some("ok"), Some(6))
        );
    }

    #[tokio::test]
    async fn the_page_shows_a_card_escaped_and_masked() {
        let page = answer("/?id=356+000+000").await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(
            page.header("content-security-policy")
                .contains("script-src 'self'")
        );
        assert!(page.text().contains("LA POSTE &lt;SA&gt;") && !page.text().contains("<SA>"));
        assert!(page.text().contains("inconnue"), "1900-01-01");
        for id in ["900000001", "90000000100017"] {
            let masked = answer(&format!("/?id={id}")).await;
            assert!(
                masked
                    .text()
                    .contains("Identité masquée (diffusion partielle)"),
                "{id}"
            );
            assert!(masked.text().contains("92000 NANTERRE"), "{id}");
            assert!(
                !masked.text().contains("[ND]") && !masked.text().contains("CAMILLE"),
                "{id}"
            );
        }
    }

    #[tokio::test]
    async fn the_page_explains_an_error_with_the_status_of_the_api() {
        let page = answer("/?id=%3Cscript%3E").await;
        assert_eq!(page.status, 400);
        assert!(page.text().contains("&lt;script&gt;") && !page.text().contains("<script>"));
        let doublon = answer("/?id=100000009").await;
        assert_eq!(doublon.status, 404);
        assert!(doublon.text().contains("href=\"/entreprise/130025265\""));
    }

    #[tokio::test]
    async fn the_page_of_the_data_is_readable_and_escaped() {
        let page = answer("/donnees").await;
        assert_eq!(page.status, 200);
        let text = page.text().replace(['\u{a0}', '\u{202f}'], " ");
        for expected in [
            "2,9 Go",
            "2 novembre 2026",
            "nombre de champs : 1",
            "Accepté malgré un écart",
            "Nouveaux numéros</th><td class=\"nombre\">1 234</td><td class=\"nombre\">0</td>",
            "Commune ou adresse différente</th><td class=\"nombre\">0</td><td class=\"nombre\">sans objet</td>",
            "17 000 000 établissements actifs",
            "Paris <span class=\"code\">75</span></th><td class=\"nombre\">2 000 000</td><td class=\"nombre\">-12</td>",
            "Sans activité en NAF rév. 2</th><td class=\"nombre\">7</td><td class=\"nombre\">+7</td>",
            "75107 Paris 7e Arrondissement : 37,5 %",
            "≈ 5 000 000",
            "Non montrées",
            "Sirene : &lt;StockEtablissement&gt;",
            "&lt;i&gt;avant&lt;/i&gt;",
            "&lt;b&gt;92050",
            "&lt;u&gt;",
            "&lt;nouvelle&gt;",
            "href=\"/v1/profil\"",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        for raw in ["<i>", "<b>", "<u>", "<nouvelle>", "<Stock", "EXEMPLE"] {
            assert!(!text.contains(raw), "{raw}");
        }
        assert!(answer("/").await.text().contains("href=\"/donnees\""));
    }

    #[tokio::test]
    async fn the_profile_is_answered_as_it_was_written_and_its_absence_is_said() {
        let (fixture, app) = app().await;
        let profile = get(&app, "/v1/profil").await;
        assert_eq!(profile.header("content-type"), "application/json");
        assert_eq!(profile.header("cache-control"), "public, max-age=300");
        assert!(!profile.header("etag").is_empty());
        assert_eq!(profile.json()["snapshot"], ID);
        assert_eq!(
            profile.json()["tables"][0]["colonnes"][1]["valeurs_reservees"],
            true
        );

        let without = fixture.without_profile(ID).app().await;
        let absent = get(&without, "/v1/profil").await;
        assert_eq!(
            (absent.status, absent.json()["code"].as_str()),
            (404, Some("profil_absent"))
        );
        assert_eq!(absent.header("cache-control"), "no-store");
        let page = get(&without, "/donnees").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("pas de profil") && page.text().contains("2,9"));

        let empty = Fixture::empty().app().await;
        for path in ["/v1/profil", "/donnees"] {
            let answer = get(&empty, path).await;
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (503, "no-store"),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn every_error_type_leads_to_its_explanation() {
        let docs = answer("/docs").await;
        for code in crate::Code::ALL {
            assert!(
                docs.text()
                    .contains(&format!("id=\"erreur-{}\"", code.as_str()))
            );
        }
        assert_eq!(answer("/docs/swagger-ui-bundle.js").await.status, 200);
        assert_eq!(answer("/docs/index.html").await.status, 404);
    }
}
