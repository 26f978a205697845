//! [`Card`] → HTML. Every text goes through [`escape`].

use registre_schemas::identifiers::display_form;
use std::fmt::Write as _;

use super::super::template::escape;
use super::card::{
    Badge, Card, Change, Content, Etat, Item, Link, List, Number, Raw, Row, Section, Shown,
    Succession, href,
};
use super::names::MASKED_STREET;

/// A page's subject, whole.
pub(super) fn card(card: &Card) -> String {
    let mut html = String::new();
    let _ = write!(
        html,
        "<article class=\"fiche\" aria-labelledby=\"titre\"><p class=\"nature\">{}</p><h1 id=\"titre\">{}</h1><p class=\"badges\">{}</p>",
        escape(card.nature),
        escape(&card.name),
        badge(card.badge.as_ref()),
    );
    etat(&mut html, &card.etat);
    numbers(&mut html, &card.numbers);
    rows(&mut html, &card.rows);
    for part in &card.sections {
        section(&mut html, part);
    }
    html.push_str("<section class=\"donnees\"><h2>Données</h2><ul>");
    for (text, address) in &card.json {
        let _ = write!(
            html,
            "<li><a href=\"{}\">{}</a></li>",
            escape(address),
            escape(text)
        );
    }
    html.push_str("</ul>");
    for record in &card.records {
        raw(&mut html, record);
    }
    html.push_str("</section></article>");
    html
}

/// A number that has no page: what is said of it, and what to do.
pub(super) fn verdict(title: &str, etat: &Etat, code: &str) -> String {
    let mut html = format!(
        "<div class=\"alerte\"><h1>{}</h1><p>{}</p>",
        escape(title),
        escape(&etat.message)
    );
    if let Some(advice) = &etat.advice {
        let _ = write!(
            html,
            "<p><strong>Que faire ?</strong> {}</p>",
            escape(advice)
        );
    }
    links(&mut html, &etat.links);
    let _ = write!(
        html,
        "<p class=\"code\">Code de la réponse : {}</p></div>",
        escape(code)
    );
    html
}

fn etat(html: &mut String, etat: &Etat) {
    let class = if etat.active { "etat actif" } else { "etat" };
    let _ = write!(
        html,
        "<div class=\"{class}\"><p>{}</p>",
        escape(&etat.message)
    );
    if let Some(advice) = &etat.advice {
        let _ = write!(html, "<p>{}</p>", escape(advice));
    }
    links(html, &etat.links);
    html.push_str("</div>");
}

fn links(html: &mut String, links: &[Link]) {
    if links.is_empty() {
        return;
    }
    html.push_str("<ul class=\"suites\">");
    for one in links {
        let _ = write!(html, "<li>{}</li>", link(one));
    }
    html.push_str("</ul>");
}

fn link(link: &Link) -> String {
    format!(
        "<a href=\"{}\">{}</a>",
        escape(&link.href),
        escape(&link.text)
    )
}

/// A button that the script shows: without it there is nothing to press in vain.
fn copy(what: &str, value: &str) -> String {
    format!(
        "<button type=\"button\" class=\"copie\" data-copie=\"{}\" data-copie-nom=\"{what}\" hidden>Copier<span class=\"invisible\"> : {what}</span></button>",
        escape(value)
    )
}

fn numbers(html: &mut String, numbers: &[Number]) {
    html.push_str("<dl class=\"numeros\">");
    for number in numbers {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd><span class=\"numero\">{}</span> {}</dd></div>",
            escape(number.label),
            escape(&display_form(&number.value)),
            copy(number.label, &number.value)
        );
    }
    html.push_str("</dl>");
}

/// A state, in a word.
pub(crate) fn badge(badge: Option<&Badge>) -> String {
    let Some(badge) = badge else {
        return String::new();
    };
    let class = if badge.active { "actif" } else { "ferme" };
    format!(
        "<span class=\"badge {class}\">{}</span>",
        escape(&badge.label)
    )
}

fn rows(html: &mut String, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    html.push_str("<dl>");
    for row in rows {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(row.label),
            shown(&row.value)
        );
    }
    html.push_str("</dl>");
}

fn shown(value: &Shown) -> String {
    match value {
        Shown::Text(text) => escape(text),
        Shown::Lines(lines) => broken(lines),
        Shown::Address(lines) if lines.iter().any(|line| line == MASKED_STREET) => broken(lines),
        Shown::Address(lines) => format!(
            "<span class=\"adresse\">{}</span> {}",
            broken(lines),
            copy("adresse", &lines.join("\n"))
        ),
        Shown::Code {
            code,
            label: Some(label),
        } => format!(
            "{} <span class=\"code\">{}</span>",
            escape(label),
            escape(code)
        ),
        Shown::Code { code, label: None } => {
            format!("<span class=\"code\">{}</span>", escape(code))
        }
        Shown::Link(one) => link(one),
    }
}

