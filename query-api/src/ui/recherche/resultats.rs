//! A page of results, as HTML.

use registre_schemas::identifiers::display_form;
use std::fmt::Write as _;

use super::super::fiche::card::{Badge, href};
use super::super::fiche::html::{badge, pages};
use super::super::template::escape;
use super::criteres::{Criteres, LONGEST, PAGES, PER_PAGE};
use crate::dossier::Dossier;
use crate::organisation::Organisation;
use crate::recherche::{Page, Trouve};
use crate::text::thousands;

/// Nothing was asked yet.
pub(super) fn nothing_asked() -> String {
    "<p>Saisissez un nom, une ville ou un numéro, ou choisissez un filtre.</p>".to_owned()
}

/// The snapshot in service has no index of names.
pub(super) fn without_index() -> String {
    "<div class=\"alerte\"><h2>Recherche par nom indisponible</h2><p>La recherche par nom n'est pas disponible dans ce jeu de données ; les numéros le sont.</p><p><strong>Que faire ?</strong> Saisissez un SIRET, un SIREN, un numéro RNA ou un numéro de TVA.</p></div>".to_owned()
}

/// The page that was found, with as many dossiers as results.
pub(super) fn html(criteres: &Criteres, page: &Page, dossiers: &[Dossier]) -> String {
    let mut html = String::new();
    let _ = write!(
        html,
        "<h2 id=\"resultats\">{}</h2>",
        escape(&total(criteres, page))
    );
    if criteres.coupe {
        let _ = write!(
            html,
            "<p class=\"aide\">Seuls les {LONGEST} premiers caractères ont été lus.</p>"
        );
    }
    if page.trouves.is_empty() {
        html.push_str(if criteres.page > 1 {
            "<p>Cette page est vide : revenez à la première.</p>"
        } else {
            "<p>Vérifiez l'orthographe, essayez moins de mots, ou retirez des filtres. Qui a demandé une diffusion partielle ne se trouve que par son numéro.</p>"
        });
    } else {
        let start = (criteres.page - 1) * PER_PAGE + 1;
        let _ = write!(
            html,
            "<ol class=\"resultats\" start=\"{start}\" aria-labelledby=\"resultats\">"
        );
        for (found, dossier) in page.trouves.iter().zip(dossiers) {
            result(&mut html, found, dossier);
        }
        html.push_str("</ol>");
    }
    let before = (criteres.page > 1).then(|| criteres.address(criteres.page - 1));
    let more = page
        .suivante((criteres.page - 1) * PER_PAGE, PER_PAGE)
        .is_some();
    let after = (more && criteres.page < PAGES).then(|| criteres.address(criteres.page + 1));
    pages(
        &mut html,
        "Pages de résultats",
        ("Page précédente", before.as_deref()),
        ("Page suivante", after.as_deref()),
    );
    if more && criteres.page == PAGES {
        html.push_str("<p class=\"aide\">C'est la dernière page donnée : précisez la recherche pour voir d'autres résultats.</p>");
    }
    html
}

fn total(criteres: &Criteres, page: &Page) -> String {
    let count = thousands(i64::try_from(page.total).unwrap_or(i64::MAX));
    let many = match (page.total, page.total_exact) {
        (0, true) => "Aucun résultat".to_owned(),
        (1, true) => "Un résultat".to_owned(),
        (_, true) => format!("{count} résultats"),
        (_, false) => format!("Plus de {count} résultats"),
    };
    let of = if criteres.texte.is_empty() {
        String::new()
    } else {
        format!(" pour « {} »", criteres.texte)
    };
    let at = if criteres.page > 1 {
        format!(", page {}", criteres.page)
    } else {
        String::new()
    };
    format!("{many}{of}{at}")
}

fn result(html: &mut String, found: &Trouve, dossier: &Dossier) {
    // Between the index and the rows nothing can differ: they are of one snapshot. A damaged row is left out.
    let Some(organisation) = Organisation::of(dossier) else {
        return;
    };
    let (number, label) = match (organisation.siren, organisation.rna) {
        (Some(siren), _) => (siren, "SIREN"),
        (None, Some(rna)) => (rna, "RNA"),
        (None, None) => return,
    };
    let name = organisation
        .nom
        .as_deref()
        .unwrap_or("Identité masquée (diffusion partielle)");
    let state = Badge {
        active: !organisation.est_ferme,
        label: if organisation.est_ferme {
            "Cessée"
        } else {
            "En activité"
        }
        .to_owned(),
    };
    let _ = write!(
        html,
        "<li><h3><a href=\"{}\">{}</a></h3><p>{} <span class=\"numero\">{label} {}</span></p>",
        escape(&href(number)),
        escape(name),
        badge(Some(&state)),
        escape(&display_form(number)),
    );
    let mut line = |label: &str, text: &str| {
        let _ = write!(
            html,
            "<p><span class=\"code\">{label}</span> {}</p>",
            escape(text)
        );
    };
    if let Some(rna) = organisation.rna.filter(|rna| *rna != number) {
        line("RNA", rna);
    }
    let unit = organisation.unite_legale.as_ref();
    let naf = unit.and_then(|unit| unit.activite_principale.as_ref());
    if let Some(naf) = naf {
        line(naf.code, naf.libelle.unwrap_or("activité non libellée"));
    } else if let Some(category) = &organisation.categorie_juridique {
        line(category.code, category.libelle.unwrap_or_default());
    }
    if let Some(address) = &organisation.adresse {
        line("Siège", &address.lignes.join(", "));
    }
    if let Some(kilometres) = found.distance {
        line("Distance", &format!("{kilometres:.1} km").replace('.', ","));
    }
    let own = organisation.siret_siege.as_deref();
    let elsewhere = found
        .etablissements
        .iter()
        .filter(|siret| Some(siret.as_str()) != own);
    for siret in elsewhere {
        let _ = write!(
            html,
            "<p><span class=\"code\">Établissement trouvé</span> <a href=\"{}\">{}</a></p>",
            href(siret.as_str()),
            escape(&display_form(siret.as_str()))
        );
    }
    html.push_str("</li>");
}
