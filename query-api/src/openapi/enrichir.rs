//! The routes of enrichment: what may be asked and what is added, from the tables that do it.

use serde_json::json;
use std::fmt::Write as _;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Required, Response, ResponseBuilder};

use super::common::{Reads, complete};
use super::paths::{ORGANISATIONS, id, operation, text};
use crate::enrichir::colonnes::DITES;
use crate::enrichir::http::LARGEST;
use crate::enrichir::verdict::CODES;
use crate::error::Code;

const TRAVAIL: &str = "00000000000000000000000000000000";

/// The routes.
pub(super) fn paths() -> Vec<(&'static str, PathItem)> {
    vec![
        ("/v1/enrichir", en_flux("/v1/enrichir")),
        ("/v1/enrichir/travaux", creer("/v1/enrichir/travaux")),
        (
            "/v1/enrichir/travaux/{id}",
            travail("/v1/enrichir/travaux/{id}"),
        ),
        (
            "/v1/enrichir/travaux/{id}/resultat",
            resultat("/v1/enrichir/travaux/{id}/resultat"),
        ),
    ]
}

fn en_flux(path: &str) -> PathItem {
    let description = format!(
        "Une ligne rendue par ligne envoyée, dans le même ordre, au fur et à mesure. Ce qui est envoyé est rendu tel quel, à l'octet près (guillemets, espaces, encodage) ; les colonnes ajoutées viennent après. Une ligne mal formée a son verdict et n'arrête pas les autres. {} Mo au plus : au-delà, créez un travail (`/v1/enrichir/travaux`). Un client qui lit lentement est lu lentement ; un client qui ne lit rien avant d'avoir tout envoyé ne dépassera pas 4 Mo.\n\nUne cellule ajoutée qui commence par `=`, `+`, `-` ou `@` est précédée d'une apostrophe en CSV, sauf `brut=oui` : un tableur l'exécuterait.\n\nPar le nom, l'égalité avec un nom du registre est exacte, à la casse, aux accents, à la ponctuation et aux mots de forme juridique près, dans le code postal ; une personne en diffusion partielle n'est jamais trouvée ainsi.\n\n{}",
        LARGEST >> 20,
        colonnes()
    );
    let post = parametres(operation(
        ORGANISATIONS,
        "enrichir",
        "Un fichier enrichi, ligne par ligne",
        &description,
    ))
    .request_body(Some(fichier(
        "Des lignes de CSV, ou un objet JSON par ligne",
    )))
    .response("200", enrichi("Le fichier, avec les colonnes ajoutées"));
    let own = [Code::ParametreInvalide];
    PathItem::new(HttpMethod::Post, complete(path, post, Reads::Rows, &own))
}

fn creer(path: &str) -> PathItem {
    let description = "Pour un fichier plus grand, ou une ligne qui coupe. Le fichier entier dans ce POST, ou rien encore avec `Upload-Complete: ?0` (ou `Upload-Length: N`), puis ses morceaux par PATCH à l'adresse de l'en-tête `Location` : envoi qui reprend où il s'est arrêté, selon draft-ietf-httpbis-resumable-upload ; les clients tus 1.0 conviennent aussi. Mêmes paramètres que `/v1/enrichir`. Un refus faute de place (507) donne aussi `Location` et `Upload-Offset` : l'envoi reprend là plus tard ; aucun autre refus ne laisse rien. L'adresse du travail est son secret : qui l'a peut en lire le résultat et le supprimer. Le travail survit au redémarrage du serveur ; une fois fini, seul son résultat est gardé, et il est supprimé après quelques heures sans qu'on s'en serve (`expire_le`).";
    let post = parametres(operation(
        ORGANISATIONS,
        "creer_enrichissement",
        "Créer un travail d'enrichissement",
        description,
    ))
    .parameter(entete(
        "Upload-Complete",
        "?1 si le corps est le fichier entier, ?0 sinon",
        Type::String,
    ))
    .parameter(entete(
        "Upload-Length",
        "Taille du fichier, en octets",
        Type::Integer,
    ))
    .request_body(Some(fichier("Le fichier, son début, ou rien")))
    .response("201", etat("Créé ; `Location` est son adresse"));
    let own = [
        Code::ParametreInvalide,
        Code::TropDeTravaux,
        Code::EspaceInsuffisant,
    ];
    PathItem::new(HttpMethod::Post, complete(path, post, Reads::Nothing, &own))
}

