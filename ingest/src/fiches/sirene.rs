//! `sirene.fiches`: every table about a SIREN, merged in the order of SIREN.

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::fiche::body::{
    List, Of, SIRENE, SireneCoding, WITHIN, etablissement_flags, unite_flags,
};
use registre_schemas::fiche::varint::put;
use registre_schemas::fiche::{Cell, Row};
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::iter::Peekable;
use std::ops::Range;
use std::path::Path;

use super::links::{Doublon, Lien, Links, Succession};
use super::rows::{Codes, Rows, copy};
use super::store::Blocks;
use crate::error::IngestError;
use crate::progress::Context;
use crate::sorted::Parquet;

/// Row groups of établissements in a slice: what one thread merges at a time.
const GROUPS: usize = 2;
/// After the last SIREN, and the last SIRET.
const END: u64 = 1_000_000_000;
/// NIC in a SIREN.
const NICS: u64 = 100_000;
/// Of établissements that have entries of their own, bytes in a block.
const OTHERS: usize = 6 * 1024;

/// How rows are written.
pub(super) struct Coder<'a> {
    coding: &'a SireneCoding,
    codes: Codes<'a>,
}

impl<'a> Coder<'a> {
    pub(super) fn new(coding: &'a SireneCoding) -> Self {
        Self {
            codes: Codes::of(&coding.coding),
            coding,
        }
    }
}

/// The tables, open, and what is held of them.
pub(super) struct Sirene {
    unites: Parquet,
    unite_periodes: Parquet,
    etablissements: Parquet,
    etablissement_periodes: Parquet,
    links: Links,
}

impl Sirene {
    pub(super) fn open(folder: &Path) -> Result<Self, IngestError> {
        Ok(Self {
            unites: Parquet::open(folder, &UNITE_LEGALE)?,
            unite_periodes: Parquet::open(folder, &UNITE_LEGALE_PERIODE)?,
            etablissements: Parquet::open(folder, &ETABLISSEMENT)?,
            etablissement_periodes: Parquet::open(folder, &ETABLISSEMENT_PERIODE)?,
            links: Links::read(folder)?,
        })
    }

    /// SIREN by which to cut the tables, so that each thread has about as many rows.
    pub(super) fn slices(&self) -> Vec<Range<u64>> {
        let groups = (GROUPS..self.etablissements.groups()).step_by(GROUPS);
        let first = |group| self.etablissements.first_key(group, "siret");
        let mut cuts: Vec<u64> = groups
            .filter_map(first)
            .filter_map(|siret| super::rows::number(siret.get(..9)?))
            .collect();
        cuts.dedup();
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([END]);
        starts.zip(ends).map(|(start, end)| start..end).collect()
    }

    /// How many rows will be read.
    pub(super) fn rows(&self) -> u64 {
        [
            &self.unites,
            &self.unite_periodes,
            &self.etablissements,
            &self.etablissement_periodes,
        ]
        .iter()
        .map(|table| table.rows() as u64)
        .sum()
    }

