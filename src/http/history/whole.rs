//! `GET /api/history/{webhook_id}`: one batch whole, at all its destinations.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{HistoryAnswer, shown};
use crate::admin::{Destined, WholeBatch, Whose};
use crate::core::batch::BatchId;
use crate::core::moment::{seconds, utc};
use crate::http::Api;
use crate::http::chat_detail::{Said, said};
use crate::http::dead_letters::{self, DeadLetterAnswer};
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::named_chat::{BufferQuery, NamedChat, any_buffer, chat_meant};
use crate::store::history::DELIVERED;
use crate::store::lanes::finding::OnLane;

/// Whose batch it is, if that is known.
#[derive(Deserialize, IntoParams)]
struct WhoseQuery {
    /// Its chat, or the token of the chat. Without it the batch is looked for everywhere.
    #[param(min_length = 1, max_length = 512, pattern = r"\S")]
    user: Option<String>,
    /// The buffer that it belongs to; that of the chat, where one is named, and then `default` without it.
    #[param(pattern = "^[a-z0-9_-]{1,64}$")]
    buffer: Option<String>,
}

/// A batch whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WholeBatch)]
struct WholeAnswer {
    /// The `webhook-id`.
    webhook_id: String,
    /// Its chat.
    #[serde(flatten)]
    chat: NamedChat,
    /// What became of it at each destination.
    destinations: Vec<DestinedAnswer>,
    /// What was said, in order; null: nothing of it is kept.
    said: Option<Vec<Said>>,
    /// `said` are those messages that are left in the list of received ones.
    said_in_part: bool,
    /// What was tried after this moment was not looked through for it (RFC 3339, UTC); null: all was.
    #[schema(format = DateTime)]
    searched_until: Option<String>,
}

/// A batch at one destination.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DestinedBatch)]
struct DestinedAnswer {
    /// Where it goes, or went.
    destination: String,
    /// Where it is.
    state: BatchState,
    /// Its newest attempt with call and answer, and those before; null: history does not tell of it.
    history: Option<HistoryAnswer>,
    /// Where it waits; null: it does not.
    lane: Option<OnLaneAnswer>,
    /// The dead letter; null: there is none.
    dead_letter: Option<DeadLetterAnswer>,
}

/// Where a batch is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BatchState {
    /// On its lane.
    Waiting,
    /// The destination has accepted it.
    Delivered,
    /// It was given up on, and is a dead letter.
    Dead,
    /// It is over, and no dead letter is there any more.
    Over,
}

/// A batch on a lane.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnLane)]
struct OnLaneAnswer {
    /// It is the first of its lane; else it waits for those before it.
    first: bool,
    /// How often it was tried, an attempt on its way included.
    attempts: u32,
    /// Whether an attempt is on its way.
    in_hand: bool,
    /// Seconds until the next attempt may begin; 0: at any time; null: others come first.
    next_attempt_in: Option<f64>,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    closed_at: String,
    /// What closed it.
    reason: String,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/history/{webhook_id}", show)
            .says(
                "Show a batch whole",
                "What became of it at each destination, with calls, answers and attempts, its dead letters, where it waits, and what was said. One that was never tried is looked for on the lanes that it is likely to be on; `user` and `buffer` lead to all lanes of its chat.",
            )
            .query::<WhoseQuery>(&["user", "buffer"])
            .answers::<WholeAnswer>(200, "The batch.")
            .refusing(&[404]),
    ]
}

async fn show(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<WhoseQuery>, QueryRejection>,
) -> Result<Json<WholeAnswer>, ApiError> {
    let Query(WhoseQuery { user, buffer }) = query?;
    let whose = whose(&api, user, buffer).await?;
    let id = batch_id(id)?;
    let whole = api.admin.batch(&id, whose).await?;
    Ok(Json(answer(&api, &id, whole)))
}

/// The id in a path.
pub(super) fn batch_id(id: Result<Path<String>, PathRejection>) -> Result<BatchId, ApiError> {
    let Path(id) = id?;
    BatchId::read(&id).ok_or_else(|| {
        let why = format!("{id:?} is no webhook-id: they are called msg_ and 32 hex digits");
        ApiError::NotFound(why.into())
    })
}

/// Whose batch is meant, by a chat and a buffer in a query.
pub(super) async fn whose(
    api: &Api,
    user: Option<String>,
    buffer: Option<String>,
) -> Result<Whose, ApiError> {
    let of_buffer = buffer.as_deref().map(any_buffer).transpose()?;
    let chat = match user {
        Some(user) => {
            let buffer = Ok(Query(BufferQuery { buffer }));
            Some(chat_meant(api, Ok(Path(user)), buffer, any_buffer).await?)
        }
        None => None,
    };
    Ok(Whose {
        chat,
        buffer: of_buffer,
    })
}

fn answer(api: &Api, id: &BatchId, batch: WholeBatch) -> WholeAnswer {
    WholeAnswer {
        webhook_id: id.to_string(),
        chat: NamedChat::of(api, &batch.chat),
        destinations: batch
            .destinations
            .into_iter()
            .map(|it| destined(api, it))
            .collect(),
        said_in_part: batch.said.as_ref().is_some_and(|it| it.received),
        said: batch.said.map(|it| said(it.items)),
        searched_until: batch.searched_until.map(utc),
    }
}

fn destined(api: &Api, destined: Destined) -> DestinedAnswer {
    let Destined {
        destination,
        settled,
        waits,
        dead,
    } = destined;
    let delivered = settled
        .as_ref()
        .is_some_and(|it| it.record.outcome == DELIVERED);
    DestinedAnswer {
        destination: destination.to_string(),
        state: match (&waits, &dead) {
            (Some(_), _) => BatchState::Waiting,
            (None, Some(_)) => BatchState::Dead,
            (None, None) if delivered => BatchState::Delivered,
            (None, None) => BatchState::Over,
        },
        history: settled.map(|it| shown(api, it)),
        lane: waits.as_ref().map(on_lane),
        dead_letter: dead.as_ref().map(|it| dead_letters::shown(api, it)),
    }
}

fn on_lane(
    OnLane {
        waiting,
        left,
        in_hand,
    }: &OnLane,
) -> OnLaneAnswer {
    let batch = &waiting.batch;
    OnLaneAnswer {
        first: waiting.first,
        attempts: waiting.attempts,
        in_hand: *in_hand,
        next_attempt_in: left.map(seconds),
        opened_at: utc(batch.opened),
        closed_at: utc(batch.closed),
        reason: batch.reason.to_string(),
    }
}
