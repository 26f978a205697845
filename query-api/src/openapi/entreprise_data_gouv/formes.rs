//! The shapes of those answers, from the same tables.

use registre_schemas::Table;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};

use crate::dialects::entreprise_data_gouv::champs::{Champ, Source};
use crate::dialects::entreprise_data_gouv::v1::{COLONNES, Colonne, De};
use crate::dialects::entreprise_data_gouv::{rna, v3};
use crate::openapi::components::{integer, or_null, text};

pub(super) fn of_champ(table: &'static Table, champ: &Champ) -> String {
    let column = |index: usize| table.columns[index].description.to_owned();
    match champ.source {
        Source::Colonne(index) | Source::Publique(index) => column(index),
        Source::Numero(index, _) => format!("Sous forme d'entier : {}", column(index)),
        Source::Base36(index) => format!("Lu en base 36 : {}", column(index)),
        Source::Jointes(indexes) => {
            let names = indexes.iter().map(|index| table.columns[*index].field);
            format!("À la suite : {}", names.collect::<Vec<_>>().join(", "))
        }
        Source::Vaut(index, value) => format!("Vrai quand « {} » vaut {value}", column(index)),
        Source::Moment => MOMENT.to_owned(),
        Source::Absente => ABSENTE.to_owned(),
    }
}

const MOMENT: &str = "Quand le jeu de données a été fait";
const ABSENTE: &str = "Toujours null : plus rien ne le donne";

fn of_colonne(colonne: Colonne) -> String {
    let table = |de| match de {
        De::Etablissement => &ETABLISSEMENT,
        De::Unite => &UNITE_LEGALE,
    };
    let text = match colonne {
        Colonne::Etablissement(index) => ETABLISSEMENT.columns[index].description,
        Colonne::Unite(index) => UNITE_LEGALE.columns[index].description,
        Colonne::Jour(de, index) => {
            return format!("AAAAMMJJ : {}", table(de).columns[index].description);
        }
        Colonne::Naf(de, index) => {
            return format!("Sans point : {}", table(de).columns[index].description);
        }
        Colonne::Libelle(de, name) => {
            let column = table(de).column(name);
            return format!(
                "Libellé : {}",
                column.map_or("", |column| column.description)
            );
        }
        Colonne::Ligne(number) => return format!("Ligne {number} de l'adresse postale"),
        Colonne::Id => "Le SIRET, sous forme d'entier",
        Colonne::Nom => "Ligne 1 de l'adresse postale : le nom",
        Colonne::RaisonSociale => "Dénomination, ou NOM*PRENOM/ d'une personne physique",
        Colonne::Departement => "Deux premiers caractères du code de la commune",
        Colonne::Commune => "Trois derniers caractères du code de la commune",
        Colonne::CommuneDuSiege => "Code de la commune du siège",
        Colonne::Siege => "1 pour un siège, 0 sinon",
        Colonne::Adresse => "Lignes 4 et 6 de l'adresse postale",
        Colonne::Moment => MOMENT,
        Colonne::Absente => ABSENTE,
    };
    text.to_owned()
}

fn property(is_number: bool, description: &str) -> Object {
    let kind = if is_number {
        Type::Integer
    } else {
        Type::String
    };
    ObjectBuilder::new()
        .schema_type(or_null(kind, true))
        .description(Some(description))
        .build()
}

fn row(table: &'static Table, champs: &'static [Champ]) -> ObjectBuilder {
    let mut object = ObjectBuilder::new();
    for champ in champs {
        let is_number = matches!(champ.source, Source::Numero(..) | Source::Base36(_));
        object = object
            .property(champ.nom, property(is_number, &of_champ(table, champ)))
            .required(champ.nom);
    }
    object
}

fn row_of_v1() -> ObjectBuilder {
    let mut object = ObjectBuilder::new();
    for (name, colonne) in &COLONNES {
        let is_number = matches!(colonne, Colonne::Id);
        object = object
            .property(*name, property(is_number, &of_colonne(*colonne)))
            .required(*name);
    }
    object
}

fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

fn array(name: &str) -> RefOr<Schema> {
    Schema::from(ArrayBuilder::new().items(reference(name)).build()).into()
}

fn with(object: ObjectBuilder, fields: Vec<(&str, RefOr<Schema>)>) -> Object {
    let add = |object: ObjectBuilder, (name, schema)| object.property(name, schema).required(name);
    fields.into_iter().fold(object, add).build()
}

fn of(fields: Vec<(&str, RefOr<Schema>)>) -> Object {
    with(ObjectBuilder::new(), fields)
}

