//! The columns of an answer as tables: a name, and where its value comes from. A column that no table
//! of ours has does not compile.

use registre_schemas::Table;
use registre_schemas::diffusion::is_masked;
use serde::ser::SerializeMap;
use std::borrow::Cow;

use crate::record::{Record, Value};
use crate::selection::Condition;
use crate::view::as_text;

/// One field of an answer.
#[derive(Debug)]
pub(crate) struct Champ {
    /// Its name.
    pub(crate) nom: &'static str,
    /// Where its value comes from.
    pub(crate) source: Source,
}

/// Where a value comes from: columns of the row, by position.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// A column; null when the row is hidden.
    Colonne(usize),
    /// A column that is shown of anyone.
    Publique(usize),
    /// An integer: the digits of an identifier of so many.
    Numero(usize, usize),
    /// An integer: an identifier read in base 36.
    Base36(usize),
    /// Columns joined by spaces, those that are there.
    Jointes(&'static [usize]),
    /// When the snapshot was made.
    Moment,
    /// Nothing gives it any more.
    Absente,
    /// `true` when that column has that value, else `false`.
    Vaut(usize, &'static str),
}

/// One line of a table of fields.
pub(super) const fn champ(nom: &'static str, source: Source) -> Champ {
    Champ { nom, source }
}

/// A value as it is answered.
#[derive(Debug, PartialEq)]
pub(super) enum Reponse<'row> {
    Null,
    Text(Cow<'row, str>),
    Entier(i64),
}

/// A row to answer.
#[derive(Clone, Copy)]
pub(super) struct Ligne<'row> {
    pub(super) champs: &'static [Champ],
    pub(super) record: &'row Record,
    /// Whether the person asked not to be shown.
    pub(super) hidden: bool,
    /// When the snapshot was made.
    pub(super) moment: &'row str,
}

impl<'row> Ligne<'row> {
    /// The value of a field.
    pub(super) fn value(&self, source: Source) -> Reponse<'row> {
        match source {
            Source::Publique(index) => self.text(index).map_or(Reponse::Null, Reponse::Text),
            Source::Numero(index, _) => self.number(index, 10),
            Source::Base36(index) => self.number(index, 36),
            Source::Moment => Reponse::Text(Cow::Borrowed(self.moment)),
            _ if self.hidden => Reponse::Null,
            Source::Absente => Reponse::Null,
            Source::Colonne(index) => self.text(index).map_or(Reponse::Null, Reponse::Text),
            Source::Jointes(indexes) => self.joined(indexes),
            Source::Vaut(index, value) => {
                let is_so = self.text(index).as_deref() == Some(value);
                Reponse::Text(Cow::Borrowed(if is_so { "true" } else { "false" }))
            }
        }
    }

    /// Never a mask: who is diffusible has none, and what has one is not shown.
    fn text(&self, index: usize) -> Option<Cow<'row, str>> {
        as_text(self.record.at(index)).filter(|text| !is_masked(text))
    }

    fn number(&self, index: usize, radix: u32) -> Reponse<'row> {
        let digits = match self.record.at(index) {
            Value::Text(text) => i64::from_str_radix(text, radix).ok(),
            _ => None,
        };
        digits.map_or(Reponse::Null, Reponse::Entier)
    }

    fn joined(&self, indexes: &[usize]) -> Reponse<'row> {
        let mut joined = String::new();
        for text in indexes.iter().filter_map(|index| self.text(*index)) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(&text);
        }
        if joined.is_empty() {
            Reponse::Null
        } else {
            Reponse::Text(Cow::Owned(joined))
        }
    }

    /// Writes its fields, in their order.
    pub(super) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for champ in self.champs {
            match self.value(champ.source) {
                Reponse::Null => map.serialize_entry(champ.nom, &())?,
                Reponse::Text(text) => map.serialize_entry(champ.nom, &*text)?,
                Reponse::Entier(number) => map.serialize_entry(champ.nom, &number)?,
            }
        }
        Ok(())
    }

    /// Whether all filters hold, of what is answered: nobody is found by what is hidden of them.
    pub(super) fn passes(&self, filters: &[Filtre]) -> bool {
        filters
            .iter()
            .all(|filter| match self.value(filter.champ.source) {
                Reponse::Null => false,
                Reponse::Text(text) => *text == *filter.valeur,
                Reponse::Entier(number) => number.to_string() == filter.valeur,
            })
    }
}

/// A field that must have a value.
#[derive(Debug, Clone)]
pub(super) struct Filtre {
    pub(super) champ: &'static Champ,
    pub(super) valeur: String,
}

/// What filters ask of the rows of a table, in columns. `statut` is the column that says who may be
/// shown: whatever is hidden of the others is not what they are found by.
pub(super) fn conditions(
    table: &'static Table,
    statut: usize,
    filters: &[Filtre],
    moment: &str,
) -> Vec<Condition> {
    let mut conditions = Vec::with_capacity(filters.len() + 1);
    let mut only_shown = false;
    for Filtre { champ, valeur } in filters {
        let condition = match champ.source {
            Source::Publique(index) => Condition::equals(table, index, valeur),
            Source::Colonne(index) => {
                only_shown = true;
                Condition::equals(table, index, valeur)
            }
            Source::Jointes(indexes) => {
                only_shown = true;
                Condition::Joined(indexes, valeur.clone())
            }
            Source::Numero(index, width) => match valeur.parse::<u64>() {
                Ok(number) if *valeur == number.to_string() => {
                    Condition::equals(table, index, &format!("{number:0width$}"))
                }
                _ => Condition::Never,
            },
            Source::Moment if valeur == moment => continue,
            Source::Moment | Source::Absente | Source::Base36(_) | Source::Vaut(..) => {
                Condition::Never
            }
        };
        conditions.push(condition);
    }
    if only_shown {
        conditions.push(Condition::equals(table, statut, "O"));
    }
    conditions
}
