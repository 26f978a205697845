//! The filters of a search, as fields of its form.

use registre_schemas::nomenclature::{Nomenclature, lists, naf_section_label};
use std::fmt::Write as _;

use super::super::template::escape;
use super::criteres::{Criteres, ETATS, NATURES, TRIS};

/// Each filter with what is chosen, open when one is.
pub(super) fn html(criteres: &Criteres) -> String {
    let count = criteres.filtered();
    let (open, title) = match count {
        0 => ("", "Filtrer et trier".to_owned()),
        1 => (" open", "Filtrer et trier (1 filtre)".to_owned()),
        more => (" open", format!("Filtrer et trier ({more} filtres)")),
    };
    let mut html = format!(
        "<details class=\"filtres\"{open}><summary>{title}</summary><div class=\"grille\">"
    );
    select(
        &mut html,
        ("etat", "État"),
        "Tous",
        owned(&ETATS),
        &criteres.etat,
    );
    select(
        &mut html,
        ("nature", "Nature"),
        "Toutes",
        owned(&NATURES),
        &criteres.nature,
    );
    select(
        &mut html,
        ("departement", "Département d'un établissement"),
        "Tous",
        departements(),
        &criteres.departement,
    );
    let _ = write!(
        html,
        "<p><label for=\"code_postal\">Code postal d'un établissement</label><input id=\"code_postal\" name=\"code_postal\" value=\"{}\" inputmode=\"numeric\" pattern=\"[0-9]{{5}}\" maxlength=\"5\" autocomplete=\"off\" title=\"Cinq chiffres\"></p>",
        escape(&criteres.code_postal)
    );
    select(
        &mut html,
        ("section", "Activité (section NAF rév. 2)"),
        "Toutes",
        sections(),
        &criteres.section,
    );
    let effectifs = Nomenclature::TrancheEffectifs.codes();
    let effectifs = effectifs.into_iter().map(|(code, label)| {
        // The first label explains itself over a hundred characters.
        let short = label.split(" (").next().unwrap_or(label);
        (code.to_owned(), short.to_owned())
    });
    select(
        &mut html,
        ("effectif", "Effectif salarié"),
        "Tous",
        effectifs.collect(),
        &criteres.effectif,
    );
    select(
        &mut html,
        ("tri", "Trier par"),
        "",
        owned(&TRIS),
        &criteres.tri,
    );
    html.push_str("</div><div class=\"actions\"><button type=\"submit\">Appliquer</button>");
    if count > 0 {
        let bare = Criteres {
            texte: criteres.texte.clone(),
            ..Criteres::default()
        };
        let _ = write!(
            html,
            " <a href=\"{}\">Retirer les filtres</a>",
            escape(&bare.address(1))
        );
    }
    html.push_str("</div></details>");
    html
}

type Choices = Vec<(String, String)>;

fn owned(choices: &[(&str, &str)]) -> Choices {
    let owned = |(value, label): &(&str, &str)| ((*value).to_owned(), (*label).to_owned());
    choices.iter().map(owned).collect()
}

fn departements() -> Choices {
    let all = lists().filter(|(list, ..)| *list == "departement");
    let mut choices: Choices = all
        .map(|(_, code, label)| (code.to_owned(), format!("{code} {label}")))
        .collect();
    choices.sort_unstable();
    choices
}

fn sections() -> Choices {
    let letters = ('A'..='U').map(String::from);
    letters
        .filter_map(|letter| {
            let label = naf_section_label(&letter)?;
            // The longest has a hundred and fifty characters.
            let short = label.split(" ; ").next().unwrap_or(label);
            let text = format!("{letter} {short}");
            Some((letter, text))
        })
        .collect()
}

fn select(
    html: &mut String,
    (name, label): (&str, &str),
    any: &str,
    choices: Choices,
    chosen: &str,
) {
    let _ = write!(
        html,
        "<p><label for=\"{name}\">{}</label><select id=\"{name}\" name=\"{name}\">",
        escape(label)
    );
    if !any.is_empty() {
        let _ = write!(html, "<option value=\"\">{any}</option>");
    }
    for (value, text) in choices {
        let selected = if value == chosen { " selected" } else { "" };
        let _ = write!(
            html,
            "<option value=\"{}\"{selected}>{}</option>",
            escape(&value),
            escape(&text)
        );
    }
    html.push_str("</select></p>");
}