fn number(description: &str) -> RefOr<Schema> {
    Schema::from(integer(description)).into()
}

fn page() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("total_results", number("Sur toutes les pages")),
        ("total_pages", number("Nombre de pages")),
        ("per_page", number("Résultats par page")),
    ]
}

/// A shape and its name.
type Forme = (&'static str, Object);

pub(in crate::openapi) fn schemas() -> Vec<Forme> {
    let message = property(false, "Ce qui n'est pas là, ou ce qui s'est passé");
    let message = Schema::from(message).into();
    let mut all = vec![("MessageErreur", of(vec![("message", message)]))];
    all.extend(of_v3());
    all.extend(of_v1());
    all.extend(of_rna());
    all
}

fn tva() -> (&'static str, RefOr<Schema>) {
    let tva = text("Numéro de TVA intracommunautaire");
    ("numero_tva_intra", Schema::from(tva).into())
}

fn of_v3() -> Vec<Forme> {
    let siege = || ("etablissement_siege", reference("V3Etablissement"));
    let etablissement = || row(&ETABLISSEMENT, &v3::ETABLISSEMENTS);
    let unite = || row(&UNITE_LEGALE, &v3::UNITES_LEGALES);
    let mut meta = page();
    meta.push(("page", number("Numéro de la page")));
    let etablissements = || ("etablissements", array("V3Etablissement"));
    let one = |name, shape| of(vec![(name, reference(shape))]);
    let list = |name, shape| of(vec![(name, array(shape)), ("meta", reference("V3Meta"))]);
    vec![
        ("V3Etablissement", etablissement().build()),
        (
            "V3EtablissementEtUnite",
            with(
                etablissement(),
                vec![("unite_legale", reference("V3UniteLegale"))],
            ),
        ),
        ("V3UniteLegale", with(unite(), vec![siege(), tva()])),
        (
            "V3UniteLegaleEtEtablissements",
            with(unite(), vec![siege(), tva(), etablissements()]),
        ),
        ("V3Meta", of(meta)),
        (
            "V3ReponseEtablissement",
            one("etablissement", "V3EtablissementEtUnite"),
        ),
        (
            "V3ReponseEtablissements",
            list("etablissements", "V3EtablissementEtUnite"),
        ),
        (
            "V3ReponseUniteLegale",
            one("unite_legale", "V3UniteLegaleEtEtablissements"),
        ),
        (
            "V3ReponseUnitesLegales",
            list("unites_legales", "V3UniteLegaleEtEtablissements"),
        ),
    ]
}

/// A page of what words find: its number by itself, a text as it was asked.
fn of_words(rows: (&'static str, RefOr<Schema>)) -> Vec<(&'static str, RefOr<Schema>)> {
    let kinds: SchemaType = [Type::Integer, Type::String].into_iter().collect();
    let typed = ObjectBuilder::new()
        .schema_type(kinds)
        .description(Some("1, ou le texte du paramètre page"));
    let mut fields = page();
    fields.extend([("page", Schema::from(typed.build()).into()), rows]);
    fields
}

fn of_v1() -> Vec<Forme> {
    let texts = |description| {
        let texts = ArrayBuilder::new().items(text(description)).build();
        RefOr::from(Schema::from(texts))
    };
    let mut words = of_words(("etablissement", array("V1Etablissement")));
    words.extend([
        (
            "spellcheck",
            Schema::from(property(false, "Toujours null")).into(),
        ),
        ("suggestions", texts("Aucune")),
    ]);
    let mut around = page();
    around.extend([
        ("page", number("Numéro de la page")),
        ("etablissements", array("V1Etablissement")),
    ]);
    vec![
        ("V1Etablissement", row_of_v1().build()),
        (
            "V1ReponseEtablissement",
            of(vec![("etablissement", reference("V1Etablissement"))]),
        ),
        (
            "V1ReponseUniteLegale",
            of(vec![
                ("total_results", number("Établissements ouverts")),
                ("siege_social", reference("V1Etablissement")),
                ("other_etablissements_sirets", texts("Numéro SIRET")),
                tva(),
            ]),
        ),
        ("V1ReponseTexte", of(words)),
        ("V1ReponsePoint", of(around)),
    ]
}

fn of_rna() -> Vec<Forme> {
    let association = row(&ASSOCIATION, &rna::ASSOCIATIONS);
    let list = ("association", array("RnaAssociation"));
    vec![
        ("RnaAssociation", association.build()),
        (
            "RnaReponse",
            of(vec![("association", reference("RnaAssociation"))]),
        ),
        ("RnaReponseTexte", of(of_words(list))),
    ]
}