    fn rows_of<'s>(
        coder: &'s Coder<'_>,
        of: Of,
        table: &'s Parquet,
        sirens: &Range<u64>,
        key: &'static str,
        nic: &str,
    ) -> Result<Rows<'s>, IngestError> {
        let row = |siren: u64| {
            if siren == END {
                return Ok(table.rows());
            }
            table.row_of(key, &format!("{siren:09}{nic}"))
        };
        let rows = row(sirens.start)?..row(sirens.end)?;
        let (_, implied) = SIRENE[of as usize];
        Rows::read(
            table,
            rows,
            coder.coding.table(of),
            implied,
            Some(key),
            &coder.codes,
        )
    }

    /// Makes the fiches of some SIREN; stops when `blocks` has enough.
    pub(super) fn write(
        &self,
        coder: &Coder<'_>,
        sirens: &Range<u64>,
        blocks: &mut Blocks<'_>,
        context: &Context,
    ) -> Result<(), IngestError> {
        let mut merge = Merge {
            coding: coder.coding,
            unites: Self::rows_of(coder, Of::Unite, &self.unites, sirens, "siren", "")?,
            unite_periodes: Self::rows_of(
                coder,
                Of::UnitePeriodes,
                &self.unite_periodes,
                sirens,
                "siren",
                "",
            )?,
            etablissements: Self::rows_of(
                coder,
                Of::Etablissement,
                &self.etablissements,
                sirens,
                "siret",
                "00000",
            )?,
            etablissement_periodes: Self::rows_of(
                coder,
                Of::EtablissementPeriodes,
                &self.etablissement_periodes,
                sirens,
                "siret",
                "00000",
            )?,
            successeurs: Sorted::from(self.links.successeurs(sirens.start * NICS), |link| {
                link.predecesseur
            }),
            predecesseurs: Sorted::from(self.links.predecesseurs(sirens.start * NICS), |link| {
                link.successeur
            }),
            doublons: Sorted::from(self.links.doublons(sirens.start), |doublon| doublon.siren),
            doublons_de: Sorted::from(self.links.doublons_de(sirens.start), |doublon| {
                doublon.remplace
            }),
            liens: Sorted::from(self.links.liens(sirens.start), |lien| lien.siren),
            list: List::default(),
            body: Vec::new(),
            within: Vec::new(),
            etablissement: Vec::new(),
            others: Vec::new(),
            first: Kept::default(),
        };
        let mut done: u64 = 0;
        while let Some(siren) = merge.next().filter(|siren| *siren < sirens.end) {
            if done.is_multiple_of(4096) {
                context.cancel.check()?;
            }
            done += 1;
            merge.unite(siren, blocks)?;
            if blocks.are_enough() {
                break;
            }
        }
        blocks.end()
    }
}

/// Links in order, taken one after the other.
struct Sorted<'a, T> {
    rest: Peekable<Box<dyn Iterator<Item = &'a T> + 'a>>,
    key: fn(&T) -> u64,
}

impl<'a, T> Sorted<'a, T> {
    fn from(rest: impl Iterator<Item = &'a T> + 'a, key: fn(&T) -> u64) -> Self {
        let rest: Box<dyn Iterator<Item = &'a T>> = Box::new(rest);
        Self {
            rest: rest.peekable(),
            key,
        }
    }

    fn key(&mut self) -> Option<u64> {
        let key = self.key;
        self.rest.peek().map(|link| key(link))
    }

    fn take(&mut self, key: u64) -> Option<&'a T> {
        let own = self.key;
        self.rest.next_if(|link| own(link) == key)
    }
}

/// The first établissement of an entry: the next ones are written after it.
#[derive(Default)]
struct Kept {
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

impl Kept {
    fn keep(&mut self, row: &Row<'_>) {
        self.bytes.clear();
        self.cells.clear();
        self.cells.resize(row.cells.len(), Cell::Null);
        copy(row, &mut self.cells, &mut self.bytes);
    }

    fn row(&self) -> Option<Row<'_>> {
        let row = Row {
            cells: &self.cells,
            bytes: &self.bytes,
        };
        (!self.cells.is_empty()).then_some(row)
    }
}

struct Merge<'a> {
    coding: &'a SireneCoding,
    unites: Rows<'a>,
    unite_periodes: Rows<'a>,
    etablissements: Rows<'a>,
    etablissement_periodes: Rows<'a>,
    successeurs: Sorted<'a, Succession>,
    predecesseurs: Sorted<'a, Succession>,
    doublons: Sorted<'a, Doublon>,
    doublons_de: Sorted<'a, Doublon>,
    liens: Sorted<'a, Lien>,
    list: List,
    body: Vec<u8>,
    within: Vec<u8>,
    etablissement: Vec<u8>,
    /// Établissements that have entries of their own: SIRET and body, by block.
    others: Vec<Vec<(u64, Vec<u8>)>>,
    first: Kept,
}

