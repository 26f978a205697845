//! `rna.fiches`: every association, with its links.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::fiche::body::{List, association_flags};
use registre_schemas::fiche::{Cell, Coding, Row, TableCoding};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::links::{Lien, liens};
use super::rows::{Codes, Rows};
use super::store::Blocks;
use crate::error::IngestError;
use crate::progress::Context;
use crate::sorted::Parquet;

/// The tables, open, and the links by RNA number.
pub(super) struct Rna {
    associations: Parquet,
    utilite_publique: Parquet,
    liens: Vec<Lien>,
}

/// How rows are written.
pub(super) struct Coder<'a> {
    association: &'a TableCoding,
    lien: &'a TableCoding,
    /// Rows of the list of associations reconnues d'utilité publique, already written, by number.
    utilite_publique: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
    coding: &'a Coding,
    codes: Codes<'a>,
}

impl Rna {
    pub(super) fn open(folder: &Path) -> Result<Self, IngestError> {
        let mut liens = liens(folder)?;
        // Those of one association stay in the order of SIREN.
        liens.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self {
            associations: Parquet::open(folder, &ASSOCIATION)?,
            utilite_publique: Parquet::open(folder, &ASSOCIATION_UTILITE_PUBLIQUE)?,
            liens,
        })
    }

    pub(super) fn coder<'a>(&self, coding: &'a Coding) -> Result<Coder<'a>, IngestError> {
        let [association, lien, utilite_publique] = coding.tables.as_slice() else {
            return Err(self.associations.bug("its tables are not known"));
        };
        let codes = Codes::of(coding);
        let mut written: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
        let table = &self.utilite_publique;
        let mut rows = Rows::read(table, 0..table.rows(), utilite_publique, &[], None, &codes)?;
        let id = table.table.index_of("id").unwrap_or(0);
        while rows.is_there() {
            let row = rows.row();
            let key = text(&row, coding, utilite_publique, id);
            if !key.is_empty() {
                let mut bytes = Vec::new();
                utilite_publique.encode(&mut bytes, &row, None, 0);
                written.entry(key.to_vec()).or_default().push(bytes);
            }
            rows.advance()?;
        }
        drop(rows);
        Ok(Coder {
            association,
            lien,
            utilite_publique: written,
            coding,
            codes,
        })
    }

    /// Rows by which to cut the table.
    pub(super) fn slices(&self) -> Vec<Range<usize>> {
        (0..self.associations.groups())
            .map(|group| self.associations.group(group))
            .collect()
    }

    pub(super) fn rows(&self) -> u64 {
        self.associations.rows() as u64
    }

    /// Makes the fiches of some rows; stops when `blocks` has enough.
    pub(super) fn write(
        &self,
        coder: &Coder<'_>,
        rows: Range<usize>,
        blocks: &mut Blocks<'_>,
        context: &Context,
    ) -> Result<(), IngestError> {
        let id = ASSOCIATION.index_of("id").unwrap_or(0);
        let mut rows = Rows::read(
            &self.associations,
            rows,
            coder.association,
            &[],
            None,
            &coder.codes,
        )?;
        let mut body = Vec::new();
        let mut list = List::default();
        let mut bytes = Vec::new();
        let mut done: u64 = 0;
        while rows.is_there() && !blocks.are_enough() {
            if done.is_multiple_of(4096) {
                context.cancel.check()?;
            }
            done += 1;
            let row = rows.row();
            let key = text(&row, coder.coding, coder.association, id);
            body.clear();
            body.push(1 << association_flags::ROW);
            coder.association.encode(&mut body, &row, None, 0);
            let first = self.liens.partition_point(|lien| lien.id.as_bytes() < key);
            for lien in self.liens[first..]
                .iter()
                .take_while(|lien| lien.id.as_bytes() == key)
            {
                bytes.clear();
                let cells = lien.cells(&mut bytes);
                list.push(
                    coder.lien,
                    &Row {
                        cells: &cells,
                        bytes: &bytes,
                    },
                    None,
                    0,
                );
            }
            list.write(&mut body, 0, association_flags::LIENS);
            for written in coder.utilite_publique.get(key).into_iter().flatten() {
                list.push_written(written);
            }
            list.write(&mut body, 0, association_flags::UTILITE_PUBLIQUE);
            blocks.push(key, &body)?;
            rows.advance()?;
        }
        blocks.end()
    }
}

fn text<'a>(row: &Row<'a>, coding: &'a Coding, table: &TableCoding, column: usize) -> &'a [u8] {
    match row.cell(column) {
        Cell::Text(start, length) => row.text(start, length),
        Cell::Code(code) => coding
            .text(table, column, code)
            .unwrap_or_default()
            .as_bytes(),
        Cell::Null | Cell::Number(_) => &[],
    }
}
