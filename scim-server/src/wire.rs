//! A connection as hyper reads and writes it. What hyper says by itself, because it could not read a request, goes out as
//! an answer of ours: with a name, a reason in the form of RFC 7644 §3.12, a count and a line in the log.
//!
//! Every answer of ours has a name in its head and hyper's have none; that is how they are told apart.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::request_id;
use crate::route::{self, App};

/// How long a client may take to read a last word.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Hyper's own answers are shorter.
const LONGEST_OWN: usize = 320;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// What hyper holds of a connection.
pub(crate) struct Wire<S: AsyncRead + AsyncWrite + Unpin> {
    /// There until it is dropped.
    io: Option<TokioIo<S>>,
    app: Arc<App>,
    /// What goes out in the place of what hyper wrote.
    instead: Option<Instead>,
    /// Whether something has come since the last that was written.
    is_asked: bool,
    /// Where the connection goes when hyper lets go of it.
    after: Option<oneshot::Sender<Rest<S>>>,
}

/// A connection that hyper has let go of.
pub(crate) struct Rest<S> {
    io: S,
    is_asked: bool,
}

struct Instead {
    bytes: Vec<u8>,
    written: usize,
    /// How much of hyper's it stands for.
    of: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(io: S, app: Arc<App>) -> (Self, oneshot::Receiver<Rest<S>>) {
        let (after, rest) = oneshot::channel();
        let wire = Self {
            io: Some(TokioIo::new(io)),
            app,
            instead: None,
            is_asked: false,
            after: Some(after),
        };
        (wire, rest)
    }

    fn io(&mut self) -> io::Result<Pin<&mut TokioIo<S>>> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        self.io.as_mut().map(Pin::new).ok_or_else(gone)
    }

    fn poll_instead(
        &mut self,
        cx: &mut Context<'_>,
        mut instead: Instead,
    ) -> Poll<io::Result<usize>> {
        while let Some(left) = instead
            .bytes
            .get(instead.written..)
            .filter(|it| !it.is_empty())
        {
            match self.io()?.poll_write(cx, left) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => instead.written += written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.instead = Some(instead);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(instead.of))
    }

    /// What goes out in the place of these slices, if hyper speaks for itself at their end.
    fn instead_of(&self, slices: &[IoSlice<'_>]) -> Option<Instead> {
        let last = slices.iter().rev().find(|it| !it.is_empty())?;
        let (status, length) = own_answer(last)?;
        let mut bytes: Vec<u8> = slices.iter().flat_map(|it| it.iter().copied()).collect();
        let of = bytes.len();
        bytes.truncate(of - length);
        bytes.extend(route::unreadable(&self.app, &Fault::unreadable(status)));
        Some(Instead {
            bytes,
            written: 0,
            of,
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Drop for Wire<S> {
    fn drop(&mut self) {
        if let (Some(io), Some(after)) = (self.io.take(), self.after.take()) {
            let is_asked = self.is_asked;
            // Nobody waits for it when the server stops.
            let _ = after.send(Rest {
                io: io.into_inner(),
                is_asked,
            });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.io()?.poll_read(cx, buf))?;
        wire.is_asked = true;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        wire.is_asked = false;
        if let Some(instead) = wire.instead.take() {
            return wire.poll_instead(cx, instead);
        }
        match wire.instead_of(slices) {
            Some(instead) => wire.poll_instead(cx, instead),
            None => wire.io()?.poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.as_ref().is_some_and(Write::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().io()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().io()?.poll_shutdown(cx)
    }
}

/// The status and length of an answer of hyper's own with which these bytes end.
fn own_answer(bytes: &[u8]) -> Option<(StatusCode, usize)> {
    if !bytes.ends_with(END_OF_HEAD) {
        return None;
    }
    let tail = bytes.get(bytes.len().saturating_sub(LONGEST_OWN)..)?;
    let begin = tail.windows(7).rposition(|it| it == b"HTTP/1.")?;
    let head = tail.get(begin..)?;
    let text = std::str::from_utf8(head).ok()?;
    let code = text.get(9..12)?.parse().ok()?;
    let is_ours = text.contains(request_id::HEADER);
    (code >= 400 && !is_ours)
        .then(|| StatusCode::from_u16(code).ok())?
        .map(|it| (it, head.len()))
}

/// The last word to a client whose request broke off unread: hyper has none for these.
pub(crate) async fn last_word<S: AsyncRead + AsyncWrite + Unpin>(
    app: &App,
    error: &hyper::Error,
    rest: oneshot::Receiver<Rest<S>>,
) {
    let status = if error.is_timeout() {
        StatusCode::REQUEST_TIMEOUT
    } else if error.is_parse_version_h2() {
        StatusCode::HTTP_VERSION_NOT_SUPPORTED
    } else {
        return;
    };
    // A connection that was only kept open just ends: a word on it could be taken for the answer to the next request.
    let Ok(Rest { io, is_asked: true }) = rest.await else {
        return;
    };
    refuse(app, io, &Fault::unreadable(status)).await;
}

/// Answers a connection from which no request was read, and ends it.
pub(crate) async fn refuse<S: AsyncWrite + Unpin>(app: &App, mut io: S, why: &Fault) {
    let answer = route::unreadable(app, why);
    let said = async {
        io.write_all(&answer).await?;
        io.shutdown().await
    };
    // Whoever does not listen is not told.
    let _ = tokio::time::timeout(LAST_WORD, said).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_name_is_hypers_own() {
        let told =
            |it: &str| own_answer(it.as_bytes()).map(|(status, length)| (status.as_u16(), length));
        let own = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(told(own), Some((431, own.len())));
        let behind = format!("HTTP/1.1 200 OK\r\nx-request-id: 1\r\n\r\n{{}}{own}");
        assert_eq!(told(&behind), Some((431, own.len())));
        for other in [
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1-2\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\n\r\n{}",
            "{\"detail\": \"HTTP/1.1 400\"}",
            "\r\n\r\n",
            "",
        ] {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
