//! The text of one field as a typed value. `None` means it cannot be read as that type.

/// Days from 1970-01-01 of a proleptic Gregorian date, after Howard Hinnant's `days_from_civil`.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i32::try_from((month + 9) % 12).unwrap_or(0);
    let day_of_year = (153 * month_from_march + 2) / 5 + i32::try_from(day).unwrap_or(0) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |sum: u32, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `AAAA-MM-JJ` as days since 1970-01-01. Odd years (0001, 0004, 2218) are kept: they are what the
/// register says.
#[must_use]
pub fn date(text: &str) -> Option<i32> {
    let bytes: &[u8; 10] = match text.as_bytes().try_into() {
        Ok(bytes) => bytes,
        // Some exports of the RNA write its dates with a time, always that one.
        Err(_longer) => {
            let midnight = ["T00:00:00", " 00:00:00"];
            let date = midnight.iter().find_map(|time| text.strip_suffix(time))?;
            date.as_bytes().try_into().ok()?
        }
    };
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    days(&bytes[..4], &bytes[5..7], &bytes[8..])
}

/// As people type dates in a list they keep: also `JJ/MM/AAAA`.
#[must_use]
pub fn date_by_hand(text: &str) -> Option<i32> {
    let mut parts = text.split('/').map(str::as_bytes);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (
            Some(day @ ([_] | [_, _])),
            Some(month @ ([_] | [_, _])),
            Some(year @ [_, _, _, _]),
            None,
        ) => days(year, month, day),
        _ => date(text),
    }
}

fn days(year: &[u8], month: &[u8], day: &[u8]) -> Option<i32> {
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    exists.then(|| days_from_civil(i32::try_from(year).unwrap_or(0), month, day))
}

/// How the RNA's oldest records write that there is no date: null, and not an unreadable value.
#[must_use]
pub fn is_no_date(text: &str) -> bool {
    text.starts_with("0000-00-00")
}

/// `AAAA-MM-JJTHH:MM:SS`, with a space instead of the `T` in the RNA, and up to six decimals, as
/// microseconds since 1970-01-01T00:00:00. A date alone is its midnight.
#[must_use]
pub fn timestamp(text: &str) -> Option<i64> {
    let days = date(text.get(..10)?)?;
    let bytes = text.as_bytes();
    if bytes.len() == 10 {
        return Some(i64::from(days) * 86_400 * 1_000_000);
    }
    if bytes.len() < 19
        || !matches!(bytes[10], b'T' | b' ')
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return None;
    }
    let (hour, minute, second) = (
        number(&bytes[11..13])?,
        number(&bytes[14..16])?,
        number(&bytes[17..19])?,
    );
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = match &bytes[19..] {
        [] => 0,
        [b'.', decimals @ ..] if (1..=6).contains(&decimals.len()) => {
            number(decimals)? * 10_u32.pow(6 - u32::try_from(decimals.len()).unwrap_or(6))
        }
        _ => return None,
    };
    let seconds = i64::from(days) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Some(seconds * 1_000_000 + i64::from(micros))
}

/// A whole number; `2022.0`, as some re-exports write years, is 2022.
#[must_use]
pub fn integer(text: &str) -> Option<i64> {
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// A finite number with a decimal point, or a decimal comma as French spreadsheets write it.
#[must_use]
pub fn real(text: &str) -> Option<f64> {
    let value: f64 = match text.split_once(',') {
        None => text.parse().ok()?,
        Some((whole, decimals)) => format!("{whole}.{decimals}").parse().ok()?,
    };
    value.is_finite().then_some(value)
}

/// `true` or `false`, in any case; `t`, `f`, `1` and `0`, as databases export them.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    // As INSEE writes them, before any other spelling is tried.
    match text {
        "true" => return Some(true),
        "false" => return Some(false),
        _ => {}
    }
    let is_one_of = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(["true", "t", "1"]) {
        Some(true)
    } else if is_one_of(["false", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate, NaiveDateTime};

    #[test]
    fn every_day_of_four_centuries_agrees_with_chrono() {
        let mut day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
        while day.year() < 2301 {
            let expected =
                i32::try_from((day - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days())
                    .unwrap();
            assert_eq!(date(&day.to_string()), Some(expected), "{day}");
            day = day.succ_opt().unwrap();
        }
    }

    #[test]
    fn odd_years_are_kept_and_impossible_days_are_not() {
        assert_eq!(date("0001-01-01"), Some(-719_162));
        assert_eq!(date("2020-05-12 00:00:00"), date("2020-05-12"));
        assert!(is_no_date("0000-00-00") && !is_no_date("0001-01-01"));
        assert!(date("0004-02-29").is_some() && date("2218-12-31").is_some());
        for bad in [
            "2014-12-35",
            "2023-02-29",
            "2023-00-10",
            "2023-1-1",
            "20230101",
            "2023/01/01",
            "12/07/1998",
            "[ND]",
            "éééée",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_date_typed_by_hand_has_its_day_first() {
        for (typed, meant) in [
            ("12/07/1998", "1998-07-12"),
            ("1/2/1923", "1923-02-01"),
            ("1998-07-12", "1998-07-12"),
            ("1998-07-12 00:00:00", "1998-07-12"),
        ] {
            assert_eq!(date_by_hand(typed), date(meant), "{typed}");
            assert!(date(meant).is_some(), "{meant}");
        }
        for bad in [
            "31/02/2023",
            "12/07-1998",
            "12/07/98",
            "07/1998",
            "1/2/1923/4",
            "//",
            "vers 1920",
        ] {
            assert_eq!(date_by_hand(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_timestamp_has_a_t_or_a_space_and_perhaps_decimals() {
        let micros = |text: &str| {
            text.parse::<NaiveDateTime>()
                .unwrap()
                .and_utc()
                .timestamp_micros()
        };
        assert_eq!(
            timestamp("2024-03-22T15:40:57"),
            Some(micros("2024-03-22T15:40:57"))
        );
        assert_eq!(
            timestamp("2024-03-22 15:40:57"),
            timestamp("2024-03-22T15:40:57")
        );
        assert_eq!(
            timestamp("2024-03-22T15:40:57.123"),
            Some(micros("2024-03-22T15:40:57.123"))
        );
        for bad in [
            "2024-03-22T25:00:00",
            "2024-03-22T15:40:57Z",
            "2024-03-22T15:40:57.",
        ] {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_and_booleans() {
        assert_eq!(
            (integer("2022"), integer("2022.0"), integer("NN")),
            (Some(2022), Some(2022), None)
        );
        assert_eq!(
            (real("2.35"), real("-61,5"), real("NaN"), real("1,2,3")),
            (Some(2.35), Some(-61.5), None, None)
        );
        assert_eq!(
            (boolean("true"), boolean("False"), boolean("O")),
            (Some(true), Some(false), None)
        );
        assert_eq!(
            (boolean("t"), boolean("F"), boolean("1"), boolean("2")),
            (Some(true), Some(false), Some(true), None)
        );
    }
}
