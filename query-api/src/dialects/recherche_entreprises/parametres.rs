//! The parameters, as a table in the order that the service looked at them, and what it said of each that
//! it could not take.
//!
//! Each has the name that is documented and the one the service had inside: both are read, the last in the
//! address counts, and messages give now one, now the other.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use chrono::NaiveDate;
use std::convert::Infallible;

use super::codes::{Codes, en_python};
use super::python;

/// One parameter.
#[derive(Debug)]
pub(crate) struct Parametre {
    /// Inside the service.
    pub(crate) nom: &'static str,
    /// As documented.
    pub(crate) alias: &'static str,
    pub(crate) genre: Genre,
    /// For the documentation.
    pub(crate) description: &'static str,
}

/// What a parameter may be. A list is of values separated by commas.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Genre {
    /// Bounds, and what is used without it, as messages write it.
    Entier(i64, i64, &'static str),
    Flottant(f64, f64, &'static str),
    /// Codes of a list.
    Codes(Codes),
    /// Values of a form.
    Forme(fn(&str) -> bool),
    Booleen,
    /// A text of that many characters.
    Longueur(usize),
    /// Codes of collectivités: two characters at least.
    Collectivites,
    Texte,
    /// A text that is put in capitals.
    Majuscules,
    /// Of a person: in small letters, without hyphens.
    Nom,
    Jour,
    /// One of these, in capitals.
    Parmi(&'static [&'static str]),
    /// Parts of the answer, in capitals.
    Parties(&'static [&'static str]),
}

/// The largest and, negative, the smallest of amounts.
const MONTANT: i64 = 9_223_372_036_854_775_295;

/// Parts that `include` names, in the order of its message.
pub(crate) const PARTIES: [&str; 7] = [
    "COMPLEMENTS",
    "DIRIGEANTS",
    "FINANCES",
    "SCORE",
    "SIEGE",
    "MATCHING_ETABLISSEMENTS",
    "TVA",
];

/// Parts that `include_admin` names.
pub(crate) const PARTIES_ADMIN: [&str; 4] =
    ["ETABLISSEMENTS", "IMMATRICULATION", "BODACC", "ADMIN"];

const fn p(
    nom: &'static str,
    alias: &'static str,
    genre: Genre,
    description: &'static str,
) -> Parametre {
    Parametre {
        nom,
        alias,
        genre,
        description,
    }
}

const RIEN: &str =
    "Ce service n'a pas cette donnée : true ne trouve personne, false ne change rien";
const PERSONNE: &str = "Ce service n'a pas cette donnée : avec ce paramètre, aucun résultat";

