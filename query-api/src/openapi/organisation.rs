//! `/v1/organisations`: its routes, and the shape of its answers, whatever the verdict.

use registre_schemas::identifiers::IdentifierKind;
use serde_json::json;
use utoipa::openapi::path::{HttpMethod, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    AllOfBuilder, ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder};

use super::common::{Reads, complete};
use super::components::{
    array, integer, nullable, object, optional_date, optional_text, or_null, reference, text,
};
use super::paths::{self, ORGANISATIONS, operation, unchanged};
use crate::error::Code;
use crate::organisation::LIMITE;
use crate::organisation::nom::Regle;
use crate::organisation::resultat::{CODES, Resultat};

const EXAMPLE: &str = "13002526500013";

pub(super) fn by_id(path: &str) -> PathItem {
    let operation = operation(
        ORGANISATIONS,
        "organisation",
        "Une organisation, par n'importe lequel de ses numéros",
        "SIRET, SIREN, numéro RNA ou numéro de TVA. La réponse a toujours la même forme : `resultat` dit ce qu'il en est, `message` pourquoi et `que_faire` la suite à donner ; `organisation` est null quand le numéro est inconnu ou invalide. Quand plusieurs constats s'imposent, le premier de doublon, ferme, diffusion_partielle, trouve est donné : `est_ferme` et `diffusion_partielle` disent les autres. Par SIRET, `ferme` parle de l'établissement ; par SIREN ou TVA, de l'unité légale ; par RNA, de l'association. D'un doublon, l'organisation donnée est celle qui le remplace.",
    )
    .parameter(paths::id("id", "SIRET, SIREN, numéro RNA ou de TVA ; espaces, points et tirets sont ignorés", EXAMPLE))
    .response("200", answer("Résultat : trouve, ferme, doublon ou diffusion_partielle", "ReponseOrganisation"))
    .response("304", unchanged())
    .response("400", answer("Résultat : invalide", "ReponseOrganisation"))
    .response("404", answer("Résultat : inconnu", "ReponseOrganisation"));
    PathItem::new(HttpMethod::Get, complete(path, operation, Reads::Rows, &[]))
}

pub(super) fn by_many(path: &str) -> PathItem {
    let own = [Code::ParametreInvalide, Code::TropDIdentifiants];
    let ids = ParameterBuilder::new()
        .name("ids")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some(format!("Les numéros, séparés par des virgules ; le paramètre peut être répété. {LIMITE} numéros au plus, et 16 Ko d'en-têtes, adresse comprise : au-delà, utilisez POST")))
        .schema(Some(paths::text()))
        .example(Some(json!("13002526500013,356000000,W751004076")))
        .build();
    let description = "Chaque numéro a sa réponse, dans l'ordre demandé, de la même forme que seul ; un numéro invalide n'arrête pas les autres.";
    let get = operation(
        ORGANISATIONS,
        "organisations",
        "Plusieurs organisations, par leurs numéros",
        description,
    )
    .parameter(ids)
    .response(
        "200",
        answer("Une réponse par numéro", "ReponseOrganisations"),
    )
    .response("304", unchanged());
    let post = operation(ORGANISATIONS, "organisations_corps", "Plusieurs organisations, numéros dans le corps", description)
        .request_body(Some(
            RequestBodyBuilder::new()
                .description(Some(format!("{LIMITE} numéros au plus : une liste JSON, un objet {{\"identifiants\": [liste]}}, ou un numéro par ligne")))
                .required(Some(Required::True))
                .content("application/json", ContentBuilder::new().schema(Some(body())).build())
                .content("application/x-ndjson", ContentBuilder::new().schema(Some(paths::text())).build())
                .content("text/plain", ContentBuilder::new().schema(Some(paths::text())).build())
                .build(),
        ))
        .response("200", answer("Une réponse par numéro", "ReponseOrganisations"));
    let get = complete(path, get, Reads::Rows, &own);
    let mut item = PathItem::new(HttpMethod::Get, get);
    item.post = Some(complete(path, post, Reads::Rows, &own));
    item
}

