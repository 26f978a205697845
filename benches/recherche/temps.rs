//! How long answers took.

use std::time::Duration;

/// The times of many answers, the shortest first.
#[derive(Debug, Clone, Default)]
pub struct Temps(Vec<Duration>);

impl Temps {
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }

    /// Those of several together.
    pub fn together<'a>(several: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::of(
            several
                .into_iter()
                .flat_map(|times| times.0.iter().copied()),
        )
    }

    pub fn number(&self) -> usize {
        self.0.len()
    }

    /// Half of them took no longer.
    pub fn p50(&self) -> Duration {
        self.at(50)
    }

    /// Ninety-nine of a hundred took no longer.
    pub fn p99(&self) -> Duration {
        self.at(99)
    }

    pub fn longest(&self) -> Duration {
        self.at(100)
    }

    fn at(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(place).copied().unwrap_or_default()
    }
}
