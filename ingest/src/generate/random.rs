//! Chance that repeats itself: `SplitMix64` (Steele, Lea and Flood, 2014), seeded by what is being
//! drawn. Any unit can be drawn again, alone, by any thread: that is what lets every file be
//! written independently and still agree with the others.

/// What is being drawn: two domains never share a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Domain {
    /// Facts of an unité légale.
    UniteLegale = 1,
    /// Which SIREN it gets.
    Siren = 2,
    /// Names and labels of an unité légale.
    Name = 3,
    /// Facts of an établissement.
    Etablissement = 4,
    /// Address and labels of an établissement.
    Address = 5,
    /// Links between établissements.
    LienSuccession = 6,
    /// An association of the RNA.
    Association = 7,
    /// Where a commune is on the map.
    Commune = 8,
    /// A real body's technical dates.
    RealBody = 9,
    /// Names, activity and staff of an établissement.
    Label = 10,
    /// When something changed.
    Periode = 11,
    /// What it was before.
    FormerValue = 12,
    /// How well an établissement is placed on the map.
    Position = 13,
    /// Which associations are reconnues d'utilité publique.
    UtilitePublique = 14,
}

/// A sequence of draws.
#[derive(Debug, Clone, Copy)]
pub struct Random(u64);

impl Random {
    /// The sequence of one object.
    #[must_use]
    pub fn new(seed: u64, domain: Domain, rank: u64) -> Self {
        let domain = (domain as u64).wrapping_mul(0xA24B_AED4_963E_E407);
        Self(mix(seed ^ domain) ^ mix(rank.wrapping_add(domain)))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A whole number below `bound`, which is not zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.next_u64() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True `per_ten_thousand` times out of ten thousand.
    pub fn chance(&mut self, per_ten_thousand: u32) -> bool {
        self.below(10_000) < per_ten_thousand
    }

    /// One of the list, all as likely.
    pub fn choose<T: Copy>(&mut self, list: &[T]) -> T {
        let bound = u32::try_from(list.len()).unwrap_or(u32::MAX);
        list[self.below(bound) as usize]
    }
}

/// The finaliser of `SplitMix64`.
fn mix(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_object_draws_the_same_sequence_and_its_neighbour_another() {
        let draw = |rank| {
            let mut random = Random::new(7, Domain::UniteLegale, rank);
            [random.next_u64(), random.next_u64()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn draws_stay_in_bounds_and_reach_both_ends() {
        let mut random = Random::new(1, Domain::Name, 0);
        let seen: std::collections::BTreeSet<u32> =
            (0..200).map(|_| random.between(3, 6)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
    }
}
