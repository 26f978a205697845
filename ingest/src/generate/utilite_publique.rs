//! The list of the associations reconnues d'utilité publique: a small workbook, as the ministry's.
//! Those the RNA has a number of recognition for are in it, and some older ones it knows nothing of.

use crate::error::IngestError;
use crate::generate::addresses::AddressLine;
use crate::generate::archive::Archive;
use crate::generate::buffer::{Buffer, Day, append_number, ascii, digits};
use crate::generate::model::Model;
use crate::generate::random::{Domain, Random};
use crate::generate::rna_rows::Association;
use crate::generate::{associations, names};

/// As its page words what it holds; nobody documents the exact headers.
const HEADER: [&str; 9] = [
    "Code de l'association",
    "Nom de l'association",
    "Objet",
    "Catégorie",
    "Date de reconnaissance",
    "Adresse",
    "Code postal",
    "Ville",
    "Numéro RNA",
];

const CATEGORIES: [&str; 6] = [
    "Bienfaisance",
    "Culture",
    "Environnement",
    "Jeunesse et éducation",
    "Santé",
    "Sciences et techniques",
];

/// One association in so many is on the list; more of them in a small country, where there would be
/// none.
const ONE_IN: u64 = 1200;
const AT_LEAST: u64 = 16;
/// For that many of the list that the RNA knows, one it does not.
const KNOWN_PER_UNKNOWN: u64 = 8;
/// The list says under which number the RNA knows all but one of so many.
const NUMBERED: u64 = 4;

/// The parts of a workbook but its sheet and its texts: two number formats, the second a date.
const PARTS: [(&str, &str); 5] = [
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="ARUP" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"#,
    ),
];

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// Its name, without extension: the ministry's carries its day.
#[must_use]
pub fn name(edition: Day) -> String {
    let [day, month, year] = [edition.0 % 100, edition.0 / 100 % 100, edition.year() % 100];
    format!("base-arup-{day:02}.{month:02}.{year:02}")
}

impl Model {
    /// The number of its recognition, for one association in so many.
    #[must_use]
    pub fn utilite_publique(&self, association: u64) -> Option<u32> {
        let step = ONE_IN.min(self.associations.total() / AT_LEAST).max(1);
        let mut random = Random::new(self.seed, Domain::UtilitePublique, association);
        let listed = association % step == self.seed % step;
        listed.then(|| random.between(10_000_000, 99_999_999))
    }
}

/// Writes the workbook.
pub fn write(model: &Model, archive: &mut Archive) -> Result<(), IngestError> {
    let mut buffer = Buffer::new(b';', b"\n");
    for (part, content) in PARTS {
        archive.start_entry(part, false)?;
        buffer.bytes.extend_from_slice(DECLARATION.as_bytes());
        buffer.bytes.extend_from_slice(content.as_bytes());
        archive.write(&mut buffer)?;
    }
    let mut sheet = Sheet::default();
    sheet.row(HEADER.map(Cell::Text));
    let mut known = 0;
    for rank in 0..model.associations.total() {
        if let Some(code) = model.utilite_publique(rank) {
            known += 1;
            let numbered = known % NUMBERED > 0;
            sheet.association(rank, code, numbered, model);
        }
    }
    for rank in 0..known / KNOWN_PER_UNKNOWN {
        sheet.old_association(rank, model);
    }
    for (part, content) in [
        ("xl/worksheets/sheet1.xml", sheet.content()),
        ("xl/sharedStrings.xml", sheet.texts()),
    ] {
        archive.start_entry(part, false)?;
        buffer.bytes.extend_from_slice(content.as_bytes());
        archive.write(&mut buffer)?;
    }
    // The header is none.
    buffer.rows = u64::from(sheet.rows) - 1;
    archive.write(&mut buffer)
}

/// What goes into a cell.
#[derive(Debug, Clone, Copy)]
enum Cell<'a> {
    Text(&'a str),
    /// A day, as the number a spreadsheet shows as a date.
    Day(Day),
    Empty,
}

/// A sheet, and the texts its cells point at.
#[derive(Debug, Default)]
struct Sheet {
    xml: String,
    texts: String,
    text_count: u32,
    rows: u32,
}

