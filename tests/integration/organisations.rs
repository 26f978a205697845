//! Every organisation of the sample, asked by each of its numbers: what is answered follows from the
//! rows, and nothing masked comes out.

use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::harness::{sample, sample_server};
use crate::oracle::parquet_rows;

/// The columns of a table that a test looks at, by name.
struct Rows {
    table: &'static Table,
    rows: Vec<Vec<String>>,
}

impl Rows {
    fn of(table: &'static Table) -> Self {
        Self {
            table,
            rows: parquet_rows(sample(), table),
        }
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &str> {
        let index = self.table.index_of(name).unwrap();
        self.rows.iter().map(move |row| row[index].as_str())
    }

    /// Value of a column by value of another.
    fn by(&self, key: &str, name: &str) -> HashMap<&str, &str> {
        self.column(key).zip(self.column(name)).collect()
    }
}

/// The answers to many identifiers, a thousand at a time.
fn all(ids: &[&str]) -> Vec<Value> {
    let server = sample_server();
    let mut answers = Vec::with_capacity(ids.len());
    for thousand in ids.chunks(1000) {
        let answer = server.post(
            "/v1/organisations",
            serde_json::to_string(thousand).unwrap(),
        );
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.text.contains("[ND]"), "a mask was let out");
        assert!(!answer.text.contains("\"null\"") && !answer.text.contains("null "));
        let mut body = answer.json();
        assert_eq!(body["nombre"], thousand.len());
        match body["reponses"].take() {
            Value::Array(reponses) => answers.extend(reponses),
            other => panic!("{other}"),
        }
    }
    assert_eq!(answers.len(), ids.len());
    answers
}

/// What holds of any answer.
fn check(id: &str, answer: &Value) {
    assert_eq!(answer["demande"], id);
    let (message, advice) = (&answer["message"], &answer["que_faire"]);
    assert!(message.as_str().unwrap().ends_with('.'), "{answer}");
    assert!(advice.as_str().unwrap().ends_with('.'), "{answer}");
    let organisation = &answer["organisation"];
    assert!(organisation.is_object(), "{answer}");
    for adresse in ["adresse", "adresse_secondaire", "adresse_gestion"] {
        let Some(lignes) = organisation[adresse]["lignes"].as_array() else {
            continue;
        };
        for ligne in lignes {
            let ligne = ligne.as_str().unwrap();
            assert!(
                !ligne.is_empty() && ligne == ligne.trim(),
                "{id}: {ligne:?}"
            );
        }
        if organisation["diffusion_partielle"] == true && organisation["siret"].is_string() {
            assert!(lignes.len() <= 2, "{id}: {lignes:?}");
            assert!(organisation["adresse"]["libelle_voie"].is_null());
            assert!(organisation["adresse"]["code_postal"].is_null());
        }
    }
    if organisation["nom"].is_null() {
        let regle = organisation["nom_regle"].as_str().unwrap();
        assert!(matches!(regle, "masque" | "absent"), "{id}: {regle}");
    }
    if organisation["nom_regle"] == "masque" {
        let parts = organisation["nom_parts"].as_object().unwrap();
        for (name, part) in parts
            .iter()
            .filter(|(name, _)| !name.contains("association"))
        {
            let none = part.is_null() || part.as_array().is_some_and(Vec::is_empty);
            assert!(none, "{id}: {name} of a masked name is {part}");
        }
    }
}

/// Messages without the numbers and dates: one code, several wordings, never two codes for one.
#[derive(Default)]
struct Wordings(HashMap<String, String>);

impl Wordings {
    fn add(&mut self, answer: &Value) {
        let message = answer["message"].as_str().unwrap();
        let words: String = message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let code = answer["code"].as_str().unwrap();
        let known = self.0.entry(words).or_insert_with(|| code.to_owned());
        assert_eq!(known, code, "{message}");
    }
}

