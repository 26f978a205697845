//! Numbers and dates as the service read them: it was written in Python, whose `int`, `float` and
//! `date.fromisoformat` (3.11) take more than digits.

use chrono::{NaiveDate, Weekday};

/// `int(text)`: blanks around, a sign, `_` between two digits. What is too large for anything is the
/// largest there is: it is an integer, out of every range.
pub(super) fn entier(text: &str) -> Option<i64> {
    let (negative, digits) = signed(text.trim());
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<i64>().unwrap_or(i64::MAX);
    Some(if negative { -number } else { number })
}

/// `float(text)`, but `nan`, which the service refused.
pub(super) fn flottant(text: &str) -> Option<f64> {
    let (negative, rest) = signed(text.trim());
    let number = if ["inf", "infinity"].contains(&rest.to_ascii_lowercase().as_str()) {
        f64::INFINITY
    } else {
        let digits = without_underscores(rest)?;
        // Rust reads `inf` and `nan` too, and a second sign.
        let starts_well = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        digits.parse::<f64>().ok().filter(|_| starts_well)?
    };
    Some(if negative { -number } else { number })
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `1_000` is 1000; `_1`, `1_`, `1__0` are nothing.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit_at = |index: Option<usize>| {
        index
            .and_then(|index| bytes.get(index))
            .is_some_and(u8::is_ascii_digit)
    };
    let placed = |(index, byte): (usize, &u8)| {
        *byte != b'_' || (digit_at(index.checked_sub(1)) && digit_at(Some(index + 1)))
    };
    let well = bytes.iter().enumerate().all(placed);
    well.then(|| text.replace('_', ""))
}

/// `date.fromisoformat(text)`: `2020-01-02`, `20200102`, `2020-W01-4`, `2020W014`, `2020-W01`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let year: i32 = digits(text.get(..4)?)?.try_into().ok()?;
    let rest = text.get(4..)?;
    let (dashed, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if year == 0 {
        return None;
    }
    let second = |rest: &'_ str| -> Option<Option<u32>> {
        match (dashed, rest) {
            (_, "") => Some(None),
            (true, rest) => digits(rest.strip_prefix('-')?).map(Some),
            (false, rest) => digits(rest).map(Some),
        }
    };
    if let Some(rest) = rest.strip_prefix('W') {
        let week = digits(rest.get(..2)?)?;
        let rest = rest.get(2..)?;
        if rest.trim_start_matches('-').len() > 1 {
            return None;
        }
        let day = match second(rest)? {
            None | Some(1) => Weekday::Mon,
            Some(2) => Weekday::Tue,
            Some(3) => Weekday::Wed,
            Some(4) => Weekday::Thu,
            Some(5) => Weekday::Fri,
            Some(6) => Weekday::Sat,
            Some(7) => Weekday::Sun,
            Some(_) => return None,
        };
        return NaiveDate::from_isoywd_opt(year, week, day);
    }
    let month = digits(rest.get(..2)?)?;
    let rest = rest.get(2..)?;
    let two = rest.trim_start_matches('-').len() == 2;
    let day = second(rest)?.filter(|_| two)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// Digits and nothing else.
fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("1", Some(1)),
            (" +5 ", Some(5)),
            ("-3", Some(-3)),
            ("1_0", Some(10)),
            ("007", Some(7)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            ("1.0", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("- 1", None),
            ("+-1", None),
            ("1e1", None),
        ] {
            assert_eq!(entier(text), expected, "{text:?}");
        }
    }

    #[test]
    fn floats_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("48.85", Some(48.85)),
            (" 1e1 ", Some(10.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("-1_0.5", Some(-10.5)),
            ("Infinity", Some(f64::INFINITY)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("nan", None),
            ("NaN", None),
            ("", None),
            ("48,85", None),
            ("--1", None),
            ("1_.5", None),
        ] {
            assert_eq!(flottant(text), expected, "{text:?}");
        }
    }

    #[test]
    fn dates_are_read_as_python_reads_them() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        for (text, expected) in [
            ("1990-01-02", day(1990, 1, 2)),
            ("20200101", day(2020, 1, 1)),
            ("2020-W01-1", day(2019, 12, 30)),
            ("2020W017", day(2020, 1, 5)),
            ("2020-W01", day(2019, 12, 30)),
            ("2021-02-29", None),
            ("0000-01-01", None),
            ("2020-0101", None),
            ("202001-01", None),
            ("2020-1-1", None),
            ("2020-W01-8", None),
            ("02/01/1990", None),
            ("", None),
            ("éééé-01-01", None),
        ] {
            assert_eq!(date(text), expected, "{text:?}");
        }
    }
}
