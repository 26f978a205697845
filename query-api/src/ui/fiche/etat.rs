//! The state of what was asked, in the words of its verdict, and where it leads.
//!
//! The verdict is that of `/v1/organisations`: a page and a form never say two things of one number. Its
//! advice is for whoever receives a form; on a page, only that about a number without a page is kept.

use registre_schemas::identifiers::{Identifier, display_form};

use super::card::{Etat, Link, href, link};
use crate::dossier::Dossier;
use crate::organisation::resultat::{Constat, Resultat};

const MASKED: &str = "Les données ouvertes ne donnent à personne ce qui est masqué.";

/// The state that a verdict says.
pub(super) fn of(identifier: &Identifier, dossier: &Dossier, constat: &Constat<'_>) -> Etat {
    let advice = match constat.resultat {
        Resultat::Trouve | Resultat::Ferme => None,
        Resultat::DiffusionPartielle => Some(MASKED.to_owned()),
        Resultat::Doublon | Resultat::Inconnu | Resultat::Invalide => {
            Some(constat.que_faire.clone().into_owned())
        }
    };
    Etat {
        active: constat.resultat == Resultat::Trouve,
        message: constat.message.clone().into_owned(),
        advice,
        links: links(identifier, dossier, constat),
    }
}

/// What replaces it, the likeliest first, each once.
fn links(identifier: &Identifier, dossier: &Dossier, constat: &Constat<'_>) -> Vec<Link> {
    let own = match identifier {
        Identifier::Tva(tva) => tva.siren().to_string(),
        other => other.as_str().to_owned(),
    };
    let mut found: Vec<(&str, String)> = Vec::new();
    if let Some(new) = &dossier.repris_sous {
        found.push(("Le numéro qui le remplace", new.to_string()));
    }
    if let Some(reference) = constat.siren_reference {
        found.push(("Le SIREN qui fait référence", reference.to_string()));
    }
    let chain = dossier.successions.as_ref();
    if constat.resultat == Resultat::Ferme
        && let Some(last) = chain.and_then(|chain| chain.open_end())
    {
        found.push(("Ce qui en a pris la suite", last.siret.to_string()));
    }
    if let Some(siege) = &constat.siret_siege {
        found.push(("Le siège", siege.clone().into_owned()));
    }
    if constat.resultat == Resultat::Inconnu
        && let Identifier::Siret(siret) = identifier
        && dossier.unite_legale.is_some()
    {
        found.push(("Son unité légale", siret.siren().to_string()));
    }
    let mut seen = vec![own];
    let mut links = Vec::new();
    for (what, id) in found {
        if !seen.contains(&id) {
            links.push(Link {
                text: format!("{what} : {}", display_form(&id)),
                href: href(&id),
            });
            seen.push(id);
        }
    }
    links
}

/// Of what is no identifier.
pub(super) fn invalide(text: &str, constat: &Constat<'_>, suggestion: Option<&str>) -> Etat {
    let mut links = Vec::new();
    if let Some(meant) = suggestion {
        let Link { href, text } = link(meant);
        links.push(Link {
            href,
            text: format!("Le numéro {text}, que vous vouliez sans doute saisir"),
        });
    }
    if crate::error::is_a_name(text) {
        links.push(Link {
            href: format!("/recherche?q={}", super::super::recherche::encoded(text)),
            text: format!("Chercher « {text} » par son nom"),
        });
    }
    Etat {
        active: false,
        message: constat.message.clone().into_owned(),
        advice: Some(constat.que_faire.clone().into_owned()),
        links,
    }
}
