//! What was learned of the tables before their rows were written: the texts that repeat, and what to
//! expect of a column. It travels in the file, beside the rows.

use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::column::{Column, Kind, Table};

use super::cell::Cell;
use super::row::NONE;
use super::varint::{Cursor, put, unzigzag, zigzag};

/// Texts that repeat, from the most frequent; a row holds their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary {
    text: String,
    ends: Vec<u32>,
}

impl Dictionary {
    /// Adds a text, and gives its code.
    pub fn push(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// The text of a code.
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&str> {
        let code = code as usize;
        let end = *self.ends.get(code)? as usize;
        let start = code
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    /// How many texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.ends.len() as u64);
        for code in 0..self.ends.len() {
            let text = self
                .get(u32::try_from(code).unwrap_or(u32::MAX))
                .unwrap_or_default();
            put(out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut dictionary = Self::default();
        for _ in 0..cursor.length()? {
            let length = cursor.length()?;
            dictionary.push(std::str::from_utf8(cursor.take(length)?).ok()?);
        }
        Some(dictionary)
    }
}

/// The name of a column without what tells its table or its rank: columns that have the same share a
/// dictionary, and one row tells another what to expect of them.
#[must_use]
pub fn plain_name(column: &str) -> String {
    match column {
        "plg_code_commune" => "codeCommune".to_owned(),
        "prenomUsuelUniteLegale" => "prenom".to_owned(),
        "nomUsageUniteLegale" => "nom".to_owned(),
        _ => column
            .replace("UniteLegale", "")
            .replace("Etablissement", "")
            .trim_end_matches(|last: char| last.is_ascii_digit())
            .to_owned(),
    }
}

/// Columns whose value mostly follows from that of another: the name of a commune from its code.
const FOLLOWS: &[(&str, &str)] = &[
    ("libelleCommuneEtablissement", "codeCommuneEtablissement"),
    ("codePostalEtablissement", "codeCommuneEtablissement"),
    ("libelleCedexEtablissement", "codeCedexEtablissement"),
    (
        "libellePaysEtrangerEtablissement",
        "codePaysEtrangerEtablissement",
    ),
    ("libelleCommune2Etablissement", "codeCommune2Etablissement"),
    ("codePostal2Etablissement", "codeCommune2Etablissement"),
    ("libelleCedex2Etablissement", "codeCedex2Etablissement"),
    (
        "libellePaysEtranger2Etablissement",
        "codePaysEtranger2Etablissement",
    ),
    (
        "nomenclatureActivitePrincipaleEtablissement",
        "activitePrincipaleEtablissement",
    ),
    (
        "activitePrincipaleNAF25Etablissement",
        "activitePrincipaleEtablissement",
    ),
    (
        "nomenclatureActivitePrincipaleUniteLegale",
        "activitePrincipaleUniteLegale",
    ),
    (
        "activitePrincipaleNAF25UniteLegale",
        "activitePrincipaleUniteLegale",
    ),
    ("prenomUsuelUniteLegale", "prenom1UniteLegale"),
    ("plg_code_commune", "codeCommuneEtablissement"),
    ("epsg", "codeCommuneEtablissement"),
    ("plg_iris", "plg_code_commune"),
    ("plg_qp24", "plg_code_commune"),
    ("plg_zus", "plg_code_commune"),
    ("plg_qp15", "plg_code_commune"),
    ("plg_qva", "plg_code_commune"),
    ("qualite_iris", "qualite_xy"),
    ("qualite_qp24", "qualite_xy"),
    ("qualite_zus", "qualite_xy"),
    ("qualite_qp15", "qualite_xy"),
    ("qualite_qva", "qualite_xy"),
    ("adrs_libcommune", "adrs_codeinsee"),
    ("adrs_codepostal", "adrs_codeinsee"),
    ("adrg_achemine", "adrg_codepostal"),
    ("groupement", "position"),
];

/// Shapes known, at most: their places take two bytes.
const SHAPES: usize = 16_000;

/// Texts of metres, and the numbers they tell.
const METRES: &[(&str, &str)] = &[
    ("coordonneeLambertAbscisseEtablissement", "x"),
    ("coordonneeLambertOrdonneeEtablissement", "y"),
];

/// Degrees, which metres tell.
const DEGREES: &[&str] = &["x_longitude", "y_latitude"];

/// How a value is written when it is not the one expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A code of that dictionary, or the text itself.
    Text(usize),
    /// An identifier of digits alone, as a number: never absent.
    Digits(usize),
    /// Days.
    Days,
    /// Microseconds.
    Moment,
    /// A whole number or a boolean.
    Whole,
    /// A real number of at most that many decimals.
    Decimal(u8),
    /// The same, by how far it is from the one expected.
    Near(u8),
    /// The same as a text, mostly of a number of metres.
    Metres(usize),
}

impl Form {
    /// Of a column, with the place of its dictionary and its decimals if it has any.
    fn of(column: &Column, domain: Option<usize>, decimals: u8) -> Self {
        let domain = domain.unwrap_or(usize::MAX);
        match column.kind {
            Kind::Text if METRES.iter().any(|(text, _)| *text == column.name) => {
                Self::Metres(domain)
            }
            Kind::Text => digits(column).map_or(Self::Text(domain), Self::Digits),
            Kind::Date => Self::Days,
            Kind::Timestamp => Self::Moment,
            Kind::Integer | Kind::Boolean => Self::Whole,
            Kind::Real if DEGREES.contains(&column.name) => Self::Near(decimals),
            Kind::Real => Self::Decimal(decimals),
        }
    }
}

/// What is expected of a column before its value is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guess {
    /// Always the same value.
    Constant,
    /// The value of the row that this one is written after, else the constant.
    Base,
    /// The day before that column of the row it is written after: periods touch.
    DayBefore(usize),
    /// The number that a text gives, to the centimetre.
    Metres(usize),
    /// The longitude, or else the latitude, of a point given in metres by two other columns.
    Degrees {
        /// Metres to the east.
        x: usize,
        /// Metres to the north.
        y: usize,
        /// Which of the two it is.
        longitude: bool,
    },
    /// What mostly goes with the value of another column, already read: by its code, 0 for nothing
    /// known, 1 for absent, `n + 2` for code `n`.
    Follows(usize, Vec<u32>),
}

/// What a table's rows were found to be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// The value expected of each column when nothing better is known.
    pub constants: Vec<Cell>,
    /// How many decimals each real column has; ignored for others.
    pub decimals: Vec<u8>,
    /// Of each column that follows another ([`TableCoding::follows`]), what goes with each code.
    pub follows: Vec<(usize, Vec<u32>)>,
    /// Which columns have a value that is not as expected, by the frequency of finding just those: a
    /// bit for each, in the order they are written.
    pub shapes: Vec<u128>,
}

