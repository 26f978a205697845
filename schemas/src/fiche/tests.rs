//! Rows of any values come back as they were; bytes of any kind give a value or none, within bounds.

use proptest::prelude::*;

use super::block::{Block, entries, find};
use super::body::{Association, Etablissement, Of, Part, RNA, SIRENE, SireneCoding, Source, Unite};
use super::coding::{Coding, Dictionary, Form, Learned, TableCoding};
use super::file::{Footer, Index};
use super::row::{Base, decimal_text};
use super::varint::{Cursor, put};
use super::{Cell, Row};
use crate::column::Kind;

/// Texts that the registers hold, or could.
const TEXTS: &[&str] = &[
    "",
    "0.10",
    "-5.00",
    "12",
    "00.5",
    "-0.0",
    ".5",
    "5.",
    "1.",
    "-",
    ".",
    "[ND]",
    "A",
    "F",
    "É",
    "651234.56",
    "-0.000000000000001",
    "9223372036854775807.0",
    "EXEMPLE SPECIMEN",
    "1e5",
    "+1.5",
];

/// Numbers at the ends of what each kind holds: days of years 1 and 2218, microseconds, the bits of
/// real numbers.
fn numbers() -> Vec<i64> {
    let reals = [
        0.0,
        -0.0,
        0.1,
        2.352_221_9,
        48.856_614_123_456_7,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN_POSITIVE,
        f64::MAX,
        9e15,
        -9e15,
        652_000.12,
        6_862_000.5,
    ];
    let days = [-719_162, 90_700, 13_879, 0];
    let moments = days.map(|day| day * 86_400_000_000 + 1);
    [i64::MIN, i64::MAX, -1, 1, 1_000, 1_000_000, 1_234_567]
        .into_iter()
        .chain(days)
        .chain(moments)
        .chain(reals.map(|real: f64| real.to_bits().cast_signed()))
        .collect()
}

/// One value, before it is known of which column.
type Seed = (u8, i64, String);

fn seed() -> impl Strategy<Value = Seed> {
    let number = prop_oneof![
        proptest::sample::select(numbers()),
        any::<i64>(),
        (-40_000_i64..40_000),
        (0_i64..1_000_000_000).prop_map(|cents| {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let metres = cents as f64 / 100.0;
            metres.to_bits().cast_signed()
        }),
    ];
    let text = prop_oneof![
        proptest::sample::select(TEXTS).prop_map(str::to_owned),
        "-?[0-9]{0,7}\\.[0-9]{0,4}",
        "\\PC{0,12}",
    ];
    (0_u8..6, number, text)
}

/// More than any table has columns.
const WIDTH: usize = 110;

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    proptest::collection::vec(seed(), WIDTH)
}

/// Texts in each dictionary of the codings below.
const CODES: u32 = 5;

/// A coding of those tables that learned what the seeds say.
fn coding(parts: &[Part], seeds: &[Seed]) -> Coding {
    let tables: Vec<_> = parts.iter().map(|(table, _)| *table).collect();
    let domains = Coding::domains_of(&tables);
    let mut dictionary = Dictionary::default();
    for text in &TEXTS[..CODES as usize] {
        dictionary.push(text);
    }
    let dictionaries = vec![dictionary; domains.len()];
    let table = |(table, implied): &Part| {
        let learned = |constants: Vec<Cell>, shapes: Vec<u128>| Learned {
            constants,
            decimals: seeds.iter().map(|(pick, _, _)| pick * 2).collect(),
            follows: TableCoding::follows(table)
                .into_iter()
                .zip(seeds)
                .map(|((column, _), (pick, _, _))| (column, vec![0, 1, 2, u32::from(*pick) + 1]))
                .collect(),
            shapes,
        };
        let plain = TableCoding::new(table, implied, &domains, learned(Vec::new(), Vec::new()));
        let mut no_text = Vec::new();
        let constants = cells(&plain, seeds, 0, &mut no_text);
        let constants = constants.into_iter().map(|cell| match cell {
            Cell::Text(..) => Cell::Null,
            cell => cell,
        });
        let shapes = vec![0, 1, u128::MAX >> (128 - plain.stored.len())];
        TableCoding::new(
            table,
            implied,
            &domains,
            learned(constants.collect(), shapes),
        )
    };
    Coding {
        tables: parts.iter().map(table).collect(),
        domains,
        dictionaries,
    }
}

