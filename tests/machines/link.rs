//! A link between a master and its replica that takes its time, and is cut at once with all that is on it.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;
/// Pieces that may be on the way in one direction.
const ON_THE_WAY: usize = 4096;

/// A link; what is on it is lost with it.
pub(crate) struct Link {
    port: u16,
    works: JoinSet<()>,
}

impl Link {
    /// One to a port of this machine, over which everything takes so long, each way.
    pub(crate) async fn to(port: u16, takes: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let mut works = JoinSet::new();
        works.spawn(async move {
            // Both directions of each connection end with this.
            let mut ways = JoinSet::new();
            while let Ok((here, _)) = listener.accept().await {
                let there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let (from_here, to_here) = here.into_split();
                let (from_there, to_there) = there.into_split();
                ways.spawn(carry(from_here, to_there, takes));
                ways.spawn(carry(from_there, to_here, takes));
            }
        });
        Self { port: own, works }
    }

    /// Where it is entered.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts it.
    pub(crate) fn cut(&mut self) {
        self.works.abort_all();
    }
}

/// Carries what comes, each piece so long after it came.
async fn carry(
    mut from: impl AsyncRead + Unpin + Send + 'static,
    mut to: impl AsyncWrite + Unpin + Send + 'static,
    takes: Duration,
) {
    let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    let reading = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let sent = sender.send((Instant::now() + takes, piece[..length].to_vec()));
            if sent.await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((at, piece)) = pieces.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}
