//! The shape of the profile: that of [`registre_schemas::profile`].

use registre_schemas::profile::FREQUENT_AT_LEAST;
use utoipa::openapi::Object;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};

use super::components::{array, integer, object, optional_text, reference, text};

pub(super) fn profil() -> Object {
    let state = text(
        "faite ; premier : rien n'était en service ; autre_origine : ce qui l'était venait d'ailleurs ; illisible : ce qui l'était n'a pas pu être relu",
    );
    let changes = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "Ce qui a changé, par table ; vide si rien n'a été comparé",
        ))
        .additional_properties(Some(reference("ProfilChangements")))
        .build();
    object([
        ("version", integer("Version de ce format").into()),
        ("snapshot", text("Jeu de données décrit").into()),
        (
            "comparaison",
            object([
                ("etat", state.into()),
                (
                    "precedent",
                    optional_text("Jeu de données en service quand celui-ci a été fait").into(),
                ),
            ])
            .into(),
        ),
        ("changements", changes.into()),
        (
            "etablissements_actifs",
            object([
                ("total", integer("Établissements actifs").into()),
                ("departements", array("ProfilNombre")),
                ("sections_naf", array("ProfilNombre")),
            ])
            .into(),
        ),
        ("tables", array("ProfilTable")),
    ])
}

pub(super) fn table() -> Object {
    object([
        ("table", text("Nom de la table").into()),
        ("lignes", integer("Lignes").into()),
        ("sha256", text("Empreinte de son fichier Parquet").into()),
        ("colonnes", array("ProfilColonne")),
    ])
}

pub(super) fn column() -> Object {
    let frequent = object([
        ("valeur", text("Valeur").into()),
        ("nombre", integer("Lignes").into()),
    ]);
    let frequent = ArrayBuilder::new()
        .items(frequent)
        .description(Some(format!(
            "Valeurs les plus fréquentes, au moins {FREQUENT_AT_LEAST} fois chacune ; aucune si elles sont trop nombreuses pour être comptées une à une"
        )));
    object([
        (
            "colonne",
            text("Nom de la colonne, dans le registre").into(),
        ),
        ("type", text("Type").into()),
        ("vides", integer("Lignes sans valeur").into()),
        (
            "masquees",
            integer("Lignes dont la valeur est masquée par [ND]").into(),
        ),
        ("distinctes", integer("Valeurs différentes").into()),
        (
            "distinctes_estimees",
            boolean("Vrai quand ce nombre est une estimation, à quelques millièmes près").into(),
        ),
        (
            "valeurs_reservees",
            boolean("Vrai quand aucune valeur n'est montrée : la colonne peut désigner quelqu'un")
                .into(),
        ),
        ("min", optional_text("Plus petite valeur").into()),
        ("max", optional_text("Plus grande valeur").into()),
        ("frequentes", frequent.into()),
    ])
}

pub(super) fn changes() -> Object {
    ObjectBuilder::from(object([
        ("nouveaux", integer("Absents du jeu précédent").into()),
        (
            "fermes",
            integer("Actifs alors ; fermés, cessés ou dissous maintenant").into(),
        ),
        ("reouverts", integer("L'inverse").into()),
        (
            "renommes",
            integer("Sous un autre nom, quand les deux sont publics").into(),
        ),
        ("disparus", integer("Absents de ce jeu").into()),
    ]))
    .property(
        "deplaces",
        integer("Dans une autre commune, ou à une autre adresse quand les deux sont publiques"),
    )
    .property("masques", integer("Passés en diffusion partielle"))
    .build()
}

pub(super) fn count() -> Object {
    let difference = ObjectBuilder::new()
        .schema_type(
            [Type::Integer, Type::Null]
                .into_iter()
                .collect::<SchemaType>(),
        )
        .description(Some("Écart avec le jeu précédent, s'il a été comparé"))
        .build();
    object([
        (
            "code",
            optional_text("Code, ou null pour ceux qui n'en ont pas").into(),
        ),
        ("libelle", optional_text("Libellé").into()),
        ("nombre", integer("Nombre").into()),
        ("ecart", difference.into()),
    ])
}

fn boolean(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .description(Some(description))
        .build()
}
