//! The real official files, cut but unedited, laid out as a mirror: the same command, and every row
//! served back unchanged. What such a cut leaves without a parent is reported, not hidden.

use serde_json::json;
use std::path::Path;

use crate::harness::{Server, ingest, manifest, shared, write_zip};
use crate::oracle::{assert_same_rows, csv_rows, expected_associations, parquet_rows};

const SIRENE: &str = "5b7ffc618b4c4169d30727e0";
const RNA: &str = "58e53811c751df03df38f42d";

fn publish(mirror: &Path, dataset: &str, resources: &serde_json::Value) {
    let folder = mirror.join("api/1/datasets").join(dataset);
    std::fs::create_dir_all(&folder).unwrap();
    let document = json!({"id": dataset, "resources": resources});
    std::io::Write::write_all(
        &mut std::fs::File::create(folder.join("index.json")).unwrap(),
        document.to_string().as_bytes(),
    )
    .unwrap();
}

fn resource(id: &str, title: &str, url: &str) -> serde_json::Value {
    json!({"id": id, "title": title, "url": url, "checksum": null, "last_modified": "2024-03-26T08:00:00.000000+00:00"})
}

#[test]
fn every_row_of_the_real_files_is_published_unchanged_and_orphans_are_reported() {
    let Some(shared) = shared() else {
        eprintln!("skipped: the official files are not beside this clone");
        return;
    };
    let reference = shared.join("reference");
    let read = |path: &str| std::fs::read_to_string(reference.join(path)).unwrap();
    let unites = read("sirene_stock/td_StockUniteLegale_utf8_sample/StockUniteLegale_utf8.csv");
    let etablissements = read("sirene_stock/td_StockEtablissement_utf8_sample/StockEtablissement_utf8.csv");
    let waldec = read("rna/leynere_waldec_dpt976_4rows.csv");
    let waldec_2018 = read("rna/rna_as_api_rna_sample_waldec.csv");
    let import = read("rna/rna_as_api_rna_sample_import.csv");

    let mirror = tempfile::tempdir().unwrap();
    let files = mirror.path().join("static.data.gouv.fr/resources");
    write_zip(&files.join("StockUniteLegale_utf8.zip"), "StockUniteLegale_utf8.csv", unites.as_bytes());
    write_zip(&files.join("StockEtablissement_utf8.zip"), "StockEtablissement_utf8.csv", etablissements.as_bytes());
    let rna = mirror.path().join("media.interieur.gouv.fr/rna");
    std::fs::create_dir_all(&rna).unwrap();
    {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(std::fs::File::create(rna.join("rna_waldec_20241101.zip")).unwrap());
        for (name, text) in [("rna_waldec_20241101_dpt_976.csv", &waldec), ("rna_waldec_20241101_dpt_63.csv", &waldec_2018)] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }
    write_zip(&rna.join("rna_import_20241101.zip"), "rna_import_20241101_dpt_75.csv", import.as_bytes());
    publish(
        mirror.path(),
        SIRENE,
        &json!([
            resource("825f4199-cadd-486c-ac46-a65a8ea1a047", "Sirene : Fichier StockUniteLegale du 01 Mars 2024", "https://static.data.gouv.fr/resources/StockUniteLegale_utf8.zip"),
            resource("0651fb76-bcf3-4f6a-a38d-bc04fa708576", "Sirene : Fichier StockEtablissement du 01 Mars 2024", "https://static.data.gouv.fr/resources/StockEtablissement_utf8.zip"),
        ]),
    );
    publish(
        mirror.path(),
        RNA,
        &json!([
            resource("a", "rna_waldec_20241101.zip", "https://media.interieur.gouv.fr/rna/rna_waldec_20241101.zip"),
            resource("b", "rna_import_20241101.zip", "https://media.interieur.gouv.fr/rna/rna_import_20241101.zip"),
        ]),
    );

    let data = tempfile::tempdir().unwrap();
    let ran = ingest(mirror.path(), data.path());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let (ul, et, association) = (
        &registre_schemas::unite_legale::UNITE_LEGALE,
        &registre_schemas::etablissement::ETABLISSEMENT,
        &registre_schemas::association::ASSOCIATION,
    );
    let unites = csv_rows(&unites, b',', ul);
    let etablissements = csv_rows(&etablissements, b',', et);
    assert_eq!((unites.len(), etablissements.len()), (3999, 299));
    assert_same_rows(ul, unites.clone(), &parquet_rows(data.path(), ul));
    assert_same_rows(et, etablissements.clone(), &parquet_rows(data.path(), et));
    let mut waldec = csv_rows(&waldec, b';', association);
    waldec.extend(csv_rows(&waldec_2018, b';', association));
    let associations = expected_associations(waldec, csv_rows(&import, b';', association), association);
    assert_same_rows(association, associations.clone(), &parquet_rows(data.path(), association));

    // Orphans, counted here a second time.
    let siren = et.index_of("siren").unwrap();
    let known: std::collections::HashSet<&String> = unites.iter().map(|row| &row[0]).collect();
    let orphans = etablissements.iter().filter(|row| !known.contains(&row[siren])).count();
    let manifest = manifest(data.path());
    let gate = manifest["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "orphelins").unwrap().clone();
    if orphans > 0 {
        assert_eq!(gate["verdict"], "reported");
        assert!(gate["detail"].as_str().unwrap().starts_with(&format!("{orphans} of 299")), "{gate}");
    } else {
        assert_eq!(gate["verdict"], "passed");
    }

    // And over HTTP, one in ten, field by field.
    let server = Server::start(data.path());
    served(&server, ul, unites.iter().step_by(10), "unites-legales", "unite_legale");
    served(&server, et, etablissements.iter().step_by(3), "etablissements", "etablissement");
    served(&server, association, associations.iter(), "associations", "association");
}

/// Asks for each row by its key and compares each field, code objects by their code.
fn served<'a>(
    server: &Server,
    table: &registre_schemas::Table,
    rows: impl Iterator<Item = &'a Vec<String>>,
    route: &str,
    name: &str,
) {
    let key = table.index_of(table.key[0]).unwrap();
    for row in rows {
        let answer = server.get(&format!("/v1/{route}/{}", row[key]));
        assert_eq!(answer.status, 200, "{route}/{}: {}", row[key], answer.text);
        let body = answer.json();
        for (column, expected) in table.columns.iter().zip(row) {
            let value = &body[name][column.field];
            let value = value.get("code").unwrap_or(value);
            let text = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.replace('T', " "),
                other => other.to_string(),
            };
            assert_eq!(text, expected.replace('T', " "), "{route}/{} {}", row[key], column.field);
        }
    }
}
