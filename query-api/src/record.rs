//! One row of a table, by column name, with the labels of its codes.

use chrono::{NaiveDate, NaiveDateTime};
use registre_schemas::association::{ASSOCIATION, PERSONAL};
use registre_schemas::nomenclature::{Nomenclature, naf_label};
use registre_schemas::{Column, Table};
use std::fmt;

use crate::fiches::FicheRow;

/// A value as the register has it: `[ND]` and unknown dates included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'row> {
    /// Absent.
    Null,
    /// Text, code or identifier.
    Text(&'row str),
    /// A day.
    Date(NaiveDate),
    /// A moment, without zone.
    Timestamp(NaiveDateTime),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A number with a decimal point.
    Real(f64),
}

/// Where the values of a row are.
#[derive(Clone)]
enum Values {
    /// Made for it.
    Own(Vec<Own>),
    /// In the fiche it was read from: an answer copies each text once, into its JSON.
    Fiche(FicheRow),
}

/// A value of its own: see [`Value`].
#[derive(Debug, Clone)]
pub(crate) enum Own {
    /// Text, code or identifier.
    Text(String),
    /// Any other.
    Other(Value<'static>),
}

/// The position of a column, found when this program is compiled: a name that no column has does
/// not compile, and nothing is searched while a request waits.
pub(crate) const fn position(table: &Table, name: &str) -> usize {
    let name = name.as_bytes();
    let mut index = 0;
    while index < table.columns.len() {
        let column = table.columns[index].name.as_bytes();
        let mut same = if column.len() == name.len() {
            0
        } else {
            usize::MAX
        };
        while same < name.len() && column[same] == name[same] {
            same += 1;
        }
        if same == name.len() {
            return index;
        }
        index += 1;
    }
    panic!("the table has no such column")
}

/// `at!(ETABLISSEMENT, "siret")`: the [`position`] of a column.
macro_rules! at {
    ($table:path, $name:expr) => {
        const { $crate::record::position(&$table, $name) }
    };
}
pub(crate) use at;

/// One row: as many values as its table has columns, in the same order.
#[derive(Clone)]
pub(crate) struct Record {
    table: &'static Table,
    values: Values,
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = (0..self.table.columns.len()).map(|index| self.at(index));
        write!(formatter, "{} ", self.table.name)?;
        formatter.debug_list().entries(values).finish()
    }
}

impl Record {
    /// A row of `table`. What only the person concerned may publish is dropped here, at the door,
    /// whatever the file holds.
    pub(crate) fn new(table: &'static Table, values: Vec<Own>) -> Self {
        Self::of(table, Values::Own(values))
    }

    /// The same, of a row of the fiches.
    pub(crate) fn of_fiche(table: &'static Table, row: FicheRow) -> Self {
        Self::of(table, Values::Fiche(row))
    }

    fn of(table: &'static Table, values: Values) -> Self {
        let mut record = Self { table, values };
        record.hide_personal();
        record
    }

    fn hide_personal(&mut self) {
        if !std::ptr::eq(self.table, &raw const ASSOCIATION) || self.text("publiweb") == Some("1") {
            return;
        }
        for index in PERSONAL.iter().filter_map(|name| self.table.index_of(name)) {
            match &mut self.values {
                Values::Own(values) => {
                    if let Some(value) = values.get_mut(index) {
                        *value = Own::Other(Value::Null);
                    }
                }
                Values::Fiche(row) => row.forget(index),
            }
        }
    }

