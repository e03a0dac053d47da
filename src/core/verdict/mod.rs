//! What to tell somebody who says "your bot did not answer me", "it answered twice" or "it was late": rules, the first of
//! which that holds is the verdict. It is a code and facts; words are for whoever shows it.

mod delivery;
mod late;
mod not_answered;
mod twice;

use serde::{Serialize, Serializer};

use crate::core::batch::Millis;
use crate::core::held_by::HeldBy;
use crate::core::moment::utc;
use crate::core::paused_by::PausedBy;
use crate::core::window::{CloseReason, Origin};

pub use delivery::{Attempted, Delivery};
pub use late::{Late, Parts};
pub use not_answered::NotAnswered;
pub use twice::Twice;

/// A line is not called silent before nothing has come for so long, ms.
const QUIET_ANYHOW: Millis = 600_000;
/// Nor before so many of its usual gaps have passed. Gaps differ by the hour: at night a shop hears less.
const GAPS_OF_SILENCE: Millis = 20;

/// What is known of a chat at this moment.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// By Redis's clock.
    pub now: Millis,
    /// When the newest message came that was taken in.
    pub said: Option<Millis>,
    /// About when the chat was last heard from, also where none of what was said is kept any more.
    pub heard: Option<Millis>,
    /// The newest thing that was posted of the person and not taken.
    pub untaken: Option<Untaken>,
    /// When the newest message was taken back that was taken in, and when it had come; [`Situation::said`] is not that message.
    pub taken_back: Option<(Millis, Millis)>,
    /// When each message came that was taken back in its window.
    pub all_taken_back: Vec<Millis>,
    /// When somebody told its window to wait longer.
    pub extended: Vec<Millis>,
    /// What was refused for its buffer since anything else was posted there.
    pub refused: Option<RefusedPosts>,
    /// When anything was last posted for its buffer.
    pub last_post: Option<Millis>,
    /// The line that it is heard through, as far as that is known.
    pub line: Option<HeardThrough>,
    /// It is left to a person.
    pub pause: Option<Pause>,
    /// The last pause that an operator made, whether or not it lasts.
    pub last_pause: Option<Pause>,
    /// When its open window closes.
    pub window: Option<Millis>,
    /// How many monitors are alive.
    pub monitors: usize,
    /// When its next message leaves that waits for a time of its own.
    pub later: Option<Millis>,
    /// What waits on a lane, the oldest.
    pub waiting: Option<WaitingBatch>,
    /// The newest batch that was given up on.
    pub dead: Option<DeadBatch>,
    /// Batches that were tried, the oldest first.
    pub deliveries: Vec<Delivery>,
    /// When our side wrote to the person, the oldest first, as far as the gateway tells.
    pub answers: Vec<Millis>,
    /// Batches that somebody has sent again.
    pub sent_again: Vec<ByHand>,
    /// Other chats of the person, and when each was last heard from.
    pub others: Vec<(String, Millis)>,
    /// A group in which the person was heard, where they have no chat of their own.
    pub in_group: Option<InGroup>,
}

/// Somebody wrote in a group that is one chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InGroup {
    /// The group's chat.
    pub user: String,
    /// Its buffer.
    pub buffer: String,
    /// When they last did.
    pub at: Millis,
}

/// A post of a person that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untaken {
    /// When it came.
    pub at: Millis,
    /// Why, in a word.
    pub result: String,
    /// Why, for people.
    pub reason: Option<String>,
}

/// A pause of a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Until its end, ms.
    pub left: Millis,
    /// When it was made; none: nobody has noted it.
    pub at: Option<Millis>,
    /// By whom; none: nobody has noted it.
    pub by: Option<PausedBy>,
    /// The name of the operator's key, if anybody asked for one.
    pub key: Option<String>,
}

/// A batch that somebody has sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// Its own `webhook-id`.
    pub webhook_id: String,
    /// The name of the operator's key, if anybody asked for one.
    pub key: Option<String>,
}

/// Posts for a buffer that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedPosts {
    /// How many, one after the other, of those that are listed.
    pub count: u64,
    /// The code of the newest.
    pub code: String,
    /// When it came.
    pub at: Millis,
}

/// A line that posts come through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardThrough {
    /// Its name; none where the gateway names none.
    pub name: Option<String>,
    /// When the last post came.
    pub last_post: Millis,
    /// How long it usually is between two posts, ms; none: it has not been known for long enough.
    pub usual_gap: Option<Millis>,
}

impl HeardThrough {
    /// Nothing has come for far longer than usual.
    fn is_silent(&self, now: Millis) -> bool {
        let silent_for = now.saturating_sub(self.last_post);
        self.usual_gap.is_some_and(|gap| {
            silent_for > QUIET_ANYHOW && silent_for > gap.saturating_mul(GAPS_OF_SILENCE)
        })
    }
}

/// A batch on a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingBatch {
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// Where it is to go.
    pub destination: String,
    /// What keeps the next try from beginning.
    pub held_by: HeldBy,
    /// How often it was tried.
    pub attempts: u32,
    /// Until the next try, ms.
    pub next_in: Millis,
    /// What came of the newest try.
    pub last: Option<Attempted>,
}

/// A batch that was given up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadBatch {
    /// The id of the dead letter.
    pub id: String,
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// Where it was to go.
    pub destination: String,
    /// Why it was given up on.
    pub reason: String,
    /// When.
    pub at: Millis,
    /// When its window was closed, or it was made without one.
    pub closed: Millis,
}

impl Situation {
    /// Whether an answer to a batch that was made for this reason can be missed: it holds what was said. What was to leave at a
    /// time of its own counts only where nothing was said, and what nobody said never does.
    pub fn is_asked(&self, reason: CloseReason) -> bool {
        match reason.origin() {
            Origin::Said => true,
            Origin::Planned => self.said.is_none(),
            Origin::Nobody => false,
        }
    }

    /// Batches to which an answer can be missed, the oldest first.
    fn asked(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.deliveries.iter().filter(|it| self.is_asked(it.reason))
    }

    /// Those of them that nobody sent again by hand.
    fn first_sent(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.asked().filter(|it| it.repeats.is_none())
    }

    /// The newest of them that was delivered; one that somebody sent again is as old as what it holds.
    fn newest_delivered(&self) -> Option<&Delivery> {
        let delivered = self.asked().filter(|it| it.delivered);
        delivered.max_by_key(|it| (it.since(), it.repeats.is_none()))
    }

    /// When our side first wrote after that moment.
    fn answer_after(&self, moment: Millis) -> Option<Millis> {
        self.answers.iter().copied().find(|at| *at >= moment)
    }
}

/// A moment, as answers show it.
fn moment<S: Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    utc(*at).serialize(serializer)
}

/// The same of one that may not be.
fn maybe_moment<S: Serializer>(at: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(utc).serialize(serializer)
}

#[cfg(test)]
mod tests;