/// How the rows of a table are written.
#[derive(Debug, Clone)]
pub struct TableCoding {
    table: &'static Table,
    /// Columns that are written, in the order they are.
    pub(super) stored: Vec<usize>,
    pub(super) forms: Vec<Form>,
    pub(super) guesses: Vec<Guess>,
    pub(super) constants: Vec<Cell>,
    /// The columns written of which the value of the base is expected, or else a constant.
    pub(super) simple: Vec<usize>,
    /// A row of which nothing was read: the constant of each column that is written.
    pub(super) unread: Vec<Cell>,
    /// A bit for each column written, in the order they are.
    pub(super) written: u128,
    /// The bits of those that others tell.
    pub(super) told: u128,
    /// The place of each known shape.
    pub(super) shapes: HashMap<u128, u64, FixedState>,
    /// Shapes met, while they are being learned.
    pub(super) met: Option<Arc<Mutex<HashMap<u128, u64>>>>,
    numbers: Vec<(usize, Option<usize>)>,
    /// Of each column, its dictionary, when it has one.
    domains: Vec<Option<usize>>,
    learned: Learned,
}

impl TableCoding {
    /// A table whose columns `implied` are not written: whoever reads a row knows them.
    #[must_use]
    pub fn new(
        table: &'static Table,
        implied: &[&str],
        domains: &[String],
        learned: Learned,
    ) -> Self {
        let position = |name: &str| table.index_of(name);
        let follows = Self::follows(table);
        let mut stored: Vec<usize> = (0..table.columns.len())
            .filter(|column| !implied.contains(&table.columns[*column].name))
            .filter(|column| !follows.iter().any(|(follower, _)| follower == column))
            .collect();
        stored.extend(follows.iter().map(|(follower, _)| *follower));
        // Last, those that are told by others.
        let degrees = |column: &usize| DEGREES.contains(&table.columns[*column].name);
        stored.sort_by_key(degrees);
        let domain = |column: &Column| {
            let name = plain_name(column.name);
            let text = column.kind == Kind::Text && digits(column).is_none();
            text.then(|| domains.iter().position(|domain| *domain == name))
                .flatten()
        };
        let domain_of: Vec<Option<usize>> = table.columns.iter().map(domain).collect();
        let decimals = |index: usize| learned.decimals.get(index).copied().unwrap_or(0);
        let forms = table.columns.iter().enumerate();
        let forms: Vec<Form> = forms
            .map(|(index, column)| Form::of(column, domain_of[index], decimals(index)))
            .collect();
        let numbers = forms
            .iter()
            .enumerate()
            .filter_map(|(column, form)| match form {
                Form::Digits(_) => Some((column, digits(&table.columns[column]))),
                Form::Metres(_) => Some((column, None)),
                _ => None,
            });
        let guesses = table.columns.iter().enumerate().map(|(index, column)| {
            if let Some((_, of)) = follows.iter().find(|(follower, _)| *follower == index) {
                let map = learned
                    .follows
                    .iter()
                    .find(|(follower, _)| *follower == index);
                return Guess::Follows(*of, map.map(|(_, map)| map.clone()).unwrap_or_default());
            }
            if let Some((text, _)) = METRES.iter().find(|(_, metres)| *metres == column.name)
                && let Some(text) = position(text)
            {
                return Guess::Metres(text);
            }
            if DEGREES.contains(&column.name)
                && let (Some(x), Some(y)) = (position("x"), position("y"))
            {
                return Guess::Degrees {
                    x,
                    y,
                    longitude: column.name == DEGREES[0],
                };
            }
            match (column.name, position("dateDebut")) {
                ("dateFin", Some(start)) => Guess::DayBefore(start),
                // What changed at a period says nothing of the one before.
                (name, _) if name.starts_with("changement") => Guess::Constant,
                _ => Guess::Base,
            }
        });
        let guesses: Vec<Guess> = guesses.collect();
        let constant = |index: usize| learned.constants.get(index).copied().unwrap_or_default();
        let mut unread = vec![Cell::Null; table.columns.len()];
        let (mut written, mut told) = (0, 0);
        for (bit, &column) in stored.iter().enumerate() {
            unread[column] = constant(column);
            written |= 1 << bit;
            let is_told = !matches!(guesses[column], Guess::Base | Guess::Constant);
            told |= u128::from(is_told) << bit;
        }
        let is_simple = |column: &usize| guesses[*column] == Guess::Base;
        Self {
            table,
            simple: stored.iter().copied().filter(is_simple).collect(),
            unread,
            written,
            told,
            stored,
            numbers: numbers.collect(),
            forms,
            guesses,
            constants: (0..table.columns.len()).map(constant).collect(),
            domains: domain_of,
            shapes: places(&learned.shapes),
            met: None,
            learned,
        }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// The columns of text that are written as numbers: those that are part of a key, with how many
    /// digits they have, and those of metres.
    #[must_use]
    pub fn numbers(&self) -> &[(usize, Option<usize>)] {
        &self.numbers
    }

    /// Of each column, the place of its dictionary, when it has one.
    #[must_use]
    pub fn domains(&self) -> &[Option<usize>] {
        &self.domains
    }

    /// The shape of that place, from 1.
    pub(super) fn shape(&self, place: u64) -> Option<u128> {
        let place = usize::try_from(place.checked_sub(1)?).ok()?;
        self.learned.shapes.get(place).copied()
    }

    fn begin_learning_shapes(&mut self) {
        self.met = Some(Arc::default());
    }

    /// Knows the shapes that were met twice, from the most frequent.
    fn learn_shapes(&mut self) {
        let Some(met) = self.met.take() else { return };
        let met = met.lock().unwrap_or_else(PoisonError::into_inner);
        let often = met.iter().filter(|(_, count)| **count > 1);
        let mut shapes: Vec<(u128, u64)> = often.map(|(shape, count)| (*shape, *count)).collect();
        shapes.sort_unstable_by_key(|(shape, count)| (Reverse(*count), *shape));
        shapes.truncate(SHAPES);
        self.learned.shapes = shapes.into_iter().map(|(shape, _)| shape).collect();
        self.shapes = places(&self.learned.shapes);
    }

    /// The columns that follow another, and which.
    #[must_use]
    pub fn follows(table: &Table) -> Vec<(usize, usize)> {
        let pairs = FOLLOWS.iter();
        pairs
            .filter_map(|(follower, of)| Some((table.index_of(follower)?, table.index_of(of)?)))
            .collect()
    }

    /// Which column of a row of `other` says what to expect of each column of ours, or [`NONE`].
    #[must_use]
    pub fn after(&self, other: &Table) -> Vec<u8> {
        let same_name = |column: &Column| {
            let by_name = |name: &str| other.columns.iter().position(|base| base.name == name);
            let plain = |base: &Column| without_table(base.name) == without_table(column.name);
            let found = by_name(column.name).or_else(|| other.columns.iter().position(plain))?;
            (other.columns[found].kind == column.kind).then_some(found)
        };
        let places = self.table.columns.iter().map(same_name);
        places
            .map(|place| {
                place
                    .and_then(|place| u8::try_from(place).ok())
                    .unwrap_or(NONE)
            })
            .collect()
    }

    /// Names and kinds of the columns: a file made with others is not read with these.
    fn fingerprint(&self) -> String {
        let columns = self.table.columns.iter();
        let columns: Vec<String> = columns
            .map(|column| format!("{}:{}", column.name, column.kind.as_str()))
            .collect();
        format!("{}({})", self.table.name, columns.join(","))
    }
}

fn places(shapes: &[u128]) -> HashMap<u128, u64, FixedState> {
    (1..)
        .zip(shapes)
        .map(|(place, shape)| (*shape, place))
        .collect()
}

fn without_table(name: &str) -> String {
    name.replace("UniteLegale", "").replace("Etablissement", "")
}

/// How many digits the key has that this column is a part of.
fn digits(column: &Column) -> Option<usize> {
    match column.presence {
        crate::column::Presence::Key(digits) if digits > 0 => Some(digits),
        _ => None,
    }
}

/// What was learned of all the tables of a file.
#[derive(Debug, Clone, Default)]
pub struct Coding {
    /// Names of the dictionaries, by [`plain_name`].
    pub domains: Vec<String>,
    /// The dictionaries.
    pub dictionaries: Vec<Dictionary>,
    /// The tables.
    pub tables: Vec<TableCoding>,
}

impl Coding {
    /// The names of the dictionaries that those tables have.
    #[must_use]
    pub fn domains_of(tables: &[&'static Table]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for column in tables.iter().flat_map(|table| table.columns) {
            let name = plain_name(column.name);
            if column.kind == Kind::Text && digits(column).is_none() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Remembers which columns are not as expected, in the rows written from now on.
    pub fn begin_learning_shapes(&mut self) {
        self.tables
            .iter_mut()
            .for_each(TableCoding::begin_learning_shapes);
    }

    /// The same, knowing what was remembered.
    #[must_use]
    pub fn with_shapes(&self) -> Self {
        let mut coding = self.clone();
        coding.tables.iter_mut().for_each(TableCoding::learn_shapes);
        coding
    }

    /// The text of a code of a column.
    #[must_use]
    pub fn text(&self, table: &TableCoding, column: usize, code: u32) -> Option<&str> {
        let domain = (*table.domains.get(column)?)?;
        self.dictionaries.get(domain)?.get(code)
    }

    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.dictionaries.len() as u64);
        for (name, dictionary) in self.domains.iter().zip(&self.dictionaries) {
            put_text(&mut out, name);
            dictionary.write(&mut out);
        }
        put(&mut out, self.tables.len() as u64);
        for table in &self.tables {
            put_text(&mut out, &table.fingerprint());
            let Learned {
                constants,
                decimals,
                follows,
                shapes,
            } = &table.learned;
            put(&mut out, constants.len() as u64);
            for cell in constants {
                match *cell {
                    Cell::Code(code) => {
                        out.push(CODE);
                        put(&mut out, code.into());
                    }
                    Cell::Number(number) => {
                        out.push(NUMBER);
                        put(&mut out, zigzag(number));
                    }
                    Cell::Null | Cell::Text(..) => out.push(0),
                }
            }
            put(&mut out, decimals.len() as u64);
            out.extend_from_slice(decimals);
            put(&mut out, follows.len() as u64);
            for (column, map) in follows {
                put(&mut out, *column as u64);
                put(&mut out, map.len() as u64);
                for target in map {
                    put(&mut out, u64::from(*target));
                }
            }
            put(&mut out, shapes.len() as u64);
            for shape in shapes {
                out.extend_from_slice(&shape.to_le_bytes());
            }
        }
        out
    }

