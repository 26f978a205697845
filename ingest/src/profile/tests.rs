//! On tables small enough to count by hand, written as a snapshot's are.

use arrow::array::{ArrayRef, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::record_batch::RecordBatch;
use registre_schemas::diffusion::values_are_public;
use registre_schemas::manifest::VERSION;
use registre_schemas::{TABLES, Table};
use std::sync::Arc;
use tempfile::TempDir;

use super::*;
use crate::snapshot::TableWriter;

/// A row: the columns it has.
type Row<'a> = Vec<(&'a str, &'a str)>;

/// A snapshot of these rows; tables that are not named are empty.
fn snapshot(id: &str, rows: &[(&str, Vec<Row<'_>>)]) -> (TempDir, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    let tables = TABLES.iter().map(|table| {
        let rows = rows.iter().find(|(name, _)| *name == table.name);
        let rows = rows.map_or(&[] as &[Row<'_>], |(_, rows)| rows);
        write_table(folder.path(), table, rows)
    });
    let manifest = Manifest {
        version: VERSION,
        id: id.to_owned(),
        parent: None,
        created_at: chrono::Utc::now(),
        producer: String::new(),
        origin: "essai".to_owned(),
        as_of: BTreeMap::new(),
        sources: Vec::new(),
        tables: tables.collect(),
        fiches: Vec::new(),
        gates: Vec::new(),
        updates: Vec::new(),
        hidden_as_of: None,
    };
    (folder, manifest)
}

fn write_table(folder: &Path, table: &'static Table, rows: &[Row<'_>]) -> TableFile {
    let schema = table.schema(&["nouvelle".to_owned()]);
    let mut writer = TableWriter::create(folder, table, Arc::clone(&schema)).unwrap();
    if !rows.is_empty() {
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            let cell = |row: &Row<'_>| {
                let found = row.iter().find(|(name, _)| name == field.name());
                found.map(|(_, text)| (*text).to_owned())
            };
            let texts: StringArray = rows.iter().map(cell).collect();
            if rows.iter().any(|row| cell(row).is_some()) {
                cast(&texts, field.data_type()).unwrap()
            } else {
                new_null_array(field.data_type(), rows.len())
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        writer.write(batch).unwrap();
    }
    writer.finish(&Context::silent()).unwrap().file
}

fn profile_of(new: &(TempDir, Manifest), old: Option<&(TempDir, Manifest)>) -> Profile {
    let old = old.map(|(folder, manifest)| (folder.path(), manifest));
    profile(new.0.path(), &new.1, old, &Context::silent()).unwrap()
}

/// An établissement, with more columns or other values.
fn place<'a>(siret: &'a str, columns: &[(&'a str, &'a str)]) -> Row<'a> {
    let mut row = columns.to_vec();
    row.extend([
        ("siret", siret),
        ("siren", &siret[..9]),
        ("nic", &siret[9..]),
        ("statutDiffusionEtablissement", "O"),
        ("etatAdministratifEtablissement", "A"),
        ("codeCommuneEtablissement", "75107"),
        ("numeroVoieEtablissement", "20"),
        ("nomenclatureActivitePrincipaleEtablissement", "NAFRev2"),
        ("activitePrincipaleEtablissement", "84.11Z"),
    ]);
    row
}

