//! The search by name: who is found, who never is, how much is counted, and what no text can break.

use registre_schemas::nomenclature;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::harness::{Server, copy_folder, sample, sample_server, write_file};

/// The bench asks the same set of the whole country.
#[path = "../../benches/recherche/jugements.rs"]
mod jugements;
use jugements::Note;

fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    bytes.collect()
}

fn suggestions(server: &Server, text: &str) -> Vec<Value> {
    let answer = server.get(&format!("/v1/suggestions?nombre=5&q={}", encoded(text)));
    assert_eq!(answer.status, 200, "{text}: {}", answer.text);
    answer.json()["suggestions"].as_array().unwrap().clone()
}

fn numbers(found: &[Value]) -> Vec<String> {
    let number = |one: &Value| {
        let siren = one["siren"].as_str();
        siren.or(one["rna"].as_str()).unwrap().to_owned()
    };
    found.iter().map(number).collect()
}

#[test]
fn nine_of_ten_judged_queries_are_answered_first() {
    let server = sample_server();
    let mut note = Note::default();
    for jugement in jugements::tous().unwrap() {
        let found = numbers(&suggestions(&server, &jugement.requete));
        note.compte(&jugement, jugement.place(&found));
    }
    assert!(note.posees >= 300, "{note:?}");
    assert!(note.premiere() >= 0.9, "{note:?}");
    assert!(note.parmi() >= 0.98, "{note:?}");
}

#[test]
fn how_a_name_is_typed_does_not_matter() {
    let server = sample_server();
    for text in [
        "DIRECTION INTERMINISTERIELLE DU NUMERIQUE",
        "direction interministérielle du numérique",
        "Direction-Interministérielle, du Numérique !",
        "numerique direction interministerielle",
        "direction interministeriele du numerique",
        "direction interministerielle du num",
        "dinum",
        "D.I.N.U.M.",
        "directioninterministerielle numerique",
    ] {
        let found = numbers(&suggestions(&server, text));
        assert_eq!(
            found.first().map(String::as_str),
            Some("130025265"),
            "{text}"
        );
    }
    let found = suggestions(&server, "dinum");
    assert_eq!(found[0]["complement"], "DINUM");
    assert_eq!(found[0]["trouve_par"], "sigle");
    let found = suggestions(&server, "direction interministerielle numerique paris");
    assert_eq!(found[0]["trouve_par"], "nom", "a place is in no name");
    assert_eq!(found[0]["url"], "/entreprise/130025265");
    assert_eq!(found[0]["actif"], true);
    for text in [
        "mairie clamart",
        "mairie 92140",
        "commune de clamart",
        "mairie de clamrat",
    ] {
        let found = numbers(&suggestions(&server, text));
        assert_eq!(
            found.first().map(String::as_str),
            Some("219200235"),
            "{text}"
        );
    }
}

#[test]
fn a_former_name_is_told_as_one() {
    let server = sample_server();
    let sql = "SELECT DISTINCT p.siren || ';' || p.denominationUniteLegale
        FROM unite_legale_periode p JOIN unite_legale u USING (siren)
        WHERE u.statutDiffusionUniteLegale = 'O' AND u.denominationUniteLegale IS NOT NULL
          AND split_part(p.denominationUniteLegale, ' ', 1) NOT IN ('[ND]', split_part(u.denominationUniteLegale, ' ', 1))
          AND regexp_extract(p.denominationUniteLegale, '[0-9]+') <> '' ORDER BY 1 LIMIT 8";
    let former = column(&server, sql);
    assert_eq!(former.len(), 8);
    for line in former {
        let (siren, name) = line.split_once(';').unwrap();
        let found = suggestions(&server, name);
        let found = found.iter().find(|found| found["siren"] == siren);
        let found = found.unwrap_or_else(|| panic!("{line}"));
        assert_eq!(found["trouve_par"], "ancien_nom", "{line}: {found}");
        assert_eq!(found["complement"], name);
    }
}