fn body() -> RefOr<Schema> {
    // What is no text is answered like anything else that is no identifier.
    let entry = || {
        ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("Un numéro, en texte. Un nombre est lu comme on l'écrit ; toute autre valeur est répondue comme invalide"))
    };
    let list = || {
        ArrayBuilder::new()
            .items(entry())
            .min_items(Some(1))
            .max_items(Some(LIMITE))
            .examples([json!([EXAMPLE, "356000000"])])
    };
    OneOfBuilder::new()
        .item(list())
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("identifiants", list())
                .required("identifiants"),
        )
        .into()
}

fn answer(description: &str, schema: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(schema)))
                .build(),
        )
        .build()
}

/// The shapes, in the order of the document.
pub(super) fn schemas() -> Vec<(&'static str, Object)> {
    vec![
        ("ReponseOrganisation", reponse(true)),
        ("ReponseOrganisationDuLot", reponse(false)),
        ("ReponseOrganisations", lot()),
        ("Identifiant", identifiant()),
        ("Organisation", organisation()),
        ("NomParts", parts()),
        ("Adresse", adresse()),
        ("UniteLegaleResumee", unite()),
        ("EtablissementResume", etablissement()),
        ("AssociationLiee", association()),
        ("Coordonnees", coordonnees()),
        ("Succession", succession()),
        ("Successeur", successeur()),
        ("CodeLibelle", code(Vec::new())),
        (
            "ActivitePrincipale",
            code(vec![(
                "nomenclature",
                optional_text("Version de la nomenclature : NAFRev2, NAFRev1, NAF1993 ou NAP"),
            )]),
        ),
        (
            "TrancheEffectifs",
            code(vec![("annee", number(Type::Integer, "Année de validité"))]),
        ),
    ]
}

fn reponse(with_data: bool) -> Object {
    let resultat = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Resultat::ALL))
        .description(Some("Ce qu'il en est du numéro demandé"))
        .build();
    let codes: Vec<String> = CODES
        .iter()
        .map(|(code, _, meaning)| format!("`{code}` : {meaning}"))
        .collect();
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(CODES.map(|(code, ..)| code)))
        .description(Some(format!(
            "Code stable, plus fin que le résultat. {}",
            codes.join(" ; ")
        )))
        .build();
    let shape = object([
        ("demande", text("Ce qui a été demandé, 64 caractères au plus").into()),
        ("identifiant", described(nullable("Identifiant"), "Le numéro lu, ou null quand ce n'en est pas un")),
        ("resultat", resultat.into()),
        ("code", code.into()),
        ("message", text("Pourquoi, en une phrase à montrer à la personne, avec le numéro et les dates").into()),
        ("que_faire", text("La suite à donner, en une phrase").into()),
        ("suggestion", optional_text("Numéro que la personne voulait certainement saisir, sans séparateurs : à lui montrer, jamais à utiliser sans son accord. Null quand il n'y en a pas de certain").into()),
        ("siren_reference", optional_text("D'un doublon : le SIREN qui le remplace (Insee, StockDoublons)").into()),
        ("siret_siege", optional_text("Le SIRET du siège, à proposer à la place d'un SIRET fermé, remplacé, ou inconnu quand son SIREN est connu").into()),
        ("organisation", described(nullable("Organisation"), "L'organisation, ou null quand le numéro est inconnu ou invalide. D'un doublon, celle qui le remplace")),
    ]);
    if !with_data {
        return shape;
    }
    ObjectBuilder::from(shape)
        .property("donnees", reference("Donnees"))
        .required("donnees")
        .build()
}

fn lot() -> Object {
    object([
        (
            "nombre",
            integer("Nombre de réponses, autant que de numéros demandés").into(),
        ),
        ("reponses", array("ReponseOrganisationDuLot")),
        ("donnees", reference("Donnees")),
    ])
}

fn identifiant() -> Object {
    let kinds = [
        IdentifierKind::Siren,
        IdentifierKind::Siret,
        IdentifierKind::Rna,
        IdentifierKind::Tva,
    ];
    let kind = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(kinds.map(IdentifierKind::as_str)))
        .description(Some("De quel numéro il s'agit"))
        .build();
    object([
        ("type", kind.into()),
        ("valeur", text("Le numéro, sans séparateurs").into()),
        (
            "affichage",
            text("Le numéro tel qu'on l'écrit, avec des espaces insécables").into(),
        ),
    ])
}

