//! Texts that a Parquet file of ours holds as codes in a dictionary: read as codes, they are looked at
//! once for all the rows that have them.

use arrow::datatypes::{DataType, Field};
use parquet::basic::Encoding;
use parquet::file::metadata::ColumnChunkMetaData;
use std::sync::Arc;

/// Whether every value of a column in a row group is a code in a dictionary. The writer gives its
/// dictionary up when it grows too large: a mixed row group is read as text.
pub(crate) fn is_coded(footer: &ColumnChunkMetaData) -> bool {
    let encodings = footer.page_encoding_stats_mask();
    footer.dictionary_page_offset().is_some()
        && encodings.is_some_and(|used| {
            used.is_only(Encoding::RLE_DICTIONARY) || used.is_only(Encoding::PLAIN_DICTIONARY)
        })
}

/// The same column, a text by its codes.
pub(crate) fn coded(field: &Arc<Field>) -> Arc<Field> {
    match field.data_type() {
        DataType::Utf8 => Arc::new(Field::new_dictionary(
            field.name(),
            DataType::Int32,
            DataType::Utf8,
            field.is_nullable(),
        )),
        _ => Arc::clone(field),
    }
}
