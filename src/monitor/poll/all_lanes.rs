//! The look at the lanes to all destinations together: says to each worker in which shards a lane of its is due. It finds
//! what no hint told of, for the price of one look at each shard, however many destinations there are.
//!
//! What it goes by is an index that scripts keep. It is put right when a monitor begins, when the connection to Redis was
//! cut, when the clock was set back, every ten minutes, and when the last daemon of an older Lull, which does not keep it,
//! is gone. As long as there is such a daemon, all workers look everywhere instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::agenda::SHORTEST_SLEEP;
use crate::core::chat::Name;
use crate::monitor::Monitor;
use crate::registry::Snapshot;
use crate::store::keys::Shard;
use crate::store::{LONGEST_IDLE, LONGEST_SLEEP, Result, StoreError};

/// What is due later is of no interest before the next look.
const AHEAD: Duration = LONGEST_IDLE.saturating_add(LONGEST_SLEEP);
/// Between two looks for daemons of an older Lull.
const SIGNS_EVERY: Duration = Duration::from_secs(3);
/// After an error of Redis.
const PAUSE: Duration = Duration::from_millis(250);

/// What calls for more than a look at what is due.
#[derive(Debug)]
pub(in crate::monitor) struct AllLanes {
    /// The index may miss something.
    is_doubtful: AtomicBool,
    doubted: Notify,
}

impl Default for AllLanes {
    fn default() -> Self {
        Self {
            is_doubtful: AtomicBool::new(true),
            doubted: Notify::new(),
        }
    }
}

impl AllLanes {
    /// The index may miss something: it is put right before anything goes by it.
    pub(in crate::monitor) fn doubt(&self) {
        self.is_doubtful.store(true, Ordering::Release);
        self.doubted.notify_one();
    }
}

/// When to look, and what is known to be due before that.
struct Looks {
    waiting: Vec<(Instant, Shard, Name)>,
    at: Instant,
    idle: Duration,
    /// When to look for daemons of an older Lull.
    signs_at: Instant,
    has_older: bool,
    /// When workers looked everywhere because of such a one.
    everywhere: Instant,
}

/// Looks until told to stop.
pub(in crate::monitor) async fn run(monitor: Arc<Monitor>) {
    let mut looks = Looks::new(Instant::now());
    let mut failing = false;
    loop {
        let wake_at = match Box::pin(looks.round(&monitor)).await {
            Ok(()) => {
                if std::mem::take(&mut failing) {
                    info!("The look at all lanes works again");
                }
                looks.wake_at(Instant::now())
            }
            Err(error) => {
                // Said once: a Redis that is away for an hour is one piece of news.
                if !std::mem::replace(&mut failing, true) {
                    warn!(error = %error, "Could not look at all lanes, trying again: {error}");
                }
                looks.at = Instant::now();
                Instant::now() + PAUSE
            }
        };
        monitor.lanes_mark.goes_on_at(wake_at);
        tokio::select! {
            () = monitor.stop.cancelled() => return,
            () = tokio::time::sleep_until(wake_at.into()) => {}
            () = monitor.all_lanes.doubted.notified() => {}
        }
    }
}

impl Looks {
    fn new(now: Instant) -> Self {
        Self {
            waiting: Vec::new(),
            at: now,
            idle: LONGEST_SLEEP,
            signs_at: now,
            has_older: false,
            everywhere: now,
        }
    }

    async fn round(&mut self, monitor: &Monitor) -> Result<()> {
        self.put_right(monitor).await?;
        if self.at <= Instant::now() {
            self.look_for_older(monitor).await?;
            self.look(monitor).await?;
        }
        self.pass_on(monitor).await
    }

    /// Puts the index right, where it may miss something.
    async fn put_right(&mut self, monitor: &Monitor) -> Result<()> {
        let doubtful = &monitor.all_lanes.is_doubtful;
        if !doubtful.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let snapshot = monitor.registry.get();
        let names: Vec<_> = snapshot.destination_names().into_iter().collect();
        let noted = monitor.store.due().note_all_lanes(&names).await;
        if noted.is_err() {
            doubtful.store(true, Ordering::Release);
        }
        self.at = Instant::now();
        noted
    }

