//! A client's socket, closed so that the last answer arrives.
//!
//! A request refused before it was read whole (a body or headers too large) leaves bytes unread: closed
//! at once, the system resets the connection, and the client loses the answer that said why. So what
//! still comes is read and thrown away, for a while and up to a size, the client's place being kept.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

/// How long a client may go on sending what is thrown away.
const LINGER: Duration = Duration::from_secs(2);

/// Bytes thrown away at most.
const MOST: u64 = 1024 * 1024;

/// A connected socket and its place among clients.
pub(super) struct Socket {
    /// Taken when dropped.
    stream: Option<(TcpStream, OwnedSemaphorePermit)>,
    /// The client said that it sends no more, or is gone.
    ended: bool,
    /// Bytes the system took for it so far.
    taken: Arc<AtomicU64>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        Self {
            stream: Some((stream, place)),
            ended: false,
            taken: Arc::default(),
        }
    }

    /// How many bytes went to the client, as long as it is there.
    pub(super) fn taken(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }

    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.taken.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
        written
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        match &mut self.stream {
            Some((stream, _place)) => Ok(Pin::new(stream)),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some((stream, place)) = self.stream.take()
            && !self.ended
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                let _too_long = tokio::time::timeout(LINGER, throw_away(stream)).await;
                drop(place);
            });
        }
    }
}

/// Until the client ends too.
async fn throw_away(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await?;
    Ok(())
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let room = buffer.remaining() > 0;
        let read = self.stream()?.poll_read(context, buffer);
        match &read {
            Poll::Ready(Ok(())) if room && buffer.filled().len() == before => self.ended = true,
            Poll::Ready(Err(_gone)) => self.ended = true,
            _ => {}
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write(context, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write_vectored(context, slices);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}
