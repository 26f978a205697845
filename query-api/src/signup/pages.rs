//! The forms as pages, whole without JavaScript. Everything an applicant typed is escaped here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use std::fmt::Write as _;

use super::apis::Api;
use super::champs::{Champ, Genre, Groupe};
use super::formulaire::{Erreur, Formulaire, Nature, Saisie};
use super::organisation::{Refus, Verification};
use crate::catalog::Catalog;
use crate::ui::template::{escape, fill};
use crate::ui::{dates, html_page, notice};

const TEMPLATE: &str = include_str!("../../ui/signup.html");

/// The name of what a person leaves empty because nobody sees it.
pub(super) const LEURRE: &str = "site_web_bis";
/// The name of what tells one form from the next.
pub(super) const JETON: &str = "jeton";

/// Where a page stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Signup,
    Donnee,
    Exploitant,
}

impl Place {
    /// Of the page among those at the top.
    fn path(self) -> &'static str {
        match self {
            Self::Signup => FORMS[0].0,
            Self::Donnee => FORMS[1].0,
            Self::Exploitant => "",
        }
    }
}

/// The forms, at the top of their pages.
const FORMS: [(&str, &str); 2] = [
    ("/signup", "Demander un accès"),
    ("/demander-une-donnee", "Demander une donnée"),
];

impl From<Nature> for Place {
    fn from(nature: Nature) -> Self {
        match nature {
            Nature::AccesApi => Self::Signup,
            Nature::DonneeManquante => Self::Donnee,
        }
    }
}

/// A whole page, which nobody keeps: it holds a token, or what someone wrote.
pub(super) fn page(
    catalog: &Catalog,
    status: StatusCode,
    place: Place,
    titre: &str,
    contenu: &str,
) -> Response {
    let snapshot = catalog.current();
    let snapshot = snapshot.as_deref();
    let script = "<script type=\"module\" src=\"/widget/registre-organisation.js\"></script>";
    let body = fill(TEMPLATE, |name| match name {
        "titre" => escape(titre),
        "script" if contenu.contains("<registre-organisation") => script.to_owned(),
        "bandeau" => catalog.menu.bandeau(place.path(), &FORMS),
        "avis" => notice(snapshot).to_owned(),
        "contenu" => contenu.to_owned(),
        "date" => escape(&dates(snapshot)),
        "version" => env!("CARGO_PKG_VERSION").to_owned(),
        _ => String::new(),
    });
    let mut response = html_page(status, body);
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// The choice of an API.
pub(super) fn choix(apis: &[Api]) -> String {
    let mut html = String::from(
        "<h1>Demander l'accès à une API</h1><p>Choisissez l'API. De votre organisation, seul le numéro SIRET est demandé : le reste est lu dans les registres.</p><ul class=\"apis\">",
    );
    for api in apis {
        let _written = write!(
            html,
            "<li><h2><a href=\"/signup/{id}\">{nom}</a></h2><p class=\"nature\">{fournisseur}</p><p>{description}</p></li>",
            id = escape(&api.id),
            nom = escape(&api.nom),
            fournisseur = escape(&api.fournisseur),
            description = escape(&api.description),
        );
    }
    html.push_str("</ul><p>La donnée qu'il vous faut n'est dans aucune API ? <a href=\"/demander-une-donnee\">Demandez-la</a>.</p>");
    html
}

/// A form as it is shown: empty, or with what was typed and what is said of it.
pub(super) struct Vue<'a> {
    pub(super) formulaire: &'a Formulaire<'a>,
    pub(super) saisie: &'a Saisie,
    pub(super) erreurs: &'a [Erreur],
    pub(super) verification: Option<&'a Verification>,
    /// A fault that is not of an answer.
    pub(super) alerte: Option<&'a str>,
    pub(super) jeton: &'a str,
    /// Days that requests are kept.
    pub(super) conservation: u32,
}

