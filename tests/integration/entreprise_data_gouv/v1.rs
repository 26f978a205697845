//! SIRENE v1: the 113 columns of the files until 2018, of whoever is open and diffusible.

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::{Value, json};
use std::collections::HashMap;

use super::{cell, encoded, found, get, missing, names_of, rows, spread, words};

fn columns() -> Vec<String> {
    let names = words(
        "id siren siret nic l1_normalisee l2_normalisee l3_normalisee l4_normalisee l5_normalisee \
        l6_normalisee l7_normalisee l1_declaree l2_declaree l3_declaree l4_declaree l5_declaree \
        l6_declaree l7_declaree numero_voie indice_repetition type_voie libelle_voie code_postal cedex \
        region libelle_region departement arrondissement canton commune libelle_commune \
        departement_unite_urbaine taille_unite_urbaine numero_unite_urbaine \
        etablissement_public_cooperation_intercommunale tranche_commune_detaillee zone_emploi is_siege \
        enseigne indicateur_champ_publipostage statut_prospection date_introduction_base_diffusion \
        nature_entrepreneur_individuel libelle_nature_entrepreneur_individuel activite_principale \
        libelle_activite_principale date_validite_activite_principale tranche_effectif_salarie \
        libelle_tranche_effectif_salarie tranche_effectif_salarie_centaine_pret \
        date_validite_effectif_salarie origine_creation date_creation date_debut_activite nature_activite \
        lieu_activite type_magasin is_saisonnier modalite_activite_principale caractere_productif \
        participation_particuliere_production caractere_auxiliaire nom_raison_sociale sigle nom prenom \
        civilite numero_rna nic_siege region_siege departement_commune_siege email \
        nature_juridique_entreprise libelle_nature_juridique_entreprise activite_principale_entreprise \
        libelle_activite_principale_entreprise date_validite_activite_principale_entreprise \
        activite_principale_registre_metier is_ess date_ess tranche_effectif_salarie_entreprise \
        libelle_tranche_effectif_salarie_entreprise tranche_effectif_salarie_entreprise_centaine_pret \
        date_validite_effectif_salarie_entreprise categorie_entreprise date_creation_entreprise \
        date_introduction_base_diffusion_entreprise indice_monoactivite_entreprise \
        modalite_activite_principale_entreprise caractere_productif_entreprise \
        date_validite_rubrique_niveau_entreprise_esa tranche_chiffre_affaire_entreprise_esa \
        activite_principale_entreprise_esa premiere_activite_secondaire_entreprise_esa \
        deuxieme_activite_secondaire_entreprise_esa troisieme_activite_secondaire_entreprise_esa \
        quatrieme_activite_secondaire_entreprise_esa nature_mise_a_jour indicateur_mise_a_jour_1 \
        indicateur_mise_a_jour_2 indicateur_mise_a_jour_3 date_mise_a_jour created_at updated_at longitude \
        latitude geo_score geo_type geo_adresse geo_id geo_ligne geo_l4 geo_l5",
    );
    assert_eq!(names.len(), 113);
    names
}

fn check(row: &Value, columns: &[String]) {
    assert_eq!(names_of(row), columns);
    for (name, value) in row.as_object().unwrap() {
        let is_right = if name == "id" {
            value.is_i64()
        } else {
            value.is_string() || value.is_null()
        };
        assert!(is_right, "{name}: {value}");
    }
}

#[test]
fn only_who_is_open_and_diffusible_is_there_with_every_column() {
    let columns = columns();
    let statuts: HashMap<String, String> = rows(&UNITE_LEGALE)
        .iter()
        .map(|row| {
            let value = |name| cell(&UNITE_LEGALE, row, name).to_owned();
            (value("siren"), value("statutDiffusionUniteLegale"))
        })
        .collect();
    let mut there = 0;
    for row in spread(&rows(&ETABLISSEMENT), 400) {
        let value = |name| cell(&ETABLISSEMENT, row, name);
        let siret = value("siret");
        let path = format!("/api/sirene/v1/siret/{siret}");
        if value("etatAdministratifEtablissement") != "A"
            || value("statutDiffusionEtablissement") != "O"
            || statuts
                .get(value("siren"))
                .is_none_or(|statut| statut != "O")
        {
            missing(&path);
            continue;
        }
        there += 1;
        let body = found(&path);
        let answered = &body["etablissement"];
        check(answered, &columns);
        let naf = value("activitePrincipaleEtablissement").replace('.', "");
        assert_eq!(
            answered["activite_principale"].as_str().unwrap_or_default(),
            naf
        );
        let date = value("dateCreationEtablissement").replace('-', "");
        assert_eq!(answered["date_creation"].as_str().unwrap_or_default(), date);
        let is_siege = if value("etablissementSiege") == "true" {
            "1"
        } else {
            "0"
        };
        assert_eq!(answered["is_siege"], is_siege);
        assert!(answered["l1_normalisee"].is_string() || answered["nom_raison_sociale"].is_null());
    }
    assert!(there > 100, "{there}");
}

