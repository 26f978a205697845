//! API Recherche d'entreprises: each of its messages, in its order, and each field of its answers.

mod champs; // the fields, in order and of their types
mod masque; // who asked to be hidden

use serde_json::{Value, json};

use crate::harness::{Answer, sample_server};

fn get(path: &str) -> Answer {
    sample_server().get(path)
}

/// An answer that is there.
fn found(path: &str) -> Value {
    let answer = get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert_eq!(answer.content_type, "application/json", "{path}");
    assert!(!answer.text.contains("[ND]"), "{path}: a mask was let out");
    answer.json()
}

/// What is said of a request that cannot be answered.
fn refused(path: &str) -> String {
    let answer = get(path);
    assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    assert_eq!(answer.content_type, "application/json", "{path}");
    let body = answer.json();
    let fields: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["erreur"], "{path}");
    body["erreur"].as_str().unwrap().to_owned()
}

#[test]
fn each_parameter_that_cannot_be_read_has_its_message() {
    let entier = |nom: &str| format!("Veuillez indiquer un paramètre `{nom}` entier.");
    let flottant = |nom: &str| format!("Veuillez indiquer un paramètre `{nom}` flottant.");
    let bornes = |nom: &str, min: &str, max: &str, defaut: &str| {
        format!(
            "Veuillez indiquer un paramètre `{nom}` entre `{min}` et `{max}`, par défaut `{defaut}`."
        )
    };
    let forme = |nom: &str| format!("Au moins une valeur du paramètre {nom} est non valide.");
    let longueur = |nom: &str, n: u8| format!("Le paramètre `{nom}` doit contenir {n} caractères.");
    let montant = "9223372036854775295";
    let moins = format!("-{montant}");
    let date = "Veuillez indiquer une date sous le format : aaaa-mm-jj. Exemple : '1990-01-02'";
    for (query, expected) in [
        ("page=un", entier("page")),
        ("page=", entier("page")),
        ("page=0", bornes("page", "1", "1000", "1")),
        ("page=99999999999999999999", bornes("page", "1", "1000", "1")),
        ("page_etablissements=0", bornes("page_etablissements", "1", "1000", "None")),
        ("per_page=26", bornes("per_page", "1", "25", "10")),
        ("limite_matching_etablissements=101", bornes("matching_size", "1", "100", "10")),
        ("matching_size=x", entier("matching_size")),
        ("ca_min=9223372036854775296", bornes("ca_min", &moins, montant, "None")),
        ("ca_max=1.5", entier("ca_max")),
        ("resultat_net_min=e", entier("resultat_net_min")),
        ("resultat_net_max=-", entier("resultat_net_max")),
        ("lat=nord", flottant("lat")),
        ("lat=nan", flottant("lat")),
        ("lat=90.5", bornes("lat", "-90", "90", "None")),
        ("lat=inf", bornes("lat", "-90", "90", "None")),
        ("long=181", bornes("lon", "-180", "180", "None")),
        ("radius=0", bornes("radius", "0.001", "50", "5")),
        ("code_commune=201", forme("commune")),
        ("code_commune=20001", forme("commune")),
        ("commune=75056,", forme("commune")),
        ("code_postal=99000", forme("code_postal")),
        ("code_postal=", forme("code_postal")),
        ("epci=12345678", forme("epci")),
        ("id_convention_collective=12", longueur("id_convention_collective", 4)),
        ("id_finess=", longueur("id_finess", 9)),
        ("id_uai=%C3%A9%C3%A9", longueur("id_uai", 8)),
        ("date_naissance_personne_min=02/01/1990", date.to_owned()),
        ("max_date_naiss_personne=1990-13-01", date.to_owned()),
        ("est_rge=1", "est_rge doit prendre la valeur 'true' ou 'false' !".to_owned()),
        ("est_siae=", "est_siae doit prendre la valeur 'true' ou 'false' !".to_owned()),
        ("minimal=oui", "minimal doit prendre la valeur 'true' ou 'false' !".to_owned()),
        (
            "type_personne=autre",
            "Le paramètre `type_personne` doit prendre une des valeurs suivantes ['ELU', 'DIRIGEANT'].".to_owned(),
        ),
        (
            "etat_administratif=F",
            "Le paramètre `etat_administratif` doit prendre une des valeurs suivantes ['A', 'C'].".to_owned(),
        ),
        (
            "code_collectivite_territoriale=75,1",
            format!("Chaque identifiant code insee d'une collectivité\n{}territoriale doit contenir au moins 2 caractères.", " ".repeat(20)),
        ),
        (
            "include=siege,tout",
            "Au moins un champ à inclure est non valide. Les champs valides : ['complements', 'dirigeants', 'finances', 'score', 'siege', 'matching_etablissements', 'tva'].".to_owned(),
        ),
        (
            "include_admin=siege",
            "Au moins un champ à inclure est non valide. Les champs valides : ['etablissements', 'immatriculation', 'bodacc', 'admin'].".to_owned(),
        ),
    ] {
        assert_eq!(refused(&format!("/search?q=mairie&{query}")), expected, "{query}");
        if !query.contains("page_") {
            // The same, around a point.
            let path = format!("/near_point?lat=48&long=2&{query}");
            assert_eq!(refused(&path), expected, "{path}");
        }
    }
}

