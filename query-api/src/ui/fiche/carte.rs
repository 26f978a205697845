//! Where the établissements of a page are: dots on an outline of France, overseas in insets. An SVG
//! written here, without tiles: nothing is asked of anyone.

use registre_schemas::etablissement::ETABLISSEMENT;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::template::escape;
use super::contour::{CONTINENT, CORSE, Cadre, MANCHE, METROPOLE, OUTRE_MER};
use crate::dossier::{is_closed, is_hidden_etablissement};
use crate::record::{Record, at};
use crate::text::thousands;

/// Side of the square that the mainland is drawn in.
const SIDE: f64 = 400.0;
/// Side of an inset.
const INSET: f64 = 88.0;
/// Between insets, and for their name.
const GAP: f64 = 18.0;
/// Insets on one line.
const PER_LINE: usize = 4;

/// A dot: the register's own position, when there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    longitude: f64,
    latitude: f64,
    siege: bool,
    open: bool,
}

impl Point {
    /// None when INSEE could not place it, or when it may not be shown whole.
    fn of(place: &Record) -> Option<Self> {
        if is_hidden_etablissement(place) {
            return None;
        }
        Some(Self {
            longitude: place.real_at(at!(ETABLISSEMENT, "x_longitude"))?,
            latitude: place.real_at(at!(ETABLISSEMENT, "y_latitude"))?,
            siege: place.flag_at(at!(ETABLISSEMENT, "etablissementSiege")) == Some(true),
            open: !is_closed(place),
        })
    }
}

/// The map of some établissements, with its words; nothing when none of them has a position. `all` is
/// how many there are, when those given may be only some.
pub(super) fn of(places: &[Record], all: i64) -> Option<String> {
    let points: Vec<Point> = places.iter().filter_map(Point::of).collect();
    if points.is_empty() {
        return None;
    }
    let drawn = |cadre: &Cadre| -> Vec<Point> {
        let held = points.iter().copied();
        held.filter(|point| cadre.holds(point.longitude, point.latitude))
            .collect()
    };
    let mainland = drawn(&METROPOLE);
    let overseas: Vec<(&Cadre, Vec<Point>)> = OUTRE_MER
        .iter()
        .map(|cadre| (cadre, drawn(cadre)))
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let placed = mainland.len() + overseas.iter().map(|(_, held)| held.len()).sum::<usize>();
    if placed == 0 {
        return None;
    }
    let words = caption(&mainland, &overseas, placed, places.len(), all);
    let top = if mainland.is_empty() { 0.0 } else { SIDE };
    let lines = overseas.len().div_ceil(PER_LINE);
    let height = top + f64::from(u32::try_from(lines).unwrap_or_default()) * (INSET + GAP);
    let mut svg = format!(
        "<figure class=\"carte\"><svg viewBox=\"0 0 {SIDE} {height}\" role=\"img\" aria-label=\"Carte. {}\">",
        escape(&words)
    );
    if !mainland.is_empty() {
        outline(&mut svg, &[CONTINENT, MANCHE]);
        outline(&mut svg, &[CORSE]);
        dots(&mut svg, &METROPOLE, (0.0, 0.0, SIDE), &mainland);
    }
    let mut place = (0.0, top);
    for (rank, (cadre, points)) in overseas.iter().enumerate() {
        if rank > 0 {
            place = if rank % PER_LINE == 0 {
                (0.0, place.1 + INSET + GAP)
            } else {
                (place.0 + INSET + GAP / 2.0, place.1)
            };
        }
        let (x, y) = place;
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text><rect x=\"{x}\" y=\"{}\" width=\"{INSET}\" height=\"{INSET}\"/>",
            y + GAP - 6.0,
            text_width(cadre.nom),
            escape(cadre.nom),
            y + GAP,
        );
        dots(&mut svg, cadre, (x, y + GAP, INSET), points);
    }
    let _ = write!(
        svg,
        "</svg><figcaption>{} Position donnée par l'Insee ; contour schématique.</figcaption></figure>",
        escape(&words)
    );
    Some(svg)
}

/// A name is squeezed into the width of its inset.
fn text_width(name: &str) -> f64 {
    let natural = f64::from(u32::try_from(name.chars().count()).unwrap_or_default()) * 6.2;
    natural.min(INSET)
}

/// What the picture shows, for whoever does not see it too.
fn caption(
    mainland: &[Point],
    overseas: &[(&Cadre, Vec<Point>)],
    placed: usize,
    read: usize,
    all: i64,
) -> String {
    let number = |count: usize| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    let mut words = if i64::try_from(read).is_ok_and(|read| read < all) {
        format!(
            "{} établissements placés, parmi les {} premiers des {} par ordre de SIRET",
            number(placed),
            number(read),
            thousands(all)
        )
    } else if placed == 1 {
        "Un établissement placé".to_owned()
    } else {
        format!("{} établissements placés", number(placed))
    };
    if read > placed {
        let _ = write!(words, ", {} sans position", number(read - placed));
    }
    let mut where_they_are = Vec::new();
    if !mainland.is_empty() {
        where_they_are.push(format!("{} : {}", METROPOLE.nom, number(mainland.len())));
    }
    for (cadre, points) in overseas {
        where_they_are.push(format!("{} : {}", cadre.nom, number(points.len())));
    }
    if !overseas.is_empty() {
        let _ = write!(words, " ({})", where_they_are.join(", "));
    }
    words.push('.');
    let drawn = || {
        mainland
            .iter()
            .chain(overseas.iter().flat_map(|(_, held)| held))
    };
    if placed > 1 && drawn().any(|point| point.siege) {
        words.push_str(" Le siège est cerclé.");
    }
    if placed > 1 && drawn().any(|point| !point.open) {
        words.push_str(" Les établissements fermés sont en gris.");
    }
    words
}

