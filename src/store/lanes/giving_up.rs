//! Giving up on the first batch of a lane, because an operator wants it.

use super::standing::Standing;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::core::item::{MOST_STAMPS, stamps};
use crate::core::why::Why;
use crate::store::dead_letters::Letter;
use crate::store::handles::Lanes;
use crate::store::history::{Record, Retention, Settlement, Told};
use crate::store::keys::{self, Place};
use crate::store::paging::EntryId;
use crate::store::scripts;
use crate::store::work::Kind;
use crate::store::{Result, StoreError, reply};

/// How often a lane is looked at again that was just attempted.
const TRIES: usize = 5;

/// What became of the first batch of a lane that is to be given up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// It is a dead letter now.
    Done {
        /// The batch.
        id: BatchId,
        /// How often it was attempted.
        attempts: u32,
        /// How many batches wait behind it.
        left: u64,
    },
    /// Nothing is on the lane, or the batch that was named is not the first.
    None,
    /// Another chat's batch is the first of the ordered buffer's.
    Other,
    /// An attempt is on its way.
    InHand,
}

impl Lanes<'_> {
    /// Makes a dead letter of the first batch on the lane of a chat; of the one that is named, if one is.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn give_up(
        self,
        destination: &Name,
        chat: &Chat,
        named: Option<&BatchId>,
        retention: &Retention,
    ) -> Result<GivenUp> {
        let became = self.give_up_and_tell(destination, chat, named, retention);
        Ok(became.await?.0)
    }

    /// The same, and what history was told; nothing, if it keeps nothing.
    ///
    /// # Errors
    /// As [`Lanes::give_up`].
    pub async fn give_up_and_tell(
        self,
        destination: &Name,
        chat: &Chat,
        named: Option<&BatchId>,
        retention: &Retention,
    ) -> Result<(GivenUp, Option<(Record, Told)>)> {
        for _ in 0..TRIES {
            let Some(standing) = self.standing(destination, chat).await? else {
                return Ok((GivenUp::None, None));
            };
            if named.is_some_and(|named| *named != standing.batch.id) {
                return Ok((GivenUp::None, None));
            }
            if standing.lane.chat.id != chat.id {
                return Ok((GivenUp::Other, None));
            }
            if standing.in_hand {
                return Ok((GivenUp::InHand, None));
            }
            let (became, told) = self.give_up_as(&standing, retention).await?;
            match became.as_str() {
                "given_up" => {
                    let done = GivenUp::Done {
                        id: standing.batch.id,
                        attempts: standing.attempts,
                        left: standing.batches.saturating_sub(1),
                    };
                    return Ok((done, told));
                }
                "in_hand" => return Ok((GivenUp::InHand, None)),
                _ => {}
            }
        }
        // It is attempted again and again.
        Ok((GivenUp::InHand, None))
    }

    async fn give_up_as(
        self,
        standing: &Standing,
        retention: &Retention,
    ) -> Result<(String, Option<(Record, Told)>)> {
        let lane = &standing.lane;
        let place = Place::of(&lane.chat);
        let letter = Letter {
            buffer: lane.chat.buffer.to_string(),
            chat: lane.chat.id.as_str().to_owned(),
            destination: lane.destination.to_string(),
            reason: Why::ByHand.to_string(),
            summary: None,
            attempts: standing.attempts,
            first_attempt: standing.first_attempt.unwrap_or_default(),
        };
        let told = match retention.history {
            0 => None,
            _ => Some(self.record_of(standing, &place).await?),
        };
        let record = told.as_ref().map(|(record, _)| reply::json(record));
        let mut give_up = scripts::GIVE_UP.key(place.due_lanes(&lane.destination));
        give_up
            .key(place.lane(&lane.destination))
            .key(place.head(&lane.destination))
            .key(place.revived(&lane.destination))
            .key(keys::dead(place.shard))
            .key(keys::history(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::lanes(place.shard))
            .arg(place.lane_member())
            .arg(&standing.line)
            .arg(standing.attempts)
            .arg(reply::json(&letter)?)
            .arg(retention.in_shard(retention.dead_letters))
            .arg(record.transpose()?.unwrap_or_default())
            .arg(retention.in_shard(retention.history))
            .arg(keys::RETRIES);
        Ok((self.store.run(place.shard, &give_up).await?, told))
    }

    /// What history told of the batch, now given up on.
    async fn record_of(self, standing: &Standing, place: &Place) -> Result<(Record, Told)> {
        let unreadable = || StoreError::Unreadable("an entry of the history");
        if let Some(entry) = &standing.entry {
            let id = EntryId::of(place.shard, entry).ok_or_else(unreadable)?;
            let told = self.store.entry(keys::history(place.shard), id).await?;
            if let Some(told) = told {
                let Settlement {
                    record, earlier, ..
                } = Settlement::read(&told)?;
                let record = Record {
                    outcome: "buried".to_owned(),
                    why: Some(Why::ByHand.to_string()),
                    ..record
                };
                return Ok((record, Told { at: None, earlier }));
            }
        }
        let (lane, batch) = (&standing.lane, &standing.batch);
        let text: Option<String> = self
            .store
            .query(&redis::Cmd::lindex(place.lane(&lane.destination), 0))
            .await?;
        // Where another is the first by now, nothing is written.
        let items = text.as_deref().and_then(|text| text.split_once('\n'));
        let items = items.map_or("", |(_, items)| items);
        let record = Record {
            gathered: batch.gathered,
            repeats: batch.repeats.as_ref().map(ToString::to_string),
            digest: None,
            stamps: stamps(items, MOST_STAMPS),
            id: batch.id.to_string(),
            buffer: lane.chat.buffer.to_string(),
            chat: lane.chat.id.as_str().to_owned(),
            destination: lane.destination.to_string(),
            outcome: "buried".to_owned(),
            messages: batch.count,
            reason: batch.reason.to_string(),
            opened: batch.opened,
            closed: batch.closed,
            due: Some(batch.deadline),
            last: standing.last.as_ref().map(|(_, last)| last.clone()),
            why: Some(Why::ByHand.to_string()),
            request: None,
        };
        Ok((record, Told::default()))
    }
}
