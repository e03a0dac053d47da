//! "Your bot did not answer me."

use serde::Serialize;
use utoipa::ToSchema;

use super::{Situation, maybe_moment, moment};
use crate::core::batch::Millis;

/// By so much the list of received messages may be late, ms.
const LATE_BY: Millis = 50;
/// An answer is looked for so long before it is missed, ms.
const ANSWERS_WITHIN: Millis = 60_000;

/// Why there is no answer, or that there is one: the first of these that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "code", content = "facts", rename_all = "snake_case")]
pub enum NotAnswered {
    /// Since the last message, posts for the buffer were refused: the newest may have been among them.
    PostsRefused {
        /// How many, of those that are listed.
        count: u64,
        /// The code of the newest.
        refusal: String,
        /// When it came (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        last_at: Millis,
    },
    /// Nothing of this number reached Lull, as far as is known.
    NothingReceived {
        /// When anything was last posted for the buffer (RFC 3339, UTC); null: it is not known.
        #[serde(serialize_with = "maybe_moment")]
        #[schema(value_type = Option<String>, format = DateTime)]
        last_post_at: Option<Millis>,
    },
    /// The newest message was not taken.
    Dropped {
        /// Why, in a word, as in `GET /api/posts`.
        result: String,
        /// Why, for people.
        reason: Option<String>,
        /// When it came (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
        /// Until the end of the pause, if the chat is paused.
        paused_for_ms: Option<Millis>,
    },
    /// The window is open.
    Gathering {
        /// Until it closes, if nothing more is said.
        closes_in_ms: Millis,
    },
    /// The batch is on its lane and was not tried, or is being tried for the first time.
    Waiting {
        /// What it waits for.
        #[serde(rename = "for")]
        why: Waits,
        /// Where it is to go.
        destination: String,
        /// Its `webhook-id`.
        webhook_id: String,
        /// Until the next try.
        next_in_ms: Millis,
    },
    /// It was tried and not taken, and is tried again.
    Failing {
        /// Where it is to go.
        destination: String,
        /// Its `webhook-id`.
        webhook_id: String,
        /// How often it was tried.
        attempts: u32,
        /// The HTTP status of the newest answer.
        status: Option<u16>,
        /// What happened, in a few words.
        summary: String,
        /// What it waits for.
        #[serde(rename = "for")]
        why: Waits,
        /// Until the next try.
        next_in_ms: Millis,
    },
    /// It was given up on.
    Dead {
        /// The id of the dead letter.
        dead_letter: String,
        /// Where it was to go.
        destination: String,
        /// Its `webhook-id`.
        webhook_id: String,
        /// Why.
        reason: String,
        /// When (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
    },
    /// A message waits for a time of its own.
    ForLater {
        /// When it leaves (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        send_at: Millis,
    },
    /// The destination has taken it, and our side wrote since.
    Answered {
        /// The destination.
        destination: String,
        /// The `webhook-id`.
        webhook_id: String,
        /// When our side wrote (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        answered_at: Millis,
    },
    /// The destination has taken it less than a minute ago.
    JustDelivered {
        /// The destination.
        destination: String,
        /// The `webhook-id`.
        webhook_id: String,
        /// So long ago.
        since_ms: Millis,
    },
    /// The destination has taken it, and nothing has left the gateway since, for more than a minute.
    NoAnswerSeen {
        /// The destination.
        destination: String,
        /// The `webhook-id`.
        webhook_id: String,
        /// So long ago.
        since_ms: Millis,
    },
    /// The destination has taken it. Whether it answered is not known: the gateway has never told of a message of ours here.
    Delivered {
        /// The destination.
        destination: String,
        /// The `webhook-id`.
        webhook_id: String,
        /// So long ago.
        since_ms: Millis,
    },
    /// A message was taken in, and nothing is kept of what became of it: its window was dropped by hand, or history does not
    /// reach so far back.
    NotKept {
        /// When it came (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        said_at: Millis,
    },
}

