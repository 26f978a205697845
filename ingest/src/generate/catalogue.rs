//! `index.json` of each dataset, as data.gouv.fr's API v1 gives it: what a client needs to find
//! the generated files the way it finds the official ones.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::error::IngestError;
use crate::generate::archive::GeneratedFile;
use crate::generate::parquet;
use crate::publish::write_atomic;

/// A dataset: its id, its slug, its title, who publishes it.
struct Dataset {
    id: &'static str,
    slug: &'static str,
    title: &'static str,
    organization: &'static str,
}

const SIRENE: Dataset = Dataset {
    id: "5b7ffc618b4c4169d30727e0",
    slug: "base-sirene-des-entreprises-et-de-leurs-etablissements-siren-siret",
    title: "Base Sirene des entreprises et de leurs établissements (SIREN, SIRET)",
    organization: "Institut national de la statistique et des études économiques (Insee)",
};

const GEOLOCALISATION: Dataset = Dataset {
    id: "61d5e2d372a52d9f9411ff88",
    slug: "geolocalisation-des-etablissements-du-repertoire-sirene-pour-les-etudes-statistiques",
    title: "Géolocalisation des établissements du répertoire SIRENE pour les études statistiques",
    organization: "Institut national de la statistique et des études économiques (Insee)",
};

const RNA: Dataset = Dataset {
    id: "58e53811c751df03df38f42d",
    slug: "repertoire-national-des-associations",
    title: "Répertoire national des associations",
    organization: "Ministère de l'Intérieur",
};

const UTILITE_PUBLIQUE: Dataset = Dataset {
    id: "53698f1aa3a729239d203653",
    slug: "associations-reconnues-d-utilite-publique",
    title: "Associations Reconnues d'Utilité Publique",
    organization: "Ministère de l'Intérieur",
};

const DATASETS: [&Dataset; 4] = [&SIRENE, &GEOLOCALISATION, &RNA, &UTILITE_PUBLIQUE];

#[rustfmt::skip] // one line per file reads as a table
/// File name before its date or suffix, resource id, and dataset. The id of `StockDoublons` is ours:
/// the official one is documented nowhere.
const RESOURCES: &[(&str, &str, &Dataset)] = &[
    ("StockUniteLegale", "825f4199-cadd-486c-ac46-a65a8ea1a047", &SIRENE),
    ("StockEtablissement", "0651fb76-bcf3-4f6a-a38d-bc04fa708576", &SIRENE),
    ("StockUniteLegaleHistorique", "0835cd60-2c2a-497b-bc64-404de704ce89", &SIRENE),
    ("StockEtablissementHistorique", "88fbb6b4-0320-443e-b739-b4376a012c32", &SIRENE),
    ("StockEtablissementLiensSuccession", "9c4d5d9c-4bbb-4b9c-837a-6155cb589e26", &SIRENE),
    ("StockDoublons", "d0b10000-5126-4e0e-8000-000000000001", &SIRENE),
    (
        "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques",
        "ba6a4e4c-aac6-4764-bbd2-f80ae345afc5",
        &GEOLOCALISATION,
    ),
    ("rna_waldec", "a43ad232-28fa-48bb-8037-2b69e2c72fc1", &RNA),
    ("rna_import", "0c3a87c6-fdd9-46a5-8b23-8ccd13a95c52", &RNA),
    ("base-arup", "5b43eaff-d97e-4a2c-b37d-0c8e6a79c925", &UTILITE_PUBLIQUE),
];

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const INDEX: &str = "index.json";

const MONTHS: [&str; 12] = [
    "Janvier",
    "Février",
    "Mars",
    "Avril",
    "Mai",
    "Juin",
    "Juillet",
    "Août",
    "Septembre",
    "Octobre",
    "Novembre",
    "Décembre",
];

fn dataset_folder(out: &Path, dataset: &Dataset) -> PathBuf {
    out.join("api/1/datasets").join(dataset.id)
}