fn travail(path: &str) -> PathItem {
    let of = |operation: OperationBuilder| operation.parameter(numero());
    let get = of(operation(
        ORGANISATIONS,
        "etat_enrichissement",
        "Où en est un travail",
        "`etat` : depot (le fichier arrive), attente, en_cours, termine ou echec. L'en-tête `Upload-Offset` dit combien d'octets sont arrivés : HEAD suffit pour reprendre un envoi.",
    ))
    .response("200", etat("Son état"));
    let patch = of(operation(
        ORGANISATIONS,
        "envoyer_enrichissement",
        "Envoyer la suite du fichier",
        "Le corps est ce qui suit les octets déjà arrivés. S'il est coupé, ce qui est arrivé est gardé.",
    ))
    .parameter(entete("Upload-Offset", "Octets déjà arrivés", Type::Integer))
    .parameter(entete("Upload-Complete", "?1 si ce morceau est le dernier", Type::String))
    .request_body(Some(fichier("La suite du fichier")))
    .response("200", etat("Son état"));
    let delete = of(operation(
        ORGANISATIONS,
        "supprimer_enrichissement",
        "Supprimer un travail",
        "Le fichier et le résultat sont supprimés ; un travail en cours s'arrête.",
    ))
    .response(
        "204",
        ResponseBuilder::new().description("Supprimé").build(),
    );
    let inconnu = [Code::TravailInconnu];
    let mut item = PathItem::new(
        HttpMethod::Get,
        complete(path, get, Reads::Nothing, &inconnu),
    );
    let own = [
        Code::ParametreInvalide,
        Code::TravailInconnu,
        Code::TravailConflit,
        Code::EspaceInsuffisant,
    ];
    item.patch = Some(complete(path, patch, Reads::Nothing, &own));
    item.delete = Some(complete(path, delete, Reads::Nothing, &inconnu));
    item
}

fn resultat(path: &str) -> PathItem {
    let get = operation(
        ORGANISATIONS,
        "resultat_enrichissement",
        "Le résultat d'un travail",
        "Entier, ou une partie (`Range`) : un téléchargement coupé reprend. Toutes les lignes sont d'un même jeu de données, celui de l'en-tête `X-Snapshot`, même si un autre est entré en service entre-temps.",
    )
    .parameter(numero())
    .parameter(entete("Range", "La partie voulue, comme bytes=1000-", Type::String))
    .response("200", enrichi("Le résultat"))
    .response("206", enrichi("La partie demandée"));
    let own = [
        Code::TravailInconnu,
        Code::TravailConflit,
        Code::PlageInvalide,
    ];
    PathItem::new(HttpMethod::Get, complete(path, get, Reads::Nothing, &own))
}

/// What may be added, and the codes of the rows that cannot be looked up.
fn colonnes() -> String {
    let mut listed =
        String::from("Colonnes (`colonnes=…`) ; celles marquées * sont ajoutées par défaut :\n\n");
    for dite in DITES {
        let defaut = if dite.defaut { "*" } else { "" };
        // Writing to a text does not fail.
        let _infallible = writeln!(
            listed,
            "- `{}`{defaut} ({}) : {}",
            dite.nom,
            dite.kind.as_str(),
            dite.description
        );
    }
    listed.push_str("\nEt toute colonne des registres : `unite_legale.X`, `etablissement.X` (l'établissement demandé, sinon le siège), `siege.X`, `association.X`, où X est son nom dans cette API ou chez l'Insee ; `.libelle` après un code donne son libellé, `unite_legale.*` toute la table.\n\nCodes propres à l'enrichissement :\n\n");
    for (code, resultat, description) in CODES {
        let _infallible = writeln!(listed, "- `{code}` ({resultat}) : {description}");
    }
    listed
}

