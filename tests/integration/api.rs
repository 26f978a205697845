//! What the built binary answers over HTTP, on the sample: one test per route and per error.

use serde_json::{Value, json};

use crate::harness::{Server, sample, sample_server};
use crate::oracle::parquet_rows;

/// The problem document of an error, checked for its shape.
fn problem(path: &str, status: u16, code: &str) -> Value {
    let answer = sample_server().get(path);
    let body = answer.json();
    assert_eq!(
        (answer.status, body["code"].as_str()),
        (status, Some(code)),
        "{path}: {body}"
    );
    assert_eq!(answer.content_type, "application/problem+json", "{path}");
    for field in ["type", "title", "detail", "que_faire"] {
        assert!(
            body[field].as_str().is_some_and(|text| !text.is_empty()),
            "{path}: {field} in {body}"
        );
    }
    body
}

fn found(path: &str) -> Value {
    let answer = sample_server().get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

#[test]
fn the_siret_of_the_dinum_gives_the_whole_etablissement() {
    let body = found("/v1/etablissements/13002526500013");
    let etablissement = &body["etablissement"];
    assert_eq!(etablissement["siren"], "130025265");
    assert_eq!(etablissement["nic"], "00013");
    assert_eq!(etablissement["etablissement_siege"], true);
    assert_eq!(etablissement["code_postal"], "75007");
    assert_eq!(
        etablissement["activite_principale"],
        json!({"code": "84.11Z", "libelle": "Administration publique générale", "nomenclature": "NAFRev2"})
    );
    assert_eq!(etablissement["activite_principale_naf25"]["code"], "84.11Y");
    assert_eq!(etablissement["etat_administratif"]["libelle"], "Actif");
    assert_eq!(
        etablissement.as_object().unwrap().len(),
        registre_schemas::etablissement::ETABLISSEMENT.columns.len()
    );
    assert_eq!(
        body["unite_legale"]["denomination"],
        "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"
    );
    assert_eq!(
        body["unite_legale"]["categorie_juridique"],
        json!({"code": "7120", "libelle": "Service central d'un ministère"})
    );
    assert_eq!(body["donnees"]["licence"], "Licence Ouverte 2.0");
    assert_eq!(body["donnees"]["sirene"], "2026-11-01");
}

#[test]
fn spaces_in_a_number_are_ignored() {
    assert_eq!(
        found("/v1/etablissements/130%20025%20265%2000013")["etablissement"]["siret"],
        "13002526500013"
    );
}

#[test]
fn la_poste_has_its_siege_and_all_its_etablissements_page_by_page() {
    let body = found("/v1/unites-legales/356000000");
    assert_eq!(body["unite_legale"]["denomination"], "LA POSTE");
    assert_eq!(body["siege"]["siret"], "35600000000048");
    let total = body["nombre_etablissements"]["total"].as_u64().unwrap();
    assert!(total >= 200, "{total}");
    let mut next = Some("/v1/unites-legales/356000000/etablissements?limite=77".to_owned());
    let mut sirets = Vec::new();
    while let Some(path) = next {
        let page = found(&path);
        assert_eq!(page["total"].as_u64(), Some(total));
        let list = page["etablissements"].as_array().unwrap();
        assert!(!list.is_empty() && list.len() <= 77);
        sirets.extend(
            list.iter()
                .map(|one| one["siret"].as_str().unwrap().to_owned()),
        );
        next = page["suivant"].as_str().map(str::to_owned);
    }
    assert_eq!(sirets.len() as u64, total);
    assert!(sirets.is_sorted_by(|a, b| a < b), "each once, in order");
    assert!(
        sirets.contains(&"35600000009075".to_owned()),
        "valid by its sum, not by Luhn"
    );
    assert_eq!(
        found("/v1/etablissements/35600000009075")["unite_legale"]["siren"],
        "356000000"
    );
}

#[test]
fn an_association_without_siren_is_answered_by_its_rna_number() {
    let body = found("/v1/associations/W751004076");
    assert_eq!(body["association"]["titre"], "CROIX ROUGE FRANCAISE");
    assert_eq!(body["unite_legale"]["siren"], "775672272");
    let body = found("/v1/associations/w759000011");
    assert_eq!(body["association"]["titre_court"], "SNSM");
    assert_eq!(
        body["association"]["position"],
        json!({"code": "A", "libelle": "Active"})
    );
    assert!(body["unite_legale"].is_null());
    assert_eq!(
        body["association"].as_object().unwrap().len(),
        registre_schemas::association::ASSOCIATION.columns.len()
    );
}

#[test]
fn a_masked_person_stays_masked() {
    let table = &registre_schemas::unite_legale::UNITE_LEGALE;
    let (nom, prenom) = (
        table.index_of("nomUniteLegale").unwrap(),
        table.index_of("prenomUsuelUniteLegale").unwrap(),
    );
    let row = parquet_rows(sample(), table)
        .into_iter()
        .find(|row| row[nom] == "[ND]" && row[prenom] == "[ND]")
        .unwrap();
    let body = found(&format!("/v1/unites-legales/{}", row[0]));
    assert_eq!(body["unite_legale"]["nom"], "[ND]");
    assert_eq!(
        body["unite_legale"]["statut_diffusion"],
        json!({"code": "P", "libelle": "Diffusion partielle"})
    );
    assert_eq!(body["siege"]["libelle_voie"], "[ND]");
    let page = sample_server().get(&format!("/?id={}", row[0]));
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Identité masquée"),
        "the page says that the identity is masked"
    );
}

