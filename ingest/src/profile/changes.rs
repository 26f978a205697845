//! What changed between two snapshots: their tables, sorted by key, are merged row by row.

use polars::prelude::{DataFrame, StringChunked};
use registre_schemas::diffusion::{StatutDiffusion, is_masked};
use registre_schemas::profile::Changes;
use std::cmp::Ordering;
use std::path::Path;

use crate::error::IngestError;
use crate::progress::Context;
use crate::slices::Slices;

/// What is compared of a table.
pub(super) struct Compared {
    pub(super) table: &'static str,
    key: &'static str,
    /// The column that says whether it is active, and its two values.
    state: (&'static str, &'static str, &'static str),
    /// Statut de diffusion, for those that have one.
    statut: Option<&'static str>,
    /// Where it is, as everyone may know.
    place: &'static [&'static str],
    /// Where it is, as a person may ask to hide.
    address: &'static [&'static str],
    names: &'static [&'static str],
}

/// The tables that name someone who may change.
pub(super) const COMPARED: &[Compared] = &[
    Compared {
        table: "unite_legale",
        key: "siren",
        state: ("etatAdministratifUniteLegale", "A", "C"),
        statut: Some("statutDiffusionUniteLegale"),
        place: &[],
        address: &[],
        names: &[
            "denominationUniteLegale",
            "sigleUniteLegale",
            "nomUniteLegale",
            "nomUsageUniteLegale",
            "prenomUsuelUniteLegale",
            "pseudonymeUniteLegale",
            "denominationUsuelle1UniteLegale",
            "denominationUsuelle2UniteLegale",
            "denominationUsuelle3UniteLegale",
        ],
    },
    Compared {
        table: "etablissement",
        key: "siret",
        state: ("etatAdministratifEtablissement", "A", "F"),
        statut: Some("statutDiffusionEtablissement"),
        place: &["codeCommuneEtablissement", "codePaysEtrangerEtablissement"],
        address: &[
            "complementAdresseEtablissement",
            "numeroVoieEtablissement",
            "indiceRepetitionEtablissement",
            "typeVoieEtablissement",
            "libelleVoieEtablissement",
            "codePostalEtablissement",
            "libelleCommuneEtrangerEtablissement",
        ],
        names: &[
            "enseigne1Etablissement",
            "enseigne2Etablissement",
            "enseigne3Etablissement",
            "denominationUsuelleEtablissement",
        ],
    },
    Compared {
        table: "association",
        key: "id",
        state: ("position", "A", "D"),
        statut: None,
        place: &["adrs_codeinsee"],
        address: &[
            "adrs_complement",
            "adrs_numvoie",
            "adrs_repetition",
            "adrs_typevoie",
            "adrs_libvoie",
            "adrs_distrib",
            "adrs_codepostal",
            "adrs_libcommune",
            "adr1",
            "adr2",
            "adr3",
            "libcom",
        ],
        names: &["titre", "titre_court"],
    },
];

impl Compared {
    /// Nothing changed.
    pub(super) fn nothing(&self) -> Changes {
        Changes {
            moved: (!self.address.is_empty()).then_some(0),
            hidden: self.statut.map(|_| 0),
            ..Changes::default()
        }
    }

    /// Merges the table of two folders.
    pub(super) fn between(
        &self,
        old: &Path,
        new: &Path,
        context: &Context,
    ) -> Result<Changes, IngestError> {
        let (old, new) = (
            Slices::of_table(old, self.table, 1)?,
            Slices::of_table(new, self.table, 1)?,
        );
        let label = format!("{}: changes", self.table);
        let task = context.progress.begin(&label, None);
        // A snapshot of an older version may lack a column: it is not compared.
        let both = |name: &&str| {
            [&old, &new]
                .iter()
                .all(|side| side.columns.iter().any(|c| c == name))
        };
        let columns = Columns {
            place: self.place.iter().copied().filter(both).collect(),
            address: self.address.iter().copied().filter(both).collect(),
            names: self.names.iter().copied().filter(both).collect(),
        };
        let names = self.read(&columns);
        let mut changes = self.nothing();
        let (mut old, mut new) = (Cursor::of(&old, &names), Cursor::of(&new, &names));
        loop {
            context.cancel.check()?;
            task.rows(new.fill()?);
            old.fill()?;
            if old.at_end() {
                changes.created += new.take_rest();
            } else if new.at_end() {
                changes.gone += old.take_rest();
            }
            if old.at_end() && new.at_end() {
                break;
            }
            self.merge(&columns, &mut old, &mut new, &mut changes)?;
        }
        task.finish(&format!(
            "{}: {} created, {} closed, {} gone",
            self.table, changes.created, changes.closed, changes.gone
        ));
        Ok(changes)
    }

    fn read<'a>(&'a self, columns: &Columns<'a>) -> Vec<&'a str> {
        let own = [self.key, self.state.0].into_iter().chain(self.statut);
        let compared = [&columns.place, &columns.address, &columns.names];
        own.chain(compared.into_iter().flatten().copied()).collect()
    }

