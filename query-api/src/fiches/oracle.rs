//! Fiches compared with the same rows through SQL, on a whole snapshot: too long for every day.
//!
//! ```sh
//! REGISTRE_ORACLE=data cargo test --workspace --lib -- --ignored fiches::oracle --nocapture
//! ```
//!
//! `REGISTRE_ORACLE_UNITS` says how many units are drawn, a million unless told. On the sample, every
//! answer of every route is compared every day, by `tests/integration/fiches.rs`.

use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::fiche::body::Of;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::Reader;
use crate::catalog::Catalog;
use crate::config::Config;
use crate::record::Record;

/// Units asked of DuckDB at once.
const AT_ONCE: usize = 50_000;

/// Rows as they are shown, by the key they are found by.
type Found = HashMap<String, Vec<String>>;

fn shown(record: &Record) -> String {
    format!("{record:?}")
}

fn by_key(records: Vec<Record>, key: &str) -> Found {
    let mut found = Found::new();
    for record in records {
        let key = record.text(key).unwrap_or_default().to_owned();
        found.entry(key).or_default().push(shown(&record));
    }
    found
}

fn compare(table: &Table, key: &str, sql: Option<&Vec<String>>, fiche: &[Record]) -> usize {
    let fiche: Vec<String> = fiche.iter().map(shown).collect();
    let sql = sql.map_or(&[][..], Vec::as_slice);
    assert_eq!(sql, fiche, "{} of {key}", table.name);
    sql.len()
}

