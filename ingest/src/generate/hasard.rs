//! Chance that repeats itself: `SplitMix64` (Steele, Lea and Flood, 2014), seeded by what is being
//! drawn. Any unit can be drawn again, alone, by any thread: that is what lets every file be
//! written independently and still agree with the others.

/// What is being drawn: two domains never share a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Domaine {
    /// Facts of an unité légale.
    Unite = 1,
    /// Which SIREN it gets.
    Siren = 2,
    /// Names and labels of an unité légale.
    Nom = 3,
    /// Facts of an établissement.
    Etablissement = 4,
    /// Address and labels of an établissement.
    Adresse = 5,
    /// Links of succession.
    Lien = 6,
    /// An association of the RNA.
    Association = 7,
    /// Where a commune is on the map.
    Commune = 8,
    /// A real body's technical dates.
    Organisme = 9,
}

/// A sequence of draws.
#[derive(Debug, Clone, Copy)]
pub struct Hasard(u64);

impl Hasard {
    /// The sequence of one object.
    #[must_use]
    pub fn new(graine: u64, domaine: Domaine, rang: u64) -> Self {
        let domaine = (domaine as u64).wrapping_mul(0xA24B_AED4_963E_E407);
        Self(melange(graine ^ domaine) ^ melange(rang.wrapping_add(domaine)))
    }

    /// The next 64 bits.
    pub fn suivant(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        melange(self.0)
    }

    /// A whole number below `borne`, which is not zero.
    pub fn sous(&mut self, borne: u32) -> u32 {
        (((self.suivant() >> 32) * u64::from(borne)) >> 32) as u32
    }

    /// A whole number from `bas` to `haut`, both included.
    pub fn entre(&mut self, bas: u32, haut: u32) -> u32 {
        bas + self.sous(haut.saturating_sub(bas) + 1)
    }

    /// True `pour_dix_mille` times out of ten thousand.
    pub fn chance(&mut self, pour_dix_mille: u32) -> bool {
        self.sous(10_000) < pour_dix_mille
    }

    /// One of the list, all as likely.
    pub fn choix<T: Copy>(&mut self, liste: &[T]) -> T {
        let borne = u32::try_from(liste.len()).unwrap_or(u32::MAX);
        liste[self.sous(borne) as usize]
    }
}

/// The finaliser of `SplitMix64`.
fn melange(graine: u64) -> u64 {
    let z = (graine ^ (graine >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_object_draws_the_same_sequence_and_its_neighbour_another() {
        let draw = |rang| {
            let mut hasard = Hasard::new(7, Domaine::Unite, rang);
            [hasard.suivant(), hasard.suivant()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn draws_stay_in_bounds_and_reach_both_ends() {
        let mut hasard = Hasard::new(1, Domaine::Nom, 0);
        let seen: std::collections::BTreeSet<u32> = (0..200).map(|_| hasard.entre(3, 6)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
    }
}