fn organisation() -> Object {
    let regle = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Regle::ALL))
        .description(Some("La règle qui a fait le nom : dénomination, à défaut sigle, dénomination usuelle ou enseigne ; d'une personne physique, prénom usuel puis nom d'usage ou de naissance, à défaut pseudonyme ; titre_association quand seul le RNA la connaît ; masque quand la personne a demandé à ne pas être nommée ; absent quand aucun répertoire n'a de nom"))
        .build();
    members(vec![
        ("siren", optional_text("Numéro SIREN (SIRENE) ; null d'une association que le RNA seul connaît").into()),
        ("siret", optional_text("SIRET de l'établissement montré : celui demandé, sinon le siège (SIRENE)").into()),
        ("siret_siege", optional_text("SIRET du siège (SIRENE, etablissementSiege et nicSiegeUniteLegale)").into()),
        ("est_siege", boolean("Vrai quand l'établissement montré est le siège (SIRENE, etablissementSiege)", true).into()),
        ("rna", optional_text("Numéro RNA : celui demandé, sinon le plus sûr de ceux de l'unité légale").into()),
        ("alsace_moselle", optional_text("Volume et folio au registre des associations d'un tribunal d'Alsace-Moselle (SIRENE, identifiantAssociationUniteLegale)").into()),
        ("tva", optional_text("Numéro de TVA intracommunautaire, calculé du SIREN d'une unité active. Il ne prouve pas que l'unité est assujettie").into()),
        ("nom", optional_text("Nom à montrer ; null quand il est masqué ou absent").into()),
        ("nom_regle", regle.into()),
        ("nom_parts", described(reference("NomParts"), "De quoi le nom est fait, et les autres noms connus")),
        ("est_ferme", boolean("Vrai quand ce qui est demandé est fermé : l'établissement, l'unité légale ou l'association", false).into()),
        ("diffusion_partielle", boolean("Vrai quand l'unité légale ou l'établissement n'est pas diffusible en entier (SIRENE, statutDiffusion)", false).into()),
        ("adresse", described(nullable("Adresse"), "Adresse de l'établissement montré (SIRENE), sinon du siège de l'association (RNA)")),
        ("adresse_secondaire", described(nullable("Adresse"), "Seconde adresse de l'établissement montré (SIRENE)")),
        ("adresse_gestion", described(nullable("Adresse"), "Adresse de gestion de l'association demandée par son numéro (RNA), sans le nom du déclarant")),
        ("coordonnees", described(nullable("Coordonnees"), "Position de l'établissement montré (Insee, géolocalisation) ; null quand elle est inconnue ou masquée")),
        ("unite_legale", described(nullable("UniteLegaleResumee"), "L'unité légale (SIRENE)")),
        ("etablissement", described(nullable("EtablissementResume"), "L'établissement montré (SIRENE)")),
        ("categorie_juridique", described(nullable("CodeLibelle"), "Catégorie juridique de l'unité légale, niveau 3 (SIRENE)")),
        ("categorie_entreprise", described(nullable("CodeLibelle"), "Catégorie d'entreprise : PME, ETI ou GE (SIRENE)")),
        ("annee_categorie_entreprise", number(Type::Integer, "Année de validité de la catégorie d'entreprise (SIRENE)").into()),
        ("nombre_etablissements", nombre()),
        ("associations", described(array("AssociationLiee"), "Les associations du RNA que l'un des deux répertoires lie à l'unité légale, la plus sûre d'abord, dix au plus ; celle demandée par son numéro en est toujours")),
        ("est_association", boolean("Vrai quand elle est demandée par son numéro RNA, que sa catégorie juridique est 92 (hors 9240, congrégations) ou 5195, ou que SIRENE lui donne un numéro d'association. Un lien par le RNA seul ne suffit pas", false).into()),
        ("est_administration", boolean("Vrai quand la catégorie juridique commence par 4 (droit public soumis au droit commercial) ou 7 (droit administratif)", false).into()),
        ("est_entrepreneur_individuel", boolean("Vrai quand la catégorie juridique est 1000", false).into()),
        ("est_ess", boolean("Appartenance à l'économie sociale et solidaire (SIRENE) ; null quand elle est inconnue", true).into()),
        ("est_societe_mission", boolean("Société à mission (SIRENE) ; null quand on ne sait pas", true).into()),
        ("est_utilite_publique", boolean("Vrai quand la liste du ministère de l'Intérieur ou le RNA la dit reconnue d'utilité publique ; null sinon, car la liste ne donne pas tous les numéros RNA", true).into()),
        ("doublons", described(ArrayBuilder::new().items(text("SIREN")).into(), "Les SIREN que celui-ci remplace (Insee, StockDoublons)")),
        ("succession", described(nullable("Succession"), "Ce qui a pris la suite de l'établissement fermé, ou du siège de l'unité légale cessée ; null de ce qui n'est pas fermé (Insee, liens de succession)")),
    ])
}

