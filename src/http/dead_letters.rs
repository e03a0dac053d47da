//! Dead letters: list, show, revive, discard.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::Api;
use super::audit::Caller;
use super::body::OptionalFields;
use super::endpoint::takes::ENTRY;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::messages::dead_answer;
use super::query::{List, ListQuery, page};
use crate::core::chat::Name;
use crate::core::item::read_items;
use crate::core::moment::rfc3339;
use crate::store::dead_letters::DeadLetter;
use crate::store::revivals::Counted;
use crate::wire::answer::{Count, DeadLetterAnswer};
use crate::wire::outbound::MessageAnswer;
use crate::wire::request_bodies::{ReviveBody, ReviveForm};
use crate::wire::revive::{Revivals, Revive, UnderWay, revive_of};

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::DeadLetters, "/api/messages/dead-letter", list)
            .says("List dead letters", "The newest first.")
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer", "from", "to"])
            .matching(&["cursor"], ENTRY)
            .answers_page::<DeadLetterAnswer>("A page of dead letters."),
        Endpoint::get(Chapter::DeadLetters, "/api/dead-letter/{id}", show)
            .says(
                "Show a dead letter",
                "By its id, or that of the message that it is.",
            )
            .answers::<DeadLetterAnswer>(200, "The dead letter.")
            .refusing(&[404]),
        Endpoint::post(Chapter::DeadLetters, "/api/dead-letter/{id}/revive", revive)
            .says(
                "Try a dead letter again",
                "It is put back at the head of its lane. Refused with 409 while its destination is not there, or its buffer, where it was given up on because that was gone: then its destination is empty, and it goes to those that the buffer has now.",
            )
            .answers::<Count>(200, "It is on its way.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::DeadLetters, "/api/dead-letter/revive", revive_all)
            .says(
                "Try dead letters again",
                "Those of a chat, a buffer, a destination, a reason, a period, by their ids, or all: each goes back to the head of its lane. One whose destination is not there stays. It is answered at once; how far it is tells `GET`.",
            )
            .body::<ReviveBody>(&json!({ "user": "5511988887777", "buffer": "default" }))
            .or_form::<ReviveForm>()
            .answers::<Reviving>(200, "How many are on their way.")
            .refusing(&[409]),
        Endpoint::get(Chapter::DeadLetters, "/api/dead-letter/revive", revivals)
            .says(
                "How far revivals are",
                "Those that are under way, the oldest first. They go on whatever happens to the daemon that was asked.",
            )
            .answers::<Revivals>(200, "The revivals that are under way."),
        Endpoint::delete(Chapter::DeadLetters, "/api/dead-letter/{id}", discard)
            .says("Drop a dead letter", "For good.")
            .answers::<Count>(200, "It is gone.")
            .refusing(&[404]),
    ]
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(query)?;
    let letters = api.admin.dead_letters(&list.filter, list.look()?);
    Ok(page(letters.await?, |letter| shown(&letter)))
}

pub(super) async fn show(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    let letter = api.admin.dead_letter(&id).await?;
    Ok(Json(shown(&letter)).into_response())
}

pub(super) async fn revive(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    api.admin.revive(&id, &by).await?;
    Ok(done("Back at the head of its lane", 1))
}

pub(super) async fn revive_all(
    State(api): State<Api>,
    Caller(by): Caller,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let Revive {
        wanted,
        limit,
        dry_run,
    } = revive_of(fields)?;
    if dry_run {
        let counted = api.admin.count_revivable(wanted, limit).await?;
        return Ok(Json(Reviving {
            message: "So many would go back to the heads of their lanes",
            ..Reviving::of(counted)
        })
        .into_response());
    }
    let counted = api.admin.revive_all(wanted, limit, &by).await?;
    Ok(Json(Reviving::of(counted)).into_response())
}

/// The answer to a revival of many.
#[derive(Debug, Serialize, ToSchema)]
struct Reviving {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// How many go back by this request.
    count: u64,
    /// How many go back by requests before it, which are under way; absent: none.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    under_way: u64,
    /// How many stay, as their destination, or their buffer, is not there; absent: none.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    without_destination: u64,
}

impl Reviving {
    fn of(counted: Counted) -> Self {
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

pub(super) async fn revivals(State(api): State<Api>) -> Result<Json<Revivals>, ApiError> {
    let items = api.admin.revivals().await?.into_iter();
    let items = items.map(|(id, revival)| UnderWay {
        id,
        count: revival.count,
        back: revival.back,
        asked_at: rfc3339(revival.asked, Tz::UTC),
    });
    Ok(Json(Revivals {
        items: items.collect(),
    }))
}

pub(super) async fn discard(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    api.admin.discard(&id, &by).await?;
    Ok(done("Dropped for good", 1))
}

fn done(message: &'static str, count: u64) -> Response {
    Json(Count {
        success: true,
        message,
        count,
    })
    .into_response()
}

pub(super) fn shown(dead: &DeadLetter) -> DeadLetterAnswer {
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
        destination: dead.letter.destination.clone(),
        reason: dead.letter.reason.clone(),
        attempts: u64::from(dead.letter.attempts),
        opened_at: rfc3339(dead.batch.opened, Tz::UTC),
        closed_at: rfc3339(dead.batch.closed, Tz::UTC),
        first_attempt_at: rfc3339(dead.letter.first_attempt, Tz::UTC),
        buried_at: rfc3339(dead.buried(), Tz::UTC),
        messages: messages(&dead.batch.items),
    }
}

/// What was said; as one text, just as it lies there, where it cannot be read, which is then why it was given up on.
pub(super) fn messages(items: &str) -> Vec<Box<RawValue>> {
    match read_items(items) {
        Ok(items) => items.into_iter().map(|item| item.message).collect(),
        Err(_) => to_raw_value(items).into_iter().collect(),
    }
}
