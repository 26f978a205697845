//! A collection from one date to another, page after page. Pages are kept as they come, with the
//! cursor they lead to, so that a run that was cut goes on from there:
//!
//! ```text
//! data/raw/insee/<collection>/pull.json      what was asked, and how far it is
//! data/raw/insee/<collection>/000001.json.gz a page
//! ```

use chrono::NaiveDateTime;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::client::{Client, Got, NAME};
use super::collection::Collection;
use super::rows::missing;
use crate::download::retry::{Again, Failure, Limits, until_done};
use crate::error::IngestError;
use crate::progress::{Context, Task};
use crate::publish::write_atomic;

/// Records asked for at once: the most the API gives.
const PAGE: u64 = 1000;
/// Records pulled of one collection: at 30 requests a minute, 17 minutes. An ordinary day has some
/// tens of thousands; once a year INSEE treats millions in a night, to update their workforce, and
/// those come sooner with the monthly file.
pub const MOST: u64 = 500_000;
/// The form of `pull.json`.
const VERSION: u32 = 1;

/// What is asked.
pub struct Pull<'a> {
    pub collection: &'a Collection,
    /// Where its pages go.
    pub folder: PathBuf,
    pub from: NaiveDateTime,
    /// Pinned: what is treated while pages are read is the next pull's.
    pub to: NaiveDateTime,
}

/// What came.
pub enum Pulled {
    /// All of it, perhaps nothing.
    Pages(Pages),
    /// More than [`MOST`].
    TooMany(u64),
}

/// Pages on disk, whole.
#[derive(Debug)]
pub struct Pages {
    folder: PathBuf,
    count: u64,
    records: &'static str,
    /// The interval asked for, perhaps by an earlier run.
    pub from: NaiveDateTime,
    pub to: NaiveDateTime,
    /// Requests answered, over all runs.
    pub requests: u64,
    /// Records in the pages.
    pub received: u64,
}

/// `pull.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    version: u32,
    /// Address of the collection.
    url: String,
    from: NaiveDateTime,
    to: NaiveDateTime,
    /// Of the next page.
    cursor: String,
    pages: u64,
    received: u64,
    requests: u64,
    done: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    total: u64,
    #[serde(default)]
    curseur_suivant: Option<String>,
}

/// What one page says of the rest.
enum Step {
    More,
    Done,
    TooMany(u64),
}

