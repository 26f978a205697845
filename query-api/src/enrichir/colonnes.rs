//! What can be added to a row: what is said of its number, what is known of its organisation, and any
//! column of the registers' own tables.

use chrono::NaiveDate;
use registre_schemas::association::ASSOCIATION;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::Identifier;
use registre_schemas::unite_legale::UNITE_LEGALE;
use registre_schemas::{Kind, Table};
use std::borrow::Cow;

use super::EnrichirError;
use super::verdict::Fiche;
use crate::dossier::Besoins;
use crate::organisation::Organisation;
use crate::record::{Record, Value, label};

/// A value that is added.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cellule<'fiche> {
    /// A text, made for it or not.
    Texte(Cow<'fiche, str>),
    /// Any other.
    Valeur(Value<'fiche>),
}

/// None is nothing.
type Lue<'fiche> = Option<Cellule<'fiche>>;

/// How a column is read.
#[derive(Clone, Copy)]
enum Lecture {
    /// From what is said.
    Dite(for<'f> fn(&'f Fiche<'f>) -> Lue<'f>),
    /// From a row of a register: the value, or the label of the code.
    Registre(Ou, usize, bool),
}

/// Which row of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ou {
    UniteLegale,
    Etablissement,
    Siege,
    Association,
}

const REGISTRES: [(&str, Ou, &Table); 4] = [
    ("unite_legale", Ou::UniteLegale, &UNITE_LEGALE),
    ("etablissement", Ou::Etablissement, &ETABLISSEMENT),
    ("siege", Ou::Siege, &ETABLISSEMENT),
    ("association", Ou::Association, &ASSOCIATION),
];

/// A column that is added.
#[derive(Clone)]
pub(super) struct Colonne {
    /// As it is asked for.
    pub(super) nom: String,
    pub(super) kind: Kind,
    lecture: Lecture,
}

impl std::fmt::Debug for Colonne {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?})", self.nom, self.kind)
    }
}

/// A column of those that are said, for its documentation.
pub(crate) struct Dite {
    /// As it is asked for.
    pub(crate) nom: &'static str,
    pub(crate) kind: Kind,
    /// Added unless others are asked for.
    pub(crate) defaut: bool,
    pub(crate) description: &'static str,
    lue: for<'f> fn(&'f Fiche<'f>) -> Lue<'f>,
}

fn texte<'f>(text: impl Into<Cow<'f, str>>) -> Cellule<'f> {
    Cellule::Texte(text.into())
}

fn dit(text: Option<&str>) -> Lue<'_> {
    text.map(texte)
}

fn de<'f>(
    fiche: &'f Fiche<'f>,
    lue: impl FnOnce(&'f Organisation<'f>) -> Option<&'f str>,
) -> Lue<'f> {
    dit(lue(fiche.organisation.as_ref()?))
}

fn date(date: Option<NaiveDate>) -> Lue<'static> {
    date.map(|date| Cellule::Valeur(Value::Date(date)))
}

fn oui(flag: Option<bool>) -> Lue<'static> {
    flag.map(|flag| Cellule::Valeur(Value::Boolean(flag)))
}

/// Of what was asked by its SIRET, the établissement's; else the unit's.
macro_rules! de_ce_qui_est_demande {
    ($fiche:ident, $($chemin:tt)+) => {{
        let organisation = $fiche.organisation.as_ref()?;
        if matches!($fiche.identifiant, Some(Identifier::Siret(_))) {
            organisation.etablissement.as_ref()?$($chemin)+
        } else {
            organisation.unite_legale.as_ref()?$($chemin)+
        }
    }};
}

macro_rules! dites {
    ($($nom:literal, $kind:ident, $defaut:literal, $description:literal, $lue:expr;)+) => {
        /// The columns that are said, in the order in which they are added.
        pub(crate) const DITES: &[Dite] = &[$(Dite {
            nom: $nom,
            kind: Kind::$kind,
            defaut: $defaut,
            description: $description,
            lue: $lue,
        }),+];
    };
}

