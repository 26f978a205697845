//! The profile of a snapshot: DuckDB counts the same, known edits are the changes found, and both
//! the page and the API show it.

use duckdb::Connection;
use registre_schemas::TABLES;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{
    Server, csv_entries, generate, ingest, sample, sample_server, snapshot, write_file, write_zip,
};

fn profile(data: &Path) -> Value {
    serde_json::from_slice(&fs::read(snapshot(data).join("profil.json")).unwrap()).unwrap()
}

/// What DuckDB finds in a column: nulls, masked, distinct, smallest, largest, then the frequent
/// values.
#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn counted(path: &Path, column: &str) -> (Vec<u64>, Option<String>, Option<String>, Value) {
    let connection = Connection::open_in_memory().unwrap();
    // As the API writes it; a timestamp of DuckDB has a space and no useless decimals.
    let text = format!(
        "CASE WHEN typeof(\"{column}\") = 'TIMESTAMP' \
         THEN regexp_replace(replace(\"{column}\"::VARCHAR, ' ', 'T'), '\\.(\\d\\d?)$', '.\\100') \
         ELSE \"{column}\"::VARCHAR END"
    );
    let view = format!(
        "CREATE VIEW brut AS SELECT \"{column}\" AS valeur, {text} AS texte FROM read_parquet('{}'); \
         CREATE VIEW lu AS SELECT * FROM brut WHERE texte IS NOT NULL AND NOT contains(texte, '[ND]')",
        path.display()
    );
    connection.execute_batch(&view).unwrap();
    let sql = "SELECT (SELECT count(*) FILTER (texte IS NULL) FROM brut), \
        (SELECT count(*) FILTER (contains(texte, '[ND]')) FROM brut), \
        (SELECT count(DISTINCT valeur) FROM lu), \
        (SELECT texte FROM lu ORDER BY valeur LIMIT 1), \
        (SELECT texte FROM lu ORDER BY valeur DESC LIMIT 1)";
    let found = connection
        .query_row(sql, [], |row| {
            let counts = (0..3).map(|at| row.get::<_, u64>(at).unwrap()).collect();
            Ok((counts, row.get(3).unwrap(), row.get(4).unwrap()))
        })
        .unwrap();
    let sql = "SELECT any_value(texte), count(*) AS nombre FROM lu GROUP BY valeur \
        HAVING nombre >= 3 ORDER BY nombre DESC, valeur LIMIT 10";
    let mut statement = connection.prepare(sql).unwrap();
    let frequent = statement.query_map([], |row| {
        Ok(json!({ "valeur": row.get::<_, String>(0)?, "nombre": row.get::<_, u64>(1)? }))
    });
    let frequent: Vec<Value> = frequent.unwrap().map(Result::unwrap).collect();
    (found.0, found.1, found.2, Value::Array(frequent))
}

#[test]
fn every_column_of_the_sample_is_counted_as_duckdb_counts_it() {
    let profile = profile(sample());
    let tables = profile["tables"].as_array().unwrap();
    assert_eq!(tables.len(), TABLES.len());
    let (mut public, mut masked) = (0, 0);
    for (table, known) in tables.iter().zip(TABLES) {
        assert_eq!(table["table"], known.name);
        let path = snapshot(sample()).join(format!("{}.parquet", known.name));
        let columns = table["colonnes"].as_array().unwrap();
        let names: Vec<_> = columns
            .iter()
            .map(|c| c["colonne"].as_str().unwrap())
            .collect();
        let expected: Vec<_> = known.columns.iter().map(|column| column.name).collect();
        assert_eq!(names, expected, "{}", known.name);
        for column in columns {
            let name = column["colonne"].as_str().unwrap();
            let (counts, min, max, frequent) = counted(&path, name);
            let at = format!("{}.{name}", known.name);
            let found = ["vides", "masquees", "distinctes"].map(|count| &column[count]);
            assert_eq!(found.to_vec(), counts, "{at}");
            assert_eq!(column["distinctes_estimees"], false, "{at}");
            if column["valeurs_reservees"] == true {
                masked += counts[1];
                for single in ["min", "max"] {
                    assert!(column[single].is_null(), "{at}: {single}");
                }
                assert_eq!(column["frequentes"], json!([]), "{at}");
            } else {
                public += 1;
                assert_eq!(
                    (&column["min"], &column["max"]),
                    (&json!(min), &json!(max)),
                    "{at}"
                );
                assert_eq!(column["frequentes"], frequent, "{at}");
            }
        }
    }
    assert!(public > 50 && masked > 10_000, "{public} {masked}");
}