fn broken(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    lines.join("<br>")
}

fn section(html: &mut String, section: &Section) {
    let _ = write!(html, "<section><h2>{}</h2>", escape(&section.title));
    rows(html, &section.rows);
    match &section.content {
        None => {}
        Some(Content::Map(map)) => html.push_str(map),
        Some(Content::Places { carte, list }) => {
            html.push_str(carte.as_deref().unwrap_or_default());
            places(html, list);
        }
        Some(Content::History(changes)) => history(html, changes),
        Some(Content::Successions(links)) => successions(html, links),
    }
    html.push_str("</section>");
}

/// A table that scrolls by itself on a narrow screen, with the keyboard too.
fn table(html: &mut String, label: &str, columns: &[&str], body: impl FnOnce(&mut String)) {
    let _ = write!(
        html,
        "<div class=\"defile\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table><thead><tr>"
    );
    for column in columns {
        let _ = write!(html, "<th scope=\"col\">{column}</th>");
    }
    html.push_str("</tr></thead><tbody>");
    body(html);
    html.push_str("</tbody></table></div>");
}

fn places(html: &mut String, list: &List) {
    if list.items.is_empty() {
        html.push_str("<p>Aucun établissement sur cette page.</p>");
    } else {
        let columns = ["SIRET", "Nom", "Commune", "État"];
        table(html, "Liste des établissements", &columns, |html| {
            list.items.iter().for_each(|place| item(html, place));
        });
    }
    pages(
        html,
        "Pages d'établissements",
        ("Première page", list.first.as_deref()),
        ("Page suivante", list.next.as_deref()),
    );
}

/// Links to other pages of a list, those there are.
pub(crate) fn pages(
    html: &mut String,
    label: &str,
    before: (&str, Option<&str>),
    after: (&str, Option<&str>),
) {
    if before.1.is_none() && after.1.is_none() {
        return;
    }
    let _ = write!(html, "<nav class=\"pages\" aria-label=\"{label}\">");
    if let (text, Some(address)) = before {
        let _ = write!(html, "<a href=\"{}\">{text}</a>", escape(address));
    }
    if let (text, Some(address)) = after {
        let _ = write!(
            html,
            "<a rel=\"next\" href=\"{}\">{text}</a>",
            escape(address)
        );
    }
    html.push_str("</nav>");
}

fn item(html: &mut String, item: &Item) {
    let siege = if item.siege {
        " <span class=\"badge neutre\">Siège</span>"
    } else {
        ""
    };
    let _ = write!(
        html,
        "<tr><td><a href=\"{}\">{}</a>{siege}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(&href(&item.siret)),
        escape(&display_form(&item.siret)),
        escape(&item.name),
        escape(&item.town),
        badge(item.badge.as_ref()),
    );
}

fn history(html: &mut String, changes: &[Change]) {
    html.push_str("<ol class=\"periodes\">");
    for change in changes {
        let _ = write!(
            html,
            "<li><p class=\"dates\">{}</p><dl>",
            escape(&change.dates)
        );
        for (label, value) in &change.lines {
            let _ = write!(
                html,
                "<div><dt>{}</dt><dd>{}</dd></div>",
                escape(label),
                escape(value)
            );
        }
        html.push_str("</dl></li>");
    }
    html.push_str("</ol>");
}

fn successions(html: &mut String, links: &[Succession]) {
    let columns = ["Date", "Établissement", "Nature"];
    table(html, "Successions", &columns, |html| {
        for one in links {
            let sense = if one.before {
                "Prédécesseur"
            } else {
                "Successeur"
            };
            let _ = write!(
                html,
                "<tr><td>{}</td><td>{sense} : {}</td><td>{}</td></tr>",
                escape(&one.date),
                link(&super::card::link(&one.siret)),
                escape(&one.nature)
            );
        }
    });
}

fn raw(html: &mut String, record: &Raw) {
    let _ = write!(
        html,
        "<details><summary>Enregistrement brut : {} colonnes de la table <code>{}</code></summary><p>Les noms de colonnes et les valeurs sont ceux du répertoire ; {} colonnes sans valeur sont omises. <a href=\"/donnees\">Dictionnaire des colonnes</a></p>",
        record.cells.len(),
        escape(record.table),
        record.empty
    );
    html.push_str("<dl class=\"brut\">");
    for (column, value) in &record.cells {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(column),
            escape(value)
        );
    }
    html.push_str("</dl></details>");
}
