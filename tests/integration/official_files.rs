//! The real official files, cut but unedited, laid out as a mirror: the same command, and every row
//! served back unchanged. What such a cut leaves without a parent is reported, not hidden.

use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

use crate::harness::{Server, ingest, manifest, shared, write_file, write_zip, write_zip_of};
use crate::oracle::{Row, assert_same_rows, csv_rows, expected_associations, parquet_rows};

const SIRENE: &str = "5b7ffc618b4c4169d30727e0";
const RNA: &str = "58e53811c751df03df38f42d";

/// The official files kept beside the project: text of each, read once.
struct Official {
    unites: String,
    etablissements: String,
    waldec: String,
    waldec_2018: String,
    import: String,
}

impl Official {
    fn read(shared: &Path) -> Self {
        let read =
            |path: &str| std::fs::read_to_string(shared.join("reference").join(path)).unwrap();
        Self {
            unites: read("sirene_stock/td_StockUniteLegale_utf8_sample/StockUniteLegale_utf8.csv"),
            etablissements: read(
                "sirene_stock/td_StockEtablissement_utf8_sample/StockEtablissement_utf8.csv",
            ),
            waldec: read("rna/leynere_waldec_dpt976_4rows.csv"),
            waldec_2018: read("rna/rna_as_api_rna_sample_waldec.csv"),
            import: read("rna/rna_as_api_rna_sample_import.csv"),
        }
    }

    /// As `wget` mirrors data.gouv.fr: the API's documents, and each host in its own folder.
    fn mirror(&self, folder: &Path) {
        let files = folder.join("static.data.gouv.fr/resources");
        let unites = self.unites.as_bytes();
        let etablissements = self.etablissements.as_bytes();
        write_zip(
            &files.join("StockUniteLegale_utf8.zip"),
            "StockUniteLegale_utf8.csv",
            unites,
        );
        write_zip(
            &files.join("StockEtablissement_utf8.zip"),
            "StockEtablissement_utf8.csv",
            etablissements,
        );
        let rna = folder.join("media.interieur.gouv.fr/rna");
        write_zip_of(
            &rna.join("rna_waldec_20241101.zip"),
            &[
                ("rna_waldec_20241101_dpt_976.csv", self.waldec.as_bytes()),
                (
                    "rna_waldec_20241101_dpt_63.csv",
                    self.waldec_2018.as_bytes(),
                ),
            ],
        );
        write_zip(
            &rna.join("rna_import_20241101.zip"),
            "rna_import_20241101_dpt_75.csv",
            self.import.as_bytes(),
        );
        let stock = "https://static.data.gouv.fr/resources";
        publish(
            folder,
            SIRENE,
            &json!([
                resource(
                    "825f4199-cadd-486c-ac46-a65a8ea1a047",
                    "Sirene : Fichier StockUniteLegale du 01 Mars 2024",
                    &format!("{stock}/StockUniteLegale_utf8.zip"),
                ),
                resource(
                    "0651fb76-bcf3-4f6a-a38d-bc04fa708576",
                    "Sirene : Fichier StockEtablissement du 01 Mars 2024",
                    &format!("{stock}/StockEtablissement_utf8.zip"),
                ),
            ]),
        );
        let interieur = "https://media.interieur.gouv.fr/rna";
        publish(
            folder,
            RNA,
            &json!([
                resource(
                    "w",
                    "rna_waldec_20241101.zip",
                    &format!("{interieur}/rna_waldec_20241101.zip")
                ),
                resource(
                    "i",
                    "rna_import_20241101.zip",
                    &format!("{interieur}/rna_import_20241101.zip")
                ),
            ]),
        );
    }

    fn associations(&self) -> Vec<Row> {
        let mut waldec = csv_rows(&self.waldec, b';', &ASSOCIATION);
        waldec.extend(csv_rows(&self.waldec_2018, b';', &ASSOCIATION));
        expected_associations(
            waldec,
            csv_rows(&self.import, b';', &ASSOCIATION),
            &ASSOCIATION,
        )
    }
}