/// The RNA publishes the name that SIRENE masks: a link between them would give it back.
#[test]
fn a_masked_unit_is_not_named_through_its_association() {
    let units = &registre_schemas::unite_legale::UNITE_LEGALE;
    let statut = units.index_of("statutDiffusionUniteLegale").unwrap();
    let masked: std::collections::HashSet<String> = parquet_rows(sample(), units)
        .into_iter()
        .filter(|row| row[statut] != "O")
        .map(|row| row[0].clone())
        .collect();
    let associations = &registre_schemas::association::ASSOCIATION;
    let siret = associations.index_of("siret").unwrap();
    let linked: Vec<(String, String)> = parquet_rows(sample(), associations)
        .into_iter()
        .filter(|row| row[siret].len() == 14 && masked.contains(&row[siret][..9]))
        .map(|row| (row[0].clone(), row[siret][..9].to_owned()))
        .collect();
    assert!(!linked.is_empty(), "the sample has the case");
    for (id, siren) in linked.iter().take(20) {
        let association = found(&format!("/v1/associations/{id}"));
        assert!(association["unite_legale"].is_null(), "{id}");
        let unit = found(&format!("/v1/unites-legales/{siren}"));
        assert!(unit["association"].is_null(), "{siren}");
    }
}

#[test]
fn each_no_has_its_own_code_and_its_own_advice() {
    let unknown = problem("/v1/unites-legales/732829320", 404, "inconnu");
    assert!(
        unknown["detail"].as_str().unwrap().contains("732829320"),
        "{unknown}"
    );
    let short = problem("/v1/etablissements/1300252650001", 400, "format_invalide");
    assert_eq!(short["valeur"], "1300252650001");
    let key = problem("/v1/etablissements/11122233344455", 400, "cle_invalide");
    problem("/v1/etablissements/13002526500014", 400, "cle_invalide");
    problem("/v1/unites-legales/abc", 400, "format_invalide");
    problem("/v1/associations/178-236", 400, "format_invalide");
    problem("/v1/associations/W751999999", 404, "inconnu");
    problem(
        "/v1/unites-legales/356000000/etablissements?limite=0",
        400,
        "parametre_invalide",
    );
    for query in ["limite=1&limite=2", "apres=13002526500013", "limte=1"] {
        let path = format!("/v1/unites-legales/356000000/etablissements?{query}");
        problem(&path, 400, "parametre_invalide");
    }
    problem(
        "/v1/unites-legales/356000000/etablissements?limite=beaucoup",
        400,
        "parametre_invalide",
    );
    problem("/v2/rien", 404, "route_inconnue");
    let advices =
        [&unknown, &short, &key].map(|body| body["que_faire"].as_str().unwrap().to_owned());
    assert!(
        advices[0] != advices[1] && advices[1] != advices[2] && advices[0] != advices[2],
        "{advices:?}"
    );
}

