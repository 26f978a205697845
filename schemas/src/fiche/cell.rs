//! A value of a row on its way to a fiche or out of it.

/// A value. Texts are by reference: a code of a [`super::Dictionary`], or a place in bytes that go
/// with the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cell {
    /// Absent.
    #[default]
    Null,
    /// A text of the column's dictionary, by its place there.
    Code(u32),
    /// A text, in the bytes that go with the row: where, and how long.
    Text(u32, u32),
    /// Days since 1970, microseconds since then, a whole number, 0 or 1 for a boolean, the bits of a
    /// real number: as the column's kind says.
    Number(i64),
}

/// A row: a cell for each column of its table, and the bytes its texts are in.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// As many as the table has columns, in its order.
    pub cells: &'a [Cell],
    /// What [`Cell::Text`] points into.
    pub bytes: &'a [u8],
}

impl<'a> Row<'a> {
    /// The cell of a column.
    #[must_use]
    pub fn cell(&self, column: usize) -> Cell {
        self.cells.get(column).copied().unwrap_or_default()
    }

    /// The bytes of a text; none when the place is not there.
    #[must_use]
    pub fn text(&self, start: u32, length: u32) -> &'a [u8] {
        let start = start as usize;
        let end = start.saturating_add(length as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Whether a cell of this row and one of another are the same value of the same dictionary.
    #[must_use]
    #[inline]
    pub fn same(&self, own: Cell, other: Cell, others: &Row<'_>) -> bool {
        match (own, other) {
            (Cell::Text(start, length), Cell::Text(other_start, other_length)) => {
                length == other_length
                    && self.text(start, length) == others.text(other_start, other_length)
            }
            _ => own == other,
        }
    }
}
