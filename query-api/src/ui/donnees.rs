//! `/donnees`: what the snapshot in service is, for people. Everything comes from its manifest and
//! its profile, which a file of the data may have filled: every text is escaped.

mod tables;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use registre_schemas::TABLES;
use registre_schemas::manifest::{Gate, Manifest, SourceFile, Verdict};
use registre_schemas::profile::{Active, Changes, Compared, Count, Profile};
use registre_schemas::table_schema::TableSchema;
use std::fmt::Write as _;
use std::sync::Arc;

use super::template::{escape, fill};
use super::{alerte, extraits, html_page, notice, pied};
use crate::cache::InService;
use crate::catalog::{Catalog, Snapshot};
use crate::error::ApiError;
use crate::handlers::json;
use crate::text::{long_date, megabytes, thousands};

const TEMPLATE: &str = include_str!("../../ui/donnees.html");

/// `GET /donnees`
pub(crate) async fn page(
    State(catalog): State<Arc<Catalog>>,
    pinned: Option<Extension<InService>>,
    headers: HeaderMap,
) -> Response {
    let snapshot = pinned
        .map(|Extension(InService(snapshot))| snapshot)
        .or_else(|| catalog.current());
    let (status, content) = if let Some(snapshot) = snapshot.as_deref() {
        let extraits = extraits::de_donnees(&extraits::origine(&headers));
        (StatusCode::OK, content(snapshot) + &extraits)
    } else {
        let error = ApiError::AucuneDonnee;
        (error.code().status(), alerte::error(&error, 2))
    };
    let body = fill(TEMPLATE, |name| match name {
        "bandeau" => catalog.menu.bandeau("/donnees", &[]),
        "contenu" => content.clone(),
        "avis" => notice(snapshot.as_deref()).to_owned(),
        "pied" => pied(snapshot.as_deref()),
        _ => String::new(),
    });
    html_page(status, body)
}

fn content(snapshot: &Snapshot) -> String {
    let manifest = &snapshot.manifest;
    let profile = snapshot.profile.as_ref().map(|file| &file.profile);
    let mut html = String::new();
    identity(&mut html, manifest, profile.is_some());
    sources(&mut html, &manifest.sources);
    gates(&mut html, &manifest.gates);
    if let Some(profile) = profile {
        changes(&mut html, profile);
        active(&mut html, &profile.active);
    }
    html.push_str("<h2 id=\"tables\">Les tables et leur dictionnaire</h2><p>Elles se lisent en Parquet, entières ou en partie : <a href=\"/parquet\">télécharger</a>. Les colonnes gardent le nom que leur donne leur producteur ; une valeur masquée à la demande de la personne vaut <code>[ND]</code>.</p>");
    for file in &manifest.tables {
        let mut profiled = profile.into_iter().flat_map(|profile| &profile.tables);
        let profiled = profiled.find(|table| table.table == file.name);
        tables::table(&mut html, file, profiled);
    }
    html
}

/// `GET /donnees/{table}.schema.json`: a table as Table Schema. It depends on no data.
pub(crate) async fn schema(Path(file): Path<String>) -> Result<Response, ApiError> {
    let table = file
        .strip_suffix(".schema.json")
        .and_then(|name| TABLES.iter().find(|table| table.name == name))
        .ok_or(ApiError::RouteInconnue)?;
    let mut response = json(StatusCode::OK, &TableSchema::of(table))?;
    let kept = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

fn identity(html: &mut String, manifest: &Manifest, profiled: bool) {
    html.push_str("<dl>");
    let mut row = |label: &str, value: &str| {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(label),
            escape(value)
        );
    };
    row("Jeu de données", &manifest.id);
    row("Fait le", &long_date(manifest.created_at.date_naive()));
    for (register, date) in &manifest.as_of {
        let label = match register.as_str() {
            "sirene" => "Données SIRENE du",
            "rna" => "Données du RNA du",
            other => other,
        };
        row(label, &long_date(*date));
    }
    html.push_str("</dl>");
    if profiled {
        html.push_str("<p>Cette page se lit aussi par une machine : <a href=\"/v1/profil\">le profil en JSON</a>.</p>");
    } else {
        html.push_str("<p>Ce jeu de données n'a pas de profil : ses colonnes et ses changements seront décrits à la prochaine actualisation.</p>");
    }
}