/// As [`object`], for more members than an array on the stack should have.
fn members(members: Vec<(&'static str, RefOr<Schema>)>) -> Object {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, schema) in members {
        object = object.property(name, schema).required(name);
    }
    object.build()
}

fn parts() -> Object {
    let texts = |description: &str| -> RefOr<Schema> {
        described(ArrayBuilder::new().items(paths::text()).into(), description)
    };
    object([
        (
            "denomination",
            optional_text("Dénomination de la personne morale (SIRENE)").into(),
        ),
        ("sigle", optional_text("Sigle (SIRENE)").into()),
        (
            "denominations_usuelles",
            texts("Dénominations usuelles de l'unité légale (SIRENE)"),
        ),
        (
            "denomination_usuelle_etablissement",
            optional_text("Dénomination usuelle de l'établissement montré (SIRENE)").into(),
        ),
        (
            "enseignes",
            texts("Enseignes de l'établissement montré (SIRENE)"),
        ),
        ("nom", optional_text("Nom de naissance (SIRENE)").into()),
        ("nom_usage", optional_text("Nom d'usage (SIRENE)").into()),
        ("prenoms", texts("Prénoms, l'usuel d'abord (SIRENE)")),
        ("pseudonyme", optional_text("Pseudonyme (SIRENE)").into()),
        (
            "titre_association",
            optional_text("Titre de l'association (RNA)").into(),
        ),
        (
            "titre_court_association",
            optional_text("Titre court de l'association (RNA)").into(),
        ),
    ])
}

fn adresse() -> Object {
    object([
        ("complement", optional_text("Complément : bâtiment, escalier, résidence").into()),
        ("numero_voie", optional_text("Numéro dans la voie").into()),
        ("indice_repetition", optional_text("Indice de répétition, en toutes lettres : BIS, TER…").into()),
        ("dernier_numero_voie", optional_text("Dernier numéro d'une adresse groupée").into()),
        ("type_voie", optional_text("Type de voie, en toutes lettres : RUE, AVENUE…").into()),
        ("libelle_voie", optional_text("Nom de la voie").into()),
        ("distribution_speciale", optional_text("Distribution spéciale : boîte postale, TSA").into()),
        ("code_postal", optional_text("Code postal").into()),
        ("code_commune", optional_text("Code de la commune au code officiel géographique").into()),
        ("libelle_commune", optional_text("Nom de la commune, ou du bureau d'acheminement").into()),
        ("code_cedex", optional_text("Code du bureau CEDEX").into()),
        ("libelle_cedex", optional_text("Libellé du CEDEX").into()),
        ("libelle_commune_etranger", optional_text("Nom de la ville à l'étranger").into()),
        ("code_pays_etranger", optional_text("Code du pays étranger au code officiel géographique").into()),
        ("libelle_pays_etranger", optional_text("Nom du pays étranger").into()),
        ("masquee", boolean("Vrai quand l'adresse est masquée à la demande de la personne : seuls la commune et le pays sont donnés", false).into()),
        ("lignes", described(ArrayBuilder::new().items(paths::text()).into(), "Les lignes à imprimer sous le nom, d'après la norme NF Z 10-011, sans ligne vide")),
    ])
}

