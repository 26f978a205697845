//! The two historical files agree with the current ones, and with themselves.

use std::collections::HashMap;

use chrono::NaiveDate;
use registre_schemas::column::Kind;
use registre_schemas::diffusion::MASK;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::{Table, table};

use super::tests::{Rows, generated, stock};

type Row = HashMap<String, String>;

/// A historical file, and the file of current states it ends with.
struct Case {
    file: &'static str,
    table: &'static Table,
    current_file: &'static str,
    current_table: &'static Table,
    key: &'static str,
    count: &'static str,
    /// Periods per unit, in hundredths: INSEE's files have 2.38 and 2.18.
    average: std::ops::Range<usize>,
}

fn cases() -> [Case; 2] {
    [
        Case {
            file: "StockUniteLegaleHistorique",
            table: &UNITE_LEGALE_PERIODE,
            current_file: "StockUniteLegale",
            current_table: table("unite_legale").unwrap(),
            key: "siren",
            count: "nombrePeriodesUniteLegale",
            average: 225..250,
        },
        Case {
            file: "StockEtablissementHistorique",
            table: &ETABLISSEMENT_PERIODE,
            current_file: "StockEtablissement",
            current_table: table("etablissement").unwrap(),
            key: "siret",
            count: "nombrePeriodesEtablissement",
            average: 205..230,
        },
    ]
}

/// Rows that follow each other and share their key.
fn group(rows: Rows, key: &str) -> Vec<Vec<Row>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if group[0][key] == row[key] => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    groups
}

/// Each `changement` column, with the columns it speaks of.
fn flags(table: &Table) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut flags = Vec::new();
    let mut spoken_of = Vec::new();
    for column in table
        .columns
        .iter()
        .skip_while(|c| c.kind != Kind::Date)
        .skip(2)
    {
        if column.kind == Kind::Boolean {
            flags.push((column.name, std::mem::take(&mut spoken_of)));
        } else {
            spoken_of.push(column.name);
        }
    }
    flags
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_newest_period_is_the_current_row_and_all_are_counted() {
    let (folder, _) = generated();
    for case in cases() {
        let groups = group(stock(folder.path(), case.file), case.key);
        let current = stock(folder.path(), case.current_file);
        assert_eq!(groups.len(), current.len(), "{}", case.file);
        for (periodes, current) in groups.iter().zip(&current) {
            assert_eq!(
                current[case.count],
                periodes.len().to_string(),
                "{current:?}"
            );
            for column in case.table.columns {
                if case.current_table.column(column.name).is_some() {
                    assert_eq!(
                        periodes[0][column.name], current[column.name],
                        "{}: {current:?}",
                        column.name
                    );
                }
            }
        }
        let rows: usize = groups.iter().map(Vec::len).sum();
        let average = rows * 100 / groups.len();
        assert!(case.average.contains(&average), "{}: {average}", case.file);
    }
}

#[test]
fn periods_touch_and_each_but_the_oldest_says_what_changed() {
    let (folder, _) = generated();
    for case in cases() {
        let flags = flags(case.table);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for periodes in group(stock(folder.path(), case.file), case.key) {
            assert_eq!(periodes[0]["dateFin"], "");
            for pair in periodes.windows(2) {
                let (newer, older) = (&pair[0], &pair[1]);
                let veille = day(&newer["dateDebut"]).pred_opt().unwrap();
                assert_eq!(day(&older["dateFin"]), veille, "{newer:?} {older:?}");
                assert!(older["dateDebut"] <= older["dateFin"], "{older:?}");
                let mut changed = false;
                for (flag, columns) in &flags {
                    let flagged = newer[*flag] == "true";
                    changed |= flagged;
                    *seen.entry(flag).or_default() += usize::from(flagged);
                    // What is hidden may have changed: nobody is to see to what.
                    if !columns.iter().any(|column| newer[*column] == MASK) {
                        let differs = columns.iter().any(|c| newer[*c] != older[*c]);
                        assert_eq!(flagged, differs, "{flag}: {newer:?} {older:?}");
                    }
                    for column in columns {
                        assert_eq!(newer[*column] == MASK, older[*column] == MASK);
                    }
                }
                assert!(changed, "{newer:?}");
            }
            let oldest = periodes.last().unwrap();
            assert!(flags.iter().all(|(flag, _)| oldest[*flag] == "false"));
        }
        // INSEE no longer manages that one for units.
        let never = "changementCaractereEmployeurUniteLegale";
        for (flag, _) in &flags {
            assert_eq!(
                seen.get(flag).is_some_and(|n| *n > 0),
                *flag != never,
                "{flag}"
            );
        }
    }
}

#[test]
fn a_siege_of_the_past_was_open_then() {
    let (folder, _) = generated();
    let creations: HashMap<String, String> = stock(folder.path(), "StockEtablissement")
        .into_iter()
        .map(|mut e| {
            (
                e.remove("siret").unwrap(),
                e.remove("dateCreationEtablissement").unwrap(),
            )
        })
        .collect();
    let mut moved = 0;
    for periode in stock(folder.path(), "StockUniteLegaleHistorique") {
        let siret = format!("{}{}", periode["siren"], periode["nicSiegeUniteLegale"]);
        assert!(creations.contains_key(&siret), "{periode:?}");
        if periode["changementNicSiegeUniteLegale"] == "true" {
            moved += 1;
            assert!(creations[&siret] <= periode["dateDebut"], "{periode:?}");
        }
    }
    assert!(moved > 500, "{moved}");
}

#[test]
fn the_shapes_that_break_others_are_there() {
    let (folder, _) = generated();
    let rows = stock(folder.path(), "StockUniteLegaleHistorique");
    let count = |wanted: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
    assert!(count(&|row| row["dateDebut"] == "1900-01-01") > 10);
    assert!(
        count(&|row| row["dateDebut"].is_empty()) > 0,
        "purged, end unknown"
    );
    let reopened =
        |row: &Row| row["etatAdministratifUniteLegale"] == "C" && !row["dateFin"].is_empty();
    assert!(count(&reopened) > 10);
    let nomenclature = "nomenclatureActivitePrincipaleUniteLegale";
    for code in ["NAFRev2", "NAFRev1", "NAF1993", "NAP", ""] {
        assert!(count(&|row| row[nomenclature] == code) > 10, "{code}");
    }
    assert!(count(&|row| row["nomUniteLegale"] == MASK && !row["dateFin"].is_empty()) > 10);
    let purged: Vec<String> = stock(folder.path(), "StockUniteLegale")
        .into_iter()
        .filter(|unite| unite["unitePurgeeUniteLegale"] == "true")
        .map(|mut unite| unite.remove("siren").unwrap())
        .collect();
    assert_eq!(count(&|row| purged.contains(&row["siren"])), purged.len());
}
