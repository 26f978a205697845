//! What associations say they are for: sentences nobody wrote, in the register's own manner, with
//! its accents, its doubled quotes and its semicolons.

use crate::generate::hasard::Hasard;

/// A theme of the RNA, and what its associations declare.
const OBJETS: &[(&str, &str)] = &[
    (
        "006000",
        "développer la pratique culturelle et l'éveil artistique auprès de tous les publics",
    ),
    (
        "006030",
        "promouvoir la scène indépendante \"imaginaire\" à travers l'organisation d'évènements de type concert ou festival",
    ),
    (
        "006070",
        "favoriser la création et la diffusion de spectacles, l'élargissement du dialogue avec le public",
    ),
    (
        "007000",
        "organiser des rencontres amicales, des jeux de société et des sorties pour ses adhérents",
    ),
    (
        "010000",
        "sauvegarder, restaurer et mettre en valeur le patrimoine bâti de la commune",
    ),
    (
        "011000",
        "pratique de l'éducation physique et des sports, organisation de compétitions",
    ),
    (
        "011080",
        "enseignement et pratique du football, du rugby et de l'athlétisme en compétition comme en loisir",
    ),
    (
        "013000",
        "gestion de la chasse sur le territoire communal, protection du gibier et de ses habitats",
    ),
    (
        "014000",
        "resserrer les liens d'amitié entre ses membres et leur venir en aide en cas de nécessité",
    ),
    (
        "015000",
        "soutien scolaire, aide aux devoirs et accompagnement à la parentalité",
    ),
    (
        "015005",
        "représenter les parents d'élèves auprès de l'administration, coopérer à l'éducation des élèves",
    ),
    (
        "016000",
        "encourager la recherche, en publier les résultats et en débattre avec les citoyens",
    ),
    (
        "017000",
        "informer sur la prévention et soutenir les personnes malades ainsi que leurs proches",
    ),
    (
        "019000",
        "accueillir, écouter et orienter les personnes en difficulté sociale",
    ),
    (
        "020000",
        "collecter et distribuer gratuitement des vêtements, des denrées et du matériel de première nécessité",
    ),
    (
        "021000",
        "rompre l'isolement des personnes âgées par des visites et des activités régulières",
    ),
    (
        "024000",
        "défendre le cadre de vie, protéger la nature et sensibiliser à l'écologie",
    ),
    (
        "024026",
        "protéger les espèces animales, veiller à leur bien-être et subvenir à leurs besoins",
    ),
    (
        "030000",
        "contribuer au développement local et à l'insertion par l'activité économique",
    ),
    (
        "034000",
        "animer la vie touristique et faire connaître la région",
    ),
    (
        "040000",
        "étudier les textes et organiser des conférences ouvertes à tous",
    ),
];

/// Ends that make an objet longer.
const SUITES: &[&str] = &[
    "valoriser et diffuser les connaissances acquises",
    "accueillir chacun sans distinction d'âge, d'origine ni de revenu",
    "éditer un bulletin, animer un site internet et toute action utile à ses buts",
    "favoriser, développer, encadrer et gérer les activités proposées aux adhérents",
    "financer ses actions par des cotisations, des dons, des subventions et toute recette autorisée par la loi",
    "coopérer avec les collectivités, les écoles et les autres associations",
];

/// Writes an objet and gives its two themes.
pub fn rediger(texte: &mut String, hasard: &mut Hasard) -> [&'static str; 2] {
    let (theme, objet) = hasard.choix(OBJETS);
    texte.push_str(objet);
    for _ in 0..hasard.sous(4) {
        // Declared lists have a semicolon, or what is left of it.
        texte.push_str(if hasard.chance(2500) { " ; " } else { " ,  " });
        texte.push_str(hasard.choix(SUITES));
    }
    let second = if hasard.chance(3000) {
        hasard.choix(OBJETS).0
    } else {
        "000000"
    };
    [theme, second]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objets_fit_the_old_encoding() {
        let textes = OBJETS.iter().map(|(_, objet)| objet).chain(SUITES);
        for texte in textes {
            assert!(
                texte.chars().all(|lettre| u8::try_from(lettre).is_ok()),
                "{texte}"
            );
        }
    }

    #[test]
    fn themes_exist() {
        use registre_schemas::nomenclature::Nomenclature;
        for (theme, _) in OBJETS {
            assert!(Nomenclature::ObjetSocial.label(theme).is_some(), "{theme}");
        }
    }
}
