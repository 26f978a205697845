//! What parameters must be together, in the order that the service looked at it.

use super::Recherche;
use super::parametres::Valeurs;

/// Results that can be reached, over all pages.
pub(crate) const TOTAL_MAX: usize = 10_000;

pub(super) const PAGE: usize = 1;
pub(super) const PER_PAGE: usize = 10;

/// Say how, not what.
const SANS_FILTRE: [&str; 9] = [
    "page",
    "page_etablissements",
    "per_page",
    "matching_size",
    "radius",
    "minimal",
    "include",
    "include_admin",
    "sort_by_size",
];

/// The same for words that are too short, among which `page_etablissements` counts as a filter.
const SANS_AUTRE_FILTRE: [&str; 9] = [
    "page",
    "per_page",
    "terms",
    "matching_size",
    "radius",
    "minimal",
    "include",
    "include_admin",
    "sort_by_size",
];

/// Words have three characters at least, or a filter beside them.
const LONGUEUR_MIN: usize = 3;

/// The first thing that is wrong.
pub(super) fn check(recherche: Recherche, valeurs: &Valeurs) -> Result<(), String> {
    match wrong(recherche, valeurs) {
        Some(message) => Err(message.to_owned()),
        None => Ok(()),
    }
}

fn wrong(recherche: Recherche, valeurs: &Valeurs) -> Option<&'static str> {
    let is_there = |nom| valeurs.get(nom).is_some();
    let checks = [
        (
            recherche == Recherche::Point && is_there("terms"),
            "Le paramètre 'terms' n'est pas autorisé pour une recherche géographique.",
        ),
        (
            recherche == Recherche::Point && !(is_there("lat") && is_there("lon")),
            "Les paramètres 'lat' et 'long' sont obligatoires pour une recherche géographique.",
        ),
        (
            recherche == Recherche::Texte && (is_there("lat") || is_there("lon")),
            "Les paramètres 'lat', 'long' ne sont autorisés que pour une recherche géographique.",
        ),
        (
            valeurs.entier("page").unwrap_or(PAGE) * valeurs.entier("per_page").unwrap_or(PER_PAGE)
                > TOTAL_MAX,
            "Le nombre total de résultats est restreint à 10 000. Pour garantir cela, le produit du numéro de page (par défaut, page = 1) et du nombre de résultats par page (par défaut, per_page = 10), c'est-à-dire `page * per_page`, ne doit pas excéder 10 000.",
        ),
        (
            valeurs
                .jour("max_date_naiss_personne")
                .zip(valeurs.jour("min_date_naiss_personne"))
                .is_some_and(|(max, min)| max < min),
            "Veuillez indiquer une date minimale inférieure à la date maximale.",
        ),
        (
            is_there("include") && !valeurs.vrai("minimal"),
            // With its two backquotes: it is what clients compare with.
            "Veuillez indiquer si vous souhaitez une réponse minimale avec le filtre `minimal=True`` avant de préciser les champs à inclure.",
        ),
        (
            !valeurs.others_than(&SANS_FILTRE),
            "Veuillez indiquer au moins un paramètre de recherche.",
        ),
        (
            valeurs
                .texte("terms")
                .is_some_and(|terms| terms.chars().count() < LONGUEUR_MIN)
                && !valeurs.others_than(&SANS_AUTRE_FILTRE),
            "3 caractères minimum pour les termes de la requête (ou utilisez au moins un filtre)",
        ),
    ];
    let found = checks.into_iter().find(|(is_wrong, _)| *is_wrong);
    found.map(|(_, message)| message)
}
