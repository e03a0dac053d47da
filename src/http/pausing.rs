//! Chats that an operator leaves to a person for a while.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::audit::Caller;
use super::body::OptionalFields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::named_chat::{BufferQuery, chat_meant};
use crate::core::chat::Chat;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, number_of, take};
use crate::core::moment::seconds;
use crate::spec::scalars::scalars;

const PAUSE: Duration = Duration::from_secs(3600);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 3600);

scalars! {
    /// How long a pause may be.
    PauseLength = {
        "type": ["number", "string", "null"], "pattern": "^[1-9][0-9]{0,6}$",
        "minimum": SHORTEST_PAUSE.as_secs(), "maximum": LONGEST_PAUSE.as_secs(),
        "description": format!("Seconds from 1 to {}, a year; also as text.", LONGEST_PAUSE.as_secs()),
    };
}

/// Read by [`pause_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Pause, description = "How long a chat is left alone. An unknown field is refused.")]
struct PauseBody {
    /// Without it an hour.
    #[schema(required = false)]
    r#for: PauseLength,
}

/// See [`PauseBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "How long a chat is left alone, as a form.")]
struct PauseForm {
    /// Seconds from 1 to 31536000.
    #[schema(pattern = "^[1-9][0-9]{0,6}$")]
    #[serde(default)]
    r#for: String,
}

/// The answer to a pause and a resume.
#[derive(Debug, Serialize, ToSchema)]
struct Paused<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat.
    user: &'a str,
    /// The buffer it belongs to.
    buffer: &'a str,
    /// How many messages its window held, which are dropped.
    messages: u64,
    /// Seconds of the pause; absent when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_for: Option<f64>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/pause", pause)
            .says(
                "Leave a chat to a person",
                "Drops its window, and what is said until the pause ends: an hour, or as long as the body says, at most a year.",
            )
            .query::<BufferQuery>(&["buffer"])
            .body::<PauseBody>(&json!({ "for": 1800 }))
            .or_form::<PauseForm>()
            .or_nothing()
            .answers::<Paused<'_>>(200, "How long, and how many messages were dropped.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/resume", resume)
            .says(
                "End a pause",
                "Messages of the chat are gathered again. Without a pause nothing happens.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers::<Paused<'_>>(200, "The chat is not paused.")
            .refusing(&[404, 409]),
    ]
}

async fn pause(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let known_buffer = |name: &str| Ok(api.admin.known_buffer(name)?);
    let chat = chat_meant(&api, user, query, known_buffer).await?;
    let length: Duration = pause_of(fields)?;
    let messages = api.admin.pause(&chat, length, &by).await?;
    let message = "Chat paused, its window is dropped";
    Ok(answer(&chat, message, messages, Some(length)))
}

async fn resume(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let known_buffer = |name: &str| Ok(api.admin.known_buffer(name)?);
    let chat = chat_meant(&api, user, query, known_buffer).await?;
    let message = match api.admin.resume(&chat, &by).await? {
        true => "Chat resumed",
        false => "The chat was not paused",
    };
    Ok(answer(&chat, message, 0, None))
}

fn answer(chat: &Chat, message: &'static str, messages: u64, length: Option<Duration>) -> Response {
    Json(Paused {
        success: true,
        message,
        user: chat.id.as_str(),
        buffer: chat.buffer.as_str(),
        messages,
        paused_for: length.map(seconds),
    })
    .into_response()
}

/// How long a pause is to be: `for` seconds, an hour where nothing is said.
///
/// # Errors
/// When it is not from a second to a year.
pub(super) fn pause_of(mut fields: RawObject) -> Result<Duration, BadInput> {
    let Some(raw) = take(&mut fields, "for") else {
        return Ok(PAUSE);
    };
    let length = number_of(&raw).and_then(|length| Duration::try_from_secs_f64(length).ok());
    length
        .filter(|length| (SHORTEST_PAUSE..=LONGEST_PAUSE).contains(length))
        .ok_or_else(|| {
            let most = LONGEST_PAUSE.as_secs();
            BadInput::field(
                "for",
                format!("must be a number of seconds from 1 to {most}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    #[test]
    fn a_pause_is_an_hour_or_what_was_asked_for() {
        let length = |body: &str| pause_of(json_fields(body.as_bytes()).unwrap());

        assert_eq!(length("{}").unwrap(), PAUSE);
        assert_eq!(length(r#"{"for":"90"}"#).unwrap(), Duration::from_secs(90));
        for bad in ["0.5", "-1", "31536001", "true", "1e300"] {
            let error = length(&format!(r#"{{"for":{bad}}}"#)).unwrap_err();
            assert!(error.to_string().starts_with("for must be"), "{bad}");
        }
    }
}