impl Vue<'_> {
    /// What the tab says.
    pub(super) fn titre(&self) -> String {
        let titre = self.nom();
        if self.erreurs.is_empty() && self.alerte.is_none() {
            titre
        } else {
            format!("Erreur, {titre}")
        }
    }

    fn nom(&self) -> String {
        match self.formulaire.api {
            Some(api) => format!("Demander l'accès : {}", api.nom),
            None => "Demander une donnée".to_owned(),
        }
    }

    /// The heading, what is wrong, the questions.
    pub(super) fn html(&self) -> String {
        let mut html = format!("<h1>{}</h1>", escape(&self.nom()));
        html.push_str(&self.presentation());
        html.push_str(&self.resume());
        let adresse = escape(&self.formulaire.adresse());
        // The first button is the one that the Enter key presses: it verifies, and sends nothing.
        let _written = write!(
            html,
            "<form action=\"{adresse}\" method=\"post\" novalidate><input type=\"hidden\" name=\"{JETON}\" value=\"{}\"><p class=\"leurre\" aria-hidden=\"true\"><label for=\"{LEURRE}\">Laissez vide</label><input id=\"{LEURRE}\" name=\"{LEURRE}\" type=\"text\" tabindex=\"-1\" autocomplete=\"off\"></p>",
            escape(self.jeton)
        );
        for (groupe, required) in &self.formulaire.groupes {
            self.groupe(&mut html, groupe, *required);
        }
        let _written = write!(
            html,
            "<p class=\"aide\">Vos réponses sont conservées {} jours au plus, pour traiter la demande. Vous pourrez les supprimer depuis le récépissé.</p><button type=\"submit\" name=\"action\" value=\"deposer\">Déposer la demande</button></form>",
            self.conservation
        );
        html
    }

    fn presentation(&self) -> String {
        match self.formulaire.api {
            Some(api) => format!(
                "<p>{} <a href=\"{}\">Documentation</a>. <a href=\"/signup\">Choisir une autre API</a>.</p><p class=\"aide\">Sauf mention « facultatif », toutes les réponses sont nécessaires.</p>",
                escape(&api.description),
                escape(&api.documentation)
            ),
            None => "<p>Il vous manque une donnée publique : dites laquelle, et pour quoi faire.</p><p class=\"aide\">Sauf mention « facultatif », toutes les réponses sont nécessaires.</p>".to_owned(),
        }
    }

    /// Everything that is wrong, with a link to each question.
    fn resume(&self) -> String {
        let mut html = String::new();
        if let Some(alerte) = self.alerte {
            let _written = write!(
                html,
                "<div class=\"alerte\" role=\"alert\"><h2>La demande n'est pas enregistrée</h2><p>{}</p></div>",
                escape(alerte)
            );
        }
        if self.erreurs.is_empty() {
            return html;
        }
        html.push_str("<div class=\"alerte\" role=\"alert\"><h2>La demande n'est pas encore complète</h2><ul>");
        for erreur in self.erreurs {
            let _written = write!(
                html,
                "<li><a href=\"#{}\">{}</a></li>",
                escape(&erreur.entree),
                escape(&erreur.message)
            );
        }
        html.push_str("</ul></div>");
        html
    }

    fn groupe(&self, html: &mut String, groupe: &'static Groupe, required: bool) {
        let optional = if required {
            ""
        } else {
            " <span class=\"facultatif\">(facultatif)</span>"
        };
        let _written = write!(
            html,
            "<fieldset id=\"{}\"><legend>{}{optional}</legend>",
            groupe.nom,
            escape(groupe.titre)
        );
        if !groupe.aide.is_empty() {
            let _written = write!(html, "<p class=\"aide\">{}</p>", escape(groupe.aide));
        }
        for champ in self.formulaire.champs(groupe) {
            let entree = groupe.entree(champ);
            let faute = self.erreurs.iter().find(|erreur| erreur.entree == entree);
            html.push_str(if faute.is_some() {
                "<div class=\"question fautive\">"
            } else {
                "<div class=\"question\">"
            });
            let question = Question {
                champ,
                entree: &entree,
                // A group that may be left out says so in its title.
                needed: self.formulaire.exige(champ),
                required,
                faute: faute.map(|erreur| erreur.message.as_str()),
            };
            match champ.genre {
                Genre::Organisation => self.organisation(html, &question),
                Genre::Perimetres => self.perimetres(html, &question),
                Genre::Case => self.case(html, &question, groupe),
                _ => question.texte(html, self.saisie.text(groupe, champ)),
            }
            html.push_str("</div>");
        }
        html.push_str("</fieldset>");
    }

    /// The number, in the component when there is JavaScript; below it, what the registers said.
    fn organisation(&self, html: &mut String, question: &Question<'_>) {
        html.push_str("<registre-organisation name=\"siret\">");
        question.texte(html, self.saisie.organisation());
        let _written = write!(
            html,
            "</registre-organisation><p class=\"sans-script\"><button class=\"second\" type=\"submit\" name=\"action\" value=\"verifier\" formaction=\"{}#organisation\">Vérifier</button></p>",
            escape(&self.formulaire.adresse())
        );
        match self.verification {
            Some(Verification::Acceptee { json, .. }) => {
                html.push_str("<div class=\"verification sans-script\" role=\"status\">");
                organisation(html, json);
                html.push_str("</div>");
            }
            Some(Verification::NonVerifiee { json }) => {
                let _written = write!(
                    html,
                    "<p class=\"verification sans-script\" role=\"status\">{} La demande peut être déposée : elle sera marquée comme non vérifiée.</p>",
                    escape(json["message"].as_str().unwrap_or_default())
                );
            }
            Some(Verification::Refusee(refus)) => propositions(html, refus),
            None => {}
        }
    }

    fn perimetres(&self, html: &mut String, question: &Question<'_>) {
        let _written = write!(
            html,
            "<div role=\"group\" id=\"{entree}\" tabindex=\"-1\" aria-labelledby=\"{entree}-intitule\"><span class=\"intitule\" id=\"{entree}-intitule\">{}</span>",
            escape(question.champ.libelle),
            entree = question.entree,
        );
        question.faute(html);
        for (index, scope) in self.formulaire.perimetres().iter().enumerate() {
            let checked = if self.saisie.perimetres.contains(&scope.code) {
                " checked"
            } else {
                ""
            };
            let _written = write!(
                html,
                "<label class=\"coche\" for=\"perimetre-{index}\"><input type=\"checkbox\" id=\"perimetre-{index}\" name=\"{}\" value=\"{}\"{checked}> {}</label>",
                question.entree,
                escape(&scope.code),
                escape(&scope.libelle)
            );
        }
        html.push_str("</div>");
    }

    fn case(&self, html: &mut String, question: &Question<'_>, groupe: &Groupe) {
        if let Some(api) = self.formulaire.api {
            let _written = write!(
                html,
                "<p><a href=\"{}\">Conditions d'utilisation : {}</a></p>",
                escape(&api.conditions),
                escape(&api.nom)
            );
        }
        question.faute(html);
        let checked = if self.saisie.text(groupe, question.champ).is_empty() {
            ""
        } else {
            " checked"
        };
        let _written = write!(
            html,
            "<label class=\"coche\" for=\"{entree}\"><input type=\"checkbox\" id=\"{entree}\" name=\"{entree}\" value=\"oui\" required{checked}{}> {}</label>",
            question.described(),
            escape(question.champ.libelle),
            entree = question.entree,
        );
    }
}