/// The names of those who are hidden are not in the data; what stands for them must lead to nobody.
#[test]
fn nobody_is_found_by_what_hides_them() {
    let server = sample_server();
    for text in ["[ND]", "nd", "[nd] [nd]", "ND ND"] {
        for found in suggestions(&server, text) {
            let nom = found["nom"].as_str().unwrap();
            assert!(!nom.contains("[ND]"), "{text}: {found}");
        }
    }
    // Every person in partial diffusion, looked for by what is left of them: where they are.
    let hidden = "SELECT siren FROM unite_legale WHERE statutDiffusionUniteLegale <> 'O'
        AND categorieJuridiqueUniteLegale = '1000'";
    let hidden = column(&server, hidden);
    assert!(hidden.len() > 100, "{}", hidden.len());
    let hidden: BTreeSet<&str> = hidden.iter().map(String::as_str).collect();
    let mut seen = 0;
    for departement in ["13", "33", "59", "69", "75", "92"] {
        let mut next = Some(0);
        while let Some(apres) = next {
            let page = server.get(&format!(
                "/v1/recherche?departement={departement}&limite=100&apres={apres}"
            ));
            let page = page.json();
            for number in numbers(page["resultats"].as_array().unwrap()) {
                assert!(!hidden.contains(number.as_str()), "{number}");
                seen += 1;
            }
            next = page["suivant"].as_u64();
        }
    }
    assert!(seen > 1000, "{seen}");
}

fn column(server: &Server, sql: &str) -> Vec<String> {
    let answer = server.get(&format!("/v1/sql?format=csv&q={}", encoded(sql)));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap()[0].to_owned());
    rows.collect()
}

/// That an établissement is in one of the communes of an EPCI.
fn of_epci(siren: &str) -> String {
    let communes = nomenclature::communes_of_epci(siren)
        .flat_map(|code| std::iter::once(code).chain(nomenclature::arrondissements_of(code)));
    let codes: Vec<String> = communes.map(|code| format!("'{code}'")).collect();
    assert!(codes.len() > 50, "{siren}: {codes:?}");
    format!("codeCommuneEtablissement IN ({})", codes.join(", "))
}

/// That a unit is ceased, the last time on such a day.
fn ceased(when: &str) -> String {
    let period = "SELECT max(dateDebut) FROM unite_legale_periode AS periode
        WHERE periode.siren = unite_legale.siren AND periode.etatAdministratifUniteLegale = 'C'
        AND periode.changementEtatAdministratifUniteLegale";
    format!("etatAdministratifUniteLegale = 'C' AND coalesce(({period}), dateDebut) {when}")
}

/// Every association is there, by the number of the RNA or by that of its préfecture.
#[test]
fn associations_without_a_siren_are_all_found() {
    let server = sample_server();
    let association = "(categorieJuridiqueUniteLegale = '5195' OR categorieJuridiqueUniteLegale LIKE '92%'
        OR identifiantAssociationUniteLegale IS NOT NULL OR siren IN (SELECT siren FROM lien_siren_rna))";
    let number = |sql: &str| column(&server, sql)[0].parse::<u64>().unwrap();
    let units = number(&format!(
        "SELECT count(*) FROM unite_legale WHERE {association} AND denominationUniteLegale IS NOT NULL"
    ));
    let alone = "FROM association WHERE id NOT IN (SELECT id FROM lien_siren_rna)";
    let of_prefectures = number(&format!("SELECT count(*) {alone} AND id NOT LIKE 'W%'"));
    assert!(of_prefectures > 0, "nothing to tell");
    let answer = server.get("/v1/recherche?association=true&limite=1").json();
    assert_eq!(answer["total_exact"], true);
    let alone = number(&format!("SELECT count(*) {alone}"));
    assert_eq!(answer["total"].as_u64(), Some(units + alone));
}

