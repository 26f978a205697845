//! What an entry holds.
//!
//! ```text
//! SIREN := flags [row] [periods] [doublons] [doublon-of] [links]
//!          total actifs [count (nic length etablissement)*]
//! etablissement := flags [row] [periods] [successors] [predecessors]
//! RNA   := flags [row] [links] [utilité publique]
//! periods, doublons… := count length row*
//! ```
//!
//! The first établissement is written after its unité légale, the next ones after the first, so that
//! each is read alone; a period after the one that follows it, the latest after its unit or
//! établissement; a row of another list after none.

use std::ops::Range;

use crate::association::ASSOCIATION;
use crate::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use crate::column::Table;
use crate::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use crate::lien_siren_rna::LIEN_SIREN_RNA;
use crate::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use crate::unite_legale::{DOUBLON, UNITE_LEGALE};

use super::cell::{Cell, Row};
use super::coding::{Coding, TableCoding};
use super::row::Base;
use super::varint::{Cursor, put};

/// How many établissements an entry holds itself; those of larger units have entries of their own.
pub const WITHIN: usize = 32;

/// A table of a file, and the columns that its rows do not write: the entry tells them.
pub type Part = (&'static Table, &'static [&'static str]);

/// Name of the file of SIRENE inside a snapshot.
pub const SIRENE_FILE: &str = "sirene.fiches";
/// Name of the file of the RNA.
pub const RNA_FILE: &str = "rna.fiches";

/// The tables of `sirene.fiches`.
pub static SIRENE: &[Part] = &[
    (&UNITE_LEGALE, &["siren"]),
    (&UNITE_LEGALE_PERIODE, &["siren"]),
    (&ETABLISSEMENT, &["siren", "nic", "siret"]),
    (&ETABLISSEMENT_PERIODE, &["siren", "nic", "siret"]),
    (&LIEN_SUCCESSION, &["siretEtablissementPredecesseur"]),
    (&LIEN_SUCCESSION, &["siretEtablissementSuccesseur"]),
    (&DOUBLON, &["siren"]),
    (&DOUBLON, &["sirenDoublon"]),
    (&LIEN_SIREN_RNA, &["siren"]),
];

/// The tables of `rna.fiches`.
pub static RNA: &[Part] = &[
    (&ASSOCIATION, &["id"]),
    (&LIEN_SIREN_RNA, &["id"]),
    (&ASSOCIATION_UTILITE_PUBLIQUE, &["id"]),
];

/// Which of [`SIRENE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The unité légale.
    Unite,
    /// Its periods, the latest first.
    UnitePeriodes,
    /// An établissement.
    Etablissement,
    /// Its periods, the latest first.
    EtablissementPeriodes,
    /// Links to the établissements that succeed it.
    Successeurs,
    /// Links to those it succeeds.
    Predecesseurs,
    /// The SIREN it replaces.
    Doublons,
    /// The SIREN that replace it.
    DoublonDe,
    /// The associations it is linked to.
    Liens,
}

impl Of {
    const fn place(self) -> usize {
        self as usize
    }
}

/// How the rows of `sirene.fiches` are written, and which column of one tells of a column of another.
#[derive(Debug, Clone)]
pub struct SireneCoding {
    /// What was learned.
    pub coding: Coding,
    /// Of each table, after a row of the same.
    itself: Vec<Vec<u8>>,
    etablissement_after_unite: Vec<u8>,
    unite_periode_after_unite: Vec<u8>,
    etablissement_periode_after_etablissement: Vec<u8>,
}

impl SireneCoding {
    /// From what was learned of [`SIRENE`], in its order.
    #[must_use]
    pub fn new(coding: Coding) -> Self {
        let after = |own: Of, base: &Table| coding.tables[own.place()].after(base);
        Self {
            itself: coding
                .tables
                .iter()
                .map(|own| own.after(own.table()))
                .collect(),
            etablissement_after_unite: after(Of::Etablissement, &UNITE_LEGALE),
            unite_periode_after_unite: after(Of::UnitePeriodes, &UNITE_LEGALE),
            etablissement_periode_after_etablissement: after(
                Of::EtablissementPeriodes,
                &ETABLISSEMENT,
            ),
            coding,
        }
    }

    /// Remembers which columns are not as expected, in the rows written from now on.
    pub fn begin_learning_shapes(&mut self) {
        self.coding.begin_learning_shapes();
    }

    /// Whether an établissement is active.
    #[must_use]
    pub fn is_open(&self, etablissement: &Row<'_>) -> bool {
        let table = self.table(Of::Etablissement);
        let Some(etat) = ETABLISSEMENT.index_of("etatAdministratifEtablissement") else {
            return false;
        };
        match etablissement.cell(etat) {
            Cell::Code(code) => self.coding.text(table, etat, code) == Some("A"),
            Cell::Text(start, length) => etablissement.text(start, length) == b"A",
            Cell::Null | Cell::Number(_) => false,
        }
    }

    /// One of its tables.
    #[must_use]
    pub fn table(&self, of: Of) -> &TableCoding {
        &self.coding.tables[of.place()]
    }

    /// A row to write another of the same table after.
    #[must_use]
    pub fn after_itself<'a>(&'a self, of: Of, row: Row<'a>) -> Base<'a> {
        Base {
            row,
            columns: &self.itself[of.place()],
        }
    }

    /// A unité légale to write an établissement after.
    #[must_use]
    pub fn etablissement_after<'a>(&'a self, unite: Row<'a>) -> Base<'a> {
        Base {
            row: unite,
            columns: &self.etablissement_after_unite,
        }
    }

    /// What the latest period is written after: its unité légale, or its établissement.
    #[must_use]
    pub fn latest_period_after<'a>(&'a self, of: Of, row: Row<'a>) -> Base<'a> {
        let columns = if of == Of::UnitePeriodes {
            &self.unite_periode_after_unite
        } else {
            &self.etablissement_periode_after_etablissement
        };
        Base { row, columns }
    }
}

/// Rows of one table about one unit, being written.
#[derive(Debug, Clone, Default)]
pub struct List {
    bytes: Vec<u8>,
    count: u64,
}

impl List {
    /// Adds a row.
    pub fn push(
        &mut self,
        coding: &TableCoding,
        row: &Row<'_>,
        base: Option<&Base<'_>>,
        siren: u64,
    ) {
        coding.encode(&mut self.bytes, row, base, siren);
        self.count += 1;
    }

    /// Adds a row that was written before.
    pub fn push_written(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.count += 1;
    }

    /// Moves its rows to the end of an entry, and sets the bit that says so.
    pub fn write(&mut self, out: &mut Vec<u8>, flags: usize, bit: u8) {
        if self.count == 0 {
            return;
        }
        out[flags] |= 1 << bit;
        put(out, self.count);
        put(out, self.bytes.len() as u64);
        out.append(&mut self.bytes);
        self.count = 0;
    }
}

/// Bits of the flags of a SIREN.
pub mod unite_flags {
    /// It has a row.
    pub const ROW: u8 = 0;
    /// It has periods.
    pub const PERIODES: u8 = 1;
    /// It replaces others.
    pub const DOUBLONS: u8 = 2;
    /// Others replace it.
    pub const DOUBLON_DE: u8 = 3;
    /// It is linked to associations.
    pub const LIENS: u8 = 4;
    /// Établissements follow.
    pub const ETABLISSEMENTS: u8 = 5;
    /// Others have entries of their own.
    pub const OTHERS: u8 = 6;
}

/// Bits of the flags of an établissement.
pub mod etablissement_flags {
    /// It has a row.
    pub const ROW: u8 = 0;
    /// It has periods.
    pub const PERIODES: u8 = 1;
    /// Others succeed it.
    pub const SUCCESSEURS: u8 = 2;
    /// It succeeds others.
    pub const PREDECESSEURS: u8 = 3;
}

/// A row read back: its cells; the texts are in the block.
pub type Cells = Vec<Cell>;

/// A list not read yet.
#[derive(Debug, Clone, Default)]
struct Place {
    count: usize,
    bytes: Range<usize>,
}

/// What an entry is read in: how its rows are written, and the block it is in.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What was learned of the rows.
    pub coding: &'a SireneCoding,
    /// The block, decompressed.
    pub block: &'a [u8],
}

