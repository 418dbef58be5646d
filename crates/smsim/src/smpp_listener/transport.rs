//! What carries the octets of a link: TCP, or TLS over it, as a reading and a writing half.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio_rustls::TlsStream;

/// The writing half of a connection.
pub trait WriteHalf: AsyncWrite + Unpin + Send + 'static {
    /// Lets the connection end with a reset, without a goodbye, once the reading half is gone too.
    fn reset(self);
}

impl WriteHalf for OwnedWriteHalf {
    fn reset(self) {
        let _ = self.as_ref().set_zero_linger();
        // Dropped in the ordinary way it would say goodbye first.
        self.forget();
    }
}

/// Either half of a TLS connection; the other one holds the same stream.
#[derive(Debug)]
pub struct TlsHalf {
    stream: Arc<Mutex<TlsStream<TcpStream>>>,
}

impl TlsHalf {
    /// The two halves of a connection.
    pub fn split(stream: TlsStream<TcpStream>) -> (Self, Self) {
        let stream = Arc::new(Mutex::new(stream));
        let other = Arc::clone(&stream);
        (Self { stream }, Self { stream: other })
    }

    fn stream(&self) -> MutexGuard<'_, TlsStream<TcpStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriteHalf for TlsHalf {
    fn reset(self) {
        let _ = self.stream().get_ref().0.set_zero_linger();
    }
}

impl AsyncRead for TlsHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_read(context, octets)
    }
}

impl AsyncWrite for TlsHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(context)
    }
}
