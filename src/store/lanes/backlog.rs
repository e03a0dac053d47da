//! How much waits for each destination, and since when: for whoever asks how all of it goes.

use std::collections::BTreeMap;

use redis::Value;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Due, RETRIES, Shard};
use crate::store::{Result, reply};

/// Destinations with lanes that are looked at in one go, which takes Redis about 2 ms.
const AT_ONCE: usize = 64;
/// Lanes with a retry that are looked at in each index: those whose next attempt comes first.
const RETRIES_OF_EACH: isize = 2;
/// The same in all.
const MOST_RETRIES: usize = 128;
/// Indexes that are looked into.
const MOST_INDEXES: usize = 1_024;

/// What waits for a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Lanes with a batch on them.
    pub lanes: u64,
    /// When the oldest first batch was closed, among all that were never tried and some that were.
    pub oldest: Option<Millis>,
}

/// What waits for each destination, as it was last seen.
#[derive(Clone, Debug, Default)]
pub struct Backlogs {
    of: BTreeMap<Name, Backlog>,
    /// The last that was looked at, where there were too many for one look.
    looked_at: Option<Name>,
}

impl Backlogs {
    /// Looks anew at what waits for these destinations. Of more than 64 that have lanes, others have their turn at the next
    /// look, and are told as they were; nothing is told of those that had no turn yet.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn look(&mut self, lanes: Lanes<'_>, destinations: &[Name]) -> Result<()> {
        let mut noted = lanes.noted().await?;
        let mut before = std::mem::take(&mut self.of);
        let mut with_lanes = Vec::new();
        for name in destinations {
            let told = match noted.remove_entry(name) {
                Some(with) => {
                    with_lanes.push(with);
                    before.remove(name)
                }
                None => Some(Backlog::default()),
            };
            self.of.extend(told.map(|told| (name.clone(), told)));
        }
        let turn = self.turn(with_lanes);
        self.of.extend(lanes.backlogs(turn).await?);
        Ok(())
    }

    /// Those whose turn it is, each with the shards in which it has lanes.
    fn turn(&mut self, mut of: Vec<(Name, Vec<Shard>)>) -> Vec<(Name, Vec<Shard>)> {
        of.sort();
        let behind = |(name, _): &(Name, _)| Some(name) <= self.looked_at.as_ref();
        let first = of.partition_point(behind);
        of.rotate_left(first);
        of.truncate(AT_ONCE);
        self.looked_at = of.last().map(|(name, _)| name.clone());
        of
    }

    /// What waits for a destination; none: it was not looked at yet.
    #[must_use]
    pub fn get(&self, destination: &Name) -> Option<Backlog> {
        self.of.get(destination).copied()
    }

    /// Where the oldest batch waits that was seen, and when it was closed.
    #[must_use]
    pub fn oldest(&self) -> Option<(&Name, Millis)> {
        let waiting = self
            .of
            .iter()
            .filter_map(|(name, it)| Some((name, it.oldest?)));
        waiting.min_by_key(|(_, closed)| *closed)
    }
}

impl Lanes<'_> {
    /// The destinations that may have lanes, each with the shards in which it may.
    async fn noted(self) -> Result<BTreeMap<Name, Vec<Shard>>> {
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.zrange(keys::lanes(shard), 0, -1);
        }
        let found: Vec<Vec<Vec<u8>>> = self.store.pipeline(&reads).await?;
        let mut noted = BTreeMap::<Name, Vec<Shard>>::new();
        for (shard, names) in Shard::all().zip(found) {
            let names = names.into_iter().flat_map(String::from_utf8);
            for name in names.flat_map(|name| Name::from_stored(&name)) {
                noted.entry(name).or_default().push(shard);
            }
        }
        Ok(noted)
    }

    /// What waits for each of these destinations, in these shards.
    async fn backlogs(self, of: Vec<(Name, Vec<Shard>)>) -> Result<Vec<(Name, Backlog)>> {
        let (names, shards): (Vec<Name>, Vec<Vec<Shard>>) = of.into_iter().unzip();
        let indexes = shards.into_iter().enumerate();
        let indexes: Vec<(usize, Shard)> = indexes
            .flat_map(|(at, shards)| shards.into_iter().map(move |shard| (at, shard)))
            .collect();
        let key = |(at, shard): &(usize, Shard)| Due::Lanes(names[*at].clone()).key(*shard);
        let mut backlogs = vec![Backlog::default(); names.len()];
        let mut full = Vec::new();
        if !indexes.is_empty() {
            let mut counts = redis::pipe();
            for index in &indexes {
                counts.zcard(key(index));
            }
            let counts: Vec<u64> = self.store.pipeline(&counts).await?;
            for (index, count) in indexes.into_iter().zip(counts) {
                backlogs[index.0].lanes += count;
                full.extend((count > 0).then_some(index));
            }
        }
        full.truncate(MOST_INDEXES);
        let mut retries = Vec::new();
        if !full.is_empty() {
            let mut reads = redis::pipe();
            for index in &full {
                let key = key(index);
                reads.zrangebyscore_limit_withscores(&key, 1, RETRIES - 1, 0, 1);
                reads.zrangebyscore_limit(&key, RETRIES, "+inf", 0, RETRIES_OF_EACH);
            }
            let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
            for (at, _) in full {
                let first: Vec<(Value, f64)> = reply::value(values.next())?;
                let since = first.first().map(|(_, score)| reply::score(*score));
                older(&mut backlogs[at], since);
                let members: Vec<Vec<u8>> = reply::value(values.next())?;
                let members = members.into_iter().flat_map(String::from_utf8);
                retries.extend(members.map(|member| (at, member)));
            }
        }
        for (at, member) in retries.into_iter().take(MOST_RETRIES) {
            if let Some(chat) = keys::chat_of_member(&member)
                && let Some(standing) = self.standing(&names[at], &chat).await?
            {
                older(&mut backlogs[at], Some(standing.batch.closed));
            }
        }
        Ok(names.into_iter().zip(backlogs).collect())
    }
}

fn older(backlog: &mut Backlog, since: Option<Millis>) {
    let known = backlog.oldest.into_iter().chain(since);
    backlog.oldest = known.min();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_destinations_each_has_its_turn() {
        let name = |number: usize| Name::parse(&format!("bot-{number:03}")).unwrap();
        let all = || (0..150).map(|number| (name(number), Vec::new())).collect();
        let mut backlogs = Backlogs::default();
        let mut turn = || backlogs.turn(all()).into_iter().map(|(name, _)| name);

        let expected = |numbers: std::ops::Range<usize>| numbers.map(name);
        assert!(turn().eq(expected(0..64)));
        assert!(turn().eq(expected(64..128)));
        assert!(turn().eq(expected(128..150).chain(expected(0..42))));
        assert!(turn().eq(expected(42..106)));
    }
}
