//! The shapes: those of the registers' rows follow from the column tables.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::nomenclature::Nomenclature;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use registre_schemas::{Column, Kind, Table};
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Components, ComponentsBuilder, Ref, RefOr};

use super::{
    common, entreprise_data_gouv, organisation, profile, recherche, recherche_entreprises, sql,
};
use crate::error::Code;
use crate::view::json_order;

/// Tables whose rows are answered, and the name of their shape.
pub(crate) const RECORDS: [(&Table, &str); 7] = [
    (&UNITE_LEGALE, "UniteLegale"),
    (&ETABLISSEMENT, "Etablissement"),
    (&ASSOCIATION, "Association"),
    (&DOUBLON, "Doublon"),
    (&UNITE_LEGALE_PERIODE, "PeriodeUniteLegale"),
    (&ETABLISSEMENT_PERIODE, "PeriodeEtablissement"),
    (&LIEN_SUCCESSION, "LienSuccession"),
];

/// Those that are described where their routes are.
fn of_others() -> impl Iterator<Item = (&'static str, Object)> {
    organisation::schemas()
        .into_iter()
        .chain(entreprise_data_gouv::schemas())
        .chain(recherche::schemas())
        .chain(recherche_entreprises::schemas())
        .chain(sql::schemas())
}

pub(super) fn components() -> Components {
    let mut components = ComponentsBuilder::new();
    for (name, schema) in of_others() {
        components = components.schema(name, schema);
    }
    for (table, name) in RECORDS {
        components = components.schema(name, record(table));
    }
    common::add_to(components)
        .schema("Donnees", donnees())
        .schema("Probleme", probleme())
        .schema("Profil", profile::profil())
        .schema("ProfilTable", profile::table())
        .schema("ProfilColonne", profile::column())
        .schema("ProfilChangements", profile::changes())
        .schema("ProfilNombre", profile::count())
        .schema("Sante", sante())
        .schema(
            "ReponseEtablissement",
            object([
                ("etablissement", reference("Etablissement")),
                ("unite_legale", nullable("UniteLegale")),
                ("donnees", reference("Donnees")),
            ]),
        )
        .schema(
            "ReponseUniteLegale",
            object([
                ("unite_legale", reference("UniteLegale")),
                ("siege", nullable("Etablissement")),
                (
                    "nombre_etablissements",
                    object([
                        ("total", integer("Tous les établissements").into()),
                        ("actifs", integer("Les établissements actifs").into()),
                    ])
                    .into(),
                ),
                ("association", nullable("Association")),
                ("doublons", array("Doublon")),
                (
                    "doublon_de",
                    optional_text("SIREN qui remplace celui-ci, quand il est lui-même un doublon")
                        .into(),
                ),
                ("donnees", reference("Donnees")),
            ]),
        )
        .schema(
            "ReponseEtablissements",
            object([
                ("siren", text("Numéro SIREN de l'unité légale").into()),
                (
                    "total",
                    integer("Nombre d'établissements sur toutes les pages").into(),
                ),
                ("etablissements", array("Etablissement")),
                (
                    "suivant",
                    optional_text("Adresse de la page suivante, ou null à la dernière").into(),
                ),
                ("donnees", reference("Donnees")),
            ]),
        )
        .schema(
            "ReponsePeriodesUniteLegale",
            periodes(
                "siren",
                "Numéro SIREN de l'unité légale",
                "PeriodeUniteLegale",
            ),
        )
        .schema(
            "ReponsePeriodesEtablissement",
            periodes(
                "siret",
                "Numéro SIRET de l'établissement",
                "PeriodeEtablissement",
            ),
        )
        .schema(
            "ReponseSuccessions",
            object([
                ("siret", text("Numéro SIRET de l'établissement").into()),
                ("predecesseurs", array("LienSuccession")),
                ("successeurs", array("LienSuccession")),
                ("donnees", reference("Donnees")),
            ]),
        )
        .schema(
            "ReponseAssociation",
            object([
                ("association", reference("Association")),
                ("unite_legale", nullable("UniteLegale")),
                ("donnees", reference("Donnees")),
            ]),
        )
        .build()
}

/// The history of what has that number.
fn periodes(number: &str, description: &str, period: &str) -> Object {
    object([
        (number, text(description).into()),
        ("periodes", array(period)),
        ("donnees", reference("Donnees")),
    ])
}

/// A row of a register.
fn record(table: &Table) -> Object {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(table.description));
    for index in json_order(table) {
        let column = &table.columns[index];
        object = object
            .property(column.field, property(column))
            .required(column.field);
    }
    object.build()
}

fn property(column: &Column) -> Object {
    if let Some(nomenclature) = column.nomenclature {
        return coded(column, nomenclature);
    }
    let (kind, format) = match column.kind {
        Kind::Text => (Type::String, None),
        Kind::Date => (
            Type::String,
            Some(SchemaFormat::KnownFormat(KnownFormat::Date)),
        ),
        // Without a zone, so not RFC 3339's date-time.
        Kind::Timestamp => (
            Type::String,
            Some(SchemaFormat::Custom("date-heure-locale".to_owned())),
        ),
        Kind::Integer => (
            Type::Integer,
            Some(SchemaFormat::KnownFormat(KnownFormat::Int64)),
        ),
        Kind::Boolean => (Type::Boolean, None),
        Kind::Real => (
            Type::Number,
            Some(SchemaFormat::KnownFormat(KnownFormat::Double)),
        ),
    };
    ObjectBuilder::new()
        .schema_type(or_null(kind, column.nullable()))
        .format(format)
        .description(Some(described(column)))
        .build()
}