#[test]
fn each_column_is_counted_and_what_is_rare_or_personal_is_not_shown() {
    let masked = [
        ("statutDiffusionEtablissement", "P"),
        ("enseigne1Etablissement", "[ND]"),
        ("libelleVoieEtablissement", "RUE [ND]"),
    ];
    let mut rows = vec![place("90000000100017", &masked)];
    let sirets: Vec<String> = (2..6).map(|unit| format!("90000000{unit}00017")).collect();
    for (rank, siret) in sirets.iter().enumerate() {
        let mut columns = vec![
            ("enseigne1Etablissement", "FICTIF"),
            ("libelleVoieEtablissement", "DE L EXEMPLE"),
            ("dateCreationEtablissement", "2020-02-29"),
            (
                "dateDernierTraitementEtablissement",
                "2024-01-31T23:59:59.5",
            ),
            ("nombrePeriodesEtablissement", "12"),
            ("etablissementSiege", "true"),
            ("y_latitude", "48.85"),
            ("nouvelle", "SPECIMEN"),
        ];
        if rank == 3 {
            columns.insert(0, ("codeCommuneEtablissement", "2A004"));
        }
        rows.push(place(siret, &columns));
    }
    let made = snapshot("1", &[("etablissement", rows)]);
    let profile = profile_of(&made, None);
    let table = profile
        .tables
        .iter()
        .find(|table| table.table == "etablissement");
    let table = table.unwrap();
    assert_eq!(table.rows, 5);
    let column = |name: &str| {
        table
            .columns
            .iter()
            .find(|column| column.name == name)
            .unwrap()
    };
    let counts = |name: &str| {
        let column = column(name);
        assert!(!column.estimated);
        (column.nulls, column.masked, column.distinct)
    };
    let shown = |name: &str| {
        let column = column(name);
        let frequent = column.frequent.iter();
        let frequent: Vec<_> = frequent.map(|f| (f.value.as_str(), f.count)).collect();
        (column.min.as_deref(), column.max.as_deref(), frequent)
    };
    assert_eq!(counts("siret"), (0, 0, 5));
    assert_eq!(counts("enseigne1Etablissement"), (0, 1, 1));
    assert_eq!(counts("libelleVoieEtablissement"), (0, 1, 1));
    assert_eq!(counts("enseigne2Etablissement"), (5, 0, 0));
    assert_eq!(counts("dateCreationEtablissement"), (1, 0, 1));
    assert_eq!(counts("y_latitude"), (1, 0, 1));
    assert_eq!(
        shown("codeCommuneEtablissement"),
        (Some("2A004"), Some("75107"), vec![("75107", 4)])
    );
    for (name, text) in [
        ("dateCreationEtablissement", "2020-02-29"),
        (
            "dateDernierTraitementEtablissement",
            "2024-01-31T23:59:59.500",
        ),
        ("nombrePeriodesEtablissement", "12"),
        ("etablissementSiege", "true"),
    ] {
        assert_eq!(
            shown(name),
            (Some(text), Some(text), vec![(text, 4)]),
            "{name}"
        );
    }
    for name in [
        "enseigne1Etablissement",
        "libelleVoieEtablissement",
        "y_latitude",
        "nouvelle",
    ] {
        assert!(column(name).withheld, "{name}");
        assert_eq!(shown(name), (None, None, vec![]), "{name}");
    }
    let text = serde_json::to_string(&profile).unwrap();
    for hidden in ["FICTIF", "EXEMPLE", "SPECIMEN", "48.85", "[ND]"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

/// Every column that may hold something of a person, filled with a word of its own: none comes out.
#[test]
fn no_value_of_a_personal_column_leaves_the_snapshot() {
    let mut filled = 0;
    let mut rows = Vec::new();
    for table in TABLES {
        let hidden = |column: &registre_schemas::Column| {
            column.kind == registre_schemas::Kind::Text && !values_are_public(table, column)
        };
        let key = table.columns.iter().filter(|column| !column.nullable());
        let mut row: Row<'_> = key.map(|column| (column.name, "00000000000000")).collect();
        let personal = table.columns.iter().filter(|column| hidden(column));
        row.extend(personal.map(|column| (column.name, "SECRET")));
        filled += row.iter().filter(|(_, text)| *text == "SECRET").count();
        rows.push((table.name, vec![row; 5]));
    }
    assert!(filled > 90, "{filled}");
    let made = snapshot("1", &rows);
    let text = serde_json::to_string(&profile_of(&made, None)).unwrap();
    assert!(!text.contains("SECRET"));
}

#[test]
fn what_changed_is_counted_once_per_question() {
    let partial = ("statutDiffusionEtablissement", "P");
    let closed = ("etatAdministratifEtablissement", "F");
    let nanterre = ("codeCommuneEtablissement", "92050");
    let old = [
        place("90000000100017", &[]),                                 // stays
        place("90000000200017", &[]),                                 // closes
        place("90000000300017", &[closed]),                           // reopens
        place("90000000400017", &[]),                                 // another commune
        place("90000000500017", &[("numeroVoieEtablissement", "1")]), // another number
        place("90000000600017", &[]),                                 // is named
        place("90000000700017", &[("enseigne1Etablissement", "EXEMPLE")]), // hides
        place("90000000800017", &[partial]),                          // shows
        place("90000000900017", &[partial]),                          // hidden, another commune
        place("90000001000017", &[]),                                 // a mask on a whole row
        place("90000001100017", &[]),                                 // goes
    ];
    let new = [
        place("89999999900017", &[closed]), // comes, first
        place("90000000100017", &[]),
        place("90000000200017", &[closed]),
        place("90000000300017", &[]),
        place("90000000400017", &[nanterre]),
        place("90000000500017", &[("numeroVoieEtablissement", "2")]),
        place("90000000600017", &[("enseigne1Etablissement", "SPECIMEN")]),
        place(
            "90000000700017",
            &[
                partial,
                ("enseigne1Etablissement", "[ND]"),
                ("numeroVoieEtablissement", "[ND]"),
            ],
        ),
        place("90000000800017", &[("enseigne1Etablissement", "FICTIF")]),
        place(
            "90000000900017",
            &[partial, nanterre, ("numeroVoieEtablissement", "3")],
        ),
        place("90000001000017", &[("numeroVoieEtablissement", "[ND]")]),
        place("90000001200017", &[]), // comes, last
    ];
    let old = snapshot("1", &[("etablissement", old.to_vec())]);
    let new = snapshot("2", &[("etablissement", new.to_vec())]);
    let profile = profile_of(&new, Some(&old));
    assert_eq!(profile.comparison.state, Compared::Done);
    assert_eq!(profile.comparison.previous.as_deref(), Some("1"));
    assert_eq!(
        profile.changes["etablissement"],
        Changes {
            created: 2,
            closed: 1,
            reopened: 1,
            moved: Some(3),
            renamed: 1,
            hidden: Some(1),
            gone: 1,
        }
    );
    let counts: Vec<_> = profile.active.by_departement.iter().collect();
    let counts: Vec<_> = counts
        .iter()
        .map(|count| (count.code.as_deref(), count.count, count.difference))
        .collect();
    assert_eq!(
        counts,
        [(Some("75"), 8, Some(-2)), (Some("92"), 2, Some(2))]
    );
    assert_eq!(profile.active.by_section[0].code.as_deref(), Some("O"));
    assert_eq!(profile.active.total, 10);
}

#[test]
fn units_and_associations_change_by_their_own_names() {
    let unit = |siren: &'static str, state, statut, name| -> Row<'static> {
        vec![
            ("siren", siren),
            ("etatAdministratifUniteLegale", state),
            ("statutDiffusionUniteLegale", statut),
            ("denominationUniteLegale", name),
        ]
    };
    let old_units = vec![
        unit("900000001", "A", "O", "EXEMPLE"),
        unit("900000002", "A", "O", "EXEMPLE"),
        unit("900000003", "A", "O", "EXEMPLE"),
        unit("900000004", "A", "P", "EXEMPLE"),
    ];
    let new_units = vec![
        unit("900000001", "C", "O", "EXEMPLE"),
        unit("900000002", "A", "O", "AUTRE EXEMPLE"),
        unit("900000003", "A", "P", "[ND]"),
        unit("900000004", "A", "P", "AUTRE EXEMPLE"),
    ];
    let association = |id: &'static str, position, titre, voie| -> Row<'static> {
        vec![
            ("id", id),
            ("position", position),
            ("titre", titre),
            ("adrs_libvoie", voie),
        ]
    };
    let old_associations = vec![
        association("W000000001", "A", "EXEMPLE", "UNE"),
        association("W000000002", "A", "EXEMPLE", "UNE"),
        association("W000000003", "A", "EXEMPLE", "UNE"),
    ];
    let new_associations = vec![
        association("W000000001", "D", "EXEMPLE", "DEUX"),
        association("W000000003", "A", "AUTRE", "UNE"),
    ];
    let old = [
        ("unite_legale", old_units),
        ("association", old_associations),
    ];
    let new = [
        ("unite_legale", new_units),
        ("association", new_associations),
    ];
    let profile = profile_of(&snapshot("2", &new), Some(&snapshot("1", &old)));
    assert_eq!(
        profile.changes["unite_legale"],
        Changes {
            closed: 1,
            renamed: 1,
            hidden: Some(1),
            ..Changes::default()
        }
    );
    assert_eq!(
        profile.changes["association"],
        Changes {
            closed: 1,
            moved: Some(1),
            renamed: 1,
            gone: 1,
            ..Changes::default()
        }
    );
}

#[test]
fn the_same_file_keeps_its_profile_and_has_no_change() {
    let made = snapshot(
        "1",
        &[("etablissement", vec![place("90000000100017", &[])])],
    );
    let mut first = profile_of(&made, None);
    assert_eq!(first.comparison.state, Compared::First);
    assert!(first.changes.is_empty() && first.active.total == 1);
    // Told apart from a profile made again by a mark.
    first.tables[1].columns[0].distinct = 77;
    let json = serde_json::to_vec(&first).unwrap();
    write_atomic(&made.0.path().join(FILE_NAME), &json).unwrap();
    let again = profile_of(&made, Some(&made));
    assert_eq!(again.tables, first.tables);
    assert_eq!(
        again.changes["etablissement"],
        Changes {
            moved: Some(0),
            hidden: Some(0),
            ..Changes::default()
        }
    );
    assert_eq!(again.active.by_departement[0].difference, Some(0));
}

#[test]
fn another_origin_or_a_damaged_snapshot_is_not_compared() {
    let rows = [("etablissement", vec![place("90000000100017", &[])])];
    let (old, new) = (snapshot("1", &[]), snapshot("2", &rows));
    fs::remove_file(old.0.path().join("etablissement.parquet")).unwrap();
    let profile = profile_of(&new, Some(&old));
    assert_eq!(profile.comparison.state, Compared::Unreadable);
    assert!(profile.changes.is_empty());
    assert_eq!(profile.active.by_departement[0].difference, None);

    let mut sample = snapshot("1", &rows);
    sample.1.origin = "sample".to_owned();
    let profile = profile_of(&new, Some(&sample));
    assert_eq!(profile.comparison.state, Compared::OtherOrigin);
    assert!(profile.changes.is_empty());
    assert_eq!(profile.active.by_departement[0].difference, None);
}