/// A table that scrolls by itself on a narrow screen.
pub(super) fn open_table(html: &mut String, caption: &str, headers: &[(&str, bool)]) {
    let _ = write!(
        html,
        "<div class=\"defile\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
        escape(caption)
    );
    for (header, number) in headers {
        let class = if *number { " class=\"nombre\"" } else { "" };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(header));
    }
    html.push_str("</tr></thead><tbody>");
}

pub(super) const CLOSE_TABLE: &str = "</tbody></table></div>";

pub(super) fn number(count: u64) -> String {
    thousands(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn cell(html: &mut String, count: &str) {
    let _ = write!(html, "<td class=\"nombre\">{}</td>", escape(count));
}

/// The samples of refused rows stay in the manifest: they are pieces of the register.
fn sources(html: &mut String, sources: &[SourceFile]) {
    html.push_str("<h2 id=\"sources\">Les sources</h2>");
    let headers = [
        ("Fichier", false),
        ("Daté du", false),
        ("Taille", true),
        ("Lignes lues", true),
        ("Gardées", true),
        ("Refus et valeurs illisibles", false),
    ];
    open_table(html, "Fichiers reçus des producteurs", &headers);
    for source in sources {
        let date = source
            .last_modified
            .map_or_else(|| "inconnu".to_owned(), |date| long_date(date.date_naive()));
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}<br><span class=\"code\">{}</span></th><td class=\"date\">{}</td>",
            escape(&source.title),
            escape(&source.licence),
            escape(&date)
        );
        cell(html, &megabytes(source.size));
        cell(html, &number(source.report.rows_read));
        cell(html, &number(source.report.rows_kept));
        html.push_str("<td>");
        if source.report.rejects.is_empty() {
            html.push_str("aucun");
        } else {
            html.push_str("<ul>");
            for (reason, count) in &source.report.rejects {
                let _ = write!(html, "<li>{} : {}</li>", escape(reason), number(*count));
            }
            html.push_str("</ul>");
        }
        html.push_str("</td></tr>");
    }
    html.push_str(CLOSE_TABLE);
    html.push_str("<details><summary>Empreintes des fichiers (sha256)</summary><dl>");
    for source in sources {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd><code>{}</code></dd></div>",
            escape(&source.title),
            escape(&source.sha256)
        );
    }
    html.push_str("</dl></details>");
}

/// What a gate asks, in words. Its figures stay in the manifest: they may quote a value of a row.
fn question(gate: &str) -> &'static str {
    match gate {
        "relecture" => "Les fichiers écrits se relisent, avec toutes leurs lignes",
        "cle-unique" => "Aucun numéro n'est là deux fois",
        "orphelins" => "Chaque établissement a son unité légale",
        "sans-etablissement" => "Chaque unité légale a un établissement",
        "fraicheur" => "Les données ne sont pas plus anciennes que les précédentes",
        "table-vide" => "Aucune table n'est vide",
        "volume" => "Aucune source ni table n'a perdu beaucoup de lignes",
        "valeurs-illisibles" => "Aucune colonne n'a beaucoup de valeurs illisibles",
        _ => "",
    }
}

fn gates(html: &mut String, gates: &[Gate]) {
    html.push_str("<h2 id=\"controles\">Les contrôles avant publication</h2>");
    let headers = [("Contrôle", false), ("Question", false), ("Verdict", false)];
    open_table(html, "Contrôles passés", &headers);
    let mut last = None;
    for gate in gates {
        // One that reports several findings says so once here.
        if last == Some((&gate.name, gate.verdict)) {
            continue;
        }
        last = Some((&gate.name, gate.verdict));
        let (class, verdict) = match gate.verdict {
            Verdict::Passed => ("actif", "Conforme"),
            Verdict::Reported => ("neutre", "Signalé"),
            Verdict::Overridden => ("ferme", "Accepté malgré un écart"),
        };
        let _ = write!(
            html,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td><span class=\"badge {class}\">{verdict}</span></td></tr>",
            escape(&gate.name),
            question(&gate.name)
        );
    }
    html.push_str(CLOSE_TABLE);
}

