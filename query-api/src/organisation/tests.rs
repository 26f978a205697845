use super::demande::Demande;
use super::reponse::Reponse;
use super::resultat::{AuxDates, CODES, Resultat};
use crate::dossier::gather;
use crate::record::Record;
use crate::testing::memory::Memory;
use crate::testing::record;
use chrono::NaiveDate;
use registre_schemas::identifiers::{LA_POSTE, Siret};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

const UNIT: &str = "130025265";
const SIEGE: &str = "13002526500013";

/// Another SIRET of that unit.
fn another(siren: &str, rank: usize) -> String {
    let all = (0..100_000).map(|nic| format!("{siren}{nic:05}"));
    let mut valid = all.filter(|siret| siret.parse::<Siret>().is_ok() && siret != SIEGE);
    valid.nth(rank).unwrap()
}

fn unit(siren: &str, more: &[(&str, &str)]) -> Record {
    let mut row = vec![
        ("siren", siren),
        ("nicSiegeUniteLegale", "00013"),
        ("denominationUniteLegale", "SPECIMEN"),
        ("categorieJuridiqueUniteLegale", "7120"),
    ];
    let defaults = [
        ("statutDiffusionUniteLegale", "O"),
        ("etatAdministratifUniteLegale", "A"),
    ];
    row.extend(more);
    row.extend(
        defaults
            .iter()
            .filter(|(name, _)| !more.iter().any(|(other, _)| other == name)),
    );
    record("unite_legale", &row)
}

fn place(siret: &str, more: &[(&str, &str)]) -> Record {
    let mut row = vec![("siren", &siret[..9]), ("siret", siret)];
    let siege = if siret == SIEGE { "true" } else { "false" };
    let defaults = [
        ("statutDiffusionEtablissement", "O"),
        ("etatAdministratifEtablissement", "A"),
        ("etablissementSiege", siege),
    ];
    row.extend(more);
    row.extend(
        defaults
            .iter()
            .filter(|(name, _)| !more.iter().any(|(other, _)| other == name)),
    );
    record("etablissement", &row)
}

fn ask(rows: Vec<Record>, text: &str) -> Value {
    let demande = Demande::of(text);
    let dossier = demande.identifier.as_ref().ok();
    let dossier = dossier.map(|identifier| gather(&Memory(rows), identifier).unwrap());
    let date = NaiveDate::from_ymd_opt(2026, 11, 1);
    let au = AuxDates {
        sirene: date,
        rna: date,
    };
    let reponse = Reponse::of(&demande, dossier.as_ref(), au, None);
    serde_json::from_slice(&serde_json::to_vec(&reponse).unwrap()).unwrap()
}

const CLOSED: (&str, &str) = ("etatAdministratifEtablissement", "F");
const CEASED: (&str, &str) = ("etatAdministratifUniteLegale", "C");
const HIDDEN: (&str, &str) = ("statutDiffusionUniteLegale", "P");

fn association(id: &str, more: &[(&str, &str)]) -> Record {
    let mut row = vec![("id", id), ("titre", "SPECIMEN AMICALE")];
    row.extend(more);
    record("association", &row)
}

