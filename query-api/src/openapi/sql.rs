//! `/v1/sql` and what describes it.

use serde_json::json;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Ref, Required, Response, ResponseBuilder};

use super::common::{Reads, complete};
use super::components::{array, integer, object, or_null, reference, text};
use super::paths::{self, operation, unchanged};
use crate::error::Code;
use crate::sql::Format;

pub(super) const TAG: &str = "SQL";
pub(super) const DESCRIPTION: &str = "Une requête SELECT sur les tables publiées, en lecture seule";

const QUERY: &str = "SELECT activitePrincipaleEtablissement, count(*) AS etablissements FROM etablissement GROUP BY ALL ORDER BY etablissements DESC LIMIT 10";

const ABOUT: &str = "Une seule requête SELECT, dans le SQL de DuckDB, sur les tables et les vues que donne `/v1/sql/schema`, avec les fonctions qu'il donne. Les paramètres (`$1`, `?` ou `$nom`) sont liés, jamais recopiés dans la requête. Le format est celui de `format`, sinon celui de l'en-tête `Accept`, sinon JSON. La réponse est envoyée à mesure qu'elle est calculée ; une réponse interrompue n'a jamais la fin de son transfert (chunked), et en NDJSON sa dernière ligne est `{\"fin\": false, \"code\": …}` : celle d'une réponse entière est `{\"fin\": true, \"nombre\": …, \"snapshot\": …}`. Quitter interrompt la requête. Chaque limite (temps, mémoire, lignes, texte, requêtes simultanées) est donnée par `/v1/sql/schema`, et nommée par l'erreur quand elle est atteinte. Dates et heures sont en ISO 8601, sans fuseau ; les entiers et les décimaux sont des nombres exacts, que certains langages arrondissent au-delà de 2^53.";

/// What a query may meet.
const OWN: [Code; 9] = [
    Code::ParametreInvalide,
    Code::SqlInvalide,
    Code::SqlRefusee,
    Code::SqlTropLongue,
    Code::SqlLignes,
    Code::SqlMemoire,
    Code::SqlTemps,
    Code::SqlLecture,
    Code::SqlOccupe,
];

pub(super) fn query(path: &str) -> PathItem {
    let get = operation(TAG, "sql", "Une requête SQL, dans l'adresse", ABOUT)
        .parameter(
            ParameterBuilder::new()
                .name("q")
                .parameter_in(ParameterIn::Query)
                .required(Required::True)
                .description(Some("La requête"))
                .schema(Some(paths::text()))
                .example(Some(json!(QUERY)))
                .build(),
        )
        .parameter(optional(
            "parametres",
            "Les valeurs des paramètres, en JSON : une liste ou un objet",
            paths::text(),
        ));
    let post =
        operation(TAG, "sql_corps", "Une requête SQL, dans le corps", ABOUT).request_body(Some(
            RequestBodyBuilder::new()
                .description(Some(
                    "La requête seule, ou un objet JSON avec ses paramètres et le format",
                ))
                .required(Some(Required::True))
                .content(
                    "application/json",
                    ContentBuilder::new().schema(Some(body())).build(),
                )
                .content(
                    "application/sql",
                    ContentBuilder::new().schema(Some(paths::text())).build(),
                )
                .content(
                    "text/plain",
                    ContentBuilder::new().schema(Some(paths::text())).build(),
                )
                .build(),
        ));
    let both = |operation: OperationBuilder| {
        operation
            .parameter(optional("format", "Format de la réponse", format()))
            .response("200", answer())
    };
    let get = both(get).response("304", unchanged());
    let mut item = PathItem::new(HttpMethod::Get, complete(path, get, Reads::Snapshot, &OWN));
    item.post = Some(complete(path, both(post), Reads::Snapshot, &OWN));
    item
}

pub(super) fn schema(path: &str) -> PathItem {
    let get = operation(
        TAG,
        "sql_schema",
        "Ce qui peut être demandé en SQL",
        "Les tables et les vues publiées, leurs colonnes avec leur type et leur sens, les fonctions admises, les formats, et les limites en vigueur.",
    )
    .response("200", paths::success("SchemaSql"))
    .response("304", unchanged());
    PathItem::new(HttpMethod::Get, complete(path, get, Reads::Snapshot, &[]))
}