dites! {
    "resultat", Text, true, "Le verdict en un mot : trouve, ferme, doublon, diffusion_partielle, inconnu, invalide ou, par le nom, ambigu", |f| dit(Some(f.resultat));
    "code", Text, true, "Le verdict précis, ceux de /v1/organisations et ceux d'une ligne mal formée", |f| dit(Some(f.code));
    "message", Text, true, "Pourquoi, en une phrase ; rien quand l'organisation est trouvée", |f| dit(f.explication());
    "que_faire", Text, false, "Que faire, en une phrase ; rien quand l'organisation est trouvée", |f| f.explication().and(dit(Some(&f.que_faire)));
    "suggestion", Text, true, "Le numéro certainement voulu à la place d'un numéro invalide ; à faire confirmer", |f| dit(f.suggestion.as_deref());
    "successeur", Text, true, "Le numéro à employer à la place : celui qui fait référence pour un doublon, celui qui a pris la suite pour un établissement fermé", |f| dit(f.successeur.as_deref());
    "candidats", Text, false, "Par le nom : les SIREN des homonymes, séparés par des espaces, vingt au plus", |f| dit(f.candidats.as_deref());
    "type", Text, false, "Ce qu'est le numéro : siren, siret, rna ou tva", |f| dit(f.identifiant.as_ref().map(|id| id.kind().as_str()));
    "identifiant", Text, false, "Le numéro lu, sans séparateurs", |f| dit(f.identifiant.as_ref().map(|id| id.as_str()));
    "siren", Text, true, "SIREN de l'unité légale", |f| de(f, |o| o.siren);
    "siret", Text, true, "SIRET de l'établissement demandé, sinon du siège", |f| de(f, |o| o.siret);
    "siret_siege", Text, true, "SIRET du siège", |f| dit(f.siret_siege.as_deref().or(f.organisation.as_ref().and_then(|o| o.siret_siege.as_deref())));
    "est_siege", Boolean, false, "Si l'établissement est le siège", |f| oui(f.organisation.as_ref()?.est_siege);
    "nom", Text, true, "Le nom, selon les règles de /v1/organisations", |f| de(f, |o| o.nom.as_deref());
    "adresse", Text, true, "L'adresse, ses lignes séparées par des virgules", |f| f.organisation.as_ref()?.adresse.as_ref().map(|a| &a.lignes).filter(|lignes| !lignes.is_empty()).map(|lignes| texte(lignes.join(", ")));
    "code_postal", Text, true, "Code postal", |f| de(f, |o| o.adresse.as_ref()?.code_postal);
    "commune", Text, true, "Nom de la commune", |f| de(f, |o| o.adresse.as_ref()?.libelle_commune);
    "code_commune", Text, false, "Code officiel géographique de la commune", |f| de(f, |o| o.adresse.as_ref()?.code_commune);
    "latitude", Real, false, "Latitude (WGS 84)", |f| Some(Cellule::Valeur(Value::Real(f.organisation.as_ref()?.coordonnees.as_ref()?.latitude)));
    "longitude", Real, false, "Longitude (WGS 84)", |f| Some(Cellule::Valeur(Value::Real(f.organisation.as_ref()?.coordonnees.as_ref()?.longitude)));
    "naf", Text, true, "Activité principale en NAF rév. 2 : celle de l'établissement demandé par son SIRET, sinon de l'unité légale", |f| dit(Some(de_ce_qui_est_demande!(f, .activite_principale.as_ref()?.code)));
    "naf_libelle", Text, true, "Son libellé", |f| dit(de_ce_qui_est_demande!(f, .activite_principale.as_ref()?.libelle));
    "naf25", Text, true, "La même en NAF 2025", |f| dit(Some(de_ce_qui_est_demande!(f, .activite_principale_naf25.as_ref()?.code)));
    "naf25_libelle", Text, true, "Son libellé", |f| dit(de_ce_qui_est_demande!(f, .activite_principale_naf25.as_ref()?.libelle));
    "categorie_juridique", Text, true, "Catégorie juridique", |f| de(f, |o| Some(o.categorie_juridique.as_ref()?.code));
    "categorie_juridique_libelle", Text, true, "Son libellé", |f| de(f, |o| o.categorie_juridique.as_ref()?.libelle);
    "categorie_entreprise", Text, false, "PME, ETI ou GE", |f| de(f, |o| Some(o.categorie_entreprise.as_ref()?.code));
    "etat", Text, true, "actif ou ferme : celui de ce qui est demandé", |f| Some(texte(if f.organisation.as_ref()?.est_ferme { "ferme" } else { "actif" }));
    "date_fermeture", Date, true, "Fermeture de l'établissement demandé par son SIRET, dissolution de l'association demandée par son numéro, sinon cessation de l'unité légale", |f| date(f.date_fermeture());
    "date_creation", Date, false, "Création de l'établissement demandé par son SIRET, sinon de l'unité légale", |f| date(de_ce_qui_est_demande!(f, .date_creation));
    "tranche_effectifs", Text, true, "Tranche d'effectif : celle de l'établissement demandé par son SIRET, sinon de l'unité légale", |f| dit(Some(de_ce_qui_est_demande!(f, .tranche_effectifs.as_ref()?.code)));
    "tranche_effectifs_libelle", Text, true, "Son libellé", |f| dit(de_ce_qui_est_demande!(f, .tranche_effectifs.as_ref()?.libelle));
    "rna", Text, true, "Numéro RNA, pour une association", |f| de(f, |o| o.rna);
    "tva", Text, true, "Numéro de TVA fait du SIREN d'une unité active ; ne prouve pas l'assujettissement", |f| de(f, |o| o.tva.as_ref().map(registre_schemas::identifiers::Tva::as_str));
    "diffusion_partielle", Boolean, false, "Si quelque chose est masqué à la demande de la personne", |f| oui(Some(f.organisation.as_ref()?.diffusion_partielle));
    "nombre_etablissements", Integer, false, "Établissements de l'unité légale", |f| Some(Cellule::Valeur(Value::Integer(f.organisation.as_ref()?.nombre_etablissements?.total)));
    "nombre_etablissements_actifs", Integer, false, "Ceux qui sont ouverts", |f| Some(Cellule::Valeur(Value::Integer(f.organisation.as_ref()?.nombre_etablissements?.actifs)));
    "est_association", Boolean, false, "Si c'est une association", |f| oui(Some(f.organisation.as_ref()?.est_association));
    "est_administration", Boolean, false, "Si c'est une administration", |f| oui(Some(f.organisation.as_ref()?.est_administration));
    "est_entrepreneur_individuel", Boolean, false, "Si c'est un entrepreneur individuel", |f| oui(Some(f.organisation.as_ref()?.est_entrepreneur_individuel));
    "est_ess", Boolean, false, "Si elle est de l'économie sociale et solidaire", |f| oui(f.organisation.as_ref()?.est_ess);
    "est_utilite_publique", Boolean, false, "Si elle est reconnue d'utilité publique", |f| oui(f.organisation.as_ref()?.est_utilite_publique);
}

