//! The README says what the program does: every option, every route, and answers that are true.

use serde_json::Value;

use crate::harness::{run, sample_server};

const README: &str = include_str!("../../README.md");

#[test]
fn every_environment_variable_and_command_is_in_the_readme() {
    let mut words = vec!["REGISTRE_LOG".to_owned()];
    for command in ["up", "ingest", "serve", "lookup", "generate"] {
        let help = run(&[command, "--help"]).stdout;
        words.push(format!("registre {command}"));
        words.extend(
            help.split(|c: char| !c.is_ascii_uppercase() && c != '_')
                .filter(|word| word.starts_with("REGISTRE_"))
                .map(str::to_owned),
        );
    }
    for word in words {
        assert!(README.contains(&word), "{word} is not in the README");
    }
}

#[test]
fn every_route_of_the_openapi_document_is_in_the_readme() {
    let openapi = sample_server().get("/openapi.json").json();
    for path in openapi["paths"].as_object().unwrap().keys() {
        let start = path.split('{').next().unwrap();
        assert!(README.contains(start), "{path} is not in the README");
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
