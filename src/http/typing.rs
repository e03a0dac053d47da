//! `POST /api/typing`: a typing signal.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::auth::Need;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::core::chat::{Chat, ChatId};
use crate::core::incoming::user_of;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, take};
use crate::core::moment::seconds;
use crate::http::scalars::ChatKey;
use crate::spec::scalars::scalars;
use crate::telemetry::log::note_chat;

scalars! {
    /// True where nothing else is said.
    Yes = {
        "type": ["boolean", "string", "null"], "pattern": "^(true|false)$",
        "description": "`true` or `false`; also as text.",
    };
}

/// Read by [`Typing::from_fields`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Typing, description = "A typing signal. An unknown field is refused.")]
struct TypingBody {
    /// The chat.
    user: ChatKey,
    /// True (or absent): the person types, and the open window is held for 10 s more, never past its cap. False: they
    /// have stopped, and the quiet window starts again; if no typing held the window, nothing changes.
    #[schema(required = false)]
    typing: Yes,
}

/// See [`TypingBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "A typing signal, as a form.")]
struct TypingForm {
    /// The chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    user: String,
    /// `true` or `false`.
    #[schema(pattern = "^(true|false)$")]
    #[serde(default)]
    typing: String,
}

/// The answer to a typing signal.
#[derive(Debug, Serialize, ToSchema)]
struct Held<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat, as text.
    user: &'a str,
    /// Whether there was an open window to hold.
    open: bool,
    /// Seconds until it closes now; absent without a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<f64>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Messages, "/api/typing", post)
            .needs(Need::Ingest)
            .says(
                "Hold a window while somebody types",
                "Keeps an open window of the buffer `default` open for 10 s more, never past its cap. Without an open window nothing happens.",
            )
            .body::<TypingBody>(&json!({ "user": "5511988887777", "typing": true }))
            .or_form::<TypingForm>()
            .answers::<Held<'_>>(200, "Whether there was a window to hold."),
    ]
}

pub(super) async fn post(
    State(api): State<Api>,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let typing = Typing::from_fields(fields)?;
    let chat = Chat::of_default(typing.user);
    note_chat(&chat);

    let held = api.ingest.hold(&chat, typing.typing).await?;

    let answer = Held {
        success: true,
        message: if held.is_some() {
            "Window held"
        } else {
            "No open window"
        },
        user: chat.id.as_str(),
        open: held.is_some(),
        expires_in: held.map(|held| seconds(held.left)),
    };
    Ok(Json(answer).into_response())
}

/// A typing signal, as `POST /api/typing` takes it.
#[derive(Debug)]
pub(super) struct Typing {
    /// The chat.
    user: ChatId,
    /// True while the person types.
    typing: bool,
}

impl Typing {
    /// Takes the fields of a body as a typing signal; without `typing` it is one of somebody typing.
    ///
    /// # Errors
    /// Says what is wrong, and with which field.
    pub(super) fn from_fields(mut fields: RawObject) -> Result<Self, BadInput> {
        let user = user_of(&mut fields)?;
        let typing = match take(&mut fields, "typing") {
            None => true,
            Some(raw) => match raw.get().trim_matches('"') {
                "true" => true,
                "false" => false,
                _ => return Err(BadInput::field("typing", "must be true or false")),
            },
        };
        Ok(Self { user, typing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    #[test]
    fn typing_defaults_to_true() {
        let typing = |body: &str| {
            json_fields(body.as_bytes())
                .and_then(Typing::from_fields)
                .map(|t| t.typing)
        };

        assert!(typing(r#"{"user":"a"}"#).unwrap());
        assert!(!typing(r#"{"user":"a","typing":false}"#).unwrap());
        assert!(!typing(r#"{"user":"a","typing":"false"}"#).unwrap());
        assert_eq!(
            typing(r#"{"user":"a","typing":3}"#)
                .unwrap_err()
                .to_string(),
            "typing must be true or false"
        );
    }
}
