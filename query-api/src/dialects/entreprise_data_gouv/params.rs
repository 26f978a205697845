//! Parameters, as the service read them: nothing is refused. What it does not know is ignored, a blank
//! value too, and of a name given twice the last one counts.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use std::convert::Infallible;
use std::str::FromStr;

use super::champs::{Champ, Filtre};
use super::erreur::Refus;

/// The pairs of the query.
#[derive(Debug, Default)]
pub(crate) struct Params(pub(super) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        Ok(pairs.map(|Query(pairs)| Self(pairs)).unwrap_or_default())
    }
}

/// A page of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Feuille {
    pub(super) page: u32,
    pub(super) per_page: u16,
}

impl Feuille {
    /// How many results are before it.
    pub(super) fn offset(self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.per_page)
    }

    /// How many pages so many results make.
    pub(super) fn pages(self, total: i64) -> u64 {
        u64::try_from(total)
            .unwrap_or_default()
            .div_ceil(self.per_page.into())
    }
}

/// Results on a page, at most.
pub(crate) const PER_PAGE_MAX: u16 = 100;

impl Params {
    /// A value that is not blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.trim().is_empty())
    }

    /// `page` and `per_page`.
    pub(super) fn feuille(&self, per_page: u16) -> Feuille {
        let number = |name| {
            self.get(name)
                .and_then(|text| text.trim().parse::<u32>().ok())
        };
        let asked = number("per_page").filter(|number| *number > 0);
        let asked = asked.map_or(per_page, |number| {
            u16::try_from(number).unwrap_or(PER_PAGE_MAX)
        });
        Feuille {
            page: number("page").unwrap_or(1).max(1),
            per_page: asked.min(PER_PAGE_MAX),
        }
    }

    /// Those that name a field.
    pub(super) fn filters(&self, champs: &'static [Champ]) -> Vec<Filtre> {
        let filters = champs.iter().filter_map(|champ| {
            Some(Filtre {
                champ,
                valeur: self.get(champ.nom)?.to_owned(),
            })
        });
        filters.collect()
    }
}

/// The last segment of the path: a text, without the `.json` that Rails allows.
pub(crate) struct Segment(pub(super) String);

impl Segment {
    /// The number that it is.
    pub(super) fn number<T: FromStr>(&self) -> Result<T, Refus> {
        number(&self.0)
    }
}

/// A number; the service refused none, and found nothing for those that are not one.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, Refus> {
    text.parse().or(Err(Refus::AucunResultat))
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Infallible;

    /// Bytes that are no text are the identifier of nobody.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let text = path.map(|Path(text)| text).unwrap_or_default();
        Ok(Self(match text.strip_suffix(".json") {
            Some(without) => without.to_owned(),
            None => text,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Params(pairs.iter().map(own).collect())
    }

    #[test]
    fn a_page_that_makes_no_sense_is_the_first_and_a_long_one_is_cut() {
        for (page, per_page, expected) in [
            ("3", "50", (3, 50)),
            ("0", "0", (1, 20)),
            ("-1", "101", (1, 100)),
            ("deux", "99999999", (1, 100)),
            ("", "", (1, 20)),
        ] {
            let feuille = params(&[("page", page), ("per_page", per_page)]).feuille(20);
            assert_eq!(
                (feuille.page, feuille.per_page),
                expected,
                "{page} {per_page}"
            );
        }
        let second = params(&[("page", "2"), ("per_page", "30")]).feuille(20);
        assert_eq!((second.offset(), second.pages(61)), (30, 3));
    }

    #[test]
    fn of_a_name_given_twice_the_last_counts_and_a_blank_is_nothing() {
        let params = params(&[("a", "1"), ("a", "2"), ("b", " ")]);
        assert_eq!((params.get("a"), params.get("b")), (Some("2"), None));
    }
}
