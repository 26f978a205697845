//! The columns of each table, as the profile found them.

use registre_schemas::manifest::Manifest;
use registre_schemas::profile::{ColumnProfile, TableProfile};
use registre_schemas::{Column, Table};
use std::fmt::Write as _;

use super::{CLOSE_TABLE, cell, number, open_table};
use crate::text::{megabytes, percent};
use crate::ui::template::escape;

pub(super) fn table(html: &mut String, profile: &TableProfile, manifest: &Manifest) {
    let known = registre_schemas::table(&profile.table);
    let description = known.map_or("", |table| table.description);
    let _ = write!(
        html,
        "<section aria-labelledby=\"table-{0}\"><h3 id=\"table-{0}\"><code>{0}</code></h3><p>{1}.</p><p>{2} lignes",
        escape(&profile.table),
        escape(description),
        number(profile.rows),
    );
    if let Some(file) = manifest.table(&profile.table) {
        let _ = write!(html, ", {}", escape(&megabytes(file.bytes)));
    }
    let count = profile.columns.len();
    let _ = write!(
        html,
        ", sha256 <code>{}</code>.</p><details><summary>{count} colonnes</summary>",
        escape(&profile.sha256)
    );
    let headers = [
        ("Colonne", false),
        ("Vides", true),
        ("Masquées", true),
        ("Distinctes", true),
        ("De, à", false),
        ("Valeurs fréquentes", false),
    ];
    open_table(html, &format!("Colonnes de {}", profile.table), &headers);
    for found in &profile.columns {
        column(html, found, profile.rows, known);
    }
    html.push_str(CLOSE_TABLE);
    html.push_str("</details></section>");
}

fn column(html: &mut String, found: &ColumnProfile, rows: u64, table: Option<&'static Table>) {
    let known = table.and_then(|table| table.column(&found.name));
    let description = known.map_or("Colonne que ce programme ne connaît pas", |column| {
        column.description
    });
    let _ = write!(
        html,
        "<tr><th scope=\"row\"><code>{}</code> <span class=\"code\">{}</span><br>{}</th>",
        escape(&found.name),
        escape(&found.kind),
        escape(description)
    );
    cell(html, &percent(found.nulls, rows));
    cell(html, &percent(found.masked, rows));
    let about = if found.estimated { "≈\u{a0}" } else { "" };
    cell(html, &format!("{about}{}", number(found.distinct)));
    if found.withheld {
        html.push_str(
            "<td colspan=\"2\">Non montrées : cette colonne peut désigner quelqu'un</td></tr>",
        );
        return;
    }
    html.push_str("<td>");
    if let (Some(min), Some(max)) = (&found.min, &found.max) {
        let _ = write!(html, "{}<br>{}", escape(min), escape(max));
    }
    html.push_str("</td><td>");
    if !found.frequent.is_empty() {
        html.push_str("<ul>");
        for value in &found.frequent {
            let label = label(known, &value.value);
            let label = label.map(|label| format!(" {label}")).unwrap_or_default();
            let _ = write!(
                html,
                "<li>{}{} : {}</li>",
                escape(&value.value),
                escape(&label),
                escape(&percent(value.count, rows))
            );
        }
        html.push_str("</ul>");
    }
    html.push_str("</td></tr>");
}

fn label(column: Option<&Column>, code: &str) -> Option<&'static str> {
    column?.nomenclature?.label(code)
}
