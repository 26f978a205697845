//! Statut de diffusion: what a person asked to hide.
//!
//! Since 2023-03-21 INSEE publishes `P` (partially diffusible) units with their masked values
//! written `[ND]` (art. A123-96 code de commerce). Nothing may be derived from such a value.

/// What INSEE writes in place of a masked value.
pub const MASK: &str = "[ND]";

/// Whether a value is masked. Text that merely contains the marker (an address line built from
/// masked parts) counts too: it must not be shown as a real value.
#[must_use]
pub fn is_masked(value: &str) -> bool {
    value.contains(MASK)
}

/// Whether a person may be shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatutDiffusion {
    /// `O`: every value is public.
    Diffusible,
    /// `P`, or `N` in files from before 2023-03-21: masked values are `[ND]`.
    Partielle,
}

impl StatutDiffusion {
    /// Reads INSEE's code. Anything that is not exactly `O` is treated as hidden: when in doubt,
    /// a person stays hidden.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        if code == "O" {
            Self::Diffusible
        } else {
            Self::Partielle
        }
    }
}
