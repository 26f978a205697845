//! The kinds of API that may be asked for: what each asks of the applicant, and its scopes. A table
//! in TOML, compiled in, to which an operator's file adds.

use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

use super::champs::{self, Groupe};

/// Those compiled in.
const DEFAULTS: &str = include_str!("apis.toml");

/// A kind of API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    /// Its name in addresses.
    pub(super) id: String,
    pub(super) nom: String,
    pub(super) fournisseur: String,
    pub(super) description: String,
    /// Where it is documented: `https://…`, or a page of this server.
    pub(super) documentation: String,
    /// Where the conditions that the applicant accepts are.
    pub(super) conditions: String,
    /// Groups of questions that must be answered.
    #[serde(default)]
    requis: Vec<String>,
    /// Groups of questions that may be.
    #[serde(default)]
    facultatif: Vec<String>,
    /// What may be asked for; when there is none, the applicant describes the data.
    #[serde(default)]
    pub(super) perimetres: Vec<Perimetre>,
    /// False to take away one of the same id that is compiled in.
    #[serde(default = "yes")]
    actif: bool,
}

fn yes() -> bool {
    true
}

/// A scope.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Perimetre {
    pub(super) code: String,
    pub(super) libelle: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    api: Vec<Api>,
}

/// Why a file of kinds of API is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApisError {
    /// It cannot be read.
    #[error("read the kinds of API of {path}: {source}", path = .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not the TOML expected.
    #[error("parse the kinds of API of {path}: {source}", path = .path.display())]
    Parse {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// A name that means nothing, or that an address cannot hold.
    #[error("kinds of API of {path}: {reason}", path = .path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Api {
    /// The groups of questions, in the order of the form, each with whether it must be answered.
    pub(super) fn groupes(&self) -> impl Iterator<Item = (&'static Groupe, bool)> {
        champs::ACCES_API.iter().filter_map(|groupe| {
            let named = |names: &[String]| names.iter().any(|name| name == groupe.nom);
            if groupe.toujours || named(&self.requis) {
                Some((groupe, true))
            } else {
                named(&self.facultatif).then_some((groupe, false))
            }
        })
    }
}

/// Those compiled in, and those of `path`.
pub(super) fn read(path: Option<&Path>) -> Result<Vec<Api>, ApisError> {
    let compiled_in = Path::new("apis.toml");
    let mut apis = parse(DEFAULTS, compiled_in)?;
    if let Some(path) = path {
        let text = fs::read_to_string(path).map_err(|source| ApisError::Read {
            path: path.to_owned(),
            source,
        })?;
        for api in parse(&text, path)? {
            match apis.iter_mut().find(|known| known.id == api.id) {
                Some(known) => *known = api,
                None => apis.push(api),
            }
        }
    }
    apis.retain(|api| api.actif);
    Ok(apis)
}

fn parse(text: &str, path: &Path) -> Result<Vec<Api>, ApisError> {
    let file: File = toml::from_str(text).map_err(|source| ApisError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    for api in &file.api {
        check(api).map_err(|reason| ApisError::Refused {
            path: path.to_owned(),
            reason,
        })?;
    }
    Ok(file.api)
}

fn check(api: &Api) -> Result<(), String> {
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !plain(&api.id) || ["demandes", "operateur"].contains(&api.id.as_str()) {
        return Err(format!(
            "id {:?} is not made of a-z, 0-9 and -, or is one of ours (demandes, operateur)",
            api.id
        ));
    }
    for name in api.requis.iter().chain(&api.facultatif) {
        let known = champs::ACCES_API
            .iter()
            .any(|groupe| groupe.nom == name && !groupe.toujours);
        if !known {
            return Err(format!(
                "{}: no group of questions is called {name:?}",
                api.id
            ));
        }
    }
    for address in [&api.documentation, &api.conditions] {
        let ours = address.starts_with('/') && !address.starts_with("//");
        if !ours && !address.starts_with("https://") && !address.starts_with("http://") {
            return Err(format!("{}: {address:?} is no address", api.id));
        }
    }
    let empty = |scope: &Perimetre| scope.code.is_empty() || scope.libelle.is_empty();
    if api.perimetres.iter().any(empty) {
        return Err(format!("{}: a scope lacks its code or its libelle", api.id));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn with(text: &str) -> Result<Vec<Api>, ApisError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read(Some(file.path()))
    }

    const MINE: &str = "nom = \"La mienne\"\nfournisseur = \"F\"\ndescription = \"D\"\ndocumentation = \"/docs\"\nconditions = \"https://example.org/cgu\"\n";

    #[test]
    fn those_compiled_in_are_the_six_of_the_form() {
        let ids: Vec<_> = read(None).unwrap().into_iter().map(|api| api.id).collect();
        let expected = [
            "api-entreprise",
            "api-particulier",
            "api-impot-particulier",
            "franceconnect",
            "registre",
            "autre",
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn an_operator_adds_replaces_and_takes_away() {
        let text = format!(
            "[[api]]\nid = \"la-mienne\"\n{MINE}requis = [\"conservation\"]\n[[api]]\nid = \"autre\"\nactif = false\n{MINE}"
        );
        let apis = with(&text).unwrap();
        assert!(apis.iter().all(|api| api.id != "autre"));
        let mine = apis.iter().find(|api| api.id == "la-mienne").unwrap();
        let groups: Vec<_> = mine.groupes().map(|(groupe, _)| groupe.nom).collect();
        assert_eq!(
            groups,
            ["service", "organisation", "conservation", "engagement"]
        );
    }

    #[test]
    fn what_means_nothing_is_refused_with_its_name() {
        for (text, words) in [
            (format!("[[api]]\nid = \"A b\"\n{MINE}"), "A b"),
            (format!("[[api]]\nid = \"operateur\"\n{MINE}"), "operateur"),
            (
                format!("[[api]]\nid = \"x\"\n{MINE}requis = [\"bilan\"]"),
                "bilan",
            ),
            (format!("[[api]]\nid = \"x\"\n{MINE}couleur = 1"), "couleur"),
            (
                format!(
                    "[[api]]\nid = \"x\"\n{}",
                    MINE.replace("/docs", "javascript:0")
                ),
                "javascript",
            ),
        ] {
            let error = with(&text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
