//! `GET /api/chats/{user}`: one chat whole, to see what became of what was said in it.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use chrono_tz::Tz;

use super::Api;
use super::error::ApiError;
use super::query::{BufferQuery, any_buffer, chat_in};
use super::{chats, dead_letters, history, later};
use crate::domain::batch::Batch;
use crate::domain::whose::Whose;
use crate::store::Look;
use crate::store::whole::WaitingLane;
use crate::wire::item::Item;
use crate::wire::payload::rfc3339;
use crate::wire::whole::{BatchAnswer, ChatAnswer, FollowUpAnswer, LaneAnswer, Said, WindowAnswer};

/// Entries of history and dead letters that are shown; their own lists have the rest.
const NEWEST: usize = 50;
/// The same of messages that wait for their time.
const MOST_LATER: usize = 100;

pub(super) async fn show(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
) -> Result<Json<ChatAnswer>, ApiError> {
    let chat = chat_in(&api, user, query, any_buffer)?;
    let whose = Whose::Chat(chat.clone());
    let destinations = api.catalogs.get().destination_names();
    let (paused, window, (kept, _), follow_up, lanes, (tried, _), (letters, _)) = tokio::try_join!(
        api.store.paused(&chat),
        api.store.open_window(&chat),
        api.store.kept(&whose, None, MOST_LATER),
        api.store.follow_up(&chat),
        api.store.lanes_of(&chat, destinations),
        api.store.settlements(&whose, |_| true, Look::first(NEWEST)),
        api.store.dead_letters(&whose, Look::first(NEWEST)),
    )?;
    let window = match window {
        Some(window) => Some(WindowAnswer {
            said: said(api.store.said_in(&window.chat).await?),
            window: chats::shown(&window),
        }),
        None => None,
    };
    Ok(Json(ChatAnswer {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        hash: chat.hash().to_string(),
        paused_for: paused.map(|left| left.as_secs_f64()),
        window,
        later: kept.into_iter().map(later::shown).collect(),
        follow_up: follow_up.map(|waiting| FollowUpAnswer {
            number: waiting.number,
            send_at: rfc3339(waiting.at, Tz::UTC),
        }),
        lanes: lanes.iter().map(lane).collect(),
        history: tried.into_iter().map(history::shown).collect(),
        dead_letters: letters.iter().map(dead_letters::shown).collect(),
    }))
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

fn lane(lane: &WaitingLane) -> LaneAnswer {
    LaneAnswer {
        destination: lane.destination.to_string(),
        attempts: lane.attempts,
        in_hand: lane.in_hand,
        next_attempt_in: lane.left.as_secs_f64(),
        batches: lane.batches.iter().map(batch).collect(),
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
