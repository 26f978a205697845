//! The routes, with an example of each that answers.

use serde_json::json;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Object, Paths, Ref, RefOr, Required, Response, ResponseBuilder,
};

use super::common::{Reads, complete, refer};
use super::{
    enrichir, entreprise_data_gouv, mirror, organisation, recherche, recherche_entreprises, sql,
};
use crate::error::Code;
use crate::params::{LIMITE_DEFAUT, LIMITE_MAX};
use crate::rows::SUCCESSIONS;

pub(super) const ORGANISATIONS: &str = "Organisations";
pub(super) const SIRENE: &str = "SIRENE";
pub(super) const RNA: &str = "RNA";
pub(super) const SERVICE: &str = "Service";

const SIRET: &str = "13002526500013";
const SIREN: &str = "130025265";
const ASSOCIATION: &str = "W751004076";

/// What may be wrong with an identifier.
const IDENTIFIANT: [Code; 3] = [
    Code::FormatInvalide,
    Code::CleInvalide,
    Code::ParametreInvalide,
];

pub(super) fn paths() -> Paths {
    let siret = || {
        id(
            "siret",
            "Numéro SIRET ; espaces, points et tirets sont ignorés",
            SIRET,
        )
    };
    let siren = || {
        id(
            "siren",
            "Numéro SIREN ; espaces, points et tirets sont ignorés",
            SIREN,
        )
    };
    // Too large for the stack.
    let routes = vec![
        ("/v1/organisations/{id}", organisation::by_id("/v1/organisations/{id}")),
        ("/v1/organisations", organisation::by_many("/v1/organisations")),
        lookup("/v1/etablissements/{siret}",
            operation(SIRENE, "etablissement", "Un établissement, par son SIRET", "L'établissement, avec son unité légale.")
                .parameter(siret()),
            "ReponseEtablissement",
            &[Code::Inconnu],
        ),
        lookup("/v1/etablissements/{siret}/periodes",
            operation(SIRENE, "periodes_etablissement", "L'historique d'un établissement", "Ses périodes, courante comprise, la plus récente d'abord : une période dure tant que rien de ce dont l'Insee garde l'historique ne change, et chacune dit ce qui a changé.")
                .parameter(siret()),
            "ReponsePeriodesEtablissement",
            &[Code::Inconnu],
        ),
        lookup("/v1/etablissements/{siret}/successions",
            operation(SIRENE, "successions", "Les successions d'un établissement", &format!("Les liens de succession où il prend la suite d'un autre (`predecesseurs`) et ceux où un autre prend la sienne (`successeurs`), les plus récents d'abord, {SUCCESSIONS} au plus de chaque côté. Les liens peuvent former des cycles."))
                .parameter(siret()),
            "ReponseSuccessions",
            &[Code::Inconnu],
        ),
        lookup("/v1/unites-legales/{siren}",
            operation(SIRENE, "unite_legale", "Une unité légale, par son SIREN", "L'unité légale, avec son siège, le nombre de ses établissements, son association si elle en est une, et les doublons de SIREN qu'elle remplace.")
                .parameter(siren()),
            "ReponseUniteLegale",
            &[Code::Inconnu, Code::Doublon],
        ),
        lookup("/v1/unites-legales/{siren}/periodes",
            operation(SIRENE, "periodes_unite_legale", "L'historique d'une unité légale", "Ses périodes, courante comprise, la plus récente d'abord : une période dure tant que rien de ce dont l'Insee garde l'historique ne change, et chacune dit ce qui a changé.")
                .parameter(siren()),
            "ReponsePeriodesUniteLegale",
            &[Code::Inconnu, Code::Doublon],
        ),
        streamed(lookup("/v1/unites-legales/{siren}/etablissements",
            operation(SIRENE, "etablissements", "Les établissements d'une unité légale", "Par SIRET croissant, une page à la fois. La page suivante est donnée par `suivant` et par l'en-tête `Link` (rel=next). Avec `format=ndjson` ou `format=csv`, tous à la suite, sans limite, d'un même jeu de données : l'en-tête `x-total` dit combien, et en NDJSON la dernière ligne est `{\"fin\": true, \"nombre\": …, \"snapshot\": …}`. Une réponse interrompue n'a ni cette ligne, ni la fin de son transfert (chunked).")
                .parameter(id("siren", "Numéro SIREN de l'unité légale", SIREN))
                .parameter(query("limite", "Nombre d'établissements par page", limite(), json!(LIMITE_DEFAUT)))
                .parameter(query("apres", "Dernier SIRET de la page précédente", text(), json!(SIRET)))
                .parameter(query("format", "json pour une page, ndjson ou csv pour tous les établissements", format(), json!("ndjson")))
                .parameter(query("etat", "A pour les établissements actifs, F pour les fermés", etat(), json!("A"))),
            "ReponseEtablissements",
            &[Code::Inconnu, Code::Doublon],
        )),
        lookup("/v1/associations/{id}",
            operation(RNA, "association", "Une association, par son numéro RNA", "L'association, avec son unité légale quand l'un des deux registres fait le lien.")
                .parameter(id("id", "Numéro RNA : W et 9 caractères, ou numéro de la préfecture", ASSOCIATION)),
            "ReponseAssociation",
            &[Code::Inconnu],
        ),
        data("/v1/profil",
            operation(SERVICE, "profil", "Le profil des données en service", "Pour chaque colonne de chaque table : valeurs vides, masquées, distinctes, plus petite, plus grande et plus fréquentes ; ce qui a changé depuis le jeu de données précédent ; les établissements actifs par département et par section de la NAF. Rien n'est montré des valeurs des colonnes qui peuvent désigner quelqu'un. La page /donnees en est la lecture."),
            "Profil",
            Reads::Snapshot,
            &[Code::ProfilAbsent],
        ),
        ("/v1/sql", sql::query("/v1/sql")),
        ("/v1/sql/schema", sql::schema("/v1/sql/schema")),
        get("/health",
            operation(SERVICE, "sante", "L'état du service", "Le jeu de données en service, ses dates et ses tables.")
                .response("200", success("Sante")),
            Reads::Snapshot,
            &[],
        ),
        script("/widget/identifiants.js",
            operation(SERVICE, "identifiants", "Les règles des numéros, pour un navigateur", "Un module JavaScript (ES) qui vérifie un SIRET, un SIREN, un numéro RNA ou de TVA là où il est saisi, sans appel au serveur : `verdict(texte, attendu)`, `tvaDe(siren)`, `affichage(valeur)`. Mêmes codes et mêmes messages que ce service."),
        ),
        script("/widget/registre-organisation.js",
            operation(SERVICE, "composant", "Le composant de préremplissage d'un formulaire", "Un module JavaScript (ES) qui définit l'élément `<registre-organisation>` : il reconnaît une organisation à son numéro, montre sa fiche et remplit les champs du formulaire. Il en importe quelques autres, du même dossier. Mode d'emploi : `/integration`."),
        ),
        get("/openapi.json",
            operation(SERVICE, "openapi", "Cette description, au format OpenAPI 3.1", "La documentation lisible par une machine.")
                .response("200", document())
                .response("304", unchanged()),
            Reads::Nothing,
            &[],
        ),
    ];
    let mut paths = PathsBuilder::new();
    for (path, item) in routes.into_iter().chain(of_others()) {
        paths = paths.path(path, item);
    }
    paths.build()
}

