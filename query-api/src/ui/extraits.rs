//! « Dans votre code »: how a program reads what a page shows, ready to be copied, the same way on each page. A
//! script, `/extraits.js`, adds the buttons that copy.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use std::fmt::Write as _;

use super::fiche::Nature;
use super::template::{escape, fill};
use crate::cache::asset;

const TEMPLATE: &str = include_str!("../../ui/extraits.html");
const SCRIPT: &str = include_str!("../../ui/extraits.js");

/// What the examples are written with, as their author copies them.
pub(super) const EXEMPLE: &str = "https://registre.example";

/// An example.
pub(super) struct Extrait {
    /// Of its title in the page.
    pub(super) id: &'static str,
    pub(super) titre: &'static str,
    pub(super) texte: &'static str,
}

const ENTREPRISE: [Extrait; 3] = trois(
    include_str!("../../ui/extraits/entreprise.sh"),
    include_str!("../../ui/extraits/entreprise-duckdb.sh"),
    include_str!("../../ui/extraits/organisation.py"),
);
const ETABLISSEMENT: [Extrait; 3] = trois(
    include_str!("../../ui/extraits/etablissement.sh"),
    include_str!("../../ui/extraits/etablissement-duckdb.sh"),
    include_str!("../../ui/extraits/organisation.py"),
);
const ASSOCIATION: [Extrait; 3] = trois(
    include_str!("../../ui/extraits/association.sh"),
    include_str!("../../ui/extraits/association-duckdb.sh"),
    include_str!("../../ui/extraits/organisation.py"),
);
const DONNEES: [Extrait; 3] = trois(
    include_str!("../../ui/extraits/donnees.sh"),
    include_str!("../../ui/extraits/donnees-duckdb.sh"),
    include_str!("../../ui/extraits/donnees.py"),
);
const RECHERCHE: [Extrait; 3] = trois(
    include_str!("../../ui/extraits/recherche.sh"),
    include_str!("../../ui/extraits/recherche-duckdb.sh"),
    include_str!("../../ui/extraits/recherche.py"),
);

const fn trois(curl: &'static str, duckdb: &'static str, python: &'static str) -> [Extrait; 3] {
    [
        Extrait {
            id: "code-curl",
            titre: "curl",
            texte: curl,
        },
        Extrait {
            id: "code-duckdb",
            titre: "DuckDB",
            texte: duckdb,
        },
        Extrait {
            id: "code-python",
            titre: "Python",
            texte: python,
        },
    ]
}

/// `GET /extraits.js`
pub(crate) async fn script(headers: HeaderMap) -> Response {
    asset(
        &headers,
        "text/javascript; charset=utf-8",
        SCRIPT.as_bytes(),
    )
}

/// How the visitor reached this server, for what is to be copied. The script knows better: a proxy
/// that does not say that it speaks HTTPS is written `http` here.
pub(super) fn origine(headers: &HeaderMap) -> String {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_plain = |host: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        !host.is_empty() && host.chars().all(plain)
    };
    let scheme = match said("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    match said(header::HOST.as_str()).filter(is_plain) {
        Some(host) => format!("{scheme}://{host}"),
        None => EXEMPLE.to_owned(),
    }
}

/// Examples under their titles, asking the server at `origine`, of that subject if they have one: a number,
/// or the parameters of a search.
pub(super) fn liste(extraits: &[Extrait], origine: &str, sujet: &str) -> String {
    let mut html = String::new();
    for Extrait { id, titre, texte } in extraits {
        let texte = fill(texte.trim_end(), |_name| sujet.to_owned());
        let _ = write!(
            html,
            "<h3 id=\"{id}\">{}</h3><pre tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\"><code>{}</code></pre>",
            escape(titre),
            escape(&texte.replace(EXEMPLE, origine)),
        );
    }
    html
}

/// What reads the page of a number.
pub(super) fn de_fiche(nature: Nature, numero: &str, origine: &str) -> String {
    let extraits = match nature {
        Nature::Unite => &ENTREPRISE,
        Nature::Etablissement => &ETABLISSEMENT,
        Nature::Association => &ASSOCIATION,
    };
    bloc(extraits, origine, numero)
}

/// What reads the description of the data.
pub(super) fn de_donnees(origine: &str) -> String {
    bloc(&DONNEES, origine, "")
}

/// What finds what a search finds, from the parameters that `/v1/recherche` has for it.
pub(super) fn de_recherche(requete: &str, origine: &str) -> String {
    bloc(&RECHERCHE, origine, requete)
}

fn bloc(extraits: &[Extrait], origine: &str, sujet: &str) -> String {
    let liste = liste(extraits, origine, sujet);
    fill(TEMPLATE, |name| match name {
        "origine" => escape(origine),
        _ => liste.clone(),
    })
}