#[test]
fn every_etablissement_is_answered_as_its_row_says() {
    let places = Rows::of(&ETABLISSEMENT);
    let units = Rows::of(&UNITE_LEGALE);
    let doublons = Rows::of(&DOUBLON);
    let unit_statut = units.by("siren", "statutDiffusionUniteLegale");
    let unit_etat = units.by("siren", "etatAdministratifUniteLegale");
    let etat = places.by("siret", "etatAdministratifEtablissement");
    let statut = places.by("siret", "statutDiffusionEtablissement");
    let reference = doublons.by("sirenDoublon", "siren");
    let sirets: Vec<&str> = places.column("siret").collect();
    let mut wordings = Wordings::default();
    for (siret, answer) in sirets.iter().zip(all(&sirets)) {
        check(siret, &answer);
        wordings.add(&answer);
        let siren = &siret[..9];
        let hidden = statut[siret] != "O" || unit_statut[siren] != "O";
        let expected = if reference.contains_key(siren) {
            "doublon"
        } else if etat[siret] == "F" {
            "ferme"
        } else if hidden {
            "diffusion_partielle"
        } else {
            "trouve"
        };
        assert_eq!(answer["resultat"], expected, "{siret}: {answer}");
        let organisation = &answer["organisation"];
        if let Some(reference) = reference.get(siren) {
            assert_eq!(answer["siren_reference"], *reference);
            assert_eq!(organisation["siren"], *reference);
            continue;
        }
        assert_eq!(organisation["siret"], *siret);
        assert_eq!(organisation["est_ferme"], etat[siret] == "F");
        assert_eq!(organisation["diffusion_partielle"], hidden);
        assert_eq!(organisation["succession"].is_object(), etat[siret] == "F");
        if hidden {
            assert!(organisation["coordonnees"].is_null(), "{siret}");
        }
        if etat[siret] == "F" {
            let ceased = unit_etat[siren] == "C";
            let lives = answer["code"] == "etablissement_ferme";
            assert_eq!(lives, !ceased, "{siret}");
        }
    }
}

#[test]
fn every_unit_is_answered_alike_by_siren_and_by_tva() {
    let units = Rows::of(&UNITE_LEGALE);
    let doublons = Rows::of(&DOUBLON);
    let etat = units.by("siren", "etatAdministratifUniteLegale");
    let statut = units.by("siren", "statutDiffusionUniteLegale");
    let categorie = units.by("siren", "categorieJuridiqueUniteLegale");
    let replaced: HashSet<&str> = doublons.column("sirenDoublon").collect();
    let sirens: Vec<&str> = units.column("siren").collect();
    let tvas: Vec<String> = sirens
        .iter()
        .map(|siren| {
            let siren: registre_schemas::identifiers::Siren = siren.parse().unwrap();
            registre_schemas::identifiers::Tva::from(siren).to_string()
        })
        .collect();
    let tvas: Vec<&str> = tvas.iter().map(String::as_str).collect();
    let mut wordings = Wordings::default();
    let mut masked = 0;
    for ((siren, by_siren), by_tva) in sirens.iter().zip(all(&sirens)).zip(all(&tvas)) {
        check(siren, &by_siren);
        wordings.add(&by_siren);
        assert_eq!(by_siren["organisation"], by_tva["organisation"], "{siren}");
        assert_eq!(by_siren["resultat"], by_tva["resultat"], "{siren}");
        if replaced.contains(siren) {
            assert_eq!(by_siren["resultat"], "doublon");
            continue;
        }
        let organisation = &by_siren["organisation"];
        assert_eq!(organisation["est_ferme"], etat[siren] == "C", "{siren}");
        assert_eq!(organisation["tva"].is_null(), etat[siren] == "C", "{siren}");
        if statut[siren] != "O" {
            assert_eq!(organisation["associations"], json!([]));
            assert!(organisation["rna"].is_null());
            if categorie[siren] == "1000" {
                masked += 1;
                assert_eq!(organisation["nom_regle"], "masque", "{siren}");
            }
        }
    }
    assert!(masked > 100, "the sample has hidden people: {masked}");
}

#[test]
fn every_association_is_answered_as_its_row_says() {
    let rows = Rows::of(&ASSOCIATION);
    let position = rows.by("id", "position");
    let listed_as_rup = Rows::of(&ASSOCIATION_UTILITE_PUBLIQUE);
    let rup: HashSet<&str> = listed_as_rup
        .column("id")
        .filter(|id| !id.is_empty())
        .collect();
    assert!(rup.len() > 5, "the sample has the list");
    let ids: Vec<&str> = rows.column("id").collect();
    let mut wordings = Wordings::default();
    let mut met = HashSet::new();
    for (id, answer) in ids.iter().zip(all(&ids)) {
        check(id, &answer);
        wordings.add(&answer);
        let code = answer["code"].as_str().unwrap();
        let expected = match position[id] {
            "D" => code == "association_dissoute",
            "S" => code == "association_supprimee",
            "R" => matches!(code, "rna_repris" | "association_reprise"),
            _ => code == "association_active",
        };
        assert!(expected, "{id} is {}: {code}", position[id]);
        let listed = answer["organisation"]["associations"].as_array().unwrap();
        let asked = answer["organisation"]["rna"].as_str().unwrap();
        assert!(listed.iter().any(|one| one["id"] == asked), "{answer}");
        if code != "rna_repris" {
            assert_eq!(asked, *id);
        }
        assert_eq!(answer["organisation"]["est_association"], true);
        if rup.contains(asked) {
            assert_eq!(answer["organisation"]["est_utilite_publique"], true, "{id}");
        }
        met.insert(code.to_owned());
    }
    assert!(met.len() >= 3, "{met:?}");
}

