//! The routes of API Recherche d'entreprises, from the tables that make its answers.

use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required};

use super::common::{Reads, complete};
use super::components::{array, integer, object, or_null, reference, text};
use super::paths::{Route, id, operation, success, unchanged};
use crate::dialects::recherche_entreprises::champs::{
    COMPLEMENTS, ChampLieu, Complement, LIEU, Ou, Partie, Place, UNITE, Unite,
};
use crate::dialects::recherche_entreprises::parametres::{Genre, PARAMETRES, Parametre};
use crate::dialects::recherche_entreprises::{SOURCES, TOTAL_MAX};
use crate::error::{Code, PROBLEM_JSON};

/// The tag of these routes.
pub(super) const TAG: &str = "API Recherche d'entreprises";

/// What the tag says.
pub(super) const DESCRIPTION: &str = "\
Les adresses, paramètres, messages et champs de recherche-entreprises.api.gouv.fr : un client change son adresse de base. \
Ce qui vient d'autres sources que SIRENE et le RNA est null, false ou vide ; la page /integration/recherche-entreprises le dit champ par champ. \
Une erreur est `{\"erreur\": …}` ; une méthode autre que GET et HEAD est un 404.";

pub(super) fn paths() -> Vec<Route> {
    let search = operation(
        TAG,
        "recherche_entreprises_search",
        "Chercher des entreprises",
        &format!(
            "Par un SIREN ou un SIRET, qui répondent sans index de recherche et sans égard aux filtres ; ou par des mots et des filtres. {TOTAL_MAX} résultats au plus sont atteints."
        ),
    );
    let around = operation(
        TAG,
        "recherche_entreprises_near_point",
        "Chercher autour d'un point",
        "Les unités légales d'un établissement, ouvert ou non, à moins de radius kilomètres. Seuls les filtres activite_principale et section_activite_principale comptent. Sans latitude ou longitude : 400.",
    );
    let siren = id("siren", "Numéro SIREN, neuf chiffres", "130025265");
    vec![
        route(
            "/search",
            parameters(search, &["lat", "lon", "radius"]),
            "RechercheEntreprises",
        ),
        route(
            "/near_point",
            parameters(around, &["terms"]),
            "RechercheEntreprises",
        ),
        route(
            "/idcc/metadata",
            operation(
                TAG,
                "recherche_entreprises_idcc_metadata",
                "Les conventions collectives",
                "Toujours vide : ce service n'a pas cette donnée.",
            ),
            "RechercheEntreprisesIdcc",
        ),
        route(
            "/idcc/{siren}",
            operation(
                TAG,
                "recherche_entreprises_idcc",
                "Les conventions collectives d'une unité légale",
                "Toujours vide : ce service n'a pas cette donnée.",
            )
            .parameter(siren),
            "RechercheEntreprisesIdcc",
        ),
        route(
            "/sources/last_modified",
            operation(
                TAG,
                "recherche_entreprises_sources",
                "Les dates des sources",
                "Celle de sirene ; null pour celles que ce service n'a pas.",
            ),
            "RechercheEntreprisesSources",
        ),
    ]
}

/// Its errors have their own shape.
fn route(path: &'static str, operation: OperationBuilder, answer: &str) -> Route {
    let operation = operation
        .response("200", success(answer))
        .response("304", unchanged());
    let mut operation = complete(path, operation, Reads::Rows, &[Code::ParametreInvalide]);
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.content.shift_remove(PROBLEM_JSON).is_some()
        {
            let erreur = Ref::from_schema_name("RechercheEntreprisesErreur");
            let content = ContentBuilder::new().schema(Some(erreur)).build();
            response
                .content
                .insert("application/json".to_owned(), content.into());
        }
    }
    (path, PathItem::new(HttpMethod::Get, operation))
}