/// All of them, in the order of validation.
#[rustfmt::skip] // one line per parameter reads as a table
pub(crate) static PARAMETRES: [Parametre; 56] = {
    use Genre::{Booleen, Codes, Collectivites, Entier, Flottant, Forme, Jour, Longueur, Majuscules, Nom, Parmi, Parties, Texte};
    [
        p("page", "page", Entier(1, 1000, "1"), "Numéro de la page (1)"),
        p("page_etablissements", "page_etablissements", Entier(1, 1000, "None"), "Avec un SIREN : page de cent de ses établissements"),
        p("per_page", "per_page", Entier(1, 25, "10"), "Résultats par page (10)"),
        p("terms", "q", Majuscules, "Ce qui est cherché : un nom, une adresse, un SIREN ou un SIRET ; trois caractères au moins, sauf avec un filtre"),
        p("activite_principale_unite_legale", "activite_principale", Codes(super::codes::Codes::Activites), "Codes NAF rév. 2 de l'unité légale, avec leur point"),
        p("categorie_entreprise", "categorie_entreprise", Codes(super::codes::Codes::Categories), "PME, ETI, GE"),
        p("commune", "code_commune", Forme(is_commune), "Codes de commune d'un établissement, ouvert ou non"),
        p("code_postal", "code_postal", Forme(is_code_postal), "Codes postaux d'un établissement, ouvert ou non"),
        p("departement", "departement", Codes(super::codes::Codes::Departements), "Départements d'un établissement, ouvert ou non"),
        p("region", "region", Codes(super::codes::Codes::Regions), "Régions d'un établissement, ouvert ou non"),
        p("est_entrepreneur_individuel", "est_entrepreneur_individuel", Booleen, "Entrepreneur individuel"),
        p("section_activite_principale", "section_activite_principale", Codes(super::codes::Codes::Sections), "Sections de la NAF rév. 2, de A à U"),
        p("tranche_effectif_salarie_unite_legale", "tranche_effectif_salarie", Codes(super::codes::Codes::Tranches), "Tranches d'effectif de l'unité légale"),
        p("convention_collective_renseignee", "convention_collective_renseignee", Booleen, RIEN),
        p("egapro_renseignee", "egapro_renseignee", Booleen, RIEN),
        p("est_achats_responsables", "est_achats_responsables", Booleen, RIEN),
        p("est_alim_confiance", "est_alim_confiance", Booleen, RIEN),
        p("epci", "epci", Forme(is_siren), "SIREN des EPCI à fiscalité propre d'un établissement, ouvert ou non"),
        p("est_bio", "est_bio", Booleen, RIEN),
        p("est_finess", "est_finess", Booleen, RIEN),
        p("est_uai", "est_uai", Booleen, RIEN),
        p("est_collectivite_territoriale", "est_collectivite_territoriale", Booleen, RIEN),
        p("est_entrepreneur_spectacle", "est_entrepreneur_spectacle", Booleen, RIEN),
        p("est_patrimoine_vivant", "est_patrimoine_vivant", Booleen, RIEN),
        p("est_association", "est_association", Booleen, "Association"),
        p("est_ess", "est_ess", Booleen, "Économie sociale et solidaire, par le répertoire Sirene"),
        p("est_organisme_formation", "est_organisme_formation", Booleen, RIEN),
        p("est_qualiopi", "est_qualiopi", Booleen, RIEN),
        p("est_rge", "est_rge", Booleen, RIEN),
        p("est_administration", "est_administration", Booleen, "Administration, par sa catégorie juridique"),
        p("est_societe_mission", "est_societe_mission", Booleen, "Société à mission ; false : celles dont le répertoire dit non"),
        p("id_convention_collective", "id_convention_collective", Longueur(4), PERSONNE),
        p("id_finess", "id_finess", Longueur(9), PERSONNE),
        p("id_uai", "id_uai", Longueur(8), PERSONNE),
        p("code_collectivite_territoriale", "code_collectivite_territoriale", Collectivites, PERSONNE),
        p("id_rge", "id_rge", Texte, PERSONNE),
        p("nom_personne", "nom_personne", Nom, PERSONNE),
        p("prenoms_personne", "prenoms_personne", Nom, PERSONNE),
        p("min_date_naiss_personne", "date_naissance_personne_min", Jour, PERSONNE),
        p("max_date_naiss_personne", "date_naissance_personne_max", Jour, PERSONNE),
        p("ca_min", "ca_min", Entier(-MONTANT, MONTANT, "None"), PERSONNE),
        p("ca_max", "ca_max", Entier(-MONTANT, MONTANT, "None"), PERSONNE),
        p("resultat_net_min", "resultat_net_min", Entier(-MONTANT, MONTANT, "None"), PERSONNE),
        p("resultat_net_max", "resultat_net_max", Entier(-MONTANT, MONTANT, "None"), PERSONNE),
        p("type_personne", "type_personne", Parmi(&["ELU", "DIRIGEANT"]), "Dit où chercher nom_personne : sans effet ici"),
        p("etat_administratif_unite_legale", "etat_administratif", Parmi(&["A", "C"]), "A active, C cessée"),
        p("nature_juridique_unite_legale", "nature_juridique", Codes(super::codes::Codes::NaturesJuridiques), "Catégories juridiques, quatre chiffres"),
        p("est_siae", "est_siae", Booleen, RIEN),
        p("matching_size", "limite_matching_etablissements", Entier(1, 100, "10"), "Établissements donnés avec chaque résultat (10)"),
        p("lat", "lat", Flottant(-90.0, 90.0, "None"), "Latitude, en degrés"),
        p("lon", "long", Flottant(-180.0, 180.0, "None"), "Longitude, en degrés"),
        p("radius", "radius", Flottant(0.001, 50.0, "5"), "Rayon, en kilomètres (5)"),
        p("minimal", "minimal", Booleen, "Une réponse sans siege, finances, tva, complements, dirigeants ni matching_etablissements"),
        p("include", "include", Parties(&PARTIES), "Avec minimal=true : ce qui est gardé"),
        p("include_admin", "include_admin", Parties(&PARTIES_ADMIN), "etablissements : cent établissements ; immatriculation, bodacc, admin : null"),
        p("sort_by_size", "sort_by_size", Booleen, "Les plus grands d'abord"),
    ]
};

