//! One column of a Parquet file as its table types it. The types of the official files drift from
//! one edition to the next, and those of re-exports further: a year is an integer or a float, a date
//! a date, an instant or a text, a code a text or a number whose leading zeros are lost.
//!
//! The usual types pass as they are. Anything else goes through its text, which is then read as a
//! field of a CSV would be.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, PrimitiveArray, StringArray,
    new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, nullif};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use registre_schemas::column::Kind;
use std::fmt::Write;
use std::sync::Arc;

use crate::decode::builder::Builder;
use crate::decode::values;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// From here on, whole numbers of these two types are not all there: digits may be lost.
const DOUBTFUL: f64 = 9_007_199_254_740_992.0;
const DOUBTFUL_32: f32 = 16_777_216.0;

/// A column converted.
#[derive(Debug, Clone)]
pub struct Converted {
    /// Its values, null where there is none or where it cannot be read.
    pub array: ArrayRef,
    /// What it was.
    pub source: ArrayRef,
    /// The rows whose value cannot be read.
    pub unreadable: Vec<usize>,
}

/// Converts a column to that kind; `digits` is how many its codes have, when they are numbers that
/// lost their leading zeros. An empty text is null, and so is a number that is not one: it is how
/// some tools write a missing number.
pub fn convert(
    source: &ArrayRef,
    kind: Kind,
    digits: Option<usize>,
) -> Result<Converted, ArrowError> {
    let plain = plain(source)?;
    let same = *plain.data_type() == kind.data_type();
    if plain.data_type() == &DataType::Null {
        return Ok(Converted {
            array: new_null_array(&kind.data_type(), plain.len()),
            source: Arc::clone(source),
            unreadable: Vec::new(),
        });
    }
    let instants = plain.as_primitive_opt::<TimestampMicrosecondType>();
    let days = plain.as_primitive_opt::<Date32Type>();
    let array: ArrayRef = match (kind, instants, days) {
        (Kind::Text, ..) if same => return blanks_are_null(plain, source),
        (Kind::Real, ..) if same && !is_finite(&plain) => {
            return through_text(&plain, source, kind, digits);
        }
        _ if same => plain,
        // A day and an hour is not a day.
        (Kind::Date, Some(instants), _) => {
            Arc::new(instants.unary_opt::<_, Date32Type>(|micros| {
                let midnight = micros % DAY == 0;
                i32::try_from(micros / DAY).ok().filter(|_| midnight)
            }))
        }
        (Kind::Timestamp, _, Some(days)) => {
            Arc::new(days.unary::<_, TimestampMicrosecondType>(|day| i64::from(day) * DAY))
        }
        _ => return through_text(&plain, source, kind, digits),
    };
    let unreadable = lost(source, &array);
    Ok(Converted {
        array,
        source: Arc::clone(source),
        unreadable,
    })
}

/// Rows that had a value before and have none after.
fn lost(before: &ArrayRef, after: &ArrayRef) -> Vec<usize> {
    let nulls = before.logical_nulls();
    if nulls.as_ref().map_or(0, NullBuffer::null_count) == after.null_count() {
        return Vec::new();
    }
    let was_null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    (0..after.len())
        .filter(|row| after.is_null(*row) && !was_null(*row))
        .collect()
}

/// The same values in fewer types: UTF-8 and binary with short offsets, 64-bit integers, dates in
/// days, instants in microseconds on the clock of their own zone, which is UTC.
fn plain(source: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match source.data_type() {
        DataType::Dictionary(_, values) => plain(&cast(source, values)?),
        DataType::LargeUtf8 | DataType::Utf8View => cast(source, &DataType::Utf8),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            cast(source, &DataType::Binary)
        }
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => cast(source, &DataType::Int64),
        DataType::Float16 => cast(source, &DataType::Float32),
        DataType::Date64 => plain(&cast(
            source,
            &DataType::Timestamp(TimeUnit::Millisecond, None),
        )?),
        DataType::Timestamp(unit, _) => Ok(Arc::new(micros(source, *unit))),
        _ => Ok(Arc::clone(source)),
    }
}

/// Instants in microseconds, without zone. One that does not fit is null.
fn micros(source: &ArrayRef, unit: TimeUnit) -> PrimitiveArray<TimestampMicrosecondType> {
    match unit {
        TimeUnit::Second => source
            .as_primitive::<TimestampSecondType>()
            .unary_opt(|seconds| seconds.checked_mul(1_000_000)),
        TimeUnit::Millisecond => source
            .as_primitive::<TimestampMillisecondType>()
            .unary_opt(|millis| millis.checked_mul(1000)),
        TimeUnit::Microsecond => source
            .as_primitive::<TimestampMicrosecondType>()
            .clone()
            .with_timezone_opt(None::<Arc<str>>),
        TimeUnit::Nanosecond => source
            .as_primitive::<TimestampNanosecondType>()
            .unary(|nanos| nanos.div_euclid(1000)),
    }
}

fn is_finite(reals: &ArrayRef) -> bool {
    reals
        .as_primitive_opt::<Float64Type>()
        .is_some_and(|reals| reals.values().iter().all(|value| value.is_finite()))
}

