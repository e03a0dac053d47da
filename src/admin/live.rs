//! What happens, as it happens: read once for all who listen, and only while somebody does.

mod entries;
pub mod happenings;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::entries::of_entry;
use self::happenings::{Happening, NowCounts, What};
use super::Admin;
use crate::registry::Registry;
use crate::store::history::following::{Followed, Follower, News};
use crate::store::work::Kind;
use crate::store::{EntryId, Result, Store};

/// Events that are kept for a listener who is slow; who is slower is told how many were skipped.
const KEPT: usize = 2048;
/// Between two reads of the lists, so that a burst is one of them.
const BURST: Duration = Duration::from_millis(100);
/// While more is posted than can be read, whoever listens is told to read again this often.
const RELOADED_EVERY: Duration = Duration::from_secs(5);
/// How often what waits is counted.
const COUNTED_EVERY: Duration = Duration::from_secs(1);
/// Before a new try, where Redis does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// What is told within so long of the first listener is all that happens from then on; else it begins with
/// [`What::Reload`].
const AT_ONCE: Duration = Duration::from_millis(250);
/// Most listeners of a daemon.
pub const MOST_LISTENERS: usize = 100;

/// What happens. A clone is the same.
#[derive(Clone)]
pub struct Live(Arc<Parts>);

struct Parts {
    store: Store,
    registry: Registry,
    happenings: broadcast::Sender<Arc<Happening>>,
    listeners: watch::Sender<usize>,
    /// Whether what happens is told.
    told: watch::Sender<bool>,
    ended: CancellationToken,
}

/// Somebody who listens, until it is dropped.
pub struct Listener {
    live: Live,
    happenings: broadcast::Receiver<Arc<Happening>>,
}

/// What a listener hears.
#[derive(Debug)]
pub enum Heard {
    /// Something happened.
    Happening(Arc<Happening>),
    /// So many things happened that it was too slow for.
    Skipped(u64),
    /// The daemon ends.
    End,
}

impl Live {
    pub(super) fn new(store: Store, registry: Registry) -> Self {
        Self(Arc::new(Parts {
            store,
            registry,
            happenings: broadcast::Sender::new(KEPT),
            listeners: watch::Sender::new(0),
            told: watch::Sender::new(false),
            ended: CancellationToken::new(),
        }))
    }

    /// Listens from here on; none: as many do as may.
    pub fn listen(&self) -> Option<Listener> {
        let taken = self.0.listeners.send_if_modified(|listeners| {
            let room = *listeners < MOST_LISTENERS;
            *listeners += usize::from(room);
            room
        });
        taken.then(|| Listener {
            happenings: self.0.happenings.subscribe(),
            live: self.clone(),
        })
    }

    /// Reads what happens while somebody listens, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut listeners = self.0.listeners.subscribe();
        let running = async {
            // It ends with its sender, which is here.
            while listeners.wait_for(|listeners| *listeners > 0).await.is_ok() {
                let mut gone = self.0.listeners.subscribe();
                tokio::select! {
                    () = self.tell() => {}
                    _ = gone.wait_for(|listeners| *listeners == 0) => {}
                }
                self.0.told.send_replace(false);
            }
        };
        stop.run_until_cancelled(running).await;
        if stop.is_cancelled() {
            self.0.ended.cancel();
        }
    }

    /// Tells what happens; ends never. After a time in which it could not be told, whoever listens is told to read again
    /// as soon as that can be done: before, it would be refused.
    async fn tell(&self) {
        let (since, mut was_cut_off) = (Instant::now(), false);
        loop {
            let told = async {
                let follower = self.0.store.history().follow().await?;
                // It shows that lists can be read, which a Redis that has just begun says only here.
                self.counts().await?;
                if was_cut_off || since.elapsed() > AT_ONCE {
                    self.say(None, What::Reload);
                }
                self.0.told.send_replace(true);
                tokio::try_join!(self.follow(follower), self.count(), self.notice())
            };
            if let Err(error) = told.await {
                debug!(error = %error, "What happens cannot be told, trying again: {error}");
            }
            self.0.told.send_replace(false);
            was_cut_off = true;
            sleep(PAUSE).await;
        }
    }

    async fn follow(&self, mut follower: Follower) -> Result<()> {
        let mut reloaded = None;
        loop {
            let News {
                followed,
                posts_overflow,
            } = follower.next().await?;
            if followed.is_empty() {
                continue;
            }
            for Followed { id, what } in followed {
                if let Some(what) = of_entry(what) {
                    self.say(Some(id), what);
                }
            }
            if posts_overflow && reloaded.is_none_or(|at: Instant| at.elapsed() > RELOADED_EVERY) {
                self.say(None, What::Reload);
                reloaded = Some(Instant::now());
            }
            sleep(BURST).await;
        }
    }

    async fn count(&self) -> Result<()> {
        let mut ticks = interval(COUNTED_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let counts = self.counts().await?;
            self.say(None, What::Counts(counts));
        }
    }

    async fn counts(&self) -> Result<NowCounts> {
        let held = self.0.store.held();
        let (open, waiting, later) = tokio::try_join!(
            held.sum(Kind::Windows, &[]),
            held.sum(Kind::Lanes, &[]),
            held.sum(Kind::Later, &[]),
        )?;
        Ok(NowCounts {
            open: open.count,
            waiting: waiting.count,
            later: later.count,
        })
    }

    async fn notice(&self) -> Result<()> {
        let mut changes = self.0.registry.subscribe();
        // It ends with its sender, which is here.
        while changes.changed().await.is_ok() {
            self.say(None, What::Changed);
        }
        Ok(())
    }

    fn say(&self, id: Option<EntryId>, what: What) {
        // Without listeners nobody misses it.
        let _ = self.0.happenings.send(Arc::new(Happening { id, what }));
    }
}

impl Listener {
    /// Waits a moment until what happens is told, so that nothing falls between what its caller reads then and what comes.
    /// Where that takes longer, what comes begins with [`What::Reload`].
    pub async fn begun(&self) {
        let mut told = self.live.0.told.subscribe();
        let _ = timeout(2 * AT_ONCE, told.wait_for(|told| *told)).await;
    }

    /// The next that happens.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            () = self.live.0.ended.cancelled() => Heard::End,
            heard = self.happenings.recv() => match heard {
                Ok(happening) => Heard::Happening(happening),
                Err(broadcast::error::RecvError::Lagged(skipped)) => Heard::Skipped(skipped),
                Err(broadcast::error::RecvError::Closed) => Heard::End,
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.live
            .0
            .listeners
            .send_modify(|listeners| *listeners = listeners.saturating_sub(1));
    }
}

impl Admin {
    /// What happens, as it happens.
    pub fn live(&self) -> &Live {
        &self.0.live
    }
}
