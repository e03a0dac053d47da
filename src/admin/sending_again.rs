//! Sending again what was delivered: "n8n said 200, but its flow failed".

use std::collections::{HashMap, VecDeque};

use tracing::info;

use super::batches::MOST_SAID;
use super::{Admin, AdminError, Conflict, Destined, NoSuch, NotKept, WholeBatch, Whose};
use crate::core::action::Action;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Lane, Name};
use crate::core::filter::Filter;
use crate::core::item::{digest, stamps};
use crate::store::audit::{Act, By};
use crate::store::history::{DELIVERED, Record, WRITTEN_WITHIN};
use crate::store::lanes::sending_again::{Delivered, SentAgain};
use crate::store::{Look, StoreError};

/// A batch that was sent again.
#[derive(Debug)]
pub struct Repeat {
    /// Whose it is.
    pub chat: Chat,
    /// Where it goes.
    pub destination: Name,
    /// Under which id.
    pub id: BatchId,
    /// How many messages it holds.
    pub messages: u64,
    /// It had been sent again a moment ago, and nothing was done this time.
    pub already: bool,
}

impl Admin {
    /// Puts a batch that was delivered onto its lane once more, under an id of its own: with the messages that it was sent
    /// with, all of them and no other. A second wish within a minute is the first.
    ///
    /// # Errors
    /// No such; it went to several destinations, and none is named; it was not delivered to that one, or waits there; the
    /// destination is not there any more; not all that was said is kept. Full, unavailable, silent or unreadable.
    pub async fn send_again(
        &self,
        id: &BatchId,
        whose: Whose,
        destination: Option<&Name>,
        by: &By,
    ) -> Result<Repeat, AdminError> {
        let whole = self.batch(id, whose).await?;
        let record = delivered(&whole, destination, id)?.clone();
        let batch = self.as_it_was(&whole, &record).await?;
        let batch = batch.ok_or_else(|| NotKept(id.clone()))?;
        let no_way = || Conflict::NoWayAgain(record.destination.clone());
        let lane = Lane {
            destination: Name::from_stored(&record.destination).map_err(|_| no_way())?,
            chat: whole.chat,
        };
        let sent = match self.store().lanes().send_again(&lane, &batch).await {
            Err(StoreError::Gone) => return Err(no_way().into()),
            sent => sent?,
        };
        let (id, already) = match sent {
            SentAgain::Now(id) => (id, false),
            SentAgain::Before(id) => (id, true),
        };
        let Lane { chat, destination } = lane;
        if !already {
            info!(chat = %chat.hash(), batch = %id, repeats = %batch.id, %destination, "An operator sent a batch again");
            let act = Act::new(Action::BatchSendAgain, by);
            self.note(act.on(&format!("{id} {}", chat.hash()))).await;
        }
        Ok(Repeat {
            chat,
            destination,
            id,
            messages: batch.count,
            already,
        })
    }

    /// The batch with the very messages that it was delivered with; none: they are not all known any more, or one was changed
    /// before it was sent.
    async fn as_it_was(
        &self,
        whole: &WholeBatch,
        record: &Record,
    ) -> Result<Option<Delivered>, StoreError> {
        let Some(sent) = &record.digest else {
            return Ok(None);
        };
        // To other destinations it may wait still, or be a dead letter.
        let is_it = |items: &&str| digest(items) == *sent;
        let mut lying = whole.destinations.iter().filter_map(Destined::items);
        let items = match lying.find(is_it) {
            Some(items) => Some(items.to_owned()),
            None => {
                let received = self.received_of(&whole.chat, record).await?;
                received.filter(|items| is_it(&items.as_str()))
            }
        };
        Ok(items.map(|items| Delivered {
            id: BatchId::from_stored(&record.id),
            opened: record.opened,
            reason: record.reason.clone(),
            gathered: record.gathered,
            count: record.messages,
            items,
        }))
    }

    /// The messages of a batch as they came, in its order.
    async fn received_of(
        &self,
        chat: &Chat,
        record: &Record,
    ) -> Result<Option<String>, StoreError> {
        let times = record.stamps.iter().map(|stamp| stamp.at);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
            return Ok(None);
        };
        let look = Look {
            from: first,
            to: last.saturating_add(WRITTEN_WITHIN),
            ..Look::first(MOST_SAID)
        };
        let filter = Filter::Chat(chat.clone());
        let received = self.store().history().received(&filter, |_| true, look);
        // Two of one moment without ids are told apart by their order.
        let mut by_stamp: HashMap<_, VecDeque<String>> = HashMap::new();
        for item in received.await?.0.into_iter().rev().filter_map(|it| it.item) {
            for stamp in stamps(&item, 1) {
                let same = by_stamp.entry((stamp.at, stamp.id)).or_default();
                same.push_back(item.clone());
            }
        }
        let items = record.stamps.iter().map(|stamp| {
            let same = by_stamp.get_mut(&(stamp.at, stamp.id.clone()))?;
            same.pop_front()
        });
        let items: Option<Vec<String>> = items.collect();
        Ok(items.map(|items| items.join(",")))
    }
}

/// What history tells of a batch that was delivered: to this destination, or to the only one.
fn delivered<'a>(
    whole: &'a WholeBatch,
    destination: Option<&Name>,
    id: &BatchId,
) -> Result<&'a Record, AdminError> {
    let known = &whole.destinations;
    let asked = match destination {
        Some(name) => {
            let to_it = known.iter().find(|it| it.destination == *name);
            to_it.ok_or_else(|| NoSuch::BatchTo(id.clone(), name.clone()))?
        }
        None => the_only(known)?.ok_or_else(|| NoSuch::Batch(id.clone()))?,
    };
    let name = asked.destination.to_string();
    if asked.waits.is_some() {
        return Err(Conflict::StillWaits(name).into());
    }
    if asked.dead.is_some() {
        return Err(Conflict::IsDead(name).into());
    }
    let record = asked.settled.as_ref().map(|it| &it.record);
    let record = record.filter(|it| it.outcome == DELIVERED);
    Ok(record.ok_or(Conflict::NotDelivered(name))?)
}

/// The destination that a batch was delivered to; where it was delivered nowhere, any that it went to.
fn the_only(known: &[Destined]) -> Result<Option<&Destined>, Conflict> {
    let delivered: Vec<_> = known.iter().filter(|it| it.is_delivered()).collect();
    match delivered[..] {
        [] => Ok(known.first()),
        [only] => Ok(Some(only)),
        _ => {
            let names = delivered.iter().map(|it| it.destination.to_string());
            Err(Conflict::SeveralDestinations(names.collect()))
        }
    }
}
