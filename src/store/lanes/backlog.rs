//! How much waits for each destination, and since when: for whoever asks how all of it goes.

use redis::Value;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::filter::Filter;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Due, RETRIES, Shard};
use crate::store::{Result, reply};

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

impl Lanes<'_> {
    /// What waits for each of these destinations.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn backlogs(self, destinations: &[Name]) -> Result<Vec<(Name, Backlog)>> {
        let shards = self.shards_with(&Filter::Everybody).await?;
        let indexes: Vec<(usize, Shard)> = destinations
            .iter()
            .enumerate()
            .flat_map(|(at, name)| {
                let shards = self.indexes_of(name, &shards);
                shards.into_iter().map(move |shard| (at, shard))
            })
            .collect();
        let key = |(at, shard): &(usize, Shard)| Due::Lanes(destinations[*at].clone()).key(*shard);
        let mut backlogs = vec![Backlog::default(); destinations.len()];
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
                && let Some(standing) = self.standing(&destinations[at], &chat).await?
            {
                older(&mut backlogs[at], Some(standing.batch.closed));
            }
        }
        Ok(destinations.iter().cloned().zip(backlogs).collect())
    }
}

fn older(backlog: &mut Backlog, since: Option<Millis>) {
    let known = backlog.oldest.into_iter().chain(since);
    backlog.oldest = known.min();
}
