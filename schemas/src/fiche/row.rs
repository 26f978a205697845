//! One row, written after another that it resembles: only what is not as expected takes bytes.
//!
//! ```text
//! row   := shape value*
//! shape := place | 0 bits
//! ```
//!
//! A shape says which columns have a value that follows: the place of one of those known, or a bit for
//! each column written, in the order of the coding. What is expected of a column, reader and writer
//! know alike ([`super::coding`]).

use std::sync::PoisonError;

use super::cell::{Cell, Row};
use super::coding::{Form, Guess, TableCoding};
use super::place;
use super::varint::{Cursor, put, unzigzag, zigzag};

/// Days are counted from 2008-01-01: most of those of the registers are within 22 years of it, which
/// takes two bytes.
const DAY_ZERO: i64 = 13_879;
/// The same day, in seconds.
const SECOND_ZERO: i64 = DAY_ZERO * 86_400;
/// A number whose value needs all its bits.
const RAW: u64 = 1;
/// A text of digits with a point, as a number.
const PACKED: u64 = 2;

/// The row another is written after.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// It.
    pub row: Row<'a>,
    /// Its column for each column of the row being written, or [`NONE`]: [`TableCoding::after`].
    pub columns: &'a [u8],
}

/// No column of the base tells anything.
pub const NONE: u8 = u8::MAX;

impl Base<'_> {
    #[inline]
    fn cell(&self, column: usize) -> Option<Cell> {
        let own = *self.columns.get(column)?;
        self.row.cells.get(usize::from(own)).copied()
    }
}

/// What is expected, and whether it is a text of the base.
type Expected = (Cell, bool);

impl TableCoding {
    /// What to expect of a column, from those read before it and the base.
    #[inline]
    fn expected(&self, column: usize, row: &Row<'_>, base: Option<&Base<'_>>) -> Expected {
        match &self.guesses[column] {
            Guess::Base => base
                .and_then(|base| base.cell(column))
                .map_or((self.constants[column], false), |cell| (cell, true)),
            Guess::Constant => (self.constants[column], false),
            guess => self.told(guess, column, row, base),
        }
    }

    /// What other columns tell of one.
    fn told(
        &self,
        guess: &Guess,
        column: usize,
        row: &Row<'_>,
        base: Option<&Base<'_>>,
    ) -> Expected {
        let constant = (self.constants[column], false);
        match guess {
            Guess::Base | Guess::Constant => constant,
            Guess::DayBefore(start) => {
                // A period is written after the one that follows it; the latest, after a row that has
                // no end.
                let is_period = |base: &&Base<'_>| base.cell(column).is_some();
                match base.filter(is_period).and_then(|base| base.cell(*start)) {
                    Some(Cell::Number(day)) => (Cell::Number(day.wrapping_sub(1)), false),
                    _ => constant,
                }
            }
            Guess::Metres(text) => match metres(row, *text) {
                Some(bits) => (Cell::Number(bits), false),
                None => constant,
            },
            Guess::Degrees { x, y, longitude } => {
                let real = |column: usize| match row.cells[column] {
                    Cell::Number(bits) => Some(f64::from_bits(bits.cast_unsigned())),
                    _ => None,
                };
                let point = real(*x)
                    .zip(real(*y))
                    .and_then(|(x, y)| place::degrees(x, y));
                let Some((east, north)) = point else {
                    return constant;
                };
                let degrees = if *longitude { east } else { north };
                (Cell::Number(degrees.to_bits().cast_signed()), false)
            }
            Guess::Follows(of, map) => {
                let led = row.cells[*of];
                if let Some(base) = base
                    && let (Some(base_led), Some(base_own)) = (base.cell(*of), base.cell(column))
                    && led == base_led
                    && !matches!(led, Cell::Text(..))
                {
                    return (base_own, true);
                }
                match led {
                    Cell::Null => (Cell::Null, false),
                    Cell::Code(code) => match map.get(code as usize) {
                        None | Some(0) => constant,
                        Some(1) => (Cell::Null, false),
                        Some(target) => (Cell::Code(target - 2), false),
                    },
                    // A text too rare for the dictionary, where both columns share one.
                    Cell::Text(..) if self.domains()[*of] == self.domains()[column] => (led, false),
                    Cell::Text(..) | Cell::Number(_) => constant,
                }
            }
        }
    }

