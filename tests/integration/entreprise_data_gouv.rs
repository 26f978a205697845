//! The retired `entreprise.data.gouv.fr`: every field of its answers, in its order and of its type, and
//! what its surviving clients read.

mod swap; // thousands of SIRET verified while snapshots take each other's place
mod v1; // the columns of before 2019

use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use registre_schemas::{Kind, Table};
use serde_json::{Value, json};
use std::fmt::Write as _;

use crate::harness::{Answer, sample, sample_server};
use crate::oracle::parquet_rows;

const ADRESSE: &str = "complement_adresse numero_voie indice_repetition type_voie libelle_voie \
    code_postal libelle_commune libelle_commune_etranger distribution_speciale code_commune \
    code_cedex libelle_cedex code_pays_etranger libelle_pays_etranger";

/// The 61 columns of an établissement of SIRENE v3.
fn etablissement() -> Vec<String> {
    let before = "id siren nic siret statut_diffusion date_creation tranche_effectifs annee_effectifs \
        activite_principale_registre_metiers date_dernier_traitement etablissement_siege nombre_periodes";
    let after = "date_debut etat_administratif enseigne_1 enseigne_2 enseigne_3 denomination_usuelle \
        activite_principale nomenclature_activite_principale caractere_employeur longitude latitude \
        geo_score geo_type geo_adresse geo_id geo_ligne geo_l4 geo_l5 created_at updated_at unite_legale_id";
    let second = ADRESSE.split_whitespace().map(|name| format!("{name}_2"));
    let mut names = words(&format!("{before} {ADRESSE}"));
    names.extend(second);
    names.extend(words(after));
    assert_eq!(names.len(), 61);
    names
}

/// The 37 columns of an unité légale.
fn unite_legale() -> Vec<String> {
    let names = words(
        "id siren statut_diffusion unite_purgee date_creation sigle sexe prenom_1 prenom_2 prenom_3 \
        prenom_4 prenom_usuel pseudonyme identifiant_association tranche_effectifs annee_effectifs \
        date_dernier_traitement nombre_periodes categorie_entreprise annee_categorie_entreprise date_fin \
        date_debut etat_administratif nom nom_usage denomination denomination_usuelle_1 \
        denomination_usuelle_2 denomination_usuelle_3 categorie_juridique activite_principale \
        nomenclature_activite_principale nic_siege economie_sociale_solidaire caractere_employeur \
        created_at updated_at",
    );
    assert_eq!(names.len(), 37);
    names
}

