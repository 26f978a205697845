//! The routes, with an example of each that answers.

use serde_json::json;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Object, Paths, Ref, RefOr, Required, Response, ResponseBuilder,
};

use super::organisation;
use crate::error::{Code, PROBLEM_JSON};
use crate::params::{LIMITE_DEFAUT, LIMITE_MAX};

pub(super) const ORGANISATIONS: &str = "Organisations";
pub(super) const SIRENE: &str = "SIRENE";
pub(super) const RNA: &str = "RNA";
pub(super) const SERVICE: &str = "Service";

const SIRET: &str = "13002526500013";
const SIREN: &str = "130025265";
const ASSOCIATION: &str = "W751004076";

/// What any data route may answer instead of data.
const COMMON: [Code; 6] = [
    Code::FormatInvalide,
    Code::CleInvalide,
    Code::AucuneDonnee,
    Code::Surcharge,
    Code::DelaiDepasse,
    Code::ErreurInterne,
];

/// What a route that looks nothing up may answer instead.
const WITHOUT_LOOKUP: [Code; 1] = [Code::AucuneDonnee];

pub(super) fn paths() -> Paths {
    PathsBuilder::new()
        .path("/v1/organisations/{id}", organisation::by_id())
        .path("/v1/organisations", organisation::by_many())
        .path("/v1/etablissements/{siret}", get(
            operation(SIRENE, "etablissement", "Un établissement, par son SIRET", "L'établissement, avec son unité légale.")
                .parameter(id("siret", "Numéro SIRET ; espaces, points et tirets sont ignorés", SIRET)),
            "ReponseEtablissement",
            &[Code::Inconnu],
        ))
        .path("/v1/unites-legales/{siren}", get(
            operation(SIRENE, "unite_legale", "Une unité légale, par son SIREN", "L'unité légale, avec son siège, le nombre de ses établissements, son association si elle en est une, et les doublons de SIREN qu'elle remplace.")
                .parameter(id("siren", "Numéro SIREN ; espaces, points et tirets sont ignorés", SIREN)),
            "ReponseUniteLegale",
            &[Code::Inconnu, Code::Doublon],
        ))
        .path("/v1/unites-legales/{siren}/etablissements", streamed(get(
            operation(SIRENE, "etablissements", "Les établissements d'une unité légale", "Par SIRET croissant, une page à la fois. La page suivante est donnée par `suivant` et par l'en-tête `Link` (rel=next). Avec `format=ndjson` ou `format=csv`, tous à la suite, sans limite, d'un même jeu de données : l'en-tête `x-total` dit combien, et en NDJSON la dernière ligne est `{\"fin\": true, \"nombre\": …, \"snapshot\": …}`. Une réponse interrompue n'a ni cette ligne, ni la fin de son transfert (chunked).")
                .parameter(id("siren", "Numéro SIREN de l'unité légale", SIREN))
                .parameter(query("limite", "Nombre d'établissements par page", limite(), json!(LIMITE_DEFAUT)))
                .parameter(query("apres", "Dernier SIRET de la page précédente", text(), json!(SIRET)))
                .parameter(query("format", "json pour une page, ndjson ou csv pour tous les établissements", format(), json!("ndjson")))
                .parameter(query("etat", "A pour les établissements actifs, F pour les fermés", etat(), json!("A"))),
            "ReponseEtablissements",
            &[Code::ParametreInvalide, Code::Inconnu, Code::Doublon],
        )))
        .path("/v1/associations/{id}", get(
            operation(RNA, "association", "Une association, par son numéro RNA", "L'association, avec son unité légale quand l'un des deux registres fait le lien.")
                .parameter(id("id", "Numéro RNA : W et 9 caractères, ou numéro de la préfecture", ASSOCIATION)),
            "ReponseAssociation",
            &[Code::Inconnu],
        ))
        .path("/v1/profil", data(
            operation(SERVICE, "profil", "Le profil des données en service", "Pour chaque colonne de chaque table : valeurs vides, masquées, distinctes, plus petite, plus grande et plus fréquentes ; ce qui a changé depuis le jeu de données précédent ; les établissements actifs par département et par section de la NAF. Rien n'est montré des valeurs des colonnes qui peuvent désigner quelqu'un. La page /donnees en est la lecture."),
            "Profil",
            &[Code::ProfilAbsent],
            &WITHOUT_LOOKUP,
        ))
        .path("/health", PathItem::new(HttpMethod::Get,
            operation(SERVICE, "sante", "L'état du service", "Le jeu de données en service, ses dates et ses tables.")
                .response("200", success("Sante"))
                .response("503", failure(&[Code::AucuneDonnee])),
        ))
        .path("/widget/identifiants.js", PathItem::new(HttpMethod::Get,
            operation(SERVICE, "identifiants", "Les règles des numéros, pour un navigateur", "Un module JavaScript (ES) qui vérifie un SIRET, un SIREN, un numéro RNA ou de TVA là où il est saisi, sans appel au serveur : `verdict(texte, attendu)`, `tvaDe(siren)`, `affichage(valeur)`. Mêmes codes et mêmes messages que ce service.")
                .response("200", script())
                .response("304", unchanged()),
        ))
        .path("/openapi.json", PathItem::new(HttpMethod::Get,
            operation(SERVICE, "openapi", "Cette description, au format OpenAPI 3.1", "La documentation lisible par une machine.")
                .response("200", ResponseBuilder::new().description("Le document").build()),
        ))
        .build()
}