#[test]
fn a_siren_gives_its_siege_and_a_key_without_its_zero() {
    let body = found("/api/sirene/v1/siren/130025265");
    let names = [
        "total_results",
        "siege_social",
        "other_etablissements_sirets",
        "numero_tva_intra",
    ];
    assert_eq!(names_of(&body), names);
    let siege = &body["siege_social"];
    check(siege, &columns());
    for (name, expected) in [
        ("siret", json!("13002526500013")),
        (
            "nom_raison_sociale",
            json!("DIRECTION INTERMINISTERIELLE DU NUMERIQUE"),
        ),
        ("l4_normalisee", json!("20 AVENUE DE SEGUR")),
        ("l6_normalisee", json!("75007 PARIS")),
        ("departement", json!("75")),
        ("commune", json!("107")),
        ("is_siege", json!("1")),
        ("nature_juridique_entreprise", json!("7120")),
        ("activite_principale_entreprise", json!("8411Z")),
        ("region", Value::Null),
    ] {
        assert_eq!(siege[name], expected, "{name}");
    }
    assert_eq!(body["numero_tva_intra"], "FR7130025265");
    let others = body["other_etablissements_sirets"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(body["total_results"], others + 1);
    missing("/api/sirene/v1/siren/732829320");
    missing("/api/sirene/v1/siren/bonjour");
}

#[test]
fn words_are_found_in_names_and_towns_whatever_their_accents() {
    let body =
        found("/api/sirene/v1/full_text/direction+interminist%C3%A9rielle%20numerique%20paris");
    let names = [
        "total_results",
        "total_pages",
        "per_page",
        "page",
        "etablissement",
        "spellcheck",
        "suggestions",
    ];
    assert_eq!(names_of(&body), names);
    assert_eq!((&body["page"], &body["per_page"]), (&json!(1), &json!(10)));
    let list = body["etablissement"].as_array().unwrap();
    for row in list {
        check(row, &columns());
    }
    assert!(
        list.iter().any(|row| row["siret"] == "13002526500013"),
        "{list:?}"
    );
    let second = found("/api/sirene/v1/full_text/*?page=2&per_page=3&departement=75");
    assert_eq!(second["page"], "2", "as it was typed");
    for row in second["etablissement"].as_array().unwrap() {
        assert_eq!(row["departement"], "75");
    }
    let narrow = found("/api/sirene/v1/full_text/*?activite_principale=8411Z&code_commune=75107");
    for row in narrow["etablissement"].as_array().unwrap() {
        assert_eq!(
            (&row["activite_principale"], &row["commune"]),
            (&json!("8411Z"), &json!("107"))
        );
    }
    let persons = found("/api/sirene/v1/full_text/*?is_entrepreneur_individuel=yes");
    let others = found("/api/sirene/v1/full_text/*?is_entrepreneur_individuel=no");
    let all = found("/api/sirene/v1/full_text/*");
    let total = |body: &Value| body["total_results"].as_u64().unwrap();
    assert_eq!(total(&persons) + total(&others), total(&all));
    assert!(total(&persons) > 0 && total(&others) > 0);
    let none = get("/api/sirene/v1/full_text/motquenuldit");
    assert_eq!(
        (none.status, none.content_type.as_str()),
        (404, "application/json")
    );
    assert_eq!(
        none.text,
        r#"{"message":"no results found","spellcheck":null,"suggestions":[]}"#
    );
}

#[test]
fn nobody_hidden_is_found_by_a_name_or_a_street() {
    let rows = rows(&UNITE_LEGALE);
    let hidden = |row: &&Vec<String>| cell(&UNITE_LEGALE, row, "statutDiffusionUniteLegale") != "O";
    let columns = [
        "nomUniteLegale",
        "prenomUsuelUniteLegale",
        "denominationUniteLegale",
    ];
    for row in rows.iter().filter(hidden).take(30) {
        let siren = cell(&UNITE_LEGALE, row, "siren");
        for name in columns.map(|column| cell(&UNITE_LEGALE, row, column)) {
            let answer = get(&format!(
                "/api/sirene/v1/full_text/{}?per_page=100",
                encoded(name)
            ));
            assert!(!answer.text.contains(siren), "{siren}: {}", answer.text);
        }
    }
}

#[test]
fn around_a_point_are_those_in_the_box() {
    let body = found("/api/sirene/v1/near_point/?lat=48.8566&long=2.3522&radius=5");
    let names = [
        "total_results",
        "total_pages",
        "per_page",
        "page",
        "etablissements",
    ];
    assert_eq!(names_of(&body), names);
    for row in body["etablissements"].as_array().unwrap() {
        check(row, &columns());
        let degrees = |name: &str| row[name].as_str().unwrap().parse::<f64>().unwrap();
        assert!((degrees("latitude") - 48.8566).abs() < 0.046, "{row}");
        assert!((degrees("longitude") - 2.3522).abs() < 0.07, "{row}");
    }
    assert_eq!(
        found("/api/sirene/v1/near_point?lat=48.8566&long=2.3522"),
        body
    );
    for path in [
        "/api/sirene/v1/near_point/",
        "/api/sirene/v1/near_point?lat=48&long=est",
    ] {
        let answer = get(path);
        let expected = r#"{"message":"bad request: missing latitude or longitude"}"#;
        assert_eq!((answer.status, answer.text.as_str()), (400, expected));
    }
    missing("/api/sirene/v1/near_point?lat=0&long=0");
}