/// One case per finer code and situation.
#[expect(
    clippy::too_many_lines,
    reason = "a table of situations reads best whole"
)]
fn situations() -> Vec<(&'static str, Value)> {
    let other = another(UNIT, 0);
    let successor = another(UNIT, 1);
    let whole = || vec![unit(UNIT, &[]), place(SIEGE, &[])];
    let with = |row: Record| {
        let mut rows = whole();
        rows.push(row);
        rows
    };
    let closed = [CLOSED, ("dateDebut", "2015-03-01")];
    let ceased = [CEASED, ("dateDebut", "2016-01-01")];
    let link = |from: &str, to: &str| {
        record(
            "lien_succession",
            &[
                ("siretEtablissementPredecesseur", from),
                ("siretEtablissementSuccesseur", to),
                ("dateLienSuccession", "2015-03-01"),
            ],
        )
    };
    let taken_over = |from: &str| vec![link(from, &successor), place(&successor, &[])];
    let with_all = |more: Vec<Record>| {
        let mut rows = whole();
        rows.extend(more);
        rows
    };
    let doublon = record("doublon", &[("siren", UNIT), ("sirenDoublon", "100000009")]);
    let rna = "W751004076";
    vec![
        ("etablissement_actif", ask(whole(), SIEGE)),
        ("unite_active", ask(whole(), UNIT)),
        ("unite_active", ask(whole(), "FR07130025265")),
        (
            "association_active",
            ask(vec![association(rna, &[("position", "A")])], rna),
        ),
        (
            "etablissement_ferme",
            ask(with(place(&other, &closed)), &other),
        ),
        (
            "etablissement_ferme",
            ask(with(place(&other, &closed[..1])), &other),
        ),
        (
            "etablissement_ferme",
            ask(
                with_all([vec![place(&other, &closed)], taken_over(&other)].concat()),
                &other,
            ),
        ),
        (
            "etablissement_ferme",
            ask(vec![unit(UNIT, &[]), place(SIEGE, &closed)], SIEGE),
        ),
        (
            "etablissement_ferme_unite_cessee",
            ask(vec![unit(UNIT, &ceased), place(SIEGE, &closed)], SIEGE),
        ),
        (
            "etablissement_ferme_unite_cessee",
            ask(
                [
                    vec![unit(UNIT, &ceased), place(SIEGE, &closed)],
                    taken_over(SIEGE),
                ]
                .concat(),
                SIEGE,
            ),
        ),
        (
            "unite_cessee",
            ask(vec![unit(UNIT, &ceased), place(SIEGE, &closed)], UNIT),
        ),
        ("unite_cessee", ask(vec![unit(UNIT, &ceased[..1])], UNIT)),
        (
            "unite_cessee",
            ask(
                [
                    vec![unit(UNIT, &ceased), place(SIEGE, &closed)],
                    taken_over(SIEGE),
                ]
                .concat(),
                "FR07130025265",
            ),
        ),
        (
            "association_dissoute",
            ask(
                vec![association(
                    rna,
                    &[("position", "D"), ("date_disso", "2015-01-20")],
                )],
                rna,
            ),
        ),
        (
            "association_dissoute",
            ask(
                vec![association(
                    rna,
                    &[("position", "D"), ("date_disso", "0001-01-01")],
                )],
                rna,
            ),
        ),
        (
            "association_supprimee",
            ask(vec![association(rna, &[("position", "S")])], rna),
        ),
        (
            "association_reprise",
            ask(
                vec![association(
                    rna,
                    &[("position", "R"), ("observation", "voir dossier")],
                )],
                rna,
            ),
        ),
        ("siren_doublon", ask(with(doublon.clone()), "100000009")),
        (
            "siren_doublon",
            ask(with(doublon.clone()), &tva("100000009")),
        ),
        (
            "siret_doublon",
            ask(with(doublon), &another("100000009", 0)),
        ),
        (
            "rna_repris",
            ask(
                vec![
                    association("751P00085568", &[("position", "R"), ("observation", rna)]),
                    association(rna, &[("position", "A")]),
                ],
                "751P00085568",
            ),
        ),
        (
            "etablissement_diffusion_partielle",
            ask(vec![unit(UNIT, &[HIDDEN]), place(SIEGE, &[])], SIEGE),
        ),
        (
            "unite_diffusion_partielle",
            ask(vec![unit(UNIT, &[HIDDEN]), place(SIEGE, &[])], UNIT),
        ),
        (
            "unite_diffusion_partielle",
            ask(
                vec![unit(UNIT, &[HIDDEN]), place(SIEGE, &[])],
                "FR07130025265",
            ),
        ),
        ("siret_inconnu", ask(whole(), "35600000000048")),
        ("siret_inconnu_siren_connu", ask(whole(), &other)),
        (
            "siret_inconnu_siren_connu",
            ask(vec![unit(UNIT, &[CEASED])], &other),
        ),
        ("siren_inconnu", ask(whole(), LA_POSTE)),
        ("siren_inconnu", ask(whole(), "FR39356000000")),
        ("rna_inconnu", ask(whole(), rna)),
        ("format_invalide", ask(whole(), "bonjour")),
        ("format_invalide", ask(whole(), "1300252650001")),
        ("format_invalide", ask(whole(), "178-236")),
        ("format_invalide", ask(whole(), "00013")),
        ("format_invalide", ask(whole(), "")),
        ("cle_invalide", ask(whole(), "13002526500014")),
        ("cle_invalide", ask(whole(), "11122233344455")),
    ]
}

