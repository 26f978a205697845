//! A nasty file through and through, on the small snapshot of the tests.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::organisation::demande::Demande;
use crate::organisation::http::dates;
use crate::organisation::reponse::Reponse;
use crate::testing::Fixture;
use registre_schemas::Kind;
use serde_json::Value;

#[derive(Default)]
struct Compteur(AtomicU64);

impl Suivi for Compteur {
    fn avance(&self, _octets: u64, lignes: u64) {
        self.0.fetch_add(lignes, Ordering::Relaxed);
    }

    fn arrete(&self) -> bool {
        false
    }
}

fn options(colonnes: &[&str], format: Option<Format>) -> Options {
    Options {
        colonnes: colonnes.iter().map(|nom| (*nom).to_owned()).collect(),
        format,
        ..Options::default()
    }
}

/// Enriches bytes; the runtime has threads of its own for DuckDB.
fn enrichis(options: &Options, entree: &[u8]) -> Result<(Bilan, Vec<u8>), EnrichirError> {
    let fixture = Fixture::published("20261101T000000Z");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let suivi = Compteur::default();
    let done = enrichir(
        &fixture.config(),
        runtime.handle(),
        options,
        entree,
        Vec::new(),
        &suivi,
    )?;
    assert_eq!(suivi.0.load(Ordering::Relaxed), done.0.lignes);
    Ok(done)
}

fn texte(options: &Options, entree: &[u8]) -> String {
    String::from_utf8(enrichis(options, entree).unwrap().1).unwrap()
}

#[test]
fn what_came_is_left_as_it_came_and_each_row_has_its_verdict() {
    let rows: [(&[u8], &str); 14] = [
        (
            b"\"130 025 265 00013\" ; x ",
            "trouve;etablissement_actif;;",
        ),
        (
            b" 13002526500013;\"a;\"\"b\"\"\nc\"",
            "trouve;etablissement_actif;;",
        ),
        (
            b"35600000009075;closed",
            "ferme;etablissement_ferme;;35600000000048",
        ),
        (b"100000009;", "doublon;siren_doublon;;130025265"),
        (
            b"10000000900017;=1+1",
            "doublon;siret_doublon;;13002526500013",
        ),
        (
            b"900000019;hidden",
            "diffusion_partielle;unite_diffusion_partielle;;",
        ),
        (b"21920023500014;", "inconnu;siret_inconnu;;"),
        (
            b"13OO2526500013;",
            "invalide;format_invalide;13002526500013;",
        ),
        (b"8,03E+13;", "invalide;format_invalide;;"),
        (b"13002526500014;", "invalide;cle_invalide;;"),
        (b";empty cell", "invalide;format_invalide;;"),
        (b"\xff\xfe;\xe9", "invalide;format_invalide;;"),
        (b"W751004076;sp\xc3\xa9cimen", "trouve;association_active;;"),
        (b"fr07130025265;'", "trouve;unite_active;;"),
    ];
    let mut entree = b"\xef\xbb\xbfsep=;\r\n\"Num\xc3\xa9ro\" ;note\r\n".to_vec();
    let mut attendu = entree[..entree.len() - 2].to_vec();
    attendu.extend_from_slice(
        b";registre_resultat;registre_code;registre_suggestion;registre_successeur\r\n",
    );
    for (row, added) in rows {
        entree.extend_from_slice(row);
        entree.extend_from_slice(b"\r\n");
        attendu.extend_from_slice(row);
        attendu.extend_from_slice(format!(";{added}\r\n").as_bytes());
    }
    let options = options(&["resultat", "code", "suggestion", "successeur"], None);
    let (bilan, sorti) = enrichis(&options, &entree).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&sorti),
        String::from_utf8_lossy(&attendu)
    );
    assert_eq!((bilan.lignes, bilan.resultats["trouve"]), (14, 4));
}

