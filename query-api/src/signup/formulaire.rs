//! A form as it is filled in: what was typed, whether it will do, and the JSON made of it.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::apis::{Api, Perimetre};
use super::champs::{Champ, DONNEE_MANQUANTE, Genre, Groupe, MOIS_MAX, MOIS_SANS_MOTIF};

/// A form: its questions, and what is said around them.
#[derive(Debug)]
pub(super) struct Formulaire<'apis> {
    /// The API asked for; none for data that is missing.
    pub(super) api: Option<&'apis Api>,
    /// Each group, and whether it must be answered.
    pub(super) groupes: Vec<(&'static Groupe, bool)>,
}

/// What a request is about, in the store and the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    AccesApi,
    DonneeManquante,
}

impl Nature {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::AccesApi => "acces_api",
            Self::DonneeManquante => "donnee_manquante",
        }
    }
}

/// What was typed, by the names of the form. Only the names that are asked are kept.
#[derive(Debug, Default, Clone)]
pub(super) struct Saisie {
    textes: BTreeMap<String, String>,
    pub(super) perimetres: Vec<String>,
}

/// An answer that will not do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Erreur {
    /// The name of the answer, which is the anchor of its question.
    pub(super) entree: String,
    pub(super) message: String,
}

impl<'apis> Formulaire<'apis> {
    /// That of a kind of API.
    pub(super) fn of_api(api: &'apis Api) -> Self {
        Self {
            api: Some(api),
            groupes: api.groupes().collect(),
        }
    }

    /// That of missing data.
    pub(super) fn donnee_manquante() -> Self {
        let groupes = DONNEE_MANQUANTE.iter();
        Self {
            api: None,
            groupes: groupes
                .map(|(groupe, required)| (groupe, *required))
                .collect(),
        }
    }

    pub(super) fn nature(&self) -> Nature {
        match self.api {
            Some(_) => Nature::AccesApi,
            None => Nature::DonneeManquante,
        }
    }

    /// Where it is shown and sent to.
    pub(super) fn adresse(&self) -> String {
        match self.api {
            Some(api) => format!("/signup/{}", api.id),
            None => "/demander-une-donnee".to_owned(),
        }
    }