fn tva(siren: &str) -> String {
    let siren: registre_schemas::identifiers::Siren = siren.parse().unwrap();
    registre_schemas::identifiers::Tva::from(siren).to_string()
}

#[test]
fn every_situation_has_its_code_its_message_and_what_to_do() {
    let situations = situations();
    let mut messages = HashSet::new();
    let verdicts: HashMap<_, _> = CODES
        .iter()
        .map(|(code, resultat, _)| (*code, *resultat))
        .collect();
    let mut met = HashSet::new();
    for (code, answer) in &situations {
        assert_eq!(answer["code"], *code, "{answer}");
        let resultat = serde_json::to_value(verdicts[code]).unwrap();
        assert_eq!(answer["resultat"], resultat, "{answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(
            message.ends_with('.') && messages.insert(message.to_owned()),
            "{message}"
        );
        assert!(
            answer["que_faire"]
                .as_str()
                .is_some_and(|advice| advice.len() > 15),
            "{answer}"
        );
        let told = !matches!(verdicts[code], Resultat::Inconnu | Resultat::Invalide);
        assert_eq!(answer["organisation"].is_object(), told, "{answer}");
        assert_eq!(
            answer["identifiant"].is_null(),
            verdicts[code] == Resultat::Invalide
        );
        met.insert(*code);
    }
    assert_eq!(met.len(), CODES.len(), "a code that no situation has");
}

#[test]
fn verdicts_and_codes_are_documented_as_they_are_written() {
    let all = [
        Resultat::Trouve,
        Resultat::Ferme,
        Resultat::Doublon,
        Resultat::DiffusionPartielle,
        Resultat::Inconnu,
        Resultat::Invalide,
    ];
    for (resultat, text) in all.iter().zip(Resultat::ALL) {
        assert_eq!(serde_json::to_value(resultat).unwrap(), text);
    }
}

#[test]
fn a_closed_etablissement_tells_its_date_its_siege_and_its_successor() {
    let other = another(UNIT, 0);
    let rows = vec![
        unit(UNIT, &[]),
        place(SIEGE, &[]),
        place(&other, &[CLOSED, ("dateDebut", "2020-01-01")]),
        record(
            "etablissement_periode",
            &[
                ("siret", &other),
                CLOSED,
                ("dateDebut", "2015-03-01"),
                ("changementEtatAdministratifEtablissement", "true"),
            ],
        ),
        record(
            "lien_succession",
            &[
                ("siretEtablissementPredecesseur", &other),
                ("siretEtablissementSuccesseur", SIEGE),
                ("dateLienSuccession", "2015-03-02"),
                ("transfertSiege", "true"),
                ("continuiteEconomique", "false"),
            ],
        ),
    ];
    let answer = ask(rows, &other);
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains("1er mars 2015") && message.contains(SIEGE),
        "{message}"
    );
    assert_eq!(answer["siret_siege"], SIEGE);
    let organisation = &answer["organisation"];
    assert_eq!(
        organisation["etablissement"]["date_fermeture"],
        "2015-03-01"
    );
    assert_eq!(organisation["est_siege"], false);
    assert_eq!(
        organisation["succession"],
        json!({
            "siret_actuel": SIEGE, "complete": true, "cycle": false,
            "successeurs": [{
                "siret": SIEGE, "siren": UNIT, "date": "2015-03-02", "transfert_siege": true,
                "continuite_economique": false, "etat": {"code": "A", "libelle": "Actif"},
                "nom": "SPECIMEN", "autres": []
            }]
        })
    );
}

#[test]
fn closed_comes_before_hidden_and_both_are_told() {
    let rows = vec![unit(UNIT, &[HIDDEN]), place(SIEGE, &[CLOSED])];
    let answer = ask(rows, SIEGE);
    assert_eq!(answer["resultat"], "ferme");
    assert_eq!(answer["organisation"]["est_ferme"], true);
    assert_eq!(answer["organisation"]["diffusion_partielle"], true);
}

