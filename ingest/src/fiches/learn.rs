//! What the rows of a snapshot are like, learned from some of its row groups: which texts repeat,
//! which value a column mostly has, what follows from what. A text that was not seen is written as it
//! is: a sample is enough.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int32Type;
use foldhash::fast::FixedState;
use rayon::prelude::*;
use registre_schemas::fiche::body::Part;
use registre_schemas::fiche::row::scaled;
use registre_schemas::fiche::{Cell, Coding, Dictionary, Learned, TableCoding};
use registre_schemas::{Kind, Table};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::links::PROVENANCES;
use super::rows::{Codes, bits, is_same};
use crate::error::IngestError;
use crate::sorted::Parquet;

/// Row groups looked at in each table: one in twenty of the largest.
const GROUPS: usize = 7;
/// A text seen less often is not worth a place in memory, once that many rows were seen.
const SEEN: u64 = 3;
const MANY: u64 = 100_000;
/// Texts in a dictionary, at most.
const TEXTS: usize = 200_000;
/// Names that hardly ever repeat have no dictionary: one text in that many must be in it.
const WORTH: u64 = 5;
/// Values of a column without a dictionary that are looked at, in a row group.
const VALUES: usize = 50_000;
/// Decimals a real number of a register may have.
const DECIMALS: u8 = 12;

/// What one row group tells of one table.
struct Seen {
    table: usize,
    rows: u64,
    /// Of each column of the table, its values and how often.
    columns: Vec<Column>,
    /// Of each column that follows another, the two texts and how often.
    pairs: Vec<Pairs>,
}

#[derive(Default)]
struct Column {
    texts: HashMap<String, u64>,
    numbers: HashMap<i64, u64>,
    nulls: u64,
    /// Texts, nulls apart.
    values: u64,
    decimals: u8,
    /// The dictionary being counted, and how often each of its codes was met.
    dictionary: Option<ArrayRef>,
    counts: Vec<u64>,
}

struct Pairs {
    follower: usize,
    of: usize,
    /// The dictionaries being counted.
    dictionaries: Option<(ArrayRef, ArrayRef)>,
    by_code: HashMap<(i32, Option<i32>), u64, FixedState>,
    /// The text followed, the one that follows or none.
    counts: HashMap<(String, Option<String>), u64>,
}

/// Learns how to write those tables.
pub(super) fn learn(folder: &Path, parts: &[Part]) -> Result<Coding, IngestError> {
    let mut tables: Vec<&'static Table> = Vec::new();
    for (table, _) in parts {
        if !tables.iter().any(|known| known.name == table.name) {
            tables.push(table);
        }
    }
    let files: Vec<Parquet> = tables
        .iter()
        .map(|table| Parquet::open(folder, table))
        .collect::<Result<_, _>>()?;
    let places = files.iter().enumerate().flat_map(|(table, file)| {
        let step = file.groups().div_ceil(GROUPS).max(1);
        (0..file.groups())
            .step_by(step)
            .map(move |group| (table, group))
    });
    let seen: Vec<Seen> = places
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(table, group)| look(&files[table], table, group))
        .collect::<Result<_, _>>()?;
    let domains = Coding::domains_of(&tables);
    let dictionaries = dictionaries(&domains, &tables, &seen);
    let codes = Codes::new(&dictionaries);
    let learned: Vec<Learned> = tables
        .iter()
        .enumerate()
        .map(|(position, table)| sum_up(position, table, &domains, &seen, &codes))
        .collect();
    let coding = parts.iter().map(|(table, implied)| {
        let position = tables
            .iter()
            .position(|known| known.name == table.name)
            .unwrap_or(0);
        TableCoding::new(table, implied, &domains, learned[position].clone())
    });
    let tables = coding.collect();
    drop(codes);
    Ok(Coding {
        domains,
        dictionaries,
        tables,
    })
}

