//! "Your bot did not answer me."

mod rules;

use serde::Serialize;
use utoipa::ToSchema;

use super::{maybe_moment, moment};
use crate::core::batch::Millis;
use crate::core::held_by::HeldBy;
use crate::core::paused_by::PausedBy;

/// Why there is no answer, or that there is one: the first of these that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "code", content = "facts", rename_all = "snake_case")]
pub enum NotAnswered {
    /// Since the last message, all that was posted for the buffer was refused: the newest may have been among it. Where anything
    /// is known of the person, there are several.
    PostsRefused {
        /// How many, one after the other, of those that are listed.
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
        /// The line that the number would be heard through; null: it is not known.
        line: Option<String>,
        /// When anything was last posted through the line, else for the buffer (RFC 3339, UTC); null: it is not known.
        #[serde(serialize_with = "maybe_moment")]
        #[schema(value_type = Option<String>, format = DateTime)]
        last_post_at: Option<Millis>,
        /// How long it usually is between two posts of the line; null: it has not been known for long enough.
        usual_gap_ms: Option<Millis>,
    },
    /// The person has no chat of their own, but wrote in a group that is one chat: its story tells what became of it.
    InGroup {
        /// The group's chat.
        user: String,
        /// Its buffer.
        buffer: String,
        /// When the person last wrote there (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
    },
    /// All that reached Lull was taken by the destination, but nothing has come through the line for far longer than usual: what is
    /// missed may have been said since.
    LineSilent {
        /// The line; null where the gateway names none.
        line: Option<String>,
        /// When the last post came (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        last_post_at: Millis,
        /// How long it usually is between two posts.
        usual_gap_ms: Option<Millis>,
    },
    /// The newest message was not taken, or its window was dropped when the chat was paused.
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
        /// Who paused it; null: it is not paused, or nobody has noted it.
        paused_by: Option<PausedBy>,
        /// The name of the operator's key; null where it was nobody's, or an own message paused the chat.
        paused_by_key: Option<String>,
    },
    /// The person took the newest message back before it was delivered.
    TakenBack {
        /// When it came (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        said_at: Millis,
        /// When it was taken back (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
    },
    /// The window is open.
    Gathering {
        /// Until it closes, if nothing more is said.
        closes_in_ms: Millis,
    },
    /// The window should have been closed long ago, or was due and no monitor is alive to close it.
    Overdue {
        /// When it was due (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        due_at: Millis,
        /// How long ago that was.
        overdue_ms: Millis,
        /// How many monitors are alive.
        monitors: usize,
    },
    /// The batch is on its lane and was not tried, or is being tried for the first time.
    Waiting {
        /// What keeps the next try from beginning, as in `GET /api/lanes`.
        held_by: HeldBy,
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
        /// What keeps the next try from beginning, as in `GET /api/lanes`.
        held_by: HeldBy,
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
    /// Our side wrote since.
    Answered {
        /// The destination that had taken it; null: none had, and somebody of our side wrote by themself.
        destination: Option<String>,
        /// The `webhook-id`; null, likewise.
        webhook_id: Option<String>,
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