    /// Whether a daemon lives that does not keep the index.
    async fn look_for_older(&mut self, monitor: &Monitor) -> Result<()> {
        let now = Instant::now();
        if self.signs_at <= now {
            let had = std::mem::replace(&mut self.has_older, monitor.has_older().await?);
            self.signs_at = now + SIGNS_EVERY;
            if had && !self.has_older {
                monitor.all_lanes.doubt();
            }
        }
        if self.has_older && self.everywhere <= now {
            self.everywhere = now + LONGEST_IDLE;
            monitor.workers.look_everywhere();
        }
        Ok(())
    }

    async fn look(&mut self, monitor: &Monitor) -> Result<()> {
        let due = monitor.store.due().destinations(AHEAD).await?;
        let now = Instant::now();
        let of_shard = |(shard, due): (Shard, Vec<(Name, Duration)>)| {
            let due = due.into_iter();
            due.map(move |(name, left)| (now + left, shard, name))
        };
        self.waiting = due.into_iter().flat_map(of_shard).collect();
        // What waits for a destination that is off or stopped keeps nobody awake.
        let is_at_work = |(_, _, name): &(_, _, Name)| monitor.workers.get(name).is_some();
        self.idle = if self.waiting.iter().any(is_at_work) {
            LONGEST_SLEEP
        } else {
            (self.idle * 2).min(LONGEST_IDLE)
        };
        self.at = now + self.idle;
        Ok(())
    }

    /// Says to the workers what is due by now.
    async fn pass_on(&mut self, monitor: &Monitor) -> Result<()> {
        let now = Instant::now();
        let (due, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(at, _, _)| *at <= now);
        self.waiting = waiting;
        let snapshot = monitor.registry.get();
        let due = by_shard(due, |shard, name| {
            monitor.has_to_know(&snapshot, shard, name)
        });
        let looks = due.iter().map(|(shard, names)| async move {
            let due = monitor.store.due().note_lanes(*shard, names).await?;
            Ok::<_, StoreError>((*shard, due))
        });
        for (shard, due) in try_join_all(looks).await? {
            for (name, left) in due {
                if left > SHORTEST_SLEEP {
                    self.waiting.push((now + left, shard, name));
                } else if let Some(worker) = monitor.workers.get(&name) {
                    worker.hints.look_at(shard);
                }
            }
        }
        Ok(())
    }

    fn wake_at(&self, now: Instant) -> Instant {
        let next = self.waiting.iter().map(|(at, _, _)| *at).min();
        next.unwrap_or(self.at)
            .min(self.at)
            .max(now + SHORTEST_SLEEP)
    }
}

fn by_shard(
    due: Vec<(Instant, Shard, Name)>,
    wanted: impl Fn(Shard, &Name) -> bool,
) -> Vec<(Shard, Vec<Name>)> {
    let mut by_shard: Vec<(Shard, Vec<Name>)> = Vec::new();
    for (_, shard, name) in due {
        if !wanted(shard, &name) {
            continue;
        }
        // They come shard by shard.
        match by_shard.iter_mut().find(|(known, _)| *known == shard) {
            Some((_, names)) => names.push(name),
            None => by_shard.push((shard, vec![name])),
        }
    }
    by_shard
}

impl Monitor {
    /// Whether there is somebody to tell that a lane to this destination may be due, who was not told already; or whether
    /// it is gone, and may stand in the index for nothing.
    fn has_to_know(&self, snapshot: &Snapshot, shard: Shard, destination: &Name) -> bool {
        match self.workers.get(destination) {
            Some(worker) => !worker.hints.has(shard),
            None => snapshot.destination(destination).is_none(),
        }
    }

    /// Whether a daemon lives that puts lanes into Redis without noting them for the look at all.
    async fn has_older(&self) -> Result<bool> {
        let work = self.store.daemons().all().await?;
        let mut daemons = work.daemons.iter();
        Ok(daemons.any(|daemon| work.is_alive(daemon) && !daemon.about.notes_lanes))
    }
}
