//! So many requests in so long.

use std::str::FromStr;
use std::time::Duration;

/// A number of requests and the time in which they may be made: all at once, or spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    requests: u32,
    seconds: u32,
}

/// Not a quota.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a rate: write a number from 1 to 1000000 and a unit, such as 7/s, 100/min, 5000/h or 20000/d"
)]
pub struct QuotaError(String);

/// What may follow the bar, in seconds.
const UNITS: [(&str, u32); 4] = [("s", 1), ("min", 60), ("h", 3600), ("d", 86_400)];

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let read = || {
            let (requests, unit) = text.trim().split_once('/')?;
            let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit.trim())?;
            let requests = requests.trim().parse().ok()?;
            (1..=1_000_000)
                .contains(&requests)
                .then_some(Self { requests, seconds })
        };
        read().ok_or_else(|| QuotaError(text.to_owned()))
    }
}

impl Quota {
    /// How many requests.
    pub(crate) fn requests(self) -> u32 {
        self.requests
    }

    /// In how many seconds.
    pub(crate) fn seconds(self) -> u32 {
        self.seconds
    }

    /// Nanoseconds in which all of it comes back.
    pub(crate) fn whole(self) -> u64 {
        let whole = Duration::from_secs(self.seconds.into()).as_nanos();
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// Nanoseconds in which one request comes back.
    pub(crate) fn one(self) -> u64 {
        self.whole() / u64::from(self.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_with_its_unit_or_refused_with_an_example() {
        let quota: Quota = " 30 / min ".parse().unwrap();
        assert_eq!((quota.requests(), quota.seconds()), (30, 60));
        assert_eq!(quota.one(), 2_000_000_000);
        for text in ["", "7", "0/s", "-1/s", "7/week", "1000001/s", "7/s/s"] {
            let error = text.parse::<Quota>().unwrap_err().to_string();
            assert!(
                error.contains("7/s") && error.contains(&format!("{text:?}")),
                "{error}"
            );
        }
    }
}
