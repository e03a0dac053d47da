//! What waits for its time: kept until then, sent or taken back.

mod follow_ups;
mod list;
pub(super) mod member;
mod schedules;

use std::time::Duration;

use futures_util::future::try_join_all;

use super::batch::whose_word;
use super::config::lives::{Living, must_all_be_there};
use super::keys::{self, Due, Place, Shard};
use super::windows::digests::seen_digest;
use super::work::Kind;
use super::{LONGEST_IDLE, Result, StoreError};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;
use crate::core::finding::find_key;
use crate::core::life::Life;
use crate::core::moment::millis;
use crate::core::when::{FARTHEST, When};
use crate::store::handles::Scheduled;
use crate::store::scripts;

pub use follow_ups::{FollowUpPlan, WaitingFollowUp};
pub use list::Kept;
pub use member::{KeptMessage, Waiting};
pub use schedules::{Planned, Run};

/// Messages that are sent or dropped at a time.
const AT_ONCE: usize = 128;

/// What became of a message that is to leave later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It waits for this moment, or leaves now if that has passed.
    Kept(Millis),
    /// Its id was seen before; nothing was changed. The moment is that of the one before, if it still waits.
    Duplicate(Option<Millis>),
    /// Its moment lies beyond [`FARTHEST`].
    TooFar,
}

