//! How large an organisation is: what is asked first among those that match as well.

/// The largest.
pub const MAXIMUM: u64 = 255;

/// What is known of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faits<'a> {
    /// Active, or an association that is not dissolved.
    pub actif: bool,
    /// A natural person.
    pub personne: bool,
    /// Tranche d'effectifs, `NN` to `53`; empty when unknown.
    pub tranche: &'a str,
    /// `GE`, `ETI`, `PME`, or nothing.
    pub categorie: &'a str,
    /// Catégorie juridique.
    pub juridique: &'a str,
    /// Open établissements.
    pub ouverts: u32,
    /// Reconnue d'utilité publique.
    pub utilite_publique: bool,
}

/// Whether a catégorie juridique is that of a public body: those that begin by 7, and by 41 (public
/// establishments of trade and industry).
#[must_use]
pub fn est_public(juridique: &str) -> bool {
    juridique.starts_with('7') || juridique.starts_with("41")
}

/// The order of a tranche d'effectifs, from 0 (unknown or nobody) to 15 (10 000 and more).
#[must_use]
pub fn rang_de_tranche(tranche: &str) -> u64 {
    const TRANCHES: [&str; 14] = [
        "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53",
    ];
    let place = TRANCHES.iter().position(|known| *known == tranche);
    place.map_or(0, |place| place as u64 + 2)
}

/// The size of an organisation, and its floor: 0 for the largest, 4 for those that are closed.
#[must_use]
pub fn taille(faits: Faits<'_>) -> (u64, usize) {
    let tranche = rang_de_tranche(faits.tranche);
    let etablissements = u64::from(faits.ouverts.max(1).ilog2());
    let categorie = match faits.categorie {
        "GE" => 40,
        "ETI" => 24,
        "PME" => 4,
        _ => 0,
    };
    let public = est_public(faits.juridique);
    let taille = tranche * 7
        + etablissements * 6
        + categorie
        + if public { 20 } else { 0 }
        + if faits.utilite_publique { 10 } else { 0 }
        + if faits.personne { 0 } else { 4 };
    if !faits.actif {
        return (taille.min(MAXIMUM) / 4, 4);
    }
    let etage = if tranche >= 7 || etablissements >= 4 || categorie >= 24 || public {
        0
    } else if tranche >= 2 || faits.utilite_publique || etablissements >= 1 {
        1
    } else if !faits.personne {
        2
    } else {
        3
    };
    (taille.min(MAXIMUM), etage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_and_open_come_first() {
        let poste = Faits {
            actif: true,
            tranche: "53",
            categorie: "GE",
            juridique: "5599",
            ouverts: 9000,
            ..Faits::default()
        };
        let commune = Faits {
            actif: true,
            tranche: "41",
            juridique: "7210",
            ouverts: 80,
            ..Faits::default()
        };
        let personne = Faits {
            actif: true,
            personne: true,
            ouverts: 1,
            ..Faits::default()
        };
        let ferme = Faits {
            actif: false,
            ..poste
        };
        let (grande, moyenne, petite) = (taille(poste), taille(commune), taille(personne));
        assert!(grande.0 > moyenne.0 && moyenne.0 > petite.0);
        assert_eq!((grande.1, moyenne.1, petite.1), (0, 0, 3));
        assert_eq!(taille(ferme).1, 4);
        assert!(grande.0 <= MAXIMUM);
    }
}
