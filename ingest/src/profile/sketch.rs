//! How many different values a long column has, in bounded memory.

/// Hashes kept: the count is exact up to that many, then an estimate whose standard error is one
/// over the square root of this, 0.07 %.
const KEPT: usize = 1 << 21;

/// The smallest of the hashes seen, each once. As long as none was left out, their number is the
/// number of values: two of a few million values share a 64-bit hash about once in ten million
/// columns. Beyond, the largest one kept tells how dense hashes are, hence how many there are in all
/// (Bar-Yossef et al., 2002, « k minimum values »).
pub(super) struct Sketch {
    /// In order, each once.
    smallest: Vec<u64>,
    /// Those that came since.
    recent: Vec<u64>,
    kept: usize,
    /// Hashes above it are left out.
    limit: u64,
}

impl Sketch {
    pub(super) fn new() -> Self {
        Self::of(KEPT)
    }

    fn of(kept: usize) -> Self {
        Self {
            smallest: Vec::new(),
            recent: Vec::new(),
            kept,
            limit: u64::MAX,
        }
    }

    /// One more value.
    pub(super) fn add(&mut self, hash: u64) {
        if hash < self.limit {
            self.recent.push(hash);
            if self.recent.len() == self.kept {
                self.compact();
            }
        }
    }

    /// Merges the recent ones into those kept.
    fn compact(&mut self) {
        self.recent.sort_unstable();
        let most = self.kept.min(self.smallest.len() + self.recent.len());
        let mut merged: Vec<u64> = Vec::with_capacity(most);
        let mut old = self.smallest.iter().copied().peekable();
        let mut new = self.recent.drain(..).peekable();
        // The smaller of both heads; one more than are kept tells that some are left out.
        while let Some(hash) = match (old.peek(), new.peek()) {
            (Some(old_hash), Some(hash)) if hash < old_hash => new.next(),
            (Some(_), _) => old.next(),
            (None, _) => new.next(),
        } {
            if merged.last() == Some(&hash) {
                continue;
            }
            if merged.len() == self.kept {
                self.limit = merged[self.kept - 1];
                break;
            }
            merged.push(hash);
        }
        drop(new);
        self.smallest = merged;
    }

    /// How many different values there were, and whether that is an estimate.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate, of at most the number of rows"
    )]
    pub(super) fn distinct(mut self) -> (u64, bool) {
        self.compact();
        let kept = self.smallest.len() as u64;
        if self.limit == u64::MAX {
            return (kept, false);
        }
        let density = self.limit as f64 / u64::MAX as f64;
        ((((kept - 1) as f64) / density).round() as u64, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads consecutive numbers over 64 bits, each to another.
    fn hash(value: u64) -> u64 {
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    #[test]
    fn exact_while_it_fits_then_an_estimate_that_says_so() {
        for (distinct, repeats) in [(0, 0), (1, 5000), (1000, 7), (4096, 3)] {
            let mut sketch = Sketch::of(4096);
            for value in (0..repeats).flat_map(|_| 1..=distinct) {
                sketch.add(hash(value));
            }
            assert_eq!(sketch.distinct(), (distinct, false));
        }
        let mut sketch = Sketch::of(4096);
        for value in (0..3).flat_map(|_| 1..=200_000) {
            sketch.add(hash(value));
        }
        assert!(sketch.smallest.len() <= 4096 && sketch.recent.len() < 4096);
        let (distinct, estimated) = sketch.distinct();
        // Four standard errors of 1/64.
        assert!(
            estimated && distinct.abs_diff(200_000) < 12_500,
            "{distinct}"
        );
    }
}