#[test]
fn a_bad_row_comes_out_alone_and_whole() {
    let long = "x".repeat(10 << 20);
    let entree = format!(
        "siret;a;b\n13002526500013\n\n130025265;1;2;\"3;4\"\nx;y\n130025265;\"open;2\n13002526500013;{long};z\n13002526500013;1;2"
    );
    let options = options(&["code"], None);
    let sorti = texte(&options, entree.as_bytes());
    let attendu = format!(
        "siret;a;b;registre_code\n13002526500013;;;etablissement_actif\n;;;ligne_vide\n130025265;1;\"2;\"\"3;4\"\"\";unite_active\nx;y;;nombre_de_cellules\n130025265;\"\"\"open\";2;unite_active\n13002526500013;{long};z;etablissement_actif\n13002526500013;1;2;etablissement_actif\n"
    );
    assert!(sorti == attendu, "{}", sorti.replace(&long, "LONG"));
    let mut reader = sorti.lines();
    assert!(reader.all(|line| line.contains(';')));
}

#[test]
fn windows_1252_comes_out_as_windows_1252() {
    let entree = b"siret;ville\n13002526500013;Orl\xe9ans \xe0 l'\xe9t\xe9\n";
    let options = options(&["categorie_juridique_libelle", "naf_libelle"], None);
    let (_, sorti) = enrichis(&options, entree).unwrap();
    assert!(
        sorti.windows(9).any(|bytes| bytes == b"minist\xe8re"),
        "{}",
        sorti.escape_ascii()
    );
    assert!(std::str::from_utf8(&sorti).is_err());
    assert!(sorti.starts_with(b"siret;ville;"));
    assert!(sorti.windows(9).any(|bytes| bytes == b"Orl\xe9ans \xe0"));
}

#[test]
fn objects_keep_their_bytes_and_what_is_none_is_told() {
    let entree = b"{\"siret\" : \"13002526500013\", \"n\": 1.50}\n[1]\n{}\n{\"siret\":130025265,\"registre_code\":\"mine\"}\n\n";
    let sorti = texte(&options(&["code", "nombre_etablissements"], None), entree);
    let lines: Vec<&str> = sorti.lines().collect();
    assert_eq!(
        lines[0],
        "{\"siret\" : \"13002526500013\", \"n\": 1.50,\"registre_code_2\":\"etablissement_actif\",\"registre_nombre_etablissements\":1}"
    );
    assert_eq!(
        lines[1],
        "{\"registre_ligne_brute\":\"[1]\",\"registre_code_2\":\"json_invalide\",\"registre_nombre_etablissements\":null}"
    );
    assert!(lines[2].contains("format_invalide"), "{}", lines[2]);
    assert!(
        lines[3].starts_with(
            "{\"siret\":130025265,\"registre_code\":\"mine\",\"registre_code_2\":\"unite_active\""
        ),
        "{}",
        lines[3]
    );
    assert!(lines[4].contains("ligne_vide") && lines.len() == 5);
}

/// The sample of keys of which each format must say the same.
const CLES: [&str; 12] = [
    "13002526500013",
    "130025265",
    "FR07130025265",
    "35600000009075",
    "35600000000048",
    "356000000",
    "100000009",
    "900000001",
    "900000019",
    "W751004076",
    "W922000001",
    "21920023500014",
];

fn toutes() -> Vec<&'static str> {
    colonnes::DITES.iter().map(|dite| dite.nom).collect()
}

#[test]
fn every_format_says_the_same() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let mut entree = "id,note\n".to_owned();
    for cle in CLES {
        entree.extend([cle, ",\"a,\"\"b\"\n"]);
    }
    entree.push_str("130025265,1,2\n");
    let mut colonnes = toutes();
    colonnes.extend([
        "unite_legale.*",
        "etablissement.date_debut",
        "association.titre",
    ]);
    let csv = Options {
        brutes: true,
        ..options(&colonnes, None)
    };
    let csv = texte(&csv, entree.as_bytes());
    let ndjson = texte(&options(&colonnes, Some(Format::Ndjson)), entree.as_bytes());
    let (_, parquet) = enrichis(
        &options(&colonnes, Some(Format::Parquet)),
        entree.as_bytes(),
    )
    .unwrap();
    let objects: Vec<Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), CLES.len() + 1);
    assert_eq!(objects[CLES.len()]["registre_ligne_brute"], "130025265,1,2");
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(axum::body::Bytes::from(parquet)).unwrap();
    let date = reader
        .schema()
        .field_with_name("registre_date_fermeture")
        .unwrap();
    assert_eq!(date.data_type(), &Kind::Date.data_type());
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let mut cells = 0;
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<String>> = lines.map(split).collect();
    for (row, object) in objects[..CLES.len()].iter().enumerate() {
        for (column, name) in names.iter().enumerate() {
            let said = match &object[*name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(rows[row][column], said, "{name} of {}", CLES[row]);
            let array = batch.column_by_name(name).unwrap();
            let typed = arrow::util::display::array_value_to_string(array, row).unwrap();
            assert_eq!(typed, said, "{name} of {}", CLES[row]);
            cells += usize::from(!said.is_empty());
        }
    }
    assert!(cells > 300, "{cells}");
}

