//! The built binary, on real input, as a user runs it. One module per question asked of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold, its helpers too; unwrapping is how they say so"
)]
#![allow(missing_docs, reason = "sentences: the names of the tests")]

mod api; // one answer per route and per error
mod bad_input; // each gives one clear error, a documented exit code, and changes nothing
mod check; // a verdict per line, nothing of the line altered
mod cli; // options, help, exit codes
mod docs; // the README says what the program does
mod enrichir; // files enriched: nothing lost, nothing altered, cut or killed
mod entreprise_data_gouv; // the retired API, for the programs written for it
mod extraits; // the examples of the pages, taken from them and run
mod fiches; // lookups from the fiches, damaged or not, give what the tables give
mod harness; // data folders, commands, servers on port 0
mod hidden_since;
mod history; // snapshots listed, verified, gone back to, removed
mod http; // what HTTP asks of a server, seen on the wire
mod insee; // what INSEE's API brings since the files, merged and published
mod interruption; // killed at any moment, what is served stays whole
mod lying_server; // each lie of a server is refused or seen through
mod mirror; // the tables as Parquet files, read by ranges over HTTP
mod nomenclatures; // our lists against the official ones
mod official_files; // the real files, laid out as a mirror
mod oracle; // every row of the sources, read back through DuckDB
mod organisations; // every organisation of the sample, by each of its numbers
mod parquet; // INSEE's Parquet files give what their zips give
mod profile; // the profile of a snapshot, counted again by DuckDB
mod recherche; // the search by name: who is found, and who never is
mod recherche_entreprises; // the official search, for the programs written for it
mod signup; // the forms: applicants, the operator, the webhook
mod sql; // public SQL: what it answers, what it refuses, its shell
mod store; // snapshots published to a store, and served from it by other machines
mod utilite_publique; // a spreadsheet kept by hand: its headers, its dates, its faults

/// A module forgotten above would silently not run.
#[test]
fn every_file_of_this_folder_is_a_module() {
    let here = include_str!("main.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && name != "main" {
            assert!(
                here.contains(&format!("mod {name};")),
                "{name}.rs is not in main.rs"
            );
        }
    }
}
