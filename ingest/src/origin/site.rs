//! A site that serves data.gouv.fr's API, asked through its two versions.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::cell::Cell;

use crate::download::http;
use crate::download::retry::{Again, Limits, until_done};
use crate::error::IngestError;
use crate::origin::document::{self, ResourceDocument};
use crate::progress::Context;

/// The longest document believed; those of data.gouv.fr are well under 1 MB.
const LONGEST: usize = 20_000_000;
/// Resources per page of the v2 list, and how many pages are believed.
const PAGE_SIZE: u32 = 50;
const PAGES: u32 = 40;

/// The API of a site.
pub struct Site<'a> {
    /// Its address, without a final slash.
    pub base: &'a str,
    /// When to stop.
    pub context: &'a Context,
}

impl Site<'_> {
    /// The resources of a dataset: by the v1 document, else by the v2 list. `Err` within: neither is
    /// there in a shape we know, and why. `name` is for messages.
    pub fn dataset(
        &self,
        name: &str,
        id: &str,
    ) -> Result<Result<Vec<ResourceDocument>, String>, IngestError> {
        let v1 = format!("{}/api/1/datasets/{id}/", self.base);
        let missing = match self.document(name, &v1)? {
            Ok(document) => match document::v1(&document) {
                Some(resources) => return Ok(Ok(resources)),
                None => format!("GET {v1}: not a dataset document"),
            },
            Err(missing) => missing,
        };
        tracing::warn!("{missing}; trying version 2 of the API");
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let v2 = format!(
                "{}/api/2/datasets/{id}/resources/?page={page}&page_size={PAGE_SIZE}",
                self.base
            );
            let read = self.document(name, &v2)?.and_then(|document| {
                document::v2_page(&document)
                    .ok_or_else(|| format!("GET {v2}: not a list of resources"))
            });
            match read {
                Ok((resources, more)) => {
                    all.extend(resources);
                    if !more {
                        break;
                    }
                }
                Err(also) => return Ok(Err(format!("{missing}; {also}"))),
            }
        }
        Ok(Ok(all))
    }

    /// A resource by its id alone: it may have left its dataset.
    pub fn resource(&self, name: &str, id: &str) -> Result<Option<ResourceDocument>, IngestError> {
        let url = format!("{}/api/2/datasets/resources/{id}/", self.base);
        let document = self.document(name, &url)?;
        Ok(document
            .ok()
            .as_ref()
            .and_then(document::v2_resource)
            .filter(|resource| resource.id == id))
    }

    /// A JSON document. `Err` within: it is not there or not JSON, which another address may mend.
    fn document(&self, name: &str, url: &str) -> Result<Result<Value, String>, IngestError> {
        let no_progress = Cell::new(0);
        until_done(&Limits::default(), self.context, &no_progress, || {
            let answer = http::get(name, url, HeaderMap::new(), self.context)?;
            match answer.status {
                StatusCode::OK => {
                    let body = answer.body(LONGEST, self.context)?;
                    Ok(serde_json::from_slice(&body)
                        .map_err(|error| format!("GET {url}: not JSON: {error}")))
                }
                StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Err(format!(
                    "GET {url}: the server answers {}",
                    answer.status
                ))),
                status if status.is_success() || status.is_redirection() => {
                    Err(answer.failure(&format!("unexpected answer {status}"), Again::Later))
                }
                _ => Err(answer.refusal()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    #[test]
    fn ctrl_c_is_obeyed_while_the_server_says_nothing() {
        // The system accepts the connection; nobody ever answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", silent.local_addr().unwrap());
        let context = Context::silent();
        let cancel = context.cancel.clone();
        let stopping = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            cancel.cancel();
        });
        let site = Site {
            base: &base,
            context: &context,
        };
        let asked = Instant::now();
        let answer = site.dataset("test", "id");
        assert!(matches!(answer, Err(IngestError::Interrupted)));
        assert!(asked.elapsed() < Duration::from_secs(2));
        stopping.join().unwrap();
    }
}
