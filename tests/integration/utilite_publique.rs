//! The list of associations reconnues d'utilité publique: a spreadsheet kept by hand, whose headers
//! nobody documents.

use duckdb::Connection;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{
    Ran, copy_folder, generate, ingest, manifest, sample, snapshot, write_file, write_zip_of,
};

const TABLE: &str = "association_utilite_publique";
const NAME: &str = "base-arup-pour-essai-21.11.24.xlsx";

/// A cell: a text, a number, or a number shown as a date.
#[derive(Clone, Copy)]
enum Cell<'a> {
    Text(&'a str),
    Number(&'a str),
    Day(&'a str),
    None,
}
use Cell::{Day, None as Empty, Number, Text};

/// The parts of a workbook of one sheet, as Excel writes them: texts apart, rows by number.
fn workbook(rows: &[(u32, &[Cell<'_>])]) -> Vec<(&'static str, String)> {
    let (mut sheet, mut texts) = (Vec::new(), Vec::new());
    for (number, cells) in rows {
        sheet.push(format!("<row r=\"{number}\" spans=\"1:9\">"));
        for (column, cell) in ('A'..).zip(*cells) {
            let place = format!("r=\"{column}{number}\"");
            sheet.push(match cell {
                Empty => format!("<c {place} s=\"0\"/>"),
                Number(value) => format!("<c {place}><v>{value}</v></c>"),
                Day(value) => format!("<c {place} s=\"1\"><v>{value}</v></c>"),
                Text(value) => {
                    texts.push(format!("<si><t xml:space=\"preserve\">{value}</t></si>"));
                    format!("<c {place} t=\"s\"><v>{}</v></c>", texts.len() - 1)
                }
            });
        }
        sheet.push("</row>".to_owned());
    }
    let (count, texts, sheet) = (texts.len(), texts.concat(), sheet.concat());
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let relation = |id: u32, kind: &str, target: &str| {
        format!("<Relationship Id=\"rId{id}\" Type=\"{office}/{kind}\" Target=\"{target}\"/>")
    };
    vec![
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\">{}</Relationships>",
                relation(1, "officeDocument", "xl/workbook.xml")
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Feuil1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\">{}{}{}</Relationships>",
                relation(1, "worksheet", "worksheets/sheet1.xml"),
                relation(2, "sharedStrings", "sharedStrings.xml"),
                relation(3, "styles", "styles.xml")
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/sharedStrings.xml",
            format!("<sst xmlns=\"{main}\" count=\"{count}\">{texts}</sst>"),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{sheet}</sheetData></worksheet>"),
        ),
    ]
}

fn write_workbook(path: &Path, parts: &[(&str, String)]) {
    let parts: Vec<(&str, &[u8])> = parts
        .iter()
        .map(|(name, content)| (*name, content.as_bytes()))
        .collect();
    write_zip_of(path, &parts);
}

/// A plain folder of official files, without the list.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    generate(2_000, 3, &made);
    let source = folder.path().join("source");
    copy_folder(&made.join("files"), &source);
    let list = fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|kind| kind == "xlsx"));
    fs::remove_file(list.unwrap()).unwrap();
    (folder, source)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a DuckDB of its own, not the server's"
)]
fn query(data: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    for table in [TABLE, "association"] {
        let path = snapshot(data).join(format!("{table}.parquet"));
        let view = format!(
            "CREATE VIEW {table} AS FROM read_parquet('{}')",
            path.display()
        );
        connection.execute_batch(&view).unwrap();
    }
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn rows(data: &Path) -> Vec<String> {
    query(
        data,
        "SELECT concat_ws('|', coalesce(code, '-'), coalesce(id, '-'), nom, coalesce(objet, '-'),
            coalesce(categorie, '-'), coalesce(date_reconnaissance::VARCHAR, '-'),
            coalesce(adresse, '-'), coalesce(code_postal, '-'), coalesce(ville, '-'))
         FROM association_utilite_publique",
    )
}

fn report(data: &Path) -> serde_json::Value {
    let manifest = manifest(data);
    let sources = manifest["sources"].as_array().unwrap();
    let source = sources.iter().find(|source| source["table"] == TABLE);
    source.unwrap()["report"].clone()
}

