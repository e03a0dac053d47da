//! What to do when a script answers that something is gone: what is configured is read anew, and what is there after all
//! is vouched for in the shard where its mark is missing.

use std::sync::Arc;

use super::{Registry, Snapshot};
use crate::core::chat::{Chat, Name};
use crate::core::life::Life;
use crate::spec::{Buffer, Schedule};
use crate::store::config::Kind;
use crate::store::config::lives::Living;
use crate::store::keys::Shard;
use crate::store::{Result, StoreError};

/// One is enough but for a Redis of which a part was emptied.
const MOST_ROUNDS: usize = 4;

/// What has to be marked where.
type Wanted = (Vec<Living>, Vec<Shard>);

impl Registry {
    /// The buffer of this name as it is now, vouched for where this chat lies, with all that it delivers to. `None`: it
    /// is not there.
    ///
    /// # Errors
    /// Gone, where others remove and make it again and again; unavailable or silent.
    pub async fn renewed(&self, name: &Name, chat: &Chat) -> Result<Option<Arc<Buffer>>> {
        let wanted = |snapshot: &Snapshot| {
            let buffer = snapshot.buffer(name)?;
            let mut living: Vec<_> = buffer.destinations.iter().map(Living::target).collect();
            // What is being removed still delivers, and takes nothing in.
            if snapshot.configured.removal(Kind::Buffer, name).is_none() {
                living.push(Living::buffer(name, buffer.life));
            }
            if let Some(follow_up) = &buffer.follow_up {
                living.push(Living::target(&snapshot.target(&follow_up.destination)));
            }
            // Its order may have changed, and with it where the chat lies.
            let now = Shard::of(&buffer.chat(chat.id.clone()));
            let mut shards = vec![Shard::of(chat), now];
            shards.dedup();
            Some((living, shards))
        };
        let there = self.vouch(wanted).await?;
        let snapshot = self.get();
        Ok(snapshot.buffer(name).filter(|_| there).cloned())
    }

    /// The schedule of this name as it is now, vouched for, with its life. `None`: it is not there, or about to go.
    ///
    /// # Errors
    /// As [`Registry::renewed`].
    pub async fn renewed_schedule(&self, name: &Name) -> Result<Option<(Arc<Schedule>, Life)>> {
        let wanted = |snapshot: &Snapshot| {
            snapshot.schedule(name)?;
            if snapshot.configured.removal(Kind::Schedule, name).is_some() {
                return None;
            }
            let life = snapshot.configured.life(Kind::Schedule, name);
            let shard = Shard::of(&Chat::of_schedule(name));
            Some((vec![Living::schedule(name, life)], vec![shard]))
        };
        let there = self.vouch(wanted).await?;
        let snapshot = self.get();
        let life = snapshot.configured.life(Kind::Schedule, name);
        let schedule = snapshot.schedule(name).filter(|_| there);
        Ok(schedule.map(|schedule| (schedule.clone(), life)))
    }

    /// Marks what is wanted by the newest snapshot; answers whether there is such a thing.
    async fn vouch(&self, wanted: impl Fn(&Snapshot) -> Option<Wanted>) -> Result<bool> {
        let mut refused: Vec<(Living, u64)> = Vec::new();
        for _ in 0..MOST_ROUNDS {
            self.catch_up().await?;
            let Some((living, shards)) = wanted(&self.get()) else {
                return Ok(false);
            };
            // Read after its mark was seen: if it is still there in that life, the mark is ahead of what is configured.
            let ahead = refused.iter().filter(|(it, _)| living.contains(it));
            let mut renewed = false;
            for (one, mark) in ahead {
                self.store.config().renew(one, *mark).await?;
                renewed = true;
            }
            refused.clear();
            if renewed {
                continue;
            }
            for shard in shards {
                refused.extend(self.store.config().vouch(shard, &living).await?);
            }
            if refused.is_empty() {
                return Ok(true);
            }
        }
        Err(StoreError::Gone)
    }
}