#[test]
fn a_code_that_no_list_has_is_answered_by_the_whole_list() {
    for (query, alias, count, first, last) in [
        (
            "activite_principale=62",
            "activite_principale",
            732,
            "01.11Z",
            "99.00Z",
        ),
        (
            "categorie_entreprise=TPE",
            "categorie_entreprise",
            3,
            "GE",
            "ETI",
        ),
        ("departement=20", "departement", 109, "01", "989"),
        ("departement=44-Loire", "departement", 109, "01", "989"),
        ("region=99", "region", 18, "01", "94"),
        (
            "section_activite_principale=Z",
            "section_activite_principale",
            21,
            "A",
            "U",
        ),
        (
            "tranche_effectif_salarie=54",
            "tranche_effectif_salarie",
            16,
            "NN",
            "53",
        ),
        ("nature_juridique=", "nature_juridique", 260, "0000", "9970"),
        (
            "nature_juridique_unite_legale=1",
            "nature_juridique",
            260,
            "0000",
            "9970",
        ),
    ] {
        let message = refused(&format!("/search?{query}"));
        let before = format!(
            "Au moins un paramètre `{alias}` est non valide. Les valeurs valides : ['{first}', '"
        );
        assert!(message.starts_with(&before), "{message}");
        assert!(message.ends_with(&format!("', '{last}'].")), "{message}");
        assert_eq!(message.matches("', '").count(), count - 1, "{message}");
    }
}

/// Against the lists that the service published, when they are at hand.
#[test]
fn the_lists_are_those_of_the_service_in_its_order() {
    let Some(shared) = crate::harness::shared() else {
        return;
    };
    let path = shared.join("contracts/enums/recherche-entreprises.json");
    let enums: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for name in [
        "activite_principale",
        "categorie_entreprise",
        "departement",
        "region",
        "section_activite_principale",
        "tranche_effectif_salarie",
        "nature_juridique",
    ] {
        let codes: Vec<_> = enums[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| format!("'{}'", code.as_str().unwrap()))
            .collect();
        let message = refused(&format!("/search?{name}=!"));
        let expected = format!("Les valeurs valides : [{}].", codes.join(", "));
        assert!(message.ends_with(&expected), "{name}: {message}");
    }
}

/// One by one in the order of the table, whatever the order of the address; then together.
#[test]
fn the_first_fault_in_the_order_of_the_service_is_the_one_that_is_told() {
    let wrong = [
        ("page=x", "`page`"),
        ("page_etablissements=x", "`page_etablissements`"),
        ("per_page=x", "`per_page`"),
        ("activite_principale=x", "`activite_principale`"),
        ("categorie_entreprise=x", "`categorie_entreprise`"),
        ("code_commune=x", " commune "),
        ("code_postal=x", " code_postal "),
        ("departement=x", "`departement`"),
        ("region=x", "`region`"),
        (
            "est_entrepreneur_individuel=x",
            "est_entrepreneur_individuel ",
        ),
        (
            "section_activite_principale=x",
            "`section_activite_principale`",
        ),
        ("tranche_effectif_salarie=x", "`tranche_effectif_salarie`"),
        (
            "convention_collective_renseignee=x",
            "convention_collective_renseignee ",
        ),
        ("epci=x", " epci "),
        ("est_bio=x", "est_bio "),
        ("est_societe_mission=x", "est_societe_mission "),
        ("id_finess=x", "`id_finess`"),
        ("code_collectivite_territoriale=x", "collectivité"),
        ("date_naissance_personne_min=x", "aaaa-mm-jj"),
        ("ca_min=x", "`ca_min`"),
        ("type_personne=x", "`type_personne`"),
        ("etat_administratif=x", "`etat_administratif`"),
        ("nature_juridique=x", "`nature_juridique`"),
        ("est_siae=x", "est_siae "),
        ("limite_matching_etablissements=x", "`matching_size`"),
        ("lat=x", "`lat`"),
        ("long=x", "`lon`"),
        ("radius=x", "`radius`"),
        ("minimal=x", "minimal "),
        ("include=x", "'complements'"),
        ("include_admin=x", "'bodacc'"),
        ("sort_by_size=x", "sort_by_size "),
    ];
    for first in 0..wrong.len() {
        let rest: Vec<_> = wrong[first..]
            .iter()
            .rev()
            .map(|(query, _)| *query)
            .collect();
        let message = refused(&format!("/search?{}", rest.join("&")));
        assert!(
            message.contains(wrong[first].1),
            "{}: {message}",
            wrong[first].0
        );
    }
}