#[test]
fn active_etablissements_are_where_duckdb_finds_them() {
    let active = &profile(sample())["etablissements_actifs"];
    for list in ["departements", "sections_naf"] {
        let counts = active[list].as_array().unwrap();
        let total: u64 = counts
            .iter()
            .map(|count| count["nombre"].as_u64().unwrap())
            .sum();
        assert_eq!(active["total"], total, "{list}");
        assert!(
            counts.iter().all(|count| count["ecart"].is_null()),
            "the first one"
        );
    }
    let (actives, reunion) = actives(&snapshot(sample()).join("etablissement.parquet"));
    assert_eq!(active["total"], actives);
    let counted = active["departements"].as_array().unwrap().iter();
    let counted = counted
        .clone()
        .find(|count| count["code"] == "974")
        .unwrap();
    assert_eq!(counted["libelle"], "La Réunion");
    assert_eq!(counted["nombre"], reunion);
}

/// All of them, and those of La Réunion.
#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn actives(path: &Path) -> (u64, u64) {
    let sql = format!(
        "SELECT count(*), count(*) FILTER (\"codeCommuneEtablissement\" LIKE '974%') \
         FROM read_parquet('{}') WHERE \"etatAdministratifEtablissement\" = 'A'",
        path.display()
    );
    let connection = Connection::open_in_memory().unwrap();
    let found = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
    found.unwrap()
}

/// The rows of the one CSV of a zip, written back after `edit`.
fn edit(zip: &Path, edit: impl FnOnce(&csv::StringRecord, &mut Vec<csv::StringRecord>)) {
    let (name, text) = csv_entries(zip).remove(0);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    edit(&header, &mut rows);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for row in rows {
        writer.write_record(&row).unwrap();
    }
    write_zip(zip, &name, &writer.into_inner().unwrap());
}

fn set(
    row: &csv::StringRecord,
    header: &csv::StringRecord,
    changes: &[(&str, &str)],
) -> csv::StringRecord {
    let value = |name: &str| changes.iter().find(|(changed, _)| *changed == name);
    let fields = header.iter().zip(row);
    fields
        .map(|(name, field)| value(name).map_or(field, |(_, value)| value))
        .collect()
}

/// The zips of `generate`, as an operator downloads them by hand.
fn zips(folder: &Path) -> PathBuf {
    generate(1000, 1, folder);
    folder.join("files")
}

/// Two close, one reopens, one changes commune, one street, one name, one asks to be hidden, one that
/// is hidden changes, one comes, one goes.
fn make_known_edits(zip: &Path) {
    edit(zip, |header, rows| {
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let (statut, etat) = (
            at("statutDiffusionEtablissement"),
            at("etatAdministratifEtablissement"),
        );
        let (siret, nic) = (at("siret"), at("nic"));
        let mut plain = (0..rows.len()).filter(|row| {
            &rows[*row][statut] == "O"
                && &rows[*row][etat] == "A"
                && !rows[*row][at("codeCommuneEtablissement")].is_empty()
        });
        let picked: Vec<usize> = plain.by_ref().take(7).collect();
        let closed: Vec<usize> = (0..rows.len())
            .filter(|row| &rows[*row][etat] == "F")
            .take(2)
            .collect();
        let hidden = (0..rows.len())
            .find(|row| &rows[*row][statut] == "P")
            .unwrap();
        let mut change =
            |row: usize, changes: &[(&str, &str)]| rows[row] = set(&rows[row], header, changes);
        change(picked[0], &[("etatAdministratifEtablissement", "F")]);
        change(picked[1], &[("etatAdministratifEtablissement", "F")]);
        change(picked[2], &[("codeCommuneEtablissement", "97411")]);
        change(picked[3], &[("libelleVoieEtablissement", "DU SPECIMEN")]);
        change(picked[4], &[("enseigne1Etablissement", "SPECIMEN RENOMME")]);
        change(
            picked[5],
            &[
                ("statutDiffusionEtablissement", "P"),
                ("libelleVoieEtablissement", "[ND]"),
                ("enseigne1Etablissement", "[ND]"),
            ],
        );
        change(closed[0], &[("etatAdministratifEtablissement", "A")]);
        change(
            hidden,
            &[
                ("libelleVoieEtablissement", "DU SPECIMEN"),
                ("enseigne1Etablissement", "SPECIMEN"),
            ],
        );
        let mut new = rows[picked[0]]
            .iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        "99999".clone_into(&mut new[nic]);
        new[siret] = format!("{}99999", &new[siret][..9]);
        rows.push(csv::StringRecord::from(new));
        rows.remove(picked[6]);
    });
}

