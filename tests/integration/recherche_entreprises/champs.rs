//! Every field, in its order and of its type.

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::{Value, json};

use super::found;
use crate::harness::{sample, shared};
use crate::oracle::parquet_rows;

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Type {
    Texte,
    Booleen,
    Entier,
    Liste,
    Objet,
    /// Null, for lack of that data.
    Nul,
}

fn fields(text: &str, kind: impl Fn(&str) -> Type) -> Vec<(String, Type)> {
    let field = |name: &str| (name.to_owned(), kind(name));
    text.split_whitespace().map(field).collect()
}

fn unite() -> Vec<(String, Type)> {
    fields(
        "siren nom_complet nom_raison_sociale sigle nombre_etablissements nombre_etablissements_ouverts \
        siege activite_principale activite_principale_naf25 categorie_entreprise caractere_employeur \
        annee_categorie_entreprise date_creation date_fermeture date_mise_a_jour date_mise_a_jour_insee \
        date_mise_a_jour_rne dirigeants etat_administratif nature_juridique section_activite_principale \
        tranche_effectif_salarie annee_tranche_effectif_salarie statut_diffusion matching_etablissements \
        etablissements immatriculation bodacc finances complements tva score admin",
        |name| match name {
            "nombre_etablissements" | "nombre_etablissements_ouverts" => Type::Entier,
            "siege" | "complements" => Type::Objet,
            "dirigeants" | "matching_etablissements" | "etablissements" => Type::Liste,
            "date_mise_a_jour_rne"
            | "immatriculation"
            | "bodacc"
            | "finances"
            | "tva"
            | "admin" => Type::Nul,
            _ => Type::Texte,
        },
    )
}

fn of_lieu(name: &str) -> Type {
    match name {
        "est_siege" | "ancien_siege" => Type::Booleen,
        "liste_enseignes" => Type::Liste,
        "successions" => Type::Objet,
        "date_mise_a_jour" | "geo_adresse" | "geo_id" => Type::Nul,
        name if name.starts_with("liste_") => Type::Nul,
        _ => Type::Texte,
    }
}

fn siege() -> Vec<(String, Type)> {
    fields(
        "activite_principale activite_principale_naf25 activite_principale_registre_metier \
        annee_tranche_effectif_salarie adresse caractere_employeur cedex code_pays_etranger code_postal commune \
        complement_adresse coordonnees date_creation date_debut_activite date_fermeture date_mise_a_jour \
        date_mise_a_jour_insee departement distribution_speciale epci est_siege etat_administratif geo_adresse \
        geo_id indice_repetition latitude libelle_cedex libelle_commune libelle_commune_etranger \
        libelle_pays_etranger libelle_voie liste_enseignes liste_finess liste_id_bio liste_idcc \
        liste_id_organisme_formation liste_rge liste_uai longitude nom_commercial numero_voie \
        dernier_numero_voie region siret statut_diffusion_etablissement tranche_effectif_salarie type_voie",
        of_lieu,
    )
}

const CITE: &str = "activite_principale activite_principale_naf25 ancien_siege annee_tranche_effectif_salarie \
    adresse caractere_employeur code_postal commune date_creation date_debut_activite date_fermeture epci \
    est_siege etat_administratif geo_id latitude libelle_commune liste_enseignes liste_finess liste_id_bio \
    liste_idcc liste_id_organisme_formation liste_rge liste_uai longitude nom_commercial region siret \
    statut_diffusion_etablissement";

fn cite() -> Vec<(String, Type)> {
    fields(&format!("{CITE} tranche_effectif_salarie"), of_lieu)
}

fn liste() -> Vec<(String, Type)> {
    fields(
        &format!("{CITE} successions tranche_effectif_salarie"),
        of_lieu,
    )
}

