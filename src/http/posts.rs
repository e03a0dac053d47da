//! What became of what was posted: noted where it is refused, and listed by `GET /api/posts`.

use std::borrow::Cow;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::Api;
use super::endpoint::takes::ENTRY_OF_TWO;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::page::page;
use super::query::{List, ListQuery};
use crate::core::chat::{Chat, Name};
use crate::core::moment::utc;
use crate::core::post::PostResult;
use crate::store::history::posts::{Posted, Results};

/// The word for all that were not taken.
const NOT_TAKEN: &str = "not_taken";

/// Something that was posted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostEntry)]
struct PostAnswer {
    /// Names it where it is tried on a buffer (`?post=`).
    id: String,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// The buffer; null: there is none of the name that was called.
    buffer: Option<String>,
    /// The chat that it has to do with; null: it does not tell, or could not be read.
    user: Option<String>,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// Who wrote it in a group, if it was not heard: the number, else what stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<String>,
    /// What became of it: `taken`, `changed` (a message that waited), `duplicate`, `repeated`, `paused`, `refused`, or why it is nothing for a bot: `group`,
    /// `own`, `delivery_status`, `not_a_message`, …
    result: String,
    /// Why it was not taken, for people; null: it was.
    reason: Option<String>,
    /// The code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The id of the message, as far as it has one.
    message_id: Option<String>,
    /// What was said, of a message that could be read; null where payloads are not kept.
    #[schema(value_type = Option<Value>)]
    message: Option<Box<RawValue>>,
    /// The whole post, of anything else: JSON, or any other as a text. Of several things out of one post the first has it.
    #[schema(value_type = Option<Value>)]
    body: Option<Box<RawValue>>,
    /// Why there is no body here.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/posts", list)
            .says(
                "List what was posted",
                "What became of each message and of each post that was not taken: for when nothing arrives. The newest first.",
            )
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer", "result", "from", "to"])
            .matching(&["cursor"], ENTRY_OF_TWO)
            .matching(&["result"], &format!("^({})$", words().join("|")))
            .answers_page::<PostAnswer>("A page of posts.")
            .refusing(&[404, 409]),
    ]
}

/// All that there can be, and what stands for many of them.
fn words() -> Vec<&'static str> {
    let results = PostResult::unrefused().map(PostResult::word);
    // A typing signal that was heeded is only counted.
    let listed = results.filter(|word| *word != PostResult::Typing.word());
    listed.chain([PostResult::REFUSED, NOT_TAKEN]).collect()
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?;
    let results = match list.result.as_deref() {
        None => Results::Any,
        Some(NOT_TAKEN) => Results::NotTaken,
        Some(word) if words().contains(&word) => Results::Only(word.to_owned()),
        Some(_) => {
            let why = format!("result must be one of {}", words().join(", "));
            return Err(ApiError::parameter("result", why));
        }
    };
    let found = api.admin.posts(&list.filter, &results, list.look_at_two()?);
    Ok(page(found.await?, |posted| shown(&api, posted)))
}

impl Api {
    /// What became of what was brought for a buffer, counted and noted if it was refused; none: for no buffer that there is.
    pub(super) async fn noted<T>(
        &self,
        buffer: Option<&Name>,
        body: Option<&[u8]>,
        taken: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let Err(error) = taken else {
            return taken;
        };
        self.metrics.refused.count(buffer, &[error.reason()]);
        self.metrics.tally.refused(error.reason());
        let code = error.code();
        // What a stranger sends is not kept.
        let body = body.filter(|_| ![401, 403, 429].contains(&code.status()));
        self.ingest
            .note_refused(buffer, code, error.to_string(), body)
            .await;
        Err(error)
    }
}

fn shown(api: &Api, Posted { id, at, post }: Posted) -> PostAnswer {
    let named = post.buffer.as_deref().zip(post.chat.as_deref());
    let chat = named.and_then(|(buffer, user)| Chat::from_stored(buffer, user));
    let has_body = post.body.is_some();
    let json = |text: Option<String>| {
        let text = Cow::from(text?);
        let json = RawValue::from_string(text.clone().into_owned());
        json.or_else(|_| to_raw_value(&text)).ok()
    };
    PostAnswer {
        id: id.text(),
        at: utc(at),
        token: chat.and_then(|chat| api.admin.chat_tokens().of(&chat)),
        buffer: post.buffer,
        user: post.chat,
        writer: post.writer,
        result: post.result,
        reason: post.reason,
        code: post.code,
        message_id: post.id,
        message: json(post.message),
        body: json(post.body),
        note: (post.bytes.is_some() && !has_body).then_some("a body above 16 KiB is not kept"),
    }
}
