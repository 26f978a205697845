//! The README says what the program does: every option, every route, and answers that are true.

use serde_json::Value;

use crate::harness::{run, sample_server};

const README: &str = include_str!("../../README.md");

/// The commands `registre --help` lists.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    list.lines()
        .take_while(|line| !line.is_empty())
        // The description of a command may go on below it, further right.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(str::to_owned)
        .collect()
}

/// The words of `text` made of `kind` of characters that start with `prefix`.
fn words(text: &str, prefix: &str, kind: fn(char) -> bool) -> Vec<String> {
    text.split(|c| !kind(c))
        .filter(|word| word.len() > prefix.len() && word.starts_with(prefix))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_option_and_environment_variable_is_in_the_readme() {
    let commands = commands();
    assert!(commands.len() >= 5, "{commands:?}");
    let option = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let known = words(README, "--", option);
    let mut missing = Vec::new();
    for command in commands {
        let help = run(&[&command, "--help"]).stdout;
        let mut expected = words(&help, "REGISTRE_", |c| c.is_ascii_uppercase() || c == '_');
        expected.push(format!("registre {command}"));
        expected.push("REGISTRE_LOG".to_owned());
        missing.extend(expected.into_iter().filter(|word| !README.contains(word)));
        let options = words(&help, "--", option)
            .into_iter()
            .filter(|option| option != "--help" && option != "--version");
        missing.extend(options.filter(|option| !known.contains(option)));
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

/// The addresses the README shows, answers excluded: they name others than the one asked.
fn addresses_of_the_readme() -> Vec<&'static str> {
    README
        .split("```")
        .filter(|block| !block.starts_with("json\n"))
        .flat_map(|block| block.split(|c: char| c.is_whitespace() || "`'\"(),;".contains(c)))
        .map(|word| word.strip_prefix("http://127.0.0.1:8080").unwrap_or(word))
        .filter(|word| word.starts_with('/'))
        .map(|word| word.split('?').next().unwrap_or(word))
        .collect()
}

/// Whether `address` is one of the path `pattern`, where `{name}` stands for one segment.
fn is_shaped_as(address: &str, pattern: &str) -> bool {
    let (address, pattern) = (address.split('/'), pattern.split('/'));
    address.clone().count() == pattern.clone().count()
        && address.zip(pattern).all(|(segment, expected)| {
            let free = expected.starts_with('{') && expected.ends_with('}');
            segment == expected || (free && !segment.is_empty())
        })
}

#[test]
fn every_route_of_the_openapi_document_is_in_the_readme() {
    let pattern = "/v1/unites-legales/{siren}/etablissements";
    assert!(is_shaped_as(
        "/v1/unites-legales/356000000/etablissements",
        pattern
    ));
    assert!(!is_shaped_as("/v1/unites-legales/356000000", pattern));
    let shown = addresses_of_the_readme();
    let openapi = sample_server().get("/openapi.json").json();
    for path in openapi["paths"].as_object().unwrap().keys() {
        assert!(
            shown.iter().any(|address| is_shaped_as(address, path)),
            "{path} is not in the README"
        );
    }
}

/// Each `curl` of the README is followed by its answer: what is shown must be what is served. An
/// answer cut short in the README shows some of the fields.
#[test]
fn each_curl_of_the_readme_gets_the_answer_shown() {
    let mut checked = 0;
    let mut blocks = README.split("```");
    while let Some(block) = blocks.next() {
        let Some(url) = block
            .lines()
            .find_map(|line| line.trim().strip_prefix("curl "))
        else {
            continue;
        };
        let path = url
            .rsplit_once("127.0.0.1:8080")
            .unwrap()
            .1
            .trim_matches('\'');
        let shown = blocks.nth(1).unwrap();
        let shown: Value = serde_json::from_str(shown.strip_prefix("json").unwrap()).unwrap();
        let mut served = sample_server().get(path).json();
        assert_shown(&shown, &mut served, path);
        checked += 1;
    }
    assert!(checked >= 7, "{checked}");
}

/// Everything shown is served; names and instants that change at each run are written `…`.
fn assert_shown(shown: &Value, served: &mut Value, at: &str) {
    match shown {
        Value::String(text) if text == "…" => assert!(!served.is_null(), "{at}"),
        Value::Object(fields) => {
            for (name, value) in fields {
                let inner = served
                    .get_mut(name)
                    .unwrap_or_else(|| panic!("{at}: no field {name}"));
                assert_shown(value, inner, &format!("{at} {name}"));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let inner = served
                    .get_mut(index)
                    .unwrap_or_else(|| panic!("{at}: no item {index}"));
                assert_shown(value, inner, &format!("{at} {index}"));
            }
        }
        _ => assert_eq!(shown, served, "{at}"),
    }
}
