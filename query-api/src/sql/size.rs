//! A number of bytes, as people write it.

use std::fmt;
use std::str::FromStr;

/// A number of bytes: `512MB`, `1GB`, `64KB`, or a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

const UNITS: [(&str, u64); 3] = [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)];

impl Size {
    /// That many GiB.
    #[must_use]
    pub const fn gigabytes(count: u64) -> Self {
        Self(count << 30)
    }

    /// That many MiB.
    #[must_use]
    pub const fn megabytes(count: u64) -> Self {
        Self(count << 20)
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.trim().to_ascii_uppercase();
        let unit = UNITS
            .iter()
            .find_map(|(unit, bytes)| Some((upper.strip_suffix(unit)?, *bytes)));
        let (number, unit) = unit.unwrap_or((&upper, 1));
        let count: Option<u64> = number.trim().parse().ok();
        count
            .and_then(|count| count.checked_mul(unit))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a size such as 512MB or 2GB"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |(_, bytes): &&(&str, u64)| self.0 >= *bytes && self.0.is_multiple_of(*bytes);
        match UNITS.iter().find(exact) {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.0 / bytes),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_it_is_written() {
        for text in ["512MB", "3GB", "64KB", "1000"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert_eq!("1 gb".parse::<Size>(), Ok(Size::gigabytes(1)));
        for text in ["", "MB", "-1", "1.5GB", "99999999999GB", "1TB"] {
            assert!(
                text.parse::<Size>().unwrap_err().contains("512MB"),
                "{text}"
            );
        }
    }
}