    pub(super) fn perimetres(&self) -> &'apis [Perimetre] {
        self.api.map_or(&[], |api| api.perimetres.as_slice())
    }

    /// The questions it asks: scopes are not asked of an API that has none, its data is described.
    pub(super) fn champs(&self, groupe: &'static Groupe) -> impl Iterator<Item = &'static Champ> {
        let scopes = !self.perimetres().is_empty();
        groupe
            .champs
            .iter()
            .filter(move |champ| champ.genre != Genre::Perimetres || scopes)
    }

    /// Whether an answer is needed. The description of the data is, when there is no scope to tick.
    pub(super) fn exige(&self, champ: &Champ) -> bool {
        champ.exige || (champ.nom == "precisions" && self.perimetres().is_empty())
    }

    /// Reads what was sent: line ends made one, ends trimmed.
    pub(super) fn lire(&self, sent: &[(String, String)]) -> Saisie {
        let mut saisie = Saisie::default();
        for (groupe, _) in &self.groupes {
            for champ in self.champs(groupe) {
                let name = groupe.entree(champ);
                let mut values = sent.iter().filter(|(other, _)| *other == name);
                if champ.genre == Genre::Perimetres {
                    let mut scopes: Vec<String> = values.map(|(_, value)| value.clone()).collect();
                    scopes.sort();
                    scopes.dedup();
                    saisie.perimetres = scopes;
                } else if let Some((_, value)) = values.next() {
                    let value = value.replace("\r\n", "\n").replace('\r', "\n");
                    saisie.textes.insert(name, value.trim().to_owned());
                }
            }
        }
        saisie
    }

    /// Everything that will not do, in the order of the page. Of the organisation, only that it is
    /// given: the registers say the rest.
    pub(super) fn erreurs(&self, saisie: &Saisie) -> Vec<Erreur> {
        let mut erreurs = Vec::new();
        for (groupe, required) in &self.groupes {
            let begun = *required || self.champs(groupe).any(|champ| saisie.has(groupe, champ));
            for champ in self.champs(groupe) {
                let needed = begun && self.exige(champ);
                if let Some(message) = self.erreur(groupe, champ, saisie, needed) {
                    erreurs.push(Erreur {
                        entree: groupe.entree(champ),
                        message,
                    });
                }
            }
        }
        erreurs
    }

    /// Puts errors in the order of the page.
    pub(super) fn ranger(&self, erreurs: &mut [Erreur]) {
        let names: Vec<String> = self
            .groupes
            .iter()
            .flat_map(|(groupe, _)| groupe.champs.iter().map(|champ| groupe.entree(champ)))
            .collect();
        erreurs.sort_by_key(|erreur| names.iter().position(|name| *name == erreur.entree));
    }

    fn erreur(
        &self,
        groupe: &Groupe,
        champ: &Champ,
        saisie: &Saisie,
        needed: bool,
    ) -> Option<String> {
        if champ.genre == Genre::Perimetres {
            return self.erreur_perimetres(saisie, needed);
        }
        let text = saisie.text(groupe, champ);
        if text.is_empty() {
            if needed {
                return Some(absent(champ));
            }
            return manque(groupe, champ, saisie);
        }
        let length = text.chars().count();
        if length > champ.max {
            return Some(format!(
                "{} : {length} caractères, {} au plus sont admis.",
                champ.libelle, champ.max
            ));
        }
        let several = champ.genre == Genre::Texte;
        if text
            .chars()
            .any(|c| c.is_control() && !(several && matches!(c, '\n' | '\t')))
        {
            return Some(format!(
                "{} : un caractère de contrôle s'y trouve. Tapez ce texte plutôt que de le coller.",
                champ.libelle
            ));
        }
        match champ.genre {
            Genre::Courriel if !is_email(text) => Some(format!(
                "{} : ce n'est pas une adresse complète, comme nom@commune.example.",
                champ.libelle
            )),
            Genre::Telephone if telephone(text).is_none() => Some(format!(
                "{} : donnez dix chiffres, ou + et l'indicatif du pays.",
                champ.libelle
            )),
            Genre::Adresse if !is_address(text) => Some(format!(
                "{} : donnez l'adresse complète, avec https://, telle que le navigateur la montre.",
                champ.libelle
            )),
            Genre::Mois => match text.parse::<u32>() {
                Ok(1..=MOIS_MAX) => None,
                _ => Some(format!(
                    "{} : donnez un nombre entier de mois, de 1 à {MOIS_MAX}.",
                    champ.libelle
                )),
            },
            _ => None,
        }
    }

    fn erreur_perimetres(&self, saisie: &Saisie, needed: bool) -> Option<String> {
        let known = |code: &String| self.perimetres().iter().any(|scope| scope.code == *code);
        if !saisie.perimetres.iter().all(known) {
            return Some(
                "Données demandées : l'une n'est pas dans la liste de cette API. Cochez de nouveau celles qu'il vous faut.".to_owned(),
            );
        }
        (needed && saisie.perimetres.is_empty())
            .then(|| "Données demandées : cochez-en au moins une.".to_owned())
    }

    /// The answers as JSON, by group. Of an answer that was not given, nothing; of the organisation,
    /// what the registers said is added by who asked them.
    pub(super) fn json(&self, saisie: &Saisie) -> Map<String, Value> {
        let mut content = Map::new();
        for (groupe, _) in &self.groupes {
            let mut answers = Map::new();
            for champ in self.champs(groupe) {
                if champ.genre == Genre::Perimetres {
                    let asked = self
                        .perimetres()
                        .iter()
                        .filter(|scope| saisie.perimetres.contains(&scope.code));
                    let scopes: Vec<Value> = asked
                        .map(|scope| json!({ "code": scope.code, "libelle": scope.libelle }))
                        .collect();
                    answers.insert(champ.nom.to_owned(), Value::Array(scopes));
                    continue;
                }
                let text = saisie.text(groupe, champ);
                if text.is_empty() || champ.genre == Genre::Organisation {
                    continue;
                }
                let value = match champ.genre {
                    Genre::Mois => json!(text.parse::<u32>().ok()),
                    Genre::Case => Value::Bool(true),
                    Genre::Telephone => json!(telephone(text)),
                    _ => json!(text),
                };
                answers.insert(champ.nom.to_owned(), value);
            }
            if !answers.is_empty() {
                content.insert(groupe.nom.to_owned(), Value::Object(answers));
            }
        }
        content
    }
}

