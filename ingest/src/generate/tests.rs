use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use registre_schemas::column::Presence;
use registre_schemas::diffusion::MASK;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::{TABLES, association::ASSOCIATION};

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

pub(super) type Rows = Vec<HashMap<String, String>>;

pub(super) fn rows(bytes: &[u8], delimiter: u8) -> Rows {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(bytes)
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

pub(super) fn stock(out: &Path, name: &str) -> Rows {
    rows(
        &entry(
            out,
            &format!("{name}_utf8.zip"),
            &format!("{name}_utf8.csv"),
        ),
        b',',
    )
}

pub(super) fn generated() -> (tempfile::TempDir, Generated) {
    let dossier = tempfile::tempdir().unwrap();
    let generated = generate(&sample(), dossier.path(), &Context::silent()).unwrap();
    (dossier, generated)
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_does_not() {
    let (_first, a) = generated();
    let (_second, b) = generated();
    let autre = tempfile::tempdir().unwrap();
    let c = generate(
        &Options {
            seed: 1,
            ..sample()
        },
        autre.path(),
        &Context::silent(),
    )
    .unwrap();
    let empreintes = |generated: &Generated| {
        generated
            .files
            .iter()
            .map(|file| file.sha256.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(empreintes(&a), empreintes(&b));
    assert!(
        empreintes(&a)
            .iter()
            .zip(empreintes(&c))
            .all(|(a, c)| *a != c)
    );
}

#[test]
fn the_smallest_country_holds_together() {
    let dossier = tempfile::tempdir().unwrap();
    let generated = generate(
        &Options {
            etablissements: 0,
            ..sample()
        },
        dossier.path(),
        &Context::silent(),
    )
    .unwrap();
    assert!(generated.rows("StockEtablissement_utf8") > 300 && generated.rows("StockDoublons") > 0);
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    let dossier = tempfile::tempdir().unwrap();
    let context = Context {
        cancel: Cancel::default(),
        ..Context::silent()
    };
    context.cancel.cancel();
    assert!(matches!(
        generate(&sample(), dossier.path(), &context),
        Err(IngestError::Interrupted)
    ));
    assert_eq!(
        fs::read_dir(dossier.path().join("files")).unwrap().count(),
        0
    );
}

#[test]
fn headers_are_those_of_the_tables() {
    let (dossier, _) = generated();
    for (nom, table) in [
        ("StockUniteLegale", "unite_legale"),
        ("StockEtablissement", "etablissement"),
        ("StockEtablissementLiensSuccession", "lien_succession"),
        ("StockDoublons", "doublon"),
    ] {
        let table = TABLES
            .iter()
            .find(|candidate| candidate.name == table)
            .unwrap();
        let attendu: Vec<_> = table
            .columns
            .iter()
            .filter(|c| c.presence != Presence::Derived)
            .map(|c| c.name)
            .collect();
        let bytes = entry(
            dossier.path(),
            &format!("{nom}_utf8.zip"),
            &format!("{nom}_utf8.csv"),
        );
        let premiere = bytes.split(|octet| *octet == b'\n').next().unwrap();
        assert_eq!(std::str::from_utf8(premiere).unwrap(), attendu.join(","));
    }
    assert!(
        rna::WALDEC
            .split(';')
            .chain(rna::IMPORT.split(';'))
            .all(|nom| ASSOCIATION.column(nom).is_some())
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
    let (dossier, generated) = generated();
    let unites = stock(dossier.path(), "StockUniteLegale");
    let etablissements = stock(dossier.path(), "StockEtablissement");
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
    let poste = |siret: &str| etablissements.iter().any(|e| e["siret"] == siret);
    assert!(poste("35600000000048") && poste("35600000009075"));
    let dinum = unites
        .iter()
        .find(|unite| unite["siren"] == "130025265")
        .unwrap();
    assert_eq!(
        dinum["denominationUniteLegale"],
        "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"
    );
    for annee in ["0004-", "2218-"] {
        assert_eq!(
            unites
                .iter()
                .filter(|unite| unite["dateCreationUniteLegale"].starts_with(annee))
                .count(),
            1
        );
    }
}

#[test]
fn what_is_hidden_is_masked_and_the_rest_is_not() {
    let (dossier, _) = generated();
    let unites = stock(dossier.path(), "StockUniteLegale");
    let physique: HashMap<_, _> = unites
        .iter()
        .map(|u| {
            (
                u["siren"].clone(),
                u["categorieJuridiqueUniteLegale"] == "1000",
            )
        })
        .collect();
    let vus = unites
        .iter()
        .filter(|unite| unite["statutDiffusionUniteLegale"] == "P")
        .inspect(|unite| {
            assert_eq!(unite["nomUniteLegale"], MASK);
            assert_eq!(unite["sexeUniteLegale"], MASK);
            assert_eq!(
                unite["denominationUniteLegale"] == MASK,
                physique[&unite["siren"]]
            );
            assert_ne!(unite["categorieJuridiqueUniteLegale"], MASK);
        });
    assert!(vus.count() > 50);
    for etablissement in stock(dossier.path(), "StockEtablissement") {
        let partiel = etablissement["statutDiffusionEtablissement"] == "P";
        for colonne in [
            "numeroVoie",
            "typeVoie",
            "libelleVoie",
            "codePostal",
            "coordonneeLambertAbscisse",
            "identifiantAdresse",
            "codePostal2",
            "libelleCedex2",
        ] {
            assert_eq!(
                etablissement[&format!("{colonne}Etablissement")] == MASK,
                partiel,
                "{colonne}"
            );
        }
        assert_eq!(
            etablissement["enseigne1Etablissement"] == MASK,
            partiel && physique[&etablissement["siren"]]
        );
        for colonne in [
            "libelleCommune",
            "codeCommune",
            "codePaysEtranger",
            "libelleCommune2",
            "codeCommune2",
        ] {
            assert_ne!(etablissement[&format!("{colonne}Etablissement")], MASK);
        }
    }
}

#[test]
fn links_and_doublons_point_at_what_exists() {
    let (dossier, _) = generated();
    let etats: HashMap<_, _> = stock(dossier.path(), "StockEtablissement")
        .into_iter()
        .map(|mut e| {
            (
                e.remove("siret").unwrap(),
                e.remove("etatAdministratifEtablissement").unwrap(),
            )
        })
        .collect();
    let liens = stock(dossier.path(), "StockEtablissementLiensSuccession");
    assert!(liens.len() * 100 / etats.len() > 8, "{} links", liens.len());
    assert!(liens.is_sorted_by_key(|lien| &lien["siretEtablissementPredecesseur"]));
    let suivant: HashMap<_, _> = liens
        .iter()
        .map(|lien| {
            (
                &lien["siretEtablissementPredecesseur"],
                &lien["siretEtablissementSuccesseur"],
            )
        })
        .collect();
    for (predecesseur, successeur) in &suivant {
        assert_eq!(etats[*predecesseur], "F");
        assert!(etats.contains_key(*successeur));
    }
    let boucle = |depart: &&String| {
        suivant
            .get(suivant.get(suivant[*depart]).unwrap_or(depart))
            .is_some_and(|fin| fin == depart)
    };
    assert_eq!(suivant.keys().filter(|depart| boucle(depart)).count(), 3);

    let sirens: HashMap<_, _> = stock(dossier.path(), "StockUniteLegale")
        .into_iter()
        .map(|mut u| {
            (
                u.remove("siren").unwrap(),
                u.remove("etatAdministratifUniteLegale").unwrap(),
            )
        })
        .collect();
    let doublons = stock(dossier.path(), "StockDoublons");
    assert!(doublons.len() >= 12);
    assert!(
        doublons
            .iter()
            .all(|d| sirens[&d["siren"]] == "A" && sirens[&d["sirenDoublon"]] == "C")
    );
}
