//! From the legal projection of a territory back to latitude and longitude: Lambert 93, and the UTM
//! zones of the overseas départements. All are on the GRS 80 ellipsoid, within centimetres of WGS 84.
//!
//! Formulas: IGN, « Projection cartographique conique conforme de Lambert » (NT/G 71), constants of
//! Lambert 93; Krüger's series for UTM, to the third order, which is under a millimetre here.

use std::f64::consts::FRAC_PI_2;

/// A legal projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Metropolitan France.
    Lambert93,
    /// UTM 20 north, Guadeloupe and Martinique.
    Antilles,
    /// UTM 22 north.
    Guyane,
    /// UTM 40 south.
    Reunion,
}

/// GRS 80.
const SEMI_MAJOR_AXIS: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_222_101;
const THIRD_FLATTENING: f64 = FLATTENING / (2.0 - FLATTENING);

/// Lambert 93: exponent, constant, and the pole's place.
const EXPONENT: f64 = 0.725_607_765_0;
const CONSTANT: f64 = 11_754_255.426;
const POLE: (f64, f64) = (700_000.0, 12_655_612.050);
const LAMBERT_MERIDIAN: f64 = 3.0;

/// UTM: scale on the central meridian, and false origin.
const SCALE: f64 = 0.9996;
const FALSE_EASTING: f64 = 500_000.0;
const FALSE_NORTHING_SOUTH: f64 = 10_000_000.0;

impl Projection {
    /// That of the files about a département. Mayotte has one, but is not in them.
    #[must_use]
    pub fn of_departement(code: &str) -> Option<Self> {
        match code {
            "971" | "972" => Some(Self::Antilles),
            "973" => Some(Self::Guyane),
            "974" => Some(Self::Reunion),
            _ if code.len() == 2 => Some(Self::Lambert93),
            _ => None,
        }
    }

    /// Its code in the EPSG registry.
    #[must_use]
    pub fn epsg(self) -> &'static str {
        match self {
            Self::Lambert93 => "2154",
            Self::Antilles => "5490",
            Self::Guyane => "2972",
            Self::Reunion => "2975",
        }
    }

    /// Latitude and longitude in degrees of a point in metres.
    #[must_use]
    pub fn to_degrees(self, x: f64, y: f64) -> (f64, f64) {
        let (conformal, longitude) = match self {
            Self::Lambert93 => from_lambert(x, y),
            Self::Antilles => from_utm(x, y, -63.0),
            Self::Guyane => from_utm(x, y, -51.0),
            Self::Reunion => from_utm(x, y - FALSE_NORTHING_SOUTH, 57.0),
        };
        (latitude(conformal).to_degrees(), longitude)
    }
}

/// Conformal latitude in radians, longitude in degrees.
fn from_lambert(x: f64, y: f64) -> (f64, f64) {
    let (dx, dy) = (x - POLE.0, POLE.1 - y);
    let isometric = -(dx.hypot(dy) / CONSTANT).ln() / EXPONENT;
    let longitude = (dx / dy).atan() / EXPONENT;
    (
        2.0 * isometric.exp().atan() - FRAC_PI_2,
        LAMBERT_MERIDIAN + longitude.to_degrees(),
    )
}

/// Conformal latitude in radians, longitude in degrees.
fn from_utm(x: f64, y: f64, meridian: f64) -> (f64, f64) {
    const N: f64 = THIRD_FLATTENING;
    const RADIUS: f64 = SEMI_MAJOR_AXIS / (1.0 + N) * (1.0 + N * N / 4.0 + N * N * N * N / 64.0);
    const SERIES: [f64; 3] = [
        N / 2.0 - 2.0 / 3.0 * N * N + 37.0 / 96.0 * N * N * N,
        N * N / 48.0 + N * N * N / 15.0,
        17.0 / 480.0 * N * N * N,
    ];
    let xi = y / (SCALE * RADIUS);
    let eta = (x - FALSE_EASTING) / (SCALE * RADIUS);
    let (mut north, mut east) = (xi, eta);
    for (order, coefficient) in [2.0, 4.0, 6.0].into_iter().zip(SERIES) {
        north -= coefficient * (order * xi).sin() * (order * eta).cosh();
        east -= coefficient * (order * xi).cos() * (order * eta).sinh();
    }
    let longitude = east.sinh().atan2(north.cos()).to_degrees();
    ((north.sin() / east.cosh()).asin(), meridian + longitude)
}

/// Geodetic latitude from the conformal one, in radians.
fn latitude(conformal: f64) -> f64 {
    const N: f64 = THIRD_FLATTENING;
    const SERIES: [f64; 3] = [
        2.0 * N - 2.0 / 3.0 * N * N - 2.0 * N * N * N,
        7.0 / 3.0 * N * N - 8.0 / 5.0 * N * N * N,
        56.0 / 15.0 * N * N * N,
    ];
    let terms = [2.0, 4.0, 6.0].into_iter().zip(SERIES);
    conformal
        + terms
            .map(|(order, coefficient)| coefficient * (order * conformal).sin())
            .sum::<f64>()
}
