//! Bytes of a file as the body of an answer, read as its client takes them.
//!
//! A download holds one buffer, lent to the connection and read again once the last byte of it was
//! written: however slow its client is, nothing piles up. A large buffer is three times as fast as a
//! small one, and there are few: they go to those who take them at once, the others have a small one.
//! So ten thousand clients that take nothing hold what [`Desk`] says, and no thread.
//!
//! What the system has in memory is copied there and then, which does not wait (`RWF_NOWAIT`); what is
//! to be read from the disk is, on the blocking pool, a few at a time.

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PARQUET;
use super::files::OpenTable;
use crate::ranges::content_range;

/// Bytes of a large buffer: it stays in a core's own cache between its reading and its writing.
const LARGE: usize = 256 * 1024;
/// Those there are: 32 MB.
const LARGE_ONES: usize = 128;
/// Bytes of a small one: ten thousand clients hold 160 MB.
const SMALL: usize = 16 * 1024;
/// A client that takes longer over what it was given has a small one next time.
const QUICK: Duration = Duration::from_millis(250);
/// Reads from the disk at the same time: the pool they run on also has the queries.
const READS: usize = 8;

/// What all downloads share.
pub(super) struct Desk {
    large: Arc<Semaphore>,
    disk: Arc<Semaphore>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            large: Arc::new(Semaphore::new(LARGE_ONES)),
            disk: Arc::new(Semaphore::new(READS)),
        }
    }
}

/// What is sent next.
enum Part {
    /// The head of a part, or the end of the last.
    Text(Bytes),
    /// Of the file.
    Range(Range<u64>),
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Range(range) => range.end - range.start,
        }
    }
}

/// A buffer, and its place among the large ones if it is one.
struct Buffer {
    bytes: Vec<u8>,
    large: Option<OwnedSemaphorePermit>,
}

/// Where a lent buffer comes back.
#[derive(Default)]
struct Slot {
    buffer: Option<Buffer>,
    /// How long the client took over the last one.
    took: Duration,
    waiting: Option<Waker>,
}

/// A buffer lent to the connection.
struct Lent {
    buffer: Option<Buffer>,
    filled: usize,
    since: Instant,
    home: Arc<Mutex<Slot>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.buffer
            .as_ref()
            .map_or(&[], |buffer| &buffer.bytes[..self.filled])
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let waiting = {
            let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
            home.buffer = self.buffer.take();
            home.took = self.since.elapsed();
            home.waiting.take()
        };
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

/// A read that waits for the disk, and how many bytes it gave.
type Reading = Pin<Box<dyn Future<Output = io::Result<(Buffer, usize)>> + Send>>;

/// The body.
pub(super) struct Slices {
    file: Arc<File>,
    desk: Arc<Desk>,
    parts: VecDeque<Part>,
    left: u64,
    slot: Arc<Mutex<Slot>>,
    reading: Option<Reading>,
}

impl Slices {
    /// A range of a file.
    pub(super) fn of(open: &OpenTable, desk: &Arc<Desk>, range: Range<u64>) -> Self {
        Self::made(open, desk, VecDeque::from([Part::Range(range)]))
    }

    /// Each range under its own head: `multipart/byteranges`.
    pub(super) fn multipart(
        open: &OpenTable,
        desk: &Arc<Desk>,
        ranges: &[Range<u64>],
        boundary: &str,
    ) -> Self {
        let mut parts = VecDeque::with_capacity(ranges.len() * 2 + 1);
        for range in ranges {
            let before = if parts.is_empty() { "" } else { "\r\n" };
            let content = content_range(range, open.bytes);
            let head = format!(
                "{before}--{boundary}\r\nContent-Type: {PARQUET}\r\nContent-Range: {content}\r\n\r\n"
            );
            parts.push_back(Part::Text(head.into()));
            parts.push_back(Part::Range(range.clone()));
        }
        parts.push_back(Part::Text(format!("\r\n--{boundary}--\r\n").into()));
        Self::made(open, desk, parts)
    }

    fn made(open: &OpenTable, desk: &Arc<Desk>, mut parts: VecDeque<Part>) -> Self {
        parts.retain(|part| part.length() > 0);
        Self {
            file: Arc::clone(&open.file),
            desk: Arc::clone(desk),
            left: parts.iter().map(Part::length).sum(),
            parts,
            slot: Arc::new(Mutex::new(Slot {
                buffer: Some(Buffer {
                    bytes: Vec::new(),
                    large: None,
                }),
                ..Slot::default()
            })),
            reading: None,
        }
    }

