//! What a snapshot is to the one in service in the store: a step back, or mostly the same files.

use registre_ingest::origin::SAMPLE;
use registre_schemas::manifest::Manifest;
use std::collections::HashMap;

/// The largest object that stores copy by one request.
const LARGEST_COPY: u64 = 5 << 30;

/// Why `ours` would be a step back from `theirs`.
pub fn backwards(ours: &Manifest, theirs: &Manifest) -> Option<String> {
    if ours.id == theirs.id {
        return None;
    }
    if (ours.origin == SAMPLE) != (theirs.origin == SAMPLE) {
        return Some(format!(
            "snapshot {} comes from {}, and {} from {} is in service",
            ours.id, ours.origin, theirs.id, theirs.origin
        ));
    }
    if ours.id < theirs.id {
        return Some(format!(
            "snapshot {} is older than {}, in service",
            ours.id, theirs.id
        ));
    }
    theirs.as_of.iter().find_map(|(register, served)| {
        let date = ours.as_of.get(register).filter(|date| *date < served)?;
        Some(format!(
            "snapshot {} has {register} of {date}, and {} of {served} is in service",
            ours.id, theirs.id
        ))
    })
}

/// For each file, the same one in the snapshot in service there: its id, its name.
pub fn copies<'a>(
    manifest: &'a Manifest,
    there: Option<&'a Manifest>,
) -> HashMap<&'a str, (&'a str, &'a str)> {
    let there = there.filter(|there| there.id != manifest.id);
    let Some(there) = there else {
        return HashMap::new();
    };
    let known: HashMap<(&str, u64), &str> = there
        .files()
        .map(|(file, bytes, sha256)| ((sha256, bytes), file))
        .collect();
    manifest
        .files()
        .filter(|(_, bytes, _)| *bytes <= LARGEST_COPY)
        .filter_map(|(file, bytes, sha256)| {
            let from = known.get(&(sha256, bytes))?;
            Some((file, (there.id.as_str(), *from)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(id: &str, origin: &str, sirene: &str, tables: &[(&str, &str)]) -> Manifest {
        let tables: Vec<_> = tables
            .iter()
            .map(|(name, sha256)| {
                serde_json::json!({
                    "name": name, "file": format!("{name}.parquet"), "rows": 1, "bytes": 1,
                    "sha256": sha256, "key_range": null, "schema_fingerprint": "",
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "version": 1, "id": id, "parent": null, "created_at": "2026-11-01T00:00:00Z",
            "producer": "", "origin": origin, "as_of": {"sirene": sirene}, "sources": [],
            "tables": tables, "gates": [],
        }))
        .unwrap()
    }

    #[test]
    fn a_step_back_is_an_older_snapshot_older_data_or_made_up_data() {
        let served = manifest("20261102", "site", "2026-11-01", &[]);
        let step = |id, origin, sirene| backwards(&manifest(id, origin, sirene, &[]), &served);
        assert_eq!(step("20261103", "site", "2026-11-01"), None);
        assert_eq!(step("20261103", "mirror", "2026-12-01"), None);
        assert_eq!(step("20261102", "site", "2026-10-01"), None, "the same one");
        assert!(
            step("20261101", "site", "2026-11-01")
                .unwrap()
                .contains("older")
        );
        assert!(
            step("20261103", "site", "2026-10-01")
                .unwrap()
                .contains("2026-10-01")
        );
        assert!(step("20261103", SAMPLE, "2026-12-01").is_some());
    }

    #[test]
    fn a_table_that_did_not_change_is_copied_there() {
        let theirs = manifest("a", "site", "2026-11-01", &[("x", "1"), ("y", "2")]);
        let ours = manifest("b", "site", "2026-11-01", &[("x", "1"), ("y", "3")]);
        let found = copies(&ours, Some(&theirs));
        assert_eq!(found.get("x.parquet"), Some(&("a", "x.parquet")));
        assert_eq!(found.len(), 1);
        assert!(copies(&ours, Some(&ours)).is_empty());
        assert!(copies(&ours, None).is_empty());
    }
}
