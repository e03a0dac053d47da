//! What waits on the lanes to a destination, and how far it has come: for whoever asks why nothing arrives.

use std::collections::BTreeSet;

use redis::Value;

use crate::core::chat::Name;
use crate::store::due::shards_of;
use crate::store::handles::Lanes;
use crate::store::history::Try;
use crate::store::keys::{self, Due, Shard};
use crate::store::{Result, reply};

/// Lanes of a shard that are looked at from each end of its index: those that were never tried, and those that were.
const MOST_LANES: isize = 32;
/// Heads asked about in one pipeline.
const AT_A_TIME: usize = 256;

/// The batches that wait for one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many, on the lanes that were looked at.
    pub batches: u64,
    /// Lanes beyond those.
    pub other_lanes: u64,
    /// The last attempt at the batch that was tried most; `None`: none has failed yet.
    pub tried_most: Option<Try>,
}

impl Lanes<'_> {
    /// What waits for this destination.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn waiting_for(self, destination: &Name) -> Result<Waiting> {
        let due = Due::Lanes(destination.clone());
        let mut reads = redis::pipe();
        let shards = shards_of(&due);
        for shard in &shards {
            let key = due.key(*shard);
            reads.zcard(&key);
            reads.zrange(&key, 0, MOST_LANES - 1);
            reads.zrange(&key, -MOST_LANES, -1);
        }
        let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
        let mut waiting = Waiting::default();
        let mut lanes: Vec<(Shard, String)> = Vec::new();
        for shard in shards {
            let all: u64 = reply::value(values.next())?;
            let first: Vec<Vec<u8>> = reply::value(values.next())?;
            let last: Vec<Vec<u8>> = reply::value(values.next())?;
            let members: BTreeSet<_> = first.into_iter().chain(last).collect();
            let seen = u64::try_from(members.len()).unwrap_or(all);
            waiting.other_lanes += all.saturating_sub(seen);
            let members = members.into_iter().flat_map(String::from_utf8);
            lanes.extend(members.map(|member| (shard, member)));
        }
        let mut most: Option<(u32, String)> = None;
        for some in lanes.chunks(AT_A_TIME) {
            let mut reads = redis::pipe();
            for (shard, member) in some {
                reads.llen(keys::behind(*shard, "lane", destination, member));
                reads.zcard(keys::behind(*shard, "revived", destination, member));
                reads.hget(
                    keys::behind(*shard, "head", destination, member),
                    "attempts",
                );
            }
            let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
            for (shard, member) in some {
                // Those of the lane, and those that were revived.
                waiting.batches += reply::value::<u64>(values.next())?;
                waiting.batches += reply::value::<u64>(values.next())?;
                let attempts: Option<u32> = reply::value(values.next())?;
                let attempts = attempts.unwrap_or_default();
                if attempts > most.as_ref().map_or(0, |(most, _)| *most) {
                    most = Some((attempts, keys::behind(*shard, "head", destination, member)));
                }
            }
        }
        if let Some((_, head)) = most {
            let tries: Option<String> = self
                .store
                .query(redis::cmd("HGET").arg(head).arg("tries"))
                .await?;
            waiting.tried_most = tries.as_deref().and_then(last_try);
        }
        Ok(waiting)
    }
}

/// The last of the attempts that a head keeps, a line "when JSON" for each.
fn last_try(tries: &str) -> Option<Try> {
    let (_, last) = tries.lines().last()?.split_once(' ')?;
    serde_json::from_str(last).ok()
}