    /// A number by how far it is from the one expected, once both are whole.
    fn nearness(expected: Cell, decimals: u8) -> i64 {
        match expected {
            Cell::Number(bits) => rounded(bits, decimals).unwrap_or(0),
            _ => 0,
        }
    }

    /// Appends a row. `siren` is that of the fiche, as a number: SIRET of the same unit are written
    /// by their NIC.
    pub fn encode(&self, out: &mut Vec<u8>, row: &Row<'_>, base: Option<&Base<'_>>, siren: u64) {
        let mut shape: u128 = 0;
        for (bit, &column) in self.stored.iter().enumerate() {
            let own = row.cells[column];
            // By far the most common: the value of the base, or a constant.
            let is_expected = if self.guesses[column] == Guess::Base {
                match base.and_then(|base| Some((base, base.cell(column)?))) {
                    Some((base, cell)) => row.same(own, cell, &base.row),
                    None => own == self.constants[column],
                }
            } else {
                let (expected, of_base) = self.expected(column, row, base);
                let others = match base {
                    Some(base) if of_base => &base.row,
                    _ => row,
                };
                row.same(own, expected, others)
            };
            shape |= u128::from(!is_expected) << bit;
        }
        if let Some(met) = &self.met {
            let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
            *met.entry(shape).or_default() += 1;
        }
        if let Some(place) = self.shapes.get(&shape) {
            put(out, *place);
        } else {
            out.push(0);
            out.extend_from_slice(&shape.to_le_bytes()[..self.stored.len().div_ceil(8)]);
        }
        while shape != 0 {
            let column = self.stored[shape.trailing_zeros() as usize];
            shape &= shape - 1;
            match (self.forms[column], row.cells[column]) {
                (Form::Near(decimals), Cell::Number(bits)) => {
                    let near = Self::nearness(self.expected(column, row, base).0, decimals);
                    let far = scaled(bits, decimals).and_then(|own| own.checked_sub(near));
                    put_number(out, far, bits);
                }
                (form, cell) => put_value(out, form, cell, row, siren),
            }
        }
    }

    /// Reads a row that [`Self::encode`] wrote, into `cells`; texts are places in the bytes that the
    /// cursor reads, which are also those of the base.
    pub fn decode(
        &self,
        cursor: &mut Cursor<'_>,
        base: Option<&Base<'_>>,
        siren: u64,
        cells: &mut Vec<Cell>,
    ) -> Option<()> {
        cells.clear();
        cells.extend_from_slice(&self.unread);
        let shape = match cursor.number()? {
            0 => {
                let mut bits = [0; 16];
                let own = cursor.take(self.stored.len().div_ceil(8))?;
                bits.get_mut(..own.len())?.copy_from_slice(own);
                u128::from_le_bytes(bits)
            }
            place => self.shape(place)?,
        };
        // By far the most common: the value of the base, or the constant that is already there.
        if let Some(base) = base {
            for &column in &self.simple {
                if let Some(cell) = base.cell(column) {
                    cells[column] = cell;
                }
            }
        }
        let mut looked_at = (shape & self.written) | self.told;
        while looked_at != 0 {
            let bit = looked_at.trailing_zeros();
            looked_at &= looked_at - 1;
            let column = self.stored[bit as usize];
            let row = Row {
                cells,
                bytes: cursor.bytes(),
            };
            cells[column] = if shape & (1 << bit) == 0 {
                self.expected(column, &row, base).0
            } else if let Form::Near(decimals) = self.forms[column] {
                let near = Self::nearness(self.expected(column, &row, base).0, decimals);
                near_value(cursor, near, decimals)?
            } else {
                value(cursor, self.forms[column], siren)?
            };
        }
        Some(())
    }
}

