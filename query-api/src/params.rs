//! What a request carries, parsed at the door: past it, no function checks a length or a bound.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use registre_schemas::identifiers::{IdentifierError, IdentifierKind, RnaId, Siren, Siret};
use std::str::FromStr;

use crate::error::{ApiError, SHOWN};
use crate::export::Format;
use crate::lookup::Page;

/// Établissements per page, unless told.
pub(crate) const LIMITE_DEFAUT: u16 = 100;
/// Établissements per page, at most.
pub(crate) const LIMITE_MAX: u16 = 1000;

/// An identifier that a route expects.
pub(crate) trait Expected {
    /// Which one.
    const KIND: IdentifierKind;
}

impl Expected for Siren {
    const KIND: IdentifierKind = IdentifierKind::Siren;
}

impl Expected for Siret {
    const KIND: IdentifierKind = IdentifierKind::Siret;
}

impl Expected for RnaId {
    const KIND: IdentifierKind = IdentifierKind::Rna;
}

/// The identifier of the path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: Expected + FromStr<Err = IdentifierError>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(valeur) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::of_status(rejection.status()))?;
        match valeur.parse() {
            Ok(id) => Ok(Self(id)),
            Err(cause) => Err(ApiError::identifiant(&valeur, cause, Some(T::KIND))),
        }
    }
}

/// Which établissements, and how they are written.
pub(crate) struct Liste {
    pub(crate) page: Page,
    /// A page of JSON, or all of them.
    pub(crate) format: Option<Format>,
}

/// The parameters of a list of établissements.
impl<S: Send + Sync> FromRequestParts<S> for Liste {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::of_status(rejection.status()))?;
        page(&pairs)
    }
}

/// An unknown name is refused: a misspelt `limte=1000` would otherwise pass for a short list.
fn page(pairs: &[(String, String)]) -> Result<Liste, ApiError> {
    let mut format = None;
    let mut page = Page {
        limite: LIMITE_DEFAUT,
        apres: None,
        etat: None,
    };
    for (position, (name, value)) in pairs.iter().enumerate() {
        let invalid = |attendu: String| ApiError::Parametre {
            nom: name.chars().take(SHOWN).collect(),
            valeur: value.chars().take(SHOWN).collect(),
            attendu,
        };
        if pairs[..position].iter().any(|(seen, _)| seen == name) {
            return Err(invalid("ce paramètre est donné deux fois".to_owned()));
        }
        match name.as_str() {
            "limite" => {
                page.limite = value
                    .parse()
                    .ok()
                    .filter(|limite| (1..=LIMITE_MAX).contains(limite))
                    .ok_or_else(|| invalid(format!("un entier de 1 à {LIMITE_MAX} est attendu")))?;
            }
            "apres" => {
                let siret: Siret = value.parse().map_err(|error| {
                    invalid(format!(
                        "le dernier SIRET de la page précédente est attendu, or {error}"
                    ))
                })?;
                page.apres = Some(siret);
            }
            "etat" => {
                page.etat = Some(match value.as_str() {
                    "A" => "A",
                    "F" => "F",
                    _ => return Err(invalid("A (actif) ou F (fermé) est attendu".to_owned())),
                });
            }
            "format" => {
                format = match value.as_str() {
                    "json" => None,
                    "ndjson" => Some(Format::Ndjson),
                    "csv" => Some(Format::Csv),
                    _ => return Err(invalid("json, ndjson ou csv est attendu".to_owned())),
                };
            }
            _ => {
                return Err(invalid(
                    "paramètre inconnu ; limite, apres, etat et format sont admis".to_owned(),
                ));
            }
        }
    }
    if format.is_some() && pairs.iter().any(|(name, _)| name == "limite") {
        return Err(ApiError::Parametre {
            nom: "limite".to_owned(),
            valeur: page.limite.to_string(),
            attendu: "un export donne tous les établissements : retirez ce paramètre".to_owned(),
        });
    }
    Ok(Liste { page, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Page, String> {
        page(&[(name.to_owned(), value.to_owned())])
            .map(|list| list.page)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_out_of_bounds_is_named_with_its_bounds() {
        assert_eq!(read("limite", "1000").unwrap().limite, 1000);
        for value in ["0", "1001", "-1", "dix", "", "99999999999"] {
            let error = read("limite", value).unwrap_err();
            assert!(
                error.contains("limite") && error.contains(value) && error.contains("de 1 à 1000"),
                "{error}"
            );
        }
        assert!(
            read("etat", "C")
                .unwrap_err()
                .contains("A (actif) ou F (fermé)")
        );
        assert!(read("apres", "123").unwrap_err().contains("14 chiffres"));
        assert!(read("format", "xml").unwrap_err().contains("ndjson ou csv"));
        let both = [("limite", "5"), ("format", "csv")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert!(page(&both).is_err());
        assert!(read("limte", "5").unwrap_err().contains("inconnu"));
    }
}
