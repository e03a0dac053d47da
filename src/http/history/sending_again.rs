//! `POST /api/history/{webhook_id}/send-again`: what was delivered, once more.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::whole::{batch_id, whose};
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::named_chat::{NamedChat, name_in};
use crate::telemetry::log::note_chat;

/// Which delivery of a batch is meant.
#[derive(Deserialize, IntoParams)]
struct AgainQuery {
    /// Where it is to be sent again. It may be left out where the batch was delivered to one destination.
    #[param(pattern = "^[a-z0-9_-]{1,64}$")]
    destination: Option<String>,
    /// Its chat, or the token of the chat. Without it the batch is looked for everywhere.
    #[param(min_length = 1, max_length = 512, pattern = r"\S")]
    user: Option<String>,
    /// The buffer that it belongs to; that of the chat, where one is named, and then `default` without it.
    #[param(pattern = "^[a-z0-9_-]{1,64}$")]
    buffer: Option<String>,
}

/// The answer to what is to be sent again.
#[derive(Debug, Serialize, ToSchema)]
struct SentAgain {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// Under which `webhook-id` it is sent again.
    webhook_id: String,
    /// The batch that was delivered.
    repeats: String,
    /// Where it goes.
    destination: String,
    /// Its chat.
    #[serde(flatten)]
    chat: NamedChat,
    /// How many messages it holds.
    messages: u64,
    /// It had been sent again within the last minute, under this `webhook-id`, and nothing was done this time.
    already: bool,
}

/// Its endpoint.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            Chapter::History,
            "/api/history/{webhook_id}/send-again",
            send_again,
        )
        .says(
            "Send a delivered batch again",
            "For a flow that took the call and failed behind it. The batch is put behind what waits on its lane, with the very messages that it was delivered with, and goes the way of any other: in order, with retries, into the history. It has a new `webhook-id`, because a receiver may drop what comes again under one that it knows, and the `message_id`s that it had. Asked for twice within a minute it is sent once, and the answer is the same. It is refused with `not_kept` where not all of its messages are kept as they were sent: payloads are not kept, they were trimmed, one was edited before it was sent, it holds more than 100, or a schedule made it; and with `conflict` where it was delivered to several destinations and none is named, waits, is a dead letter, or was not delivered. Then nothing is changed.",
        )
        .query::<AgainQuery>(&["destination", "user", "buffer"])
        .answers::<SentAgain>(200, "It is on its way.")
        .refusing(&[404, 409]),
    ]
}

async fn send_again(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<AgainQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Json<SentAgain>, ApiError> {
    let Query(AgainQuery {
        destination,
        user,
        buffer,
    }) = query?;
    let destination = destination.map(|name| name_in("destination", &name));
    let destination = destination.transpose()?;
    let whose = whose(&api, user, buffer).await?;
    let id = batch_id(id)?;
    let sent = api.admin.send_again(&id, whose, destination.as_ref(), &by);
    let sent = sent.await?;
    note_chat(&sent.chat);
    Ok(Json(SentAgain {
        success: true,
        message: if sent.already {
            "It was sent again a moment ago"
        } else {
            "It is on its lane once more"
        },
        webhook_id: sent.id.to_string(),
        repeats: id.to_string(),
        destination: sent.destination.to_string(),
        chat: NamedChat::of(&api, &sent.chat),
        messages: sent.messages,
        already: sent.already,
    }))
}
