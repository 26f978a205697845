//! The columns of each table: what they mean, and what the profile found in them.

use registre_schemas::dictionary::{Sensitivity, source};
use registre_schemas::manifest::TableFile;
use registre_schemas::profile::{ColumnProfile, TableProfile};
use registre_schemas::{Column, Table};
use std::fmt::Write as _;

use super::{CLOSE_TABLE, cell, number, open_table};
use crate::text::{megabytes, percent};
use crate::ui::template::escape;

/// A table: its file, its dictionary, and what the profile found in its columns.
pub(super) fn table(html: &mut String, file: &TableFile, profile: Option<&TableProfile>) {
    let known = registre_schemas::table(&file.name);
    let description = known.map_or("", |table| table.description);
    let _ = write!(
        html,
        "<section aria-labelledby=\"table-{0}\"><h3 id=\"table-{0}\"><code>{0}</code></h3><p>{1}.</p><p>{2} lignes, {3}, sha256 <code>{4}</code>. <a href=\"/parquet/{0}.parquet\">Fichier Parquet</a>",
        escape(&file.name),
        escape(description),
        number(file.rows),
        escape(&megabytes(file.bytes)),
        escape(&file.sha256),
    );
    if let Some(known) = known {
        let _ = write!(
            html,
            ", <a href=\"/donnees/{}.schema.json\">schéma (Table Schema)</a>.</p>",
            known.name
        );
        dictionary(html, known);
    } else {
        html.push_str(".</p>");
    }
    if let Some(profile) = profile {
        found(html, profile, known);
    }
    html.push_str("</section>");
}

fn found(html: &mut String, profile: &TableProfile, known: Option<&'static Table>) {
    let count = profile.columns.len();
    let _ = write!(
        html,
        "<details><summary>Ce que contiennent ses {count} colonnes</summary>"
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
    html.push_str("</details>");
}

/// What each column means, from the tables of `schemas`.
fn dictionary(html: &mut String, table: &'static Table) {
    let _ = write!(
        html,
        "<details><summary>Dictionnaire de ses {} colonnes</summary>",
        table.columns.len()
    );
    let headers = [
        ("Colonne", false),
        ("Sens et source", false),
        ("Exemple", false),
        ("Vide", false),
        ("Diffusion", false),
    ];
    open_table(html, &format!("Dictionnaire de {}", table.name), &headers);
    for column in table.columns {
        let nomenclature = column.nomenclature.map(|list| {
            format!(
                "<br><span class=\"code\">Nomenclature : {}</span>",
                escape(list.title())
            )
        });
        let _ = write!(
            html,
            "<tr id=\"{0}.{1}\"><th scope=\"row\"><code>{1}</code><br><span class=\"code\">{2}</span></th><td>{3}<br><span class=\"code\">Source : {4}</span>{5}</td><td><code>{6}</code></td><td>{7}</td><td>{8}</td></tr>",
            table.name,
            column.name,
            column.kind.as_str(),
            escape(column.description),
            escape(&source(table, column)),
            nomenclature.unwrap_or_default(),
            escape(column.example),
            if column.nullable() {
                "possible"
            } else {
                "jamais"
            },
            escape(Sensitivity::of(table, column).as_str()),
        );
    }
    html.push_str(CLOSE_TABLE);
    html.push_str("</details>");
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
