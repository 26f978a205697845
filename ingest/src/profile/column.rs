//! The profile of one column.

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, PrimitiveArray, StringArray};
use arrow::compute::{max, min};
use arrow::datatypes::{
    ArrowNumericType, DataType, Date32Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use chrono::{DateTime, NaiveDate};
use registre_schemas::diffusion::{is_masked, values_are_public};
use registre_schemas::profile::{ColumnProfile, FREQUENT_AT_LEAST, Frequent};
use registre_schemas::{Kind, Table};

use super::chunks::{Chunk, Chunks};
use super::tally::{Found, Tally};
use crate::error::IngestError;
use crate::progress::{Context, Task};

/// Frequent values named.
const NAMED: usize = 10;

/// Reads the column at that place from its first row to its last.
pub(super) fn profile(
    table: &Table,
    chunks: &Chunks,
    (at, name): (usize, &str),
    task: &dyn Task,
    context: &Context,
) -> Result<ColumnProfile, IngestError> {
    let column = table.column(name);
    // A column that a source added and we do not know is text, and nobody knows what it holds.
    let kind = column.map_or(Kind::Text, |column| column.kind);
    let mut values = Values::of(kind);
    for group in 0..chunks.len() {
        context.cancel.check()?;
        match chunks.read(group, at)? {
            Chunk::Null(rows) => values.nulls += rows,
            Chunk::Values(array) => values.add(&array),
        }
        task.advance(chunks.bytes(group, at));
    }
    let public = column.is_some_and(|column| values_are_public(table, column));
    Ok(values.finish(name, kind, public))
}

/// The values of a column, by their physical type.
struct Values {
    nulls: u64,
    tally: Either,
}

enum Either {
    Text(Texts),
    /// Days, microseconds, integers, 0 or 1, or the bits of a number.
    Number(Tally<i64>),
}

impl Values {
    fn of(kind: Kind) -> Self {
        let tally = match kind {
            Kind::Text => Either::Text(Texts {
                masked: 0,
                tally: Tally::new(),
            }),
            _ => Either::Number(Tally::new()),
        };
        Self { nulls: 0, tally }
    }

    fn add(&mut self, array: &ArrayRef) {
        self.nulls += array.null_count() as u64;
        match &mut self.tally {
            Either::Text(texts) => match array.as_dictionary_opt::<Int32Type>() {
                Some(coded) => texts.add_coded(coded),
                None => texts.add_plain(array.as_string()),
            },
            Either::Number(tally) => add_numbers(tally, array),
        }
    }

    fn finish(self, name: &str, kind: Kind, public: bool) -> ColumnProfile {
        let mut profile = ColumnProfile {
            name: name.to_owned(),
            kind: kind.as_str().to_owned(),
            nulls: self.nulls,
            masked: 0,
            distinct: 0,
            estimated: false,
            withheld: !public,
            min: None,
            max: None,
            frequent: Vec::new(),
        };
        match self.tally {
            Either::Text(texts) => {
                profile.masked = texts.masked;
                show(&mut profile, &texts.tally.finish(), Clone::clone);
            }
            Either::Number(tally) => show(&mut profile, &tally.finish(), |number| {
                text_of(kind, *number)
            }),
        }
        profile
    }
}

/// What was found, of which single values only if the column may show them.
fn show<O>(profile: &mut ColumnProfile, found: &Found<O>, text: impl Fn(&O) -> String) {
    (profile.distinct, profile.estimated) = (found.distinct, found.estimated);
    if profile.withheld {
        return;
    }
    if let Some((min, max)) = &found.range {
        (profile.min, profile.max) = (Some(text(min)), Some(text(max)));
    }
    let frequent = found.counts.iter().take(NAMED);
    profile.frequent = frequent
        .take_while(|(_, count)| *count >= FREQUENT_AT_LEAST)
        .map(|(value, count)| Frequent {
            value: text(value),
            count: *count,
        })
        .collect();
}

/// The texts of a column: those that are not masked, counted.
struct Texts {
    masked: u64,
    tally: Tally<str>,
}

impl Texts {
    /// A text, that many times in a row.
    fn add(&mut self, text: &str, times: u64) {
        // Few hold a bracket at all.
        if memchr::memchr(b'[', text.as_bytes()).is_some() && is_masked(text) {
            self.masked += times;
        } else {
            self.tally.add(text, times);
        }
    }

    fn add_plain(&mut self, array: &StringArray) {
        in_runs(array.iter().flatten(), |text, times| self.add(text, times));
    }

    /// Each text of the dictionary once, with the number of its codes, unless their order tells
    /// something.
    fn add_coded(&mut self, array: &DictionaryArray<Int32Type>) {
        let (keys, texts) = (array.keys(), array.values().as_string::<i32>());
        let text_of = |key: i32| texts.value(usize::try_from(key).unwrap_or_default());
        if self.tally.is_ordered() {
            let keys = keys.iter().flatten();
            in_runs(keys, |key, times| self.add(text_of(key), times));
            return;
        }
        for (key, times) in (0..).zip(tallied(keys, 0, texts.len())) {
            if times > 0 {
                self.add(text_of(key), times.into());
            }
        }
    }
}

/// Gives each value and how many times it comes in a row.
fn in_runs<V: PartialEq + Copy>(values: impl Iterator<Item = V>, mut give: impl FnMut(V, u64)) {
    let mut run: Option<(V, u64)> = None;
    for value in values {
        match &mut run {
            Some((same, times)) if *same == value => *times += 1,
            _ => {
                if let Some((ended, times)) = run.replace((value, 1)) {
                    give(ended, times);
                }
            }
        }
    }
    if let Some((last, times)) = run {
        give(last, times);
    }
}

/// How many times each of the `span` integers from `first` is in an array that has no other.
fn tallied<T>(array: &PrimitiveArray<T>, first: i64, span: usize) -> Vec<u32>
where
    T: ArrowNumericType<Native: Into<i64>>,
{
    let mut times = vec![0; span];
    let at = |value: T::Native| usize::try_from(value.into() - first).unwrap_or(usize::MAX);
    if array.null_count() == 0 {
        array.values().iter().for_each(|v| times[at(*v)] += 1);
    } else {
        array.iter().flatten().for_each(|v| times[at(v)] += 1);
    }
    times
}

fn add_numbers(tally: &mut Tally<i64>, array: &ArrayRef) {
    match array.data_type() {
        DataType::Date32 => add_integers(tally, array.as_primitive::<Date32Type>()),
        DataType::Timestamp(..) => {
            add_integers(tally, array.as_primitive::<TimestampMicrosecondType>());
        }
        DataType::Boolean => {
            let array = array.as_boolean();
            for (value, times) in [(0, array.false_count()), (1, array.true_count())] {
                tally.add(&value, times as u64);
            }
        }
        DataType::Float64 => {
            let numbers = array.as_primitive::<Float64Type>().iter().flatten();
            // Zero has two signs, one value.
            let numbers = numbers.map(|number| if number == 0.0 { 0.0 } else { number });
            let bits = numbers.map(|number| number.to_bits().cast_signed());
            in_runs(bits, |bits, times| tally.add(&bits, times));
        }
        _ => add_integers(tally, array.as_primitive::<Int64Type>()),
    }
}

/// Integers close to each other, such as days, are counted by their distance to the first; others,
/// or those whose order tells something, one by one.
fn add_integers<T>(tally: &mut Tally<i64>, array: &PrimitiveArray<T>)
where
    T: ArrowNumericType<Native: Into<i64>>,
{
    let range = min(array).zip(max(array));
    let range = range.map(|(least, most)| (least.into(), most.into()));
    if let Some((least, most)) = range
        && !tally.is_ordered()
        && let Ok(distance) = usize::try_from(most.saturating_sub(least))
        && distance < array.len()
    {
        for (value, times) in (least..).zip(tallied(array, least, distance + 1)) {
            tally.add(&value, times.into());
        }
        return;
    }
    let values = array.iter().flatten().map(Into::into);
    in_runs(values, |value, times| tally.add(&value, times));
}

/// As the API writes it.
fn text_of(kind: Kind, number: i64) -> String {
    let text = match kind {
        Kind::Date => i32::try_from(number)
            .ok()
            .and_then(NaiveDate::from_epoch_days)
            .map(|date| date.to_string()),
        Kind::Timestamp => DateTime::from_timestamp_micros(number)
            .map(|instant| instant.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
        Kind::Boolean => Some((number != 0).to_string()),
        Kind::Text | Kind::Integer | Kind::Real => None,
    };
    text.unwrap_or_else(|| number.to_string())
}