/// Those that are described in files of their own.
fn of_others() -> impl Iterator<Item = (&'static str, PathItem)> {
    enrichir::paths()
        .into_iter()
        .chain(recherche::paths())
        .chain(entreprise_data_gouv::paths())
        .chain(recherche_entreprises::paths())
        .chain(mirror::paths())
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

/// A route, and all that may be answered there.
pub(super) type Route = (&'static str, PathItem);

/// A module for browsers, compiled in.
fn script(path: &'static str, operation: OperationBuilder) -> Route {
    let operation = operation
        .response("200", javascript())
        .response("304", unchanged());
    get(path, operation, Reads::Nothing, &[])
}

pub(super) fn get(
    path: &'static str,
    operation: OperationBuilder,
    reads: Reads,
    own: &[Code],
) -> Route {
    let operation = complete(path, operation, reads, own);
    (path, PathItem::new(HttpMethod::Get, operation))
}

/// A route whose answer depends on the snapshot in service.
fn data(
    path: &'static str,
    operation: OperationBuilder,
    answer: &str,
    reads: Reads,
    own: &[Code],
) -> Route {
    let operation = operation
        .response("200", success(answer))
        .response("304", unchanged());
    get(path, operation, reads, own)
}

/// A route that looks an identifier up.
fn lookup(path: &'static str, operation: OperationBuilder, answer: &str, own: &[Code]) -> Route {
    let own = [IDENTIFIANT.as_slice(), own].concat();
    data(path, operation, answer, Reads::Rows, &own)
}

/// The same list, whole, in the two formats of an export.
fn streamed((path, mut item): Route) -> Route {
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
        refer(response, "Link");
    }
    (path, item)
}

pub(super) fn unchanged() -> Response {
    ResponseBuilder::new()
        .description("Inchangé depuis l'ETag donné dans If-None-Match")
        .build()
}

fn document() -> Response {
    let object = ObjectBuilder::from(Object::with_type(Type::Object));
    ResponseBuilder::new()
        .description("Le document")
        .content(
            "application/json",
            ContentBuilder::new().schema(Some(object)).build(),
        )
        .build()
}

fn javascript() -> Response {
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
pub(super) fn query(
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