/// The number that a text of metres gives, to the centimetre, as bits.
fn metres(row: &Row<'_>, text: usize) -> Option<i64> {
    let metres: f64 = match row.cells[text] {
        Cell::Text(start, length) => std::str::from_utf8(row.text(start, length))
            .ok()?
            .parse()
            .ok()?,
        // Both are exact: their quotient is what reading the text gives.
        Cell::Number(packed) => {
            let (digits, decimals) = (packed >> 4, (packed & 15).cast_unsigned());
            #[expect(clippy::cast_precision_loss, reason = "under 2^53")]
            match POWERS.get(usize::try_from(decimals).ok()?) {
                Some(power) if digits.unsigned_abs() < 1 << 53 => digits as f64 / power,
                _ => decimal_text(packed).parse().ok()?,
            }
        }
        Cell::Null | Cell::Code(_) => return None,
    };
    Some(((metres * 100.0).round() / 100.0).to_bits().cast_signed())
}

fn put_value(out: &mut Vec<u8>, form: Form, cell: Cell, row: &Row<'_>, siren: u64) {
    match (form, cell) {
        (Form::Digits(14), Cell::Number(siret)) => {
            let siret = siret.cast_unsigned();
            if siret / 100_000 == siren {
                put(out, (siret % 100_000) << 1);
            } else {
                put(out, siret << 1 | 1);
            }
        }
        (Form::Digits(_), Cell::Number(number)) => put(out, number.cast_unsigned()),
        (Form::Text(_), Cell::Code(code)) => put(out, u64::from(code) + 2),
        (Form::Metres(_), Cell::Code(code)) => put(out, u64::from(code) + 3),
        (_, Cell::Text(start, length)) => {
            let text = row.text(start, length);
            if let (Form::Metres(_), Some(packed)) = (form, packed(text)) {
                put(out, PACKED);
                return put(out, zigzag(packed));
            }
            put(out, 1);
            put(out, text.len() as u64);
            out.extend_from_slice(text);
        }
        (Form::Days, Cell::Number(days)) => put_number(out, days.checked_sub(DAY_ZERO), days),
        (Form::Moment, Cell::Number(micros)) => put_number(out, moment(micros), micros),
        (Form::Decimal(decimals), Cell::Number(bits)) => {
            put_number(out, scaled(bits, decimals), bits)
        }
        (_, Cell::Number(number)) => put_number(out, Some(number), number),
        (_, Cell::Null | Cell::Code(_)) => put(out, 0),
    }
}

/// `0` for absent, `1` for a number in eight bytes, else what makes it small.
fn put_number(out: &mut Vec<u8>, small: Option<i64>, raw: i64) {
    if let Some(small) = small.map(zigzag).and_then(|small| small.checked_add(2)) {
        put(out, small);
    } else {
        put(out, RAW);
        out.extend_from_slice(&raw.to_le_bytes());
    }
}

fn value(cursor: &mut Cursor<'_>, form: Form, siren: u64) -> Option<Cell> {
    let token = cursor.number()?;
    let number = |number: u64| Cell::Number(number.cast_signed());
    Some(match form {
        Form::Digits(14) if token & 1 == 0 => {
            number(siren.checked_mul(100_000)?.checked_add(token >> 1)?)
        }
        Form::Digits(14) => number(token >> 1),
        Form::Digits(_) => number(token),
        _ if token == 0 => Cell::Null,
        Form::Text(_) | Form::Metres(_) if token == 1 => {
            let length = cursor.length()?;
            let start = cursor.position();
            cursor.take(length)?;
            Cell::Text(u32::try_from(start).ok()?, u32::try_from(length).ok()?)
        }
        Form::Text(_) => Cell::Code(u32::try_from(token - 2).ok()?),
        Form::Metres(_) if token == PACKED => Cell::Number(unzigzag(cursor.number()?)),
        Form::Metres(_) => Cell::Code(u32::try_from(token - 3).ok()?),
        _ if token == RAW => Cell::Number(cursor.fixed()?.cast_signed()),
        Form::Days => Cell::Number(unzigzag(token - 2).checked_add(DAY_ZERO)?),
        Form::Moment => Cell::Number(micros(unzigzag(token - 2))?),
        Form::Decimal(decimals) | Form::Near(decimals) => {
            Cell::Number(unscaled(unzigzag(token - 2), decimals))
        }
        Form::Whole => Cell::Number(unzigzag(token - 2)),
    })
}