/// A question as it is shown.
struct Question<'a> {
    champ: &'a Champ,
    entree: &'a str,
    needed: bool,
    required: bool,
    faute: Option<&'a str>,
}

impl Question<'_> {
    /// What describes it: its help, what is wrong with its answer.
    fn described(&self) -> String {
        let mut ids = Vec::new();
        if !self.champ.aide.is_empty() {
            ids.push(format!("{}-aide", self.entree));
        }
        if self.faute.is_some() {
            ids.push(format!("{}-faute", self.entree));
        }
        let mut html = String::new();
        if !ids.is_empty() {
            let _written = write!(html, " aria-describedby=\"{}\"", ids.join(" "));
        }
        if self.faute.is_some() {
            html.push_str(" aria-invalid=\"true\"");
        }
        html
    }

    fn faute(&self, html: &mut String) {
        if let Some(message) = self.faute {
            let _written = write!(
                html,
                "<p class=\"faute\" id=\"{}-faute\">{}</p>",
                self.entree,
                escape(message)
            );
        }
    }

    /// A label, its help, what is wrong, the field.
    fn texte(&self, html: &mut String, value: &str) {
        let Champ {
            libelle,
            aide,
            genre,
            max,
            autocomplete,
            ..
        } = self.champ;
        let optional = if self.needed || !self.required {
            ""
        } else {
            " <span class=\"facultatif\">(facultatif)</span>"
        };
        let _written = write!(
            html,
            "<label for=\"{}\">{}{optional}</label>",
            self.entree,
            escape(libelle)
        );
        if !aide.is_empty() {
            let _written = write!(
                html,
                "<p class=\"aide\" id=\"{}-aide\">{}</p>",
                self.entree,
                escape(aide)
            );
        }
        self.faute(html);
        let required = if self.needed && self.required {
            " required"
        } else {
            ""
        };
        let common = format!(
            "id=\"{entree}\" name=\"{entree}\" maxlength=\"{max}\" autocomplete=\"{autocomplete}\"{required}{}",
            self.described(),
            entree = self.entree,
        );
        let value = escape(value);
        let _written = match genre {
            // A line end right after the tag is not part of the text.
            Genre::Texte => write!(html, "<textarea {common}>\n{value}</textarea>"),
            Genre::Courriel => write!(html, "<input type=\"email\" {common} value=\"{value}\">"),
            Genre::Telephone => write!(html, "<input type=\"tel\" {common} value=\"{value}\">"),
            Genre::Adresse => write!(html, "<input type=\"url\" {common} value=\"{value}\">"),
            Genre::Mois => write!(
                html,
                "<input type=\"text\" inputmode=\"numeric\" {common} value=\"{value}\">"
            ),
            _ => write!(
                html,
                "<input type=\"text\" spellcheck=\"false\" {common} value=\"{value}\">"
            ),
        };
    }
}