/// Counts the values of a row group.
fn look(file: &Parquet, table: usize, group: usize) -> Result<Seen, IngestError> {
    let names: Vec<&str> = file
        .table
        .columns
        .iter()
        .map(|column| column.name)
        .collect();
    let rows = file.group(group);
    let follows = TableCoding::follows(file.table).into_iter();
    let mut pairs: Vec<Pairs> = follows
        .map(|(follower, of)| Pairs::new(follower, of))
        .collect();
    let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut seen = 0;
    for batch in file.read_coded(rows.clone(), &names)? {
        let batch = batch.map_err(|error| file.unreadable(&error))?;
        for (position, column) in file.table.columns.iter().enumerate() {
            let (array, counted) = (batch.column(position), &mut columns[position]);
            if column.kind != Kind::Text {
                if seen < VALUES {
                    counted.numbers(column.kind, array);
                }
            } else if array.as_dictionary_opt::<Int32Type>().is_some() {
                counted.codes(array);
            } else if seen < VALUES && !file.table.key.contains(&column.name) {
                counted.plain(array);
            }
        }
        for pair in &mut pairs {
            pair.count(batch.column(pair.follower), batch.column(pair.of));
        }
        seen += batch.num_rows();
    }
    for column in &mut columns {
        column.end(seen);
    }
    pairs.iter_mut().for_each(Pairs::end);
    Ok(Seen {
        table,
        rows: seen as u64,
        columns,
        pairs,
    })
}

impl Column {
    fn numbers(&mut self, kind: Kind, array: &ArrayRef) {
        for row in 0..array.len() {
            if array.is_null(row) {
                self.nulls += 1;
                continue;
            }
            let number = bits(kind, array.as_ref(), row);
            *self.numbers.entry(number).or_default() += 1;
            if kind == Kind::Real {
                let enough = |decimals: &u8| scaled(number, *decimals).is_some();
                if let Some(decimals) = (self.decimals..=DECIMALS).find(enough) {
                    self.decimals = decimals;
                }
            }
        }
    }

    /// Codes are counted, and their texts looked at once for all: at the end of a dictionary.
    fn codes(&mut self, array: &ArrayRef) {
        let coded = array.as_dictionary::<Int32Type>();
        if !self
            .dictionary
            .as_ref()
            .is_some_and(|known| is_same(known, coded.values()))
        {
            self.end_dictionary();
            self.counts = vec![0; coded.values().len()];
            self.dictionary = Some(Arc::clone(coded.values()));
        }
        for key in coded.keys() {
            match key.and_then(|key| usize::try_from(key).ok()) {
                Some(key) => self.counts[key] += 1,
                None => self.nulls += 1,
            }
        }
    }

    fn end_dictionary(&mut self) {
        let Some(dictionary) = self.dictionary.take() else {
            return;
        };
        let texts = dictionary.as_string::<i32>();
        for (text, count) in texts.iter().zip(std::mem::take(&mut self.counts)) {
            if let (Some(text), 1..) = (text, count) {
                *self.texts.entry(text.to_owned()).or_default() += count;
            }
        }
    }

    fn plain(&mut self, array: &ArrayRef) {
        for text in array.as_string::<i32>() {
            match text {
                Some(text) => *self.texts.entry(text.to_owned()).or_default() += 1,
                None => self.nulls += 1,
            }
        }
    }

    /// In a long column, most texts are there once: they would fill memory, for nothing.
    fn end(&mut self, rows: usize) {
        self.end_dictionary();
        self.values = self.texts.values().sum();
        if rows as u64 >= MANY {
            self.texts.retain(|_, count| *count > 1);
            self.texts.shrink_to_fit();
        }
    }
}

impl Pairs {
    fn new(follower: usize, of: usize) -> Self {
        Self {
            follower,
            of,
            dictionaries: None,
            by_code: HashMap::default(),
            counts: HashMap::new(),
        }
    }

    fn count(&mut self, follower: &ArrayRef, of: &ArrayRef) {
        let coded = |array: &ArrayRef| array.as_dictionary_opt::<Int32Type>().cloned();
        let (Some(follower), Some(of)) = (coded(follower), coded(of)) else {
            return;
        };
        let same = |known: &(ArrayRef, ArrayRef)| {
            is_same(&known.0, follower.values()) && is_same(&known.1, of.values())
        };
        if !self.dictionaries.as_ref().is_some_and(same) {
            self.end();
            self.dictionaries = Some((Arc::clone(follower.values()), Arc::clone(of.values())));
        }
        for (own, led) in follower.keys().iter().zip(of.keys()) {
            if let Some(led) = led {
                *self.by_code.entry((led, own)).or_default() += 1;
            }
        }
    }

    /// Texts in place of the codes of a row group.
    fn end(&mut self) {
        let Some((texts, led_texts)) = self.dictionaries.take() else {
            return;
        };
        let text = |texts: &ArrayRef, code: i32| {
            let texts = texts.as_string::<i32>();
            texts.value(usize::try_from(code).unwrap_or(0)).to_owned()
        };
        for ((led, own), count) in self.by_code.drain() {
            let pair = (text(&led_texts, led), own.map(|own| text(&texts, own)));
            *self.counts.entry(pair).or_default() += count;
        }
    }
}