fn unite() -> Object {
    object([
        ("etat", described(nullable("CodeLibelle"), "A active, C cessée (etatAdministratifUniteLegale)")),
        ("date_creation", optional_date("Date de création (dateCreationUniteLegale) ; null quand elle est inconnue").into()),
        ("date_creation_inconnue", boolean("Vrai quand SIRENE ne connaît pas la date de création (1900-01-01)", false).into()),
        ("date_debut", optional_date("Début de la période courante (dateDebut) ; null quand il est inconnu").into()),
        ("date_cessation", optional_date("Date de cessation : début de la dernière période qui a changé l'état pour C (StockUniteLegaleHistorique)").into()),
        ("date_dernier_traitement", optional_text("Dernier traitement dans SIRENE, heure locale (dateDernierTraitementUniteLegale)").into()),
        ("purgee", boolean("Vrai quand l'unité a été purgée de son historique (unitePurgeeUniteLegale)", false).into()),
        ("statut_diffusion", described(nullable("CodeLibelle"), "O diffusible, P diffusion partielle (statutDiffusionUniteLegale)")),
        ("activite_principale", described(nullable("ActivitePrincipale"), "Activité principale en NAF rév. 2, ou antérieure (activitePrincipaleUniteLegale)")),
        ("activite_principale_naf25", described(nullable("CodeLibelle"), "Activité principale en NAF 2025 (activitePrincipaleNAF25UniteLegale)")),
        ("tranche_effectifs", described(nullable("TrancheEffectifs"), "Tranche d'effectif salarié (trancheEffectifsUniteLegale)")),
    ])
}

fn etablissement() -> Object {
    object([
        ("etat", described(nullable("CodeLibelle"), "A actif, F fermé (etatAdministratifEtablissement)")),
        ("date_creation", optional_date("Date de création (dateCreationEtablissement) ; null quand elle est inconnue").into()),
        ("date_creation_inconnue", boolean("Vrai quand SIRENE ne connaît pas la date de création (1900-01-01)", false).into()),
        ("date_debut", optional_date("Début de la période courante (dateDebut) ; null quand il est inconnu").into()),
        ("date_fermeture", optional_date("Date de fermeture : début de la dernière période qui a changé l'état pour F (StockEtablissementHistorique), à défaut de la période courante").into()),
        ("date_dernier_traitement", optional_text("Dernier traitement dans SIRENE, heure locale (dateDernierTraitementEtablissement)").into()),
        ("statut_diffusion", described(nullable("CodeLibelle"), "O diffusible, P diffusion partielle (statutDiffusionEtablissement)")),
        ("activite_principale", described(nullable("ActivitePrincipale"), "Activité principale en NAF rév. 2, ou antérieure (activitePrincipaleEtablissement)")),
        ("activite_principale_naf25", described(nullable("CodeLibelle"), "Activité principale en NAF 2025 (activitePrincipaleNAF25Etablissement)")),
        ("tranche_effectifs", described(nullable("TrancheEffectifs"), "Tranche d'effectif salarié (trancheEffectifsEtablissement)")),
    ])
}

fn association() -> Object {
    object([
        ("id", optional_text("Numéro RNA").into()),
        ("titre", optional_text("Titre (RNA)").into()),
        ("titre_court", optional_text("Titre court (RNA)").into()),
        ("position", described(nullable("CodeLibelle"), "A active, D dissoute, S supprimée, R reprise sous un autre numéro (RNA)")),
        ("date_creation", optional_date("Date de déclaration de création (RNA) ; null quand elle est inconnue").into()),
        ("date_dissolution", optional_date("Date de déclaration de dissolution (RNA)").into()),
        ("siteweb", optional_text("Site internet (RNA)").into()),
        ("provenance", optional_text("Qui lie l'association à l'unité légale : sirene, rna, ou sirene+rna ; null quand personne").into()),
        ("rang", number(Type::Integer, "Rang parmi les associations de l'unité légale, 1 étant la plus sûre").into()),
    ])
}