/// `01 Novembre 2026`, as INSEE words it.
fn format_date(date: NaiveDate) -> String {
    let text = date.format("%d %m %Y").to_string();
    let month = text[3..5]
        .parse::<usize>()
        .ok()
        .and_then(|month| MONTHS.get(month - 1))
        .unwrap_or(&"");
    format!("{} {month} {}", &text[..2], &text[6..])
}

/// The document of a file, if it is of that dataset.
fn describe_resource(dataset: &Dataset, file: &GeneratedFile, date: NaiveDate) -> Option<Value> {
    let (stem, extension) = file.name.rsplit_once('.')?;
    let stem = stem.trim_end_matches("_utf8");
    let insee = [SIRENE.id, GEOLOCALISATION.id].contains(&dataset.id);
    // The ministry's files have their day in their name.
    let prefix = if insee {
        stem
    } else {
        stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
            .trim_end_matches(['_', '-'])
    };
    let (_, id, _) = RESOURCES
        .iter()
        .find(|(name, _, of)| *name == prefix && of.id == dataset.id)?;
    let title = if insee {
        format!("Sirene : Fichier {prefix} du {}", format_date(date))
    } else {
        file.name.clone()
    };
    let modified = format!("{date}T06:41:23+00:00");
    let mut described = json!({
        "id": id,
        "title": title,
        "description": "Fichier fictif, au format officiel.",
        "filetype": "file",
        "type": "main",
        "format": extension,
        "url": format!("/files/{}", file.name),
        "latest": format!("/api/1/datasets/r/{id}"),
        // As on the real site: the Ministry's files have no published checksum.
        "checksum": if insee { json!({"type": "sha256", "value": file.sha256}) } else { Value::Null },
        "filesize": file.bytes,
        "mime": if extension == "zip" { "application/zip" } else { XLSX },
        "created_at": "2018-08-24T14:38:57+00:00",
        "last_modified": modified,
        "extras": {},
        "schema": null,
    });
    parquet::describe(&mut described, file, prefix, date)?;
    Some(described)
}

/// Makes room for the catalogues, and removes old ones: files about to be replaced are no longer
/// what they announce.
pub fn prepare(out: &Path) -> Result<(), IngestError> {
    for dataset in DATASETS {
        let folder = dataset_folder(out, dataset);
        fs::create_dir_all(&folder).map_err(IngestError::io("create", &folder))?;
        let path = folder.join(INDEX);
        if path.exists() {
            fs::remove_file(&path).map_err(IngestError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Writes the catalogues.
pub fn write(out: &Path, files: &[GeneratedFile], date: NaiveDate) -> Result<(), IngestError> {
    for dataset in DATASETS {
        let resources: Vec<_> = files
            .iter()
            .filter_map(|file| describe_resource(dataset, file, date))
            .collect();
        let body = json!({
            "id": dataset.id,
            "title": dataset.title,
            "slug": dataset.slug,
            "description": "Données fictives, générées pour essayer registre.",
            "license": "lov2",
            "frequency": "monthly",
            "organization": {"name": dataset.organization},
            "created_at": "2018-08-24T14:38:57+00:00",
            "last_modified": format!("{date}T06:41:23+00:00"),
            "last_update": format!("{date}T06:41:23+00:00"),
            "private": false,
            "resources": resources,
        });
        let path = dataset_folder(out, dataset).join(INDEX);
        write_atomic(&path, format!("{body:#}\n").as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_catalogue_of_sources() {
        let sources = include_str!("../../../data/sources.toml");
        assert!(DATASETS.iter().all(|dataset| sources.contains(dataset.id)));
        for (name, id, _) in RESOURCES {
            assert!(sources.contains(&format!("\"{name}")), "{name}");
            // The others are found by their title.
            assert!(
                sources.contains(id) || *name == "StockDoublons" || name.starts_with("rna_"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_title_is_worded_as_insee_does() {
        assert_eq!(
            format_date(NaiveDate::from_ymd_opt(2026, 11, 1).unwrap()),
            "01 Novembre 2026"
        );
    }
}
