//! Where one batch waits: on a lane that is known, or on any that it may be on.

use std::time::Duration;

use redis::Value;

use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, ChatId, Name};
use crate::store::handles::Lanes;
use crate::store::keys::{self, Due, Place, Shard, chat_of_member};
use crate::store::lanes::queue::Waiting;
use crate::store::scripts;
use crate::store::{Result, reply};

/// Destinations that are asked about in one pipeline.
const AT_A_TIME: usize = 128;
/// Lanes to one destination that are looked at for a batch: those that came to wait when it was made, and those that are
/// tried again.
const MOST_LANES: isize = 64;
/// Lanes that one script looks at.
const LANES_AT_A_TIME: usize = 32;
/// Batches of each that it looks at.
const MOST_BATCHES: usize = 16;
/// A lane came to wait at the latest so long after the id of its batch was made, ms.
const SOON: Millis = 60_000;

/// A batch that waits for a destination.
#[derive(Debug)]
pub struct OnLane {
    /// What waits.
    pub waiting: Waiting,
    /// Until the next attempt may begin; while one is on its way, until its lease ends. Of the first of its lane only.
    pub left: Option<Duration>,
    /// An attempt is on its way.
    pub in_hand: bool,
}

impl Lanes<'_> {
    /// A batch of a chat that waits for this destination, in whichever order its buffer went.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn batch_on(
        self,
        chat: &Chat,
        destination: &Name,
        id: &BatchId,
    ) -> Result<Option<OnLane>> {
        for chat in [chat, &chat.in_other_order()] {
            let place = Place::of(chat);
            let Some(waiting) = self.on_lane(&place, destination, id).await? else {
                continue;
            };
            let mut read = redis::pipe();
            read.cmd("TIME");
            read.cmd("HMGET")
                .arg(place.head(destination))
                .arg(&["due", "token"]);
            let values: Vec<Value> = self.store.pipeline(&read).await?;
            let mut values = values.into_iter();
            let now = reply::time(values.next())?;
            let (due, token): (Option<Millis>, Option<String>) = reply::value(values.next())?;
            let left = Duration::from_millis(due.unwrap_or_default().saturating_sub(now));
            return Ok(Some(OnLane {
                left: waiting.first.then_some(left),
                in_hand: waiting.first && token.is_some(),
                waiting,
            }));
        }
        Ok(None)
    }

    /// The chat of a batch that waits for one of these destinations, in the shard that its id carries: among lanes that
    /// came to wait when it was made, and those that are tried again, as many as are looked at.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn chat_of_waiting(
        self,
        id: &BatchId,
        destinations: &[Name],
    ) -> Result<Option<Chat>> {
        let (Some(shard), Some(made)) = (Shard::of_id(id), id.made_at()) else {
            return Ok(None);
        };
        for some in destinations.chunks(AT_A_TIME) {
            let lanes = self.lanes_of(shard, some, made).await?;
            for lanes in lanes.chunks(LANES_AT_A_TIME) {
                let keys = lanes
                    .iter()
                    .map(|(destination, member)| keys::behind(shard, "lane", destination, member));
                let mut keys = keys.collect::<Vec<_>>().into_iter();
                let mut holding = scripts::HOLDING.key(keys.next().unwrap_or_default());
                for key in keys {
                    holding.key(key);
                }
                holding.arg(id.as_str()).arg(MOST_BATCHES);
                let places: Vec<usize> = self.store.run(shard, &holding).await?;
                let place = places.first().and_then(|place| place.checked_sub(1));
                if let Some((destination, member)) = place.and_then(|at| lanes.get(at)) {
                    return self.chat_on(id, destination, member).await;
                }
            }
        }
        Ok(None)
    }

    /// Lanes of a shard that may hold what was made at that moment.
    async fn lanes_of(
        self,
        shard: Shard,
        destinations: &[Name],
        made: Millis,
    ) -> Result<Vec<(&Name, String)>> {
        let mut reads = redis::pipe();
        for destination in destinations {
            let lanes = Due::Lanes(destination.clone());
            let (from, to) = (made.saturating_sub(SOON), made.saturating_add(SOON));
            reads.zrangebyscore_limit(lanes.key(shard), from, to, 0, MOST_LANES);
            let (from, to) = Due::Retries(destination.clone()).band();
            reads.zrangebyscore_limit(lanes.key(shard), from, to, 0, MOST_LANES);
        }
        let found: Vec<Vec<Vec<u8>>> = self.store.pipeline(&reads).await?;
        let twice = destinations.iter().flat_map(|it| [it, it]);
        let lanes = twice.zip(found).flat_map(|(destination, members)| {
            let members = members.into_iter().flat_map(String::from_utf8);
            members.map(move |member| (destination, member))
        });
        Ok(lanes.collect())
    }

    /// Whose batch it is that waits on this lane.
    async fn chat_on(self, id: &BatchId, destination: &Name, member: &str) -> Result<Option<Chat>> {
        let Some(chat) = chat_of_member(member) else {
            return Ok(None);
        };
        if !chat.ordered {
            return Ok(Some(chat));
        }
        // The lane of an ordered buffer is all its chats'.
        let place = Place::of_ordered(&chat.buffer);
        let waiting = self.on_lane(&place, destination, id).await?;
        let user = waiting.and_then(|it| ChatId::parse(&it.user).ok());
        Ok(user.map(|user| Chat { id: user, ..chat }))
    }
}
