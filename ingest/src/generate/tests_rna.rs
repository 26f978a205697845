use std::collections::{HashMap, HashSet};
use std::fs::File;

use super::tests::{entry, generated, rows, stock};

#[test]
fn the_rna_has_its_encodings_its_quirks_and_its_two_way_links() {
    let (folder, _) = generated();
    let siege = |unite: &HashMap<String, String>| {
        format!("{}{}", unite["siren"], unite["nicSiegeUniteLegale"])
    };
    let declared: HashMap<_, _> = stock(folder.path(), "StockUniteLegale")
        .into_iter()
        .filter(|u| u["identifiantAssociationUniteLegale"].starts_with('W'))
        .map(|u| (u["identifiantAssociationUniteLegale"].clone(), siege(&u)))
        .collect();
    let (mut ids, mut import_rows) = (HashSet::new(), Vec::new());
    let (mut sirets, mut only_here, mut multiline) = (0, 0, 0);
    for (file, zip) in [
        ("waldec", "rna_waldec_20261101"),
        ("import", "rna_import_20261101"),
    ] {
        let archive = zip::ZipArchive::new(
            File::open(folder.path().join(format!("files/{zip}.zip"))).unwrap(),
        )
        .unwrap();
        let entries: Vec<String> = archive
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect();
        assert!(!entries.iter().any(|name| name.ends_with("_67.csv")));
        for name in entries {
            let bytes = entry(folder.path(), &format!("{zip}.zip"), &name);
            let latin1 = name.ends_with("_2A.csv");
            assert_eq!(bytes.starts_with(b"\xef\xbb\xbf"), !latin1);
            assert_eq!(std::str::from_utf8(&bytes).is_err(), latin1, "{name}");
            let text = if latin1 {
                bytes.iter().map(|byte| char::from(*byte)).collect()
            } else {
                String::from_utf8(bytes).unwrap()
            };
            let records = rows(text.trim_start_matches('\u{feff}').as_bytes(), b';');
            if file == "import" {
                import_rows.extend(records.into_iter().map(|mut row| {
                    (
                        row.remove("id").unwrap(),
                        row.remove("observation").unwrap(),
                    )
                }));
                continue;
            }
            assert!(records.is_sorted_by(|a, b| a["id"] < b["id"]), "{name}");
            for row in records {
                multiline += usize::from(row["objet"].contains('\n'));
                if !row["siret"].is_empty() {
                    sirets += 1;
                    match declared.get(&row["id"]) {
                        Some(siret) => assert_eq!(*siret, row["siret"]),
                        None => only_here += 1,
                    }
                }
                ids.insert(row["id"].clone());
            }
        }
    }
    assert!(sirets > 50 && multiline == 1, "{sirets} {multiline}");
    assert!((1..sirets / 3).contains(&only_here), "{only_here}");
    assert!(ids.contains("W751004076"));
    assert!(declared.keys().filter(|id| !ids.contains(*id)).count() == 0);
    let observations: Vec<_> = import_rows
        .iter()
        .filter(|(_, observation)| observation.starts_with('W'))
        .collect();
    assert!(
        !observations.is_empty()
            && observations
                .iter()
                .all(|(_, observation)| ids.contains(observation))
    );
    let common = import_rows
        .iter()
        .filter(|(id, _)| ids.contains(id))
        .count();
    assert!((3..20).contains(&common), "{common}");
}

#[test]
fn the_catalogues_list_the_files_and_their_checksums() {
    let (folder, generated) = generated();
    let load = |id: &str| -> serde_json::Value {
        let path = folder
            .path()
            .join("api/1/datasets")
            .join(id)
            .join("index.json");
        serde_json::from_reader(File::open(path).unwrap()).unwrap()
    };
    let sirene = load("5b7ffc618b4c4169d30727e0");
    let resources = sirene["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 6);
    let positions = &load("61d5e2d372a52d9f9411ff88")["resources"];
    assert_eq!(positions.as_array().unwrap().len(), 1);
    assert_eq!(positions[0]["id"], "ba6a4e4c-aac6-4764-bbd2-f80ae345afc5");
    let unites = resources
        .iter()
        .find(|r| r["id"] == "825f4199-cadd-486c-ac46-a65a8ea1a047")
        .unwrap();
    let file = generated
        .files
        .iter()
        .find(|file| file.name == "StockUniteLegale_utf8.zip")
        .unwrap();
    assert_eq!(
        unites["title"],
        "Sirene : Fichier StockUniteLegale du 01 Novembre 2026"
    );
    assert_eq!(
        (
            unites["checksum"]["value"].as_str(),
            unites["filesize"].as_u64()
        ),
        (Some(file.sha256.as_str()), Some(file.bytes))
    );
    let rna = load("58e53811c751df03df38f42d");
    assert!(
        rna["resources"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["checksum"].is_null()
                && r["url"].as_str().unwrap().starts_with("/files/rna_"))
    );
}
