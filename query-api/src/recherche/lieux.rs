//! Places named inside what is typed: « boulangerie martin lyon », « mairie 92140 », « sport 13 ».

use registre_schemas::nomenclature;
use registre_schemas::recherche::lieu;
use registre_schemas::recherche::mots::Mots;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Words of the longest name of a commune that is looked for.
const MOTS: usize = 8;

/// Letters from which a last word may be the beginning of a commune's name.
const DEBUT: usize = 4;

/// A place found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lieu {
    /// Terms of the index, of which one is enough.
    pub(super) termes: Vec<String>,
    /// Its words: from that one, to before that one.
    pub(super) mots: std::ops::Range<usize>,
}

struct Noms {
    /// Terms by the words of a name.
    par_nom: HashMap<String, Vec<String>>,
    /// Names of communes in alphabetical order, and their population.
    communes: Vec<(String, u32)>,
}

static NOMS: LazyLock<Noms> = LazyLock::new(|| {
    let mut par_nom: HashMap<String, Vec<String>> = HashMap::new();
    let mut communes = Vec::new();
    let mut mots = Mots::default();
    let mut nom_de = |libelle: &str| {
        mots.lire(libelle);
        mots.forts().collect::<Vec<_>>().join(" ")
    };
    for (code, libelle, population) in nomenclature::communes() {
        let nom = nom_de(libelle);
        let terme = format!("{}{code}", lieu::COMMUNE);
        // « Paris 1er Arrondissement » is a part of Paris too.
        if let Some((ville, arrondissement)) = nom.split_once(' ')
            && arrondissement.ends_with(" arrondissement")
        {
            let numero = arrondissement.trim_end_matches(" arrondissement");
            let chiffres = numero.trim_end_matches(|lettre: char| lettre.is_ascii_alphabetic());
            for aussi in [
                ville.to_owned(),
                format!("{ville} {numero}"),
                format!("{ville} {chiffres}"),
            ] {
                par_nom.entry(aussi).or_default().push(terme.clone());
            }
        }
        communes.push((nom.clone(), population));
        par_nom.entry(nom).or_default().push(terme);
    }
    for (code, libelle, est_region) in nomenclature::territoires() {
        let departements: Vec<&str> = if est_region {
            nomenclature::departements_of(code).collect()
        } else {
            vec![code]
        };
        let termes = departements
            .iter()
            .map(|code| format!("{}{code}", lieu::DEPARTEMENT));
        // A commune of that name, Paris or La Réunion, is meant as well.
        par_nom.entry(nom_de(libelle)).or_default().extend(termes);
    }
    for termes in par_nom.values_mut() {
        termes.sort();
        termes.dedup();
    }
    communes.sort();
    Noms { par_nom, communes }
});

/// The place that words name, the longest, or the last of those as long; `inacheve` when the last word is
/// still being typed. A text that is only a place is none: it may be the name of someone.
pub(super) fn trouve(mots: &[&str], inacheve: bool) -> Option<Lieu> {
    let mut meilleur: Option<Lieu> = None;
    for debut in 0..mots.len() {
        for fin in (debut + 1)..=mots.len().min(debut + MOTS) {
            if fin - debut == mots.len() {
                continue;
            }
            let plus_long = meilleur
                .as_ref()
                .is_none_or(|lieu| fin - debut >= lieu.mots.len());
            if plus_long && let Some(termes) = nomme(&mots[debut..fin]) {
                meilleur = Some(Lieu {
                    termes,
                    mots: debut..fin,
                });
            }
        }
    }
    if meilleur.is_none() && inacheve {
        return commence(mots);
    }
    meilleur
}

/// The terms of the place that has exactly this name, or number.
fn nomme(mots: &[&str]) -> Option<Vec<String>> {
    if let [seul] = mots {
        if seul.len() == 5 && seul.bytes().all(|octet| octet.is_ascii_digit()) {
            return Some(vec![
                format!("{}{seul}", lieu::CODE_POSTAL),
                format!("{}{seul}", lieu::COMMUNE),
            ]);
        }
        let code = seul.to_ascii_uppercase();
        if code.len() <= 3 && nomenclature::departement_label(&code).is_some() {
            return Some(vec![format!("{}{code}", lieu::DEPARTEMENT)]);
        }
    }
    // « st » and « ste » are how half of France writes them.
    let entiers: Vec<&str> = mots.iter().map(|mot| entier(mot)).collect();
    let noms = &NOMS.par_nom;
    noms.get(&mots.join(" "))
        .or_else(|| noms.get(&entiers.join(" ")))
        .cloned()
}

fn entier(mot: &str) -> &str {
    match mot {
        "st" => "saint",
        "ste" => "sainte",
        mot => mot,
    }
}

/// The most populated commune whose name begins by the last words.
fn commence(mots: &[&str]) -> Option<Lieu> {
    let debut = mots.len().checked_sub(1).filter(|debut| *debut > 0)?;
    let tape = mots[debut];
    if tape.len() < DEBUT {
        return None;
    }
    let communes = &NOMS.communes;
    let premiere = communes.partition_point(|(nom, _)| nom.as_str() < tape);
    let possibles = communes[premiere..]
        .iter()
        .take_while(|(nom, _)| nom.starts_with(tape));
    let (nom, _) = possibles.max_by_key(|(_, population)| *population)?;
    Some(Lieu {
        termes: NOMS.par_nom.get(nom)?.clone(),
        mots: debut..mots.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lieu(texte: &str, inacheve: bool) -> Option<(Vec<String>, std::ops::Range<usize>)> {
        let mots: Vec<&str> = texte.split(' ').collect();
        trouve(&mots, inacheve).map(|lieu| (lieu.termes, lieu.mots))
    }

    #[test]
    fn a_commune_a_postcode_and_a_departement_are_understood() {
        let clamart = (vec!["c92023".to_owned()], 1..2);
        assert_eq!(lieu("mairie clamart", false), Some(clamart));
        let code = (vec!["p92140".to_owned(), "c92140".to_owned()], 1..2);
        assert_eq!(lieu("mairie 92140", false), Some(code));
        assert_eq!(
            lieu("sport 13", false),
            Some((vec!["d13".to_owned()], 1..2))
        );
        let (termes, mots) = lieu("boulangerie st denis", false).unwrap();
        assert!(termes.contains(&"c93066".to_owned()), "{termes:?}");
        assert_eq!(mots, 1..3);
        let (termes, _) = lieu("boulangerie martin lyon", false).unwrap();
        assert!(termes.contains(&"c69123".to_owned()) && termes.contains(&"c69381".to_owned()));
        let (termes, _) = lieu("boulangerie lyon 3", false).unwrap();
        assert_eq!(termes, ["c69383"]);
    }

    #[test]
    fn what_is_only_a_place_may_be_a_name() {
        assert_eq!(lieu("clamart", false), None);
        assert_eq!(lieu("boulangerie marsei", false), None);
        let (termes, mots) = lieu("boulangerie marsei", true).unwrap();
        assert!(termes.contains(&"c13055".to_owned()));
        assert_eq!(mots, 1..2);
    }
}
