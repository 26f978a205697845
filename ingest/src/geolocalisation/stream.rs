//! Positions as they are decoded, by a thread of their own: the file of positions and that of the
//! établissements are read side by side, and nothing is set aside between the two.

use arrow::array::{AsArray, RecordBatch};
use registre_schemas::manifest::DecodeReport;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::error::IngestError;

/// Batches decoded and not asked for yet.
const AHEAD: usize = 4;

/// What became of the decoding.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was given, in key order.
    Whole(Vec<DecodeReport>),
    /// A row came after one of a greater key: nothing more is given.
    OutOfOrder,
}

/// Batches of positions, in key order.
#[derive(Debug)]
pub struct Stream {
    received: Option<Receiver<RecordBatch>>,
    decoding: Option<JoinHandle<Result<Outcome, IngestError>>>,
    outcome: Option<Result<Outcome, IngestError>>,
}

/// Where the decoding gives its batches.
pub struct Sink {
    given: SyncSender<RecordBatch>,
    last: String,
    out_of_order: bool,
}

impl Sink {
    /// Gives a batch. It fails when the order is wrong, or when nobody listens any more.
    pub fn give(&mut self, batch: RecordBatch) -> Result<(), IngestError> {
        let sirets = batch.column(0).as_string::<i32>();
        for siret in sirets.iter().flatten() {
            if siret < self.last.as_str() {
                self.out_of_order = true;
                return Err(IngestError::Interrupted);
            }
            siret.clone_into(&mut self.last);
        }
        self.given
            .send(batch)
            .map_err(|_nobody_listens| IngestError::Interrupted)
    }
}

impl Stream {
    /// Starts decoding; `decode` gives its batches to the sink it receives.
    pub fn start(
        decode: impl FnOnce(&mut Sink) -> Result<Vec<DecodeReport>, IngestError> + Send + 'static,
    ) -> Self {
        let (given, received) = sync_channel(AHEAD);
        let decoding = std::thread::spawn(move || {
            let mut sink = Sink {
                given,
                last: String::new(),
                out_of_order: false,
            };
            match decode(&mut sink) {
                Err(_its_own) if sink.out_of_order => Ok(Outcome::OutOfOrder),
                decoded => decoded.map(Outcome::Whole),
            }
        });
        Self {
            received: Some(received),
            decoding: Some(decoding),
            outcome: None,
        }
    }

    /// The next batch; `None` at the end. When it fails, [`Self::end`] tells why.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, IngestError> {
        if let Some(batch) = self
            .received
            .as_ref()
            .and_then(|received| received.recv().ok())
        {
            return Ok(Some(batch));
        }
        self.wait();
        match &self.outcome {
            Some(Ok(Outcome::Whole(_))) => Ok(None),
            _ => Err(IngestError::Interrupted),
        }
    }

    /// Passes over what nobody asked for, to the end of the files.
    pub fn drain(&mut self) {
        while let Ok(Some(_batch)) = self.next() {}
    }

    /// What became of it, or its error; nothing when it is still decoding, and it then stops.
    pub fn end(mut self) -> Result<Option<Outcome>, IngestError> {
        self.outcome.take().transpose()
    }

    fn wait(&mut self) {
        if let Some(decoding) = self.decoding.take() {
            self.outcome = Some(decoding.join().unwrap_or_else(|_panic| {
                Err(IngestError::Write {
                    table: "etablissement".to_owned(),
                    detail: "the thread that decodes positions died".to_owned(),
                })
            }));
        }
    }
}

impl Drop for Stream {
    /// Nobody listens any more: the decoding stops at its next batch, and is waited for, so that
    /// nothing reads files behind a run that is over.
    fn drop(&mut self) {
        self.received = None;
        self.wait();
    }
}
