//! The files: the tables in Parquet, and what describes them.

use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, RefOr, Required, Response, ResponseBuilder, Schema,
};

use super::common::Reads;
use super::components::{integer, object, text};
use super::paths::{Route, get, id, operation, unchanged};
use crate::error::Code;
use crate::mirror::PARQUET;

pub(super) const TAG: &str = "Fichiers";
pub(super) const DESCRIPTION: &str = "Les tables en Parquet, entières ou en partie (en-tête Range), et leur dictionnaire. Ni clé, ni limite de requêtes.";

/// What may be wrong with a file.
const FICHIER: [Code; 3] = [
    Code::FichierInconnu,
    Code::PlageInvalide,
    Code::PreconditionEchouee,
];

pub(super) fn paths() -> Vec<Route> {
    vec![
        file("/parquet/{fichier}",
            operation(TAG, "fichier", "Une table du jeu de données en service", "Le fichier Parquet. `ETag` est l'empreinte (sha256) du fichier : une table qui n'a pas changé garde le sien d'un jeu de données au suivant. `Content-Location` donne l'adresse qui nomme le jeu de données, à préférer pour une longue lecture. Une table qui change pendant qu'on la lit par morceaux se voit à son `ETag` ; `If-Match` le fait refuser (412), `If-Range` renvoie tout le nouveau fichier."),
        ),
        file("/parquet/{jeu}/{fichier}",
            operation(TAG, "fichier_du_jeu", "Une table d'un jeu de données donné", "Le même fichier, tant que ce jeu de données est gardé. Il ne change pas, à une exception près : qui demande ensuite à être masqué l'est aussi dans les jeux gardés.")
                .parameter(id("jeu", "Jeu de données, comme dans /parquet/manifest.json", "20261101T000000Z")),
        ),
        get("/parquet/manifest.json",
            operation(TAG, "fichiers", "Les fichiers et leurs colonnes", "Pour chaque table : lignes, taille, sha256, groupes de lignes, tri, adresses, colonnes (type, sens, source, exemple) ; dates des données et licence. Existe aussi pour un jeu de données donné : `/parquet/{jeu}/manifest.json`.")
                .response("200", content("application/json", "La liste", manifest().into()))
                .response("304", unchanged()),
            Reads::Snapshot,
            &[],
        ),
        get("/parquet/SHA256SUMS",
            operation(TAG, "empreintes", "Les empreintes des fichiers", "Ce que lit `sha256sum --check`, à côté des fichiers téléchargés.")
                .response("200", content("text/plain", "Une ligne par fichier", text("sha256, deux espaces, nom du fichier").into()))
                .response("304", unchanged()),
            Reads::Snapshot,
            &[],
        ),
        get("/donnees/{schema}",
            operation(TAG, "table_schema", "Le schéma d'une table", "Au format Table Schema (Frictionless Data) : nom, type, sens, exemple et contraintes de chaque colonne, clé primaire ; et, hors du format, `source`, `nomenclature` et `diffusion`.")
                .parameter(id("schema", "Nom de la table, puis .schema.json", "etablissement.schema.json"))
                .response("200", content("application/json", "Le schéma", ObjectBuilder::from(Object::with_type(Type::Object)).build().into())),
            Reads::Nothing,
            &[Code::RouteInconnue],
        ),
    ]
}

/// A file that is read by ranges.
fn file(path: &'static str, operation: OperationBuilder) -> Route {
    let binary = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .content_media_type(PARQUET)
            .build()
    };
    let operation = operation
        .parameter(id("fichier", "Nom de la table, puis .parquet", "etablissement.parquet"))
        .parameter(header(
            "Range",
            "Octets demandés, 128 plages au plus, par exemple bytes=-8 ; plusieurs plages viennent en multipart/byteranges",
        ))
        .parameter(header("If-Range", "ETag pour lequel Range vaut"))
        .parameter(header("If-Match", "ETag attendu"))
        .response("200", content(PARQUET, "Le fichier", binary().into()))
        .response("206", partial(content(PARQUET, "Les octets demandés", binary().into())))
        .response("304", unchanged());
    get(path, operation, Reads::Snapshot, &FICHIER)
}

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn partial(mut response: Response) -> Response {
    let range = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(
            "Octets envoyés et taille du fichier, quand il n'y a qu'une plage",
        ))
        .build();
    response
        .headers
        .insert("Content-Range".to_owned(), range.into());
    response
}

fn content(content_type: &str, description: &str, schema: RefOr<Schema>) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content(
            content_type,
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build()
}

fn list(of: Object) -> RefOr<Schema> {
    ArrayBuilder::new().items(of).into()
}

/// That of `mirror::manifest`.
fn manifest() -> Object {
    let any = |description: &str| {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(description))
            .build()
    };
    let column = ObjectBuilder::from(object([
        ("nom", text("Nom de la colonne").into()),
        (
            "type",
            text("Type, dans les mots de la documentation").into(),
        ),
        ("type_parquet", text("Type dans le fichier").into()),
        (
            "peut_etre_vide",
            ObjectBuilder::new()
                .schema_type(Type::Boolean)
                .build()
                .into(),
        ),
    ]))
    .property("description", text("Sens"))
    .property("source", text("Fichier et colonne d'origine"))
    .property("exemple", text("Valeur plausible"))
    .property("nomenclature", text("Liste dont viennent ses codes"))
    .property("diffusion", text("Ce qui peut y être masqué"))
    .build();
    let sorted = object([
        ("colonne", text("Colonne").into()),
        ("ordre", text("croissant ou décroissant").into()),
    ]);
    let table = ObjectBuilder::from(object([
        ("table", text("Nom de la table").into()),
        ("url", text("Adresse du fichier du jeu en service").into()),
        ("url_snapshot", text("Adresse de ce fichier-ci").into()),
        ("lignes", integer("Lignes").into()),
        ("octets", integer("Taille").into()),
        ("sha256", text("Empreinte").into()),
        ("groupes_de_lignes", integer("Groupes de lignes").into()),
        ("tri", list(sorted)),
        ("colonnes", list(column)),
    ]))
    .property("description", text("Ce qu'est une ligne"))
    .property("schema", text("Adresse de son Table Schema"))
    .build();
    object([
        ("snapshot", text("Jeu de données").into()),
        ("fait_le", text("Date à laquelle il a été fait").into()),
        (
            "donnees_du",
            any("Date des données de chaque répertoire").into(),
        ),
        ("licence", text("Licence").into()),
        ("licence_url", text("Son adresse").into()),
        ("sources", text("Mention à faire").into()),
        ("sha256sums", text("Adresse des empreintes").into()),
        ("tables", list(table)),
    ])
}
