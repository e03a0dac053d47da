//! One round of a sweep over the lanes to a destination: what was never attempted goes before what has failed.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::try_join_all;

use super::agenda::Agenda;
use super::sweeper::{MOST_TAKEN, Round};
use crate::monitor::Monitor;
use crate::monitor::destination::limiter::permit::Permit;
use crate::monitor::destination::pacing::Room;
use crate::monitor::destination::worker::DestinationWorker;
use crate::store::Result;
use crate::store::keys::{Due, Shard};

/// Passes asked for at a time.
const MOST_PASSES: usize = 256;

/// Room comes before taking: what is taken is out of sight of other monitors for a while, so only what can be attempted
/// at once is taken, and while the destination is down its lanes simply stay due.
pub(in crate::monitor) struct LaneRound<'a> {
    monitor: &'a Arc<Monitor>,
    worker: &'a Arc<DestinationWorker>,
    agenda: &'a mut Agenda,
    most_passes: usize,
    /// More may be due in a shard than was taken from it.
    more: bool,
}

impl<'a> LaneRound<'a> {
    pub(in crate::monitor) fn new(
        monitor: &'a Arc<Monitor>,
        worker: &'a Arc<DestinationWorker>,
        agenda: &'a mut Agenda,
    ) -> Self {
        let pace = worker.destination.pace;
        Self {
            monitor,
            worker,
            agenda,
            most_passes: pace.map_or(MOST_PASSES, |pace| pace.batch.min(MOST_PASSES)),
            more: false,
        }
    }

    /// Begins attempts on the lanes of `shards`, and on retries that are due.
    pub(in crate::monitor) async fn run(mut self, shards: Vec<Shard>) -> Result<Round> {
        self.agenda.let_retries_wait(false);
        let retries = self.agenda.due_retries(Instant::now());
        if shards.is_empty() && retries.is_empty() {
            return Ok(Round::Done);
        }
        if self.worker.limiter.is_open() {
            return self.probe(shards, retries).await;
        }
        let shards = self.in_turn(shards);
        let mut shards = shards.as_slice();
        while !shards.is_empty() {
            let Some(mut permits) = self.enter(self.most_passes).await else {
                return Ok(Round::Done);
            };
            if self.worker.limiter.is_open() {
                // What was due when this round began may be done by now, and a probe goes to one shard only.
                return Ok(Round::More);
            }
            if self.worker.limiter.owes_a_retry() && !retries.is_empty() {
                let permit = permits.pop().map(Permit::for_retry);
                let shard = retries[fastrand::usize(..retries.len())];
                let permit = permit.into_iter().collect();
                if let Some(at) = self.begin(permit, &[shard], true).await? {
                    return Ok(Round::NotBefore(at));
                }
                if permits.is_empty() {
                    continue;
                }
            }
            let (now, later) = shards.split_at(shards.len().min(permits.len()));
            if let Some(at) = self.begin(permits, now, false).await? {
                return Ok(Round::NotBefore(at));
            }
            shards = later;
        }
        self.retry(retries).await
    }

    /// Retries take what room is left to them, and do not wait for more: meanwhile something new may come.
    async fn retry(mut self, retries: Vec<Shard>) -> Result<Round> {
        let shards = self.in_turn(retries);
        let mut shards = shards.as_slice();
        while !shards.is_empty() {
            let permits = self.worker.limiter.try_enter_retries(self.most_passes);
            if permits.is_empty() {
                self.agenda.let_retries_wait(true);
                break;
            }
            let (now, later) = shards.split_at(shards.len().min(permits.len()));
            if let Some(at) = self.begin(permits, now, true).await? {
                return Ok(Round::NotBefore(at));
            }
            shards = later;
        }
        Ok(if self.more { Round::More } else { Round::Done })
    }

    /// While the destination is down one batch goes, in whichever shard: one that nobody has tried, if there is one, as
    /// what becomes of it tells most.
    async fn probe(mut self, shards: Vec<Shard>, retries: Vec<Shard>) -> Result<Round> {
        let Some(mut permits) = self.enter(1).await else {
            return Ok(Round::Done);
        };
        let is_retry = shards.is_empty();
        let shards = if is_retry { retries } else { shards };
        if is_retry {
            permits = permits.into_iter().map(Permit::for_retry).collect();
        }
        let shard = shards[fastrand::usize(..shards.len())];
        let not_before = self.begin(permits, &[shard], is_retry).await?;
        Ok(not_before.map_or(Round::More, Round::NotBefore))
    }

    /// Passes as soon as there is room for one; `None` when told to stop.
    async fn enter(&self, most: usize) -> Option<Vec<Permit>> {
        let _waiting = self.worker.mark.waits();
        tokio::select! {
            () = self.worker.stop.cancelled() => None,
            permits = self.worker.limiter.enter(most) => Some(permits),
        }
    }

    /// Begins attempts on what is due in these shards, as many as there are permits; answers before when no more may
    /// begin, where the destination has a pace.
    async fn begin(
        &mut self,
        mut permits: Vec<Permit>,
        mut shards: &[Shard],
        retries: bool,
    ) -> Result<Option<Instant>> {
        match self.monitor.room(self.worker).await? {
            Some(Room::NotBefore(at)) => return Ok(Some(at)),
            Some(Room::For(count)) if count < permits.len() => {
                permits.truncate(count);
                // The other shards come in the next round.
                self.more |= shards.len() > count;
                shards = &shards[..shards.len().min(count)];
            }
            _ => {}
        }
        let name = self.worker.name().clone();
        let due = if retries {
            Due::Retries(name)
        } else {
            Due::Lanes(name)
        };
        let most = (permits.len() / shards.len()).min(MOST_TAKEN);
        let takes = shards
            .iter()
            .map(|&shard| self.monitor.store.due().take(&due, shard, most));
        let mut chats = Vec::new();
        for (&shard, (taken, left)) in shards.iter().zip(try_join_all(takes).await?) {
            if retries {
                self.agenda.looked_at_retries(shard, left, Instant::now());
            } else {
                self.agenda.looked_at(shard, left, Instant::now());
            }
            self.more |= taken.len() == most;
            chats.extend(taken);
        }
        let turn = self.monitor.let_begin(self.worker, &mut chats).await?;
        for (chat, mut permit) in chats.into_iter().zip(permits) {
            permit.let_in_at(turn.let_in);
            self.monitor.attempt(self.worker.clone(), chat, permit);
        }
        Ok(turn.not_before)
    }

    /// The shards from any of them on: where few attempts may begin, those are not to be of the same shards each time.
    fn in_turn(&self, mut shards: Vec<Shard>) -> Vec<Shard> {
        if !shards.is_empty() {
            let first = fastrand::usize(..shards.len());
            shards.rotate_left(first);
        }
        shards
    }
}
