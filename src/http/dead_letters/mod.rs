//! Dead letters: list, show, revive, discard.

mod answers;
pub(super) mod wanted;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::core::chat::Name;
use crate::core::json::fields::BadInput;
use crate::core::moment::utc;
use crate::core::revival::Wanted;
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::OptionalFields;
use crate::http::endpoint::takes::ENTRY;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::named_chat::chat_of_body;
use crate::http::page::page;
use crate::http::query::{List, ListQuery};
use crate::store::dead_letters::Letter;
use answers::{Count, Revivals, Reviving, UnderWay};
pub(super) use answers::{DeadLetterAnswer, messages, shown};
use wanted::{Revive, ReviveBody, ReviveForm, revive_of};

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::DeadLetters, "/api/messages/dead-letter", list)
            .says("List dead letters", "The newest first.")
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer", "destination", "reason", "from", "to"])
            .matching(&["cursor"], ENTRY)
            .answers_page::<DeadLetterAnswer>("A page of dead letters.")
            .refusing(&[404, 409]),
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

async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?;
    let wanted =
        |letter: &Letter| list.is_to(&letter.destination) && list.is_for_reason(&letter.reason);
    let letters = api.admin.dead_letters(&list.filter, wanted, list.look()?);
    Ok(page(letters.await?, |letter| shown(&api, &letter)))
}

async fn show(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    let letter = api.admin.dead_letter(&id).await?;
    Ok(Json(shown(&api, &letter)).into_response())
}

async fn revive(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    api.admin.revive(&id, &by).await?;
    Ok(done("Back at the head of its lane", 1))
}

async fn revive_all(
    State(api): State<Api>,
    Caller(by): Caller,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let Revive {
        wanted,
        limit,
        dry_run,
    } = revive_of(fields)?;
    let wanted = of_the_chat_meant(&api, wanted).await?;
    if dry_run {
        let preview = api.admin.preview_revival(wanted, limit).await?;
        return Ok(Json(Reviving::would_be(preview)).into_response());
    }
    let counted = api.admin.revive_all(wanted, limit, &by).await?;
    Ok(Json(Reviving::of(counted)).into_response())
}

/// The same of the chat that is meant by what was named, if a chat was.
async fn of_the_chat_meant(api: &Api, wanted: Wanted) -> Result<Wanted, ApiError> {
    let Some(user) = &wanted.chat else {
        return Ok(wanted);
    };
    let buffer = wanted.buffer.as_deref().map(Name::from_stored).transpose();
    let buffer = buffer.map_err(|error| BadInput::field("buffer", error.to_string()))?;
    let chat = chat_of_body(api, user, buffer).await?;
    Ok(Wanted {
        chat: Some(chat.id.as_str().to_owned()),
        buffer: Some(chat.buffer.to_string()),
        ..wanted
    })
}

async fn revivals(State(api): State<Api>) -> Result<Json<Revivals>, ApiError> {
    let items = api.admin.revivals().await?.into_iter();
    let items = items.map(|(id, revival)| UnderWay {
        id,
        count: revival.count,
        back: revival.back,
        asked_at: utc(revival.asked),
    });
    Ok(Json(Revivals {
        items: items.collect(),
    }))
}

async fn discard(
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
