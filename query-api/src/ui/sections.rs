//! Which rows a card has, for each kind of answer. No value is read here but through `card` and
//! `names`, which know the masks.

use super::card::{
    Badge, Card, Item, List, Row, Section, Shown, badge, code, date, href, naf, row, text,
};
use super::names::{self, Composed, MASKED_NAME};
use crate::answer::{
    AssociationAnswer, EtablissementAnswer, EtablissementsAnswer, UniteLegaleAnswer,
};
use crate::record::{Record, Value};
use crate::text::{is_unknown, thousands};
use registre_schemas::identifiers::display_form;

/// The card of a SIRET.
pub(super) fn etablissement(answer: &EtablissementAnswer) -> Card {
    let place = &answer.etablissement;
    let siret = place.text("siret").unwrap_or_default();
    let unit_name = answer.unite_legale.as_ref().map(names::unite_legale);
    let own = names::enseigne(place).or("", MASKED_NAME);
    let name = match unit_name {
        Some(name) if own.is_empty() || own == name => name,
        Some(name) => format!("{name} ({own})"),
        None if own.is_empty() => "Dénomination non renseignée".to_owned(),
        None => own,
    };
    let mut sections = Vec::new();
    if let Some(unit) = &answer.unite_legale {
        let mut rows: Vec<Row> = row("SIREN", identifier_link(unit, "siren"))
            .into_iter()
            .collect();
        rows.extend(unit_rows(unit));
        sections.push(Section {
            title: "Unité légale".to_owned(),
            rows,
            list: None,
        });
    }
    Card {
        nature: "Établissement",
        name,
        badge: etablissement_badge(place),
        identifier: format!("SIRET {}", display_form(siret)),
        rows: etablissement_rows(place),
        sections,
        json: format!("/v1/etablissements/{siret}"),
    }
}

/// The card of a SIREN, with a page of its établissements.
pub(super) fn unite_legale(
    answer: &UniteLegaleAnswer,
    list: &EtablissementsAnswer,
    later_page: bool,
) -> Card {
    let unit = &answer.unite_legale;
    let siren = unit.text("siren").unwrap_or_default();
    let mut sections = Vec::new();
    if let Some(siege) = &answer.siege {
        let mut rows: Vec<Row> = row("SIRET", identifier_link(siege, "siret"))
            .into_iter()
            .collect();
        rows.extend(etablissement_rows(siege));
        sections.push(Section {
            title: "Siège".to_owned(),
            rows,
            list: None,
        });
    }
    if let Some(association) = &answer.association {
        sections.push(association_section(association));
    }
    if let Some(reference) = &answer.doublon_de {
        let link = Shown::Link {
            href: href(reference.as_str()),
            text: display_form(reference.as_str()),
        };
        let rows = row("SIREN qui fait référence", Some(link))
            .into_iter()
            .collect();
        sections.push(Section {
            title: "Cette unité légale est un doublon".to_owned(),
            rows,
            list: None,
        });
    }
    if !answer.doublons.is_empty() {
        let replaced = answer
            .doublons
            .iter()
            .filter_map(|doublon| doublon.text("sirenDoublon"));
        let lines = replaced.map(display_form).collect();
        let rows = row("SIREN remplacés", Some(Shown::Lines(lines)))
            .into_iter()
            .collect();
        sections.push(Section {
            title: "Doublons".to_owned(),
            rows,
            list: None,
        });
    }
    let count = answer.nombre_etablissements;
    sections.push(Section {
        title: format!(
            "Établissements : {}, dont {} actifs",
            thousands(count.total),
            thousands(count.actifs)
        ),
        rows: Vec::new(),
        list: Some(page(siren, list, later_page)),
    });
    Card {
        nature: "Unité légale",
        name: names::unite_legale(unit),
        badge: badge(unit, "etatAdministratifUniteLegale", Some("dateDebut")),
        identifier: format!("SIREN {}", display_form(siren)),
        rows: unit_rows(unit),
        sections,
        json: format!("/v1/unites-legales/{siren}"),
    }
}

