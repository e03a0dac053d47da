//! `GET /api/messages`: the messages of the queue, by where they are.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{MessageAnswer, dead_answer, over_answer, scheduled, waiting_answer};
use crate::core::batch::BatchId;
use crate::core::chat::Name;
use crate::core::filter::Filter;
use crate::http::Api;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::page::page;
use crate::http::query::{List, ListQuery};
use crate::store::DueCursor;
use crate::store::history::DELIVERED;
use crate::store::lanes::queue_list::QueueCursor;

/// What the list of the queue is asked for beside what every list is.
#[derive(Deserialize, IntoParams)]
struct MessagesQuery {
    /// Where they are: `pending` (they wait for their turn, or are being tried; the next to leave first), `scheduled`, also
    /// `later` (for their time; the next to leave first), `sent` or `dead` (the newest first).
    #[param(pattern = "^(pending|scheduled|later|sent|dead)$")]
    status: Option<String>,
}

/// The list, as an operation of the document.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(Chapter::Queue, "/api/messages", list)
        .says(
            "List the message queue",
            "By where its messages are; without a `status` those that wait for their turn. A cursor goes with the status that it was given for.",
        )
        .query::<ListQuery>(&["limit", "cursor"])
        .query::<MessagesQuery>(&["status"])
        .answers_page::<MessageAnswer>("A page of messages.")
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
    which: Result<Query<MessagesQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let (list, Query(which)) = (List::parse(&api, query).await?, which?);
    let queue = Filter::Buffer(Name::messages_name());
    match which.status.as_deref().unwrap_or("pending") {
        "pending" => {
            let after = list.after(QueueCursor::parse)?;
            let waiting = api.admin.queued_messages(after, list.limit).await?;
            Ok(page(waiting, |it| waiting_answer(&it)))
        }
        "scheduled" | "later" => {
            let after = list.after(DueCursor::parse)?;
            let kept = api.admin.scheduled(&queue, after, list.limit).await?;
            Ok(page(kept, |it| {
                scheduled(&BatchId::from_stored(&it.id), &it)
            }))
        }
        "sent" => {
            let look = list.look()?;
            let is_sent = |it: &crate::store::history::Settlement| it.record.outcome == DELIVERED;
            let sent = api.admin.history(&queue, is_sent, look).await?;
            Ok(page(sent, |it| over_answer(&it)))
        }
        "dead" => {
            let look = list.look()?;
            let dead = api.admin.dead_letters(&queue, |_| true, look).await?;
            Ok(page(dead, |it| dead_answer(&it)))
        }
        _ => {
            let why = "status must be pending, scheduled, sent or dead";
            Err(ApiError::parameter("status", why))
        }
    }
}