fn parametres(mut operation: OperationBuilder) -> OperationBuilder {
    for (name, description, example) in [
        (
            "identifiant",
            "Colonne qui porte un numéro SIREN, SIRET, RNA ou de TVA, par son nom ou son rang ; sinon celle dont les cellules en sont",
            "siret",
        ),
        (
            "nom",
            "Colonne qui porte un nom, pour les lignes sans numéro",
            "raison_sociale",
        ),
        ("code_postal", "Colonne qui porte son code postal", "cp"),
        (
            "colonnes",
            "Colonnes à ajouter, séparées par des virgules",
            "resultat,nom,unite_legale.sigle",
        ),
        (
            "prefixe",
            "Début du nom des colonnes ajoutées (registre_) ; un nom déjà pris est suivi de _2",
            "insee_",
        ),
        (
            "entete",
            "oui ou non : si la première ligne nomme les colonnes ; sinon, elle les nomme quand elle ne porte aucun numéro",
            "non",
        ),
        (
            "separateur",
            "Ce qui sépare les cellules : un caractère, ou tab",
            ";",
        ),
        ("encodage", "utf-8 ou windows-1252", "utf-8"),
        (
            "format",
            "Format rendu : csv, ndjson ou parquet ; par défaut celui qui est envoyé, ou l'en-tête Accept",
            "parquet",
        ),
        (
            "brut",
            "oui pour laisser telles quelles, en CSV, les cellules ajoutées qui commencent comme une formule",
            "oui",
        ),
    ] {
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(text().examples([json!(example)])))
                .build(),
        );
    }
    operation
}

fn numero() -> Parameter {
    id("id", "Le nom du travail, donné à sa création", TRAVAIL)
}

fn entete(name: &str, description: &str, kind: Type) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::from(Object::with_type(kind))))
        .build()
}

fn fichier(description: &str) -> RequestBody {
    let content = || ContentBuilder::new().schema(Some(text())).build();
    RequestBodyBuilder::new()
        .description(Some(description))
        .content("text/csv", content())
        .content("application/x-ndjson", content())
        .build()
}

fn enrichi(description: &str) -> Response {
    let content = || ContentBuilder::new().schema(Some(text())).build();
    ResponseBuilder::new()
        .description(description)
        .content("text/csv", content())
        .content("application/x-ndjson", content())
        .content("application/vnd.apache.parquet", content())
        .header(
            "X-Snapshot",
            HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some(
                    "Le jeu de données qui a répondu, le même pour toutes les lignes",
                ))
                .build(),
        )
        .build()
}

fn etat(description: &str) -> Response {
    let state = ObjectBuilder::new()
        .property("id", text())
        .property(
            "etat",
            text().enum_values(Some(["depot", "attente", "en_cours", "termine", "echec"])),
        )
        .property("octets_recus", nombre("Octets du fichier arrivés"))
        .property("octets_annonces", nombre("Taille annoncée du fichier, ou null"))
        .property("octets_traites", nombre("Octets du fichier enrichis"))
        .property("lignes_traitees", nombre("Lignes enrichies"))
        .property("cree_le", text())
        .property("expire_le", text().description(Some("Quand le travail sera supprimé si personne ne s'en sert")))
        .property("erreur", text().description(Some("Pourquoi il n'y a pas de résultat, ou null")))
        .property("resultat", ObjectBuilder::from(Object::with_type(Type::Object)).description(Some("Adresse, taille, nombre de lignes de chaque verdict, jeu de données, format, colonnes renommées ; null tant qu'il n'est pas prêt")));
    ResponseBuilder::new()
        .description(description)
        .content(
            "application/json",
            ContentBuilder::new().schema(Some(state)).build(),
        )
        .header(
            "Upload-Offset",
            HeaderBuilder::new()
                .schema(Some(ObjectBuilder::from(Object::with_type(Type::Integer))))
                .description(Some("Octets arrivés"))
                .build(),
        )
        .build()
}

fn nombre(description: &str) -> ObjectBuilder {
    ObjectBuilder::from(Object::with_type(Type::Integer)).description(Some(description))
}
