//! `GET /api/chats/{user}`: one chat whole, to see what became of what was said in it.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use chrono_tz::Tz;

use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::query::{BufferQuery, any_buffer, chat_in};
use super::{Api, chats, dead_letters, history, scheduled};
use crate::core::batch::Batch;
use crate::core::filter::Filter;
use crate::core::item::Item;
use crate::core::moment::rfc3339;
use crate::store::chat_detail::WaitingLane;
use crate::store::{Look, PAGE_BYTES};
use crate::wire::chat_detail::{
    BatchAnswer, ChatAnswer, ChatPart, FollowUpAnswer, LaneAnswer, Said, WindowAnswer,
};

/// Entries of history and dead letters that are shown; their own lists have the rest.
const NEWEST: usize = 50;
/// The same of messages that wait for their time.
const MOST_LATER: usize = 100;

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
    let filter = Filter::Chat(chat.clone());
    let destinations = api.registry.get().destination_names();
    let (paused, window, follow_up) = tokio::try_join!(
        api.store.paused(&chat),
        api.store.open_window(&chat),
        api.store.follow_up(&chat),
    )?;
    // One after the other, because what is not over yet takes its room first.
    let mut room = PAGE_BYTES;
    let mut more_in = Vec::new();
    let window = match window {
        Some(window) => {
            let (items, more) = api.store.said_in(&window.chat, &mut room).await?;
            more_in.extend(more.then_some(ChatPart::Window));
            Some(WindowAnswer {
                said: said(items),
                window: chats::shown(&window),
            })
        }
        None => None,
    };
    let (lanes, more) = api.store.lanes_of(&chat, destinations, &mut room).await?;
    more_in.extend(more.then_some(ChatPart::Lanes));
    let lanes: Vec<_> = lanes.into_iter().map(lane).collect();
    let (kept, more) = api.store.kept(&filter, None, MOST_LATER, room).await?;
    room = room.saturating_sub(kept.iter().map(|kept| kept.message.get().len()).sum());
    more_in.extend((more.is_some() || room == 0).then_some(ChatPart::Later));
    let (letters, more) = api.store.dead_letters(&filter, look(NEWEST, room)).await?;
    room = room.saturating_sub(letters.iter().map(|dead| dead.batch.items.len()).sum());
    more_in.extend((more.is_some() || room == 0).then_some(ChatPart::DeadLetters));
    let letters: Vec<_> = letters.iter().map(dead_letters::shown).collect();
    let (tried, more) = api
        .store
        .settlements(&filter, |_| true, look(NEWEST, room))
        .await?;
    more_in.extend((more.is_some() || room == 0).then_some(ChatPart::History));
    Ok(Json(ChatAnswer {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        hash: chat.hash().to_string(),
        paused_for: paused.map(|left| left.as_secs_f64()),
        window,
        later: kept.into_iter().map(scheduled::shown).collect(),
        follow_up: follow_up.map(|waiting| FollowUpAnswer {
            number: waiting.number,
            send_at: rfc3339(waiting.at, Tz::UTC),
        }),
        lanes,
        history: tried.into_iter().map(history::shown).collect(),
        dead_letters: letters,
        more_in,
    }))
}

/// The newest, as far as there is room.
fn look(limit: usize, bytes: usize) -> Look {
    Look {
        bytes,
        ..Look::first(limit)
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
