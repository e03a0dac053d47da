//! `GET /api/chats/{user}`: one chat whole, to see what became of what was said in it.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use chrono_tz::Tz;

use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::query::{BufferQuery, any_buffer, chat_in};
use super::{Api, chats, dead_letters, history, scheduled};
use crate::admin::{ChatDetail, Part};
use crate::core::batch::Batch;
use crate::core::item::Item;
use crate::core::moment::rfc3339;
use crate::store::chats::chat_detail::WaitingLane;
use crate::wire::chat_detail::{
    BatchAnswer, ChatAnswer, ChatPart, FollowUpAnswer, LaneAnswer, Said, WindowAnswer,
};

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/chats/{user}", show)
            .says(
                "Show a chat whole",
                "Its window with what was said, messages for later, a follow-up that waits, lanes, and the newest 50 each of history and dead letters. Of what is large it holds as much as begins within 8 MiB, and `more_in` names the fields of which not everything is shown. A chat that never was is empty.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers::<ChatAnswer>(200, "All that is there of the chat."),
    ]
}

pub(super) async fn show(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
) -> Result<Json<ChatAnswer>, ApiError> {
    let chat = chat_in(&api, user, query, any_buffer)?;
    let ChatDetail {
        paused,
        window,
        scheduled,
        follow_up,
        lanes,
        history,
        dead_letters,
        more_in,
    } = api.admin.chat_detail(&chat).await?;
    Ok(Json(ChatAnswer {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        hash: chat.hash().to_string(),
        paused_for: paused.map(|left| left.as_secs_f64()),
        window: window.map(|(window, items)| WindowAnswer {
            said: said(items),
            window: chats::shown(&window),
        }),
        later: scheduled.into_iter().map(scheduled::shown).collect(),
        follow_up: follow_up.map(|waiting| FollowUpAnswer {
            number: waiting.number,
            send_at: rfc3339(waiting.at, Tz::UTC),
        }),
        lanes: lanes.into_iter().map(lane).collect(),
        history: history.into_iter().map(history::shown).collect(),
        dead_letters: dead_letters.iter().map(dead_letters::shown).collect(),
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

fn said(items: Vec<Item>) -> Vec<Said> {
    let items = items.into_iter();
    items
        .map(|item| Said {
            message_id: item.id,
            received_at: rfc3339(item.at, Tz::UTC),
            message: item.message,
        })
        .collect()
}

fn lane(lane: WaitingLane) -> LaneAnswer {
    LaneAnswer {
        destination: lane.destination.to_string(),
        attempts: lane.attempts,
        in_hand: lane.in_hand,
        next_attempt_in: lane.left.as_secs_f64(),
        batches: lane.batches.into_iter().map(|it| batch(&it)).collect(),
    }
}

fn batch(batch: &Batch) -> BatchAnswer {
    BatchAnswer {
        webhook_id: batch.id.to_string(),
        reason: batch.reason.to_string(),
        opened_at: rfc3339(batch.opened, Tz::UTC),
        closed_at: rfc3339(batch.closed, Tz::UTC),
        messages: dead_letters::messages(&batch.items),
    }
}
