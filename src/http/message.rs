//! `POST /api/message`: one thing said.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::auth::Need;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::middleware::trace::trace_of;
use crate::core::incoming::{Incoming, MAX_MESSAGE_ID_BYTES, check_message_id};
use crate::core::json::fields::BadInput;
use crate::core::moment::{seconds, utc};
use crate::http::scalars::{ChatKey, Delay, MessageId, Moment, Sayable, Ttl};
use crate::ingest;
use crate::store::windows::Taken;

pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(super) const ABOUT_IDEMPOTENCY_KEY: &str =
    "The client's id for this message, where the body has no `message_id`; 1 to 512 bytes.";

/// One thing said. Any field beside these is passed through to the webhook as it came, to the letter.
///
/// Read by [`Incoming::from_fields`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Message, description = "One thing said. Any field beside these is passed through to the webhook as it came, to the letter. `send_at` and `delay` exclude each other; a message with one of them is in no window.")]
struct MessageBody {
    /// The chat: a phone number, or whatever else tells people apart.
    user: ChatKey,
    /// What was said: any JSON but null and the empty text.
    message: Sayable,
    /// The quiet window after this message; without it `DEFAULT_TTL`.
    #[schema(required = false)]
    ttl: Ttl,
    /// The client's id for this message: a second one with the same id within `IDEMPOTENCY_WINDOW` (24 hours) changes nothing.
    #[schema(required = false)]
    message_id: MessageId,
    /// When it is to leave by itself.
    #[schema(required = false)]
    send_at: Moment,
    /// In how many seconds it is to leave by itself.
    #[schema(required = false)]
    delay: Delay,
}

/// See [`MessageBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(
    description = "One thing said, as a form. Any field beside these is passed through to the webhook as a text."
)]
struct MessageForm {
    /// The chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    user: String,
    /// What was said.
    #[schema(min_length = 1)]
    message: String,
    /// The quiet window after this message, in seconds.
    #[schema(pattern = "^[1-9][0-9]{0,3}$")]
    #[serde(default)]
    ttl: String,
    /// The client's id for this message.
    #[schema(min_length = 1, max_length = 512)]
    #[serde(default)]
    message_id: String,
    /// When it is to leave by itself (RFC 3339).
    #[schema(format = DateTime)]
    #[serde(default)]
    send_at: String,
    /// In how many seconds it is to leave by itself.
    #[schema(pattern = "^[0-9]{1,7}$")]
    #[serde(default)]
    delay: String,
}

/// The answer to a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Accepted<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat, as text.
    user: &'a str,
    /// How many messages its window holds now; absent of a message for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    buffered: Option<u64>,
    /// Seconds until its window closes if nothing more is said; while the chat is paused, until the end of the pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<f64>,
    /// The id of a message for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<&'a str>,
    /// When it leaves (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// This message id was seen within `IDEMPOTENCY_WINDOW` (24 hours), and nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    /// The same text was said just before, and it was dropped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
    /// The chat is paused, and the message was dropped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Messages, "/api/message", post)
            .needs(Need::Ingest)
            .also(&["/message", "/"])
            .says(
                "Take in a message",
                "Puts one thing said into the window of its chat in the buffer `default`; each message starts the quiet window anew, up to `MAX_WAIT` (120 s unless set) since the first. A window with `MAX_MESSAGES` (500) closes at once. With `send_at` or `delay` it leaves by itself at that time.",
            )
            .header(IDEMPOTENCY_KEY, ABOUT_IDEMPOTENCY_KEY, id_schema())
            .body::<MessageBody>(&json!({
                "user": "5511988887777", "message": "I have a question about my order", "ttl": 15,
                "message_id": "3EB0C767D82B", "sender_name": "Ana",
            }))
            .any_field()
            .excluding::<MessageBody>("send_at", "delay")
            .or_form::<MessageForm>()
            .excluding::<MessageForm>("send_at", "delay")
            .answers::<Accepted<'_>>(200, "The message is stored, or was a duplicate, or was dropped as the answer says."),
    ]
}

pub(super) async fn post(
    State(api): State<Api>,
    headers: HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let taken = take(&api, &headers, fields).await;
    api.noted(Some(&api.default_buffer().name), None, taken)
        .await
}

async fn take(
    api: &Api,
    headers: &HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let Fields(fields) = fields?;
    let mut incoming = Incoming::from_fields(fields)?;
    read_headers(&mut incoming, headers)?;
    let buffer = api.default_buffer();
    let accepted = api.ingest.accept(buffer, &mut incoming).await?;
    Ok(Json(answer(&incoming, &accepted)).into_response())
}

/// What is answered to a message.
pub(super) fn answer<'a>(incoming: &'a Incoming, accepted: &ingest::Accepted) -> Accepted<'a> {
    let about = Accepted {
        success: true,
        message: said_of(accepted),
        user: incoming.user.as_str(),
        buffered: None,
        expires_in: None,
        message_id: None,
        send_at: None,
        duplicate: false,
        repeated: false,
        paused: false,
    };
    match accepted {
        ingest::Accepted::Window(appended) => Accepted {
            buffered: Some(appended.count),
            expires_in: Some(seconds(appended.left)),
            duplicate: appended.taken == Taken::Duplicate,
            repeated: appended.taken == Taken::Repeated,
            paused: appended.taken == Taken::Paused,
            ..about
        },
        ingest::Accepted::Later(later) => Accepted {
            message_id: incoming.message_id.as_deref(),
            send_at: later.at.map(utc),
            duplicate: later.duplicate,
            ..about
        },
    }
}

/// What people are told of a message.
pub(super) fn said_of(accepted: &ingest::Accepted) -> &'static str {
    const DUPLICATE: &str = "Already received";
    match accepted {
        ingest::Accepted::Window(appended) => match appended.taken {
            Taken::Appended => "Message buffered",
            Taken::Duplicate => DUPLICATE,
            Taken::Repeated => "Said just before, dropped",
            Taken::Paused => "The chat is paused, dropped",
        },
        ingest::Accepted::Later(later) if later.duplicate => DUPLICATE,
        ingest::Accepted::Later(_) => "Message kept until its time",
    }
}

/// What headers tell of a message: its trace, and its id where the body has none.
pub(super) fn read_headers(incoming: &mut Incoming, headers: &HeaderMap) -> Result<(), BadInput> {
    incoming.trace = trace_of(headers);
    if let Some(key) = headers.get(IDEMPOTENCY_KEY) {
        let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
        let key = check_message_id(IDEMPOTENCY_KEY, key)?;
        incoming.message_id.get_or_insert(key);
    }
    Ok(())
}

/// The schema of an id in a header.
pub(super) fn id_schema() -> serde_json::Value {
    json!({ "type": "string", "minLength": 1, "maxLength": MAX_MESSAGE_ID_BYTES })
}