#[test]
fn nothing_of_a_hidden_person_is_shown_or_derived() {
    let hidden = [
        HIDDEN,
        ("categorieJuridiqueUniteLegale", "1000"),
        ("nomUniteLegale", "[ND]"),
        ("prenom1UniteLegale", "CAMILLE"),
        ("identifiantAssociationUniteLegale", "W751004076"),
    ];
    let person = {
        let mut row = vec![
            ("siren", UNIT),
            ("nicSiegeUniteLegale", "00013"),
            ("etatAdministratifUniteLegale", "A"),
        ];
        row.extend(hidden);
        record("unite_legale", &row)
    };
    let home = place(
        SIEGE,
        &[
            ("numeroVoieEtablissement", "12"),
            ("libelleVoieEtablissement", "[ND]"),
            ("enseigne1Etablissement", "CHEZ CAMILLE"),
            ("libelleCommuneEtablissement", "NANTERRE"),
            ("x_longitude", "2.2"),
            ("y_latitude", "48.8"),
        ],
    );
    let lien = record("lien_siren_rna", &[("siren", UNIT), ("id", "W751004076")]);
    let rows = vec![
        person,
        home,
        lien,
        association("W751004076", &[("titre", "CLUB DE CAMILLE")]),
    ];
    for id in [UNIT, SIEGE] {
        let answer = ask(rows.clone(), id);
        let text = answer.to_string();
        for secret in ["[ND]", "CAMILLE", "W751004076", "48.8"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert_eq!(answer["organisation"]["nom_regle"], "masque");
        assert_eq!(
            answer["organisation"]["adresse"]["lignes"],
            json!(["NANTERRE"])
        );
    }
    let by_rna = ask(rows, "W751004076");
    assert!(by_rna["organisation"]["siren"].is_null(), "{by_rna}");
}

#[test]
fn an_unknown_date_of_creation_is_null_and_said_unknown() {
    let answer = ask(
        vec![unit(UNIT, &[("dateCreationUniteLegale", "1900-01-01")])],
        UNIT,
    );
    let unite = &answer["organisation"]["unite_legale"];
    assert!(unite["date_creation"].is_null());
    assert_eq!(unite["date_creation_inconnue"], true);
}

#[test]
fn what_it_is_follows_from_its_categorie_juridique_and_its_links() {
    let with = |categorie: &'static str| {
        let mut row = vec![("siren", UNIT), ("statutDiffusionUniteLegale", "O")];
        row.push(("categorieJuridiqueUniteLegale", categorie));
        record("unite_legale", &row)
    };
    for (categorie, association, administration, individuel) in [
        ("9220", true, false, false),
        ("5195", true, false, false),
        ("9240", false, false, false),
        ("4110", false, true, false),
        ("7120", false, true, false),
        ("1000", false, false, true),
        ("5710", false, false, false),
    ] {
        let organisation = ask(vec![with(categorie)], UNIT)["organisation"].clone();
        let flags = [
            "est_association",
            "est_administration",
            "est_entrepreneur_individuel",
        ];
        let flags = flags.map(|flag| organisation[flag].as_bool().unwrap());
        assert_eq!(
            flags,
            [association, administration, individuel],
            "{categorie}"
        );
        assert!(organisation["est_utilite_publique"].is_null());
    }
    for (provenance, expected) in [("rna", false), ("sirene", true), ("sirene+rna", true)] {
        let lien = record(
            "lien_siren_rna",
            &[
                ("siren", UNIT),
                ("id", "W751004076"),
                ("provenance", provenance),
            ],
        );
        let known = association("W751004076", &[("rup_mi", "75-12")]);
        let organisation = ask(vec![with("7210"), lien, known], UNIT)["organisation"].clone();
        assert_eq!(organisation["est_association"], expected, "{provenance}");
        assert_eq!(organisation["associations"][0]["provenance"], provenance);
        assert_eq!(organisation["rna"], "W751004076");
        assert_eq!(organisation["est_utilite_publique"], true);
    }
}

#[test]
fn doublons_of_doublons_end_at_the_last_and_a_loop_ends_too() {
    let row = |siren: &str, doublon: &str| {
        record("doublon", &[("siren", siren), ("sirenDoublon", doublon)])
    };
    let rows = vec![
        unit(UNIT, &[]),
        row("356000000", "100000009"),
        row(UNIT, "356000000"),
    ];
    let answer = ask(rows, "100000009");
    assert_eq!(answer["siren_reference"], UNIT);
    assert_eq!(answer["organisation"]["siren"], UNIT);
    let looped = ask(
        vec![row("356000000", "100000009"), row("100000009", "356000000")],
        "100000009",
    );
    assert_eq!(looped["resultat"], "doublon");
}
