//! Refused rows and unreadable values: counted by reason, the first kept with their line, and a
//! budget past which the run fails.

use arrow::record_batch::RecordBatch;
use registre_schemas::manifest::{Counted, DecodeReport, Reject};

use super::Entry;
use super::parse::Parsed;
use crate::error::IngestError;

/// The record has not as many fields as the header.
pub const FIELD_COUNT: &str = "nombre de champs";
/// A key is missing or has not the right number of digits.
pub const KEY: &str = "clé illisible";
/// A quote opens and never closes: the line is refused, and the next one read as a new record.
pub const UNCLOSED: &str = "guillemet non fermé";
/// A value is not of its column's type: the row is kept, the value is null.
pub const UNREADABLE: &str = "valeur illisible";
/// Bytes that are not valid in the file's encoding: replaced by U+FFFD.
pub const ENCODING: &str = "encodage invalide";

/// Samples kept per reason, of a chunk and of the whole file: more would only repeat the first.
const SAMPLES: usize = 5;
/// Characters shown of a value.
const SHOWN: usize = 60;

/// What one chunk of a file refuses.
#[derive(Debug)]
pub struct Noted<'a> {
    file: &'a str,
    counted: Counted,
    counts: Vec<(String, u64)>,
    samples: Vec<Reject>,
    /// Rows that are not kept.
    pub refused: u64,
}

impl<'a> Noted<'a> {
    /// Nothing yet, of that file.
    #[must_use]
    pub fn new(file: &'a str, counted: Counted) -> Self {
        Self {
            file,
            counted,
            counts: Vec::new(),
            samples: Vec::new(),
            refused: 0,
        }
    }

    /// One more. `place` is asked only for those that are kept as samples.
    pub fn note(
        &mut self,
        reason: &str,
        column: Option<&str>,
        value: &str,
        place: impl FnOnce() -> u64,
    ) {
        let reason = column.map_or_else(
            || reason.to_owned(),
            |column| format!("{reason} : {column}"),
        );
        let known = self.counts.iter().position(|(known, _)| *known == reason);
        let known = known.unwrap_or_else(|| {
            self.counts.push((reason.clone(), 0));
            self.counts.len() - 1
        });
        self.counts[known].1 += 1;
        if self.counts[known].1 <= SAMPLES as u64 {
            self.samples.push(Reject {
                file: self.file.to_owned(),
                line: place(),
                counted: self.counted,
                column: column.map(str::to_owned),
                reason,
                value: value.chars().take(SHOWN).collect(),
            });
        }
    }

    /// With the rows that are kept, out of those read.
    #[must_use]
    pub fn with(self, batch: RecordBatch, rows_read: u64) -> Parsed {
        Parsed {
            batch,
            rows_read,
            counts: self.counts,
            refused: self.refused,
            samples: self.samples,
        }
    }
}

/// Gathers what the chunks of one file refused.
#[derive(Debug)]
pub struct Rejects {
    report: DecodeReport,
    refused: u64,
    refused_per_million: u64,
}

impl Rejects {
    /// With the budget of its source.
    #[must_use]
    pub fn new(refused_per_million: u64) -> Self {
        Self {
            report: DecodeReport::default(),
            refused: 0,
            refused_per_million,
        }
    }

    /// Adds a chunk. With no budget, the first refused row stops the run at once.
    pub fn merge(&mut self, parsed: &Parsed) -> Result<(), IngestError> {
        self.report.rows_read += parsed.rows_read;
        self.report.rows_kept += parsed.rows_read - parsed.refused;
        self.refused += parsed.refused;
        for (reason, count) in &parsed.counts {
            *self.report.rejects.entry(reason.clone()).or_default() += count;
        }
        for sample in &parsed.samples {
            if self
                .report
                .samples
                .iter()
                .filter(|kept| kept.reason == sample.reason)
                .count()
                < SAMPLES
            {
                self.report.samples.push(sample.clone());
            }
        }
        if self.refused > 0 && self.refused_per_million == 0 {
            return Err(self.over_budget(0));
        }
        Ok(())
    }

    /// The report, unless too many rows were refused.
    pub(super) fn finish(
        mut self,
        source: &str,
        entries: &[Entry],
    ) -> Result<DecodeReport, IngestError> {
        // A small file may hold a few bad rows without being a bad file.
        let budget = (self.report.rows_read * self.refused_per_million / 1_000_000)
            .max(self.refused_per_million.min(10));
        if self.refused > budget {
            return Err(self.over_budget(budget));
        }
        if let Some(entry) = entries.first() {
            self.report
                .unknown_columns
                .clone_from(&entry.layout.unknown);
        }
        for name in entries.iter().flat_map(|entry| &entry.layout.missing) {
            if !self.report.missing_columns.contains(name) {
                self.report.missing_columns.push(name.clone());
            }
        }
        if !self.report.missing_columns.is_empty() {
            let names = self.report.missing_columns.join(", ");
            tracing::info!(
                source.name = source,
                "{source}: columns not in this edition, null: {names}"
            );
        }
        if !self.report.rejects.is_empty() {
            tracing::warn!(source.name = source, "{source}: {}", describe(&self.report));
        }
        if !self.report.unknown_columns.is_empty() {
            tracing::warn!(
                source.name = source,
                "{source}: unknown columns kept as text: {}",
                self.report.unknown_columns.join(", ")
            );
        }
        Ok(self.report)
    }

    fn over_budget(&self, budget: u64) -> IngestError {
        let refusing = |sample: &&Reject| {
            [FIELD_COUNT, KEY, UNCLOSED]
                .iter()
                .any(|reason| sample.reason.starts_with(reason))
        };
        let first = self.report.samples.iter().find(refusing);
        IngestError::Budget {
            file: first.map(|sample| sample.file.clone()).unwrap_or_default(),
            rejected: self.refused,
            read: self.report.rows_read,
            budget,
            first: first
                .map(|sample| {
                    format!(
                        "first: {}, {}: {:?}",
                        sample.place(),
                        sample.reason,
                        sample.value
                    )
                })
                .unwrap_or_default(),
        }
    }
}

/// One line: how many of each reason, and where the first is.
fn describe(report: &DecodeReport) -> String {
    let reasons: Vec<String> = report
        .rejects
        .iter()
        .map(|(reason, count)| {
            let first = report
                .samples
                .iter()
                .find(|sample| sample.reason == *reason);
            let place = first.map(|sample| {
                format!(
                    " (first: {} {}, {:?})",
                    sample.file,
                    sample.place(),
                    sample.value
                )
            });
            format!("{count} × {reason}{}", place.unwrap_or_default())
        })
        .collect();
    reasons.join("; ")
}