fn coordonnees() -> Object {
    let real = |description: &str| -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some(description))
            .into()
    };
    object([
        ("latitude", real("Latitude, en degrés (WGS 84)")),
        ("longitude", real("Longitude, en degrés (WGS 84)")),
        (
            "x",
            number(
                Type::Number,
                "Abscisse, en mètres, dans la projection de epsg",
            )
            .into(),
        ),
        (
            "y",
            number(
                Type::Number,
                "Ordonnée, en mètres, dans la projection de epsg",
            )
            .into(),
        ),
        (
            "epsg",
            optional_text("Code EPSG de la projection légale du territoire").into(),
        ),
        (
            "qualite",
            described(
                nullable("CodeLibelle"),
                "Qualité de la position (qualite_xy)",
            ),
        ),
        (
            "precision",
            number(
                Type::Number,
                "Distance, en mètres, dont la position peut s'écarter",
            )
            .into(),
        ),
    ])
}

fn succession() -> Object {
    object([
        ("siret_actuel", optional_text("SIRET de l'établissement ouvert qui a pris la suite en dernier ; null quand il n'y en a pas").into()),
        ("complete", boolean("Vrai quand la chaîne a été suivie jusqu'à son terme", false).into()),
        ("cycle", boolean("Vrai quand la chaîne revient sur elle-même", false).into()),
        ("successeurs", described(array("Successeur"), "Les établissements qui ont pris la suite, l'un de l'autre, dans l'ordre")),
    ])
}

fn successeur() -> Object {
    object([
        ("siret", text("SIRET de l'établissement successeur").into()),
        ("siren", text("SIREN de son unité légale").into()),
        (
            "date",
            optional_date("Date d'effet du lien (dateLienSuccession)").into(),
        ),
        (
            "transfert_siege",
            boolean("Vrai quand le siège est transféré (transfertSiege)", true).into(),
        ),
        (
            "continuite_economique",
            boolean(
                "Vrai quand l'activité continue (continuiteEconomique)",
                true,
            )
            .into(),
        ),
        (
            "etat",
            described(
                nullable("CodeLibelle"),
                "État de ce successeur ; null quand SIRENE ne l'a plus",
            ),
        ),
        (
            "nom",
            optional_text("Nom de son unité légale, selon les mêmes règles que nom").into(),
        ),
        (
            "autres",
            described(
                ArrayBuilder::new().items(text("SIRET")).into(),
                "Les autres établissements qui ont pris la suite du même, et ne sont pas suivis",
            ),
        ),
    ])
}

/// A code, its label, and what goes with them.
fn code(more: Vec<(&'static str, Object)>) -> Object {
    let mut shape = ObjectBuilder::from(object([
        ("code", text("Code, tel que le registre le donne").into()),
        (
            "libelle",
            optional_text("Libellé, ou null quand la nomenclature ne connaît pas ce code").into(),
        ),
    ]));
    for (name, member) in more {
        shape = shape.property(name, member).required(name);
    }
    shape.build()
}

fn nombre() -> RefOr<Schema> {
    let count = object([
        ("total", integer("Tous les établissements").into()),
        ("actifs", integer("Les établissements actifs").into()),
    ]);
    OneOfBuilder::new()
        .item(count)
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .description(Some("Combien d'établissements a l'unité légale (SIRENE)"))
        .into()
}

fn boolean(description: &str, nullable: bool) -> Object {
    ObjectBuilder::new()
        .schema_type(or_null(Type::Boolean, nullable))
        .description(Some(description))
        .build()
}

/// A number, or null.
fn number(kind: Type, description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(or_null(kind, true))
        .description(Some(description))
        .build()
}

/// The same shape, with what it means here.
fn described(schema: RefOr<Schema>, description: &str) -> RefOr<Schema> {
    let description = Some(description);
    match schema {
        RefOr::T(Schema::OneOf(mut one)) => {
            one.description = description.map(str::to_owned);
            RefOr::T(Schema::OneOf(one))
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.description = description.map(str::to_owned);
            RefOr::T(Schema::Array(array))
        }
        other => AllOfBuilder::new()
            .item(other)
            .description(description)
            .into(),
    }
}