/// The card of an RNA number.
pub(super) fn association(answer: &AssociationAnswer) -> Card {
    let association = &answer.association;
    let id = association.text("id").unwrap_or_default();
    let mut sections = Vec::new();
    if let Some(unit) = &answer.unite_legale {
        let mut rows: Vec<Row> = row("SIREN", identifier_link(unit, "siren"))
            .into_iter()
            .collect();
        rows.extend(row("Nom", Some(Shown::Text(names::unite_legale(unit)))));
        rows.extend(unit_rows(unit));
        sections.push(Section {
            title: "Unité légale au répertoire SIRENE".to_owned(),
            rows,
            list: None,
        });
    }
    Card {
        nature: "Association",
        name: names::compose(association, &["titre"]).or("Titre non renseigné", MASKED_NAME),
        badge: badge(association, "position", None),
        identifier: format!("RNA {id}"),
        rows: association_rows(association),
        sections,
        json: format!("/v1/associations/{id}"),
    }
}

fn etablissement_badge(place: &Record) -> Option<Badge> {
    badge(place, "etatAdministratifEtablissement", Some("dateDebut"))
}

fn etablissement_rows(place: &Record) -> Vec<Row> {
    let siege = (place.get("etablissementSiege") == Value::Boolean(true))
        .then(|| Shown::Text("Siège de l'unité légale".to_owned()));
    [
        row("Qualité", siege),
        row("Adresse", lines(names::address(place))),
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

fn unit_rows(unit: &Record) -> Vec<Row> {
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

fn association_rows(association: &Record) -> Vec<Row> {
    let dissolved = association
        .date("date_disso")
        .filter(|date| !is_unknown(*date));
    [
        row("Objet", text(association, "objet")),
        row("Thème", code(association, "objet_social1")),
        row(
            "Adresse du siège",
            lines(names::association_address(association)),
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

fn association_section(association: &Record) -> Section {
    let id = association.text("id").unwrap_or_default();
    let title = names::compose(association, &["titre"]).or("Titre non renseigné", MASKED_NAME);
    let position = badge(association, "position", None).map(|badge| Shown::Text(badge.label));
    let rows = [
        row(
            "Numéro RNA",
            Some(Shown::Link {
                href: href(id),
                text: id.to_owned(),
            }),
        ),
        row("Titre", Some(Shown::Text(title))),
        row("Position", position),
        row("Objet", text(association, "objet")),
    ];
    Section {
        title: "Association au RNA".to_owned(),
        rows: rows.into_iter().flatten().collect(),
        list: None,
    }
}

fn page(siren: &str, list: &EtablissementsAnswer, later_page: bool) -> List {
    let end = list
        .etablissements
        .last()
        .and_then(|record| record.text("siret"));
    List {
        items: list.etablissements.iter().map(item).collect(),
        first: later_page.then(|| href(siren)),
        next: end
            .filter(|_| list.suivant.is_some())
            .map(|end| format!("{}&apres={end}", href(siren))),
    }
}

fn item(place: &Record) -> Item {
    let commune = ["codePostalEtablissement", "libelleCommuneEtablissement"];
    let abroad = [
        "libelleCommuneEtrangerEtablissement",
        "libellePaysEtrangerEtablissement",
    ];
    let town = match names::compose(place, &commune) {
        Composed::Absent => names::compose(place, &abroad),
        found => found,
    };
    Item {
        siret: place.text("siret").unwrap_or_default().to_owned(),
        name: names::enseigne(place).or("", MASKED_NAME),
        town: town.or("", names::MASKED_VALUE),
        badge: etablissement_badge(place),
        siege: place.get("etablissementSiege") == Value::Boolean(true),
    }
}

fn identifier_link(record: &Record, name: &str) -> Option<Shown> {
    let id = record.text(name)?;
    Some(Shown::Link {
        href: href(id),
        text: display_form(id),
    })
}

fn lines(lines: Vec<String>) -> Option<Shown> {
    (!lines.is_empty()).then_some(Shown::Lines(lines))
}

/// Said only when something may be hidden.
fn partial(record: &Record, name: &str) -> Option<Shown> {
    let statut = record.text(name).filter(|statut| *statut != "O")?;
    let label = record.label(name).unwrap_or(statut);
    Some(Shown::Text(format!(
        "{label} : la personne a demandé que certaines informations ne soient pas publiées"
    )))
}
