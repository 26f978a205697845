//! Lets the tests find the prebuilt DuckDB at run time: beside the binary first, as it is shipped, then
//! where `make setup` put it. And makes a digest of what answers are made with, so that they are known
//! to have changed with the program: its own sources, the tables and labels of `schemas`, the pages.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

fn main() {
    find_duckdb();
    let mut hasher = DefaultHasher::new();
    for folder in ["src", "ui", "../schemas/src", "../data/nomenclatures"] {
        println!("cargo:rerun-if-changed={folder}");
        digest(Path::new(folder), &mut hasher);
    }
    println!("cargo:rustc-env=REGISTRE_SOURCES={:016x}", hasher.finish());
}

fn find_duckdb() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if std::env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN");
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}

fn digest(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            digest(&path, hasher);
        }
    } else if let Ok(bytes) = fs::read(path) {
        path.hash(hasher);
        bytes.hash(hasher);
    }
}
