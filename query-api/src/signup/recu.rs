//! A request that was kept, as a page to print.

use chrono::{DateTime, Utc};
use chrono::{FixedOffset, Timelike as _};
use serde_json::Value;
use std::fmt::Write as _;

use super::champs::{ACCES_API, DONNEE_MANQUANTE, Genre, Groupe};
use super::pages::{organisation, row};
use super::store::Demande;
use crate::text::long_date;
use crate::ui::template::escape;

/// `1er novembre 2026 à 14 h 05 (temps universel)`.
pub(super) fn quand(instant: &str) -> String {
    let Ok(at) = instant.parse::<DateTime<FixedOffset>>() else {
        return instant.to_owned();
    };
    let at = at.with_timezone(&Utc);
    format!(
        "{} à {} h {:02} (temps universel)",
        long_date(at.date_naive()),
        at.hour(),
        at.minute()
    )
}

/// What is asked, in a few words.
pub(super) fn objet(request: &Value) -> String {
    match request["api"]["nom"].as_str() {
        Some(nom) => format!("Accès : {nom}"),
        None => "Donnée manquante".to_owned(),
    }
}

/// The receipt of an applicant, who has its secret.
pub(super) fn recu(kept: &Demande, request: &Value, secret: &str, days: u32) -> String {
    let numero = escape(&kept.numero);
    let secret = escape(secret);
    let mut html = format!(
        "<h1>Votre demande est enregistrée</h1><p>Récépissé</p><p class=\"numero\">{numero}</p><p>Gardez l'adresse de cette page, ou imprimez-la : elle seule permet de relire la demande, et de la supprimer. La demande est conservée {days} jours au plus.</p><p class=\"actions\"><a href=\"/signup/demandes/{numero}.json?jeton={secret}\">Cette demande en JSON</a></p>"
    );
    reponses(&mut html, kept, request);
    let _written = write!(
        html,
        "<form action=\"/signup/demandes/{numero}/supprimer\" method=\"post\"><input type=\"hidden\" name=\"jeton\" value=\"{secret}\"><h2>Supprimer la demande</h2><p>Vos réponses sont effacées de ce serveur à l'instant, et ne peuvent pas être retrouvées. Si la demande a déjà été transmise à qui la traite, adressez-vous aussi à lui, avec le numéro du récépissé.</p><button class=\"supprimer\" type=\"submit\">Supprimer la demande {numero}</button></form>"
    );
    html
}

/// Every answer, under the titles of the form.
pub(super) fn reponses(html: &mut String, kept: &Demande, request: &Value) {
    html.push_str("<dl class=\"reponses\">");
    row(html, "Objet", &objet(request));
    row(html, "Déposée le", &quand(&kept.deposee_le));
    html.push_str("</dl>");
    let groups: Vec<&Groupe> = if kept.nature == "acces_api" {
        ACCES_API.iter().collect()
    } else {
        DONNEE_MANQUANTE.iter().map(|(groupe, _)| groupe).collect()
    };
    for groupe in groups {
        let answers = &request[groupe.nom];
        if answers.is_null() {
            continue;
        }
        let _written = write!(html, "<h2>{}</h2>", escape(groupe.titre));
        if groupe.nom == "organisation" {
            organisation(html, answers);
            continue;
        }
        html.push_str("<dl class=\"reponses\">");
        for champ in groupe.champs {
            let said = match (&answers[champ.nom], champ.genre) {
                (Value::String(text), _) => text.clone(),
                (Value::Number(number), _) => number.to_string(),
                (Value::Bool(true), Genre::Case) => "oui".to_owned(),
                (Value::Array(scopes), _) => {
                    let labels = scopes.iter().filter_map(|scope| scope["libelle"].as_str());
                    labels.collect::<Vec<_>>().join("\n")
                }
                _ => continue,
            };
            row(html, champ.libelle, &said);
        }
        html.push_str("</dl>");
    }
}
