//! What is counted of the values of a column: in the order of the file as long as they increase.

use polars::prelude::{PlFixedStateQuality, PlHashMap};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash};

use super::sketch::Sketch;

/// Different values counted one by one: more than there are communes or days since 1900. A column
/// with more has no frequent value worth a name.
const COUNTED: usize = 1 << 16;

/// Values counted, and how many of each when they are few.
pub(super) struct Tally<V: ?Sized + ToOwned> {
    /// As long as they come in order: the last value, not counted yet, and how many times in a row.
    last: Option<V::Owned>,
    run: u64,
    /// How many different values that makes.
    changes: u64,
    ordered: bool,
    seen: Seen<V>,
    most: usize,
    hasher: PlFixedStateQuality,
}

enum Seen<V: ?Sized + ToOwned> {
    /// By hash: a value is found without looking at it again. Two of so few share a hash once in
    /// ten billion columns.
    Counted(PlHashMap<u64, (V::Owned, u64)>),
    TooMany {
        hashes: Sketch,
        min: V::Owned,
        max: V::Owned,
    },
}

/// What a column was found to hold.
pub(super) struct Found<O> {
    pub(super) distinct: u64,
    pub(super) estimated: bool,
    /// Smallest and largest.
    pub(super) range: Option<(O, O)>,
    /// Each value and its number, most frequent first; empty when there are too many.
    pub(super) counts: Vec<(O, u64)>,
}

impl<V> Tally<V>
where
    V: ?Sized + ToOwned + Ord + Hash,
    V::Owned: Ord + Clone,
{
    pub(super) fn new() -> Self {
        Self::of(COUNTED)
    }

    fn of(most: usize) -> Self {
        Self {
            last: None,
            run: 0,
            changes: 0,
            ordered: true,
            seen: Seen::Counted(PlHashMap::default()),
            most,
            hasher: PlFixedStateQuality::default(),
        }
    }

    /// Whether the values came in increasing order so far. As long as they did they are to be given in
    /// their order; after that in any.
    pub(super) fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// A value, that many times in a row.
    pub(super) fn add(&mut self, value: &V, times: u64) {
        if times == 0 {
            return;
        }
        if !self.ordered {
            return self.count(value, times);
        }
        let Some(mut last) = self.last.take() else {
            self.begin(value.to_owned(), times);
            return;
        };
        match last.borrow().cmp(value) {
            Ordering::Equal => {
                self.run += times;
                self.last = Some(last);
            }
            Ordering::Less => {
                self.count(last.borrow(), self.run);
                value.clone_into(&mut last);
                self.begin(last, times);
            }
            Ordering::Greater => {
                self.ordered = false;
                self.count(last.borrow(), self.run);
                self.count(value, times);
            }
        }
    }

    fn begin(&mut self, value: V::Owned, times: u64) {
        self.last = Some(value);
        self.run = times;
        self.changes += 1;
    }

    fn count(&mut self, value: &V, times: u64) {
        let hash = self.hasher.hash_one(value);
        match &mut self.seen {
            Seen::Counted(counts) => {
                if let Some((_, count)) = counts.get_mut(&hash) {
                    *count += times;
                    return;
                }
                counts.insert(hash, (value.to_owned(), times));
                if counts.len() > self.most {
                    self.seen = too_many(counts);
                }
            }
            Seen::TooMany { hashes, min, max } => {
                hashes.add(hash);
                if value < (*min).borrow() {
                    value.clone_into(min);
                } else if value > (*max).borrow() {
                    value.clone_into(max);
                }
            }
        }
    }

    /// The end of the column.
    pub(super) fn finish(mut self) -> Found<V::Owned> {
        if let Some(last) = self.last.take() {
            self.count(last.borrow(), self.run);
        }
        let mut found = match self.seen {
            Seen::Counted(counts) => {
                let mut counts: Vec<_> = counts.into_values().collect();
                let range = counts.iter().map(|(value, _)| value).min().cloned();
                let range = range.zip(counts.iter().map(|(value, _)| value).max().cloned());
                counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                Found {
                    distinct: counts.len() as u64,
                    estimated: false,
                    range,
                    counts,
                }
            }
            Seen::TooMany { hashes, min, max } => {
                let (distinct, estimated) = hashes.distinct();
                Found {
                    distinct,
                    estimated,
                    range: Some((min, max)),
                    counts: Vec::new(),
                }
            }
        };
        if self.ordered {
            (found.distinct, found.estimated) = (self.changes, false);
        }
        found
    }
}

/// The same values, no longer counted one by one.
fn too_many<V>(counts: &PlHashMap<u64, (V::Owned, u64)>) -> Seen<V>
where
    V: ?Sized + ToOwned,
    V::Owned: Ord + Clone,
{
    let values = || counts.values().map(|(value, _)| value);
    let Some((min, max)) = values().min().zip(values().max()) else {
        return Seen::Counted(PlHashMap::default());
    };
    let mut hashes = Sketch::new();
    counts.keys().for_each(|hash| hashes.add(*hash));
    Seen::TooMany {
        hashes,
        min: min.clone(),
        max: max.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(most: usize, values: &[&str]) -> Found<String> {
        let mut tally = Tally::<str>::of(most);
        for value in values {
            tally.add(value, 1);
        }
        tally.finish()
    }

    #[test]
    fn each_value_is_counted_and_the_most_frequent_comes_first() {
        let found = tally(10, &["b", "b", "a", "b", "c", "a"]);
        let counts: Vec<_> = found.counts.iter().map(|(v, n)| (v.as_str(), *n)).collect();
        assert_eq!(counts, [("b", 3), ("a", 2), ("c", 1)]);
        assert_eq!((found.distinct, found.estimated), (3, false));
        assert_eq!(found.range, Some(("a".to_owned(), "c".to_owned())));
        let none = tally(10, &[]);
        assert_eq!((none.distinct, none.range), (0, None));
    }

    #[test]
    fn past_the_limit_only_the_number_and_the_range_remain() {
        for values in [
            &["a", "b", "b", "c", "d"] as &[_],
            &["d", "b", "a", "b", "c"],
            &["c", "d", "b", "c", "a"],
        ] {
            let found = tally(2, values);
            assert_eq!((found.distinct, found.estimated), (4, false), "{values:?}");
            assert_eq!(found.range, Some(("a".to_owned(), "d".to_owned())));
            assert!(found.counts.is_empty());
        }
    }
}