/// What to use in place of a number that is refused, a button each.
fn propositions(html: &mut String, refus: &Refus) {
    html.push_str("<div class=\"verification\"><p>");
    html.push_str(&escape(&refus.que_faire));
    html.push_str("</p>");
    for (number, what) in &refus.propositions {
        let _written = write!(
            html,
            "<p><button class=\"second\" type=\"submit\" name=\"remplacer\" value=\"{}\">Utiliser {}, {}</button></p>",
            escape(number),
            escape(&registre_schemas::identifiers::display_form(number)),
            escape(what)
        );
    }
    html.push_str("</div>");
}

/// What the registers said of an organisation.
pub(super) fn organisation(html: &mut String, said: &serde_json::Value) {
    let text = |name: &str| said[name].as_str().filter(|text| !text.is_empty());
    let mut rows = Vec::new();
    match text("nom") {
        Some(nom) => rows.push(("Nom", nom.to_owned())),
        None if said["diffusion_partielle"] == true => rows.push((
            "Nom",
            "masqué à la demande de la personne (diffusion partielle)".to_owned(),
        )),
        None => {}
    }
    for (name, label) in [
        ("siret", "SIRET"),
        ("siren", "SIREN"),
        ("rna", "Numéro RNA"),
        ("tva", "Numéro de TVA"),
    ] {
        if let Some(number) = text(name) {
            rows.push((label, registre_schemas::identifiers::display_form(number)));
        }
    }
    if rows.is_empty()
        && let Some(number) = said["identifiant"]["valeur"].as_str()
    {
        rows.push((
            "Numéro",
            registre_schemas::identifiers::display_form(number),
        ));
    }
    let lines: Vec<&str> = said["adresse"]
        .as_array()
        .map(|lines| lines.iter().filter_map(serde_json::Value::as_str).collect())
        .unwrap_or_default();
    if !lines.is_empty() {
        rows.push(("Adresse", lines.join("\n")));
    }
    if let Some(categorie) = said["categorie_juridique"]["libelle"].as_str() {
        rows.push(("Catégorie juridique", categorie.to_owned()));
    }
    rows.push((
        "Vérification",
        text("message").unwrap_or("non vérifiée").to_owned(),
    ));
    html.push_str("<dl class=\"reponses\">");
    for (label, value) in rows {
        row(html, label, &value);
    }
    html.push_str("</dl>");
}

/// A line of a list of answers.
pub(super) fn row(html: &mut String, label: &str, value: &str) {
    let _written = write!(
        html,
        "<div><dt>{}</dt><dd class=\"reponse\">{}</dd></div>",
        escape(label),
        escape(value)
    );
}
