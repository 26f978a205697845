//! Around a point: the squares of the map that a circle touches, and distances.

use registre_schemas::recherche::lieu::{self, CASES};

use super::Autour;
use super::etage::Champ;
use super::parcours::Condition;

/// Kilometres of a degree of latitude.
const DEGRE: f64 = 111.195;
/// Kilometres of the largest circle that is looked for in small squares.
const PETIT: f64 = 6.0;

/// Results of a circle whose distance is looked at. A page is within them.
pub(super) const REGARDES: usize = 660;

/// Circles around the same point, the last of which is that of the question.
pub(super) fn cercles(rayon: f64) -> [f64; 4] {
    [rayon / 64.0, rayon / 16.0, rayon / 4.0, rayon]
}

/// To be in one of the squares that the circle touches: a little more than being in the circle.
pub(super) fn condition(autour: &Autour) -> Condition {
    let niveau = usize::from(autour.rayon > PETIT);
    let hauteur = autour.rayon / DEGRE;
    // Near a pole, a degree of longitude is nothing: no établissement is there.
    let largeur = hauteur / autour.latitude.to_radians().cos().max(0.1);
    let case = |nord: f64, est: f64| {
        let latitude = (autour.latitude + nord * hauteur).clamp(-90.0, 90.0);
        lieu::case(niveau, latitude, autour.longitude + est * largeur)
    };
    let (bas, gauche) = case(-1.0, -1.0);
    let (haut, droite) = case(1.0, 1.0);
    let termes = (bas..=haut).flat_map(|y| {
        // Past 180 degrees, the map begins again.
        (gauche..=droite).map(move |x| lieu::terme_de_case(niveau, y, tour(niveau, x)))
    });
    Condition::Parmi(Champ::Lieu, termes.collect())
}

/// Squares around the Earth.
#[allow(clippy::cast_possible_truncation, reason = "some thousands")]
fn tour(niveau: usize, x: i32) -> i32 {
    let cases = (360.0 / CASES[niveau]).round() as i32;
    x.rem_euclid(cases)
}

/// Kilometres between the centre and a point, on a sphere.
pub(super) fn distance(autour: &Autour, latitude: f64, longitude: f64) -> f64 {
    let (phi, psi) = (autour.latitude.to_radians(), latitude.to_radians());
    let (nord, est) = (
        (psi - phi) / 2.0,
        (longitude - autour.longitude).to_radians() / 2.0,
    );
    let carre = nord.sin().powi(2) + phi.cos() * psi.cos() * est.sin().powi(2);
    2.0 * DEGRE * carre.sqrt().min(1.0).asin().to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: Autour = Autour {
        latitude: 48.8566,
        longitude: 2.3522,
        rayon: 5.0,
    };

    #[test]
    fn a_distance_is_that_of_the_map() {
        let lyon = distance(&PARIS, 45.764, 4.8357);
        assert!((391.0..393.0).contains(&lyon), "{lyon}");
        assert!(distance(&PARIS, PARIS.latitude, PARIS.longitude) < 1e-9);
    }

    #[test]
    fn every_point_of_a_circle_is_in_its_squares() {
        for rayon in [0.001, 1.0, 5.0, 6.5, 50.0] {
            for (latitude, longitude) in [
                (48.8566, 2.3522),
                (-21.1, 55.5),
                (-17.6, -149.6),
                (-16.8, 179.99),
            ] {
                let autour = Autour {
                    latitude,
                    longitude,
                    rayon,
                };
                let Condition::Parmi(_, termes) = condition(&autour) else {
                    panic!("not squares");
                };
                assert!(termes.len() < 200, "{}", termes.len());
                let niveau = usize::from(rayon > PETIT);
                for angle in 0..36 {
                    let angle = f64::from(angle * 10).to_radians();
                    let nord = latitude + 0.99 * rayon / DEGRE * angle.sin();
                    let est = longitude
                        + 0.99 * rayon / DEGRE / latitude.to_radians().cos() * angle.cos();
                    let (y, x) = lieu::case(niveau, nord, est);
                    let terme = lieu::terme_de_case(niveau, y, tour(niveau, x));
                    assert!(termes.contains(&terme), "{autour:?} {angle}");
                }
            }
        }
    }
}
