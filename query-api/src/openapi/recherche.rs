//! `/v1/suggestions` and `/v1/recherche`.

use serde_json::json;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use super::common::{Reads, complete};
use super::components::{array, integer, object, optional_text, or_null, reference, text};
use super::paths::{self, operation, unchanged};
use crate::error::Code;

pub(super) const TAG: &str = "Recherche";
pub(super) const DESCRIPTION: &str = "Par nom, sigle, enseigne, ancien nom ou adresse, fautes de frappe comprises ; personne n'y est trouvé qui a demandé à être masqué";

/// What a search may meet.
const OWN: [Code; 2] = [Code::ParametreInvalide, Code::SansIndex];

/// The filters: name, what it means, an example.
#[rustfmt::skip]
const FILTRES: [(&str, &str, &str); 22] = [
    ("etat", "État de l'unité légale ou de l'association : A (active) ou C (cessée, dissoute)", "A"),
    ("activite_principale", "Codes NAF rév. 2 de l'unité légale, séparés par des virgules", "84.11Z"),
    ("activite_principale_naf25", "Codes NAF 2025 de l'unité légale, séparés par des virgules", "84.11Y"),
    ("section_activite_principale", "Sections de la NAF rév. 2, séparées par des virgules", "O"),
    ("categorie_juridique", "Catégories juridiques, d'un, de deux ou de quatre chiffres, séparées par des virgules", "7210"),
    ("categorie_entreprise", "PME, ETI ou GE, séparées par des virgules", "GE"),
    ("tranche_effectifs", "Tranches d'effectifs de l'unité légale, séparées par des virgules", "41"),
    ("commune", "Codes de communes ou d'arrondissements où elle a un établissement, ouvert ou non", "92023"),
    ("epci", "SIREN des intercommunalités (EPCI à fiscalité propre) où elle a un établissement, ouvert ou non", "200054781"),
    ("code_postal", "Codes postaux où elle a un établissement, ouvert ou non", "92140"),
    ("departement", "Départements où elle a un établissement, ouvert ou non", "92"),
    ("region", "Régions où elle a un établissement, ouvert ou non", "11"),
    ("ess", "Économie sociale et solidaire : true ou false", "true"),
    ("societe_mission", "Société à mission : true ou false ; false ne vaut que si le registre le dit", "true"),
    ("association", "Association, avec ou sans SIREN : true ou false", "true"),
    ("entrepreneur_individuel", "Personne physique : true ou false", "false"),
    ("administration", "Par sa catégorie juridique : true ou false", "true"),
    ("utilite_publique", "Association reconnue d'utilité publique : true ou false", "true"),
    ("creation_apres", "Créée ce jour ou après", "2020-01-01"),
    ("creation_avant", "Créée ce jour ou avant", "2020-12-31"),
    ("cessation_apres", "Cessée ou dissoute ce jour ou après, et qui l'est encore ; sans date de cessation, le début de la période courante", "2020-01-01"),
    ("cessation_avant", "Cessée ou dissoute ce jour ou avant", "2020-12-31"),
];

pub(super) fn paths() -> [(&'static str, PathItem); 2] {
    let (of_names, of_all) = ("/v1/suggestions", "/v1/recherche");
    [
        (of_names, suggestions(of_names)),
        (of_all, recherche(of_all)),
    ]
}

fn suggestions(path: &str) -> PathItem {
    let operation = operation(
        TAG,
        "suggestions",
        "Des organisations, pendant qu'on tape leur nom",
        "Le dernier mot peut être inachevé. Accents, majuscules, ponctuation, formes juridiques et mots d'une lettre ne comptent pas ; une faute est pardonnée dans un mot de quatre lettres, deux à partir de huit. Une commune, un code postal ou un département dans le texte est compris. Ce qui est exact vient avant ce qui commence, puis avant ce qui ressemble ; ce qui est grand et ouvert, avant ce qui est petit ou fermé. Un texte sans mot ne donne rien.",
    )
    .parameter(paths::query("q", "Ce qui est tapé (300 caractères sont lus)", paths::text(), json!("mairie clamart")))
    .parameter(paths::query("nombre", "Combien de suggestions, 20 au plus", nombre(), json!(8)))
    .response("200", paths::success("Suggestions"))
    .response("304", unchanged());
    PathItem::new(
        HttpMethod::Get,
        complete(path, operation, Reads::Rows, &OWN),
    )
}

fn recherche(path: &str) -> PathItem {
    let mut operation = operation(
        TAG,
        "recherche",
        "Les organisations d'un nom, et de ce qu'elles sont",
        "Un texte, des filtres, ou les deux. `total` est le nombre de résultats ; quand `total_exact` est false, il y en a davantage : une recherche trop vaste s'arrête. Les facettes comptent tous les résultats quand `facettes_exactes` est true, les premiers sinon. La page suivante commence à `suivant` (paramètre `apres`) ; elle est stable tant que le jeu de données est le même.",
    )
    .parameter(paths::query("q", "Ce qui est cherché (300 caractères sont lus)", paths::text(), json!("commune")));
    for (nom, sens, exemple) in FILTRES {
        operation = operation.parameter(paths::query(nom, sens, paths::text(), json!(exemple)));
    }
    let operation = operation
        .parameter(paths::query("latitude", "Autour d'un point : latitude en degrés, avec `longitude` ; ce qui a un établissement dans le cercle, ouvert ou non ; le total compte alors un peu plus large", reel(), json!(48.8)))
        .parameter(paths::query("longitude", "Longitude en degrés", reel(), json!(2.26)))
        .parameter(paths::query("rayon", "Rayon en kilomètres, 50 au plus", reel(), json!(5)))
        .parameter(paths::query(
            "tri",
            "pertinence, taille, creation (les plus récentes d'abord ; de centaines de milliers de résultats tous anciens, parmi les plus grandes) ou, autour d'un point, distance",
            paths::text(),
            json!("taille"),
        ))
        .parameter(paths::query(
            "limite",
            "Résultats par page, 100 au plus",
            nombre(),
            json!(20),
        ))
        .parameter(paths::query(
            "apres",
            "Résultats déjà vus, 9 999 au plus",
            nombre(),
            json!(20),
        ))
        .response("200", paths::success("ReponseRecherche"))
        .response("304", unchanged());
    PathItem::new(
        HttpMethod::Get,
        complete(path, operation, Reads::Rows, &OWN),
    )
}

fn nombre() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}