impl Sheet {
    /// One the RNA knows; the list does not always say under which number.
    fn association(&mut self, rank: u64, code: u32, numbered: bool, model: &Model) {
        let association = Association::draw(rank, model);
        let mut random = Random::new(model.seed, Domain::UtilitePublique, rank + (1 << 40));
        let first = association
            .creation
            .year()
            .clamp(1960, model.edition.year() - 1);
        let day = Day::in_year(random.between(first, model.edition.year() - 1), &mut random);
        let commune = association.commune;
        self.row([
            Cell::Text(ascii(&digits::<8>(code))),
            Cell::Text(&association.titre),
            Cell::Text(&association.objet),
            Cell::Text(random.choose(&CATEGORIES)),
            Cell::Day(day),
            Cell::Text(&address(&association.line)),
            Cell::Text(&commune.code_postal),
            Cell::Text(&commune.libelle),
            if numbered {
                Cell::Text(&association.id)
            } else {
                Cell::Empty
            },
        ]);
    }

    /// One of the nineteenth century: its date is a text, for no spreadsheet counts days so far back.
    fn old_association(&mut self, rank: u64, model: &Model) {
        let mut random = Random::new(model.seed, Domain::UtilitePublique, rank + (2 << 40));
        let mut titre = String::new();
        names::push_titre(&mut titre, &mut random);
        let mut objet = String::new();
        associations::push_objet(&mut objet, &mut random);
        let commune = model.communes.commune(model.communes.draw(&mut random));
        let day = Day::in_year(random.between(1850, 1899), &mut random);
        let date = format!(
            "{:02}/{:02}/{:04}",
            day.0 % 100,
            day.0 / 100 % 100,
            day.year()
        );
        self.row([
            Cell::Text(ascii(&digits::<8>(random.below(10_000_000)))),
            Cell::Text(&titre),
            Cell::Text(&objet),
            Cell::Text(random.choose(&CATEGORIES)),
            Cell::Text(&date),
            Cell::Text(&address(&AddressLine::draw(&mut random))),
            Cell::Text(&commune.code_postal),
            Cell::Text(&commune.libelle),
            Cell::Empty,
        ]);
    }

    fn row(&mut self, cells: [Cell<'_>; 9]) {
        self.rows += 1;
        self.xml.push_str("<row r=\"");
        append_number(&mut self.xml, self.rows);
        self.xml.push_str("\">");
        for (column, cell) in ('A'..).zip(cells) {
            let (style, number) = match cell {
                Cell::Empty => continue,
                Cell::Day(day) => ("\" s=\"1", days_since_1899(day)),
                Cell::Text(text) => {
                    self.texts.push_str("<si><t xml:space=\"preserve\">");
                    push_escaped(&mut self.texts, text);
                    self.texts.push_str("</t></si>");
                    self.text_count += 1;
                    ("\" t=\"s", self.text_count - 1)
                }
            };
            self.xml.push_str("<c r=\"");
            self.xml.push(column);
            append_number(&mut self.xml, self.rows);
            self.xml.push_str(style);
            self.xml.push_str("\"><v>");
            append_number(&mut self.xml, number);
            self.xml.push_str("</v></c>");
        }
        self.xml.push_str("</row>");
    }

    fn content(&self) -> String {
        format!(
            "{DECLARATION}<worksheet xmlns=\"{NAMESPACE}\"><sheetData>{}</sheetData></worksheet>",
            self.xml
        )
    }

    fn texts(&self) -> String {
        format!(
            "{DECLARATION}<sst xmlns=\"{NAMESPACE}\" count=\"{0}\" uniqueCount=\"{0}\">{1}</sst>",
            self.text_count, self.texts
        )
    }
}

/// As a person types it.
fn address(line: &AddressLine) -> String {
    let mut text = String::new();
    if line.numero > 0 {
        append_number(&mut text, line.numero);
        text.push(' ');
    }
    text.push_str(&line.type_voie.1.to_lowercase());
    text.push(' ');
    text.push_str(line.voie.1);
    text
}

/// Days since 1899-12-30, as spreadsheets count them after February 1900.
fn days_since_1899(day: Day) -> u32 {
    let (year, month, of_month) = (
        i32::try_from(day.year()).unwrap_or_default(),
        day.0 / 100 % 100,
        day.0 % 100,
    );
    let origin = chrono::NaiveDate::from_ymd_opt(1899, 12, 30);
    chrono::NaiveDate::from_ymd_opt(year, month, of_month)
        .zip(origin)
        .and_then(|(day, origin)| u32::try_from((day - origin).num_days()).ok())
        .unwrap_or_default()
}

fn push_escaped(xml: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            other => xml.push(other),
        }
    }
}
