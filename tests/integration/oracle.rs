//! Every row of the source files, read back through DuckDB, equals the row in the CSV.

use duckdb::Connection;
use registre_schemas::column::{Kind, Presence, Table};
use registre_schemas::etablissement::{ETABLISSEMENT, GEOLOCALISATION};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::harness::{
    csv_entries, forget_the_catalogue, generate, ingest, sample, snapshot, write_zip,
};

/// A row as text, in the table's column order; empty for null.
pub type Row = Vec<String>;

/// A value of a CSV as DuckDB prints it once typed.
fn as_printed(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Timestamp => {
            let text = text.replace('T', " ");
            match text.split_once('.') {
                Some((seconds, decimals)) => {
                    let decimals = decimals.trim_end_matches('0');
                    if decimals.is_empty() {
                        seconds.to_owned()
                    } else {
                        format!("{seconds}.{decimals}")
                    }
                }
                None => text,
            }
        }
        Kind::Real if !text.is_empty() => printed(text.parse().unwrap()),
        _ => text.to_owned(),
    }
}

/// A number, the same however it was written.
fn printed(number: f64) -> String {
    format!("{number:?}")
}

/// The rows of one CSV, read by the `csv` crate and not by us.
pub fn csv_rows(text: &str, delimiter: u8, table: &Table) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let position: Vec<Option<usize>> = table
        .columns
        .iter()
        .map(|column| header.iter().position(|name| name == column.name))
        .collect();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let fields = table.columns.iter().zip(&position);
            fields
                .map(|(column, at)| {
                    at.map(|at| as_printed(column.kind, &record[at]))
                        .unwrap_or_default()
                })
                .collect()
        })
        .collect()
}

/// The rows of a published table, in its order.
#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
pub fn parquet_rows(data: &Path, table: &Table) -> Vec<Row> {
    let path = snapshot(data).join(format!("{}.parquet", table.name));
    let connection = Connection::open_in_memory().unwrap();
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            Kind::Real => format!("\"{}\"", column.name),
            _ => format!("coalesce(\"{}\"::VARCHAR, '')", column.name),
        })
        .collect();
    let sql = format!(
        "SELECT {} FROM read_parquet('{}')",
        columns.join(", "),
        path.display()
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut read = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let fields = table.columns.iter().enumerate();
        read.push(
            fields
                .map(|(at, column)| match column.kind {
                    Kind::Real => row
                        .get::<_, Option<f64>>(at)
                        .unwrap()
                        .map_or_else(String::new, printed),
                    _ => row.get(at).unwrap(),
                })
                .collect(),
        );
    }
    read
}

/// Fails at the first row that differs, naming it.
pub fn assert_same_rows(table: &Table, mut expected: Vec<Row>, published: &[Row]) {
    expected.sort_by(|one, other| {
        let by_key = table.key_indices().into_iter().map(|key| {
            let order = one[key].cmp(&other[key]);
            if table.descending.contains(&table.columns[key].name) {
                order.reverse()
            } else {
                order
            }
        });
        by_key.fold(Ordering::Equal, Ordering::then)
    });
    assert_eq!(
        published.len(),
        expected.len(),
        "{}: number of rows",
        table.name
    );
    for (published, expected) in published.iter().zip(&expected) {
        for (column, (published, expected)) in
            table.columns.iter().zip(published.iter().zip(expected))
        {
            assert_eq!(
                published,
                expected,
                "{}.{} of {:?}",
                table.name,
                column.name,
                &expected[..]
            );
        }
    }
}

/// The union of the RNA's files, computed here a second time: the latest update of each id, waldec
/// when both were updated at the same time.
pub fn expected_associations(waldec: Vec<Row>, import: Vec<Row>, table: &Table) -> Vec<Row> {
    let at = |name: &str| table.index_of(name).unwrap();
    let (id, updated, source) = (at("id"), at("maj_time"), at("source"));
    let publiweb = at("publiweb");
    let personal = registre_schemas::association::PERSONAL.map(at);
    let mut latest: BTreeMap<String, Row> = BTreeMap::new();
    for (name, rows) in [("import", import), ("waldec", waldec)] {
        for mut row in rows {
            name.clone_into(&mut row[source]);
            if row[publiweb] != "1" {
                for column in personal {
                    row[column].clear();
                }
            }
            match latest.get(&row[id]) {
                Some(known) if known[updated] > row[updated] => {}
                _ => {
                    latest.insert(row[id].clone(), row);
                }
            }
        }
    }
    latest.into_values().collect()
}

