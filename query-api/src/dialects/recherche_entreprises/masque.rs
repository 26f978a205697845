//! What is shown of who asked to be hidden: `[NON-DIFFUSIBLE]`, where the register writes `[ND]`.

use registre_schemas::diffusion::is_masked;

use crate::dossier::{is_hidden_etablissement, is_hidden_unit};
use crate::organisation::nom::is_person;
use crate::record::Record;

/// In place of a value that is not shown.
pub(crate) const MASQUE: &str = "[NON-DIFFUSIBLE]";

/// What is hidden of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Diffusion {
    pub(super) personne: bool,
    pub(super) unite_masquee: bool,
}

impl Diffusion {
    pub(super) fn of(unite: &Record) -> Self {
        Self {
            personne: is_person(unite),
            unite_masquee: is_hidden_unit(unite),
        }
    }

    /// Whether its names are hidden: those of a personne morale are not.
    pub(super) fn masque_les_noms(self) -> bool {
        self.personne && self.unite_masquee
    }

    /// Whether the address of one of its établissements is hidden, and its names.
    pub(super) fn of_lieu(self, lieu: &Record) -> (bool, bool) {
        let hidden = self.unite_masquee || is_hidden_etablissement(lieu);
        (hidden, hidden && self.personne)
    }
}

/// A value of the register, or the mask of this dialect for that of the register: never `[ND]`.
pub(super) fn shown(text: &str) -> &str {
    if is_masked(text) { MASQUE } else { text }
}