impl<'a> Source<'a> {
    /// A row of the block.
    #[must_use]
    pub fn row(&self, cells: &'a Cells) -> Row<'a> {
        Row {
            cells,
            bytes: self.block,
        }
    }
}

/// The entry of a SIREN. It is asked with the [`Source`] it was read in.
#[derive(Debug, Clone)]
pub struct Unite {
    siren: u64,
    row: Option<Cells>,
    periodes: Place,
    doublons: Place,
    doublon_de: Place,
    liens: Place,
    total: u64,
    actifs: u64,
    etablissements: Place,
    is_whole: bool,
}

/// An établissement. It is asked with the [`Source`] it was read in.
#[derive(Debug, Clone)]
pub struct Etablissement {
    siren: u64,
    /// NIC, as a number.
    pub nic: u64,
    row: Option<Cells>,
    periodes: Place,
    successeurs: Place,
    predecesseurs: Place,
}

impl Unite {
    /// Reads an entry; `None` when its bytes are not one.
    #[must_use]
    pub fn read(source: Source<'_>, body: &Range<usize>, siren: u64) -> Option<Self> {
        let mut cursor = Cursor::at(source.block.get(..body.end)?, body.start);
        let flags = cursor.byte()?;
        let has = |bit: u8| flags & (1 << bit) != 0;
        let mut row = None;
        if has(unite_flags::ROW) {
            let mut cells = Vec::new();
            let table = source.coding.table(Of::Unite);
            table.decode(&mut cursor, None, siren, &mut cells)?;
            row = Some(cells);
        }
        let mut place = |bit| list(&mut cursor, has(bit));
        let periodes = place(unite_flags::PERIODES)?;
        let doublons = place(unite_flags::DOUBLONS)?;
        let doublon_de = place(unite_flags::DOUBLON_DE)?;
        let liens = place(unite_flags::LIENS)?;
        let total = cursor.number()?;
        let actifs = cursor.number()?;
        let count = if has(unite_flags::ETABLISSEMENTS) {
            cursor.length()?
        } else {
            0
        };
        let etablissements = Place {
            count,
            bytes: cursor.position()..body.end,
        };
        Some(Self {
            siren,
            row,
            periodes,
            doublons,
            doublon_de,
            liens,
            total,
            actifs,
            etablissements,
            is_whole: !has(unite_flags::OTHERS),
        })
    }