#[tokio::test]
#[ignore = "reads a whole snapshot, named by REGISTRE_ORACLE"]
#[expect(clippy::too_many_lines, reason = "one comparison after the other")]
async fn a_million_random_fiches_are_the_rows_of_the_tables() {
    let Ok(data) = std::env::var("REGISTRE_ORACLE") else {
        return;
    };
    let units: usize = std::env::var("REGISTRE_ORACLE_UNITS")
        .ok()
        .and_then(|units| units.parse().ok())
        .unwrap_or(1_000_000);
    let config = Config {
        data: data.into(),
        query_timeout: Duration::from_mins(30),
        memory_limit: "6GB".to_owned(),
        ..Config::default()
    };
    let catalog = Catalog::new(&config);
    catalog.refresh().unwrap();
    let snapshot = catalog.current().unwrap();
    let fiches = snapshot.fiches().unwrap();
    let reader = Reader::of_disk(fiches);
    let engine = &snapshot.engine;
    let drawn = format!(
        "SELECT siren FROM unite_legale USING SAMPLE reservoir({units} ROWS) REPEATABLE (5)"
    );
    let sirens = engine.texts(&drawn).await.unwrap();
    let drawn = format!(
        "SELECT id FROM association USING SAMPLE reservoir({} ROWS) REPEATABLE (5)",
        units / 10
    );
    let ids = engine.texts(&drawn).await.unwrap();
    assert!(sirens.len() > 1000 && !ids.is_empty());
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for sirens in sirens.chunks(AT_ONCE) {
        let of = |table: &'static Table, by: &'static str, order: &'static str| {
            engine.rows_of(table, by, sirens.to_vec(), order)
        };
        let unites = by_key(of(&UNITE_LEGALE, "siren", "1").await.unwrap(), "siren");
        let unite_periodes = of(
            &UNITE_LEGALE_PERIODE,
            "siren",
            "siren, dateDebut DESC NULLS LAST",
        )
        .await
        .unwrap();
        let unite_periodes = by_key(unite_periodes, "siren");
        let etablissements = of(&ETABLISSEMENT, "siren", "siret").await.unwrap();
        let periodes = of(
            &ETABLISSEMENT_PERIODE,
            "siren",
            "siret, dateDebut DESC NULLS LAST",
        )
        .await
        .unwrap();
        let periodes = by_key(periodes, "siret");
        let doublons = by_key(
            of(&DOUBLON, "siren", "siren, sirenDoublon").await.unwrap(),
            "siren",
        );
        let liens = by_key(
            of(&LIEN_SIREN_RNA, "siren", "siren, id").await.unwrap(),
            "siren",
        );
        let key = "siretEtablissementPredecesseur";
        let successeurs = of(
            &LIEN_SUCCESSION,
            "left(siretEtablissementPredecesseur, 9)",
            "siretEtablissementPredecesseur, siretEtablissementSuccesseur, dateLienSuccession",
        )
        .await
        .unwrap();
        let successeurs = by_key(successeurs, key);
        let key = "siretEtablissementSuccesseur";
        let predecesseurs = of(
            &LIEN_SUCCESSION,
            "left(siretEtablissementSuccesseur, 9)",
            "siretEtablissementSuccesseur, siretEtablissementPredecesseur, dateLienSuccession",
        )
        .await
        .unwrap();
        let predecesseurs = by_key(predecesseurs, key);
        let mut add =
            |table: &'static Table, found: usize| *rows.entry(table.name).or_default() += found;
        for etablissement in &etablissements {
            let text = etablissement.text("siret").unwrap();
            let siret: Siret = text.parse().unwrap();
            let found = reader.of_siret(siret).unwrap();
            add(
                &ETABLISSEMENT,
                compare(
                    &ETABLISSEMENT,
                    text,
                    Some(&vec![shown(etablissement)]),
                    found.as_slice(),
                ),
            );
            let found = reader.periodes_of_siret(siret).unwrap();
            add(
                &ETABLISSEMENT_PERIODE,
                compare(&ETABLISSEMENT_PERIODE, text, periodes.get(text), &found),
            );
            let found = reader.successions(siret, Of::Successeurs).unwrap();
            add(
                &LIEN_SUCCESSION,
                compare(&LIEN_SUCCESSION, text, successeurs.get(text), &found),
            );
            let found = reader.successions(siret, Of::Predecesseurs).unwrap();
            add(
                &LIEN_SUCCESSION,
                compare(&LIEN_SUCCESSION, text, predecesseurs.get(text), &found),
            );
        }
        let by_siren = by_key(etablissements, "siren");
        for text in sirens {
            let siren: Siren = text.parse().unwrap();
            let found = reader.unite(siren).unwrap();
            add(
                &UNITE_LEGALE,
                compare(&UNITE_LEGALE, text, unites.get(text), found.as_slice()),
            );
            let found = reader.periodes_of_siren(siren).unwrap();
            add(
                &UNITE_LEGALE_PERIODE,
                compare(
                    &UNITE_LEGALE_PERIODE,
                    text,
                    unite_periodes.get(text),
                    &found,
                ),
            );
            let found = reader.of_siren(siren, None, usize::MAX, |_| true).unwrap();
            compare(&ETABLISSEMENT, text, by_siren.get(text), &found);
            assert_eq!(reader.counts(siren).unwrap().0, found.len() as u64);
            let found = reader.list(siren, Of::Doublons).unwrap();
            add(
                &DOUBLON,
                compare(&DOUBLON, text, doublons.get(text), &found),
            );
            let found = reader.list(siren, Of::Liens).unwrap();
            add(
                &LIEN_SIREN_RNA,
                compare(&LIEN_SIREN_RNA, text, liens.get(text), &found),
            );
        }
    }
    for ids in ids.chunks(AT_ONCE) {
        let rows_of = |table, order| engine.rows_of(table, "id", ids.to_vec(), order);
        let associations = by_key(rows_of(&ASSOCIATION, "id").await.unwrap(), "id");
        let liens = by_key(rows_of(&LIEN_SIREN_RNA, "id, siren").await.unwrap(), "id");
        for id in ids {
            let found = reader.of_id(id).unwrap().unwrap();
            let read = compare(
                &ASSOCIATION,
                id,
                associations.get(id),
                found.association.as_slice(),
            );
            *rows.entry("association").or_default() += read;
            compare(&LIEN_SIREN_RNA, id, liens.get(id), &found.liens);
        }
    }
    eprintln!("rows compared: {rows:?}");
}
