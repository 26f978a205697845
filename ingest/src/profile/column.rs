//! The profile of one column.

use chrono::{DateTime, NaiveDate};
use polars::prelude::{PolarsError, Series};
use registre_schemas::diffusion::{is_masked, values_are_public};
use registre_schemas::profile::{ColumnProfile, FREQUENT_AT_LEAST, Frequent};
use registre_schemas::{Kind, Table};

use super::tally::{Found, Tally};
use crate::error::IngestError;
use crate::progress::{Context, Task};
use crate::slices::Slices;

/// Frequent values named.
const NAMED: usize = 10;

/// Reads a column from its first row to its last.
pub(super) fn profile(
    table: &Table,
    slices: &Slices,
    name: &str,
    task: &dyn Task,
    context: &Context,
) -> Result<ColumnProfile, IngestError> {
    let column = table.column(name);
    // A column that a source added and we do not know is text, and nobody knows what it holds.
    let kind = column.map_or(Kind::Text, |column| column.kind);
    let mut values = Values::of(kind);
    for slice in 0..slices.len() {
        context.cancel.check()?;
        let frame = slices.read(slice, &[name])?;
        let added = frame
            .column(name)
            .and_then(|column| values.add(column.as_materialized_series()));
        added.map_err(|error| slices.unreadable(&error))?;
        task.advance(slices.bytes(slice, name));
    }
    let public = column.is_some_and(|column| values_are_public(table, column));
    Ok(values.finish(name, kind, public))
}

/// The values of a column, by their physical type.
struct Values {
    nulls: u64,
    masked: u64,
    tally: Either,
}

enum Either {
    Text(Tally<str>),
    /// Days, microseconds, integers, 0 or 1, or the bits of a number.
    Number(Tally<i64>),
}

impl Values {
    fn of(kind: Kind) -> Self {
        let tally = match kind {
            Kind::Text => Either::Text(Tally::new()),
            _ => Either::Number(Tally::new()),
        };
        Self {
            nulls: 0,
            masked: 0,
            tally,
        }
    }

    fn add(&mut self, series: &Series) -> Result<(), PolarsError> {
        self.nulls += series.null_count() as u64;
        if series.null_count() == series.len() {
            return Ok(());
        }
        match &mut self.tally {
            Either::Text(tally) => {
                for value in series
                    .str()?
                    .downcast_iter()
                    .flat_map(|a| a.iter().flatten())
                {
                    // The last value was looked at already; few hold a bracket at all.
                    if tally.again(value) {
                        continue;
                    }
                    if memchr::memchr(b'[', value.as_bytes()).is_some() && is_masked(value) {
                        self.masked += 1;
                    } else {
                        tally.begin(value);
                    }
                }
            }
            Either::Number(tally) => add_numbers(tally, series)?,
        }
        Ok(())
    }

    fn finish(self, name: &str, kind: Kind, public: bool) -> ColumnProfile {
        let mut profile = ColumnProfile {
            name: name.to_owned(),
            kind: kind.as_str().to_owned(),
            nulls: self.nulls,
            masked: self.masked,
            distinct: 0,
            estimated: false,
            withheld: !public,
            min: None,
            max: None,
            frequent: Vec::new(),
        };
        match self.tally {
            Either::Text(tally) => show(&mut profile, &tally.finish(), Clone::clone),
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

fn add_numbers(tally: &mut Tally<i64>, series: &Series) -> Result<(), PolarsError> {
    use polars::prelude::DataType;
    match series.dtype() {
        DataType::Date => {
            let days = series.date()?.physical();
            for day in days.downcast_iter().flat_map(|a| a.iter().flatten()) {
                tally.add(&i64::from(*day));
            }
        }
        DataType::Datetime(..) => {
            let instants = series.datetime()?.physical();
            for instant in instants.downcast_iter().flat_map(|a| a.iter().flatten()) {
                tally.add(instant);
            }
        }
        DataType::Boolean => {
            for value in series
                .bool()?
                .downcast_iter()
                .flat_map(|a| a.iter().flatten())
            {
                tally.add(&i64::from(value));
            }
        }
        DataType::Float64 => {
            for value in series
                .f64()?
                .downcast_iter()
                .flat_map(|a| a.iter().flatten())
            {
                // Zero has two signs, one value.
                let value = if *value == 0.0 { 0.0 } else { *value };
                tally.add(&value.to_bits().cast_signed());
            }
        }
        _ => {
            for value in series
                .i64()?
                .downcast_iter()
                .flat_map(|a| a.iter().flatten())
            {
                tally.add(value);
            }
        }
    }
    Ok(())
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