/// Those that the verdict alone says.
const DU_VERDICT: [&str; 9] = [
    "resultat",
    "code",
    "message",
    "que_faire",
    "suggestion",
    "successeur",
    "candidats",
    "type",
    "identifiant",
];

/// The columns asked for; without any, those that are added by default.
pub(super) fn choisies(demandees: &[String], par_nom: bool) -> Result<Vec<Colonne>, EnrichirError> {
    if demandees.is_empty() {
        let own = |dite: &&Dite| dite.defaut || (par_nom && dite.nom == "candidats");
        return Ok(DITES.iter().filter(own).map(Colonne::dite).collect());
    }
    let mut colonnes: Vec<Colonne> = Vec::new();
    for nom in demandees {
        for colonne in nommees(nom.trim())? {
            if !colonnes.iter().any(|known| known.nom == colonne.nom) {
                colonnes.push(colonne);
            }
        }
    }
    Ok(colonnes)
}

/// The column of a name, or those of a table for `unite_legale.*`.
fn nommees(nom: &str) -> Result<Vec<Colonne>, EnrichirError> {
    if let Some(dite) = DITES.iter().find(|dite| dite.nom == nom) {
        return Ok(vec![Colonne::dite(dite)]);
    }
    if nom == "defaut" {
        return choisies(&[], false);
    }
    let unknown = || EnrichirError::Sortie(nom.to_owned());
    let (registre, champ) = nom.split_once('.').ok_or_else(unknown)?;
    let (registre, ou, table) = REGISTRES
        .into_iter()
        .find(|(known, ..)| *known == registre)
        .ok_or_else(unknown)?;
    let of = |index: usize, libelle: bool| {
        let column = &table.columns[index];
        Colonne {
            nom: format!(
                "{registre}.{}{}",
                column.field,
                if libelle { ".libelle" } else { "" }
            ),
            kind: if libelle { Kind::Text } else { column.kind },
            lecture: Lecture::Registre(ou, index, libelle),
        }
    };
    if champ == "*" {
        return Ok((0..table.columns.len())
            .map(|index| of(index, false))
            .collect());
    }
    let (champ, libelle) = match champ.strip_suffix(".libelle") {
        Some(champ) => (champ, true),
        None => (champ, false),
    };
    let index = table
        .columns
        .iter()
        .position(|column| column.field == champ || column.name == champ)
        .filter(|index| !libelle || table.columns[*index].nomenclature.is_some())
        .ok_or_else(unknown)?;
    Ok(vec![of(index, libelle)])
}