#[test]
fn what_parameters_must_be_together_is_checked_in_order() {
    const TERMS: &str = "Le paramètre 'terms' n'est pas autorisé pour une recherche géographique.";
    const POINT: &str =
        "Les paramètres 'lat' et 'long' sont obligatoires pour une recherche géographique.";
    const NO_POINT: &str =
        "Les paramètres 'lat', 'long' ne sont autorisés que pour une recherche géographique.";
    const TOTAL: &str = "Le nombre total de résultats est restreint à 10 000. Pour garantir cela, le produit du numéro de page (par défaut, page = 1) et du nombre de résultats par page (par défaut, per_page = 10), c'est-à-dire `page * per_page`, ne doit pas excéder 10 000.";
    const DATES: &str = "Veuillez indiquer une date minimale inférieure à la date maximale.";
    const MINIMAL: &str = "Veuillez indiquer si vous souhaitez une réponse minimale avec le filtre `minimal=True`` avant de préciser les champs à inclure.";
    const NOTHING: &str = "Veuillez indiquer au moins un paramètre de recherche.";
    const SHORT: &str =
        "3 caractères minimum pour les termes de la requête (ou utilisez au moins un filtre)";
    let dates = "date_naissance_personne_min=1990-01-02&date_naissance_personne_max=19900101";
    for (path, expected) in [
        ("/near_point?q=mairie".to_owned(), TERMS),
        ("/near_point".to_owned(), POINT),
        ("/near_point?lat=48.8&radius=2".to_owned(), POINT),
        (format!("/search?lon=2.3&page=1000&per_page=25&{dates}"), NO_POINT),
        (format!("/search?page=1000&per_page=25&{dates}&include=siege"), TOTAL),
        (format!("/search?page=1000&per_page=10&{dates}&include=siege"), DATES),
        ("/search?include=siege".to_owned(), MINIMAL),
        ("/search?minimal=false&include=siege&q=mairie".to_owned(), MINIMAL),
        ("/search".to_owned(), NOTHING),
        ("/search?page=2&page_etablissements=1&minimal=true&include_admin=admin&sort_by_size=true&radius=1&mtm_campaign=x".to_owned(), NOTHING),
        ("/search?q=".to_owned(), SHORT),
        ("/search?terms=ab&page=2&per_page=5".to_owned(), SHORT),
    ] {
        assert_eq!(refused(&path), expected, "{path}");
    }
    // Characters, before blanks are taken away; and a page of établissements counts as a filter.
    for path in [
        "/search?q=ab&page_etablissements=1",
        "/search?q=%C3%A9%20%20",
        "/search?q=a&departement=44",
    ] {
        assert_ne!(get(path).status, 400, "{path}");
    }
}

#[test]
fn python_reads_more_numbers_than_digits_and_the_last_of_a_name_counts() {
    let body = found("/search?q=130025265&page=%20%2B1%20&per_page=1_0&per_page=x&per_page=2_0");
    assert_eq!((&body["page"], &body["per_page"]), (&json!(1), &json!(20)));
    // Either name, and the last of both.
    let body = found("/search?q=mairie&terms=130025265");
    assert_eq!(body["total_results"], 1);
    assert_eq!(
        refused("/search?q=130025265&commune=1&code_commune=x"),
        "Au moins une valeur du paramètre commune est non valide."
    );
}