fn is_siren(text: &str) -> bool {
    text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `^([013-9]\d|2[AB1-9])\d{3}$`
fn is_commune(text: &str) -> bool {
    let [first, second, rest @ ..] = text.as_bytes() else {
        return false;
    };
    let departement = match first {
        b'2' => matches!(second, b'A' | b'B' | b'1'..=b'9'),
        _ => first.is_ascii_digit() && second.is_ascii_digit(),
    };
    departement && rest.len() == 3 && rest.iter().all(u8::is_ascii_digit)
}

/// `^((0[1-9])|([1-8][0-9])|(9[0-8])|(2A)|(2B))[0-9]{3}$`
fn is_code_postal(text: &str) -> bool {
    let [first, second, rest @ ..] = text.as_bytes() else {
        return false;
    };
    let departement = matches!(
        (first, second),
        (b'0', b'1'..=b'9')
            | (b'1'..=b'8', b'0'..=b'9')
            | (b'9', b'0'..=b'8')
            | (b'2', b'A' | b'B')
    );
    departement && rest.len() == 3 && rest.iter().all(u8::is_ascii_digit)
}

/// A value that was taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Valeur {
    Entier(i64),
    Reel(f64),
    Texte(String),
    Liste(Vec<String>),
    Booleen(bool),
    Jour(NaiveDate),
}

impl Parametre {
    /// Reads a value, or says what is wrong with it.
    fn read(&self, text: &str) -> Result<Valeur, String> {
        match self.genre {
            Genre::Entier(min, max, defaut) => {
                let number = python::entier(text).ok_or_else(|| {
                    format!("Veuillez indiquer un paramètre `{}` entier.", self.nom)
                })?;
                let within = (min..=max).contains(&number);
                within
                    .then_some(Valeur::Entier(number))
                    .ok_or_else(|| self.out_of_range(min, max, defaut))
            }
            Genre::Flottant(min, max, defaut) => {
                let number = python::flottant(text).ok_or_else(|| {
                    format!("Veuillez indiquer un paramètre `{}` flottant.", self.nom)
                })?;
                let within = (min..=max).contains(&number);
                within
                    .then_some(Valeur::Reel(number))
                    .ok_or_else(|| self.out_of_range(min, max, defaut))
            }
            Genre::Codes(codes) => Self::list(
                text,
                |code| codes.has(code),
                || {
                    format!(
                        "Au moins un paramètre `{}` est non valide. Les valeurs valides : {}.",
                        self.alias,
                        en_python(codes.liste().iter().copied())
                    )
                },
            ),
            Genre::Forme(is_so) => Self::list(text, is_so, || {
                format!(
                    "Au moins une valeur du paramètre {} est non valide.",
                    self.nom
                )
            }),
            Genre::Collectivites => Self::list(
                text,
                |code| code.chars().count() >= 2,
                || {
                    // The line was cut in the source of the service: so it is in its answers.
                    format!(
                        "Chaque identifiant code insee d'une collectivité\n{:20}territoriale doit contenir au moins 2 caractères.",
                        ""
                    )
                },
            ),
            Genre::Parties(parties) => Self::list(
                text,
                |part| parties.contains(&part),
                || {
                    let parties: Vec<_> = parties.iter().map(|part| part.to_lowercase()).collect();
                    format!(
                        "Au moins un champ à inclure est non valide. Les champs valides : {}.",
                        en_python(parties.iter().map(String::as_str))
                    )
                },
            ),
            Genre::Booleen if text.eq_ignore_ascii_case("true") => Ok(Valeur::Booleen(true)),
            Genre::Booleen if text.eq_ignore_ascii_case("false") => Ok(Valeur::Booleen(false)),
            Genre::Booleen => Err(format!(
                "{} doit prendre la valeur 'true' ou 'false' !",
                self.nom
            )),
            Genre::Longueur(length) if text.chars().count() == length => {
                Ok(Valeur::Texte(text.to_owned()))
            }
            Genre::Longueur(length) => Err(format!(
                "Le paramètre `{}` doit contenir {length} caractères.",
                self.nom
            )),
            Genre::Texte => Ok(Valeur::Texte(text.to_owned())),
            Genre::Majuscules => Ok(Valeur::Texte(text.to_uppercase())),
            Genre::Nom => Ok(Valeur::Texte(text.replace('-', " ").to_lowercase())),
            Genre::Jour => python::date(text).map(Valeur::Jour).ok_or_else(|| {
                "Veuillez indiquer une date sous le format : aaaa-mm-jj. Exemple : '1990-01-02'"
                    .to_owned()
            }),
            Genre::Parmi(values) => {
                let text = text.to_uppercase();
                if values.contains(&text.as_str()) {
                    return Ok(Valeur::Texte(text));
                }
                Err(format!(
                    "Le paramètre `{}` doit prendre une des valeurs suivantes {}.",
                    self.alias,
                    en_python(values.iter().copied())
                ))
            }
        }
    }

