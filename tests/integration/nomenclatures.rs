//! Our lists against the official ones, where those are at hand.

use std::collections::BTreeMap;

use crate::harness::shared;

fn ours(file: &str) -> BTreeMap<String, String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/nomenclatures")
        .join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader
        .records()
        .map(|record| record.unwrap())
        .map(|record| (record[0].to_owned(), record[1].to_owned()))
        .collect()
}

fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('’', "'")
}

/// Every code of `theirs` is ours, with the same label.
fn assert_covers(file: &str, theirs: &BTreeMap<String, String>) {
    let ours = ours(file);
    assert!(!theirs.is_empty(), "{file}");
    for (code, label) in theirs {
        let known = ours
            .get(code)
            .unwrap_or_else(|| panic!("{file}: no code {code:?} ({label})"));
        assert_eq!(plain(known), plain(label), "{file}: {code}");
    }
}

fn json_map(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn our_lists_are_the_official_ones() {
    let Some(shared) = shared() else {
        eprintln!("skipped: the official nomenclatures are not beside this clone");
        return;
    };
    let folder = shared.join("reference/nomenclatures");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();

    assert_covers("naf_2025.csv", &json_map(&read("codes-naf-2025.json")));
    assert_covers("naf_rev2.csv", &json_map(&read("codes-naf-rev-2.json")));
    assert_covers(
        "tranche_effectifs.csv",
        &json_map(&read("search-api_tranches-effectifs.json")),
    );
    let categories: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&read("categories-juridiques.json")).unwrap();
    assert_covers(
        "categorie_juridique.csv",
        &categories["categoriesJuridiquesNiveau3"],
    );

    let mut objets = BTreeMap::new();
    let mut reader =
        csv::Reader::from_path(folder.join("rna_nomenclature_objet_social.csv")).unwrap();
    for record in reader.records().map(Result::unwrap) {
        objets.insert(record[1].to_owned(), record[2].to_owned());
    }
    assert_covers("objet_social.csv", &objets);

    let cog = |file: &str, kinds: &[&str]| -> BTreeMap<String, String> {
        let list: Vec<serde_json::Value> =
            serde_json::from_str(&read(&format!("decoupage-administratif/data/{file}"))).unwrap();
        let kept = list.iter().filter(|entry| {
            kinds.is_empty() || kinds.contains(&entry["type"].as_str().unwrap_or_default())
        });
        kept.map(|entry| {
            (
                entry["code"].as_str().unwrap().to_owned(),
                entry["nom"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
    };
    assert_covers("departement.csv", &cog("departements.json", &[]));
    assert_covers("region.csv", &cog("regions.json", &[]));
    assert_covers(
        "commune.csv",
        &cog(
            "communes.json",
            &["commune-actuelle", "arrondissement-municipal"],
        ),
    );
}