#[test]
fn known_edits_of_a_source_are_the_changes_found_and_served() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (
        zips(&folder.path().join("source")),
        folder.path().join("data"),
    );
    let done = |ran: crate::harness::Ran| assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    done(ingest(&source, &data));
    let before = profile(&data);
    assert_eq!(
        before["comparaison"],
        json!({ "etat": "premier", "precedent": null })
    );
    assert_eq!(before["changements"], json!({}));

    make_known_edits(&source.join("StockEtablissement_utf8.zip"));
    done(ingest(&source, &data));
    let after = profile(&data);
    assert_eq!(
        after["comparaison"],
        json!({ "etat": "faite", "precedent": before["snapshot"] })
    );
    assert_eq!(
        after["changements"]["etablissement"],
        json!({
            "nouveaux": 1, "fermes": 2, "reouverts": 1, "deplaces": 2, "renommes": 1,
            "masques": 1, "disparus": 1,
        })
    );
    assert_eq!(
        after["changements"]["unite_legale"],
        json!({ "nouveaux": 0, "fermes": 0, "reouverts": 0, "renommes": 0, "masques": 0, "disparus": 0 })
    );
    assert_eq!(
        after["changements"]["association"],
        json!({ "nouveaux": 0, "fermes": 0, "reouverts": 0, "deplaces": 0, "renommes": 0, "disparus": 0 })
    );
    let total = |profile: &Value| profile["etablissements_actifs"]["total"].as_i64().unwrap();
    // Two closed, one of them copied as a new one that is closed too; one reopened, one gone.
    assert_eq!(total(&after) - total(&before), -2);
    let differences = after["etablissements_actifs"]["departements"]
        .as_array()
        .unwrap();
    let differences: i64 = differences
        .iter()
        .map(|count| count["ecart"].as_i64().unwrap())
        .sum();
    assert_eq!(differences, -2);

    let server = Server::start(&data);
    assert_eq!(server.get("/v1/profil").json(), after);
    let page = server.get("/donnees");
    assert_eq!(
        (page.status, page.content_type.as_str()),
        (200, "text/html; charset=utf-8")
    );
    assert!(
        page.text.contains("Fermés, cessés ou dissous")
            && page.text.contains("<td class=\"nombre\">2</td>")
    );
    assert!(!page.text.contains("SPECIMEN RENOMME") && !page.text.contains("DU SPECIMEN"));
}

#[test]
fn a_damaged_snapshot_in_service_is_not_compared_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (
        zips(&folder.path().join("source")),
        folder.path().join("data"),
    );
    assert_eq!(ingest(&source, &data).code, Some(0));
    let table = snapshot(&data).join("etablissement.parquet");
    write_file(&table, b"no longer a table");
    edit(
        &source.join("StockEtablissement_utf8.zip"),
        |header, rows| {
            rows[0] = set(&rows[0], header, &[("enseigne3Etablissement", "SPECIMEN")]);
        },
    );
    let again = ingest(&source, &data);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let profile = profile(&data);
    assert_eq!(
        profile["comparaison"]["etat"], "illisible",
        "{}",
        again.stderr
    );
    assert_eq!(profile["changements"], json!({}));
}

#[test]
fn the_sample_is_described_to_people_and_to_machines() {
    let server = sample_server();
    assert_eq!(server.get("/v1/profil").json(), profile(sample()));
    let page = server.get("/donnees");
    assert_eq!(page.status, 200);
    for table in TABLES {
        assert!(page.text.contains(&format!("id=\"table-{}\"", table.name)));
        for column in table.columns {
            assert!(page.text.contains(&format!("<code>{}</code>", column.name)));
        }
    }
    assert!(page.text.contains("Données d'exemple"));
    let scripts: Vec<&str> = page.text.matches("<script").collect();
    assert_eq!(scripts.len(), 1, "that of the buttons that copy");
}
