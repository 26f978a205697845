use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use registre_schemas::association::ASSOCIATION;
use registre_schemas::column::Presence;
use registre_schemas::diffusion::{MASK, masked_columns};
use registre_schemas::identifiers::{Siren, Siret};

use super::*;
use crate::progress::Cancel;

pub(super) fn sample() -> Options {
    Options {
        etablissements: 6_000,
        ..Options::sample()
    }
}

pub(super) fn entry(out: &Path, zip: &str, entry: &str) -> Vec<u8> {
    let mut archive =
        zip::ZipArchive::new(File::open(out.join("files").join(zip)).unwrap()).unwrap();
    let mut bytes = Vec::new();
    archive
        .by_name(entry)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

pub(super) const POSITIONS: &str = "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques";

pub(super) type Rows = Vec<HashMap<String, String>>;

pub(super) fn rows(bytes: &[u8], delimiter: u8) -> Rows {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(bytes)
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

/// A file of SIRENE, by its name without suffix.
pub(super) fn stock_bytes(out: &Path, name: &str) -> Vec<u8> {
    entry(
        out,
        &format!("{name}_utf8.zip"),
        &format!("{name}_utf8.csv"),
    )
}

pub(super) fn stock(out: &Path, name: &str) -> Rows {
    rows(&stock_bytes(out, name), b',')
}

pub(super) fn generated() -> (tempfile::TempDir, Generated) {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate(&sample(), folder.path(), &Context::silent()).unwrap();
    (folder, generated)
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_does_not() {
    let (_first, a) = generated();
    let (_second, b) = generated();
    let other = tempfile::tempdir().unwrap();
    let c = generate(
        &Options {
            seed: 1,
            ..sample()
        },
        other.path(),
        &Context::silent(),
    )
    .unwrap();
    let checksums = |generated: &Generated| {
        generated
            .files
            .iter()
            .map(|file| file.sha256.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(checksums(&a), checksums(&b));
    assert!(
        checksums(&a)
            .iter()
            .zip(checksums(&c))
            .all(|(a, c)| *a != c)
    );
}

#[test]
fn the_smallest_country_holds_together() {
    let folder = tempfile::tempdir().unwrap();
    let generated = generate(
        &Options {
            etablissements: 0,
            ..sample()
        },
        folder.path(),
        &Context::silent(),
    )
    .unwrap();
    assert!(generated.rows("StockEtablissement_utf8") > 300 && generated.rows("StockDoublons") > 0);
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let context = Context {
        cancel: Cancel::default(),
        ..Context::silent()
    };
    context.cancel.cancel();
    assert!(matches!(
        generate(&sample(), folder.path(), &context),
        Err(IngestError::Interrupted)
    ));
    assert_eq!(
        fs::read_dir(folder.path().join("files")).unwrap().count(),
        0
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("taken");
    File::create(&out).unwrap();
    let error = generate(&sample(), &out, &Context::silent()).unwrap_err();
    assert_eq!(error.exit_code(), 6);
    let files = out.join("files").display().to_string();
    assert!(error.to_string().contains(&files), "{error}");
}

#[test]
fn headers_are_those_of_the_tables() {
    let (folder, _) = generated();
    for (name, table, delimiter) in [
        ("StockUniteLegale", "unite_legale", ","),
        ("StockUniteLegaleHistorique", "unite_legale_periode", ","),
        ("StockEtablissement", "etablissement", ","),
        ("StockEtablissementHistorique", "etablissement_periode", ","),
        ("StockEtablissementLiensSuccession", "lien_succession", ","),
        ("StockDoublons", "doublon", ","),
        (POSITIONS, "geolocalisation", ";"),
    ] {
        let table = registre_schemas::table(table).unwrap();
        let expected: Vec<_> = table
            .columns
            .iter()
            .filter(|c| c.presence != Presence::Derived)
            .map(|c| c.name)
            .collect();
        let bytes = stock_bytes(folder.path(), name);
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap();
        assert_eq!(
            std::str::from_utf8(first).unwrap(),
            expected.join(delimiter)
        );
    }
    assert!(
        rna::WALDEC
            .split(';')
            .chain(rna::IMPORT.split(';'))
            .all(|name| ASSOCIATION.column(name).is_some())
    );
    assert_eq!(
        (
            rna::WALDEC.split(';').count(),
            rna::IMPORT.split(';').count()
        ),
        (39, 23)
    );
}

#[test]
fn units_and_etablissements_agree() {
    let (folder, generated) = generated();
    let unites = stock(folder.path(), "StockUniteLegale");
    let etablissements = stock(folder.path(), "StockEtablissement");
    assert_eq!(
        etablissements.len() as u64,
        generated.rows("StockEtablissement_utf8")
    );
    assert!(
        (5_500..6_500).contains(&etablissements.len()),
        "{}",
        etablissements.len()
    );
    assert!(unites.is_sorted_by(|a, b| a["siren"] < b["siren"]));
    assert!(etablissements.is_sorted_by(|a, b| a["siret"] < b["siret"]));
    let sieges: HashMap<_, _> = etablissements
        .iter()
        .filter(|e| e["etablissementSiege"] == "true")
        .map(|e| (&e["siren"], &e["nic"]))
        .collect();
    assert_eq!(
        sieges.len(),
        etablissements
            .iter()
            .filter(|e| e["etablissementSiege"] == "true")
            .count()
    );
    assert_eq!(sieges.len(), unites.len());
    for unite in &unites {
        assert!(unite["siren"].parse::<Siren>().is_ok());
        assert_eq!(sieges[&unite["siren"]], &unite["nicSiegeUniteLegale"]);
        let active = unite["etatAdministratifUniteLegale"] == "A";
        assert_eq!(
            active,
            !unite["activitePrincipaleNAF25UniteLegale"].is_empty(),
            "{unite:?}"
        );
    }
    for etablissement in &etablissements {
        assert!(
            etablissement["siret"].parse::<Siret>().is_ok(),
            "{}",
            etablissement["siret"]
        );
    }
    let la_poste = |siret: &str| etablissements.iter().any(|e| e["siret"] == siret);
    assert!(la_poste("35600000000048") && la_poste("35600000009075"));
    let dinum = unites
        .iter()
        .find(|unite| unite["siren"] == "130025265")
        .unwrap();
    assert_eq!(
        dinum["denominationUniteLegale"],
        "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"
    );
    for year in ["0004-", "2218-"] {
        assert_eq!(
            unites
                .iter()
                .filter(|unite| unite["dateCreationUniteLegale"].starts_with(year))
                .count(),
            1
        );
    }
}

#[test]
fn what_is_hidden_is_masked_and_the_rest_is_not() {
    let (folder, _) = generated();
    let unites = stock(folder.path(), "StockUniteLegale");
    let physique: HashMap<_, _> = unites
        .iter()
        .map(|u| {
            (
                u["siren"].clone(),
                u["categorieJuridiqueUniteLegale"] == "1000",
            )
        })
        .collect();
    let mut seen = 0;
    for (table, statut, rows) in [
        ("unite_legale", "statutDiffusionUniteLegale", &unites),
        (
            "etablissement",
            "statutDiffusionEtablissement",
            &stock(folder.path(), "StockEtablissement"),
        ),
    ] {
        for row in rows {
            let masked = match row[statut].as_str() {
                "P" => masked_columns(table, physique[&row["siren"]]),
                _ => &[],
            };
            seen += usize::from(!masked.is_empty());
            for (column, value) in row {
                assert_eq!(value == MASK, masked.contains(&column.as_str()), "{column}");
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn links_and_doublons_point_at_what_exists() {
    let (folder, _) = generated();
    let states: HashMap<_, _> = stock(folder.path(), "StockEtablissement")
        .into_iter()
        .map(|mut e| {
            (
                e.remove("siret").unwrap(),
                e.remove("etatAdministratifEtablissement").unwrap(),
            )
        })
        .collect();
    let liens = stock(folder.path(), "StockEtablissementLiensSuccession");
    assert!(
        liens.len() * 100 / states.len() > 8,
        "{} links",
        liens.len()
    );
    assert!(liens.is_sorted_by_key(|lien| &lien["siretEtablissementPredecesseur"]));
    let next: HashMap<_, _> = liens
        .iter()
        .map(|lien| {
            (
                &lien["siretEtablissementPredecesseur"],
                &lien["siretEtablissementSuccesseur"],
            )
        })
        .collect();
    for (predecesseur, successeur) in &next {
        assert_eq!(states[*predecesseur], "F");
        assert!(states.contains_key(*successeur));
    }
    let loops = |first: &&String| {
        next.get(next.get(next[*first]).unwrap_or(first))
            .is_some_and(|end| end == first)
    };
    assert_eq!(next.keys().filter(|first| loops(first)).count(), 3);

    let sirens: HashMap<_, _> = stock(folder.path(), "StockUniteLegale")
        .into_iter()
        .map(|mut u| {
            (
                u.remove("siren").unwrap(),
                u.remove("etatAdministratifUniteLegale").unwrap(),
            )
        })
        .collect();
    let doublons = stock(folder.path(), "StockDoublons");
    assert!(doublons.len() >= 12);
    assert!(
        doublons
            .iter()
            .all(|d| sirens[&d["siren"]] == "A" && sirens[&d["sirenDoublon"]] == "C")
    );
}