/// What [`TableCoding::encode`] wrote of a number near the one expected.
fn near_value(cursor: &mut Cursor<'_>, near: i64, decimals: u8) -> Option<Cell> {
    Some(match cursor.number()? {
        0 => Cell::Null,
        RAW => Cell::Number(cursor.fixed()?.cast_signed()),
        far => Cell::Number(unscaled(near.checked_add(unzigzag(far - 2))?, decimals)),
    })
}

/// A text of digits with a point, as a number: what the digits make, then in the low four bits how
/// many of them are after the point. None for any other, which would not come back the same.
fn packed(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, decimals) = text.split_once('.')?;
    let digits: i64 = format!("{whole}{decimals}").parse().ok()?;
    let packed = digits
        .checked_mul(16)?
        .checked_add(i64::try_from(decimals.len()).ok()?)?;
    (decimals.len() < 16 && decimal_text(packed) == text).then_some(packed)
}

/// The text that [`packed`] was given.
#[must_use]
pub fn decimal_text(packed: i64) -> String {
    let digits = (packed >> 4).unsigned_abs();
    let decimals = usize::try_from(packed & 15).unwrap_or(0);
    let sign = if packed < 0 { "-" } else { "" };
    let text = format!("{digits:0width$}", width = decimals + 1);
    let (whole, decimals) = text.split_at(text.len() - decimals);
    format!("{sign}{whole}.{decimals}")
}

/// Seconds when there is nothing after them, else milliseconds, else microseconds: which, in the low
/// two bits.
fn moment(micros: i64) -> Option<i64> {
    let (unit, zero, tag) = if micros % 1_000_000 == 0 {
        (1_000_000, SECOND_ZERO, 0)
    } else if micros % 1_000 == 0 {
        (1_000, SECOND_ZERO * 1_000, 1)
    } else {
        (1, SECOND_ZERO * 1_000_000, 2)
    };
    let count = (micros / unit).checked_sub(zero)?;
    count.checked_mul(4)?.checked_add(tag)
}

fn micros(moment: i64) -> Option<i64> {
    let (unit, zero) = match moment & 3 {
        0 => (1_000_000, SECOND_ZERO),
        1 => (1_000, SECOND_ZERO * 1_000),
        _ => (1, SECOND_ZERO * 1_000_000),
    };
    (moment >> 2).checked_add(zero)?.checked_mul(unit)
}

const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// A real number as a whole one, when it has no more than that many decimals and comes back to the
/// bit.
#[must_use]
pub fn scaled(bits: i64, decimals: u8) -> Option<i64> {
    let power = POWERS[usize::from(decimals) % POWERS.len()];
    let number = f64::from_bits(bits.cast_unsigned()) * power;
    // Beyond that, not every whole number is a real one.
    if !(-9e15..=9e15).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within 9e15, just checked")]
    let whole = number.round() as i64;
    (unscaled(whole, decimals) == bits).then_some(whole)
}

/// The whole number nearest to a real one once scaled, whether it comes back or not.
fn rounded(bits: i64, decimals: u8) -> Option<i64> {
    let power = POWERS[usize::from(decimals) % POWERS.len()];
    let number = f64::from_bits(bits.cast_unsigned()) * power;
    #[expect(clippy::cast_possible_truncation, reason = "within 9e15, just checked")]
    (-9e15..=9e15)
        .contains(&number)
        .then(|| number.round() as i64)
}

fn unscaled(whole: i64, decimals: u8) -> i64 {
    let power = POWERS[usize::from(decimals) % POWERS.len()];
    #[expect(
        clippy::cast_precision_loss,
        reason = "the writer checked that it comes back to the bit"
    )]
    let number = whole as f64 / power;
    number.to_bits().cast_signed()
}
