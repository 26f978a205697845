//! SIREN, SIRET, NIC, RNA and VAT numbers: parsed once, at the door. From there on no function
//! checks a length or a key again.
//!
//! | module | holds |
//! |---|---|
//! | `text` | what is ignored between the characters, what may be shown of a text |
//! | `siren_siret`, `rna`, `tva`, `alsace_moselle` | each number and its rule |
//! | `any` | a text of which nobody said what it is |
//! | `error` | why not, in French, and what to do |
//! | `repair` | the number most certainly meant, when there is only one |
//! | `verdict` | all of that as one record, the same on the command line, in SQL and in a browser |
//!
//! The rules exist once more, in `query-api/ui/widget/identifiants.js`, for browsers. A test asks both the
//! same questions: a rule or a message that changes here changes there.
//!
//! Sources: décret 2007-750 (SIREN and SIRET), INSEE « Numéro SIRET » (Luhn key, and La Poste's
//! exception), arrêté du 14 octobre 2009 (RNA), article 286 ter of the code général des impôts
//! (VAT), article 55 and following of the code civil local (Alsace-Moselle).

mod alsace_moselle;
mod any;
mod error;
mod repair;
mod rna;
mod siren_siret;
mod text;
mod tva;
mod verdict;

pub use alsace_moselle::is_volume_folio;
pub use any::{Identifier, IdentifierKind};
pub use error::IdentifierError;
pub use repair::suggestion;
pub use rna::RnaId;
pub use siren_siret::{LA_POSTE, Nic, Siren, Siret, luhn_check_digit};
pub use text::display_form;
pub use tva::Tva;
pub use verdict::{Verdict, Word};

/// An identifier kept as its characters: shown, compared and serialised as they are.
macro_rules! textual {
    ($($type:ty),*) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}
textual!(Siren, Siret, Nic, RnaId, Tva);