pub(super) fn schemas() -> [(&'static str, Object); 3] {
    [
        ("ReponseSql", rows()),
        ("SchemaSql", description()),
        ("TableSql", table()),
    ]
}

fn optional(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn format() -> ObjectBuilder {
    let names = Format::ALL.map(Format::name);
    paths::text().enum_values(Some(names))
}

fn body() -> ObjectBuilder {
    let value = || {
        let kinds = [Type::String, Type::Number, Type::Boolean, Type::Null];
        ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds))
    };
    let parameters = OneOfBuilder::new()
        .item(ArrayBuilder::new().items(value()))
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .additional_properties(Some(value())),
        )
        .description(Some(
            "Les valeurs de $1, $2… ou des ?, dans l'ordre, ou celles des $nom",
        ));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("q", paths::text().description(Some("La requête")))
        .required("q")
        .property("parametres", parameters)
        .property("format", format())
        .examples([json!({
            "q": "SELECT count(*) AS actifs FROM etablissements_actifs WHERE departement = $1",
            "parametres": ["92"],
        })])
}

fn answer() -> Response {
    let mut response = ResponseBuilder::new().description("Les lignes du résultat");
    for format in Format::ALL {
        let media_type = format.media_type().split(';').next().unwrap_or_default();
        let content = ContentBuilder::new();
        let content = match format {
            Format::Json => content.schema(Some(Ref::from_schema_name("ReponseSql"))),
            other => content.schema(Some(paths::text().description(Some(match other {
                Format::Ndjson => "Un objet JSON par ligne, puis une ligne qui dit que c'est la fin",
                Format::Csv => "Une ligne d'en-tête, puis une ligne par ligne ; rien pour null, \"\" pour un texte vide ; une liste ou une structure est écrite en JSON",
                Format::Parquet => "Un fichier Apache Parquet",
                _ => "Un flux Apache Arrow (IPC)",
            })))),
        };
        response = response.content(media_type, content.build());
    }
    let header = |kind: Type, description: &str| {
        HeaderBuilder::new()
            .schema(Some(ObjectBuilder::from(Object::with_type(kind))))
            .description(Some(description))
            .build()
    };
    let mut response = response.build();
    response.headers.insert(
        "x-snapshot".to_owned(),
        header(Type::String, "Jeu de données dont vient la réponse").into(),
    );
    response.headers.insert(
        "x-total".to_owned(),
        header(
            Type::Integer,
            "Nombre de lignes, quand il est connu avant l'envoi",
        )
        .into(),
    );
    response
}

fn rows() -> Object {
    let column = object([
        ("nom", text("Nom de la colonne").into()),
        ("type", text("Type SQL").into()),
    ]);
    let row = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(SchemaType::AnyValue));
    object([
        ("colonnes", ArrayBuilder::new().items(column).into()),
        ("lignes", ArrayBuilder::new().items(row).into()),
        ("nombre", integer("Nombre de lignes").into()),
        ("donnees", reference("Donnees")),
    ])
}

fn table() -> Object {
    let column = object([
        ("nom", text("Nom de la colonne").into()),
        ("type", text("Type SQL").into()),
        ("description", text("Ce qu'elle veut dire").into()),
    ]);
    let rows = ObjectBuilder::new()
        .schema_type(or_null(Type::Integer, true))
        .description(Some("Nombre de lignes d'une table"));
    let names = || ArrayBuilder::new().items(paths::text());
    object([
        ("nom", text("Nom dans une requête").into()),
        ("nature", text("table ou vue").into()),
        ("description", text("Ce qu'elle contient").into()),
        ("lignes", rows.into()),
        (
            "cle",
            names()
                .description(Some(
                    "Colonnes qui trient la table : filtrer sur elles est rapide",
                ))
                .into(),
        ),
        ("colonnes", ArrayBuilder::new().items(column).into()),
    ])
}

fn description() -> Object {
    let names = || ArrayBuilder::new().items(paths::text());
    let format = object([
        ("nom", text("Pour format=").into()),
        ("type_mime", text("Pour l'en-tête Accept").into()),
    ]);
    let limits = object([
        ("secondes", integer("Secondes de calcul").into()),
        (
            "secondes_de_lecture",
            integer("Secondes pour lire la réponse, calcul compris").into(),
        ),
        ("memoire", text("Mémoire d'une requête").into()),
        ("lignes", integer("Lignes d'une réponse").into()),
        (
            "octets_de_requete",
            integer("Octets du texte d'une requête").into(),
        ),
        ("requetes_simultanees", integer("Requêtes à la fois").into()),
        (
            "requetes_en_attente",
            integer("Requêtes qui attendent leur tour").into(),
        ),
    ]);
    object([
        ("snapshot", text("Jeu de données décrit").into()),
        ("tables", array("TableSql")),
        ("fonctions", names().into()),
        ("fonctions_de_table", names().into()),
        ("formats", ArrayBuilder::new().items(format).into()),
        ("limites", limits.into()),
    ])
}