fn reel() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Number)
}

pub(super) fn schemas() -> [(&'static str, Object); 5] {
    [
        (
            "Suggestions",
            object([
                ("suggestions", array("ResumeOrganisation")),
                ("donnees", reference("Donnees")),
            ]),
        ),
        (
            "ReponseRecherche",
            object([
                (
                    "total",
                    integer("Nombre de résultats, sur toutes les pages").into(),
                ),
                (
                    "total_exact",
                    boolean("false : il y en a davantage que `total`").into(),
                ),
                ("resultats", array("ResumeOrganisation")),
                (
                    "suivant",
                    ObjectBuilder::new()
                        .schema_type(or_null(Type::Integer, true))
                        .description(Some("Où commence la page suivante : paramètre `apres`"))
                        .into(),
                ),
                ("facettes", reference("Facettes")),
                (
                    "facettes_exactes",
                    boolean("false : les facettes ne comptent que les premiers résultats, les plus grands").into(),
                ),
                ("donnees", reference("Donnees")),
            ]),
        ),
        (
            "ResumeOrganisation",
            object([
                ("type", text("unite_legale ou association").into()),
                (
                    "siren",
                    optional_text("Numéro SIREN ; null pour une association qui n'en a pas").into(),
                ),
                ("rna", optional_text("Numéro RNA").into()),
                ("siret", optional_text("SIRET du siège").into()),
                ("nom", optional_text("Nom affiché").into()),
                (
                    "complement",
                    optional_text("Un autre de ses noms : celui qui a été tapé, ou son sigle")
                        .into(),
                ),
                (
                    "trouve_par",
                    optional_text("Le nom qui porte ce qui est tapé, où est `complement` : nom, sigle, nom_usuel, enseigne, titre_association, ancien_nom ou adresse ; null quand il n'y fait que ressembler, ou pour l'enseigne d'un autre établissement que le siège")
                        .into(),
                ),
                ("commune", optional_text("Commune du siège").into()),
                ("code_postal", optional_text("Code postal du siège").into()),
                (
                    "activite",
                    optional_text("Activité principale, en toutes lettres").into(),
                ),
                (
                    "actif",
                    boolean("Unité légale active, ou association qui n'est pas dissoute").into(),
                ),
                ("url", text("Adresse de sa page").into()),
                (
                    "distance_km",
                    ObjectBuilder::new()
                        .schema_type(or_null(Type::Number, true))
                        .description(Some("Kilomètres jusqu'au plus proche de ses établissements ; null quand rien n'est cherché autour d'un point"))
                        .into(),
                ),
            ]),
        ),
        (
            "Facettes",
            object([
                ("sections", array("Facette")),
                ("activites", array("Facette")),
                ("categories_juridiques", array("Facette")),
                ("effectifs", array("Facette")),
                ("departements", array("Facette")),
            ]),
        ),
        (
            "Facette",
            object([
                (
                    "code",
                    text("Code ; pour une catégorie juridique, ses deux premiers chiffres").into(),
                ),
                ("libelle", optional_text("En toutes lettres").into()),
                ("nombre", integer("Résultats qui l'ont").into()),
            ]),
        ),
    ]
}

fn boolean(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Boolean))
        .description(Some(description))
        .build()
}
