//! The outline of France that the map of a page is drawn on, and where its insets are.
//!
//! Some hundred points (longitude, latitude), placed on capes, towns of the coast and border crossings:
//! enough to recognise where a dot is, in two kilobytes, without asking anyone for tiles.

/// A box of the world and where it is drawn.
pub(super) struct Cadre {
    pub(super) nom: &'static str,
    /// Longitudes, west to east.
    pub(super) longitudes: (f64, f64),
    /// Latitudes, south to north.
    pub(super) latitudes: (f64, f64),
}

impl Cadre {
    pub(super) fn holds(&self, longitude: f64, latitude: f64) -> bool {
        (self.longitudes.0..=self.longitudes.1).contains(&longitude)
            && (self.latitudes.0..=self.latitudes.1).contains(&latitude)
    }
}

/// France in Europe.
pub(super) const METROPOLE: Cadre = Cadre {
    nom: "France métropolitaine",
    longitudes: (-5.3, 9.8),
    latitudes: (41.2, 51.3),
};

/// Overseas, each in its own inset, with what can be placed there.
pub(super) const OUTRE_MER: [Cadre; 10] = [
    cadre("Guadeloupe", (-61.9, -60.95), (15.75, 16.6)),
    cadre("Martinique", (-61.3, -60.75), (14.35, 14.95)),
    cadre("Guyane", (-54.7, -51.5), (2.0, 5.9)),
    cadre("La Réunion", (55.15, 55.9), (-21.45, -20.8)),
    cadre("Mayotte", (44.95, 45.35), (-13.1, -12.55)),
    cadre("Saint-Pierre-et-Miquelon", (-56.6, -56.0), (46.7, 47.2)),
    cadre(
        "Saint-Martin, Saint-Barthélemy",
        (-63.2, -62.7),
        (17.8, 18.2),
    ),
    cadre("Nouvelle-Calédonie", (163.4, 168.3), (-22.8, -19.4)),
    cadre("Polynésie française", (-154.8, -134.4), (-28.0, -7.8)),
    cadre("Wallis-et-Futuna", (-178.3, -176.0), (-14.5, -13.1)),
];

const fn cadre(nom: &'static str, longitudes: (f64, f64), latitudes: (f64, f64)) -> Cadre {
    Cadre {
        nom,
        longitudes,
        latitudes,
    }
}

/// The mainland, clockwise from Dunkerque.
#[rustfmt::skip] // a few points per line read as a stretch of coast
pub(super) const CONTINENT: &[(f64, f64)] = &[
    (2.37, 51.05), (2.55, 51.09), (2.63, 50.82), (3.13, 50.79), (3.67, 50.37), (4.10, 50.30), (4.22, 49.96),
    (4.70, 49.99), (4.83, 50.16), (4.97, 49.80), (5.47, 49.50), (5.82, 49.55), (6.37, 49.47), (6.73, 49.17),
    (7.05, 49.11), (7.43, 49.18), (7.95, 49.05), (8.23, 48.97), (7.97, 48.76), (7.80, 48.58), (7.57, 48.03),
    (7.59, 47.58), (7.38, 47.43), (7.00, 47.50), (6.95, 47.28), (6.45, 46.93), (6.43, 46.76), (6.06, 46.41),
    (5.97, 46.14), (6.30, 46.25), (6.25, 46.36), (6.50, 46.42), (6.80, 46.39), (6.77, 46.15), (7.04, 45.92),
    (6.86, 45.83), (6.82, 45.70), (7.00, 45.50), (7.18, 45.40), (6.88, 45.13), (6.63, 45.10), (6.75, 44.93),
    (7.02, 44.83), (7.07, 44.67), (6.87, 44.52), (6.90, 44.36), (7.20, 44.20), (7.67, 44.16), (7.50, 43.93),
    (7.53, 43.78), (7.27, 43.69), (7.02, 43.54), (6.80, 43.41), (6.68, 43.20), (6.12, 43.03), (5.93, 43.10),
    (5.60, 43.16), (5.35, 43.28), (4.90, 43.40), (4.55, 43.37), (4.12, 43.53), (3.70, 43.39), (3.50, 43.27),
    (3.10, 43.10), (3.05, 42.60), (3.17, 42.43), (2.86, 42.47), (2.45, 42.35), (1.95, 42.43), (1.73, 42.50),
    (1.73, 42.61), (1.44, 42.60), (0.85, 42.82), (0.68, 42.69), (0.00, 42.68), (-0.52, 42.80), (-1.32, 43.05),
    (-1.60, 43.25), (-1.78, 43.36), (-1.56, 43.48), (-1.44, 43.65), (-1.25, 44.60), (-1.16, 45.51), (-0.75, 45.35),
    (-1.03, 45.62), (-1.20, 46.15), (-1.80, 46.49), (-2.08, 46.79), (-2.20, 47.25), (-2.54, 47.29), (-2.80, 47.50),
    (-3.12, 47.52), (-3.40, 47.70), (-3.92, 47.86), (-4.37, 47.80), (-4.73, 48.04), (-4.30, 48.10), (-4.60, 48.25),
    (-4.77, 48.34), (-4.70, 48.58), (-3.98, 48.73), (-3.48, 48.83), (-3.00, 48.84), (-2.73, 48.54), (-2.32, 48.69),
    (-2.03, 48.65), (-1.50, 48.62), (-1.60, 48.84),
];

/// The rest of the mainland, from Granville back to Dunkerque.
#[rustfmt::skip] // the same
pub(super) const MANCHE: &[(f64, f64)] = &[
    (-1.80, 49.37), (-1.94, 49.72), (-1.60, 49.65), (-1.27, 49.69), (-1.13, 49.36), (-0.25, 49.30), (0.23, 49.42),
    (0.08, 49.52), (0.20, 49.71), (1.08, 49.93), (1.50, 50.20), (1.58, 50.73), (1.60, 50.87), (1.86, 50.97),
    (2.37, 51.05),
];

/// Corse, clockwise from its cape.
#[rustfmt::skip] // the same
pub(super) const CORSE: &[(f64, f64)] = &[
    (9.40, 43.01), (9.45, 42.70), (9.55, 42.10), (9.35, 41.60), (9.17, 41.37), (8.80, 41.63), (8.62, 41.90),
    (8.55, 42.20), (8.57, 42.38), (8.73, 42.57), (9.05, 42.66), (9.29, 42.68), (9.34, 43.00),
];
