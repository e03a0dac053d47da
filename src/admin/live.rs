//! What happens, as it happens: read once for all who listen, and only while somebody does.

mod entries;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::entries::of_entry;
use super::Admin;
use crate::core::batch::Millis;
use crate::core::filter::Filter;
use crate::registry::Registry;
use crate::store::dead_letters::Letter;
use crate::store::history::Record;
use crate::store::history::following::{Followed, Follower};
use crate::store::history::posts::Post;
use crate::store::work::Kind;
use crate::store::{EntryId, Result, Store};

/// Events that are kept for a listener who is slow; who is slower is told how many were skipped.
const KEPT: usize = 2048;
/// Between two reads of the lists, so that a burst is one of them.
const BURST: Duration = Duration::from_millis(100);
/// How often what waits is counted.
const COUNTED_EVERY: Duration = Duration::from_secs(1);
/// Before a new try, where Redis does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// Most listeners of a daemon.
pub const MOST_LISTENERS: usize = 100;

/// Something that happened.
#[derive(Debug)]
pub struct Happening {
    /// Its entry in a list; none: it is in none.
    pub id: Option<EntryId>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// A batch was tried.
    Tried(Record),
    /// A batch was given up on.
    Buried {
        /// What was written about it.
        letter: Letter,
        /// Its `webhook-id`.
        webhook_id: String,
        /// How many messages it holds.
        messages: u64,
    },
    /// Something was posted that came into no window.
    Posted(Post),
    /// So much waits now.
    Counts(NowCounts),
    /// Buffers, destinations, schedules or stops are other than before.
    Changed,
    /// Something may have been missed: what is shown has to be read again.
    Reload,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NowCounts {
    /// Open windows.
    pub open: u64,
    /// Batches on lanes.
    pub waiting: u64,
    /// Messages for later.
    pub later: u64,
}

/// What happens. A clone is the same.
#[derive(Clone)]
pub struct Live(Arc<Parts>);

struct Parts {
    store: Store,
    registry: Registry,
    happenings: broadcast::Sender<Arc<Happening>>,
    listeners: watch::Sender<usize>,
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
            }
        };
        stop.run_until_cancelled(running).await;
        if stop.is_cancelled() {
            self.0.ended.cancel();
        }
    }

    /// Tells what happens; ends never.
    async fn tell(&self) {
        loop {
            let told = async {
                let follower = self.0.store.history().follow().await?;
                tokio::try_join!(self.follow(follower), self.count(), self.notice())
            };
            if let Err(error) = told.await {
                debug!(error = %error, "What happens cannot be told, trying again: {error}");
            }
            self.say(None, What::Reload);
            sleep(PAUSE).await;
        }
    }

    async fn follow(&self, mut follower: Follower) -> Result<()> {
        loop {
            let followed = follower.next().await?;
            if followed.is_empty() {
                continue;
            }
            for Followed { id, what } in followed {
                self.say(Some(id), of_entry(what));
            }
            sleep(BURST).await;
        }
    }

    async fn count(&self) -> Result<()> {
        let mut ticks = interval(COUNTED_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let held = self.0.store.held();
            let (open, waiting, later) = tokio::try_join!(
                held.sum(Kind::Windows, &[]),
                held.sum(Kind::Lanes, &[]),
                held.sum(Kind::Later, &[]),
            )?;
            let counts = NowCounts {
                open: open.count,
                waiting: waiting.count,
                later: later.count,
            };
            self.say(None, What::Counts(counts));
        }
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

impl Happening {
    /// What tells it from all others; none: it is in no list.
    pub fn event_id(&self) -> Option<String> {
        let list = match self.what {
            What::Tried(_) => "a",
            What::Buried { .. } => "d",
            What::Posted(_) => "p",
            What::Counts(_) | What::Changed | What::Reload => return None,
        };
        Some(format!("{}-{list}", self.id?.text()))
    }

    /// Whether it is about what is asked for; what is in no list is about everything.
    pub fn is_of(&self, filter: &Filter) -> bool {
        match &self.what {
            What::Tried(record) => filter.includes(&record.buffer, &record.chat),
            What::Buried { letter, .. } => filter.includes(&letter.buffer, &letter.chat),
            What::Posted(post) => filter.includes(
                post.buffer.as_deref().unwrap_or_default(),
                post.chat.as_deref().unwrap_or_default(),
            ),
            What::Counts(_) | What::Changed | What::Reload => true,
        }
    }
}

/// The moment of an event, by its id.
pub fn moment_of(event_id: &str) -> Option<Millis> {
    let (ms, _) = event_id.split_once('-')?;
    ms.parse().ok()
}

impl Admin {
    /// What happens, as it happens.
    pub fn live(&self) -> &Live {
        &self.0.live
    }
}