impl Merge<'_> {
    /// The next SIREN that any table has.
    fn next(&mut self) -> Option<u64> {
        let siret = self.next_siret().map(|siret| siret / NICS);
        let sirens = [
            self.unites.key(),
            self.unite_periodes.key(),
            siret,
            self.doublons.key(),
            self.doublons_de.key(),
            self.liens.key(),
        ];
        sirens.into_iter().flatten().min()
    }

    fn next_siret(&mut self) -> Option<u64> {
        let sirets = [
            self.etablissements.key(),
            self.etablissement_periodes.key(),
            self.successeurs.key(),
            self.predecesseurs.key(),
        ];
        sirets.into_iter().flatten().min()
    }

    /// All that the tables have of a SIREN, as an entry, and those of its other établissements.
    fn unite(&mut self, siren: u64, blocks: &mut Blocks<'_>) -> Result<(), IngestError> {
        let is_there = self.unites.key() == Some(siren);
        self.body.clear();
        self.body.push(0);
        if is_there {
            self.body[0] |= 1 << unite_flags::ROW;
            self.coding
                .table(Of::Unite)
                .encode(&mut self.body, &self.unites.row(), None, siren);
        }
        self.periodes_of_unite(siren, is_there)?;
        while let Some(doublon) = self.doublons.take(siren) {
            self.link(Of::Doublons, &doublon.cells(), &[], siren);
        }
        self.list.write(&mut self.body, 0, unite_flags::DOUBLONS);
        while let Some(doublon) = self.doublons_de.take(siren) {
            self.link(Of::DoublonDe, &doublon.cells(), &[], siren);
        }
        self.list.write(&mut self.body, 0, unite_flags::DOUBLON_DE);
        while let Some(lien) = self.liens.take(siren) {
            let mut bytes = Vec::new();
            let cells = lien.cells(&mut bytes);
            self.link(Of::Liens, &cells, &bytes, siren);
        }
        self.list.write(&mut self.body, 0, unite_flags::LIENS);
        let Counted {
            total,
            actifs,
            within,
        } = self.etablissements(siren, is_there)?;
        put(&mut self.body, total);
        put(&mut self.body, actifs);
        if within > 0 {
            self.body[0] |= 1 << unite_flags::ETABLISSEMENTS;
            put(&mut self.body, within);
            self.body.append(&mut self.within);
        }
        if !self.others.is_empty() {
            self.body[0] |= 1 << unite_flags::OTHERS;
        }
        if is_there {
            self.unites.advance()?;
        }
        blocks.push(format!("{siren:09}").as_bytes(), &self.body)?;
        for others in self.others.drain(..) {
            blocks.end()?;
            for (siret, body) in others {
                blocks.add(format!("{siret:014}").as_bytes(), &body);
            }
            blocks.end()?;
        }
        Ok(())
    }

    fn link(&mut self, of: Of, cells: &[Cell], bytes: &[u8], siren: u64) {
        self.list
            .push(self.coding.table(of), &Row { cells, bytes }, None, siren);
    }

    fn periodes_of_unite(&mut self, siren: u64, is_there: bool) -> Result<(), IngestError> {
        let table = self.coding.table(Of::UnitePeriodes);
        let mut is_latest = true;
        while self.unite_periodes.key() == Some(siren) {
            let base = if !is_latest {
                Some(
                    self.coding
                        .after_itself(Of::UnitePeriodes, self.unite_periodes.previous()),
                )
            } else if is_there {
                Some(
                    self.coding
                        .latest_period_after(Of::UnitePeriodes, self.unites.row()),
                )
            } else {
                None
            };
            self.list
                .push(table, &self.unite_periodes.row(), base.as_ref(), siren);
            self.unite_periodes.advance()?;
            is_latest = false;
        }
        self.list.write(&mut self.body, 0, unite_flags::PERIODES);
        Ok(())
    }

    /// Writes the établissements of a unit: the first ones to `within`, the others by block.
    fn etablissements(&mut self, siren: u64, has_unite: bool) -> Result<Counted, IngestError> {
        let mut counted = Counted::default();
        let mut in_block = 0;
        let mut is_first = true;
        while let Some(siret) = self.next_siret().filter(|siret| siret / NICS == siren) {
            let is_within = counted.within < WITHIN as u64;
            if !is_within && (self.others.is_empty() || in_block >= OTHERS) {
                self.others.push(Vec::new());
                in_block = 0;
                is_first = true;
            }
            let is_there = self.etablissements.key() == Some(siret);
            if is_there {
                counted.total += 1;
                counted.actifs += u64::from(self.coding.is_open(&self.etablissements.row()));
            }
            self.etablissement(siret, is_there, is_first, is_within && has_unite)?;
            is_first = false;
            if is_within {
                counted.within += 1;
                put(&mut self.within, siret % NICS);
                put(&mut self.within, self.etablissement.len() as u64);
                self.within.append(&mut self.etablissement);
            } else if let Some(block) = self.others.last_mut() {
                in_block += self.etablissement.len();
                block.push((siret, std::mem::take(&mut self.etablissement)));
            }
        }
        Ok(counted)
    }

    /// Writes one to `self.etablissement`.
    fn etablissement(
        &mut self,
        siret: u64,
        is_there: bool,
        is_first: bool,
        after_unite: bool,
    ) -> Result<(), IngestError> {
        let (coding, siren) = (self.coding, siret / NICS);
        let body = &mut self.etablissement;
        body.clear();
        body.push(0);
        if is_there {
            body[0] |= 1 << etablissement_flags::ROW;
            let row = self.etablissements.row();
            let base = match self.first.row() {
                _ if is_first && after_unite => Some(coding.etablissement_after(self.unites.row())),
                _ if is_first => None,
                first => first.map(|first| coding.after_itself(Of::Etablissement, first)),
            };
            coding
                .table(Of::Etablissement)
                .encode(body, &row, base.as_ref(), siren);
        }
        let table = coding.table(Of::EtablissementPeriodes);
        let mut is_latest = true;
        while self.etablissement_periodes.key() == Some(siret) {
            let periodes = &self.etablissement_periodes;
            let base = if !is_latest {
                Some(coding.after_itself(Of::EtablissementPeriodes, periodes.previous()))
            } else if is_there {
                Some(
                    coding
                        .latest_period_after(Of::EtablissementPeriodes, self.etablissements.row()),
                )
            } else {
                None
            };
            self.list.push(table, &periodes.row(), base.as_ref(), siren);
            self.etablissement_periodes.advance()?;
            is_latest = false;
        }
        self.list.write(body, 0, etablissement_flags::PERIODES);
        for (of, bit) in [
            (Of::Successeurs, etablissement_flags::SUCCESSEURS),
            (Of::Predecesseurs, etablissement_flags::PREDECESSEURS),
        ] {
            loop {
                let link = match of {
                    Of::Successeurs => self.successeurs.take(siret),
                    _ => self.predecesseurs.take(siret),
                };
                let Some(link) = link else { break };
                let cells = link.cells();
                self.list.push(
                    coding.table(of),
                    &Row {
                        cells: &cells,
                        bytes: &[],
                    },
                    None,
                    siren,
                );
            }
            self.list.write(&mut self.etablissement, 0, bit);
        }
        if is_there {
            self.etablissements.advance()?;
        }
        if is_first {
            // Kept only when another follows.
            self.first.cells.clear();
            if is_there && self.next_siret().is_some_and(|next| next / NICS == siren) {
                self.first.keep(&self.etablissements.previous());
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Counted {
    total: u64,
    actifs: u64,
    within: u64,
}
