//! [`Card`] → HTML. Every text goes through [`escape`].

use registre_schemas::identifiers::{IdentifierError, display_form};
use std::fmt::Write as _;

use super::card::{Badge, Card, Item, List, Row, Section, Shown, href};
use super::template::escape;
use crate::error::{ApiError, is_a_name};

/// The result of a search. The script reads `data-annonce` aloud through the live region.
pub(super) fn card(card: &Card) -> String {
    let mut html = String::new();
    let state = card
        .badge
        .as_ref()
        .map(|badge| format!(", {}", badge.label))
        .unwrap_or_default();
    let announced = format!("{} : {}{state}", card.nature, card.name);
    let _ = write!(
        html,
        "<article class=\"fiche\" data-annonce=\"{}\"><p class=\"nature\">{}</p><h2 id=\"titre-resultat\" tabindex=\"-1\">{}</h2><p class=\"identifiant\">{} {}</p>",
        escape(&announced),
        escape(card.nature),
        escape(&card.name),
        escape(&card.identifier),
        badge(card.badge.as_ref()),
    );
    rows(&mut html, &card.rows);
    for part in &card.sections {
        section(&mut html, part);
    }
    let _ = write!(
        html,
        "<p class=\"json\"><a href=\"{0}\">Voir cette réponse en JSON</a></p></article>",
        escape(&card.json)
    );
    html
}

/// An error, with its own words and what to do.
pub(super) fn error(error: &ApiError) -> String {
    let code = error.code();
    let mut html = String::new();
    let _ = write!(
        html,
        "<div class=\"alerte\" data-annonce=\"{title} : {detail}\"><h2 id=\"titre-resultat\" tabindex=\"-1\">{title}</h2><p>{detail}</p><p><strong>Que faire ?</strong> {advice}</p>",
        title = escape(code.title()),
        detail = escape(&error.to_string()),
        advice = advice(error),
    );
    if let ApiError::Doublon { reference, .. } = error {
        let _ = write!(
            html,
            "<p><a href=\"{}\">Voir le SIREN {}</a></p>",
            href(reference.as_str()),
            escape(&display_form(reference.as_str()))
        );
    }
    let _ = write!(
        html,
        "<p class=\"code\">Code de l'erreur : <a href=\"/docs#erreur-{0}\">{0}</a></p></div>",
        code.as_str()
    );
    html
}

/// A person follows the link that comes next rather than an address of the API.
fn advice(error: &ApiError) -> String {
    match error {
        ApiError::Doublon { .. } => "Utilisez le SIREN qui fait référence.".to_owned(),
        ApiError::Identifiant {
            valeur,
            cause: IdentifierError::NotDigits { .. } | IdentifierError::Unrecognised,
            ..
        } if is_a_name(valeur) =>
        {
            "Cette page cherche par numéro, pas par nom : saisissez un SIRET, un SIREN, un numéro RNA ou un numéro de TVA.".to_owned()
        }
        other => escape(&other.que_faire()),
    }
}

fn badge(badge: Option<&Badge>) -> String {
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
        Shown::Lines(lines) => lines
            .iter()
            .map(|line| escape(line))
            .collect::<Vec<_>>()
            .join("<br>"),
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
        Shown::Link { href, text } => format!("<a href=\"{}\">{}</a>", escape(href), escape(text)),
    }
}

fn section(html: &mut String, section: &Section) {
    let _ = write!(html, "<section><h3>{}</h3>", escape(&section.title));
    rows(html, &section.rows);
    if let Some(part) = &section.list {
        list(html, part);
    }
    html.push_str("</section>");
}

fn list(html: &mut String, list: &List) {
    if list.items.is_empty() {
        html.push_str("<p>Aucun établissement sur cette page.</p>");
    } else {
        html.push_str("<div class=\"defile\" tabindex=\"0\" role=\"region\" aria-label=\"Liste des établissements\"><table><thead><tr><th scope=\"col\">SIRET</th><th scope=\"col\">Nom</th><th scope=\"col\">Commune</th><th scope=\"col\">État</th></tr></thead><tbody>");
        list.items.iter().for_each(|place| item(html, place));
        html.push_str("</tbody></table></div>");
    }
    if list.first.is_none() && list.next.is_none() {
        return;
    }
    html.push_str("<nav class=\"pages\" aria-label=\"Pages d'établissements\">");
    if let Some(first) = &list.first {
        let _ = write!(html, "<a href=\"{}\">Première page</a>", escape(first));
    }
    if let Some(next) = &list.next {
        let _ = write!(
            html,
            "<a rel=\"next\" href=\"{}\">Page suivante</a>",
            escape(next)
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
