//! From parameters to the question of the neutral search.

use super::Recherche;
use super::controles::{PAGE, PER_PAGE};
use super::parametres::{Valeur, Valeurs};
use crate::recherche::{Autour, Filtre, Requete, Tri};

/// Établissements given with each result, unless told.
const ETABLISSEMENTS: usize = 10;
/// Around a point, unless told.
const RAYON_KM: f64 = 5.0;

/// Filters on what this project has: how a parameter is one.
type Filtrage = fn(&Valeur) -> Option<Filtre>;

/// A list of codes as a filter.
macro_rules! codes {
    ($filtre:ident) => {
        |valeur| match valeur {
            Valeur::Liste(codes) => Some(Filtre::$filtre(codes.clone())),
            _ => None,
        }
    };
}

/// True or false as a filter.
macro_rules! flag {
    ($filtre:ident) => {
        |valeur| match valeur {
            Valeur::Booleen(flag) => Some(Filtre::$filtre(*flag)),
            _ => None,
        }
    };
}

#[rustfmt::skip] // one line per filter reads as a table
static FILTRES: [(&str, Filtrage); 16] = [
    ("activite_principale_unite_legale", codes!(Activite)),
    ("categorie_entreprise", codes!(CategorieEntreprise)),
    ("commune", codes!(Commune)),
    ("epci", codes!(Epci)),
    ("code_postal", codes!(CodePostal)),
    ("departement", codes!(Departement)),
    ("region", codes!(Region)),
    ("section_activite_principale", codes!(Section)),
    ("tranche_effectif_salarie_unite_legale", codes!(TrancheEffectifs)),
    ("nature_juridique_unite_legale", codes!(CategorieJuridique)),
    ("etat_administratif_unite_legale", |valeur| match valeur {
        Valeur::Texte(etat) => Some(Filtre::Actif(etat == "A")),
        _ => None,
    }),
    ("est_association", flag!(Association)),
    ("est_ess", flag!(Ess)),
    ("est_administration", flag!(Administration)),
    ("est_societe_mission", flag!(Mission)),
    ("est_entrepreneur_individuel", flag!(EntrepreneurIndividuel)),
];

/// The only filters around a point: the service checked the others, then forgot them.
const AUTOUR: [&str; 2] = [
    "activite_principale_unite_legale",
    "section_activite_principale",
];

/// Say how to search or to answer, not what.
const SANS_EFFET: [&str; 13] = [
    "page",
    "page_etablissements",
    "per_page",
    "terms",
    "type_personne",
    "matching_size",
    "lat",
    "lon",
    "radius",
    "minimal",
    "include",
    "include_admin",
    "sort_by_size",
];

/// The page that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Feuille {
    pub(super) page: usize,
    pub(super) per_page: usize,
}

impl Feuille {
    pub(super) fn of(valeurs: &Valeurs) -> Self {
        Self {
            page: valeurs.entier("page").unwrap_or(PAGE),
            per_page: valeurs.entier("per_page").unwrap_or(PER_PAGE),
        }
    }

    /// How many results are before it.
    pub(super) fn debut(self) -> usize {
        (self.page - 1) * self.per_page
    }
}

/// What is asked of the index; `None` when nobody can be found, for lack of that data.
pub(super) fn requete(recherche: Recherche, valeurs: &Valeurs) -> Option<Requete> {
    let feuille = Feuille::of(valeurs);
    let texte = valeurs.texte("terms").map(str::trim);
    let texte = texte.filter(|text| !text.is_empty());
    let filtres = match recherche {
        Recherche::Point => of_table(valeurs, |nom| AUTOUR.contains(&nom)),
        Recherche::Texte if asks_what_nobody_has(valeurs) => return None,
        Recherche::Texte => of_table(valeurs, |_| true),
    };
    let autour = match (recherche, valeurs.reel("lat"), valeurs.reel("lon")) {
        (Recherche::Point, Some(latitude), Some(longitude)) => Some(Autour {
            latitude,
            longitude,
            rayon: valeurs.reel("radius").unwrap_or(RAYON_KM),
        }),
        _ => None,
    };
    // Without words, the service put first who has the most open établissements, around a point too.
    let tri = if texte.is_none() || valeurs.vrai("sort_by_size") {
        Tri::Taille
    } else {
        Tri::Pertinence
    };
    Some(Requete {
        texte: texte.map(str::to_owned),
        filtres,
        autour,
        tri,
        debut: feuille.debut(),
        nombre: feuille.per_page,
        etablissements: valeurs.entier("matching_size").unwrap_or(ETABLISSEMENTS),
        en_cours: false,
        stricte: false,
    })
}

fn of_table(valeurs: &Valeurs, counts: impl Fn(&str) -> bool) -> Vec<Filtre> {
    let filters = FILTRES.iter().filter(|(nom, _)| counts(nom));
    let given = filters.filter_map(|(nom, filter)| filter(valeurs.get(nom)?));
    given.collect()
}

/// Whether a filter is on what no register here says. `false` holds of everybody.
fn asks_what_nobody_has(valeurs: &Valeurs) -> bool {
    let nobody = |(nom, valeur): (&str, &Valeur)| {
        !SANS_EFFET.contains(&nom)
            && !FILTRES.iter().any(|(known, _)| *known == nom)
            && *valeur != Valeur::Booleen(false)
    };
    valeurs.all().any(nobody)
}

#[cfg(test)]
mod tests {
    use super::super::parametres::Paires;
    use super::*;

    fn asked(recherche: Recherche, query: &str) -> Option<Requete> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        let pairs = Paires(query.split('&').map(pair).collect());
        requete(recherche, &Valeurs::of(&pairs).unwrap())
    }

    #[test]
    fn each_filter_that_the_registers_can_answer_is_asked_of_the_index() {
        let requete = asked(
            Recherche::Texte,
            "q=ganymede&code_commune=75101,92023&etat_administratif=c&est_ess=false&est_rge=false&page=3&per_page=20&limite_matching_etablissements=4",
        )
        .unwrap();
        assert_eq!(requete.texte.as_deref(), Some("GANYMEDE"));
        let communes = vec!["75101".to_owned(), "92023".to_owned()];
        let expected = [
            Filtre::Commune(communes),
            Filtre::Actif(false),
            Filtre::Ess(false),
        ];
        assert_eq!(requete.filtres, expected);
        let page = (requete.debut, requete.nombre, requete.etablissements);
        assert_eq!((page, requete.tri), ((40, 20, 4), Tri::Pertinence));
    }

    #[test]
    fn what_no_register_says_matches_nobody() {
        for query in [
            "est_rge=true",
            "id_uai=0750001A",
            "nom_personne=specimen",
            "date_naissance_personne_min=1990-01-01",
            "ca_min=0",
            "code_collectivite_territoriale=75",
            "q=mairie&est_siae=TRUE",
        ] {
            assert!(asked(Recherche::Texte, query).is_none(), "{query}");
        }
        assert!(asked(Recherche::Texte, "q=mairie&type_personne=elu").is_some());
    }

    #[test]
    fn around_a_point_only_the_activity_counts() {
        let requete = asked(
            Recherche::Point,
            "lat=48.85&lon=2.31&est_rge=true&departement=75&section_activite_principale=o",
        )
        .unwrap();
        assert_eq!(requete.filtres, [Filtre::Section(vec!["O".to_owned()])]);
        let autour = Autour {
            latitude: 48.85,
            longitude: 2.31,
            rayon: 5.0,
        };
        assert_eq!((requete.autour, requete.tri), (Some(autour), Tri::Taille));
    }
}