impl Colonne {
    fn dite(dite: &Dite) -> Self {
        Self {
            nom: dite.nom.to_owned(),
            kind: dite.kind,
            lecture: Lecture::Dite(dite.lue),
        }
    }

    /// Whether it is read from what is said of the organisation: neither from the verdict nor from a row
    /// alone.
    pub(super) fn veut_organisation(&self) -> bool {
        matches!(self.lecture, Lecture::Dite(_)) && !DU_VERDICT.contains(&self.nom.as_str())
    }

    /// The rows that it is read from, beside the unit and the établissement that is shown.
    pub(super) fn besoins(&self) -> Besoins {
        let mut besoins = Besoins::default();
        match (self.lecture, self.nom.as_str()) {
            (Lecture::Dite(_), "message" | "que_faire") => {
                besoins.siege = true;
                besoins.fermeture = true;
                besoins.succession = true;
            }
            (Lecture::Dite(_), "successeur") => besoins.succession = true,
            (Lecture::Dite(_), "date_fermeture") => besoins.fermeture = true,
            (Lecture::Dite(_), "siret_siege") | (Lecture::Registre(Ou::Siege, ..), _) => {
                besoins.siege = true;
            }
            (Lecture::Dite(_), "rna" | "est_association")
            | (Lecture::Registre(Ou::Association, ..), _) => besoins.associations = true,
            (Lecture::Dite(_), "est_utilite_publique") => {
                besoins.associations = true;
                besoins.utilite_publique = true;
            }
            (Lecture::Dite(_), "nombre_etablissements" | "nombre_etablissements_actifs") => {
                besoins.comptes = true;
            }
            _ => {}
        }
        besoins
    }

    /// The name under which it is added: a point is no part of the name of a column.
    pub(super) fn ajoutee(&self, prefixe: &str) -> String {
        format!("{prefixe}{}", self.nom.replace('.', "_"))
    }

    /// Its value.
    pub(super) fn lire<'f>(&self, fiche: &'f Fiche<'f>) -> Lue<'f> {
        match self.lecture {
            Lecture::Dite(lue) => lue(fiche),
            Lecture::Registre(ou, index, libelle) => {
                let row = ou.row(fiche)?;
                if libelle {
                    let column = &row.table().columns[index];
                    let code = row.text_at(index)?;
                    return dit(label(row, column, column.nomenclature?, code));
                }
                match row.at(index) {
                    Value::Null => None,
                    Value::Text(text) => Some(texte(text)),
                    other => Some(Cellule::Valeur(other)),
                }
            }
        }
    }
}

impl Ou {
    fn row<'f>(self, fiche: &'f Fiche<'f>) -> Option<&'f Record> {
        let dossier = fiche.dossier?;
        match self {
            Self::UniteLegale => dossier.unite_legale.as_ref(),
            Self::Etablissement => dossier.shown(),
            Self::Siege => dossier.siege(),
            Self::Association => {
                let linked = dossier.associations.get(dossier.asked.unwrap_or(0))?;
                Some(&linked.association)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(asked: &[&str]) -> Vec<String> {
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        let chosen = choisies(&asked, false).unwrap();
        chosen.iter().map(|column| column.ajoutee("r_")).collect()
    }

    #[test]
    fn columns_are_those_asked_in_order_and_once() {
        assert_eq!(
            names(&[
                "nom",
                "unite_legale.sigle",
                "nom",
                "siege.codePostalEtablissement"
            ]),
            ["r_nom", "r_unite_legale_sigle", "r_siege_code_postal"]
        );
        assert_eq!(
            names(&["etablissement.code_commune.libelle"]),
            ["r_etablissement_code_commune_libelle"]
        );
        assert_eq!(names(&["association.*"]).len(), ASSOCIATION.columns.len());
        assert!(names(&[]).contains(&"r_successeur".to_owned()));
        for unknown in [
            "x",
            "unite_legale.x",
            "unite_legale.sigle.libelle",
            "x.y",
            "",
        ] {
            let asked = [unknown.to_owned()];
            assert!(choisies(&asked, false).is_err(), "{unknown}");
        }
    }
}