    /// Merges what both sides hold, until one has no more.
    fn merge(
        &self,
        columns: &Columns<'_>,
        old: &mut Cursor<'_>,
        new: &mut Cursor<'_>,
        changes: &mut Changes,
    ) -> Result<(), IngestError> {
        let (before, after) = (old.side(self, columns)?, new.side(self, columns)?);
        let (mut i, mut j) = (old.row, new.row);
        while i < before.key.len() && j < after.key.len() {
            match before.key.get(i).cmp(&after.key.get(j)) {
                Ordering::Less => {
                    changes.gone += 1;
                    i += 1;
                }
                Ordering::Greater => {
                    changes.created += 1;
                    j += 1;
                }
                Ordering::Equal => {
                    self.compare(&before, i, &after, j, changes);
                    i += 1;
                    j += 1;
                }
            }
        }
        (old.row, new.row) = (i, j);
        Ok(())
    }

    /// What changed of a row. Where either side may hide something, only what is public for
    /// everyone counts.
    fn compare(&self, old: &Side<'_>, i: usize, new: &Side<'_>, j: usize, changes: &mut Changes) {
        let (_, active, closed) = self.state;
        let states = (old.state.get(i), new.state.get(j));
        changes.closed += u64::from(states == (Some(active), Some(closed)));
        changes.reopened += u64::from(states == (Some(closed), Some(active)));
        let differ = |old: &[&StringChunked], new: &[&StringChunked]| {
            old.iter()
                .zip(new)
                .any(|(old, new)| differs(old.get(i), new.get(j)))
        };
        let (was_whole, is_whole) = (old.is_whole(i), new.is_whole(j));
        let whole = was_whole && is_whole;
        if let Some(moved) = &mut changes.moved {
            let elsewhere =
                differ(&old.place, &new.place) || (whole && differ(&old.address, &new.address));
            *moved += u64::from(elsewhere);
        }
        changes.renamed += u64::from(whole && differ(&old.names, &new.names));
        if let Some(hidden) = &mut changes.hidden {
            *hidden += u64::from(was_whole && !is_whole);
        }
    }
}

/// Whether two values are both public and not the same.
fn differs(old: Option<&str>, new: Option<&str>) -> bool {
    let masked = |value: Option<&str>| value.is_some_and(is_masked);
    old != new && !masked(old) && !masked(new)
}

/// The columns both sides have.
struct Columns<'a> {
    place: Vec<&'a str>,
    address: Vec<&'a str>,
    names: Vec<&'a str>,
}

/// A table being read, slice by slice.
struct Cursor<'a> {
    slices: &'a Slices,
    columns: &'a [&'a str],
    next: usize,
    frame: DataFrame,
    row: usize,
}

impl<'a> Cursor<'a> {
    fn of(slices: &'a Slices, columns: &'a [&'a str]) -> Self {
        Self {
            slices,
            columns,
            next: 0,
            frame: DataFrame::default(),
            row: 0,
        }
    }

    /// Reads the next slice when this one is used up, and says how many rows it has.
    fn fill(&mut self) -> Result<u64, IngestError> {
        if self.row < self.frame.height() || self.next == self.slices.len() {
            return Ok(0);
        }
        // Never two slices at once.
        self.frame = DataFrame::default();
        self.frame = self.slices.read(self.next, self.columns)?;
        self.next += 1;
        self.row = 0;
        // One array per column: a row is then found at once.
        self.frame.rechunk_mut();
        Ok(self.frame.height() as u64)
    }

    /// After [`Self::fill`]: whether there is no row left.
    fn at_end(&self) -> bool {
        self.row == self.frame.height()
    }

    /// Skips the rows of this slice, and says how many.
    fn take_rest(&mut self) -> u64 {
        let rest = self.frame.height() - self.row;
        self.row = self.frame.height();
        rest as u64
    }

    /// The columns of this slice.
    fn side(&self, compared: &Compared, columns: &Columns<'_>) -> Result<Side<'_>, IngestError> {
        let text = |name: &str| {
            let column = self.frame.column(name).and_then(|column| column.str());
            column.map_err(|error| self.slices.unreadable(&error))
        };
        let texts = |names: &[&str]| {
            let columns = names.iter().map(|name| text(name));
            columns.collect::<Result<Vec<_>, _>>()
        };
        Ok(Side {
            key: text(compared.key)?,
            state: text(compared.state.0)?,
            statut: compared.statut.map(text).transpose()?,
            place: texts(&columns.place)?,
            address: texts(&columns.address)?,
            names: texts(&columns.names)?,
        })
    }
}

/// The columns of a slice.
struct Side<'a> {
    key: &'a StringChunked,
    state: &'a StringChunked,
    statut: Option<&'a StringChunked>,
    place: Vec<&'a StringChunked>,
    address: Vec<&'a StringChunked>,
    names: Vec<&'a StringChunked>,
}

impl Side<'_> {
    /// Whether nothing of the row may be hidden.
    fn is_whole(&self, row: usize) -> bool {
        self.statut.is_none_or(|statut| {
            StatutDiffusion::from_code(statut.get(row).unwrap_or_default())
                == StatutDiffusion::Diffusible
        })
    }
}