/// A code and its label.
fn coded(column: &Column, nomenclature: Nomenclature) -> Object {
    let mut object = ObjectBuilder::new()
        .schema_type(or_null(Type::Object, column.nullable()))
        .description(Some(described(column)))
        .property("code", text("Code, tel que le registre le donne"))
        .required("code")
        .property(
            "libelle",
            optional_text("Libellé, ou null quand la nomenclature ne connaît pas ce code"),
        )
        .required("libelle");
    if nomenclature == Nomenclature::Naf {
        object = object
            .property(
                "nomenclature",
                optional_text("Version de la nomenclature : NAFRev2, NAFRev1, NAF1993 ou NAP"),
            )
            .required("nomenclature");
    }
    object.build()
}

/// With the source's own name, by which the official documentation calls it.
fn described(column: &Column) -> String {
    format!("{} (`{}`)", column.description, column.name)
}

pub(super) fn or_null(kind: Type, nullable: bool) -> SchemaType {
    if nullable {
        [kind, Type::Null].into_iter().collect()
    } else {
        SchemaType::new(kind)
    }
}

pub(super) fn text(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .build()
}

pub(super) fn optional_text(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(or_null(Type::String, true))
        .description(Some(description))
        .build()
}

pub(super) fn optional_date(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(or_null(Type::String, true))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .description(Some(description))
        .build()
}

pub(super) fn integer(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some(description))
        .build()
}

pub(super) fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

pub(super) fn nullable(name: &str) -> RefOr<Schema> {
    OneOfBuilder::new()
        .item(Ref::from_schema_name(name))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .into()
}

pub(super) fn array(name: &str) -> RefOr<Schema> {
    ArrayBuilder::new()
        .items(Ref::from_schema_name(name))
        .into()
}

/// An object whose members are all there, in that order.
pub(super) fn object<const N: usize>(members: [(&str, RefOr<Schema>); N]) -> Object {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, schema) in members {
        object = object.property(name, schema).required(name);
    }
    object.build()
}

fn donnees() -> Object {
    object([
        (
            "snapshot",
            text("Jeu de données dont vient la réponse").into(),
        ),
        ("sirene", optional_date("Date des données SIRENE").into()),
        ("rna", optional_date("Date des données du RNA").into()),
        ("licence", text("Licence des données").into()),
        ("sources", text("Producteurs des données, à citer").into()),
    ])
}

fn sante() -> Object {
    let rows = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Nombre de lignes de chaque table"))
        .additional_properties(Some(Schema::Object(integer("Lignes"))))
        .build();
    let health = object([
        ("statut", text("ok").into()),
        ("snapshot", text("Jeu de données en service").into()),
        (
            "origine",
            text("D'où viennent les données ; sample : jeu d'exemple").into(),
        ),
        (
            "donnees_du",
            object([
                ("sirene", optional_date("Date des données SIRENE").into()),
                ("rna", optional_date("Date des données du RNA").into()),
            ])
            .into(),
        ),
        ("tables", rows.into()),
        ("version", text("Version du programme").into()),
        (
            "depuis",
            text("Moment de la mise en service du jeu de données").into(),
        ),
    ]);
    ObjectBuilder::from(health)
        .property("depot", depot())
        .build()
}

fn depot() -> Object {
    let states = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["suivi", "injoignable", "refuse"]))
        .description(Some(
            "suivi : le jeu de données en service est celui du dépôt ; injoignable : le dépôt ne répond pas ; refuse : ce qu'il contient ne peut pas être cru",
        ))
        .build();
    let depot = object([
        ("statut", states.into()),
        (
            "depuis",
            text("Moment depuis lequel il en est ainsi").into(),
        ),
        ("message", text("Ce qu'il en est, en une phrase").into()),
    ]);
    ObjectBuilder::from(depot)
        .description(Some(
            "Le dépôt d'où viennent les jeux de données, quand le serveur en suit un (« serve --data s3://… »)",
        ))
        .build()
}

fn probleme() -> Object {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes))
        .description(Some("Code stable de l'erreur"))
        .build();
    ObjectBuilder::from(object([
        ("type", text("Où l'erreur est expliquée").into()),
        ("title", text("Titre de l'erreur").into()),
        ("status", integer("Statut HTTP").into()),
        (
            "detail",
            text("Ce qui ne va pas, avec la valeur en cause").into(),
        ),
        ("code", code.into()),
        ("que_faire", text("Ce que la personne peut faire").into()),
    ]))
    .property("instance", text("Chemin demandé"))
    .property(
        "valeur",
        text("Valeur en cause, telle qu'elle a été donnée"),
    )
    .property("parametre", text("Paramètre en cause"))
    .property("ligne", integer("Où une requête SQL est fautive : sa ligne, à partir de 1"))
    .property("colonne", integer("Et la place dans cette ligne, à partir de 1"))
    .property(
        "suggestion",
        text("Numéro que la personne voulait certainement saisir, sans séparateurs : à lui montrer, jamais à utiliser sans son accord. Absent quand il n'y en a pas de certain"),
    )
    .property(
        "siren_reference",
        text("SIREN à utiliser à la place d'un doublon"),
    )
    .description(Some("Une erreur, selon la RFC 9457"))
    .build()
}
