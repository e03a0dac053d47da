//! Replicas before an answer: what a client is answered for is done in batches, behind each of which so many replicas are
//! waited for. Where none are, all is done as anything else.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use redis::{Cmd, FromRedisValue, Value};

use super::asking::{Question, read, told};
use super::keys::{self, Shard};
use super::links::{Job, Links};
use super::nodes::Tag;
use super::scripts::{self, Call, Script};
use super::{ConnectError, Result, Store, StoreError};

/// Who waits for replicas waits for so much less than for an answer: that has to come back, too.
const SPARE: u32 = 8;

/// Whether enough replicas have what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) struct OnReplicas {
    on: u32,
    wanted: u32,
}

impl OnReplicas {
    /// None need it.
    const ENOUGH: Self = Self { on: 0, wanted: 0 };

    /// Nothing, if enough have what is stored; `is_new`: it was not stored before.
    ///
    /// # Errors
    /// Fewer have it.
    pub(super) fn enough(self, is_new: bool) -> Result<()> {
        let Self { on, wanted } = self;
        match on >= wanted {
            true => Ok(()),
            false => Err(StoreError::NotOnReplicas { on, wanted, is_new }),
        }
    }
}

impl Store {
    /// Whether Redis lets us wait for replicas, if that is wanted.
    ///
    /// # Errors
    /// It does not.
    pub(super) async fn may_wait(&self) -> std::result::Result<(), ConnectError> {
        if self.replicas == 0 {
            return Ok(());
        }
        // None is there at once.
        let asked = self.query::<()>(redis::cmd("WAIT").arg(0).arg(1)).await;
        asked.map_err(|error| {
            let place = self.nodes.node_of(None).place().to_owned();
            match &error {
                StoreError::Unavailable(answer) if !answer.is_io_error() => {
                    ConnectError::Wait { place, error }
                }
                _ => ConnectError::Absent { place, error },
            }
        })
    }

    /// Calls a script that stores what a client is told of, and waits until enough replicas have it, or it is time to tell.
    pub(super) async fn run_onto_replicas<T: FromRedisValue>(
        &self,
        shard: Shard,
        call: &Call,
    ) -> Result<(T, OnReplicas)> {
        if self.replicas == 0 {
            return Ok((self.run(shard, call).await?, OnReplicas::ENOUGH));
        }
        let job = self.job(call.command(), Some(call.script()));
        let asked = self.ask(call.tag(), shard.index(), Question::Waiting(&job));
        let answer = asked.await.map_err(|error| call.told(error))?;
        let (answer, on): (Value, u32) = read(answer)?;
        Ok((read(answer)?, self.of(on)))
    }

    /// After a step that stored nothing new: waits until enough replicas have all that was stored in a shard before, by
    /// whomever. `WAIT` goes by what was written on its own connection, so something is.
    ///
    /// # Errors
    /// Fewer have it; or unavailable, silent or full.
    pub(super) async fn be_on_replicas(&self, shard: Shard, step: OnReplicas) -> Result<()> {
        if self.replicas == 0 {
            return Ok(());
        }
        step.enough(false)?;
        let key = keys::waited_for(shard);
        let tag = Tag::of_key(key.as_bytes());
        let job = self.job(Cmd::set(key, ""), None);
        let asked = self.ask(tag, shard.index(), Question::Waiting(&job));
        let (_, on): (Value, u32) = read(asked.await?)?;
        self.of(on).enough(false)
    }

    /// Whether a client would be told of a message now: enough replicas have what was stored last, on each node that answers.
    ///
    /// # Errors
    /// Fewer have it on one of them; or none answers.
    pub(super) async fn probe_replicas(&self) -> Result<()> {
        if self.replicas == 0 {
            return Ok(());
        }
        let nodes = self.nodes.all();
        let links = nodes
            .iter()
            .flat_map(|node| (0..node.count()).map(move |which| (node, which)));
        let asks = links.map(|(node, which)| self.probe_waiting(node, which));
        let (mut least, mut failed) = (None::<u32>, None);
        for answer in join_all(asks).await {
            match answer {
                Ok(on) => least = Some(least.map_or(on, |least| least.min(on))),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match (least, failed) {
            (None, Some(error)) => Err(error),
            (least, _) => self.of(least.unwrap_or_default()).enough(false),
        }
    }

    async fn probe_waiting(&self, node: &Arc<Links>, which: usize) -> Result<u32> {
        let probe = scripts::PROBE.key(node.probed().probe());
        let job = self.job(probe.command(), Some(&scripts::PROBE));
        let asked = self.ask_while_there(node, which, self.patience, Question::Waiting(&job));
        let (_, on): (Value, u32) = read(asked.await.map_err(told)?)?;
        Ok(on)
    }

    fn job(&self, command: Cmd, script: Option<&'static Script>) -> Job {
        Job {
            command,
            script,
            until: Instant::now() + self.patience - self.patience / SPARE,
        }
    }

    fn of(&self, on: u32) -> OnReplicas {
        OnReplicas {
            on,
            wanted: self.replicas,
        }
    }
}
