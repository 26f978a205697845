//! SQL stands back from lookups, and a query that was kept from computing is told so.

use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ENDLESS, post};
use crate::harness::{Server, sample, wait_until};

#[test]
fn a_query_kept_from_the_processors_is_told_so_and_not_that_it_computed() {
    let server = Server::start_with(&["serve", "--sql-timeout", "2"], sample());
    // The process opens while there is time; other tests may take it too.
    wait_until("no time for SQL", || {
        post(&server, "SELECT 1", &Value::Null).status == 200
    });
    let busy = Arc::new(AtomicBool::new(true));
    let cores = std::thread::available_parallelism().unwrap().get();
    let others: Vec<_> = (0..4 * cores)
        .map(|_| {
            let busy = Arc::clone(&busy);
            std::thread::spawn(move || {
                while busy.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let answer = post(&server, ENDLESS, &Value::Null);
    busy.store(false, Ordering::Relaxed);
    for thread in others {
        thread.join().unwrap();
    }
    let body = answer.json();
    assert_eq!(
        (answer.status, body["code"].as_str()),
        (503, Some("sql_occupe")),
        "{body}"
    );
    assert!(
        body["detail"].as_str().unwrap().contains("s de processeur"),
        "{body}"
    );
}