/// The newest first, as SQL has them.
#[test]
fn sorted_by_creation_the_newest_come_first() {
    let server = sample_server();
    let sql = "SELECT dateCreationUniteLegale FROM unite_legale WHERE categorieJuridiqueUniteLegale = '5499'
        AND denominationUniteLegale IS NOT NULL ORDER BY 1 DESC LIMIT 100";
    let path = "/v1/recherche?categorie_juridique=5499&tri=creation&limite=100";
    let page = server.get(path).json();
    let found = numbers(page["resultats"].as_array().unwrap());
    let found = found.iter().enumerate();
    let found: Vec<String> = found
        .map(|(rank, siren)| format!("({rank}, '{siren}')"))
        .collect();
    let days = format!(
        "SELECT dateCreationUniteLegale FROM (VALUES {}) AS page(rank, siren)
         JOIN unite_legale USING (siren) ORDER BY rank",
        found.join(", ")
    );
    let days = column(&server, &days);
    assert_eq!(days.len(), 100);
    assert_eq!(days, column(&server, sql));
}

/// Filters count what SQL counts, people in partial diffusion aside.
#[test]
fn filters_count_what_sql_counts() {
    let server = sample_server();
    let shown = "(statutDiffusionUniteLegale = 'O' OR categorieJuridiqueUniteLegale NOT LIKE '1%'
        AND denominationUniteLegale IS NOT NULL)";
    let place =
        |condition: &str| format!("siren IN (SELECT siren FROM etablissement WHERE {condition})");
    for (filter, condition) in [
        ("etat=A", "etatAdministratifUniteLegale = 'A'".to_owned()),
        ("categorie_juridique=5499", "categorieJuridiqueUniteLegale = '5499'".to_owned()),
        ("categorie_juridique=72", "categorieJuridiqueUniteLegale LIKE '72%'".to_owned()),
        ("activite_principale=84.11Z", "activitePrincipaleUniteLegale = '84.11Z'".to_owned()),
        ("activite_principale=84.11Z,62.01Z&etat=C",
            "activitePrincipaleUniteLegale IN ('84.11Z', '62.01Z') AND etatAdministratifUniteLegale = 'C'".to_owned()),
        ("tranche_effectifs=11", "trancheEffectifsUniteLegale = '11'".to_owned()),
        ("categorie_entreprise=GE", "categorieEntreprise = 'GE'".to_owned()),
        ("societe_mission=true", "societeMissionUniteLegale = 'O'".to_owned()),
        ("entrepreneur_individuel=true", "categorieJuridiqueUniteLegale LIKE '1%'".to_owned()),
        ("creation_apres=2015-01-01&creation_avant=2016-12-31&categorie_juridique=5499",
            "dateCreationUniteLegale BETWEEN '2015-01-01' AND '2016-12-31' AND categorieJuridiqueUniteLegale = '5499'".to_owned()),
        ("creation_apres=2018-02-10&creation_avant=2018-06-20&entrepreneur_individuel=true",
            "dateCreationUniteLegale BETWEEN '2018-02-10' AND '2018-06-20' AND categorieJuridiqueUniteLegale LIKE '1%'".to_owned()),
        ("cessation_apres=2010-01-01&cessation_avant=2016-12-31&entrepreneur_individuel=true",
            format!("{} AND categorieJuridiqueUniteLegale LIKE '1%'", ceased("BETWEEN '2010-01-01' AND '2016-12-31'"))),
        ("cessation_apres=2019-03-05&categorie_juridique=5499",
            format!("{} AND categorieJuridiqueUniteLegale = '5499'", ceased(">= '2019-03-05'"))),
        ("code_postal=69003&association=false",
            format!("{} AND NOT (categorieJuridiqueUniteLegale = '5195' OR categorieJuridiqueUniteLegale LIKE '92%' OR identifiantAssociationUniteLegale IS NOT NULL OR siren IN (SELECT siren FROM lien_siren_rna))", place("codePostalEtablissement = '69003'"))),
        ("departement=2A,974&etat=A&entrepreneur_individuel=true",
            format!("{} AND etatAdministratifUniteLegale = 'A' AND categorieJuridiqueUniteLegale LIKE '1%'", place("codeCommuneEtablissement LIKE '2A%' OR codeCommuneEtablissement LIKE '974%'"))),
        ("epci=200046977&etat=A&entrepreneur_individuel=true",
            format!("{} AND etatAdministratifUniteLegale = 'A' AND categorieJuridiqueUniteLegale LIKE '1%'", place(&of_epci("200046977")))),
        ("commune=75056&categorie_juridique=5499",
            format!("{} AND categorieJuridiqueUniteLegale = '5499'", place("codeCommuneEtablissement BETWEEN '75101' AND '75120'"))),
        ("region=04&entrepreneur_individuel=true",
            format!("{} AND categorieJuridiqueUniteLegale LIKE '1%'", place("codeCommuneEtablissement LIKE '974%'"))),
    ] {
        let sql = format!("SELECT count(*) FROM unite_legale WHERE {condition} AND {shown}");
        let expected: u64 = column(&server, &sql)[0].parse().unwrap();
        // Associations without SIREN are counted by our filters too, where SQL asks of units.
        let answer = server.get(&format!("/v1/recherche?limite=1&{filter}")).json();
        assert_eq!(answer["total_exact"], true, "{filter}");
        let without_siren = if filter.contains("etat=A") && !filter.contains("entrepreneur") {
            let answer = server.get(&format!("/v1/recherche?limite=1&association=true&{filter}"));
            let all = answer.json()["total"].as_u64().unwrap();
            let linked = format!(
                "SELECT count(*) FROM unite_legale WHERE {condition} AND {shown} AND
                 (categorieJuridiqueUniteLegale = '5195' OR categorieJuridiqueUniteLegale LIKE '92%'
                  OR identifiantAssociationUniteLegale IS NOT NULL
                  OR siren IN (SELECT siren FROM lien_siren_rna))"
            );
            all - column(&server, &linked)[0].parse::<u64>().unwrap()
        } else {
            0
        };
        assert_eq!(answer["total"].as_u64().unwrap() - without_siren, expected, "{filter}");
        assert!(expected > 0, "{filter} tells nothing");
    }
}

