//! Dead letters: list, show, revive, discard.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use tracing::info;

use super::Api;
use super::audit::Caller;
use super::body::OptionalFields;
use super::endpoint::takes::ENTRY;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::messages::dead_answer;
use super::query::{List, ListQuery, page};
use crate::core::action::Action;
use crate::core::batch::BatchId;
use crate::core::chat::Name;
use crate::core::item::read_items;
use crate::core::moment::rfc3339;
use crate::store::audit::Act;
use crate::store::dead::DeadLetter;
use crate::store::{EntryId, StoreError};
use crate::wire::answer::{Count, DeadLetterAnswer};
use crate::wire::outbound::MessageAnswer;
use crate::wire::request_bodies::{ReviveBody, ReviveForm};
use crate::wire::revive::{Revivals, UnderWay, revive_of};

const NOT_THERE: ApiError = ApiError::NotFound("there is no dead letter with this id (any more)");

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
            .answers::<Count>(200, "How many are on their way.")
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
    let (letters, next_cursor) = api.store.dead_letters(&list.filter, list.look()?).await?;
    Ok(page(letters.iter().map(shown), None, next_cursor))
}

pub(super) async fn show(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let letter = api
        .store
        .dead_letter(api.entry(id).await?)
        .await?
        .ok_or(NOT_THERE)?;
    Ok(Json(shown(&letter)).into_response())
}

pub(super) async fn revive(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let id = api.entry(id).await?;
    match api.store.revive(id).await {
        Ok(true) => {}
        Ok(false) => return Err(NOT_THERE),
        Err(StoreError::Gone) => return Err(api.no_way_back(id).await?),
        Err(error) => return Err(error.into()),
    }
    info!(dead_letter = id.text(), "An operator revived a dead letter");
    api.note(&Act::new(Action::DeadLetterRevive, &by).on(&id.text()))
        .await;
    Ok(done("Back at the head of its lane", 1))
}

pub(super) async fn revive_all(
    State(api): State<Api>,
    Caller(by): Caller,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let mut revive = revive_of(fields)?;
    for id in &mut revive.wanted.ids {
        let found = api.entry(Ok(Path(id.clone()))).await;
        // An id of nothing is that of no letter, as one whose letter is gone.
        if let Ok(found) = found {
            *id = found.text();
        }
    }
    if revive.dry_run {
        let count = api.store.count_dead(&revive.wanted, revive.limit).await?;
        return Ok(done(
            "So many would go back to the heads of their lanes",
            count,
        ));
    }
    let begun = api
        .store
        .begin_revival(&revive.wanted, revive.limit)
        .await?;
    let count = begun.ok_or_else(too_many_revivals)?;
    api.reviving.notify_one();
    info!(count, "An operator revives {count} dead letters");
    api.note(&Act::new(Action::DeadLetterRevive, &by).times(count))
        .await;
    Ok(done("On their way back to the heads of their lanes", count))
}

fn too_many_revivals() -> ApiError {
    let why = "so many revivals are under way that no other can begin: wait until some are over";
    ApiError::Conflict(why.to_owned())
}

pub(super) async fn revivals(State(api): State<Api>) -> Result<Json<Revivals>, ApiError> {
    let items = api.store.revivals().await?.into_iter();
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
    let id = api.entry(id).await?;
    if !api.store.discard(id).await? {
        return Err(NOT_THERE);
    }
    info!(
        dead_letter = id.text(),
        "An operator discarded a dead letter"
    );
    api.note(&Act::new(Action::DeadLetterDiscard, &by).on(&id.text()))
        .await;
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

impl Api {
    /// Why a dead letter cannot go back.
    async fn no_way_back(&self, id: EntryId) -> Result<ApiError, ApiError> {
        let letter = self.store.dead_letter(id).await?.ok_or(NOT_THERE)?.letter;
        let missing = match letter.destination.strip_prefix('.') {
            Some(schedule) => format!("schedule {schedule}"),
            None if letter.destination.is_empty() => format!("buffer {}", letter.buffer),
            None => format!("destination {}", letter.destination),
        };
        Ok(ApiError::Conflict(format!(
            "there is no {missing} that it could go back to: create it first, or discard the letter"
        )))
    }

    /// The place of a dead letter by its id, or by that of the message that it is. An id that no list ever gave names
    /// nothing, which is not worth another status.
    async fn entry(&self, id: Result<Path<String>, PathRejection>) -> Result<EntryId, ApiError> {
        let Path(id) = id?;
        if let Some(entry) = EntryId::parse(&id) {
            return Ok(entry);
        }
        let message = BatchId::parse(&id).ok_or(NOT_THERE)?;
        let queue = Name::messages_name();
        let dead = self.store.dead_letter_of(&queue, &message).await?;
        Ok(dead.ok_or(NOT_THERE)?.id)
    }
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
