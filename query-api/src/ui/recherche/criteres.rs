//! What a search asks, as the address of its page says it. A value that is none of those offered is
//! not a filter: an address is shared, shortened and mistyped, and a page answers anyway.

use registre_schemas::nomenclature::{Nomenclature, departement_label, naf_section_label};

use super::encoded;
use crate::recherche::{Filtre, Requete, Tri};

/// Results on one page.
pub(super) const PER_PAGE: usize = 20;
/// The last page that is given: beyond, a search is to be made narrower.
pub(super) const PAGES: usize = 50;
/// Characters of a text that are read.
pub(super) const LONGEST: usize = 200;

/// What may be asked of the nature of an organisation: its value in the address, and its words.
pub(super) const NATURES: [(&str, &str); 6] = [
    ("association", "Association"),
    ("administration", "Administration"),
    ("individuel", "Entrepreneur individuel"),
    ("ess", "Économie sociale et solidaire"),
    ("mission", "Société à mission"),
    ("utilite_publique", "Reconnue d'utilité publique"),
];

/// The same, of its state.
pub(super) const ETATS: [(&str, &str); 2] = [("A", "En activité"), ("C", "Cessée")];

/// The same, of the order of results; the first is the one of an address that says none.
pub(super) const TRIS: [(&str, &str); 3] = [
    ("pertinence", "Pertinence"),
    ("taille", "Taille"),
    ("creation", "Création la plus récente"),
];

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Criteres {
    pub(super) texte: String,
    /// Whether the text was longer than what is read of it.
    pub(super) coupe: bool,
    pub(super) etat: String,
    pub(super) nature: String,
    pub(super) section: String,
    pub(super) effectif: String,
    pub(super) departement: String,
    pub(super) code_postal: String,
    pub(super) tri: String,
    /// From 1.
    pub(super) page: usize,
}

impl Criteres {
    /// The first of each name counts.
    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        let first = |name: &str| {
            let found = pairs.iter().find(|(other, _)| other == name);
            found.map_or("", |(_, value)| value.trim())
        };
        let among = |name: &str, known: &dyn Fn(&str) -> bool| {
            let value = first(name);
            if known(value) {
                value.to_owned()
            } else {
                String::new()
            }
        };
        let of = |list: &'static [(&str, &str)]| {
            move |value: &str| list.iter().any(|(known, _)| *known == value)
        };
        let typed = first("q");
        let texte: String = typed.chars().take(LONGEST).collect();
        Self {
            coupe: texte.len() < typed.len(),
            texte,
            etat: among("etat", &of(&ETATS)),
            nature: among("nature", &of(&NATURES)),
            section: among("section", &|value| naf_section_label(value).is_some()),
            effectif: among("effectif", &|value| {
                Nomenclature::TrancheEffectifs.label(value).is_some()
            }),
            departement: among("departement", &|value| departement_label(value).is_some()),
            code_postal: among("code_postal", &|value| {
                value.len() == 5 && value.bytes().all(|byte| byte.is_ascii_digit())
            }),
            tri: among("tri", &of(&TRIS)),
            page: first("page").parse().unwrap_or(1).clamp(1, PAGES),
        }
    }

    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.texte.is_empty() && self.filtres().is_empty()
    }

    /// How many filters are set.
    pub(super) fn filtered(&self) -> usize {
        self.filtres().len()
    }

    /// The search.
    pub(super) fn requete(&self) -> Requete {
        Requete {
            texte: (!self.texte.is_empty()).then(|| self.texte.clone()),
            filtres: self.filtres(),
            autour: None,
            tri: match self.tri.as_str() {
                "taille" => Tri::Taille,
                "creation" => Tri::Creation,
                _ => Tri::Pertinence,
            },
            debut: (self.page - 1) * PER_PAGE,
            nombre: PER_PAGE,
            etablissements: 1,
            en_cours: false,
            stricte: false,
        }
    }

    fn filtres(&self) -> Vec<Filtre> {
        let mut filtres = Vec::new();
        let list = |value: &str| vec![value.to_owned()];
        match self.etat.as_str() {
            "A" => filtres.push(Filtre::Actif(true)),
            "C" => filtres.push(Filtre::Actif(false)),
            _ => {}
        }
        filtres.extend(match self.nature.as_str() {
            "association" => Some(Filtre::Association(true)),
            "administration" => Some(Filtre::Administration(true)),
            "individuel" => Some(Filtre::EntrepreneurIndividuel(true)),
            "ess" => Some(Filtre::Ess(true)),
            "mission" => Some(Filtre::Mission(true)),
            "utilite_publique" => Some(Filtre::UtilitePublique(true)),
            _ => None,
        });
        if !self.section.is_empty() {
            filtres.push(Filtre::Section(list(&self.section)));
        }
        if !self.effectif.is_empty() {
            filtres.push(Filtre::TrancheEffectifs(list(&self.effectif)));
        }
        if !self.departement.is_empty() {
            filtres.push(Filtre::Departement(list(&self.departement)));
        }
        if !self.code_postal.is_empty() {
            filtres.push(Filtre::CodePostal(list(&self.code_postal)));
        }
        filtres
    }

    /// The address of a page of this search.
    pub(super) fn address(&self, page: usize) -> String {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        let parts = [
            ("q", self.texte.as_str()),
            ("etat", &self.etat),
            ("nature", &self.nature),
            ("section", &self.section),
            ("effectif", &self.effectif),
            ("departement", &self.departement),
            ("code_postal", &self.code_postal),
            ("tri", &self.tri),
            ("page", &page),
        ];
        format!("/recherche?{}", query(&parts))
    }

    /// The same search, all its pages, in the parameters of `/v1/recherche`.
    pub(super) fn parameters(&self) -> String {
        let nature = match self.nature.as_str() {
            "individuel" => "entrepreneur_individuel",
            "mission" => "societe_mission",
            same => same,
        };
        let of_nature = if nature.is_empty() { "" } else { "true" };
        query(&[
            ("q", self.texte.as_str()),
            ("etat", &self.etat),
            (nature, of_nature),
            ("section_activite_principale", &self.section),
            ("tranche_effectifs", &self.effectif),
            ("departement", &self.departement),
            ("code_postal", &self.code_postal),
            ("tri", &self.tri),
        ])
    }
}

/// What has a value, as the query of an address.
fn query(parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = parts
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    query.join("&")
}
