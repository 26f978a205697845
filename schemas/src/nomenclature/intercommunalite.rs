//! What communes are part of, and what is part of them: the EPCI à fiscalité propre, the municipal
//! arrondissements.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Labels, code_and_label, communes};

/// The communes that are cut in arrondissements, by how the codes of these begin. SIRENE gives the code of
/// the arrondissement, other registers that of the commune.
const DECOUPEES: [(&str, &str); 3] = [("751", "75056"), ("132", "13055"), ("6938", "69123")];

pub(super) struct Epci {
    pub(super) libelles: Labels,
    communes: HashMap<&'static str, Vec<&'static str>, foldhash::fast::FixedState>,
    des_communes: Labels,
}

pub(super) static EPCI: LazyLock<Epci> = LazyLock::new(|| {
    let mut epci = Epci {
        libelles: Labels::default(),
        communes: HashMap::default(),
        des_communes: Labels::default(),
    };
    let lines = include_str!("../../../data/nomenclatures/epci.csv").lines();
    for line in lines.skip(1) {
        let fields = code_and_label(line).zip(line.rsplit_once(','));
        if let Some(((siren, label), (_, theirs))) = fields {
            let theirs: Vec<&str> = theirs.split(' ').collect();
            epci.des_communes
                .extend(theirs.iter().map(|commune| (*commune, siren)));
            epci.libelles.insert(siren, label);
            epci.communes.insert(siren, theirs);
        }
    }
    epci
});

/// The commune of a municipal arrondissement; any other code as it is.
#[must_use]
pub fn commune_of(code: &str) -> &str {
    let found = DECOUPEES
        .iter()
        .find(|(arrondissements, _)| code.starts_with(arrondissements));
    found.map_or(code, |(_, commune)| *commune)
}

/// The arrondissements of a commune, by code; none but for Paris, Marseille and Lyon.
pub fn arrondissements_of(code_commune: &str) -> impl Iterator<Item = &'static str> + use<> {
    let found = DECOUPEES
        .iter()
        .find(|(_, commune)| *commune == code_commune);
    found.into_iter().flat_map(|(arrondissements, _)| {
        let codes = communes().map(|(code, _, _)| code);
        codes.filter(move |code| code.starts_with(arrondissements))
    })
}

/// The SIREN of the EPCI à fiscalité propre of a commune or of a municipal arrondissement. Some islands
/// have none, and overseas collectivities.
#[must_use]
pub fn epci_of(code_commune: &str) -> Option<&'static str> {
    EPCI.des_communes.get(commune_of(code_commune)).copied()
}

/// The communes of an EPCI, by code, whole; none when there is no such EPCI.
pub fn communes_of_epci(siren: &str) -> impl Iterator<Item = &'static str> + use<> {
    EPCI.communes.get(siren).into_iter().flatten().copied()
}

/// The name of an EPCI, by its SIREN.
#[must_use]
pub fn epci_label(siren: &str) -> Option<&'static str> {
    EPCI.libelles.get(siren).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commune_is_in_one_epci_and_each_epci_has_communes_we_know() {
        let known: std::collections::HashSet<&str> = communes().map(|(code, _, _)| code).collect();
        let epci = &*EPCI;
        assert_eq!(epci.libelles.len(), 1255);
        let members: usize = epci.communes.values().map(Vec::len).sum();
        assert_eq!((members, epci.des_communes.len()), (34_871, 34_871));
        assert!(epci.des_communes.keys().all(|code| known.contains(code)));
        assert!(epci.libelles.values().all(|label| !label.contains('"')));
        assert_eq!(
            epci_of("92023").and_then(epci_label),
            Some("Métropole du Grand Paris")
        );
        assert!(communes_of_epci("200054781").any(|commune| commune == "75056"));
        assert_eq!(epci_of("85113"), None, "an island of its own");
        assert_eq!(communes_of_epci("130025265").count(), 0);
    }

    #[test]
    fn an_arrondissement_is_of_its_commune() {
        for (commune, arrondissement, many) in [
            ("75056", "75107", 20),
            ("13055", "13201", 16),
            ("69123", "69389", 9),
        ] {
            assert_eq!(commune_of(arrondissement), commune);
            assert_eq!(arrondissements_of(commune).count(), many);
            assert_eq!(epci_of(arrondissement), epci_of(commune));
        }
        assert_eq!(commune_of("92023"), "92023");
        assert_eq!(arrondissements_of("92023").count(), 0);
    }
}
