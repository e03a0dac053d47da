//! `POST /api/buffers/{name}/try`: what a buffer would make of a body. Nothing is stored and nothing sent.

use std::borrow::Cow;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::arrived::{Arrived, PostBody, PostForm, said};
use super::{Named, named};
use crate::clock::now;
use crate::core::item::Media;
use crate::core::json::fields::{BadInput, form_as_json};
use crate::core::json::node::Node;
use crate::core::moment::seconds;
use crate::gateway::Author;
use crate::http::Api;
use crate::http::auth::Need;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::specs::{Draft, draft_of};
use crate::ingest;
use crate::spec::scalars::schema_of;
use crate::spec::{Buffer, BufferSpec};

/// What one thing in a body would be.
#[derive(Debug, Default, Serialize, ToSchema)]
struct WouldBe {
    /// The chat it belongs to; an alias that was once told with a number would be exchanged for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    chat: Option<String>,
    /// What would be in the list of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    message: Option<Box<RawValue>>,
    /// The words in it; of a gateway's message what would be its line in the payload's `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Of a gateway's message: itself whole, as the payload's `items` would show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    items: Option<Box<RawValue>>,
    /// The id by which a repetition would be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<Media>,
    /// A typing signal: whether the person types now.
    #[serde(skip_serializing_if = "Option::is_none")]
    typing: Option<bool>,
    /// One of our own messages: by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<Author>,
    /// The id of the message that would be changed in its window, or taken back there where there is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<String>,
    /// Why nothing would come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
    /// Seconds after which a window that it opened would close, or after which it would leave by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_in: Option<f64>,
    /// The calls for a window that holds nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<WouldSend>,
}

/// A call that would be made.
#[derive(Debug, Serialize, ToSchema)]
struct WouldSend {
    /// The name of the destination.
    destination: String,
    /// The HTTP method; of a stream `XADD` and its key, of an exchange `PUBLISH`, its name and the routing key.
    method: String,
    /// Where it is, with a mask for what may be secret in it.
    url: String,
    /// The body: JSON, or any other as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    body: Option<Box<RawValue>>,
    /// Why there would be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Buffers, "/api/buffers/{name}/try", post)
            .needs(Need::Read)
            .query::<PostQuery>(&["post"])
            .says(
                "Try a body on a buffer",
                "What Lull would make of it, or of a post that was not taken: chat, text, media, what is ignored and why, the deadline, and the calls it would make. Nothing is stored and nothing is sent.",
            )
            .body::<PostBody>(&json!({ "data": { "from": "5511988887777", "text": "hi", "id": "3EB3" } }))
            .any_field()
            .or_form::<PostForm>()
            .or_nothing()
            .answers_list::<WouldBe>("What each thing in the body would be.")
            .refusing(&[404, 422]),
        Endpoint::post(Chapter::Buffers, "/api/buffers/try", post_to_draft)
            .needs(Need::Read)
            .query::<PostQuery>(&["post"])
            .says(
                "Try a body on a buffer that is not written yet",
                "The same with a buffer as it would be written: its fields stand in the body, and beside them `body`, the post; or the query names a post that was not taken. Nothing is stored. Masks stand for what is kept under its name. Without a name it is called `draft`.",
            )
            .body::<DraftAndPost>(&json!({
                "source": "fields", "key": "data.from", "text": "data.text", "destinations": ["default"],
                "body": { "data": { "from": "5511988887777", "text": "hi" } },
            }))
            .any_field()
            .answers_list::<WouldBe>("What each thing in the body would be.")
            .refusing(&[404, 409, 422]),
    ]
}

/// Which post is tried.
#[derive(Deserialize, IntoParams)]
pub(super) struct PostQuery {
    /// The `id` of a post in `GET /api/posts` whose body is kept, in place of a body here.
    #[param(pattern = "^[1-9][0-9]{0,14}-[0-9]{1,15}-[0-9]{1,3}$")]
    post: Option<String>,
}

/// A buffer as it would be written, and beside its fields the post.
struct DraftAndPost;

impl ToSchema for DraftAndPost {
    fn name() -> Cow<'static, str> {
        "DraftBuffer".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Draft::<BufferSpec>::schemas(schemas);
    }
}

