//! `/api/lanes`: what waits for which destination, and what holds it.

mod answers;
mod wanted;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::audit::Caller;
use super::body::Fields;
use super::endpoint::takes::LANE;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::named_chat::chat_of_body;
use super::page::page;
use super::query::{List, ListQuery};
use crate::store::lanes::listing::LaneCursor;
use answers::{ListedLane, shown};
use wanted::{GiveUp, GiveUpBody, GiveUpForm, Now, NowBody, NowForm, give_up_of, now_of};

/// The answer to what is to be tried now.
#[derive(Debug, Serialize, ToSchema)]
struct TriedNow {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// How many lanes are due from now on that were not before.
    moved: u64,
    /// How many lanes were left alone because an attempt is on its way.
    in_hand: u64,
    /// Whether there may be more of them: send the same again.
    more: bool,
}

/// The answer to giving up.
#[derive(Debug, Serialize, ToSchema)]
struct GaveUp {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// Where it was to go.
    destination: String,
    /// The `webhook-id` of the batch that is a dead letter now.
    webhook_id: String,
    /// How often it was tried.
    attempts: u32,
    /// How many batches wait on the lane now.
    batches: u64,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Lanes, "/api/lanes", list)
            .says(
                "List what waits for destinations",
                "Each lane on which something waits, by destination; within one first those that were never tried, by since when they wait, then the others by their next attempt. A page may hold less than `limit`, also nothing, and still have a `next_cursor`: looking further would have taken too long.",
            )
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer", "destination"])
            .matching(&["cursor"], LANE)
            .answers_page::<ListedLane>("A page of lanes.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Lanes, "/api/lanes/now", now)
            .says(
                "Try now what waits for a retry",
                "Lets the next attempt begin at once: on the lane of one chat, or on up to `limit` lanes to a destination. An attempt on its way is left alone, and what was due already stays so. A stop, a pace, and a destination that is down still hold what they hold.",
            )
            .body::<NowBody>(&json!({ "destination": "default" }))
            .or_form::<NowForm>()
            .answers::<TriedNow>(200, "What is due from now on.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Lanes, "/api/lanes/give-up", give_up)
            .says(
                "Give up on a batch",
                "Makes a dead letter of the first batch on the lane of one chat, unless an attempt is on its way; the next batch is due then. Name the batch (`webhook_id`), so that the same request sent twice gives up on nothing else.",
            )
            .body::<GiveUpBody>(&json!({ "user": "5511988887777", "destination": "default" }))
            .or_form::<GiveUpForm>()
            .answers::<GaveUp>(200, "The batch is a dead letter.")
            .refusing(&[404, 409]),
    ]
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?;
    let after = list.after(LaneCursor::parse)?;
    let destination = list.destination.as_ref();
    let lanes = api
        .admin
        .lanes(&list.filter, destination, after, list.limit)
        .await?;
    Ok(page(lanes, |lane| shown(&api, lane)))
}

async fn now(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let Now {
        destination,
        user,
        buffer,
        limit,
    } = now_of(fields)?;
    let answer = match user {
        Some(user) => {
            let chat = chat_of_body(&api, user.as_str(), buffer).await?;
            let moved = api.admin.try_now(&destination, &chat, &by).await?;
            TriedNow {
                success: true,
                message: if moved {
                    "It is due now"
                } else {
                    "It was due already"
                },
                moved: u64::from(moved),
                in_hand: 0,
                more: false,
            }
        }
        None => {
            let many = api
                .admin
                .try_all_now(&destination, buffer.as_ref(), limit, &by);
            let many = many.await?;
            TriedNow {
                success: true,
                message: match many.moved {
                    0 => "Nothing waits for a retry, or all of it is on its way",
                    _ => "They are due now",
                },
                moved: many.moved,
                in_hand: many.in_hand,
                more: many.more,
            }
        }
    };
    Ok(Json(answer).into_response())
}

async fn give_up(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let GiveUp {
        destination,
        user,
        buffer,
        batch,
    } = give_up_of(fields)?;
    let chat = chat_of_body(&api, user.as_str(), buffer).await?;
    let given_up = api.admin.give_up(&destination, &chat, batch.as_ref(), &by);
    let (id, attempts, left) = given_up.await?;
    Ok(Json(GaveUp {
        success: true,
        message: "The batch is a dead letter now, and can be revived",
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        destination: destination.to_string(),
        webhook_id: id.to_string(),
        attempts,
        batches: left,
    })
    .into_response())
}
