//! `GET /api/chats/{user}`: one chat whole, to see what became of what was said in it.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Api;
use super::chats::{self, OpenWindow};
use super::dead_letters::{self, DeadLetterAnswer};
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::history::{self, HistoryAnswer};
use super::named_chat::{BufferQuery, any_buffer, chat_meant};
use super::scheduled::{self, LaterMessage};
use crate::admin::{ChatDetail, Part};
use crate::core::batch::Batch;
use crate::core::item::Item;
use crate::core::moment::{seconds, utc};
use crate::store::chats::chat_detail::WaitingLane;

/// All that is there of a chat.
#[derive(Debug, Serialize, ToSchema)]
struct ChatAnswer {
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What stands for the chat in the logs.
    hash: String,
    /// Seconds until the end of its pause; null: it is not paused.
    paused_for: Option<f64>,
    /// Its open window; null without one.
    window: Option<WindowAnswer>,
    /// Messages that wait for a time of their own, the next to leave first.
    later: Vec<LaterMessage>,
    /// What it is asked if it stays silent; null: nothing.
    follow_up: Option<FollowUpAnswer>,
    /// What waits for each destination.
    lanes: Vec<LaneAnswer>,
    /// The newest batches that were tried.
    history: Vec<HistoryAnswer>,
    /// The newest batches that were given up on.
    dead_letters: Vec<DeadLetterAnswer>,
    /// Of which fields not everything is shown: they hold more than an answer has room for, or may.
    more_in: Vec<ChatPart>,
}

/// A field of a chat that may hold more than is shown.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChatPart {
    /// What was said in the window; the newest is shown.
    Window,
    /// Messages for later; the next to leave are shown.
    Later,
    /// Lanes; the next batches to leave are shown.
    Lanes,
    /// History; the newest is shown.
    History,
    /// Dead letters; the newest are shown.
    DeadLetters,
}

/// A follow-up that waits for its time.
#[derive(Debug, Serialize, ToSchema)]
struct FollowUpAnswer {
    /// Its number, from 1.
    number: u32,
    /// When it leaves (RFC 3339, UTC).
    #[schema(format = DateTime)]
    send_at: String,
}

/// An open window with what was said in it.
#[derive(Debug, Serialize, ToSchema)]
struct WindowAnswer {
    /// As in the list of open windows.
    #[serde(flatten)]
    window: OpenWindow,
    /// What was said, in order; the newest of it, where it is long.
    said: Vec<Said>,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Said {
    /// The client's id for it.
    message_id: Option<String>,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    received_at: String,
    /// What was said.
    #[schema(value_type = Value)]
    message: Box<RawValue>,
}

/// What waits for one destination.
#[derive(Debug, Serialize, ToSchema)]
struct LaneAnswer {
    /// Where it goes.
    destination: String,
    /// How often the first batch of the lane was tried.
    attempts: u32,
    /// Whether an attempt is on its way.
    in_hand: bool,
    /// Seconds until the next attempt may begin; 0: at any time.
    next_attempt_in: f64,
    /// The batches of this chat, the next to leave first; of more than 100, or of large ones, the first.
    batches: Vec<BatchAnswer>,
}

/// A batch that waits.
#[derive(Debug, Serialize, ToSchema)]
struct BatchAnswer {
    /// The `webhook-id`.
    webhook_id: String,
    /// What closed its window.
    reason: String,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    closed_at: String,
    /// What was said, in order.
    #[schema(value_type = Vec<Value>)]
    messages: Vec<Box<RawValue>>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/chats/{user}", show)
            .says(
                "Show a chat whole",
                "Its window with what was said, messages for later, a follow-up that waits, lanes, and the newest 50 each of history and dead letters. Of what is large it holds as much as begins within 8 MiB, and `more_in` names the fields of which not everything is shown. A number in any writing is understood where only one chat has it. A chat of which nothing is known is a 404.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers::<ChatAnswer>(200, "All that is there of the chat.")
            .refusing(&[404, 409]),
    ]
}

async fn show(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
) -> Result<Json<ChatAnswer>, ApiError> {
    let chat = chat_meant(&api, user, query, any_buffer).await?;
    let detail = api.admin.chat_detail(&chat).await?;
    let ChatDetail {
        paused,
        window,
        scheduled,
        follow_up,
        lanes,
        history,
        dead_letters,
        more_in,
    } = detail;
    Ok(Json(ChatAnswer {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        token: api.admin.chat_tokens().of(&chat),
        hash: chat.hash().to_string(),
        paused_for: paused.map(seconds),
        window: window.map(|(window, items)| WindowAnswer {
            said: said(items),
            window: chats::shown(&api, &window),
        }),
        later: scheduled
            .into_iter()
            .map(|kept| scheduled::shown(&api, kept))
            .collect(),
        follow_up: follow_up.map(|waiting| FollowUpAnswer {
            number: waiting.number,
            send_at: utc(waiting.at),
        }),
        lanes: lanes.into_iter().map(lane).collect(),
        history: history
            .into_iter()
            .map(|it| history::shown(&api, it))
            .collect(),
        dead_letters: dead_letters
            .iter()
            .map(|it| dead_letters::shown(&api, it))
            .collect(),
        more_in: more_in.into_iter().map(part).collect(),
    }))
}

fn part(part: Part) -> ChatPart {
    match part {
        Part::Window => ChatPart::Window,
        Part::Scheduled => ChatPart::Later,
        Part::Lanes => ChatPart::Lanes,
        Part::History => ChatPart::History,
        Part::DeadLetters => ChatPart::DeadLetters,
    }
}

pub(super) fn said(items: Vec<Item>) -> Vec<Said> {
    let items = items.into_iter();
    items
        .map(|item| Said {
            message_id: item.id,
            received_at: utc(item.at),
            message: item.message,
        })
        .collect()
}

fn lane(lane: WaitingLane) -> LaneAnswer {
    LaneAnswer {
        destination: lane.destination.to_string(),
        attempts: lane.attempts,
        in_hand: lane.in_hand,
        next_attempt_in: seconds(lane.left),
        batches: lane.batches.into_iter().map(|it| batch(&it)).collect(),
    }
}

fn batch(batch: &Batch) -> BatchAnswer {
    BatchAnswer {
        webhook_id: batch.id.to_string(),
        reason: batch.reason.to_string(),
        opened_at: utc(batch.opened),
        closed_at: utc(batch.closed),
        messages: dead_letters::messages(&batch.items),
    }
}