/// Each établissement with its position, but those in partial diffusion.
fn with_positions(mut etablissements: Vec<Row>, positions: &[Row]) -> Vec<Row> {
    let siret = GEOLOCALISATION.index_of("siret").unwrap();
    let positions: HashMap<&str, &Row> = positions
        .iter()
        .map(|position| (position[siret].as_str(), position))
        .collect();
    let at = |name: &str| ETABLISSEMENT.index_of(name).unwrap();
    for row in &mut etablissements {
        if row[at("statutDiffusionEtablissement")] == "O"
            && let Some(position) = positions.get(row[at("siret")].as_str())
        {
            for (column, value) in GEOLOCALISATION.columns.iter().zip(*position) {
                row[at(column.name)].clone_from(value);
            }
        }
    }
    etablissements
}

#[test]
fn every_row_of_the_sample_is_read_back_as_the_csv_has_it() {
    let rows = |file: &str, delimiter: u8, table: &Table| {
        let zip = sample().join(format!("raw/sample/files/{file}_utf8.zip"));
        let rows = csv_rows(&csv_entries(&zip)[0].1, delimiter, table);
        assert!(!rows.is_empty(), "{file}");
        rows
    };
    for (file, table) in [
        ("StockUniteLegale", "unite_legale"),
        ("StockUniteLegaleHistorique", "unite_legale_periode"),
        ("StockEtablissementHistorique", "etablissement_periode"),
        ("StockEtablissementLiensSuccession", "lien_succession"),
        ("StockDoublons", "doublon"),
    ] {
        let table = registre_schemas::table(table).unwrap();
        assert_same_rows(
            table,
            rows(file, b',', table),
            &parquet_rows(sample(), table),
        );
    }
    let positions = rows(
        "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques",
        b';',
        &GEOLOCALISATION,
    );
    let etablissements = rows("StockEtablissement", b',', &ETABLISSEMENT);
    assert_same_rows(
        &ETABLISSEMENT,
        with_positions(etablissements, &positions),
        &parquet_rows(sample(), &ETABLISSEMENT),
    );
}

/// The rows of a zip's only CSV, the last first.
fn reverse(zip: &Path) {
    let (name, text) = csv_entries(zip).remove(0);
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().rev().collect();
    write_zip(
        zip,
        &name,
        format!("{header}\n{}\n", rows.join("\n")).as_bytes(),
    );
}

#[test]
fn files_in_another_order_give_the_same_etablissements_and_positions() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    generate(1000, 1, &source);
    forget_the_catalogue(&source);
    let rows = |data: &str| {
        let data = folder.path().join(data);
        let ran = ingest(&source, &data);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let rows = parquet_rows(&data, &ETABLISSEMENT);
        let longitude = ETABLISSEMENT.index_of("x_longitude").unwrap();
        let placed = rows.iter().filter(|row| !row[longitude].is_empty()).count();
        assert!(placed > 500 && placed < rows.len(), "{placed} placed");
        (rows, ran.stderr)
    };
    let (in_order, said) = rows("in-order");
    assert!(
        !said.contains("not in key order: sorting them first"),
        "{said}"
    );

    reverse(&source.join("GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.zip"));
    let (positions_reversed, said) = rows("positions-reversed");
    assert!(said.contains("positions are not in key order"), "{said}");
    assert_same_rows(&ETABLISSEMENT, in_order.clone(), &positions_reversed);

    reverse(&source.join("StockEtablissement_utf8.zip"));
    let (both_reversed, said) = rows("both-reversed");
    assert!(
        said.contains("etablissement: rows are not in key order"),
        "{said}"
    );
    assert_same_rows(&ETABLISSEMENT, in_order.clone(), &both_reversed);

    reverse(&source.join("GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.zip"));
    let (rows_reversed, said) = rows("rows-reversed");
    assert!(
        said.contains("etablissement: rows are not in key order"),
        "{said}"
    );
    assert_same_rows(&ETABLISSEMENT, in_order, &rows_reversed);
}

#[test]
fn every_association_of_the_sample_is_read_back_from_its_latest_row() {
    let table = &registre_schemas::association::ASSOCIATION;
    let files = sample().join("raw/sample/files");
    let rows = |prefix: &str| -> Vec<Row> {
        let zip = std::fs::read_dir(&files)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| {
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with(prefix)
            })
            .unwrap();
        csv_entries(&zip)
            .iter()
            .flat_map(|(_, text)| csv_rows(text, b';', table))
            .collect()
    };
    let (waldec, import) = (rows("rna_waldec"), rows("rna_import"));
    assert!(!waldec.is_empty() && !import.is_empty());
    let expected = expected_associations(waldec, import, table);
    assert_same_rows(table, expected, &parquet_rows(sample(), table));
}

