//! CSV text without an allocation per field: fields are pushed onto one reused buffer, each
//! followed by the delimiter, and the end of a row replaces the last one.

use crate::generate::random::Random;

/// A day, as `AAAAMMJJ`, so that days compare as numbers. Zero is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Day(pub u32);

impl Day {
    /// Not known to INSEE.
    pub const UNKNOWN: Self = Self::new(1900, 1, 1);
    /// Not known to the RNA.
    pub const UNKNOWN_RNA: Self = Self::new(1, 1, 1);
    /// No value.
    pub const NULL: Self = Self(0);

    /// That day.
    #[must_use]
    pub const fn new(year: u32, month: u32, day: u32) -> Self {
        Self(year * 10_000 + month * 100 + day)
    }

    /// Reads `AAAA-MM-JJ`; an empty text is null.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let digits = text.bytes().filter(u8::is_ascii_digit);
        Self(digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// Its year.
    #[must_use]
    pub const fn year(self) -> u32 {
        self.0 / 10_000
    }

    /// Months since year zero.
    #[must_use]
    pub const fn months(self) -> u32 {
        self.year() * 12 + self.0 / 100 % 100 - 1
    }

    /// A day of that month, counted as [`Self::months`] does.
    #[must_use]
    pub const fn in_month(months: u32, day: u32) -> Self {
        Self::new(months / 12, months % 12 + 1, day)
    }

    /// The same day a year before, when this one is still to come.
    #[must_use]
    pub fn not_after(self, edition: Self) -> Self {
        if self > edition {
            Self(self.0 - 10_000)
        } else {
            self
        }
    }

    /// The day before, in the calendar.
    #[must_use]
    pub const fn previous(self) -> Self {
        let (year, month, day) = (self.year(), self.0 / 100 % 100, self.0 % 100);
        if day > 1 {
            return Self(self.0 - 1);
        }
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        match month {
            1 => Self::new(year - 1, 12, 31),
            3 if leap => Self::new(year, 2, 29),
            3 => Self::new(year, 2, 28),
            5 | 7 | 10 | 12 => Self::new(year, month - 1, 30),
            _ => Self::new(year, month - 1, 31),
        }
    }

    /// A day of that year. One in five is a first of January, as in the register.
    pub fn in_year(year: u32, random: &mut Random) -> Self {
        let draw = random.below(12 * 28 * 5);
        if draw.is_multiple_of(5) {
            Self::new(year, 1, 1)
        } else {
            Self::new(year, draw / 5 % 12 + 1, draw / 60 + 1)
        }
    }
}

/// A day and a time; null when its day is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timestamp {
    /// The day.
    pub day: Day,
    /// Milliseconds since midnight; written only when they are not a whole second.
    pub millis: u32,
}

impl Timestamp {
    /// A working day's time, one in eight with its milliseconds.
    pub fn draw(day: Day, random: &mut Random) -> Self {
        let second = random.between(5 * 3600, 22 * 3600);
        let millis = if random.chance(1250) {
            random.between(1, 999)
        } else {
            0
        };
        Self {
            day,
            millis: second * 1000 + millis,
        }
    }
}

/// The buffer rows are written to.
#[derive(Debug)]
pub struct Buffer {
    /// The text so far.
    pub bytes: Vec<u8>,
    /// Rows ended since the last [`Self::clear`].
    pub rows: u64,
    delimiter: u8,
    line_end: &'static [u8],
}

impl Buffer {
    /// Past this size a buffer is worth handing over.
    pub const FULL: usize = 1 << 20;

    /// An empty buffer.
    #[must_use]
    pub fn new(delimiter: u8, line_end: &'static [u8]) -> Self {
        Self {
            bytes: Vec::with_capacity(Self::FULL + (64 << 10)),
            rows: 0,
            delimiter,
            line_end,
        }
    }

