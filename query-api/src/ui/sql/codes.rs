//! The lists of codes that the editor offers inside a text, by column.

use registre_schemas::TABLES;
use registre_schemas::nomenclature::Nomenclature;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Columns of the views, by their name: whose codes they hold. The tables say it of their own.
const OF_VIEWS: [(&str, Nomenclature); 7] = [
    ("activite", Nomenclature::Naf),
    ("activite_naf25", Nomenclature::Naf2025),
    ("tranche_effectifs", Nomenclature::TrancheEffectifs),
    ("categorie_juridique", Nomenclature::CategorieJuridique),
    ("categorie_entreprise", Nomenclature::CategorieEntreprise),
    ("objet_social", Nomenclature::ObjetSocial),
    ("position", Nomenclature::PositionAssociation),
];

/// `{ listes: { nom: [[code, libelle]] }, colonnes: { "table.colonne" ou "colonne": nom } }`. Thirty-five thousand
/// communes are left out: one finds them by their name.
pub(super) fn json() -> &'static [u8] {
    static JSON: LazyLock<Vec<u8>> = LazyLock::new(|| described().to_string().into_bytes());
    &JSON
}

fn described() -> Value {
    let (mut lists, mut columns) = (Map::new(), Map::new());
    let of_tables = TABLES.iter().flat_map(|table| {
        let coded = table
            .columns
            .iter()
            .filter_map(|column| Some((column, column.nomenclature?)));
        coded.map(|(column, list)| (format!("{}.{}", table.name, column.name), list))
    });
    let of_views = OF_VIEWS.map(|(name, list)| (name.to_owned(), list));
    for (column, list) in of_tables.chain(of_views) {
        if list == Nomenclature::Commune {
            continue;
        }
        let name = format!("{list:?}");
        lists
            .entry(name.as_str())
            .or_insert_with(|| json!(list.codes()));
        columns.insert(column, name.into());
    }
    json!({ "listes": lists, "colonnes": columns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_codes_has_its_list_and_communes_have_none() {
        let said = described();
        let list = said["colonnes"]["etablissement.etatAdministratifEtablissement"].as_str();
        assert_eq!(
            said["listes"][list.unwrap()],
            json!([["A", "Actif"], ["F", "Fermé"]])
        );
        let naf = said["listes"][said["colonnes"]["activite_naf25"].as_str().unwrap()].as_array();
        assert!(naf.unwrap().len() > 700);
        assert!(said["colonnes"]["etablissement.codeCommuneEtablissement"].is_null());
    }
}
