//! Posts for a buffer: of programs, read by the buffer's paths, and of gateways, read by their presets.

mod answers;
mod arrived;
mod trial;

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::Api;
use super::error::ApiError;
use super::message::{IDEMPOTENCY_KEY, answer};
use super::middleware::trace::trace_of;
use crate::core::batch::BatchId;
use crate::core::chat::Name;
use crate::core::incoming::Incoming;
use crate::gateway::proof::handshake::{HandshakeError, handshake};
use crate::http::auth::{Allowance, Need};
use crate::http::endpoint::{Chapter, Endpoint};
use crate::ingest::{IngestError, NoBuffer, Said};
use crate::spec::Buffer;
use crate::spec::source::Source;
use answers::{Buffered, Gathered};
use arrived::{Arrived, Post, PostBody, PostForm};

/// The buffer in a path.
#[derive(Deserialize)]
struct Named {
    #[serde(alias = "name")]
    buffer: String,
}

/// Where Evolution has been told to put the name of the event behind the URL. Without a key in the path the event stands
/// in its place, and the buffer's secret or a header proves the post.
const BY_EVENTS: &str = "/api/webhook/{buffer}/{token}/{event}";

const ID: &str = "The id of a message of a program, where its body has none; 1 to 512 bytes. A gateway says it in its own way, and this is ignored.";
const POST: &str = "A post for this buffer: of a program, read by the paths of the buffer, or of the gateway that its `source` names, read as that posts. What is no message of a person is answered with why it was ignored.";

impl Endpoint {
    /// It takes posts as the gateways and programs of a buffer send them; `id` is that of the example.
    fn takes_posts(self, id: &str) -> Self {
        self.any_query()
            .header(IDEMPOTENCY_KEY, ID, json!({ "type": "string" }))
            .body::<PostBody>(
                &json!({ "data": { "from": "5511988887777", "text": "hi", "id": id } }),
            )
            .any_field()
            .or_form::<PostForm>()
            .refusing(&[404, 422])
    }

    /// It answers to one message of a program with 201, and to the post of a gateway with 200.
    fn answers_to_posts(self) -> Self {
        self.answers::<Buffered<'_>>(201, "One message, found by paths.")
            .answers::<Gathered>(200, "What came of the post of a gateway.")
            .answers_in("text/xml", 200, "")
    }
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let posts = vec![
        Endpoint::post(Chapter::Buffers, "/api/webhook/{buffer}", post_to)
            .needs(Need::IngestNamed)
            .also(&["/api/webhook/{buffer}/{token}", BY_EVENTS])
            .says("Post to a buffer", POST)
            .takes_posts("3EB0")
            .answers_to_posts(),
        Endpoint::post(Chapter::Buffers, "/api/webhook", post_to_the_only_one)
            .needs(Need::IngestNamed)
            .says(
                "Post to the only buffer",
                "The same where exactly one buffer is configured, and is active; else 404.",
            )
            .takes_posts("3EB1")
            .answers_to_posts(),
        Endpoint::get(Chapter::Buffers, "/api/webhook/{buffer}", ask)
            .needs(Need::Proof)
            .also(&["/api/webhook/{buffer}/{token}"])
            .any_query()
            .says(
                "Answer the question of a gateway",
                "What the WhatsApp Cloud API asks before its first post: it proves the `verify_token` of the buffer, and gets its challenge back.",
            )
            .required("hub.mode", "Always `subscribe`.", json!({ "type": "string", "enum": ["subscribe"] }))
            .required("hub.verify_token", "That of the buffer.", json!({ "type": "string" }))
            .required("hub.challenge", "Comes back as it was sent.", json!({ "type": "string" }))
            .answers_in("text/plain; charset=utf-8", 200, "The challenge.")
            .refusing(&[404, 409])
            .without_redis(),
        Endpoint::post(Chapter::Buffers, "/api/buffers/{name}/messages", post_message)
            .needs(Need::IngestNamed)
            .says(
                "Bring a message to a buffer",
                "As `POST /api/webhook/{buffer}`, answered with 200.",
            )
            .takes_posts("3EB2")
            .answers_one_of::<Buffered<'_>, Gathered>(200, "What came of it.")
            .answers_in("text/xml", 200, ""),
    ];
    posts.into_iter().chain(trial::endpoints()).collect()
}

async fn post_to(
    State(api): State<Api>,
    name: Result<Path<Named>, PathRejection>,
    allowance: Allowance,
    arrived: Arrived,
) -> Result<Response, ApiError> {
    let buffer = named(&api, name);
    take(&api, buffer, &allowance, arrived, StatusCode::CREATED).await
}

async fn post_message(
    State(api): State<Api>,
    name: Result<Path<Named>, PathRejection>,
    allowance: Allowance,
    arrived: Arrived,
) -> Result<Response, ApiError> {
    take(&api, named(&api, name), &allowance, arrived, StatusCode::OK).await
}

async fn post_to_the_only_one(
    State(api): State<Api>,
    allowance: Allowance,
    arrived: Arrived,
) -> Result<Response, ApiError> {
    let buffer = only_buffer(&api);
    take(&api, buffer, &allowance, arrived, StatusCode::CREATED).await
}

