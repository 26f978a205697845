//! Values as texts: dates and numbers as a person in France reads them, digits as a machine does.

use chrono::{Datelike, NaiveDate};
use registre_schemas::MONTHS;
use std::fmt::Write as _;

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A text never fails to be written.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A number as that many digits, in ASCII.
pub(crate) fn digits(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
    }
}

/// A text as a field of CSV, RFC 4180: quoted when it must be.
pub(crate) fn csv_text(bytes: &mut Vec<u8>, text: &str) {
    let bytes_of_text = text.as_bytes();
    let plain = memchr::memchr3(b'"', b',', b'\n', bytes_of_text)
        .or_else(|| memchr::memchr(b'\r', bytes_of_text))
        .is_none();
    if plain {
        return bytes.extend_from_slice(text.as_bytes());
    }
    bytes.push(b'"');
    bytes.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    bytes.push(b'"');
}

/// `1er novembre 2026`.
pub(crate) fn long_date(date: NaiveDate) -> String {
    let day = if date.day() == 1 {
        "1er".to_owned()
    } else {
        date.day().to_string()
    };
    let month = MONTHS[date.month0() as usize % 12];
    format!("{day} {month} {}", date.year())
}

/// Whether a register's date means that it does not know: 1900-01-01 in SIRENE, 0001-01-01 in the RNA.
pub(crate) fn is_unknown(date: NaiveDate) -> bool {
    matches!(date.year(), 1900 | 1) && date.ordinal() == 1
}

/// `13 002 526`, with no-break spaces.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// `12,3 %` of `total`, with a no-break space; `0 %` and `100 %` only when it is so.
pub(crate) fn percent(part: u64, total: u64) -> String {
    let thousandths = u128::from(part) * 1000 / u128::from(total.max(1));
    match (part, thousandths) {
        (0, _) => "0\u{a0}%".to_owned(),
        (_, 0) => "<\u{a0}0,1\u{a0}%".to_owned(),
        (_, 1000..) => "100\u{a0}%".to_owned(),
        _ => format!("{},{}\u{a0}%", thousandths / 10, thousandths % 10),
    }
}

/// `135,9 Mo`, with a no-break space.
pub(crate) fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{},{}\u{a0}ko", bytes / 1000, bytes % 1000 / 100),
        1_000_000..1_000_000_000 => {
            format!(
                "{},{}\u{a0}Mo",
                bytes / 1_000_000,
                bytes % 1_000_000 / 100_000
            )
        }
        _ => format!(
            "{},{}\u{a0}Go",
            bytes / 1_000_000_000,
            bytes % 1_000_000_000 / 100_000_000
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_french_and_unknown_ones_recognised() {
        let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        assert_eq!(long_date(date(2026, 11, 1)), "1er novembre 2026");
        assert_eq!(long_date(date(2026, 8, 24)), "24 août 2026");
        assert!(is_unknown(date(1900, 1, 1)) && is_unknown(date(1, 1, 1)));
        assert!(!is_unknown(date(1900, 1, 2)) && !is_unknown(date(2000, 1, 1)));
    }

    #[test]
    fn shares_and_sizes_are_readable() {
        let shares = [(0, 7), (1, 5000), (1, 8), (4999, 5000), (7, 7), (0, 0)];
        let shares = shares.map(|(part, total)| percent(part, total).replace('\u{a0}', " "));
        assert_eq!(
            shares,
            ["0 %", "< 0,1 %", "12,5 %", "99,9 %", "100 %", "0 %"]
        );
        let sizes = [4929, 135_907_531, 2_910_000_000];
        let sizes = sizes.map(|bytes| megabytes(bytes).replace('\u{a0}', " "));
        assert_eq!(sizes, ["4,9 ko", "135,9 Mo", "2,9 Go"]);
    }

    #[test]
    fn numbers_are_spaced() {
        assert_eq!(thousands(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(thousands(12), "12");
    }
}
