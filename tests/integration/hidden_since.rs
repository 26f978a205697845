//! Who asks to be hidden is hidden in the snapshots kept behind the one in service too.

use duckdb::Connection;
use std::fs;
use std::path::Path;

use crate::fiches::{GIVEN_UP, without_fiches};
use crate::harness::{
    Server, copy_folder, csv_entries, forget_the_catalogue, generate, ingest, run, snapshot,
    write_zip,
};

/// A CSV of the source, its rows changed one by one: each is given by column name.
pub fn change_rows(
    zip: &Path,
    mut change: impl FnMut(&mut dyn FnMut(&str, &str), &dyn Fn(&str) -> String),
) {
    let (name, text) = csv_entries(zip).remove(0);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let mut fields: Vec<String> = record.iter().map(str::to_owned).collect();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let get = |name: &str| record[at(name)].to_owned();
        change(
            &mut |name, value| value.clone_into(&mut fields[at(name)]),
            &get,
        );
        writer.write_record(&fields).unwrap();
    }
    write_zip(zip, &name, &writer.into_inner().unwrap());
}

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn on(folders: &[(&str, &Path)]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for (schema, folder) in folders {
        connection
            .execute_batch(&format!("CREATE SCHEMA {schema}"))
            .unwrap();
        for table in registre_schemas::TABLES {
            let path = folder.join(format!("{}.parquet", table.name));
            let view = format!(
                "CREATE VIEW {schema}.{} AS FROM read_parquet('{}')",
                table.name,
                path.display()
            );
            connection.execute_batch(&view).unwrap();
        }
    }
    connection
}