impl Pull<'_> {
    /// Asks for every page that is not here yet.
    pub fn run(&self, client: &mut Client, context: &Context) -> Result<Pulled, IngestError> {
        let url = client.url(self.collection.path, &[]);
        let mut state = match self.begun(&url) {
            Some(state) => state,
            None => self.begin(url)?,
        };
        let label = format!("INSEE's API: {}", self.collection.path);
        let task = context.progress.begin(&label, None);
        let progress = Cell::new(state.pages);
        while !state.done {
            let step = until_done(&Limits::default(), context, &progress, || {
                self.step(&mut state, client, &*task, context)
            });
            match step {
                Ok(Step::More) => progress.set(state.pages),
                Ok(Step::Done) => {}
                Ok(Step::TooMany(total)) => {
                    remove(&self.folder)?;
                    return Ok(Pulled::TooMany(total));
                }
                Err(error) => return Err(error),
            }
        }
        task.finish(&format!(
            "INSEE's API: {}: {} received in {} requests, from {} to {}",
            self.collection.path, state.received, state.requests, state.from, state.to
        ));
        Ok(Pulled::Pages(Pages {
            folder: self.folder.clone(),
            count: state.pages,
            records: self.collection.records,
            from: state.from,
            to: state.to,
            requests: state.requests,
            received: state.received,
        }))
    }

    fn state_path(&self) -> PathBuf {
        self.folder.join("pull.json")
    }

    /// What another run began, of the same interval: its end is kept, what came since is for later.
    fn begun(&self, url: &str) -> Option<State> {
        let bytes = fs::read(self.state_path()).ok()?;
        let state: State = serde_json::from_slice(&bytes).ok()?;
        let same = state.version == VERSION
            && state.url == url
            && state.from == self.from
            && state.to <= self.to;
        let path = &self.collection.path;
        if same && state.pages > 0 {
            let pages = state.pages;
            tracing::info!(
                "INSEE's API: {path}: {pages} pages are here already, going on from there"
            );
        }
        same.then_some(state)
    }

    fn begin(&self, url: String) -> Result<State, IngestError> {
        remove(&self.folder)?;
        fs::create_dir_all(&self.folder).map_err(IngestError::io("create folder", &self.folder))?;
        Ok(State {
            version: VERSION,
            url,
            from: self.from,
            to: self.to,
            cursor: "*".to_owned(),
            pages: 0,
            received: 0,
            requests: 0,
            done: false,
        })
    }

    /// One page, kept with the cursor it leads to.
    fn step(
        &self,
        state: &mut State,
        client: &mut Client,
        task: &dyn Task,
        context: &Context,
    ) -> Result<Step, Failure> {
        let time = "%Y-%m-%dT%H:%M:%S";
        let (from, to) = (state.from.format(time), state.to.format(time));
        let query = format!("{}:[{from} TO {to}]", self.collection.date);
        // Without `tri` a cursor walks by identifier, so that a unit treated under way does not
        // move the others.
        let nombre = PAGE.to_string();
        let parameters = [
            ("q", query.as_str()),
            ("nombre", &nombre),
            ("curseur", &state.cursor),
        ];
        let url = client.url(self.collection.path, &parameters);
        let got = client.get(&url, context)?;
        let mut next = state.clone();
        next.requests += 1;
        let body = match got {
            Got::Body(body) => body,
            Got::Nothing if state.pages == 0 => {
                next.done = true;
                return self.keep(state, next, Step::Done);
            }
            Got::Nothing => return Err(self.broken("404 in the middle of the pages")),
            Got::Refused(failure) => {
                // A cursor that is not understood any more is of no use to the next run.
                remove(&self.folder)?;
                return Err(failure);
            }
        };
        let (header, records) = self.parse(&body)?;
        if state.pages == 0 && header.total > MOST {
            return Ok(Step::TooMany(header.total));
        }
        let cursor = header.curseur_suivant.as_ref().unwrap_or(&state.cursor);
        next.done = *cursor == state.cursor;
        next.received += records;
        let wrong = match next.received {
            _ if records == 0 && !next.done => {
                Some("an empty page that is not the last".to_owned())
            }
            // The interval is closed: units only leave it.
            received if received > header.total + PAGE => Some(format!(
                "{received} received of {}, and no end to it",
                header.total
            )),
            received if next.done && received < header.total => Some(format!(
                "{received} received of {} at the end",
                header.total
            )),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(self.broken(&wrong));
        }
        next.cursor.clone_from(cursor);
        if records > 0 {
            next.pages += 1;
            write_page(&page(&self.folder, next.pages), &body)?;
        }
        task.advance(body.len() as u64);
        task.rows(records);
        let step = if next.done { Step::Done } else { Step::More };
        self.keep(state, next, step)
    }

    /// The header of a page, and how many records it has, once they are what the tables expect.
    fn parse(&self, body: &[u8]) -> Result<(Header, u64), Failure> {
        let unreadable = |detail: String| Failure {
            error: self.error(&detail),
            again: Again::Later,
        };
        let page: Value = serde_json::from_slice(body)
            .map_err(|error| unreadable(format!("an answer that is not JSON: {error}")))?;
        let header = page.get("header").cloned().unwrap_or_default();
        let header: Header = serde_json::from_value(header)
            .map_err(|error| unreadable(format!("an answer without its header: {error}")))?;
        let records = page.get(self.collection.records).and_then(Value::as_array);
        let records = records.map(Vec::as_slice).unwrap_or_default();
        let missing = missing(self.collection, records);
        if !records.is_empty() && !missing.is_empty() {
            let names = missing.join(", ");
            return Err(self.broken(&format!("fields not given any more: {names}")));
        }
        Ok((header, records.len() as u64))
    }

    fn error(&self, detail: &str) -> IngestError {
        IngestError::Source {
            name: NAME.to_owned(),
            detail: format!("{}: {detail}", self.collection.path),
        }
    }

    fn keep(&self, state: &mut State, next: State, step: Step) -> Result<Step, Failure> {
        let json = serde_json::to_vec(&next)
            .map_err(|error| IngestError::io("write", self.state_path())(error.into()))?;
        write_atomic(&self.state_path(), &json)?;
        *state = next;
        Ok(step)
    }

    /// What came makes no sense: none of it is kept.
    fn broken(&self, detail: &str) -> Failure {
        if let Err(error) = remove(&self.folder) {
            return error.into();
        }
        Failure {
            error: self.error(&format!("{detail}; the next run asks again from the start")),
            again: Again::Never,
        }
    }
}

fn page(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:06}.json.gz"))
}

/// As it came, compressed: a page is 5 MB of JSON that says the same words a thousand times.
fn write_page(path: &Path, body: &[u8]) -> Result<(), IngestError> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(body).and_then(|()| packed.finish());
    write_atomic(path, &packed.map_err(IngestError::io("write", path))?)
}

impl Pages {
    /// Gives every record to `sink`, the last first: of a record that came twice, that one stands.
    pub fn read(&self, context: &Context, mut sink: impl FnMut(&Value)) -> Result<(), IngestError> {
        for number in (1..=self.count).rev() {
            context.cancel.check()?;
            let path = page(&self.folder, number);
            let file = File::open(&path).map_err(IngestError::io("open", &path))?;
            let mut body = Vec::new();
            GzDecoder::new(file)
                .read_to_end(&mut body)
                .map_err(IngestError::io("read", &path))?;
            let answer: Value =
                serde_json::from_slice(&body).map_err(|error| IngestError::File {
                    path: path.clone(),
                    detail: error.to_string(),
                })?;
            let records = answer.get(self.records).and_then(Value::as_array);
            records.into_iter().flatten().rev().for_each(&mut sink);
        }
        Ok(())
    }
}

/// Removes a folder of pages; one that is not there is as good as removed.
pub fn remove(folder: &Path) -> Result<(), IngestError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(IngestError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