impl Saisie {
    /// What was typed there; nothing is an empty text.
    pub(super) fn text(&self, groupe: &Groupe, champ: &Champ) -> &str {
        self.textes
            .get(&groupe.entree(champ))
            .map_or("", String::as_str)
    }

    fn has(&self, groupe: &Groupe, champ: &Champ) -> bool {
        match champ.genre {
            Genre::Perimetres => !self.perimetres.is_empty(),
            _ => !self.text(groupe, champ).is_empty(),
        }
    }

    /// The number of the organisation, as it was typed.
    pub(super) fn organisation(&self) -> &str {
        self.textes.get("siret").map_or("", String::as_str)
    }

    /// In its place, one that was proposed.
    pub(super) fn remplacer_organisation(&mut self, number: &str) {
        self.textes.insert("siret".to_owned(), number.to_owned());
    }

    /// The same answers give the same text: what tells a submission from its repetition.
    pub(super) fn canonique(&self) -> String {
        json!([self.textes, self.perimetres]).to_string()
    }
}

/// What is said of an answer that is missing.
fn absent(champ: &Champ) -> String {
    match champ.genre {
        Genre::Case => "Cochez la case pour accepter les conditions.".to_owned(),
        _ => format!("{} : répondez à cette question.", champ.libelle),
    }
}

/// What another answer of the group makes necessary.
fn manque(groupe: &Groupe, champ: &Champ, saisie: &Saisie) -> Option<String> {
    let other = |nom: &str| {
        let other = groupe.champs.iter().find(|other| other.nom == nom);
        other.map_or("", |other| saisie.text(groupe, other))
    };
    match (groupe.nom, champ.nom) {
        ("conservation", "motif") => {
            let months: u32 = other("mois").parse().unwrap_or_default();
            (months > MOIS_SANS_MOTIF && months <= MOIS_MAX).then(|| {
                format!("Une conservation de plus de {MOIS_SANS_MOTIF} mois doit être motivée.")
            })
        }
        ("fondement_juridique", "adresse")
            if !other("reference").is_empty() && other("document").is_empty() =>
        {
            Some("Donnez l'adresse du texte, ou décrivez le document plus bas.".to_owned())
        }
        _ => None,
    }
}

/// Shaped like an address that mail can be sent to. Stricter would refuse some that work.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@\"<>()[]\\,;:".contains(c);
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// Its digits, with the `+` of an international number.
fn telephone(text: &str) -> Option<String> {
    let separators = [' ', '\u{a0}', '\u{202f}', '.', '-', '(', ')', '/'];
    // The nought that is not dialled from abroad.
    let text = text.replace("(0)", "");
    let digits: String = text.chars().filter(|c| !separators.contains(c)).collect();
    let national = digits.len() == 10 && digits.starts_with('0');
    let abroad = digits.strip_prefix('+');
    let only = abroad.unwrap_or(&digits);
    let plain = only.bytes().all(|byte| byte.is_ascii_digit());
    let right = match abroad {
        // ITU-T E.164: fifteen digits at most.
        Some(number) => (7..=15).contains(&number.len()) && !number.starts_with('0'),
        None => national,
    };
    (plain && right).then_some(digits)
}

