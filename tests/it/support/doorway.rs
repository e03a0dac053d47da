//! An address that leads to a Redis: it can be led elsewhere, as a name or a virtual address is after a failover, where
//! connections that are open stay where they lead to; and what Redis answers can be held back in it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use redis::aio::MultiplexedConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{TcpListener, UnixStream, tcp};
use tokio::sync::watch;

use super::TestRedis;
use super::redis::begun;

/// A TCP address that leads to one of several Redis.
pub(crate) struct Doorway {
    address: String,
    leads_to: Arc<Mutex<PathBuf>>,
    held_back: watch::Sender<Option<HeldBack>>,
}

/// Answers pass until an attempt to a destination is let begin by its pace, at this time or later.
#[derive(Clone)]
struct HeldBack {
    raw: MultiplexedConnection,
    destination: String,
    since: u64,
}

impl Doorway {
    /// One that leads there.
    pub(crate) async fn to(redis: &TestRedis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let leads_to = Arc::new(Mutex::new(redis.socket()));
        let held_back = watch::Sender::new(None);
        let (to, held) = (leads_to.clone(), held_back.subscribe());
        tokio::spawn(async move {
            while let Ok((ours, _)) = listener.accept().await {
                let path = to.lock().unwrap().clone();
                let held = held.clone();
                tokio::spawn(async move {
                    if let Ok(theirs) = UnixStream::connect(path).await {
                        let (mut asked, answers) = ours.into_split();
                        let (answered, mut asks) = theirs.into_split();
                        let asking = async {
                            let _ = copy(&mut asked, &mut asks).await;
                            let _ = asks.shutdown().await;
                        };
                        tokio::join!(asking, pass_on(answered, answers, held));
                    }
                });
            }
        });
        Self {
            address,
            leads_to,
            held_back,
        }
    }

    /// From now on it leads there.
    pub(crate) fn lead_to(&self, redis: &TestRedis) {
        *self.leads_to.lock().unwrap() = redis.socket();
    }

    /// Whoever asks through it is told nothing any more from when an attempt to this destination is let begin: not even
    /// that it is.
    pub(crate) async fn hold_back_once_begun(&self, redis: &TestRedis, destination: &str) {
        self.held_back.send_replace(Some(HeldBack {
            raw: redis.raw().await,
            destination: destination.to_owned(),
            since: redis.now().await,
        }));
    }

    /// Answers pass again, those that were held back first.
    pub(crate) fn let_pass(&self) {
        self.held_back.send_replace(None);
    }

    /// The address as `REDIS_URL`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

/// Passes on what Redis answers. What it has answered it has done, so whether to hold back is asked after that.
async fn pass_on(
    mut answered: OwnedReadHalf,
    mut answers: tcp::OwnedWriteHalf,
    mut held: watch::Receiver<Option<HeldBack>>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = answered.read(&mut bytes).await {
        let held_back = held.borrow().clone();
        if let Some(mut it) = held_back
            && begun(&mut it.raw, &it.destination)
                .await
                .iter()
                .any(|&at| at >= it.since)
        {
            // Without a doorway nobody waits for an answer either.
            let _ = held.wait_for(Option::is_none).await;
        }
        if answers.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
    let _ = answers.shutdown().await;
}