#[test]
fn around_a_point_the_nearest_come_first() {
    let server = sample_server();
    let near = "/v1/recherche?latitude=48.8566&longitude=2.3522&rayon=5&tri=distance&limite=40";
    let sql =
        "SELECT round(min(2 * 6371.0 * asin(sqrt(pow(sin(radians(y_latitude - 48.8566) / 2), 2)
          + cos(radians(48.8566)) * cos(radians(y_latitude))
            * pow(sin(radians(x_longitude - 2.3522) / 2), 2)))), 3) AS distance
        FROM etablissement JOIN unite_legale USING (siren)
        WHERE y_latitude IS NOT NULL AND (statutDiffusionUniteLegale = 'O'
          OR categorieJuridiqueUniteLegale NOT LIKE '1%' AND denominationUniteLegale IS NOT NULL)
        GROUP BY siren HAVING distance <= 5 ORDER BY distance";
    let expected: Vec<f64> = column(&server, sql)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let mut seen = Vec::new();
    for apres in [0, 40] {
        let page = server.get(&format!("{near}&apres={apres}")).json();
        for result in page["resultats"].as_array().unwrap() {
            seen.push(result["distance_km"].as_f64().unwrap());
        }
    }
    assert_eq!(seen.len(), 80);
    for (seen, expected) in seen.iter().zip(&expected) {
        // One sphere is a little larger than the other.
        assert!((seen - expected).abs() <= 0.002, "{seen} for {expected}");
    }
    let answer = server.get("/v1/recherche?q=mairie&tri=distance");
    assert_eq!(answer.status, 400, "{}", answer.text);
}

