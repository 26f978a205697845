//! Dates as the publishers write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use registre_schemas::MONTHS;

/// The date in a title or file name: `01 Novembre 2026`, `01 11 2026` or `20261101`.
pub fn date_in(text: &str) -> Option<NaiveDate> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let in_words = words.windows(3).find_map(|window| {
        let month = MONTHS
            .iter()
            .position(|month| *month == window[1])
            .map_or_else(
                || window[1].parse().ok(),
                |index| u32::try_from(index + 1).ok(),
            )?;
        let year: i32 = window[2]
            .parse()
            .ok()
            .filter(|year| (1900..2200).contains(year))?;
        NaiveDate::from_ymd_opt(year, month, window[0].parse().ok()?)
    });
    in_words.or_else(|| {
        words
            .iter()
            .filter(|word| word.len() == 8)
            .find_map(|word| NaiveDate::parse_from_str(word, "%Y%m%d").ok())
    })
}

/// An instant of data.gouv.fr: RFC 3339, or the older form without zone, which is UTC.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .ok()
        .or_else(|| text.parse::<NaiveDateTime>().ok().map(|at| at.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_from_every_form_of_title_seen() {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1);
        assert_eq!(
            date_in("Sirene : Fichier StockUniteLegale du 01 Novembre 2026"),
            first
        );
        assert_eq!(
            date_in("Sirene : Fichier StockEtablissement du 01 11 2026 (format parquet) -"),
            first
        );
        assert_eq!(
            date_in("https://media.interieur.gouv.fr/rna/rna_waldec_20261101.zip"),
            first
        );
        assert_eq!(date_in("StockUniteLegale_utf8.zip"), None);
    }

    #[test]
    fn an_instant_without_a_zone_is_utc() {
        let expected = instant("2022-03-01T22:57:39+00:00");
        assert!(expected.is_some());
        assert_eq!(instant("2022-03-01T22:57:39"), expected);
        assert_eq!(instant("2022-03-01T23:57:39.000000+01:00"), expected);
        assert_eq!(instant("hier"), None);
    }
}
