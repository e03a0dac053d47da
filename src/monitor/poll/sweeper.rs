//! The sweep: works off the due indexes, asleep until the next deadline. It alone would be enough.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tracing::{info, warn};

use super::agenda::Agenda;
use super::hints::Hints;
use super::lane_round::LaneRound;
use super::mark::Mark;
use crate::monitor::Monitor;
use crate::monitor::destination::worker::DestinationWorker;
use crate::store::keys::{Due, Shard};
use crate::store::{LONGEST_IDLE, LONGEST_SLEEP, Left, Result};
use crate::telemetry::labels::FoundBy;

/// Most that one take script moves: beyond it nothing is gained, and Redis is kept from others for longer.
pub(in crate::monitor) const MOST_TAKEN: usize = 64;
/// After an error of Redis.
const PAUSE: Duration = Duration::from_millis(250);

/// What a round left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Round {
    /// All that was due is taken.
    Done,
    /// There may be more that is due already.
    More,
    /// There may be more, but the pace lets nothing begin before then.
    NotBefore(Instant),
}

/// Which index a sweeper works off.
pub(in crate::monitor) enum Sweep {
    /// Closes windows at their deadlines.
    Windows,
    /// Attempts the heads of a worker's lanes at their times.
    Lanes(Arc<DestinationWorker>),
    /// Sends what has waited for its time.
    Later,
}