#[test]
fn pages_follow_one_another_and_facets_add_up() {
    let server = sample_server();
    let mut seen = Vec::new();
    let mut next = Some(0);
    let mut total = 0;
    while let Some(apres) = next {
        let path =
            format!("/v1/recherche?q=commune&categorie_juridique=7210&limite=30&apres={apres}");
        let page = server.get(&path).json();
        total = page["total"].as_u64().unwrap();
        seen.extend(numbers(page["resultats"].as_array().unwrap()));
        next = page["suivant"].as_u64();
    }
    assert_eq!(seen.len() as u64, total);
    let once: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len());
    let page = server
        .get("/v1/recherche?etat=A&association=true&limite=1")
        .json();
    let by_category = page["facettes"]["categories_juridiques"]
        .as_array()
        .unwrap();
    let counted: u64 = by_category
        .iter()
        .map(|facet| facet["nombre"].as_u64().unwrap())
        .sum();
    assert!(
        counted > 0 && counted <= page["total"].as_u64().unwrap(),
        "{page}"
    );
    for facets in page["facettes"].as_object().unwrap().values() {
        for facet in facets.as_array().unwrap() {
            assert!(facet["libelle"].is_string(), "{facet}");
        }
    }
}

/// Read as words, as one word, as words and a place, a result is counted once.
#[test]
fn the_total_of_several_words_is_how_many_there_are() {
    let server = sample_server();
    let mut most = 0;
    for text in [
        "commune saint",
        "association club",
        "comite paris",
        "amicale club sportif",
    ] {
        let mut seen = BTreeSet::new();
        let mut next = Some(0);
        while let Some(apres) = next {
            let path = format!("/v1/recherche?q={}&limite=100&apres={apres}", encoded(text));
            let page = server.get(&path).json();
            seen.extend(numbers(page["resultats"].as_array().unwrap()));
            next = page["suivant"].as_u64();
            assert_eq!(page["total_exact"], true, "{text}");
            assert_eq!(page["facettes_exactes"], true, "{text}");
            if next.is_none() {
                assert_eq!(page["total"].as_u64(), Some(seen.len() as u64), "{text}");
            }
        }
        most = most.max(seen.len());
    }
    assert!(most > 100, "{most} tells little");
}

/// Facets of fewer results than are counted are those of all of them, and they say so.
#[test]
fn facets_say_whether_they_count_everything() {
    let server = sample_server();
    for filter in [
        "etat=A",
        "entrepreneur_individuel=false",
        "creation_apres=2000-01-01&etat=A",
    ] {
        let page = server
            .get(&format!("/v1/recherche?limite=1&{filter}"))
            .json();
        assert_eq!(page["total_exact"], true, "{filter}");
        assert_eq!(page["facettes_exactes"], true, "{filter}");
        let sections = page["facettes"]["categories_juridiques"]
            .as_array()
            .unwrap();
        let counted: u64 = sections
            .iter()
            .filter_map(|facet| facet["nombre"].as_u64())
            .sum();
        assert!(counted <= page["total"].as_u64().unwrap(), "{page}");
    }
}