pub(super) fn operation(
    tag: &str,
    operation_id: &str,
    summary: &str,
    description: &str,
) -> OperationBuilder {
    OperationBuilder::new()
        .tag(tag)
        .operation_id(Some(operation_id))
        .summary(Some(summary))
        .description(Some(description))
}

/// A data route: its answer, then its errors grouped by status.
fn get(operation: OperationBuilder, answer: &str, own: &[Code]) -> PathItem {
    data(operation, answer, own, &COMMON)
}

fn data(operation: OperationBuilder, answer: &str, own: &[Code], common: &[Code]) -> PathItem {
    let mut operation = operation
        .response("200", success(answer))
        .response("304", unchanged());
    let codes: Vec<Code> = Code::ALL
        .iter()
        .copied()
        .filter(|code| own.contains(code) || common.contains(code))
        .collect();
    let mut statuses: Vec<_> = codes.iter().map(|code| code.status()).collect();
    statuses.dedup();
    for status in statuses {
        let same: Vec<Code> = codes
            .iter()
            .copied()
            .filter(|code| code.status() == status)
            .collect();
        operation = operation.response(status.as_str(), failure(&same));
    }
    PathItem::new(HttpMethod::Get, operation)
}

/// The same list, whole, in the two formats of an export.
fn streamed(mut item: PathItem) -> PathItem {
    let found = item
        .get
        .as_mut()
        .and_then(|get| get.responses.responses.get_mut("200"));
    if let Some(RefOr::T(response)) = found {
        for (format, description) in [
            (
                "application/x-ndjson",
                "Un établissement par ligne, de la forme `Etablissement`, puis une ligne `{\"fin\": true, \"nombre\": …, \"snapshot\": …}`",
            ),
            (
                "text/csv",
                "Une ligne d'en-tête, puis un établissement par ligne : les colonnes de l'Insee, dans son ordre",
            ),
        ] {
            let schema = text().description(Some(description));
            let content = ContentBuilder::new().schema(Some(schema)).build();
            response.content.insert(format.to_owned(), content.into());
        }
        let total = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::from(Object::with_type(Type::Integer))))
            .description(Some(
                "D'un export depuis le début : nombre d'établissements qu'il compte",
            ))
            .build();
        response.headers.insert("x-total".to_owned(), total.into());
    }
    item
}

pub(super) fn unchanged() -> Response {
    ResponseBuilder::new()
        .description("Inchangé depuis l'ETag donné dans If-None-Match")
        .build()
}

fn script() -> Response {
    ResponseBuilder::new()
        .description("Le module")
        .content(
            "text/javascript",
            ContentBuilder::new().schema(Some(text())).build(),
        )
        .build()
}

pub(super) fn success(schema: &str) -> Response {
    ResponseBuilder::new()
        .description("Trouvé")
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(schema)))
                .build(),
        )
        .build()
}

pub(super) fn failure(codes: &[Code]) -> Response {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}` : {}", code.as_str(), code.title()))
        .collect();
    ResponseBuilder::new()
        .description(lines.join(" ; "))
        .content(
            PROBLEM_JSON,
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Probleme")))
                .build(),
        )
        .build()
}

pub(super) fn id(name: &str, description: &str, example: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(text()))
        .example(Some(json!(example)))
        .build()
}

/// The example is the schema's, not the parameter's: the page of the documentation would send it.
fn query(
    name: &str,
    description: &str,
    schema: ObjectBuilder,
    example: serde_json::Value,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(format!("{description}, par exemple {example}")))
        .schema(Some(schema.examples([example])))
        .build()
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn limite() -> ObjectBuilder {
    ObjectBuilder::from(Object::with_type(Type::Integer))
        .minimum(Some(1))
        .maximum(Some(LIMITE_MAX))
        .default(Some(json!(LIMITE_DEFAUT)))
}

fn format() -> ObjectBuilder {
    text()
        .enum_values(Some(["json", "ndjson", "csv"]))
        .default(Some(json!("json")))
}

fn etat() -> ObjectBuilder {
    text().enum_values(Some(["A", "F"]))
}
