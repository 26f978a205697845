//! What the files of a snapshot are, for machines: `/parquet/manifest.json` and `/parquet/SHA256SUMS`.

use chrono::{DateTime, NaiveDate, Utc};
use parquet::file::metadata::ParquetMetaData;
use registre_schemas::column::Kind;
use registre_schemas::dictionary::{Sensitivity, source};
use registre_schemas::manifest::{Manifest, TableFile};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::files::OpenTables;
use super::pinned_path;
use crate::catalog::{LICENCE, SOURCES};

/// Where the licence is.
const LICENCE_URL: &str = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/";

/// The document. In French, as all answers.
#[derive(Serialize)]
struct Files<'a> {
    snapshot: &'a str,
    fait_le: DateTime<Utc>,
    /// Date of the data of each register.
    donnees_du: &'a BTreeMap<String, NaiveDate>,
    licence: &'static str,
    licence_url: &'static str,
    sources: &'static str,
    sha256sums: String,
    tables: Vec<Entry<'a>>,
}

/// A file.
#[derive(Serialize)]
struct Entry<'a> {
    table: &'a str,
    description: Option<&'static str>,
    /// Follows the snapshot in service.
    url: String,
    /// Always these very bytes.
    url_snapshot: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    lignes: u64,
    octets: u64,
    sha256: &'a str,
    groupes_de_lignes: usize,
    tri: Vec<Sort>,
    colonnes: Vec<Column>,
}

/// A column that the rows are sorted by.
#[derive(Serialize)]
struct Sort {
    colonne: &'static str,
    ordre: &'static str,
}

/// A column, as it is in the file: what is known of it comes from the dictionary.
#[derive(Serialize)]
struct Column {
    nom: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// As Parquet has it.
    type_parquet: String,
    /// Whether a row may lack it.
    peut_etre_vide: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemple: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nomenclature: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diffusion: Option<&'static str>,
}

/// The document of a snapshot, whose files' footers are read. Blocking.
pub(super) fn json(manifest: &Manifest, tables: &OpenTables) -> std::io::Result<String> {
    let entries = manifest.tables.iter().map(|table| -> std::io::Result<_> {
        let footer = tables
            .get(&table.name)
            .ok_or_else(|| std::io::Error::other(format!("no table {}", table.name)))?
            .footer()?;
        Ok(entry(manifest, table, &footer))
    });
    let files = Files {
        snapshot: &manifest.id,
        fait_le: manifest.created_at,
        donnees_du: &manifest.as_of,
        licence: LICENCE,
        licence_url: LICENCE_URL,
        sources: SOURCES,
        sha256sums: format!("/parquet/{}/SHA256SUMS", manifest.id),
        tables: entries.collect::<std::io::Result<_>>()?,
    };
    serde_json::to_string(&files).map_err(std::io::Error::other)
}

/// What `sha256sum --check` reads, beside the files once downloaded.
pub(super) fn sums(manifest: &Manifest) -> String {
    let mut text = String::new();
    for table in &manifest.tables {
        let _ = writeln!(text, "{}  {}.parquet", table.sha256, table.name);
    }
    text
}

fn entry<'a>(manifest: &'a Manifest, table: &'a TableFile, footer: &ParquetMetaData) -> Entry<'a> {
    let known = registre_schemas::table(&table.name);
    let sorted = known.into_iter().flat_map(|known| {
        known.key.iter().map(|column| Sort {
            colonne: column,
            ordre: if known.descending.contains(column) {
                "décroissant"
            } else {
                "croissant"
            },
        })
    });
    Entry {
        table: &table.name,
        description: known.map(|known| known.description),
        url: format!("/parquet/{}.parquet", table.name),
        url_snapshot: pinned_path(&manifest.id, table),
        schema: known.map(|known| format!("/donnees/{}.schema.json", known.name)),
        lignes: table.rows,
        octets: table.bytes,
        sha256: &table.sha256,
        groupes_de_lignes: footer.num_row_groups(),
        tri: sorted.collect(),
        colonnes: columns(known, footer),
    }
}

fn columns(
    known: Option<&'static registre_schemas::Table>,
    footer: &ParquetMetaData,
) -> Vec<Column> {
    let columns = footer.file_metadata().schema_descr().columns();
    let described = columns.iter().map(|found| {
        let column = known.and_then(|table| table.column(found.name()));
        let said = known.zip(column);
        Column {
            nom: found.name().to_owned(),
            // What a source carried that we do not know is kept as text.
            kind: column.map_or(Kind::Text, |column| column.kind).as_str(),
            type_parquet: physical(found),
            peut_etre_vide: found.self_type().is_optional(),
            description: column.map(|column| column.description),
            source: said.map(|(table, column)| source(table, column)),
            exemple: column.map(|column| column.example),
            nomenclature: column
                .and_then(|column| column.nomenclature)
                .map(registre_schemas::nomenclature::Nomenclature::title),
            diffusion: said.map(|(table, column)| Sensitivity::of(table, column).as_str()),
        }
    });
    described.collect()
}

/// `BYTE_ARRAY (STRING)`
fn physical(column: &parquet::schema::types::ColumnDescriptor) -> String {
    match column.logical_type_ref() {
        Some(logical) => format!("{} ({logical:?})", column.physical_type()),
        None => column.physical_type().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, get};

    #[tokio::test]
    async fn the_manifest_says_of_each_file_what_a_reader_needs() {
        let fixture = Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        let answer = get(&app, "/parquet/manifest.json").await;
        let json = answer.json();
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(json["licence"], "Licence Ouverte 2.0");
        assert_eq!(json["donnees_du"]["sirene"], "2026-11-01");
        let tables = json["tables"].as_array().unwrap();
        assert_eq!(tables.len(), registre_schemas::TABLES.len());
        for (table, known) in tables.iter().zip(registre_schemas::TABLES) {
            assert_eq!(table["table"], known.name);
            let groups = u64::from(table["lignes"] != 0);
            assert_eq!(table["groupes_de_lignes"], groups, "{}", known.name);
            let columns = table["colonnes"].as_array().unwrap();
            assert_eq!(columns.len(), known.columns.len());
            for address in ["url", "url_snapshot", "schema"] {
                let address = table[address].as_str().unwrap();
                assert_eq!(get(&app, address).await.status, 200, "{address}");
            }
            let file = get(&app, table["url"].as_str().unwrap()).await;
            assert_eq!(
                file.header("etag"),
                format!("\"{}\"", table["sha256"].as_str().unwrap())
            );
            assert_eq!(table["octets"].to_string(), file.header("content-length"));
        }
        let siret = &tables[1]["colonnes"][2];
        assert_eq!(siret["nom"], "siret");
        assert_eq!(siret["type_parquet"], "BYTE_ARRAY (String)");
        assert_eq!(siret["peut_etre_vide"], false);
        assert_eq!(siret["exemple"], "13002526500013");
        assert_eq!(tables[2]["tri"][1]["ordre"], "décroissant");
    }

    #[tokio::test]
    async fn the_sums_are_what_sha256sum_reads() {
        let fixture = Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        let sums = get(&app, "/parquet/SHA256SUMS").await;
        assert_eq!(sums.header("content-type"), "text/plain; charset=utf-8");
        for line in sums.text().lines() {
            let (sum, file) = line.split_once("  ").unwrap();
            let answer = get(&app, &format!("/parquet/{file}")).await;
            assert_eq!(answer.sha256(), sum, "{file}");
        }
        assert_eq!(sums.text().lines().count(), registre_schemas::TABLES.len());
    }
}