    /// Whether it is time to hand it over.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= Self::FULL
    }

    /// Forgets the text, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.rows = 0;
    }

    /// The header line, which is not counted as a row.
    pub fn header<'a>(&mut self, columns: impl Iterator<Item = &'a str>) {
        for column in columns {
            self.code(column);
        }
        self.end_row();
        self.rows -= 1;
    }

    /// A value that never needs quotes: a code, a digit string.
    pub fn code(&mut self, value: &str) {
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(self.delimiter);
    }

    /// A text, quoted only when it must be, its quotes doubled.
    pub fn text(&mut self, value: &str) {
        let delimiter = self.delimiter;
        if value
            .bytes()
            .any(|byte| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r'))
        {
            self.bytes.push(b'"');
            for byte in value.bytes() {
                if byte == b'"' {
                    self.bytes.push(b'"');
                }
                self.bytes.push(byte);
            }
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(value.as_bytes());
        }
        self.bytes.push(delimiter);
    }

    /// `count` empty fields.
    pub fn blanks(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, self.delimiter);
    }

    /// `count` times the same code.
    pub fn repeat(&mut self, value: &str, count: usize) {
        for _ in 0..count {
            self.code(value);
        }
    }

    /// A number, empty when zero.
    pub fn number(&mut self, value: u32) {
        if value != 0 {
            push_number(&mut self.bytes, value);
        }
        self.bytes.push(self.delimiter);
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.code(if value { "true" } else { "false" });
    }

    /// A number counted in units of its last decimal: `decimal(-6153, 2)` is `-61.53`.
    pub fn decimal(&mut self, value: i64, decimals: usize) {
        if value < 0 {
            self.bytes.push(b'-');
        }
        let digits = digits_of::<20>(value.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
        self.bytes
            .extend_from_slice(&whole[zeros.min(whole.len() - 1)..]);
        self.bytes.push(b'.');
        self.bytes.extend_from_slice(fraction);
        self.bytes.push(self.delimiter);
    }

    /// A day, empty when null.
    pub fn day(&mut self, day: Day) {
        if day != Day::NULL {
            self.push_day(day);
        }
        self.bytes.push(self.delimiter);
    }

    /// A day and a time, `separator` between them, empty when null.
    pub fn timestamp(&mut self, at: Timestamp, separator: u8) {
        if at.day != Day::NULL {
            self.push_day(at.day);
            let seconds = at.millis / 1000;
            self.bytes.push(separator);
            push_digits(&mut self.bytes, seconds / 3600, 2);
            self.bytes.push(b':');
            push_digits(&mut self.bytes, seconds / 60 % 60, 2);
            self.bytes.push(b':');
            push_digits(&mut self.bytes, seconds % 60, 2);
            if !at.millis.is_multiple_of(1000) {
                self.bytes.push(b'.');
                push_digits(&mut self.bytes, at.millis % 1000, 3);
            }
        }
        self.bytes.push(self.delimiter);
    }

    /// Ends the row.
    pub fn end_row(&mut self) {
        self.bytes.pop();
        self.bytes.extend_from_slice(self.line_end);
        self.rows = self.rows.wrapping_add(1);
    }

    fn push_day(&mut self, day: Day) {
        push_digits(&mut self.bytes, day.year(), 4);
        self.bytes.push(b'-');
        push_digits(&mut self.bytes, day.0 / 100 % 100, 2);
        self.bytes.push(b'-');
        push_digits(&mut self.bytes, day.0 % 100, 2);
    }
}

/// `N` digits, zeros in front.
pub fn digits<const N: usize>(value: u32) -> [u8; N] {
    digits_of(u64::from(value))
}

fn digits_of<const N: usize>(mut value: u64) -> [u8; N] {
    let mut text = [b'0'; N];
    for byte in text.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
    text
}

fn push_digits(bytes: &mut Vec<u8>, value: u32, width: usize) {
    bytes.extend_from_slice(&digits::<4>(value)[4 - width..]);
}

fn push_number(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(significant(&digits::<10>(value)));
}

/// Without the zeros in front, all but the last.
fn significant(digits: &[u8; 10]) -> &[u8] {
    let start = digits.iter().position(|byte| *byte != b'0').unwrap_or(9);
    &digits[start..]
}

/// Appends a number to a text.
pub fn append_number(text: &mut String, value: u32) {
    let digits = digits::<10>(value);
    text.push_str(ascii(significant(&digits)));
}

/// Digits as text.
#[must_use]
pub fn ascii(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_quoted_only_where_it_must_be() {
        let mut buffer = Buffer::new(b',', b"\n");
        buffer.text("L'UN & L*AUTRE/");
        buffer.text("DIT \"LE BETA\", 12");
        buffer.blanks(1);
        buffer.number(0);
        buffer.number(2030);
        buffer.day(Day::new(4, 12, 1));
        buffer.timestamp(
            Timestamp {
                day: Day::new(2024, 3, 22),
                millis: 56_457_000,
            },
            b'T',
        );
        buffer.timestamp(
            Timestamp {
                day: Day::new(2024, 3, 22),
                millis: 56_457_007,
            },
            b'T',
        );
        buffer.end_row();
        assert_eq!(
            ascii(&buffer.bytes),
            "L'UN & L*AUTRE/,\"DIT \"\"LE BETA\"\", 12\",,,2030,0004-12-01,2024-03-22T15:40:57,2024-03-22T15:40:57.007\n"
        );
    }

    #[test]
    fn a_decimal_keeps_its_zeros() {
        let mut buffer = Buffer::new(b';', b"\n");
        for (value, decimals) in [(65_123_400, 2), (-615_300_001, 7), (12, 2), (0, 2)] {
            buffer.decimal(value, decimals);
        }
        assert_eq!(ascii(&buffer.bytes), "651234.00;-61.5300001;0.12;0.00;");
    }

    #[test]
    fn the_day_before_is_that_of_the_calendar() {
        let mut day = chrono::NaiveDate::from_ymd_opt(1896, 1, 1).unwrap();
        for _ in 0..60_000 {
            let next = day.succ_opt().unwrap();
            let parse = |day: chrono::NaiveDate| Day::parse(&day.to_string());
            assert_eq!(parse(next).previous(), parse(day));
            day = next;
        }
    }

    #[test]
    fn days_compare_and_count_months() {
        assert_eq!(Day::parse("2017-05-24"), Day::new(2017, 5, 24));
        assert_eq!(
            Day::in_month(Day::new(1999, 12, 1).months(), 3),
            Day::new(1999, 12, 3)
        );
        assert_eq!(Day::parse(""), Day::NULL);
    }
}
