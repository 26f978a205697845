//! How the published tables are laid out: chosen by measurement, on the questions of
//! `benches/queries` and on the time a conversion takes. The figures beside each choice are those of
//! 4 million établissements, 72 columns, two cores; `benches/README.md` has the tables.

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use registre_schemas::column::{Column, Presence};
use registre_schemas::{Kind, Table};

/// Rows per row group: two and a half times DuckDB's own default.
///
/// A reader pays for each group, before its rows, some 0.15 ms to read what the footer says of its
/// columns: counting by NAF is 3.1 times slower at 30 720 rows than at INSEE's million, 1.7 times at
/// 122 880. And it decodes a whole group to find one row: 43 ms at 122 880 rows, 62 at 245 760, 69 at
/// 307 200, 100 to 120 at 491 520, 220 at a million. On the whole country, 44 million rows, the two meet
/// between 245 760 and 327 680.
pub(super) const ROW_GROUP: usize = 307_200;
/// Rows per page, unless it fills a megabyte before. DuckDB opens a decompressor for each page and
/// passes over none: 4 096 rows make it 1.2 times slower than 20 000, the library's own, and as many
/// as fit a tenth faster. Half a group does that, and is half of what a group being written holds.
const PAGE_ROWS: usize = ROW_GROUP / 2;
/// Level of zstd. What is left to it is mostly digits and short texts, on which the faster search of
/// level 1 also finds more: a tenth of the country takes 622 MB and 45.5 s of processor to ingest,
/// 635 MB and 47.6 s at level 3.
const ZSTD: i32 = 1;

/// Texts that hardly ever repeat: a dictionary of them is begun, then given up. Without it the table
/// is 2 % smaller.
const UNREPEATED: [&str; 5] = [
    "coordonneeLambertAbscisseEtablissement",
    "coordonneeLambertOrdonneeEtablissement",
    "identifiantAdresseEtablissement",
    "titre",
    "objet",
];

/// The properties of a published table. There is no Bloom filter: identifiers are sorted, which
/// prunes better; the successors, which are not, gain nothing measurable from one (4.5 ms instead of
/// 4.6), for 6 to 8 % of the table's bytes.
pub(super) fn published_properties(table: &Table) -> WriterProperties {
    let sorting = table.key_indices().into_iter().map(|index| SortingColumn {
        column_idx: i32::try_from(index).unwrap_or(i32::MAX),
        descending: is_descending(table, index),
        nulls_first: !is_descending(table, index),
    });
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(
            ZstdLevel::try_new(ZSTD).unwrap_or_default(),
        ))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_data_page_row_count_limit(PAGE_ROWS)
        // Of each row group, which DuckDB prunes by, and the checks before publishing count nulls by.
        // Those of pages are read by neither, and cost 2 % of the conversion.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(sorting.collect()))
        .set_created_by(concat!("registre ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new(
            "description".to_owned(),
            table.description.to_owned(),
        )]));
    for column in table.columns {
        builder = encoded(builder, column);
    }
    builder.build()
}

fn is_descending(table: &Table, column: usize) -> bool {
    let name = table.columns.get(column).map(|column| column.name);
    name.is_some_and(|name| table.descending.contains(&name))
}

/// How one column is encoded and compressed. What is left is text in a dictionary, in zstd.
fn encoded(builder: WriterPropertiesBuilder, column: &Column) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column.name);
    match (column.kind, column.presence) {
        // The NIC repeats; other identifiers do not, or only from one row to the next. Lengths apart
        // from the digits: a list of SIRET is joined in a sixth less time than from plain text, which
        // is larger. DELTA_BYTE_ARRAY takes 4 % off the whole table, and reads a tenth slower.
        (Kind::Text, Presence::Key(digits)) if digits != 5 => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_LENGTH_BYTE_ARRAY),
        // Days, and codes in a dictionary, are what analysts filter and count by: zstd takes 7 to 25 %
        // off them, Snappy none to 14 %; with neither, the history is counted in 43 ms instead of 52,
        // and written in a quarter less time.
        (Kind::Date, _) => builder.set_column_compression(path, Compression::UNCOMPRESSED),
        (Kind::Text, _) if column.nomenclature.is_some() => {
            builder.set_column_compression(path, Compression::UNCOMPRESSED)
        }
        (Kind::Boolean | Kind::Integer, _) => {
            builder.set_column_compression(path, Compression::SNAPPY)
        }
        // Nearly as many values as rows, as for the texts below; Snappy, as above, for their reading.
        (Kind::Real | Kind::Timestamp, _) => builder
            .set_column_compression(path.clone(), Compression::SNAPPY)
            .set_column_dictionary_enabled(path, false),
        (Kind::Text, _) if UNREPEATED.contains(&column.name) => {
            builder.set_column_dictionary_enabled(path, false)
        }
        (Kind::Text, _) => builder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::etablissement::ETABLISSEMENT;

    #[test]
    fn what_is_counted_by_is_not_compressed_and_what_does_not_repeat_has_no_dictionary() {
        let properties = published_properties(&ETABLISSEMENT);
        let of = |name: &str| {
            let path = ColumnPath::from(name);
            (
                properties.compression(&path),
                properties.dictionary_enabled(&path),
            )
        };
        let zstd = Compression::ZSTD(ZstdLevel::try_new(ZSTD).unwrap());
        assert_eq!(of("siret"), (zstd, false));
        assert_eq!(of("nic"), (zstd, true));
        assert_eq!(of("libelleVoieEtablissement"), (zstd, true));
        assert_eq!(of("identifiantAdresseEtablissement"), (zstd, false));
        assert_eq!(
            of("activitePrincipaleEtablissement"),
            (Compression::UNCOMPRESSED, true)
        );
        assert_eq!(of("etablissementSiege").0, Compression::SNAPPY);
        assert_eq!(of("y_latitude"), (Compression::SNAPPY, false));
        assert_eq!(
            properties.encoding(&ColumnPath::from("siren")),
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)
        );
    }

    #[test]
    fn the_columns_named_here_exist() {
        for name in UNREPEATED {
            let mut tables = registre_schemas::TABLES.iter();
            assert!(
                tables.any(|table| table.column(name).is_some()),
                "no column {name}"
            );
        }
    }
}