    /// The buffer, once it is back, of the size that suits its client.
    fn buffer(&self, context: &Context<'_>, wanted: u64) -> Poll<Buffer> {
        let (mut buffer, quick) = {
            let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(buffer) = slot.buffer.take() else {
                slot.waiting = Some(context.waker().clone());
                return Poll::Pending;
            };
            (buffer, slot.took < QUICK)
        };
        if !quick {
            buffer.large = None;
        } else if buffer.large.is_none() && wanted > SMALL as u64 {
            buffer.large = Arc::clone(&self.desk.large).try_acquire_owned().ok();
        }
        let most = if buffer.large.is_some() { LARGE } else { SMALL };
        let size = usize::try_from(wanted).unwrap_or(most).min(most);
        if buffer.bytes.len() < size || buffer.bytes.len() > most {
            buffer.bytes = vec![0; size];
        }
        Poll::Ready(buffer)
    }

    /// Lends what was read.
    fn lend(&mut self, (buffer, filled): (Buffer, usize)) -> Frame<Bytes> {
        let read = filled as u64;
        self.left -= read;
        if let Some(Part::Range(range)) = self.parts.front_mut() {
            range.start += read;
            if range.start >= range.end {
                self.parts.pop_front();
            }
        }
        Frame::data(Bytes::from_owner(Lent {
            buffer: Some(buffer),
            filled,
            since: Instant::now(),
            home: Arc::clone(&self.slot),
        }))
    }
}

impl Body for Slices {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(reading) = &mut this.reading {
                let read = ready!(reading.as_mut().poll(context));
                this.reading = None;
                return Poll::Ready(Some(read.map(|read| this.lend(read))));
            }
            let range = match this.parts.front_mut() {
                None => return Poll::Ready(None),
                Some(Part::Text(text)) => {
                    let text = std::mem::take(text);
                    this.parts.pop_front();
                    this.left -= text.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(text))));
                }
                Some(Part::Range(range)) => range.clone(),
            };
            let wanted = range.end - range.start;
            let mut buffer = ready!(this.buffer(context, wanted));
            let size = buffer.bytes.len();
            let size = usize::try_from(wanted).map_or(size, |wanted| wanted.min(size));
            match read_now(&this.file, &mut buffer.bytes[..size], range.start) {
                Ok(Some(0)) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                Ok(Some(read)) => return Poll::Ready(Some(Ok(this.lend((buffer, read))))),
                Ok(None) => {
                    let (file, disk) = (Arc::clone(&this.file), Arc::clone(&this.desk.disk));
                    this.reading =
                        Some(Box::pin(read_aside(file, disk, buffer, size, range.start)));
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// What the system has in memory from there on; `None` when it would have to wait for the disk.
fn read_now(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<Option<usize>> {
    loop {
        let mut into = [IoSliceMut::new(bytes)];
        return match preadv2(file, &mut into, offset, ReadWriteFlags::NOWAIT) {
            Ok(read) => Ok(Some(read)),
            Err(Errno::INTR) => continue,
            // Not in memory, or a file system that cannot tell.
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
}

async fn read_aside(
    file: Arc<File>,
    disk: Arc<Semaphore>,
    mut buffer: Buffer,
    size: usize,
    offset: u64,
) -> io::Result<(Buffer, usize)> {
    let _turn = disk.acquire_owned().await.map_err(io::Error::other)?;
    let read = move || {
        file.read_exact_at(&mut buffer.bytes[..size], offset)?;
        Ok((buffer, size))
    };
    let read = tokio::task::spawn_blocking(read);
    read.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;
    use http_body_util::BodyExt as _;
    use std::io::Write as _;

    fn table(bytes: usize) -> (OpenTable, Vec<u8>) {
        let content: Vec<u8> = (0..bytes)
            .map(|at| u8::try_from(at * 31 % 251).unwrap())
            .collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let open = OpenTable {
            file: Arc::new(file),
            bytes: bytes as u64,
            modified: Utc::now(),
        };
        (open, content)
    }

    /// A reader that keeps a chunk, as `collect` does, would wait for ever for the next: what is
    /// lent must be given back. So each is copied here.
    async fn taken(mut body: Slices) -> Vec<u8> {
        let announced = body.size_hint().exact().unwrap();
        let mut all = Vec::new();
        while let Some(frame) = body.frame().await {
            all.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
        assert_eq!(all.len() as u64, announced);
        assert!(body.is_end_stream());
        all
    }

    #[tokio::test]
    async fn a_range_is_sent_to_the_byte_whatever_the_buffers() {
        let (open, content) = table(LARGE * 3 + 17);
        let size = content.len();
        for range in [
            0..size,
            0..1,
            5..SMALL,
            SMALL - 1..LARGE + 1,
            size - 8..size,
        ] {
            let asked = range.start as u64..range.end as u64;
            let desk = Arc::new(Desk::new());
            assert!(taken(Slices::of(&open, &desk, asked.clone())).await == content[range.clone()]);
            // Without a large buffer left, smaller ones.
            let _all = desk
                .large
                .try_acquire_many(u32::try_from(LARGE_ONES).unwrap())
                .unwrap();
            assert!(taken(Slices::of(&open, &desk, asked)).await == content[range]);
        }
    }

    #[tokio::test]
    async fn what_is_read_aside_is_the_same() {
        let (open, content) = table(1000);
        let desk = Desk::new();
        let buffer = Buffer {
            bytes: vec![0; 100],
            large: None,
        };
        let read = read_aside(open.file, desk.disk, buffer, 100, 500)
            .await
            .unwrap();
        assert_eq!(read.0.bytes, &content[500..600]);
    }

    #[tokio::test]
    async fn one_buffer_is_out_at_a_time_and_the_large_ones_are_counted() {
        let (open, _) = table(LARGE * 4);
        let desk = Arc::new(Desk::new());
        let mut bodies: Vec<_> = (0..LARGE_ONES * 2)
            .map(|_| Slices::of(&open, &desk, 0..open.bytes))
            .collect();
        let mut lent = Vec::new();
        for body in &mut bodies {
            lent.push(body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        let large = lent.iter().filter(|chunk| chunk.len() == LARGE).count();
        assert_eq!(large, LARGE_ONES);
        assert!(
            lent.iter()
                .all(|chunk| [SMALL, LARGE].contains(&chunk.len()))
        );
        // Nothing more until what was lent is back.
        let mut next = std::pin::pin!(bodies[0].frame());
        assert!(futures_pending(next.as_mut()).await);
        lent.remove(0);
        assert!(next.await.is_some());
        drop((lent, bodies));
        assert_eq!(desk.large.available_permits(), LARGE_ONES);
    }

    async fn futures_pending<F: Future + Unpin>(mut future: F) -> bool {
        std::future::poll_fn(|context| {
            Poll::Ready(Pin::new(&mut future).poll(context).is_pending())
        })
        .await
    }

    #[tokio::test]
    async fn a_slow_client_gives_its_large_buffer_back() {
        let (open, _) = table(LARGE * 4);
        let desk = Arc::new(Desk::new());
        let mut body = Slices::of(&open, &desk, 0..open.bytes);
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.len(), LARGE);
        tokio::time::sleep(QUICK).await;
        drop(first);
        let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(second.len(), SMALL);
        assert_eq!(desk.large.available_permits(), LARGE_ONES);
        drop(second);
        let third = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(third.len(), LARGE);
    }

    #[tokio::test]
    async fn a_file_shorter_than_it_was_ends_the_body_with_an_error() {
        let (mut open, _) = table(100);
        open.bytes = 200;
        let mut body = Slices::of(&open, &Arc::new(Desk::new()), 50..200);
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.len(), 50);
        drop(first);
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn each_range_of_several_has_its_own_head() {
        let (open, content) = table(1000);
        let body = Slices::multipart(&open, &Arc::new(Desk::new()), &[0..5, 500..505], "limite");
        let expected = [
            b"--limite\r\nContent-Type: application/vnd.apache.parquet\r\nContent-Range: bytes 0-4/1000\r\n\r\n".as_slice(),
            &content[..5],
            b"\r\n--limite\r\nContent-Type: application/vnd.apache.parquet\r\nContent-Range: bytes 500-504/1000\r\n\r\n",
            &content[500..505],
            b"\r\n--limite--\r\n",
        ];
        assert_eq!(taken(body).await, expected.concat());
    }

    #[tokio::test]
    async fn nothing_is_an_empty_body() {
        let (open, _) = table(10);
        let body = Slices::of(&open, &Arc::new(Desk::new()), 3..3);
        assert!(body.is_end_stream());
        assert_eq!(taken(body).await, b"");
    }
}