/// The columns of an association of RNA v1.
fn association() -> Vec<String> {
    words(
        "id is_waldec id_association id_ex_association siret numero_reconnaissance_utilite_publique \
        code_gestion date_creation date_derniere_declaration date_publication_creation \
        date_declaration_dissolution nature groupement titre titre_court objet objet_social1 objet_social2 \
        l1_adresse_import l2_adresse_import l3_adresse_import adresse_siege adresse_numero_voie \
        adresse_repetition adresse_type_voie adresse_libelle_voie adresse_distribution adresse_code_insee \
        adresse_code_postal adresse_libelle_commune adresse_gestion_nom adresse_gestion_format_postal \
        adresse_gestion_geo adresse_gestion_libelle_voie adresse_gestion_distribution \
        adresse_gestion_code_postal adresse_gestion_acheminement adresse_gestion_pays dirigeant_civilite \
        telephone site_web email autorisation_publication_web observation position_activite derniere_maj \
        created_at updated_at",
    )
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn names_of(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// These fields, then those, each a text or null but the numbers of rows.
fn check_row(row: &Value, columns: &[String], then: &[&str]) {
    let expected: Vec<&str> = columns
        .iter()
        .map(String::as_str)
        .chain(then.iter().copied())
        .collect();
    assert_eq!(names_of(row), expected);
    for name in columns {
        let value = &row[name];
        if name == "id" || name == "unite_legale_id" {
            assert!(value.is_i64(), "{name}: {value}");
        } else {
            assert!(value.is_string() || value.is_null(), "{name}: {value}");
        }
    }
    for name in ["created_at", "updated_at"] {
        let text = row[name].as_str().unwrap();
        let shape: String = text
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000Z");
    }
}

fn check_etablissement_with_unit(row: &Value) {
    check_row(row, &etablissement(), &["unite_legale"]);
    let unit = &row["unite_legale"];
    check_row(
        unit,
        &unite_legale(),
        &["etablissement_siege", "numero_tva_intra"],
    );
    check_siege(unit);
}

fn check_siege(unit: &Value) {
    if !unit["etablissement_siege"].is_null() {
        check_row(&unit["etablissement_siege"], &etablissement(), &[]);
    }
    let tva = unit["numero_tva_intra"].as_str().unwrap();
    assert!(tva.len() == 13 && tva.starts_with("FR"), "{tva}");
}

fn check_unit_with_etablissements(unit: &Value) {
    let then = ["etablissement_siege", "numero_tva_intra", "etablissements"];
    check_row(unit, &unite_legale(), &then);
    check_siege(unit);
    let siren = unit["siren"].as_str().unwrap();
    for row in unit["etablissements"].as_array().unwrap() {
        check_row(row, &etablissement(), &[]);
        assert_eq!(row["siren"], siren);
    }
}

fn get(path: &str) -> Answer {
    sample_server().get(path)
}

/// An answer that is there, of the type that clients look at.
fn found(path: &str) -> Value {
    let answer = get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert_eq!(answer.content_type, "application/json", "{path}");
    assert!(!answer.text.contains("[ND]"), "{path}: a mask was let out");
    answer.json()
}

fn missing(path: &str) {
    let answer = get(path);
    let told = (
        answer.status,
        answer.content_type.as_str(),
        answer.text.as_str(),
    );
    let expected = (404, "application/json", r#"{"message":"no results found"}"#);
    assert_eq!(told, expected, "{path}");
}

/// For an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

/// The value of a column in a row of the sample.
fn cell<'row>(table: &Table, row: &'row [String], column: &str) -> &'row str {
    &row[table.index_of(column).unwrap()]
}

fn rows(table: &Table) -> Vec<Vec<String>> {
    parquet_rows(sample(), table)
}

/// A moment as INSEE writes it, of the one DuckDB writes: three digits after the second, or none.
fn moment(text: &str) -> String {
    match text.replace(' ', "T").split_once('.') {
        Some((second, part)) => format!("{second}.{part:0<3}"),
        None => text.replace(' ', "T"),
    }
}

/// Some rows from all over a table.
fn spread(rows: &[Vec<String>], count: usize) -> impl Iterator<Item = &Vec<String>> {
    rows.iter().step_by((rows.len() / count).max(1))
}

#[test]
fn every_field_of_sirene_v3_is_there_in_order_and_of_its_type() {
    for row in spread(&rows(&ETABLISSEMENT), 300) {
        let siret = cell(&ETABLISSEMENT, row, "siret");
        let body = found(&format!("/api/sirene/v3/etablissements/{siret}"));
        assert_eq!(names_of(&body), ["etablissement"]);
        let answered = &body["etablissement"];
        check_etablissement_with_unit(answered);
        assert_eq!(answered["id"].to_string(), siret.trim_start_matches('0'));
        assert_eq!(answered["unite_legale_id"], answered["unite_legale"]["id"]);
        if cell(&ETABLISSEMENT, row, "statutDiffusionEtablissement") != "O"
            || answered["unite_legale"]["statut_diffusion"] != "O"
        {
            continue;
        }
        for column in ETABLISSEMENT.columns {
            let value = cell(&ETABLISSEMENT, row, column.name);
            let value = match column.kind {
                Kind::Timestamp => moment(value),
                Kind::Real => value.trim_end_matches(".0").to_owned(),
                _ => value.to_owned(),
            };
            if let Some(field) = answered.get(column.field) {
                let told = field.as_str().unwrap_or_default();
                assert_eq!(told, value, "{} of {siret}", column.field);
            }
        }
    }
    for row in spread(&rows(&UNITE_LEGALE), 200) {
        let siren = cell(&UNITE_LEGALE, row, "siren");
        let body = found(&format!("/api/sirene/v3/unites_legales/{siren}"));
        assert_eq!(names_of(&body), ["unite_legale"]);
        check_unit_with_etablissements(&body["unite_legale"]);
    }
}

#[test]
fn both_prefixes_and_the_suffix_of_rails_give_the_same() {
    let expected = found("/api/sirene/v3/etablissements/13002526500013");
    let other = [
        "/v3/etablissements/13002526500013",
        "/v3/etablissements/13002526500013.json",
    ];
    for path in other {
        assert_eq!(found(path), expected, "{path}");
    }
    let unit = found("/api/sirene/v3/unites_legales/130025265.json");
    assert_eq!(found("/v3/unites_legales/130025265"), unit);
    assert_eq!(
        unit["unite_legale"]["numero_tva_intra"], "FR07130025265",
        "the key has two digits"
    );
    let list = found("/v3/etablissements.json?siren=130025265");
    assert_eq!(list, found("/api/sirene/v3/etablissements?siren=130025265"));
}

/// What betagouv/signup reads, front and back.
#[test]
fn the_dinum_is_read_as_signup_reads_it() {
    let body = found("/api/sirene/v3/etablissements/13002526500013");
    let etablissement = &body["etablissement"];
    for (name, expected) in [
        ("numero_voie", json!("20")),
        ("indice_repetition", Value::Null),
        ("type_voie", json!("AVENUE")),
        ("libelle_voie", json!("DE SEGUR")),
        ("code_postal", json!("75007")),
        ("libelle_commune", json!("PARIS")),
        ("code_commune", json!("75107")),
        ("activite_principale", json!("84.11Z")),
        ("etat_administratif", json!("A")),
        ("siret", json!("13002526500013")),
        ("etablissement_siege", json!("true")),
    ] {
        assert_eq!(etablissement[name], expected, "{name}");
    }
    let unit = &etablissement["unite_legale"];
    assert_eq!(
        unit["denomination"],
        "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"
    );
    assert_eq!(
        (&unit["nom"], &unit["prenom_1"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(unit["categorie_juridique"], "7120");
    assert_eq!(unit["etablissement_siege"]["geo_l4"], "20 AVENUE DE SEGUR");
    assert_eq!(unit["etablissement_siege"]["siret"], "13002526500013");
}

/// What is answered of whoever is hidden.
const SHOWN: [&str; 9] = [
    "id",
    "siren",
    "nic",
    "siret",
    "statut_diffusion",
    "date_dernier_traitement",
    "created_at",
    "updated_at",
    "unite_legale_id",
];

fn check_hidden(row: &Value) {
    for (name, value) in row.as_object().unwrap() {
        let is_link = [
            "unite_legale",
            "etablissement_siege",
            "etablissements",
            "numero_tva_intra",
        ]
        .contains(&name.as_str());
        assert!(
            value.is_null() || is_link || SHOWN.contains(&name.as_str()),
            "{name} of someone hidden: {value}"
        );
    }
}

#[test]
fn who_is_hidden_has_numbers_and_nothing_else_on_every_route() {
    let rows = rows(&UNITE_LEGALE);
    let hidden: Vec<_> = rows
        .iter()
        .filter(|row| cell(&UNITE_LEGALE, row, "statutDiffusionUniteLegale") != "O")
        .collect();
    assert!(hidden.len() > 100, "{}", hidden.len());
    for row in hidden.iter().step_by(hidden.len() / 100) {
        let siren = cell(&UNITE_LEGALE, row, "siren");
        let alone = found(&format!("/api/sirene/v3/unites_legales/{siren}"));
        let listed = found(&format!("/api/sirene/v3/unites_legales?siren={siren}"));
        assert_eq!(listed["unites_legales"][0]["siren"], siren);
        for unit in [&alone["unite_legale"], &listed["unites_legales"][0]] {
            check_hidden(unit);
            unit["etablissements"]
                .as_array()
                .unwrap()
                .iter()
                .for_each(check_hidden);
        }
        let listed = found(&format!("/v3/etablissements?siren={siren}"));
        for etablissement in listed["etablissements"].as_array().unwrap() {
            check_hidden(etablissement);
            check_hidden(&etablissement["unite_legale"]);
            let siret = etablissement["siret"].as_str().unwrap();
            let alone = found(&format!("/v3/etablissements/{siret}"));
            assert_eq!(&alone["etablissement"], etablissement);
            missing(&format!("/api/rna/v1/siret/{siret}"));
        }
        // Nobody is found by what is hidden of them.
        let etat = cell(&UNITE_LEGALE, row, "etatAdministratifUniteLegale");
        missing(&format!(
            "/v3/unites_legales/{siren}?etat_administratif={etat}"
        ));
        missing(&format!(
            "/v3/unites_legales?siren={siren}&etat_administratif={etat}"
        ));
    }
    let found = found("/v3/unites_legales?statut_diffusion=P&per_page=100");
    found["unites_legales"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(check_hidden);
    missing("/v3/unites_legales?statut_diffusion=P&etat_administratif=A");
    missing("/v3/unites_legales?nom=%5BND%5D");
    missing("/v3/etablissements?libelle_voie=%5BND%5D");
}

#[test]
fn what_is_not_there_says_so_and_no_more() {
    for path in [
        "/api/sirene/v3/etablissements/73282932000074",
        "/api/sirene/v3/etablissements/1300252650001",
        "/api/sirene/v3/etablissements/bonjour",
        "/v3/unites_legales/732829320",
        "/v3/etablissements?siret=13002526500014",
        "/v3/etablissements?code_postal=00000",
        "/v3/etablissements?annee_effectifs=beaucoup",
        "/v3/etablissements?geo_type=housenumber",
        "/v3/etablissements?page=99999999",
        "/v3/unites_legales?page=99999999&per_page=1",
        "/v3/etablissements/13002526500013?etat_administratif=F",
        "/api/rna/v1/id/W999999999",
        "/api/rna/v1/id/W%20%20",
        "/api/rna/v1/siret/73282932000074",
        "/api/rna/v1/full_text/motquenuldit",
        "/api/rna/v1/full_text/%20-%20",
    ] {
        missing(path);
    }
    let unknown = get("/api/sirene/v3/licornes");
    assert_eq!(
        (unknown.status, unknown.content_type.as_str()),
        (404, "application/json")
    );
    assert!(
        unknown.json()["message"]
            .as_str()
            .unwrap()
            .contains("adresse")
    );
    let answer = sample_server().post("/v3/etablissements", "{}");
    assert_eq!(
        (answer.status, answer.content_type.as_str()),
        (405, "application/json")
    );
}

/// How many rows a filter should find: those of that value, that are shown when it is hidden of some.
fn expected(table: &Table, rows: &[Vec<String>], statut: &str, column: &str, value: &str) -> usize {
    let always = ["siren", "nic", "siret"].contains(&column)
        || column.starts_with("statutDiffusion")
        || column.starts_with("dateDernierTraitement");
    let matches = rows.iter().filter(|row| {
        cell(table, row, column) == value && (always || cell(table, row, statut) == "O")
    });
    matches.count()
}

#[test]
fn every_column_is_a_filter() {
    for (table, route, statut, fields) in [
        (
            &ETABLISSEMENT,
            "etablissements",
            "statutDiffusionEtablissement",
            etablissement(),
        ),
        (
            &UNITE_LEGALE,
            "unites_legales",
            "statutDiffusionUniteLegale",
            unite_legale(),
        ),
    ] {
        let rows = rows(table);
        let mut checked = 0;
        for column in table.columns {
            if !fields.iter().any(|field| field == column.field) {
                continue;
            }
            let shown = |row: &&Vec<String>| {
                cell(table, row, statut) == "O" && !cell(table, row, column.name).is_empty()
            };
            // No row of the sample has some of the columns of a second address.
            let Some(row) = rows.iter().filter(shown).nth(3) else {
                continue;
            };
            let value = cell(table, row, column.name);
            let typed = match column.kind {
                Kind::Timestamp => moment(value),
                _ => value.to_owned(),
            };
            let path = format!(
                "/v3/{route}?{}={}&per_page=1",
                column.field,
                encoded(&typed)
            );
            let total = found(&path)["meta"]["total_results"].as_u64().unwrap();
            let expected = expected(table, &rows, statut, column.name, value);
            assert_eq!(total, expected as u64, "{path}");
            checked += 1;
        }
        assert!(checked >= 25, "{route}: {checked}");
    }
    let by_id = found("/v3/etablissements?id=13002526500013");
    assert_eq!(by_id["etablissements"][0]["siret"], "13002526500013");
    let of_unit = found("/v3/etablissements?unite_legale_id=130025265");
    assert_eq!(of_unit["etablissements"][0]["siren"], "130025265");
    let line = found("/v3/etablissements?geo_l4=20%20AVENUE%20DE%20SEGUR&code_postal=75007");
    let sirets: Vec<_> = line["etablissements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["siret"])
        .collect();
    assert!(sirets.contains(&&json!("13002526500013")), "{sirets:?}");
    // Blank values and unknown names are nothing; filters are all of them to hold.
    let whole = found("/v3/etablissements?per_page=1")["meta"]["total_results"].clone();
    let same = found("/v3/etablissements?per_page=1&licorne=oui&code_postal=%20");
    assert_eq!(same["meta"]["total_results"], whole);
    missing("/v3/etablissements?siren=130025265&code_commune=13055");
}

#[test]
fn a_list_is_walked_page_by_page_in_the_order_of_siret() {
    let rows = rows(&ETABLISSEMENT);
    let mut expected: Vec<&str> = rows
        .iter()
        .filter(|row| {
            cell(&ETABLISSEMENT, row, "codeCommuneEtablissement") == "75107"
                && cell(&ETABLISSEMENT, row, "statutDiffusionEtablissement") == "O"
        })
        .map(|row| cell(&ETABLISSEMENT, row, "siret"))
        .collect();
    expected.sort_unstable();
    assert!(expected.len() > 10, "{}", expected.len());
    for per_page in [4, 7] {
        let mut walked = Vec::new();
        let pages = expected.len().div_ceil(per_page);
        for page in 1..=pages {
            let body = found(&format!(
                "/api/sirene/v3/etablissements?code_commune=75107&page={page}&per_page={per_page}"
            ));
            assert_eq!(names_of(&body), ["etablissements", "meta"]);
            let rows = body["etablissements"].as_array().unwrap();
            rows.iter().for_each(check_etablissement_with_unit);
            let on_page = if page == pages { rows.len() } else { per_page };
            assert_eq!(
                body["meta"].to_string(),
                json!({
                    "total_results": expected.len(),
                    "per_page": on_page,
                    "total_pages": pages,
                    "page": page,
                })
                .to_string()
            );
            walked.extend(
                rows.iter()
                    .map(|row| row["siret"].as_str().unwrap().to_owned()),
            );
        }
        assert_eq!(walked, expected);
        missing(&format!(
            "/v3/etablissements?code_commune=75107&page={}&per_page={per_page}",
            pages + 1
        ));
    }
    let units = found("/v3/unites_legales?categorie_juridique=7210&per_page=1000");
    let units = units["unites_legales"].as_array().unwrap();
    assert!(units.len() > 10 && units.len() <= 100, "{}", units.len());
    units.iter().for_each(check_unit_with_etablissements);
    let first = found("/v3/etablissements");
    assert_eq!(first["etablissements"].as_array().unwrap().len(), 20);
}

#[test]
fn every_field_of_the_rna_is_there_in_order_and_of_its_type() {
    let rows = rows(&ASSOCIATION);
    let mut sirets = 0;
    for row in spread(&rows, 300) {
        let value = |column| cell(&ASSOCIATION, row, column);
        let id = value("id");
        let body = found(&format!("/api/rna/v1/id/{}", encoded(id)));
        assert_eq!(names_of(&body), ["association"]);
        let answered = &body["association"];
        check_row(answered, &association(), &[]);
        let text = |name: &str| answered[name].as_str().unwrap_or_default();
        assert_eq!(text("id_association"), id);
        assert_eq!(text("titre"), value("titre"));
        assert_eq!(text("is_waldec"), (value("source") == "waldec").to_string());
        assert_eq!(text("date_creation"), value("date_creat"));
        assert_eq!(text("position_activite"), value("position"));
        if value("publiweb") != "1" {
            for name in [
                "telephone",
                "email",
                "adresse_gestion_nom",
                "adresse_gestion_format_postal",
            ] {
                assert!(answered[name].is_null(), "{name} of {id}");
            }
        }
        let siret = value("siret");
        if !siret.is_empty() {
            let answer = get(&format!("/api/rna/v1/siret/{siret}"));
            if answer.status == 200 {
                sirets += 1;
                let body = answer.json();
                check_row(&body["association"], &association(), &[]);
                assert_eq!(body["association"]["siret"], siret);
            }
        }
    }
    assert!(sirets > 10, "{sirets}");
}

#[test]
fn the_titles_of_the_rna_are_searched_word_by_word() {
    let body = found("/api/rna/v1/full_text/association");
    let names = [
        "total_results",
        "total_pages",
        "per_page",
        "page",
        "association",
    ];
    assert_eq!(names_of(&body), names);
    assert_eq!((&body["page"], &body["per_page"]), (&json!(1), &json!(10)));
    let list = body["association"].as_array().unwrap();
    assert_eq!(list.len(), 10);
    for row in list {
        check_row(row, &association(), &[]);
        assert!(
            row["titre"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .contains("association")
        );
    }
    let second = found("/api/rna/v1/full_text/ASSOCIATION?page=2&per_page=5");
    assert_eq!(second["page"], "2", "as it was typed");
    assert_eq!(second["association"][0], body["association"][5]);
    let title = list[0]["titre"].as_str().unwrap();
    let again = found(&format!("/api/rna/v1/full_text/{}", encoded(title)));
    let titles: Vec<_> = again["association"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["titre"])
        .collect();
    assert!(titles.contains(&&json!(title)), "{title}: {titles:?}");
    let far = get("/api/rna/v1/full_text/*?page=99999999");
    assert_eq!(
        (far.status, far.content_type.as_str()),
        (400, "application/json")
    );
    let all = found("/api/rna/v1/full_text/*");
    assert_eq!(all["total_results"], rows(&ASSOCIATION).len());
}