/// A text of no character is no text.
fn blanks_are_null(texts: ArrayRef, source: &ArrayRef) -> Result<Converted, ArrowError> {
    let strings = texts.as_string::<i32>();
    let has_blank = strings
        .offsets()
        .lengths()
        .enumerate()
        .any(|(row, length)| length == 0 && strings.is_valid(row));
    let array = if has_blank {
        let blank: BooleanArray = (0..strings.len())
            .map(|row| Some(strings.value(row).is_empty()))
            .collect();
        nullif(&texts, &blank)?
    } else {
        texts
    };
    Ok(Converted {
        array,
        source: Arc::clone(source),
        unreadable: Vec::new(),
    })
}

fn through_text(
    plain: &ArrayRef,
    source: &ArrayRef,
    kind: Kind,
    digits: Option<usize>,
) -> Result<Converted, ArrowError> {
    let texts = Texts::of(plain, kind, digits)?;
    let mut builder = Builder::new(kind, plain.len(), values::date);
    let mut unreadable = Vec::new();
    let mut buffer = String::new();
    for row in 0..plain.len() {
        if plain.is_null(row) {
            builder.append_nulls(1);
            continue;
        }
        let text = texts.get(row, &mut buffer);
        if text.is_none() {
            builder.append_nulls(1);
        }
        if !text.is_some_and(|text| builder.append(text)) {
            unreadable.push(row);
        }
    }
    // Instants out of range were lost on the way.
    if plain.null_count() > 0 && matches!(plain.data_type(), DataType::Timestamp(..)) {
        unreadable.extend(lost(source, plain));
        unreadable.sort_unstable();
    }
    Ok(Converted {
        array: builder.finish(),
        source: Arc::clone(source),
        unreadable,
    })
}

/// The values of a column as a CSV would have them.
struct Texts<'a> {
    values: Values<'a>,
    digits: Option<usize>,
}

enum Values<'a> {
    Strings(&'a StringArray),
    Bytes(&'a BinaryArray),
    Integers(&'a PrimitiveArray<Int64Type>),
    /// With the number from which whole ones are doubtful, when digits matter.
    Reals(&'a PrimitiveArray<Float64Type>, Option<f64>),
    ShortReals(&'a PrimitiveArray<Float32Type>, Option<f32>),
    Decimals(ArrayFormatter<'a>),
    Others(ArrayFormatter<'a>),
}

impl<'a> Texts<'a> {
    fn of(source: &'a ArrayRef, kind: Kind, digits: Option<usize>) -> Result<Self, ArrowError> {
        let is_code = kind == Kind::Text;
        let formatted = || ArrayFormatter::try_new(source.as_ref(), &FORMAT);
        let values = match source.data_type() {
            DataType::Utf8 => Values::Strings(source.as_string()),
            DataType::Binary => Values::Bytes(source.as_binary()),
            DataType::Int64 => Values::Integers(source.as_primitive()),
            DataType::Float64 => Values::Reals(source.as_primitive(), is_code.then_some(DOUBTFUL)),
            DataType::Float32 => {
                Values::ShortReals(source.as_primitive(), is_code.then_some(DOUBTFUL_32))
            }
            DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => Values::Decimals(formatted()?),
            _ => Values::Others(formatted()?),
        };
        Ok(Self { values, digits })
    }

    /// The text of a value, empty when it says nothing. `None`: there is no telling.
    fn get<'b>(&'b self, row: usize, buffer: &'b mut String) -> Option<&'b str> {
        buffer.clear();
        match &self.values {
            Values::Strings(values) => return Some(values.value(row)),
            Values::Bytes(values) => return std::str::from_utf8(values.value(row)).ok(),
            Values::Integers(values) => write!(buffer, "{}", values.value(row)).ok()?,
            Values::Reals(values, doubtful) => {
                let value = values.value(row);
                if value.is_nan() {
                    return Some("");
                }
                if doubtful.is_some_and(|limit| value.abs() >= limit) {
                    return None;
                }
                write!(buffer, "{value}").ok()?;
            }
            // Its shortest decimals, which are what was meant: 2.35 and not 2.3499999046.
            Values::ShortReals(values, doubtful) => {
                let value = values.value(row);
                if value.is_nan() {
                    return Some("");
                }
                if doubtful.is_some_and(|limit| value.abs() >= limit) {
                    return None;
                }
                write!(buffer, "{value}").ok()?;
            }
            Values::Decimals(values) => {
                write!(buffer, "{}", values.value(row)).ok()?;
                if buffer.contains('.') {
                    let shortest = buffer.trim_end_matches('0').trim_end_matches('.').len();
                    buffer.truncate(shortest);
                }
            }
            Values::Others(values) => write!(buffer, "{}", values.value(row)).ok()?,
        }
        if let Some(digits) = self.digits
            && buffer.len() < digits
            && buffer.bytes().all(|byte| byte.is_ascii_digit())
        {
            let zeros = digits - buffer.len();
            buffer.insert_str(0, &"0".repeat(zeros));
        }
        Some(buffer)
    }
}

/// A value that cannot be formatted is an error, and not a text that says so.
const FORMAT: FormatOptions<'static> = FormatOptions::new().with_display_error(false);

/// A value of a column, for a person.
pub fn shown(source: &ArrayRef, row: usize) -> String {
    ArrayFormatter::try_new(source.as_ref(), &FORMAT)
        .and_then(|values| values.value(row).try_to_string())
        .unwrap_or_default()
}
