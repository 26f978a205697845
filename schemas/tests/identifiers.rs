//! The rules of identifiers, whatever the text: the shared vectors, properties that hold of any
//! input, and the module for browsers, which must say the same.

#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold; unwrapping is how it says so"
)]

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use registre_schemas::identifiers::{
    Identifier, IdentifierKind, Nic, RnaId, Siren, Siret, Tva, Verdict, display_form,
    luhn_check_digit, suggestion,
};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const VECTORS: &str = include_str!("../../tests/vectors/identifiants.json");

const KINDS: [Option<IdentifierKind>; 5] = [
    None,
    Some(IdentifierKind::Siren),
    Some(IdentifierKind::Siret),
    Some(IdentifierKind::Rna),
    Some(IdentifierKind::Tva),
];

fn vectors() -> Vec<Value> {
    serde_json::from_str(VECTORS).unwrap()
}

/// Eight digits and the key that makes a SIREN of them.
fn siren() -> impl Strategy<Value = String> {
    "[0-9]{8}".prop_map(with_key)
}

/// A SIREN, four digits, and the key that makes a SIRET of them.
fn siret() -> impl Strategy<Value = String> {
    (siren(), "[0-9]{4}").prop_map(|(siren, nic)| with_key(siren + &nic))
}

fn with_key(digits: String) -> String {
    let key = luhn_check_digit(digits.as_bytes());
    digits + &char::from(key).to_string()
}

/// Texts that look like identifiers, with the accidents that happen to them.
fn looking_like_one() -> impl Strategy<Value = String> {
    let wrapped = (
        "(|SIRET : |n° |TVA |\\(|'|\u{feff}| {1,3})",
        prop_oneof![
            siren(),
            siret(),
            "35600000[0O][0-9]{5}",
            "[0-9OIl]{5,16}",
            "(FR|fr|FR )[0-9A-Z]{2} ?[0-9O]{8,10}",
            siren().prop_map(|text| {
                let siren: Siren = text.parse().unwrap();
                Tva::from(siren).to_string()
            }),
            "[Ww][0-9][0-9A-Z][0-9O]{6,8}",
            "[0-9]{3}[PS][0-9]{4,12}",
            "[0-9]{1,4}[-\u{2013}][0-9]{1,5}",
            "[0-9][,.][0-9]{1,14}[eE]\\+?[0-9]{1,3}",
            "[0-9]{8,14}[.,]0{0,2}",
            "[0-9 .\u{a0}\u{202f}\u{85}\u{1c}_/-]{5,24}",
        ],
        "(|\\)|\r| |\u{fffd}|A|€|\u{202e})",
    );
    wrapped.prop_map(|(before, number, after)| before + &number + &after)
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => looking_like_one(), 1 => any::<String>(), 1 => "\\PC{0,250}"]
}

