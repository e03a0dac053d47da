//! What goes on at a connection, and by when it must go on.

use std::io::IoSlice;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::settings::server::ServerConfig;

/// Who has been asked to leave has so long to say what is on its way.
pub(super) const LAST_WORD: Duration = Duration::from_millis(500);

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doing {
    /// It has its answer.
    Idle = 0,
    /// It has yet to say anything.
    New = 1,
    /// It has begun to say what it wants.
    Asking = 2,
    /// It has said what it wants, and sends the body.
    Sending = 3,
    /// Its request is in hand, to the last byte.
    Served = 4,
    /// It gets an answer that has no end: what happens, as it happens.
    Listening = 5,
}

impl Doing {
    /// Whether it is the client who has to go on.
    pub(super) fn is_owing(self) -> bool {
        matches!(self, Self::New | Self::Asking | Self::Sending)
    }
}

/// So many bits of a state tell what the client does.
const BITS: u32 = 3;

/// What goes on at a connection, and since when. One word, because every request changes it.
pub(super) struct Activity {
    /// Where the client is.
    network: IpAddr,
    began: Instant,
    /// Milliseconds since it began, and in the last [`BITS`] what the client does.
    state: AtomicU64,
    /// The millisecond, plus one, from which it has not read its answer; 0: it does.
    deaf: AtomicU64,
    asked: AtomicBool,
    leave: Notify,
}

impl Activity {
    pub(super) fn new(network: IpAddr) -> Self {
        Self {
            network,
            began: Instant::now(),
            state: AtomicU64::new(Doing::New as u64),
            deaf: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            leave: Notify::new(),
        }
    }

    /// Where the client is.
    pub(super) fn network(&self) -> IpAddr {
        self.network
    }

    /// A request has said what it wants; its body is to come.
    pub(super) fn send(&self) {
        self.set(Doing::Sending);
    }

    /// A request is in hand.
    pub(super) fn serve(&self) {
        self.set(Doing::Served);
    }

    /// The request gets an answer that ends with its connection.
    pub(super) fn listen(&self) {
        self.set(Doing::Listening);
    }

    /// The request has its answer.
    pub(super) fn served(&self) {
        self.set(Doing::Idle);
    }

    /// By when something must have changed; nothing presses while a request is in hand. How long a body may take is for
    /// whoever reads it to say, who can answer.
    pub(super) fn due(&self, config: &ServerConfig) -> Option<Instant> {
        let (doing, since) = self.state();
        let patience = match doing {
            Doing::Idle => Some(config.keep_alive),
            Doing::New | Doing::Asking => Some(config.head()),
            Doing::Sending | Doing::Listening => self.is_asked().then_some(LAST_WORD),
            Doing::Served => None,
        };
        let longest = if self.is_asked() {
            LAST_WORD
        } else {
            Duration::MAX
        };
        let next = patience.map(|patience| since + patience.min(longest));
        let deaf = match self.deaf.load(Ordering::Relaxed) {
            0 => None,
            since => Some(self.at(since - 1) + config.request),
        };
        next.into_iter().chain(deaf).min()
    }

    /// Whether nothing of a request has come, and nothing of an answer is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().0 <= Doing::New && self.deaf.load(Ordering::Relaxed) == 0
    }

    /// What the client is at, and since when.
    pub(super) fn state(&self) -> (Doing, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let doing = match state & ((1 << BITS) - 1) {
            0 => Doing::Idle,
            1 => Doing::New,
            2 => Doing::Asking,
            3 => Doing::Sending,
            4 => Doing::Served,
            _ => Doing::Listening,
        };
        (doing, self.at(state >> BITS))
    }

    /// Others need the slot.
    pub(super) fn ask_to_leave(&self) {
        self.asked.store(true, Ordering::Relaxed);
        self.leave.notify_one();
    }

    /// Whether others need the slot.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits until others need the slot.
    pub(super) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }

    fn heard(&self) {
        if self.state().0 <= Doing::New {
            self.set(Doing::Asking);
        }
    }

    fn wrote<T>(&self, written: &Poll<T>) {
        let deaf = self.deaf.load(Ordering::Relaxed);
        match written {
            Poll::Pending if deaf == 0 => self.deaf.store(self.now() + 1, Ordering::Relaxed),
            Poll::Ready(_) if deaf != 0 => self.deaf.store(0, Ordering::Relaxed),
            Poll::Pending | Poll::Ready(_) => {}
        }
    }

    fn set(&self, doing: Doing) {
        let state = self.now() << BITS | doing as u64;
        self.state.store(state, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX >> BITS)
    }

    fn at(&self, millis: u64) -> Instant {
        self.began + Duration::from_millis(millis)
    }
}

/// A stream that notes in the activity of its connection what it hears and whether it is heard.
pub(super) struct Watched {
    pub(super) stream: TcpStream,
    pub(super) activity: Arc<Activity>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.activity.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.activity.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
