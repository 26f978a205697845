//! What is small enough to be held whole: successions, doublons, links with the RNA.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};
use rayon::prelude::*;
use registre_schemas::etablissement::LIEN_SUCCESSION;
use registre_schemas::fiche::Cell;
use registre_schemas::lien_siren_rna::{LIEN_SIREN_RNA, provenance};
use registre_schemas::unite_legale::DOUBLON;
use std::path::Path;

use super::rows::{number, text};
use crate::error::IngestError;
use crate::sorted::Parquet;

/// Establishments that succeed one another: 32 bytes each, 9 million in the country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Succession {
    pub(super) predecesseur: u64,
    pub(super) successeur: u64,
    traitement: i64,
    date: i32,
    /// 0 for absent, 1 for false, 2 for true.
    transfert_siege: u8,
    continuite_economique: u8,
    has_date: bool,
    has_traitement: bool,
}

impl Succession {
    /// Its row.
    pub(super) fn cells(&self) -> [Cell; 6] {
        let when = |there: bool, number: i64| {
            if there {
                Cell::Number(number)
            } else {
                Cell::Null
            }
        };
        let flag = |flag: u8| when(flag > 0, i64::from(flag) - 1);
        [
            Cell::Number(self.predecesseur.cast_signed()),
            Cell::Number(self.successeur.cast_signed()),
            when(self.has_date, self.date.into()),
            flag(self.transfert_siege),
            flag(self.continuite_economique),
            when(self.has_traitement, self.traitement),
        ]
    }
}

/// What a link may say of where it comes from: ours to give, and coded by its place here.
pub(super) const PROVENANCES: [&str; 3] = [provenance::BOTH, provenance::SIRENE, provenance::RNA];

/// A link between registers, with its text aside.
#[derive(Debug, Clone)]
pub(super) struct Lien {
    pub(super) siren: u64,
    pub(super) id: String,
    provenance: u32,
    rangs: [Option<i64>; 2],
}

impl Lien {
    /// Its row; the texts go to `bytes`.
    pub(super) fn cells(&self, bytes: &mut Vec<u8>) -> [Cell; 5] {
        let number = |number: Option<i64>| number.map_or(Cell::Null, Cell::Number);
        [
            Cell::Number(self.siren.cast_signed()),
            text(bytes, &self.id),
            Cell::Code(self.provenance),
            number(self.rangs[0]),
            number(self.rangs[1]),
        ]
    }
}

/// A doublon: the SIREN that stays, the one replaced, its treatment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doublon {
    pub(super) siren: u64,
    pub(super) remplace: u64,
    traitement: Option<i64>,
}

impl Doublon {
    /// Its row.
    pub(super) fn cells(&self) -> [Cell; 3] {
        [
            Cell::Number(self.siren.cast_signed()),
            Cell::Number(self.remplace.cast_signed()),
            self.traitement.map_or(Cell::Null, Cell::Number),
        ]
    }
}

/// All of them, in both orders.
pub(super) struct Links {
    /// In the order of the établissement that is succeeded.
    successions: Vec<Succession>,
    /// Their places, in the order of the one that succeeds.
    by_successeur: Vec<u32>,
    doublons: Vec<Doublon>,
    doublons_de: Vec<Doublon>,
    liens: Vec<Lien>,
}

impl Links {
    /// Reads the three tables.
    pub(super) fn read(folder: &Path) -> Result<Self, IngestError> {
        let successions = successions(folder)?;
        let mut by_successeur: Vec<u32> =
            (0..u32::try_from(successions.len()).unwrap_or(u32::MAX)).collect();
        // Ties keep the table's order.
        by_successeur.par_sort_by_key(|place| successions[*place as usize].successeur);
        let doublons = doublons(folder)?;
        let mut doublons_de = doublons.clone();
        doublons_de.sort_by_key(|doublon| doublon.remplace);
        Ok(Self {
            successions,
            by_successeur,
            doublons,
            doublons_de,
            liens: liens(folder)?,
        })
    }
}

/// What is in order, from the first whose key is not before that one.
fn from<T>(sorted: &[T], key: fn(&T) -> u64, from: u64) -> impl Iterator<Item = &T> {
    sorted[sorted.partition_point(|link| key(link) < from)..].iter()
}

impl Links {
    /// By the établissement that is succeeded, from that SIRET.
    pub(super) fn successeurs(&self, siret: u64) -> impl Iterator<Item = &Succession> {
        from(&self.successions, |link| link.predecesseur, siret)
    }