fn count(connection: &Connection, sql: &str) -> i64 {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn text(connection: &Connection, sql: &str) -> String {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The older snapshot as it was and as it is: those two are masked as INSEE would, the others are as
/// they were.
fn assert_masked(before: &Path, after: &Path, person: &str, company: &str) {
    let both = on(&[("before", before), ("after", after)]);
    let both_hidden = format!("siren IN ('{person}', '{company}')");
    let unit = |column: &str, siren: &str| {
        let sql = format!(
            "SELECT coalesce(\"{column}\", '') FROM after.unite_legale WHERE siren = '{siren}'"
        );
        text(&both, &sql)
    };
    assert_eq!(unit("statutDiffusionUniteLegale", person), "P");
    assert_eq!(unit("nomUniteLegale", person), "[ND]");
    assert_eq!(unit("prenom1UniteLegale", person), "[ND]");
    assert_eq!(unit("sexeUniteLegale", person), "[ND]");
    assert_eq!(unit("statutDiffusionUniteLegale", company), "P");
    assert_ne!(
        unit("denominationUniteLegale", company),
        "[ND]",
        "a company keeps its name"
    );
    for (table, leak) in [
        (
            "etablissement",
            "statutDiffusionEtablissement <> 'P' OR libelleVoieEtablissement <> '[ND]' OR numeroVoieEtablissement <> '[ND]' OR codePostalEtablissement <> '[ND]' OR x_longitude IS NOT NULL OR plg_iris IS NOT NULL",
        ),
        ("lien_siren_rna", "true"),
        (
            "unite_legale_periode",
            "siren LIKE '%' AND nomUniteLegale <> '[ND]'",
        ),
    ] {
        let sql = format!("SELECT count(*) FROM after.{table} WHERE {both_hidden} AND ({leak})");
        assert_eq!(count(&both, &sql), 0, "{sql}");
    }
    // What a form needs stays: the commune, the state, the numbers of rows.
    let kept = format!(
        "SELECT count(*) FROM after.etablissement WHERE {both_hidden} AND libelleCommuneEtablissement <> '[ND]'"
    );
    assert!(count(&both, &kept) > 0);
    for table in registre_schemas::TABLES {
        let name = table.name;
        let others = if table.column("siren").is_some() {
            format!("WHERE NOT {both_hidden}")
        } else {
            String::new()
        };
        let sql = format!(
            "SELECT (SELECT count(*) FROM (FROM before.{name} {others} EXCEPT ALL FROM after.{name} {others})) + (SELECT count(*) FROM (FROM after.{name} {others} EXCEPT ALL FROM before.{name} {others}))"
        );
        assert_eq!(count(&both, &sql), 0, "{name}: the others are as they were");
    }
}

#[test]
fn a_person_and_a_company_hidden_since_are_masked_in_the_older_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("source"), folder.path().join("data"));
    generate(2000, 1, &source);
    forget_the_catalogue(&source);
    let ran = ingest(&source, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let old = snapshot(&data);
    let before = folder.path().join("before");
    copy_folder(&old, &before);

    let found = on(&[("before", &before)]);
    let public = "FROM before.unite_legale JOIN before.etablissement USING (siren) \
        WHERE statutDiffusionUniteLegale = 'O' AND libelleVoieEtablissement IS NOT NULL";
    let person = text(
        &found,
        &format!(
            "SELECT siren {public} AND categorieJuridiqueUniteLegale = '1000' AND nomUniteLegale IS NOT NULL ORDER BY siren LIMIT 1"
        ),
    );
    let company = text(
        &found,
        &format!(
            "SELECT siren {public} AND siren IN (SELECT siren FROM before.lien_siren_rna) AND denominationUniteLegale IS NOT NULL ORDER BY siren DESC LIMIT 1"
        ),
    );
    let hides = |siren: &str| siren == person || siren == company;
    change_rows(&source.join("StockUniteLegale_utf8.zip"), |set, get| {
        if hides(&get("siren")) {
            set("statutDiffusionUniteLegale", "P");
            if get("siren") == person {
                set("nomUniteLegale", "[ND]");
                set("prenom1UniteLegale", "[ND]");
            }
        }
    });
    change_rows(&source.join("StockEtablissement_utf8.zip"), |set, get| {
        if hides(&get("siren")) {
            set("statutDiffusionEtablissement", "P");
            set("libelleVoieEtablissement", "[ND]");
        }
    });
    let ran = ingest(&source, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("2 unités légales and 0 établissements that are hidden since"),
        "{}",
        ran.stderr
    );
    assert_ne!(snapshot(&data), old);

    assert_masked(&before, &old, &person, &company);

    // Still a snapshot like another: checked, gone back to, served.
    let id = old.file_name().unwrap().to_str().unwrap();
    let data_text = data.to_str().unwrap();
    let verified = run(&["verify", id, "--data", data_text]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
    let written = || {
        fs::metadata(old.join("manifest.json"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let once = written();
    let again = ingest(&source, &data);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(written(), once, "done once");
    let back = run(&["rollback", id, "--data", data_text]);
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    let server = Server::start(&data);
    let answer = server.get(&format!("/v1/unites-legales/{person}"));
    let json = answer.json();
    assert_eq!(answer.status, 200, "{json}");
    assert!(
        json["unite_legale"]["nom"]
            .as_str()
            .is_none_or(|nom| nom == "[ND]"),
        "{json}"
    );
    assert_eq!(fs::read_dir(data.join("staging")).unwrap().count(), 0);

    // From its fiches, made again, and from its tables.
    let fiches = |folder: &Path| fs::read(folder.join("sirene.fiches")).unwrap();
    assert!(fiches(&old) != fiches(&before), "fiches are made again");
    assert_nothing_of(&server, &found, &person);
    assert_not_found(&server, &found, &person);
    assert_eq!(server.said(GIVEN_UP), Vec::<String>::new());
    let other = folder.path().join("other");
    without_fiches(&data, &other);
    assert_nothing_of(&Server::start(&other), &found, &person);
}

/// Nobody is found any more by the names they had.
fn assert_not_found(server: &Server, before: &Connection, person: &str) {
    let names = text(
        before,
        &format!(
            "SELECT concat_ws(' ', prenom1UniteLegale, nomUniteLegale) FROM before.unite_legale WHERE siren = '{person}'"
        ),
    );
    assert!(names.contains(' '), "{names}");
    for path in ["suggestions", "recherche"] {
        let answer = server.get(&format!("/v1/{path}?q={}", names.replace(' ', "+")));
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.text.contains(person), "{names}: {}", answer.text);
    }
}

/// Of no route, in any shape: what the tables of before said of a person.
fn assert_nothing_of(server: &Server, before: &Connection, person: &str) {
    let value = |column: &str, table: &str| {
        let sql = format!(
            "SELECT coalesce(min(\"{column}\"), '') FROM before.{table} WHERE siren = '{person}'"
        );
        text(before, &sql)
    };
    let said: Vec<String> = [
        "nomUniteLegale",
        "nomUsageUniteLegale",
        "prenom1UniteLegale",
    ]
    .iter()
    .map(|column| value(column, "unite_legale"))
    .chain([value("libelleVoieEtablissement", "etablissement")])
    .filter(|said| !said.is_empty())
    .collect();
    assert!(said.len() >= 3, "{said:?}");
    let siret = value("siret", "etablissement");
    let list = format!("/v1/unites-legales/{person}/etablissements");
    for path in [
        format!("/v1/unites-legales/{person}"),
        format!("/v1/etablissements/{siret}"),
        format!("/v1/organisations/{person}"),
        format!("/v1/organisations/{siret}"),
        format!("/v1/organisations?ids={person},{siret}"),
        format!("{list}?format=ndjson"),
        format!("{list}?format=csv"),
        format!("/?id={person}"),
        format!("/?id={siret}"),
        format!("/entreprise/{person}"),
        format!("/etablissement/{siret}"),
        list,
    ] {
        let answer = server.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(
            answer.text.contains(&person[..3]),
            "{path}: {}",
            answer.text
        );
        for said in &said {
            assert!(
                !answer.text.contains(said.as_str()),
                "{path}: {said}: {}",
                answer.text
            );
        }
    }
}