/// What a batch waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// Its turn: it is due at once.
    Turn,
    /// An answer: a call is on its way.
    Answer,
    /// The next try.
    Retry,
    /// The batch before it on its lane.
    Behind,
    /// The destination is stopped, or all deliveries are.
    Stopped,
    /// The destination is off, or there is none of this name any more.
    Off,
    /// The pace of the destination.
    Pace,
}

impl Situation {
    /// Why the newest message was not answered.
    pub fn not_answered(&self) -> NotAnswered {
        let newest = self.said.max(self.untaken.as_ref().map(|it| it.at));
        // Where the newest post of all was refused, whatever the person has said since was, too.
        if let Some(refused) = &self.refused
            && newest.is_none_or(|newest| newest < refused.at)
            && self.last_post <= Some(refused.at)
        {
            return NotAnswered::PostsRefused {
                count: refused.count,
                refusal: refused.code.clone(),
                last_at: refused.at,
            };
        }
        if let Some(untaken) = self.untaken.as_ref().filter(|it| self.said < Some(it.at)) {
            return NotAnswered::Dropped {
                result: untaken.result.clone(),
                reason: untaken.reason.clone(),
                at: untaken.at,
                paused_for_ms: self.paused_for,
            };
        }
        if let Some(deadline) = self.window {
            return NotAnswered::Gathering {
                closes_in_ms: deadline.saturating_sub(self.now),
            };
        }
        self.on_its_way().unwrap_or_else(|| self.over())
    }

    fn on_its_way(&self) -> Option<NotAnswered> {
        let waiting = self.waiting.as_ref()?;
        let (destination, webhook_id) = (waiting.destination.clone(), waiting.webhook_id.clone());
        Some(match &waiting.last {
            Some(last) => NotAnswered::Failing {
                destination,
                webhook_id,
                attempts: waiting.attempts,
                status: last.status,
                summary: last.summary.clone(),
                why: waiting.why,
                next_in_ms: waiting.next_in,
            },
            None => NotAnswered::Waiting {
                why: waiting.why,
                destination,
                webhook_id,
                next_in_ms: waiting.next_in,
            },
        })
    }

    fn over(&self) -> NotAnswered {
        let delivered = self.newest_delivered();
        let delivered = delivered.and_then(|it| Some((it, it.delivered_at()?)));
        let delivered_at = delivered.map(|(_, at)| at);
        if let Some(dead) = self.dead.as_ref().filter(|it| delivered_at < Some(it.at)) {
            return NotAnswered::Dead {
                dead_letter: dead.id.clone(),
                destination: dead.destination.clone(),
                webhook_id: dead.webhook_id.clone(),
                reason: dead.reason.clone(),
                at: dead.at,
            };
        }
        // When a message came is told a little late where nothing else is kept of it.
        let delivered = delivered.filter(|(it, _)| self.said <= Some(it.said.1 + LATE_BY));
        let Some((delivery, at)) = delivered else {
            return self.nothing();
        };
        let (destination, webhook_id) = (delivery.destination.clone(), delivery.webhook_id.clone());
        let since_ms = self.now.saturating_sub(at);
        if let Some(answered_at) = self.answer_after(delivery.closed) {
            return NotAnswered::Answered {
                destination,
                webhook_id,
                answered_at,
            };
        }
        if self.answers.is_empty() {
            return NotAnswered::Delivered {
                destination,
                webhook_id,
                since_ms,
            };
        }
        if since_ms < ANSWERS_WITHIN {
            return NotAnswered::JustDelivered {
                destination,
                webhook_id,
                since_ms,
            };
        }
        NotAnswered::NoAnswerSeen {
            destination,
            webhook_id,
            since_ms,
        }
    }

    fn nothing(&self) -> NotAnswered {
        match (self.later, self.said) {
            (Some(send_at), _) => NotAnswered::ForLater { send_at },
            (None, Some(said_at)) => NotAnswered::NotKept { said_at },
            (None, None) => NotAnswered::NothingReceived {
                last_post_at: self.last_post,
            },
        }
    }
}
