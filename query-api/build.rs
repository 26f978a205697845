//! A digest of what answers are made with, so that they are known to have changed with the program:
//! its own sources, the tables and labels of `schemas`, the pages.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

fn main() {
    let mut hasher = DefaultHasher::new();
    for folder in ["src", "ui", "../schemas"] {
        println!("cargo:rerun-if-changed={folder}");
        digest(Path::new(folder), &mut hasher);
    }
    println!("cargo:rustc-env=REGISTRE_SOURCES={:016x}", hasher.finish());
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
