//! `GET /api/events`: what happens, as it happens, as Server-Sent Events.

mod budget;
mod following;

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{Need, Stay};
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::named_chat::{any_buffer, chat_named};
use crate::admin::AdminError;
use crate::admin::live::happenings::{Happening, What, moment_of};
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::server::HasNoEnd;
use budget::Budget;
use following::{Telling, follow};

/// A comment so often, so that nobody in between takes the silence for an end.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// A client that was cut off comes back after so long.
const RETRY: Duration = Duration::from_secs(2);
const LAST_EVENT_ID: &str = "last-event-id";

/// The query of a stream of events.
#[derive(Deserialize, IntoParams)]
struct EventsQuery {
    /// Only what belongs to this buffer; what belongs to none is told to all.
    #[param(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    buffer: Option<String>,
    /// Only what belongs to this chat: its token, or its id in the buffer that is named, else in `default`. A number in
    /// any writing is understood where only one chat has it.
    #[param(min_length = 1, max_length = 512, pattern = r"\S")]
    chat: Option<String>,
    /// As the header `Last-Event-ID`, for clients that can send none: the id of the last event that was heard.
    last_event_id: Option<String>,
}

/// A try of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttemptEvent)]
struct Attempted<'a> {
    webhook_id: &'a str,
    user: &'a str,
    buffer: &'a str,
    token: Option<String>,
    hash: String,
    destination: &'a str,
    /// `delivered`, `failed` or `buried`.
    status: &'a str,
    messages: u64,
    reason: &'a str,
    attempt: Option<u32>,
    http_status: Option<u16>,
    duration_ms: Option<u64>,
    summary: Option<&'a str>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/events", events)
            .says(
                "Listen to what happens",
                "Server-Sent Events without bodies: `attempt`, `dead_letter`, `post` (of what was not taken), `counts` once a second, `changed`, and `skipped` or `reload` where something was left out, or may have been: `reload` also comes when Redis is back after it was away. Who comes back with `Last-Event-ID` is told what was missed since two seconds before; an event that was heard already has the same id. The stream ends within about a second when its key is revoked or its token runs out.",
            )
            .query::<EventsQuery>(&["buffer", "chat", "last_event_id"])
            .header("Last-Event-ID", "The id of the last event that was heard.", json!({ "type": "string" }))
            .answers_in("text/event-stream", 200, "Events, until either side ends.")
            .refusing(&[404, 429]),
    ]
}

async fn events(
    State(api): State<Api>,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let filter = filter(&api, &query).await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let last = last.or(query.last_event_id.as_deref());
    // First of all, so that nothing falls between what was missed and what comes.
    let listener = api
        .admin
        .live()
        .listen()
        .ok_or(ApiError::TooManyListeners)?;
    listener.begun().await;
    let mut first = VecDeque::from([Event::default().retry(RETRY).comment("listening")]);
    let mut told = HashSet::new();
    if let Some(last) = last {
        match missed(&api, &filter, last).await? {
            Some(missed) => {
                // What is configured has no list of its changes.
                first.push_back(changed());
                for happening in missed {
                    first.extend(shown(&api, &happening));
                    told.extend(happening.event_id());
                }
            }
            None => first.push_back(reload()),
        }
    }
    let stay = Stay::of(&api.auth, &headers, Need::Read);
    let telling = Telling {
        api,
        filter,
        first,
        told,
        listener,
        budget: Budget::new(),
    };
    let events = follow(telling, stay);
    let keep_alive = KeepAlive::new().interval(COMMENT_EVERY);
    let mut answer = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = answer.headers_mut();
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok((Extension(HasNoEnd), answer).into_response())
}

async fn filter(api: &Api, query: &EventsQuery) -> Result<Filter, ApiError> {
    let buffer = query.buffer.as_deref();
    let buffer = buffer.map(|name| Name::from_stored(name).or_else(|_| any_buffer(name)));
    let buffer = buffer.transpose()?;
    if let Some(name) = &buffer {
        api.admin.check_buffer(name)?;
    }
    let Some(asked) = query.chat.as_deref() else {
        return Ok(buffer.map_or(Filter::Everybody, Filter::Buffer));
    };
    let named = chat_named(api, asked, buffer.clone()).map_err(|it| it.parameter("chat"))?;
    let meant = api
        .admin
        .known_or_meant(named.clone(), asked, buffer.as_ref());
    Ok(Filter::Chat(match meant.await {
        // Of several none is meant more than another.
        Err(AdminError::Conflict(_)) => named,
        meant => meant?,
    }))
}

/// What was missed since the event of this id; none: it has to be read again.
async fn missed(
    api: &Api,
    filter: &Filter,
    last: &str,
) -> Result<Option<Vec<Happening>>, ApiError> {
    match moment_of(last) {
        Some(since) => Ok(api.admin.missed(filter, since).await?),
        None => Ok(None),
    }
}

fn shown(api: &Api, happening: &Happening) -> Option<Event> {
    let chat = |buffer: &str, id: &str| {
        let chat = Chat::from_stored(buffer, id)?;
        Some((api.admin.chat_tokens().of(&chat), chat.hash().to_string()))
    };
    let event = match &happening.what {
        What::Tried(record) => {
            let (token, hash) = chat(&record.buffer, &record.chat)?;
            let last = record.last.as_ref();
            let attempted = Attempted {
                webhook_id: &record.id,
                user: &record.chat,
                buffer: &record.buffer,
                token,
                hash,
                destination: &record.destination,
                status: &record.outcome,
                messages: record.messages,
                reason: &record.reason,
                attempt: last.map(|last| last.number),
                http_status: last.and_then(|last| last.status),
                duration_ms: last.map(|last| last.ms),
                summary: last.map_or(record.why.as_deref(), |last| Some(&last.summary)),
            };
            event("attempt", &attempted)
        }
        What::Buried {
            letter,
            webhook_id,
            messages,
        } => {
            let (token, hash) = chat(&letter.buffer, &letter.chat)?;
            let dead = json!({
                "id": happening.id.map(|id| id.text()), "webhook_id": webhook_id, "user": letter.chat,
                "buffer": letter.buffer, "token": token, "hash": hash, "destination": letter.destination,
                "reason": letter.summary(), "attempts": letter.attempts, "messages": messages,
            });
            event("dead_letter", &dead)
        }
        What::Posted(post) => {
            let of = post.buffer.as_deref().zip(post.chat.as_deref());
            let (token, hash) = of.and_then(|(buffer, id)| chat(buffer, id)).unzip();
            let posted = json!({
                "buffer": post.buffer, "user": post.chat, "token": token.flatten(), "hash": hash,
                "result": post.result, "reason": post.reason, "code": post.code, "message_id": post.id,
            });
            event("post", &posted)
        }
        What::Counts(counts) => event(
            "counts",
            &json!({"open": counts.open, "waiting": counts.waiting, "later": counts.later}),
        ),
        What::Changed => changed(),
        What::Reload => reload(),
    };
    Some(match happening.event_id() {
        Some(id) => event.id(id),
        None => event,
    })
}

fn changed() -> Event {
    event("changed", &json!({}))
}

fn reload() -> Event {
    event("reload", &json!({}))
}

/// An event with data that can be JSON.
fn event(name: &str, data: &impl Serialize) -> Event {
    let named = Event::default().event(name);
    named.json_data(data).unwrap_or_default()
}
