//! The sweep: works off the due indexes, asleep until the next deadline. It alone would be enough.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::Monitor;
use super::agenda::Agenda;
use super::closer::Found;
use crate::domain::chat::Lane;
use crate::store::Result;
use crate::store::keys::{Due, Shard};

/// Most that one take script moves: beyond it nothing is gained, and Redis is kept from others for longer.
const MOST_TAKEN: usize = 64;
/// Windows closed at a time.
const CLOSING: usize = 256;
/// After an error of Redis.
const PAUSE: Duration = Duration::from_millis(250);

/// What a round left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// All that was due is taken.
    Done,
    /// There may be more that is due already.
    More,
}

/// Which index a sweeper works off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sweep {
    /// Closes windows at their deadlines.
    Windows,
    /// Attempts the heads of lanes at their times.
    Lanes,
}

impl Sweep {
    /// Sweeps until told to stop.
    pub(super) async fn run(self, monitor: Arc<Monitor>) {
        let what = self.name();
        let mut agenda = Agenda::new(Instant::now());
        let mut failing = false;
        loop {
            // Not cut short by a stop: a lease whose answer nobody hears would hold its lane until it runs out.
            let wake_at = match self.round(&monitor, &mut agenda).await {
                Ok(Round::More) if !monitor.stop.is_cancelled() => continue,
                Ok(Round::More) => return,
                Ok(Round::Done) => {
                    if std::mem::take(&mut failing) {
                        info!(what, "Sweep of {what} works again");
                    }
                    agenda.wake_at(Instant::now())
                }
                Err(error) => {
                    // Said once: a Redis that is away for an hour is one piece of news.
                    if !std::mem::replace(&mut failing, true) {
                        warn!(what, error = %error, "Sweep of {what} failed, trying again: {error}");
                    }
                    agenda.look_again(Instant::now());
                    Instant::now() + PAUSE
                }
            };
            tokio::select! {
                () = monitor.stop.cancelled() => return,
                () = tokio::time::sleep_until(wake_at.into()) => {}
                () = self.changed(&monitor).notified() => agenda.look_again(Instant::now()),
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Lanes => "lanes",
        }
    }

    fn changed(self, monitor: &Monitor) -> &Notify {
        match self {
            Self::Windows => &monitor.windows_changed,
            Self::Lanes => &monitor.lanes_changed,
        }
    }

    fn due(self, monitor: &Monitor) -> Due {
        match self {
            Self::Windows => Due::Windows,
            Self::Lanes => Due::Lanes(monitor.destination.clone()),
        }
    }

    async fn round(self, monitor: &Arc<Monitor>, agenda: &mut Agenda) -> Result<Round> {
        let due = self.due(monitor);
        if agenda.has_to_look(Instant::now()) {
            let left = monitor.store.look(&due).await?;
            agenda.looked(&left, Instant::now());
        }
        let shards = agenda.due(Instant::now()).collect();
        match self {
            Self::Windows => close_windows(monitor, &due, shards, agenda).await,
            Self::Lanes => attempt_lanes(monitor, &due, shards, agenda).await,
        }
    }
}

async fn close_windows(
    monitor: &Arc<Monitor>,
    due: &Due,
    shards: Vec<Shard>,
    agenda: &mut Agenda,
) -> Result<Round> {
    let takes = shards
        .iter()
        .map(|&shard| monitor.store.take(due, shard, MOST_TAKEN));
    let taken = try_join_all(takes).await?;
    let mut round = Round::Done;
    for (&shard, (chats, left)) in shards.iter().zip(&taken) {
        agenda.looked_at(shard, *left, Instant::now());
        if chats.len() == MOST_TAKEN {
            round = Round::More;
        }
    }
    stream::iter(taken.into_iter().flat_map(|(chats, _)| chats))
        .for_each_concurrent(CLOSING, |chat| monitor.close(chat, Found::BySweep))
        .await;
    Ok(round)
}

/// Room comes before taking: what is taken is out of sight of other monitors for a while, so only what can be attempted
/// at once is taken, and while the destination is down its lanes simply stay due.
async fn attempt_lanes(
    monitor: &Arc<Monitor>,
    due: &Due,
    shards: Vec<Shard>,
    agenda: &mut Agenda,
) -> Result<Round> {
    let mut round = Round::Done;
    for shard in shards {
        let mut passes = tokio::select! {
            () = monitor.stop.cancelled() => return Ok(Round::Done),
            passes = monitor.gate.enter(MOST_TAKEN) => passes,
        };
        let (chats, left) = monitor.store.take(due, shard, passes.len()).await?;
        agenda.looked_at(shard, left, Instant::now());
        if chats.len() == passes.len() {
            round = Round::More;
        }
        for chat in chats {
            let Some(pass) = passes.pop() else { break };
            monitor.attempt(
                Lane {
                    destination: monitor.destination.clone(),
                    chat,
                },
                pass,
            );
        }
    }
    Ok(round)
}