impl Scheduled<'_> {
    /// Keeps a message until its time. Redis has it then, in the way its `appendfsync` says, when this returns.
    ///
    /// # Errors
    /// Full, or gone, where the chat's buffer is not there in the life that the message is for: nothing was stored. Not on
    /// enough replicas: it is stored. Else unavailable or silent.
    pub async fn keep(
        self,
        chat: &Chat,
        life: Life,
        id: &str,
        item: &str,
        when: When,
    ) -> Result<Keeping> {
        let place = Place::of(chat);
        let (at, delay) = match when {
            When::At(at) => (at.to_string(), 0),
            When::In(delay) => (String::new(), millis(delay)),
        };
        let mut keep = scripts::KEEP.key(Due::Later.key(place.shard));
        keep.key(keys::later_items(place.shard));
        self.store.name_ids(&mut keep, place.shard);
        keep.key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Later))
            .arg(KeptMessage::new(chat, id).member())
            // The script puts the time in front of the other fields.
            .arg(item.strip_prefix('{').unwrap_or_default())
            .arg(at)
            .arg(delay)
            .arg(millis(FARTHEST))
            .arg(seen_digest(&place, id));
        self.store.tell_ids(&mut keep);
        let living = match chat.schedule() {
            Some(schedule) => Living::schedule(&schedule, life),
            None => Living::buffer(&chat.buffer, life),
        };
        living.must_be_there(&mut keep);
        keep.arg(millis(LONGEST_IDLE));
        self.store.tell_time(&mut keep, place.shard);
        keep.key(keys::known(place.shard))
            .key(keys::people(place.shard))
            .arg(chat.hash().packed())
            .arg(find_key(&chat.id));
        let ((status, at), on): ((String, Millis), _) =
            self.store.run_onto_replicas(place.shard, &keep).await?;
        match status.as_str() {
            "kept" => {
                on.enough(true)?;
                Ok(Keeping::Kept(at))
            }
            "gone" => Err(StoreError::Gone),
            "duplicate" => {
                self.store.be_on_replicas(place.shard, on).await?;
                Ok(Keeping::Duplicate((at > 0).then_some(at)))
            }
            _ => Ok(Keeping::TooFar),
        }
    }

    /// Takes up to `most` of what is due in a shard, and how long until the next is.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn take_due(
        self,
        shard: Shard,
        most: usize,
    ) -> Result<(Vec<Waiting>, Option<Duration>)> {
        let (members, left) = self
            .store
            .due()
            .take_members(&Due::Later, shard, most)
            .await?;
        let waiting = members.iter().filter_map(|member| Waiting::parse(member));
        Ok((waiting.collect(), left))
    }

    /// Turns a message whose time has come into a batch on each lane; answers whether it did.
    ///
    /// # Errors
    /// Gone, where a destination is not there in the life that it has here: the message waits on. Else unavailable or
    /// silent.
    pub async fn send(
        self,
        waiting: &KeptMessage,
        id: &BatchId,
        destinations: &[Target],
    ) -> Result<bool> {
        self.send_as(waiting, id, destinations, false, None).await
    }

    /// Turns all messages of a buffer that wait into batches now, in a removal only while that is under way; answers how
    /// many.
    ///
    /// # Errors
    /// Gone, unavailable or silent; what was sent until then stays sent.
    pub async fn send_all(
        self,
        buffer: &Name,
        destinations: &[Target],
        removed: Option<&Living>,
    ) -> Result<u64> {
        let send = |waiting: KeptMessage| async move {
            let id = BatchId::generate();
            self.send_as(&waiting, &id, destinations, true, removed)
                .await
        };
        self.to_all(buffer, send).await
    }

    /// Drops all messages of a buffer that is being removed; answers how many.
    ///
    /// # Errors
    /// Unavailable or silent; what was dropped until then stays dropped.
    pub async fn cancel_all(self, buffer: &Name, removed: &Living) -> Result<u64> {
        let cancel = |waiting: KeptMessage| async move {
            let place = Place::of(&waiting.chat);
            self.cancel_member(&place, &waiting.member(), &[], Some(removed))
                .await
        };
        self.to_all(buffer, cancel).await
    }

    /// Drops all messages of a chat that wait; answers how many.
    ///
    /// # Errors
    /// Unavailable or silent; what was dropped until then stays dropped.
    pub async fn cancel_all_of(self, chat: &Chat) -> Result<u64> {
        self.cancel_all_of_in(chat, None).await
    }

    /// The same, in the removal of a schedule only while that is under way.
    pub(super) async fn cancel_all_of_in(
        self,
        chat: &Chat,
        removed: Option<&Living>,
    ) -> Result<u64> {
        let mut dropped = 0;
        for waiting in self.waiting_in(&chat.buffer).await? {
            if waiting.chat == *chat {
                let place = Place::of(chat);
                let member = waiting.member();
                let cancelled = self.cancel_member(&place, &member, &[], removed);
                dropped += u64::from(cancelled.await?);
            }
        }
        Ok(dropped)
    }

    async fn to_all<Work: Future<Output = Result<bool>>>(
        self,
        buffer: &Name,
        one: impl Fn(KeptMessage) -> Work,
    ) -> Result<u64> {
        let mut done = 0;
        for waiting in self.waiting_in(buffer).await?.chunks(AT_ONCE) {
            let work = waiting.iter().cloned().map(&one);
            let did = try_join_all(work).await?.into_iter().filter(|did| *did);
            done += u64::try_from(did.count()).unwrap_or(u64::MAX);
        }
        Ok(done)
    }

    async fn send_as(
        self,
        waiting: &KeptMessage,
        id: &BatchId,
        destinations: &[Target],
        forced: bool,
        removed: Option<&Living>,
    ) -> Result<bool> {
        let chat = &waiting.chat;
        let place = Place::of(chat);
        let mut send = scripts::SEND.key(Due::Later.key(place.shard));
        send.key(keys::later_items(place.shard))
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Later))
            .key(keys::heard(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::lanes(place.shard));
        for destination in destinations {
            send.key(place.due_lanes(&destination.name))
                .key(place.lane(&destination.name));
        }
        send.arg(waiting.member())
            .arg(id.as_str())
            .arg(waiting.reason().as_str())
            .arg(place.lane_member())
            .arg(whose_word(chat))
            .arg(u8::from(forced))
            .arg(&place.member);
        must_all_be_there(&mut send, destinations);
        if let Some(removed) = removed {
            removed.must_be_over(&mut send);
        }
        match self.store.run(place.shard, &send).await? {
            -1 => Err(StoreError::Gone),
            sent => Ok(sent == 1),
        }
    }

    /// Takes back the message with this id, whatever the order of its buffer was when it came; answers whether it waited.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn cancel(self, chat: &Chat, id: &str) -> Result<bool> {
        for chat in [chat, &chat.in_other_order()] {
            let (place, waiting) = (Place::of(chat), KeptMessage::new(chat, id));
            let digest = seen_digest(&place, id);
            let member = waiting.member();
            if self.cancel_member(&place, &member, &digest, None).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn cancel_member(
        self,
        place: &Place,
        member: &str,
        id: &[u8],
        removed: Option<&Living>,
    ) -> Result<bool> {
        let mut cancel = scripts::CANCEL_SCHEDULED.key(Due::Later.key(place.shard));
        cancel.key(keys::later_items(place.shard));
        self.store.name_ids(&mut cancel, place.shard);
        cancel
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Later))
            .arg(member)
            .arg(id);
        self.store.tell_beside(&mut cancel);
        if let Some(removed) = removed {
            removed.must_be_over(&mut cancel);
        }
        self.store.run(place.shard, &cancel).await
    }
}