fn complements() -> Vec<(String, Type)> {
    fields(
        "collectivite_territoriale convention_collective_renseignee liste_idcc liste_finess_juridique \
        egapro_renseignee est_achats_responsables est_alim_confiance est_association est_avocat est_bio \
        est_entrepreneur_individuel est_entrepreneur_spectacle est_ess est_finess est_organisme_formation \
        est_qualiopi liste_id_organisme_formation est_rge est_siae est_societe_mission est_uai \
        est_patrimoine_vivant bilan_ges_renseigne identifiant_association statut_entrepreneur_spectacle \
        type_siae a_aide_minimis a_aide_ademe est_administration est_service_public est_l100_3",
        |name| match name {
            "identifiant_association" => Type::Texte,
            "est_service_public" | "est_l100_3" => Type::Nul,
            name if name.starts_with("est_") || name.starts_with("a_") => Type::Booleen,
            name if name.contains("renseigne") => Type::Booleen,
            _ => Type::Nul,
        },
    )
}

fn check(value: &Value, expected: &[(String, Type)]) {
    let names: Vec<_> = value.as_object().unwrap().keys().collect();
    let wanted: Vec<_> = expected.iter().map(|(name, _)| name).collect();
    assert_eq!(names, wanted);
    for (name, kind) in expected {
        let field = &value[name];
        let well = match kind {
            Type::Texte => field.is_null() || field.as_str().is_some_and(|text| !text.is_empty()),
            Type::Booleen => field.is_boolean(),
            Type::Entier => field.is_u64(),
            Type::Liste if name == "liste_enseignes" => {
                field.is_null() || field.as_array().is_some_and(|list| !list.is_empty())
            }
            Type::Liste => field.is_array(),
            Type::Objet => field.is_object(),
            Type::Nul => field.is_null(),
        };
        assert!(well, "{name}: {field}");
    }
}

fn without(mut fields: Vec<(String, Type)>, names: &[&str]) -> Vec<(String, Type)> {
    fields.retain(|(name, _)| !names.contains(&name.as_str()));
    fields
}

const ADMIN: [&str; 4] = ["etablissements", "immatriculation", "bodacc", "admin"];

/// Some keys from all over a table.
fn keys(table: &'static registre_schemas::Table, column: &str, count: usize) -> Vec<String> {
    let rows = parquet_rows(sample(), table);
    let index = table.index_of(column).unwrap();
    let step = (rows.len() / count).max(1);
    rows.iter()
        .step_by(step)
        .map(|row| row[index].clone())
        .collect()
}

#[test]
fn every_field_of_a_unit_is_there_in_order_and_of_its_type() {
    let expected = without(unite(), &[&ADMIN[..], &["score"]].concat());
    for siren in keys(&UNITE_LEGALE, "siren", 150) {
        let body = found(&format!("/search?q={siren}"));
        let names: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "results",
                "total_results",
                "page",
                "per_page",
                "total_pages"
            ]
        );
        let unit = &body["results"][0];
        assert_eq!(unit["siren"], siren);
        check(unit, &expected);
        check(&unit["complements"], &complements());
        if unit["siege"] != json!({}) {
            check(&unit["siege"], &siege());
            let point = [&unit["siege"]["latitude"], &unit["siege"]["longitude"]];
            if let [Value::String(latitude), Value::String(longitude)] = point
                && !latitude.starts_with('[')
            {
                let both = format!("{latitude},{longitude}");
                assert_eq!(unit["siege"]["coordonnees"], both);
            }
        }
    }
}

#[test]
fn every_field_of_an_etablissement_is_there_in_order_and_of_its_type() {
    for siret in keys(&ETABLISSEMENT, "siret", 80) {
        let path =
            format!("/search?q={siret}&include_admin=etablissements,immatriculation,bodacc,admin");
        let unit = &found(&path)["results"][0];
        check(unit, &without(unite(), &["score"]));
        let cited = unit["matching_etablissements"].as_array().unwrap();
        assert_eq!(cited.len(), 1);
        assert_eq!(cited[0]["siret"], siret);
        check(&cited[0], &cite());
        for place in unit["etablissements"].as_array().unwrap() {
            check(place, &liste());
            let links = fields("predecesseurs successeurs", |_| Type::Liste);
            check(&place["successions"], &links);
        }
    }
}