fn publish(mirror: &Path, dataset: &str, resources: &Value) {
    let document = json!({"id": dataset, "resources": resources});
    let path = mirror
        .join("api/1/datasets")
        .join(dataset)
        .join("index.json");
    write_file(&path, document.to_string().as_bytes());
}

fn resource(id: &str, title: &str, url: &str) -> Value {
    let last_modified = "2024-03-26T08:00:00.000000+00:00";
    json!({"id": id, "title": title, "url": url, "checksum": null, "last_modified": last_modified})
}

#[test]
fn every_row_of_the_real_files_is_published_unchanged_and_orphans_are_reported() {
    let Some(shared) = shared() else {
        eprintln!("skipped: the official files are not beside this clone");
        return;
    };
    let official = Official::read(&shared);
    let folder = tempfile::tempdir().unwrap();
    let (mirror, data) = (folder.path().join("mirror"), folder.path().join("data"));
    official.mirror(&mirror);
    let ran = ingest(&mirror, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let unites = csv_rows(&official.unites, b',', &UNITE_LEGALE);
    let etablissements = csv_rows(&official.etablissements, b',', &ETABLISSEMENT);
    let associations = official.associations();
    assert_eq!(
        (unites.len(), etablissements.len(), associations.len()),
        (3999, 299, 10)
    );
    for (table, rows) in [
        (&UNITE_LEGALE, &unites),
        (&ETABLISSEMENT, &etablissements),
        (&ASSOCIATION, &associations),
    ] {
        assert_same_rows(table, rows.clone(), &parquet_rows(&data, table));
    }
    assert_orphans_reported(&unites, &etablissements, &manifest(&data));

    let server = Server::start(&data);
    served(
        &server,
        &UNITE_LEGALE,
        &unites,
        "unites-legales",
        "unite_legale",
    );
    served(
        &server,
        &ETABLISSEMENT,
        &etablissements,
        "etablissements",
        "etablissement",
    );
    served(
        &server,
        &ASSOCIATION,
        &associations,
        "associations",
        "association",
    );
}

/// Counted here a second time.
fn assert_orphans_reported(unites: &[Row], etablissements: &[Row], manifest: &Value) {
    let sirens = |rows: &[Row]| {
        rows.iter()
            .map(|row| row[0].clone())
            .collect::<HashSet<_>>()
    };
    let lacking = |rows: &[Row], others: &HashSet<String>| {
        rows.iter().filter(|row| !others.contains(&row[0])).count()
    };
    for (name, orphans, all) in [
        (
            "orphelins",
            lacking(etablissements, &sirens(unites)),
            etablissements.len(),
        ),
        (
            "sans-etablissement",
            lacking(unites, &sirens(etablissements)),
            unites.len(),
        ),
    ] {
        let gates = manifest["gates"].as_array().unwrap();
        let gate = gates.iter().find(|gate| gate["name"] == name).unwrap();
        let detail = gate["detail"].as_str().unwrap();
        if orphans == 0 {
            assert_eq!(gate["verdict"], "passed", "{gate}");
        } else {
            assert_eq!(gate["verdict"], "reported", "{gate}");
            assert!(
                detail.starts_with(&format!("{orphans} of {all} ")),
                "{gate}"
            );
        }
    }
    assert!(
        lacking(unites, &sirens(etablissements)) > 3000,
        "such a cut makes orphans"
    );
}

/// Asks for each row by its key and compares each field, those of a nomenclature by their code.
fn served(server: &Server, table: &Table, rows: &[Row], route: &str, name: &str) {
    let key = table.index_of(table.key[0]).unwrap();
    for row in rows {
        let answer = server.get(&format!("/v1/{route}/{}", row[key]));
        assert_eq!(answer.status, 200, "{route}/{}: {}", row[key], answer.text);
        let body = answer.json();
        for (column, expected) in table.columns.iter().zip(row) {
            let value = &body[name][column.field];
            let text = match value.get("code").unwrap_or(value) {
                Value::Null => String::new(),
                Value::String(text) => text.replace('T', " "),
                other => other.to_string(),
            };
            assert_eq!(
                text,
                expected.replace('T', " "),
                "{route}/{} {}",
                row[key],
                column.field
            );
        }
    }
}
