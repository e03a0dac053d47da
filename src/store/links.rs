//! The shared connections to Redis, which mend themselves.
//!
//! A connection that broke is made anew, however often that fails and whatever it fails with, for as long as the daemon
//! lives: a password that was changed may be changed back. One whose Redis refuses what it must take (a master that
//! became a replica, a full disk) still serves what it can, while another is made beside it: the address may lead
//! elsewhere by now. Each attempt resolves the address anew. One that broke while nobody used it is found by looking.

mod batcher;
mod beside;
mod leaving;
mod live;
mod mending;
mod replacement;
mod shortage;
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Client, ErrorKind, RedisError, RedisResult};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::batcher::Batcher;
pub(super) use self::batcher::Job;
pub(super) use self::live::{Live, Purpose};
use self::mending::mended;
use self::shortage::Shortage;
use self::watching::watched;
use super::dialling::{establish, silent};
use super::nodes::Tag;
use super::refusal;
use super::trouble::Trouble;

/// Redis reads some 16 KB of a connection before it syncs to disk and answers, which is about 28 appends. Two brought a
/// tenth more of them under one sync; four no more than two (`make bench`, appends without HTTP).
const CONNECTIONS: usize = 2;
/// A connection on which nothing was answered for so long leads to a Redis that hangs; another may have taken its place.
const MOST_SILENT: Duration = Duration::from_secs(5);
/// The longest between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How one of the shared connections is.
struct State {
    live: Option<Live>,
    /// Somebody is at it: makes one until it works.
    mending: bool,
    /// The attempt to make one is under way: who has none waits for it.
    connecting: bool,
    /// Why the last attempt failed: who has none is told so at once between two attempts.
    why: Option<RedisError>,
}

/// All shared connections of a store.
pub(super) struct Links {
    client: Client,
    /// The plain ones, and behind them those on which replicas are waited for, if any are.
    links: Vec<watch::Sender<State>>,
    /// How many replicas are waited for, and whether they are there.
    shortage: Arc<Shortage>,
    /// For each of them: whether it is being asked if it still answers.
    doubted: Vec<AtomicBool>,
    next_number: AtomicU64,
    /// By what it is asked how it is: something that lies there.
    probed: AtomicU8,
    trouble: Trouble,
    /// Nobody is to hear anything from there any more.
    left: CancellationToken,
}

impl Links {
    /// Connects each of them once; so many `replicas` are waited for.
    ///
    /// # Errors
    /// When one cannot be made, or nothing can be done on it. That Redis takes no writes is no error.
    pub(super) async fn open(
        client: Client,
        place: String,
        replicas: u32,
    ) -> RedisResult<Arc<Self>> {
        let mut made = Vec::new();
        for _ in 0..connections(replicas) {
            let (connection, refusal) = establish(&client, Tag::CONFIG).await?;
            match refusal {
                Some(refusal) if !refusal::is_of_writes(&refusal) => return Err(refusal),
                _ => made.push((connection, refusal)),
            }
        }
        let mut links = Self {
            client,
            links: Vec::new(),
            shortage: Arc::new(Shortage::new(place.clone(), replicas)),
            doubted: made.iter().map(|_| AtomicBool::default()).collect(),
            next_number: AtomicU64::default(),
            probed: AtomicU8::new(Tag::CONFIG.number()),
            trouble: Trouble::new(place),
            left: CancellationToken::new(),
        };
        let mut refusals = Vec::new();
        for (which, (connection, refusal)) in made.into_iter().enumerate() {
            let state = State {
                live: Some(links.live(which, connection)),
                mending: false,
                connecting: false,
                why: None,
            };
            links.links.push(watch::Sender::new(state));
            refusals.extend(refusal);
        }
        let links = Arc::new(links);
        if let Some(refusal) = refusals.first() {
            links.leave(refusal);
        }
        tokio::spawn(watched(Arc::downgrade(&links)));
        Ok(links)
    }

    fn live(&self, which: usize, connection: MultiplexedConnection) -> Live {
        let waits = which >= CONNECTIONS;
        Live {
            batcher: waits.then(|| Batcher::start(connection.clone(), self.shortage.clone())),
            connection,
            which,
            number: self.next_number.fetch_add(1, Ordering::Relaxed),
            made: Instant::now(),
        }
    }

    /// Where they lead to, for people.
    pub(super) fn place(&self) -> &str {
        self.trouble.place()
    }

    /// How many there are for each purpose.
    pub(super) fn count(&self) -> usize {
        CONNECTIONS
    }