#[test]
fn those_the_rna_numbers_are_in_the_list_of_the_sample() {
    let count = |sql: &str| query(sample(), sql)[0].parse::<u64>().unwrap();
    let numbered = count("SELECT count(*)::VARCHAR FROM association WHERE rup_mi IS NOT NULL");
    assert!(numbered > 0);
    let listed = count(
        "SELECT count(*)::VARCHAR FROM association JOIN association_utilite_publique AS liste
         ON liste.code = rup_mi AND liste.nom = titre AND coalesce(liste.id, association.id) = association.id",
    );
    assert_eq!(listed, numbered);
    let known = count("SELECT count(id)::VARCHAR FROM association_utilite_publique");
    let total = count("SELECT count(*)::VARCHAR FROM association_utilite_publique");
    assert!(0 < known && known < total, "{known} of {total}");
    let old = "date_reconnaissance < DATE '1900-01-01'";
    let dates = count(&format!(
        "SELECT (count(date_reconnaissance) - count(*) FILTER ({old}))::VARCHAR FROM {TABLE}"
    ));
    assert_eq!(dates, numbered);
}

/// Titles above its header, gaps, dates of three kinds, a postcode without its zero.
fn write_hand_kept_workbook(path: &Path) {
    let header = [
        Text("CODE"),
        Text("Nom de l’association"),
        Text("Objet"),
        Text("CATÉGORIE "),
        Text("Date de&#10;reconnaissance"),
        Text("Adresse"),
        Text("Code_Postal"),
        Text("Ville"),
        Text("N° RNA"),
        Text("Observations"),
    ];
    let title = [Text(
        "Associations reconnues d'utilité publique au 21/11/2024",
    )];
    write_workbook(
        path,
        &workbook(&[
            (1, &title),
            (3, &header),
            (
                4,
                &[
                    Number("12"),
                    Text(" UNION EXEMPLE &amp; AMIS ; SECTION &quot;NORD&quot; "),
                    Text("ligne une&#10;ligne deux"),
                    Text("Culture"),
                    Day("45617"),
                    Text("1 rue de l&apos;Église"),
                    Number("1000"),
                    Text("Bourg-en-Bresse"),
                    Text("W011000001"),
                    Text("à vérifier"),
                ],
            ),
            (5, &[Empty, Text("   ")]),
            (
                9,
                &[
                    Text("A-7"),
                    Text("AMICALE SPECIMEN"),
                    Empty,
                    Empty,
                    Text("15/03/1898"),
                ],
            ),
            (
                10,
                &[
                    Text("8"),
                    Text("CLUB FICTIF"),
                    Empty,
                    Empty,
                    Text("1923-05-01"),
                ],
            ),
            (
                11,
                &[
                    Text("9"),
                    Text("COMITE FICTIF"),
                    Empty,
                    Empty,
                    Text("vers 1920"),
                ],
            ),
            (
                12,
                &[
                    Text("10"),
                    Text("SOCIETE FICTIVE"),
                    Empty,
                    Empty,
                    Number("36526"),
                ],
            ),
            (14, &[Text("11"), Empty, Text("sans nom")]),
        ]),
    );
}

