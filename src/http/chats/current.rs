//! `GET /api/current`: whether a batch is still the newest of its chat, for a bot to ask before it answers.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{OpenWindow, shown};
use crate::admin::Since;
use crate::core::batch::BatchId;
use crate::core::moment::{seconds, utc};
use crate::http::Api;
use crate::http::auth::{Need, Pass};
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::named_chat::{BufferQuery, NamedChat, any_buffer, chat_in};

/// Which batch is asked about.
#[derive(Deserialize, IntoParams)]
struct CurrentQuery {
    /// The `webhook-id` of the call that is to be answered.
    #[param(
        pattern = "^msg_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}(-[0-9]{1,9})?$",
        example = "msg_01a20130c9b370ed8f37a7d00a3ec3f9"
    )]
    webhook_id: String,
    /// Its chat: `user` of the call, or the token of the chat; where nothing is known of one of that name, its number in any
    /// writing.
    #[param(
        min_length = 1,
        max_length = 512,
        pattern = r"\S",
        example = "5511988887777"
    )]
    user: String,
    /// The buffer that the chat belongs to; without it `default`.
    #[param(pattern = "^[a-z0-9_-]{1,64}$")]
    buffer: Option<String>,
}

/// Whether a batch is still the newest of its chat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Current)]
struct CurrentAnswer {
    /// Nothing was said since the batch was closed.
    current: bool,
    /// The batch.
    webhook_id: String,
    /// Its chat.
    #[serde(flatten)]
    chat: NamedChat,
    /// Seconds until the end of a pause of the chat, which is left to a person until then; null: it is not paused.
    paused_for: Option<f64>,
    /// What came since; null: nothing.
    since: Option<SinceAnswer>,
}

/// What came of a chat since a batch was closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Since)]
struct SinceAnswer {
    /// Its open window: a call with its messages is to come.
    window: Option<OpenWindow>,
    /// The newest batch that was closed since, as far as it is known.
    batch: Option<NewerBatch>,
    /// In which second its newest window was opened (RFC 3339, UTC).
    #[schema(format = DateTime)]
    last_heard_at: Option<String>,
}

/// A batch that came later.
#[derive(Debug, Serialize, ToSchema)]
struct NewerBatch {
    /// Its `webhook-id`.
    webhook_id: String,
    /// When its window was closed (RFC 3339, UTC).
    #[schema(format = DateTime)]
    closed_at: String,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/current", current)
            .needs(Need::ReadNamed)
            .says(
                "Ask whether a call is still the newest",
                "For a bot before it answers: whether the person has written since the messages of this call were closed. If so, another call is on its way, or was made. It costs one read. Messages that leave one by one and were named by their client (`POST /api/messages`) have ids that do not tell their time, and are refused. A chat of which nothing is known is a 404.",
            )
            .query::<CurrentQuery>(&["webhook_id", "user", "buffer"])
            .answers::<CurrentAnswer>(200, "Whether it is.")
            .refusing(&[404, 409]),
    ]
}

async fn current(
    State(api): State<Api>,
    query: Result<Query<CurrentQuery>, QueryRejection>,
    pass: Pass,
) -> Result<Json<CurrentAnswer>, ApiError> {
    let Query(CurrentQuery {
        webhook_id,
        user,
        buffer,
    }) = query?;
    let named = chat_in(
        &api,
        Ok(Path(user.clone())),
        Ok(Query(BufferQuery { buffer })),
        any_buffer,
    )?;
    pass.asks_about(&named.buffer)?;
    let no_id = || {
        let why = "webhook_id must be the webhook-id of a call, which tells when it was made";
        ApiError::parameter("webhook_id", why)
    };
    let id = BatchId::read(&webhook_id).ok_or_else(no_id)?;
    let (chat, current) = api.admin.current(named, &user, &id).await?;
    let current = current.ok_or_else(no_id)?;
    Ok(Json(CurrentAnswer {
        current: current.since.is_none(),
        webhook_id,
        chat: NamedChat::of(&api, &chat),
        paused_for: current.paused_for.map(seconds),
        since: current.since.map(|it| since(&api, it)),
    }))
}

fn since(api: &Api, since: Since) -> SinceAnswer {
    SinceAnswer {
        window: since.window.map(|window| shown(api, &window)),
        batch: since.batch.map(|(id, closed)| NewerBatch {
            webhook_id: id.to_string(),
            closed_at: utc(closed),
        }),
        last_heard_at: since.heard.map(utc),
    }
}
