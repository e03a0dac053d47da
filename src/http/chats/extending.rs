//! `POST /api/chats/{user}/extend`: an open window waits longer.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, number_of, take};
use crate::core::moment::seconds;
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::named_chat::{BufferQuery, NamedChat, any_buffer, chat_meant};
use crate::spec::scalars::scalars;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

scalars! {
    /// How much longer a window may be told to wait.
    ExtendLength = {
        "type": ["number", "string"], "pattern": "^[1-9][0-9]{0,3}$",
        "minimum": SHORTEST.as_secs(), "maximum": LONGEST.as_secs(),
        "description": format!("Seconds from 1 to {}, a day; also as text.", LONGEST.as_secs()),
    };
}

/// Read by [`length_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Extend, description = "How much longer a window waits. An unknown field is refused.")]
struct ExtendBody {
    /// By so much its deadline moves, but not past its cap.
    r#for: ExtendLength,
}

/// See [`ExtendBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "How much longer a window waits, as a form.")]
struct ExtendForm {
    /// Seconds from 1 to 86400.
    #[schema(pattern = "^[1-9][0-9]{0,3}$")]
    r#for: String,
}

/// The answer to an extend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extended)]
struct ExtendedAnswer {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat.
    #[serde(flatten)]
    chat: NamedChat,
    /// How many messages its window holds; 0 when no window was open.
    messages: u64,
    /// By how many seconds its deadline was moved; fewer than asked for where it reached its cap.
    extended_by: f64,
    /// Seconds until it closes now; absent without a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<f64>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/extend", extend)
            .says(
                "Let a window wait longer",
                "Moves the deadline of the open window by so many seconds, but not past its cap (`max_wait`). The next message sets it as ever. Without an open window nothing happens.",
            )
            .query::<BufferQuery>(&["buffer"])
            .body::<ExtendBody>(&json!({ "for": 30 }))
            .or_form::<ExtendForm>()
            .answers::<ExtendedAnswer>(200, "When it closes now.")
            .refusing(&[404, 409]),
    ]
}

async fn extend(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Json<ExtendedAnswer>, ApiError> {
    let chat = chat_meant(&api, user, query, any_buffer).await?;
    let length = length_of(fields)?;
    let extended = api.admin.extend(&chat, length, &by).await?;
    Ok(Json(ExtendedAnswer {
        success: true,
        message: match extended {
            None => "No open window",
            Some(it) if it.moved.is_zero() => "The window is at its cap",
            Some(_) => "Window waits longer",
        },
        chat: NamedChat::of(&api, &chat),
        messages: extended.map_or(0, |it| it.messages),
        extended_by: extended.map_or(0.0, |it| seconds(it.moved)),
        expires_in: extended.map(|it| seconds(it.left)),
    }))
}

/// By how much a deadline is to move: `for` seconds.
///
/// # Errors
/// When it is not there, or not from a second to a day.
fn length_of(mut fields: RawObject) -> Result<Duration, BadInput> {
    let raw = take(&mut fields, "for").ok_or(BadInput::Missing {
        field: "for",
        what: "it says by how many seconds",
    })?;
    let length = number_of(&raw).and_then(|length| Duration::try_from_secs_f64(length).ok());
    length
        .filter(|length| (SHORTEST..=LONGEST).contains(length))
        .ok_or_else(|| {
            let most = LONGEST.as_secs();
            BadInput::field(
                "for",
                format!("must be a number of seconds from 1 to {most}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::code::Code;
    use crate::core::json::fields::json_fields;

    #[test]
    fn a_window_waits_from_a_second_to_a_day_longer() {
        let length = |body: &str| length_of(json_fields(body.as_bytes()).unwrap());

        assert_eq!(length(r#"{"for":"90"}"#).unwrap(), Duration::from_secs(90));
        assert_eq!(
            length(r#"{"for":1.5}"#).unwrap(),
            Duration::from_millis(1500)
        );
        for bad in [
            r#"{"for":0.5}"#,
            r#"{"for":86401}"#,
            r#"{"for":-1}"#,
            r#"{"for":1e300}"#,
        ] {
            let error = length(bad).unwrap_err();
            assert!(error.to_string().starts_with("for must be"), "{bad}");
        }
        for nothing in ["{}", r#"{"for":null}"#] {
            assert_eq!(length(nothing).unwrap_err().code(), Code::MissingField);
        }
    }
}