fn parameters(mut operation: OperationBuilder, but: &[&str]) -> OperationBuilder {
    for parametre in &PARAMETRES {
        if !but.contains(&parametre.nom) {
            operation = operation.parameter(parameter(parametre));
        }
    }
    operation
}

fn parameter(parametre: &Parametre) -> ParameterBuilder {
    let value = |kind| ObjectBuilder::new().schema_type(kind);
    let schema = match parametre.genre {
        Genre::Entier(min, max, _) => value(Type::Integer).minimum(Some(min)).maximum(Some(max)),
        Genre::Flottant(min, max, _) => value(Type::Number).minimum(Some(min)).maximum(Some(max)),
        Genre::Booleen => value(Type::Boolean),
        Genre::Parmi(values) => value(Type::String).enum_values(Some(values.iter().copied())),
        Genre::Longueur(length) => value(Type::String)
            .min_length(Some(length))
            .max_length(Some(length)),
        _ => value(Type::String),
    };
    let list = match parametre.genre {
        Genre::Codes(_) | Genre::Forme(_) | Genre::Collectivites | Genre::Parties(_) => {
            " ; plusieurs, séparés par des virgules"
        }
        _ => "",
    };
    ParameterBuilder::new()
        .name(parametre.alias)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(format!("{}{list}", parametre.description)))
        .schema(Some(schema))
}

fn of_type(kind: SchemaType, description: &str) -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(kind)
        .description(Some(description));
    Schema::from(object.build()).into()
}

fn texts(description: &str) -> RefOr<Schema> {
    let list = ArrayBuilder::new()
        .schema_type(or_null(Type::Array, true))
        .items(text(""))
        .description(Some(description));
    Schema::from(list.build()).into()
}

const NUL: &str = "Toujours null : d'une autre source";
const FAUX: &str = "Toujours false : d'une autre source";

fn of_unite(champ: Unite) -> RefOr<Schema> {
    let optional = or_null(Type::String, true);
    match champ {
        Unite::Colonne(index) => {
            let column = &registre_schemas::unite_legale::UNITE_LEGALE.columns[index];
            of_type(optional, column.description)
        }
        Unite::Nom(_) | Unite::Sigle(_) => {
            of_type(optional, "[NON-DIFFUSIBLE] quand la personne l'a demandé")
        }
        Unite::Texte(_) => of_type(optional, "Fait des colonnes du répertoire"),
        Unite::Nombre(_) => Schema::from(integer("Ouverts ou non, ou ouverts seulement")).into(),
        Unite::Moment => of_type(optional, "Quand le jeu de données a été fait"),
        Unite::Nul | Unite::Partie(Partie::Vide) => of_type(optional, NUL),
        Unite::Partie(Partie::Siege) => reference("RechercheEntreprisesSiege"),
        Unite::Partie(Partie::Dirigeants) => {
            let none = ArrayBuilder::new().description(Some("Toujours vide : d'une autre source"));
            Schema::from(none.build()).into()
        }
        Unite::Partie(Partie::Cites) => array("RechercheEntreprisesEtablissement"),
        Unite::Partie(Partie::Liste) => array("RechercheEntreprisesEtablissementListe"),
        Unite::Partie(Partie::Complements) => reference("RechercheEntreprisesComplements"),
        Unite::Partie(Partie::Score) => {
            of_type(Type::Number.into(), "Plus il est grand, mieux c'est")
        }
    }
}

fn of_lieu(champ: &ChampLieu) -> RefOr<Schema> {
    match champ.source {
        Place::Colonne(index) => {
            let column = &registre_schemas::etablissement::ETABLISSEMENT.columns[index];
            of_type(or_null(Type::String, true), column.description)
        }
        Place::Texte(_) => of_type(
            or_null(Type::String, true),
            "Fait des colonnes du répertoire",
        ),
        Place::EstSiege => of_type(Type::Boolean.into(), "Siège de l'unité légale"),
        Place::AncienSiege => of_type(Type::Boolean.into(), "A été le siège, ne l'est plus"),
        Place::Enseignes(_) => texts("Enseignes, null s'il n'y en a pas"),
        Place::Successions => reference("RechercheEntreprisesSuccessions"),
        Place::Nul => of_type(or_null(Type::String, true), NUL),
    }
}