/// Whether a verdict holds together.
fn check_verdict(verdict: &Verdict) -> Result<(), TestCaseError> {
    prop_assert_eq!(verdict.is_valid(), verdict.valeur.is_some());
    prop_assert_eq!(verdict.is_valid(), verdict.code.is_none());
    prop_assert!(!verdict.message.is_empty() && verdict.message.ends_with('.'));
    prop_assert!(!verdict.que_faire.is_empty() && verdict.que_faire.ends_with('.'));
    prop_assert!(verdict.message.chars().count() < 450, "{}", verdict.message);
    prop_assert!(!verdict.message.contains(char::is_control));
    if let Some(suggestion) = &verdict.suggestion {
        prop_assert!(!verdict.is_valid());
        let kept: Identifier = suggestion.parse().unwrap();
        prop_assert_eq!(kept.as_str(), suggestion);
        prop_assert_ne!(kept.kind(), IdentifierKind::Rna, "an RNA number has no key");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_number_with_its_key_is_valid_however_it_is_spaced(siren in siren(), nic in "[0-9]{4}") {
        let siret = with_key(siren.clone() + &nic);
        for (text, kind) in [(&siren, IdentifierKind::Siren), (&siret, IdentifierKind::Siret)] {
            let read: Identifier = text.parse().unwrap();
            prop_assert_eq!((read.kind(), read.as_str()), (kind, text.as_str()));
            prop_assert_eq!(&display_form(text).parse::<Identifier>().unwrap(), &read);
        }
        let (parsed, unit): (Siret, Siren) = (siret.parse().unwrap(), siren.parse().unwrap());
        prop_assert_eq!(parsed.siren(), unit);
        prop_assert_eq!(Siret::of(unit, parsed.nic().parse::<Nic>().unwrap()).unwrap(), parsed);
        let tva = Tva::from(unit);
        prop_assert_eq!(tva.siren(), unit);
        prop_assert_eq!(display_form(tva.as_str()).parse::<Tva>().unwrap(), tva);
    }

    /// What the Luhn key is for.
    #[test]
    fn one_wrong_digit_is_never_valid_nor_repaired(siret in siret(), at in 0_usize..14, by in 1_u8..10) {
        prop_assume!(!siret.starts_with("356000000"));
        let mut digits = siret.into_bytes();
        digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
        let wrong = String::from_utf8(digits).unwrap();
        prop_assume!(!wrong.starts_with("356000000"));
        let verdict = Verdict::of(&wrong, None);
        prop_assert_eq!(verdict.code, Some("cle_invalide"));
        prop_assert_eq!(verdict.suggestion, None);
    }

    #[test]
    fn one_wrong_character_of_a_tva_number_is_never_valid(siren in siren(), at in 2_usize..13, by in 1_u8..10) {
        let right = Tva::from(siren.parse::<Siren>().unwrap()).to_string();
        let mut wrong = right.clone().into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        let verdict = Verdict::of(&String::from_utf8(wrong).unwrap(), None);
        prop_assert_eq!(verdict.code, Some("cle_invalide"));
        // An error in the key is undone; one in the SIREN is not.
        prop_assert_eq!(verdict.suggestion, (at < 4).then_some(right));
    }

    #[test]
    fn zeros_typed_as_letters_are_suggested_back(siren in siren(), nic in "0[0-9]{3}") {
        let siret = with_key(siren + &nic);
        let letters = siret.replace('0', "O");
        let verdict = Verdict::of(&letters, Some(IdentifierKind::Siret));
        prop_assert_eq!(verdict.suggestion, Some(siret));
    }

    #[test]
    fn any_text_gets_a_verdict_that_holds_together(text in any_text()) {
        for kind in KINDS {
            check_verdict(&Verdict::of(&text, kind))?;
        }
        let read = text.parse::<Identifier>().ok();
        prop_assert_eq!(read.is_some(), Verdict::of(&text, None).is_valid());
        let _never_panics = (text.parse::<Nic>(), text.parse::<RnaId>());
    }

    #[test]
    fn any_bytes_get_a_verdict_that_holds_together(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for kind in KINDS {
            check_verdict(&Verdict::of_bytes(&bytes, kind))?;
        }
    }

    #[test]
    fn a_valid_identifier_needs_no_suggestion(text in looking_like_one()) {
        if Identifier::read(&text, None).is_ok() {
            prop_assert_eq!(suggestion(&text, None), None);
        }
    }
}

#[test]
fn the_shared_vectors_hold() {
    let vectors = vectors();
    assert!(vectors.len() > 70, "{}", vectors.len());
    for vector in vectors {
        let verdict = json!(Verdict::of(vector["input"].as_str().unwrap(), None));
        for field in ["type", "valeur", "code", "suggestion"] {
            assert_eq!(
                verdict[field], vector[field],
                "{field} of {vector}: {verdict}"
            );
        }
    }
}

/// Megabytes of any one thing, or of several: the answer is as short, and as quick, as for a line.
#[test]
fn a_huge_text_is_refused_at_once_in_a_few_words() {
    let million = 1_000_000;
    let huge: Vec<Vec<u8>> = [
        "1", " ", "O", "FR", "W", "é", "1E1,", "-", "\u{202e}", "SIRET",
    ]
    .iter()
    .map(|piece| piece.repeat(million).into_bytes())
    .chain([
        vec![0xff; million],
        [b"1".repeat(million), vec![0xff]].concat(),
    ])
    .collect();
    let started = Instant::now();
    for bytes in &huge {
        for kind in KINDS {
            let verdict = Verdict::of_bytes(bytes, kind);
            assert_eq!(verdict.code, Some("format_invalide"));
            assert!(verdict.message.len() < 200, "{}", verdict.message);
            assert_eq!(verdict.suggestion, None);
        }
    }
    // Sixty answers; only the validity of UTF-8 reads a text whole.
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

/// Reads `[text, kind]` per line, writes the verdict, and whether a number given back by `tvaDe`
/// and `affichage`.
const ASK_THE_MODULE: &str = r#"
import { createInterface } from "node:readline";
const { verdict, tvaDe, affichage } = await import(process.argv[1]);
for await (const line of createInterface({ input: process.stdin })) {
  const [text, kind] = JSON.parse(line);
  console.log(JSON.stringify([verdict(text, kind), tvaDe(text), affichage(text)]));
}
"#;

/// What the module for browsers says of each question, asked to node; none without node.
fn asked_to_the_module(questions: &[(String, Option<IdentifierKind>)]) -> Option<Vec<Value>> {
    let module = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../query-api/ui/widget/identifiants.js"
    );
    let started = Command::new("node")
        .args(["--input-type=module", "--eval", ASK_THE_MODULE, module])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut node = match started {
        Ok(node) => node,
        Err(error) => {
            eprintln!(
                "skipped: node is not on the PATH ({error}); the module for browsers was not compared"
            );
            return None;
        }
    };
    let mut stdin = node.stdin.take().unwrap();
    let lines: String = questions
        .iter()
        .map(|question| json!(question).to_string() + "\n")
        .collect();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let answers = BufReader::new(node.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writing.join().unwrap().unwrap();
    assert!(node.wait().unwrap().success());
    Some(answers)
}

/// Every word of every verdict, for the vectors and for thousands of texts made as accidents make
/// them.
#[test]
fn the_module_for_browsers_says_the_same_in_the_same_words() {
    let mut texts: Vec<String> = vectors()
        .iter()
        .map(|vector| vector["input"].as_str().unwrap().to_owned())
        .collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = any_text();
    for _ in 0..6000 {
        texts.push(strategy.new_tree(&mut runner).unwrap().current());
    }
    let questions: Vec<_> = texts
        .into_iter()
        .flat_map(|text| KINDS.map(|kind| (text.clone(), kind)))
        .collect();
    let Some(answers) = asked_to_the_module(&questions) else {
        return;
    };
    assert_eq!(answers.len(), questions.len());
    let mut seen = std::collections::HashSet::new();
    for ((text, kind), answer) in questions.iter().zip(answers) {
        let tva = text.parse::<Siren>().ok().map(Tva::from);
        let verdict = Verdict::of(text, *kind);
        let expected = json!([verdict, tva, display_form(text)]);
        assert_eq!(answer, expected, "{text:?} as {kind:?}");
        seen.insert(verdict.que_faire);
    }
    // The texts reach (nearly) every reason there is.
    assert!(seen.len() >= 18, "{}: {seen:#?}", seen.len());
}
