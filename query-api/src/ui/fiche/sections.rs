//! What each kind of page has: its name, its numbers, its rows and its sections.

use registre_schemas::identifiers::{Siren, Tva, display_form};

use super::card::{
    Card, Content, Etat, Item, List, Number, Row, Section, Shown, badge, href, link, row,
};
use super::lecture::{Etablissement, Lue, Sujet, Unite};
use super::names::{self, Composed, MASKED_NAME};
use super::rows::{
    association_rows, etablissement_badge, etablissement_rows, identifier_link, unit_rows,
};
use super::{brut, carte, historique, liens};
use crate::dossier::{Dossier, Linked, is_ceased, is_hidden_etablissement, is_hidden_unit};
use crate::lookup::{AssociationFound, EtablissementsFound};
use crate::record::{Record, Value};
use crate::text::thousands;

/// The card of what was read; none when no row has that number.
pub(super) fn card(read: &Lue, etat: Etat, later_page: bool) -> Option<Card> {
    Some(match read.sujet.as_ref()? {
        Sujet::Unite(unite) => of_unite(unite, &read.dossier, etat, later_page),
        Sujet::Etablissement(place) => of_etablissement(place, etat),
        Sujet::Association(found) => of_association(found, &read.dossier, etat),
    })
}

fn numbers<const N: usize>(numbers: [Option<(&'static str, &str)>; N]) -> Vec<Number> {
    let known = numbers.into_iter().flatten();
    known
        .map(|(label, value)| Number {
            label,
            value: value.to_owned(),
        })
        .collect()
}

/// Of an active unit: the number of one that ceased is no longer valid.
fn tva(unit: &Record) -> Option<Number> {
    let siren: Siren = unit.text("siren")?.parse().ok()?;
    (!is_ceased(unit)).then(|| Number {
        label: "TVA intracommunautaire",
        value: Tva::from(siren).to_string(),
    })
}

/// A section that has rows only.
fn plain(title: &str, rows: Vec<Row>) -> Section {
    Section {
        title: title.to_owned(),
        rows,
        content: None,
    }
}

fn of_etablissement(read: &Etablissement, etat: Etat) -> Card {
    let place = &read.found.etablissement;
    let unit = read.found.unite_legale.as_ref();
    let siret = place.text("siret").unwrap_or_default();
    let hidden = is_hidden_etablissement(place) || unit.is_some_and(is_hidden_unit);
    let unit_name = unit.map(names::unite_legale);
    let own = names::enseigne(place).or("", MASKED_NAME);
    let name = match unit_name {
        Some(name) if own.is_empty() || own == name => name,
        Some(name) => format!("{name} ({own})"),
        None if own.is_empty() => "Dénomination non renseignée".to_owned(),
        None => own,
    };
    let mut sections = Vec::new();
    if let Some(map) = carte::of(std::slice::from_ref(place), 1) {
        sections.push(Section {
            title: "Carte".to_owned(),
            rows: Vec::new(),
            content: Some(Content::Map(map)),
        });
    }
    if let Some(unit) = unit {
        let mut rows: Vec<Row> = row("SIREN", identifier_link(unit, "siren"))
            .into_iter()
            .collect();
        rows.extend(row("Nom", Some(Shown::Text(names::unite_legale(unit)))));
        rows.extend(unit_rows(unit));
        sections.push(plain("Unité légale", rows));
    }
    sections.extend(historique::of_etablissement(&read.periodes, hidden));
    sections.extend(liens::successions(siret, read.successions.as_ref()));
    let mut numbers = numbers([
        Some(("SIRET", siret)),
        place.text("siren").map(|siren| ("SIREN", siren)),
    ]);
    numbers.extend(unit.and_then(tva));
    let mut records = vec![brut::of(place, hidden)];
    records.extend(unit.map(|unit| brut::of(unit, hidden)));
    Card {
        nature: "Établissement",
        name,
        badge: etablissement_badge(place),
        numbers,
        etat,
        rows: etablissement_rows(place),
        sections,
        records,
        json: vec![
            (
                "Établissement, en JSON",
                format!("/v1/etablissements/{siret}"),
            ),
            (
                "Verdict et organisation, en JSON",
                format!("/v1/organisations/{siret}"),
            ),
            (
                "Historique, en JSON",
                format!("/v1/etablissements/{siret}/periodes"),
            ),
            (
                "Successions, en JSON",
                format!("/v1/etablissements/{siret}/successions"),
            ),
        ],
    }
}

fn of_unite(read: &Unite, dossier: &Dossier, etat: Etat, later_page: bool) -> Card {
    let unit = &read.found.unite_legale;
    let siren = unit.text("siren").unwrap_or_default();
    let hidden = is_hidden_unit(unit);
    let siege = read.found.siege.as_ref();
    let siret = siege.and_then(|siege| siege.text("siret"));
    let mut sections = Vec::new();
    if let Some(siege) = siege {
        let mut rows: Vec<Row> = row("SIRET", identifier_link(siege, "siret"))
            .into_iter()
            .collect();
        rows.extend(etablissement_rows(siege));
        sections.push(plain("Siège", rows));
    }
    sections.extend(associations(read, dossier));
    if !read.found.doublons.is_empty() {
        let replaced = read.found.doublons.iter();
        let lines = replaced.filter_map(|doublon| doublon.text("sirenDoublon"));
        let lines = lines.map(display_form).collect();
        let rows = row("SIREN remplacés", Some(Shown::Lines(lines)));
        sections.push(plain("Doublons", rows.into_iter().collect()));
    }
    sections.push(places(read, siren, later_page));
    sections.extend(historique::of_unite(&read.periodes, hidden));
    if let Some(siret) = siret {
        sections.extend(liens::successions(siret, read.successions.as_ref()));
    }
    let mut numbers = numbers([
        Some(("SIREN", siren)),
        siret.map(|siret| ("SIRET du siège", siret)),
    ]);
    numbers.extend(tva(unit));
    let mut records = vec![brut::of(unit, hidden)];
    let siege_hidden = |siege: &Record| hidden || is_hidden_etablissement(siege);
    records.extend(siege.map(|siege| brut::of(siege, siege_hidden(siege))));
    Card {
        nature: "Unité légale",
        name: names::unite_legale(unit),
        badge: badge(unit, "etatAdministratifUniteLegale", Some("dateDebut")),
        numbers,
        etat,
        rows: unit_rows(unit),
        sections,
        records,
        json: vec![
            (
                "Unité légale, en JSON",
                format!("/v1/unites-legales/{siren}"),
            ),
            (
                "Verdict et organisation, en JSON",
                format!("/v1/organisations/{siren}"),
            ),
            (
                "Établissements, en JSON",
                format!("/v1/unites-legales/{siren}/etablissements"),
            ),
            (
                "Tous les établissements, en CSV",
                format!("/v1/unites-legales/{siren}/etablissements?format=csv"),
            ),
            (
                "Historique, en JSON",
                format!("/v1/unites-legales/{siren}/periodes"),
            ),
        ],
    }
}

fn places(read: &Unite, siren: &str, later_page: bool) -> Section {
    let count = read.found.etablissements;
    Section {
        title: format!(
            "Établissements : {}, dont {} en activité",
            thousands(count.total),
            thousands(count.actifs)
        ),
        rows: Vec::new(),
        content: Some(Content::Places {
            carte: carte::of(&read.carte, count.total),
            list: page(siren, &read.liste, later_page),
        }),
    }
}

/// All that the two registers link to the unit; of a doublon, whose dossier is that of the unit that
/// replaces it, its own.
fn associations(read: &Unite, dossier: &Dossier) -> Vec<Section> {
    if dossier.doublon_de.is_some() {
        let own = read.found.association.iter();
        return own.map(|row| association_section(row, None)).collect();
    }
    let linked = dossier.associations.iter();
    linked
        .map(|Linked { lien, association }| association_section(association, lien.as_ref()))
        .collect()
}

fn of_association(read: &AssociationFound, dossier: &Dossier, etat: Etat) -> Card {
    let association = &read.association;
    let id = association.text("id").unwrap_or_default();
    let unit = read.unite_legale.as_ref();
    let mut sections = Vec::new();
    if let Some(unit) = unit {
        let mut rows: Vec<Row> = row("SIREN", identifier_link(unit, "siren"))
            .into_iter()
            .collect();
        rows.extend(row("Nom", Some(Shown::Text(names::unite_legale(unit)))));
        let asked = |one: &&Linked| one.association.text("id") == Some(id);
        let lien = dossier.associations.iter().find(asked);
        rows.extend(row(
            "Lien",
            liens::provenance(lien.and_then(|one| one.lien.as_ref())),
        ));
        rows.extend(unit_rows(unit));
        sections.push(plain("Unité légale au répertoire SIRENE", rows));
    }
    let mut numbers = numbers([
        Some(("RNA", id)),
        unit.and_then(|unit| unit.text("siren"))
            .map(|siren| ("SIREN", siren)),
    ]);
    numbers.extend(unit.and_then(tva));
    let mut records = vec![brut::of(association, false)];
    records.extend(unit.map(|unit| brut::of(unit, is_hidden_unit(unit))));
    Card {
        nature: "Association",
        name: association_name(association),
        badge: badge(association, "position", None),
        numbers,
        etat,
        rows: association_rows(association),
        sections,
        records,
        json: vec![
            ("Association, en JSON", format!("/v1/associations/{id}")),
            (
                "Verdict et organisation, en JSON",
                format!("/v1/organisations/{id}"),
            ),
        ],
    }
}

fn association_name(association: &Record) -> String {
    names::compose(association, &["titre"]).or("Titre non renseigné", MASKED_NAME)
}

fn association_section(association: &Record, lien: Option<&Record>) -> Section {
    let id = association.text("id").unwrap_or_default();
    let position = badge(association, "position", None).map(|badge| Shown::Text(badge.label));
    let rows = [
        row("Numéro RNA", Some(Shown::Link(link(id)))),
        row("Titre", Some(Shown::Text(association_name(association)))),
        row("Position", position),
        row("Objet", super::card::text(association, "objet")),
        row("Lien", liens::provenance(lien)),
    ];
    plain("Association au RNA", rows.into_iter().flatten().collect())
}

fn page(siren: &str, list: &EtablissementsFound, later_page: bool) -> List {
    let end = list
        .etablissements
        .last()
        .and_then(|record| record.text("siret"));
    List {
        items: list.etablissements.iter().map(item).collect(),
        first: later_page.then(|| href(siren)),
        next: end
            .filter(|_| list.more)
            .map(|end| format!("{}?apres={end}#etablissements", href(siren))),
    }
}

fn item(place: &Record) -> Item {
    let commune = ["codePostalEtablissement", "libelleCommuneEtablissement"];
    let abroad = [
        "libelleCommuneEtrangerEtablissement",
        "libellePaysEtrangerEtablissement",
    ];
    let town = match names::town(place, commune) {
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