#[test]
fn a_doublon_names_the_siren_that_replaces_it() {
    let table = &registre_schemas::unite_legale::DOUBLON;
    let units: std::collections::HashSet<String> =
        parquet_rows(sample(), &registre_schemas::unite_legale::UNITE_LEGALE)
            .into_iter()
            .map(|row| row[0].clone())
            .collect();
    let doublons = parquet_rows(sample(), table);
    assert!(!doublons.is_empty());
    for row in doublons {
        let answer = sample_server().get(&format!("/v1/unites-legales/{}", row[1]));
        if units.contains(&row[1]) {
            assert_eq!(answer.status, 200);
        } else {
            assert_eq!(answer.json()["code"], "doublon");
            assert!(answer.text.contains(&row[0]));
        }
    }
}

#[test]
fn health_tells_what_is_served() {
    let body = found("/health");
    assert_eq!(body["statut"], "ok");
    assert!(
        body["tables"]["etablissement"].as_u64().unwrap() > 29_000,
        "{body}"
    );
}

#[test]
fn without_data_every_answer_says_so_and_serving_starts_once_there_is_some() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    assert_eq!(server.get("/health").status, 503);
    let answer = server.get("/v1/etablissements/13002526500013");
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("aucune_donnee"))
    );
    crate::harness::copy_folder(sample(), data.path());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while server.get("/health").status != 200 {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(server.get("/v1/etablissements/13002526500013").status, 200);
}

#[test]
fn the_documentation_is_served_by_the_binary_alone() {
    let openapi = found("/openapi.json");
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3."));
    for path in [
        "/v1/etablissements/{siret}",
        "/v1/unites-legales/{siren}",
        "/v1/unites-legales/{siren}/etablissements",
        "/v1/unites-legales/{siren}/periodes",
        "/v1/etablissements/{siret}/periodes",
        "/v1/etablissements/{siret}/successions",
        "/v1/associations/{id}",
        "/health",
    ] {
        assert!(openapi["paths"][path]["get"].is_object(), "{path}");
    }
    for path in [
        "/docs",
        "/",
        "/?id=13002526500013",
        "/entreprise/356000000",
        "/recherche?q=mairie",
    ] {
        let page = sample_server().get(path);
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.content_type.starts_with("text/html"),
            "{path}: {}",
            page.content_type
        );
        for attribute in ["src=\"http", "href=\"http", "url(http", "@import"] {
            let foreign = page.text.match_indices(attribute).filter(|(at, _)| {
                let rest = &page.text[*at..(*at + 120).min(page.text.len())];
                // A link a person may follow is not a request the page makes.
                !(attribute == "href=\"http"
                    && page.text[..*at]
                        .rsplit('<')
                        .next()
                        .is_some_and(|tag| tag.starts_with("a "))
                    && !rest.is_empty())
            });
            assert_eq!(
                foreign.count(),
                0,
                "{path} makes a request elsewhere: {attribute}"
            );
        }
    }
}

#[test]
fn the_page_shows_an_organisation_without_javascript() {
    let page = sample_server().get("/?id=21920023500014");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("COMMUNE DE CLAMART"), "{}", page.text);
    let page = sample_server().get("/?id=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(
        !page.text.contains("<script>alert"),
        "what was typed is escaped"
    );
}

/// The contract: a change here is a change for every client.
#[test]
fn the_answers_are_those_clients_know() {
    let stable = |path: &str| {
        let mut body = sample_server().get(path).json();
        if let Some(donnees) = body.get_mut("donnees") {
            donnees["snapshot"] = json!("[snapshot]");
        }
        body
    };
    insta::assert_json_snapshot!("etablissement", stable("/v1/etablissements/13002526500013"));
    insta::assert_json_snapshot!("unite_legale", stable("/v1/unites-legales/356000000"));
    insta::assert_json_snapshot!("association", stable("/v1/associations/W759000011"));
    insta::assert_json_snapshot!("inconnu", stable("/v1/unites-legales/732829320"));
    insta::assert_json_snapshot!("openapi", found("/openapi.json"));
}