    fn out_of_range(
        &self,
        min: impl std::fmt::Display,
        max: impl std::fmt::Display,
        defaut: &str,
    ) -> String {
        format!(
            "Veuillez indiquer un paramètre `{}` entre `{min}` et `{max}`, par défaut `{defaut}`.",
            self.nom
        )
    }

    /// Without hyphens and spaces, in capitals, cut at commas: an empty text is a list of one.
    fn list(
        text: &str,
        is_valid: impl Fn(&str) -> bool,
        message: impl Fn() -> String,
    ) -> Result<Valeur, String> {
        let text = text.replace(['-', ' '], "").to_uppercase();
        let values: Vec<String> = text.split(',').map(str::to_owned).collect();
        if values.iter().all(|value| is_valid(value)) {
            Ok(Valeur::Liste(values))
        } else {
            Err(message())
        }
    }
}

/// The pairs of the query.
#[derive(Debug, Default)]
pub(crate) struct Paires(pub(super) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Paires {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        Ok(pairs.map(|Query(pairs)| Self(pairs)).unwrap_or_default())
    }
}

/// The values that were given, each valid by itself.
#[derive(Debug)]
pub(super) struct Valeurs(Vec<(&'static str, Valeur)>);

impl Valeurs {
    /// One by one in the order of the table: the first that is wrong is told.
    pub(super) fn of(pairs: &Paires) -> Result<Self, String> {
        let mut valeurs = Vec::new();
        for parametre in &PARAMETRES {
            let given =
                |(name, _): &&(String, String)| name == parametre.nom || name == parametre.alias;
            if let Some((_, text)) = pairs.0.iter().rev().find(given) {
                valeurs.push((parametre.nom, parametre.read(text)?));
            }
        }
        Ok(Self(valeurs))
    }

    /// The value of a parameter, by its inner name.
    pub(super) fn get(&self, nom: &str) -> Option<&Valeur> {
        debug_assert!(PARAMETRES.iter().any(|known| known.nom == nom), "{nom}");
        let found = self.0.iter().find(|(given, _)| *given == nom);
        found.map(|(_, valeur)| valeur)
    }

    /// All that were given.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &Valeur)> {
        self.0.iter().map(|(nom, valeur)| (*nom, valeur))
    }

    pub(super) fn entier(&self, nom: &str) -> Option<usize> {
        match self.get(nom)? {
            Valeur::Entier(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn reel(&self, nom: &str) -> Option<f64> {
        match self.get(nom)? {
            Valeur::Reel(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn texte(&self, nom: &str) -> Option<&str> {
        match self.get(nom)? {
            Valeur::Texte(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn liste(&self, nom: &str) -> Option<&[String]> {
        match self.get(nom)? {
            Valeur::Liste(values) => Some(values),
            _ => None,
        }
    }

    pub(super) fn jour(&self, nom: &str) -> Option<NaiveDate> {
        match self.get(nom)? {
            Valeur::Jour(day) => Some(*day),
            _ => None,
        }
    }

    /// Whether it was given as true.
    pub(super) fn vrai(&self, nom: &str) -> bool {
        self.get(nom) == Some(&Valeur::Booleen(true))
    }

    /// Whether any was given but these.
    pub(super) fn others_than(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(nom, _)| !names.contains(nom))
    }
}
