//! The positions are those of établissements that exist, where they are, and nobody's who hides.

use std::collections::HashMap;

use super::projection::Projection;
use super::tests::{POSITIONS, generated, rows, stock, stock_bytes};

#[test]
fn projections_agree_with_proj() {
    // As PROJ 9.5 computes them: abscissa, ordinate, latitude, longitude.
    for (projection, x, y, latitude, longitude) in [
        (
            Projection::Lambert93,
            652_469.02,
            6_862_035.26,
            48.856_600_01,
            2.352_199_96,
        ),
        (
            Projection::Lambert93,
            1_195_000.0,
            6_095_000.0,
            41.788_120_05,
            8.946_473_24,
        ),
        (
            Projection::Lambert93,
            150_000.0,
            6_840_000.0,
            48.426_735_77,
            -4.445_573_90,
        ),
        (
            Projection::Antilles,
            645_000.0,
            1_795_000.0,
            16.231_293_79,
            -61.643_288_91,
        ),
        (
            Projection::Guyane,
            345_000.0,
            540_000.0,
            4.883_974_15,
            -52.397_850_36,
        ),
        (
            Projection::Reunion,
            340_000.0,
            7_663_000.0,
            -21.127_192_55,
            55.459_313_94,
        ),
    ] {
        let (found_latitude, found_longitude) = projection.to_degrees(x, y);
        assert!(
            (found_latitude - latitude).abs() < 1e-7,
            "{projection:?}: {found_latitude}"
        );
        assert!(
            (found_longitude - longitude).abs() < 1e-7,
            "{projection:?}: {found_longitude}"
        );
    }
}

/// Latitudes and longitudes of a territory.
fn bounds(epsg: &str) -> [(f64, f64); 2] {
    match epsg {
        "2154" => [(41.0, 51.5), (-5.5, 9.8)],
        "5490" => [(14.2, 16.7), (-62.0, -60.7)],
        "2972" => [(2.0, 6.0), (-55.0, -51.0)],
        "2975" => [(-21.6, -20.7), (55.0, 56.0)],
        other => panic!("{other}"),
    }
}

#[test]
fn positions_are_those_of_etablissements_and_fall_in_their_territory() {
    let (folder, _) = generated();
    let etablissements: HashMap<_, _> = stock(folder.path(), "StockEtablissement")
        .into_iter()
        .map(|etablissement| (etablissement["siret"].clone(), etablissement))
        .collect();
    let positions = rows(&stock_bytes(folder.path(), POSITIONS), b';');
    assert!(positions.is_sorted_by(|a, b| a["siret"] < b["siret"]));
    let mut matched = 0;
    for position in &positions {
        let etablissement = &etablissements[&position["siret"]];
        let commune = &etablissement["codeCommuneEtablissement"];
        assert_eq!(&position["plg_code_commune"], commune);
        assert!(position["plg_iris"].len() == 9 && position["plg_iris"].starts_with(commune));
        assert!(!commune.starts_with("976"), "{position:?}");
        let number = |name: &str| position[name].parse::<f64>().unwrap();
        let [latitudes, longitudes] = bounds(&position["epsg"]);
        let (latitude, longitude) = (number("y_latitude"), number("x_longitude"));
        assert!(
            (latitudes.0..latitudes.1).contains(&latitude),
            "{position:?}"
        );
        assert!(
            (longitudes.0..longitudes.1).contains(&longitude),
            "{position:?}"
        );
        let partial = etablissement["statutDiffusionEtablissement"] == "P";
        assert!(!partial || position["qualite_xy"] == "33", "{position:?}");
        if !partial && !etablissement["coordonneeLambertAbscisseEtablissement"].is_empty() {
            matched += 1;
            assert_eq!(position["qualite_xy"], "11");
            for (ours, theirs) in [("x", "Abscisse"), ("y", "Ordonnee")] {
                let theirs = format!("coordonneeLambert{theirs}Etablissement");
                assert_eq!(position[ours], etablissement[&theirs]);
            }
        }
    }
    assert!(matched > 1000, "{matched}");
}

#[test]
fn shares_are_those_of_the_file() {
    let (folder, _) = generated();
    let etablissements = stock(folder.path(), "StockEtablissement");
    let positions = rows(&stock_bytes(folder.path(), POSITIONS), b';');
    let share = |column: &str, value: &str| {
        let found = positions.iter().filter(|row| row[column] == value);
        found.count() * 1000 / positions.len()
    };
    let covered = positions.len() * 1000 / etablissements.len();
    assert!((800..880).contains(&covered), "{covered}");
    for (column, value, expected) in [
        ("qualite_xy", "11", 560..660),
        ("qualite_xy", "33", 150..220),
        ("qualite_xy", "12", 130..220),
        ("epsg", "2154", 980..1000),
        ("plg_qp24", "HZ", 300..600),
        ("plg_qp24", "CSZ", 300..600),
        ("plg_zus", "", 1000..1001),
    ] {
        let found = share(column, value);
        assert!(expected.contains(&found), "{column} {value}: {found}");
    }
    let partial: std::collections::HashSet<_> = etablissements
        .iter()
        .filter(|etablissement| etablissement["statutDiffusionEtablissement"] == "P")
        .map(|etablissement| etablissement["siret"].as_str())
        .collect();
    let placed = positions
        .iter()
        .filter(|position| partial.contains(position["siret"].as_str()))
        .count();
    let half = placed * 100 / partial.len();
    assert!((40..60).contains(&half), "{half} % of those who hide");
}