#[test]
fn a_siren_or_a_siret_is_a_lookup_whatever_else_is_asked() {
    let siren = found("/search?q=130025265&etat_administratif=C&departement=2A&est_rge=true");
    assert_eq!(siren["total_results"], 1);
    let unit = &siren["results"][0];
    assert_eq!(unit["siren"], "130025265");
    assert_eq!(unit["matching_etablissements"], json!([]));
    let spaced = found("/search?q=130%20025%20265");
    assert_eq!(spaced, siren);
    let place = unit["siege"]["siret"].as_str().unwrap();
    let siret = found(&format!("/search?q={place}"));
    let unit = &siret["results"][0];
    assert_eq!(unit["siren"], "130025265");
    let cited = unit["matching_etablissements"].as_array().unwrap();
    assert_eq!(cited.len(), 1);
    assert_eq!(
        (&cited[0]["siret"], &cited[0]["est_siege"]),
        (&json!(place), &json!(true))
    );
    let nobody =
        json!({"results": [], "total_results": 0, "page": 1, "per_page": 10, "total_pages": 0});
    for number in ["123456789", "12345678900003", "999999999", "13002526599999"] {
        let body = found(&format!("/search?q={number}"));
        assert_eq!(body.to_string(), nobody.to_string(), "{number}");
    }
    let second = found("/search?q=130025265&page=2");
    assert_eq!(
        (&second["results"], &second["total_results"]),
        (&json!([]), &json!(1))
    );
}

#[test]
fn etablissements_are_listed_a_hundred_at_a_time_and_only_when_asked() {
    let body = found("/search?q=130025265&include_admin=etablissements");
    let unit = &body["results"][0];
    let listed = unit["etablissements"].as_array().unwrap();
    assert_eq!(json!(listed.len()), unit["nombre_etablissements"]);
    let first = found("/search?q=130025265&page_etablissements=1&include_admin=etablissements");
    assert_eq!(first, body);
    // No such page; and the service looked for it under what was typed.
    for path in [
        "/search?q=130025265&page_etablissements=2",
        "/search?q=130%20025%20265&page_etablissements=1",
    ] {
        assert_eq!(found(path)["results"], json!([]), "{path}");
    }
}

#[test]
fn a_filter_on_what_is_not_here_finds_nobody() {
    for query in [
        "est_rge=true",
        "q=mairie&epci=130025265",
        "nom_personne=specimen",
        "ca_min=0",
        "id_uai=0750001A",
    ] {
        let body = found(&format!("/search?{query}"));
        assert_eq!(
            (&body["results"], &body["total_results"]),
            (&json!([]), &json!(0)),
            "{query}"
        );
    }
}

#[test]
fn an_epci_is_that_of_the_commune_and_of_its_arrondissements() {
    let (paris, lyon) = ("200054781", "200046977");
    let body = found(&format!(
        "/search?q=interministerielle%20numerique&epci={paris}"
    ));
    let unit = &body["results"][0];
    assert_eq!(unit["siren"], "130025265");
    assert_eq!(unit["siege"]["epci"], paris);
    assert_eq!(unit["matching_etablissements"][0]["epci"], paris);
    let body = found(&format!("/search?epci={lyon}&per_page=25"));
    let list = body["results"].as_array().unwrap();
    assert_eq!(list.len(), 25);
    for unit in list {
        let there = unit["matching_etablissements"].as_array().unwrap();
        assert!(there.iter().any(|row| row["epci"] == lyon), "{unit}");
    }
}

#[test]
fn other_methods_and_addresses_are_not_found() {
    let expected = json!({"erreur": "Ressource non trouvée."});
    let server = sample_server();
    for answer in [
        server.post("/search?q=130025265", ""),
        server.post("/near_point", ""),
        server.post("/idcc/130025265", ""),
        server.get("/search/"),
        server.get("/sources/autre"),
        server.get("/idcc/130025265/x"),
    ] {
        assert_eq!((answer.status, answer.json()), (404, expected.clone()));
    }
}

#[test]
fn what_needs_another_data_set_says_so_by_its_emptiness() {
    assert_eq!(found("/idcc/130025265"), json!({}));
    assert_eq!(found("/idcc/metadata"), json!({}));
    assert_eq!(refused("/idcc/13002526"), "Numéro Siren invalide.");
    assert_eq!(refused("/idcc/abc"), "Numéro Siren invalide.");
    let sources = found("/sources/last_modified");
    let sources = sources.as_object().unwrap();
    assert_eq!(sources.len(), 14);
    for (name, date) in sources {
        assert_eq!(date.is_string(), name == "sirene", "{name}: {date}");
    }
    let page = get("/integration/recherche-entreprises");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Ce que cette API ne contient pas"));
    assert!(
        get("/integration")
            .text
            .contains("href=\"/integration/recherche-entreprises\"")
    );
}
