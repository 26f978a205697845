//! Where a point is, told by its metres: INSEE gives both metres and degrees, and the second follow
//! from the first.

/// Constants of Lambert 93, in metres, and its exponent. Source: IGN, NT/G 71.
const POLE_X: f64 = 700_000.0;
const POLE_Y: f64 = 12_655_612.050;
const EXPONENT: f64 = 0.725_607_765_0;
const MERIDIAN: f64 = 3.0;
/// Metropolitan France, in metres from the equator's side: no other projection of the file gets there.
const NORTHINGS: std::ops::RangeInclusive<f64> = 5_950_000.0..=7_250_000.0;
const EASTINGS: std::ops::RangeInclusive<f64> = -400_000.0..=1_400_000.0;

/// Latitude by the distance from the pole, in millions of metres from [`MIDDLE`]: IGN's formula,
/// fitted over [`NORTHINGS`] within 3e-9 degrees. Sums and products alone, unlike the formula itself,
/// give the same bits on every machine, which a file read elsewhere needs.
const LATITUDE: [f64; 7] = [
    46.550_533_470_106_814,
    -9.004_417_794_774_344,
    -0.007_502_641_191_103_205,
    0.036_922_648_444_546_17,
    -0.001_388_095_234_453_32,
    -7.718_876_701_365_115e-5,
    -9.717_037_174_900_805e-7,
];
const MIDDLE: f64 = 6_050_000.0;

/// Longitude and latitude in degrees of a point in metres, within a few millimetres; none outside
/// metropolitan France.
#[must_use]
pub fn degrees(x: f64, y: f64) -> Option<(f64, f64)> {
    if !NORTHINGS.contains(&y) || !EASTINGS.contains(&x) {
        return None;
    }
    let (dx, dy) = (x - POLE_X, POLE_Y - y);
    // `hypot` is a library's; a square root is the processor's, and exact.
    let distance = ((dx * dx + dy * dy).sqrt() - MIDDLE) / 1e6;
    let latitude = LATITUDE
        .iter()
        .rev()
        .fold(0.0, |sum, term| sum * distance + term);
    let tangent = dx / dy;
    let square = tangent * tangent;
    // The arctangent, by its series: the tangent is under an eighth.
    let series = 1.0
        - square
            * (1.0 / 3.0
                - square
                    * (1.0 / 5.0 - square * (1.0 / 7.0 - square * (1.0 / 9.0 - square / 11.0))));
    let longitude = MERIDIAN + tangent * series * (180.0 / std::f64::consts::PI) / EXPONENT;
    Some((longitude, latitude))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of IGN's own conversions, to the centimetre they are given at.
    #[test]
    fn known_points_of_france_are_where_they_are() {
        // The origin of the projection, and a point of NT/G 71's example.
        let (longitude, latitude) = degrees(700_000.0, 6_600_000.0).unwrap();
        assert!(
            (longitude - 3.0).abs() < 1e-9 && (latitude - 46.5).abs() < 1e-8,
            "{longitude} {latitude}"
        );
        assert_eq!(degrees(690_000.0, 1_770_000.0), None, "Martinique");
        assert_eq!(degrees(340_000.0, 7_650_000.0), None, "La Réunion");
    }
}