/// The texts that repeat, from the most frequent.
fn dictionaries(domains: &[String], tables: &[&'static Table], seen: &[Seen]) -> Vec<Dictionary> {
    let own = |domain: &String| -> Dictionary {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        let (mut rows, mut values) = (0, 0);
        for seen in seen {
            for (column, described) in seen.columns.iter().zip(tables[seen.table].columns) {
                if registre_schemas::fiche::coding::plain_name(described.name) == *domain {
                    rows = rows.max(seen.rows);
                    values += column.values;
                    for (text, count) in &column.texts {
                        *counts.entry(text).or_default() += count;
                    }
                }
            }
        }
        let least = if rows >= MANY { SEEN } else { 1 };
        let mut texts: Vec<(&str, u64)> = counts
            .into_iter()
            .filter(|(_, count)| *count >= least)
            .collect();
        // The order of a hash map is not the same twice.
        texts.sort_unstable_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
        texts.truncate(TEXTS);
        let coded: u64 = texts.iter().map(|(_, count)| count).sum();
        if coded * WORTH < values {
            texts.clear();
        }
        let mut dictionary = Dictionary::default();
        if domain == "provenance" {
            for text in PROVENANCES {
                dictionary.push(text);
            }
            return dictionary;
        }
        for (text, _) in texts {
            dictionary.push(text);
        }
        dictionary
    };
    domains.par_iter().map(own).collect()
}

/// What is expected of the columns of a table.
fn sum_up(
    position: usize,
    table: &Table,
    domains: &[String],
    seen: &[Seen],
    codes: &Codes<'_>,
) -> Learned {
    let seen: Vec<&Seen> = seen.iter().filter(|seen| seen.table == position).collect();
    let domain = |column: usize| {
        let name = registre_schemas::fiche::coding::plain_name(table.columns[column].name);
        domains.iter().position(|domain| *domain == name)
    };
    let mut learned = Learned::default();
    for column in 0..table.columns.len() {
        let columns = || seen.iter().map(|seen| &seen.columns[column]);
        let mut counts: HashMap<Cell, u64> = HashMap::new();
        for known in columns() {
            *counts.entry(Cell::Null).or_default() += known.nulls;
            for (number, count) in &known.numbers {
                *counts.entry(Cell::Number(*number)).or_default() += count;
            }
            for (text, count) in &known.texts {
                if let Some(code) = codes.get(domain(column), text) {
                    *counts.entry(Cell::Code(code)).or_default() += count;
                }
            }
        }
        let most = counts
            .into_iter()
            .max_by_key(|(cell, count)| (*count, order(*cell)));
        learned
            .constants
            .push(most.map(|(cell, _)| cell).unwrap_or_default());
        learned
            .decimals
            .push(columns().map(|column| column.decimals).max().unwrap_or(0));
    }
    for (place, (follower, of)) in TableCoding::follows(table).into_iter().enumerate() {
        let mut targets: HashMap<u32, HashMap<u32, u64>> = HashMap::new();
        for pair in seen.iter().map(|seen| &seen.pairs[place]) {
            for ((led, own), count) in &pair.counts {
                let Some(led) = codes.get(domain(of), led) else {
                    continue;
                };
                let own = match own {
                    None => 1,
                    Some(own) => match codes.get(domain(follower), own) {
                        Some(code) => code + 2,
                        None => continue,
                    },
                };
                *targets.entry(led).or_default().entry(own).or_default() += count;
            }
        }
        let length = targets.keys().max().map_or(0, |code| *code as usize + 1);
        let mut map = vec![0; length];
        for (led, owns) in targets {
            let most = owns
                .into_iter()
                .max_by_key(|(own, count)| (*count, u32::MAX - own));
            map[led as usize] = most.map_or(0, |(own, _)| own);
        }
        learned.follows.push((follower, map));
    }
    learned
}

/// Any order, the same every time.
fn order(cell: Cell) -> (u8, i64) {
    match cell {
        Cell::Null => (3, 0),
        Cell::Code(code) => (2, -i64::from(code)),
        Cell::Number(number) => (1, number),
        Cell::Text(start, _) => (0, start.into()),
    }
}
