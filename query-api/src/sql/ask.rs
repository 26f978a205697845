//! What a request asks: a query, its parameters, a format. By its address, or by its body.

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::Value;

use super::Format;
use crate::error::{ApiError, SHOWN};

/// What was asked.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Request {
    pub(super) q: String,
    pub(super) parametres: Value,
    /// When it is named; else what the client accepts tells.
    pub(super) format: Option<Format>,
    /// A form asked: what comes back is a file, in any format, for a browser would show some.
    pub(super) fichier: bool,
}

/// A JSON body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(alias = "requete")]
    q: String,
    #[serde(default)]
    parametres: Value,
    format: Option<String>,
}

impl Request {
    /// `?q=…&parametres=[…]&format=…`
    pub(super) fn of_query(query: &str) -> Result<Self, ApiError> {
        let mut request = Self::default();
        request.read(query)?;
        request.complete("q")
    }

    /// A body: JSON, a form, or the text of the query; with what the address says besides.
    pub(super) fn of_body(query: &str, headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let mut request = Self::default();
        request.read(query)?;
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let text = std::str::from_utf8(body)
            .map_err(|_bytes| refused("corps", "", "un texte en UTF-8 est attendu"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => request.read_json(text)?,
            "application/sql" | "text/plain" => text.clone_into(&mut request.q),
            // What curl says by itself: no form begins as JSON, nor has a name that is ours by chance.
            "application/x-www-form-urlencoded" if text.starts_with("q=") => {
                request.read(text)?;
                request.fichier = true;
            }
            _ if text.trim_start().starts_with('{') => request.read_json(text)?,
            _ => text.clone_into(&mut request.q),
        }
        request.complete("corps")
    }

    fn complete(self, place: &str) -> Result<Self, ApiError> {
        if self.q.trim().is_empty() {
            return Err(refused(place, "", "une requête SQL est attendue"));
        }
        Ok(self)
    }

    fn read(&mut self, query: &str) -> Result<(), ApiError> {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" | "requete" => self.q = value.into_owned(),
                "format" => self.format = Some(format(&value)?),
                "parametres" => {
                    self.parametres = serde_json::from_str(&value).map_err(|error| {
                        refused(
                            "parametres",
                            &value,
                            &format!("une liste ou un objet JSON est attendu, or {error}"),
                        )
                    })?;
                }
                _ => {
                    return Err(refused(
                        &name,
                        &value,
                        "paramètre inconnu ; q, parametres et format sont admis",
                    ));
                }
            }
        }
        Ok(())
    }

    fn read_json(&mut self, text: &str) -> Result<(), ApiError> {
        let body: Body = serde_json::from_str(text).map_err(|error| {
            refused(
                "corps",
                text,
                &format!("{{\"q\": \"SELECT …\", \"parametres\": […], \"format\": \"json\"}} est attendu, or {error}"),
            )
        })?;
        self.q = body.q;
        if !body.parametres.is_null() {
            self.parametres = body.parametres;
        }
        if let Some(name) = body.format {
            self.format = Some(format(&name)?);
        }
        Ok(())
    }
}

fn format(name: &str) -> Result<Format, ApiError> {
    Format::named(name).ok_or_else(|| {
        refused(
            "format",
            name,
            "json, ndjson, csv, parquet ou arrow est attendu",
        )
    })
}

fn refused(nom: &str, valeur: &str, attendu: &str) -> ApiError {
    ApiError::Parametre {
        nom: nom.chars().take(SHOWN).collect(),
        valeur: valeur.chars().take(SHOWN).collect(),
        attendu: attendu.to_owned(),
    }
}

/// The format a client prefers of those it accepts; JSON when it has no preference, or accepts none of
/// ours.
pub(super) fn accepted(headers: &HeaderMap) -> Format {
    let mut best = (0.0, Format::Json);
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0), |quality| quality.parse::<f32>().ok());
        let format = match name.as_str() {
            "application/json" | "application/*" | "*/*" => Format::Json,
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Format::Ndjson,
            "text/csv" | "text/*" => Format::Csv,
            "application/vnd.apache.parquet" => Format::Parquet,
            "application/vnd.apache.arrow.stream" => Format::Arrow,
            _ => continue,
        };
        if let Some(quality) = quality
            && quality > best.0
        {
            best = (quality, format);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_format_preferred_is_the_one_given() {
        for (accept, format) in [
            ("text/csv", Format::Csv),
            ("text/csv;q=0.5, application/x-ndjson", Format::Ndjson),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Json),
            ("application/vnd.apache.parquet", Format::Parquet),
            ("image/png", Format::Json),
            ("text/csv;q=0", Format::Json),
            (
                "application/vnd.apache.arrow.stream;q=0.9,*/*;q=0.1",
                Format::Arrow,
            ),
        ] {
            assert_eq!(
                accepted(&headers(header::ACCEPT, accept)),
                format,
                "{accept}"
            );
        }
        assert_eq!(accepted(&HeaderMap::new()), Format::Json);
    }

    #[test]
    fn a_body_is_json_a_form_or_the_query_itself() {
        let read = |kind: &'static str, body: &str| {
            Request::of_body(
                "format=csv",
                &headers(header::CONTENT_TYPE, kind),
                body.as_bytes(),
            )
        };
        let asked = read("application/json", r#"{"q":"SELECT $1","parametres":[1]}"#).unwrap();
        assert_eq!(asked.q, "SELECT $1");
        assert_eq!(asked.parametres, serde_json::json!([1]));
        assert_eq!(asked.format, Some(Format::Csv));
        for kind in [
            "application/sql",
            "text/plain; charset=utf-8",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(read(kind, "SELECT 1").unwrap().q, "SELECT 1", "{kind}");
        }
        let form = read(
            "application/x-www-form-urlencoded",
            "q=SELECT+%271%27&format=arrow",
        )
        .unwrap();
        assert_eq!(
            (form.q.as_str(), form.format),
            ("SELECT '1'", Some(Format::Arrow))
        );
        assert!(form.fichier && !asked.fichier);
        for body in [
            "",
            "  ",
            "{\"q\":1}",
            "{\"q\":\"SELECT 1\",\"autre\":1}",
            "{\"q\":\"\"}",
        ] {
            let error = read("application/json", body).unwrap_err();
            assert_eq!(error.code().as_str(), "parametre_invalide", "{body}");
        }
        assert!(Request::of_query("q=SELECT+1&limte=3").is_err());
        assert!(Request::of_query("q=SELECT+1&format=xml").is_err());
        assert!(Request::of_query("format=csv").is_err());
    }
}
