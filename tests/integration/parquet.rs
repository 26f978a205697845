//! The official Parquet files as sources: the tables they give are those the zips of CSV give, to the
//! last value; the one is taken when the other is not there; a bad one changes nothing.

use duckdb::Connection;
use registre_schemas::TABLES;
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::harness::{
    Ran, Served, assert_refused, copy_folder, manifest, registre, run, shared, snapshot, write_file,
};
use crate::lying_server::site::{Reply, Site};

const SIRENE: &str = "5b7ffc618b4c4169d30727e0";
const ETABLISSEMENTS: &str = "StockEtablissement_utf8.parquet";

/// The same small country in both formats, laid out like the site. Made once; never written to.
fn mirror() -> &'static Path {
    static MIRROR: OnceLock<PathBuf> = OnceLock::new();
    MIRROR.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parquet-mirror");
        let _none_yet = fs::remove_dir_all(&folder);
        generate("both", &folder);
        folder
    })
}

fn generate(format: &str, out: &Path) {
    let ran: Ran = registre()
        .args([
            "generate",
            "--etablissements",
            "2000",
            "--format",
            format,
            "--out",
        ])
        .arg(out)
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

/// `registre ingest --format <format> --source <source> --data <data>`.
fn ingest(format: &str, source: impl AsRef<Path>, data: &Path) -> Ran {
    let output = registre()
        .args(["ingest", "--format", format, "--source"])
        .arg(source.as_ref())
        .arg("--data")
        .arg(data)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    output.into()
}

fn ingested(format: &str, source: impl AsRef<Path>, data: &Path) -> Ran {
    let ran = ingest(format, source, data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

/// A folder of a test, removed with it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Official files under their names, without a catalogue.
    fn plain(&self, wanted: impl Fn(&str) -> bool) -> PathBuf {
        let plain = self.at("plain");
        fs::create_dir_all(&plain).unwrap();
        for entry in fs::read_dir(mirror().join("files")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if wanted(name) {
                fs::copy(&path, plain.join(name)).unwrap();
            }
        }
        plain
    }

    /// A copy of the mirror, with the documents of its dataset of SIRENE changed.
    fn mirror_with(&self, edit: impl Fn(&mut Value)) -> PathBuf {
        let copy = self.at("mirror");
        copy_folder(mirror(), &copy);
        let index = copy.join(format!("api/1/datasets/{SIRENE}/index.json"));
        let mut document: Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
        document["resources"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(edit);
        write_file(&index, document.to_string().as_bytes());
        copy
    }
}

fn is_parquet(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "parquet")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn duckdb() -> Connection {
    Connection::open_in_memory().unwrap()
}

/// Every row of every table of one snapshot is in the other, as many times.
fn assert_same_tables(data: &Path, other: &Path) {
    let connection = duckdb();
    for table in TABLES {
        let of = |data: &Path| {
            let path = snapshot(data).join(format!("{}.parquet", table.name));
            format!("SELECT * FROM read_parquet('{}')", path.display())
        };
        let count = |sql: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM ({sql})");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let (one, two) = (of(data), of(other));
        assert_eq!(count(&one), count(&two), "{}", table.name);
        let large = matches!(table.name, "unite_legale" | "etablissement");
        assert!(!large || count(&one) > 1000, "{}", table.name);
        for (here, there) in [(&one, &two), (&two, &one)] {
            let only = count(&format!("({here}) EXCEPT ALL ({there})"));
            assert_eq!(only, 0, "{}: rows in one only", table.name);
        }
    }
}

/// Whether each source was a Parquet file, by its name.
fn parquet_sources(data: &Path) -> Vec<(String, bool)> {
    let manifest = manifest(data);
    let sources = manifest["sources"].as_array().unwrap();
    let found = sources.iter().map(|source| {
        let url = source["url"].as_str().unwrap();
        let name = source["name"].as_str().unwrap();
        (name.to_owned(), url.ends_with(".parquet"))
    });
    found.collect()
}

fn of_insee(name: &str) -> bool {
    name.starts_with("Stock") || name.starts_with("Geolocalisation")
}

fn assert_all_of_insee_in(parquet: bool, data: &Path) {
    let sources = parquet_sources(data);
    assert!(sources.len() >= 9, "{sources:?}");
    for (name, is_parquet) in sources {
        assert_eq!(is_parquet, parquet && of_insee(&name), "{name}");
    }
}

/// The same country ingested from its zips.
fn from_zips() -> &'static Path {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    DATA.get_or_init(|| {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parquet-from-zips");
        let _none_yet = fs::remove_dir_all(&data);
        ingested("csv", mirror(), &data);
        assert_all_of_insee_in(false, &data);
        data
    })
}

