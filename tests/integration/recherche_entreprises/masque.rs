//! Who asked to be hidden is masked as the service masked them, and is never told otherwise.

use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::{Value, json};

use super::found;
use crate::harness::sample;
use crate::oracle::parquet_rows;

const MASQUE: &str = "[NON-DIFFUSIBLE]";

/// Fields of `siege` that say where it is.
const ADRESSE: [&str; 14] = [
    "adresse",
    "cedex",
    "code_postal",
    "complement_adresse",
    "coordonnees",
    "distribution_speciale",
    "indice_repetition",
    "longitude",
    "latitude",
    "libelle_cedex",
    "libelle_voie",
    "numero_voie",
    "dernier_numero_voie",
    "type_voie",
];

/// SIREN in partial diffusion: of persons, or not.
fn hidden(persons: bool) -> Vec<String> {
    let at = |name| UNITE_LEGALE.index_of(name).unwrap();
    let statut = at("statutDiffusionUniteLegale");
    let categorie = at("categorieJuridiqueUniteLegale");
    let siren = at("siren");
    let rows = parquet_rows(sample(), &UNITE_LEGALE);
    let so = rows
        .iter()
        .filter(|row| row[statut] == "P" && (row[categorie] == "1000") == persons);
    so.take(25).map(|row| row[siren].clone()).collect()
}

fn check_place(place: &Value, names_too: bool) {
    for name in ADRESSE {
        if let Some(field) = place.get(name) {
            assert_eq!(field, MASQUE, "{name}");
        }
    }
    if names_too {
        assert_eq!(place["nom_commercial"], MASQUE);
        let signs = place["liste_enseignes"].as_array();
        assert!(
            signs.into_iter().flatten().all(|sign| sign == MASQUE),
            "{place}"
        );
    }
    assert_ne!(place["commune"], MASQUE);
    assert_ne!(place["libelle_commune"], MASQUE);
}

#[test]
fn a_person_in_partial_diffusion_has_neither_name_nor_address() {
    let sirens = hidden(true);
    assert!(!sirens.is_empty(), "the sample has some");
    for siren in sirens {
        let path = format!("/search?q={siren}&include_admin=etablissements");
        let unit = &found(&path)["results"][0];
        for name in ["nom_complet", "nom_raison_sociale", "sigle"] {
            assert_eq!(unit[name], MASQUE, "{siren} {name}");
        }
        assert_eq!(unit["statut_diffusion"], "P");
        assert_eq!(unit["complements"]["identifiant_association"], json!(null));
        let listed = unit["etablissements"].as_array().unwrap();
        for place in listed.iter().chain([&unit["siege"]]) {
            if place.as_object().is_some_and(|place| !place.is_empty()) {
                check_place(place, true);
            }
        }
    }
}

#[test]
fn a_personne_morale_in_partial_diffusion_keeps_its_name() {
    for siren in hidden(false) {
        let unit = &found(&format!("/search?q={siren}"))["results"][0];
        assert_eq!(unit["sigle"], MASQUE, "{siren}");
        assert_eq!(unit["nom_complet"], unit["nom_raison_sociale"], "{siren}");
        if unit["siege"] != json!({}) {
            check_place(&unit["siege"], false);
        }
    }
}