    /// By the SIREN that stays, from that one.
    pub(super) fn doublons(&self, siren: u64) -> impl Iterator<Item = &Doublon> {
        from(&self.doublons, |doublon| doublon.siren, siren)
    }

    /// By the SIREN that is replaced, from that one.
    pub(super) fn doublons_de(&self, siren: u64) -> impl Iterator<Item = &Doublon> {
        from(&self.doublons_de, |doublon| doublon.remplace, siren)
    }

    /// By SIREN, from that one.
    pub(super) fn liens(&self, siren: u64) -> impl Iterator<Item = &Lien> {
        from(&self.liens, |lien| lien.siren, siren)
    }

    /// By the établissement that succeeds, from that SIRET.
    pub(super) fn predecesseurs(&self, from: u64) -> impl Iterator<Item = &Succession> {
        let link = |place: &u32| &self.successions[*place as usize];
        let start = self
            .by_successeur
            .partition_point(|place| link(place).successeur < from);
        self.by_successeur[start..].iter().map(link)
    }
}

fn each(
    parquet: &Parquet,
    mut row: impl FnMut(&RecordBatch, usize) -> Option<()>,
) -> Result<(), IngestError> {
    let columns: Vec<&str> = parquet
        .table
        .columns
        .iter()
        .map(|column| column.name)
        .collect();
    for batch in parquet.read(0..parquet.rows(), &columns)? {
        let batch = batch.map_err(|error| parquet.unreadable(&error))?;
        for position in 0..batch.num_rows() {
            row(&batch, position).ok_or_else(|| parquet.bug("a row without its key"))?;
        }
    }
    Ok(())
}

fn key(batch: &RecordBatch, column: usize, row: usize) -> Option<u64> {
    number(batch.column(column).as_string_opt::<i32>()?.value(row))
}

fn moment(batch: &RecordBatch, column: usize, row: usize) -> Option<i64> {
    let moments = batch
        .column(column)
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    moments.is_valid(row).then(|| moments.value(row))
}

fn successions(folder: &Path) -> Result<Vec<Succession>, IngestError> {
    let parquet = Parquet::open(folder, &LIEN_SUCCESSION)?;
    let mut links = Vec::with_capacity(parquet.rows());
    let flag = |batch: &RecordBatch, column: usize, row: usize| -> Option<u8> {
        let flags = batch.column(column).as_boolean_opt()?;
        Some(if flags.is_null(row) {
            0
        } else {
            1 + u8::from(flags.value(row))
        })
    };
    each(&parquet, |batch, row| {
        let dates = batch.column(2).as_primitive_opt::<Date32Type>()?;
        let traitement = moment(batch, 5, row);
        links.push(Succession {
            predecesseur: key(batch, 0, row)?,
            successeur: key(batch, 1, row)?,
            date: dates.value(row),
            has_date: dates.is_valid(row),
            transfert_siege: flag(batch, 3, row)?,
            continuite_economique: flag(batch, 4, row)?,
            traitement: traitement.unwrap_or_default(),
            has_traitement: traitement.is_some(),
        });
        Some(())
    })?;
    Ok(links)
}

fn doublons(folder: &Path) -> Result<Vec<Doublon>, IngestError> {
    let parquet = Parquet::open(folder, &DOUBLON)?;
    let mut doublons = Vec::new();
    each(&parquet, |batch, row| {
        doublons.push(Doublon {
            siren: key(batch, 0, row)?,
            remplace: key(batch, 1, row)?,
            traitement: moment(batch, 2, row),
        });
        Some(())
    })?;
    Ok(doublons)
}

/// The links with the RNA, in the order of SIREN.
pub(super) fn liens(folder: &Path) -> Result<Vec<Lien>, IngestError> {
    let parquet = Parquet::open(folder, &LIEN_SIREN_RNA)?;
    let mut liens = Vec::with_capacity(parquet.rows());
    each(&parquet, |batch, row| {
        let rang = |column: usize| {
            let rangs = batch.column(column).as_primitive_opt::<Int64Type>()?;
            rangs.is_valid(row).then(|| rangs.value(row))
        };
        let provenance = batch.column(2).as_string_opt::<i32>()?.value(row);
        let code = PROVENANCES.iter().position(|known| *known == provenance)?;
        liens.push(Lien {
            siren: key(batch, 0, row)?,
            id: batch
                .column(1)
                .as_string_opt::<i32>()?
                .value(row)
                .to_owned(),
            provenance: u32::try_from(code).ok()?,
            rangs: [rang(3), rang(4)],
        });
        Some(())
    })?;
    Ok(liens)
}