#[test]
fn a_minimal_answer_has_what_is_asked_and_nothing_else() {
    const PARTS: [&str; 6] = [
        "siege",
        "dirigeants",
        "matching_etablissements",
        "finances",
        "complements",
        "tva",
    ];
    let all: Vec<&str> = [&ADMIN[..], &PARTS, &["score"]].concat();
    let minimal = &found("/search?q=130025265&minimal=true")["results"][0];
    check(minimal, &without(unite(), &all));
    for part in [&PARTS[..], &["score"]].concat() {
        let path = format!("/search?q=130025265&minimal=True&include={part}");
        let unit = &found(&path)["results"][0];
        let others: Vec<_> = all.iter().copied().filter(|name| *name != part).collect();
        if part == "score" {
            assert!(unit["score"].is_f64(), "{unit}");
            continue;
        }
        check(unit, &without(unite(), &others));
    }
    let two = &found("/search?q=130025265&minimal=true&include=Siege,tva&include_admin=admin")["results"]
        [0];
    let others: Vec<_> = all
        .iter()
        .copied()
        .filter(|name| !["siege", "tva", "admin"].contains(name))
        .collect();
    check(two, &without(unite(), &others));
}

#[test]
fn what_the_register_says_of_the_dinum_is_answered() {
    let unit = &found("/search?q=130025265")["results"][0];
    for (pointer, expected) in [
        (
            "/nom_complet",
            json!("DIRECTION INTERMINISTERIELLE DU NUMERIQUE (DINUM)"),
        ),
        (
            "/nom_raison_sociale",
            json!("DIRECTION INTERMINISTERIELLE DU NUMERIQUE"),
        ),
        ("/sigle", json!("DINUM")),
        ("/nature_juridique", json!("7120")),
        ("/section_activite_principale", json!("O")),
        ("/siege/departement", json!("75")),
        ("/siege/region", json!("11")),
        ("/siege/commune", json!("75107")),
        ("/complements/est_administration", json!(true)),
        ("/complements/est_association", json!(false)),
        ("/statut_diffusion", json!("O")),
    ] {
        assert_eq!(unit.pointer(pointer), Some(&expected), "{pointer}");
    }
    let adresse = unit["siege"]["adresse"].as_str().unwrap();
    assert!(
        adresse.contains("AVENUE DE SEGUR") || adresse.contains("AV DE SEGUR"),
        "{adresse}"
    );
}

/// The same keys in the same order as real answers, and no type that they do not have.
#[test]
fn answers_have_the_fields_of_the_service_in_its_order() {
    let Some(shared) = shared() else {
        return;
    };
    let own =
        &found("/search?q=13002526500013&include_admin=immatriculation,bodacc,admin")["results"][0];
    let folder = shared.join("contracts/examples/recherche-entreprises");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The others were answered by older versions.
        if !path.to_string_lossy().contains("annuaire-site_") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let example: Value = serde_json::from_str(&text).unwrap();
        let results = example["results"].as_array();
        for unit in results.into_iter().flatten() {
            compared += same(unit, own, "");
        }
    }
    assert!(compared > 1000, "{compared} fields");
}

/// How many fields are the same. Those that only one of both answers are left: the example may be of an
/// older version, or of other parts.
fn same(example: &Value, own: &Value, path: &str) -> usize {
    let (Value::Object(theirs), Value::Object(ours)) = (example, own) else {
        return 0;
    };
    // One example has it where it was added by hand.
    let common =
        |one: &str, other: &serde_json::Map<String, Value>| one != "tva" && other.contains_key(one);
    let theirs_common: Vec<_> = theirs.keys().filter(|name| common(name, ours)).collect();
    let ours_common: Vec<_> = ours.keys().filter(|name| common(name, theirs)).collect();
    assert_eq!(theirs_common, ours_common, "{path}");
    let mut compared = 0;
    for name in ours_common {
        let (their, our) = (&theirs[name], &ours[name]);
        let kind = |value: &Value| std::mem::discriminant(value);
        // Left by the service since.
        let gone = ["est_service_public", "est_l100_3"].contains(&name.as_str());
        let either = their.is_null() || our.is_null() || gone;
        assert!(
            either || kind(their) == kind(our),
            "{path}/{name}: {their} and {our}"
        );
        compared += 1;
        compared += same(their, our, &format!("{path}/{name}"));
        if let (Some(their), Some(our)) = (their.get(0), our.get(0)) {
            compared += same(their, our, &format!("{path}/{name}/0"));
        }
    }
    compared
}