    /// The unité légale.
    #[must_use]
    pub fn row(&self) -> Option<&Cells> {
        self.row.as_ref()
    }

    /// How many établissements it has, and how many of them are active.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.total, self.actifs)
    }

    /// Its periods, the latest first.
    #[must_use]
    pub fn periodes(&self, source: Source<'_>) -> Option<Vec<Cells>> {
        let after = self.row.as_ref();
        rows(source, Of::UnitePeriodes, &self.periodes, after, self.siren)
    }

    /// Rows of its other lists: doublons both ways, links.
    #[must_use]
    pub fn list(&self, source: Source<'_>, of: Of) -> Option<Vec<Cells>> {
        let place = match of {
            Of::Doublons => &self.doublons,
            Of::DoublonDe => &self.doublon_de,
            Of::Liens => &self.liens,
            _ => return Some(Vec::new()),
        };
        rows(source, of, place, None, self.siren)
    }

    /// Whether its établissements are all in this entry.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Those of its établissements that are in this entry, in order.
    #[must_use]
    pub fn etablissements(&self, source: Source<'_>) -> Option<Vec<Etablissement>> {
        let mut found = Vec::with_capacity(self.etablissements.count.min(WITHIN));
        self.walk(source, None, |read| found.push(read))?;
        Some(found)
    }

    /// One of those in this entry.
    #[must_use]
    pub fn etablissement(&self, source: Source<'_>, nic: u64) -> Option<Option<Etablissement>> {
        let mut found = None;
        self.walk(source, Some(nic), |read| found = Some(read))?;
        Some(found)
    }

    /// Reads its établissements, or the one of that NIC.
    fn walk(
        &self,
        source: Source<'_>,
        one: Option<u64>,
        mut found: impl FnMut(Etablissement),
    ) -> Option<()> {
        let mut cursor = Cursor::at(
            source.block.get(..self.etablissements.bytes.end)?,
            self.etablissements.bytes.start,
        );
        let mut first: Option<Cells> = None;
        for position in 0..self.etablissements.count {
            let nic = cursor.number()?;
            let length = cursor.length()?;
            let start = cursor.position();
            cursor.take(length)?;
            let chosen = one.is_none_or(|one| one == nic);
            // All others are written after the first.
            if !chosen && position > 0 {
                continue;
            }
            let coding = source.coding;
            let after_first = |cells| coding.after_itself(Of::Etablissement, source.row(cells));
            let after_unite = |cells| coding.etablissement_after(source.row(cells));
            let base = match first.as_ref() {
                Some(cells) => Some(after_first(cells)),
                None => self.row.as_ref().map(after_unite),
            };
            let body = start..start + length;
            let read = Etablissement::read(source, &body, self.siren, nic, base.as_ref())?;
            if chosen && one.is_some() {
                found(read);
                break;
            }
            if position == 0 {
                // Without a row, the next ones are written after none.
                first = Some(read.row.clone().unwrap_or_default());
            }
            if chosen {
                found(read);
            }
        }
        Some(())
    }
}