impl Sweep {
    /// Sweeps until told to stop.
    pub(in crate::monitor) async fn run(self, monitor: Arc<Monitor>) {
        let (what, stop, longest_idle) = match &self {
            Self::Windows => ("windows".to_owned(), &monitor.stop, Some(LONGEST_SLEEP)),
            Self::Lanes(worker) => {
                let what = format!("lanes to {}", worker.name());
                // The look at all lanes says when to look.
                (what, &worker.stop, None)
            }
            Self::Later => (
                "what waits for its time".to_owned(),
                &monitor.stop,
                Some(LONGEST_IDLE),
            ),
        };
        let due = self.due();
        let mut agenda = Agenda::new(Instant::now(), longest_idle);
        let mut failing = false;
        loop {
            let mut waits_for_its_turn = false;
            let began = Instant::now();
            // Not cut short by a stop: a lease whose answer nobody hears would hold its lane until it runs out.
            let wake_at = match Box::pin(self.round(&monitor, &due, &mut agenda)).await {
                Ok(Round::More) if !stop.is_cancelled() => {
                    self.mark(&monitor).goes_on_at(Instant::now());
                    continue;
                }
                Ok(Round::More) => return,
                Ok(round) => {
                    if std::mem::take(&mut failing) {
                        info!(what, "Sweep of {what} works again");
                    }
                    let wake_at = match round {
                        Round::NotBefore(turn) => {
                            waits_for_its_turn = true;
                            agenda.look_again(turn);
                            turn
                        }
                        Round::Done | Round::More => agenda.wake_at(began),
                    };
                    self.mark(&monitor).goes_on_at(wake_at);
                    wake_at
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
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(wake_at.into()) => {}
                () = self.given_back(waits_for_its_turn) => agenda.look_again(Instant::now()),
                () = self.hints(&monitor).given(), if !waits_for_its_turn => {}
                () = self.room_for_retries(&agenda) => {}
            }
            // However long it was to sleep: from here on it should come round.
            self.mark(&monitor).goes_on_at(Instant::now());
        }
    }

    /// Where others say what may call for a look sooner.
    fn hints<'a>(&'a self, monitor: &'a Monitor) -> &'a Hints {
        match self {
            Self::Windows => &monitor.windows_hints,
            Self::Lanes(worker) => &worker.hints,
            Self::Later => &monitor.later_hints,
        }
    }

    /// Attempts that the pace had let begin are given back, where lanes wait for their turn.
    async fn given_back(&self, waits_for_its_turn: bool) {
        match self {
            Self::Lanes(worker) if waits_for_its_turn => worker.given_back.notified().await,
            Self::Windows | Self::Lanes(_) | Self::Later => pending().await,
        }
    }

    /// Room for retries, where they wait for it.
    async fn room_for_retries(&self, agenda: &Agenda) {
        match self {
            Self::Lanes(worker) if agenda.retries_wait() => worker.limiter.somebody_left().await,
            Self::Windows | Self::Lanes(_) | Self::Later => pending().await,
        }
    }

    /// Where it is marked that the sweep goes round.
    fn mark<'a>(&'a self, monitor: &'a Monitor) -> &'a Mark {
        match self {
            Self::Windows => &monitor.windows_mark,
            Self::Lanes(worker) => &worker.mark,
            Self::Later => &monitor.later_mark,
        }
    }

    fn due(&self) -> Due {
        match self {
            Self::Windows => Due::Windows,
            Self::Lanes(worker) => Due::Lanes(worker.name().clone()),
            Self::Later => Due::Later,
        }
    }

    async fn round(&self, monitor: &Arc<Monitor>, due: &Due, agenda: &mut Agenda) -> Result<Round> {
        let hinted = self.hints(monitor).take();
        let everywhere = Shard::all().count();
        if agenda.has_to_look(Instant::now()) || hinted.len() == everywhere {
            let (left, retries) = self.look(monitor, due, Shard::all()).await?;
            agenda.looked(&left, &retries, Instant::now());
        } else if !hinted.is_empty() {
            let (left, retries) = self.look(monitor, due, hinted.iter().copied()).await?;
            agenda.looked_at_some(&hinted, &left, &retries, Instant::now());
        }
        let shards = agenda.due(Instant::now());
        match self {
            Self::Windows => close_windows(monitor, due, shards, agenda).await,
            Self::Lanes(worker) => LaneRound::new(monitor, worker, agenda).run(shards).await,
            Self::Later => send_later(monitor, shards, agenda).await,
        }
    }

    /// How long until the next thing is due in these shards, and the next retry.
    async fn look(
        &self,
        monitor: &Monitor,
        due: &Due,
        shards: impl Iterator<Item = Shard>,
    ) -> Result<(Left, Left)> {
        // Never closed.
        let _place = monitor.looking.acquire().await;
        let indexes = monitor.store.due();
        match self {
            Self::Lanes(worker) => indexes.look_at_lanes(worker.name(), shards).await,
            Self::Windows | Self::Later => Ok((indexes.look(due, shards).await?, Vec::new())),
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
        .map(|&shard| monitor.store.due().take(due, shard, MOST_TAKEN));
    let taken = try_join_all(takes).await?;
    let mut round = Round::Done;
    for (&shard, (chats, left)) in shards.iter().zip(&taken) {
        agenda.looked_at(shard, *left, Instant::now());
        if chats.len() == MOST_TAKEN {
            round = Round::More;
        }
    }
    for chat in taken.iter().flat_map(|(chats, _)| chats) {
        monitor.recent.remember(chat);
    }
    // Not waited for: the next round may find what falls due meanwhile.
    for chat in taken.into_iter().flat_map(|(chats, _)| chats) {
        let Ok(place) = monitor.closing.clone().acquire_owned().await else {
            break;
        };
        let closer = monitor.clone();
        monitor.attempts.spawn(async move {
            let begun = closer.close(chat, FoundBy::Sweep).await;
            drop(place);
            // In this task: another would be made and forgotten for each batch.
            if let Some(begun) = begun {
                closer.work(begun).await;
            }
        });
    }
    Ok(round)
}

async fn send_later(
    monitor: &Arc<Monitor>,
    shards: Vec<Shard>,
    agenda: &mut Agenda,
) -> Result<Round> {
    let mut round = Round::Done;
    for shard in shards {
        let (waiting, left) = monitor
            .store
            .scheduled()
            .take_due(shard, MOST_TAKEN)
            .await?;
        agenda.looked_at(shard, left, Instant::now());
        if waiting.len() == MOST_TAKEN {
            round = Round::More;
        }
        for waiting in waiting {
            let Ok(place) = monitor.closing.clone().acquire_owned().await else {
                break;
            };
            let sender = monitor.clone();
            monitor.attempts.spawn(async move {
                sender.send_later(&waiting).await;
                drop(place);
            });
        }
    }
    Ok(round)
}