#[test]
fn a_workbook_as_a_hand_keeps_it() {
    let (folder, source) = folder();
    write_hand_kept_workbook(&source.join(NAME));
    let data = folder.path().join("data");
    let ran = ingest(&source, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        rows(&data),
        [
            "A-7|-|AMICALE SPECIMEN|-|-|1898-03-15|-|-|-",
            "8|-|CLUB FICTIF|-|-|1923-05-01|-|-|-",
            "9|-|COMITE FICTIF|-|-|-|-|-|-",
            "10|-|SOCIETE FICTIVE|-|-|2000-01-01|-|-|-",
            "12|W011000001|UNION EXEMPLE & AMIS ; SECTION \"NORD\"|ligne une\nligne deux|Culture|2024-11-21|1 rue de l'Église|01000|Bourg-en-Bresse",
        ]
    );
    let report = report(&data);
    assert_eq!(report["rows_read"], 6, "{report}");
    assert_eq!(report["rows_kept"], 5, "{report}");
    assert_eq!(
        report["unknown_columns"],
        serde_json::json!(["Observations"])
    );
    let samples = report["samples"].as_array().unwrap();
    let lines: Vec<_> = samples
        .iter()
        .map(|sample| {
            (
                sample["line"].as_u64().unwrap(),
                sample["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [(11, "date_reconnaissance"), (14, "nom")],
        "{report}"
    );
    assert!(samples[0]["file"].as_str().unwrap().contains("Feuil1"));
    let kept = query(
        &data,
        "SELECT \"Observations\" FROM association_utilite_publique WHERE code = '12'",
    );
    assert_eq!(kept, ["à vérifier"]);
}

#[test]
fn a_csv_of_the_older_editions() {
    let (folder, source) = folder();
    let csv = "Code association;Nom;Objet;Cat\u{e9}gorie;Date_reconnaissance;Adresse;CP;Commune;;\r\n\
        75-1;ASSOCIATION FICTIVE DES \u{c9}COLES;\"aider ; soutenir\";\u{c9}ducation;02/01/1912;1 place Exemple;01000;Bourg;;\r\n";
    let latin1: Vec<u8> = csv.chars().map(|c| u8::try_from(c).unwrap()).collect();
    write_file(&source.join("base-arup-2021.csv"), &latin1);
    let data = folder.path().join("data");
    let ran = ingest(&source, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        rows(&data),
        [
            "75-1|-|ASSOCIATION FICTIVE DES ÉCOLES|aider ; soutenir|Éducation|1912-01-02|1 place Exemple|01000|Bourg"
        ]
    );
    assert_eq!(report(&data)["missing_columns"], serde_json::json!(["id"]));
}

#[test]
fn without_the_list_its_table_is_empty_and_the_rest_is_published() {
    let (folder, source) = folder();
    let data = folder.path().join("data");
    let ran = ingest(&source, &data);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("AssociationsUtilitePublique"),
        "{}",
        ran.stderr
    );
    assert!(rows(&data).is_empty());
}

#[test]
fn a_broken_workbook_is_refused_and_says_why() {
    let (folder, source) = folder();
    let data = folder.path().join("data");
    let path = source.join(NAME);
    let good = workbook(&[
        (1, &[Text("Code"), Text("Nom")]),
        (2, &[Text("1"), Text("UNION EXEMPLE")]),
    ]);
    let without = |part: &str| -> Vec<(&str, String)> {
        good.iter()
            .filter(|(name, _)| *name != part)
            .cloned()
            .collect()
    };
    let edited = |part: &str, edit: &dyn Fn(&str) -> String| -> Vec<(&str, String)> {
        let parts = good.iter();
        parts
            .map(|(name, content)| {
                (
                    *name,
                    if *name == part {
                        edit(content)
                    } else {
                        content.clone()
                    },
                )
            })
            .collect()
    };
    let sheet = "xl/worksheets/sheet1.xml";
    let titles: Vec<(u32, &[Cell<'_>])> =
        (1..40).map(|row| (row, &[Text("remarque")][..])).collect();
    let cases: Vec<(Vec<(&str, String)>, &str)> = vec![
        (without("xl/workbook.xml"), "no CSV file in this archive"),
        (without(sheet), "unreadable spreadsheet"),
        (
            edited(sheet, &|content| content[..content.len() / 2].to_owned()),
            "unreadable spreadsheet",
        ),
        (
            edited(sheet, &|_| "<worksheet><sheetData/></worksheet>".to_owned()),
            "no header",
        ),
        (workbook(&titles), "no header"),
        (
            workbook(&[(1, &[Text("Code"), Text("Ville")])]),
            "required column missing: nom",
        ),
        (
            edited(sheet, &|content| content.replace("r=\"B2\"", "r=\"XFD2\"")),
            "more than 200 columns",
        ),
        (
            edited("xl/styles.xml", &|content| {
                format!("{content}<!--{}-->", " ".repeat(65 << 20))
            }),
            "more than 64 MB",
        ),
    ];
    for (parts, words) in cases {
        write_workbook(&path, &parts);
        assert_refused(&ingest(&source, &data), words);
    }
    write_workbook(&path, &good);
    let bytes = fs::read(&path).unwrap();
    write_file(&path, &bytes[..bytes.len() - 40]);
    assert_refused(&ingest(&source, &data), "not a whole zip archive");
    let mut damaged = bytes.clone();
    let place = bytes.len() / 3;
    damaged[place] ^= 0x55;
    write_file(&path, &damaged);
    assert_eq!(
        ingest(&source, &data).code,
        Some(4),
        "a byte of it is another"
    );
    write_file(&path, &bytes);
    assert_eq!(ingest(&source, &data).code, Some(0));
    assert_eq!(rows(&data), ["1|-|UNION EXEMPLE|-|-|-|-|-|-"]);
}

fn assert_refused(ran: &Ran, words: &str) {
    assert_eq!(ran.code, Some(4), "{words}: {}", ran.stderr);
    let error = ran.stderr.lines().find(|line| line.contains("ERROR"));
    assert!(
        error.is_some_and(|line| line.contains(words)),
        "{words}: {}",
        ran.stderr
    );
}