    /// Where they lead to, for connections beside them.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// One of the connections for a purpose; any number chooses one. Where it is being made, this waits for the end of that attempt.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn get(&self, purpose: Purpose, which: usize) -> RedisResult<Live> {
        let link = &self.links[match purpose {
            Purpose::Plain => which % CONNECTIONS,
            Purpose::Waiting => CONNECTIONS + which % CONNECTIONS,
        }];
        if let Some(live) = link.borrow().live.clone() {
            return Ok(live);
        }
        let mut states = link.subscribe();
        let state = states
            .wait_for(|state| state.live.is_some() || !state.connecting)
            .await;
        let found = state.map(|state| (state.live.clone(), state.why.clone()));
        match found {
            Ok((Some(live), _)) => Ok(live),
            Ok((None, Some(why))) => Err(why),
            Ok((None, None)) | Err(_) => Err(no_connection()),
        }
    }

    /// Learns from what a call on `live` came to.
    pub(super) fn failed(self: &Arc<Self>, live: &Live, error: &RedisError) {
        // An answer of another type than was asked for is no fault of the connection.
        if error.kind() == ErrorKind::Io {
            self.lost(live, error);
        } else if refusal::is_lasting(error) && self.is_used(live) {
            self.leave(error);
        }
    }

    /// A call on `live` had no answer in time: is it slow, or does nobody answer there any more?
    pub(super) fn doubt(self: &Arc<Self>, live: Live) {
        let doubted = &self.doubted[live.which];
        if !self.is_used(&live) || doubted.swap(true, Ordering::Relaxed) {
            return;
        }
        let doubt = Doubt(self.clone(), live.which);
        tokio::spawn(async move {
            let Doubt(links, _) = &doubt;
            let mut connection = live.connection.clone();
            let ping = redis::cmd("PING");
            let asked = ping.query_async::<()>(&mut connection);
            match timeout(MOST_SILENT, asked).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => links.failed(&live, &error),
                Err(_) => links.lost(&live, &silent(MOST_SILENT)),
            }
        });
    }

    fn is_used(&self, live: &Live) -> bool {
        let state = self.links[live.which].borrow();
        let used = state.live.as_ref();
        used.is_some_and(|used| used.number == live.number)
    }

    /// `live` is of no use any more.
    fn lost(self: &Arc<Self>, live: &Live, why: &RedisError) {
        let mut begin = false;
        self.links[live.which].send_if_modified(|state| {
            let used = state.live.as_ref();
            if used.is_none_or(|used| used.number != live.number) {
                return false;
            }
            state.live = None;
            // Of who is at it already the next attempt may be some time away.
            state.why = Some(why.clone());
            begin = !self.left.is_cancelled() && !std::mem::replace(&mut state.mending, true);
            state.connecting |= begin;
            true
        });
        if begin {
            tokio::spawn(mended(Arc::downgrade(self), live.which, why.clone(), None));
        }
    }

    /// Redis answers, but not as it must: others are made, while these serve what they can.
    fn leave(self: &Arc<Self>, why: &RedisError) {
        for (which, link) in self.links.iter().enumerate() {
            let mut made = None;
            link.send_if_modified(|state| {
                if !state.mending {
                    made = state.live.as_ref().map(|live| live.made);
                    state.mending |= made.is_some();
                }
                false
            });
            if let Some(made) = made {
                self.trouble.begins(which, why);
                // One that was made a moment ago led to the same.
                let pause = LONGEST_PAUSE.checked_sub(made.elapsed());
                tokio::spawn(mended(Arc::downgrade(self), which, why.clone(), pause));
            }
        }
    }

    /// One attempt; answers why there must be another.
    async fn attempt(&self, which: usize) -> Option<RedisError> {
        let link = &self.links[which];
        link.send_if_modified(|state| {
            state.connecting = true;
            false
        });
        let (live, why) = match establish(&self.client, self.probed()).await {
            Ok((connection, refusal)) => (Some(self.live(which, connection)), refusal),
            Err(error) => (None, Some(error)),
        };
        link.send_modify(|state| {
            state.connecting = false;
            state.mending = why.is_some();
            state.why.clone_from(&why);
            if self.left.is_cancelled() {
                return;
            }
            // Where one is refused like the other, nothing is gained by the new one.
            if why.is_none() || state.live.is_none() {
                state.live = live.or(state.live.take());
            }
        });
        why
    }
}

/// As long as it is there, a connection is being asked if it still answers.
struct Doubt(Arc<Links>, usize);

impl Drop for Doubt {
    fn drop(&mut self) {
        self.0.doubted[self.1].store(false, Ordering::Relaxed);
    }
}

/// How many there are, where so many replicas are waited for.
fn connections(replicas: u32) -> usize {
    match replicas {
        0 => CONNECTIONS,
        _ => 2 * CONNECTIONS,
    }
}

fn no_connection() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::NotConnected).into()
}
