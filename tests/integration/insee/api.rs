//! INSEE's API in the test's process: what it holds, found by date, given by the cursor.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::records::{Record, collection};
use crate::lying_server::site::{Reply, Request, Site};

pub const KEY: &str = "cle-de-specimen";

/// Decides an answer in place of the honest one.
type Fault = Box<dyn FnMut(&Asked) -> Option<Reply> + Send>;

/// A request, understood.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub parameters: HashMap<String, String>,
    pub at: Instant,
}

impl Asked {
    pub fn cursor(&self) -> &str {
        &self.parameters["curseur"]
    }

    /// The interval of dates.
    pub fn interval(&self) -> (&str, &str) {
        let (_, interval) = self.parameters["q"].split_once(":[").unwrap();
        interval.trim_end_matches(']').split_once(" TO ").unwrap()
    }
}

struct State {
    records: Vec<Record>,
    /// The most records of a page.
    page: usize,
    fault: Fault,
    asked: Vec<Asked>,
}

/// The API; it ends with the test's process.
pub struct Api {
    pub url: String,
    state: Arc<Mutex<State>>,
    _site: Site,
    _folder: tempfile::TempDir,
}

impl Api {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            records: Vec::new(),
            page: 1000,
            fault: Box::new(|_| None),
            asked: Vec::new(),
        }));
        let folder = tempfile::tempdir().unwrap();
        let site = Site::start(folder.path());
        let shared = Arc::clone(&state);
        site.lie(move |request, _| answer(&shared, request));
        Self {
            url: format!("{}/api-sirene/3.11", site.base),
            state,
            _site: site,
            _folder: folder,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds this record from now on, in place of the one of its identifier.
    pub fn hold(&self, record: &Record) {
        let mut state = self.state();
        let same = |known: &Record| {
            let key = known.table.key_indices();
            known.table.name == record.table.name
                && key
                    .iter()
                    .all(|column| known.main[*column] == record.main[*column])
        };
        state.records.retain(|known| !same(known));
        state.records.push(record.clone());
    }

    pub fn pages_of(&self, records: usize) {
        self.state().page = records;
    }

    /// Answers otherwise from now on; what was asked is forgotten.
    pub fn lie(&self, fault: impl FnMut(&Asked) -> Option<Reply> + Send + 'static) {
        let mut state = self.state();
        state.fault = Box::new(fault);
        state.asked.clear();
    }

    pub fn tell_the_truth(&self) {
        self.lie(|_| None);
    }

    /// What was asked since the last lie.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// Of one collection.
    pub fn asked_of(&self, path: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.path == path);
        asked
    }
}

/// As the gateway of the API words it.
pub fn refusal(status: u16, message: &str) -> Reply {
    Reply::new(
        status,
        json!({ "message": message, "http_status_code": status }).to_string(),
    )
}

/// As the API itself does.
pub fn error(status: u16, message: &str) -> Reply {
    let body = json!({ "header": { "statut": status, "message": message } });
    Reply::new(status, body.to_string())
}

/// A page of établissements that says what it likes of the rest.
pub fn page_of(asked: &Asked, total: usize, next: &str, etablissements: &[Value]) -> Reply {
    reply(asked, total, next, "etablissements", etablissements)
}

fn reply(asked: &Asked, total: usize, next: &str, list: &str, records: &[Value]) -> Reply {
    let header = json!({
        "statut": 200, "message": "OK", "total": total, "debut": 0, "nombre": records.len(),
        "curseur": asked.cursor(), "curseurSuivant": next,
    });
    Reply::new(200, json!({ "header": header, list: records }).to_string())
        .with("content-type", "application/json;charset=utf-8")
}

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let asked = Asked {
        path: path
            .strip_prefix("/api-sirene/3.11")
            .unwrap_or(path)
            .to_owned(),
        parameters: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), unescape(value)))
            .collect(),
        at: request.at,
    };
    state.asked.push(asked.clone());
    if let Some(reply) = (state.fault)(&asked) {
        return reply;
    }
    if request.header("x-insee-api-key-integration") != Some(KEY) {
        return refusal(401, "Unauthorized");
    }
    page(&state, &asked)
}

fn page(state: &State, asked: &Asked) -> Reply {
    let q = &asked.parameters["q"];
    let (from, to) = asked.interval();
    let mut found: Vec<(String, &Record)> = Vec::new();
    let mut list = "";
    for record in &state.records {
        let (path, name, field) = collection(record.table);
        if path == asked.path {
            assert!(q.starts_with(&format!("{field}:[")), "{q}");
            list = name;
            let at = record.get(field).replace(' ', "T");
            // A bound that is less precise covers all of its second.
            let until = &at[..at.len().min(to.len())];
            if at.as_str() >= from && until <= to {
                let key = record.table.key_indices();
                let key: Vec<&str> = key
                    .iter()
                    .map(|column| record.main[*column].as_str())
                    .collect();
                found.push((key.join(" "), record));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let cursor = asked.cursor();
    if found.is_empty() && cursor == "*" {
        return error(404, &format!("Aucun élément trouvé pour q={q}"));
    }
    let total = found.len();
    // With the characters that come back damaged when they are not escaped.
    let after = cursor
        .strip_prefix("A+/")
        .map(|id| id.trim_end_matches('='));
    let nombre: usize = asked.parameters["nombre"].parse().unwrap();
    let rest = found
        .into_iter()
        .filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
    let rest: Vec<(String, &Record)> = rest.take(nombre.min(state.page)).collect();
    let next = rest
        .last()
        .map_or_else(|| cursor.to_owned(), |(id, _)| format!("A+/{id}=="));
    let records: Vec<Value> = rest.iter().map(|(_, record)| record.json()).collect();
    reply(asked, total, &next, list, &records)
}

/// `%XX`; a plus is a plus here, and would be a space elsewhere.
fn unescape(text: &str) -> String {
    assert!(!text.contains('+'), "{text}");
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap().to_owned();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
