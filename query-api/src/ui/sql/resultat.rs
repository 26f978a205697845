//! The first rows of an answer, as the page has them without JavaScript.

use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

use crate::catalog::Snapshot;
use crate::error::ApiError;
use crate::sql::{Asked, Format, Said, SqlError, Workers};
use crate::text::thousands;
use crate::ui::template::escape;

/// Rows that the page shows.
const ROWS: usize = 100;

/// Bytes read of an answer to show them.
const BYTES: usize = 1 << 20;

/// Characters of a value that are shown.
const LONG: usize = 300;

#[derive(Deserialize)]
struct Column {
    nom: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Head {
    colonnes: Vec<Column>,
}

/// Rows, and how many the query has when they were counted.
pub(super) struct Found {
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
    total: Option<u64>,
    snapshot: String,
}

/// Asks the query and reads no more than is shown: what is left is never computed.
pub(super) async fn first_rows(
    workers: &Workers,
    snapshot: &Snapshot,
    q: &str,
) -> Result<Found, ApiError> {
    let settings = workers.settings();
    let asked = Asked {
        q: q.to_owned(),
        parametres: Value::Null,
        format: Format::Json,
        lignes: settings.rows,
        secondes: settings.timeout.as_secs().max(1),
        donnees: Value::Null,
    };
    let mut said = workers.ask(&snapshot.folder, asked).await?;
    let mut text = Vec::new();
    let mut total = None;
    // The head is a line, and so is each row.
    while text.len() < BYTES && text.iter().filter(|byte| **byte == b'\n').count() <= ROWS {
        match said.recv().await {
            Some(Said::Piece(bytes)) => text.extend_from_slice(&bytes),
            Some(Said::End(end)) => {
                total = Some(end.rows);
                break;
            }
            Some(Said::Fault(error)) => return Err(error.into()),
            Some(Said::Start | Said::Open) => {}
            None => {
                return Err(SqlError::Panne("SQL page: the answer has no end".to_owned()).into());
            }
        }
    }
    let (columns, rows) = read(&text);
    Ok(Found {
        columns,
        rows,
        total,
        snapshot: snapshot.manifest.id.clone(),
    })
}

/// The whole lines of an answer in JSON: its head, then rows.
fn read(text: &[u8]) -> (Vec<Column>, Vec<Vec<Value>>) {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split('\n');
    let head = lines.next().unwrap_or_default();
    let head = serde_json::from_str::<Head>(&format!("{head}]}}"));
    let rows = lines.map_while(|line| serde_json::from_str(line.trim_end_matches(',')).ok());
    (
        head.map(|head| head.colonnes).unwrap_or_default(),
        rows.take(ROWS).collect(),
    )
}

impl Found {
    /// As a table. `download`, escaped already, says where the whole is.
    pub(super) fn html(&self, download: &str) -> String {
        let shown = self.rows.len();
        let caption = match self.total {
            Some(total) if usize::try_from(total) == Ok(shown) => counted(shown),
            Some(total) => format!(
                "{} sur {}",
                counted(shown),
                thousands(i64::try_from(total).unwrap_or(i64::MAX))
            ),
            None => format!("Les premières : {}", counted(shown)),
        };
        let mut html = format!(
            "<section><h2>Résultat</h2><p class=\"mesures\">Instantané {}. Télécharger tout :{download}</p>\
             <div class=\"defile\" role=\"region\" aria-label=\"Résultat, qui défile\" tabindex=\"0\">\
             <table><caption>{caption}</caption><thead><tr>",
            escape(&self.snapshot),
        );
        for column in &self.columns {
            let _ = write!(
                html,
                "<th scope=\"col\"{}>{}<span class=\"type\">{}</span></th>",
                class(&column.kind),
                escape(&column.nom),
                escape(&column.kind.to_lowercase()),
            );
        }
        html.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            html.push_str("<tr>");
            for (column, value) in self.columns.iter().zip(row) {
                let _ = write!(
                    html,
                    "<td{}>{}</td>",
                    class(&column.kind),
                    cell(&column.nom, value)
                );
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div></section>");
        html
    }
}

fn counted(rows: usize) -> String {
    let number = thousands(i64::try_from(rows).unwrap_or(i64::MAX));
    format!("{number} ligne{}", if rows > 1 { "s" } else { "" })
}

/// Numbers are aligned.
fn class(kind: &str) -> &'static str {
    const WHOLE: [&str; 5] = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"];
    let name = kind.trim_start_matches('U');
    let number = WHOLE.contains(&name)
        || ["FLOAT", "DOUBLE"].contains(&kind)
        || (kind.starts_with("DECIMAL(") && kind.ends_with(')'));
    if number { " class=\"nombre\"" } else { "" }
}

fn cell(name: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => return "<span class=\"nul\">null</span>".to_owned(),
        Value::String(text) if text.is_empty() => {
            return "<span class=\"nul\">(texte vide)</span>".to_owned();
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let shown = match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", escape(&text[..end])),
        None => escape(&text),
    };
    if leads(name, &text) {
        return format!("<a href=\"/?id={0}\">{shown}</a>", escape(&text));
    }
    shown
}

/// Whether it is the number of someone who has a page.
fn leads(name: &str, text: &str) -> bool {
    let name = name.to_lowercase();
    let digits =
        |count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let rna = text.len() == 10
        && text.starts_with('W')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (name.contains("siret") && digits(14))
        || (name.contains("siren") && digits(9))
        || ((name == "id" || name.contains("rna")) && rna)
}

/// What is said where the service has no SQL.
pub(super) fn none_here() -> String {
    "<p class=\"avis\">Ce serveur n'ouvre pas ses tables au SQL.</p>".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_answer_are_rows_and_the_last_that_is_cut_is_none() {
        let (columns, rows) = read(
            b"{\"colonnes\":[{\"nom\":\"siret\",\"type\":\"VARCHAR\"},{\"nom\":\"n\",\"type\":\"BIGINT\"}],\"lignes\":[\n[\"13002526500013\",1],\n[null,2],\n[\"a",
        );
        assert_eq!((columns.len(), rows.len()), (2, 2));
        let found = Found {
            columns,
            rows,
            total: None,
            snapshot: "s".to_owned(),
        };
        let html = found.html("");
        assert!(
            html.contains("<a href=\"/?id=13002526500013\">13002526500013</a>"),
            "{html}"
        );
        assert!(html.contains("<td class=\"nombre\">2</td>"), "{html}");
        assert!(html.contains("Les premières : 2 lignes"), "{html}");
    }

    #[test]
    fn nothing_a_query_gives_is_markup() {
        let shown = cell("<b>", &Value::from("<script>\"</script>"));
        assert_eq!(shown, "&lt;script&gt;&quot;&lt;/script&gt;");
        assert!(cell("x", &Value::from("")).contains("texte vide"));
        assert!(!leads("siren", "1300252650001") && !leads("titre", "130025265"));
        for (kind, number) in [
            ("BIGINT", true),
            ("DECIMAL(18,2)", true),
            ("INTERVAL", false),
            ("INTEGER[]", false),
            ("VARCHAR", false),
            ("POINT", false),
        ] {
            assert_eq!(!class(kind).is_empty(), number, "{kind}");
        }
    }
}