#[test]
fn both_formats_give_the_same_tables() {
    let place = Place::new();
    let ran = ingested("parquet", mirror(), &place.at("data"));
    assert_all_of_insee_in(true, &place.at("data"));
    assert_same_tables(&place.at("data"), from_zips());
    assert!(
        ran.stderr
            .contains("rna_waldec: not published as a Parquet file, taken as it is published"),
        "{}",
        ran.stderr
    );
    // The other format is another edition of the source like any other: made again, nothing refused.
    ingested("csv", mirror(), &place.at("data"));
    assert_all_of_insee_in(false, &place.at("data"));
}

#[test]
fn generated_in_parquet_only_the_country_is_the_same_and_the_sample_too() {
    let place = Place::new();
    generate("parquet", &place.at("source"));
    let names: Vec<String> = fs::read_dir(place.at("source/files"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in &names {
        assert_eq!(is_parquet(name), of_insee(name), "{names:?}");
    }
    // The csv was asked for: the Parquet is taken, and it is said.
    let ran = ingested("csv", place.at("source"), &place.at("data"));
    let said = "StockUniteLegale: its zip of CSV is not there, its Parquet file is taken";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_same_tables(&place.at("data"), from_zips());

    ingested("parquet", "sample", &place.at("sample"));
    assert_all_of_insee_in(true, &place.at("sample"));
    assert_same_tables(&place.at("sample"), crate::harness::sample());
}

#[test]
fn generated_types_are_the_official_ones() {
    let connection = duckdb();
    let types = |file: &str| -> Vec<(String, String)> {
        let path = mirror().join("files").join(file);
        let sql = format!("DESCRIBE SELECT * FROM read_parquet('{}')", path.display());
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let unites = types("StockUniteLegale_utf8.parquet");
    let categorie = unites
        .iter()
        .find(|(name, _)| name == "categorieJuridiqueUniteLegale");
    assert_eq!(categorie.unwrap().1, "BIGINT");
    let Some(shared) = shared() else { return };
    let official = fs::read(shared.join("reference/headers/parquet_types.json")).unwrap();
    let official: Value = serde_json::from_slice(&official).unwrap();
    let mut compared = 0;
    for (file, columns) in official.as_object().unwrap() {
        let Some(columns) = columns.as_object() else {
            continue;
        };
        let name = file.replace(".parquet", "_utf8.parquet");
        let expected: Vec<(String, String)> = columns
            .iter()
            .map(|(name, said)| {
                let said = said.as_str().unwrap();
                let duckdb = [
                    ("UTF8", "VARCHAR"),
                    ("INT64", "BIGINT"),
                    ("BOOLEAN", "BOOLEAN"),
                    ("DATE", "DATE"),
                    ("TIMESTAMP(us, no tz)", "TIMESTAMP"),
                ];
                let duckdb = duckdb.iter().find(|(start, _)| said.starts_with(start));
                (name.clone(), duckdb.unwrap().1.to_owned())
            })
            .collect();
        assert_eq!(types(&name), expected, "{file}");
        compared += 1;
    }
    assert_eq!(compared, 3);
}

#[test]
fn a_folder_of_files_in_either_format_is_read_whatever_is_asked() {
    let place = Place::new();
    let plain = place.plain(|name| match name.split('_').next().unwrap() {
        "StockUniteLegale" | "StockDoublons" => name.ends_with(".parquet"),
        _ => !is_parquet(name),
    });
    let expected = |name: &str| matches!(name, "StockUniteLegale" | "StockDoublons");
    for (format, said) in [
        (
            "csv",
            "StockUniteLegale: its zip of CSV is not there, its Parquet file is taken",
        ),
        (
            "parquet",
            "StockEtablissement: its Parquet file is not there, its zip of CSV is taken",
        ),
    ] {
        let data = place.at(format);
        let ran = ingested(format, &plain, &data);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        for (name, is_parquet) in parquet_sources(&data) {
            assert_eq!(is_parquet, expected(&name), "{name}");
        }
        assert_same_tables(&data, from_zips());
    }
}

#[test]
fn a_mirror_without_the_file_its_document_names_gives_the_other_format() {
    let place = Place::new();
    let mirror = place.mirror_with(|_resource| {});
    fs::remove_file(mirror.join("files").join(ETABLISSEMENTS)).unwrap();
    let ran = ingested("parquet", &mirror, &place.at("data"));
    assert!(
        ran.stderr.contains("no such file") && ran.stderr.contains("its zip of CSV is taken"),
        "{}",
        ran.stderr
    );
    let sources = parquet_sources(&place.at("data"));
    assert!(
        sources.contains(&("StockEtablissement".to_owned(), false)),
        "{sources:?}"
    );
    assert!(
        sources.contains(&("StockUniteLegale".to_owned(), true)),
        "{sources:?}"
    );
}

#[test]
fn ids_that_changed_are_found_by_title_and_a_site_is_asked_for_what_is_missing_only() {
    let place = Place::new();
    let mirror = place.mirror_with(|resource| {
        let id = resource["id"].as_str().unwrap();
        resource["id"] = format!("0{}", &id[1..]).into();
        let title = resource["title"].as_str().unwrap();
        let older = title.replace("(format parquet)", "au format parquet");
        resource["title"] = format!("{older} -").into();
    });
    let site = Site::start(&mirror);
    let (base, data) = (Path::new(&site.base), place.at("data"));
    ingested("parquet", base, &data);
    assert_all_of_insee_in(true, &data);
    assert_same_tables(&data, from_zips());
    let raw = |name: &str| data.join("raw").join(name);
    let parquet = fs::read(raw("StockEtablissement.parquet")).unwrap();
    assert!(parquet == fs::read(mirror.join("files").join(ETABLISSEMENTS)).unwrap());

    let asked = site.asked(&format!("/files/{ETABLISSEMENTS}")).len();
    let ran = ingested("parquet", base, &data);
    assert!(ran.stderr.contains("did not change"), "{}", ran.stderr);
    assert_eq!(site.asked(&format!("/files/{ETABLISSEMENTS}")).len(), asked);

    ingested("csv", base, &data);
    assert!(raw("StockEtablissement.zip").exists());
    assert!(
        !raw("StockEtablissement.parquet").exists(),
        "room for the zip"
    );
}

/// What people make of the files: everything as text, numbers as floats, codes as integers, instants
/// with a zone, enumerations as dictionaries.
#[test]
fn files_written_again_by_another_tool_give_the_same_tables() {
    let place = Place::new();
    let plain = place.plain(|name| is_parquet(name) || !of_insee(name));
    let connection = duckdb();
    for (name, replaced) in [
        (
            "StockUniteLegale_utf8.parquet",
            "siren::BIGINT AS siren, nicSiegeUniteLegale::INTEGER AS nicSiegeUniteLegale,
             categorieJuridiqueUniteLegale::DOUBLE AS categorieJuridiqueUniteLegale,
             anneeEffectifsUniteLegale::DOUBLE AS anneeEffectifsUniteLegale,
             nombrePeriodesUniteLegale::VARCHAR AS nombrePeriodesUniteLegale,
             dateCreationUniteLegale::TIMESTAMP AS dateCreationUniteLegale,
             dateDebut::VARCHAR AS dateDebut,
             unitePurgeeUniteLegale::INTEGER AS unitePurgeeUniteLegale,
             dateDernierTraitementUniteLegale::TIMESTAMP_NS AS dateDernierTraitementUniteLegale",
        ),
        (
            ETABLISSEMENTS,
            "siren::INTEGER AS siren, nic::DOUBLE AS nic, siret::DECIMAL(18, 2) AS siret,
             etablissementSiege::VARCHAR AS etablissementSiege,
             anneeEffectifsEtablissement::SMALLINT AS anneeEffectifsEtablissement,
             dateCreationEtablissement::TIMESTAMP_S AS dateCreationEtablissement,
             dateDernierTraitementEtablissement::VARCHAR AS dateDernierTraitementEtablissement",
        ),
    ] {
        let from = mirror().join("files").join(name);
        let sql = format!(
            "COPY (SELECT * REPLACE ({replaced}) FROM read_parquet('{}')) TO '{}' (FORMAT parquet, COMPRESSION zstd)",
            from.display(),
            plain.join(name).display()
        );
        connection.execute_batch(&sql).unwrap();
    }
    ingested("parquet", &plain, &place.at("data"));
    let manifest = manifest(&place.at("data"));
    for source in manifest["sources"].as_array().unwrap() {
        let sirene = of_insee(source["name"].as_str().unwrap());
        assert!(
            !sirene || source["report"]["rejects"] == serde_json::json!({}),
            "{source}"
        );
    }
    assert_same_tables(&place.at("data"), from_zips());
}

#[test]
fn bad_files_are_refused_and_what_is_served_stays() {
    let place = Place::new();
    let plain = place.plain(|name| is_parquet(name) || !of_insee(name));
    let data = place.at("data");
    ingested("parquet", &plain, &data);
    let served = Served::of(&data);
    let path = plain.join(ETABLISSEMENTS);
    let good = fs::read(&path).unwrap();
    let refused = |bytes: &[u8], words: &[&str]| {
        File::create(&path).unwrap().write_all(bytes).unwrap();
        let ran = ingest("parquet", &plain, &data);
        assert_refused(&ran, 4, words, &data, &served);
    };
    for tenths in [1, 5, 9] {
        let cut = &good[..good.len() * tenths / 10];
        refused(
            cut,
            &[ETABLISSEMENTS, "not a whole Parquet file", "run again"],
        );
    }
    refused(
        b"<html>En maintenance</html>",
        &[ETABLISSEMENTS, "not a Parquet file", "<html>"],
    );
    let mut damaged = good.clone();
    let middle = good.len() / 2;
    damaged[middle..middle + 20_000].fill(0xff);
    refused(&damaged, &[ETABLISSEMENTS, "corrupt; run again"]);

    let lowered = "SELECT siren, nic, siret AS SIRET, * EXCLUDE (siren, nic, siret)";
    let sql = format!(
        "COPY ({lowered} FROM read_parquet('{}')) TO '{}' (FORMAT parquet)",
        mirror().join("files").join(ETABLISSEMENTS).display(),
        path.display()
    );
    duckdb().execute_batch(&sql).unwrap();
    let renamed = fs::read(&path).unwrap();
    refused(&renamed, &["required column missing: siret", "\"SIRET\""]);

    File::create(&path).unwrap().write_all(&good).unwrap();
    let ran = ingested("parquet", &plain, &data);
    assert!(ran.stderr.contains("did not change"), "{}", ran.stderr);
}

#[test]
fn a_damaged_download_is_forgotten_and_fetched_again() {
    let place = Place::new();
    let unannounced = |resource: &mut Value| {
        for name in ["filesize", "checksum", "last_modified"] {
            resource[name] = Value::Null;
        }
    };
    let site = Site::start(&place.mirror_with(unannounced));
    let data = place.at("data");
    let path = format!("/files/{ETABLISSEMENTS}");
    site.lie(move |request, honest| {
        if request.path != path {
            return honest;
        }
        let mut body = honest.body.clone();
        let middle = body.len() / 2;
        body[middle..middle + 20_000].fill(0xff);
        Reply::new(200, body)
    });
    let ran = ingest("parquet", &site.base, &data);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("corrupt; run again"), "{}", ran.stderr);
    assert!(!data.join("raw/StockEtablissement.parquet").exists());
    assert!(data.join("raw/StockUniteLegale.parquet").exists());
    site.tell_the_truth();
    ingested("parquet", &site.base, &data);
    assert_same_tables(&data, from_zips());
}

#[test]
fn an_unknown_format_is_wrong_usage() {
    let ran = run(&["ingest", "--format", "xlsx", "--source", "sample"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("csv, parquet"), "{}", ran.stderr);
}
