//! The routes of the retired `entreprise.data.gouv.fr`, from the tables that make its answers.

mod formes;

use registre_schemas::Table;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use serde_json::json;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required};

use super::common::{Reads, complete};
use super::paths::{id, operation, success, text, unchanged};
use crate::dialects::entreprise_data_gouv::champs::{Champ, Source};
use crate::dialects::entreprise_data_gouv::params::PER_PAGE_MAX;
use crate::dialects::entreprise_data_gouv::{rna, v1, v3};
use crate::error::{Code, PROBLEM_JSON};

use formes::of_champ;
pub(super) use formes::schemas;

/// The tag of these routes.
pub(super) const TAG: &str = "entreprise.data.gouv.fr";

/// What the tag says.
pub(super) const DESCRIPTION: &str = "\
L'ancienne API de data.gouv.fr, telle que ses clients la lisent : SIRENE v3 et v1, RNA v1. Toute valeur est un texte ou null. \
SIRENE v3 répond aussi sous /v3/, et chaque adresse avec .json à la fin. Un numéro inconnu ou mal formé, une liste vide et une page après la dernière sont un 404 `no results found`. \
Qui n'est pas en diffusion complète (statut autre que O) n'a que ses numéros, son statut et ses dates ; il n'est pas dans SIRENE v1.";

type Route = (&'static str, PathItem);

pub(super) fn paths() -> Vec<Route> {
    let siret = || id("siret", "Numéro SIRET", "13002526500013");
    let siren = || id("siren", "Numéro SIREN", "130025265");
    let words = |example| id("text", "Les mots cherchés, ou * pour tout", example);
    vec![
        route(
            "/api/sirene/v3/etablissements/{siret}",
            operation(TAG, "v3_etablissement", "SIRENE v3 : un établissement, par son SIRET", "Avec son unité légale et le siège de celle-ci. Les colonnes sont aussi des filtres.")
                .parameter(siret()),
            "V3ReponseEtablissement",
        ),
        route(
            "/api/sirene/v3/etablissements",
            list(filters(operation(TAG, "v3_etablissements", "SIRENE v3 : des établissements", "Ceux dont chaque colonne donnée a exactement cette valeur, par SIRET croissant."), &v3::ETABLISSEMENTS, &ETABLISSEMENT), v3::PER_PAGE),
            "V3ReponseEtablissements",
        ),
        route(
            "/api/sirene/v3/unites_legales/{siren}",
            operation(TAG, "v3_unite_legale", "SIRENE v3 : une unité légale, par son SIREN", "Avec son siège et tous ses établissements.")
                .parameter(siren()),
            "V3ReponseUniteLegale",
        ),
        route(
            "/api/sirene/v3/unites_legales",
            list(filters(operation(TAG, "v3_unites_legales", "SIRENE v3 : des unités légales", &format!("Celles dont chaque colonne donnée a exactement cette valeur, par SIREN croissant, chacune avec ses {} premiers établissements.", v3::PAR_UNITE)), &v3::UNITES_LEGALES, &UNITE_LEGALE), v3::PER_PAGE),
            "V3ReponseUnitesLegales",
        ),
        route(
            "/api/sirene/v1/siret/{siret}",
            operation(TAG, "v1_siret", "SIRENE v1 : un établissement ouvert, par son SIRET", "Les colonnes des fichiers d'avant 2019 ; celles que l'Insee ne publie plus sont null.")
                .parameter(siret()),
            "V1ReponseEtablissement",
        ),
        route(
            "/api/sirene/v1/siren/{siren}",
            operation(TAG, "v1_siren", "SIRENE v1 : le siège ouvert d'une unité légale", "Avec les SIRET de ses autres établissements ouverts.")
                .parameter(siren()),
            "V1ReponseUniteLegale",
        ),
        route(
            "/api/sirene/v1/full_text/{text}",
            list(of_v1(operation(TAG, "v1_full_text", "SIRENE v1 : des établissements ouverts, par des mots", "Tous les mots, dans les noms de l'unité légale, l'enseigne, la voie ou la commune, sans égard aux accents ; les sièges d'abord. `total_results` compte les établissements des 2 000 unités légales qui y répondent le mieux.")
                .parameter(words("poste"))), v1::PER_PAGE),
            "V1ReponseTexte",
        ),
        route(
            "/api/sirene/v1/near_point",
            list(operation(TAG, "v1_near_point", "SIRENE v1 : les établissements ouverts autour d'un point", "Dans un carré, par SIRET croissant. Sans latitude ou longitude : 400.")
                .parameter(needed("lat", "Latitude, en degrés", "48.85"))
                .parameter(needed("long", "Longitude, en degrés", "2.31"))
                .parameter(query("radius", "Rayon, en kilomètres (5)"))
                .parameter(query("activite_principale", "Activité, sans point"))
                .parameter(query("approximate_activity", "Activité dont les deux premiers caractères suffisent")), v1::PER_PAGE),
            "V1ReponsePoint",
        ),
        route(
            "/api/rna/v1/id/{id}",
            operation(TAG, "rna_id", "RNA v1 : une association, par son numéro", "Tel que le RNA l'écrit.")
                .parameter(id("id", "Numéro RNA", "W751004076")),
            "RnaReponse",
        ),
        route(
            "/api/rna/v1/siret/{siret}",
            operation(TAG, "rna_siret", "RNA v1 : l'association qui a déclaré ce SIRET", "Aucune quand l'unité légale n'est pas en diffusion complète.")
                .parameter(siret()),
            "RnaReponse",
        ),
        route(
            "/api/rna/v1/full_text/{text}",
            list(operation(TAG, "rna_full_text", "RNA v1 : des associations, par les mots de leur titre", "Tous les mots, sans égard aux accents ; les titres les plus courts d'abord.")
                .parameter(words("*")), rna::PER_PAGE),
            "RnaReponseTexte",
        ),
    ]
}

/// Its errors are a message, not a problem.
fn route(path: &'static str, operation: OperationBuilder, answer: &str) -> Route {
    let operation = operation
        .response("200", success(answer))
        .response("304", unchanged());
    let mut operation = complete(path, operation, Reads::Rows, &[Code::Inconnu]);
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.content.shift_remove(PROBLEM_JSON).is_some()
        {
            let message = Ref::from_schema_name("MessageErreur");
            let content = ContentBuilder::new().schema(Some(message)).build();
            response
                .content
                .insert("application/json".to_owned(), content.into());
        }
    }
    (path, PathItem::new(HttpMethod::Get, operation))
}