impl Etablissement {
    /// Reads a body, written after `base`.
    #[must_use]
    pub fn read(
        source: Source<'_>,
        body: &Range<usize>,
        siren: u64,
        nic: u64,
        base: Option<&Base<'_>>,
    ) -> Option<Self> {
        let mut cursor = Cursor::at(source.block.get(..body.end)?, body.start);
        let flags = cursor.byte()?;
        let has = |bit: u8| flags & (1 << bit) != 0;
        let mut row = None;
        if has(etablissement_flags::ROW) {
            let mut cells = Vec::new();
            let base = base.filter(|base| !base.row.cells.is_empty());
            let table = source.coding.table(Of::Etablissement);
            table.decode(&mut cursor, base, siren, &mut cells)?;
            row = Some(cells);
        }
        let mut place = |bit| list(&mut cursor, has(bit));
        Some(Self {
            siren,
            nic,
            row,
            periodes: place(etablissement_flags::PERIODES)?,
            successeurs: place(etablissement_flags::SUCCESSEURS)?,
            predecesseurs: place(etablissement_flags::PREDECESSEURS)?,
        })
    }

    /// The établissement.
    #[must_use]
    pub fn row(&self) -> Option<&Cells> {
        self.row.as_ref()
    }

    /// Its periods, the latest first.
    #[must_use]
    pub fn periodes(&self, source: Source<'_>) -> Option<Vec<Cells>> {
        let after = self.row.as_ref();
        let of = Of::EtablissementPeriodes;
        rows(source, of, &self.periodes, after, self.siren)
    }

    /// Its links of succession.
    #[must_use]
    pub fn list(&self, source: Source<'_>, of: Of) -> Option<Vec<Cells>> {
        let place = match of {
            Of::Successeurs => &self.successeurs,
            Of::Predecesseurs => &self.predecesseurs,
            _ => return Some(Vec::new()),
        };
        rows(source, of, place, None, self.siren)
    }
}

fn list(cursor: &mut Cursor<'_>, is_there: bool) -> Option<Place> {
    if !is_there {
        return Some(Place::default());
    }
    let count = cursor.length()?;
    let length = cursor.length()?;
    let start = cursor.position();
    cursor.take(length)?;
    Some(Place {
        count,
        bytes: start..start + length,
    })
}

/// The rows of a list; `after` is what the latest period is written after.
fn rows(
    source: Source<'_>,
    of: Of,
    place: &Place,
    after: Option<&Cells>,
    siren: u64,
) -> Option<Vec<Cells>> {
    let coding = source.coding;
    let mut cursor = Cursor::at(source.block.get(..place.bytes.end)?, place.bytes.start);
    let are_periods = matches!(of, Of::UnitePeriodes | Of::EtablissementPeriodes);
    let mut read: Vec<Cells> = Vec::new();
    for _ in 0..place.count {
        let base = match read.last().filter(|_| are_periods) {
            Some(cells) => Some(coding.after_itself(of, source.row(cells))),
            None => after.map(|cells| coding.latest_period_after(of, source.row(cells))),
        };
        let mut cells = Vec::new();
        coding
            .table(of)
            .decode(&mut cursor, base.as_ref(), siren, &mut cells)?;
        read.push(cells);
    }
    Some(read)
}

/// Bits of the flags of an association.
pub mod association_flags {
    /// It has a row.
    pub const ROW: u8 = 0;
    /// It is linked to unités légales.
    pub const LIENS: u8 = 1;
    /// It is reconnue d'utilité publique.
    pub const UTILITE_PUBLIQUE: u8 = 2;
}

/// The entry of an RNA number.
#[derive(Debug, Clone, Default)]
pub struct Association {
    /// The association.
    pub row: Option<Cells>,
    /// The unités légales it is linked to.
    pub liens: Vec<Cells>,
    /// Its rows in the list of associations reconnues d'utilité publique.
    pub utilite_publique: Vec<Cells>,
}

impl Association {
    /// Reads an entry; `None` when its bytes are not one.
    #[must_use]
    pub fn read(coding: &Coding, block: &[u8], body: &Range<usize>) -> Option<Self> {
        let [association, liens, utilite_publique] = coding.tables.as_slice() else {
            return None;
        };
        let mut cursor = Cursor::at(block.get(..body.end)?, body.start);
        let flags = cursor.byte()?;
        let has = |bit: u8| flags & (1 << bit) != 0;
        let mut read = Self::default();
        if has(association_flags::ROW) {
            let mut cells = Vec::new();
            association.decode(&mut cursor, None, 0, &mut cells)?;
            read.row = Some(cells);
        }
        let mut rows = |coding: &TableCoding, bit: u8| {
            let place = list(&mut cursor, has(bit))?;
            let mut cursor = Cursor::at(block.get(..place.bytes.end)?, place.bytes.start);
            let row = |_position| {
                let mut cells = Vec::new();
                coding.decode(&mut cursor, None, 0, &mut cells)?;
                Some(cells)
            };
            (0..place.count).map(row).collect::<Option<Vec<Cells>>>()
        };
        read.liens = rows(liens, association_flags::LIENS)?;
        read.utilite_publique = rows(utilite_publique, association_flags::UTILITE_PUBLIQUE)?;
        Some(read)
    }
}