    /// From bytes; `tables` are the tables the file is expected to hold, each with the columns it
    /// does not write. An error says in words what is not as expected.
    pub fn from_bytes(
        bytes: &[u8],
        tables: &[(&'static Table, &[&str])],
    ) -> Result<Self, &'static str> {
        const DAMAGED: &str = "what was learned of its columns cannot be read";
        let mut cursor = Cursor::new(bytes);
        let mut coding = Self::read_dictionaries(&mut cursor).ok_or(DAMAGED)?;
        if cursor.length().ok_or(DAMAGED)? != tables.len() {
            return Err("it holds other tables than this program reads");
        }
        for (table, implied) in tables {
            let fingerprint = text(&mut cursor).ok_or(DAMAGED)?.to_owned();
            let learned = read_learned(&mut cursor).ok_or(DAMAGED)?;
            let table = TableCoding::new(table, implied, &coding.domains, learned);
            if table.fingerprint() != fingerprint {
                return Err(
                    "its columns are not those of this program: it was made by another version",
                );
            }
            coding.tables.push(table);
        }
        Ok(coding)
    }

    fn read_dictionaries(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut coding = Self::default();
        for _ in 0..cursor.length()? {
            coding.domains.push(text(cursor)?.to_owned());
            coding.dictionaries.push(Dictionary::read(cursor)?);
        }
        Some(coding)
    }
}

/// What a constant is, when it is not absent.
const CODE: u8 = 1;
const NUMBER: u8 = 2;

fn read_learned(cursor: &mut Cursor<'_>) -> Option<Learned> {
    let mut learned = Learned::default();
    for _ in 0..cursor.length()? {
        learned.constants.push(match cursor.byte()? {
            CODE => Cell::Code(u32::try_from(cursor.number()?).ok()?),
            NUMBER => Cell::Number(unzigzag(cursor.number()?)),
            _ => Cell::Null,
        });
    }
    let decimals = cursor.length()?;
    learned.decimals = cursor.take(decimals)?.to_vec();
    for _ in 0..cursor.length()? {
        let column = cursor.length()?;
        let length = cursor.length()?;
        let targets = (0..length).map(|_| u32::try_from(cursor.number()?).ok());
        learned
            .follows
            .push((column, targets.collect::<Option<_>>()?));
    }
    for _ in 0..cursor.length()? {
        let shape = cursor.take(16)?.try_into().ok()?;
        learned.shapes.push(u128::from_le_bytes(shape));
    }
    Some(learned)
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let length = cursor.length()?;
    std::str::from_utf8(cursor.take(length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unite_legale::UNITE_LEGALE;

    #[test]
    fn what_was_learned_comes_back_whole_or_not_at_all() {
        let domains = Coding::domains_of(&[&UNITE_LEGALE]);
        let mut dictionaries = vec![Dictionary::default(); domains.len()];
        for text in ["", "É", "a longer text"] {
            dictionaries[0].push(text);
        }
        let width = UNITE_LEGALE.columns.len();
        let mut learned = Learned {
            constants: vec![Cell::Null; width],
            decimals: vec![7; width],
            follows: vec![(3, vec![0, 1, 2, u32::MAX])],
            shapes: vec![1, u128::MAX, 0],
        };
        let constants = [
            Cell::Code(u32::MAX),
            Cell::Number(i64::MIN),
            Cell::Number(0),
        ];
        learned.constants[..3].copy_from_slice(&constants);
        let tables = vec![TableCoding::new(
            &UNITE_LEGALE,
            &["siren"],
            &domains,
            learned,
        )];
        let coding = Coding {
            domains,
            dictionaries,
            tables,
        };
        let bytes = coding.to_bytes();
        let implied: &[&str] = &["siren"];
        let read = Coding::from_bytes(&bytes, &[(&UNITE_LEGALE, implied)]).unwrap();
        assert!(read.to_bytes() == bytes);
        assert_eq!(read.dictionaries, coding.dictionaries);
        assert_eq!(read.tables[0].shapes, coding.tables[0].shapes);
        for end in 0..bytes.len() {
            assert!(Coding::from_bytes(&bytes[..end], &[(&UNITE_LEGALE, implied)]).is_err());
        }
        let other = Coding::from_bytes(&bytes, &[(&crate::unite_legale::DOUBLON, implied)]);
        assert!(other.unwrap_err().contains("another version"));
    }
}