/// What a row of the table of changes counts.
type Counted = fn(&Changes) -> Option<u64>;

/// The rows of the table of changes.
#[rustfmt::skip] // one line per row reads as a table
const CHANGES: [(&str, Counted); 7] = [
    ("Nouveaux numéros", |changes| Some(changes.created)),
    ("Fermés, cessés ou dissous", |changes| Some(changes.closed)),
    ("Rouverts", |changes| Some(changes.reopened)),
    ("Commune ou adresse différente", |changes| changes.moved),
    ("Nom différent", |changes| Some(changes.renamed)),
    ("Passés en diffusion partielle", |changes| changes.hidden),
    ("Numéros disparus", |changes| Some(changes.gone)),
];

fn changes(html: &mut String, profile: &Profile) {
    html.push_str("<h2 id=\"changements\">Ce qui a changé</h2>");
    let comparison = &profile.comparison;
    let previous = comparison.previous.as_deref().unwrap_or_default();
    let said = match comparison.state {
        Compared::Done => format!(
            "Depuis le jeu de données {previous}. Une adresse ou un nom masqué d'un côté n'est pas comparé ; une ligne peut compter plusieurs fois."
        ),
        Compared::First => {
            "C'est le premier jeu de données fait ici : il n'y a rien à quoi le comparer."
                .to_owned()
        }
        Compared::OtherOrigin => format!(
            "Le jeu de données précédent ({previous}) venait d'une autre source : ils ne sont pas comparés."
        ),
        Compared::Unreadable => format!(
            "Le jeu de données précédent ({previous}) n'a pas pu être relu : ils ne sont pas comparés."
        ),
    };
    let _ = write!(html, "<p>{}</p>", escape(&said));
    if profile.changes.is_empty() {
        return;
    }
    let mut headers = vec![("Changement", false)];
    headers.extend(profile.changes.keys().map(|table| (name_of(table), true)));
    open_table(html, "Changements depuis le jeu précédent", &headers);
    for (label, count) in CHANGES {
        let _ = write!(html, "<tr><th scope=\"row\">{label}</th>");
        for changes in profile.changes.values() {
            match count(changes) {
                Some(count) => cell(html, &number(count)),
                None => html.push_str("<td class=\"nombre\">sans objet</td>"),
            }
        }
        html.push_str("</tr>");
    }
    html.push_str(CLOSE_TABLE);
}

/// What a person calls the rows of a table.
fn name_of(table: &str) -> &str {
    match table {
        "unite_legale" => "Unités légales",
        "etablissement" => "Établissements",
        "association" => "Associations",
        other => other,
    }
}

fn active(html: &mut String, active: &Active) {
    let _ = write!(
        html,
        "<h2 id=\"actifs\">Les établissements actifs</h2><p>{} établissements actifs.</p>",
        number(active.total)
    );
    let lists = [
        (
            "Par département",
            "Département",
            "Étranger, ou commune inconnue",
            &active.by_departement,
        ),
        (
            "Par section de la NAF rév. 2",
            "Section",
            "Sans activité en NAF rév. 2",
            &active.by_section,
        ),
    ];
    for (title, header, without, counts) in lists {
        let _ = write!(html, "<details><summary>{title}</summary>");
        let headers = [(header, false), ("Nombre", true), ("Écart", true)];
        open_table(html, title, &headers);
        for line in counts {
            count(html, line, without);
        }
        html.push_str(CLOSE_TABLE);
        html.push_str("</details>");
    }
}

fn count(html: &mut String, count: &Count, without: &str) {
    let label = match (&count.label, &count.code) {
        (Some(label), Some(code)) => format!(
            "{} <span class=\"code\">{}</span>",
            escape(label),
            escape(code)
        ),
        (None, Some(code)) => escape(code),
        (_, None) => escape(without),
    };
    let _ = write!(html, "<tr><th scope=\"row\">{label}</th>");
    cell(html, &number(count.count));
    let difference = match count.difference {
        Some(0) => "=".to_owned(),
        Some(more) if more > 0 => format!("+{}", thousands(more)),
        Some(less) => thousands(less),
        None => "non comparé".to_owned(),
    };
    cell(html, &difference);
    html.push_str("</tr>");
}