#[test]
fn no_text_breaks_it_nor_makes_it_slow() {
    let server = sample_server();
    let long = "a".repeat(7000);
    let words = "rue ".repeat(600);
    for text in [
        "",
        " ",
        "a",
        "é",
        "!",
        "\"",
        "\"a\" \"b",
        "a AND (b OR",
        "nom:poste",
        "*",
        "a*",
        "~",
        "[a TO b]",
        "🏢",
        "🏢 poste",
        "مدرسة",
        "שלום",
        "東京",
        "\u{202e}etsop al",
        "a\u{300}",
        "\0",
        "%",
        "%%%",
        "'; DROP TABLE etablissement; --",
        "rue",
        "france",
        "sarl",
        "de la",
        "12345678901234567890",
        &long,
        &words,
    ] {
        for route in ["suggestions", "recherche"] {
            let started = Instant::now();
            let answer = server.get(&format!("/v1/{route}?q={}", encoded(text)));
            let empty = text.trim().is_empty() && route == "recherche";
            assert_eq!(
                answer.status,
                if empty { 400 } else { 200 },
                "{text:?}: {}",
                answer.text
            );
            assert!(started.elapsed() < Duration::from_secs(5), "{text:?}");
        }
    }
    for (path, named) in [
        ("/v1/suggestions?q=a&nombre=0", "nombre"),
        ("/v1/suggestions?q=a&nombre=1000", "nombre"),
        ("/v1/suggestions?q=a&q=b", "q"),
        ("/v1/suggestions?texte=a", "texte"),
        ("/v1/recherche?q=a&limite=101", "limite"),
        ("/v1/recherche?q=a&apres=10000", "apres"),
        ("/v1/recherche?q=a&etat=F", "etat"),
        ("/v1/recherche?q=a&ess=1", "ess"),
        ("/v1/recherche?q=a&tri=nom", "tri"),
        ("/v1/recherche?q=a&creation_apres=2015", "creation_apres"),
        ("/v1/recherche?couleur=rouge", "couleur"),
        ("/v1/recherche", "q"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert!(answer.text.contains(named), "{path}: {}", answer.text);
    }
}

/// Around a point, those who have an établissement in the circle, and nobody else.
#[test]
fn around_a_point_are_those_whose_etablissements_are_there() {
    let server = sample_server();
    for (latitude, longitude, rayon) in [
        (48.8566, 2.3522, 3.0),
        (45.764, 4.8357, 20.0),
        (-20.88, 55.45, 50.0),
    ] {
        let near = format!(
            "SELECT DISTINCT siren FROM etablissement JOIN unite_legale USING (siren)
             WHERE statutDiffusionUniteLegale = 'O' AND 2 * 6371.0 * asin(sqrt(
                 pow(sin(radians(y_latitude - ({latitude})) / 2), 2)
                 + cos(radians({latitude})) * cos(radians(y_latitude))
                 * pow(sin(radians(x_longitude - ({longitude})) / 2), 2))) < {rayon}"
        );
        let expected: BTreeSet<String> = column(&server, &near).into_iter().collect();
        let mut found = BTreeSet::new();
        let mut apres = 0;
        loop {
            let page = format!(
                "/v1/recherche?latitude={latitude}&longitude={longitude}&rayon={rayon}&limite=100&apres={apres}"
            );
            let page = server.get(&page).json();
            let some = numbers(page["resultats"].as_array().unwrap());
            if some.is_empty() {
                break;
            }
            apres += some.len();
            found.extend(some);
        }
        let missing: Vec<_> = expected.difference(&found).collect();
        let others = found.difference(&expected).count();
        assert!(
            missing.is_empty() && expected.len() > 20,
            "{}: {missing:?}",
            expected.len()
        );
        // Companies in partial diffusion are found by what they have not hidden.
        assert!(
            others * 20 <= expected.len(),
            "{others} of {}",
            expected.len()
        );
    }
}

/// Of a snapshot, its file of names aside.
fn without_index(data: &Path, other: &Path, change: impl Fn(&Path, &mut Value)) {
    copy_folder(data, other);
    let folder = fs::read_dir(other.join("snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .next()
        .unwrap();
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&folder, &mut manifest);
    write_file(&path, &serde_json::to_vec(&manifest).unwrap());
}

#[test]
fn without_its_index_or_with_a_damaged_one_numbers_are_still_answered() {
    type Change = fn(&Path, &mut Value);
    let changes: [Change; 3] = [
        |_folder, manifest| {
            let fiches = manifest["fiches"].as_array_mut().unwrap();
            fiches.retain(|file| file["file"] != "recherche.index");
        },
        |folder, _manifest| fs::remove_file(folder.join("recherche.index")).unwrap(),
        |folder, _manifest| write_file(&folder.join("recherche.index"), b"what is no index at all"),
    ];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        without_index(sample(), &data, change);
        let server = Server::start(&data);
        let answer = server.get("/v1/suggestions?q=poste");
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(answer.json()["code"], "sans_index");
        assert_eq!(server.get("/v1/unites-legales/356000000").status, 200);
    }
}