fn query(name: &str, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text()))
}

fn needed(name: &str, description: &str, example: &str) -> ParameterBuilder {
    query(name, description)
        .required(Required::True)
        .example(Some(json!(example)))
}

fn list(operation: OperationBuilder, per_page: u16) -> OperationBuilder {
    operation
        .parameter(query("page", "Numéro de la page (1)"))
        .parameter(query(
            "per_page",
            &format!("Résultats par page ({per_page}), {PER_PAGE_MAX} au plus"),
        ))
}

/// Every column that has a value.
fn filters(
    mut operation: OperationBuilder,
    champs: &'static [Champ],
    table: &'static Table,
) -> OperationBuilder {
    for champ in champs {
        if !matches!(champ.source, Source::Absente | Source::Moment) {
            operation = operation.parameter(query(champ.nom, &of_champ(table, champ)));
        }
    }
    operation
}

fn of_v1(mut operation: OperationBuilder) -> OperationBuilder {
    for (name, description) in [
        (
            "activite_principale",
            "Activité de l'établissement, sans point",
        ),
        ("code_commune", "Code de la commune, 5 caractères"),
        ("code_postal", "Code postal"),
        ("departement", "Début du code de la commune"),
        ("is_ess", "Économie sociale et solidaire : O ou N"),
        ("is_entrepreneur_individuel", "yes ou no"),
        (
            "tranche_effectif_salarie_entreprise",
            "Tranche d'effectif de l'unité légale",
        ),
    ] {
        operation = operation.parameter(query(name, description));
    }
    operation
}