/// Where a point of a box is drawn, in a square that starts at `place.0, place.1`. A degree of longitude
/// is shorter than one of latitude, by the cosine of the latitude in the middle of the box.
fn project(cadre: &Cadre, place: (f64, f64, f64), longitude: f64, latitude: f64) -> (f64, f64) {
    let (west, east) = cadre.longitudes;
    let (south, north) = cadre.latitudes;
    let shrink = f64::midpoint(south, north).to_radians().cos();
    let (width, height) = ((east - west) * shrink, north - south);
    let scale = place.2 / width.max(height);
    let left = place.0 + (place.2 - width * scale) / 2.0;
    let top = place.1 + (place.2 - height * scale) / 2.0;
    (
        left + (longitude - west) * shrink * scale,
        top + (north - latitude) * scale,
    )
}

fn outline(svg: &mut String, parts: &[&[(f64, f64)]]) {
    svg.push_str("<path d=\"");
    let mut command = 'M';
    for (longitude, latitude) in parts.iter().copied().flatten() {
        let (x, y) = project(&METROPOLE, (0.0, 0.0, SIDE), *longitude, *latitude);
        let _ = write!(svg, "{command}{x:.1} {y:.1}");
        command = 'L';
    }
    svg.push_str("Z\"/>");
}

/// One dot where several fall on the same half pixel; the siège last, above the others.
fn dots(svg: &mut String, cadre: &Cadre, place: (f64, f64, f64), points: &[Point]) {
    let mut drawn: BTreeSet<(bool, bool, String)> = BTreeSet::new();
    for point in points {
        let (x, y) = project(cadre, place, point.longitude, point.latitude);
        let at = format!("cx=\"{:.1}\" cy=\"{:.1}\"", half(x), half(y));
        drawn.insert((point.siege, point.open, at));
    }
    // Few dots may be large.
    let alone = drawn.len() < 4;
    for (siege, open, at) in drawn {
        let class = match (siege, open) {
            (true, _) => "siege",
            (false, true) => "ouvert",
            (false, false) => "ferme",
        };
        let radius = if siege || alone { 5 } else { 3 };
        let _ = write!(svg, "<circle class=\"{class}\" {at} r=\"{radius}\"/>");
    }
}

fn half(position: f64) -> f64 {
    (position * 2.0).round() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn place(longitude: &str, latitude: &str, siege: &str, statut: &str) -> Record {
        record(
            "etablissement",
            &[
                ("siret", "13002526500013"),
                ("statutDiffusionEtablissement", statut),
                ("etatAdministratifEtablissement", "A"),
                ("etablissementSiege", siege),
                ("x_longitude", longitude),
                ("y_latitude", latitude),
            ],
        )
    }

    #[test]
    fn a_dot_is_where_its_town_is() {
        let square = (0.0, 0.0, SIDE);
        let (paris_x, paris_y) = project(&METROPOLE, square, 2.35, 48.86);
        let (brest_x, _) = project(&METROPOLE, square, -4.49, 48.39);
        let (nice_x, nice_y) = project(&METROPOLE, square, 7.27, 43.70);
        assert!(brest_x < paris_x && paris_x < nice_x && paris_y < nice_y);
        for (longitude, latitude) in CONTINENT.iter().chain(MANCHE).chain(CORSE) {
            assert!(
                METROPOLE.holds(*longitude, *latitude),
                "{longitude} {latitude}"
            );
            let (x, y) = project(&METROPOLE, square, *longitude, *latitude);
            assert!((0.0..=SIDE).contains(&x) && (0.0..=SIDE).contains(&y));
        }
    }

    #[test]
    fn overseas_is_in_an_inset_and_the_words_say_how_many_are_where() {
        let places = [
            place("2.35", "48.86", "true", "O"),
            place("2.35", "48.86", "false", "O"),
            place("55.45", "-20.88", "false", "O"),
            // At sea: on no map.
            place("0.0", "0.0", "false", "O"),
        ];
        let map = of(&places, 4).unwrap();
        assert!(
            map.contains("La Réunion : 1") && map.contains("<rect "),
            "{map}"
        );
        assert!(
            map.contains("3 établissements placés, 1 sans position"),
            "{map}"
        );
        assert_eq!(map.matches("<circle ").count(), 3);
        let some = of(&places[..2], 17_000).unwrap();
        assert!(
            some.contains("parmi les 2 premiers des 17\u{202f}000"),
            "{some}"
        );
        assert!(!some.contains("<rect "));
    }

    #[test]
    fn who_asked_to_be_hidden_is_on_no_map() {
        assert_eq!(of(&[place("2.35", "48.86", "true", "P")], 1), None);
        assert_eq!(of(&[], 0), None);
    }
}
