//! Dead letters and revivals, as they are shown.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use crate::core::chat::Name;
use crate::core::item::read_items;
use crate::core::moment::utc;
use crate::http::Api;
use crate::http::messages::{MessageAnswer, OfQueue, dead_answer};
use crate::http::named_chat::token_of;
use crate::store::dead_letters::DeadLetter;
use crate::store::revivals::{Counted, Preview};

/// A batch that was given up on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DeadLetterAnswer {
    /// Names it in the paths of revive and delete; of a message that left one by one it is the message's.
    id: String,
    /// The `webhook-id` it was sent under.
    webhook_id: String,
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// Where it was to go.
    destination: String,
    /// Why it was given up on.
    reason: String,
    /// How often it was tried.
    attempts: u64,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    closed_at: String,
    /// When it was first tried.
    #[schema(format = DateTime)]
    first_attempt_at: String,
    /// When it was given up on.
    #[schema(format = DateTime)]
    buried_at: String,
    /// What was said, in order.
    #[schema(value_type = Vec<Value>)]
    messages: Vec<Box<RawValue>>,
    /// `dead`, of a message that left one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// What else there is of it.
    #[serde(flatten)]
    #[schema(value_type = OfQueue)]
    of_queue: Option<OfQueue>,
}

/// The answer to revive and delete.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Count {
    /// Always true.
    pub(super) success: bool,
    /// For people.
    pub(super) message: &'static str,
    /// How many dead letters it was done to.
    pub(super) count: u64,
}

/// The answer to a revival of many.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reviving {
    /// Always true.
    pub(super) success: bool,
    /// For people.
    pub(super) message: &'static str,
    /// How many go back by this request.
    pub(super) count: u64,
    /// How many go back by requests before it, which are under way; absent: none.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub(super) under_way: u64,
    /// How many stay, as their destination, or their buffer, is not there; absent: none.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub(super) without_destination: u64,
    /// Of `dry_run`: of how many chats they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chats: Option<u64>,
    /// Of `dry_run`: when the oldest of them was given up on (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(super) oldest_at: Option<String>,
    /// Of `dry_run`: how many of the chats have written since their newest was given up on; absent where there are too many
    /// chats to ask each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) written_since: Option<u64>,
}

impl Reviving {
    pub(super) fn would_be(preview: Preview) -> Self {
        let Preview {
            counted,
            chats,
            oldest,
            written_since,
        } = preview;
        Self {
            message: "So many would go back to the heads of their lanes",
            chats: Some(chats),
            oldest_at: oldest.map(utc),
            written_since,
            ..Self::of(counted)
        }
    }

    pub(super) fn of(counted: Counted) -> Self {
        let Counted {
            count,
            under_way,
            without_destination,
        } = counted;
        Self {
            success: true,
            message: match (count, under_way, without_destination) {
                (0, 0, 1..) => "None of them has anything to go back to",
                (0, 1.., _) => "All of them are on their way already",
                _ => "On their way back to the heads of their lanes",
            },
            count,
            under_way,
            without_destination,
            chats: None,
            oldest_at: None,
            written_since: None,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Revivals that are under way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Revivals {
    /// The oldest first.
    pub(super) items: Vec<UnderWay>,
}

/// A revival that is under way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnderWay {
    /// Names it.
    pub(super) id: String,
    /// How many dead letters there were when it was asked for.
    pub(super) count: u64,
    /// How many of them are back on their lanes.
    pub(super) back: u64,
    /// When it was asked for (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub(super) asked_at: String,
}

pub(in crate::http) fn shown(api: &Api, dead: &DeadLetter) -> DeadLetterAnswer {
    let is_message = dead.letter.buffer == Name::messages_name().as_str();
    let message = is_message.then(|| dead_answer(dead));
    DeadLetterAnswer {
        id: match &message {
            Some(message) => message.id.clone(),
            None => dead.id.text(),
        },
        status: message.as_ref().map(|message| message.status),
        of_queue: message.map(MessageAnswer::of_queue),
        webhook_id: dead.batch.id.to_string(),
        user: dead.letter.chat.clone(),
        buffer: dead.letter.buffer.clone(),
        token: token_of(api, &dead.letter.buffer, &dead.letter.chat),
        destination: dead.letter.destination.clone(),
        reason: dead.letter.reason.clone(),
        attempts: u64::from(dead.letter.attempts),
        opened_at: utc(dead.batch.opened),
        closed_at: utc(dead.batch.closed),
        first_attempt_at: utc(dead.letter.first_attempt),
        buried_at: utc(dead.buried()),
        messages: messages(&dead.batch.items),
    }
}

/// What was said; as one text, just as it lies there, where it cannot be read, which is then why it was given up on.
pub(in crate::http) fn messages(items: &str) -> Vec<Box<RawValue>> {
    match read_items(items) {
        Ok(items) => items.into_iter().map(|item| item.message).collect(),
        Err(_) => to_raw_value(items).into_iter().collect(),
    }
}
