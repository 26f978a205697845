//! Thousands of SIRET, verified as signup's back verifies each, while the data changes under it.

use registre_schemas::etablissement::ETABLISSEMENT;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::cell;
use crate::harness::Server;
use crate::http::swap::{Two, publish};
use crate::oracle::parquet_rows;

#[test]
fn three_thousand_siret_are_verified_without_a_failed_call_while_snapshots_change() {
    let changes = [("StockEtablissement_utf8.zip", "DE SEGUR", "D'EXEMPLE")];
    let Two {
        folder: _folder,
        data,
        first,
        second,
    } = Two::made(3500, &changes);
    let rows = parquet_rows(&data, &ETABLISSEMENT);
    let server = Server::start(&data);
    let running = AtomicBool::new(true);
    let (mut verified, mut refused, mut moments) = (0, 0, BTreeSet::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in [&first, &second].into_iter().cycle() {
                if !running.load(Ordering::Relaxed) {
                    break;
                }
                publish(&data, id);
                std::thread::sleep(Duration::from_millis(700));
            }
        });
        // Longer than it takes, so that several snapshots are seen.
        let pause = Duration::from_millis(1);
        for row in rows.iter().take(3200) {
            let siret = cell(&ETABLISSEMENT, row, "siret");
            let answer = server.get(&format!("/api/sirene/v3/etablissements/{siret}"));
            assert_eq!(answer.status, 200, "{siret}: {}", answer.text);
            assert_eq!(answer.content_type, "application/json");
            let body = answer.json();
            let etablissement = &body["etablissement"];
            moments.insert(etablissement["created_at"].as_str().unwrap().to_owned());
            let hidden = etablissement["etat_administratif"].is_null();
            let state = cell(&ETABLISSEMENT, row, "etatAdministratifEtablissement");
            assert!(
                hidden || etablissement["etat_administratif"] == state,
                "{siret}"
            );
            if etablissement["etat_administratif"] == "A" {
                verified += 1;
            } else {
                refused += 1;
            }
            std::thread::sleep(pause);
        }
        running.store(false, Ordering::Relaxed);
    });
    assert_eq!(verified + refused, 3200);
    assert!(verified > 1000 && refused > 100, "{verified} {refused}");
    assert_eq!(moments.len(), 2, "both snapshots answered: {moments:?}");
}