/// Less is read for one column than for all: it says the same.
#[test]
fn a_column_alone_says_what_it_says_among_all() {
    let entree = CLES.join("\n");
    let entree = format!("id\n{entree}\n38119429900016\n381194299\n751P00085568\n");
    let mut colonnes = toutes();
    colonnes.extend(["siege.siret", "association.titre", "etablissement.siret"]);
    let fixture = Fixture::published("20261101T000000Z");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let said = |colonnes: &[&str]| -> Vec<Value> {
        let suivi = Compteur::default();
        let done = enrichir(
            &fixture.config(),
            runtime.handle(),
            &options(colonnes, Some(Format::Ndjson)),
            entree.as_bytes(),
            Vec::new(),
            &suivi,
        );
        let text = String::from_utf8(done.unwrap().1).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let whole = said(&colonnes);
    for nom in &colonnes {
        let added = format!("registre_{}", nom.replace('.', "_"));
        for (alone, among) in said(&[nom]).iter().zip(&whole) {
            assert_eq!(alone[&added], among[&added], "{nom} of {}", among["id"]);
        }
    }
}

/// The cells of a row without ends of line in them.
fn split(line: &str) -> Vec<String> {
    let mut champs = Vec::new();
    let coupe = decoupe::Coupe {
        delimiteur: b',',
        fin: b'\n',
        largeur: 0,
    };
    decoupe::ligne(line.as_bytes(), 0, coupe, true, &mut champs);
    champs
        .iter()
        .map(|(from, to)| lot::cellule(&line.as_bytes()[*from..*to], Encodage::Utf8).into_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_is_what_organisations_answers() {
    let fixture = Fixture::published("20261101T000000Z");
    let catalog = Arc::new(Catalog::new(&fixture.config()));
    catalog.refresh().unwrap();
    let snapshot = catalog.current().unwrap();
    let mut entree = "id\n".to_owned();
    for cle in CLES {
        entree.extend([cle, "\n"]);
    }
    let handle = Handle::current();
    let own = Arc::clone(&snapshot);
    let enriched = tokio::task::spawn_blocking(move || {
        let options = options(&toutes(), Some(Format::Ndjson));
        let suivi = Compteur::default();
        enrichir_avec(
            own,
            &handle,
            &options,
            entree.as_bytes(),
            Vec::new(),
            &suivi,
            Ampleur::Discrete,
        )
    });
    let (_, enriched) = enriched.await.unwrap().unwrap();
    let enriched = String::from_utf8(enriched).unwrap();
    for (cle, line) in CLES.iter().zip(enriched.lines()) {
        let row: Value = serde_json::from_str(line).unwrap();
        let demande = Demande::of(cle);
        let identifier = demande.identifier.clone().unwrap();
        let dossiers = snapshot.dossiers(vec![identifier.clone()]).await.unwrap();
        let answer = Reponse::of(&demande, dossiers.first(), dates(&snapshot), None);
        let answer = serde_json::to_value(answer).unwrap();
        let of = |pointer: &str| answer.pointer(pointer).cloned().unwrap_or_default();
        for (name, pointer) in [
            ("resultat", "/resultat"),
            ("code", "/code"),
            ("suggestion", "/suggestion"),
            ("type", "/identifiant/type"),
            ("identifiant", "/identifiant/valeur"),
            ("siren", "/organisation/siren"),
            ("siret", "/organisation/siret"),
            ("est_siege", "/organisation/est_siege"),
            ("nom", "/organisation/nom"),
            ("code_postal", "/organisation/adresse/code_postal"),
            ("commune", "/organisation/adresse/libelle_commune"),
            ("code_commune", "/organisation/adresse/code_commune"),
            ("latitude", "/organisation/coordonnees/latitude"),
            (
                "categorie_juridique",
                "/organisation/categorie_juridique/code",
            ),
            (
                "categorie_juridique_libelle",
                "/organisation/categorie_juridique/libelle",
            ),
            ("rna", "/organisation/rna"),
            ("tva", "/organisation/tva"),
            ("diffusion_partielle", "/organisation/diffusion_partielle"),
            (
                "nombre_etablissements",
                "/organisation/nombre_etablissements/total",
            ),
            ("est_association", "/organisation/est_association"),
            ("est_utilite_publique", "/organisation/est_utilite_publique"),
        ] {
            assert_eq!(
                row[format!("registre_{name}")],
                of(pointer),
                "{name} of {cle}"
            );
        }
        let lines = of("/organisation/adresse/lignes");
        let lines: Vec<&str> = lines
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            row["registre_adresse"].as_str().unwrap_or_default(),
            lines.join(", "),
            "{cle}"
        );
        if answer["resultat"] != "trouve" {
            assert_eq!(row["registre_message"], answer["message"]);
            assert_eq!(row["registre_que_faire"], answer["que_faire"]);
        }
        assert!(!line.contains("[ND]"), "{line}");
    }
}

#[test]
fn a_name_at_a_postcode_is_found_and_a_hidden_person_never_is() {
    let entree = "nom,cp\nDirection interministérielle du NUMERIQUE,75007\ndinum,75007\nNobody here,75007\nCamille,92000\n,75007\n";
    let sorti = texte(
        &options(&["resultat", "code", "siret"], None),
        entree.as_bytes(),
    );
    let rows: Vec<Vec<String>> = sorti.lines().skip(1).map(split).collect();
    let said = |row: usize| rows[row][2..].join(" ");
    assert_eq!(said(0), "trouve etablissement_actif 13002526500013");
    assert_eq!(said(1), "trouve etablissement_actif 13002526500013");
    assert_eq!(said(2), "inconnu nom_inconnu ");
    assert_eq!(said(3), "inconnu nom_inconnu ");
    assert_eq!(said(4), "invalide nom_absent ");
}

#[test]
fn a_cell_of_ours_that_is_a_formula_is_guarded_unless_asked_not_to() {
    assert!(rendu::est_formule("=A1") && rendu::est_formule("@SUM") && rendu::est_formule("-1"));
    assert!(!rendu::est_formule("LA POSTE"));
}

/// Fails after some bytes, as a disk that is full does.
struct Plein(usize);

impl Write for Plein {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        if self.0 < octets.len() {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        self.0 -= octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_written_or_read_ends_it_at_once() {
    struct Coupe(usize);
    impl Read for Coupe {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            }
            self.0 -= 1;
            let row = b"13002526500013\n";
            to[..row.len()].copy_from_slice(row);
            Ok(row.len())
        }
    }
    let fixture = Fixture::published("20261101T000000Z");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let suivi = Compteur::default();
    let (config, handle) = (fixture.config(), runtime.handle());
    let endless = Coupe(usize::MAX);
    let full = enrichir(
        &config,
        handle,
        &Options::default(),
        endless,
        Plein(1000),
        &suivi,
    );
    assert!(
        matches!(full, Err(EnrichirError::Ecriture(_))),
        "{:?}",
        full.err()
    );
    let rows = 30_000;
    let cut = enrichir(
        &config,
        handle,
        &Options::default(),
        Coupe(rows),
        Vec::new(),
        &suivi,
    );
    assert!(
        matches!(cut, Err(EnrichirError::Lecture(_))),
        "{:?}",
        cut.err()
    );
}
