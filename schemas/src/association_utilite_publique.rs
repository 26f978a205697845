//! Columns of `association_utilite_publique`: the ministry's list of the associations reconnues
//! d'utilité publique (ARUP), a spreadsheet kept by hand.
//!
//! Nobody documents its headers, and they change from one edition to the next: they are matched by
//! their words, whatever the case, the accents and the punctuation. What the list holds is said by
//! its page on data.gouv.fr: code, name, objet, category, date of recognition, address, postcode and
//! town, « le numéro RNA correspondant est en cours de fiabilisation ».

use crate::column::{Column, INTERIEUR, Table, TableSource, column};

/// One row per line of the list.
pub static ASSOCIATION_UTILITE_PUBLIQUE: Table = Table {
    name: "association_utilite_publique",
    description: "Les associations reconnues d'utilité publique, d'après la liste du ministère de l'Intérieur",
    source: TableSource::Official {
        file: "Associations Reconnues d'Utilité Publique",
        producer: INTERIEUR,
    },
    key: &["nom", "code"],
    descending: &[],
    unique: false,
    columns: COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const COLUMNS: &[Column] = &[
    column!(Text, Sometimes, "code", "code", "Code de l'association dans la liste du ministère", "1024"),
    column!(Text, Sometimes, "id", "id", "Numéro de l'association au RNA, quand la liste le donne", "W751004076"),
    column!(Text, Key(0), "nom", "nom", "Nom de l'association", "ASSOCIATION FICTIVE"),
    column!(Text, Sometimes, "objet", "objet", "Objet de l'association", "organiser des rencontres sportives"),
    column!(Text, Sometimes, "categorie", "categorie", "Catégorie de l'association dans la liste du ministère", "Sport"),
    column!(Date, Sometimes, "date_reconnaissance", "date_reconnaissance", "Date de la reconnaissance d'utilité publique", "1921-06-07"),
    column!(Text, Sometimes, "adresse", "adresse", "Adresse du siège", "1 PLACE MAURICE GUNSBOURG"),
    column!(Text, Sometimes, "code_postal", "code_postal", "Code postal du siège", "92140"),
    column!(Text, Sometimes, "ville", "ville", "Ville du siège", "CLAMART"),
];

#[rustfmt::skip] // one line per column reads as a table
/// How headers spell each column, reduced by [`words`].
const SPELLINGS: &[(&str, &[&str])] = &[
    ("code", &["code", "codeassociation", "codedelassociation", "codearup", "numero", "no", "n", "numerodossier", "numerodedossier", "ndossier", "identifiant", "numeroarup", "narup"]),
    ("id", &["id", "rna", "numerorna", "nrna", "norna", "numrna", "idrna", "coderna", "identifiantrna", "numerornaassociation", "numerowaldec", "waldec"]),
    ("nom", &["nom", "nomassociation", "nomdelassociation", "denomination", "denominationdelassociation", "titre", "titreassociation", "titredelassociation", "raisonsociale", "association", "intitule", "libelle"]),
    ("objet", &["objet", "objetassociation", "objetdelassociation", "objetsocial", "but", "buts"]),
    ("categorie", &["categorie", "categorieassociation", "categoriedelassociation", "libellecategorie", "domaine", "secteur", "theme"]),
    ("date_reconnaissance", &["datereconnaissance", "datedereconnaissance", "datedelareconnaissance", "datedereconnaissancedutilitepublique", "datereconnaissancedutilitepublique", "datereconnaissanceutilitepublique", "datedereconnaissancerup", "daterup", "datederup", "datearup", "datedecret", "datedudecret", "datedudecretdereconnaissance"]),
    ("adresse", &["adresse", "adresseassociation", "adressedelassociation", "adressesiege", "adressedusiege", "adressedusiegesocial", "adressesiegesocial", "siege", "siegesocial", "adresse1"]),
    ("code_postal", &["codepostal", "cp", "codepostalassociation", "codepostaldelassociation", "codepostalsiege", "codepostaldusiege"]),
    ("ville", &["ville", "commune", "localite", "villeassociation", "villedelassociation", "villesiege", "villedusiege", "nomcommune", "libellecommune"]),
];

/// The column that a header speaks of.
#[must_use]
pub fn column_spelled(header: &str) -> Option<&'static str> {
    let words = words(header);
    SPELLINGS
        .iter()
        .find(|(_, spellings)| spellings.contains(&words.as_str()))
        .map(|(column, _)| *column)
}

/// Lower case letters without accents, and digits: `Date_de Reconnaissance` is
/// `datedereconnaissance`.
fn words(header: &str) -> String {
    let letters = header.chars().flat_map(char::to_lowercase);
    letters
        .map(|letter| match letter {
            'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' | 'ö' => 'o',
            'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            other => other,
        })
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_header_is_known_by_its_words() {
        for (header, column) in [
            ("Code de l'association", Some("code")),
            ("CODE ASSOCIATION", Some("code")),
            ("code_arup", Some("code")),
            ("N° RNA", Some("id")),
            ("Numéro RNA", Some("id")),
            ("Nom de l’association", Some("nom")),
            ("NOM", Some("nom")),
            ("Titre", Some("nom")),
            (" Objet ", Some("objet")),
            ("CATÉGORIE", Some("categorie")),
            ("categorie", Some("categorie")),
            ("Date de\nreconnaissance", Some("date_reconnaissance")),
            ("DATE_RECONNAISSANCE", Some("date_reconnaissance")),
            (
                "Date de reconnaissance d'utilité publique",
                Some("date_reconnaissance"),
            ),
            ("Adresse du siège", Some("adresse")),
            ("Code Postal", Some("code_postal")),
            ("CP", Some("code_postal")),
            ("Ville", Some("ville")),
            ("Observations", None),
            ("Nomenclature", None),
            ("", None),
        ] {
            assert_eq!(column_spelled(header), column, "{header:?}");
        }
    }

    #[test]
    fn every_column_has_its_spellings_and_no_two_share_one() {
        let spelled: Vec<_> = SPELLINGS.iter().map(|(column, _)| *column).collect();
        let columns: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(spelled, columns);
        let mut seen = HashSet::new();
        for spelling in SPELLINGS.iter().flat_map(|(_, spellings)| *spellings) {
            assert_eq!(words(spelling), *spelling);
            assert!(seen.insert(spelling), "{spelling}");
        }
        for column in columns {
            assert_eq!(column_spelled(column), Some(column));
        }
    }
}
