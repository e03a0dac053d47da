//! What is asked of chats that stay silent: one for each chat at the most, planned when a batch is delivered, taken back
//! when something is said.

use std::time::Duration;

use super::member::{self, Waiting};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;
use crate::core::life::Life;
use crate::core::moment::millis;
use crate::store::batch::whose_word;
use crate::store::config::lives::{Living, must_all_be_there};
use crate::store::handles::FollowUps;
use crate::store::keys::{self, Due, Place, Shard};
use crate::store::scripts::{self, Call};
use crate::store::work::Kind;
use crate::store::{LONGEST_IDLE, Result, StoreError};

/// How a delivery is followed up if nothing more is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUpPlan {
    /// The silence to wait for.
    pub after: Duration,
    /// Its number, from 1.
    pub number: u32,
    /// When its message came.
    pub came: Millis,
    /// The last message of the batch, as it lies in Redis.
    pub item: String,
    /// The life of the buffer that follows up.
    pub life: Life,
}

impl FollowUpPlan {
    /// What the settle script needs to plan it: `closed` is when the batch was, and by `last_step` the clock was set back
    /// the last time.
    pub(in crate::store) fn put_into(
        &self,
        settle: &mut Call,
        buffer: &Name,
        place: &Place,
        closed: Millis,
        last_step: Millis,
    ) {
        settle
            .key(Due::Later.key(place.shard))
            .key(keys::later_items(place.shard))
            .key(keys::heard(place.shard))
            .key(keys::paused(place.shard))
            .key(keys::alive(place.shard))
            .arg(member::follow_up(place))
            .arg(&place.member)
            .arg(closed)
            .arg(millis(self.after))
            .arg(format!("{} {} {}", self.number, self.came, self.item));
        Living::buffer(buffer, self.life).must_be_there(settle);
        settle.arg(millis(LONGEST_IDLE)).arg(last_step);
    }
}

/// A follow-up that waits for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingFollowUp {
    /// When it is due.
    pub at: Millis,
    /// Its number, from 1.
    pub number: u32,
}

impl WaitingFollowUp {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        Some(Self {
            at: words.next()?.parse().ok()?,
            number: words.next()?.parse().ok()?,
        })
    }
}

impl FollowUps<'_> {
    /// The follow-up of a chat that waits for its time.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find(self, chat: &Chat) -> Result<Option<WaitingFollowUp>> {
        let place = Place::of(chat);
        let read = redis::Cmd::hget(keys::later_items(place.shard), member::follow_up(&place));
        let text: Option<String> = self.store.query(&read).await?;
        let read = |text: String| {
            WaitingFollowUp::read(&text).ok_or(StoreError::Unreadable("a follow-up"))
        };
        text.map(read).transpose()
    }

    /// Puts a follow-up onto the lane to its destination, as a batch whose id ends in its number; answers whether it
    /// did: something may have been said, and another monitor may have been first. `life` is that of its buffer.
    ///
    /// # Errors
    /// Gone, where buffer or destination are not there in the life that they have here; unavailable or silent.
    pub async fn send(
        self,
        chat: &Chat,
        life: Life,
        waiting: WaitingFollowUp,
        destination: &Target,
    ) -> Result<bool> {
        let id = BatchId::generate().numbered(waiting.number);
        self.run(chat, life, waiting, destination, "", id.as_str())
            .await
    }

    /// Puts a follow-up off until `at`, if nothing was said.
    ///
    /// # Errors
    /// As [`FollowUps::send`].
    pub async fn put_off(
        self,
        chat: &Chat,
        life: Life,
        waiting: WaitingFollowUp,
        destination: &Target,
        at: Millis,
    ) -> Result<bool> {
        self.run(chat, life, waiting, destination, &at.to_string(), "")
            .await
    }

    async fn run(
        self,
        chat: &Chat,
        life: Life,
        waiting: WaitingFollowUp,
        destination: &Target,
        next: &str,
        id: &str,
    ) -> Result<bool> {
        let place = Place::of(chat);
        let mut run = scripts::FOLLOW_UP.key(Due::Later.key(place.shard));
        run.key(keys::later_items(place.shard))
            .key(place.due_lanes(&destination.name))
            .key(place.lane(&destination.name))
            .key(keys::alive(place.shard))
            .key(keys::heard(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::lanes(place.shard))
            .arg(member::follow_up(&place))
            .arg(waiting.at)
            .arg(next)
            .arg(id)
            .arg(place.lane_member())
            .arg(whose_word(chat))
            .arg(&place.member);
        must_all_be_there(&mut run, [destination]);
        if !life.is_endless() {
            Living::buffer(&chat.buffer, life).must_be_there(&mut run);
        }
        match self.store.run(place.shard, &run).await? {
            -1 => Err(StoreError::Gone),
            went => Ok(went == 1),
        }
    }

    /// Takes back the follow-up of a chat; answers whether there was one.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn cancel(self, chat: &Chat) -> Result<bool> {
        let place = Place::of(chat);
        let member = member::follow_up(&place);
        self.store
            .scheduled()
            .cancel_member(&place, &member, &[], None)
            .await
    }

    /// Takes back all follow-ups of a buffer that is being removed.
    ///
    /// # Errors
    /// Unavailable or silent; what was taken back until then stays so.
    pub async fn cancel_all(self, buffer: &Name, removed: &Living) -> Result<()> {
        let pattern = member::follow_ups_like(buffer);
        for shard in Shard::all() {
            for member in self
                .store
                .matching(&Due::Later, shard, &pattern)
                .await?
                .keys()
            {
                if let Some(Waiting::FollowUp(chat)) = Waiting::parse(member)
                    && chat.buffer == *buffer
                {
                    let place = Place::of(&chat);
                    self.store
                        .scheduled()
                        .cancel_member(&place, member, &[], Some(removed))
                        .await?;
                }
            }
        }
        Ok(())
    }
}