fn lieu(has: impl Fn(Ou) -> bool) -> Object {
    let mut object = ObjectBuilder::new();
    for champ in LIEU.iter().filter(|champ| has(champ.ou)) {
        object = object.property(champ.nom, of_lieu(champ));
    }
    object.build()
}

fn complements() -> Object {
    let mut object = ObjectBuilder::new();
    for (nom, complement) in &COMPLEMENTS {
        let schema = match complement {
            Complement::Vrai(_) => of_type(Type::Boolean.into(), "Par le répertoire Sirene"),
            Complement::Texte(_) => {
                of_type(or_null(Type::String, true), "Par le répertoire Sirene")
            }
            Complement::Faux => of_type(Type::Boolean.into(), FAUX),
            Complement::Nul => of_type(or_null(Type::String, true), NUL),
        };
        object = object.property(*nom, schema).required(*nom);
    }
    object.build()
}

/// The shapes and their names.
pub(super) fn schemas() -> Vec<(&'static str, Object)> {
    let mut unite = ObjectBuilder::new();
    for (nom, champ) in &UNITE {
        unite = unite.property(*nom, of_unite(*champ));
        if !matches!(champ, Unite::Partie(_)) {
            unite = unite.required(*nom);
        }
    }
    let mut sources = ObjectBuilder::new();
    for source in SOURCES {
        sources = sources.property(source, of_type(or_null(Type::String, true), "AAAA-MM-JJ"));
    }
    let number = |description| RefOr::from(Schema::from(integer(description)));
    let optional = |kind, description| of_type(or_null(kind, true), description);
    vec![
        (
            "RechercheEntreprises",
            object([
                ("results", array("RechercheEntreprisesResultat")),
                (
                    "total_results",
                    number("Sur toutes les pages, 10 000 au plus"),
                ),
                ("page", number("Numéro de la page")),
                ("per_page", number("Résultats par page")),
                ("total_pages", number("Nombre de pages")),
            ]),
        ),
        ("RechercheEntreprisesResultat", unite.build()),
        (
            "RechercheEntreprisesSiege",
            lieu(|ou| matches!(ou, Ou::Siege | Ou::Partout)),
        ),
        (
            "RechercheEntreprisesEtablissement",
            lieu(|ou| matches!(ou, Ou::Listes | Ou::Partout)),
        ),
        (
            "RechercheEntreprisesEtablissementListe",
            lieu(|ou| ou != Ou::Siege),
        ),
        ("RechercheEntreprisesComplements", complements()),
        (
            "RechercheEntreprisesSuccessions",
            object([
                ("predecesseurs", array("RechercheEntreprisesLien")),
                ("successeurs", array("RechercheEntreprisesLien")),
            ]),
        ),
        (
            "RechercheEntreprisesLien",
            object([
                ("siret", optional(Type::String, "Numéro SIRET de l'autre")),
                ("date_lien_succession", optional(Type::String, "AAAA-MM-JJ")),
                (
                    "transfert_siege",
                    optional(Type::Boolean, "Le siège a été transféré"),
                ),
                (
                    "continuite_economique",
                    optional(Type::Boolean, "L'activité a continué"),
                ),
            ]),
        ),
        ("RechercheEntreprisesSources", sources.build()),
        (
            "RechercheEntreprisesIdcc",
            ObjectBuilder::new()
                .description(Some("Toujours vide"))
                .build(),
        ),
        (
            "RechercheEntreprisesErreur",
            object([(
                "erreur",
                Schema::from(text("Ce qui n'a pas été, en français")).into(),
            )]),
        ),
    ]
}
