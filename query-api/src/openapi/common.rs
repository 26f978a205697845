//! What every route answers besides its own: the errors it may meet, and the headers of each status.

use std::collections::BTreeMap;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder,
};

use crate::error::{Code, PROBLEM_JSON};
use crate::limits::is_limited;

/// What a route reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Nothing: its answer is compiled in.
    Nothing,
    /// What is in memory of the snapshot in service.
    Snapshot,
    /// Its rows.
    Rows,
}

/// The headers, and what they say.
const HEADERS: [(&str, Type, &str); 8] = [
    (
        "X-Request-Id",
        Type::String,
        "Identifiant de la requête, à citer pour signaler une erreur ; celui que le client a envoyé, s'il est simple",
    ),
    (
        "RateLimit",
        Type::String,
        "Quand les requêtes sont limitées : ce qui reste (r) et en combien de secondes tout revient (t)",
    ),
    (
        "RateLimit-Policy",
        Type::String,
        "Quand les requêtes sont limitées : combien (q) en combien de secondes (w)",
    ),
    (
        "Retry-After",
        Type::Integer,
        "Secondes à attendre avant de réessayer",
    ),
    (
        "ETag",
        Type::String,
        "À renvoyer dans If-None-Match pour ne recevoir la réponse que si elle a changé",
    ),
    (
        "Cache-Control",
        Type::String,
        "Qui peut garder la réponse, et combien de temps",
    ),
    (
        "WWW-Authenticate",
        Type::String,
        "Comment une clé d'accès est envoyée",
    ),
    (
        "Link",
        Type::String,
        "Adresse de la page suivante (rel=next), quand il y en a une",
    ),
];

/// Adds what operations refer to: the headers and the keys, once for all routes.
pub(super) fn add_to(mut components: ComponentsBuilder) -> ComponentsBuilder {
    for (name, kind, description) in HEADERS {
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::from(Object::with_type(kind))))
            .description(Some(description));
        components = components.header(name, header.build());
    }
    for (name, security) in securities() {
        components = components.security_scheme(name, security);
    }
    components
}

/// The two ways to send a key.
fn securities() -> [(&'static str, SecurityScheme); 2] {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "Clé d'accès, si l'exploitant de ce serveur en a donné une ; sans clé, la limite est celle de l'adresse",
        ));
    let header = ApiKeyValue::with_description("X-Api-Key", "La même clé, dans un autre en-tête");
    [
        ("cle", SecurityScheme::Http(bearer.build())),
        (
            "cle_en_tete",
            SecurityScheme::ApiKey(ApiKey::Header(header)),
        ),
    ]
}

/// An operation with all that may be answered at `path`: its own problems and those of any route,
/// grouped by status, each with its headers.
pub(super) fn complete(
    path: &str,
    mut operation: OperationBuilder,
    reads: Reads,
    own: &[Code],
) -> Operation {
    let limited = is_limited(path);
    for (status, codes) in by_status(|code| own.contains(&code) || is_common(code, reads, limited))
    {
        operation = operation.response(status, failure(&codes));
    }
    operation = operation.response(
        "431",
        ResponseBuilder::new()
            .description("En-têtes trop longs : la connexion est fermée, sans corps")
            .build(),
    );
    if limited {
        for key in securities().map(|(name, _)| name) {
            operation = operation.security(SecurityRequirement::new::<_, [&str; 0], &str>(key, []));
        }
        // Without a key too.
        operation = operation.security(SecurityRequirement::default());
    }
    let mut operation = operation.build();
    let responses = &mut operation.responses.responses;
    let is_kept = responses.contains_key("304");
    for (status, response) in responses {
        if let RefOr::T(response) = response {
            add_headers(response, status, limited, is_kept);
        }
    }
    operation
}

/// Whether any such route may answer it.
fn is_common(code: Code, reads: Reads, limited: bool) -> bool {
    match code {
        Code::RequeteTropVolumineuse
        | Code::AdresseTropLongue
        | Code::DelaiDepasse
        | Code::ErreurInterne => true,
        Code::TropDeRequetes | Code::CleApiInconnue => limited,
        Code::AucuneDonnee => reads != Reads::Nothing,
        Code::Surcharge => reads == Reads::Rows,
        _ => false,
    }
}

fn by_status(chosen: impl Fn(Code) -> bool) -> BTreeMap<String, Vec<Code>> {
    let mut statuses: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in Code::ALL.iter().copied().filter(|code| chosen(*code)) {
        let status = code.status().as_str().to_owned();
        statuses.entry(status).or_default().push(code);
    }
    statuses
}

fn add_headers(response: &mut Response, status: &str, limited: bool, is_kept: bool) {
    // What refuses the headers has not read them, and what refuses a key has counted nothing.
    let answered = status != "431";
    let counted = limited && answered && status != "401";
    for (name, is_there) in [
        ("X-Request-Id", answered),
        ("RateLimit", counted),
        ("RateLimit-Policy", counted),
        ("Retry-After", ["429", "503"].contains(&status)),
        ("ETag", is_kept && ["200", "206", "304"].contains(&status)),
        ("Cache-Control", answered),
        ("WWW-Authenticate", status == "401"),
    ] {
        if is_there {
            refer(response, name);
        }
    }
}

/// Says that a response has one of the headers above.
pub(super) fn refer(response: &mut Response, name: &str) {
    let reference = Ref::new(format!("#/components/headers/{name}"));
    response
        .headers
        .insert(name.to_owned(), RefOr::Ref(reference));
}

fn failure(codes: &[Code]) -> Response {
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
