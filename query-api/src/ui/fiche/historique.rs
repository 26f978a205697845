//! The periods of a unit or of an établissement: each says what it changed.

use registre_schemas::diffusion::masked_columns;

use super::card::{Change, Content, Section, Shown, code, date_text, naf, text};
use super::names::MASKED_VALUE;
use crate::record::{Record, Value};
use crate::text::{is_unknown, long_date, thousands};

/// Periods shown: hardly anyone has more, and the JSON has all.
const SHOWN: usize = 60;

/// How a value of a period is read.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Code,
    Naf,
}

/// What is called how, where it is, and which column says that it changed.
type Variable = (&'static str, &'static str, &'static str, Kind);

#[rustfmt::skip] // one line per variable reads as a table
const OF_UNITE: [Variable; 12] = [
    ("État", "etatAdministratifUniteLegale", "changementEtatAdministratifUniteLegale", Kind::Code),
    ("Dénomination", "denominationUniteLegale", "changementDenominationUniteLegale", Kind::Text),
    ("Nom", "nomUniteLegale", "changementNomUniteLegale", Kind::Text),
    ("Nom d'usage", "nomUsageUniteLegale", "changementNomUsageUniteLegale", Kind::Text),
    ("Dénomination usuelle", "denominationUsuelle1UniteLegale", "changementDenominationUsuelleUniteLegale", Kind::Text),
    ("Catégorie juridique", "categorieJuridiqueUniteLegale", "changementCategorieJuridiqueUniteLegale", Kind::Code),
    ("Activité principale", "activitePrincipaleUniteLegale", "changementActivitePrincipaleUniteLegale", Kind::Naf),
    ("NIC du siège", "nicSiegeUniteLegale", "changementNicSiegeUniteLegale", Kind::Text),
    ("Économie sociale et solidaire", "economieSocialeSolidaireUniteLegale", "changementEconomieSocialeSolidaireUniteLegale", Kind::Code),
    ("Société à mission", "societeMissionUniteLegale", "changementSocieteMissionUniteLegale", Kind::Code),
    ("Caractère employeur", "caractereEmployeurUniteLegale", "changementCaractereEmployeurUniteLegale", Kind::Code),
    ("Dénomination usuelle (suite)", "denominationUsuelle2UniteLegale", "changementDenominationUsuelleUniteLegale", Kind::Text),
];

#[rustfmt::skip] // the same
const OF_ETABLISSEMENT: [Variable; 6] = [
    ("État", "etatAdministratifEtablissement", "changementEtatAdministratifEtablissement", Kind::Code),
    ("Enseigne", "enseigne1Etablissement", "changementEnseigneEtablissement", Kind::Text),
    ("Enseigne (suite)", "enseigne2Etablissement", "changementEnseigneEtablissement", Kind::Text),
    ("Dénomination usuelle", "denominationUsuelleEtablissement", "changementDenominationUsuelleEtablissement", Kind::Text),
    ("Activité principale", "activitePrincipaleEtablissement", "changementActivitePrincipaleEtablissement", Kind::Naf),
    ("Caractère employeur", "caractereEmployeurEtablissement", "changementCaractereEmployeurEtablissement", Kind::Code),
];

/// The section of the periods of a unit; none when there are none.
pub(super) fn of_unite(periodes: &[Record], hidden: bool) -> Option<Section> {
    section(periodes, &OF_UNITE, hidden)
}

/// The same, of an établissement.
pub(super) fn of_etablissement(periodes: &[Record], hidden: bool) -> Option<Section> {
    section(periodes, &OF_ETABLISSEMENT, hidden)
}

fn section(periodes: &[Record], variables: &[Variable], hidden: bool) -> Option<Section> {
    if periodes.is_empty() {
        return None;
    }
    let shown = periodes.iter().take(SHOWN);
    let changes = shown.map(|periode| change(periode, variables, hidden));
    let count = thousands(i64::try_from(periodes.len()).unwrap_or(i64::MAX));
    let title = match periodes.len() {
        1 => "Historique : une période".to_owned(),
        more if more > SHOWN => format!("Historique : les {SHOWN} dernières de {count} périodes"),
        _ => format!("Historique : {count} périodes"),
    };
    Some(Section {
        title,
        rows: Vec::new(),
        content: Some(Content::History(changes.collect())),
    })
}

fn change(periode: &Record, variables: &[Variable], hidden: bool) -> Change {
    let changed = |flag: &str| periode.get(flag) == Value::Boolean(true);
    // The first period has nothing to differ from: it is shown whole.
    let any = variables.iter().any(|(_, _, flag, _)| changed(flag));
    let mut lines = Vec::new();
    for (label, column, flag, kind) in variables {
        if any && !changed(flag) {
            continue;
        }
        match said(periode, column, *kind, hidden) {
            Some(value) => lines.push((*label, value)),
            // A value taken away is a change too.
            None if any && !label.ends_with("(suite)") => {
                lines.push((*label, "aucune valeur".to_owned()))
            }
            None => {}
        }
    }
    Change {
        dates: dates(periode),
        lines,
    }
}

fn said(periode: &Record, column: &str, kind: Kind, hidden: bool) -> Option<String> {
    let shown = match kind {
        Kind::Text => text(periode, column)?,
        Kind::Code => code(periode, column)?,
        Kind::Naf => naf(periode, column)?,
    };
    if hidden && masked_columns(periode.table().name, true).contains(&column) {
        return Some(MASKED_VALUE.to_owned());
    }
    Some(match shown {
        Shown::Code {
            code,
            label: Some(label),
        } => format!("{label} ({code})"),
        Shown::Code { code, label: None } => code,
        Shown::Text(text) => text,
        _ => return None,
    })
}

fn dates(periode: &Record) -> String {
    let start = periode.date("dateDebut").filter(|date| !is_unknown(*date));
    let end = periode.date("dateFin");
    match (start, end) {
        (Some(start), Some(end)) => format!("Du {} au {}", long_date(start), date_text(end)),
        (Some(start), None) => format!("Depuis le {}", long_date(start)),
        (None, Some(end)) => format!("Jusqu'au {}", date_text(end)),
        (None, None) => "À une date inconnue".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn shown(section: Option<Section>) -> Vec<Change> {
        match section.and_then(|section| section.content) {
            Some(Content::History(changes)) => changes,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_period_says_what_it_changed_and_the_first_one_all() {
        let periods = [
            record(
                "unite_legale_periode",
                &[
                    ("dateDebut", "2010-03-01"),
                    ("etatAdministratifUniteLegale", "A"),
                    ("denominationUniteLegale", "LA POSTE"),
                    ("changementDenominationUniteLegale", "true"),
                    ("changementNomUsageUniteLegale", "true"),
                ],
            ),
            record(
                "unite_legale_periode",
                &[
                    ("dateDebut", "1900-01-01"),
                    ("dateFin", "2010-02-28"),
                    ("etatAdministratifUniteLegale", "A"),
                    ("denominationUniteLegale", "POSTES"),
                ],
            ),
        ];
        let changes = shown(of_unite(&periods, false));
        assert_eq!(changes[0].dates, "Depuis le 1er mars 2010");
        assert_eq!(
            changes[0].lines,
            [
                ("Dénomination", "LA POSTE".to_owned()),
                ("Nom d'usage", "aucune valeur".to_owned())
            ]
        );
        assert_eq!(changes[1].dates, "Jusqu'au 28 février 2010");
        assert_eq!(changes[1].lines[0], ("État", "Active (A)".to_owned()));
        // What a person asked to hide is not in its history either, whatever the file holds.
        let hidden = shown(of_unite(&periods, true));
        assert_eq!(hidden[1].lines[1].1, MASKED_VALUE);
        assert!(of_unite(&[], false).is_none());
    }
}