/// A row of a table as its writer would give it: what each column may hold, and no more.
fn cells(table: &TableCoding, seeds: &[Seed], siren: u64, bytes: &mut Vec<u8>) -> Vec<Cell> {
    let columns = table.forms.iter().zip(seeds).enumerate();
    columns
        .map(|(column, (form, (pick, number, text)))| match form {
            Form::Digits(_) if !table.stored.contains(&column) => Cell::Null,
            Form::Digits(14) if pick % 2 == 0 => {
                Cell::Number((siren * 100_000 + number.unsigned_abs() % 100_000).cast_signed())
            }
            Form::Digits(digits) => {
                let below = 10_u64.pow(u32::try_from(*digits).unwrap());
                Cell::Number((number.unsigned_abs() % below).cast_signed())
            }
            _ if *pick == 0 => Cell::Null,
            Form::Text(domain) | Form::Metres(domain) if *pick < 3 && *domain != usize::MAX => {
                Cell::Code(u32::from(text.len().to_le_bytes()[0]) % CODES)
            }
            Form::Text(_) | Form::Metres(_) => {
                let start = u32::try_from(bytes.len()).unwrap();
                bytes.extend_from_slice(text.as_bytes());
                Cell::Text(start, u32::try_from(text.len()).unwrap())
            }
            _ => Cell::Number(*number),
        })
        .collect()
}

/// What a cell says, whatever way it is held.
fn said(coding: &Coding, table: &TableCoding, row: &Row<'_>, column: usize) -> String {
    match row.cell(column) {
        Cell::Null => "null".to_owned(),
        Cell::Code(code) => format!("{:?}", coding.text(table, column, code).unwrap()),
        Cell::Text(start, length) => {
            format!(
                "{:?}",
                std::str::from_utf8(row.text(start, length)).unwrap()
            )
        }
        Cell::Number(number) => {
            let is_text = table.table().columns[column].kind == Kind::Text;
            if is_text && !matches!(table.forms[column], Form::Digits(_)) {
                format!("{:?}", decimal_text(number))
            } else {
                number.to_string()
            }
        }
    }
}

