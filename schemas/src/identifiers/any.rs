//! A text of which nobody said what it is: read as what it most looks like.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

use super::siren_siret::scientific;
use super::text::{Scientific, compact, is_too_long};
use super::{IdentifierError, RnaId, Siren, Siret, Tva, is_volume_folio, repair};

/// Which identifier a text was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// An unité légale.
    Siren,
    /// An établissement.
    Siret,
    /// An établissement among those of its unité légale.
    Nic,
    /// An association.
    Rna,
    /// An unité légale, by its VAT number.
    Tva,
    /// An association of Alsace-Moselle, in its tribunal's register.
    AlsaceMoselle,
}

impl IdentifierKind {
    /// As it is written in data: `siren`, `siret`, `nic`, `rna`, `tva`, `alsace_moselle`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Siren => "siren",
            Self::Siret => "siret",
            Self::Nic => "nic",
            Self::Rna => "rna",
            Self::Tva => "tva",
            Self::AlsaceMoselle => "alsace_moselle",
        }
    }
}

impl fmt::Display for IdentifierKind {
    /// As it follows « numéro » in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Siren => "SIREN",
            Self::Siret => "SIRET",
            Self::Nic => "NIC",
            Self::Rna => "RNA",
            Self::Tva => "de TVA",
            Self::AlsaceMoselle => "d'Alsace-Moselle",
        })
    }
}

/// Any identifier a person may type into one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// Nine digits.
    Siren(Siren),
    /// Fourteen digits.
    Siret(Siret),
    /// `W` and nine characters, or a préfecture's number.
    Rna(RnaId),
    /// `FR`, a key, a SIREN.
    Tva(Tva),
}

impl Identifier {
    /// Which one it is.
    #[must_use]
    pub fn kind(&self) -> IdentifierKind {
        match self {
            Self::Siren(_) => IdentifierKind::Siren,
            Self::Siret(_) => IdentifierKind::Siret,
            Self::Rna(_) => IdentifierKind::Rna,
            Self::Tva(_) => IdentifierKind::Tva,
        }
    }

    /// Its characters, without separators.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Siren(siren) => siren.as_str(),
            Self::Siret(siret) => siret.as_str(),
            Self::Rna(id) => id.as_str(),
            Self::Tva(tva) => tva.as_str(),
        }
    }

    /// Reads a text as the kind expected, or as what it looks like. A NIC and an Alsace-Moselle
    /// number designate nobody by themselves: they are never read, only explained.
    pub fn read(text: &str, expected: Option<IdentifierKind>) -> Result<Self, IdentifierError> {
        match expected {
            Some(IdentifierKind::Siren) => text.parse().map(Self::Siren),
            Some(IdentifierKind::Siret) => text.parse().map(Self::Siret),
            Some(IdentifierKind::Rna) => text.parse().map(Self::Rna),
            Some(IdentifierKind::Tva) => text.parse().map(Self::Tva),
            Some(IdentifierKind::Nic | IdentifierKind::AlsaceMoselle) | None => text.parse(),
        }
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    /// `W` makes an RNA number, `FR` a VAT number, ten digits or fewer a SIREN, more a SIRET: the
    /// error then speaks of the identifier the person most likely meant. A text with as many other
    /// characters as digits is none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_too_long(text) {
            return Err(IdentifierError::TooLong);
        }
        let compact = compact(text);
        let characters = compact.chars().count();
        let digits = compact.bytes().filter(u8::is_ascii_digit).count();
        if characters == 0 {
            return Err(IdentifierError::Nothing);
        }
        if is_volume_folio(text) {
            return Err(IdentifierError::VolumeFolio);
        }
        if digits * 2 <= characters {
            return Err(IdentifierError::Unrecognised);
        }
        if compact.starts_with('W') {
            return compact.parse().map(Self::Rna);
        }
        if compact.starts_with("FR") {
            return compact.parse().map(Self::Tva);
        }
        if digits < characters {
            if let Some(number) = Scientific::read(text) {
                return Err(scientific(text, &number));
            }
            if let Ok(id) = compact.parse() {
                return Ok(Self::Rna(id));
            }
        }
        match characters {
            5 if digits == 5 => Err(IdentifierError::NicAlone),
            11 if format!("FR{compact}").parse::<Tva>().is_ok() => Err(IdentifierError::TvaPrefix),
            _ if repair::digits_meant(&compact) <= 10 => compact.parse().map(Self::Siren),
            _ => compact.parse().map(Self::Siret),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_identifier_is_read_as_what_it_most_looks_like() {
        assert!(matches!("130025265".parse(), Ok(Identifier::Siren(_))));
        assert!(matches!("13002526500013".parse(), Ok(Identifier::Siret(_))));
        assert!(matches!("W751004076".parse(), Ok(Identifier::Rna(_))));
        assert!(matches!("751P00085568".parse(), Ok(Identifier::Rna(_))));
        assert!(matches!("fr07130025265".parse(), Ok(Identifier::Tva(_))));
        assert!(matches!(
            "1300252650001".parse::<Identifier>(),
            Err(IdentifierError::Length { expected: 14, .. })
        ));
    }

    #[test]
    fn what_is_none_is_told_from_what_is_a_bad_one() {
        let error = |text: &str| text.parse::<Identifier>().unwrap_err();
        assert_eq!(error(" \u{a0}- "), IdentifierError::Nothing);
        for name in ["bonjour", "12 rue de l'Exemple", "FRANCE 2", "Wagram 17"] {
            assert_eq!(error(name), IdentifierError::Unrecognised, "{name}");
        }
        assert_eq!(error("178-236"), IdentifierError::VolumeFolio);
        assert_eq!(error("00013"), IdentifierError::NicAlone);
        assert_eq!(error("07 130025265"), IdentifierError::TvaPrefix);
        assert_eq!(
            error("130 025 265 OOO13"),
            IdentifierError::NotDigits {
                kind: IdentifierKind::Siret,
                found: 'O'
            }
        );
    }
}
