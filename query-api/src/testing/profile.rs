//! What describes the tiny snapshot: its sources, gates and profile, with texts that HTML must not
//! take for its own.

use registre_schemas::manifest::{DecodeReport, Gate, SourceFile, Verdict};
use registre_schemas::profile::{
    Active, Changes, ColumnProfile, Compared, Comparison, Count, FILE_NAME, Frequent, Profile,
    TableProfile, VERSION,
};
use std::collections::BTreeMap;
use std::fs;

use super::Fixture;

impl Fixture {
    /// As a snapshot made by the first versions.
    pub(crate) fn without_profile(self, id: &str) -> Self {
        let folder = self.folder.path().join("snapshots").join(id);
        fs::remove_file(folder.join(FILE_NAME)).unwrap();
        self
    }
}

pub(super) fn sources() -> Vec<SourceFile> {
    vec![SourceFile {
        name: "StockEtablissement".to_owned(),
        table: "etablissement".to_owned(),
        resource_id: None,
        title: "Sirene : <StockEtablissement>".to_owned(),
        url: "https://example.org/StockEtablissement.zip".to_owned(),
        etag: None,
        last_modified: Some("2026-11-02T05:00:00Z".parse().unwrap()),
        size: 2_910_000_000,
        published_checksum: None,
        sha256: "5eed".to_owned(),
        licence: "Licence Ouverte 2.0, Insee".to_owned(),
        report: DecodeReport {
            rows_read: 1005,
            rows_kept: 1004,
            rejects: BTreeMap::from([("nombre de champs".to_owned(), 1)]),
            ..DecodeReport::default()
        },
    }]
}

pub(super) fn gates() -> Vec<Gate> {
    vec![Gate {
        name: "volume".to_owned(),
        verdict: Verdict::Overridden,
        detail: "etablissement: value \"EXEMPLE\"".to_owned(),
    }]
}

pub(super) fn profile(id: &str) -> Profile {
    let column = |name: &str| ColumnProfile {
        name: name.to_owned(),
        kind: "texte".to_owned(),
        nulls: 0,
        masked: 0,
        distinct: 4,
        estimated: false,
        withheld: false,
        min: None,
        max: None,
        frequent: Vec::new(),
    };
    let frequent = [("75107", 3), ("<b>92050", 3)].map(|(value, count)| Frequent {
        value: value.to_owned(),
        count,
    });
    let changes = Changes {
        created: 1234,
        moved: Some(0),
        hidden: Some(5),
        ..Changes::default()
    };
    Profile {
        version: VERSION,
        snapshot: id.to_owned(),
        comparison: Comparison {
            state: Compared::Done,
            previous: Some("<i>avant</i>".to_owned()),
        },
        changes: BTreeMap::from([
            ("etablissement".to_owned(), changes),
            ("unite_legale".to_owned(), Changes::default()),
        ]),
        active: Active {
            total: 17_000_000,
            by_departement: vec![Count {
                code: Some("75".to_owned()),
                label: Some("Paris".to_owned()),
                count: 2_000_000,
                difference: Some(-12),
            }],
            by_section: vec![Count {
                code: None,
                label: None,
                count: 7,
                difference: Some(7),
            }],
        },
        tables: vec![TableProfile {
            table: "etablissement".to_owned(),
            rows: 8,
            sha256: "f00d".to_owned(),
            columns: vec![
                ColumnProfile {
                    nulls: 1,
                    min: Some("<u>".to_owned()),
                    max: Some("92050".to_owned()),
                    frequent: frequent.to_vec(),
                    ..column("codeCommuneEtablissement")
                },
                ColumnProfile {
                    masked: 1,
                    distinct: 5_000_000,
                    estimated: true,
                    withheld: true,
                    ..column("libelleVoieEtablissement")
                },
                column("<nouvelle>"),
            ],
        }],
    }
}