/// Tables whose rows are written after one another, and which after which.
fn chains() -> Vec<(&'static [Part], Vec<usize>)> {
    let of = |of: Of| of as usize;
    let sirene = [
        vec![of(Of::Unite), of(Of::UnitePeriodes), of(Of::UnitePeriodes)],
        vec![
            of(Of::Unite),
            of(Of::Etablissement),
            of(Of::Etablissement),
            of(Of::EtablissementPeriodes),
            of(Of::EtablissementPeriodes),
        ],
        vec![of(Of::Successeurs); 3],
        vec![of(Of::Predecesseurs); 3],
        vec![of(Of::Doublons); 2],
        vec![of(Of::DoublonDe); 2],
        vec![of(Of::Liens); 2],
    ];
    let rna = [vec![0, 0], vec![1, 1], vec![2, 2]];
    let sirene = sirene.into_iter().map(|chain| (SIRENE, chain));
    sirene
        .chain(rna.into_iter().map(|chain| (RNA, chain)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rows_written_after_one_another_come_back_the_same(
        learned in seeds(),
        rows in proptest::collection::vec(seeds(), 5),
        siren in 0_u64..1_000_000_000,
    ) {
        for (parts, chain) in chains() {
            let coding = coding(parts, &learned);
            let mut texts = Vec::new();
            let given: Vec<Vec<Cell>> = chain
                .iter()
                .zip(&rows)
                .map(|(table, seeds)| cells(&coding.tables[*table], seeds, siren, &mut texts))
                .collect();
            let after = |position: usize| {
                let own = &coding.tables[chain[position]];
                own.after(coding.tables[chain[position - 1]].table())
            };
            let mut written = Vec::new();
            for (position, cells) in given.iter().enumerate() {
                let columns = position.checked_sub(1).map(|_| after(position));
                let base = columns.as_ref().map(|columns| Base {
                    row: Row { cells: &given[position - 1], bytes: &texts },
                    columns,
                });
                let row = Row { cells, bytes: &texts };
                coding.tables[chain[position]].encode(&mut written, &row, base.as_ref(), siren);
            }
            let mut cursor = Cursor::new(&written);
            let mut last: Vec<Cell> = Vec::new();
            for (position, cells) in given.iter().enumerate() {
                let table = &coding.tables[chain[position]];
                let columns = position.checked_sub(1).map(|_| after(position));
                let base = columns.as_ref().map(|columns| Base {
                    row: Row { cells: &last, bytes: &written },
                    columns,
                });
                let mut read = Vec::new();
                prop_assert!(table.decode(&mut cursor, base.as_ref(), siren, &mut read).is_some());
                for column in &table.stored {
                    prop_assert_eq!(
                        said(&coding, table, &Row { cells, bytes: &texts }, *column),
                        said(&coding, table, &Row { cells: &read, bytes: &written }, *column),
                        "{}", table.table().columns[*column].name
                    );
                }
                last = read;
            }
            prop_assert!(cursor.is_at_end());
        }
    }

    #[test]
    fn any_bytes_of_an_entry_give_a_value_or_none(
        learned in seeds(),
        bytes in bytes(),
    ) {
        let sirene = SireneCoding::new(coding(SIRENE, &learned));
        let rna = coding(RNA, &learned);
        read_all(&sirene, &rna, &bytes, &(0..bytes.len()));
        if let Some(entry) = entries(&bytes).next() {
            prop_assert_eq!(find(&bytes, &entry.key), Some(entry.body.clone()));
            read_all(&sirene, &rna, &bytes, &entry.body);
        }
        let past = bytes.len() + 1;
        let source = Source { coding: &sirene, block: &bytes };
        prop_assert!(Unite::read(source, &(0..past), 1).is_none());
    }

    #[test]
    fn any_bytes_of_a_footer_give_one_or_none(
        learned in seeds(),
        bytes in bytes(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let _none_or_one = Footer::from_bytes(&bytes);
        let _none_or_one = Coding::from_bytes(&bytes, SIRENE);
        // Bytes that begin well, and go astray.
        let whole = coding(RNA, &learned).to_bytes();
        prop_assert!(Coding::from_bytes(&whole, RNA).is_ok());
        let mut astray = whole[..cut.index(whole.len())].to_vec();
        astray.extend_from_slice(&bytes);
        if let Ok(read) = Coding::from_bytes(&astray, RNA) {
            let _none_or_one = Association::read(&read, &bytes, &(0..bytes.len()));
        }
        let mut index = Index::default();
        for key in ["130025265", "35600000000048", "W751004076"] {
            index.push(key.as_bytes(), 1000);
        }
        let footer = Footer { coding: whole, index, ..Footer::default() };
        let whole = footer.to_bytes();
        prop_assert_eq!(Footer::from_bytes(&whole), Some(footer));
        let mut astray = whole[..cut.index(whole.len())].to_vec();
        astray.extend_from_slice(&bytes);
        if let Some(read) = Footer::from_bytes(&astray) {
            for block in 0..read.index.len() {
                let _its_own = (read.index.key(block), read.index.place(block));
            }
            let _some_or_none = read.index.find(b"356000000");
        }
    }
}

/// Of any kind, and of the kind that numbers, flags and lengths are.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let small = 0_u8..8;
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        proptest::collection::vec(small.clone(), 0..400),
        proptest::collection::vec(prop_oneof![4 => small, 1 => any::<u8>()], 0..400),
    ]
}

/// All that can be asked of those bytes.
fn read_all(sirene: &SireneCoding, rna: &Coding, bytes: &[u8], body: &std::ops::Range<usize>) {
    let source = Source {
        coding: sirene,
        block: bytes,
    };
    let etablissement = |found: &Etablissement| {
        let _row = found.row().map(|row| sirene.is_open(&source.row(row)));
        let _rows = (
            found.periodes(source),
            found.list(source, Of::Successeurs),
            found.list(source, Of::Predecesseurs),
        );
    };
    if let Some(unite) = Unite::read(source, body, 356_000_000) {
        let _rows = (unite.row().is_some(), unite.periodes(source));
        let _rows = [Of::Doublons, Of::DoublonDe, Of::Liens].map(|of| unite.list(source, of));
        unite
            .etablissements(source)
            .iter()
            .flatten()
            .for_each(etablissement);
        let _one = unite.etablissement(source, 48);
    }
    if let Some(found) = Etablissement::read(source, body, 356_000_000, 48, None) {
        etablissement(&found);
    }
    let _one = Association::read(rna, bytes, body);
}

/// A count or a length of 2^60 reserves nothing, and no loop runs that long.
#[test]
fn an_immense_number_is_refused_at_once() {
    let seeds = vec![(3, 1, String::new()); WIDTH];
    let sirene = SireneCoding::new(coding(SIRENE, &seeds));
    let rna = coding(RNA, &seeds);
    for flags in 0..=u8::MAX {
        for shape in [0_u64, 1, 2, 3] {
            let mut bytes = vec![flags];
            for _ in 0..3 {
                put(&mut bytes, shape);
                put(&mut bytes, 1 << 60);
            }
            read_all(&sirene, &rna, &bytes, &(0..bytes.len()));
        }
        // Lists of 2^60 rows that have all the bytes they say.
        let mut bytes = vec![flags & !1];
        for _ in 0..6 {
            put(&mut bytes, 1 << 60);
            put(&mut bytes, 3);
            bytes.extend_from_slice(&[1, 1, 1]);
        }
        read_all(&sirene, &rna, &bytes, &(0..bytes.len()));
    }
    for before in [
        &[][..],
        &[0][..],
        &[0, 0][..],
        &[0, 0, 0, 0][..],
        &[1, 0][..],
    ] {
        let mut bytes = before.to_vec();
        put(&mut bytes, 1 << 60);
        bytes.extend_from_slice(&[1, 1, 1, 1]);
        assert!(Footer::from_bytes(&bytes).is_none(), "{before:?}");
        assert!(Coding::from_bytes(&bytes, SIRENE).is_err(), "{before:?}");
        // At most the empty entry that those before it make.
        assert!(entries(&bytes).take(10).count() < 2, "{before:?}");
    }
}

/// A few bytes for each block, a long key for each: what is read stays of the size of what is written.
#[test]
fn a_long_key_shared_by_many_blocks_is_refused() {
    let mut bytes = vec![0, 0, 1, 1];
    put(&mut bytes, 1000);
    bytes.push(0);
    put(&mut bytes, 100_000);
    bytes.resize(bytes.len() + 100_000, b'9');
    bytes.push(1);
    for _ in 1..1000 {
        put(&mut bytes, 100_000);
        bytes.extend_from_slice(&[0, 1]);
    }
    assert!(Footer::from_bytes(&bytes).is_none());
}

/// Keys out of order would hide entries from whoever looks for them.
#[test]
fn an_index_out_of_order_is_refused() {
    for keys in [
        ["356000000", "130025265"],
        ["356000000", "356000000"],
        ["35600000000048", "356000000"],
    ] {
        let mut index = Index::default();
        for key in keys {
            index.push(key.as_bytes(), 10);
        }
        let footer = Footer {
            index,
            ..Footer::default()
        };
        assert!(Footer::from_bytes(&footer.to_bytes()).is_none(), "{keys:?}");
    }
    let mut block = Block::default();
    block.push(b"356000000", b"");
    assert_eq!(entries(block.bytes()).count(), 1);
}
