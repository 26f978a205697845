//! The rows of a sorted table, one after the other, by a few columns.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::ops::Range;

use crate::error::IngestError;
use crate::sorted::Parquet;

/// Rows being read in order. A column is named by its place in the list that was asked for.
pub(super) struct Lignes<'a> {
    parquet: &'a Parquet,
    reader: ParquetRecordBatchReader,
    colonnes: Vec<Option<usize>>,
    tableaux: Vec<ArrayRef>,
    ligne: usize,
    nombre: usize,
}

impl<'a> Lignes<'a> {
    /// Reads some rows; a column that the file lacks is empty.
    pub(super) fn read(
        parquet: &'a Parquet,
        rows: Range<usize>,
        colonnes: &[&str],
    ) -> Result<Self, IngestError> {
        let reader = parquet.read_coded(rows, colonnes)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        let mut lignes = Self {
            parquet,
            colonnes: colonnes
                .iter()
                .map(|colonne| schema.index_of(colonne).ok())
                .collect(),
            reader,
            tableaux: Vec::new(),
            ligne: 0,
            nombre: 0,
        };
        lignes.remplit()?;
        Ok(lignes)
    }

    fn remplit(&mut self) -> Result<(), IngestError> {
        while self.ligne >= self.nombre {
            let Some(batch) = self.reader.next() else {
                self.nombre = 0;
                self.ligne = 0;
                return Ok(());
            };
            let batch = batch.map_err(|error| self.parquet.unreadable(&error))?;
            self.tableaux.clear();
            self.tableaux.extend_from_slice(batch.columns());
            self.nombre = batch.num_rows();
            self.ligne = 0;
        }
        Ok(())
    }

    /// Whether there is a row.
    pub(super) fn est_la(&self) -> bool {
        self.ligne < self.nombre
    }

    pub(super) fn avance(&mut self) -> Result<(), IngestError> {
        self.ligne += 1;
        if self.ligne >= self.nombre {
            self.remplit()?;
        }
        Ok(())
    }

    fn tableau(&self, colonne: usize) -> Option<&ArrayRef> {
        let tableau = self.tableaux.get(self.colonnes[colonne]?)?;
        tableau.is_valid(self.ligne).then_some(tableau)
    }

    /// The text of a column of the row; empty when there is none.
    pub(super) fn texte(&self, colonne: usize) -> &str {
        let Some(tableau) = self.tableau(colonne) else {
            return "";
        };
        if let Some(textes) = tableau.as_string_opt::<i32>() {
            return textes.value(self.ligne);
        }
        let codes = tableau.as_dictionary_opt::<Int32Type>();
        codes
            .and_then(|codes| {
                let code = codes.keys().value(self.ligne);
                let textes = codes.values().as_string_opt::<i32>()?;
                Some(textes.value(usize::try_from(code).ok()?))
            })
            .unwrap_or_default()
    }

    pub(super) fn reel(&self, colonne: usize) -> Option<f64> {
        let reels = self.tableau(colonne)?.as_primitive_opt::<Float64Type>()?;
        Some(reels.value(self.ligne))
    }

    pub(super) fn vrai(&self, colonne: usize) -> bool {
        let vrais = self.tableau(colonne).and_then(|la| la.as_boolean_opt());
        vrais.is_some_and(|vrais| vrais.value(self.ligne))
    }

    /// Days since 1970-01-01.
    pub(super) fn jour(&self, colonne: usize) -> Option<i32> {
        let jours = self.tableau(colonne)?.as_primitive_opt::<Date32Type>()?;
        Some(jours.value(self.ligne))
    }

    /// The SIREN of the row, from the first nine digits of a column.
    pub(super) fn siren(&self, colonne: usize) -> u64 {
        let texte = self.texte(colonne);
        texte
            .get(..9)
            .and_then(|siren| siren.parse().ok())
            .unwrap_or(u64::MAX)
    }
}
