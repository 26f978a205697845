//! The rows of a card, for each table. No value is read here but through `card` and `names`, which know
//! the masks.

use registre_schemas::identifiers::display_form;

use super::card::{Badge, Link, Row, Shown, badge, code, date, href, naf, row, text};
use super::names;
use crate::record::{Record, Value};
use crate::text::is_unknown;

pub(super) fn etablissement_badge(place: &Record) -> Option<Badge> {
    badge(place, "etatAdministratifEtablissement", Some("dateDebut"))
}

pub(super) fn etablissement_rows(place: &Record) -> Vec<Row> {
    let siege = (place.get("etablissementSiege") == Value::Boolean(true))
        .then(|| Shown::Text("Siège de l'unité légale".to_owned()));
    [
        row("Qualité", siege),
        row("Adresse", address(names::address(place))),
        row(
            "Activité principale (NAF rév. 2)",
            naf(place, "activitePrincipaleEtablissement"),
        ),
        row(
            "Activité principale (NAF 2025)",
            code(place, "activitePrincipaleNAF25Etablissement"),
        ),
        row(
            "Effectif salarié",
            code(place, "trancheEffectifsEtablissement"),
        ),
        row("Date de création", date(place, "dateCreationEtablissement")),
        row("Diffusion", partial(place, "statutDiffusionEtablissement")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn unit_rows(unit: &Record) -> Vec<Row> {
    [
        row("Sigle", text(unit, "sigleUniteLegale")),
        row(
            "Catégorie juridique",
            code(unit, "categorieJuridiqueUniteLegale"),
        ),
        row(
            "Activité principale (NAF rév. 2)",
            naf(unit, "activitePrincipaleUniteLegale"),
        ),
        row(
            "Activité principale (NAF 2025)",
            code(unit, "activitePrincipaleNAF25UniteLegale"),
        ),
        row(
            "Effectif salarié",
            code(unit, "trancheEffectifsUniteLegale"),
        ),
        row("Catégorie d'entreprise", code(unit, "categorieEntreprise")),
        row("Date de création", date(unit, "dateCreationUniteLegale")),
        row(
            "Économie sociale et solidaire",
            code(unit, "economieSocialeSolidaireUniteLegale"),
        ),
        row("Société à mission", code(unit, "societeMissionUniteLegale")),
        row("Diffusion", partial(unit, "statutDiffusionUniteLegale")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn association_rows(association: &Record) -> Vec<Row> {
    let dissolved = association
        .date("date_disso")
        .filter(|date| !is_unknown(*date));
    [
        row("Objet", text(association, "objet")),
        row("Thème", code(association, "objet_social1")),
        row(
            "Adresse du siège",
            address(names::association_address(association)),
        ),
        row("Date de création", date(association, "date_creat")),
        row(
            "Publication au Journal officiel",
            date(association, "date_publi"),
        ),
        row(
            "Dissolution",
            dissolved.and_then(|_| date(association, "date_disso")),
        ),
        row("Groupement", code(association, "groupement")),
        row("Utilité publique", text(association, "rup_mi")),
        row("Site internet", text(association, "siteweb")),
        row("Observation", text(association, "observation")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A link to the page of the identifier in that column.
pub(super) fn identifier_link(record: &Record, name: &str) -> Option<Shown> {
    let id = record.text(name)?;
    Some(Shown::Link(Link {
        href: href(id),
        text: display_form(id),
    }))
}

fn address(lines: Vec<String>) -> Option<Shown> {
    (!lines.is_empty()).then_some(Shown::Address(lines))
}

/// Said only when something may be hidden.
fn partial(record: &Record, name: &str) -> Option<Shown> {
    let statut = record.text(name).filter(|statut| *statut != "O")?;
    let label = record.label(name).unwrap_or(statut);
    Some(Shown::Text(format!(
        "{label} : la personne a demandé que certaines informations ne soient pas publiées"
    )))
}
