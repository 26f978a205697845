//! What leads from one organisation to another: successions, and who says that an association is a unit.

use registre_schemas::lien_siren_rna::provenance as said_by;

use super::card::{Content, Section, Shown, Succession, date_text};
use crate::lookup::SuccessionsFound;
use crate::record::{Record, Value};
use crate::text::thousands;

/// Links shown: the JSON has a thousand each way.
const LINKS: usize = 50;

/// What an établissement succeeds and what succeeds it; none when there is nothing.
pub(super) fn successions(siret: &str, found: Option<&SuccessionsFound>) -> Option<Section> {
    let found = found?;
    let count = found.predecesseurs.len() + found.successeurs.len();
    if count == 0 {
        return None;
    }
    let after = found.successeurs.iter().map(|lien| (false, lien));
    let before = found.predecesseurs.iter().map(|lien| (true, lien));
    let links = after.chain(before).take(LINKS);
    let title = if count > LINKS {
        format!(
            "Successions du SIRET {siret} : {LINKS} de {}",
            thousands(i64::try_from(count).unwrap_or(i64::MAX))
        )
    } else {
        format!("Successions du SIRET {siret}")
    };
    Some(Section {
        title,
        rows: Vec::new(),
        content: Some(Content::Successions(
            links
                .filter_map(|(before, lien)| succession(before, lien))
                .collect(),
        )),
    })
}

fn succession(before: bool, lien: &Record) -> Option<Succession> {
    let other = if before {
        "siretEtablissementPredecesseur"
    } else {
        "siretEtablissementSuccesseur"
    };
    let yes = |name: &str| lien.get(name) == Value::Boolean(true);
    let nature = match (yes("transfertSiege"), yes("continuiteEconomique")) {
        (true, true) => "Transfert du siège, l'activité continue",
        (true, false) => "Transfert du siège",
        (false, true) => "L'activité continue",
        (false, false) => "Sans continuité économique déclarée",
    };
    Some(Succession {
        siret: lien.text(other)?.to_owned(),
        before,
        date: lien
            .date("dateLienSuccession")
            .map_or_else(|| "inconnue".to_owned(), date_text),
        nature: nature.to_owned(),
    })
}

/// Who puts an association and a unit together.
pub(super) fn provenance(lien: Option<&Record>) -> Option<Shown> {
    let words = match lien?.text("provenance")? {
        said_by::BOTH => "Les deux répertoires s'accordent",
        said_by::SIRENE => "D'après SIRENE seul",
        said_by::RNA => {
            "D'après le RNA seul : le SIRET déclaré peut être celui de la structure qui héberge l'association"
        }
        _ => return None,
    };
    Some(Shown::Text(words.to_owned()))
}