#[test]
fn an_answer_alone_is_the_one_of_a_batch() {
    let ids: Vec<String> = [
        Rows::of(&ETABLISSEMENT)
            .column("siret")
            .step_by(997)
            .map(str::to_owned)
            .collect(),
        Rows::of(&UNITE_LEGALE)
            .column("siren")
            .step_by(997)
            .map(str::to_owned)
            .collect(),
        Rows::of(&ASSOCIATION)
            .column("id")
            .step_by(97)
            .map(str::to_owned)
            .collect(),
        Rows::of(&DOUBLON)
            .column("sirenDoublon")
            .map(str::to_owned)
            .collect::<Vec<_>>(),
        [
            "356000000",
            "35600000000048",
            "35600000009075",
            "732829320",
            "bonjour",
            "178-236",
        ]
        .map(str::to_owned)
        .to_vec(),
    ]
    .concat();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for (id, batch) in ids.iter().zip(all(&ids)) {
        let answer = sample_server().get(&format!("/v1/organisations/{id}"));
        assert_eq!(answer.content_type, "application/json");
        let mut alone = answer.json();
        let donnees = alone
            .as_object_mut()
            .unwrap()
            .shift_remove("donnees")
            .unwrap();
        assert_eq!(donnees["sirene"], "2026-11-01");
        assert_eq!(alone, batch, "{id}");
    }
}

#[test]
fn la_poste_is_answered_by_each_kind_of_number() {
    for (id, siege) in [
        ("356000000", true),
        ("FR39356000000", true),
        ("35600000000048", true),
        ("35600000009075", false),
    ] {
        let body = sample_server()
            .get(&format!("/v1/organisations/{id}"))
            .json();
        assert_eq!(body["resultat"], "trouve", "{body}");
        let organisation = &body["organisation"];
        assert_eq!(organisation["nom"], "LA POSTE");
        assert_eq!(organisation["siret_siege"], "35600000000048");
        assert_eq!(organisation["est_siege"], siege);
        assert!(
            organisation["nombre_etablissements"]["total"]
                .as_u64()
                .unwrap()
                >= 200
        );
    }
    let body = sample_server()
        .get("/v1/organisations/35600000099999")
        .json();
    assert_eq!(body["code"], "cle_invalide");
    let body = sample_server()
        .get("/v1/organisations/35600000099995")
        .json();
    assert_eq!(body["code"], "siret_inconnu_siren_connu", "{body}");
    assert_eq!(body["siret_siege"], "35600000000048");
}

#[test]
fn all_the_etablissements_of_la_poste_come_in_one_answer() {
    let list = "/v1/unites-legales/356000000/etablissements";
    let ndjson = sample_server().get(&format!("{list}?format=ndjson"));
    assert_eq!(ndjson.content_type, "application/x-ndjson");
    let mut lines: Vec<Value> = ndjson
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.pop().unwrap();
    assert_eq!(
        (&last["fin"], &last["nombre"]),
        (&json!(true), &json!(lines.len()))
    );
    let expected: Vec<String> = Rows::of(&ETABLISSEMENT)
        .column("siret")
        .filter(|siret| siret.starts_with("356000000"))
        .map(str::to_owned)
        .collect();
    let sirets: Vec<&str> = lines
        .iter()
        .map(|line| line["siret"].as_str().unwrap())
        .collect();
    assert_eq!(sirets, expected);
    let csv = sample_server().get(&format!("{list}?format=csv"));
    assert_eq!(csv.text.matches("\r\n").count(), expected.len() + 1);
}

/// Bytes that no client would send.
#[test]
fn an_address_of_any_bytes_is_answered() {
    let server = sample_server();
    let host = server.base.strip_prefix("http://").unwrap();
    for id in [
        "%",
        "%f",
        "%FF%FE",
        "%00",
        "..%2f..",
        "a%20b%0d%0a",
        "%E2%80%AE",
        "🚀",
        "é",
        "{}",
        "[ND]",
    ] {
        let mut stream = TcpStream::connect(host).unwrap();
        let request =
            format!("GET /v1/organisations/{id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "400" | "404"), "{id}: {answer}");
    }
}
