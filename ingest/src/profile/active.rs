//! Active établissements by département and by section of the NAF.

use polars::prelude::PlHashMap;
use registre_schemas::nomenclature::{
    departement_label, departement_of, naf_section, naf_section_label,
};
use registre_schemas::profile::{Active, Count};
use std::path::Path;

use crate::error::IngestError;
use crate::progress::Context;
use crate::slices::Slices;

const TABLE: &str = "etablissement";
const COLUMNS: [&str; 4] = [
    "etatAdministratifEtablissement",
    "codeCommuneEtablissement",
    "nomenclatureActivitePrincipaleEtablissement",
    "activitePrincipaleEtablissement",
];

/// Rows by code, and those that have none.
#[derive(Default)]
struct Numbers {
    coded: PlHashMap<String, u64>,
    none: u64,
}

impl Numbers {
    fn add(&mut self, code: Option<&str>) {
        let Some(code) = code else {
            self.none += 1;
            return;
        };
        // Almost every row finds its code there: nothing is allocated for it.
        match self.coded.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                self.coded.insert(code.to_owned(), 1);
            }
        }
    }

    /// By code, those without one last.
    fn list(self, label: fn(&str) -> Option<&'static str>) -> Vec<Count> {
        let coded = self.coded.into_iter().map(|(code, count)| Count {
            label: label(&code).map(str::to_owned),
            code: Some(code),
            count,
            difference: None,
        });
        let none = (self.none > 0).then_some(Count {
            code: None,
            label: None,
            count: self.none,
            difference: None,
        });
        let mut counts = coded.chain(none).collect::<Vec<_>>();
        sort(&mut counts);
        counts
    }
}

/// Counts them. The commune is public for everyone, and so is the activity.
pub(super) fn count(folder: &Path, context: &Context) -> Result<Active, IngestError> {
    let slices = Slices::of_table(folder, TABLE, 1)?;
    let mut total = 0;
    let (mut departements, mut sections) = (Numbers::default(), Numbers::default());
    for slice in 0..slices.len() {
        context.cancel.check()?;
        let frame = slices.read(slice, &COLUMNS)?;
        let text = |name: &str| {
            let column = frame.column(name).and_then(|column| column.str());
            column.map_err(|error| slices.unreadable(&error))
        };
        let rows = text(COLUMNS[0])?.iter();
        let rows = rows.zip(text(COLUMNS[1])?.iter());
        let rows = rows.zip(text(COLUMNS[2])?.iter().zip(text(COLUMNS[3])?.iter()));
        for ((state, commune), (nomenclature, activite)) in rows {
            if state == Some("A") {
                total += 1;
                let activite = activite.filter(|_| nomenclature == Some("NAFRev2"));
                departements.add(commune.and_then(departement_of));
                sections.add(activite.and_then(naf_section));
            }
        }
    }
    Ok(Active {
        total,
        by_departement: departements.list(departement_label),
        by_section: sections.list(naf_section_label),
    })
}

/// `new`, with its difference from `old`: what is no longer there is there 0 times.
pub(super) fn compare(mut new: Active, old: &Active) -> Active {
    for (new, old) in [
        (&mut new.by_departement, &old.by_departement),
        (&mut new.by_section, &old.by_section),
    ] {
        for old in old {
            if !new.iter().any(|new| new.code == old.code) {
                new.push(Count {
                    count: 0,
                    ..old.clone()
                });
            }
        }
        sort(new);
        for new in new {
            let before = old.iter().find(|old| old.code == new.code);
            let before = before.map_or(0, |old| old.count);
            new.difference = Some(new.count.cast_signed() - before.cast_signed());
        }
    }
    new
}

/// By code, those without one last.
fn sort(counts: &mut [Count]) {
    counts.sort_by(|a, b| {
        let none_last = a.code.is_none().cmp(&b.code.is_none());
        none_last.then_with(|| a.code.cmp(&b.code))
    });
}
