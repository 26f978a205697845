use std::collections::{HashMap, HashSet};
use std::fs::File;

use super::tests::{entry, generated, rows, stock};

#[test]
fn the_rna_has_its_encodings_its_quirks_and_its_two_way_links() {
    let (dossier, _) = generated();
    let siege = |unite: &HashMap<String, String>| {
        format!("{}{}", unite["siren"], unite["nicSiegeUniteLegale"])
    };
    let declares: HashMap<_, _> = stock(dossier.path(), "StockUniteLegale")
        .into_iter()
        .filter(|u| u["identifiantAssociationUniteLegale"].starts_with('W'))
        .map(|u| (u["identifiantAssociationUniteLegale"].clone(), siege(&u)))
        .collect();
    let (mut ids, mut sirets, mut multiline, mut repris) = (HashSet::new(), 0, 0, Vec::new());
    for (fichier, zip) in [
        ("waldec", "rna_waldec_20261101"),
        ("import", "rna_import_20261101"),
    ] {
        let archive = zip::ZipArchive::new(
            File::open(dossier.path().join(format!("files/{zip}.zip"))).unwrap(),
        )
        .unwrap();
        let entrees: Vec<String> = archive
            .file_names()
            .map(|nom| nom.unwrap().into_owned())
            .collect();
        assert!(!entrees.iter().any(|nom| nom.ends_with("_67.csv")));
        for nom in entrees {
            let bytes = entry(dossier.path(), &format!("{zip}.zip"), &nom);
            let latin1 = nom.ends_with("_2A.csv");
            assert_eq!(bytes.starts_with(b"\xef\xbb\xbf"), !latin1);
            assert_eq!(std::str::from_utf8(&bytes).is_err(), latin1, "{nom}");
            let texte = if latin1 {
                bytes.iter().map(|octet| char::from(*octet)).collect()
            } else {
                String::from_utf8(bytes).unwrap()
            };
            let lues = rows(texte.trim_start_matches('\u{feff}').as_bytes(), b';');
            if fichier == "import" {
                repris.extend(lues.into_iter().map(|mut ligne| {
                    (
                        ligne.remove("id").unwrap(),
                        ligne.remove("observation").unwrap(),
                    )
                }));
                continue;
            }
            assert!(lues.is_sorted_by(|a, b| a["id"] < b["id"]), "{nom}");
            for ligne in lues {
                multiline += usize::from(ligne["objet"].contains('\n'));
                if !ligne["siret"].is_empty() {
                    sirets += 1;
                    assert_eq!(declares[&ligne["id"]], ligne["siret"]);
                }
                ids.insert(ligne["id"].clone());
            }
        }
    }
    assert!(sirets > 50 && multiline == 1, "{sirets} {multiline}");
    assert!(ids.contains("W751004076"));
    assert!(declares.keys().filter(|id| !ids.contains(*id)).count() == 0);
    let observations: Vec<_> = repris
        .iter()
        .filter(|(_, observation)| observation.starts_with('W'))
        .collect();
    assert!(
        !observations.is_empty()
            && observations
                .iter()
                .all(|(_, observation)| ids.contains(observation))
    );
    let communs = repris.iter().filter(|(id, _)| ids.contains(id)).count();
    assert!((3..20).contains(&communs), "{communs}");
}

#[test]
fn the_catalogues_list_the_files_and_their_checksums() {
    let (dossier, generated) = generated();
    let lire = |id: &str| -> serde_json::Value {
        let chemin = dossier
            .path()
            .join("api/1/datasets")
            .join(id)
            .join("index.json");
        serde_json::from_reader(File::open(chemin).unwrap()).unwrap()
    };
    let sirene = lire("5b7ffc618b4c4169d30727e0");
    let resources = sirene["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 4);
    let unites = resources
        .iter()
        .find(|r| r["id"] == "825f4199-cadd-486c-ac46-a65a8ea1a047")
        .unwrap();
    let fichier = generated
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
        (Some(fichier.sha256.as_str()), Some(fichier.bytes))
    );
    let rna = lire("58e53811c751df03df38f42d");
    assert!(
        rna["resources"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["checksum"].is_null()
                && r["url"].as_str().unwrap().starts_with("/files/rna_"))
    );
}