impl PartialSchema for DraftAndPost {
    fn schema() -> RefOr<Schema> {
        let mut schema = Draft::<BufferSpec>::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let post = json!({ "type": "object", "description": "The post; not beside `?post=`." });
            object.properties.insert(POST.to_owned(), schema_of(post));
        }
        schema
    }
}

/// The field of the post beside those of a draft.
const POST: &str = "body";

pub(super) async fn post(
    State(api): State<Api>,
    name: Result<Path<Named>, PathRejection>,
    query: Result<Query<PostQuery>, QueryRejection>,
    arrived: Arrived,
) -> Result<Response, ApiError> {
    let buffer = named(&api, name);
    if let Some(id) = query?.0.post {
        let buffer = buffer?;
        if !arrived.has_no_body() {
            let why = "post names what is tried, and a body came as well: send one of them";
            return Err(ApiError::parameter("post", why));
        }
        let body = api.admin.body_of_post(&id).await?;
        return would_be(&api, &buffer, &body, &HeaderMap::new());
    }
    if arrived.has_no_body() && buffer.is_ok() {
        let why = "post must name what is tried, or a body must come with it";
        return Err(ApiError::parameter("post", why));
    }
    let (buffer, post) = arrived.read(&api, buffer).await?;
    let json = post.body.json()?;
    would_be_of(&api, &buffer, &json, &post.headers)
}

async fn post_to_draft(
    State(api): State<Api>,
    query: Result<Query<PostQuery>, QueryRejection>,
    Fields(mut fields): Fields,
) -> Result<Response, ApiError> {
    let given = fields.shift_remove(POST);
    let buffer = api.admin.draft_of_buffer(draft_of(fields)?)?;
    let body = match (query?.0.post, given) {
        (None, Some(body)) => body.get().to_owned(),
        (Some(id), None) => api.admin.body_of_post(&id).await?,
        (None, None) | (Some(_), Some(_)) => {
            let why = "must be the post that is tried, or absent where ?post= names one";
            return Err(BadInput::field(POST, why).into());
        }
    };
    would_be(&api, &buffer, &body, &HeaderMap::new())
}

/// What a buffer makes of a post as it was kept: JSON, or a form.
fn would_be(
    api: &Api,
    buffer: &Buffer,
    body: &str,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    if serde_json::from_str::<&RawValue>(body).is_ok() {
        return would_be_of(api, buffer, body.as_bytes(), headers);
    }
    would_be_of(
        api,
        buffer,
        form_as_json(body.as_bytes())?.as_bytes(),
        headers,
    )
}

fn would_be_of(
    api: &Api,
    buffer: &Buffer,
    json: &[u8],
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let said = said(buffer, &Node::parse(json)?, headers)?;
    let would_be = api.ingest.try_out(buffer, said, now())?;
    let would_be: Vec<_> = would_be.into_iter().map(shown).collect();
    Ok(Json(would_be).into_response())
}

fn shown(would_be: ingest::WouldBe) -> WouldBe {
    WouldBe {
        chat: would_be.chat.map(|chat| chat.as_str().to_owned()),
        message: would_be.message,
        text: would_be.text,
        items: would_be.items,
        changes: would_be.changes,
        id: would_be.id,
        media: would_be.media,
        typing: would_be.typing,
        own: would_be.own,
        ignored: would_be.ignored,
        deadline_in: would_be.deadline_in.map(seconds),
        requests: would_be.calls.into_iter().map(shown_call).collect(),
    }
}

fn shown_call(call: ingest::WouldCall) -> WouldSend {
    let (body, error) = match call.body {
        Ok(body) => (shown_body(&body), None),
        Err(error) => (None, Some(error)),
    };
    WouldSend {
        destination: call.destination.to_string(),
        method: call.method,
        url: call.url,
        body,
        error,
    }
}

/// JSON as it is, and any other body as a text.
fn shown_body(body: &str) -> Option<Box<RawValue>> {
    match RawValue::from_string(body.to_owned()) {
        Ok(json) => Some(json),
        Err(_) => to_raw_value(body).ok(),
    }
}
