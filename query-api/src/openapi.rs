//! The OpenAPI document, built when first asked from the column tables and the error codes: what
//! describes the answers is what makes them.

mod common;
mod components;
mod enrichir;
mod entreprise_data_gouv;
mod mirror;
mod organisation;
mod paths;
mod profile;
mod recherche;
mod recherche_entreprises;
mod sql;

use std::sync::LazyLock;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

const DESCRIPTION: &str = "\
Les registres ouverts des entreprises et des associations de France : SIRENE (Insee) et RNA (ministère de l'Intérieur).\n\n\
Les valeurs sont celles des registres. `[ND]` marque une valeur masquée à la demande de la personne (diffusion partielle). \
Les dates `1900-01-01` (SIRENE) et `0001-01-01` (RNA) signifient « inconnue ». \
Un code qui appartient à une nomenclature vient avec son libellé ; l'activité principale est donnée en NAF rév. 2 et en NAF 2025.\n\n\
Chaque réponse porte la date de ses données, un `ETag` et peut être gardée cinq minutes. \
Chaque erreur est un `application/problem+json` (RFC 9457) avec un `code` stable et ce qu'il faut faire ; celles des adresses d'entreprise.data.gouv.fr et d'API Recherche d'entreprises ont leur propre forme.";

/// The document.
#[must_use]
pub fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("registre : SIRENE et RNA")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("Données sous Licence Ouverte 2.0")
                .url(Some(
                    "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
                ))
                .build(),
        ))
        .build();
    let tag = |name: &str, description: &str| {
        TagBuilder::new()
            .name(name)
            .description(Some(description))
            .build()
    };
    OpenApiBuilder::new()
        .info(info)
        .paths(paths::paths())
        .components(Some(components::components()))
        .tags(Some([
            tag(
                paths::ORGANISATIONS,
                "Une organisation par n'importe lequel de ses numéros, avec de quoi répondre à la personne",
            ),
            tag(paths::SIRENE, "Unités légales et établissements (Insee)"),
            tag(paths::RNA, "Associations (ministère de l'Intérieur)"),
            tag(recherche::TAG, recherche::DESCRIPTION),
            tag(sql::TAG, sql::DESCRIPTION),
            tag(mirror::TAG, mirror::DESCRIPTION),
            tag(entreprise_data_gouv::TAG, entreprise_data_gouv::DESCRIPTION),
            tag(
                recherche_entreprises::TAG,
                recherche_entreprises::DESCRIPTION,
            ),
            tag(paths::SERVICE, "État et description du service"),
        ]))
        .build()
}

/// The document as it is served.
pub(crate) fn json() -> &'static str {
    static JSON: LazyLock<String> =
        LazyLock::new(|| serde_json::to_string(&openapi()).unwrap_or_default());
    &JSON
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::TABLES;
    use serde_json::Value;

    fn document() -> Value {
        serde_json::from_str(json()).unwrap()
    }

    #[test]
    fn every_column_is_described_in_the_order_it_is_answered() {
        let document = document();
        for (table, name) in components::RECORDS {
            let properties = document["components"]["schemas"][name]["properties"]
                .as_object()
                .unwrap();
            let fields: Vec<_> = properties.keys().map(String::as_str).collect();
            let expected: Vec<_> = crate::view::json_order(table)
                .iter()
                .map(|index| table.columns[*index].field)
                .collect();
            assert_eq!(fields, expected, "{name}");
            assert!(
                properties
                    .values()
                    .all(|property| property["description"].is_string()),
                "{name}"
            );
        }
        assert!(TABLES.len() > components::RECORDS.len());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn check(node: &Value, document: &Value) {
            match node {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let pointer = reference.trim_start_matches('#');
                        assert!(document.pointer(pointer).is_some(), "{reference}");
                    }
                    map.values().for_each(|value| check(value, document));
                }
                Value::Array(items) => items.iter().for_each(|value| check(value, document)),
                _ => {}
            }
        }
        let document = document();
        check(&document, &document);
    }

    #[tokio::test]
    async fn every_documented_example_answers() {
        let fixture = crate::testing::Fixture::published("20261101T000000Z");
        let app = fixture.app().await;
        for (path, item) in document()["paths"].as_object().unwrap() {
            // Answered by another process, which has no place here; or only sent to, or the name of what
            // was sent: tests/integration asks them.
            if path == "/v1/sql" || item.get("get").is_none() || path.starts_with("/v1/enrichir/") {
                continue;
            }
            // Of what may be asked, one thing at least must be, and most of it needs an index.
            let searches = [
                "/search",
                "/near_point",
                "/v1/recherche",
                "/v1/suggestions",
                "/api/sirene/v1/full_text/{text}",
            ];
            if searches.contains(&path.as_str()) {
                continue;
            }
            let mut path = path.clone();
            for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "path" {
                    let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
                    path = path.replace(&name, parameter["example"].as_str().unwrap());
                }
            }
            let required =
                |parameter: &&Value| parameter["in"] == "query" && parameter["required"] == true;
            let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
            for parameter in parameters.filter(required) {
                let (name, example) = (&parameter["name"], &parameter["example"]);
                let and = if path.contains('?') { '&' } else { '?' };
                path = format!(
                    "{path}{and}{}={}",
                    name.as_str().unwrap(),
                    example.as_str().unwrap()
                );
            }
            let answer = crate::testing::get(&app, &path).await;
            assert_eq!(answer.status, 200, "{path}");
        }
    }
}