/// Of a page of the web.
fn is_address(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| host.contains('.'))
            && url.username().is_empty()
            && url.password().is_none()
    }) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signup::apis;

    fn sent(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn addresses_of_mail_numbers_and_pages_are_told_from_what_is_not() {
        for text in ["a@b.fr", "prenom.nom+x@mairie-ville.example", "é@école.fr"] {
            assert!(is_email(text), "{text}");
        }
        for text in [
            "",
            "a",
            "a@b",
            "@b.fr",
            "a b@c.fr",
            "a@b..fr",
            "a@-b.fr",
            "<a@b.fr>",
            "a@b.fr, c@d.fr",
        ] {
            assert!(!is_email(text), "{text}");
        }
        assert_eq!(telephone("01 23.45-67 89").as_deref(), Some("0123456789"));
        assert_eq!(telephone("+33 (0)").as_deref(), None);
        assert_eq!(telephone("+687 12 34 56").as_deref(), Some("+687123456"));
        for text in [
            "12",
            "1234567890",
            "+0123456789",
            "appelez-moi",
            "+33 1 23 45 67 89 00 11 22",
        ] {
            assert_eq!(telephone(text), None, "{text}");
        }
        assert!(is_address("https://www.commune.example/a?b=é#c"));
        for text in [
            "commune.fr",
            "javascript:alert(1)",
            "ftp://a.b",
            "https://",
            "https://a",
            "https://u:p@a.b/",
            "https://a.b/ c",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn an_empty_form_lacks_what_each_kind_of_api_needs() {
        let apis = apis::read(None).unwrap();
        let missing = |id: &str| {
            let api = apis.iter().find(|api| api.id == id).unwrap();
            let form = Formulaire::of_api(api);
            let erreurs = form.erreurs(&form.lire(&[]));
            let names = erreurs.into_iter().map(|erreur| erreur.entree);
            names.collect::<Vec<_>>()
        };
        let whole = missing("api-particulier");
        for name in [
            "service.titre",
            "service.usage",
            "siret",
            "delegue_protection_donnees.email",
            "responsable_traitement.nom",
            "contact_technique.email",
            "fondement_juridique.reference",
            "donnees.perimetres",
            "conservation.mois",
            "conservation.destinataires",
            "engagement.conditions",
        ] {
            assert!(
                whole.iter().any(|found| found == name),
                "{name} of {whole:?}"
            );
        }
        assert_eq!(whole.len(), 14, "{whole:?}");
        assert_eq!(missing("registre").len(), 7);
        assert!(missing("autre").contains(&"donnees.precisions".to_owned()));
    }

    #[test]
    fn one_answer_makes_another_necessary() {
        let apis = apis::read(None).unwrap();
        let api = apis.iter().find(|api| api.id == "autre").unwrap();
        let form = Formulaire::of_api(api);
        let messages = |pairs: &[(&str, &str)]| {
            let erreurs = form.erreurs(&form.lire(&sent(pairs)));
            let names = erreurs.into_iter().map(|erreur| erreur.entree);
            names.collect::<Vec<_>>()
        };
        let long = messages(&[("conservation.mois", "37")]);
        assert!(long.contains(&"conservation.motif".to_owned()), "{long:?}");
        assert!(
            long.contains(&"conservation.destinataires".to_owned()),
            "a group begun is finished"
        );
        let short = messages(&[("conservation.mois", "36")]);
        assert!(!short.contains(&"conservation.motif".to_owned()));
        let law = messages(&[("fondement_juridique.reference", "R")]);
        assert!(law.contains(&"fondement_juridique.adresse".to_owned()));
        let described = messages(&[
            ("fondement_juridique.reference", "R"),
            ("fondement_juridique.document", "D"),
        ]);
        assert!(!described.contains(&"fondement_juridique.adresse".to_owned()));
        assert!(
            !messages(&[])
                .iter()
                .any(|name| name.starts_with("fondement")),
            "not asked"
        );
    }

    #[test]
    fn an_answer_is_bounded_and_holds_no_control() {
        let form = Formulaire::donnee_manquante();
        let long = "é".repeat(5001);
        let saisie = form.lire(&sent(&[
            ("donnee.description", &long),
            ("donnee.usage", "a\u{0}b"),
        ]));
        let erreurs = form.erreurs(&saisie);
        assert!(
            erreurs[0].message.contains("5001 caractères, 5000"),
            "{erreurs:?}"
        );
        assert!(erreurs[1].message.contains("contrôle"), "{erreurs:?}");
        let saisie = form.lire(&sent(&[("donnee.usage", " a\r\nb "), ("autre", "x")]));
        assert_eq!(form.json(&saisie)["donnee"]["usage"], "a\nb");
        assert!(
            !saisie.canonique().contains('x'),
            "what is not asked is not kept"
        );
    }

    #[test]
    fn a_scope_that_is_not_of_the_api_is_refused() {
        let apis = apis::read(None).unwrap();
        let form = Formulaire::of_api(&apis[0]);
        let saisie = form.lire(&sent(&[
            ("donnees.perimetres", "tout"),
            ("donnees.perimetres", "bilans_bdf"),
        ]));
        assert!(
            form.erreurs(&saisie)
                .iter()
                .any(|erreur| erreur.message.contains("pas dans la liste"))
        );
    }
}
