//! The terms that say where an organisation is.

use std::fmt::Write as _;

use crate::nomenclature::departement_of;

/// Code of a commune, or of one of its arrondissements.
pub const COMMUNE: char = 'c';
/// Postcode.
pub const CODE_POSTAL: char = 'p';
/// Département.
pub const DEPARTEMENT: char = 'd';
/// A square of the map, of [`CASES`]`[0]`, then of `[1]`.
pub const CASE: [char; 2] = ['g', 'h'];

/// Sides of the squares of the map, in degrees: some two kilometres, and twenty.
pub const CASES: [f64; 2] = [0.02, 0.2];

/// Writes the terms of an établissement, each followed by a space.
pub fn ecrire(
    termes: &mut String,
    code_commune: &str,
    code_postal: &str,
    position: Option<(f64, f64)>,
) {
    let mut terme = |lettre: char, code: &str| {
        if !code.is_empty() {
            // A text never fails to be written.
            let _ = write!(termes, "{lettre}{code} ");
        }
    };
    terme(COMMUNE, code_commune);
    terme(CODE_POSTAL, code_postal);
    terme(
        DEPARTEMENT,
        departement_of(code_commune).unwrap_or_default(),
    );
    if let Some((latitude, longitude)) = position {
        for niveau in [0, 1] {
            let (y, x) = case(niveau, latitude, longitude);
            let _ = write!(termes, "{} ", terme_de_case(niveau, y, x));
        }
    }
}

/// The square of the map where a point is: from the south, from the west.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "degrees are bounded")]
pub fn case(niveau: usize, latitude: f64, longitude: f64) -> (i32, i32) {
    let cote = CASES[niveau];
    (
        ((latitude + 90.0) / cote).floor() as i32,
        ((longitude + 180.0) / cote).floor() as i32,
    )
}

/// The term of a square.
#[must_use]
pub fn terme_de_case(niveau: usize, y: i32, x: i32) -> String {
    format!("{}{y}.{x}", CASE[niveau])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etablissement_is_in_its_commune_its_departement_and_two_squares() {
        let mut termes = String::new();
        ecrire(&mut termes, "97411", "97400", Some((-20.88, 55.45)));
        assert_eq!(termes, "c97411 p97400 d974 g3456.11772 h345.1177 ");
        termes.clear();
        ecrire(&mut termes, "", "", None);
        assert_eq!(termes, "");
    }
}