/// What a gateway asks before its first post.
async fn ask(
    State(api): State<Api>,
    name: Result<Path<Named>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let buffer = named(&api, name)?;
    match &buffer.source {
        Source::Gateway(gateway) if gateway.has_handshake() => {}
        Source::Gateway(_) | Source::Fields { .. } => {
            let why = format!("buffer {} takes posts: send POST", buffer.name);
            return Err(ApiError::Conflict(why));
        }
    }
    let Some(token) = &buffer.verify_token else {
        let why = format!(
            "buffer {} has no verify_token: set one, and enter it at Meta",
            buffer.name
        );
        return Err(ApiError::Conflict(why));
    };
    match handshake(&query.unwrap_or_default(), token) {
        Ok(challenge) => Ok(challenge.into_response()),
        Err(error @ HandshakeError::NotOne) => Err(ApiError::BadRequest(error.to_string())),
        Err(error @ HandshakeError::WrongToken) => Err(ApiError::Unproven(error.to_string())),
    }
}

/// `done` is the status for a message by paths: the service Buffer's is its own.
async fn take(
    api: &Api,
    buffer: Result<Arc<Buffer>, ApiError>,
    allowance: &Allowance,
    arrived: Arrived,
    done: StatusCode,
) -> Result<Response, ApiError> {
    let name = match &buffer {
        Ok(buffer) => Some(buffer.name.clone()),
        Err(error) => inactive(error),
    };
    let (buffer, post) = match arrived.let_in(api, buffer).await {
        Ok(let_in) => let_in,
        Err(error) => return api.noted(name.as_ref(), None, Err(error)).await,
    };
    let taken = take_post(api, &buffer, allowance, &post, done).await;
    api.noted(Some(&buffer.name), Some(&post.body.text), taken)
        .await
}

/// The buffer that takes nothing because it is switched off.
fn inactive(error: &ApiError) -> Option<Name> {
    match error {
        ApiError::Ingest(IngestError::NoBuffer(NoBuffer::NotActive(name))) => Name::slug(name).ok(),
        _ => None,
    }
}

async fn take_post(
    api: &Api,
    buffer: &Buffer,
    allowance: &Allowance,
    post: &Post,
    done: StatusCode,
) -> Result<Response, ApiError> {
    let trace = trace_of(&post.headers);
    match post.said(buffer)? {
        Said::Message(mut incoming) => {
            let answer = take_message(api, buffer, &mut incoming).await?;
            Ok((done, answer).into_response())
        }
        Said::Events(gateway, heard) => {
            allowance.count_messages(heard.iter().filter(|event| event.is_heard()).count())?;
            let body = &post.body.text;
            let gathered = api.ingest.gather(buffer, gateway, heard, trace, body);
            let gathered = gathered.await?;
            if gateway.name() == "twilio" {
                // Anything else is read to the person as an answer.
                return Ok(([(CONTENT_TYPE, "text/xml")], "<Response/>").into_response());
            }
            Ok(Json(Gathered::from(gathered)).into_response())
        }
    }
}

async fn take_message(
    api: &Api,
    buffer: &Buffer,
    incoming: &mut Incoming,
) -> Result<Response, ApiError> {
    let made = BatchId::generate().to_string();
    let id = incoming.message_id.clone();
    let accepted = api.ingest.accept(buffer, incoming).await?;
    let mut accepted = answer(incoming, &accepted);
    let answer = Buffered {
        status: "buffered",
        message_id: accepted
            .message_id
            .take()
            .or(id.as_deref())
            .unwrap_or(&made),
        accepted,
    };
    Ok(Json(answer).into_response())
}

/// The buffer of a path, if it takes messages.
fn named(api: &Api, name: Result<Path<Named>, PathRejection>) -> Result<Arc<Buffer>, ApiError> {
    let Path(Named { buffer: name }) = name?;
    // The clients of the service Buffer name buffers by any words.
    api.ingest.buffer(&name).map_err(|error| match error {
        NoBuffer::Queue => ApiError::NoBuffer(
            "messages that leave one by one are taken at POST /api/messages".to_owned(),
        ),
        error => IngestError::from(error).into(),
    })
}

/// The buffer that is meant where only one is configured.
fn only_buffer(api: &Api) -> Result<Arc<Buffer>, ApiError> {
    let snapshot = api.registry.get();
    let mut configured = snapshot.buffers().filter(|buffer| {
        let name = buffer.name.as_str();
        buffer.active && !Name::is_of_environment(name) && !Name::is_anonymous(name)
    });
    match (configured.next(), configured.next()) {
        (Some(buffer), None) => Ok(buffer.clone()),
        (None, _) => Err(ApiError::NoBuffer(
            "no buffer is configured: post to /api/webhook/<buffer> once there is one, or to /api/message".to_owned(),
        )),
        (Some(_), Some(_)) => Err(ApiError::NoBuffer(
            "several buffers are configured: name one, as /api/webhook/<buffer>".to_owned(),
        )),
    }
}