    /// The table it is a row of.
    pub(crate) fn table(&self) -> &'static Table {
        self.table
    }

    /// The value of the column at that position of the table.
    pub(crate) fn at(&self, index: usize) -> Value<'_> {
        match &self.values {
            Values::Own(values) => match values.get(index) {
                None => Value::Null,
                Some(Own::Text(text)) => Value::Text(text),
                Some(Own::Other(value)) => *value,
            },
            Values::Fiche(row) => row.at(index),
        }
    }

    /// The value of the column of that source name.
    pub(crate) fn get(&self, name: &str) -> Value<'_> {
        self.table
            .index_of(name)
            .map_or(Value::Null, |index| self.at(index))
    }

    /// A text value.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the column at that position, unless it is empty.
    pub(crate) fn text_at(&self, index: usize) -> Option<&str> {
        match self.at(index) {
            Value::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The date of the column at that position.
    pub(crate) fn date_at(&self, index: usize) -> Option<NaiveDate> {
        match self.at(index) {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }

    /// The moment of the column at that position.
    pub(crate) fn timestamp_at(&self, index: usize) -> Option<NaiveDateTime> {
        match self.at(index) {
            Value::Timestamp(time) => Some(time),
            _ => None,
        }
    }

    /// The whole number of the column at that position.
    pub(crate) fn integer_at(&self, index: usize) -> Option<i64> {
        match self.at(index) {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// The number of the column at that position.
    pub(crate) fn real_at(&self, index: usize) -> Option<f64> {
        match self.at(index) {
            Value::Real(number) => Some(number),
            _ => None,
        }
    }

    /// The flag of the column at that position.
    pub(crate) fn flag_at(&self, index: usize) -> Option<bool> {
        match self.at(index) {
            Value::Boolean(flag) => Some(flag),
            _ => None,
        }
    }

    /// A date value.
    pub(crate) fn date(&self, name: &str) -> Option<NaiveDate> {
        match self.get(name) {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }

    /// The label of a column's code.
    pub(crate) fn label(&self, name: &str) -> Option<&'static str> {
        let column = self.table.column(name)?;
        label(self, column, column.nomenclature?, self.text(name)?)
    }
}

/// Where the nomenclature of a NAF code is: a column of its own, beside it.
pub(crate) fn naf_version_of(table: &Table, column: &Column) -> Option<usize> {
    let is_its = |other: &Column| {
        let of = other.field.strip_prefix("nomenclature_");
        of == Some(column.field)
    };
    table.columns.iter().position(is_its)
}

/// The nomenclature a NAF code is read in.
pub(crate) fn naf_version<'record>(
    record: &'record Record,
    column: &Column,
) -> Option<&'record str> {
    match record.at(naf_version_of(record.table, column)?) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The label of `code`, in the version of the NAF the row names when it is one.
pub(crate) fn label(
    record: &Record,
    column: &Column,
    nomenclature: Nomenclature,
    code: &str,
) -> Option<&'static str> {
    match nomenclature {
        Nomenclature::Naf => naf_label(naf_version(record, column)?, code),
        other => other.label(code),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::record;

    #[test]
    fn a_label_is_read_in_the_nomenclature_its_row_names() {
        let old = record(
            "etablissement",
            &[
                ("activitePrincipaleEtablissement", "70.2C"),
                ("nomenclatureActivitePrincipaleEtablissement", "NAFRev1"),
            ],
        );
        assert!(old.label("activitePrincipaleEtablissement").is_some());
        let unnamed = record(
            "etablissement",
            &[("activitePrincipaleEtablissement", "70.2C")],
        );
        assert_eq!(unnamed.label("activitePrincipaleEtablissement"), None);
    }

    #[test]
    fn a_position_is_that_of_the_column_of_that_name() {
        use registre_schemas::etablissement::ETABLISSEMENT;
        for name in ["siren", "nic", "siret", "x_longitude"] {
            let index = ETABLISSEMENT.index_of(name);
            assert_eq!(Some(super::position(&ETABLISSEMENT, name)), index);
        }
        assert_eq!(at!(ETABLISSEMENT, "nic"), 1);
    }

    #[test]
    fn a_telephone_is_shown_only_when_the_association_published_it() {
        let private = record(
            "association",
            &[("telephone", "0102030405"), ("publiweb", "0")],
        );
        assert_eq!(private.text("telephone"), None);
        let public = record(
            "association",
            &[("telephone", "0102030405"), ("publiweb", "1")],
        );
        assert_eq!(public.text("telephone"), Some("0102030405"));
    }
}