#[test]
fn the_sample_has_the_shapes_that_break_others() {
    let unites = parquet_rows(sample(), &registre_schemas::unite_legale::UNITE_LEGALE);
    let etablissements = parquet_rows(sample(), &ETABLISSEMENT);
    let (ul, et) = (
        &registre_schemas::unite_legale::UNITE_LEGALE,
        &ETABLISSEMENT,
    );
    let count = |rows: &[Row], table: &Table, name: &str, value: &str| {
        let at = table.index_of(name).unwrap();
        rows.iter().filter(|row| row[at] == value).count()
    };
    assert!((15_000..25_000).contains(&unites.len()), "{}", unites.len());
    assert!(
        (29_000..31_500).contains(&etablissements.len()),
        "{}",
        etablissements.len()
    );
    for (rows, table, name, value) in [
        (&unites, ul, "statutDiffusionUniteLegale", "P"),
        (&unites, ul, "nomUniteLegale", "[ND]"),
        (&unites, ul, "etatAdministratifUniteLegale", "C"),
        (
            &unites,
            ul,
            "nomenclatureActivitePrincipaleUniteLegale",
            "NAP",
        ),
        (&unites, ul, "unitePurgeeUniteLegale", "true"),
        (&etablissements, et, "libelleVoieEtablissement", "[ND]"),
        (&etablissements, et, "etatAdministratifEtablissement", "F"),
        (&etablissements, et, "qualite_xy", "33"),
        (&etablissements, et, "epsg", "2975"),
        (&etablissements, et, "plg_qp24", "CSZ"),
        (
            &etablissements,
            et,
            "dateCreationEtablissement",
            "1900-01-01",
        ),
    ] {
        assert!(count(rows, table, name, value) > 10, "{name} = {value}");
    }
    let naf25 = ul.index_of("activitePrincipaleNAF25UniteLegale").unwrap();
    assert!(unites.iter().filter(|row| !row[naf25].is_empty()).count() > 1000);
    let country = et.index_of("codePaysEtrangerEtablissement").unwrap();
    assert!(
        etablissements
            .iter()
            .any(|row| row[country].starts_with("99"))
    );
    assert!(
        ul.columns
            .iter()
            .all(|column| column.presence != Presence::Derived)
    );
}

/// The links, computed here a second time from the two published tables, in SQL.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn the_links_are_what_either_register_says_of_diffusible_units() {
    let connection = Connection::open_in_memory().unwrap();
    for table in ["unite_legale", "association", "lien_siren_rna"] {
        let path = snapshot(sample()).join(format!("{table}.parquet"));
        let view = format!(
            "CREATE VIEW {table} AS FROM read_parquet('{}')",
            path.display()
        );
        connection.execute_batch(&view).unwrap();
    }
    let expected = "
        CREATE TABLE attendu AS
        WITH diffusible AS (FROM unite_legale WHERE statutDiffusionUniteLegale = 'O'),
        sirene AS (
            SELECT siren, identifiantAssociationUniteLegale AS id FROM diffusible
            WHERE regexp_matches(id, '^W[0-9][A-Z0-9][0-9]{7}$') OR id IN (SELECT id FROM association)
        ),
        rna AS (
            SELECT diffusible.siren, association.id FROM association
            JOIN diffusible ON diffusible.siren = left(association.siret, 9)
            WHERE length(association.siret) = 14
        ),
        liens AS (
            SELECT siren, id, max(force) AS force FROM (
                SELECT siren, id, CASE WHEN (siren, id) IN (FROM rna) THEN 2 ELSE 1 END AS force FROM sirene
                UNION ALL SELECT siren, id, 0 FROM rna
            ) GROUP BY ALL
        )
        SELECT siren, id,
            CASE force WHEN 2 THEN 'sirene+rna' WHEN 1 THEN 'sirene' ELSE 'rna' END AS provenance,
            row_number() OVER (
                PARTITION BY siren
                ORDER BY force DESC, coalesce(position = 'A', false) DESC,
                    starts_with(id, 'W') DESC, maj_time DESC NULLS LAST, id
            ) AS rang_association,
            row_number() OVER (
                PARTITION BY id
                ORDER BY force DESC, coalesce(etatAdministratifUniteLegale = 'A', false) DESC,
                    dateDernierTraitementUniteLegale DESC NULLS LAST, siren
            ) AS rang_unite_legale
        FROM liens LEFT JOIN association USING (id) LEFT JOIN diffusible USING (siren)";
    connection.execute_batch(expected).unwrap();
    let count = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    for provenance in ["sirene", "rna", "sirene+rna"] {
        let sql = format!("SELECT count(*) FROM attendu WHERE provenance = '{provenance}'");
        assert!(count(&sql) > 0, "the sample has no link by {provenance}");
    }
    for (one, other) in [("attendu", "lien_siren_rna"), ("lien_siren_rna", "attendu")] {
        let sql = format!("SELECT count(*) FROM (FROM {one} EXCEPT FROM {other})");
        assert_eq!(count(&sql), 0, "in {one} and not in {other}");
    }
    assert_eq!(
        count(
            "SELECT count(*) FROM lien_siren_rna JOIN unite_legale USING (siren) WHERE statutDiffusionUniteLegale <> 'O'"
        ),
        0
    );
}
